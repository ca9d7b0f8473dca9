"""How likely a weighted sum is above zero when the weights are not known: exact, without a draw.

The weights are not negative and add up to 1. Where they are uniform, the chance that c . w is above
0 is the part of a simplex on one side of a plane, which a short recursion of convex combinations
gives (Varsi 1973, Ali 1973). Weights of which only the order is known, and weights scattered around
a team's own (Dirichlet with whole numbers), come down to it with other coefficients.
"""

import numpy as np

from kamlib.models.matrix import EQUAL

Array = np.ndarray
Pair = tuple[np.ndarray, np.ndarray]


def above(coefficients: Array, alpha: Array | None = None) -> Array:
    """P(c . w > 0), 0 to 1, for each row c (n x J); w is uniform, or Dirichlet with whole `alpha`.

    `alpha` holds for all rows (J) or for each its own (n x J); a factor with alpha 0 has no weight.
    Where c . w is 0 whatever the weights, the answer is 0: on the line is not above it.
    """
    table = np.asarray(coefficients, dtype=float)
    table = -np.where(np.abs(table) <= EQUAL, 0.0, table)
    return _below_zero(table if alpha is None else _repeated(table, np.asarray(alpha)))


def _repeated(table: Array, alpha: Array) -> Array:
    """Each coefficient as often as its alpha; shorter rows end in zeros, which change no sign."""
    times = np.broadcast_to(alpha, table.shape).astype(int)
    lengths = times.sum(axis=1)
    long = np.zeros((len(table), int(lengths.max(initial=0))))
    long[np.arange(long.shape[1]) < lengths[:, None]] = np.repeat(table.ravel(), times.ravel())
    return long


def _below_zero(table: Array) -> Array:
    """1 - P(row . w >= 0), all rows at once.

    With x the negative and y the other coefficients, A(h, 0) = 1, A(0, k) = 0 and
    A(h, k) = (y_k A(h-1, k) - x_h A(h, k-1)) / (y_k - x_h); the answer is A at all x and all y.
    The cells with the same h + k do not need each other, so it goes diagonal by diagonal.
    """
    count, total = table.shape
    rows = np.ascontiguousarray(np.sort(table, axis=1).T)  # x_h is row h - 1, y_k is row total - k
    negative = (rows < 0).sum(axis=0)
    most = int(negative.max(initial=0))
    before = np.ones((1, count))  # cells h = 0.. of the diagonal before
    with np.errstate(all="ignore"):  # in cells that nobody needs
        for d in range(1, total + 1):
            last = min(d - 1, most)  # the greatest h with k > 0
            now = np.empty((min(d, most) + 1, count))
            now[0] = 0.0
            if d <= most:
                now[d] = 1.0
            x, y = rows[:last], rows[total - d + 1 : total - d + 1 + last]
            now[1 : last + 1] = (y * before[:last] - x * before[1 : last + 1]) / (y - x)
            before = now
    share = before[negative, np.arange(count)]
    return np.clip(np.where(negative == total, 1.0, share), 0.0, 1.0)


def corners(coefficients: Array, weights: Array) -> Pair:
    """Coefficients and alpha for `above` (both n x J) over all weights in the order of `weights`.

    Both arguments are n x J. Factors of equal weight stay equal, one without weight stays without.
    The corners of such weights are equal shares of the first so many factors; alpha tells which.
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    down = np.take_along_axis(weights, order, axis=1)
    sums = np.cumsum(np.take_along_axis(coefficients, order, axis=1), axis=1)
    after = np.column_stack([down[:, 1:], np.zeros(len(down))])
    alpha = ((down > 0) & (down > after)).astype(int)
    return sums / np.arange(1, weights.shape[1] + 1), alpha


def ranked(coefficients: Array, weights: Array) -> Array:
    """Coefficients for `above` (n x K <= J) over all weights in the order of these (J)."""
    table = np.asarray(coefficients, dtype=float)
    means, alpha = corners(table, np.broadcast_to(np.asarray(weights, dtype=float), table.shape))
    return means[:, alpha[0] > 0] if len(table) else np.zeros((0, 0))


def central(coefficients: Array, alpha: Array) -> Array:
    """The mean weights (n x J) of those who would put each row above 0; NaN where nobody would.

    E[w_j | c . w > 0] = alpha_j / alpha_0 * P(alpha + e_j) / P(alpha) (Lahdelma, Salminen 2001).
    """
    alpha = np.asarray(alpha, dtype=int)
    whole = above(coefficients, alpha)[:, None]
    more = [above(coefficients, alpha + one) for one in np.eye(len(alpha), dtype=int)]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = alpha / alpha.sum() * np.column_stack(more) / whole
    return np.where(whole > 0, share, np.nan)
