"""Where workbooks live: in a database while worked on; they travel as CSV files or .xlsx."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from kamlib.errors import WorkbookError, did_you_mean
from kamlib.workbook.checks import check, refuse_errors
from kamlib.workbook.schema import DEFINITIONS, SCHEMA, Tables, empty
from kamlib.workbook.stores import exchange, files
from kamlib.workbook.stores.base import Change, Store
from kamlib.workbook.stores.sentences import note, refusal

__all__ = ["Change", "Store", "copy", "create", "load", "open_store", "schema_of"]

# schema -> the function that takes text tables of that schema to the next one
MIGRATIONS: dict[int, Callable[[Tables], Tables]] = {}


# -- locations -------------------------------------------------------------------------------------


def open_store(location: str | Path, *, read_only: bool = False) -> Store:
    """The store at a folder, an .xlsx, a .kam file or a database address. Nothing is read yet.

    Files are only read, whatever is asked. Raises WorkbookError for any other location.
    """
    path = _path(location)
    kind = path.suffix.lower() if path else ""
    if path and kind in (".kam", *exchange.SHEETS) and os.path.isdir(path):
        raise refusal("folder", name=path.name, kind=kind)
    if path is None or kind == ".kam" or str(location).strip().startswith("sqlite:"):
        from kamlib.workbook.stores.store import Database

        return Database(path or str(location).strip(), read_only=read_only)
    if kind not in exchange.SHEETS and os.path.exists(path) and not os.path.isdir(path):
        raise refusal("no kind", name=path.name, found=kind)
    return exchange.Files(path)


def _path(location: str | Path) -> Path | None:
    """The path a location names, None for a database address."""
    text = str(location).strip()
    sqlite = re.match(r"sqlite:///(?!file:|:memory:)([^?]+)$", text)
    if (
        re.match(r"[^/\\]{2,}:/", text) and not sqlite
    ):  # however it is spelt, it may hold a password
        return None
    text = sqlite[1] if sqlite else text
    if not text or re.search(r"[\x00-\x1f]", text):
        raise refusal("odd name")
    try:
        path = Path(text).expanduser()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            path.stat()
    except (RuntimeError, OSError, ValueError):
        raise refusal("impossible name", name=text) from None
    return path


def exists(location: str | Path) -> bool:
    """Is there a workbook at this location already?"""
    path = _path(location)
    if path is None:
        return bool(open_store(location, read_only=True).read())
    return os.path.isfile(path) or (os.path.isdir(path) and any(path.glob("*.csv")))


def file_name(location: str | Path) -> str:
    """What a page may say of a location: its last part, without folder, server and password."""
    text = str(location)
    text = text.removeprefix("sqlite:///") if re.match(r"sqlite:///[^?]+$", text) else text
    return (Path(urlsplit(text).path) if "://" in text else Path(text).resolve()).name


def spoken(location: str | Path) -> str:
    """A location as it may be said in a page: no password, no folders above the workbook's own."""
    from kamlib.workbook.stores.store import without_password

    path = _path(location)
    if path is None:
        return without_password(str(location))
    return (path.name or str(path))[:80] if path.is_absolute() else str(location)[:80]


# -- verbs -----------------------------------------------------------------------------------------


def load(location: str | Path, *, read_only: bool = False) -> tuple[Store, Tables]:
    """Open what is there and read its text tables, brought forward to this schema.

    A folder or an .xlsx is opened for editing as a .kam beside it; the notes of the store say so.
    What is only read is brought forward in memory. Raises WorkbookError when nothing is there, when
    it is newer than this kamlib, or when folder and .kam were both changed.
    """
    store, text = _load(location, read_only)
    path = None if read_only else working_copy(location)
    if path and isinstance(store, exchange.Files):
        key = _edited(store, path, text)
        notes = [*store.notes, note(key, name=store.path.name, copy=path.name)]
        store, text = _load(path, read_only)
        store.notes = notes
    if not read_only and (place := _path(store.location)):
        files.clear(place)
    if schema_of(text) < SCHEMA:
        text = forward(text) if read_only else migrate(store)
    return store, text


def _load(location: str | Path, read_only: bool) -> tuple[Store, Tables]:
    path = _path(location)
    if path and not exists(path):
        raise _nothing_at(location, path)
    store = open_store(location, read_only=read_only)
    store.seen = store.version()
    text = store.read()
    if not path and not text:
        raise refusal("nothing in database", place=spoken(location))
    schema_of(text)
    return store, text


def _nothing_at(location: str | Path, path: Path) -> WorkbookError:
    folder, near = path.parent, ""
    if not all(os.access(p, os.X_OK) for p in (folder, path) if os.path.isdir(p)):
        return refusal("forbidden", name=path.name)
    if not os.path.isdir(folder):
        near = f"There is no folder {folder.name} either."
    elif os.access(folder, os.R_OK):
        others = [p for p in folder.iterdir() if not p.name.startswith((".", "~"))]
        known = [p.name for p in others if p.suffix in (".kam", ".xlsx") or any(p.glob("*.csv"))]
        near = did_you_mean(path.name, known)
    return refusal("nothing there", place=spoken(location), near=near)


def create(location: str | Path, text: Tables, *, origin: str = "") -> Store:
    """A new workbook of these text tables, there whole or not at all. Refuses to overwrite one."""
    if exists(location):
        raise refusal("there already", name=spoken(location))
    path, store = _path(location), open_store(location)
    if path is None:
        store.rewrite(lambda _: text, origin)
        return store
    with files.plain_errors(path.name, "changed"):
        if path.is_dir() and any(path.iterdir()):
            raise refusal("other things", place=spoken(location))
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(store, exchange.Files):
            exchange.write(path, text)
        else:
            _make(path, text, origin)
    return store


def _make(path: Path, text: Tables, origin: str) -> None:
    """A new SQLite file. Raises FileExistsError where somebody was quicker."""
    from kamlib.workbook.stores.store import Database

    log = path.with_name(f"{path.name}-wal")
    with files.beside(path) as part:
        part.touch()
        Database(part).rewrite(lambda _: text, origin)
        if log.exists() and not path.exists():  # SQLite would take it for the new file's
            raise refusal("left over", name=path.name, log=log.name)
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # not every disk knows links
            os.replace(part, path)
    files.sync_folder(path.parent)


def copy(source: str | Path, target: str | Path) -> Store:
    """Copy a workbook, its history too, cell for cell, between any two locations.

    The notes of the new store are those made while the source was read.
    """
    original, text = _load(source, read_only=True)
    made = create(target, text, origin=_origin(original.location, text))
    made.notes = original.notes
    return made


def blank(name: str = "") -> Tables:
    """The text tables of an empty workbook."""
    tables = {table: empty(table) for table in DEFINITIONS}
    rows = [("schema", str(SCHEMA)), ("name", name), ("supplier", ""), ("currency", "GBP")]
    tables["settings"] = pd.DataFrame(rows, columns=["key", "value"], dtype=object)
    tables["suppliers"] = pd.DataFrame([("us", "Us")], columns=["supplier", "name"], dtype=object)
    return tables


# -- editing what came as files --------------------------------------------------------------------


def working_copy(location: str | Path) -> Path | None:
    """The .kam in which a folder or an .xlsx is edited; None for what is edited itself."""
    store = open_store(location)
    if not isinstance(store, exchange.Files):
        return None
    is_sheets = store.path.suffix.lower() in exchange.SHEETS
    return store.path.with_name(f"{store.path.stem if is_sheets else store.path.name}.kam")


def _edited(source: exchange.Files, path: Path, text: Tables) -> str:
    """Make the .kam at `path`, in which files are edited, hold what it must; gives the note to add.

    It knows what it was made from. It is made where there is none, and made anew where the files
    were changed and nothing was entered. Raises WorkbookError where it holds something else:
    so nothing that was entered is lost, and no change of the files is passed over.
    """
    from kamlib.workbook.stores.store import Database

    name, origin, store = source.path.name, _origin(source.path, text), Database(path)
    if exists(path) and store.origin() == origin:
        return "copy"
    refuse_errors(check(text, source.notes), name)
    if not exists(path):
        with files.plain_errors(path.name, "changed"), contextlib.suppress(FileExistsError):
            _make(path, text, origin)
            return "made"
    was = store.origin()
    if was == origin:  # somebody else has made it meanwhile
        return "copy"

    def agreed(now: Tables) -> Tables:
        if _origin(source.path, now) not in (was, origin):
            raise refusal("both changed", name=name, copy=path.name)
        return text

    store.rewrite(agreed, origin)
    return "followed"


def _origin(location: str | Path, text: Tables) -> str:
    """What a .kam remembers of the workbook it was made from: its name, and all its cells."""
    cells = hashlib.sha256()
    for name, frame in sorted(text.items()):
        cells.update(f"{name}\n{exchange.to_csv(frame)}\n".encode())
    return f"{cells.hexdigest()} {file_name(location)}"


# -- schemas ---------------------------------------------------------------------------------------


def schema_of(text: Tables) -> int:
    """The schema a workbook says it has (1 where it says nothing). Refuses a newer one."""
    settings = text.get("settings", empty("settings"))
    if not {"key", "value"} <= set(settings.columns) or settings.columns.duplicated().any():
        return 1
    said = settings.loc[settings["key"].str.strip() == "schema", "value"]
    found = next(iter(said.str.strip()), "1")
    place = {"table": "settings", "column": "value", "found": found}
    if not re.fullmatch(r"[1-9][0-9]{0,5}", found):
        raise refusal("schema", allowed=f"1 to {SCHEMA}", **place)
    if int(found) > SCHEMA:
        raise refusal("newer", most=SCHEMA, **place)
    return int(found)


def forward(text: Tables) -> Tables:
    """Text tables of an older schema as they are in this one; the input is not changed."""
    for version in range(schema_of(text), SCHEMA):
        text = MIGRATIONS[version](text)
    settings = text.get("settings", empty("settings"))
    others = settings[settings["key"].str.strip() != "schema"]
    said = pd.DataFrame([{"key": "schema", "value": str(SCHEMA)}], dtype=object)
    return {**text, "settings": pd.concat([said, others], ignore_index=True).fillna("")}


def migrate(store: Store) -> Tables:
    """Bring an older workbook forward, all or nothing; the old one is kept as `NAME.schema-N`.

    (A server's database is changed in one transaction; its backup is the server's.)
    """

    def change(text: Tables) -> Tables:
        if schema_of(text) == SCHEMA:  # somebody else has just done it
            return text
        kept, mine = f"{store.location}.schema-{schema_of(text)}", _origin("", text)
        if "://" not in kept:
            while exists(kept) and _origin("", open_store(kept).read()) != mine:
                kept += "-2"
            if not exists(kept):  # else it is from an attempt that was stopped
                create(kept, text)
        return forward(text)

    return store.rewrite(change)
