"""Disagreement: every vote tried by hand, the published table of agreement, bands against simulated errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib import disagreement, kaism, stores
from kamlib import settings as choices
from kamlib import tables as T
from tests import worked
from tests.books import ROOT, calls

PEOPLE = [
    {"person": "petra", "name": "Petra", "function": "Finance"},
    {"person": "tom", "name": "Tom", "function": "Sales"},
    {"person": "uma", "name": "Uma", "function": "Sales"},
    {"person": "vic", "name": "Vic"},
]
PUBLISHED = np.array([[float("nan") if v == "." else float(v) for v in row.split()] for row in (
    "1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .",
)])  # fmt: skip
KEY = ["model", "customer", "factor", "supplier"]


def vote(person, subject, factor, score, supplier="", round_="2026"):
    model = "strength" if supplier else "attractiveness"
    return {"round": round_, "model": model, "person": person, "subject": subject, "factor": factor,
            "supplier": supplier, "score": score}  # fmt: skip


def book(ballots=(), people=PEOPLE, chosen=None, **more):
    """The worked example with ballots, typed, and its settings."""
    text = worked.text(**more) | {
        "people": worked.frame("people", people),
        "ballots": worked.frame("ballots", ballots),
    }
    ready = T.typed(text)
    return ready, choices.of_workbook(ready, segment="main", **(chosen or {}))


def example(name, segment=""):
    store, text = stores.load(ROOT / "data" / name, read_only=True)
    ready = T.typed(text)
    return ready, choices.of_workbook(ready, segment=segment)


def with_score(tables, key, score):
    """The tables with one agreed score replaced, or added where there was no row for it."""
    model, subject, factor, supplier = key
    scores = tables["scores"].copy()
    hit = (scores["model"] == model) & (scores["subject"] == subject) & (scores["factor"] == factor)
    if model == "strength":
        hit &= scores["supplier"] == supplier
    if hit.any():
        scores.loc[scores.index[hit][0], "score"] = score
    else:
        row = dict.fromkeys(scores.columns, "") | dict(
            zip(["model", "subject", "factor", "supplier"], key, strict=True)
        )
        scores = pd.concat([scores, pd.DataFrame([row | {"score": score}])], ignore_index=True)
    return tables | {"scores": scores}


def stands(tables, chosen, customer):
    seen = kaism.place(tables, chosen).set_index("customer").loc[customer]
    return seen["box"], seen["status"] == "ruled_out"


def check_every_vote(tables, chosen):
    """cells() says of each cell what kaism.place says when each of its votes is the agreed score."""
    said, table = disagreement.votes(tables, chosen), disagreement.cells(tables, chosen)
    by = said.groupby(KEY, sort=False)["score"].unique()
    assert len(by) == len(table)
    known = {}
    for row in table.itertuples(index=False):
        key = (row.model, row.customer, row.factor, row.supplier)
        box, out = stands(tables, chosen, row.customer)
        then = {v: known.setdefault((key, v), stands(with_score(tables, key, v), chosen, row.customer))
                for v in sorted(by[key])}  # fmt: skip
        changes = any(b != box or (o and not out) for b, o in then.values())
        assert (row.could_change == "yes") == changes, (key, row, then, box)
        assert (row.box_low, row.box_high) == (then[row.lowest][0], then[row.highest][0]), key


@pytest.mark.parametrize(("name", "segment"), [
    ("insurer", "broker_networks"), ("insurer", "bank_channel"), ("bank", "universities"),
])  # fmt: skip
def test_every_vote_of_the_examples_tried_one_by_one(name, segment):
    tables, chosen = example(name, segment)
    assert (disagreement.cells(tables, chosen)["could_change"] == "yes").any()
    check_every_vote(tables, chosen)


SCORE = st.sampled_from([n / 2 for n in range(2, 21)])
MAYBE = st.one_of(st.none(), SCORE, SCORE, SCORE)


@st.composite
def books(draw):
    """A small workbook with unknown scores, must-haves, waivers, ties and votes on whatever there may be."""
    names = draw(st.sampled_from([["A"], ["A", "B"], ["A", "B", "C"], ["A", "B", "C", "D"]]))
    width = draw(st.integers(1, 3))
    weights = tuple(draw(st.sampled_from([0, 1, 1, 2, 3, 0.3, 0.7])) for _ in range(width))
    must = [draw(st.sampled_from([None, None, 4, 6])) for _ in range(width)]
    cell = draw(st.sampled_from([MAYBE, SCORE, st.sampled_from([3, 6]), st.sampled_from([None, 5, 6])]))
    row = st.tuples(*[cell] * width)
    margin = st.tuples(cell, cell)
    attractive = {c: draw(row) for c in names}
    strength = {
        c: {
            k: draw(margin) for k in draw(st.sampled_from([["us"], [], ["us", "X"], ["X"], ["us", "X", "Y"]]))
        }
        for c in names
    }
    decisions = [
        {"what": "no_competitor", "subject": c, "decision": "yes", "reason": "so"}
        for c in names
        if draw(st.booleans())
    ]
    decisions += [
        {"what": "must_have_waiver", "subject": c, "decision": draw(st.sampled_from(["", "f1", "f1|f2"])), "reason": "so"}
        for c in names if draw(st.integers(0, 3)) == 0
    ]  # fmt: skip
    people = st.sampled_from(["petra", "tom", "uma", "vic", "gone"])
    up = st.builds(
        vote, people, st.sampled_from([*names, "gone"]), st.sampled_from(["f1", "f2", "f3", "gone"]), MAYBE
    )
    right = st.builds(vote, people, st.sampled_from([*names, "gone"]), st.sampled_from(["j1", "j2", "j9"]), MAYBE,
                      st.sampled_from(["us", "us", "X", "Y", "Z", "W"]))  # fmt: skip
    ballots = draw(st.lists(st.one_of(up, right), max_size=20))
    line = draw(st.sampled_from(["mean", "mean", "midpoint"]))
    return book(ballots, chosen={"line": line}, attractive=attractive, strength=strength, weights=weights, must=must,
                decisions=decisions)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(books())
def test_every_vote_of_any_workbook_tried_one_by_one(ready):
    check_every_vote(*ready)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(books())
def test_all_questions_have_an_answer_for_any_workbook(ready):
    tables, chosen = ready
    for ask in (disagreement.agreement, disagreement.by_function, disagreement.by_person, disagreement.views_of,
                disagreement.borderline):  # fmt: skip
        made = ask(tables, chosen)
        if "words" in made and ask is not disagreement.borderline:
            assert made["words"].str.endswith(".").all()
    r_wg = disagreement.cells(tables, chosen)["r_wg"].dropna()
    assert r_wg.between(0, 1).all()
    assert (disagreement.agreement(tables, chosen)["alpha"].dropna() <= 1).all()


def cell(tables, chosen, customer, factor, supplier=""):
    table = disagreement.cells(tables, chosen)
    return table[
        (table["customer"] == customer) & (table["factor"] == factor) & (table["supplier"] == supplier)
    ].iloc[0]


def test_a_cell_in_figures_and_words():
    # y: Alpha 7.3, Beta 5.9, Gamma 8.0, Delta 5.1; Beta is 1.0 ahead of X
    tables, chosen = book(
        [vote("tom", "Beta", "f1", 10), vote("petra", "Beta", "f1", 4), vote("uma", "Beta", "f1", 4)]
    )
    seen = cell(tables, chosen, "Beta", "f1")
    assert (seen["votes"], seen["mean"], seen["lowest"], seen["highest"], seen["agreed"]) == (3, 6, 4, 10, 6)
    assert seen["spread"] == pytest.approx(12**0.5)
    assert seen["r_wg"] == 0  # 1 - 12/8.25 is below 0
    assert (seen["could_change"], seen["box_low"], seen["box_high"]) == ("yes", "maintenance", "key")
    assert (seen["who_low"], seen["who_high"]) == ("Petra, Uma", "Tom")
    assert seen["words"] == (
        "Petra (Finance) and Uma (Sales) say 4, Tom (Sales) says 10; with a 10 Beta would be a key account."
    )


def test_one_vote_and_equal_votes():
    tables, chosen = book(
        [vote("petra", "Beta", "f1", 5), *(vote(p, "Beta", "f2", 6) for p in ("petra", "tom", "vic"))]
    )
    alone, same = cell(tables, chosen, "Beta", "f1"), cell(tables, chosen, "Beta", "f2")
    assert alone["votes"] == 1 and np.isnan(alone["spread"]) and np.isnan(alone["r_wg"])
    assert alone["words"] == "Petra (Finance) says 5; Beta stays a maintenance account with it."
    assert (same["spread"], same["r_wg"], same["could_change"]) == (0, 1, "no")
    assert same["words"] == "Petra (Finance) and 2 others say 6; Beta stays a maintenance account with it."


def test_a_vote_below_a_must_have_rules_out_unless_it_is_waived():
    ballots, must = [vote("petra", "Beta", "f1", 4), vote("tom", "Beta", "f1", 6)], [5, *[None] * 5]
    seen = cell(*book(ballots, must=must), "Beta", "f1")
    assert (seen["could_change"], seen["box_low"], seen["box_high"]) == ("yes", "", "maintenance")
    assert seen["words"].endswith("with a 4 Beta would be ruled out by a must-have.")
    waived = [{"what": "must_have_waiver", "subject": "Beta", "decision": "f1", "reason": "we know better"}]
    assert cell(*book(ballots, must=must, decisions=waived), "Beta", "f1")["could_change"] == "no"


def test_strength_ballots_of_us_of_a_competitor_and_of_one_nobody_entered():
    ballots = [vote("petra", "Beta", "j1", 1, "us"), vote("tom", "Beta", "j1", 8, "us"),
               vote("petra", "Beta", "j1", 10, "X"), vote("tom", "Beta", "j2", 10, "Z")]  # fmt: skip
    tables, chosen = book(ballots)
    assert cell(tables, chosen, "Beta", "j1", "us")["box_low"] == "opportunistic"  # 41 points against 42
    assert cell(tables, chosen, "Beta", "j1", "X")["box_high"] == "maintenance"  # 47 points against 46
    new = cell(tables, chosen, "Beta", "j2", "Z")
    assert np.isnan(new["agreed"]) and new["box_low"] == "opportunistic"  # 8 against 10
    check_every_vote(tables, chosen)


def test_ballots_for_what_is_not_there_and_empty_ones_are_left_out():
    ballots = [vote("petra", "Nobody", "f1", 5), vote("petra", "Beta", "f99", 5), vote("petra", "Beta", "j99", 5, "us"),
               vote("petra", "Beta", "f1", None), vote("petra", "Beta", "f1", 5, round_="2025")]  # fmt: skip
    tables, chosen = book(ballots)
    for ask in (disagreement.cells, disagreement.by_function, disagreement.by_person, disagreement.views_of):
        assert ask(tables, chosen).empty
    assert disagreement.agreement(tables, chosen)["raters"].tolist() == [0, 0]
    assert (disagreement.borderline(tables, chosen)["too_close"] == "no").all()
    assert len(disagreement.cells(*book(ballots, chosen={"round": "2025"}))) == 1


def test_the_latest_round_counts_and_a_person_once():
    ballots = [
        vote("petra", "Beta", "f1", 5, round_="2025"),
        vote("petra", "Beta", "f1", 7),
        vote("petra", "Beta", "f1", 9),
    ]
    seen = cell(*book(ballots), "Beta", "f1")
    assert (seen["votes"], seen["mean"]) == (1, 7)


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_published_table(level, value):
    assert disagreement.alpha(PUBLISHED, level) == pytest.approx(value, abs=5e-4)


@given(st.lists(st.lists(st.one_of(st.just(float("nan")), SCORE), min_size=5, max_size=5), min_size=2, max_size=5),
       st.sampled_from(["nominal", "ordinal", "interval"]))  # fmt: skip
def test_alpha_by_its_definition(rows, level):
    """Observed against expected difference, pair by pair."""
    table = np.array(rows)
    units = [[v for v in column if v == v] for column in table.T]
    units = [unit for unit in units if len(unit) > 1]
    pool = [v for unit in units for v in unit]

    def apart(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        low, high = sorted((a, b))
        between = sum(low <= v <= high for v in pool)
        return (between - (pool.count(a) + pool.count(b)) / 2) ** 2 if a != b else 0.0

    observed = sum(
        apart(a, b) / (len(u) - 1) for u in units for i, a in enumerate(u) for j, b in enumerate(u) if i != j
    )
    expected = sum(apart(a, b) for i, a in enumerate(pool) for j, b in enumerate(pool) if i != j)
    found = disagreement.alpha(table, level)
    if not expected:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(
            1 - observed / len(pool) * len(pool) * (len(pool) - 1) / expected, abs=1e-9
        )


@given(st.integers(2, 6), st.integers(3, 7), st.integers(0, 10**6))
def test_concordance_is_that_of_friedman(people, customers, seed):
    stats = pytest.importorskip("scipy.stats")
    totals = np.random.default_rng(seed).integers(1, 6, (people, customers)).astype(float)
    found = disagreement.concordance(totals)
    if (totals == totals[:, :1]).all():
        assert np.isnan(found)
    else:
        friedman = stats.friedmanchisquare(*totals.T)[0]
        assert found == pytest.approx(friedman / (people * (customers - 1)))


def everybody(scores, factors=("f1", "f2")):
    """Votes of petra, tom, uma on each customer: scores[person][customer] for all the factors."""
    return [vote(p, c, f, s) for p, of in scores.items() for c, s in of.items() for f in factors]


def test_agreement_in_words():
    same = {"Alpha": 8, "Beta": 3, "Gamma": 9, "Delta": 1}
    up, right = disagreement.agreement(*book(everybody({"petra": same, "tom": same, "uma": same}))).to_dict(
        "records"
    )
    assert (up["raters"], up["units"], up["pairs"], up["alpha"], up["W"], up["r_wg"]) == (3, 8, 24, 1, 1, 1)
    assert up["words"] == "Three people mostly see the same: the scores can be built on."
    assert right["raters"] == 0 and right["words"] == "Nobody has voted yet." and np.isnan(right["alpha"])
    other = {"Alpha": 3, "Beta": 8, "Gamma": 1, "Delta": 9}
    up = disagreement.agreement(*book(everybody({"petra": same, "tom": other}))).iloc[0]
    assert up["alpha"] < 0 and up["W"] == 0 and "no more than by chance" in up["words"]
    flat = dict.fromkeys(same, 5)
    up = disagreement.agreement(*book(everybody({"petra": flat, "tom": flat}))).iloc[0]
    assert np.isnan(up["alpha"]) and up["words"] == "Two people gave the same score everywhere."
    up = disagreement.agreement(*book(everybody({"petra": same}))).iloc[0]
    assert up["words"] == "Only one person has voted: nothing to compare."


def test_functions_and_people_beside_all_others():
    ballots = everybody(
        {"petra": {"Alpha": 4, "Beta": 5}, "tom": {"Alpha": 6, "Beta": 7}, "uma": {"Alpha": 6, "Beta": 8}},
        ["f1"],
    )
    ballots += [
        vote("tom", "Beta", "f2", 9),
        vote("petra", "Beta", "j1", 5, "us"),
        vote("vic", "Beta", "j1", 5, "us"),
    ]
    tables, chosen = book(ballots)
    seen = disagreement.by_function(tables, chosen).set_index(["function", "factor"])
    assert seen.loc[("Finance", "f1"), "words"] == "Finance scores f1 2.3 lower than the others."
    assert seen.loc[("Finance", "f1"), "difference"] == pytest.approx(4.5 - 6.75)
    assert seen.loc[("Sales", "f1"), ["votes", "mean", "others"]].tolist() == [4, 6.75, 4.5]
    assert seen.loc[("Sales", "f2"), "words"] == "Only Sales scores f2."
    assert seen.loc[("Finance", "j1"), "words"] == "Finance scores us on j1 like the others."
    assert set(seen.index.get_level_values(0)) == {"Finance", "Sales"}
    people = disagreement.by_person(tables, chosen).set_index("person")
    petra = people.loc["petra"]
    assert (petra["votes"], petra["lowest_used"], petra["highest_used"]) == (3, 4, 5)
    assert petra["difference"] == pytest.approx((4 - 6 + 5 - 7.5 + 0) / 3)
    assert (petra["split"], petra["lowest"], petra["highest"]) == (2, 2, 0)
    assert (people.loc["tom", "lowest"], people.loc["tom", "highest"], people.loc["uma", "highest"]) == (
        0,
        1,
        2,
    )
    assert people.loc["vic", "function"] == "" and np.isnan(people.loc["vic", "spread"])


def test_the_boxes_as_each_function_sees_them():
    ballots = [*(vote("petra", "Beta", f"f{i}", 10) for i in range(1, 7)), vote("tom", "Beta", "j1", 1, "us"),
               vote("uma", "Beta", "j1", 2, "us"), vote("tom", "Delta", "j1", 5, "Z")]  # fmt: skip
    tables, chosen = book(ballots)
    seen = disagreement.views_of(tables, chosen).set_index(["function", "customer"])
    assert len(seen) == 8
    assert seen.loc[("Finance", "Beta"), ["box", "today", "differs"]].tolist() == [
        "key",
        "maintenance",
        "yes",
    ]
    assert seen.loc[("Sales", "Beta"), "box"] == "opportunistic"  # 41.5 points against 42
    assert seen.loc[("Sales", "Alpha"), "differs"] == "no"


def test_bands_against_simulated_errors():
    """The gaps of the worked example when every agreed score is off as its votes say, 200,000 times."""
    dice = np.random.default_rng(4)
    ballots = [vote(p, c, f"f{j}", float(dice.integers(2, 20)) / 2) for c in worked.ATTRACTIVE for j in range(1, 7)
               for p in ("petra", "tom", "uma") if dice.random() < 0.8]  # fmt: skip
    ballots += [vote(p, c, f"j{j}", float(dice.integers(2, 20)) / 2, s) for c, of in worked.STRENGTH.items() for s in of
                for j in range(1, 7) for p in ("petra", "tom") if dice.random() < 0.9]  # fmt: skip
    tables, chosen = book(ballots, chosen={"score_error": 1.5})
    seen = disagreement.borderline(tables, chosen).set_index("customer")
    table = disagreement.cells(tables, chosen)
    table = table[table["votes"] > 1]
    sd = {tuple(r[:4]): r[4] / r[5] ** 0.5 for r in table[[*KEY, "spread", "votes"]].itertuples(index=False)}
    n, weights = 200_000, np.array(worked.WEIGHTS) / sum(worked.WEIGHTS)

    def noise(*key):
        return dice.normal(0, sd[key], n) if key in sd else dice.uniform(-1.5, 1.5, n)

    y = {c: sum(w * (s + noise("attractiveness", c, f"f{j}", "")) for j, (w, s) in enumerate(zip(weights, of, strict=True), 1))
         for c, of in worked.ATTRACTIVE.items()}  # fmt: skip
    line = sum(y.values()) / 4
    best = kaism.place(tables, chosen).set_index("customer")["best_competitor"]
    for c in y:
        assert seen.loc[c, "y_gap"] == pytest.approx((y[c] - line).mean(), abs=0.02)
        assert seen.loc[c, "band_y"] == pytest.approx(1.645 * (y[c] - line).std(), rel=0.01)
        of = worked.STRENGTH[c]
        ahead = sum(of["us"][j] + noise("strength", c, f"j{j + 1}", "us") - of[best[c]][j]
                    - noise("strength", c, f"j{j + 1}", best[c]) for j in range(6)) / 6  # fmt: skip
        assert seen.loc[c, "x"] == pytest.approx(ahead.mean(), abs=0.02)
        assert seen.loc[c, "band_x"] == pytest.approx(1.645 * ahead.std(), rel=0.01)


def test_too_close_to_call_in_words():
    # Beta is 0.675 below the line: with votes of 1 and 10 on f1, sd 4.5 * 0.3 * 3/4
    seen = disagreement.borderline(*book([vote("petra", "Beta", "f1", 1), vote("tom", "Beta", "f1", 10)]))
    seen = seen.set_index("customer")
    assert seen.loc["Beta", "band_y"] == pytest.approx(1.645 * 4.5 * 0.3 * 3 / 4)
    assert seen.loc["Alpha", "band_y"] == pytest.approx(1.645 * 4.5 * 0.3 / 4)
    assert (seen.loc["Beta", "too_close"], seen.loc["Beta", "axis"]) == ("yes", "attractiveness")
    assert seen.loc["Beta", "words"] == (
        "The votes differ so much that Beta could be on either side of the line of attractiveness."
    )
    assert seen.loc["Beta", "band_x"] == 0 and seen.loc["Gamma", ["too_close", "words"]].tolist() == [
        "no",
        "",
    ]
    fixed = disagreement.borderline(*book([vote("petra", "Beta", "f1", 1), vote("tom", "Beta", "f1", 10)],
                                          chosen={"line": "midpoint"})).set_index("customer")  # fmt: skip
    assert (
        fixed.loc["Beta", "band_y"] == pytest.approx(1.645 * 4.5 * 0.3) and fixed.loc["Alpha", "band_y"] == 0
    )


def test_one_customer_is_its_own_line():
    tables, chosen = book([vote("petra", "A", "f1", 1), vote("tom", "A", "f1", 10)], attractive={"A": (5,)},
                          strength={"A": {"us": (5,), "X": (4,)}}, weights=(1,))  # fmt: skip
    seen = disagreement.borderline(tables, chosen).iloc[0]
    assert (seen["y_gap"], seen["band_y"], seen["too_close"]) == (0, 0, "no")
    assert disagreement.cells(tables, chosen)["could_change"].tolist() == ["no"]


def large(customers):
    """So many customers, 9 people, 6 factors and 3 competitors on 5 critical success factors, all voted on."""
    dice, names = np.random.default_rng(1), [f"c{i}" for i in range(customers)]
    attractive = {c: tuple(dice.integers(1, 11, 6).tolist()) for c in names}
    strength = {c: {s: tuple(dice.integers(1, 11, 5).tolist()) for s in ("us", "X", "Y", "Z")} for c in names}
    tables, chosen = book(attractive=attractive, strength=strength)
    rows = pd.concat(
        [
            tables["scores"][["model", "subject", "factor", "supplier"]].assign(person=f"p{i}")
            for i in range(9)
        ]
    )
    rows = rows.assign(round="2026", note="", score=dice.integers(2, 21, len(rows)) / 2).reset_index(
        drop=True
    )
    return tables | {"ballots": rows}, chosen


def test_two_hundred_customers_take_a_moment():
    """Ten times the votes are less than ten times the work: they are looked at together."""
    few, many = large(20), large(200)
    for tables, chosen in (few, many):
        kaism.place(tables, chosen)
    work = calls(lambda: disagreement.cells(*many))
    assert len(disagreement.cells(*many)) == 200 * (6 + 4 * 5)
    assert work < 6 * calls(lambda: disagreement.cells(*few))
