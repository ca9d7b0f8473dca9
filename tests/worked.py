"""The worked example of four customers, built in memory: the source's rules with known answers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from kamlib.workbook import schema as tables
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book

WEIGHTS = (3, 2, 2, 1, 1, 1)
ATTRACTIVE = {
    "Alpha": (8, 7, 9, 6, 7, 5),
    "Beta": (6, 5, 4, 8, 6, 7),
    "Gamma": (9, 8, 8, 7, 6, 8),
    "Delta": (4, 6, 5, 5, 7, 6),
}
STRENGTH = {
    "Alpha": {"us": (8, 8, 7, 8, 7, 9), "X": (9, 6, 6, 7, 6, 7), "Y": (6, 7, 8, 6, 7, 7)},
    "Beta": {"us": (7, 8, 8, 7, 9, 8), "X": (6, 7, 7, 8, 7, 7)},
    "Gamma": {"us": (5, 6, 6, 7, 6, 5), "X": (8, 7, 7, 6, 7, 8), "Y": (6, 6, 7, 7, 6, 6)},
    "Delta": {"us": (5, 6, 5, 6, 6, 6), "X": (7, 6, 6, 6, 5, 7)},
}


def frame(name: str, rows: Iterable[dict]) -> pd.DataFrame:
    """A text table with the given cells filled in."""
    columns = tables.DEFINITIONS[name].names
    cells = [[tables.as_text(row.get(c)) for c in columns] for row in rows]
    return pd.DataFrame(cells, columns=columns, dtype=object)


def text(attractive=ATTRACTIVE, strength=STRENGTH, weights=WEIGHTS, **more) -> tables.Tables:
    """The text tables of the example, or of a variant with the same shape (segment `main`)."""
    factors = [f"f{i}" for i, _ in enumerate(weights, 1)]
    score = [
        {"model": "attractiveness", "subject": c, "factor": f, "score": s}
        for c, scores in attractive.items()
        for f, s in zip(factors, scores, strict=True)
    ]
    score += [
        {"model": "strength", "subject": c, "factor": f"j{j}", "supplier": k, "score": s}
        for c, of in strength.items()
        for k, scores in of.items()
        for j, s in enumerate(scores, 1)
    ]
    listed = [
        {"model": "attractiveness", "scope": "main", "factor": f, "weight": w, "must_have_min": m}
        for f, w, m in zip(factors, weights, more.get("must", [None] * len(factors)), strict=True)
    ]
    longest = {c: max((len(s) for s in of.values()), default=0) for c, of in strength.items()}
    listed += [
        {"model": "strength", "scope": c, "factor": f"j{j}"}
        for c, n in longest.items()
        for j in range(1, n + 1)
    ]
    return stores.blank() | {
        "segments": frame("segments", [{"segment": "main"}]),
        "customers": frame("customers", [{"customer": c, "name": c, "segment": "main"} for c in attractive]),
        "suppliers": frame("suppliers", [{"supplier": s, "name": s} for s in ("us", "X", "Y", "Z")]),
        "factors": frame("factors", listed),
        "scores": frame("scores", score),
        "decisions": frame("decisions", more.get("decisions", [])),
    }


def typed(*args, **more) -> tuple[tables.Tables, settings.Settings]:
    """The same, typed, with the settings of its workbook."""
    ready = tables.typed(text(*args, **more))
    return ready, settings.of_workbook(ready, segment="main")


def rows(columns: str, *cells: Iterable[object]) -> pd.DataFrame:
    """A text table of these columns only: rows("customer profit", ("a", 5), ("b", None))."""
    text = [[tables.as_text(value) for value in row] for row in cells]
    return pd.DataFrame(text, columns=columns.split(), dtype=object)


def workbook(**given: pd.DataFrame) -> tuple[tables.Tables, settings.Settings]:
    """A workbook of these text tables, typed, with its settings."""
    ready = tables.typed(given)
    return ready, settings.of_workbook(ready)


def messages(rules: Iterable, *of: object, rule: int = 0) -> list[tuple[str, str]]:
    """(level, message) of the findings of these rules; of one rule number, if it is given."""
    found = [row for ask in rules for row in ask(Book(*of))]
    return [(row[0], row[4]) for row in found if rule in (0, row[5])]
