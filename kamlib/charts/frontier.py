"""How much of the benefit so many days reach: a stair with the account that comes in written at each step."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import DOUBT, INK, LINE, SOFT
from kamlib.charts.pixels import boxes, cut, shapes, sheet, width_of, words

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 430, 60, 40, 52, 64
SMALL, TYPE, LONGEST, AWAY = 13, 15, 190, 8

Box = tuple[float, float, float, float]


def frontier(table: pd.DataFrame, today: float | None = None) -> alt.LayerChart:
    """The benefit in % of all (up) that the best portfolio reaches with so many days a year (along).

    `table` has capacity, share_pct and stays as `staffed.frontier` gives them; `today` is how many days there
    are (None or NaN: not known). Each step bears the name of who comes in there for good, as far as there is room for it: the
    steps that bring most are named first. Rows without a figure are left out.
    """
    rows = [(float(x), float(y), str(name)) for x, y, name
            in zip(table["capacity"], table["share_pct"], table["stays"], strict=True)
            if math.isfinite(x) and math.isfinite(y)]  # fmt: skip
    there = today if today is not None and math.isfinite(today) and today >= 0 else math.nan
    most = max([x for x, _, _ in rows] + [there if there == there else 0.0, 1.0])
    end = most * 1.04
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + x / end * wide, TOP + (1 - min(max(y, 0.0), 100.0) / 100) * tall

    spots = [(*at(x, y), name) for x, y, name in rows]
    stair = _stair(spots, LEFT + wide)
    return sheet(
        [_grid(at), stair, *_today(there, at, rows), *_names(spots, there, at), *_axis(end, at)],
        WIDTH,
        HEIGHT,
    )


def _stair(spots: list[tuple[float, float, str]], right: float) -> alt.Chart | None:
    """A line that rises where an account comes in and is level until the next."""
    if not spots:
        return None
    foot = float(HEIGHT - BOTTOM)
    path, height = f"M{spots[0][0]:.1f},{foot:.1f}", foot
    for x, y, _ in spots:
        path += f"L{x:.1f},{height:.1f}L{x:.1f},{y:.1f}"
        height = y
    return shapes([{"path": f"{path}L{right:.1f},{height:.1f}"}], filled=False, stroke=INK, strokeWidth=2.4,
                  strokeJoin="round")  # fmt: skip


def _today(there: float, at: Any, rows: list[tuple[float, float, str]]) -> list[alt.Chart | None]:
    """A line at the days there are, with what they reach."""
    if there != there:
        return []
    x = at(there, 0)[0]
    reached = max([y for days, y, _ in rows if days <= there + 1e-6], default=0.0)
    text = f"{there:,.0f} days left for them: {reached:.0f} %"
    half = width_of(text, TYPE) / 2
    spot = min(max(x, half + 4), WIDTH - half - 4)
    rule = [{"x": x - 0.8, "x2": x + 0.8, "y": TOP - 18, "y2": HEIGHT - BOTTOM, "fill": DOUBT}]
    said = [{"x": round(spot, 1), "y": TOP - 26, "text": text, "limit": 0}]
    return [boxes(rule), words(said, TYPE, colour=DOUBT, align="center", fontWeight="bold")]


def _names(spots: list[tuple[float, float, str]], there: float, at: Any) -> list[alt.Chart | None]:
    """The names below the corners of the stair, those of the highest steps first, none over another."""
    rises = [before[1] - spot[1] for before, spot in
             zip([(0.0, float(HEIGHT - BOTTOM), ""), *spots], spots, strict=False)]  # fmt: skip
    taken: list[Box] = []
    if there == there:
        x = at(there, 0)[0]
        taken.append((x - 3, 0.0, x + 3, float(HEIGHT)))
    said = []
    for place in sorted(range(len(spots)), key=lambda i: (-rises[i], i)):
        x, y, name = spots[place]
        text = cut(" ".join(name.split()), SMALL, LONGEST)
        found = _free(x, y, width_of(text, SMALL), spots, taken) if name.strip() else None
        if found is not None:
            taken.append(found)
            said.append({"x": round(found[0], 1), "y": round(found[3] - 3, 1), "text": text, "limit": 0})
    return [words(said, SMALL, halo=True)]


def _free(x: float, y: float, wide: float, spots: list[Any], taken: list[Box]) -> Box | None:
    """Where a name can stand: to the right below its corner, or to the left above it."""
    for left, top in ((x + AWAY, y + 4), (x - AWAY - wide, y - 19)):
        box = (left, top, left + wide, top + 16)
        if left < LEFT or box[2] > WIDTH - 2 or top < TOP - 20 or box[3] > HEIGHT - BOTTOM:
            continue
        if not any(_meet(box, other) for other in taken) and not _crossed(box, spots):
            return box
    return None


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _crossed(box: Box, spots: list[tuple[float, float, str]]) -> bool:
    """Would the stair run through the box?"""
    height = float(HEIGHT - BOTTOM)
    for place, (x, y, _) in enumerate(spots):
        after = spots[place + 1][0] if place + 1 < len(spots) else float(WIDTH - RIGHT)
        if _meet(box, (x - 1, y, x + 1, height)) or _meet(box, (x, y - 1, after, y + 1)):
            return True
        height = y
    return False


def _grid(at: Any) -> alt.Chart | None:
    rules = [{"x": LEFT, "x2": WIDTH - RIGHT, "y": at(0, y)[1] - 0.4, "y2": at(0, y)[1] + 0.4,
              "fill": SOFT if y == 0 else LINE} for y in (0, 25, 50, 75, 100)]  # fmt: skip
    return boxes(rules)


def _axis(end: float, at: Any) -> list[alt.Chart | None]:
    """Round figures along both sides, and what they are."""
    scale = 10 ** math.floor(math.log10(end / 3))
    step = next(scale * n for n in (1, 2, 5, 10) if end / (scale * n) <= 8)
    foot = [
        {"x": round(at(n * step, 0)[0], 1), "y": HEIGHT - BOTTOM + 20, "text": f"{n * step:,g}", "limit": 0}
        for n in range(int(end / step) + 1)
    ]
    side = [{"x": LEFT - 8, "y": at(0, y)[1] + 5, "text": f"{y} %", "limit": 0} for y in (0, 50, 100)]
    name = [
        {
            "x": WIDTH - RIGHT,
            "y": HEIGHT - 18,
            "text": "days a year for key and key development accounts",
            "limit": 0,
        }
    ]
    what = [{"x": 4, "y": 20, "text": "benefit of all candidates", "limit": 0}]
    return [words(foot, SMALL, colour=SOFT, align="center"), words(side, SMALL, colour=SOFT, align="right"),
            words(name, SMALL, colour=SOFT, align="right"), words(what, SMALL, colour=SOFT)]  # fmt: skip
