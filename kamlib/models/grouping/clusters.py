"""Customers as points, cut into 2 to 8 groups, whether there are any or not.

The cut is k-means in which a column counts the more, the better it tells the groups apart:
distances are divided by the column's spread within the groups, again and again until nothing moves.
So a split in one column of many is found, and correlated columns do not shout the others down. It
starts from Ward's tree and from the columns that cut best by themselves, never from chance.
scikit-learn's mixtures and k-means weigh all columns alike and found no group that only one or two
of eight columns show; see `benchmarks/grouping.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS, STARTS = 25, 3
AT_MOST = 600  # customers looked at; the rest are only assigned
SEED = 20
LEAST_KEPT = 0.03  # what a column's spread within groups counts at least, of its variance ...
LEAST_KEPT_WORDS = 0.36  # ... and of words: what noise keeps when cut in the middle, 1 - 2 / pi


@dataclass(frozen=True)
class Space:
    """Customers as points: `cells` (n x p, every column of the table has variance 1 in all).

    `column` (p): the column a coordinate belongs to; `floor` (m): the least spread a column may
    count with; `codes`: the levels of the categorical columns as whole numbers, n each.
    """

    cells: np.ndarray
    column: np.ndarray
    floor: np.ndarray
    codes: tuple[np.ndarray, ...]

    @property
    def numeric(self) -> np.ndarray:
        """The coordinates of numeric columns, n x d."""
        return self.cells[:, : len(self.floor) - len(self.codes)]

    def rows(self, which: np.ndarray) -> Space:
        """The same space with these customers only (or some of them twice)."""
        codes = tuple(code[which] for code in self.codes)
        return Space(self.cells[which], self.column, self.floor, codes)


def space(numeric: np.ndarray, codes: Sequence[np.ndarray]) -> Space:
    """Standardised numbers (n x d) and levels (arrays of n whole numbers from 0) as one space."""
    d = numeric.shape[1]
    blocks = [_one_hot(code) for code in codes]
    widths = [1] * d + [block.shape[1] for block in blocks]
    floor = np.repeat([LEAST_KEPT, LEAST_KEPT_WORDS], [d, len(blocks)])
    column = np.repeat(np.arange(len(widths)), widths)
    return Space(np.column_stack([numeric, *blocks]), column, floor, tuple(codes))


def _one_hot(code: np.ndarray) -> np.ndarray:
    """A coordinate for each level, together of variance 1, so that words weigh like a number."""
    block = np.eye(code.max() + 1)[code]
    block -= block.mean(axis=0)
    return block / np.sqrt(block.var(axis=0).sum() or 1.0)


@dataclass(frozen=True)
class Cut:
    """A way to cut: the group (0, 1, ..) of each customer, the centres (k x p) of the groups.

    `spread` (m): each column's spread within groups, in parts of its variance.
    """

    label: np.ndarray
    centres: np.ndarray
    spread: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Customers in each group (k)."""
        return np.bincount(self.label, minlength=len(self.centres))

    def weight(self, points: Space) -> np.ndarray:
        """What a squared distance along each coordinate counts."""
        return (1 / self.spread)[points.column]

    def apart(self, points: Space) -> np.ndarray:
        """The distance of each customer to each centre, n x k, in spreads within the groups."""
        weight = self.weight(points)
        squares = points.cells**2 @ weight
        shifted = _shifted(points.cells, self.centres, weight)
        return np.sqrt(np.maximum(shifted + squares[:, None], 0))

    def assigned(self, points: Space) -> np.ndarray:
        """The nearest centre of each customer."""
        return _shifted(points.cells, self.centres, self.weight(points)).argmin(axis=1)


def is_handful(size: int, customers: int) -> bool:
    """Are so few of the customers a handful of outliers rather than a group?"""
    return size < max(3, int(np.ceil(0.03 * customers)))


def cuts(points: Space, counts: Sequence[int]) -> dict[int, Cut]:
    """The best cut into each of the `counts` of groups."""
    trees = _ward(points.cells, counts)
    found = {k: _best(points, k, [trees[k], *_starts(points.numeric, k)]) for k in counts}
    weight = found[min(counts)].weight(points)
    trees = _ward(points.cells * np.sqrt(weight), counts)
    return {k: _best(points, k, [trees[k]], [cut]) for k, cut in found.items()}


def _ward(cells: np.ndarray, counts: Iterable[int]) -> dict[int, np.ndarray]:
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(cells, "ward")
    return {k: fcluster(tree, k, "maxclust") - 1 for k in counts}


def _starts(numeric: np.ndarray, k: int) -> list[np.ndarray]:
    """The cuts by one column alone, in equal parts or even steps, that leave the least spread."""
    n = len(numeric)
    low, high = numeric.min(axis=0, initial=0), numeric.max(axis=0, initial=0)
    equal = numeric.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable") * k // n
    even = np.minimum((numeric - low) / np.maximum(high - low, 1e-9) * k, k - 1).astype(int)
    labels = np.hstack([equal, even])
    member = np.eye(k)[labels]  # n x 2d x k
    totals = np.einsum("nck,nc->ck", member, np.hstack([numeric, numeric]))
    explained = (totals**2 / np.maximum(member.sum(axis=0), 1)).sum(axis=1).round(9)
    return list(labels.T[np.argsort(-explained, kind="stable")[:STARTS]])


def _best(points: Space, k: int, starts: list[np.ndarray], found: Sequence[Cut] = ()) -> Cut:
    """The cut that leaves the least spread, one without a handful before one with it."""

    def poorness(cut: Cut) -> tuple[bool, float]:
        handful = is_handful(int(cut.sizes.min()), len(cut.label))
        return handful, round(float(np.log(cut.spread).sum()), 9)

    return min([*found, *(_settled(points, start, k) for start in starts)], key=poorness)


def _settled(points: Space, label: np.ndarray, k: int) -> Cut:
    """Move customers to the nearest centre until nobody moves, weighing the columns anew."""
    squares = (points.cells**2).sum(axis=0)
    for turn in range(ROUNDS + 1):
        member = np.eye(k)[label]
        size = member.sum(axis=0)
        centres = (member.T @ points.cells) / np.maximum(size, 1)[:, None]
        within = (squares - size @ centres**2) / len(label)
        spread = np.bincount(points.column, within, len(points.floor))
        cut = Cut(label, centres, np.maximum(spread, points.floor))
        far = _shifted(points.cells, centres, cut.weight(points))
        far[:, size == 0] = np.inf
        before, label = label, far.argmin(axis=1)
        if turn == ROUNDS or (label == before).all():
            break
    return cut


def _shifted(cells: np.ndarray, centres: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Squared distance of each point to each centre, less what is the same for all centres."""
    return np.round((centres**2 @ weight)[None] - 2 * (cells * weight) @ centres.T, 9)
