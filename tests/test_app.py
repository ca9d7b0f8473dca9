"""02_kaism in the browser, as a facilitator uses it: what is promised is tried with real keys and clicks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kamlib import panels
from kamlib.models import kaism
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from tests.serving import ROOT, Board, browser, wait_until
from tests.windows import (
    DRAWN,
    Keys,
    cell,
    grid,
    kept,
    lines,
    main_ends_with,
    said,
    shows,
    sound,
    stored,
    tables_of,
    visit,
)

__all__ = ["browser", "sound"]  # fixtures

pytestmark = pytest.mark.browser
NOTEBOOKS = ROOT / "notebooks"
SCORES = "How attractive is each customer to us?"
STRENGTH = "How does the customer see us and our competitors?"


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("app") / "insurer.kam"
    stores.copy(ROOT / "data" / "insurer", place)
    return place


@pytest.fixture(scope="module")
def board(place: Path, browser: Any) -> Iterator[Board]:
    with Board(NOTEBOOKS, workbook=place, env={"KAM_WHO": "helen"}) as board:
        yield board


@pytest.fixture(scope="module")
def app(browser: Any, board: Board) -> Iterator[Any]:
    """One window for the tests that leave the page as it is."""
    page = visit(browser, board, wait_for=DRAWN)
    yield page
    page.context.close()


def score(place: Path, subject: str, factor: str) -> str:
    (found,) = stored(place, "scores", "score", model="attractiveness", subject=subject, factor=factor)
    return found


def dot(page: Any, name: str) -> Any:
    return page.locator(f'.kam-chart svg path[aria-label^="{name}"]').last


def explained(page: Any, name: str) -> None:
    """Wait until the card beside the matrix is about this customer."""
    card = page.locator(".kam-three .kam-side")
    card.locator("h2", has_text=name).wait_for()


def box_of(place: Path, customer: str, segment: str = "broker_networks") -> str:
    tables = typed(tables_of(place))
    seen = kaism.place(Book(tables, settings.of_workbook(tables, segment=segment))).set_index("customer")
    return panels.box_word(seen.loc[customer, "box"])


# the promise


def test_a_score_moves_the_dot_and_the_box_and_outlives_the_page(
    browser: Any, board: Board, place: Path
) -> None:
    page = visit(browser, board, wait_for=DRAWN)
    before, box = dot(page, "Easton Brokers").get_attribute("transform"), box_of(place, "easton")
    cell(page, SCORES, "Easton Brokers", 0).click()
    for _ in range(3):
        page.keyboard.type("10")
        page.keyboard.press("Tab")
    wait_until(lambda: [score(place, "easton", f) for f in ("growth", "profit", "fit")] == ["10"] * 3)

    after = box_of(place, "easton")
    assert after != box
    wait_until(lambda: dot(page, "Easton Brokers").get_attribute("transform") != before)
    shown = cell(page, "Suggestion and decision", "Easton Brokers", 0)
    wait_until(lambda: shown.inner_text().startswith(after), what=after)
    page.context.close()  # without leaving the page in good manners

    again = visit(browser, board, wait_for=DRAWN)
    assert [cell(again, SCORES, "Easton Brokers", n).inner_text() for n in range(3)] == ["10"] * 3
    assert again.outside == [] and again.problems == []
    again.context.close()


def test_what_is_said_to_be_saved_outlives_kernel_and_server(
    browser: Any, place: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.kam"
    stores.copy(place, own)

    def enter(page: Any, value: str) -> None:
        cell(page, SCORES, "Alder Network", 0).click()
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        page.locator(".kam-status .saved", has_text="undo").wait_for()

    with Board(NOTEBOOKS, workbook=own, env={"KAM_WHO": "helen"}) as board:
        page = visit(browser, board, wait_for=DRAWN)
        enter(page, "2.5")
        for kernel in board.kernels():
            kernel.kill()
        assert score(own, "alder", "growth") == "2.5"
        page.get_by_role("alert").filter(has_text="Connection to the workbook is lost").wait_for()
        page.get_by_role("button", name="Reload").click()
        page.wait_for_selector("body[data-kam=ready]")
        shows(page, cell(page, SCORES, "Alder Network", 0), "2.5")
        enter(page, "3.5")
        board.kill()
        page.context.close()
    assert score(own, "alder", "growth") == "3.5"
    assert main_ends_with(0, ["check", str(own)])


# typing, pasting, choosing


def test_keys_move_type_over_and_take_back(app: Any, place: Path) -> None:
    one = cell(app, SCORES, "Castlegate", 1)
    old, below = score(place, "castlegate", "profit"), score(place, "dunmore", "profit")
    one.click()
    app.keyboard.press("F2")
    app.keyboard.type("4")
    app.keyboard.press("Escape")
    assert one.inner_text() == old
    app.keyboard.press("?")
    wait_until(lambda: score(place, "castlegate", "profit") == "")
    shows(app, one, "?")
    assert (
        app.evaluate("document.activeElement.ariaLabel") == f"Dunmore Partners, Profit opportunity: {below}"
    )
    app.keyboard.press("ArrowUp")
    app.keyboard.type("6.5")
    app.keyboard.press("ArrowRight")  # inside an entry the arrows sideways move the cursor
    app.keyboard.press("Enter")
    wait_until(lambda: score(place, "castlegate", "profit") == "6.5")
    app.keyboard.press("ArrowUp")
    app.keyboard.press("Delete")
    wait_until(lambda: score(place, "castlegate", "profit") == "")
    for back in ("6.5", "", old):
        app.get_by_role("button", name="undo").click()
        wait_until(lambda back=back: score(place, "castlegate", "profit") == back, what=back)
    shows(app, one, old)


@pytest.mark.parametrize("wrong", ["11", "abc"])
def test_a_bad_value_stays_marked_with_its_reason(app: Any, place: Path, wrong: str) -> None:
    one, old = cell(app, SCORES, "Glenrose", 2), score(place, "glenrose", "fit")
    one.click()
    app.keyboard.type(wrong)
    app.keyboard.press("Tab")

    wait_until(lambda: one.get_attribute("aria-invalid") == "true")
    assert one.inner_text() == wrong and f'"{wrong}"' in said(app, SCORES) and "1 to 10" in said(app, SCORES)
    assert score(place, "glenrose", "fit") == old
    one.click()
    app.keyboard.press("Escape")
    shows(app, one, old)
    assert one.get_attribute("aria-invalid") is None


def test_a_block_from_excel_is_pasted_and_its_bad_cells_are_marked(app: Any, place: Path) -> None:
    before = [[score(place, c, f) for f in ("growth", "profit", "fit")] for c in ("hartwell", "ivybridge")]
    app.evaluate("text => navigator.clipboard.writeText(text)", '5\t6\t"7,5"\r\nabc\t?\t99\r\n')
    cell(app, SCORES, "Hartwell", 0).click()
    app.keyboard.press("Control+v")

    bad = cell(app, SCORES, "Ivybridge", 0), cell(app, SCORES, "Ivybridge", 2)
    for one, text in zip(bad, ("abc", "99"), strict=True):
        wait_until(lambda one=one: one.get_attribute("aria-invalid") == "true")
        assert one.inner_text() == text and f'"{text}"' in said(app, SCORES)
    after = [[score(place, c, f) for f in ("growth", "profit", "fit")] for c in ("hartwell", "ivybridge")]
    assert after == [["5", "6", "7.5"], [before[1][0], "", before[1][2]]]
    shows(app, cell(app, SCORES, "Hartwell", 2), "7.5")

    app.get_by_role("button", name="undo").click()  # the block is one change
    wait_until(lambda: [score(place, "hartwell", f) for f in ("growth", "profit", "fit")] == before[0])
    assert score(place, "ivybridge", "profit") == before[1][1]
    for one in bad:
        one.click()
        app.keyboard.press("Escape")

    app.evaluate("text => navigator.clipboard.writeText(text)", "4\n5\n6")
    grid(app, SCORES).locator("tbody tr").last.locator("td").first.click()
    app.keyboard.press("Control+v")
    wait_until(lambda: "2 of the pasted cells lie outside" in said(app, SCORES))
    wait_until(lambda: score(place, "old_mill", "growth") == "4")
    app.get_by_role("button", name="undo").click()
    wait_until(lambda: score(place, "old_mill", "growth") != "4")


def test_a_click_on_a_dot_or_a_name_explains_it_wherever_it_has_moved(app: Any, place: Path) -> None:
    for name in ("Birchwood IFA", "Hartwell"):
        dot(app, name).click()
        explained(app, name)
    slider = app.get_by_role("slider", name="Growth potential")
    where = dot(app, "Hartwell").get_attribute("transform")
    slider.focus()
    for _ in range(5):
        app.keyboard.press("PageDown")
    wait_until(lambda: dot(app, "Hartwell").get_attribute("transform") != where)
    for width in (1366, 1000, 500):
        app.set_viewport_size({"width": width, "height": 768})
        for name in ("Norwood", "Kestrel"):
            dot(app, name).click()
            explained(app, name)
    app.set_viewport_size({"width": 1366, "height": 768})
    app.locator(".kam-three .kam-side").get_by_label("Customer").select_option(label="Juniper Online")
    explained(app, "Juniper Online")
    dot(app, "Kestrel").click()  # the same dot as before is news again
    explained(app, "Kestrel")
    app.locator(".kam-chart svg text", has_text="Glenrose").last.click()
    explained(app, "Glenrose")


def test_a_dragged_weight_shows_at_once_and_is_stored_when_let_go(app: Any, place: Path) -> None:
    slider = app.get_by_role("slider", name="Profit opportunity")
    slider.scroll_into_view_if_needed()
    (weight,) = stored(place, "factors", "weight", scope="broker_networks", factor="profit")
    where, at = dot(app, "Marlow Mutual").get_attribute("transform"), slider.bounding_box()
    across = lambda part: (at["x"] + at["width"] * part, at["y"] + at["height"] / 2)  # noqa: E731
    app.mouse.move(*across(0.5))
    app.mouse.down()
    app.mouse.move(*across(0.3), steps=4)
    app.mouse.move(*across(0.05), steps=4)
    wait_until(lambda: dot(app, "Marlow Mutual").get_attribute("transform") != where)
    assert stored(place, "factors", "weight", scope="broker_networks", factor="profit") == [weight]
    app.mouse.up()
    wait_until(
        lambda: stored(place, "factors", "weight", scope="broker_networks", factor="profit") != [weight]
    )
    (now,) = stored(place, "factors", "weight", scope="broker_networks", factor="profit")

    app.get_by_role("button", name="Equal").click()
    wait_until(lambda: slider.input_value() == "1")
    app.get_by_role("button", name="Our weights").click()
    wait_until(lambda: slider.input_value() == now)
    assert stored(place, "factors", "weight", scope="broker_networks", factor="profit") == [now]
    app.get_by_role("button", name="undo").click()
    kept(place, [weight], "factors", "weight", scope="broker_networks", factor="profit")


def test_a_decision_against_the_suggestion_needs_a_reason_and_can_be_undone(app: Any, place: Path) -> None:
    card = app.locator(".kam-three .kam-side")
    before = stored(place, "decisions", "decision", what="category", subject="kestrel")
    dot(app, "Kestrel").click()
    explained(app, "Kestrel")
    other = "key_development" if box_of(place, "kestrel") != "Key development" else "key"
    card.get_by_label("Category").select_option(other)
    card.get_by_label("Reason").fill("")
    card.get_by_role("button", name="Keep the decision").click()
    app.get_by_role("alert").filter(has_text="Kestrel: this differs from the suggestion; say why").wait_for()
    assert stored(place, "decisions", "decision", what="category", subject="kestrel") == before
    assert card.get_by_label("Category").input_value() == other  # nothing that was typed is lost

    card.get_by_label("Reason").fill("Their new chief executive asked for us")
    dot(app, "Birchwood IFA").click()
    explained(app, "Birchwood IFA")
    assert card.get_by_label("Reason").input_value() != "Their new chief executive asked for us"
    dot(app, "Kestrel").click()
    explained(app, "Kestrel")
    assert card.get_by_label("Reason").input_value() == "Their new chief executive asked for us"
    card.get_by_label("Look at it again on").fill("2027-05-03")
    card.get_by_label("Reason").press("Enter")

    kept(place, [other], "decisions", "decision", what="category", subject="kestrel")
    frame = tables_of(place)["decisions"]
    row = frame[(frame["what"] == "category") & (frame["subject"] == "kestrel")].iloc[0]
    assert (row["person"], row["review_on"]) == ("helen", "2027-05-03") and row["on"]
    card.get_by_text("decided; suggested").first.wait_for()
    shows(app, cell(app, "Suggestion and decision", "Kestrel", 2), "Their new chief executive asked for us")
    app.get_by_role("button", name="undo").click()
    kept(place, before, "decisions", "decision", what="category", subject="kestrel")


def test_a_failed_must_have_is_waived_with_a_reason(app: Any, place: Path) -> None:
    app.get_by_role("button", name="Look at it").click()
    explained(app, "Old Mill Advisers")
    app.get_by_role("button", name="Waive", exact=True).click()
    app.get_by_role("alert").filter(has_text="waived with a reason").wait_for()
    app.get_by_label("Waive the must-have, with a reason").fill("Pays late, always pays")
    app.keyboard.press("Enter")
    kept(
        place, ["Pays late, always pays"], "decisions", "reason", what="must_have_waiver", subject="old_mill"
    )
    dot(app, "Old Mill Advisers").wait_for()
    app.get_by_role("button", name="undo").click()
    wait_until(lambda: not stored(place, "decisions", "reason", what="must_have_waiver", subject="old_mill"))
    dot(app, "Old Mill Advisers").wait_for(state="detached")


def test_two_windows_follow_each_other_and_a_conflict_shows_both_values(
    browser: Any, board: Board, app: Any, place: Path
) -> None:
    other = visit(browser, board, wait_for=DRAWN)
    theirs, mine = cell(other, SCORES, "Fairlie Group", 2), cell(app, SCORES, "Fairlie Group", 2)
    mine.click()
    app.keyboard.press("F2")
    app.keyboard.type("9")
    theirs.click()
    other.keyboard.type("2")
    other.keyboard.press("Enter")
    wait_until(lambda: score(place, "fairlie", "fit") == "2")
    shows(app, cell(app, SCORES, "Fairlie Group", 6), cell(other, SCORES, "Fairlie Group", 6).inner_text())

    app.keyboard.press("Enter")
    wait_until(lambda: mine.get_attribute("aria-invalid") == "true")
    assert 'helen changed score to "2" meanwhile' in said(app, SCORES) and 'you wrote "9"' in said(
        app, SCORES
    )
    assert mine.inner_text() == "9" and score(place, "fairlie", "fit") == "2"

    mine.click()
    app.keyboard.press("F2")
    app.keyboard.press("Enter")  # it shall stand
    wait_until(lambda: score(place, "fairlie", "fit") == "9")
    shows(other, theirs, "9")

    mine.click()
    app.keyboard.press("F2")
    app.keyboard.type("7")
    theirs.click()
    other.keyboard.type("4")
    other.keyboard.press("Enter")
    wait_until(lambda: score(place, "fairlie", "fit") == "4")
    app.keyboard.press("Enter")
    wait_until(lambda: mine.get_attribute("aria-invalid") == "true")
    mine.click()
    app.keyboard.press("F2")
    app.keyboard.press("Escape")  # then theirs stands, here too
    shows(app, mine, "4")
    assert mine.get_attribute("aria-invalid") is None and "meanwhile" not in said(app, SCORES)
    assert other.problems == [] and other.outside == []
    other.context.close()


def test_another_segment_is_another_matrix(app: Any, place: Path) -> None:
    app.locator("#kam-segment").select_option("bank_channel")
    dot(app, "Alder Network").wait_for(state="detached")
    tables = typed(tables_of(place))
    seen = kaism.place(Book(tables, settings.of_workbook(tables, segment="bank_channel")))
    drawn = seen.loc[seen["status"].isin(["placed", "undetermined"]), "name"]
    for name in drawn:
        assert dot(app, name).is_visible()
    lines(app, SCORES, len(seen))
    app.locator("#kam-segment").select_option("broker_networks")
    dot(app, "Alder Network").wait_for()


# what a visitor must never meet


def test_axe_finds_nothing_serious(app: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for name in ("", "Castlegate"):
        if name:
            dot(app, name).click()
            explained(app, name)
        found = axe.run(app).response["violations"]
        assert [
            (f["id"], f["nodes"][0]["html"]) for f in found if f["impact"] in ("serious", "critical")
        ] == []


@pytest.mark.parametrize("width, height", [(1920, 1080), (1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen_and_everything_is_there(app: Any, width: int, height: int) -> None:
    app.mouse.move(0, 0)
    app.set_viewport_size({"width": width, "height": height})
    wide = app.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
            && !e.closest(".grid-scroll, .scroll, .kam-skip, svg")).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert wide == [] and app.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert app.locator('table[role="grid"]').count() == 9
    assert all(table.is_visible() for table in app.locator('table[role="grid"]').all())
    assert app.locator(".kam-chart svg").is_visible() and app.locator(".kam-weights input").count() == 6
    assert app.locator("text=/Traceback|Error displaying|Loading widget/").count() == 0
    app.set_viewport_size({"width": 1366, "height": 768})


# the whole story, with the keyboard alone


def test_the_whole_story_from_an_empty_workbook_with_the_keyboard_alone(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "fresh.kam"
    assert main_ends_with(0, ["new", str(place)])
    stores.load(place)[0].put([stores.Change("people", {"person": "ann"}, {"person": "ann", "name": "Ann"})])

    with Board(NOTEBOOKS, workbook=place, env={"KAM_WHO": "ann"}) as board:
        page = visit(browser, board, wait_for=".kam-chart svg")
        keys = Keys(page)

        # step 6: the first segment, and who is on the table
        keys.to("#kam-first-segment").type("North")
        kept(place, ["North"], "segments", "name", segment="north")
        page.locator("#kam-segment").wait_for()
        keys.to(".grid-add").type("Acme", "Brix", "Cato")
        kept(place, ["Acme", "Brix", "Cato"], "customers", "name", segment="north")

        # step 7: two factors of the stock list, one of our own, benchmarks, a must-have
        keys.to("#kam-stock-attractiveness").press("ArrowDown")
        keys.to("#kam-stock-add-attractiveness").press("Enter")
        wait_until(lambda: len(stored(place, "factors", "factor")) == 1)
        lines(page, "Attractiveness factors", 1)
        keys.into("Attractiveness factors").to(".grid-add").type("Chemistry")
        lines(page, "Attractiveness factors", 2)
        page.keyboard.press("Shift+Tab")
        keys.press("ArrowDown", "Home", "ArrowRight").type("They laugh with us", "Silence", "2", then="Tab")
        kept(place, ["2"], "factors", "must_have_min", factor="chemistry")
        kept(place, ["Silence"], "factors", "bad", factor="chemistry")
        keys.to('button[data-do="take"]').press("Enter")
        wait_until(lambda: all(stored(place, "factors", "good")), what="benchmarks")

        # step 7: the scores, down one column and then the next
        wait_until(lambda: grid(page, SCORES).locator("thead th").count() == 4)
        keys.into(SCORES).press("ArrowUp", "ArrowUp", "Home").type("8", "7", "3")
        keys.press("ArrowUp", "ArrowUp", "ArrowRight").type("9", "?", "4")
        wait_until(lambda: stored(place, "scores", "score") == ["8", "7", "3", "9", "", "4"], what="scores")

        # step 8: what the customer looks for, a competitor, how it sees us both, and where we know it from
        keys.to("#kam-choose-strength")
        page.keyboard.type("Ac")
        page.locator("#kam-new-rival").wait_for()
        keys.to("#kam-stock-strength").to(".grid-add").type("Speed")
        kept(place, ["Speed"], "factors", "label", model="strength", scope="acme")
        for _ in range(12):
            page.keyboard.press("Shift+Tab")
            if page.evaluate("document.activeElement.id") == "kam-new-rival":
                break
        page.keyboard.type("Corvid")
        page.keyboard.press("Enter")
        kept(place, ["corvid"], "scores", "supplier", model="strength", subject="acme")
        wait_until(lambda: grid(page, STRENGTH).locator("thead th").count() == 6)
        keys.into(STRENGTH).press("Home").type("2", "9", "6", then="Tab")
        keys.press("Enter").type("cust", then="Tab").type("Joan asked them")
        kept(place, ["9"], "scores", "score", model="strength", supplier="us")
        kept(place, ["customer said"], "scores", "evidence", model="strength", supplier="us")
        kept(place, ["Joan asked them"], "scores", "note", model="strength", supplier="us")

        # the matrix: a weight, what if, the explanation
        keys.to("input[type=range]").press("ArrowRight", "ArrowRight")
        wait_until(lambda: stored(place, "factors", "weight", model="attractiveness")[0] == "2")
        keys.to("#kam-equal").press("Enter")
        page.locator("#kam-equal[aria-pressed=true]").wait_for()
        explained(page, "Acme")

        # step 9: the decision
        keys.to("#kam-decision").type("Key d", then="Tab")
        page.keyboard.type("We want them first")
        keys.to("#kam-decide").press("Enter")
        kept(place, ["key_development"], "decisions", "decision", what="category", subject="acme")
        kept(place, ["ann"], "decisions", "person", what="category", subject="acme")
        keys.into("Suggestion and decision").press("Home", "ArrowRight", "ArrowDown", "Enter").type("Opp")
        kept(place, ["opportunistic"], "decisions", "decision", what="category", subject="brix")

        # days, the label, the homework
        keys.into("Effort").type("40", "50")
        kept(place, ["40", "50"], "effort", "days")
        keys.into("Does the label key account mean anything?").press("Enter").type("yes")
        kept(place, ["yes"], "answers", "value")
        keys.into("Find out").type("Who knows?", "Ann", then="Tab").type("2027-01-31")
        wait_until(lambda: stored(place, "find_out", "due") == ["2027-01-31"], what="homework")

        # and the last change is taken back
        page.evaluate("document.activeElement.blur()")
        keys.to("#kam-undo").press("Enter")
        wait_until(lambda: stored(place, "find_out", "due") != ["2027-01-31"])
        assert page.problems == [] and page.outside == []
        page.context.close()
    assert main_ends_with(0, ["check", str(place)])
