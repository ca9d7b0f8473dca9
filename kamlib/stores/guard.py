"""Refuse, before anything is unpacked in earnest, an .xlsx that would fill memory or time."""

from __future__ import annotations

import io
import re
import zipfile

from kamlib.errors import WorkbookError

MOST_BYTES, MOST_PARTS, MOST_ROWS, MOST_RATIO = 64_000_000, 500, 200_000, 250
MOST_STRINGS, MOST_CELLS, MOST_ELEMENTS, LAST_COLUMN = 600_000, 2_000_000, 200_000, "ZZ"
MOST_PIECE = 500_000  # the XML parser takes quadratic time over a piece that does not end
SMALL = 1_000_000  # parts below this size may be as repetitive as they like
INVALID = "This is not a sound .xlsx file"
AGAIN = "Save it again from Excel as .xlsx."
# parts that may be long: openpyxl streams the first two and leaves the others alone
_LONG = re.compile(rb"<(?:\w+:)?(worksheet|sst|pivotCacheRecords|chartSpace|comments|wsDr|svg)\b")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]{0,400}?\sr\s*=\s*[\"'](\d+)")
_CELL = re.compile(rb"<(?:\w+:)?c\b[^<>]{0,400}?\sr\s*=\s*[\"']([A-Za-z]+)")
_COUNTS = ((b"si", MOST_STRINGS, "different texts"), (b"c", MOST_CELLS, "cells"))
_PIECES = ((re.compile(rb"<!--"), b"-->"), (re.compile(rb"<\?"), b"?>"))
_ENDLESS = re.compile(rb"<[^<]{%d}" % MOST_PIECE)
_ENDS = (b" ", b">", b"/", b"\n", b"\t", b"\r")
# what a sheet of values needs; anything else is lost when the file is written again
_PLAIN = re.compile(
    r"(\[Content_Types\]\.xml|_rels/\.rels|(docProps|docMetadata|customXml|xl/theme|xl/printerSettings"
    r"|xl/_rels|xl/worksheets/_rels)/.+|xl/(workbook|styles|sharedStrings|metadata|calcChain)\.xml"
    r"|xl/worksheets/sheet\d+\.xml)$"
)


def guard(raw: bytes, name: str) -> None:
    """Raises WorkbookError, naming the limit, for a file that is no .xlsx or too much of one."""
    if not raw:
        raise WorkbookError(f"{name} is empty.", hint="Take the last copy of it.")
    if raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise WorkbookError(f"{name} is protected by a password, or is an old .xls file.",
                            hint="Save it without a password as .xlsx.")  # fmt: skip
    parts = _parts(raw, name)
    if len(parts) > MOST_PARTS:
        raise WorkbookError(f"{name} has {len(parts):,} parts; at most {MOST_PARTS} are read.")
    if any(part.flag_bits & 1 for part in parts):
        raise WorkbookError(f"{name} is protected by a password.", hint="Save it without one.")
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES:
        raise WorkbookError(f"{name} unpacks to {size / 1e6:,.0f} MB; at most "
                            f"{MOST_BYTES // 1_000_000} MB are read.")  # fmt: skip
    for part in parts:
        if part.file_size > max(SMALL, MOST_RATIO * part.compress_size):
            raise WorkbookError(f"{name} unpacks to more than {MOST_RATIO} times its size, which no "
                                f"spreadsheet does. {INVALID}.", hint=AGAIN)  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for part in parts:
            _guard_part(_unpacked(archive, part, name), part.filename, name)


def _parts(raw: bytes, name: str) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except Exception:  # zipfile lets through whatever a damaged directory makes it stumble over
        raise WorkbookError(f"{name} cannot be opened. {INVALID}.", hint=AGAIN) from None
    names = [part.filename.lower() for part in parts]
    if len(set(names)) < len(names):
        raise WorkbookError(f"{name} holds two parts of one name. {INVALID}.", hint=AGAIN)
    if "[content_types].xml" not in names:
        raise WorkbookError(f"{name} holds no spreadsheet. {INVALID}.", hint=AGAIN)
    return parts


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> bytes:
    try:
        return archive.read(part)
    except Exception:  # zlib, lzma and zipfile errors have no common base
        raise WorkbookError(f"{name} is damaged. {INVALID}.", hint="Take the last copy of it.") from None


def _guard_part(content: bytes, part: str, name: str) -> None:
    if not part.lower().endswith((".xml", ".rels")) and b"<" not in content[:200]:
        return
    if b"\x00" in content[:200]:
        raise WorkbookError(f"{name} holds XML that is not UTF-8. {INVALID}.", hint=AGAIN)
    is_long = _LONG.search(content[:4000])
    if b"<!ENTITY" in content or (b"<!DOCTYPE" in content and not part.endswith(".svg")):
        raise WorkbookError(f"{name} holds XML entities, which no spreadsheet needs. {INVALID}.")
    if not is_long and content.count(b"<") > MOST_ELEMENTS:
        raise WorkbookError(f"{name} holds more than {MOST_ELEMENTS:,} styles or settings.", hint=AGAIN)
    for tag, most, what in _COUNTS:
        if sum(content.count(start + tag + end) for start in (b"<", b":") for end in _ENDS) > most:
            raise WorkbookError(f"{name} has more than {most:,} {what}.")
    if _is_endless(content):
        raise WorkbookError(f"{name} holds a piece of more than {MOST_PIECE:,} characters. {INVALID}.",
                            hint=AGAIN)  # fmt: skip
    for row in _ROW.finditer(content):
        if len(row[1]) > 7 or int(row[1]) > MOST_ROWS:
            raise WorkbookError(f"{name} has a row numbered {row[1][:12].decode()}; "
                                f"at most {MOST_ROWS:,} rows are read.",
                                hint="Delete the empty rows below the table.")  # fmt: skip
    for cell in _CELL.finditer(content):
        if len(cell[1]) > len(LAST_COLUMN):
            raise WorkbookError(f"{name} has a cell in column {cell[1][:6].decode()}; "
                                f"columns up to {LAST_COLUMN} are read.",
                                hint="Delete the empty columns beside the table.")  # fmt: skip


def _is_endless(content: bytes) -> bool:
    if _ENDLESS.search(content):
        return True
    return any(
        content.find(end, at.end(), at.end() + MOST_PIECE) < 0
        for start, end in _PIECES
        for at in start.finditer(content)
    )


def is_plain(raw: bytes) -> bool:
    """Does the file hold values alone, so that writing it again loses nothing but colours?"""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if not all(_PLAIN.match(part) for part in archive.namelist()):
            return False
        sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/sheet")]
        return not any(re.search(rb"<(\w+:)?f[\s/>]", archive.read(sheet)) for sheet in sheets)
