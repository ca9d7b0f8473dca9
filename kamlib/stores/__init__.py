"""Where workbooks live: a folder of CSV files, one .xlsx or a database, with the same verbs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from kamlib.errors import WorkbookError, did_you_mean
from kamlib.stores.base import Change, Store, sounded
from kamlib.tables import DEFINITIONS, SCHEMA, Tables, empty

__all__ = ["Change", "Store", "copy", "create", "migrate", "open_store", "schema_of"]

# schema -> the function that takes text tables of that schema to the next one
MIGRATIONS: dict[int, Callable[[Tables], Tables]] = {}


def open_store(location: str | Path, *, read_only: bool = False) -> Store:
    """The store at a folder, an .xlsx, a .kam file or a database URL. Nothing is read yet.

    Raises WorkbookError for a location that is none of these.
    """
    path = _path(location)
    if path is None:
        from kamlib.stores.database import Database

        return Database(str(location).strip(), read_only=read_only)
    kind = path.suffix.lower()
    is_folder = _is(path, Path.is_dir)
    if kind in (".kam", ".xlsx", ".xlsm") and is_folder:
        raise WorkbookError(f"{path.name} is a folder, not a {kind} file.",
                            hint="Rename the folder, or name what is in it.")  # fmt: skip
    if kind == ".kam" or str(location).strip().startswith("sqlite:"):
        return _sqlite(path, read_only)
    if kind in (".xlsx", ".xlsm"):
        from kamlib.stores.xlsx import Xlsx

        return Xlsx(path, read_only=read_only)
    if not is_folder and _is(path, Path.exists):
        raise WorkbookError(f"{path.name} is not a workbook.", found=path.suffix,
                            hint="A workbook is a folder of CSV files, an .xlsx, a .kam file or a "
                                 "database address.")  # fmt: skip
    from kamlib.stores.folder import Folder

    return Folder(path, read_only=read_only)


def _path(location: str | Path) -> Path | None:
    """The path a location names, None for a database address."""
    text = str(location).strip()
    sqlite = re.match(r"sqlite:///(?!file:|:memory:)([^?]+)$", text)
    if re.match(r"[^/\\]{2,}:/", text) and not sqlite:  # however it is spelt, it may hold a password
        return None
    text = sqlite[1] if sqlite else text
    if not text or re.search(r"[\x00-\x1f]", text):
        raise WorkbookError("A workbook needs a name without odd characters.",
                            hint="Name a folder, an .xlsx or a .kam file.")  # fmt: skip
    try:
        path = Path(text).expanduser()
        path.exists()
    except PermissionError:
        return path
    except (RuntimeError, OSError, ValueError):
        raise WorkbookError(f'"{text[:60]}" cannot be the name of a workbook.',
                            hint="Name a folder, an .xlsx or a .kam file.") from None  # fmt: skip
    return path


def _is(path: Path, what: Callable[[Path], bool]) -> bool:
    try:
        return what(path)
    except OSError:  # a folder above it may not be looked into
        return False


def _sqlite(path: Path, read_only: bool) -> Store:
    import sqlalchemy as sa

    from kamlib.stores.database import Database

    if not read_only:
        return Database(sa.URL.create("sqlite", database=str(path)), path=path)
    name = path.resolve().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    query = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if _is_frozen(path) else {})
    return Database(sa.URL.create("sqlite", database=f"file:{name}", query=query), read_only=True, path=path)


def _is_frozen(path: Path) -> bool:
    """Will nobody write to it? So for a published copy, which is out of WAL mode (byte 18 of the
    file says so), and where there is no log and no right to make one."""
    try:
        with open(path, "rb") as file:
            if file.read(19)[18:] == b"\x01":
                return True
    except OSError:
        return False
    return not path.with_name(path.name + "-wal").exists() and not os.access(path.parent, os.W_OK)


def exists(location: str | Path) -> bool:
    """Is there a workbook at this location already?"""
    path = _path(location)
    if path is None:
        return bool(open_store(location).read())
    return _is(path, Path.is_file) or _holds_tables(path)


def _holds_tables(path: Path) -> bool:
    def holds(folder: Path) -> bool:
        return folder.is_dir() and (any(folder.glob("*.csv")) or (folder / ".kam-pending.json").exists())

    return _is(path, holds)


def load(location: str | Path, *, read_only: bool = False) -> tuple[Store, Tables]:
    """Open what is there and read its text tables, brought forward to this schema.

    What is only read is brought forward in memory. Raises WorkbookError when nothing is there or
    when it is newer than this kamlib.
    """
    store, text = _load(location, read_only)
    if schema_of(text) < SCHEMA:
        text = forward(text) if read_only else migrate(store)
    return store, text


def _load(location: str | Path, read_only: bool) -> tuple[Store, Tables]:
    path = _path(location)
    if path and not exists(path):
        if not all(os.access(p, os.X_OK) for p in (path.parent, path) if _is(p, Path.is_dir)):
            raise WorkbookError(f"{path.name} may not be opened: no right to look into the folder.",
                                hint="Ask its owner for the right to read it.")  # fmt: skip
        raise WorkbookError(f"There is no workbook at {spoken(location)}.",
                            hint=_did_you_mean(path))  # fmt: skip
    store = open_store(location, read_only=read_only)
    store.seen = store.version()
    text = store.read()
    if not path and not text:
        raise WorkbookError(
            f"There is no workbook at {spoken(location)}.",
            hint="Is it another database, or have you no right to look into it?",
        )
    schema_of(text)
    return store, text


def file_name(location: str | Path) -> str:
    """What a page may say of a location: its last part, without folder, server and password."""
    text = str(location)
    return (Path(urlsplit(text).path) if "://" in text else Path(text).resolve()).name


def spoken(location: str | Path) -> str:
    """A location as it may be said in a page: no password, no folders above the workbook's own."""
    from kamlib.stores.database import without_password

    path = _path(location)
    if path is None:
        return without_password(str(location))
    return (path.name or str(path))[:80] if path.is_absolute() else str(location)[:80]


def _did_you_mean(path: Path) -> str:
    if not _is(path.parent, Path.is_dir):
        return f"There is no folder {path.parent.name} either."
    if not os.access(path.parent, os.R_OK):
        return ""
    beside = [p for p in path.parent.iterdir() if not p.name.startswith((".", "~"))]
    known = [p.name for p in beside if p.suffix in (".kam", ".xlsx") or _holds_tables(p)]
    return did_you_mean(path.name, known)


def schema_of(text: Tables) -> int:
    """The schema a workbook says it has (1 where it says nothing). Refuses a newer one."""
    settings = text.get("settings", empty("settings"))
    if not {"key", "value"} <= set(settings.columns) or settings.columns.duplicated().any():
        return 1
    said = settings[settings["key"].str.strip() == "schema"]["value"].str.strip().tolist() or ["1"]
    if not re.fullmatch(r"[1-9][0-9]{0,5}", said[0]):
        raise WorkbookError(f'The setting schema is "{said[0][:40]}"; it must be a whole number from 1.',
                            table="settings", column="value", found=said[0],
                            allowed=f"1 to {SCHEMA}")  # fmt: skip
    if int(said[0]) > SCHEMA:
        raise WorkbookError(
            f"This workbook was written by a newer kamlib (schema {said[0]}; this one knows up to "
            f"{SCHEMA}).", table="settings", column="value", found=said[0],
            hint="Update kamlib, then open it again. The workbook was not touched.")  # fmt: skip
    return int(said[0])


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
        if "://" not in store.location:
            _keep(text, f"{store.location}.schema-{schema_of(text)}")
        return forward(text)

    return store.rewrite(change)


def _keep(text: Tables, place: str) -> None:
    """A folder with these tables; one that a former attempt has made stays."""
    from kamlib.stores.folder import Folder

    for number in range(1, 100):
        keep = Folder(Path(place if number == 1 else f"{place}-{number}"))
        if not exists(keep.path):
            keep.replace(text)
            return
        kept = keep.read()
        if kept.keys() == text.keys() and all(kept[n].equals(text[n].reset_index(drop=True)) for n in text):
            return


def create(location: str | Path, tables: Tables) -> Store:
    """A new workbook of these text tables. Refuses to overwrite one."""
    if exists(location):
        raise WorkbookError(f"There is a workbook at {spoken(location)} already.",
                            hint="Choose another name, or remove it first.")  # fmt: skip
    path, tables = _path(location), sounded(tables)
    if path:
        from kamlib.stores.files import plain_errors

        with plain_errors(path.name, "changed"):
            if path.is_dir() and any(path.iterdir()):
                raise WorkbookError(f"{spoken(location)} is a folder with other things in it.",
                                    hint="Choose an empty or a new folder.")  # fmt: skip
            path.parent.mkdir(parents=True, exist_ok=True)
    store = open_store(location)
    store.replace(tables)
    return store


def copy(source: str | Path, target: str | Path) -> Store:
    """Copy a workbook, its history too, cell for cell, between any two locations.

    The notes of the new store are those made while the source was read.
    """
    original, text = _load(source, read_only=True)
    made = create(target, text)
    made.notes = original.notes
    return made


def blank(name: str = "") -> Tables:
    """The text tables of an empty workbook."""
    tables = {table: empty(table) for table in DEFINITIONS}
    rows = [("schema", str(SCHEMA)), ("name", name), ("supplier", ""), ("currency", "GBP")]
    tables["settings"] = pd.DataFrame(rows, columns=["key", "value"], dtype=object)
    tables["suppliers"] = pd.DataFrame([("us", "Us")], columns=["supplier", "name"], dtype=object)
    return tables
