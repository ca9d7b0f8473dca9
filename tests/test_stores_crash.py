"""Whatever stops a writer, and whoever writes at the same time: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from kamlib import stores
from kamlib.errors import Conflict, WorkbookError
from kamlib.stores import Change, database, files

from .books import KEY, KINDS, bytes_of, child, killed_while, same, score_of, scored, small, told_by

VALUES = [f"{v / 2:g}" for v in range(2, 21)]


def value(number: int) -> str:
    """A score that differs from the one before, so that each put has something to write."""
    return VALUES[number % len(VALUES)]


def history_agrees(text) -> None:
    """Replaying the history of the score gives each old value, and at last the score."""
    now = "7"
    for row in text["history"].to_dict("records") if "history" in text else ():
        if row["column"] == "score":
            assert row["old"] == now and json.loads(row["key"]) == KEY
            now = row["new"]
    assert score_of(text) == now


# -- killed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_killed_in_the_middle_of_puts_nothing_acknowledged_is_missing(kind, tmp_path):
    place, dice = tmp_path / kind, random.Random(7)
    stores.create(place, small())
    done, longest = 0, 0.1 if kind == "book.xlsx" else 0.02
    for _ in range(18):

        def work(say, start=done):
            store = stores.open_store(place)
            say(start)
            for number in range(start + 1, start + 10_000):
                store.put([scored(value(number)), Change("customers", {"customer": "acme"},
                                                        {"note": str(number)})])  # fmt: skip
                say(number)

        said = killed_while(work, words=dice.randint(1, 5), after=dice.uniform(0, longest))
        assert all(isinstance(line, int) for line in said), said
        store, text = stores.load(place)
        found = int(text["customers"].get("note", [""])[0] or 0)
        assert found in (said[-1], said[-1] + 1), "one more may be written than was acknowledged"
        assert found == 0 or score_of(text) == value(found)
        history_agrees(text)
        done = found
    assert done > 18, "the writers must have got somewhere"
    stores.open_store(place).put([scored("1")])
    left = {p.name for p in [*tmp_path.iterdir(), *(place.iterdir() if place.is_dir() else ())]}
    assert not [name for name in left if name.endswith((".part", ".next")) or "pending" in name]


class Crash(BaseException):
    """The process is gone: nothing after it is done any more."""


class Failing:
    """os.replace, os.fsync and os.unlink that crash at the n-th call, before it or after it."""

    def __init__(self, patch, at: int, after: bool) -> None:
        self.calls, self.at, self.after, self.dead = 0, at, after, False
        self.targets: list[str] = []
        for name in ("replace", "fsync", "unlink"):
            patch.setattr(os, name, self.wrapped(getattr(os, name)))

    def wrapped(self, call):
        def failing(*arguments, **named):
            if self.dead:
                raise Crash
            self.calls += 1
            self.targets += [Path(arguments[1]).name] if call.__name__ == "replace" else []
            self.dead = self.calls == self.at
            if self.dead and not self.after:
                raise Crash
            result = call(*arguments, **named)
            if self.dead:
                raise Crash
            return result

        return failing


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["book", "book.xlsx"])
def test_a_crash_at_any_step_leaves_the_old_or_the_new(kind, after, tmp_path, monkeypatch):
    both = [scored(9), Change("customers", {"customer": "acme"}, {"note": "new"})]
    for step in range(1, 60):
        place = tmp_path / str(step) / kind
        stores.create(place, small()).put([scored(8)], who="ann")
        with monkeypatch.context() as patch:
            failing = Failing(patch, step, after)
            try:
                stores.open_store(place).put(both, who="bob")
            except Crash:
                pass
            else:
                assert failing.calls < step
                break
        readers = [stores.open_store(place, read_only=flag).read() for flag in (True, False)]
        assert same(*readers), "who may not write sees what the next writer will make of it"
        text = readers[1]
        note = text["customers"]["note"][0] if "note" in text["customers"] else ""
        assert (score_of(text), note) in (("8", ""), ("9", "new"))
        history_agrees(text)
        assert stores.open_store(place).put([scored(5)], who="cay")
        text = stores.open_store(place).read()
        history_agrees(text)
        assert text["history"]["who"].tolist() in (["ann", "cay"], ["ann", "bob", "bob", "cay"])
        names = [p.name for p in [*place.parent.iterdir(), *(place.iterdir() if place.is_dir() else ())]]
        assert not [n for n in names if n.endswith((".part", ".next")) or "pending" in n]
    assert step > (12 if kind == "book" else 3)
    whole = [".kam-pending.json", "scores.csv", "customers.csv"] if kind == "book" else ["book.xlsx"]
    assert set(whole) <= set(failing.targets), "nothing that is read later is written in place"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["book", "book.xlsx"])
def test_a_crash_in_a_migration_is_harmless(kind, after, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "SCHEMA", 2)
    monkeypatch.setattr(stores, "MIGRATIONS", {1: lambda t: {n: f for n, f in t.items() if n != "effort"}})
    book = small()
    book["settings"].loc[0, "value"] = "1"
    stores.create(tmp_path / "wanted", book)
    wanted = _sorted(stores.load(tmp_path / "wanted")[1])
    for step in [*range(1, 8), *range(8, 400, 11)]:  # the many files of the backup are all alike
        place = tmp_path / str(step) / kind
        stores.create(place, book)
        with monkeypatch.context() as patch:
            failing = Failing(patch, step, after)
            try:
                stores.load(place)
            except Crash:
                pass
            else:
                assert failing.calls < step
                break
        assert same(_sorted(stores.load(place)[1]), wanted)
        keeps = list(place.parent.glob("*.schema-1*"))
        assert len(keeps) == 1 and same(stores.open_store(keeps[0]).read(), _sorted(book))
        shutil.rmtree(place.parent)
    assert step > 12


def _sorted(text):
    return dict(sorted(text.items()))


def test_a_killed_migration_of_a_database_changes_nothing_or_all(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "SCHEMA", 2)
    monkeypatch.setattr(stores, "MIGRATIONS", {1: lambda t: {n: f for n, f in t.items() if n != "effort"}})
    book, dice = small(), random.Random(3)
    book["settings"].loc[0, "value"] = "1"
    for number in range(8):
        place = tmp_path / f"{number}.kam"
        stores.create(place, book)

        def work(say, place=place):
            say("go")
            stores.load(place)

        killed_while(work, words=1, after=dice.uniform(0, 0.06))
        found = stores.open_store(place).read()
        assert ("effort" in found) == (stores.schema_of(found) == 1)
        assert "effort" not in stores.load(place)[1]


# -- power cut --------------------------------------------------------------------------------------


def test_a_log_cut_at_any_byte_opens_sound_with_the_first_changes(tmp_path):
    place = tmp_path / "book.kam"
    stores.create(place, small())
    store, ends = stores.open_store(place), []
    log = place.with_name("book.kam-wal")
    for number in range(1, 7):
        store.put([scored(value(number))])
        ends.append(log.stat().st_size)
    dice = random.Random(5)
    cuts = {*dice.sample(range(ends[2], ends[-1]), 120), *ends[2:], *(e - 1 for e in ends[3:]), ends[2] + 1}
    frames = range(ends[2], ends[-1], 4096 + 24)
    for cut in sorted(cuts | {f + d for f in frames for d in (0, 1, 24)}):
        cut = min(cut, ends[-1])
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
    store.close()


# -- together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, each", [("book", 500), ("book.kam", 500), ("book.xlsx", 30)])
def test_two_writers_at_once_lose_no_row(kind, each, tmp_path):
    place = tmp_path / kind
    stores.create(place, small())

    def writer(name):
        def work(say):
            store = stores.open_store(place)
            say("ready")
            for number in range(each):
                store.put([Change("people", {"person": f"{name}{number}"}, {"name": "x"})], who=name)
            say("done")

        return work

    with child(writer("a")) as (_, one), child(writer("b")) as (_, other):
        said = [json.loads(line) for lines in (one, other) for line in lines]
    assert said == ["ready", "done"] * 2
    text = stores.load(place)[1]
    assert set(text["people"]["person"]) == {"ann", "bob"} | {f"{n}{i}" for n in "ab" for i in range(each)}
    assert len(text["people"]) == 2 * each + 2 and len(text["history"]) == 4 * each
    assert text["history"]["who"].value_counts().to_dict() == {"a": 2 * each, "b": 2 * each}


@pytest.mark.parametrize("kind", ["book", "book.kam"])
def test_two_writers_of_one_cell_never_overwrite_unseen(kind, tmp_path):
    """Each adds one to what it saw, and tries again when somebody was quicker: no addition is lost."""
    place, each = tmp_path / kind, 40
    stores.create(place, small()).put([Change("settings", {"key": "count"}, {"value": "0 nobody"})])

    def work(say):
        store, conflicts = stores.open_store(place), 0
        for _ in range(each):
            while True:
                rows = store.read({"settings"})["settings"]
                seen = rows[rows["key"] == "count"]["value"].item()
                change = Change(
                    "settings",
                    {"key": "count"},
                    {"value": f"{number(seen) + 1} {os.getpid()}"},
                    {"value": seen},
                )
                try:
                    store.put([change])
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


def test_a_writer_that_waits_too_long_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE_S", 0.1)
    monkeypatch.setattr(database, "BUSY_MS", 100)
    for kind in KINDS:
        place = tmp_path / kind
        stores.create(place, small())

        def hold(say, place=place, kind=kind):
            if kind == "book.kam":
                sqlite3.connect(place, isolation_level=None).execute("BEGIN IMMEDIATE")
                say("holding")
                time.sleep(20)
            lock = Path(place, ".kam.lock") if kind == "book" else place.with_name(f".{kind}.lock")
            with files.locked(lock):
                say("holding")
                time.sleep(20)

        before = bytes_of(place)
        with child(hold) as (_, lines):
            assert json.loads(lines.readline()) == "holding"
            with pytest.raises(WorkbookError, match="Somebody else is writing.*Try again"):
                stores.open_store(place).put([scored(9)])
            assert bytes_of(place) == before
        assert stores.open_store(place).put([scored(9)])


def test_a_child_that_fails_is_seen():
    assert told_by(lambda say: 1 / 0) == [{"crash": "ZeroDivisionError('division by zero')"}]
