"""Somebody else's list as it is, whatever program wrote it: the lines of a file as text, nothing judged yet."""

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

from kamlib.checks import finding
from kamlib.errors import WorkbookError, did_you_mean
from kamlib.importing import encodings
from kamlib.importing.figures import is_number
from kamlib.importing.vocabulary import LONGEST
from kamlib.stores import base, files
from kamlib.stores.guard import AGAIN, INVALID, MOST_BYTES, MOST_ROWS, guard
from kamlib.tables import as_text

KINDS = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".parquet")
LARGE_BYTES, HEAD_BYTES, BLOCK = (
    8_000_000,
    300_000,
    8_000_000,
)  # a larger ledger is never held as text
PARQUET_ROWS = 100_000  # and so is a longer one
SAVE_AS = "Save it as CSV UTF-8 or as .xlsx, and import that."
MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_FOREIGN = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old .xls file, or one protected by a password"),
    (b"{\\rtf", "a text document"),
    (b"{", "JSON"),
    (b"[{", "JSON"),
    (b"SQLite format 3", "a workbook or another database, no list"),
    (b"<", "a web page or XML, whatever its name"),
)


@dataclass(frozen=True)
class Lines:
    """What a file holds: `cells` has a row a line (index: its number in the file, from 1) and text alone.

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


def read(location: str | Path, sheet: str = "", encoding: str = "", is_ledger: bool = False) -> Lines:
    """The lines of a CSV, TSV, text or Parquet file, or of one sheet of an .xlsx (the fullest unless named).

    Raises WorkbookError for what is missing, empty, no list, or too much of one; InvalidInput for an
    encoding that does not exist.
    """
    path = Path(location)
    size, head = _head(path)
    wanted = encodings.named(encoding) if encoding else None
    if sheet and not head.startswith(b"PK\x03\x04"):
        raise WorkbookError(
            f"{path.name} has no sheets, so there is none called {sheet[:40]}.",
            hint="Leave --sheet out.",
        )
    if head.startswith(b"PAR1"):
        return _from_parquet(path)
    is_long = is_ledger and size > LARGE_BYTES and not head.startswith(b"PK\x03\x04")
    if size > MOST_BYTES and not is_long:
        raise WorkbookError(
            f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB.",
            hint="Import the part of it that matters; as CSV a ledger may be of any size.",
        )
    with files.plain_errors(path.name):
        if head.startswith(b"PK\x03\x04"):
            return _from_xlsx(path, path.read_bytes(), sheet)
        return _from_long_text(path, wanted) if is_long else _from_text(path, wanted)


def _head(path: Path) -> tuple[int, bytes]:
    """The size and the first bytes of a file that may be a list."""
    name = path.name[:80]
    try:
        with files.plain_errors(name):
            if path.is_dir():
                raise WorkbookError(
                    f"{name} is a folder, not a list.",
                    hint="Name the file in it; a workbook is copied with `kam copy`.",
                )
            if not path.exists():
                raise WorkbookError(f"There is no file {name}.", hint=_beside(path))
            if not path.is_file():
                raise WorkbookError(f"{name} is no file at all.")
            with path.open("rb") as file:
                size, head = path.stat().st_size, file.read(HEAD_BYTES)
    except ValueError:  # a NUL in the name
        raise WorkbookError("That cannot be the name of a file.") from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0"):
        raise WorkbookError(f"{name} is empty.", hint="Was it saved?")
    for start, what in _FOREIGN:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(start):
            kinds = ", ".join(KINDS)
            raise WorkbookError(f"{name} is {what}; a list is read from {kinds}.", hint=SAVE_AS)
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


# -- text -------------------------------------------------------------------------------------------


def _from_text(path: Path, wanted: encodings.Encoding | None) -> Lines:
    raw = path.read_bytes()
    encoding = wanted or encodings.detect(raw)
    return _of_text(_decoded(raw, encoding, path.name), path.name, encoding)


def _from_long_text(path: Path, wanted: encodings.Encoding | None) -> Lines:
    """The first lines; the others are read where they are added up, from UTF-8."""
    encoding = wanted or encodings.detect(_telling(path))
    rest, keep = str(path), None
    if encoding.codec != "utf-8-sig" or encoding.errors != "strict":
        keep = tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv")  # noqa: SIM115
        rest = keep.name
        with path.open(encoding=encoding.codec, errors=encoding.errors, newline="") as text:
            try:
                shutil.copyfileobj(text, keep, BLOCK)
            except UnicodeError:
                raise _unfit(path.name, encoding) from None
        keep.flush()
    with open(rest, encoding="utf-8-sig", newline="") as text:
        head = text.read(HEAD_BYTES)
    head = head[: max(head.rfind("\n"), head.rfind("\r")) + 1] or head
    lines = _of_text(head, path.name, encoding)
    return replace(lines, rest=rest, keep=keep, about=f"{lines.about}, read in pieces")


def _telling(path: Path) -> bytes:
    """What tells the encoding of a long file: its first bytes, and the first letters beyond ASCII."""
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


def _decoded(raw: bytes, encoding: encodings.Encoding, name: str) -> str:
    try:
        return raw.decode(encoding.codec, encoding.errors)
    except UnicodeError:
        raise _unfit(name, encoding) from None


def _unfit(name: str, encoding: encodings.Encoding) -> WorkbookError:
    return WorkbookError(
        f"{name} is not in the encoding {encoding.name}: some of its bytes mean nothing in it.",
        hint="Leave --encoding out, and see what is guessed.",
    )


def _of_text(text: str, name: str, encoding: encodings.Encoding) -> Lines:
    notes: base.Notes = []
    if encoding.doubt and encoding.codec != "cp1252":
        notes.append(finding("warning", "", f"The file is {encoding.doubt}"))
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
    """What separates the cells: the mark that splits most of the first lines into equally many; "" for none."""
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


def split(text: str, mark: str, name: str, notes: base.Notes, first: int = 1) -> dict[int, list[str]]:
    """Line number -> cells. A quotation mark that is out of place in one line is taken as it stands."""
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
                raise WorkbookError(
                    f"{name}, {row} has a cell of more than 10 million characters, which no list has.",
                    row=row,
                    hint=SAVE_AS,
                ) from None
            if reader.line_num > start + 1 or "unexpected end" in str(error):
                raise unclosed(name, row) from None
            cells = next(csv.reader([physical[start]], **options))
            message = "A quotation mark is out of place; look at this line."
            notes.append(finding("warning", "", message, row, found=physical[start].strip()))
        lines[start + first] = cells


def unclosed(name: str, row: str) -> WorkbookError:
    """The error for a quotation mark that opens and never closes."""
    return WorkbookError(
        f"{name}, {row}: a quotation mark opens here and is not closed.",
        row=row,
        hint='Write a cell with " in it as "a ""word"" in it".',
    )


def _short(lines: dict[int, list[str]]) -> base.Notes:
    """One note for all lines with fewer cells than most have."""
    widths = Counter(len(cells) for cells in lines.values() if any(cells))
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    first = next((n for n, cells in lines.items() if len(cells) == usual), 0)
    short = [n for n, cells in lines.items() if n > first and any(cells) and len(cells) < usual]
    if not short:
        return []
    which = "This line has" if len(short) == 1 else f"{len(short):,} lines have"
    message = f"{which} fewer cells than the others; what is missing is empty."
    return [finding("warning", "", message, f"line {short[0]}")]


def squared(lines: dict[int, list[str]], name: str, notes: base.Notes) -> pd.DataFrame:
    """The lines as one table, as wide as the widest; what is far too long is cut and said."""
    most = base.MOST_COLUMNS
    width = max(map(len, lines.values()), default=0)
    if width > most and any(any(map(str.strip, cells[most:])) for cells in lines.values()):
        raise WorkbookError(
            f"{name} has {width:,} columns; at most {most} are read.",
            hint="Delete the columns that do not matter.",
        )
    if len(lines) > MOST_ROWS:
        raise WorkbookError(
            f"{name} has {len(lines):,} lines; at most {MOST_ROWS:,} are read.",
            hint="Import the customers that matter; as CSV a ledger may have millions of lines.",
        )
    rows = []
    for number, cells in lines.items():
        if (longest := max(map(len, cells), default=0)) > LONGEST:
            message = f"A cell of {longest:,} characters is cut after {LONGEST:,}."
            notes.append(finding("warning", "", message, f"line {number}"))
        rows.append([cell[:LONGEST] for cell in [*cells, *[""] * width][: min(width, most)]])
    return pd.DataFrame(rows, index=[*lines], columns=range(min(width, most)), dtype=object)


# -- .xlsx and Parquet ------------------------------------------------------------------------------


def _from_xlsx(path: Path, raw: bytes, wanted: str) -> Lines:
    from kamlib.stores.xlsx import Xlsx

    guard(raw, path.name)
    book = Xlsx(path, read_only=True)
    sheets = dict(book._sheets(raw))
    hidden = {note["table"] for note in book.notes if "is hidden" in note["message"]}
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
            raise WorkbookError(f"{name} has no sheet {wanted[:40]}.", hint=nearest(wanted, sizes))
        return near[0]
    if {"customers", "settings"} <= sizes.keys():  # a workbook of ours
        return "customers"
    shown = [title for title in sizes if title not in hidden] or [*sizes]
    if not shown or not max(sizes[title] for title in shown):
        hint = "Is the list on a hidden sheet? Name it by --sheet."
        raise WorkbookError(f"{name} is empty.", hint=hint)
    return max(shown, key=lambda title: sizes[title])


def _shown(
    raw: bytes, name: str, sheet: str, lines: dict[int, list[str]], notes: base.Notes
) -> dict[int, list[str]]:
    """All lines as Excel shows them: the result of a formula, a merged cell in each line that it spans.

    A formula that was never worked out is empty, and said. TRUE among texts is a text.
    """
    from kamlib.stores.xlsx import _book, _text

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = _book(raw)
            book._data_only = True
            page = next(s for s in book.worksheets if s.title == sheet)
            page.reset_dimensions()
            with page._get_source() as source:
                merged = re.findall(
                    rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]+)(\d+):[A-Z]+(\d+)"', source.read()
                )
            rows = [[cell.value for cell in row[: base.MOST_COLUMNS]] for row in page.iter_rows()]
        except Exception:  # openpyxl raises whatever its XML made it stumble over
            raise WorkbookError(
                f"{name}, sheet {sheet[:31]} cannot be read. {INVALID}.", hint=AGAIN
            ) from None
    result = {number: [_text(value) for value in row] for number, row in enumerate(rows, start=1)}
    for place in range(max(map(len, rows), default=0)):
        column = {n: row[place] for n, row in enumerate(rows, 1) if len(row) > place}
        said = {n: value for n, value in column.items() if value is not None}
        truths = {n: str(value).upper() for n, value in said.items() if isinstance(value, bool)}
        if len(truths) < len(said) - 1:  # TRUE among names is a name; under a header it is yes
            for number, text in truths.items():
                result[number][place] = text
        for number in [
            n for n, cells in lines.items() if cells[place : place + 1] and cells[place][:1] == "="
        ]:
            if not result[number][place]:
                message = (
                    f"Column {place + 1} holds a formula that was never worked out; it is taken as empty."
                )
                found = lines[number][place]
                notes.append(finding("warning", "", message, f"line {number}", found=found))
    _spread(result, merged)
    while result and not any(result[len(result)]):
        del result[len(result)]
    return result


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
        message = f"{path.name} cannot be read as Parquet."
        raise WorkbookError(message, hint="Save it as CSV.") from None
    lines = of_frame(frame, path.name, "Parquet")
    return replace(lines, mark="parquet", rest=str(path)) if len(frame) == PARQUET_ROWS else lines


def of_frame(frame: pd.DataFrame, name: str = "The table", about: str = "a table") -> Lines:
    """A table in memory, of any types, as the lines of a list; line 1 is its header."""
    is_typed = any(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes)
    columns = [[str(header), *map(as_text, frame[header].tolist())] for header in frame]
    cells = pd.DataFrame(dict(enumerate(columns)), dtype=object)
    cells.index = range(1, len(cells) + 1)
    return Lines(name, cells, about, "." if is_typed else "")
