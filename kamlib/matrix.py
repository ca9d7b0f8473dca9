"""A matrix: two axes, a dividing line on each, four named boxes.

A subject stands above the line of an axis when it is greater; equal counts as on the line, where
the cautious side (lower, left) is taken and the subject is flagged for discussion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.scoring import DIGITS

EQUAL = 10.0**-DIGITS


@dataclass(frozen=True)
class Matrix:
    """The names of a matrix: its axes and, by corner, its boxes (ids of the catalogue)."""

    id: str
    x_label: str
    y_label: str
    left_words: str
    right_words: str
    down_words: str
    up_words: str
    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str

    @property
    def boxes(self) -> tuple[str, str, str, str]:
        """All boxes in the order people name them: top right first, bottom left last."""
        return self.top_right, self.top_left, self.bottom_right, self.bottom_left


def classify(matrix: Matrix, points: pd.DataFrame, near: float) -> pd.DataFrame:
    """The points (columns y, y_line, x, x_line) with their box, on_line and near_line.

    box is "" where y or x is unknown. near_line: closer to a line than `near`, on either axis.
    """
    above = (points["y"] - points["y_line"]).to_numpy(float)
    right = (points["x"] - points["x_line"]).to_numpy(float)
    return points.assign(
        box=np.where(np.isnan(above + right), "", names(matrix, above > EQUAL, right > EQUAL)).astype(object),
        on_line=(np.abs(above) <= EQUAL) | (np.abs(right) <= EQUAL),
        near_line=(np.abs(above) < near) | (np.abs(right) < near),
    )


def names(matrix: Matrix, upper: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The box of each point, by the side of each line it is on."""
    top = np.where(right, matrix.top_right, matrix.top_left)
    return np.where(upper, top, np.where(right, matrix.bottom_right, matrix.bottom_left))


def possible(matrix: Matrix, bounds: pd.DataFrame) -> pd.Series:
    """The boxes that can still come out, joined by "|".

    `bounds` has the least and the greatest distance from each line: y_low, y_high, x_low, x_high.
    """
    low, high = (
        bounds[["y_low", "x_low"]].to_numpy() <= EQUAL,
        bounds[["y_high", "x_high"]].to_numpy() > EQUAL,
    )
    (down, left), (up, right) = low.T, high.T
    reach = {
        matrix.top_right: up & right,
        matrix.top_left: up & left,
        matrix.bottom_right: down & right,
        matrix.bottom_left: down & left,
    }
    rows = zip(*(reach[box] for box in matrix.boxes), strict=True)
    joined = ["|".join(box for box, can in zip(matrix.boxes, row, strict=True) if can) for row in rows]
    return pd.Series(joined, index=bounds.index, dtype=object)


def distance_from_mean(members: pd.DataFrame) -> pd.DataFrame:
    """The exact least and greatest distance of each member from the mean of all.

    `members` has low, high (what its score can still turn out to be) and optional (True: it may
    also turn out not to belong, and then leaves the mean). A member is lowest when it is at its
    low and all others at their high, because the mean moves too. Returns y_low and y_high.

    Source of the rule without optional members: methods of Salo & Hamalainen (1992) for a line at
    the mean; an optional other is counted in exactly when that makes the distance more extreme.
    """
    low, high = members["low"].to_numpy(float), members["high"].to_numpy(float)
    optional = members["optional"].to_numpy(bool)
    bounds = {
        "y_low": _farthest_below(low, high, optional),
        "y_high": -_farthest_below(-high, -low, optional),
    }
    return pd.DataFrame(bounds, members.index).round(DIGITS)


def _farthest_below(own: np.ndarray, others: np.ndarray, optional: np.ndarray) -> np.ndarray:
    """own - mean(own and the others), with the optional others that raise the mean counted in."""
    must = np.where(optional, 0.0, others)
    total = own + must.sum() - must
    count = (~optional).sum() + optional.astype(float)
    greatest_first = np.argsort(-others, kind="stable")
    for member in greatest_first[optional[greatest_first]]:
        joins = (others[member] > total / count) & (np.arange(len(own)) != member)
        total, count = total + others[member] * joins, count + joins
    return own - total / count
