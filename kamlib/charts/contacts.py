"""Who sees whom: a bow-tie or a diamond, a map of contacts with its gaps, and the snail of opportunity."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.heat import above
from kamlib.charts.palette import DOUBT, INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import HOLLOW, PAPER, WIDTH, data, names, picture, texts

LINE_HIGH, OURS, THEIRS = 46, 300, 520  # pixels of a person; where our people and theirs stand
GREYS = ["#ffffff", "#e3e5ea", "#c3c8d1", "#a3a7b0", "#8a8f99"]  # by stages covered, none to four
SNAIL, INNER, GROWTH, STEPS = 380, 26, 24, 64  # pixels of the snail; its radii; points of a turn
LIGHT: dict[tuple[str, ...], dict[str, Any]] = {  # how a turn of the snail is drawn, by what is said of it
    ("yes",): {"strokeWidth": 12, "stroke": INK},
    ("no",): {"strokeWidth": 4, "stroke": LINE},
    ("unknown", ""): {"strokeWidth": 4, "stroke": LINE, "strokeDash": [3, 7]},
}


def bow_tie(rows: pd.DataFrame) -> Trusted:
    """Our people at the left, theirs at the right, a line for each contact.

    Two people make a bow-tie, whose halves touch in them; as soon as several of a side meet, that half turns its
    broad side to the middle, and both make a diamond. `rows` is `people.contact_map` of one customer.
    """
    linked = rows[~rows["unseen"]]
    ours = _column(linked, "person", "our_name", "our_function", OURS, linked["person"].notna())
    theirs = _column(rows, "contact", "name", "function", THEIRS, ~rows["unseen"])
    tall = LINE_HIGH * max(len(ours), len(theirs), 3)
    sides = [
        side.assign(y=tall * (np.arange(len(side)) + 0.5) / max(len(side), 1)) for side in (ours, theirs)
    ]
    for mine, other in (sides, sides[::-1]):
        if mine["seen"].sum() == 1:  # it stands level with those whom it meets
            mine.loc[mine["seen"] & (len(mine) == 1), "y"] = other.loc[other["seen"], "y"].mean()
    place = [side.set_index("id")["y"] for side in sides]
    pairs = pd.DataFrame(
        {
            "x": OURS,
            "x2": THEIRS,
            "y": linked["person"].map(place[0]),
            "y2": linked["contact"].map(place[1]),
            "whole": linked["missing"] == "",
        }
    )
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[tall, 0], nice=False))
    people = pd.concat([sides[0].assign(side="left"), sides[1].assign(side="right")])
    mute = people["seen"] | ~people["important"]
    people["ink"] = np.where(mute, INK, DOUBT)
    people["second"] = people["second"].where(mute, "nobody sees this person")
    dots = data(people).encode(x, y)
    shapes = [_half(side, edge, tall) for side, edge in zip(sides, (0, WIDTH), strict=True) if len(linked)]
    layers = [
        data(shape).mark_area(color=PAPER, aria=False).encode(x, y, y2=alt.Y2("y2:Q")) for shape in shapes
    ]
    ink = alt.Color("ink:N", scale=None, legend=None)
    layers += [
        data(pairs)
        .mark_rule(strokeWidth=1.8, aria=False)
        .encode(
            x,
            y,
            x2=alt.X2("x2:Q"),
            y2=alt.Y2("y2:Q"),
            strokeDash=alt.condition("datum.whole", alt.value([1, 0]), alt.value([5, 4])),
        ),
        dots.transform_filter("datum.seen").mark_point(size=150, aria=False),
        dots.transform_filter("!datum.seen")
        .mark_point(size=150, aria=False, filled=True, **HOLLOW | {"strokeWidth": 2})
        .encode(stroke=alt.Stroke("ink:N", scale=None, legend=None)),
    ]
    for side, align, dx in (("left", "right", -14), ("right", "left", 14)):
        words = dots.transform_filter(f"datum.side == '{side}'")
        layers += [
            words.mark_text(align=align, dx=dx, dy=-8, fontSize=15, fontWeight=600).encode(
                ink, text=alt.Text("first:N")
            ),
            words.mark_text(align=align, dx=dx, dy=10).encode(ink, text=alt.Text("second:N")),
        ]
    return picture(*layers, height=tall)


def _column(rows: pd.DataFrame, id: str, name: str, function: str, x: float, seen: pd.Series) -> pd.DataFrame:
    """The people of one side, those of a function together."""
    side = rows.assign(seen=seen).drop_duplicates(id)
    place = {word: n for n, word in enumerate(dict.fromkeys(side[function]))}
    side = side.sort_values(function, key=lambda column: column.map(place), kind="stable")
    important = side["important"].astype(bool) & (id == "contact")
    return pd.DataFrame(
        {
            "id": side[id],
            "first": texts(side[name]),
            "second": texts(side[function]),
            "x": x,
            "seen": side["seen"].astype(bool),
            "important": important,
        }
    ).reset_index(drop=True)


def _half(side: pd.DataFrame, edge: float, tall: float) -> pd.DataFrame:
    """One half: its tip at its one person who is seen, or its broad side at several."""
    seen = side[side["seen"]]
    at, single = float(side["x"].iloc[0]), len(seen) == 1
    middle = float(seen["y"].iloc[0]) if single else tall / 2
    broad, tip = (edge, at) if single else (at, edge)
    return pd.DataFrame({"x": [broad, tip], "y": [0.0, middle], "y2": [tall, middle]})


def contact_map(rows: pd.DataFrame, stage: str = "") -> Trusted:
    """Their people by ours: the darker, the more of the four stages a contact covers; its purpose in the cell.

    An important person without a contact is an empty line in a thick frame. With a `stage` (a column of `rows`) only
    contacts that cover it count. `rows` is `people.contact_map` of one customer.
    """
    counts = ~rows["unseen"] & (rows[stage].eq("yes") if stage else True)
    theirs = rows.assign(seen=counts.groupby(rows["contact"]).transform("any")).drop_duplicates("contact")
    theirs = theirs.sort_values("important", ascending=False, kind="stable").reset_index(drop=True)
    ours = rows[~rows["unseen"]].drop_duplicates("person")
    line = {contact: n for n, contact in enumerate(theirs["contact"])}
    column = {person: n for n, person in enumerate(ours["person"])} or {"": 0}
    cells = rows[counts].assign(
        row=lambda found: found["contact"].map(line),
        place=lambda found: found["person"].map(column),
        said=lambda found: found["purpose"].where(found["purpose"] != "", "sees"),
    )[["row", "place", "stages", "said"]]
    every = pd.DataFrame([(r, c) for r in line.values() for c in column.values()], columns=["row", "place"])
    lost = theirs[~theirs["seen"]]
    gaps = pd.DataFrame(
        {
            "row": lost["contact"].map(line),
            "said": np.where(lost["important"], "NOBODY", "nobody"),
            "loud": lost["important"].astype(bool),
        }
    )
    wide = min(132.0, max(78.0, 620 / len(column)))
    axis = above(texts(ours["our_name"]) or ["nobody yet"], wide)
    x = alt.X("place:O", scale=alt.Scale(domain=[*column.values()]), axis=axis)
    called = [
        f"{name}, {what}" if what else name
        for name, what in zip(theirs["name"], theirs["function"], strict=True)
    ]
    y = names(texts(called, 40), [n for n, loud in enumerate(theirs["important"]) if loud])
    grey = alt.Scale(domain=[0, 1, 2, 3, 4], range=GREYS)
    key = alt.Legend(title="stages covered", type="symbol", values=[0, 1, 2, 3, 4])
    loud, quiet = (data(gaps[gaps["loud"] == yes]).encode(y) for yes in (True, False))
    across: dict[str, Any] = {"x": alt.value(0), "x2": alt.value("width")}
    middle = alt.value(wide * len(column) / 2)
    return picture(
        data(every).mark_rect(fill="white", stroke=LINE, aria=False).encode(x, y),
        data(cells)
        .mark_rect(stroke=LINE, aria=False)
        .encode(x, y, alt.Fill("stages:O", scale=grey, legend=key)),
        data(cells).mark_text(align="center").encode(x, y, text=alt.Text("said:N")),
        loud.mark_rect(fill="white", stroke=DOUBT, strokeWidth=4, aria=False).encode(**across),
        loud.mark_text(align="center", fontSize=16, fontWeight=700, color=DOUBT).encode(
            x=middle, text=alt.Text("said:N")
        ),
        quiet.mark_text(align="center", color=SOFT).encode(x=middle, text=alt.Text("said:N")),
        height=38 * max(len(line), 1),
        width=wide * len(column),
    )


def snail(rows: pd.DataFrame) -> Trusted:
    """A spiral from the centre, where ideas begin, to the launch: the turns where we are in touch are lit.

    `rows` has turn, label, contact (yes, no, unknown, "") and who, from the centre outwards.
    """
    turns, centre = len(rows), SNAIL / 2
    angle = np.linspace(0, turns, turns * STEPS + 1)
    radius = INNER + GROWTH * angle
    points = pd.DataFrame(
        {
            "x": centre + radius * np.sin(1.75 * np.pi * angle),
            "y": centre - radius * np.cos(1.75 * np.pi * angle),
            "step": angle,
        }
    )
    parts = [
        points.iloc[n * STEPS : (n + 1) * STEPS + 1].assign(turn=n, contact=contact)
        for n, contact in enumerate(rows["contact"])
    ]
    arcs = pd.concat(parts)
    marks = pd.DataFrame(
        {
            "x": arcs.groupby("turn")["x"].first(),
            "y": arcs.groupby("turn")["y"].first(),
            "said": [*map(str, rows["turn"])],
            "lit": [*rows["contact"].eq("yes")],
        }
    )
    told = {"yes": "in touch", "no": "not in touch", "unknown": "we do not know", "": "not said"}
    lines = pd.DataFrame(
        {
            "x": SNAIL + 24,
            "y": 34 + 56 * np.arange(turns),
            "lit": marks["lit"].to_numpy(),
            "turn": marks["said"].to_numpy(),
            "first": texts(rows["label"], 40),
            "second": texts(
                (
                    f"{told.get(c, c)}: {w}" if w else told.get(c, c)
                    for c, w in zip(rows["contact"], rows["who"], strict=True)
                ),
                56,
            ),
        }
    )
    high = max(SNAIL, 56 * turns)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[high, 0], nice=False))
    fill = alt.condition("datum.lit", alt.value(INK), alt.value("white"))
    number = alt.condition("datum.lit", alt.value("white"), alt.value(INK))
    both = [
        layer
        for table, text in ((marks, "said:N"), (lines, "turn:N"))
        for layer in (
            data(table).mark_point(size=460, stroke=INK, strokeWidth=1.5, aria=False).encode(x, y, fill=fill),
            data(table).mark_text(align="center", fontWeight=600).encode(x, y, color=number, text=text),
        )
    ]
    words = data(lines).encode(x, y)
    return picture(
        *(
            data(arcs[arcs["contact"].isin(states)])
            .mark_line(strokeCap="round", aria=False, **look)
            .encode(x, y, detail=alt.Detail("turn:N"), order=alt.Order("step:Q"))
            for states, look in LIGHT.items()
        ),
        *both,
        words.mark_text(dx=20, dy=-9, fontSize=15, fontWeight=600).encode(text=alt.Text("first:N")),
        words.mark_text(dx=20, dy=10, color=SOFT).encode(text=alt.Text("second:N")),
        height=high,
    )
