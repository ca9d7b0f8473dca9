"""What a person enters is taken as the tables want it, or refused with its place and what is allowed."""

from __future__ import annotations

import math
import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InvalidInput
from kamlib.workbook import checks, stores
from kamlib.workbook.schema import DEFINITIONS, as_text, parse, typed
from kamlib.workbook.settings import Parameters, Settings, allowed, of_workbook

from .books import calls, large, small, table

BOOK = small()
SCORE = {"model": "strength", "subject": "acme", "factor": "price", "supplier": "us"}


@pytest.mark.parametrize("name, row, taken", [
    ("scores", {"score": 7}, {"score": "7"}), ("scores", {"score": 7.0}, {"score": "7"}),
    ("scores", {"score": np.float64(7.5)}, {"score": "7.5"}), ("scores", {"score": "7,5"}, {"score": "7.5"}),
    ("scores", {"score": " 8 "}, {"score": "8"}), ("scores", {"score": "1e1"}, {"score": "10"}),
    ("scores", {"score": None}, {"score": ""}), ("scores", {"score": math.nan}, {"score": ""}),
    ("scores", {"score": "?"}, {"score": ""}), ("scores", {"score": "Unknown"}, {"score": ""}),
    ("scores", {"score": pd.NA}, {"score": ""}), ("scores", {"score": ""}, {"score": ""}),
    ("scores", {"on": date(2026, 5, 1)}, {"on": "2026-05-01"}), ("scores", {"on": pd.NaT}, {"on": ""}),
    ("scores", {"on": "2026-05-01 00:00:00"}, {"on": "2026-05-01"}),
    ("scores", {"evidence": "own view"}, {"evidence": "own view"}),
    ("scores", {"note": "a\r\nb"}, {"note": "a\nb"}), ("scores", {"note": " kept as it is "},
                                                       {"note": " kept as it is "}),
    ("scores", {"note": "=1+1"}, {"note": "=1+1"}), ("people", {"core": True}, {"core": "yes"}),
    ("people", {"core": np.False_}, {"core": "no"}), ("people", {"core": "X"}, {"core": "yes"}),
    ("customers", {"segment": " north "}, {"segment": "north"}), ("customers", {"segment": "-"}, {"segment": ""}),
    ("customers", {"customer": "NA", "name": "None"}, {"customer": "NA", "name": "None"}),
    ("customers", {"customer": "001"}, {"customer": "001"}), ("customers", {"revenue": 1e6}, {"revenue": "1000000"}),
    ("scores", SCORE | {"score": "6"}, SCORE | {"score": "6"}),
    ("factors", {"model": "attractiveness", "scope": "north", "factor": "new", "weight": "0"},
     {"model": "attractiveness", "scope": "north", "factor": "new", "weight": "0"}),
])  # fmt: skip
def test_what_is_allowed_is_taken_in_one_form(name, row, taken):
    assert checks.accept(name, row, BOOK) == taken


@pytest.mark.parametrize("name, row, column, words, allowed", [
    ("scores", {"score": 11}, "score", 'score is "11"; it must be a number from 1 to 10', "from 1 to 10"),
    ("scores", {"score": 7.3}, "score", "steps of 0.5", "steps of 0.5"),
    ("scores", {"score": "seven"}, "score", '"seven"', "from 1 to 10"),
    ("scores", {"score": math.inf}, "score", '"inf"', "from 1 to 10"),
    ("scores", {"score": "1e999"}, "score", "must be a number", "from 1 to 10"),
    ("scores", {"score": 10**5000}, "score", "too long to read", "from 1 to 10"),
    ("scores", {"score": True}, "score", '"yes"', "from 1 to 10"),
    ("scores", {"score": [7]}, "score", r'"\[7\]"', "from 1 to 10"),
    ("scores", {"score": "=3+4"}, "score", "A formula is not a value", "from 1 to 10"),
    ("scores", {"scroe": 7}, "scroe", 'has no column "scroe". Did you mean "score"?', ""),
    ("scores", {"x" * 999: 7}, "", "has no column", ""),
    ("scores", {"model": "strenght"}, "model", 'Did you mean "strength"?', "one of attractiveness"),
    ("scores", {"evidence": "hearsay"}, "evidence", "must be one of", "customer said"),
    ("scores", {"person": "eve"}, "person", "not in the table people", "an id from the table people"),
    ("scores", {"supplier": "rivla"}, "supplier", 'Did you mean "rival"?', "an id from the table suppliers"),
    ("scores", {"on": "01/02/2026"}, "on", "a date as YYYY-MM-DD", "YYYY-MM-DD"),
    ("scores", {"note": "a\0b"}, "note", "cannot be shown or stored", "any text"),
    ("scores", {"note": "\ud800"}, "note", "cannot be shown or stored", "any text"),
    ("scores", {"note": "x" * 32_001}, "note", "longer than 32,000", "any text"),
    ("customers", {"customer": ""}, "customer", "every row needs it", "without spaces"),
    ("customers", {"customer": "a b"}, "customer", "without spaces", "without spaces"),
    ("customers", {"revenue": -1}, "revenue", "0 or more", "0 or more"),
    ("customers", {"revenue": "1.000.000"}, "revenue", "without marks between the thousands", "0 or more"),
    ("customers", {"revenue": "9" * 308}, "revenue", "at most 18 digits before its point", "0 or more"),
    ("customers", {"revenue": 10**18}, "revenue", "at most 18 digits before its point", "0 or more"),
    ("customers", {"profit": "-1e999"}, "profit", "at most 18 digits before its point", "a number"),
    ("customers", {"profit": "1e-300"}, "profit", "30 behind it", "a number"),
    ("customers", {"profit": "nan"}, "profit", '"nan"', "a number"),
    ("customers", {"profit": "Infinity"}, "profit", '"Infinity"', "a number"),
    ("settings", {"key": "near_line", "value": "100"}, "value", 'near_line is "100"; it must be a number', "at most 9"),
    ("settings", {"key": "staff_by", "value": "<b>"}, "value", "must be one of", "one of attractiveness, profit"),
    ("scores", SCORE | {"supplier": ""}, "supplier", "belongs to us or to a competitor", "a competitor"),
    ("scores", SCORE | {"model": "attractiveness"}, "supplier", "must be empty for attractiveness", "empty"),
    ("scores", SCORE | {"subject": "acne"}, "subject", 'Did you mean "acme"?', "the table customers"),
    ("factors", {"model": "attractiveness", "scope": "acme", "factor": "x"}, "scope", "table segments", "segments"),
    ("decisions", {"what": "category", "subject": "acme", "decision": "gold"}, "decision", "not a category", "key"),
    ("decisions", {"what": "benchmark_waiver", "subject": "acme"}, "subject", "table segments", "segments"),
])  # fmt: skip
def test_what_is_not_allowed_is_refused_with_its_place(name, row, column, words, allowed):
    with pytest.raises(InvalidInput, match=words) as caught:
        checks.accept(name, row, BOOK)
    error = caught.value
    assert error.table == name and allowed in error.allowed and error.found is not None
    assert not column or error.column == column
    assert len(str(error)) < 700


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


anything = st.one_of(
    st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.none(), st.dates(),
    st.sampled_from(["7", "7,5", "?", "-", "us", "acme", "north", "key", "yes", "2026-01-01", "1e3", "٣", "-0"]),
    st.decimals(), st.lists(st.integers(), max_size=2),
)  # fmt: skip
columns = [(name, c) for name, t in DEFINITIONS.items() if name != "history" for c in t.columns]


@settings(max_examples=800, deadline=None)
@given(st.sampled_from(columns), anything)
def test_whatever_is_accepted_is_parsed_and_accepted_again(where, value):
    name, column = where
    try:
        taken = checks.accept(name, {column.name: value}, BOOK)[column.name]
    except InvalidInput as error:
        assert error.table == name and error.column == column.name and error.message.endswith((".", "?"))
        return
    meant = parse(column, taken)
    problem = checks.problem(DEFINITIONS[name], column, taken)
    assert problem is None or problem[0] == "warning"
    assert checks.accept(name, {column.name: taken}, BOOK)[column.name] == taken
    if column.kind != "text":
        assert as_text(meant) == taken
    if column.kind == "number" and isinstance(value, float) and not math.isnan(value):
        assert meant == value


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["customer", "name", "segment", "status", "note", "revenue"]), anything)
)
def test_a_row_that_is_accepted_leaves_a_workbook_without_errors(row):
    try:
        taken = checks.accept("customers", {"customer": "new"} | row, BOOK)
    except InvalidInput:
        return
    change = stores.Change("customers", {"customer": taken.pop("customer")}, taken)
    after, _ = stores.base.apply(BOOK, [change], "ann")
    assert not (checks.check(after)["level"] == "error").any()


# -- whole workbooks --------------------------------------------------------------------------------


def test_a_sound_workbook_has_no_findings():
    assert checks.check(BOOK).empty and checks.check(stores.blank("x")).empty and checks.check(large()).empty
    assert list(checks.check(BOOK).columns) == checks.COLUMNS
    checks.refuse_errors(checks.check(BOOK), "x")


def test_errors_come_first_and_a_note_of_reading_is_not_said_twice():
    book = BOOK | {"people": table("person name", "ann|=x", "bob lee|B")}
    note = checks.finding("error", "people", "name holds a formula.", "line 2", "name")
    found = checks.check(book, [note])
    assert found["level"].tolist() == ["error", "error"]
    assert found["row"].tolist() == ["line 2", "line 3"]


@pytest.mark.parametrize("key, value, level, words", [
    ("near_line", "100", "error", 'near_line is "100"; it must be a number of at least 0 and at most 9.'),
    ("dependency_pct", "--5", "error", 'dependency_pct is "--5"; it must be a number above 0 and at most 100.'),
    ("sure", "30.5", "error", "must be a whole number of at least 1 and at most 1000."),
    ("budget", "1e999", "error", "must be a number of at least 0."), ("budget", "1e30", "error", "at least 0."),
    ("budget", "inf", "error", "at least 0."), ("budget", "nan", "error", "at least 0."),
    ("budget", "1_000", "error", "at least 0."), ("line", "middle", "error", "must be one of mean, midpoint."),
    ("segment", "nroth", "error", 'not in the table segments. Did you mean "north"?'),
    ("scenario", "none", "error", "not in the table scenarios."), ("customer", "x", "error", "the table customers."),
    ("nearline", "1", "warning", 'There is no setting "nearline"; it is kept and not used. Did you mean "near_line"?'),
    ("near_line", "0,4", "", ""), ("near_line", "?", "", ""), ("budget", "", "", ""), ("round", "2026", "", ""),
    ("currency", "?", "", ""), ("customer", "acme", "", ""), ("key_limit", "3", "", ""),
])  # fmt: skip
def test_a_setting_out_of_range_unreadable_or_unknown_is_a_finding_with_its_place(key, value, level, words):
    book = BOOK | {"settings": pd.concat([BOOK["settings"], table("key value", f"{key}|{value}")])}
    book["settings"] = book["settings"].drop_duplicates("key", keep="last").reset_index(drop=True)
    line = f"line {book['settings'].index[book['settings']['key'] == key][0] + 2}"
    found = checks.check(book)[["level", "table", "row"]].to_dict("records")
    assert found == ([{"level": level, "table": "settings", "row": line}] if level else [])
    assert all(words in said for said in checks.check(book)["message"])
    if level != "error":  # what is no error can be used
        of_workbook(typed(book))


def test_every_setting_and_parameter_says_what_it_may_be_in_plain_words():
    for model in (Settings, Parameters):
        for name in model.model_fields:
            said = allowed(model, name)
            assert re.fullmatch(
                r"a text|one of \w+(, \w+)+|a (whole )?number( of at least \d+| above \d+)( and .+)?", said
            )


def test_the_empty_score_is_unknown_and_no_error():
    assert math.isnan(parse(DEFINITIONS["scores"]["score"], ""))
    assert (
        typed(BOOK)["scores"]["score"].tolist()[0] == 7 and typed(BOOK)["scores"]["score"].isna().sum() == 1
    )


def test_typed_tables_have_every_column_whatever_is_missing():
    for text in ({}, {"scores": pd.DataFrame()}, {"scores": table("score score", "7|8")}):
        tables = typed(text)
        assert set(DEFINITIONS) <= set(tables)
        for name, definition in DEFINITIONS.items():
            for column in definition.columns:
                wanted = np.float64 if column.kind == "number" else np.object_
                assert tables[name][column.name].dtype == wanted, (name, column.name)
    assert tables["scores"]["score"].tolist() == [7]


def test_a_workbook_of_an_insurers_size_is_checked_quickly():
    """Ten times the rows are at most ten times the work; values are read once a column, not once a row."""
    few, many = large(4), large(40)
    assert len(many["scores"]) > 4000
    assert calls(lambda: checks.check(many)) < 10 * calls(lambda: checks.check(few))
    assert calls(lambda: typed(many)) < 2 * calls(lambda: typed(few))
