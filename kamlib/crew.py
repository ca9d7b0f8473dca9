"""The portfolio we can staff, as HTML: who is in, who looks after each, and what more days would bring."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.models import staffing, verdict
from kamlib.panels import fill, trusted
from kamlib.workbook.book import Book
from kamlib.workbook.settings import Settings

BY = {
    "attractiveness": "how attractive they are",
    "profit": "their profit today",
    "future": "their future value",
}
MOST = 30


def title(book: Book, days: float | None = None) -> str:
    """The result in a short sentence, for the days there are or for so many."""
    if days is None:
        head, colon, _ = staffing.summary(book).partition(": ")
        return f"{head}." if colon else head
    return staffing.for_days(book, days)


def rows(book: Book, days: float | None = None) -> list[dict[str, Any]]:
    """Every candidate, those that are in first."""
    found = staffing.choose(book, days)
    people = dict(zip(book["people"]["person"], book["people"]["name"], strict=True))
    said = verdict.verdicts(book.choosing(segment="")).set_index("customer")["word"]
    found = found.assign(
        who=[people.get(p) or p for p in found["manager"]],
        out=found["chosen"] != "yes",
        word=found["customer"].map(said),
    )
    return found.sort_values(["out", "benefit"], ascending=[True, False], kind="stable").to_dict("records")


def told(book: Book, days: float | None = None, most: int = MOST) -> str:
    """Who they are, and the table of candidates: in or out, who looks after it, why, how sure its category is and at which capacity it is in."""
    found = rows(book, days)
    who = staffing.summary(book).partition(": ")[2] if days is None else ""
    return fill("crew_table", rows=found[:most], more=len(found) - most, who=who)


def problems(book: Book) -> str:
    """What is not known, and what does not fit."""
    return fill("crew_problems", lines=staffing.problems(book))


def pictured(book: Book) -> pd.DataFrame:
    """The frontier: what each number of days reaches."""
    return staffing.frontier(book)


def choice(settings: Settings, locked: bool) -> str:
    """What counts as benefit."""
    return fill("crew_choice", by=BY, chosen=settings.staff_by, locked=locked)


def report(book: Book) -> str:
    """All of it for a reader; "" where there is no candidate."""
    found = rows(book)
    if not found:
        return ""
    from kamlib import charts

    curve = pictured(book)
    svg = charts.svg(charts.frontier(curve, staffing.days_left(book)), "frontier") if len(curve) else ""
    return fill("crew_report", title=title(book), problems=trusted(problems(book)), svg=trusted(svg),
                by=BY[book.settings.staff_by], table=trusted(told(book, most=len(found))))  # fmt: skip
