"""What a person enters is taken as the tables want it, or refused with its place and what is allowed."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import Finding, InvalidInput
from kamlib.workbook import checks, schema, stores
from kamlib.workbook.schema import DEFINITIONS, as_text, empty, parse, typed
from kamlib.workbook.settings import (
    PARAMETERS,
    SETTINGS,
    Parameters,
    Settings,
    allowed,
    of_workbook,
)

from .books import calls, large, small, table

BOOK = small()
SCORE = {"model": "strength", "subject": "acme", "factor": "price", "supplier": "us"}
NEW_FACTOR = {"model": "attractiveness", "scope": "north", "factor": "new", "weight": "0"}


TAKEN = [
    (
        "scores.score",
        [(7, "7"), (7.0, "7"), (np.float64(7.5), "7.5"), ("7,5", "7.5"), (" 8 ", "8")],
    ),
    ("scores.score", [("1e1", "10"), (None, ""), (math.nan, ""), (pd.NA, ""), ("Unknown", "")]),
    ("scores.on", [(date(2026, 5, 1), "2026-05-01"), ("2026-05-01 00:00:00", "2026-05-01")]),
    ("customers.profit", [("0,125", "0.125"), ("-12,5", "-12.5"), ("1,2345", "1.2345"), ("12500", "12500")]),
    ("scores.note", [("a\r\nb", "a\nb"), (" kept as it is ", " kept as it is "), ("=1+1", "=1+1")]),
    ("people.core", [(True, "yes"), (np.False_, "no"), ("X", "yes")]),
    ("customers.segment", [(" north ", "north"), ("-", ""), (pd.NaT, "")]),
    ("customers.customer", [("NA", "NA"), ("001", "001")]),
    ("customers.revenue", [(1e6, "1000000")]),
]


@pytest.mark.parametrize("column, value, text", [(c, *pair) for c, some in TAKEN for pair in some])
def test_what_is_allowed_is_taken_in_one_form(column, value, text):
    name, _, column = column.partition(".")

    assert checks.accept(name, {column: value}, BOOK) == {column: text}


@pytest.mark.parametrize("name, row", [("scores", SCORE | {"score": "6"}), ("factors", NEW_FACTOR)])
def test_a_whole_row_is_taken_as_it_is(name, row):
    assert checks.accept(name, row, BOOK) == row


@pytest.mark.parametrize(
    "column, value, words",
    [
        ("scores.score", 11, 'score is "11"; it must be a number from 1 to 10 in steps of 0.5'),
        ("scores.score", 7.3, "steps of 0.5"),
        ("scores.score", "seven", '"seven"'),
        ("scores.score", math.inf, '"inf"'),
        ("scores.score", "1e999", "must be a number"),
        pytest.param("scores.score", 10**5000, "too long to read", id="a long number"),
        ("scores.score", True, '"yes"'),
        ("scores.score", [7], r'"\[7\]"'),
        ("scores.score", "=3+4", "A formula is not a value"),
        ("scores.model", "strenght", 'Did you mean "strength"?'),
        ("scores.evidence", "hearsay", "one of own view, customer said, research"),
        ("scores.person", "eve", "not in the table people"),
        ("scores.supplier", "rivla", 'not in the table suppliers. Did you mean "rival"?'),
        ("scores.on", "01/02/2026", "a date as YYYY-MM-DD"),
        ("scores.note", "a\0b", "cannot be shown or stored"),
        ("scores.note", "\ud800", "cannot be shown or stored"),
        ("scores.note", "x" * 32_001, "longer than 32,000"),
        ("customers.customer", "", "every row needs it"),
        ("customers.customer", "a b", "a short text without spaces"),
        ("customers.revenue", -1, "a number of 0 or more"),
        ("customers.revenue", "1.000.000", "without marks between the thousands"),
        ("customers.revenue", "12,500", "without marks between the thousands, and a decimal with a point"),
        ("customers.revenue", "9" * 308, "at most 18 digits before its point"),
        ("customers.revenue", 10**18, "at most 18 digits before its point"),
        ("customers.profit", "-1e999", "at most 18 digits before its point"),
        ("customers.profit", "1e-300", "30 behind it"),
        ("customers.profit", "nan", '"nan"'),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_its_place(column, value, words):
    name, _, column = column.partition(".")
    with pytest.raises(InvalidInput, match=words) as caught:
        checks.accept(name, {column: value}, BOOK)
    error = caught.value

    assert (error.table, error.column) == (name, column)
    assert error.allowed == DEFINITIONS[name][column].allowed
    assert error.found is not None and len(str(error)) < 700


@pytest.mark.parametrize("column", ["scroe", "x" * 999])
def test_a_column_that_is_not_there_is_refused(column):
    with pytest.raises(InvalidInput, match="The table scores has no column") as caught:
        checks.accept("scores", {column: 7}, BOOK)

    assert ('Did you mean "score"?' in str(caught.value)) == (column == "scroe")
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("name", ["score", "history", "", "sqlite_master", "../scores"])
def test_only_the_tables_of_a_workbook_take_rows(name):
    with pytest.raises(InvalidInput, match="There is no table"):
        checks.accept(name, {"x": "1"}, BOOK)


def test_a_column_of_the_workbooks_own_takes_any_text_but_what_no_file_holds():
    book = BOOK | {"customers": BOOK["customers"].assign(colour="")}
    assert checks.accept("customers", {"colour": "=blue"}, book) == {"colour": "=blue"}
    with pytest.raises(InvalidInput, match="cannot be shown"):
        checks.accept("customers", {"colour": "\0"}, book)


def test_the_tables_are_not_changed():
    before = {name: frame.copy() for name, frame in BOOK.items()}
    checks.accept("scores", SCORE | {"score": 5}, BOOK)
    checks.check(BOOK)
    typed(BOOK)

    assert all(BOOK[name].equals(before[name]) for name in before)


words = ["7", "7,5", "?", "-", "us", "acme", "north", "key", "yes", "2026-01-01", "1e3", "٣", "-0"]
anything = st.one_of(
    st.text(max_size=12),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.sampled_from(words),
    st.decimals(),
    st.lists(st.integers(), max_size=2),
)
columns = [(t.name, c) for t in DEFINITIONS.values() if t.name != "history" for c in t.columns]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(columns), anything)
def test_whatever_is_accepted_is_parsed_and_accepted_again(where, value):
    name, column = where
    try:
        taken = checks.accept(name, {column.name: value}, BOOK)[column.name]
    except InvalidInput as error:
        assert (error.table, error.column) == (name, column.name)
        assert error.message.endswith((".", "?"))
        return
    meant, problem = parse(column, taken), checks.problem(DEFINITIONS[name], column, taken)

    assert problem is None or problem.level == "warning"
    assert checks.accept(name, {column.name: taken}, BOOK)[column.name] == taken
    assert column.kind == "text" or as_text(meant) == taken
    if column.kind == "number" and isinstance(value, float) and not math.isnan(value):
        assert meant == value


FIELDS = ["customer", "name", "segment", "status", "note", "revenue"]


@settings(max_examples=75, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), anything))
def test_a_row_that_is_accepted_leaves_a_workbook_without_errors(row):
    try:
        taken = checks.accept("customers", {"customer": "new"} | row, BOOK)
    except InvalidInput:
        return
    change = stores.Change("customers", {"customer": taken.pop("customer")}, taken)
    after, _ = stores.base.apply(BOOK, [change], "ann")

    assert not (checks.check(after)["level"] == "error").any()


# -- whole workbooks --------------------------------------------------------------------------------


@pytest.mark.parametrize("book", [BOOK, stores.blank("x"), large()], ids=["small", "blank", "large"])
def test_a_sound_workbook_has_no_findings(book):
    found = checks.check(book)
    checks.refuse_errors(found, "x")

    assert found.empty and list(found.columns) == checks.COLUMNS


def test_errors_come_first_and_a_note_of_reading_is_not_said_twice():
    book = BOOK | {"people": table("person name", "ann|=x", "bob lee|B")}
    note = Finding("error", "name holds a formula.", "people", "line 2", "name")
    found = checks.check(book, [note])

    assert found["level"].tolist() == ["error", "error"]
    assert found["row"].tolist() == ["line 2", "line 3"]


RICH = BOOK | {
    "scenarios": table("scenario name", "war|War"),
    "ideas": table("idea name customer stage", "box|A box|acme|order"),
    "stages": table("customer stage name", "acme|order|Order"),
    "customer_people": table("customer contact name", "acme|fay|Fay"),
    "proposals": table("proposal name customer", "card|A card|acme"),
    "proposal_needs": table("proposal need name", "card|speed|Speed"),
}
# a row more in a table, and what is said of it
WRONG = """
settings key=near_line value=100
    near_line is "100"; it must be a number of at least 0 and at most 9.
settings key=dependency_pct value=--5
    dependency_pct is "--5"; it must be a number above 0 and at most 100.
settings key=sure value=30.5
    sure is "30.5"; it must be a whole number of at least 1 and at most 1000.
settings key=budget value=1e30
    budget is "1e30"; it must be a number of at least 0.
settings key=budget value=1_000
    budget is "1_000"; it must be a number of at least 0.
settings key=line value=middle
    line is "middle"; it must be one of mean, midpoint.
settings key=nearline value=1
    There is no setting "nearline"; it is kept and not used. Did you mean "near_line"?
settings key=segment value=nroth
    value "nroth" is not in the table segments. Did you mean "north"?
customers customer=cole rival=cole
    cole is said to compete with itself.
customers customer=cole parent=cole
    cole is its own parent, at once or by way of others.
customers customer=cole segment=nroth
    segment "nroth" is not in the table segments. Did you mean "north"?
factors model=strength scope=all factor=x
    scope "all" is not in the table customers.
scores model=pia_us subject=boxx factor=x
    subject "boxx" is not in the table ideas. Did you mean "box"?
scores model=pia_us subject=box factor=x supplier=us
    supplier must be empty for an idea.
scores model=attractiveness subject=brix factor=x supplier=us
    supplier must be empty for attractiveness.
ballots round=1 person=ann model=strength subject=brix factor=price
    supplier is empty; a strength score belongs to us or to a competitor.
scores model=attractiveness subject=brix factor=x score=5
    brix has a score for "x", which is not on its list of attractiveness factors; it is kept and not counted.
scores model=strength subject=brix factor=x supplier=us score=5
    brix has a score for "x", which is not on its list of strength factors; it is kept and not counted.
decisions what=category subject=acme decision=gold
    decision "gold" is not a category.
changes scenario=war what=score model=strength subject=all factor=pric
    "pric" is no factor; it changes nothing. Did you mean "price"?
changes scenario=war what=score model=strength subject=acne factor=price
    subject "acne" is not in the table customers, segments or ideas. Did you mean "acme"?
changes scenario=war what=must_have model=strength subject=all factor=price to=11
    to is "11"; a must-have is 1 to 10.
ideas idea=bag customer=acme stage=pay
    "pay" is no stage of acme; the idea stands beside the chain.
links customer=acme contact=zoe person=ann
    "zoe" is not among the people of acme; the contact is kept and not used.
proposal_interests proposal=card need=price contact=fay interest=X
    need "price" is not among the needs of card; it is kept and not counted.
proposal_interests proposal=card need=speed contact=zoe interest=X
    contact "zoe" is not among the people of the customer that card is for; it is kept and not counted.
ratings idea=box question=colour rating=good
    "colour" is none of the questions; it is kept and not used.
ratings idea=box question=hard_to_copy rating=good
    hard_to_copy is rated "good"; it must be one of yes, no.
distinction basis=colour category=key
    "colour" is no basis of the catalogue or of the table bases; it is kept and not used.
answers sheet=colours subject=all item=red field=answer value=yes
    "colours" is no exercise of the catalogue; its answers are kept untouched.
answers sheet=kam_drivers subject=all item=desire_for_growth field=colour value=yes
    What drives us to key accounts has no field "colour"; it is kept and not used.
answers sheet=kam_drivers subject=all item=desire_for_growth field=answer value=red
    What drives us to key accounts, desire_for_growth: Does it drive us? is "red"; it must be one of yes, no, unknown.
""".strip().split("\n")
CASES = [(row, message.strip()) for row, message in zip(WRONG[::2], WRONG[1::2], strict=True)]
SOUND = [
    "factors model=pia_us scope=all factor=x",
    "find_out model=strength subject=brix factor=who_else",
    "changes scenario=war what=weight model=strength subject=all factor=all by=1",
    "settings key=near_line value=0,4",
    "settings key=near_line value=?",
    "settings key=currency value=?",
    "settings key=budget value=",
    "settings key=customer value=acme",
]


def parts(line: str) -> tuple[str, dict[str, str]]:
    """The table and the cells of a row written as "table column=value column=value"."""
    name, *cells = line.split(" ")
    return name, dict(cell.split("=") for cell in cells)


def found_with(line: str) -> pd.DataFrame:
    """What is found in the rich workbook with this row more in it."""
    name, row = parts(line)
    rows = RICH.get(name, empty(name))
    rows = rows[rows["key"] != row["key"]] if name == "settings" else rows
    more = pd.DataFrame([row], dtype=object)
    return checks.check(RICH | {name: pd.concat([rows, more], ignore_index=True).fillna("")})


@pytest.mark.parametrize("row, message", CASES, ids=[row for row, _ in CASES])
def test_what_a_row_says_of_others_is_held_against_them(row, message):
    """A whole workbook says it with its place; of one row to be stored an error is refused."""
    [found] = found_with(row).to_dict("records")
    name, cells = parts(row)

    assert (found["message"], found["table"]) == (message, name)
    if found["level"] == "error":
        with pytest.raises(InvalidInput) as caught:
            checks.accept(name, cells, RICH)
        error = caught.value
        assert (str(error), error.table, error.column) == (message, name, found["column"])
        assert (error.found, error.allowed) == (found["found"], found["allowed"])


@pytest.mark.parametrize("row", SOUND)
def test_a_sound_row_is_left_in_peace(row):
    assert found_with(row).empty


def test_every_rule_of_the_schema_is_seen_at_work_here():
    rules = {(t.name, rule) for t in DEFINITIONS.values() for rule in t.rules}
    seen = {
        rule.name
        for name, rule in rules
        for row, message in CASES
        if row.startswith(name) and re.match(re.sub("{.*?}", ".*", rule.message), message)
    }

    assert seen == {rule.name for _, rule in rules}


def test_customers_that_are_their_own_parents_in_a_circle_are_named():
    parents = ["d|a", "a|b", "b|c", "c|a", "e|"]  # d leads into the circle and is not in it
    customers = table("customer parent", *parents)
    found = checks.check(BOOK | {"customers": customers, "scores": empty("scores")})

    circle = found[found["column"] == "parent"]
    assert circle["row"].tolist() == ["line 3", "line 4", "line 5"]


def test_what_is_no_error_in_the_settings_can_be_used():
    for key, value in (
        ("near_line", "0,4"),
        ("near_line", "?"),
        ("nearline", "1"),
        ("round", "2026"),
    ):
        of_workbook(typed(BOOK | {"settings": table("key value", f"{key}|{value}")}))


def test_every_setting_and_parameter_says_what_it_may_be_in_plain_words():
    range_words = r"a (whole )?number( of at least \d+| above \d+)( and .+)?"
    for kind, names in ((Settings, SETTINGS), (Parameters, PARAMETERS)):
        for name in names:
            assert re.fullmatch(rf"a text|one of \w+(, \w+)+|{range_words}", allowed(kind, name))


# -- the schema and typed tables --------------------------------------------------------------------


def test_any_reader_of_yaml_reads_the_same_schema():
    """No bare yes, no or on among its texts, no bare ? in a flow map; numbers where numbers are."""
    text = Path(schema.__file__).with_name("schema.yaml").read_text(encoding="utf-8")

    def plain(value):
        return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value

    for name, parts in yaml.load(text, yaml.SafeLoader).items():
        assert [*parts["columns"]] == DEFINITIONS[name].names
        for cells, column in zip(parts["columns"].values(), DEFINITIONS[name].columns, strict=True):
            for key, value in cells.items():
                mine = getattr(column, key)
                assert value == (list(mine) if isinstance(mine, tuple) else mine), column


def test_the_schema_agrees_with_itself():
    for name, definition in DEFINITIONS.items():
        assert definition.names[: len(definition.keys)] == definition.keys or name == "ballots"
        assert {*definition.guarded, *(r.column for r in definition.rules)} <= {*definition.names}
        for other in definition.goes_with:
            assert name in {c.refers for c in DEFINITIONS[other].columns}
        for column in definition.columns:
            assert column.help.endswith((".", "?")) and column.allowed
            for refers, by, values in column.references:
                assert refers.removesuffix(" or all") in DEFINITIONS
                assert not by or {*values} <= {*definition[by].choices} or name == "settings"


def test_the_empty_score_is_unknown_and_no_error():
    scores = typed(BOOK)["scores"]["score"]

    assert scores.iloc[0] == 7 and scores.isna().sum() == 1


@pytest.mark.parametrize("scores", [None, pd.DataFrame(), table("score score", "7|8")])
def test_typed_tables_have_every_column_whatever_is_missing(scores):
    tables = typed({} if scores is None else {"scores": scores})

    for name, definition in DEFINITIONS.items():
        for column in definition.columns:
            wanted = np.float64 if column.kind == "number" else np.object_
            assert tables[name][column.name].dtype == wanted, (name, column.name)
    assert scores is None or tables["scores"]["score"].tolist() == [7] * len(scores)


def test_only_the_tables_that_are_named_are_typed():
    whole, part = typed(BOOK), typed(BOOK, ["scores", "routes"])

    assert [*part] == ["scores", "routes"]
    assert all(part[name].equals(whole[name]) for name in part)


def test_a_workbook_of_an_insurers_size_is_checked_quickly():
    """Ten times the rows are at most ten times the work; values are read once a column."""
    few, many = large(4), large(40)

    assert len(many["scores"]) > 4000
    assert calls(lambda: checks.check(many)) < 10 * calls(lambda: checks.check(few))
    assert calls(lambda: typed(many)) < 2 * calls(lambda: typed(few))
