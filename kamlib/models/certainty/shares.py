"""At which share of one weight, the others in proportion, a customer changes sides: as arrays, without a loop over customers."""

from __future__ import annotations

import numpy as np

from kamlib.models import matrix

GRID = np.linspace(
    0.0, 1.0, 201
)  # where a line that bends is looked at before a crossing is narrowed down
STEPS = 60  # halvings at most, for a crossing that bends badly; nearly always ten are enough
NEAR = 1e-11
HAIR = 1e-9  # who stands on the line changes sides by a hair's breadth, in one direction


def rest(shares: np.ndarray) -> np.ndarray:
    """Row k: the shares of the others (n x J, or J) when factor k does not count at all; even where k was all there is."""
    count = shares.shape[-1]
    others = np.where(np.eye(count, dtype=bool), 0.0, shares[..., None, :])
    total = others.sum(axis=-1, keepdims=True)
    held = np.where(np.eye(count, dtype=bool), 0.0, np.ones_like(others))
    even = held / np.maximum(held.sum(axis=-1, keepdims=True), 1)
    return np.where(total > 1e-12, others / np.maximum(total, 1e-12), even)


def attractive(
    table: np.ndarray, shares: np.ndarray, inside: np.ndarray, midpoint: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest shares (both n x J) below and above today's at which each row changes sides of the line; NaN where none.

    table: n x J scores, NaN unknown; shares: J, add up to 1; inside: who counts in the line. A row's unknown
    scores are left out of its own mean, so its height is a quotient of two straight lines in the share.
    """
    if table.shape[1] < 2:  # a factor that is alone counts all there is
        return np.full(table.shape, np.nan), np.full(table.shape, np.nan)
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    others = rest(shares)
    ends = (
        filled @ others.T,
        filled,
        known @ others.T,
        known.astype(float),
    )  # points and weight at 0 and 1
    if midpoint:
        zero, one = ends[0] - matrix.MIDPOINT * ends[2], ends[1] - matrix.MIDPOINT * ends[3]
        return _sides(np.where(inside[:, None], _straight(zero, one, shares), np.nan), shares)
    counted = inside & (known & (shares > 0)).any(axis=1)
    if known[counted].all():
        line0, line1 = (end[counted].mean(axis=0) if counted.any() else 0.0 for end in ends[:2])
        below, above = _sides(_straight(ends[0] - line0, ends[1] - line1, shares), shares)
    else:
        below, above = _Bent(ends, inside).crossings(shares)
    return np.where(counted[:, None], below, np.nan), np.where(counted[:, None], above, np.nan)


def nearest(below: np.ndarray, above: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The nearer of the two, NaN where there is none."""
    left, right = (np.where(np.isnan(side), np.inf, np.abs(side - now)) for side in (below, above))
    return np.where(left < right, below, above)


def _sides(to: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.where(to < now, to, np.nan), np.where(to >= now, to, np.nan)


def _straight(zero: np.ndarray, one: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Where a straight line from `zero` (share 0) to `one` (share 1) changes sides, seen from `now`; NaN where not."""
    here = zero + (one - zero) * now
    up = here > matrix.EQUAL
    other = np.where(
        up, np.minimum(zero, one) <= matrix.EQUAL, np.maximum(zero, one) > matrix.EQUAL
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        to = np.where(zero == one, np.nan, zero / (zero - one))
    to = np.where(~up & (np.abs(to - now) <= HAIR), now + HAIR * np.sign(one - zero), to)
    return np.where(other, np.clip(to, 0.0, 1.0), np.nan)


class _Bent:
    """The heights of n rows over a line at their mean, as functions of the share of one factor."""

    def __init__(self, ends: tuple[np.ndarray, ...], inside: np.ndarray) -> None:
        self.ends = ends
        zero, one, weight0, weight1 = ends
        whole = ((weight0 >= 1 - 1e-12) & (weight1 >= 1 - 1e-12)).all(axis=1)
        full = whole & inside
        self.whole, self.full = whole, int(full.sum())
        self.sum0, self.sum1 = zero[full].sum(axis=0), one[full].sum(axis=0)
        self.part = np.flatnonzero(inside & ~whole)
        self.parts = tuple(end[self.part] for end in ends)

    def _line(self, factor: np.ndarray, to: np.ndarray) -> np.ndarray:
        points = _quotient(*(end[:, factor] for end in self.parts), to)
        there = ~np.isnan(points)
        total = self.sum0[factor] * (1 - to) + self.sum1[factor] * to
        return (total + np.where(there, points, 0.0).sum(axis=0)) / np.maximum(
            self.full + there.sum(axis=0), 1
        )

    def crossings(self, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest shares below and above today's (both n x J) at which each row changes sides; NaN where none does."""
        made = [self._brackets(factor, now[factor]) for factor in range(len(now))]
        rows, factors, beyond, near = (np.concatenate(part) for part in zip(*made, strict=True))
        found = np.full((2, *self.ends[0].shape), np.nan)
        if len(rows):
            to = self._narrow(rows, factors, beyond, near)
            found[(beyond > near).astype(int), rows, factors] = to
        return found[0], found[1]

    def _brackets(self, factor: int, now: float) -> tuple[np.ndarray, ...]:
        """Rows, factor, and a share on the other side beside one on this, for each row that changes sides."""
        at = np.unique(np.append(GRID, now))
        today = int(np.searchsorted(at, now))
        zero, one, weight0, weight1 = (end[:, [factor]] for end in self.ends)
        heights = zero * (1 - at) + one * at
        bent = ~self.whole
        heights[bent] = _quotient(zero[bent], one[bent], weight0[bent], weight1[bent], at)
        heights -= self._line(np.full(len(at), factor), at)
        up = heights > matrix.EQUAL
        other = (up != up[:, [today]]) & ~np.isnan(heights) & ~np.isnan(heights[:, [today]])
        parts = []
        for side, step in ((other[:, today::-1], -1), (other[:, today:], 1)):
            rows = np.flatnonzero(side.any(axis=1))
            spots = today + step * side[rows].argmax(axis=1)
            parts.append((rows, np.full(len(rows), factor), at[spots], at[spots - step]))
        return tuple(np.concatenate(part) for part in zip(*parts, strict=True))

    def _narrow(
        self, rows: np.ndarray, factors: np.ndarray, beyond: np.ndarray, near: np.ndarray
    ) -> np.ndarray:
        """Between a share on the other side and one on this: the least move to the other (regula falsi, Illinois)."""
        own = tuple(end[rows, factors] for end in self.ends)

        def height(to: np.ndarray) -> np.ndarray:
            return _quotient(*own, to) - self._line(factors, to) - matrix.EQUAL

        a, b, fa, fb = near, beyond, height(near), height(beyond)
        wanted, last = fb > 0, np.zeros(len(rows))
        for _ in range(STEPS):
            if ((np.abs(b - a) <= 2 * NEAR) | (np.abs(fb) <= NEAR)).all():
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                middle = b - fb * (b - a) / (fb - fa)
            between = (middle >= np.minimum(a, b)) & (middle <= np.maximum(a, b))
            middle = np.where(between, middle, (a + b) / 2)
            least = NEAR * np.sign(
                b - a
            )  # a step that is seen, where one end is at the crossing already
            middle = np.where(np.abs(middle - a) < NEAR, a + least, middle)
            here = height(middle)
            hit = (here > 0) == wanted
            fa, fb = np.where(hit & (last > 0), fa / 2, fa), np.where(~hit & (last < 0), fb / 2, fb)
            a, fa = np.where(hit, a, middle), np.where(hit, fa, here)
            b, fb = np.where(hit, middle, b), np.where(hit, here, fb)
            last = np.where(hit, 1.0, -1.0)
        return b


def _quotient(*given: np.ndarray) -> np.ndarray:
    """Points over weight, both a straight line in the share; NaN where there is no weight."""
    zero, one, weight0, weight1, to = given
    weight = weight0 + (weight1 - weight0) * to
    points = zero + (one - zero) * to
    return np.divide(points, weight, out=np.full(points.shape, np.nan), where=weight > 1e-12)


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
    starts = (from_root & (root >= -matrix.EQUAL)).any(
        axis=1
    )  # there is a share at which the lead begins,
    ends = (to_root & (root <= 1 + matrix.EQUAL)).any(axis=1)  # and one at which it ends
    never = (counted & flat & (zero <= matrix.EQUAL)).any(axis=1)
    never |= (low > 1) | (high < 0) | (high - low <= matrix.EQUAL)
    before, after = shares <= low + matrix.EQUAL, shares >= high - matrix.EQUAL
    to_low = np.where(starts, np.abs(low - shares), np.inf)
    to_high = np.where(ends, np.abs(high - shares), np.inf)
    inner = np.where(to_low <= to_high, low, high)
    begins, stops = np.maximum(low, shares + HAIR), np.minimum(high, shares - HAIR)
    to = np.where(before & starts, begins, np.where(after & ends, stops, inner))
    possible = (
        held
        & (held.sum(axis=1) > 1)[:, None]
        & ~never
        & (starts | ends)
        & np.asarray(there.any(axis=1))[:, None]
    )
    return np.where(possible, to, np.nan)
