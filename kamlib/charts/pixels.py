"""How wide words are, as near as can be told without drawing them; cut and wrapped to the room there is."""

from __future__ import annotations

import functools
import unicodedata

WIDTHS = {
    0.3: "iIjltf.,:;!'|()[] ",
    0.38: 'r-"/',
    0.7: "wABCDEGHKNOPQRSUVXY&",
    0.9: "mMW@%—",
}  # of the type size
WIDE = {c: part for part, characters in WIDTHS.items() for c in characters}


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
