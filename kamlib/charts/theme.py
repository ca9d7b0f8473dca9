"""How every chart looks, in one place: type, ink and axes; amounts in words, and figures no scale can bear."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import FONT, INK, LINE, SOFT
from kamlib.charts.paper import Trusted

WIDTH, ROW, NAMES = 820, 30, 240  # of a plot; a line with a name; the longest name, all in pixels
SMALL, TYPE = 13, 15
NOT_IN_XML = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST = 30  # characters of a name: a longer one takes the drawing long to cut
PAPER = "#eceef2"
LARGE = 1e300  # what is larger is drawn as this, what is below its inverse as 0: no scale is endless
HOLLOW: dict[str, Any] = {"fill": "white", "stroke": INK, "strokeWidth": 1.2}  # unknown, unused, given up

CONFIG = alt.Config(
    font=FONT,
    padding=4,
    view=alt.ViewConfig(stroke=None),
    axis=alt.AxisConfig(
        labelFontSize=SMALL,
        titleFontSize=SMALL,
        labelColor=SOFT,
        titleColor=SOFT,
        titleFontWeight="normal",
        labelPadding=8,
        titlePadding=12,
        gridColor=LINE,
        grid=False,
        domain=False,
        ticks=False,
        titleLimit=0,  # every limit, overlap and flush is measured, text by text: a third of the drawing
        labelLimit=0,
        labelOverlap=False,
        labelFlush=False,
    ),
    axisX=alt.AxisConfig(titleAnchor="start"),
    axisY=alt.AxisConfig(titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-14),
    axisYBand=alt.AxisConfig(labelFontSize=TYPE, labelColor=INK, labelLimit=NAMES, labelPadding=10),
    legend=alt.LegendConfig(
        labelFontSize=SMALL,
        titleFontSize=SMALL,
        labelColor=SOFT,
        titleColor=SOFT,
        titleFontWeight="normal",
        titleOrient="left",
        orient="bottom",
        direction="horizontal",
        symbolType="square",
        symbolSize=420,
        symbolStrokeColor=LINE,
        symbolStrokeWidth=1,
        offset=14,
    ),
    bar=alt.BarConfig(color=SOFT),
    rule=alt.MarkConfig(color=INK),
    line=alt.LineConfig(color=INK, strokeWidth=2.4),
    point=alt.MarkConfig(color=INK, filled=True, opacity=1, size=110),
    text=alt.MarkConfig(fontSize=SMALL, color=INK, align="left", baseline="middle"),
)


def picture(*layers: Any, height: float, width: float = WIDTH) -> Trusted:
    """The layers over one another, in our type and ink; a screen reader hears of its words nothing but them."""
    for layer in layers:
        said = getattr(layer.encoding, "text", None)
        if isinstance(said, alt.Text) and getattr(layer.mark, "type", "") == "text":
            layer.encoding.description = alt.Description(said.shorthand)
    return Trusted(
        layer=[*layers], width=round(width), height=round(height), usermeta={}, config=CONFIG.copy()
    )


def data(table: pd.DataFrame) -> alt.Chart:
    """A chart of these rows; what is unknown is null there, and no mark."""
    known = table.astype(object).where(table.notna(), None)
    return alt.Chart(alt.InlineData(values=tuple(known.to_dict("records"))))


def names(said: Iterable[Any], heads: Sequence[int] = (), **look: Any) -> alt.Y:
    """A line for each name, from the top, `heads` in bold; `row` in the data is its number, so two may be called alike."""
    listed = [*said]
    bold = {"test": f"indexof({[*heads]}, datum.value) >= 0", "value": "bold"}
    weight = {"labelFontWeight": {"condition": bold, "value": "normal"}} if len(heads) else {}
    axis = alt.Axis(labelExpr=labels(listed), **weight, **look)
    return alt.Y("row:O", title=None, scale=alt.Scale(domain=[*range(len(listed))]), axis=axis)


def labels(said: Iterable[Any]) -> str:
    """What an axis says instead of the numbers 0, 1, 2; a list stands in several lines."""
    return f"{json.dumps([*said])}[datum.value]"


def amounts(low: float, high: float, padding: float = 0) -> alt.Scale:
    """From low to high, always with 0 and never empty; `padding` pixels stay free for words at both ends."""
    low, high = min(0.0, low), max(0.0, high)
    return alt.Scale(domain=[low, high if high > low else low + 1], nice=False, zero=False, padding=padding)


def zero(side: str, color: str = LINE) -> alt.Chart:
    """A line at 0 of x or of y, across the whole plot."""
    at = {"x": alt.XDatum, "y": alt.YDatum}[side](0, axis=None)
    return alt.Chart().mark_rule(color=color, aria=False).encode(at)


def haloed(chart: alt.Chart, **look: Any) -> list[alt.Chart]:
    """Words that can be read on anything."""
    style = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "aria": False}
    return [chart.mark_text(**look, **style), chart.mark_text(**look)]


def known(value: Any) -> float:
    """The number, within what can be drawn; NaN where there is none."""
    given = isinstance(value, int | float | np.number) and math.isfinite(value)
    return max(-LARGE, min(float(value) * (abs(value) > 1 / LARGE), LARGE)) if given else math.nan


def numbers(column: Iterable[Any]) -> pd.Series:
    """What is known of a column, as numbers that can be drawn."""
    return pd.Series([known(value) for value in column], dtype=float)


def texts(column: Iterable[Any], longest: int = LONGEST) -> list[str]:
    """A column as words, each in one line and not much longer than there is room for, "" where there are none.

    The renderer takes seconds to cut hundreds of letters, and ends the process over some that XML forbids.
    """
    words = [NOT_IN_XML.sub("", " ".join(v.split())) if isinstance(v, str) else "" for v in column]
    return [word if len(word) <= longest else f"{word[:longest]}…" for word in words]


def spoken(value: Any, sign: str = "") -> str:
    """An amount in words: "−1,250", "1.2e+18", "no end", "?"; with the sign "+": "+310"."""
    if not isinstance(value, int | float | np.number) or value != value or abs(value) == math.inf:
        return "no end" if isinstance(value, float) and value == math.inf else "?"
    said = f"{round(float(value)):{sign},}" if -1e12 < value < 1e12 else f"{value:{sign}.3g}"
    return said.replace("-", "−")
