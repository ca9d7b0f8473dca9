"""The card of a customer: why it stands where it does, what is unknown, what its category asks of us, what we decide."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.models import certainty, kaism, portfolio, verdict
from kamlib.models.factors import of_scope
from kamlib.pages.exhibit import Choice, Desk, Exhibit, View
from kamlib.pages.grids import names_of, person
from kamlib.pages.html import box_word, fill, line
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, US


def customers(view: View) -> dict[str, str]:
    """The customers of the segment by id."""
    seen = kaism.drawn(view.book)
    return dict(zip(seen["customer"], seen["name"], strict=True))


def focus(id: str) -> Choice:
    """A list of the customers of the segment; choosing one brings it into focus."""
    return Choice(
        id,
        "Customer",
        customers,
        lambda view: view.customer,
        many=True,
        taken=lambda desk, content: desk.look_at(str(content["value"])),
    )


def _own(view: View) -> dict[str, Any]:
    """The customer in focus with its suggestion and decision, {} for none of this segment."""
    seen = portfolio.classes(view.book)
    found = seen[seen["customer"] == view.customer].head(1).to_dict("records")
    return {str(name): value for row in found for name, value in row.items()}


def _card(view: View) -> str:
    row, book = _own(view), view.book
    if not row:
        return line(
            "Choose a customer, or click on a dot: its scores, its best competitor, what is unknown and what "
            "its category asks of us appear here.",
            "hint",
        )
    boxes = {item["id"]: item for item in catalogue.entry("kaism")["items"]}
    people = names_of(book["people"])
    return fill(
        "matrix",
        "card",
        row=row,
        said=said_of(book, view.customer),
        box=boxes.get(row["category"], {}),
        waived=_waived(book, view.customer),
        attractive=factor_rows(book, of_scope(book, "attractiveness", row["segment"]), view.customer),
        people=people,
        unknown=_unknown(book, view.customer),
        locked=view.locked,
        **strengths(book, view.customer),
    )


def place_words(row: dict[str, Any]) -> str:
    """How clear the place of an idea is on its matrix, in one sentence."""
    could = [box_word(box).lower() for box in row["possible"].split("|") if box]
    if row["status"] == "ruled_out":
        return f"Ruled out: {row['reason']}."
    if row["status"] == "unscored":
        return "Not scored yet, so it stands nowhere."
    if row["status"] == "undetermined" and len(could) > 1:
        return f"Open: the suggestion could still be {', '.join(could[:-1])} or {could[-1]}."
    if row["status"] == "undetermined":
        return "Open: a must-have is not known yet."
    if row["on_line"]:
        return "Exactly on the line, so the cautious side is shown. Decide it in discussion."
    if row["near_line"]:
        return "Close to the line: small changes would move it."
    return "Clear of both lines."


def shares(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The boxes of a customer of `verdict.verdicts` with their chances in %, the greatest first."""
    found = [
        {"box": box, "pct": 100 * share, "word": certainty.percent(share, row["sure"] == "firm")}
        for box in BOXES
        if (share := row[f"share_{box}"]) > 0
    ]
    return sorted(found, key=lambda part: -part["pct"])


def row_of(row: dict[Any, Any]) -> dict[str, Any]:
    """A row of `verdict.verdicts` as a template takes it, with what its shares depend on in words."""
    return {str(name): value for name, value in row.items()} | {"over": verdict.DOUBTS[row["doubt"]]}


def said_of(book: Book, customer: str) -> dict[str, Any]:
    """The verdict on one customer with its bar of boxes; an empty row where there is none."""
    found = verdict.verdicts(book)
    own = found[found["customer"] == customer].head(1).to_dict("records")
    row = row_of(own[0]) if own else dict.fromkeys(verdict.COLUMNS, "") | {"over": ""}
    return row | {"shares": shares(row) if own else []}


def _waived(book: Book, customer: str) -> str:
    """The reason for which a must-have of this customer was waived, "" if none was."""
    made = book["decisions"]
    own = made[(made["what"] == "must_have_waiver") & (made["subject"] == customer)]
    return "".join(own["reason"].head(1))


def factor_rows(book: Book, factors: pd.DataFrame, subject: str) -> list[dict[str, Any]]:
    """Factor by factor: label, share of the weight, score, must-have."""
    scores = book["scores"]
    own = scores[scores["model"].isin(factors["model"]) & (scores["subject"] == subject)]
    own = own.drop_duplicates("factor").set_index("factor")
    weight = factors["weight"].fillna(1.0)
    rows = factors.assign(share=100 * weight / (weight.sum() or 1), score=factors["factor"].map(own["score"]))
    return rows.to_dict("records")


def strengths(book: Book, customer: str) -> dict[str, Any]:
    """The customer's critical success factors with our score and each competitor's."""
    factors, scores = of_scope(book, "strength", customer), book["scores"]
    own = scores[(scores["model"] == "strength") & (scores["subject"] == customer)]
    score = own.drop_duplicates(["factor", "supplier"]).set_index(["factor", "supplier"])["score"].to_dict()
    there = set(own["supplier"])
    suppliers = {US: "Us"} | {s: n for s, n in names_of(book["suppliers"]).items() if s != US and s in there}
    rows = []
    for factor, label, weight in zip(factors["factor"], factors["label"], factors["weight"], strict=True):
        cells = [score.get((factor, s), float("nan")) for s in suppliers]
        most = max((c for c in cells if c == c), default=None)
        rows.append(
            {
                "label": label,
                "weight": 1.0 if weight != weight else weight,
                "cells": [(c, c == most) for c in cells],
            }
        )
    return {"suppliers": [*suppliers.values()], "strength": rows}


def _unknown(book: Book, customer: str) -> list[dict[str, Any]]:
    found = kaism.unknowns(book)
    names, people = names_of(book["suppliers"]) | {US: "us"}, names_of(book["people"])
    own = found[found["customer"] == customer]
    return own.assign(
        supplier=own["supplier"].map(lambda s: names.get(s, s)),
        who=own["person"].map(lambda p: people.get(p, p)),
    ).to_dict("records")


def overrides(book: Book, customer: str, decision: str, reason: str) -> str:
    """What is missing where a decision is against the suggestion and has no reason, "" where nothing is."""
    seen = portfolio.classes(book).set_index("customer")
    suggestion = seen["box"].get(customer, "")
    if not suggestion or decision in ("", suggestion) or reason.strip():
        return ""
    return f"{seen['name'].get(customer, customer)}: this differs from the suggestion; say why, then keep it."


def _decide(desk: Desk, content: dict[str, Any]) -> None:
    """Keep a decision; one that differs from the suggestion needs a reason."""
    told = {n: str(content["fields"].get(n, "")) for n in ("decision", "reason", "review_on")}
    who, subject = str(content["fields"].get("person", "")), str(content["subject"])
    if told["decision"] not in (*BOXES, ""):
        raise InvalidInput("Choose one of the four categories.")
    if why := overrides(desk.view.book, subject, told["decision"], told["reason"]):
        raise InvalidInput(why)
    with desk.as_one():
        if who.strip():  # else whoever works here, if the workbook knows the name
            told["person"] = person(desk, who)
        desk.put("decisions", what="category", subject=subject, **told)


def _waive(desk: Desk, content: dict[str, Any]) -> None:
    reason = str(content["fields"].get("waive", "")).strip()
    if not reason:
        raise InvalidInput("A must-have is waived with a reason; write it first.")
    subject = str(content["subject"])
    desk.put("decisions", what="must_have_waiver", subject=subject, decision="", reason=reason)


def _ruled_out(view: View) -> str:
    """Who fails a must-have, and who is not scored yet; and what the team decided of them all the same."""
    seen = portfolio.classes(view.book)
    out, unscored = (
        seen[seen["status"] == status].to_dict("records") for status in ("ruled_out", "unscored")
    )
    return fill("matrix", "ruled_out", out=out, unscored=unscored)


CARD = Exhibit(
    "card",
    lambda view: str(_own(view).get("name", "")),
    _card,
    controls=(focus("choose"),),
    actions={"decide": _decide, "waive": _waive},
    on_paper=False,
)
RULED_OUT = Exhibit(
    "ruled-out",
    words=_ruled_out,
    reads={"choose": lambda desk, content: desk.look_at(str(content["customer"]))},
    on_paper=False,
)
