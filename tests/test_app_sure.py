"""05_certainty in the browser: the five questions of a sceptical sales director, and what people do with the answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kamlib import sureness
from kamlib.models import certainty, kaism, scenarios
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from kamlib.workbook.settings import of_workbook
from tests.serving import ROOT, Board, browser, wait_until
from tests.windows import sound, tables_of, visit

__all__ = ["browser", "sound"]  # fixtures

pytestmark = pytest.mark.browser
NOTEBOOKS = ROOT / "notebooks"
PAGE, DOT, SEGMENT = "05_certainty", ".kam-chart svg path[aria-label]", "broker_networks"


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("sure") / "insurer.kam"
    stores.copy(ROOT / "data" / "insurer", place)
    return place


@pytest.fixture(scope="module")
def board(place: Path, browser: Any) -> Iterator[Board]:
    with Board(NOTEBOOKS, workbook=place, start=PAGE, env={"KAM_WHO": "helen"}) as board:
        yield board


@pytest.fixture(scope="module")
def app(browser: Any, board: Board) -> Iterator[Any]:
    page = visit(browser, board, wait_for=DOT)
    page.locator(".picture svg").nth(2).wait_for(state="attached")
    yield page
    page.context.close()


def model(place: Path, **more: Any) -> tuple[Any, Any]:
    tables = typed(tables_of(place))
    return tables, of_workbook(tables, segment=SEGMENT, **more)


def row_of(app: Any, name: str) -> Any:
    return app.locator(".sure-row", has=app.get_by_role("button", name=name, exact=True))


def test_you_just_picked_weights_that_make_my_customer_lose(app: Any, place: Path) -> None:
    """Every customer's verdict and sentence are on the screen, and they are those of the command line."""
    tables, chosen = model(place)
    app.get_by_role("heading", name=sureness.headline(Book(tables, chosen)), exact=True).wait_for()
    for row in certainty.certainty(Book(tables, chosen)).to_dict("records"):
        said = row_of(app, row["name"])
        assert row["words"] in said.inner_text()
        if row["box"]:
            share = certainty.percent(row[f"p_{row['box']}"], row["exact"])
            assert share in said.locator(".mixed").inner_text()


def test_what_would_it_take_for_my_customer(app: Any, place: Path) -> None:
    tables, chosen = model(place)
    row_of(app, "Castlegate").get_by_role("button", name="Castlegate").click()
    card = app.locator(".kam-side", has=app.locator("#kam-choose-sure"))
    card.get_by_role("heading", name="Castlegate").wait_for()
    for line in sureness.ways(Book(tables, chosen), "castlegate"):
        card.get_by_text(line, exact=True).wait_for()
    app.get_by_role("heading", name=sureness.tornado_title(Book(tables, chosen), "castlegate")).wait_for()


def test_is_it_not_all_down_to_one_weight(app: Any, place: Path) -> None:
    tables, chosen = model(place)
    app.get_by_role("heading", name=sureness.steady_title(Book(tables, chosen))).wait_for()
    for words in certainty.stability(Book(tables, chosen))["words"]:
        app.get_by_text(words, exact=True).first.wait_for()


def test_you_guessed_half_of_those_scores(app: Any, place: Path) -> None:
    """What is unknown stands in the order of what it would clear up."""
    tables, chosen = model(place)
    found = certainty.find_first(Book(tables, chosen))
    rows = app.get_by_role("grid", name="Find out").locator("tbody tr")
    assert rows.count() == len(found)
    for n, words in enumerate(found["words"]):
        assert words in rows.nth(n).inner_text()


def test_last_year_he_was_a_key_account(app: Any, place: Path) -> None:
    tables, chosen = model(place)
    app.get_by_role("button", name="Round 2025 of the broker networks").click()
    before = scenarios.applied(Book(tables, chosen), "round_2025")
    moved = scenarios.moves(before, Book(tables, chosen))
    words = moved[moved["moved"].astype(bool)].set_index("customer")["words"]
    app.get_by_text(words["easton"], exact=True).wait_for()
    assert "maintenance account" in words["easton"]


def test_how_sure_we_are_of_our_weights_is_kept_and_changes_the_chances(app: Any, place: Path) -> None:
    app.locator("#kam-known-any").click()
    wait_until(lambda: model(place)[1].weights_known == "any")
    tables, chosen = model(place)
    app.get_by_role("heading", name=sureness.headline(Book(tables, chosen)), exact=True).wait_for()
    app.locator("#kam-known-around").click()
    wait_until(lambda: model(place)[1].weights_known == "around")
    app.locator("#kam-sure-100").click()
    wait_until(lambda: model(place)[1].sure == 100)
    app.locator("#kam-sure-30").click()
    wait_until(lambda: model(place)[1].sure == 30)


def test_what_the_sliders_show_is_kept_as_a_scenario_and_taken_away_again(app: Any, place: Path) -> None:
    app.locator("#kam-scenario-name").fill("Everything alike")
    app.locator("#kam-scenario-keep").click()
    wait_until(lambda: "everything_alike" in set(tables_of(place)["changes"]["scenario"]))
    tables, chosen = model(place)
    made = "everything_alike"
    assert tables["scenarios"].set_index("scenario").at[made, "name"] == "Everything alike"
    app.get_by_role("heading", name="Everything alike").wait_for()
    told = scenarios.overview(Book(tables, chosen)).set_index("scenario").at[made, "words"]
    app.get_by_text(told, exact=True).wait_for()
    app.locator("#kam-scenario-forget").click()
    wait_until(lambda: made not in set(tables_of(place)["changes"]["scenario"]))


def test_dragging_stores_nothing_and_what_it_shows_is_kept_as_a_scenario(app: Any, place: Path) -> None:
    before = tables_of(place)["factors"]
    slider = app.locator("#kam-weight-growth")
    slider.focus()
    for _ in range(6):
        app.keyboard.press("ArrowLeft")
    app.get_by_text("Keep what the sliders show now as a scenario, called").wait_for()
    app.locator("#kam-scenario-name").fill("Growth matters less")
    app.locator("#kam-scenario-keep").click()
    wait_until(lambda: "growth_matters_less" in set(tables_of(place)["changes"]["scenario"]))
    after = tables_of(place)
    assert after["factors"].equals(before)
    made = after["changes"][after["changes"]["scenario"] == "growth_matters_less"]
    assert made[["what", "subject", "factor"]].to_numpy().tolist() == [["weight", SEGMENT, "growth"]]
    own = before[(before["factor"] == "growth") & (before["scope"] == SEGMENT)]
    assert float(made["to"].iloc[0]) == float(own["weight"].iloc[0]) - 3


def test_a_round_is_kept_whole(app: Any, place: Path) -> None:
    app.locator("#kam-round-name").fill("2026")
    app.locator("#kam-round-keep").click()
    wait_until(lambda: "round_2026" in set(tables_of(place)["changes"]["scenario"]))
    tables, chosen = model(place)
    then = kaism.place(scenarios.applied(Book(tables, chosen), "round_2026"))
    assert then["box"].tolist() == kaism.place(Book(tables, chosen))["box"].tolist()
    assert len(tables["rounds"][tables["rounds"]["round"] == "2026"]) >= len(then[then["y"].notna()])


def test_a_phone_shows_it_all_without_scrolling_sideways(app: Any, browser: Any, board: Board) -> None:
    page = visit(browser, board, wait_for=DOT, width=390)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 1 and page.problems == [] and page.outside == []
    page.context.close()
