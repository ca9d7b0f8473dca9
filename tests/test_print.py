"""On paper: every cell, heading and line a page shows; and on each sheet what the page is about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kamlib import __version__
from kamlib.models import headlines
from kamlib.reports import report, whatif
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables, typed
from tests.pages import page_of, written
from tests.printed import PAPER_PX, bare, lost, sheets
from tests.serving import ROOT
from tests.worked import text


@pytest.mark.browser
@pytest.mark.parametrize(("name", "notebooks"), [("bank", ("", report.PLAN)), ("insurer", (report.PLAN,))])
def test_every_cell_heading_and_line_of_all_reports_is_on_paper_and_every_sheet_says_what_it_is(
    name: str, notebooks: tuple[str, ...], browser: Any, tmp_path: Path
) -> None:
    """The other reports of the insurer are printed from its site; see test_site."""
    page = browser.new_page()
    for notebook in notebooks:  # a plan that is among all reports stands there already
        for path in written(str(ROOT / "data" / name), tmp_path, notebook=notebook, keep=True):
            page.set_content(path.read_text(encoding="utf-8"))
            about = page.locator("p.about").inner_text()
            assert page.locator("tr").count() and name in about and f"kamlib {__version__}" in about
            assert {size: gone for size in PAPER_PX if (gone := lost(page, size, about))} == {}, path.stem
    assert [*tmp_path.glob("plan-*.html")]
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["insurer", "bank"])
def test_the_what_if_page_is_on_paper_with_all_names(name: str, browser: Any, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(whatif.write(str(ROOT / "data" / name), tmp_path / "w.html").as_uri())
    for number, segment in enumerate(page.evaluate("kam.data.segments")):
        page.select_option("#segment", str(number))
        assert all(customer["name"] in page.inner_text("main") for customer in segment["customers"])
        assert lost(page, "A4", page.locator("p.about").inner_text()) == []
    page.close()


@pytest.mark.browser
def test_the_page_for_a_customer_is_on_paper_and_names_nothing_internal(browser: Any, tmp_path: Path) -> None:
    (path,) = written(
        str(ROOT / "data" / "insurer"), tmp_path, given={"customer": "alder", "audience": "customer"}
    )
    page = browser.new_page()
    page.set_content(path.read_text(encoding="utf-8"))
    assert lost(page, "Letter", "") == []
    assert not re.search("kamlib|internal|round2026|lastdated", "".join(sheets(page)))
    page.close()


@pytest.mark.browser
def test_no_name_breaks_out_of_the_foot_of_a_sheet(browser: Any, tmp_path: Path) -> None:
    book, name = text(), '"} @page { size: A6 } </style><b>\\ Ä · Ω'
    book["settings"].loc[book["settings"]["key"] == "supplier", "value"] = name
    stores.create(tmp_path / "w.kam", book)
    page = browser.new_page()
    page.set_content(page_of(str(tmp_path / "w.kam"), tmp_path / "out", "main", notebook="02_kaism"))
    assert page.locator("p.about b").all() == [] and bare(name) in sheets(page)[0]
    page.close()


# -- what a page says of itself


def about(tables: Tables, location: str = "/home/ann/secret/ours.kam", **given: Any) -> list[str]:
    return headlines.about(Book(tables, settings.of_workbook(tables, **given)), stores.file_name(location))


def test_a_page_says_whose_it_is_which_workbook_day_parameters_and_version(tmp_path: Path) -> None:
    """The day is that of the last change, or of the last dated entry; the clock is never asked."""
    tables = typed(stores.load(ROOT / "data" / "insurer", read_only=True)[1])
    usual = ["Harbour Mutual", "ours.kam", "round 2026", "last dated entry 2026-11-20"]
    end = [f"kamlib {__version__}", "internal: not for customers"]
    assert about(tables) == [*usual, *end]
    given = {"segment": "bank_channel", "scenario": "price_war", "near_line": 0.3}
    said = ["Bank channel", "scenario: We lose the price war", "too close to call: within 0.3"]
    assert about(tables, **given) == [*usual, *said, *end]
    assert about(tables, customer="alder") == [*usual, "Alder Network", *end]
    assert about(tables, near_line=0.5) == about(tables)

    store = stores.create(tmp_path / "w.kam", text())
    assert "date not known" in about(typed(store.read()))
    store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "A"})])
    changed = typed(store.read())
    assert f"as of {changed['history']['at'].iloc[-1][:10]}" in about(changed)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("data/insurer", "insurer"),
        ("data/insurer/", "insurer"),
        ("/a/b/c.xlsx", "c.xlsx"),
        ("postgresql://ann:secret@host:5432/accounts?sslmode=require", "accounts"),
        ("postgresql://ann:secret@host", ""),
        ("sqlite:////home/ann/c.kam", "c.kam"),
    ],
)
def test_a_page_names_no_folder_server_or_password(location: str, said: str) -> None:
    assert stores.file_name(location) == said


def test_long_pages_have_links_to_their_parts(tmp_path: Path) -> None:
    html = page_of(str(ROOT / "data" / "tiny"), tmp_path, notebook="02_kaism")
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', html)
    assert len(links) > 4 and links == re.findall(r'<section id="([^"]+)"><h2>([^<]+)</h2>', html)


def test_parameters_are_in_the_name_of_the_file_but_not_for_a_customer() -> None:
    given = {"workbook": "w", "near_line": 0.3, "scenario": "price_war"}
    assert report.suffix(settings.gate({"workbook": "w"})) == ""
    assert report.suffix(settings.gate(given)) == "-in-price_war-near_line-0.3"
    outside = given | {"customer": "alder", "audience": "customer"}
    assert report.suffix(settings.gate(outside)) == ""
