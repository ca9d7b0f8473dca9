"""The views of people, days and money: who selects, who looks after accounts, what they can carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from kamlib import briefing, catalogue, panels
from kamlib.catalogue import sheets as model
from kamlib.desk import Desk
from kamlib.views.parts import column, figures, grid, panel, slug, stack, zones
from kamlib.views.sheets import sheet
from kamlib.views.widgets import Grid
from kamlib.workbook.schema import BOXES, as_text

LABEL = "label_reality_test"


def staffing(desk: Desk) -> W.Box:
    """Step 9: can we look after them, and does the label mean anything?"""
    balance = panel(desk, lambda: panels.portfolio_table(desk.book))
    shown = ("name", "function", "manages_accounts", "junior", "days")
    above = zones(balance, effort(desk, ("days",)), shape="two")
    return stack(above, people(desk, shown), label_test(desk))


def capacity(desk: Desk) -> W.Box:
    """Step 2: managers, days and budget, what an account takes, and how many they carry."""
    shown = ("name", "function", "manages_accounts", "junior", "days")
    told = panel(desk, lambda: briefing.capacity(desk.book))
    side = stack(told, panel(desk, lambda: panels.guide(2), follow=False))
    return zones(stack(effort(desk, ("days", "money", "planned")), figures(desk, {"budget": f"Money a year for key account management, {desk.settings.currency}"}), people(desk, shown)),
                 side, shape="two")  # fmt: skip


def team(desk: Desk) -> W.Box:
    """Step 3: who selects, and whether together they can."""
    shown = ("name", "function", "knows_customers", "owns_vision", "has_authority", "core")
    told = panel(desk, lambda: briefing.team(desk.book))
    return zones(people(desk, shown, "The selection team"),
                 stack(told, panel(desk, lambda: panels.guide(3), follow=False)), shape="two")  # fmt: skip


def label_test(desk: Desk) -> W.Box:
    """Does the label mean anything? Ten questions to answer honestly."""
    questions = catalogue.items(LABEL)
    core = questions.loc[questions["core"].eq(True), "id"].tolist()

    def words() -> str:
        said = model.said(desk.book, LABEL)
        answers = list(said.values())
        return panels.fill("label_words", real=sum(said.get(q) == "yes" for q in core), asked=len(core),
                           no=answers.count("no"), open=len(questions) - answers.count("yes") - answers.count("no"))  # fmt: skip

    return sheet(desk, LABEL, words)


def effort(desk: Desk, shown: Sequence[str]) -> Grid:
    """What one account of each category takes, a row a category."""
    titles = {"days": "Days a year for one account", "money": f"Money a year for one, {desk.settings.currency}",
              "planned": "Accounts planned"}  # fmt: skip

    def rows() -> list[dict[str, Any]]:
        table = desk.book["effort"].drop_duplicates("category").set_index("category")
        return [
            {"id": b, "label": panels.box_word(b),
             "cells": [as_text(table.at[b, c]) if b in table.index else "" for c in shown]}
            for b in BOXES
        ]  # fmt: skip

    return grid(desk, rows, lambda: [column("effort", c, titles[c]) for c in shown],
                lambda row, name, text: ("effort", {"category": row, name: text}),
                title="Effort", corner="Category")  # fmt: skip


def people(desk: Desk, shown: Sequence[str], title: str = "People") -> Grid:
    """Everybody who takes part, a row a person."""

    def rows() -> list[dict[str, Any]]:
        listed = desk.book["people"].to_dict("records")
        return [
            {"id": p["person"], "label": p["name"] or p["person"], "head": str(n),
             "cells": [as_text(p[c]) for c in shown]}
            for n, p in enumerate(listed, start=1)
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        made = slug(content["value"], desk.book["people"]["person"])
        desk.put("people", person=made, name=content["value"])

    handlers: dict[str, Callable[[dict[str, Any]], None]] = {
        "add": add, "remove": lambda m: desk.remove("people", person=str(m["row"])),
    }  # fmt: skip
    return grid(desk, rows, lambda: [column("people", c) for c in shown],
                lambda row, name, text: ("people", {"person": row, name: text}), handlers=handlers,
                title=title, corner=" ", add="Another person:", removable=True)  # fmt: skip
