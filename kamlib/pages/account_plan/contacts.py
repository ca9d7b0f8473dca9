"""Who sees whom, and why? Our people by theirs, and the purpose of every contact."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import charts
from kamlib.models import findings
from kamlib.models.account import people
from kamlib.pages import guide
from kamlib.pages.account import book_of
from kamlib.pages.account_plan.decision import of_customer
from kamlib.pages.account_plan.standing import about
from kamlib.pages.exhibit import Chart, Choice, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import listed, names_of
from kamlib.pages.html import table
from kamlib.pages.sheets import exercises
from kamlib.wording import listed as together

STAGE = Choice(
    "contact-stage",
    "Stage",
    {
        "": "All stages",
        "needs": "Awareness of needs",
        "alternatives": "Comparing alternatives",
        "selection": "Selection",
        "after": "After the purchase",
    },
)
PURPOSES = {
    "information": "get information",
    "solutions": "promote solutions",
    "credibility": "build credibility",
    "trust": "build trust",
}


def _map(view: View) -> pd.DataFrame:
    rows = about(view, people.contact_map)
    pairs = zip(rows["our_name"], rows["name"], strict=True)
    return rows.assign(pair=[f"{ours} and {theirs}" for ours, theirs in pairs])


def _drawn(view: View) -> tuple[Any, ...]:
    rows = _map(view)
    return (rows, view[STAGE]) if len(rows) else ()


def _title(view: View) -> str:
    rows = _map(view)
    lost = rows.loc[rows["unseen"] & rows["important"], "name"]
    if rows.empty:
        return "Who sees whom? Enter their people first, under who decides"
    if rows["unseen"].all():
        return "None of us sees anybody there yet"
    return (
        f"None of us sees {together(lost, 4)}"
        if len(lost)
        else "Somebody of us sees everybody who matters most"
    )


def _ours(view: View) -> dict[str, str]:
    """Our people, those who look after the customer or see somebody there first."""
    names = names_of(view.book["people"])
    customers = view.book["customers"]
    own = customers.loc[customers["customer"] == view.customer]
    first = [*own["manager"], *own["deputy"]]
    order = [p for p in dict.fromkeys([*first, *_map(view)["person"], *names]) if p in names]
    return {person: names[person] for person in order}


def _cells(view: View) -> list[dict[str, Any]]:
    rows = _map(view)
    purpose = dict(zip(zip(rows["contact"], rows["person"], strict=True), rows["purpose"], strict=True))
    there = rows.drop_duplicates("contact")
    return [
        {"id": c, "label": name, "sub": what, "cells": [purpose.get((c, p), "") for p in _ours(view)]}
        for c, name, what in there[["contact", "name", "function"]].itertuples(index=False)
    ]


WHY = Grid(
    "Who sees whom, and what for?",
    _cells,
    lambda view: [
        {"id": p, "label": name, "kind": "choice", "choices": [*PURPOSES], "words": PURPOSES}
        for p, name in _ours(view).items()
    ],
    lambda view, contact, person, text: (
        "links",
        of_customer(view) | {"contact": contact, "person": person, "purpose": text},
    ),
    corner="Person",
    printed=False,
)


def _contacts(title: str, shown: dict[str, str], **more: Any) -> Grid:
    """A line for each contact of the customer in focus."""
    return listed(
        "links",
        shown,
        title=title,
        fixed=of_customer,
        rows_of=lambda view: _map(view)[~_map(view)["unseen"]],
        label="pair",
        corner="Contact",
        words={"purpose": PURPOSES},
        **more,
    )


GROW = _contacts(
    "GROW: goal, role, obligation, work plan",
    {
        "goal": "Goal",
        "part": "Role",
        "obligation": "Obligation to the team",
        "next_step": "Work plan: next step",
        "due": "By",
    },
    look={"broad": True},
)
COVERS = _contacts(
    "At which stages, and how?",
    {
        "purpose": "Purpose",
        "needs": "Awareness of needs",
        "alternatives": "Comparing alternatives",
        "selection": "Selection",
        "after": "After the purchase",
        "agreed": "Main contact agrees?",
        "gets_on": "Get on?",
        "chemistry": "Chemistry",
        "days": "Days a year",
        "reviewed": "Last looked at",
    },
    look={"broad": True},
)


def _rules(view: View) -> Markup:
    return guide.findings(findings.contacts(book_of(view)), view)


def _load(view: View) -> Markup:
    """The days of everybody who sees somebody here, with all other customers, against step 2."""
    rows = people.contact_load(book_of(view))
    rows = rows[rows["person"].isin(_map(view)["person"])]
    heads = {
        "name": "Our person|name",
        "words": "Contacts at all customers together|l",
        "over": "Days too many",
    }
    return table(rows, heads, note="The days available are those of step 2.")


exhibits = stack(
    row(
        stack(
            Exhibit(
                "contact-map",
                _title,
                controls=(STAGE,),
                chart=Chart(
                    charts.contact_map,
                    _drawn,
                    "Their people by ours: who sees whom, and what for",
                    "Enter their people first, under who decides.",
                    "In bold, those whose say counts; a thick frame: nobody sees this person.",
                ),
            ),
            Exhibit("contact-load", "Have our people the days?", _load),
        ),
        stack(
            Exhibit("contact-rules", "What to take care of", _rules),
            guide.tips("contacts"),
        ),
        shape="two",
    ),
    Exhibit("contact-why", grid=WHY),
    Exhibit("contact-grow", grid=GROW),
    Exhibit("contact-how", grid=COVERS),
    exercises("contacts", own=True),
)
