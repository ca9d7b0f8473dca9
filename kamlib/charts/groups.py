"""Groups that the data suggest: what tells them apart, and how many of them the data bear."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import boxes, cut, shapes, sheet, width_of, words
from kamlib.models.grouping import Discovery

WIDTH, NAMES, FIGURES = 900, 210, 210  # the sheet, its left column of names, its right one of figures
TYPE, SMALL, LETTER = 15, 13, 17
LANE, PAD, HEAD, FOOT = 19, 11, 64, 58
PALE, BAND = "#d3d7df", "#eceef2"
FEW = 4
REACH = 2.8  # standard deviations from the middle; what is beyond is drawn at the edge
WHY = {
    "": "supported", "chance": "like chance", "unstable": "unstable", "handful": "a handful",
    "between": "no gap", "simpler": "one crowd",
}  # fmt: skip


def profile(discovery: Discovery) -> Trusted:
    """One row a column, the most telling first: the groups as letters, their inner half as a grey line.

    The upright line is the middle of all customers; left of it is less, right of it more, in standard
    deviations. Words: the share of the level that differs most between the groups.
    """
    table = _placed(discovery)
    edge = max(1.0, float(np.abs(table[["low", "high", "at"]].to_numpy()).max()) * 1.06)
    lanes, rules, letters, names, figures, lines = [], [], [], [], [], []
    top = HEAD
    for column, part in _rows(table):
        spots = _spots(part, edge)
        lane, tall = _lanes(spots)
        middle = top + PAD + tall * LANE / 2
        lanes.append({"x": 0, "x2": WIDTH, "y": top, "y2": top + 1, "fill": BAND})
        names += _name(column, str(part["level"].iloc[0]), middle)
        figures.append(_word(WIDTH, middle + 5, _figures(part), FIGURES - 24))
        for (text, at, low, high), n in zip(spots, lane, strict=True):
            y = top + PAD + n * LANE + LANE / 2
            if high > low:
                rules.append({"x": low, "x2": high, "y": y - 1.5, "y2": y + 1.5, "fill": PALE})
            letters.append(_word(at, y + 6, text))
        top += tall * LANE + 2 * PAD
    lines.append({"x": _x(0, edge) - 0.6, "x2": _x(0, edge) + 0.6, "y": HEAD - 6, "y2": top, "fill": INK})
    foot = "Letter: the middle of the group. Grey: the inner half of the group. Line: the middle of all."
    layers = [
        boxes(lanes), boxes(lines), boxes(rules), words([_word(0, 18, _sizes(discovery))], TYPE),
        *_directions(edge), *_names(names), words(figures, SMALL, colour=SOFT, align="right"),
        words(letters, LETTER, halo=True, fontWeight="bold", align="center"),
        words([_word(0, top + 30, foot)], SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + 40)


def _placed(discovery: Discovery) -> pd.DataFrame:
    """`profile` with at, low and high as distances from the middle of all, in standard deviations."""
    middle = discovery.scaled.median()
    table = discovery.profile
    number = (table["kind"] == "numeric").to_numpy()
    zero = table["column"].map(middle).fillna(table["low"]).astype(float)
    unit = pd.Series(np.where(number, 1.0, np.sqrt(np.maximum(table["low"] * (1 - table["low"]), 0.01))))
    unit.index = table.index
    return table.assign(
        part=table["at"], **{c: ((table[c] - zero) / unit).clip(-REACH, REACH) for c in ("at", "low", "high")}
    )


def _rows(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The columns with their groups, the most telling column first."""
    strength = (
        table["effect"].abs().groupby(table["column"]).max().sort_values(ascending=False, kind="stable")
    )
    return [(str(column), table[table["column"] == column]) for column in strength.index]


def _x(at: float, edge: float) -> float:
    wide = WIDTH - NAMES - FIGURES
    return round(NAMES + wide / 2 + at / edge * (wide / 2 - LETTER), 1)


def _spots(part: pd.DataFrame, edge: float) -> list[tuple[str, float, float, float]]:
    """The letters of a row, where each stands, and from where to where its grey line goes, left to right.

    Shares have no line; letters of nearly the same share stand side by side.
    """
    spots: list[tuple[str, float, float, float]] = []
    for row in part.sort_values(["at", "group"]).itertuples():
        at = _x(row.at, edge)
        if row.level and spots and at - spots[-1][1] < LETTER:
            spots[-1] = (f"{spots[-1][0]} {row.group}", *spots[-1][1:])
        elif row.level:
            spots.append((row.group, at, at, at))
        else:
            spots.append((row.group, at, _x(row.low, edge), _x(row.high, edge)))
    return spots


def _lanes(spots: list[tuple[str, float, float, float]]) -> tuple[list[int], int]:
    """A lane for each spot, and how many that takes: no letter covers another, and no line a line.

    Where there are many groups, lines may run into each other and only the letters are kept apart.
    """
    many = len(spots) > FEW
    ends: list[float] = []
    lane = []
    for text, at, low, high in spots:
        half = width_of(text, LETTER) / 2 + 3
        left, right = (at - half, at + half) if many else (min(low, at - half), max(high, at + half))
        free = next((n for n, end in enumerate(ends) if left >= end), len(ends))
        ends[free : free + 1] = [right]
        lane.append(free)
    return lane, len(ends)


def _word(x: float, y: float, text: str, limit: float = 0) -> dict[str, Any]:
    return {"x": round(x, 1), "y": round(y, 1), "text": text, "limit": limit}


def _name(column: str, level: str, middle: float) -> list[dict[str, Any]]:
    """The name of a column, and under it the level that is counted where it holds words."""
    room = NAMES - 20
    first = _word(0, middle + (-2 if level else 5), cut(column, TYPE, room)) | {"small": False}
    if not level:
        return [first]
    return [first, _word(0, middle + 16, cut(f"share that is {level}", SMALL, room)) | {"small": True}]


def _names(rows: list[dict[str, Any]]) -> list[alt.Chart | None]:
    large, small = ([row for row in rows if row["small"] == s] for s in (False, True))
    return [words(large, TYPE), words(small, SMALL, colour=SOFT)]


def _figures(part: pd.DataFrame) -> str:
    """The figure of each group in the unit of the table; of the highest and the lowest where there are many."""
    kept = part.sort_values("part", kind="stable").iloc[[-1, 0]] if len(part) > 3 else part
    return " · ".join(
        f"{row.group} {100 * row.part:.0f} %" if row.level else f"{row.group} {_figure(row.value)}"
        for row in kept.itertuples()
    )


def _figure(value: float) -> str:
    if not math.isfinite(value):
        return "?"
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _sizes(discovery: Discovery) -> str:
    counted = [f"{row.group} {row.customers:,} customers" for row in discovery.words.itertuples()]
    said = " · ".join(counted)
    if width_of(said, TYPE) <= WIDTH:
        return said
    return " · ".join(f"{row.group} {row.customers:,}" for row in discovery.words.itertuples())


def _directions(edge: float) -> list[alt.Chart | None]:
    """Which side is less and which is more."""
    middle, y = _x(0, edge), HEAD - 14
    return [
        words([_word(middle, y, "typical customer")], SMALL, align="center"),
        words([_word(NAMES + LETTER / 2, y, "← less")], SMALL, colour=SOFT),
        words([_word(WIDTH - FIGURES - LETTER / 2, y, "more →")], SMALL, colour=SOFT, align="right"),
        words([_word(WIDTH, y, "middle of each group")], SMALL, colour=SOFT, align="right"),
    ]


TALL, LEFT, TITLE = 250, 210, 20


def support(discovery: Discovery) -> Trusted:
    """For each number of groups: how alike its customers are (dot) against chance (grey), and whether it holds.

    Full dot: supported. Ring: the number that is shown. Below: the share of pairs that end up together
    again when customers drawn anew are cut again, and what speaks against that number.
    """
    rows = discovery.support
    step = (WIDTH - LEFT) / len(rows)
    most = max(float(rows[["silhouette", "silhouette_noise"]].to_numpy().max()), 0.1) * 1.18
    base = TITLE + TALL

    def y(value: float) -> float:
        return round(base - max(value, 0) / most * TALL, 1)

    x = [round(LEFT + step * (i + 0.5), 1) for i in range(len(rows))]
    dots = list(zip(x, rows.itertuples(), strict=True))
    band = [{"x": at - step / 2, "x2": at + step / 2, "y": y(row.silhouette_noise), "y2": base, "fill": BAND}
            for at, row in dots]  # fmt: skip
    full = [_dot(at, y(row.silhouette)) for at, row in dots if row.supported]
    open_ = [_dot(at, y(row.silhouette)) for at, row in dots if not row.supported]
    ring = [_dot(at, y(row.silhouette), 14) for at, row in dots if row.k == discovery.shown]
    layers = [
        boxes(band), boxes([{"x": LEFT, "x2": WIDTH, "y": base, "y2": base + 1, "fill": LINE}]),
        shapes(ring, filled=False, stroke=INK, strokeWidth=1.4),
        shapes(open_, filled=True, fill="white", stroke=INK, strokeWidth=2),
        shapes(full, filled=True, fill=INK, stroke=INK, strokeWidth=2),
        *_sides(y(float(rows["silhouette_noise"].iloc[0])), base),
        *_below(dots, discovery.shown, step, base),
    ]  # fmt: skip
    return sheet(layers, WIDTH, base + 132)


def _dot(x: float, y: float, radius: float = 7) -> dict[str, Any]:
    return {
        "path": f"M{x - radius},{y}a{radius},{radius} 0 1 0 {2 * radius},0a{radius},{radius} 0 1 0 {-2 * radius},0Z"
    }


def _sides(limit: float, base: float) -> list[alt.Chart | None]:
    """What the band and the room above it mean, beside the first of them."""
    above, inside = max(limit - 26, TITLE + 8), (limit + base) / 2
    edge = LEFT - 16
    return [
        words([_word(edge, above, "groups more alike")], TYPE, align="right"),
        words([_word(edge, above + 18, "than by chance ↑")], TYPE, align="right"),
        words([_word(edge, inside, "random customers")], TYPE, colour=SOFT, align="right"),
        words([_word(edge, inside + 18, "come this far")], TYPE, colour=SOFT, align="right"),
    ]


def _below(dots: list[tuple[float, Any]], shown: int, step: float, base: float) -> list[alt.Chart | None]:
    """The lines under the picture: the number, the pairs together again, what speaks against it."""
    count = [_word(at, base + 28, f"{row.k:.0f}") for at, row in dots]
    again = [_word(at, base + 62, f"{100 * row.together:.0f} %") for at, row in dots]
    said = [_word(at, base + 94, WHY[row.why], step) for at, row in dots]
    bold = [row.k == shown for _, row in dots]
    heads = [_word(LEFT - 16, base + down, text) for down, text in
             ((28, "number of groups"), (62, "pairs together again"), (94, "verdict"))]  # fmt: skip
    foot = "Full dot: supported by the data. Ring: shown here."
    layers = [words(heads, SMALL, colour=SOFT, align="right"),
              words([_word(LEFT, base + 124, foot)], SMALL, colour=SOFT)]  # fmt: skip
    for rows, size in ((count, TYPE), (again, TYPE), (said, SMALL)):
        for heavy in (True, False):
            some = [row for row, b in zip(rows, bold, strict=True) if b == heavy]
            layers.append(words(some, size, align="center", fontWeight="bold" if heavy else "normal"))
    return layers
