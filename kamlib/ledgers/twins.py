"""Lines and orders that stand in a file more than once, told by 64-bit marks of what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kamlib.ledgers import amounts

MOST_LINES = 20_000_000  # so many lines are compared with each other: 160 MB of marks
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_UNKNOWN = np.uint64(0x5851F42D4C957F2D)


def _mixed(marks: np.ndarray) -> np.ndarray:
    marks = marks * _MIX
    return marks ^ (marks >> _SHIFT)


class Twins:
    """Which lines are alike an earlier one in every column."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self.most, self.is_full = most, False
        self.seen = np.empty(0, dtype=np.uint64)

    def again(self, coded: Mapping[str, amounts.Coded | None], figures: Mapping[str, np.ndarray],
              size: int) -> np.ndarray:  # fmt: skip
        """True for each line that was there before; `figures` are the columns that are compared by value."""
        if len(self.seen) + size > self.most:
            self.is_full = True
            return np.zeros(size, dtype=bool)
        marks = np.zeros(size, dtype=np.uint64)
        for header, column in coded.items():
            if header in figures:
                of = np.where(np.isnan(figures[header]), _UNKNOWN, (figures[header] + 0.0).view(np.uint64))
            elif column is not None:
                of = column.marks[column.codes]
            else:
                continue
            marks = _mixed(marks ^ of)
        order, found = self._found(marks, None)
        if found.any():  # the first of several alike is the one that counts
            order, found = self._found(marks, "stable")
        self.seen = np.concatenate([self.seen, marks[order][~found]])
        self.seen.sort()
        again = np.zeros(size, dtype=bool)
        again[order] = found
        return again

    def _found(self, marks: np.ndarray, kind: Any) -> tuple[np.ndarray, np.ndarray]:
        """An order of the lines by their marks, and which of them, so ordered, were there before."""
        order = np.argsort(marks, kind=kind)  # in order the search below is four times as fast
        marks = marks[order]
        found = np.append(False, marks[1:] == marks[:-1])[: len(marks)]
        if len(self.seen):
            place = np.minimum(np.searchsorted(self.seen, marks), len(self.seen) - 1)
            found |= self.seen[place] == marks
        return order, found


class Orders:
    """How many different order numbers each group has."""

    def __init__(self) -> None:
        self.groups: list[np.ndarray] = []
        self.marks: list[np.ndarray] = []

    def add(self, groups: np.ndarray, marks: np.ndarray) -> None:
        """Lines of these groups with the marks of their order numbers."""
        pairs = _mixed(_mixed(groups.astype(np.uint64)) ^ marks)
        once = ~pd.Series(pairs).duplicated().to_numpy()
        self.groups.append(groups[once])
        self.marks.append(pairs[once])

    def counted(self, groups: np.ndarray) -> np.ndarray:
        """The number of orders of each of these groups."""
        if not self.groups:
            return np.zeros(len(groups), dtype=np.int64)
        marks = np.concatenate(self.marks)
        order = np.argsort(marks)
        marks = marks[order]
        once = order[np.append(True, marks[1:] != marks[:-1])[: len(marks)]]
        counts = pd.Series(np.concatenate(self.groups)[once]).value_counts()
        return counts.reindex(groups, fill_value=0).to_numpy()
