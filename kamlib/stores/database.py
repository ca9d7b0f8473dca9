"""A workbook in a database: SQLite in a .kam file by default, any SQLAlchemy URL otherwise."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import event

from kamlib.errors import ReadOnly, WorkbookError
from kamlib.stores import base
from kamlib.tables import DEFINITIONS, Tables, empty

POSITION = "row_"
BUSY_MS = 20_000


class Database:
    """A database; every cell is text, `row_` keeps the order; see `base.Store` for the verbs."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.location = re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)
        self.notes: list[dict[str, str]] = []
        self.read_only = read_only
        self.sqlite = url.startswith("sqlite")
        try:
            self.engine = sa.create_engine(url, hide_parameters=True)
        except Exception as error:
            raise WorkbookError(f"The database address {self.location} cannot be used: {error}",
                                hint="Is the driver for it installed?") from None  # fmt: skip
        if self.sqlite:
            event.listen(self.engine, "connect", self._on_connect)
            event.listen(self.engine, "begin", self._on_begin)

    def read(self, names: Iterable[str] | None = None) -> Tables:
        with self._connection() as db:
            there = [name for name in sa.inspect(db).get_table_names() if not name.startswith("sqlite_")]
            return {name: self._frame(db, name) for name in there if names is None or name in names}

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        if self.read_only:
            raise ReadOnly("This is a read-only copy of the workbook; it cannot be changed.")
        at, story = base.now(), []
        with self._connection(write=True) as db:
            for change in changes:
                story += self._put_row(db, change, who or base.somebody(), at)
            if story:
                db.execute(sa.insert(self._table(db, "history", base.HISTORY)), story)
        return story

    def replace(self, tables: Tables) -> None:
        if self.read_only:
            raise ReadOnly("This is a read-only copy of the workbook; it cannot be changed.")
        with self._connection(write=True) as db:
            for name in sa.inspect(db).get_table_names():
                if not name.startswith("sqlite_"):
                    self._table(db, name).drop(db)
            for name, frame in tables.items():
                table = self._table(db, name, list(frame.columns))
                rows = [dict(zip(frame.columns, row, strict=True))
                        for row in frame.itertuples(index=False, name=None)]  # fmt: skip
                if rows:
                    db.execute(sa.insert(table), rows)
        self.close()  # the last one out writes the log into the file

    def version(self) -> dict[str, Any]:
        with self._connection() as db:
            if self.sqlite:
                mine = db.execute(sa.text("PRAGMA data_version")).scalar()
                return {"": (id(db.connection.dbapi_connection), mine)}
            history = self._table(db, "history", base.HISTORY)
            return {"": db.execute(sa.select(sa.func.max(history.c[POSITION]))).scalar()}

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    # -- inside ---------------------------------------------------------------------------------

    def _on_connect(self, connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin decides, not the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if not self.read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    def _on_begin(self, connection: Any) -> None:
        # a transaction that reads and then writes must hold the write lock from its first word
        write = connection.get_execution_options().get("kam_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    @contextlib.contextmanager
    def _connection(self, write: bool = False) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect().execution_options(kam_write=write) as db, db.begin():
                yield db
        except sa.exc.SQLAlchemyError as error:
            raise self._explain(error) from None

    def _explain(self, error: Exception) -> WorkbookError:
        said = str(getattr(error, "orig", error)).lower()
        if "readonly" in said or "read-only" in said:
            return ReadOnly(f"{self._name()} cannot be changed: you have no right to write there.",
                            hint="Copy the workbook to a folder of your own with `kam copy`.")  # fmt: skip
        if "locked" in said or "busy" in said:
            return WorkbookError("Somebody else is writing to the workbook and has not finished.",
                                 hint="Try again in a moment.")  # fmt: skip
        if "not a database" in said or "malformed" in said:
            return WorkbookError(f"{self._name()} is not a workbook, or it is damaged.",
                                 hint="Take the last copy of it.")  # fmt: skip
        if "unable to open" in said:
            return WorkbookError(f"There is no workbook at {self._name()}, or it may not be opened.")
        return WorkbookError(f"The database {self._name()} refused: {getattr(error, 'orig', error)}")

    def _name(self) -> str:
        return Path(self.location.split("?")[0].split("///")[-1]).name if self.sqlite else self.location

    def _table(self, db: sa.Connection, name: str, columns: Sequence[str] = ()) -> sa.Table:
        """The table as it is in the database; made with these columns if it is not there yet."""
        if sa.inspect(db).has_table(name):
            return sa.Table(name, sa.MetaData(), autoload_with=db)
        folded = [str(column).lower() for column in (*columns, POSITION)]
        if len(set(folded)) < len(folded) or "" in folded:
            raise WorkbookError(f'The table "{name}" has columns that differ only in case, or have no '
                                f"name, or are called {POSITION}; a database cannot hold them.",
                                table=name, hint="Rename them, then copy again.")  # fmt: skip
        position = sa.Column(POSITION, sa.Integer, primary_key=True, autoincrement=True)
        texts = [sa.Column(column, sa.Text, nullable=False, default="", server_default="")
                 for column in columns]  # fmt: skip
        table = sa.Table(name, sa.MetaData(), position, *texts)
        table.create(db)
        return table

    def _frame(self, db: sa.Connection, name: str) -> pd.DataFrame:
        table = self._table(db, name)
        columns = [c for c in table.columns if c.name != POSITION]
        query = sa.select(*columns)
        rows = db.execute(query.order_by(table.c[POSITION]) if POSITION in table.c else query).all()
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        return pd.DataFrame(cells, columns=[c.name for c in columns], dtype=object)

    def _put_row(self, db: sa.Connection, change: base.Change, who: str, at: str) -> list[base.Row]:
        names = list(empty(change.table).columns) if change.table in DEFINITIONS else list(change.key)
        table = self._with_columns(db, change, names)
        where = [sa.func.trim(table.c[c]) == value for c, value in change.key.items()]
        found = db.execute(sa.select(table).where(*where).order_by(table.c[POSITION])).mappings().first()
        current = None if found is None else {c: found[c] or "" for c in found if c != POSITION}
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

    def _with_columns(self, db: sa.Connection, change: base.Change, names: list[str]) -> sa.Table:
        table = self._table(db, change.table, names)
        wanted: Mapping[str, str] = {**change.key, **(change.values or {})}
        missing = [column for column in wanted if column not in table.c]
        for column in missing:
            quote = db.dialect.identifier_preparer.quote
            db.execute(sa.text(f"ALTER TABLE {quote(change.table)} ADD COLUMN {quote(column)} "
                               "TEXT NOT NULL DEFAULT ''"))  # fmt: skip
        return self._table(db, change.table) if missing else table
