"""Four fields of words: what stands left and right, above and below."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, LINE
from kamlib.charts.pixels import boxes, sheet, words, wrapped

WIDTH, HEIGHT, HEAD, SIDE = 900, 560, 34, 34
PAD, TYPE, MOST = 20, 16, 8
TRIES = ((18, 3), (17, 3), (16, 2), (15, 2), (14, 2), (15, 1), (13, 1))  # type size and lines of a label
COUNT, PALE = 96, "#e7e9ed"  # the number of a field: its type size and colour


def quadrants(rows: pd.DataFrame, left: str, right: str, top: str, bottom: str) -> alt.LayerChart:
    """A line of text for each row that is strong, in its field; how many, large and light behind them.

    `rows` has label, x (0 left, 1 right), y (0 bottom, 1 top) and strong; `left`, `right`, `top` and
    `bottom` are what the sides are called. At most MOST lines stand in a field, then "and 3 more".
    """
    wide, tall = (WIDTH - SIDE) / 2, (HEIGHT - HEAD) / 2
    shown = rows[rows["strong"].astype(bool)]
    fields, counts = [], []
    lines: dict[int, list[dict[str, Any]]] = {size: [] for size, _ in TRIES}
    for x in (0, 1):
        for y in (1, 0):
            a, b = SIDE + x * wide, HEAD + (1 - y) * tall
            labels = [*map(str, shown.loc[(shown["x"] == x) & (shown["y"] == y), "label"])]
            fields.append({"x": a, "y": b, "x2": a + wide, "y2": b + tall})
            counts.append(_word(a + wide - PAD, b + tall - PAD, str(len(labels))))
            size, said = _fitted(labels, wide - 2 * PAD, tall - 2 * PAD)
            lines[size] += [_word(a + PAD, b + PAD - 4 + top, text, wide - PAD) for top, text in said]
    layers = [
        boxes(fields, filled=False, stroke=LINE, strokeWidth=1),
        words(counts, COUNT, colour=PALE, fontWeight="bold", align="right"),
        *_cross(wide, tall),
        *(words(said, size) for size, said in lines.items()),
        *_sides(wide, tall, left, right, top, bottom),
    ]
    return sheet(layers, WIDTH, HEIGHT)


def _word(x: float, y: float, text: str, limit: float = 0) -> dict[str, Any]:
    return {"x": round(x, 1), "y": round(y, 1), "text": text, "limit": limit}


def _fitted(labels: list[str], wide: float, tall: float) -> tuple[int, list[tuple[float, str]]]:
    """The type size and the lines (from the top, text) that fill a field and do not leave it.

    Long labels are wrapped while there is room, then set smaller, then cut.
    """
    if len(labels) > MOST:
        labels = [*labels[: MOST - 1], f"and {len(labels) - MOST + 1} more"]
    for size, most in TRIES:
        lines, top = [], 0.0
        for label in labels:
            for text in wrapped(label, size, wide, most):
                top += size * 1.28
                lines.append((top, text))
            top += size * 0.5
        if top - size * 0.5 <= tall:
            break
    return size, lines


def _cross(wide: float, tall: float) -> list[alt.Chart | None]:
    """The two lines that part the fields."""
    x, y = SIDE + wide, HEAD + tall
    return [
        boxes(
            [
                {"x": SIDE, "x2": WIDTH, "y": y - 0.6, "y2": y + 0.6, "fill": INK},
                {"x": x - 0.6, "x2": x + 0.6, "y": HEAD, "y2": HEIGHT, "fill": INK},
            ]
        )
    ]


def _sides(wide: float, tall: float, left: str, right: str, top: str, bottom: str) -> list[alt.Chart | None]:
    above = [_word(SIDE + wide * (n + 0.5), HEAD - 12, text, wide) for n, text in enumerate((left, right))]
    beside = [_word(SIDE - 12, HEAD + tall * (n + 0.5), text, tall) for n, text in enumerate((top, bottom))]
    look: dict[str, Any] = {"align": "center", "fontWeight": 600}
    return [words(above, TYPE, **look), words(beside, TYPE, angle=270, **look)]
