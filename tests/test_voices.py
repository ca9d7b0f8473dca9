"""The page of the ballots: the words and counts of the models, and nothing but a sentence where there is little to say."""

from __future__ import annotations

import re
from html import escape

import pandas as pd
import pytest

from kamlib import charts, views, voices
from kamlib.desk import Desk
from kamlib.models import ballots as disagreement
from kamlib.workbook import schema as T
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from tests import worked

NASTY = "<img src=x onerror=alert(1)>"
SEGMENT = "broker_networks"
RING = 3
PEOPLE = [
    {"person": "petra", "name": "petra", "function": "Finance"},
    {"person": "tom", "name": "Tom", "function": "Sales"},
    {"person": "anna", "name": "Anna", "function": ""},
]


def text_of(name):
    return dict(stores.load(settings.shipped("data") / name, read_only=True)[1])


def example(name="insurer", segment=SEGMENT, **more):
    tables = T.typed(text_of(name))
    return tables, settings.of_workbook(tables, segment=segment, **more)


def vote(person, subject, factor, score, supplier="", round_="2026"):
    model = "strength" if supplier else "attractiveness"
    return {"round": round_, "model": model, "person": person, "subject": subject, "factor": factor,
            "supplier": supplier, "score": score}  # fmt: skip


def book(ballots=(), people=PEOPLE, chosen=None, **more):
    """The worked example with ballots: text tables, typed tables, settings."""
    text = worked.text(**more) | {
        "people": worked.frame("people", people),
        "ballots": worked.frame("ballots", ballots),
    }
    tables = T.typed(text)
    return text, tables, settings.of_workbook(tables, segment="main", **(chosen or {}))


def rings(chart) -> int:
    """The thick outlines of a chart."""
    spec, found = chart.to_dict(), 0
    for layer in spec["layer"]:
        if isinstance(layer.get("mark"), dict) and layer["mark"].get("strokeWidth") == RING:
            data = layer["data"]
            found += len(data.get("values") or spec["datasets"][data["name"]])
    return found


def ringed(tables, chosen) -> int:
    pictures = [voices.pictured(Book(tables, chosen), model) for model in voices.AXES]
    return sum(rings(charts.heat(cells)) for cells in pictures if len(cells))


def grey_of(chart) -> dict[str, str]:
    """What each cell says -> its colour."""
    spec = chart.to_dict()
    rows = [row for layer in spec["layer"] for row in layer.get("data", {}).get("values", [])]
    rows += [row for data in spec.get("datasets", {}).values() for row in data]
    return {row["says"]: row["fill"] for row in rows if "says" in row}


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def shown(text, tmp_path, *, locked=False, segment="", act=lambda page: None):
    """The HTML of the panels of the view, after `act`, and what the desk said."""

    def panels(box):
        for part in getattr(box, "children", ()):
            yield from panels(part)
        if hasattr(box, "html"):
            yield box

    place = tmp_path / "w.kam"
    stores.create(place, text)
    store, loaded = stores.load(place)
    desk = Desk(store, loaded, read_only=locked, segment=segment)
    made = list(panels(views.disagreement(desk)))
    act((desk, made))
    return [panel.html for panel in made], desk


def press(panel, **content):
    panel._handle_custom_msg(content, [])


# -- the insurer ------------------------------------------------------------------------------------


def test_the_title_is_the_result_with_the_counts_of_the_model():
    tables, chosen = example()
    cells = disagreement.cells(Book(tables, chosen))
    some = (cells["could_change"] == "yes").sum()

    assert voices.title(Book(tables, chosen)) == (
        f"{some} of {len(cells)} cells could change a box; the rest of our disagreement does not matter"
    )
    tables, chosen = example("bank", "universities")
    assert voices.title(Book(tables, chosen)).startswith("Eight of 83 cells could")


def test_the_sentences_are_those_of_the_model():
    tables, chosen = example()
    head, talk = voices.head(Book(tables, chosen)), voices.talk(Book(tables, chosen))

    for words in disagreement.agreement(Book(tables, chosen))["words"]:
        assert escape(words) in head
    close = disagreement.borderline(Book(tables, chosen))
    assert head.count("doubt") == (close["too_close"] == "yes").sum() == 3
    for words in close["words"]:
        assert escape(words) in head
    assert "Ballots of the round 2026." in head
    assert head.count("Krippendorff") == 2 and head.count("Kendall") == 1 and "nan" not in head
    listed = voices.mattering(Book(tables, chosen))
    for words in listed["words"].head(voices.MOST):
        assert escape(words) in talk
    assert talk.count("<li>") == voices.MOST and f"And {len(listed) - voices.MOST} more." in talk


def test_the_cells_farthest_apart_come_first_and_say_whose_score_it_is():
    tables, chosen = example()
    listed = voices.mattering(Book(tables, chosen))
    talk = plain(voices.talk(Book(tables, chosen)))

    assert (listed["highest"] - listed["lowest"]).is_monotonic_decreasing
    assert "Ivybridge , Pays its bills:" in talk[:60]
    assert "Keeps its word (Corvid Life):" in talk and "Keeps its word (us):" in talk


@pytest.mark.parametrize(
    ("name", "segment"), [("insurer", SEGMENT), ("insurer", "bank_channel"), ("insurer", ""), ("bank", "")]
)
def test_there_are_as_many_rings_as_cells_that_could_change_a_box(name, segment):
    tables, chosen = example(name, segment)
    cells = disagreement.cells(Book(tables, chosen))

    assert ringed(tables, chosen) == (cells["could_change"] == "yes").sum() > 0


def test_the_functions_are_a_table_and_their_own_boxes_are_sentences():
    tables, chosen = example()
    people = voices.people(Book(tables, chosen))
    by, otherwise = (
        disagreement.by_function(Book(tables, chosen)),
        disagreement.views_of(Book(tables, chosen)),
    )

    compared = by.dropna(subset=["difference"])
    assert people.count("<tr>") - 1 == len(compared.groupby(["model", "factor", "side"]))
    finance = compared[(compared["function"] == "Finance") & (compared["factor"] == "profit")]
    assert finance["difference"].round(1).tolist() == [-1.3] and "<b>−1.3</b>" in people
    assert "Finance would see Kestrel as ■ a maintenance account (suggested today: a key account) ." in plain(
        people
    )
    assert (
        plain(people).count(" would see ") + plain(people).count(" would leave ")
        == (otherwise["differs"] == "yes").sum()
    )


def test_people_stand_behind_a_fold_sorted_by_name():
    tables, chosen = example()
    _, fold = voices.people(Book(tables, chosen)).split("<details", 1)
    order = [plain(part).partition(" scores ")[0] for part in fold.split("<li>")[1:]]

    assert order == sorted(disagreement.by_person(Book(tables, chosen))["name"], key=str.casefold)


def test_a_report_has_all_but_buttons_and_single_people():
    tables, chosen = example()
    made = voices.report(Book(tables, chosen))

    assert voices.title(Book(tables, chosen)) in made and "Worth talking about" in made
    assert made.count("<svg") == 2 and "<button" not in made and "<details" not in made
    assert "Who scores what lower or higher" in made


# -- the picture ------------------------------------------------------------------------------------


def test_white_is_all_alike_and_nothing_is_no_votes():
    rows = {"customer": ["a"] * 4, "name": "A", "column": ["f", "g", "h", "i"], "spread": [0.0, 9.0, float("nan"), float("nan")],
            "votes": [2, 2, 1, 0], "could_change": "no"}  # fmt: skip
    made = grey_of(charts.heat(pd.DataFrame(rows)))

    assert made == {
        "A, f: votes apart by 0.0": "#ffffff",
        "A, g: votes apart by 9.0": "#8f8f8f",
        "A, h: one vote": "#ffffff",
    }


def test_colours_of_the_picture_are_greys():
    tables, chosen = example()
    for model in voices.AXES:
        for colour in grey_of(charts.heat(voices.pictured(Book(tables, chosen), model))).values():
            assert colour[1:3] == colour[3:5] == colour[5:7]


def test_customers_stand_as_in_the_grid_of_scores_and_we_before_our_competitors():
    tables, chosen = example()
    cells = voices.pictured(Book(tables, chosen), "attractiveness")
    own = tables["customers"][tables["customers"]["segment"] == SEGMENT]
    assert list(dict.fromkeys(cells["customer"])) == own["customer"].tolist()

    lines = voices.pictured(Book(tables, chosen), "strength").groupby("customer", sort=False)["of"].unique()
    assert all(list(of) == ["us", "Corvid Life", "Penmere Assurance"] for of in lines)


def test_customers_without_votes_are_rows_without_cells():
    _, tables, chosen = book([vote("petra", "Alpha", "f1", 5), vote("tom", "Alpha", "f1", 9)])
    cells = voices.pictured(Book(tables, chosen), "attractiveness")

    assert set(cells["customer"]) == set(tables["customers"]["customer"])
    assert len(grey_of(charts.heat(cells))) == 1 and charts.svg(charts.heat(cells)).startswith("<svg")


@pytest.mark.parametrize("title", ["", "A title that is as long as a title can be " * 6])
def test_a_picture_of_thirty_customers_and_twelve_long_factors(title):
    rows = [{"customer": f"c{n}", "name": f"{NASTY} and a very long name indeed, number {n}", "column": f"Unpronounceability of the {f}th factor",
             "spread": (n * f) % 4, "could_change": "yes" if n == 3 else "no"} for n in range(30) for f in range(12)]  # fmt: skip
    chart = charts.heat(pd.DataFrame(rows), title)
    drawn = charts.svg(chart)

    assert rings(chart) == 12 and chart.width < 1250
    assert "<img" not in drawn and charts.png(chart, 1)[:4] == b"\x89PNG"


def test_two_factors_of_one_name_are_two_columns():
    rows = [{"customer": "a", "name": "A", "factor": f, "column": "Price", "spread": 1.0, "could_change": "yes"} for f in "pq"]  # fmt: skip
    spec = charts.heat(pd.DataFrame(rows)).to_dict()
    values = [row for layer in spec["layer"] for row in layer.get("data", {}).get("values", [])]
    values += [row for data in spec.get("datasets", {}).values() for row in data]

    assert len({row["x"] for row in values if "says" in row}) == 2


# -- rounds, silence and other odd cases ------------------------------------------------------------


def test_it_is_said_which_round_is_looked_at():
    ballots = [vote("petra", "Alpha", "f1", 5, round_="2025"), vote("tom", "Alpha", "f1", 9, round_="2026")]  # fmt: skip
    _, tables, chosen = book(ballots)
    assert "Ballots of the round 2026, the latest of 2: 2025, 2026." in voices.head(Book(tables, chosen))

    _, tables, chosen = book(ballots, chosen={"round": "2025"})
    assert "Ballots of the round 2025, the one that is set of 2" in voices.head(Book(tables, chosen))

    _, tables, chosen = book(ballots, chosen={"round": "2027"})
    said = voices.head(Book(tables, chosen))
    assert "Nobody has voted in the round 2027 yet; there are ballots of 2025, 2026." in said
    assert voices.report(Book(tables, chosen)) == ""


def test_nobody_voted_is_one_friendly_sentence():
    _, tables, chosen = book()
    assert voices.title(Book(tables, chosen)) == voices.NOBODY
    assert voices.title(Book(tables, chosen), home=True) == voices.HOME == "The ballots stay with the team."
    assert (
        voices.talk(Book(tables, chosen))
        == voices.people(Book(tables, chosen))
        == voices.report(Book(tables, chosen))
        == ""
    )
    tables, chosen = example(segment="independent_advisers")
    assert voices.title(Book(tables, chosen), home=True) == voices.HERE


def test_one_person_alone_has_nobody_to_differ_from():
    _, tables, chosen = book([vote("petra", "Alpha", "f1", 1), vote("petra", "Beta", "f1", 7)])
    made = voices.report(Book(tables, chosen))

    assert "Only one person has voted: nothing to compare." in made and "disagreement" not in made
    assert not re.search(r"\bnan\b", made.lower())


def test_where_no_box_hangs_on_a_vote_that_is_said():
    _, tables, chosen = book([vote("petra", "Alpha", "f1", 8), vote("tom", "Alpha", "f1", 8)])
    assert voices.title(Book(tables, chosen)) == "The 1 cell that was voted on could not change a box"
    assert "every customer stays in its box" in plain(voices.talk(Book(tables, chosen)))


def test_names_are_words_and_never_markup():
    tables, chosen = example()
    tables = tables | {
        "customers": tables["customers"].assign(name=NASTY), "people": tables["people"].assign(name=NASTY, function=NASTY),
        "factors": tables["factors"].assign(label=NASTY), "suppliers": tables["suppliers"].assign(name=NASTY),
    }  # fmt: skip
    for made in (
        voices.report(Book(tables, chosen)),
        voices.talk(Book(tables, chosen), "alder", choose=True),
        voices.people(Book(tables, chosen)),
        voices.head(Book(tables, chosen)),
    ):
        assert "<img" not in made and "&lt;img" in made


ODD = {
    "nobody": [],
    "one person": [vote("petra", "Alpha", "f1", 3)],
    "unknown factor": [vote("petra", "Alpha", "gone", 3), vote("tom", "Alpha", "gone", 9)],
    "without a function": [vote("anna", "Alpha", "f1", 3), vote("tom", "Beta", "f1", 9)],
    "rounds": [vote("tom", "Alpha", "f1", 3, round_="1"), vote("tom", "Alpha", "f1", 3, round_="2")],
}


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("case", ODD)
def test_the_view_stands_whatever_was_voted(case, locked, tmp_path):
    text, tables, chosen = book(ODD[case])
    made, desk = shown(text, tmp_path, locked=locked)

    assert desk.message == "" and plain(made[0])
    voices.report(Book(tables, chosen))
    if case == "nobody":
        assert plain(made[0]) == (voices.HOME if locked else escape(voices.NOBODY).replace("&#x27;", "&#39;"))
        assert [plain(html) for html in made[1:]] == [""] * (len(made) - 1)


def test_one_customer_alone():
    text, _, _ = book()
    one = text["customers"].iloc[:1]["customer"].tolist()
    text["customers"] = text["customers"].iloc[:1]
    text["scores"] = text["scores"][text["scores"]["subject"].isin(one)]
    text["ballots"] = worked.frame("ballots", [vote("petra", one[0], "f1", 2), vote("tom", one[0], "f1", 9)])  # fmt: skip
    tables = T.typed(text)
    chosen = settings.of_workbook(tables, segment="main")

    assert "<svg" in voices.report(Book(tables, chosen))
    assert ringed(tables, chosen) == (disagreement.cells(Book(tables, chosen))["could_change"] == "yes").sum()


@pytest.mark.parametrize(
    ("name", "segment"), [("tiny", ""), ("insurer", SEGMENT), ("bank", "large_corporates")]
)
def test_every_example_is_shown_and_a_cell_puts_its_customer_in_focus(name, segment, tmp_path):
    def act(page):
        desk, made = page
        if segment == SEGMENT:
            head, axis, picture, talk, people = made
            assert "<svg" in picture.html and "Growth potential" in picture.html
            press(talk, do="choose", customer="kestrel")
            press(axis, do="axis", axis="strength")
            press(axis, do="axis", axis="profit")

    made, desk = shown(text_of(name), tmp_path, segment=segment, act=act)
    assert desk.message == ""
    if segment == SEGMENT:
        assert desk.customer == "kestrel" and made[3].count('aria-pressed="true"') == 2
        assert "Corvid Life" in made[2] and 'id="kam-axis-strength" class="on"' in made[1]
