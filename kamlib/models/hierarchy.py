"""Parents and their subsidiaries: what each group of customers is to us in all."""

from __future__ import annotations

import pandas as pd

from kamlib.workbook.book import Book

SUMS = ("revenue", "profit", "potential_profit")


def groups(book: Book) -> pd.DataFrame:
    """Each parent with its subsidiaries, at every level below it, and the sums of what is known.

    Columns: parent, name, subsidiaries (how many), members (their names), own_revenue, own_profit,
    sums ("at least" where somebody's revenue or profit is unknown, else "complete"), revenue,
    profit, potential_profit (parent and subsidiaries together). A circle of parents counts each
    customer once.
    """
    customers = book["customers"].set_index("customer")
    below: dict[str, list[str]] = {}
    for customer, parent in customers["parent"].items():
        if parent and parent != customer:
            below.setdefault(parent, []).append(str(customer))
    rows = []
    for parent in [c for c in customers.index if c in below]:
        members = _below(parent, below)
        group = customers.loc[[parent, *members]]
        rows.append(
            {
                "parent": parent,
                "name": customers.at[parent, "name"],
                "subsidiaries": len(members),
                "members": ", ".join(customers.loc[members, "name"]),
                "own_revenue": customers.at[parent, "revenue"],
                "own_profit": customers.at[parent, "profit"],
                "sums": "at least"
                if group[["revenue", "profit"]].isna().any(axis=None)
                else "complete",
                **{column: group[column].sum(min_count=1) for column in SUMS},
            }
        )
    columns = ["parent", "name", "subsidiaries", "members", "own_revenue", "own_profit", "sums"]
    return pd.DataFrame(rows, columns=[*columns, *SUMS])


def _below(parent: str, below: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    open_ones = [parent]
    while open_ones:
        for customer in below.get(open_ones.pop(0), []):
            if customer not in found and customer != parent:
                found.append(customer)
                open_ones.append(customer)
    return found
