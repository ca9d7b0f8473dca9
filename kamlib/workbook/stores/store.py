"""A workbook that is worked on: a database, SQLite in a .kam file or PostgreSQL for a team.

Writers come one after the other: SQLite locks its file, in PostgreSQL a lock stands for it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import event

from kamlib.errors import Conflict, KamError, WorkbookError
from kamlib.workbook.schema import DEFINITIONS, Tables, as_text
from kamlib.workbook.stores import base
from kamlib.workbook.stores.sentences import refusal

POSITION = "row_"  # the column that keeps the order of a table's rows
STATE = "workbook_"  # a table of our own: how often all was written anew, and what it was made from
BUSY_MS = 20_000
BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
KINDS = "sqlite", "postgresql"
LOCK = int.from_bytes(b"kamlib")
REASONS = {  # what SQLite says, or the state that PostgreSQL gives -> a refusal
    "locked|busy|55P03|40P01|40001|23505|42P01|42703": "locked",
    "write.*(readonly|read-only|25006|42501)": "no right",
    "unable to open|readonly|read-only|25006|42501": "forbidden",
    "full|53100": "full",
    "sqlite": "damaged",
}


class Database(base.Store):
    """A database in which every cell is text; a path is that of an SQLite file.

    Raises WorkbookError for an address that cannot be used; no error repeats a password.
    """

    def __init__(self, place: str | Path, *, read_only: bool = False) -> None:
        self.path = place if isinstance(place, Path) else None
        super().__init__(str(place) if self.path else without_password(str(place)))
        self.read_only = read_only
        self._version: dict[str, Any] = {"": None}
        try:
            url = _of_file(self.path, read_only) if self.path else _of_server(str(place))
            if url.get_backend_name() not in KINDS:
                raise sa.exc.NoSuchModuleError
            self.engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
        except Exception as error:  # each driver has its own; their words may repeat the password
            raise _unusable(self.location, error) from None
        self.sqlite = self.engine.dialect.name == "sqlite"
        event.listen(self.engine, "connect", self._on_connect, insert=True)
        event.listen(self.engine, "begin", self._on_begin)

    def read(self, names: Collection[str] | None = None) -> Tables:
        with self._connection() as db:
            there = [name for name in _names(db) if names is None or name in names]
        with self._connection() as db:
            self._lock(db, there, "ACCESS SHARE")  # nobody makes them anew before they are read
            return {name: _frame(db, name) for name in there}

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        at, who, story = base.now(), who or base.somebody(), list[base.Row]()
        columns: dict[str, list[str]] = {}
        for change in changes:
            columns.setdefault(change.table, []).extend([*change.key, *(change.values or ())])
        with self._connection(write=True) as db:
            there = _names(db)
            self._lock(db, [name for name in columns if name in there], "SHARE ROW EXCLUSIVE")
            for name, wanted in columns.items():
                is_new = name in DEFINITIONS and name not in there
                _grown(db, name, [*DEFINITIONS[name].names, *wanted] if is_new else wanted)
                self._set_key(db, name)
            tables = {name: _table(db, name) for name in columns}
            try:
                for change in changes:
                    story += _put(db, tables[change.table], change, who, at)
            except Conflict as error:
                raise base.blame(error, changes, _frame(db, "history")) from None
            if story:
                db.execute(sa.insert(_grown(db, "history", base.HISTORY)), story)
        return story

    def rewrite(self, change: Callable[[Tables], Tables], origin: str = "") -> Tables:
        with self._connection(write=True) as db:
            names, state = _names(db), _state(db)
            self._lock(db, names, "ACCESS EXCLUSIVE")
            before = {name: _frame(db, name) for name in names}
            text = change(before)
            base.refuse_names(text, "database name", f"^{STATE}$")
            new = {n: t for n, t in text.items() if n not in before or not t.equals(before[n])}
            for name in [n for n in names if n in new or n not in text]:
                _clear(db, name, new.get(name))
            for name, frame in base.sounded(new).items():
                _fill(db, name, frame)
                if not self.sqlite:  # there the first change of a row will do
                    self._set_key(db, name)
            state["rewritten"] = str(int(state.get("rewritten", 0)) + 1)
            state["origin"] = origin or state.get("origin", "")
            frame = pd.DataFrame(state.items(), columns=["key", "value"], dtype=object)
            _clear(db, STATE, frame)
            _fill(db, STATE, frame)
        self.close()  # the last one out writes the log into the file
        return text

    def version(self) -> dict[str, Any]:
        with self._connection() as db:
            rewritten, known = _state(db).get("rewritten", "0"), self._version
            if known[""] != rewritten:
                known = {"": rewritten, "history": 0}
            if {POSITION, "table"} <= {*_columns(db, "history")}:
                history = _table(db, "history").c
                query = sa.select(history["table"], sa.func.max(history[POSITION]))
                query = query.where(history[POSITION] > known["history"]).group_by(history["table"])
                new = {str(table): row for table, row in db.execute(query)}
                known = {**known, **new, "history": max([known["history"], *new.values()])}
            self._version = known
            return known

    def origin(self) -> str:
        """What the workbook was made from, as `rewrite` was told; "" where it was not."""
        with self._connection() as db:
            return _state(db).get("origin", "")

    def freeze(self) -> None:
        """Fold the log into the file, so that nothing need be written to read it."""
        with contextlib.closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA journal_mode=DELETE")
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    # -- connections ----------------------------------------------------------------------------

    def _on_connect(self, connection: Any, _: Any) -> None:
        if not self.sqlite:
            found = connection.info.parameter_status("server_encoding")
            if found != "UTF8":
                connection.close()
                raise refusal("encoding", found=found, allowed="UTF8")
            return
        connection.isolation_level = None  # SQLAlchemy's begin decides, not the driver
        settings = [f"busy_timeout={BUSY_MS}", "trusted_schema=OFF"]  # what is stored runs nothing
        for setting in settings + ["journal_mode=WAL", "synchronous=FULL"] * (not self.read_only):
            connection.execute(f"PRAGMA {setting}")

    def _on_begin(self, db: sa.Connection) -> None:
        # a transaction that reads and then writes must hold the write lock from its first word
        write = db.get_execution_options().get("kam_write")
        if self.sqlite:
            db.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            return
        level = "READ COMMITTED" if write else "REPEATABLE READ, READ ONLY"
        db.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_MS}")
        db.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
        if write:
            db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")

    @contextlib.contextmanager
    def _connection(self, write: bool = False) -> Iterator[sa.Connection]:
        name = self.path.name if self.path else self.location
        if write and self.read_only:
            raise refusal("only read")
        if self.path and not self.path.is_file():
            raise refusal("no file", name=name)
        try:
            with self.engine.connect().execution_options(kam_write=write) as db, db.begin():
                yield db
        except KamError:
            raise
        except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
            raise self._explained(error, name, write) from None
        except (UnicodeError, ValueError, TypeError, OverflowError, OSError) as error:
            raise refusal("unusable", name=name, error=type(error).__name__) from None

    def _explained(self, error: Exception, name: str, write: bool) -> WorkbookError:
        cause = getattr(error, "orig", error)
        state = getattr(cause, "sqlstate", None) or ""
        said = f"write sqlite {cause}" if self.sqlite else f"{'write' if write else 'read'} {state}"
        for words, key in REASONS.items():
            if re.search(words, said, re.IGNORECASE | re.DOTALL):
                return refusal(key, name=name)
        is_lost = isinstance(error, sa.exc.OperationalError) and state[:2] in ("", "08", "57")
        is_lost = is_lost or getattr(error, "connection_invalidated", False)
        words = " ".join(str(cause).split())[:300]
        return refusal("unreachable" if is_lost else "not done", name=name, words=words)

    # -- what SQLite does by itself -------------------------------------------------------------

    def _lock(self, db: sa.Connection, names: Collection[str], mode: str) -> None:
        """Keep others, kamlib or not, from these tables as far as the mode says."""
        if names and not self.sqlite:
            listed = ", ".join(_quoted(db, name) for name in names)
            db.exec_driver_sql(f"LOCK TABLE {listed} IN {mode} MODE")

    def _set_key(self, db: sa.Connection, name: str) -> None:
        """Find rows by their key at once, and on a server let none stand twice.

        Not while one does, which `check` names, or without the right to change the table.
        """
        keys = DEFINITIONS[name].keys if name in DEFINITIONS else []
        if not keys or not {*keys} <= {*_columns(db, name)}:
            return
        table = sa.Table(name, sa.MetaData(), *(sa.Column(key, sa.Text) for key in keys))
        cells = [_bare(cell) for cell in table.c]
        if not self.sqlite:  # there long texts cannot be indexed
            cells = [sa.func.md5(cell) for cell in cells]
        index = sa.Index(f"{name}_key", *cells, unique=not self.sqlite)
        refused = sa.exc.IntegrityError, sa.exc.ProgrammingError
        with contextlib.suppress(*refused), db.begin_nested():
            db.execute(sa.schema.CreateIndex(index, if_not_exists=True))


# -- tables ----------------------------------------------------------------------------------------


def _quoted(db: sa.Connection, name: str) -> str:
    return db.dialect.identifier_preparer.quote(name)


def _names(db: sa.Connection) -> list[str]:
    names = sorted(sa.inspect(db).get_table_names())
    return [name for name in names if name != STATE and not name.startswith("sqlite_")]


def _columns(db: sa.Connection, name: str) -> tuple[str, ...]:
    """The columns of a table as it is now, () where there is none."""
    there = sa.inspect(db)
    return tuple(c["name"] for c in there.get_columns(name)) if there.has_table(name) else ()


def _table(db: sa.Connection, name: str) -> sa.TableClause:
    return _described(name, _columns(db, name))


@functools.lru_cache(1000)  # a table met before asks questions that are put into words already
def _described(name: str, columns: tuple[str, ...]) -> sa.TableClause:
    """A table whose cells are taken as they are: a declared type could convert what is not so."""
    return sa.table(name, *map(sa.column, columns))


def _state(db: sa.Connection) -> dict[str, str]:
    frame = _frame(db, STATE)
    return dict(zip(frame["key"], frame["value"], strict=True)) if len(frame) else {}


def _frame(db: sa.Connection, name: str) -> pd.DataFrame:
    """A table as texts, in order; no columns where there is none."""
    columns = _table(db, name).columns
    cells = [column for column in columns if column.name != POSITION]
    query = sa.select(*cells).order_by(*(c for c in columns if c.name == POSITION))
    found = db.execute(query) if cells else ()
    rows = [[cell if type(cell) is str else _as_text(cell) for cell in row] for row in found]
    return pd.DataFrame(rows, columns=[cell.name for cell in cells], dtype=object)


def _as_text(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else as_text(cell)


def _clear(db: sa.Connection, name: str, coming: pd.DataFrame | None) -> None:
    """Take a table away, or only its rows where the columns stay: rights and views hang on it."""
    there, table = _columns(db, name), _quoted(db, name)
    stay = () if coming is None else (POSITION, *coming.columns)
    if there and there == stay[: len(there)]:
        db.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
        db.exec_driver_sql(f"DROP INDEX IF EXISTS {_quoted(db, f'{name}_key')}")
    elif there:
        db.exec_driver_sql(f"DROP TABLE {table}")


def _fill(db: sa.Connection, name: str, frame: pd.DataFrame) -> None:
    table = _grown(db, name, [*frame.columns])
    if len(frame):
        db.execute(sa.insert(table), frame.to_dict("records"))


def _grown(db: sa.Connection, name: str, wanted: Iterable[str]) -> sa.TableClause:
    """The table with at least these columns; it is made if it is not there."""
    there = _columns(db, name)
    if there and there[0] != POSITION:
        raise refusal("not ours", table=name)
    missing = [column for column in dict.fromkeys(wanted) if column not in there[1:]]
    if not there or missing:
        _refuse_columns(db, name, [*there[1:], *missing])
    cells = [sa.Column(column, sa.Text, nullable=False, server_default="") for column in missing]
    if not there:
        position = sa.Column(POSITION, sa.Integer, primary_key=True, autoincrement=True)
        sa.Table(name, sa.MetaData(), position, *cells).create(db)
    for column in missing if there else ():
        cell = f"{_quoted(db, column)} TEXT NOT NULL DEFAULT ''"
        db.exec_driver_sql(f"ALTER TABLE {_quoted(db, name)} ADD COLUMN {cell}")
    return _table(db, name)


def _refuse_columns(db: sa.Connection, name: str, columns: list[str]) -> None:
    folded = [column.lower() for column in (*columns, POSITION)]
    if len({*folded}) < len(folded) or "" in folded:
        raise refusal("column names", table=name)
    most = db.dialect.max_identifier_length  # PostgreSQL would cut the rest without a word
    for word in (name, *columns):
        if (size := len(word.encode())) > most:
            raise refusal("long name", table=name, name=word, n=size, most=most)


def _put(
    db: sa.Connection, table: sa.TableClause, change: base.Change, who: str, at: str
) -> list[base.Row]:
    where = [_bare(table.c[c]) == base.sound(value) for c, value in change.key.items()]
    query = sa.select(table).where(*where).order_by(table.c[POSITION])
    found = db.execute(query).mappings().first()
    row = None if found is None else {c: _as_text(found[c]) for c in found if c != POSITION}
    if row is None and change.values is None:
        return []
    after, story = base.merge(row, change, who, at)
    if found is None:
        db.execute(sa.insert(table), after)
    elif after is None:
        db.execute(sa.delete(table).where(*where))
    elif story:
        here = table.c[POSITION] == found[POSITION]
        db.execute(sa.update(table).where(here).values({r["column"]: r["new"] for r in story}))
    return story


def _bare(cell: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A cell without the blanks around it, as keys are compared and indexed."""
    blanks = sa.text(f"'{BLANKS}'")
    return sa.func.ltrim(sa.func.rtrim(cell, blanks), blanks)


# -- addresses -------------------------------------------------------------------------------------


def _of_file(path: Path, read_only: bool) -> sa.URL:
    if not read_only:
        return sa.URL.create("sqlite", database=str(path))
    name = path.resolve().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    has_log = path.with_name(f"{path.name}-wal").exists() or os.access(path.parent, os.W_OK)
    query = {"mode": "ro", "uri": "true"} | ({} if has_log else {"immutable": "1"})
    return sa.URL.create("sqlite", database=f"file:{name}", query=query)


def _of_server(address: str) -> sa.URL:
    """The address with the driver psycopg 3, unless it names another."""
    url = sa.make_url(address)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_driver_name() == "psycopg":
        url = url.set(query={"connect_timeout": "10", **url.query})
    return url


def without_password(address: str) -> str:
    """An address that may be shown: user and password, and what follows "?", are left out."""
    head, mark, rest = (*re.split("(:/+)", address, maxsplit=1), "", "")[:3]
    rest = rest.split("?", 1)[0]
    return f"{head}{mark}***@{rest.rsplit('@', 1)[1]}" if "@" in rest else f"{head}{mark}{rest}"


def _unusable(location: str, error: Exception) -> WorkbookError:
    kind = location.split("://", 1)[0]
    if isinstance(error, sa.exc.NoSuchModuleError):
        return refusal("no such database", found=kind, allowed=" or ".join(KINDS))
    if isinstance(error, ImportError):
        return refusal("no driver", kind=kind, driver=error.name or "libpq")
    return refusal("address", place=location)
