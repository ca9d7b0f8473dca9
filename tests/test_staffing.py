"""The portfolio we can staff: known answers, every subset tried, and what is not known."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pandas as pd
import pytest
import scipy.optimize

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import staffing as staffed
from kamlib.models.staffing import choice, programme
from kamlib.models.staffing.candidates import question as asked
from kamlib.models.staffing.programme import Question
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from tests import worked


def question(roles, benefit, days=(4.0, 5.0), named=(), anyone=(), room=(), most=math.inf, **more):
    """A question; `named` has the number of the person who looks after each candidate, None for nobody."""
    role, n, m = np.array(roles, int), len(roles), len(room)
    fixed = dict(enumerate(named))
    able = np.zeros((n, m + 1), bool)
    for i in range(n):
        able[i, list(anyone) if fixed.get(i) is None else fixed[i]] = True
    able[:, m] = ~able.any(axis=1)
    given = {
        "must": np.zeros(n, bool),
        "group": role,
        "limits": np.full(2, math.inf),
        "rivals": (),
        "today": math.inf,
        "room": np.append(room, math.inf).astype(float),
        "able": able,
        "most": np.append(np.full(m, most), math.inf),
    } | more
    given["may"] = (np.array(benefit) > 0) & ~given["must"]
    return Question(benefit=np.array(benefit, float), days=np.array(days)[role], **given)


def test_a_company_of_many_managers_is_decided_with_few_unknowns(monkeypatch):
    """Accounts that take the same days of the same people are counted, not told apart: 400 of them and 29 people."""
    sizes, milp = [], scipy.optimize.milp
    monkeypatch.setattr(scipy.optimize, "milp", lambda c, **more: sizes.append(len(c)) or milp(c, **more))
    dice = np.random.default_rng(1)
    room = np.where(np.arange(29) % 3, 200, 150)
    q = question(
        dice.integers(0, 2, 400), dice.random(400) * 10, (45.0, 55.0), anyone=range(29), room=room, most=10
    )
    one = programme.best(q, 4530)
    load = np.bincount([*one.managers.values()], q.days[[*one.managers]], minlength=30)
    assert (load[:29] <= room).all() and one.need <= 4530 and len(one.managers) > 80
    assert sizes and max(sizes) <= 400 + 2 * 29 + 30  # with a place for each pair it would be 12,030


def need_of(q: Question, held) -> float:
    """The fewest days a portfolio needs, by trying everybody for every account; inf where it cannot be."""
    if any(sum(q.group[i] == g for i in held) > limit for g, limit in enumerate(q.limits)):
        return math.inf
    total, least, nobody = sum(q.days[i] for i in held), math.inf, len(q.room) - 1
    pairs = [p for p in q.rivals if set(p) <= set(held)]
    for managers in itertools.product(*[np.flatnonzero(q.able[i]) for i in held]):
        of = dict(zip(held, managers, strict=True))
        if any(of[a] == of[b] or nobody in (of[a], of[b]) for a, b in pairs):
            continue
        if any(managers.count(m) > most for m, most in enumerate(q.most)):
            continue
        load = [sum(q.days[i] for i in held if of[i] == m) for m in range(len(q.room))]
        over = sum(max(0.0, x - room) for x, room in zip(load, q.room, strict=True))
        least = min(least, max(total, q.today + over) if over > 1e-9 else total)
    return least


def all_portfolios(q: Question) -> list[tuple[float, float, tuple[int, ...]]]:
    """(days needed, benefit, who) of all subsets that hold all that must be in."""
    may, must = np.flatnonzero(q.may).tolist(), np.flatnonzero(q.must).tolist()
    subsets = itertools.chain.from_iterable(itertools.combinations(may, k) for k in range(len(may) + 1))
    portfolios = [tuple(sorted([*must, *s])) for s in subsets]
    rows = [(need_of(q, held), sum(q.benefit[i] for i in held), held) for held in portfolios]
    return [row for row in rows if math.isfinite(row[0])]


def steps(rows) -> list[tuple[float, float]]:
    """The days at which the best benefit rises."""
    made: list[tuple[float, float]] = []
    for need, gain, _ in sorted(rows, key=lambda r: (r[0], -r[1])):
        if not made or gain > made[-1][1] + 1e-9:
            made.append((need, gain))
    return made


def random_question(dice: random.Random, n: int, people: int) -> Question:
    roles = [dice.randrange(2) for _ in range(n)]
    pairs = {tuple(sorted(dice.sample(range(n), 2))) for _ in range(dice.randrange(3))} if n > 1 else set()
    room = [dice.choice([3.0, 8.0, 9.5, 14.0, math.inf]) for _ in range(people)]
    return question(
        roles,
        [dice.choice([0.0, *(dice.randint(1, 9) / 2 for _ in range(8))]) for _ in range(n)],
        (dice.choice([4.0, 4.5]), dice.choice([5.0, 7.0, 4.0])),
        named=[dice.choice([None, *range(people)]) for _ in range(n)],
        anyone=[m for m in range(people) if dice.random() < 0.7],
        room=room,
        most=dice.choice([1.0, 2.5, 3.0, math.inf]),
        must=np.array([dice.random() < 0.12 for _ in range(n)], bool),
        group=np.array([dice.randrange(2) * 2 + role for role in roles], int),
        limits=np.array([dice.choice([1.0, 2.0, math.inf, math.inf]) for _ in range(4)]),
        rivals=tuple(sorted(pairs)),
        today=dice.choice([math.inf, sum(x for x in room if x < math.inf), 12.0]),
    )


# against every subset


@pytest.mark.parametrize("seed", range(60))
def test_the_frontier_is_that_of_all_subsets(seed):
    dice = random.Random(seed)
    q = random_question(dice, dice.randrange(7), dice.randrange(4))
    rows = all_portfolios(q)
    must = np.flatnonzero(q.must)
    if not rows:
        assert programme.within(q, q.must, math.inf) is None
        assert not set(must) <= set(programme.best(q, math.inf).managers)
        return

    front = programme.frontier(q)

    assert [(one.need, one.benefit) for one in front] == [pytest.approx(step) for step in steps(rows)]
    for one in front:
        assert need_of(q, sorted(one.managers)) == pytest.approx(one.need)
    for days in (front[0].need, 9.0, 15.0):
        reached = [gain for need, gain, _ in rows if need <= days]
        assert not reached or programme.best(q, days).benefit == pytest.approx(max(reached))


@pytest.mark.parametrize("seed", range(20))
def test_the_people_told_respect_everything(seed):
    q = random_question(random.Random(seed), 9, 3)
    for days in (6.0, 15.0, 40.0):
        of = programme.best(q, days).managers
        people = list(of.values())

        assert all(q.able[i, m] for i, m in of.items())
        assert all(people.count(m) <= most for m, most in enumerate(q.most))
        assert not [pair for pair in q.rivals if set(pair) <= set(of) and of[pair[0]] == of[pair[1]]]
        load = np.bincount(people, q.days[list(of)], minlength=len(q.room))
        assert np.maximum(load - q.room, 0).sum() <= max(0.0, days - q.today) + 1e-6
        assert load.sum() <= days + 1e-6


def test_what_must_be_in_and_does_not_fit_is_in_as_far_as_it_can():
    q = question([0, 0, 1], [1, 2, 9], must=np.array([True, True, False]))

    assert programme.within(q, q.must, 7) is None
    assert [set(programme.best(q, days).managers) for days in (7, 8, 3)] == [{1}, {0, 1}, set()]
    assert [one.need for one in programme.frontier(q)] == [8, 13]


def test_of_equal_candidates_the_earlier_ones_are_in_and_the_person_with_most_days_left_gets_them():
    q = question([0] * 6, [3, 5, 3, 3, 5, 3], anyone=(0, 1), room=(8.0, 9.0))

    assert programme.best(q, 16).managers == {0: 1, 1: 0, 2: 1, 4: 0}
    assert [sorted(one.managers) for one in programme.frontier(q)][:5] == [
        [],
        [1],
        [1, 4],
        [0, 1, 4],
        [0, 1, 2, 4],
    ]


def test_two_rivals_of_one_person_are_not_both_in_and_two_of_two_people_are():
    rivals = {"rivals": ((0, 1),), "room": [90.0, 90.0]}
    one = question([0, 0], [2, 3], named=(0, 0), **rivals)
    two = question([0, 0], [2, 3], named=(0, 1), **rivals)
    free = question([0, 0], [2, 3], anyone=(0, 1), **rivals)
    alone = question([0, 0], [2, 3], anyone=(1,), **rivals)
    nobody = question([0, 0], [2, 3], rivals=((0, 1),))

    held = [sorted(programme.best(q, 99).managers) for q in (one, two, free, alone, nobody)]
    assert held == [[1], [0, 1], [0, 1], [1], [1]]
    assert sorted(programme.best(free, 99).managers.values()) == [0, 1]


def test_the_days_of_a_person_bind_until_there_are_more_days():
    q = question([0, 0, 0], [3, 2, 1], named=(0, 0, 1), room=[4.0, 10.0], today=14.0)

    assert [sorted(programme.best(q, days).managers) for days in (14, 18)] == [[0, 2], [0, 1, 2]]
    assert [one.need for one in programme.frontier(q)] == [0, 4, 8, 18]


def test_of_many_candidates_the_frontier_goes_in_even_steps_and_a_choice_is_still_the_best(monkeypatch):
    q = random_question(random.Random(5), 12, 2)
    whole = programme.frontier(q)
    monkeypatch.setattr(programme, "EXACT", 3)
    monkeypatch.setattr(programme, "STEPS", 5)
    front = programme.frontier(q)

    assert len(front) < len(whole) and {one.need for one in front} <= {one.need for one in whole}
    for days in (10.0, 20.0, 30.0):
        assert choice.best(q, tuple(front), days).benefit == choice.best(q, tuple(whole), days).benefit


# workbooks


def book(customers, effort=(10, 20, 2, 1), people=(), decisions=(), **more):
    """A workbook of one factor on each axis: customers are (id, y, x, columns)."""
    score, factor = (
        [],
        [{"model": "attractiveness", "scope": s, "factor": "f", "weight": 1} for s in ("main", "side")],
    )
    for c, y, x, _ in customers:
        score.append({"model": "attractiveness", "subject": c, "factor": "f", "score": y})
        score.append({"model": "strength", "subject": c, "factor": "j", "supplier": "us", "score": 5 + x})
        score.append({"model": "strength", "subject": c, "factor": "j", "supplier": "X", "score": 5})
        factor.append({"model": "strength", "scope": c, "factor": "j", "weight": 1})
    boxes = ("key", "key_development", "maintenance", "opportunistic")
    made = stores.blank() | {
        "segments": worked.frame("segments", [{"segment": "main", "name": "Main"}, {"segment": "side"}]),
        "customers": worked.frame(
            "customers",
            [{"customer": c, "name": c.title(), "segment": "main"} | extra for c, _, _, extra in customers],
        ),
        "suppliers": worked.frame("suppliers", [{"supplier": s, "name": s} for s in ("us", "X")]),
        "factors": worked.frame("factors", factor),
        "scores": worked.frame("scores", score),
        "people": worked.frame("people", people),
        "effort": worked.frame(
            "effort",
            [{"category": b, "days": d} for b, d in zip(boxes, effort, strict=True) if d is not None],
        ),
        "decisions": worked.frame("decisions", [{"what": "category"} | d for d in decisions]),
    }
    ready = typed(made)
    return ready, settings.of_workbook(ready, line="midpoint", **more)


def person(name, days=None, manages="yes"):
    return {"person": name, "name": name.title(), "manages_accounts": manages, "days": days}


FOUR = [("alpha", 10, 2, {}), ("beta", 8, -2, {}), ("gamma", 7, 2, {}), ("delta", 2, 2, {})]


def by_name(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("customer")


def test_a_small_case_by_hand():
    """Alpha brings 9 for 10 days, Beta 7 for 20, Gamma 6 for 10; Delta is no candidate and takes 2 days first."""
    tables, chosen = book(FOUR, people=[person("ann", 32)])

    made = by_name(staffed.choose(Book(tables, chosen)))

    assert staffed.days_left(Book(tables, chosen)) == 30
    assert list(made.index) == ["alpha", "beta", "gamma"]
    assert made["role"].tolist() == ["key", "key_development", "key"]
    assert made["benefit"].tolist() == [9, 7, 6]
    assert made["chosen"].tolist() == ["yes", "yes", "no"]
    assert made["manager"].tolist() == ["ann", "ann", ""]
    assert made.loc["gamma", "why"] == "left out: the days go further elsewhere"
    front = staffed.frontier(Book(tables, chosen))
    assert front["capacity"].tolist() == [0, 10, 20, 30, 40]
    assert front["benefit"].tolist() == [0, 9, 15, 16, 22]
    assert front["chosen"].tolist() == ["", "alpha", "alpha|gamma", "alpha|beta", "alpha|beta|gamma"]
    assert front["comes_in"].tolist() == ["", "Alpha", "Gamma", "Beta", "Gamma"]
    assert front["goes_out"].tolist() == ["", "", "", "Gamma", ""]
    assert front["stays"].tolist() == ["", "Alpha", "", "Beta", "Gamma"]
    assert made["core"].tolist() == [1, 0.5, 0.5]
    assert made["from_days"].tolist() == [10, 30, 40]
    assert made["place"].tolist() == ["in whatever the capacity", "in from 30 days on", "in from 40 days on"]
    assert staffed.summary(Book(tables, chosen)) == (
        "We can look after 2 of 3 in the 30 of 32 account-manager days left for them: Alpha and Beta; "
        "with 10 more days Gamma would be in as well."
    )
    assert staffed.problems(Book(tables, chosen)) == []


@pytest.mark.parametrize(
    ("days", "expected"), [(0, ""), (10, "alpha"), (29.9, "alpha|gamma"), (1000, "alpha|beta|gamma")]
)
def test_other_days_can_be_asked_for(days, expected):
    tables, chosen = book(FOUR, people=[person("ann", 32)])

    made = staffed.choose(Book(tables, chosen), days)

    assert "|".join(made.loc[made["chosen"] == "yes", "customer"]) == expected


@pytest.mark.parametrize("days", [-1, math.nan])
def test_impossible_days_are_refused(days):
    with pytest.raises(InvalidInput):
        staffed.choose(Book(*book(FOUR)), days)


def test_decisions_bring_in_and_keep_out():
    decided = [
        {"subject": "gamma", "decision": "key", "reason": "Promised.", "person": "ann"},
        {"subject": "alpha", "decision": "maintenance", "person": "ann"},
    ]
    tables, chosen = book(FOUR, people=[person("ann", 14)], decisions=decided)

    made = by_name(staffed.choose(Book(tables, chosen)))

    assert staffed.days_left(Book(tables, chosen)) == 10  # Alpha and Delta come off first
    assert made["chosen"].to_dict() == {"alpha": "no", "beta": "no", "gamma": "yes"}
    assert made.loc["gamma", "why"] == "must be in: decided by Ann"
    assert made.loc["alpha", "why"] == "left out: decided by Ann as a maintenance account"
    assert made.loc["gamma", "place"] == "in whatever the capacity"
    assert made.loc["alpha", "place"] == "never in"
    assert all("gamma" in ids.split("|") for ids in staffed.frontier(Book(tables, chosen))["chosen"])


def test_a_decision_without_a_reason_gives_the_role_but_not_the_place():
    tables, chosen = book(FOUR, people=[person("ann", 2)], decisions=[{"subject": "beta", "decision": "key"}])

    made = by_name(staffed.choose(Book(tables, chosen)))

    assert made.loc["beta", ["role", "days", "chosen"]].tolist() == ["key", 10, "no"]


def test_what_must_be_in_and_does_not_fit_is_told():
    decided = [{"subject": c, "decision": "key", "reason": "Promised."} for c in ("alpha", "gamma", "beta")]
    tables, chosen = book(
        FOUR, people=[person("ann", 22)], decisions=decided, key_limit=2, accounts_per_manager=2
    )

    told = staffed.problems(Book(tables, chosen))

    assert "The accounts that must be in: short by 10 account-manager days (30 needed, 20 available)." in told
    assert "3 key accounts must be in in Main; the limit is 2." in told
    assert "3 accounts must be in; 1 people with at most 2 each cannot take them." in told
    assert staffed.choose(Book(tables, chosen))["chosen"].tolist() == ["yes", "yes", "no"]


def test_the_days_of_a_person_and_rivals_that_must_be_in_are_told():
    four = [
        (c, y, x, extra | {"manager": "ann", "rival": rival})
        for (c, y, x, extra), rival in zip(FOUR, ("gamma", None, None, None), strict=True)
    ]
    decided = [{"subject": c, "decision": "key", "reason": "Promised."} for c in ("alpha", "gamma")]
    tables, chosen = book(four, people=[person("ann", 15), person("bob", 90)], decisions=decided)

    told = staffed.problems(Book(tables, chosen))

    assert (
        "The accounts of Ann that must be in: short by 7 account-manager days (20 needed, 13 available)."
        in told
    )
    assert any("Alpha and Gamma are rivals and must both be in" in line for line in told)
    assert by_name(staffed.choose(Book(tables, chosen)))["chosen"].to_dict() == {
        "alpha": "yes",
        "beta": "no",
        "gamma": "no",
    }


def test_why_names_what_keeps_an_account_out():
    four = [
        ("alpha", 10, 2, {"manager": "ann", "rival": "gamma"}),
        ("beta", 8, -2, {"manager": "bob"}),
        ("gamma", 7, 2, {"manager": "ann"}),
        ("delta", 6, -2, {"manager": "bob"}),
    ]
    staff = [person("ann", 50), person("bob", 20)]

    made = by_name(staffed.choose(Book(*book(four, people=staff))))
    limited = by_name(staffed.choose(Book(*book(four, people=staff, key_development_limit=1))))
    one = by_name(staffed.choose(Book(*book(four, people=staff, accounts_per_manager=1))))

    assert made.loc["gamma", "why"] == "left out: rival of Alpha, and Ann looks after both"
    assert made.loc["delta", "why"] == "left out: Bob has not enough days left"
    assert limited.loc["delta", "why"] == "left out: no more than 1 key development account a segment"
    assert one.loc["delta", "why"] == "left out: Bob has 1 account already"


def test_rivals_without_a_name_go_to_different_people():
    four = [("alpha", 10, 2, {"rival": "gamma"}), ("gamma", 7, 2, {})]
    both = by_name(staffed.choose(Book(*book(four, people=[person("ann", 50), person("bob", 50)]))))
    alone = by_name(staffed.choose(Book(*book(four, people=[person("ann", 50)]))))

    assert sorted(both["manager"]) == ["ann", "bob"]
    assert alone.loc["gamma", "why"] == "left out: rival of Alpha and nobody else could serve it"


def test_without_people_the_days_are_no_limit():
    tables, chosen = book(FOUR)

    assert math.isnan(staffed.days_left(Book(tables, chosen)))
    assert set(staffed.choose(Book(tables, chosen))["chosen"]) == {"yes"}
    assert set(staffed.choose(Book(tables, chosen))["manager"]) == {""}
    told = " ".join(staffed.problems(Book(tables, chosen)))
    assert "Nobody has said how many days there are" in told and "key account manager" in told
    assert staffed.summary(Book(tables, chosen)) == "We can look after 3 of 3: Alpha, Beta and Gamma."


def test_without_effort_nobody_can_be_weighed():
    tables, chosen = book(FOUR, effort=(None,) * 4, people=[person("ann", 30)])

    made = staffed.choose(Book(tables, chosen))

    assert set(made["chosen"]) == {"no"} and made["days"].isna().all()
    assert set(made["why"]) == {"left out: nobody has said what such an account takes"}
    assert "Nobody has said how many days a key account takes." in staffed.problems(Book(tables, chosen))


@pytest.mark.parametrize("customers", [[], [("delta", 2, 2, {})]])
def test_nobody_is_a_candidate(customers):
    tables, chosen = book(customers, people=[person("ann", 30)])

    assert (
        staffed.choose(Book(tables, chosen)).empty
        and list(staffed.choose(Book(tables, chosen))) == choice.COLUMNS
    )
    assert staffed.frontier(Book(tables, chosen))["benefit"].tolist() == [0]
    assert staffed.problems(Book(tables, chosen)) == []
    assert staffed.summary(Book(tables, chosen)).startswith("No customer is")


def test_profit_where_it_is_not_known_is_the_mean_of_the_segment_and_a_loss_stays_out():
    four = [
        ("alpha", 10, 2, {"profit": 100}),
        ("beta", 8, -2, {}),
        ("gamma", 7, 2, {"profit": -40}),
        ("delta", 9, 2, {"segment": "side"}),
    ]
    tables, chosen = book(four, people=[person("ann", 99)], staff_by="profit")

    made = by_name(staffed.choose(Book(tables, chosen)))

    assert made.loc["beta", ["value", "estimated", "benefit"]].tolist() == [30, True, 30]
    assert made.loc["gamma", ["value", "benefit", "chosen"]].tolist() == [-40, 0, "no"]
    assert made.loc["gamma", "why"] == "left out: it would bring nothing"
    assert math.isnan(made.loc["delta", "value"]) and made.loc["delta", "chosen"] == "no"


@pytest.mark.parametrize("seed", range(6))
def test_a_whole_workbook_against_every_subset(seed):
    dice = random.Random(seed)
    four = [
        (
            f"c{i}",
            dice.choice([7, 8, 9.5, 10]),
            dice.choice([-2, 2]),
            {
                "manager": dice.choice([None, "ann", "bob"]),
                "rival": f"c{(i + 1) % 6}" if dice.random() < 0.3 else None,
            },
        )
        for i in range(6)
    ]
    staff = [person("ann", dice.choice([20, 30])), person("bob", dice.choice([10, 40]))]
    tables, chosen = book(four, people=staff, key_limit=dice.choice([None, 2]), accounts_per_manager=3)
    q = asked(Book(tables, chosen))
    rows = all_portfolios(q)

    made = staffed.choose(Book(tables, chosen))

    gained = made.loc[made["chosen"] == "yes", "benefit"].sum()
    assert gained == pytest.approx(max(gain for need, gain, _ in rows if need <= q.today))
    front = staffed.frontier(Book(tables, chosen))
    assert (front["capacity"].diff().dropna() > 0).all() and (front["benefit"].diff().dropna() > 0).all()
    assert list(zip(front["capacity"], front["benefit"], strict=True)) == [
        (pytest.approx(need), pytest.approx(gain)) for need, gain in steps(rows)
    ]


@pytest.mark.parametrize("by", ["attractiveness", "profit", "future"])
def test_an_example_by_all_that_can_count(by):
    tables = typed(stores.load("data/insurer", read_only=True)[1])
    chosen = settings.of_workbook(tables, staff_by=by)

    table, front = staffed.choose(Book(tables, chosen)), staffed.frontier(Book(tables, chosen))

    assert table["core"].between(0, 1).all()
    assert table.loc[table["chosen"] == "yes", "days"].sum() <= staffed.days_left(Book(tables, chosen))
    assert (front["capacity"].diff().dropna() > 0).all() and (front["benefit"].diff().dropna() > 0).all()
    assert staffed.summary(Book(tables, chosen)).startswith("We can look after ")


@pytest.mark.parametrize("today", [None, math.nan, 0, 12.5])
def test_the_picture_names_who_comes_in_and_says_today(today):
    rows = [
        (0, 0.0, ""),
        (10, 60.0, "Alpha <b>"),
        (30, 60.5, "Beta"),
        (31, math.nan, "Gone"),
        (40, 100.0, "G" * 80),
    ]
    table = pd.DataFrame(rows, columns=["capacity", "share_pct", "stays"])

    drawn = charts.svg(charts.frontier(table, today))

    assert "Alpha &lt;b&gt;" in drawn
    assert "Gone" not in drawn
    assert ("days left for them" in drawn) == (today is not None and today == today)
    assert charts.svg(charts.frontier(table.head(0), today))
