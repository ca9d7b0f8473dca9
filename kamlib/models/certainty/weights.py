"""Which weights there could be, and a fixed sample of them where no closed form holds.

Weights with whole Dirichlet counts are sums of neighbouring parts of a stick cut at random in
sum(counts) parts, so the same cut sticks serve every count. The cuts follow the multiples of square
roots of primes (Richtmyer 1951; Niederreiter 1978): no seed, the same in every process and browser.
"""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np

from kamlib.models.certainty import exact
from kamlib.models.certainty.exact import Array, Pair
from kamlib.workbook.settings import Settings

COUNT = 2**11
ERROR = 0.011  # 95 of 100 shares of so many draws are nearer to the truth than this; see the tests


@dataclass(frozen=True)
class Spread:
    """`any` weights, all in the team's `ranked` order, or `around` its own, `sure` parts in all."""

    known: str
    sure: int

    def alpha(self, weights: Array) -> Array:
        """Dirichlet counts for these weights (... x J): one each, or so many as we are sure."""
        held = weights > 0
        if self.known != "around":
            return held.astype(int)
        total = np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)
        return np.where(held, np.maximum(np.rint(self.sure * weights / total), 1), 0).astype(int)

    def plain(self, table: Array, weights: Array) -> Pair:
        """Coefficients and alpha (both n x J) for `exact.above`; weights: n x J, or J for all."""
        weights = np.broadcast_to(weights, table.shape)
        if self.known == "ranked":
            return exact.corners(table, weights)
        return table, self.alpha(weights)

    def above(self, table: Array, weights: Array) -> Array:
        """P(row . w > 0), 0 to 1, for each row of the table (n x J), exactly."""
        return exact.above(*self.plain(table, weights))

    def drawn(self, weights: Array) -> Array:
        """A sample of such weights (COUNT x J) for a team's own (J); they add up to 1."""
        corners, alpha = self.plain(np.eye(len(weights)), weights)
        ends = np.append(0, np.cumsum(alpha[:1]))
        return (corners @ np.diff(_cuts(int(ends[-1]))[ends], axis=0)).T


def spread(settings: Settings) -> Spread:
    """What the settings say of the weights."""
    return Spread(settings.weights_known, settings.sure)


def steps(count: int) -> Array:
    """Square roots of the first so many primes: the parts behind the point of their multiples fill
    space evenly."""
    numbers = itertools.count(2)
    primes = (n for n in numbers if all(n % p for p in range(2, math.isqrt(n) + 1)))
    return np.sqrt(np.fromiter(itertools.islice(primes, count), dtype=float))


@functools.lru_cache(maxsize=8)
def _cuts(parts: int) -> Array:
    """Where COUNT sticks are cut in so many parts at random, from 0 to 1: parts + 1 x COUNT."""
    multiples = steps(parts)[:, None] * np.arange(1, COUNT + 1)
    ends = np.cumsum(-np.log(1.0 - (multiples - np.floor(multiples))), axis=0)
    return np.vstack([np.zeros(COUNT), ends / ends[-1:]])
