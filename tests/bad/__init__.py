"""Bad workbooks as code: each writes itself into a folder and says what a facilitator must be told."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kamlib.workbook import stores

from ..books import small


@dataclass(frozen=True)
class Bad:
    """One bad workbook: `write(folder)` makes it and gives its location.

    `level` is refuse (a KamError on opening), error or warning (a row of the findings). `table`,
    `row` and `column` are where the finding says it is, `words` what the sentence holds.
    """

    name: str
    write: Callable[[Path], Path]
    level: str
    words: str
    table: str = ""
    row: str = ""
    column: str = ""


def book(folder: Path, kind: str = "book") -> Path:
    """A sound workbook to be spoilt."""
    if kind.endswith(".kam"):
        stores.create(folder / kind, small())
    else:
        (shutil.copytree if kind == "book" else shutil.copy)(_sound(kind), folder / kind)
    return folder / kind


@functools.cache
def _sound(kind: str) -> Path:
    """The files of a sound workbook, made once; they go when this process ends."""
    place = Path(_FOLDER.name) / kind
    stores.create(place, small())
    return place


_FOLDER = tempfile.TemporaryDirectory(prefix="kam-bad-")


def swap(table: str, old: str, new: str) -> Callable[[Path], Path]:
    """A folder in which one piece of text in a table is another."""

    def write(folder: Path) -> Path:
        path = book(folder) / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {table}.csv:\n{text}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path.parent

    return write


def content(table: str, raw: bytes | str) -> Callable[[Path], Path]:
    """A folder in which a table's file holds just this."""

    def write(folder: Path) -> Path:
        path = book(folder) / f"{table}.csv"
        path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
        return path.parent

    return write


def encoded(table: str, encoding: str, old: str = "Acme", new: str = "Café Müller") -> Callable[[Path], Path]:
    """A folder in which a table was saved in another encoding."""

    def write(folder: Path) -> Path:
        path = book(folder) / f"{table}.csv"
        path.write_bytes(path.read_text(encoding="utf-8").replace(old, new).encode(encoding))
        return path.parent

    return write
