"""Who is a candidate, what it takes and brings, and who could look after it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.models import certainty, portfolio, profitability
from kamlib.models.lookup import by_key, name_or_key, names_by_key
from kamlib.models.staffing.programme import Question
from kamlib.workbook.book import Book, model

ROLES = ("key", "key_development")
LIKELY_ENOUGH = 0.1  # a customer with a lesser chance of being attractive is no candidate


@model
def candidates(book: Book) -> pd.DataFrame:
    """The customers of all segments that are, or may well be, key or key development accounts.

    Columns: those of `portfolio.classes`, and role (key or key_development), days (a year, NaN: not
    said), value, estimated (the value is the mean of its segment), chance (of being attractive),
    benefit (chance x value, 0 for a loss), by (who decided), state (must, free, or why it is out:
    decided, ruled_out, days, unknown, nothing).
    """
    everywhere = book.choosing(segment="")
    rows = portfolio.classes(everywhere)
    chances = certainty.chances(everywhere).drop_duplicates("customer")
    chances = chances.set_index("customer")
    chance, right = (rows["customer"].map(chances[p]) for p in ("p_up", "p_right"))
    likely = pd.Series(np.where(right >= 0.5, *ROLES), rows.index, dtype=object)
    role = rows["category"].where(rows["category"].isin(ROLES), likely)
    value = _value(everywhere, rows)
    known = value.fillna(value.groupby(rows["segment"]).transform("mean"))
    called = names_by_key(book, "people", "person")
    rows = rows.assign(
        role=role,
        days=role.map(portfolio.effort(book)["days"]).astype(float),
        value=known,
        estimated=value.isna() & known.notna(),
        chance=chance,
        benefit=(chance * known).clip(lower=0),
        name=name_or_key(rows, "customer"),
        by=[called.get(person, person) for person in rows["person"]],
        manager=rows["manager"].fillna(""),
    )
    decided = rows["decision"].isin(ROLES)
    states = {
        "ruled_out": rows["status"] == "ruled_out",
        "must": decided & (rows["reason_given"] != ""),
        "decided": ~decided & (rows["decision"] != ""),
        "days": rows["days"].isna(),
        "unknown": rows["benefit"].isna(),
        "free": rows["benefit"] > 0,
    }
    rows["state"] = np.select(list(states.values()), list(states), "nothing")
    wanted = rows["box"].isin(ROLES) | decided | (chance >= LIKELY_ENOUGH)
    return rows[wanted].reset_index(drop=True)


def _value(book: Book, rows: pd.DataFrame) -> pd.Series:
    """What each customer is worth by settings.staff_by, NaN where that is not known."""
    if book.settings.staff_by == "attractiveness":
        return (rows["y"] - 1).astype(float)
    if book.settings.staff_by == "profit":
        return rows["profit"].astype(float)
    future = profitability.future_value(book).drop_duplicates("customer")
    middle = (future["low"] + future["high"]) / 2
    return rows["customer"].map(middle.set_axis(future["customer"])).astype(float)


@model
def others_days(book: Book) -> pd.DataFrame:
    """The customers that are no candidates any more: columns customer, manager, days (a year).

    A maintenance or opportunistic account takes what such an account takes (NaN while nobody has
    said it), one in no category what it takes today. A candidate that is left out is not among them
    before the team has decided what it is instead.
    """
    everywhere = book.choosing(segment="")
    rows, running = portfolio.classes(everywhere), candidates(book)
    running = running.loc[running["decision"].isin(("", *ROLES)), "customer"]
    rest = rows[~rows["category"].isin(("", *ROLES))]
    outside = portfolio.outside(everywhere).dropna(subset="days")
    outside = outside.merge(rows[["customer", "manager"]], "left", "customer")
    rest = rest.assign(days=rest["category"].map(portfolio.effort(book)["days"]).astype(float))
    both = pd.concat([rest, outside])
    both = both.loc[~both["customer"].isin(running), ["customer", "manager", "days"]]
    return both.fillna({"manager": ""}).reset_index(drop=True)


def people(book: Book) -> pd.DataFrame:
    """Who looks after accounts, or is named for one.

    Columns: person, name, days (a year), anyone (a key account manager), taken (days of accounts
    that are no candidates), room (days left; NaN: not known).
    """
    managers = portfolio.account_managers(book)
    named = [person for person in candidates(book)["manager"] if person]
    rows = by_key(book["people"], "person")[["name", "days"]]
    rows = rows.reindex(list(dict.fromkeys([*managers, *named])))
    taken = others_days(book).groupby("manager")["days"].sum()
    rows["taken"] = taken.reindex(rows.index).fillna(0.0)
    rows["anyone"] = rows.index.isin(managers)
    rows["days"] = rows["days"].astype(float)
    rows["room"] = (rows["days"] - rows["taken"]).clip(lower=0)
    rows = rows.rename_axis("person").reset_index()
    return rows.assign(name=rows["name"].fillna("").where(lambda name: name != "", rows["person"]))


def days_left(book: Book) -> float:
    """Days a year for key and key development accounts after all others; NaN: not known."""
    return portfolio.days_available(book) - float(others_days(book)["days"].sum())


def question(book: Book) -> Question:
    """The question of a workbook: its `candidates` and its `people`, in their order, and nobody."""
    rows, staff = candidates(book), people(book)
    left = days_left(book)
    named = rows["manager"].to_numpy()[:, None]
    able = (named == staff["person"].to_numpy()) | ((named == "") & staff["anyone"].to_numpy(bool))
    limits = pd.Series([book.settings.key_limit, book.settings.key_development_limit], dtype=float)
    segment, segments = pd.factorize(rows["segment"])
    at = {customer: i for i, customer in enumerate(rows["customer"])}
    pairs = (
        sorted((at[one], at[other]))
        for one, other in book["customers"][["customer", "rival"]].itertuples(index=False)
        if one in at and other in at and one != other
    )
    return Question(
        benefit=rows["benefit"].fillna(0.0).to_numpy(float),
        days=rows["days"].fillna(0.0).to_numpy(float),
        must=(rows["state"] == "must").to_numpy(bool),
        may=(rows["state"] == "free").to_numpy(bool),
        able=np.column_stack([able, ~able.any(axis=1)]),
        group=segment * 2 + rows["role"].map(ROLES.index).to_numpy(int),
        limits=np.tile(limits.fillna(math.inf), len(segments)),
        rivals=tuple(sorted({(one, other) for one, other in pairs})),
        room=np.append(staff["room"].fillna(math.inf), math.inf),
        most=np.append(np.full(len(staff), book.settings.accounts_per_manager), math.inf),
        today=math.inf if left != left else max(left, 0.0),
    )
