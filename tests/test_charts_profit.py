"""The pictures of profit: they say what the figures say, and bear any figures."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.charts import pixels
from kamlib.charts.whale import TYPE, WIDTH
from kamlib.models.profitability import curve, overheads
from tests.drawings import AMOUNT, ANY, NAME, off_the_sheet, words


def records(columns: dict[str, list]) -> list[dict]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def whale_of(profits: list[float], **more: object) -> pd.DataFrame:
    seen = pd.DataFrame({
        "customer": [f"c{i}" for i in range(len(profits))], "name": [f"Customer {i}" for i in range(len(profits))],
        "category": "key", "profit": profits, "gross_profit": profits, "cost_to_serve": 0.0, "doubtful": False, "words": "", "stands": "Key account, decided",
    })  # fmt: skip
    return curve.ranked(seen.assign(**more))


TEN = [500, 300, 150, 50, 10, 0, -20, -40, -50, -200]


def test_the_whale_says_what_is_kept_and_what_could_have_been():
    said = words(
        charts.whale(whale_of([float(v) for v in TEN]), "Four customers cost us 310 of the 1,010 we earn")
    )

    assert {"we keep 700", "we could have kept 1,010", "+500", "−200", "Customer 9"} <= set(said)
    assert "Four customers cost us 310 of the 1,010 we earn" in said
    assert not [t for t in words(charts.whale(whale_of([5.0, 3.0]))) if "could have" in t]


def test_a_what_if_goes_on_from_the_customers_bar():
    table = whale_of([float(v) for v in TEN])
    scene = charts.whale_scene(table, "c9", {"customer": "c9", "profit": 100.0})

    assert scene["words"]["text"] == [
        "we keep 700",
        "we could have kept 1,010",
        "we would keep 1,000",
    ]
    then, line = records(scene["then"]), records(scene["curve"])
    assert len(then) == 2 and then[0] == line[9] and then[1]["y"] < line[10]["y"]
    assert [b["id"] for b in records(scene["bars"]) if b["chosen"]] == ["c9"]
    assert charts.whale_scene(table, "c9", {"customer": "nobody", "profit": 1.0})["then"] == {}


def test_what_is_not_fully_known_is_hollow():
    bars = charts.whale_scene(whale_of([3.0, 2.0], doubtful=[False, True]))["bars"]
    assert [fill == "white" for fill in bars["fill"]] == [False, True]


@settings(max_examples=40)
@given(st.lists(AMOUNT, max_size=60), st.integers(0, 60), AMOUNT)
def test_the_whale_stays_on_its_sheet(profits, who, instead):
    table = whale_of(profits)
    scene = charts.whale_scene(table, f"c{who}", {"customer": f"c{who}", "profit": instead})
    spots = [*records(scene["curve"]), *records(scene["then"])]
    assert all(0 <= p["x"] <= 941 and 0 <= p["y"] <= 560 for p in spots)
    assert all(
        0 <= b["y"] <= b["y2"] <= 562 and b["x"] <= b["x2"]
        for b in [*records(scene["bars"]), *records(scene["dashed"])]
    )
    json.dumps(scene, allow_nan=False)


@pytest.mark.parametrize("instead", [-200.0, 0.0, 90.0, 5_000.0])
def test_what_is_said_of_a_what_if_stands_on_nothing(instead):
    table = whale_of([310.0, 240, 180, 120, 70, 45, 20, 8, 0, -10, -25, -40, -70, -148])
    scene = charts.whale_scene(table, "c3", {"customer": "c3", "profit": instead})
    for word in records(scene["words"]):
        wide = pixels.width_of(word["text"], TYPE)
        left = word["x"] - (wide if word["align"] == "right" else 0)
        assert left >= 0 and left + wide <= WIDTH
        for bar in [*records(scene["bars"]), *records(scene["dashed"])]:
            beside = bar["x2"] <= left or bar["x"] >= left + wide
            assert beside or bar["y"] >= word["y"] + 4 or bar["y2"] <= word["y"] - 13


def test_long_names_and_titles_do_not_widen_the_sheet():
    chart = charts.whale(
        whale_of([5.0] * 200, name="Extraordinarily Long Name of a Company"), "Long title " * 40
    )
    assert (
        float(re.search(r'width="([\d.]+)"', charts.svg(chart))[1]) <= WIDTH + 10
    )  # the padding, and half a line


def test_a_narrow_bar_that_is_chosen_is_led_to_its_name():
    table = whale_of(np.linspace(300, -100, 200).tolist())
    assert (
        charts.svg(charts.whale(table, chosen="c99")).count("<line")
        == charts.svg(charts.whale(table)).count("<line") + 1
    )


@pytest.mark.parametrize(
    "profits", [[0.0] * 5, [-3.0, -4.0], [1e9, 5.0, -4.0], [7.0] * 30, [1e308, -1e308], []]
)
def test_any_curve_reaches_the_paper(profits):
    table = whale_of(profits)
    for one in ("", "c0"):
        chart = charts.whale(table, "A title", one)
        json.dumps(chart.to_dict(), allow_nan=False)
        assert charts.svg(chart).startswith("<svg")
    assert "-" not in "".join(words(chart)).replace("e-", "")


@pytest.mark.parametrize("customers", [1, 14, 200, 5000])
def test_a_curve_of_any_length_is_light(customers):
    profits = np.random.default_rng(1).normal(100, 300, customers).tolist()
    chart = charts.whale(whale_of(profits), "A title")

    assert len(json.dumps(chart.to_dict())) < 120_000
    assert charts.svg(chart).count("<path") < 3_000 and charts.png(chart, 1)[:4] == b"\x89PNG"


def test_the_discount_is_marked():
    assert "5 % off needs 33 % more" in words(charts.discount(20, 5))
    assert "20 % off: no volume is enough" in words(charts.discount(20, 20))


def test_the_spiral_is_told_round_by_round():
    said = words(charts.spiral(overheads.played(*overheads.example()), "It ends badly"))
    for text in (
        "Round 1",
        "Round 5",
        "Company 50",
        "Company 30",
        "Company 0",
        "Company −50",
        "Company −120",
        "It ends badly",
    ):
        assert text in said


def test_unused_capacity_is_named():
    table = pd.DataFrame({"name": ["Service", "Desk", "Nobody knows"], "used_cost": [462_880.0, 10.0, np.nan],
                          "unused_cost": [97_120.0, 0.0, np.nan], "used_pct": [82.66, 112.0, np.nan]})  # fmt: skip
    said = words(charts.capacity(table))
    assert (
        "used 462,880 · paid for and not used 97,120" in said and "used 10, 12 % more than there is" in said
    )
    assert any("not known yet" in text for text in said)


def test_value_won_and_lost_is_counted_and_added():
    rows = (
        [("lost", f"L{i}", 100.0) for i in range(10)]
        + [("won", f"W{i}", 20.0) for i in range(9)]
        + [("won", "X", np.nan)]
    )
    said = words(charts.flows(pd.DataFrame(rows, columns=["kind", "name", "profit"])))
    assert "10 lost: 1,000 a year" in said and "10 won: 180 a year, 1 not known" in said


def test_ranges_have_two_ends():
    table = pd.DataFrame(
        {
            "name": ["A", "B", "C"],
            "category": ["key", "", "maintenance"],
            "low": [-5.0, np.nan, 10.0],
            "high": [20.0, np.nan, np.inf],
        }
    )
    assert {"−5", "20", "10", "no end", "?"} <= set(words(charts.future(table)))


@settings(max_examples=40)
@given(st.lists(st.tuples(NAME | st.none(), ANY, ANY, ANY), max_size=20), NAME)
def test_any_figures_are_drawn_within_the_sheet(rows, title):
    name = [r[0] for r in rows]
    a, b, c = (np.array([r[i] for r in rows], dtype=float) for i in (1, 2, 3))
    kinds = (["won", "lost", ""] * 7)[: len(rows)]
    rounds = pd.DataFrame({"round": [1 + i // 2 for i in range(len(rows))], "customer": name, "name": name, "net": a,
                           "dropped": [i % 2 == 0 for i in range(len(rows))], "company": np.repeat(b, 2)[: len(rows)]})  # fmt: skip
    for chart in (
        charts.serving(pd.DataFrame({"name": name, "cost": a}), title),
        charts.capacity(pd.DataFrame({"name": name, "used_cost": a, "unused_cost": b, "used_pct": c}), title),
        charts.future(pd.DataFrame({"name": name, "category": "key", "low": a, "high": b}), title),
        charts.programme(pd.DataFrame({"name": name, "amount": a}), title),
        charts.flows(pd.DataFrame({"kind": kinds, "name": name, "profit": a}), title),
        charts.retention(pd.DataFrame({"age": range(len(rows)), "left_pct": a, "fitted_pct": b, "simple_pct": c}), title),
        charts.retention(pd.DataFrame({"age": a, "left_pct": a, "fitted_pct": b, "simple_pct": c}), title),
        charts.spiral(rounds, title),
    ):  # fmt: skip
        assert off_the_sheet(chart) == []


@settings(max_examples=40)
@given(st.floats(1, 90) | ANY, st.floats(0, 60) | ANY)
def test_any_discount_is_drawn_within_the_sheet(margin, off):
    assert off_the_sheet(charts.discount(margin, off, "A title")) == []


ODD = [
    lambda: charts.discount(0, 5), lambda: charts.discount(float("nan"), 5), lambda: charts.discount(1e9, 5),
    lambda: charts.discount(20, float("inf")), lambda: charts.serving(pd.DataFrame({"name": [], "cost": []})),
    lambda: charts.serving(pd.DataFrame({"name": ["a", None], "cost": [np.inf, 1e308]})),
    lambda: charts.future(pd.DataFrame({"name": ["a"], "category": [None], "low": [-1e308], "high": [1e308]})),
    lambda: charts.flows(pd.DataFrame({"kind": ["lost"] * 300, "name": "x", "profit": np.nan})),
    lambda: charts.retention(pd.DataFrame({"age": [np.nan], "left_pct": 1.0, "fitted_pct": np.inf, "simple_pct": 1.0})),
]  # fmt: skip


@pytest.mark.parametrize("make", ODD)
def test_odd_figures_reach_the_paper(make):
    assert charts.svg(make()).startswith("<svg") and charts.png(make(), 1)[:4] == b"\x89PNG"


def test_without_a_margin_no_discount_is_drawn():
    assert words(charts.discount(float("nan"), 5)) == ["The margin is not known yet: ?"]
    assert "0 % off needs 0 % more" in words(charts.discount(0, 0))


def test_of_many_rounds_the_first_six_and_the_last_are_drawn():
    rows = [
        (n, f"c{i}", f"Customer {i}", 10.0 - i, i == 9, 100.0 - n) for n in range(1, 31) for i in range(10)
    ]
    table = pd.DataFrame(rows, columns=["round", "customer", "name", "net", "dropped", "company"])
    said = words(charts.spiral(table))
    assert [t for t in said if t.startswith("Round")] == [f"Round {n}" for n in (1, 2, 3, 4, 5, 6, 30)]
    assert "…" in said and "Company 70" in said and "Company 93" not in said


def test_what_is_asked_for_beyond_the_capacity_stands_beyond_a_mark():
    table = pd.DataFrame({"name": ["A"], "used_cost": [100.0], "unused_cost": [0.0], "used_pct": [112.0]})
    enough = table.assign(used_pct=100.0)
    assert charts.svg(charts.capacity(table)).count("<path") > charts.svg(charts.capacity(enough)).count(
        "<path"
    )
    assert "used 100, 12 % more than there is" in words(charts.capacity(table))


@settings(max_examples=10)
@given(st.lists(AMOUNT, min_size=1, max_size=40), st.integers(0, 10**6), st.integers(0, 1000))
def test_any_spiral_is_drawn(gross, pool, saved):
    table = pd.DataFrame(
        {"customer": [f"c{i}" for i in range(len(gross))], "name": "A", "gross_profit": gross}
    )
    assert words(charts.spiral(overheads.played(table, pool, saved)))


def test_who_stays_is_drawn_as_far_as_it_is_known():
    table = pd.DataFrame(
        {
            "age": range(4),
            "left_pct": [100, 80, 70, np.nan],
            "fitted_pct": [100, 80, 70, 64],
            "simple_pct": [100, 83, 68, 57],
        }
    )
    said = words(charts.retention(table))
    assert {"100 %", "80 %", "70 %", "as they have stayed", "at one constant rate"} <= set(said)
    assert words(charts.retention(table.iloc[:0]))
