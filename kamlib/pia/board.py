"""The matrix of ideas: what they are worth to the customer, and to us."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib import kaism, matrix, scoring
from kamlib.memory import remembered
from kamlib.pia import letters
from kamlib.settings import Settings
from kamlib.tables import Tables

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
COLUMNS = [
    "customer", "idea", "name", "status", "box", "y", "y_line", "x", "x_line", "on_line", "near_line", "y_coverage",
    "x_coverage", "possible", "class", "reason",
]  # fmt: skip


def factors(tables: Tables, model: str, segment: str = "") -> pd.DataFrame:
    """The factors of an axis: those of the segment where it has its own, else those for all."""
    own = kaism.of_scope(tables, model, segment) if segment else pd.DataFrame()
    return own if len(own) else kaism.of_scope(tables, model, SCOPE)


def scope_of(tables: Tables, model: str, segment: str) -> str:
    """Whose factors `factors` gives: the segment's, or those for all."""
    own = tables["factors"]
    return segment if segment and ((own["model"] == model) & (own["scope"] == segment)).any() else SCOPE


def place(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Every idea of the customers the settings name, one row each, with columns COLUMNS.

    A matrix for each customer. y and x: weighted means of 1 to 10 of the scores to us and to the customer; both
    lines at the mean of the customer's ideas (the source gives none), or at 5.5 where the settings say midpoint.
    status: placed, undetermined (more than one box is possible), unscored. An idea on a line takes the cautious
    side: it does not progress until somebody decides so.
    """
    return drawn(tables, settings)[COLUMNS]


@remembered
def drawn(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`place` with what a picture needs besides: distances, gains, and `about`, a tooltip."""
    seen = letters.screening(tables, settings)
    gains = letters.value(tables, settings).set_index("idea")[["customer_gain", "our_gain", "total"]]
    segment = tables["customers"].drop_duplicates("customer").set_index("customer")["segment"]
    parts = [_stand(tables, settings, rows.reset_index(drop=True), str(segment.get(customer, "")))
             for customer, rows in seen.groupby("customer", sort=False)]  # fmt: skip
    if not parts:
        more = ["y_low", "y_high", "x_low", "x_high", "customer_gain", "our_gain", "total"]
        empty = pd.DataFrame(columns=[*COLUMNS, *more, "about"])
        return empty.astype(dict.fromkeys(["x", "y", "y_line", "x_line", *more], float))
    points = pd.concat(parts, ignore_index=True).join(gains, on="idea")
    about = [
        f"{n} · class {c} · {r}"
        for n, c, r in zip(points["name"], points["class"], points["reason"], strict=True)
    ]
    return points.assign(about=about)


def _stand(tables: Tables, settings: Settings, ideas: pd.DataFrame, segment: str) -> pd.DataFrame:
    """The ideas of one customer on its own matrix; only those of which something is scored move its lines."""
    part = tables["scores"]
    asked = {axis: factors(tables, model, segment) for axis, (model, _) in AXES.items()}
    cells = {axis: scoring.wide(part[part["model"] == model], ideas["idea"], asked[axis]["factor"])
             for axis, (model, _) in AXES.items()}  # fmt: skip
    there = (cells["y"].notna().any(axis=1) | cells["x"].notna().any(axis=1)).to_numpy()
    found = ideas[["customer", "idea", "name", "class"]]
    for axis in AXES:
        found = found.join(_axis(settings, cells[axis], scoring.weights_of(asked[axis]), there, axis))
    points = matrix.stand(MATRIX, found, settings.near_line)
    return points.assign(reason=[_reason(row) for row in points.to_dict("records")])


def _axis(
    settings: Settings, cells: pd.DataFrame, weights: pd.Series, there: np.ndarray, axis: str
) -> pd.DataFrame:
    """One axis: score, line, coverage, and the least and greatest distance from the line."""
    found = scoring.weighted(cells, weights).reset_index(drop=True)
    if settings.line == "midpoint":
        line = matrix.MIDPOINT
        spread = found[["low", "high"]] - line
    else:
        line = found["score"].mean()
        members = found[there].assign(optional=False)
        spread = matrix.distance_from_mean(members).reindex(found.index)
    return pd.DataFrame({
        axis: found["score"], f"{axis}_line": round(line, scoring.DIGITS), f"{axis}_coverage": found["coverage"],
        f"{axis}_low": spread.iloc[:, 0], f"{axis}_high": spread.iloc[:, 1],
    })  # fmt: skip


def _reason(row: dict[str, Any]) -> str:
    """One sentence: why this idea stands where it stands."""
    if row["y"] != row["y"] and row["x"] != row["x"]:
        return "not scored yet"
    parts = [
        matrix.axis_words(label, row[axis], row[f"{axis}_line"], row[f"{axis}_coverage"])
        for axis, (_, label) in AXES.items()
    ]
    return "; ".join([*parts, *matrix.closeness_words(row["on_line"], row["near_line"])])


def unscored(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The scores nobody knows of ideas on the matrix. Columns: customer, idea, name, model, factor, label."""
    seen = place(tables, settings)
    segment = tables["customers"].drop_duplicates("customer").set_index("customer")["segment"]
    part, rows = tables["scores"], []
    for customer, ideas in seen[seen["status"] != "unscored"].groupby("customer", sort=False):
        for model in MATRIX.weighed:
            asked = factors(tables, model, str(segment.get(customer, "")))
            cells = scoring.wide(part[part["model"] == model], ideas["idea"], asked["factor"])
            label = dict(zip(asked["factor"], asked["label"], strict=True))
            names = dict(zip(ideas["idea"], ideas["name"], strict=True))
            rows += [(customer, i, names[i], model, f, label[f])
                     for i in cells.index for f in cells.columns if cells.at[i, f] != cells.at[i, f]]  # fmt: skip
    return pd.DataFrame(rows, columns=["customer", "idea", "name", "model", "factor", "label"])
