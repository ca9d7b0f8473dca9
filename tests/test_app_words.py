"""How much there is to read: the words of the pages on the ten steps, with what is folded closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.serving import NOTEBOOKS, Board
from tests.windows import visit

pytestmark = pytest.mark.browser
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


def test_the_pages_of_the_ten_steps_together_have_at_most_twelve_thousand_words(
    browser: Any, place: Path
) -> None:
    counted = {}
    for name in sorted(path.stem for path in NOTEBOOKS.glob("0[1-5]_*.ipynb")):
        with Board(NOTEBOOKS, workbook=place, start=name) as board:
            page = visit(browser, board, width=1920)
            expect(page.locator(".kam-status")).to_be_visible()
            counted[name] = page.evaluate(WORDS)
            page.context.close()
    assert min(counted.values()) > 500, counted  # all of it was there to be counted
    assert sum(counted.values()) <= MOST, counted
    print(counted, sum(counted.values()))
