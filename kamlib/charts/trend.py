"""The hockey stick as a picture: what happened, what is planned, and where the past would lead."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, SOFT
from kamlib.charts.pixels import boxes, shapes, sheet, width_of, words
from kamlib.models.market import figure
from kamlib.models.scoring import one

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 390, 70, 190, 40, 44
AS_BEFORE, SMALL, TYPE, APART = "#8f949e", 13, 15, 19

Point = tuple[float, float]


def hockey_stick(
    table: pd.DataFrame, past_pct: float | None = None, planned_pct: float | None = None
) -> alt.LayerChart:
    """Sales year by year: a line for what happened, dashes for the plan, grey where the past would lead.

    `table` has year (text such as "2026"), amount and kind (actual or planned). `past_pct` and
    `planned_pct` are the growth a year (%, NaN for unknown) as `objectives.hockey_stick` gives them;
    not given, they are looked for in the table's attrs under these names. Rows without a year or an
    amount are left out.
    """
    past = table.attrs.get("past_pct", math.nan) if past_pct is None else past_pct
    planned = table.attrs.get("planned_pct", math.nan) if planned_pct is None else planned_pct
    actual, plan = _line(table, "actual"), _line(table, "planned")
    before = _continued(actual, plan, past)
    plan = [*actual[-1:], *plan] if plan and plan[0][0] > _last(actual)[0] else plan
    at = _scales([*actual, *plan, *before])
    lines = [[at(p) for p in line] for line in (actual, plan, before)]
    layers = [
        _wedge(lines[1], lines[2]),
        _stroke(lines[2], stroke=AS_BEFORE, strokeWidth=1.4),
        _stroke(lines[1], stroke=INK, strokeWidth=2.6, strokeDash=[7, 5]),
        _stroke(lines[0], stroke=INK, strokeWidth=2.6),
        *_dots(lines[0], lines[1]),
        *_years([*actual, *plan], at),
        *_said(lines, past, planned, [_last(line)[1] for line in (actual, plan, before)]),
        *_figures(lines[0], actual),
    ]
    return sheet(layers, WIDTH, HEIGHT)


def _line(table: pd.DataFrame, kind: str) -> list[Point]:
    """Year and amount in the order of the years, each year once."""
    points: dict[int, float] = {}
    for year, amount, what in zip(table["year"], table["amount"], table["kind"], strict=True):
        head = str(year).strip()[:4]
        if what == kind and head.isascii() and head.isdigit() and amount == amount:
            points.setdefault(int(head), float(amount))
    return sorted((float(year), amount) for year, amount in points.items())


def _last(line: list[Point]) -> Point:
    return line[-1] if line else (-math.inf, math.nan)


def _continued(actual: list[Point], plan: list[Point], past: float) -> list[Point]:
    """Where the past would lead by the last planned year."""
    if not actual or not plan or past != past or plan[-1][0] <= actual[-1][0]:
        return []
    (start, amount), end, rate = actual[-1], plan[-1][0], max(1 + past / 100, 0.0)
    steps = [start + (end - start) * n / 24 for n in range(25)]
    try:
        line = [(year, amount * rate ** (year - start)) for year in steps]
    except OverflowError:
        return []
    return line if math.isfinite(line[-1][1]) else []


def _scales(points: list[Point]) -> Any:
    """A function from year and amount to pixels; the amounts begin at 0, for a slope is to be judged."""
    years, most = [x for x, _ in points] or [0.0], max((y for _, y in points), default=0.0)
    first, span = min(years), max(max(years) - min(years), 1.0)
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(point: Point) -> Point:
        rise = point[1] / most if most > 0 else 0.0
        return LEFT + (point[0] - first) / span * wide, TOP + (1 - rise) * tall

    return at


def _stroke(line: list[Point], **look: Any) -> alt.Chart | None:
    if len(line) < 2:
        return None
    path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in line)
    return shapes([{"path": path}], filled=False, strokeJoin="round", strokeCap="round", **look)


def _wedge(plan: list[Point], before: list[Point]) -> alt.Chart | None:
    """What lies between the plan and the past: what somebody has to explain."""
    if len(plan) < 2 or not before:
        return None
    path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in [*plan, *before[::-1]]) + "Z"
    return shapes([{"path": path}], filled=True, fill=INK, strokeWidth=0, opacity=0.06)


def _dots(actual: list[Point], plan: list[Point]) -> list[alt.Chart | None]:
    """Filled for what happened, hollow for what is planned."""
    full, hollow = (
        [{"path": _ring(x, y)} for x, y in line] for line in (actual, plan[1:] if actual else plan)
    )
    return [shapes(hollow, fill="white", stroke=INK, strokeWidth=2), shapes(full, filled=True, fill=INK)]


def _ring(x: float, y: float, r: float = 4.5) -> str:
    return f"M{x - r:.1f},{y:.1f}A{r},{r} 0 1 1 {x + r:.1f},{y:.1f}A{r},{r} 0 1 1 {x - r:.1f},{y:.1f}Z"


def _word(x: float, y: float, text: str) -> dict[str, Any]:
    return {"x": round(x, 1), "y": round(y, 1), "text": text, "limit": 0}


def _years(points: list[Point], at: Any) -> list[alt.Chart | None]:
    """The years along the foot, as many as have room."""
    said, right = [], -math.inf
    for year in sorted({x for x, _ in points}):
        x = at((year, 0.0))[0]
        if x - 20 > right:
            said.append(_word(x, HEIGHT - 16, f"{year:.0f}"))
            right = x + 20
    foot = HEIGHT - BOTTOM
    rule = [{"x": LEFT - 14, "x2": WIDTH - RIGHT + 14, "y": foot, "y2": foot + 1, "fill": AS_BEFORE}]
    return [boxes(rule if said else []), words(said, 14, colour=SOFT, align="center")]


def _said(
    lines: list[list[Point]], past: float, planned: float, ends: list[float]
) -> list[alt.Chart | None]:  # fmt: skip
    """The names of the lines beside them: the past in the middle of its line, the others at their ends."""
    actual, plan, before = lines
    right: list[tuple[float, str, str]] = []
    if len(plan) > 1:
        right.append((plan[-1][1], figure(ends[1]), f"planned {growth(planned)}"))
    if before:
        right.append((before[-1][1], figure(_whole(ends[2])), "as before"))
    right.sort()
    heads, tails, lowest = [], [], -math.inf
    for y, number, name in right:
        y = max(y + 4, lowest)
        heads.append(_word(WIDTH - RIGHT + 14, y, number))
        tails.append(_word(WIDTH - RIGHT + 14, y + APART, name))
        lowest = y + 2 * APART + 8
    middle = []
    if len(actual) > 1:
        text = f"past {growth(past)}"
        x = max((actual[0][0] + actual[-1][0]) / 2, LEFT + width_of(text, TYPE) / 2 - 30)
        y = max(y for px, y in actual if px <= x + 90) + 34
        middle.append(_word(x, min(y, HEIGHT - BOTTOM - 12), text))
    return [
        words(heads, 17, fontWeight="bold", halo=True), words(tails, SMALL + 1, colour=SOFT, halo=True),
        words(middle, TYPE, align="center", halo=True),
    ]  # fmt: skip


def _figures(line: list[Point], amounts: list[Point]) -> list[alt.Chart | None]:
    """The first and the last amount of what happened."""
    ends = [0, -1] if len(line) > 1 else [0] if line else []
    said = [_word(line[n][0], line[n][1] - 14, figure(_whole(amounts[n][1]))) for n in ends]
    return [words(said, TYPE, fontWeight=600, align="center", halo=True)]


def _whole(amount: float) -> float:
    return round(amount) if 100 <= abs(amount) < 1e15 else amount


def growth(pct: float) -> str:
    """A growth in words: "+2.1 % a year", "−4 % a year"; "" for unknown."""
    if pct != pct:
        return ""
    sign = "−" if pct < 0 else "+"
    said = one(abs(pct)).removesuffix(".0") if abs(pct) < 1e6 else figure(abs(pct))
    return f"{sign}{said} % a year"
