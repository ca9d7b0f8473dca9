"""Any list of customers comes in as it is: what is read, what is guessed, what is kept, and what is refused."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kamlib import cli
from kamlib.errors import InvalidInput, KamError, WorkbookError
from kamlib.workbook import checks, stores
from kamlib.workbook.importing import columns, commands, figures, identity, reading, shape
from kamlib.workbook.importing import customers as merging
from kamlib.workbook.importing.columns import status_of
from kamlib.workbook.stores import Change, base
from tests.books import ROOT, bytes_of, calls, small

WHOLESALE = ROOT / "tests" / "lists" / "wholesale.csv"


def lists(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def table_of(cells, decimal=""):
    """(the table in these lines, what was said of it)"""
    listing = shape.table(reading.Lines("list", cells, "", decimal))
    return listing.frame, pd.DataFrame(listing.notes, columns=checks.COLUMNS)


def tabled(text, name="Name"):
    """A table as the importer sees it, from lines of comma separated cells."""
    rows = [line.split(",") for line in text.strip().splitlines()]
    return table_of(pd.DataFrame(rows, index=range(1, len(rows) + 1), dtype=object).fillna(""))[0]


def landed(frame, mapping=None, text=None, replace=False, decimal=""):
    """(text tables after the merge, what was merged)"""
    text = stores.blank("x") if text is None else text
    merged = merging.merge(
        text, frame, columns.propose(frame) if mapping is None else mapping, replace, decimal
    )
    return base.recorded(text, merged.changes)[0], merged


def customers(text):
    return {row["name"]: row for row in text["customers"].to_dict("records")}


def said(merged):
    return " ".join(f"{note['row']} {note['message']}" for note in merged.notes)


def quick(*args, **more):
    return CliRunner().invoke(cli.app, [str(a) for a in args], prog_name="kam", **more)


def kam(*args, cwd=ROOT, **more):
    return subprocess.run(
        [sys.executable, "-m", "kamlib.cli", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        **more,
    )


# -- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, value",
    [
        ("£1,234.50", "1234.5"),
        ("1.234,56 €", "1234.56"),
        ("(300)", "-300"),
        ("1 234", "1234"),
        ("-5", "-5"),
        ("1\u00a0234,5", "1234.5"),
        ("1\u202f234", "1234"),
        ("n/a", ""),
        ("?", ""),
        ("", ""),
        ("–", ""),
        ("300-", "-300"),
        ("1'234.50", "1234.5"),
        ("CHF 1’200.–", "1200"),
        ("1.2m", "1200000"),
        ("3k", "3000"),
        ("1,5 Mio. €", "1500000"),
        ("1,234", "1234"),
        ("1.234", "1234"),
        ("0.123", "0.123"),
        ("0,500", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("12,34,567.8", "1234567.8"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1e5", "100000"),
        ("-1.5E+06", "-1500000"),
        ("EUR 5", "5"),
        ("-£300", "-300"),
        ("£-300", "-300"),
        ("(-300)", "-300"),
        ("5 USD", "5"),
        ("+7", "7"),
        ("00012", "12"),
        ("５", "5"),
        ("−4", "-4"),
        ("9000000", "9000000"),
        ("-0", "0"),
        ("Unbekannt", ""),
        ("1234.5678", "1234.5678"),
    ],
)
def test_a_number_as_people_write_it(text, value):
    assert figures.numbers([text]) == ([value], [])


@pytest.mark.parametrize(
    "text",
    [
        "12%",
        "abc",
        "12 34",
        "1.234.56",
        "1,234.567,8",
        "٣",
        "#REF!",
        "1e999",
        "9" * 400,
        "1/2",
        "2026-01-01",
        "5 5 5",
        "1,2,3",
        "=1+1",
        "1.2.2026",
        "--5",
        "ca. 5",
        "5 km",
    ],
)
def test_what_is_no_number_is_never_guessed(text):
    assert figures.numbers([text]) == ([""], [0])
    with pytest.raises((ValueError, OverflowError)):
        figures.number(text)


@pytest.mark.parametrize(
    "column, values",
    [
        (["1.234", "2.500,5"], ["1234", "2500.5"]),
        (["1.234", "2.5"], ["1.234", "2.5"]),
        (["1,234", "12,5"], ["1.234", "12.5"]),
        (["1,234", "2.5"], ["1234", "2.5"]),
        (["1.234", "x"], ["1234", ""]),
        (["1.234", "1.234.567"], ["1234", "1234567"]),
        (["1,234", "1,234,567"], ["1234", "1234567"]),
    ],
)
def test_a_column_decides_once_what_its_marks_mean(column, values):
    assert figures.numbers(column)[0] == values


def test_what_excel_says_is_a_number_keeps_its_point():
    assert figures.numbers(["1.234", "1,234.5", "7"], ".")[0] == ["1.234", "1234.5", "7"]


@given(st.floats(-1e9, 1e9).map(lambda v: round(v, 2)), st.sampled_from(["de", "en", "ch", "fr"]))
def test_a_number_comes_back_from_every_way_of_writing_it(value, style):
    plain = f"{abs(value):,.2f}"
    marks = {"de": ".,", "en": ",.", "ch": "'.", "fr": "\u202f,"}[style]
    written = plain.translate(str.maketrans({",": marks[0], ".": marks[1]}))
    shown = f"({written} €)" if value < 0 else f"£{written}"
    assert float(figures.numbers([shown])[0][0]) == pytest.approx(value, abs=1e-9)


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading_of_numbers(text):
    found, bad = figures.numbers([text])
    assert len(found) == 1 and (found[0] == "" or float(found[0]) == float(found[0])) and bad in ([], [0])
    figures.is_number(text)


# -- reading ----------------------------------------------------------------------------------------

TABLE = "Firma;Umsatz\nMüller & Söhne;1.234,50\nÉté;2\nZoë;3\n"


@pytest.mark.parametrize(
    "codec, said",
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
        ("latin-1", "Windows-1252"),
    ],
)
def test_every_encoding(codec, said, tmp_path):
    lines = reading.read(lists(tmp_path / "l.csv", TABLE, codec))
    assert lines.about == f"{said}, separated by semicolons" and lines.cells.iloc[1, 0] == "Müller & Söhne"


def test_a_file_of_two_encodings_loses_no_letter(tmp_path):
    raw = "Name\nMüller\nÉté\nZoë\nGroß\n".encode() + "Bär\n".encode("cp1252")
    lines = reading.read(lists(tmp_path / "l.csv", raw))
    assert lines.cells[0].tolist()[-1] == "Bär" and "line 6" in lines.notes[0]["message"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end(mark, end, tmp_path):
    rows = ["Company|Turnover|City", '"A|B"|1|London', '"Two\nlines"|2|"say ""x"""', "Plain|3|"]
    content = end.join(rows).replace("|", mark).replace('"A' + mark, '"A' + mark) + end
    frame, _ = table_of(reading.read(lists(tmp_path / "l.txt", content)).cells)
    assert frame.to_numpy().tolist() == [
        [f"A{mark}B", "1", "London"],
        ["Two\nlines", "2", 'say "x"'],
        ["Plain", "3", ""],
    ]
    assert columns.propose(frame) == {"name": "Company", "revenue": "Turnover"}


def test_decimal_commas_do_not_pass_for_separators(tmp_path):
    content = "Kunden\n\nFirma;Umsatz;Gewinn\n" + "".join(f"Firma {i};1.000,50;2,5\n" for i in range(9))
    assert "semicolons" in reading.read(lists(tmp_path / "l.csv", content)).about


def test_excels_own_line_for_the_separator(tmp_path):
    lines = reading.read(lists(tmp_path / "l.csv", "sep=|\r\nName|Sales, net\r\nA, B|1\r\n"))
    assert lines.cells.to_numpy().tolist() == [["Name", "Sales, net"], ["A, B", "1"]]
    assert list(lines.cells.index) == [2, 3]


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7 x", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"<html><table>", "a web page"),
        (b'{"a": 1}', "JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old .xls"),
        (b"SQLite format 3\0", "a workbook"),
        (bytes(range(256)) * 20, "not a text file"),
        (b"Name,Revenue\n", "no customers"),
        (b'Name,Sales\n"Acme,1\nBrix,2\n', "line 2: a quotation mark opens here and is not closed"),
        (b"PK\x03\x04rubbish", "not a sound .xlsx"),
        (b"Name\n" + b"x" * 11_000_000, "more than 10 million characters"),
        (b"x," * 400 + b"x\n" + b"1," * 400 + b"1\n", "401 columns"),
        (b"x\n" * 200_002, "at most 200,000"),
    ],
    ids=range(16),
)
def test_what_is_no_list_is_refused_in_a_sentence(content, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = quick("import-customers", lists(tmp_path / "list.csv", content))
    assert isinstance(result.exception, KamError) and words in str(result.exception)
    assert len(str(result.exception)) < 300 and os.listdir(tmp_path) == ["list.csv"]


def test_what_is_not_there_is_refused_in_a_sentence(tmp_path):
    lists(tmp_path / "customers.csv", "Name\nA\n")
    for name, words in (
        ("custmers.csv", 'Did you mean "customers.csv"'),
        (".", "is a folder"),
        ("no/x.csv", "no folder no"),
    ):
        with pytest.raises(WorkbookError, match=words):
            reading.read(tmp_path / name if name != "." else tmp_path)
    with pytest.raises(WorkbookError, match="no sheets"):
        reading.read(tmp_path / "customers.csv", "Sheet1")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(WorkbookError, match="is not a file"):
        reading.read(tmp_path / "pipe.csv")


def test_far_too_long_a_cell_is_cut_and_said(tmp_path):
    lines = reading.read(lists(tmp_path / "l.csv", "Name,Note\nAcme," + "x" * 50_000 + "\n"))
    assert len(lines.cells.iloc[1, 1]) == 32_000 and "cut after 32,000" in lines.notes[0]["message"]


@given(st.binary(max_size=300))
@settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_bytes_come_they_are_read_or_refused(tmp_path, raw):
    with_text = [raw, b"Name,Revenue\nAcme,1\n" + raw]
    for content in with_text:
        try:
            frame, _ = table_of(reading.read(lists(tmp_path / "any.csv", content)).cells)
            text, merged = landed(frame)
        except KamError:
            continue
        assert not (checks.check(text)["level"] == "error").any()
        assert sum(merged.counts[c] for c in ("added", "updated", "unchanged", "left_out")) == len(frame)


# -- .xlsx ------------------------------------------------------------------------------------------


def book(path, sheets, hidden=()):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_an_xlsx_as_excel_keeps_it(tmp_path):
    rows = [
        ["Customers 2026"],
        [],
        ["Company", "Turnover", "Since", None, "Active"],
        ["NA", 1.234, date(2020, 1, 31), None, True],
        ["Müller", 9_000_000, None, None, False],
    ]
    lines = reading.read(
        book(tmp_path / "l.xlsx", {"About": [["x"]], "List": rows, "Old": [["y"]] * 99}, hidden=["Old"])
    )
    assert lines.about == 'sheet "List" (not read: About, Old; choose with --sheet)'
    frame, report = table_of(lines.cells, lines.decimal)
    text, _ = landed(frame, decimal=lines.decimal)
    assert (
        customers(text)["NA"] | {"revenue": "1.234", "Since": "2020-01-31", "Active": "yes"}
        == customers(text)["NA"]
    )
    assert "Customers 2026" in set(report["found"]) and list(frame.index) == [4, 5]


def test_a_sheet_by_name(tmp_path):
    place = book(tmp_path / "l.xlsx", {"One": [["Name"], ["A"]], "Two": [["Name"], ["B"], ["C"]]})
    assert reading.read(place, " one ").cells[0].tolist() == ["Name", "A"]
    with pytest.raises(WorkbookError, match='no sheet Tow. Did you mean "Two"'):
        reading.read(place, "Tow")


def test_the_customers_of_another_workbook_come_over(tmp_path):
    stores.create(tmp_path / "b.xlsx", small())
    frame, _ = table_of(reading.read(tmp_path / "b.xlsx").cells)
    assert columns.propose(frame) == {f: f for f in ("customer", "name", "segment", "status")}


def test_formulas_give_what_excel_last_showed(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "l.xlsx") as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["Company", "Turnover", "Link"])
        sheet.write_row(1, 0, ["Acme"])
        sheet.write_formula(1, 1, "=1000*2", value=2000)
        sheet.write_formula(1, 2, '=HYPERLINK("http://x")', value="see")
        sheet.write_row(2, 0, ["Brix"])
        sheet.write_formula(2, 1, "=1+1", value="")
        sheet.write_string(2, 2, '=HYPERLINK("http://y")')
    lines = reading.read(tmp_path / "l.xlsx")
    assert lines.cells.to_numpy().tolist()[1:] == [
        ["Acme", "2000", "see"],
        ["Brix", "", '=HYPERLINK("http://y")'],
    ]
    assert [note["row"] for note in lines.notes] == ["line 3"] and "without a result" in lines.notes[0][
        "message"
    ]


def test_bombs_and_other_zips_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<x/>")
        made.writestr("xl/worksheets/sheet1.xml", "<worksheet>" + "a" * 70_000_000)
    good = book(tmp_path / "good.xlsx", {"S": [["Name"], ["A"]]})
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(tmp_path / "entity.xlsx", "w") as made:
        for part in old.namelist():
            content = old.read(part)
            made.writestr(part, b'<!DOCTYPE x [<!ENTITY a "b">]>' + content if "sheet1" in part else content)
    with zipfile.ZipFile(tmp_path / "text.csv", "w") as made:
        made.writestr("list.csv", "Name\nA\n")
    for name, words in (("bomb.xlsx", "MB"), ("entity.xlsx", "entities"), ("text.csv", "no spreadsheet")):
        with pytest.raises(WorkbookError, match=words):
            reading.read(tmp_path / name)


# -- shape ------------------------------------------------------------------------------------------


def test_awkward_headers_each_stand_once():
    frame = tabled("List of customers,,,,,\n,,,,,\nCompany,Note,note,,,Manager\nAcme,a,b,c,,m\nBrix,,,d,,\n")
    assert list(frame.columns) == ["Company", "Note", "note 2", "Column 4", "Manager"]
    text, merged = landed(frame)
    assert merged.columns == {"note 2": "note 2", "Column 4": "Column 4", "Manager": "Manager (list)"}
    assert (
        customers(text)["Acme"] | {"note": "a", "note 2": "b", "Column 4": "c", "Manager (list)": "m"}
        == customers(text)["Acme"]
    )


def test_what_is_passed_over_is_said():
    cells = pd.DataFrame(
        [r.split(",") for r in ["Our list,,,", ",,,", "Name,,Sales,", "A,,1,", "Name,,Sales,", "B,,2,extra"]],
        index=range(1, 7),
        dtype=object,
    )
    frame, report = table_of(cells)
    said = " ".join(report["row"] + " " + report["message"])
    for words in (
        "line 1 This line is above",
        "1 blank line is",
        "1 blank column is",
        "line 5 The header is repeated here",
        "line 6 This line has more cells than the header",
    ):
        assert words in said
    assert frame.to_dict("list") == {"Name": ["A", "B"], "Sales": ["1", "2"], "Column 4": ["", "extra"]}


@pytest.mark.parametrize(
    "content, headers, first",
    [
        ("Acme\nBrix\nCorp\n", ["Name"], "Acme"),
        ("Customer\nAcme\n", ["Customer"], "Acme"),
        ("Acme,London,12\nBrix,Paris,13\n", ["Column 1", "Column 2", "Column 3"], "Acme"),
        ("Company,2024,2025\nAcme,1,2\n", ["Company", "2024", "2025"], "Acme"),
        ("Foo,Bar\nAcme,1\nBrix,2\n", ["Foo", "Bar"], "Acme"),
        ("Acme,London\nBrix,London\n", ["Column 1", "Column 2"], "Acme"),
        ("Foo,Bar\nAcme,London\nBrix,Paris\n", ["Foo", "Bar"], "Acme"),
    ],
)
def test_where_the_header_stands(content, headers, first):
    frame = tabled(content)
    assert list(frame.columns) == headers and frame.iloc[0, 0] == first


def test_ragged_rows_are_kept_and_said(tmp_path):
    lines = reading.read(lists(tmp_path / "l.csv", "Name,Sales,City\nA,1,x\nB\nC,3,y,more\nD,4,z\n"))
    frame, report = table_of(lines.cells)
    assert lines.notes[0]["row"] == "line 3" and "fewer cells" in lines.notes[0]["message"]
    assert "line 4" in set(report["row"]) and frame.loc[4, "Column 4"] == "more" and len(frame) == 4


def test_a_quotation_mark_out_of_place_is_taken_as_it_stands(tmp_path):
    lines = reading.read(lists(tmp_path / "l.csv", 'Name,Sales\n5" pipes,1\n"Brix" Ltd,2\nC,3\n'))
    assert (
        lines.cells[0].tolist() == ["Name", '5" pipes', "Brix Ltd", "C"] and lines.notes[0]["row"] == "line 3"
    )


@pytest.mark.parametrize(
    "block, headers, rows",
    [
        ("Company\tTurnover\r\nAcme\t1,200\r\n", ["Company", "Turnover"], [["Acme", "1,200"]]),
        ("Acme\nBrix, Inc.\n\nCorp", ["Name"], [["Acme"], ["Brix, Inc."], ["Corp"]]),
        ("Name\nAcme", ["Name"], [["Acme"]]),
        ("Acme", ["Name"], [["Acme"]]),
        ("Acme\tLondon\nBrix\tParis", ["Column 1", "Column 2"], [["Acme", "London"], ["Brix", "Paris"]]),
        ('"Acme\nHolding"\t5\nBrix\t6', ["Column 1", "Column 2"], [["Acme\nHolding", "5"], ["Brix", "6"]]),
        ('5" pipes\n"Acme', ["Name"], [['5" pipes'], ['"Acme']]),
        ("Firma;Umsatz;Ort\nA;1;x", ["Firma", "Umsatz", "Ort"], [["A", "1", "x"]]),
    ],
)
def test_a_block_pasted_from_a_spreadsheet(block, headers, rows):
    frame = shape.from_text(block).frame
    assert list(frame.columns) == headers and frame.to_numpy().tolist() == rows
    assert columns.propose(frame)["name"] == headers[0]


@pytest.mark.parametrize("block", ["", "  \n\t\n", "Name\n"])
def test_a_block_without_a_name_is_refused(block):
    with pytest.raises(WorkbookError):
        shape.from_text(block)


# -- mapping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header, row, expected",
    [
        (
            "Company,Turnover 2024,Turnover 2025,Gross margin",
            "Acme,1,2,3",
            {"name": "Company", "revenue": "Turnover 2025", "profit": "Gross margin"},
        ),
        (
            "Kd-Nr.,Firma,Branche,Umsatz (T€),Deckungsbeitrag,Bemerkung",
            "1,Acme,Bau,2,3,ja",
            {
                "customer": "Kd-Nr.",
                "name": "Firma",
                "segment": "Branche",
                "revenue": "Umsatz (T€)",
                "profit": "Deckungsbeitrag",
                "note": "Bemerkung",
            },
        ),
        (
            "Raison sociale,Secteur,CA 2025,Résultat,Remarques",
            "Acme,Bât,2,3,ok",
            {
                "name": "Raison sociale",
                "segment": "Secteur",
                "revenue": "CA 2025",
                "profit": "Résultat",
                "note": "Remarques",
            },
        ),
        (
            "Razón social,Facturación,Beneficio,Observaciones",
            "Acme,2,3,x",
            {
                "name": "Razón social",
                "revenue": "Facturación",
                "profit": "Beneficio",
                "note": "Observaciones",
            },
        ),
        (
            "Customer,Customer Name,Account manager,Sales target,Sales",
            "C001,Acme,Jo,5,6",
            {"customer": "Customer", "name": "Customer Name", "revenue": "Sales"},
        ),
        ("CustomerId,Spend", "7,5", {"customer": "CustomerId"}),
        (
            "account,status,potential profit,margin %,sales region",
            "Acme,Existing,9,12,North",
            {"name": "account", "status": "status", "potential_profit": "potential profit"},
        ),
        ("Account,Status,Revenue", "Acme,gold,lots", {"name": "Account"}),
        ("Foo,Bar", "Acme Ltd,5", {"name": "Foo"}),
        ("Foo,Bar", "a@b.com,5", {}),
        (
            "customer,name,segment,status,note,revenue,profit,potential_profit",
            "a,A,s,current,n,1,2,3",
            {f: f for f in columns.FIELDS if f != "parent"},
        ),
    ],
)
def test_columns_are_known_by_their_names_and_contents(header, row, expected):
    assert columns.propose(tabled(f"{header}\n{row}")) == expected


def test_a_column_of_many_values_is_no_segment_and_one_of_repeats_no_id():
    rows = "\n".join(f"Firm {i},Sector {i},{i % 3}" for i in range(60))
    assert columns.propose(tabled(f"Company,Sector,ID\n{rows}")) == {"name": "Company"}


def test_a_mapping_given_overrules_and_wrong_names_are_said():
    frame = tabled("Company,Umsatz 2024,Umsatz 2025\nAcme,1,2")
    assert columns.choose(frame, "customers", ["revenue= umsatz  2024", "name="]) == {
        "revenue": "Umsatz 2024"
    }
    assert columns.choose(frame, "customers", ["note=Company"]) == {
        "note": "Company",
        "revenue": "Umsatz 2025",
    }
    for pair, words in (
        ("nmae=Company", 'Did you mean "name"'),
        ("name=Compny", 'Did you mean "Company"'),
        ("Company", "FIELD=HEADER"),
        ("manager=Company", "Known|mean"),
    ):
        with pytest.raises(InvalidInput, match=words):
            columns.choose(frame, "customers", [pair])
    with pytest.raises(InvalidInput, match="no column"):
        merging.merge(stores.blank(), frame, {"name": "Compny"})
    with pytest.raises(InvalidInput, match='no field "manager"'):
        merging.merge(stores.blank(), frame, {"manager": "Company"})


@pytest.mark.parametrize(
    "word, status",
    [
        ("Current", "current"),
        ("Bestandskunde", "current"),
        ("client actuel", "current"),
        ("Interessent", "prospect"),
        ("LEAD", "prospect"),
        ("Potenzieller Kunde", "prospect"),
        ("maybe", ""),
        ("", ""),
    ],
)
def test_status_in_several_languages(word, status):
    assert status_of(word) == status


# -- merging ----------------------------------------------------------------------------------------


def test_the_known_answers_of_a_small_list():
    frame = tabled(
        "Kd-Nr,Firma,Branche,Status,Umsatz,Ort\n1,Acme,North,aktiv,£1.5,x\n2,Bryce,Neu,wer weiß,(5),\n"
        "3,Corp,neu,,viel,z\n,Summe,,,-3.5,"
    )
    text, merged = landed(frame, text=small())
    rows = {row["customer"]: row for row in text["customers"].to_dict("records")}
    assert rows["acme"] == {
        "customer": "acme",
        "name": "Acme",
        "segment": "north",
        "status": "current",
        "revenue": "1.5",
        "Ort": "x",
        "Status (list)": "",
        "Umsatz (list)": "",
        "Kd-Nr (list)": "1",
    }
    assert (
        rows["2"]
        | {"segment": "neu", "status": "", "revenue": "", "Status (list)": "wer weiß", "Umsatz (list)": "(5)"}
        == rows["2"]
    )
    assert rows["3"] | {"segment": "neu", "revenue": "", "Umsatz (list)": "viel"} == rows["3"]
    assert text["segments"].to_numpy().tolist() == [["north", "North"], ["neu", "Neu"]]
    assert merged.counts == {"rows": 4, "added": 2, "updated": 1, "unchanged": 0, "left_out": 1, "kept": 0}
    spots = [[note[c] for c in ("row", "column", "found")] for note in merged.notes]
    for spot in (["line 3", "Status", "wer weiß"], ["line 3", "Umsatz", "(5)"], ["line 4", "Umsatz", "viel"]):
        assert spot in spots
    assert "line 5 This line is a total" in said(merged)
    assert not (checks.check(text)["level"] == "error").any()


def test_a_known_customer_is_completed_and_only_replaced_on_request():
    frame = tabled("Company,Status,Turnover,Note,City\n ACME ,prospect,7,,Rome\nBrix,prospect,8,new,")
    text = small()
    text["customers"]["revenue"] = ["5", ""]
    after, merged = landed(frame, text=text)
    assert (
        customers(after)["Acme"] | {"status": "current", "revenue": "5", "City": "Rome"}
        == customers(after)["Acme"]
    )
    assert customers(after)["Brix"] | {"revenue": "8", "note": "new"} == customers(after)["Brix"]
    assert merged.counts == {"rows": 2, "added": 0, "updated": 2, "unchanged": 0, "left_out": 0, "kept": 2}
    assert 'revenue is "5" in the workbook, which stays' in said(merged)
    after, merged = landed(frame, text=text, replace=True)
    assert customers(after)["Acme"] | {"status": "prospect", "revenue": "7"} == customers(after)["Acme"]
    assert merged.counts["kept"] == 0 and text["customers"]["revenue"].tolist() == ["5", ""]


def test_the_same_number_written_otherwise_is_no_change():
    text = small()
    text["customers"]["revenue"] = ["1234,5", ""]
    _, merged = landed(tabled("Company;Revenue\nAcme;1234.50".replace(";", ",")), text=text)
    assert merged.counts["unchanged"] == 1 and not merged.changes


def test_duplicates_are_kept_apart_and_identical_rows_taken_once():
    frame = tabled("Name,City\nAcme,Rome\nacme,Oslo\nAcme,Rome\n,Paris\nBrix,")
    text, merged = landed(frame)
    assert text["customers"][["customer", "name", "City"]].to_numpy().tolist() == [
        ["acme", "Acme", "Rome"],
        ["acme_2", "acme", "Oslo"],
        ["brix", "Brix", ""],
    ]
    assert "line 3 Line 2 has the same name" in said(
        merged
    ) and "line 4 This line is the same as line 2" in said(merged)
    assert "line 5 This line has no name" in said(merged) and merged.counts["left_out"] == 2
    assert landed(frame, text=text)[1].changes == []


def test_ids_of_the_list_are_kept_and_a_second_one_is_numbered():
    frame = tabled("Customer no,Name\nK 1,Acme\nk_1,Brix\n,Corp\n007,Corp")
    text, merged = landed(frame, {"customer": "Customer no", "name": "Name"})
    assert text["customers"]["customer"].tolist() == ["K_1", "k_1_2", "corp", "007"]
    assert "The id stands in line 2 too" in said(merged)
    assert landed(frame, {"customer": "Customer no", "name": "Name"}, text)[1].changes == []


def test_a_list_of_orders_is_called_one():
    frame = tabled("Customer,Amount\n" + "\n".join(f"Acme,{i}" for i in range(9)))
    assert "as in a list of orders" in said(landed(frame)[1])


def test_a_list_of_orders_without_names_is_called_one():
    frame = tabled(
        "order,customer_id,sales_outlet_id\n" + "\n".join(f"{i},{i % 3},{i % 2}" for i in range(9))
    )
    assert columns.propose(frame) == {} and "customer_id names a customer in several lines" in said(
        landed(frame)[1]
    )


def test_a_company_called_total_is_no_total():
    text, merged = landed(tabled("Name,Sales\nTotal,5\nA,1\nB,2\nC,3\nTotal Gas,9\nGrand total,11"))
    assert set(customers(text)) == {"Total", "A", "B", "C", "Total Gas"} and merged.counts["left_out"] == 1


def test_ids_are_short_different_and_plain():
    made = identity.ids(
        ["Alder & Co", "Müller Söhne", "株式会社", "alder co", "", "x" * 99, "a/b"], ["alder_co"]
    )
    assert made == ["alder_co_2", "muller_sohne", "customer", "alder_co_3", "customer_2", "x" * 40, "a_b"]
    few, many = (calls(lambda n=n: identity.ids(["Acme"] * n)) for n in (500, 5_000))
    assert len(set(identity.ids(["Acme"] * 5_000))) == 5_000 and many < 15 * few


def test_columns_that_would_collide_get_a_suffix():
    frame = tabled("Firm name,SEGMENT,Row_,Revenue,revenue,ROW_,customer\nAcme,1,2,x,3,4,5")
    text, _ = landed(frame, {"name": "Firm name"})
    assert list(text["customers"].columns)[-6:] == [
        "SEGMENT (list)",
        "Row_ (list)",
        "Revenue (list)",
        "revenue 2",
        "ROW_ 2",
        "customer (list)",
    ]
    assert landed(frame, {"name": "Firm name"}, text)[1].changes == []


def test_a_column_the_workbook_has_already_is_used_again():
    first, _ = landed(tabled("Name,Region\nAcme,North"))
    after, merged = landed(tabled("Name,REGION\nBrix,South"), text=first)
    assert list(after["customers"].columns).count("Region") == 1 and merged.columns == {"REGION": "Region"}


def test_more_columns_than_a_workbook_holds_are_refused():
    header, row = ",".join(f"c{i}" for i in range(299)), ",".join("x" * 299)
    with pytest.raises(WorkbookError, match="at most 300"):
        landed(tabled(f"Name,{header}\nAcme,{row}"))


def test_only_columns_that_look_like_a_slip_are_found_in_the_customers():
    book = small() | {
        "customers": small()["customers"].assign(Region="x", revenu="1", **{"Status (list)": "y"})
    }
    found = checks.check(book)
    assert found["column"].tolist() == ["revenu"] and 'Did you mean "revenue"?' in found["message"][0]
    assert not checks.check(small() | {"people": small()["people"].assign(Region="x")}).empty


@pytest.mark.parametrize(
    "money, code", [("1 €", "EUR"), ("£1", "GBP"), ("$1", "USD"), ("CHF 1", "CHF"), ("1", "")]
)
def test_the_currency_is_read_off_the_money(money, code):
    frame = tabled(f"Name,Revenue\nAcme,{money}")
    assert columns.currency(frame, columns.propose(frame)) == code


# -- properties -------------------------------------------------------------------------------------

texts = st.one_of(
    st.sampled_from(
        [
            "",
            "Acme",
            "acme",
            "ACME ",
            "Total",
            "5",
            "1.234,5",
            "-3",
            "n/a",
            "=1+1",
            "current",
            "Lead",
            "us",
            "row_",
            "north",
            "North",
            "x\ny",
            "customer",
            "\x00\x1b[31m",
            "é",
            "1e400",
            "NA",
        ]
    ),
    st.text(max_size=8),
)
heads = st.one_of(
    st.sampled_from(["Name", "name", "Revenue", "Status", "Segment", "ID", "row_", "Note", "", "Total"]),
    st.text(max_size=6),
)


@st.composite
def any_list(draw):
    width = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=8))
    return pd.DataFrame(
        [draw(st.lists(heads, min_size=width, max_size=width)), *rows],
        dtype=object,
        index=range(1, len(rows) + 2),
    )


@settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_list(), st.booleans(), st.booleans(), st.data())
def test_every_row_is_accounted_for_and_a_second_time_nothing_changes(cells, replace, fresh, data):
    try:
        frame, _ = table_of(cells)
    except WorkbookError:
        return
    mapping = data.draw(
        st.dictionaries(st.sampled_from(columns.FIELDS), st.sampled_from(list(frame.columns)))
    )
    mapping = data.draw(st.sampled_from([mapping, columns.propose(frame)]))
    before = stores.blank() if fresh else small()
    try:
        text, merged = landed(frame, mapping, before, replace)
    except InvalidInput:  # nothing tells which customer of the workbook a line is
        assert not {"name", "customer"} & mapping.keys() and not fresh
        return
    counts = merged.counts
    assert (
        counts["rows"] == len(frame) == sum(counts[c] for c in ("added", "updated", "unchanged", "left_out"))
    )
    assert not (checks.check(text)["level"] == "error").any()
    assert len(text["customers"]) == len(before["customers"]) + counts["added"]
    for header in frame.columns:  # nothing of a column without a field is lost
        if header not in mapping.values() and header in merged.columns:
            kept = set(text["customers"][merged.columns[header]])
            assert fresh is False or len(kept - {""}) <= len(set(frame[header]))
    again = landed(frame, mapping, text, replace=False)[1]
    assert again.changes == [] and again.counts["added"] == 0


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_list())
def test_a_workbook_takes_every_list_and_gives_it_back(tmp_path, cells):
    try:
        frame, _ = table_of(cells)
    except WorkbookError:
        return
    place = Path(tempfile.mkdtemp(dir=tmp_path)) / "w.kam"
    store = stores.create(place, stores.blank("x"))
    base.put_all(store, lambda now: merging.merge(now, frame, columns.propose(frame)).changes)
    read = stores.open_store(place).read()
    wanted = landed(frame)[0]["customers"]
    assert read["customers"].to_numpy().tolist() == wanted.to_numpy().tolist()
    assert list(read["customers"].columns) == list(wanted.columns)
    assert merging.merge(read, frame, columns.propose(frame)).changes == []


# -- into the stores --------------------------------------------------------------------------------


def test_the_history_tells_it_and_errors_write_nothing(tmp_path):
    store = stores.create(tmp_path / "b.kam", small())
    frame = tabled("Company,Turnover\nAcme,5\nNew one,6")
    told = base.put_all(store, lambda now: merging.merge(now, frame, columns.propose(frame)).changes, "ann")
    history = stores.open_store(tmp_path / "b.kam").read()["history"]
    assert (
        history[["who", "key", "column", "old", "new"]].to_numpy().tolist()
        == [
            ["ann", '{"customer": "acme"}', "revenue", "", "5"],
            ["ann", '{"customer": "new_one"}', "customer", "", "new_one"],
            ["ann", '{"customer": "new_one"}', "name", "", "New one"],
            ["ann", '{"customer": "new_one"}', "revenue", "", "6"],
        ]
        and len(told) == 4
    )
    before = bytes_of(tmp_path)
    with pytest.raises(KamError, match="has 1 error"):
        base.put_all(store, lambda _: [Change("customers", {"customer": "acme"}, {"revenue": "lots"})])
    assert {p: c for p, c in bytes_of(tmp_path).items() if "-wal" not in p} == {
        p: c for p, c in before.items() if "-wal" not in p
    }


def test_a_long_list_is_told_in_brief(monkeypatch):
    monkeypatch.setattr(base, "MOST_TOLD", 3)
    frame = tabled("Company,Turnover\nAcme,5\nNew one,6\nOther,7")
    merged = merging.merge(small(), frame, columns.propose(frame))
    _, story = base.recorded(small(), merged.changes, "ann")
    assert [(row["column"], row["new"]) for row in story] == [
        ("revenue", "5"),
        ("customer", "new_one"),
        ("customer", "other"),
    ]


def awkward(rows=440):
    """A customer list as a German accounting program writes it: cp1252, semicolons, blanks, one blank header."""
    dice = random.Random(7)
    lines = ["Kundenliste Größe A-Z;;;;;;;", "", "Kd-Nr;Firma;;Umsatz 2025 in £;Branche;Ort;;Ansprechpartner"]
    for i in range(rows):
        value = 0 if i == 0 else 9_000_000 if i == 1 else dice.uniform(0, 9e6)
        money = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
        branch = dice.choice(["Bäcker", "Händler", "Büro", "Öl & Gas"])
        lines.append(f"{10_000 + i};Müller & Söhne Nr. {i};x{i % 7};{money};{branch};Köln;;Frau Weiß")
    return "\r\n".join(lines).encode("cp1252")


def test_440_awkward_rows_are_read(tmp_path):
    source, place = lists(tmp_path / "liste.csv", awkward()), tmp_path / "book.kam"
    first = quick("import-customers", source, place)
    assert first.exit_code == 0, first.exception
    assert "440 rows, 7 columns (Windows-1252, separated by semicolons)" in first.stdout
    assert "name = Firma" in first.stdout and "revenue = Umsatz 2025 in £" in first.stdout
    assert (
        f"440 added, 0 updated, 0 unchanged, 0 left out: {place}" in first.stdout
        and "Column 3" in first.stdout
    )
    text = stores.open_store(place).read()
    revenue = text["customers"]["revenue"].astype(float)
    assert (revenue.min(), revenue.max(), len(revenue)) == (0, 9_000_000, 440)
    assert text["customers"]["Ort"].tolist() == ["Köln"] * 440 and len(text["segments"]) == 4
    assert text["settings"].set_index("key")["value"].to_dict()["currency"] == "GBP"
    assert quick("check", place).exit_code == 0
    before = bytes_of(tmp_path)
    again = quick("import-customers", source, place)
    assert "0 added, 0 updated, 440 unchanged" in again.stdout
    assert {p: c for p, c in bytes_of(tmp_path).items() if "-wal" not in p} == {
        p: c for p, c in before.items() if "-wal" not in p
    }


def test_the_wholesalers_list_that_has_no_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = quick("import-customers", WHOLESALE)
    assert (
        result.exit_code == 0 and "No column holds names" in result.stdout and "Customer 001" in result.stdout
    )
    text = stores.open_store("wholesale.kam").read()
    source = pd.read_csv(WHOLESALE)
    kept = text["customers"][list(source.columns)].astype(int)
    assert kept.to_numpy().tolist() == source.to_numpy().tolist() and len(kept) == 440
    assert text["customers"]["name"].tolist()[::439] == ["Customer 001", "Customer 440"]
    assert quick("check", "wholesale.kam").exit_code == 0
    assert "440 unchanged" in quick("import-customers", WHOLESALE).stdout


# -- the command ------------------------------------------------------------------------------------


def test_the_command_as_a_newcomer_types_it(tmp_path, monkeypatch, capsys):
    lists(tmp_path / "our customers.csv", 'Company,Turnover\nAcme,"£1,200"\nBrix,\n')
    done = kam("import-customers", "our customers.csv", cwd=tmp_path, input="")
    assert (
        done.returncode == 0 and "Open it: kam workshop our customers.kam" in done.stdout and not done.stderr
    )
    assert quick("check", tmp_path / "our customers.kam").exit_code == 0
    monkeypatch.chdir(tmp_path)
    for wrong, words in (
        (["our customers.csv", "--map", "nmae=Company"], 'Did you mean "name"?'),
        (["our custmers.csv"], "Did you mean"),
    ):
        with pytest.raises(SystemExit) as end:
            cli.main(["import-customers", *wrong])
        assert end.value.code == 2 and words in capsys.readouterr().err


def test_a_dry_run_writes_nothing(tmp_path):
    source = lists(tmp_path / "l.csv", "Company\nAcme\n")
    stores.create(tmp_path / "b.kam", small())
    before = bytes_of(tmp_path)
    for place in (tmp_path / "b.kam", tmp_path / "new.kam"):
        result = quick("import-customers", source, place, "--dry-run")
        assert (
            result.exit_code == 0 and "nothing is written" in result.stdout and "Open it" not in result.stdout
        )
    assert bytes_of(tmp_path) == before


def test_ten_remarks_are_shown_and_the_others_counted(tmp_path):
    source = lists(
        tmp_path / "l.csv",
        "Company,Turnover\n" + "".join(f"Firm {i},{i if i > 24 else 'lots'}\n" for i in range(90)),
    )
    shown = quick("import-customers", source, tmp_path / "b", "--dry-run").stdout
    assert shown.count("not read as a number") == 10 and "... and 15 more; --all lists them" in shown
    assert (
        quick("import-customers", source, tmp_path / "b", "--dry-run", "--all").stdout.count("not read as")
        == 25
    )


def test_many_remarks_of_one_kind_do_not_hide_another(tmp_path):
    rows = "".join(f"Firm {i % 40},x{i},{i}\n" for i in range(60)) + "Last,y,lots\n"
    source = lists(tmp_path / "l.csv", "Company,City,Turnover\n" + rows)
    shown = quick("import-customers", source, tmp_path / "b", "--dry-run").stdout
    assert "has the same name" in shown and "not read as a number" in shown and "... and 11 more" in shown


def test_replace_map_and_sheet_on_the_command_line(tmp_path):
    source = book(
        tmp_path / "l.xlsx",
        {"A": [["x"], ["y"], ["z"], ["w"]], "B": [["Was", "Wieviel"], ["Acme", 5], ["Brix", 6]]},
    )
    stores.create(tmp_path / "b.kam", small())
    options = ("--sheet", "b", "--map", "name=Was", "-m", "revenue=wieviel")
    assert "2 updated" in quick("import-customers", source, tmp_path / "b.kam", *options).stdout
    source = lists(tmp_path / "l.csv", "Name,Revenue\nAcme,50\n")
    assert 'revenue is "5" in the workbook' in quick("import-customers", source, tmp_path / "b.kam").stdout
    assert "1 updated" in quick("import-customers", source, tmp_path / "b.kam", "--replace").stdout
    assert customers(stores.open_store(tmp_path / "b.kam").read())["Acme"]["revenue"] == "50"


def test_a_workbook_with_errors_and_the_list_itself_are_no_place(tmp_path):
    bad = small()
    bad["scores"].loc[0, "score"] = "eleven"
    stores.create(tmp_path / "bad", bad)
    before = bytes_of(tmp_path / "bad")
    source = lists(tmp_path / "l.csv", "Company\nAcme\n")
    assert "1 error" in str(quick("import-customers", source, tmp_path / "bad").exception)
    assert "is the list" in str(quick("import-customers", source, source).exception)
    assert "not a workbook" in str(quick("import-customers", source, ROOT / "README.md").exception)
    assert bytes_of(tmp_path / "bad") == before


class Terminal(io.StringIO):
    def isatty(self):
        return True


def asked(monkeypatch, content, answers, *options):
    """What the command says on a terminal where these answers are typed."""
    monkeypatch.setattr(cli.sys, "stdin", Terminal("\n".join(answers) + "\n"))
    frame = tabled(content)
    return commands.asked(frame, columns.choose(frame, "customers"), "--ask" in options)


def test_on_a_terminal_what_is_unclear_is_asked(monkeypatch, capsys):
    numbers = "Foo,Bar\n1,2\n3,4"
    assert asked(monkeypatch, numbers, ["2"]) == {"name": "Bar"}
    assert asked(monkeypatch, numbers, ["Baz", "foo"]) == {"name": "Foo"}
    assert "no column" in capsys.readouterr().out
    assert asked(monkeypatch, numbers, [""]) == {}
    assert asked(monkeypatch, "Company,Sales\nAcme,1", []) == {"name": "Company", "revenue": "Sales"}
    every = asked(monkeypatch, "Company,Sales\nAcme,1", ["", "", "", "2", "-", "", "", "", ""], "--ask")
    assert every == {"name": "Company", "profit": "Sales"}


def test_without_a_terminal_nothing_is_asked(tmp_path):
    source = lists(tmp_path / "l.csv", "Foo,Bar\n1,2\n")
    done = kam("import-customers", source, tmp_path / "b.kam", "--ask", stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "Which column" not in done.stdout


def test_what_the_list_says_cannot_steer_the_terminal(tmp_path):
    source = lists(tmp_path / "l.csv", "Name,\x1b]0;x\x07Revenue\nAcme,\x1b[31mred\n")
    shown = quick("import-customers", source, tmp_path / "b", "--dry-run").stdout
    assert "\x1b" not in shown and "\x07" not in shown


def test_the_work_grows_with_the_list_and_no_faster(tmp_path):
    def work(count):
        rows = "".join(f"K{i};Firma {i};{i % 9};1.{i % 900 + 100},50;x;y;z\n" for i in range(count))
        source = lists(tmp_path / f"{count}.csv", "Kd-Nr;Firma;Branche;Umsatz;a;b;c\n" + rows)
        done: list = []
        counted = calls(lambda: done.append(quick("import-customers", source, tmp_path / f"{count}.kam")))
        assert f"{count:,} added" in done[0].stdout
        return counted

    assert work(2_000) < 6 * work(500)


def test_what_the_screen_says_of_a_list_names_no_option_of_the_command_line(tmp_path):
    """The screen shows the message, with the columns to choose from beside it; only the command adds its hint."""
    place = lists(
        tmp_path / "l.csv", "Wer,Umsatz netto,Umsatz brutto\nAcme AG,1000,1190\nBolt GmbH,2000,2380\n"
    )
    listing = shape.table(reading.read(place))
    notes = columns.remarks(listing, columns.propose(listing.frame), "customers")
    assert any("guess" in note.message and "-m" in note.hint for note in notes)
    assert not [note.message for note in notes if " -" in note.message]


# -- a scoring sheet


def scoring(tmp_path, content, *more):
    """What `kam import-scores` says of a sheet, and the scores of the workbook `small` then."""
    place = tmp_path / "w.kam"
    if not place.exists():
        book = small()
        book["factors"] = pd.concat(
            [book["factors"], book["factors"].head(1).assign(factor="fit", label="Good fit")]
        )
        stores.create(place, book)
    done = quick("import-scores", lists(tmp_path / "s.csv", content), place, *more)
    text = stores.load(place, read_only=True)[1]
    assert checks.check(text).empty
    rows = text["scores"][text["scores"]["model"] == "attractiveness"]
    cells = {f"{r['subject']} {r['factor']}": r["score"] for r in rows.to_dict("records") if r["score"]}
    return " ".join(f"{done.output} {done.exception or ''}".split()), cells


BEFORE = {"acme growth": "7"}


@pytest.mark.parametrize(
    ("content", "more", "says", "then"),
    [
        (
            "Kunde;Growth;Good fit;Sum\nAcme;9;6;15\nBrix;0;;0\n",
            (),
            "Scale 9-6-3-0, as the scores show. Theirs = ours: 0 = 1, 6 = 7, 9 = 10. Another one?",
            {"acme fit": "7", "brix growth": "1"},
        ),
        (
            "Company,Criterion,Rating\nacme,fit,2\nAcme,Good fit,2\nBrix,growth,5\nBrix,Size,1\n",
            ("--scale", "1-5"),
            "Scale 1-5, as you said. Theirs = ours: 1 = 1, 2 = 3.5, 5 = 10.",
            {"acme fit": "3.5", "brix growth": "10"},
        ),
        ("Name;Note 1\nBrix;2\n", ("--scale", "6-1", "-m", "growth=Note 1"), "2 = 8", {"brix growth": "8"}),
        ("Name;growth;fit\nBrix;9;6,5\n", (), "Scale 1-10, as", {"brix growth": "9", "brix fit": "6.5"}),
        ("Name;growth;fit\nBrix;10;0\n", (), "Scale 0-10, as", {"brix growth": "10", "brix fit": "1"}),
        ("Name;growth\nBrix;4\n", (), "(4) do not say which scale", {}),
        ("Name;growth;fit\nBrix;3;6\n", (), "(3, 6) do not say which scale", {}),
        ("Name;growth\nBrix;0\n", (), "(0) do not say which scale", {}),
        ("Name;growth\nBrix;11\n", (), "(11) do not say which scale", {}),
        ("Name;growth\nBrix;\n", (), "do not say which scale", {}),
        ("Name;growth;fit\nBrix;4;x\n", ("--scale", "3-0"), "Brix: Good fit: this is not on the scale", {}),
        ("Name;growth\nBrix;4\n", ("--scale", "5-5"), '"5-5" is not a scale', {}),
        ("Name;growth\nBrix;4\n", ("--segment", "south"), 'factors for the segment "south"', {}),
        ("Name;Size\nBrix;4\n", (), "No column is clearly the factor", {}),
        ("Id of order;growth;fit\n1;4;9\n", (), "No column is clearly the name", {}),
    ],
)
def test_a_scoring_sheet_is_mapped_from_its_own_scale_which_is_said_or_asked_for(
    content, more, says, then, tmp_path
):
    """Its worst becomes 1 and its best 10, in equal steps; what several scales could mean is refused."""
    assert scoring(tmp_path, content, "--dry-run", *more)[1] == BEFORE
    said, cells = scoring(tmp_path, content, *more)
    assert says in said and cells == BEFORE | then


def test_scores_that_are_known_stay_unless_they_are_to_be_replaced(tmp_path):
    content = "Name;growth;fit\nAcme;9;3\nGone;9;3\n"
    said, cells = scoring(tmp_path, content, "--scale", "9-6-3-0")
    assert cells == {"acme growth": "7", "acme fit": "4"} and 'Growth is "7" in the workbook' in said
    assert "1 score added, 0 replaced, 0 unchanged, 1 kept as they are in the workbook, 1 left out" in said
    said, cells = scoring(tmp_path, content, "--scale", "9-6-3-0", "--replace")
    assert cells == {"acme growth": "10", "acme fit": "4"} and "0 scores added, 1 replaced, 1 unch" in said
