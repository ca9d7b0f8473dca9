"""What can be read in a chart, and what of it lies beside the sheet; odd figures and names to draw."""

from __future__ import annotations

import html
import json
import math
import re

from hypothesis import strategies as st

from kamlib import charts
from kamlib.charts import pixels

AMOUNT = st.one_of(st.integers(-(10**9), 10**9).map(float), st.floats(-1e6, 1e6), st.just(0.0))
SOME = st.one_of(AMOUNT, st.just(float("nan")))
NAME = st.text(max_size=60)
ANY = st.one_of(
    st.floats(), SOME, st.sampled_from([1e308, -1e308, 1e-300, 5e-324, float("inf"), -float("inf")])
)


def words_of(svg: str) -> list[str]:
    """What can be read in an SVG."""
    return [html.unescape(t) for t in re.findall(r"<(?:text|tspan)[^>]*>([^<]+)</", svg)]


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
    svg = charts.svg(chart, "odd")
    assert svg.startswith("<svg") and "<script" not in svg
    assert not re.search(r' (?:d|x|y|width|height|transform)="[^"]*(?:NaN|Infinity|undefined)', svg)
    return words_of(svg)


def off_the_sheet(chart) -> list[object]:
    """Marks and words beyond the sheet, words too small to read, and figures that are none."""
    spec = chart.to_dict()
    json.dumps(spec, allow_nan=False)
    found: list[object] = []

    def look(part, data) -> None:
        data = part.get("data", data)
        for layer in part.get("layer", []):
            look(layer, data)
        for record in (
            data.get("values") or spec.get("datasets", {}).get(data.get("name"), []) if "mark" in part else []
        ):
            mark = part["mark"]
            if "text" in record:
                wide = min(pixels.width_of(record["text"], mark["fontSize"]), record["limit"] or 9999)
                before = (
                    {"left": 0, "center": wide / 2, "right": wide}[mark["align"]]
                    if "angle" not in mark
                    else 0
                )
                left, right = (
                    record["x"] - before,
                    record["x"] - before + (wide if "angle" not in mark else 0),
                )
                found.extend(
                    [record] if left < -4 or right > spec["width"] + 4 or mark["fontSize"] < 13 else []
                )
            xs = [record[c] for c in ("x", "x2") if c in record]
            ys = [record[c] for c in ("y", "y2") if c in record]
            for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", record.get("path", "")):
                xs, ys = [*xs, float(x)], [*ys, float(y)]
            xs += [float(x) for x in re.findall(r"H(-?[\d.]+)", record.get("path", ""))]
            within = (
                not re.search("nan|inf", record.get("path", ""))
                and all(-4 <= x <= spec["width"] + 4 for x in xs)
                and all(-4 <= y <= spec["height"] + 4 for y in ys)
            )
            found.extend([] if within else [record])

    look(spec, {})
    return found
