"""Steps 1 to 5: sheets, objectives, resources, the team, segments; known answers and what must always hold."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import catalogue
from kamlib.app.desk import Desk
from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput
from kamlib.models import findings, groundwork, objectives, progress, resources, segmentation
from kamlib.pages import groundwork as groundwork_page
from kamlib.pages import segments, start
from kamlib.pages.sheets import exercises
from kamlib.workbook import checks, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, typed
from kamlib.workbook.settings import of_workbook
from tests.books import table
from tests.paper import paper, title

ROOT = Path(__file__).resolve().parent.parent
STEPS_1_TO_5 = [f for step in range(1, 6) for f in sheets.forms(step)]
FIVE = ["large_enough", "similar_enough", "specific_enough", "marketing_mix_possible", "reachable"]


def book(**more):
    """Typed tables of an empty workbook with these text tables in it, and its settings."""
    text = stores.blank("x") | more
    tables = typed(text)
    return tables, of_workbook(tables)


def answers(*rows: str) -> pd.DataFrame:
    """answers("sheet|subject|item|field|value", ...) as a text table."""
    return table("sheet subject item field value", *rows).reindex(
        columns=["sheet", "subject", "item", "field", "value", "note", "person", "on"], fill_value=""
    )


def open_book(tmp_path, **more):
    stores.create(tmp_path / "w.kam", stores.blank("x") | more)
    store, text = stores.load(tmp_path / "w.kam")
    return Desk(store, text)


# the sheet


@pytest.fixture(scope="module")
def north(tmp_path_factory):
    """A workbook with one segment, one customer and one person, in which every sheet is filled in."""
    return open_book(
        tmp_path_factory.mktemp("north"),
        segments=table("segment name", "north|North"),
        customers=table("customer name segment", "acme|Acme|north"),
        people=table("person name", "ann|Ann"),
    )


@pytest.mark.parametrize("shape", STEPS_1_TO_5, ids=lambda f: f.id)
def test_every_sheet_can_be_filled_in_stored_and_read_back(shape, north):
    desk = north
    subject = {"case": "all", "segment": "north", "customer": "acme"}[shape.per[0]]
    sample = {
        "yesno": "yes",
        "rating": "good",
        "text": "a word",
        "number": "3",
        "date": "2026-12-01",
        "person": "ann",
    }
    key = {"sheet": shape.id, "subject": subject}
    said = {f["id"]: f["choices"][0] if f["kind"] == "choice" else sample[f["kind"]] for f in shape.fields}

    desk.put_all(
        "answers",
        [key | {"item": i, "field": f, "value": v} for i in shape.lines["id"] for f, v in said.items()],
    )

    again = typed(stores.load(desk.store.location, read_only=True)[1])
    filled = sheets.filled(Book(again), shape.id, subject)
    far = sheets.progress(Book(again, desk.settings)).set_index("sheet").loc[shape.id]
    assert filled["filled"].all() and (filled[list(said)] == list(said.values())).all().all()
    assert far["state"] == "done" and far["filled"] == far["lines"] == len(shape.lines)
    told = sheets.table(Book(again, desk.settings))
    assert (told["sheet"] == shape.title).sum() == len(shape.lines) * len(said)


def test_a_new_exercise_needs_an_entry_and_no_code(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "entries:\n- id: coffee_test\n  title: Would we share a coffee?\n  kind: exercise\n  steps: [3]\n  help: Ask.\n"
        "  source: {own: ours}\n  form: {per: customer, own_lines: true, fields: [{id: taste, label: Taste, kind: rating}]}\n"
        "  items: [{id: espresso, label: Espresso, help: short}, {id: filter, label: Filter, help: long}]\n"
    )
    shape = sheets.form("coffee_test", tmp_path)
    tables, settings = book(
        customers=table("customer name segment", "acme|Acme|"),
        answers=answers("coffee_test|acme|espresso|taste|good", "coffee_test|acme|tea|label|Tea"),
    )
    filled = sheets.filled(Book(tables), "coffee_test", "acme", tmp_path)
    far = sheets.progress(Book(tables, settings), tmp_path).iloc[0]

    assert catalogue.check(tmp_path) == [] and (shape.home, shape.per, shape.first) == (
        "3",
        ("customer",),
        "taste",
    )
    assert filled["label"].tolist() == ["Espresso", "Filter", "Tea"]
    assert filled["filled"].tolist() == [True, False, False] and filled["own"].tolist() == [
        False,
        False,
        True,
    ]
    assert (far["lines"], far["filled"], far["state"]) == (3, 1, "begun")


def test_unknown_is_an_answer_and_counted_apart():
    tables, settings = book(
        answers=answers(
            *(f"kam_reasons|all|{i}|answer|unknown" for i in catalogue.items("kam_reasons")["id"])
        )
    )
    far = sheets.progress(Book(tables, settings)).set_index("sheet").loc["kam_reasons"]

    assert (far["state"], far["unknown"]) == ("done", 5)
    assert objectives.resistance(Book(tables))["profile"].item() == ""


@pytest.mark.parametrize(("said", "read"), [("Yes", "yes"), ("N", "no"), ("?", "unknown"), (" no ", "no")])
def test_answers_are_read_as_people_write_them(said, read):
    tables, _ = book(answers=answers(f"kam_drivers|all|mature_market|answer|{said}"))
    assert sheets.said(Book(tables), "kam_drivers") == {"mature_market": read}


def test_a_wrong_answer_is_named_with_its_place_and_refused(tmp_path):
    wrong = answers(
        "segment_viability|north|reachable|answer|maybe",
        "sgment|north|a|answer|yes",
        "kam_drivers|all|x|nofield|y",
    )
    found = checks.check(
        stores.blank("x") | {"answers": wrong, "segments": table("segment name", "north|North")}
    )
    error = found[found["level"] == "error"]

    assert len(error) == 1 and error.iloc[0][["table", "row", "column", "found"]].tolist() == [
        "answers",
        "line 2",
        "value",
        "maybe",
    ]
    assert "yes, no, unknown" in error.iloc[0]["allowed"]
    assert len(found[found["table"] == "answers"]) == 3  # the other two are kept, with a warning
    desk = open_book(tmp_path)
    with pytest.raises(InvalidInput, match="one of yes, no, unknown"):
        desk.put(
            "answers",
            sheet="kam_reasons",
            subject="all",
            item="customer_consolidation",
            field="answer",
            value="maybe",
        )
    assert desk.tables["answers"].empty


# step 1


def test_reasons_tell_which_resistance_to_expect():
    def profile(*yes):
        tables, _ = book(answers=answers(*(f"kam_reasons|all|{i}|answer|yes" for i in yes)))
        return objectives.resistance(Book(tables)).iloc[0]

    assert (
        profile("customer_consolidation", "own_complexity_after_mergers", "need_to_sell_solutions")["profile"]
        == "defensive"
    )
    assert "resistance" in profile("customer_consolidation")["words"]
    assert "inertia" in profile("need_to_sell_solutions")["words"]
    assert profile("customer_consolidation", "need_to_sell_solutions")["profile"] == "both"


@pytest.mark.parametrize(
    ("opportunity", "means", "verdict"),
    [
        ("yes", "yes", "stands"),
        ("yes", "no", "back to step 1"),
        ("no", "unknown", "back to step 1"),
        ("yes", "", "find out"),
        ("unknown", "yes", "find out"),
    ],
)
def test_a_no_on_either_side_sends_the_objective_back(opportunity, means, verdict):
    rows = [
        f"sanity_check|all|selling_solutions|{f}|{v}"
        for f, v in (("chosen", "yes"), ("opportunity", opportunity), ("resources", means))
        if v
    ]
    tables, settings = book(answers=answers(*rows))
    row = objectives.sanity(Book(tables, settings)).set_index("item").loc["selling_solutions"]
    told = findings.find(Book(tables, settings))["message"].tolist()

    assert row["verdict"] == verdict
    assert (row["words"] in told) == (verdict != "stands")


def forecast(*amounts: float, planned: int = 3, start: int = 2021, subject: str = "all") -> pd.DataFrame:
    kinds = ["actual"] * (len(amounts) - planned) + ["planned"] * planned
    return table(
        "subject year amount kind",
        *(f"{subject}|{start + n}|{a}|{k}" for n, (a, k) in enumerate(zip(amounts, kinds, strict=True))),
    )


BOTH = (
    "managing_future_triangle|all|what_has_changed_in_the_market|says|Two rivals have left.",
    "managing_future_triangle|all|how_are_resources_used_differently|says|Four sellers moved to brokers.",
)


@pytest.mark.parametrize(
    ("said", "flagged"),
    [
        ((), True),
        (BOTH[:1], False),
        (BOTH, False),
        (tuple(row.rsplit("|", 1)[0] + "|nothing" for row in BOTH), True),
        (tuple(row.rsplit("|", 1)[0] + "|None." for row in BOTH), True),
    ],
)
def test_a_hockey_stick_needs_an_answer(said, flagged):
    tables, settings = book(forecast=forecast(100, 100, 100, 120, 150, 190), answers=answers(*said))
    row = objectives.hockey_stick(Book(tables, settings)).iloc[0]
    rules = findings.find(Book(tables, settings))

    assert row["flagged"] == flagged and row["steeper"]
    assert row["past_pct"] == pytest.approx(0) and row["planned_pct"] == pytest.approx(
        100 * (1.9 ** (1 / 3) - 1)
    )
    assert (rules["rule"].eq(3) & rules["level"].eq("warn")).any() == flagged


@given(past=st.floats(-0.3, 0.5), after=st.floats(-0.3, 0.5), base=st.floats(0.01, 1e9))
def test_only_a_steeper_plan_is_ever_flagged(past, after, base):
    amounts = [base * (1 + past) ** n for n in range(4)]
    amounts += [amounts[-1] * (1 + after) ** n for n in range(1, 4)]
    tables, settings = book(forecast=forecast(*map(repr, amounts)))
    row = objectives.hockey_stick(Book(tables, settings)).iloc[0]

    assert row["flagged"] == row["steeper"]
    if abs(past - after) > 1e-6:
        assert row["steeper"] == (after > past)


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ("all|2025|10|actual",),
        ("all|2025||actual", "all|2026|5|planned"),
        ("all|x|1|actual", "all|y|2|planned"),
        ("all|2025|0|actual", "all|2026|0|actual", "all|2027|9|planned"),
    ],
)
def test_a_forecast_that_says_too_little_is_not_judged(rows):
    tables, settings = book(forecast=table("subject year amount kind", *rows))
    found = objectives.hockey_stick(Book(tables, settings))
    assert not found["flagged"].any()
    assert all("two years" in words for words in found["words"])


# steps 2 and 3


def test_seventy_two_accounts_for_four_managers_are_eighteen_each():
    people = table("person name manages_accounts days", *(f"m{i}|M{i}|yes|200" for i in range(4)))
    tables, settings = book(
        people=people, effort=table("category days money planned", "key|40|1000|72", "maintenance|2||")
    )
    each, words = resources.accounts_per_manager(Book(tables, settings))
    nobody, said = resources.accounts_per_manager(Book(*book(effort=table("category planned", "key|72"))))

    assert (each, math.isnan(nobody)) == (18, True)
    assert "18 each" in words and "no manager named" in said
    assert any("18 each" in m for m in findings.find(Book(tables, settings))["message"])


def test_days_and_money_of_the_plan_are_held_against_what_there_is():
    text = {
        "people": table("person name days", "a|A|100", "b|B|150"),
        "effort": table(
            "category days money planned",
            "key|40|5000|5",
            "key_development|50|8000|2",
            "maintenance|8|500|10",
        ),
        "settings": table("key value", "budget|60000"),
    }
    tables, settings = book(**text)
    plan = resources.plan(Book(tables, settings)).set_index("what")
    most = resources.carry(Book(tables, settings)).set_index("category")["most"]

    assert plan.loc["days", ["needed", "available", "over"]].tolist() == [380, 250, 130]
    assert plan.loc["money", ["needed", "available", "over"]].tolist() == [46000, 60000, 0]
    assert most["key"] == 6 and most["key_development"] == 5 and math.isnan(most["opportunistic"])
    assert any(
        "short by 130 account-manager days" in m.lower()
        for m in findings.find(Book(tables, settings))["message"]
    )


def test_what_is_not_known_is_not_nought():
    tables, settings = book(
        effort=table("category days planned", "key|40|5", "maintenance||9"),
        people=table("person name", "a|A"),
    )
    row = resources.plan(Book(tables, settings)).set_index("what").loc["days"]
    assert math.isnan(row["over"]) and "at least 200 needed" in row["words"]


MEMBER = "person name function knows_customers owns_vision has_authority core"


def test_a_good_team_passes_and_a_team_of_sellers_does_not():
    good = table(
        MEMBER,
        "a|A|General management|no|yes|yes|yes",
        "b|B|Operations|yes|no|no|yes",
        "c|C|Sales|yes|no|no|yes",
    )
    sellers = table(MEMBER, "a|A|Sales|yes|no|no|yes", "b|B|Key account sales|yes|no|no|no")
    checked = {
        n: resources.team(Book(book(people=p)[0])).set_index("check")
        for n, p in (("good", good), ("sales", sellers))
    }

    assert checked["good"]["holds"].all()
    assert checked["sales"].query("holds").index.tolist() == ["knowledge"]
    told = findings.find(Book(*book(people=sellers)))
    assert set(told.loc[told["step"] == 3, "rule"]) == {8, 9, 68, 80}


@pytest.mark.parametrize(
    ("core", "holds"), [(0, False), (2, False), (3, True), (4, True), (6, True), (7, False)]
)
def test_a_core_of_three_to_six(core, holds):
    people = table(MEMBER, *(f"p{i}|P|Sales||||{'yes' if i < core else 'no'}" for i in range(9)))
    row = resources.team(Book(book(people=people)[0])).set_index("check").loc["core"]
    assert row["holds"] == holds
    assert core or "no core" in row["words"]


def test_time_is_set_beside_profit():
    text = {
        "segments": table("segment name", "n|N"),
        "customers": table("customer name segment profit", "a|A|n|80", "b|B|n|20"),
        "decisions": table("what subject decision", "category|a|key", "category|b|maintenance"),
        "effort": table("category days", "key|10", "key_development|5", "maintenance|30", "opportunistic|1"),
    }
    gap = resources.distribution(Book(*book(**text))).set_index("category")
    assert gap.loc["key", ["time_pct", "profit_pct", "gap"]].tolist() == pytest.approx([25, 80, -55])
    assert gap.loc["maintenance", "gap"] == pytest.approx(55)
    assert gap.loc["opportunistic"].tolist() == [0, 0, 0]  # nobody takes no time and brings nothing
    text["customers"] = table("customer name segment profit", "a|A|n|80", "b|B|n|")
    unknown = resources.distribution(Book(*book(**text))).set_index("category").loc["maintenance"]
    assert unknown["time_pct"] == pytest.approx(75) and unknown[["profit_pct", "gap"]].isna().all()


# step 5


@given(said=st.lists(st.sampled_from(["yes", "no", "unknown", ""]), min_size=5, max_size=5))
def test_a_segment_is_viable_when_all_five_tests_say_yes(said):
    rows = [f"segment_viability|n|{t}|answer|{a}" for t, a in zip(FIVE, said, strict=True) if a]
    tables, settings = book(segments=table("segment name", "n|North"), answers=answers(*rows))
    row = segmentation.viability(Book(tables, settings)).iloc[0]

    expected = "viable" if said == ["yes"] * 5 else "not viable" if "no" in said else "undecided"
    assert row["status"] == expected and row[FIVE].tolist() == said
    named = (
        [t for t, a in zip(FIVE, said, strict=True) if a == "no"]
        if "no" in said
        else [t for t, a in zip(FIVE, said, strict=True) if a != "yes"]
    )
    labels = catalogue.items("segment_viability").set_index("id")["label"].str.rstrip("?").str.lower()
    assert all(labels[t] in row["reason"] for t in named) and bool(row["reason"]) == bool(named)


def test_the_five_tests_are_those_of_the_catalogue():
    assert catalogue.items(segmentation.SHEET)["id"].tolist() == list(segmentation.TESTS) == FIVE


def test_the_value_index_halves_today_and_tomorrow():
    customers = table(
        "customer name segment revenue profit potential_profit",
        "a|A|n|1000|100|100",
        "b|B|n|10|50|400",
        "c|C|n|20||50",
        "d|D|n|30|-20|0",
        "e|E|m|1|5|5",
    )
    tables, settings = book(segments=table("segment name", "n|N", "m|M"), customers=customers)
    index = segmentation.value_index(Book(tables, settings)).set_index("customer")

    assert index["index"].drop("c").tolist() == pytest.approx([62.5, 75, -10, 100])
    assert math.isnan(index.at["c", "index"])
    assert (index.at["b", "rank"], index.at["a", "rank"], index.at["a", "rank_by_revenue"]) == (1, 2, 1)
    now = replace(settings, value_index_current_pct=100.0)
    assert segmentation.value_index(Book(tables, now)).set_index("customer").at["a", "index"] == 100


def test_size_alone_is_noticed():
    def told(*used, **more):
        rows = answers(*(f"segmentation_bases|all|{i}|used|yes" for i in used))
        found = findings.find(Book(*book(answers=rows, **more)))
        return found.loc[found["rule"] == 16, "message"].tolist()

    bases = catalogue.items("segmentation_bases")
    size = bases.loc[bases["size"].eq(True), "id"].iloc[0]
    other = bases.loc[~bases["size"].eq(True), "id"].iloc[0]
    assert len(told(size)) == 1 and told(size, other) == [] and told() == []
    largest = {
        "segments": table("segment name", "n|N"),
        "customers": table("customer name segment revenue", "a|A|n|9", "b|B|n|8", "c|C|n|1"),
        "decisions": table(
            "what subject decision", "category|a|key", "category|b|key", "category|c|maintenance"
        ),
    }
    assert "exactly the 2 largest" in told(**largest)[0]


# the whole


def test_an_empty_workbook_is_told_gently_where_to_begin():
    found = findings.find(Book(*book()))
    assert set(found["level"]) == {"nudge"} and {1, 3} <= set(found["step"])


def test_the_steps_become_done_one_by_one():
    def states(**more):
        tables, _ = book(**more)
        return progress.steps(Book(tables)).set_index("step")["state"].tolist()[:5]

    done: dict = {}
    assert states(**done) == ["open"] * 5
    done["answers"] = answers(
        *(f"sanity_check|all|selling_solutions|{f}|yes" for f in ("chosen", "opportunity", "resources"))
    )
    assert states(**done) == ["done", *["open"] * 4]
    done["effort"] = table("category days", *(f"{b}|10" for b in BOXES))
    done["people"] = table(MEMBER + " days", "a|A|Operations|yes|yes|yes|yes|100")
    assert states(**done) == ["done"] * 3 + ["open"] * 2
    done["junctions"] = table("junction name size", "x|X|10")
    assert states(**done) == ["done"] * 4 + ["open"]
    done["segments"], done["customers"] = (
        table("segment name", "n|N"),
        table("customer name segment", "a|A|n"),
    )
    done["answers"] = pd.concat(
        [done["answers"], answers(*(f"segment_viability|n|{t}|answer|yes" for t in FIVE))]
    )
    assert states(**done) == ["done"] * 5


def test_what_changes_earlier_marks_what_came_later(tmp_path):
    desk = open_book(
        tmp_path,
        segments=table("segment name", "n|N"),
        customers=table("customer name segment", "a|A|n"),
        answers=answers(*(f"segment_viability|n|{t}|answer|yes" for t in FIVE[1:])),
    )
    desk.put("answers", sheet="segment_viability", subject="n", item=FIVE[0], field="answer", value="yes")
    before = progress.steps(Book(desk._typed | {"history": desk.store.read()["history"]}), "n").set_index(
        "step"
    )["state"]
    desk.put("people", person="p", name="P", owns_vision="yes", knows_customers="yes", has_authority="yes")
    after = progress.steps(Book(desk._typed | {"history": desk.store.read()["history"]}), "n").set_index(
        "step"
    )["state"]

    assert (before[5], after[5], after[3]) == ("done", "changed", "done")


@pytest.mark.parametrize("example", ["insurer", "bank"])
def test_the_examples_are_complete_for_steps_1_to_5(example):
    tables = typed(stores.load(ROOT / "data" / example, read_only=True)[1])
    settings = of_workbook(tables)
    far = sheets.progress(Book(tables, settings))
    told = findings.find(Book(tables, settings))

    assert far.loc[far["step"].isin([*"12345"]), "state"].ne("open").all()
    assert "viable" in set(segmentation.viability(Book(tables, settings))["status"])
    assert (
        len(objectives.hockey_stick(Book(tables, settings))) and tables["junctions"]["size"].notna().sum() > 5
    )
    assert len(told[told["step"] < 6]) >= 3  # there is something to say about them
    assert progress.steps(Book(tables))["state"].tolist()[1:4] == ["done"] * 3


@settings(max_examples=25)
@given(st.data())
def test_no_content_of_the_sheets_breaks_a_rule(data):
    words = st.sampled_from(
        ["yes", "no", "unknown", "", "?", "Y", "good", "bad", "OK", "3", "high", "x" * 200, "<b>"]
    )
    shape = data.draw(st.sampled_from(STEPS_1_TO_5))
    subject = {"case": "all", "segment": "n", "customer": "a"}[shape.per[0]]
    items = [*shape.lines["id"], "of_our_own"]
    fields = [*(f["id"] for f in shape.fields), "label", "?"]
    rows = data.draw(st.lists(st.tuples(st.sampled_from(items), st.sampled_from(fields), words), max_size=12))
    tables, settings = book(
        segments=table("segment name", "n|N"),
        customers=table("customer name segment", "a|A|n"),
        answers=answers(*(f"{shape.id}|{subject}|{i}|{f}|{v}" for i, f, v in rows)),
    )
    own = Book(tables, settings)
    sheets.filled(own, shape.id, subject)
    far = sheets.progress(own)
    assert (far["filled"] <= far["lines"]).all()
    sheets.table(own)
    for rule in groundwork.RULES:
        list(rule(own))


# the pages


def test_the_first_segment_takes_everybody_and_the_second_nobody(tmp_path):
    desk = open_book(tmp_path, customers=table("customer name", "a|A", "b|B"))
    segments.add_segment(desk, "North")
    assert set(desk.book["customers"]["segment"]) == {"north"} and desk.settings.segment == "north"
    start.add_customer(desk, "Cole & Sons")
    segments.add_segment(desk, "South")
    start.add_customer(desk, "Dale")
    given = desk.book["customers"].set_index("customer")["segment"]
    assert given[["a", "cole_sons", "dale"]].tolist() == ["north", "north", ""]
    assert "1 customer" not in desk.message
    with pytest.raises(InvalidInput, match="Name the segment first"):
        segments.add_segment(desk, " ")


@pytest.mark.parametrize(
    ("exhibit", "more", "said"),
    [
        (segments.VIABLE, {}, "No segment has been named yet"),
        (segments.VIABLE, {"segments": table("segment name", "n|N")}, "None of 1 segment has passed"),
        (segments.assign, {}, "No customers yet: bring a list, or type the names"),
        (segments.assign, {"customers": table("customer name", "a|A")}, "1 customer, 1 without a segment"),
        (groundwork_page.OBJECTIVES, {}, "Do the objectives stand up?"),
        (groundwork_page.balance.parts[0], {}, "3 sides of three are weak"),
    ],
)
def test_a_title_says_what_is_so_and_what_is_missing(exhibit, more, said):
    assert said in title(exhibit, Book(*book(**more)))


def test_what_is_filled_in_is_printed_with_its_step_for_the_segment_asked_for():
    rows = answers(
        *(f"segment_viability|{s}|reachable|answer|yes" for s in ("n", "m")), "pestle|all|mine|label|Weather"
    )
    of = Book(*book(segments=table("segment name", "n|North", "m|Mid"), answers=rows))
    every = paper(exercises(5), of.choosing(segment=""))
    assert "own?: North" in every and "own?: Mid" in every and "Weather" not in every
    assert "own?: Mid" not in paper(exercises(5), of.choosing(segment="n"), narrowed=True)
    assert paper(exercises(2), of) == ""
