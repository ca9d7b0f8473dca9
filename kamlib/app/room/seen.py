"""What the room has read of the workbook, and what of it a phone may see.

Nothing of another person's vote is in anything made here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from kamlib.models import polls
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, Tables, typed
from kamlib.workbook.stores.base import Row

BALLOTS = {"scores": "ballots", "points": "weight_ballots", "ranking": "weight_ballots"}
ASKED = "polls", "factors", "customers", "ideas", "scores", "suppliers", "decisions"
NEEDED = frozenset([*ASKED, "people", "participants", *BALLOTS.values()])
Key = tuple[str, ...]


def rows(text: Tables, name: str) -> list[Row]:
    """The rows of a text table with the columns of its definition, their cells without blanks."""
    frame = text.get(name)
    if frame is None or frame.empty:
        return []
    frame = frame.loc[:, ~frame.columns.duplicated()]
    frame = frame.reindex(columns=DEFINITIONS[name].names, fill_value="")
    return [{c: cell.strip() for c, cell in row.items()} for row in frame.to_dict("records")]


class Seen:
    """The tables as they were read last. `stored` holds the ballots of the votes that still run."""

    def __init__(self) -> None:
        self._memory: OrderedDict[Any, Any] = OrderedDict()
        self._typed: Tables = typed({})
        self.book = Book(self._typed)
        self.polls: dict[str, Row] = {}
        self.people: dict[str, Row] = {}
        self.phones: dict[str, Row] = {}
        self.stored: dict[str, dict[Key, Row]] = {name: {} for name in BALLOTS.values()}
        self._asked: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {}

    def take(self, text: Tables, names: Collection[str]) -> None:
        """Take in these tables; one that is not in `text` is not in the workbook.

        The ballots come with the polls: which of them are held depends on what still runs.
        """
        asked = [name for name in ASKED if name in names]
        if asked:
            self._typed = {**self._typed, **typed(text, asked)}
            self.book = Book(self._typed, memory=self._memory)
        if "polls" in names:
            self.polls = {row["poll"]: row for row in reversed(rows(text, "polls"))}
        if "people" in names:
            self.people = {row["person"]: row for row in rows(text, "people")}
        if "participants" in names:
            self.phones = {row["phone"]: row for row in rows(text, "participants")}
        for name in self.stored.keys() & {*names}:
            self.stored[name] = self._running(name, text.get(name, pd.DataFrame()))

    def _running(self, name: str, frame: pd.DataFrame) -> dict[Key, Row]:
        """The ballots of votes that are open, or closed and not revealed, by their key."""
        keys = DEFINITIONS[name].keys
        going = [p for p, row in self.polls.items() if row["status"] in ("open", "closed")]
        if frame.empty or not going or "round" not in frame:
            return {}
        own = rows({name: frame[frame["round"].str.strip().isin(going)]}, name)
        return {tuple(row[k] for k in keys): row for row in own}

    def poll(self) -> Row | None:
        """The vote in progress, else the one that was opened last, else None."""
        running = polls.running(self.book)
        if running in self.polls:
            return self.polls[running]
        return max(self.polls.values(), key=lambda row: row["opened"], default=None)

    def holders(self, person: str) -> list[str]:
        """The phones that have joined as this person."""
        joined = [p for p, row in self.phones.items() if row["status"] == "joined"]
        return [phone for phone in joined if self.phones[phone]["person"] == person]

    def requests(self, phone: str) -> list[str]:
        """The phones that ask for the name of this one, and did so after it had joined."""
        own = self.phones[phone]
        return [
            other
            for other, row in self.phones.items()
            if row["status"] == "asking" and row["person"] == own["person"]
            if row["since"] > own["since"]
        ]

    def names(self) -> list[dict[str, Any]]:
        """The people to choose from: id, name, and whether a phone has joined as them."""
        held = {row["person"] for row in self.phones.values() if row["status"] == "joined"}
        return [
            {"person": person, "name": row["name"] or person, "held": person in held}
            for person, row in self.people.items()
        ]

    def name(self, person: str) -> str:
        """The name of a person, the id where there is none."""
        return self.people.get(person, {}).get("name", "") or person

    def told(self) -> tuple[Any, ...]:
        """What all phones are told of: when it differs, they ask again."""
        poll = self.poll()
        asked = polls.questions(self.book, poll["poll"]) if poll else None
        return tuple((poll or {}).items()), id(asked)

    def told_one(self) -> dict[str, tuple[Any, ...]]:
        """What each phone alone is told of."""
        people, none = self.people, dict[str, str]()
        return {
            phone: (row["status"], people.get(row["person"], none), self.requests(phone))
            for phone, row in self.phones.items()
        }

    def cells(self, poll: str) -> list[list[Any]]:
        """The cells that a vote asks for: subject, factor, supplier, and more for the phone."""
        cells: list[list[Any]] = self._questions(poll)["cells"]
        return cells

    def asks(self, poll: Mapping[str, str]) -> dict[str, Any]:
        """What a phone shows of a vote: how it is taken, and what it asks."""
        how = poll["how"] if poll["how"] in BALLOTS else "scores"
        own = {"poll": poll["poll"], "how": how, "model": poll["model"]}
        return own | {"live": poll["blind"] == "no"} | self._questions(poll["poll"])

    def _questions(self, poll: str) -> dict[str, Any]:
        """Topics (label, good, bad) and, in the order of the phone, the cells of a vote."""
        found = polls.questions(self.book, poll)
        if poll in self._asked and self._asked[poll][0] is found:
            return self._asked[poll][1]
        topics: dict[Key, int] = {}
        cells = []
        for row in found.itertuples(index=False):
            topic = topics.setdefault((row.label or row.factor, row.good, row.bad), len(topics))
            cells.append([row.subject, row.factor, row.supplier, row.name, row.of, topic])
        self._asked[poll] = found, {"topics": [*topics], "cells": cells}
        return self._asked[poll][1]

    def answers(self, poll: Mapping[str, str], person: str) -> list[Row]:
        """What this person, and nobody else, has answered in a vote."""
        stored = self.stored[BALLOTS.get(poll["how"], "ballots")]
        own = ("subject", "factor", "supplier", "score", "note", "points", "place", "change")
        return [
            {c: row[c] for c in own if c in row}
            for row in stored.values()
            if row["round"] == poll["poll"] and row["person"] == person
        ]

    def due(self) -> list[str]:
        """The open votes whose time has come."""
        going = [row for row in self.polls.values() if row["status"] == "open"]
        return [
            row["poll"] for row in going if (left := seconds_left(row)) is not None and not left
        ]


def seconds_left(poll: Mapping[str, str]) -> float | None:
    """The seconds until a vote closes by itself; None where it does not, or says no moment."""
    try:
        end = datetime.fromisoformat(poll["closes"])
    except ValueError:
        return None
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    return max(0.0, (end - datetime.now(UTC)).total_seconds())
