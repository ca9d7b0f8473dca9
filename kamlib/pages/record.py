"""What is kept of the votes: who voted on what, and what was agreed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.models import agenda, ballots, polls
from kamlib.pages.exhibit import Exhibit, View
from kamlib.pages.grids import names_of
from kamlib.pages.html import fill, table
from kamlib.pages.room import WEIGHING, about
from kamlib.workbook.book import Book


def _record_title(view: View) -> str:
    return "What happened in the workshop" if _record(view) else ""


def _record(view: View) -> str:
    """Who was there, what was voted on and agreed, what is open, how long each step took."""
    book, names = view.book, names_of(view.book["people"])
    there = book["participants"]
    there = there.loc[there["status"] == "joined", "person"]
    here = [names.get(p, p) for p in dict.fromkeys(there)]
    rows = [_voted(book, row) for row in book["polls"].sort_values("opened").to_dict("records")]
    times = agenda.timetable(book)
    times = times[times["started"] != ""]
    if not (here or rows or len(times)):
        return ""
    votes = table(
        rows,
        {
            "about": "Vote on|l",
            "when": "When (UTC)|l",
            "voted": "people",
            "cells": "asked",
            "agreed": "agreed|blank",
            "open": "still open|blank",
        },
        css="votes",
    )
    steps = table(times, {"label": "Step|l", "minutes": "minutes planned", "took": "minutes it took|%.0f"})
    return fill("room", "record", here=here, votes=votes, steps=steps)


def _voted(book: Book, row: dict[str, Any]) -> dict[str, Any]:
    """A line of the record on one vote; nothing of the votes themselves."""
    poll, is_shown = row["poll"], row["poll"] not in polls.hidden(book)
    asked, answers = polls.questions(book, poll), polls.answers(book, poll)
    weighs = row["how"] in WEIGHING
    segments = names_of(book["segments"])
    found = pd.DataFrame() if weighs or not is_shown else ballots.revealed(book, poll)
    settled = int((found["settled"] == "yes").sum()) if len(found) else None
    return {
        "about": f"{about(row)} ({segments.get(row['scope'], row['scope'])})",
        "when": row["opened"][:16].replace("T", " "),
        "voted": int((answers["answered"] > 0).sum()),
        "cells": len(asked),
        "agreed": settled,
        "open": None if settled is None else len(asked) - settled,
    }


record = Exhibit("record", _record_title, _record, on_paper=lambda view: bool(_record(view)))
