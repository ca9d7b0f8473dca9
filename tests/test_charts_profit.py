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
from kamlib.charts.palette import MARKS
from kamlib.charts.whale import APART, HEIGHT
from kamlib.models.profitability import curve, overheads
from tests.drawings import AMOUNT, ANY, drawn, to_paper, words, words_of


def records(columns: dict[str, list]) -> list[dict]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def whale_of(profits: list[float], **more: object) -> pd.DataFrame:
    seen = pd.DataFrame(
        {
            "customer": [f"c{i}" for i in range(len(profits))],
            "name": [f"Customer {i}" for i in range(len(profits))],
            "category": "key",
            "profit": profits,
            "gross_profit": profits,
            "cost_to_serve": 0.0,
            "doubtful": False,
            "words": "",
            "stands": "Key account, decided",
        }
    )
    return curve.ranked(seen.assign(**more))


TEN = [500, 300, 150, 50, 10, 0, -20, -40, -50, -200]


def test_the_whale_says_what_is_kept_and_what_could_have_been():
    said = words(charts.whale(whale_of([float(v) for v in TEN])))
    assert {"we keep 700", "we could have kept 1,010", "+500", "−200", "Customer 9"} <= set(said)
    assert not [t for t in words(charts.whale(whale_of([5.0, 3.0]))) if "could have" in t]


def test_a_what_if_goes_on_from_the_customers_bar():
    table = whale_of([float(v) for v in TEN])
    scene = charts.whale_scene(table, "c9", {"customer": "c9", "profit": 100.0})

    assert scene["levels"]["text"] == ["we keep 700", "we would keep 1,000", "we could have kept 1,010"]
    assert scene["then"] == {"place": [9, 10], "total": [900, 1000]} and scene["curve"]["total"][9:] == [
        900,
        700,
    ]
    assert scene["dashed"] == {"place": [9], "before": [900], "after": [1000]}
    assert [b["id"] for b in records(scene["bars"]) if b["chosen"]] == ["c9"]
    assert charts.whale_scene(table, "c9", {"customer": "nobody", "profit": 1.0})["dashed"] == {}


def test_what_is_not_fully_known_is_hollow():
    bars = charts.whale_scene(whale_of([3.0, 2.0], doubtful=[False, True]))["bars"]
    assert [fill == "white" for fill in bars["fill"]] == [False, True]


@settings(max_examples=40)
@given(st.lists(AMOUNT, max_size=60), st.integers(0, 60), AMOUNT)
def test_all_of_the_whale_is_within_its_scales(profits, who, instead):
    scene = charts.whale_scene(whale_of(profits), f"c{who}", {"customer": f"c{who}", "profit": instead})
    ends = [spot["total"] for line in ("curve", "then") for spot in records(scene[line])]
    ends += [
        bar[end] for kind in ("bars", "dashed") for bar in records(scene[kind]) for end in ("before", "after")
    ]
    assert all(scene["low"] <= end <= scene["high"] for end in ends)
    assert all(bar["place"] < scene["customers"] for bar in records(scene["bars"]))
    json.dumps(scene, allow_nan=False)


@given(st.lists(AMOUNT, min_size=1, max_size=60), st.floats(-1e6, 1e6))
def test_what_is_said_of_the_lines_never_meets(profits, instead):
    scene = charts.whale_scene(whale_of(profits), "", {"customer": "c0", "profit": instead})
    span = scene["high"] - scene["low"]
    rows = records(scene["levels"])
    at = [HEIGHT * (1 - (row["at"] - scene["low"]) / span) + row["shift"] for row in rows]
    assert all(below - above >= APART - 0.2 for below, above in zip(at, at[1:], strict=False))


def test_every_parameter_of_the_scene_is_one_of_the_chart():
    table = whale_of([5.0, -3.0])
    named = {param["name"] for param in charts.whale(table).to_dict()["params"]}
    assert {*charts.whale_scene(table, "c0", {"customer": "c0", "profit": 1.0})} < named and "picked" in named


def test_a_narrow_bar_that_is_chosen_is_led_to_its_name():
    table = whale_of(np.linspace(300, -100, 200).tolist())
    plain, chosen = (charts.svg(charts.whale(table, who)) for who in ("", "c99"))
    assert chosen.count("<line") == plain.count("<line") + 1 and "Customer 99" in words_of(chosen)


@pytest.mark.parametrize(
    "profits", [[0.0] * 5, [-3.0, -4.0], [1e9, 5.0, -4.0], [7.0] * 30, [1e308, -1e308], []]
)
def test_any_curve_reaches_the_paper(profits):
    table = whale_of(profits, name="<img src=x> An extraordinarily long name of a company")
    for one in ("", "c0"):
        svg = to_paper(charts.whale(table, one))
        assert "<img" not in svg and float(re.search(r'width="([\d.]+)"', svg)[1]) < 1_200


@pytest.mark.parametrize("customers", [1, 200, 5000])
def test_a_curve_of_any_length_is_light(customers):
    profits = np.random.default_rng(1).normal(100, 300, customers).tolist()
    chart = charts.whale(whale_of(profits))

    assert len(json.dumps(chart.to_dict())) < 120_000
    assert charts.svg(chart).count("<path") < 3_000 and charts.png(chart, 1)[:4] == b"\x89PNG"


def test_the_discount_is_marked():
    chart = charts.discount(20, 5)
    assert "5 % off needs 33 % more" in words(chart)
    assert drawn(chart, "line")[-1] == {"off": 15, "extra": 300}
    assert drawn(chart, "point")[0]["off"] == 5 and drawn(chart, "rect")[0]["off"] == 20
    assert "20 % off: no volume is enough" in words(charts.discount(20, 20))
    assert "0 % off needs 0 % more" in words(charts.discount(0, 0))


@pytest.mark.parametrize("margin", [float("nan"), float("inf"), None])
def test_without_a_margin_no_discount_is_drawn(margin):
    assert words(charts.discount(margin, 5)) == ["The margin is not known yet: ?"]


def test_the_spiral_is_told_round_by_round():
    chart = charts.spiral(overheads.played(*overheads.example()))
    heads = ["Round 1", "Company 50", "Round 5", "Company −120", "Company 0"]
    assert {*heads} <= {*words(chart)}
    hollow = [(row["round"], row["name"]) for row in drawn(chart, "bar") if row["dropped"]]
    assert hollow == [(0, "D"), (1, "C"), (2, "B"), (3, "A")]


def test_of_many_rounds_the_first_six_and_the_last_are_drawn():
    rows = [(n, f"c{i}", "Name", 10.0 - i, i == 9, 100.0 - n) for n in range(1, 31) for i in range(10)]
    table = pd.DataFrame(rows, columns=["round", "customer", "name", "net", "dropped", "company"])
    said = words(charts.spiral(table))
    assert [t for t in said if "Round" in t] == [*(f"Round {n}" for n in range(1, 7)), "… Round 30"]
    assert "Company 70" in said and "Company 93" not in said


def test_unused_capacity_is_hollow_and_named_and_what_is_asked_beyond_stands_beyond_a_mark():
    rows = [
        ("Service", 462_880.0, 97_120.0, 82.66),
        ("Desk", 10.0, 0.0, 112.0),
        ("Nobody knows", np.nan, 5.0, 200.0),
    ]
    chart = charts.capacity(pd.DataFrame(rows, columns=["name", "used_cost", "unused_cost", "used_pct"]))
    said = words(chart)
    assert {"used 462,880 · paid for and not used 97,120", "used 10, 12 % more than there is"} <= {*said}
    assert [row["used"] for row in drawn(chart, "bar")] == [462_880, None, 10, 462_880, 10, None]
    assert [row["asked"] for row in drawn(chart, "tick")] == [pytest.approx(11.2)]
    assert any("not known yet" in text for text in said)


def test_the_costliest_activities_are_drawn_and_the_others_added():
    names, costs = [f"A{n}" for n in range(13)], [float(n) for n in range(13)]
    chart = charts.serving(pd.DataFrame({"name": [*names, "unknown"], "cost": [*costs, np.nan]}))
    assert [row["end"] for row in drawn(chart, "bar")] == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 3]
    assert "3 others" in words(chart) and "unknown" not in words(chart)


def test_costs_of_the_programme_are_hollow_and_what_is_unknown_is_asked():
    chart = charts.programme(
        pd.DataFrame({"name": ["Days", "Earned", "More"], "amount": [-5.0, 9.0, np.nan]})
    )
    hollow = [layer for layer in chart.to_dict()["layer"] if layer["mark"].get("fill") == "white"]
    assert len(hollow) == 1 and {"−5", "9", "?"} <= {*words(chart)}
    assert [row["end"] for row in drawn(chart, "bar")] == [9, 0, -5]


def test_value_won_and_lost_is_counted_and_added():
    rows = [("lost", f"L{i}", 100.0) for i in range(10)] + [("won", f"W{i}", 20.0) for i in range(9)]
    chart = charts.flows(pd.DataFrame([*rows, ("won", "X", np.nan)], columns=["kind", "name", "profit"]))
    assert {"10 lost: 1,000 a year", "10 won: 180 a year, 1 not known"} <= {*words(chart)}
    blocks = drawn(chart, "bar")
    assert len(blocks) == 20 and [row["name"] for row in blocks if row["unknown"]] == ["X"]
    assert max(row["right"] for row in blocks) == 1000


def test_ranges_have_two_ends_and_the_colour_of_the_category():
    ends = {"low": [-5.0, np.nan, 10.0, 8.0], "high": [20.0, np.nan, np.inf, 7.0]}
    table = pd.DataFrame({"name": [*"ABCD"], "category": ["key", "", "maintenance", None]} | ends)
    chart = charts.future(table)
    assert {"−5", "20", "10", "no end", "?"} <= {*words(chart)}
    bars = [(row["row"], row["left"], row["right"], row["colour"]) for row in drawn(chart, "bar")]
    colours = [MARKS[box].colour for box in ("key", "maintenance", "")]
    assert bars == [(0, -5, 20, colours[0]), (2, 10, 20, colours[1]), (3, 7, 8, colours[2])]
    assert "and 5 more" in words(charts.future(pd.concat([table] * 5)))


def test_who_stays_is_drawn_as_far_as_it_is_known():
    lines = {"fitted_pct": [100, 80, 70, 64], "simple_pct": [100, 83, 68, 57]}
    table = pd.DataFrame({"age": range(4), "left_pct": [100, 80, 70, np.nan]} | lines)
    said = words(charts.retention(table))
    assert {"100 %", "80 %", "70 %", "as they have stayed", "at one constant rate"} <= set(said)
    assert to_paper(charts.retention(table[:0]))


def all_of(name: list, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> list:
    """Each picture with these names and figures."""
    count = len(name)
    named = pd.DataFrame({"name": name})
    rounds = {"round": [1 + i // 2 for i in range(count)], "dropped": [i % 2 == 0 for i in range(count)]}
    left = pd.DataFrame({"age": range(count), "left_pct": a, "fitted_pct": b, "simple_pct": c})
    return [
        charts.serving(named.assign(cost=a)),
        charts.capacity(named.assign(used_cost=a, unused_cost=b, used_pct=c)),
        charts.future(named.assign(category="key", low=a, high=b)),
        charts.programme(named.assign(amount=a)),
        charts.flows(named.assign(kind=(["won", "lost", ""] * count)[:count], profit=a)),
        charts.retention(left),
        charts.retention(left.assign(age=a)),
        charts.spiral(named.assign(**rounds, customer=name, net=a, company=b)),
    ]


@settings(max_examples=15)
@given(st.lists(st.tuples(ANY, ANY, ANY), max_size=20))
def test_any_figures_reach_the_paper(rows):
    a, b, c = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    for chart in all_of([f"Customer {n}" for n in range(len(rows))], a, b, c):
        to_paper(chart)


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "A very long name indeed " * 9, None, "'];alert(1)//"]
)
def test_forty_names_of_any_kind_reach_the_paper(name):
    figures = np.linspace(100, -20, 40)
    for chart in all_of([name] * 40, figures, figures + 5, figures):
        svg = to_paper(chart)
        assert "<img" not in svg and float(re.search(r'width="([\d.]+)"', svg)[1]) < 1_000


@settings(max_examples=15)
@given(st.floats(1, 90) | ANY, st.floats(0, 60) | ANY)
def test_any_discount_reaches_the_paper(margin, off):
    to_paper(charts.discount(margin, off))


@settings(max_examples=10)
@given(st.lists(AMOUNT, min_size=1, max_size=40), st.integers(0, 10**6), st.integers(0, 1000))
def test_any_spiral_is_drawn(gross, pool, saved):
    table = pd.DataFrame(
        {"customer": [f"c{i}" for i in range(len(gross))], "name": "A", "gross_profit": gross}
    )
    assert "Round 1" in words(charts.spiral(overheads.played(table, pool, saved)))


def test_a_long_title_stands_above_a_narrow_picture_in_full():
    title = "Dropping whoever looks bad takes five customers and turns fifty into less than nothing, which nobody wanted"
    chart = charts.titled(
        charts.programme(pd.DataFrame({"name": ["A"], "amount": [1.0]})), title, ["Bank"], "Key."
    )
    said = words(chart)
    assert title in " ".join(said) and {"Bank", "Key."} <= {*said}
