"""The catalogue: what ships is in order, and what may join later needs no new code."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.errors import KamError
from kamlib.workbook import stores
from kamlib.workbook.schema import BOXES, CHAINS

TABLE_ENTRIES = {
    "customer_attractiveness_factors": 15,
    "relative_strength_factors": 10,
    "customer_requirements": 6,
    "kaism": 4,
    "label_reality_test": 10,
    "key_account_hierarchy": 5,
    "communication": 7,
    "ten_steps": 10,
    "acquisition_costs": 10,
    "retention_benefits": 7,
    "profit_conditions": 6,
    "kam_profit_check": 6,
    "tips_profitability": 6,
    "distinction_dangers": 3,
    "distinction_bases": 10,
    "sales_approaches": 3,
    "unwanted_presents": 3,
    "maintenance_transition": 4,
    "pia_screening": 8,
    "lock_in": 6,
    "tbe_questions": 5,
    "hidden_value": 7,
    "sales_stages": 6,
}

FORMS = {  # the sheets of steps 1 to 5: whom each is per, and the fields that code reads
    "kam_drivers": ("case", ["answer"]),
    "kam_reasons": ("case", ["answer"]),
    "kam_purposes": ("case", ["rank", "chosen"]),
    "what_kam_is": ("case person", ["answer"]),
    "what_kam_is_not": ("case person", ["answer"]),
    "managing_future_triangle": ("case", ["says", "gap", "action"]),
    "sanity_check": ("case", ["chosen", "opportunity", "opportunity_why", "resources", "resources_why"]),
    "obstacles": ("case", ["severity", "by", "action"]),
    "kam_investment_test": ("case", ["answer"]),
    "label_reality_test": ("case", ["answer"]),
    "selection_team": ("case", ["answer"]),
    "team_size": ("case", ["answer"]),
    "ten_steps": ("case", ["person", "by", "agreed"]),
    "pestle": ("case", ["change", "effect", "action"]),
    "porter_five_forces": ("case customer", ["rating", "change", "action"]),
    "push_pull": ("case", ["rating"]),
    "opportunity_snail": ("customer", ["contact", "who"]),
    "fs_needs": ("customer", ["answer", "buys"]),
    "segmentation_bases": ("case", ["used"]),
    "segment_viability": ("segment", ["answer"]),
    "segmentation_steps": ("segment", ["says"]),
    "seven_ps": ("segment", ["says", "different"]),
    "commercial_banking_segmentation": ("case", ["from", "to", "service"]),
    "adopters": ("segment", ["share", "answer"]),
}
STEP_10 = {  # the sheets of step 10 and of positive impact analysis, in the order in which they are taken
    "pia_screening": ("case", ["good", "ok", "bad"]),
    "sales_stages": ("case", ["stage"]),
    "tbe_questions": ("customer", ["answer", "why"]),
    "hidden_value": ("customer", ["says", "worth"]),
    "maintenance_transition": ("customer", ["done", "who", "by"]),
    "development_hold": ("customer", ["answer"]),
}
LATER_FORMS = {  # the sheets of the notebook about profit, which belong to no step
    "kam_profit_check": ("case", ["answer"]),
    "acquisition_costs": ("customer", ["cost"]),
}
ALL_FORMS = FORMS | STEP_10 | LATER_FORMS
QUESTION = "what_has_changed_in_the_market"
ROOT = Path(__file__).parent.parent
LINES = {  # lines that are not, or not only, the list `items`
    "managing_future_triangle": 3 + 2,
    "sanity_check": 6 + 1,
    "team_size": 4,
    "segmentation_steps": 5,
    "kam_drivers": 15,
    "obstacles": 15,
    "kam_purposes": 13,
}

# three entries in the shapes of the domain reference that is to join later
LATER = """
meta: {title: a reference, seeds: {'004': text}}
models:
- id: made_up_positioning
  title: A made-up matrix
  group: Z. Made up
  kind: exercise
  steps: [8, 'later:customer_view']
  chapter: Ch 9 (figure missing)
  help: Two axes and four corners.
  input: Two scores
  output: A corner
  axes: {y: power of one side, x: power of the other}
  quadrants:
  - {id: here, label: Here, help: Stay., corner: top_left, source: {seed: '004', lines: '1-2'}}
  - {id: there, label: There, help: Go., corner: top_right, source: {seed: '004', lines: 3-4}}
  rule: Behave as fits the corner
  source: {seed: '004', lines: '1-9, 20'}
- id: made_up_stages
  title: Made-up stages
  group: Z. Made up
  kind: computation
  steps: ['later:relationship']
  chapter: Ch 5
  help: Stages one after the other.
  input: '-'
  output: A stage
  columns: [First, Second]
  points:
  - id: slow
    label: Slow
    help: It takes years.
    signs: [one, two]
    source: {seed: '004', lines: '12'}
  - {id: mutual, label: Mutual, help: It takes two., expected: 3, source: {seed: '004', lines: '13'}}
  examples:
  - {q: 20, p: 1000, life: 5}
  source:
  - {seed: '000', lines: 11-46}
  - {seed: '001', lines: 28-48}
- id: made_up_case
  title: A made-up case
  group: Z. Made up
  kind: case
  steps: [7, 9]
  chapter: Ch 1
  help: Something happened.
  input: '-'
  output: A lesson
  source: {seed: '004', lines: '99'}
"""


@pytest.fixture
def later(tmp_path: Path) -> Path:
    (tmp_path / "reference.yaml").write_text(LATER, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    return tmp_path


def one(tmp_path: Path, text: str) -> Path:
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def lines_of(e: dict) -> list[str]:
    return [row["id"] for key in e["form"].get("lines", ["items"]) for row in e[key]]


@pytest.mark.parametrize("id", ALL_FORMS)
def test_every_exercise_is_a_sheet_to_fill_in(id):
    e = catalogue.entry(id)
    per, fields = ALL_FORMS[id]
    assert (catalogue.listed(e["form"]["per"]), [f["id"] for f in e["form"]["fields"]]) == (
        per.split(),
        fields,
    )
    assert len(lines_of(e)) == LINES.get(id, len(e.get("items", [])))


def test_no_exercise_of_steps_1_to_5_lacks_its_sheet():
    early = {e["id"] for step in range(1, 6) for e in catalogue.entries("exercise", step)}
    assert early | {"label_reality_test"} == set(FORMS)
    assert {e["id"] for e in catalogue.entries() if "form" in e} >= set(FORMS)


@pytest.mark.parametrize(("example", "open"), [("insurer", set()), ("bank", {QUESTION})])
def test_the_examples_fill_in_every_sheet_and_nothing_else(example, open):
    """One question of the bank is left open on purpose: nobody can say what has changed in its market."""
    _, text = stores.load(ROOT / "data" / example, read_only=True)
    ids = {per: set(text[table][per]) for per, table in sheets.TABLES.items()}
    ids |= {"case": {sheets.CASE}, "story": {sheets.STORY}}
    answers, known = dict(list(text["answers"].groupby("sheet"))), {form.id: form for form in sheets.every()}
    assert {form.id for form in sheets.forms()} <= set(answers) <= set(known)
    for id, rows in answers.items():
        form = known[id]
        whom = set(rows["subject"])
        assert whom <= set().union(*(ids[per] for per in form.per))
        assert whom >= {"case": {sheets.CASE}, "segment": ids["segment"]}.get(form.per[0], set())
        assert set(rows["field"]) <= set(form.columns)
        for _, of_one in rows.groupby("subject"):
            assert set(form.lines["id"]) - set(of_one["item"]) == open & set(form.lines["id"])


def test_some_of_a_customers_spending_is_no_investment_and_some_bases_are_only_size():
    spending = catalogue.items("kam_investment_test").set_index("id")["counts"]
    assert list(spending.index[~spending.astype(bool)]) == [
        "entertainment",
        "normal_sales_attention",
        "anything_funded_by_the_customer",
    ]
    bases = catalogue.items("segmentation_bases").set_index("id")["size"]
    assert set(bases.index[bases.astype(bool)]) == {"turnover", "people", "volume"}


def test_the_sheets_of_step_10_stand_in_the_order_in_which_they_are_taken():
    assert [form.id for form in sheets.forms(10)] == list(STEP_10)


def test_every_basis_has_a_ladder_and_every_category_an_outcome_to_avoid():
    bases = catalogue.items("distinction_bases")
    assert bases["help"].str.endswith("?").all()
    for rungs in bases["ladder"]:
        assert 4 <= len(set(rungs)) == len(rungs) <= 6
        assert all(isinstance(rung, str) and "|" not in rung for rung in rungs)
    assert tuple(catalogue.items("distinction_bases", "outcomes_to_avoid")["id"]) == BOXES
    assert set(catalogue.items("sales_approaches")["fits"]) == set(BOXES) - {"opportunistic"}


def test_ideas_are_screened_placed_and_tested_for_lock_in():
    """Chapter 26: eight questions, five factors on either axis, four boxes, four conditions that must hold."""
    for axis in ("us", "customer"):
        rows = catalogue.items("pia_matrix", axis)
        assert len(rows) == 5
        assert rows["help"].str.endswith("?").all()
        assert (rows[["good", "bad"]] != "").all(axis=None)
    boxes = catalogue.items("pia_matrix", "quadrants")
    assert dict(zip(boxes["id"], boxes["corner"], strict=True)) == {
        "progress": "top_right",
        "improve": "top_left",
        "question": "bottom_right",
        "drop": "bottom_left",
    }
    assert (boxes[["do", "avoid"]].map(len) > 0).all(axis=None)
    assert list(catalogue.items("lock_in")["needed"]) == [True] * 4 + [False] * 2
    assert set(catalogue.items("pia", "stock_stages")["level"]) == set(CHAINS)


def test_drivers_have_tone_and_origin_and_reasons_a_type():
    """Text 002 prints 5 + 3 + 4 + 3 drivers; chapter 4 has three defensive and two offensive reasons."""
    kinds = catalogue.items("kam_drivers").groupby(["tone", "origin"], sort=False).size()
    assert kinds.to_dict() == {
        ("positive", "internal"): 5,
        ("positive", "external"): 3,
        ("negative", "internal"): 4,
        ("negative", "external"): 3,
    }
    assert list(catalogue.items("kam_reasons")["type"]) == ["defensive"] * 3 + ["offensive"] * 2


def test_the_exercises_of_profit_belong_to_no_step():
    assert [form.id for form in sheets.forms("profitability")] == list(LATER_FORMS)
    (field,) = sheets.form("acquisition_costs").fields
    assert (field["kind"], field["low"]) == ("number", 0)  # what nobody knows stays empty


def test_the_values_named_in_the_erratum_follow_from_the_formula():
    e = catalogue.entry("discount_volume")
    assert len(e["erratum"]) == 5
    for cell in e["erratum"]:
        assert cell["right"] == int(100 * cell["discount"] / (cell["margin"] - cell["discount"]) + 0.5)
    for known in e["checks"]:
        extra = 100 * known["discount"] / (known["margin"] - known["discount"])
        assert known["extra"] == pytest.approx(extra, abs=0.005)


def test_the_overhead_spiral_adds_up():
    """Chapter 7: four customers, 240 of overheads, 30 saved whenever one is dropped."""
    e = catalogue.entry("overhead_spiral")
    gross = dict(e["parameters"]["gross_profit"])
    overheads = e["parameters"]["overheads"]
    for said in e["rounds"]:
        worst = min(gross, key=gross.__getitem__)
        found = (len(gross), overheads / len(gross), sum(gross.values()) - overheads, worst)
        assert found == (said["customers"], said["share"], said["company"], said["worst"])
        del gross[worst]
        overheads -= e["parameters"]["saved_per_drop"]


def test_examples_of_future_value_follow_from_the_rate():
    for known in catalogue.entry("future_value")["examples"]:
        assert known["years"] == 100 / known["defection_pct"]
        assert known["value"] == known["profit"] * known["years"]


def test_what_ships_is_in_order():
    assert catalogue.check() == []


@pytest.mark.parametrize(("id", "count"), TABLE_ENTRIES.items())
def test_lists_have_their_items_with_label_and_help(id, count):
    table = catalogue.items(id)
    assert len(table) == count
    assert list(table.columns[:3]) == ["id", "label", "help"]
    assert (table[["id", "label", "help", "source"]] != "").all(axis=None)


def test_every_entry_and_item_is_sourced():
    for e in catalogue.entries():
        assert catalogue.cite(e["source"]), e["id"]
        for name, rows in e.items():
            if name not in catalogue.ABOUT and isinstance(rows, list) and isinstance(rows[0], dict):
                assert (catalogue.items(e["id"], name)["source"] != "").all(), e["id"]


def test_the_boxes_are_those_of_the_workbook():
    boxes = catalogue.items("kaism")
    assert tuple(boxes["id"]) == BOXES
    assert boxes["short"].is_unique
    assert all(len(todo) >= 2 for column in ("do", "avoid") for todo in boxes[column])
    assert dict(zip(boxes["id"], boxes["corner"], strict=True)) == {
        "key": "top_right",
        "key_development": "top_left",
        "maintenance": "bottom_right",
        "opportunistic": "bottom_left",
    }
    assert set(catalogue.items("portfolio_balance")["box"]) == set(BOXES)


def test_factors_come_with_benchmarks_and_strengths_with_the_customers_eyes():
    factors = catalogue.items("customer_attractiveness_factors").set_index("id")
    assert (factors[["good", "bad"]].map(len) > 20).all(axis=None)
    assert list(factors.index[factors["example_must_have"]]) == ["financial_stability"]
    low = factors.index[factors["direction"] == "low_is_good"]
    assert list(low) == ["level_of_competition_low_is_attractive"]
    for id in ("relative_strength_factors", "customer_requirements"):
        assert catalogue.items(id)["question"].str.startswith("How does the customer see").all()


def test_the_first_three_label_questions_are_the_core():
    assert list(catalogue.items("label_reality_test")["core"]) == [True] * 3 + [False] * 7


def test_ten_steps_are_ten_questions_in_order():
    steps = catalogue.items("ten_steps")
    assert list(steps["step"]) == list(range(1, 11))
    assert steps["question"].str.endswith("?").all()


def test_only_insiders_see_labels_and_nobody_outside_sees_scores():
    rows = catalogue.items("communication").set_index("id")
    assert rows["label_shown"].map(type).eq(str).all()
    inside = {"selection_team", "account_managers", "senior_management"}
    assert set(rows.index[rows["label_shown"] == "yes"]) == inside
    assert set(rows.index[rows["scores_shown"] != "no"]) == inside - {"account_managers"}


@pytest.mark.parametrize("step", range(1, 11))
def test_each_step_has_tips_and_something_to_tell(step):
    tips = catalogue.items(f"tips_step_{step}")
    assert set(tips["level"]) <= {"nudge", "warn", "block"}
    assert tips["rule"].between(1, 100).all()
    assert catalogue.entries("case", step)
    assert catalogue.entries("guidance", step)


def test_a_case_has_a_story_a_lesson_and_a_question():
    for case in catalogue.entries("case"):
        assert 3 <= case["story"].count(".") + case["story"].count("?") <= 9, case["id"]
        assert case["lesson"].endswith(".") if "lesson" in case else case["discussion"]
        asked = [question["label"] for question in case.get("questions", [])] or [case["ask"]]
        assert all(question.endswith("?") for question in asked)


def test_entries_are_sorted_and_chosen_by_kind_and_step():
    ids = [e["id"] for e in catalogue.entries()]
    assert ids == sorted(set(ids))
    assert catalogue.entries(step=7) == catalogue.entries(step="7") != []
    assert "case_needy_broker" in [e["id"] for e in catalogue.entries("case", "later:profitability")]
    assert catalogue.entries(step=99) == []


def test_a_copy_can_be_changed_without_harm():
    catalogue.entry("kaism")["items"].clear()
    catalogue.entries("case")[0].clear()
    catalogue.items("kaism")["do"][0].clear()
    assert len(catalogue.items("kaism")) == 4
    assert catalogue.items("kaism")["do"][0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: catalogue.entry("kaims"), 'Did you mean "kaism"'),
        (lambda: catalogue.items("kaism", "question"), 'Did you mean "questions"'),
        (lambda: catalogue.items("kaism", "steps"), "no list"),
        (lambda: catalogue.items("case_needy_broker"), "no list"),
        (lambda: catalogue.entries("cases"), 'Did you mean "case"'),
    ],
)
def test_a_wrong_name_gets_the_nearest_one(call, said):
    with pytest.raises(KamError, match=said):
        call()


def test_the_rest_of_the_reference_can_join_as_it_is(later):
    assert catalogue.check(later) == []
    assert [e["id"] for e in catalogue.entries(step=8, folder=later)] == ["made_up_positioning"]
    corners = catalogue.items("made_up_positioning", "quadrants", later)
    assert list(corners.columns) == ["id", "label", "help", "corner", "source"]
    assert corners["source"][0] == "text 004, lines 1-2"
    assert catalogue.entry("made_up_positioning", later)["axes"]["x"] == "power of the other"
    points = catalogue.items("made_up_stages", "points", later)
    assert points["signs"][0] == ["one", "two"]
    assert points["expected"][1] == 3
    assert list(catalogue.items("made_up_stages", "columns", later)["label"]) == ["First", "Second"]
    assert list(catalogue.items("made_up_stages", "examples", later)["life"]) == [5]
    assert catalogue.cite(catalogue.entry("made_up_stages", later)["source"]).count("text") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entries: [{id: a}]", "title is missing"),
        ("entries: [{title: a}]", "without id"),
        ("entries: [{id: a, kind: story}]", "kind is story"),
        ("entries: [{id: a, steps: 7}]", "steps is not a list"),
        ("entries: [{id: a, source: {page: 3}}]", "source must say"),
        ("entries: [{id: a}, {id: a}]", "two entries"),
        ("entries: [{id: a, items: [{id: b, label: b}, {id: b, label: c}]}]", "stands twice"),
        ("entries: [{id: a, items: [{id: b}]}]", "without id or label"),
        ("entries: [{id: a, items: [{id: b, label: b, source: book}]}]", "a, b: source must say"),
        ("entries: [{id: a, form: 3}]", "not a mapping"),
        ("entries: [{id: a, form: {per: team}}]", "is per team"),
        ("entries: [{id: a, form: {per: case, lines: [steps]}}]", "no list of the entry"),
        ("entries: [{id: a, form: {per: case}, items: [one]}]", "no list of the entry"),
        (
            "entries: [{id: a, form: {lines: [b, c]}, b: [{id: x, label: x}], c: [{id: x, label: x}]}]",
            "two lines",
        ),
        ("entries: [{id: a, form: {per: case}}]", "needs fields"),
        (
            "entries: [{id: a, form: {per: case, group: kind}, items: [{id: b, label: b}]}]",
            "groups its lines",
        ),
        ("entries: [{id: a, form: {per: case, reveal: [lesson]}}]", "reveals lesson"),
        (
            "entries: [{id: a, form: {per: case, verdict: [{when: {b: c}, says: d}]}}]",
            "field that it does not",
        ),
        ("entries: [{id: a, form: {per: case, verdict: [{says: '{x}'}]}}]", "says nothing of"),
        ("entries: [{id: a, form: {fields: [{id: b, label: b, kind: money}]}}]", "out of yesno"),
        ("entries: [{id: a, form: {fields: [{id: b, label: b, kind: choice}]}}]", "without choices"),
        ("entries: [{id: a, form: {fields: [{id: b}, {id: b}]}}]", "two fields"),
        (f"entries: [{{id: a, help: {'x' * 601}}}]", "longer than 600"),
    ],
)
def test_check_says_what_is_wrong(tmp_path, text, said):
    assert any(said in problem for problem in catalogue.check(one(tmp_path, text)))


@pytest.mark.parametrize("text", ["", "[1, 2]", "entries: [", "other: []", "models: 3"])
def test_a_file_that_is_no_catalogue_is_named(tmp_path, text):
    with pytest.raises(KamError, match=r"one\.yaml"):
        catalogue.check(one(tmp_path, text))
