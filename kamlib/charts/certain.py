"""What certainty looks like: how one customer's place swings, and how far each weight can move before anybody changes."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, MARKS, SOFT
from kamlib.charts.pixels import boxes, cut, shapes, sheet, width_of, words
from kamlib.models.scoring import one

WIDTH, ROW, BAR, LEFT, TYPE, SMALL, MOST = 880, 27, 15, 270, 15, 13, 8
GREY, PALE = "#8a8f99", "#d5d9e1"


def tornado(table: pd.DataFrame, title: str = "") -> alt.LayerChart:
    """How far one customer stands from each line when a weight is halved or doubled, or a score is one point off.

    `table` is `certainty.swings`. Two blocks of bars, the widest first (at most MOST each), around the line: a bar
    that crosses it (ink) changes the box, the others are grey; a tick marks where the customer stands now.
    """
    parts = [(axis, _widest(table[table["axis"] == axis])) for axis in ("attractiveness", "strength")]
    parts = [(axis, rows) for axis, rows in parts if rows]
    layers: list[Any] = []
    top = 34.0 if title else 8.0
    if title:
        layers.append(
            words([{"x": 0, "y": 18, "text": cut(title, 18, WIDTH), "limit": WIDTH}], 18, fontWeight=700)
        )
    for axis, rows in parts:
        more, top = _block(axis, rows, top)
        layers += more
    return sheet(layers, WIDTH, max(top, 60))


def _widest(part: pd.DataFrame) -> list[dict[str, Any]]:
    return part.head(MOST).to_dict("records")


def _block(axis: str, rows: list[dict[str, Any]], top: float) -> tuple[list[Any], float]:
    """The bars of one axis from `top` down, and where they end."""
    values = [v for row in rows for v in (row["now"], row["less"], row["more"])]
    low, high = min(0.0, *values), max(0.0, *values)
    pad = 0.08 * max(high - low, 0.5)
    low, high = low - pad, high + pad
    room = WIDTH - LEFT - 110

    def at(value: float) -> float:
        return LEFT + (value - low) / (high - low) * room

    said = {
        "attractiveness": ("Attractiveness", "below the line", "above the line"),
        "strength": ("Strength in its eyes", "best competitor ahead", "we are ahead"),
    }[axis]
    bars, names, figures, ticks = [], [], [], []
    y = top + 46
    for row in rows:
        left, right = sorted((row["less"], row["more"]))
        what = "weight × ½ to × 2" if row["kind"] == "weight" else "score ± 1"
        name = cut(f"{row['label']}: {what}", TYPE, LEFT - 20)
        bars.append({"x": at(left), "x2": max(at(right), at(left) + 2), "y": y, "y2": y + BAR, "fill": INK if row["crosses"] else PALE,
                     "says": row["said"]})  # fmt: skip
        names.append({"x": LEFT - 12, "y": y + BAR - 3, "text": name, "limit": 0})
        figures.append(
            {"x": WIDTH, "y": y + BAR - 3, "text": f"{_signed(left)} to {_signed(right)}", "limit": 0}
        )
        ticks.append({"path": f"M{at(row['now']):.1f},{y - 3}v{BAR + 6}"})
        y += ROW
    zero = at(0.0)
    line = [{"path": f"M{zero:.1f},{top + 34}V{y}"}]
    heads = [{"x": 0, "y": top + 22, "text": said[0], "limit": LEFT}]
    sides = [{"x": zero + 8, "y": top + 22, "text": said[2], "limit": 0}]
    other = [{"x": zero - 8, "y": top + 22, "text": said[1], "limit": 0}]
    fits = width_of(said[1], SMALL) < zero - 8 - width_of(said[0], TYPE)
    return [
        words(heads, TYPE, fontWeight=700),
        words(sides, SMALL, colour=SOFT),
        words(other, SMALL, colour=SOFT, align="right") if fits else None,
        boxes(bars), shapes(ticks, stroke=GREY, strokeWidth=2, filled=False), shapes(line, stroke=INK, strokeWidth=1.6, filled=False),
        words(names, TYPE, align="right"), words(figures, SMALL, colour=SOFT, align="right"),
    ], y + 14  # fmt: skip


def _signed(value: float) -> str:
    text = one(value)
    return f"+{text}" if value > 0 and text not in ("0.0",) else text


def strips(table: pd.DataFrame, crossings: pd.DataFrame, title: str = "") -> alt.LayerChart:
    """A strip a weight, from 0 to 100 %: where it is, how far it can move before anybody changes box, and who does.

    `table` is `certainty.stability`, `crossings` `certainty.crossings`: each crossing is a mark in the shape and
    colour of the customer's box today, with its name where there is room.
    """
    tall, left, right = 58.0, 210.0, 30.0
    room = WIDTH - left - right
    top = 62.0 if title else 30.0

    def at(pct: float) -> float:
        return left + pct / 100 * room

    layers: list[Any] = []
    if title:
        layers.append(
            words([{"x": 0, "y": 18, "text": cut(title, 18, WIDTH), "limit": WIDTH}], 18, fontWeight=700)
        )
    bases, safe, ticks, names, figures, said = [], [], [], [], [], []
    marks: dict[str, list[dict[str, Any]]] = {}
    for n, row in enumerate(table.to_dict("records")):
        y = top + n * tall
        bases.append(
            {"x": at(0), "x2": at(100), "y": y, "y2": y + 14, "fill": "#eef0f3", "says": row["words"]}
        )
        safe.append(
            {
                "x": at(row["low"]),
                "x2": at(row["high"]),
                "y": y,
                "y2": y + 14,
                "fill": "#b9bfca",
                "says": row["words"],
            }
        )
        ticks.append({"path": f"M{at(row['share']):.1f},{y - 5}v24"})
        names.append({"x": left - 14, "y": y + 12, "text": cut(row["label"], TYPE, left - 20), "limit": 0})
        figures.append({"x": at(row["share"]), "y": y - 9, "text": f"now {row['share']:.0f} %", "limit": 0})
        own = crossings[(crossings["segment"] == row["segment"]) & (crossings["factor"] == row["factor"])]
        spots = sorted(own.to_dict("records"), key=lambda r: abs(r["at"] - row["share"]))
        for spot in spots:
            marks.setdefault(spot["box"], []).append({"path": _shape(spot["box"], at(spot["at"]), y + 7)})
        said += _named(spots, at, y + 32)
    layers += [boxes(bases), boxes(safe), shapes(ticks, stroke=INK, strokeWidth=2.4, filled=False)]
    layers += [
        shapes(paths, filled=True, fill=MARKS[box].colour, stroke="white", strokeWidth=1)
        for box, paths in marks.items()
    ]
    layers += [words(names, TYPE, align="right"), words(figures, SMALL, colour=SOFT, align="center"),
               words(said, SMALL, align="center")]  # fmt: skip
    scale = [
        {"x": at(p), "y": top + len(table) * tall - 4, "text": f"{p} %", "limit": 0}
        for p in (0, 25, 50, 75, 100)
    ]
    layers.append(words(scale, SMALL, colour=SOFT, align="center"))
    return sheet(layers, WIDTH, top + len(table) * tall + 8)


def _named(spots: list[dict[str, Any]], at: Any, y: float) -> list[dict[str, Any]]:
    """The names of those that change first, where they do not run into one another."""
    taken: list[tuple[float, float]] = []
    placed = []
    for spot in spots[:4]:
        text = cut(spot["name"], SMALL, 150)
        half = width_of(text, SMALL) / 2
        middle = min(max(at(spot["at"]), half), WIDTH - half)
        if all(middle + half + 8 < low or middle - half - 8 > high for low, high in taken):
            taken.append((middle - half, middle + half))
            placed.append({"x": middle, "y": y, "text": text, "limit": 0})
    return placed


def _shape(box: str, x: float, y: float) -> str:
    """The shape of a box as a path around a point."""
    r = 6.5
    if box == "key":
        return f"M{x - r:.1f},{y}a{r},{r} 0 1,0 {2 * r},0a{r},{r} 0 1,0 {-2 * r},0Z"
    if box == "key_development":
        return f"M{x:.1f},{y - r - 1}l{r + 1},{2 * r}h{-2 * r - 2}Z"
    if box == "maintenance":
        return f"M{x - r + 1:.1f},{y - r + 1}h{2 * r - 2}v{2 * r - 2}h{-2 * r + 2}Z"
    return f"M{x:.1f},{y - r - 1}l{r + 1},{r + 1}l{-r - 1},{r + 1}l{-r - 1},{-r - 1}Z"
