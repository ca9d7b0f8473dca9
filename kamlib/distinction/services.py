"""Presents nobody wanted: which services to keep, to improve, to charge for and to take away.

Source: key account management in financial services, chapters 22 and 26.
"""

from __future__ import annotations

import math

import pandas as pd

from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import Tables

COLUMNS = [
    "service", "name", "cost", "valued", "good_at", "new", "who_pays", "suggestion", "why", "action", "pilot", "pilot_on",
]  # fmt: skip


@remembered
def services(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Every service besides the offer, with what may be done about it. Columns: COLUMNS.

    cost (a year, NaN unknown), suggestion (remove, improve, charge, keep, or ask while nobody knows whether
    customers value it), why (a sentence), action (what was decided). Charging is suggested for what is
    valued, done well and dearer than the mean of the known costs, unless the customer pays already; that
    limit is ours, the source gives none. Source: chapter 22.
    """
    rows = tables["services"].drop_duplicates("service")
    rows = rows[rows["service"] != ""].reset_index(drop=True)
    mean = float(rows["cost"].mean())
    told = [
        _suggestion(valued, good, cost > mean and pays != "customer", pays == "customer")
        for valued, good, cost, pays in zip(*(rows[c] for c in ("valued", "good_at", "cost", "who_pays")), strict=True)
    ]  # fmt: skip
    made = pd.DataFrame(told, columns=["suggestion", "why"])
    return rows.assign(name=rows["name"].where(rows["name"].str.strip() != "", rows["service"]),
                       suggestion=made["suggestion"], why=made["why"])[COLUMNS]  # fmt: skip


def _suggestion(valued: str, good: str, dear: bool, paid: bool) -> tuple[str, str]:
    if valued == "no":
        return "remove", "Customers do not value it: take it away slowly, and try that with a few first."
    if valued != "yes":
        return "ask", "Nobody knows whether customers value it: ask them."
    if good == "no":
        return "improve", "Customers value it and we do it badly: do it better."
    if good != "yes":
        return "keep", "Customers value it: ask how good we are at it."
    if dear:
        return (
            "charge",
            "Customers value it, we do it well, and it costs more than most: it may have a price.",
        )
    return "keep", f"Customers value it and we do it well{', and they pay for it' if paid else ''}."


def total(tables: Tables, settings: Settings) -> dict[str, float]:
    """What the services cost a year that customers do not value.

    services (how many there are), unvalued (how many of them), cost (of those known, NaN when none is),
    unknown (unvalued without a cost), cost_of_all (of all whose cost is known, NaN when none is).
    """
    rows = services(tables, settings)
    own = rows[rows["valued"] == "no"]
    return {"services": len(rows), "unvalued": len(own), "cost": float(own["cost"].sum(min_count=1)) if len(own) else 0.0,
            "unknown": int(own["cost"].isna().sum()),
            "cost_of_all": float(rows["cost"].sum(min_count=1)) if len(rows) else math.nan}  # fmt: skip


def services_words(tables: Tables, settings: Settings) -> str:
    """What the services nobody wants cost, in one sentence, for a title."""
    rows, sums = services(tables, settings), total(tables, settings)
    count, cost = int(sums["unvalued"]), sums["cost"]
    if rows.empty:
        return "No service is listed yet"
    asked = int((rows["suggestion"] == "ask").sum())
    if asked == len(rows):
        return "Nobody has said yet which services customers value"
    rest = f"; of {asked} nobody knows" if asked else ""
    if not count:
        return f"Customers value every service{' we know of' if asked else ''}{rest}"
    head = f"{count} of {len(rows)} services {'is' if count == 1 else 'are'} not valued"
    if cost != cost:
        return f"{head}; what {'it costs' if count == 1 else 'they cost'} is not known{rest}"
    least = "at least " if sums["unknown"] else ""
    return f"{head} and cost{'s' if count == 1 else ''} {least}{cost:,.0f} {settings.currency} a year{rest}"
