"""The question as plain arrays: who is a candidate, what it takes, what it brings, and who could look after it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamlib.models import certainty, portfolio, profitability
from kamlib.workbook.book import Book, model

ROLES = ("key", "key_development")
LIKELY_ENOUGH = 0.1  # a customer with a lesser chance of either is no candidate
NONE = -1  # nobody


@dataclass(frozen=True)
class Question:
    """Candidates by number, people by number; what is not known is no limit (inf)."""

    role: np.ndarray  # 0 key, 1 key development
    takes: tuple[float, float]  # days a year one account of each role takes
    benefit: np.ndarray
    must: np.ndarray  # has to be in
    may: np.ndarray  # is free to come in or to stay out
    named: np.ndarray  # who looks after it today, NONE for nobody
    group: np.ndarray  # candidates of one segment and role
    limits: np.ndarray  # most accounts of each group
    rivals: tuple[tuple[int, int], ...] = ()  # pairs that need different people
    rooms: np.ndarray = field(
        default_factory=lambda: np.zeros(0)
    )  # days each person has for candidates
    anyone: tuple[int, ...] = ()  # who can take an account that nobody looks after
    most: float = math.inf  # most accounts of one person
    today: float = math.inf  # days of everybody together

    @property
    def days(self) -> np.ndarray:
        """Days a year each candidate takes."""
        return np.array(self.takes)[self.role]

    def could(self, who: int) -> tuple[int, ...]:
        """The people who could look after a candidate."""
        return (int(self.named[who]),) if self.named[who] != NONE else self.anyone

    def both(self, one: int, other: int) -> bool:
        """Could two rivals be looked after by different people?"""
        return any(m != k for m in self.could(one) for k in self.could(other))


@model
def candidates(book: Book) -> pd.DataFrame:
    """The customers of all segments that are, or may well be, key or key development accounts.

    Columns: segment, customer, name, box, role, days, value, estimated (the value is the mean of its segment),
    chance (of being attractive), benefit (chance x value, 0 for a loss), manager, state (must, free, or why it
    is out: decided, ruled_out, days, unknown, nothing), by (who decided), category, stands (as in
    `portfolio.classes`), revenue aside.
    """
    everywhere = book.choosing(segment="")
    seen = portfolio.classes(everywhere)
    likely = certainty.chances(everywhere).drop_duplicates("customer").set_index("customer")
    up, right = seen["customer"].map(likely["p_up"]), seen["customer"].map(likely["p_right"])
    value, estimated = _values(everywhere, seen)
    each = book["effort"].drop_duplicates("category").set_index("category")["days"]
    role = pd.Series(list(map(_role, seen["category"], right)), index=seen.index, dtype=object)
    benefit = (up * value).clip(lower=0)
    named = dict(zip(book["people"]["person"], book["people"]["name"], strict=True))
    made = seen.assign(
        role=role,
        days=role.map(each).astype(float),
        value=value,
        estimated=estimated,
        chance=up,
        benefit=benefit,
        name=seen["name"].where(seen["name"] != "", seen["customer"]),
        by=[named.get(p) or p for p in seen["person"]],
        manager=seen["manager"].fillna(""),
    )
    made["state"] = [_state(row) for row in made.to_dict("records")]
    wanted = made["box"].isin(ROLES) | made["decision"].isin(ROLES) | (up >= LIKELY_ENOUGH)
    columns = [
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
        "manager",
        "state",
        "decision",
        "by",
        "category",
        "stands",
    ]
    return made.loc[wanted, columns].reset_index(drop=True)


def _role(category: str, right: float) -> str:
    """As decided or suggested, else the more probable one."""
    if category in ROLES:
        return category
    return ROLES[0] if right >= 0.5 else ROLES[1]


def _state(row: dict) -> str:
    if row["status"] == "ruled_out":
        return "ruled_out"
    if row["decision"] in ROLES and row["reason_given"] != "":
        return "must"
    if row["decision"] not in ("", *ROLES):
        return "decided"
    if row["days"] != row["days"]:
        return "days"
    if row["benefit"] != row["benefit"]:
        return "unknown"
    return "free" if row["benefit"] > 0 else "nothing"


def _values(book: Book, seen: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What each customer is worth by settings.staff_by, and where that is only the mean of its segment."""
    if book.settings.staff_by == "attractiveness":
        own = seen["y"] - 1
    elif book.settings.staff_by == "profit":
        own = seen["profit"]
    else:
        worth = profitability.future_value(book).drop_duplicates("customer").set_index("customer")
        own = seen["customer"].map((worth["low"] + worth["high"]) / 2)
    own = own.astype(float)
    mean = own.groupby(seen["segment"]).transform("mean")
    return own.fillna(mean), own.isna() & mean.notna()


def others_days(book: Book) -> pd.DataFrame:
    """The customers that are no candidates any more, with the days they take.

    Columns: customer, manager, days: of a maintenance or opportunistic account what such an account takes (NaN
    while nobody has said it), of one in no category what it takes today. A candidate that is left out is not
    among them before the team has decided what it is instead.
    """
    everywhere = book.choosing(segment="")
    seen = portfolio.classes(everywhere)
    running = candidates(book)
    running = running.loc[running["decision"].isin(("", *ROLES)), "customer"]
    each = book["effort"].drop_duplicates("category").set_index("category")["days"]
    rest = seen[~seen["category"].isin(("", *ROLES)) & ~seen["customer"].isin(running)]
    rest = rest.assign(days=rest["category"].map(each).astype(float))
    outside = portfolio.outside(everywhere).dropna(subset="days")
    outside = outside[~outside["customer"].isin(running)].merge(
        seen[["customer", "manager"]], "left", "customer"
    )
    rows = pd.concat([rest, outside]).fillna({"manager": ""})
    return rows[["customer", "manager", "days"]].reset_index(drop=True)


def people(book: Book) -> pd.DataFrame:
    """Who looks after accounts, or is named for one: person, name, anyone (a manager), days, room (NaN: not known)."""
    table = book["people"].drop_duplicates("person").set_index("person")
    held = [m for m in candidates(book)["manager"] if m]
    who = list(dict.fromkeys([*portfolio.account_managers(book), *held]))
    taken = others_days(book).groupby("manager")["days"].sum()
    days = table["days"].reindex(who).astype(float).to_numpy()
    room = np.maximum(days - taken.reindex(who).fillna(0.0).to_numpy(), 0.0)
    names = table["name"].reindex(who).fillna("")
    managers = set(portfolio.account_managers(book))
    return pd.DataFrame(
        {
            "person": who,
            "name": [n or p for p, n in names.items()],
            "anyone": [p in managers for p in who],
            "days": days,
            "room": room,
        }
    )


def days_left(book: Book) -> float:
    """Days a year there are for key and key development accounts once the others are looked after; NaN: not known."""
    return portfolio.days_available(book) - float(others_days(book)["days"].sum())


def ask(book: Book) -> Question:
    """The question of a workbook; candidates and people in the order of `candidates` and `people`."""
    seen, staff = candidates(book), people(book)
    at = {person: i for i, person in enumerate(staff["person"])}
    each = book["effort"].drop_duplicates("category").set_index("category")["days"].reindex(ROLES)
    role = seen["role"].map({r: i for i, r in enumerate(ROLES)}).to_numpy(int)
    segment, segments = pd.factorize(seen["segment"])
    most = [
        math.inf if n is None else float(n)
        for n in (book.settings.key_limit, book.settings.key_development_limit)
    ]
    left = days_left(book)
    return Question(
        role=role,
        takes=tuple(each.fillna(0.0)),
        benefit=seen["benefit"].fillna(0.0).to_numpy(float),
        must=(seen["state"] == "must").to_numpy(bool),
        may=(seen["state"] == "free").to_numpy(bool),
        named=np.array([at.get(m, NONE) for m in seen["manager"]], int),
        group=segment.astype(int) * 2 + role,
        limits=np.array(most * len(segments)),
        rivals=_rivals(book, seen["customer"].tolist()),
        rooms=staff["room"].fillna(math.inf).to_numpy(float),
        anyone=tuple(np.flatnonzero(staff["anyone"]).tolist()),
        most=book.settings.accounts_per_manager,
        today=math.inf if left != left else max(left, 0.0),
    )


def _rivals(book: Book, who: list[str]) -> tuple[tuple[int, int], ...]:
    at = {customer: i for i, customer in enumerate(who)}
    table = book["customers"]
    pairs = {
        (min(at[c], at[r]), max(at[c], at[r]))
        for c, r in zip(table["customer"], table["rival"], strict=True)
        if c in at and r in at and c != r
    }
    return tuple(sorted(pairs))
