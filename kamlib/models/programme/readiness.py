"""Are we ready to change? The change equation, never multiplied, and the obstacles in order."""

from __future__ import annotations

import pandas as pd

from kamlib.catalogue import sheets
from kamlib.workbook.book import Book, model

COST = "costs_of_change"
SEVERITY = ("high", "medium", "low", "none")


@model
def change(book: Book, subject: str = sheets.CASE) -> pd.DataFrame:
    """The change equation: the three that drive a change, and its cost, from 0 to 10.

    Of our own programme, or of the customer that is the `subject`. Columns: item, label, rating
    (NaN: unknown), is_cost.
    Source: chapter 18, together against the cost; it gives no arithmetic. That each of the three is
    needed, and that their mean is held against the cost, is ours.
    """
    rows = sheets.filled(book, "change_equation", subject)
    rating = pd.to_numeric(rows["rating"], errors="coerce")
    return rows[["item", "label"]].assign(rating=rating, is_cost=rows["item"] == COST)


def words(book: Book, subject: str = sheets.CASE) -> str:
    """Is change likely, and which of the three is weakest? In a sentence."""
    rows = change(book, subject)
    if rows["rating"].isna().any():
        return "Rate all four, and see whether people will change"
    drives, cost = rows[~rows["is_cost"]], rows.loc[rows["is_cost"], "rating"].iloc[0]
    weakest = drives.loc[drives["rating"].idxmin()]
    name = weakest["label"].lower()
    if not weakest["rating"]:
        return f"Nobody will change: there is no {name}"
    if drives["rating"].mean() > cost:
        return f"Change is likely; the weakest part is {name}"
    return f"Change costs more than it promises; strengthen {name} first"


@model
def obstacles(book: Book) -> pd.DataFrame:
    """The obstacles, the most serious first. Columns: label, severity, action, by, own."""
    rows = sheets.filled(book, "obstacles")
    rows = rows[rows["severity"].isin(SEVERITY[:3])]
    order = rows["severity"].map({word: n for n, word in enumerate(SEVERITY)})
    ranked = rows.loc[order.sort_values(kind="stable").index]
    return ranked[["label", "severity", "action", "by", "own"]].reset_index(drop=True)
