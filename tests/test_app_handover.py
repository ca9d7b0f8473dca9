"""Handing over from the browser: the report, the pictures and the tables that the command line would give."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.app import operating
from kamlib.errors import KamError
from kamlib.pages import html
from kamlib.reports import report
from kamlib.workbook import stores
from tests.serving import NOTEBOOKS, ROOT, Board
from tests.windows import DOT, grid, handed, main_ends_with, slide, tables_of, visit

pytestmark = pytest.mark.browser
PAGE, READY = "02_kaism", DOT


def written(place: Path, folder: Path, segment: str) -> tuple[str, str]:
    """Name and text of the page of the command line."""
    asked = ["report", str(place), "--segment", segment, "--notebook", PAGE, "--out", str(folder)]
    assert main_ends_with(0, asked)
    (path,) = (p for p in folder.glob("*.html") if p.stem != "index")
    return path.name, path.read_text(encoding="utf-8")


def listed(name: str, content: bytes) -> tuple[str, str]:
    """A page that was handed over, as it stands beside an index."""
    return name, html.leading_back(content.decode(), "index.html")


def test_the_report_is_that_of_the_command_line_in_the_segment_that_is_shown(
    app: Any, place: Path, tmp_path: Path
) -> None:
    app.locator("#kam-segment").select_option("benefit_consultants")
    app.wait_for_function("document.querySelector('#kam-segment').value === 'benefit_consultants'")
    page = listed(*handed(app, "This page as a report"))
    assert page == written(place, tmp_path / "reports", "benefit_consultants")


def test_the_tables_come_as_a_workbook_that_opens_again(app: Any, place: Path, tmp_path: Path) -> None:
    name, content = handed(app, "All tables as .xlsx")
    (tmp_path / name).write_bytes(content)
    again, here = stores.load(tmp_path / name, read_only=True)[1], tables_of(place)
    rows = [{t: f.to_dict("records") for t, f in text.items()} for text in (again, here)]
    assert rows[0] == rows[1]


def test_the_pictures_of_the_page_come_in_both_kinds(app: Any) -> None:
    name, content = handed(app, "Its pictures")
    inside = zipfile.ZipFile(io.BytesIO(content))
    kinds = {kind: {n[:-4] for n in inside.namelist() if n.endswith(kind)} for kind in (".svg", ".png")}
    assert name == "02_kaism-pictures.zip" and kinds[".svg"] == kinds[".png"]
    assert any(n.startswith("matrix-") for n in kinds[".svg"])
    assert all(inside.read(f"{n}.png").startswith(b"\x89PNG") for n in kinds[".png"])


def test_a_reader_opens_on_the_result_and_takes_it_along(browser: Any, place: Path, tmp_path: Path) -> None:
    """The matrix, the decisions and the verdicts first; sliders move and store nothing; tables hold what may leave."""
    copy = report.publish_copy(str(place), tmp_path, "broker_networks")
    before = copy.read_bytes()
    with Board(NOTEBOOKS, workbook=copy, start=PAGE, read_only=True, pages=report.OF_SEGMENT) as board:
        page = visit(browser, board, wait_for=DOT)
        heads, main = page.locator("main h2"), page.locator("main")
        expect(heads).to_have_count(8)
        assert heads.all_inner_texts()[:2] == ["Where does everybody stand?", "What do we decide?"]
        for words in ("What has changed", "Since Round 2025", "last dated entry"):
            expect(main).to_contain_text(words, use_inner_text=True)
        text = main.inner_text()
        assert "Letting go keeps" not in text and "Nobody scores anything yet" not in text

        report_page = listed(*handed(page, "This page as a report"))
        assert report_page == written(copy, tmp_path / "reports", "broker_networks")
        name, content = handed(page, "All tables as .xlsx")
        (tmp_path / name).write_bytes(content)
        assert "ballots" not in stores.load(tmp_path / name, read_only=True)[1]
        name, content = handed(page, "All tables as CSV")
        assert {"scores.csv", "decisions.csv"} <= {*zipfile.ZipFile(io.BytesIO(content)).namelist()}

        matrix = page.locator(".kam-chart").first.locator("svg path[aria-label]")
        all_of_them = matrix.count()
        page.locator("#kam-category").select_option("key_development")
        expect(matrix).not_to_have_count(all_of_them)
        expect(grid(page, "Suggestion and decision").locator("tbody tr")).to_have_count(3)
        page.locator("#kam-category").select_option("")
        expect(matrix).to_have_count(all_of_them)
        slide(page, ".kam-weights input[type=range]", 90)
        expect(page.locator("#kam-agreed")).to_have_attribute("aria-pressed", "false")
        page.locator("#kam-agreed").click()
        expect(page.locator("#kam-agreed")).to_have_attribute("aria-pressed", "true")

        verdicts = page.locator("table.t", has_text="verdict").first.locator(
            "xpath=../following-sibling::p[1]"
        )
        for kind in ("CSV", ".xlsx"):
            with page.expect_download() as waiting:
                verdicts.get_by_role("button", name=kind, exact=True).click()
            got = Path(waiting.value.path()).read_bytes()
            assert (
                waiting.value.suggested_filename
                == f"how-sure-are-we-2026-11-12-internal{kind.lower() if kind[0] == '.' else '.csv'}"
            )
            said = got.decode() if kind == "CSV" else packed(got)
            assert "Lambourne" in said and "stands as" in said
        assert copy.read_bytes() == before and page.problems == [] and page.outside == []
        page.context.close()


def packed(content: bytes) -> str:
    inside = zipfile.ZipFile(io.BytesIO(content))
    return "".join(inside.read(name).decode() for name in inside.namelist())


def test_readers_see_the_newest_state_whole(browser: Any, tmp_path: Path) -> None:
    """A page that is open follows by itself, one that is opened later begins with it; a broken state stays at home."""
    stores.copy(ROOT / "data" / "tiny", tmp_path / "w.kam")
    copy, renew = operating.published(str(tmp_path / "w.kam"), tmp_path / "out")
    with Board(NOTEBOOKS, workbook=copy, start=PAGE, read_only=True, spare=1) as board:
        page = visit(browser, board, wait_for=DOT)
        store = stores.open_store(tmp_path / "w.kam")
        customer = tables_of(tmp_path / "w.kam")["customers"]["customer"].iloc[0]
        store.put([stores.Change("customers", {"customer": customer}, {"name": "Renamed Ltd"})])
        first = copy.stat().st_ino
        renew()
        assert copy.stat().st_ino != first
        expect(page.locator("main").get_by_text("Renamed Ltd").first).to_be_attached()
        expect(page.locator(".kam-status")).to_contain_text("UTC")
        later = visit(browser, board, wait_for=DOT)
        expect(later.locator("main").get_by_text("Renamed Ltd").first).to_be_attached()
        store.put([stores.Change("customers", {"customer": customer}, {"revenue": "a lot"})])
        shown = copy.read_bytes()
        with pytest.raises(KamError):
            renew()
        renew()  # said once
        assert copy.read_bytes() == shown
        for each in (page, later):
            assert each.problems == [] and each.outside == []
            each.context.close()
