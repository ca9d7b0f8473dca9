"""A ledger comes in as it is: every line is counted or said to be left out, and the sums are those of the file."""

from __future__ import annotations

import random
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kamlib import cli
from kamlib.errors import InvalidInput, KamError, WorkbookError
from kamlib.workbook import checks, stores
from kamlib.workbook.importing import columns, dates, figures, landing, reading, shape
from kamlib.workbook.importing import ledger as ledger_of
from kamlib.workbook.stores import base
from tests.books import table

SALES = """Customer ID,Customer Name,Order Date,Order No,Net Sales,COGS,Discount Amount,Freight
C1,Acme,2024-01-15,A1,"$1,000.00",600,50,10
C1,Acme,2024-02-15,A1,200.10,100.05,0,5
C1,Acme,2025-03-01,A2,300,,1,2
C2,Brix,15.06.2025,A3,(40.50),-20,,
C2,Brix,2025-07-01,A4,100,60,,1.5
"""


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def source_of(text, name="sales.csv"):
    rows = [line.split(";") for line in text.strip().splitlines()]
    return listed(pd.DataFrame(rows[1:], columns=rows[0], dtype=object), name)


def listed(frame, name="sales.csv"):
    """A table in memory as the importer sees it."""
    return shape.table(reading.of_frame(frame, name))


def opened(path):
    return shape.table(reading.read(path, is_ledger=True))


def added(text, *given, **options):
    return counted_up(source_of(text), *given, **options)


def counted_up(source, *given, **options):
    mapping = columns.choose(source.frame, "ledger", given)
    return ledger_of.add_up(source, mapping, ledger_of.Options(**options))


def landed(ledger, text=None, add=False, key_header=""):
    """(text tables after the landing, what was landed)"""
    text = stores.blank("x") if text is None else text
    what = landing.land(text, ledger, add, key_header)
    return base.recorded(text, what.changes)[0], what


def rows_of(text):
    return {(row["customer"], row["year"]): row for row in text["ledger"].to_dict("records")}


def quick(*args):
    return CliRunner().invoke(cli.app, [str(a) for a in args], prog_name="kam")


def ends_with(args, capsys):
    """(exit code, what was said) of the command as a person runs it."""
    with pytest.raises(SystemExit) as end:
        cli.main([str(a) for a in args])
    said = capsys.readouterr()
    return end.value.code or 0, said.out + said.err


# -- a known ledger ---------------------------------------------------------------------------------


def test_sales_are_added_up_by_customer_and_year(tmp_path):
    place = tmp_path / "book.kam"
    result = quick("import-ledger", written(tmp_path / "sales.csv", SALES), place)
    assert result.exit_code == 0, result.output
    text = stores.load(place)[1]
    rows = rows_of(text)

    assert rows["C1", "2024"] | {"note": ""} == {
        "customer": "C1",
        "year": "2024",
        "revenue": "1200.1",
        "cost_of_sales": "700.05",
        "uncosted": "",
        "discount": "50",
        "freight": "15",
        "orders": "1",
        "months": "2",
        "note": "",
    }
    assert rows["C1", "2025"]["cost_of_sales"] == "" and rows["C1", "2025"]["uncosted"] == "300"
    assert rows["C2", "2025"]["revenue"] == "59.5" and rows["C2", "2025"]["discount"] == ""
    assert rows["C2", "2025"]["orders"] == "2" and rows["C2", "2025"]["months"] == "3"
    assert text["settings"].set_index("key")["value"]["currency"] == "USD"
    assert dict(zip(text["customers"]["customer"], text["customers"]["name"], strict=True)) == {
        "C1": "Acme",
        "C2": "Brix",
    }
    assert not len(checks.check(text)[lambda f: f["level"] == "error"])


def test_the_same_file_again_changes_nothing(tmp_path):
    file, place = written(tmp_path / "sales.csv", SALES), tmp_path / "b.kam"
    quick("import-ledger", file, place)
    before = stores.load(place)[1]
    again = quick("import-ledger", file, place)
    after = stores.load(place)[1]

    assert "0 added, 0 updated, 3 unchanged" in again.stdout
    assert all(before[name].equals(after[name]) for name in before)


def test_the_sums_are_shown_beside_those_of_the_file(tmp_path):
    shown = quick("import-ledger", written(tmp_path / "sales.csv", SALES), tmp_path / "b.kam").stdout
    line = next(line.split() for line in shown.splitlines() if line.split()[:1] == ["revenue"])
    assert line == ["revenue", "1,559.60", "1,559.60", "0.00", "0.00"]
    assert (
        "Read as: customer = Customer ID; name = Customer Name; date = Order Date; revenue = Net Sales"
        in shown
    )


def test_a_dry_run_writes_nothing(tmp_path):
    file, place = written(tmp_path / "sales.csv", SALES), tmp_path / "b.kam"
    shown = quick("import-ledger", file, place, "--dry-run").stdout
    assert "nothing is written" in shown and "1,559.60" in shown and not place.exists()
    stores.create(place, stores.blank("x"))
    before = place.read_bytes()
    assert "3 added" in quick("import-ledger", file, place, "--dry-run").stdout
    assert place.read_bytes() == before


def test_a_change_is_told_by_the_history(tmp_path):
    file, place = written(tmp_path / "sales.csv", SALES), tmp_path / "b.kam"
    quick("import-ledger", file, place)
    shown = quick("import-ledger", written(file, SALES.replace(",300,", ",400,")), place).stdout
    history = stores.load(place)[1]["history"]
    assert "1 updated" in shown and "their revenue goes from 300.00 to 400.00" in shown
    told = history[(history["table"] == "ledger") & (history["column"] == "revenue")].iloc[-1]
    assert (told["old"], told["new"]) == ("300", "400")


def test_adding_adds_to_what_is_there():
    first, _ = landed(added("customer;date;revenue;cost\nA;2025-01-01;10;4\nA;2025-02-01;5;"))
    ledger = added("customer;date;revenue;cost\nA;2025-03-01;1.5;1")
    text, what = landed(ledger, first, add=True)
    row = rows_of(text)["A", "2025"]
    assert (row["revenue"], row["cost_of_sales"], row["uncosted"], row["months"]) == ("16.5", "5", "5", "3")
    assert not landing.reconciled(ledger, what, text, first)["difference"].any()


def test_a_year_that_is_not_in_the_file_stays():
    first, _ = landed(added("customer;date;revenue\nA;2024-01-01;10\nB;2025-01-01;7"))
    text, what = landed(added("customer;date;revenue\nA;2025-01-01;3"), first)
    assert {key: row["revenue"] for key, row in rows_of(text).items()} == {
        ("A", "2024"): "10",
        ("B", "2025"): "7",
        ("A", "2025"): "3",
    }
    assert what.counts["left"] == 1


def test_a_file_without_costs_leaves_those_of_the_workbook():
    first, _ = landed(added("customer;date;revenue;cost\nA;2025-01-01;10;4"))
    row = rows_of(landed(added("customer;date;revenue\nA;2025-01-01;10\nB;2025-01-01;3"), first)[0])
    assert row["A", "2025"]["cost_of_sales"] == "4" and row["A", "2025"]["uncosted"] == ""
    assert row["B", "2025"]["cost_of_sales"] == "" and row["B", "2025"]["uncosted"] == "3"


# -- customers --------------------------------------------------------------------------------------


def book():
    text = stores.blank("x")
    text["customers"] = table(
        "customer name segment status revenue profit",
        "c1|Alder & Co||current||",
        "brix|Brix GmbH||current|5|2",
    )
    return text


def test_customers_are_known_by_id_then_by_name():
    text, what = landed(
        added("customer;name;date;revenue\nC1;Other;2025;1\n77;brix  GMBH;2025;2\n9;New;2025;3"), book()
    )
    assert {key[0]: row["revenue"] for key, row in rows_of(text).items()} == {
        "c1": "1",
        "brix": "2",
        "9": "3",
    }
    assert what.new == {"9": "New"}


def test_customers_are_known_by_a_column_headed_alike():
    text = book()
    text["customers"]["ResellerKey"] = ["676", "55"]
    sales = "ResellerKey;OrderDate;SalesAmount\n55;2025;1\n676;2025;2\n7;2025;3"
    after, what = landed(added(sales), text, key_header="ResellerKey")
    assert {key[0]: row["revenue"] for key, row in rows_of(after).items()} == {
        "brix": "1",
        "c1": "2",
        "7": "3",
    }
    assert what.new == {"7": "Customer 7"}


def test_customers_by_name_alone_get_ids():
    text, what = landed(
        added("Kunde;Datum;Umsatz\nalder & co;2025;1\nZoë Übel KG;2025;2\nzoë übel kg;2025;2"), book()
    )
    assert {key[0]: row["revenue"] for key, row in rows_of(text).items()} == {"c1": "1", "zoe_ubel_kg": "4"}
    assert what.new == {"zoe_ubel_kg": "Zoë Übel KG"}


def test_a_line_without_an_id_goes_to_the_customer_of_its_name():
    text, _ = landed(
        added("customer;name;date;revenue\n7;Acme;2025;1\n;acme;2025;2\n17850.0;B;2025;1\n17850;B;2025;1")
    )
    assert {key[0]: row["revenue"] for key, row in rows_of(text).items()} == {"7": "3", "17850": "2"}


def test_two_customers_of_one_name_are_not_thrown_together():
    text, _ = landed(added("customer;name;date;revenue\n7;Brix GmbH;2025;1\n8;Brix GmbH;2025;2"), book())
    assert {key[0]: row["revenue"] for key, row in rows_of(text).items()} == {"7": "1", "8": "2"}


def test_lines_without_a_customer_are_kept_together():
    ledger = added("customer;date;revenue\nA;2025-01-01;1\n;2025-01-01;2\nNULL;2025-01-01;3")
    text, _ = landed(ledger)
    assert rows_of(text)["unnamed", "2025"]["revenue"] == "5"
    assert ledger.seen["unnamed"].count == 2 and ledger.seen["unnamed"].some[0][0] == 3
    assert text["customers"].set_index("customer")["name"]["unnamed"] == "(no customer named)"
    assert not len(checks.check(text)[lambda f: f["level"] == "error"])


def test_customers_get_the_figures_of_the_last_full_year_where_they_have_none():
    lines = [f"c1;2024-{m:02}-01;10;4" for m in range(1, 13)] + ["brix;2024-05-01;9;1", "c1;2025-01-01;99;1"]
    text, what = landed(added("customer;date;revenue;cost\n" + "\n".join(lines)), book())
    rows = {row["customer"]: row for row in text["customers"].to_dict("records")}
    assert (rows["c1"]["revenue"], rows["c1"]["profit"]) == ("120", "72")
    assert (rows["brix"]["revenue"], rows["brix"]["profit"]) == ("5", "2")
    assert what.counts["filled"] == 1 and what.counts["kept"] == 2


def test_profit_stays_unknown_where_a_cost_is():
    lines = [f"c1;2024-{m:02}-01;10;{'' if m == 3 else 4}" for m in range(1, 13)]
    text, _ = landed(added("customer;date;revenue;cost\n" + "\n".join(lines)), book())
    assert text["customers"].iloc[0]["revenue"] == "120" and text["customers"].iloc[0]["profit"] == ""


# -- figures ----------------------------------------------------------------------------------------


def test_figures_as_people_write_them():
    ledger = added(
        "Kunde;Datum;Umsatz;Kosten\nA;2025;1.234,50 €;(3)\nA;2025;2.000;1.000\nA;2025;300-;n/a\nA;2025;0,005;1"
    )
    assert figures.text_of(ledger.in_file["revenue"]) == "2934.505"
    assert figures.text_of(ledger.in_file["cost"]) == "998"


def test_a_mark_is_decided_for_the_whole_file(monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "LARGE_BYTES", 100)
    monkeypatch.setattr(reading, "HEAD_BYTES", 300)
    lines = "".join(f"A;2025-01-01;{n}.500\n" for n in range(1, 60)) + "A;2025-01-01;1.234,50\n"
    source = opened(written(tmp_path / "l.csv", "customer;date;revenue\n" + lines))
    ledger = counted_up(source)
    assert "in pieces" in source.lines.about
    assert ledger_of.money(ledger.in_file["revenue"]) == "1,800,734.50"


def test_what_is_no_number_is_left_out_and_said(tmp_path):
    content = "customer,date,revenue,cost\nA,2025-01-01,10,4\nA,2025-01-02,ten,5\nA,2025-01-03,7,many\n"
    shown = quick("import-ledger", written(tmp_path / "l.csv", content), tmp_path / "b.kam").stdout
    assert 'line 3, revenue, "ten": This is not a number' in shown and "the line is left out" in shown
    assert 'line 4, cost, "many"' in shown and "the cost stays unknown" in shown
    assert ["cost", "9.00", "4.00", "5.00", "0.00"] in [line.split() for line in shown.splitlines()]
    assert rows_of(stores.load(tmp_path / "b.kam")[1])["A", "2025"]["uncosted"] == "7"


def test_a_line_with_freight_alone_is_counted():
    ledger = added("customer;date;revenue;freight\nA;2025;10;\nA;2025;;3\nA;2025;;")
    assert rows_of(landed(ledger)[0])["A", "2025"]["freight"] == "3"
    assert ledger.seen["no revenue"].count == 1 and ledger.seen["no figures"].count == 1


def test_credits_are_subtracted_and_counted():
    ledger = added("customer;date;revenue\nA;2025;10\nA;2025;(4.5)\nA;2025;-1")
    assert (ledger.seen["credit"].count, ledger_of.money(ledger.seen["credit"].revenue)) == (2, "-5.50")


def test_revenue_before_discount():
    text = "customer;date;revenue;discount\nA;2025;100;10\nA;2025;50;\nA;2025;bad;7"
    ledger = added(text, before_discount=True)
    after, what = landed(ledger)
    assert rows_of(after)["A", "2025"]["revenue"] == "140"
    found = landing.reconciled(ledger, what, after).set_index("field")
    assert not found["difference"].any()
    assert (ledger_of.money(found["in_file"]["revenue"]), ledger_of.money(found["left_out"]["revenue"])) == (
        "133.00",
        "-7.00",
    )


def test_quantity_times_price_where_there_is_no_revenue():
    text = "InvoiceNo;StockCode;Quantity;InvoiceDate;UnitPrice;CustomerID\n1;x;6;12/1/2010 8:26;2.55;17850\nC2;y;-1;12/13/2010 9:00;27.50;17850"
    ledger = added(text)
    assert rows_of(landed(ledger)[0])["17850", "2010"]["revenue"] == "-12.2"
    assert ledger.fields == ("revenue",)
    costed = added("customer;date;quantity;unit price;unit cost\nA;2025;3;0.1;0.05\nA;2025;2;1;")
    assert rows_of(landed(costed)[0])["A", "2025"]["cost_of_sales"] == "0.15"
    assert rows_of(landed(costed)[0])["A", "2025"]["uncosted"] == "2"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.from_regex(r"\(?-?[£$€]? ?-?[0-9]{1,4}([.,][0-9]{1,3}){0,3} ?€?\)?", fullmatch=True),
        min_size=1,
        max_size=12,
    )
)
def test_sums_are_those_of_the_figures_read_one_by_one(texts):
    frame = pd.DataFrame({"customer": "A", "date": "2025", "revenue": texts}, dtype=object)
    ledger = ledger_of.add_up(listed(frame), {f: f for f in frame})
    said, bad = figures.numbers(texts)
    assert ledger.in_file["revenue"] == sum(Decimal(t or "0") for t in said)
    assert sum(seen.count for kind, seen in ledger.seen.items() if kind.startswith("bad")) == len(bad)


def test_sums_are_exact():
    lines = "\n".join(["A;2025;0.1"] * 1000 + ["A;2025;90071992547.409"] * 3)
    assert (
        rows_of(landed(added("customer;date;revenue\n" + lines))[0])["A", "2025"]["revenue"]
        == "270215977742.227"
    )
    huge = "\n".join(["A;2025;9000000000000"] * 3)
    assert (
        rows_of(landed(added("customer;date;revenue\n" + huge))[0])["A", "2025"]["revenue"]
        == "27000000000000"
    )


@pytest.mark.parametrize("text", ["0", "2024.994", "-0.5", "0.000001", "1000"])
def test_amounts_as_a_store_keeps_them(text):
    assert figures.text_of(Decimal(text)) == text and figures.amount(text) == Decimal(text)


# -- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, read",
    [
        ("2025-12-31", (2025, 12, 0)),
        ("2025-12-31T10:00:00Z", (2025, 12, 0)),
        ("20251231", (2025, 12, 0)),
        ("31.12.2025", (2025, 12, 0)),
        ("1.2.25", (2025, 2, 0)),
        ("31/12/2025 08:26", (2025, 31, 12)),
        ("2025-03", (2025, 3, 0)),
        ("2025", (2025, 0, 0)),
        ("202503", (2025, 3, 0)),
        ("03/2025", (2025, 3, 0)),
        ("45291", (2023, 12, 0)),
        ("5-Mar-25", (2025, 3, 0)),
        ("March 2025", (2025, 3, 0)),
        ("3. Mai 2025", (2025, 5, 0)),
        ("15 août 2024", (2024, 8, 0)),
        ("Jul 1, 2017", (2017, 7, 0)),
        ("20251231.0", (2025, 12, 0)),
        ("7 dic 2024", (2024, 12, 0)),
        ("", ()),
        ("x", ()),
        ("2025-13-01", ()),
        ("00:00.0", ()),
        ("0", ()),
        ("32.12.2025", ()),
        ("99999999", ()),
        ("١٢٣٤", ()),
    ],
)
def test_a_date_as_ledgers_write_it(text, read):
    assert dates.read([text]) == [read]


@pytest.mark.parametrize(
    "texts, count, said",
    [
        (["03/04/2025", "25/04/2025"], 1, "The day comes first"),
        (["03/04/2025", "04/25/2025"], 2, "The month comes first"),
        (["03/04/2025", "05/04/2025"], 1, "assumed"),
        (["2025-01-01"], 1, ""),
        (["13/01/2025", "01/13/2025"], 1, "Some dates"),
    ],
)
def test_whether_the_day_stands_first_is_decided_once(texts, count, said):
    months, notes = dates.months(dates.read(texts))
    words = "".join(note["message"] for note in notes)
    assert months == {2025: count} and (said in words if said else not words)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_dates(text):
    assert len(dates.read([text])) == 1


def test_lines_without_a_date_are_kept_together():
    ledger = added("customer;date;revenue\nA;soon;1\nA;2025-01-01;2\nA;;4\nA;2025-01-05;8")
    assert {key[1]: row["revenue"] for key, row in rows_of(landed(ledger, None)[0]).items()} == {
        "undated": "5",
        "2025": "10",
    }
    assert ledger.seen["undated"].some[0] == (2, "soon")


# -- lines ------------------------------------------------------------------------------------------


def test_duplicates_are_counted_and_dropped_on_demand():
    text = "customer;date;revenue;item\nA;2025;10;x\nA;2025;10;x\nA;2025;10;y\nA;2025;10.00;x"
    assert added(text).seen["twice"].count == 2
    kept, dropped = added(text), added(text, drop_duplicates=True)
    assert rows_of(landed(kept)[0])["A", "2025"]["revenue"] == "40"
    assert rows_of(landed(dropped)[0])["A", "2025"]["revenue"] == "20"
    assert ledger_of.money(dropped.left_out["revenue"]) == "20.00"


def test_totals_below_are_left_out():
    ledger = added("customer;date;revenue\nA;2025;10\nB;2025;5\nTotal;;15")
    assert ledger.seen["total"].count == 1 and ledger_of.money(ledger.left_out["revenue"]) == "15.00"
    unsaid = added("customer;date;revenue\nA;2025;10\nB;2025;5\n;;15")
    assert unsaid.seen["total"].count == 1
    assert added("customer;date;revenue\nA;2025;10\nTotal;2025;15").seen.get("total") is None


def test_titles_blank_lines_and_odd_encodings(tmp_path):
    content = (
        "Verkäufe 2025\n\nKunde;Datum;Umsatz;Menge\nMüller;01.02.2025;1.000,00;1\n\nÖl AG;03.02.2025;5,50;2\n"
    )
    source = opened(written(tmp_path / "l.csv", content.encode("cp1252")))
    ledger = counted_up(source)
    assert ledger_of.money(ledger.in_file["revenue"]) == "1,005.50" and ledger.lines == 2


# -- files ------------------------------------------------------------------------------------------


def test_a_long_file_is_read_in_pieces_alike(tmp_path, monkeypatch):
    file = written(
        tmp_path / "sales.csv", "Sales of ours\n" + SALES + "\n\nC3,Cord,never,A9,oops,1,,\nC1,,,,5,,,\n"
    )
    quick("import-ledger", file, tmp_path / "a.kam")
    monkeypatch.setattr(reading, "LARGE_BYTES", 100)
    result = quick("import-ledger", file, tmp_path / "b.kam")
    assert "read in pieces" in result.stdout and 'line 10, Net Sales, "oops"' in result.stdout
    one, other = (stores.load(tmp_path / name)[1] for name in ("a.kam", "b.kam"))
    assert one["ledger"].equals(other["ledger"]) and one["customers"].equals(other["customers"])


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_long_file_in_any_encoding(tmp_path, monkeypatch, codec):
    monkeypatch.setattr(reading, "LARGE_BYTES", 50)
    content = "sep=;\nKunde;Datum;Umsatz\n" + "Müller;01.02.2025;1,5\n" * 40
    source = opened(written(tmp_path / "l.csv", content.encode(codec)))
    ledger = counted_up(source)
    assert ledger_of.money(ledger.in_file["revenue"]) == "60.00" and "Müller" in str(ledger.ids)


def test_a_letter_far_down_tells_the_encoding_of_a_long_file(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGE_BYTES", 50)
    monkeypatch.setattr(reading, "HEAD_BYTES", 100)
    content = "customer;date;revenue\n" + "A;2025;1\n" * 40 + "Müller;2025;2\n"
    source = opened(written(tmp_path / "l.csv", content.encode("cp1252")))
    assert "Windows-1252" in source.lines.about
    assert "Müller" in str(counted_up(source).ids)


@pytest.mark.parametrize("odd", ["", "1.234,50 €", "oops"])
def test_the_lines_of_a_long_file_are_told_by_their_numbers(tmp_path, monkeypatch, odd):
    """Whether all figures are read as numbers at once or, for the sake of one, one by one."""
    credits = {7: "-1,50", 150_000: "-2,25", 299_999: "-4,00"}
    lines = [f"K{n % 500};2025-01-{n % 28 + 1:02};{credits.get(n, '1,25')}" for n in range(300_000)]
    lines += ["", f"K1;2025-01-05;{odd or '3,00'}"]
    file = written(tmp_path / "l.csv", "customer;date;revenue\n" + "\n".join(lines) + "\n")
    monkeypatch.setattr(reading, "LARGE_BYTES", 1_000_000)
    ledger = counted_up(opened(file))
    last = {"": "3.00", "oops": "0.00"}.get(odd, "1234.50")
    assert ledger.in_file["revenue"] == Decimal("1.25") * 299_997 - Decimal("7.75") + Decimal(last)
    assert [line for line, _ in ledger.seen["credit"].some] == [9, 150_002, 300_001]
    bad = ledger.seen.get("bad revenue revenue")
    assert (bad.some if bad else []) == ([(300_003, "oops")] if odd == "oops" else [])


def test_excel(tmp_path):
    frame = pd.DataFrame(
        {
            "Reseller": ["A", "B"],
            "OrderDate": pd.to_datetime(["2025-01-01", "2024-12-31"]),
            "SalesAmount": [1.234, 2],
            "TotalProductCost": [None, 1],
        }
    )
    frame.to_excel(tmp_path / "l.xlsx", index=False)
    source = opened(tmp_path / "l.xlsx")
    rows = rows_of(landed(counted_up(source))[0])
    assert rows["a", "2025"]["revenue"] == "1.234" and rows["b", "2024"]["cost_of_sales"] == "1"


def test_a_table_of_any_types_as_parquet_gives_it():
    frame = pd.DataFrame(
        {
            "customer": [1, 2],
            "date": pd.to_datetime(["2025-01-01", None]),
            "revenue": [1.5, float("nan")],
            "cost": [None, Decimal("2.5")],
            "paid": [True, False],
            "year": [2025, 2024],
        }
    )
    source = listed(frame)
    rows = rows_of(landed(counted_up(source))[0])
    assert rows["1", "2025"]["revenue"] == "1.5" and rows["2", "undated"]["cost_of_sales"] == "2.5"


def test_parquet_short_and_long(tmp_path, monkeypatch):
    import duckdb

    place = tmp_path / "sales[1].parquet"
    sales = 'SELECT \'A\' AS customer, DATE \'2025-01-31\' AS date, CAST(1.10 AS DOUBLE) AS revenue, i AS "no ""x"""'
    with duckdb.connect() as engine:
        engine.execute(f"COPY ({sales} FROM range(30) t(i)) TO '{place}' (FORMAT parquet)")
    for rows in (reading.PARQUET_ROWS, 20):
        monkeypatch.setattr(reading, "PARQUET_ROWS", rows)
        assert rows_of(landed(counted_up(opened(place)))[0])["A", "2025"]["revenue"] == "33"
    with pytest.raises(WorkbookError, match="cannot be read as Parquet"):
        opened(written(tmp_path / "l.parquet", b"PAR1xxxxPAR1"))


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "is empty"),
        (b"%PDF-1.4 x", "PDF"),
        ("a,b\n", "no customers"),
        ("a;b;c\n1;2;3\n", "The file has: a, b, c"),
        ("customer;date\nA;2025\n", '-m "revenue=HEADER"'),
        ("revenue;date\n1;2025\n", "clearly the customer"),
        (b"PK\x03\x04 broken", "sound .xlsx"),
        ("customer;revenue\nA;1", "clearly the date"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(tmp_path, capsys, content, said):
    code, words = ends_with(
        ["import-ledger", written(tmp_path / "l.csv", content), tmp_path / "b.kam"], capsys
    )
    assert code == 2 and said in words and "Traceback" not in words and not (tmp_path / "b.kam").exists()


def test_a_file_without_costs_says_so(tmp_path):
    file = written(tmp_path / "l.csv", "customer;date;revenue\nA;2025;1\n")
    assert "No column holds the cost of sales" in quick("import-ledger", file, tmp_path / "b.kam").stdout


def test_what_is_no_workbook_is_refused_before_the_file_is_read(tmp_path, capsys):
    file = written(tmp_path / "l.csv", SALES)
    code, words = ends_with(["import-ledger", file, written(tmp_path / "x.txt", "x")], capsys)
    assert code == 2 and "not a workbook" in words and "Read as" not in words


def test_a_file_without_any_revenue_is_refused(tmp_path, capsys):
    file = written(tmp_path / "l.csv", "customer;date;amount\nA;2025;oops\n")
    code, words = ends_with(["import-ledger", file, tmp_path / "b.kam", "-m", "revenue=amount"], capsys)
    assert (
        code == 2
        and "nothing is imported" in words
        and '"oops"' in words
        and not (tmp_path / "b.kam").exists()
    )


@pytest.mark.parametrize(
    "lines, said",
    [
        ("A;2025;1;2;3\n", "line 12 has more cells"),
        ('"A;2025;1\n', "quotation mark"),
        ("\0\0\0\n", "not a text file"),
    ],
)
def test_a_bad_long_file_is_refused_in_a_sentence(tmp_path, capsys, monkeypatch, lines, said):
    monkeypatch.setattr(reading, "LARGE_BYTES", 50)
    monkeypatch.setattr(reading, "HEAD_BYTES", 120 if "A" in lines else 1000)
    content = "customer;date;revenue\n" + "A;2025;1\n" * 10 + lines
    code, words = ends_with(
        ["import-ledger", written(tmp_path / "l.csv", content), tmp_path / "b.kam"], capsys
    )
    assert code == 2 and said in words and not (tmp_path / "b.kam").exists()


def test_a_mapping_that_does_not_fit_is_refused(tmp_path):
    frame = source_of("a;b;c;d\nA;2025;1;x").frame
    given = ["customer=a", "date=B", "revenue=c"]
    assert columns.choose(frame, "ledger", given) == {"customer": "a", "date": "b", "revenue": "c"}
    with pytest.raises(InvalidInput, match="revenue"):
        columns.choose(frame, "ledger", ["revenu=c"])
    with pytest.raises(InvalidInput, match="no column"):
        columns.choose(frame, "ledger", ["revenue=zz"])
    with pytest.raises(KamError, match="cannot be the workbook"):
        file = written(tmp_path / "x.csv", SALES)
        raise quick("import-ledger", file, file).exception


@pytest.mark.parametrize(
    "headers, expected",
    [
        (
            "SalesOrderNumber OrderDateKey ResellerKey OrderQuantity UnitPrice TotalProductCost SalesAmount DiscountAmount Freight",
            "customer=ResellerKey date=OrderDateKey revenue=SalesAmount cost=TotalProductCost discount=DiscountAmount freight=Freight order=SalesOrderNumber",
        ),
        (
            "Kundennummer Rechnungsdatum Rechnungsnummer Nettobetrag Wareneinsatz Rabatt Fracht",
            "customer=Kundennummer date=Rechnungsdatum revenue=Nettobetrag cost=Wareneinsatz discount=Rabatt freight=Fracht order=Rechnungsnummer",
        ),
        (
            "Client Date_facture Montant_HT Remise Port",
            "customer=Client date=Date_facture revenue=Montant_HT discount=Remise freight=Port",
        ),
        (
            "Cliente Fecha Importe Coste Descuento Flete",
            "customer=Cliente date=Fecha revenue=Importe cost=Coste discount=Descuento freight=Flete",
        ),
    ],
)
def test_headers_in_four_languages(headers, expected):
    cells = {"date": "20250101", "key": "20250101", "datum": "20250101", "fecha": "20250101"}
    row = [
        next((v for word, v in cells.items() if word in h.lower() and "reseller" not in h.lower()), "7")
        for h in headers.split()
    ]
    sample = pd.DataFrame([row], columns=headers.split(), dtype=object)
    assert columns.choose(sample, "ledger") == dict(pair.split("=") for pair in expected.split())


def test_a_discount_in_parts_of_one_is_not_taken_for_money():
    source = source_of("Customer ID;Order Date;Sales;Discount\nA;2025;100;0.2\nA;2025;50;0")
    mapping = columns.choose(source.frame, "ledger")
    assert "discount" not in mapping
    said = columns.remarks(source, mapping, "ledger")
    assert any("shares or per cent" in row["message"] for row in said)


def test_several_currencies_are_said():
    text = "customer;date;revenue;Currency Code\nA;2025;1;EUR\nA;2025;2;{}"
    for code, count in (("USD", 1), ("EUR", 0)):
        ledger = added(text.format(code))
        assert sum("2 currencies" in row["message"] for row in ledger.notes) == count


def test_a_table_without_lines_is_refused():
    with pytest.raises(WorkbookError, match="no customers"):
        listed(pd.DataFrame(columns=["customer", "date", "revenue"]))


# -- any ledger at all ------------------------------------------------------------------------------

CELLS = st.sampled_from(["10", "2.50", "-3.25", "(4)", "$1,000.10", "", "n/a", "oops", "0", "1e3", "7.1234"])
LINES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "a", "", "C d"]),
        st.sampled_from(["2024-01-05", "2025-02-01", "03/04/2025", "x", ""]),
        CELLS,
        CELLS,
        CELLS,
        CELLS,
        st.sampled_from(["1", "2", ""]),
    ),
    min_size=1,
    max_size=25,
)
HEADERS = ["customer", "date", "revenue", "cost", "discount", "freight", "order"]
MAPPED = {header: header for header in HEADERS}
EASY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def counted(lines, **options):
    frame = pd.DataFrame(lines, columns=HEADERS, dtype=object)
    blank = {h: "" for h in HEADERS if not any(frame[h])}  # a column with a header alone
    assert frame[[*blank]].eq("").all(axis=None)
    return ledger_of.add_up(listed(frame), MAPPED, ledger_of.Options(**options))


@EASY
@given(LINES, st.booleans(), st.booleans())
def test_the_ledger_and_what_is_left_out_are_the_file(lines, before_discount, drop):
    ledger = counted(lines, before_discount=before_discount, drop_duplicates=drop)
    text, what = landed(ledger)
    found = landing.reconciled(ledger, what, text)
    values = {
        "10": "10",
        "2.50": "2.5",
        "-3.25": "-3.25",
        "(4)": "-4",
        "$1,000.10": "1000.1",
        "1e3": "1000",
        "7.1234": "7.1234",
    }
    sums = [sum(Decimal(values.get(line[i], "0")) for line in lines) for i in range(2, 6)]
    sums[0] -= sums[2] if before_discount else 0

    assert [Decimal(figures.text_of(count)) for count in found["in_file"]] == sums
    assert not found["difference"].any()
    assert not len(checks.check(text)[lambda f: f["level"] == "error"])


@EASY
@given(LINES)
def test_a_second_time_changes_nothing(lines):
    ledger = counted(lines)
    text, _ = landed(ledger)
    assert landed(ledger, text)[1].changes == []


@EASY
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(lines, chance):
    mixed = [*lines]
    chance.shuffle(mixed)
    end = ("Z", "2025-01-01", "1", "1", "1", "1", "9")  # no total among the last lines
    one, other = (landed(counted([*some, end, end, end]))[0] for some in (lines, mixed))
    assert one["ledger"].equals(other["ledger"]) and one["customers"].equals(other["customers"])


# -- a reseller's ledger, as it comes ----------------------------------------------------------------


def reseller_ledger(path, rows=58_000):
    """A ledger in the shape of a bicycle maker's sales to resellers; gives its exact sums."""
    chance = random.Random(58)
    sums = dict.fromkeys(("revenue", "cost", "discount", "freight"), Decimal(0))
    lines = [
        "Reseller sales,,,,,,,,,,",
        "Printed for the meeting,,,,,,,,,,",
        "",
        "SalesOrderNumber,OrderDate,ResellerKey,Reseller,Product,Quantity,Unit Price,SalesAmount,"
        "TotalProductCost,DiscountAmount,Freight",
    ]
    for number in range(rows):
        order, reseller, quantity = number // 15, chance.randrange(1, 636), chance.randrange(1, 12)
        price = Decimal(chance.randrange(200, 360_000)) / 100
        discount = (price * quantity * chance.choice([0, 0, 0, 2, 5]) / 100).quantize(Decimal("0.01"))
        amount = price * quantity - discount
        amount = -amount if chance.random() < 0.01 else amount
        cost = (abs(amount) * 7 / 10).quantize(Decimal("0.0001")) if chance.random() >= 0.08 else None
        freight = (abs(amount) / 40).quantize(Decimal("0.0001"))
        money = f'"${amount:,.2f}"' if amount >= 0 else f'"(${-amount:,.2f})"'
        day = f"{2022 + order % 4}-{order % 12 + 1:02}-{order % 28 + 1:02}"
        lines.append(
            f'SO{43659 + order},{day},{reseller},"Bikes, no. {reseller}",Frame {number % 250},{quantity},"${price:,.2f}",'
            f"{money},{'' if cost is None else cost},{discount},{freight}"
        )
        for field, value in (
            ("revenue", amount),
            ("cost", cost or 0),
            ("discount", discount),
            ("freight", freight),
        ):
            sums[field] += value
    lines.append(f'Total,,,,,,,"${sums["revenue"]:,.2f}",,,')
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return sums


def test_a_ledger_of_58_000_lines_not_cleaned_beforehand_is_reconciled_to_the_cent(tmp_path):
    file, place = tmp_path / "resellers.csv", tmp_path / "b.kam"
    sums = reseller_ledger(file)
    result = quick("import-ledger", file, place)
    assert result.exit_code == 0, result.output
    text = stores.load(place)[1]
    columns = {"revenue": "revenue", "cost": "cost_of_sales", "discount": "discount", "freight": "freight"}

    stored = {
        field: sum(Decimal(t or "0") for t in text["ledger"][column]) for field, column in columns.items()
    }
    assert stored == sums
    assert text["customers"]["customer"].nunique() == 635
    shown = [line.split() for line in result.stdout.splitlines()]
    for field in columns:
        assert [line[-1] for line in shown if line[:1] == [field]] == ["0.00"]
    assert "is a total, not a sale" in result.stdout and "have no cost" in result.stdout
    assert "58,000" in result.stdout or "58,001 lines" in result.stdout
