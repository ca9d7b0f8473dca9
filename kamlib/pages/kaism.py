"""Who are our key accounts? Who is on the table, what we decide, whether we can look after them, what is to settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.charts.palette import MARKS
from kamlib.errors import InvalidInput
from kamlib.models import findings as rules
from kamlib.models import headlines, portfolio, verdict
from kamlib.models.scoring import one
from kamlib.pages.card import CARD, RULED_OUT, overrides
from kamlib.pages.certainty import verdicts
from kamlib.pages.exhibit import Choice, Desk, Exhibit, Grid, Page, View, for_readers, row, stack
from kamlib.pages.find_out import FIND_OUT
from kamlib.pages.grids import among, column, names_of, slug, someone
from kamlib.pages.guide import COMMUNICATION, findings, tips
from kamlib.pages.html import box_word, count_words, fill, table
from kamlib.pages.matrix import CUSTOMERS, matrix
from kamlib.pages.people import LABEL_TEST, effort, people
from kamlib.pages.record import record
from kamlib.pages.room import voting
from kamlib.pages.scenarios import since
from kamlib.workbook.schema import BOXES, as_text

PAGE = Page(
    "02_kaism",
    "Who are our key accounts?",
    6,
    of_segment=True,
    headline=lambda view: headlines.headline(verdict.verdicts(view.book)),
    figures=("verdict", "portfolio"),
)

# Who is on the table?

ON_THE_TABLE = ("name", "status", "revenue", "profit", "manager", "deputy", "segment", "rival", "note")


def _customer_rows(view: View) -> list[dict[str, Any]]:
    rows = view.book["customers"]
    rows = rows[rows["segment"].isin([view.book.settings.segment, ""])]
    return [
        {
            "id": r["customer"],
            "label": r["name"] or r["customer"],
            "head": str(number),
            "cells": [as_text(r[c]) for c in ON_THE_TABLE],
        }
        for number, r in enumerate(rows.to_dict("records"), start=1)
    ]


def _customer_columns(view: View) -> list[dict[str, Any]]:
    money = {"sub": f"last year, {view.book.settings.currency}"}
    return [
        column("customers", "name", "Name"),
        column("customers", "status", "Status"),
        column("customers", "revenue", "Revenue", **money),
        column("customers", "profit", "Profit", **money),
        someone(view, "manager", "Manager"),
        someone(view, "deputy", "Takes over"),
        among(view, "segments", "segment", "Segment"),
        among(view, "customers", "rival", "Rival of"),
        column("customers", "note", "Note"),
    ]


def _add_customer(desk: Desk, content: dict[str, Any]) -> None:
    view, name = desk.view, content["value"]
    id = slug(name, view.book["customers"]["customer"])
    desk.put("customers", customer=id, name=name, segment=view.book.settings.segment, status="prospect")


def _remove_customer(desk: Desk, content: dict[str, Any]) -> None:
    book, id = desk.view.book, str(content["row"])
    if id in {*book["scores"]["subject"], *book["decisions"]["subject"], *book["rounds"]["customer"]}:
        raise InvalidInput("This customer has scores or decisions, so it stays; move it to another segment.")
    desk.remove("customers", customer=id)


customers = stack(
    Exhibit(
        "customers",
        on_paper=False,
        grid=Grid(
            "Customers of this segment",
            _customer_rows,
            _customer_columns,
            lambda view, row, name, text: ("customers", {"customer": row, name: text}),
            actions={"add": _add_customer, "remove": _remove_customer},
            add="Another customer or prospect:",
            look={"removable": True},
        ),
    ),
    Exhibit(
        "about-matrix",
        words=lambda view: fill("kaism", "about", entry=catalogue.entry("kaism")),
        on_paper=False,
    ),
    tips(6),
)

# Where does everybody stand?


def _managers(view: View) -> dict[str, str]:
    book = view.book
    there = {*book["customers"].loc[book["customers"]["segment"] == book.settings.segment, "manager"]}
    return {"": "All"} | {id: name for id, name in names_of(book["people"]).items() if id in there}


CATEGORY = Choice("category", "Category", {"": "All"} | {box: box_word(box) for box in BOXES}, many=True)
MANAGER = Choice("manager", "Manager", _managers, many=True)


def _asked_for(view: View, seen: pd.DataFrame) -> pd.DataFrame:
    """The customers of the category and of the manager that a reader asks for."""
    asked = {"category": view[CATEGORY], "manager": view[MANAGER]}
    if not any(asked.values()):
        return seen
    known = portfolio.classes(view.book)[["customer", "category"]]
    known = known.merge(view.book["customers"][["customer", "manager"]], on="customer", how="left")
    for name, value in asked.items():
        known = known[known[name] == value] if value else known
    return seen[seen["customer"].isin(known["customer"])]


position = stack(
    Exhibit(
        "asked-for",
        "Whom do you want to see?",
        controls=(CATEGORY, MANAGER),
        on_screen=for_readers,
        on_paper=False,
    ),
    matrix(replace(CUSTOMERS, asked_for=_asked_for), CARD, RULED_OUT),
    voting("attractiveness", "points", "ranking"),
)

# What do we decide?


def _decision_rows(view: View) -> list[dict[str, Any]]:
    """Suggestion beside decision; on paper with the reasons, category by category."""
    seen, names = portfolio.classes(view.book), names_of(view.book["people"])
    seen = _asked_for(view, seen.assign(word=verdict.verdicts(view.book)["word"]))
    if view.paper:
        order = {box: place for place, box in enumerate([*BOXES, ""])}
        seen = seen.sort_values("category", key=lambda c: c.map(order).fillna(9), kind="stable")
    rows = []
    for r in seen.to_dict("records"):
        who = (
            ", ".join(filter(None, [names.get(r["person"], r["person"]), r["on"]]))
            if view.paper
            else r["person"]
        )
        told = [one(r["y"]), one(r["x"]), r["reason"]] if view.paper else []
        rows.append(
            {
                "id": r["customer"],
                "label": r["name"],
                "sub": "differs from the suggestion" if r["differs"] and not view.paper else "",
                "cells": [_suggested(view, r), r["decision"], r["reason_given"], who, r["review_on"], *told],
            }
        )
    return rows


def _decision_columns(view: View) -> list[dict[str, Any]]:
    words = {
        box: f"{MARKS[box].glyph}\N{NO-BREAK SPACE}{box_word(box)}" if view.paper else box_word(box)
        for box in BOXES
    }
    columns: list[dict[str, Any]] = [
        {"id": "box", "label": "Suggested", "kind": "show"},
        {"id": "decision", "label": "Decided", "kind": "choice", "choices": list(BOXES), "words": words},
        column("decisions", "reason", "Reason"),
        someone(view, "person", "Who decided"),
        column("decisions", "review_on", "Review on"),
    ]
    kinds = {"attractive": "number", "strength": "number", "why": "text"}
    told = [{"id": name, "label": name.capitalize(), "kind": kind} for name, kind in kinds.items()]
    return [*columns, *(told if view.paper else [])]


def _suggested(view: View, row: dict[str, Any]) -> str:
    if row["status"] == "ruled_out":
        return "Ruled out"
    if view.paper:  # how sure that is stands in a table of its own
        return f"{MARKS[row['box']].glyph}\N{NO-BREAK SPACE}{box_word(row['box'])}"
    return f"{box_word(row['box'])} ({row['word'].lower()})"


def _refused(view: View, row: str, name: str, text: str, others: Mapping[str, str]) -> str:
    """Why a decision may not stand without a reason, "" where it may."""
    if name != "decision":
        return ""
    made = view.book["decisions"]
    reasons = made.loc[(made["what"] == "category") & (made["subject"] == row), "reason"]
    return overrides(view.book, row, text, others.get("reason", "".join(reasons.head(1))))


def _remedies(view: View, row: str, name: str, text: str) -> list[dict[str, str]]:
    override = name == "decision" and text in BOXES and overrides(view.book, row, text, "")
    return [{"do": "override", "label": "Keep the decision", "asks": "Why"}] if override else []


def _override(desk: Desk, content: dict[str, Any]) -> None:
    reason, row = str(content["fields"]["why"]).strip(), str(content["row"])
    if why := overrides(desk.view.book, row, str(content["text"]), reason):
        raise InvalidInput(why)
    desk.put("decisions", what="category", subject=row, decision=str(content["text"]), reason=reason)


decisions = row(
    stack(
        Exhibit(
            "decisions",
            lambda view: "What we decided, and why" if view.paper else "",
            grid=Grid(
                "Suggestion and decision",
                _decision_rows,
                _decision_columns,
                lambda view, row, name, text: ("decisions", {"what": "category", "subject": row, name: text}),
                corner="Customer",
                actions={"override": _override},
                refuses=_refused,
                remedies=_remedies,
            ),
        ),
        Exhibit("sure", "How sure are we?", lambda view: verdicts(view.book), on_screen=for_readers),
        Exhibit(
            "since",
            lambda view: since(view)[0],
            lambda view: since(view)[1],
            on_screen=for_readers,
            on_paper=False,
        ),
    ),
    tips(9),
    shape="two",
)

# Can we look after them?


def _portfolio_title(view: View) -> str:
    words, _ = portfolio.load_words(view.book)
    return f"{words[:1].upper()}{words[1:]}"


def _portfolio(view: View) -> str:
    rows, book = portfolio.table(view.book), view.book
    counts = [count_words(r) for r in rows.to_dict("records")]
    shown = rows.assign(label=[box_word(box) for box in rows["category"]], count=counts)
    all_ = " in all segments" if len(book["segments"]) > 1 else ""
    figures = table(
        shown,
        {
            "label": "Category",
            "count": "customers here",
            "share_pct": "share, %",
            "revenue": f"revenue, {book.settings.currency}",
            "profit": f"profit, {book.settings.currency}",
            "days_each": "days for one, a year",
            "days_needed": f"days needed{all_}",
            "accounts_per_manager": "accounts per manager|one",
        },
    )
    return fill(
        "kaism",
        "portfolio",
        rows=shown.to_dict("records"),
        figures=figures,
        managers=len(portfolio.account_managers(book)),
        questions=portfolio.questions(book),
    )


staffing = stack(
    row(Exhibit("portfolio", _portfolio_title, _portfolio), effort("days"), shape="two"),
    people("function", "manages_accounts", "junior", "days"),
    LABEL_TEST,
)

# What is still to settle, and who finds it out?


def _settle(view: View) -> str:
    found = rules.find(view.book)
    return findings(found[found["step"] > 5], view)


closing = stack(row(Exhibit("settle", "What is still to settle", _settle), FIND_OUT), record, COMMUNICATION)
