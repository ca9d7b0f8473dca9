"""What rows of a workbook say of each other: references, and the rules of `schema.yaml`.

For each rule a function of its name, here or in the module that the rule names, picks out the rows
of which it is wrong; it may look up the other text tables, and add cells that the message names.
"""

from __future__ import annotations

import difflib
import importlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from kamlib.errors import Finding
from kamlib.workbook import settings
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES, DEFINITIONS, US, Rule, Tables, line, parse_number

LONGEST_NAME, MOST_COMPARED, MOST_HINTS = 60, 500, 50  # "did you mean" is for slips, not for books
WEIGHED = ("attractiveness", "strength")  # the models of the matrix
INDEX = "#"  # the cell of a row that holds its index

NONE, _MEMORY = settings.Settings(), OrderedDict[Any, Any]()

Row = dict[str, Any]
Rows = list[Row]
Pick = Callable[[Rows, Tables], Rows]


def findings(name: str, given: Tables, text: Tables, rules: Collection[Rule]) -> Iterator[Finding]:
    """What is wrong with the given rows of a table beside all text tables: references and rules."""
    for column in DEFINITIONS[name].columns if len(given.get(name, ())) else ():
        for refers, by, values in column.references:
            table, _, word = refers.partition(" or ")
            known = ids(text, table)
            some = cells(given, name, INDEX, column.name, by or column.name)
            some = (row for row in some if row[1] not in known and row[1] not in ("", word))
            wrong = [{INDEX: i, column.name: c} for i, c, said in some if not by or said in values]
            reference = _reference(column.name, table)
            yield from _told(name, reference, _with_hints(wrong, column.name, known))
    listed = rows(given, name) if rules else []
    for one in rules:
        yield from _told(name, one, _function(one)(listed, text))


def _function(rule: Rule) -> Pick:
    return getattr(importlib.import_module(rule.by), rule.name)


def _reference(column: str, table: str) -> Rule:
    message = f'{column} "{{{column}:.60}}" is not in the table {table}.'
    return Rule("", "error", column, message, f"an id from the table {table}")


def _told(name: str, rule: Rule, wrong: Rows) -> Iterator[Finding]:
    for row in wrong:
        message, allowed = rule.message.format_map(row), rule.allowed.format_map(row)
        place, hint = (name, line(row[INDEX]), rule.column), row.get("hint", "")
        yield Finding(rule.level, message, *place, row[rule.column], allowed, hint)


def near(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, "" where none is near."""
    if len(word) > LONGEST_NAME:
        return ""
    words = difflib.get_close_matches(word.lower(), list(known)[:MOST_COMPARED], n=1, cutoff=0.7)
    return f'Did you mean "{words[0]}"?' if words else ""


def cells(text: Tables, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """These cells of each row of a table, without blanks around them; "" for a column not there.

    INDEX among the columns stands for the index of the row. No rows where the table is missing or
    one of the columns stands in it twice.
    """
    table = _book(text, name)
    return zip(*(_column(table, name, c) for c in columns if table), strict=False)


@model
def _column(book: Book, name: str, column: str) -> list[Any]:
    frame = book[name]
    if column == INDEX:
        return [*frame.index]
    times = [*frame.columns].count(column)
    if times > 1:
        return []
    listed = frame[column].tolist() if times else [""] * len(frame)
    return [*map(str.strip, listed)] if any(c != c.strip() for c in set(listed)) else listed


def rows(text: Tables, name: str) -> Rows:
    """The rows of a table, cells as `cells` gives them, and their index."""
    names = (INDEX, *DEFINITIONS[name].names)
    return [dict(zip(names, row, strict=True)) for row in cells(text, name, *names)]


def ids(text: Tables, name: str) -> set[str]:
    """The ids in a table's first key column."""
    known = _ids(_book(text, name), name) if name in text else set()
    return known | {US} if name == "suppliers" else known


@model
def _ids(book: Book, name: str) -> set[str]:
    return {*_column(book, name, DEFINITIONS[name].keys[0])} - {""}


def _book(text: Tables, name: str) -> Book:
    """The one text table, if it is there, and what is remembered of it."""
    return Book({name: text[name]} if name in text else {}, NONE, _MEMORY)


def unlike(rows: Rows, column: str, known: Collection[str]) -> Rows:
    """The rows whose cell says something that is not known, with the nearest that is as hint."""
    strange = [row for row in rows if row[column] and row[column] not in known]
    return _with_hints(strange, column, known)


def _with_hints(rows: Rows, column: str, known: Collection[str]) -> Rows:
    words = [*dict.fromkeys(row[column] for row in rows)][:MOST_HINTS]  # mended by hand
    hints = {word: near(word, known) for word in words}
    return [row | {"hint": hints.get(row[column], "")} for row in rows]


# the rows of which a rule is wrong


def wrong_setting(rows: Rows, text: Tables) -> Rows:
    known = [row for row in rows if row["key"] in settings.SETTINGS]
    wrong = [row | {"wrong": settings.wrong(row["key"], row["value"])} for row in known]
    wrong = [row for row in wrong if row["wrong"]]
    return [row | {"may_be": settings.allowed(settings.Settings, row["key"])} for row in wrong]


def unknown_setting(rows: Rows, text: Tables) -> Rows:
    return unlike(rows, "key", [*settings.SETTINGS, "schema"])


def own_rival(rows: Rows, text: Tables) -> Rows:
    return [row for row in rows if row["rival"] == row["customer"] != ""]


def own_parent(rows: Rows, text: Tables) -> Rows:
    """Customers that are their own parent, at once or by way of others."""
    parent = {row["customer"]: row["parent"] for row in rows if row["parent"]}
    circles, done = set[str](), {""}
    for customer in parent:
        above: list[str] = []
        while customer in parent and customer not in done:
            done.add(customer)
            above.append(customer)
            customer = parent[customer]
        circles |= {*above[above.index(customer) :]} if customer in above else set()
    return [row for row in rows if row["customer"] in circles]


def supplier_given(rows: Rows, text: Tables) -> Rows:
    """Scores with a supplier that are not about one."""
    about = {"attractiveness": "attractiveness", "pia_us": "an idea", "pia_customer": "an idea"}
    given = [row for row in rows if row["supplier"] and row["model"] in about]
    asked = [row for row in given if row["factor"] != "who_else" or row["model"] not in WEIGHED]
    return [row | {"for": about[row["model"]]} for row in asked]


def no_supplier(rows: Rows, text: Tables) -> Rows:
    asked = (row for row in rows if not row["supplier"] and row["model"] == "strength")
    return [row for row in asked if row["factor"] != "who_else"]


def uncounted(scores: Rows, text: Tables) -> Rows:
    """Scores whose factor is not on the list of their customer or its segment."""
    segment = {customer: s for customer, s in cells(text, "customers", "customer", "segment")}
    counted = set(cells(text, "factors", "model", "scope", "factor"))

    def listed(row: Row) -> bool:
        model, subject = row["model"], row["subject"]
        scope = segment.get(subject, "") if model == "attractiveness" else subject
        return (model, scope, row["factor"]) in counted

    scored = (row for row in scores if row["score"] and row["model"] in WEIGHED)
    return [row for row in scored if not listed(row)] if _is_whole(text, "factors") else []


def no_category(rows: Rows, text: Tables) -> Rows:
    decided = (row for row in rows if row["what"] == "category")
    return [row for row in decided if row["decision"] not in ("", *BOXES)]


def unknown_subject(rows: Rows, text: Tables) -> Rows:
    known = (ids(text, name) for name in ("segments", "customers", "ideas"))
    return unlike(rows, "subject", {"all"}.union(*known))


def unknown_factor(rows: Rows, text: Tables) -> Rows:
    return unlike(rows, "factor", {"all"}.union(*cells(text, "factors", "factor")))


def no_score(rows: Rows, text: Tables) -> Rows:
    scores = (row for row in rows if row["what"] in ("score", "must_have") and row["to"])
    wrong = (row for row in scores if not _is_score(row["to"]))
    return [row | {"kind": row["what"].replace("_", "-")} for row in wrong]


def _is_score(text: str) -> bool:
    try:
        return 1 <= parse_number(text) <= 10
    except ValueError:
        return True  # what is no number is said elsewhere


def unknown_stage(rows: Rows, text: Tables) -> Rows:
    known = set(cells(text, "stages", "customer", "stage"))
    staged = (row for row in rows if row["stage"] and _is_whole(text, "stages"))
    strange = (row for row in staged if (row["customer"], row["stage"]) not in known)
    return [row | {"whose": row["customer"] or "nobody"} for row in strange]


def unknown_contact(rows: Rows, text: Tables) -> Rows:
    known = set(cells(text, "customer_people", "customer", "contact"))
    named = (row for row in rows if row["contact"])
    return [row for row in named if (row["customer"], row["contact"]) not in known]


def unknown_need(rows: Rows, text: Tables) -> Rows:
    known = set(cells(text, "proposal_needs", "proposal", "need"))
    return [row for row in rows if (row["proposal"], row["need"]) not in known]


def unknown_decider(rows: Rows, text: Tables) -> Rows:
    whose = dict(cells(text, "proposals", "proposal", "customer"))
    return unknown_contact(
        [row | {"customer": whose.get(row["proposal"], "")} for row in rows], text
    )


def _is_whole(text: Tables, name: str) -> bool:
    """Is the table there, each column once?"""
    return name in text and not text[name].columns.has_duplicates
