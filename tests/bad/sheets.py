"""Bad .xlsx and .kam files."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from . import Bad, book

XLSX, KAM = "book.xlsx", "book.kam"


def typed_in(table: str, cell: str, value: Any) -> Callable[[Path], Path]:
    """An .xlsx in which somebody has typed something into a cell with Excel."""
    return edited(lambda wb: wb[table].__setitem__(cell, value))


def edited(change: Callable[[Any], Any]) -> Callable[[Path], Path]:
    """An .xlsx that went through another program."""

    def write(folder: Path) -> Path:
        import openpyxl

        path = book(folder, XLSX)
        wb = openpyxl.load_workbook(path)
        change(wb)
        wb.save(path)
        return path

    return write


def raw(kind: str, content: bytes) -> Callable[[Path], Path]:
    """A file of these bytes."""

    def write(folder: Path) -> Path:
        (folder / kind).write_bytes(content)
        return folder / kind

    return write


def cut(kind: str, share: float) -> Callable[[Path], Path]:
    """A file of which only the beginning arrived."""

    def write(folder: Path) -> Path:
        path = book(folder, kind)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        return path

    return write


def parts(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], Path]:
    """An .xlsx with other parts inside."""

    def write(folder: Path) -> Path:
        path = book(folder, XLSX)
        with zipfile.ZipFile(path) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        change(found)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in found.items():
                archive.writestr(name, content)
        return path

    return write


def sheet_path(found: dict[str, bytes], table: str) -> str:
    names = re.findall(r'<sheet name="([^"]*)"', found["xl/workbook.xml"].decode())
    return f"xl/worksheets/sheet{names.index(table) + 1}.xml"


def sheet(table: str, old: str, new: str) -> Callable[[Path], Path]:
    """An .xlsx in whose sheet one piece of XML is another."""

    def change(found: dict[str, bytes]) -> None:
        path = sheet_path(found, table)
        text = found[path].decode()
        assert re.search(old, text), f"{old} is not in {text[:2000]}"
        found[path] = re.sub(old, new, text, count=1).encode()

    return parts(change)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def strict(found: dict[str, bytes]) -> None:
    """As Excel saves a "Strict Open XML Spreadsheet": with other namespaces."""
    for name, content in found.items():
        for part in (b"spreadsheetml/", b"officeDocument/"):
            content = content.replace(
                b"http://schemas.openxmlformats.org/" + part + b"2006/",
                b"http://purl.oclc.org/ooxml/" + part,
            )
        found[name] = content


def encrypted(folder: Path) -> Path:
    """Set the mark that says a part is encrypted."""
    path = book(folder, XLSX)
    content = bytearray(path.read_bytes())
    for place in (m.start() for m in re.finditer(rb"PK\x01\x02", bytes(content))):
        content[place + 8] |= 1
    path.write_bytes(bytes(content))
    return path


def flipped(folder: Path) -> Path:
    """One byte in the middle of the packed scores is another."""
    path = book(folder, XLSX)
    content = bytearray(path.read_bytes())
    content[content.index(b"xl/worksheets/sheet1.xml") + 60] ^= 0xFF
    path.write_bytes(bytes(content))
    return path


def database(*statements: str) -> Callable[[Path], Path]:
    """A .kam in which somebody has worked with SQL."""

    def write(folder: Path) -> Path:
        path = book(folder, KAM)
        with sqlite3.connect(path) as db:
            for statement in statements:
                db.execute(statement)
        db.close()
        return path

    return write


def of_others(folder: Path) -> Path:
    """An SQLite file of another program."""
    with sqlite3.connect(folder / KAM) as db:
        db.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url LONGVARCHAR, visited DATE)")
        db.execute("INSERT INTO moz_places VALUES (1, 'x', '31.12.2026')")
    db.close()
    return folder / KAM


def hide(wb: Any) -> None:
    wb["scores"].sheet_state = "hidden"


def merge(wb: Any) -> None:
    wb["customers"].merge_cells("A2:A3")


def a_blank_row_first(wb: Any) -> None:
    wb["customers"].insert_rows(1)


def blank_rows(wb: Any) -> None:
    wb["customers"].insert_rows(2, 3)
    wb["customers"]["C6"] = "nowhere"


def a_chart_sheet(wb: Any) -> None:
    wb.create_chartsheet("picture")
    wb["customers"]["C2"] = "nowhere"


E2, CELL = "E2", '<c r="E2"[^>]*><v>7</v></c>'
SHEETS = [
    Bad(
        "xlsx: a formula as score",
        typed_in("scores", E2, "=3+4"),
        "error",
        "score holds a formula",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a formula with a remembered result",
        sheet("scores", CELL, '<c r="E2"><f>3+4</f><v>7</v></c>'),
        "error",
        "score holds a formula; a workbook holds values only",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a shared formula",
        sheet("scores", CELL, '<c r="E2"><f t="shared" si="0"/><v>7</v></c>'),
        "error",
        "score holds a formula",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: an array formula",
        sheet("scores", CELL, '<c r="E2"><f t="array" ref="E2">A1</f><v>7</v></c>'),
        "error",
        "score holds a formula",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a formula as name",
        typed_in("customers", "B2", '="Ac"&"me"'),
        "error",
        "name holds a formula",
        "customers",
        "line 2",
        "name",
    ),
    Bad(
        "xlsx: a formula in a table of one's own",
        edited(lambda wb: wb.create_sheet("mine").append(["=1"])),
        "warning",
        "holds a formula",
        "mine",
        "line 1",
    ),
    Bad(
        "xlsx: a text like a formula",
        edited(lambda wb: wb["customers"].cell(2, 2, "=x").__setattr__("data_type", "s")),
        "warning",
        "looks like a formula",
        "customers",
        "line 2",
        "name",
    ),
    Bad(
        "xlsx: #REF!",
        typed_in("scores", E2, "#REF!"),
        "error",
        "Excel could not work it out",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: #N/A as name",
        typed_in("customers", "B2", "#N/A"),
        "warning",
        "an error of Excel",
        "customers",
        "line 2",
        "name",
    ),
    Bad(
        "xlsx: a date as score",
        typed_in("scores", E2, date(2026, 5, 1)),
        "error",
        "a number for a date",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a time as score",
        typed_in("scores", E2, time(7, 30)),
        "error",
        'score is "07:30:00"',
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: day and time as score",
        typed_in("scores", E2, datetime(2026, 5, 1, 7, 30)),
        "error",
        "2026-05-01",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a day beyond the calendar",
        sheet("scores", CELL, '<c r="E2" t="d"><v>9999-99-99</v></c>'),
        "refuse",
        "not a sound .xlsx",
    ),
    Bad(
        "xlsx: TRUE as score",
        typed_in("scores", E2, True),
        "error",
        'score is "yes"',
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a number as segment",
        typed_in("customers", "C2", 12),
        "error",
        '"12" is not in',
        "customers",
        "line 2",
        "segment",
    ),
    Bad(
        "xlsx: a number beyond numbers",
        sheet("scores", CELL, '<c r="E2"><v>1E400</v></c>'),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "xlsx: a number that is none",
        sheet("scores", CELL, '<c r="E2"><v>7..5</v></c>'),
        "refuse",
        "not a sound .xlsx",
    ),
    Bad(
        "xlsx: a text that is not there",
        sheet("scores", CELL, '<c r="E2" t="s"><v>99999</v></c>'),
        "refuse",
        "not a sound .xlsx",
    ),
    Bad(
        "xlsx: half a character",
        sheet("scores", CELL, '<c r="E2" t="inlineStr"><is><t>\x07</t></is></c>'),
        "refuse",
        "not a sound .xlsx",
    ),
    Bad("xlsx: merged ids", edited(merge), "error", "customer is empty", "customers", "line 3", "customer"),
    Bad(
        "xlsx: a blank row before the header",
        edited(a_blank_row_first),
        "refuse",
        "Sheet customers, line 2 has a cell without a column name.*line 1",
        "customers",
        "line 2",
    ),
    Bad(
        "xlsx: blank rows between", edited(blank_rows), "error", '"nowhere"', "customers", "line 6", "segment"
    ),
    Bad("xlsx: a hidden sheet", edited(hide), "warning", "is hidden", "scores"),
    Bad("xlsx: a chart sheet", edited(a_chart_sheet), "error", '"nowhere"', "customers", "line 2", "segment"),
    Bad(
        "xlsx: an empty sheet",
        edited(lambda wb: wb["customers"].delete_rows(1, 9)),
        "warning",
        "Sheet customers is empty",
        "customers",
    ),
    Bad(
        "xlsx: a sheet of one's own",
        edited(lambda wb: wb.create_sheet("Scores ")),
        "warning",
        'Did you mean "scores"?',
        "Scores ",
    ),
    Bad(
        "xlsx: a column without a name",
        typed_in("customers", "B1", None),
        "error",
        "column 2 has no name",
        "customers",
        "line 1",
    ),
    Bad(
        "xlsx: a cell beside the table",
        typed_in("customers", "H2", "x"),
        "refuse",
        "line 2 has a cell without a column name",
        "customers",
        "line 2",
    ),
    Bad("xlsx: a cell far to the right", typed_in("customers", "XFD2", "x"), "refuse", "row or column XFD2"),
    Bad(
        "xlsx: 400 columns",
        edited(lambda wb: wb["customers"].cell(2, 400, "x")),
        "refuse",
        "more than 300 columns",
        "customers",
        "line 2",
    ),
    Bad(
        "xlsx: a cell far below",
        typed_in("customers", "A1048576", "x"),
        "refuse",
        "a cell in row or column 1048576; at most 200,000",
    ),
    Bad(
        "xlsx: duplicate ids",
        typed_in("customers", "A3", "acme"),
        "error",
        "a second time",
        "customers",
        "line 3",
        "customer",
    ),
    Bad(
        "xlsx: a sheet of capitals",
        parts(
            lambda p: p.update(
                {"xl/workbook.xml": p["xl/workbook.xml"].replace(b'name="scores"', b'name="SCORES"')}
            )
        ),
        "warning",
        'Did you mean "scores"?',
        "SCORES",
    ),
    Bad(
        "xlsx: two sheets of one name",
        parts(
            lambda p: p.update(
                {"xl/workbook.xml": p["xl/workbook.xml"].replace(b'name="scores"', b'name="people"')}
            )
        ),
        "refuse",
        "Two sheets have the same",
    ),
    Bad("xlsx: empty file", raw(XLSX, b""), "refuse", "book.xlsx is empty"),
    Bad("xlsx: a text", raw(XLSX, b"customer,name\nacme,Acme\n"), "refuse", "cannot be opened"),
    Bad("xlsx: a zip of letters", raw(XLSX, zipped(letter=b"Dear all")), "refuse", "holds no spreadsheet"),
    Bad(
        "xlsx: a Word document",
        raw(XLSX, zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"})),
        "refuse",
        "not a sound .xlsx",
    ),
    Bad("xlsx: cut short", cut(XLSX, 0.7), "refuse", "cannot be opened"),
    Bad("xlsx: cut to nearly nothing", cut(XLSX, 0.01), "refuse", "cannot be opened"),
    Bad("xlsx: a byte is another", flipped, "refuse", "damaged"),
    Bad(
        "xlsx: a password",
        raw(XLSX, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000),
        "refuse",
        "protected by a password, or is an old .xls",
    ),
    Bad("xlsx: an encrypted part", encrypted, "refuse", "protected by a password"),
    Bad(
        "xlsx: broken XML",
        parts(lambda p: p.update({sheet_path(p, "scores"): b"<worksheet><sheetData>"})),
        "refuse",
        "cannot be read.*not a sound .xlsx",
    ),
    Bad(
        "xlsx: XML in UTF-16",
        parts(
            lambda p: p.update(
                {
                    sheet_path(p, "scores"): p[sheet_path(p, "scores")]
                    .decode()
                    .replace("UTF-8", "UTF-16")
                    .encode("utf-16")
                }
            )
        ),
        "refuse",
        "not UTF-8",
    ),
    Bad("xlsx: Strict Open XML", parts(strict), "refuse", "saved as Strict Open XML"),
    Bad("xlsx: no list of sheets", parts(lambda p: p.pop("xl/workbook.xml")), "refuse", "not a sound .xlsx"),
    Bad(
        "xlsx: a missing sheet",
        parts(lambda p: p.pop(sheet_path(p, "scores"))),
        "refuse",
        "sheet scores is missing.*not a sound .xlsx",
    ),
    Bad(
        "kam: not a database",
        raw(KAM, b"customer,name\n" * 99),
        "refuse",
        "is not a workbook, or it is damaged",
    ),
    Bad("kam: cut short", cut(KAM, 0.5), "refuse", "damaged"),
    Bad("kam: nothing but the head", raw(KAM, b"SQLite format 3\0" + b"\0" * 84), "refuse", "damaged"),
    Bad("kam: empty", raw(KAM, b""), "warning", "holds no tables"),
    Bad("kam: of another program", of_others, "warning", "not one the workbook uses", "moz_places"),
    Bad(
        "kam: a score is a word",
        database("UPDATE scores SET score = 'x' WHERE row_ = 1"),
        "error",
        'score is "x"',
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "kam: a score is bytes",
        database("UPDATE scores SET score = x'fffe' WHERE row_ = 1"),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "kam: text that is not UTF-8",
        database("UPDATE customers SET name = CAST(x'ff41' AS TEXT)"),
        "refuse",
        "damaged",
    ),
    Bad(
        "kam: a column is gone",
        database("ALTER TABLE customers DROP COLUMN customer"),
        "error",
        'column "customer" is missing',
        "customers",
        "",
        "customer",
    ),
    Bad(
        "kam: a table is gone", database("DROP TABLE scores"), "warning", "There is no table scores", "scores"
    ),
    Bad(
        "kam: a newer schema",
        database("UPDATE settings SET value = '2000' WHERE key = 'schema'"),
        "refuse",
        "newer kamlib",
        "settings",
    ),
    Bad(
        "kam: the same customer twice",
        database("UPDATE customers SET customer = 'acme'"),
        "error",
        "a second time",
        "customers",
        "line 3",
        "customer",
    ),
]
