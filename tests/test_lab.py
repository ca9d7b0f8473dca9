"""`kam lab`: JupyterLab on the notebooks, driven as an analyst does."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.app import lab
from kamlib.workbook import stores
from kamlib.workbook.settings import shipped
from tests.serving import NOTEBOOKS, ROOT, wait_until, watched
from tests.windows import cell, grid, kept, stored, type_in

SCORES = "Attractiveness scores"
SQUEEZED = """all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("lab") / "insurer.kam"
    stores.copy(ROOT / "data" / "insurer", place)
    return place


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kamlib", "lab", str(place), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True).start()
    try:
        yield wait_until(
            lambda: next(iter(re.findall(r"http://127\S+token=\w+", "".join(lines))), ""),
            what="the address of JupyterLab",
        )
    finally:
        process.terminate()
        process.wait(60)


def run_all(page: Any) -> None:
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text(re.compile(r"Python 3.* \| Idle")).wait_for()  # the kernel is there
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    grid(page, SCORES).locator("tbody td").first.wait_for()


@pytest.mark.browser
def test_a_score_typed_in_lab_moves_the_dot_and_is_there_again(
    browser: Any, address: str, place: Path
) -> None:
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = watched(context)
    page.goto(address)
    expect(page).to_have_url(re.compile(r"/02_kaism\.ipynb"))
    run_all(page)
    dot = page.locator('.kam-chart svg path[aria-label^="Easton Brokers"]').last
    before = dot.get_attribute("transform")
    one = cell(page, SCORES, "Easton Brokers", 0)
    type_in(page, one, "10")
    kept(place, ["10"], "scores", "score", model="attractiveness", subject="easton", factor="growth")
    expect(dot).not_to_have_attribute("transform", before)

    # tables have the room that their words need
    cells = page.locator(".kam-grid td, .kam-grid th")
    wait_until(lambda: cells.evaluate_all(SQUEEZED) == [], what="cells as wide as their words")
    page.keyboard.press("Control+z")  # outside of a text that is typed
    wait_until(lambda: "10" not in stored(place, "scores", "score", subject="easton", factor="growth"))
    page.keyboard.press("Control+y")
    kept(place, ["10"], "scores", "score", model="attractiveness", subject="easton", factor="growth")

    page.keyboard.press("Control+s")
    copy = place.parent / "insurer-notebooks" / "02_kaism.ipynb"
    wait_until(lambda: '"execution_count": 4' in copy.read_text(encoding="utf-8"), what="the saved notebook")
    assert '"execution_count": 4' not in (NOTEBOOKS / "02_kaism.ipynb").read_text(encoding="utf-8")
    outside = page.outside
    page.close()
    page = watched(context)
    page.goto(address)
    run_all(page)
    expect(cell(page, SCORES, "Easton Brokers", 0)).to_have_text("10")

    page.locator(".kam-head nav a", has_text="Who pays").first.click()
    expect(page.locator(".lm-TabBar-tab.jp-mod-current", has_text="03_profitability.ipynb")).to_be_visible()
    assert outside == [] and page.outside == []
    context.close()


def test_notebooks_that_are_there_already_stay_as_they_are(tmp_path: Path) -> None:
    folder = lab.folder_for(str(tmp_path / "book.kam"), shipped("notebooks"))
    assert folder == tmp_path / "book-notebooks"
    names = sorted(path.name for path in folder.glob("*"))
    assert names == sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    (folder / names[0]).write_text("mine")
    (folder / names[1]).unlink()
    assert sorted(p.name for p in lab.folder_for(str(tmp_path / "book.kam"), NOTEBOOKS).iterdir()) == names
    assert (folder / names[0]).read_text() == "mine"
