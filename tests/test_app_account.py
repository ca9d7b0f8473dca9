"""06_account_plan in the browser: from a blank key account to who decides and who sees whom, as an account manager goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.serving import Board
from tests.windows import add, cell, fits, frame_of, kept, lines, paste, says, serious, stored, visit

pytestmark = pytest.mark.browser
PAGE, READY = "06_account_plan", "#kam-customer"
WHO, MOVES, WHY, GROW = (
    "Their people",
    "What moves them",
    "Who sees whom, and what for?",
    "GROW: goal, role, obligation, work plan",
)
KEY = {"customer": "dunmore"}


def test_from_a_blank_account_to_who_sees_whom(app: Any, place: Path) -> None:
    """Eight entries: three people and their parts, two contacts, one GROW, both intents; and one taken back."""
    app.locator("#kam-customer").select_option("dunmore")
    says(app, "Who decides? Begin with the people you know there")

    for name in ("Ada Holm", "Ben Ito", "Cy Roe"):
        add(app, WHO, name)
    lines(app, WHO, 3)
    paste(
        app,
        cell(app, WHO, "Ada Holm", 0),
        "Buying\tyes\tuser\tmedium\nIT\tno\tuser\tlow\nBoard\tno\tdecider\thigh",
    )
    kept(place, ["Buying", "IT", "Board"], "customer_people", "function", **KEY)
    says(app, "3 people there; what Cy Roe says counts most")
    says(app, "First Ada Holm, last Cy Roe")

    paste(app, cell(app, WHY, "Ada Holm", 0), "build trust")
    kept(place, ["trust"], "links", "purpose", **KEY)
    expect(
        app.locator(".kam-zone").filter(has_text="This account hangs on Aisha Rahman").first
    ).to_be_visible()
    says(app, "None of us sees Cy Roe")
    paste(app, cell(app, WHY, "Cy Roe", 1), "get information")
    kept(place, ["trust", "information"], "links", "purpose", **KEY)
    says(app, "Somebody of us sees everybody who matters most")

    paste(
        app,
        cell(app, GROW, "Aisha Rahman and Ada Holm", 0),
        "First on the panel\tMonthly talk\tMinutes\tFigures\t2027-02-01",
    )
    kept(place, ["First on the panel", ""], "links", "goal", **KEY)
    zone = "Frustration zones (strategic intent match)"
    paste(app, cell(app, zone, "How far do we want", 0), "Partnership KAM\tSaid so in May\nEarly KAM")
    says(app, "Seller's frustration zone")

    frame_of(app, WHO).get_by_role("button", name="Remove Ben Ito").click()
    lines(app, WHO, 2)
    app.get_by_role("button", name="undo").click()
    lines(app, WHO, 3)


def test_the_page_fits_a_phone_and_everybody_can_read_it(app: Any, board: Board, browser: Any) -> None:
    assert serious(app) == []
    fits(app, 390, 844)


def test_read_only_it_shows_everything_and_takes_nothing(browser: Any, place: Path) -> None:
    from tests.serving import NOTEBOOKS

    with Board(NOTEBOOKS, workbook=place, start=PAGE, read_only=True) as reading:
        page = visit(browser, reading, wait_for=READY)
        page.locator("#kam-customer").select_option("alder")
        says(page, "None of us sees Graham Stott")
        before = stored(place, "links", "purpose")
        cell(page, WHY, "Ruth Calder", 0).click()
        page.keyboard.press("Delete")
        page.keyboard.press("Enter")
        assert page.locator(".grid-add").count() == 0 and stored(place, "links", "purpose") == before
        page.context.close()
