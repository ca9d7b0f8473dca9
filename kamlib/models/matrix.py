"""A matrix: two axes, a dividing line on each, four named boxes.

A subject stands above the line of an axis when it is greater; equal counts as on the line, where
the cautious side (lower, left) is taken and the subject is flagged for discussion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.models.scoring import DIGITS, one

EQUAL = 10.0**-DIGITS
MIDPOINT = 5.5

AXES = ("y", "y_line", "x", "x_line")
Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Matrix:
    """The names of a matrix: its axes and, by corner, its boxes (ids of the catalogue).

    `subject` is the column that tells its dots apart; `balanced`: the horizontal axis is a
    difference, drawn as far to the left of its line as to the right; `weighed`: the models whose
    weights move it; `long_names`: what stands on it is said in sentences, not in names.
    """

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
    subject: str = "customer"
    balanced: bool = True
    weighed: tuple[str, ...] = ("attractiveness",)
    long_names: bool = False

    @property
    def boxes(self) -> tuple[str, str, str, str]:
        """All boxes in the order people name them: top right first, bottom left last."""
        return self.top_right, self.top_left, self.bottom_right, self.bottom_left


def stand(matrix: Matrix, points: pd.DataFrame, near: float) -> pd.DataFrame:
    """Where the points stand, how sure that is and what else is possible; see `standing`."""
    return points.assign(**standing(matrix, {c: points[c].to_numpy() for c in points}, near))


def standing(matrix: Matrix, points: Columns, near: float) -> dict[str, np.ndarray]:
    """What `stand` adds, of columns that are bare arrays.

    `points` has y, y_line, x, x_line; y_low, y_high, x_low, x_high (least and greatest distance
    from each line) and optionally, as booleans: ruled_out (stands nowhere), beside (no x, because
    it is right of everything), unsettled (whether it stays is not known), x_unplaced (nothing known
    about x). Gives box ("" where it is not known), status (placed, undetermined, ruled_out,
    unscored), possible (boxes joined by "|"), on_line and near_line (closer to one than `near`).
    """
    y, y_line, x, x_line = (points[c].astype(float) for c in AXES)
    never = np.zeros(len(y), dtype=bool)
    out, beside, unsettled = (
        points.get(c, never).astype(bool) for c in ("ruled_out", "beside", "unsettled")
    )
    above, right = y - y_line, np.where(beside, np.inf, x - x_line)
    nowhere = np.isnan(y) & points.get("x_unplaced", np.isnan(x)).astype(bool)
    hidden = out | np.isnan(above) | np.isnan(right)
    box = np.where(hidden, "", names(matrix, above > EQUAL, right > EQUAL)).astype(object)
    can = np.where(out, "", possible(matrix, points))
    several = (box == "") | unsettled | np.array(["|" in boxes for boxes in can], dtype=bool)
    status = np.where(several, "undetermined", "placed").astype(object)
    status[nowhere], status[out] = "unscored", "ruled_out"
    distance = np.fmin(np.abs(above), np.abs(x - x_line))
    return {
        "status": status,
        "possible": can,
        "box": box,
        "on_line": (distance <= EQUAL) & ~out,
        "near_line": (distance < near) & ~out,
    }


def axis_words(label: str, value: float, line: float, coverage: float) -> str:
    """Where a weighted score stands on its axis: "attractiveness 6.6, above the line at 5.9"."""
    if value != value:
        return f"{label} not scored yet"
    gap = value - line
    side = "equal to" if abs(gap) <= EQUAL else "above" if gap > 0 else "below"
    part = "" if coverage == 1 else f" (known for {coverage:.0%} of the weights)"
    return f"{label} {one(value)}, {side} the line at {one(line)}{part}"


def closeness_words(on_line: bool, near_line: bool) -> list[str]:
    """What is to be said of a point on a line or close to one; nothing of the others."""
    if on_line:
        return ["on the line: decide in discussion"]
    return ["close to the line"] if near_line else []


def names(matrix: Matrix, upper: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The box of each point, by the side of each line it is on."""
    top = np.where(right, matrix.top_right, matrix.top_left)
    return np.where(upper, top, np.where(right, matrix.bottom_right, matrix.bottom_left))


def possible(matrix: Matrix, bounds: Columns) -> np.ndarray:
    """The boxes that can still come out, joined by "|".

    `bounds` has the least and the greatest distance from each line: y_low, y_high, x_low, x_high.
    """
    down, left = bounds["y_low"] <= EQUAL, bounds["x_low"] <= EQUAL
    up, right = bounds["y_high"] > EQUAL, bounds["x_high"] > EQUAL
    reach = (up & right, up & left, down & right, down & left)  # as in `boxes`
    code = sum(box * 2**n for n, box in enumerate(reach))  # one number for each set of boxes
    words = ["|".join(box for n, box in enumerate(matrix.boxes) if c >> n & 1) for c in range(2**4)]
    return np.array(words, dtype=object)[code]


def distance_from_mean(members: pd.DataFrame) -> pd.DataFrame:
    """The exact least and greatest distance of each member from the mean of all.

    `members` has low, high (what its score can still turn out to be) and optional (True: it may
    also turn out not to belong, and then leaves the mean). A member is lowest when it is at its
    low and all others at their high, because the mean moves too. Returns y_low and y_high.

    Source of the rule without optional members: methods of Salo & Hamalainen (1992) for a line at
    the mean; an optional other is counted in exactly when that makes the distance more extreme.
    """
    low, high = members["low"].to_numpy(float), members["high"].to_numpy(float)
    ends = farthest(low, high, members["optional"].to_numpy(bool))
    return pd.DataFrame(dict(zip(("y_low", "y_high"), ends, strict=True)), members.index)


def farthest(low: np.ndarray, high: np.ndarray, optional: np.ndarray) -> np.ndarray:
    """`distance_from_mean` of bare arrays: two rows, the least and the greatest distance."""
    ends = _farthest_below(low, high, optional), -_farthest_below(-high, -low, optional)
    return np.round(ends, DIGITS)


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
