"""Certainty: exact chances against fractions and large samples, flips against brute force, words that hold."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from kamlib.models import certainty, kaism
from kamlib.models.certainty import draws, flips, spreads
from kamlib.workbook import schema as T
from kamlib.workbook import settings as choices
from kamlib.workbook.book import Book

FACTORS, CSF = ("a", "b", "c"), ("p", "q", "r")
SCORE = st.sampled_from([n / 2 for n in range(2, 21)])


def by_fractions(row: list[int]) -> Fraction:
    """P(row . w > 0) over the simplex for distinct whole numbers, by divided differences."""
    total = Fraction(0)
    for c in row:
        if c > 0:
            apart = math.prod(c - other for other in row if other != c)
            total += Fraction(c ** (len(row) - 1), apart)
    return total


@settings(max_examples=1000)
@given(st.lists(st.integers(-40, 40), min_size=1, max_size=9, unique=True))
def test_the_closed_form_is_exact(row):
    assert certainty.above(np.array([row]))[0] == pytest.approx(float(by_fractions(row)), abs=1e-9)


@given(st.lists(st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=8))
def test_rows_are_answered_together_as_alone(rows):
    together = certainty.above(np.array(rows))
    assert together.tolist() == [certainty.above(np.array([row]))[0] for row in rows]
    assert ((together >= 0) & (together <= 1)).all()


@pytest.mark.parametrize(("row", "chance"), [
    ([0, 0, 0], 0), ([1], 1), ([-1], 0), ([0], 0), ([1, 1, 1], 1), ([-1, -1], 0), ([0, 1], 1), ([0, -1], 0), ([1, -1], 0.5),
    ([0, 1, -1], 0.5), ([2, -1], 2 / 3), ([1, 1, -1], 0.75), ([1e-10, 0], 0),
])  # fmt: skip
def test_edges_and_ties(row, chance):
    assert certainty.above(np.array([row], dtype=float))[0] == pytest.approx(chance)


def sample(alpha: np.ndarray, n: int = 400_000) -> np.ndarray:
    return np.random.default_rng(3).dirichlet(alpha, n)


def test_weights_around_our_own_against_a_large_sample():
    dice = np.random.default_rng(5)
    rows, alpha = dice.normal(size=(12, 4)).round(2), np.array([7, 1, 3, 2])
    share = (rows @ sample(alpha).T > 0).mean(axis=1)
    assert np.abs(certainty.above(rows, alpha) - share).max() < 0.004
    each = dice.integers(1, 6, size=(12, 4))
    one_by_one = [certainty.above(row[None], a)[0] for row, a in zip(rows, each, strict=True)]
    assert certainty.above(rows, each) == pytest.approx(one_by_one)


def test_weights_of_which_only_the_order_is_known():
    rows, order = np.random.default_rng(6).normal(size=(12, 4)).round(2), np.array([4.0, 1.0, 3.0, 2.0])
    drawn = sample(np.ones(4))
    kept = drawn[(drawn[:, 0] >= drawn[:, 2]) & (drawn[:, 2] >= drawn[:, 3]) & (drawn[:, 3] >= drawn[:, 1])]
    share = (rows @ kept.T > 0).mean(axis=1)
    assert np.abs(certainty.above(certainty.ranked(rows, order)) - share).max() < 0.02
    level = certainty.ranked(rows, np.array([2.0, 2.0, 0.0, 2.0]))  # equal weights stay equal
    assert certainty.above(level).tolist() == (rows[:, [0, 1, 3]].mean(axis=1) > 0).astype(float).tolist()


def test_the_mean_weights_of_those_who_would_agree():
    rows, alpha = np.array([[3.0, -1.0, -2.0], [1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]]), np.array([2, 1, 1])
    drawn = sample(alpha)
    share = drawn[drawn @ rows[0] > 0].mean(axis=0)
    found = certainty.central(rows, alpha)
    assert np.abs(found[0] - share).max() < 0.005 and found.sum(axis=1)[:2] == pytest.approx([1, 1])
    assert found[1] == pytest.approx(alpha / 4) and np.isnan(found[2]).all()


# whole workbooks


def frame(columns: str, rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame([[T.as_text(c) for c in row] for row in rows], columns=columns.split(), dtype=object)


def book(scores: list[list[float | None]], ours: list, rivals: list[list], weights=(3, 2, 1), **more: str):
    """Customers c0, c1, ... with three attractiveness scores, and c0 with three success factors against rivals."""
    who = [f"c{n}" for n in range(len(scores))]
    suppliers = ["us", *(f"k{n}" for n in range(len(rivals)))]
    listed = [("attractiveness", "s", f, f.upper(), w) for f, w in zip(FACTORS, weights, strict=True)]
    listed += [("strength", c, f, f.upper(), w) for c in who for f, w in zip(CSF, (2, 1, 1), strict=True)]
    rows = [
        ("attractiveness", c, f, "", v)
        for c, row in zip(who, scores, strict=True)
        for f, v in zip(FACTORS, row, strict=True)
    ]
    rows += [("strength", c, f, k, v) for c in who for k, row in zip(suppliers, [ours, *rivals], strict=True)
             for f, v in zip(CSF, row, strict=True)]  # fmt: skip
    tables = T.typed({
        "segments": frame("segment name", [("s", "South")]), "customers": frame("customer name segment", [(c, c.title(), "s") for c in who]),
        "suppliers": frame("supplier name", [(k, k) for k in suppliers]), "factors": frame("model scope factor label weight", listed),
        "scores": frame("model subject factor supplier score", rows), "settings": frame("key value", list(more.items())),
    })  # fmt: skip
    return tables, choices.of_workbook(tables)


QUICK = (Phase.explicit, Phase.generate)  # a failing example takes minutes to shrink
GRIDS = st.lists(st.lists(SCORE, min_size=3, max_size=3), min_size=2, max_size=3)
ROWS = st.lists(SCORE, min_size=3, max_size=3)


@settings(max_examples=30)
@given(GRIDS, ROWS, st.lists(ROWS, min_size=1, max_size=3), st.sampled_from(["around", "ranked", "any"]))
def test_the_chances_of_the_boxes_are_shares_of_the_weights(scores, ours, rivals, known):
    tables, chosen = book(scores, ours, rivals, weights_known=known)
    seen = certainty.certainty(Book(tables, chosen))
    boxes = seen[["p_key", "p_key_development", "p_maintenance", "p_opportunistic"]]
    assert np.allclose(boxes.sum(axis=1), 1)
    grid = np.array(scores, dtype=float)
    if known != "ranked":
        alpha = np.maximum(np.rint(30 * np.array([3, 2, 1]) / 6), 1) if known == "around" else np.ones(3)
        share = ((grid - grid.mean(axis=0)) @ sample(alpha, 60_000).T > 1e-9).mean(axis=1)
        assert np.abs((seen["p_key"] + seen["p_key_development"]).to_numpy() - share).max() < 0.03
    assert (seen["error"] == np.where(seen["exact"], 0.0, draws.ERROR)).all()
    assert seen["exact"].all() == closed(np.array(ours, float) - np.array(rivals, float))


def closed(margins: np.ndarray) -> bool:
    """Is the strength axis one question only: behind somebody on everything, or one competitor nearer than all others?"""
    nearest = margins.min(axis=0)
    return bool((margins <= 0).all(axis=1).any() or (margins == nearest).all(axis=1).any())


def test_what_is_drawn_is_as_near_as_it_says():
    """95 of 100 shares within ERROR of the closed form; several competitors within it of a large sample."""
    dice, apart = np.random.default_rng(4), []
    for _ in range(60):
        alpha = np.maximum(np.rint(dice.choice([6, 30, 60]) * dice.dirichlet(np.full(6, 4.0))), 1).astype(int)
        rows = dice.integers(-18, 19, (20, 6)) / 2
        share = (rows @ draws.weights(tuple(alpha.tolist())).T > 1e-9).mean(axis=1)
        apart += list(np.abs(share - certainty.above(rows, alpha)))
    assert np.mean(np.array(apart) <= draws.ERROR) >= 0.95 and max(apart) < 4 * draws.ERROR
    margins, weights = dice.integers(-8, 13, (40, 3, 5)) / 2, dice.integers(1, 9, (40, 5)).astype(float)
    for known in ("any", "around", "ranked"):
        asked = spreads.Spread(known, 30)
        p, sure = spreads.leads(margins, np.ones((40, 3), bool), weights, asked)
        for n in range(40):
            if known == "ranked":  # order the parts of a stick as the weights are
                parts = -np.sort(-dice.dirichlet(np.ones(5), 40_000), axis=1)
                levels = np.unique(-weights[n], return_inverse=True)[1]
                if len(set(levels)) < 5:
                    continue
                sampled = parts[:, levels]
            else:
                sampled = dice.dirichlet(asked.counts(weights[n]), 40_000)
            share = ((sampled @ margins[n].T) > 1e-9).all(axis=1).mean()
            assert abs(p[n] - share) < (0.012 if sure[n] else 0.012 + 2.5 * draws.ERROR)


def test_a_weight_of_which_nothing_is_left_makes_no_stick():
    assert np.allclose(draws.weights((0, 3, 0)), [0, 1, 0]) and draws.weights((0, 0)).sum() == 0
    many = draws.weights((1, 2, 3))
    assert (
        many.shape == (draws.COUNT, 3)
        and np.allclose(many.sum(axis=1), 1)
        and np.allclose(many.mean(axis=0), [1 / 6, 1 / 3, 1 / 2], atol=0.01)
    )


def test_unknown_scores_are_drawn_over_and_never_firm():
    tables, chosen = book([[9, None, 9], [2, 2, 2], [3, 2, 4]], [9, 9, 9], [[1, 1, 1]])
    seen = certainty.certainty(Book(tables, chosen)).set_index("customer")
    assert (
        not seen["exact"].any()
        and seen.at["c0", "p_key"] > 0.99
        and seen.at["c1", "verdict"] in ("firm", "likely", "open")
    )
    place = kaism.place(Book(tables, chosen)).set_index("customer")
    for customer, row in seen.iterrows():
        assert not (row["verdict"] == "firm" and place.at[customer, "status"] == "undetermined")


def box_at(tables, chosen, axis: str, factor: str, share: float) -> pd.Series:
    """The boxes when one factor counts this share and the others keep their proportions."""
    model = axis
    factors = tables["factors"].copy()
    rows = factors["model"] == model
    for scope in factors.loc[rows, "scope"].unique():
        own = rows & (factors["scope"] == scope)
        weight = factors.loc[own].set_index("factor")["weight"]
        rest = weight.drop(factor)
        new = (rest / rest.sum() * (1 - share)).to_dict() | {factor: share}
        factors.loc[own, "weight"] = factors.loc[own, "factor"].map(new)
    return kaism.place(Book(tables | {"factors": factors}, chosen)).set_index("customer")["box"]


@settings(max_examples=4, deadline=None, phases=QUICK)
@example([[1.0] * 3] * 2, [1.0, 1.0, 1.5], [[1.0] * 3])  # level with them when a factor does not count
@given(GRIDS, ROWS, st.lists(ROWS, min_size=1, max_size=2))
def test_no_smaller_move_of_a_weight_changes_a_box(scores, ours, rivals):
    tables, chosen = book(scores, ours, rivals)
    today = kaism.place(Book(tables, chosen)).set_index("customer")["box"]
    found = flips.weights(Book(tables, chosen))
    for (axis, factor), rows in found.groupby(["axis", "factor"]):
        share = rows["share"].iloc[0] / 100
        for row in rows.itertuples():
            to, way = row.to_share / 100, np.sign(row.to_share - row.share)
            assert (
                box_at(tables, chosen, axis, factor, min(max(to + way * 1e-6, 0), 1))[row.customer]
                != today[row.customer]
            )
            if abs(to - share) < 1e-8:
                continue  # it stands on the line
            for part in np.linspace(0, 0.999, 7):
                assert (
                    box_at(tables, chosen, axis, factor, share + part * (to - share))[row.customer]
                    == today[row.customer]
                )
    missing = {
        (c, a, f)
        for c in today.index
        for a, fs in (("attractiveness", FACTORS), ("strength", CSF))
        for f in fs
    }
    for customer, axis, factor in missing - set(
        found[["customer", "axis", "factor"]].itertuples(index=False, name=None)
    ):
        boxes = {box_at(tables, chosen, axis, factor, share)[customer] for share in np.linspace(0, 1, 9)}
        assert boxes == {today[customer]}


def box_with(tables, chosen, customer: str, axis: str, factor: str, score: float) -> str:
    scores = tables["scores"].copy()
    supplier = "us" if axis == "strength" else ""
    hit = (
        (scores["model"] == axis)
        & (scores["subject"] == customer)
        & (scores["factor"] == factor)
        & (scores["supplier"] == supplier)
    )
    scores.loc[hit, "score"] = score
    return kaism.place(Book(tables | {"scores": scores}, chosen)).set_index("customer").at[customer, "box"]


@settings(max_examples=2, deadline=None, phases=QUICK)
@given(GRIDS, ROWS, st.lists(ROWS, min_size=1, max_size=2))
def test_no_smaller_change_of_a_score_changes_a_box(scores, ours, rivals):
    tables, chosen = book(scores, ours, rivals)
    today = kaism.place(Book(tables, chosen)).set_index("customer")["box"]
    found = flips.scores(Book(tables, chosen)).set_index(["customer", "axis", "factor"])
    for customer in today.index:
        for axis, factors in (("attractiveness", FACTORS), ("strength", CSF)):
            for factor in factors:
                steps = {
                    s: box_with(tables, chosen, customer, axis, factor, s) for s in np.arange(1, 10.5, 0.5)
                }
                now = (
                    scores[int(customer[1:])][FACTORS.index(factor)]
                    if axis == "attractiveness"
                    else ours[CSF.index(factor)]
                )
                others = [s for s, box in steps.items() if box != today[customer]]
                if (customer, axis, factor) in found.index:
                    to = found.at[(customer, axis, factor), "to_score"]
                    assert steps[to] != today[customer] and abs(to - now) == min(abs(s - now) for s in others)
                else:
                    assert not others


def test_words_that_hold():
    tables, chosen = book([[9, 9, 9], [2, 2, 2], [2, 2, 2]], [9, 9, 9], [[1, 1, 1]])
    seen = certainty.certainty(Book(tables, chosen)).set_index("customer")
    assert (
        seen.at["c0", "words"].startswith("C0 is suggested as a key account whatever the weights")
        and seen.at["c0", "verdict"] == "firm"
    )
    assert seen["exact"].all() and seen.at["c1", "p_maintenance"] == 1


@pytest.mark.parametrize(
    "scores", [[[5, 5, 5]], [[5, 5, 5]] * 3, [[None] * 3] * 2, [[None, None, 4], [3, None, None]]]
)
def test_degenerate_workbooks_have_an_answer(scores):
    for rivals in ([], [[5, 5, 5]], [[None] * 3]):
        tables, chosen = book(scores, [5, 5, 5], rivals)
        seen = certainty.certainty(Book(tables, chosen))
        assert len(seen) == len(scores) and seen["words"].str.endswith(".").all()
        shares = seen.filter(regex="^p_").to_numpy()
        assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()


def test_weights_of_nothing_and_many_factors():
    tables, chosen = book([[5, 6, 7], [1, 2, 3]], [5, 5, 5], [[4, 4, 4]], weights=(0, 0, 0))
    assert certainty.certainty(Book(tables, chosen))["verdict"].isin(["open", "likely", "firm"]).all()
    dice = np.random.default_rng(1)
    wide = certainty.above(dice.normal(size=(5000, 30)))
    assert wide.shape == (5000,) and 0.4 < wide.mean() < 0.6
