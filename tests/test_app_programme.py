"""07_programme in the browser: every text is reached, a reveal stays closed, sheets have subjects, pictures follow.

And of the pages of the ten steps, which are opened for it: how much there is to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib import catalogue
from kamlib.catalogue import sheets
from tests.serving import NOTEBOOKS, WHOLE, Board, wait_until
from tests.windows import cell, fits, grid, kept, serious, type_in

pytestmark = pytest.mark.browser
PAGE, READY = "07_programme", ".picture svg"
IDS = "[...document.querySelectorAll('[id^=text-]')].map((e) => e.id)"
MOST = 12_000
# words in sight; not those of lists to choose from, of pictures, and of what the team itself has entered in cells
WORDS = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), aside = "option, script, style, svg, .kam-grid td";
  let words = 0;
  for (let text; (text = texts.nextNode()); ) {
    const place = text.parentElement;
    if (!place.closest(aside) && place.checkVisibility()) words += text.textContent.match(/[A-Za-z][\\w'’-]*/g)?.length ?? 0;
  }
  return words;
}"""


def texts(part: str) -> set[str]:
    """The entries of a part that are only to be read."""
    found = catalogue.entries(step=part) + catalogue.entries(step=f"later:{part}")
    return {e["id"] for e in found if "form" not in e and not e["id"].startswith("tips_")}


def shelved(page: Any, name: str) -> set[str]:
    """The texts of a page, when each of its parts that has any shows them."""
    parts = {id: part for id, part in catalogue.parts().items() if part["anchor"] != "library"}
    for part in (id for id, own in parts.items() if own["page"] == name and texts(id)):
        page.locator(f"[id^='text-{part}-']").first.wait_for(state="attached")
    return set(page.evaluate(IDS))


def settled(page: Any) -> int:
    """The words of a page in sight, when no more come."""
    counted = [0]

    def same() -> bool:
        page.wait_for_function("() => new Promise((done) => requestIdleCallback(() => done(true)))")
        counted.append(page.evaluate(WORDS))
        return counted[-1] == counted[-2]

    wait_until(same, what="all the words")
    return counted[-1]


@pytest.fixture(scope="module")
def read(window: Any, board: Board) -> dict[str, tuple[set[str], int]]:
    """The texts of each page and the words in sight on it."""
    found = {PAGE: (shelved(window, PAGE), 0)}
    for name in sorted({path.stem for path in NOTEBOOKS.glob("*.ipynb")} - {PAGE}):
        other = window.context.new_page()
        other.goto(board.page(name))
        other.wait_for_selector("body[data-kam=ready]")
        other.wait_for_function(WHOLE)
        expect(other.locator(".kam-status")).to_be_visible()
        found[name] = shelved(other, name), settled(other)
        other.close()
    return found


def test_the_pages_of_the_ten_steps_together_have_at_most_twelve_thousand_words(
    read: dict[str, tuple[set[str], int]],
) -> None:
    counted = {name: words for name, (_, words) in read.items() if "01" <= name < "06"}
    assert len(counted) == 5 and min(counted.values()) > 500, counted  # all of it was there to be counted
    assert sum(counted.values()) <= MOST, counted
    print(counted, sum(counted.values()))


def test_every_text_is_reached_from_its_part_and_from_the_library(
    app: Any, read: dict[str, tuple[set[str], int]]
) -> None:
    shelves = {id: part["page"] for id, part in catalogue.parts().items() if part["anchor"] != "library"}
    there = set().union(*(ids for ids, _ in read.values()))
    missing = [
        f"text-{part}-{id}" for part in shelves for id in texts(part) if f"text-{part}-{id}" not in there
    ]
    assert missing == []

    app.locator("#kam-library-words").fill("")
    for entry in catalogue.entries():
        assert app.locator(f'button[data-word="{entry["title"]}"]').count() >= 1, entry["id"]
    app.locator("#kam-library-words").fill("open books")
    app.locator("#kam-library-find").click()
    app.locator("#text-library-open_book summary").click()
    expect(app.locator("#text-library-open_book")).to_contain_text("Source: Ch 10, lines 4272-4331")
    app.locator("#kam-library-all").click()
    app.locator('button[data-word="Sharp sticks"]').wait_for()


def test_what_others_thought_is_not_on_the_page_before_an_answer_has_a_name(app: Any, place: Path) -> None:
    id = "case_reinsurer_senior"
    lesson, card = catalogue.entry(id)["lesson"], app.locator(f"#text-cases-{id}")
    app.locator("#more-cases > summary").click()
    card.locator("summary").click()
    assert lesson not in app.content()
    app.locator(f"#kam-answer-cases-{id}-ask").fill("Only Marcus would be.")
    app.locator(f"#kam-keep-cases-{id}").click()
    app.get_by_text("Write an answer to each question, and who gives it.").first.wait_for()
    assert lesson not in app.content()
    app.locator(f"#kam-person-cases-{id}-ask").fill("Ann New")
    app.locator(f"#kam-keep-cases-{id}").click()
    expect(card).to_contain_text(lesson)
    kept(place, ["Only Marcus would be."], "answers", "value", sheet=id, field="answer")
    kept(place, ["ann_new"], "answers", "value", sheet=id, field="person")
    app.locator(f"#kam-agree-cases-{id}-ask").select_option("differ")
    app.locator(f"#kam-keep-cases-{id}").click()
    expect(card).to_contain_text("With what others thought we differ.")


def test_a_sheet_is_about_whom_is_chosen_and_the_picture_follows(app: Any, place: Path) -> None:
    title = sheets.form("skills_needed").title
    app.locator("#kam-whom-skills_needed").select_option("colin")
    expect(grid(app, title).locator("tr.group")).to_have_text(["For key accounts", "For selling"])
    type_in(app, cell(app, title, "Strategic planning", 0), "strong")
    kept(
        place,
        ["strong"],
        "answers",
        "value",
        sheet="skills_needed",
        subject="colin",
        item="strategic_planning",
    )
    app.get_by_label("Skills for key accounts, person by person").get_by_text("Colin Dray").wait_for(
        state="attached"
    )
    app.locator("#kam-failing-story").click()
    app.get_by_role("heading", name="Elements of the case").wait_for()


def test_everybody_can_read_it(app: Any) -> None:
    for width, height in ((1920, 1080), (1366, 768), (390, 844)):
        fits(app, width, height)
    assert serious(app) == []
