"""A workbook as a folder of CSV files, one a table."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.checks import finding
from kamlib.errors import WorkbookError
from kamlib.stores import base, files
from kamlib.tables import Tables

PENDING = ".kam-pending.json"
LOCK = ".kam.lock"
BIGGEST = 200_000_000
csv.field_size_limit(10_000_000)


class Folder:
    """A folder of CSV files; see `base.Store` for the verbs."""

    def __init__(self, path: Path) -> None:
        self.path, self.location = path, str(path)
        self.notes: list[dict[str, str]] = []
        self._seen: dict[str, tuple[Any, pd.DataFrame, list[dict[str, str]]]] = {}

    def read(self, names: Iterable[str] | None = None) -> Tables:
        if (self.path / PENDING).exists():
            with files.locked(self.path / LOCK):
                self._finish()
        self.notes = []
        return {p.stem: self._table(p) for p in self._paths() if names is None or p.stem in names}

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        with files.locked(self.path / LOCK):
            self._finish()
            before = {path.stem: self._table(path) for path in self._paths() if path.stem != "history"}
            after, story = base.apply(before, changes, who or base.somebody())
            if not story:
                return []
            touched = {name: to_csv(after[name]) for name in {c.table for c in changes} if name in after}
            self._commit(touched, story)
        return story

    def replace(self, tables: Tables) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        with files.locked(self.path / LOCK):
            self._finish()
            self._commit({name: to_csv(frame) for name, frame in tables.items()}, [])

    def version(self) -> dict[str, Any]:
        return {p.stem: ((s := p.stat()).st_mtime_ns, s.st_size, s.st_ino) for p in self._paths()}

    def _paths(self) -> list[Path]:
        if not self.path.is_dir():
            raise WorkbookError(f"There is no workbook at {self.location}.")
        return sorted(p for p in self.path.glob("*.csv") if not p.name.startswith("."))

    def _table(self, path: Path) -> pd.DataFrame:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if path.name not in self._seen or self._seen[path.name][0] != stamp:
            frame, notes = read_csv(path)
            self._seen[path.name] = (stamp, frame, notes)
        self.notes = self.notes + self._seen[path.name][2]
        return self._seen[path.name][1]

    def _commit(self, touched: dict[str, str], story: list[base.Row]) -> None:
        """Say durably what will be written, write it, then forget it: a crash is made good."""
        history = self.path / "history.csv"
        size = history.stat().st_size if history.exists() else 0
        plan = {"tables": touched, "story": story, "history_size": size}
        files.write(self.path / PENDING, json.dumps(plan).encode())
        self._finish()

    def _finish(self) -> None:
        pending = self.path / PENDING
        if not pending.exists():
            return
        plan = json.loads(pending.read_bytes())
        for name, content in plan["tables"].items():
            files.write(self.path / f"{name}.csv", content.encode())
        if plan["story"]:
            self._append(plan["story"], plan["history_size"])
        pending.unlink()
        files.sync_folder(self.path)

    def _append(self, story: list[base.Row], size: int) -> None:
        """Append to the history from its known size, so that a repetition writes nothing twice."""
        path = self.path / "history.csv"
        rows = pd.DataFrame(story, columns=base.HISTORY)
        text = to_csv(rows) if size == 0 else to_csv(rows).split("\n", 1)[1]
        with open(path, "r+b" if path.exists() else "w+b") as file:
            file.truncate(size)
            file.seek(size)
            if size and not _ends_line(file, size):
                text = "\n" + text
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def _ends_line(file: io.BufferedRandom, size: int) -> bool:
    file.seek(size - 1)
    return file.read(1) == b"\n"


def to_csv(frame: pd.DataFrame) -> str:
    """The canonical text of a table: UTF-8, comma, LF, quotes only where they are needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(frame.itertuples(index=False, name=None))
    return out.getvalue()


def read_csv(path: Path) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    """A CSV file as a text table, and what had to be guessed while reading it."""
    name, notes = path.stem, []
    try:
        if path.stat().st_size > BIGGEST:
            raise WorkbookError(f"{path.name} is larger than {BIGGEST // 1_000_000} MB.", table=name)
        raw = path.read_bytes()
    except PermissionError:
        raise WorkbookError(f"{path.name} may not be read: no right to open it.", table=name) from None
    text, encoding = _decode(raw, path.name)
    if encoding != "utf-8":
        message = f"{path.name} is not UTF-8; it is read as {encoding}. Look at accented letters."
        notes.append(finding("warning", name, message, found=encoding, allowed="UTF-8"))
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count) if any(m in head for m in ",;\t") else ","
    if mark != ",":
        kind = "semicolons" if mark == ";" else "tabs"
        notes.append(finding("warning", name, f"{path.name} separates cells by {kind}.", found=mark,
                             allowed="commas"))  # fmt: skip
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=False))
    except csv.Error as error:
        raise WorkbookError(f"{path.name} cannot be read as CSV: {error}.", table=name,
                            hint="Save it again as CSV UTF-8.") from None  # fmt: skip
    return _frame(lines, path.name, notes), notes


def _decode(raw: bytes, name: str) -> tuple[str, str]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = [("utf-16", "UTF-16")]
    else:
        tries = [("utf-8-sig", "utf-8"), ("cp1252", "Windows-1252"), ("latin-1", "Latin-1")]
    if b"\x00" in raw[:4096] and tries[0][0] != "utf-16":
        raise WorkbookError(f"{name} is not a text file.", hint="Save it as CSV UTF-8.")
    for codec, said in tries:
        try:
            return raw.decode(codec), said
        except UnicodeDecodeError:
            continue
    raise WorkbookError(f"{name} is not a text file.", hint="Save it as CSV UTF-8.")


def _frame(lines: list[list[str]], file: str, notes: list[dict[str, str]]) -> pd.DataFrame:
    name = file.rsplit(".", 1)[0]
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    if not lines:
        notes.append(finding("warning", name, f"{file} is empty."))
        return pd.DataFrame()
    header = [cell.strip() for cell in lines[0]]
    while header and not header[-1]:
        header.pop()
    rows: dict[int, list[str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if any(cell.strip() for cell in line[len(header) :]):
            raise WorkbookError(
                f"{file}, line {number} has {len(line)} cells, but the header has {len(header)}.",
                table=name, row=f"line {number}",
                hint="A text with a comma in it needs quotation marks around it.")  # fmt: skip
        cells = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in line[: len(header)]]
        rows[number - 2] = cells + [""] * (len(header) - len(cells))
    if "" in header:
        notes.append(finding("error", name, f"{file}: column {header.index('') + 1} has no name.",
                             "line 1"))  # fmt: skip
    # the index keeps the line of the file (less 2), so that a finding can name it
    return pd.DataFrame([*rows.values()], index=[*rows], columns=header, dtype=object)
