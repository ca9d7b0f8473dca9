"""The portfolio we can staff, as HTML: who is in, who looks after each, and what more days would bring."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib import staffed
from kamlib.panels import fill, trusted
from kamlib.settings import Settings
from kamlib.tables import Tables

BY = {
    "attractiveness": "how attractive they are",
    "profit": "their profit today",
    "future": "their future value",
}
MOST = 30


def title(tables: Tables, settings: Settings, days: float | None = None) -> str:
    """The result in a short sentence, for the days there are or for so many."""
    if days is None:
        head, colon, _ = staffed.summary(tables, settings).partition(": ")
        return f"{head}." if colon else head
    found = staffed.choose(tables, settings, days)
    held = found[found["chosen"] == "yes"]
    used = held["days"].sum()
    return f"With {days:,.0f} days a year we can look after {len(held)} of {len(found)}; that takes {used:,.0f} days."


def rows(tables: Tables, settings: Settings, days: float | None = None) -> list[dict[str, Any]]:
    """Every candidate, those that are in first."""
    found = staffed.choose(tables, settings, days)
    people = dict(zip(tables["people"]["person"], tables["people"]["name"], strict=True))
    found = found.assign(who=[people.get(p) or p for p in found["manager"]], out=found["chosen"] != "yes")
    return found.sort_values(["out", "benefit"], ascending=[True, False], kind="stable").to_dict("records")


def told(tables: Tables, settings: Settings, days: float | None = None, most: int = MOST) -> str:
    """Who they are, and the table of candidates: in or out, who looks after it, why, and how sure its place is."""
    found = rows(tables, settings, days)
    who = staffed.summary(tables, settings).partition(": ")[2] if days is None else ""
    return fill("crew_table", rows=found[:most], more=len(found) - most, who=who)


def problems(tables: Tables, settings: Settings) -> str:
    """What is not known, and what does not fit."""
    return fill("crew_problems", lines=staffed.problems(tables, settings))


def pictured(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The frontier: what each number of days reaches."""
    return staffed.frontier(tables, settings)


def choice(settings: Settings, locked: bool) -> str:
    """What counts as benefit."""
    return fill("crew_choice", by=BY, chosen=settings.staff_by, locked=locked)


def report(tables: Tables, settings: Settings) -> str:
    """All of it for a reader; "" where there is no candidate."""
    found = rows(tables, settings)
    if not found:
        return ""
    from kamlib import charts

    curve = pictured(tables, settings)
    svg = (
        charts.svg(charts.frontier(curve, staffed.days_left(tables, settings)), "frontier")
        if len(curve)
        else ""
    )
    return fill("crew_report", title=title(tables, settings), problems=trusted(problems(tables, settings)), svg=trusted(svg),
                by=BY[settings.staff_by], table=trusted(told(tables, settings, most=len(found))))  # fmt: skip
