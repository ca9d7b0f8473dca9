"""The lines of a list as a table: where its header stands, what is title, blank or said twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from statistics import median

import pandas as pd

from kamlib.errors import WorkbookError
from kamlib.imports.figures import is_number
from kamlib.imports.words import is_known
from kamlib.stores import foreign

REPORT = ["level", "row", "column", "found", "message"]
LOOK, LONGEST_HEADER = 200, 60
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\u200b\ufeff]")

Told = dict[str, str]


def told(level: str, message: str, row: str = "", column: str = "", found: str = "") -> Told:
    """One row of a report; `level` is note (said aloud) or warning (look at this)."""
    short = found if len(found) <= 60 else found[:57] + "..."
    return dict(zip(REPORT, (level, row, column, short, message), strict=True))


def clean(text: str) -> str:
    """A text without what cannot be shown or stored, and without spaces around it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return _CONTROL.sub("", text).strip()[: foreign.LONGEST]


def folded(text: str) -> str:
    """A name as it is compared: capitals, spaces and forms of a letter do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def table(cells: pd.DataFrame, decimal: str = "", headers: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lines of a list (text, index: line numbers) as a table, and a report of what was passed over.

    The columns have the list's headers, each once; the index keeps the line numbers; `decimal` goes into
    `attrs["decimal"]` (see `numbers`). Where nothing tells whether the first line is a header, `headers`
    does. The report has the columns REPORT. Raises WorkbookError where no customer is left.
    """
    lines = [[clean(text) for text in row] for row in cells.itertuples(index=False, name=None)]
    numbered = [(f"line {n}", row) for n, row in zip(cells.index, lines, strict=True) if any(row)]
    report = _blank_lines(len(lines) - len(numbered))
    start, has_header = _header_at([row for _, row in numbered], headers)
    for place, row in numbered[:start]:
        said = " ".join(filter(None, row))
        report.append(told("note", "This line stands above the table; it is left out.", place, "", said))
    width = max((len(row) for _, row in numbered), default=0)
    header = numbered[start][1] if has_header else [""] * width
    body = numbered[start + has_header :]
    if not has_header and numbered:
        report.append(
            told("note", "The list has no line of headers; its first line is a customer.", numbered[start][0])
        )
    again = [place for place, row in body if has_header and row == header]
    report += [told("note", "The header stands here again; it is left out.", place) for place in again]
    body = [(place, row) for place, row in body if place not in set(again)]
    if not body:
        raise WorkbookError("The list has a header but no customers.", hint="Is it the right sheet or file?")
    used = [i for i in range(width) if header[i] or any(row[i] for _, row in body)]
    if len(used) < width:
        report.append(told("note", f"{_many(width - len(used), 'blank column')} passed over."))
    if has_header:
        report += _beyond(header, body)
    names = unique([_header(header[i], i, len(used), has_header) for i in used])
    report += _renamed([header[i] for i in used], names) if has_header else []
    index = [int(place.split()[1]) for place, _ in body]
    frame = pd.DataFrame(
        [[row[i] for i in used] for _, row in body], index=index, columns=names, dtype=object
    )
    frame.attrs["decimal"] = decimal
    return frame, pd.DataFrame(report, columns=REPORT)


def from_text(block: str) -> pd.DataFrame:
    """A block pasted from a spreadsheet, or a list of names, as a table for `propose` and `merge`.

    The first line is a header where it holds no number and reads like headers. Raises WorkbookError for
    a block without a name in it.
    """
    mark = "\t" if "\t" in block else foreign.separator(block)
    first = next((line for line in block.splitlines() if line.strip()), "")
    mark = "" if mark == "," and first.count(",") == 1 else mark  # "Acme, Inc." is one name
    try:
        lines = foreign.split(block, mark, "The list", [])
    except WorkbookError:  # a quotation mark is part of a name
        lines = {n: line.split(mark or "\n") for n, line in enumerate(block.splitlines(), start=1)}
    if not any(any(map(str.strip, row)) for row in lines.values()):
        raise WorkbookError("There is nothing to take in.", hint="Copy the cells in Excel, then paste them.")
    return table(foreign.squared(lines, "The list", []), headers=False)[0]


def _many(count: int, what: str) -> str:
    return f"1 {what} is" if count == 1 else f"{count:,} {what}s are"


def _blank_lines(count: int) -> list[Told]:
    return [told("note", f"{_many(count, 'blank line')} passed over.")] if count else []


def _header_at(rows: Sequence[Sequence[str]], headers: bool) -> tuple[int, bool]:
    """The place of the header (or, where there is none, of the first customer), and whether it is one."""
    filled = [sum(map(bool, row)) for row in rows[:LOOK]]
    usual = median(filled) if filled else 0
    wide = [i for i, count in enumerate(filled[:30]) if count >= max(2, usual / 2)]
    start = wide[0] if wide and usual > 1 else 0
    if not _known(rows[start] if rows else []):
        least = 2 if usual > 1 else 1
        later = [i for i in range(start + 1, min(start + 10, len(filled)))
                 if _known(rows[i]) >= least and (filled[i] > filled[start] or usual <= 1)]  # fmt: skip
        start = later[0] if later else start
    return start, bool(rows) and _is_header(rows[start], rows[start + 1 : LOOK], headers and usual > 1)


def _known(row: Sequence[str]) -> int:
    return sum(1 for text in row if text and is_known(text))


def _is_header(row: Sequence[str], below: Sequence[Sequence[str]], otherwise: bool) -> bool:
    if _known(row):
        return True
    if any(is_number(text) and not re.fullmatch(r"(19|20)\d\d", text) for text in row):
        return False
    columns = [[line[i] for line in below if line[i]] for i in range(len(row))]
    pairs = [(text, column) for text, column in zip(row, columns, strict=True) if text and column]
    if any(sum(map(is_number, column)) > 0.7 * len(column) for _, column in pairs):
        return True
    return otherwise and not any(text in column for text, column in pairs)


def _header(text: str, place: int, width: int, has_header: bool) -> str:
    text = " ".join(text.split())[:LONGEST_HEADER].strip()
    return text or ("Name" if width == 1 and not has_header else f"Column {place + 1}")


def unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names, each once whatever its capitals: a later one gets a number."""
    used, result = {folded(name) for name in taken}, []
    for name in names:
        made, number = name, 1
        while folded(made) in used:
            number += 1
            made = f"{name} {number}"
        used.add(folded(made))
        result.append(made)
    return result


def _beyond(header: Sequence[str], body: Sequence[tuple[str, Sequence[str]]]) -> list[Told]:
    """Lines with cells right of the last header."""
    end = max(i for i, text in enumerate(header) if text) + 1
    message = "This line has more cells than the header; they are kept in columns of their own."
    return [told("warning", message, place, "", " ".join(filter(None, row[end:])))
            for place, row in body if any(row[end:])]  # fmt: skip


def _renamed(old: Sequence[str], new: Sequence[str]) -> list[Told]:
    message = 'A column headed "{}" is called "{}" here, so that each name stands once.'
    blank = 'A column without a name is called "{}".'
    return [told("note", message.format(o[:LONGEST_HEADER], n) if o else blank.format(n), "", n)
            for o, n in zip(old, new, strict=True) if " ".join(o.split()) != n]  # fmt: skip
