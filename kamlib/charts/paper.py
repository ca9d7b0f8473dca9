"""What every chart is printed on: a trusted Altair chart, and its SVG and PNG without a network."""

from __future__ import annotations

import re
from typing import Any

import altair as alt


class Trusted(alt.LayerChart):
    """A chart of ours: Altair need not check it against the whole schema whenever a page is opened."""

    def to_dict(self, *, validate: bool = False, **more: Any) -> dict[str, Any]:
        """The Vega-Lite of the chart; checked only when it is asked for."""
        return super().to_dict(validate=validate, **more)


def svg(chart: alt.LayerChart, name: str = "") -> str:
    """The chart as an SVG text, drawn without a browser or a network.

    With a `name` its inner ids begin with it, so that several pictures can stand on one page.
    """
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=_vl_version())
    return (
        re.sub(r'(id="|url\(#|href="#)((?:clip|gradient)_?\d)', rf"\g<1>{name}-\g<2>", drawn)
        if name
        else drawn
    )


def png(chart: alt.LayerChart, scale: float = 2) -> bytes:
    """The chart as a PNG for a slide."""
    import vl_convert

    return vl_convert.vegalite_to_png(chart.to_dict(), vl_version=_vl_version(), scale=scale)


def _vl_version() -> str:
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
