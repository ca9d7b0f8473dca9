"""A workbook as one .xlsx file, a sheet a table; read with limits, replaced as a whole."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.checks import finding
from kamlib.errors import WorkbookError
from kamlib.stores import base, files
from kamlib.tables import DEFINITIONS, Tables, as_text, parse_number

MOST_BYTES, MOST_PARTS, MOST_ROWS, MOST_COLUMNS = 64_000_000, 500, 200_000, 300
MOST_STRINGS = 600_000
LONGEST = 32_767
BAD_SHEET = re.compile(r"[\[\]:*?/\\']")
_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
INVALID = "This is not a sound .xlsx file"


class Xlsx:
    """One .xlsx file; see `base.Store` for the verbs."""

    def __init__(self, path: Path) -> None:
        self.path, self.location = path, str(path)
        self.notes: list[dict[str, str]] = []

    def read(self, names: Iterable[str] | None = None) -> Tables:
        self.notes = []
        try:
            raw = self.path.read_bytes() if self.path.stat().st_size <= MOST_BYTES else b""
        except FileNotFoundError:
            raise WorkbookError(f"There is no workbook at {self.location}.") from None
        except PermissionError:
            raise WorkbookError(f"{self.path.name} may not be read: no right to open it.") from None
        guard(raw, self.path.name)
        return {name: self._sheet(name, rows) for name, rows in _sheets(raw, self.path.name)
                if names is None or name in names}

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        with files.locked(self._lock()):
            self._refuse_if_open()
            after, story = base.apply(self.read(), changes, who or base.somebody())
            if story:
                history = after.get("history", pd.DataFrame(columns=base.HISTORY))
                new = pd.DataFrame(story, columns=base.HISTORY)
                after["history"] = pd.concat([history, new], ignore_index=True)
                files.write(self.path, to_xlsx(after))
        return story

    def replace(self, tables: Tables) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(self._lock()):
            self._refuse_if_open()
            files.write(self.path, to_xlsx(tables))

    def version(self) -> dict[str, Any]:
        stat = self.path.stat()
        return {"": (stat.st_mtime_ns, stat.st_size, stat.st_ino)}

    def _lock(self) -> Path:
        return self.path.with_name(f".{self.path.name}.lock")

    def _refuse_if_open(self) -> None:
        """Excel and LibreOffice leave a file beside the one they hold open."""
        marks = [f"~${self.path.name}", f"~${self.path.name[2:]}", f".~lock.{self.path.name}#"]
        if any(self.path.with_name(mark).exists() for mark in marks):
            raise WorkbookError(
                f"{self.path.name} is open in another program, so nothing can be saved in it.",
                hint="Close it there, then enter the value again.",
            )

    def _sheet(self, name: str, rows: Iterator[tuple[Any, ...]]) -> pd.DataFrame:
        lines = {}
        for number, row in enumerate(rows, start=1):
            if number > MOST_ROWS:
                raise WorkbookError(f"Sheet {name} has more than {MOST_ROWS:,} rows.", table=name)
            cells = [_cell(value) for value in row[:MOST_COLUMNS]]
            if any(value is not None for value in row[MOST_COLUMNS:]):
                raise WorkbookError(f"Sheet {name} has more than {MOST_COLUMNS} columns.", table=name)
            if number == 1 or any(cell.strip() for cell in cells):
                lines[number] = cells
        return self._frame(name, lines)

    def _frame(self, name: str, lines: dict[int, list[str]]) -> pd.DataFrame:
        header = [cell.strip() for cell in lines.pop(1, [])]
        while header and not header[-1]:
            header.pop()
        if "" in header:
            message = f"Sheet {name}: column {header.index('') + 1} has no name."
            self.notes.append(finding("error", name, message, "line 1"))
        for number, cells in lines.items():
            if any(cell.strip() for cell in cells[len(header) :]):
                raise WorkbookError(f"Sheet {name}, line {number} has a cell without a column name.",
                                    table=name, row=f"line {number}")  # fmt: skip
        rows = [(cells + [""] * len(header))[: len(header)] for cells in lines.values()]
        return pd.DataFrame(rows, index=[n - 2 for n in lines], columns=header, dtype=object)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = as_text(value)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def guard(raw: bytes, name: str) -> None:
    """Refuse, before unpacking, a file that would fill the memory. Raises WorkbookError."""
    if not raw:
        raise WorkbookError(f"{name} is empty or larger than {MOST_BYTES // 1_000_000} MB.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except zipfile.BadZipFile:
        raise WorkbookError(f"{name} cannot be opened. {INVALID}.",
                            hint="Save it again from Excel as .xlsx.") from None  # fmt: skip
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise WorkbookError(f"{name} has {len(parts)} parts; at most {MOST_PARTS} are read.")
    if any(part.flag_bits & 1 for part in parts):
        raise WorkbookError(f"{name} is protected by a password.", hint="Save it without one.")
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES:
        raise WorkbookError(
            f"{name} unpacks to {size / 1e6:,.0f} MB; at most {MOST_BYTES // 1_000_000} MB are read."
        )
    for part in parts:
        if part.filename.endswith(".xml") and "xl/" in part.filename:
            _guard_part(archive, part, name)


def _guard_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    try:
        content = archive.read(part)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        raise WorkbookError(f"{name} is damaged. {INVALID}.") from None
    except Exception as error:  # zlib and lzma errors have no common base
        raise WorkbookError(f"{name} is damaged ({type(error).__name__}). {INVALID}.") from None
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise WorkbookError(f"{name} holds XML entities, which no spreadsheet needs. {INVALID}.")
    if content.count(b"<si") > MOST_STRINGS:
        raise WorkbookError(f"{name} has more than {MOST_STRINGS:,} different texts.")
    for row in re.finditer(rb'<row[^>]*? r="(\d+)"', content):
        if int(row[1]) > MOST_ROWS:
            raise WorkbookError(f"{name} has a row numbered {int(row[1]):,}; "
                                f"at most {MOST_ROWS:,} are read.")  # fmt: skip
    for cell in re.finditer(rb'<c[^>]*? r="([A-Z]+)', content):
        if len(cell[1]) > 2:
            raise WorkbookError(f"{name} has a cell in column {cell[1].decode()}; "
                                f"at most {MOST_COLUMNS} columns are read.")  # fmt: skip


def _sheets(raw: bytes, name: str) -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    import openpyxl

    if not openpyxl.DEFUSEDXML:
        raise WorkbookError("Reading .xlsx needs the package defusedxml.")
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            yield sheet.title, sheet.iter_rows(values_only=True)
    except WorkbookError:
        raise
    except Exception as error:  # openpyxl raises whatever its XML made it stumble over
        raise WorkbookError(f"{name} cannot be read ({type(error).__name__}). {INVALID}.",
                            hint="Save it again from Excel as .xlsx.") from None  # fmt: skip


def to_xlsx(tables: Tables) -> bytes:
    """The tables as an .xlsx: one sheet each, numbers as numbers, everything else as text."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
        bold = book.add_format({"bold": True})
        for name, frame in tables.items():
            _refuse_sheet(name, tables)
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_row(0, None, bold)
            for place, column in enumerate(frame.columns):
                _write_column(sheet, place, name, column, frame.iloc[:, place])
    return out.getvalue()


def _refuse_sheet(name: str, tables: Tables) -> None:
    twins = [other for other in tables if other.lower() == name.lower()]
    if len(name) > 31 or BAD_SHEET.search(name) or len(twins) > 1:
        raise WorkbookError(f'The table "{name}" cannot be an Excel sheet.', table=name, found=name,
                            allowed="31 characters at most, without [ ] : * ? / \\ '",
                            hint="Rename it, then copy again.")  # fmt: skip


def _write_column(sheet: Any, place: int, table: str, column: str, cells: pd.Series) -> None:
    names = DEFINITIONS[table].names if table in DEFINITIONS else []
    number = column in names and DEFINITIONS[table][column].kind == "number"
    sheet.set_column(place, place, min(48, max([len(str(column)) + 2, *(len(c) for c in cells[:50])])))
    sheet.write_string(0, place, str(column))
    for row, text in enumerate(cells, start=1):
        if len(text) > LONGEST:
            raise WorkbookError(
                f"{table}, line {row + 1}, {column} has {len(text):,} characters; "
                f"an Excel cell holds {LONGEST:,}.", table=table, row=f"line {row + 1}", column=column)  # fmt: skip
        if number and _is_number(text):
            sheet.write_number(row, place, float(text))
        elif text:
            sheet.write_string(row, place, _ESCAPE.sub(lambda m: "_x005F" + m[0], text))


def _is_number(text: str) -> bool:
    """Would Excel give the very same text back? Only then may it be written as a number."""
    try:
        return bool(text) and as_text(parse_number(text)) == text
    except ValueError:
        return False
