"""What is told of certainty: how steady a weight is, what a place hangs on, what to find out first, who would agree."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kamlib import panels, sureness
from kamlib.models import certainty, kaism
from kamlib.models.certainty import flips, spreads, worth
from kamlib.workbook import settings as choices
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from tests.test_certainty import CSF, FACTORS, GRIDS, ROWS, SCORE, book, box_at, box_with, frame

EXAMPLES = ("tiny", "insurer", "bank")
QUICK = (Phase.explicit, Phase.generate)
GAPS = st.lists(st.lists(st.one_of(st.none(), SCORE), min_size=3, max_size=3), min_size=2, max_size=4)


def example(name: str, **more):
    _, text = stores.load(choices.shipped("data") / name, read_only=True)
    tables = typed(text)
    return tables, choices.of_workbook(tables, **more)


def boxes_at(tables, chosen, factor: str, share: float) -> pd.Series:
    return box_at(tables, chosen, "attractiveness", factor, share)


@settings(max_examples=8, deadline=None, phases=QUICK)
@given(GAPS)
def test_between_low_and_high_nobody_changes_box_and_beyond_somebody_does(scores):
    tables, chosen = book(scores, [5, 6, 7], [[4, 4, 4]])
    today = kaism.place(Book(tables, chosen)).set_index("customer")["box"]
    for row in certainty.stability(Book(tables, chosen)).to_dict("records"):
        low, high = row["low"] / 100, row["high"] / 100
        for share in (
            np.linspace(max(low, 0.001) + 1e-6, min(high, 0.999) - 1e-6, 9) if high - low > 1e-5 else []
        ):
            assert (boxes_at(tables, chosen, row["factor"], share) == today).all()
        if row["first_above"] and high < 1 - 1e-6:
            assert (boxes_at(tables, chosen, row["factor"], high + 1e-6) != today).any()
        if row["first_below"] and low > 1e-6:
            assert (boxes_at(tables, chosen, row["factor"], low - 1e-6) != today).any()
        assert (
            row["words"].endswith(".")
            and row["low"] <= row["share"] + 1e-9
            and row["share"] <= row["high"] + 1e-9
        )


@settings(max_examples=6, deadline=None, phases=QUICK)
@given(GAPS)
def test_with_unknown_scores_no_smaller_move_of_a_weight_changes_a_box_either(scores):
    tables, chosen = book(scores, [5, 6, 7], [[4, 4, 4]])
    today = kaism.place(Book(tables, chosen)).set_index("customer")["box"]
    found = flips.weights(Book(tables, chosen))
    found = found[found["axis"] == "attractiveness"].set_index(["customer", "factor"])
    for customer in today[today != ""].index:
        for n, factor in enumerate(FACTORS):
            share = (3, 2, 1)[n] / 6
            if (customer, factor) not in found.index:
                around = np.linspace(0.002, 0.998, 13)
                assert {boxes_at(tables, chosen, factor, s)[customer] for s in around} == {today[customer]}
                continue
            to = found.at[(customer, factor), "to_share"] / 100
            if 1e-5 < to < 1 - 1e-5:
                beyond = to + np.sign(to - share) * 1e-6
                assert boxes_at(tables, chosen, factor, beyond)[customer] != today[customer]
            if abs(to - share) > 1e-5:
                for part in np.linspace(0, 0.999, 5):
                    spot = share + part * (to - share)
                    assert boxes_at(tables, chosen, factor, spot)[customer] == today[customer]


@settings(max_examples=10, deadline=None, phases=QUICK)
@given(GRIDS, ROWS, st.lists(ROWS, min_size=1, max_size=2))
def test_a_swing_is_where_the_matrix_puts_the_customer(scores, ours, rivals):
    tables, chosen = book(scores, ours, rivals)
    today = kaism.place(Book(tables, chosen)).set_index("customer")
    found = certainty.swings(Book(tables, chosen), "c0")
    assert len(found) == 2 * len(FACTORS) + 2 * len(CSF)
    for row in found.to_dict("records"):
        up = row["axis"] == "attractiveness"
        now = today.at["c0", "y"] - today.at["c0", "y_line"] if up else today.at["c0", "x"]
        assert row["now"] == pytest.approx(now, abs=1e-8)
        if row["kind"] == "weight":
            weight = dict(zip((*FACTORS, *CSF), (3, 2, 1, 2, 1, 1), strict=True))
            own = FACTORS if up else CSF
            total = sum(weight[f] for f in own)
            for times, told in ((0.5, row["less"]), (2, row["more"])):
                share = weight[row["factor"]] * times / (total + weight[row["factor"]] * (times - 1))
                factors = tables["factors"].copy()
                hit = (factors["factor"] == row["factor"]) & (factors["model"] == row["axis"])
                factors.loc[hit, "weight"] = weight[row["factor"]] * times
                seen = (
                    kaism.place(Book(tables | {"factors": factors}, chosen)).set_index("customer").loc["c0"]
                )
                assert 0 < share < 1 and told == pytest.approx(
                    seen["y"] - seen["y_line"] if up else seen["x"], abs=1e-8
                )
        elif row["crosses"]:
            given_ = scores[0][FACTORS.index(row["factor"])] if up else ours[CSF.index(row["factor"])]
            ends = {
                box_with(
                    tables, chosen, "c0", row["axis"], row["factor"], float(np.clip(given_ + step, 1, 10))
                )
                for step in (-1, 1)
            }
            assert ends != {today.at["c0", "box"]}


def test_what_to_find_out_first_is_what_would_clear_up_most():
    """One unknown cell: eleven of the nineteen scores it can turn out to be lead to one box, eight to the other."""
    tables, chosen = book([[None, 6, 6], [5, 5, 5], [6, 6, 6]], [9, 9, 9], [[1, 1, 1]])
    boxes = []
    for level in worth.LEVELS:
        scores = tables["scores"].copy()
        hit = (scores["subject"] == "c0") & (scores["factor"] == "a") & (scores["model"] == "attractiveness")
        scores.loc[hit, "score"] = level
        boxes.append(
            kaism.place(Book(tables | {"scores": scores}, chosen)).set_index("customer").at["c0", "box"]
        )
    share = pd.Series(boxes).value_counts(normalize=True)
    found = certainty.find_first(Book(tables, chosen))
    assert list(found["factor"]) == ["a"]
    row = found.iloc[0]
    assert row["sure_now"] == pytest.approx(share.max()) and row["box"] == share.idxmax()
    assert row["sure_then"] == pytest.approx(1) and row["worth"] == pytest.approx(1 - share.max())


def test_the_order_of_the_find_out_list_and_its_words():
    for name in EXAMPLES:
        tables, chosen = example(name)
        found = certainty.find_first(Book(tables, chosen.model_copy(update={"segment": ""})))
        asked = kaism.unknowns(Book(tables, chosen.model_copy(update={"segment": ""})))
        assert len(found) == len(asked) and found["worth"].is_monotonic_decreasing
        assert found["worth"].between(0, 1).all() and found["words"].str.endswith(".").all()
        keys = ["customer", "model", "factor", "supplier"]
        assert set(map(tuple, found[keys].to_numpy())) == set(map(tuple, asked[keys].to_numpy()))


@pytest.mark.parametrize("known", ["around", "ranked", "any"])
@pytest.mark.parametrize("scores", [[[7, 3, 5], [4, 6, 5], [5, 5, 8]], [[7, None, 5], [4, 6, 5], [5, 5, 8]]])
def test_people_who_would_agree(known, scores):
    """The mean weights of those above and those below, against a large sample, and weighed by their shares the mean of all."""
    tables, chosen = book(scores, [5, 6, 7], [[4, 4, 4]], weights_known=known)
    found = certainty.opinions(Book(tables, chosen))
    spread = spreads.spread(chosen)
    weights = np.array([3.0, 2.0, 1.0])
    if known == "ranked":
        parts = np.random.default_rng(3).dirichlet(np.ones(3), 200_000)
        drawn = parts @ np.array([[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3])
    else:
        drawn = np.random.default_rng(3).dirichlet(spread.counts(weights), 200_000)
    grid = np.array(scores, dtype=float)
    up = spreads.heights(grid, drawn, np.ones(3, bool), False) > 1e-9
    for n in range(3):
        own = found[found["customer"] == f"c{n}"]
        for side, which in (("above", up[n]), ("below", ~up[n])):
            if which.mean() > 0.01:
                assert np.allclose(own[side], 100 * drawn[which].mean(axis=0), atol=2.5)
                assert own[side].sum() == pytest.approx(100)


def test_the_spread_of_a_dot_holds_its_place_and_grows_with_doubt():
    tables, chosen = example("insurer", segment="broker_networks")
    wide, narrow = (certainty.drawn(Book(tables, chosen.model_copy(update=more))) for more in
                    ({"weights_known": "any"}, {"sure": 200}))  # fmt: skip
    for points in (wide, narrow):
        stands = points["y"].notna() & (points["status"] != "ruled_out")
        above = (points["y"] - points["y_line"])[stands]
        assert (points["y_low"][stands] <= above + 0.15).all() and (
            points["y_high"][stands] >= above - 0.15
        ).all()
    assert ((wide["y_high"] - wide["y_low"]) >= (narrow["y_high"] - narrow["y_low"]) - 1e-9).all()


def test_a_page_says_what_the_command_line_says():
    """The chances, the verdict and the sentence of every customer are those of `kam show certainty`."""
    for name in EXAMPLES:
        tables, chosen = example(name)
        for segment in kaism.segments(Book(tables, chosen.model_copy(update={"segment": ""}))):
            about = chosen.model_copy(update={"segment": segment})
            told = sureness.verdicts(Book(tables, about))
            page = sureness.everybody(Book(tables, about))
            for row in certainty.certainty(Book(tables, about)).to_dict("records"):
                words = str(panels.fill("title", title=row["words"])).split("<h2>")[1].split("</h2>")[0]
                assert words in told and words in page
                for box in ("key", "key_development", "maintenance", "opportunistic"):
                    if row[f"p_{box}"] == row[f"p_{box}"]:
                        assert f"<td>{100 * row[f'p_{box}']:.1f}</td>" in told


def test_names_are_words_and_never_markup():
    tables, chosen = book([[9, 2, 5], [2, 8, 4]], [9, 3, 5], [[1, 4, 6]])
    nasty = "<img src=x onerror=alert(1)>"
    tables = tables | {"customers": tables["customers"].assign(name=nasty)}
    tables = tables | {"factors": tables["factors"].assign(label=nasty)}
    for made in (sureness.everybody(Book(tables, chosen)), sureness.card(Book(tables, chosen), "c0"), sureness.report(Book(tables, chosen)),
                 sureness.steady(Book(tables, chosen)), panels.sure(Book(tables, chosen), "c0")):  # fmt: skip
        assert "<img" not in made and "&lt;img" in made


def test_with_nobody_and_nothing_there_are_still_sentences():
    tables, chosen = example("insurer", segment="broker_networks")
    empty = {name: frame.iloc[:0] for name, frame in tables.items()} | {"segments": tables["segments"]}
    for made in (sureness.everybody, sureness.report, sureness.steady):
        assert "<" in made(Book(empty, chosen))
    assert sureness.tornado_title(Book(empty, chosen), "") and sureness.steady_title(Book(empty, chosen))
    assert (
        "Score some" in sureness.card(Book(empty, chosen), "alder")
        and sureness.verdicts(Book(empty, chosen)) == ""
    )


@pytest.mark.parametrize("count", [1, 30])
def test_one_factor_and_thirty(count):
    """With one factor nothing can be weighed otherwise; with thirty everything still adds up."""
    dice = np.random.default_rng(count)
    who, names = [f"c{n}" for n in range(6)], [f"f{n}" for n in range(count)]
    listed = [("attractiveness", "s", f, f.upper(), float(dice.integers(1, 9))) for f in names]
    listed += [("strength", c, f, f.upper(), float(dice.integers(1, 9))) for c in who for f in names]
    rows = [("attractiveness", c, f, "", float(dice.integers(2, 21)) / 2) for c in who for f in names]
    rows += [
        ("strength", c, f, k, float(dice.integers(2, 21)) / 2)
        for c in who
        for f in names
        for k in ("us", "k0", "k1")
    ]
    tables = typed({
        "segments": frame("segment name", [("s", "South")]), "customers": frame("customer name segment", [(c, c, "s") for c in who]),
        "suppliers": frame("supplier name", [(k, k) for k in ("us", "k0", "k1")]), "settings": frame("key value", []),
        "factors": frame("model scope factor label weight", listed), "scores": frame("model subject factor supplier score", rows),
    })  # fmt: skip
    chosen = choices.of_workbook(tables)
    for known in ("around", "ranked", "any"):
        about = chosen.model_copy(update={"weights_known": known})
        seen = certainty.certainty(Book(tables, about))
        boxes = seen.filter(regex="^p_").to_numpy()
        assert np.allclose(boxes.sum(axis=1), 1) and len(certainty.stability(Book(tables, about))) == count
        if count == 1:
            assert (
                (boxes.max(axis=1) == 1).all()
                and (seen["flip_weight"] == "").all()
                and (seen["verdict"] == "firm").all()
            )
        assert (
            sureness.report(Book(tables, about))
            and len(certainty.swings(Book(tables, about), "c0")) == 4 * count
        )


def test_five_thousand_customers():
    """Everything that is told of certainty, for one segment of 5,000, some of whose scores are unknown."""
    from benchmarks import books

    tables = typed(books.text(5000))
    chosen = choices.of_workbook(tables, segment="main")
    seen = certainty.certainty(Book(tables, chosen))
    boxes = seen.filter(regex="^p_").to_numpy()
    assert len(seen) == 5000 and (np.isnan(boxes) | (boxes >= 0) & (boxes <= 1)).all()
    assert np.allclose(np.nansum(boxes, axis=1)[~np.isnan(boxes).any(axis=1)], 1)
    assert sureness.headline(Book(tables, chosen)) and "more; the report has them all" in sureness.everybody(
        Book(tables, chosen)
    )


def test_scores_that_may_be_a_little_off_make_some_too_close_to_call():
    tables, chosen = example("bank", segment="universities")
    quiet = tables | {"ballots": tables["ballots"].iloc[:0]}
    assert sureness.close(Book(quiet, chosen)) == []
    told = sureness.close(Book(quiet, chosen.model_copy(update={"score_error": 3.0})))
    assert told and all(
        words in sureness.everybody(Book(quiet, chosen.model_copy(update={"score_error": 3.0})))
        for words in told
    )
