"""Somebody else's list as it is: the lines of a file as text, nothing judged yet."""

from __future__ import annotations

import csv
import glob
import io
import re
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.errors import did_you_mean
from kamlib.workbook.importing import encodings
from kamlib.workbook.importing.figures import is_number
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.vocabulary import DATA, LONGEST
from kamlib.workbook.schema import as_text
from kamlib.workbook.stores import base, exchange, files
from kamlib.workbook.stores.guard import MOST_BYTES, MOST_ROWS, guard

KINDS = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".parquet")
LARGE_BYTES = 8_000_000  # a larger ledger is never held as text
HEAD_BYTES, BLOCK = 300_000, 8_000_000
PARQUET_ROWS = 100_000  # and so is a longer one
MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]+)(\d+):[A-Z]+(\d+)"')


@dataclass(frozen=True)
class Lines:
    """What a file holds: `cells` has a row of texts a line (index: its number, from 1).

    `about` says in words how it was read; `decimal` is "." where the file itself told numbers from
    texts; `notes` are findings made while reading. Of a long text `cells` are the first lines, and
    `rest` is the file as UTF-8, its cells parted by `mark`.
    """

    name: str
    cells: pd.DataFrame
    about: str
    decimal: str = ""
    notes: base.Notes = field(default_factory=list)
    mark: str = ""
    rest: str = ""
    keep: Any = None  # the temporary file that `rest` is, gone with this object


def read(
    location: str | Path, sheet: str = "", encoding: str = "", is_ledger: bool = False
) -> Lines:
    """The lines of a text or Parquet file, or of a sheet of an .xlsx (the fullest unless named).

    Raises WorkbookError for what is missing, empty, no list, or too much of one; InvalidInput for
    an encoding that does not exist.
    """
    path = Path(location)
    size, head = _head(path)
    wanted = encodings.named(encoding) if encoding else None
    if sheet and not head.startswith(b"PK\x03\x04"):
        raise refusal("no_sheets", name=path.name, sheet=sheet)
    if head.startswith(b"PAR1"):
        return _from_parquet(path)
    is_long = is_ledger and size > LARGE_BYTES and not head.startswith(b"PK\x03\x04")
    if size > MOST_BYTES and not is_long:
        raise refusal("large", name=path.name, n=MOST_BYTES // 1_000_000)
    with files.plain_errors(path.name):
        if head.startswith(b"PK\x03\x04"):
            return _from_xlsx(path, path.read_bytes(), sheet)
        return _from_text(path, wanted, is_long)


def _head(path: Path) -> tuple[int, bytes]:
    """The size and the first bytes of a file that may be a list."""
    name = path.name[:80]
    try:
        with files.plain_errors(name):
            if path.is_dir():
                raise refusal("folder", name=name)
            if not path.exists():
                raise refusal("no_file", name=name, near=_beside(path))
            if not path.is_file():
                raise refusal("odd_file", name=name)
            with path.open("rb") as file:
                size, head = path.stat().st_size, file.read(HEAD_BYTES)
    except ValueError:  # a NUL in the name
        raise refusal("odd_name") from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0"):
        raise refusal("empty", name=name)
    text = head.decode("latin-1").lstrip("ï»¿ \r\n\t")
    for what, starts in DATA["foreign"].items():
        if text.startswith(tuple(starts)):
            raise refusal("foreign", name=name, what=what, kinds=", ".join(KINDS))
    return size, head


def _beside(path: Path) -> str:
    if not path.parent.is_dir():
        return f"There is no folder {path.parent.name} either."
    known = [p.name for p in path.parent.iterdir() if p.suffix.lower() in KINDS]
    return nearest(path.name, known[:500])


def nearest(name: str, known: Iterable[str]) -> str:
    """ "Did you mean" among names with capitals."""
    spelt = {word.lower()[:60]: word for word in known}
    said = did_you_mean(name.strip()[:60], spelt)
    return re.sub(r'"(.*)"', lambda m: f'"{spelt.get(m[1], m[1])}"', said)


# -- text ------------------------------------------------------------------------------------------


def _from_text(path: Path, wanted: encodings.Encoding | None, is_long: bool) -> Lines:
    """All lines, or the first of a long file: the others are added up where they are, as UTF-8."""
    encoding = wanted or encodings.detect(_telling(path) if is_long else path.read_bytes())
    is_utf8 = encoding.codec == "utf-8-sig" and encoding.errors == "strict"
    keep = None
    try:
        with path.open(encoding=encoding.codec, errors=encoding.errors, newline="") as file:
            text = file.read(HEAD_BYTES if is_long else -1)
            if is_long and not is_utf8:
                keep = tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="")  # noqa: SIM115
                keep.write(text)
                shutil.copyfileobj(file, keep, BLOCK)
                keep.flush()
    except UnicodeError:
        raise refusal("encoding", name=path.name, encoding=encoding.name) from None
    if not is_long:
        return _of_text(text, path.name, encoding)
    text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    lines = _of_text(text, path.name, encoding)
    rest = keep.name if keep else str(path)
    return replace(lines, rest=rest, keep=keep, about=f"{lines.about}, read in pieces")


def _telling(path: Path) -> bytes:
    """What tells the encoding of a long file: its first bytes and letters beyond ASCII."""
    with path.open("rb") as file:
        found = file.read(4000)
        for block in iter(lambda: file.read(BLOCK) + file.readline(), b""):
            if not block.isascii() and not found.count(0):
                lines = [line for line in block.splitlines(keepends=True) if not line.isascii()]
                found += b"\n" + b"".join(lines)[:HEAD_BYTES]
                try:
                    block.decode()
                except UnicodeDecodeError:
                    break
    return found


def _of_text(text: str, name: str, encoding: encodings.Encoding) -> Lines:
    notes: base.Notes = []
    if encoding.doubt and encoding.codec != "cp1252":
        notes.append(note("doubt", doubt=encoding.doubt))
    text = text.removeprefix("\ufeff")
    said = re.match(r'"?sep=(.)"?\r?\n', text)  # Excel's own way of naming the separator
    text = text[said.end() :] if said else text
    mark = said[1] if said else separator(text)
    lines = split(text, mark, name, notes, first=2 if said else 1)
    notes += _short(lines)
    about = f"{encoding.name}, separated by {MARKS.get(mark, mark)}" if mark else encoding.name
    cells = squared(lines, name, notes)
    return Lines(name, cells, about, notes=notes, mark=mark)


def separator(text: str) -> str:
    """The mark that splits most of the first lines into equally many cells; "" for none."""
    head = [line for line in text[:60_000].splitlines(keepends=True)[:200] if line.strip()]
    best, chosen = (0.0, 0), ""
    for mark in MARKS if head else ():
        reader = csv.reader(head, delimiter=mark, skipinitialspace=mark != "\t")
        try:
            widths = Counter(len(cells) for cells in reader)
        except csv.Error:
            continue
        usual, times = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        score = (times / len(head), usual)
        if usual > 1 and score > best:
            best, chosen = score, mark
    return chosen


def split(
    text: str, mark: str, name: str, notes: base.Notes, first: int = 1
) -> dict[int, list[str]]:
    """Line number -> cells. A quotation mark that is out of place is taken as it stands."""
    physical = list(io.StringIO(text, newline=""))
    options: dict[str, Any] = {"delimiter": mark or "\x1f", "skipinitialspace": mark != "\t"}
    reader = csv.reader(physical, strict=True, **options)
    lines: dict[int, list[str]] = {}
    while True:
        start = reader.line_num
        row = f"line {start + first}"
        try:
            cells = next(reader)
        except StopIteration:
            return lines
        except csv.Error as error:
            if "field limit" in str(error):
                raise refusal("long_cell", name=name, row=row) from None
            if reader.line_num > start + 1 or "unexpected end" in str(error):
                raise refusal("unclosed", name=name, row=row) from None
            cells = next(csv.reader([physical[start]], **options))
            notes.append(note("quotation_mark", start + first, found=physical[start].strip()))
        lines[start + first] = cells


def _short(lines: dict[int, list[str]]) -> base.Notes:
    """One note for all lines with fewer cells than most have."""
    widths = Counter(len(cells) for cells in lines.values() if any(cells))
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    first = next((n for n, cells in lines.items() if len(cells) == usual), 0)
    short = [n for n, cells in lines.items() if n > first and any(cells) and len(cells) < usual]
    return [note("short_lines", short[0], n=len(short))] if short else []


def squared(lines: dict[int, list[str]], name: str, notes: base.Notes) -> pd.DataFrame:
    """The lines as one table, as wide as the widest; what is far too long is cut and said."""
    most = base.MOST_COLUMNS
    width = max(map(len, lines.values()), default=0)
    if width > most and any(any(map(str.strip, cells[most:])) for cells in lines.values()):
        raise refusal("columns", name=name, n=width, most=most)
    if len(lines) > MOST_ROWS:
        raise refusal("lines", name=name, n=len(lines), most=MOST_ROWS)
    rows = []
    for number, cells in lines.items():
        if (longest := max(map(len, cells), default=0)) > LONGEST:
            notes.append(note("cut", number, n=longest, most=LONGEST))
        rows.append([cell[:LONGEST] for cell in [*cells, *[""] * width][: min(width, most)]])
    return pd.DataFrame(rows, index=[*lines], columns=range(min(width, most)), dtype=object)


# -- .xlsx and Parquet -----------------------------------------------------------------------------


def _from_xlsx(path: Path, raw: bytes, wanted: str) -> Lines:
    said: base.Notes = []
    guard(raw, path.name)
    sheets = dict(exchange.sheets(raw, path.name, said))
    hidden = {note["table"] for note in said if "is hidden" in note["message"]}
    sizes = {title: sum(map(any, lines.values())) for title, lines in sheets.items()}
    sheet = _sheet(path.name, sizes, hidden, wanted)
    notes: base.Notes = []
    lines = _shown(raw, path.name, sheet, sheets[sheet], notes)
    others = [title for title in sheets if title != sheet]
    more = f" (not read: {', '.join(others)[:200]}; choose with --sheet)" if others else ""
    return Lines(path.name, squared(lines, path.name, notes), f'sheet "{sheet}"{more}', ".", notes)


def _sheet(name: str, sizes: dict[str, int], hidden: set[str], wanted: str) -> str:
    if wanted:
        near = [t for t in sizes if t.strip().casefold() == wanted.strip().casefold()]
        if not near:
            raise refusal("no_sheet", name=name, wanted=wanted, near=nearest(wanted, sizes))
        return near[0]
    if {"customers", "settings"} <= sizes.keys():  # a workbook of ours
        return "customers"
    shown = [title for title in sizes if title not in hidden] or [*sizes]
    if not shown or not max(sizes[title] for title in shown):
        raise refusal("empty_sheets", name=name)
    return max(shown, key=lambda title: sizes[title])


def _shown(
    raw: bytes, name: str, sheet: str, stored: dict[int, list[str]], notes: base.Notes
) -> dict[int, list[str]]:
    """All lines as Excel shows them: results of formulas, merged cells in each of their lines.

    A formula that was never worked out is empty, and said. TRUE among texts is a text.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = exchange.opened(raw, name)
            book._data_only = True
            page = next(s for s in book.worksheets if s.title == sheet)
            page.reset_dimensions()
            with page._get_source() as source:
                merged = _MERGED.findall(source.read())
            rows = [[cell.value for cell in row[: base.MOST_COLUMNS]] for row in page.iter_rows()]
        except Exception:  # openpyxl raises whatever its XML made it stumble over
            raise refusal("sheet", name=name, sheet=sheet) from None
    for place in range(max(map(len, rows), default=0)):
        filled = [row for row in rows if len(row) > place and row[place] is not None]
        truths = [row for row in filled if isinstance(row[place], bool)]
        for row in truths if len(truths) < len(filled) - 1 else ():
            row[place] = str(row[place]).upper()  # a name; under a header it is yes or no
    shown = {n: [*map(exchange.cell_text, row)] for n, row in enumerate(rows, start=1)}
    for number, cells in stored.items():
        for place, (text, now) in enumerate(zip(cells, shown[number], strict=False), start=1):
            if text[:1] == "=" and not now:
                notes.append(note("formula", number, found=text, n=place))
    _spread(shown, merged)
    while shown and not any(shown[len(shown)]):
        del shown[len(shown)]
    return shown


def _spread(result: dict[int, list[str]], merged: list[tuple[bytes, bytes, bytes]]) -> None:
    """Write what a merged cell says into each of the lines that it spans."""
    from openpyxl.utils import column_index_from_string

    for letters, first, last in merged:
        place, top = column_index_from_string(letters.decode()) - 1, int(first)
        text = result[top][place] if top in result and place < len(result[top]) else ""
        if is_number(text):  # an amount for several lines counts once
            continue
        for number in range(top + 1, min(int(last), len(result)) + 1):
            result[number] += [""] * (place + 1 - len(result[number]))
            result[number][place] = text


def _from_parquet(path: Path) -> Lines:
    import duckdb

    try:
        with duckdb.connect() as engine:
            query = f"SELECT * FROM read_parquet(?) LIMIT {PARQUET_ROWS}"  # noqa: S608
            frame = engine.execute(query, [glob.escape(str(path))]).df()
    except duckdb.Error:
        raise refusal("parquet", name=path.name) from None
    lines = of_frame(frame, path.name, "Parquet")
    return replace(lines, mark="parquet", rest=str(path)) if len(frame) == PARQUET_ROWS else lines


def of_frame(frame: pd.DataFrame, name: str = "The table", about: str = "a table") -> Lines:
    """A table in memory, of any types, as the lines of a list; line 1 is its header."""
    is_typed = any(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes)
    columns = [[str(header), *map(as_text, frame[header].tolist())] for header in frame]
    cells = pd.DataFrame(dict(enumerate(columns)), dtype=object)
    cells.index = range(1, len(cells) + 1)
    return Lines(name, cells, about, "." if is_typed else "")
