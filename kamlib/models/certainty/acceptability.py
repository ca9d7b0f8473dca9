"""The chance of each box over the weights there could be, and who would see a customer so."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from kamlib.models import factors, kaism
from kamlib.models.certainty import exact
from kamlib.models.certainty.axes import attractiveness, means, stacked, strength
from kamlib.models.certainty.exact import Array, Pair
from kamlib.models.certainty.weights import COUNT, ERROR, Spread, spread
from kamlib.models.matrix import EQUAL
from kamlib.workbook.book import Book, model

CHANCES = ["segment", "customer", "name", "p_up", "p_right", "exact", "error"]
OPINIONS = ["segment", "customer", "name", "factor", "label", "share", "above", "below"]
BLOCK, ROWS = 256, 64  # so many weights, or competitors, at a time stay near the processor


@model
def chances(book: Book) -> pd.DataFrame:
    """The chance of standing above and to the right of the lines, a row a customer.

    Columns: CHANCES. p_up, p_right: 0 to 1 (NaN where the customer stands nowhere on that axis);
    exact: both are closed forms; error: what 95 of 100 shares of draws are within, 0 where exact.
    The two axes have weights of their own, so the chance of a box is the product.
    """
    return pd.DataFrame(stacked(book, CHANCES, box_chances))


@model
def box_chances(book: Book, segment: str) -> list[Array]:
    """The columns of `chances` for one segment."""
    seen = kaism.points(book, segment)
    out, alone = seen["ruled_out"], seen["no_rival"]
    (up, up_exact), (right, right_exact) = (f(book, segment) for f in (above_line, ahead))
    closed = up_exact & (right_exact | alone)
    shares = np.where(out, np.nan, [up, np.where(alone, 1.0, right)])
    about = [seen[c] for c in CHANCES[:3]]
    return [*about, *shares, closed, np.where(closed, 0.0, ERROR)]


@model
def above_line(book: Book, segment: str) -> Pair:
    """P(above the line of attractiveness) of each customer (n, NaN unknown); is it exact (n)?"""
    axis, known = attractiveness(book, segment), spread(book.settings)
    if not (axis.bends & (axis.weights > 0)).any():
        share, closed = lead_chances(axis.margins, axis.weights, known)
    else:
        drawn, closed = known.drawn(axis.weights[0]), np.zeros(len(axis.ours), dtype=bool)
        blocks = (axis.heights(drawn[at : at + BLOCK]) for at in range(0, COUNT, BLOCK))
        share = sum(np.count_nonzero(block > EQUAL, axis=1) for block in blocks) / COUNT
    return np.where(np.isnan(axis.lead[:, 0]), np.nan, share), closed


@model
def ahead(book: Book, segment: str) -> Pair:
    """P(stronger than every competitor) of each customer (n, NaN unknown); is it exact (n)?"""
    axis = strength(book, segment)
    return lead_chances(axis.margins, axis.weights, spread(book.settings))


def lead_chances(margins: Array, weights: Array, known: Spread) -> Pair:
    """P(every mean margin > 0) of each customer (n, NaN without a competitor), and is it exact (n).

    margins: n x R x J, NaN where unknown or without weight; weights: n x J. One competitor that can
    be the best is the closed form; several are the share of the sample, the same for all customers.
    """
    filled, there = np.nan_to_num(margins), ~np.isnan(margins).all(axis=2)
    best = _undominated(filled, there)
    behind = (best & (filled <= EQUAL).all(axis=2)).any(axis=1)  # whatever the weights
    share = np.where(behind, 0.0, np.where(there.any(axis=1), 1.0, np.nan))
    several = (best.sum(axis=1) > 1) & ~behind
    one = np.flatnonzero(best.any(axis=1) & ~several & ~behind)
    share[one] = known.above(filled[one, best[one].argmax(axis=1)], weights[one])
    rows = np.flatnonzero(several)
    asked = np.where(best[rows, :, None], margins[rows], np.nan)
    for some, lead in leads(asked, weights[rows], known):
        share[rows[some]] = np.count_nonzero(lead > EQUAL, axis=1) / COUNT
    return share, ~several


def _undominated(margins: Array, there: Array) -> Array:
    """The competitors (n x R) that can be the best for some weights: no other is always closer."""
    closer = np.asarray(
        (margins[:, :, None] <= margins[:, None]).all(axis=3)
    )  # n x this one x than that one
    first = np.triu(np.ones(closer.shape[1:], dtype=bool), 1)  # of two alike the first counts
    beaten = there[:, :, None] & closer & (~closer.swapaxes(1, 2) | first)
    return there & ~beaten.any(axis=1)


def leads(margins: Array, weights: Array, known: Spread) -> Iterator[Pair]:
    """The least mean margin for a sample of each customer's weights: rows, rows x COUNT.

    margins: n x R x J, NaN unknown; weights: n x J. Customers of the same weights come together.
    """
    _, first, group = np.unique(weights, axis=0, return_index=True, return_inverse=True)
    for number, row in enumerate(first):
        rows, drawn = np.flatnonzero(group == number), known.drawn(weights[row])
        for some in np.array_split(rows, -(-rows.size * margins.shape[1] // ROWS)):
            yield some, np.fmin.reduce(means(margins[some], drawn), axis=1)


@model
def opinions(book: Book) -> pd.DataFrame:
    """The mean weights (%) of those who would put each customer above the line, and of the others.

    Columns: OPINIONS; share is the weight today, NaN where nobody would agree. These are the
    central weights of Lahdelma and Salminen (2001): exact, or of the same sample as the chances.
    """
    return pd.DataFrame(stacked(book, OPINIONS, _opinions))


def _opinions(book: Book, segment: str) -> list[Array]:
    axis, known = attractiveness(book, segment), spread(book.settings)
    if not axis.counted.any():
        return [np.empty(0)] * len(OPINIONS)
    seen = kaism.positions(book, segment)[axis.counted]
    weights, labels = axis.weights[0], factors.asked(book, segment).labels
    if not (axis.bends & (weights > 0)).any():
        above, below = _central(np.nan_to_num(axis.margins[:, 0]), weights, known)
    else:
        drawn = known.drawn(weights)
        up = axis.heights(drawn) > EQUAL
        with np.errstate(divide="ignore", invalid="ignore"):
            above, below = ((s @ drawn) / s.sum(axis=1, keepdims=True) for s in (up, ~up))
    about = [np.repeat(seen[c].to_numpy(), weights.size) for c in OPINIONS[:3]]
    shares = [100 * side[axis.counted].ravel() for side in (axis.shares, above, below)]
    return [*about, axis.factors[axis.counted].ravel(), np.tile(labels, len(seen)), *shares]


def _central(margins: Array, weights: Array, known: Spread) -> Pair:
    """The mean weights (both n x J) of those who put each row above the line, and of the others."""
    coefficients, counts = known.plain(margins, weights)
    corners, alpha = known.plain(np.eye(len(weights)), weights)[0], counts[0]
    up, down = (exact.central(side, alpha) for side in (coefficients, -coefficients))
    nobody = np.isnan(up).all(axis=1, keepdims=True)  # on the line is below it, for everybody
    return up @ corners.T, np.where(nobody, alpha / alpha.sum(), down) @ corners.T
