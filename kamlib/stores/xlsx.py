"""A workbook as one .xlsx file, a sheet a table; read with limits, replaced as a whole."""

from __future__ import annotations

import contextlib
import glob
import io
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape  # noqa: S406 - writes, does not read

import pandas as pd

from kamlib.checks import finding
from kamlib.errors import Conflict, WorkbookError
from kamlib.stores import base, files
from kamlib.stores.guard import (
    AGAIN,
    INVALID,
    MOST_BYTES,
    MOST_ROWS,
    besides_values,
    guard,
    is_plain,
    readable_only,
)
from kamlib.tables import DEFINITIONS, Tables, as_text, parse_number

LONGEST = 32_767
BAD_SHEET = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]|^'|'$|^$")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class Xlsx:
    """One .xlsx file; see `base.Store` for the verbs."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.location, self.read_only = path, str(path), read_only
        self.notes: base.Notes = []
        self.seen: dict[str, Any] = {}

    def read(self, names: Collection[str] | None = None) -> Tables:
        self.notes = []
        raw = self._raw()
        guard(raw, self.path.name)
        self._note_besides(raw)
        tables = {name: self._frame(name, lines) for name, lines in self._sheets(raw)}
        return {name: tables[name] for name in tables if names is None or name in names}

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        with self._writing():
            tables = self.read()
            try:
                after, story = base.apply(tables, changes, who or base.somebody())
            except Conflict as error:
                raise base.blame(error, changes, tables.get("history", pd.DataFrame())) from None
            if story:
                self._write({**after, "history": base.with_story(after.get("history"), story)})
        return story

    def replace(self, tables: Tables) -> None:
        base.refuse_read_only(self.read_only)
        with files.plain_errors(self.path.name, "changed"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing():
            self._write(tables)

    def rewrite(self, change: Callable[[Tables], Tables]) -> Tables:
        with self._writing():
            tables = change(self.read())
            self._write(tables)
        return tables

    def version(self) -> dict[str, Any]:
        with files.plain_errors(self.path.name):
            stat = self.path.stat()
        return {"": (stat.st_mtime_ns, stat.st_size, stat.st_ino)}

    # -- writing --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        base.refuse_read_only(self.read_only)
        with files.locked(self.path.with_name(f".{self.path.name}.lock"), self.path.name):
            if self.path.suffix.lower() != ".xlsx":
                raise WorkbookError(f"{self.path.name} may hold macros, so it is read but never written.",
                                    hint="Copy it to an .xlsx with `kam copy`.")  # fmt: skip
            self._refuse_if_open()
            yield

    def _write(self, tables: Tables) -> None:
        content = to_xlsx(tables)
        guard(content, self.path.name)  # what is written must be readable
        with files.plain_errors(self.path.name, "changed"):
            files.tidy(self.path.parent, f".{glob.escape(self.path.name)}.*.part")
            self._keep_original()
            files.write(self.path, content)

    def _keep_original(self) -> None:
        """Formulas, charts and pictures cannot be written again: the file with them is kept, once."""
        raw = self.path.read_bytes() if self.path.exists() else b""
        if not raw or is_plain(raw):
            return
        for number in ["", *range(2, 100)]:
            keep = self.path.with_name(f"{self.path.stem}.original{number}.xlsx")
            if not keep.exists():
                files.write(keep, raw)
            if keep.read_bytes() == raw:
                return

    def _refuse_if_open(self) -> None:
        """Excel and LibreOffice leave a file beside the one they hold open."""
        marks = [f"~${self.path.name}", f"~${self.path.name[2:]}", f".~lock.{self.path.name}#"]
        for mark in marks:
            if self.path.with_name(mark).exists():
                raise WorkbookError(
                    f"{self.path.name} is open in another program, so nothing can be saved in it.",
                    hint="Close it there, then enter the value again. (If it is open nowhere, delete "
                         f"the file {mark} beside it.)")  # fmt: skip

    # -- reading --------------------------------------------------------------------------------

    def _raw(self) -> bytes:
        with files.plain_errors(self.path.name):
            if not self.path.exists():
                raise WorkbookError(f"There is no workbook {self.path.name}.")
            if self.path.stat().st_size > MOST_BYTES:
                raise WorkbookError(f"{self.path.name} is larger than {MOST_BYTES // 1_000_000} MB.")
            return self.path.read_bytes()

    def _sheets(self, raw: bytes) -> Iterator[tuple[str, dict[int, list[str]]]]:
        place = self.path.name
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl warns of what is no matter here
                for sheet in _book(raw).worksheets:
                    place = f"{self.path.name}, sheet {sheet.title[:31]}"
                    if sheet.sheet_state != "visible":
                        message = f'The sheet "{sheet.title}" is hidden; it is read like the others.'
                        self.notes.append(finding("warning", sheet.title, message))
                    yield sheet.title, self._lines(sheet)
        except WorkbookError:
            raise
        except Exception:  # openpyxl raises whatever its XML made it stumble over
            raise WorkbookError(f"{place} cannot be read. {INVALID}.", hint=AGAIN) from None

    def _lines(self, sheet: Any) -> dict[int, list[str]]:
        """Line number -> texts of the cells, of the lines that hold any; line 1 always."""
        sheet.reset_dimensions()
        name, lines, formulas = sheet.title, {}, []
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if number > MOST_ROWS:
                raise WorkbookError(f"Sheet {name} has more than {MOST_ROWS:,} rows.", table=name)
            if any(cell.value is not None for cell in row[base.MOST_COLUMNS :]):
                raise WorkbookError(f"Sheet {name}, line {number} has more than {base.MOST_COLUMNS} "
                                    "columns.", table=name, row=f"line {number}")  # fmt: skip
            cells = [_text(cell.value) for cell in row[: base.MOST_COLUMNS]]
            formulas += [(number, i) for i, cell in enumerate(row) if cell.data_type == "f"]
            if number == 1 or any(cell.strip() for cell in cells):
                lines[number] = cells
        self._note_formulas(name, lines, formulas)
        return lines

    def _note_formulas(self, name: str, lines: dict[int, list[str]], at: list[tuple[int, int]]) -> None:
        """A formula is not a value: what Excel last showed for it may be old, or not be there.

        So the formula itself is read, never its last result, and said to be an error where the
        workbook would use it.
        """
        header = lines.get(1, [])
        for number, place in at:
            column = header[place].strip() if place < len(header) else ""
            used = name in DEFINITIONS and column in DEFINITIONS[name].names
            what = column if column and number > 1 else "A cell"
            message = f"{what} holds a formula; a workbook holds values only."
            self.notes.append(finding(
                "error" if used else "warning", name, message, f"line {number}", column,
                lines[number][place], "a value: copy the cell, then paste it as a value"))  # fmt: skip

    def _note_besides(self, raw: bytes) -> None:
        more, name = " and ".join(besides_values(raw)), self.path.name
        if more:
            message = f"{name} holds {more} too; a workbook keeps values only."
            if self.path.suffix.lower() == ".xlsx":
                kept = f"{self.path.stem}.original.xlsx"
                message += f" Before its first change the file is kept as {kept}."
            self.notes.append(finding("warning", "", message))

    def _frame(self, name: str, lines: dict[int, list[str]]) -> pd.DataFrame:
        header = [cell.strip() for cell in lines.pop(1, [])]
        while header and not header[-1]:
            header.pop()
        if not header and not lines:
            self.notes.append(finding("warning", name, f"Sheet {name} is empty."))
        if "" in header:
            message = f"Sheet {name}: column {header.index('') + 1} has no name."
            self.notes.append(finding("error", name, message, "line 1", allowed="a name for each column"))
        for number, cells in lines.items():
            if any(cell.strip() for cell in cells[len(header) :]):
                raise WorkbookError(f"Sheet {name}, line {number} has a cell without a column name.",
                                    table=name, row=f"line {number}",
                                    hint="The names of the columns stand in line 1.")  # fmt: skip
        rows = [(cells + [""] * len(header))[: len(header)] for cells in lines.values()]
        return pd.DataFrame(rows, index=[n - 2 for n in lines], columns=header, dtype=object)


def _book(raw: bytes) -> Any:
    """openpyxl's workbook, but for two things that are done here. It strips the text "x005F_" out of
    names and leaves other escapes in; it passes over a sheet that is missing, and trips over charts."""
    import openpyxl
    from openpyxl.cell.text import Text
    from openpyxl.reader.excel import SHARED_STRINGS, ExcelReader, ReadOnlyWorksheet
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    if not openpyxl.DEFUSEDXML:
        raise WorkbookError("Reading .xlsx needs the package defusedxml.")

    class Reader(ExcelReader):  # type: ignore[misc]
        def read_strings(self) -> None:
            part = self.package.find(SHARED_STRINGS)
            if part is None:
                return
            with self.archive.open(part.PartName[1:]) as source:
                for _, node in iterparse(source):
                    if node.tag == f"{{{SHEET_MAIN_NS}}}si":
                        self.shared_strings.append(_unescape(Text.from_tree(node).content))
                        node.clear()

        def read_worksheets(self) -> None:
            for sheet, part in self.parser.find_sheets():
                if "chartsheet" in part.Type:
                    continue
                if part.target not in self.valid_files:
                    raise WorkbookError(f"The sheet {sheet.name[:31]} is missing. {INVALID}.", hint=AGAIN)
                try:
                    found = ReadOnlyWorksheet(self.wb, sheet.name, part.target, self.shared_strings)
                except Exception:
                    raise WorkbookError(f"Sheet {sheet.name[:31]} cannot be read. {INVALID}.",
                                        hint=AGAIN) from None  # fmt: skip
                found.sheet_state = sheet.state
                self.wb._sheets.append(found)

    reader = Reader(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
    readable_only(reader.archive)
    reader.read()
    titles = [sheet.title for sheet in reader.wb.worksheets]
    if len(set(titles)) < len(titles):
        raise WorkbookError(f"Two sheets have the same name. {INVALID}.", hint=AGAIN)
    return reader.wb


def _unescape(text: str) -> str:
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, (str, int, float)):
        value = getattr(value, "text", None) or value  # an array formula
    text = as_text(value)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def to_xlsx(tables: Tables) -> bytes:
    """The tables as an .xlsx: one sheet each, numbers as numbers, everything else as text."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
        bold = book.add_format({"bold": True})
        for name, frame in base.sounded(tables).items():
            _refuse_sheet(name, tables)
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_row(0, None, bold)
            for place, column in enumerate(frame.columns):
                _write_column(sheet, place, name, column, frame.iloc[:, place])
    return out.getvalue()


def _refuse_sheet(name: str, tables: Tables) -> None:
    twins = [other for other in tables if other.lower() == name.lower()]
    if BAD_SHEET.search(name) or len(name.encode("utf-16-le")) > 2 * 31 or len(twins) > 1:
        raise WorkbookError(f'The table "{name[:60]}" cannot be an Excel sheet.', table=name, found=name,
                            allowed="31 characters at most (an emoji is two), without [ ] : * ? / \\ '",
                            hint="Rename it, then copy again.")  # fmt: skip
    rows, columns = tables[name].shape
    if rows >= MOST_ROWS or columns > base.MOST_COLUMNS:
        raise WorkbookError(f"{name} has {rows:,} rows and {columns} columns; an .xlsx here holds "
                            f"{MOST_ROWS - 1:,} rows and {base.MOST_COLUMNS} columns.", table=name,
                            hint="Keep the workbook as a folder or a .kam file.")  # fmt: skip


def _write_column(sheet: Any, place: int, table: str, column: str, cells: pd.Series) -> None:
    names = DEFINITIONS[table].names if table in DEFINITIONS else []
    number = column in names and DEFINITIONS[table][column].kind == "number"
    sheet.set_column(place, place, min(48, max([len(str(column)) + 2, *(len(c) for c in cells[:50])])))
    for row, text in enumerate([str(column), *cells]):
        if row and number and _is_number(text):
            sheet.write_number(row, place, float(text))
        elif text and (len(text) > LONGEST or sheet.write_string(row, place, _written(text))):
            raise WorkbookError(
                f"{table}, line {row + 1}, {column} has {len(text):,} characters; an Excel cell holds "
                f"{LONGEST:,}.", table=table, row=f"line {row + 1}", column=column,
                hint="Shorten it, or keep the workbook as a folder or a .kam file.")  # fmt: skip


def _written(text: str) -> str:
    """The text as XlsxWriter must get it to write just that.

    Texts like "_x0041_" mean a character to Excel, and texts in <r> are XML to XlsxWriter: both go as
    ready XML, where an underscore is written as a number so that XlsxWriter escapes nothing twice.
    """
    if not _TO_ESCAPE.search(text) and not text.startswith("<r>"):
        return text
    escaped = escape(_TO_ESCAPE.sub(lambda m: f"_x{ord(m[0]):04X}_", text)).replace("_", "&#95;")
    return f'<r><t xml:space="preserve">{escaped}</t></r>'


def _is_number(text: str) -> bool:
    """Would Excel give the very same text back? Only then may it be written as a number."""
    try:
        number = parse_number(text)
        # an .xlsx holds 16 digits
        return bool(text) and as_text(number) == text and as_text(float(f"{number:.16G}")) == text
    except ValueError:
        return False
