"""Handing over from the browser: the report, the pictures and the tables that the command line would give."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.reports import report
from kamlib.workbook import stores
from tests.serving import NOTEBOOKS, Board
from tests.windows import DOT, main_ends_with, tables_of, visit

pytestmark = pytest.mark.browser
PAGE, READY = "02_kaism", DOT


def handed(page: Any, words: str) -> tuple[str, bytes]:
    """Name and content of what the menu gives."""
    page.get_by_text("Hand over", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=words).click()
    expect(page.locator(".kam-status .say")).to_have_text("It is among your downloads.")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def written(place: Path, folder: Path, segment: str) -> Path:
    asked = ["report", str(place), "--segment", segment, "--notebook", PAGE, "--out", str(folder)]
    assert main_ends_with(0, asked)
    (path,) = (p for p in folder.glob("*.html") if p.stem != "index")
    return path


def test_the_report_is_that_of_the_command_line_in_the_segment_that_is_shown(
    app: Any, place: Path, tmp_path: Path
) -> None:
    app.locator("#kam-segment").select_option("benefit_consultants")
    app.wait_for_function("document.querySelector('#kam-segment').value === 'benefit_consultants'")
    name, content = handed(app, "This page as a report")
    expected = written(place, tmp_path / "reports", "benefit_consultants")
    assert (name, content.decode()) == (expected.name, expected.read_text(encoding="utf-8"))


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


def test_a_reader_gets_the_page_and_no_tables(browser: Any, place: Path, tmp_path: Path) -> None:
    copy = report.publish_copy(str(place), tmp_path, "broker_networks")
    with Board(NOTEBOOKS, workbook=copy, start=PAGE, read_only=True, pages=report.OF_SEGMENT) as board:
        page = visit(browser, board, wait_for=DOT)
        name, content = handed(page, "This page as a report")
        expected = written(copy, tmp_path / "reports", "broker_networks")
        assert (name, content.decode()) == (expected.name, expected.read_text(encoding="utf-8"))
        page.get_by_text("Hand over", exact=True).click()
        expect(page.get_by_role("button", name="All tables")).to_have_count(0)
        assert page.problems == [] and page.outside == []
        page.context.close()
