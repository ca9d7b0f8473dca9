"""One verdict on a customer and one number of days: whatever says them, on a page or in an export, says the same."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from copy import copy
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup

from kamlib import charts
from kamlib.app import opening
from kamlib.app.desk import Desk
from kamlib.models import (
    ballots,
    certainty,
    distinction,
    headlines,
    kaism,
    plans,
    portfolio,
    profitability,
    resources,
    results,
    staffing,
    verdict,
)
from kamlib.pages import ballots as of_ballots
from kamlib.pages import certainty as of_certainty
from kamlib.pages import kaism as of_kaism
from kamlib.pages.card import CARD
from kamlib.reports import whatif
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, Tables, typed
from tests.paper import printed, screen, view
from tests.serving import ROOT

EXAMPLES = ("tiny", "insurer", "bank")
OF_SEGMENT = ("02_kaism", "05_certainty")
DAYS = re.compile(
    r"(?:^|[.:>;(] ?|\b)(?P<whose>[A-Z][\w ]+: )?(?P<much>short by (?P<short>[\d,]+)|enough) account-manager days "
    r"\((?:at least )?(?P<needed>[\d,]+) needed, (?P<available>[\d,]+) available",
    re.I,
)
SHORT = re.compile(r"short by ([\d,]+) account-manager days(?! \()", re.I)
LEFT = re.compile(r"([\d,]+) of ([\d,]+) account-manager days left")
FORMER = (
    "% sure",
    "could still be any of the four",
    "small changes would move it",
    "(moved)",
    "(near)",
    "days today",
)


@functools.cache
def loaded(name: str) -> tuple[stores.Store, Tables, Book]:
    """An example, and the book in which every segment finds what another has asked already."""
    store, text = stores.load(ROOT / "data" / name, read_only=True)
    return store, text, Book.of(typed(text), segment="")


def segments() -> list[tuple[str, str]]:
    return [(name, segment) for name in EXAMPLES for segment in loaded(name)[2]["segments"]["segment"]]


@pytest.fixture(scope="module", params=segments(), ids="-".join)
def place(request: Any) -> SimpleNamespace:
    """A segment of an example: its book, and the verdict on each of its customers."""
    name, segment = request.param
    book = loaded(name)[2].choosing(segment=segment)
    rows = {row["customer"]: row for row in verdict.verdicts(book).to_dict("records")}
    place = SimpleNamespace(name=name, segment=segment, book=book, rows=rows)
    place.pages = {name: parsed(html) for name, html in pages(place)}
    return place


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "lxml")


def desk(place: SimpleNamespace, customer: str = "") -> Desk:
    opened = Desk(*loaded(place.name), read_only=True, segment=place.segment)
    opened.narrowed = True
    opened.look_at(customer)
    return opened


@functools.cache
def of_company(example: str) -> list[tuple[str, str]]:
    """The pages on which the customers of all segments stand."""
    names = sorted(path.stem for path in settings.shipped("notebooks").glob("*.ipynb"))
    shown = Desk(*loaded(example), read_only=True)
    return [(name, printed(name, shown)) for name in names if name not in OF_SEGMENT]


def pages(place: SimpleNamespace) -> Iterator[tuple[str, str]]:
    """Everything that speaks of the customers of a segment, as HTML."""
    book = place.book
    yield from of_company(place.name)
    for name in OF_SEGMENT:
        yield name, printed(name, desk(place))
    yield "status line", opening.status(view(book), saved_at="", message="")
    yield "certainty", screen(of_certainty.firm, book)
    yield "ballots", screen(of_ballots.disagreement, book)
    for customer in place.rows:
        yield f"card of {customer}", screen(CARD, book, customer=customer)
        yield f"certainty of {customer}", screen(of_certainty.firm.parts[1], book, customer=customer)
    for customer in [*place.rows][:2]:
        yield f"report of {customer}", printed("04_pia", desk(place, customer))


def contradictions(page: BeautifulSoup, rows: dict[str, dict[str, Any]]) -> list[str]:  # noqa: C901
    """What a page says of a customer that is not its verdict."""
    soup, named, found = copy(page), {r["name"]: r for r in rows.values()}, []
    words = set(verdict.WORDS.values()) - {""}
    for headline in soup.select("p.about + p.verdict"):
        headline.decompose()  # it names all who are suggested in one sentence
    for part in soup.select("tr, .sure-row, li"):
        own = part.select_one("td.name, button, b")
        row = named.get(own.get_text().strip()) if own else None
        cells = [c.get_text().strip().capitalize() for c in part.select("td, b.v")]
        for cell in cells if row else []:
            if cell in words and cell != row["word"]:
                found.append(f"{row['name']}: {cell}, not {row['word']}")
    heading = soup.select_one("h3.result")
    if heading and heading.get_text().strip() in named:  # a card
        row = named[heading.get_text().strip()]
        marks = [mark.get_text().strip(" .") for mark in soup.select("b.v")]
        found += [f"{row['name']}: {mark}" for mark in marks if mark != row["word"]]
        for chip in soup.select(".tag"):
            if chip.get_text()[1:].strip() != row["stands"]:
                found.append(f"{row['name']}: {chip.get_text()}")
            if ("hollow" in chip["class"]) == (row["sure"] == "firm"):
                found.append(f"{row['name']}: drawn as {chip['class']}, and {row['word']}")
    text = re.sub(r"\s+", " ", soup.get_text(" "))
    for name, row in named.items():
        for said in re.finditer(rf"{re.escape(name)} is (firm|likely|open)\b", text):
            if said[1] != row["sure"]:
                found.append(said[0])
        if row["sure"] == "firm" and f"that {name} could be on either side" in text:
            found.append(f"{name} could be on either side, and is firm")
        for said in re.finditer(
            rf"{re.escape(name)} (?:is suggested|is decided|cannot be placed)[^.]*", text
        ):
            if not row["sentence"].startswith(said[0].partition(" and nobody knows")[0][:60]):
                found.append(said[0])
    return found + [f"“{words}”" for words in FORMER if words in text]


def test_every_page_says_the_one_verdict(place: SimpleNamespace) -> None:
    told = {name: contradictions(page, place.rows) for name, page in place.pages.items()}
    assert {name: found for name, found in told.items() if found} == {}


def test_a_page_that_said_another_word_would_be_found(place: SimpleNamespace) -> None:
    """Each kind of contradiction that was once on a page, planted again."""
    row = next(row for row in place.rows.values() if row["box" if "box" in row else "suggestion"])
    other = next(word for word in ("Firm", "Open") if word != row["word"])
    name = row["name"]
    for planted in (
        f"<table><tr><td class='name'>{name}</td><td>{other}</td></tr></table>",
        f"<h3 class='result'>{name}</h3><p><span class='tag'>● {row['stands']}</span> <b class='v'>{other}</b></p>",
        f"<h3 class='result'>{name}</h3><p><span class='tag'>● Something else, suggested</span></p>",
        f"<p>{name} is {other.lower()}: 40 % that it is a key account.</p>",
        f"<p>{name} is suggested as no account at all.</p>",
        f"<p>We are 40 % sure where {name} stands.</p>",
        f"<p>Open: {name} could still be any of the four.</p>",
    ):
        assert contradictions(parsed(planted), place.rows), planted


def test_lists_pictures_and_exports_carry_the_one_verdict(place: SimpleNamespace) -> None:
    book, rows = place.book, place.rows
    everywhere = book.choosing(segment="")
    shown = results.RESULTS["certainty"](book).set_index("customer")
    assert shown["verdict"].to_dict() == {c: row["sure"] for c, row in rows.items()}
    exported = results.RESULTS["verdict"](book).set_index("customer")
    assert exported["sentence"].to_dict() == {c: row["sentence"] for c, row in rows.items()}
    for drawn in (verdict.drawn(book), verdict.spread(book), profitability.drawn(book)):
        _, points = charts.scene(drawn, shown=kaism.MATRIX)
        for point in points:
            row = rows[point["id"]]
            assert (point["box"], point["hollow"]) == (row["category"], row["sure"] != "firm"), point["name"]
    for row in portfolio.classes(book).to_dict("records"):
        if row["status"] != "ruled_out":
            word = rows[row["customer"]]["word"]
            assert of_kaism._suggested(view(book, paper=False), row | {"word": word}).endswith(
                f"({word.lower()})"
            )
    static = next(part for part in whatif.payload(book)["segments"] if part["id"] == place.segment)
    for customer in static["customers"]:
        row = rows[customer["id"]]
        assert customer["words"] == f"{row['sentence']} {row['change']}".strip()
        assert customer["share"] == (row["share"] if row["share"] == row["share"] else None)
    for row in results.RESULTS["staffed"](everywhere).to_dict("records"):
        if row["customer"] in rows:
            assert row["stands"] == rows[row["customer"]]["stands"]
    homework = results.RESULTS["find_first"](book)
    for row in homework.to_dict("records"):
        said = re.match(rf"{re.escape(rows[row['customer']]['name'])} is (\w+)", row["words"])
        assert not said or said[1] == rows[row["customer"]]["sure"]
    count = sum(row["sure"] == "open" for row in rows.values())
    said = re.search(r"(\d+) of \d+ still open", headlines.headline(verdict.verdicts(book)))
    assert int(said[1] if said else 0) == count


def test_a_word_is_never_said_beyond_what_it_promises(place: SimpleNamespace) -> None:
    book = place.book
    placed = kaism.positions(book, place.segment).set_index("customer")
    status = kaism.place(book).set_index("customer")["status"]
    unknown = certainty.outcomes(book).set_index("customer")
    weights = certainty.over_weights(book).set_index("customer")["chance"]
    close = set(ballots.borderline(book).query("too_close == 'yes'")["customer"])
    moved = set(ballots.cells(book).query("could_change == 'yes'")["customer"])
    for customer, row in place.rows.items():
        if row["sure"] in ("firm", "likely"):
            assert not placed.at[customer, "must_unknown"]
            assert row["suggestion"]
            assert weights[customer] >= verdict.LIKELY
            assert unknown.at[customer, row["suggestion"]] >= verdict.LIKELY or status[customer] == "placed"
            assert row["share"] >= verdict.LIKELY
        if row["sure"] == "firm":
            assert status[customer] == "placed" and weights[customer] >= verdict.FIRM
            assert customer not in close | moved
            assert row["doubt"] == ""
        shares = [row[name] for name in verdict.SHARES]
        if all(share == share for share in shares):
            assert sum(shares) == pytest.approx(1, abs=1e-6) or row["doubt"] == "ballots"
            own = dict(zip((*BOXES, "out"), shares, strict=True)).get(row["suggestion"], max(shares))
            assert row["share"] == pytest.approx(own)
        if "more than 99 %" in row["sentence"]:
            assert row["sure"] != "open"


def number(text: str) -> int:
    return int(text.replace(",", ""))


def of_days(text: str, book: Book) -> list[str]:
    """What a page says of days that is not what `portfolio.needs` says."""
    days, found = portfolio.needs(book).loc["days"], []
    needed = {
        "": days["needed"],
        "Planned accounts: ": resources.plan(book)["needed"][0],
        "Accounts and projects: ": plans.load(book)["needed"][0],
    }
    for said in DAYS.finditer(text):
        whose = (said["whose"] or "").capitalize()
        asked, there = number(said["needed"]), number(said["available"])
        if whose not in needed or asked != round(needed[whose]) or there != round(days["available"]):
            found.append(said[0])
        if said["short"] and number(said["short"]) != asked - there:
            found.append(said[0])
    short = max(days["needed"] - days["available"], 0)
    missing = distinction.missing(book)
    found += [m[0] for m in SHORT.finditer(text) if number(m[1]) != round(missing)]
    found += [m[0] for m in LEFT.finditer(text) if number(m[2]) != round(days["available"])]
    found += [m[0] for m in re.finditer(r"([\d,]+) are still missing", text) if number(m[1]) != round(short)]
    return found


def plain(page: BeautifulSoup) -> str:
    """The text of a page; what is set apart by its looks ends with a full stop."""
    soup = copy(page)
    for apart in soup.select("h1, h2, h3, h4, .level"):
        apart.append(".")
    return str(soup.get_text(" "))


def test_every_number_of_days_is_one_number(place: SimpleNamespace) -> None:
    everywhere = place.book.choosing(segment="")
    told = place.pages | {"staffing summary": parsed(staffing.summary(place.book))}
    said = {name: re.sub(r"\s+", " ", plain(page)) for name, page in told.items()}
    assert {name: wrong for name, text in said.items() if (wrong := of_days(text, everywhere))} == {}
    known = portfolio.needs(everywhere).loc["days"]
    if known["needed"] == known["needed"]:
        sentence = portfolio.load_words(everywhere)[0]
        assert DAYS.search(sentence) and sentence in said["status line"]
        assert sentence in said["02_kaism"]
        table = portfolio.table(place.book)
        assert table["days_needed"].sum() == known["accounts"]
        assert (table["days_available"] == known["available"]).all()
        assert distinction.energy(place.book)["days_after"].sum() == known["accounts"]


def test_another_number_of_days_would_be_found() -> None:
    book = Book.of(typed(stores.load(ROOT / "data" / "insurer", read_only=True)[1]), segment="")
    for planted in (
        "Short by 45 account-manager days (1,000 needed, 955 available)",
        "Short by 56 account-manager days (1,012 needed, 955 available)",
        "Enough account-manager days (899 needed, 955 available)",
        "Planned accounts: enough account-manager days (899 needed, 863 available)",
        "Short by 45 account-manager days, even after all that is freed",
        "14 of 20 in the 851 of 863 account-manager days left for them",
        "45 are still missing",
    ):
        assert of_days(planted, book), planted
    assert of_days(portfolio.load_words(book)[0], book) == []


def book_of(votes: dict[str, list[tuple[str, float]]], **scores: Any) -> Book:
    """Three customers on two equal factors, ahead of their one competitor, with votes on the first factor of "a"."""
    from tests.worked import frame

    cells = {"a": (7, 6), "b": (5, 5), "c": (5, 5)} | scores
    rows = [
        {"model": "attractiveness", "subject": c, "factor": f, "supplier": "", "score": value}
        for c, values in cells.items()
        for f, value in zip("fg", values, strict=True)
        if value is not None
    ]
    rows += [
        {"model": "strength", "subject": c, "factor": "s", "supplier": who, "score": score}
        for c in cells
        for who, score in (("us", 8), ("them", 5))
    ]
    factors = [
        {
            "model": "attractiveness",
            "scope": "m",
            "factor": f,
            "label": f.upper(),
            "weight": 1,
            "good": "g",
            "bad": "b",
            "must_have_min": 4 if f == "g" else "",
        }
        for f in "fg"
    ]
    factors += [
        {"model": "strength", "scope": c, "factor": "s", "label": "Service", "weight": 1} for c in cells
    ]
    said = [
        {
            "round": "1",
            "person": person,
            "model": "attractiveness",
            "subject": "a",
            "factor": factor,
            "supplier": "",
            "score": score,
        }
        for factor, each in votes.items()
        for person, score in each
    ]
    tables = {
        "segments": frame("segments", [{"segment": "m", "name": "Main"}]),
        "customers": frame("customers", [{"customer": c, "name": c.upper(), "segment": "m"} for c in cells]),
        "suppliers": frame("suppliers", [{"supplier": "us"}, {"supplier": "them"}]),
        "factors": frame("factors", factors),
        "scores": frame("scores", rows),
        "ballots": frame("ballots", said),
        "people": frame("people", [{"person": p, "name": p.title()} for p in ("ann", "bob", "cy", "di")]),
        "settings": frame("settings", [{"key": "weights_known", "value": "any"}]),
    }
    return Book.of(typed(tables), segment="m")


def of_a(book: Book) -> dict[Any, Any]:
    return verdict.verdicts(book).set_index("customer").loc["a"].to_dict()


def test_firm_where_neither_weights_nor_unknown_scores_nor_votes_can_move_it() -> None:
    row = of_a(book_of({"f": [("ann", 7), ("bob", 7)]}))
    assert (row["sure"], row["doubt"]) == ("firm", "")
    assert row["sentence"] == "A is suggested as a key account whatever the weights."


@pytest.mark.parametrize(
    ("votes", "sure", "share"),
    [
        ([("ann", 7), ("bob", 7), ("cy", 7), ("di", 1)], "likely", 0.75),
        ([("ann", 7), ("bob", 1)], "open", 0.5),
    ],
)
def test_one_vote_that_would_move_it_is_a_doubt(
    votes: list[tuple[str, float]], sure: str, share: float
) -> None:
    row = of_a(book_of({"f": votes}))
    assert (row["sure"], row["doubt"], row["share"]) == (sure, "ballots", pytest.approx(share))
    against = round(len(votes) * (1 - share))
    assert row["sentence"].endswith(
        f"; {against} of {len(votes)} votes on F would make it a maintenance account."
    )


def test_a_must_have_that_nobody_knows_leaves_everything_open() -> None:
    row = of_a(book_of({"f": [("ann", 9), ("bob", 9)]}, a=(9, None)))
    assert (row["sure"], row["doubt"]) == ("open", "must_have")
    assert row["share_out"] == pytest.approx(6 / 19)  # 1 to 3.5 of 1 to 10, in halves
    assert "a must-have is not known yet" in row["sentence"]
    assert "ruled out (32 %)" in row["sentence"]


def test_an_unknown_score_comes_before_votes_and_weights() -> None:
    row = of_a(book_of({"g": [("ann", 6), ("bob", 9)]}, a=(None, 6)))
    assert row["doubt"] == "unknown_scores"
    shares = [row[name] for name in verdict.SHARES]
    assert sum(shares) == pytest.approx(1)
    assert row["share"] == row["share_key"]
    assert f"a key account ({100 * row['share']:.0f} %)" in row["sentence"]


def test_the_unknown_scores_of_the_others_move_the_line() -> None:
    """B is known in full; whether it stands above the line hangs on what A turns out to be."""
    book = book_of({}, a=(None, 6), b=(6, 6), c=(5, 5))
    row = verdict.verdicts(book).set_index("customer").loc["b"]
    ways = [(f + 6) / 2 for f in (1 + n / 2 for n in range(19))]
    above = [(a + 6 + 5) / 3 + 1e-9 < 6 for a in ways]
    assert certainty.outcomes(book).set_index("customer").at["b", "key"] == pytest.approx(sum(above) / 19)
    assert row["sure"] != "firm"


def test_what_was_decided_leads_the_sentence() -> None:
    tables = dict(book_of({"f": [("ann", 7), ("bob", 7)]}).tables)
    from tests.worked import frame

    for decision, words in (
        ("key", "A is decided as a key account, as suggested; the suggestion holds whatever the weights."),
        (
            "maintenance",
            "A is decided as a maintenance account; the matrix suggests a key account whatever the weights.",
        ),
    ):
        made = frame("decisions", [{"what": "category", "subject": "a", "decision": decision, "reason": "r"}])
        row = of_a(
            Book.of(
                {**tables, **typed({"decisions": made})}
                | {
                    "decisions": typed({"decisions": made})["decisions"],
                    **{k: v for k, v in tables.items() if k != "decisions"},
                },
                segment="m",
            )
        )
        assert (row["category"], row["by"], row["sentence"]) == (decision, "decided", words)
    assert settings.of_workbook(tables).weights_known == "any"
