"""A whole vote with a projector and three phones: join, vote blind, reveal, agree, vote again, and the matrix moves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.rooms import PEOPLE, example
from tests.serving import NOTEBOOKS, Board, opened, wait_until, watched

pytestmark = pytest.mark.browser
DOT = ".kam-chart svg path[aria-label*='Alpha']"


@pytest.fixture
def board(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The workshop of the smallest example, with its room."""
    table = example(tmp_path / "book.kam")
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "KAM_WHO": "anna"}
    with Board(NOTEBOOKS, workbook=tmp_path / "book.kam", room_ip="127.0.0.1", env=env) as board:
        board.table = table
        yield board


def screen(page: Any, title: str) -> None:
    """Go to the screen of this title with the list, as a facilitator does."""
    where = page.locator(".kam-screens select")
    words = [w for w in where.locator("option").all_text_contents() if title in w]
    where.select_option(label=words[0])


def clean(page: Any, place: str) -> None:
    """Nothing serious or critical for axe on the part of the page that votes."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=place).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []


def tap(phone: Any, score: int) -> None:
    phone.get_by_role("button", name=str(score), exact=True).tap()
    expect(phone.get_by_text("Your vote is stored")).to_be_visible()


def test_a_whole_vote(browser: Any, board: Any) -> None:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    wall = watched(context)
    opened(wall, board.page("02_kaism"))

    wall.locator("#kam-room summary").click()
    code = wall.locator("#kam-room .code").inner_text()
    address = re.search(r"127\.0\.0\.1:\d+", wall.locator("#kam-room").inner_text())[0]
    clean(wall, "#kam-room")
    phones = []
    for person in PEOPLE[:3]:
        phone = watched(
            browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        )
        phone.goto(f"http://{address}/#{code}")
        phone.get_by_role("button", name=person.title()).tap()
        phones.append(phone)
    expect(wall.locator("#kam-room .here li")).to_have_count(3)
    wall.locator("#kam-room summary").click()

    screen(wall, "How attractive is each customer")
    wall.locator("#kam-vote-attractiveness-scores summary").click()
    wall.locator("#kam-open-attractiveness-scores").press("Enter")
    expect(wall.locator(".vote h3.result")).to_have_text("0 of 3 done")
    for phone, score in zip(phones, (2, 7, 10), strict=True):
        expect(phone.get_by_role("heading", name="Alpha")).to_be_visible()
        tap(phone, score)
    wait_until(lambda: len(board.table.rows("ballots")) == 3, what="three ballots")
    assert [row for row in board.table.rows("ballots") if row["score"] == "10"][0]["person"] == PEOPLE[2]
    for phone, score in zip(phones, (2, 7, 10), strict=True):
        told = phone.evaluate("fetch('/state').then((answer) => answer.json())")
        assert len(told["answers"]) == 1 and str(score) in json.dumps(told["answers"])
    assert "Sales 2" not in wall.content()  # nothing of it on the wall before the reveal

    clean(wall, ".vote")
    wall.locator("#kam-reveal").press("Enter")
    row = wall.locator(".vote-row, .vote tr").filter(has_text="Alpha").first
    expect(row).to_contain_text("Sales 2, 7, 10")
    expect(phones[0].get_by_text("big screen")).to_be_visible()
    clean(wall, ".vote")

    row.locator("[data-do=look_vote]").click()
    wall.locator("#kam-agreed-score").fill("3")
    wall.locator("#kam-agree").click()
    wait_until(lambda: _agreed(board), what="the agreed score")
    first = _agreed(board)
    assert (first["score"], first["votes"]) == ("3", "3")
    screen(wall, "Where does everybody stand")
    before = wall.locator(DOT).first.get_attribute("transform")

    screen(wall, "How attractive is each customer")
    wall.locator("#kam-again").click()
    expect(wall.locator(".vote h3.result")).to_have_text("0 of 3 done")
    for phone in phones:
        expect(phone.get_by_role("heading", name="Alpha")).to_be_visible()
        tap(phone, 9)
    expect(wall.locator(".vote h3.result")).to_have_text("3 of 3 done")
    wall.locator("#kam-reveal").click()
    wall.locator("[data-do=take_median]").first.click()
    wait_until(lambda: _agreed(board)["score"] == "9", what="the score of the second vote")
    assert _agreed(board)["poll"] != first["poll"]
    screen(wall, "Where does everybody stand")
    expect(wall.locator(DOT).first).not_to_have_attribute("transform", before)
    assert wall.problems == [] and wall.outside == []
    for phone in phones:
        assert phone.problems == [] and phone.outside == []
        phone.context.close()
    context.close()


def _agreed(board: Any) -> dict[str, str]:
    rows = [row for row in board.table.rows("scores", model="attractiveness") if row.get("poll")]
    return rows[0] if rows else {}
