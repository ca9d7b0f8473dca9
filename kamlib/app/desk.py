"""The desk: one open workbook that the pages read, change and listen to.

An action calls `put`, the store has it durably, the tables are new, every exhibit is asked again.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd

from kamlib.app import steps
from kamlib.app.removal import hanging, scores_of
from kamlib.errors import Conflict, InvalidInput, KamError, ReadOnly
from kamlib.models import ballots, findings, kaism, market, pia, polls, scenarios
from kamlib.models.scope import first_segment
from kamlib.pages import html
from kamlib.pages.exhibit import Choice, Draft, Exhibit, Page, Part, Slider, View
from kamlib.workbook import checks, settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, Tables, as_text, empty, parse, typed
from kamlib.workbook.stores import Change
from kamlib.workbook.stores.base import apply, blame, conflict, find, somebody

# whoever changes one of these said it; who only changes a note or a date beside it did not
ANSWERS = ("score", "decision", "class", "rating", "value")


class Desk:
    """A live workbook. `book` is what the models take; never change its tables in place."""

    def __init__(self, store: stores.Store, text: Tables, book: Book | None = None, **given: Any) -> None:
        self.store, self.read_only = store, bool(given.pop("read_only", False))
        self._text, self.given = text, given
        self.narrowed = bool(given.get("segment"))  # was one segment asked for?
        self._listeners: list[Callable[[], None]] = []
        self._seen = store.seen or store.version()
        self._done, self._undone = list[steps.Step](), list[steps.Step]()  # how to take back, do again
        self._pointers: list[Callable[[Sequence[Change]], bool]] = []
        self._what_if: dict[str, pd.DataFrame] = {}
        self.message, self.saved_at, self.customer, self.idea = "", "", "", ""
        self.audience, self.paper = "internal", False
        self.page: Page | None = None
        self.poll: Any = None
        self.picked: dict[str, Any] = {}  # the controls that were moved on this page, and what they are
        self.controls: dict[str, Slider | Choice] = {}
        self.pictures: dict[str, Exhibit] = {}  # exhibits of this page that have one
        self.waiting: list[Callable[[], None]] = []  # parts of the page that nobody has seen yet
        self._pickers: list[Callable[[str], object]] = []
        self._typed = book or typed(text)  # a book brings what its models have answered
        self._memory = book.memory if book else OrderedDict[Any, Any]()  # the answers, of every edition
        self._book: Book | None = None
        self.settings = self._settings()
        self.choose(self.settings.segment or first_segment(self._typed))

    @property
    def book(self) -> Book:
        """The workbook as the models take it, in the scenario if one is open, with the what-if of the moment."""
        if self._book is None:
            book = ballots.as_voted(self.agreed)
            self._book = book.having(self._what_if) if self._what_if else book
        return self._book

    @property
    def agreed(self) -> Book:
        """The workbook, in the scenario if one is open, without the what-if of the moment."""
        entered = Book(self._typed, self.settings, self._memory)
        return scenarios.applied(entered, self.settings.scenario)

    @property
    def view(self) -> View:
        """What an exhibit sees now."""
        book = self.book
        if self.paper and self.page and not (self.page.of_segment or self.narrowed):
            book = book.choosing(segment="")
        customer = self.customer
        if self.page and self.page.of_customer:  # a page about one always has one, if there is any
            customer = pia.focus(book.choosing(customer=""), customer)
        return View(
            book,
            customer,
            self.idea,
            self.picked,
            self.read_only or self.paper,
            self.paper,
            self.narrowed,
            stores.file_name(self.store.location),
            self.supposing,
        )

    def open(self, page: Page) -> Any:
        """The beginning of a page: on the screen the title line with the ten steps and the status line."""
        self.page = page
        if self.paper or self.audience != "internal":
            return html.beginning(page, self.view, self.audience)
        from kamlib.app import opening

        return opening.opened(self, page)

    def show(self, part: Part) -> Any:
        """An exhibit, or several: on the screen as a widget, on paper as HTML."""
        if self.audience != "internal":
            return html.Paper("")
        if self.paper:
            return html.Paper(html.on_paper(part, self.view))
        from kamlib.app import show

        return show.later(self, part)

    def pick(self, control: str, value: Any) -> None:
        """Move a control of this page. Raises LookupError and ValueError where there is none, or not so far."""
        moved = self.controls[control]
        if isinstance(moved, Choice) and moved.taken:
            return moved.taken(self, {"value": value})
        self.draft(moved, moved.accepts(self.view, value))

    def draft(self, control: Draft | Slider | Choice, value: Any) -> None:
        """Hold something on this page that the workbook does not have."""
        self.picked[control.id] = value
        for listener in list(self._pickers):
            listener(control.id)

    def on_pick(self, listener: Callable[[str], object]) -> None:
        """Call `listener` with its id whenever a control is moved."""
        self._pickers.append(listener)

    @property
    def tables(self) -> Tables:
        """The tables of `book`."""
        return self.book.tables

    @property
    def entered(self) -> Tables:
        """The typed tables as they are stored, without scenario and what-if."""
        return self._typed

    @property
    def supposing(self) -> bool:
        """Do the tables show a what-if just now?"""
        return bool(self._what_if)

    def on_change(self, listener: Callable[[], None], *, first: bool = False) -> None:
        """Call `listener` after every change: here, elsewhere, or a what-if; `first` before the others."""
        self._listeners.insert(0 if first else len(self._listeners), listener)

    def choose(self, segment: str) -> None:
        """Work on another segment. Raises InvalidInput when there is none of that id."""
        chosen = replace(self.settings, segment=segment)
        if segment:
            kaism.segments(Book(self._typed, chosen))
        self.given["segment"], self.settings, self._book = segment, chosen, None
        self._what_if, self.customer, self.idea, self.message = {}, "", "", ""
        self._tell()

    def put(self, table: str, **row: Any) -> None:
        """Merge one row by its key; it is on disk when this returns. Raises KamError, changing nothing."""
        self.put_all(table, [row])

    def put_all(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Merge several rows of a table, all or none."""
        self.put_rows((table, row) for row in rows)

    def put_rows(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Merge rows of several tables, all or none."""
        changes = [self._change(table, row) for table, row in rows]
        if len(changes) > 1 and any(change.table in market.TABLES for change in changes):
            for wrong in market.worse(self._text, apply(self._text, changes, "")[0]):
                raise InvalidInput.of(wrong)
        self._write(changes)

    def examine(self, table: str, row: Mapping[str, Any]) -> None:
        """Raise what `put` would raise because of the row itself; nothing is written."""
        self._change(table, row)

    def conflict(self, table: str, row: Mapping[str, Any], found: str) -> Conflict:
        """The error for a cell in which somebody else has entered `found` since the writer looked."""
        keys = DEFINITIONS[table].keys
        values = {c: as_text(v) for c, v in row.items() if c not in keys}
        change = Change(table, {k: str(row.get(k, "")) for k in keys}, values)
        said = conflict(change, next(iter(values), ""), found)
        return blame(said, [change], self.store.read(["history"]).get("history", empty("history")))

    @contextlib.contextmanager
    def as_one(self) -> Any:
        """What is changed inside is taken back in one go."""
        before, text = len(self._done), self._text
        try:
            yield
        finally:
            parts = self._done[before:]
            if len(parts) > 1:
                self._done[before:] = [steps.joined(parts, text, self._text)]

    def remove(self, table: str, **key: str) -> None:
        """Take one row away with what hangs on it: a factor's scores, a junction's shares and routes.

        `undo` brings them back. Raises InvalidInput where other rows name it.
        """
        gone = [(table, key)]
        if table in ("factors", "ideas"):
            gone += [("scores", k) for k in scores_of(self._text, self._typed, table, key)]
        gone += hanging(self._text, table, key)
        self.remove_all(gone)

    def remove_all(self, rows: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        """Take several rows (table, key) away, in one go."""
        self._write([Change(name, dict(key), None) for name, key in rows])

    def take_in(self, merge: Callable[[Tables], Any], *, store: bool = True) -> Any:
        """Store what merging a list would change, all or none; gives what `merge` gave.

        `merge` takes the text tables and gives something with `changes` for the store. Without `store`
        nothing is written.
        """
        merged = merge(self._text)
        if store:
            self._write(list(merged.changes))
        return merged

    def preview(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Show what would follow if these cells were so, without storing anything; [] ends it."""
        self._what_if = {}
        definition, frame = DEFINITIONS[table], self.tables[table].copy()
        changed = False
        for row in rows:
            where = find(frame, {k: str(row.get(k, "")) for k in definition.keys})
            for column in row.keys() - set(definition.keys):
                value = parse(definition[column], as_text(row[column]))
                frame.iloc[where, frame.columns.get_loc(column)] = value
                changed = True
        self._what_if = {table: frame} if changed else {}
        self._tell()

    def look_at(self, customer: str) -> None:
        """The customer in focus, "" for none; views that explain one follow it."""
        self.customer = customer if customer in set(self._typed["customers"]["customer"]) else ""
        if self.idea and self.customer and self._about(self.idea) != self.customer:
            self.idea = ""
        self.message = ""
        self._tell()

    def look_into(self, idea: str) -> None:
        """The idea in focus, and with it the customer it is for; "" for none."""
        self.idea = idea if self._about(idea) else ""
        self.customer = self._about(self.idea) or self.customer
        self.message = ""
        self._tell()

    def _about(self, idea: str) -> str:
        """The customer an idea is for, "" where there is no such idea."""
        rows = self._typed["ideas"]
        own = rows.loc[rows["idea"] == idea, "customer"]
        return str(own.iloc[0]) if len(own) else ""

    @property
    def turns(self) -> dict[str, str]:
        """What undo and redo would take back and do again, in words; "" where there is nothing."""
        stacks = {"undo": self._done, "redo": self._undone}
        return {verb: stack[-1].words if stack else "" for verb, stack in stacks.items()}

    def undo(self) -> None:
        """Take back the last change made at this desk, unless somebody else has changed the place since."""
        self._turn("undo", "Undone", self._done, self._undone)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._turn("redo", "Done again", self._undone, self._done)

    def _turn(self, verb: str, said: str, taken: list[steps.Step], kept: list[steps.Step]) -> None:
        if not taken:
            return self.say(f"Nothing to {verb}.")
        step = taken.pop()
        back = steps.reversed_(step.changes, self._text)
        if step.segment != self.settings.segment and step.segment in set(self._typed["segments"]["segment"]):
            self.choose(step.segment)
        self._write(step.changes, remember=False)
        kept.append(replace(step, changes=back))
        if not self.settings.segment and (first := first_segment(self._typed)):
            self.choose(first)
        if step.customer in set(self._typed["customers"]["customer"]):
            self.customer = step.customer
        self.say(f"{said}: {step.words}.")
        any(pointer(step.changes) for pointer in self._pointers)

    def on_point(self, pointer: Callable[[Sequence[Change]], bool]) -> None:
        """Call `pointer` with what was taken back or done again, until one has shown the place."""
        self._pointers.append(pointer)

    def refresh(self) -> bool:
        """Read what others have changed since; True when there was something."""
        now = self.store.version()
        changed = [name for name in {*now, *self._seen} if now.get(name) != self._seen.get(name)]
        if not changed:
            return False
        votes = {*changed} - {"history"} <= polls.TABLES  # nothing refers to them
        changed = [name for name in changed if not votes or name != "history"]
        text = {**self._text, **self.store.read(None if "" in changed else changed)}
        self._seen = now
        found = checks.check(text, self.store.notes, changed if votes else None)
        if (found["level"] == "error").any():
            first = found.iloc[0]
            self.say(f"Somebody's change cannot be used: {checks.place(first)}: {first['message']}")
            return False
        self._take(text, None if "" in changed else {name for name in changed if name in text})
        return True

    def say(self, message: str) -> None:
        """Show a sentence in the status line."""
        self.message = message
        self._tell()

    @contextlib.contextmanager
    def speaking(self) -> Any:
        """Turn a KamError inside the block into the status line's sentence: nothing is lost."""
        try:
            yield
        except KamError as error:
            self._what_if = {}
            self.say(str(error))

    def _change(self, table: str, row: Mapping[str, Any]) -> Change:
        accepted = checks.accept(table, row, self._text)
        definition = DEFINITIONS[table]
        missing = [k for k in definition.needed_keys if k not in accepted]
        if missing:
            raise InvalidInput(f"A row of {table} needs {' and '.join(missing)}.", table=table)
        key = {k: accepted.pop(k, "") for k in definition.keys}
        current = steps.rows(self._text)(table, key)
        guarded = definition.guarded
        asked = guarded and (not current or accepted.keys() & {*guarded})
        if asked and (wrong := findings.refused(Book(self._typed), table, {**current, **key, **accepted})):
            raise InvalidInput(wrong, table=table, row=", ".join(filter(None, key.values())))
        if definition.stamped and any(current.get(c, "") != v for c, v in accepted.items()):
            accepted.setdefault("on", date.today().isoformat())
            who = somebody()
            told = any(current.get(c, "") != accepted.get(c, "") for c in accepted.keys() & {*ANSWERS})
            if who in checks.ids(self._text, "people") and (told or not current.get("person")):
                accepted.setdefault("person", who)
        return Change(table, key, accepted, {c: current.get(c, "") for c in accepted})

    def _write(self, changes: Sequence[Change], *, remember: bool = True) -> None:
        if self.read_only:
            raise ReadOnly("This is a read-only view of the workbook.")
        self.message = ""
        step = steps.step(changes, self._text, self.settings.segment, self.customer)
        try:
            story = self.store.put(changes)
        except Conflict:
            self._reload({change.table for change in changes})
            raise
        self.saved_at = datetime.now().strftime("%H:%M:%S")
        if story and remember:
            self._done.append(step)
            self._undone.clear()
        self._reload({change.table for change in changes}, changes, len(story))

    def _reload(self, names: set[str], mine: Sequence[Change] = (), told: int = 0) -> None:
        """Take in these tables as they are now; other tables' changes come with `refresh`.

        A database says whether anybody else has written ("" in its version, or more rows of history
        than the `told` ones): if not, what was just stored is what this desk holds with its own
        changes, and nothing need be read.
        """
        now = self.store.version()
        others = now.get("") != self._seen.get("")
        alone = "" in now and now.get("history", 0) - self._seen.get("history", 0) == told
        if alone and mine and not others:
            text = apply(self._text, mine, "")[0]
        else:
            text = {**self._text, **self.store.read(None if others else names)}
        self._seen = {**self._seen, **{n: now[n] for n in (*names, "history", "") if n in now}}
        self._take(text, None if others else names)

    def _take(self, text: Tables, names: set[str] | None) -> None:
        self._text, part = text, {n: text[n] for n in (text if names is None else names) if n in text}
        self._typed = {**self._typed, **typed(part, part)}
        there = set(self._typed["segments"]["segment"])
        if self.given.get("segment") and self.given["segment"] not in there:
            self.given["segment"] = first_segment(self._typed)  # it was taken away
        self.settings = self._settings()
        self._what_if = {}
        self._tell()

    def _settings(self) -> settings.Settings:
        """The settings of the workbook and of this desk, as the scenario has them if one is open."""
        made = settings.of_workbook(self._typed, today=settings.today(), **self.given)
        return scenarios.applied(Book(self._typed, made), made.scenario).settings

    def _tell(self) -> None:
        self._book = None
        for listener in list(self._listeners):
            listener()
