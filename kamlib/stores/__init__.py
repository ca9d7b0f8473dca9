"""Where workbooks live: a folder of CSV files, one .xlsx or a database, with the same verbs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from kamlib.errors import WorkbookError
from kamlib.stores.base import Change, Store
from kamlib.tables import DEFINITIONS, SCHEMA, Tables, empty

__all__ = ["Change", "Store", "copy", "create", "migrate", "open_store", "schema_of"]

# schema -> the function that takes text tables of that schema to the next one
MIGRATIONS: dict[int, Callable[[Tables], Tables]] = {}


def open_store(location: str | Path, *, read_only: bool = False) -> Store:
    """The store at a folder, an .xlsx, a .kam file or a database URL. Nothing is read yet.

    Raises WorkbookError for a location that is none of these.
    """
    text = str(location).strip()
    if re.match(r"[a-z][a-z0-9+]*://", text):
        from kamlib.stores.database import Database

        return Database(text, read_only=read_only)
    if "\x00" in text or not text:
        raise WorkbookError("A workbook needs a name.", hint="Name a folder, an .xlsx or a .kam file.")
    path = Path(text).expanduser()
    if path.suffix == ".kam":
        return _sqlite(path, read_only)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        from kamlib.stores.xlsx import Xlsx

        return Xlsx(path)
    if path.suffix and path.is_file():
        raise WorkbookError(f"{path.name} is not a workbook.", found=path.suffix,
                            hint="A workbook is a folder of CSV files, an .xlsx, a .kam file or a "
                                 "database address.")  # fmt: skip
    from kamlib.stores.folder import Folder

    return Folder(path)


def _sqlite(path: Path, read_only: bool) -> Store:
    from kamlib.stores.database import Database

    if path.is_dir():
        raise WorkbookError(f"{path.name} is a folder, not a .kam file.")
    if not read_only:
        return Database(f"sqlite:///{path}")
    name = path.resolve().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    frozen = "&immutable=1" if _is_frozen(path) else ""
    return Database(f"sqlite:///file:{name}?mode=ro{frozen}&uri=true", read_only=True)


def _is_frozen(path: Path) -> bool:
    """A published copy is out of WAL mode (byte 18 of the file says so): nobody will write to it."""
    try:
        with open(path, "rb") as file:
            return file.read(19)[18:] == b"\x01"
    except OSError:
        return False


def exists(location: str | Path) -> bool:
    """Is there a workbook at this location already?"""
    if "://" in str(location):
        return bool(open_store(location).read())
    path = Path(location).expanduser()
    return path.is_file() or (path.is_dir() and any(path.glob("*.csv")))


def load(location: str | Path, *, read_only: bool = False) -> tuple[Store, Tables]:
    """Open what is there and read its text tables, brought forward to this schema.

    Raises WorkbookError when nothing is there or when it is newer than this kamlib.
    """
    if "://" not in str(location) and not exists(location):
        path = Path(location)
        known = sorted(p.name for p in path.parent.glob("*") if not p.name.startswith("."))
        from kamlib.errors import did_you_mean

        hint = did_you_mean(path.name, known) if path.parent.is_dir() and known else ""
        raise WorkbookError(f"There is no workbook at {location}.", hint=hint)
    store = open_store(location, read_only=read_only)
    text = store.read()
    if schema_of(text) < SCHEMA and not read_only:
        text = migrate(store, text)
    schema_of(text)
    return store, text


def schema_of(text: Tables) -> int:
    """The schema a workbook says it has (1 where it says nothing). Refuses a newer one."""
    settings = text.get("settings", empty("settings"))
    said = (settings[settings["key"] == "schema"]["value"].str.strip().tolist()
            if {"key", "value"} <= set(settings.columns) else [])  # fmt: skip
    if not said:
        return SCHEMA
    if not re.fullmatch(r"\d{1,6}", said[0]):
        raise WorkbookError(f'The setting schema is "{said[0]}"; it must be a whole number.',
                            table="settings", column="value", found=said[0])  # fmt: skip
    if int(said[0]) > SCHEMA:
        raise WorkbookError(
            f"This workbook was written by a newer kamlib (schema {said[0]}; this one knows up to "
            f"{SCHEMA}).", table="settings", found=said[0],
            hint="Update kamlib, then open it again. The workbook was not touched.")  # fmt: skip
    return int(said[0])


def migrate(store: Store, text: Tables) -> Tables:
    """Bring an older workbook forward; what it was is kept beside it as `NAME.schema-N`."""
    old = schema_of(text)
    keep = f"{store.location}.schema-{old}"
    if "://" not in store.location and not Path(keep).exists():
        from kamlib.stores.folder import Folder

        Folder(Path(keep)).replace(text)
    for version in range(old, SCHEMA):
        text = MIGRATIONS[version](text)
    settings = text["settings"].copy()
    settings.loc[settings["key"] == "schema", "value"] = str(SCHEMA)
    text = {**text, "settings": settings}
    store.replace(text)
    return text


def create(location: str | Path, tables: Tables) -> Store:
    """A new workbook of these text tables. Refuses to overwrite one."""
    if exists(location):
        raise WorkbookError(f"There is a workbook at {location} already.",
                            hint="Choose another name, or remove it first.")  # fmt: skip
    path = Path(str(location)).expanduser()
    if "://" not in str(location):
        if path.is_dir() and any(path.iterdir()):
            raise WorkbookError(f"{location} is a folder with other things in it.",
                                hint="Choose an empty or a new folder.")  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
    store = open_store(location)
    store.replace(tables)
    return store


def copy(source: str | Path, target: str | Path) -> Store:
    """Copy a workbook, its history too, cell for cell, between any two locations."""
    return create(target, load(source, read_only=True)[1])


def blank(name: str = "") -> Tables:
    """The text tables of an empty workbook."""
    tables = {table: empty(table) for table in DEFINITIONS}
    rows = [("schema", str(SCHEMA)), ("name", name), ("supplier", ""), ("currency", "GBP")]
    tables["settings"] = pd.DataFrame(rows, columns=["key", "value"], dtype=object)
    tables["suppliers"] = pd.DataFrame([("us", "Us")], columns=["supplier", "name"], dtype=object)
    return tables
