"""06_account_plan in the browser: from a blank key account to its plan, as an account manager goes, in one sitting."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from kamlib import catalogue
from kamlib.pages.html import leading_back
from tests.serving import Board
from tests.windows import (
    add,
    cell,
    fits,
    frame_of,
    grid,
    handed,
    kept,
    lines,
    main_ends_with,
    paste,
    says,
    serious,
    stored,
    visit,
)

pytestmark = pytest.mark.browser
PAGE, READY = "06_account_plan", "#kam-customer"
CUSTOMER, NAME = "brockmere", "Brockmere Building Society"
WHO, MOVES, WHY = "Their people", "What moves them", "Who sees whom, and what for?"
GROW, COVERS = "GROW: goal, role, obligation, work plan", "At which stages, and how?"
BIDS, NEEDS = "Proposals, the most worth trying first", "Needs, and who cares about them"

ENTERED = """Client|Early KAM|Seller's frustration zone|strategic security|Show the whole cost|One of four, the best in claims
Claims answered in five days|Loans by telephone|Cover for savers|Mortgages|Grow outside its region|Ada Holm|Ben Ito|Cy Roe
Fewer refusals|Legal and compliance|First on the panel|Show the figures|Cover with every loan|Two pages, not ten|Low price
Change is likely|Since the merger, yes|Where will loans come from?|Twice as much|Cover on the telephone|Begin with branches
Agree on the script|Be there with every loan.|90,000|60,000"""


class Hands:
    """An account manager at work: every click, choice, entry and paste is an action; keys are counted."""

    def __init__(self, page: Any) -> None:
        self.page, self.actions, self.keys = page, 0, 0

    def count(self, *texts: str, actions: int = 1) -> None:
        self.actions, self.keys = self.actions + actions, self.keys + sum(len(text) + 1 for text in texts)

    def click(self, selector: str) -> None:
        self.page.locator(selector).click()
        self.count()

    def write(self, selector: str, text: str) -> None:
        self.page.locator(selector).fill(text)
        self.count(text)

    def choose(self, selector: str, value: str) -> None:
        self.page.locator(selector).select_option(value)
        self.count()

    def sheet(self, part: str, id: str) -> str:
        """Open a sheet of a part; its title."""
        self.click(f"#kam-sheet-{part}-{id}")
        title = str(catalogue.entry(id)["title"])
        grid(self.page, title).wait_for()
        return title

    def type(self, title: str, row: str, column: int, *texts: str, across: bool = False) -> None:
        """Click a cell and type there and in those below it, or beside it."""
        cell(self.page, title, row, column).click()
        for text in texts:
            self.page.keyboard.type(text)
            self.page.keyboard.press("Tab" if across else "Enter")
        self.count(*texts, actions=len(texts))

    def paste(self, title: str, row: str, column: int, block: str) -> None:
        paste(self.page, cell(self.page, title, row, column), block)
        self.count("V")

    def add(self, title: str, name: str) -> None:
        add(self.page, title, name)
        self.count(name)

    def add_list(self, title: str, block: str) -> None:
        """Paste a list where a line is added."""
        paste(self.page, frame_of(self.page, title).locator(".grid-add"), block)
        self.count("V")


def held(place: Path, sheet: str, field: str, *values: str) -> None:
    kept(place, [*values], "answers", "value", sheet=sheet, subject=CUSTOMER, field=field)


def test_from_a_blank_key_account_to_its_plan_in_one_sitting(app: Any, place: Path, tmp_path: Path) -> None:
    """All eight parts on one account, and at the end its plan as a page that holds what was entered."""
    hands = Hands(app)
    hands.choose("#kam-segment", "bank_channel")
    hands.choose("#kam-customer", CUSTOMER)
    says(app, "Nothing of the plan is there yet")

    # 1 What is it to us?
    ladder = str(catalogue.entry("relationship_ladder")["title"])
    hands.type(ladder, "Suspect", 0, "y", "y", "y", "y", "n")
    held(place, "relationship_ladder", "reached", "yes", "yes", "yes", "yes", "no")
    expect(app.get_by_role("row", name="Rung of the ladder Client")).to_be_visible()

    # 2 How close are we?
    zone = str(catalogue.entry("frustration_zones")["title"])
    hands.type(zone, "Where are we today?", 0, "early", "part", "part", "early")
    held(place, "frustration_zones", "stage", "Early KAM", "Partnership KAM", "Partnership KAM", "Early KAM")
    says(app, "Early KAM today, and we aim at Partnership KAM")
    says(app, "Seller's frustration zone")
    signs = hands.sheet("relationship", "relationship_stages")
    hands.type(signs, "One-to-one contact", 0, *["y"] * 8, *["y"] * 5, "n", "n", "n")
    expect(app.get_by_role("row", name=re.compile(r"^Early\b.* 5 8 8$"))).to_be_visible()

    # 3 How does it see us?
    power = str(catalogue.entry("supplier_power_buyer_power")["title"])
    hands.paste(power, "Number of potential suppliers", 0, "\n".join(["8"] * 15))
    app.get_by_role("heading", name=f"To {NAME} we are: strategic security").first.wait_for()
    hands.type(hands.sheet("customer_view", "supplier_power_value"), "Total value", 0, "7")
    hands.type(hands.sheet("customer_view", "supplier_power_trust"), "Trust and confidence", 0, "8")
    asked = hands.sheet("customer_view", "customer_requirements")
    hands.paste(asked, "Value for money", 0, "7\tShow the whole cost\n8\n8\n7\n6\n5\tCome with ideas")
    cuts = hands.sheet("customer_view", "rationalisation_questions")
    hands.type(cuts, "How do we stand now?", 0, "One of four, the best in claims")
    value = hands.sheet("customer_view", "hidden_value")
    hands.type(value, "What have we done for it", 0, "Claims answered in five days")
    held(place, "hidden_value", "says", "Claims answered in five days")

    # 4 Where is it going?
    strategy = str(catalogue.entry("business_strategy_questions")["title"])
    hands.type(strategy, "What to sell and where?", 0, "Loans by telephone", "Simple", "Its branches")
    growth = hands.sheet("strategy", "ansoff")
    hands.add_list(growth, "Loans by telephone\texisting\tnew\t200000\nCover for savers\tnew\texisting")
    says(app, f"{NAME} has 2 plans to grow: 90,000 of 200,000 GBP a year to be expected")
    age = hands.sheet("strategy", "product_life_cycle")
    hands.add_list(age, "Mortgages\tmaturity\tCover with every loan")
    hands.type(hands.sheet("strategy", "porter_advantage"), "Lowest-cost supplier", 0, "n", "y")
    hands.type(hands.sheet("strategy", "value_drivers"), "Operational excellence", 0, "min", "sec", "lead")
    culture = hands.sheet("strategy", "cultural_match")
    hands.paste(culture, "Dress code", 0, "left\tright\tyes\nleft\tleft\nmiddle\tright")
    says(app, "Our cultures are 3 of 6 points apart, with 3 of 16 lines known, most of all in dress code")
    hands.type(hands.sheet("strategy", "porter_five_forces"), "Current competitors", 0, "good", "bad")
    hands.type(hands.sheet("strategy", "tbe_questions"), "What is it trying", 0, "Grow outside its region")

    # 5 Who decides?
    hands.add_list(
        WHO,
        "Ada Holm\tBuying\tyes\tuser\tmedium\tfor us\tevery month\n"
        "Ben Ito\tIT\tno\tuser\tlow\n"
        "Cy Roe\tBoard\tno\tdecider\thigh\tneutral\tnever",
    )
    lines(app, WHO, 3)
    kept(place, ["Buying", "IT", "Board"], "customer_people", "function", customer=CUSTOMER)
    says(app, "3 people there; what Cy Roe says counts most")
    moved = "receptive\tearly adopter\t\t8\t7\taffiliation\n"
    moved += "receptive\t\t\t3\t3\nhas the power\tlate majority\tsenior\t3\t8\tpower"
    hands.paste(MOVES, "Ada Holm", 0, moved)
    says(app, "First Ada Holm, last Cy Roe")
    dmu = hands.sheet("entry", "dmu_types")
    hands.type(dmu, "Authoritarian", 0, "y", "n", "n")
    hands.type(hands.sheet("entry", "buying_process"), "Need exists", 0, "y", "n", "n")
    hands.type(hands.sheet("entry", "buying_responsibilities"), "Individual site", 0, "buys", "no")
    entry = hands.sheet("entry", "entry_strategy")
    hands.type(entry, "Whom to see", 0, "Cy Roe", "Helen", "Ada first", "Fewer refusals")
    snail = hands.sheet("entry", "opportunity_snail")
    hands.type(snail, "Marketing (where", 0, "n", "n", "n", "y", "y", "y")
    says(app, "We are in touch on 3 of 6 turns of the snail, the innermost Legal and compliance")

    # 6 Who sees whom, and why?
    hands.type(WHY, "Ada Holm", 0, "build trust")
    zone_says = app.locator(".kam-zone").filter(has_text="This account hangs on Liam Foster").first
    expect(zone_says).to_be_visible()
    says(app, "None of us sees Cy Roe")
    hands.type(WHY, "Cy Roe", 1, "get information")
    hands.type(WHY, "Ben Ito", 4, "promote solutions")
    says(app, "Somebody of us sees everybody who matters most")
    hands.paste(
        GROW,
        "Liam Foster and Ada Holm",
        0,
        "First on the panel\tMonthly talk\tMinutes\tShow the figures\t2027-02-01",
    )
    hands.paste(COVERS, "Liam Foster and Ada Holm", 1, "yes\tyes\tyes\tyes\tyes\tyes\t\t12")
    kept(place, ["12"], "links", "days", customer=CUSTOMER, contact="ada_holm")
    drives = str(catalogue.entry("chemistry_motivation")["title"])
    hands.choose("#kam-whom-chemistry_motivation", "liam")
    hands.type(drives, "Power", 0, "n", "n", "y")
    expect(cell(app, COVERS, "Liam Foster and Ada Holm", 7)).to_have_text(
        "they get on; both want affiliation"
    )

    # 7 How do we put the case?
    hands.add_list(BIDS, "Cover with every loan\tCorvid Life\t100000\t60\t\t5000")
    says(app, "60,000 GBP a year expected of 100,000.")
    hands.add_list(
        NEEDS,
        "Two pages, not ten\tperformance\t2 well\t1 OK\tXX\tX\nLow price\tfinancial\t0 poor\t1 OK\t\t\tXX",
    )
    says(app, "2 points against 2 of Corvid Life")
    change = hands.sheet("proposal", "change_equation")
    hands.paste(change, "Dissatisfaction", 0, "7\n6\n5\n4")
    app.get_by_role("heading", name=f"{NAME}: Change is likely").first.wait_for()
    hands.type(hands.sheet("proposal", "proposal_questions"), "Open to change?", 0, "Since the merger, yes")
    hands.type(hands.sheet("proposal", "questioning"), "Understand", 0, "Where will loans come from?")
    hands.type(hands.sheet("proposal", "rapport"), "Feelings", 0, "well", "fairly", "badly")

    # 8 The plan
    goals = str(catalogue.entry("success_targets")["title"])
    hands.type(
        goals, "Business performance", 0, "200,000", "Twice as much", "2027-12-31", "Liam", across=True
    )
    hands.type(goals, "Business performance", 5, "y")
    held(place, "success_targets", "person", "liam")
    hands.add_list(
        "Projects",
        "Cover on the telephone\tLiam Foster\tBen Ito\t2027-01-04\t2027-06-30\t40\t8000\tA merger\tBegin with branches",
    )
    hands.choose("#kam-step-project", "cover_on_the_telephone")
    hands.write("#kam-step-name", "Agree on the script")
    hands.write("#kam-step-due", "2027-02-15")
    hands.choose("#kam-step-person", "liam")
    hands.click("#kam-step")
    kept(place, ["Agree on the script"], "actions", "name", project="cover_on_the_telephone")
    plan = hands.sheet("plan", "ka_plan")
    hands.type(plan, "Executive summary", 0, "Be there with every loan.")
    says(app, "10 of 10 headings of the plan are filled in")
    name, content = handed(app, "This page as a report")
    hands.count(actions=2)
    assert hands.actions <= 121 and hands.keys <= 531
    said = [value for value in stored(place, "answers", "value", subject=CUSTOMER) if value]
    assert len(said) == 113  # all that was typed and pasted on the sheets
    asked = ["report", str(place), "--customer", CUSTOMER, "--notebook", PAGE, "--out", str(tmp_path)]
    assert name == f"plan-{CUSTOMER}.html" and main_ends_with(0, asked)
    assert leading_back(content.decode(), "index.html") == (tmp_path / name).read_text(encoding="utf-8")
    told = html.unescape(content.decode())
    assert [text for text in re.split(r"[|\n]", ENTERED) if text not in told] == []


def test_the_page_fits_a_phone_and_everybody_can_read_it(app: Any) -> None:
    assert serious(app) == []
    fits(app, 390, 844)


def test_read_only_it_shows_everything_and_takes_nothing(browser: Any, place: Path) -> None:
    from tests.serving import NOTEBOOKS

    with Board(NOTEBOOKS, workbook=place, start=PAGE, read_only=True) as reading:
        page = visit(browser, reading, wait_for=READY)
        page.locator("#kam-customer").select_option("alder")
        says(page, "None of us sees Graham Stott")
        before = stored(place, "links", "purpose")
        cell(page, WHY, "Ruth Calder", 0).click()
        page.keyboard.press("Delete")
        page.keyboard.press("Enter")
        assert page.locator(".grid-add").count() == 0 and stored(place, "links", "purpose") == before
        page.context.close()
