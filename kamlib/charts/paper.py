"""What every chart is printed on: a trusted Altair chart, and its SVG and PNG without a network."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import SOFT

SPECS_KEPT = 4
_specs: dict[
    Any, list[tuple[Sequence[Any], str]]
] = {}  # of each picture: what it was drawn from lately, and its text
NOT_IN_XML = re.compile(r"(?<!\\)((?:\\\\)*)(?:\\u00[01][0-9a-f]|\\[bf]|[\ufffe\uffff])")  # in a text of JSON


class Trusted(alt.LayerChart):
    """A chart of ours: Altair need not check it against the whole schema whenever a page is opened."""

    def to_dict(self, *, validate: bool = False, **more: Any) -> dict[str, Any]:
        """The Vega-Lite of the chart; checked only when it is asked for."""
        return super().to_dict(validate=validate, **more)

    def copy(self, deep: bool | Iterable[Any] = True, ignore: list[str] | None = None) -> Trusted:
        """A copy. A shallow one has the very same layers: Altair makes each anew, four times, whenever it writes a chart."""
        if deep is not False:
            return super().copy(deep, ignore)
        twin = copy.copy(self)
        object.__setattr__(twin, "_kwds", {**self._kwds})
        return twin


def picture(name: str, chart: Callable[..., alt.LayerChart], data: Sequence[Any]) -> str:
    """The SVG of `chart(*data)`, "" without data; nothing is computed for data that were drawn before.

    The inner ids begin with the `name`, so that several pictures can stand on one page.
    """
    if not len(data):
        return ""
    kept = _specs.setdefault((name, chart), [])
    spec = next((text for before, text in kept if alike(before, data)), "")
    if not spec:
        spec = _printable(chart(*data))
        kept[:] = [(data, spec), *kept][:SPECS_KEPT]
    return re.sub(r'(id="|url\(#|href="#)((?:clip|gradient)_?\d)', rf"\g<1>{name}-\g<2>", drawing(spec))


def svg(chart: alt.LayerChart) -> str:
    """The chart as an SVG text, drawn without a browser or a network."""
    return drawing(_printable(chart))


def alike(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Would the data of two pictures be drawn alike?"""
    return len(one) == len(other) and all(map(_same, one, other))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        return one is other or (one.equals(other) and one.attrs == other.attrs)
    return one is other or (isinstance(one, str | int | float) and one == other)


@functools.lru_cache(32)
def drawing(spec: str) -> str:
    """The SVG of a Vega-Lite text. A chart about the whole company is the same on the page of every segment."""
    return draw(spec)


def engine(spec: str) -> str:
    """The same, drawn now. It starts threads."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, vl_version=_vl_version()))


draw: Callable[[str], str] = engine  # pages ask one process that draws for all of them


def titled(chart: alt.LayerChart, title: str, about: Sequence[str], key: str = "") -> alt.LayerChart:
    """The chart for a slide: above it its title, what it is about and how to read it, in as many lines as they need."""
    from kamlib.charts.pixels import wrapped

    own = [p.value.get("key") for p in _params(chart) if isinstance(p.value, dict)]
    wide = max(chart.width if isinstance(chart.width, int | float) else 0, 760)  # names stand beside the plot
    shown = chart.copy(deep=False)
    shown.title = alt.TitleParams(
        wrapped(title, 20, wide, 3) if title else "",
        subtitle=[
            line for part in [" · ".join(about), *own, key] if part for line in wrapped(part, 12, wide, 4)
        ],
        anchor="start",
        fontSize=18,
        subtitleFontSize=12,
        subtitleColor=SOFT,
        offset=14,
    )
    return shown


def _params(chart: alt.LayerChart) -> list[alt.VariableParameter]:
    params = chart.params if isinstance(chart.params, list) else []
    return [param for param in params if isinstance(param, alt.VariableParameter)]


def png(chart: alt.LayerChart, scale: float = 2) -> bytes:
    """The chart as a PNG for a slide."""
    import vl_convert

    return vl_convert.vegalite_to_png(_printable(chart), vl_version=_vl_version(), scale=scale)


def _printable(chart: alt.LayerChart) -> str:
    """The Vega-Lite of the chart without the characters no SVG can hold: one of them ends the whole process."""
    text = json.dumps(chart.to_dict(), ensure_ascii=False).encode(errors="ignore").decode()
    return NOT_IN_XML.sub(r"\1", text)


def _vl_version() -> str:
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
