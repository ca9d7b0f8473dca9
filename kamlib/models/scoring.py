"""Weighted scores that stay honest about cells nobody knows."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

Places = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]
LOWEST, HIGHEST = 1.0, 10.0
DIGITS = 9  # compare after rounding to nine decimals: 34/6 - 37/6 must be exactly -0.5


def wide(
    scores: pd.DataFrame, subjects: pd.Index | list[str], factors: pd.Index | list[str]
) -> pd.DataFrame:
    """Long scores (subject, factor, score) as a table subjects x factors, NaN for unknown."""
    return pivot(scores["subject"], scores["factor"], scores["score"], subjects, factors)


def pivot(
    rows: pd.Series,
    columns: pd.Series,
    values: pd.Series,
    index: pd.Index | list[str],
    names: pd.Index | list[str],
) -> pd.DataFrame:
    """Each value in its row and column of a table index x names; NaN where there is none.

    What belongs to no row or column of the table is left out; of two for one cell the first counts.
    """
    index, names = pd.Index(index), pd.Index(names)
    return pd.DataFrame(cells((rows, columns, values.to_numpy(float)), index, names), index, names)


def cells(given: Iterable[Any], index: Any, names: Any) -> np.ndarray:
    """`pivot` as bare numbers; `given` are the rows, columns and values."""
    rows, columns, values = given
    return filled(places(rows, columns, index, names), values)


def places(rows: Any, columns: Any, index: Any, names: Any) -> Places:
    """Where lines of `rows` and `columns` go in a table index x names; see `filled`.

    Gives which lines have a place there, their rows, their columns, and the shape of the table.
    """
    index, names = pd.Index(index), pd.Index(names)
    row, column = index.get_indexer(rows), names.get_indexer(columns)
    lines = np.flatnonzero((row >= 0) & (column >= 0))[::-1]  # the first comes last, and stays
    return lines, row[lines], column[lines], (len(index), len(names))


def filled(where: Places, values: np.ndarray) -> np.ndarray:
    """A table with the value of each line in its place, NaN where there is none."""
    lines, row, column, shape = where
    table = np.full(shape, np.nan)
    table[row, column] = values[lines]
    return table


def weights_of(factors: pd.DataFrame) -> pd.Series:
    """The weight of each factor (index factor); an empty weight counts 1."""
    return factors.set_index("factor")["weight"].fillna(1.0)


def weighted(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Weighted mean of each row over its known cells, and what the unknown ones leave open.

    `scores` is subjects x factors (1..10, NaN unknown), `weights` (>= 0) has an entry a factor.
    Returns, by subject: score (NaN when nothing with a weight is known), coverage (known share of
    the weights, 0..1), low and high (the score if all unknown cells were at 1, or at 10).

    weighted of scores 8, unknown with weights 3, 1 is score 8, coverage 0.75, low 6.25, high 8.5.
    """
    weight = weights.reindex(scores.columns).to_numpy(float)
    return pd.DataFrame(means(scores.to_numpy(float), weight), index=scores.index)


def means(table: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """`weighted` of bare numbers: n x J scores and J weights give n scores, coverages, ends."""
    unknown = np.isnan(table)
    known, total = ~unknown @ weight, weight.sum()
    points = np.where(unknown, 0.0, table) @ weight
    return {
        "score": share(points, known),
        "coverage": share(known, total),
        "low": share(points + LOWEST * (total - known), total)
        if total
        else np.full(len(table), LOWEST),
        "high": share(points + HIGHEST * (total - known), total)
        if total
        else np.full(len(table), HIGHEST),
    }


def margins(ours: np.ndarray, theirs: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """How far our score is above a competitor's, row by row, over the factors scored for both.

    Three arrays rows x factors: scores 1..10 with NaN for unknown, weights with 0 where a factor
    does not belong to the row. Returns by row: margin (-9..9, NaN when no factor is scored for
    both), low and high (the margin when every unknown cell turns out worst, or best, for us), and
    the weight of the factors: known for us, known for them, total.
    """
    us, them = ~np.isnan(ours), ~np.isnan(theirs)
    both, total = weights * (us & them), weights.sum(axis=1)
    worst = np.where(us, ours, LOWEST) - np.where(them, theirs, HIGHEST)
    best = np.where(us, ours, HIGHEST) - np.where(them, theirs, LOWEST)
    return {
        "margin": share(
            (both * np.where(us & them, ours - theirs, 0.0)).sum(axis=1), both.sum(axis=1)
        ),
        "low": share((weights * worst).sum(axis=1), total),
        "high": share((weights * best).sum(axis=1), total),
        "ours_known": (weights * us).sum(axis=1),
        "theirs_known": (weights * them).sum(axis=1),
        "total": total,
    }


def share(part: np.ndarray, whole: np.ndarray | float) -> np.ndarray:
    """part / whole rounded to DIGITS, NaN where the whole is 0."""
    whole = np.asarray(whole, dtype=float)
    return np.round(
        np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0), DIGITS
    )


@functools.lru_cache(maxsize=65536)
def one(number: float) -> str:
    """A number with one decimal, half up: 6.575 is "6.6", -0.25 is "-0.3", unknown is "?"."""
    if number != number:
        return "?"
    tenths = math.floor(abs(number) * 10 + 0.5 + 1e-7)
    return f"{'-' if number < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"
