"""How far people agree, in the two figures of the trade and in one sentence.

Sources: Hayes and Krippendorff 2007 (alpha; its limits: Krippendorff 2004), Kendall and Babington Smith 1939 (W).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism, scoring
from kamlib.disagreement.ballots import AXES, summary, votes
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import Tables

SAME, ROUGHLY = 0.8, 0.667
NUMBERS = [
    "No",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
]
COLUMNS = ["segment", "model", "raters", "units", "pairs", "alpha", "W", "r_wg", "words"]


@remembered
def agreement(tables: Tables, settings: Settings) -> pd.DataFrame:
    """How far the people agree, a row for each segment and model (strength: us and the competitors together).

    Columns: segment, model, raters (people who voted), units (cells with two votes or more), pairs (of such votes),
    alpha (Krippendorff's, ordinal), W (Kendall's, of how each person's total attractiveness ranks the customers; only
    people who voted on every customer that got votes), r_wg (mean over the cells), words. NaN: cannot be said.
    """
    said, table, rows = votes(tables, settings), summary(tables, settings), []
    for segment in kaism.segments(tables, settings):
        for model in AXES:
            own = said[(said["segment"] == segment) & (said["model"] == model)]
            mine = table[(table["segment"] == segment) & (table["model"] == model)]
            count = mine["votes"][mine["votes"] > 1]
            people, units = own["person"].unique(), own["cell"].unique()
            cells = scoring.pivot(own["person"], own["cell"], own["score"], people, units).to_numpy()
            found = alpha(cells)
            together = concordance(_totals(tables, segment, own)) if model == "attractiveness" else np.nan
            pairs = int((count * (count - 1) // 2).sum())
            words = _words(len(people), len(count), found)
            r_wg = mine["r_wg"].mean()
            rows.append((segment, model, len(people), len(count), pairs, found, together, r_wg, words))
    return pd.DataFrame(rows, columns=COLUMNS)


def _totals(tables: Tables, segment: str, own: pd.DataFrame) -> np.ndarray:
    """The attractiveness of each customer to each person who voted on all of them, over what it voted on."""
    weight = own["factor"].map(scoring.weights_of(kaism.of_scope(tables, "attractiveness", segment)))
    by = [own["person"], own["customer"]]
    total = (own["score"] * weight).groupby(by).sum() / weight.where(weight > 0).groupby(by).sum(min_count=1)
    return total.unstack().dropna().round(scoring.DIGITS).to_numpy(float)


def alpha(table: np.ndarray, level: str = "ordinal") -> float:
    """Krippendorff's alpha of a table raters x units (NaN: no vote): 1 all agree, 0 no more than by chance.

    level: nominal, ordinal or interval. NaN where no unit has two votes, or all votes are the same.
    """
    pairable = table[:, (~np.isnan(table)).sum(axis=0) > 1].T
    unit, rater = np.nonzero(~np.isnan(pairable))
    values, place = np.unique(pairable[unit, rater], return_inverse=True)
    if len(values) < 2:
        return float("nan")
    counts = np.zeros((len(pairable), len(values)))
    np.add.at(counts, (unit, place), 1)
    share = counts / (counts.sum(axis=1, keepdims=True) - 1)
    pairs = share.T @ counts - np.diag(share.sum(axis=0))
    each = counts.sum(axis=0)
    scale = {"nominal": values, "ordinal": np.cumsum(each) - each / 2, "interval": values}[level]
    apart = (scale[:, None] - scale) ** 2 if level != "nominal" else scale[:, None] != scale
    return float(1 - (pairs * apart).sum() * (each.sum() - 1) / (np.outer(each, each) * apart).sum())


def concordance(totals: np.ndarray) -> float:
    """Kendall's W, corrected for ties, of a table people x customers: 1 all rank alike, 0 no common order."""
    people, customers = totals.shape
    ranks = pd.DataFrame(totals).rank(axis=1).to_numpy()
    ties = sum(
        int((count**3 - count).sum()) for count in (np.unique(row, return_counts=True)[1] for row in ranks)
    )
    most = people * (people * (customers**3 - customers) - ties)
    if people < 2 or customers < 2 or most == 0:
        return float("nan")
    return float(12 * customers * ranks.sum(axis=0).var() / most)


def _words(people: int, units: int, found: float) -> str:
    """Bands of Krippendorff: conclusions from 0.800 on, tentative ones from 0.667 on, none below."""
    if people < 2:
        return "Only one person has voted: nothing to compare." if people else "Nobody has voted yet."
    who = f"{NUMBERS[people] if people < len(NUMBERS) else people} people"
    if found != found:
        return f"{who} gave the same score everywhere." if units else f"{who} voted, but never on the same."
    if found >= SAME:
        return f"{who} mostly see the same: the scores can be built on."
    if found >= ROUGHLY:
        return f"{who} see roughly the same: talk about the widest differences before building on the scores."
    if found > 0:
        return f"{who} see it differently: talk before anybody relies on the mean of what they say."
    return f"{who} agree no more than by chance: ask first whether all mean the same by the factors."
