"""01_segmentation in the browser: from a blank page to viable segments, with real keys and clicks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.catalogue import sheets
from kamlib.workbook import stores
from tests.books import table
from tests.serving import NOTEBOOKS, Board, wait_until
from tests.windows import (
    add,
    cell,
    columns,
    fits,
    frame_of,
    grid,
    kept,
    lines,
    main_ends_with,
    paste,
    sentence,
    serious,
    shows,
    stored,
    tables_of,
    type_in,
    visit,
)

pytestmark = pytest.mark.browser
PAGE, READY = "01_segmentation", ".picture svg"
CUSTOMERS, POINTS = "Customers and their segments", "Points of the market map"
DONE = "(all) => all.map((e) => [e.textContent, e.classList.contains('done')])"
EXERCISES = [shape for step in range(1, 6) for shape in sheets.forms(step)]


def choose(page: Any, id: str) -> None:
    """Open an exercise."""
    place = f"#kam-sheet-{sheets.form(id).home}-{id}"
    page.locator(place).click()
    page.locator(f"{place}[aria-pressed=true]").wait_for()
    grid(page, sheets.form(id).title).wait_for()


# the promise: from nothing to a viable segment


def test_from_an_empty_workbook_to_a_viable_segment_with_ten_customers(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "fresh.kam"
    assert main_ends_with(0, ["new", str(place)])
    with Board(NOTEBOOKS, workbook=place, start="01_segmentation") as board:
        page = visit(browser, board, wait_for="#kam-sheet-1-kam_reasons")

        # step 1: a reason and an objective that stands
        choose(page, "kam_reasons")
        type_in(page, cell(page, "Why we turn to key accounts", "Need to sell solutions", 0), "y")
        page.get_by_text("expect inertia").first.wait_for()
        choose(page, "sanity_check")
        asked = "Sanity check of the objectives"
        paste(page, cell(page, asked, "Selling solutions", 0), "yes\tyes\tThree of them\tno")
        page.get_by_text("Selling solutions: resources say no").first.wait_for()
        type_in(page, cell(page, asked, "Selling solutions", 3), "y")
        page.locator(".kam-head a.done", has_text=re.compile("^1$")).wait_for()

        # step 5: ten customers from Excel, a segment, assigned together
        add(page, "Segments", "Northern firms")
        kept(place, ["Northern firms"], "segments", "name")
        rows = [f"Firm {n}\t{n},000.50\t{'yes' if n % 2 else 'no'}" for n in range(1, 11)]
        page.locator("#kam-block").fill("\n".join(["Company\tTurnover\tOnline", *rows]))
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#kam-taken-0")).to_have_value("name")
        expect(page.get_by_role("heading", name="10 lines read: 10 created")).to_be_visible()
        page.get_by_role("button", name="Import", exact=True).click()
        lines(page, CUSTOMERS, 10)
        kept(place, ["northern_firms"] * 10, "customers", "segment")  # while there is no other
        frame = tables_of(place)["customers"]
        assert frame["Online"].tolist() == ["yes", "no"] * 5 and frame["revenue"].iloc[9] == "10000.5"
        page.locator(".grid-filter").fill("10000")
        page.locator(".pick-all").check()
        page.locator(".grid-choice").select_option(label="no segment")
        page.locator(".grid-assign").click()
        kept(place, ["northern_firms"] * 9 + [""], "customers", "segment")
        page.locator("#kam-undo").click()
        kept(place, ["northern_firms"] * 10, "customers", "segment")

        # the five tests
        choose(page, "segment_viability")
        title = sheets.form("segment_viability").title
        lines(page, title, 5)
        paste(page, grid(page, title).locator("tbody td").first, "yes\nyes\nyes\nyes\nunknown")
        page.get_by_text("undecided (still open: reachable)").wait_for()
        type_in(page, grid(page, title).locator("tbody tr").nth(4).locator("td").first, "yes")
        shows(grid(page, "Segments").locator("tbody tr").first.locator("td").nth(5), "viable")
        page.locator(".kam-head a.done", has_text=re.compile("^5$")).wait_for()
        page.locator(".kam-status .saved", has_text=re.compile(r"saved \d")).wait_for()
        assert page.problems == [] and page.outside == []

        # and on to the matrix, by the dot of step 7
        page.locator(".kam-head a", has_text=re.compile("^7$")).click()
        page.wait_for_url("**/02_kaism.ipynb#step-7")
        page.wait_for_selector("body[data-kam=ready]")
        expect(page.locator("#step-7")).to_be_in_viewport()
        grid(page, "Customers of this segment").get_by_text("Firm 1", exact=True).wait_for()
        page.context.close()
    assert main_ends_with(0, ["check", str(place)])


# the sheets


@pytest.mark.parametrize("shape", EXERCISES, ids=lambda f: f.id)
def test_every_exercise_of_steps_1_to_5_is_reached_and_filled_in(
    app: Any, place: Path, shape: sheets.Form
) -> None:
    page = app
    choose(page, shape.id)
    subject = {"case": "all", "segment": "broker_networks", "customer": "marlow"}[shape.per[0]]
    if shape.per == ("customer",):
        page.locator(f"#kam-whom-{shape.id}").select_option("marlow")
    last, words = shape.lines.iloc[-1], "Said in the room."
    type_in(page, cell(page, shape.title, last["label"], len(shape.fields)), words)

    key = {"sheet": shape.id, "subject": subject, "item": last["id"], "field": shape.first}
    kept(place, [words], "answers", "note", **key)
    page.locator("#kam-undo").click()
    wait_until(lambda: words not in stored(place, "answers", "note"), what="undo")


def test_an_answer_that_is_none_is_marked_and_a_line_of_our_own_comes_and_goes(app: Any, place: Path) -> None:
    page, title = app, sheets.form("pestle").title
    choose(page, "pestle")
    before = len(sheets.form("pestle").lines)
    lines(page, title, before)
    add(page, title, "Weather <b>")
    lines(page, title, before + 1)
    paste(page, cell(page, title, "Weather <b>", 0), "More storms\tperhaps")
    expect(sentence(page, title)).to_contain_text("one of opportunity, threat, both, neither")
    shows(grid(page, title).locator("td.refused"), "perhaps")
    kept(place, ["More storms"], "answers", "value", sheet="pestle", item="weather_b", field="change")
    frame_of(page, title).get_by_role("button", name="Remove Weather <b>").click()
    lines(page, title, before)
    assert stored(place, "answers", "value", item="weather_b") == []


def test_the_forecast_is_judged_as_it_is_typed(app: Any, place: Path) -> None:
    page = app
    type_in(page, cell(page, "Sales so far and planned", "2028", 0), "78400000")
    page.get_by_text("0.0 % a year planned").first.wait_for()
    page.locator("#kam-undo").click()
    page.get_by_text("5.6 % a year planned").first.wait_for()


def test_a_line_that_is_refused_comes_back_whatever_was_added_since(app: Any, place: Path) -> None:
    title = "Sales so far and planned"
    field = frame_of(app, title).locator(".grid-add")
    field.evaluate(
        """(field, lines) => { for (const line of lines) {
            field.value = line;
            field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true})); } }""",
        ["soon", "2099"],
    )
    kept(place, ["2099"], "forecast", "year", year="2099")
    expect(field).to_have_value("soon")
    field.fill("")
    app.locator("#kam-undo").click()
    kept(place, [], "forecast", "year", year="2099")


# the market map


def test_a_market_map_of_thirty_points_and_four_competitors(browser: Any, tmp_path: Path) -> None:
    """Entered, the last points by hand, drawn and checked."""
    place = tmp_path / "map.kam"
    there = table("junction name", *(f"point_{n}|Point {n}" for n in range(24)))
    stores.create(place, stores.blank("Map") | {"junctions": there})
    with Board(NOTEBOOKS, workbook=place, start="01_segmentation") as board:
        page = visit(browser, board, wait_for="#kam-competitor")
        for n, name in enumerate(("Corvid", "Penmere", "Tollgate", "Axholme"), start=1):
            page.locator("#kam-competitor").fill(name)
            page.keyboard.press("Enter")
            wait_until(lambda n=n: len(stored(place, "suppliers", "supplier")) == n + 1)
        for n in range(24, 30):
            add(page, POINTS, f"Point {n}")
            wait_until(lambda n=n: len(stored(place, "junctions", "junction")) == n + 1)
        lines(page, POINTS, 30)
        columns(page, POINTS, 12)
        block = "\n".join(f"{1000 + n}\t{100 + n}\t20%\t{50 + n}\t\t{n}" for n in range(30))
        paste(page, cell(page, POINTS, "1", 1), block)
        kept(place, [str(1000 + n) for n in range(30)], "junctions", "size")
        assert stored(place, "junction_shares", "share_pct", supplier="corvid") == ["20"] * 30
        for a, b in ((0, 1), (1, 2), (2, 3)):
            page.locator("#kam-route-from").select_option(label=f"Point {a}")
            page.locator("#kam-route-to").select_option(label=f"Point {b}")
            page.locator('button[data-do="route"]').click()
            wait_until(lambda b=b: len(stored(place, "routes", "target")) == b)
        page.locator(".picture svg text", has_text="Point 29").first.wait_for()
        page.get_by_text("our share 10.0 %").first.wait_for()

        # a total that exceeds its market is refused, and the place is named
        type_in(page, cell(page, POINTS, "8", 2), "2000")
        for words in ("Point 7", "1,007"):
            expect(sentence(page, POINTS)).to_contain_text(words)
        assert stored(place, "junction_shares", "amount", supplier="us", junction="point_7") == ["107"]
        # and so is a route in a circle
        page.locator("#kam-route-from").select_option(label="Point 3")
        page.locator("#kam-route-to").select_option(label="Point 0")
        page.locator('button[data-do="route"]').click()
        page.locator(".kam-status .say", has_text="Point 0").wait_for()
        assert len(stored(place, "routes", "target")) == 3
        # a point goes with its shares and routes, and comes back
        page.get_by_role("button", name="Remove Point 2", exact=True).click()
        lines(page, POINTS, 29)
        assert len(stored(place, "routes", "target")) == 1
        assert stored(place, "junction_shares", "supplier", junction="point_2") == []
        page.locator("#kam-undo").click()
        lines(page, POINTS, 30)
        wait_until(lambda: len(stored(place, "routes", "target")) == 3)
        assert page.problems == [] and page.outside == []
        page.context.close()
    assert main_ends_with(0, ["check", str(place)])


# customers and segments


def test_many_customers_are_filtered_chosen_and_assigned(app: Any, place: Path) -> None:
    page = app
    before = tables_of(place)["customers"].set_index("customer")["segment"]
    consultants = before[before == "benefit_consultants"].index.tolist()
    page.locator(".grid-filter").fill("consultants current")
    expect(page.locator(".grid-bar .count")).to_contain_text("7 of 41")
    page.locator(".pick-all").check()
    page.locator(".grid-filter").fill("")
    page.get_by_text("41 of 41 shown, 7 chosen").wait_for()
    cell(page, CUSTOMERS, "Alder Network", 1).click()
    page.keyboard.press(" ")  # the keyboard chooses too
    page.get_by_text("41 of 41 shown, 8 chosen").wait_for()
    page.locator(".grid-choice").select_option(label="Bank channel")
    page.locator(".grid-assign").click()
    wait_until(lambda: stored(place, "customers", "segment", customer="alder") == ["bank_channel"])
    now = tables_of(place)["customers"].set_index("customer")["segment"]
    assert set(now[now != before].index) <= {*consultants, "alder"} and (now != before).sum() == 8
    page.get_by_text("41 of 41 shown, 0 chosen").wait_for()

    page.locator("#kam-undo").click()
    wait_until(lambda: tables_of(place)["customers"]["segment"].tolist() == before.tolist(), what="undo")


def test_groups_are_looked_for_named_and_made_segments(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "list.csv"
    rows = [f"Firm {n},{20 + n % 7},{2 + n % 3},branch" for n in range(30)]
    rows += [f"House {n},{900 + 11 * (n % 9)},{30 + n % 5},online" for n in range(24)]
    place.write_text("Company,Staff,Products,Channel\n" + "\n".join(rows) + "\n")
    book = tmp_path / "list.kam"
    assert main_ends_with(0, ["import-customers", str(place), str(book)])
    with Board(NOTEBOOKS, workbook=book, start="01_segmentation") as board:
        page = visit(browser, board, wait_for="#kam-groups")
        page.get_by_role("button", name="Look for groups").click()
        page.locator("#kam-group-B").wait_for()
        expect(page.locator("h3.result", has_text="support 2 groups")).to_be_visible()
        page.locator(".picture svg text", has_text="Products").first.wait_for()
        page.locator("#kam-group-A").fill("Local firms")
        page.locator("#kam-group-B").fill("Online houses")
        page.get_by_role("button", name="Make these the segments").click()
        kept(book, ["Local firms", "Online houses"], "segments", "name")
        kept(book, ["local_firms"] * 30 + ["online_houses"] * 24, "customers", "segment")
        page.locator("#kam-undo").click()
        kept(book, [], "segments", "name")
        assert page.problems == [] and page.outside == []
        page.context.close()


# one look


def test_axe_finds_nothing_serious(app: Any) -> None:
    assert serious(app) == []


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen(app: Any, width: int, height: int) -> None:
    fits(app, width, height)
    expect(app.locator("text=/Traceback|Error displaying|Loading widget/")).to_have_count(0)
    app.set_viewport_size({"width": 1366, "height": 768})


def test_both_notebooks_have_one_head_one_progress_and_lead_to_each_other(browser: Any, board: Board) -> None:
    page = visit(browser, board, wait_for=".kam-head ol a")
    steps = page.locator(".kam-head ol li > *")
    expect(steps).to_have_count(10)
    first = steps.evaluate_all(DONE)
    page.get_by_role("link", name="Steps 6 to 9").click()
    page.wait_for_url("**/02_kaism.ipynb")
    page.wait_for_selector("body[data-kam=ready]")
    expect(steps).to_have_count(10)
    assert steps.evaluate_all(DONE) == first
    page.get_by_role("link", name="Steps 1 to 5").click()
    page.wait_for_url("**/01_segmentation.ipynb")
    page.wait_for_selector("body[data-kam=ready]")
    assert page.problems == [] and page.outside == []
    page.context.close()


# the first screen


def test_the_first_screen_takes_names_the_company_and_the_first_segment(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "fresh.kam"
    assert main_ends_with(0, ["new", str(place)])
    with Board(NOTEBOOKS, workbook=place, start="01_segmentation") as board:
        page = visit(browser, board, wait_for="#kam-name")
        for name in ("Acme", "Birch & Co", "Cole"):
            page.locator("#kam-name").fill(name)
            page.keyboard.press("Enter")
            expect(page.locator("#kam-name")).to_have_value("")
        kept(place, ["acme", "birch_co", "cole"], "customers", "customer")
        expect(page.get_by_role("heading", name="3 customers so far")).to_be_visible()
        page.locator("#kam-name").fill("Dunne")
        page.keyboard.press("Enter")
        page.locator("#kam-name").fill("Early")  # before the answer, which is about the other
        expect(page.get_by_role("heading", name="4 customers so far")).to_be_visible()
        expect(page.locator("#kam-name")).to_have_value("Early")
        page.locator("#kam-undo").click()
        expect(page.get_by_role("heading", name="3 customers so far")).to_be_visible()
        expect(page.locator("#kam-name")).to_have_value("Early")
        page.locator("#kam-name").fill(" ")
        page.keyboard.press("Enter")
        page.locator(".kam-status .say", has_text="Write the name of the customer.").wait_for()

        for key, said_of_us in (("supplier", "Our House"), ("currency", "EUR"), ("round", "2027")):
            page.locator(f"#kam-set-{key}").fill(said_of_us)
        page.locator("div[data-form]", has=page.locator("#kam-set-supplier")).get_by_role("button").click()
        kept(place, ["EUR"], "settings", "value", key="currency")
        page.locator(".kam-head .case", has_text="Our House").wait_for()

        page.get_by_text("Next: name the first segment in the title line.").wait_for()
        page.locator("#kam-first-segment").fill("Makers")
        page.keyboard.press("Enter")
        kept(place, ["makers"] * 3, "customers", "segment")
        page.locator(".kam-status .say", has_text="3 customers in this segment").wait_for()
        page.locator("#kam-undo").click()
        kept(place, [""] * 3, "customers", "segment")
        assert stored(place, "segments", "name") == []
        assert page.problems == [] and page.outside == []
        page.context.close()


def test_an_import_is_previewed_column_by_column_before_anything_is_stored(
    browser: Any, tmp_path: Path
) -> None:
    place = tmp_path / "list.kam"
    assert main_ends_with(0, ["new", str(place)])
    with Board(NOTEBOOKS, workbook=place, start="01_segmentation") as board:
        page = visit(browser, board, wait_for="#kam-block")
        rows = ["Firm\tOwner\tSales 2025", "Acme\tAnn Lee\t1,000", "Birch\tBen Ross\t2,500", "Total\t\t3,500"]
        page.locator("#kam-block").fill("\n".join(rows))
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="3 lines read: 2 created and 1 left out")).to_be_visible()
        expect(page.get_by_text("A customer is identified by Firm.")).to_be_visible()
        expect(page.locator("#kam-taken-2")).to_have_value("revenue")
        page.locator("#kam-taken-1").select_option("name")  # no, the customers are the owners
        expect(page.get_by_text("A customer is identified by Owner.")).to_be_visible()
        expect(page.locator("#kam-taken-0")).to_have_value("")
        page.locator("#kam-taken-0").select_option("name")
        page.locator("#kam-taken-1").select_option("")
        assert stored(place, "customers", "name") == []
        page.get_by_role("button", name="Import", exact=True).click()
        kept(place, ["Acme", "Birch"], "customers", "name")
        expect(page.locator("#kam-block")).to_have_value("")
        assert stored(place, "customers", "revenue") == ["1000", "2500"]
        assert tables_of(place)["customers"]["Owner"].tolist() == ["Ann Lee", "Ben Ross"]

        page.locator("#kam-block").fill("Firm\tSales 2025\nAcme\t900\nCole\t70")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="2 lines read: 1 created and 1 unchanged")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("#kam-block")).to_be_visible()
        assert stored(place, "customers", "name") == ["Acme", "Birch"]
        assert page.problems == [] and page.outside == []
        page.context.close()
