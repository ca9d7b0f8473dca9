"""What a customer may have in its hands: nothing of what we think of it, whatever the workbook holds."""

from __future__ import annotations

import json
import random
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from kamlib.app.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.pages import account, certainty, distinct, groundwork, handout, kaism, profit
from kamlib.reports import report
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, typed
from tests import pages
from tests.worked import frame, text

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 23)
KEYS = {
    "settings": ["key"],
    "customers": ["customer"],
    "stages": ["customer", "stage"],
    "people": ["person"],
    "projects": ["project", "customer", "owner"],
    "actions": ["project", "step", "person"],
    "answers": ["sheet", "subject", "item", "field"],
}


def plan(**more):
    """The worked example with a plan for Alpha, sound as a workbook."""
    book = text()
    book["customers"].loc[book["customers"]["customer"] == "Alpha", "name"] = "Alpha Freight"
    book["settings"] = frame(
        "settings", [{"key": "supplier", "value": "Harbour Mutual"}, {"key": "schema", "value": "1"}]
    )
    book["suppliers"] = frame(
        "suppliers", [{"supplier": s, "name": n} for s, n in (("us", "Us"), ("X", "Corvid Life"))]
    )
    book["scores"] = book["scores"][book["scores"]["supplier"].isin(["", "us", "X"])].reset_index(drop=True)
    book["people"] = frame(
        "people",
        [
            {"person": "ann", "name": "Ann Bell", "function": "Sales", "days": 40},
            {"person": "bob", "name": "Bob Cole", "function": "Service"},
        ],
    )
    book["stages"] = frame(
        "stages",
        [
            {
                "customer": "Alpha",
                "stage": "s2",
                "name": "Claims",
                "level": "corporate",
                "place": 2,
                "trouble": "Eleven days",
            },
            {
                "customer": "Alpha",
                "stage": "s1",
                "name": "Quotes",
                "level": "corporate",
                "place": 1,
                "note": "they hate us",
            },
            {
                "customer": "Alpha",
                "stage": "s3",
                "name": "Their client calls",
                "level": "end_customer",
                "place": 1,
            },
            {"customer": "Beta", "stage": "s1", "name": "Only for Beta", "place": 1},
        ],
    )
    book["ideas"] = frame(
        "ideas",
        [
            {
                "idea": "i1",
                "name": "Secret idea",
                "customer": "Alpha",
                "stage": "s1",
                "customer_gain": 41000,
                "our_gain": 9000,
                "class": "A",
                "reason": "we need it",
                "person": "ann",
            },
            {"idea": "i2", "name": "Another one", "customer": "Alpha", "role": "given", "secured": "no"},
        ],
    )
    book["projects"] = frame(
        "projects",
        [
            {
                "project": "p1",
                "name": "Quotes in a day",
                "customer": "Alpha",
                "idea": "i1",
                "owner": "ann",
                "team": "secret team",
                "starts": "2027-01-11",
                "ends": "2027-06-30",
                "days": 77,
                "money": 12345,
                "risk": "boss may leave",
                "contingency": "none",
                "status": "running",
            },
            {
                "project": "p2",
                "name": "Given up long ago",
                "customer": "Alpha",
                "owner": "bob",
                "status": "stopped",
            },
            {"project": "p3", "name": "Only for Beta too", "customer": "Beta", "owner": "bob"},
        ],
    )
    book["actions"] = frame(
        "actions",
        [
            {
                "project": "p1",
                "step": "b",
                "name": "Try it with ten",
                "due": "2027-03-01",
                "person": "ann",
                "note": "hush",
            },
            {
                "project": "p1",
                "step": "a",
                "name": "Count them",
                "due": "2027-01-31",
                "person": "ann",
                "done": "yes",
            },
            {
                "project": "p2",
                "step": "a",
                "name": "Step of what was stopped",
                "due": "2027-01-31",
                "person": "bob",
            },
        ],
    )
    return book | more


def page_of(book, customer="Alpha"):
    return handout.page(handout.allowed(Book(typed(book)), customer), TODAY, account.timetable)


def desk_of(book, tmp_path, customer="Alpha", audience="customer"):
    store = stores.create(tmp_path / "w.kam", book)
    desk = Desk(store, store.read(), read_only=True)
    desk.look_at(customer)
    desk.audience = audience
    return desk


def test_the_page_has_the_plan_and_nothing_else():
    page = page_of(plan())
    said = handout.text_of(page)
    for words in (
        "Our plan with Alpha Freight",
        "Harbour Mutual",
        "Quotes",
        "Claims",
        "Eleven days",
        "Through you to your customers",
        "Their client calls",
        "Quotes in a day",
        "2027-01-11",
        "2027-06-30",
        "Ann Bell",
        "Count them",
        "2027-01-31",
        "running",
    ):
        assert words in said
    for words in (
        "Beta",
        "Given up",
        "Step of what",
        "Bob",
        "Secret",
        "hate",
        "77",
        "12345",
        "12,345",
        "boss",
        "hush",
        "secret team",
        "p1",
    ):
        assert words not in said
    assert "<svg" in page
    assert said.index("Quotes") < said.index("Claims") and said.rindex("Count them") < said.rindex(
        "Try it with ten"
    )


def test_allowed_holds_the_named_cells_and_no_other():
    found = handout.allowed(Book(typed(plan())), "Alpha")
    keys = {
        "customers": {"customer"},
        "stages": {"customer", "stage"},
        "projects": {"project", "customer"},
        "actions": {"project", "step"},
        "people": {"person"},
        "settings": {"key", "value"},
        "answers": {"sheet", "subject", "item", "field"},
    }
    for name, rows in found.items():
        for column in rows:
            if column not in keys.get(name, set()) and column not in handout.ALLOWED.get(name, ()):
                assert rows[column].isin(["", None]).all() or rows[column].isna().all(), (name, column)
    assert found["projects"]["name"].tolist() == ["Quotes in a day"]
    assert found["settings"]["key"].tolist() == ["supplier"]


def test_what_has_no_name_is_counted_and_its_id_stays_at_home():
    book = plan()
    for name in ("stages", "projects", "actions", "people"):
        book[name]["name"] = ""
    said = handout.text_of(page_of(book))
    assert "Stage 1" in said and "Project 1" in said and "Step 2" in said
    assert not re.search(r"\b(s1|s2|p1)\b", said)


# -- everything internal may change, and the page stays byte for byte the same ------------------------


def _other(column, dice, current):
    if column.kind == "number":
        low, high = (
            max(column.low, -9e4),
            min(column.high, 9e4),
        )
        return dice.choice(
            [float("nan"), float(dice.randint(int(low), int(high))), low + (high - low) * dice.random()]
        )
    if column.choices:
        return dice.choice(["", *column.choices])
    if column.kind == "yesno":
        return dice.choice(["", "yes", "no"])
    if column.kind == "date":
        return dice.choice(["", f"20{dice.randint(10, 40)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}"])
    return dice.choice(["", f"x{dice.randint(0, 10**9)}", current])


def scrambled(tables, customer, dice):
    """Every cell that the page is not made of is something else, with rows added, and rows of others taken away."""
    made, own = {}, handout._own(Book(tables), customer)
    for name, definition in DEFINITIONS.items():
        rows = tables[name].copy()
        ours = set(own[name].index) if name in own else set()
        if name not in own:
            rows = rows.sample(frac=dice.random(), random_state=dice.randint(0, 99))
        for column in definition.columns:
            keep = (
                column.name in KEYS.get(name, ())
                or column.name in handout.ALLOWED.get(name, ())
                or name == "settings"
            )
            cells = [
                value if keep and i in ours else value if column.key else _other(column, dice, value)
                for i, value in rows[column.name].items()
            ]
            rows[column.name] = pd.Series(cells, index=rows.index, dtype=rows[column.name].dtype)
        if name in ("projects", "actions", "stages"):
            away = [i for i in rows.index if i not in ours]
            rows.loc[away, "customer" if name != "actions" else "project"] = "elsewhere"
        extra = {
            c.name: _other(c, dice, "") if not c.key else f"new{dice.randint(0, 10**9)}"
            for c in definition.columns
        }
        made[name] = pd.concat([rows, pd.DataFrame([extra])], ignore_index=True).astype(tables[name].dtypes)
    return made


@pytest.mark.parametrize("example", ["plan", "insurer", "bank"])
def test_nothing_internal_moves_a_byte_of_the_page(example):
    if example == "plan":
        tables, customers = typed(plan()), ["Alpha"]
    else:
        from kamlib.models import pia

        tables = typed(stores.load(str(ROOT / "data" / example), read_only=True)[1])
        customers = pia.begun(Book(tables))
        assert customers
    for customer in customers:
        before = handout.page(handout.allowed(Book(tables), customer), TODAY, account.timetable)
        for seed in range(5):
            after = scrambled(tables, customer, random.Random(seed))
            assert handout.page(handout.allowed(Book(after), customer), TODAY, account.timetable) == before


CHANGED = {
    "level": "end_customer",
    "place": "9",
    "ends": "2028-01-01",
    "starts": "2027-02-02",
    "due": "2027-02-02",
}
CHANGED |= {"done": "", "status": "planned", "owner": "bob", "person": "bob"}
ROWS = {("actions", "done"): 1, ("stages", "place"): 1}  # of the plan above; else the first


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, c) for table, own in handout.ALLOWED.items() for c in own if table != "answers"],
)
def test_nothing_is_allowed_that_does_not_move_the_page(table, column):
    """A column more in the list of what may go to a customer is seen here, and a page that says nothing as well."""
    book = plan()
    before, own = page_of(book), "value" if table == "settings" else column
    book[table] = book[table].copy()
    book[table].loc[ROWS.get((table, column), 0), own] = CHANGED.get(column, "Changed")
    assert page_of(book) != before


# -- canaries ---------------------------------------------------------------------------------------


def canaries():
    """A workbook in which every cell that is not allowed carries a word or a figure of its own."""
    book, words, figures = {}, [], []

    def word():
        words.append(f"canary{len(words)}x")
        return words[-1]

    def figure(column):
        low, high = (
            max(column.low, 0),
            min(column.high, 10**6),
        )
        figures.append(round(low + (high - low) * (0.1 + 0.0007 * len(figures)), 4))
        return figures[-1]

    ids = {name: [word(), word()] for name in DEFINITIONS}
    for name, definition in DEFINITIONS.items():
        rows = []
        for n in (0, 1):
            row = {}
            for column in definition.columns:
                if column.refers:
                    row[column.name] = ids[column.refers][0]
                elif column.key and column is definition.columns[0] and not column.choices:
                    row[column.name] = ids[name][n]
                elif column.kind == "number":
                    row[column.name] = figure(column)
                elif column.choices:
                    row[column.name] = column.choices[0]
                elif column.kind == "yesno":
                    row[column.name] = "yes"
                elif column.kind == "date":
                    row[column.name] = "2027-05-05"
                else:
                    row[column.name] = word()
            rows.append(row)
        book[name] = pd.DataFrame(rows, columns=definition.names, dtype=object)
    customer, project = ids["customers"][0], ids["projects"][0]
    book["settings"] = pd.DataFrame(
        [{"key": "supplier", "value": "Harbour"}, {"key": "name", "value": word()}]
    )
    book["customers"].loc[0, "name"] = "Alpha Freight"
    book["people"].loc[0, "name"] = "Ann"
    book["stages"].loc[0, ["name", "trouble", "place"]] = ["Quotes", "Slow", 1]
    book["stages"].loc[1, "customer"] = ids["customers"][1]
    book["projects"].loc[0, ["name", "status"]] = ["In a day", "running"]
    book["projects"].loc[1, "customer"] = ids["customers"][1]
    book["actions"].loc[0, "name"] = "Begin"
    book["actions"].loc[1, "project"] = ids["projects"][1]
    assert book["actions"].loc[0, "project"] == project
    return (
        typed(
            {
                n: t.astype(object).map(
                    lambda v: v if isinstance(v, str) else f"{v:g}" if v == int(v) else repr(v)
                )
                for n, t in book.items()
            }
        ),
        customer,
        words,
        figures,
    )


def test_no_canary_is_on_the_page_nor_in_what_the_picture_is_drawn_of():
    tables, customer, words, figures = canaries()
    given = []

    def draw(projects, steps, today):
        given.append(projects.to_csv() + steps.to_csv())
        from kamlib import charts

        shown = projects.assign(customer=projects["customer_name"], owner=projects["owner_name"])
        given.append(json.dumps(charts.timetable(shown, steps, today).to_dict(), default=str))
        return account.timetable(projects, steps, today)

    made = handout.page(handout.allowed(Book(tables), customer), TODAY, draw)
    page = str(made)
    for plain in ("Alpha Freight", "Ann", "Quotes", "Slow", "In a day", "Begin", "Harbour"):
        assert plain in page
    for where in (page, *given):
        assert not [w for w in words if w in where]
    said = handout.text_of(page) + given[0]
    assert not [f for f in figures if re.search(rf"(?<![\w.]){re.escape(f'{f:g}')}(?![\w.])", said)]
    handout.searched(page, Book(tables), customer)


# -- the search before a page leaves -------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "our key account",
        "a Key  Development customer",
        "KEY-ACCOUNTS",
        "opportunistic",
        "maintenance account",
        "Make it worth more to them",
        "kaism",
        "Attractiveness",
        "relative strength",
        "lock in",
        "lock\u2011in",
        "class B",
        "Class\u00a0A idea",
        "differentiators",
        "make it a project",
        "not for BETA",
        "like Gamma's",
        "Corvid\u00a0life",
        "Corvid-Life",
        "speed of answer",
        "worth 41000",
        "worth 41,000 to you",
        "41 000 a year",
        "41.000 EUR",
        "EUR41000",
        "our 9'000",
        "weight 37.5",
        "6.5 of 10",
        "key\u200b account",
    ],
)
def test_what_is_internal_is_refused_with_its_cell(words, tmp_path):
    book = plan()
    book["factors"].loc[0, ["label", "weight"]] = ["Speed of answer", "37.5"]
    book["scores"].loc[0, "score"] = "6.5"
    book["stages"].loc[0, "trouble"] = f"It is {words}, they say"
    with pytest.raises(InvalidInput) as refused:
        account.outside(desk_of(book, tmp_path).view)
    assert (refused.value.table, refused.value.row, refused.value.column) == ("stages", "s2", "trouble")
    assert "is not for customers" in str(refused.value) and "stages, s2, trouble" in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        "given",
        "the key to the door",
        "in class",
        "improve it",
        "any question",
        "at 31 places",
        "on 8",
        "in 2027",
        "Alpha",
        "Betamax",
        "a sum of 410001",
        "unlocking",
        "droplets",
        "4.1",
    ],
)
def test_what_everybody_says_is_not_refused(words, tmp_path):
    book = plan()
    book["customers"].loc[book["customers"]["customer"] == "Delta", "name"] = "Alpha"  # part of its own name
    book["stages"].loc[0, "trouble"] = f"It is {words}, they say"
    assert words in handout.text_of(account.outside(desk_of(book, tmp_path).view)[1])


def test_names_of_one_or_two_letters_and_our_own_are_not_looked_for(tmp_path):
    book = plan()
    book["customers"].loc[book["customers"]["customer"] == "Beta", "name"] = "It"
    book["suppliers"].loc[1, "name"] = "Harbour"  # a rival whose name is part of ours
    assert "Harbour Mutual" in account.outside(desk_of(book, tmp_path).view)[1]


def test_a_rival_is_found_even_where_its_name_begins_with_the_customers():
    book = plan()
    book["suppliers"].loc[1, "name"] = "Alpha Freight Lines"
    for told in ("Alpha Freight Lines is cheaper", "unlike Alpha Freight  lines"):
        book["stages"].loc[0, "trouble"] = told
        with pytest.raises(InvalidInput, match="stages, s2, trouble"):
            handout.refuse(Book(typed(book)), "Alpha")
    book["stages"].loc[0, "trouble"] = "Alpha Freight waits on its lines"
    handout.refuse(Book(typed(book)), "Alpha")


def test_a_customer_may_be_called_what_it_likes():
    book = plan()
    book["customers"].loc[book["customers"]["customer"] == "Alpha", "name"] = (
        "Opportunistic 41000 Maintenance"
    )
    page = page_of(book)
    assert handout.searched(page, Book(typed(book)), "Alpha") == page
    with pytest.raises(InvalidInput, match="Maintenance"):
        handout.searched(page + "<p>Maintenance</p>", Book(typed(book)), "Alpha")


def test_every_part_of_a_page_is_searched():
    tables = typed(plan())
    for html in (
        "<svg><text>Corvid <tspan>Life</tspan></text></svg>",
        '<g aria-label="Corvid Life"></g>',
        "<title>Corvid Life</title>",
        "<svg><desc>Corvid Life</desc></svg>",
        "<!-- Corvid Life -->",
        '<meta name="author" content="Corvid Life">',
        "<p>Corvid\nLife</p>",
        "<p>&#67;orvid Life</p>",
        '<img alt="Corvid Life">',
    ):
        with pytest.raises(InvalidInput, match="stands on the page"):
            handout.searched(html, Book(tables), "Alpha")
    assert handout.searched("<style>.key-account { width: 41000px }</style>", Book(tables), "Alpha")


@pytest.mark.parametrize(
    "table, column, row",
    [("projects", "name", "p1"), ("actions", "name", "p1, b"), ("people", "name", "ann")],
)
def test_the_cell_is_named_wherever_the_word_stands(table, column, row):
    book = plan()
    book[table].loc[0, column] = "Better than Corvid Life"
    with pytest.raises(InvalidInput) as refused:
        handout.refuse(Book(typed(book)), "Alpha")
    assert (refused.value.table, refused.value.row, refused.value.column) == (table, row, column)


# -- what is written -----------------------------------------------------------------------------------


def test_a_page_for_a_customer_is_written_under_its_own_title(tmp_path):
    stores.create(tmp_path / "w.kam", plan())
    given = {"customer": "Alpha", "audience": "customer"}
    (path,) = pages.written(str(tmp_path / "w.kam"), tmp_path, given=given)
    page = path.read_text(encoding="utf-8")
    assert path.name == "for-Alpha.html"
    assert "<title>Our plan with Alpha Freight</title>" in page
    for words in (
        "How do we treat",
        "Who are",
        "category",
        "internal",
        "kam-",
        "matrix",
        str(ROOT),
        "Secret",
        "Beta",
    ):
        assert words not in page


def test_nothing_is_written_where_a_word_is_internal(tmp_path):
    book = plan()
    book["projects"].loc[0, "name"] = "Keep our key account"
    stores.create(tmp_path / "w.kam", book)
    out = tmp_path / "out"
    with pytest.raises(
        InvalidInput, match='"Key account" is not for customers. It stands in projects, p1, name'
    ):
        list(report.write(str(tmp_path / "w.kam"), out, given={"customer": "Alpha", "audience": "customer"}))
    assert not out.exists()


def test_a_page_is_searched_again_as_it_will_be_written(tmp_path, monkeypatch):
    stores.create(tmp_path / "w.kam", plan())
    page = "<html><p>Corvid Life is our rival</p></html>"
    monkeypatch.setattr(report.run, "printed_by", lambda *_: (page, {}))
    with pytest.raises(InvalidInput, match="Corvid Life"):
        list(
            report.write(
                str(tmp_path / "w.kam"), tmp_path / "out", given={"customer": "Alpha", "audience": "customer"}
            )
        )
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "given, words",
    [
        ({"audience": "customer"}, "Which customer is the page for"),
        ({"audience": "customer", "customer": "Alpa"}, "Alpha"),
        ({"audience": "customer", "customer": "Gamma"}, "There is no plan for Gamma yet"),
        ({"audience": "all"}, "audience"),
    ],
)
def test_who_it_is_for_is_asked_before_any_work(given, words, tmp_path):
    stores.create(tmp_path / "w.kam", plan())
    with pytest.raises(InvalidInput, match=words):
        list(report.write(str(tmp_path / "w.kam"), tmp_path / "out", given=given))
    assert not (tmp_path / "out").exists()


def test_other_notebooks_make_no_page_for_a_customer(tmp_path):
    desk = desk_of(plan(), tmp_path)
    for page in (groundwork.PAGE, kaism.PAGE, profit.PAGE, certainty.PAGE):
        with pytest.raises(InvalidInput, match="These pages are internal"):
            desk.open(page)
    assert [desk.show(part).html for part in (distinct.distinction, account.beginning)] == ["", ""]
    for notebook in ("01_segmentation", "02_kaism", "03_profitability"):
        with pytest.raises(InvalidInput, match="04_pia"):
            list(
                report.write(
                    str(tmp_path / "w.kam"),
                    tmp_path / "out",
                    notebook=notebook,
                    given={"customer": "Alpha", "audience": "customer"},
                )
            )


def test_hostile_names_are_escaped_for_customers_too():
    name = "<img src=x onerror=alert(1)>&\"'"
    book = plan()
    for table in ("customers", "people", "stages", "projects", "actions"):
        book[table]["name"] = name
    book["stages"]["trouble"] = book["settings"]["value"] = name
    page = page_of(book)
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
