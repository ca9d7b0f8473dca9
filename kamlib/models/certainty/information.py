"""What to find out first: how much surer each unknown score, once known, makes a customer's box."""

import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from kamlib.models import factors, kaism
from kamlib.models.certainty.axes import Axis, attractiveness, stacked, strength
from kamlib.models.certainty.exact import Array
from kamlib.models.certainty.weights import steps
from kamlib.models.matrix import EQUAL, MIDPOINT
from kamlib.models.scoring import DIGITS
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES, US

LEVELS = np.arange(1.0, 10.25, 0.5)  # what an unknown score can be, each as likely as the others
MIDDLE = (LEVELS[0] + LEVELS[-1]) / 2
MOST = 512  # so many ways for the other unknown scores are looked at
COLUMNS = ["segment", "customer", "name", "model", "factor", "label", "supplier"]
WORTH = ["worth", "sure_now", "sure_then", "together", "box"]
OUTCOMES = ["segment", "customer", *BOXES, "out"]
NOTHING = (0.0, np.nan, np.nan, 0.0, "")
Key = tuple[str, str, str]  # model, factor, supplier
Worth = tuple[float, float, float, float, str]


class Unknown(NamedTuple):
    """What is unknown of the customer in a row, and how likely it is up and right, now and then."""

    row: int
    cells: list[Key]
    up: Array
    right: Array
    up_then: Array
    right_then: Array


@model
def find_first(book: Book) -> pd.DataFrame:
    """Every unknown score, the one that would clear up most first.

    Columns: COLUMNS and WORTH; `verdict.homework` says it in words. With the team's weights, and
    every unknown score anything from 1 to 10: sure_now is the chance of the likeliest box (0 to 1),
    sure_then the same once this score is known, on average; worth = sure_then - sure_now (value of
    information, Howard 1966); together: how much nearer to one box it brings the chances even where
    it settles none by itself (gain of their sum of squares). The line takes the other customers'
    unknown scores at their middle. A customer without any competitor has one line that asks who
    else there is.
    """
    listed, found = kaism.unknowns(book), dict[tuple[str, ...], Worth]()
    for segment in kaism.segments(book):
        found |= _worth(book, segment)
    keys = zip(*(listed[c] for c in ("customer", "model", "factor", "supplier")), strict=True)
    worth = pd.DataFrame([found.get(key, NOTHING) for key in keys], listed.index, WORTH)
    table = listed[COLUMNS].join(worth.round({"worth": 9, "together": 9}))
    return table.sort_values(
        ["worth", "together"], ascending=False, kind="stable", ignore_index=True
    )


@model
def outcomes(book: Book) -> pd.DataFrame:
    """Where each customer could come out once all that is unknown is known, a row a customer.

    Columns: OUTCOMES. With the team's weights, and every unknown score anything from 1 to 10: the
    chance of each box and of being ruled out (0 to 1). Of a customer without an unknown score of
    its own only the line moves, with the unknown scores of the others. NaN where it is out already,
    or nothing is known of it.
    """
    return pd.DataFrame(stacked(book, OUTCOMES, _outcomes_of))


def _outcomes_of(book: Book, segment: str) -> list[Array]:
    """The columns of `outcomes` for one segment."""
    seen, unknown = kaism.points(book, segment), [*_unknown(book, segment)]
    chances = _settled(book, segment)
    if unknown:
        up, right = np.array([each.up for each in unknown]), np.array([e.right for e in unknown])
        chances[[each.row for each in unknown]] = _boxes(up, right)
    chances[seen["ruled_out"]] = np.nan
    return [seen["segment"], seen["customer"], *chances.T]


@model
def _worth(book: Book, segment: str) -> dict[tuple[str, ...], Worth]:
    """WORTH of each unknown cell: customer, model, factor, supplier."""
    customers, worth = kaism.points(book, segment)["customer"], dict[tuple[str, ...], Worth]()
    for one in _unknown(book, segment):
        now, known = _boxes(one.up, one.right), _boxes(one.up_then, one.right)
        sure, box = float(now.max()), [*BOXES, ""][int(now.argmax())]
        for key, then in zip(one.cells, [*known, *_boxes(one.up, one.right_then)], strict=True):
            later = max(float(then.max(axis=-1).mean()), sure)
            together = float((then**2).sum(axis=-1).mean() - (now**2).sum())
            worth[customers[one.row], *key] = (later - sure, sure, later, max(together, 0.0), box)
    return worth


def _unknown(book: Book, segment: str) -> Iterator[Unknown]:
    """Each customer that stays in and of which something is unknown."""
    up, right = attractiveness(book, segment), strength(book, segment)
    seen, must, middle = kaism.points(book, segment), _least(book, segment), _middle(up)
    line, own = np.full(len(middle), MIDPOINT), 1.0
    if up.mean:  # of which a customer's own score is a part
        count = max(int(up.inside.sum()), 1)
        line, own = (middle[up.inside].sum() - middle) / count, 1 - 1 / count
    held, rivals = right.weights > 0, right.suppliers != ""
    blank = np.isnan(up.ours).any(axis=1) | ((seen["rivals"] == 0) & ~seen["no_rival"])
    blank |= (np.isnan(right.ours) & held).any(axis=1) & rivals.any(axis=1)
    blank |= (np.isnan(right.theirs) & held[:, None] & rivals[:, :, None]).any(axis=(1, 2))
    for row in np.flatnonzero(up.inside & blank).tolist():
        cells = (each[row].tobytes() for each in (up.ours, up.shares, must))
        spots, above, above_then = _over(float(line[row]), *_heights(*cells, own))
        named: list[Key] = [("attractiveness", up.factors[row, j], "") for j in spots]
        asked, ahead, ahead_then = _right(right, row, seen["no_rival"][row])
        yield Unknown(row, named + asked, above, ahead, above_then, ahead_then)


def _settled(book: Book, segment: str) -> Array:
    """The chances of the boxes (n x 5) of customers of which nothing is unknown."""
    up, seen = attractiveness(book, segment), kaism.points(book, segment)
    ahead = 1.0 * (seen["no_rival"] | (seen["x"] > EQUAL))[:, None]
    high = _above(up, _least(book, segment), _middle(up))
    return _boxes(high, np.hstack([ahead, 1 - ahead]))


def _middle(up: Axis) -> Array:
    """The height of each customer with what is unknown at its middle (n)."""
    return np.asarray((np.where(np.isnan(up.ours), MIDDLE, up.ours) * up.shares).sum(axis=1))


def _above(up: Axis, must: Array, height: Array) -> Array:
    """How likely each customer is up, down and out (n x 3) while its own height is what it is.

    The line moves with what the unknown scores of the others turn out to be.
    """
    line = np.full((1, 1), MIDPOINT)
    if up.mean:
        spots = np.argwhere(np.isnan(up.ours) & (up.shares > 0) & up.inside[:, None])
        whose = 1.0 * (spots[:, :1] == np.arange(len(height)))  # u x n
        ways, cell = _fillings(len(spots)), tuple(spots.T)
        heights = height + ((ways - MIDDLE) * up.shares[cell]) @ whose  # ways x n
        counted = up.inside & ((1.0 * (ways < must[cell])) @ whose == 0)
        line = (heights * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
        line = np.round(line, DIGITS)[:, None]
    share = np.count_nonzero(height - line > EQUAL, axis=0) / len(line)
    return np.column_stack([share, 1 - share, np.zeros(len(height))])


def _boxes(up: Array, right: Array) -> Array:
    """The chances of the four boxes and of none (... x 5); up and right are as in `_outcomes`."""
    four = [up[..., i] * right[..., j] for i in (0, 1) for j in (0, 1)]
    return np.stack([*four, np.broadcast_to(up[..., 2], four[0].shape)], axis=-1)


@model
def _least(book: Book, segment: str) -> Array:
    """The least that each attractiveness score may be (n x J), NaN where it may be anything."""
    customers, asked = factors.members(book, segment)["customer"], factors.asked(book, segment)
    must, waived = np.repeat(asked.musts[None], len(customers), axis=0), kaism.waivers(book)
    for row, customer in enumerate(customers):
        off = [(customer, f) in waived or (customer, "") in waived for f in asked.names]
        must[row, off] = np.nan
    return must


def _right(axis: Axis, row: int, alone: bool) -> tuple[list[Key], Array, Array]:
    """What is unknown of one customer, and how likely we are ahead of all or not, now and then."""
    rivals, own = axis.suppliers[row] != "", axis.factors[row] != ""
    if alone:
        return [], np.array([1.0, 0.0, 0.0]), np.empty((0, 1, 3))
    if not (rivals.any() and own.any()):  # who it is settles it, one way or the other
        return [("strength", kaism.WHO_ELSE, "")], np.array([0.5, 0.5, 0.0]), np.eye(3)[None, :2]
    cells = np.vstack([axis.ours[row], axis.theirs[row, rivals]])[:, own]
    spots, now, then = _ahead(cells.tobytes(), axis.shares[row, own].tobytes(), len(cells))
    names, who = axis.factors[row, own], [US, *axis.suppliers[row, rivals]]
    return [("strength", names[j], who[k]) for k, j in spots], now, then


@lru_cache(maxsize=4096)  # an edit changes the cells of one customer, and the line of all
def _heights(
    cells: bytes, shares: bytes, floor: bytes, own: float
) -> tuple[Array, Array, Array, list[Array]]:
    """The unknown of these scores, its slope and least, and the heights without it in order.

    cells, shares and floor are bytes of J doubles, floor as in `_outcomes`; own is how much of its
    score is a customer's height over the line. Heights that are out whatever it is are left out.
    """
    scores, share, least = (np.frombuffer(each) for each in (cells, shares, floor))
    spots = np.flatnonzero(np.isnan(scores) & ((share > 0) | ~np.isnan(least)))
    slope, least, ways = share[spots] * own, least[spots], _fillings(len(spots))
    parts, short = ways * slope, ways < least
    heights = np.where(np.isnan(scores), 0.0, scores) @ share * own + parts.sum(axis=1)
    counted = [short.sum(axis=1) == short[:, n] for n in range(len(spots))]
    kept = [np.sort((heights - part)[on]) for part, on in zip(parts.T, counted, strict=True)]
    return spots, slope, least, kept or [np.sort(heights)]


def _over(
    line: float, spots: Array, slope: Array, least: Array, heights: list[Array]
) -> tuple[Array, Array, Array]:
    """`_outcomes` of what `_heights` answers, over a line."""
    if not len(spots):
        up = float(heights[0][0] - line > EQUAL)
        return spots, np.array([up, 1 - up, 0.0]), np.empty((0, len(LEVELS), 3))
    then, count = np.empty((len(spots), len(LEVELS), 3)), len(_fillings(len(spots)))
    for n, each in enumerate(heights):
        low = least[n] > LEVELS
        above = len(each) - np.searchsorted(each, line + EQUAL - slope[n] * LEVELS, side="right")
        then[n, :, 0] = np.where(low, 0, above) / count
        then[n, :, 2] = np.where(low, count, count - len(each)) / count
    then[..., 1] = 1 - then[..., 0] - then[..., 2]
    return spots, then.mean(axis=1).mean(axis=0), then


@lru_cache(maxsize=4096)
def _ahead(cells: bytes, shares: bytes, suppliers: int) -> tuple[Array, Array, Array]:
    """`_outcomes` of our scores over each competitor's; cells and shares are bytes of doubles."""
    scores, apart = np.frombuffer(cells).reshape(suppliers, -1), -np.eye(suppliers - 1)
    nothing = np.full(scores.shape, np.nan)
    return _outcomes(
        scores, np.frombuffer(shares), np.vstack([np.ones(suppliers - 1), apart]), 0.0, nothing
    )


def _outcomes(
    cells: Array, share: Array, apart: Array, line: float, floor: Array
) -> tuple[Array, Array, Array]:
    """The unknown of these cells (u x 2), and how likely up, down and out are now (3) and then.

    cells: K x J scores; share: J, of the weights; apart: K x R, how much each of the K means counts
    in each of R heights over the line, all of which have to be above 0; floor: K x J, the least a
    cell may be (else out), NaN where it may be anything. then: u x levels x 3, with a cell known.
    """
    spots = np.argwhere(np.isnan(cells) & ((share > 0) | ~np.isnan(floor)))
    slope = share[spots[:, 1], None] * apart[spots[:, 0]]  # u x R
    ways, least = _fillings(len(spots)), floor[tuple(spots.T)]  # ways x u
    known = np.where(np.isnan(cells), 0.0, cells) @ share
    heights, short = (known @ apart - line)[:, None] + slope.T @ ways.T, ways < least
    then = np.empty((len(spots), len(LEVELS), 3))
    for n, gain in enumerate(slope):
        moved = heights[:, None] + gain[:, None, None] * (LEVELS[:, None] - ways[:, n])
        others = short.sum(axis=1) > short[:, n]
        then[n] = _shares(moved, others | (LEVELS[:, None] < least[n]))
    now = then.mean(axis=1).mean(axis=0) if len(spots) else _shares(heights, short.sum(axis=1) > 0)
    return spots, now, then


def _shares(heights: Array, out: Array) -> Array:
    """How many of the ways (R x ... x ways heights) are up, down and out: ... x 3."""
    up = (heights > EQUAL).all(axis=0) & ~out
    parts = [np.count_nonzero(part, axis=-1) for part in (up, ~up & ~out, out)]
    return np.stack(parts, axis=-1) / out.shape[-1]


def _fillings(count: int) -> Array:
    """Ways in which so many unknown scores can turn out, spread evenly: ways x count."""
    if count <= 2:
        return np.array(list(itertools.product(LEVELS, repeat=count)))
    spots = np.arange(1, MOST + 1)[:, None] * steps(count)
    return LEVELS[((spots - np.floor(spots)) * len(LEVELS)).astype(int)]
