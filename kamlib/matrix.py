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
    above, right = points["y"] - points["y_line"], points["x"] - points["x_line"]
    return points.assign(
        box=_names(matrix, above > EQUAL, right > EQUAL).where(above.notna() & right.notna(), ""),
        on_line=(above.abs() <= EQUAL) | (right.abs() <= EQUAL),
        near_line=(above.abs() < near) | (right.abs() < near),
    )


def _names(matrix: Matrix, upper: pd.Series, right: pd.Series) -> pd.Series:
    top = np.where(right, matrix.top_right, matrix.top_left)
    bottom = np.where(right, matrix.bottom_right, matrix.bottom_left)
    return pd.Series(np.where(upper, top, bottom), index=upper.index, dtype=object)


def possible(matrix: Matrix, bounds: pd.DataFrame) -> pd.Series:
    """The boxes that can still come out, joined by "|".

    `bounds` has the least and the greatest distance from each line: y_low, y_high, x_low, x_high.
    """
    up, down = bounds["y_high"] > EQUAL, bounds["y_low"] <= EQUAL
    right, left = bounds["x_high"] > EQUAL, bounds["x_low"] <= EQUAL
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
    return pd.DataFrame(
        {
            "y_low": _farthest_below(members["low"], members["high"], members["optional"]),
            "y_high": -_farthest_below(-members["high"], -members["low"], members["optional"]),
        }
    ).round(DIGITS)


def _farthest_below(own: pd.Series, others: pd.Series, optional: pd.Series) -> pd.Series:
    """own - mean(own and the others), with the optional others that raise the mean counted in."""
    must = others.where(~optional, 0.0)
    total = own + must.sum() - must
    count = pd.Series(float((~optional).sum()), index=own.index) + optional
    candidates = others[optional].sort_values(ascending=False)
    for member, value in candidates.items():
        joins = (value > total / count) & (own.index != member)
        total, count = total + value * joins, count + joins
    return own - total / count
