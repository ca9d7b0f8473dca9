"""What it costs to serve each customer: by activity, and by the minute where time is known.

Source: Kaplan and Anderson, Harvard Business Review, November 2004: rate = cost of the capacity
supplied / practical capacity; each activity takes its minutes by a time equation; what nobody used
stays with the company and is never charged to a customer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models.lookup import name_or_key, names_by_key
from kamlib.workbook.book import Book, model

PRACTICAL_PCT = 80.0
ORDERS = "orders"  # the driver whose counts a ledger knows
COUNT = ["customer", "activity", "term"]
USE = [*COUNT, "name", "driver", "pool", "count", "minutes_each", "minutes", "cost"]
USED = ["used_minutes", "used_cost", "unused_minutes", "unused_cost", "over_minutes", "used_pct"]


def year(book: Book) -> str:
    """The year of the figures: as set, or else the last full one of the ledger; "" without one."""
    ledger = book["ledger"]
    numbered = ledger[ledger["year"].str.fullmatch(r"\d{4}")]
    whole = numbered[~(numbered["months"] < 12)]
    return book.settings.profit_year or max((whole if len(whole) else numbered)["year"], default="")


@model
def pools(book: Book) -> pd.DataFrame:
    """Capacity supplied, used and unused, a row a pool, in minutes and money a year.

    Columns: pool, name, cost, practical_minutes, rate (cost of a minute) and USED. unused_cost is
    charged to nobody; over_minutes are asked for beyond what there is, and used_pct is then above
    100. used_cost + unused_cost is the cost of the pool: where more is used than there is, each
    minute is charged at less. NaN while cost or minutes are unknown.
    """
    rows = book["pools"].drop_duplicates("pool").reset_index(drop=True)
    name, cost = name_or_key(rows, "pool"), rows["cost"]
    there = rows["minutes"] * rows["practical_pct"].fillna(PRACTICAL_PCT) / 100
    used = rows["pool"].map(_timed(book).groupby("pool")["minutes"].sum()).fillna(0.0)
    capacity = np.maximum(there, used)
    rate = cost / capacity.where(capacity > 0)
    rows = rows.assign(name=name, practical_minutes=there, rate=rate, used_minutes=used)
    rows = rows.assign(used_cost=used * rate, unused_cost=(cost - used * rate).clip(lower=0))
    rows = rows.assign(unused_minutes=(there - used).clip(lower=0))
    rows = rows.assign(over_minutes=(used - there).clip(lower=0))
    rows = rows.assign(used_pct=100 * used / there.where(there > 0))
    return rows[["pool", "name", "cost", "practical_minutes", "rate", *USED]]


@model
def use(book: Book) -> pd.DataFrame:
    """What was done for each customer: a row a customer, activity and circumstance. Columns: USE.

    minutes and cost are those of the year, NaN where a count, a time or a rate is not known. What
    an activity costs in all is shared out by its own counts, not by those of its circumstances.
    """
    rows = _timed(book)
    by_time = rows["minutes"] * rows["pool"].map(pools(book).set_index("pool")["rate"])
    shared = rows["activity_cost"].notna()
    counted = rows["count"].where(shared).groupby(rows["activity"]).transform("sum")
    by_count = rows["activity_cost"] * rows["count"] / counted.where(counted > 0)
    untimed = (rows["pool"] == "") & rows["minutes_each"].isna()
    cost = by_time.mask(untimed & shared, 0.0) + by_count.where(shared, 0.0)
    return rows.assign(cost=cost)[USE]


@model
def _timed(book: Book) -> pd.DataFrame:
    """Every count with the minutes of its activity, or of the circumstance that it counts."""
    activities = book["activities"].drop_duplicates("activity")
    activities = activities[["activity", "name", "driver", "pool", "minutes", "cost"]]
    terms = book["time_terms"].drop_duplicates(["activity", "term"])
    terms = terms[["activity", "term", "name", "minutes"]]
    rows = _counts(book)[[*COUNT, "count"]].merge(activities, on="activity")
    rows = rows.merge(terms, on=["activity", "term"], how="left", suffixes=("", "_of_term"))
    itself = rows["term"] == ""
    name = name_or_key(rows, "activity")
    term = rows["name_of_term"].where(rows["name_of_term"].fillna("") != "", rows["term"])
    each = rows["minutes"].where(itself, rows["minutes_of_term"])
    rows = rows.assign(name=name.where(itself, name + ": " + term), minutes_each=each)
    return rows.assign(minutes=rows["count"] * each, activity_cost=rows["cost"].where(itself))


def _counts(book: Book) -> pd.DataFrame:
    """What was counted, and the ledger's orders where an activity counts these and nobody did."""
    counts, ledger, activities = book["activity_counts"], book["ledger"], book["activities"]
    by_order = activities.loc[activities["driver"].str.strip().str.lower() == ORDERS, ["activity"]]
    booked = ledger[(ledger["year"] == year(book)) & ledger["orders"].notna()]
    booked = booked[["customer", "orders"]].rename(columns={"orders": "count"}).assign(term="")
    uncounted = counts["count"].isna() & (counts["term"] == "")
    told = counts[~(uncounted & counts["activity"].isin(by_order["activity"]))]
    every = [told, by_order.merge(booked, how="cross"), counts]
    return pd.concat(every, ignore_index=True).drop_duplicates(COUNT)


@model
def cost_to_serve(book: Book) -> pd.DataFrame:
    """What serving each customer (of settings.segment, or all) takes, the dearest activity first.

    Columns: customer, customer_name and the rest of USE.
    """
    listed = book["customers"].drop_duplicates("customer")
    if book.settings.segment:
        listed = listed[listed["segment"] == book.settings.segment]
    names = listed[["customer", "name"]].rename(columns={"name": "customer_name"})
    dearest = use(book).sort_values("cost", ascending=False, kind="stable")
    return names.merge(dearest, on="customer")[["customer", "customer_name", *USE[1:]]]


def by_activity(book: Book) -> pd.DataFrame:
    """What each activity costs in a year over all customers, the dearest first.

    Columns: activity, name, count (without that of its circumstances), minutes, cost.
    """
    rows = use(book)
    called = pd.Series(names_by_key(book, "activities", "activity"), dtype=object, name="name")
    count = rows[rows["term"] == ""].groupby("activity")["count"].sum()
    sums = rows.groupby("activity")[["minutes", "cost"]].sum().join(called).join(count)
    sums = sums.sort_values("cost", ascending=False).reset_index()
    return sums[["activity", "name", "count", "minutes", "cost"]]
