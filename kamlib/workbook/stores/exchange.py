"""A workbook as a folder of CSV files or as one .xlsx: read with limits, written as a whole."""

from __future__ import annotations

import csv
import io
import os
import re
import warnings
from collections.abc import Collection, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape  # noqa: S406 - writes, does not read

import pandas as pd

from kamlib.errors import WorkbookError
from kamlib.workbook.schema import DEFINITIONS, Tables, as_text, parse_number
from kamlib.workbook.stores import base, files, guard
from kamlib.workbook.stores.base import MOST_COLUMNS, Notes
from kamlib.workbook.stores.sentences import note, refusal

SHEETS = (".xlsx", ".xlsm")
BIGGEST, LONGEST = 200_000_000, 32_767
BAD_FILE = r'[\x00-\x1f<>:"/\\|?*]|^\.|[. ]$|^$|.{101}|^(con|prn|aux|nul|com\d|lpt\d)$'
BAD_SHEET = r"[\[\]:*?/\\\x00-\x1f\ufffe\uffff]|^'|'$|^$"
CODECS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
Lines = dict[int, list[str]]
csv.field_size_limit(10_000_000)


class Files(base.Store):
    """A folder or an .xlsx, which is read and never changed."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path

    def read(self, names: Collection[str] | None = None) -> Tables:
        self.notes = []
        with files.plain_errors(self.path.name):
            read = read_xlsx if self.path.suffix.lower() in SHEETS else read_folder
            text = read(self.path, self.notes)
        return {name: frame for name, frame in text.items() if names is None or name in names}

    def version(self) -> dict[str, Any]:
        with files.plain_errors(self.path.name):
            paths = [self.path] if self.path.is_file() else _csv_paths(self.path)
            stats = [path.stat() for path in paths]
            return {"": [(s.st_mtime_ns, s.st_size, s.st_ino) for s in stats]}


def write(path: Path, text: Tables) -> None:
    """Write a new folder or .xlsx: it is there whole or not at all."""
    text = base.sounded(text)
    if path.suffix.lower() in SHEETS:
        content = to_xlsx(text)
        guard.guard(content, path.name)  # what is written must be readable
        return files.write(path, content)
    base.refuse_names(text, "file name", BAD_FILE)
    with files.beside(path) as part:
        part.mkdir()
        for name, frame in text.items():
            files.save(part / f"{name}.csv", to_csv(frame).encode())
        files.sync_folder(part)
        os.replace(part, path)
    return files.sync_folder(path.parent)


def _frame(place: str, name: str, lines: Lines, wide: str, notes: Notes) -> pd.DataFrame:
    """A text table of numbered lines: line 1 is the header, blank ones are left out.

    The index keeps the number less 2, so that a finding can name the line.
    """
    header = [cell.strip() for cell in lines.get(1, [])]
    while header and not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        raise refusal("columns", place=place, table=name, n=len(header), most=MOST_COLUMNS)
    if "" in header:
        notes.append(note("nameless column", name, "line 1", place=place, n=header.index("") + 1))
    rows = {}
    for number, cells in lines.items():
        if any(cell.strip() for cell in cells[len(header) :]) and number > 1:
            at, n, m = f"line {number}", len(cells), len(header)
            raise refusal(wide, place=place, table=name, row=at, n=n, m=m)
        if any(cell.strip() for cell in cells) and number > 1:
            rows[number - 2] = (cells + [""] * len(header))[: len(header)]
    if not header and not rows:
        notes.append(note("empty", name, place=place))
    return pd.DataFrame([*rows.values()], index=[*rows], columns=header, dtype=object)


# -- a folder of CSV files -------------------------------------------------------------------------


def read_folder(path: Path, notes: Notes) -> Tables:
    """The text tables of a folder; `notes` get what had to be guessed."""
    text = {}
    for file in _csv_paths(path):
        if file.stat().st_size > BIGGEST:
            raise refusal("large", name=file.name, table=file.stem, most=BIGGEST // 1_000_000)
        text[file.stem] = read_csv(file.read_bytes(), file.name, notes)
    return text


def _csv_paths(path: Path) -> list[Path]:
    if not path.is_dir():
        raise refusal("no file", name=path.name)
    return sorted(p for p in path.glob("*.csv") if not p.name.startswith(".") and p.is_file())


def read_csv(raw: bytes, file: str, notes: Notes) -> pd.DataFrame:
    """The bytes of a CSV file, as Excel and people write it, as a text table.

    Raises WorkbookError where cells could end up in a wrong place.
    """
    name = file.rsplit(".", 1)[0]
    text, encoding = _decoded(raw, file)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if encoding != "UTF-8":
        notes.append(note("encoding", name, found=encoding, file=file))
    head = re.sub(r'"[^"\n]*"', "", text[:20_000].lstrip("\n").split("\n", 1)[0])
    mark = max(",;\t", key=head.count)
    if mark != ",":
        kind = "semicolons" if mark == ";" else "tabs"
        notes.append(note("mark", name, found=mark, file=file, kind=kind))
    lines: Lines = {}
    try:
        for cells in csv.reader(io.StringIO(text), delimiter=mark, strict=True):
            lines[len(lines) + 1] = cells
    except csv.Error as error:
        is_quoted = re.search("expected after|unexpected end", str(error))
        key, row = "quotation mark" if is_quoted else "no csv", f"line {len(lines) + 1}"
        raise refusal(key, file=file, table=name, row=row, error=error) from None
    return _frame(file, name, lines, "wide line", notes)


def _decoded(raw: bytes, file: str) -> tuple[str, str]:
    codecs = {} if b"\x00" in raw[:4096] else CODECS
    codecs = {"utf-16": "UTF-16"} if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else codecs
    for codec, encoding in codecs.items():
        try:
            return raw.decode(codec), encoding
        except UnicodeDecodeError:
            continue
    raise refusal("no text", file=file, table=file.rsplit(".", 1)[0])


def to_csv(frame: pd.DataFrame) -> str:
    """The canonical text of a sound table: UTF-8, comma, LF, quotes only where they are needed."""
    out = io.StringIO()
    header = [str(column) for column in frame.columns]
    # a name with a semicolon or a tab is quoted, so that nobody takes it for the separator; with a
    # byte order mark before it, so that nobody takes that for one of the file
    odd = re.search("[;\t\ufeff]", "".join(header))
    quote: Literal[0, 1] = csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator="\n", quoting=quote).writerow(header)
    csv.writer(out, lineterminator="\n").writerows(frame.to_numpy().tolist())
    return out.getvalue()


# -- one .xlsx, a sheet a table --------------------------------------------------------------------


def read_xlsx(path: Path, notes: Notes) -> Tables:
    """The text tables of an .xlsx; `notes` get what had to be guessed and what is left out."""
    if not path.exists():
        raise refusal("no file", name=path.name)
    if path.stat().st_size > guard.MOST_BYTES:
        raise refusal("large", name=path.name, most=guard.MOST_BYTES // 1_000_000)
    raw = path.read_bytes()
    guard.guard(raw, path.name)
    if more := guard.besides_values(raw):
        notes.append(note("besides", name=path.name, more=" and ".join(more)))
    found = sheets(raw, path.name, notes)
    return {name: _frame(f"Sheet {name}", name, lines, "wide row", notes) for name, lines in found}


def sheets(raw: bytes, name: str, notes: Notes) -> Iterator[tuple[str, Lines]]:
    """Title and numbered lines of each sheet of a guarded .xlsx."""
    place = name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of what is no matter here
            for sheet in opened(raw, name).worksheets:
                place = f"{name}, sheet {sheet.title[:31]}"
                if sheet.sheet_state != "visible":
                    notes.append(note("hidden", sheet.title))
                yield sheet.title, _lines(sheet, notes)
    except WorkbookError:
        raise
    except Exception:  # openpyxl raises whatever its XML made it stumble over
        raise refusal("unreadable", place=place) from None


def _lines(sheet: Any, notes: Notes) -> Lines:
    """Line number -> texts of the cells, of the lines that hold any; line 1 always.

    A formula is not a value: what Excel last showed for it may be old, or not be there. So the
    formula itself is read, and said to be an error where the workbook would use it.
    """
    sheet.reset_dimensions()
    name, lines = sheet.title, Lines()
    for number, row in enumerate(sheet.iter_rows(), start=1):
        at = f"line {number}"
        if number > guard.MOST_ROWS:
            raise refusal("rows", table=name, most=guard.MOST_ROWS)
        if any(cell.value is not None for cell in row[MOST_COLUMNS:]):
            raise refusal("wide sheet", table=name, row=at, most=MOST_COLUMNS)
        cells = [cell_text(cell.value) for cell in row[:MOST_COLUMNS]]
        if number == 1 or any(cell.strip() for cell in cells):
            lines[number] = cells
        for place in [place for place, cell in enumerate(row) if cell.data_type == "f"]:
            column = "".join(lines[1][place : place + 1]).strip() if number > 1 else ""
            is_used = name in DEFINITIONS and column in DEFINITIONS[name].names
            key = "formula used" if is_used else "formula"
            notes.append(note(key, name, at, column, found=cells[place]))
    return lines


def opened(raw: bytes, name: str) -> Any:
    """openpyxl's workbook, but for two things. It strips the text "x005F_" out of names and leaves
    other escapes in; it passes over a sheet that is missing, and trips over charts."""
    import openpyxl
    from openpyxl.cell.text import Text
    from openpyxl.reader.excel import SHARED_STRINGS, ExcelReader
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    if not openpyxl.DEFUSEDXML:
        raise refusal("no defusedxml")

    class Reader(ExcelReader):  # type: ignore[misc]
        def read_strings(self) -> None:
            part = self.package.find(SHARED_STRINGS)
            if part is None:
                return
            with self.archive.open(part.PartName[1:]) as source:
                for _, node in iterparse(source):
                    if node.tag == f"{{{SHEET_MAIN_NS}}}si":
                        self.shared_strings.append(_unescaped(Text.from_tree(node).content))
                        node.clear()

        def read_chartsheet(self, sheet: Any, part: Any) -> None:
            """A sheet that is a picture holds no cells."""

    reader = Reader(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
    reader.archive = guard.Archive(raw, name)
    reader.read()
    titles = [sheet.title for sheet in reader.wb.worksheets]
    if len(set(titles)) < len(titles):
        raise refusal("same sheet")
    for sheet, part in reader.parser.find_sheets():
        if sheet.name not in titles and "chartsheet" not in part.Type:
            raise refusal("no sheet", name=sheet.name)
    return reader.wb


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cell_text(value: Any) -> str:
    """The text of a cell as openpyxl gives it: a day as YYYY-MM-DD, a formula as it is written."""
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, (str, int, float)):
        value = getattr(value, "text", None) or value  # an array formula
    text = as_text(value)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def to_xlsx(text: Tables) -> bytes:
    """The sound tables as an .xlsx: one sheet each, numbers as numbers, everything else as text."""
    import xlsxwriter

    out = io.BytesIO()
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    base.refuse_names(text, "sheet name", BAD_SHEET, longest=31)
    with xlsxwriter.Workbook(out, {"in_memory": True, **plain}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
        bold = book.add_format({"bold": True})
        for name, frame in text.items():
            (n, m), rows = frame.shape, guard.MOST_ROWS - 1
            if n > rows or m > MOST_COLUMNS:
                limits = {"rows": rows, "columns": MOST_COLUMNS}
                raise refusal("too much for xlsx", table=name, n=n, m=m, **limits)
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_row(0, None, bold)
            for place, column in enumerate(frame.columns):
                _write_column(sheet, place, name, column, frame.iloc[:, place].tolist())
    return out.getvalue()


def _write_column(sheet: Any, place: int, table: str, column: str, cells: list[str]) -> None:
    names = DEFINITIONS[table].names if table in DEFINITIONS else []
    is_figures = column in names and DEFINITIONS[table][column].kind == "number"
    width = max([len(column) + 2, *map(len, cells[:50])])
    sheet.set_column(place, place, min(48, width))
    for row, text in enumerate([column, *cells]):
        if row and is_figures and _is_number(text):
            sheet.write_number(row, place, float(text))
        elif text and (len(text) > LONGEST or sheet.write_string(row, place, written(text))):
            where = {"table": table, "row": f"line {row + 1}", "column": column}
            raise refusal("long cell", n=len(text), most=LONGEST, **where)


def written(text: str) -> str:
    """The text as XlsxWriter must get it to write just that.

    Texts like "_x0041_" mean a character to Excel, and texts in <r> are XML to XlsxWriter: both go
    as ready XML, where an underscore is written as a number; so XlsxWriter escapes nothing twice.
    """
    if not _TO_ESCAPE.search(text) and not text.startswith("<r>"):
        return text
    escaped = escape(_TO_ESCAPE.sub(lambda m: f"_x{ord(m[0]):04X}_", text))
    return f'<r><t xml:space="preserve">{escaped.replace("_", "&#95;")}</t></r>'


def _is_number(text: str) -> bool:
    """Would Excel give the very same text back? Only then may it be written as a number."""
    try:
        number = parse_number(text)
        # an .xlsx holds 16 digits
        return bool(text) and as_text(number) == as_text(float(f"{number:.16G}")) == text
    except ValueError:
        return False
