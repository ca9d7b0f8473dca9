"""Refuse, before anything is unpacked in earnest, an .xlsx that would fill memory or time."""

from __future__ import annotations

import io
import re
import zipfile

from kamlib.errors import WorkbookError

MOST_BYTES, MOST_PARTS, MOST_FILES, MOST_ROWS, MOST_RATIO = 64_000_000, 500, 10_000, 200_000, 250
MOST_STRINGS, MOST_CELLS, MOST_ELEMENTS, LAST_COLUMN = 600_000, 2_000_000, 200_000, "ZZ"
MOST_PIECE = 500_000  # the XML parser takes quadratic time over a piece that does not end
SMALL = 1_000_000  # parts below this size may be as repetitive as they like
INVALID = "This is not a sound .xlsx file"
AGAIN = "Save it again from Excel as .xlsx."
SMALLER = "Compress or delete its pictures, or copy the sheet that matters into a new file."
# parts that may be long: openpyxl streams the first two and leaves the third alone
_LONG = re.compile(rb"<(?:\w+:)?(worksheet|sst|comments)\b")
# folders of pictures, charts, settings of printers and so on; `readable_only` keeps readers out
_ASIDE = re.compile(r"(customXml|docProps/thumbnail|xl/(?!_rels/|theme/|\w*sheet)\w+/)", re.I)
# no XML parser goes on where the first letter, whatever the encoding, is not <
_BINARY = re.compile(rb"[\xef\xbb\xbf\xff\xfe\x00\s]*[^<\xef\xbb\xbf\xff\xfe\x00\s]")
_STRICT = re.compile(rb"<(?:\w+:)?workbook\b[^>]*http://purl\.oclc\.org/ooxml/spreadsheetml/main")
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
_WORDS = {
    "/media/": "pictures",
    "/charts/": "charts",
    "/pivotTables/": "pivot tables",
    "/comments": "comments",
    "vbaProject": "macros",
}


def guard(raw: bytes, name: str) -> None:
    """Raises WorkbookError, naming the limit, for a file that is no .xlsx or too much of one."""
    if not raw:
        raise WorkbookError(f"{name} is empty.", hint="Take the last copy of it.")
    if raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise WorkbookError(f"{name} is protected by a password, or is an old .xls file.",
                            hint="Save it without a password as .xlsx.")  # fmt: skip
    if (count := raw.count(b"PK\x01\x02")) > MOST_FILES:  # before zipfile makes an object of each
        message = f"{name} has {count:,} parts; at most {MOST_FILES:,} are read."
        raise WorkbookError(message, hint=SMALLER)
    parts = _parts(raw, name)
    read = [part for part in parts if not _ASIDE.match(part.filename)]
    if len(read) > MOST_PARTS:
        message = f"{name} has {len(read):,} parts besides pictures; at most {MOST_PARTS} are read."
        raise WorkbookError(message, hint="Copy the sheets that matter into a new file.")
    if any(part.flag_bits & 1 for part in parts):
        raise WorkbookError(f"{name} is protected by a password.", hint="Save it without one.")
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES:
        raise WorkbookError(f"{name} unpacks to {size / 1e6:,.0f} MB; at most "
                            f"{MOST_BYTES // 1_000_000} MB are read.", hint=SMALLER)  # fmt: skip
    for part in parts:
        if part.file_size > max(SMALL, MOST_RATIO * part.compress_size):
            raise WorkbookError(f"{name} unpacks to more than {MOST_RATIO} times its size, which no "
                                f"spreadsheet does. {INVALID}.", hint=AGAIN)  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for part in read:
            content = _unpacked(archive, part, name)
            if not _BINARY.match(content):
                _guard_xml(content, name)


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


def _guard_xml(content: bytes, name: str) -> None:
    if _STRICT.search(content[:4000]):
        message = f"{name} is saved as Strict Open XML, which is not read."
        raise WorkbookError(message, hint="Save it as Excel Workbook (.xlsx).")
    if b"\x00" in content[:200]:
        raise WorkbookError(f"{name} holds XML that is not UTF-8. {INVALID}.", hint=AGAIN)
    is_long = _LONG.search(content[:4000])
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
        message = f"{name} holds XML entities, which no spreadsheet needs. {INVALID}."
        raise WorkbookError(message, hint=AGAIN)
    if not is_long and content.count(b"<") > MOST_ELEMENTS:
        raise WorkbookError(f"{name} holds more than {MOST_ELEMENTS:,} styles or settings.", hint=AGAIN)
    for tag, most, what in _COUNTS:
        if sum(content.count(start + tag + end) for start in (b"<", b":") for end in _ENDS) > most:
            message = f"{name} has more than {most:,} {what}."
            raise WorkbookError(message, hint="Copy the rows that matter into a new file.")
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


def readable_only(archive: zipfile.ZipFile) -> None:
    """Take out of an open .xlsx the parts that `guard` leaves aside, whatever may refer to them."""
    for part in [*filter(_ASIDE.match, archive.NameToInfo)]:
        del archive.NameToInfo[part]


def besides_values(raw: bytes) -> list[str]:
    """What the file holds besides sheets of values, in words; writing it again loses that."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        odd = [part for part in archive.namelist() if not _PLAIN.match(part)]
    named = [words for part, words in _WORDS.items() if any(part in name for name in odd)]
    return named or ["drawings or links"] * bool(odd)


def is_plain(raw: bytes) -> bool:
    """Does the file hold values alone, so that writing it again loses nothing but colours?"""
    if besides_values(raw):
        return False
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/sheet")]
        return not any(re.search(rb"<(\w+:)?f[\s/>]", archive.read(sheet)) for sheet in sheets)
