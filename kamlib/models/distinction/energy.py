"""Where the days go today, where they are to go, and what frees them.

Energy is everything an account takes: days of our people, and money besides. Over all segments.
Source: key account management in financial services, chapters 22 and 1 (what a contact costs).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import portfolio
from kamlib.models.profitability import programme
from kamlib.wording import accounts, by_number, counted
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES, CHANNELS
from kamlib.workbook.settings import Settings

UNUSED, MISSING, LEFT = "unused", "missing", "left"
NET, CALL, VISIT = CHANNELS
ROUNDING = 1e-12  # of all days there are: what rounding leaves over
HALF_A_DAY = 0.5  # less than this is not said
DAYS = ["days_today", "days_after", "freed", "needed"]
MONEY = ["money_today", "money_after", "freed_money", "needed_money"]


def _held(book: Book) -> pd.DataFrame:
    """Every customer of a category with its days and money of today, NaN unknown."""
    classes = portfolio.classes(book.choosing(segment=""))
    classes = classes.loc[classes["category"].isin(BOXES), ["customer", "category"]]
    spent = book["time_spent"].drop_duplicates("customer")[["customer", "days", "money"]]
    return classes.merge(spent, on="customer", how="left")


@model
def energy(book: Book) -> pd.DataFrame:
    """What the accounts of each category take today and what they take afterwards. Four rows.

    Columns: category, accounts (of step 9, all segments), known (of them with days of today), DAYS
    and MONEY (a year: today; after = accounts x effort; the difference, freed or needed), estimated
    (accounts without days, counted at the mean of the others of their category). NaN where nobody
    knows. Source: chapter 22.
    """
    held = _held(book).groupby("category")
    effort = portfolio.effort(book)
    rows = portfolio.capacity(book).set_index("category")[["accounts"]]
    none = rows["accounts"] == 0
    for what, columns in (("days", DAYS), ("money", MONEY)):
        today = (held[what].mean() * rows["accounts"]).reindex(BOXES).mask(none, 0.0)
        after = rows["accounts"] * effort[what]
        more = (after - today).mask(none, 0.0)
        freed, needed = (-more).clip(lower=0) + 0.0, more.clip(lower=0)  # no -0.0
        rows[columns] = pd.concat([today, after, freed, needed], axis=1)
    known = held["days"].count().reindex(BOXES, fill_value=0)
    rows = rows.assign(known=known, estimated=(rows["accounts"] - known).where(known > 0, 0))
    return rows.reset_index()[["category", "accounts", "known", *DAYS, *MONEY, "estimated"]]


def unknown(book: Book) -> list[str]:
    """The categories with accounts of which nobody knows the days, today or afterwards."""
    rows = energy(book)
    return list(rows.loc[(rows["accounts"] > 0) & rows["freed"].isna(), "category"])


def unused(book: Book) -> float:
    """Days people have and no customer takes today; below 0 where more is taken than there is.

    NaN while nobody has said how many days there are, or while the days of a category are unknown.
    """
    today = energy(book)["days_today"].sum(skipna=False)
    there = portfolio.needs(book).loc["days"]
    return float(there["available"] - today - there["outside"])


@model
def flow(book: Book) -> pd.DataFrame:
    """How the days of today become those of tomorrow. Columns: source, target, days (a year).

    Sources: the categories, unused (days nobody uses today), missing (days that are not there).
    Targets: the categories, left (days nobody needs). What leaves a category adds up to its days of
    today, what comes to it to its days afterwards. Key accounts are served first, then the others
    in their order; what the lower categories free goes first. Without categories of which days are
    unknown. Source: chapter 22.
    """
    rows = energy(book).set_index("category")
    rows = rows[(rows["accounts"] > 0) & rows["freed"].notna()]
    idle = unused(book)
    idle = idle if len(rows) and idle > 0 else 0.0
    spare = pd.concat([rows["freed"][::-1], pd.Series({UNUSED: idle, MISSING: math.inf})])
    need = pd.concat([rows["needed"], pd.Series({LEFT: math.inf})])
    # laid end to end on one line, a need and a spare share the days in which they overlap
    need_ends, spare_ends = need.cumsum().to_numpy(), spare.cumsum().to_numpy()
    starts = np.append(0.0, need_ends[:-1]), np.append(0.0, spare_ends[:-1])
    shared = np.minimum.outer(need_ends, spare_ends) - np.maximum.outer(*starts)
    moved = pd.DataFrame(shared, need.index, spare.index)
    moved.loc[LEFT, MISSING] = 0.0
    moved = moved.rename_axis(index="target", columns="source").stack().rename("days").reset_index()
    stays = rows[["days_today", "days_after"]].min(axis=1)
    stays = pd.DataFrame({"source": rows.index, "target": rows.index, "days": stays})
    flows = pd.concat([stays, moved])[["source", "target", "days"]]
    all_days = [rows["days_today"].sum(), rows["days_after"].sum(), idle]
    return flows[flows["days"] > ROUNDING * max(1.0, *all_days)].reset_index(drop=True)


def missing(book: Book) -> float:
    """Days that are needed and not there, after all that is freed; NaN while it cannot be known."""
    if math.isnan(unused(book)) or unknown(book):
        return math.nan
    rows = flow(book)
    return float(rows.loc[rows["source"] == MISSING, "days"].sum())


@model
def moves(book: Book) -> pd.DataFrame:
    """What moving contacts to another channel frees, a row a row of the table channel_moves.

    Columns: category, source, target, share_pct, contacts (a year of this category in the source
    channel, all segments), moved, hours (a year, at least; NaN while visit_hours is unknown), days
    (of settings.hours_per_day), units (in contacts over the internet). Below 0 where contacts move
    to a dearer channel. Source: chapter 1.
    """
    pair = ["category", "source", "target"]
    plan = book["channel_moves"][[*pair, "share_pct"]]
    plan = plan[(plan[pair] != "").all(axis=1)].reset_index(drop=True)
    category = _held(book).drop_duplicates("customer").set_index("customer")["category"]
    contacts = book["contacts"].join(category, on="customer")
    count = contacts.groupby(["category", "channel"])["contacts"].sum(min_count=1)
    plan = plan.join(count.rename_axis(pair[:2]), on=pair[:2])
    ratio, moved = programme.ratios(), plan["contacts"] * (plan["share_pct"] / 100)
    hours = moved * _hours(plan, book.settings)
    units = moved * (plan["source"].map(ratio) - plan["target"].map(ratio))
    return plan.assign(
        moved=moved, hours=hours, days=hours / book.settings.hours_per_day, units=units
    )


def _hours(plan: pd.DataFrame, settings: Settings) -> pd.Series:
    """Hours of our people that one moved contact frees at least, for each row of the plan, or NaN.

    A visit costs at least twice a call, a call at least twice a contact over the internet. Where
    nobody says what a call takes it is half a visit at most: moving it frees nothing for sure.
    """
    visit = math.nan if settings.visit_hours is None else settings.visit_hours
    call = visit / 2 if settings.call_hours is None else settings.call_hours
    takes = {VISIT: visit, CALL: call, NET: call / 2}
    frees = plan["source"].map(takes) - plan["target"].map(takes)
    if settings.call_hours is None:
        frees = frees.where(plan[["source", "target"]].eq(VISIT).any(axis=1), 0 * visit)
    return frees.mask(plan["source"] == plan["target"], 0.0)


@model
def reconcile(book: Book) -> pd.DataFrame:
    """The days each category is to free beside the days the moved contacts free. Four rows.

    Columns: category, freed, by_moves (days, at least), open (freed days without a plan, NaN where
    unknown), words (a sentence, "" where nothing is to be freed).
    """
    by_category = moves(book).groupby("category")["days"]
    by_moves = by_category.agg(lambda each: each.sum(skipna=False)).reindex(BOXES, fill_value=0.0)
    rows = energy(book)[["category", "freed"]].assign(by_moves=by_moves.to_numpy())
    rows = rows.assign(open=(rows["freed"] - rows["by_moves"]).clip(lower=0))
    return rows.assign(words=[_plan_words(row) for row in rows.itertuples()])


def _plan_words(row: Any) -> str:
    if not row.freed > HALF_A_DAY:
        return ""
    are, them = by_number(row.freed, "is", "are"), by_number(row.freed, "it", "them")
    head = f"{counted(row.freed, 'day')} of {accounts([row.category])} {are} to be freed"
    if math.isnan(row.by_moves):
        return f"{head}; what the moved contacts free is not known yet."
    if row.by_moves <= HALF_A_DAY:
        return f"{head}, and nothing is moved that frees {them}."
    head = f"{head}; the moved contacts free at least {row.by_moves:,.0f}"
    if row.open <= HALF_A_DAY:
        return f"{head}, which is enough."
    return f"{head}: how are the other {row.open:,.0f} freed?"


def words(book: Book) -> str:
    """The flow of days in one sentence, for a title."""
    rows, open_ = flow(book), unknown(book)
    if rows.empty and open_:
        return "What accounts take today is not known yet"
    if rows.empty:
        return "No account takes any days yet"
    idle = unused(book)
    parts = _flow_words(rows, known=not math.isnan(idle))
    if open_:
        parts.append(f"what {accounts(open_)} take is not known")
    if idle < -HALF_A_DAY:
        taken = counted(portfolio.days_available(book) - idle, "day")
        parts.append(f"today takes {taken}, {-idle:,.0f} more than are available")
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def _flow_words(rows: pd.DataFrame, *, known: bool) -> list[str]:
    """The parts of the sentence. `known`: how many days there are, or else none can be missing."""
    source, target = rows["source"], rows["target"]
    inside = source.isin(BOXES) & target.isin(BOXES) & (source != target)
    idle, left = source == UNUSED, target == LEFT
    cases = (
        (inside, "moves", "move", "from {sources} to {targets}"),
        (idle & ~left, "nobody uses today goes", "nobody uses today go", "to {targets}"),
        (left & ~idle, "is", "are", "freed and not needed"),
    )
    parts = []
    for case, one, many, what in cases:
        total = rows.loc[case, "days"].sum()
        if total > HALF_A_DAY:
            what = what.format(sources=accounts(source[case]), targets=accounts(target[case]))
            parts.append(f"{counted(total, 'day')} {by_number(total, one, many)} {what}")
    short = rows.loc[source == MISSING, "days"].sum()
    if short > HALF_A_DAY:
        much = f"{short:,.0f}" if parts else counted(short, "day")
        are = by_number(short, "is", "are")
        still = " still" if parts else ""
        parts.append(f"{much} {are}{still} missing" if known else f"{much} more {are} needed")
    return parts or ["no day moves: every category takes what it took"]
