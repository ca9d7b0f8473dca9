"""The pictures of days, services, plans and the chain: they say what the tables say, and bear any table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.charts import pixels
from tests.drawings import ANY, NAME, off_the_sheet, words

FLOW = ["source", "target", "days"]
SERVICE = ["service", "name", "cost", "valued", "good_at", "suggestion"]
PROJECT = ["project", "name", "customer", "owner", "starts", "ends", "status"]
STEP = ["project", "name", "due", "done"]
STAGE = ["stage", "name", "level", "place", "trouble", "ideas", "unmet"]
ENDS = (
    "key",
    "key_development",
    "maintenance",
    "opportunistic",
    "unused",
    "missing",
    "left",
    "nonsense",
    None,
)
YESNO = st.sampled_from(["yes", "no", "", None])
DAY = st.one_of(
    st.dates().map(str), st.sampled_from(["", "soon", None, "0001-01-01", "9999-12-31", "2026-13-01"])
)
TEXT = NAME | st.none()


def flow(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=FLOW)


def services(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=SERVICE)


def projects(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=PROJECT)


def steps(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=STEP)


def stages(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=STAGE)


def on_each_other(chart) -> list[tuple[str, str]]:
    """Words that stand on other words."""
    spots: list[tuple[float, float, float, float, str]] = []
    spec = chart.to_dict()

    def look(part) -> None:
        for layer in part.get("layer", []):
            look(layer)
        mark = part.get("mark", {})
        if mark.get("type") != "text" or mark.get("aria") is False:  # a halo is under its word
            return
        data = part.get("data", {})
        for word in data.get("values") or spec.get("datasets", {}).get(data.get("name"), []):
            wide = pixels.width_of(word["text"], mark["fontSize"])
            left = word["x"] - {"left": 0, "right": wide}[mark["align"]]
            spots.append((left, left + wide, word["y"] - 9, word["y"], word["text"]))

    def unhalo(part):
        data = part.get("data")
        for layer in part.get("layer", []):
            if data is not None:
                layer.setdefault("data", data)
            unhalo(layer)

    unhalo(spec)
    look(spec)
    return [(a[4], b[4]) for i, a in enumerate(spots) for b in spots[:i]
            if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]]  # fmt: skip


# -- where the days go ----------------------------------------------------------------------------

DAYS = flow(
    ("key", "key", 120.0), ("maintenance", "key", 40.0), ("maintenance", "maintenance", 60.0),
    ("opportunistic", "key_development", 7.25), ("missing", "key_development", 18.0), ("unused", "left", 3.0),
)  # fmt: skip


def test_the_days_are_said_at_both_ends_and_on_what_moves():
    said = words(charts.energy(DAYS, "More for key accounts"))
    assert {
        "More for key accounts",
        "Key account",
        "120 days",
        "160 days",
        "100 days",
        "60 days",
        "40",
    } <= set(said)
    assert {"7.2", "18", "missing, not there", "18 days"} <= set(said)
    assert "3" not in said and said.count("3 days") == 2  # what nobody uses, and stays so, does not move


def test_days_that_are_not_known_are_named_and_do_not_count():
    said = words(charts.energy(flow(*DAYS.itertuples(index=False), ("opportunistic", "left", np.nan))))
    assert "? The days are not known yet: Opportunistic" in said and "160 days" in said
    assert words(charts.energy(flow())) == ["No days are known yet."]
    assert words(charts.energy(flow(("key", "key", 0.0)))) == ["No days are known yet."]


def test_endless_days_are_not_made_smaller():
    assert "1e+300 days" in words(charts.energy(flow(("key", "key", 1e300), ("unused", "key", 1.0))))


def test_no_number_of_a_ribbon_stands_on_another():
    every = flow(*((s, t, float(i + 1)) for i, (s, t) in enumerate((s, t) for s in ENDS[:6] for t in (*ENDS[:4], "left"))))  # fmt: skip
    assert on_each_other(charts.energy(every)) == []
    assert off_the_sheet(charts.energy(every)) == []


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(ENDS), st.sampled_from(ENDS), ANY), max_size=60), NAME)
def test_any_days_stay_on_the_sheet(rows, title):
    assert off_the_sheet(charts.energy(flow(*rows), title)) == []


# -- which services are wanted --------------------------------------------------------------------

WANTED = services(
    ("a", "Printed policies", 120_000, "no", "yes", "charge"), ("b", "Hot line", 40_000, "yes", "no", "improve"),
    ("c", "Yearly review", 80_000, "yes", "yes", "keep"), ("d", "Hampers", np.nan, "no", "no", "remove"),
    ("e", "Training", 25_000, "", "yes", "ask"), ("f", "Letters", 0, None, "", "ask"),
)  # fmt: skip


def test_services_stand_in_their_field_with_their_cost():
    said = words(charts.presents(WANTED))
    for text in (
        "IMPROVE",
        "KEEP, OR CHARGE",
        "REMOVE",
        "120,000",
        "charge",
        "Hampers",
        "cost ?",
        "0",
    ):
        assert text in said
    assert "remove" not in said and "keep" not in said  # their fields say it
    assert {"not known yet: ASK", "valued?", "valued? done well?", "Letters"} <= set(said)


def test_of_many_services_the_dearest_are_drawn():
    many = services(*((f"s{i}", f"Service {i}", i, "yes", "yes", "keep") for i in range(60)))
    said = words(charts.presents(many))
    assert "Service 59" in said and "Service 53" not in said and "and 54 more, which cost 1,431" in said


@settings(max_examples=25)
@given(st.lists(st.tuples(TEXT, TEXT, ANY | st.none(), YESNO, YESNO, TEXT), max_size=60), NAME)
def test_any_services_stay_on_the_sheet(rows, title):
    chart = charts.presents(services(*rows), title)
    assert off_the_sheet(chart) == [] and on_each_other(chart) == []


# -- projects in time -----------------------------------------------------------------------------

PLANS = projects(
    ("p1", "One portal", "Corvid", "Ann", "2026-01-10", "2026-12-20", "running"),
    ("p2", "Review", "Wren", "", "2025-09-01", "2026-03-01", "done"),
    ("p3", "Only a beginning", "Wren", "Cy", "2026-08-01", "", "planned"),
    ("p4", "New terms", "Wren", "Cy", "", "", "planned"),
)
DUE = steps(
    ("p1", "Plan agreed", "2026-02-01", "yes"), ("p1", "Test group", "2026-06-01", "no"),
    ("p2", "Minutes", "2026-01-01", "no"), ("p4", "Call them", "2026-01-01", ""), ("p1", "Some day", "", "no"),
)  # fmt: skip


def test_the_timetable_says_who_when_and_what_is_late():
    said = words(charts.timetable(PLANS, DUE, "2026-07-15", "One step is late"))
    for text in ("One step is late", "One portal", "running, Ann, for Corvid", "done, no owner, for Wren", "today", "Jan 2026",
                 "Plan agreed", "Test group, late", "1 late", "Minutes", "Only a beginning", "New terms"):  # fmt: skip
        assert text in said
    assert "no dates yet, 1 step late, planned, Cy, for Wren" in said
    assert not [text for text in said if "Minutes, late" in text]  # its project is over


def test_without_a_today_nothing_is_late():
    said = words(charts.timetable(PLANS, DUE, ""))
    assert "today" not in said and not [text for text in said if "late" in text]


@pytest.mark.parametrize("ends, named", [("2026-01-20", "10 Jan"), ("2026-06-30", "Apr"), ("2027-06-30", "Apr"),
                                         ("2028-05-01", "Jan 2027"), ("2028-12-01", "2028"), ("2036-01-01", "2030"), ("2200-01-01", "2100"), ("9999-12-31", "9000")])  # fmt: skip
def test_time_is_named_as_the_span_asks_for(ends, named):
    rows = projects(("p", "Plan", "", "Ann", "2026-01-10", ends, "running"))
    chart = charts.timetable(rows, steps(), "2026-01-15")
    assert named in words(chart) and on_each_other(chart) == []


def test_of_many_projects_those_that_run_are_drawn():
    many = projects(*((f"p{i}", f"Plan {i}", "", "Ann", "2026-01-10", "2026-12-20", "done" if i < 30 else "running") for i in range(60)))  # fmt: skip
    said = words(charts.timetable(many, steps(), "2026-03-01"))
    assert "Plan 59" in said and "Plan 0" not in said and "and 30 more projects" in said


def test_every_late_step_is_counted_where_names_have_no_room():
    crowd = steps(
        *(("p1", f"A rather long name of step {i}", f"2026-02-{i + 1:02}", "no") for i in range(20))
    )
    chart = charts.timetable(PLANS, crowd, "2026-07-15")
    assert "20 late" in words(chart) and on_each_other(chart) == []
    assert words(charts.timetable(projects(), steps(), "2026-07-15")) == ["No project is known yet."]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), TEXT, TEXT, TEXT, DAY, DAY, TEXT | st.sampled_from(["done", "planned"])), max_size=40),
       st.lists(st.tuples(st.sampled_from("abcd"), TEXT, DAY, YESNO), max_size=20), DAY, NAME)  # fmt: skip
def test_any_projects_stay_on_the_sheet(rows, due, today, title):
    chart = charts.timetable(projects(*rows), steps(*due), today, title)
    assert off_the_sheet(chart) == [] and on_each_other(chart) == []


# -- the chain ------------------------------------------------------------------------------------


def test_the_chain_is_walked_in_order_with_its_troubles():
    rows = stages(
        ("b", "Use it", "end_customer", 1, "", 12, 2), ("c", "Quote", "corporate", 2, "Ten days", 1, 1),
        ("a", "Find us", "corporate", 1, None, 0, 0), ("d", "Pay", "corporate", np.nan, "", np.nan, np.nan),
    )  # fmt: skip
    said = words(charts.chain(rows, "Where it hurts"))
    assert [text for text in said if text in ("Find us", "Quote", "Pay", "Use it")] == ["Find us", "Quote", "Pay", "Use it"]  # fmt: skip
    assert {"Where it hurts", "WITH US", "THROUGH THEM TO THEIR CUSTOMERS", "Ten days"} <= set(said)
    assert {"1 idea", "12 ideas", "? ideas", "! 1 given not met", "! 2 unmet"} <= set(said)


def test_eight_stages_are_read_and_of_sixty_forty_are_drawn():
    chain = [(f"s{i}", f"Stage number {i}", "corporate", i, "Waits " * 40, i, i) for i in range(60)]
    eight = charts.chain(stages(*chain[:8]))
    assert {f"Stage number {i}" for i in range(8)} <= set(words(eight)) and on_each_other(eight) == []
    said = words(charts.chain(stages(*chain)))
    assert "Stage number 39" in said and "Stage number 40" not in said and "AND 20 MORE STAGES" in said
    assert words(charts.chain(stages())) == ["No stage is known yet."]


@settings(max_examples=25)
@given(st.lists(st.tuples(NAME, TEXT, TEXT | st.sampled_from(["corporate", "end_customer"]), ANY | st.none(), TEXT, ANY, ANY), max_size=45),
       NAME)  # fmt: skip
def test_any_chain_stays_on_the_sheet(rows, title):
    chart = charts.chain(stages(*rows), title)
    assert off_the_sheet(chart) == [] and on_each_other(chart) == []


LONG = "An extraordinarily long name, 'datum.x' \"quoted\" <b>&amp; " * 8


@pytest.mark.parametrize("amount", [1e300, -1e308, 0.0, float("nan"), float("inf"), 5e-324])
def test_odd_tables_reach_the_paper(amount):
    for chart in (
        charts.energy(flow(("key", "left", amount), ("missing", "key", 1.0)), LONG),
        charts.presents(services(*[("a", LONG, amount, "yes", "yes", LONG)] * 9), LONG),
        charts.timetable(projects(*[("p", LONG, LONG, LONG, "2026-01-01", "2026-02-01", "x")] * 3),
                         steps(("p", LONG, "2026-01-02", "no")), "2026-01-15", LONG),
        charts.chain(stages(*[("a", LONG, LONG, amount, LONG, amount, amount)] * 5), LONG),
    ):  # fmt: skip
        assert off_the_sheet(chart) == [] and on_each_other(chart) == []
        assert charts.png(chart, 1)[:4] == b"\x89PNG" and charts.svg(chart).startswith("<svg")
