"""Opening a workbook: rights, locations, what is newer or older, and what is not one at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from pathlib import Path

import pandas as pd
import pytest

from kamlib import checks, stores
from kamlib.errors import KamError, ReadOnly, WorkbookError
from kamlib.stores import Change, base, csvs
from kamlib.stores.database import Database
from kamlib.tables import DEFINITIONS, SCHEMA

from .books import KINDS, bytes_of, same, score_of, scored, small, table, told_by

NOBODY = 65534


@pytest.fixture(params=KINDS)
def place(request, tmp_path) -> Path:
    stores.create(tmp_path / request.param, small())
    return tmp_path / request.param


# -- read-only and rights ---------------------------------------------------------------------------


def test_read_only_refuses_every_change_and_leaves_every_byte(place):
    stores.open_store(place).replace(small())
    before, store = bytes_of(place), stores.open_store(place, read_only=True)
    assert score_of(store.read()) == "7"
    for change in (lambda: store.put([scored(8)]), lambda: store.replace({}), lambda: store.rewrite(dict)):
        with pytest.raises(ReadOnly, match="read-only"):
            change()
    store.version()
    assert bytes_of(place) == before


def test_a_published_copy_needs_no_rights_and_stays_as_it_is(tmp_path):
    import sqlite3

    stores.create(tmp_path / "book.kam", small())
    with sqlite3.connect(tmp_path / "book.kam") as db:
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    before = bytes_of(tmp_path)
    store, text = stores.load(tmp_path / "book.kam", read_only=True)
    assert score_of(text) == "7" and store.version()
    with pytest.raises(ReadOnly):
        store.put([scored(8)])
    assert bytes_of(tmp_path) == before


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
def test_without_the_right_to_write_it_is_read_and_every_put_refused(kind, shared):
    place = shared / kind
    stores.create(place, small())
    stores.open_store(place).read()
    for path in [place, shared, *(place.glob("*") if place.is_dir() else ())]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = bytes_of(shared)

    def work(say):
        say(score_of(stores.load(place, read_only=True)[1]))
        for _ in range(2):
            try:
                stores.open_store(place).put([scored(9)])
                say("written")
            except ReadOnly as error:
                say(str(error))

    first, *refused = told_by(work, NOBODY)
    assert first == "7" and len(refused) == 2
    assert all("no right to write" in said and "kam copy" in said for said in refused), refused
    assert bytes_of(shared) == before


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_right_to_read_it_says_so(kind, shared):
    place = shared / kind
    stores.create(place, small())
    for path in [place, *(place.glob("*") if place.is_dir() else ())]:
        path.chmod(0o700 if path.is_dir() else 0o000)
    place.chmod(0o000)

    def work(say):
        try:
            stores.load(place)
            say("read")
        except KamError as error:
            say(str(error))

    said = told_by(work, NOBODY)
    assert len(said) == 1 and ("right to" in said[0]), said


def test_a_file_open_in_excel_or_libreoffice_is_refused_and_nothing_lost(tmp_path):
    place = tmp_path / "book.xlsx"
    stores.create(place, small())
    before = bytes_of(place)
    for mark in ("~$book.xlsx", "~$ok.xlsx", ".~lock.book.xlsx#"):
        (tmp_path / mark).touch()
        with pytest.raises(WorkbookError, match="open in another program.*Close it there"):
            stores.open_store(place).put([scored(8)])
        assert bytes_of(place) == before and score_of(stores.open_store(place).read()) == "7"
        (tmp_path / mark).unlink()
    stores.open_store(place).put([scored(8)])


def test_macros_are_never_overwritten(tmp_path):
    stores.create(tmp_path / "book.xlsx", small())
    (tmp_path / "book.xlsx").rename(tmp_path / "book.xlsm")
    before = bytes_of(tmp_path / "book.xlsm")
    with pytest.raises(WorkbookError, match="macros"):
        stores.open_store(tmp_path / "book.xlsm").put([scored(8)])
    assert bytes_of(tmp_path / "book.xlsm") == before


def test_an_excel_file_with_formulas_is_kept_before_it_is_written_anew(tmp_path):
    import openpyxl

    stores.create(tmp_path / "book.xlsx", small())
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    book.create_sheet("sums").append(["=1+1"])
    book.save(tmp_path / "book.xlsx")
    before = (tmp_path / "book.xlsx").read_bytes()
    store = stores.open_store(tmp_path / "book.xlsx")
    store.put([scored(8)])
    store.put([scored(9)])
    assert (tmp_path / "book.original.xlsx").read_bytes() == before
    assert len(list(tmp_path.glob("book*.xlsx"))) == 2


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
    store, text = stores.load(tmp_path / kind)
    assert "people" in text and "team" not in text and stores.schema_of(text) == 2
    assert same(store.read(), stores.open_store(tmp_path / kind).read())
    kept = stores.open_store(tmp_path / f"{kind}.schema-1").read()
    assert same(kept, dict(sorted(old.items())))
    before = bytes_of(tmp_path)
    store.put([scored(9)])
    assert score_of(stores.load(tmp_path / kind)[1]) == "9"
    assert {p for p in bytes_of(tmp_path) if ".schema-" in p} == {p for p in before if ".schema-" in p}


@pytest.mark.parametrize("kind", KINDS)
def test_reading_alone_brings_forward_in_memory_and_copy_copies_as_it_is(kind, tmp_path, schema_two):
    old = older(small(), tmp_path / kind)
    before = bytes_of(tmp_path)
    text = stores.load(tmp_path / kind, read_only=True)[1]
    assert "people" in text and stores.schema_of(text) == 2
    assert bytes_of(tmp_path) == before
    copied = stores.copy(tmp_path / kind, tmp_path / "copy")
    assert same(copied.read(), dict(sorted(old.items())))


@pytest.mark.parametrize("kind", KINDS)
def test_a_migration_that_fails_changes_nothing(kind, tmp_path, schema_two, monkeypatch):
    old = older(small(), tmp_path / kind)
    good = stores.MIGRATIONS

    def fail(text):
        raise WorkbookError("The table team cannot be brought forward.")

    monkeypatch.setattr(stores, "MIGRATIONS", {1: fail})
    for _ in range(2):
        with pytest.raises(WorkbookError, match="brought forward"):
            stores.load(tmp_path / kind)
    assert same(dict(sorted(stores.open_store(tmp_path / kind).read().items())), dict(sorted(old.items())))
    monkeypatch.setattr(stores, "MIGRATIONS", good)
    assert "people" in stores.load(tmp_path / kind)[1]
    assert len(list(tmp_path.glob("*.schema-1*"))) == 1


def test_a_workbook_that_says_no_schema_is_the_first(tmp_path, schema_two):
    book = small() | {"settings": table("key value", "name|Old")}
    older(book, tmp_path / "book")
    text = stores.load(tmp_path / "book")[1]
    assert text["settings"].to_numpy().tolist() == [["schema", "2"], ["name", "Old"]]
    assert same(text, stores.load(tmp_path / "book")[1])


# -- locations --------------------------------------------------------------------------------------


@pytest.mark.parametrize("location, words", [
    ("", "needs a name"), ("   ", "needs a name"), ("a\0b", "odd characters"),
    ("x" * 300, "cannot be the name"), ("~nobody-of-this-name/x", "cannot be the name"),
    ("missing", "no workbook at"), ("missing.kam", "no workbook at"), ("missing.xlsx", "no workbook at"),
    ("no/such/place", "no folder such"),
    ("notes.txt", "not a workbook"), ("folder.kam", "is a folder"), ("folder.xlsx", "is a folder"),
    ("http://x/y", 'kind "http"'), ("postgresql://x:y:z", "cannot be understood|not installed"),
    ("sqlite:///missing.db", "no workbook at"),
])  # fmt: skip
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
    for use in (store.read, store.version, lambda: store.put([scored(1)]), lambda: store.rewrite(dict)):
        with pytest.raises(WorkbookError, match="no workbook|no right to write"):
            use()
    assert not [p for p in tmp_path.rglob("*") if not p.name.endswith(".lock")]


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
@pytest.mark.parametrize("address", [
    "postgresql://ann:{0}@127.0.0.1:1/db", "postgresql://ann:p@{0}:x@h/db", "mysql://ann:{0}@h:port/db",
    "postgresql://h/db?user=ann&password={0}", "nothing://{0}@h/db", "postgresql+no_driver://ann:{0}@h",
    "sqlite:///nowhere/x.db?password={0}", "postgresql://{0}:{0}@[::1/db",
    "postgresql:/ann:{0}@h/db", "postgres ql://ann:{0}@h/db",
])  # fmt: skip
def test_a_password_is_never_shown(address):
    secret = "s3cretW0rd"
    for use in (
        lambda: stores.load(address.format(secret)),
        lambda: stores.create(address.format(secret), {}),
    ):
        with pytest.raises(KamError) as caught:
            use()
        assert secret not in "".join(traceback.format_exception(caught.value))
    assert secret not in stores.spoken(address.format(secret))


def test_a_damaged_pending_file_is_said_and_leads_nowhere(tmp_path):
    stores.create(tmp_path / "book", small())
    (tmp_path / "victim.csv").write_text("a\n1\n")
    (tmp_path / "book" / ".kam-pending.json").write_text('{"swap": [], "gone": ["../victim"], "story": []}')
    with pytest.raises(WorkbookError, match="damaged file .kam-pending.json"):
        stores.load(tmp_path / "book")
    assert (tmp_path / "victim.csv").exists()


def test_a_full_disk_is_said_in_a_sentence(place, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    if place.suffix == ".kam":
        pytest.skip("SQLite writes without Python")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WorkbookError, match="disk is full.*Make room"):
            stores.open_store(place).put([scored(8)])
    assert score_of(stores.open_store(place).read()) == "7"


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
    assert csvs.to_csv(pd.DataFrame(columns=base.HISTORY)).strip() == ",".join(base.HISTORY)
    assert Database("sqlite://").sqlite
    assert checks.check(small()).empty
