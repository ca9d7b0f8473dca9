"""Us against the competitors of each customer, as one block of margins that every question can be asked of at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.memory import remembered_while_equal
from kamlib.models import kaism
from kamlib.workbook.book import Book


@dataclass(frozen=True, eq=False)
class Rivals:
    """n customers with at most R competitors and J critical success factors each.

    customers: n ids; factors: n x J ids ("" beyond a customer's own); weights: n x J, 0 beyond; ours: n x J scores;
    margins: n x R x J, ours minus theirs, 0 where one of the two is unknown; there: n x R, is there such a
    competitor with at least one factor scored for both; both: n x R x J, is the factor scored for both.
    """

    customers: list[str]
    factors: np.ndarray
    weights: np.ndarray
    ours: np.ndarray
    margins: np.ndarray
    both: np.ndarray
    there: np.ndarray

    def at(self, customers: Iterable[str]) -> np.ndarray:
        """The row of each customer, -1 where it has no competitor."""
        return pd.Index(self.customers, dtype=object).get_indexer(pd.Index(customers, dtype=object))


def rivals(book: Book, customers: Iterable[str]) -> Rivals:
    """The margins of these customers; those without any factor or competitor are left out."""
    return _rivals(*kaism.strength_cells(book, tuple(customers)))


@remembered_while_equal
def _rivals(ours: pd.DataFrame, theirs: pd.DataFrame, weights: pd.DataFrame) -> Rivals:
    subjects = ours.index.get_level_values("subject").to_numpy()
    names, first, of = np.unique(subjects, return_index=True, return_inverse=True)
    weight, us = weights.to_numpy(float), ours.to_numpy(float)
    held = weight[first] > 0
    width = int(held.sum(axis=1).max(initial=0))
    own = np.argsort(~held, axis=1, kind="stable")[:, :width]  # a customer's own factors first
    kept = np.take_along_axis(held, own, axis=1)
    spot = np.arange(len(of)) - first[of]  # the pairs of a customer stand side by side
    apart = np.take_along_axis(us - theirs.to_numpy(float), own[of], axis=1)
    both = ~np.isnan(apart) & kept[of]
    shape = (len(names), int(spot.max(initial=-1)) + 1, width)
    margins, known = np.zeros(shape), np.zeros(shape, dtype=bool)
    margins[of, spot], known[of, spot] = np.where(both, apart, 0.0), both
    listed = np.array([*weights.columns, ""], dtype=object)
    return Rivals(
        list(names),
        np.where(kept, listed[own], ""),
        np.where(kept, np.take_along_axis(weight[first], own, axis=1), 0.0),
        np.take_along_axis(us[first], own, axis=1),
        margins,
        known,
        np.asarray(known.any(axis=2)),
    )


def undominated(margins: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The competitors (n x R) that can be the best for some weights: not those that another is always closer than."""
    left = there.copy()
    for r in range(there.shape[1]):
        for s in range(there.shape[1]):
            if r != s:
                closer = (margins[:, s] <= margins[:, r]).all(axis=1)
                same = closer & (margins[:, r] <= margins[:, s]).all(axis=1)
                left[:, r] &= ~(there[:, s] & closer & (~same | (s < r)))
    return left
