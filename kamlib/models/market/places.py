"""Where the points of the market map are drawn: columns by stage, few crossings, no overlaps.

The steps are those of Sugiyama, Tagawa and Toda 1981: layers, order by the mean place of the
neighbours, then heights as near to the neighbours as the order and the distances allow.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from kamlib.models.market.points import edges, forward, junctions, routes, stages
from kamlib.workbook.book import Book, model

WIDE, ROOM, TALLEST = 1100.0, 640.0, 130.0  # pixels: the picture, a column of it, its tallest box
LABEL, FOOT, GAP, LOWEST, UNKNOWN, BAND = 42.0, 20.0, 14.0, 8.0, 30.0, 10.0
NOTHING = 1e-300  # a size up to here is drawn like 0
IN_A_COLUMN = 8  # where there are no routes
COLUMNS = ["junction", "column", "origin", "target", "x", "y", "width", "height", "scale"]


@model
def layout(book: Book) -> pd.DataFrame:
    """Where each junction is drawn: in columns from left to right by stage, with few crossings.

    Columns: junction, column (0..), x, y (the box's left and top), width, height (pixels), scale
    (pixels for 1 of size; NaN without any size), origin and target. A row with junction "" is a
    place kept free for the route origin > target where it passes a column. A box of unknown size
    is UNKNOWN high, and no box lower than LOWEST. Above each box there is room for a LABEL, below a
    point of leverage for a FOOT. Routes go rightwards, but for those that close a circle.
    """
    slots, links = _slots(book)
    is_box, column = (slots["junction"] != "").to_numpy(), slots["column"].to_numpy()
    size = slots["size"].to_numpy(float)
    above = np.where(is_box, LABEL, GAP / 2)
    below = np.where(is_box, GAP + FOOT * slots["leverage"].eq("yes"), GAP / 2)
    scale = _scale(column, size, above + below)
    least, unknown = np.where(is_box, LOWEST, 2.0), np.where(is_box, UNKNOWN, BAND)
    height = np.where(np.isnan(size * scale), unknown, np.maximum(size * scale, least))
    order = _ordered(column, links)
    middle = _middles(order, links, above + height / 2, below + height / 2)
    count = len(order)
    width = min(max(0.7 * WIDE / max(count, 1), 130.0), 200.0)
    step = width + min(max((WIDE - count * width) / max(count - 1, 1), 50.0), 250.0)
    top = middle - height / 2 - (middle - height / 2 - above).min(initial=np.inf)
    places = {"x": (column * step).round(1), "y": top.round(2), "width": round(width, 1)}
    found = slots.assign(**places, height=height, scale=scale)[COLUMNS]
    return found.iloc[[slot for part in order for slot in part]].reset_index(drop=True)


def _slots(book: Book) -> tuple[pd.DataFrame, np.ndarray]:
    """The junctions and the places that long routes pass, and the links between neighbours."""
    points, ways = junctions(book), routes(book)
    onwards = forward(edges(book))
    stage = pd.Series(stages(points, onwards), dtype=int)
    if not onwards and points["stage"].isna().all():
        stage[:] = np.arange(len(stage)) // IN_A_COLUMN
    column = (stage.rank(method="dense").astype(int) - 1).to_dict()
    amount = ways.set_index(["origin", "target"])["amount"].to_dict()
    number = {junction: n for n, junction in enumerate(points["junction"])}
    passed: list[tuple[int, str, str, float]] = []
    links: list[tuple[int, int]] = []
    for a, b in onwards:
        between = [(n, a, b, amount[a, b]) for n in range(column[a] + 1, column[b])]
        first = len(number) + len(passed)
        links += pairwise([number[a], *range(first, first + len(between)), number[b]])
        passed += between
    boxes = points[["junction", "size", "leverage"]]
    boxes = boxes.assign(column=boxes["junction"].map(column), origin="", target="")
    free = pd.DataFrame(passed, columns=["column", "origin", "target", "size"])
    slots = pd.concat([boxes, free.assign(junction="", leverage="")], ignore_index=True)
    return slots.astype({"column": int, "size": float}), np.array(links, dtype=np.intp).reshape(
        -1, 2
    )


def _scale(column: np.ndarray, size: np.ndarray, room: np.ndarray) -> float:
    """Pixels for 1 of size: the tallest column fits if it can, no box is taller than TALLEST."""
    most = max(size[size > NOTHING], default=np.nan)
    load = np.bincount(column, np.where(size > 0, size / most, 0.0))
    free = np.maximum(ROOM - np.bincount(column, room), ROOM / 4)
    with np.errstate(over="ignore"):
        return float(min(TALLEST / most, *(free[load > 0] / load[load > 0] / most), np.inf))


def _means(links: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean value of what each slot is linked to (links from, to); its own without any."""
    count = np.bincount(links[:, 0], minlength=len(values))
    total = np.bincount(links[:, 0], values[links[:, 1]], minlength=len(values))
    return np.where(count > 0, total / np.maximum(count, 1), values)


def _ordered(column: np.ndarray, links: np.ndarray) -> list[np.ndarray]:
    """The slots of each column in an order with few crossings: the best of ten sweeps."""
    order = [np.flatnonzero(column == n) for n in np.unique(column)]
    place = np.zeros(len(column))
    for part in order:
        place[part] = np.arange(len(part))
    best, least = [*order], _crossings(column, place, links)
    for turn in range(10):
        beside = links if turn % 2 else links[:, ::-1]
        for n in range(len(order))[:: -1 if turn % 2 else 1]:
            order[n] = order[n][np.argsort(_means(beside, place)[order[n]], kind="stable")]
            place[order[n]] = np.arange(len(order[n]))
        now = _crossings(column, place, links)
        if now < least:
            best, least = [*order], now
    return best


def _crossings(column: np.ndarray, place: np.ndarray, links: np.ndarray) -> int:
    start, (a, b) = column[links[:, 0]], place[links].T
    return int(((start[:, None] == start) & ((a[:, None] - a) * (b[:, None] - b) < 0)).sum())


def _middles(
    order: list[np.ndarray], links: np.ndarray, above: np.ndarray, below: np.ndarray
) -> np.ndarray:
    """The middle of each slot, near its neighbours' and clear of the others in its column."""
    middle, both = np.zeros(len(above)), np.concatenate([links, links[:, ::-1]])
    least = [np.r_[0.0, np.cumsum(below[part[:-1]] + above[part[1:]])] for part in order]
    for part, places in zip(order, least, strict=True):
        middle[part] = places - places[-1] / 2
    for turn in range(8):
        for n in range(len(order))[:: -1 if turn % 2 else 1]:
            wanted = _means(both, middle)[order[n]]
            middle[order[n]] = _isotonic(wanted - least[n]) + least[n]
    return middle


def _isotonic(values: np.ndarray) -> np.ndarray:
    """The nearest values that never fall, by the minimax of means (scipy's takes long to load)."""
    total, place = np.r_[0.0, np.cumsum(values)], np.arange(len(values))
    count = np.maximum(place - place[:, None] + 1, 1)
    means = (total[1:] - total[:-1, None]) / count  # of the values from row to column
    least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.where(place >= place[:, None], least, -np.inf).max(axis=0))
