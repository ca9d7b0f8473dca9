"""Marks put where they belong in pixels, for pictures that are no plot: words, boxes, lines and shapes."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from kamlib.charts.palette import FONT, INK
from kamlib.charts.paper import Trusted

WIDTHS = {
    0.3: "iIjltf.,:;!'|()[] ",
    0.38: 'r-"/',
    0.7: "wABCDEGHKNOPQRSUVXY&",
    0.9: "mMW@%—",
}  # of the type size
WIDE = {c: part for part, characters in WIDTHS.items() for c in characters}

Records = Sequence[dict[str, Any]]


def sheet(
    layers: Iterable[alt.Chart | None], width: float, height: float, chosen: str | None = None
) -> Trusted:
    """The layers on one sheet without axes; with `chosen`, a live parameter of that name."""
    drawn = [layer for layer in layers if layer is not None]
    config = alt.Config(font=FONT, padding=4, view=alt.ViewConfig(stroke=None))
    chart = Trusted(layer=drawn, width=round(width), height=round(height), usermeta={}, config=config)
    if chosen is not None:
        chart.params = [alt.VariableParameter(name="chosen", value=chosen)]
    return chart


def _marks(rows: Records) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _at(field: str, channel: Any) -> Any:
    return channel(f"{field}:Q", scale=None, axis=None)


def words(
    rows: Records, size: float, *, colour: str = INK, halo: bool = False, **look: Any
) -> alt.Chart | None:
    """Words at x, y (the left of their baseline, or as `look` says); cut with an ellipsis at `limit` pixels.

    Each record has x, y, text and limit (0 for no limit). With a halo they are read on anything.
    """
    if not rows:
        return None
    style = {"align": "left", "baseline": "alphabetic", "fontSize": size, "limit": alt.ExprRef("datum.limit")}
    base = _marks(rows)
    place = {"x": _at("x", alt.X), "y": _at("y", alt.Y), "text": alt.Text("text:N")}
    plain = base.mark_text(color=colour, **{**style, **look}).encode(
        **place, description=alt.Description("text:N")
    )
    if not halo:
        return plain
    under = base.mark_text(
        **{**style, **look}, color="white", stroke="white", strokeWidth=4, strokeJoin="round", aria=False,
        opacity=0.85,
    )  # fmt: skip
    return alt.layer(under.encode(**place), plain)


def boxes(rows: Records, **look: Any) -> alt.Chart | None:
    """Rectangles from x, y to x2, y2, filled with `fill` where the records have one."""
    if not rows:
        return None
    fill = {"fill": alt.Fill("fill:N", scale=None)} if "fill" in rows[0] else {}
    says = {"description": alt.Description("says:N")} if "says" in rows[0] else {}
    base = _marks(rows).mark_rect(**({} if says else {"aria": False}), **look)
    return base.encode(_at("x", alt.X), _at("y", alt.Y), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), **fill, **says)


def shapes(rows: Records, **look: Any) -> alt.Chart | None:
    """Figures given as SVG paths in pixels of the sheet (the field `path`)."""
    if not rows:
        return None
    base = _marks(rows).mark_point(
        size=4, aria=False, **{"opacity": 1, **look}
    )  # a shape of size 4 is drawn as it is
    return base.encode(x=alt.XValue(0), y=alt.YValue(0), shape=alt.Shape("path:N", scale=None))


def flags(spots: Iterable[tuple[float, float]]) -> alt.Chart | None:
    """A small flag at each x, y (its foot), as high as a capital of the small type."""
    flag = "M{0:.1f},{1:.1f}v-12h9l-2.6,3.4l2.6,3.4h-7.4v5.2Z"
    return shapes([{"path": flag.format(x, y)} for x, y in spots], filled=True, fill=INK, strokeWidth=0)


@functools.lru_cache(maxsize=8192)
def width_of(text: str, size: float) -> float:
    """How wide a text is at most, in pixels, as near as can be told without drawing it."""
    return size * sum(
        WIDE.get(c, 0.57) if c.isascii() else 1.05 if unicodedata.east_asian_width(c) in "WF" else 0.62
        for c in text
    )


def cut(text: str, size: float, room: float) -> str:
    """The text, or as much of it as has room, with an ellipsis."""
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in at most so many lines that have room; the last one is cut when it is too long."""
    return [*_wrapped(text, size, room, most)]


@functools.lru_cache(maxsize=4096)
def _wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    lines: list[str] = []
    rest = " ".join(text.split())
    while rest and len(lines) < most - 1 and width_of(rest, size) > room:
        end = len(rest)
        while end > 1 and width_of(rest[:end], size) > room:
            end = rest.rfind(" ", 0, end) if " " in rest[:end] else end - 1
        lines.append(rest[:end])
        rest = rest[end:].lstrip()
    return [*lines, cut(rest, size, room)] if rest or not lines else lines
