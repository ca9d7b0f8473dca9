"""Four fields of words: what stands left and right, above and below."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, LINE
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import data, picture, texts

WIDTH, HEIGHT, MOST, LETTERS, ROOM = 866, 526, 8, 44, 9.4  # the last: lines of text in a field
PALE = "#e7e9ed"  # the number of a field


def quadrants(rows: pd.DataFrame, left: str, right: str, top: str, bottom: str) -> Trusted:
    """A line of text for each row that is strong, in its field; how many, large and light behind them.

    `rows` has label, x (0 left, 1 right), y (0 bottom, 1 top) and strong; `left`, `right`, `top` and
    `bottom` are what the sides are called. At most MOST lines stand in a field, then "and 3 more".
    """
    shown = rows[rows["strong"].astype(bool)]
    fields = {
        (x, y): texts(shown.loc[(shown["x"] == x) & (shown["y"] == y), "label"], 89)
        for x in (0, 1)
        for y in (0, 1)
    }
    x, y = _side(alt.X, (left, right), WIDTH), _side(alt.Y, (bottom, top), HEIGHT)
    counts = data(
        pd.DataFrame(
            [{"x": x + 0.95, "y": y + 0.06, "said": str(len(said))} for (x, y), said in fields.items()]
        )
    )
    lines = [
        {"x": x + 0.05, "y": y + 0.93 - at / ROOM * 0.9, "said": lines}
        for (x, y), said in fields.items()
        for at, lines in _placed(said)
    ]
    said = data(pd.DataFrame(lines, columns=["x", "y", "said"])).encode(x, y, text=alt.Text("said:N"))
    return picture(
        data(pd.DataFrame({"x": [0], "y": [0], "end": [2]}))
        .mark_rect(fill=None, stroke=LINE, aria=False)
        .encode(x, y, x2=alt.X2("end:Q"), y2=alt.Y2("end:Q")),
        alt.Chart().mark_rule(aria=False).encode(x=alt.datum(1)),
        alt.Chart().mark_rule(aria=False).encode(y=alt.datum(1)),
        counts.mark_text(align="right", baseline="bottom", fontSize=96, fontWeight="bold", color=PALE).encode(
            x, y, text=alt.Text("said:N")
        ),
        said.mark_text(baseline="top", fontSize=17, lineHeight=24, limit=WIDTH / 2 - 40),
        height=HEIGHT,
        width=WIDTH,
    )


def _side(channel: Any, said: tuple[str, str], long: float) -> Any:
    """An axis of two halves with a word at the middle of each."""
    look = {"labelFontSize": 16, "labelFontWeight": 600, "labelColor": INK, "labelLimit": long / 2}
    turned = (
        {"orient": "top"}
        if channel is alt.X
        else {"labelAngle": 270, "labelAlign": "center", "labelBaseline": "bottom", "labelPadding": 10}
    )
    says = f"{json.dumps(said)}[floor(datum.value)]"
    return channel(
        f"{'x' if channel is alt.X else 'y'}:Q",
        title=None,
        scale=alt.Scale(domain=[0, 2]),
        axis=alt.Axis(values=[0.5, 1.5], labelExpr=says, **look, **turned),
    )


def _placed(said: list[str]) -> Iterator[tuple[float, list[str]]]:
    """On which line of the field each label begins; few may take several lines, many are cut to one."""
    if len(said) > MOST:
        said = [*said[: MOST - 1], f"and {len(said) - MOST + 1} more"]
    line = 0.0
    for each in said:
        lines = textwrap.wrap(each, LETTERS, max_lines=2, placeholder="…") if len(said) < 5 else []
        lines = lines or [each or "?"]
        yield line, lines
        line += len(lines) + (0.35 if len(said) < 7 else 0.15)
