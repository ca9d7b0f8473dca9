"""The pictures of profit: they say what the figures say, and bear any figures."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.profitability import curve, overheads

AMOUNT = st.one_of(st.integers(-(10**9), 10**9).map(float), st.floats(-1e6, 1e6), st.just(0.0))
SOME = st.one_of(AMOUNT, st.just(float("nan")))
NAME = st.text(max_size=60)


def words(chart) -> list[str]:
    """What can be read in the picture."""
    return [html.unescape(t) for t in re.findall(r"<text[^>]*>([^<]*)</text>", charts.svg(chart))]


def records(columns: dict[str, list]) -> list[dict]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def whale_of(profits: list[float], **more: object) -> pd.DataFrame:
    seen = pd.DataFrame({
        "customer": [f"c{i}" for i in range(len(profits))], "name": [f"Customer {i}" for i in range(len(profits))],
        "category": "key", "profit": profits, "gross_profit": profits, "cost_to_serve": 0.0, "doubtful": False, "words": "",
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


@settings(max_examples=25)
@given(st.lists(st.tuples(NAME, SOME, SOME), max_size=20))
def test_any_figures_are_drawn(rows):
    names = [r[0] for r in rows]
    low, high = (np.array([r[i] for r in rows], dtype=float) for i in (1, 2))
    money = np.abs(low)
    for chart in (
        charts.serving(pd.DataFrame({"name": names, "cost": money})),
        charts.capacity(pd.DataFrame({"name": names, "used_cost": money, "unused_cost": np.abs(high), "used_pct": money})),
        charts.future(pd.DataFrame({"name": names, "category": "key", "low": np.minimum(low, high), "high": np.maximum(low, high)})),
        charts.programme(pd.DataFrame({"name": names, "amount": low})),
        charts.flows(pd.DataFrame({"kind": ["won", "lost"] * (len(rows) // 2) + ["won"] * (len(rows) % 2), "name": names, "profit": low})),
    ):  # fmt: skip
        for value in re.findall(r'"(?:x|x2)": (-?[\d.]+)', json.dumps(chart.to_dict())):
            assert -20 <= float(value) <= 960


@settings(max_examples=25)
@given(st.floats(1, 90), st.floats(0, 60))
def test_any_discount_is_drawn(margin, off):
    assert words(charts.discount(margin, off))


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
