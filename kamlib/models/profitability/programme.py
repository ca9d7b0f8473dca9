"""What winning, losing, reaching and looking after customers costs, and whether that pays.

Source: key account management in financial services, chapters 1 (channels), 4 and 7 (costs of
winning, sanity check) and 16 (value lost against value won).
"""

from __future__ import annotations

import math

import pandas as pd

from kamlib import catalogue
from kamlib.models import portfolio
from kamlib.models.lookup import by_key
from kamlib.models.profitability import curve
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import CHANNELS, Column, values_of

ACQUISITION = "acquisition_costs"


def won_and_lost(book: Book) -> pd.DataFrame:
    """Value won against value lost, a row each and one for the difference.

    Columns: kind (won, lost, net), customers, profit (a year, of those known), unknown (others).
    """
    by_kind = book["won_lost"].groupby("kind")["profit"]
    rows = by_kind.agg(customers="size", profit="sum", known="count").reindex(["won", "lost"])
    rows = rows.fillna(0).assign(unknown=lambda r: r["customers"] - r["known"])
    rows.loc["net"] = rows.loc["won"] - rows.loc["lost"]
    rows.loc["net", "unknown"] = rows["unknown"].head(2).sum()
    rows = rows.astype({"customers": int, "unknown": int}).reset_index(names="kind")
    return rows[["kind", "customers", "profit", "unknown"]]


def _potential(book: Book, customers: pd.Series) -> pd.Series:
    listed = by_key(book["customers"], "customer")
    return customers.map(listed["potential_profit"])


def payback(book: Book) -> pd.DataFrame:
    """How long winning a customer takes to pay back: what was spent over what it brings a year.

    A row for each customer of whom a line of the acquisition sheet is filled in. Columns: customer,
    name, cost (of the lines known), unknown (lines without a figure), profit (after cost to serve
    today, or else its potential), years (NaN when it brings nothing or nobody knows what; at least
    so many while a line is unknown), at_least.
    """
    answers = book["answers"].drop_duplicates(["sheet", "subject", "item", "field"])
    answers = answers[answers["sheet"] == ACQUISITION]
    cost = values_of(Column("cost", "number", ""), answers["value"])
    spent = cost.where(answers["field"] == "cost").groupby(answers["subject"], sort=False)
    rows = spent.agg(cost="sum", known="count").query("known > 0").rename_axis("customer")
    rows = rows.reset_index().merge(curve.money(book), on="customer")
    unknown = (len(catalogue.items(ACQUISITION)) - rows["known"]).clip(lower=0)
    profit = rows["profit"].fillna(_potential(book, rows["customer"]))
    years = rows["cost"] / profit.where(profit > 0)
    rows = rows.assign(unknown=unknown, profit=profit, years=years, at_least=unknown > 0)
    return rows[["customer", "name", "cost", "unknown", "profit", "years", "at_least"]]


def ratios() -> dict[str, float]:
    """What a contact costs at least in each channel, a contact over the internet being 1."""
    return {c: float(v) for c, v in catalogue.entry("channel_cost_ratio")["ratios"].items()}


@model
def channels(book: Book) -> pd.DataFrame:
    """Contacts by channel and what they cost at least, a row a channel.

    Columns: channel, contacts, ratio, units (contacts x ratio), cost (of these, NaN without
    settings.contact_cost). The ratios are lower bounds: an order of magnitude, no budget.
    """
    contacts, customers = book["contacts"], book["customers"]
    if book.settings.segment:
        inside = customers.loc[customers["segment"] == book.settings.segment, "customer"]
        contacts = contacts[contacts["customer"].isin(inside)]
    count = contacts.groupby("channel")["contacts"].sum().reindex(CHANNELS).fillna(0.0)
    ratio = pd.Series(ratios()).reindex(CHANNELS)
    unit = math.nan if book.settings.contact_cost is None else book.settings.contact_cost
    rows = pd.DataFrame({"contacts": count, "ratio": ratio, "units": count * ratio})
    return rows.assign(cost=rows["units"] * unit).reset_index(names="channel")


def moved(
    table: pd.DataFrame, share_pct: float, source: str = "face_to_face", target: str = "internet"
) -> dict[str, float]:
    """What moving a share of the contacts of one channel to another frees.

    Gives contacts, before, after, saved (in units of a contact over the internet) and money (NaN
    while the cost of one is unknown). 100 visits of which half go to the internet: 400 becomes 250.
    """
    rows = table.set_index("channel")
    contacts = rows.at[source, "contacts"] * share_pct / 100
    before = float(rows["units"].sum())
    saved = contacts * (rows.at[source, "ratio"] - rows.at[target, "ratio"])
    money = saved * rows["cost"].sum(min_count=1) / before if before else math.nan
    after = before - saved
    return {"contacts": contacts, "before": before, "after": after, "saved": saved, "money": money}


@model
def kam_cost(book: Book) -> pd.DataFrame:
    """Will key account management pay? Costs below 0, gains above, over all segments.

    Columns: name, amount (NaN while unknown), note. Rows: the days and the money of key and of key
    development accounts, what they earn today after cost to serve, and what they could earn more.
    """
    rows = curve.scoped(book, "key")
    day = math.nan if book.settings.day_cost is None else book.settings.day_cost
    each = portfolio.effort(book)[["days", "money"]].mul([day, 1])
    lines = []
    for box in curve.KEY_ACCOUNTS:
        count = int((rows["category"] == box).sum())
        accounts = f"{count} {box.replace('_', ' ')} accounts"
        cost = -count * each.loc[box] if count else 0 * each.loc[box].fillna(0)
        lines.append((f"Days of {accounts}", cost["days"], "days a year at the cost of a day"))
        lines.append((f"Money for {accounts}", cost["money"], "money a year, besides the days"))
    earned = rows["profit"].sum(min_count=1)
    more = _potential(book, rows["customer"]) - rows["gross_profit"].fillna(0.0)
    more = more.clip(lower=0).sum(min_count=1)
    lines.append((f"Earned today by {len(rows)}", earned, "after cost to serve"))
    lines.append(("Could be earned more", more, "if they grow to their potential"))
    return pd.DataFrame(lines, columns=["name", "amount", "note"])


def verdict(book: Book) -> tuple[str, float]:
    """Will it pay, in a sentence; and how much of the hoped-for growth must come true, in %.

    NaN while unknown, infinite when no growth is hoped for.
    """
    amounts = kam_cost(book)["amount"]
    costs, more = -amounts.iloc[:4], float(amounts.iloc[5])
    cost, open_ = float(costs.sum()), bool(costs.isna().any())
    if costs.isna().all() or (open_ and cost == 0):
        words = "What looking after key accounts costs is not known: say what a day costs"
        return f"{words} (setting day_cost).", math.nan
    least = "at least " if open_ else ""
    head = f"Looking after them costs {least}{cost:,.0f} {book.settings.currency} a year"
    if more != more:
        return f"{head}; what more they could bring is not known.", math.nan
    if more <= 0:
        return f"{head}, and nothing more is hoped for: what is it for?", math.inf
    share = 100 * cost / more
    if share > 100:
        return f"{head}, more than all the growth hoped for ({more:,.0f}).", share
    words = f"It pays as soon as {share:.0f} % of the growth hoped for ({more:,.0f}) comes true."
    return f"{head}. {words}", share
