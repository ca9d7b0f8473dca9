"""Positive impact analysis: screening, lock-in, order, the matrix of ideas, projects and what they take."""

from __future__ import annotations

import itertools
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib import catalogue, charts, findings, kaism, matrix, pia, plans
from kamlib import settings as choices
from kamlib import tables as T
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.pia.letters import letters
from kamlib.stores import blank, create, load

GOOD, FAIR, BAD = "good", "OK", "bad"


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame([[T.as_text(c) for c in row] for row in rows], columns=columns.split(), dtype=object)


def book(**tables: pd.DataFrame) -> tuple[T.Tables, choices.Settings]:
    given_tables = {
        "segments": frame("segment name", ("s", "South")),
        "customers": frame("customer name segment", ("a", "Alder", "s"), ("b", "Birch", "s")),
        "people": frame(
            "person name function days", ("ann", "Ann", "Sales", 100), ("bob", "Bob", "Claims", 20)
        ),
    } | tables
    typed = T.typed(given_tables)
    return typed, choices.of_workbook(typed)


def agreed() -> pd.DataFrame:
    """What good, OK and bad mean, for all eight questions."""
    return frame("sheet subject item field value", *((pia.SHEET, "all", q, f, f"{f} is this")
                 for q in pia.QUESTIONS for f in ("good", "ok", "bad")))  # fmt: skip


def rated(**ideas: str) -> dict[str, pd.DataFrame]:
    """rated(x="GGOB...") is an idea x with its eight answers; "?" is unknown."""
    spelt = {"G": GOOD, "O": FAIR, "B": BAD, "?": ""}
    return {
        "ideas": frame("idea name customer", *((i, i.upper(), "a") for i in ideas)),
        "ratings": frame("idea question rating", *((i, q, spelt[r]) for i, answers in ideas.items()
                         for q, r in zip(pia.QUESTIONS, answers, strict=True))),
    }  # fmt: skip


# the eight questions


def test_the_questions_are_those_of_the_catalogue():
    assert tuple(catalogue.items(pia.SHEET)["id"]) == pia.QUESTIONS
    ties = catalogue.items("lock_in")
    assert tuple(ties.loc[ties["needed"].eq(True), "id"]) == pia.LOCK_IN


def test_the_three_known_answers_of_screening():
    seen = pia.screening(*book(**rated(one="GGOGOOGG", two="GOOOBOOO", three="GBOBOOOO"))).set_index("idea")
    assert seen["suggestion"].to_dict() == {"one": "A", "two": "B", "three": "C"}


@pytest.mark.parametrize(("answers", "letter"), [
    ("GGGGOOOO", "A"), ("GGGOOOOO", "B"), ("GGGGGGGB", "C"), ("OOOOOOOO", "B"), ("GGGGGGBG", "B"), ("BBGGGGGG", "C"),
    ("GGGGOOO?", "?"), ("BBGGGGG?", "C"), ("?GGGGOOO", "?"), ("????????", "?"), ("GGGGGG?G", "?"),
])  # fmt: skip
def test_a_letter_follows_from_the_answers(answers, letter):
    seen = pia.screening(*book(**rated(x=answers)))
    assert seen["suggestion"].item() == letter


def test_without_capability_a_partner_keeps_an_idea_alive():
    tables = rated(x="GGGGGGGB")
    tables["ideas"] = frame("idea name customer partner", ("x", "X", "a", "Softhouse"))
    assert pia.screening(*book(**tables))["suggestion"].item() == "B"


def one_by_one(answers: tuple[str, ...], partner: bool) -> str:
    """The rule as it is written, for answers that are all known."""
    bad, good = answers.count(BAD), answers.count(GOOD)
    if bad >= 2 or (answers[-1] == BAD and not partner):
        return "C"
    return "A" if bad == 0 and good >= 4 else "B"


@given(
    st.lists(st.sampled_from([GOOD, FAIR, BAD, ""]), min_size=8, max_size=8).filter(
        lambda a: a.count("") <= 5
    ),
    st.booleans(),
)
def test_the_possible_letters_are_those_of_all_completions(answers, partner):
    known = [[a] if a else [GOOD, FAIR, BAD] for a in answers]
    every = {one_by_one(each, partner) for each in itertools.product(*known)}
    count = {r: answers.count(r) for r in (GOOD, FAIR, BAD, "")}
    assert letters(*count.values(), answers[-1], partner) == "".join(sorted(every))


def test_what_is_unknown_and_matters_is_to_be_found_out():
    tables, chosen = book(**rated(open_="GGGGOOO?", settled="BBGGGGG?"))
    found = pia.find_out(tables, chosen)
    assert list(found[["idea", "question"]].itertuples(index=False, name=None)) == [("open_", "capability")]


def test_the_team_decides_otherwise_with_a_reason():
    tables = rated(x="GBOBOOOO")
    tables["ideas"] = frame("idea name customer class reason", ("x", "X", "a", "A", "The board promised it"))
    seen = pia.screening(*book(**tables)).iloc[0]
    assert (seen["suggestion"], seen["class"], seen["differs"]) == ("C", "A", True)
    assert not [r for r in findings.differently(*book(**tables))["message"] if "Give the reason" in r]
    tables["ideas"] = frame("idea name customer class", ("x", "X", "a", "A"))
    blocked = findings.differently(*book(**tables)).query("level == 'block'")["message"]
    assert any("Give the reason" in message for message in blocked)


# givens, lock-in, value


def test_givens_that_do_not_work_come_before_the_brightest_idea():
    tables = rated(bright="GGGGGGGG", given_="GOOOBOOO", kept="GGGGGGGG", poor="BBBBBBBB")
    tables["ideas"] = frame(
        "idea name customer role secured", ("bright", "Bright", "a", "differentiator", ""), ("given_", "Given", "a", "given", "no"),
        ("kept", "Kept", "a", "given", "yes"), ("poor", "Poor", "a", "differentiator", ""))  # fmt: skip
    seen = pia.order(*book(**tables))
    assert list(seen["idea"]) == ["given_", "bright", "poor", "kept"]
    assert list(seen["rank"]) == [1, 2, 3, 4] and seen["why_now"].iloc[0].startswith(
        "a given that does not work"
    )


@pytest.mark.parametrize(("answers", "kind", "verdict"), [
    ("yyyy", "add", "yes"), ("yyyy", "price", "no"), ("yyny", "add", "no"), ("yyy?", "add", ""), ("n???", "add", "no"), ("????", "", ""),
])  # fmt: skip
def test_what_ties_a_customer(answers, kind, verdict):
    spelt = {"y": "yes", "n": "no", "?": ""}
    tables = {
        "ideas": frame("idea name customer kind", ("x", "X", "a", kind)),
        "ratings": frame(
            "idea question rating", *(("x", q, spelt[a]) for q, a in zip(pia.LOCK_IN, answers, strict=True))
        ),
    }
    assert pia.lock_in(*book(**tables))["lock_in"].item() == verdict


@pytest.mark.parametrize(("theirs", "ours", "share", "win"), [
    (300.0, 100.0, 25.0, "yes"), (300.0, -100.0, None, "no"), (0.0, 100.0, 100.0, "no"), (None, 100.0, None, ""), (0.0, 0.0, None, "no"),
])  # fmt: skip
def test_who_gains(theirs, ours, share, win):
    ideas = frame("idea name customer customer_gain our_gain", ("x", "X", "a", theirs, ours))
    seen = pia.value(*book(ideas=ideas)).iloc[0]
    assert (
        (seen["our_share_pct"] == share)
        if share is not None
        else seen["our_share_pct"] != seen["our_share_pct"]
    )
    assert seen["win_win"] == win


def test_asked_for_already_means_a_smaller_share():
    ideas = frame("idea name customer customer_gain our_gain asked_for", ("x", "X", "a", 10, 10, "yes"))
    assert "smaller share" in pia.value(*book(ideas=ideas))["words"].item()


# the matrix of ideas


def placed(points: dict[str, tuple[float | None, float | None]], **more: str) -> pd.DataFrame:
    """Ideas with one factor an axis: {"one": (y, x)}."""
    tables, chosen = book(
        ideas=frame("idea name customer", *((i, i, "a") for i in points)),
        factors=frame("model scope factor label", ("pia_us", "all", "u", "Us"), ("pia_customer", "all", "c", "Them")),
        scores=frame("model subject factor supplier score", *((m, i, f, "", s) for i, pair in points.items()
                     for m, f, s in zip(("pia_us", "pia_customer"), ("u", "c"), pair, strict=True))),
    )  # fmt: skip
    return pia.drawn(tables, chosen.model_copy(update=more)).set_index("idea")


def test_the_known_answer_of_the_matrix_of_ideas():
    """(8,7) progress; (7,4) improve; (4,8) question; (3,3) drop; (6,8) on the line: not progressed by itself."""
    seen = placed({"p": (8, 7), "i": (7, 4), "q": (4, 8), "d": (3, 3), "l": (6, 8)}, line="midpoint")
    assert seen["box"].to_dict() == {
        "p": "progress",
        "i": "improve",
        "q": "question",
        "d": "drop",
        "l": "progress",
    }
    points = pd.DataFrame({"y": [8, 7, 4, 3, 6.0], "x": [7, 4, 8, 3, 8.0], "y_line": 6.0, "x_line": 6.0})
    boxes = matrix.classify(pia.MATRIX, points, 0.5)
    assert list(boxes["box"]) == ["progress", "improve", "question", "drop", "question"]
    assert list(boxes["on_line"]) == [False, False, False, False, True]


def test_both_lines_are_the_mean_of_the_ideas():
    seen = placed({"p": (8, 7), "i": (7, 4), "q": (4, 8), "d": (3, 3), "l": (6, 8), "none": (None, None)})
    assert set(seen["y_line"]) == {5.6} and set(seen["x_line"]) == {6.0}
    assert seen.at["none", "status"] == "unscored" and seen.at["none", "box"] == ""
    assert seen.at["l", "box"] == "progress" and seen.at["p", "reason"].startswith(
        "worth to us 8.0, above the line at 5.6"
    )


def test_each_customer_has_its_own_lines():
    tables, chosen = book(
        ideas=frame("idea name customer", ("x", "X", "a"), ("y", "Y", "b")),
        factors=frame(
            "model scope factor label", ("pia_us", "all", "u", "Us"), ("pia_customer", "all", "c", "Them")
        ),
        scores=frame(
            "model subject factor supplier score", ("pia_us", "x", "u", "", 2), ("pia_us", "y", "u", "", 9)
        ),
    )
    assert pia.place(tables, chosen).set_index("idea")["y_line"].to_dict() == {"x": 2.0, "y": 9.0}


@given(st.lists(st.tuples(*[st.sampled_from([None, *range(1, 11)])] * 2), min_size=1, max_size=5))
def test_a_placed_idea_stays_whatever_the_unknown_scores(pairs):
    points = {f"i{n}": pair for n, pair in enumerate(pairs)}
    seen = placed(points)
    there = [i for i, pair in points.items() if pair != (None, None)]
    holes = [(i, axis) for i in there for axis in (0, 1) if points[i][axis] is None]
    for corner in itertools.product((1, 10), repeat=len(holes)):
        full = {i: list(points[i]) for i in there}
        for (i, axis), score in zip(holes, corner, strict=True):
            full[i][axis] = score
        boxes = placed({i: tuple(pair) for i, pair in full.items()})["box"]
        for i in there:
            assert boxes[i] in seen.at[i, "possible"].split("|")
            if seen.at[i, "status"] == "placed":
                assert boxes[i] == seen.at[i, "box"]


def test_one_matrix_draws_customers_and_ideas():
    """The same code classifies, draws and explains: only the names and the limits differ."""
    seen = placed({"p": (8, 7), "i": (7, 4), "q": (4, 8), "d": (3, None)}).reset_index()
    chart = charts.matrix(seen, pia.MATRIX, size="total")
    chart.to_dict(validate=True)
    svg = charts.svg(chart)
    assert all(word in svg for word in ("PROGRESS", "DROP", "worth more to the customer", ">p<"))
    assert "Key account" not in svg and "KEY ACCOUNT" not in svg
    view, points = charts.scene(seen, 0.5, "total", pia.MATRIX)
    assert view["across"] == pytest.approx(19 / 3) and [p["id"] for p in points] == ["p", "i", "q", "d"]
    assert [p["hollow"] for p in points][-1]
    assert kaism.MATRIX.boxes == T.BOXES and pia.MATRIX.boxes == ("progress", "improve", "question", "drop")


def test_a_segment_may_have_factors_of_its_own():
    tables, _ = book(
        factors=frame("model scope factor label", ("pia_us", "all", "u", "Us"), ("pia_us", "s", "v", "Ours"))
    )
    assert list(pia.factors(tables, "pia_us", "s")["factor"]) == ["v"]
    assert list(pia.factors(tables, "pia_us", "t")["factor"]) == ["u"]


# the chain


def test_the_chain_is_walked_in_order_and_counts_its_ideas():
    tables, chosen = book(
        stages=frame("customer stage name level place", ("a", "claim", "Claim", "corporate", 2), ("a", "ask", "Ask", "", 1),
                     ("a", "sell", "Sell on", "end_customer", 1), ("a", "last", "Last", "corporate", None)),
        ideas=frame("idea name customer stage role secured", ("x", "X", "a", "claim", "given", "no"), ("y", "Y", "a", "claim", "", ""),
                    ("z", "Z", "b", "claim", "", "")),
    )  # fmt: skip
    seen = pia.chain(tables, chosen)
    assert list(seen["stage"]) == ["ask", "claim", "last", "sell"]
    assert list(seen["ideas"]) == [0, 2, 0, 0] and list(seen["unmet"]) == [0, 1, 0, 0]


def test_the_first_with_an_analysis_is_in_focus():
    tables, chosen = book(ideas=frame("idea name customer", ("x", "X", "b")))
    assert pia.focus(tables, chosen) == "b" and pia.focus(tables, chosen, "a") == "a"
    assert pia.focus(*book(customers=frame("customer name segment"))) == ""
    with pytest.raises(InvalidInput, match="no customer"):
        pia.listed(tables, chosen.model_copy(update={"customer": "nobody"}))


# projects and what they take


def planned(**more: str) -> tuple[T.Tables, choices.Settings]:
    project = {"project": "p", "name": "Portal", "customer": "a", "idea": "x", "owner": "ann", "starts": "2027-01-01",
               "ends": "2028-12-31", "days": "80", "money": "1000", "risk": "leave", "contingency": "Bob", "status": "running"} | more  # fmt: skip
    return book(
        ideas=frame("idea name customer", ("x", "X", "a")),
        projects=pd.DataFrame([project], dtype=object),
        actions=frame(
            "project step name due done",
            ("p", "two", "Two", "2027-06-01", ""),
            ("p", "one", "One", "2027-02-01", "yes"),
        ),
        effort=frame("category days money", ("key", 30, 500)),
        decisions=frame("what subject decision", ("category", "a", "key"), ("category", "b", "key")),
        settings=frame("key value", ("budget", "2000")),
    )


def test_projects_and_accounts_are_added_up_over_everything():
    tables, chosen = planned()
    seen = plans.load(tables, chosen.model_copy(update={"segment": "s", "customer": "a"})).set_index("what")
    years = (date(2028, 12, 31) - date(2027, 1, 1)).days / 365.25
    assert seen.at["days", "accounts"] == 60 and seen.at["days", "projects"] == pytest.approx(80 / years)
    assert seen.at["days", "available"] == 120 and seen.at["days", "over"] == 0
    assert (
        seen.at["money", "needed"] == pytest.approx(1000 + 1000 / years)
        and seen.at["money", "available"] == 2000
    )


@pytest.mark.parametrize("status", ["done", "stopped"])
def test_what_is_over_takes_nothing_any_more(status):
    assert plans.load(*planned(status=status)).set_index("what").at["days", "projects"] == 0


def test_too_much_is_said_aloud():
    tables, chosen = planned(days="900", ends="2027-06-30")
    assert any("Short by" in m for m in findings.differently(tables, chosen)["message"])


def test_the_work_plan_is_in_order_of_date():
    tables, chosen = planned()
    assert list(plans.steps(tables, chosen)["step"]) == ["one", "two"]
    row = plans.projects(tables, chosen).iloc[0]
    assert (row["steps"], row["done"], row["owner_name"], row["class"]) == (2, 1, "Ann", "?")


SAID = {
    "risk": ({"risk": ""}, "nudge", "No risk is named"),
    "both": ({"risk": "", "contingency": ""}, "nudge", "No risk and no contingency is named"),
    "owner": ({"owner": ""}, "warn", "no owner"),
    "end": ({"ends": ""}, "warn", "has no end yet"),
    "order": ({"ends": "2026-01-01"}, "block", "before it starts"),
}


@pytest.mark.parametrize(("more", "level", "words"), SAID.values(), ids=SAID)
def test_what_a_project_lacks_is_said(more, level, words):
    before = findings.differently(*planned(), today=date(2027, 1, 15))
    assert not before["message"].str.contains(words).any()
    found = findings.differently(*planned(**more), today=date(2027, 1, 15))
    assert level in set(found.loc[found["message"].str.contains(words), "level"])


def test_a_step_without_a_date_blocks_and_a_late_one_warns():
    tables, chosen = planned()
    tables["actions"] = T.typed({"actions": frame("project step name due", ("p", "one", "First", ""))})[
        "actions"
    ]
    found = findings.differently(tables, chosen)
    assert found.query("level == 'block'")["message"].tolist() == ['Portal: the step "First" has no date.']
    late = findings.differently(*planned(), today=date(2027, 7, 1))
    assert any('"Two" was due' in m for m in late.query("level == 'warn'")["message"])


# what may not be entered yet


def desk_of(tmp_path, **tables: pd.DataFrame) -> Desk:
    start = blank("B") | book()[0] | tables
    text = {n: t.astype(object).map(T.as_text) for n, t in start.items()}
    create(tmp_path / "b.kam", text)
    store, text = load(tmp_path / "b.kam")
    return Desk(store, text)


def test_no_idea_is_rated_before_good_and_bad_are_agreed(tmp_path):
    desk = desk_of(tmp_path, ideas=frame("idea name customer", ("x", "X", "a")))
    with pytest.raises(InvalidInput, match="Before ideas are rated, say what good and OK and bad mean"):
        desk.put("ratings", idea="x", question="problem", rating="good")
    for field in ("good", "ok", "bad"):
        desk.put("answers", sheet=pia.SHEET, subject="all", item="problem", field=field, value=f"{field}: so")
    desk.put("ratings", idea="x", question="problem", rating="good")
    with pytest.raises(InvalidInput):
        desk.put("ratings", idea="x", question="problem", rating="yes")
    with pytest.raises(InvalidInput, match="one of yes, no"):
        desk.put("ratings", idea="x", question="valued", rating="good")
    desk.put("ratings", idea="x", question="valued", rating="yes")


def test_what_was_rated_without_parameters_is_a_block_for_those_who_check():
    found = findings.differently(*book(**rated(x="GGGGGGGG")))
    assert (found.query("level == 'block'")["rule"] == 72).sum() == len(pia.QUESTIONS)
    assert not (
        findings.differently(*book(**rated(x="GGGGGGGG"), answers=agreed()))["level"] == "block"
    ).any()


def test_no_step_of_a_work_plan_without_a_date(tmp_path):
    desk = desk_of(tmp_path, projects=frame("project name customer", ("p", "P", "a")))
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


def test_a_class_that_the_answers_do_not_give_needs_a_reason(tmp_path):
    desk = desk_of(tmp_path, ideas=frame("idea name customer", ("x", "X", "a")))
    with pytest.raises(InvalidInput, match="give the reason"):
        desk.put("ideas", idea="x", **{"class": "A"})
    desk.put("ideas", idea="x", **{"class": "A", "reason": "Promised"})
    assert pia.screening(desk.tables, desk.settings)["class"].item() == "A"


def test_an_idea_goes_with_its_answers_and_comes_back_with_them(tmp_path):
    desk = desk_of(
        tmp_path, answers=agreed(), ideas=frame("idea name customer", ("x", "X", "a")),
        factors=frame("model scope factor label", ("pia_us", "all", "u", "Us")),
    )  # fmt: skip
    desk.put("ratings", idea="x", question="problem", rating="good")
    desk.put("scores", model="pia_us", subject="x", factor="u", score=7)
    desk.remove("ideas", idea="x")
    assert desk.tables["ratings"].empty and desk.tables["scores"].empty
    desk.undo()
    assert len(desk.tables["ratings"]) == 1 and desk.tables["scores"]["score"].item() == 7
    desk.put("projects", project="p", name="P", customer="a", idea="x")
    with pytest.raises(InvalidInput, match="stays"):
        desk.remove("ideas", idea="x")


def test_removing_a_factor_takes_its_scores_of_ideas_along(tmp_path):
    desk = desk_of(tmp_path, ideas=frame("idea name customer", ("x", "X", "a")),
                   factors=frame("model scope factor label", ("pia_us", "all", "u", "Us"), ("pia_us", "all", "v", "V")))  # fmt: skip
    for factor in ("u", "v"):
        desk.put("scores", model="pia_us", subject="x", factor=factor, score=7)
    desk.remove("factors", model="pia_us", scope="all", factor="u")
    assert list(desk.tables["scores"]["factor"]) == ["v"]


def test_an_empty_workbook_has_nothing_to_say():
    tables, chosen = book(customers=frame("customer name segment"))
    for made in (pia.place, pia.screening, pia.order, pia.lock_in, pia.value, pia.find_out, pia.unscored, pia.chain,
                 plans.projects, plans.steps):  # fmt: skip
        assert made(tables, chosen).empty
    assert len(plans.load(tables, chosen)) == 2 and findings.differently(tables, chosen).empty
    assert charts.svg(charts.matrix(pia.drawn(tables, chosen), pia.MATRIX, size="total")).startswith("<svg")
