"""Whom can we really look after? The best set for the days there are, and what other days would bring."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.models import staffing, verdict
from kamlib.pages.exhibit import Chart, Exhibit, Figures, Slider, View, stack
from kamlib.pages.html import fill, fold, line, parts, table
from kamlib.workbook.book import Book

BY = {
    "attractiveness": "how attractive they are",
    "profit": "their profit today",
    "future": "their future value",
}
MOST, STEP = 30, 5.0


def _there(view: View) -> float:
    """The days a year that are left for these accounts."""
    known = staffing.days_left(view.book)
    return max(known, 0.0) if math.isfinite(known) else 0.0


def _most(view: View) -> float:
    return STEP * math.ceil(max(staffing.choose(view.book)["days"].sum(), _there(view), STEP) / STEP)


DAYS = Slider("days", "Days a year for these accounts", 0, _most, STEP, _there, unit="days")


def _days(view: View) -> float | None:
    """The days that were asked for; None for those there are."""
    return None if view[DAYS] == _there(view) else view[DAYS]


def title(book: Book, days: float | None = None) -> str:
    """The result in a short sentence, for the days there are or for so many."""
    if days is not None:
        return staffing.for_days(book, days)
    head, colon, _ = staffing.summary(book).partition(": ")
    return f"{head}." if colon else head


def rows(book: Book, days: float | None = None) -> pd.DataFrame:
    """Every candidate, those that are in first, with who looks after it and how sure its category is."""
    found = staffing.choose(book, days)
    people = dict(zip(book["people"]["person"], book["people"]["name"], strict=True))
    said = verdict.verdicts(book.choosing(segment="")).set_index("customer")["word"]
    found = found.assign(
        who=[people.get(p) or p for p in found["manager"]],
        out=found["chosen"] != "yes",
        word=found["customer"].map(said),
    )
    return found.sort_values(["out", "benefit"], ascending=[True, False], kind="stable")


def _candidates(view: View) -> str:
    """Who they are, and the table of candidates: in or out, who looks after it, why, and how sure that is."""
    found, days = rows(view.book, _days(view)), _days(view)
    who = staffing.summary(view.book).partition(": ")[2] if days is None else ""
    if found.empty:
        return (
            ""
            if view.paper
            else line("No customer is a key or key development account, or likely to become one.")
        )
    shown = found.assign(
        stands=[fill("certainty", "candidate", row=r) for r in found.to_dict("records")],
        chosen=["✓ in" if chosen == "yes" else "out" for chosen in found["chosen"]],
        why=[
            f"{why}{' (value estimated)' if estimated else ''}"
            for why, estimated in zip(found["why"], found["estimated"], strict=True)
        ],
    )
    return parts(
        line(who, "verdict"),
        fold(
            "Account by account",
            table(
                shown,
                {
                    "name": "Customer|name",
                    "stands": "as|l word",
                    "word": "how sure|l word",
                    "days": "days",
                    "chosen": "in?|l",
                    "who": "who looks after it|l",
                    "why": "why|l why",
                    "place": "with how many days|l",
                },
                most=len(shown) if view.paper else MOST,
            ),
            view,
        ),
    )


def _problems(view: View) -> str:
    """What is not known, and what does not fit."""
    if view.paper and rows(view.book).empty:
        return ""
    note = f"All segments together. What counts is the chance to be attractive, times {BY[view.book.settings.staff_by]}. What the team "
    note += "decided in step 9 with a reason is in, and what it decided otherwise is out, whatever it brings."
    return parts(
        fill("certainty", "close", lines=staffing.problems(view.book)),
        line(note, "small") if view.paper else "",
    )


def _frontier(view: View) -> tuple[Any, ...]:
    curve = staffing.frontier(view.book)
    return (curve, view[DAYS]) if len(curve) else ()


def _by(desk: Any, content: dict[str, Any]) -> None:
    desk.put("settings", key="staff_by", value=str(content["by"]))


portfolio = stack(
    Exhibit(
        "frontier",
        lambda view: title(view.book, _days(view)),
        _problems,
        steered=True,
        chart=Chart(
            charts.frontier,
            _frontier,
            "How much of the benefit so many days a year reach",
            "There is nobody to choose among yet.",
        ),
        controls=(
            DAYS,
            Figures(
                {
                    "key_limit": "Most key accounts in a segment",
                    "key_development_limit": "Most key development accounts in a segment",
                }
            ),
        ),
    ),
    Exhibit(
        "benefit",
        words=lambda view: fill(
            "certainty", "benefit", by=BY, chosen=view.book.settings.staff_by, locked=view.locked
        ),
        actions={"by": _by},
        on_paper=False,
    ),
    Exhibit("candidates", words=_candidates),
)
