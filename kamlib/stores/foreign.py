"""Somebody else's list as it is, whatever program wrote it: the lines of a file as text, nothing judged yet."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.checks import check, finding, refuse_errors
from kamlib.errors import WorkbookError, did_you_mean
from kamlib.stores import base, files
from kamlib.stores.guard import AGAIN, INVALID, MOST_BYTES, MOST_ROWS, guard
from kamlib.tables import Tables

KINDS = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm")
LONGEST = 32_000  # what a cell of a workbook may hold
MOST_TOLD = 20_000  # beyond so many new cells the history tells of new rows, not of each of their cells
SAVE_AS = "Save it as CSV UTF-8 or as .xlsx, and import that."
MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_FOREIGN = (
    (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old .xls file, or one protected by a password"), (b"{", "JSON"), (b"[{", "JSON"),
    (b"SQLite format 3", "a workbook or another database, no list"), (b"<", "a web page or XML, whatever its name"),
    (b"{\\rtf", "a text document"),
)  # fmt: skip
_ODD = re.compile(r"[\x00-\x08\x0e-\x1b]")


@dataclass(frozen=True)
class Lines:
    """What a file holds: `cells` has a row a line (index: its number in the file, from 1) and text alone.

    `about` says in words how it was read; `decimal` is "." where the file itself told numbers from
    texts; `notes` are findings made while reading.
    """

    cells: pd.DataFrame
    about: str
    decimal: str = ""
    sheets: tuple[str, ...] = ()
    notes: base.Notes = field(default_factory=list)


def read(location: str | Path, sheet: str = "") -> Lines:
    """The lines of a CSV, TSV or text file, or of one sheet of an .xlsx (that with most lines unless named).

    Raises WorkbookError for what is missing, empty, no list, or too much of one.
    """
    path = Path(location)
    raw = _raw(path)
    if raw.startswith(b"PK\x03\x04"):
        return _from_xlsx(path, raw, sheet)
    if sheet:
        raise WorkbookError(f"{path.name} has no sheets, so there is none called {sheet[:40]}.",
                            hint="Leave --sheet out.")  # fmt: skip
    return _from_text(raw, path.name)


def _raw(path: Path) -> bytes:
    name = path.name[:80]
    try:
        with files.plain_errors(name):
            if path.is_dir():
                raise WorkbookError(f"{name} is a folder, not a list of customers.",
                                    hint="Name the file in it; a workbook is copied with `kam copy`.")  # fmt: skip
            if not path.exists():
                raise WorkbookError(f"There is no file {name}.", hint=_beside(path))
            if not path.is_file() or path.stat().st_size > MOST_BYTES:
                raise WorkbookError(f"{name} is larger than {MOST_BYTES // 1_000_000} MB, or no file at all.",
                                    hint="Import the part of it that matters.")  # fmt: skip
            raw = path.read_bytes()
    except ValueError:  # a NUL in the name
        raise WorkbookError("That cannot be the name of a file.") from None
    if not raw.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0"):
        raise WorkbookError(f"{name} is empty.", hint="Was it saved?")
    for start, what in _FOREIGN:
        if raw.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(start):
            raise WorkbookError(f"{name} is {what}; a list is read from {', '.join(KINDS)}.", hint=SAVE_AS)
    return raw


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


def _from_text(raw: bytes, name: str) -> Lines:
    notes: base.Notes = []
    text, encoding = _decoded(raw, name, notes)
    said = re.match(r'"?sep=(.)"?\r?\n', text)  # Excel's own way of naming the separator
    text = text[said.end() :] if said else text
    mark = said[1] if said else separator(text)
    lines = split(text, mark, name, notes, first=2 if said else 1)
    notes += _short(lines)
    about = f"{encoding}, separated by {MARKS.get(mark, mark)}" if mark else encoding
    return Lines(squared(lines, name, notes), about, notes=notes)


def _decoded(raw: bytes, name: str, notes: base.Notes) -> tuple[str, str]:
    """The text and the encoding it was in; single bytes that are no UTF-8 are read as Windows-1252."""
    head = raw[:4000]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = [("utf-16", "UTF-16")]
    elif head.count(0) > len(head) // 5:  # every second byte of plain English
        tries = (
            [("utf-16-le", "UTF-16")]
            if head[1::2].count(0) > head[::2].count(0)
            else [("utf-16-be", "UTF-16")]
        )
    else:
        tries = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252"), ("latin-1", "Latin-1")]
    for codec, said in tries:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError as error:
            mended = _mended(raw) if codec == "utf-8-sig" else ""
            if not mended:
                continue
            line = f"line {raw.count(10, 0, error.start) + 1}"
            message = f"{name} is UTF-8 but for single letters, read as Windows-1252; the first is in {line}."
            notes.append(finding("warning", "", message, line))
            text = mended
        if len(_ODD.findall(text[:20_000])) > len(text[:20_000]) // 100:
            break
        return text.removeprefix("\ufeff"), said
    raise WorkbookError(f"{name} is not a text file.", allowed=", ".join(KINDS), hint=SAVE_AS)


def _mended(raw: bytes) -> str:
    """UTF-8 with a few bytes of another encoding in it; "" where most letters are of the other."""
    text = raw.decode("utf-8-sig", "surrogateescape")
    odd = re.compile("[\udc80-\udcff]")
    bad = len(odd.findall(text))
    good = sum(1 for c in re.findall(r"[^\x00-\x7f]", text)) - bad
    if 5 * good < bad:  # a few pairs of letters happen to be UTF-8 in any text
        return ""
    return odd.sub(lambda m: bytes([ord(m[0]) - 0xDC00]).decode("cp1252", "replace"), text)


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
                raise WorkbookError(f"{name}, {row} has a cell of more than 10 million characters, which no "
                                    "list of customers has.", row=row, hint=SAVE_AS) from None  # fmt: skip
            if reader.line_num > start + 1 or "unexpected end" in str(error):
                raise WorkbookError(f"{name}, {row}: a quotation mark opens here and is not closed.", row=row,
                                    hint='Write a cell with " in it as "a ""word"" in it".') from None  # fmt: skip
            cells = next(csv.reader([physical[start]], **options))
            notes.append(finding("warning", "", "A quotation mark is out of place; look at this line.", row,
                                 found=physical[start].strip()))  # fmt: skip
        lines[start + first] = cells


def _short(lines: dict[int, list[str]]) -> base.Notes:
    """One note for all lines with fewer cells than most have."""
    widths = Counter(len(cells) for cells in lines.values() if any(cells))
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    first = next((n for n, cells in lines.items() if len(cells) == usual), 0)
    short = [n for n, cells in lines.items() if n > first and any(cells) and len(cells) < usual]
    if not short:
        return []
    message = f"{len(short):,} lines have fewer cells than the others; what is missing is empty."
    message = message.replace("1 lines have", "This line has") if len(short) == 1 else message
    return [finding("warning", "", message, f"line {short[0]}")]


def squared(lines: dict[int, list[str]], name: str, notes: base.Notes) -> pd.DataFrame:
    """The lines as one table, as wide as the widest; what is far too long is cut and said."""
    width = max(map(len, lines.values()), default=0)
    if width > base.MOST_COLUMNS and any(any(map(str.strip, c[base.MOST_COLUMNS :])) for c in lines.values()):
        raise WorkbookError(f"{name} has {width:,} columns; at most {base.MOST_COLUMNS} are read.",
                            hint="Delete the columns that do not matter.")  # fmt: skip
    if len(lines) > MOST_ROWS:
        raise WorkbookError(f"{name} has {len(lines):,} lines; at most {MOST_ROWS:,} are read.",
                            hint="Import the customers that matter.")  # fmt: skip
    width, rows = min(width, base.MOST_COLUMNS), []
    for number, cells in lines.items():
        if max(map(len, cells), default=0) > LONGEST:
            notes.append(finding("warning", "", f"A cell of {max(map(len, cells)):,} characters is cut after "
                                 f"{LONGEST:,}.", f"line {number}"))  # fmt: skip
            cells = [cell[:LONGEST] for cell in cells]
        rows.append((cells + [""] * width)[:width])
    return pd.DataFrame(rows, index=[*lines], columns=range(width), dtype=object)


# -- .xlsx ------------------------------------------------------------------------------------------


def _from_xlsx(path: Path, raw: bytes, wanted: str) -> Lines:
    from kamlib.stores.xlsx import Xlsx

    guard(raw, path.name)
    book = Xlsx(path, read_only=True)
    sheets = {title: lines for title, lines in book._sheets(raw)}
    hidden = {note["table"] for note in book.notes if "is hidden" in note["message"]}
    sheet = _sheet(
        path.name, {t: sum(map(any, lines.values())) for t, lines in sheets.items()}, hidden, wanted
    )
    lines, notes = sheets[sheet], list[dict[str, str]]()
    lines = {number: lines.get(number, []) for number in range(1, max(lines, default=0) + 1)}
    if any("formula" in note["message"] and note["table"] == sheet for note in book.notes):
        lines = _shown(raw, path.name, sheet, lines, notes)
    others = [title for title in sheets if title != sheet]
    more = f" (not read: {', '.join(others)[:200]}; choose with --sheet)" if others else ""
    return Lines(squared(lines, path.name, notes), f'sheet "{sheet}"{more}', ".", tuple(sheets), notes)


def _sheet(name: str, sizes: dict[str, int], hidden: set[str], wanted: str) -> str:
    if wanted:
        near = [title for title in sizes if title.strip().casefold() == wanted.strip().casefold()]
        if not near:
            raise WorkbookError(f"{name} has no sheet {wanted[:40]}.", hint=nearest(wanted, sizes))
        return near[0]
    if {"customers", "settings"} <= sizes.keys():  # a workbook of ours
        return "customers"
    shown = [title for title in sizes if title not in hidden] or [*sizes]
    if not shown or not max(sizes[title] for title in shown):
        raise WorkbookError(f"{name} is empty.", hint="Is the list on a hidden sheet? Name it by --sheet.")
    return max(shown, key=lambda title: sizes[title])


def _shown(
    raw: bytes, name: str, sheet: str, lines: dict[int, list[str]], notes: base.Notes
) -> dict[int, list[str]]:
    """The lines with what Excel last showed in place of each formula; one it never worked out is empty."""
    from kamlib.stores.xlsx import _book, _text

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = _book(raw)
            book._data_only = True
            values = next(s for s in book.worksheets if s.title == sheet)
            values.reset_dimensions()
            result = {
                number: [_text(cell.value) for cell in row[: base.MOST_COLUMNS]]
                for number, row in enumerate(values.iter_rows(), start=1)
                if number in lines
            }
        except Exception:  # openpyxl raises whatever its XML made it stumble over
            raise WorkbookError(
                f"{name}, sheet {sheet[:31]} cannot be read. {INVALID}.", hint=AGAIN
            ) from None
    for number, cells in lines.items():
        for place, cell in enumerate(cells):
            if cell.startswith("=") and not result[number][place]:
                message = (
                    f"Column {place + 1} holds a formula that was never worked out; it is taken as empty."
                )
                notes.append(finding("warning", "", message, f"line {number}", found=cell))
    return result


# -- into a workbook --------------------------------------------------------------------------------


def put_all(
    store: base.Store, make: Callable[[Tables], Sequence[base.Change]], who: str = ""
) -> list[base.Row]:
    """Merge the changes that `make` finds for the tables as they are now, all or none; gives their history.

    Meant for thousands of rows: the workbook is written once. Raises InvalidWorkbook, and writes
    nothing, where the result would have errors.
    """
    told: list[base.Row] = []

    def change(text: Tables) -> Tables:
        after, told[:] = applied(text, make(text), who)
        refuse_errors(check(after), store.location)
        return after

    store.rewrite(change)
    return told


def applied(text: Tables, changes: Sequence[base.Change], who: str = "") -> tuple[Tables, list[base.Row]]:
    """Text tables after all changes, the history among them, and its new rows; the input is not changed.

    Beyond MOST_TOLD cells the history has one row for each new row of a table, which names its key.
    """
    at, who, result = base.now(), who or base.somebody(), dict(text)
    brief = sum(len(change.values or {}) for change in changes) > MOST_TOLD
    story: list[base.Row] = []
    for name in dict.fromkeys(change.table for change in changes):
        mine = [change for change in changes if change.table == name]
        frame = result.get(name)
        frame = base.empty(name, list(mine[0].key)) if frame is None else frame
        base.refuse_twins(name, frame)
        rows: list[base.Row] = frame.to_dict("records")  # type: ignore[assignment]
        keys, columns = list(mine[0].key), dict.fromkeys(frame.columns)
        where = {tuple(row.get(k, "").strip() for k in keys): i for i, row in enumerate(rows)}
        for change in mine:
            place = where.get(tuple(change.key[k] for k in keys))
            row, told = base.merge(None if place is None else rows[place], change, who, at)
            row = row or {}
            if place is None:
                where[tuple(change.key[k] for k in keys)] = len(rows)
                rows.append(row)
                told = [line for line in told if line["column"] in keys] if brief else told
            else:
                rows[place] = row
            columns |= dict.fromkeys(row)
            story += told
        cells = [[row.get(column, "") for column in columns] for row in rows]
        result[name] = pd.DataFrame(cells, columns=[*columns], dtype=object)
    if story:
        result["history"] = base.with_story(result.get("history"), story)
    return result, story
