"""Whatever stops a writer, and whoever writes at the same time: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import time

import pytest

from kamlib.errors import Conflict, WorkbookError
from kamlib.workbook import stores
from kamlib.workbook.stores import Change, files, store

from .books import KEY, KINDS, bytes_of, child, killed_while, same, score_of, scored, small, told_by

VALUES = [f"{v / 2:g}" for v in range(2, 21)]


def value(number: int) -> str:
    """A score that differs from the one before, so that each put has something to write."""
    return VALUES[number % len(VALUES)]


def history_agrees(text) -> None:
    """Replaying the history of the score gives each old value, and at last the score."""
    now = "7"
    for row in text["history"].to_dict("records"):
        if row["column"] == "score":
            assert row["old"] == now and json.loads(row["key"]) == KEY
            now = row["new"]
    assert score_of(text) == now


# -- killed -----------------------------------------------------------------------------------------


def test_killed_in_the_middle_of_puts_nothing_acknowledged_is_missing(tmp_path):
    place, dice, done = tmp_path / "book.kam", random.Random(7), 0
    stores.create(place, small())
    for _ in range(12):

        def work(say, start=done):
            book = stores.open_store(place)
            say(start)
            for number in range(start + 1, start + 10_000):
                note = Change("customers", {"customer": "acme"}, {"note": str(number)})
                book.put([scored(value(number)), note])
                say(number)

        said = killed_while(work, words=dice.randint(1, 5), after=dice.uniform(0, 0.02))
        assert all(isinstance(line, int) for line in said), said
        text = stores.load(place)[1]
        found = int(text["customers"].get("note", [""])[0] or 0)
        assert found in (said[-1], said[-1] + 1), "one more may be written than was acknowledged"
        assert found == 0 or score_of(text) == value(found)
        history_agrees(text)
        done = found
    assert done > 12, "the writers must have got somewhere"


class Crash(BaseException):
    """The process is gone: nothing after it is done any more."""


class Failing:
    """Calls of the system that crash at the n-th of them, before it or after it."""

    def __init__(self, patch, at: int, after: bool) -> None:
        self.calls, self.at, self.after, self.dead = 0, at, after, False
        for name in ("replace", "link", "fsync", "unlink", "rmdir", "mkdir"):
            patch.setattr(os, name, self.wrapped(getattr(os, name)))

    def wrapped(self, call):
        def failing(*arguments, **named):
            if self.dead:
                raise Crash
            self.calls += 1
            self.dead = self.calls == self.at
            if self.dead and not self.after:
                raise Crash
            result = call(*arguments, **named)
            if self.dead:
                raise Crash
            return result

        return failing


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_that_crashes_at_any_step_is_whole_or_not_there(kind, after, tmp_path, monkeypatch):
    book = {name: frame for name, frame in small().items() if len(frame)}
    source = tmp_path / "source.kam"
    stores.create(source, book)
    for step in range(1, 60):
        place = tmp_path / str(step) / kind
        with monkeypatch.context() as patch:
            failing = Failing(patch, step, after)
            try:
                stores.copy(source, place)
            except Crash:
                pass
            else:
                assert failing.calls < step
                break
        if stores.exists(place):
            assert same(stores.open_store(place).read(), dict(sorted(book.items())))
        else:
            assert same(stores.copy(source, place).read(), dict(sorted(book.items())))
    assert step > {"book": 10, "book.kam": 4, "book.xlsx": 5}[kind]


def test_a_killed_migration_changes_nothing_or_all(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "SCHEMA", 2)
    without = {1: lambda text: {name: frame for name, frame in text.items() if name != "effort"}}
    monkeypatch.setattr(stores, "MIGRATIONS", without)
    book, dice = small(), random.Random(3)
    book["settings"].loc[0, "value"] = "1"
    for number in range(6):
        place = tmp_path / f"{number}.kam"
        stores.create(place, book)

        def work(say, place=place):
            say("go")
            stores.load(place)

        killed_while(work, words=1, after=dice.uniform(0, 0.2))
        found = stores.open_store(place).read()
        assert ("effort" in found) == (stores.schema_of(found) == 1)
        assert "effort" not in stores.load(place)[1]
        [kept] = tmp_path.glob(f"{number}.kam.schema-1*")
        assert same(stores.open_store(kept).read(), dict(sorted(book.items())))


# -- power cut --------------------------------------------------------------------------------------


def test_a_log_cut_at_any_byte_opens_sound_with_the_first_changes(tmp_path):
    place = tmp_path / "book.kam"
    stores.create(place, small())
    book, ends = stores.open_store(place), []
    log = place.with_name("book.kam-wal")
    for number in range(1, 7):
        book.put([scored(value(number))])
        ends.append(log.stat().st_size)
    dice = random.Random(5)
    frames = range(ends[2], ends[-1], 4096 + 24)
    cuts = {*dice.sample(range(ends[2], ends[-1]), 20), *ends[2:], *(e - 1 for e in ends[3:])}
    for cut in sorted(cuts | {min(f + d, ends[-1]) for f in frames for d in (0, 1, 24)}):
        copy = tmp_path / "cut" / "book.kam"
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir()
        copy.write_bytes(place.read_bytes())
        copy.with_name("book.kam-wal").write_bytes(log.read_bytes()[:cut])
        text = stores.load(copy)[1]
        whole = sum(end <= cut for end in ends)
        assert len(text["history"]) == whole and score_of(text) == value(whole)
        history_agrees(text)
        with sqlite3.connect(copy) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
    book.close()


# -- together ---------------------------------------------------------------------------------------


def test_two_writers_at_once_lose_no_row(tmp_path):
    place, each = tmp_path / "book.kam", 200
    stores.create(place, small())

    def writer(name):
        def work(say):
            book = stores.open_store(place)
            say("ready")
            for number in range(each):
                book.put([Change("people", {"person": f"{name}{number}"}, {"name": "x"})], who=name)
            say("done")

        return work

    with child(writer("a")) as (_, one), child(writer("b")) as (_, other):
        said = [json.loads(line) for lines in (one, other) for line in lines]
    assert said == ["ready", "done"] * 2
    text = stores.load(place)[1]
    assert set(text["people"]["person"]) == {"ann", "bob"} | {f"{n}{i}" for n in "ab" for i in range(each)}
    assert len(text["people"]) == 2 * each + 2
    assert text["history"]["who"].value_counts().to_dict() == {"a": 2 * each, "b": 2 * each}


def test_two_writers_of_one_cell_never_overwrite_unseen(tmp_path):
    """Each adds one to what it saw, and tries again when somebody was quicker: no addition is lost."""
    place, each = tmp_path / "book.kam", 40
    stores.create(place, small()).put([Change("settings", {"key": "count"}, {"value": "0 nobody"})])

    def work(say):
        book, conflicts = stores.open_store(place), 0
        for _ in range(each):
            while True:
                rows = book.read({"settings"})["settings"]
                seen = rows[rows["key"] == "count"]["value"].item()
                mine = {"value": f"{number(seen) + 1} {os.getpid()}"}
                try:
                    book.put([Change("settings", {"key": "count"}, mine, {"value": seen})])
                    break
                except Conflict as error:
                    conflicts += 1
                    assert number(error.found) > number(seen)
        say(conflicts)

    def number(text):
        return int(text.split()[0])

    with child(work) as (_, one), child(work) as (_, other):
        said = [json.loads(line) for lines in (one, other) for line in lines]
    assert len(said) == 2 and all(isinstance(line, int) for line in said), said
    rows = stores.load(place)[1]["settings"]
    assert number(rows[rows["key"] == "count"]["value"].item()) == 2 * each


@pytest.mark.parametrize("moment", [(stores, "_make"), (os, "link")], ids=["before it is made", "when it is"])
@pytest.mark.parametrize("kind", ["book", "book.xlsx"])
def test_two_who_open_files_at_once_work_in_one_kam(kind, moment, tmp_path, monkeypatch):
    """Whenever the other is quicker, neither makes the .kam anew under the other."""
    stores.create(tmp_path / kind, small())
    place, name = moment
    call = getattr(place, name)

    def enter(who):
        opened, text = stores.load(tmp_path / kind)
        opened.put([Change("people", {"person": who}, {"name": "x"})])
        return [*text["people"]["person"]]

    def second(*arguments):
        monkeypatch.setattr(place, name, call)
        enter("cay")
        return call(*arguments)

    monkeypatch.setattr(place, name, second)

    assert enter("dan") == ["ann", "bob", "cay"]
    assert getattr(place, name) is call, "the other came between"
    assert enter("eve") == ["ann", "bob", "cay", "dan"]
    assert {p.name for p in tmp_path.iterdir()} - {"book.kam-wal", "book.kam-shm"} == {kind, "book.kam"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_writer_left_is_passed_over_and_taken_away_later(kind, tmp_path):
    """The hidden folder in which a .kam was prepared is no workbook and does not stay for ever."""
    stores.create(tmp_path / kind, small())
    left = tmp_path / ".book.kam.left.part"
    left.mkdir()
    shutil.copy(tmp_path / kind, left / "book.kam") if kind == "book.kam" else (left / "book.kam").touch()
    assert stores.load(tmp_path / kind)[0].put([scored(8)])
    assert left.is_dir(), "somebody may be at it"
    before = left.stat().st_mtime
    os.utime(left, (before, before - 2 * files.HOUR))
    stores.load(tmp_path / kind, read_only=True)
    assert left.is_dir(), "reading changes nothing"
    assert score_of(stores.load(tmp_path / kind)[1]) == "8" and not left.exists()


def test_a_writer_that_waits_too_long_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BUSY_MS", 100)
    place = tmp_path / "book.kam"
    stores.create(place, small())

    def hold(say):
        sqlite3.connect(place, isolation_level=None).execute("BEGIN IMMEDIATE")
        say("holding")
        time.sleep(600)  # it is killed before

    before = bytes_of(place)
    with child(hold) as (_, lines):
        assert json.loads(lines.readline()) == "holding"
        with pytest.raises(WorkbookError, match="Somebody else is writing.*Try again"):
            stores.open_store(place).put([scored(9)])
        assert bytes_of(place) == before
    assert stores.open_store(place).put([scored(9)])


def test_a_child_that_fails_is_seen():
    assert told_by(lambda say: 1 / 0) == [{"crash": "ZeroDivisionError('division by zero')"}]
