"""02_kaism in the browser, as a facilitator uses it: what is promised is tried with real keys and clicks."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import TimeoutError, expect

from kamlib.models import kaism
from kamlib.models.scoring import one as one_decimal
from kamlib.pages.html import box_word
from kamlib.pages.matrix import shares
from kamlib.workbook import stores
from tests.serving import NOTEBOOKS, Board, wait_until
from tests.windows import (
    DOT,
    Keys,
    cell,
    columns,
    fits,
    grid,
    kept,
    lines,
    main_ends_with,
    model,
    paste,
    refused,
    sentence,
    serious,
    shows,
    stored,
    tables_of,
    type_in,
    visit,
)

pytestmark = pytest.mark.browser
PAGE, READY = "02_kaism", DOT
SCORES = "Attractiveness scores"
STRENGTH = "How does the customer see us and our competitors?"
# which cells were marked, each for a moment only
MARKED = """() => { window.marked = [];
    addEventListener("animationstart", (event) => window.marked.push(event.target.ariaLabel ?? ""), true); }"""


def score(place: Path, subject: str, factor: str) -> str:
    (found,) = stored(place, "scores", "score", model="attractiveness", subject=subject, factor=factor)
    return found


def dot(page: Any, name: str) -> Any:
    return page.locator(f'.kam-chart svg path[aria-label^="{name}"]').last


def explained(page: Any, name: str) -> None:
    """Wait until the card beside the matrix is about this customer."""
    card = page.locator(".kam-three .kam-side")
    card.locator("h3.result", has_text=name).wait_for()


def box_of(place: Path, customer: str, segment: str = "broker_networks") -> str:
    seen = kaism.place(model(place, segment=segment)).set_index("customer")
    return box_word(seen.loc[customer, "box"])


def moved(where: Any, before: str) -> None:
    """Wait until a dot is no longer where it was."""
    expect(where).not_to_have_attribute("transform", before)


def weighed(page: Any, place: Path) -> None:
    """Wait until the sliders say what is stored, also when a test before has just changed it."""
    factors = model(place)["factors"]
    own = (factors["scope"] == "broker_networks") & (factors["model"] == "attractiveness")
    typed = page.locator(".kam-weights .typed input")
    stored = shares(factors[own])
    wait_until(lambda: [float(each.input_value()) for each in typed.all()] == stored, what="the weights")


# the promise


def test_a_score_moves_the_dot_and_the_box_and_outlives_the_page(
    browser: Any, board: Board, place: Path
) -> None:
    page = visit(browser, board, wait_for=DOT)
    before, box = dot(page, "Easton Brokers").get_attribute("transform"), box_of(place, "easton")
    cell(page, SCORES, "Easton Brokers", 0).click()
    for _ in range(3):
        page.keyboard.type("10")
        page.keyboard.press("Tab")
    wait_until(lambda: [score(place, "easton", f) for f in ("growth", "profit", "fit")] == ["10"] * 3)

    after = box_of(place, "easton")
    assert after != box
    moved(dot(page, "Easton Brokers"), before)
    expect(cell(page, "Suggestion and decision", "Easton Brokers", 0)).to_have_text(
        re.compile(f"^{re.escape(after)}")
    )
    page.context.close()  # without leaving the page in good manners

    again = visit(browser, board, wait_for=DOT)
    for column in range(3):
        shows(cell(again, SCORES, "Easton Brokers", column), "10")
    assert again.outside == [] and again.problems == []
    again.context.close()


def test_what_is_said_to_be_saved_outlives_kernel_and_server(
    browser: Any, place: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.kam"
    stores.copy(place, own)

    def enter(page: Any, value: str) -> None:
        type_in(page, cell(page, SCORES, "Alder Network", 0), value)
        page.locator(".kam-status .saved", has_text=re.compile(r"saved \d")).wait_for()

    with Board(NOTEBOOKS, workbook=own, env={"KAM_WHO": "helen"}) as board:
        page = visit(browser, board, wait_for=DOT)
        enter(page, "2.5")
        for kernel in board.kernels():
            with contextlib.suppress(psutil.NoSuchProcess):  # one that was about to end by itself
                kernel.kill()
        assert score(own, "alder", "growth") == "2.5"
        page.get_by_role("alert").filter(has_text="Connection to the workbook is lost").wait_for()
        with page.expect_navigation(wait_until="commit"):
            page.get_by_role("button", name="Reload").click()
        page.wait_for_selector("body[data-kam=ready]")
        shows(cell(page, SCORES, "Alder Network", 0), "2.5")
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
    shows(one, old)
    app.keyboard.press("?")
    wait_until(lambda: score(place, "castlegate", "profit") == "")
    shows(one, "?")
    under = cell(app, SCORES, "Dunmore Partners", 1)
    expect(under).to_be_focused()
    expect(under).to_have_attribute("aria-label", f"Dunmore Partners, Profit opportunity: {below}")
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
    shows(one, old)


def test_whoever_types_faster_than_the_workbook_answers_is_no_stranger_to_himself(
    app: Any, place: Path
) -> None:
    """An answer to an entry says nothing of what was entered in the same cell since."""
    one, old = cell(app, SCORES, "Castlegate", 1), score(place, "castlegate", "profit")
    one.click()
    for number in [*range(1, 10)] * 2:
        app.keyboard.press(str(number))
        app.keyboard.press("Enter")
        app.keyboard.press("ArrowUp")
        app.wait_for_timeout(80)  # not for the page: somebody who types
    app.keyboard.press("Delete")
    wait_until(lambda: score(place, "castlegate", "profit") == "")
    shows(one, "?")
    expect(one).not_to_have_attribute("aria-invalid", "true")
    expect(sentence(app, SCORES)).to_have_text("")
    one.click()
    app.keyboard.type(old or "?")
    app.keyboard.press("Enter")
    wait_until(lambda: score(place, "castlegate", "profit") == old)


def test_undo_and_redo_say_what_they_do_and_show_the_place(browser: Any, board: Board, place: Path) -> None:
    """By keys, from another screen; a text that is being typed keeps its own undo."""
    page = visit(browser, board, mode="workshop", wait_for="#kam-redo")
    undo, redo, said = page.locator("#kam-undo"), page.locator("#kam-redo"), page.locator(".kam-status .say")
    for button in (undo, redo):
        expect(button).to_be_disabled()
    page.get_by_label("Screen", exact=True).select_option(index=2)
    one, old = cell(page, SCORES, "Glenrose", 1), score(place, "glenrose", "profit")
    type_in(page, one, "2.5")
    step = f"Scores, Glenrose, Profit opportunity: {old} → 2.5"
    expect(undo).to_have_attribute("title", f"{step} (Ctrl+Z)")

    page.get_by_label("Screen", exact=True).select_option(index=0)
    expect(one).not_to_be_visible()
    page.evaluate(MARKED)
    page.keyboard.press("Control+z")
    expect(said).to_have_text(f"Undone: {step}.")
    expect(one).to_be_in_viewport()
    page.wait_for_function("window.marked.some((label) => label.startsWith('Glenrose, Profit opportunity'))")
    shows(one, old)
    assert score(place, "glenrose", "profit") == old
    expect(undo).to_be_disabled()
    page.keyboard.press("Control+Shift+Z")
    expect(said).to_have_text(f"Done again: {step}.")
    wait_until(lambda: score(place, "glenrose", "profit") == "2.5")
    expect(redo).to_be_disabled()

    one.click()
    page.keyboard.type("9")
    page.keyboard.press("Control+z")
    expect(one.locator("input")).to_be_focused()
    page.keyboard.press("Escape")
    assert score(place, "glenrose", "profit") == "2.5"
    undo.click()
    wait_until(lambda: score(place, "glenrose", "profit") == old)
    page.keyboard.press("Control+y")
    wait_until(lambda: score(place, "glenrose", "profit") == "2.5")
    page.keyboard.press("Control+z")
    wait_until(lambda: score(place, "glenrose", "profit") == old)
    assert page.problems == []
    page.context.close()


@pytest.mark.parametrize("wrong", ["11", "abc"])
def test_a_bad_value_stays_marked_with_its_reason(app: Any, place: Path, wrong: str) -> None:
    one, old = cell(app, SCORES, "Glenrose", 2), score(place, "glenrose", "fit")
    one.click()
    app.keyboard.type(wrong)
    app.keyboard.press("Tab")

    refused(app, one, SCORES, f'"{wrong}"', "1 to 10")
    shows(one, wrong)
    assert score(place, "glenrose", "fit") == old
    one.click()
    app.keyboard.press("Escape")
    shows(one, old)
    expect(one).not_to_have_attribute("aria-invalid", "true")


def test_a_block_from_excel_is_pasted_and_its_bad_cells_are_marked(app: Any, place: Path) -> None:
    before = [[score(place, c, f) for f in ("growth", "profit", "fit")] for c in ("hartwell", "ivybridge")]
    paste(app, cell(app, SCORES, "Hartwell", 0), '5\t6\t"7,5"\r\nabc\t?\t99\r\n')

    bad = cell(app, SCORES, "Ivybridge", 0), cell(app, SCORES, "Ivybridge", 2)
    for one, text in zip(bad, ("abc", "99"), strict=True):
        refused(app, one, SCORES, f'"{text}"')
        shows(one, text)
    after = [[score(place, c, f) for f in ("growth", "profit", "fit")] for c in ("hartwell", "ivybridge")]
    assert after == [["5", "6", "7.5"], [before[1][0], "", before[1][2]]]
    shows(cell(app, SCORES, "Hartwell", 2), "7.5")

    app.get_by_role("button", name="undo").click()  # the block is one change
    wait_until(lambda: [score(place, "hartwell", f) for f in ("growth", "profit", "fit")] == before[0])
    assert score(place, "ivybridge", "profit") == before[1][1]
    for one in bad:
        one.click()
        app.keyboard.press("Escape")

    paste(app, grid(app, SCORES).locator("tbody tr").last.locator("td").first, "4\n5\n6")
    expect(sentence(app, SCORES)).to_contain_text("2 of the pasted cells lie outside")
    wait_until(lambda: score(place, "old_mill", "growth") == "4")
    app.get_by_role("button", name="undo").click()
    wait_until(lambda: score(place, "old_mill", "growth") != "4")


def is_explained(app: Any, name: str) -> bool:
    """Does the card follow a click on a dot? It may be lost while the weights still move it; a person clicks again."""
    dot(app, name).click()
    try:
        app.locator(".kam-three .kam-side h3.result", has_text=name).wait_for(timeout=5_000)
    except TimeoutError:
        return False
    return True


def test_a_click_on_a_dot_or_a_name_explains_it_wherever_it_has_moved(app: Any, place: Path) -> None:
    for name in ("Birchwood IFA", "Hartwell"):
        dot(app, name).click()
        explained(app, name)
    slider = app.get_by_role("slider", name="Growth potential")
    where = dot(app, "Hartwell").get_attribute("transform")
    slider.focus()
    for _ in range(5):
        app.keyboard.press("PageDown")
    moved(dot(app, "Hartwell"), where)
    for width in (1366, 1000, 500):
        app.set_viewport_size({"width": width, "height": 768})
        for name in ("Norwood", "Kestrel"):
            wait_until(lambda name=name: is_explained(app, name), what=f"the card of {name}")
    app.set_viewport_size({"width": 1366, "height": 768})
    app.locator(".kam-three .kam-side").get_by_label("Customer").select_option(label="Juniper Online")
    explained(app, "Juniper Online")
    dot(app, "Kestrel").click()  # the same dot as before is news again
    explained(app, "Kestrel")
    app.locator(".kam-chart svg text", has_text="Glenrose").last.click()
    explained(app, "Glenrose")


def test_a_dragged_weight_shows_at_once_and_is_stored_when_let_go(app: Any, place: Path) -> None:
    slider = app.get_by_role("slider", name="Profit opportunity")
    weighed(app, place)
    (weight,) = stored(place, "factors", "weight", scope="broker_networks", factor="profit")
    where = dot(app, "Marlow Mutual").get_attribute("transform")

    def point(part: float) -> None:
        """Wherever the slider is now: what stands above it may just have been drawn anew."""
        at = slider.bounding_box()
        slider.hover(position={"x": at["width"] * part, "y": at["height"] / 2})

    point(0.5)
    app.mouse.down()
    for part in (0.4, 0.3, 0.2, 0.1, 0.05):
        point(part)
    moved(dot(app, "Marlow Mutual"), where)
    assert stored(place, "factors", "weight", scope="broker_networks", factor="profit") == [weight]
    app.mouse.up()
    wait_until(
        lambda: stored(place, "factors", "weight", scope="broker_networks", factor="profit") != [weight]
    )
    (now,) = stored(place, "factors", "weight", scope="broker_networks", factor="profit")

    share = slider.input_value()

    app.get_by_role("button", name="Equal").click()
    expect(slider).to_have_value("17")
    app.get_by_role("button", name="Our weights").click()
    expect(slider).to_have_value(share)
    assert stored(place, "factors", "weight", scope="broker_networks", factor="profit") == [now]
    app.get_by_role("button", name="undo").click()
    kept(place, [weight], "factors", "weight", scope="broker_networks", factor="profit")


def test_a_weight_is_typed_and_its_thumb_stands_where_the_number_says(app: Any, place: Path) -> None:
    before = stored(place, "factors", "weight", scope="broker_networks", factor="growth")
    slider, field = app.locator("#kam-weight-growth"), app.locator("#kam-weight-growth-typed")
    weighed(app, place)
    was = field.input_value()
    field.fill("55")
    field.press("Escape")
    expect(field).to_have_value(was)
    field.fill("30")
    field.press("Enter")
    expect(slider).to_have_value("30")
    wait_until(lambda: stored(place, "factors", "weight", scope="broker_networks", factor="growth") != before)
    typed = app.locator(".kam-weights .typed input")
    expect(field).to_have_value("30")
    assert sum(float(each.input_value()) for each in typed.all()) == pytest.approx(100, abs=0.3)
    app.get_by_role("button", name="undo").click()
    kept(place, before, "factors", "weight", scope="broker_networks", factor="growth")


def test_a_decision_in_the_grid_asks_for_its_reason_and_takes_a_new_name(app: Any, place: Path) -> None:
    title, key = "Suggestion and decision", {"what": "category", "subject": "kestrel"}
    before = [stored(place, "decisions", column, **key) for column in ("decision", "reason")]
    suggested = box_of(place, "kestrel")
    other, word = (
        ("opportunistic", "Opportunistic") if suggested != "Opportunistic" else ("key", "Key account")
    )
    cell(app, title, "Kestrel", 2).click()
    app.keyboard.press("Delete")  # without a reason
    kept(place, [""], "decisions", "reason", **key)
    decided = cell(app, title, "Kestrel", 1)
    was = decided.inner_text()
    decided.click()
    app.keyboard.type("gold")
    expect(sentence(app, title)).to_contain_text(
        'no choice that begins with "gold". Choose one of: Key account'
    )
    for _ in "gold":
        app.keyboard.press("Backspace")
    expect(sentence(app, title)).to_have_text("")
    app.keyboard.press("Enter")
    shows(decided, was)
    decided.click()
    app.keyboard.press("Enter")
    app.keyboard.type(word[:5])
    app.keyboard.press("Enter")
    why = app.locator(".grid-why")
    expect(why).to_be_focused()
    expect(sentence(app, title)).to_contain_text("Kestrel: this differs from the suggestion")
    app.keyboard.type("They leave the market")
    app.keyboard.press("Enter")
    kept(place, [other], "decisions", "decision", **key)
    kept(place, ["They leave the market"], "decisions", "reason", **key)
    expect(why).to_have_count(0)
    expect(decided).not_to_have_attribute("aria-invalid", "true")

    cell(app, title, "Kestrel", 3).click()
    app.keyboard.type("Joan Ward")
    app.keyboard.press("Tab")
    app.keyboard.type("1 June 2027")
    app.keyboard.press("Enter")
    kept(place, ["joan_ward"], "decisions", "person", **key)
    kept(place, ["2027-06-01"], "decisions", "review_on", **key)
    shows(cell(app, title, "Kestrel", 3), "Joan Ward")
    for _ in range(4):
        app.get_by_role("button", name="undo").click()
    kept(place, before[0], "decisions", "decision", **key)
    kept(place, before[1], "decisions", "reason", **key)


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
    expect(card.get_by_label("Category")).to_have_value(other)  # nothing that was typed is lost

    words = "Their new chief executive asked for us"
    card.get_by_label("Reason").fill(words)
    dot(app, "Birchwood IFA").click()
    explained(app, "Birchwood IFA")
    expect(card.get_by_label("Reason")).not_to_have_value(words)
    dot(app, "Kestrel").click()
    explained(app, "Kestrel")
    expect(card.get_by_label("Reason")).to_have_value(words)
    card.get_by_label("Review on").fill("2027-05-03")
    card.get_by_label("Reason").press("Enter")

    kept(place, [other], "decisions", "decision", what="category", subject="kestrel")
    frame = tables_of(place)["decisions"]
    row = frame[(frame["what"] == "category") & (frame["subject"] == "kestrel")].iloc[0]
    assert (row["person"], row["review_on"]) == ("helen", "2027-05-03") and row["on"]
    card.get_by_text("decided; suggested").first.wait_for()
    shows(cell(app, "Suggestion and decision", "Kestrel", 2), words)
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
    other = visit(browser, board, wait_for=DOT)
    theirs, mine = cell(other, SCORES, "Fairlie Group", 2), cell(app, SCORES, "Fairlie Group", 2)
    mine.click()
    app.keyboard.press("F2")
    app.keyboard.type("9")
    theirs.click()
    other.keyboard.type("2")
    other.keyboard.press("Enter")
    wait_until(lambda: score(place, "fairlie", "fit") == "2")
    total = one_decimal(
        kaism.place(model(place, segment="broker_networks")).set_index("customer").at["fairlie", "y"]
    )
    for page in (app, other):
        shows(cell(page, SCORES, "Fairlie Group", 6), total)

    app.keyboard.press("Enter")
    refused(app, mine, SCORES, 'helen changed score to "2" meanwhile', 'you wrote "9"')
    shows(mine, "9")
    assert score(place, "fairlie", "fit") == "2"

    mine.click()
    app.keyboard.press("F2")
    app.keyboard.press("Enter")  # it shall stand
    wait_until(lambda: score(place, "fairlie", "fit") == "9")
    shows(theirs, "9")

    mine.click()
    app.keyboard.press("F2")
    app.keyboard.type("7")
    theirs.click()
    other.keyboard.type("4")
    other.keyboard.press("Enter")
    wait_until(lambda: score(place, "fairlie", "fit") == "4")
    app.keyboard.press("Enter")
    refused(app, mine, SCORES)
    mine.click()
    app.keyboard.press("F2")
    app.keyboard.press("Escape")  # then theirs stands, here too
    shows(mine, "4")
    expect(mine).not_to_have_attribute("aria-invalid", "true")
    expect(sentence(app, SCORES)).not_to_contain_text("meanwhile")
    assert other.problems == [] and other.outside == []
    other.context.close()


def test_another_segment_is_another_matrix(app: Any, place: Path) -> None:
    app.locator("#kam-segment").select_option("bank_channel")
    dot(app, "Alder Network").wait_for(state="detached")
    seen = kaism.place(model(place, segment="bank_channel"))
    drawn = seen.loc[seen["status"].isin(["placed", "undetermined"]), "name"]
    for name in drawn:
        expect(dot(app, name)).to_be_visible()
    lines(app, SCORES, len(seen))
    app.locator("#kam-segment").select_option("broker_networks")
    dot(app, "Alder Network").wait_for()


# what a visitor must never meet


def test_axe_finds_nothing_serious(app: Any) -> None:
    assert serious(app) == []
    dot(app, "Castlegate").click()
    explained(app, "Castlegate")
    assert serious(app) == []


@pytest.mark.parametrize("width, height", [(1920, 1080), (1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen_and_everything_is_there(app: Any, width: int, height: int) -> None:
    fits(app, width, height)
    expect(app.locator('table[role="grid"]').locator("visible=true")).to_have_count(9)
    expect(app.locator(".kam-chart svg")).to_be_visible()
    expect(app.locator(".kam-weights input[type=range]")).to_have_count(6)
    expect(app.locator("text=/Traceback|Error displaying|Loading widget/")).to_have_count(0)
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
        keys.to("[data-do=stock]").press("Enter")
        wait_until(lambda: len(stored(place, "factors", "factor")) == 1)
        lines(page, "Attractiveness factors", 1)
        keys.into("Attractiveness factors").to(".grid-add").type("Chemistry")
        lines(page, "Attractiveness factors", 2)
        page.keyboard.press("Shift+Tab")
        keys.press("ArrowDown", "Home", "ArrowRight").type("They laugh with us", "Silence", "2", then="Tab")
        kept(place, ["2"], "factors", "must_have_min", factor="chemistry")
        kept(place, ["Silence"], "factors", "bad", factor="chemistry")
        keys.to('button[data-do="take"][data-factor]').press("Enter")
        wait_until(lambda: all(stored(place, "factors", "good")), what="benchmarks")

        # step 7: the scores, down one column and then the next
        columns(page, SCORES, 4)
        keys.into(SCORES).press("ArrowUp", "ArrowUp", "Home").type("8", "7", "3")
        keys.press("ArrowUp", "ArrowUp", "ArrowRight").type("9", "?", "4")
        wait_until(lambda: stored(place, "scores", "score") == ["8", "7", "3", "9", "", "4"], what="scores")

        # step 8: what the customer looks for, a competitor, how it sees us both, and where we know it from
        keys.to("#kam-choose-strength")
        page.keyboard.type("Ac")
        page.locator("#suggested-strength").wait_for()
        keys.to(".grid-add").type("Speed")
        kept(place, ["Speed"], "factors", "label", model="strength", scope="acme")
        page.locator("#kam-new-rival").wait_for()
        keys.to("#kam-new-rival")
        page.keyboard.type("Corvid")
        page.keyboard.press("Enter")
        kept(place, ["corvid"], "scores", "supplier", model="strength", subject="acme")
        columns(page, STRENGTH, 6)
        keys.into(STRENGTH, "Shift+Tab").press("Home").type("2", "9", "6", then="Tab")
        keys.press("Enter").type("cust", then="Tab").type("Joan asked them")
        kept(place, ["9"], "scores", "score", model="strength", supplier="us")
        kept(place, ["customer said"], "scores", "evidence", model="strength", supplier="us")
        kept(place, ["Joan asked them"], "scores", "note", model="strength", supplier="us")

        # the matrix: a weight, what if, the explanation
        keys.to("input[type=range]").press("ArrowRight", "ArrowRight")
        wait_until(lambda: stored(place, "factors", "weight", model="attractiveness")[0] == "1.08333")
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
