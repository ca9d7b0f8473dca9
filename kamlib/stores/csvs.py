"""CSV text as a table and back: read what Excel and people write, write one canonical form."""

from __future__ import annotations

import csv
import io
import re
from typing import Literal

import pandas as pd

from kamlib.checks import finding
from kamlib.errors import WorkbookError
from kamlib.stores.base import MOST_COLUMNS

Notes = list[dict[str, str]]
AGAIN = "Save it again as CSV UTF-8."
csv.field_size_limit(10_000_000)


def to_csv(frame: pd.DataFrame) -> str:
    """The canonical text of a sound table: UTF-8, comma, LF, quotes only where they are needed."""
    out = io.StringIO()
    header = [str(column) for column in frame.columns]
    # a name with a semicolon or a tab is quoted, so that nobody takes it for the separator; with a
    # byte order mark before it, so that nobody takes that for one of the file
    odd = re.search("[;\t\ufeff]", "".join(header))
    quote: Literal[0, 1] = csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator="\n", quoting=quote).writerow(header)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(zip(*(frame.iloc[:, i].tolist() for i in range(frame.shape[1])), strict=True))
    return out.getvalue()


def read_csv(raw: bytes, file: str) -> tuple[pd.DataFrame, Notes]:
    """The bytes of a CSV file as a text table, and what had to be guessed while reading them.

    Raises WorkbookError where cells could end up in a wrong place.
    """
    name, notes = file.rsplit(".", 1)[0], []
    text, encoding = _decode(raw, file)
    if encoding != "utf-8":
        message = f"{file} is not UTF-8; it is read as {encoding}. Look at accented letters."
        notes.append(finding("warning", name, message, found=encoding, allowed="UTF-8"))
    mark = _separator(text)
    if mark != ",":
        kind = "semicolons" if mark == ";" else "tabs"
        notes.append(finding("warning", name, f"{file} separates cells by {kind}.", found=mark,
                             allowed="commas"))  # fmt: skip
    frame = _frame(_lines(text, mark, file), file, notes)
    return (_plain_line_ends(frame) if "\r" in text else frame), notes


def _decode(raw: bytes, file: str) -> tuple[str, str]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = [("utf-16", "UTF-16")]
    else:
        tries = [("utf-8-sig", "utf-8"), ("cp1252", "Windows-1252"), ("latin-1", "Latin-1")]
    if b"\x00" in raw[:4096] and tries[0][0] != "utf-16":
        raise WorkbookError(f"{file} is not a text file.", table=file.rsplit(".", 1)[0], hint=AGAIN)
    for codec, said in tries:
        try:
            return raw.decode(codec), said
        except UnicodeDecodeError:
            continue
    raise WorkbookError(f"{file} is not a text file.", table=file.rsplit(".", 1)[0], hint=AGAIN)


def _separator(text: str) -> str:
    head = re.sub(r'"[^"\n]*"', "", text[:20_000].lstrip("\r\n").split("\n", 1)[0])
    return max(",;\t", key=head.count)


def _lines(text: str, mark: str, file: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    lines: list[list[str]] = []
    try:
        for line in reader:
            lines.append(line)
    except csv.Error as error:
        row = f"line {len(lines) + 1}"
        message = f"{file}, {row} cannot be read as CSV: {error}."
        if "expected after" in str(error) or "unexpected end" in str(error):
            message = f"{file}, {row}: a quotation mark in this line is not closed, or not doubled."
        raise WorkbookError(message, table=file.rsplit(".", 1)[0], row=row,
                            hint='Write a cell with " in it as "a ""word"" in it".') from None  # fmt: skip
    return lines


def _frame(lines: list[list[str]], file: str, notes: Notes) -> pd.DataFrame:
    name = file.rsplit(".", 1)[0]
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    if not lines:
        notes.append(finding("warning", name, f"{file} is empty."))
        return pd.DataFrame()
    header = [cell.strip() for cell in lines[0]]
    while header and not header[-1]:
        header.pop()
    if len(header) > MOST_COLUMNS:
        raise WorkbookError(f"{file} has {len(header):,} columns; at most {MOST_COLUMNS} are read.",
                            table=name, found=len(header))  # fmt: skip
    rows: dict[int, list[str]] = {}
    for index, line in enumerate(lines[1:]):
        if len(line) != len(header):
            line = _fit(line, len(header), f"line {index + 2}", file)
        if line and (line[0].strip() or any(cell.strip() for cell in line)):
            rows[index] = line
    if "" in header:
        message = f"{file}: column {header.index('') + 1} has no name."
        notes.append(finding("error", name, message, "line 1", allowed="a name for each column"))
    # the index keeps the line of the file (less 2), so that a finding can name it
    return pd.DataFrame([*rows.values()], index=[*rows], columns=header, dtype=object)


def _fit(line: list[str], width: int, row: str, file: str) -> list[str]:
    """A line of the header's width: missing cells are empty, empty ones too many go."""
    if any(cell.strip() for cell in line[width:]):
        raise WorkbookError(
            f"{file}, {row} has {len(line)} cells, but the header has {width}.",
            table=file.rsplit(".", 1)[0], row=row,
            hint="A text with a comma in it needs quotation marks around it.")  # fmt: skip
    return line[:width] + [""] * (width - len(line))


def _plain_line_ends(frame: pd.DataFrame) -> pd.DataFrame:
    """Line ends inside cells as one character, whichever system wrote them."""
    cells = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row]
             for row in frame.itertuples(index=False, name=None)]  # fmt: skip
    return pd.DataFrame(cells, index=frame.index, columns=frame.columns, dtype=object)
