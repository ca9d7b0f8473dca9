"""Who decides? The people of the customer and their part in the decision."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import charts
from kamlib.models.account import people
from kamlib.pages.account import customer_of
from kamlib.pages.account_plan.standing import about
from kamlib.pages.exhibit import Chart, Desk, Exhibit, View, row, stack
from kamlib.pages.grids import listed
from kamlib.pages.guide import tips
from kamlib.pages.html import line, table
from kamlib.pages.sheets import exercises
from kamlib.wording import counted
from kamlib.wording import listed as together


def of_customer(view: View) -> dict[str, str]:
    """The part of a key that all rows about the customer in focus share."""
    return {"customer": view.customer}


def _remove(desk: Desk, content: dict[str, Any]) -> None:
    """A person, and every contact with that person."""
    key = {"customer": customer_of(desk.view), "contact": str(content["row"])}
    links = desk.view.book["links"]
    links = links[(links["customer"] == key["customer"]) & (links["contact"] == key["contact"])]
    rows = [("links", key | {"person": person}) for person in links["person"]]
    desk.remove_all([*rows, ("customer_people", key)])


WHO = {
    "function": "Function",
    "main": "Main contact?",
    "role": "Part in the decision",
    "influence": "Influence",
    "attitude": "Attitude",
    "seen": "Seen",
    "note": "Note",
}
HOW = {
    "focus": "Why they listen",
    "adopts": "Takes up something new",
    "seniority": "Seniority",
    "involvement": "Involvement, 1 to 10",
    "interest": "Interest, 1 to 10",
    "drive": "Wants most",
}
PEOPLE = listed(
    "customer_people",
    WHO,
    title="Their people",
    add="Somebody else there:",
    fixed=of_customer,
    new=lambda view: {"customer": customer_of(view)},
    actions={"remove": _remove},
    corner="Person",
)
INFLUENCE = listed(
    "customer_people",
    HOW,
    title="What moves them",
    fixed=of_customer,
    sub="function",
    corner="Person",
    look={"removable": False},
)


def _people_title(view: View) -> str:
    rows = about(view, people.people)
    if rows.empty:
        return "Who decides? Begin with the people you know there"
    names = rows.loc[rows["important"], "name"]
    said = f"{counted(len(rows), 'person', 'people')} there"
    return (
        f"{said}; what {together(names, 4)} say{'s' * (len(names) == 1)} counts most" if len(names) else said
    )


def _roles(view: View) -> tuple[Any, ...]:
    rows = about(view, people.contact_roles)
    rows = rows[rows["role"] != ""]
    if rows.empty:
        return ()
    said = rows["name"] + ": " + rows["label"] + rows["on_line"].map({True: " (on the line)", False: ""})
    found = pd.DataFrame({"label": said, "strong": True})
    found["x"] = rows["role"].isin(["lead", "service"]).astype(int)
    found["y"] = rows["role"].isin(["lead", "specifier"]).astype(int)
    return found, "Little involved", "Much involved", "Much interest", "Little interest"


def _order_title(view: View) -> str:
    rows = about(view, people.approach_order)
    names = [*rows["name"]]
    return f"First {names[0]}, last {names[-1]}" if len(names) > 1 else "In what order?"


def _order(view: View) -> Markup:
    rows = about(view, people.approach_order)
    if rows.empty:
        return line("As soon as somebody is entered, this says whom to approach first, and why.", "hint")
    seen = rows["seen_by"].where(rows["seen_by"] != "", "nobody")
    heads = {
        "name": "Who|name",
        "when": "When|l",
        "why": "Because|l why",
        "seen_by": "Seen by|l",
        "advice": "How|l why",
    }
    note = "Friends first, power last, and nobody behind the main contact. Proposed from what you entered; you decide."
    named = [f"{place}. {name}" for place, name in zip(rows["place"], rows["name"], strict=True)]
    return table(rows.assign(seen_by=seen, name=named), heads, note=note)


def _snail(view: View) -> tuple[Any, ...]:
    rows = about(view, people.snail)
    return (rows,) if len(rows) else ()


def _snail_title(view: View) -> str:
    found = _snail(view)
    if not found:
        return "Where do their ideas begin, and where do we hear of them?"
    reached = found[0][found[0]["contact"] == "yes"]
    first = f", the innermost {reached['label'].iloc[0]}" if len(reached) else ""
    return f"We are in touch on {len(reached)} of {len(found[0])} turns of the snail{first}"


exhibits = stack(
    Exhibit("customer-people", _people_title, grid=PEOPLE),
    Exhibit("customer-influence", grid=INFLUENCE),
    Exhibit("approach", _order_title, _order),
    row(
        Exhibit(
            "contact-roles",
            "What part does each contact play?",
            chart=Chart(
                charts.quadrants,
                _roles,
                "Each contact by interest and involvement",
                "Give their involvement and interest above.",
                "Lead: stay close. Specifier: keep as an ally. Service: reach the person behind, with permission. "
                "Gatekeeper: be patient and open.",
            ),
        ),
        Exhibit(
            "snail",
            _snail_title,
            chart=Chart(
                charts.snail,
                _snail,
                "The snail of opportunity, from the centre to the launch",
                "Fill in the opportunity snail below.",
                "Thick and dark: we are in touch. Thin: we are not. Dotted: nobody knows.",
            ),
        ),
    ),
    tips("entry"),
    exercises("entry", ("opportunity_snail",), own=True),
)
