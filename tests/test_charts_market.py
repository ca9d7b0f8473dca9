"""The pictures of steps 1 and 4: drawn offline, whatever is in the tables, with every name that has room."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.charts import market as pictures
from kamlib.charts import pixels
from kamlib.charts.palette import MARKS
from kamlib.models import market
from kamlib.workbook import checks
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables, typed
from kamlib.workbook.settings import Settings
from tests.drawings import rows as records
from tests.drawings import sound, words_of

from .markets import KNOWN, NAMES, book, maps, overlaps

ODD = [
    "<script>alert(1)</script>",
    "a & b \"c\" 'd' ",
    "🏦🚀 Bank",
    "بنوك التجزئة",
    "x" * 80,
    "株式会社 " * 9,
    "a\\b\n\tc",
    "{{datum}}",
    "bell\x07\x08 and \\u0007 text",
]


def drawn(text: Tables, chosen: str = "", shares: bool = True) -> Any:
    tables = typed(text)
    rows = market.market_map(Book(tables, Settings()))
    more = market.shares(Book(tables)) if shares else None
    return charts.market_map(
        rows, market.routes(Book(tables)), market.layout(Book(tables)), chosen=chosen, shares=more
    )


def ranked(text: Tables) -> Any:
    return charts.opportunity(market.market_map(Book(typed(text), Settings())))


def large(names: list[str]) -> Tables:
    """A sound map of as many junctions as there are names, in five stages, with four competitors."""
    dice, stages, ways = random.Random(4), [[], [], [], [], []], []
    for n in range(len(names)):
        stages[min(n // 7 + (n > 0), 4)].append(f"j{n}")
    for before, after in zip(stages, stages[1:], strict=False):
        ways += [(o, t) for t in after for o in dice.sample(before, min(len(before), dice.choice([1, 2])))]
    ways += [("j0", stages[3][0]), ("j2", stages[4][0])]
    points = [
        {
            "junction": f"j{n}",
            "name": name,
            "size": "" if n % 9 == 5 else dice.randint(40, 900),
            "leverage": "yes" if n % 6 == 0 else "",
        }
        for n, name in enumerate(names)
    ]
    shares = [
        (p["junction"], s, "", dice.randint(1, 19)) for p in points for s in NAMES if dice.random() < 0.9
    ]
    return book(points, shares, ways)


def test_a_map_of_thirty_junctions_and_four_competitors_is_checked_laid_out_and_drawn():
    names = [
        f"{w} {n}"
        for n in (1, 2, 3)
        for w in (
            "Banks",
            "Brokers",
            "Employers",
            "Networks",
            "Dealers",
            "Hospitals",
            "Unions",
            "Affinity",
            "Retail",
            "Homes",
        )
    ]
    text = large(names)
    rows = market.layout(Book(typed(text)))
    svg = charts.svg(drawn(text, "j3"))

    assert not checks.check(text)["table"].isin(market.TABLES).any()
    assert overlaps(rows) == [] and (rows["junction"] != "").sum() == 30
    said = words_of(svg)
    assert set(names) <= set(said)
    assert set(NAMES.values()) - {"Harbour Mutual"} <= set(said)
    assert said.count("decides here") == 2 * 5  # once as a halo
    assert "size ?" in said and "our share ?" in said
    assert set(names) <= set(words_of(charts.svg(ranked(text))))


def test_words_do_not_run_over_their_room():
    svg = charts.svg(drawn(large([ODD[4]] * 30)))
    assert ODD[4] not in words_of(svg) and "xxx…" in svg


def test_ours_is_as_wide_as_our_share():
    found = records(drawn(KNOWN))
    whole = next(row for row in found if "says" in row)
    parts = [(row["right"] - row["x"]) / (whole["right"] - whole["x"]) for row in found if "tone" in row]

    assert parts == pytest.approx([0.15, 0.25, 0.1875])
    assert whole["says"] == "m: our share 15 % of 800. 330 is not accounted for."
    said = words_of(charts.svg(drawn(KNOWN)))
    assert [w for w in said if w in ("ours", "Corvid Life", "Penn Re", "others")] == [
        "ours",
        "Corvid Life",
        "Penn Re",
    ]


def test_without_the_shares_the_best_competitor_and_the_others_are_drawn():
    chart = drawn(KNOWN, shares=False)

    assert [row["tone"] for row in records(chart) if "tone" in row] == [0, 1, 2]
    assert {"ours", "best competitor", "other competitors"} <= set(words_of(charts.svg(chart)))


NAMED = ["large", "small", "ours_unknown", "open"]


def test_the_opportunities_stand_in_their_order():
    text = book(
        [("small", 10), ("large", 900), ("open", ""), ("ours_unknown", 5000)],
        [("small", "us", 1), ("large", "us", 100), ("small", "k1", 2)],
    )
    said = words_of(charts.svg(ranked(text)))

    assert [word for word in said if word in NAMED] == NAMED
    assert {"800", "9", "at most 5,000", "? size not known", "11.1 %", "10 %", "?"} <= set(said)


def test_no_picture_uses_the_colour_of_a_box():
    said = json.dumps(
        [drawn(KNOWN).to_dict(), ranked(KNOWN).to_dict(), charts.hockey_stick(FORECAST).to_dict()]
    )

    assert not [mark.colour for mark in MARKS.values() if mark.colour in said]


def test_the_chosen_junction_is_a_live_parameter():
    spec = drawn(KNOWN, "m").to_dict()

    assert {"name": "chosen", "value": "m"} in spec["params"]
    assert charts.svg(drawn(KNOWN, "m")) != charts.svg(drawn(KNOWN))


@pytest.mark.parametrize(
    "text",
    [book([]), book([("a", "")]), book([("a", 0)]), book([("a", 1e300), ("b", 1e-300)], ways=[("a", "b")])],
)
def test_small_and_strange_maps_are_drawn(text):
    assert charts.svg(drawn(text)).startswith("<svg") and charts.svg(ranked(text)).startswith("<svg")


def test_names_are_text_and_nothing_else():
    svg = charts.svg(drawn(large(ODD + [f"n{i}" for i in range(22)])))

    assert "<script" not in svg and "&lt;script" in svg
    assert "🏦🚀 Bank" in words_of(svg)
    assert "bell and \\u0007 text" in words_of(svg)  # what no SVG can hold is left out
    assert max(map(len, sound(ranked(large(ODD * 5))))) <= 90
    assert charts.png(drawn(large(ODD * 4)), scale=1).startswith(b"\x89PNG")


@given(text=maps(acyclic=False, most=6))
@settings(max_examples=10, deadline=None)
def test_every_point_of_a_map_is_drawn_with_its_name(text):
    """Ids are the names here."""
    for chart in (drawn(text), ranked(text)):
        assert set(text["junctions"]["junction"]) <= set(sound(chart))


# -- the hockey stick -----------------------------------------------------------------------------

FORECAST = pd.DataFrame(
    [
        ("2023", 90.0, "actual"),
        ("2024", 94.0, "actual"),
        ("2025", 98.0, "actual"),
        ("2027", 128.0, "planned"),
    ],
    columns=["year", "amount", "kind"],
)


def test_the_hockey_stick_says_both_growths_and_where_the_past_would_lead():
    said = words_of(charts.svg(charts.hockey_stick(FORECAST, past_pct=4.35, planned_pct=14.29)))

    assert {"past +4.4 % a year", "planned +14.3 % a year", "as before", "107", "128", "98", "2027"} <= set(
        said
    )


def test_growth_may_come_with_the_table_and_may_be_unknown():
    table = FORECAST.copy()
    table.attrs |= {"past_pct": 2.0, "planned_pct": -3.0}

    assert {"past +2 % a year", "planned −3 % a year"} <= set(
        words_of(charts.svg(charts.hockey_stick(table)))
    )
    said = words_of(charts.svg(charts.hockey_stick(FORECAST)))
    assert "past" in said and "planned" in said and "as before" not in said


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["2024", "2025", "2026", "2024/25", "soon", ""]),
            st.floats(0, 1e300) | st.just(math.nan),
            st.sampled_from(["actual", "planned", ""]),
        ),
        max_size=8,
    ),
    past=st.floats(-100, 1e300) | st.just(math.nan),
    planned=st.floats(-100, 1e6) | st.just(math.nan),
)
@settings(max_examples=15, deadline=None)
def test_any_forecast_is_drawn(rows, past, planned):
    table = pd.DataFrame(rows, columns=["year", "amount", "kind"])

    sound(charts.hockey_stick(table, past_pct=past, planned_pct=planned))


def test_two_ends_at_the_same_height_do_not_lie_over_each_other():
    chart = charts.hockey_stick(FORECAST, past_pct=14.4, planned_pct=14.3)
    ends = [row["amount"] for row in records(chart) if "name" in row]

    assert len(ends) == 2 and ends[0] - ends[1] > 0.1 * ends[0]


# -- four fields of words -------------------------------------------------------------------------


def fields(labels: list[str], **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"label": labels, "x": 0, "y": 1, "strong": True} | more)


def test_what_is_ticked_stands_in_its_field_and_is_counted():
    rows = pd.DataFrame(
        {"label": ["Demand", "Fear", "Untold"], "x": [0, 1, 1], "y": [1, 0, 0], "strong": [True, True, False]}
    )
    chart = charts.quadrants(rows, "Positive", "Negative", "External", "Internal")
    said = words_of(charts.svg(chart))
    at = {row["said"][0]: (row["x"], row["y"]) for row in records(chart) if isinstance(row.get("said"), list)}

    assert {"Demand", "Fear", "Positive", "Negative", "External", "Internal"} <= set(said)
    assert "Untold" not in said and sorted(w for w in said if w.isdigit()) == ["0", "0", "1", "1"]
    assert at["Demand"][0] < at["Fear"][0] and at["Demand"][1] > at["Fear"][1]


@given(
    labels=st.lists(
        st.sampled_from(ODD) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=90),
        max_size=12,
    )
)
@settings(max_examples=15, deadline=None)
def test_lines_stay_in_their_field_and_off_each_other(labels):
    chart = charts.quadrants(fields(labels), "l", "r", "t", "b")
    ys = [row["y"] for row in records(chart) if isinstance(row.get("said"), list)]

    assert ys == sorted(ys, reverse=True) and all(1.1 < y < 2 for y in ys)
    assert all(a - b >= 0.09 for a, b in zip(ys, ys[1:], strict=False))
    sound(chart)


def test_more_than_fits_is_counted():
    said = words_of(
        charts.svg(charts.quadrants(fields([f"driver {n}" for n in range(11)]), "l", "r", "t", "b"))
    )

    assert "driver 6" in said and "driver 7" not in said and "and 4 more" in said and "11" in said


def test_the_pictures_are_sound_vega_lite():
    ticked = charts.quadrants(fields(["Fear"]), "l", "r", "t", "b")
    for chart in (drawn(KNOWN), ranked(KNOWN), charts.hockey_stick(FORECAST, 4, 14), ticked):
        chart.to_dict(validate=True)


def test_nothing_ticked_is_drawn():
    assert charts.svg(charts.quadrants(fields([]), "l", "r", "t", "b")).startswith("<svg")


# -- pixels ---------------------------------------------------------------------------------------


@given(text=st.text(max_size=120), size=st.integers(13, 20), room=st.floats(20, 400), most=st.integers(1, 3))
@settings(max_examples=75, deadline=None)
def test_wrapped_text_has_room_and_loses_nothing_without_saying_so(text, size, room, most):
    lines = pixels.wrapped(text, size, room, most)
    whole = "".join(text.split())

    assert 1 <= len(lines) <= most
    assert all(pixels.width_of(line, size) <= room + size * 1.1 for line in lines)
    assert "".join("".join(lines).split()) == whole or lines[-1].endswith("…")


@pytest.mark.parametrize(
    "amount, said",
    [
        (math.nan, "?"),
        (0, "0"),
        (0.5, "0.5"),
        (99.5, "99.5"),
        (120.4, "120"),
        (9_999, "9,999"),
        (12_500, "12.5k"),
        (999_999, "1,000k"),
        (3_400_000, "3.4m"),
        (2e9, "2bn"),
        (7e12, "7tn"),
        (1e300, "1e+300"),
    ],
)
def test_amounts_are_short(amount, said):
    assert pictures.short(amount) == said
