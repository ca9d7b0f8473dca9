"""03_profitability in the browser: what-ifs that move, figures that agree everywhere, costs typed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kamlib.models import profitability, results
from kamlib.pages import profit
from kamlib.pages.value import FUTURE
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from kamlib.workbook.settings import of_workbook
from tests.paper import title
from tests.serving import ROOT, Board, browser, wait_until
from tests.windows import cell, grid, kept, lines, main_ends_with, sound, stored, tables_of, visit

__all__ = ["browser", "sound"]  # fixtures

pytestmark = pytest.mark.browser
NOTEBOOKS = ROOT / "notebooks"
PAGE, WHALE = "03_profitability", ".kam-chart svg path[aria-label]"
whale, discount = profit.whale.parts[0].parts[0], profit.discount.parts[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("profit") / "insurer.kam"
    stores.copy(ROOT / "data" / "insurer", place)
    return place


@pytest.fixture(scope="module")
def board(place: Path, browser: Any) -> Iterator[Board]:
    with Board(NOTEBOOKS, workbook=place, start=PAGE, env={"KAM_WHO": "helen"}) as board:
        yield board


@pytest.fixture(scope="module")
def app(browser: Any, board: Board) -> Iterator[Any]:
    page = visit(browser, board, wait_for=WHALE)
    page.locator(".picture svg").nth(6).wait_for(state="attached")
    yield page
    page.context.close()


def model(place: Path) -> tuple[Any, Any]:
    tables = typed(tables_of(place))
    return tables, of_workbook(tables)


def says(page: Any, title: str) -> None:
    page.get_by_role("heading", name=title, exact=True).first.wait_for()


def slide(page: Any, id: str, value: float) -> None:
    """Move a slider as somebody with a mouse does: events on the way, and one when it is let go."""
    page.locator(f"#kam-{id}").evaluate(
        """(input, value) => { input.value = value;
            input.dispatchEvent(new Event("input", {bubbles: true}));
            input.dispatchEvent(new Event("change", {bubbles: true})); }""",
        str(value),
    )


def look_at(page: Any, name: str) -> None:
    page.locator("#kam-customer-profit").select_option(label=name)
    says(page, name)


# the same figures everywhere


def test_the_page_the_command_and_the_report_say_the_same(app: Any, place: Path, tmp_path: Path) -> None:
    from kamlib import report

    tables, settings = model(place)
    curve = results.show(str(place), "whale_curve")
    result = title(whale, Book(tables, settings))
    says(app, result)
    page = next(iter(report.write(str(place), tmp_path, notebook=PAGE))).read_text(encoding="utf-8")
    assert f'<h3 class="result">{result}</h3>' in page and f'<p class="verdict">{result}</p>' in page
    pools = results.show(str(place), "unused_capacity")
    unused = f"{pools['unused_cost'].sum():,.0f}"
    assert re.search(rf"{unused} of {pools['cost'].sum():,.0f}|more time than there is", page)
    for row in curve.itertuples():
        assert f"<td>{row.profit:,.0f}</td><td>{row.cumulative:,.0f}</td>" in page
    worth = results.show(str(place), "future_value").dropna(subset=["low"])
    for row in worth.itertuples():
        assert f"{row.low:,.0f} to {row.high:,.0f}" in page
    segment = app.locator("#kam-segment").input_value()
    listed = profitability.customers(Book(tables, replace(settings, segment=segment)))
    shown = app.locator("table.t", has=app.locator("th", has_text="worth over")).last
    for row in listed[listed["profit"].notna()].itertuples():
        line = shown.locator(
            "tbody tr", has=app.locator("td", has_text=re.compile(f"^{re.escape(row.name)}$"))
        )
        assert f"{row.profit:,.0f}" in line.inner_text() and f"{row.cost_to_serve:,.0f}" in line.inner_text()


# the whale curve


def test_a_bar_is_a_customer_explained(app: Any, place: Path) -> None:
    look_at(app, "Alder Network")
    app.locator(WHALE + '[aria-label^="Eskdale Bank"]').first.click()
    says(app, "Eskdale Bank")
    tables, settings = model(place)
    row = profitability.customers(Book(tables, settings)).set_index("customer").loc["eskdale"]
    card = app.get_by_text(f"Earns {row['gross_profit']:,.0f} gross")
    assert f"costs {row['cost_to_serve']:,.0f} to serve" in card.inner_text()
    app.get_by_text("serve it more simply, or raise the price").first.wait_for()


def test_raising_the_price_shows_what_follows_for_the_customer_and_the_company(app: Any, place: Path) -> None:
    look_at(app, "Kestrel")
    before = tables_of(place)
    tables, settings = model(place)
    seen = profitability.customers(Book(tables, settings))
    row, total = seen.set_index("customer").loc["kestrel"], float(seen["profit"].sum())
    for rise, loss, keep in ((6, 50, 50), (10, 30, 100), (0.5, 0, 0), (50, 100, 0)):
        for id, value in (("rise", rise), ("loss", loss), ("keep", keep)):
            slide(app, id, value)
        said = profitability.price_rise(row, total, rise, loss, keep)
        words = f"All customers together: {total:,.0f} → {said['total_after']:,.0f}."
        app.locator("#kam-rise-says", has_text=words).wait_for()
        assert (
            f"From {said['before']:,.0f} to {said['after']:,.0f}"
            in app.locator("#kam-rise-says").inner_text()
        )
        after = f"{said['total_after']:,.0f}"
        wait_until(
            lambda after=after: after in app.locator(".kam-chart svg").text_content(),
            what=f"{after} in the picture",
        )
    slide(app, "rise", 0)
    wait_until(
        lambda: "would keep" not in app.locator(".kam-chart svg").text_content(), what="the picture of today"
    )
    assert all(
        tables_of(place)[name].equals(frame) for name, frame in before.items()
    )  # nothing is stored by looking


def test_the_arrow_keys_raise_the_price(app: Any) -> None:
    look_at(app, "Fairlie Group")
    slide(app, "rise", 0)
    app.locator("#kam-rise").focus()
    for _ in range(4):
        app.keyboard.press("ArrowRight")
    app.locator(".kam-weights output", has_text="2 %").first.wait_for()
    app.locator("#kam-rise-says", has_text="All customers together").wait_for()
    slide(app, "rise", 0)


def test_whose_curve_it_is_can_be_chosen(app: Any, place: Path) -> None:
    tables, settings = model(place)
    for scope in ("key", "largest", "segment", "all"):
        app.locator(f"#kam-scope-{scope}").click()
        of = replace(settings, segment=app.locator("#kam-segment").input_value())
        says(app, title(whale, Book(tables, of), picked={"scope": scope}))


# discounts


def test_the_discount_what_if(app: Any, place: Path) -> None:
    for margin, off in ((20, 5), (15, 5), (25, 7.5), (20, 0), (10, 10), (10, 20)):
        slide(app, "margin", margin)
        slide(app, "off", off)
        says(app, title(discount, Book(*model(place)), picked={"margin": margin, "off": off}))
    slide(app, "margin", 20)
    slide(app, "off", 5)
    says(app, "A discount of 5 % needs 33 % more volume to earn the same")
    app.get_by_text("no more than 20.0 % of the volume is lost").wait_for()
    app.locator(".picture", has=app.locator("[aria-label='Extra volume by discount']")).locator(
        "svg", has_text="33"
    ).wait_for()


# overheads


def test_the_spiral_with_the_example_and_with_our_own(app: Any, place: Path) -> None:
    app.locator("#kam-spiral-example").click()
    says(app, "Dropping whoever looks bad takes four customers and turns 50 into -120")
    app.locator("#kam-spiral-own").click()
    tables, settings = model(place)
    says(app, title(profit.overhead_spiral, Book(tables, settings), picked={"spiral": "own"}))
    app.locator("#kam-set-overheads").fill("a lot")
    app.locator("div[data-form]", has=app.locator("#kam-set-overheads")).get_by_role("button").click()
    app.locator(".kam-status .say", has_text="is not a number").wait_for()
    assert app.locator("#kam-set-overheads").input_value() == "a lot"  # nothing typed is lost
    app.locator("#kam-set-overheads").fill("2 000 000".replace(" ", ""))
    app.locator("div[data-form]", has=app.locator("#kam-set-overheads")).get_by_role("button").click()
    kept(place, ["2000000"], "settings", "value", key="overheads")


# what serving takes


def test_costs_are_typed_in_and_everything_follows(app: Any, place: Path) -> None:
    pools = "Whose time serves customers"
    before = profitability.pools(Book(*model(place))).set_index("pool")
    cell(app, pools, "Broker consultants", 0).click()
    app.keyboard.type("700000")
    app.keyboard.press("Enter")
    kept(place, ["700000"], "pools", "cost", pool="consultants")
    now = profitability.pools(Book(*model(place))).set_index("pool")
    assert now.at["consultants", "unused_cost"] > before.at["consultants", "unused_cost"]
    app.locator("td", has_text=re.compile(f"^{now.at['consultants', 'unused_cost']:,.0f}$")).first.wait_for()
    says(app, title(whale, Book(*model(place))))

    activity = tables_of(place)["activities"].iloc[0]
    own = tables_of(place)["time_terms"]
    lines(app, "What makes it take longer", int((own["activity"] == activity["activity"]).sum()))
    app.locator("#kam-activity").select_option(activity["activity"])
    foot = grid(app, "What makes it take longer").locator("xpath=ancestor::*[contains(@class,'kam-grid')]")
    foot.locator(".grid-add").fill("On a Sunday")
    app.keyboard.press("Enter")
    kept(place, ["On a Sunday"], "time_terms", "name", activity=activity["activity"], term="on_a_sunday")
    cell(app, "What makes it take longer", "On a Sunday", 0).click()
    app.keyboard.type("-5")
    app.keyboard.press("Enter")
    kept(place, ["-5"], "time_terms", "minutes", term="on_a_sunday")
    customer = grid(app, "How often in a year").locator("tbody th").first.inner_text().strip()
    count = cell(app, "How often in a year", customer, 0)
    count.click()
    app.keyboard.type("12")
    app.keyboard.press("Enter")
    id = stored(place, "customers", "customer", name=customer)[0]
    kept(place, ["12"], "activity_counts", "count", customer=id, activity=activity["activity"], term="")


def test_a_wrong_count_is_refused_in_words(app: Any) -> None:
    where = grid(app, "How often in a year")
    where.locator("tbody td").first.click()
    app.keyboard.type("-3")
    app.keyboard.press("Enter")
    app.get_by_text(re.compile("count .*must be a number of 0 or more|0 or more")).first.wait_for()
    app.keyboard.press("Escape")


# from now on


def test_a_range_follows_what_is_typed(app: Any, place: Path) -> None:
    cell(app, "How likely each stays and grows", "Alder Network", 0).click()
    app.keyboard.type("60")
    app.keyboard.press("Enter")
    kept(place, ["60"], "outlook", "retention_low_pct", customer="alder")
    tables, settings = model(place)
    of = replace(settings, segment=app.locator("#kam-segment").input_value())
    says(app, title(FUTURE, Book(tables, of)))


def test_contacts_moved_to_the_internet(app: Any, place: Path) -> None:
    slide(app, "share", 25)
    tables, settings = model(place)
    said = profitability.moved(profitability.channels(Book(tables, settings)), 25)
    words = f"about {said['money']:,.0f} {settings.currency} a year"
    app.locator("#kam-moved-says", has_text=words).wait_for()


# every kind of reader


@pytest.mark.parametrize("width, height", [(1920, 1080), (1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen(app: Any, width: int, height: int) -> None:
    app.mouse.move(0, 0)
    app.set_viewport_size({"width": width, "height": height})
    wide = app.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
            && !e.closest(".grid-scroll, .scroll, .kam-skip, svg")).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert wide == [] and app.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_everybody_can_read_and_reach_it(app: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    app.set_viewport_size({"width": 1366, "height": 768})
    found = axe.run(app).response["violations"]
    assert [(f["id"], f["nodes"][0]["html"]) for f in found if f["impact"] in ("serious", "critical")] == []


def test_an_empty_workbook_says_what_to_do(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "fresh.kam"
    assert main_ends_with(0, ["new", str(place)])
    with Board(NOTEBOOKS, workbook=place, start=PAGE) as board:
        page = visit(browser, board, wait_for="#kam-off")
        says(page, "Nobody's profit is known yet")
        says(page, "Whose time serves customers, and what does it cost?")
        says(page, "How long do customers stay, and what are they worth?")
        slide(page, "rise", 10)
        page.get_by_text("Choose a customer whose revenue and profit are known.").wait_for()
        assert page.problems == [] and page.outside == []


def test_readers_may_ask_what_if_and_change_nothing(browser: Any, tmp_path: Path) -> None:
    from kamlib import report

    copied = report.publish_copy(str(ROOT / "data" / "bank"), tmp_path)
    with Board(NOTEBOOKS, workbook=copied, start=PAGE, read_only=True) as board:
        page = visit(browser, board, wait_for=WHALE)
        look_at(page, "Elmstadt Energy")
        slide(page, "rise", 5)
        page.locator("#kam-rise-says", has_text="All customers together").wait_for()
        assert (
            page.get_by_role("button", name="Keep").count() == 0
            and page.locator(".grid-add:visible").count() == 0
        )
        assert page.problems == [] and page.outside == []


def test_a_click_is_not_lost_when_the_panel_is_drawn_anew_under_it(app: Any, place: Path) -> None:
    """Between pressing and letting go of a button somebody else's entry may arrive; the click still counts."""
    app.locator("#kam-scope-all").click()
    app.locator("#kam-scope-all[aria-pressed=true]").wait_for()
    app.locator("#kam-scope-key").hover()
    app.mouse.down()
    key = {"customer": "alder", "year": "2025"}
    stores.open_store(place).put([stores.Change("ledger", key, {"cost_of_sales": "1"})])
    kept_now = f"we keep {profitability.whale(Book(*model(place)))['cumulative'].iloc[-1]:,.0f}"
    wait_until(
        lambda: kept_now in app.locator(".kam-chart svg").text_content(), what="the entry in the picture"
    )
    app.wait_for_timeout(500)  # the sentences follow the picture
    app.mouse.up()
    app.locator("#kam-scope-key[aria-pressed=true]").wait_for()
    tables, settings = model(place)
    says(app, title(whale, Book(tables, settings), picked={"scope": "key"}))
