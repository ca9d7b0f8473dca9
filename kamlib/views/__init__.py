"""The views of the workbook: what people see and touch; the only room that knows ipywidgets.

Each view takes the desk and gives back a widget. It follows the desk and, unless the workbook is
read-only, writes to it; no view knows another.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import ipywidgets as W

from kamlib import panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.heartbeat import Heartbeat
from kamlib.models import findings as rules
from kamlib.models import kaism, portfolio, verdict
from kamlib.views.crew import portfolio_we_can_staff
from kamlib.views.market import balance, market, purpose
from kamlib.views.parts import column, grid, hear, names_of, panel, person_column, slug, soon, stack, zones
from kamlib.views.picture import matrix
from kamlib.views.scenarios import what_if
from kamlib.views.scoring import factors, scores
from kamlib.views.segments import assign, discover, segments
from kamlib.views.sheets import exercises, sheet
from kamlib.views.staff import capacity, label_test, staffing, team
from kamlib.views.sure import sure, takes
from kamlib.views.voices import disagreement
from kamlib.views.widgets import Look
from kamlib.workbook import settings, stores
from kamlib.workbook.schema import BOXES, US, as_text

__all__ = [
    "assign", "balance", "capacity", "closing", "customers", "decisions", "disagreement", "discover", "exercises", "factors", "find_out", "label_test",
    "market", "matrix", "open", "portfolio_we_can_staff", "purpose", "scores", "segments", "sheet", "staffing", "sure", "takes", "team", "what_if",
]  # fmt: skip
PAGES = dict.fromkeys(range(1, 6), "01_segmentation") | dict.fromkeys(range(6, 10), "02_kaism")
PAGES |= {10: "04_pia"}
PROFIT, SURE = "03_profitability", "05_certainty"  # the evidence behind several steps
NAMES = {
    "01_segmentation": "Steps 1 to 5",
    "02_kaism": "Steps 6 to 9",
    PROFIT: "Who pays",
    "04_pia": "Step 10",
    SURE: "How sure we are",
}
POLL_S = 1.0
QUIET = ("ipykernel.comm", "Comm")  # they answer a malformed message with a traceback, to the page


def open(desk: Desk, title: str, here: int | str) -> W.Box:
    """The title line with the ten steps, and the line below with counts, capacity and saved state.

    `here` is the first step of this notebook, 0 for the one on profit, or the name of a notebook that belongs to no
    step; the other steps lead to their own.
    """
    if desk.audience != "internal":
        raise InvalidInput(
            "These pages are internal. What a customer may read is made with: kam report --customer ... --audience customer"
        )
    own = here if isinstance(here, str) else PAGES.get(here, PROFIT)
    step = here if isinstance(here, int) else 0
    there = {page: name for page, name in NAMES.items() if settings.is_served(page)}
    links = {
        s: ("" if page == own else f"{page}.ipynb") + f"#step-{s}"
        for s, page in PAGES.items()
        if page in there
    }
    others = tuple((f"{page}.ipynb", name) for page, name in there.items() if page != own)

    def head() -> str:
        return panels.head(
            desk.book,
            title,
            step,
            links,
            locked=desk.read_only,
            others=others,
            workbook=stores.file_name(desk.store.location),
        )

    def first_segment(content: dict[str, Any]) -> None:
        name = str(content["fields"]["segment"]).strip()
        if not name:
            raise InvalidInput("Name the segment first: a matrix compares customers of one segment.")
        made = slug(name, desk.book["segments"]["segment"])
        desk.put("segments", segment=made, name=name)
        desk.choose(made)

    for name in QUIET:
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = [logging.NullHandler()], False
    top = Look(html=head())
    below = panel(desk, lambda: _status(desk), classes="kam-status")

    def update() -> None:
        top.html = head()

    desk.on_change(soon(update))
    writing = {} if desk.read_only else {"first_segment": first_segment}
    hear(top, desk, {"segment": lambda m: desk.choose(m["value"])} | writing)
    if not desk.read_only:
        hear(below, desk, {"undo": lambda m: desk.undo()})
        _listen(desk)
    return stack(top, below, Heartbeat())


def _status(desk: Desk) -> str:
    return panels.status(desk.book, saved_at=desk.saved_at, message=desk.message,
                         read_only=desk.read_only)  # fmt: skip


def _listen(desk: Desk) -> None:
    """Look every second whether somebody else has changed the workbook."""

    async def poll() -> None:
        while True:
            await asyncio.sleep(POLL_S)
            with desk.speaking():
                desk.refresh()

    try:
        desk.poll = asyncio.get_running_loop().create_task(poll())
    except RuntimeError:
        desk.poll = None


def customers(desk: Desk) -> W.Box:
    """Step 6: the customers and prospects on the table."""
    shown = ("name", "status", "revenue", "profit", "manager", "segment", "note")

    def rows() -> list[dict[str, Any]]:
        table = desk.book["customers"]
        own = table[(table["segment"] == desk.settings.segment) | (table["segment"] == "")]
        return [
            {
                "id": r["customer"],
                "label": r["name"] or r["customer"],
                "cells": [as_text(r[c]) for c in shown],
            }
            for r in own.to_dict("records")
        ]

    def columns() -> list[dict[str, Any]]:
        segments = names_of(desk.book["segments"])
        money = f"last year, {desk.settings.currency}"
        return [
            column("customers", "name", "Name"), column("customers", "status", "Status"),
            column("customers", "revenue", "Revenue", sub=money), column("customers", "profit", "Profit", sub=money),
            person_column(desk, "manager", "Manager"),
            {"id": "segment", "label": "Segment", "kind": "choice", "choices": list(segments), "words": segments},
            column("customers", "note", "Note"),
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        name = content["value"]
        made = slug(name, desk.book["customers"]["customer"])
        desk.put("customers", customer=made, name=name, segment=desk.settings.segment, status="prospect")

    def remove(content: dict[str, Any]) -> None:
        row = str(content["row"])
        scores, made = desk.book["scores"], desk.book["decisions"]
        if row in set(scores["subject"]) | set(made["subject"]) | set(desk.book["rounds"]["customer"]):
            raise InvalidInput(
                "This customer has scores or decisions, so it stays; move it to another segment."
            )
        desk.remove("customers", customer=row)

    listed = grid(
        desk, rows, columns, lambda row, name, text: ("customers", {"customer": row, name: text}),
        handlers={"add": add, "remove": remove}, removable=True, title="Customers of this segment", corner=" ", add="Another customer or prospect:",
    )  # fmt: skip
    side = stack(
        panel(desk, panels.about_matrix, follow=False), panel(desk, lambda: panels.guide(6), follow=False)
    )
    return zones(listed, side, shape="two")


def decisions(desk: Desk) -> W.Box:
    """Step 9: suggestion beside decision for the whole segment, and what may be told to whom."""
    shown = ("decision", "reason_given", "person", "review_on")

    def rows() -> list[dict[str, Any]]:
        return [
            {"id": r["customer"], "label": r["name"], "cells": [_suggested(r), *(as_text(r[c]) for c in shown)],
             "sub": "differs from the suggestion" if r["differs"] else ""}
            for r in portfolio.classes(desk.book).assign(word=verdict.verdicts(desk.book)["word"]).to_dict("records")
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        words = {box: panels.box_word(box) for box in BOXES}
        return [
            {"id": "box", "label": "Suggested", "kind": "show"},
            {"id": "decision", "label": "Decided", "kind": "choice", "choices": list(BOXES), "words": words},
            column("decisions", "reason", "Reason"), person_column(desk, label="Who decided"),
            column("decisions", "review_on", "Look at it again"),
        ]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        return "decisions", {"what": "category", "subject": row, name: text}

    made = grid(desk, rows, columns, target, title="Suggestion and decision", corner="Customer")
    side = stack(panel(desk, lambda: panels.guide(9), follow=False))
    told = panel(desk, panels.communication, follow=False)
    return zones(stack(made, told), side, shape="two")


def _suggested(row: dict[str, Any]) -> str:
    if row["status"] == "ruled_out":
        return "ruled out"
    return f"{panels.box_word(row['box'])} ({row['word'].lower()})"


def closing(desk: Desk) -> W.Box:
    """What is still to settle, and who finds out what."""

    def settle() -> str:
        found = rules.find(desk.book)
        return panels.findings_list(found[found["step"] > 5])

    return zones(panel(desk, settle), find_out(desk), shape="half")


def find_out(desk: Desk) -> W.Widget:
    """The homework: every unknown score, what clears up most first, with who finds it out and by when."""
    shown = ("question", "person", "due", "status")
    keys = ("model", "customer", "factor", "supplier")

    def rows() -> list[dict[str, Any]]:
        names = names_of(desk.book["suppliers"]) | {US: "us"}
        worth = verdict.homework(desk.book)
        first = worth.reset_index(names="place")[[*keys, "words", "place"]]
        found = kaism.unknowns(desk.book).merge(first, "left", list(keys)).sort_values("place", kind="stable")
        return [
            {"id": "\t".join(r[k] for k in keys), "label": r["name"], "cells": [*(r[c] for c in shown), r["words"]],
             "sub": r["label"] + (f" ({names.get(r['supplier'], r['supplier'])})" if r["supplier"] else "")}
            for r in found.to_dict("records")
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [column("find_out", "question", "What to ask"), person_column(desk, label="Who finds out"),
                column("find_out", "due", "By when"), column("find_out", "status", "Status"),
                {"id": "worth", "label": "What it clears up", "kind": "show"}]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        model, subject, factor, supplier = row.split("\t")
        key = {"model": model, "subject": subject, "factor": factor, "supplier": supplier}
        return "find_out", key | {name: text}

    return grid(desk, rows, columns, target, title="Find out", corner="Customer")
