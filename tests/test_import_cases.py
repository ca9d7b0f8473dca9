"""Small files that an import once got wrong: what is right for each, and what must be said."""

from __future__ import annotations

import re
import shlex
import shutil
import zipfile
from datetime import date

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from kamlib import cli
from kamlib.errors import KamError
from kamlib.workbook import duplicates, stores
from kamlib.workbook.schema import DEFINITIONS
from tests.books import ROOT, bytes_of, small, table

CASES = ROOT / "tests" / "cases"


def quick(*args):
    return CliRunner().invoke(cli.app, [str(a) for a in args], prog_name="kam")


def words_of(result):
    """What a command said, an error too, without the names that pytest gives to folders."""
    return re.sub(r"/\S*pytest\S*", "(place)", result.output + str(result.exception or ""))


# -- files that are made here --------------------------------------------------------------------


def sheet(path, *rows, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)


def with_parts(path, *parts):
    """Add parts of these names: the picture of 01.xlsx, or settings of a printer."""
    with zipfile.ZipFile(CASES / "01.xlsx") as source, zipfile.ZipFile(path, "a") as target:
        picture = source.read("xl/media/image1.png")
        for part in parts:
            target.writestr(part, b"\0\1<\0\0<" * 40 if part.endswith(".bin") else picture)


def strict(path, *rows):
    """An .xlsx as Excel saves it for "Strict Open XML Spreadsheet"."""
    plain = path.with_name("plain.xlsx")
    sheet(plain, *rows)
    old, new = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
    namespaces = (b"spreadsheetml%s/main", b"officeDocument%s/relationships")
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            for name in namespaces:
                content = content.replace(old + name % b"/2006", new + name % b"")
            target.writestr(part, content)


LEDGER = ["Date", "Customer Name", "Amount"]
LIST = [["Company", "Revenue"], ["Alder Ltd", 100], ["Birch Inc", 200]]


def sold(*rows):
    return [LEDGER, *([date(2024, month, 5), name, amount] for month, name, amount in rows)]


def picture_in_a_ledger(path):
    sheet(path, *sold((1, "Alder Ltd", 10), (2, "Birch Inc", 20)))
    with_parts(path, "xl/media/image1.png", "xl/media/image2.jpeg", "xl/media/image3.emf")


def printer_settings(path):
    sheet(path, *LIST)
    with_parts(path, "xl/printerSettings/printerSettings1.bin")


def a_picture_a_row(path):
    sheet(path, *LIST)
    with_parts(path, *(f"xl/media/image{n}.png" for n in range(1, 601)))


def statuses(path):
    """900 lines of 10.00, but one Cancelled of 77.25 and one On Hold of 88.50."""
    odd = {300: ("77.25", "Cancelled"), 600: ("88.50", "On Hold")}
    fine = ("10.00", "Shipped")
    lines = ["Date,Customer Name,Amount,Status"]
    for n in range(900):
        name = "Alder Ltd" if n % 3 else "Birch Inc"
        lines.append(",".join([f"2024-0{n % 9 + 1}-05", name, *odd.get(n, fine)]))
    path.write_text("\n".join(lines))


def merged_customers(path):
    rows = sold((1, "Alder Ltd", 10), (2, None, 20), (3, "Birch Inc", 50), (4, None, 70))
    sheet(path, *rows, merged=["B2:B3", "B4:B5"])


def merged_figures(path):
    """A title over the whole width, and one amount for two lines of a customer."""
    rows = sold((1, "Alder Ltd", 100), (2, None, None), (3, "Birch Inc", 50))
    sheet(path, ["Sales 2024", None, None], *rows, merged=["A1:C1", "B3:B4", "C3:C4"])


def long(head, line):
    """A file of 9 MB, which is more than is read in one piece."""
    return lambda path: path.write_bytes(head + line * (9_000_000 // len(line)))


MADE = {
    "01b.xlsx": picture_in_a_ledger,
    "01c.xlsx": printer_settings,
    "01d.xlsx": a_picture_a_row,
    "03m.csv": "Firma;Ort\nMüller & Söhne;Köln\nÉté;Orléans\n".encode("cp1252"),
    "03n.csv": "Firma;Ort\nMüller & Söhne;Köln\nŁódzka Spółka;Łódź\n".encode(),
    "05b.csv": statuses,
    "09d.csv": f"Date,Customer Name,Amount\n01/01/{date.today():%y},Alder Ltd,10\n".encode(),
    "10b.xlsx": merged_customers,
    "10c.xlsx": merged_figures,
    "13b again.csv": (CASES / "13b.csv").read_bytes(),
    "19.xlsx": lambda path: strict(path, *LIST),
    "19b.xlsx": lambda path: strict(path, *sold((1, "Alder Ltd", 10), (2, "Birch Inc", 20))),
    "19c.xlsx": lambda path: strict(path, ["Firma", "Umsatz"], ["Müller", 1.5], ["Öl AG", 2]),
    "20.json": long(b'{"orders": [', b'{"customer": "Alder", "amount": 10},\n'),
    "20b.csv": long(b"<!DOCTYPE html><html><table>", b"<tr><td>Alder</td></tr>\n"),
    "20c.csv": long(b"%PDF-1.7\n", b"Alder;2024-01-05;10\n"),
    "20d.xls": long(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0"),
    "20e.json": long(b'[{"customer": "Alder"},\n', b'{"customer": "Birch", "amount": 20},\n'),
    "22.xlsx": lambda path: sheet(path, ["Company", "Revenue"], [True, 100], ["Birch", 200]),
    "22b.xlsx": lambda path: sheet(path, *sold((1, "Alder", 10), (2, False, 20), (3, True, 30))),
}


def source(name, folder):
    """The path of a file of tests/cases, or of one that is made in the folder."""
    if name not in MADE:
        return CASES / name
    path, made = folder / name, MADE[name]
    if not path.exists():
        path.write_bytes(made) if isinstance(made, bytes) else made(path)
    return path


# -- what is right -------------------------------------------------------------------------------


def cases():
    """The entries of tests/cases/right.yaml; an encoding is guessed first, then named.

    run: one step or several, such as "ledger 05a.csv --add"; what is right holds after the last.
    customers: name -> revenue or [revenue, profit], ~ where it is unknown; or the names alone.
    ids: id -> revenue. columns: column of customers -> name or id -> text.
    count: how many customers.
    ledger: "name year" -> revenue, or [revenue, cost of sales, uncosted], or the columns by name.
    currency: of a workbook that is begun by the file; the others begin with one that is there.
    said, unsaid: patterns parted by "; ", sought in what the last step says whatever the capitals.
    refused: the last step ends with a sentence and changes nothing.
    or_refused: it may do so, with these patterns.
    """
    text = (CASES / "right.yaml").read_text().replace("THIS_YEAR", str(date.today().year))
    for right in yaml.safe_load(text):
        if encoding := right.pop("encoding", ""):
            named = right | {"run": f"{right['run']} --encoding {encoding}"}
            named["unsaid"] = "encoding[^.]*guess|guess[^.]*encoding"
            yield pytest.param(named, id=f"{right['case']}, {encoding}")
            right["said"] = f"guess; --encoding; {'|'.join(right['customers'])}"
        yield pytest.param(right, id=right["case"])


def of_place(place):
    return stores.load(place)[1] if stores.exists(place) else None


def begun(folder):
    """A workbook of two small tables: an import is three times as quick as into a new one."""
    place = folder / "book"
    place.mkdir()
    (place / "settings.csv").write_text("key,value\nschema,1\nname,Small\n")
    (place / "customers.csv").write_text("customer,name,segment,revenue,profit\n")
    return place


def rows_of(text, name):
    return text[name].fillna("").to_dict("records") if name in text else []


def figures(row, right, fields):
    """(what a row holds, what is right) for as many of the fields as `right` speaks of."""
    right = right if isinstance(right, list | dict) else [right]
    right = right if isinstance(right, dict) else dict(zip(fields, right, strict=False))
    return {field: float(row[field]) if row.get(field) else None for field in right}, right


def agree(rows, right, fields):
    """Rows (a name with a dict of cells) are those of `right`, no more and no fewer."""
    assert sorted(name for name, _ in rows) == sorted(right)
    for name, row in rows if isinstance(right, dict) else []:
        found, wanted = figures(row, right[name], fields)
        assert found == pytest.approx(wanted), name


def speak(words, said="", unsaid=""):
    for pattern in filter(None, said.split("; ")):
        assert re.search(pattern, words, re.I | re.S), f"{pattern} is not in: {words}"
    for pattern in filter(None, unsaid.split("; ")):
        assert not re.search(pattern, words, re.I | re.S), f"{pattern} is in: {words}"


def tables_agree(text, right):
    rows = rows_of(text, "customers")
    named = [(row["name"], row) for row in rows]
    name_of = {row["customer"]: row["name"] for row in rows}
    sales = [(f"{name_of[row['customer']]} {row['year']}", row) for row in rows_of(text, "ledger")]
    by_id = [(row["customer"], row) for row in rows]
    agree(named, right.get("customers", [name for name, _ in named]), ("revenue", "profit"))
    agree(by_id, right.get("ids", [customer for customer, _ in by_id]), ("revenue",))
    columns = ("revenue", "cost_of_sales", "uncosted")
    agree(sales, right.get("ledger", [key for key, _ in sales]), columns)
    either = dict(named) | dict(by_id)
    for column, cells in right.get("columns", {}).items():
        assert {key: either[key][column] for key in cells} == cells and column in text["customers"]
    assert right.get("count", len(rows)) == len(rows)
    if "currency" in right:
        assert text["settings"].set_index("key")["value"]["currency"] == right["currency"]


def run(step, place, folder):
    command, name, *options = shlex.split(step)
    return quick(f"import-{command}", source(name, folder), place, *options)


@pytest.mark.parametrize("right", [*cases()])
def test_what_a_file_says_is_what_the_workbook_gets(tmp_path, right):
    place = tmp_path / "book.kam" if "currency" in right else begun(tmp_path)
    *first, last = right["run"] if isinstance(right["run"], list) else [right["run"]]
    for step in first:
        result = run(step, place, tmp_path)
        assert result.exit_code == 0, words_of(result)
    before = bytes_of(place) if place.exists() else {}
    result = run(last, place, tmp_path)
    words = words_of(result)
    if isinstance(result.exception, KamError):
        assert right.keys() & {"refused", "or_refused"}, words
        speak(words, right.get("or_refused") or right["said"])
        assert (bytes_of(place) if place.exists() else {}) == before
        return
    assert result.exit_code == 0 and not right.get("refused"), words
    tables_agree(of_place(place), right)
    speak(words, right.get("said", ""), right.get("unsaid", ""))


@pytest.mark.parametrize(
    "step",
    [
        "customers 16a.csv",
        "customers 12g.csv --key Post",
        "customers 12a.csv",
        "customers 14.csv",
        "ledger 05a.csv --subtract S/H=H",
        "ledger 06a.csv",
        "ledger 08.csv",
        "ledger 11c.csv",
        "ledger 16e.csv",
    ],
)
def test_the_same_file_again_changes_nothing(tmp_path, step):
    place = begun(tmp_path)
    run(step, place, tmp_path)
    before = bytes_of(place)
    again = run(step, place, tmp_path)
    assert again.exit_code == 0 and bytes_of(place) == before, words_of(again)


UNITS = {
    1_000: [
        "Revenue (TEUR)",
        "Revenue T€",
        "Revenue in k€",
        "Revenue '000",
        "Turnover (£'000)",
        "Revenue (in thousands)",
        "Umsatz in Tsd. EUR",
        "Chiffre d'affaires (k€)",
        "Ventas (miles)",
    ],
    1_000_000: [
        "Revenue £m",
        "Revenue (millions)",
        "Revenue (Mio.)",
        "Umsatz in Mio EUR",
        "Chiffre d'affaires (M€)",
        "Ventas (millones)",
    ],
    1: ["Revenue 2024", "Revenue (EUR)", "Umsatz in €"],
}


@pytest.mark.parametrize("unit, headers", UNITS.items())
def test_thousands_and_millions_of_a_header_are_applied(tmp_path, unit, headers):
    for n, header in enumerate(headers):
        (tmp_path / str(n)).mkdir()
        place, file = begun(tmp_path / str(n)), tmp_path / f"{n}.csv"
        file.write_text(f"Company;{header}\nAlder Ltd;2\nBirch Inc;3\n")
        words = words_of(quick("import-customers", file, place))
        revenue = of_place(place)["customers"]["revenue"]
        assert [header, *map(float, revenue.replace("", "nan"))] == [header, 2 * unit, 3 * unit]
        assert bool(re.search("thousand|million|1,000", words, re.I)) == (unit > 1), words


# -- a margin of nearly everything ---------------------------------------------------------------


@pytest.mark.parametrize("file", ["02.csv", "02b.csv", "02c.csv"])
def test_a_margin_near_all_or_nothing_stops_no_result(tmp_path, file):
    """99.99 %, 0.01 % and less than nothing are shown, or said to leave no discount table."""
    place = shutil.copytree(ROOT / "data" / "tiny", tmp_path / "book")
    assert quick("import-ledger", CASES / file, place).exit_code == 0
    for result in ("discount_volume", "customer_profit", "whale_curve"):
        shown = quick("show", place, result)
        assert shown.exit_code == 0, words_of(shown)


# -- a workbook that holds pictures --------------------------------------------------------------


@pytest.mark.parametrize("part", ["xl/media/image1.png", "xl/printerSettings/printerSettings1.bin"])
def test_a_workbook_that_holds_a_picture_is_read(tmp_path, part):
    stores.create(tmp_path / "b.xlsx", small())
    with_parts(tmp_path / "b.xlsx", part)
    for command, *target in (["check"], ["copy", tmp_path / "c.kam"]):
        done = quick(command, tmp_path / "b.xlsx", *target)
        assert done.exit_code == 0, words_of(done)
    assert of_place(tmp_path / "c.kam")["scores"].equals(of_place(tmp_path / "b.xlsx")["scores"])


# -- the preview ---------------------------------------------------------------------------------

PREVIEWED = """Company,Turnover,Margin,Sales Office,City
Acme,1200,0.25,110,Rome
Brix,,,,
Cedar Plc,300,0.31,120,Oslo
,5,,,
"""


def test_a_preview_of_a_list_says_what_each_column_is_and_what_would_happen(tmp_path):
    stores.create(tmp_path / "b.kam", small())
    (tmp_path / "l.csv").write_text(PREVIEWED)
    before = bytes_of(tmp_path)
    shown = quick("import-customers", tmp_path / "l.csv", tmp_path / "b.kam", "--dry-run")
    words = words_of(shown)
    assert shown.exit_code == 0 and "nothing is written" in words.lower()
    assert bytes_of(tmp_path) == before
    for header, taken, example in (
        ("Company", "name", "Acme"),
        ("Turnover", "revenue", "1200"),
        ("Margin", "share|per cent|%|kept|beside", "0.25"),
        ("Sales Office", "kept|beside", "110"),
        ("City", "kept|beside", "Rome"),
    ):
        line = next((row for row in words.splitlines() if header in row and example in row), "")
        assert re.search(taken, line, re.I), f"{header}, {taken}, {example}: {words}"
    speak(words, "header|called|headed; identif")
    for count, name in (("created", "Cedar Plc"), ("updated", "Acme"), ("unchanged", "Brix")):
        speak(words, rf"\b1 {count}[^\n]*{name}|\b{count}\W+1\b[^\n]*{name}")
    speak(words, r"\b1 left out|\bleft out\W+1\b")


def test_a_preview_of_a_ledger_says_the_same(tmp_path):
    stores.create(tmp_path / "b.kam", small())
    (tmp_path / "l.csv").write_text(
        "Datum;Kundenname;Belegart;Betrag\n05.01.2024;Acme;Rechnung;10,50\n"
        "06.01.2024;Cedar Plc;Rechnung;20,00\n"
    )
    before = bytes_of(tmp_path)
    shown = quick("import-ledger", tmp_path / "l.csv", tmp_path / "b.kam", "--dry-run")
    words = words_of(shown)
    assert shown.exit_code == 0 and "nothing is written" in words.lower()
    assert bytes_of(tmp_path) == before
    for header, taken, example in (
        ("Datum", "date", r"05\.01\.2024"),
        ("Kundenname", "name", "Acme"),
        ("Betrag", "revenue", "10,50"),
        ("Belegart", "", "Rechnung"),
    ):
        rows = [row for row in words.splitlines() if header in row and re.search(example, row)]
        assert any(re.search(taken, row, re.I) for row in rows), f"{header}, {taken}: {words}"
    speak(words, r"identif; created[^\n]*Cedar Plc")


# -- two customers that are one ------------------------------------------------------------------


def cells_of(text):
    """Every table but what tells of changes, as its filled cells row by row, in any order."""
    tables = {name: frame.to_dict("records") for name, frame in text.items() if name != "history"}
    return {name: sorted(map(filled, rows)) for name, rows in tables.items() if rows}


def filled(row):
    return sorted((column, value) for column, value in row.items() if value)


def told_of_two():
    """A workbook of Acme and Brix in which both say something about everything."""
    book = small()
    book["customers"] = table(
        "customer name segment status revenue note City",
        "acme|Acme|north|current|5||",
        "brix|Brix|north|current|8|Ask Bob|Rome",
    )
    book["scores"] = table(
        "model subject factor supplier score note",
        "attractiveness|acme|growth||7|",
        "attractiveness|brix|growth||3|",
        "strength|acme|price|us|6.5|",
        "strength|brix|price|rival|4|late",
    )
    book["decisions"] = table("what subject decision reason", "category|brix|key|they grow")
    book["ledger"] = table(
        "customer year revenue cost_of_sales uncosted discount freight orders months",
        "acme|2024|100.1|60|||5|2|12",
        "brix|2024|50|20|10|3||1|12",
        "brix|2023|7|||||1|12",
    )
    return book


def test_two_customers_become_one_and_nothing_is_lost(tmp_path):
    stores.create(tmp_path / "b.kam", told_of_two())
    before = of_place(tmp_path / "b.kam")
    done = quick("merge-customers", tmp_path / "b.kam", "acme", "brix")
    assert done.exit_code == 0, words_of(done)
    text, words = of_place(tmp_path / "b.kam"), words_of(done)
    customers = table(
        "customer name segment status revenue note City also_known_as",
        "acme|Acme|north|current|5|Ask Bob|Rome|Brix; brix",
    )
    assert cells_of(text)["customers"] == cells_of({"customers": customers})["customers"]
    columns = ("revenue", "cost_of_sales", "uncosted", "discount", "freight", "orders", "months")
    sums = {"2024": [150.1, 80, 10, 3, 5, 3, 12], "2023": [7, None, None, None, None, 1, 12]}
    agree([(row["year"], row) for row in rows_of(text, "ledger")], sums, columns)
    scores = {tuple(row[:4]): row[4] for row in text["scores"].to_numpy().tolist()}
    assert scores == {
        ("attractiveness", "acme", "growth", ""): "7",
        ("strength", "acme", "price", "us"): "6.5",
        ("strength", "acme", "price", "rival"): "4",
    }
    assert text["decisions"][["what", "subject", "decision", "reason"]].to_numpy().tolist() == [
        ["category", "acme", "key", "they grow"]
    ]
    speak(words, r"revenue.*\b8\b; growth.*\b3\b; Brix")  # what Brix said otherwise
    assert quick("merge-customers", tmp_path / "b.kam", "--undo").exit_code == 0
    assert cells_of(of_place(tmp_path / "b.kam")) == cells_of(before)
    again = quick("merge-customers", tmp_path / "b.kam", "--undo")
    assert isinstance(again.exception, KamError) and "merge" in str(again.exception)


def test_everything_said_of_a_merged_customer_is_said_of_the_other(tmp_path):
    """In a full workbook: no table but the history names OTHER, and no value of it is gone."""
    place = shutil.copytree(ROOT / "data" / "insurer", tmp_path / "book")
    before = of_place(place)
    done = quick("merge-customers", place, "alder", "birchwood")
    assert done.exit_code == 0, words_of(done)
    after = of_place(place)
    for name in before.keys() - {"history"}:
        assert not (after[name] == "birchwood").to_numpy().any(), name
        keys = DEFINITIONS[name].keys
        now, then = (
            {tuple(row[k] for k in keys): row for row in tables[name].to_dict("records")}
            for tables in (after, before)
        )
        moved = [row for row in before[name].to_dict("records") if "birchwood" in row.values()]
        for row in moved if name not in (*duplicates.SUMMED, "customers") else []:
            row = {c: "alder" if v == "birchwood" else v for c, v in row.items()}
            key = tuple(row[k] for k in keys)
            for column, value in row.items():  # kept, or given up for KEEP's own and said
                old, new = then.get(key, {}).get(column, ""), now[key][column]
                old = "alder" if old == "birchwood" else old
                is_said = new == old and value in words_of(done)
                assert new == (old or value) or is_said, (name, key)
    for column in ("revenue", "cost_of_sales", "uncosted", "discount", "freight", "orders"):
        sums = [sum(map(float, filter(None, text["ledger"][column]))) for text in (before, after)]
        assert sums[0] == pytest.approx(sums[1]), column
    assert quick("merge-customers", place, "--undo").exit_code == 0
    assert cells_of(of_place(place)) == cells_of(before)


def test_a_merge_that_cannot_be_is_refused(tmp_path):
    stores.create(tmp_path / "book.kam", small())
    before = bytes_of(tmp_path)
    for args, words in (
        (["acme", "brixx"], 'brixx.*Did you mean "brix"'),
        (["acme", "acme"], "acme"),
        (["acme"], "OTHER|two"),
        (["--undo"], "merge"),
        ([], "KEEP|two"),
    ):
        done = quick("merge-customers", tmp_path / "book.kam", *args)
        assert done.exit_code and "No such command" not in done.output
        speak(words_of(done), words)
        assert bytes_of(tmp_path) == before


# -- parents and subsidiaries --------------------------------------------------------------------


def test_groups_are_summed_and_what_is_unknown_stays_unknown(tmp_path):
    book = small()
    book["customers"] = table(
        "customer name segment status revenue profit parent",
        "acme|Acme|north|current|100|40|",
        "acme_uk|Acme UK|north|current|20|7|acme",
        "acme_fr|Acme France|north|prospect|3||acme",
        "brix|Brix|north|current|500|50|",
        "brix_it|Brix Italy|north|current|61|9|brix",
        "solo|Solo|north|current|9|1|",
    )
    book["factors"], book["scores"] = book["factors"].iloc[:0], book["scores"].iloc[:0]
    stores.create(tmp_path / "book", book)
    shown = quick("show", tmp_path / "book", "groups")
    assert shown.exit_code == 0, words_of(shown)
    lines = shown.output.splitlines()
    of_acme = next(row for row in lines if re.search(r"\b100\b.*\b123\b", row))
    of_brix = next(row for row in lines if re.search(r"\b500\b.*\b561\b", row))
    assert all(name in shown.output for name in ("Acme UK", "Acme France", "Brix Italy"))
    assert "Solo" not in shown.output
    speak(of_acme, r"at least.*\b47\b|\b47\b.*at least")
    speak(of_brix, r"\b59\b", "at least")
    assert not re.search("error", quick("check", tmp_path / "book").output, re.I)


@pytest.mark.parametrize("parents", [("nobody", ""), ("acme", ""), ("brix", "acme")])
def test_a_parent_that_cannot_be_is_found(tmp_path, parents):
    """A parent that is not there, one's own parent, and two that are each other's."""
    book = small()
    book["customers"] = book["customers"].assign(parent=parents)
    stores.create(tmp_path / "book", book)
    assert "parent" in quick("check", tmp_path / "book").output
    shown = quick("show", tmp_path / "book", "groups")
    assert shown.exit_code == 0 or isinstance(shown.exception, KamError)
