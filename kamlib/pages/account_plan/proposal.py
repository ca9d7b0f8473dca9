"""How do we put the case? Proposal, likelihood and the change the customer goes through."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue, charts
from kamlib.errors import InvalidInput
from kamlib.models.account import proposal
from kamlib.models.programme import readiness
from kamlib.pages.account import book_of, customer_of, name
from kamlib.pages.exhibit import Chart, Choice, Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, listed, names_of, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import line, parts, table, whole
from kamlib.pages.sheets import exercises
from kamlib.wording import counted, sentence
from kamlib.workbook.schema import as_text

GROUP_WORDS = {
    "performance": "performance",
    "financial": "financial",
    "other": "other",
    "experience": "total business experience",
}
SCORES = {"2": "2 well", "1": "1 OK", "0": "0 poor"}

# Which proposals are there, and what are they worth?


def _proposals(view: View) -> pd.DataFrame:
    return proposal.proposals(book_of(view))


def _entered(view: View) -> pd.DataFrame:
    """The proposals as they are entered, in order, with what follows from them."""
    seen = _proposals(view)[["proposal", "expected", "net"]]
    seen = seen.assign(**{c: [whole(n) for n in seen[c]] for c in ("expected", "net")})
    return seen.merge(view.book["proposals"].drop_duplicates("proposal"), "left", "proposal")


PROPOSALS = listed(
    "proposals",
    {
        "rival": "Best alternative",
        "value": "Worth to us",
        "likelihood_pct": "Likely, %",
        "expected": "Expected",
        "cost": "What trying costs",
        "net": "Left",
        "due": "Decided when",
        "owner": "Owner",
        "status": "How it stands",
    },
    title="Proposals, the most worth trying first",
    add="A proposal:",
    rows_of=_entered,
    new=lambda view: {"customer": customer_of(view), "status": "open"},
    chosen={"rival": "suppliers", "owner": "people"},
    subs={"value": lambda view: f"a year, {view.book.settings.currency}"},
    corner="Proposal",
)


def _names(view: View) -> dict[str, str]:
    return names_of(_proposals(view)[["proposal", "name"]])


WHICH = Choice("proposal", "Proposal", _names, lambda view: next(iter(_names(view)), ""), many=True)


def _which(view: View) -> str:
    """The proposal that was chosen, if it is one of this customer, else its first."""
    return view[WHICH] if view[WHICH] in _names(view) else next(iter(_names(view)), "")


def _own(rows: pd.DataFrame, view: View) -> pd.DataFrame:
    return rows[rows["proposal"] == _which(view)]


# Need by need


def _deciders(view: View) -> dict[str, str]:
    named = proposal.deciders(view.book).items()
    return {contact: word for (customer, contact), word in named if customer == view.customer}


def _needs_columns(view: View) -> list[dict[str, Any]]:
    rival = next(iter(_own(_proposals(view), view)["rival"]), "") or "Best alternative"
    choices = {"kind": "choice", "choices": [*SCORES], "words": SCORES}
    who = [
        {
            "id": f"who:{c}",
            "label": n,
            "kind": "choice",
            "choices": [*proposal.WEIGHT],
            "help": "X: interested; XX: very interested",
        }
        for c, n in _deciders(view).items()
    ]
    kinds = {"choices": [*GROUP_WORDS], "words": GROUP_WORDS}
    return [
        column("proposal_needs", "group", "Kind of need", **kinds),
        column("proposal_needs", "ours", "We meet it", **choices),
        column("proposal_needs", "theirs", f"{rival} meets it", **choices),
        *who,
        {"id": "difference", "label": "Difference", "kind": "show"},
    ]


def _needs_rows(view: View) -> list[dict[str, Any]]:
    said, whose = proposal.interests(book_of(view)), _which(view)
    return [
        {
            "id": r["need"],
            "label": r["name"],
            "cells": [
                r["group"],
                as_text(r["ours"]),
                as_text(r["theirs"]),
                *(said.get((whose, r["need"], c), "") for c in _deciders(view)),
                _signed(r["difference"]),
            ],
        }
        for r in _own(proposal.rating(book_of(view)), view).to_dict("records")
    ]


def _signed(number: float) -> str:
    return "?" if number != number else f"{number:+.0f}" if number else "0"


def _needs_cell(view: View, need: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    key = {"proposal": _which(view), "need": need}
    if name.startswith("who:"):
        return "proposal_interests", key | {"contact": name.removeprefix("who:"), "interest": text}
    return "proposal_needs", key | {name: text}


def _add_need(desk: Desk, content: dict[str, Any]) -> None:
    if not (whose := _which(desk.view)):
        raise InvalidInput("Name the proposal first.")
    there = desk.view.book["proposal_needs"]
    need = slug(content["value"], there.loc[there["proposal"] == whose, "need"])
    desk.put("proposal_needs", proposal=whose, need=need, name=content["value"])


def _remove_need(desk: Desk, content: dict[str, Any]) -> None:
    own = {"proposal": _which(desk.view), "need": str(content["row"])}
    rows = desk.view.book["proposal_interests"]
    rows = rows[(rows["proposal"] == own["proposal"]) & (rows["need"] == own["need"])]
    cared = [("proposal_interests", own | {"contact": contact}) for contact in rows["contact"]]
    desk.remove_all([*cared, ("proposal_needs", own)])


NEEDS = Grid(
    "Needs, and who cares about them",
    _needs_rows,
    _needs_columns,
    _needs_cell,
    actions={"add": _add_need, "remove": _remove_need},
    corner="Need",
    add=lambda view: "A need:" if _which(view) else "",
    look={"removable": True},
)


def _rating_title(view: View) -> str:
    rows = _own(_proposals(view), view).to_dict("records")
    return (
        proposal.score_words(rows[0]) if rows else "Name a proposal first, then what the customer needs of it"
    )


def _advice(view: View) -> Markup:
    """Need by need what to do, the strongest first, and what helps nobody."""
    rows = _own(proposal.rating(book_of(view)), view)
    rows = rows[rows["advice"] != ""].sort_values("difference", ascending=False, kind="stable")
    told = rows.assign(difference=[_signed(n) for n in rows["difference"]])
    heads = {
        "name": "Need|name",
        "difference": "Difference",
        "who": "Who cares|l",
        "advice": "What to do|l why",
    }
    responses = catalogue.items("proposal_rating", "responses")["help"]
    return parts(table(told, heads, note=" ".join(responses))) if len(rows) else parts()


def _people(view: View) -> Markup:
    """How each decider would see it, and which kinds of need are missing."""
    rows, own = _own(proposal.people(book_of(view)), view), _own(_proposals(view), view)
    told = rows.assign(
        open=[counted(n, "need") if n else "" for n in rows["open"]],
        ahead=[_signed(n) for n in rows["ahead"]],
    )
    heads = {
        "name": "Decider|name",
        "ours": "We",
        "theirs": "Best alternative",
        "ahead": "Difference",
        "open": "Not scored|l",
    }
    note = "X counts once and XX twice, which is our own reading."
    lacks = [GROUP_WORDS[g] for g in next(iter(own["missing"]), "").split(", ") if g]
    missing = f"No need yet of these kinds: {', '.join(lacks)}." if lacks and len(own) else ""
    bare = (
        ""
        if _deciders(view) or own.empty
        else "Write down who decides, in part 5, to say who cares about what."
    )
    return parts(table(told, heads, note=note), line(missing, "doubt"), line(bare, "hint"))


# Will the customer change?


def _change(view: View) -> tuple[Any, ...]:
    rows = readiness.change(view.book, view.customer)
    return (rows,) if rows["rating"].notna().any() else ()


exhibits = stack(
    Exhibit(
        "proposals",
        lambda view: sentence(proposal.forecast_words(_proposals(view), view.book.settings.currency)),
        grid=PROPOSALS,
    ),
    Exhibit("needs", _rating_title, grid=NEEDS, controls=(WHICH,)),
    Exhibit("advice", words=_advice),
    row(
        Exhibit("deciders", words=_people),
        Exhibit(
            "their-change",
            lambda view: ": ".join(filter(None, [name(view), readiness.words(view.book, view.customer)])),
            chart=Chart(
                charts.change,
                _change,
                "What drives the customer to change, and what it costs",
                "Rate the four parts of change, as this customer sees them, in the exercise below.",
            ),
        ),
    ),
    exercises("proposal", ("change_equation",), own=True),
    tips("proposal"),
)
