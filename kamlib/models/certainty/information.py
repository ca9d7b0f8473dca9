"""What to find out first: how much surer each unknown score, once known, makes a customer's box."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import factors, kaism
from kamlib.models.certainty.axes import Axis, attractiveness, strength
from kamlib.models.certainty.exact import Array
from kamlib.models.certainty.weights import steps
from kamlib.models.matrix import EQUAL, MIDPOINT
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES, US

LEVELS = np.arange(1.0, 10.25, 0.5)  # what an unknown score can be, each as likely as the others
MIDDLE = (LEVELS[0] + LEVELS[-1]) / 2
MOST = 512  # so many ways for the other unknown scores are looked at
COLUMNS = ["segment", "customer", "name", "model", "factor", "label", "supplier"]
WORTH = ["worth", "sure_now", "sure_then", "together", "box"]
NOTHING = (0.0, np.nan, np.nan, 0.0, "")
Key = tuple[str, str, str]  # model, factor, supplier
Worth = tuple[float, float, float, float, str]


@model
def find_first(book: Book) -> pd.DataFrame:
    """Every unknown score, the one that would clear up most first.

    Columns: COLUMNS, WORTH and words (a sentence). With the team's weights, and every unknown score
    anything from 1 to 10: sure_now is the chance of the likeliest box (0 to 1), sure_then the same
    once this score is known, on average; worth = sure_then - sure_now (value of information, Howard
    1966); together: how much nearer to one box it brings the chances even where it settles none by
    itself (gain of their sum of squares). The line takes the other customers' unknown scores at
    their middle. A customer without any competitor has one line that asks who else there is.
    """
    listed = kaism.unknowns(book)
    asked, found = set(listed["customer"]), dict[tuple[str, ...], Worth]()
    for segment in kaism.segments(book):
        found |= dict(_worth(book, segment, asked))
    keys = zip(*(listed[c] for c in ("customer", "model", "factor", "supplier")), strict=True)
    worth = pd.DataFrame([found.get(key, NOTHING) for key in keys], listed.index, WORTH)
    table = listed[COLUMNS].join(worth.round({"worth": 9, "together": 9}))
    words = [_words(row) for row in table.to_dict("records")]
    table = table.assign(words=pd.Series(words, table.index, dtype=object))
    return table.sort_values(
        ["worth", "together"], ascending=False, kind="stable", ignore_index=True
    )


def _words(row: dict[str, Any]) -> str:
    name = row["name"] or row["customer"]
    if row["worth"] > 0.005:
        now, then = 100 * row["sure_now"], 100 * row["sure_then"]
        return f"We are {now:.0f} % sure where {name} stands; with this, {then:.0f} %."
    if row["together"] > 0.005:
        return (
            f"Settles nothing about {name} by itself, but together with its other unknown scores."
        )
    return f"Changes nothing about {name}, whatever it turns out to be."


def _worth(book: Book, segment: str, asked: set[str]) -> Iterator[tuple[tuple[str, ...], Worth]]:
    """What each unknown cell (customer, model, factor, supplier) would clear up, as in WORTH."""
    up, right = attractiveness(book, segment), strength(book, segment)
    seen, must = kaism.positions(book, segment), _least(book, segment)
    customers, alone = seen["customer"].to_numpy(), seen["no_rival"].to_numpy(bool)
    middle = (np.where(np.isnan(up.ours), MIDDLE, up.ours) * up.shares).sum(axis=1)
    line, own = np.full(len(middle), MIDPOINT), np.ones((1, 1))
    if up.mean:  # of which a customer's own score is a part
        count = max(int(up.inside.sum()), 1)
        line, own = (middle[up.inside].sum() - middle) / count, own - 1 / count
    for row in np.flatnonzero(seen["customer"].isin(asked) & up.inside).tolist():
        shares = up.shares[row]
        spots, high, highs = _outcomes(up.ours[[row]], shares, own, line[row], must[[row]])
        keys, ahead, aheads = _right(right, row, alone[row])
        keys = [("attractiveness", up.factors[row, j], "") for _, j in spots] + keys
        now = _boxes(high, ahead)
        sure, box = float(now.max()), [*BOXES, ""][int(now.argmax())]
        for key, then in zip(keys, [*_boxes(highs, ahead), *_boxes(high, aheads)], strict=True):
            later = max(float(then.max(axis=-1).mean()), sure)
            together = float((then**2).sum(axis=-1).mean() - (now**2).sum())
            yield (customers[row], *key), (later - sure, sure, later, max(together, 0.0), box)


def _boxes(up: Array, right: Array) -> Array:
    """The chances of the four boxes and of none (... x 5); up and right are as in `_outcomes`."""
    four = [up[..., i] * right[..., j] for i in (0, 1) for j in (0, 1)]
    return np.stack([*four, np.broadcast_to(up[..., 2], four[0].shape)], axis=-1)


def _least(book: Book, segment: str) -> Array:
    """The least that each attractiveness score may be (n x J), NaN where it may be anything."""
    customers, asked = factors.members(book, segment)["customer"], factors.asked(book, segment)
    must, waived = np.array([asked.musts] * len(customers)), kaism.waivers(book)
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
    apart = np.vstack([np.ones(len(cells) - 1), -np.eye(len(cells) - 1)])
    nothing = np.full(cells.shape, np.nan)
    spots, now, then = _outcomes(cells, axis.shares[row, own], apart, 0.0, nothing)
    names, who = axis.factors[row, own], [US, *axis.suppliers[row, rivals]]
    return [("strength", names[j], who[k]) for k, j in spots], now, then


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
