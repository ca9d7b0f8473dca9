"""Sheets: the exercises of the catalogue to fill in, one at a time, and on paper what was filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.catalogue.sheets import CASE, CHOICES, OWN, STORY, Form
from kamlib.errors import InvalidInput
from kamlib.pages.exhibit import Choice, Desk, Draft, Exhibit, Grid, Row, View, row, stack
from kamlib.pages.grids import names_of, slug, someone
from kamlib.pages.html import fill, line, parts, table
from kamlib.workbook.book import Book

SHORT, WHOLE = 60, 1_000_000  # letters of an answer on the page of one customer, and elsewhere
Current = Callable[[View], Form]


def exercises(part: int | str, also: Iterable[str] = (), first: str = "", *, own: bool = False) -> Row:
    """The sheets of a part: on the screen one at a time, on paper all that were begun, of every subject.

    `also`: sheets of other parts, which are printed there. `first`: the one that is open at first. `own`: on
    paper all of them, and only what is said of the customer in focus.
    """

    def forms() -> dict[str, Form]:
        return {form.id: form for form in [*sheets.forms(part), *map(sheets.form, also)]}

    chosen = Choice(
        f"sheet-{part}",
        "Exercises",
        lambda view: {id: form.title for id, form in forms().items()},
        lambda view: first or next(iter(forms())),
        small=lambda view: _own_far(view, forms()) if own else _how_far(view.book),
    )

    def current(view: View) -> Form:
        return forms()[view[chosen]]

    def printed(view: View) -> list[tuple[Form, str, str]]:
        if own:
            return [(form, view.customer, "") for form in forms().values() if "customer" in form.per]
        return _subjects(view, sheets.forms(part))

    menu = Exhibit(
        f"exercises-{part}",
        "Exercises",
        lambda view: _about(current(view)),
        controls=(chosen,),
        on_paper=False,
    )
    filled = Exhibit(
        f"sheets-{part}",
        words=lambda view: _begun(view.book, printed(view), WHOLE),
        on_screen=False,
    )
    return row(menu, _sheet(f"sheet-{part}", current, own), filled, shape="steer")


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
    """What was filled in about one customer beside its account plan, long answers cut short."""
    plan = {id for id, part in catalogue.parts().items() if part["page"] == "06_account_plan"}
    forms = [form for form in sheets.forms() if form.home not in plan]
    own = [(form, customer, "") for form in forms if "customer" in form.per]
    return _begun(book, own, SHORT)


# The sheet on the screen


def _sheet(id: str, current: Current, own: bool = False) -> Exhibit:
    """A form as a grid: a line each, and below it lines of the team's own where the form takes some.

    `own`: whatever can be said of a customer is said of the one in focus.
    """
    whom = Draft(f"whom-{id}", "")

    def fixed(view: View) -> bool:
        return own and "customer" in current(view).per and bool(view.customer)

    def about(view: View) -> tuple[Form, str]:
        form = current(view)
        return form, view.customer if fixed(view) else _subject(view, form, view[whom])

    def look(desk: Desk, message: dict[str, Any]) -> None:
        value = str(message["value"])
        if "customer" in current(desk.view).per and value not in (CASE, STORY):
            desk.look_at(value)
        desk.draft(whom, value)

    grid = Grid(
        title=lambda view: current(view).title,
        rows=lambda view: _rows(view, *about(view)),
        columns=lambda view: _columns(view, *about(view)),
        cell=lambda view, item, name, text: _cell(*about(view), item, name, text),
        actions={
            "add": lambda desk, message: _add(desk, *about(desk.view), message["value"]),
            "remove": lambda desk, message: _remove(desk, *about(desk.view), message["row"]),
        },
        add=lambda view: "A line of our own:" if current(view).own_lines else "",
        look={"removable": True, "broad": True},
        printed=False,
    )
    return Exhibit(
        id,
        lambda view: current(view).title,
        lambda view: _head(view, *about(view), fixed(view)),
        grid=grid,
        reads={"whom": look},
        on_paper=False,
    )


def _subject(view: View, form: Form, chosen: str) -> str:
    """Whom the sheet is about, "" while that has to be chosen first."""
    if form.per in (("case",), ("segment",)):
        return CASE if form.per == ("case",) else view.book.settings.segment
    if form.per == ("customer",):
        return view.customer
    there = [id for id, _ in sheets.subjects(view.book, form)]
    return chosen if chosen in there else next((id for id in there if id in (CASE, STORY)), "")


def _key(form: Form, subject: str, item: str) -> dict[str, str]:
    return {"sheet": form.id, "subject": subject, "item": item}


def _fields(view: View, form: Form, subject: str) -> list[dict[str, Any]]:
    """The fields that are asked now: some come only after what the sheet reveals."""
    late = bool(subject) and sheets.is_open(view.book, form, subject)
    return [field for field in form.fields if late or not field.get("after")]


def _rows(view: View, form: Form, subject: str) -> list[dict[str, Any]]:
    names = [field["id"] for field in _fields(view, form, subject)]
    lines = sheets.filled(view.book, form.id, subject).to_dict("records") if subject else []
    return [
        {
            "id": line["item"],
            "label": line["label"],
            "sub": " ".join(filter(None, (line["help"], line["asks"]))),
            "group": line["group"],
            "cells": [line[name] for name in (*names, "note")],
            "keep": not line["own"],
        }
        for line in lines
    ]


def _columns(view: View, form: Form, subject: str) -> list[dict[str, Any]]:
    note = {"id": "note", "label": form.note, "kind": "text", "help": "In the team's own words."}
    return [*(_column(view, field) for field in _fields(view, form, subject)), note]


def _column(view: View, field: dict[str, Any]) -> dict[str, Any]:
    if field["kind"] == "person":
        return someone(view, field["id"], field["label"])
    choices = CHOICES.get(field["kind"]) or field.get("choices")
    kind = {"kind": "choice", "choices": list(choices)} if choices else {"kind": field["kind"]}
    return {"id": field["id"], "label": field["label"], "help": field.get("help", "")} | kind


def _cell(form: Form, subject: str, item: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    said = {"field": form.first, "note": text} if name == "note" else {"field": name, "value": text}
    return "answers", _key(form, subject, item) | said


def _add(desk: Desk, form: Form, subject: str, name: str) -> None:
    if not subject:
        raise InvalidInput(f"Choose a {form.per[0]} first.")
    item = slug(name, sheets.filled(desk.view.book, form.id, subject)["item"])
    desk.put("answers", **_key(form, subject, item), field=OWN, value=name)


def _remove(desk: Desk, form: Form, subject: str, item: str) -> None:
    rows, own = desk.view.book["answers"], _key(form, subject, item)
    for name, value in own.items():
        rows = rows[rows[name] == value]
    desk.remove_all(("answers", own | {"field": field}) for field in rows["field"])


def _head(view: View, form: Form, subject: str, fixed: bool) -> Markup:
    lines = sheets.filled(view.book, form.id, subject)["filled"] if subject else []
    return fill(
        "sheets",
        "head",
        form=form,
        subject=subject,
        fixed=fixed,
        subjects=sheets.subjects(view.book, form),
        lines=len(lines),
        filled=int(sum(lines)),
        verdict=sheets.verdict(view.book, form.id, subject) if subject else [],
        closed=bool(form.reveal),
        lists=sheets.revealed(view.book, catalogue.entry(form.id), subject)
        if subject and form.reveal
        else [],
    )


def _about(form: Form) -> Markup:
    return fill("sheets", "about", form=form, lists=sheets.guidance(catalogue.entry(form.id)))


def _how_far(book: Book) -> dict[str, str]:
    """How much of each sheet is filled in, in a few words."""
    rows = sheets.progress(book)
    return {row["sheet"]: _far(row) for row in rows.to_dict("records")}


def _own_far(view: View, forms: dict[str, Form]) -> dict[str, str]:
    """How much is filled in about the customer in focus; of what is said of nobody, of all."""
    said, own = _how_far(view.book), view.book["answers"]
    own = own[(own["subject"] == view.customer) & (own["value"].str.strip() != "")]
    for id in (id for id, form in forms.items() if "customer" in form.per):
        lines = sheets.filled(view.book, id, view.customer)["filled"]
        said[id] = f"{sum(lines)} of {len(lines)}" if id in set(own["sheet"]) else "open"
    return said


def _far(row: dict[str, Any]) -> str:
    if row["state"] == "open":
        return "open"
    words = f"{row['filled']} of {row['lines']}"
    words += f", {row['unknown']} unknown" if row["unknown"] else ""
    of = {"segment": "segments", "customer": "customers", "person": "people"}.get(row["per"], "sheets")
    return words + (f" in {row['subjects']} {of}" if row["subjects"] > 1 else "")


# What was filled in, on paper


def _subjects(view: View, forms: Iterable[Form]) -> list[tuple[Form, str, str]]:
    """Whom the forms are about, (form, id, name); of segments the one that was asked for."""
    only = view.book.settings.segment if view.narrowed else ""
    return [
        (form, id, "" if id == CASE else name)
        for form in forms
        for id, name in sheets.subjects(view.book, form)
        if form.per != ("segment",) or only in ("", id)
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
    asked = [field for field in form.fields if not rows[field["id"]].eq("").all() or not field.get("after")]
    shown = rows[(rows[[*form.names, "note"]] != "").any(axis=1)]
    cells = [
        {c: _short(people.get(t, t) if c in named else t, cut) for c, t in one.items()}
        for one in shown[["label", *form.names, "note"]].to_dict("records")
    ]
    if not cells:
        return ""
    heads = {field["id"]: f"{field['label']}|l" for field in asked}
    return parts(
        fill("exhibit", "head", title=f"{form.title}: {name}" if name else form.title, choices=[]),
        fill("sheets", "progress", filled=int(shown["filled"].sum()), lines=len(shown)),
        *(line(said, "verdict") for said in sheets.verdict(book, form.id, subject)),
        table(cells, {"label": ""} | heads | {"note": f"{form.note}|l"}, most=len(cells), css="words"),
    )


def _short(text: str, cut: int) -> str:
    return text if len(text) <= cut else text[: cut - 1] + "…"
