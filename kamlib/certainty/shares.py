"""At which share of one weight, the others in proportion, a customer changes sides: as arrays, without a loop over customers."""

from __future__ import annotations

import numpy as np

from kamlib import matrix

GRID = np.linspace(0.0, 1.0, 201)  # where a line that bends is looked at before a crossing is narrowed down
STEPS = 60  # halvings at most, for a crossing that bends badly; nearly always ten are enough
NEAR = 1e-13
HAIR = 1e-9  # who stands on the line changes sides by a hair's breadth, in one direction


def rest(shares: np.ndarray) -> np.ndarray:
    """Row k: the shares of the others (n x J, or J) when factor k does not count at all; even where k was all there is."""
    count = shares.shape[-1]
    others = np.where(np.eye(count, dtype=bool), 0.0, shares[..., None, :])
    total = others.sum(axis=-1, keepdims=True)
    held = np.where(np.eye(count, dtype=bool), 0.0, np.ones_like(others))
    even = held / np.maximum(held.sum(axis=-1, keepdims=True), 1)
    return np.where(total > 1e-12, others / np.maximum(total, 1e-12), even)


def attractive(table: np.ndarray, shares: np.ndarray, inside: np.ndarray, midpoint: bool) -> np.ndarray:
    """The nearest share (n x J) of each factor at which each row changes sides of the line; NaN where none does.

    table: n x J scores, NaN unknown; shares: J, add up to 1; inside: who counts in the line. A row's unknown
    scores are left out of its own mean, so its height is a quotient of two straight lines in the share.
    """
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    others = rest(shares)
    ends = (filled @ others.T, filled, known @ others.T, known.astype(float))  # points and weight at 0 and 1
    if midpoint:
        zero, one = ends[0] - matrix.MIDPOINT * ends[2], ends[1] - matrix.MIDPOINT * ends[3]
        made = _straight(zero, one, shares)
        return np.where(inside[:, None], made, np.nan)
    counted = inside & (known & (shares > 0)).any(axis=1)
    if known[counted].all():
        line0, line1 = (end[counted].mean(axis=0) if counted.any() else 0.0 for end in ends[:2])
        made = _straight(ends[0] - line0, ends[1] - line1, shares)
    else:
        made = _Bent(ends, inside).crossings(shares)
    return np.where(counted[:, None], made, np.nan)


def _straight(zero: np.ndarray, one: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Where a straight line from `zero` (share 0) to `one` (share 1) changes sides, seen from `now`; NaN where not."""
    here = zero + (one - zero) * now
    up = here > matrix.EQUAL
    other = np.where(up, np.minimum(zero, one) <= matrix.EQUAL, np.maximum(zero, one) > matrix.EQUAL)
    with np.errstate(divide="ignore", invalid="ignore"):
        to = np.where(zero == one, np.nan, zero / (zero - one))
    to = np.where(~up & (np.abs(to - now) <= HAIR), now + HAIR * np.sign(one - zero), to)
    return np.where(other, np.clip(to, 0.0, 1.0), np.nan)


class _Bent:
    """The heights of n rows over a line at their mean, as functions of the share of one factor."""

    def __init__(self, ends: tuple[np.ndarray, ...], inside: np.ndarray) -> None:
        self.ends = ends
        zero, one, weight0, weight1 = ends
        whole = (weight0 >= 1 - 1e-12).all(axis=1) & (weight1 >= 1 - 1e-12).all(axis=1)
        full = whole & inside
        self.full, self.sum0, self.sum1 = int(full.sum()), zero[full].sum(axis=0), one[full].sum(axis=0)
        self.part = np.flatnonzero(inside & ~whole)

    def height(self, row: np.ndarray, factor: np.ndarray, to: np.ndarray) -> np.ndarray:
        """How far each row stands above the line when its factor counts `to`; NaN where it stands nowhere."""
        return self._own(row, factor, to) - self._line(factor, to)

    def _own(self, row: np.ndarray, factor: np.ndarray, to: np.ndarray) -> np.ndarray:
        zero, one, weight0, weight1 = (end[row, factor] for end in self.ends)
        weight = weight0 + (weight1 - weight0) * to
        return np.divide(
            zero + (one - zero) * to, weight, out=np.full(weight.shape, np.nan), where=weight > 1e-12
        )

    def _line(self, factor: np.ndarray, to: np.ndarray) -> np.ndarray:
        parts = self._own(self.part[:, None], factor, to)
        there = ~np.isnan(parts)
        total = (self.sum0 + (self.sum1 - self.sum0) * 0)[factor] * (1 - to) + self.sum1[factor] * to
        return (total + np.where(there, parts, 0.0).sum(axis=0)) / np.maximum(
            self.full + there.sum(axis=0), 1
        )

    def crossings(self, now: np.ndarray) -> np.ndarray:
        """The nearest share (n x J) at which each row changes sides; NaN where none does."""
        count, width = self.ends[0].shape
        found = np.full((count, width), np.nan)
        for factor in range(width):
            at = np.unique(np.append(GRID, now[factor]))
            today = int(np.searchsorted(at, now[factor]))
            column = np.full(len(at), factor)
            side = _side(self._own(np.arange(count)[:, None], column, at) - self._line(column, at))
            here = side[:, [today]]
            other = (side != here) & (side >= 0) & (here >= 0)
            spots = np.arange(len(at))
            below = np.where(other & (spots < today), spots, -1).max(axis=1)
            above = np.where(other & (spots > today), spots, len(at)).min(axis=1)
            rows = np.concatenate([np.flatnonzero(below >= 0), np.flatnonzero(above < len(at))])
            ends = np.concatenate([below[below >= 0], above[above < len(at)]])
            if len(rows):
                to = self._narrow(rows, factor, at[ends], at[np.where(ends < today, ends + 1, ends - 1)])
                nearer = np.full((2, count), np.nan)
                nearer[np.where(ends < today, 0, 1), rows] = to
                apart = np.where(np.isnan(nearer), np.inf, np.abs(nearer - now[factor]))
                found[:, factor] = np.where(apart[0] <= apart[1], nearer[0], nearer[1])
        return found

    def _narrow(self, rows: np.ndarray, factor: int, beyond: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Between a share on the other side and one on this: the least move that is on the other (regula falsi, Illinois)."""
        column = np.full(len(rows), factor)
        b, fb = beyond.copy(), self.height(rows, column, beyond) - matrix.EQUAL
        a, fa = near.copy(), self.height(rows, column, near) - matrix.EQUAL
        wanted, last = fb > 0, np.zeros(len(rows))
        for _ in range(STEPS):
            if (np.abs(b - a) <= NEAR).all():
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                middle = b - fb * (b - a) / (fb - fa)
            middle = np.where(
                np.isfinite(middle) & (middle > np.minimum(a, b)) & (middle < np.maximum(a, b)),
                middle,
                (a + b) / 2,
            )
            here = self.height(rows, column, middle) - matrix.EQUAL
            hit = (here > 0) == wanted
            fa, fb = np.where(hit & (last > 0), fa / 2, fa), np.where(~hit & (last < 0), fb / 2, fb)
            b, fb = np.where(hit, middle, b), np.where(hit, here, fb)
            a, fa = np.where(hit, a, middle), np.where(hit, fa, here)
            last = np.where(hit, 1.0, -1.0)
        return b


def _side(distances: np.ndarray) -> np.ndarray:
    """1 above the line, 0 on it or below, -1 where it is not known."""
    return np.where(np.isnan(distances), -1, (distances > matrix.EQUAL).astype(int))


def strong(margins: np.ndarray, there: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The nearest share (n x J) of each factor at which we lead every competitor, or no longer do; NaN where none is.

    margins: n x R x J; there: n x R; shares: n x J. That we lead them all holds on one stretch of the share.
    """
    held = shares > 0
    others = np.where(held[:, None, :], rest(shares), 0.0)  # n x factor x J
    others /= np.maximum(others.sum(axis=2, keepdims=True), 1e-300)
    zero = np.einsum("nrj,nfj->nrf", margins, others)
    slope = margins - zero
    flat = np.abs(slope) <= matrix.EQUAL
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -zero / slope
    counted = there[:, :, None]
    from_root, to_root = counted & ~flat & (slope > 0), counted & ~flat & (slope < 0)
    low = np.where(from_root, root, 0.0).max(axis=1, initial=0.0)
    high = np.where(to_root, root, 1.0).min(axis=1, initial=1.0)
    starts = (from_root & (root >= -matrix.EQUAL)).any(axis=1)  # there is a share at which the lead begins,
    ends = (to_root & (root <= 1 + matrix.EQUAL)).any(axis=1)  # and one at which it ends
    never = (counted & flat & (zero <= matrix.EQUAL)).any(axis=1)
    never |= (low > 1) | (high < 0) | (high - low <= matrix.EQUAL)
    before, after = shares <= low + matrix.EQUAL, shares >= high - matrix.EQUAL
    to_low = np.where(starts, np.abs(low - shares), np.inf)
    to_high = np.where(ends, np.abs(high - shares), np.inf)
    inner = np.where(to_low <= to_high, low, high)
    begins, stops = np.maximum(low, shares + HAIR), np.minimum(high, shares - HAIR)
    to = np.where(before & starts, begins, np.where(after & ends, stops, inner))
    possible = held & ~never & (starts | ends) & np.asarray(there.any(axis=1))[:, None]
    return np.where(possible, to, np.nan)
