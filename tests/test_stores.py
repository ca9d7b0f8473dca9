"""A workbook comes back from every store as it went in, and every change is told to all."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib import stores
from kamlib.errors import Conflict, WorkbookError
from kamlib.stores import Change, csvs, folder, xlsx

from .books import KEY, KINDS, ROOT, bytes_of, same, score_of, scored, small, table

EXAMPLES = ("tiny", "insurer", "bank")


@pytest.fixture(params=KINDS)
def place(request, tmp_path) -> Path:
    stores.create(tmp_path / request.param, small())
    return tmp_path / request.param


def round_trip(tmp: Path, tables) -> list:
    """The tables as read from a folder, a .kam, an .xlsx, the folder again, and back the other way."""
    names = ("a", "b.kam", "c.xlsx", "d", "e.xlsx", "f.kam", "g")
    stores.create(tmp / "a", tables)
    for source, target in pairwise(names):
        stores.copy(tmp / source, tmp / target)
    return [stores.open_store(tmp / name).read() for name in names]


# -- round trips ------------------------------------------------------------------------------------

ODD = [
    "NA", "None", "null", "nan", "N/A", "001", "1e5", "-0", "+1", "TRUE", "1/2", "2026-01-01", "7,5",
    "=1+1", "+1", "-1", "@x", "\tx", "\nx", " x ", "a\nb", 'a "b" c', '"', "'", "a,b", "a;b\tc", "<r>x</r>",
    "<r><t>x</t></r>", "_x0041_", "_x005F_", "_x0041_x0042_", "x005F_", "_x000D_", "\x01\x1f", "\x7f\x85",
    "\ufeffx", "\ufffe\uffff", "😀" * 9, "é" * 300, "\u2028", "#REF!", "x" * 32_767, "&amp;", "]]>",
    "%s %(a)s", ":x", "?", "0.30000000000000004", "0.1", "1e-07", "12345678901234567890", "1_000", "٣",
    "a\u0301", "a\x0bb", "a\x0cb", "a\x1cb", "a\x85b", "a\u2028b", "a\u2029b", "\u3000x\u00a0", "'=1", "\x7f",
]  # fmt: skip
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
        "effort": pd.DataFrame([(f"c{i}", row[0]) for i, row in enumerate(rows)],
                               columns=["category", "days"], dtype=object),
        "my things": pd.DataFrame(extra, columns=names, dtype=object),
        "people": pd.DataFrame(people, columns=["person", "name", "function", "own"], dtype=object),
    }  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
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
    store = stores.create(tmp_path / "a", {"scores": small()["scores"]})
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
def test_what_no_store_can_hold_is_refused_with_its_place(kind, tmp_path):
    for odd, words in (("a\0b", "the character NUL"), ("\udc00", "half a character")):
        for book, at in (
            (table("person name", "ann|Ann", "bob|" + odd), "people, line 3, name"),
            (table("person na" + odd, "ann|Ann"), "people, line 1"),
        ):
            with pytest.raises(WorkbookError, match=f"{at}.* holds {words}"):
                stores.create(tmp_path / kind, {"people": book})
            assert not stores.exists(tmp_path / kind)


def test_half_a_character_is_refused_and_harms_nothing(place):
    store = stores.open_store(place)
    with pytest.raises(WorkbookError, match="half a character"):
        store.put([Change("customers", {"customer": "acme"}, {"note": "\ud800"})])
    store.put([scored(3)])
    assert score_of(stores.open_store(place).read()) == "3"


def test_an_excel_cell_that_would_be_cut_is_refused_with_its_place(tmp_path):
    for text in ("x" * 32_768, "😀" * 20_000):
        book = small() | {"people": table("person name", "ann|" + text)}
        with pytest.raises(WorkbookError, match="people, line 2, name has .* Excel cell holds 32,767"):
            stores.create(tmp_path / "book.xlsx", book)
    assert not (tmp_path / "book.xlsx").exists()


def test_a_table_that_is_too_long_for_reading_is_not_written_either(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 4)
    with pytest.raises(WorkbookError, match="settings has 4 rows"):
        stores.create(tmp_path / "book.xlsx", small())


@pytest.mark.parametrize("name", ["../../evil", "a/b", "a\\b", "", ".hidden", "con", "a\0b", "x" * 101])
def test_a_table_name_never_leads_out_of_the_folder(name, tmp_path):
    with pytest.raises(WorkbookError, match="cannot be a file"):
        stores.create(tmp_path / "book", {name: table("a", "1")})
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.name != ".kam.lock"]


def test_table_names_that_differ_in_capitals_alone_are_refused(tmp_path):
    for kind in KINDS:
        with pytest.raises(WorkbookError, match="[Tt]able"):
            stores.create(tmp_path / kind, {"scores": table("a", "1"), "Scores": table("a", "2")})


# -- putting ----------------------------------------------------------------------------------------


def test_put_merges_one_row_and_tells_the_history(place):
    before = stores.open_store(place).read()
    story = stores.open_store(place).put([scored(8)], who="ann")
    after = stores.open_store(place).read()
    assert score_of(after) == "8"
    assert [(r["who"], r["table"], r["column"], r["old"], r["new"]) for r in story] == [
        ("ann", "scores", "score", "7", "8")]  # fmt: skip
    assert after.pop("history").to_dict("records") == story
    before.pop("history")
    after["scores"].loc[after["scores"]["score"] == "8", "score"] = "7"
    assert same(before, after)


def test_put_adds_rows_columns_and_tables(place):
    store = stores.open_store(place)
    store.put([Change("customers", {"customer": "corp"}, {"name": "Corp", "colour": "blue"}),
               Change("wishes", {"wish": "1"}, {"text": "more"})])  # fmt: skip
    text = stores.open_store(place).read()
    assert text["customers"].iloc[-1].to_dict() == {
        "customer": "corp", "name": "Corp", "segment": "", "status": "", "colour": "blue"}  # fmt: skip
    assert text["customers"]["colour"].tolist() == ["", "", "blue"]
    assert text["wishes"].to_dict("records") == [{"wish": "1", "text": "more"}]


def test_put_is_all_or_nothing(place):
    store = stores.open_store(place)
    before = bytes_of(place)
    with pytest.raises(Conflict):
        store.put([scored(8), Change("customers", {"customer": "acme"}, {"name": "A"}, {"name": "Zzz"})])
    assert stores.open_store(place).read()["scores"].equals(small()["scores"])
    if place.suffix != ".kam":
        assert bytes_of(place) == before


def test_a_put_that_changes_nothing_writes_nothing(place):
    before = bytes_of(place)
    assert stores.open_store(place).put([scored(7)]) == []
    if place.suffix != ".kam":
        assert bytes_of(place) == before


def test_a_key_is_found_with_any_blanks_around_it(place):
    book = small()
    book["customers"] = table("customer name", "\u00a0acme\t|Acme", "brix |Brix")
    stores.open_store(place).replace(book)
    store = stores.open_store(place)
    store.put([Change("customers", {"customer": "acme"}, {"name": "A"}),
               Change("customers", {"customer": "brix"}, {"name": "B"})])  # fmt: skip
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


def test_a_conflict_on_removal_says_so(place):
    stores.open_store(place).put([scored(8)], who="ann")
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
    assert changed & {"scores", ""} and "customers" not in changed
    other.replace(small())
    assert mine.version() != after
    assert score_of(mine.read({"scores"})) == "7" and [*mine.read({"scores"})] == ["scores"]


def test_a_store_reads_its_own_puts_as_a_new_one_does(tmp_path):
    store = stores.create(tmp_path / "book", small())
    for value in range(1, 10):
        store.put([scored(value), Change("customers", {"customer": f"n{value}"}, {"note": ' a\n"b", '})])
        assert same(store.read(), stores.open_store(tmp_path / "book").read())


def test_a_reader_never_sees_half_of_a_change(tmp_path):
    """Two tables are always put together; whoever reads meanwhile sees them agree."""
    store, stop = stores.create(tmp_path / "book", small()), threading.Event()

    def write():
        for i in range(60):
            key = {"customer": "acme"}
            store.put([Change("customers", key, {"note": str(i)}), Change("people", {"person": "ann"},
                                                                         {"name": str(i)})])  # fmt: skip
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    for read_only in (True, False) * 500:
        text = stores.open_store(tmp_path / "book", read_only=read_only).read({"customers", "people"})
        note = text["customers"].get("note", pd.Series([""])).iloc[0]
        assert not note or note == text["people"]["name"].iloc[0]
        if stop.is_set():
            break
    writer.join()


def test_a_change_in_the_middle_of_reading_is_seen_whole(tmp_path, monkeypatch):
    writer, meanwhile = stores.create(tmp_path / "book", small()), []
    changes = [Change("customers", {"customer": "acme"}, {"note": "new"}),
               Change("people", {"person": "ann"}, {"name": "new"})]  # fmt: skip

    def slowly(raw, file):
        if file == "customers.csv" and not meanwhile:
            meanwhile.append("once")
            writer.put(changes)
        return csvs.read_csv(raw, file)

    for read_only in (False, True):
        reader = stores.open_store(tmp_path / "book", read_only=read_only)
        with monkeypatch.context() as patch:
            patch.setattr(folder, "read_csv", slowly)
            text = reader.read()
        assert meanwhile and text["people"]["name"].iloc[0] == "new"
        assert text["customers"]["note"].iloc[0] == "new"
        meanwhile.clear()
        writer.replace(small())


def test_history_saved_by_excel_is_added_to_soundly(tmp_path):
    store = stores.create(tmp_path / "book", small())
    store.put([scored(8)], who="ann")
    path = tmp_path / "book" / "history.csv"
    path.write_bytes("\r\n".join(path.read_text().replace(",", ";").splitlines()).encode("utf-16"))
    stores.open_store(tmp_path / "book").put([scored(9)], who="bob")
    found = stores.open_store(tmp_path / "book")
    assert found.read()["history"]["who"].tolist() == ["ann", "bob"] and not found.notes
