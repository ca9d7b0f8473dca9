"""How close are we? The stage of the relationship, and the contacts that carry it."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from kamlib import charts
from kamlib.models.account import people, relationship
from kamlib.pages.account_plan.standing import about, first
from kamlib.pages.exhibit import Chart, Exhibit, View, row, stack
from kamlib.pages.guide import tips
from kamlib.pages.html import line, parts, table
from kamlib.pages.sheets import exercises
from kamlib.wording import listed


def _close(view: View) -> dict[str, Any]:
    return first(about(view, relationship.relationship))


def _title(view: View) -> str:
    found = _close(view)
    if not found.get("now"):
        return "How close are we? Find the stage in the exercises below"
    aim = found["aim"]
    there = (
        f", and we aim at {aim}"
        if aim and aim != found["now"]
        else ", and that is where we want to be"
        if aim
        else ""
    )
    return f"{found['now']} today{there}"


def _contacts(view: View) -> tuple[Any, ...]:
    rows = about(view, people.contact_map)
    return (rows,) if len(rows) else ()


def _hint(view: View) -> Markup:
    """What number and spread of the contacts suggest, beside what the team entered."""
    found = _close(view)
    if not found.get("hint"):
        return line("Enter their people and who sees them: the contacts then hint at a stage.", "hint")
    could = listed(found["possible"].split("|"), last="or")
    said = f"The contacts look like {could}: {found['because']}."
    entered = {
        True: f"You entered {found['now']}, which agrees.",
        False: f"You entered {found['now']}, and that stands.",
    }
    thread = f"This account hangs on {found['thread']}. What if somebody leaves?" if found["thread"] else ""
    return parts(
        line(thread, "doubt"),
        line(said),
        line(entered.get(found["agrees"], ""), "hint"),
        line("Contacts alone never show synergy: that takes joint plans and open costs.", "hint"),
    )


def _zone_title(view: View) -> str:
    found = _close(view)
    return str(found.get("zone") or "How far does each side want to go? Say both in the exercises below")


def _zone(view: View) -> Markup:
    found = _close(view)
    both = f"We want {found.get('ours') or '?'}; the customer wants {found.get('theirs') or '?'}."
    return parts(line(both) if found else "", line(found.get("advice", ""), "verdict"))


def _signs(view: View) -> Markup:
    rows = about(view, relationship.signs)
    heads = {"stage": "Stage|l", "seen": "signs seen", "judged": "of those judged", "of": "of all"}
    return table(rows, heads, note="Signs are likely, not certain: no number of them makes a stage.")


exhibits = stack(
    row(
        stack(
            Exhibit(
                "bow-tie",
                _title,
                chart=Chart(
                    charts.bow_tie,
                    _contacts,
                    "Our people at the left, the customer's at the right, and who sees whom",
                    "Who decides? Enter their people there, then who sees whom: the contacts are drawn here.",
                    "Two people make a bow-tie; many on both sides make a diamond. Dashed: goal, role, obligation or "
                    "work plan is missing. Hollow: nobody sees this person.",
                ),
            ),
            Exhibit("stage-signs", words=_signs),
        ),
        stack(
            Exhibit("stage-hint", "What the contacts say", _hint),
            Exhibit("zone", _zone_title, _zone),
            tips("relationship"),
        ),
        shape="two",
    ),
    exercises("relationship", first="frustration_zones", own=True),
)
