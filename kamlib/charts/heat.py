"""Where the votes are apart, and where that could change a box: customers by factors, ringed where it matters."""

from __future__ import annotations

import textwrap

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, LINE
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import ROW, data, labels, names, numbers, picture, texts
from kamlib.models.scoring import one

ROOM, WIDEST, NARROWEST, LETTER = 680, 112, 30, 7.5  # pixels of all columns, of one, of a letter above it
FEW, TALL = 20, 36  # so many lines are so high
DARKEST = 3.0  # the standard deviation from which a cell is as dark as it gets
GREYS = ["#ffffff", "#8f8f8f"]  # never so dark that ink is lost on it
RING = "could change a box"


def heat(table: pd.DataFrame) -> Trusted:
    """A cell for each customer and factor: its grey is the standard deviation of the votes; a ring: it could change a box.

    `table` has customer, name, column (what was scored), spread (NaN: fewer than two votes) and could_change;
    if it likes factor (tells apart columns of one name), votes (0: nothing is drawn) and of (the supplier that
    was scored, a line for each of them).
    """
    given = {"factor": table["column"], "votes": 2, "of": ""}
    rows = table.assign(**{name: value for name, value in given.items() if name not in table})
    rows = rows.assign(**{name: texts(rows[name], 200) for name in ("name", "column", "of")})
    called = dict(zip(rows["factor"], rows["column"], strict=True))
    lines: dict[tuple[str, str], str] = {}  # a customer, or above its suppliers their customer
    for customer, name, of in rows[["customer", "name", "of"]].drop_duplicates().itertuples(index=False):
        lines |= {(customer, ""): lines.get((customer, ""), name)} | ({(customer, of): of} if of else {})
    heads = [n for n, (customer, of) in enumerate(lines) if not of and rows["of"].any()]
    places, factors = [*lines], [*called]
    rows["row"] = [places.index(key) for key in zip(rows["customer"], rows["of"], strict=True)]
    rows["place"] = [factors.index(factor) for factor in rows["factor"]]
    rows["spread"] = numbers(rows["spread"]).to_numpy()
    rows["shade"] = rows["spread"].fillna(0).clip(0, DARKEST)
    rows["text"] = [one(apart) if apart == apart else "" for apart in rows["spread"]]
    rows["says"] = [*map(_said, rows["name"], rows["column"], rows["of"], rows["text"])]
    rows = rows[rows["votes"] > 0][["row", "place", "shade", "text", "says", "could_change"]]
    wide = min(WIDEST, max(NARROWEST, ROOM / max(len(called), 1)))
    x = alt.X(
        "place:O",
        scale=alt.Scale(domain=[*range(len(called))]),
        axis=above(texts(called.values(), 60), wide),
    )
    y = names(texts(lines.values()), heads)
    grey = alt.Scale(domain=[0, DARKEST], range=GREYS)
    key = alt.Legend(
        title="votes apart by",
        type="symbol",
        values=[0, 1, 2, 3],
        labelExpr="datum.value == 3 ? '3+' : format(datum.value, '~g')",
    )
    ring = alt.Stroke("ring:N", scale=alt.Scale(domain=[RING], range=[INK]), legend=alt.Legend(title=None))
    ringed = rows[rows["could_change"] == "yes"].assign(ring=RING)
    cells = data(rows).encode(x, y)
    return picture(
        cells.mark_rect(stroke=LINE, strokeWidth=0.8).encode(
            alt.Fill("shade:Q", scale=grey, legend=key), description=alt.Description("says:N")
        ),
        cells.mark_text(align="center", fontSize=14, aria=False).encode(text=alt.Text("text:N")),
        data(ringed).mark_rect(filled=False, strokeWidth=3, aria=False).encode(x, y, ring),
        height=(TALL if len(lines) <= FEW else ROW) * max(len(lines), 1),
        width=wide * max(len(called), 1),
    )


def _said(name: str, column: str, of: str, apart: str) -> str:
    """Alder Network, Price (us): votes apart by 1.2"""
    votes = f"votes apart by {apart}" if apart else "one vote"
    return f"{name}, {column}{f' ({of})' if of else ''}: {votes}"


def above(said: list[str], wide: float) -> alt.Axis:
    """The columns are called so, above them: wrapped where every word has room in its column, slanted otherwise."""
    room = int((wide - 4) / LETTER)
    if all(len(word) <= room for label in said for word in label.split()):
        wrapped = [textwrap.wrap(label, room, max_lines=4, placeholder="…") for label in said]
        high = 16 * max(map(len, wrapped), default=1) - 8
        return alt.Axis(orient="top", title=None, labelExpr=labels(wrapped), labelAngle=0, labelPadding=high)
    return alt.Axis(orient="top", title=None, labelExpr=labels(said), labelAngle=-45, labelLimit=190)
