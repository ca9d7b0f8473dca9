"""The view of the Sheet: any exercise of the catalogue, filled in on the one grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from kamlib import panels
from kamlib.catalogue import sheets as model
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.views.parts import grid, hear, names_of, panel, slug, stack, zones
from kamlib.views.widgets import Grid, Panel


def sheet(desk: Desk, id: str, said: Callable[[], str] | None = None) -> W.Box:
    """One exercise to fill in; `said` is what follows from it, as HTML.

    It is about the whole case, the segment in the title line, or the customer in focus, as its form
    says. Raises KamError for an id that is no exercise.
    """
    shape = model.form(id)
    made, whom = _grid(desk, lambda: shape), _whom(desk, lambda: shape)
    told = [panel(desk, said)] if said else []
    return zones(stack(whom, made), stack(*told, _about(desk, lambda: shape)), shape="two")


def exercises(desk: Desk, step: int) -> W.Box:
    """All exercises of a step, one at a time: the list with how far each is, the sheet, what it is for."""
    listed = model.forms(step)
    chosen = {"id": listed[0].id}

    def current() -> model.Form:
        return model.form(chosen["id"])

    def menu() -> str:
        far = model.progress(desk.book)
        rows = far[far["sheet"].isin([f.id for f in listed])].set_index("sheet").loc[[f.id for f in listed]]
        return panels.fill("exercises", rows=rows.reset_index().to_dict("records"), chosen=chosen["id"])

    made, whom, about = _grid(desk, current), _whom(desk, current), _about(desk, current)
    choice = panel(desk, menu)

    def choose(content: dict[str, Any]) -> None:
        if content["sheet"] not in [f.id for f in listed]:
            raise InvalidInput("There is no such exercise in this step.")
        chosen["id"] = content["sheet"]
        _renew(made, current())
        desk.look_at(desk.customer)

    hear(choice, desk, {"sheet": choose})
    return zones(choice, stack(whom, made), about, shape="three")


def _subject(desk: Desk, shape: model.Form) -> str:
    """Whom the sheet is about just now, "" while that has to be chosen first."""
    return {"case": model.CASE, "segment": desk.settings.segment, "customer": desk.customer}[shape.per]


def _grid(desk: Desk, current: Callable[[], model.Form]) -> Grid:
    def rows() -> list[dict[str, Any]]:
        shape = current()
        if not _subject(desk, shape):
            return []
        table = model.filled(desk.book, shape.id, _subject(desk, shape)).to_dict("records")
        names = [*(f["id"] for f in shape.fields), "note"]
        return [
            {"id": r["item"], "label": r["label"], "sub": r["help"], "cells": [r[n] for n in names],
             "keep": not r["own"]}
            for r in table
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [_column(desk, f) for f in current().fields] + [
            {"id": "note", "label": current().note, "kind": "text", "help": "In the team's own words."}
        ]

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        shape = current()
        key = {"sheet": shape.id, "subject": _subject(desk, shape), "item": row}
        if name == "note":
            return "answers", key | {"field": shape.first, "note": text}
        return "answers", key | {"field": name, "value": text}

    def add(content: dict[str, Any]) -> None:
        shape = current()
        if not _subject(desk, shape):
            raise InvalidInput(f"Choose a {shape.per} first.")
        table = model.filled(desk.book, shape.id, _subject(desk, shape))
        key = {
            "sheet": shape.id,
            "subject": _subject(desk, shape),
            "item": slug(content["value"], table["item"]),
        }
        desk.put("answers", **key, field=model.OWN, value=content["value"])

    def remove(content: dict[str, Any]) -> None:
        shape = current()
        rows = desk.book["answers"]
        own = rows[
            (rows["sheet"] == shape.id)
            & (rows["subject"] == _subject(desk, shape))
            & (rows["item"] == content["row"])
        ]
        keys = own[["sheet", "subject", "item", "field"]].to_dict("records")
        desk.remove_all(("answers", key) for key in keys)

    shape = current()
    return grid(
        desk, rows, columns, target, handlers={"add": add, "remove": remove}, title=shape.title,
        corner=" ", add=_add_words(shape), removable=shape.own_lines, broad=True,
    )  # fmt: skip


def _renew(made: Grid, shape: model.Form) -> None:
    with made.hold_sync():
        made.title, made.add, made.removable = shape.title, _add_words(shape), shape.own_lines


def _add_words(shape: model.Form) -> str:
    return "A line of our own:" if shape.own_lines else ""


def _column(desk: Desk, field: dict[str, Any]) -> dict[str, Any]:
    made = {"id": field["id"], "label": field["label"], "help": field.get("help", "")}
    if field["kind"] == "person":
        words = names_of(desk.book["people"])
        return made | {"kind": "choice", "choices": list(words), "words": words}
    choices = model.CHOICES.get(field["kind"]) or field.get("choices")
    return made | ({"kind": "choice", "choices": list(choices)} if choices else {"kind": field["kind"]})


def _whom(desk: Desk, current: Callable[[], model.Form]) -> Panel:
    """Title, whom it is about, and how far it is."""

    def html() -> str:
        shape = current()
        subject = _subject(desk, shape)
        table = model.filled(desk.book, shape.id, subject) if subject else None
        listed = model.subjects(desk.book, shape)
        return panels.fill("sheet_head", shape=shape, subject=subject, subjects=listed, lines=0 if table is None else len(table),
                           filled=0 if table is None else int(table["filled"].sum()))  # fmt: skip

    made = panel(desk, html)
    hear(made, desk, {"choose": lambda m: desk.look_at(str(m["value"]))})
    return made


def _about(desk: Desk, current: Callable[[], model.Form]) -> Panel:
    return panel(
        desk, lambda: panels.fill("sheet_about", shape=current(), lists=model.guidance(current().id))
    )
