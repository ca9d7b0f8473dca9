"""A vote on its way into the workbook: what the phone sent, whether it counts, what is written.

A phone numbers the changes of each vote of a person. A vote whose number is not above the stored
one changes nothing: it is a duplicate, or was overtaken. The phone is told what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kamlib.app.room.seen import BALLOTS, Key, Seen
from kamlib.app.room.sentences import CLOSED, NOT_ASKED, POINTS, RANKING, SENTENCES, Refused
from kamlib.workbook import checks
from kamlib.workbook.schema import DEFINITIONS
from kamlib.workbook.stores import Change
from kamlib.workbook.stores.base import Row

Word = Annotated[str, Field(max_length=200)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


class Score(BaseModel):
    """A vote on one cell; without a score the person does not know."""

    model_config = STRICT
    poll: Word
    subject: Word
    factor: Word
    supplier: Word
    score: Annotated[int, Field(ge=1, le=10)] | None
    note: Annotated[str, Field(max_length=1000)] = ""
    change: Count


class Weights(BaseModel):
    """A vote on all factors at once: points of 100, or places in an order."""

    model_config = STRICT
    poll: Word
    weights: Annotated[dict[Word, Annotated[int, Field(ge=0, le=1000)]], Field(max_length=100)]
    change: Count


@dataclass
class Vote:
    """What one person sent: the rows of a table of ballots that shall be stored, by their keys."""

    table: str
    poll: str
    phone: str
    person: str
    change: int
    rows: dict[Key, dict[str, str]]
    done: asyncio.Future[dict[str, Any]] = field(default_factory=asyncio.Future)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def succeed(self, stored: Mapping[Key, Row]) -> None:
        if not self.done.done():
            self.done.set_result({"stored": [stored.get(key, {}) for key in self.rows]})

    def refused(self, seen: Seen) -> Refused | None:
        """Why it is not stored as the workbook is now, None where it may be."""
        poll, phone = seen.polls.get(self.poll), seen.phones.get(self.phone, {})
        if (phone.get("status"), phone.get("person")) != ("joined", self.person):
            return Refused(403)
        if not poll or poll["status"] != "open":
            return Refused(409, CLOSED)
        return None

    def changes(self, stored: MutableMapping[Key, Row]) -> list[Change]:
        """What is to be written, [] where what is stored stands; `stored` is brought up to it."""
        before = {key: stored.get(key, {}) for key in self.rows}
        if max(number(row) for row in before.values()) >= self.change:
            return []
        names, made = DEFINITIONS[self.table].keys, []
        for key, values in self.rows.items():
            named = dict(zip(names, key, strict=True))
            expect = {c: before[key].get(c, "") for c in values}
            made.append(Change(self.table, named, values, expect, self.person))
            stored[key] = {**before[key], **named, **values}
        return made

    def guards(self) -> list[Change]:
        """Changes of nothing: the vote is stored while it is open and the phone has joined."""
        joined = {"status": "joined", "person": self.person}
        return [
            Change("polls", {"poll": self.poll}, {}, {"status": "open"}),
            Change("participants", {"phone": self.phone}, {}, joined),
        ]


def number(row: Mapping[str, str]) -> int:
    """The number of the change that is stored, 0 where it says none."""
    try:
        return int(float(row.get("change") or 0))
    except (ValueError, OverflowError):
        return 0


def read(kind: type[BaseModel], body: Any) -> Any:
    """What a phone sent, as it must be. Raises Refused."""
    try:
        return kind.model_validate(body)
    except ValidationError:
        raise Refused(400) from None


def vote(seen: Seen, phone: str, body: Any) -> Vote:
    """The vote of a phone that has joined. Raises Refused where it is none, or is not asked."""
    is_weights = isinstance(body, dict) and "weights" in body
    sent = read(Weights if is_weights else Score, body)
    poll, person = seen.polls.get(sent.poll), seen.phones[phone]["person"]
    if poll is None:
        raise Refused(409, CLOSED)
    table = BALLOTS.get(poll["how"], "ballots")
    if (table == "weight_ballots") != is_weights:
        raise Refused(400)
    asked = [tuple(cell[:3]) for cell in seen.cells(sent.poll)]
    make = _weights if is_weights else _score
    rows = make(sent, poll, person, asked)
    return Vote(table, sent.poll, phone, person, sent.change, rows)


def _score(sent: Score, poll: Row, person: str, asked: list[Key]) -> dict[Key, dict[str, str]]:
    cell = (sent.subject, sent.factor, sent.supplier)
    if cell not in asked:
        raise Refused(409, NOT_ASKED)
    note = plain("ballots", "note", sent.note)
    score = "" if sent.score is None else str(sent.score)
    values = {"score": score, "note": note, "change": str(sent.change)}
    return {(poll["poll"], poll["model"], person, *cell): values}


def _weights(sent: Weights, poll: Row, person: str, asked: list[Key]) -> dict[Key, dict[str, str]]:
    given, factors = sent.weights, [factor for _, factor, _ in asked]
    if not factors or {*given} != {*factors}:
        raise Refused(409, NOT_ASKED)
    is_points = poll["how"] == "points"
    if is_points and sum(given.values()) != 100:
        raise Refused(400, POINTS)
    if not is_points and sorted(given.values()) != [*range(1, len(factors) + 1)]:
        raise Refused(400, RANKING)
    column = "points" if is_points else "place"
    key = (poll["poll"], poll["model"], poll["scope"], person)
    return {
        (*key, factor): {column: str(weight), "change": str(sent.change)}
        for factor, weight in given.items()
    }


def plain(table: str, column: str, text: str) -> str:
    """A text that can be stored. Raises Refused for what cannot be shown."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    wrong = checks.problem(DEFINITIONS[table], DEFINITIONS[table][column], text)
    if wrong and wrong.level == "error":
        raise Refused(400, f"{SENTENCES[400]} {wrong}")
    return text
