"""Groups found in the data: there when they are there, and plainly denied when they are not."""

from __future__ import annotations

import functools
import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.charts import groups as pictures
from kamlib.charts.paper import png, svg
from kamlib.errors import InvalidInput
from kamlib.models import grouping as discovery
from kamlib.models.grouping import clusters, preparation, support, variables


def listed(**columns) -> pd.DataFrame:
    """A customers table with these columns, as texts."""
    n = len(next(iter(columns.values())))
    ids = {"customer": [f"c{i:03d}" for i in range(n)], "name": [f"Customer {i}" for i in range(n)]}
    return pd.DataFrame(ids | {c: [str(v) for v in values] for c, values in columns.items()}, dtype=object)


def two(n: int = 60, apart: float = 6.0, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Two groups, a third and two thirds, `apart` spreads apart in one of three columns, told by Type too."""
    rng = np.random.default_rng(seed)
    true = (np.arange(n) % 3 == 0).astype(int)
    x = rng.standard_normal((n, 3))
    x[:, 0] += apart * true
    kind = np.where(rng.random(n) < 0.9, true, 1 - true)
    table = listed(
        Orders=50 + 5 * x[:, 0], Visits=20 + x[:, 1], Calls=30 + x[:, 2], Type=np.where(kind, "shop", "café")
    )
    return table, true


@functools.cache
def found() -> discovery.Discovery:
    return discovery.find(two()[0], ["Orders", "Visits", "Calls", "Type"])


@functools.cache
def noise() -> discovery.Discovery:
    rng = np.random.default_rng(3)
    x = rng.multivariate_normal([0, 0, 0], [[1, 0.8, 0.3], [0.8, 1, 0.3], [0.3, 0.3, 1]], 80)
    return discovery.find(listed(a=x[:, 0], b=x[:, 1], c=x[:, 2]), ["a", "b", "c"])


def test_two_groups_are_found_and_are_the_true_ones():
    result, true = found(), two()[1]
    assert (result.supported, result.best, result.shown) == (True, 2, 2)
    assert list(result.groups["group"]) == ["B" if t else "A" for t in true]
    assert result.verdict.startswith("The data support 2 groups: cut again 20 times, ")
    assert list(result.words["customers"]) == [40, 20]
    assert list(result.words["share_pct"]) == [66.7, 33.3]


def test_noise_is_called_no_groups_and_something_is_shown_all_the_same():
    result = noise()
    assert (result.supported, result.best) == (False, 0)
    assert result.verdict.startswith("No groups supported: ")
    assert result.verdict.endswith("Groups formed anyway would be your choice, not the data's.")
    assert 2 <= result.shown <= 8 and result.groups["group"].nunique() == result.shown


def test_a_number_that_is_asked_for_is_cut_and_the_verdict_stays_honest():
    customers = two()[0]
    result = discovery.find(customers, ["Orders", "Visits", "Calls", "Type"], groups=4)
    assert (result.shown, result.best, result.supported) == (4, 2, True)
    assert sorted(result.groups["group"].unique()) == ["A", "B", "C", "D"]
    assert "The 4 shown are your choice, not the data's." in result.verdict
    sizes = result.words["customers"].tolist()
    assert sizes == sorted(sizes, reverse=True)


def test_profiles_are_in_the_units_of_the_table():
    customers = two()[0]
    row = found().profile.set_index(["group", "column"])
    orders = customers["Orders"].astype(float)
    inside = orders[(found().groups["group"] == "B").to_numpy()]
    assert row.loc[("B", "Orders"), "value"] == pytest.approx(inside.median())
    assert row.loc[("B", "Orders"), "overall"] == pytest.approx(orders.median())
    assert row.loc[("B", "Orders"), "ratio"] == pytest.approx(inside.median() / orders.median())
    assert row.loc[("B", "Type"), "value"] == "shop"
    share = (customers["Type"][(found().groups["group"] == "B").to_numpy()] == "shop").mean()
    assert row.loc[("B", "Type"), "share"] == pytest.approx(share)
    assert row["effect"].abs().groupby("column").max().idxmax() == "Orders"
    told = found().words.set_index("group")["description"]
    assert told["B"].startswith("Orders ") and "Type is shop for " in told["B"]


def test_closeness_and_the_border():
    groups = found().groups
    assert groups["closeness"].between(0, 1).all()
    assert (groups["second"] != groups["group"]).all()
    assert (groups["near"] == (groups["closeness"] < discovery.NEAR)).all()


def test_support_has_a_row_for_each_number_of_groups():
    table = found().support
    assert list(table["k"]) == [2, 3, 4, 5, 6, 7, 8]
    first = table.iloc[0]
    assert first["silhouette"] > first["silhouette_noise"] and first["bic"] < first["bic_one"]
    assert first["stability"] >= 0.8 and first["why"] == ""
    assert table["share_smallest"].between(0, 0.5).all() and table["together"].between(0, 1).all()


# honesty: a bounded version of the calibration


def _spread(kind: str, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A table without groups."""
    if kind == "elongated":
        size = rng.standard_normal(n)
        return {c: np.exp(1.2 * size + 0.4 * rng.standard_normal(n)) for c in "abc"}
    if kind == "heavy tails":
        return {c: rng.standard_t(3, n) for c in "abc"}
    if kind == "mixed":
        return {"a": rng.standard_normal(n), "b": rng.uniform(size=n), "c": rng.choice([*"xyz"], n)}
    draw = {"normal": rng.standard_normal, "even": rng.random, "exponential": rng.standard_exponential}
    if kind == "scores":
        return {c: rng.integers(1, 11, n) for c in "abc"}
    return {c: draw[kind](n) for c in "abc"}


KINDS = ["normal", "even", "exponential", "scores", "elongated", "heavy tails", "mixed"]


@pytest.mark.parametrize(("kind", "n"), [(k, 24 if k in ("heavy tails", "mixed") else 60) for k in KINDS])
def test_tables_without_groups_are_not_cut(kind, n):
    rng = np.random.default_rng(100 + n)
    table = _spread(kind, n, rng)
    assert not discovery.find(listed(**table), list(table)).supported


def _three(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    true = np.arange(90) % 3
    x = rng.standard_normal((90, 2)) + np.array([[0, 0], [5, 0], [2.5, 4.4]])[true]
    return {"a": x[:, 0], "b": x[:, 1]}, true


def _ratios(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    true = np.arange(80) % 2
    return {c: np.exp(0.5 * rng.standard_normal(80) + 2.5 * true) * 1000 for c in "ab"}, true


def _one_of_four(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    true = np.arange(100) % 2
    return {c: rng.standard_normal(100) + 5 * true * (c == "b") for c in "abcd"}, true


def _unequal(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    true = (np.arange(100) % 6 == 0).astype(int)
    return {c: rng.standard_normal(100) + 4.5 * true * (c != "c") for c in "abc"}, true


def _in_words(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    true = np.arange(90) % 3
    said = {c: np.where(rng.random(90) < 0.9, true, rng.integers(0, 3, 90)) for c in "abcd"}
    return {c: np.array([*"xyz"])[levels] for c, levels in said.items()}, true


@pytest.mark.parametrize("made", [_three, _ratios, _one_of_four, _unequal, _in_words])
def test_groups_that_are_there_are_found(made):
    table, true = made(np.random.default_rng(1))
    result = discovery.find(listed(**table), list(table))
    assert result.best == len(set(true))
    letters = np.unique(result.groups["group"], return_inverse=True)[1]
    assert support.agreement(true, letters)[0] > 0.85


def test_a_handful_of_outliers_is_no_group():
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal(60), rng.standard_normal(60)
    a[:2], b[:2] = 12, 12
    assert not discovery.find(listed(a=a, b=b), ["a", "b"]).supported


# the same ones every time


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False), st.sampled_from([0.001, 7.3, 1000.0]))
def test_neither_the_order_of_the_rows_nor_the_unit_moves_a_point(random, times):
    customers = two(36)[0]
    other = customers.assign(Orders=[repr(float(v) * times) for v in customers["Orders"]])
    other = other.sample(frac=1, random_state=random.randrange(10**6))
    one, same = (preparation.prepared(t, ["Orders", "Type"]) for t in (customers, other))
    assert (one.points.cells == same.points.cells).all()
    pd.testing.assert_frame_equal(one.who, same.who)


def test_so_the_groups_are_the_same_too():
    customers = two(36)[0]
    other = customers.assign(Orders=[repr(float(v) * 1000) for v in customers["Orders"]]).iloc[::-1]
    one, same = (discovery.find(t, ["Visits", "Orders"]) for t in (customers, other))
    pd.testing.assert_frame_equal(one.groups, same.groups)
    pd.testing.assert_frame_equal(one.support, same.support)


def test_a_constant_column_changes_nothing_but_a_note():
    customers = two(36)[0]
    more = discovery.find(
        customers.assign(Country="UK", Year="2026"), ["Orders", "Visits", "Country", "Year"]
    )
    plain = discovery.find(customers, ["Visits", "Orders"])
    pd.testing.assert_frame_equal(plain.groups, more.groups)
    assert "Country is left out: it is the same for everybody." in more.notes


PROGRAM = """
import io, json, sys
import pandas as pd
import kamlib.models.grouping as d
light = not {"sklearn", "scipy", "altair", "ipywidgets"} & {*sys.modules}
r = d.find(pd.read_csv(io.StringIO(sys.stdin.read()), dtype=object), ["Orders", "Visits"])
print(json.dumps([light, r.groups["group"].tolist(), r.groups["closeness"].tolist(), r.support["silhouette_noise"].tolist()]))
"""


def test_a_fresh_process_says_the_same_and_loads_nothing_heavy_before_it_must():
    customers = two(36)[0]
    program = [sys.executable, "-c", PROGRAM]
    given = customers.to_csv(index=False)
    other = subprocess.run(program, input=given, capture_output=True, text=True, check=True)
    light, *said = json.loads(other.stdout)
    result = discovery.find(customers, ["Orders", "Visits"])

    assert light
    assert said == [
        *(result.groups[column].tolist() for column in ("group", "closeness")),
        result.support["silhouette_noise"].tolist(),
    ]


def test_what_was_given_is_not_changed():
    customers = two(36)[0]
    before = customers.copy(deep=True)
    discovery.find(customers, ["Orders", "Type"])
    pd.testing.assert_frame_equal(before, customers)


# cells straight out of Excel


def number(cell: object) -> float:
    """What a column of this one cell says."""
    return float(discovery.numbers(pd.Series([cell], dtype=object))[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", 1234.5),
        ("£ 300", 300),
        ("(45)", -45),
        ("12 %", 12),
        ("1.234,56", 1234.56),
        ("1,234", 1234),
        ("7,5", 7.5),
        ("1.5", 1.5),
        ("€1\u00a0234,5", 1234.5),
        ("-3", -3),
        ("−3", -3),
        ("45-", -45),
        ("(£1,200)", -1200),
        ("1'234'567", 1234567),
        ("1.234.567", 1234567),
        ("1,234,567.8", 1234567.8),
        ("0,123", 0.123),
        (".5", 0.5),
        ("5.", 5),
        ("1e3", 1000),
        ("USD 20", 20),
        ("20 EUR", 20),
        (7, 7),
        (2.5, 2.5),
        ("+4", 4),
        ("(12 %)", -12),
    ],
)
def test_numbers_as_people_write_them(text, value):
    assert number(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "n/a",
        "?",
        "-",
        "abc",
        "1/2",
        "12 to 15",
        "2024-05-01",
        "1,2,3",
        "inf",
        "nan",
        None,
        True,
        "1.2.3",
        "()",
        "%",
        "£",
        "1 e",
        "--3",
        "0x10",
        float("inf"),
        ",",
        ".",
        10**400,
        "9" * 400,
        "1e999",
        "£ 1e300",
    ],
)
def test_what_is_no_number_is_unknown(text):
    assert math.isnan(number(text))


def test_one_clear_cell_settles_the_column():
    assert discovery.numbers(pd.Series(["1,234", "2,5", "7"])).tolist() == [1.234, 2.5, 7]
    assert discovery.numbers(pd.Series(["1.234", "2.000,50"])).tolist() == [1234, 2000.5]
    assert discovery.numbers(pd.Series(["1,234", "2,500"])).tolist() == [1234, 2500]
    assert discovery.numbers(pd.Series(["1,234", "0.5"])).tolist() == [1234, 0.5]


@settings(deadline=None)
@given(st.lists(st.text(max_size=12) | st.text("0123456789.,' -+()eE£%", max_size=30), max_size=6))
def test_no_text_breaks_the_reading_and_what_is_read_is_a_figure(texts):
    column = pd.Series(texts, dtype=object)
    for value in (*map(number, texts), *discovery.numbers(column)):
        assert math.isnan(value) or abs(value) < 1e18


@settings(deadline=None)
@given(st.floats(-1e12, 1e12).map(lambda v: round(v, 2)))
def test_numbers_survive_being_written_by_a_spreadsheet(value):
    assert number(f"{value:,.2f}") == pytest.approx(value)
    continental = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert number(continental) == pytest.approx(value)


def test_columns_say_what_they_could_serve_for():
    n = 40
    rng = np.random.default_rng(0)
    table = listed(
        Spend=[f"£ {v:,.0f}" for v in np.exp(rng.standard_normal(n) * 2) * 1000],
        Channel=rng.integers(1, 3, n),
        Score=rng.integers(1, 11, n),
        Sector=["retail", "food", "", "food"] * 10,
        Country=["UK"] * n,
        Empty=[""] * n,
        Ref=[f"AX-{i}" for i in range(n)],
        Row=range(1001, 1001 + n),
        Remark=[f"call {i} again" for i in range(n)],
        status=["current"] * 20 + ["prospect"] * 20,
    ).assign(revenue=rng.random(n), note="x", manager="m")
    seen = discovery.columns(table).set_index("column")
    assert seen["kind"].to_dict() == {
        "Spend": "numeric",
        "Channel": "categorical",
        "Score": "numeric",
        "Sector": "categorical",
        "Country": "constant",
        "Empty": "empty",
        "Ref": "identifier",
        "Row": "identifier",
        "Remark": "text",
        "status": "categorical",
        "revenue": "numeric",
    }
    assert seen.index[seen["suggested"]].tolist() == ["Channel", "Score", "Sector"]
    assert seen.index[seen["size_like"]].tolist() == ["Spend", "revenue"]
    assert seen.loc["Spend", "skewed"] and not seen.loc["Score", "skewed"]
    assert seen.loc["Score", "low"] == 1 and seen.loc["Score", "high"] == 10


def test_gaps_are_filled_and_admitted_and_nobody_unknown_is_grouped():
    customers = two()[0]
    customers.loc[[5], ["Orders", "Visits", "Type"]] = "n/a", "?", ""
    customers.loc[[1, 2], "Orders"] = "", "soon"
    customers.loc[[7], "Type"] = ""
    result = discovery.find(customers, ["Orders", "Visits", "Type"])
    row = result.groups.set_index("customer").loc["c005"]
    assert (row["group"], row["second"], row["near"]) == ("", "", False) and math.isnan(row["closeness"])
    assert (result.groups["group"] != "").sum() == 59
    notes = " ".join(result.notes)
    assert 'Orders: 1 cell is no number, such as "soon"; that counts as not known.' in notes
    assert "Orders: 2 customers without a figure are put where the middle value, " in notes
    assert "Type: 1 customer without a value count" in notes
    assert "1 customer without any value in these columns: in no group." in notes
    assert result.best == 2


def test_customers_without_a_figure_are_not_a_group():
    rng = np.random.default_rng(0)
    table = listed(a=rng.standard_normal(60), b=rng.standard_normal(60))
    table.loc[rng.random(60) < 0.4, "a"] = ""
    assert not discovery.find(table, ["a", "b"]).supported
    fewer = table.assign(a=["1", "2", "3"] * 6 + [""] * 42)
    notes = discovery.find(fewer, ["a", "b"]).notes
    assert "a is left out: fewer than half of the customers have a figure." in notes


def test_column_names_may_be_numbers():
    table = two(36)[0].rename(columns={"Orders": 2025})
    assert discovery.find(table, ["2025", "Visits"]).shown == 2


def test_labels_stay_as_they_were_written():
    table = two(36)[0].assign(Type=["<b>Ä & Ö</b>" if i % 3 else "shop" for i in range(36)])
    customers = table.assign(customer=[f"K-{i}" for i in range(36)], name=["Łódź <i>"] * 36)
    result = discovery.find(customers, ["Orders", "Type"])
    assert set(result.groups["customer"]) == set(customers["customer"])
    assert set(result.profile.loc[result.profile["column"] == "Type", "value"]) == {"<b>Ä & Ö</b>", "shop"}


def test_size_alone_is_called_size_alone():
    table = two(36)[0].rename(columns={"Orders": "revenue", "Visits": "Turnover 2025"})
    assert preparation.SIZE_ALONE in preparation.prepared(table, ["revenue", "Turnover 2025"]).notes
    assert preparation.SIZE_ALONE not in preparation.prepared(table, ["revenue", "Type"]).notes


def test_many_customers_are_looked_for_in_a_sample_and_all_are_grouped():
    rng = np.random.default_rng(0)
    true = np.arange(900) % 2
    table = listed(a=rng.standard_normal(900) + 6 * true, b=rng.standard_normal(900))
    result = discovery.find(table, ["a", "b"])
    assert result.best == 2 and (result.groups["group"] != "").all()
    assert any("Groups were sought among 600 of the 900 customers" in note for note in result.notes)


# refusals


@pytest.mark.parametrize(
    ("chosen", "groups", "words"),
    [
        ([], 0, "Choose at least one column"),
        (["Order"], 0, 'There is no column "Order" to look for groups in. Did you mean "Orders"?'),
        (["name"], 0, 'There is no column "name"'),
        (["Orders"], 1, "1 groups cannot be cut here. Ask for 2 to 8."),
        (["Orders"], 9, "9 groups cannot be cut here."),
        (["Orders"], -2, "-2 groups cannot be cut here."),
        (["Same"], 0, "None of the chosen columns tells customers apart. Same is left out: it is the same"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(chosen, groups, words):
    with pytest.raises(InvalidInput) as refused:
        discovery.find(two(36)[0].assign(Same="1"), chosen, groups)
    assert words in str(refused.value)


def test_a_few_customers_are_to_be_cut_by_hand():
    with pytest.raises(
        InvalidInput, match="11 customers with known values are too few to look for groups: cut by hand"
    ):
        discovery.find(two(11)[0], ["Orders", "Visits"])
    assert discovery.find(two(12)[0], ["Orders", "Visits"]).shown in (2, 3)


# the parts, against others' and against known answers


def test_silhouette_and_agreement_are_those_of_scikit_learn():
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    rng = np.random.default_rng(0)
    points = clusters.space(rng.standard_normal((50, 3)), [])
    cut = clusters.cuts(points, [4])[4]
    weighed = points.cells * np.sqrt(cut.weight(points))
    assert support.silhouette(points, cut) == pytest.approx(silhouette_score(weighed, cut.label))
    other = rng.integers(0, 3, 50)
    assert support.agreement(cut.label, other)[0] == pytest.approx(adjusted_rand_score(cut.label, other))


def test_pairs_that_stay_together():
    assert support.agreement(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]))[1] == 0.5


def test_one_crowd_has_the_bic_of_a_single_normal_distribution():
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3))
    mine = support.bic(clusters.space(x - x.mean(axis=0), []))
    theirs = GaussianMixture(1, covariance_type="tied", reg_covar=support.RIDGE).fit(x).bic(x)
    assert mine == pytest.approx(theirs)


def test_halfway_between_two_groups_is_empty_and_within_one_crowd_it_is_not():
    rng = np.random.default_rng(0)
    far = clusters.space(np.r_[rng.standard_normal((60, 1)) - 4, rng.standard_normal((60, 1)) + 4], [])
    even = clusters.space(rng.uniform(-1, 1, (300, 1)), [])
    assert support.between(far, clusters.cuts(far, [2])[2]) < 0.1
    assert 0.75 < support.between(even, clusters.cuts(even, [2])[2]) < 1.25


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1e9), min_size=3, max_size=40).filter(lambda v: len({round(x, 3) for x in v}) > 1)
)
def test_standardised_numbers_have_mean_0_and_variance_1_and_keep_their_order(values):
    scaled = preparation.standardised(np.array(values))
    assert abs(scaled.mean()) < 1e-6 and scaled.std() == pytest.approx(1, abs=1e-6)
    order = np.argsort(values, kind="stable")
    assert (np.diff(scaled[order]) >= -1e-9).all()


def test_columns_of_words_weigh_as_much_as_a_column_of_numbers():
    points = clusters.space(np.zeros((6, 0)), [np.array([0, 0, 1, 1, 2, 2])])
    assert points.cells.var(axis=0).sum() == pytest.approx(1)


# pictures


@pytest.mark.parametrize("result", [found, noise])
@pytest.mark.parametrize("draw", [pictures.profile, pictures.support])
def test_pictures_are_drawn_from_inline_data_in_large_type(result, draw):
    chart = draw(result())
    spec = json.dumps(chart.to_dict(validate=True))
    assert '"url"' not in spec
    sizes = [mark["mark"]["fontSize"] for mark in _leaves(chart.to_dict()) if "fontSize" in mark["mark"]]
    assert sizes and min(sizes) >= 13
    assert svg(chart).startswith("<svg") and png(chart, 1).startswith(b"\x89PNG")


def _leaves(spec: dict) -> list[dict]:
    return [leaf for layer in spec["layer"] for leaf in (_leaves(layer) if "layer" in layer else [layer])]


def test_pictures_say_the_letters_and_the_numbers():
    drawn = svg(pictures.profile(found()))
    assert "A 40 customers · B 20 customers" in drawn and "share that is " in drawn
    shown = svg(pictures.support(found()))
    assert "supported" in shown and "pairs together again" in shown


def test_names_from_a_spreadsheet_are_text_in_a_picture():
    table = two(36)[0].rename(columns={"Orders": "<script>x</script>"})
    drawn = svg(pictures.profile(discovery.find(table, ["<script>x</script>", "Visits"])))
    assert "<script>" not in drawn


def test_kinds_are_the_ones_that_are_documented():
    assert set(discovery.columns(two()[0])["kind"]) <= set(variables.KINDS)
