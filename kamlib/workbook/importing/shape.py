"""The lines of a list as a table: where its header stands, what is title, group or said twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import pandas as pd

from kamlib.errors import WorkbookError
from kamlib.workbook.importing import reading
from kamlib.workbook.importing.figures import is_number
from kamlib.workbook.importing.reading import Lines
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.vocabulary import clean, is_header, plain, says, unique, words
from kamlib.workbook.stores.base import Notes

LOOK, LONGEST_HEADER = 200, 60
_YEAR = re.compile(r"(19|20)\d\d")
_TOTAL = re.compile("|".join(sorted({word[:3] for word in words("totals")})), re.I)
Row = list[str]
Numbered = tuple[int, Row]


@dataclass(frozen=True)
class Listing:
    """A list as a table of text: `frame` has its headers, each once, and the line numbers.

    `notes` say what was passed over, `lines` is where it comes from, `places` are the columns of
    `lines.cells` that the columns of the frame were, `start` the line of the first row.
    """

    frame: pd.DataFrame
    lines: Lines
    notes: Notes = field(default_factory=list)
    places: tuple[int, ...] = ()
    start: int = 1


def table(lines: Lines, headers: bool = True) -> Listing:
    """The lines of a list as a table; where nothing tells if line 1 is a header, `headers` does.

    Raises WorkbookError where no row is left.
    """
    notes = [*lines.notes]
    texts = [
        [clean(text) for text in row] for row in lines.cells.itertuples(index=False, name=None)
    ]
    numbered: list[Numbered] = [
        (int(n), row) for n, row in zip(lines.cells.index, texts, strict=True) if any(row)
    ]
    if count := len(texts) - len(numbered):
        notes.append(note("blank_lines", n=count))
    start, has_header = _header_at([row for _, row in numbered], headers)
    for number, row in numbered[:start]:
        notes.append(note("above", number, found=" ".join(filter(None, row))))
    header = numbered[start][1] if has_header and numbered else []
    body = numbered[start + has_header :]
    if has_header and _is_second_header(header, body):
        header, body = _joined(header, body[0][1]), body[1:]
        notes.append(note("two_headers", body[0][0] - 1))
    elif not has_header and numbered:
        notes.append(note("no_header", numbered[0][0]))
    body = _without_second_table(header, body, notes)
    again = [number for number, row in body if has_header and row == header]
    notes += [note("header_again", number) for number in again]
    body = [(number, row) for number, row in body if number not in {*again}]
    body = _ungrouped(body, notes)
    if not body:
        raise refusal("no_rows")
    return _listing(header, body, has_header, lines, notes)


def _listing(
    header: Row, body: list[Numbered], has_header: bool, lines: Lines, notes: Notes
) -> Listing:
    width = len(body[0][1])
    header = header or [""] * width
    used = [i for i in range(width) if header[i] or any(row[i] for _, row in body)]
    if len(used) < width:
        notes.append(note("blank_columns", n=width - len(used)))
    if has_header:
        end = max(i for i, text in enumerate(header) if text) + 1
        over = {number: " ".join(row[end:]).strip() for number, row in body if any(row[end:])}
        notes += [note("wide_line", number, found=said) for number, said in over.items()]
    single = "Name" if len(used) == 1 and not has_header else ""
    asked = [
        " ".join(header[i].split())[:LONGEST_HEADER] or single or f"Column {i + 1}" for i in used
    ]
    names = unique(asked)
    for i, name in zip(used, names, strict=True):
        if has_header and name != " ".join(header[i].split()):
            key = "renamed" if header[i] else "nameless_column"
            notes.append(note(key, column=name, old=header[i]))
    cells = [[row[i] for i in used] for _, row in body]
    frame = pd.DataFrame(cells, index=[number for number, _ in body], columns=names, dtype=object)
    return Listing(frame, lines, notes, tuple(used), body[0][0])


def from_text(block: str) -> Listing:
    """A block pasted from a spreadsheet, or a list of names, as a table.

    The first line is a header where it holds no number and reads like headers. Raises WorkbookError
    for a block without a name in it.
    """
    mark = "\t" if "\t" in block else reading.separator(block)
    first = next((line for line in block.splitlines() if line.strip()), "")
    mark = "" if mark == "," and first.count(",") == 1 else mark  # "Acme, Inc." is one name
    try:
        lines = reading.split(block, mark, "The list", [])
    except WorkbookError:  # a quotation mark is part of a name
        lines = {n: line.split(mark or "\n") for n, line in enumerate(block.splitlines(), start=1)}
    if not any(any(map(str.strip, row)) for row in lines.values()):
        raise refusal("nothing")
    return table(Lines("The list", reading.squared(lines, "The list", []), "pasted"), headers=False)


# -- the header ------------------------------------------------------------------------------------


def _header_at(rows: Sequence[Row], headers: bool) -> tuple[int, bool]:
    """The place of the header (or of the first entry), and whether it is one."""
    filled = [sum(map(bool, row)) for row in rows[:LOOK]]
    usual = median(filled) if filled else 0
    wide = [i for i, count in enumerate(filled[:30]) if count >= max(2, usual / 2)]
    start = wide[0] if wide and usual > 1 else 0
    if not _known(rows[start] if rows else []):
        least = 2 if usual > 1 else 1
        later = [
            i
            for i in range(start + 1, min(start + 10, len(filled)))
            if _known(rows[i]) >= least and (filled[i] > filled[start] or usual <= 1)
        ]
        start = later[0] if later else start
    return start, bool(rows) and _is_header(
        rows[start], rows[start + 1 : LOOK], headers and usual > 1
    )


def _known(row: Sequence[str]) -> int:
    return sum(bool(text) and is_header(text) for text in row)


def _is_header(row: Row, below: Sequence[Row], otherwise: bool) -> bool:
    if _known(row):
        return True
    if any(is_number(text) and not _YEAR.fullmatch(text) for text in row):
        return False
    columns = [[line[i] for line in below if line[i]] for i in range(len(row))]
    pairs = [(text, column) for text, column in zip(row, columns, strict=True) if text and column]
    if any(_mostly(column) for _, column in pairs):
        return True
    return otherwise and not any(text in column for text, column in pairs)


def _is_second_header(header: Row, body: Sequence[Numbered]) -> bool:
    """Does a second line of headers follow: no figure in it but years, and figures under it?"""
    if len(body) < 2:
        return False
    first, below = body[0][1], [row for _, row in body[1:LOOK]]
    if sum(map(bool, first)) < 2 or any(is_number(t) and not _YEAR.fullmatch(t) for t in first):
        return False
    spans = [i for i, text in enumerate(first) if text and (not header[i] or header[i] == text)]
    below_numbers = [
        i for i, text in enumerate(first) if text and _mostly([row[i] for row in below if row[i]])
    ]
    return (
        bool(spans)
        and bool(below_numbers)
        and (_known(first) > 0 or any(map(_YEAR.fullmatch, first)))
    )


def _mostly(cells: Sequence[str]) -> bool:
    return bool(cells) and sum(map(is_number, cells)) > 0.7 * len(cells)


def _joined(header: Row, second: Row) -> Row:
    """Two lines of headers as one: what stands above goes for the columns to its right as well."""
    result, above = [], ""
    for over, under in zip(header, second, strict=True):
        above = over or (above if under else "")
        result.append(above if above == under else f"{above} {under}".strip())
    return result


# -- the body --------------------------------------------------------------------------------------


def _without_second_table(header: Row, body: list[Numbered], notes: Notes) -> list[Numbered]:
    """The rows before a second table: after a blank line or a line of one cell, another header."""
    for i in range(1, len(body)):
        number, row = body[i]
        filled = [text for text in row if text]
        title = sum(map(bool, body[i - 1][1])) == 1 and len(filled) > 1
        gap = number > body[i - 1][0] + 1
        if row == header or not (gap or title) or len(filled) < 2:
            continue
        figures = [j for j in range(len(row)) if _mostly([r[j] for _, r in body[:i] if r[j]])]
        breaks = figures and i + 1 < len(body) and all(row[j] for j in figures)
        breaks = breaks and all(is_number(body[i + 1][1][j]) for j in figures)
        known = _known(row) >= max(2, len(filled) / 2)
        if (known or breaks) and not any(map(is_number, filled)):
            notes.append(note("second_table", number, said=", ".join(filled)))
            return body[: i - title]
    return body


def total_of(text: str) -> str | None:
    """The name that a text is the total of, "" for a total of all, None for no total.

    total_of("Total for Alder Ltd") is "Alder Ltd", total_of("Alder AG Ergebnis") is "Alder AG".
    """
    if not _TOTAL.search(text):
        return None
    bare = text.strip(" :*")
    if says("totals", bare):
        return ""
    parts = bare.split()
    for size in (3, 2, 1):
        if len(parts) > size:
            if plain(" ".join(parts[:size])) in words("totals"):
                return " ".join(parts[size:])
            if plain(" ".join(parts[-size:])) in words("totals"):
                return " ".join(parts[:-size])
    return None


def _ungrouped(body: list[Numbered], notes: Notes) -> list[Numbered]:
    """Rows under a heading, or under a name that stands once, with that name in each of them.

    Programs print "Alder Ltd", its lines without a name, and "Total for Alder Ltd". It is done
    where such totals, or headings with nothing else in their line, show that blanks mean the name
    above.
    """
    for place in range(len(body[0][1]) if body else 0):
        blank = [i for i, (_, row) in enumerate(body) if not row[place] and sum(map(bool, row)) > 1]
        if not blank or len(blank) < 0.2 * len(body):
            continue
        names = {plain(row[place]) for _, row in body if row[place]}
        subtotals = {
            i
            for i, (_, row) in enumerate(body)
            if plain(total_of(row[place]) or "") in names - {""}
        }
        headings = {i for i, (_, row) in enumerate(body) if row[place] and sum(map(bool, row)) == 1}
        is_outline = len(headings) > 1 and len(headings | subtotals | {*blank}) >= len(body) - 1
        if subtotals or is_outline:
            return _filled(body, place, headings, subtotals, notes)
    return body


def _filled(
    body: list[Numbered], place: int, headings: set[int], subtotals: set[int], notes: Notes
) -> list[Numbered]:
    result, name = [], ""
    for i, (number, row) in enumerate(body):
        is_total = i in subtotals or total_of(row[place]) == ""
        if i in subtotals or (i in headings and not is_total):
            name = "" if i in subtotals else row[place]
            continue
        if row[place] and not is_total:
            name = row[place]
        result.append((number, row if is_total else [*row[:place], name, *row[place + 1 :]]))
    count = len(headings - subtotals)
    key = "headings" if count else "names_once"
    notes.append(note(key, body[0][0], n=count, m=len(subtotals)))
    return result
