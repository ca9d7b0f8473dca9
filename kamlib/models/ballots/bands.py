"""Too close to call: how far a customer may be from where it stands, by how its votes differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism, scoring
from kamlib.models.ballots.ballots import summary
from kamlib.models.factors import asked, grid, members, named
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
    parts = [pd.DataFrame(columns=COLUMNS)]
    parts += [_of_segment(book, segment) for segment in kaism.segments(book)]
    return pd.concat(parts[1:] or parts, ignore_index=True)[COLUMNS]


def _of_segment(book: Book, segment: str) -> pd.DataFrame:
    seen, split = kaism.points(book, segment), _split(book)
    out, gaps = seen["ruled_out"], (seen["y"] - seen["y_line"], seen["x"].astype(float))
    varied = _of_heights(book, segment), _of_margins(book, segment)
    bands = [
        np.where(out | np.isnan(gap), np.nan, BAND * np.sqrt(variance))
        for gap, variance in zip(gaps, varied, strict=True)
    ]
    close = [(np.abs(gap) <= band) & (band > 0) for gap, band in zip(gaps, bands, strict=True)]
    axis = np.select([close[0] & close[1], *close], ["both", "attractiveness", "strength"], "")
    names = np.where(seen["name"] != "", seen["name"], seen["customer"])
    heard = np.isin(seen["customer"].astype(str), split.loc[split["variance"] > 0, "customer"])
    columns = {
        "segment": seen["segment"],
        "customer": seen["customer"],
        "name": names,
        "y_gap": gaps[0],
        "band_y": bands[0],
        "x": gaps[1],
        "band_x": bands[1],
        "too_close": np.where(axis == "", "no", "yes").astype(object),
        "axis": axis.astype(object),
        "words": [_words(*row) for row in zip(names, axis.tolist(), heard, strict=True)],
    }
    return pd.DataFrame(columns)


@model
def _split(book: Book) -> pd.DataFrame:
    """The cells with more than one vote, and the variance of their mean."""
    table = summary(book)
    table = table[table["votes"] > 1]
    return table.assign(variance=table["spread"] ** 2 / table["votes"])


def _of_heights(book: Book, segment: str) -> np.ndarray:
    """The variance of each customer's distance from the line, which at the mean moves with all."""
    seen = kaism.points(book, segment)
    weights = np.where(np.isnan(grid(book, segment)), 0.0, asked(book, segment).weights)
    variance = _weighed(weights, _of_scores(book, segment))
    counted = ~seen["ruled_out"] & ~np.isnan(seen["y"])
    if book.settings.line == "midpoint" or not counted.any():
        return variance
    n = counted.sum()
    return np.asarray(np.maximum((1 - 2 / n) * variance + variance[counted].sum() / n**2, 0.0))


@model
def _of_scores(book: Book, segment: str) -> np.ndarray:
    """The variance of each score of attractiveness, customers x factors."""
    split = _split(book)
    votes, customers = split[split["model"] == "attractiveness"], members(book, segment)["customer"]
    return _variances(book, votes, customers, named(book, segment)[0])


@model
def _of_margins(book: Book, segment: str) -> np.ndarray:
    """The variance of each customer's margin against its best competitor."""
    customers, split = members(book, segment)["customer"], _split(book)
    rival = kaism.strength(book, tuple(customers))["best_competitor"]
    cells = kaism.strength_cells(book, tuple(customers))
    pairs = pd.MultiIndex.from_arrays([customers, rival])
    ours, theirs, weights = (part.reindex(pairs).to_numpy(float) for part in cells)
    weights = np.where(np.isnan(ours - theirs), 0.0, weights)
    votes = split[split["model"] == "strength"]
    best = votes["customer"].map(dict(zip(customers, rival, strict=True)))
    sides = votes[votes["supplier"] == US], votes[votes["supplier"] == best]
    ours_vary, theirs_vary = (_variances(book, s, customers, cells[0].columns) for s in sides)
    return _weighed(weights, ours_vary + theirs_vary)


def _variances(
    book: Book, votes: pd.DataFrame, customers: pd.Series, factors: pd.Index | np.ndarray
) -> np.ndarray:
    """The variance of each score, customers x factors."""
    columns = (votes[c].to_numpy() for c in ("customer", "factor", "variance"))
    found = scoring.cells(columns, customers, factors)
    return np.where(np.isnan(found), (book.settings.score_error or 0.0) ** 2 / 3, found)


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
