"""Customers as points, and random points that are like them in everything but groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

LEAST_KEPT = (
    0.03  # a column's spread within groups never counts as less than this part of its variance ...
)
LEAST_KEPT_WORDS = (
    0.36  # ... and of words: as much as noise keeps when cut in the middle, 1 - 2 / pi
)
AT_MOST_RANDOM = 200  # customers in a random table
SEED = 20


@dataclass(frozen=True)
class Space:
    """Customers as points: `cells` (n x p, every column of the table has variance 1 in all), `column`
    (p, the column a coordinate belongs to), `floor` (m, the least spread a column may count with),
    `codes` (the levels of the categorical columns as whole numbers, n each), `filled` (n x d, where a
    number was not known and the middle stands in for it)."""

    cells: np.ndarray
    column: np.ndarray
    floor: np.ndarray
    codes: tuple[np.ndarray, ...]
    filled: np.ndarray

    @property
    def numeric(self) -> np.ndarray:
        """The coordinates of numeric columns, n x d."""
        return self.cells[:, : len(self.floor) - len(self.codes)]

    def rows(self, which: np.ndarray) -> Space:
        """The same space with these customers only (or some of them twice)."""
        codes = tuple(c[which] for c in self.codes)
        return Space(self.cells[which], self.column, self.floor, codes, self.filled[which])


def space(
    numeric: np.ndarray, codes: Sequence[np.ndarray], filled: np.ndarray | None = None
) -> Space:
    """Standardised numbers (n x d) and levels (arrays of n whole numbers from 0) as one space."""
    parts, column = [numeric], [*range(numeric.shape[1])]
    for code in codes:
        block = _one_hot(code)
        parts.append(block)
        column += [max(column, default=-1) + 1] * block.shape[1]
    floor = [LEAST_KEPT] * numeric.shape[1] + [LEAST_KEPT_WORDS] * len(codes)
    none = np.zeros(numeric.shape, bool)
    return Space(
        np.column_stack(parts),
        np.array(column),
        np.array(floor),
        tuple(codes),
        none if filled is None else filled,
    )


def _one_hot(code: np.ndarray) -> np.ndarray:
    """A column for each level, together of variance 1, so that words weigh as much as a number."""
    block = np.eye(code.max() + 1)[code]
    block -= block.mean(axis=0)
    total = block.var(axis=0).sum()
    return block / np.sqrt(total) if total > 0 else block


def guessed(points: Space) -> Space:
    """The same space with a known number of another customer, always the same one, in place of each gap.

    To look for groups in: the middle value for all of them would be a spike, and look like a group.
    """
    if not points.filled.any():
        return points
    rng = np.random.default_rng(SEED)
    cells = points.cells.copy()
    for j, gap in enumerate(points.filled.T):
        cells[gap, j] = rng.choice(cells[~gap, j], int(gap.sum()))
    return replace(points, cells=cells)


def random_spaces(points: Space, count: int) -> Iterator[list[Space]]:
    """Tables without groups but with the same means, spreads and correlations: `count` of each kind.

    Numbers are normal with the same covariance; then even in the box along the axes of that covariance;
    then even in each column, correlated alike. Steps (such as scores from 1 to 10) stay steps. Words are
    shuffled, each column by itself.
    """
    rng = np.random.default_rng(SEED)
    x, n = points.numeric, min(len(points.cells), AT_MOST_RANDOM)
    steps = [_step(column) for column in x.T]
    for draw in _kinds(x) if x.shape[1] else (lambda _, n: np.zeros((n, 0)),):
        tables = []
        for _ in range(count):
            numeric = draw(rng, n)
            for j, step in enumerate(steps):
                if step:
                    numeric[:, j] = _on_steps(numeric[:, j], step, x[:, j])
            numeric = (numeric - numeric.mean(axis=0)) / np.maximum(numeric.std(axis=0), 1e-9)
            tables.append(
                space(numeric, [_dense(rng.permutation(code)[:n]) for code in points.codes])
            )
        yield tables


def _kinds(x: np.ndarray) -> list[Callable[[np.random.Generator, int], np.ndarray]]:
    """Three ways to draw n rows without groups that are like those of x: normal, even box, even columns."""
    d = x.shape[1]
    value, axes = np.linalg.eigh(np.cov(x.T).reshape(d, d))
    root = np.sqrt(np.maximum(value, 0))
    along = (x - x.mean(axis=0)) @ axes
    low, high = along.min(axis=0), along.max(axis=0)
    half = (
        np.array([_step(column) for column in x.T]) / 2
    )  # so that the first and last step get their share

    def normal(rng: np.random.Generator, n: int) -> np.ndarray:
        return (rng.standard_normal((n, d)) * root) @ axes.T

    def even_box(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.uniform(low, high, (n, d)) @ axes.T

    def even_columns(rng: np.random.Generator, n: int) -> np.ndarray:
        rank = normal(rng, n).argsort(axis=0).argsort(axis=0)
        even = np.sort(rng.uniform(x.min(axis=0) - half, x.max(axis=0) + half, (n, d)), axis=0)
        return np.take_along_axis(even, rank, axis=0)

    return [normal, even_box, even_columns]


def _dense(code: np.ndarray) -> np.ndarray:
    return np.unique(code, return_inverse=True)[1]


def _on_steps(values: np.ndarray, step: float, like: np.ndarray) -> np.ndarray:
    """The values moved to the nearest step of the column they are like, none beyond its first and last."""
    return np.clip(
        like.min() + np.round((values - like.min()) / step) * step, like.min(), like.max()
    )


def _step(column: np.ndarray) -> float:
    """The step between neighbouring values where there are few of them, else 0."""
    values = np.unique(np.round(column, 6))
    step = float(np.diff(values).min()) if len(values) > 1 else 0.0
    return step if step * 20 >= values[-1] - values[0] else 0.0
