"""KAISM: the worked example's known answers, and what must hold for any workbook."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.models import kaism
from kamlib.workbook.book import Book
from tests.worked import ATTRACTIVE, STRENGTH, typed


def placed(*args, **more):
    """The result of `place` by customer, as dicts."""
    result = kaism.place(Book(*typed(*args, **more)))
    assert list(result.columns) == kaism.COLUMNS
    return {row["customer"]: row for row in result.to_dict("records")}


def attractive(**changed):
    return ATTRACTIVE | changed


def test_known_answers():
    rows = placed()
    assert [rows[c]["y"] for c in ATTRACTIVE] == [7.4, 5.7, 8.0, 5.2]
    assert {row["y_line"] for row in rows.values()} == {6.575}
    assert [rows[c]["x"] for c in ATTRACTIVE] == [1.0, 0.833333333, -1.333333333, -0.5]
    assert [rows[c]["box"] for c in ATTRACTIVE] == ["key", "maintenance", "key_development", "opportunistic"]
    assert {row["status"] for row in rows.values()} == {"placed"}
    assert all(row["possible"] == row["box"] for row in rows.values())
    assert rows["Alpha"]["best_competitor"] == "X"


def test_best_competitor_is_the_highest_total_not_the_best_per_factor():
    assert placed()["Alpha"]["x"] == 1.0  # 47 - 41, not 47 - 45


def test_an_unknown_score_makes_alpha_undetermined():
    rows = placed(attractive(Alpha=(8, None, 9, 6, 7, 5)))
    alpha = rows["Alpha"]
    assert (alpha["y"], alpha["y_coverage"], alpha["status"]) == (7.5, 0.8, "undetermined")
    assert alpha["possible"] == "key|maintenance"
    assert {rows[c]["status"] for c in ("Beta", "Gamma", "Delta")} == {"placed"}


def test_bounds_of_the_unknown_score():
    tables, chosen = typed(attractive(Alpha=(8, None, 9, 6, 7, 5)))
    alpha = kaism.positions(Book(tables, chosen), "main").set_index("customer").loc["Alpha"]
    assert (alpha["low"], alpha["high"]) == (6.2, 8.0)
    assert [alpha["y_low"], alpha["y_high"]] == pytest.approx([6.2 - 6.275, 8.0 - 6.725])


def test_all_equal_are_on_the_line_and_take_the_cautious_side():
    rows = placed({c: (6,) * 6 for c in ATTRACTIVE})
    assert all(row["on_line"] and row["y"] == row["y_line"] == 6 for row in rows.values())
    assert [rows[c]["box"] for c in ATTRACTIVE] == [
        "maintenance",
        "maintenance",
        "opportunistic",
        "opportunistic",
    ]


def test_a_failed_must_have_leaves_matrix_and_average():
    rows = placed(must=[None, None, 5, None, None, None])
    assert rows["Beta"]["status"] == "ruled_out" and rows["Beta"]["box"] == ""
    assert "f3" in rows["Beta"]["reason"] and rows["Beta"]["possible"] == ""
    assert rows["Alpha"]["y_line"] == 6.866666667


def test_a_waiver_needs_a_reason():
    waiver = {"what": "must_have_waiver", "subject": "Beta", "decision": "f3"}
    must = [None, None, 5, None, None, None]
    assert placed(must=must, decisions=[waiver])["Beta"]["status"] == "ruled_out"
    rows = placed(must=must, decisions=[waiver | {"reason": "parent guarantees its bills"}])
    assert rows["Beta"]["status"] == "placed" and rows["Beta"]["y_line"] == 6.575
    other = waiver | {"decision": "f1|", "reason": "a stroke too many waives no other factor"}
    assert placed(must=must, decisions=[other])["Beta"]["status"] == "ruled_out"


def test_an_unknown_must_have_is_undetermined():
    rows = placed(attractive(Gamma=(9, 8, None, 7, 6, 8)), must=[None, None, 5, None, None, None])
    assert rows["Gamma"]["status"] == "undetermined"
    assert "must-have" in rows["Gamma"]["reason"]


def test_no_competitor_leaves_both_sides_open_until_it_is_stated():
    strength = STRENGTH | {"Beta": {"us": (7, 8, 8, 7, 9, 8)}}
    row = placed(strength=strength)["Beta"]
    assert row["status"] == "undetermined" and row["possible"] == "maintenance|opportunistic"
    assert math.isnan(row["x"])
    stated = {"what": "no_competitor", "subject": "Beta", "decision": "yes", "reason": "sole supplier"}
    row = placed(strength=strength, decisions=[stated])["Beta"]
    assert (row["status"], row["box"]) == ("placed", "maintenance")


def test_strength_is_compared_over_the_factors_scored_for_both():
    strength = STRENGTH | {"Alpha": {"us": (8, 8, 7, 8, 7, 9), "X": (9, None, 6, 7, 6, 7)}}
    alpha = placed(strength=strength)["Alpha"]
    assert alpha["x"] == pytest.approx((8 + 7 + 8 + 7 + 9 - 9 - 6 - 7 - 6 - 7) / 5)
    assert alpha["x_coverage"] == pytest.approx(11 / 12)


def test_a_customer_without_any_score_is_not_placed():
    rows = placed(attractive(Delta=(None,) * 6), STRENGTH | {"Delta": {}})
    assert rows["Delta"]["status"] == "unscored" and rows["Delta"]["box"] == ""
    assert rows["Alpha"]["y_line"] == pytest.approx((7.4 + 5.7 + 8.0) / 3)


def test_one_customer_is_always_on_the_line():
    row = placed({"Alpha": ATTRACTIVE["Alpha"]}, {"Alpha": STRENGTH["Alpha"]})["Alpha"]
    assert row["on_line"] and row["box"] == "maintenance"


def test_thirds_are_compared_exactly():
    rows = placed(
        {c: (6,) * 6 for c in "AB"},
        {"A": {"us": (5, 6, 5, 6, 6, 6), "X": (7, 6, 6, 6, 5, 7)}, "B": {"us": (1,), "X": (1,)}},
    )
    assert rows["A"]["x"] == -0.5 and rows["B"]["x"] == 0 and rows["B"]["on_line"]


scores = st.integers(2, 20).map(lambda n: n / 2)
maybe = st.one_of(st.none(), scores)


@st.composite
def cases(draw, score=scores, customers=st.integers(1, 5), factors=st.integers(1, 4)):
    names = [f"c{i}" for i in range(draw(customers))]
    width = draw(factors)
    row = st.tuples(*[score] * width)
    weights = draw(st.tuples(*[st.integers(1, 9)] * width))
    strength = {
        c: {"us": draw(row)} | {k: draw(row) for k in "XYZ"[: draw(st.integers(0, 3))]} for c in names
    }
    return {c: draw(row) for c in names}, strength, weights


@settings(deadline=None, max_examples=30)
@given(cases(), st.sampled_from([2, 3, 7, 10]))
def test_rescaling_all_weights_changes_no_box(case, factor):
    attractive, strength, weights = case
    before = placed(attractive, strength, weights)
    after = placed(attractive, strength, [w * factor for w in weights])
    assert {c: r["box"] for c, r in before.items()} == {c: r["box"] for c, r in after.items()}


@settings(deadline=None, max_examples=30)
@given(cases())
def test_the_line_is_the_plain_mean_and_boxes_follow_exact_fractions(case):
    attractive, strength, weights = case
    rows = placed(*case)
    total = sum(weights)
    y = {
        c: sum(Fraction(s) * w for s, w in zip(of, weights, strict=True)) / total
        for c, of in attractive.items()
    }
    line = sum(y.values()) / len(y)
    for c, row in rows.items():
        rivals = [sum(map(Fraction, s)) for k, s in strength[c].items() if k != "us"]
        if not rivals:
            assert row["box"] == ""
            continue
        right = sum(map(Fraction, strength[c]["us"])) > max(rivals)
        names = {(1, 1): "key", (1, 0): "key_development", (0, 1): "maintenance", (0, 0): "opportunistic"}
        assert row["box"] == names[y[c] > line, right]
        assert row["on_line"] == (y[c] == line or sum(map(Fraction, strength[c]["us"])) == max(rivals))


@settings(deadline=None, max_examples=30)
@given(cases(), st.data())
def test_an_unknown_never_removes_the_true_box(case, data):
    attractive, strength, weights = case
    must = data.draw(st.tuples(*[st.one_of(st.none(), st.integers(1, 10))] * len(weights)))
    true = placed(attractive, strength, weights, must=must)
    hide = lambda of: tuple(None if data.draw(st.booleans()) else s for s in of)  # noqa: E731
    hidden = placed(
        {c: hide(of) for c, of in attractive.items()},
        {c: {k: hide(s) for k, s in of.items()} for c, of in strength.items()},
        weights,
        must=must,
    )
    for c, row in hidden.items():
        if true[c]["status"] in ("placed", "undetermined") and true[c]["box"]:
            assert true[c]["box"] in row["possible"].split("|")


@settings(deadline=None, max_examples=25)
@given(cases(maybe, st.integers(1, 3), st.integers(1, 2)), st.data())
def test_possible_boxes_are_exactly_those_the_corners_reach(case, data):
    """Every combination of unknowns at 1 and at 10 is tried: nothing more and nothing less comes out."""
    attractive, strength, weights = case
    blanks = [(c, i) for c, of in attractive.items() for i, s in enumerate(of) if s is None]
    strength = {c: {"us": (7,) * len(weights), "X": (6,) * len(weights)} for c in attractive}
    reached = {c: set() for c in attractive}
    for corner in itertools.product((1, 10), repeat=len(blanks)):
        full = {c: list(of) for c, of in attractive.items()}
        for (c, i), value in zip(blanks, corner, strict=True):
            full[c][i] = value
        for c, row in placed(full, strength, weights).items():
            reached[c].add(row["box"])
    for c, row in placed(attractive, strength, weights).items():
        assert set(row["possible"].split("|")) == reached[c]
