"""Workbooks of any size for the benchmarks: one segment, 6 factors, 6 CSFs and 2 competitors a customer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from kamlib.workbook import schema as tables
from kamlib.workbook import stores

SIZES = (40, 200, 1000)
FACTORS = ("Size", "Growth", "Financial stability", "Openness", "Strategic fit", "Values our offer")
CSFS = ("Price", "Service quality", "Speed of response", "Relationships", "Competence", "Systems fit")
WEIGHTS = (10, 6, 6, 3, 3, 4)
FIRST = ("Alder", "Birch", "Castle", "Dover", "Elm", "Fen", "Gate", "Harbour", "Iron", "Juniper")
SECOND = ("bridge", "field", "gate", "house", "mere", "stone", "wood", "worth", "wick", "ton")
KINDS = (
    "Insurance",
    "Leasing",
    "Logistics",
    "Foods",
    "Energy",
    "Homes",
    "Motors",
    "Pensions",
    "Care",
    "Group",
)
UNKNOWN = 0.02  # share of the scores that nobody knows


def text(customers: int, seed: int = 1, segments: int = 1) -> tables.Tables:
    """The text tables of a workbook with so many customers, all of one segment or in turn of several."""
    dice = np.random.default_rng(seed)
    ids = [f"c{n:04}" for n in range(customers)]
    names = [f"{FIRST[n % 10]}{SECOND[n // 10 % 10]} {KINDS[n // 100 % 10]}" for n in range(customers)]
    parts = (
        [("main", "All customers")]
        if segments == 1
        else [(f"s{n:02}", f"Segment {n}") for n in range(segments)]
    )
    listed = [
        ("attractiveness", part, f"f{n}", label, weight, "the best there is", "not worth a visit")
        for part, _ in parts
        for n, (label, weight) in enumerate(zip(FACTORS, WEIGHTS, strict=True))
    ]
    listed += [("strength", c, f"j{n}", label, "", "", "") for c in ids for n, label in enumerate(CSFS)]
    cells = [("attractiveness", c, f"f{n}", "") for c in ids for n in range(len(FACTORS))]
    cells += [("strength", c, f"j{n}", s) for c in ids for n in range(len(CSFS)) for s in ("us", "x", "y")]
    score = np.where(dice.random(len(cells)) < UNKNOWN, 0, dice.integers(2, 21, len(cells)) / 2)
    said = [(*cell, tables.as_text(s) if s >= 1 else "") for cell, s in zip(cells, score, strict=True)]
    revenue = dice.lognormal(13, 1, customers).round(-3)
    profit = (revenue * dice.normal(0.12, 0.1, customers)).round(-2)
    people = [
        (c, name, parts[n % segments][0], "current", tables.as_text(r), tables.as_text(p))
        for n, (c, name, r, p) in enumerate(zip(ids, names, revenue, profit, strict=True))
    ]
    return stores.blank("Benchmark") | {
        "segments": _frame("segments", ["segment", "name"], parts),
        "suppliers": _frame(
            "suppliers", ["supplier", "name"], [("us", "Us"), ("x", "Xenon"), ("y", "Yarrow")]
        ),
        "customers": _frame(
            "customers", ["customer", "name", "segment", "status", "revenue", "profit"], people
        ),
        "factors": _frame("factors", ["model", "scope", "factor", "label", "weight", "good", "bad"], listed),
        "scores": _frame("scores", ["model", "subject", "factor", "supplier", "score"], said),
    }


def _frame(name: str, columns: list[str], rows: list[tuple]) -> pd.DataFrame:
    """A text table with these columns filled in and the others empty."""
    given = pd.DataFrame(
        [[tables.as_text(cell) for cell in row] for row in rows], columns=columns, dtype=object
    )
    return given.reindex(columns=tables.DEFINITIONS[name].names, fill_value="")


def make(folder: Path, customers: int, kind: str = ".kam", segments: int = 1) -> Path:
    """A workbook in this folder; `kind` is .kam, .xlsx or "" for a folder of CSV files."""
    place = folder / f"book{customers}{kind}"
    stores.create(place, text(customers, segments=segments))
    return place
