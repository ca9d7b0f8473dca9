"""A seat in the room: who joins, under which name, and the row of the phone."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from kamlib.app.room import votes
from kamlib.app.room.seen import Seen
from kamlib.app.room.sentences import FULL, NO_PERSON, Refused
from kamlib.workbook.importing.identity import ids, name_of
from kamlib.workbook.stores import Change
from kamlib.workbook.stores.base import now

MOST_PEOPLE = 500


class Named(BaseModel):
    """Who joins: somebody of the list, or a new name with a function."""

    model_config = votes.STRICT
    person: votes.Word = ""
    name: Annotated[str, Field(max_length=80)] = ""
    function: Annotated[str, Field(max_length=80)] = ""


class LetIn(BaseModel):
    """The answer to a phone that asks for one's own name."""

    model_config = votes.STRICT
    phone: votes.Word
    let: bool


def person(seen: Seen, given: Named) -> tuple[str, list[Change]]:
    """Who joins; a new name becomes a row of the people, capitals and blanks aside."""
    people = seen.people
    if given.person and not given.name:
        if given.person not in people:
            raise Refused(400, NO_PERSON)
        return given.person, []
    name = votes.plain("people", "name", name_of(given.name))
    if not name or given.person:
        raise Refused(400, NO_PERSON)
    for person in people:
        if name.casefold() in (name_of(seen.name(person)).casefold(), person.casefold()):
            return person, []
    if len(people) >= MOST_PEOPLE:
        raise Refused(429, FULL)
    (person,) = ids([name], people, otherwise="x")
    function = votes.plain("people", "function", name_of(given.function))
    values = {"name": name, "function": function}
    return person, [Change("people", {"person": person}, values, dict.fromkeys(values, ""))]


def seat(seen: Seen, old: str, phone: str, person: str, status: str) -> list[Change]:
    """The row of a phone that joins, in place of the one it had."""
    before = seen.phones.get(old, {})
    values = {"person": person, "status": status, "here": "no", "since": now()}
    expect = {"status": before["status"]} if before else {}
    if old == phone:
        return [Change("participants", {"phone": phone}, values, expect)]
    left = [Change("participants", {"phone": old}, None, expect)] if before else []
    return [*left, Change("participants", {"phone": phone}, values, {"status": ""})]
