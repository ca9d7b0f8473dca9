"""The two axes of a matrix as bare numbers, of which every question about weights is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from kamlib.models import factors, kaism
from kamlib.models.certainty.exact import Array
from kamlib.models.matrix import MIDPOINT
from kamlib.workbook.book import Book, model

Part = Callable[[Book, str], Sequence[Array]]


def means(cells: Array, weights: Array) -> Array:
    """The mean of each row of cells (... x J, NaN unknown) over its known ones: ... x D.

    `weights` is D x J, each row adds up to 1. NaN where nothing with a weight is known.
    """
    known = ~np.isnan(cells)
    mean = np.where(known, cells, 0.0) @ weights.T
    partly = ~known.all(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean[partly] /= known[partly].astype(float) @ weights.T
    return mean


@dataclass(frozen=True, eq=False)
class Axis:
    """n customers with up to J factors each, and R lines of which each has to be above all.

    On the axis of attractiveness the line is the mean of the customers or the middle of the scale
    (R = 1), on that of strength each competitor is one. factors: n x J ids, "" beyond a customer's
    own; weights: n x J, 0 beyond; ours: n x J scores, 1 to 10; theirs: n x R x J, what is to be
    beaten; lead: n x R, how far above each line a customer stands; inside: n, is it not ruled out;
    mean: is the line the mean of the customers; suppliers: n x R ids, "" for none. NaN is unknown.
    """

    factors: Array
    weights: Array
    ours: Array
    theirs: Array
    lead: Array
    inside: Array
    mean: bool
    suppliers: Array

    @cached_property
    def shares(self) -> Array:
        """The weights as parts of 1 (n x J)."""
        return self.weights / np.maximum(self.weights.sum(axis=1, keepdims=True), 1e-300)

    @cached_property
    def counted(self) -> Array:
        """Who stands somewhere, and so makes the mean (n)."""
        return self.inside & ~np.isnan(self.lead).all(axis=1)

    @cached_property
    def margins(self) -> Array:
        """Ours minus theirs (n x R x J)."""
        return self.ours[:, None] - self.theirs

    @property
    def bends(self) -> Array:
        """The unknown scores (n x J) for which the mean bends when the weight of a factor moves."""
        return np.isnan(self.ours) & self.counted[:, None] & self.mean

    @cached_property
    def slope(self) -> Array:
        """What a point more on each score adds to each lead (n x R x J); the mean moves along."""
        weight = ~np.isnan(self.margins) * self.weights[:, None]
        moves = 1.0 - self.mean / max(int(self.counted.sum()), 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return moves * weight / weight.sum(axis=2, keepdims=True)

    def heights(self, weights: Array) -> Array:
        """How far above the one line each customer stands for each of D weights (D x J): n x D."""
        if not self.mean:
            return means(self.margins[:, 0], weights)
        y = means(self.ours, weights)
        return y - y[self.counted].mean(axis=0)

    def leads(self, row: int, weights: Array) -> Array:
        """The least lead of one customer for each of D weights of its own (D x J): D."""
        if self.mean:
            return self.heights(weights)[row]
        return np.fmin.reduce(means(self.margins[row], weights))


@model
def attractiveness(book: Book, segment: str) -> Axis:
    """The vertical axis of a segment, its customers in the order of `kaism.positions`."""
    asked, seen = factors.asked(book, segment), kaism.points(book, segment)
    scores, y, inside = factors.grid(book, segment), seen["y"], ~seen["ruled_out"]
    counted = inside & ~np.isnan(y)
    line = np.nan_to_num(scores[counted]).sum(axis=0) / max(int(counted.sum()), 1)
    line = np.full(line.shape, MIDPOINT) if book.settings.line == "midpoint" else line
    ids, weights = (np.broadcast_to(part, scores.shape) for part in (asked.names, asked.weights))
    theirs = np.broadcast_to(line, (len(y), 1, line.size))
    lead, nobody = (y - seen["y_line"])[:, None], np.full((len(y), 1), "")
    return Axis(ids, weights, scores, theirs, lead, inside, book.settings.line == "mean", nobody)


@model
def strength(book: Book, segment: str) -> Axis:
    """The horizontal axis of a segment, its customers in the order of `kaism.members`."""
    customers = factors.members(book, segment)["customer"]
    ours, theirs, weights = kaism.strength_cells(book, tuple(customers))
    subjects, suppliers = (ours.index.get_level_values(level) for level in ours.index.names)
    row, pair = pd.Index(customers).get_indexer(subjects), np.arange(len(subjects))
    rival = pair - np.maximum.accumulate(np.where(np.diff(row, prepend=-1) != 0, pair, 0))
    held = np.zeros((len(customers), weights.shape[1]))
    held[row] = weights.to_numpy(float)
    width = int((held > 0).sum(axis=1).max(initial=0))
    own = np.argsort(held <= 0, axis=1, kind="stable")[:, :width]  # a customer's own factors first
    held = np.take_along_axis(held, own, axis=1)
    us, shape = np.full(held.shape, np.nan), (*held.shape[:1], int(rival.max(initial=0)) + 1)
    them, names = np.full((*shape, width), np.nan), np.full(shape, "", dtype=object)
    asked = np.where(held > 0, 0.0, np.nan)[row]
    us[row] = asked + np.take_along_axis(ours.to_numpy(float), own[row], axis=1)
    them[row, rival] = asked + np.take_along_axis(theirs.to_numpy(float), own[row], axis=1)
    names[row, rival] = suppliers
    ids = np.where(held > 0, weights.columns.to_numpy(object)[own], "")
    axis = Axis(ids, held, us, them, us[:, :0], np.ones(len(held), dtype=bool), False, names)
    lead = (axis.slope * np.nan_to_num(axis.margins)).sum(axis=2)
    return replace(axis, lead=np.where(np.isnan(axis.margins).all(axis=2), np.nan, lead))


@model
def labels(book: Book, segment: str) -> tuple[Array, Array, Array]:
    """The axis (J + K) of the factors of both axes, their ids and their labels (n x (J + K))."""
    listed, (asked, words_of_asked) = factors.keys(book, "factors"), factors.named(book, segment)
    customers, ids = factors.members(book, segment)["customer"], strength(book, segment).factors
    keys = zip(*(listed[c] for c in ("model", "scope", "factor")), strict=True)
    known = dict(zip(keys, listed["label"], strict=True))
    own = [
        [known.get(("strength", customer, factor)) or factor for factor in row]
        for customer, row in zip(customers, ids, strict=True)
    ]
    words, shape = np.array(own, dtype=object).reshape(ids.shape), (len(ids), len(asked))
    axis = np.repeat(["attractiveness", "strength"], [shape[1], ids.shape[1]]).astype(object)
    names, shown = (np.broadcast_to(up, shape) for up in (asked, words_of_asked))
    return axis, np.hstack([names, ids]), np.hstack([shown, words])


def stacked(book: Book, columns: list[str], part: Part) -> dict[str, Array]:
    """What `part` gives of each segment, a column each, one segment under the other."""
    parts = [part(book, segment) for segment in kaism.segments(book)]
    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return dict(zip(columns, whole or [np.empty(0)] * len(columns), strict=True))
