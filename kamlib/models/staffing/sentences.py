"""In words: how many candidates can be looked after, who is next, and what does not fit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from kamlib.models import portfolio
from kamlib.models.lookup import names_by_key
from kamlib.models.staffing import programme
from kamlib.models.staffing.candidates import (
    ROLES,
    candidates,
    days_left,
    others_days,
    people,
    question,
)
from kamlib.models.staffing.choice import best, portfolios
from kamlib.models.staffing.programme import EQUAL, Question
from kamlib.wording import account, accounts, counted, listed
from kamlib.workbook.book import Book

REST = "The maintenance and opportunistic accounts"


def problems(book: Book) -> list[str]:
    """What is not known, and which of the accounts that must be in do not fit; a sentence each."""
    rows, staff = candidates(book), people(book)
    q, left = question(book), days_left(book)
    wrong = list(_unknown(book, rows))
    if left < -EQUAL:
        there = portfolio.days_available(book)
        words, _ = portfolio.against(REST, there - left, there, portfolio.DAYS)
        wrong.append(f"{words}.")
    for person in staff.itertuples():
        wrong += _more(f"{REST} of {person.name}", person.taken, person.days)
    broken = [
        *_broken(q, rows, names_by_key(book, "segments", "segment")),
        *_crowded(q, rows, staff),
    ]
    if q.must.any() and not broken and programme.within(q, q.must, q.today) is None:
        broken = ["The accounts that must be in cannot be shared out among the people there are."]
    return wrong + broken


def _more(who: str, takes: float, there: float) -> list[str]:
    """The sentence for those that take more days than are available."""
    words, short = portfolio.against(who, takes, there, portfolio.DAYS)
    return [f"{words}."] if short and takes > there + EQUAL else []


def _unknown(book: Book, rows: pd.DataFrame) -> Iterator[str]:
    for role in ROLES:
        if ((rows["role"] == role) & rows["days"].isna()).any():
            yield f"Nobody has said how many days {account(role)} takes."
    if not len(rows):
        return
    if others_days(book)["days"].isna().any():
        rest = REST[0].lower() + REST[1:]
        yield f"Nobody has said how many days {rest} take; they are not counted."
    if math.isnan(portfolio.days_available(book)):
        yield "Nobody has said how many days there are, so the days are no limit."
    if not portfolio.account_managers(book):
        yield "Nobody is named as key account manager, so accounts without a name are nobody's."
    if rows["value"].isna().all():
        yield "No value is known of any candidate, so nothing can be weighed."


def _broken(q: Question, rows: pd.DataFrame, segments: dict[str, str]) -> Iterator[str]:
    """What speaks against the accounts that must be in, whoever looks after them."""
    for row in rows[(rows["state"] == "ruled_out") & rows["decision"].isin(ROLES)].itertuples():
        yield f"{row.name} is decided as {account(row.decision)} but fails a must-have."
    takes = float(q.days[q.must].sum())
    yield from _more("The accounts that must be in", takes, q.today)
    for group in np.unique(q.group[q.must]):
        one, limit = rows[q.must & (q.group == group)], q.limits[group]
        if len(one) > limit:
            what, where = accounts([one["role"].iloc[0]]), one["segment"].iloc[0]
            where = segments.get(where, where)
            yield f"{len(one)} {what} must be in in {where}; the limit is {limit:.0f}."


def _crowded(q: Question, rows: pd.DataFrame, staff: pd.DataFrame) -> Iterator[str]:
    """Who would have too much to do with the accounts that must be in."""
    most = q.most.min()
    for person, room in zip(staff.itertuples(), q.room, strict=False):
        held = q.must & (rows["manager"] == person.person).to_numpy()
        yield from _more(f"The accounts of {person.name} that must be in", q.days[held].sum(), room)
        if held.sum() > most:
            would = f"{person.name} would have {held.sum()} accounts that must be in"
            yield f"{would}; the limit is {most:g}."
    count = q.must.sum()
    if staff["anyone"].any() and count > most * len(staff):
        few = f"{len(staff)} people with at most {most:g} each cannot take them"
        yield f"{count} accounts must be in; {few}."
    for pair in q.rivals:
        if q.must[[*pair]].all() and not q.apart(*pair):
            rivals = f"{' and '.join(rows['name'].iloc[[*pair]])} are rivals and must both be in"
            yield f"{rivals}, but there are no two people to serve them."


def for_days(book: Book, days: float) -> str:
    """How many we can look after with so many days a year for them, and how many of these go."""
    q = question(book)
    now, running = best(q, portfolios(book), days), int((q.must | q.may).sum())
    used = float(q.days[[*now.managers]].sum())
    return (
        f"With {days:,.0f} account-manager days a year we can look after {len(now.managers)} of "
        f"{running}; that takes {used:,.0f} days."
    )


def summary(book: Book) -> str:
    """How many we can look after, who they are, and who would be next."""
    rows, q = candidates(book), question(book)
    front, running = portfolios(book), int((q.must | q.may).sum())
    if not len(rows):
        return "No customer is a key or key development account, or likely to become one."
    if not running:
        return "None of the candidates can be weighed yet, or all of them are decided otherwise."
    now, called = best(q, front, q.today), rows["name"].to_numpy()
    held, there = set(now.managers), portfolio.days_available(book)
    text = f"We can look after {len(held)} of {running}"
    if q.today < math.inf:
        text += f" in the {q.today:,.0f} of {there:,.0f} account-manager days left for them"
    if held:
        text += f": {listed(called[sorted(held)])}"
    more = [one for one in front if min(one.need - q.today, one.benefit - now.benefit) > EQUAL]
    if not more:
        return f"{text}."
    one = next((one for one in more if held <= set(one.managers)), more[0])
    after, days = set(one.managers), math.ceil(one.need - q.today - EQUAL)
    end = f"in place of {listed(called[sorted(held - after)])}" if held - after else "as well"
    days_more = counted(days, "more day")
    return f"{text}; with {days_more} {listed(called[sorted(after - held)])} would be in {end}."
