"""Workshop mode: one section at a time, with buttons, keys and links; read mode: everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.workbook import stores
from tests.serving import ROOT, Board
from tests.windows import visit

pytestmark = pytest.mark.browser
PAGE, SECTIONS = "03_profitability", 8
TITLES = [
    "What does a discount cost?",
    "Why do good customers look bad?",
    "What does serving each customer take?",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("screens") / "tiny.kam"
    stores.copy(ROOT / "data" / "tiny", place)
    return place


@pytest.fixture(scope="module")
def window(browser: Any, board: Board) -> Iterator[Any]:
    page = visit(browser, board, mode="")
    yield page
    page.context.close()


@pytest.fixture(autouse=True)
def first_screen(app: Any) -> None:
    """Each test begins on the first screen of the page, in workshop mode."""
    app.evaluate("location.hash = 'serving'")
    app.evaluate("location.hash = 'discount'")
    one(app, TITLES[0])


def one(page: Any, title: str) -> None:
    """This screen is shown, and no other."""
    headings = page.locator("#kam-main h2:visible")
    expect(headings).to_have_count(1)
    expect(headings).to_contain_text(title)


def test_buttons_keys_and_the_list_lead_through_the_page(app: Any) -> None:
    one(app, TITLES[0])
    expect(app.get_by_role("button", name="Back")).to_be_disabled()
    app.get_by_role("button", name="Next").click()
    one(app, TITLES[1])
    expect(app).to_have_url(re.compile("#overheads$"))
    app.keyboard.press("ArrowRight")
    one(app, TITLES[2])
    app.keyboard.press("ArrowLeft")
    one(app, TITLES[1])
    app.get_by_label("Screen", exact=True).select_option(index=SECTIONS - 1)
    one(app, "How well do we know it?")
    expect(app.get_by_role("button", name="Next: How do we treat them differently?")).to_be_enabled()


def test_a_link_leads_to_its_screen(app: Any) -> None:
    app.evaluate("location.hash = 'serving'")
    one(app, TITLES[2])
    app.evaluate("location.hash = 'whale'")
    app.reload()
    app.wait_for_function("document.body.dataset.kam === 'ready'")
    one(app, "Who earns it, and who costs it?")


def test_the_arrow_keys_stay_with_what_is_typed(app: Any) -> None:
    app.locator("#kam-off").focus()
    app.keyboard.press("ArrowRight")
    expect(app.locator(".kam-weights output", has_text="5.5 %")).to_be_visible()
    one(app, TITLES[0])


def test_everything_is_shown_when_asked_for_and_it_is_remembered(app: Any) -> None:
    app.get_by_role("button", name="Show everything").click()
    expect(app.locator("#kam-main h2:visible")).to_have_count(SECTIONS)
    app.reload()
    app.wait_for_function("document.body.dataset.kam === 'ready'")
    expect(app.locator("#kam-main h2:visible")).to_have_count(SECTIONS)
    app.get_by_role("button", name="One screen at a time").click()
    expect(app.locator("#kam-main h2:visible")).to_have_count(1)


def test_the_title_line_and_the_status_stay_on_every_screen(app: Any) -> None:
    for _ in TITLES:
        expect(app.locator(".kam-head")).to_be_visible()
        expect(app.locator(".kam-status").first).to_be_visible()
        app.keyboard.press("PageDown")


def test_the_picture_fills_the_projector_and_comes_back(app: Any) -> None:
    app.locator(".picture svg").first.wait_for()
    app.keyboard.press("f")
    app.wait_for_function("!!document.fullscreenElement?.querySelector('svg')")
    app.keyboard.press("f")
    app.wait_for_function("!document.fullscreenElement")


def test_on_paper_there_is_everything(app: Any) -> None:
    app.emulate_media(media="print")
    expect(app.locator("#kam-main h2:visible")).to_have_count(SECTIONS)
    expect(app.locator(".kam-screens")).to_be_hidden()
    app.emulate_media(media="screen")


def test_a_phone_scrolls(browser: Any, board: Board, tmp_path: Path) -> None:
    page = visit(browser, board, width=390, mode="")
    expect(page.locator("#kam-main h2:visible")).to_have_count(SECTIONS)
    page.context.close()
