"""Certainty: exact chances against fractions and samples, thresholds against brute force on the rule itself."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kamlib.models import certainty, kaism, verdict
from kamlib.models.certainty import acceptability, information, weights
from kamlib.workbook.book import Book
from tests.worked import rows, workbook

FACTORS, CSF = tuple("abc"), tuple("pqr")
WEIGHTS, STRENGTH_WEIGHTS = np.array([3.0, 2.0, 1.0]), np.array([2.0, 1.0, 1.0])
LEVELS = np.arange(1, 10.5, 0.5)
SCORE = st.sampled_from(LEVELS.tolist())
ROW = st.lists(SCORE, min_size=3, max_size=3)
KNOWN = st.lists(ROW, min_size=2, max_size=4)
GAPS = st.lists(st.lists(st.one_of(st.none(), SCORE), min_size=3, max_size=3), min_size=2, max_size=4)
RIVALS = st.lists(ROW, min_size=1, max_size=3)


def by_fractions(row: list[int]) -> Fraction:
    """P(row . w > 0) over the simplex for distinct whole numbers, by divided differences."""
    return sum(
        Fraction(c ** (len(row) - 1), math.prod(c - other for other in row if other != c))
        for c in row
        if c > 0
    )


@settings(max_examples=100)
@given(st.lists(st.integers(-40, 40), min_size=1, max_size=9, unique=True))
def test_the_closed_form_is_exact(row):
    assert certainty.above(np.array([row]))[0] == pytest.approx(float(by_fractions(row)), abs=1e-9)


EDGES = {
    0.0: [[0, 0, 0], [-1], [0], [-1, -1], [0, -1], [1e-10, 0]],
    0.5: [[1, -1], [0, 1, -1]],
    2 / 3: [[2, -1]],
    0.75: [[1, 1, -1]],
    1.0: [[1], [1, 1, 1], [0, 1]],
}


@pytest.mark.parametrize(("chance", "row"), [(p, row) for p, table in EDGES.items() for row in table])
def test_on_the_line_is_not_above_it(chance, row):
    assert certainty.above(np.array([row], dtype=float))[0] == pytest.approx(chance)


def test_each_row_may_have_weights_of_its_own_and_equal_weights_stay_equal():
    dice = np.random.default_rng(5)
    table, alpha = dice.normal(size=(12, 4)).round(2), dice.integers(1, 6, size=(12, 4))
    alone = [certainty.above(row[None], own)[0] for row, own in zip(table, alpha, strict=True)]
    assert certainty.above(table, alpha) == pytest.approx(alone)
    level = certainty.ranked(table, np.array([2.0, 2.0, 0.0, 2.0]))
    assert certainty.above(level).tolist() == (table[:, [0, 1, 3]].mean(axis=1) > 0).tolist()


def test_what_is_drawn_is_as_near_as_it_says():
    """95 of 100 shares within ERROR of the closed form; several competitors near a large sample."""
    dice, apart = np.random.default_rng(4), []
    for sure in (6, 30, 60) * 7:
        own = dice.dirichlet(np.full(6, 4.0))
        table = dice.integers(-18, 19, (40, 6)) / 2
        known = weights.Spread("around", sure)
        share = (table @ known.drawn(own).T > 1e-9).mean(axis=1)
        apart += list(np.abs(share - known.above(table, own)))
    assert np.mean(np.array(apart) <= weights.ERROR) >= 0.95
    assert max(apart) < 4 * weights.ERROR
    margins, own = dice.integers(-8, 13, (20, 3, 5)) / 2, np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    parts = {
        "any": dice.dirichlet(np.ones(5), 40_000),
        "around": dice.dirichlet([10, 8, 6, 4, 2], 40_000),
        "ranked": -np.sort(-dice.dirichlet(np.ones(5), 40_000), axis=1),
    }
    for known, sample in parts.items():
        asked = weights.Spread(known, 30)
        share, exact = acceptability.lead_chances(margins, np.tile(own, (20, 1)), asked)
        true = ((margins @ sample.T) > 1e-9).all(axis=1).mean(axis=1)
        assert (np.abs(share - true) <= np.where(exact, 0.012, 0.012 + 2.5 * weights.ERROR)).all()
        assert 0 < exact.sum() < 20


def test_a_factor_without_weight_is_given_none():
    assert np.allclose(weights.Spread("any", 0).drawn(np.array([0.0, 3.0, 0.0])), [0, 1, 0])
    drawn = weights.Spread("around", 6).drawn(np.array([1.0, 2.0, 3.0]))
    assert drawn.shape == (weights.COUNT, 3)
    assert np.allclose(drawn.sum(axis=1), 1)
    assert np.allclose(drawn.mean(axis=0), [1 / 6, 1 / 3, 1 / 2], atol=0.01)


# whole workbooks, beside the rule of the matrix in a few lines


def book(scores, ours=(5, 6, 7), rivals=((4, 4, 4),), weight=WEIGHTS, **more):
    """Customers c0, c1, ... with three attractiveness scores, each with the same three success factors."""
    who, suppliers = [f"c{n}" for n in range(len(scores))], ["us", *(f"k{n}" for n in range(len(rivals)))]
    listed = [("attractiveness", "s", f, f.upper(), w) for f, w in zip(FACTORS, weight, strict=True)]
    listed += [
        ("strength", c, f, f.upper(), w) for c in who for f, w in zip(CSF, STRENGTH_WEIGHTS, strict=True)
    ]
    cells = [
        ("attractiveness", c, f, "", score)
        for c, row in zip(who, scores, strict=True)
        for f, score in zip(FACTORS, row, strict=True)
    ]
    cells += [
        ("strength", c, f, supplier, score)
        for c in who
        for supplier, row in zip(suppliers, [ours, *rivals], strict=True)
        for f, score in zip(CSF, row, strict=True)
    ]
    return workbook(
        segments=rows("segment name", ("s", "South")),
        customers=rows("customer name segment", *((c, c.title(), "s") for c in who)),
        suppliers=rows("supplier name", *((k, k) for k in suppliers)),
        factors=rows("model scope factor label weight", *listed),
        scores=rows("model subject factor supplier score", *cells),
        settings=rows("key value", *more.items()),
    )


def heights(scores, weight) -> np.ndarray:
    """How far each customer stands above the mean: unknown scores are left out of its own mean."""
    grid = np.array(scores, dtype=float)
    known = ~np.isnan(grid) * weight
    with np.errstate(invalid="ignore"):
        y = (np.nan_to_num(grid) * known).sum(axis=1) / known.sum(axis=1)
    return y - (np.nanmean(y) if not np.isnan(y).all() else 0)


def lead(ours, rivals, weight) -> float:
    """How far we are ahead of the best competitor."""
    return float(((np.array(ours) - np.array(rivals)) @ weight).min() / weight.sum())


def counting(weight: np.ndarray, place: int, share: float) -> np.ndarray:
    """The weights when one factor counts this share and the others keep their proportions."""
    others = np.where(np.arange(len(weight)) == place, 0, weight)
    return np.where(np.arange(len(weight)) == place, share, others / others.sum() * (1 - share))


def place_of(factor: str) -> tuple[bool, int]:
    return factor in FACTORS, (FACTORS if factor in FACTORS else CSF).index(factor)


@settings(max_examples=15)
@given(KNOWN, ROW, RIVALS, st.sampled_from(["around", "ranked", "any"]))
def test_the_chances_of_the_boxes_are_shares_of_the_weights(scores, ours, rivals, known):
    seen = verdict.certainty_table(Book(*book(scores, ours, rivals, weights_known=known)))
    assert np.allclose(
        seen[["p_key", "p_key_development", "p_maintenance", "p_opportunistic"]].sum(axis=1), 1
    )
    sample = np.random.default_rng(3).dirichlet([15, 10, 5] if known == "around" else [1] * 3, 20_000)
    if known == "ranked":
        sample = -np.sort(-sample, axis=1)
    grid, margins = np.array(scores), np.array(ours) - np.array(rivals)
    share = ((grid - grid.mean(axis=0)) @ sample.T > 1e-9).mean(axis=1)
    assert np.abs(seen["p_key"] + seen["p_key_development"] - share).max() < 0.02
    nearest = (margins == margins.min(axis=0)).all(axis=1).any()  # or behind somebody on everything
    assert seen["exact"].all() == (nearest | (margins <= 0).all(axis=1).any())
    assert (seen["error"] == np.where(seen["exact"], 0, weights.ERROR)).all()


@settings(max_examples=30)
@example([[1.0] * 3] * 2, [1.0, 1.0, 1.5], [[1.0] * 3])  # level with them when a factor does not count
@example([[1.0, 1.0, None], [1.0, 1.0, 10.0]], [5.0] * 3, [[4.0] * 3])  # jumps where one alone counts
@given(GAPS, ROW, RIVALS)
def test_no_smaller_move_of_a_weight_changes_a_box(scores, ours, rivals):
    """Up to the share that is told, and between low and high, everybody stays; beyond, who is told moves."""
    tables, chosen = book(scores, ours, rivals)
    flips = certainty.weight_flips(Book(tables, chosen))
    moves = {(r.customer, r.factor): r.to_share / 100 for r in flips.itertuples()}
    steady = certainty.stability(Book(tables, chosen)).set_index("factor")

    def above(factor: str, share: float) -> np.ndarray:
        """Which customers stand above the line of the factor's axis; the standing of those that have one."""
        up, place = place_of(factor)
        weight = counting(WEIGHTS if up else STRENGTH_WEIGHTS, place, share)
        side = heights(scores, weight) if up else np.full(len(scores), lead(ours, rivals, weight))
        return np.where(np.isnan(side), np.nan, side > 1e-9)

    for factor in (*FACTORS, *CSF):
        up, place = place_of(factor)
        now = (WEIGHTS / 6 if up else STRENGTH_WEIGHTS / 4)[place]
        today = above(factor, now)
        for n in np.flatnonzero(~np.isnan(today)):
            to = moves.get((f"c{n}", factor), np.nan)
            spots = (
                np.linspace(0.002, 0.998, 50) if np.isnan(to) else now + (to - now) * np.linspace(0, 0.999, 9)
            )
            if not abs(to - now) < 1e-8:  # it stands on the line
                assert {above(factor, share)[n] for share in spots} == {today[n]}
            beyond = to + np.sign(to - now) * 1e-6
            if 0 < beyond < 1:
                assert above(factor, beyond)[n] != today[n]
        assert not {customer for customer, name in moves if name == factor} - {
            f"c{n}" for n in np.flatnonzero(~np.isnan(today))
        }
        if up:
            low, high = steady.loc[factor, ["low", "high"]] / 100
            assert low <= now + 1e-9
            assert now <= high + 1e-9
            own = [to for (_, name), to in moves.items() if name == factor]
            assert (
                min([abs(now - low), abs(high - now)]) <= min((abs(to - now) for to in own), default=1) + 1e-9
            )
            for share in np.linspace(low + 1e-6, high - 1e-6, 9) if high - low > 1e-5 else []:
                assert np.array_equal(above(factor, share), today, equal_nan=True)


@settings(max_examples=25)
@given(KNOWN, ROW, RIVALS)
def test_no_smaller_change_of_a_score_changes_a_box(scores, ours, rivals):
    flips = certainty.score_flips(Book(*book(scores, ours, rivals))).set_index(["customer", "factor"])[
        "to_score"
    ]
    for n in range(len(scores)):
        for factor in (*FACTORS, *CSF):
            up, place = place_of(factor)
            given_ = scores[n] if up else ours

            def above(level, n=n, up=up, place=place, given_=given_):
                cells = [*given_[:place], level, *given_[place + 1 :]]
                if up:
                    return heights([*scores[:n], cells, *scores[n + 1 :]], WEIGHTS)[n] > 1e-9
                return lead(cells, rivals, STRENGTH_WEIGHTS) > 1e-9

            others = [level for level in LEVELS if above(level) != above(given_[place])]
            to = flips.get((f"c{n}", factor))
            assert (to is None) == (not others)
            if others:
                assert to in others
                assert abs(to - given_[place]) == min(abs(level - given_[place]) for level in others)


@settings(max_examples=15)
@given(GAPS, ROW, RIVALS)
def test_a_swing_is_where_the_rule_puts_the_customer(scores, ours, rivals):
    found = certainty.swings(Book(*book(scores, ours, rivals)), "c0")
    for row in found.to_dict("records"):
        up, place = place_of(row["factor"])
        sides = []
        for times, step in ((0.5, -1), (2, 1)):
            weight, cells = (WEIGHTS if up else STRENGTH_WEIGHTS).copy(), [*(scores[0] if up else ours)]
            if row["kind"] == "weight":
                weight[place] *= times
            else:
                cells[place] = min(max(cells[place] + step, 1), 10)
            sides.append(heights([cells, *scores[1:]], weight)[0] if up else lead(cells, rivals, weight))
        assert [row["less"], row["more"]] == pytest.approx(sides, abs=1e-8)
        now = heights(scores, WEIGHTS)[0] if up else lead(ours, rivals, STRENGTH_WEIGHTS)
        assert row["crosses"] == (len({side > 1e-9 for side in (round(now, 9), *sides)}) > 1)
    known = 3 + sum(score is not None for score in scores[0]) if any(scores[0]) else 0
    assert len(found) == known + 6


def test_who_may_still_move_is_never_firm():
    """Above the line for all weights as far as it is known, but not if the unknown score is a 1."""
    tables, chosen = book([[6, None, 6], [5, 5, 5], [5, 5, 5]], [9, 9, 9], [[1, 1, 1]])
    seen = verdict.certainty_table(Book(tables, chosen))
    assert not seen["exact"].any()
    assert seen.at[0, "p_key"] == 1
    assert kaism.place(Book(tables, chosen)).at[0, "status"] == "undetermined"
    assert seen.at[0, "verdict"] == "likely"
    assert "depending on what is still unknown" in seen.at[0, "words"]


def test_whatever_the_weights_is_said_of_who_is_best_in_everything():
    seen = verdict.certainty_table(Book(*book([[9, 9, 9], [2, 2, 2], [2, 2, 2]], [9, 9, 9], [[1, 1, 1]])))
    assert seen.at[0, "words"].startswith("C0 is suggested as a key account whatever the weights")
    assert seen["exact"].all()
    assert seen["verdict"].tolist() == ["firm"] * 3
    assert seen.at[1, "p_maintenance"] == 1


NOBODY = [[None] * 3] * 2
ODD = [[[5, 5, 5]], [[5, 5, 5]] * 3, NOBODY, [[None, None, 4], [3, None, None]]]


@pytest.mark.parametrize("scores", ODD)
@pytest.mark.parametrize("rivals", [[], [[5, 5, 5]], [[None] * 3]])
@pytest.mark.parametrize("weight", [WEIGHTS, (0, 0, 0)])
def test_odd_workbooks_have_an_answer(scores, rivals, weight):
    tables, chosen = book(scores, [5, 5, 5], rivals, weight)
    seen = verdict.certainty_table(Book(tables, chosen))
    assert len(seen) == len(scores)
    assert seen["words"].str.endswith(".").all()
    shares = seen.filter(regex="^p_").to_numpy()
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
    assert len(certainty.stability(Book(tables, chosen))) == 3
    assert set(certainty.opinions(Book(tables, chosen))["customer"]) == set(
        seen["customer"][~kaism.place(Book(tables, chosen))["y"].isna()]
    )
    assert len(verdict.spread(Book(tables, chosen))) == len(scores)


def test_what_to_find_out_first_is_what_would_clear_up_most():
    """One unknown cell: ten of the nineteen scores it can be lead to one box, nine to the other."""
    scores = [[None, 6, 6], [5, 5, 5], [6, 6, 6]]
    above = [heights([[level, 6, 6], *scores[1:]], WEIGHTS)[0] > 1e-9 for level in information.LEVELS]
    found = certainty.find_first(Book(*book(scores, [9, 9, 9], [[1, 1, 1]])))
    assert list(found["factor"]) == ["a"]
    row, share = found.iloc[0], max(np.mean(above), 1 - np.mean(above))
    assert share == pytest.approx(10 / 19)
    assert row["box"] == ("key" if np.mean(above) > 0.5 else "maintenance")
    assert row["sure_now"] == pytest.approx(share)
    assert row["sure_then"] == pytest.approx(1)
    assert row["worth"] == pytest.approx(1 - share)


@pytest.mark.parametrize("known", ["around", "ranked", "any"])
@pytest.mark.parametrize("gap", [3, None])
def test_people_who_would_agree(known, gap):
    """The mean weights of those above and of those below, against a large sample."""
    scores = [[7, gap, 5], [4, 6, 5], [5, 5, 8]]
    found = certainty.opinions(Book(*book(scores, weights_known=known)))
    sample = np.random.default_rng(3).dirichlet([15, 10, 5] if known == "around" else [1] * 3, 100_000)
    if known == "ranked":
        sample = -np.sort(-sample, axis=1)
    grid = np.array(scores, dtype=float)
    y = np.nan_to_num(grid) @ sample.T / (~np.isnan(grid) @ sample.T)
    for n, up in enumerate(y - y.mean(axis=0) > 1e-9):
        own = found[found["customer"] == f"c{n}"]
        for side, which in (("above", up), ("below", ~up)):
            if which.mean() > 0.01:
                assert np.allclose(own[side], 100 * sample[which].mean(axis=0), atol=2.5)
                assert own[side].sum() == pytest.approx(100)


@pytest.mark.parametrize("known", ["around", "ranked", "any"])
@pytest.mark.parametrize("count", [1, 30])
def test_one_factor_and_thirty(known, count):
    """With one factor nothing can be weighed otherwise; with thirty everything still adds up."""
    dice, names, who = np.random.default_rng(count), [f"f{n}" for n in range(count)], ["c0", "c1", "c2"]
    cells = [("attractiveness", c, f, "") for c in who for f in names]
    cells += [("strength", c, f, k) for c in who for f in names for k in ("us", "k0", "k1")]
    listed = [("attractiveness", "s", f) for f in names] + [("strength", c, f) for c in who for f in names]
    tables, chosen = workbook(
        segments=rows("segment name", ("s", "South")),
        customers=rows("customer segment", *((c, "s") for c in who)),
        suppliers=rows("supplier", ("us",), ("k0",), ("k1",)),
        factors=rows("model scope factor weight", *((*f, dice.integers(1, 9)) for f in listed)),
        scores=rows("model subject factor supplier score", *((*c, dice.integers(2, 21) / 2) for c in cells)),
        settings=rows("key value", ("weights_known", known)),
    )
    seen = verdict.certainty_table(Book(tables, chosen))
    boxes = seen.filter(regex="^p_").to_numpy()
    assert np.allclose(boxes.sum(axis=1), 1)
    assert len(certainty.stability(Book(tables, chosen))) == count
    assert len(certainty.swings(Book(tables, chosen), "c0")) == 4 * count
    if count == 1:
        assert (boxes.max(axis=1) == 1).all()
        assert (seen["flip_weight"] == "").all()


def test_five_thousand_customers():
    """The chances of one segment of 5,000, some of whose scores are unknown, are chances."""
    dice = np.random.default_rng(1)
    scores = np.where(dice.random((5000, 3)) < 0.02, None, dice.integers(2, 21, (5000, 3)) / 2).tolist()
    tables, chosen = book(scores)
    boxes = verdict.certainty_table(Book(tables, chosen)).filter(regex="^p_").to_numpy()
    assert len(boxes) == 5000
    assert np.allclose(boxes[~np.isnan(boxes).any(axis=1)].sum(axis=1), 1)
    assert pd.Series(boxes.ravel()).dropna().between(0, 1).all()
