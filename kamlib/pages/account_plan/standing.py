"""What is the account to us? Its box, its profit, its best rival, and what we lose on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib.models import hierarchy
from kamlib.models.account import standing
from kamlib.pages.account import book_of
from kamlib.pages.exhibit import Exhibit, View, row, stack
from kamlib.pages.guide import tips
from kamlib.pages.html import box_word, line, parts, table, whole
from kamlib.pages.sheets import exercises
from kamlib.workbook.book import Book


def about(view: View, result: Callable[[Book], pd.DataFrame]) -> pd.DataFrame:
    """What a result says of the customer in focus; no rows where there is none."""
    rows = result(book_of(view))
    return rows[rows["customer"] == view.customer].reset_index(drop=True)


def first(rows: pd.DataFrame) -> dict[str, Any]:
    """The first row by column, {} where there is none."""
    return {str(name): value for row in rows.head(1).to_dict("records") for name, value in row.items()}


def _account(view: View) -> dict[str, Any]:
    return first(about(view, standing.account))


def _title(view: View) -> str:
    return str(_account(view).get("verdict") or "What is it to us? Choose a customer in the title line")


def _facts(view: View) -> Markup:
    """What the workbook knows of the account, a line each, with where it comes from."""
    found, money = _account(view), view.book.settings.currency
    if not found:
        return line("As soon as there is a customer, this says what it is to us.", "hint")
    years = view.book.settings.horizon_years
    worth = " to ".join(dict.fromkeys(whole(found[f"worth_{end}"]) for end in ("low", "high")))
    ahead = abs(found["ahead"])
    rival = f"{found['rival']}: we are {ahead:.1f} {'ahead' if found['ahead'] >= 0 else 'behind'}"
    said = [
        ("Category", f"{box_word(found['category'])} ({found['by'] or 'open'})", "steps 6 to 9"),
        ("Profit a year, today", f"{whole(found['profit'])} {money}", "after cost to serve"),
        ("Profit a year, aimed at", f"{whole(found['potential'])} {money}", "customer list"),
        ("Worth in the years to come", f"{worth} {money}", f"over {years:g} years, discounted"),
        ("Best rival", rival if found["rival"] else "?", "step 8"),
        ("Its group", _group_words(found, money), "parents in the customer list"),
        ("Rung of the ladder", found["ladder"] or "?", "exercise below"),
        ("Stage of the relationship", found["stage"] or "?", "how close we are"),
    ]
    rows = [dict(zip(("what", "said", "source"), each, strict=True)) for each in said]
    return table(rows, {"what": "The account|l", "said": "Today|l", "source": "From|l why"})


def _group_words(found: dict[str, Any], money: str) -> str:
    if not found["group"]:
        return "no parent and no subsidiary entered"
    least = "at least " if found["sums"] == "at least" else ""
    return f"{found['group']}, {least}{whole(found['group_revenue'])} {money} in all"


def _lost_title(view: View) -> str:
    found = _account(view)
    if not found.get("rival"):
        return "Who is its best supplier? No competitor is scored yet"
    lost = found["lose_on"]
    return f"We lose to {found['rival']} on {lost}" if lost else f"{found['rival']} is ahead of us on nothing"


def _lost(view: View) -> Markup:
    if not view.customer:
        return line("")
    rows = standing.factors(book_of(view).choosing(customer=""), view.customer)
    rows = rows.sort_values("weighed", kind="stable", na_position="last")
    heads = {
        "label": "As the customer sees it|l",
        "us": "us|one",
        "rival": "best rival|one",
        "gap": "difference|%+.1f",
        "weight": "weight|%g",
    }
    return table(rows, heads, note="The costliest difference first; ? is not known.")


def _group(view: View) -> Markup:
    """The group the account belongs to, customer by customer below its topmost parent."""
    found = _account(view)
    groups = hierarchy.groups(view.book.choosing(customer="", segment=""))
    rows = groups[groups["name"] == found.get("group", "")] if found else groups.iloc[:0]
    heads = {
        "name": "Parent|name",
        "members": "Subsidiaries|l why",
        "revenue": "Revenue",
        "profit": "Gross profit",
        "potential_profit": "Aimed at",
        "sums": "Sums|l",
    }
    return table(rows, heads)


exhibits = stack(
    row(
        Exhibit("account", _title, _facts),
        stack(Exhibit("lost", _lost_title, _lost), tips("standing")),
        shape="two",
    ),
    Exhibit("account-group", words=lambda view: parts(_group(view))),
    exercises("standing", own=True),
)
