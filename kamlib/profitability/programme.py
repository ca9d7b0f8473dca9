"""What winning, losing, reaching and looking after customers costs: is key account management worth its money?

Source: key account management in financial services, chapters 1 (channels), 4 and 7 (costs of winning,
sanity check) and 16 (value lost against value won).
"""

from __future__ import annotations

import math

import pandas as pd

from kamlib import catalogue, sheets
from kamlib.memory import remembered
from kamlib.profitability import curve
from kamlib.settings import Settings
from kamlib.tables import CHANNELS, Tables, parse_number

ACQUISITION = "acquisition_costs"


def won_and_lost(tables: Tables, settings: Settings | None = None) -> pd.DataFrame:
    """Value won against value lost, a row each and one for the difference.

    Columns: kind (won, lost, net), customers, profit (a year, of those known), unknown (without a figure).
    """
    rows = tables["won_lost"]
    made = []
    for kind in ("won", "lost"):
        own = rows[rows["kind"] == kind]
        made.append((kind, len(own), float(own["profit"].sum()), int(own["profit"].isna().sum())))
    (_, won, plus, open_1), (_, lost, minus, open_2) = made
    made.append(("net", won - lost, plus - minus, open_1 + open_2))
    return pd.DataFrame(made, columns=["kind", "customers", "profit", "unknown"])


def payback(tables: Tables, settings: Settings) -> pd.DataFrame:
    """How long winning a customer takes to pay back: what was spent over what it brings a year.

    A row for each customer of whom a line of the acquisition sheet is filled in. Columns: customer, name,
    cost (of the lines known), unknown (lines without a figure), profit (after cost to serve today, or else
    its potential), years (NaN when it brings nothing or nobody knows what; at least so many while a line is
    unknown), at_least.
    """
    seen = curve.customers(tables, settings.model_copy(update={"segment": ""})).set_index("customer")
    potential = tables["customers"].drop_duplicates("customer").set_index("customer")["potential_profit"]
    lines = len(catalogue.items(ACQUISITION))
    rows = []
    answers = tables["answers"]
    for customer in dict.fromkeys(answers.loc[answers["sheet"] == ACQUISITION, "subject"]):
        said = map(_number, sheets.said(tables, ACQUISITION, "cost", customer).values())
        costs = [cost for cost in said if cost == cost]
        if not costs or customer not in seen.index:
            continue
        profit = seen.at[customer, "profit"]
        profit = potential.get(customer, math.nan) if profit != profit else profit
        years = sum(costs) / profit if profit > 0 else math.nan
        open_ = max(lines - len(costs), 0)
        rows.append((customer, seen.at[customer, "name"], sum(costs), open_, profit, years, open_ > 0))
    return pd.DataFrame(rows, columns=["customer", "name", "cost", "unknown", "profit", "years", "at_least"])


def _number(text: str) -> float:
    try:
        return parse_number(text)
    except ValueError:
        return math.nan


def ratios() -> dict[str, float]:
    """What a contact costs at least in each channel, a contact over the internet being 1."""
    return {c: float(v) for c, v in catalogue.entry("channel_cost_ratio")["ratios"].items()}


@remembered
def channels(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Contacts by channel and what they cost at least, a row a channel.

    Columns: channel, contacts, ratio, units (contacts x ratio), cost (units x settings.contact_cost, NaN
    without it). The ratios are lower bounds: an order of magnitude, no budget.
    """
    rows = tables["contacts"]
    if settings.segment:
        inside = tables["customers"].loc[tables["customers"]["segment"] == settings.segment, "customer"]
        rows = rows[rows["customer"].isin(inside)]
    count = rows.groupby("channel")["contacts"].sum().reindex(CHANNELS).fillna(0.0)
    ratio = pd.Series(ratios()).reindex(CHANNELS)
    unit = math.nan if settings.contact_cost is None else settings.contact_cost
    return pd.DataFrame({"channel": list(CHANNELS), "contacts": count.to_numpy(), "ratio": ratio.to_numpy(),
                         "units": (count * ratio).to_numpy(), "cost": (count * ratio * unit).to_numpy()})  # fmt: skip


def moved(
    table: pd.DataFrame, share_pct: float, source: str = "face_to_face", target: str = "internet"
) -> dict[str, float]:
    """What moving a share of the contacts of one channel to another frees: contacts, before, after, saved
    (in units of a contact over the internet) and money (NaN while the cost of one is unknown).

    100 visits of which half go to the internet: 400 becomes 250.
    """
    rows = table.set_index("channel")
    contacts = rows.at[source, "contacts"] * share_pct / 100
    before = float(rows["units"].sum())
    saved = contacts * (rows.at[source, "ratio"] - rows.at[target, "ratio"])
    money = rows["cost"].sum(min_count=1) / before if before else math.nan
    return {
        "contacts": contacts,
        "before": before,
        "after": before - saved,
        "saved": saved,
        "money": saved * money,
    }


@remembered
def kam_cost(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Will key account management pay? Costs below 0, gains above, over all segments.

    Columns: name, amount (NaN while unknown), note. Rows: the days and the money of key and of key
    development accounts, what these accounts earn today after cost to serve, and what they could earn more.
    """
    seen = curve.customers(tables, settings.model_copy(update={"segment": ""}))
    potential = tables["customers"].drop_duplicates("customer").set_index("customer")["potential_profit"]
    held = seen[seen["category"].isin(["key", "key_development"])]
    each = tables["effort"].drop_duplicates("category").set_index("category")
    day = math.nan if settings.day_cost is None else settings.day_cost
    rows = []
    for box, word in (("key", "key accounts"), ("key_development", "key development accounts")):
        n = int((held["category"] == box).sum())
        days = each["days"].get(box, math.nan)
        money = each["money"].get(box, math.nan)
        rows.append(
            (f"Days of {n} {word}", -n * days * day if n else 0.0, "days a year at the cost of a day")
        )
        rows.append((f"Money for {n} {word}", -n * money if n else 0.0, "money a year, besides the days"))
    earns = held["profit"].sum(min_count=1)
    more = (held["customer"].map(potential) - held["gross_profit"].fillna(0.0)).clip(lower=0)
    rows.append((f"Earned today by {len(held)}", earns, "after cost to serve"))
    rows.append(("Could be earned more", more.sum(min_count=1), "if they grow to their potential"))
    return pd.DataFrame(rows, columns=["name", "amount", "note"])


def verdict(tables: Tables, settings: Settings) -> tuple[str, float]:
    """Will it pay, in a sentence; and how much of the hoped-for growth must come true, in % (NaN unknown)."""
    rows = kam_cost(tables, settings)
    costs, more = -rows["amount"].iloc[:4], float(rows["amount"].iloc[5])
    cost = float(costs.sum())
    least = "at least " if costs.isna().any() else ""
    if costs.isna().all() or (costs.isna().any() and cost == 0):
        return (
            "What looking after key accounts costs is not known: say what a day costs (setting day_cost).",
            math.nan,
        )
    money = f"{cost:,.0f} {settings.currency}"
    if more != more:
        return (
            f"Looking after them costs {least}{money} a year; what more they could bring is not known.",
            math.nan,
        )
    if more <= 0:
        return (
            f"Looking after them costs {least}{money} a year, and nothing more is hoped for: what is it for?",
            math.inf,
        )
    share = 100 * cost / more
    if share > 100:
        return (f"Looking after them costs {least}{money} a year, more than all the growth hoped for "
                f"({more:,.0f}).", share)  # fmt: skip
    return (f"Looking after them costs {least}{money} a year. It pays as soon as {share:.0f} % of the growth hoped "
            f"for ({more:,.0f}) comes true.", share)  # fmt: skip
