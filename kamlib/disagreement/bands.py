"""Too close to call: how far a customer may be from where it stands, given how far the votes are apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism, scoring
from kamlib.disagreement.ballots import KEY, grid, summary
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import US, Tables

BAND = 1.645  # standard deviations either way that hold 90 % of a normal distribution
COLUMNS = ["segment", "customer", "name", "y_gap", "band_y", "x", "band_x", "too_close", "axis", "words"]
Variances = dict[tuple[str, str, str, str], float]


@remembered
def borderline(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Which customers are too close to a line to call, given how far the votes are apart: a row a customer.

    An agreed score is taken as the mean of its votes, with the variance s^2 / votes; one with fewer than two votes
    may be off by up to settings.score_error either way, evenly (None: not at all). An unknown score has no part in
    it, and no part in the weights. Columns: segment, customer, name, y_gap (distance from the line), band_y (within
    which 90 % of such errors stay), x, band_x (of the margin against the best competitor), too_close (yes, no: on an
    axis the band is above 0 and the gap no wider), axis (attractiveness, strength, both or ""), words ("" when not
    too close). NaN where a customer stands nowhere on an axis; a customer that is ruled out has no bands.
    """
    table, parts = summary(tables, settings), [pd.DataFrame(columns=COLUMNS)]
    several = table[table["votes"] > 1]
    keys = zip(*(several[c] for c in KEY), strict=True)
    voted = dict(zip(keys, several["spread"] ** 2 / several["votes"], strict=True))
    error = (settings.score_error or 0.0) ** 2 / 3
    for segment in kaism.segments(tables, settings):
        seen = kaism.positions(tables, settings, segment)
        inside = ~seen["ruled_out"].to_numpy(bool)
        gap, x = (seen["y"] - seen["y_line"]).to_numpy(float), seen["x"].to_numpy(float)
        up = np.where(
            inside & ~np.isnan(gap), BAND * np.sqrt(_up(tables, settings, seen, voted, error)), np.nan
        )
        right = np.where(inside & ~np.isnan(x), BAND * np.sqrt(_right(tables, seen, voted, error)), np.nan)
        near = [(np.abs(d) <= band) & (band > 0) for d, band in ((gap, up), (x, right))]
        axis = np.select([near[0] & near[1], *near], ["both", "attractiveness", "strength"], "").astype(
            object
        )
        name = seen["name"].where(seen["name"] != "", seen["customer"])
        heard = {key[1] for key, variance in voted.items() if variance > 0}
        words = [_words(n, a, c in heard) for n, a, c in zip(name, axis, seen["customer"], strict=True)]
        parts.append(seen[["segment", "customer"]].assign(
            name=name, y_gap=gap, band_y=up, x=x, band_x=right, too_close=np.where(axis == "", "no", "yes").astype(object),
            axis=axis, words=np.array(words, dtype=object),
        ))  # fmt: skip
    return pd.concat(parts[1:] or parts, ignore_index=True)[COLUMNS]


def _up(tables: Tables, settings: Settings, seen: pd.DataFrame, voted: Variances, error: float) -> np.ndarray:
    """The variance of each customer's distance from the line; a line at the mean moves with every customer."""
    if seen.empty:
        return np.empty(0)
    table, factors = grid(tables, seen["segment"].iloc[0], seen["customer"])
    known = np.where(table.isna(), 0.0, scoring.weights_of(factors).to_numpy(float))
    variance = [[voted.get(("attractiveness", c, f, ""), error) for f in table.columns] for c in table.index]
    own = (_shares(known) ** 2 * np.array(variance, float).reshape(table.shape)).sum(axis=1)
    counted = ~seen["ruled_out"].to_numpy(bool) & seen["y"].notna().to_numpy()
    if settings.line == "midpoint" or not counted.any():
        return own
    n = counted.sum()
    return np.maximum((1 - 2 / n) * own + own[counted].sum() / n**2, 0.0)


def _right(tables: Tables, seen: pd.DataFrame, voted: Variances, error: float) -> np.ndarray:
    """The variance of each customer's margin against its best competitor."""
    ours, theirs, weights = kaism.strength_cells(tables, seen["customer"])
    both = np.where((ours.isna() | theirs.isna()), 0.0, weights)
    shares, rows = _shares(both) ** 2, {pair: i for i, pair in enumerate(ours.index)}
    made = np.zeros(len(seen))
    for i, (customer, rival) in enumerate(zip(seen["customer"], seen["best_competitor"], strict=True)):
        row = rows.get((customer, rival))
        for j in np.flatnonzero(shares[row]) if row is not None else ():
            spread = sum(voted.get(("strength", customer, ours.columns[j], s), error) for s in (US, rival))
            made[i] += shares[row, j] * spread
    return made


def _shares(weights: np.ndarray) -> np.ndarray:
    """Weights that add up to 1 in each row; all 0 in a row without any."""
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros(weights.shape), where=total > 0)


def _words(name: str, axis: str, heard: bool) -> str:
    if not axis:
        return ""
    why = "The votes differ so much" if heard else "The scores may be off by so much"
    lines = "of both lines" if axis == "both" else f"of the line of {axis}"
    return f"{why} that {name} could be on either side {lines}."
