"""Disagreement: every vote tried by hand, published agreement, bands against simulated errors."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib.models import ballots as disagreement
from kamlib.models import kaism
from kamlib.workbook import schema as T
from kamlib.workbook import settings as choices
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from tests import worked
from tests.books import ROOT, calls

PEOPLE = [
    {"person": "petra", "name": "Petra", "function": "Finance"},
    {"person": "tom", "name": "Tom", "function": "Sales"},
    {"person": "uma", "name": "Uma", "function": "Sales"},
    {"person": "vic", "name": "Vic"},
]
PUBLISHED = """1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 ."""
KEY = ["model", "customer", "factor", "supplier"]


def vote(person, subject, factor, score, supplier="", round_="2026"):
    row = {"person": person, "subject": subject, "factor": factor, "score": score}
    model = "strength" if supplier else "attractiveness"
    return row | {"supplier": supplier, "model": model, "round": round_}


def book(ballots=(), chosen=None, **more):
    """The worked example with ballots, typed, and its settings."""
    people, ballots = worked.frame("people", PEOPLE), worked.frame("ballots", ballots)
    ready = T.typed(worked.text(**more) | {"people": people, "ballots": ballots})
    return ready, choices.of_workbook(ready, segment="main", **(chosen or {}))


def placed_with(tables, chosen, key, score):
    """Box, and whether ruled out, of a customer if this were the agreed score of one cell."""
    columns = ["model", "subject", "factor", "supplier"]
    cell = pd.DataFrame([[*key, score]], columns=[*columns, "score"])
    scores = pd.concat([cell, tables["scores"]], ignore_index=True).drop_duplicates(columns)
    seen = kaism.place(Book(tables | {"scores": scores}, chosen)).set_index("customer").loc[key[1]]
    return seen["box"], seen["status"] == "ruled_out"


def check_every_vote(tables, chosen):
    """cells() says of each cell what kaism.place says when each of its votes is agreed."""
    whole = Book(tables, chosen)
    said, table = disagreement.votes(whole), disagreement.cells(whole)
    by = said.groupby(KEY, sort=False)["score"].unique()
    today = kaism.place(whole).set_index("customer")[["box", "status"]]
    assert len(by) == len(table)
    for row in table.itertuples(index=False):
        key = (row.model, row.customer, row.factor, row.supplier)
        box, status = today.loc[row.customer]
        then = {v: placed_with(tables, chosen, key, v) for v in sorted(by[key])}
        changes = {b != box or (out and status != "ruled_out") for b, out in then.values()}
        assert row.could_change == ("yes" if True in changes else "no"), (key, row, then, box)
        assert (row.box_low, row.box_high) == (then[row.lowest][0], then[row.highest][0]), key


@pytest.mark.parametrize(("name", "segment"), [("insurer", "bank_channel"), ("bank", "universities")])
def test_every_vote_of_an_example_tried_one_by_one(name, segment):
    tables = T.typed(stores.load(ROOT / "data" / name, read_only=True)[1])
    chosen = choices.of_workbook(tables, segment=segment)

    assert (disagreement.cells(Book(tables, chosen))["could_change"] == "yes").any()
    check_every_vote(tables, chosen)


SCORE = st.sampled_from([n / 2 for n in range(2, 21)])
MAYBE = st.one_of(st.none(), SCORE, SCORE, SCORE)
SUPPLIERS = [["us"], [], ["us", "X"], ["X"], ["us", "X", "Y"]]
EVERYBODY = st.sampled_from(["petra", "tom", "uma", "vic", "gone"])


@st.composite
def books(draw):
    """A small workbook with unknown scores, must-haves, waivers, ties and votes on anything."""
    names, width = [*"ABCD"[: draw(st.integers(1, 4))]], draw(st.integers(1, 3))
    cell = draw(st.sampled_from([MAYBE, SCORE, st.sampled_from([3, 6]), st.sampled_from([None, 5, 6])]))
    weight, must = st.sampled_from([0, 1, 1, 2, 3, 0.3, 0.7]), st.sampled_from([None, None, 4, 6])
    suppliers = {c: draw(st.sampled_from(SUPPLIERS)) for c in names}
    alone = [c for c in names if draw(st.booleans())]
    waived = {c: draw(st.sampled_from([None, None, "", "f1", "f1|f2"])) for c in names}
    decisions = [{"what": "no_competitor", "subject": c, "decision": "yes"} for c in alone]
    decisions += [
        {"what": "must_have_waiver", "subject": c, "decision": of, "reason": "so"}
        for c, of in waived.items()
        if of is not None
    ]
    who, up = st.sampled_from([*names, "gone"]), st.sampled_from(["f1", "f2", "f3", "gone"])
    right, whose = st.sampled_from(["j1", "j2", "j9"]), st.sampled_from(["us", "us", *"XYZW"])
    ballots = st.builds(vote, EVERYBODY, who, up, MAYBE)
    ballots |= st.builds(vote, EVERYBODY, who, right, MAYBE, whose)
    return book(
        draw(st.lists(ballots, max_size=20)),
        chosen={"line": draw(st.sampled_from(["mean", "mean", "midpoint"]))},
        attractive={c: draw(st.tuples(*[cell] * width)) for c in names},
        strength={c: {k: draw(st.tuples(cell, cell)) for k in of} for c, of in suppliers.items()},
        weights=tuple(draw(weight) for _ in range(width)),
        must=[draw(must) for _ in range(width)],
        decisions=decisions,
    )


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(books())
def test_every_vote_of_any_workbook_tried_one_by_one(ready):
    check_every_vote(*ready)
    whole = Book(*ready)
    for ask in ("agreement", "by_function", "by_person"):
        assert all(words.endswith(".") for words in getattr(disagreement, ask)(whole)["words"])
    assert (disagreement.agreement(whole)["alpha"].dropna() <= 1).all()
    assert disagreement.cells(whole)["r_wg"].dropna().between(0, 1).all()
    assert set(disagreement.borderline(whole)["too_close"]) <= {"yes", "no"}
    assert set(disagreement.views_of(whole)["differs"]) <= {"yes", "no"}


def cell(ready, customer, factor, supplier=""):
    table = disagreement.cells(Book(*ready)).set_index(["customer", "factor", "supplier"])
    return table.loc[(customer, factor, supplier)]


def test_a_cell_in_figures_and_words():
    # y: Alpha 7.3, Beta 5.9, Gamma 8.0, Delta 5.1; Beta is 1.0 ahead of X
    ballots = [vote(p, "Beta", "f1", s) for p, s in (("tom", 10), ("petra", 4), ("uma", 4))]
    seen = cell(book(ballots), "Beta", "f1")

    figures = ["votes", "mean", "lowest", "highest", "agreed"]
    assert seen[figures].tolist() == [3, 6, 4, 10, 6]
    assert seen["spread"] == pytest.approx(12**0.5)
    assert seen["r_wg"] == 0  # 1 - 12/8.25 is below 0
    boxes = ["could_change", "box_low", "box_high", "who_low", "who_high"]
    assert seen[boxes].tolist() == ["yes", "maintenance", "key", "Petra, Uma", "Tom"]
    assert seen["words"] == (
        "Petra (Finance) and Uma (Sales) say 4, Tom (Sales) says 10; with a 10 Beta would be a key account."
    )


def test_one_vote_and_equal_votes():
    ballots = [vote(p, "Beta", "f2", 6) for p in ("petra", "tom", "vic")]
    ready = book([vote("petra", "Beta", "f1", 5), *ballots])
    alone, same = cell(ready, "Beta", "f1"), cell(ready, "Beta", "f2")

    stays = "Beta stays a maintenance account with it."
    assert alone["votes"] == 1 and alone[["spread", "r_wg"]].isna().all()
    assert alone["words"] == f"Petra (Finance) says 5; {stays}"
    assert same[["spread", "r_wg", "could_change"]].tolist() == [0, 1, "no"]
    assert same["words"] == f"Petra (Finance) and 2 others say 6; {stays}"


def test_a_vote_below_a_must_have_rules_out_unless_it_is_waived():
    ballots = [vote("petra", "Beta", "f1", 4), vote("tom", "Beta", "f1", 6)]
    must = [5, *[None] * 5]
    seen = cell(book(ballots, must=must), "Beta", "f1")
    waiver = {"what": "must_have_waiver", "subject": "Beta", "decision": "f1", "reason": "known"}
    waived = cell(book(ballots, must=must, decisions=[waiver]), "Beta", "f1")

    assert seen[["could_change", "box_low", "box_high"]].tolist() == ["yes", "", "maintenance"]
    assert seen["words"].endswith("with a 4 Beta would be ruled out by a must-have.")
    assert waived["could_change"] == "no"


def test_strength_ballots_of_us_of_a_competitor_and_of_one_nobody_entered():
    ready = book(
        [
            vote("petra", "Beta", "j1", 1, "us"),
            vote("tom", "Beta", "j1", 8, "us"),
            vote("petra", "Beta", "j1", 10, "X"),
            vote("tom", "Beta", "j2", 10, "Z"),
        ]
    )
    new = cell(ready, "Beta", "j2", "Z")

    assert cell(ready, "Beta", "j1", "us")["box_low"] == "opportunistic"  # 41 points against 42
    assert cell(ready, "Beta", "j1", "X")["box_high"] == "maintenance"  # 47 points against 46
    assert np.isnan(new["agreed"]) and new["box_low"] == "opportunistic"  # 8 against 10


def test_a_ballot_of_a_competitor_says_that_there_is_one():
    strength = {**worked.STRENGTH, "Beta": {"us": (7, 8)}}
    alone = [{"what": "no_competitor", "subject": "Beta", "decision": "yes"}]
    ready = book([vote("tom", "Beta", "j2", 10, "Z")], strength=strength, decisions=alone)

    assert cell(ready, "Beta", "j2", "Z")["box_low"] == "opportunistic"
    assert kaism.place(Book(*ready)).set_index("customer").at["Beta", "box"] == "maintenance"


def test_what_is_not_there_and_empty_ballots_are_left_out():
    ballots = [
        vote("petra", "Nobody", "f1", 5),
        vote("petra", "Beta", "f99", 5),
        vote("petra", "Beta", "j99", 5, "us"),
        vote("petra", "Beta", "f1", None),
        vote("petra", "Beta", "f1", 5, round_="2025"),
    ]
    ready = book(ballots)

    for ask in ("cells", "by_function", "by_person", "views_of"):
        assert getattr(disagreement, ask)(Book(*ready)).empty
    assert disagreement.agreement(Book(*ready))["raters"].tolist() == [0, 0]
    assert set(disagreement.borderline(Book(*ready))["too_close"]) == {"no"}
    assert len(disagreement.cells(Book(*book(ballots, chosen={"round": "2025"})))) == 1


def test_the_latest_round_counts_and_a_person_once():
    rounds = {5: "2025", 7: "2026", 9: "2026"}
    seen = cell(book([vote("petra", "Beta", "f1", s, "", r) for s, r in rounds.items()]), "Beta", "f1")

    assert seen[["votes", "mean"]].tolist() == [1, 7]


LEVELS = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_the_published_table(level):
    cells = [row.replace(".", "nan").split() for row in PUBLISHED.splitlines()]

    found = disagreement.alpha(np.array(cells, float), level)
    assert found == pytest.approx(LEVELS[level], abs=5e-4)


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.one_of(st.just(np.nan), SCORE), min_size=5, max_size=5), min_size=2, max_size=5),
    st.sampled_from([*LEVELS]),
)
def test_alpha_by_its_definition(rows, level):
    """Observed against expected difference, pair by pair."""
    units = [[v for v in column if v == v] for column in np.array(rows).T]
    units = [unit for unit in units if len(unit) > 1]
    pool = [v for unit in units for v in unit]

    def apart(a, b):
        if level != "ordinal":
            return (a - b) ** 2 if level == "interval" else float(a != b)
        between = sum(min(a, b) <= v <= max(a, b) for v in pool)
        return (between - (pool.count(a) + pool.count(b)) / 2) ** 2 if a != b else 0.0

    observed = sum(apart(*pair) / (len(u) - 1) for u in units for pair in permutations(u, 2))
    expected = sum(apart(*pair) for pair in permutations(pool, 2))
    ratio = observed * (len(pool) - 1) / expected if expected else np.nan
    found = disagreement.alpha(np.array(rows), level)
    assert found == pytest.approx(1 - ratio, abs=1e-9, nan_ok=True)


@settings(max_examples=25)
@given(st.integers(2, 6), st.integers(3, 7), st.integers(0, 10**6))
def test_concordance_is_that_of_friedman(people, customers, seed):
    stats = pytest.importorskip("scipy.stats")
    totals = np.random.default_rng(seed).integers(1, 6, (people, customers)).astype(float)
    tied = (totals == totals[:, :1]).all()
    friedman = np.nan if tied else stats.friedmanchisquare(*totals.T)[0]

    found = disagreement.concordance(totals)
    assert found == pytest.approx(friedman / (people * (customers - 1)), nan_ok=True)


SAME = {"Alpha": 8, "Beta": 3, "Gamma": 9, "Delta": 1}
OTHER = {"Alpha": 3, "Beta": 8, "Gamma": 1, "Delta": 9}
FLAT = dict.fromkeys(SAME, 5)


def everybody(scores, factors=("f1", "f2")):
    """Votes of people on customers, scores[person][customer] for all the factors."""
    return [vote(p, c, f, s) for p, of in scores.items() for c, s in of.items() for f in factors]


@pytest.mark.parametrize(
    ("scores", "figures", "words"),
    [
        ([SAME, SAME, SAME], [3, 8, 24, 1, 1, 1], "Three people mostly see the same: the scores"),
        ([SAME, OTHER], [2, 8, 8, None, 0, None], "Two people agree no more than by chance"),
        ([FLAT, FLAT], [2, 8, 8, np.nan, np.nan, 1], "Two people gave the same score everywhere."),
        ([SAME], [1, 0, 0, np.nan, np.nan, np.nan], "Only one person has voted: nothing to"),
        ([], [0, 0, 0, np.nan, np.nan, np.nan], "Nobody has voted yet."),
    ],
)
def test_agreement_in_figures_and_words(scores, figures, words):
    ballots = everybody(dict(zip(("petra", "tom", "uma"), scores, strict=False)))
    seen = disagreement.agreement(Book(*book(ballots))).iloc[0]

    for column, value in zip(["raters", "units", "pairs", "alpha", "W", "r_wg"], figures, strict=True):
        assert value is None or seen[column] == pytest.approx(value, nan_ok=True), column
    assert seen["words"].startswith(words)


def test_functions_and_people_beside_all_others():
    scores = {"petra": (4, 5), "tom": (6, 7), "uma": (6, 8)}
    scores = {p: dict(zip(("Alpha", "Beta"), of, strict=True)) for p, of in scores.items()}
    ours = [vote(p, "Beta", "j1", 5, "us") for p in ("petra", "vic")]
    ready = book([*everybody(scores, ["f1"]), vote("tom", "Beta", "f2", 9), *ours])
    seen = disagreement.by_function(Book(*ready)).set_index(["function", "factor"])
    people = disagreement.by_person(Book(*ready)).set_index("person")

    assert seen["words"].to_dict() == {
        ("Finance", "f1"): "Finance scores f1 2.3 lower than the others.",
        ("Finance", "j1"): "Finance scores us on j1 like the others.",
        ("Sales", "f1"): "Sales scores f1 2.3 higher than the others.",
        ("Sales", "f2"): "Only Sales scores f2.",
    }
    assert seen.loc[("Finance", "f1"), "difference"] == pytest.approx(4.5 - 6.75)
    assert seen.loc[("Sales", "f1"), ["votes", "mean", "others"]].tolist() == [4, 6.75, 4.5]
    figures = ["votes", "lowest_used", "highest_used", "split", "lowest", "highest"]
    assert people.loc["petra", figures].tolist() == [3, 4, 5, 2, 2, 0]
    assert people.loc["petra", "difference"] == pytest.approx((4 - 6 + 5 - 7.5 + 0) / 3)
    assert people.loc[["tom", "uma"], "highest"].tolist() == [1, 2]
    assert people.loc["vic", "function"] == "" and np.isnan(people.loc["vic", "spread"])


def test_the_boxes_as_each_function_sees_them():
    ballots = [vote("petra", "Beta", f"f{i}", 10) for i in range(1, 7)]
    ballots += [vote("tom", "Beta", "j1", 1, "us"), vote("uma", "Beta", "j1", 2, "us")]
    ballots += [vote("tom", "Delta", "j1", 5, "Z")]
    seen = disagreement.views_of(Book(*book(ballots))).set_index(["function", "customer"])

    finance = seen.loc[("Finance", "Beta"), ["box", "today", "differs"]]
    assert len(seen) == 8
    assert finance.tolist() == ["key", "maintenance", "yes"]
    assert seen.loc[("Sales", "Beta"), "box"] == "opportunistic"  # 41.5 points against 42
    assert seen.loc[("Sales", "Alpha"), "differs"] == "no"


def test_bands_against_simulated_errors():
    """The gaps of the worked example when every score is off as its votes say, 100,000 times."""
    dice, n = np.random.default_rng(4), 100_000
    cells = [(c, f"f{j}", "") for c in worked.ATTRACTIVE for j in range(1, 7)]
    cells += [(c, f"j{j}", s) for c, of in worked.STRENGTH.items() for s in of for j in range(1, 7)]
    ballots = [
        vote(p, c, f, float(dice.integers(2, 20)) / 2, s)
        for c, f, s in cells
        for p in ("petra", "tom", "uma")
        if dice.random() < 0.8
    ]
    tables, chosen = book(ballots, chosen={"score_error": 1.5})
    seen = disagreement.borderline(Book(tables, chosen)).set_index("customer")
    table = disagreement.cells(Book(tables, chosen))
    table = table[table["votes"] > 1].set_index(KEY[1:])
    sd = (table["spread"] / table["votes"] ** 0.5).to_dict()
    weights = np.array(worked.WEIGHTS) / sum(worked.WEIGHTS)

    def off(scores, customer, letter, supplier=""):
        """Draws of the scores, factors x draws."""
        keys = [(customer, f"{letter}{j}", supplier) for j in range(1, 7)]
        errors = [dice.normal(0, sd[k], n) if k in sd else dice.uniform(-1.5, 1.5, n) for k in keys]
        return np.array(scores)[:, None] + errors

    y = {c: weights @ off(scores, c, "f") for c, scores in worked.ATTRACTIVE.items()}
    line = sum(y.values()) / 4
    best = kaism.place(Book(tables, chosen)).set_index("customer")["best_competitor"]
    for c, of in worked.STRENGTH.items():
        us, them = (off(of[s], c, "j", s) for s in ("us", best[c]))
        for gap, band, drawn in (
            ("y_gap", "band_y", y[c] - line),
            ("x", "band_x", (us - them).mean(axis=0)),
        ):
            assert seen.loc[c, gap] == pytest.approx(drawn.mean(), abs=0.02)
            assert seen.loc[c, band] == pytest.approx(1.645 * drawn.std(), rel=0.01)


def test_too_close_to_call_in_words():
    # Beta is 0.675 below the line: with votes of 1 and 10 on f1, sd 4.5 * 0.3 * 3/4
    ballots, band = (
        [vote("petra", "Beta", "f1", 1), vote("tom", "Beta", "f1", 10)],
        1.645 * 4.5 * 0.3,
    )
    seen = disagreement.borderline(Book(*book(ballots))).set_index("customer")
    fixed = disagreement.borderline(Book(*book(ballots, chosen={"line": "midpoint"}))).set_index("customer")

    assert seen.loc[["Beta", "Alpha"], "band_y"].tolist() == pytest.approx([band * 3 / 4, band / 4])
    assert fixed.loc[["Beta", "Alpha"], "band_y"].tolist() == pytest.approx([band, 0])
    words = "The votes differ so much that Beta could be on either side of the line of attractiveness."
    close = ["too_close", "axis", "band_x", "words"]
    assert seen.loc["Beta", close].tolist() == ["yes", "attractiveness", 0, words]
    assert seen.loc["Gamma", close].tolist() == ["no", "", 0, ""]


def test_one_customer_is_its_own_line():
    ready = book(
        [vote("petra", "A", "f1", 1), vote("tom", "A", "f1", 10)],
        attractive={"A": (5,)},
        strength={"A": {"us": (5,), "X": (4,)}},
        weights=(1,),
    )

    seen = disagreement.borderline(Book(*ready)).iloc[0]
    assert seen[["y_gap", "band_y", "too_close"]].tolist() == [0, 0, "no"]
    assert disagreement.cells(Book(*ready))["could_change"].tolist() == ["no"]


def large(customers):
    """9 people, 6 factors and 3 competitors on 5 critical success factors, all voted on."""
    dice, names = np.random.default_rng(1), [f"c{i}" for i in range(customers)]

    def some(count):
        return tuple(dice.integers(1, 11, count).tolist())

    strength = {c: {s: some(5) for s in ("us", "X", "Y", "Z")} for c in names}
    tables, chosen = book(attractive={c: some(6) for c in names}, strength=strength)
    cells = tables["scores"][["model", "subject", "factor", "supplier"]]
    rows = pd.concat([cells.assign(person=f"p{i}") for i in range(9)], ignore_index=True)
    rows = rows.assign(round="2026", note="", score=dice.integers(2, 21, len(rows)) / 2)
    return tables | {"ballots": rows}, chosen


def test_two_hundred_customers_are_looked_at_together():
    """Ten times the votes are less than ten times the work."""
    few, many = large(20), large(200)
    for ready in (few, many):
        kaism.place(Book(*ready))
    work = calls(lambda: disagreement.cells(Book(*many)))

    assert len(disagreement.cells(Book(*many))) == 200 * (6 + 4 * 5)
    assert work < 6 * calls(lambda: disagreement.cells(Book(*few)))
