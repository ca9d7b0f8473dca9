"""Opening a workbook: rights, locations, what came as files, what is newer or older, or none at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from pathlib import Path

import pandas as pd
import pytest

from kamlib.errors import InvalidWorkbook, KamError, ReadOnly, WorkbookError
from kamlib.workbook import stores
from kamlib.workbook.checks import check, refuse_errors
from kamlib.workbook.schema import DEFINITIONS, SCHEMA
from kamlib.workbook.stores import Change, base, exchange
from kamlib.workbook.stores.store import Database

from .books import KINDS, bytes_of, same, score_of, scored, small, table, told_by

NOBODY = 65534
FILES = ("book", "book.xlsx")


@pytest.fixture(params=KINDS)
def place(request, tmp_path) -> Path:
    stores.create(tmp_path / request.param, small())
    return tmp_path / request.param


def correct(place: Path, score: str) -> None:
    """Somebody corrects a score in the folder or with Excel."""
    text = stores.open_store(place).read()
    text["scores"].loc[text["scores"]["score"] != "", "score"] = score
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    stores.create(place, text)


# -- read-only and rights ---------------------------------------------------------------------------


def test_read_only_refuses_every_change_and_leaves_every_byte(place):
    before, (store, text) = bytes_of(place), stores.load(place, read_only=True)
    assert score_of(text) == "7" and same(store.read({"scores"}), {"scores": text["scores"]})
    for change in (lambda: store.put([scored(8)]), lambda: store.rewrite(dict)):
        with pytest.raises(ReadOnly, match="read-only"):
            change()
    store.version()
    logs = {f"{place}-wal", f"{place}-shm"}
    assert bytes_of(place) == before and {*map(str, place.parent.iterdir())} - logs == {str(place)}


def test_a_published_copy_needs_no_rights_and_stays_as_it_is(tmp_path):
    stores.create(tmp_path / "book.kam", small())
    Database(tmp_path / "book.kam").freeze()
    (tmp_path / "book.kam").chmod(0o444)
    before = bytes_of(tmp_path)
    store, text = stores.load(tmp_path / "book.kam", read_only=True)
    assert score_of(text) == "7" and store.version()
    with pytest.raises(ReadOnly):
        store.put([scored(8)])
    assert bytes_of(tmp_path) == before and len([*tmp_path.iterdir()]) == 1


@pytest.fixture
def shared():
    """A folder that everybody may look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_right_to_write_it_is_read_and_every_change_refused(kind, shared):
    place = shared / kind
    stores.create(place, small())
    for path in [place, shared, *(place.glob("*") if place.is_dir() else ())]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = bytes_of(shared)
    refuse_errors(check(small()), "")  # what is loaded only when it is needed

    def work(say):
        say(score_of(stores.load(place, read_only=True)[1]))
        try:
            stores.load(place)[0].put([scored(9)])
            say("written")
        except ReadOnly as error:
            say(str(error))

    first, refused = told_by(work, NOBODY)
    assert first == "7" and "no right to write" in refused and "kam copy" in refused
    assert bytes_of(shared) == before


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_right_to_read_it_says_so(kind, shared):
    place = shared / kind
    stores.create(place, small())
    place.chmod(0o000)

    def work(say):
        try:
            stores.load(place)
            say("read")
        except KamError as error:
            say(str(error))

    [said] = told_by(work, NOBODY)
    assert "right to" in said


# -- what came as files is edited in a .kam beside it -----------------------------------------------


@pytest.mark.parametrize("kind", FILES)
def test_files_are_edited_in_a_kam_beside_them_which_is_said_and_found_again(kind, tmp_path):
    stores.create(tmp_path / kind, small())
    before = bytes_of(tmp_path / kind)
    for score, said in (
        ("8", f"kept in book.kam: it was made from {kind} just now"),
        ("9", f"kept in book.kam, which was made from {kind}"),
    ):
        store, text = stores.load(tmp_path / kind)
        assert [said in note["message"] for note in store.notes] == [True]
        store.put([scored(score)], who="ann")
    assert Path(store.location) == tmp_path / "book.kam" and score_of(text) == "8"
    text = stores.load(tmp_path / "book.kam")[1]
    assert score_of(text) == "9" and text["history"]["old"].tolist() == ["7", "8"]
    assert bytes_of(tmp_path / kind) == before, "the files stay as they are"


@pytest.mark.parametrize("kind", FILES)
def test_files_that_were_changed_are_taken_anew_where_nothing_was_entered(kind, tmp_path):
    stores.create(tmp_path / kind, small())
    desk = stores.load(tmp_path / kind)[0]
    before = desk.version()
    correct(tmp_path / kind, "3")
    store, text = stores.load(tmp_path / kind)
    assert score_of(text) == "3" and [*text] == [*desk.read()]
    assert f"{kind} was changed" in store.notes[0]["message"]
    assert desk.version()[""] != before[""], "whoever has it open sees it"
    correct(tmp_path / kind, "4")
    assert score_of(stores.load(tmp_path / kind)[1]) == "4"


@pytest.mark.parametrize("kind", FILES)
def test_neither_what_was_entered_nor_what_was_changed_in_the_files_is_lost(kind, tmp_path):
    stores.create(tmp_path / kind, small())
    stores.load(tmp_path / kind)[0].put([scored(8)])
    entered = stores.open_store(tmp_path / "book.kam").read()
    correct(tmp_path / kind, "3")
    for _ in range(2):
        with pytest.raises(WorkbookError, match=f"open book.kam; .* copy it first: kam copy {kind}"):
            stores.load(tmp_path / kind)
    assert same(stores.load(tmp_path / "book.kam")[1], entered)
    correct(tmp_path / kind, "3")
    shutil.rmtree(tmp_path / kind) if kind == "book" else (tmp_path / kind).unlink()
    stores.copy(tmp_path / "book.kam", tmp_path / kind)  # the other way round
    store, text = stores.load(tmp_path / kind)
    store.put([scored(9)])
    assert same(text, entered) and score_of(stores.load(tmp_path / kind)[1]) == "9"


def test_a_kam_of_another_workbook_is_not_taken_for_that_of_the_folder(tmp_path):
    stores.create(tmp_path / "book", small())
    stores.create(tmp_path / "book.kam", small() | {"people": table("person name", "eve|Eve")})
    with pytest.raises(WorkbookError, match="book.kam differs from book"):
        stores.load(tmp_path / "book")
    stores.copy(tmp_path / "book", tmp_path / "mine.kam")
    (tmp_path / "book").rename(tmp_path / "mine")
    assert score_of(stores.load(tmp_path / "mine")[1]) == "7"


@pytest.mark.parametrize("kind", FILES)
def test_nothing_is_made_of_files_with_errors(kind, tmp_path):
    book = small()
    book["scores"]["score"] = "eleven"
    stores.create(tmp_path / kind, book)
    with pytest.raises(
        InvalidWorkbook, match=f'{kind} has 4 errors:\n  scores, line 2, score: score is "eleven"'
    ):
        stores.load(tmp_path / kind)
    assert [p.name for p in tmp_path.iterdir()] == [kind]


def test_macros_are_read_and_never_written(tmp_path):
    stores.create(tmp_path / "book.xlsx", small())
    (tmp_path / "book.xlsx").rename(tmp_path / "book.xlsm")
    before = bytes_of(tmp_path)
    stores.load(tmp_path / "book.xlsm")[0].put([scored(8)])
    assert before.items() <= bytes_of(tmp_path).items()


# -- schema -----------------------------------------------------------------------------------------


def older(book, place: Path):
    """A workbook of schema 1 where this kamlib knows schema 2: people were called team."""
    book = dict(book)
    book["team"] = book.pop("people")
    settings = book["settings"]
    settings.loc[settings["key"] == "schema", "value"] = "1"
    stores.create(place, book)
    return book


@pytest.fixture
def schema_two(monkeypatch):
    monkeypatch.setattr(stores, "SCHEMA", 2)
    renamed = {1: lambda text: {("people" if n == "team" else n): t for n, t in text.items()}}
    monkeypatch.setattr(stores, "MIGRATIONS", renamed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_schema_is_refused_untouched(kind, tmp_path):
    book = small()
    book["settings"].loc[0, "value"] = str(SCHEMA + 1)
    stores.create(tmp_path / kind, book)
    before = bytes_of(tmp_path)
    for read_only in (True, False):
        with pytest.raises(WorkbookError, match="newer kamlib.*Update kamlib.*not touched"):
            stores.load(tmp_path / kind, read_only=read_only)
    with pytest.raises(WorkbookError, match="newer"):
        stores.copy(tmp_path / kind, tmp_path / "copy")
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize("said", ["", "two", "-1", "0", "1.5", "9" * 40])
def test_an_unreadable_schema_is_refused(said, tmp_path):
    book = small()
    book["settings"].loc[0, "value"] = said
    stores.create(tmp_path / "book", book)
    with pytest.raises(WorkbookError, match="schema"):
        stores.load(tmp_path / "book")


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_workbook_is_brought_forward_once_and_kept(kind, tmp_path, schema_two):
    old = older(small(), tmp_path / kind)
    before = bytes_of(tmp_path / kind)
    store, text = stores.load(tmp_path / kind)
    assert "people" in text and "team" not in text and stores.schema_of(text) == 2
    assert same(store.read(), stores.open_store(tmp_path / "book.kam").read())
    kept = tmp_path / "book.kam.schema-1"
    assert same(stores.open_store(kept).read(), dict(sorted(old.items())))
    assert kind == "book.kam" or bytes_of(tmp_path / kind) == before, "files stay as they are"
    store.put([scored(9)])
    assert score_of(stores.load(tmp_path / kind)[1]) == "9"
    assert [*tmp_path.glob("*.schema-*")] == [kept]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_alone_brings_forward_in_memory_and_copy_copies_as_it_is(kind, tmp_path, schema_two):
    old = older(small(), tmp_path / kind)
    before = bytes_of(tmp_path)
    text = stores.load(tmp_path / kind, read_only=True)[1]
    assert "people" in text and stores.schema_of(text) == 2
    assert bytes_of(tmp_path) == before
    copied = stores.copy(tmp_path / kind, tmp_path / "copy")
    assert same(copied.read(), dict(sorted(old.items())))


def test_a_migration_that_fails_changes_nothing(tmp_path, schema_two, monkeypatch):
    old, place = older(small(), tmp_path / "book.kam"), tmp_path / "book.kam"
    good = stores.MIGRATIONS

    def fail(text):
        raise WorkbookError("The table team cannot be brought forward.")

    monkeypatch.setattr(stores, "MIGRATIONS", {1: fail})
    for _ in range(2):
        with pytest.raises(WorkbookError, match="brought forward"):
            stores.load(place)
    assert same(stores.open_store(place).read(), dict(sorted(old.items())))
    monkeypatch.setattr(stores, "MIGRATIONS", good)
    assert "people" in stores.load(place)[1]
    assert len(list(tmp_path.glob("*.schema-1*"))) == 1


def test_a_workbook_that_says_no_schema_is_the_first(tmp_path, schema_two):
    book = small() | {"settings": table("key value", "name|Old")}
    older(book, tmp_path / "book.kam")
    text = stores.load(tmp_path / "book.kam")[1]
    assert text["settings"].to_numpy().tolist() == [["schema", "2"], ["name", "Old"]]
    assert same(stores.load(tmp_path / "book.kam")[1], dict(sorted(text.items())))


# -- locations --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location, words",
    [
        ("", "needs a name"),
        ("   ", "needs a name"),
        ("a\0b", "special characters"),
        ("x" * 300, "cannot be the name"),
        ("~nobody-of-this-name/x", "cannot be the name"),
        ("missing", "no workbook at"),
        ("missing.kam", "no workbook at"),
        ("missing.xlsx", "no workbook at"),
        ("no/such/place", "no folder such"),
        ("notes.txt", "not a workbook"),
        ("folder.kam", "is a folder"),
        ("folder.xlsx", "is a folder"),
        ("http://x/y", 'kind "http"'),
        ("postgresql://x:y:z", "cannot be understood|not installed"),
        ("sqlite:///missing.db", "no workbook at"),
    ],
)
def test_a_location_that_is_no_workbook_is_said_in_a_sentence(location, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.kam").mkdir()
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "folder.xlsx" / "a.csv").write_text("a\n1\n")
    (tmp_path / "folder.kam" / "a.csv").write_text("a\n1\n")
    before = bytes_of(tmp_path)
    for read_only in (True, False):
        with pytest.raises(WorkbookError, match=words):
            stores.load(location, read_only=read_only)
    assert bytes_of(tmp_path) == before


def test_a_slip_in_the_name_is_answered_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stores.create("insurer", small())
    (tmp_path / "insurre.txt").write_text("x")
    with pytest.raises(WorkbookError, match='Did you mean "insurer"'):
        stores.load("insurre")


def test_an_absolute_path_is_not_told(tmp_path):
    with pytest.raises(WorkbookError) as caught:
        stores.load(tmp_path / "nothing")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_workbook_that_is_there_is_never_overwritten(kind, tmp_path):
    stores.create(tmp_path / kind, small())
    before = bytes_of(tmp_path)
    with pytest.raises(WorkbookError, match="already.*Choose another name"):
        stores.create(tmp_path / kind, stores.blank())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.doc").write_text("x")
    with pytest.raises(WorkbookError, match="other things in it"):
        stores.copy(tmp_path / kind, tmp_path / "mine")
    assert {k: v for k, v in bytes_of(tmp_path).items() if "letter" not in k} == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_workbook_that_is_gone_is_said_so_and_not_made_anew(kind, tmp_path):
    store = stores.open_store(tmp_path / kind)
    change = [lambda: store.put([scored(1)]), lambda: store.rewrite(dict)] if kind == "book.kam" else []
    for use in (store.read, store.version, *change):
        with pytest.raises(WorkbookError, match="no workbook"):
            use()
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "name", ["a b.kam", "100%.kam", "what?.kam", "no#1.kam", "é😀.kam", "a;b'c.kam", "é", "%41"]
)
def test_odd_file_names_are_names(name, tmp_path):
    stores.create(tmp_path / name, small())
    assert [p.name for p in tmp_path.iterdir()] == [name]
    for read_only in (True, False):
        assert score_of(stores.load(tmp_path / name, read_only=read_only)[1]) == "7"


def test_a_database_address_works_as_a_path_does(tmp_path):
    address = f"sqlite:///{tmp_path}/book.db"
    stores.create(address, small())
    stores.open_store(address).put([scored(9)])
    assert score_of(stores.load(address, read_only=True)[1]) == "9" and stores.exists(address)


@pytest.mark.filterwarnings("ignore:Query string")
@pytest.mark.parametrize(
    "address, shown",
    [
        ("postgresql://ann:{}@127.0.0.1:1/db", "postgresql://***@127.0.0.1:1/db"),
        ("postgresql://ann:p@{}:x@h/db", "postgresql://***@h/db"),
        ("mysql://ann:{}@h:port/db", "mysql://***@h:port/db"),
        ("postgresql://127.0.0.1:1/db?user=ann&password={}", "postgresql://127.0.0.1:1/db"),
        ("nothing://{}@h/db", "nothing://***@h/db"),
        ("postgresql+no_driver://ann:{}@h", "postgresql+no_driver://***@h"),
        ("sqlite:///nowhere/x.db?password={}", "sqlite:///nowhere/x.db"),
        ("postgresql://{0}:{0}@[::1/db", "postgresql://***@[::1/db"),
        ("postgresql:/ann:{}@h/db", "postgresql:/***@h/db"),
        ("postgres ql://ann:{}@h/db", "postgres ql://***@h/db"),
    ],
)
def test_a_password_is_never_shown(address, shown):
    """Neither in what is said, nor in a traceback, nor where a page names the workbook."""
    location = address.format("s3cretW0rd", "s3cretW0rd")
    assert "s3cretW0rd" in location
    for use in (stores.load, lambda place: stores.create(place, small())):
        with pytest.raises(KamError) as caught:
            use(location)
        assert "s3cretW0rd" not in "".join(traceback.format_exception(caught.value))
        assert "s3cretW0rd" not in repr(vars(caught.value))
    assert stores.spoken(location) == shown


def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for kind in FILES:
        with pytest.raises(WorkbookError, match="disk is full.*Make room"):
            stores.create(tmp_path / kind, small())
        assert not [*tmp_path.iterdir()]


def test_names_that_are_sql_are_names(tmp_path):
    book = small()
    nasty = ["x'; DROP TABLE scores;--", 'x" OR 1=1', "%s", ":name", "?", "x`y", "[x]"]
    book['wish"; DROP TABLE scores;--'] = pd.DataFrame([nasty], columns=nasty, dtype=object)
    stores.create(tmp_path / "book.kam", book)
    store = stores.open_store(tmp_path / "book.kam")
    for name in nasty:
        store.put([Change("customers", {"customer": name}, {"name": name})], who=name)
    text = stores.open_store(tmp_path / "book.kam").read()
    assert text["customers"]["name"].tolist()[2:] == nasty and len(text["scores"]) == 4
    assert text['wish"; DROP TABLE scores;--'].to_numpy().tolist() == [nasty]


def test_the_definition_and_the_store_agree_on_history():
    assert DEFINITIONS["history"].names == base.HISTORY
    assert exchange.to_csv(pd.DataFrame(columns=base.HISTORY)).strip() == ",".join(base.HISTORY)
