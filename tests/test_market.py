"""The market map: known answers, sums that add up, what is refused, and a layout that can be read."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import checks, market, stores
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.settings import Settings
from kamlib.tables import Tables, typed

from . import worked

NAMES = {"us": "Harbour Mutual", "k1": "Corvid Life", "k2": "Penn Re", "k3": "Meridian", "k4": "Old Oak"}


def book(points: Any, shares: Any = (), ways: Any = ()) -> Tables:
    """Text tables of a map: points (junction, size), shares (junction, supplier, amount, share_pct), ways."""
    junctions = [p if isinstance(p, dict) else {"junction": p[0], "size": p[1]} for p in points]
    rows = [dict(zip(("junction", "supplier", "amount", "share_pct"), s, strict=False)) for s in shares]
    routes = [dict(zip(("origin", "target", "amount"), w, strict=False)) for w in ways]
    return {
        "junctions": worked.frame("junctions", junctions),
        "suppliers": worked.frame("suppliers", [{"supplier": s, "name": n} for s, n in NAMES.items()]),
        "junction_shares": worked.frame("junction_shares", rows),
        "routes": worked.frame("routes", routes),
    }


def mapped(text: Tables) -> pd.DataFrame:
    return market.market_map(typed(text), Settings()).set_index("junction")


def told(text: Tables, level: str = "error") -> list[str]:
    return [p["message"] for p in market.problems(text) if p["level"] == level]


KNOWN = book([("m", 800)], [("m", "us", 120), ("m", "k1", 200), ("m", "k2", 150)])


def test_the_known_answer():
    row = mapped(KNOWN).loc["m"]
    rows = market.shares(typed(KNOWN))

    assert rows["share_pct"].tolist() == [15.0, 25.0, 18.75]
    assert (row["our_share_pct"], row["competitors"], row["unaccounted"]) == (15.0, 350, 330)
    assert (row["unaccounted_pct"], row["opportunity"], row["rank"]) == (41.25, 680, 1)
    assert (row["best_competitor"], row["best_share_pct"]) == ("Corvid Life", 25.0)
    assert (row["status"], row["words"]) == ("complete", "330 is not accounted for.")
    assert market.problems(KNOWN) == []


def test_a_share_may_be_entered_either_way():
    by_share = book([("m", 800)], [("m", "us", "", 15), ("m", "k1", "", 25), ("m", "k2", "", 18.75)])

    pd.testing.assert_frame_equal(mapped(by_share), mapped(KNOWN))


def test_where_both_are_entered_the_amount_counts_and_a_difference_is_said():
    both = book([("m", 800)], [("m", "us", 120, 15.4), ("m", "k1", 200, 30)])

    assert market.shares(typed(both))["share_pct"].tolist() == [15.0, 25.0]
    assert told(both, "warning") == ["At m, 200 of 800 is 25 %, not 30 %; the amount counts."]


def test_what_is_not_known_is_never_nothing():
    text = book([("m", 800)], [("m", "us", 120), ("m", "k1", 200), ("m", "k2")])
    row = mapped(text).loc["m"]

    assert (row["status"], row["unaccounted"], row["opportunity"]) == ("incomplete", 480, 680)
    assert row["words"] == "At most 480 is not accounted for; still unknown: Penn Re's."
    row = mapped(book([("m", 800)], [("m", "k1", 200)])).loc["m"]
    assert math.isnan(row["ours"]) and math.isnan(row["opportunity"]) and math.isnan(row["rank"])
    assert row["unaccounted"] == 600 and "ours" in row["words"]


def test_without_a_size_a_share_stays_a_share():
    row = mapped(book([("m", "")], [("m", "us", "", 15), ("m", "k1", "", 25)])).loc["m"]

    assert (row["status"], row["our_share_pct"], row["best_share_pct"]) == ("unknown size", 15, 25)
    assert row[["size", "ours", "unaccounted", "opportunity", "rank"]].isna().all()


def test_what_to_find_out_asks_for_each_unknown_and_for_points_of_leverage_first():
    points = [("a", 100), {"junction": "b", "name": "Banks", "leverage": "yes"}]
    asked = market.find_out(typed(book(points, [("a", "us", 1), ("a", "k1")])), Settings())

    assert asked["question"].tolist() == [
        "How large is the market at Banks, in turnover?",
        "How much of the turnover at Banks is ours?",
        "How much of the turnover at Banks is any competitor's?",
        "How much of the turnover at a is Corvid Life's?",
    ]
    assert market.find_out(typed(KNOWN), Settings()).empty


def test_stages_are_the_longest_way_unless_given():
    ways = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")]
    points = [*((p, "") for p in "abc"), {"junction": "d", "stage": 9}]

    assert mapped(book(points, ways=ways))["stage"].tolist() == [1, 2, 3, 9]


def test_a_route_without_an_amount_gets_its_part_of_what_the_target_has_left():
    points = [("a", 300), ("b", 100), ("c", 50), ("t", 500)]
    rows = market.routes(typed(book(points, ways=[("a", "t"), ("b", "t"), ("c", "t", 100)])))

    assert rows["amount"].tolist() == [300, 100, 100]
    assert rows["estimated"].tolist() == [True, True, False]
    rows = market.routes(typed(book([("a", ""), ("b", 10), ("t", 500)], ways=[("a", "t"), ("b", "t")])))
    assert rows["amount"].isna().all() and not rows["estimated"].any()
    assert market.routes(typed(book([("a", ""), ("t", 500)], ways=[("a", "t")])))["amount"].tolist() == [500]


def test_our_part_of_the_routes_comes_to_what_we_have_at_the_target():
    points, ways = [("a", 300), ("b", 100), ("t", 400)], [("a", "t"), ("b", "t")]
    rows = market.routes(typed(book(points, [("a", "us", 30), ("b", "us", 30), ("t", "us", 80)], ways)))

    assert rows["ours"].round(6).tolist() == [40, 40]
    assert (rows["ours"] <= rows["amount"]).all()


# -- what is wrong --------------------------------------------------------------------------------


def test_shares_beyond_their_market_are_named():
    text = book([{"junction": "m", "name": "Networks", "size": 800}], [("m", "us", 120), ("m", "k1", 700)])
    found = [p for p in market.problems(text) if p["level"] == "error"][0]

    assert found["message"] == "The shares at Networks come to 820, more than its whole market of 800."
    assert (found["table"], found["row"], found["column"]) == ("junction_shares", "line 3", "amount")
    assert set(found) == set(checks.COLUMNS)
    assert (checks.check(text)["message"] == found["message"]).sum() == 1


def test_shares_in_percent_need_no_size_to_be_too_many():
    assert told(book([("m", "")], [("m", "us", "", 60), ("m", "k1", "", 41)])) == [
        "The shares at m come to 101 %, more than its whole market of 100 %."
    ]
    assert told(book([("m", 0)], [("m", "us", 5)])) == [
        "The shares at m come to 5, more than its whole market of 0."
    ]


def test_rounding_is_no_excess():
    assert told(book([("m", 800)], [("m", "us", 400), ("m", "k1", 404)])) == []
    assert told(book([("m", "")], [("m", "us", "", 50), ("m", "k1", "", 50.5)])) == []


def test_circles_and_routes_to_themselves_are_named():
    points = [{"junction": j, "name": j.upper() + " point"} for j in "abc"]
    text = book(points, ways=[("a", "b"), ("b", "c"), ("c", "a"), ("b", "b")])

    assert told(text) == [
        "The route from B point leads to itself.",
        "The routes go round in a circle: A point > B point > C point > A point.",
    ]
    drawn = market.layout(typed(text))
    assert set(drawn["junction"]) >= set("abc")
    assert mapped(text)["stage"].tolist() == [1, 2, 3]


def test_odd_routes_are_warned_of():
    text = book([("a", 300), ("t", 100), ("x", 5)], ways=[("a", "t", 120)])

    assert told(text, "warning") == [
        "The routes bring 120 to t, more than its whole market of 100.",
        "x is on no route of the market map.",
    ]
    assert told(book([("a", 1), ("x", 5)]), "warning") == []


def test_tables_that_do_not_fit_together_break_nothing():
    text = book([("m", 800), ("m", 900), ("", 5)], [("m", "us", 1), ("m", "us", 2), ("?", "us", 3), ("m", "", 9)],
                [("m", "gone"), ("", ""), ("gone", "m", 7)])  # fmt: skip
    text["routes"] = text["routes"].drop(columns="amount")

    assert mapped(text)["ours"].tolist() == [1]
    assert len(market.layout(typed(text))) == 1
    assert told(text) == []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    points = [{"junction": "m", "name": "Networks", "size": 800}, ("e", ""), ("s", 100)]
    text = book(points, [("m", "us", 120), ("m", "k1", 200), ("e", "k1", "", 70)], [("s", "m"), ("m", "e")])
    stores.create(tmp_path / "book.kam", worked.text() | text)
    return Desk(*stores.load(tmp_path / "book.kam"))


@pytest.mark.parametrize("name, row, words, column", [
    ("junction_shares", {"junction": "m", "supplier": "us", "amount": 700}, "Networks come to 900, more than its whole market of 800", "amount"),
    ("junction_shares", {"junction": "m", "supplier": "k2", "share_pct": 90}, "Networks come to 1,040", "share_pct"),
    ("junction_shares", {"junction": "e", "supplier": "us", "share_pct": 31}, "e come to 101 %", "share_pct"),
    ("junctions", {"junction": "m", "size": 300}, "come to 320, more than its whole market of 300", "size"),
    ("routes", {"origin": "e", "target": "s"}, "in a circle: s > Networks > e > s", "target"),
    ("routes", {"origin": "e", "target": "e"}, "leads to itself", "target"),
])  # fmt: skip
def test_the_desk_refuses_it_before_it_is_stored(desk, name, row, words, column):
    before = desk.store.read([name])[name]
    with pytest.raises(InvalidInput, match=words) as caught:
        desk.put(name, **row)

    assert (caught.value.table, caught.value.column) == (name, column)
    assert desk.store.read([name])[name].equals(before)


def test_what_fits_is_stored(desk):
    desk.put("junction_shares", junction="m", supplier="us", amount=600)
    desk.put("junction_shares", junction="e", supplier="us", share_pct=30)
    desk.put("junctions", junction="m", size=2000)
    desk.put("junctions", junction="new", name="New", size=0)
    desk.put("routes", origin="s", target="new")
    desk.put("junctions", junction="m", note="only a note")

    rows = market.market_map(desk.tables, desk.settings).set_index("junction")
    assert (rows.at["m", "ours"], rows.at["m", "size"], rows.at["e", "our_share_pct"]) == (600, 2000, 30)


def test_what_is_wrong_already_may_get_better_and_stands_in_nobodys_way():
    text = book([("m", 800), ("n", 10)], [("m", "us", 500), ("m", "k1", 500)], [])
    better, worse = ({"junction": "m", "supplier": "us", "amount": a} for a in ("400", "501"))

    assert market.refused("junction_shares", better, text) == []
    assert len(market.refused("junction_shares", worse, text)) == 1
    assert market.refused("junctions", {"junction": "n", "size": "5"}, text) == []
    assert market.refused("scores", {}, text) == []


# -- properties -----------------------------------------------------------------------------------

FIGURES = st.one_of(
    st.just(""), st.floats(0, 1e9).map(lambda v: round(v, 2)), st.sampled_from([0, 1e-30, 9e17])
)
NO_FIGURES = st.sampled_from(["", 0])  # a team that has only begun
percents = st.one_of(st.just(""), st.floats(0, 100).map(lambda v: round(v, 1)))


@st.composite
def maps(draw: Any, acyclic: bool = True, most: int = 9) -> Tables:
    ids = [f"j{n}" for n in range(draw(st.integers(1, most)))]
    stage = st.sampled_from(["", "", "", 0, 1, 3, 50])
    amounts = draw(st.sampled_from([FIGURES, NO_FIGURES]))
    points = [
        {
            "junction": j,
            "size": draw(amounts),
            "stage": draw(stage),
            "leverage": draw(st.sampled_from(["", "yes"])),
        }
        for j in ids
    ]
    ways = draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids), amounts), max_size=2 * most))
    if acyclic:
        ways = [(min(a, b), max(a, b), v) for a, b, v in ways if a != b]
    shares = draw(
        st.lists(st.tuples(st.sampled_from(ids), st.sampled_from([*NAMES]), amounts, percents), max_size=20)
    )
    return book(points, shares, ways)


@given(text=maps())
@settings(max_examples=60, deadline=None)
def test_the_parts_add_up_to_the_size(text):
    rows = market.market_map(typed(text), Settings())
    known = rows[rows["size"].notna()]

    total = known["ours"].fillna(0) + known["competitors"].fillna(0) + known["unaccounted"]
    largest = known[["size", "ours", "competitors"]].max(axis=1)
    assert ((total - known["size"]).abs() <= 1e-9 * largest + 1e-6).all()
    assert rows["rank"].isna().equals(rows["opportunity"].isna())
    assert (rows.sort_values("rank")["opportunity"].dropna().diff().dropna() <= 0).all()
    assert set(rows["status"]) <= {"complete", "incomplete", "unknown size"}


@given(size=st.integers(1, 10**9), whole=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_a_share_means_the_same_both_ways(size, whole):
    pct = whole / 10
    by_pct = market.shares(typed(book([("m", size)], [("m", "us", "", pct)]))).iloc[0]
    by_amount = market.shares(typed(book([("m", size)], [("m", "us", by_pct["amount"])]))).iloc[0]

    assert by_amount["share_pct"] == pytest.approx(pct, abs=1e-6)
    assert by_amount["amount"] == pytest.approx(by_pct["amount"])


@given(text=maps(acyclic=False))
@settings(max_examples=60, deadline=None)
def test_an_error_is_told_exactly_where_the_shares_exceed_or_the_routes_go_round(text):
    tables, found = typed(text), market.problems(text)
    rows = market.shares(tables).groupby("junction")["amount"].sum()
    size = tables["junctions"].set_index("junction")["size"]
    over = {j for j in rows.index if size[j] == size[j] and rows[j] > size[j] * 1.0051}

    told_of = {
        p["message"].split(" come to ")[0].removeprefix("The shares at ")
        for p in found
        if " come to " in p["message"]
    }
    assert over <= told_of
    away = [p for p in found if "circle" in p["message"]]
    assert bool(away) == _goes_round(
        {
            (a, b)
            for a, b in zip(tables["routes"]["origin"], tables["routes"]["target"], strict=True)
            if a != b
        }
    )


def _goes_round(edges: set[tuple[str, str]]) -> bool:
    while edges:
        starts = {a for a, _ in edges} - {b for _, b in edges}
        left = {(a, b) for a, b in edges if a not in starts}
        if left == edges:
            return True
        edges = left
    return False


def overlaps(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of boxes (with the room for their names) that touch."""
    boxes = [
        (r.junction or f"{r.origin}>{r.target}", r.x, r.x + r.width, r.y, r.y + r.height)
        for r in rows.itertuples()
    ]
    return [
        (a[0], b[0])
        for a, b in combinations(boxes, 2)
        if a[1] < b[2] and b[1] < a[2] and a[3] < b[4] and b[3] < a[4]
    ]


def _laid_out(text: Tables) -> pd.DataFrame:
    tables = typed(text)
    rows = market.layout(tables)
    drawn = rows[rows["junction"] != ""].set_index("junction")
    assert sorted(drawn.index) == sorted(set(tables["junctions"]["junction"]))
    assert overlaps(rows) == []
    assert (
        (rows["y"] >= 0).all()
        and (drawn["height"] >= 8).all()
        and rows.notna()[["x", "y", "height"]].all().all()
    )
    return drawn


def test_a_route_beyond_a_column_has_a_place_where_no_size_is_known():
    points = [{"junction": f"j{n}", "stage": 3 if n == 3 else ""} for n in range(5)]
    _laid_out(book(points, ways=[("j3", "j1", ""), ("j0", "j1", 0)]))
    _laid_out(book([("a", 5e-324), ("b", 0)], ways=[("a", "b", 1e-310)]))


@given(text=maps(most=14))
@settings(max_examples=50, deadline=None)
def test_no_box_lies_over_another_and_every_route_goes_rightwards(text):
    drawn = _laid_out(text)
    for row in market.routes(typed(text)).itertuples():
        assert drawn.at[row.origin, "x"] + drawn.at[row.origin, "width"] < drawn.at[row.target, "x"]


@given(text=maps(acyclic=False, most=8))
@settings(max_examples=40, deadline=None)
def test_the_layout_survives_circles_and_is_always_the_same(text):
    _laid_out(text)
    pd.testing.assert_frame_equal(market.layout(typed(text)), market.layout(typed(text)))


def test_sweeps_take_crossings_out():
    ways = [("a1", "b3"), ("a2", "b2"), ("a3", "b1"), ("b3", "c1"), ("b1", "c2")]
    points = [(p, 10) for p in ("a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2")]
    y = market.layout(typed(book(points, ways=ways))).set_index("junction")["y"]

    assert sorted(["a1", "a2", "a3"], key=y.get) == sorted(
        ["a1", "a2", "a3"], key=lambda a: y[dict(w[:2] for w in ways)[a]]
    )
    assert y["c1"] < y["c2"] if y["b3"] < y["b1"] else y["c1"] > y["c2"]
