"""From an empty workbook to the full matrix as a new user goes, every click, key, typed text and paste counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.models import kaism
from kamlib.workbook import stores
from tests.serving import NOTEBOOKS, Board
from tests.windows import DOT, cell, columns, grid, kept, lines, model, stored, visit

pytestmark = pytest.mark.browser
NAMES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel"]
SCORES = "Attractiveness scores"
STRENGTH = "How does the customer see us and our competitors?"
FIRST, ATTRACTIVE, FULL, TYPED, PASTED = 6, 20, 120, 80, 12  # actions, of step 8 keys and clicks, and pasted
BLOCK = "\n".join("\t".join(str(1 + (r * 3 + c * 2) % 9) for c in range(6)) for r in range(8))


class Hands:
    """A person with a mouse and a keyboard; `actions` counts what is done, `keys` every key and click."""

    def __init__(self, page: Any) -> None:
        self.page, self.actions, self.keys = page, 0, 0

    def click(self, where: Any) -> None:
        where.click()
        self._count(1)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self._count(len(text))

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self._count(1)

    def paste(self, text: str) -> None:
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.page.keyboard.press("Control+V")
        self._count(1)

    def take(self, offer: Any) -> None:
        """Click a button that goes away when it has been pressed, and wait until the next stands in its place."""
        pressed = self.page.locator(f'[id="{offer.get_attribute("id")}"]')
        self.click(pressed)
        expect(pressed).to_have_count(0)

    def _count(self, keys: int) -> None:
        self.actions, self.keys = self.actions + 1, self.keys + keys

    def step(self, number: int) -> None:
        """Follow a link to a step of this page."""
        self.page.goto(f"{self.page.url.split('#')[0]}#step-{number}")
        expect(self.page.locator(f"#step-{number}")).to_be_in_viewport()

    def screen(self, title: str) -> None:
        """Press Next until this screen is shown."""
        for _ in range(9):
            if self.page.locator("#kam-main h2:visible").inner_text().startswith(title):
                return
            self.click(self.page.get_by_role("button", name="Next", exact=True))
        raise AssertionError(f"no screen {title}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("path") / "fresh.kam"
    stores.create(place, stores.blank("fresh"))
    return place


@pytest.fixture(scope="module")
def hands(browser: Any, place: Path) -> Iterator[Hands]:
    """One person for all of this file: each test goes on where the one before it ended."""
    with Board(NOTEBOOKS, workbook=place, start="01_segmentation") as board:
        page = visit(browser, board, mode="", wait_for="#kam-name")
        yield Hands(page)
        assert page.problems == [] and page.outside == []
        page.context.close()


def drawn(page: Any) -> None:
    """Every customer has its dot on the matrix."""
    for name in NAMES:
        page.locator(f'{DOT}[aria-label^="{name}"]').first.wait_for()


def test_the_first_customer(hands: Hands, place: Path) -> None:
    hands.click(hands.page.get_by_label("Next customer"))
    hands.type(NAMES[0])
    hands.press("Enter")
    kept(place, NAMES[:1], "customers", "name")
    assert hands.actions <= FIRST


def test_eight_customers_and_six_factors_on_the_matrix(hands: Hands, place: Path) -> None:
    page = hands.page
    hands.paste("\n".join(NAMES[1:]))  # into the field for one name
    hands.click(page.get_by_label("Their segment, such as"))
    hands.type("Trees")
    hands.press("Enter")
    kept(place, ["trees"] * 8, "customers", "segment")
    hands.click(page.locator(".kam-head").get_by_role("link", name="7 "))
    page.wait_for_url("**/02_kaism.ipynb#step-7")
    page.wait_for_selector("body[data-kam=ready]")
    stock = page.locator('[id^="kam-stock-attractiveness-"]')
    for n in range(6):
        hands.take(stock.first)
        lines(page, "Attractiveness factors", n + 1)
    hands.click(page.get_by_role("button", name="Use all of it"))
    hands.screen("How attractive")
    columns(page, SCORES, 8)
    hands.click(grid(page, SCORES).locator("tbody td").first)
    hands.paste(BLOCK)
    hands.screen("Where does everybody stand?")
    drawn(page)
    kept(place, BLOCK.split(), "scores", "score", model="attractiveness")
    assert kaism.place(model(place, segment="trees"))["y"].notna().all()
    assert hands.actions <= ATTRACTIVE, hands.actions
    print(f"on attractiveness: {hands.actions} actions")


@pytest.mark.parametrize("way", ["pasted", "typed"])
def test_what_customers_look_for_and_how_they_see_us(hands: Hands, place: Path, way: str) -> None:
    """Three factors and a competitor for eight customers: on one grid, pasted or typed one after the other."""
    page = hands.page
    hands.step(8)
    actions, keys = hands.actions, hands.keys
    hands.click(page.get_by_role("button", name="All customers"))
    stock = page.locator('[id^="kam-stock-strength-"]')
    for n in range(3):
        hands.take(stock.nth(1))
        lines(page, STRENGTH, 8 * (n + 1))
    hands.click(page.get_by_label("or a new one"))
    hands.type("Ash")
    hands.press("Enter")
    columns(page, STRENGTH, 4)
    ours, theirs = ([str(1 + (n * step) % 9) for n in range(24)] for step in (2, 4))
    hands.click(cell(page, STRENGTH, "", 1))
    if way == "pasted":
        hands.paste("\n".join(map("\t".join, zip(ours, theirs, strict=True))))
    else:
        for column, scores in ((1, ours), (2, theirs)):
            if column == 2:
                hands.click(cell(page, STRENGTH, "", 2))
            for score in scores:
                hands.type(score)
            hands.press("Enter")
    kept(place, ours, "scores", "score", model="strength", supplier="us")
    kept(place, theirs, "scores", "score", model="strength", supplier="ash")
    assert hands.keys - keys <= (PASTED if way == "pasted" else TYPED), hands.keys - keys
    hands.screen("Where does everybody stand?")
    placed = kaism.place(model(place, segment="trees"))
    assert placed[["x", "y"]].notna().all(axis=None)
    drawn(page)
    assert hands.actions <= FULL
    print(f"step 8 {way}: {hands.keys - keys} keys, {hands.actions} actions in all")
    if way == "pasted":  # and as if it had not been: the same again by hand
        for _ in range(5):
            page.locator("#kam-undo").click()
        kept(place, [], "factors", "factor", model="strength")
        hands.actions, hands.keys = actions, keys


def test_scores_typed_one_after_the_other_overwrite_nothing(hands: Hands, place: Path) -> None:
    """A digit too many begins the next score only where that is unknown."""
    page = hands.page
    hands.step(7)
    hands.screen("How attractive")
    one = cell(page, SCORES, "Elm", 0)
    one.click()
    page.keyboard.type("75")
    page.keyboard.press("Enter")
    expect(one).to_have_attribute("aria-invalid", "true")
    one.click()
    page.keyboard.press("Escape")
    for name in NAMES[5:]:
        cell(page, SCORES, name, 0).click()
        page.keyboard.press("Delete")
    cell(page, SCORES, "Elm", 0).click()
    page.keyboard.type("7.51095")
    page.keyboard.press("Enter")
    for name, score in zip(NAMES[4:], ["7.5", "10", "9", "5"], strict=True):
        found = stored(place, "customers", "customer", name=name)
        factor = stored(place, "factors", "factor", model="attractiveness")[0]
        kept(place, [score], "scores", "score", subject=found[0], factor=factor)
