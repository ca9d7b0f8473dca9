"""What PostgreSQL needs where SQLite locks its file: an order of writers, keys, a moment to read.

Writers come one after the other, by a lock that stands for the workbook and goes with their change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from kamlib.errors import WorkbookError

LOCK = int.from_bytes(b"kamlib")
PATIENCE_S = "10"  # for a server that does not answer
KEY = "_key"  # behind a table's name: the index that holds its key
STATES = {  # what an error is called in SQLite
    **dict.fromkeys(("55P03", "40P01", "40001", "23505", "42P01", "42703"), "locked"),
    **dict.fromkeys(("25006", "42501"), "readonly"),
    "53100": "full",
}
# the files of the tables: other ones once a table was made anew or emptied
FILES = sa.text("""SELECT sum(c.relfilenode::bigint), count(a.attnum) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND c.relname = 'history' AND a.attname = 'row_'
    WHERE c.relkind = 'r'""")
LAST = sa.text("SELECT max(row_) FROM history")


def address(url: str | sa.URL) -> sa.URL:
    """The address as SQLAlchemy takes it: with the driver psycopg 3, unless it names another."""
    given = sa.make_url(url)
    if given.drivername in ("postgresql", "postgres"):
        given = given.set(drivername="postgresql+psycopg")
    if given.get_driver_name() == "psycopg":
        given = given.set(query={"connect_timeout": PATIENCE_S, **given.query})
    return given


def refuse_encoding(connection: Any, _: Any = None) -> None:
    """Raise WorkbookError where the database would not keep every character."""
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute("SHOW server_encoding")
        found = cursor.fetchone()[0]
    connection.rollback()
    if found != "UTF8":
        connection.close()
        found = found.decode() if isinstance(found, bytes) else found
        raise WorkbookError(
            f"The database is encoded in {found}; a workbook needs UTF8.",
            found=found,
            allowed="UTF8",
            hint="Make it with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.",
        )


def begin(db: sa.Connection, write: bool, patience_ms: int) -> None:
    """Begin to write when nobody else does, or to read what is there at one moment."""
    level = "READ COMMITTED" if write else "REPEATABLE READ, READ ONLY"
    db.exec_driver_sql(f"SET LOCAL lock_timeout = {patience_ms}")
    db.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
    if write:
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def lock(db: sa.Connection, names: Collection[str], mode: str) -> None:
    """Keep others, kamlib or not, from these tables as far as the mode says; nothing on SQLite."""
    if names and db.dialect.name == "postgresql":
        listed = ", ".join(map(db.dialect.identifier_preparer.quote, names))
        db.exec_driver_sql(f"LOCK TABLE {listed} IN {mode} MODE")


def set_key(db: sa.Connection, name: str, keys: Sequence[sa.ColumnElement[str]]) -> bool:
    """Let no key stand twice in the table.

    False while one does, which `check` names, or without the right to change the table.
    """
    index = sa.Index(
        name + KEY, *map(sa.func.md5, keys), unique=True
    )  # long texts cannot be indexed themselves
    with contextlib.suppress(sa.exc.IntegrityError, sa.exc.ProgrammingError), db.begin_nested():
        index.create(db, checkfirst=True)
        return True
    return False


def clear(db: sa.Connection, name: str) -> None:
    """Take all rows and the key away; the rights and views that hang on the table stay."""
    quote = db.dialect.identifier_preparer.quote
    db.exec_driver_sql(f"TRUNCATE {quote(name)} RESTART IDENTITY")
    db.exec_driver_sql(f"DROP INDEX IF EXISTS {quote(name + KEY)}")


def stamp(db: sa.Connection) -> tuple[Any, Any]:
    """What differs when a table was made anew or emptied, and what does when a cell was entered."""
    files, has_history = db.execute(FILES).one()
    return files, db.execute(LAST).scalar() if has_history else None


def is_gone(error: Exception, state: str) -> bool:
    """Was it the connection that failed?"""
    unsaid = isinstance(error, sa.exc.OperationalError) and state[:2] in ("", "08", "57")
    return unsaid or bool(getattr(error, "connection_invalidated", False))
