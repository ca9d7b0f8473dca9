"""Too close to call: how far a customer may be from where it stands, by how its votes differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism, scoring
from kamlib.models.ballots.ballots import summary
from kamlib.models.factors import asked, grid
from kamlib.models.lookup import name_or_key
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US

BAND = 1.645  # standard deviations either way that hold 90 % of a normal distribution
COLUMNS = ["segment", "customer", "name", "y_gap", "band_y", "x", "band_x", "too_close", "axis"]
COLUMNS += ["words"]


@model
def borderline(book: Book) -> pd.DataFrame:
    """Which customers are too close to a line to call, given the votes: a row a customer.

    An agreed score is the mean of its votes, with the variance s^2 / votes; one with fewer than
    two may be off by up to settings.score_error either way, evenly (None: not at all). An unknown
    score has no part in it, and no part in the weights. Columns: segment, customer, name, y_gap
    (distance from the line), band_y (within which 90 % of such errors stay), x, band_x (of the
    margin against the best competitor), too_close (yes, no: on an axis the band is above 0 and the
    gap no wider), axis (attractiveness, strength, both or ""), words ("" when not too close). NaN
    where a customer stands nowhere on an axis; a customer that is ruled out has no bands.
    """
    table, error = summary(book), (book.settings.score_error or 0.0) ** 2 / 3
    table = table[table["votes"] > 1]
    table = table.assign(variance=table["spread"] ** 2 / table["votes"])
    heard = set(table.loc[table["variance"] > 0, "customer"])
    parts = [pd.DataFrame(columns=COLUMNS)]
    for segment in kaism.segments(book):
        places = kaism.positions(book, segment)
        out = places["ruled_out"].astype(bool)
        gap, x = places["y"] - places["y_line"], places["x"].astype(float)
        up = BAND * np.sqrt(_of_heights(book, places, table, error))
        right = BAND * np.sqrt(_of_margins(book, places, table, error))
        part = places[["segment", "customer"]].assign(
            name=name_or_key(places, "customer"),
            y_gap=gap,
            band_y=pd.Series(up).mask(out | gap.isna()),
            x=x,
            band_x=pd.Series(right).mask(out | x.isna()),
        )
        close = [
            (part[d].abs() <= part[b]) & (part[b] > 0)
            for d, b in (("y_gap", "band_y"), ("x", "band_x"))
        ]
        axis = np.select([close[0] & close[1], *close], ["both", "attractiveness", "strength"], "")
        part = part.assign(axis=axis.astype(object), too_close=np.where(axis == "", "no", "yes"))
        rows = zip(part["name"], axis, part["customer"], strict=True)
        parts.append(part.assign(words=[_words(name, a, c in heard) for name, a, c in rows]))
    return pd.concat(parts[1:] or parts, ignore_index=True)[COLUMNS]


def _of_heights(book: Book, places: pd.DataFrame, table: pd.DataFrame, error: float) -> np.ndarray:
    """The variance of each customer's distance from the line, which at the mean moves with all."""
    if places.empty:
        return np.empty(0)
    segment = places["segment"].iloc[0]
    own = asked(book, segment)
    weights = np.where(np.isnan(grid(book, segment)), 0.0, own.weights)
    votes = table[table["model"] == "attractiveness"]
    variance = _weighed(weights, _variances(votes, places["customer"], own.names, error))
    counted = (~places["ruled_out"].astype(bool) & places["y"].notna()).to_numpy()
    if book.settings.line == "midpoint" or not counted.any():
        return variance
    n = counted.sum()
    return np.asarray(np.maximum((1 - 2 / n) * variance + variance[counted].sum() / n**2, 0.0))


def _of_margins(book: Book, places: pd.DataFrame, table: pd.DataFrame, error: float) -> np.ndarray:
    """The variance of each customer's margin against its best competitor."""
    customers, rival = places["customer"], places["best_competitor"]
    cells = kaism.strength_cells(book, tuple(customers))
    pairs = pd.MultiIndex.from_arrays([customers, rival])
    ours, theirs, weights = (part.reindex(pairs).to_numpy(float) for part in cells)
    weights = np.where(np.isnan(ours - theirs), 0.0, weights)
    votes = table[table["model"] == "strength"]
    best = votes["customer"].map(dict(zip(customers, rival, strict=True)))
    sides = votes[votes["supplier"] == US], votes[votes["supplier"] == best]
    names = cells[0].columns
    ours_vary, theirs_vary = (_variances(side, customers, names, error) for side in sides)
    return _weighed(weights, ours_vary + theirs_vary)


def _variances(
    votes: pd.DataFrame, customers: pd.Series, factors: pd.Index | np.ndarray, error: float
) -> np.ndarray:
    """The variance of each score, customers x factors."""
    columns = (votes[c].to_numpy() for c in ("customer", "factor", "variance"))
    found = scoring.cells(columns, customers, factors)
    return np.where(np.isnan(found), error, found)


def _weighed(weights: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """The variance of each row's weighted mean; 0 in a row without any weight."""
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(((weights / np.where(total > 0, total, 1.0)) ** 2 * variances).sum(axis=1))


def _words(name: str, axis: str, heard: bool) -> str:
    if not axis:
        return ""
    why = "The votes differ so much" if heard else "The scores may be off by so much"
    lines = "of both lines" if axis == "both" else f"of the line of {axis}"
    return f"{why} that {name} could be on either side {lines}."
