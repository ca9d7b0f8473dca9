"""04_pia in the browser: what each category gets, the days for it, and a key account analysed from a blank page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib.models import distinction, pia, plans
from kamlib.reports import report
from kamlib.workbook import stores
from kamlib.workbook.schema import BOXES
from tests.books import table
from tests.printed import lost
from tests.serving import NOTEBOOKS, ROOT, Board, wait_until
from tests.windows import (
    DOT,
    add,
    cell,
    fits,
    grid,
    kept,
    lines,
    model,
    paste,
    says,
    sentence,
    serious,
    slide,
    stored,
    tables_of,
    type_in,
    visit,
)

pytestmark = pytest.mark.browser
PAGE, READY = "04_pia", f":root:has({DOT}):has(:nth-child(1 of .picture svg))"
DIFFER = "What each category gets, at least and at most"
STAGES, IDEAS, RATED = "Stages of doing business with us", "Ideas, freely", "How good is each idea?"
WHO = "castlegate"


def block(page: Any, title: str, cells: list[list[str]]) -> None:
    """Paste a block from Excel, from the first cell of the grid on."""
    paste(page, grid(page, title).locator("tbody td").first, "\n".join("\t".join(line) for line in cells))


def capital(words: str) -> str:
    """As a sentence."""
    return f"{words[0].upper()}{words[1:]}."


# what each category gets


def column(category: str, end: str) -> int:
    return 2 * BOXES.index(category) + ("min", "max").index(end)


def test_a_rung_is_chosen_and_a_least_above_the_most_is_refused(app: Any, place: Path) -> None:
    ladder = distinction.bases(model(place)).set_index("basis").loc["commitment"]
    low, high = ladder["ladder"][0], ladder["ladder"][-1]

    def choose(end: str, rung: str) -> Any:
        where = cell(app, DIFFER, ladder["name"], column("opportunistic", end))
        where.dblclick()
        where.locator("select").select_option(rung)
        where.locator("select").press("Enter")
        return where

    for end in ("max", "min"):
        choose(end, low)
        kept(place, [low], "distinction", end, basis="commitment", category="opportunistic")
    where = choose("min", high)
    expect(sentence(app, DIFFER)).to_contain_text("more than the most")
    assert stored(place, "distinction", "min", basis="commitment", category="opportunistic") == [low]
    where.click()
    app.keyboard.press("Escape")


def test_a_creeping_service_is_said_until_it_is_a_test_bed(app: Any, place: Path) -> None:
    seen = distinction.distinction(model(place))
    creeping = seen[seen["creep"] != ""].iloc[0]
    button = app.locator(f"#kam-bed-{creeping['basis']}-{creeping['category']}")
    button.click()
    kept(place, ["yes"], "distinction", "test_bed", basis=creeping["basis"], category=creeping["category"])
    button.wait_for(state="detached")
    app.get_by_text("Planned test bed:").first.wait_for()
    app.get_by_role("button", name="undo").click()
    button.wait_for()


# the days for it


def test_the_days_follow_what_is_typed_and_agree_with_steps_2_and_9(app: Any, place: Path) -> None:
    says(app, distinction.words(model(place)))
    name = grid(app, "What each customer takes today").locator("tbody th").first.inner_text().strip()
    customer = stored(place, "customers", "customer", name=name)[0]
    type_in(app, cell(app, "What each customer takes today", name, 0), "77.5")
    kept(place, ["77.5"], "time_spent", "days", customer=customer)
    says(app, distinction.words(model(place)))
    for row in distinction.energy(model(place)).itertuples():
        app.locator("td", has_text=f"{row.days_after:,.0f}").first.wait_for()


def test_a_new_service_says_who_pays(app: Any, place: Path) -> None:
    app.locator("#kam-new-service").fill("Claims by drone")
    app.locator("#kam-new-service-add").click()
    app.locator(".kam-status .say", has_text="somebody who pays").wait_for()
    expect(app.locator("#kam-new-service")).to_have_value("Claims by drone")
    app.locator("#kam-new-pays").select_option("customer")
    app.locator("#kam-new-service-add").click()
    kept(place, ["customer"], "services", "who_pays", name="Claims by drone")
    cell(app, "What we do for customers besides the offer", "Claims by drone", 5).wait_for()


# a key account from a blank page


def test_a_key_account_is_analysed_from_a_blank_page(app: Any, place: Path) -> None:
    app.locator("#kam-pia-customer").select_option(WHO)
    lines(app, STAGES, 0)
    stages = ["Hear of us", "Ask", "Quote", "Decide", "Set up", "Claim", "Pay", "Renew"]
    for n, stage in enumerate(stages, start=1):
        add(app, STAGES, stage)
        lines(app, STAGES, n)
    block(
        app,
        STAGES,
        [
            [s, "through them to their customers" if n > 5 else "with us", str(n), f"trouble {n}"]
            for n, s in enumerate(stages)
        ],
    )
    kept(place, [f"trouble {n}" for n in range(8)], "stages", "trouble", customer=WHO)
    picture = app.locator(".picture", has=app.locator("[aria-label^='The chain of doing business with us']"))
    picture.locator("svg", has_text="trouble 7").wait_for()

    ideas = [f"Idea {chr(65 + n)}" for n in range(20)]
    for n, idea in enumerate(ideas, start=1):
        add(app, IDEAS, idea)
        lines(app, IDEAS, n)
    block(
        app,
        IDEAS,
        [
            [
                stages[n % 8],
                "something left out" if n == 3 else "something new",
                "given" if n < 2 else "differentiator",
                "no" if n < 2 else "",
                "",
                str(1000 * n),
                str(500 * n),
            ]
            for n in range(20)
        ],
    )
    wait_until(
        lambda: len(pia.ideas(model(place, customer=WHO)).query("our_gain == 9500")) == 1,
        what="the ideas pasted",
    )
    assert stored(place, "ideas", "kind", name="Idea D") == ["remove"]

    spelt = {"G": "good", "O": "OK", "B": "bad"}
    block(
        app,
        RATED,
        [[spelt[c] for c in ("GGGGGGGG", "GOOOBOOO", "GBOBOOOO", "GGOGOOGG")[n % 4]] for n in range(20)],
    )
    wait_until(
        lambda: len(tables_of(place)["ratings"].query("idea.str.startswith('idea_')")) == 160,
        60,
        "160 ratings",
    )
    seen = pia.screening(model(place, customer=WHO)).set_index("name")["class"]
    assert set(seen) == {"A", "B", "C"}
    for idea in ideas:
        expect(cell(app, RATED, idea, 8)).to_have_text(seen[idea])
    first = pia.order(model(place, customer=WHO))["name"].iloc[0]
    expect(app.locator("#kam-order tbody tr").first).to_contain_text(first)

    for n, title in enumerate(
        ("What is each idea worth to us?", "What is it worth to the customer, in the customer's eyes?")
    ):
        block(app, title, [[str(1 + (i * (k + 3) + 5 * n) % 10) for k in range(5)] for i in range(20)])
    wait_until(
        lambda: (pia.place(model(place, customer=WHO))["status"] == "placed").sum() == 20,
        60,
        "20 ideas placed",
    )
    spots = pia.place(model(place, customer=WHO))
    for idea in ideas:
        expect(app.locator(f'{DOT}[aria-label="{idea}"]')).not_to_have_count(0)
    chosen = spots[spots["box"] == "progress"].iloc[0]
    app.locator("#kam-idea").select_option(chosen["idea"])
    says(app, chosen["name"])
    app.get_by_text(capital(chosen["reason"])).first.wait_for()
    weights = tables_of(place)["factors"].query("model == 'pia_us'")["weight"].tolist()
    slide(app, "input[type=range][id^=kam-pia-us-]", 90)
    wait_until(
        lambda: tables_of(place)["factors"].query("model == 'pia_us'")["weight"].tolist() != weights,
        what="the weight",
    )
    after = pia.place(model(place, customer=WHO)).set_index("idea").loc[chosen["idea"]]
    app.get_by_text(capital(after["reason"])).first.wait_for()

    for n, idea in enumerate(pia.order(model(place, customer=WHO))["idea"][:3], start=1):
        app.locator("#kam-start-idea").select_option(idea)
        app.locator("#kam-start").click()
        lines(app, "Projects", n)
    names = plans.projects(model(place, customer=WHO))["name"].tolist()
    people = tables_of(place)["people"]["name"].tolist()
    block(
        app,
        "Projects",
        [
            [
                people[n],
                "Operations",
                f"2027-0{n + 1}-01",
                f"2027-0{n + 4}-30",
                str(10 + n),
                "5000",
                "he leaves",
                "Beth",
            ]
            for n in range(3)
        ],
    )
    wait_until(
        lambda: (
            set(plans.projects(model(place, customer=WHO))["ends"]) == {f"2027-0{n}-30" for n in (4, 5, 6)}
        ),
        what="dates",
    )
    app.locator("#kam-step-name").fill("Ask three brokers")
    app.locator("#kam-step").click()
    app.locator(".kam-status .say", has_text="by when?").wait_for()
    expect(app.locator("#kam-step-name")).to_have_value("Ask three brokers")
    app.locator("#kam-step-due").fill("2027-02-15")
    app.locator("#kam-step").click()
    kept(place, ["2027-02-15"], "actions", "due", name="Ask three brokers")
    time = app.locator(".picture", has=app.locator("[aria-label='Projects and their steps in time']"))
    for name in names:
        time.locator("svg", has_text=name).wait_for()
    load = plans.load(model(place)).iloc[0]["words"]
    app.get_by_text(capital(load)).first.wait_for()


def test_what_the_answers_do_not_give_needs_a_reason(app: Any, place: Path) -> None:
    app.locator("#kam-pia-customer").select_option("alder")
    seen = pia.screening(model(place, customer="alder"))
    idea = seen[(seen["suggestion"] == "C") & (seen["decision"] == "")].iloc[0]
    app.locator("#kam-idea").select_option(idea["idea"])
    says(app, idea["name"])
    app.locator("#kam-class").select_option("A")
    app.locator("#kam-classify").click()
    app.locator(".kam-status .say", has_text="give the reason first").wait_for()
    app.locator("#kam-class-reason").fill("Promised last year")
    app.locator("#kam-classify").click()
    kept(place, ["A"], "ideas", "class", idea=idea["idea"])
    app.get_by_text("The team decided otherwise: Promised last year").first.wait_for()


# every kind of reader


def test_the_widest_tables_are_on_paper(app: Any) -> None:
    about = app.locator(".kam-head p.about").text_content()
    assert (
        "insurer.kam" in about
        and app.title().endswith(f" · {about}")
        and lost(app, "A4", about, ("rows",)) == []
    )


@pytest.mark.parametrize("width, height", [(1920, 1080), (1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen(app: Any, width: int, height: int) -> None:
    fits(app, width, height)


def test_everybody_can_read_and_reach_it(app: Any) -> None:
    app.set_viewport_size({"width": 1366, "height": 768})
    assert serious(app) == []


def test_an_empty_workbook_says_what_to_do_and_rates_nothing(browser: Any, tmp_path: Path) -> None:
    place = tmp_path / "fresh.kam"
    book = stores.blank("Fresh")
    for name, columns, row in (
        ("segments", "segment name", "s|South"),
        ("customers", "customer name segment", "a|Alder|s"),
    ):
        book[name] = table(columns, row)
    stores.create(place, book)
    with Board(NOTEBOOKS, workbook=place, start=PAGE) as board:
        page = visit(browser, board, wait_for="#kam-pia-customer")
        says(page, "Nothing is different yet")
        says(page, "No account falls to a lower category")
        page.locator("#kam-usual-stages").click()
        wait_until(lambda: len(tables_of(place)["stages"]) > 8, what="the usual stages")
        add(page, IDEAS, "Call back within the hour")
        lines(page, RATED, 1)
        block(page, RATED, [["good"]])
        expect(sentence(page, RATED)).to_contain_text("say what good and OK and bad mean")
        assert tables_of(place)["ratings"].empty
        page.locator("#kam-pia-us-usual").click()
        wait_until(lambda: len(tables_of(place)["factors"]) == 5, what="five factors")
        assert page.problems == [] and page.outside == []


def test_readers_change_nothing(browser: Any, tmp_path: Path) -> None:
    copied = report.publish_copy(str(ROOT / "data" / "bank"), tmp_path)
    with Board(NOTEBOOKS, workbook=copied, start=PAGE, read_only=True) as board:
        page = visit(browser, board, wait_for=DOT)
        page.locator(".picture svg").nth(2).wait_for(state="attached")
        offers = ".grid-add:visible, .grid-remove:visible, #kam-classify, #kam-start"
        expect(page.locator(offers)).to_have_count(0)
        assert page.problems == [] and page.outside == []
