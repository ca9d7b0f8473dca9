"""A workbook comes back from everywhere as it went in, and every change is told to all."""

from __future__ import annotations

import sqlite3
import tempfile
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib.errors import Conflict, WorkbookError
from kamlib.workbook import stores
from kamlib.workbook.stores import Change, base, guard

from .books import KEY, KINDS, ODD, ROOT, bytes_of, same, score_of, scored, small, table

EXAMPLES = ("tiny", "insurer", "bank")


@pytest.fixture(params=["book.kam", "postgresql"])
def place(request, tmp_path) -> str:
    """A workbook that can be changed, in each of the two databases."""
    is_file = request.param == "book.kam"
    location = str(tmp_path / "book.kam") if is_file else request.getfixturevalue("empty")
    stores.create(location, {n: t for n, t in small().items() if len(t) or n == "history"})
    return location


def round_trip(tmp: Path, tables) -> list:
    """The tables as read from a folder, a .kam, an .xlsx, the folder again, and back the other way."""
    names = ("a", "b.kam", "c.xlsx", "d", "e.xlsx", "f.kam", "g")
    stores.create(tmp / "a", tables)
    for source, target in pairwise(names):
        stores.copy(tmp / source, tmp / target)
    return [stores.open_store(tmp / name).read() for name in names]


# -- round trips ------------------------------------------------------------------------------------

anything = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
cells = st.one_of(
    st.sampled_from([*ODD, "a\rb", "a\r\nb", "\r", "a\r"]),
    st.text(anything | st.sampled_from("\r\n\v\f\x1c\x85\u2028\ufeff'=\"\t,; "), max_size=30),
)
column_names = st.text(anything, min_size=1, max_size=20).filter(
    lambda name: name == name.strip() and "\r" not in name and name.casefold() != "row_"
)


@st.composite
def any_tables(draw):
    rows = draw(st.lists(st.tuples(cells, cells, cells), max_size=6))
    people = [(f"p{i}", *row) for i, row in enumerate(rows)]
    names = draw(st.lists(column_names, min_size=1, max_size=4, unique_by=lambda n: n.upper().lower()))
    extra = draw(st.lists(st.tuples(*[cells] * len(names)), max_size=4))
    extra = [("x", *row[1:]) for row in extra]
    return {
        "effort": pd.DataFrame(
            [(f"c{i}", row[0]) for i, row in enumerate(rows)], columns=["category", "days"], dtype=object
        ),
        "my things": pd.DataFrame(extra, columns=names, dtype=object),
        "people": pd.DataFrame(people, columns=["person", "name", "function", "own"], dtype=object),
    }


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_tables())
def test_any_text_comes_back_from_every_store(tables):
    with tempfile.TemporaryDirectory() as tmp:
        wanted = {name: rows.replace("\r\n?", "\n", regex=True) for name, rows in tables.items()}
        for found in round_trip(Path(tmp), tables):
            assert same(found, wanted)
        one, other = bytes_of(Path(tmp) / "a"), bytes_of(Path(tmp) / "d")
        assert [*one.values()] == [*other.values()]


def test_every_odd_text_comes_back_from_every_store(tmp_path):
    rows = [(f"p{i}", odd, odd) for i, odd in enumerate(ODD)]
    tables = {"people": pd.DataFrame(rows, columns=["person", "name", "days"], dtype=object)}
    for found in round_trip(tmp_path, tables):
        assert found["people"].to_numpy().tolist() == tables["people"].to_numpy().tolist()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_back_byte_for_byte(name, tmp_path):
    source = ROOT / "data" / name
    assert list(source.glob("*.csv")), f"data/{name} must be there"
    stores.copy(source, tmp_path / "b.kam")
    stores.copy(tmp_path / "b.kam", tmp_path / "c.xlsx")
    stores.copy(tmp_path / "c.xlsx", tmp_path / "d")
    files = sorted(path.name for path in source.glob("*.csv"))
    assert files == sorted(path.name for path in (tmp_path / "d").glob("*.csv"))
    for file in files:
        assert (source / file).read_bytes() == (tmp_path / "d" / file).read_bytes(), file


def test_the_history_is_copied_too(tmp_path):
    store = stores.create(tmp_path / "a.kam", {"scores": small()["scores"]})
    store.put([scored(8)], who="ann")
    store.put([scored(9)], who="bob")
    tables = round_trip(tmp_path / "more", store.read())
    assert [t["history"]["who"].tolist() for t in tables] == [["ann", "bob"]] * 7


def test_line_ends_are_one_kind_everywhere(place):
    store = stores.open_store(place)
    store.put([Change("customers", {"customer": "acme"}, {"note": "a\r\nb\rc"})])
    assert stores.open_store(place).read()["customers"]["note"].iloc[0] == "a\nb\nc"
    assert store.read()["history"]["new"].tolist() == ["a\nb\nc"]


def test_a_line_end_put_in_by_others_splits_no_row(tmp_path):
    stores.create(tmp_path / "a.kam", {"suppliers": small()["suppliers"]})
    with sqlite3.connect(tmp_path / "a.kam") as db:
        db.execute("UPDATE suppliers SET name = 'a' || char(13) || 'b' WHERE supplier = 'us'")
    db.close()
    for text in round_trip(tmp_path / "more", stores.open_store(tmp_path / "a.kam").read()):
        assert text["suppliers"].to_numpy().tolist() == [["us", "a\nb"], ["rival", "Rival"]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_held_is_refused_with_its_place_and_leaves_nothing(kind, tmp_path):
    long = table("person name", "ann|" + "x" * 32_768)
    twice = table("name Name", "a|b")
    refused = [
        ({"people": table("person name", "bob|a\0b")}, "people, line 2, name contains the character NUL"),
        ({"people": table("person name", "bob|\udc00")}, "people, line 2, name contains half a character"),
        ({"people": table("person na\0me", "ann|Ann")}, "people, line 1 contains the character NUL"),
        ({"scores": table("a", "1"), "Scores": table("a", "2")}, 'table "scores" cannot be'),
        ({"people": long} if kind == "book.xlsx" else {}, "people, line 2, name has 32,768 char"),
        ({"people": twice} if kind == "book.kam" else {}, "columns that differ only in case"),
    ]
    for tables, words in refused:
        if tables:
            with pytest.raises(WorkbookError, match=words):
                stores.create(tmp_path / kind, {"segments": table("segment", "north"), **tables})
            assert [*tmp_path.iterdir()] == [], "not even an empty file"


def test_half_a_character_is_refused_and_harms_nothing(place):
    store = stores.open_store(place)
    with pytest.raises(WorkbookError, match="half a character"):
        store.put([Change("customers", {"customer": "acme"}, {"note": "\ud800"})])
    store.put([scored(3)])
    assert score_of(stores.open_store(place).read()) == "3"


def test_a_table_that_is_too_long_for_reading_is_not_written_either(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "MOST_ROWS", 4)
    with pytest.raises(WorkbookError, match="settings has 4 rows"):
        stores.create(tmp_path / "book.xlsx", small())


@pytest.mark.parametrize("name", ["../../evil", "a/b", "a\\b", "", ".hidden", "con", "a\0b", "x" * 101])
def test_a_table_name_never_leads_out_of_the_folder(name, tmp_path):
    with pytest.raises(WorkbookError, match="cannot be a file"):
        stores.create(tmp_path / "book", {name: table("a", "1")})
    assert [*tmp_path.rglob("*")] == []


# -- putting ----------------------------------------------------------------------------------------


def test_put_merges_one_row_and_tells_the_history(place):
    before = stores.open_store(place).read()
    story = stores.open_store(place).put([scored(8)], who="ann")
    after = stores.open_store(place).read()
    assert score_of(after) == "8"
    assert [(r["who"], r["table"], r["column"], r["old"], r["new"]) for r in story] == [
        ("ann", "scores", "score", "7", "8")
    ]
    assert after.pop("history").to_dict("records") == story
    before.pop("history")
    after["scores"].loc[after["scores"]["score"] == "8", "score"] = "7"
    assert same(before, after)


def test_put_adds_rows_columns_and_tables(place):
    store = stores.open_store(place)
    store.put(
        [
            Change("customers", {"customer": "corp"}, {"name": "Corp", "colour": "blue"}),
            Change("wishes", {"wish": "1"}, {"text": "more"}),
        ]
    )
    text = stores.open_store(place).read()
    assert text["customers"].iloc[-1].to_dict() == {
        "customer": "corp",
        "name": "Corp",
        "segment": "",
        "status": "",
        "colour": "blue",
    }
    assert text["customers"]["colour"].tolist() == ["", "", "blue"]
    assert text["wishes"].to_dict("records") == [{"wish": "1", "text": "more"}]


def test_put_is_all_or_nothing(place):
    store = stores.open_store(place)
    with pytest.raises(Conflict):
        store.put([scored(8), Change("customers", {"customer": "acme"}, {"name": "A"}, {"name": "Zzz"})])
    assert stores.open_store(place).read()["scores"].equals(small()["scores"])
    assert store.put([scored(7)]) == [], "what changes nothing is not told"


def test_a_key_is_found_with_any_blanks_around_it(place):
    book = small()
    book["customers"] = table("customer name", "\u00a0acme\t|Acme", "brix |Brix")
    store = stores.open_store(place)
    store.rewrite(lambda _: book)
    store.put(
        [
            Change("customers", {"customer": "acme"}, {"name": "A"}),
            Change("customers", {"customer": "brix"}, {"name": "B"}),
        ]
    )
    assert store.read()["customers"]["name"].tolist() == ["A", "B"]


def test_removing_a_row_is_told_and_can_be_put_back(place):
    store = stores.open_store(place)
    story = store.put([Change("customers", {"customer": "acme"}, None)], who="ann")
    assert stores.open_store(place).read()["customers"]["customer"].tolist() == ["brix"]
    assert {r["column"]: r["old"] for r in story}["name"] == "Acme"
    assert {r["new"] for r in story} == {""}
    assert store.put([Change("customers", {"customer": "acme"}, None)]) == []
    store.put([Change("customers", {"customer": "acme"}, {r["column"]: r["old"] for r in story})])
    assert "Acme" in store.read()["customers"]["name"].tolist()


def test_a_conflict_carries_both_values_and_who(place):
    stores.open_store(place).put([scored(8)], who="ann")
    late = Change("scores", dict(reversed(KEY.items())), {"score": "3"}, {"score": "7"})
    with pytest.raises(Conflict) as caught:
        stores.open_store(place).put([late], who="bob")
    error = caught.value
    assert (error.found, error.who, error.table, error.column) == ("8", "ann", "scores", "score")
    assert error.at.endswith("Z")
    assert 'ann changed score to "8"' in str(error) and 'you wrote "3"' in str(error)
    assert score_of(stores.open_store(place).read()) == "8"
    same_value = Change("scores", KEY, {"score": "8"}, {"score": "7"})
    assert stores.open_store(place).put([same_value], who="bob") == []
    with pytest.raises(Conflict, match="you wanted to remove the row"):
        stores.open_store(place).put([Change("scores", KEY, None, {"score": "7"})])


def test_versions_tell_what_somebody_else_changed(place):
    mine, other = stores.open_store(place), stores.open_store(place)
    mine.read()
    before = mine.version()
    assert mine.version() == before
    other.put([scored(8)])
    after = mine.version()
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {"scores", "history"}
    other.rewrite(lambda _: small())
    assert mine.version()[""] != after[""]
    other.put([scored(9)])
    assert mine.version()["scores"] and score_of(mine.read({"scores"})) == "9"
    assert [*mine.read({"scores"})] == ["scores"]


# -- many at once -----------------------------------------------------------------------------------

VALUES = st.one_of(st.none(), st.dictionaries(st.sampled_from(["name", "colour"]), st.sampled_from("abc")))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["acme", "brix", "new", "other"]), VALUES), max_size=8))
def test_changes_in_memory_and_in_a_database_come_to_the_same(changes):
    """`base.apply` is what a desk does without reading again, and what an import does before it writes."""
    some = [Change("customers", {"customer": key}, values) for key, values in changes]
    book = {name: small()[name] for name in ("customers", "history")}
    with tempfile.TemporaryDirectory() as tmp:
        store = stores.create(Path(tmp) / "book.kam", book)
        told = store.put(some, who="ann")
        found = store.read(["customers"])["customers"].to_dict("records")
        store.close()
    after, story = base.apply(book, some, "ann")
    there = after["customers"].to_dict("records")
    assert [{k: v for k, v in row.items() if v} for row in there] == [
        {k: v for k, v in row.items() if v} for row in found
    ]
    assert [row | {"at": ""} for row in story] == [row | {"at": ""} for row in told]
    assert book["customers"].equals(small()["customers"]), "the input is not changed"
