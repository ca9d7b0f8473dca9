"""Who is in and who looks after each, why the others are not, and when that would change."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models.staffing import programme
from kamlib.models.staffing.candidates import candidates, people, question
from kamlib.models.staffing.programme import EQUAL, Portfolio, Question
from kamlib.wording import account, accounts, counted
from kamlib.workbook.book import Book, model

COLUMNS = ["segment", "customer", "name", "box", "role", "days", "value", "estimated", "chance"]
COLUMNS += [
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
FRONTIER = ["capacity", "benefit", "accounts", "chosen", "share_pct", "comes_in", "goes_out"]
FRONTIER += ["stays"]
FIRM = 0.9  # a core index from which an account is sure
MORE = 1.5  # how much more than the days of today is looked at
OUT = {
    "ruled_out": "fails a must-have",
    "days": "nobody has said what such an account takes",
    "unknown": "too little is known to say what it would bring",
    "nothing": "it would bring nothing",
}


@model
def choose(book: Book, days: float | None = None) -> pd.DataFrame:
    """The best set of key and key development accounts for the days and people there are.

    `days` a year for these accounts alone; not given, what `days_left` says; not known, no limit.
    A row a candidate, columns COLUMNS: value by settings.staff_by, estimated where it is the mean
    of the segment; benefit: chance of being attractive x value; chosen: yes or no; manager: who
    would look after it; core: 0 to 1, the share of the portfolios of the frontier (up to half as
    many days again as there are) that hold it; from_days: the days from which it is always in (NaN:
    it is not in with the most days); place says that in words; category and stands: what was
    decided, or else suggested. Raises InvalidInput for days below 0.
    """
    if days is not None and not days >= 0:
        raise InvalidInput(
            "The days a year have to be 0 or more.", column="days", found=days, allowed="0 or more"
        )
    rows, staff = candidates(book), people(book)
    q, front = question(book), portfolios(book)
    cap = q.today if days is None else float(days)
    now = best(q, front, cap).managers
    held = np.array([[i in one.managers for i in range(len(rows))] for one in front])
    counted = [bool(one.managers) and one.need <= MORE * q.today + EQUAL for one in front]
    core, since = held[counted].sum(axis=0) / max(sum(counted), 1), since_days(q, front)
    ids = [*staff["person"], ""]
    return rows.assign(
        chosen=["yes" if i in now else "no" for i in range(len(rows))],
        manager=[ids[now[i]] if i in now else manager for i, manager in enumerate(rows["manager"])],
        why=[_why(q, now, cap, rows, staff, i) for i in range(len(rows))],
        core=core,
        from_days=since,
        place=[_place(*both) for both in zip(core, since, strict=True)],
    )[COLUMNS]


@model
def frontier(book: Book) -> pd.DataFrame:
    """Every portfolio that is the best for some number of days, the smallest first.

    Columns: capacity (days a year for these accounts from which it can be had), benefit, accounts,
    chosen (ids joined by |), share_pct (benefit in % of that of all candidates), comes_in and
    goes_out (names joined by ", ": what is otherwise than one row before), stays (those of comes_in
    that are never out again). Accounts that must be in are in all of them.
    """
    rows, q = candidates(book), question(book)
    front = portfolios(book)
    whole = float(q.benefit[q.may | q.must].sum()) or math.nan
    since = since_days(q, front)
    table, before = [], set[int]()
    for one in front:
        held = set(one.managers)
        stays = {i for i in held if since[i] == one.need}
        groups = (held - before, before - held, stays)
        names = [", ".join(rows["name"].iloc[sorted(who)]) for who in groups]
        ids = "|".join(rows["customer"].iloc[sorted(held)])
        table.append((one.need, one.benefit, len(held), ids, 100 * one.benefit / whole, *names))
        before = held
    return pd.DataFrame(table, columns=FRONTIER)


@model
def portfolios(book: Book) -> tuple[Portfolio, ...]:
    """Every portfolio that is the best for some number of days, the smallest first."""
    return tuple(programme.frontier(question(book)))


def best(q: Question, front: tuple[Portfolio, ...], days: float) -> Portfolio:
    """The best portfolio for so many days; that of the frontier where none is better."""
    found = programme.best(q, days)
    known = [one for one in front if one.need <= days + EQUAL][-1:]
    same = known and known[0].benefit >= found.benefit - EQUAL * max(1.0, abs(found.benefit))
    return known[0] if same else found


def since_days(q: Question, front: tuple[Portfolio, ...]) -> np.ndarray:
    """The days from which each candidate is always in, NaN if it is not in with the most days."""
    since = np.full(len(q.days), np.nan)
    always = set(range(len(since)))
    for one in reversed(front):
        always &= set(one.managers)
        since[sorted(always)] = one.need
    return since


def _place(core: float, since: float) -> str:
    if core >= 1:
        return "in whatever the capacity"
    if core >= FIRM:
        return "in at nearly every capacity"
    if since == since:
        return f"in from {math.ceil(since - EQUAL):,.0f} days on"
    if core > 1 - FIRM:
        return "in at some capacities only"
    return "hardly ever in" if core else "never in"


def _why(
    q: Question, now: dict[int, int], cap: float, rows: pd.DataFrame, staff: pd.DataFrame, who: int
) -> str:
    row = rows.iloc[who]
    by = f" by {row['by']}" if row["by"] else ""
    if who in now:
        if row["state"] == "must":
            return f"must be in: decided{by}"
        brings = "its days bring more here than elsewhere"
        return f"in: {brings if math.isfinite(cap) else 'there is room for it'}"
    if row["state"] == "decided":
        return f"left out: decided{by} as {account(row['decision'])}"
    though = f" though decided{by}" if row["decision"] else ""
    return f"left out{though}: {OUT.get(row['state']) or _short_of(q, now, cap, rows, staff, who)}"


def _short_of(
    q: Question, now: dict[int, int], cap: float, rows: pd.DataFrame, staff: pd.DataFrame, who: int
) -> str:
    """What keeps out a candidate that would bring something: a rival, a limit, a person, days."""
    manager = rows["manager"].iloc[who]
    name = dict(zip(staff["person"], staff["name"], strict=True)).get(manager)
    for pair in q.rivals:
        other = sum(pair) - who
        if who in pair and other in now and not q.apart(*pair):
            rival = f"rival of {rows['name'].iloc[other]}"
            if manager and rows["manager"].iloc[other] == manager:
                return f"{rival}, and {name} looks after both"
            return f"{rival} and nobody else could serve it"
    limit = q.limits[q.group[who]]
    if sum(q.group[i] == q.group[who] for i in now) + 1 > limit:
        role = rows["role"].iloc[who]
        what = account(role, False) if limit == 1 else accounts([role])
        return f"no more than {limit:.0f} {what} a segment"
    full = np.bincount(list(now.values()), minlength=len(q.most)) + 1 > q.most
    if manager:
        mine = [i for i, person in now.items() if q.able[who, person]]
        if full[q.able[who]].all():
            return f"{name} has {counted(len(mine), 'account')} already"
        short = q.days[[*mine, who]].sum() > q.room[q.able[who]].sum() + EQUAL
        if short and q.days[[*now, who]].sum() <= min(cap, q.today) + EQUAL:
            return f"{name} has not enough days left"
    elif full[q.able[who]].all():
        return "everybody has as many accounts as one can look after"
    return "the days go further elsewhere"
