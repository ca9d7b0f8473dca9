"""The chance of each box for each customer, over the weights there could be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.memory import remembered_while_equal
from kamlib.models import kaism, matrix
from kamlib.models.certainty import draws, exact
from kamlib.models.certainty.rivals import Rivals, rivals, undominated
from kamlib.workbook.book import Book, model
from kamlib.workbook.settings import Settings

COLUMNS = ["segment", "customer", "name", "p_up", "p_right", "exact", "error"]
BLOCK = 256  # so many weights at a time stay near the processor


@dataclass(frozen=True)
class Spread:
    """Which weights there could be: `any`, all that agree with the team's `ranked` order, or `around` the team's own."""

    known: str
    sure: int

    def counts(self, weights: np.ndarray) -> np.ndarray:
        """Dirichlet counts for these weights (... x J): one each, or so many in all as the team is sure."""
        held = weights > 0
        if self.known != "around":
            return held.astype(int)
        total = np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)
        return np.where(held, np.maximum(np.rint(self.sure * weights / total), 1), 0).astype(int)

    def plain(self, coefficients: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and counts (both n x J) that answer for such weights as if nothing but the counts were known."""
        if self.known == "ranked":
            return exact.corners(coefficients, weights)
        return coefficients, self.counts(weights)

    def above(self, coefficients: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """P(row . w > 0) for each row (n x J), exactly; `weights` are n x J or hold for all rows."""
        return exact.above(*self.plain(coefficients, np.broadcast_to(weights, coefficients.shape)))

    def drawn(self, weights: np.ndarray) -> np.ndarray:
        """Such weights, COUNT x J."""
        spots, counts = self.plain(
            np.eye(len(weights)), np.broadcast_to(weights, (len(weights),) * 2)
        )
        return draws.weights(tuple(counts[0].tolist())) @ spots.T


def spread(settings: Settings) -> Spread:
    """What the settings say of the weights."""
    return Spread(settings.weights_known, settings.sure)


@model
def chances(book: Book) -> pd.DataFrame:
    """The chance of standing above and to the right of the lines, a row a customer of the segment(s).

    Columns: COLUMNS. p_up, p_right: 0 to 1 (NaN where the customer stands nowhere on that axis); exact: both are
    closed forms; error: what 95 of 100 shares of draws are within, 0 where exact. The two axes have weights of
    their own, so the chance of a box is the product.
    """
    parts = [_of_segment(book, segment) for segment in kaism.segments(book)]
    if len(parts) == 1:
        return parts[0]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _of_segment(book: Book, segment: str) -> pd.DataFrame:
    seen = kaism.positions(book, segment)
    up, sure_up = attractive(book, segment)
    right, sure_right = strong(book, seen)
    both = sure_up & sure_right
    out = seen["ruled_out"].to_numpy(bool)
    return pd.DataFrame(
        {c: seen[c].to_numpy() for c in ("segment", "customer", "name")}
        | {
            "p_up": np.where(out, np.nan, up),
            "p_right": np.where(out, np.nan, right),
            "exact": both,
            "error": np.where(both, 0.0, draws.ERROR),
        }
    )


@model
def cells(book: Book, segment: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The attractiveness scores of a segment (customers x factors), the weights and the labels of the factors."""
    own, seen = kaism.asked(book, segment), kaism.positions(book, segment)
    table = pd.DataFrame(kaism.grid(book, segment), pd.Index(seen["customer"]), pd.Index(own.names))
    return table, own.weights, own.labels


def attractive(book: Book, segment: str) -> tuple[np.ndarray, np.ndarray]:
    """P(above the line) of each customer of a segment, in the order of `kaism.positions`, and whether it is exact."""
    seen = kaism.positions(book, segment)
    table, weights, _ = cells(book, segment)
    grid, inside = table.to_numpy(float), ~seen["ruled_out"].to_numpy(bool)
    nowhere = seen["y"].isna().to_numpy()
    if not weights.sum() > 0 or not (inside & ~nowhere).any():
        return np.full(len(seen), np.nan), np.ones(len(seen), bool)
    p, sure = up(
        grid, weights, inside & ~nowhere, spread(book.settings), book.settings.line == "midpoint"
    )
    return np.where(nowhere, np.nan, p), np.full(len(seen), sure)


def up(
    grid: np.ndarray, weights: np.ndarray, counted: np.ndarray, known: Spread, midpoint: bool
) -> tuple[np.ndarray, bool]:
    """P(above the line) for each row of scores (n x J, NaN unknown), and whether the answers are exact.

    `counted`: whose scores make the line; nothing is said of the others. A row's unknown scores are left out of
    its own mean, so with a line at the mean the weights enter as a quotient, and only draws give an answer.
    """
    if midpoint:
        return known.above(np.nan_to_num(grid - matrix.MIDPOINT), weights), True
    partly = (np.isnan(grid) & (weights > 0)).any(axis=1)
    if not partly[counted].any():
        return known.above(np.nan_to_num(grid - grid[counted].mean(axis=0)), weights), True
    drawn, filled = known.drawn(weights).T, np.where(np.isnan(grid), 0.0, grid)
    there, hits = (~np.isnan(grid[partly])).astype(float), np.zeros(len(grid), dtype=np.intp)
    for start in range(0, drawn.shape[1], BLOCK):
        some = drawn[:, start : start + BLOCK]
        points = filled @ some
        with np.errstate(invalid="ignore", divide="ignore"):
            points[partly] /= there @ some
        own = points[counted]
        known_there = ~np.isnan(own)
        own[~known_there] = 0.0
        points -= own.sum(axis=0) / np.maximum(known_there.sum(axis=0), 1)
        hits += np.count_nonzero(points > matrix.EQUAL, axis=1)
    return hits / drawn.shape[1], False


def heights(grid: np.ndarray, drawn: np.ndarray, counted: np.ndarray, midpoint: bool) -> np.ndarray:
    """How far each row of scores (n x J, NaN unknown) stands above the line for each of D weights (D x J): n x D."""
    with np.errstate(invalid="ignore", divide="ignore"):
        y = (np.nan_to_num(grid) @ drawn.T) / ((~np.isnan(grid)).astype(float) @ drawn.T)
    if midpoint:
        return y - matrix.MIDPOINT
    there = counted[:, None] & ~np.isnan(y)
    return y - np.where(there, y, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)


def strong(book: Book, seen: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """P(stronger than every competitor) of each customer in `seen`, over its own weights, and whether it is exact."""
    block = rivals(book, seen["customer"])
    led, sure = _led(block, spread(book.settings))
    at = block.at(seen["customer"])
    p = np.where(at >= 0, np.append(led, np.nan)[at], np.nan)
    alone = seen["no_rival"].to_numpy(bool)
    return np.where(alone, 1.0, p), np.append(sure, True)[at] | alone


@remembered_while_equal
def _led(block: Rivals, known: Spread) -> tuple[np.ndarray, np.ndarray]:
    return leads(block.margins, block.there, block.weights, known)


def leads(
    margins: np.ndarray, there: np.ndarray, weights: np.ndarray, known: Spread
) -> tuple[np.ndarray, np.ndarray]:
    """P(every margin > 0) for each customer, and whether it is exact; NaN where there is no competitor.

    margins: n x R x J; there: n x R, which competitors there are; weights: n x J. With one competitor that can
    be the best it is the closed form, with several the share of the same fixed weights for all customers.
    """
    margins = np.where((weights > 0)[:, None, :], margins, 0.0)
    left = undominated(margins, there)
    p, several = np.where(there.any(axis=1), 1.0, np.nan), left.sum(axis=1) > 1
    behind = (left & (margins <= exact.EQUAL).all(axis=2)).any(
        axis=1
    )  # behind whatever the weights
    one = np.flatnonzero(left.any(axis=1) & ~several & ~behind)
    if len(one):
        p[one] = known.above(margins[one, left[one].argmax(axis=1)], weights[one])
    p[behind] = 0.0
    drawn = np.flatnonzero(several & ~behind)
    if len(drawn):
        p[drawn] = _shares(margins[drawn], left[drawn], weights[drawn], known)
    return p, ~(several & ~behind)


def _shares(
    margins: np.ndarray, left: np.ndarray, weights: np.ndarray, known: Spread
) -> np.ndarray:
    """The share of the fixed weights for which all these margins are above 0.

    margins: n x R x J, left: n x R, which of them count. Competitor by competitor and a block of weights at a time,
    so that what is compared stays near the processor.
    """
    count, most, width = margins.shape
    first = left.argmax(axis=1)
    own = np.where(
        left[:, :, None], margins, margins[np.arange(count), first][:, None, :]
    )  # who does not count: the first again
    last = int(np.flatnonzero(left.any(axis=0)).max(initial=0)) + 1
    own = own[:, :last]
    flat = own.transpose(1, 0, 2).reshape(-1, width)  # competitor first
    table, counts = known.plain(flat, np.tile(weights, (own.shape[1], 1)))
    rows, parts = (
        exact.repeated(table, counts).reshape(own.shape[1], count, -1),
        counts.sum(axis=1)[:count],
    )
    made = np.empty(count)
    for length in np.unique(parts):
        mine = np.flatnonzero(parts == length)
        each, hits = rows[:, mine, :length], np.zeros(len(mine), dtype=np.intp)
        sticks = draws.sticks(int(length)).T
        for start in range(0, draws.COUNT, BLOCK):
            some = sticks[:, start : start + BLOCK]
            least = each[0] @ some
            for other in each[1:]:
                np.minimum(least, other @ some, out=least)
            hits += np.count_nonzero(least > matrix.EQUAL, axis=1)
        made[mine] = hits / draws.COUNT
    return made
