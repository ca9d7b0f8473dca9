"""What it would take: the smallest move of one weight, and the smallest change of one score, that changes a box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.memory import remembered_while_equal
from kamlib.models import kaism, matrix
from kamlib.models.certainty import shares
from kamlib.models.certainty.rivals import Rivals, rivals
from kamlib.models.certainty.spreads import cells
from kamlib.workbook.book import Book, model

STEP, LOWEST, HIGHEST = 0.5, 1.0, 10.0
COLUMNS = ["customer", "axis", "factor", "label", "share", "to_share", "change"]
SCORES = ["customer", "axis", "factor", "label", "score", "to_score", "change"]


@dataclass(frozen=True, eq=False)
class Ways:
    """What each customer of a segment would take, on both axes: arrays with a row a customer, NaN where nothing helps.

    now, to: n x (J + K), the share of a weight in %, or a score, today and at the nearest change of box; the first
    J columns are the attractiveness factors, the others the K places of a customer's own success factors.
    """

    customers: np.ndarray
    factors: np.ndarray
    labels: np.ndarray
    strength: np.ndarray
    now: np.ndarray
    to: np.ndarray

    def table(self, columns: list[str]) -> pd.DataFrame:
        """A row for each customer and factor that changes something, by how little it takes."""
        row, column = np.nonzero(~np.isnan(self.to))
        apart = np.abs(self.to - self.now)[row, column]
        order = np.lexsort([apart, pd.factorize(self.customers, sort=True)[0][row]])
        row, column = row[order], column[order]
        axis = np.where(self.strength[column], "strength", "attractiveness")
        said = (
            self.customers[row],
            axis,
            self.factors[row, column],
            self.labels[row, column],
            self.now[row, column],
            self.to[row, column],
            apart[order],
        )
        return pd.DataFrame(dict(zip(columns, said, strict=True)))

    def nearest(self) -> dict[str, np.ndarray]:
        """By customer the factor that has to change least: label ("" where none helps), axis, now, to."""
        apart = np.where(np.isnan(self.to), np.inf, np.abs(self.to - self.now))
        if not apart.shape[1]:
            nothing = np.full(len(apart), np.nan)
            return {
                "label": np.full(len(apart), "", dtype=object),
                "axis": np.full(len(apart), "", dtype=object),
                "now": nothing,
                "to": nothing,
            }
        best = apart.argmin(axis=1)
        rows = np.arange(len(best))
        some = np.isfinite(apart[rows, best])
        axis = np.where(self.strength[best], "strength", "attractiveness")
        return {
            "label": np.where(some, self.labels[rows, best], ""),
            "axis": np.where(some, axis, ""),
            "now": np.where(some, self.now[rows, best], np.nan),
            "to": self.to[rows, best],
        }


@model
def weights(book: Book) -> pd.DataFrame:
    """For each customer and factor the nearest share of the weight (%) at which its box changes.

    Columns: COLUMNS; axis is attractiveness or strength, share and to_share in % (the others keep their
    proportions), change the points between them. Factors that change nothing are left out.
    """
    parts = [by_weight(book, s).table(COLUMNS) for s in kaism.segments(book)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


@model
def scores(book: Book) -> pd.DataFrame:
    """For each customer and factor the nearest score of ours (steps of a half, 1 to 10) at which its box changes.

    Columns: SCORES; axis is attractiveness (the customer's score) or strength (our score). A change of one
    attractiveness score moves the line with it. Factors that change nothing are left out.
    """
    parts = [by_score(book, s).table(SCORES) for s in kaism.segments(book)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SCORES)


@model
def by_weight(book: Book, segment: str) -> Ways:
    """The nearest moves of one weight, in % of all weights."""
    table, _, _ = cells(book, segment)
    share, below, above = sides(book, segment)
    to = shares.nearest(below, above, share)
    block = rivals(book, table.index)
    now_right, to_right = _strength_shares(block)
    now = np.broadcast_to(share, table.shape)
    return _ways(book, segment, block, 100 * now, 100 * to, 100 * now_right, 100 * to_right)


@model
def sides(book: Book, segment: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The shares of the attractiveness factors (J), and the nearest below and above (n x J) that change a box."""
    table, weight, _ = cells(book, segment)
    inside = ~kaism.positions(book, segment)["ruled_out"].to_numpy(bool)
    share = weight / max(weight.sum(), 1e-300)
    if not weight.sum() > 0 or not inside.any():
        return share, np.full(table.shape, np.nan), np.full(table.shape, np.nan)
    below, above = shares.attractive(
        table.to_numpy(float), share, inside, book.settings.line == "midpoint"
    )
    return share, below, above


@model
def by_score(book: Book, segment: str) -> Ways:
    """The nearest changes of one score, in points."""
    table, weight, _ = cells(book, segment)
    grid, seen = table.to_numpy(float), kaism.positions(book, segment)
    to = attractive_scores(grid, weight, seen, book.settings.line == "midpoint")
    block = rivals(book, table.index)
    return _ways(book, segment, block, grid, to, block.ours, _strength_scores(block))


def _ways(
    book: Book,
    segment: str,
    block: Rivals,
    now: np.ndarray,
    to: np.ndarray,
    now_right: np.ndarray,
    to_right: np.ndarray,
) -> Ways:
    table, _, labels = cells(book, segment)
    seen = kaism.positions(book, segment)
    at, inside = block.at(table.index), ~seen["ruled_out"].to_numpy(bool)
    pad = np.full((1, to_right.shape[1]), np.nan)
    right = np.where(inside[:, None], np.vstack([to_right, pad])[at], np.nan)
    width = len(labels)
    return Ways(
        table.index.to_numpy(object),
        np.column_stack(
            [np.broadcast_to(table.columns.to_numpy(object), to.shape), _padded(block.factors)[at]]
        ),
        np.column_stack([np.broadcast_to(labels, to.shape), _padded(named(book, block))[at]]),
        np.arange(width + pad.shape[1]) >= width,
        np.column_stack([now, np.vstack([now_right, pad])[at]]),
        np.column_stack([to, right]),
    )


def _padded(names: np.ndarray) -> np.ndarray:
    """With a row of nothing at its end, for the customers that have no competitors."""
    return np.vstack([names, np.full((1, names.shape[1]), "", dtype=object)])


def named(book: Book, block: Rivals) -> np.ndarray:
    """The label of each success factor of each customer (n x J), its id where it has none."""
    return _labels(block, book["factors"])


@remembered_while_equal
def _labels(block: Rivals, factors: pd.DataFrame) -> np.ndarray:
    """The label of each success factor of each customer (n x J), its id where it has none."""
    part = factors[(factors["model"] == "strength") & (factors["label"] != "")]
    labels = dict(zip(zip(part["scope"], part["factor"], strict=True), part["label"], strict=True))
    made = [
        [labels.get((c, f), f) for f in row]
        for c, row in zip(block.customers, block.factors, strict=True)
    ]
    return np.array(made, dtype=object).reshape(block.factors.shape)


@remembered_while_equal
def _strength_shares(block: Rivals) -> tuple[np.ndarray, np.ndarray]:
    """The share of each weight (n x J), and the nearest one at which we lead all competitors, or no longer do."""
    total = np.maximum(block.weights.sum(axis=1, keepdims=True), 1e-300)
    share = block.weights / total
    return share, shares.strong(block.margins, block.there, share)


def attractive_scores(
    grid: np.ndarray, weight: np.ndarray, seen: pd.DataFrame, midpoint: bool
) -> np.ndarray:
    """The nearest score of each cell (n x J) at which its customer stands on the other side; NaN where none is."""
    inside = ~seen["ruled_out"].to_numpy(bool)
    known = ~np.isnan(grid) * weight
    total = known.sum(axis=1, keepdims=True)
    counted = max(int(((total[:, 0] > 0) & inside).sum()), 1)
    own = 1.0 if midpoint else 1.0 - 1.0 / counted
    slopes = np.divide(own * known, total, out=np.zeros(grid.shape), where=total > 0)
    distance = (seen["y"] - seen["y_line"]).to_numpy(float)[:, None]
    return np.where(inside[:, None], _needed(grid, distance, slopes), np.nan)


def _needed(score: np.ndarray, distance: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The nearest score in steps at which `distance + slope * change` is on the other side; NaN where none is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.floor((score - distance / slope) / STEP + 1e-7)
    below = distance <= matrix.EQUAL
    to = STEP * np.where(below, whole + 1, whole)
    to = np.where(~below & (to >= score), to - STEP, to)
    return np.where((slope > 0) & (to >= LOWEST) & (to <= HIGHEST), to, np.nan)


@remembered_while_equal
def _strength_scores(block: Rivals) -> np.ndarray:
    """The nearest score of ours (n x J) at which we lead every competitor, or no longer do; NaN where none is."""
    weight = block.both * block.weights[:, None, :]
    total = weight.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        lead = np.where(block.there, (weight * block.margins).sum(axis=2) / total, np.nan)
        slopes = np.where(block.there[:, :, None], weight / total[:, :, None], np.nan)
    each = _needed(block.ours[:, None, :], lead[:, :, None], slopes)  # n x R x J
    behind = np.asarray(lead <= matrix.EQUAL)
    ahead = ~np.asarray(behind.any(axis=1))[:, None]
    down = np.fmax.reduce(each, axis=1, initial=np.nan)  # one competitor in front is enough
    asked = np.where(behind[:, :, None], each, -np.inf)
    up = asked.max(
        axis=1, initial=-np.inf
    )  # every one that leads has to be passed; NaN where one cannot be
    made = np.where(ahead, down, np.where(np.isfinite(up), up, np.nan))
    there = (
        np.asarray(block.there.any(axis=1))[:, None] & (block.weights > 0) & ~np.isnan(block.ours)
    )
    return np.where(there, made, np.nan)
