"""The Sheet: any exercise of the catalogue as lines to fill in, and how far it is filled in.

An entry of the catalogue with a `form` is a sheet; a new exercise needs no code. What is filled in
stands in the table answers, a row for each line (`item`) and field; the free note beside a line
belongs to the row of the form's first field.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import UNKNOWN_WORDS, Column, parse

CASE = "all"  # the subject of what is said once for the whole company
UNKNOWN = "unknown"
CHOICES = {"yesno": ("yes", "no", UNKNOWN), "rating": ("good", "OK", "bad", UNKNOWN)}
SHORT = {"y": "yes", "n": "no", "?": UNKNOWN}
OWN = "label"  # the field that names a line of the team's own
NOTHING = {*UNKNOWN_WORDS, "nothing", "none", "no", "n/a", "na", "nil", "not yet"}


@dataclass(frozen=True)
class Form:
    """What there is to fill in: for whom (`per` case, segment or customer), lines and fields."""

    id: str
    title: str
    help: str
    steps: tuple[int | str, ...]
    per: str
    note: str
    own_lines: bool
    fields: tuple[dict[str, Any], ...]
    lines: pd.DataFrame = field(compare=False, repr=False)  # id, label, help and what else

    @property
    def home(self) -> int:
        """The first of the ten steps it belongs to, 0 for none."""
        return _home(self.steps)

    @property
    def names(self) -> list[str]:
        """The ids of the fields."""
        return [str(f["id"]) for f in self.fields]

    @property
    def first(self) -> str:
        """The field whose row carries the note."""
        return self.names[0]

    @property
    def needed(self) -> list[str]:
        """The fields a line needs to be filled in."""
        return [str(f["id"]) for f in self.fields if not f.get("optional")]

    @property
    def columns(self) -> list[str]:
        """The fields that may be filled in, and the name of a line of one's own."""
        return [*self.names, OWN]

    def column(self, id: str) -> Column:
        """A field as a column of a table: what may be entered. Raises KeyError."""
        if id == OWN:
            return Column(OWN, "text", "The name of the line.")
        said = {f["id"]: f for f in self.fields}[id]
        kind, note = said["kind"], said.get("help", "")
        more: dict[str, Any] = {k: said[k] for k in ("low", "high", "step") if k in said}
        if choices := CHOICES.get(kind) or tuple(said.get("choices", ())):
            return Column(said["label"], "choice", note, choices=choices, **more)
        if kind == "person":
            return Column(said["label"], "id", note, refers="people", **more)
        return Column(said["label"], kind, note, **more)


def form(id: str, folder: Path | None = None) -> Form:
    """The form of a catalogue entry. Raises KamError where there is no such entry or no form."""
    known = _forms(folder)
    if id not in known:
        catalogue.entry(id, folder)
        raise InvalidInput(f'There is nothing to fill in for "{id}".', found=id)
    return known[id]


def forms(step: int | None = None, folder: Path | None = None) -> list[Form]:
    """All forms, or those whose first step this is, in the order in which a team takes them."""
    return [f for f in _forms(folder).values() if step is None or f.home == step]


@functools.cache
def _forms(folder: Path | None) -> dict[str, Form]:
    found = {}
    entries = [e for e in catalogue.entries(folder=folder) if e.get("form")]
    for entry in sorted(entries, key=lambda e: (_home(e["steps"]), e["form"].get("order", 100))):
        said, id = entry["form"], entry["id"]
        lists = {name: catalogue.items(id, name, folder) for name in said.get("lines", ["items"])}
        lines = [items.assign(list=name) for name, items in lists.items()]
        found[id] = Form(
            *(id, entry["title"], entry["help"], tuple(entry["steps"])),
            *(said.get("per", "case"), said.get("note", "Why"), bool(said.get("own_lines"))),
            *(tuple(said["fields"]), pd.concat(lines, ignore_index=True)),
        )
    return found


def _home(steps: Sequence[int | str]) -> int:
    return min((step for step in steps if isinstance(step, int)), default=0)


def guidance(id: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """The lists of an entry that are there to be read: (name of the list in words, its items)."""
    entry = catalogue.entry(id)
    shown = {"steps", "source", *entry["form"].get("lines", ["items"])}
    return [
        (name.replace("_", " ").capitalize(), catalogue.items(id, name).to_dict("records"))
        for name, value in entry.items()
        if isinstance(value, list) and name not in shown
    ]


# what was said


def said(book: Book, sheet: str, field: str = "answer", subject: str = CASE) -> dict[str, str]:
    """Line -> what was said in one field, without the lines nobody has filled in."""
    rows = book["answers"]
    own = rows[(rows["sheet"] == sheet) & (rows["field"] == field) & (rows["subject"] == subject)]
    own = own[own["value"].str.strip() != ""].drop_duplicates("item")
    values = zip(own["item"], own["value"], strict=True)
    return {item: _plain(sheet, field, value) for item, value in values}


def _plain(sheet: str, field: str, value: str) -> str:
    """An answer in the spelling of its form: "Y" is yes."""
    known = _forms(None).get(sheet)
    if known is None or field not in known.columns or not known.column(field).choices:
        return value.strip()
    try:
        return str(_accepted(known.column(field), value))
    except ValueError:
        return value.strip()


def is_said(text: str) -> bool:
    """Does a text say anything, or only "nothing", "none", "?"?"""
    return text.strip().strip(".!").lower() not in NOTHING


def filled(book: Book, id: str, subject: str = CASE, folder: Path | None = None) -> pd.DataFrame:
    """A sheet as it stands: a row a line, the team's own lines last.

    Columns: item, label, help, own, the fields of the form (texts, "" for not said), note, and
    filled: is every needed field answered?
    """
    shape = form(id, folder)
    rows = book["answers"]
    rows = rows[(rows["sheet"] == id) & (rows["subject"] == subject)]
    rows = rows.drop_duplicates(["item", "field"])
    cells = list(zip(rows["item"], rows["field"], strict=True))
    values = dict(zip(cells, rows["value"].str.strip(), strict=True))
    notes = dict(zip(cells, rows["note"], strict=True))
    lines = list(shape.lines[["id", "label", "help"]].itertuples(index=False, name=None))
    stock = {i for i, _, _ in lines}
    own = [i for i in dict.fromkeys(rows["item"]) if i not in stock and values.get((i, OWN))]
    table = [
        (
            *(item, label, help, item not in stock),
            *(_plain(id, name, values.get((item, name), "")) for name in shape.names),
            notes.get((item, shape.first), ""),
        )
        for item, label, help in lines + [(i, values[i, OWN], "") for i in own]
    ]
    columns = ["item", "label", "help", "own", *shape.names, "note"]
    result = pd.DataFrame(table, columns=columns)
    return result.assign(filled=(result[shape.needed] != "").all(axis=1) if shape.needed else True)


def subjects(book: Book, shape: Form) -> list[tuple[str, str]]:
    """Whom a sheet is about, (id, name): the whole case, each segment worked on, or customers."""
    if shape.per == "case":
        return [(CASE, "")]
    rows = book[f"{shape.per}s"]
    if shape.per == "segment":
        rows = rows[rows["active"] != "no"]
    elif book.settings.segment:
        rows = rows[rows["segment"] == book.settings.segment]
    return [(i, n or i) for i, n in zip(rows[shape.per], rows["name"], strict=True)]


@model
def progress(book: Book, folder: Path | None = None) -> pd.DataFrame:
    """How far each sheet is: a row a sheet.

    Columns: sheet, title, step, per, subjects (how many it is about; of customers only those
    somebody has begun), lines (to fill in, over all subjects), filled, unknown (answers that say
    so), state (open, begun, done).
    """
    rows = book["answers"]
    rows = rows[rows["value"].str.strip() != ""]
    by_sheet = dict(list(rows.groupby("sheet", sort=False)))
    shapes, none = _forms(folder).values(), rows.iloc[:0]
    result = [_progress_of(shape, by_sheet.get(shape.id, none), book) for shape in shapes]
    columns = ["sheet", "title", "step", "per", "subjects", "lines", "filled", "unknown", "state"]
    return pd.DataFrame(result, columns=columns)


def _progress_of(shape: Form, rows: pd.DataFrame, book: Book) -> tuple[Any, ...]:
    whom = {i for i, _ in subjects(book, shape)}
    mine = rows[rows["subject"].isin(whom)]
    if shape.per == "customer":
        whom &= set(mine["subject"])
    stock = set(shape.lines["id"])
    lines, full, unknown, state = len(whom) * len(stock), 0, 0, "open"
    if len(rows):
        own = mine.loc[mine["field"].eq(OWN) & ~mine["item"].isin(stock), ["subject", "item"]]
        lines += len(own.drop_duplicates())
        needed = mine[mine["field"].isin(shape.needed)]
        count = needed.groupby(["subject", "item"])["field"].nunique()
        full = min(int((count == len(shape.needed)).sum()), lines) if shape.needed else lines
        unknown = int(mine["value"].str.strip().str.lower().eq(UNKNOWN).sum())
        state = "open" if mine.empty else "done" if 0 < lines <= full else "begun"
    head = (shape.id, shape.title, shape.home, shape.per)
    return *head, len(whom), lines, full, unknown, state


def table(book: Book) -> pd.DataFrame:
    """Everything filled in, in words: sheet, subject, line, field, value, note, person, on."""
    names: dict[str, str] = {}
    for table, key in (("customers", "customer"), ("segments", "segment")):
        names |= dict(zip(book[table][key], book[table]["name"], strict=True))
    names[CASE] = ""
    rows, forms = book["answers"], _forms(None).items()
    own = rows[rows["field"] == OWN].drop_duplicates(["sheet", "subject", "item"])
    named = own.set_index(["sheet", "subject", "item"])["value"].to_dict()
    titles = {s: shape.title for s, shape in forms}
    heads = {(s, f["id"]): f["label"] for s, shape in forms for f in shape.fields}
    lines = (shape.lines.assign(sheet=s)[["sheet", "id", "label"]] for s, shape in forms)
    labels = {(s, i): label for part in lines for s, i, label in part.itertuples(index=False)}
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
    spelt = {choice.lower(): choice for choice in column.choices}
    if {"yes", "good"} & set(spelt):
        spelt = {key: spelt[word] for key, word in SHORT.items() if word in spelt} | spelt
    if (low := text.strip().lower()) and low not in spelt:
        raise ValueError(text)
    return spelt[low] if low else ""


def wrong(sheet: str, field: str, text: str) -> Column | None:
    """The column whose rule a value breaks; None where it is in order or the sheet unknown."""
    known = _forms(None).get(sheet)
    if known is None or field not in known.columns or not text.strip():
        return None
    try:
        _accepted(known.column(field), text)
    except ValueError:
        return known.column(field)
    return None
