"""The market map: known answers, sums that add up, what is refused, a layout that can be read."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.app.desk import Desk
from kamlib.errors import Finding, InvalidInput
from kamlib.models import market
from kamlib.workbook import checks, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables, typed
from kamlib.workbook.settings import Settings
from tests import worked
from tests.markets import COLUMNS, KNOWN, book, maps, overlaps


def mapped(text: Tables) -> pd.DataFrame:
    return market.market_map(Book(typed(text), Settings())).set_index("junction")


def told(text: Tables, level: str = "error") -> list[str]:
    return [p["message"] for p in market.problems(text) if p["level"] == level]


def circles(text: Tables) -> list[str]:
    return [message for message in told(text) if "in a circle" in message]


def test_the_known_answer():
    row = mapped(KNOWN).loc["m"]

    assert market.shares(Book(typed(KNOWN)))["share_pct"].tolist() == [15.0, 25.0, 18.75]
    figures = ["our_share_pct", "competitors", "unaccounted", "unaccounted_pct", "opportunity"]
    assert row[figures].tolist() == [15.0, 350, 330, 41.25, 680]
    assert row[["rank", "best_competitor", "best_share_pct"]].tolist() == [1, "Corvid Life", 25.0]
    assert row[["status", "words"]].tolist() == ["complete", "330 is not accounted for."]
    assert market.problems(KNOWN) == []


def test_a_share_may_be_entered_either_way_and_of_both_the_amount_counts():
    shares = [("m", "us", "", 15), ("m", "k1", "", 25), ("m", "k2", "", 18.75)]
    both = book([("m", 800)], [("m", "us", 120, 15.4), ("m", "k1", 200, 30)])

    pd.testing.assert_frame_equal(mapped(book([("m", 800)], shares)), mapped(KNOWN))
    assert market.shares(Book(typed(both)))["share_pct"].tolist() == [15.0, 25.0]
    assert told(both, "warning") == ["At m, 200 of 800 is 25 %, not 30 %; the amount counts."]


def test_what_is_not_known_is_never_nothing():
    ours = mapped(book([("m", 800)], [("m", "us", 120), ("m", "k1", 200), ("m", "k2")])).loc["m"]
    theirs = mapped(book([("m", 800)], [("m", "k1", 200)])).loc["m"]
    no_size = mapped(book([("m", "")], [("m", "us", "", 15), ("m", "k1", "", 25)])).loc["m"]

    figures = ["status", "unaccounted", "opportunity"]
    assert ours[figures].tolist() == ["incomplete", 480, 680]
    assert ours["words"] == "At most 480 is not accounted for; still unknown: Penn Re's."
    assert theirs[["ours", "opportunity", "rank"]].isna().all() and theirs["unaccounted"] == 600
    assert theirs["words"].endswith("still unknown: ours.")
    shares = ["status", "our_share_pct", "best_share_pct"]
    assert no_size[shares].tolist() == ["unknown size", 15, 25]
    assert no_size[["size", "ours", "unaccounted", "opportunity", "rank"]].isna().all()


def test_what_to_find_out_asks_for_each_unknown_and_for_points_of_leverage_first():
    points = [("a", 100), ("b", "", "", "yes", "Banks")]
    asked = market.find_out(Book(typed(book(points, [("a", "us", 1), ("a", "k1")])), Settings()))

    assert asked["question"].tolist() == [
        "How large is the market at Banks, in turnover?",
        "How much of the turnover at Banks is ours?",
        "How much of the turnover at Banks is any competitor's?",
        "How much of the turnover at a is Corvid Life's?",
    ]
    assert market.find_out(Book(typed(KNOWN), Settings())).empty


def test_stages_are_the_longest_way_unless_given():
    points = [("a",), ("b",), ("c",), ("d", "", 9)]
    ways = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")]

    assert mapped(book(points, ways=ways))["stage"].tolist() == [1, 2, 3, 9]


@pytest.mark.parametrize(
    ("sizes", "ways", "amounts"),
    [
        ({"a": 300, "b": 100, "c": 50, "t": 500}, [("a",), ("b",), ("c", 100)], [300, 100, 100]),
        ({"a": "", "b": 10, "t": 500}, [("a",), ("b",)], [None, None]),
        ({"a": "", "t": 500}, [("a",)], [500]),
    ],
)
def test_a_route_without_an_amount_gets_its_part_of_what_the_target_has_left(sizes, ways, amounts):
    given = [(origin, "t", *amount) for origin, *amount in ways]
    rows = market.routes(Book(typed(book(sizes.items(), ways=given))))

    assert rows["amount"].astype(object).where(rows["amount"].notna(), None).tolist() == amounts
    expected = [a is not None and len(w) == 1 for a, w in zip(amounts, ways, strict=True)]
    assert rows["estimated"].tolist() == expected


def test_our_part_of_the_routes_comes_to_what_we_have_at_the_target():
    shares = [("a", "us", 30), ("b", "us", 30), ("t", "us", 80)]
    points, ways = [("a", 300), ("b", 100), ("t", 400)], [("a", "t"), ("b", "t")]

    assert market.routes(Book(typed(book(points, shares, ways))))["ours"].tolist() == pytest.approx([40, 40])


# what is wrong


def test_shares_beyond_their_market_are_named():
    text = book([("m", 800, "", "", "Networks")], [("m", "us", 120), ("m", "k1", 700)])

    found = {
        "level": "error",
        "table": "junction_shares",
        "row": "line 3",
        "column": "amount",
        "found": "820",
        "allowed": "at most 800 in all at Networks",
        "message": "The shares at Networks come to 820, more than its whole market of 800.",
    }
    assert market.problems(text) == [Finding(**found)]
    assert found in checks.check(text).to_dict("records")


@pytest.mark.parametrize(
    ("size", "shares", "words"),
    [
        (
            "",
            [("m", "us", "", 60), ("m", "k1", "", 41)],
            ["101 %, more than its whole market of 100 %."],
        ),
        (0, [("m", "us", 5)], ["5, more than its whole market of 0."]),
        (800, [("m", "us", 400), ("m", "k1", 404)], []),  # rounding is no excess
        ("", [("m", "us", "", 50), ("m", "k1", "", 50.5)], []),
    ],
)
def test_how_much_is_too_much(size, shares, words):
    assert told(book([("m", size)], shares)) == [f"The shares at m come to {w}" for w in words]


def test_circles_and_routes_to_themselves_are_named():
    points = [(j, "", "", "", f"{j.upper()} point") for j in "abcd"]
    ways = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b"), ("c", "d"), ("d", "b")]
    text = book(points, ways=ways)

    assert told(text) == [
        "The route from B point leads to itself.",
        "The routes go round in a circle: A point > B point > C point > A point.",
        "The routes go round in a circle: B point > C point > D point > B point.",
    ]
    assert mapped(text)["stage"].tolist() == [1, 2, 3, 4]


def test_odd_routes_are_warned_of():
    text = book([("a", 300), ("t", 100), ("x", 5)], ways=[("a", "t", 120)])

    assert told(text, "warning") == [
        "The routes bring 120 to t, more than its whole market of 100.",
        "x is on no route of the market map.",
    ]
    assert told(book([("a", 1), ("x", 5)]), "warning") == []


def test_tables_that_do_not_fit_together_break_nothing():
    shares = [("m", "us", 1), ("m", "us", 2), ("?", "us", 3), ("m", "", 9)]
    ways = [("m", "gone"), ("", ""), ("gone", "m", 7)]
    text = book([("m", 800), ("m", 900), ("", 5)], shares, ways)
    text["routes"] = text["routes"].drop(columns="amount")

    assert mapped(text)["ours"].tolist() == [1]
    assert len(market.layout(Book(typed(text)))) == 1
    assert told(text) == []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    points = [("m", 800, "", "", "Networks"), ("e",), ("s", 100)]
    shares = [("m", "us", 120), ("m", "k1", 200), ("e", "k1", "", 70)]
    stores.create(tmp_path / "book.kam", worked.text() | book(points, shares, [("s", "m"), ("m", "e")]))
    return Desk(*stores.load(tmp_path / "book.kam"))


@pytest.mark.parametrize(
    ("name", "row", "words", "column"),
    [
        ("junction_shares", ("m", "us", 700), "Networks come to 900, more than its wh", "amount"),
        ("junction_shares", ("m", "k2", "", 90), "Networks come to 1,040", "share_pct"),
        ("junction_shares", ("e", "us", "", 31), "e come to 101 %", "share_pct"),
        ("junctions", ("m", 300), "come to 320, more than its whole market of 300", "size"),
        ("routes", ("e", "s"), "in a circle: s > Networks > e > s", "target"),
        ("routes", ("e", "e"), "leads to itself", "target"),
    ],
)
def test_the_desk_refuses_it_before_it_is_stored(desk, name, row, words, column):
    before = desk.store.read([name])[name]
    cells = {c: cell for c, cell in zip(COLUMNS[name], row, strict=False) if cell != ""}
    with pytest.raises(InvalidInput, match=words) as caught:
        desk.put(name, **cells)

    assert (caught.value.table, caught.value.column) == (name, column)
    assert desk.store.read([name])[name].equals(before)


def test_what_fits_is_stored(desk):
    desk.put("junction_shares", junction="m", supplier="us", amount=600)
    desk.put("junction_shares", junction="e", supplier="us", share_pct=30)
    desk.put("junctions", junction="m", size=2000)
    desk.put("junctions", junction="new", name="New", size=0)
    desk.put("routes", origin="s", target="new")
    desk.put("junctions", junction="m", note="only a note")

    rows = market.market_map(Book(desk.tables, desk.settings)).set_index("junction")
    assert rows.loc["m", ["ours", "size", "note"]].tolist() == [600, 2000, "only a note"]
    assert rows.at["e", "our_share_pct"] == 30


def test_what_is_wrong_already_may_get_better_and_stands_in_nobodys_way():
    text = book([("m", 800), ("n", 10)], [("m", "us", 500), ("m", "k1", 500)])
    key = {"junction": "m", "supplier": "us"}

    assert market.refused("junction_shares", key | {"amount": "400"}, text) == []
    assert len(market.refused("junction_shares", key | {"amount": "501"}, text)) == 1
    assert market.refused("junctions", {"junction": "n", "size": "5"}, text) == []
    assert market.refused("scores", {}, text) == []


# for any map


def goes_round(edges: set[tuple[str, str]]) -> bool:
    while edges:
        starts = {a for a, _ in edges} - {b for _, b in edges}
        left = {(a, b) for a, b in edges if a not in starts}
        if left == edges:
            return True
        edges = left
    return False


@given(text=maps(acyclic=False))
@settings(max_examples=40)
def test_the_parts_add_up_and_an_error_is_told_exactly_where_they_do_not(text):
    tables, rows = typed(text), mapped(text)
    known = rows[rows["size"].notna()]
    parts = known[["ours", "competitors"]].fillna(0).sum(axis=1)
    off = (parts + known["unaccounted"] - known["size"]).abs()
    assert (off <= 1e-9 * known[["size", "ours", "competitors"]].max(axis=1) + 1e-6).all()
    assert rows["rank"].isna().equals(rows["opportunity"].isna())
    assert rows.sort_values("rank")["opportunity"].dropna().is_monotonic_decreasing
    assert set(rows["status"]) <= {"complete", "incomplete", "unknown size"}

    messages = told(text)
    over = {m.split(" come to ")[0].removeprefix("The shares at ") for m in messages if "come to" in m}
    assert over >= set(known.index[parts > known["size"] * 1.0051])
    ends = zip(tables["routes"]["origin"], tables["routes"]["target"], strict=True)
    assert bool(circles(text)) == goes_round({(a, b) for a, b in ends if a != b})


@given(size=st.integers(1, 10**9), tenths=st.integers(0, 1000))
@settings(max_examples=30)
def test_a_share_means_the_same_both_ways(size, tenths):
    by_pct = market.shares(Book(typed(book([("m", size)], [("m", "us", "", tenths / 10)]))))
    amount = by_pct["amount"].item()
    by_amount = market.shares(Book(typed(book([("m", size)], [("m", "us", amount)]))))

    assert by_amount["share_pct"].item() == pytest.approx(tenths / 10, abs=1e-6)
    assert by_amount["amount"].item() == pytest.approx(amount)


def laid_out(text: Tables) -> pd.DataFrame:
    """The boxes of a layout, none of which lies over another."""
    tables = typed(text)
    rows = market.layout(Book(tables))
    drawn = rows[rows["junction"] != ""].set_index("junction")
    assert sorted(drawn.index) == sorted(set(tables["junctions"]["junction"]))
    assert overlaps(rows) == []
    assert rows[["x", "y", "height"]].notna().all(axis=None)
    assert (rows["y"] >= 0).all() and (drawn["height"] >= 8).all()
    pd.testing.assert_frame_equal(rows, market.layout(Book(typed(text))))  # and always the same
    return drawn


@pytest.mark.parametrize(
    ("points", "ways"),
    [
        ([("j0",), ("j1",), ("j2",), ("j3", "", 3), ("j4",)], [("j3", "j1"), ("j0", "j1", 0)]),
        ([("a", 5e-324), ("b", 0)], [("a", "b", 1e-310)]),
        ([("a",), ("b",)], [("a", "b"), ("b", "a")]),
    ],
)
def test_a_layout_of_odd_sizes_and_circles(points, ways):
    laid_out(book(points, ways=ways))


@given(text=st.one_of(maps(most=14), maps(acyclic=False, most=8)))
@settings(max_examples=25)
def test_no_box_lies_over_another_and_every_route_goes_rightwards(text):
    drawn = laid_out(text)
    x, right = drawn["x"], drawn["x"] + drawn["width"]
    for row in market.routes(Book(typed(text))).itertuples() if not circles(text) else ():
        assert right[row.origin] < x[row.target]


def test_sweeps_take_crossings_out():
    ways = [("a1", "b3"), ("a2", "b2"), ("a3", "b1"), ("b3", "c1"), ("b1", "c2")]
    points = [(p, 10) for p in ("a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2")]
    y = market.layout(Book(typed(book(points, ways=ways)))).set_index("junction")["y"]

    assert sorted(["a1", "a2", "a3"], key=y.get) == sorted(["a1", "a2", "a3"], key=lambda a: y[dict(ways)[a]])
    assert (y["c1"] < y["c2"]) == (y["b3"] < y["b1"])
    assert not math.isclose(y["b1"], y["b3"])
