"""The best portfolio for so many days, and the best ones for any number of days.

With nothing but the days and a limit for each segment to heed, the best portfolio with so many accounts of each
role holds those of the greatest benefit, so all portfolios worth a look are a small table. Where that one can
be shared out among the people it is the answer; where not, an integer programme finds it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kamlib.models.staffing.question import NONE, Question

EQUAL = 1e-6
APART = 0.005  # days closer than this are the same
EXACT = 400  # with more portfolios than this to look at, searching goes in even steps
STEPS = 60


@dataclass(frozen=True)
class Portfolio:
    """Who is in and who looks after each (NONE: nobody in particular), what that brings and takes."""

    held: tuple[int, ...]
    managers: tuple[int, ...]
    benefit: float
    need: float  # the fewest days there have to be
    searched: bool = False


def best(q: Question, days: float) -> Portfolio:
    """The best portfolio for so many days; of those that must be in as many as can be, where not all can be."""
    found = within(q, days) or within(_settled(q, days), days)
    if found is None:  # never: with nobody that must be in, nobody is a portfolio
        return Portfolio((), (), 0.0, 0.0)
    return found


def frontier(q: Question) -> list[Portfolio]:
    """Every portfolio that is the best for some number of days, the smallest first.

    Those that must be in are in all of them, so the first may need many days. Benefit and days rise strictly.
    """
    if within(q, math.inf) is None:
        q = _settled(q, math.inf)
    tops, cap = _tops(q), math.inf
    step = 0.0 if len(tops.days) <= EXACT else float(np.ptp(tops.days)) / STEPS
    found: list[Portfolio] = []
    while (one := within(q, cap, tops)) is not None:
        if found and one.benefit >= found[-1].benefit - EQUAL * max(1.0, abs(one.benefit)):
            found.pop()  # as good with fewer days
        found.append(one)
        start = min(cap, one.need)
        cap = one.need - APART
        if one.searched and step:
            cap = min(cap, start - step)
            cap = q.today if cap < q.today < start else cap
        if cap < 0:
            break
    return found[::-1]


def within(q: Question, days: float, tops: Tops | None = None) -> Portfolio | None:
    """The best portfolio for so many days, None where those that must be in do not fit."""
    tops = _tops(q) if tops is None else tops
    held = tops.best(days)
    if held is None:
        return None
    return _shared(q, held, days) or _searched(q, days)


# as if anybody could do anything


@dataclass(frozen=True)
class Tops:
    """The portfolios worth a look by days: so many accounts of each role, those of the greatest benefit."""

    days: np.ndarray
    counts: np.ndarray
    always: tuple[int, ...]
    orders: tuple[list[int], list[int]]

    def best(self, days: float) -> tuple[int, ...] | None:
        """Who is in the best one for so many days."""
        at = int(np.searchsorted(self.days, days + EQUAL, side="right")) - 1
        if at < 0:
            return None
        more = [
            who for order, n in zip(self.orders, self.counts[at], strict=True) for who in order[:n]
        ]
        return tuple(sorted([*self.always, *more]))


def _tops(q: Question) -> Tops:
    always = np.flatnonzero(q.must)
    room = q.limits - np.bincount(q.group[always], minlength=len(q.limits))
    if (room < 0).any():
        return Tops(np.zeros(0), np.zeros((0, 2), int), (), ([], []))
    orders = tuple(_order(q, role, room.copy()) for role in (0, 1))
    gains = [np.append(0.0, np.cumsum(q.benefit[order])) for order in orders]
    a, b = np.indices((len(gains[0]), len(gains[1]))).reshape(2, -1)
    days = a * q.takes[0] + b * q.takes[1] + q.days[always].sum()
    gain = gains[0][a] + gains[1][b]
    sorted_ = np.lexsort((-gain, days))
    rising = np.maximum.accumulate(gain[sorted_])
    kept = sorted_[
        np.append(True, rising[1:] > rising[:-1] + EQUAL * max(1.0, float(gain.max())) * 1e-3)
    ]
    return Tops(
        days[kept], np.column_stack([a, b])[kept], tuple(always.tolist()), (orders[0], orders[1])
    )


def _order(q: Question, role: int, room: np.ndarray) -> list[int]:
    """The candidates of a role that may come in, the most beneficial first, as many of a segment as may be."""
    free = np.flatnonzero(q.may & ~q.must & (q.role == role))
    order = []
    for who in free[np.argsort(-q.benefit[free], kind="stable")]:
        if room[q.group[who]] >= 1:
            room[q.group[who]] -= 1
            order.append(int(who))
    return order


# by people


def _shared(q: Question, held: tuple[int, ...], days: float) -> Portfolio | None:
    """The portfolio shared out in a plain way, None unless that is certainly the way with the fewest days."""
    managers = _given(q, held)
    if managers is None:
        return None
    load, own = np.zeros(len(q.rooms)), np.zeros(len(q.rooms))
    each, free = q.days, 0.0
    for who, manager in zip(held, managers, strict=True):
        if manager != NONE:
            load[manager] += each[who]
            if q.named[who] == NONE:
                free += each[who]
            else:
                own[manager] += each[who]
    over = np.maximum(load - q.rooms, 0).sum()
    spare = np.maximum(q.rooms - own, 0)[list(q.anyone)].sum()
    least = np.maximum(own - q.rooms, 0).sum() + max(free - spare, 0.0)
    need = _need(q, held, float(over))
    if over > least + EQUAL or need > days + EQUAL or math.isinf(need):
        return None
    return Portfolio(held, managers, float(q.benefit[list(held)].sum()), need)


def _given(q: Question, held: tuple[int, ...]) -> tuple[int, ...] | None:
    """Each account to whoever is named, else to the person with most days left; None where that does not work."""
    against: dict[int, set[int]] = {who: set() for who in held}
    for one, other in q.rivals:
        if one in against and other in against:
            if not q.both(one, other):
                return None
            against[one].add(other)
            against[other].add(one)
    of: dict[int, int] = {}
    left, count = q.rooms.copy(), np.zeros(len(q.rooms))
    for who in sorted(held, key=lambda w: (q.named[w] == NONE, -q.days[w], w)):
        taken = {of.get(rival, NONE) for rival in against[who]}
        able = [m for m in q.could(who) if count[m] + 1 <= q.most and m not in taken]
        if q.could(who) and not able:
            return None
        of[who] = max(able, key=lambda m: (left[m], -count[m], -m)) if able else NONE
        if able:
            left[of[who]] -= q.days[who]
            count[of[who]] += 1
    return tuple(of[who] for who in held)


def _need(q: Question, held: tuple[int, ...], over: float) -> float:
    """The fewest days there have to be: what somebody has too few of has to come on top of today's."""
    total = float(q.days[list(held)].sum())
    return max(total, q.today + over) if over > EQUAL else total


# searched


def _searched(q: Question, days: float, wish: bool = False) -> Portfolio | None:
    """The same by integer programme; with a `wish`, as many as possible of those that must be in."""
    plan = _Plan(q, days)
    must = q.must.astype(float)
    low, high = (0 * must if wish else must), (q.may | q.must).astype(float)
    gain = q.benefit / max(float(q.benefit.max(initial=0.0)), 1e-300)
    gain = gain + must * (gain.sum() + 1 if wish else 0)
    found = plan.solve(-gain, 0.0, low, high)
    if found is None:
        return None
    in_it = np.round(found[: len(must)])
    if math.isinf(days) or days > q.today:  # days on top of today's are to be as few as can be
        fewest = plan.solve(0 * gain, 1.0, in_it, in_it)
        found = found if fewest is None else fewest
    held = tuple(np.flatnonzero(in_it > 0.5).tolist())
    managers = plan.managers(found, held)
    load = np.zeros(len(q.rooms))
    for who, manager in zip(held, managers, strict=True):
        if manager != NONE:
            load[manager] += q.days[who]
    need = _need(q, held, float(np.maximum(load - q.rooms, 0).sum()))
    return Portfolio(held, managers, float(q.benefit[list(held)].sum()), need, True)


class _Plan:
    """The programme: who is in; of those nobody looks after, how many of a role go to whom; days on top.

    Candidates that differ in benefit alone need not be told apart when they are shared out, but for rivals.
    """

    def __init__(self, q: Question, days: float) -> None:
        self.q = q
        self.n, self.people = len(q.role), len(q.rooms)
        paired = sorted({who for pair in q.rivals for who in pair})
        free = [who for who in range(self.n) if q.named[who] == NONE and q.anyone]
        self.apart = [who for who in free if who in paired]
        self.alike = [[w for w in free if w not in paired and q.role[w] == role] for role in (0, 1)]
        blocks = len(self.apart) + 2
        self.width = self.n + blocks * len(q.anyone) + self.people
        self.rows: list[np.ndarray] = []
        self.least: list[float] = []
        self.most: list[float] = []
        self._sums(days)
        self._people()
        self._rivals()

    def _at(self, block: int) -> slice:
        start = self.n + block * len(self.q.anyone)
        return slice(start, start + len(self.q.anyone))

    def _add(self, row: np.ndarray, most: float, least: float = -math.inf) -> None:
        if math.isfinite(most) or math.isfinite(least):
            self.rows.append(row)
            self.least.append(least)
            self.most.append(most)

    def _row(self, cells: dict[int, float] | None = None) -> np.ndarray:
        row = np.zeros(self.width)
        for at, value in (cells or {}).items():
            row[at] = value
        return row

    def _sums(self, days: float) -> None:
        q = self.q
        row = self._row()
        row[: self.n] = q.days
        self._add(row, days)
        top = self._row()
        top[self.width - self.people :] = 1
        self._add(top, max(0.0, days - q.today) if math.isfinite(q.today) else 0.0)
        for group, limit in enumerate(q.limits):
            row = self._row()
            row[: self.n] = q.group == group
            self._add(row, limit)
        if not q.anyone:
            return
        for block, members in enumerate([[who] for who in self.apart] + self.alike):
            row = self._row(dict.fromkeys(members, -1.0))
            row[self._at(block)] = 1
            self._add(row, 0.0, 0.0)

    def _people(self) -> None:
        q = self.q
        for person in range(self.people):
            own = [w for w in range(self.n) if q.named[w] == person]
            days, count = self._row({w: q.days[w] for w in own}), self._row(dict.fromkeys(own, 1.0))
            if person in q.anyone:
                place = q.anyone.index(person)
                takes = [q.days[who] for who in self.apart] + list(q.takes)
                for block, each in enumerate(takes):
                    days[self._at(block)][place] = each
                    count[self._at(block)][place] = 1
            days[self.width - self.people + person] = -1
            self._add(days, q.rooms[person])
            self._add(count, math.floor(q.most + EQUAL) if math.isfinite(q.most) else math.inf)

    def _rivals(self) -> None:
        q = self.q
        for pair in q.rivals:
            if not q.both(*pair):
                self._add(self._row(dict.fromkeys(pair, 1.0)), 1.0)
                continue
            for person in range(self.people):
                cells = [self._with(who, person) for who in pair]
                if None not in cells:
                    self._add(self._row({int(at): 1.0 for at in cells if at is not None}), 1.0)

    def _with(self, who: int, person: int) -> int | None:
        """The cell that says that this person looks after this candidate, if that can be."""
        if self.q.named[who] != NONE:
            return who if self.q.named[who] == person else None
        if person not in self.q.anyone or who not in self.apart:
            return None
        return self._at(self.apart.index(who)).start + self.q.anyone.index(person)

    def solve(
        self, cost: np.ndarray, top: float, low: np.ndarray, high: np.ndarray
    ) -> np.ndarray | None:
        """The cells of the cheapest plan, None where there is none; `top` is what a day on top of today's costs."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        more = self.width - self.n
        costs = np.concatenate([cost, np.zeros(more - self.people), np.full(self.people, top)])
        whole = np.concatenate([np.ones(self.width - self.people), np.zeros(self.people)])
        limits = Bounds(np.append(low, np.zeros(more)), np.append(high, np.full(more, np.inf)))
        rules: Any = (
            LinearConstraint(np.array(self.rows), self.least, self.most) if self.rows else None
        )
        found = milp(
            costs, integrality=whole, bounds=limits, constraints=rules, options={"mip_rel_gap": 0.0}
        )
        return found.x if found.success else None

    def managers(self, cells: np.ndarray, held: tuple[int, ...]) -> tuple[int, ...]:
        """Who looks after each that is in."""
        q = self.q
        of = {who: int(q.named[who]) for who in held}
        for block, members in enumerate([[who] for who in self.apart] + self.alike):
            times = np.round(cells[self._at(block)]).astype(int)
            queue = [m for m, n in zip(q.anyone, times, strict=True) for _ in range(n)]
            of |= dict(zip([w for w in members if w in of], queue, strict=False))
        return tuple(of[who] for who in held)


def _settled(q: Question, days: float) -> Question:
    """The same question with only those that must be in and can be, as many as possible."""
    found = _searched(q, days, wish=True)
    held = np.zeros(len(q.role), bool)
    if found is not None:
        held[list(found.held)] = True
    return replace(q, must=q.must & held, may=q.may & ~q.must)
