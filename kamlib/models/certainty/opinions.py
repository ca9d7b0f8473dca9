"""Who would agree with a box: how people weigh the factors who would put a customer above the line, and below."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism, matrix
from kamlib.models.certainty import exact
from kamlib.models.certainty.spreads import Spread, cells, heights, spread
from kamlib.workbook.book import Book, model

COLUMNS = ["segment", "customer", "name", "factor", "label", "share", "above", "below"]


@model
def opinions(book: Book) -> pd.DataFrame:
    """The mean weights (%) of those who would put each customer above the line of attractiveness, and of the others.

    Columns: COLUMNS; share is the weight today, NaN where nobody would agree. These are the central weights of
    Lahdelma and Salminen (2001): exact where they have a closed form, else from the same fixed weights as the chances.
    """
    rows = []
    for segment in kaism.segments(book):
        rows += _of_segment(book, segment)
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_segment(book: Book, segment: str) -> list[tuple]:
    seen = kaism.positions(book, segment)
    table, weights, labels = cells(book, segment)
    counted = (~seen["ruled_out"] & seen["y"].notna()).to_numpy(bool)
    if not weights.sum() > 0 or not counted.any():
        return []
    above, below = central(
        table.to_numpy(float),
        weights,
        counted,
        spread(book.settings),
        book.settings.line == "midpoint",
    )
    share, made = weights / weights.sum(), []
    for row in np.flatnonzero(counted):
        about = tuple(seen.loc[row, ["segment", "customer", "name"]])
        columns = (table.columns, labels, 100 * share, 100 * above[row], 100 * below[row])
        made += [(*about, *of) for of in zip(*columns, strict=True)]
    return made


def central(
    grid: np.ndarray, weights: np.ndarray, counted: np.ndarray, known: Spread, midpoint: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The mean weights (both n x J) of those who put each row of scores above the line, and of the others."""
    if midpoint or not (np.isnan(grid[counted]) & (weights > 0)).any():
        line = matrix.MIDPOINT if midpoint else np.nan_to_num(grid[counted]).mean(axis=0)
        return _exact(np.nan_to_num(grid - line), weights, known)
    drawn = known.drawn(weights)
    up = heights(grid, drawn, counted, midpoint) > matrix.EQUAL
    with np.errstate(divide="ignore", invalid="ignore"):
        return (up @ drawn) / up.sum(axis=1, keepdims=True), (~up @ drawn) / (~up).sum(
            axis=1, keepdims=True
        )


def _exact(
    distance: np.ndarray, weights: np.ndarray, known: Spread
) -> tuple[np.ndarray, np.ndarray]:
    coefficients, counts = known.plain(distance, np.broadcast_to(weights, distance.shape))
    spots, _ = known.plain(
        np.eye(len(weights)), np.broadcast_to(weights, (len(weights),) * 2)
    )  # parts to weights
    alpha = counts[0]
    up, down = exact.central(coefficients, alpha), exact.central(-coefficients, alpha)
    never = ~(exact.above(coefficients, alpha) > 0)[
        :, None
    ]  # on the line is below it, for everybody
    down = np.where(never, alpha / alpha.sum(), down)
    return up @ spots.T, down @ spots.T
