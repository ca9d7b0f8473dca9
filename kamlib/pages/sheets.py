"""Sheets: the exercises of the catalogue to fill in, one at a time, and on paper what was filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup

from kamlib.catalogue import sheets
from kamlib.catalogue.sheets import CASE, CHOICES, OWN, Form
from kamlib.errors import InvalidInput
from kamlib.pages.exhibit import Choice, Desk, Exhibit, Grid, Row, View, row, stack
from kamlib.pages.grids import among, names_of, slug
from kamlib.pages.html import fill, parts, table
from kamlib.workbook.book import Book

SHORT, WHOLE = 60, 1_000_000  # letters of an answer on the page of one customer, and elsewhere
Current = Callable[[View], Form]


def exercises(step: int, first: str = "") -> Row:
    """The sheets of a step: on the screen one at a time, on paper all that were begun, of every subject."""
    forms = {form.id: form for form in sheets.forms(step)}
    chosen = Choice(
        f"sheet-{step}",
        "Exercises",
        {id: form.title for id, form in forms.items()},
        first or next(iter(forms)),
        small=lambda view: _how_far(view.book),
    )

    def current(view: View) -> Form:
        return forms[view[chosen]]

    menu = Exhibit(
        f"exercises-{step}",
        "Exercises",
        lambda view: _about(current(view)),
        controls=(chosen,),
        on_paper=False,
    )
    filled = Exhibit(
        f"sheets-{step}",
        words=lambda view: _begun(view.book, _subjects(view, forms.values()), WHOLE),
        on_screen=False,
    )
    return row(menu, _sheet(f"sheet-{step}", current), filled, shape="steer")


def sheet(id: str, words: Callable[[View], str] | None = None) -> Row:
    """One sheet to fill in beside what follows from it, `words`; its answers are printed with its step."""
    form = sheets.form(id)
    about = Exhibit(f"about-{id}", words=lambda view: _about(form), on_paper=False)
    says = (Exhibit(f"{id}-says", words=words),) if words else ()
    return row(_sheet(id, lambda view: form), stack(*says, about), shape="two")


customer_sheets = Exhibit(
    "customer-sheets", words=lambda view: of_customer(view.book, view.customer), on_screen=False
)


def of_customer(book: Book, customer: str) -> Markup:
    """What was filled in about one customer, long answers cut short."""
    own = [(form, customer, "") for form in sheets.forms() if form.per == "customer"]
    return _begun(book, own, SHORT)


# The sheet on the screen


def _sheet(id: str, current: Current) -> Exhibit:
    """A form as a grid: a line each, and below it lines of the team's own where the form takes some."""
    grid = Grid(
        title=lambda view: current(view).title,
        rows=lambda view: _rows(view, current(view)),
        columns=lambda view: _columns(view, current(view)),
        cell=lambda view, item, name, text: _cell(view, current(view), item, name, text),
        actions={
            "add": lambda desk, message: _add(desk, current(desk.view), message["value"]),
            "remove": lambda desk, message: _remove(desk, current(desk.view), message["row"]),
        },
        add=lambda view: "A line of our own:" if current(view).own_lines else "",
        look={"removable": True, "broad": True},
        printed=False,
    )
    return Exhibit(
        id,
        lambda view: current(view).title,
        lambda view: _head(view, current(view)),
        grid=grid,
        reads={"whom": lambda desk, message: desk.look_at(str(message["value"]))},
        on_paper=False,
    )


def _subject(view: View, form: Form) -> str:
    """Whom the sheet is about, "" while that has to be chosen first."""
    about = {"case": CASE, "segment": view.book.settings.segment, "customer": view.customer}
    return about[form.per]


def _key(view: View, form: Form, item: str) -> dict[str, str]:
    return {"sheet": form.id, "subject": _subject(view, form), "item": item}


def _rows(view: View, form: Form) -> list[dict[str, Any]]:
    subject = _subject(view, form)
    lines = sheets.filled(view.book, form.id, subject).to_dict("records") if subject else []
    return [
        {
            "id": line["item"],
            "label": line["label"],
            "sub": line["help"],
            "cells": [line[name] for name in (*form.names, "note")],
            "keep": not line["own"],
        }
        for line in lines
    ]


def _columns(view: View, form: Form) -> list[dict[str, Any]]:
    note = {"id": "note", "label": form.note, "kind": "text", "help": "In the team's own words."}
    return [*(_column(view, field) for field in form.fields), note]


def _column(view: View, field: dict[str, Any]) -> dict[str, Any]:
    if field["kind"] == "person":
        return among(view, "people", field["id"], field["label"])
    choices = CHOICES.get(field["kind"]) or field.get("choices")
    kind = {"kind": "choice", "choices": list(choices)} if choices else {"kind": field["kind"]}
    return {"id": field["id"], "label": field["label"], "help": field.get("help", "")} | kind


def _cell(view: View, form: Form, item: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    said = {"field": form.first, "note": text} if name == "note" else {"field": name, "value": text}
    return "answers", _key(view, form, item) | said


def _add(desk: Desk, form: Form, name: str) -> None:
    subject = _subject(desk.view, form)
    if not subject:
        raise InvalidInput(f"Choose a {form.per} first.")
    item = slug(name, sheets.filled(desk.view.book, form.id, subject)["item"])
    desk.put("answers", **_key(desk.view, form, item), field=OWN, value=name)


def _remove(desk: Desk, form: Form, item: str) -> None:
    rows, own = desk.view.book["answers"], _key(desk.view, form, item)
    for name, value in own.items():
        rows = rows[rows[name] == value]
    desk.remove_all(("answers", own | {"field": field}) for field in rows["field"])


def _head(view: View, form: Form) -> Markup:
    subject = _subject(view, form)
    lines = sheets.filled(view.book, form.id, subject)["filled"] if subject else []
    return fill(
        "sheets",
        "head",
        form=form,
        subject=subject,
        subjects=sheets.subjects(view.book, form),
        lines=len(lines),
        filled=int(sum(lines)),
    )


def _about(form: Form) -> Markup:
    return fill("sheets", "about", form=form, lists=sheets.guidance(form.id))


def _how_far(book: Book) -> dict[str, str]:
    """How much of each sheet is filled in, in a few words."""
    rows = sheets.progress(book)
    return {row["sheet"]: _far(row) for row in rows.to_dict("records")}


def _far(row: dict[str, Any]) -> str:
    if row["state"] == "open":
        return "open"
    words = f"{row['filled']} of {row['lines']}"
    words += f", {row['unknown']} unknown" if row["unknown"] else ""
    return words + (f" in {row['subjects']} {row['per']}s" if row["subjects"] > 1 else "")


# What was filled in, on paper


def _subjects(view: View, forms: Iterable[Form]) -> list[tuple[Form, str, str]]:
    """Whom the forms are about, (form, id, name); of segments the one that was asked for."""
    only = view.book.settings.segment if view.narrowed else ""
    return [
        (form, id, name)
        for form in forms
        for id, name in sheets.subjects(view.book, form)
        if form.per != "segment" or only in ("", id)
    ]


def _begun(book: Book, wanted: Iterable[tuple[Form, str, str]], cut: int) -> Markup:
    """The lines that say anything of each form and subject (id, name) that has any."""
    answers = {key: rows for key, rows in book["answers"].groupby(["sheet", "subject"])}
    people = names_of(book["people"])
    return parts(
        *(
            _printed(form, name, Book({"answers": answers[form.id, id]}), id, people, cut)
            for form, id, name in wanted
            if (form.id, id) in answers
        )
    )


def _printed(form: Form, name: str, book: Book, subject: str, people: dict[str, str], cut: int) -> str:
    rows = sheets.filled(book, form.id, subject)
    named = {field["id"] for field in form.fields if field["kind"] == "person"}
    shown = rows[(rows[[*form.names, "note"]] != "").any(axis=1)]
    lines = [
        {c: _short(people.get(t, t) if c in named else t, cut) for c, t in line.items()}
        for line in shown[["label", *form.names, "note"]].to_dict("records")
    ]
    if not lines:
        return ""
    heads = {field["id"]: f"{field['label']}|l" for field in form.fields}
    return parts(
        fill("exhibit", "head", title=f"{form.title}: {name}" if name else form.title, choices=[]),
        fill("sheets", "progress", filled=int(shown["filled"].sum()), lines=len(shown)),
        table(lines, {"label": ""} | heads | {"note": f"{form.note}|l"}, most=len(lines), css="words"),
    )


def _short(text: str, cut: int) -> str:
    return text if len(text) <= cut else text[: cut - 1] + "…"
