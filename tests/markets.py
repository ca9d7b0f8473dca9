"""Market maps for tests, by hand and at random, and whether a layout of one can be read."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from kamlib.workbook.schema import Tables
from tests import worked

NAMES = {
    "us": "Harbour Mutual",
    "k1": "Corvid Life",
    "k2": "Penn Re",
    "k3": "Meridian",
    "k4": "Old Oak",
}
COLUMNS = {
    "junctions": ("junction", "size", "stage", "leverage", "name"),
    "junction_shares": ("junction", "supplier", "amount", "share_pct"),
    "routes": ("origin", "target", "amount"),
}


def book(points: Any, shares: Any = (), ways: Any = ()) -> Tables:
    """Text tables of a map; a row is a dict, or has the first few of COLUMNS."""
    rows = {"suppliers": [{"supplier": s, "name": name} for s, name in NAMES.items()]}
    for (table, columns), cells in zip(COLUMNS.items(), (points, shares, ways), strict=True):
        rows[table] = [
            row if isinstance(row, dict) else dict(zip(columns, row, strict=False)) for row in cells
        ]
    return {table: worked.frame(table, found) for table, found in rows.items()}


KNOWN = book([("m", 800)], [("m", "us", 120), ("m", "k1", 200), ("m", "k2", 150)])


ROUNDED = st.floats(0, 1e9).map(lambda v: round(v, 2))
FIGURES = st.one_of(st.just(""), ROUNDED, st.sampled_from([0, 1e-30, 9e17]))
NO_FIGURES = st.sampled_from(["", 0])  # a team that has only begun
PERCENTS = st.one_of(st.just(""), st.floats(0, 100).map(lambda v: round(v, 1)))
STAGES = st.sampled_from(["", "", "", 0, 1, 3, 50])


@st.composite
def maps(draw: Any, acyclic: bool = True, most: int = 9) -> Tables:
    ids = [f"j{n}" for n in range(draw(st.integers(1, most)))]
    amounts = draw(st.sampled_from([FIGURES, NO_FIGURES]))
    leverage, point = st.sampled_from(["", "yes"]), st.sampled_from(ids)
    points = [(j, draw(amounts), draw(STAGES), draw(leverage)) for j in ids]
    ways = draw(st.lists(st.tuples(point, point, amounts), max_size=2 * most))
    if acyclic:
        ways = [(min(a, b), max(a, b), v) for a, b, v in ways if a != b]
    share = st.tuples(point, st.sampled_from([*NAMES]), amounts, PERCENTS)
    return book(points, draw(st.lists(share, max_size=20)), ways)


def overlaps(rows: pd.DataFrame) -> list[tuple[Any, Any]]:
    """Pairs of boxes of a layout that touch."""
    right, low = rows["x"] + rows["width"], rows["y"] + rows["height"]
    boxes = zip(rows["x"], right, rows["y"], low, strict=True)
    return [
        (a, b)
        for a, b in combinations(boxes, 2)
        if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
    ]
