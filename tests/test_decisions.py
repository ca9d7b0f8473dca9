"""What the team decided is what every picture, count, headline, list, page and result shows, the suggestion beside it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup

from kamlib import charts
from kamlib.app import opening
from kamlib.app.desk import Desk
from kamlib.models import distinction, kaism, plans, portfolio, profitability, resources, results
from kamlib.pages import certainty, profit, staffing, value
from kamlib.pages.card import CARD
from kamlib.reports import whatif
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, typed
from tests.paper import page, paper, printed, screen, view
from tests.serving import ROOT
from tests.worked import frame

WORDS = dict(zip(BOXES, ("Key account", "Key development", "Maintenance", "Opportunistic"), strict=True))
WORDS[""] = "Not placed yet"
STANDS = re.compile(
    "({0}), (suggested|decided(; (suggested: ({0})|ruled out|not placed yet))?)".format(
        "|".join(WORDS.values())
    ),
    re.I,
)
BOOKS = [("tiny", False), ("insurer", False), ("insurer", True)]


def spoiled(text: Any) -> Any:
    """Decisions against the suggestion, of no category, with spaces, of customers without a place or a segment."""
    tables = typed(text)
    chosen, rows = settings.of_workbook(tables), {}
    for segment in tables["segments"]["segment"]:
        seen = kaism.place(Book(tables, replace(chosen, segment=segment)))
        for at, row in enumerate(seen.to_dict("records")):
            if not row["box"]:
                rows[row["customer"]] = BOXES[at % 2]  # ruled out, or too little is known
            elif at < 5:
                rows[row["customer"]] = ("gold", " key ", *BOXES[1:])[at]
            elif at % 3:
                rows[row["customer"]] = BOXES[at % 4]
    stray = {"customer": "stray", "name": "Stray", "segment": "", "status": "current"}
    made = [{"what": "category", "subject": c, "decision": d} for c, d in {**rows, "stray": "key"}.items()]
    others = text.get("decisions", frame("decisions", []))
    made += others[others["what"] != "category"].to_dict("records")
    customers = [*text["customers"].to_dict("records"), stray]
    return {**text, "decisions": frame("decisions", made), "customers": frame("customers", customers)}


@pytest.fixture(scope="module", params=BOOKS, ids=lambda p: f"{p[0]}{'-spoilt' * p[1]}")
def book(request: Any) -> SimpleNamespace:
    """A workbook, and what is true of each customer: category and words, found without the code under test."""
    name, spoilt = request.param
    _, text = stores.load(ROOT / "data" / name, read_only=True)
    text = spoiled(text) if spoilt else text
    tables = typed(text)
    chosen = settings.of_workbook(tables)
    made = tables["decisions"]
    made = made[made["what"] == "category"]
    said = {c: d.strip() for c, d in zip(made["subject"], made["decision"], strict=True)}
    said = {c: d for c, d in said.items() if d in BOXES}
    seen = kaism.place(Book(tables, replace(chosen, segment=""))).set_index("customer")
    truth = {}
    for row in tables["customers"].itertuples():
        there = row.customer in seen.index
        box = seen["box"].get(row.customer, "")
        status = seen["status"].get(row.customer, "unscored")
        decided, nowhere = (
            said.get(row.customer, ""),
            "ruled out" if status == "ruled_out" else "not placed yet",
        )
        beside = "" if decided == box else f"; suggested: {WORDS[box].lower()}" if box else f"; {nowhere}"
        words = f"{WORDS[decided]}, decided{beside}" if decided else f"{WORDS[box]}, suggested"
        words = words if decided or box else nowhere.capitalize()
        truth[row.customer] = SimpleNamespace(
            name=row.name,
            segment=row.segment if there else "",
            box=box,
            decided=decided,
            category=decided or box,
            words=words,
        )
    segments = tables["segments"]["segment"].tolist()
    whole = Book(tables, replace(chosen, segment=""))
    return SimpleNamespace(text=text, whole=whole, truth=truth, segments=segments, spoilt=spoilt)


def about(book: SimpleNamespace, segment: str = "") -> Book:
    """The workbook about one segment; what is known of it stays known from test to test."""
    return book.whole.choosing(segment=segment)


def desk(book: SimpleNamespace, segment: str = "", customer: str = "") -> Desk:
    store: Any = SimpleNamespace(location="decisions.kam", seen={"": 1})
    opened = Desk(store, book.text, book.whole, read_only=True, segment=segment)
    opened.look_at(customer)
    return opened


def counted(book: SimpleNamespace, segment: str = "") -> list[int]:
    held = Counter(t.category for t in book.truth.values() if not segment or t.segment == segment)
    return [held[box] for box in BOXES]


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def told(soup: BeautifulSoup, book: SimpleNamespace) -> set[str]:
    """Whoever is said to stand as something, in a row, a list or a picture; it has to be what is true."""
    words = {t.name: t.words for t in book.truth.values()}
    found = set()
    for row in soup.find_all(["tr", "li"]):
        name = (row.find(["td", "button", "b"]) or row).get_text().strip()
        for match in STANDS.finditer(row.get_text()) if name in words else ():
            assert match.group(0).lower() == words[name].lower(), (name, row.get_text())
            found.add(name)
    for mark in soup.find_all(attrs={"aria-label": re.compile(" · ")}):
        name, said = mark["aria-label"].rsplit(" · ", 1)
        if name in words:
            assert said == words[name], mark["aria-label"]
            found.add(name)
    return found


def test_every_result_has_the_same_category_and_the_same_box(book: SimpleNamespace) -> None:
    """But for the likeliest box of what to find out first, scenarios, the views of functions, and the customer's own matrices."""
    for name, model in results.RESULTS.items():
        if name in ("find_first", "compare", "views_of", "positioning"):
            continue
        found = model(about(book))
        for row in found.to_dict("records") if "customer" in found else ():
            true = book.truth.get(row["customer"])
            if true and "category" in found:
                assert row["category"] == true.category, (name, row)
            if true and "stands" in found:
                assert row["stands"] in (true.words, ""), (name, row)
            if true and "box" in found and "idea" not in found:
                assert row["box"] == true.box, (name, row)


def test_every_count_of_accounts_is_the_same(book: SimpleNamespace) -> None:
    everywhere, whole = about(book), counted(book)
    assert portfolio.capacity(everywhere)["accounts"].tolist() == whole
    assert distinction.energy(everywhere)["accounts"].tolist() == whole
    assert resources.carry(everywhere)["today"].tolist() == whole
    assert [row.split()[2] for row in profitability.kam_cost(everywhere)["name"][::2][:2]] == [
        str(whole[0]),
        str(whole[1]),
    ]
    for segment in book.segments:
        balance = portfolio.balance(about(book, segment))
        assert balance["customers"].tolist() == counted(book, segment)
        line = opening.status(view(about(book, segment)), saved_at="", message="")
        shown = [b.get_text().split()[0] for b in parsed(line).find_all("b")]
        assert [*map(int, shown)] == counted(book, segment)


def test_pictures_reports_headlines_and_the_static_page_agree(book: SimpleNamespace) -> None:
    static = {part["id"]: part for part in whatif.payload(about(book))["segments"]}
    for segment in book.segments:
        own = {c: t for c, t in book.truth.items() if t.segment == segment}
        drawn = profitability.drawn(about(book, segment))
        _, points = charts.scene(drawn, shown=kaism.MATRIX)
        assert all(point["box"] == own[point["id"]].category for point in points)
        for point in points:
            true = own[point["id"]]
            apart = true.decided and true.box and true.decided != true.box
            assert ("(suggested: " in point["name"].replace("\n", " ")) == bool(apart), point["name"]
            assert point["said"].endswith(true.words) and point["about"].endswith(true.words)
        soup = parsed(page("02_kaism", desk(book, segment)))
        headline = soup.select_one("p.verdict").get_text()
        decided = [t.name for t in own.values() if t.decided == "key"]
        assert headline == static[segment]["headline"]
        assert re.findall(r"(\d+) key accounts? decided", headline) == (
            [str(len(decided))] if decided else []
        )
        assert all(name in headline for name in decided)
        assert {c["id"]: c["decision"] for c in static[segment]["customers"]} == {
            c: t.decided for c, t in own.items()
        }
        rows = soup.find("h3", string="What we decided, and why").find_next("table")
        for row in rows.find_all("tr")[1:]:
            true, cells = next(t for t in own.values() if t.name == row.td.get_text()), row.find_all("td")
            assert WORDS[true.box] in cells[1].get_text() or not true.box
            assert WORDS[true.decided] in cells[2].get_text() if true.decided else not cells[2].get_text()
        assert len(rows.find_all("tr")) - 1 == len(own)
        assert told(soup, book) >= {own[point["id"]].name for point in points}


def test_pages_and_cards_agree(book: SimpleNamespace) -> None:
    segment = book.segments[0]
    own = {c: t for c, t in book.truth.items() if t.segment == segment}
    everybody = {t.name for t in own.values() if t.category}
    assert told(parsed(printed("05_certainty", desk(book, segment))), book) >= everybody
    for customer, true in [*own.items()][-8:]:
        for html in (
            CARD.words(view(about(book, segment), customer=customer)),
            paper(profit.whale.parts[1].parts[0], about(book), customer=customer),
            screen(certainty.firm.parts[1], about(book, segment), customer=customer) if true.category else "",
        ):
            chips = [tag.get_text()[1:].strip() for tag in parsed(html).select(".tag")]
            assert set(chips) <= {true.words}, (customer, chips)
    for part in (profit.whale, value.worth):
        told(parsed(paper(part, about(book))), book)
    told(parsed(printed("04_pia", desk(book))), book)
    told(parsed(paper(staffing.portfolio, about(book))), book)
    for customer in [*own][-1:] + ["stray"] * book.spoilt:
        true, html = book.truth[customer], printed("04_pia", desk(book, "", customer))
        how = f"({true.words.split(', ', 1)[1].split('; ')[0]}" if true.category else "stands in no category"
        assert how in html and (not true.category or f"</span> {WORDS[true.category]}</b>" in html)


def test_days_needed_and_available_are_one_pair_of_numbers(book: SimpleNamespace) -> None:
    """The line below, step 2, the flow of days, the projects and whom we can look after begin with the same figures."""
    everywhere = about(book)
    days = portfolio.needs(everywhere).loc["days"]
    load = plans.load(everywhere).set_index("what").loc["days"]
    if days["needed"] != days["needed"]:
        assert distinction.flow(everywhere).empty
        return
    assert load["accounts"] == days["needed"] and load["available"] == days["available"]
    assert resources.plan(everywhere)["available"][0] == days["available"]
    short = max(days["needed"] - days["available"], 0)
    missing, unused = (
        distinction.missing(everywhere),
        distinction.unused(everywhere),
    )
    assert missing == pytest.approx(short + min(unused, 0))
    assert f"Short by {short:,.0f} account-manager days" in portfolio.load_words(everywhere)[0] or not short
