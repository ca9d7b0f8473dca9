"""Where a customer places us as a supplier: three matrices side by side, with an arrow from the last round."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import HOLLOW, PAPER, ROW, data, haloed, names, picture, texts
from kamlib.models.account import positioning
from kamlib.models.matrix import MIDPOINT
from kamlib.models.scoring import HIGHEST, LOWEST

WIDTH, HEIGHT, STEP, EDGE, LETTERS = 900, 330, 10.6, 1.2, 15  # STEP: from one matrix to the next, in scores


def positions(rows: pd.DataFrame) -> Trusted:
    """A dot for each matrix, hollow while more than one box is possible, and what is possible shaded.

    `rows` is what `positioning.positioning` gives of one customer. The dashed frame holds where the
    dot can still be; the arrow comes from where it stood in the last round.
    """
    fields, words, dots = [], [], []
    for n, row in enumerate(rows.to_dict("records")):
        shape, named = positioning.matrices()[row["matrix"]], positioning.boxes(row["matrix"])
        at, can = n * STEP, row["possible"].split("|")
        for box, right, up in (
            (shape.top_left, 0, 1),
            (shape.top_right, 1, 1),
            (shape.bottom_left, 0, 0),
            (shape.bottom_right, 1, 0),
        ):
            x, y = (at + MIDPOINT if right else at + LOWEST), (MIDPOINT if up else LOWEST)
            half = HIGHEST - MIDPOINT
            fields.append({"x": x, "x2": x + half, "y": y, "y2": y + half, "can": box in can})
            said = textwrap.wrap(named[box][0], LETTERS)
            words.append(
                {
                    "x": x + half / 2,
                    "y": y + (half - 0.7 if up else 0.9),
                    "said": said,
                    "on": box == row["box"],
                }
            )
        words += [
            {"x": at + MIDPOINT, "y": HIGHEST + 0.55, "said": [f"▴ {shape.up_words}"], "on": False},
            {"x": at + MIDPOINT, "y": LOWEST - 0.65, "said": [f"▸ {shape.right_words}"], "on": False},
        ]
        dots.append(_dot(row, at))
    across = alt.Scale(domain=[0.8, 2 * STEP + HIGHEST + 0.2], nice=False, zero=False)
    upwards = alt.Scale(domain=[LOWEST - EDGE, HIGHEST + EDGE], nice=False, zero=False)

    def at_place(before: str = "") -> tuple[alt.X, alt.Y]:
        x, y = alt.X(f"{before}x:Q", axis=None, scale=across), alt.Y(f"{before}y:Q", axis=None, scale=upwards)
        return x, y

    table = pd.DataFrame(dots)
    shaded = alt.condition("datum.can", alt.value(PAPER), alt.value("white"))
    bold = alt.condition("datum.on", alt.value(INK), alt.value(SOFT))
    open_ = data(table[table["open"]])
    moved, known = data(table[table["moved"]]), data(table[table["x"].notna() & table["y"].notna()])
    turn = alt.Angle("turn:Q", scale=alt.Scale(domain=[0, 360], range=[0, 360]))
    hollow = alt.condition("datum.hollow", alt.value("white"), alt.value(INK))
    return picture(
        data(pd.DataFrame(fields))
        .mark_rect(stroke=LINE, aria=False)
        .encode(*at_place(), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), fill=shaded),
        open_.mark_rect(fill=None, stroke=SOFT, strokeDash=[4, 3], aria=False).encode(
            *at_place("low_"), x2=alt.X2("high_x:Q"), y2=alt.Y2("high_y:Q")
        ),
        *haloed(
            data(pd.DataFrame(words)).encode(*at_place(), text=alt.Text("said:N"), color=bold),
            align="center",
            fontSize=14,
            lineHeight=16,
        ),
        moved.mark_rule(stroke=INK, strokeWidth=1.6, aria=False).encode(
            *at_place("was_"), x2=alt.X2("x:Q"), y2=alt.Y2("y:Q")
        ),
        moved.mark_point(shape="triangle", size=150, fill=INK, stroke=INK, aria=False).encode(
            *at_place("head_"), angle=turn
        ),
        known.mark_point(shape="circle", size=170, stroke=INK, strokeWidth=2, aria=False).encode(
            *at_place(), fill=hollow
        ),
        height=HEIGHT,
        width=WIDTH,
    )


def _dot(row: dict[str, Any], at: float) -> dict[str, Any]:
    """Where a dot stands, where it can stand, where it stood, and how the arrow between them is turned."""
    x, y, was_x, was_y = (row[c] + (at if c.endswith("x") else 0) for c in ("x", "y", "was_x", "was_y"))
    wide, high = WIDTH / (2 * STEP + HIGHEST - 0.6), HEIGHT / (HIGHEST - LOWEST + 2 * EDGE)
    across, up = (x - was_x) * wide, (y - was_y) * high
    far = math.hypot(across, up)
    back = 1 - min(14 / far, 1) if far else 1.0  # the head ends at the rim of the dot
    ends = {f"{end}_{c}": row[f"{c}_{end}"] + at * (c == "x") for c in "xy" for end in ("low", "high")}
    return ends | {
        "x": x,
        "y": y,
        "was_x": was_x,
        "was_y": was_y,
        "moved": far > 3,
        "head_x": was_x + (x - was_x) * back,
        "head_y": was_y + (y - was_y) * back,
        "turn": math.degrees(math.atan2(across, up)) % 360 if far == far else 0.0,
        "hollow": row["status"] != "placed",
        "open": row["status"] == "undetermined",
    }


def culture(rows: pd.DataFrame) -> Trusted:
    """Where they are and where we are on each line, with the distance between: filled they, hollow we.

    `rows` is what `strategy.cultural_match` gives of one customer.
    """
    place = alt.Scale(domain=[0.8, 5.6], nice=False, zero=False)
    said = [
        " · ".join(filter(None, [t and f"they {t.lower()}", o and f"we {o.lower()}"]))
        for t, o in zip(texts(rows["theirs_word"]), texts(rows["ours_word"]), strict=True)
    ]
    table = (
        rows[["theirs", "ours", "distance"]].astype(float).assign(row=range(len(rows)), said=said, end=3.25)
    )
    grid = pd.DataFrame({"row": [r for r in range(len(rows)) for _ in (1, 2, 3)], "x": [1, 2, 3] * len(rows)})
    y, given = names(texts(rows["label"])), data(table)
    far = alt.condition("datum.distance == 2", alt.value(INK), alt.value(SOFT))
    thick = alt.condition("datum.distance == 2", alt.value(5), alt.value(2))

    def at(column: str) -> alt.X:
        return alt.X(f"{column}:Q", axis=None, scale=place)

    return picture(
        data(grid).mark_point(size=24, fill=LINE, stroke=LINE, aria=False).encode(at("x"), y),
        given.transform_filter("datum.distance > 0")
        .mark_rule(aria=False)
        .encode(at("theirs"), y, x2=alt.X2("ours:Q"), color=far, strokeWidth=thick),
        given.mark_point(size=190, aria=False, **HOLLOW).encode(at("ours"), y),
        given.mark_point(size=90, fill=INK, stroke=INK, aria=False).encode(at("theirs"), y),
        given.mark_text(fontSize=14).encode(at("end"), y, text=alt.Text("said:N"), color=far),
        height=ROW * len(rows),
        width=640,
    )
