"""How likely a weighted sum is above zero when the weights are not known: exact, without a single draw.

The weights are not negative and add up to 1. Where they are uniform, the chance that c . w is above 0 is the
part of a simplex on one side of a plane, which a short recursion of convex combinations gives (Varsi 1973,
Ali 1973). Weights of which only the order is known, and weights scattered around a team's own (Dirichlet with
whole numbers), come down to the same recursion with other coefficients.
"""

from __future__ import annotations

import numpy as np

EQUAL = 1e-9  # scores are compared after rounding to nine decimals


def above(coefficients: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """P(c . w > 0) for each row c (n x J): w uniform on the simplex, or Dirichlet with whole `alpha` >= 0.

    `alpha` holds for all rows (J) or for each its own (n x J); a factor with alpha 0 has no weight. Where
    c . w is 0 whatever the weights, the answer is 0: on the line is not above it. Returns n values of 0 to 1.
    """
    table = np.asarray(coefficients, dtype=float)
    table = -np.where(np.abs(table) <= EQUAL, 0.0, table)
    table = table if alpha is None else _repeated(table, np.asarray(alpha))
    return _below_zero(table)


def _repeated(table: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Each coefficient as often as its alpha; rows that have fewer are filled with zeros, which change no sign."""
    times = np.broadcast_to(alpha, table.shape).astype(int)
    made = np.zeros((len(table), int(times.sum(axis=1).max(initial=0))))
    for row, (cells, often) in enumerate(zip(table, times, strict=True)):
        own = np.repeat(cells, often)
        made[row, : len(own)] = own
    return made


def _below_zero(table: np.ndarray) -> np.ndarray:
    """1 - P(row . w >= 0): the recursion over the negative and the other coefficients, all rows at once."""
    count, total = table.shape
    rows = np.sort(table, axis=1)
    negative = (rows < 0).sum(axis=1)
    most = total - int(negative.min(initial=total))
    state = np.zeros((count, most + 1))
    state[:, 0] = 1.0
    for h in range(int(negative.max(initial=0))):
        x, has = rows[:, h], h < negative
        for k in range(1, most + 1):
            y = rows[:, total - k]  # the k-th of the others, from the greatest down
            with np.errstate(divide="ignore", invalid="ignore"):
                mixed = (y * state[:, k] - x * state[:, k - 1]) / (y - x)
            state[:, k] = np.where(has & (k <= total - negative), mixed, state[:, k])
    return np.clip(state[np.arange(count), total - negative], 0.0, 1.0)


def ranked(coefficients: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The coefficients (n x K) by which `above` answers for all weights that agree with the order of these.

    Factors of equal weight stay equal; a factor without weight stays without. The corners of such weights are
    equal shares of the first so many factors.
    """
    table, weights = np.asarray(coefficients, dtype=float), np.asarray(weights, dtype=float)
    levels = sorted({float(w) for w in weights if w > 0}, reverse=True)
    corners = [table[:, weights >= level].mean(axis=1) for level in levels]
    return np.column_stack(corners) if corners else np.zeros((len(table), 0))


def central(coefficients: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The mean weights of those who would put each row above 0 (n x J), NaN where nobody would.

    E[w_j | c . w > 0] = alpha_j / alpha_0 * P(alpha + e_j) / P(alpha) (Lahdelma and Salminen 2001).
    """
    alpha = np.asarray(alpha, dtype=int)
    whole = above(coefficients, alpha)
    more = np.column_stack([above(coefficients, alpha + one) for one in np.eye(len(alpha), dtype=int)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole[:, None] > 0, alpha / alpha.sum() * more / whole[:, None], np.nan)
