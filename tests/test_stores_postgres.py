"""What holds in PostgreSQL beyond `test_stores`: tried on a server that these tests start."""

from __future__ import annotations

import json
import multiprocessing

import pandas as pd
import pytest
import sqlalchemy as sa

from kamlib.errors import Conflict, KamError, ReadOnly, WorkbookError
from kamlib.workbook import checks, stores
from kamlib.workbook.stores import Change
from kamlib.workbook.stores import store as live

from .books import ODD, child, same, score_of, scored, small, table
from .postgres import pg_ctl, sql


@pytest.fixture
def place(empty) -> str:
    stores.create(empty, {name: rows for name, rows in small().items() if len(rows) or name == "history"})
    return empty


def as_before(place: str) -> None:
    """Make it a workbook as kamlib wrote it before it knew of keys."""
    with sql(place) as say:
        found = say("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()").scalars().all()
        for name in found:
            if name.endswith("_key"):
                say(f'DROP INDEX "{name}"')
    assert "people_key" in found


# -- two writers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds, old", [(40, False), (6, True)])
def test_the_second_writer_of_a_cell_is_shown_both_values(rounds, old, place):
    """Two processes that saw the same write at once, in turn a cell that is there and a new row."""
    if old:
        as_before(place)
    barrier = multiprocessing.get_context("fork").Barrier(2, timeout=60)

    def writer(name):
        def work(say):
            store, seen = stores.open_store(place), "Ann"
            for number in range(rounds):
                key, mine = "ann" if number % 2 else f"new{number}", f"{name}{number}"
                change = Change(
                    "people", {"person": key}, {"name": mine}, {"name": seen if number % 2 else ""}
                )
                barrier.wait()
                try:
                    store.put([change], who=name)
                    found = mine
                    say(found)
                except Conflict as error:
                    found = error.found
                    assert f'"{found}"' in str(error) and f'you wrote "{mine}"' in str(error)
                    say({"found": found, "who": error.who})
                seen = found if number % 2 else seen

        return work

    with child(writer("a")) as (_, one), child(writer("b")) as (_, other):
        said = [[json.loads(line) for line in pair] for pair in zip(one, other, strict=True)]
    assert len(said) == rounds
    for pair in said:
        (written,), (refused,) = ([s for s in pair if isinstance(s, kind)] for kind in (str, dict))
        assert refused == {"found": written, "who": written[0]}
    text = stores.load(place)[1]
    assert checks.check(text).empty and len(text["people"]) == 2 + rounds / 2
    assert len(text["history"]) == rounds * 3 / 2, "a row of history for each cell that was written"


def test_whole_rewrites_and_puts_at_once_lose_nothing_and_are_never_seen_half(place):
    """One process imports, one enters, a third reads: each addition is there, tables agree."""

    def rewriter(say):
        store = stores.open_store(place)
        for number in range(6):
            store.rewrite(
                lambda text, n=number: (
                    {
                        **text,
                        "people": _with(text["people"], f"r{n}"),
                        "segments": _with(text["segments"], f"r{n}"),
                        ("extra" if n % 2 else "other"): table("a", "1"),
                    }
                    if n % 3
                    else {n: t for n, t in text.items() if n != "extra"}
                )
            )
        say("done")

    def putter(say):
        store = stores.open_store(place)
        for number in range(20):
            store.put(
                [
                    Change("people", {"person": f"p{number}"}, {"name": "x"}),
                    Change("segments", {"segment": f"p{number}"}, {"name": "x"}),
                ]
            )
        say("done")

    with child(rewriter) as (_, one), child(putter) as (_, other):
        store, reads = stores.open_store(place), 0
        while len(text := store.read({"people", "segments"})) and len(text["people"]) < 26:
            assert len(text["people"]) == len(text["segments"]) + 1 >= 2
            store.version()
            reads += 1
        assert [*one, *other] == ['"done"\n'] * 2 and reads > 5
    text = stores.load(place)[1]
    names = {"ann", "bob"} | {f"p{n}" for n in range(20)} | {f"r{n}" for n in range(6) if n % 3}
    assert set(text["people"]["person"]) == names and len(text["people"]) == len(names)


def _with(frame, key):
    frame = frame.copy()
    frame.loc[len(frame)] = [key, *[""] * (frame.shape[1] - 1)]
    return frame


def test_a_row_that_stands_already_is_refused_by_the_server_itself(place):
    with pytest.raises(sa.exc.IntegrityError), sql(place) as say:
        say("INSERT INTO scores (model, subject, factor) VALUES (' attractiveness', 'acme ', 'growth')")
    with sql(place) as say:
        say("INSERT INTO people (person) VALUES ('" + "long" * 2_000 + "')")


def test_a_writer_that_waits_too_long_is_told_so(place, monkeypatch):
    monkeypatch.setattr(live, "BUSY_MS", 50)
    with sql(place) as say:
        say("BEGIN")
        say("INSERT INTO people (person) VALUES ('cay')")
        assert score_of(stores.open_store(place).read()) == "7"
        with pytest.raises(WorkbookError, match="Somebody else is writing.*Try again"):
            stores.open_store(place).put([Change("people", {"person": "cay"}, {"name": "Cay"})])
        say("COMMIT")
    assert stores.open_store(place).put([Change("people", {"person": "cay"}, {"name": "Cay"})])


# -- what the version before has written ------------------------------------------------------------


def test_doubled_rows_of_the_version_before_are_named_and_the_key_comes_when_they_are_gone(place):
    as_before(place)
    with sql(place) as say:
        say("INSERT INTO people (person, name) VALUES ('ann', 'Ann B'), ('ann ', 'Ann C')")
    store, text = stores.load(place)
    said = checks.check(text)["message"].tolist()
    assert len(text["people"]) == 4
    assert [message for message in said if "ann stands here a second time; first in line 2" in message]
    store.put([scored(8), Change("people", {"person": "cay"}, {"name": "Cay"})])
    assert len(store.read()["people"]) == 5, "nothing is taken away by itself"
    with sql(place) as say:
        say("DELETE FROM people WHERE name IN ('Ann B', 'Ann C')")
    stores.open_store(place).put([Change("people", {"person": "dan"}, {"name": "Dan"})])
    with pytest.raises(sa.exc.IntegrityError), sql(place) as say:
        say("INSERT INTO people (person) VALUES ('ann')")


def test_a_workbook_with_doubled_rows_is_copied_as_it_is(empty, tmp_path):
    book = small()
    book["people"] = table("person name", "ann|Ann", "ann|Ann B")
    stores.create(tmp_path / "book", book)
    stores.copy(tmp_path / "book", empty)
    stores.copy(empty, tmp_path / "back")
    assert same(stores.open_store(tmp_path / "back").read(), stores.open_store(tmp_path / "book").read())


def test_rights_and_views_outlive_an_import(place):
    with sql(place) as say:
        say("CREATE ROLE reader LOGIN")
        say(f"GRANT USAGE ON SCHEMA {place[place.index('book') :]} TO reader")
        say(f"GRANT SELECT ON ALL TABLES IN SCHEMA {place[place.index('book') :]} TO reader")
        say("CREATE VIEW ours AS SELECT name FROM people")
    reader = stores.open_store(place.replace("kam@", "reader@"))
    stores.open_store(place).rewrite(
        lambda text: {**text, "people": table("person name colour", "eve|Eve|red")}
    )
    assert reader.read()["people"].to_numpy().tolist()[0][:2] == ["eve", "Eve"]
    with pytest.raises(ReadOnly, match="no right to write"):
        reader.put([scored(8)])
    with sql(place) as say:
        assert say("SELECT * FROM ours").all() == [("Eve",)]
        say("REVOKE SELECT ON people FROM reader")
    with pytest.raises(WorkbookError, match="right to read"):
        reader.read()


# -- texts and names --------------------------------------------------------------------------------


def test_any_text_comes_back(empty, tmp_path):
    names = ["person", "table", "on", "a:b", "100%", "%(x)s", "a b", "a_b", "Key", 'q"', "select"]
    people = [[f"p{i}", *[odd] * 10] for i, odd in enumerate(ODD)]
    book = {"order": table("user", "x"), "people": pd.DataFrame(people, columns=names, dtype=object)}
    stores.create(empty, book)
    stores.open_store(empty).put([Change("order", {"user": "y"}, {"c:d": "1", "5%": "2", "on": "3"})])
    text = stores.copy(empty, tmp_path / "back").read()
    assert text["people"].to_numpy().tolist() == people
    assert text["order"].to_dict("records")[1] == {"user": "y", "c:d": "1", "5%": "2", "on": "3"}


def test_a_name_that_would_be_cut_is_refused(place, empty):
    long, store = "Umsatz ü" * 8, stores.open_store(place)
    before = store.read()
    for act in (
        lambda: store.put([Change("customers", {"customer": "acme"}, {long: "1"})]),
        lambda: store.put([Change(long, {"a": "1"}, {})]),
        lambda: store.rewrite(lambda text: {**text, "mine": table(long.replace(" ", "_"), "1")}),
    ):
        with pytest.raises(WorkbookError, match="72 bytes; this database takes 63. Shorten"):
            act()
    assert same(before, store.read())


def test_the_character_nul_is_refused(place):
    store = stores.open_store(place)
    for change in (
        Change("people", {"person": "a\0"}, {}),
        Change("people", {"person": "a"}, {"name": "\0"}),
    ):
        with pytest.raises(WorkbookError, match="NUL"):
            store.put([change])


# -- the server -------------------------------------------------------------------------------------


def test_a_server_that_starts_again_is_a_sentence_and_then_works_on(server, place):
    store = stores.open_store(place)
    store.put([scored(8)])

    def meanwhile(text):
        pg_ctl(server, "stop", "-m", "immediate")
        return {}

    try:
        with pytest.raises(WorkbookError, match="cannot be reached.*see whether your last entry is there"):
            store.rewrite(meanwhile)
        for act in (store.read, store.version, lambda: store.put([scored(1)]), lambda: stores.load(place)):
            with pytest.raises(WorkbookError, match=r"^The database .* cannot be reached.*Try again[^\n]*$"):
                act()
    finally:
        pg_ctl(server, "start")
    assert score_of(store.read()) == "8" and store.version() and store.put([scored(9)])


def test_a_password_is_not_shown(server, place):
    with sql(place) as say:
        say("CREATE ROLE ann LOGIN PASSWORD 'right'")
    rules = server / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("local all ann scram-sha-256\n" + before)
    pg_ctl(server, "reload")
    try:
        with pytest.raises(KamError) as caught:
            stores.load(place.replace("kam@", "ann:s3cret@"))
        assert "s3cret" not in str(caught.value) and "password authentication failed" in str(caught.value)
        with pytest.raises(WorkbookError, match="There is no workbook at") as caught:
            stores.load(place.replace("kam@", "ann:right@"))
        assert ":right" not in str(caught.value)
    finally:
        rules.write_text(before)
        pg_ctl(server, "reload")


def test_a_database_of_another_encoding_is_refused(place):
    with sql(place) as say:
        say("CREATE DATABASE old ENCODING 'SQL_ASCII' TEMPLATE template0")
    with pytest.raises(WorkbookError, match="encoded in SQL_ASCII; a workbook needs UTF8"):
        stores.create(place.replace("/postgres?", "/old?"), small())


@pytest.mark.parametrize("kind", ["postgresql", "postgres", "postgresql+psycopg"])
def test_an_address_needs_no_driver(kind, place):
    assert score_of(stores.load(place.replace("postgresql", kind, 1))[1]) == "7"
