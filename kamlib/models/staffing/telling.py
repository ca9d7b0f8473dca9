"""In words: how many candidates can be looked after, who would be next, and what does not go together."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from kamlib.models import portfolio
from kamlib.models.staffing import best
from kamlib.models.staffing.best import EQUAL
from kamlib.models.staffing.choice import ROLE_WORDS, _portfolios, today
from kamlib.models.staffing.question import (
    NONE,
    ROLES,
    Question,
    ask,
    candidates,
    days_left,
    others_days,
    people,
)
from kamlib.workbook.book import Book


def problems(book: Book) -> list[str]:
    """What is not known, and which of the accounts that must be in do not fit; a sentence each."""
    seen, q, staff = candidates(book), ask(book), people(book)
    found = [*_unknown(book, seen), *_short(book, staff)]
    broken = [
        *_ruled_out(seen),
        *_sums(book, q, seen),
        *_by_person(q, seen, staff["name"].tolist()),
    ]
    must = q.must.any()
    if must and not broken and best.within(q, q.today) is None:
        broken = ["The accounts that must be in cannot be shared out among the people there are."]
    return found + broken


def _unknown(book: Book, seen: pd.DataFrame) -> Iterator[str]:
    for role in ROLES:
        if ((seen["role"] == role) & seen["days"].isna()).any():
            yield f"Nobody has said how many days a {ROLE_WORDS[role]} takes."
    rest = others_days(book)
    if len(seen) and rest["days"].isna().any():
        yield "Nobody has said how many days the maintenance or opportunistic accounts take; they are not counted."
    if not len(seen):
        return
    if math.isnan(portfolio.days_available(book)):
        yield "Nobody has said how many days there are, so the days are no limit."
    if not portfolio.account_managers(book):
        yield "Nobody is named as key account manager, so accounts without a name are nobody's."
    if seen["value"].isna().all():
        yield "No value is known of any candidate, so nothing can be weighed."


def _short(book: Book, staff: pd.DataFrame) -> Iterator[str]:
    left = days_left(book)
    if left < -EQUAL:
        yield f"The maintenance and opportunistic accounts alone take {-left:,.0f} days more than there are."
    rest = others_days(book).groupby("manager")["days"].sum()
    for row in staff.itertuples():
        if rest.get(row.person, 0.0) > row.days + EQUAL:
            yield f"The maintenance and opportunistic accounts of {row.name} take {rest[row.person]:,.0f} days; there are {row.days:,.0f}."


def _ruled_out(seen: pd.DataFrame) -> Iterator[str]:
    for row in seen[(seen["state"] == "ruled_out") & seen["decision"].isin(ROLES)].itertuples():
        yield f"{row.name} is decided as {_a(row.decision)} but fails a must-have."


def _a(role: str) -> str:
    return f"a {ROLE_WORDS[role]}"


def _sums(book: Book, q: Question, seen: pd.DataFrame) -> Iterator[str]:
    must = np.flatnonzero(q.must)
    takes = float(q.days[must].sum())
    if takes > q.today + EQUAL:
        yield f"The accounts that must be in take {takes:,.0f} days; there are {q.today:,.0f} for them."
    names = dict(zip(book["segments"]["segment"], book["segments"]["name"], strict=True))
    for group in sorted(set(q.group[must].tolist())):
        mine, most = must[q.group[must] == group], q.limits[group]
        if len(mine) > most:
            segment = seen["segment"].iloc[mine[0]]
            word = ROLE_WORDS[ROLES[q.role[mine[0]]]]
            yield f"{len(mine)} {word}s must be in in {names.get(segment) or segment}; the limit is {most:.0f}."


def _by_person(q: Question, seen: pd.DataFrame, names: list[str]) -> Iterator[str]:
    must = np.flatnonzero(q.must)
    for person in sorted(set(q.named[must].tolist()) - {NONE}):
        mine = must[q.named[must] == person]
        takes = float(q.days[mine].sum())
        if takes > q.rooms[person] + EQUAL:
            yield f"The accounts of {names[person]} that must be in take {takes:,.0f} days; there are {q.rooms[person]:,.0f}."
        if len(mine) > q.most:
            yield f"{names[person]} would have {len(mine)} accounts that must be in; the limit is {q.most:g}."
    if len(q.anyone) and len(must) > q.most * len(q.rooms):
        yield f"{len(must)} accounts must be in; {len(q.rooms)} people with at most {q.most:g} each cannot take them."
    for one, other in q.rivals:
        if q.must[one] and q.must[other] and not q.both(one, other):
            pair = f"{seen['name'].iloc[one]} and {seen['name'].iloc[other]}"
            yield f"{pair} are rivals and must both be in, but there are no two people to serve them."


def summary(book: Book) -> str:
    """How many we can look after, who they are, and who would be next."""
    seen, q = candidates(book), ask(book)
    running = int((q.must | q.may).sum())
    if not running:
        return _nobody(seen)
    now = today(book)
    names = seen["name"].tolist()
    there = portfolio.days_available(book)
    days = (
        f" in the {q.today:,.0f} of {there:,.0f} available days left for them"
        if math.isfinite(q.today)
        else ""
    )
    listed = ": " + _and([names[i] for i in now.held]) if now.held else ""
    said = f"We can look after {len(now.held)} of {running}{days}{listed}"
    more = _next(q, set(now.held), now.benefit, _portfolios(book), names)
    return f"{said}; {more}." if more else f"{said}."


def _nobody(seen: pd.DataFrame) -> str:
    if not len(seen):
        return "No customer is a key or key development account, or likely to become one."
    return "None of the candidates can be weighed yet, or all of them are decided otherwise."


def _next(q: Question, held: set[int], benefit: float, front: tuple, names: list[str]) -> str:
    """What more days would bring, where they would bring anything."""
    later = [one for one in front if one.need > q.today + EQUAL and one.benefit > benefit + EQUAL]
    if not later:
        return ""
    one = next((one for one in later if held <= set(one.held)), later[0])
    comes, goes = (
        _and([names[i] for i in sorted(who)])
        for who in (set(one.held) - held, held - set(one.held))
    )
    more = math.ceil(one.need - q.today - EQUAL)
    end = f"in place of {goes}" if goes else "as well"
    return f"with {more:,} more day{'' if more == 1 else 's'} {comes} would be in {end}"


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
