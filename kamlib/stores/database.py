"""A workbook in a database: SQLite in a .kam file by default, PostgreSQL for a team."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import event

from kamlib.errors import Conflict, KamError, ReadOnly, WorkbookError
from kamlib.stores import base, postgres
from kamlib.tables import DEFINITIONS, Tables, as_text

POSITION = "row_"
BUSY_MS = 20_000
BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
KINDS = "sqlite", "postgresql"


class Database:
    """A database; every cell is text, `row_` keeps the order; see `base.Store` for the verbs."""

    def __init__(self, url: str | sa.URL, *, read_only: bool = False, path: Path | None = None) -> None:
        self.location = str(path) if path else without_password(str(url))
        self.path, self.read_only = path, read_only
        self.notes: base.Notes = []
        self.seen: dict[str, Any] = {}
        self._known: tuple[Any, dict[str, Any]] = (None, {})
        self._keyed: set[str] = set()  # the tables whose unique key was seen
        try:
            given = postgres.address(url)
            if given.get_backend_name() not in KINDS:
                raise sa.exc.NoSuchModuleError
            self.engine = sa.create_engine(given, hide_parameters=True, pool_pre_ping=True)
        except Exception as error:  # each driver has its own; their words may repeat the password
            raise _unusable(self.location, error) from None
        self.sqlite = self.engine.dialect.name == "sqlite"
        connected = self._on_connect if self.sqlite else postgres.refuse_encoding
        event.listen(self.engine, "connect", connected, insert=True)
        event.listen(self.engine, "begin", self._on_begin)

    def read(self, names: Collection[str] | None = None) -> Tables:
        def wanted(db: sa.Connection) -> list[str]:
            return [name for name in self._names(db) if names is None or name in names]

        with self._connection() as db:
            there = wanted(db)
        with self._connection() as db:
            postgres.lock(db, there, "ACCESS SHARE")  # nobody makes them anew before they are read
            return {name: self._frame(db, name) for name in wanted(db)}

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        base.refuse_read_only(self.read_only)
        at, story = base.now(), []
        known: dict[
            str, sa.Table
        ] = {}  # a table met before asks the same questions, which are put into words once
        with self._connection(write=True) as db:
            try:
                for change in changes:
                    known[change.table] = self._with_columns(db, change, known.get(change.table))
                    story += self._put_row(db, change, who or base.somebody(), at, known[change.table])
            except Conflict as error:
                raise base.blame(error, changes, self._history(db)) from None
            if story:
                db.execute(sa.insert(self._table(db, "history", base.HISTORY)), story)
        return story

    def replace(self, tables: Tables) -> None:
        self._rewrite(lambda _: tables, there=False)

    def rewrite(self, change: Callable[[Tables], Tables]) -> Tables:
        return self._rewrite(change, there=True)

    def version(self) -> dict[str, Any]:
        with self._connection() as db:
            mine = self._stamp(db)
            if mine != self._known[0]:
                self._known = (mine, self._versions(db, mine[0]))
            return self._known[1]

    def freeze(self) -> None:
        """Fold the write-ahead log into the file, so that it can be opened as never changing."""
        with self.engine.connect() as db:
            db.connection.dbapi_connection.execute("PRAGMA journal_mode=DELETE")  # type: ignore[union-attr]
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    # -- inside ---------------------------------------------------------------------------------

    def _on_connect(self, connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin decides, not the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA trusted_schema=OFF")  # a file from elsewhere runs nothing here
        if not self.read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    def _on_begin(self, connection: Any) -> None:
        # a transaction that reads and then writes must hold the write lock from its first word
        write = connection.get_execution_options().get("kam_write")
        if not self.sqlite:
            postgres.begin(connection, bool(write), BUSY_MS)
            return
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    @contextlib.contextmanager
    def _connection(self, write: bool = False, create: bool = False) -> Iterator[sa.Connection]:
        if self.path and not create and not self.path.is_file():
            raise WorkbookError(f"There is no workbook {self.path.name}.")
        keyed = self._keyed
        try:
            with self.engine.connect().execution_options(kam_write=write) as db, db.begin():
                yield db
            keyed = self._keyed
        except KamError:
            raise
        except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
            raise self._explain(error, write) from None
        except (UnicodeError, ValueError, TypeError, OverflowError, OSError) as error:
            raise WorkbookError(f"{self._name()} cannot be used ({type(error).__name__}): it is damaged, "
                                "or holds what a workbook cannot hold.") from None  # fmt: skip
        finally:
            self._keyed = keyed

    def _explain(self, error: Exception, write: bool) -> WorkbookError:
        cause = getattr(error, "orig", error)
        state = getattr(cause, "sqlstate", None) or ""
        said = str(cause).lower() if self.sqlite else postgres.STATES.get(state, "")
        if ("readonly" in said or "read-only" in said) and (write or self.sqlite):
            return ReadOnly(f"{self._name()} cannot be changed: you have no right to write there.",
                            hint="Copy the workbook to a folder of your own with `kam copy`.")  # fmt: skip
        if "locked" in said or "busy" in said:
            return WorkbookError("Somebody else is writing to the workbook and has not finished.",
                                 hint="Try again in a moment.")  # fmt: skip
        if "full" in said:
            return WorkbookError(f"{self._name()} cannot be changed: the disk is full.",
                                 hint="Make room, then enter the value again.")  # fmt: skip
        if "unable to open" in said or "readonly" in said:
            where = ", or its folder is not there" if self.sqlite else ""
            return WorkbookError(f"{self._name()} may not be opened{where}.",
                                 hint="Have you the right to read it?")  # fmt: skip
        if self.sqlite:
            return WorkbookError(f"{self._name()} is not a workbook, or it is damaged.",
                                 hint="Take the last copy of it.")  # fmt: skip
        words = " ".join(str(cause).split())[:300]
        if postgres.is_gone(error, state):
            return WorkbookError(
                f"The database {self._name()} cannot be reached: {words}",
                hint="Try again in a moment; see whether your last entry is there.",
            )
        return WorkbookError(f"The database {self._name()} refused: {words}")

    def _name(self) -> str:
        return self.path.name if self.path else self.location

    def _names(self, db: sa.Connection) -> list[str]:
        return sorted(n for n in sa.inspect(db).get_table_names() if not n.startswith("sqlite_"))

    def _stamp(self, db: sa.Connection) -> tuple[Any, ...]:
        """What differs when a table was made anew, then what does when anything was written."""
        if not self.sqlite:
            return postgres.stamp(db)
        shape = db.execute(sa.text("PRAGMA schema_version")).scalar()
        own = db.execute(sa.text("SELECT total_changes()")).scalar()
        others = db.execute(sa.text("PRAGMA data_version")).scalar()
        return shape, id(db.connection.dbapi_connection), own, others

    def _versions(self, db: sa.Connection, shape: Any) -> dict[str, Any]:
        """The last history row of each table, and under "" what replacing the whole changes."""
        names = self._names(db)
        result: dict[str, Any] = {"": shape} | dict.fromkeys(names, 0)
        if "history" in names:
            history = self._table(db, "history")
            if POSITION in history.c and "table" in history.c:
                last = sa.func.max(history.c[POSITION])
                found = db.execute(sa.select(history.c["table"], last).group_by(history.c["table"])).all()
                result |= {str(name): row for name, row in found}
                result["history"] = max([row for _, row in found], default=0)
        return result

    def _history(self, db: sa.Connection) -> pd.DataFrame:
        return self._frame(db, "history") if "history" in self._names(db) else pd.DataFrame()

    def _rewrite(self, change: Callable[[Tables], Tables], there: bool) -> Tables:
        base.refuse_read_only(self.read_only)
        with self._connection(write=True, create=not there) as db:
            names = self._names(db)
            postgres.lock(db, names, "ACCESS EXCLUSIVE")
            old = {name: self._frame(db, name) for name in names} if there else {}
            tables = change(old)
            changed = {n: t for n, t in tables.items() if n not in old or not t.equals(old[n])}
            for name in [n for n in names if n in changed or n not in tables]:
                self._clear(db, name, changed.get(name))
            folded = [name.lower() for name in tables]
            for name, frame in base.sounded(changed).items():
                if folded.count(name.lower()) > 1:
                    raise WorkbookError(f'Two tables are called "{name}" but for capitals; a database '
                                        "cannot hold both.", table=name, hint="Rename one.")  # fmt: skip
                table = self._grown(db, self._table(db, name, list(frame.columns)), frame.columns)
                rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.to_numpy().tolist()]
                if rows:
                    db.execute(sa.insert(table), rows)
                self._key(db, table)
        self.close()  # the last one out writes the log into the file
        return tables

    def _table(self, db: sa.Connection, name: str, columns: Sequence[str] = ()) -> sa.Table:
        """The table as it is in the database; made with these columns if it is not there yet."""
        if (inspector := sa.inspect(db)).has_table(name):
            # cells are taken as they are: a declared type could make SQLAlchemy convert what is not so
            there = [column["name"] for column in inspector.get_columns(name)]
            position = [sa.Column(POSITION, sa.Integer, primary_key=True)] if POSITION in there else []
            cells = [sa.Column(column, sa.types.NullType()) for column in there if column != POSITION]
            return sa.Table(name, sa.MetaData(), *position, *cells)
        folded = [str(column).lower() for column in (*columns, POSITION)]
        if len(set(folded)) < len(folded) or "" in folded:
            raise WorkbookError(f'The table "{name}" has columns that differ only in case, or have no '
                                f"name, or are called {POSITION}; a database cannot hold them.",
                                table=name, hint="Rename them, then copy again.")  # fmt: skip
        self._refuse_long(db, name, columns)
        position = [sa.Column(POSITION, sa.Integer, primary_key=True, autoincrement=True)]
        texts = [sa.Column(column, sa.Text, nullable=False, default="", server_default="")
                 for column in columns]  # fmt: skip
        table = sa.Table(name, sa.MetaData(), *position, *texts)
        table.create(db)
        return table

    def _clear(self, db: sa.Connection, name: str, coming: pd.DataFrame | None) -> None:
        """Take a table away, or only its rows where the columns stay: rights and views hang on it."""
        table, self._keyed = self._table(db, name), self._keyed - {name}
        there = [*table.c.keys()]
        if self.sqlite or coming is None or there != [POSITION, *coming.columns][: len(there)]:
            table.drop(db)
        else:
            postgres.clear(db, name)

    def _key(self, db: sa.Connection, table: sa.Table) -> None:
        keys = DEFINITIONS[table.name].keys if table.name in DEFINITIONS else []
        if self.sqlite or not keys or table.name in self._keyed or not {*keys} <= {*table.c.keys()}:
            return
        if postgres.set_key(db, table.name, [_bare(table.c[key]) for key in keys]):
            self._keyed = self._keyed | {table.name}

    def _frame(self, db: sa.Connection, name: str) -> pd.DataFrame:
        table = self._table(db, name)
        columns = [c for c in table.columns if c.name != POSITION]
        if not columns:
            return pd.DataFrame()
        query = sa.select(*columns)
        query = query.order_by(table.c[POSITION]) if POSITION in table.c else query
        cells = [[c if type(c) is str else _as_text(c) for c in row] for row in db.execute(query).all()]
        return pd.DataFrame(cells, columns=[c.name for c in columns], dtype=object)

    def _put_row(
        self, db: sa.Connection, change: base.Change, who: str, at: str, table: sa.Table
    ) -> list[base.Row]:
        where = [_bare(table.c[c]) == base.sound(value) for c, value in change.key.items()]
        found = db.execute(sa.select(table).where(*where).order_by(table.c[POSITION])).mappings().first()
        current = None if found is None else {c: _as_text(found[c]) for c in found if c != POSITION}
        if current is None and change.values is None:
            return []
        after, story = base.merge(current, change, who, at)
        if found is None:
            db.execute(
                sa.insert(table),
                {c.name: "" for c in table.c if c.name != POSITION} | (after or {}),
            )
        elif after is None:
            db.execute(sa.delete(table).where(*where))
        elif story:
            here = table.c[POSITION] == found[POSITION]
            db.execute(sa.update(table).where(here).values({r["column"]: r["new"] for r in story}))
        return story

    def _with_columns(self, db: sa.Connection, change: base.Change, known: sa.Table | None) -> sa.Table:
        """The table with every column that the change names; one that is `known` from the same transaction is used again."""
        names = DEFINITIONS[change.table].names if change.table in DEFINITIONS else list(change.key)
        table = self._table(db, change.table, names) if known is None else known
        wanted: Mapping[str, str] = {**change.key, **(change.values or {})}
        if POSITION not in table.c:
            raise WorkbookError(f'kamlib did not write the table "{change.table}" and cannot change it.',
                                table=change.table, hint="Copy the workbook with `kam copy`.")  # fmt: skip
        if known is None:
            postgres.lock(db, [change.table], "SHARE ROW EXCLUSIVE")
        table = self._grown(db, table, wanted)
        self._key(db, table)
        return table

    def _grown(self, db: sa.Connection, table: sa.Table, wanted: Collection[str]) -> sa.Table:
        """The table with the columns that it lacks."""
        missing = [column for column in wanted if column not in table.c]
        if not missing:
            return table
        self._refuse_long(db, table.name, missing)
        quote = db.dialect.identifier_preparer.quote
        for column in missing:
            db.exec_driver_sql(
                f"ALTER TABLE {quote(table.name)} ADD COLUMN {quote(column)} TEXT NOT NULL DEFAULT ''"
            )
        return self._table(db, table.name)

    def _refuse_long(self, db: sa.Connection, table: str, columns: Collection[str]) -> None:
        """PostgreSQL would cut a name of more than 63 bytes without a word."""
        most = db.dialect.max_identifier_length
        for what, name in [("table", table), *(("column", column) for column in columns)]:
            if len(name.encode()) > most:
                raise WorkbookError(
                    f'The {what} "{name}" has a name of {len(name.encode())} bytes; this database takes '
                    f"{most}.",
                    table=table,
                    column="" if what == "table" else name,
                    hint="Shorten the name, then copy again.",
                )


def _bare(cell: sa.Column[Any]) -> sa.ColumnElement[str]:
    """A cell without the blanks around it, as keys are compared."""
    return sa.func.ltrim(sa.func.rtrim(cell, BLANKS), BLANKS)


def _as_text(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else as_text(cell)


def without_password(address: str) -> str:
    """A database address that may be shown: user and password, and what follows "?", are left out."""
    head, mark, rest = (*re.split("(:/+)", address, maxsplit=1), "", "")[:3]
    rest = rest.split("?", 1)[0]
    return f"{head}{mark}***@{rest.rsplit('@', 1)[1]}" if "@" in rest else f"{head}{mark}{rest}"


def _unusable(location: str, error: Exception) -> WorkbookError:
    kind = location.split("://", 1)[0]
    if isinstance(error, sa.exc.NoSuchModuleError):
        return WorkbookError(f'kamlib knows no database of the kind "{kind}".', found=kind,
                             allowed=" or ".join(KINDS),
                             hint="Write it as postgresql://user@host/name.")  # fmt: skip
    if isinstance(error, ImportError):
        return WorkbookError(
            f"The driver for {kind} databases is not installed ({error.name or 'libpq'}).",
            hint='Install it beside kamlib: pip install "psycopg[binary]".',
        )
    return WorkbookError(f"The database address {location} cannot be understood.",
                         hint="Write it as postgresql://user@host:5432/name.")  # fmt: skip
