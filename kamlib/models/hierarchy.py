"""Parents and their subsidiaries: what each group of customers is to us in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from kamlib.workbook.book import Book

SUMS = ["revenue", "profit", "potential_profit"]
WHO = ["parent", "name", "subsidiaries", "members", "own_revenue", "own_profit", "sums"]


def groups(book: Book) -> pd.DataFrame:
    """Each parent with its subsidiaries, at every level below it, and the sums of what is known.

    Columns: parent, name, subsidiaries (how many), members (their names), own_revenue, own_profit,
    sums ("at least" where somebody's revenue or profit is unknown, else "complete"), revenue,
    profit, potential_profit (parent and subsidiaries together). A circle of parents counts each
    customer once.
    """
    customers = book["customers"].set_index("customer")
    children = customers.groupby("parent").groups
    rows = []
    for parent in customers.index:
        members = _below(parent, children)
        if not members:
            continue
        group = customers.loc[[parent, *members]]
        known = group[["revenue", "profit"]].notna().all(axis=None)
        name, revenue, profit = customers.loc[parent, ["name", "revenue", "profit"]]
        names = ", ".join(customers.loc[members, "name"])
        sums = "complete" if known else "at least", *group[SUMS].sum(min_count=1)
        rows.append((parent, name, len(members), names, revenue, profit, *sums))
    return pd.DataFrame(rows, columns=[*WHO, *SUMS])


def _below(parent: str, children: Mapping[str, Iterable[str]]) -> list[str]:
    """The subsidiaries of a parent and theirs, level by level."""
    group = [parent]
    for above in group:  # which grows
        group += [child for child in children.get(above, ()) if child not in group]
    return group[1:]
