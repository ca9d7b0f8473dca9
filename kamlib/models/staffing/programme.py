"""The best portfolio for so many days: an integer programme, solved by scipy's milp (HiGHS)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

EQUAL = 1e-6
APART = 0.005  # days closer than this are the same
SCALE = 1e4  # the greatest benefit in the programme
FIRST = 3e-6  # what an earlier candidate is preferred by
EXACT, STEPS = 40, 100  # of more candidates the frontier is searched in so many even steps


@dataclass(frozen=True)
class Question:
    """Candidates (n) and people (m, the last is nobody) by number; not known is no limit (inf)."""

    benefit: np.ndarray
    days: np.ndarray  # a year, of each candidate
    must: np.ndarray  # has to be in
    may: np.ndarray  # is free to come in or to stay out
    able: np.ndarray  # n x m: who could look after which candidate; nobody where there is no one
    group: np.ndarray  # candidates of one segment and role
    limits: np.ndarray  # most accounts of each group
    rivals: tuple[tuple[int, int], ...]  # pairs that need different people
    room: np.ndarray  # days each person has for candidates
    most: np.ndarray  # accounts of each person
    today: float  # days of everybody together

    def apart(self, one: int, other: int) -> bool:
        """Could two rivals be looked after by different people?"""
        able = self.able[[one, other], :-1]
        return bool(able.any(axis=1).all() and able.any(axis=0).sum() > 1)


@dataclass(frozen=True)
class Portfolio:
    """Who is in (candidate: person), what that brings, and the fewest days there have to be.

    Days that a person has too few of come on top of the days there are today.
    """

    managers: dict[int, int]
    benefit: float
    need: float


def best(q: Question, days: float) -> Portfolio:
    """The best portfolio for so many days: of those that must be in as many as can be, then the
    most benefit; of equally good ones the one with the earlier candidates.
    """
    found = within(q, q.must, days)
    if found is None:  # each that must be in counts more than all benefit
        cost = -_gain(q) - q.must * SCALE * (1 + len(q.must))
        most = _cheapest(q, days, cost, 0 * q.must, q.must | q.may) or {}
        found = within(q, q.must & _held(q, most), days)
    return found or Portfolio({}, 0.0, 0.0)


def frontier(q: Question) -> list[Portfolio]:
    """Every portfolio that is the best for some number of days; benefit and days rise.

    Those that must be in, as many as can be with any number of days, are in all of them.
    """
    must, running = q.must & _held(q, best(q, math.inf).managers), q.must | q.may
    step = q.days[running].sum() / STEPS if running.sum() > EXACT else 0.0
    found: list[Portfolio] = []
    cap = math.inf
    while cap >= 0 and (one := within(q, must, cap)) is not None:
        if found and one.benefit >= found[-1].benefit - EQUAL * max(1.0, abs(one.benefit)):
            found.pop()  # as good with fewer days
        found.append(one)
        cap = one.need - max(step, APART)
    return found[::-1]


def within(q: Question, must: np.ndarray, days: float) -> Portfolio | None:
    """The best portfolio for so many days, None where those that `must` be in do not fit."""
    plan = _cheapest(q, days, -_gain(q), must, must | q.may)
    if plan is None:
        return None
    held = _held(q, plan)
    managers = _spread(q, held)
    if managers is None or _beyond(q, managers) > EQUAL:
        managers = _cheapest(q, days, None, held, held) or plan
    need, beyond = float(q.days[held].sum()), _beyond(q, managers)
    need = max(need, q.today + beyond) if beyond > EQUAL else need
    return Portfolio(managers, float(q.benefit[held].sum()), need)


def _held(q: Question, managers: dict[int, int]) -> np.ndarray:
    return np.isin(np.arange(len(q.days)), list(managers))


def _gain(q: Question) -> np.ndarray:
    order = np.arange(len(q.benefit))
    return q.benefit * (SCALE / (q.benefit.max(initial=0.0) or 1.0)) - FIRST * order


def _beyond(q: Question, managers: dict[int, int]) -> float:
    """Days that people would have to work on top of their own."""
    who, by = list(managers), list(managers.values())
    load = np.bincount(by, q.days[who], minlength=len(q.room))
    return float(np.maximum(load - q.room, 0).sum())


def _cheapest(
    q: Question, days: float, cost: np.ndarray | None, low: np.ndarray, high: np.ndarray
) -> dict[int, int] | None:
    """The cheapest way to give accounts to people, None where there is none.

    A `cost` of None stands for the days beyond people's room. Unknowns: is a candidate in (n), how
    many of a kind does each who is able look after (each pair), the days beyond each person's room
    (m). Of a kind are candidates that take the same days of the same people, and are no rivals.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import bmat

    n, m = q.able.shape
    alone = np.isin(np.arange(n), q.rivals) * np.arange(1, n + 1)
    kind = np.unique(np.column_stack([q.days, q.able, alone]), axis=0, return_inverse=True)[1]
    kind = kind.reshape(n)
    first = np.unique(kind, return_index=True)[1]  # a candidate of each kind
    kinds, by = np.nonzero(q.able[first])
    who, k = first[kinds], len(kinds)
    of = 1.0 * (kind == np.arange(len(first))[:, None])
    each, people = (
        1.0 * (kinds == np.arange(len(first))[:, None]),
        1.0 * (by == np.arange(m)[:, None]),
    )
    groups = 1.0 * (q.group == np.arange(len(q.limits))[:, None])
    rules: list[tuple[list[np.ndarray | None], np.ndarray | list[float]]] = [
        ([q.days[None], np.zeros((1, k)), None], [days]),
        ([None, None, np.ones((1, m))], [max(days - q.today, 0.0) if q.today < math.inf else 0.0]),
        ([groups, None, None], q.limits),
        ([of, -each, None], np.zeros(len(first))),
        ([None, people * q.days[who], -np.eye(m)], q.room),
        ([None, people, None], q.most),
    ]
    for pair in q.rivals:
        if q.apart(*pair):
            rules.append(([None, people * np.isin(who, pair), None], np.ones(m)))
        else:
            rules.append(([1.0 * np.isin(np.arange(n), pair)[None], None, None], [1.0]))
    plan = milp(
        np.pad(np.ones(m), (n + k, 0)) if cost is None else np.pad(cost, (0, k + m)),
        integrality=np.repeat([1, 0], [n + k, m]),
        bounds=Bounds(
            np.pad(1.0 * low, (0, k + m)), np.r_[high, of.sum(axis=1)[kinds], np.full(m, np.inf)]
        ),
        constraints=LinearConstraint(
            bmat([rows for rows, _ in rules]), ub=np.concatenate([top for _, top in rules])
        ),
        options={"mip_rel_gap": 0.0},
    )
    if not plan.success:
        return None
    count = np.rint(plan.x[n : n + k]).astype(int)
    places = {one: [*np.repeat(by, count * (kinds == one))] for one in range(len(first))}
    held = np.flatnonzero(plan.x[:n] > 0.5).tolist()
    return {i: int(places[kind[i]].pop(0)) for i in held}


def _spread(q: Question, held: np.ndarray) -> dict[int, int] | None:
    """Each to whoever alone is able, else to the person with most days left; None if that fails."""
    left, count = q.room.copy(), np.zeros(len(q.room))
    managers: dict[int, int] = {}
    shared = q.able.sum(axis=1) > 1
    for who in sorted(np.flatnonzero(held).tolist(), key=lambda i: (shared[i], -q.days[i], i)):
        taken = [managers.get(sum(pair) - who, -1) for pair in q.rivals if who in pair]
        able = q.able[who] & (count + 1 <= q.most) & ~np.isin(np.arange(len(left)), taken)
        if not able.any():
            return None
        person = max(np.flatnonzero(able).tolist(), key=lambda m: (left[m], -count[m], -m))
        managers[who] = person
        left[person] -= q.days[who]
        count[person] += 1
    return managers
