"""05_certainty in the browser: the five questions of a sceptical sales director, and what people do with the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.models import certainty as models
from kamlib.models import kaism, scenarios, verdict
from kamlib.pages import card, certainty
from tests.serving import Board, wait_until
from tests.windows import DOT, fits, model, stored, tables_of, visit

pytestmark = pytest.mark.browser
PAGE, READY, SEGMENT = "05_certainty", DOT, "broker_networks"


def row_of(app: Any, name: str) -> Any:
    return app.locator(".sure-row", has=app.get_by_role("button", name=name, exact=True))


def test_you_just_picked_weights_that_make_my_customer_lose(app: Any, place: Path) -> None:
    """Every customer's verdict and sentence are on the screen, and they are those of the command line."""
    book = model(place, segment=SEGMENT)
    app.get_by_role("heading", name=certainty.headline(book), exact=True).wait_for()
    app.locator("#kam-firm > summary").click()
    for row in verdict.certainty_table(book).to_dict("records"):
        expect(row_of(app, row["name"])).to_contain_text(row["words"], use_inner_text=True)
    for row in verdict.verdicts(book).to_dict("records"):
        line, shares = row_of(app, row["name"]), card.shares(row)
        expect(line).to_contain_text(row["word"], use_inner_text=True)
        for part in shares[:3] if len(shares) > 1 else []:
            expect(line.locator(".mixed")).to_contain_text(part["word"], use_inner_text=True)


def test_what_would_it_take_for_my_customer(app: Any, place: Path) -> None:
    book = model(place, segment=SEGMENT)
    row_of(app, "Castlegate").get_by_role("button", name="Castlegate").click()
    side = app.locator(".kam-side", has=app.locator("#kam-customer-sure"))
    side.get_by_role("heading", name="Castlegate").first.wait_for()
    for line in certainty.ways(book, "castlegate"):
        side.get_by_text(line, exact=True).wait_for()
    app.get_by_role("heading", name=certainty.tornado_title(book, "castlegate")).wait_for()


def test_is_it_not_all_down_to_one_weight(app: Any, place: Path) -> None:
    book = model(place, segment=SEGMENT)
    app.get_by_role("heading", name=certainty.steady_title(book)).wait_for()
    for words in models.stability(book)["words"]:
        app.get_by_text(words, exact=True).first.wait_for()


def test_you_guessed_half_of_those_scores(app: Any, place: Path) -> None:
    """What is unknown stands in the order of what it would clear up."""
    book = model(place, segment=SEGMENT)
    found = verdict.homework(book)
    rows = app.get_by_role("grid", name="Find out").locator("tbody tr")
    expect(rows).to_have_count(len(found))
    expect(rows).to_contain_text([*found["words"]], use_inner_text=True)


def test_last_year_he_was_a_key_account(app: Any, place: Path) -> None:
    book = model(place, segment=SEGMENT)
    app.get_by_role("button", name="Round 2025 of the broker networks").first.click()
    before = scenarios.applied(book, "round_2025")
    moved = scenarios.moves(before, book)
    words = moved[moved["moved"].astype(bool)].set_index("customer")["words"]
    app.get_by_text(words["easton"], exact=True).wait_for()
    assert "maintenance account" in words["easton"]


def test_how_sure_we_are_of_our_weights_is_kept_and_changes_the_chances(app: Any, place: Path) -> None:
    app.locator("#kam-known-any").click()
    wait_until(lambda: model(place).settings.weights_known == "any")
    book = model(place, segment=SEGMENT)
    app.get_by_role("heading", name=certainty.headline(book), exact=True).wait_for()
    app.locator("#kam-known-around").click()
    wait_until(lambda: model(place).settings.weights_known == "around")
    app.locator("#kam-sure-100").click()
    wait_until(lambda: model(place).settings.sure == 100)
    app.locator("#kam-sure-30").click()
    wait_until(lambda: model(place).settings.sure == 30)


def test_what_the_sliders_show_is_kept_as_a_scenario_and_taken_away_again(app: Any, place: Path) -> None:
    app.locator("#kam-scenario-name").fill("Everything alike")
    app.locator("#kam-scenario-keep").click()
    wait_until(lambda: "everything_alike" in set(tables_of(place)["changes"]["scenario"]))
    book = model(place, segment=SEGMENT)
    made = "everything_alike"
    assert book["scenarios"].set_index("scenario").at[made, "name"] == "Everything alike"
    app.get_by_role("heading", name="Everything alike").wait_for()
    told = scenarios.overview(book).set_index("scenario").at[made, "words"]
    app.get_by_text(told, exact=True).wait_for()
    app.locator("#kam-scenario-forget").click()
    wait_until(lambda: made not in set(tables_of(place)["changes"]["scenario"]))


def test_dragging_stores_nothing_and_what_it_shows_is_kept_as_a_scenario(app: Any, place: Path) -> None:
    before = tables_of(place)["factors"]
    slider = app.locator("#kam-weight-growth")
    slider.focus()
    for _ in range(6):
        app.keyboard.press("ArrowLeft")
    app.locator("#kam-scenario-name").fill("Growth matters less")  # at once: the last step counts as well
    app.locator("#kam-scenario-keep").click()
    wait_until(lambda: "growth_matters_less" in set(tables_of(place)["changes"]["scenario"]))
    after = tables_of(place)
    assert after["factors"].equals(before)
    made = after["changes"][after["changes"]["scenario"] == "growth_matters_less"]
    assert made[["what", "subject", "factor"]].to_numpy().tolist() == [["weight", SEGMENT, "growth"]]
    own = before[(before["factor"] == "growth") & (before["scope"] == SEGMENT)]
    others = (
        before.loc[(before["scope"] == SEGMENT) & (before["factor"] != "growth"), "weight"]
        .astype(float)
        .sum()
    )
    share = round(100 * float(own["weight"].iloc[0]) / (others + float(own["weight"].iloc[0]))) - 6
    assert float(made["to"].iloc[0]) == pytest.approx(share / (100 - share) * others, abs=1e-3)


def test_a_round_is_kept_whole(app: Any, place: Path) -> None:
    app.locator("#kam-round-name").fill("2026")
    app.locator("#kam-round-keep").click()
    wait_until(lambda: "round_2026" in set(tables_of(place)["changes"]["scenario"]))
    book = model(place, segment=SEGMENT)
    then = kaism.place(scenarios.applied(book, "round_2026"))
    assert then["box"].tolist() == kaism.place(book)["box"].tolist()
    assert len(stored(place, "rounds", "round", round="2026")) >= len(then[then["y"].notna()])


def test_a_phone_shows_it_all_without_scrolling_sideways(app: Any, browser: Any, board: Board) -> None:
    page = visit(browser, board, wait_for=DOT, width=390)
    fits(page, 390, 768)
    assert page.problems == [] and page.outside == []
    page.context.close()
