"""What is shown of disagreement and of the portfolio we can staff: the words and counts of the models, for every workbook."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kamlib import charts, crew, views, voices
from kamlib.desk import Desk
from kamlib.models import ballots as disagreement
from kamlib.models import staffing as staffed
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, typed

EXAMPLES = ("tiny", "insurer", "bank")
NASTY = "<img src=x onerror=alert(1)>"


def example(name: str, **more):
    _, text = stores.load(settings.shipped("data") / name, read_only=True)
    tables = typed(text)
    return tables, settings.of_workbook(tables, **more)


def paths(chart) -> list[str]:
    """The figures of a chart that are drawn as an outline of the thickest stroke."""
    spec = chart.to_dict()
    found = []
    for layer in spec["layer"]:
        if isinstance(layer.get("mark"), dict) and layer["mark"].get("strokeWidth") == 3:
            data = layer.get("data", {})
            found += data.get("values") or spec.get("datasets", {}).get(data.get("name"), [])
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_rings_are_the_cells_that_could_change_a_box(name):
    tables, chosen = example(name)
    for segment in tables["segments"]["segment"]:
        about = replace(chosen, segment=segment)
        found = disagreement.cells(Book(tables, about))
        ringed = 0
        for model in voices.AXES:
            cells = voices.pictured(Book(tables, about), model)
            if len(cells):
                ringed += len(paths(charts.heat(cells)))
        assert ringed == (found["could_change"] == "yes").sum() == len(voices.mattering(Book(tables, about)))
        told = voices.told(Book(tables, about))
        voted = len(voices.voted(Book(tables, about)))
        assert bool(re.search(rf"\b{voted} cells? (could|that)", told)) == (voted > 0)
        for words in disagreement.borderline(Book(tables, about))["words"]:
            assert words in told


def test_nobody_voted_and_ballots_that_stay_at_home():
    tables, chosen = example("insurer", segment="broker_networks")
    silent = tables | {"ballots": tables["ballots"].iloc[:0]}
    assert voices.report(
        Book(silent, chosen)
    ) == "" and "kept yet. Write them into the table ballots" in voices.told(Book(silent, chosen))
    assert (
        voices.HOME in voices.told(Book(silent, chosen), home=True)
        and voices.people(Book(silent, chosen)) == ""
    )


def test_a_vote_on_what_is_gone_and_a_single_vote_are_no_trouble():
    tables, chosen = example("insurer", segment="broker_networks")
    ballots = (
        tables["ballots"]
        .iloc[:3]
        .assign(factor=["growth", "gone", "growth"], subject=["alder", "alder", "nobody"])
    )
    few = tables | {"ballots": ballots}
    told = voices.told(Book(few, chosen))
    assert (
        "The 1 cell that was voted on could not change a box" in told and "Only one person has voted" in told
    )
    assert "Underwriting: no box would change" in voices.report(Book(few, chosen))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_table_of_accounts_is_the_choice_of_the_model(name):
    tables, chosen = example(name)
    found = staffed.choose(Book(tables, chosen))
    told = crew.told(Book(tables, chosen), most=len(found))
    assert told.count("✓ in") == (found["chosen"] == "yes").sum()
    said = staffed.summary(Book(tables, chosen))
    assert (
        said.startswith(crew.title(Book(tables, chosen))[:-1])
        and said.partition(": ")[2].replace("&", "&amp;") in told
    )
    named = re.match(r"We can look after \d+ of (\d+)", said)
    running = named[1] if named else 0
    for days in (0.0, 100.0, 10_000.0):
        held = staffed.choose(Book(tables, chosen), days)
        count = f"{(held['chosen'] == 'yes').sum()} of {running}"
        assert count in crew.title(Book(tables, chosen), days)


def test_names_are_words_and_never_markup():
    tables, chosen = example("insurer", segment="broker_networks")
    tables = tables | {
        "customers": tables["customers"].assign(name=NASTY), "people": tables["people"].assign(name=NASTY, function=NASTY),
        "factors": tables["factors"].assign(label=NASTY), "suppliers": tables["suppliers"].assign(name=NASTY),
    }  # fmt: skip
    for made in (
        voices.report(Book(tables, chosen)),
        crew.report(Book(tables, chosen)),
        voices.people(Book(tables, chosen)),
        crew.told(Book(tables, chosen)),
    ):
        assert "<img" not in made and "&lt;img" in made


def emptied(text, *names: str):
    return {**text, **{n: text[n].iloc[:0] for n in names if n in text}}


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
    _, text = stores.load(settings.shipped("data") / "bank", read_only=True)
    text = emptied(dict(text), *gone)
    if gone:
        drop = [
            n
            for n, d in DEFINITIONS.items()
            for c in d.columns
            if c.refers in gone and n in text and n not in gone and c.key
        ]
        text = emptied(text, *drop)
        for n, d in DEFINITIONS.items():
            for c in d.columns:
                if c.refers in gone and not c.key and n in text and c.name in text[n]:
                    text[n] = text[n].assign(**{c.name: ""})

    stores.create(tmp_path / "w.kam", text)
    store, loaded = stores.load(tmp_path / "w.kam")
    desk = Desk(store, loaded, read_only=len(gone) != 1)  # editable for half of them
    made = (views.sure, views.takes, views.what_if, views.disagreement, views.portfolio_we_can_staff)
    for make in made:
        assert any(re.search(r">[^<]*\w+ \w+", html) for html in said_in(make(desk))), make
    assert views.find_out(desk).title and desk.message == ""


def test_a_picture_of_many_columns_and_long_names():
    rows = [{"customer": f"c{n}", "name": f"A customer with a very long name indeed, number {n}", "column": f"A factor that is called {f}",
             "spread": np.nan if n == f else (n * f) % 4, "could_change": "yes" if n == 3 else "no"} for n in range(30) for f in range(12)]  # fmt: skip
    table = pd.DataFrame(rows)
    assert len(paths(charts.heat(table, "A title"))) == 12 and charts.svg(charts.heat(table)).startswith(
        "<svg"
    )
