"""Windows on the workbook for browser tests: what a person sees, types and clicks, and what is then stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kamlib.cli import main
from kamlib.workbook import stores
from tests.serving import Board, opened, wait_until

SLOW = 30_000
DRAWN = ".kam-chart svg path[aria-label]"


@pytest.fixture(autouse=True)
def sound(request: Any) -> Iterator[None]:
    """After every test in the shared window: no error, nothing asked of the network."""
    yield
    if "app" in request.fixturenames:
        page = request.getfixturevalue("app")
        assert page.problems == [] and page.outside == []


def visit(
    browser: Any, board: Board, url: str = "", wait_for: str = "", width: int = 1366, mode: str = "read"
) -> Any:
    """A new window on the workbook, all of a page in sight unless `mode` is "workshop" or "". `outside`: requests that wanted to leave the machine (they were
    stopped); `problems`: errors of the page and on its console; both are to stay empty."""
    context = browser.new_context(viewport={"width": width, "height": 768})
    context.set_default_timeout(SLOW)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    if mode:
        context.add_init_script(f"localStorage.setItem('kam-mode', '{mode}')")
    page = context.new_page()
    page.outside, page.problems = [], []

    def gate(route: Any) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1":
            route.continue_()
        else:
            page.outside.append(route.request.url)
            route.abort()

    def listen(socket: Any) -> None:
        if urlsplit(socket.url).hostname != "127.0.0.1":
            page.outside.append(socket.url)

    context.route("**/*", gate)
    page.on("websocket", listen)
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("dialog", lambda dialog: (page.problems.append(dialog.message), dialog.dismiss()))
    opened(page, url or board.url, timeout=60_000)
    page.wait_for_function("!document.querySelector('.kam-later')")  # every part of the page is there
    if wait_for:
        page.wait_for_selector(wait_for)
    return page


def tables_of(place: Path) -> dict[str, Any]:
    return stores.load(place, read_only=True)[1]


def stored(place: Path, table: str, column: str, **key: str) -> list[str]:
    frame = tables_of(place)[table]
    for name, value in key.items():
        frame = frame[frame[name] == value]
    return frame[column].tolist()


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


def shows(page: Any, where: Any, text: str) -> None:
    """Wait until an element shows exactly this text."""
    wait_until(lambda: where.inner_text().strip() == text, what=f"{text!r}, not {where.inner_text()!r}")


def lines(page: Any, title: str, count: int) -> None:
    """Wait until a grid has so many lines."""
    wait_until(
        lambda: grid(page, title).locator("tbody tr").count() == count, what=f"{count} lines in {title}"
    )


def said(page: Any, title: str) -> str:
    """The sentence below a grid."""
    return grid(page, title).locator("xpath=../following-sibling::p").inner_text()


def main_ends_with(code: int, args: list[str]) -> bool:
    with pytest.raises(SystemExit) as ended:
        main(args)
    return ended.value.code in (code, None if code == 0 else code)


class Keys:
    """A person without a mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def to(self, what: str) -> Keys:
        """Press Tab until an element that matches the selector has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                return self
        raise AssertionError(f"Tab does not lead to {what}")

    def into(self, title: str) -> Keys:
        return self.to(f'table[aria-label="{title}"] td')

    def press(self, *keys: str) -> Keys:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, *texts: str, then: str = "Enter") -> Keys:
        for text in texts:
            self.page.keyboard.type(text)
            self.page.keyboard.press(then)
        return self
