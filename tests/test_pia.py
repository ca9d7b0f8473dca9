"""Positive impact analysis: screening, lock-in, order, the matrix of ideas, what projects take."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import catalogue, charts
from kamlib.app.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import findings, kaism, matrix, pia, plans
from kamlib.models.pia.letters import letters
from kamlib.workbook import schema as T
from kamlib.workbook import settings as choices
from kamlib.workbook.book import Book
from kamlib.workbook.stores import blank, create, load

GOOD, FAIR, BAD = RATINGS = ("good", "OK", "bad")


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    cells = [[T.as_text(cell) for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=columns.split(), dtype=object)


def book(**tables: pd.DataFrame) -> tuple[T.Tables, choices.Settings]:
    people = [("ann", "Ann", "Sales", 100), ("bob", "Bob", "Claims", 20)]
    given_tables = {
        "segments": frame("segment name", ("s", "South")),
        "customers": frame("customer name segment", ("a", "Alder", "s"), ("b", "Birch", "s")),
        "people": frame("person name function days", *people),
    }
    typed = T.typed(given_tables | tables)
    return typed, choices.of_workbook(typed)


def agreed() -> pd.DataFrame:
    """What good, OK and bad mean, for all eight questions."""
    cells = itertools.product(pia.QUESTIONS, ("good", "ok", "bad"))
    rows = [(pia.SHEET, "all", question, field, "this") for question, field in cells]
    return frame("sheet subject item field value", *rows)


def ideas(columns: str = "", *rows: tuple) -> pd.DataFrame:
    """Ideas of the customer a: id, name in capitals, and what else is given."""
    return frame(f"idea name customer {columns}", *((i, i.upper(), "a", *rest) for i, *rest in rows))


def rated(asked: tuple[str, ...] = pia.QUESTIONS, **answers: str) -> dict[str, pd.DataFrame]:
    """rated(x="GGOB...") is an idea x with its eight answers; "?" is unknown."""
    spelt = {"G": GOOD, "O": FAIR, "B": BAD, "?": "", "y": "yes", "n": "no"}
    rows = [(i, q, spelt[r]) for i, of in answers.items() for q, r in zip(asked, of, strict=True)]
    every = ideas("", *((i,) for i in answers))
    return {"ideas": every, "ratings": frame("idea question rating", *rows)}


def said(found: pd.DataFrame, level: str) -> str:
    return " ".join(found.loc[found["level"] == level, "message"])


# the eight questions


def test_the_questions_are_those_of_the_catalogue():
    ties = catalogue.items("lock_in")

    assert tuple(catalogue.items(pia.SHEET)["id"]) == pia.QUESTIONS
    assert tuple(ties.loc[ties["needed"].eq(True), "id"]) == pia.LOCK_IN


LETTERS = {
    **{"GGOGOOGG": "A", "GOOOBOOO": "B", "GBOBOOOO": "C"},  # the known answers
    **{"GGGGOOOO": "A", "GGGOOOOO": "B", "GGGGGGGB": "C", "OOOOOOOO": "B", "GGGGGGBG": "B"},
    **{"GGGGOOO?": "?", "BBGGGGG?": "C", "?GGGGOOO": "?", "????????": "?", "GGGGGG?G": "?"},
}


def test_a_letter_follows_from_the_answers():
    tables = rated(**{answers: answers for answers in LETTERS})
    seen = pia.screening(Book(*book(**tables))).set_index("idea")["suggestion"]

    assert seen.to_dict() == LETTERS


def test_without_capability_a_partner_keeps_an_idea_alive():
    tables = rated(x="GGGGGGGB") | {"ideas": ideas("partner", ("x", "Softhouse"))}

    assert pia.screening(Book(*book(**tables)))["suggestion"].item() == "B"


@settings(max_examples=25)
@given(st.lists(st.sampled_from([*RATINGS, ""]), min_size=8, max_size=8), st.booleans())
def test_the_possible_letters_are_those_of_all_completions(answers, partner):
    answers = [*answers[:5], *(a or FAIR for a in answers[5:7]), answers[7]]

    def letter(known: tuple[str, ...]) -> str:
        """The rule as it is written, for answers that are all known."""
        bad, good = known.count(BAD), known.count(GOOD)
        if bad >= 2 or (known[-1] == BAD and not partner):
            return "C"
        return "A" if bad == 0 and good >= 4 else "B"

    every = map(letter, itertools.product(*([a] if a else RATINGS for a in answers)))
    count = [answers.count(r) for r in (*RATINGS, "")]
    assert letters(*count, answers[-1], partner) == "".join(sorted(set(every)))


def test_what_is_unknown_and_matters_is_to_be_found_out():
    found = pia.find_out(Book(*book(**rated(open_="GGGGOOO?", settled="BBGGGGG?", new="????????"))))

    assert found[["idea", "question"]].to_numpy().tolist() == [["open_", "capability"]]


def test_the_team_decides_otherwise_with_a_reason():
    tables = rated(x="GBOBOOOO")
    told = book(**tables | {"ideas": ideas("class reason", ("x", "A", "The board promised it"))})
    silent = book(**tables | {"ideas": ideas("class", ("x", "A"))})

    seen = pia.screening(Book(*told)).iloc[0]
    assert seen[["suggestion", "class", "differs"]].tolist() == ["C", "A", True]
    assert "Give the reason" not in said(findings.differently(Book(*told)), "block")
    assert "Give the reason" in said(findings.differently(Book(*silent)), "block")


# givens, lock-in, value


def test_givens_that_do_not_work_come_before_the_brightest_idea():
    tables = rated(bright="GGGGGGGG", given_="GOOOBOOO", kept="GGGGGGGG", poor="BBBBBBBB")
    bright, poor = (("bright", "differentiator", ""), ("poor", "differentiator", ""))
    rows = (bright, ("given_", "given", "no"), ("kept", "given", "yes"), poor)
    seen = pia.order(Book(*book(**tables | {"ideas": ideas("role secured", *rows)})))

    assert seen["idea"].tolist() == ["given_", "bright", "poor", "kept"]
    assert seen["rank"].tolist() == [1, 2, 3, 4]
    assert seen["why_now"].iloc[0].startswith("a given that does not work")


@pytest.mark.parametrize(
    ("answers", "kind", "verdict"),
    [
        ("yyyy", "add", "yes"),
        ("yyyy", "price", "no"),
        ("yyny", "add", "no"),
        ("yyy?", "add", ""),
        ("n???", "add", "no"),
        ("????", "", ""),
    ],
)
def test_what_ties_a_customer(answers, kind, verdict):
    tables = rated(pia.LOCK_IN, x=answers) | {"ideas": ideas("kind", ("x", kind))}

    assert pia.lock_in(Book(*book(**tables)))["lock_in"].item() == verdict


@pytest.mark.parametrize(
    ("theirs", "ours", "share", "win", "words"),
    [
        (300, 100, 25, "yes", "both gain; 25 % of it is ours"),
        (300, -100, None, "no", "only the customer gains: what could we gain?"),
        (0, 100, 100, "no", "only we gain: why would they want it?"),
        (None, 100, None, "", "who gains what is not known"),
        (0, 0, None, "no", "nobody gains"),
    ],
)
def test_who_gains(theirs, ours, share, win, words):
    rows = ("x", theirs, ours, ""), ("y", theirs, ours, "yes")
    gains = ideas("customer_gain our_gain asked_for", *rows)
    seen, asked_for = pia.value(Book(*book(ideas=gains))).to_dict("records")

    assert seen["our_share_pct"] == pytest.approx(share or float("nan"), nan_ok=True)
    assert (seen["win_win"], seen["words"]) == (win, words)
    assert ("smaller share" in asked_for["words"]) == (theirs != 0)


# the matrix of ideas

FACTORS = frame(
    "model scope factor label", ("pia_us", "all", "u", "Us"), ("pia_customer", "all", "c", "Them")
)


def placed(points: dict[str, tuple], line: str = "mean", customers: str = "") -> pd.DataFrame:
    """Ideas with one factor an axis, {"one": (y, x)}; `customers`: a letter for each idea's."""
    scores = [("pia_us", i, "u", y) for i, (y, _) in points.items()]
    scores += [("pia_customer", i, "c", x) for i, (_, x) in points.items()]
    whose = zip(points, customers or "a" * len(points), strict=True)
    tables, chosen = book(
        ideas=frame("idea name customer", *((i, i, c) for i, c in whose)),
        factors=FACTORS,
        scores=frame("model subject factor score", *scores),
    )
    return pia.drawn(Book(tables, replace(chosen, line=line))).set_index("idea")


KNOWN = {"p": (8, 7), "i": (7, 4), "q": (4, 8), "d": (3, 3), "l": (6, 8)}


def test_the_known_answer_of_the_matrix_of_ideas():
    """(8,7) progress; (7,4) improve; (4,8) question; (3,3) drop; (6,8) on the line at 6."""
    at = np.array(list(KNOWN.values()), dtype=float)
    line = np.full(len(at), 6.0)
    points = {"y": at[:, 0], "y_line": line, "x": at[:, 1], "x_line": line}
    bounds = {f"{c}_{end}": points[c] - line for c in "yx" for end in ("low", "high")}
    seen = matrix.standing(pia.MATRIX, points | bounds, 0.5)

    assert seen["box"].tolist() == ["progress", "improve", "question", "drop", "question"]
    assert seen["on_line"].tolist() == [False, False, False, False, True]
    boxes = ["progress", "improve", "question", "drop", "progress"]
    assert placed(KNOWN, "midpoint")["box"].tolist() == boxes


def test_both_lines_are_the_mean_of_the_ideas_of_a_customer():
    seen = placed({**KNOWN, "none": (None, None), "other": (2, 9)}, customers="aaaaaab")

    assert seen["y_line"].tolist() == [5.6] * 6 + [2]
    assert seen["x_line"].tolist() == [6.0] * 6 + [9]
    assert seen.loc["none", ["status", "box"]].tolist() == ["unscored", ""]
    assert set(seen["status"].drop("none")) == {"placed"}  # an unscored idea moves nobody's line
    assert seen.at["p", "reason"].startswith("worth to us 8.0, above the line at 5.6")


@settings(max_examples=20)
@given(
    st.lists(st.tuples(*[st.sampled_from([None, *range(1, 11)])] * 2), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_a_placed_idea_stays_whatever_the_unknown_scores(pairs, dice):
    points = {f"i{n}": pair for n, pair in enumerate(pairs)}
    seen = placed(points)
    there = {i: pair for i, pair in points.items() if pair != (None, None)}
    for _ in range(3 if there else 0):
        known = {i: tuple(s or dice.choice((1, 10)) for s in pair) for i, pair in there.items()}
        boxes = placed(known)["box"]
        for i in there:
            assert boxes[i] in seen.at[i, "possible"].split("|")
            assert seen.at[i, "status"] != "placed" or boxes[i] == seen.at[i, "box"]


def test_one_matrix_draws_customers_and_ideas():
    """The same code classifies, draws and explains: only the names and the limits differ."""
    seen = placed({"p": (8, 7), "i": (7, 4), "q": (4, 8), "d": (3, None)}).reset_index()
    svg = charts.svg(charts.matrix(seen, pia.MATRIX, size="total"))
    view, points = charts.scene(seen, 0.5, "total", pia.MATRIX)

    assert all(word in svg for word in ("PROGRESS", "DROP", "worth more to the customer", ">p<"))
    assert "KEY ACCOUNT" not in svg.upper()
    assert view["across"] == pytest.approx(19 / 3) and [p["id"] for p in points] == [*"piqd"]
    assert points[-1]["hollow"]
    assert kaism.MATRIX.boxes == T.BOXES
    assert pia.MATRIX.boxes == ("progress", "improve", "question", "drop")


def test_a_segment_may_have_factors_of_its_own():
    rows = ("pia_us", "all", "u", "Us"), ("pia_us", "s", "v", "Ours")
    tables, _ = book(factors=frame("model scope factor label", *rows))

    assert pia.factors(Book(tables), "pia_us", "s")["factor"].tolist() == ["v"]
    assert pia.factors(Book(tables), "pia_us", "t")["factor"].tolist() == ["u"]


# the chain


def test_the_chain_is_walked_in_order_and_counts_its_ideas():
    places = [("claim", "corporate", 2), ("ask", "", 1), ("sell", "end_customer", 1)]
    places.append(("last", "corporate", None))
    rows = ("x", "claim", "given", "no"), ("y", "claim", "", "")
    seen = pia.chain(
        Book(
            *book(
                stages=frame("customer stage level place", *(("a", *place) for place in places)),
                ideas=ideas("stage role secured", *rows),
            )
        )
    )

    counts = {"ask": (0, 0), "claim": (2, 1), "last": (0, 0), "sell": (0, 0)}
    assert seen["stage"].tolist() == [*counts]
    assert [*zip(seen["ideas"], seen["unmet"], strict=True)] == [*counts.values()]


def test_the_first_with_an_analysis_is_in_focus():
    tables, chosen = book(ideas=frame("idea name customer", ("x", "X", "b")))

    assert pia.focus(Book(tables, chosen)) == "b" and pia.focus(Book(tables, chosen), "a") == "a"
    assert pia.focus(Book(*book(customers=frame("customer name segment")))) == ""
    with pytest.raises(InvalidInput, match="no customer"):
        pia.listed(Book(tables, replace(chosen, customer="nobody")))


# projects and what they take

PROJECT = {
    **{"project": "p", "name": "Portal", "customer": "a", "idea": "x", "owner": "ann"},
    **{"starts": "2027-01-01", "ends": "2028-12-31", "days": "80", "money": "1000"},
    **{"risk": "leave", "contingency": "Bob", "status": "running"},
}


def planned(two: str = "2027-06-01", **more: str) -> tuple[T.Tables, choices.Settings]:
    steps = ("p", "two", "Two", two, ""), ("p", "one", "One", "2027-02-01", "yes")
    return book(
        ideas=ideas("", ("x",)),
        projects=pd.DataFrame([PROJECT | more], dtype=object),
        actions=frame("project step name due done", *steps),
        effort=frame("category days money", ("key", 30, 500)),
        decisions=frame("what subject decision", *(("category", c, "key") for c in "ab")),
        settings=frame("key value", ("budget", "2000")),
    )


def test_projects_and_accounts_are_added_up_over_everything():
    tables, chosen = planned()
    some = replace(chosen, segment="s", customer="a")
    seen = plans.load(Book(tables, some)).set_index("what")
    years = (date(2028, 12, 31) - date(2027, 1, 1)).days / 365.25

    days = seen.loc["days", ["accounts", "projects", "available", "over"]].tolist()
    assert days == pytest.approx([60, 80 / years, 120, 0])
    money = seen.loc["money", ["needed", "available"]].tolist()
    assert money == pytest.approx([1000 + 1000 / years, 2000])


@pytest.mark.parametrize("status", ["done", "stopped"])
def test_what_is_over_takes_nothing_any_more(status):
    assert plans.load(Book(*planned(status=status))).set_index("what").at["days", "projects"] == 0


def test_the_work_plan_is_in_order_of_date():
    tables, chosen = planned()
    row = plans.projects(Book(tables, chosen)).iloc[0]

    assert plans.steps(Book(tables, chosen))["step"].tolist() == ["one", "two"]
    assert row[["steps", "done", "owner_name", "class"]].tolist() == [2, 1, "Ann", "?"]


SAID = {
    "risk": ({"risk": ""}, "nudge", "No risk is named"),
    "both": ({"risk": "", "contingency": ""}, "nudge", "No risk and no contingency is named"),
    "owner": ({"owner": ""}, "warn", "no owner"),
    "end": ({"ends": ""}, "warn", "has no end yet"),
    "order": ({"ends": "2026-01-01"}, "block", "before it starts"),
    "days": ({"days": "900", "ends": "2027-06-30"}, "warn", "short by"),
    "undated": ({"two": ""}, "block", 'Portal: the step "Two" has no date.'),
    "late": ({"two": "2027-01-14"}, "warn", '"Two" was due'),
}


@pytest.mark.parametrize(("more", "level", "words"), SAID.values(), ids=SAID)
def test_what_a_project_lacks_is_said(more, level, words):
    without, lacking = (Book(*planned(**given)).choosing(today="2027-01-15") for given in ({}, more))

    assert words not in said(findings.differently(without), level)
    assert words in said(findings.differently(lacking), level)


def test_what_is_overdue_follows_the_day_of_the_book():
    """The models read no clock: the day is a setting, and without one nothing is overdue."""
    book = Book(*planned(two="2027-01-14"))
    told = [
        said(findings.differently(book.choosing(today=day)), "warn")
        for day in ("", "2027-01-14", "2027-01-15")
    ]

    assert ['"Two" was due' in text for text in told] == [False, False, True]


# what may not be entered yet


@pytest.fixture
def desk(tmp_path) -> Desk:
    rows = ("pia_us", "all", "u", "Us"), ("pia_us", "all", "v", "V")
    factors = frame("model scope factor label", *rows)
    projects = frame("project name customer", ("p", "P", "a"))
    start = blank("B") | book()[0] | {"ideas": ideas("", ("x",)), "factors": factors}
    start["projects"] = projects
    create(tmp_path / "b.kam", {n: t.astype(object).map(T.as_text) for n, t in start.items()})
    return Desk(*load(tmp_path / "b.kam"))


def test_no_idea_is_rated_before_good_and_bad_are_agreed(desk):
    rating = {"idea": "x", "question": "problem", "rating": "good"}
    with pytest.raises(InvalidInput, match="Before ideas are rated, say what good and OK and bad mean"):
        desk.put("ratings", **rating)
    for field in ("good", "ok", "bad"):
        desk.put("answers", sheet=pia.SHEET, subject="all", item="problem", field=field, value="so")
    desk.put("ratings", **rating)
    with pytest.raises(InvalidInput):
        desk.put("ratings", **rating | {"rating": "yes"})
    with pytest.raises(InvalidInput, match="one of yes, no"):
        desk.put("ratings", **rating | {"question": "valued"})
    desk.put("ratings", idea="x", question="valued", rating="yes")


def test_what_was_rated_without_parameters_is_a_block_for_those_who_check():
    tables = rated(x="GGGGGGGG")
    found = findings.differently(Book(*book(**tables)))
    ready = findings.differently(Book(*book(**tables, answers=agreed())))

    assert (found.query("level == 'block'")["rule"] == 72).sum() == len(pia.QUESTIONS)
    assert "block" not in set(ready["level"])


def test_no_step_of_a_work_plan_without_a_date(desk):
    with pytest.raises(InvalidInput, match="by when"):
        desk.put("actions", project="p", step="one", name="First")
    desk.put("actions", project="p", step="one", name="First", due="2027-01-01")
    desk.put("actions", project="p", step="one", note="as agreed")
    with pytest.raises(InvalidInput, match="by when"):
        desk.put("actions", project="p", step="one", due="")
    assert desk.tables["actions"]["due"].item() == "2027-01-01"
    desk.put("projects", project="p", starts="2027-02-01")
    with pytest.raises(InvalidInput, match="before it starts"):
        desk.put("projects", project="p", ends="2027-01-01")


def test_a_class_that_the_answers_do_not_give_needs_a_reason(desk):
    with pytest.raises(InvalidInput, match="give the reason"):
        desk.put("ideas", idea="x", **{"class": "A"})
    desk.put("ideas", idea="x", **{"class": "A", "reason": "Promised"})
    assert pia.screening(Book(desk.tables, desk.settings))["class"].item() == "A"


def test_ideas_and_factors_go_with_their_answers_and_come_back_with_them(desk):
    desk.put("ratings", idea="x", question="valued", rating="yes")
    for factor in ("u", "v"):
        desk.put("scores", model="pia_us", subject="x", factor=factor, score=7)
    desk.remove("factors", model="pia_us", scope="all", factor="u")
    assert desk.tables["scores"]["factor"].tolist() == ["v"]
    desk.remove("ideas", idea="x")
    assert desk.tables["ratings"].empty and desk.tables["scores"].empty
    desk.undo()
    assert len(desk.tables["ratings"]) == 1 and desk.tables["scores"]["score"].item() == 7
    desk.put("projects", project="p", idea="x")
    with pytest.raises(InvalidInput, match="stays"):
        desk.remove("ideas", idea="x")


def test_an_empty_workbook_has_nothing_to_say():
    empty = book(customers=frame("customer name segment"))
    asked = ("place", "screening", "order", "lock_in", "value", "find_out", "unscored", "chain")

    assert all(getattr(pia, ask)(Book(*empty)).empty for ask in asked)
    assert plans.projects(Book(*empty)).empty and plans.steps(Book(*empty)).empty
    assert len(plans.load(Book(*empty))) == 2 and findings.differently(Book(*empty)).empty
    assert charts.svg(charts.matrix(pia.drawn(Book(*empty)), pia.MATRIX, size="total")).startswith("<svg")
