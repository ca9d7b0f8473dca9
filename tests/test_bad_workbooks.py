"""A bad workbook is refused or warned about in a sentence that names the place, and stays as it is."""

from __future__ import annotations

import contextlib
import cProfile
import os
import re
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from kamlib import cli
from kamlib.errors import InvalidWorkbook, KamError
from kamlib.workbook import checks, stores
from kamlib.workbook.schema import typed

from .bad import Bad, book
from .bad.folders import FOLDERS
from .bad.sheets import SHEETS, zipped
from .books import bytes_of, small, told_by

MOST_STEPS = 2_500_000
ALL = [*FOLDERS, *SHEETS]
SENTENCE = re.compile(r'^["\w.].*[.?!)]$', re.S)


@contextlib.contextmanager
def steps(most: int) -> Iterator[None]:
    """Only so many calls inside: as many on a busy machine as on an idle one."""
    profile = cProfile.Profile()
    try:
        with profile:
            yield
    finally:
        taken = sum(entry.callcount for entry in profile.getstats())
        assert taken < most, f"{taken:,} steps"


def test_there_are_enough_of_them_and_each_has_its_own_name():
    assert len({bad.name for bad in ALL}) == len(ALL) >= 60


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name.replace(" ", "_"))
def test_a_bad_workbook(bad: Bad, tmp_path):
    place = bad.write(tmp_path)
    before = bytes_of(tmp_path)
    try:
        with steps(MOST_STEPS):
            store, text = stores.load(place, read_only=True)
    except KamError as error:
        assert bad.level == "refuse", f"refused: {error}"
        said, at = str(error), {"table": error.table, "row": error.row, "column": error.column}
    else:
        assert bad.level != "refuse", "was not refused"
        findings = checks.check(text, store.notes)
        typed(text)
        said, at = found(findings, bad)
        if bad.level == "error":
            with pytest.raises(InvalidWorkbook, match="Correct them") as caught:
                checks.refuse_errors(findings, str(place))
            assert str(tmp_path) not in str(caught.value)
    assert re.search(bad.words, said), said
    assert SENTENCE.match(said) and str(tmp_path) not in said and "Error" not in said
    wanted = {k: v for k in ("table", "row") if (v := getattr(bad, k))}
    assert {k: at[k] for k in wanted} == wanted
    assert not bad.column or at["column"] == bad.column
    assert bytes_of(tmp_path) == before, "the files must stay as they are"


def found(findings, bad: Bad) -> tuple[str, dict[str, str]]:
    """The finding that says it, else all of them to look at."""
    rows = findings[findings["level"] == bad.level].to_dict("records")
    for row in rows:
        fits = all(getattr(bad, k) in ("", row[k]) for k in ("table", "row", "column"))
        if fits and re.search(bad.words, row["message"]):
            return row["message"], row
    raise AssertionError(f"no such {bad.level} among\n{findings.to_string()}")


@pytest.mark.parametrize("name", ["semicolons and decimal commas", "Windows-1252", "UTF-16", "tabs"])
def test_what_is_warned_about_is_read_rightly(name, tmp_path):
    bad = next(bad for bad in FOLDERS if bad.name == name)
    text = stores.load(bad.write(tmp_path), read_only=True)[1]
    if bad.table == "scores":
        assert typed(text)["scores"]["score"].tolist() == [7.5]
    else:
        assert text["customers"]["name"].tolist() == ["Café Müller", "Brix"]


def test_a_byte_order_mark_is_no_letter(tmp_path):
    stores.create(tmp_path / "book", small())
    path = tmp_path / "book" / "customers.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    store, text = stores.load(tmp_path / "book", read_only=True)
    assert checks.check(text, store.notes).empty and text["customers"].equals(small()["customers"])


def test_the_line_that_is_named_is_the_line_of_the_table(tmp_path):
    """Cells with line ends in them and blank lines do not shift what a spreadsheet would show."""
    stores.create(tmp_path / "book", small())
    (tmp_path / "book" / "people.csv").write_text('person,name\nann,"A\nnn"\n\n,\nb b,Bob\n')
    store, text = stores.load(tmp_path / "book", read_only=True)
    assert checks.check(text, store.notes)["row"].tolist() == ["line 5"]


def test_all_errors_are_counted_and_the_first_are_told(tmp_path):
    text = small()
    text["scores"]["score"] = ["x", "11", "0", "y"]
    text["customers"]["segment"] = ["nowhere", "=A1"]
    findings = checks.check(text)
    with pytest.raises(InvalidWorkbook) as caught:
        checks.refuse_errors(findings, "a/b/book")
    said = str(caught.value)
    assert said.startswith("The workbook book has 6 errors:") and "... and 1 more" in said
    assert "customers, line 2, segment: " in said and caught.value.findings is findings


# -- bombs ------------------------------------------------------------------------------------------

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{NS}">'.encode()


def spoilt(folder: Path, name: str, parts: dict[str, bytes]) -> Path:
    """A sound .xlsx with some parts replaced or added."""
    path = book(folder, f"{name}.xlsx")
    with zipfile.ZipFile(path) as archive:
        whole = {part: archive.read(part) for part in archive.namelist()} | parts
    path.write_bytes(zipped(**whole))
    return path


def cells(count: int, cell: bytes) -> bytes:
    return HEAD + b"<sheetData><row>" + cell * count + b"</row></sheetData></worksheet>"


def noise(size: int) -> bytes:
    """Letters that hardly pack, so that only the counts give them away."""
    return os.urandom(size).hex().encode()


def no_ratio(unit: bytes, count: int, length: int = 6) -> bytes:
    """So many elements, each with some noise in a comment so that the ratio looks innocent."""
    letters = np.frombuffer(noise(length * count // 2 + 1), "u1")[: count * length].reshape(count, length)
    head, tail = (np.broadcast_to(np.frombuffer(s, "u1"), (count, len(s))) for s in (unit + b"<!--", b"-->"))
    return np.hstack([head, letters, tail]).tobytes()


SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
SST = f'<sst xmlns="{NS}">'.encode()
OFFICE = "http://schemas.openxmlformats.org/{}".format
RELS = f"""<Relationships xmlns="{OFFICE("package/2006/relationships")}"><Relationship Id="rId1"
Type="{OFFICE("officeDocument/2006/relationships/image")}" Target="%s"/></Relationships>"""
SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
TYPES = f"""<Types xmlns="{OFFICE("package/2006/content-types")}">
<Override PartName="/xl/media/1.png" ContentType="{SHARED}"/></Types>"""
ENDLESS = HEAD + b"<row " + noise(400_000)
LINKS, TYPED, PICTURE = "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "xl/media/1.png"
BOMBS = {
    "dimension": (
        lambda: {
            SHEET: HEAD + b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c '
            b'r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
        },
        "row or column 1048576",
    ),
    "dimension in single quotes": (
        lambda: {SHEET: HEAD + b"<sheetData><row r='1048576'/></sheetData></worksheet>"},
        "at most 200,000 rows",
    ),
    "dimension with a prefix": (
        lambda: {SHEET: HEAD + b'<x:row a="1" r = "9999999"/></worksheet>'},
        "at most 200,000 rows",
    ),
    "far column": (
        lambda: {SHEET: HEAD + b'<sheetData><row r="1"><c r="XFD1"/></row></sheetData></worksheet>'},
        "column XFD",
    ),
    "ratio 1000:1": (lambda: {SHEET: cells(12_000_000, b"<c/>")}, "more than 2,000,000 cells"),
    "elements of no use": (
        lambda: {SHEET: HEAD + b"<a/>" * 12_000_000 + b"</worksheet>"},
        "more than 5,000,000 elements",
    ),
    "unpacks to 100 MB": (lambda: {SHEET: HEAD + b" " * 100_000_000}, "at most 64 MB"),
    "10^6 shared strings": (
        lambda: {STRINGS: SST + no_ratio(b"<si/>", 1_000_000) + b"</sst>"},
        "more than 600,000 different texts",
    ),
    "3 million cells": (
        lambda: {SHEET: cells(1, no_ratio(b"<c/>", 3_000_000, 2))},
        "more than 2,000,000 cells",
    ),
    "a million styles": (
        lambda: {STYLES: b"<styleSheet>" + no_ratio(b"<xf/>", 300_000) + b"</styleSheet>"},
        "more than 200,000 styles",
    ),
    "styles called a sheet": (
        lambda: {STYLES: b"<styleSheet><!--<worksheet>-->" + b"<xf/>" * 300_000 + b"</styleSheet>"},
        "more than 200,000 styles",
    ),
    "styles that are a sheet": (
        lambda: {STYLES: HEAD + b"<xf/>" * 3_000_000 + b"</worksheet>"},
        "more than 200,000 styles",
    ),
    "a list of sheets that is a sheet": (
        lambda: {"xl/workbook.xml": HEAD + b"<a/>" * 3_000_000 + b"</worksheet>"},
        "more than 200,000 styles",
    ),
    "entity": (
        lambda: {
            SHEET: b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
            + HEAD
            + b"</worksheet>"
        },
        "XML entities",
    ),
    "entity from outside": (
        lambda: {
            STRINGS: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + SST
            + b"<si><t>&a;</t></si></sst>"
        },
        "XML entities",
    ),
    "4,000 parts": (lambda: {f"xl/worksheets/{i}.bin": b"x" for i in range(4000)}, "at most 3,000"),
    "11,000 pictures": (lambda: {f"xl/media/{i}.png": b"x" for i in range(11_000)}, "at most 3,000"),
    "nested zip": (
        lambda: {"xl/embeddings/inner.zip": zipped(inner=b"\0" * 60_000_000) * 1100},
        "at most 64 MB",
    ),
    "a tag that never ends": (
        lambda: {SHEET: HEAD + b"<row " + noise(4_000_000)},
        "more than 500,000 characters",
    ),
    "a comment that never ends": (
        lambda: {SHEET: HEAD + b"<!--" + noise(99).join([b"<>"] * 9999)},
        "more than 500,000",
    ),
    "a sheet called a picture": (
        lambda: {LINKS: (RELS % "media/1.png").encode(), PICTURE: ENDLESS},
        "cannot be read",
    ),
    "texts called a picture": (lambda: {TYPED: TYPES.encode(), PICTURE: ENDLESS}, "cannot be read"),
    "a sheet called a font": (
        lambda: {LINKS: (RELS % "a.b").encode(), "xl/a.b": "\ufeff\n".encode() + ENDLESS},
        "more than 500,000 characters",
    ),
    "tags that never end": (lambda: {SHEET: HEAD + no_ratio(b"<row ", 400_000)}, "not a sound .xlsx"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_spreadsheet_bomb_is_refused_with_little_work_and_in_little_memory(name, tmp_path):
    parts, words = BOMBS[name]
    place = spoilt(tmp_path, "bomb", parts())
    book(tmp_path, "sound.xlsx")

    def work(say):
        stores.load(tmp_path / "sound.xlsx", read_only=True)  # imports
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + 1_000_000_000,) * 2)
        try:
            with steps(MOST_STEPS):
                stores.load(place, read_only=True)
            said = "read"
        except KamError as error:
            said = str(error)
        say([said, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown) / 1024])

    [(said, grown)] = told_by(work)
    assert re.search(words, said), said
    assert grown < 200, f"{grown:.0f} MB"


def test_pictures_and_settings_of_printers_change_nothing(tmp_path):
    """What a workbook does not keep is not read, whatever bytes it is made of, and it is said."""
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0<\0\0\0<\x08\x02"  # 60 pixels are the letter <
    more = {f"xl/media/image{n}.png": picture for n in range(2000)} | {
        "media/logo.png": picture,
        "xl/media/image1.svg": b'<!DOCTYPE svg [<!ENTITY a "b">]><a b="' + noise(300_000) + b'"/>',
        "xl/printerSettings/1.bin": "HP <2nd floor>".encode("utf-16-le"),
        "xl/printerSettings/2.bin": b'<!DOCTYPE plist PUBLIC "-//A" "http://a"><plist/>',
        "xl/charts/chart1.xml": b"<a/>" * 240_000,
        "customXml/item1.xml": '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"),
    }
    place = spoilt(tmp_path, "book", more)
    store, text = stores.load(place, read_only=True)
    assert all(frame.equals(text[name]) for name, frame in small().items())
    [note] = checks.check(text, store.notes).to_dict("records")
    assert note["level"] == "warning" and "holds pictures and charts too" in note["message"]
    said = CliRunner().invoke(cli.app, ["copy", str(place), str(tmp_path / "book.kam")])
    assert said.exit_code == 0 and note["message"] in said.output


def test_what_is_just_below_the_limits_is_read(tmp_path):
    """The guard is for bombs: a large sheet of one value over and over is a sheet."""
    people = small()["people"]
    mine = people.loc[people.index.repeat(20_000)].reset_index(drop=True)
    stores.create(tmp_path / "book.xlsx", small() | {"mine": mine})
    assert len(stores.load(tmp_path / "book.xlsx")[1]["mine"]) == 40_000
