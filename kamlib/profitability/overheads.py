"""The overhead spiral: what happens when overheads are spread evenly and customers judged by what is left.

Source: key account management in financial services, chapter 7, the four-customer example. The remedy
is the contribution view: a customer is worth keeping while it earns more than leaving would save.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib import catalogue
from kamlib.profitability import curve
from kamlib.settings import Settings
from kamlib.tables import Tables

ROUNDS = ["round", "customers", "share", "gross_profit", "overheads", "company", "dropped", "name", "net"]


def rounds(gross: pd.DataFrame, overheads: float, saved: float) -> pd.DataFrame:
    """The spiral, a row a round until nobody is below zero or nobody is left.

    `gross` has customer, name and gross_profit. Each round spreads the overheads evenly, then drops
    the customer with the greatest loss (first by name among equals), which saves `saved`. Columns:
    ROUNDS; dropped (id), name and net: who goes after this round, "" and NaN when nobody does.
    """
    order = gross.sort_values(["gross_profit", "name", "customer"], ignore_index=True)
    earned = order["gross_profit"].to_numpy(float)
    n = len(order)
    left = n - np.arange(n + 1)
    pool = np.maximum(overheads - saved * np.arange(n + 1), 0.0)
    total = np.append(earned[::-1].cumsum()[::-1], 0.0)
    share = np.divide(pool, left, out=np.full(n + 1, math.nan), where=left > 0)
    net = np.append(earned, math.nan) - share
    stays = np.flatnonzero(~(net < -1e-9))
    last = int(stays[0]) if len(stays) else n
    names = [*zip(order["customer"], order["name"], strict=True), ("", "")]
    rows = [
        (k + 1, left[k], share[k], total[k], pool[k], total[k] - pool[k],
         *(names[k] if k < last else ("", "")), net[k] if k < last else math.nan)
        for k in range(last + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ROUNDS)


def played(gross: pd.DataFrame, overheads: float, saved: float, most: int = 6) -> pd.DataFrame:
    """What each customer shows in each of the first rounds and the last: the rows of a picture.

    Columns: round, customer, name, net, dropped (True in the round after which it goes), company.
    """
    told = rounds(gross, overheads, saved)
    shown = told if len(told) <= most else pd.concat([told.head(most - 1), told.tail(1)])
    order = gross.sort_values(["gross_profit", "name", "customer"], ignore_index=True)
    parts = []
    for row in shown.itertuples():
        here = order.iloc[row.round - 1 :].iloc[::-1]
        here = (
            pd.DataFrame({"customer": [""], "name": [""], "gross_profit": [math.nan]}) if here.empty else here
        )
        parts.append(here.assign(round=row.round, net=here["gross_profit"] - row.share, company=row.company,
                                 dropped=(here["customer"] == row.dropped) & (row.dropped != "")))  # fmt: skip
    return pd.concat(parts, ignore_index=True)[["round", "customer", "name", "net", "dropped", "company"]]


def example() -> tuple[pd.DataFrame, float, float]:
    """The four-customer example of the catalogue: gross profits, overheads, saved per customer dropped."""
    said = catalogue.entry("overhead_spiral")["parameters"]
    gross = said["gross_profit"]
    table = pd.DataFrame(
        {"customer": [*gross], "name": [*gross], "gross_profit": [float(v) for v in gross.values()]}
    )
    return table, float(said["overheads"]), float(said["saved_per_drop"])


def own(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The team's own customers whose gross profit is known: customer, name, gross_profit."""
    seen = curve.customers(tables, settings.model_copy(update={"segment": ""}))
    return seen.loc[seen["gross_profit"].notna(), ["customer", "name", "gross_profit"]].reset_index(drop=True)


def spiral(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`rounds` with the team's own customers and overheads; without overheads, the example."""
    if settings.overheads is None:
        return rounds(*example())
    return rounds(own(tables, settings), settings.overheads, settings.overhead_saved)


def contribution(tables: Tables, settings: Settings) -> pd.DataFrame:
    """What leaving a customer would really do to the company's profit, the most costly to lose last.

    Columns: customer, name, gross_profit, avoidable (overheads that would go, and its freight), change
    (of the company's profit if it is dropped: avoidable less gross profit), verdict (keep, or let go when
    what is avoidable exceeds what it earns). The time that serves it is avoidable only if somebody is
    not paid for it any more, so it is not counted.
    """
    seen = curve.customers(tables, settings.model_copy(update={"segment": ""}))
    seen = seen[seen["gross_profit"].notna()]
    avoidable = settings.overhead_saved + seen["freight"].fillna(0.0)
    change = avoidable - seen["gross_profit"]
    return seen[["customer", "name", "gross_profit"]].assign(
        avoidable=avoidable, change=change, verdict=np.where(change > 0, "let go", "keep")
    ).sort_values(["change", "name"], ascending=[False, True], ignore_index=True)  # fmt: skip
