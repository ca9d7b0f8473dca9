"""What can be read in a chart, and what of it lies beside the sheet; odd figures and names to draw."""

from __future__ import annotations

import html
import json
import math
import re

from hypothesis import strategies as st

from kamlib import charts

AMOUNT = st.one_of(st.integers(-(10**9), 10**9).map(float), st.floats(-1e6, 1e6), st.just(0.0))
SOME = st.one_of(AMOUNT, st.just(float("nan")))
NAME = st.text(max_size=60)
ANY = st.one_of(
    st.floats(), SOME, st.sampled_from([1e308, -1e308, 1e-300, 5e-324, float("inf"), -float("inf")])
)


def words_of(svg: str) -> list[str]:
    """What can be read in an SVG."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg)
    return [html.unescape(line) for text in texts for line in re.findall(r">([^<]+)<", f">{text}<")]


def words(chart) -> list[str]:
    """What can be read in the picture."""
    return words_of(charts.svg(chart))


def rows(chart) -> list[dict]:
    """Every row of data of every layer; fails where one is not plain JSON."""
    spec = json.loads(json.dumps(chart.to_dict(), allow_nan=False))
    return [row for values in spec["datasets"].values() for row in values]


def sound(chart) -> list[str]:
    """The words of a picture that reaches the paper whole: every place in it is a number."""
    assert not [row for row in rows(chart) for value in row.values() if value in (math.inf, -math.inf)]
    svg = charts.picture("odd", lambda drawn: drawn, (chart,))
    assert svg.startswith("<svg") and "<script" not in svg
    assert not re.search(r' (?:d|x|y|width|height|transform)="[^"]*(?:NaN|Infinity|undefined)', svg)
    return words_of(svg)


def drawn(chart, *kinds: str) -> list[dict]:
    """The rows behind all marks of these kinds (bar, line, text), in the order they are drawn."""
    spec = chart.to_dict()
    json.dumps(spec, allow_nan=False)
    layers = [
        layer
        for layer in spec["layer"]
        if layer["mark"]["type"] in kinds and layer.get("data", spec.get("data"))
    ]
    return [row for layer in layers for row in spec["datasets"][layer.get("data", spec.get("data"))["name"]]]


def to_paper(chart) -> str:
    """The chart as an SVG: no place in it is endless or unknown, and no type is smaller than 12 pixels."""
    json.dumps(chart.to_dict(), allow_nan=False)
    svg = charts.svg(chart)
    assert svg.startswith("<svg") and not re.search(
        r'="[^"]*(NaN|Infinity|undefined)', re.sub(r'aria-\w+="[^"]*"', "", svg)
    )
    assert min([12.0, *map(float, re.findall(r'font-size="([\d.]+)px"', svg))]) >= 12
    return svg
