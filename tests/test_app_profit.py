"""03_profitability in the browser: what-ifs that move, figures that agree everywhere, costs typed in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.models import profitability, results
from kamlib.pages import discount as pages_discount
from kamlib.pages import profit
from kamlib.pages.outlook import FUTURE
from kamlib.reports import report
from kamlib.workbook import stores
from tests.pages import page_of
from tests.paper import title
from tests.serving import NOTEBOOKS, ROOT, Board
from tests.windows import (
    DOT,
    add,
    cell,
    fits,
    grid,
    kept,
    lines,
    main_ends_with,
    model,
    says,
    serious,
    slide,
    stored,
    tables_of,
    type_in,
    visit,
)

pytestmark = pytest.mark.browser
PAGE, READY = "03_profitability", DOT
whale, discount = profit.whale.parts[0].parts[0], pages_discount.discount.parts[0]
RISE, CHART = "#kam-rise-says", ".kam-chart svg"


def asked(page: Any, id: str, value: float) -> None:
    """Move a slider of a what-if."""
    slide(page, f"#kam-{id}", value)


def told(page: Any, name: str) -> Any:
    """A customer's line in the list of what everybody earns and is worth."""
    shown = page.locator("table.t", has=page.locator("th", has_text="worth over")).last
    return shown.locator("tbody tr", has=page.locator("td", has_text=re.compile(f"^{re.escape(name)}$")))


def look_at(page: Any, name: str) -> None:
    page.locator("#kam-customer-profit").select_option(label=name)
    says(page, name)


# the same figures everywhere


def test_the_page_the_command_and_the_report_say_the_same(app: Any, place: Path, tmp_path: Path) -> None:
    curve = results.show(str(place), "whale_curve")
    result = title(whale, model(place))
    says(app, result)
    page = page_of(str(place), tmp_path, notebook=PAGE)
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
    listed = profitability.customers(model(place).choosing(segment=segment))
    for row in listed[listed["profit"].notna()].itertuples():
        for amount in (row.profit, row.cost_to_serve):
            expect(told(app, row.name)).to_contain_text(f"{amount:,.0f}")


# the whale curve


def test_a_bar_is_a_customer_explained(app: Any, place: Path) -> None:
    look_at(app, "Alder Network")
    app.locator(DOT + '[aria-label^="Eskdale Bank"]').first.click()
    says(app, "Eskdale Bank")
    row = profitability.customers(model(place)).set_index("customer").loc["eskdale"]
    card = app.get_by_text(f"Earns {row['gross_profit']:,.0f} gross")
    expect(card).to_contain_text(f"costs {row['cost_to_serve']:,.0f} to serve")
    app.get_by_text("serve it more simply, or raise the price").first.wait_for()


def test_raising_the_price_shows_what_follows_for_the_customer_and_the_company(app: Any, place: Path) -> None:
    look_at(app, "Kestrel")
    before = tables_of(place)
    seen = profitability.customers(model(place))
    row, total = seen.set_index("customer").loc["kestrel"], float(seen["profit"].sum())
    for rise, loss, keep in ((6, 50, 50), (10, 30, 100), (0.5, 0, 0), (50, 100, 0)):
        for id, value in (("rise", rise), ("loss", loss), ("keep", keep)):
            asked(app, id, value)
        said = profitability.price_rise(row, total, rise, loss, keep)
        words = f"All customers together: {total:,.0f} → {said['total_after']:,.0f}."
        expect(app.locator(RISE)).to_contain_text(words)
        expect(app.locator(RISE)).to_contain_text(f"From {said['before']:,.0f} to {said['after']:,.0f}")
        expect(app.locator(CHART)).to_contain_text(f"{said['total_after']:,.0f}")
    asked(app, "rise", 0)
    expect(app.locator(CHART)).not_to_contain_text("would keep")
    assert all(
        tables_of(place)[name].equals(frame) for name, frame in before.items()
    )  # nothing is stored by looking


def test_the_arrow_keys_raise_the_price(app: Any) -> None:
    look_at(app, "Fairlie Group")
    asked(app, "rise", 0)
    app.locator("#kam-rise").focus()
    for _ in range(4):
        app.keyboard.press("ArrowRight")
    app.locator(".kam-weights output", has_text="2 %").first.wait_for()
    expect(app.locator(RISE)).to_contain_text("All customers together")
    asked(app, "rise", 0)


def test_whose_curve_it_is_can_be_chosen(app: Any, place: Path) -> None:
    book = model(place, segment=app.locator("#kam-segment").input_value())
    for scope in ("key", "largest", "segment", "all"):
        app.locator(f"#kam-scope-{scope}").click()
        says(app, title(whale, book, picked={"scope": scope}))


# discounts


def test_the_discount_what_if(app: Any, place: Path) -> None:
    for margin, off in ((20, 5), (15, 5), (25, 7.5), (20, 0), (10, 10), (10, 20)):
        asked(app, "margin", margin)
        asked(app, "off", off)
        says(app, title(discount, model(place), picked={"margin": margin, "off": off}))
    asked(app, "margin", 20)
    asked(app, "off", 5)
    says(app, "A discount of 5 % needs 33 % more volume to earn the same")
    app.get_by_text("no more than 20.0 % of the volume is lost").wait_for()
    picture = app.locator(".picture", has=app.locator("[aria-label='Extra volume by discount']"))
    picture.locator("svg", has_text="33").wait_for()


# overheads


def test_the_spiral_with_the_example_and_with_our_own(app: Any, place: Path) -> None:
    app.locator("#kam-spiral-example").click()
    says(app, "Dropping whoever looks bad takes four customers and turns 50 into -120")
    app.locator("#kam-spiral-own").click()
    says(app, title(profit.overhead_spiral, model(place), picked={"spiral": "own"}))
    app.locator("#kam-set-overheads").fill("a lot")
    app.locator("div[data-form]", has=app.locator("#kam-set-overheads")).get_by_role("button").click()
    app.locator(".kam-status .say", has_text="is not a number").wait_for()
    expect(app.locator("#kam-set-overheads")).to_have_value("a lot")  # nothing typed is lost
    app.locator("#kam-set-overheads").fill("2000000")
    app.locator("div[data-form]", has=app.locator("#kam-set-overheads")).get_by_role("button").click()
    kept(place, ["2000000"], "settings", "value", key="overheads")


# what serving takes


def test_costs_are_typed_in_and_everything_follows(app: Any, place: Path) -> None:
    pools = "Whose time serves customers"
    before = profitability.pools(model(place)).set_index("pool")
    type_in(app, cell(app, pools, "Broker consultants", 0), "700000")
    kept(place, ["700000"], "pools", "cost", pool="consultants")
    now = profitability.pools(model(place)).set_index("pool")
    assert now.at["consultants", "unused_cost"] > before.at["consultants", "unused_cost"]
    app.locator("td", has_text=re.compile(f"^{now.at['consultants', 'unused_cost']:,.0f}$")).first.wait_for()
    says(app, title(whale, model(place)))

    activity = tables_of(place)["activities"].iloc[0]
    own = tables_of(place)["time_terms"]
    lines(app, "What makes it take longer", int((own["activity"] == activity["activity"]).sum()))
    app.locator("#kam-activity").select_option(activity["activity"])
    add(app, "What makes it take longer", "On a Sunday")
    kept(place, ["On a Sunday"], "time_terms", "name", activity=activity["activity"], term="on_a_sunday")
    type_in(app, cell(app, "What makes it take longer", "On a Sunday", 0), "-5")
    kept(place, ["-5"], "time_terms", "minutes", term="on_a_sunday")
    customer = grid(app, "How often in a year").locator("tbody th").first.inner_text().strip()
    type_in(app, cell(app, "How often in a year", customer, 0), "12")
    id = stored(place, "customers", "customer", name=customer)[0]
    kept(place, ["12"], "activity_counts", "count", customer=id, activity=activity["activity"], term="")


def test_a_wrong_count_is_refused_in_words(app: Any) -> None:
    type_in(app, grid(app, "How often in a year").locator("tbody td").first, "-3")
    app.get_by_text(re.compile("count .*must be a number of 0 or more|0 or more")).first.wait_for()
    app.keyboard.press("Escape")


# from now on


def test_a_range_follows_what_is_typed(app: Any, place: Path) -> None:
    type_in(app, cell(app, "How likely each stays and grows", "Alder Network", 0), "60")
    kept(place, ["60"], "outlook", "retention_low_pct", customer="alder")
    says(app, title(FUTURE, model(place, segment=app.locator("#kam-segment").input_value())))


def test_contacts_moved_to_the_internet(app: Any, place: Path) -> None:
    asked(app, "share", 25)
    book = model(place)
    said = profitability.moved(profitability.channels(book), 25)
    words = f"about {said['money']:,.0f} {book.settings.currency} a year"
    app.locator("#kam-moved-says", has_text=words).wait_for()


# every kind of reader


@pytest.mark.parametrize("width, height", [(1920, 1080), (1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen(app: Any, width: int, height: int) -> None:
    fits(app, width, height)


def test_everybody_can_read_and_reach_it(app: Any) -> None:
    app.set_viewport_size({"width": 1366, "height": 768})
    assert serious(app) == []


def test_an_empty_workbook_says_what_to_do(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "fresh.kam"
    assert main_ends_with(0, ["new", str(place)])
    with Board(NOTEBOOKS, workbook=place, start=PAGE) as board:
        page = visit(browser, board, wait_for="#kam-off")
        says(page, "Nobody's profit is known yet")
        says(page, "Whose time serves customers, and what does it cost?")
        says(page, "How long do customers stay, and what are they worth?")
        asked(page, "rise", 10)
        page.get_by_text("Choose a customer whose revenue and profit are known.").wait_for()
        assert page.problems == [] and page.outside == []


def test_readers_may_ask_what_if_and_change_nothing(browser: Any, tmp_path: Path) -> None:
    copied = report.publish_copy(str(ROOT / "data" / "bank"), tmp_path)
    with Board(NOTEBOOKS, workbook=copied, start=PAGE, read_only=True) as board:
        page = visit(browser, board, wait_for=DOT)
        look_at(page, "Elmstadt Energy")
        asked(page, "rise", 5)
        expect(page.locator(RISE)).to_contain_text("All customers together")
        expect(page.get_by_role("button", name="Keep").or_(page.locator(".grid-add:visible"))).to_have_count(
            0
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
    kept_now = f"we keep {profitability.whale(model(place))['cumulative'].iloc[-1]:,.0f}"
    expect(app.locator(CHART)).to_contain_text(kept_now)
    earned = profitability.customers(model(place)).set_index("customer").at["alder", "profit"]
    expect(told(app, "Alder Network")).to_contain_text(f"{earned:,.0f}")  # and so has every panel
    app.mouse.up()
    app.locator("#kam-scope-key[aria-pressed=true]").wait_for()
    says(app, title(whale, model(place), picked={"scope": "key"}))
