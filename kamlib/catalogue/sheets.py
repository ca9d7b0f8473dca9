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
    lines: pd.DataFrame = field(
        compare=False, repr=False
    )  # id, label, help and what else they carry

    @property
    def home(self) -> int:
        """The first of the ten steps it belongs to, 0 for none."""
        return _home(self.steps)

    @property
    def first(self) -> str:
        """The field whose row carries the note."""
        return str(self.fields[0]["id"])

    @property
    def needed(self) -> list[str]:
        """The fields a line needs to be filled in."""
        return [str(f["id"]) for f in self.fields if not f.get("optional")]

    @property
    def columns(self) -> list[str]:
        """The fields that may be filled in, and the name of a line of one's own."""
        return [*(str(f["id"]) for f in self.fields), OWN]

    def column(self, id: str) -> Column:
        """A field as a column of a table: what may be entered."""
        if id == OWN:
            return Column(OWN, "text", "The name of the line.")
        said = next((f for f in self.fields if f["id"] == id), None)
        if said is None:
            raise KeyError(id)
        kind = said["kind"]
        choices = CHOICES.get(kind) or tuple(said.get("choices", ()))
        limits = {k: said[k] for k in ("low", "high", "step") if k in said}
        kind = "choice" if choices else {"person": "id"}.get(kind, kind)
        return Column(
            said["label"],
            kind,
            said.get("help", ""),
            choices=choices,
            refers="people" if said["kind"] == "person" else "",
            **limits,
        )


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
    made = {}
    entries = [e for e in catalogue.entries(folder=folder) if e.get("form")]
    for entry in sorted(entries, key=lambda e: (_home(e["steps"]), e["form"].get("order", 100))):
        said = entry["form"]
        lists = [
            catalogue.items(entry["id"], name, folder).assign(list=name)
            for name in said.get("lines", ["items"])
        ]
        made[entry["id"]] = Form(
            entry["id"],
            entry["title"],
            entry["help"],
            tuple(entry["steps"]),
            said.get("per", "case"),
            said.get("note", "Why"),
            bool(said.get("own_lines")),
            tuple(said["fields"]),
            pd.concat(lists, ignore_index=True),
        )
    return made


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
    return {
        item: _plain(sheet, field, value)
        for item, value in zip(own["item"], own["value"], strict=True)
    }


def _plain(sheet: str, field: str, value: str) -> str:
    """An answer in the spelling of its form: "Y" is yes."""
    known = _forms(None).get(sheet)
    try:
        column = known.column(field) if known else None
        return str(_accepted(column, value)) if column and column.choices else value.strip()
    except (KeyError, ValueError):
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
    rows = rows[(rows["sheet"] == id) & (rows["subject"] == subject)].drop_duplicates(
        ["item", "field"]
    )
    cells = {
        (i, f): (v.strip(), n)
        for i, f, v, n in rows[["item", "field", "value", "note"]].itertuples(index=False)
    }
    lines = shape.lines[["id", "label", "help"]].to_dict("records")
    stock = {line["id"] for line in lines}
    own = [
        i for i in dict.fromkeys(rows["item"]) if i not in stock and cells.get((i, OWN), ("",))[0]
    ]
    lines += [{"id": i, "label": cells[i, OWN][0], "help": ""} for i in own]
    names = [f["id"] for f in shape.fields]
    table = [
        {
            "item": line["id"],
            "label": line["label"],
            "help": line["help"],
            "own": line["id"] not in stock,
            **{f: _plain(id, f, cells.get((line["id"], f), ("", ""))[0]) for f in names},
            "note": cells.get((line["id"], shape.first), ("", ""))[1],
        }
        for line in lines
    ]
    result = pd.DataFrame(table, columns=["item", "label", "help", "own", *names, "note"])
    return result.assign(filled=(result[shape.needed] != "").all(axis=1) if shape.needed else True)


def subjects(book: Book, shape: Form) -> list[tuple[str, str]]:
    """Whom a sheet is about, (id, name): the whole case, each segment worked on, or customers."""
    if shape.per == "case":
        return [(CASE, "")]
    if shape.per == "segment":
        rows = book["segments"][book["segments"]["active"] != "no"]
    else:
        rows = book["customers"]
        rows = rows[rows["segment"] == book.settings.segment] if book.settings.segment else rows
    key = "segment" if shape.per == "segment" else "customer"
    return [(i, n or i) for i, n in zip(rows[key], rows["name"], strict=True)]


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
    result = [
        _progress_of(shape, by_sheet.get(shape.id, rows.iloc[:0]), book)
        for shape in _forms(folder).values()
    ]
    columns = ["sheet", "title", "step", "per", "subjects", "lines", "filled", "unknown", "state"]
    return pd.DataFrame(result, columns=columns)


def _progress_of(shape: Form, rows: pd.DataFrame, book: Book) -> tuple[Any, ...]:
    whom = {i for i, _ in subjects(book, shape)}
    if rows.empty:
        about = 0 if shape.per == "customer" else len(whom)
        return (
            shape.id,
            shape.title,
            shape.home,
            shape.per,
            about,
            about * len(shape.lines),
            0,
            0,
            "open",
        )
    mine = rows[rows["subject"].isin(whom)]
    if shape.per == "customer":
        whom &= set(mine["subject"])
    stock = set(shape.lines["id"])
    own = mine.loc[mine["field"].eq(OWN) & ~mine["item"].isin(stock), ["subject", "item"]]
    lines = len(whom) * len(stock) + len(own.drop_duplicates())
    needed = mine[mine["field"].isin(shape.needed)].drop_duplicates(["subject", "item", "field"])
    complete = needed.groupby(["subject", "item"])["field"].nunique().eq(len(shape.needed))
    unknown = int(mine["value"].str.strip().str.lower().eq(UNKNOWN).sum())
    full = int(complete.sum()) if len(shape.needed) else lines
    state = "open" if mine.empty else "done" if lines and full >= lines else "begun"
    return (
        shape.id,
        shape.title,
        shape.home,
        shape.per,
        len(whom),
        lines,
        min(full, lines),
        unknown,
        state,
    )


def table(book: Book) -> pd.DataFrame:
    """Everything filled in, in words: sheet, subject, line, field, value, note, person, on."""
    known = _forms(None)
    names = {
        **dict(zip(book["customers"]["customer"], book["customers"]["name"], strict=True)),
        **dict(zip(book["segments"]["segment"], book["segments"]["name"], strict=True)),
    }
    rows = book["answers"]
    own = rows[rows["field"] == OWN].drop_duplicates(["sheet", "subject", "item"])
    named = own.set_index(["sheet", "subject", "item"])["value"].to_dict()
    labels = {
        (s, i): n
        for s, f in known.items()
        for i, n in zip(f.lines["id"], f.lines["label"], strict=True)
    }
    heads = {(s, f["id"]): f["label"] for s, shape in known.items() for f in shape.fields}
    listed = rows[rows["field"] != OWN]
    result = [
        (
            known[s].title if s in known else s,
            names.get(who, who) if who != CASE else "",
            named.get((s, who, i)) or labels.get((s, i), i),
            heads.get((s, f), f),
            v,
            n,
            p,
            on,
        )
        for s, who, i, f, v, n, p, on in listed[
            ["sheet", "subject", "item", "field", "value", "note", "person", "on"]
        ].itertuples(index=False)
    ]
    return pd.DataFrame(
        result, columns=["sheet", "subject", "line", "field", "value", "note", "person", "on"]
    )


# what may be said


def _accepted(column: Column, text: str) -> float | str:
    """The value in the spelling of the form; raises ValueError where it is not allowed."""
    if column.choices:
        spelt = {choice.lower(): choice for choice in column.choices}
        short = (
            {"y": "yes", "n": "no", "?": UNKNOWN, "ok": "OK"}
            if "yes" in spelt or "good" in spelt
            else {}
        )
        low = text.strip().lower()
        if low and low not in spelt and short.get(low, "").lower() not in spelt:
            raise ValueError(text)
        return spelt.get(low) or spelt.get(short.get(low, "").lower(), "")
    return parse(column, text)


def wrong(sheet: str, field: str, text: str) -> Column | None:
    """The column whose rule a value breaks; None where it is in order or the sheet unknown."""
    known = _forms(None).get(sheet)
    if known is None or not text.strip():
        return None
    try:
        column = known.column(field)
        _accepted(column, text)
    except KeyError:
        return None
    except ValueError:
        return column
    return None
