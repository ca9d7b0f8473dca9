"""The overhead spiral: overheads are spread evenly and customers judged by what is left.

Source: key account management in financial services, chapter 7, the four-customer example. The
remedy is the contribution view: a customer is worth keeping while it earns more than leaving saves.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib import catalogue
from kamlib.models.profitability import curve
from kamlib.workbook.book import Book

GROSS = ["customer", "name", "gross_profit"]
NOBODY = ["", "", math.nan]


def _order(gross: pd.DataFrame) -> pd.DataFrame:
    """Who is dropped first, nobody last."""
    order = gross[GROSS].sort_values(["gross_profit", "name", "customer"], ignore_index=True)
    order.loc[len(order)] = NOBODY
    return order


def rounds(gross: pd.DataFrame, overheads: float, saved: float) -> pd.DataFrame:
    """The spiral, a row a round until nobody is below zero or nobody is left.

    `gross` has customer, name and gross_profit. Each round spreads the overheads evenly, then drops
    the customer with the greatest loss (first by name among equals), which saves `saved`. Columns:
    round (1..), customers, share, gross_profit, overheads, company; dropped (id), name and net: who
    goes after this round, "" and NaN when nobody does.
    """
    order = _order(gross)
    n, gone = len(gross), order.index.to_numpy()
    earned = order["gross_profit"].fillna(0.0)[::-1].cumsum()[::-1]
    pool = np.maximum(overheads - saved * gone, 0.0)
    share = pool / np.where(gone < n, n - gone, math.nan)
    net = order["gross_profit"] - share
    last = int((~(net < -1e-9)).argmax())
    rows = pd.DataFrame({"round": gone + 1, "customers": n - gone, "share": share})
    rows = rows.assign(gross_profit=earned, overheads=pool, company=earned - pool)
    rows = rows.assign(dropped=order["customer"], name=order["name"], net=net).head(last + 1)
    rows.loc[last, ["dropped", "name", "net"]] = NOBODY
    return rows


def played(gross: pd.DataFrame, overheads: float, saved: float, most: int = 6) -> pd.DataFrame:
    """What each customer shows in each of the first rounds and the last: the rows of a picture.

    Columns: round, customer, name, net, dropped (True in the round after which it goes), company.
    """
    table = rounds(gross, overheads, saved)[["round", "customers", "share", "company", "dropped"]]
    shown = table if len(table) <= most else pd.concat([table.head(most - 1), table.tail(1)])
    order = _order(gross)
    rows = shown.merge(order.assign(place=order.index + 1)[::-1], how="cross")
    nobody = rows["place"] > len(gross)
    rows = rows[(rows["place"] >= rows["round"]) & (nobody == (rows["customers"] == 0))]
    dropped = (rows["customer"] == rows["dropped"]) & (rows["dropped"] != "")
    rows = rows.assign(net=rows["gross_profit"] - rows["share"], dropped=dropped)
    columns = ["round", "customer", "name", "net", "dropped", "company"]
    return rows[columns].reset_index(drop=True)


def example() -> tuple[pd.DataFrame, float, float]:
    """The four-customer example: gross profits, overheads, saved per customer dropped."""
    given = catalogue.entry("overhead_spiral")["parameters"]
    rows = [(name, name, float(profit)) for name, profit in given["gross_profit"].items()]
    gross = pd.DataFrame(rows, columns=GROSS)
    return gross, float(given["overheads"]), float(given["saved_per_drop"])


def own(book: Book) -> pd.DataFrame:
    """The team's own customers whose gross profit is known: customer, name, gross_profit."""
    return curve.money(book)[GROSS].dropna().reset_index(drop=True)


def spiral(book: Book) -> pd.DataFrame:
    """`rounds` with the team's own customers and overheads; without overheads, the example."""
    if book.settings.overheads is None:
        return rounds(*example())
    return rounds(own(book), book.settings.overheads, book.settings.overhead_saved)


def contribution(book: Book) -> pd.DataFrame:
    """What leaving a customer would really do to the company's profit, the dearest to lose last.

    Columns: customer, name, gross_profit, avoidable (overheads that would go, and its freight),
    change (of the company's profit if it is dropped: avoidable less gross profit), verdict (keep,
    or let go when what is avoidable exceeds what it earns). The time that serves it is avoidable
    only if somebody is not paid for it any more, so it is not counted.
    """
    rows = curve.money(book).dropna(subset="gross_profit")
    avoidable = book.settings.overhead_saved + rows["freight"].fillna(0.0)
    change = avoidable - rows["gross_profit"]
    verdict = np.where(change > 0, "let go", "keep")
    rows = rows[GROSS].assign(avoidable=avoidable, change=change, verdict=verdict)
    return rows.sort_values(["change", "name"], ascending=[False, True], ignore_index=True)
