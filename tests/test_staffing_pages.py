"""What is shown of the portfolio we can staff, and every view of its page, whatever is missing."""

import re

import pytest

from kamlib.app import show
from kamlib.app.desk import Desk
from kamlib.models import staffing as staffed
from kamlib.pages import ballots, certainty, scenarios
from kamlib.pages import staffing as page
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, typed
from tests.books import few
from tests.paper import paper

EXAMPLES = ("tiny", "insurer", "bank")
NASTY = "<img src=x onerror=alert(1)>"


def example(name: str, **more) -> Book:
    _, text = stores.load(settings.shipped("data") / name, read_only=True)
    return Book.of(typed(text), **more)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_table_of_accounts_is_the_choice_of_the_model(name):
    book = example(name)
    found, said = staffed.choose(book), staffed.summary(book)
    told = paper(page.portfolio, book)
    assert told.count("✓ in") == (found["chosen"] == "yes").sum()
    assert said.startswith(page.title(book)[:-1]) and said.partition(": ")[2].replace("&", "&amp;") in told
    for days in (0.0, 100.0, 10_000.0):
        held = staffed.choose(book, days)
        assert f"{(held['chosen'] == 'yes').sum()} of " in page.title(book, days)


def test_names_are_words_and_never_markup():
    book = example("insurer", segment="broker_networks")
    named = {name: book[name].assign(name=NASTY) for name in ("customers", "people", "suppliers")}
    book = book.having(named | {"factors": book["factors"].assign(label=NASTY)})
    for made in (paper(page.portfolio, book),):
        assert "<img" not in made and "&lt;img" in made


def emptied(text, *names: str):
    return {**text, **{n: text[n].iloc[:0] for n in names if n in text}}


def blanked(text, name: str, column: str):
    return {**text, name: text[name].assign(**{column: ""})}


def said_in(view):
    """The HTML of the panels of a view."""
    for part in getattr(view, "children", ()):
        yield from said_in(part)
    yield getattr(view, "html", "")


@pytest.mark.parametrize(
    "gone",
    [
        (),
        ("ballots",),
        ("people",),
        ("effort",),
        ("scores",),
        ("customers", "scores", "ballots"),
        ("factors",),
        ("scenarios", "changes"),
        ("rounds",),
    ],
)
def test_every_view_of_the_page_stands_whatever_is_missing(gone, tmp_path):
    """No traceback and a sentence in every panel, with whole tables taken away."""
    text = emptied(few("bank"), *gone)
    for name, definition in DEFINITIONS.items():  # nor what names what is gone
        for column in definition.columns if name in text else ():
            if column.refers in gone and column.name in text[name]:
                text = emptied(text, name) if column.key else blanked(text, name, column.name)

    stores.create(tmp_path / "w.kam", text)
    store, loaded = stores.load(tmp_path / "w.kam")
    desk = Desk(store, loaded, read_only=len(gone) != 1)  # editable for half of them
    for part in (
        certainty.firm,
        certainty.swings,
        scenarios.what_if,
        ballots.disagreement,
        page.portfolio,
        certainty.find_out,
    ):
        assert any(re.search(r">[^<]*\w+ \w+", html) for html in said_in(show.shown(desk, part))), part
    assert desk.message == ""
