"""What it would take: the least move of one weight, or change of one score, that changes a box."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from kamlib.models import factors
from kamlib.models.certainty.axes import Axis, attractiveness, labels, stacked, strength
from kamlib.models.certainty.exact import Array, Pair
from kamlib.models.matrix import EQUAL
from kamlib.models.scoring import HIGHEST, LOWEST
from kamlib.workbook.book import Book, model

CHANGES = ["customer", "axis", "factor", "label", "now", "to", "change"]
STEP = 0.5
DIGITS = 9  # of the distances that are compared
HAIR = 1e-9  # who stands on the line changes sides by a hair's breadth, in one direction
NEAR = 1e-11  # a crossing is narrowed down to this; at an end the line may jump
GRID = np.concatenate([[0, NEAR], np.linspace(0, 1, 201)[1:-1], [1 - NEAR, 1]])
CLOSE = 1e-13  # a height that is 0
HALVINGS = 30  # at most, to narrow a crossing down; nearly always one is enough


@model
def weight_flips(book: Book) -> pd.DataFrame:
    """For each customer and factor the nearest share of the weight (%) at which its box changes.

    Columns: customer, axis (attractiveness or strength), factor, label, share, to_share (in %; the
    others keep their proportions), change (the points between). Factors that change nothing are not
    there.
    """
    table = pd.DataFrame(stacked(book, CHANGES, weight_changes))
    return table.rename(columns={"now": "share", "to": "to_share"})


@model
def score_flips(book: Book) -> pd.DataFrame:
    """For each customer and factor the nearest score (1 to 10 by halves) at which its box changes.

    Columns: customer, axis (attractiveness: the customer's score; strength: ours), factor, label,
    score, to_score, change. The line moves with a score. Factors that change nothing are not there.
    """
    table = pd.DataFrame(stacked(book, CHANGES, score_changes))
    return table.rename(columns={"now": "score", "to": "to_score"})


@model
def weight_changes(book: Book, segment: str) -> list[Array]:
    """The columns CHANGES of `weight_flips` for one segment, of each customer the nearest first."""
    up, (right, _) = attractiveness(book, segment), _strength_changes(book, segment)
    below, above = (np.nan_to_num(s, nan=np.inf) for s in sides(book, segment))
    to = np.where(np.abs(below - up.shares) < np.abs(above - up.shares), below, above)
    now = [up.shares, strength(book, segment).shares]
    return _changes(book, segment, [100 * part for part in (*now, to, right)])


@model
def score_changes(book: Book, segment: str) -> list[Array]:
    """The columns CHANGES of `score_flips` for one segment, of each customer the nearest first."""
    up, (_, right) = attractiveness(book, segment), _strength_changes(book, segment)
    now = [up.ours, strength(book, segment).ours]
    return _changes(book, segment, [*now, _scores(up), right])


def _changes(book: Book, segment: str, parts: list[Array]) -> list[Array]:
    """The columns of all changes: today on both axes (n x J and n x K), and what it would take."""
    customers = factors.members(book, segment)["customer"].to_numpy()
    now, to = np.hstack(parts[:2]), np.hstack(parts[2:])
    inside = attractiveness(book, segment).inside[:, None]
    apart = np.where(inside, np.abs(to - now), np.nan)
    row, column = np.nonzero(np.isfinite(apart))
    rank = pd.factorize(customers, sort=True)[0]
    order = np.lexsort([np.round(apart[row, column], DIGITS), rank[row]])
    at = row[order], column[order]
    axis, ids, words = labels(book, segment)
    return [customers[at[0]], axis[at[1]], ids[at], words[at], now[at], to[at], apart[at]]


@model
def sides(book: Book, segment: str) -> Pair:
    """The nearest shares (0 to 1, n x J) of each attractiveness factor below and above today's.

    There a customer changes sides of the line; NaN where there is no such share.
    """
    axis = attractiveness(book, segment)
    if axis.bends.any():
        return _bent(axis)
    to = _straight(axis)
    return np.where(to < axis.shares, to, np.nan), np.where(to >= axis.shares, to, np.nan)


@model
def _strength_changes(book: Book, segment: str) -> Pair:
    """The nearest shares (0 to 1) and scores (n x J) at which we lead all, or no longer do."""
    axis = strength(book, segment)
    return _straight(axis), _scores(axis)


def _others(shares: Array) -> Array:
    """Row k: the shares of the others (... x J x J) without factor k; even if k is all there is."""
    apart = 1.0 - np.eye(shares.shape[-1])
    others = apart * shares[..., None, :]
    others = np.where(others.sum(axis=-1, keepdims=True) > 1e-12, others, apart)
    return others / np.maximum(others.sum(axis=-1, keepdims=True), 1e-12)


def _straight(axis: Axis) -> Array:
    """The nearest share of each factor (n x J) at which a customer stands on the other side.

    Its heights over the R lines are straight lines in the share; all of them are above 0 on one
    stretch of shares, from low to high. NaN where nothing changes.
    """
    now, own = axis.shares, axis.factors != ""
    one = np.where(np.isnan(axis.lead)[..., None], np.nan, np.nan_to_num(axis.margins))
    zero = one @ _others(now).transpose(0, 2, 1)
    slope = one - zero
    flat = np.abs(slope) <= EQUAL
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -zero / slope
    rising, falling = ~flat & (slope > 0), ~flat & (slope < 0)
    low = np.where(rising, root, 0.0).max(axis=1, initial=0.0)
    high = np.where(falling, root, 1.0).min(axis=1, initial=1.0)
    begins = (rising & (root >= -EQUAL)).any(axis=1)
    ends = (falling & (root <= 1 + EQUAL)).any(axis=1)
    never = (flat & (zero <= EQUAL)).any(axis=1) | (low > 1) | (high - low <= EQUAL)
    to_low = np.where(begins, np.abs(low - now), np.inf)
    to_high = np.where(ends, np.abs(high - now), np.inf)
    inner = np.where(to_low <= to_high, low, high)
    before, after = begins & (now <= low + EQUAL), ends & (now >= high - EQUAL)
    outer = np.where(before, np.maximum(low, now + HAIR), np.minimum(high, now - HAIR))
    possible = own & (axis.counted & (own.sum(axis=1) > 1))[:, None] & (begins | ends) & ~never
    return np.where(possible, np.where(before | after, outer, inner), np.nan)


def _bent(axis: Axis) -> Pair:
    """`sides` over a line at the mean of customers partly unknown.

    A customer's unknown scores are left out of its own mean, so its height is a quotient of two
    straight lines in the share. Customers with the same scores unknown are added up to one kind.
    """
    known, share, inside = ~np.isnan(axis.ours), axis.shares[0], axis.inside
    others, filled = _others(share), np.nan_to_num(axis.ours)
    lines = np.stack(
        [filled @ others.T, filled, known @ others.T, known]
    )  # points, weight; at 0, 1
    _, first, kind = np.unique(known[inside], axis=0, return_index=True, return_inverse=True)
    alike = (np.arange(len(first))[:, None] == kind).astype(float)
    members = alike.sum(axis=1)
    kinds = np.concatenate([alike @ lines[:2, inside], lines[2:, inside][:, first]])
    shares = np.sort(np.column_stack([np.tile(GRID, (share.size, 1)), share]), axis=1)
    near, beyond = np.full((2, 2, *known.shape), np.nan)
    partly, heights = np.flatnonzero(~known.all(axis=1)), np.empty((len(known), len(GRID) + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        line = EQUAL + _mean(kinds[..., None], members, shares)
        for factor, at in enumerate(shares):
            np.matmul(lines[:2, :, factor].T, [1 - at, at], out=heights)
            heights[partly] /= lines[2:, partly, factor].T @ [1 - at, at]
            today, up = int(np.searchsorted(at, share[factor])), heights > line[factor]
            other = (up != up[:, [today]]) & ~np.isnan(heights) & axis.counted[:, None]
            for side, step in enumerate((-1, 1)):
                way = other[:, today::step]
                rows = np.flatnonzero(way.any(axis=1))
                spots = today + step * way[rows].argmax(axis=1)
                near[side, rows, factor] = at[spots - step]
                beyond[side, rows, factor] = at[spots]
        _, row, column = crossing = np.nonzero(~np.isnan(beyond))
        own, lower = lines[:, row, column], kinds[..., column]
        beyond[crossing] = _root(
            lambda to: _quotient(own, to) - _mean(lower, members, to) - EQUAL,
            near[crossing],
            beyond[crossing],
        )
    return beyond[0], beyond[1]


def _quotient(lines: Array, at: Array) -> Array:
    """Points over weight, both straight lines in the share (at 0 and at 1); NaN without weight."""
    zero, one, weight0, weight1 = lines
    return (zero * (1 - at) + one * at) / (weight0 * (1 - at) + weight1 * at)


def _mean(kinds: Array, members: Array, at: Array) -> Array:
    """The mean of all customers, from the sum of each of P kinds (4 x P x ...) and its size (P)."""
    points = _quotient(kinds, at)
    there = ~np.isnan(points)
    return np.where(there, points, 0.0).sum(axis=0) / np.tensordot(members, there, axes=1)


def _root(height: Callable[[Array], Array], a: Array, b: Array) -> Array:
    """Where between shares of different sides the height is 0: regula falsi, at times a half."""
    height_a, height_b = height(a), height(b)
    wanted = height_b > 0
    for turn in range(4 * HALVINGS):
        close = np.minimum(np.abs(height_a), np.abs(height_b)) <= CLOSE
        if (close | (np.abs(b - a) <= NEAR)).all():
            break
        chord = (a * height_b - b * height_a) / (height_b - height_a)
        to = (a + b) / 2 if turn % 4 == 3 else chord
        here = height(to)
        hit = (here > 0) == wanted
        a, height_a = np.where(hit, a, to), np.where(hit, height_a, here)
        b, height_b = np.where(hit, to, b), np.where(hit, here, height_b)
    return np.where(np.abs(height_a) < np.abs(height_b), a, b)


def _scores(axis: Axis) -> Array:
    """The nearest score of ours (n x J) in steps at which a customer stands on the other side.

    To fall behind one line is enough, to lead all have to be passed. NaN where no score does it.
    """
    score, lead = axis.ours[:, None], axis.lead[:, :, None]
    behind = lead <= EQUAL
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.floor((score - lead / axis.slope) / STEP + 1e-7)
    to = STEP * np.where(behind, steps + 1, steps)
    to = np.where(~behind & (to >= score), to - STEP, to)
    to = np.where((axis.slope > 0) & (to >= LOWEST) & (to <= HIGHEST), to, np.nan)
    down = np.fmax.reduce(to, axis=1, initial=np.nan)
    up = np.where(behind, to, -np.inf).max(
        axis=1, initial=-np.inf
    )  # NaN where one cannot be passed
    return np.where(behind.any(axis=1), np.where(np.isfinite(up), up, np.nan), down)
