"""The page of the ballots: the words and counts of the models, and nothing but a sentence where there is little to say."""

from __future__ import annotations

import re
from html import escape

import pandas as pd
import pytest

from kamlib import charts
from kamlib.app import show
from kamlib.app.desk import Desk
from kamlib.models import ballots as disagreement
from kamlib.pages import ballots as voices
from kamlib.workbook import schema as T
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from tests import worked
from tests.drawings import drawn, to_paper
from tests.drawings import words as written
from tests.paper import paper, view

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


def example(name="insurer", segment=SEGMENT, **more) -> Book:
    return Book.of(T.typed(text_of(name)), segment=segment, **more)


def vote(person, subject, factor, score, supplier="", round_="2026"):
    model = "strength" if supplier else "attractiveness"
    return {
        "round": round_,
        "model": model,
        "person": person,
        "subject": subject,
        "factor": factor,
        "supplier": supplier,
        "score": score,
    }


def voted(ballots=()):
    """The text tables of the worked example with ballots."""
    people = worked.frame("people", PEOPLE)
    return worked.text() | {"people": people, "ballots": worked.frame("ballots", ballots)}


def book(ballots=(), **chosen) -> Book:
    return Book.of(T.typed(voted(ballots)), segment="main", **chosen)


def rings(chart) -> int:
    """The thick outlines of a chart."""
    spec = chart.to_dict()
    thick = [layer for layer in spec["layer"] if layer["mark"].get("strokeWidth") == RING]
    return sum(len(spec["datasets"][layer["data"]["name"]]) for layer in thick)


def ringed(whole) -> int:
    pictures = [voices.pictured(whole, model) for model in voices.AXES]
    return sum(rings(charts.heat(cells)) for cells in pictures if len(cells))


def shades(chart) -> dict[str, float]:
    """What each cell says -> how dark it is, of 3."""
    return {row["says"]: row["shade"] for row in drawn(chart, "rect")}


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
    made = list(panels(show.shown(desk, voices.disagreement)))
    act((desk, made))
    return [panel.html for panel in made], desk


def of_people(whole) -> str:
    return str(voices.people(view(whole, paper=False)))


def press(panel, **content):
    for heard in panel._msg_callbacks.callbacks:
        heard(panel, content, [])


# -- the insurer ------------------------------------------------------------------------------------


def test_the_title_is_the_result_with_the_counts_of_the_model():
    whole = example()
    cells = disagreement.cells(whole)
    some = (cells["could_change"] == "yes").sum()

    assert voices.title(whole) == (
        f"{some} of {len(cells)} cells could change a box; the rest of our disagreement does not matter"
    )
    whole = example("bank", "universities")
    assert voices.title(whole).startswith("Eight of 83 cells could")


def test_the_sentences_are_those_of_the_model():
    whole = example()
    head, talk = voices.head(whole), voices.talk(whole)

    for words in disagreement.agreement(whole)["words"]:
        assert escape(words) in head
    close = disagreement.borderline(whole)
    assert head.count("doubt") == (close["too_close"] == "yes").sum() == 3
    for words in close["words"]:
        assert escape(words) in head
    assert "Ballots of the round 2026." in head
    assert head.count("Krippendorff") == 2 and head.count("Kendall") == 1 and "nan" not in head
    listed = voices.mattering(whole)
    for words in listed["words"].head(voices.MOST):
        assert escape(words) in talk
    assert talk.count("<li>") == voices.MOST and f"And {len(listed) - voices.MOST} more." in talk


def test_the_cells_farthest_apart_come_first_and_say_whose_score_it_is():
    whole = example()
    listed = voices.mattering(whole)
    talk = plain(voices.talk(whole))

    assert (listed["highest"] - listed["lowest"]).is_monotonic_decreasing
    assert "Ivybridge , Pays its bills:" in talk[:60]
    assert "Keeps its word (Corvid Life):" in talk and "Keeps its word (us):" in talk


@pytest.mark.parametrize(
    ("name", "segment"), [("insurer", SEGMENT), ("insurer", "bank_channel"), ("insurer", ""), ("bank", "")]
)
def test_there_are_as_many_rings_as_cells_that_could_change_a_box(name, segment):
    whole = example(name, segment)
    cells = disagreement.cells(whole)

    assert ringed(whole) == (cells["could_change"] == "yes").sum() > 0


def test_the_functions_are_a_table_and_their_own_boxes_are_sentences():
    whole = example()
    people = of_people(whole)
    by, otherwise = (
        disagreement.by_function(whole),
        disagreement.views_of(whole),
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
    whole = example()
    _, fold = of_people(whole).rsplit("<details", 1)
    order = [plain(part).partition(" scores ")[0] for part in fold.split("<li>")[1:]]

    assert order == sorted(disagreement.by_person(whole)["name"], key=str.casefold)


def test_a_report_has_all_but_buttons_and_single_people():
    whole = example()
    made = paper(voices.disagreement, whole)

    assert voices.title(whole) in made and "Worth talking about" in made
    assert made.count("<svg") == 2 and "<button" not in made and "<details" not in made
    assert "Who scores what lower or higher" in made


# -- the picture ------------------------------------------------------------------------------------


def test_white_is_all_alike_and_nothing_is_no_votes():
    rows = {
        "customer": ["a"] * 4,
        "name": "A",
        "column": ["f", "g", "h", "i"],
        "spread": [0.0, 9.0, float("nan"), float("nan")],
        "votes": [2, 2, 1, 0],
        "could_change": "no",
    }
    made = shades(charts.heat(pd.DataFrame(rows)))

    assert made == {"A, f: votes apart by 0.0": 0, "A, g: votes apart by 9.0": 3, "A, h: one vote": 0}


def test_colours_of_the_picture_are_greys_on_which_ink_is_read():
    fill = charts.heat(voices.pictured(example(), "attractiveness")).to_dict()["layer"][0]["encoding"]["fill"]
    white, dark = fill["scale"]["range"]
    assert (
        fill["scale"]["domain"] == [0, 3]
        and white == "#ffffff"
        and dark[1:3] == dark[3:5] == dark[5:7] > "80"
    )


def test_customers_stand_as_in_the_grid_of_scores_and_we_before_our_competitors():
    whole = example()
    cells = voices.pictured(whole, "attractiveness")
    own = whole["customers"][whole["customers"]["segment"] == SEGMENT]
    assert list(dict.fromkeys(cells["customer"])) == own["customer"].tolist()

    lines = voices.pictured(whole, "strength").groupby("customer", sort=False)["of"].unique()
    assert all(list(of) == ["us", "Corvid Life", "Penmere Assurance"] for of in lines)


def test_customers_without_votes_are_rows_without_cells():
    whole = book([vote("petra", "Alpha", "f1", 5), vote("tom", "Alpha", "f1", 9)])
    cells = voices.pictured(whole, "attractiveness")

    assert set(cells["customer"]) == set(whole["customers"]["customer"])
    assert len(shades(charts.heat(cells))) == 1 and charts.svg(charts.heat(cells)).startswith("<svg")


def test_a_picture_of_thirty_customers_and_twelve_long_factors():
    rows = [
        {
            "customer": f"c{n}",
            "name": f"{NASTY} and a very long name indeed, number {n}",
            "column": f"Unpronounceability of the {f}th factor",
            "spread": (n * f) % 4,
            "could_change": "yes" if n == 3 else "no",
        }
        for n in range(30)
        for f in range(12)
    ]
    chart = charts.heat(pd.DataFrame(rows))

    assert rings(chart) == 12 and len(shades(chart)) == 360
    assert "<img" not in to_paper(chart) and charts.png(chart, 1)[:4] == b"\x89PNG"


def test_two_factors_of_one_name_are_two_columns():
    rows = [
        {"customer": "a", "name": "A", "factor": f, "column": "Price", "spread": 1.0, "could_change": "yes"}
        for f in "pq"
    ]
    assert {row["place"] for row in drawn(charts.heat(pd.DataFrame(rows)), "rect")} == {0, 1}


def test_the_suppliers_of_a_customer_are_lines_below_its_name():
    rows = [
        {"customer": c, "name": "A", "column": "Price", "of": of, "spread": 1.0, "could_change": "no"}
        for c in "ab"
        for of in ("us", "Other")
    ]
    chart = charts.heat(pd.DataFrame(rows))
    assert [row["row"] for row in drawn(chart, "text")] == [1, 2, 4, 5]
    assert [text for text in written(chart) if text in ("A", "us", "Other")] == ["A", "us", "Other"] * 2


# -- rounds, silence and other odd cases ------------------------------------------------------------


def test_it_is_said_which_round_is_looked_at():
    ballots = [vote("petra", "Alpha", "f1", 5, round_="2025"), vote("tom", "Alpha", "f1", 9, round_="2026")]
    whole = book(ballots)
    assert "Ballots of the round 2026, the latest of 2: 2025, 2026." in voices.head(whole)

    whole = book(ballots, round="2025")
    assert "Ballots of the round 2025, the one that is set of 2" in voices.head(whole)

    whole = book(ballots, round="2027")
    said = voices.title(whole)
    assert "Nobody has voted in the round 2027 yet; there are ballots of 2025, 2026." in said
    assert paper(voices.disagreement, whole) == ""


def test_nobody_voted_is_one_friendly_sentence():
    whole = book()
    assert voices.title(whole) == voices.NOBODY
    assert voices.title(whole, home=True) == voices.HOME == "The ballots stay with the team."
    assert voices.talk(whole) == of_people(whole) == paper(voices.disagreement, whole) == ""
    whole = example(segment="independent_advisers")
    assert voices.title(whole, home=True) == voices.HERE


def test_one_person_alone_has_nobody_to_differ_from():
    whole = book([vote("petra", "Alpha", "f1", 1), vote("petra", "Beta", "f1", 7)])
    made = paper(voices.disagreement, whole)

    assert "Only one person has voted: nothing to compare." in made and "disagreement" not in plain(made)
    assert not re.search(r"\bnan\b", made.lower())


def test_where_no_box_hangs_on_a_vote_that_is_said():
    whole = book([vote("petra", "Alpha", "f1", 8), vote("tom", "Alpha", "f1", 8)])
    assert voices.title(whole) == "The 1 cell that was voted on could not change a box"
    assert "every customer stays in its category" in plain(voices.talk(whole))


def test_names_are_words_and_never_markup():
    whole = example()
    named = {name: whole[name].assign(name=NASTY) for name in ("customers", "people", "suppliers")}
    named["people"] = named["people"].assign(function=NASTY)
    whole = whole.having(named | {"factors": whole["factors"].assign(label=NASTY)})
    for made in (
        paper(voices.disagreement, whole),
        voices.talk(whole, "alder", choose=True),
        of_people(whole),
        voices.head(whole),
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
    made, desk = shown(voted(ODD[case]), tmp_path, locked=locked)

    assert desk.message == "" and plain(made[0])
    paper(voices.disagreement, book(ODD[case]))
    if case == "nobody":
        assert plain(made[0]) == (voices.HOME if locked else escape(voices.NOBODY).replace("&#x27;", "&#39;"))


def test_one_customer_alone():
    text = voted()
    one = text["customers"].iloc[:1]["customer"].tolist()
    text["customers"] = text["customers"].iloc[:1]
    text["scores"] = text["scores"][text["scores"]["subject"].isin(one)]
    text["ballots"] = worked.frame("ballots", [vote("petra", one[0], "f1", 2), vote("tom", one[0], "f1", 9)])
    whole = Book.of(T.typed(text), segment="main")

    assert "<svg" in paper(voices.disagreement, whole)
    assert ringed(whole) == (disagreement.cells(whole)["could_change"] == "yes").sum()


@pytest.mark.parametrize(
    ("name", "segment"), [("tiny", ""), ("insurer", SEGMENT), ("bank", "large_corporates")]
)
def test_every_example_is_shown_and_a_cell_puts_its_customer_in_focus(name, segment, tmp_path):
    def act(page):
        desk, made = page
        if segment == SEGMENT:
            (picture,) = (panel for panel in made if "<svg" in panel.html)
            (axis,) = (panel for panel in made if 'id="kam-axis-strength"' in panel.html)
            (talk,) = (panel for panel in made if "talk about it" in panel.html)
            assert "Growth potential" in picture.html
            press(talk, do="choose", customer="kestrel")
            press(axis, do="pick", control="axis", option="strength")
            press(axis, do="pick", control="axis", option="profit")

    made, desk = shown(text_of(name), tmp_path, segment=segment, act=act)
    assert desk.message == ("That was not understood; nothing was changed." if segment == SEGMENT else "")
    if segment == SEGMENT:
        said = "".join(made)
        assert desk.customer == "kestrel" and said.count('aria-pressed="true"') == 3
        assert "Corvid Life" in said and 'id="kam-axis-strength" class="on"' in said
