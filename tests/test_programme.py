"""The catalogue as a whole, and the programme: everything is read, filled in and reported, and a reveal stays closed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from kamlib import catalogue
from kamlib.app.desk import Desk
from kamlib.app.grid import entered
from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput, KamError
from kamlib.models import programme, results, scenarios
from kamlib.models.programme import elements, readiness
from kamlib.pages import guide, html
from kamlib.pages import programme as page
from kamlib.pages.exhibit import Exhibit, exhibits
from kamlib.pages.sheets import exercises
from kamlib.reports import report
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from kamlib.workbook.settings import of_workbook
from tests.books import table
from tests.pages import page_of, written
from tests.paper import paper, screen, view
from tests.serving import ROOT
from tests.windows import main_ends_with

FORMS = sheets.forms()
CASES = [form for form in sheets.cases() if form.reveal]
SAMPLE = {"yesno": "yes", "rating": "good", "number": "3", "date": "2026-12-01", "person": "ann"}
TEAM = {
    "people": table("person name", "ann|Ann", "bob|Bob"),
    "segments": table("segment name", "north|North", "south|South"),
    "customers": table("customer name segment", "acme|Acme|north", "brix|Brix|south"),
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    stores.create(tmp_path / "w.kam", stores.blank("x") | TEAM)
    return Desk(*stores.load(tmp_path / "w.kam"))


@pytest.fixture(autouse=True)
def shipped() -> Any:
    yield
    catalogue.beside("nowhere://")  # without the entries of a team


def book(**more: pd.DataFrame) -> Book:
    text = stores.blank("x") | TEAM | more
    tables = typed(text)
    return Book(tables, of_workbook(tables, today="2026-11-29"))


def answers(*rows: str) -> pd.DataFrame:
    return table("sheet subject item field value", *rows).reindex(
        columns=["sheet", "subject", "item", "field", "value", "note", "person", "on"], fill_value=""
    )


def sheet_of(part: str) -> Exhibit:
    return next(e for e in exhibits(exercises(part)) if e.id == f"sheet-{part}")


@pytest.mark.parametrize("part", list(dict.fromkeys(form.home for form in FORMS)))
def test_every_sheet_takes_an_answer_on_its_page_and_its_report_shows_it(part: str, desk: Desk) -> None:
    """Of every subject it can be about, the customers and segments that are not in sight among them."""
    whole, told = exercises(part), {form.id: [] for form in FORMS if form.home == part}
    menu = next(e for e in exhibits(whole) if e.id == f"exercises-{part}")
    shown = sheet_of(part)
    desk.controls |= {control.id: control for control in menu.controls}
    for form in map(sheets.form, told):
        desk.pick(f"sheet-{part}", form.id)
        desk.choose("south")
        for subject, name in sheets.subjects(desk.book, form):
            if form.per == ("segment",):
                desk.choose(subject)  # in the title line
            elif form.per != ("case",):
                shown.reads["whom"](desk, {"value": subject})
            if form.own_lines:
                shown.grid.actions["add"](desk, {"value": f"A line of ours {name}"})
            row = shown.grid.rows(desk.view)[-1]
            field, said = form.fields[0], f"{form.id}, said of {name or 'all'}."
            text = (field.get("choices") or [SAMPLE.get(field["kind"], "words")])[0]
            cells = {(row["id"], field["id"]): text, (row["id"], "note"): said}
            assert entered(desk, shown.grid, cells, {}) == {}
            told[form.id].append(said)
    printed = paper(whole, desk.book.choosing(segment=""))
    for id, each in told.items():
        assert each and all(said in printed for said in each), id


def test_a_report_holds_the_sheets_of_every_customer_and_segment(tmp_path: Path) -> None:
    """Not only those of the first segment; an account's page holds what is said of that account."""
    told = answers(
        *(
            f"porter_five_forces|{c}|current_competitors|change|Forces at {c}"
            for c in ("all", "acme", "brix")
        ),
        *(f"seven_ps|{s}|product|says|Mix of {s}" for s in ("north", "south")),
        "kam_spending|brix|desk|label|A desk",
        "kam_spending|brix|desk|amount|900",
    )
    stores.create(tmp_path / "w.kam", stores.blank("x") | TEAM | {"answers": told})
    early = page_of(str(tmp_path / "w.kam"), tmp_path / "r", notebook="01_segmentation")
    account = page_of(str(tmp_path / "w.kam"), tmp_path / "r", notebook="04_pia", given={"customer": "brix"})

    assert all(f"Forces at {c}" in early for c in ("all", "acme", "brix"))
    assert "Mix of north" in early and "Mix of south" in early
    assert "Forces at brix" in account and "A desk" in account and "Forces at acme" not in account


def words_of(form: sheets.Form) -> list[str]:
    """What a case keeps closed, a piece of each list."""
    entry = catalogue.entry(form.id)
    closed = [entry[name] for name in form.reveal]
    return [
        str(html.line(text))
        for said in closed
        for text in ([said] if isinstance(said, str) else [said[0]["help"]])
    ]


def test_what_others_thought_opens_once_an_answer_has_a_name(desk: Desk) -> None:
    """Wherever a case can be read, and of that case only; closed means that it is not in the source of a page either."""
    steps = dict.fromkeys(
        str(s).removeprefix("later:") for f in CASES for s in catalogue.entry(f.id)["steps"]
    )
    closed = {form.id: [re.sub("<.*?>", "", words) for words in words_of(form)] for form in CASES}
    shown = page.failure, page.cases

    def pages() -> str:
        return "".join(screen(part, desk.book) for part in (*map(guide.tips, steps), *shown))

    def library(form: sheets.Form) -> str:
        desk.draft(guide.WORDS, form.title)
        return screen(page.library, desk.book, picked=desk.picked)

    def answer(form: sheets.Form, who: str) -> None:
        fields = {
            f"{n}-{line}": told
            for line in form.lines["id"]
            for n, told in (("answer", "We go"), ("person", who))
        }
        guide.answer(desk, {"case": form.id, "fields": fields})

    for form in CASES:
        with pytest.raises(InvalidInput, match="who gives it"):
            answer(form, "")
    answered: set[str] = set()
    for now in (CASES[:0], CASES[::2], CASES[1::2]):
        for form in now:
            answer(form, "Carla")
        answered |= {form.id for form in now}
        everywhere = pages()
        for form in CASES:
            assert str(html.line(form.title))[3:-4] in everywhere
            for source in (everywhere, library(form)) if form in now or not answered else (everywhere,):
                there = [words in source for words in closed[form.id]]
                assert all(there) if form.id in answered else not any(there), form.id
    assert all("We go" in paper(part, desk.book) for part in shown)
    assert "Carla" in set(desk.book["people"]["name"])


def test_every_entry_is_listed_and_can_be_read(capsys: Any) -> None:
    """kam show WORKBOOK catalogue: the list says what works, and the library has every entry with its source."""
    assert main_ends_with(0, ["show", str(ROOT / "data" / "tiny"), "catalogue", "--format", "csv"])
    lines = capsys.readouterr().out.splitlines()
    rows = programme_list(book())
    pages = {path.stem for path in report.NOTEBOOKS.glob("*.ipynb")}

    assert len(lines) == len(rows) + 1 == len(catalogue.entries()) + 1
    assert lines[0].startswith("id,title,kind,part,page,readable,fillable,computed,reported")
    assert set(rows["page"]) <= pages and (rows["readable"] == "yes").all()
    named = {name for cell in rows["computed"] for name in cell.split(", ") if name}
    assert named - {"verdict of the sheet"} <= set(results.RESULTS)
    assert set(rows.loc[rows["fillable"] == "yes", "id"]) == {form.id for form in sheets.every()}
    looked = view(book(), paper=False)
    library = screen(page.library, looked.book)
    for entry in catalogue.entries():
        said = guide.text(looked, entry, "library")
        assert str(html.line(entry["title"]))[3:-4] in library
        assert catalogue.cite(entry["source"]) in said.unescape()


def programme_list(of: Book) -> pd.DataFrame:
    return results.RESULTS["catalogue"](of)


def test_the_library_finds_by_words_of_the_text_and_not_by_what_is_closed() -> None:
    looked = view(book(), paper=False)
    lesson = catalogue.entry("case_reinsurer_senior")["lesson"]

    assert [entry["id"] for entry in guide.found(looked, "sharp sticks")][0] == "sharp_sticks"
    assert "mini_case_epp" in [entry["id"] for entry in guide.found(looked, "purchasing director GLOSS")]
    assert guide.found(looked, lesson) == [] and guide.found(looked, "no such word at all") == []


MINE = """entries:
- id: parking
  title: Where do our visitors park?
  kind: exercise
  steps: ['later:ready']
  help: A test of hospitality.
  form:
    per: [case, customer]
    group: kind
    own_lines: true
    fields: [{id: free, label: Free?, kind: yesno}, {id: cost, label: Cost, kind: number}]
    verdict: [{when: {free: 'no'}, sum: cost, says: '{n} of {of} pay {sum}: {lines}.'}]
  items: [{id: front, label: In front, help: Ten steps., kind: Near}, {id: far, label: Over there, help: Rain., kind: Far}]
- id: case_rain
  title: It rained
  kind: case
  help: A visitor in the rain.
  story: A visitor came. It rained. Nobody had an umbrella.
  lesson: Buy an umbrella.
  ask: Who buys it?
- id: umbrellas
  title: On umbrellas
  kind: guidance
  steps: [3]
  help: They help when it rains.
"""


def test_a_team_adds_a_sheet_a_case_and_a_text_of_its_own(tmp_path: Path) -> None:
    """YAML in the folder content beside the workbook is enough: filled in, judged, read, reported."""
    told = answers(
        "parking|all|front|free|no",
        "parking|all|front|cost|40",
        "parking|all|far|free|yes",
        "case_rain|all|ask|answer|Bob does",
        "case_rain|all|ask|person|bob",
    )
    place = tmp_path / "w.kam"
    stores.create(place, stores.blank("x") | TEAM | {"answers": told})
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "ours.yaml").write_text(MINE, encoding="utf-8")
    rows = results.show(str(place), "catalogue").set_index("id")
    opened = results.opened(str(place))
    ready = page_of(str(place), tmp_path / "r", notebook="07_programme")

    assert rows.loc[["parking", "case_rain"], "fillable"].tolist() == ["yes", "yes"]
    assert rows.loc["umbrellas", "part"] == "Step 3" and rows.loc["case_rain", "part"] == "Programme: cases"
    assert sheets.verdict(opened, "parking") == ["1 of 2 pay 40: In front."]
    assert "They help when it rains." in screen(guide.tips(3), opened)
    for words in ("Where do our visitors park?", "1 of 2 pay 40: In front.", "Bob does", "Buy an umbrella."):
        assert words in ready
    assert not len(results.check(str(place))[0].query("level == 'warning'"))

    for segment in ("", "north"):  # what is about one segment must not name somebody of another
        copied = report.publish_copy(str(place), tmp_path / f"copy{segment}", segment, say=lambda _: None)
        assert (copied.parent / "content" / "ours.yaml").exists() is (segment == "")

    (tmp_path / "content" / "ours.yaml").write_text(
        MINE.replace("kind: guidance", "kind: gossip"), encoding="utf-8"
    )
    with pytest.raises(KamError, match=r"umbrellas: kind is gossip; it must be one of"):
        results.show(str(place), "catalogue")
    (tmp_path / "content" / "ours.yaml").unlink()
    assert "parking" not in set(results.show(str(place), "catalogue")["id"])


def test_questions_are_printed_beneath_the_lines_that_have_them() -> None:
    """Those of table 4.1; one question of the health check is the other way round."""
    asks = sheets.form("sanity_check").lines.set_index("id")["asks"]
    assert asks["building_barriers"].startswith("Market: Do we have an advantage that will last?")
    assert sum(text.count("?") for text in asks.drop("will_kam_be_profitable")) == 26
    health = sheets.form("health_check_1").lines
    assert health.loc[health["asks"] != "", "id"].tolist() == ["barons"]
    assert not any(": nan" in text for form in FORMS for text in form.lines["asks"])


def test_yaml_reads_alike_with_both_loaders() -> None:
    files = [*(ROOT / "kamlib").rglob("*.yaml")]
    assert len(files) > 20
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert yaml.load(text, yaml.SafeLoader) == yaml.load(text, yaml.CSafeLoader), file.name  # noqa: S506


# the verdicts


def test_spending_is_an_investment_where_all_three_hold() -> None:
    """Text 002: deferred return, beyond the cost to serve, not paid by the customer."""
    rows = [
        (48000, "yes", "yes", "yes"),
        (6500, "no", "yes", "yes"),
        (900, "yes", "yes", "no"),
        (10, "no", "no", "yes"),
    ]
    told = answers(
        *(
            f"kam_spending|acme|l{n}|{field}|{value}"
            for n, row in enumerate(rows)
            for field, value in zip(
                ("label", "amount", "later", "beyond", "ours"), (f"L{n}", *row), strict=True
            )
        )
    )
    said = sheets.verdict(book(answers=told), "kam_spending", "acme")

    assert said == [
        "48,000 a year is an investment: L0.",
        "10 a year is part of serving the customer: L3.",
        "The customer pays for L2, 900 a year.",
        "6,500 a year comes on top and does not pay back: L1.",
    ]


@pytest.mark.parametrize(
    ("ratings", "words"),
    [
        ((7, 6, 5, 4), "Change is likely; the weakest part is first practical steps"),
        ((9, 9, 0, 2), "Nobody will change: there is no first practical steps"),
        ((5, 4, 6, 7), "Change costs more than it promises; strengthen vision of a better future first"),
        ((7, 6, 5, ""), "Rate all four, and see whether people will change"),
    ],
)
def test_change_is_compared_with_its_cost_and_needs_all_three(ratings: tuple[Any, ...], words: str) -> None:
    items = catalogue.items("change_equation")["id"]
    told = answers(*(f"change_equation|all|{i}|rating|{r}" for i, r in zip(items, ratings, strict=True)))
    assert readiness.words(book(answers=told)) == words


def test_weak_elements_are_counted_by_stage_and_never_added_up() -> None:
    told = answers(
        "kam_failure_model|all|strategy|launch|strong",
        "kam_failure_model|all|strategy|development|weak",
        "kam_failure_model|all|structure|launch|weak",
        "kam_failure_model|story|strategy|launch|weak",
    )
    assert elements.words(book(answers=told), sheets.CASE) == (
        "Elements of our programme: 1 of 2 weak at the launch and 1 of 1 weak as it develops"
    )
    assert (
        elements.words(book(answers=told), sheets.STORY) == "Elements of the case: 1 of 1 weak at the launch"
    )
    assert programme.failure(book()).groupby("about").size().tolist() == [11, 11]
    assert "total" not in screen(page.failure, book(answers=told)).replace("no total", "")


def test_proof_of_commitment_goes_stale_after_half_a_year() -> None:
    told = answers(
        "senior_commitment|ann|meets|answer|yes",
        "senior_commitment|ann|meets|day|2026-05-31",
        "senior_commitment|bob|meets|answer|yes",
        "senior_commitment|bob|meets|day|2026-05-29",
    )
    rows = programme.entangled(book(answers=told)).set_index("person")
    assert rows["old"].tolist() == [False, True]


def test_milestones_follow_the_example_from_the_first_day_given() -> None:
    """Chapter 30: from the first estimate in April to the launch in the next are twelve months."""
    first = catalogue.items("implementation_timetable")["id"].iloc[0]
    told = answers(f"implementation_timetable|all|{first}|due|2027-01-31")
    rows = programme.milestones(book(answers=told))
    assert rows["due"].iloc[0] == "2027-01-31" and rows["due"].iloc[-1] == "2028-01-31"
    assert rows["example"].tolist() == [False] + [True] * 14
    assert (programme.milestones(book())["due"] == "").all()


def test_a_phase_is_ticked_by_proof_unless_the_team_says_no() -> None:
    proven = [f"obstacles|all|{i}|severity|low" for i in catalogue.items("obstacles")["id"]]
    phase = "implementation_phases|all|phase_2_identify_obstacles|done"
    for more, status in (([], "done"), ([f"{phase}|no"], "planned")):
        rows = programme.phases(book(answers=answers(*proven, *more))).set_index("project")
        assert rows.loc["phase_2_identify_obstacles", "status"] == status


def test_keeping_a_round_keeps_the_answers_for_the_trend(desk: Desk) -> None:
    item = catalogue.items("health_check_1")["id"].iloc[0]
    desk.put("answers", sheet="health_check_1", subject="all", item=item, field="state", value="none")
    rows = [
        row
        for name, row in scenarios.keep_round(desk.agreed, "2025", "2025-11-30")
        if name == "round_answers"
    ]
    desk.put_all("round_answers", rows)
    desk.put("answers", sheet="health_check_1", subject="all", item=item, field="state", value="OK")
    trend = programme.health(desk.book).query("answered > 0")
    assert trend[["round", "ok", "none"]].to_numpy().tolist() == [["2025", 0, 1], ["now", 1, 0]]


def test_the_mini_cases_are_sought_at_home(desk: Desk) -> None:
    """A large share with a junior manager; a manager without authority, and nobody to take over."""
    insurer = results.opened(str(ROOT / "data" / "insurer"))
    rows = programme.alike(insurer)
    alder = rows[rows["customer"] == "alder"]
    assert alder["words"].tolist() == ["Priya Nair has no authority."]  # somebody is named to take over
    people = insurer["people"].assign(junior="yes")
    largest = programme.alike(insurer.having({"people": people})).query("case == 'mini_case_epp'")
    assert set(largest["customer"]) <= {"easton", "ashdene"} and len(largest)


@pytest.mark.parametrize("example", ["tiny", "insurer", "bank"])
def test_the_programme_is_reported_and_no_score_of_a_person_is_published(
    example: str, tmp_path: Path
) -> None:
    (path,) = written(str(ROOT / "data" / example), tmp_path, notebook="07_programme")
    text, (_, tables) = path.read_text(encoding="utf-8"), stores.load(ROOT / "data" / example, read_only=True)
    assert "Will our key account management last?" in text
    shared = report.allowed(tables)["answers"] if "answers" in tables else pd.DataFrame({"subject": []})
    assert not set(shared["subject"]) & set(tables["people"]["person"] if "people" in tables else [])


@pytest.mark.skipif("KAM_SEEDS" not in os.environ, reason="KAM_SEEDS names no folder with the sources")
def test_no_sentence_of_a_source_is_copied() -> None:
    """No eight words in a row, labels apart."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[a-z0-9']+", text.casefold())
        return {tuple(words[n : n + 8]) for n in range(len(words) - 7)}

    sources = set().union(
        *(runs(p.read_text(errors="replace")) for p in Path(os.environ["KAM_SEEDS"]).glob("*.txt"))
    )
    ours = {key: e[key] for e in catalogue.entries() for key in ("help", "story", "lesson") if key in e}
    assert not [text for text in ours.values() if runs(text) & sources]
