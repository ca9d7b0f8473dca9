"""The card of an idea: its class, its place on the matrix, who gains, what it asks of us, and what the team decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.models import pia
from kamlib.pages.account import book_of
from kamlib.pages.card import factor_rows, place_words
from kamlib.pages.exhibit import Choice, Desk, Exhibit, View
from kamlib.pages.html import fill, line

AXES = {"pia_us": "Worth to us", "pia_customer": "Worth to the customer"}


def _ideas(view: View) -> dict[str, str]:
    rows = pia.ideas(book_of(view))
    return dict(zip(rows["idea"], rows["name"], strict=True))


def _own(rows: pd.DataFrame, idea: str) -> dict[str, Any]:
    return {str(k): v for k, v in rows[rows["idea"] == idea].iloc[0].to_dict().items()}


def _card(at: str) -> Callable[[View], str]:
    """`at` ends the ids of its fields where it stands twice on a page."""

    def words(view: View) -> str:
        book, idea = book_of(view), view.idea
        if idea not in _ideas(view):
            hint = "What an idea is worth to both sides, how it was screened, and what speaks against it appear here."
            return line(hint, "hint")
        row, boxes = _own(pia.place(book), idea), catalogue.entry("pia_matrix")["quadrants"]
        given = pia.ratings(book, [idea]).loc[idea]
        questions = [
            {
                "label": q["label"],
                "rating": given[q["question"]],
                "says": q.get(given[q["question"]].lower(), ""),
            }
            for q in pia.parameters(book).to_dict("records")
        ]
        factors = {head: pia.factors(book, model, book.settings.segment) for model, head in AXES.items()}
        return fill(
            "impact",
            "card",
            row=row,
            said=place_words(row),
            screened=_own(pia.screening(book), idea),
            value=_own(pia.value(book), idea)["words"],
            tie=_own(pia.lock_in(book), idea),
            evidence=_own(pia.ideas(book), idea)["evidence"],
            questions=questions,
            axes=[(head, factor_rows(book, f, idea)) for head, f in factors.items() if len(f)],
            box=next((box for box in boxes if box["id"] == row["box"]), {}),
            locked=view.locked,
            at=at,
        )

    return words


def _decide(desk: Desk, content: dict[str, Any]) -> None:
    said, idea = content["fields"], str(content["subject"])
    if idea not in set(desk.view.book["ideas"]["idea"]):
        raise InvalidInput("Choose an idea first.")
    desk.put("ideas", idea=idea, **{"class": str(said["class"]), "reason": str(said["reason"])})


def card(at: str = "") -> Exhibit:
    """The card of the idea in focus, which a list above it or a click on a dot chooses."""
    focus = Choice(
        f"idea{at}",
        "Idea",
        _ideas,
        lambda view: view.idea,
        many=True,
        taken=lambda desk, content: desk.look_into(str(content["value"])),
    )
    return Exhibit(
        f"idea-card{at}",
        lambda view: _ideas(view).get(view.idea, ""),
        _card(at),
        controls=(focus,),
        actions={"classify": _decide},
        on_paper=False,
    )
