"""Presents nobody wanted: which services to keep, to improve, to charge for and to take away.

Source: key account management in financial services, chapters 22 and 26.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.wording import by_number
from kamlib.workbook.book import Book, model

ENTERED = ["service", "name", "cost", "valued", "good_at", "new", "who_pays"]
COLUMNS = [*ENTERED, "suggestion", "why", "action", "pilot", "pilot_on"]
# what is suggested, and why: the first that holds
SUGGESTIONS = (
    ("remove", "Customers do not value it: take it away slowly, and try that with a few first."),
    ("ask", "Nobody knows whether customers value it: ask them."),
    ("improve", "Customers value it and we do it badly: do it better."),
    ("keep", "Customers value it: ask how good we are at it."),
    (
        "charge",
        "Customers value it, we do it well, and it costs more than most: it may have a price.",
    ),
    ("keep", "Customers value it and we do it well, and they pay for it."),
    ("keep", "Customers value it and we do it well."),
)


@model
def services(book: Book) -> pd.DataFrame:
    """Every service besides the offer, with what may be done about it. Columns: COLUMNS.

    cost (a year, NaN unknown), suggestion (remove, improve, charge, keep, or ask while nobody knows
    whether customers value it), why (a sentence), action (what was decided). Charging is suggested
    for what is valued, done well and dearer than the mean of the known costs, unless the customer
    pays already; that limit is ours. Source: chapter 22.
    """
    rows = book["services"].drop_duplicates("service")
    rows = rows[rows["service"] != ""].reset_index(drop=True)
    valued, good, paid = rows["valued"], rows["good_at"], rows["who_pays"] == "customer"
    dear = (rows["cost"] > rows["cost"].mean()) & ~paid
    cases = [valued == "no", valued != "yes", good == "no", good != "yes", dear, paid]
    number = np.select(cases, range(len(cases)), len(cases))
    suggestion, why = np.array(SUGGESTIONS, dtype=object)[number].T
    name = rows["name"].where(rows["name"].str.strip() != "", rows["service"])
    return rows.assign(name=name, suggestion=suggestion, why=why)[COLUMNS]


def total(book: Book) -> dict[str, float]:
    """What the services cost a year that customers do not value.

    services (how many), unvalued (how many of them), cost (of these as far as known; NaN when none
    is, 0 of none), unknown (unvalued without a cost), cost_of_all (as far as known, or NaN).
    """
    rows = services(book)
    unvalued = rows.loc[rows["valued"] == "no", "cost"]
    return {
        "services": len(rows),
        "unvalued": len(unvalued),
        "cost": float(unvalued.sum(min_count=min(1, len(unvalued)))),
        "unknown": int(unvalued.isna().sum()),
        "cost_of_all": float(rows["cost"].sum(min_count=1)),
    }


def services_words(book: Book) -> str:
    """What the services nobody wants cost, in one sentence, for a title."""
    rows, sums = services(book), total(book)
    asked = int((rows["suggestion"] == "ask").sum())
    if rows.empty:
        return "No service is listed yet"
    if asked == len(rows):
        return "Nobody has said yet which services customers value"
    count, cost = sums["unvalued"], sums["cost"]
    rest = f"; of {asked} nobody knows" if asked else ""
    if not count:
        return f"Customers value every service{' we know of' if asked else ''}{rest}"
    head = f"{count} of {len(rows)} services {by_number(count, 'is', 'are')} not valued"
    if math.isnan(cost):
        return f"{head}; what {by_number(count, 'it costs', 'they cost')} is not known{rest}"
    least = "at least " if sums["unknown"] else ""
    costs = by_number(count, "costs", "cost")
    return f"{head} and {costs} {least}{cost:,.0f} {book.settings.currency} a year{rest}"
