"""Pictures of step 10: where the days go, and which services are wanted."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import PAPER, TYPE, WIDTH, data, haloed, numbers, picture, spoken, texts
from kamlib.workbook.schema import BOXES

OTHERS = {"unused": "nobody's today", "missing": "missing, not there", "left": "left over"}
SOURCES, TARGETS = (*BOXES, "unused", "missing"), (*BOXES, "left")
ACROSS, TALL, BAR = (
    430,
    420,
    0.03,
)  # pixels between the bars and of all days; the width of a bar, 1 is the whole
LEAST, GAP, APART = (0.09, 0.025, 0.045)  # of all days: the room of a bar, between bars, between two numbers
FIELDS = {("yes", "no"): 0, ("yes", "yes"): 1, ("no", "no"): 2, ("no", "yes"): 3}  # valued, good at; else 4
HEADS = [
    "valued, done badly",
    "valued, done well",
    "not valued, done badly",
    "not valued, done well",
    "not known yet",
]
ADVICE = ["IMPROVE", "KEEP, OR CHARGE", "REMOVE", "REMOVE", "ASK"]
MOST, LINE_TALL = 6, 24


def energy(flow: pd.DataFrame) -> Trusted:
    """Where the days of today go tomorrow: bars left and right, ribbons between them.

    `flow` has source (a category, unused, missing), target (a category, left) and days. What stays with its
    category is pale, what moves is strong and carries its days; missing days are hollow. Days that are not
    known are named below.
    """
    given = flow[["source", "target"]].assign(days=numbers(flow["days"]).to_numpy())
    given = given[given["source"].isin(SOURCES) & given["target"].isin(TARGETS)]
    blanks = [*dict.fromkeys(map(_name, given.loc[given["days"].isna(), "source"]))]
    notes = [f"? The days are not known yet: {', '.join(blanks)}"] if blanks else []
    rows = given[given["days"] > 0]
    if rows.empty:
        text = notes[0] if notes else "No days are known yet."
        return picture(alt.Chart().mark_text(fontSize=TYPE, color=SOFT, text=text), height=40, width=WIDTH)
    rows = rows.assign(part=rows["days"] / rows["days"].sum())
    for end, order in (("source", SOURCES), ("target", TARGETS)):
        rows[end] = pd.Categorical(rows[end], order)
    rows = rows.sort_values(["source", "target"], kind="stable").astype({"source": str, "target": str})
    froms, tos = _bars(rows, "source", SOURCES), _bars(rows, "target", TARGETS)
    rows["y1"] = rows["source"].map(froms["y"]) + rows.groupby("source")["part"].cumsum() - rows["part"]
    rows["y2"] = rows["target"].map(tos["y"]) + rows.groupby("target")["part"].cumsum() - rows["part"]
    rows["stays"] = rows["source"].eq(rows["target"]) | (
        rows["source"].eq("unused") & rows["target"].eq("left")
    )
    numbered = _numbers(rows)
    notes += ["The smallest moves carry no number."] if len(numbered) < (~rows["stays"]).sum() else []
    foot = max(float(bars["end"].max()) - GAP for bars in (froms, tos))
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[foot, 0], nice=False))
    return picture(
        *_ribbons(rows, x, y),
        *_beside(froms, 0, x, y),
        *_beside(tos, 1, x, y),
        *haloed(data(numbered).encode(x, y, text=alt.Text("said:N")), fontWeight=600),
        alt.Chart()
        .mark_text(text=notes, color=SOFT, baseline="top", lineHeight=20, dy=12, dx=-220)
        .encode(x=alt.XValue(0), y=alt.YDatum(foot, axis=None)),
        height=TALL * foot,
        width=ACROSS,
    )


def _bars(rows: pd.DataFrame, end: str, order: tuple[str, ...]) -> pd.DataFrame:
    """Where each bar begins, how tall it is and its days; every bar has room for its words."""
    bars = rows.groupby(end)[["part", "days"]].sum().reindex([name for name in order if name in {*rows[end]}])
    room = bars["part"].clip(lower=LEAST)
    last = (room + GAP).cumsum()
    return bars.assign(end=last, y=last - GAP - (room + bars["part"]) / 2)


def _ribbons(rows: pd.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The ribbons: pale for what stays, strong for what moves, hollow for what is missing."""
    points = pd.concat(
        [
            pd.DataFrame(
                {
                    "way": range(len(rows)),
                    "x": at,
                    "y": rows[side].to_numpy(),
                    "end": (rows[side] + rows["part"].clip(lower=0.002)).to_numpy(),
                    "colour": [*map(_colour, rows["source"])],
                    "missing": rows["source"].eq("missing").to_numpy(),
                    "opacity": np.where(rows["stays"], 0.16, 0.5),
                }
            )
            for at, side in ((0, "y1"), (0.12, "y1"), (0.88, "y2"), (1, "y2"))
        ]
    )
    there = data(points[~points["missing"]]).mark_area(interpolate="monotone", aria=False)
    missing = data(points[points["missing"]]).mark_area(
        interpolate="monotone", aria=False, color="white", fillOpacity=0.6, stroke=SOFT, strokeDash=[5, 4]
    )
    place = {"x": x, "y": y, "y2": "end:Q", "detail": "way:N"}
    return [
        there.encode(
            color=alt.Color("colour:N", scale=None), opacity=alt.Opacity("opacity:Q", scale=None), **place
        ),
        missing.encode(**place),
    ]


def _numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """The days on what moves, where each ribbon begins, the largest first; none stands on another."""
    placed: list[dict[str, Any]] = []
    for row in (
        rows[~rows["stays"] & (rows["days"] >= 0.05)].sort_values("days", ascending=False).itertuples()
    ):
        y = row.y1 + row.part / 2
        for x in (0.02, 0.12):
            if all(abs(y - other["y"]) >= APART for other in placed if other["x"] == x):
                placed.append({"x": x, "y": y, "said": _days(row.days)})
                break
    return pd.DataFrame(placed, columns=["x", "y", "said"])


def _beside(bars: pd.DataFrame, side: int, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The bars of a side, and outside of them the sign of each category, its name and its days."""
    out = 1 if side else -1
    known = [name for name in bars.index if name in BOXES]
    table = bars.assign(
        x=side,
        x2=side + out * BAR,
        bottom=bars["y"] + bars["part"],
        middle=bars["y"] + bars["part"] / 2,
        colour=[*map(_colour, bars.index)],
        said=[
            [_name(name), f"{_days(days)} {'day' if days == 1 else 'days'}"]
            for name, days in bars["days"].items()
        ],
    )
    middle = alt.Y("middle:Q", axis=None)
    signs = table.loc[known].assign(shape=[MARKS[name].shape for name in known])
    fill = alt.Fill("colour:N", scale=None)
    return [
        data(table)
        .mark_rect(stroke=SOFT, aria=False)
        .encode(x, y, fill, x2=alt.X2("x2:Q"), y2=alt.Y2("bottom:Q")),
        data(signs)
        .mark_point(xOffset=out * 16, aria=False, strokeWidth=0)
        .encode(alt.X("x2:Q", axis=None), middle, fill, shape=alt.Shape("shape:N", scale=None)),
        data(table)
        .mark_text(dx=out * 30, dy=-8, fontSize=TYPE, align="left" if side else "right")
        .encode(alt.X("x2:Q", axis=None), middle, text=alt.Text("said:N")),
        alt.Chart()
        .mark_text(
            dx=out * 30,
            dy=-12,
            color=SOFT,
            align="left" if side else "right",
            text="Under the new rules" if side else "Today",
        )
        .encode(x=alt.XValue(side * ACROSS), y=alt.YValue(0)),
    ]


def _colour(name: str) -> str:
    return MARKS[name].colour if name in BOXES else MARKS[""].colour if name == "unused" else "white"


def _name(name: str) -> str:
    return MARKS[name].word if name in BOXES else OTHERS.get(name, name)


def _days(days: float) -> str:
    if days < 0.05:
        return "under 0.1"
    return spoken(days) if days >= 9.95 else f"{days:.1f}".removesuffix(".0")


def presents(services: pd.DataFrame) -> Trusted:
    """Services in four fields: valued or not, good at or not; a line each with its cost, the dearest first.

    `services` has name, cost (NaN unknown), valued and good_at (yes, no, "" unknown) and suggestion. Those of
    which something is not known stand below, with what there is to ask.
    """
    rows = services.reindex(columns=["valued", "good_at", "suggestion"])
    rows = rows.assign(
        name=[name or "?" for name in texts(services["name"], 89)], cost=[*numbers(services["cost"])]
    )
    rows["field"] = [FIELDS.get((row.valued, row.good_at), 4) for row in rows.itertuples()]
    rows = rows.sort_values("cost", ascending=False, kind="stable")
    rows["line"] = rows.groupby("field").cumcount()
    lines = rows.groupby("field").size().reindex(range(5), fill_value=0).clip(upper=MOST + 1)
    first, second = (2 + max(1, lines[n], lines[n + 1]) for n in (0, 2))
    top = pd.Series([0, 0, first, first, first + second])
    foot = pd.Series([first, first, first + second, first + second, first + second + 1.75 + lines[4]]) - 0.25
    fields = pd.DataFrame(
        {"x": [0, 1, 0, 1, 0], "end": [0.985, 1.985, 0.985, 1.985, 1.985], "y": top, "foot": foot}
    )
    fields = fields.assign(head=HEADS, todo=ADVICE)[: 5 if lines[4] else 4]
    most = max(rows["cost"].max(), 1e-300) if rows["cost"].notna().any() else 1.0
    rows = rows.join(fields[["x", "end", "y", "todo"]], on="field").reset_index(drop=True)
    rows["y"] += 1.5 + rows["line"]
    rows["bar"] = rows["end"] - 0.23 - 0.12 * (rows["cost"] / most).fillna(0.0).clip(lower=0.0)
    listed = data(
        rows[rows["line"] < MOST].assign(
            said=[spoken(cost) if cost == cost else "cost ?" for cost in rows["cost"][rows["line"] < MOST]],
            note=[_note(row) for row in rows[rows["line"] < MOST].itertuples()],
            tone=rows["valued"].eq("no").map({True: INK, False: SOFT}),
            till=rows["end"] - 0.23,
        )
    )
    rest = rows[rows["line"] == MOST]
    left = rows[rows["line"] >= MOST].groupby("field")["cost"].agg(["size", "sum"])
    more = {
        n: f"and {size:,} more" + (f", which cost {spoken(cost)}" if cost > 0 else "")
        for n, size, cost in left.itertuples()
    }
    rest = rest.assign(said=[more[n] for n in rest["field"]])
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[float(fields["foot"].max()), 0], nice=False))
    x, end = (alt.X(f"{c}:Q", axis=None, scale=alt.Scale(domain=[0, 2], nice=False)) for c in ("x", "end"))
    framed, bold = data(fields), {"dy": 14, "fontWeight": 600}
    return picture(
        framed.mark_rect(color=PAPER, aria=False).encode(x, y, x2=alt.X2("end:Q"), y2=alt.Y2("foot:Q")),
        framed.mark_text(dx=12, color=SOFT, **bold).encode(x, y, text=alt.Text("head:N")),
        framed.mark_text(dx=-12, align="right", **bold).encode(end, y, text=alt.Text("todo:N")),
        listed.mark_bar(height=11, aria=False).encode(
            alt.X("bar:Q", axis=None), y, alt.Color("tone:N", scale=None), x2=alt.X2("till:Q")
        ),
        listed.mark_text(dx=12, fontSize=TYPE, limit=240).encode(x, y, text=alt.Text("name:N")),
        listed.mark_text(dx=-156, align="right", color=SOFT).encode(end, y, text=alt.Text("note:N")),
        listed.mark_text(dx=-12, align="right", color=SOFT).encode(end, y, text=alt.Text("said:N")),
        data(rest).mark_text(dx=12, color=SOFT).encode(x, y, text=alt.Text("said:N")),
        height=LINE_TALL * float(fields["foot"].max()),
        width=WIDTH,
    )


def _note(row: Any) -> str:
    """What there is to say of a service besides the word of its field."""
    if row.field == 4:
        asked = (("valued?", row.valued), ("done well?", row.good_at))
        return " ".join(text for text, answer in asked if answer not in ("yes", "no"))
    told = row.suggestion if row.suggestion in ("keep", "improve", "charge", "remove") else ""
    return (
        str(told) if told == "charge" or told.upper() not in row.todo else ""
    )  # to keep it goes without saying
