"""Each dot with its spread: where a customer stands for nine in ten of the weights there could be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.memory import remembered_while_equal
from kamlib.models import kaism, portfolio
from kamlib.models.certainty.rivals import Rivals, rivals
from kamlib.models.certainty.spreads import Spread, cells, heights, spread
from kamlib.models.certainty.verdicts import certainty
from kamlib.workbook.book import Book, model

PART = 0.9


@model
def drawn(book: Book) -> pd.DataFrame:
    """`portfolio.drawn` with the spread of each dot, for a picture: who is not firm is drawn hollow, with its spread.

    y_low, y_high, x_low, x_high are here the distances from each line that nine in ten of the weights leave it in
    (0 to 0 for a firm box); status is placed for a firm box and undetermined for another; about says it in words. The past is left out.
    """
    points, sure = portfolio.drawn(book), certainty(book)
    parts = [_heights(book, segment) for segment in kaism.segments(book)]
    low, high = (
        np.concatenate([part[n] for part in parts]) if parts else np.zeros(0) for n in (0, 1)
    )
    left, right = _leads(book, points["customer"])
    beside, stands = (
        points["no_rival"].to_numpy(bool),
        points["status"].isin(["placed", "undetermined"]),
    )
    firm = (sure["verdict"] == "firm").to_numpy()
    status = np.where(stands, np.where(firm, "placed", "undetermined"), points["status"])
    return points.assign(
        y_low=low,
        y_high=high,
        x_low=np.where(beside, 9.0, left),
        x_high=np.where(beside, 9.0, right),
        status=status,
        about=sure["words"].to_numpy(),
        was_x=np.nan,
        was_y=np.nan,
    )


def _quantiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between what nine in ten of each row (n x draws) are; NaN for a row of nothing."""
    count = values.shape[1]
    ordered = np.sort(values, axis=1)
    cut = int((1 - PART) / 2 * count)
    return ordered[:, cut], ordered[:, count - 1 - cut]


def _heights(book: Book, segment: str) -> tuple[np.ndarray, np.ndarray]:
    table, weights, _ = cells(book, segment)
    seen = kaism.positions(book, segment)
    inside, grid = ~seen["ruled_out"].to_numpy(bool), table.to_numpy(float)
    if not weights.sum() > 0 or not len(grid):
        return np.full(len(grid), np.nan), np.full(len(grid), np.nan)
    drawn = spread(book.settings).drawn(weights)
    return _quantiles(heights(grid, drawn, inside, book.settings.line == "midpoint"))


def _leads(book: Book, customers: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    block = rivals(book, customers)
    low, high = _block_leads(block, spread(book.settings))
    at = block.at(customers)
    return np.append(low, np.nan)[at], np.append(high, np.nan)[at]


@remembered_while_equal
def _block_leads(block: Rivals, known: Spread) -> tuple[np.ndarray, np.ndarray]:
    """Between which leads over the best competitor nine in ten of a customer's own weights are."""
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    for margins, both, there, weights in zip(
        block.margins, block.both, block.there, block.weights, strict=True
    ):
        if not there.any():
            rows.append((np.full(1, np.nan), np.full(1, np.nan)))
            continue
        weight = known.drawn(weights).T
        with np.errstate(divide="ignore", invalid="ignore"):
            leads = (margins[there] @ weight) / (both[there].astype(float) @ weight)
        rows.append(_quantiles(leads.min(axis=0)[None, :]))
    if not rows:
        return np.zeros(0), np.zeros(0)
    low, high = (np.concatenate(side) for side in zip(*rows, strict=True))
    return low, high
