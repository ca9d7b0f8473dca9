"""Customer distinction: the known answers, and what must hold whatever is entered."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import distinction as model
from kamlib.models import portfolio
from kamlib.workbook import schema as T
from kamlib.workbook import settings as choices
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.settings import shipped
from tests import worked
from tests.worked import messages, rows, workbook

BOXES = T.BOXES
few = settings(max_examples=25)


def decided(**categories: str) -> dict[str, pd.DataFrame]:
    """Customers that were given a category, "" for none."""
    made = [("category", c, box) for c, box in categories.items() if box]
    return {
        "segments": rows("segment name", ("north", "North")),
        "customers": rows("customer name segment", *((c, c.title(), "north") for c in categories)),
        "decisions": rows("what subject decision", *made),
    }


def effort(**days: object) -> dict[str, pd.DataFrame]:
    return {"effort": rows("category days", *days.items())}


def spent(**days: object) -> dict[str, pd.DataFrame]:
    return {"time_spent": rows("customer days", *days.items())}


def by_rule(rule: int, *of: object) -> list[tuple[str, str]]:
    return messages(model.RULES, *of, rule=rule)


def cells(*lines: tuple) -> dict[str, pd.DataFrame]:
    given = [line + ("",) * (5 - len(line)) for line in lines]
    return {"distinction": rows("basis category min max test_bed", *given)}


def cell(basis: str, category: str, *of: object) -> pd.Series:
    return model.distinction(Book(*of)).set_index(["basis", "category"]).loc[(basis, category)]


# the bases and their ladders


def test_the_team_overrules_and_extends_the_bases_of_the_catalogue():
    own = ("frequency", "Visits", ""), ("terms", "", "low| |high|LOW"), ("training", "Places", "")
    bases = model.bases(Book(workbook(bases=rows("basis name ladder", *own))[0])).set_index("basis")
    stock = catalogue.items("distinction_bases")["id"].tolist()

    assert bases.index.tolist() == [*stock, "training"]
    assert bases.index[bases["own"]].tolist() == ["training"]
    assert bases.at["frequency", "name"] == "Visits" and len(bases.at["frequency", "ladder"]) == 6
    assert bases.at["terms", "ladder"] == ("low", "high") and bases.at["training", "ladder"] == ()


@pytest.mark.parametrize(
    ("ladder", "text", "place"),
    [
        (("none", "once a year"), "  ONCE a  Year", 1),
        (("none", "one"), "none", 0),
        (("none", "one"), "two", math.nan),
        (("none", "one"), "", math.nan),
        (("-", "one"), "-", math.nan),
        ((), "7,5", 7.5),
        ((), "1e3", 1000),
        ((), "many", math.nan),
        ((), "?", math.nan),
        ((), "inf", math.nan),
    ],
)
def test_the_place_of_a_text(ladder, text, place):
    assert model.rank(ladder, text) == pytest.approx(place, nan_ok=True)


@given(st.lists(st.text("abcdeÄß ", min_size=1).filter(str.strip), min_size=1, max_size=9))
@few
def test_every_rung_has_its_place(rungs):
    tables, _ = workbook(bases=rows("basis ladder", ("own", "|".join(rungs))))
    ladder = model.bases(Book(tables)).set_index("basis").at["own", "ladder"]

    assert [model.rank(ladder, rung.upper()) for rung in ladder] == list(range(len(ladder)))


def test_a_row_a_basis_and_category_in_their_order():
    of = workbook(**cells(("terms", "key", "list price", "gains are shared")))
    table, bases = model.distinction(Book(*of)), model.bases(Book(of[0]))["basis"]
    row = cell("terms", "key", *of)

    assert list(zip(table["basis"], table["category"], strict=True)) == [(b, c) for b in bases for c in BOXES]
    assert row[["low", "high", "wrong", "unreadable", "creep"]].tolist() == [0, 4, False, False, ""]


def test_least_above_most_and_texts_off_the_ladder():
    of = workbook(
        bases=rows("basis name", ("visits", "Visits")),
        **cells(
            ("frequency", "maintenance", "once a week", "once a month"),
            ("visits", "key", "30", "4"),
            ("terms", "key", "list price", "whatever"),
            ("depth", "key", "?", ""),
        ),
    )
    table = model.distinction(Book(*of))

    assert table.loc[table["wrong"], "basis"].tolist() == ["frequency", "visits"]
    assert table.loc[table["unreadable"], "basis"].tolist() == ["terms"]
    assert [level for level, _ in by_rule(45, *of)] == ["block", "block", "warn"]
    assert '"whatever" cannot be compared' in by_rule(45, *of)[2][1]


@pytest.mark.parametrize(("known", "said"), [((), 1), (("magic",), 0)])
def test_a_basis_nobody_knows(known, said):
    of = workbook(bases=rows("basis", *((b,) for b in known)), **cells(("magic", "key", "1", "2")))

    assert ['"magic", which is no basis' in text for _, text in by_rule(45, *of)] == [True] * said


# service creep

KEY = ("frequency", "key", "once a quarter", "once a month")


@pytest.mark.parametrize("category", BOXES[1:])
@pytest.mark.parametrize(
    ("least", "most", "bed", "creeps"),
    [
        ("once a year", "twice a year", "", ""),
        ("once a year", "once a month", "", "may get as much"),
        ("once a year", "once a week", "", "may get as much"),
        ("once a quarter", "once a quarter", "", "are sure of as much"),
        ("once a quarter", "", "", "are sure of as much"),
        ("once a week", "", "", "may get as much"),
        ("", "Once a MONTH ", "", "may get as much"),
        ("once a quarter", "once a week", "yes", ""),
        ("", "", "", ""),
        ("often", "very often", "", ""),
    ],
)
def test_creep(category, least, most, bed, creeps):
    of = workbook(**cells(KEY, ("frequency", category, least, most, bed)))
    words = cell("frequency", category, *of)["creep"]
    level = "nudge" if category == "key_development" else "warn"

    assert creeps in words and bool(creeps) == bool(words)
    assert [line for line, _ in by_rule(46, *of)] == ([level] if creeps else [])


@pytest.mark.parametrize(
    ("basis", "key", "other", "creeps"),
    [
        (
            "frequency",
            ("", ""),
            ("once a week", "once a week"),
            "",
        ),  # nothing is known of key accounts
        (
            "frequency",
            ("", "when they ask"),
            ("", "When They  ask"),
            "as key accounts (When They  ask)",
        ),
        ("contracts", ("no contract", "open-ended with reviews"), ("no contract", "one year"), ""),
    ],
)
def test_creep_beside_what_cannot_be_compared(basis, key, other, creeps):
    of = workbook(**cells((basis, "key", *key), (basis, "maintenance", *other)))
    words = cell(basis, "maintenance", *of)["creep"]

    assert creeps in words and bool(creeps) == bool(words)


@few
@given(*[st.integers(0, 5)] * 4)
def test_creep_is_reaching_the_key_accounts(key_low, key_high, low, high):
    rungs = model.bases(Book(workbook()[0])).set_index("basis").at["frequency", "ladder"]
    others = ("frequency", "opportunistic", rungs[low], rungs[high])
    of = workbook(**cells(("frequency", "key", rungs[key_low], rungs[key_high]), others))
    row = cell("frequency", "opportunistic", *of)

    assert bool(row["creep"]) == (high >= key_high or low >= max(key_low, 1))
    assert row["wrong"] == (low > high)


# what may not be stored


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, True),
        ({"min": "once a year"}, False),
        ({"min": ""}, False),
        ({"category": "key"}, False),
        ({"basis": "nobody"}, False),
    ],
)
def test_a_row_is_refused_with_what_is_stored(more, refused):
    tables, _ = workbook(**cells(("frequency", "maintenance", "once a week", "")))
    row = {"basis": "frequency", "category": "maintenance", "max": "once a month"} | more
    words = "Frequency of contact, maintenance account: the least (once a week) is more than the most"

    assert model.refused(Book(tables), row) == f"{words} (once a month)." * refused


@pytest.mark.parametrize("least", ["", "none", "7", "-3", "no contract", "one year", "?"])
@pytest.mark.parametrize("most", ["", "2", "no contract", "x"])
def test_refused_says_what_the_table_would_call_wrong(least, most):
    row = {"basis": "contracts", "category": "key", "min": least, "max": most}
    of = workbook(**cells(tuple(row.values())))

    assert bool(model.refused(Book(workbook()[0]), row)) == cell("contracts", "key", *of)["wrong"]


def test_how_they_are_sold_to():
    own = rows("category approach avoid", ("key", "hunter", "a bad deal"))
    table = model.approaches(Book(*workbook(effort=own)))

    assert table["fits"].tolist() == ["farmer", "hunter", "milk_round", ""]
    assert table["approach"].tolist() == ["hunter", "", "", ""]
    assert table["avoid"].tolist() == ["a bad deal", "", "", ""]


# the energy


def four(days_there: object = 350, **more: pd.DataFrame) -> tuple[T.Tables, choices.Settings]:
    """One key account needs 110 days more, a maintenance and an opportunistic account free 60."""
    given = decided(ann="key", bob="key_development", cid="maintenance", dan="opportunistic")
    given |= effort(key=150, key_development=50, maintenance=10, opportunistic=5)
    given |= spent(ann=40, bob=50, cid=60, dan=15)
    return workbook(**given | {"people": rows("person name days", ("p", "Pat", days_there))} | more)


def test_energy_of_four_accounts_in_any_segment():
    tables, of = four()
    table = model.energy(Book(tables, of))

    assert table["days_today"].tolist() == [40, 50, 60, 15]
    assert table["days_after"].tolist() == [150, 50, 10, 5]
    assert table["freed"].tolist() == [0, 0, 50, 10]
    assert table["needed"].tolist() == [110, 0, 0, 0]
    assert table["money_today"].isna().all() and not table["estimated"].any()
    assert model.energy(Book(tables, replace(of, segment="north"))).equals(table)


def days_of(*of: object) -> dict[tuple[str, str], float]:
    return model.flow(Book(*of)).set_index(["source", "target"])["days"].to_dict()


@pytest.mark.parametrize(
    ("there", "days", "words"),
    [
        (
            350,
            {("unused", "key"): 50, ("unused", "left"): 135},
            "50 days nobody uses today go to key accounts",
        ),
        (
            180,
            {("unused", "key"): 15, ("missing", "key"): 35},
            "15 days nobody uses today go to key accounts; 35 are still missing",
        ),
        (165, {("missing", "key"): 50}, "50 are still missing"),
        (
            100,
            {("missing", "key"): 50},
            "50 are still missing; today takes 165 days, 65 more than are available",
        ),
        ("", {("missing", "key"): 50}, "50 more are needed"),
    ],
)
def test_where_the_days_go(there, days, words):
    of = four(there)
    stays = {"key": 40, "key_development": 50, "maintenance": 10, "opportunistic": 5}
    inside = {("maintenance", "key"): 50, ("opportunistic", "key"): 10}
    moved = "60 days move from maintenance and opportunistic accounts to key accounts"

    assert days_of(*of) == {(box, box): n for box, n in stays.items()} | inside | days
    assert model.words(Book(*of)) == f"{moved}; {words}"


def test_what_is_freed_and_not_needed_is_left():
    of = four("", **effort(key=45, key_development=50, maintenance=10, opportunistic=5))
    days = days_of(*of)

    assert days["opportunistic", "key"] == days["opportunistic", "left"] == 5
    assert days["maintenance", "left"] == 50 and "55 days are freed and not needed" in model.words(Book(*of))


def test_accounts_without_a_figure_count_at_the_mean_of_the_others():
    of = workbook(
        **decided(a="key", b="key", c="key", d="maintenance", e=""),
        **effort(key=20, maintenance=3),
        **spent(a=10, b=20, c="", e=7),
    )
    table = model.energy(Book(*of)).set_index("category")
    columns = ["accounts", "known", "days_today", "days_after", "estimated"]

    assert table.loc["key", columns].tolist() == [3, 2, 45, 60, 1]
    assert table.loc["maintenance", ["days_today", "freed"]].isna().all()
    assert table.loc["opportunistic", ["days_today", "needed"]].tolist() == [0, 0]
    assert set(model.flow(Book(*of))["target"]) == {"key"} and math.isnan(model.missing(Book(*of)))
    assert "what maintenance accounts take is not known" in model.words(Book(*of))


def test_days_of_customers_in_no_category_are_not_unused():
    people = rows("person days", ("p", 30))
    of = workbook(**decided(a="key", e=""), **effort(key=20), **spent(a=10, e=7), people=people)

    assert model.unused(Book(*of)) == 13
    assert days_of(*of) == {("key", "key"): 10, ("unused", "key"): 10, ("unused", "left"): 3}


days = st.none() | st.floats(0, 366).map(lambda v: round(v, 9)) | st.sampled_from([0.0, 1 / 3])


@few
@given(
    customers=st.lists(st.tuples(st.sampled_from(["", *BOXES]), days), max_size=14),
    each=st.tuples(days, days, days, days),
    there=days,
)
def test_energy_and_flow_reconcile_whatever_the_order_of_the_rows(customers, each, there):
    given = decided(**{f"c{i}": box for i, (box, _) in enumerate(customers)})
    given |= effort(**dict(zip(BOXES, each, strict=True)))
    given |= spent(**{f"c{i}": n for i, (_, n) in enumerate(customers)})
    given["people"] = rows("person days", ("p", there))
    of = workbook(**given)
    energy, flow, words = model.energy(Book(*of)), model.flow(Book(*of)), model.words(Book(*of))
    known = energy[(energy["accounts"] > 0) & energy["freed"].notna()].set_index("category")
    out, into = (flow.groupby(end)["days"].sum() for end in ("source", "target"))

    # the same figures as the portfolio, none of them negative
    capacity = portfolio.capacity(Book(*of))
    assert energy["days_after"].tolist() == pytest.approx(capacity["days_needed"], nan_ok=True)
    assert energy["accounts"].tolist() == capacity["accounts"].tolist()
    assert not (energy.drop(columns="category") < 0).any(axis=None)
    assert not (energy["freed"] * energy["needed"]).gt(0).any()
    # what leaves a category is its today, what comes to it its tomorrow
    assert (flow["days"] > 0).all() and not flow.duplicated(["source", "target"]).any()
    for ends, column in ((out, "days_today"), (into, "days_after")):
        expected = known[column].tolist()
        assert ends.reindex(known.index, fill_value=0).tolist() == pytest.approx(expected, abs=1e-9)
    assert set(out.index) <= {*BOXES, "unused", "missing"} and set(into.index) <= {*BOXES, "left"}
    assert not {"missing"} & set(out.index) or not {"left"} & set(into.index)
    # unused is what is there and nobody takes
    idle = model.unused(Book(*of))
    assert out.get("unused", 0) == pytest.approx(idle if idle > 0 and len(known) else 0, abs=1e-9)
    # one sentence
    assert words[0] == words[0].upper() and not words.endswith(".") and len(words) < 300
    assert not {"nan", "0", "-0"} & set(words.replace(";", "").split()) and "-" not in words
    # and all the same from the last row to the first
    again = workbook(**{name: table[::-1] for name, table in given.items()})
    pd.testing.assert_frame_equal(model.energy(Book(*again)), energy)
    assert days_of(*again) == pytest.approx(days_of(*of), abs=1e-6) and model.words(Book(*again)) == words


# moving contacts


def moving(*moves: tuple, visit: object = "", call: object = ""):
    contacts = [("cid", channel, 100) for channel in T.CHANNELS] + [("ann", "face_to_face", 999)]
    return four(
        channel_moves=rows("category source target share_pct", *moves),
        contacts=rows("customer channel contacts", *contacts),
        settings=rows("key value", ("visit_hours", visit), ("call_hours", call)),
    )


HALF = ("maintenance", "face_to_face", "internet", 50)


@pytest.mark.parametrize(("visit", "hours", "in_days"), [("", math.nan, math.nan), (4, 150, 18.75)])
def test_half_of_a_hundred_visits_to_the_internet(visit, hours, in_days):
    row = model.moves(Book(*moving(HALF, visit=visit))).iloc[0]

    assert row[["contacts", "moved", "units"]].tolist() == [100, 50, 150]
    assert row[["hours", "days"]].tolist() == pytest.approx([hours, in_days], nan_ok=True)


@pytest.mark.parametrize(
    ("call", "visits", "web", "calls"), [("", 2, 3, 0), (0.5, 3.5, 3.75, 0.25), (0, 4, 4, 0)]
)
def test_what_one_moved_contact_frees(call, visits, web, calls):
    """A call is half a visit at most; what it takes has to be said before a moved call frees anything."""
    visit_call, visit_net = ("face_to_face", "call_centre"), ("face_to_face", "internet")
    pairs = [visit_call, visit_net, ("call_centre", "internet")]
    moves = [("maintenance", *pair, 1) for pair in [*pairs, *(p[::-1] for p in pairs)]]
    table = model.moves(Book(*moving(*moves, visit=4, call=call)))

    assert table["hours"].tolist() == [visits, web, calls, -visits, -web, -calls]
    assert table["units"].tolist() == [2, 3, 1, -2, -3, -1]


def test_contacts_nobody_counted_and_a_channel_that_stays():
    moves = (
        ("key", "internet", "face_to_face", 50),
        ("maintenance", "face_to_face", "face_to_face", 10),
    )
    table = model.moves(Book(*moving(*moves, visit=1)))

    assert math.isnan(table["moved"].iloc[0]) and table["hours"].iloc[1] == 0


@pytest.mark.parametrize(
    ("visit", "by_moves", "open_", "words"),
    [
        (4, 18.75, 31.25, "the moved contacts free at least 19: how are the other 31 freed?"),
        (40, 187.5, 0, "the moved contacts free at least 188, which is enough."),
        ("", math.nan, math.nan, "what the moved contacts free is not known yet."),
    ],
)
def test_the_days_the_moves_free_beside_those_to_be_freed(visit, by_moves, open_, words):
    table = model.reconcile(Book(*moving(HALF, visit=visit))).set_index("category")
    row = table.loc["maintenance"]

    assert row["freed"] == 50 and table.loc["key", ["freed", "open"]].tolist() == [0, 0]
    assert row[["by_moves", "open"]].tolist() == pytest.approx([by_moves, open_], nan_ok=True)
    assert row["words"] == f"50 days of maintenance accounts are to be freed; {words}"
    assert "and nothing is moved that frees them" in table.at["opportunistic", "words"]


# services


def served(*lines: tuple) -> tuple[T.Tables, choices.Settings]:
    columns = "service name cost valued good_at new who_pays action pilot pilot_on"
    return workbook(services=rows(columns, *(line + ("",) * (10 - len(line)) for line in lines)))


@pytest.mark.parametrize(
    ("cost", "valued", "good", "pays", "suggestion"),
    [
        (90, "no", "yes", "", "remove"),
        ("", "no", "", "", "remove"),
        (90, "", "no", "", "ask"),
        (90, "yes", "no", "", "improve"),
        (90, "yes", "yes", "", "charge"),
        (90, "yes", "yes", "us", "charge"),
        (90, "yes", "yes", "customer", "keep"),
        (10, "yes", "yes", "", "keep"),
        (1, "yes", "yes", "", "keep"),
        ("", "yes", "yes", "", "keep"),
        (90, "yes", "", "", "keep"),
    ],
)
def test_what_may_be_done_about_a_service(cost, valued, good, pays, suggestion):
    table = model.services(Book(*served(("a", "Policies", cost, valued, good, "", pays), ("b", "", 10))))

    assert table["name"].tolist() == ["Policies", "b"] and table["suggestion"][0] == suggestion
    assert table["why"][0].startswith("Customers" if valued else "Nobody knows whether customers")


@pytest.mark.parametrize(
    ("lines", "cost", "words"),
    [
        (
            [("a", "A", 100, "no"), ("b", "B", "", "no"), ("c", "C", 50, "yes", "yes"), ("d", "D", 5)],
            100,
            "2 of 4 services are not valued and cost at least 100 GBP a year; of 1 nobody knows",
        ),
        ([("a", "A", "", "no")], math.nan, "1 of 1 services is not valued; what it costs is not known"),
        ([("a", "A")], 0, "Nobody has said yet which services customers value"),
        ([("a", "A", 1, "yes")], 0, "Customers value every service"),
        ([], 0, "No service is listed yet"),
    ],
)
def test_what_the_unvalued_ones_cost(lines, cost, words):
    of = served(*lines)

    assert model.total(Book(*of))["cost"] == pytest.approx(cost, nan_ok=True)
    assert model.services_words(Book(*of)) == words


# accounts that move


def moved(was: str, now: str, decision: str = "", **more: pd.DataFrame):
    rounds = ("2025", "ann", was, decision), ("2024", "ann", "opportunistic", "")
    return workbook(**decided(ann=now), rounds=rows("round customer box decision", *rounds), **more)


@pytest.mark.parametrize(
    ("was", "decision", "now", "fell"),
    [
        ("key", "", "maintenance", True),
        ("key_development", "", "maintenance", True),
        ("maintenance", "key", "maintenance", True),
        ("key", "maintenance", "maintenance", False),
        ("key", "", "opportunistic", True),
        ("maintenance", "", "opportunistic", True),
        ("opportunistic", "", "maintenance", False),
        ("key", "", "key_development", False),
        ("", "", "maintenance", False),
        ("key", "", "", False),
    ],
)
def test_who_came_down(was, decision, now, fell):
    assert len(model.movers(Book(*moved(was, now, decision)))) == fell


LINES = sheets.form("maintenance_transition").lines["id"]


def handed(*answers: str, sheet: str = "maintenance_transition", field: str = "done") -> pd.DataFrame:
    given = [(sheet, "ann", item, field, text) for item, text in zip(LINES, answers, strict=False)]
    return rows("sheet subject item field value", *given)


@pytest.mark.parametrize(
    ("answers", "filled", "done"),
    [((), 0, False), (("yes", "no"), 2, False), (("yes",) * len(LINES), len(LINES), True)],
)
def test_how_far_the_handover_is(answers, filled, done):
    row = model.movers(Book(*moved("key", "maintenance", answers=handed(*answers)))).iloc[0]

    assert row[["was", "is_now", "hold"]].tolist() == ["key", "maintenance", False]
    assert row[["filled", "lines", "done"]].tolist() == [filled, len(LINES), done]


def test_key_development_accounts_asked_whether_to_go_on():
    asked = handed("no", sheet="development_hold", field="answer")
    row = model.movers(Book(*moved("key_development", "key_development", answers=asked))).iloc[0]

    assert row[["was", "hold", "lines"]].tolist() == ["key_development", True, 0]
    assert model.movers(Book(*moved("key", "key", answers=asked))).empty


# the rules

AVOID = {"effort": rows("category approach avoid", *((b, "", "losing them") for b in BOXES))}
FULL = cells(KEY) | AVOID


def test_nothing_is_said_of_a_workbook_without_step_10():
    assert messages(model.RULES, *workbook()) == []
    assert messages(model.RULES, *workbook(**decided(a="", b=""))) == []
    assert by_rule(39, *moved("key", "maintenance")) == []


def test_a_choice_that_changes_nothing():
    [(level, text)] = messages(model.RULES, *workbook(**decided(a="key"), **effort(key=400)))

    assert level == "warn" and "changes nothing" in text
    assert by_rule(44, *workbook(**decided(a="key"), **FULL)) == []


def test_outcomes_to_avoid():
    two = {"effort": rows("category avoid", ("key", "x"), ("opportunistic", "y"))}
    said = ("warn", "Say what must not happen to key development and maintenance accounts.")

    assert by_rule(51, *workbook(**FULL)) == []
    assert by_rule(51, *workbook(**cells(KEY) | two)) == [said]
    assert by_rule(51, *workbook(**two)) == []


@pytest.mark.parametrize(
    ("manager", "approaches", "said"),
    [
        ("p", {}, ["looks after Ann, a key account: a farmer would suit it better.", "milk round"]),
        ("q", {}, ["Quin sells best as a farmer and looks after Bob, a maintenance account"]),
        ("q", {"key": "farmer", "maintenance": "farmer"}, ["farmer, where milk round fits better"]),
        (
            "q",
            {"opportunistic": "hunter", "maintenance": "farmer"},
            ["farmer, where milk round fits better", "Cid, an opportunistic account: a hunter would"],
        ),
    ],
)
def test_ways_of_selling(manager, approaches, said):
    given = decided(ann="key", bob="maintenance", cid="opportunistic")
    given["customers"] = given["customers"].assign(manager=manager)
    given["people"] = rows("person name approach", ("p", "Pat", "hunter"), ("q", "Quin", "farmer"))
    given["effort"] = rows("category approach", *approaches.items())
    found = by_rule(53, *workbook(**given))

    assert {level for level, _ in found} == {"nudge"}
    assert [part in text for part, (_, text) in zip(said, found, strict=True)] == [True] * len(said)


@pytest.mark.parametrize(
    ("rule", "line", "said"),
    [
        (50, ("Portal", 1, "yes", "yes", "yes"), ["nobody is said to pay for it"]),
        (50, ("Portal", 1, "yes", "yes", "yes", "us"), []),
        (48, ("Calendars", 1, "no"), ["decide what becomes of it"]),
        (48, ("Calendars", 1, "no", "", "", "", "keep"), []),
        (49, ("Calendars", 1, "no", "", "", "", "remove"), ["say where and when that is tried"]),
        (
            49,
            ("Calendars", 1, "no", "", "", "", "remove", "two brokers"),
            ["say when that is tried"],
        ),
        (49, ("Calendars", 1, "no", "", "", "", "remove", "two brokers", "2026-05-01"), []),
    ],
)
def test_services_and_who_pays(rule, line, said):
    found = by_rule(rule, *served(("a", *line)))

    assert [level for level, _ in found] == ["block" if rule == 50 else "nudge"] * len(said)
    assert [part in text for part, (_, text) in zip(said, found, strict=True)] == [True] * len(said)


def test_days_that_are_not_there_and_days_without_a_plan():
    over = ("maintenance", "face_to_face", "call_centre", 60)

    assert by_rule(36, *four(180))[0][1].startswith("Short by 35 account-manager days")
    assert by_rule(36, *four(350)) == [] == by_rule(36, *four(""))  # nobody said how many there are
    assert len(by_rule(41, *four())) == 2
    assert len(by_rule(41, *moving(HALF, visit=40))) == 1  # only opportunistic accounts are left
    assert by_rule(41, *moving(HALF, over, visit=40))[1][0] == "warn"  # 110 % of the visits move


def suggested(*decided: str, **more: pd.DataFrame):
    """The worked example, in which Beta is suggested as a maintenance account; Quin sells to all."""
    made = [{"what": "category", "subject": c, "decision": "maintenance"} for c in decided]
    tables, chosen = worked.typed(decisions=made)
    rounds = rows("round customer box", ("2025", "Beta", "key"))
    told = T.typed(more | {"rounds": rounds, "people": rows("person name approach", ("q", "Quin", "hunter"))})
    customers = tables["customers"].assign(manager="q")
    return {**tables, **{n: told[n] for n in ("rounds", "people", *more)}, "customers": customers}, chosen


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        ((), "looks after Beta, suggested as a maintenance account: a farmer"),
        (("Delta",), "looks after Beta and Delta, maintenance accounts (1 of them suggested): a farmer"),
        (("Beta", "Delta"), "looks after Beta and Delta, maintenance accounts: a farmer"),
    ],
)
def test_an_account_that_is_only_suggested_is_called_so(decided, said):
    book = suggested(*decided, effort=rows("category approach", ("maintenance", "farmer")))

    assert [text for _, text in by_rule(53, *book) if said in text]


def test_a_handover_to_what_is_only_suggested_is_called_so():
    head = "Beta {} a maintenance account: plan the handover before anything is taken away."

    assert by_rule(39, *suggested(**FULL)) == [("warn", head.format("is suggested as"))]
    assert by_rule(39, *suggested("Beta", **FULL)) == [("warn", head.format("becomes"))]


def test_a_mover_without_its_handover():
    assert by_rule(39, *moved("key", "maintenance", **FULL))[0][0] == "warn"
    assert by_rule(39, *moved("key", "maintenance", **FULL, answers=handed("no"))) == []
    assert by_rule(39, *moved("key", "opportunistic", **FULL)) == []


# whatever is in the tables

MODELS = "distinction approaches energy flow moves reconcile services movers"


def everything(tables: T.Tables, of: choices.Settings) -> None:
    for name in MODELS.split():
        table = getattr(model, name)(Book(tables, of))
        assert list(table.index) == list(range(len(table))), name
    assert len(model.energy(Book(tables, of))) == len(model.reconcile(Book(tables, of))) == 4
    assert model.words(Book(tables, of)) and model.services_words(Book(tables, of))
    for level, text in messages(model.RULES, tables, of):
        assert level in ("block", "warn", "nudge") and text.endswith(".")
        assert "nan" not in text.split() and text[0] == text[0].upper()


def test_odd_tables():
    everything(*workbook())
    everything(*workbook(**decided(a="key"), **spent(a=3), **effort(key=7)))
    everything(*four("", **spent(ann="", bob="", cid="", dan=""), services=rows("service", ("s",))))
    nobody = rows("round customer box", ("1", "nobody", "key"))
    everything(*workbook(**spent(nobody=5), rounds=nobody, **cells(("terms", "key"))))


def test_ten_thousand_customers():
    boxes = {f"c{i}": BOXES[i % 4] for i in range(10_000)}
    given = spent(**dict.fromkeys(boxes, 0.1)) | effort(**dict.fromkeys(BOXES, 0.3))
    days = days_of(*workbook(**decided(**boxes), **given))

    assert sum(n for (_, target), n in days.items() if target == "key") == pytest.approx(750)


@pytest.mark.parametrize("example", ["tiny", "insurer", "bank"])
def test_the_examples(example):
    tables = T.typed(stores.load(shipped("data") / example, read_only=True)[1])
    for segment in ("", *tables["segments"]["segment"]):
        everything(tables, choices.of_workbook(tables, segment=segment))
