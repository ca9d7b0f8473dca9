"""What an account is to us: box, profit, future value, best supplier, and what we lose on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.catalogue import sheets
from kamlib.models import hierarchy, kaism, pia, profitability, verdict
from kamlib.models.account import relationship
from kamlib.models.factors import of_scope
from kamlib.models.lookup import by_key, names_by_key
from kamlib.wording import listed
from kamlib.workbook.book import Book, model

LADDER = "relationship_ladder"
COLUMNS = [
    *("customer", "name", "category", "by", "verdict", "revenue", "profit", "potential"),
    *("worth_low", "worth_high", "rival", "ahead", "lose_on", "ladder"),
    *("group", "group_revenue", "sums", "stage"),
]


@model
def account(book: Book) -> pd.DataFrame:
    """What each customer the settings name is to us, a row each, from all the workbook knows.

    Columns: customer, name, category, by (decided or suggested), verdict (in a sentence), revenue,
    profit (after cost to serve), potential (profit a year aimed at), worth_low, worth_high (over
    the horizon), rival (the best competitor), ahead (our margin over it), lose_on (the factors on
    which it is better, the weightiest first), ladder (the highest rung reached), group (its parent,
    or itself), group_revenue, sums ("complete" or "at least"), stage (entered). NaN, "": unknown.
    """
    whole = book.choosing(customer="", segment="")
    said = by_key(verdict.verdicts(whole), "customer")
    money = by_key(profitability.customers(whole), "customer")
    worth = by_key(profitability.future_value(whole), "customer")
    potential = by_key(book["customers"], "customer")["potential_profit"]
    groups, stages = _groups(whole), by_key(relationship.relationship(book), "customer")["now"]
    rows: list[dict[str, Any]] = []
    for customer, name, _ in pia.listed(book).itertuples(index=False):
        strength = kaism.strength(whole, (customer,)).iloc[0]
        found = said.loc[customer] if customer in said.index else {}
        mine = money.loc[customer] if customer in money.index else {}
        value = worth.loc[customer] if customer in worth.index else {}
        rival, lost = strength["best_competitor"], factors(whole, customer)
        lost = lost[lost["gap"] < 0].sort_values("weighed", kind="stable")
        rows.append(
            {"customer": customer, "name": name}
            | {c: found.get(c, "") for c in ("category", "by")}
            | {"verdict": found.get("sentence", "")}
            | {c: mine.get(c, float("nan")) for c in ("revenue", "profit")}
            | {"potential": potential[customer]}
            | {f"worth_{end}": value.get(end, float("nan")) for end in ("low", "high")}
            | {"rival": names_by_key(book, "suppliers", "supplier").get(rival, rival)}
            | {"ahead": strength["x"], "lose_on": listed(lost["label"])}
            | {"ladder": rung(book, customer)}
            | groups.get(customer, {"group": "", "group_revenue": float("nan"), "sums": ""})
            | {"stage": stages[customer]}
        )
    return pd.DataFrame(rows, columns=COLUMNS)


@model
def factors(book: Book, customer: str) -> pd.DataFrame:
    """Factor by factor, us against the best competitor: label, us, rival, gap, weight, weighed.

    weighed is the gap times the share of the weight; NaN where a score is unknown. No rows without
    a competitor.
    """
    rival = kaism.strength(book, (customer,))["best_competitor"].iloc[0]
    ours, theirs, weights = kaism.strength_cells(book, (customer,))
    listed_factors = of_scope(book, "strength", customer)[["factor", "label"]]
    if not rival:
        return listed_factors.iloc[:0].assign(us=0.0, rival=0.0, gap=0.0, weight=0.0, weighed=0.0)
    at = (customer, rival)
    columns = {"us": ours.loc[at], "rival": theirs.loc[at], "weight": weights.loc[at]}
    rows = listed_factors.assign(**{n: listed_factors["factor"].map(c) for n, c in columns.items()})
    gap = rows["us"] - rows["rival"]
    return rows.assign(gap=gap, weighed=gap * rows["weight"] / (rows["weight"].sum() or 1.0))


def rung(book: Book, customer: str) -> str:
    """The highest rung of the ladder that was said to be reached, "" for none.

    With "or higher" while nobody has said no to the next one.
    """
    rows = sheets.filled(book, LADDER, customer)
    at = rows.index[rows["reached"] == "yes"].max()
    if at != at:
        return ""
    higher = " or higher" * bool(rows["reached"].iloc[at + 1 : at + 2].ne("no").any())
    return f"{rows.at[at, 'label']}{higher}"


def _groups(book: Book) -> dict[str, dict[str, Any]]:
    """Customer -> the group it belongs to: its topmost parent with the sums of all below it."""
    parent = by_key(book["customers"], "customer")["parent"].to_dict()
    sums = by_key(hierarchy.groups(book), "parent")
    found = {}
    for customer in parent:
        top, passed = customer, {customer}
        while (above := parent.get(top, "")) and above in parent and above not in passed:
            passed.add(top := above)
        if top in sums.index:
            row = sums.loc[top]
            found[customer] = {
                "group": row["name"],
                "group_revenue": row["revenue"],
                "sums": row["sums"],
            }
    return found
