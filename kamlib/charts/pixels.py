"""Marks put where they belong in pixels, for pictures that are no plot: words, boxes, lines and shapes."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from kamlib.charts.palette import FONT, INK, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import known as _known  # noqa: F401
from kamlib.charts.theme import spoken  # noqa: F401

WIDTHS = {
    0.3: "iIjltf.,:;!'|()[] ",
    0.38: 'r-"/',
    0.7: "wABCDEGHKNOPQRSUVXY&",
    0.9: "mMW@%—",
}  # of the type size
WIDE = {c: part for part, characters in WIDTHS.items() for c in characters}

WIDTH, HEAD = 900, 17

Records = Sequence[dict[str, Any]]
Layers = list[alt.Chart | None]
Rows = list[dict[str, Any]]


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


def _lists(count: int) -> list[Rows]:
    return [[] for _ in range(count)]


def _word(x: float, y: float, text: str, limit: float = 0) -> dict[str, Any]:
    return {"x": round(float(x), 1), "y": round(float(y), 1), "text": text, "limit": limit}


def _rect(x: float, x2: float, y: float, y2: float, fill: str = SOFT) -> dict[str, Any]:
    left, right = sorted([float(x), float(x2)])
    high, low = sorted([float(y), float(y2)])
    edges = {"x": left, "x2": max(right, left + 1), "y": high, "y2": max(low, high + 1)}
    return {name: round(edge, 1) for name, edge in edges.items()} | {"fill": fill}


def _blocks(rects: Records, **look: Any) -> alt.Chart | None:
    """Many rectangles of one look, as one shape."""
    path = "".join(f"M{r['x']},{r['y']}H{r['x2']}V{r['y2']}H{r['x']}V{r['y']}Z" for r in rects)
    return shapes([{"path": path}], filled=True, **look) if path else None


def _titled(title: str) -> tuple[Layers, float]:
    """The title in at most two lines, and where the picture begins below it."""
    if not title:
        return [], 0.0
    lines = wrapped(title, HEAD * 1.12, WIDTH - 10, 2)  # it is bold
    rows = [_word(0, 18 + 22 * n, line) for n, line in enumerate(lines)]
    return [words(rows, HEAD, fontWeight="bold")], 14.0 + 22 * len(lines)


def _hatched(rects: Records, gap: float = 7) -> list[alt.Chart | None]:
    """Rectangles that are hollow with slanting lines: paid for, not used."""
    path = ""
    for r in rects:
        tall = r["y2"] - r["y"]
        start = r["x"] - tall
        while start < r["x2"]:
            a, b = max(start, r["x"]), min(start + tall, r["x2"])
            if b > a:
                path += f"M{a:.1f},{r['y2'] - (a - start):.1f}L{b:.1f},{r['y2'] - (b - start):.1f}"
            start += gap
    lines = shapes([{"path": path}], filled=False, stroke=SOFT, strokeWidth=1) if path else None
    return [lines, _blocks(rects, fillOpacity=0, stroke=INK, strokeWidth=1.2)]
