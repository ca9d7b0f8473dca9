"""The Sheet: any exercise of the catalogue as lines to fill in, and how far it is filled in.

What is filled in stands in the table answers, a row for each line (`item`) and field; the free note
beside a line belongs to the row of the form's first field.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import listed
from kamlib.catalogue.forms import CHOICES as CHOICES
from kamlib.catalogue.forms import OWN as OWN
from kamlib.catalogue.forms import UNKNOWN
from kamlib.catalogue.forms import Form as Form
from kamlib.catalogue.forms import cases as cases
from kamlib.catalogue.forms import every as every
from kamlib.catalogue.forms import form as form
from kamlib.catalogue.forms import forms as forms
from kamlib.errors import KamError
from kamlib.wording import listed as named
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import UNKNOWN_WORDS, Column, parse

CASE = "all"  # the subject of what is said once for the whole company
STORY = "story"  # the subject of what is said of a case that is told
TABLES = {"customer": "customers", "segment": "segments", "person": "people"}
SHORT = {"y": "yes", "n": "no", "?": UNKNOWN}
NOTHING = {*UNKNOWN_WORDS, "nothing", "none", "no", "n/a", "na", "nil", "not yet"}


Lists = list[tuple[str, list[dict[str, Any]]]]

# what there is to read


def _known(id: str) -> Form | None:
    try:
        return form(id)
    except KamError:
        return None


def guidance(entry: catalogue.Entry) -> Lists:
    """The lists of an entry that are there to be read: (name of the list in words, its items).

    What a sheet reveals is not among them; see `revealed`.
    """
    shape = _known(entry["id"])
    mine = entry.get("form", {}).get("lines", ["items"]) if shape and not shape.case else ()
    shown = {*catalogue.ABOUT, "questions", *mine, *(shape.reveal if shape else ())}
    return _listed(entry, [n for n, v in entry.items() if isinstance(v, list) and n not in shown])


def revealed(book: Book, entry: catalogue.Entry, subject: str = CASE) -> Lists:
    """The lists a sheet reveals, as `guidance` gives the others; none while it is not answered."""
    shape = _known(entry["id"])
    return _listed(entry, shape.reveal) if shape and is_open(book, shape, subject) else []


def _listed(entry: catalogue.Entry, names: Sequence[str]) -> Lists:
    return [
        (
            name.replace("_", " ").capitalize(),
            [
                {"label": "", "help": ""}
                | (item if isinstance(item, dict) else {"label": str(item)})
                for item in listed(entry[name])
            ],
        )
        for name in names
    ]


def is_open(book: Book, shape: Form, subject: str = CASE) -> bool:
    """Is a sheet answered line by line, and by somebody with a name?"""
    if not shape.reveal or not (book["answers"]["sheet"] == shape.id).any():
        return False
    rows = filled(book, shape.id, subject)
    return bool(rows.loc[~rows["own"], "filled"].all())


# what was said


def said(book: Book, sheet: str, field: str = "answer", subject: str = CASE) -> dict[str, str]:
    """Line -> what was said in one field, without the lines nobody has filled in."""
    values = _all_said(book).get((sheet, field, subject), {})
    return {item: _plain(sheet, field, value) for item, value in values.items()}


@model
def _all_said(book: Book) -> dict[tuple[str, str, str], dict[str, str]]:
    """(sheet, field, subject) -> line -> the first thing that was said there."""
    rows, found = book["answers"], dict[tuple[str, str, str], dict[str, str]]()
    columns = ("sheet", "field", "subject", "item", "value")
    for *place, item, value in zip(*(rows[column] for column in columns), strict=True):
        if value.strip():
            found.setdefault((place[0], place[1], place[2]), {}).setdefault(item, value)
    return found


def _plain(sheet: str, field: str, value: str) -> str:
    """An answer in the spelling of its form: "Y" is yes."""
    if not (value := value.strip()):
        return ""
    known = _known(sheet)
    if known is None or field not in known.columns or not known.column(field).choices:
        return value
    try:
        return str(_accepted(known.column(field), value))
    except ValueError:
        return value


def is_said(text: str) -> bool:
    """Does a text say anything, or only "nothing", "none", "?"?"""
    return text.strip().strip(".!").lower() not in NOTHING


@model
def filled(book: Book, id: str, subject: str = CASE, folder: Path | None = None) -> pd.DataFrame:
    """A sheet as it stands: a row a line, the team's own lines last.

    Columns: item, label, help, own, group, asks, the fields of the form (texts, "" for not said),
    note, and filled: is every needed field answered, or any where none is needed?
    """
    shape, rows = form(id, folder), book["answers"]
    rows = rows[(rows["sheet"] == id) & (rows["subject"] == subject)]
    given: dict[tuple[str, str], tuple[str, str]] = {}
    for item, name, value, note in zip(
        *(rows[column] for column in ("item", "field", "value", "note")), strict=True
    ):
        given.setdefault((item, name), (value.strip(), note))
    stock = {line[0] for line in shape.printed}
    items = (i for i in dict.fromkeys(item for item, _ in given) if i not in stock)
    named = {i: given[i, OWN][0] for i in items if (i, OWN) in given}
    above = "Our own" if shape.group else ""
    own = [(i, label, "", True, above, "") for i, label in named.items() if label]
    names, nothing = shape.names, ("", "")
    table = [
        (
            *line,
            *(_plain(id, name, given.get((line[0], name), nothing)[0]) for name in names),
            given.get((line[0], shape.first), nothing)[1],
        )
        for line in [*shape.printed, *own]
    ]
    head = ["item", "label", "help", "own", "group", "asks"]
    result = pd.DataFrame(table, columns=[*head, *names, "note"])
    counted = [len(head) + names.index(name) for name in shape.needed or names]
    enough = all if shape.needed else any
    full = [enough(row[at] != "" for at in counted) for row in table]
    return result.assign(filled=np.array(full, bool))


def subjects(book: Book, shape: Form) -> list[tuple[str, str]]:
    """Whom a sheet is about, (id, name): the company, a case, segments worked on, customers ..."""
    if shape.per == ("case",):
        return [(CASE, "")]
    said = {"case": [(CASE, "Our company")], "story": [(STORY, "The case")]}
    return [one for per in shape.per for one in said.get(per) or _rows_of(book, per)]


def _rows_of(book: Book, per: str) -> list[tuple[str, str]]:
    rows = book[TABLES[per]]
    if per == "segment":
        rows = rows[rows["active"] != "no"]
    elif per == "customer" and book.settings.segment:
        rows = rows[rows["segment"] == book.settings.segment]
    return [(i, n or i) for i, n in zip(rows[per], rows["name"], strict=True)]


def verdict(book: Book, id: str, subject: str = CASE) -> list[str]:
    """What the answers come to, a sentence for each rule of the form that holds.

    A rule counts the lines whose fields are as `when` says, out of those that answer these fields;
    `where` chooses among the lines of the form, `sum` adds up a field of the lines that count.
    """
    shape = form(id)
    if not shape.verdict:
        return []
    rows = filled(book, id, subject).merge(
        shape.lines.drop(columns=["label", "help", "asks"]), "left", left_on="item", right_on="id"
    )
    return [said for rule in shape.verdict if (said := _judged(rows, rule))]


def _judged(rows: pd.DataFrame, rule: dict[str, Any]) -> str:
    for name, value in rule.get("where", {}).items():
        rows = rows[rows[name].isin(listed(value))]
    asked = rule.get("when", {})
    answered = rows[(rows[[*asked]] != "").all(axis=1)]
    hit = answered
    for name, value in asked.items():
        hit = hit[hit[name].isin([str(v) for v in listed(value)])]
    least, most = rule.get("at_least", 1), rule.get("at_most", len(rows))
    if answered.empty or not least <= len(hit) <= most:
        return ""
    total = pd.to_numeric(hit[rule["sum"]], errors="coerce").sum() if "sum" in rule else 0
    labels = named([label.rstrip("?") for label in hit["label"]])
    return str(rule["says"]).format(n=len(hit), of=len(answered), lines=labels, sum=f"{total:,.0f}")


@model
def progress(book: Book, folder: Path | None = None) -> pd.DataFrame:
    """How far each sheet is: a row a sheet.

    Columns: sheet, title, step, per, subjects (how many it is about; of customers and people only
    those somebody has begun), lines (to fill in, over all subjects), filled, unknown (answers that
    say so), state (open, begun, done).
    """
    rows = book["answers"]
    rows = rows[rows["value"].str.strip() != ""]
    by_sheet = dict(list(rows.groupby("sheet", sort=False)))
    shapes, none = forms(folder=folder), rows.iloc[:0]
    result = [_progress_of(shape, by_sheet.get(shape.id, none), book) for shape in shapes]
    columns = ["sheet", "title", "step", "per", "subjects", "lines", "filled", "unknown", "state"]
    return pd.DataFrame(result, columns=columns)


def _progress_of(shape: Form, rows: pd.DataFrame, book: Book) -> tuple[Any, ...]:
    whom, said = {i for i, _ in subjects(book, shape)}, {*rows["subject"]}
    if shape.per[0] not in ("case", "segment"):
        whom &= said
    elif len(shape.per) > 1:
        whom &= {CASE, *said}
    stock = {line[0] for line in shape.printed}
    lines, full, unknown, state = len(whom) * len(stock), 0, 0, "open"
    columns = (rows[column] for column in ("subject", "item", "field", "value"))
    mine = [row for row in zip(*columns, strict=True) if row[0] in whom]
    if len(rows):
        lines += len({(who, i) for who, i, name, _ in mine if name == OWN and i not in stock})
        asked, needed = dict[tuple[str, str], set[str]](), {*shape.needed}
        for who, item, name, _ in mine:
            asked.setdefault((who, item), set()).add(name)
        full = min(sum(needed <= names for names in asked.values()), lines) if needed else lines
        unknown = sum(value.strip().lower() == UNKNOWN for *_, value in mine)
        state = "open" if not mine else "done" if 0 < lines <= full else "begun"
    head = (shape.id, shape.title, shape.home, ", ".join(shape.per))
    return *head, len(whom), lines, full, unknown, state


def table(book: Book) -> pd.DataFrame:
    """Everything filled in, in words: sheet, subject, line, field, value, note, person, on."""
    names = {i: name for per in TABLES for i, name in _rows_of(book.choosing(segment=""), per)}
    names |= {CASE: "", STORY: "The case"}
    rows = book["answers"]
    known = {f.id: f for f in every()}.items()
    own = rows[rows["field"] == OWN].drop_duplicates(["sheet", "subject", "item"])
    named = own.set_index(["sheet", "subject", "item"])["value"].to_dict()
    titles = {s: shape.title for s, shape in known}
    heads = {(s, f["id"]): f["label"] for s, shape in known for f in shape.fields}
    labels = {(s, line[0]): line[1] for s, shape in known for line in shape.printed}
    columns = ["sheet", "subject", "item", "field", "value", "note", "person", "on"]
    result = [
        (
            *(titles.get(s, s), names.get(who, who)),
            *(named.get((s, who, i)) or labels.get((s, i), i), heads.get((s, f), f), *rest),
        )
        for s, who, i, f, *rest in rows.loc[rows["field"] != OWN, columns].itertuples(index=False)
    ]
    return pd.DataFrame(result, columns=columns).rename(columns={"item": "line"})


# what may be said


def _accepted(column: Column, text: str) -> float | str:
    """The value in the spelling of the form; raises ValueError where it is not allowed."""
    if not column.choices:
        return parse(column, text)
    spelt = _spelt(column.choices)
    if (low := text.strip().lower()) and low not in spelt:
        raise ValueError(text)
    return spelt[low] if low else ""


@functools.cache
def _spelt(choices: tuple[str, ...]) -> dict[str, str]:
    """What may be typed for each choice, in small letters."""
    spelt = {choice.lower(): choice for choice in choices}
    if {"yes", "good"} & set(spelt):
        spelt = {key: spelt[word] for key, word in SHORT.items() if word in spelt} | spelt
    return spelt


def wrong(sheet: str, field: str, text: str) -> Column | None:
    """The column whose rule a value breaks; None where it is in order or the sheet unknown."""
    known = _known(sheet)
    if known is None or field not in known.columns or not text.strip():
        return None
    try:
        _accepted(known.column(field), text)
    except ValueError:
        return known.column(field)
    return None
