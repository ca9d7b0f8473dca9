"""What is told of certainty on pages: the same figures as on the command line, in words, and never as markup."""

from dataclasses import replace

import numpy as np
import pytest
from markupsafe import escape

from kamlib.models import kaism, verdict
from kamlib.pages import card, certainty
from kamlib.workbook import settings as choices
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from tests.paper import screen
from tests.worked import typed as worked

EXAMPLES = ("tiny", "insurer", "bank")


def example(name: str, **more):
    _, text = stores.load(choices.shipped("data") / name, read_only=True)
    tables = typed(text)
    return tables, choices.of_workbook(tables, **more)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_unknown_score_is_on_the_find_out_list_the_most_telling_first(name):
    found, asked = (ask(Book(*example(name))) for ask in (verdict.homework, kaism.unknowns))
    assert found["worth"].is_monotonic_decreasing
    assert found["worth"].between(0, 1).all()
    assert found["words"].str.endswith(".").all()
    keys = ["customer", "model", "factor", "supplier"]
    assert sorted(map(tuple, found[keys].to_numpy())) == sorted(map(tuple, asked[keys].to_numpy()))


def test_the_spread_of_a_dot_holds_its_place_and_grows_with_doubt():
    tables, chosen = example("insurer", segment="broker_networks")
    doubts = ({"weights_known": "any"}, {"sure": 200})
    wide, narrow = (verdict.spread(Book(tables, replace(chosen, **more))) for more in doubts)
    stands = wide["y"].notna() & (wide["status"] != "ruled_out")
    for points in (wide, narrow):
        above = (points["y"] - points["y_line"])[stands]
        assert (points["y_low"][stands] <= above + 0.15).all()
        assert (points["y_high"][stands] >= above - 0.15).all()
    for axis in "yx":
        apart = [points[f"{axis}_high"] - points[f"{axis}_low"] for points in (wide, narrow)]
        assert (apart[0] >= apart[1] - 1e-9)[stands].all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_page_says_what_the_command_line_says(name):
    """The chances and the sentence of every customer are those of the command line."""
    tables, chosen = example(name)
    for segment in kaism.segments(Book(tables, chosen)):
        about = replace(chosen, segment=segment)
        told, page = certainty.verdicts(Book(tables, about)), screen(certainty.firm, Book(tables, about))
        shown = verdict.certainty_table(Book(tables, about)).set_index("customer")["words"]
        for row in verdict.verdicts(Book(tables, about)).to_dict("records"):
            assert shown[row["customer"]] == f"{row['sentence']} {row['change']}".strip()
            for said in (row["sentence"], row["change"]):
                assert escape(said) in told
                assert escape(said) in page
            for share in (row[f"share_{box}"] for box in kaism.MATRIX.boxes):
                assert np.isnan(share) or f"<td>{100 * share:.1f}</td>" in told


def test_names_are_words_and_never_markup():
    tables, chosen = worked()
    nasty = "<img src=x onerror=alert(1)>"
    tables = tables | {"customers": tables["customers"].assign(name=nasty)}
    tables = tables | {"factors": tables["factors"].assign(label=nasty)}
    book = Book(tables, chosen)
    told = [screen(part, book, customer="Alpha") for part in (certainty.firm, certainty.swings, card.CARD)]
    for made in told:
        assert "<img" not in made
        assert "&lt;img" in made


def test_with_nobody_and_nothing_there_are_still_sentences():
    tables, chosen = example("insurer", segment="broker_networks")
    empty = {name: frame.iloc[:0] for name, frame in tables.items()} | {"segments": tables["segments"]}
    assert certainty.tornado_title(Book(empty, chosen), "") == "There is nobody to look at yet."
    assert certainty.steady_title(Book(empty, chosen)) == "There are no weights yet."
    assert certainty.headline(Book(empty, chosen)) == "There is nobody to be sure of yet."
    assert "Score some" in screen(certainty.firm, Book(empty, chosen), customer="alder")
    assert certainty.verdicts(Book(empty, chosen)) == ""


def test_scores_that_may_be_a_little_off_make_some_too_close_to_call():
    tables, chosen = example("bank", segment="universities")
    quiet = tables | {"ballots": tables["ballots"].iloc[:0]}
    assert certainty.close(Book(quiet, chosen)) == []
    off = replace(chosen, score_error=3.0)
    told = certainty.close(Book(quiet, off))
    assert told
    assert all(words in screen(certainty.firm, Book(quiet, off)) for words in told)
