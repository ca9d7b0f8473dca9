"""How far people agree, in the two figures of the trade and in one sentence.

Sources: Hayes and Krippendorff 2007 (alpha; its limits: Krippendorff 2004), Kendall and Babington
Smith 1939 (W).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism, scoring
from kamlib.models.ballots.ballots import AXES, summary, votes
from kamlib.models.factors import asked
from kamlib.wording import numeral
from kamlib.workbook.book import Book, model

SAME, ROUGHLY = 0.8, 0.667
COLUMNS = ["segment", "model", "raters", "units", "pairs", "alpha", "W", "r_wg", "words"]


@model
def agreement(book: Book) -> pd.DataFrame:
    """How far the people agree, a row for each segment and model (us and competitors together).

    Columns: segment, model, raters (people who voted), units (cells with two votes or more), pairs
    (of such votes), alpha (Krippendorff's, ordinal), W (Kendall's, of how each person's total
    attractiveness ranks the customers; only people who voted on every customer that got votes),
    r_wg (mean over the cells), words. NaN: cannot be said.
    """
    said, table, rows = votes(book), summary(book), []
    for segment in kaism.segments(book):
        for axis in AXES:
            own = said[(said["segment"] == segment) & (said["model"] == axis)]
            of_cells = table[(table["segment"] == segment) & (table["model"] == axis)]
            count = of_cells["votes"][of_cells["votes"] > 1]
            people, pairs = own["person"].nunique(), int((count * (count - 1) // 2).sum())
            found = alpha(own.pivot(index="person", columns="cell", values="score").to_numpy(float))
            has_rank = axis == "attractiveness"
            w = concordance(_totals(book, segment, own)) if has_rank else np.nan
            head = (segment, axis, people, len(count), pairs, found, w)
            rows.append((*head, of_cells["r_wg"].mean(), _words(people, len(count), found)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _totals(book: Book, segment: str, own: pd.DataFrame) -> np.ndarray:
    """People x customers: how attractive each is to who voted on all of them, over its votes."""
    factors = asked(book, segment)
    weight = own["factor"].map(dict(zip(factors.names, factors.weights, strict=True)))
    rows = own.assign(points=own["score"] * weight, weight=weight.where(weight > 0))
    sums = rows.groupby(["person", "customer"])[["points", "weight"]].sum(min_count=1)
    total = (sums["points"] / sums["weight"]).unstack().dropna()
    return np.array(total.round(scoring.DIGITS), float)


def alpha(table: np.ndarray, level: str = "ordinal") -> float:
    """Krippendorff's alpha of a table raters x units (NaN: no vote): 1 all agree, 0 by chance.

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
    return float(
        1 - (pairs * apart).sum() * (each.sum() - 1) / (np.outer(each, each) * apart).sum()
    )


def concordance(totals: np.ndarray) -> float:
    """Kendall's W, corrected for ties, of people x customers: 1 all rank alike, 0 no order."""
    people, customers = totals.shape
    ranks = pd.DataFrame(totals).rank(axis=1).to_numpy()
    counts = [np.unique(row, return_counts=True)[1] for row in ranks]
    ties = sum(int((count**3 - count).sum()) for count in counts)
    most = people * (people * (customers**3 - customers) - ties)
    if people < 2 or customers < 2 or most == 0:
        return float("nan")
    return float(12 * customers * ranks.sum(axis=0).var() / most)


def _words(people: int, units: int, found: float) -> str:
    """Bands of Krippendorff: conclusions from 0.8 on, tentative ones from 0.667 on, none below."""
    if people < 2:
        return (
            "Only one person has voted: nothing to compare." if people else "Nobody has voted yet."
        )
    if found != found:
        words = "gave the same score everywhere." if units else "voted, but never on the same."
    elif found >= SAME:
        words = "mostly see the same: the scores can be built on."
    elif found >= ROUGHLY:
        talk = "talk about the widest differences before building on the scores."
        words = f"see roughly the same: {talk}"
    elif found > 0:
        words = "see it differently: talk before anybody relies on the mean of what they say."
    else:
        words = "agree no more than by chance: ask first whether all mean the same by the factors."
    return f"{numeral(people)} people {words}"
