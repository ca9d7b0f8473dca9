"""Weights spread evenly over all there could be, the same for every customer, where no closed form holds.

Weights with whole Dirichlet counts are sums of neighbouring parts of a stick cut at random in sum(alpha)
parts, so the same cut sticks serve every count. The cuts follow the multiples of square roots of primes
(Richtmyer 1951; Niederreiter 1978): no seed, the same in every process and in a browser.
"""

from __future__ import annotations

import functools

import numpy as np

COUNT = 2**11
ERROR = (
    0.011  # 95 of 100 shares of so many sticks are nearer to the truth than this; held by a test
)


@functools.lru_cache(maxsize=8)
def sticks(parts: int) -> np.ndarray:
    """COUNT sticks of length 1, each cut in so many parts at random: the lengths, COUNT x parts."""
    spots = np.arange(1, COUNT + 1)[:, None] * steps(parts)
    cut = -np.log(1.0 - (spots - np.floor(spots)))
    cut /= cut.sum(axis=1, keepdims=True)
    cut.setflags(write=False)
    return cut


def steps(count: int) -> np.ndarray:
    """Square roots of the first so many primes: the parts behind the point of their multiples fill space evenly."""
    return np.sqrt(np.array(_primes(count), dtype=float))


@functools.lru_cache(maxsize=64)
def weights(alpha: tuple[int, ...]) -> np.ndarray:
    """COUNT x J weights that add up to 1, Dirichlet with these whole counts; 0 where the count is 0."""
    own = np.array(alpha, dtype=int)
    drawn = np.zeros((COUNT, len(own)))
    held = np.flatnonzero(own > 0)
    if len(held):
        starts = np.cumsum(own[held]) - own[held]
        drawn[:, held] = np.add.reduceat(sticks(int(own.sum())), starts, axis=1)
    return drawn


def _primes(count: int) -> list[int]:
    """The first so many primes."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
        number += 1
    return found
