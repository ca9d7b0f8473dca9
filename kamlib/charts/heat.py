"""Where the votes are apart, and where that could change a box: customers by factors, ringed where it matters."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.charts.pixels import boxes, cut, shapes, sheet, width_of, words, wrapped
from kamlib.models.scoring import one

TYPE, SMALL, HEADING = 16, 14, 19
ROOM, WIDEST, NARROWEST, LEAST_WIDE = 680.0, 112.0, 30.0, 840.0
TALL, TALL_MANY, MANY, ABOVE = 36.0, 30.0, 20, 34.0
NAMES, SUPPLIERS, SLANTED = 270.0, 170.0, 190.0  # the most that names, competitors and slanted headings take
DARKEST, DARK = 3.0, 143  # the standard deviation from which a cell is as dark as it gets; its grey
LEGEND = 46.0

Rows = list[dict[str, Any]]
Spot = tuple[float, float]


def heat(table: pd.DataFrame, title: str = "") -> alt.LayerChart:
    """A cell for each customer and factor: its grey is the standard deviation of the votes; a ring: it could change a box.

    `table` has customer, name, column (what was scored), spread (NaN: fewer than two votes) and could_change;
    if it likes factor (tells apart columns of one name), votes (0: nothing is drawn) and of (the supplier that
    was scored, a line for each of them).
    """
    rows = _rows(table)
    lines = list(dict.fromkeys((row["customer"], row["of"]) for row in rows))
    names = {row["customer"]: row["name"] for row in rows}
    columns = list(dict.fromkeys((row["factor"], row["column"]) for row in rows))
    wide = min(WIDEST, max(NARROWEST, ROOM / max(len(columns), 1)))
    tall = TALL if len(lines) <= MANY else TALL_MANY
    suppliers = min(SUPPLIERS, max((width_of(of, SMALL) + 14 for _, of in lines if of), default=0.0))
    widest = max((width_of(name, TYPE) + 16 for name in names.values()), default=0.0)
    left = suppliers or min(NAMES, widest)
    heads, high, aside = _heads([label for _, label in columns], left, wide)
    width = max(left + wide * len(columns) + aside, LEAST_WIDE) + 4
    said = wrapped(title, HEADING, width, 3) if title else []
    top = high + 26 * len(said)
    at, end = _places(lines, top, tall)
    x = {column: left + n * wide for n, column in enumerate(columns)}
    spots = [(x[row["factor"], row["column"]], at[row["customer"], row["of"]]) for row in rows]
    middle = tall / 2 + 5
    layers = [
        words([_word(0, 20 + 26 * n, text) for n, text in enumerate(said)], HEADING, fontWeight=700),
        *_cells(rows, spots, wide, tall),
        words([head | {"y": head["y"] + top} for head in heads], SMALL, colour=SOFT,
              angle=315 if aside else 0, align="left" if aside else "center"),
        words(_named(lines, names, at, middle, left), TYPE,
              align="left" if suppliers else "right"),
        words([_word(left - 10, at[line] + middle, cut(line[1], SMALL, left - 10)) for line in lines if line[1]],
              SMALL, colour=SOFT, align="right"),
        *_legend(end + 12),
    ]  # fmt: skip
    return sheet(layers, width, end + LEGEND)


def _rows(table: pd.DataFrame) -> Rows:
    """The rows with all that may be left out, a line of text where text is."""
    given = {"factor": table["column"], "votes": 2, "of": ""}
    full = table.assign(**{name: value for name, value in given.items() if name not in table})
    texts = ("name", "column", "of")
    return [row | {key: " ".join(str(row[key]).split()) for key in texts} for row in full.to_dict("records")]


def _places(
    lines: list[tuple[str, str]], top: float, tall: float
) -> tuple[dict[tuple[str, str], float], float]:
    """Where each line begins, and where the last one ends; above the suppliers of a customer is room for its name."""
    at, y, last = {}, top, None
    for customer, of in lines:
        if of and customer != last:
            y += ABOVE
        at[customer, of], last = y, customer
        y += tall
    return at, y


def _cells(rows: Rows, spots: list[Spot], wide: float, tall: float) -> list[alt.Chart | None]:
    """The cells that were voted on, their figures where there is room, and the rings."""
    cells, figures, rings = [], [], []
    for row, (x, y) in zip(rows, spots, strict=True):
        if not row["votes"] > 0:
            continue
        apart = one(row["spread"]) if row["spread"] == row["spread"] else ""
        said = f"votes apart by {apart}" if apart else "one vote"
        of = f" ({row['of']})" if row["of"] else ""
        cells.append({"x": x + 1, "x2": x + wide - 1, "y": y + 1, "y2": y + tall - 1, "fill": _grey(row["spread"]),
                      "says": f"{row['name']}, {row['column']}{of}: {said}"})  # fmt: skip
        if apart and width_of(apart, SMALL) + 4 < wide:
            figures.append(_word(x + wide / 2, y + tall / 2 + 5, apart))
        if row["could_change"] == "yes":
            rings.append({"path": _frame(x + 2.5, y + 2.5, wide - 5, tall - 5)})
    return [
        boxes(cells, stroke=LINE, strokeWidth=0.8), words(figures, SMALL, align="center"),
        shapes(rings, filled=False, stroke=INK, strokeWidth=3),
    ]  # fmt: skip


def _heads(labels: list[str], left: float, wide: float) -> tuple[Rows, float, float]:
    """The headings, seen from the first line; how high they are; and how far they reach beyond the last column.

    Wrapped where every word has room in its column, slanted otherwise.
    """
    if all(width_of(word, SMALL) <= wide - 4 for label in labels for word in label.split()):
        made = [wrapped(label, SMALL, wide - 4, 4) for label in labels]
        heads = [_word(left + (n + 0.5) * wide, -9 - 16 * (len(lines) - 1 - k), text)
                 for n, lines in enumerate(made) for k, text in enumerate(lines)]  # fmt: skip
        return heads, 14 + 16.0 * max(map(len, made), default=1), 0.0
    short = [cut(label, SMALL, SLANTED) for label in labels]
    long = [width_of(label, SMALL) * math.sqrt(0.5) for label in short]
    heads = [_word(left + (n + 0.5) * wide + 4, -8, text) for n, text in enumerate(short)]
    beyond = max(reach - (len(long) - n - 0.5) * wide for n, reach in enumerate(long))
    return heads, max(long) + 26, max(beyond + 8, 1.0)


def _named(lines: list[tuple[str, str]], names: dict[str, str], at: dict[tuple[str, str], float], middle: float,
           left: float) -> Rows:  # fmt: skip
    """The name of each customer: beside its cells, or above the lines of its suppliers."""
    first = {customer: (customer, of) for customer, of in reversed(lines)}
    if any(of for _, of in lines):
        return [_word(0, at[first[c]] - 9, cut(name, TYPE, left + ROOM)) for c, name in names.items()]
    return [_word(left - 10, at[first[c]] + middle, cut(name, TYPE, left - 12)) for c, name in names.items()]


def _legend(y: float) -> list[alt.Chart | None]:
    """What the greys and the ring mean."""
    steps = [0.0, 1.0, 2.0, DARKEST]
    swatches = [{"x": 100 + 44 * n, "x2": 142 + 44 * n, "y": y, "y2": y + 22, "fill": _grey(step)}
                for n, step in enumerate(steps)]  # fmt: skip
    inside = [
        _word(121 + 44 * n, y + 16, f"{step:g}{'+' if step == DARKEST else ''}")
        for n, step in enumerate(steps)
    ]
    beside = [_word(0, y + 16, "votes apart by"), _word(344, y + 16, "could change a box")]
    ring = [{"path": _frame(306, y + 1.5, 28, 19)}]
    return [
        boxes(swatches, stroke=LINE, strokeWidth=0.8), words(inside, SMALL, align="center"),
        shapes(ring, filled=False, stroke=INK, strokeWidth=2.5), words(beside, SMALL, colour=SOFT),
    ]  # fmt: skip


def _frame(x: float, y: float, wide: float, tall: float) -> str:
    return f"M{x:.1f},{y:.1f}h{wide:.1f}v{tall:.1f}h{-wide:.1f}Z"


def _word(x: float, y: float, text: str) -> dict[str, Any]:
    return {"x": round(x, 1), "y": round(y, 1), "text": text, "limit": 0}


def _grey(spread: float) -> str:
    """White where all say the same, darker the farther they are apart; never so dark that ink is lost on it."""
    part = min(spread / DARKEST, 1.0) if spread > 0 else 0.0
    return "#" + 3 * f"{round(255 - part * (255 - DARK)):02x}"
