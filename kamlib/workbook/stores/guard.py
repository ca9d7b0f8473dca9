"""Refuse, before anything is unpacked in earnest, an .xlsx that would fill memory or time."""

from __future__ import annotations

import io
import re
import zipfile

from kamlib.workbook.stores.sentences import refusal

MOST_BYTES, MOST_PARTS, MOST_ROWS = 64_000_000, 3_000, 200_000
MOST_TREE = 200_000  # signs < in a part that is held in memory as a whole
MOST_PIECE = 500_000  # the XML parser takes quadratic time over a piece that does not end
MOST = {"different texts": 600_000, "cells": 2_000_000, "elements": 5_000_000}
# folders of pictures, charts, settings of printers and so on; `Archive` keeps readers out
_ASIDE = re.compile(r"(customXml|docProps/thumbnail|xl/(?!_rels/|theme/|\w*sheet)\w+/)", re.I)
# no XML parser goes on where the first letter, whatever the encoding, is not <
_BINARY = re.compile(rb"[\xef\xbb\xbf\xff\xfe\x00\s]*[^<\xef\xbb\xbf\xff\xfe\x00\s]")
_STRICT = re.compile(rb"<(?:\w+:)?workbook\b[^>]*http://purl\.oclc\.org/ooxml/spreadsheetml/main")
# a row from 200,000, a column beyond ZZ
_FAR = re.compile(
    rb"<(?:\w+:)?(?:row|c)\b[^<>]{0,400}?\sr\s*=\s*[\"']"
    rb"([A-Za-z]{3,}\w*|[A-Za-z]*0*(?:[2-9]\d{5}|[1-9]\d{6,}))[\"']"
)
_PIECES = ((re.compile(rb"<!--"), b"-->"), (re.compile(rb"<\?"), b"?>"))
_ENDLESS = re.compile(rb"<[^<]{%d}" % MOST_PIECE)
_ENDS = (b" ", b">", b"/", b"\n", b"\t", b"\r")
_BESIDES = {
    "/media/": "pictures",
    "/charts/": "charts",
    "/drawings/": "drawings",
    "/pivotTables/": "pivot tables",
    "/comments": "comments",
    "/externalLinks/": "links",
    "vbaProject": "macros",
}


class Archive(zipfile.ZipFile):
    """A guarded .xlsx to be read: without the parts left aside, and no large part as a whole.

    openpyxl makes a tree of whatever it takes by `read`; sheets and texts it takes by `open`.
    """

    def __init__(self, raw: bytes, name: str) -> None:
        super().__init__(io.BytesIO(raw))
        self.place = name
        for part in [*filter(_ASIDE.match, self.NameToInfo)]:  # whatever may refer to them
            del self.NameToInfo[part]

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        content = super().read(name, pwd)
        if content.count(b"<") > MOST_TREE:
            raise refusal("styles", name=self.place, most=MOST_TREE)
        return content


def guard(raw: bytes, name: str) -> None:
    """Raises WorkbookError, naming the limit, for a file that is no .xlsx or too much of one."""
    if not raw:
        raise refusal("empty", name=name)
    if raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise refusal("old or locked", name=name)
    if (count := raw.count(b"PK\x01\x02")) > MOST_PARTS:  # before zipfile makes an object of each
        raise refusal("parts", name=name, n=count, most=MOST_PARTS)
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except Exception:  # zipfile lets through whatever a damaged directory makes it stumble over
        raise refusal("broken zip", name=name) from None
    names = [part.lower() for part in archive.namelist()]
    if len(set(names)) < len(names):
        raise refusal("same part", name=name)
    if "[content_types].xml" not in names:
        raise refusal("no sheets", name=name)
    if any(part.flag_bits & 1 for part in archive.infolist()):
        raise refusal("encrypted", name=name)
    if (size := sum(part.file_size for part in archive.infolist())) > MOST_BYTES:
        raise refusal("unpacks", name=name, n=size // 1_000_000, most=MOST_BYTES // 1_000_000)
    for part in archive.namelist():
        if not _ASIDE.match(part):
            _guard_part(archive, part, name)


def _guard_part(archive: zipfile.ZipFile, part: str, name: str) -> None:
    try:
        content = archive.read(part)
    except Exception:  # zlib, lzma and zipfile errors have no common base
        raise refusal("broken part", name=name) from None
    if _BINARY.match(content):
        return
    if _STRICT.search(content[:4000]):
        raise refusal("strict", name=name)
    if b"\x00" in content[:200]:
        raise refusal("no utf8", name=name)
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:
        raise refusal("entities", name=name)
    elements = content.count(b"<") - content.count(b"</")
    for count, what in zip(
        (_count(content, b"si"), _count(content, b"c"), elements), MOST, strict=True
    ):
        if count > MOST[what]:
            raise refusal("many", name=name, most=MOST[what], what=what)
    if _is_endless(content):
        raise refusal("endless", name=name, most=MOST_PIECE)
    if far := _FAR.search(content):
        raise refusal("far", name=name, place=far[1][:12].decode(), most=MOST_ROWS)


def _count(content: bytes, tag: bytes) -> int:
    return sum(content.count(start + tag + end) for start in (b"<", b":") for end in _ENDS)


def _is_endless(content: bytes) -> bool:
    return _ENDLESS.search(content) is not None or any(
        content.find(end, at.end(), at.end() + MOST_PIECE) < 0
        for start, end in _PIECES
        for at in start.finditer(content)
    )


def besides_values(raw: bytes) -> list[str]:
    """What the file holds besides sheets of values, in words; a workbook does not keep that."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = "\n".join(archive.namelist())
    words = [words for part, words in _BESIDES.items() if part in names]
    return [each for each in words if each != "drawings"] or words
