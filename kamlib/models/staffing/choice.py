"""Who is in and who looks after each, why the others are not, and at how many days that would change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models.staffing import best
from kamlib.models.staffing.best import EQUAL, Portfolio
from kamlib.models.staffing.question import (
    NONE,
    ROLES,
    Question,
    ask,
    candidates,
    days_left,
    people,
)
from kamlib.workbook.book import Book, model

COLUMNS = [
    "segment",
    "customer",
    "name",
    "box",
    "role",
    "days",
    "value",
    "estimated",
    "chance",
    "benefit",
    "chosen",
    "manager",
    "why",
    "core",
    "place",
    "from_days",
    "category",
    "stands",
]
FRONTIER = [
    "capacity",
    "benefit",
    "accounts",
    "chosen",
    "share_pct",
    "comes_in",
    "goes_out",
    "stays",
]
FIRM, MORE = (
    0.9,
    1.5,
)  # a core index from which an account is sure; how much more than today is looked at
ROLE_WORDS = {"key": "key account", "key_development": "key development account"}
OUT = {
    "ruled_out": "fails a must-have",
    "days": "nobody has said what such an account takes",
    "unknown": "too little is known to say what it would bring",
    "nothing": "it would bring nothing",
}


@model
def choose(book: Book, days: float | None = None) -> pd.DataFrame:
    """The best set of key and key development accounts for the days and people there are, a row a candidate.

    `days` a year for these accounts alone; not given, what `days_left` says; not known, no limit. Columns:
    COLUMNS. value by settings.staff_by, estimated where it is the mean of the segment; benefit: chance of being
    attractive x value; chosen: yes or no; manager: who would look after it; core: 0 to 1, the share of the
    portfolios of the frontier (up to half as many days again as there are) that hold it; from_days: the days
    from which it is always in (NaN: it is not in with the most days); place says that in words; category and
    stands: what was decided, or else suggested.
    Raises InvalidInput for days below 0.
    """
    if days is not None and not days >= 0:
        raise InvalidInput(
            "The days a year have to be 0 or more.", column="days", found=days, allowed="0 or more"
        )
    seen, q, staff = candidates(book), ask(book), people(book)
    cap = q.today if days is None else float(days)
    front = _portfolios(book)
    now = _at(q, front, cap)
    manager = dict(zip(now.held, now.managers, strict=True))
    ids = [*staff["person"], ""]
    cores, since = _core(q, front), _since(q, front)
    return seen.assign(
        chosen=["yes" if i in manager else "no" for i in range(len(seen))],
        manager=[ids[manager[i]] if i in manager else m for i, m in enumerate(seen["manager"])],
        why=[_why(q, i, manager, cap, seen, staff["name"].tolist()) for i in range(len(seen))],
        core=cores,
        from_days=since,
        place=[_place(*both) for both in zip(cores, since, strict=True)],
    )[COLUMNS]


@model
def frontier(book: Book) -> pd.DataFrame:
    """Every portfolio that is the best for some number of days, the smallest first.

    Columns: capacity (days a year for these accounts from which it can be had), benefit, accounts, chosen (ids
    joined by |), share_pct (benefit in % of that of all candidates), comes_in and goes_out (names joined by
    ", ": what is otherwise than one row before), stays (those of comes_in that are never out again). Accounts that must be in are in all of them.
    """
    seen, q = candidates(book), ask(book)
    whole, rows = float(q.benefit[q.may | q.must].sum()), []
    before: set[int] = set()
    since = _since(q, _portfolios(book))
    for one in _portfolios(book):
        held = set(one.held)
        rows.append(
            (
                one.need,
                one.benefit,
                len(held),
                "|".join(seen["customer"].iloc[list(one.held)]),
                100 * one.benefit / whole if whole > 0 else math.nan,
                _names(seen, held - before),
                _names(seen, before - held),
                _names(seen, {i for i in held if since[i] == one.need}),
            )
        )
        before = held
    return pd.DataFrame(rows, columns=FRONTIER)


@model
def _portfolios(book: Book) -> tuple[Portfolio, ...]:
    return tuple(best.frontier(ask(book)))


def _names(seen: pd.DataFrame, who: set[int]) -> str:
    return ", ".join(seen["name"].iloc[sorted(who)])


def _at(q: Question, front: Sequence[Portfolio], cap: float) -> Portfolio:
    """The best portfolio for so many days: that of the frontier, unless one between its steps is better."""
    found = best.best(q, cap)
    known = [one for one in front if one.need <= cap + EQUAL]
    same = known and known[-1].benefit >= found.benefit - EQUAL * max(1.0, abs(found.benefit))
    return known[-1] if same else found


def _core(q: Question, front: Sequence[Portfolio]) -> np.ndarray:
    """The share of the portfolios that hold each candidate; nobody at all is no portfolio."""
    counted = [one for one in front if one.held and one.need <= MORE * q.today + EQUAL]
    held = np.zeros(len(q.role))
    for one in counted:
        held[list(one.held)] += 1
    return held / max(len(counted), 1)


def _since(q: Question, front: Sequence[Portfolio]) -> np.ndarray:
    since = np.full(len(q.role), np.nan)
    for who in range(len(q.role)):
        for one in reversed(front):
            if who not in one.held:
                break
            since[who] = one.need
    return since


def _place(core: float, since: float) -> str:
    if core >= 1:
        return "in whatever the capacity"
    if core >= FIRM:
        return "in at nearly every capacity"
    if since == since:
        return f"in from {math.ceil(since - EQUAL):,.0f} days on"
    return (
        "in at some capacities only"
        if core > 1 - FIRM
        else "never in"
        if core == 0
        else "hardly ever in"
    )


def _why(
    q: Question, who: int, manager: dict[int, int], cap: float, seen: pd.DataFrame, names: list[str]
) -> str:
    row = seen.iloc[who]
    by = f" by {row['by']}" if row["by"] else ""
    if who in manager:
        if row["state"] == "must":
            return f"must be in: decided{by}"
        return (
            "in: its days bring more here than elsewhere"
            if math.isfinite(cap)
            else "in: there is room for it"
        )
    if row["state"] == "decided":
        return f"left out: decided{by} as {_account(row['decision'])}"
    though = f" though decided{by}" if row["decision"] else ""
    return (
        f"left out{though}: {OUT.get(row['state']) or _short_of(q, who, manager, cap, seen, names)}"
    )


def _account(category: str) -> str:
    word = category.replace("_", " ")
    return f"{'an' if word[:1] in 'aeio' else 'a'} {word} account"


def _short_of(
    q: Question, who: int, manager: dict[int, int], cap: float, seen: pd.DataFrame, names: list[str]
) -> str:
    """What keeps a candidate out that would bring something: a rival, a limit, a person, or the days."""
    for pair in q.rivals:
        other = pair[0] if pair[1] == who else pair[1]
        if who in pair and other in manager and not q.both(*pair):
            if q.named[who] != NONE and q.named[other] == q.named[who]:
                return f"rival of {seen['name'].iloc[other]}, and {names[q.named[who]]} looks after both"
            return f"rival of {seen['name'].iloc[other]} and nobody else could serve it"
    held = list(manager)
    of_group = [w for w in held if q.group[w] == q.group[who]]
    if len(of_group) + 1 > q.limits[q.group[who]]:
        word, most = ROLE_WORDS[ROLES[q.role[who]]], q.limits[q.group[who]]
        return f"no more than {most:.0f} {word}{'' if most == 1 else 's'} a segment"
    days = q.days
    person = int(q.named[who])
    mine = [w for w in held if person != NONE and manager[w] == person]
    if len(mine) + 1 > q.most and person != NONE:
        return f"{names[person]} has {len(mine)} account{'' if len(mine) == 1 else 's'} already"
    if not q.could(who) or person != NONE:
        total = days[held].sum() + days[who]
        short = person != NONE and days[mine].sum() + days[who] > q.rooms[person] + EQUAL
        if short and total <= min(cap, q.today) + EQUAL:
            return f"{names[person]} has not enough days left"
        return "the days go further elsewhere"
    if all(len([w for w in held if manager[w] == m]) + 1 > q.most for m in q.anyone):
        return "everybody has as many accounts as one can look after"
    return "the days go further elsewhere"


def today(book: Book) -> Portfolio:
    """The best portfolio for the days there are."""
    q = ask(book)
    return _at(q, _portfolios(book), q.today)


__all__ = ["choose", "days_left", "frontier"]
