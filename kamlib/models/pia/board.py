"""The matrix of ideas: what they are worth to the customer, and to us."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import matrix, scoring
from kamlib.models.factors import of_scope
from kamlib.models.pia import letters
from kamlib.workbook.book import Book, model

SCOPE = "all"  # the scope of the factors of every segment that has none of its own
MATRIX = matrix.Matrix(
    id="pia",
    x_label="attractiveness to the customer",
    y_label="attractiveness to us",
    left_words="worth less to the customer",
    right_words="worth more to the customer",
    down_words="worth less to us",
    up_words="worth more to us",
    top_left="improve",
    top_right="progress",
    bottom_left="drop",
    bottom_right="question",
    subject="idea",
    balanced=False,
    weighed=("pia_us", "pia_customer"),
    long_names=True,
)
AXES = {"y": ("pia_us", "worth to us"), "x": ("pia_customer", "worth to the customer")}
COLUMNS = ["customer", "idea", "name", "status", "box", "y", "y_line", "x", "x_line", "on_line"]
COLUMNS += ["near_line", "y_coverage", "x_coverage", "possible", "class", "reason"]


def factors(book: Book, model: str, segment: str = "") -> pd.DataFrame:
    """The factors of an axis: those of the segment where it has its own, else those for all."""
    own = of_scope(book, model, segment or SCOPE)
    return own if len(own) else of_scope(book, model, SCOPE)


def place(book: Book) -> pd.DataFrame:
    """Every idea of the customers the settings name, one row each, with columns COLUMNS.

    A matrix for each customer. y and x: weighted means of 1 to 10 of the scores to us and to the
    customer; both lines at the mean of the customer's ideas (the source gives none), or at 5.5
    where the settings say midpoint. status: placed, undetermined (more than one box is possible),
    unscored. An idea on a line takes the cautious side: it does not progress by itself.
    """
    return drawn(book)[COLUMNS]


@model
def drawn(book: Book) -> pd.DataFrame:
    """`place` with what a picture needs besides: distances, gains, and `about`, a tooltip."""
    ideas = letters.screening(book)
    parts = [_stand(book, rows) for _, rows in ideas.groupby("customer", sort=False)]
    points = pd.concat(parts or [_stand(book, ideas)], ignore_index=True)
    gains = letters.value(book).set_index("idea")
    points = points.join(gains[["customer_gain", "our_gain", "total"]], on="idea")
    rows = zip(points["name"], points["class"], points["reason"], strict=True)
    about = [f"{name} · class {letter} · {reason}" for name, letter, reason in rows]
    return points.assign(about=np.array(about, dtype=object))


def _cells(book: Book, model: str, ideas: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scores of the ideas of one customer (ideas x factors) and the factors."""
    customers, scores = book["customers"], book["scores"]
    segment = customers.loc[customers["customer"].isin(ideas["customer"]), "segment"]
    own = factors(book, model, next(iter(segment), ""))
    return scoring.wide(scores[scores["model"] == model], ideas["idea"], own["factor"]), own


def _stand(book: Book, ideas: pd.DataFrame) -> pd.DataFrame:
    """One customer's ideas on its own matrix; those of which nothing is scored leave its lines."""
    found = ideas[["customer", "idea", "name", "class"]].reset_index(drop=True)
    axes = {axis: _cells(book, model, found) for axis, (model, _) in AXES.items()}
    known = np.any([cells.notna().any(axis=1) for cells, _ in axes.values()], axis=0)
    for axis, (cells, own) in axes.items():
        part = scoring.weighted(cells, scoring.weights_of(own)).reset_index(drop=True)
        line, spread = matrix.MIDPOINT, part[["low", "high"]] - matrix.MIDPOINT
        if book.settings.line != "midpoint":
            line = part["score"].mean()
            spread = matrix.distance_from_mean(part[known].assign(optional=False))
        spread = spread.set_axis([f"{axis}_low", f"{axis}_high"], axis=1)
        found[[axis, f"{axis}_coverage"]] = part[["score", "coverage"]]
        found = found.assign(**{f"{axis}_line": round(float(line), scoring.DIGITS)}).join(spread)
    points = matrix.stand(MATRIX, found, book.settings.near_line)
    reasons = [_reason(row) for row in points.to_dict("records")]
    return points.assign(reason=np.array(reasons, dtype=object))


def _reason(row: dict[Any, Any]) -> str:
    """One sentence: why this idea stands where it stands."""
    if row["y"] != row["y"] and row["x"] != row["x"]:
        return "not scored yet"
    parts = [
        matrix.axis_words(label, row[axis], row[f"{axis}_line"], row[f"{axis}_coverage"])
        for axis, (_, label) in AXES.items()
    ]
    return "; ".join([*parts, *matrix.closeness_words(row["on_line"], row["near_line"])])


def unscored(book: Book) -> pd.DataFrame:
    """The unknown scores of ideas on the matrix: customer, idea, name, model, factor, label."""
    placed, rows = place(book), []
    names = dict(zip(placed["idea"], placed["name"], strict=True))
    scored = placed[placed["status"] != "unscored"]
    for customer, ideas in scored.groupby("customer", sort=False):
        for axis in MATRIX.weighed:
            cells, own = _cells(book, axis, ideas)
            holes = zip(*np.nonzero(cells.isna()), strict=True)
            for i, j in holes:
                idea, factor = cells.index[i], cells.columns[j]
                rows.append((customer, idea, names[idea], axis, factor, own["label"].iloc[j]))
    return pd.DataFrame(rows, columns=["customer", "idea", "name", "model", "factor", "label"])
