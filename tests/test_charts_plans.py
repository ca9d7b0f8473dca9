"""The pictures of days, services, plans and the chain: they say what the tables say, and bear any table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.workbook.schema import BOXES
from tests.drawings import ANY, NAME, rows, sound, words

ENDS = (*BOXES, "unused", "missing", "left", "nonsense", None)
YESNO = st.sampled_from(["yes", "no", "", None])
DAY = st.one_of(
    st.dates().map(str), st.sampled_from(["", "soon", None, "0001-01-01", "9999-12-31", "2026-13-01"])
)
TEXT = NAME | st.none()
LONG = "An extraordinarily long name, 'datum.x' \"quoted\" <script>&amp;</script> " * 8


def flow(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["source", "target", "days"])


def services(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["service", "name", "cost", "valued", "good_at", "suggestion"])


def projects(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["project", "name", "customer", "owner", "starts", "ends", "status"])


def steps(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["project", "name", "due", "done"])


def stages(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stage", "name", "level", "place", "trouble", "ideas", "unmet"])


# -- where the days go ----------------------------------------------------------------------------

DAYS = flow(
    ("key", "key", 120.0),
    ("maintenance", "key", 40.0),
    ("maintenance", "maintenance", 60.0),
    ("opportunistic", "key_development", 7.25),
    ("missing", "key_development", 18.0),
    ("unused", "left", 3.0),
)


def test_the_days_are_said_at_both_ends_and_on_what_moves():
    said = words(charts.energy(DAYS))
    assert {"Key account", "120 days", "160 days", "100 days", "60 days", "40"} <= set(said)
    assert {"7.2", "18", "missing, not there", "18 days"} <= set(said)
    assert "3" not in said and said.count("3 days") == 2  # what nobody uses, and stays so, does not move


def test_a_ribbon_is_as_thick_as_its_days_and_pale_where_it_stays():
    ribbons = {row["way"]: row for row in rows(charts.energy(DAYS)) if row.get("x") == 0 and "way" in row}
    parts = sorted(round(248.25 * (row["end"] - row["y"]), 2) for row in ribbons.values())
    assert parts == [3, 7.25, 18, 40, 60, 120]
    assert [row["opacity"] for row in ribbons.values()] == [0.16, 0.5, 0.16, 0.5, 0.16, 0.5]


def test_days_that_are_not_known_are_named_and_do_not_count():
    said = words(charts.energy(flow(*DAYS.itertuples(index=False), ("opportunistic", "left", np.nan))))
    assert "? The days are not known yet: Opportunistic" in said and "160 days" in said
    assert words(charts.energy(flow())) == ["No days are known yet."]
    assert words(charts.energy(flow(("key", "key", 0.0)))) == ["No days are known yet."]


def test_numbers_of_ribbons_keep_apart_and_what_is_left_out_is_said():
    ends = [(source, target) for source in ENDS[:6] for target in (*BOXES, "left")]
    chart = charts.energy(flow(*((*end, i + 1.0) for i, end in enumerate(ends))))
    numbers = [(row["x"], row["y"]) for row in rows(chart) if isinstance(row.get("said"), str)]
    assert len(numbers) > 15 and "The smallest moves carry no number." in words(chart)
    assert not [1 for a in numbers for b in numbers if a < b and a[0] == b[0] and b[1] - a[1] < 0.04]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ENDS), st.sampled_from(ENDS), ANY), max_size=60))
def test_any_days_are_drawn(table):
    sound(charts.energy(flow(*table)))


# -- which services are wanted --------------------------------------------------------------------

WANTED = services(
    ("a", "Printed policies", 120_000, "no", "yes", "charge"),
    ("b", "Hot line", 40_000, "yes", "no", "improve"),
    ("c", "Yearly review", 80_000, "yes", "yes", "keep"),
    ("d", "Hampers", np.nan, "no", "no", "remove"),
    ("e", "Training", 25_000, "", "yes", "ask"),
    ("f", "Letters", 0, None, "", "ask"),
)


def test_services_stand_in_their_field_with_their_cost():
    chart = charts.presents(WANTED)
    said = words(chart)
    assert {"IMPROVE", "KEEP, OR CHARGE", "REMOVE", "ASK", "120,000", "charge", "cost ?", "0"} <= set(said)
    assert "remove" not in said and "keep" not in said  # their fields say it
    assert {"not known yet", "valued?", "valued? done well?", "Letters"} <= set(said)
    at = {row["name"]: (row["x"], row["y"]) for row in rows(chart) if "name" in row}
    assert at["Hot line"][0] < at["Yearly review"][0] and at["Hot line"][1] == at["Yearly review"][1]
    assert at["Hampers"][0] < at["Printed policies"][0] and at["Hot line"][1] < at["Hampers"][1]
    assert at["Letters"][1] > at["Training"][1] > at["Hampers"][1]


def test_of_many_services_the_dearest_are_drawn():
    many = services(*((f"s{i}", f"Service {i}", i, "yes", "yes", "keep") for i in range(60)))
    said = words(charts.presents(many))
    assert "Service 59" in said and "Service 53" not in said and "and 54 more, which cost 1,431" in said


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, ANY | st.none(), YESNO, YESNO, TEXT), max_size=60))
def test_any_services_are_drawn(table):
    sound(charts.presents(services(*table)))


# -- projects in time -----------------------------------------------------------------------------

PLANS = projects(
    ("p1", "One portal", "Corvid", "Ann", "2026-01-10", "2026-12-20", "running"),
    ("p2", "Review", "Wren", "", "2025-09-01", "2026-03-01", "done"),
    ("p3", "Only a beginning", "Wren", "Cy", "2026-08-01", "", "planned"),
    ("p4", "New terms", "Wren", "Cy", "", "", "planned"),
)
DUE = steps(
    ("p1", "Plan agreed", "2026-02-01", "yes"),
    ("p1", "Test group", "2026-06-01", "no"),
    ("p2", "Minutes", "2026-01-01", "no"),
    ("p4", "Call them", "2026-01-01", ""),
    ("p1", "Some day", "", "no"),
)


def test_the_timetable_says_who_when_and_what_is_late():
    chart = charts.timetable(PLANS, DUE, "2026-07-15")
    said = words(chart)
    assert {"One portal", "running, Ann, for Corvid", "done, no owner, for Wren", "today"} <= set(said)
    assert {"2026", "Apr", "Plan agreed", "late: Test group", "Minutes", "no dates yet"} <= set(said)
    assert said.count("1 late") == 2 and "late: Minutes" not in said  # the project of the minutes is over
    kinds = {row["name"]: (row["kind"], row["end"] > row["start"]) for row in rows(chart) if row.get("start")}
    assert kinds["One portal"] == ("running", True) and kinds["Review"] == ("done", True)
    assert ("half", True) in [
        (row["kind"], row["end"] > row["start"]) for row in rows(chart) if row.get("start")
    ]


def test_without_a_today_nothing_is_late():
    said = words(charts.timetable(PLANS, DUE, ""))
    assert "today" not in said and not [text for text in said if "late" in text]


@pytest.mark.parametrize(
    "ends, named",
    [("2026-01-20", "12 Jan"), ("2026-06-30", "Apr"), ("2028-05-01", "2027"), ("9999-12-31", "9000")],
)
def test_time_is_named_as_the_span_asks_for(ends, named):
    plan = projects(("p", "Plan", "", "Ann", "2026-01-10", ends, "running"))
    assert named in words(charts.timetable(plan, steps(), "2026-01-15"))


def test_of_many_projects_those_that_run_are_drawn():
    many = projects(
        *(
            (f"p{i}", f"Plan {i}", "", "Ann", "2026-01-10", "2026-12-20", "done" if i < 30 else "running")
            for i in range(60)
        )
    )
    said = words(charts.timetable(many, steps(), "2026-03-01"))
    assert "Plan 59" in said and "Plan 0" not in said and "and 30 more projects" in said
    assert words(charts.timetable(projects(), steps(), "2026-07-15")) == ["No project is known yet."]


def test_every_late_step_is_counted_where_names_have_no_room():
    crowd = steps(*(("p1", f"A step {i}", f"2026-02-{i + 1:02}", "no") for i in range(20)))
    said = words(charts.timetable(PLANS, crowd, "2026-07-15"))
    assert "20 late" in said and "late: A step 0" in said and "late: A step 1" not in said


PLAN = st.tuples(
    st.sampled_from("abc"), TEXT, TEXT, TEXT, DAY, DAY, TEXT | st.sampled_from(["done", "planned"])
)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(PLAN, max_size=40),
    st.lists(st.tuples(st.sampled_from("abcd"), TEXT, DAY, YESNO), max_size=20),
    DAY,
)
def test_any_projects_are_drawn(table, due, today):
    sound(charts.timetable(projects(*table), steps(*due), today))


# -- the chain ------------------------------------------------------------------------------------


def test_the_chain_is_walked_in_order_with_its_troubles():
    chart = charts.chain(
        stages(
            ("b", "Use it", "end_customer", 1, "", 12, 2),
            ("c", "Quote", "corporate", 2, "Ten days", 1, 1),
            ("a", "Find us", "corporate", 1, None, 0, 0),
            ("d", "Pay", "corporate", np.nan, "", np.nan, np.nan),
        )
    )
    said = words(chart)
    order = ["Find us", "Quote", "Pay", "Use it"]
    assert [text for text in said if text in order] == order and said.count("→") == 2
    assert {"WITH US", "THROUGH THEM TO THEIR CUSTOMERS", "Ten days"} <= set(said)
    assert {"1 idea", "12 ideas", "? ideas", "! 1 given unmet", "! 2 givens unmet"} <= set(said)


def test_eight_stages_are_read_and_of_sixty_forty_are_drawn():
    chain = [(f"s{i}", f"Stage number {i}", "corporate", i, "Waits " * 40, i, i) for i in range(60)]
    assert {f"Stage number {i}" for i in range(8)} <= set(words(charts.chain(stages(*chain[:8]))))
    said = words(charts.chain(stages(*chain)))
    assert "Stage number 39" in said and "Stage number 40" not in said and "AND 20 MORE STAGES" in said
    assert words(charts.chain(stages())) == ["No stage is known yet."]


LEVEL = TEXT | st.sampled_from(["corporate", "end_customer"])


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(NAME, TEXT, LEVEL, ANY | st.none(), TEXT, ANY, ANY), max_size=45))
def test_any_chain_is_drawn(table):
    sound(charts.chain(stages(*table)))


@pytest.mark.parametrize("amount", [1e300, -1e308, 0.0, float("nan"), float("inf"), 5e-324])
def test_odd_tables_reach_the_paper(amount):
    for chart in (
        charts.energy(flow(("key", "left", amount), ("missing", "key", 1.0))),
        charts.presents(services(*[("a", LONG, amount, "yes", "yes", LONG)] * 9)),
        charts.timetable(
            projects(*[("p", LONG, LONG, LONG, "2026-01-01", "2026-02-01", "x")] * 12),
            steps(("p", LONG, "2026-01-02", "no")),
            "2026-01-15",
        ),
        charts.chain(stages(*[("a", LONG, LONG, amount, LONG, amount, amount)] * 5)),
    ):
        assert max(map(len, sound(chart))) <= 90  # long names are cut
