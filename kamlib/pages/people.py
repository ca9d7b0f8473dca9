"""People and what they can carry: who takes part, what an account of each category takes, does the label mean anything?"""

from __future__ import annotations

from typing import Any

from kamlib import catalogue
from kamlib.catalogue import sheets as forms
from kamlib.pages.exhibit import Desk, Exhibit, Grid, Text, View, of
from kamlib.pages.grids import column, slug
from kamlib.pages.html import box_word, fill
from kamlib.pages.sheets import sheet
from kamlib.workbook.schema import BOXES, as_text

LABEL = "label_reality_test"
EFFORT: dict[str, Text] = {
    "days": "Days a year for one account",
    "money": lambda view: f"Money a year for one, {view.book.settings.currency}",
    "planned": "Accounts planned",
}


def effort(*shown: str) -> Exhibit:
    """What one account of each category takes, a row a category; `shown` names columns of EFFORT."""

    def rows(view: View) -> list[dict[str, Any]]:
        table = view.book["effort"].drop_duplicates("category").set_index("category")
        return [
            {
                "id": box,
                "label": box_word(box),
                "cells": [as_text(table.at[box, c]) if box in table.index else "" for c in shown],
            }
            for box in BOXES
        ]

    return Exhibit(
        "effort",
        on_paper=False,
        grid=Grid(
            "Effort",
            rows,
            lambda view: [column("effort", c, of(EFFORT[c], view)) for c in shown],
            lambda view, row, name, text: ("effort", {"category": row, name: text}),
            corner="Category",
        ),
    )


def people(*shown: str, title: str = "People") -> Exhibit:
    """Everybody who takes part, a row a person."""

    def rows(view: View) -> list[dict[str, Any]]:
        return [
            {
                "id": person["person"],
                "label": person["name"] or person["person"],
                "head": str(number),
                "cells": [as_text(person[c]) for c in ("name", *shown)],
            }
            for number, person in enumerate(view.book["people"].to_dict("records"), start=1)
        ]

    return Exhibit(
        "people",
        on_paper=False,
        grid=Grid(
            title,
            rows,
            lambda view: [column("people", c) for c in ("name", *shown)],
            lambda view, row, name, text: ("people", {"person": row, name: text}),
            actions={
                "add": _add,
                "remove": lambda desk, content: desk.remove("people", person=str(content["row"])),
            },
            add="Another person:",
            look={"removable": True},
        ),
    )


def _add(desk: Desk, content: dict[str, Any]) -> None:
    name = content["value"]
    desk.put("people", person=slug(name, desk.view.book["people"]["person"]), name=name)


def _label(view: View) -> str:
    if view.paper:
        return ""
    questions = catalogue.items(LABEL)
    core = questions.loc[questions["core"].eq(True), "id"].tolist()
    said = forms.said(view.book, LABEL)
    answers = list(said.values())
    real = sum(said.get(question) == "yes" for question in core)
    open_ = len(questions) - answers.count("yes") - answers.count("no")
    return fill("people", "label", real=real, asked=len(core), no=answers.count("no"), open=open_)


LABEL_TEST = sheet(LABEL, _label)
