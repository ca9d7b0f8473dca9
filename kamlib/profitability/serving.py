"""What it costs to serve each customer: activity-based where a cost is shared out, time-driven where time is known.

Source: Kaplan and Anderson, Harvard Business Review, November 2004: rate = cost of the capacity
supplied / practical capacity; each activity takes its minutes by a time equation; what nobody used
stays with the company and is never charged to a customer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.memory import remembered, remembered_while_equal
from kamlib.settings import Settings
from kamlib.tables import Tables

PRACTICAL_PCT = 80.0
ORDERS = "orders"  # the driver whose counts a ledger knows
USE = ["customer", "activity", "term", "name", "driver", "pool", "count", "minutes_each", "minutes", "cost"]


@remembered
def pools(tables: Tables, settings: Settings | None = None) -> pd.DataFrame:
    """Capacity supplied, used and unused, a row a pool.

    Columns: pool, name, cost, practical_minutes, rate (cost of a minute), used_minutes, used_cost,
    unused_minutes, unused_cost (never below 0, never charged), over_minutes (asked for beyond what there
    is: counts or minutes are too high), used_pct. used_cost + unused_cost is the cost of the pool: where
    more is used than there is, each minute is charged at less. NaN while cost or minutes are unknown.
    """
    return _costed(tables)[0]


@remembered
def use(tables: Tables, settings: Settings | None = None) -> pd.DataFrame:
    """What was done for each customer and what it took: a row a customer, activity and circumstance.

    Columns: USE; minutes and cost for the year, NaN where a count, a time or a rate is not known.
    """
    return _costed(tables)[1]


def year(tables: Tables, settings: Settings | None = None) -> str:
    """The year of the figures: as set, or else the last one that the ledger holds in full; "" without one."""
    ledger, said = tables["ledger"], tables["settings"]
    own = (
        said.loc[said["key"] == "profit_year", "value"].tolist()
        if settings is None
        else [settings.profit_year]
    )
    if own and own[0]:
        return str(own[0])
    numbered = ledger[ledger["year"].str.fullmatch(r"\d{4}")]
    whole = numbered[numbered["months"].isna() | (numbered["months"] >= 12)]
    return max((whole if len(whole) else numbered)["year"], default="")


def _costed(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    return _charge(tables["pools"], tables["activities"], tables["time_terms"], _counts(tables))


def _counts(tables: Tables) -> pd.DataFrame:
    """What was counted, and from the ledger of the year the orders, where an activity counts these and nobody did."""
    counts, ledger, activities = tables["activity_counts"], tables["ledger"], tables["activities"]
    by_order = activities.loc[activities["driver"].str.strip().str.lower() == ORDERS, "activity"]
    if by_order.empty:
        return counts
    booked = ledger.loc[(ledger["year"] == year(tables)) & ledger["orders"].notna(), ["customer", "orders"]]
    more = [booked.assign(activity=activity, term="", count=booked["orders"]) for activity in by_order]
    said = counts[counts["count"].notna() | ~counts["activity"].isin(by_order) | (counts["term"] != "")]
    return pd.concat([said, *more, counts], ignore_index=True).drop_duplicates(
        ["customer", "activity", "term"]
    )


@remembered_while_equal
def _charge(
    pools: pd.DataFrame, activities: pd.DataFrame, terms: pd.DataFrame, counts: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = _timed(activities, terms, counts)
    made = pools.drop_duplicates("pool").reset_index(drop=True)
    practical = made["minutes"] * made["practical_pct"].fillna(PRACTICAL_PCT) / 100
    used = made["pool"].map(rows.groupby("pool")["minutes"].sum()).fillna(0.0)
    base = np.maximum(practical, used)
    rate = made["cost"] / base.where(base > 0)
    charged = used * rate
    made = made[["pool", "name", "cost"]].assign(
        name=made["name"].where(made["name"] != "", made["pool"]),
        practical_minutes=practical, rate=rate, used_minutes=used, used_cost=charged,
        unused_minutes=(practical - used).clip(lower=0), unused_cost=(made["cost"] - charged).clip(lower=0),
        over_minutes=(used - practical).clip(lower=0), used_pct=100 * used / practical.where(practical > 0),
    )  # fmt: skip
    of_time = rows["minutes"] * rows["pool"].map(made.set_index("pool")["rate"])
    total = rows.groupby("activity")["count"].transform("sum")
    shared = rows["cost_in_all"] * rows["count"] / total.where(total > 0)
    untimed, unshared = (rows["pool"] == "") & rows["minutes_each"].isna(), rows["cost_in_all"].isna()
    cost = of_time.mask(untimed & ~unshared, 0.0) + shared.mask(unshared, 0.0)
    return made, rows.assign(cost=cost)[USE]


def _timed(activities: pd.DataFrame, terms: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Every count with the minutes of its activity, or of the circumstance that it counts."""
    doing = activities.drop_duplicates("activity").set_index("activity")
    extra = terms.drop_duplicates(["activity", "term"]).set_index(["activity", "term"])
    rows = counts.drop_duplicates(["customer", "activity", "term"])
    rows = rows[rows["activity"].isin(doing.index)].reset_index(drop=True)
    base = rows["term"] == ""
    pair = pd.MultiIndex.from_arrays([rows["activity"], rows["term"]])
    named = doing["name"].where(doing["name"] != "", doing.index.to_series())
    of_term = extra["name"].reindex(pair).set_axis(rows.index).fillna("")
    of_term = of_term.where(of_term != "", rows["term"]).astype(object)
    name = rows["activity"].map(named).astype(object)
    each = (
        rows["activity"]
        .map(doing["minutes"])
        .where(base, extra["minutes"].reindex(pair).set_axis(rows.index))
    )
    return pd.DataFrame({
        "customer": rows["customer"], "activity": rows["activity"], "term": rows["term"],
        "name": name.where(base, name + ": " + of_term), "driver": rows["activity"].map(doing["driver"]),
        "pool": rows["activity"].map(doing["pool"]), "count": rows["count"], "minutes_each": each,
        "minutes": rows["count"] * each,
        "cost_in_all": rows["activity"].map(doing["cost"]).where(base),
    })  # fmt: skip


def by_customer(tables: Tables) -> pd.DataFrame:
    """Index customer; cost (what is known of it), minutes, complete (is all of it known?)."""
    rows = use(tables, None)
    by = rows.groupby("customer")
    return pd.DataFrame({"cost": by["cost"].sum(), "minutes": by["minutes"].sum(),
                         "complete": by["cost"].count() == by.size()})  # fmt: skip


@remembered
def cost_to_serve(tables: Tables, settings: Settings) -> pd.DataFrame:
    """What serving each customer takes, the most expensive activity first: `use` with the customer's name.

    With settings.segment only the customers of that segment. Columns: customer, customer_name and USE.
    """
    listed = tables["customers"].drop_duplicates("customer")
    if settings.segment:
        listed = listed[listed["segment"] == settings.segment]
    rows = use(tables, None)
    names = dict(zip(listed["customer"], listed["name"], strict=True))
    rows = rows[rows["customer"].isin(names)]
    order = {customer: place for place, customer in enumerate(names)}
    rows = rows.assign(customer_name=rows["customer"].map(names), place=rows["customer"].map(order))
    rows = rows.sort_values(["place", "cost"], ascending=[True, False], kind="stable", ignore_index=True)
    return rows[["customer", "customer_name", *USE[1:]]]


def by_activity(tables: Tables) -> pd.DataFrame:
    """What each activity costs in a year over all customers: activity, name, count, minutes, cost."""
    rows = use(tables, None)
    made = tables["activities"].drop_duplicates("activity").set_index("activity")
    by = rows.groupby("activity")
    counted = rows[rows["term"] == ""].groupby("activity")["count"].sum()
    found = pd.DataFrame({"minutes": by["minutes"].sum(), "cost": by["cost"].sum()})
    name = made["name"].where(made["name"] != "", made.index.to_series())
    found = found.assign(name=name.reindex(found.index), count=counted.reindex(found.index))
    return found.sort_values("cost", ascending=False).reset_index()[
        ["activity", "name", "count", "minutes", "cost"]
    ]
