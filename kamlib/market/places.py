"""Where the points of the market map are drawn: columns by stage, few crossings, no box over another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from kamlib.market.points import edges, forward, junctions, routes, stages
from kamlib.memory import remembered
from kamlib.tables import Tables

WIDE, ROOM, TALLEST = 1100.0, 640.0, 130.0  # pixels: the picture, a column of it, its tallest box
LABEL, FOOT, GAP, LOWEST, UNKNOWN, BAND = 42.0, 20.0, 14.0, 8.0, 30.0, 10.0
NOTHING = 1e-300  # a size up to here is drawn like 0
IN_A_COLUMN = 8  # where there are no routes

Slot = Any  # a junction's id, or (origin, target, column) where a long route passes a column


@remembered
def layout(tables: Tables) -> pd.DataFrame:
    """Where each junction is drawn: in columns from left to right by stage, with few crossings.

    Columns: junction, column (0..), x, y (the box's left and top), width, height (pixels), scale
    (pixels for 1 of size; NaN without any size), origin and target. A row with junction "" is a
    place kept free for the route origin > target where it passes a column. A box of unknown size is
    UNKNOWN high, and no box lower than LOWEST. Above each box there is room for a LABEL, below a point
    of leverage for a FOOT. Routes go rightwards, but for those that close a circle (an error).
    """
    points, ways = junctions(tables), routes(tables)
    onwards = forward(edges(tables))
    stage = stages(points, onwards)
    if not onwards and points["stage"].isna().all():
        stage = {junction: n // IN_A_COLUMN for n, junction in enumerate(stage)}
    used = {at: n for n, at in enumerate(sorted({*stage.values()}))}
    columns: list[list[Slot]] = [[j for j in stage if stage[j] == at] for at in used]
    links: list[tuple[Slot, Slot]] = []
    for a, b in onwards:
        between = [(a, b, n) for n in range(used[stage[a]] + 1, used[stage[b]])]
        for slot in between:
            columns[slot[2]].append(slot)
        links += pairwise([a, *between, b])
    amount = {(a, b): v for a, b, v in zip(ways["origin"], ways["target"], ways["amount"], strict=True)}
    size: dict[Slot, float] = dict(zip(points["junction"], points["size"], strict=True))
    size |= {s: amount[s[:2]] for column in columns for s in column if isinstance(s, tuple)}
    foot = set(points.loc[points["leverage"] == "yes", "junction"])
    around = {
        s: (GAP / 2, GAP / 2) if isinstance(s, tuple) else (LABEL, GAP + FOOT * (s in foot)) for s in size
    }
    scale = _scale(columns, size, around)
    height = {s: _height(s, v, scale) for s, v in size.items()}
    columns = _ordered(columns, links)
    top = _tops(columns, links, height, around)
    left, width = _across(len(columns))
    rows = [
        (
            *((s, n, "", "") if isinstance(s, str) else ("", n, *s[:2])),
            left[n],
            top[s],
            width,
            height[s],
            scale,
        )
        for n, column in enumerate(columns)
        for s in column
    ]
    names = ["junction", "column", "origin", "target", "x", "y", "width", "height", "scale"]
    return pd.DataFrame(rows, columns=names)


def _scale(columns: list[list[Slot]], size: Mapping[Slot, float], around: Mapping[Slot, Sequence]) -> float:
    """Pixels for 1 of size: the tallest column fits its room if it can, no box is taller than TALLEST."""
    most = max((v for v in size.values() if v > NOTHING), default=math.nan)
    scales = [TALLEST / most]
    for column in columns:
        load = sum(size[s] / most for s in column if size[s] > 0)
        free = max(ROOM - sum(sum(around[s]) for s in column), ROOM / 4)
        scales += [free / load / most] if load else []
    return min(scales)


def _height(slot: Slot, size: float, scale: float) -> float:
    unknown, lowest = (BAND, 2.0) if isinstance(slot, tuple) else (UNKNOWN, LOWEST)
    tall = size * scale  # NaN where either is unknown
    return unknown if math.isnan(tall) else max(tall, lowest)


def _across(count: int) -> tuple[list[float], float]:
    """The left edges of the columns and the width of a box."""
    width = min(max(0.7 * WIDE / max(count, 1), 130.0), 200.0)
    gap = min(max((WIDE - count * width) / max(count - 1, 1), 50.0), 250.0)
    return [round(n * (width + gap), 1) for n in range(count)], round(width, 1)


def _neighbours(links: list[tuple[Slot, Slot]]) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for a, b in links:
        after.setdefault(a, []).append(b)
        before.setdefault(b, []).append(a)
    return before, after


def _ordered(columns: list[list[Slot]], links: list[tuple[Slot, Slot]]) -> list[list[Slot]]:
    """The slots of each column in an order with few crossings: sweeps by the mean place of neighbours."""
    before, after = _neighbours(links)
    best, least = columns, _crossings(columns, links)
    columns = [[*column] for column in columns]
    for turn in range(10):
        if not least:
            break
        beside = after if turn % 2 else before
        for column in columns[::-1] if turn % 2 else columns:
            place = {s: n for other in columns for n, s in enumerate(other)}
            mean = {s: np.mean([place[o] for o in beside.get(s, [s])]) for s in column}
            column.sort(key=mean.__getitem__)
        now = _crossings(columns, links)
        if now < least:
            best, least = [[*column] for column in columns], now
    return best


def _crossings(columns: list[list[Slot]], links: list[tuple[Slot, Slot]]) -> int:
    at = {s: (n, place) for n, column in enumerate(columns) for place, s in enumerate(column)}
    pairs = [(at[a][0], at[a][1], at[b][1]) for a, b in links]
    total = 0
    for n in range(len(columns)):
        a, b = np.array([p[1:] for p in pairs if p[0] == n], dtype=int).reshape(-1, 2).T
        total += int(((a[:, None] - a) * (b[:, None] - b) < 0).sum()) // 2
    return total


def _tops(
    columns: list[list[Slot]], links: list[tuple[Slot, Slot]], height: Mapping[Slot, float],
    around: Mapping[Slot, Sequence],
) -> dict[Slot, float]:  # fmt: skip
    """The top of each box, near the middle of its neighbours and clear of the others in its column."""
    before, after = _neighbours(links)
    above = {s: around[s][0] + h / 2 for s, h in height.items()}
    below = {s: around[s][1] + h / 2 for s, h in height.items()}
    apart = [np.array([below[a] + above[b] for a, b in pairwise(column)]) for column in columns]
    middle: dict[Slot, float] = {}
    for column, steps in zip(columns, apart, strict=True):
        places = np.concatenate([[0.0], np.cumsum(steps)])
        middle |= dict(zip(column, places - places[-1] / 2, strict=True))
    order = [*range(len(columns))]
    for turn in range(8):
        for n in order[:: -1 if turn % 2 else 1]:
            near = [[*before.get(s, []), *after.get(s, [])] or [s] for s in columns[n]]
            wanted = np.array([np.mean([middle[o] for o in others]) for others in near])
            middle |= dict(zip(columns[n], _settled(wanted, apart[n]), strict=True))
    start = min((middle[s] - above[s] for s in middle), default=0.0)
    return {s: round(float(at - start - height[s] / 2), 2) for s, at in middle.items()}


def _settled(wanted: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Places nearest to those wanted, in this order and at least so far apart (adjacent ones pooled)."""
    shift = np.concatenate([[0.0], np.cumsum(apart)])
    pools: list[tuple[float, int]] = []
    for place in wanted - shift:
        mean, count = float(place), 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, count = (mean * count + other * many) / (count + many), count + many
        pools.append((mean, count))
    return np.repeat([m for m, _ in pools], [c for _, c in pools]) + shift
