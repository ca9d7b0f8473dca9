"""Windows on the workbook for browser tests: what a person sees, types and clicks, and what is then stored.

What a page shows follows an entry a moment later, so nothing is read at once: `expect` and `wait_until` wait for it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.cli import main
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from kamlib.workbook.settings import of_workbook
from tests.serving import NOTEBOOKS, ROOT, WHOLE, Board, opened, wait_until, watched

DOT = ".kam-chart svg path[aria-label]"
WIDE = """() => [...document.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest(".grid-scroll, .scroll, .kam-skip, svg")).map((e) => e.outerHTML.slice(0, 80)).concat(
    document.scrollingElement.scrollWidth > innerWidth ? ["the page itself"] : [])"""


# fixtures of the tests of one notebook: a module says which it is with PAGE, and with READY what shows that it is there


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    """A copy of the insurer's workbook, which the tests of a module change one after the other."""
    place = tmp_path_factory.mktemp("app") / "insurer.kam"
    stores.copy(ROOT / "data" / "insurer", place)
    return place


@pytest.fixture(scope="module")
def board(request: Any, browser: Any, place: Path) -> Iterator[Board]:
    with Board(NOTEBOOKS, workbook=place, start=request.module.PAGE, env={"KAM_WHO": "helen"}) as board:
        yield board


@pytest.fixture(scope="module")
def window(request: Any, browser: Any, board: Board) -> Iterator[Any]:
    """One window for the tests that leave the page as it is, or nearly so."""
    page = visit(browser, board, wait_for=request.module.READY)
    yield page
    page.context.close()


@pytest.fixture
def app(window: Any) -> Iterator[Any]:
    """The shared window; after every test no error in it, and nothing asked of the network."""
    yield window
    assert window.problems == [] and window.outside == []


def visit(browser: Any, board: Board, wait_for: str = "", width: int = 1366, mode: str = "read") -> Any:
    """A new window on the workbook, with the `outside` and `problems` of `watched`; both are to stay empty.

    All of a page is in sight, unless `mode` is "workshop", or "" as the browser has it.
    """
    context = browser.new_context(viewport={"width": width, "height": 768})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    if mode:
        context.add_init_script(f"localStorage.setItem('kam-mode', '{mode}')")
    page = opened(watched(context), board.url)
    page.wait_for_function(WHOLE)
    if wait_for:
        page.locator(wait_for).first.wait_for(state="attached")
    return page


def model(place: Path, **given: Any) -> Book:
    """The workbook as it is stored now, as the models take it."""
    tables = typed(tables_of(place))
    return Book(tables, of_workbook(tables, **given))


def tables_of(place: Path) -> dict[str, Any]:
    """The tables as they are stored now; while a test waits, they are read again only after a change."""
    version = stores.open_store(place, read_only=True).version()
    read = _tables(place, place.stat().st_ino, tuple(sorted(version.items())))
    return {name: table.copy() for name, table in read.items()}


@functools.lru_cache(4)
def _tables(place: Path, file: int, version: tuple[Any, ...]) -> dict[str, Any]:
    return stores.load(place, read_only=True)[1]


def stored(place: Path, table: str, column: str, **key: str) -> list[str]:
    frame = tables_of(place)[table]
    for name, value in key.items():
        frame = frame[frame[name] == value]
    return frame[column].tolist() if column in frame else []  # a column is made with its first entry


def kept(place: Path, value: list[str], table: str, column: str, **key: str) -> None:
    """Wait until the workbook holds this."""
    wait_until(lambda: stored(place, table, column, **key) == value, what=f"{table} {column} {key} = {value}")


def grid(page: Any, title: str) -> Any:
    return page.locator(f'table[aria-label="{title}"]')


def cell(page: Any, title: str, row: str, column: int) -> Any:
    rows = (
        grid(page, title)
        .locator("tbody tr")
        .filter(has=page.locator("th", has_text=re.compile(f"^{re.escape(row)}")))
    )
    return rows.first.locator("td").nth(column)


def shows(where: Any, text: str) -> None:
    """Wait until an element shows exactly this text."""
    expect(where).to_have_text(text, use_inner_text=True)


def says(page: Any, title: str) -> None:
    """Wait until the page has this heading."""
    page.get_by_role("heading", name=title, exact=True).first.wait_for()


def lines(page: Any, title: str, count: int) -> None:
    """Wait until a grid has so many lines."""
    expect(grid(page, title).locator("tbody tr")).to_have_count(count)


def columns(page: Any, title: str, count: int) -> None:
    """Wait until a grid has so many columns, the names of the lines among them."""
    expect(grid(page, title).locator("thead th")).to_have_count(count)


def sentence(page: Any, title: str) -> Any:
    """Where something is said below a grid."""
    return grid(page, title).locator("xpath=../following-sibling::p")


def refused(page: Any, where: Any, title: str, *words: str) -> None:
    """Wait until an entry stays marked, with these words below its grid."""
    expect(where).to_have_attribute("aria-invalid", "true")
    for said in words:
        expect(sentence(page, title)).to_contain_text(said)


def frame_of(page: Any, title: str) -> Any:
    """A grid with what belongs to it: filter, sentence, field for a new line."""
    return grid(page, title).locator("xpath=ancestor::*[contains(@class,'kam-grid')]")


def add(page: Any, title: str, text: str) -> None:
    """Type a new line below a grid."""
    frame_of(page, title).locator(".grid-add").fill(text)
    frame_of(page, title).locator(".grid-add").press("Enter")


def type_in(page: Any, where: Any, text: str) -> None:
    """Type over a cell."""
    where.click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def paste(page: Any, where: Any, block: str) -> None:
    """Paste a block of cells from Excel at a cell."""
    page.evaluate("text => navigator.clipboard.writeText(text)", block)
    where.click()
    page.keyboard.press("Control+V")


def slide(page: Any, selector: str, value: float | str) -> None:
    """Move a slider as somebody with a mouse does: events on the way, and one when it is let go."""
    page.locator(selector).first.evaluate(
        """(input, value) => { input.value = value;
            input.dispatchEvent(new Event("input", {bubbles: true}));
            input.dispatchEvent(new Event("change", {bubbles: true})); }""",
        str(value),
    )


def fits(page: Any, width: int, height: int) -> None:
    """Wait until nothing is wider than a screen of this size."""
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": width, "height": height})
    wait_until(lambda: page.evaluate(WIDE) == [], what=f"a page as wide as {width} pixels")


def serious(page: Any) -> list[tuple[str, str]]:
    """What axe finds that keeps somebody from using a page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(f["id"], f["nodes"][0]["html"][:200]) for f in found if f["impact"] in ("serious", "critical")]


def handed(page: Any, words: str) -> tuple[str, bytes]:
    """Name and content of what the menu Hand over gives."""
    page.get_by_text("Hand over", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=words).click()
    expect(page.locator(".kam-status .say")).to_have_text("It is among your downloads.")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def main_ends_with(code: int, args: list[str]) -> bool:
    with pytest.raises(SystemExit) as ended:
        main(args)
    return ended.value.code in (code, None if code == 0 else code)


class Keys:
    """A person without a mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def to(self, what: str, key: str = "Tab") -> Keys:
        """Press Tab, or Shift+Tab, until an element that matches the selector has the focus."""
        self.page.locator(what).first.wait_for()
        for _ in range(200):
            self.page.keyboard.press(key)
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                return self
        raise AssertionError(f"Tab does not lead to {what}")

    def into(self, title: str, key: str = "Tab") -> Keys:
        return self.to(f'table[aria-label="{title}"] td', key)

    def press(self, *keys: str) -> Keys:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, *texts: str, then: str = "Enter") -> Keys:
        for text in texts:
            self.page.keyboard.type(text)
            self.page.keyboard.press(then)
        return self
