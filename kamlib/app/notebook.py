"""Opening a workbook in a notebook: the parameters checked, the workbook checked, the right segment and customer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from kamlib import catalogue
from kamlib.app.desk import Desk
from kamlib.models import scope
from kamlib.workbook import checks, settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables, empty, typed

Loaded = tuple[stores.Store, Tables, Book]


def open_desk(
    workbook: str = "",
    segment: str = "",
    near_line: float | None = None,
    customer: str = "",
    scenario: str = "",
    audience: str = "internal",
) -> Desk:
    """Open a workbook for a notebook; empty parameters mean: as the server was started.

    Refuses parameters that no notebook knows, workbooks with errors, segments and customers that do not
    exist, a customer of another segment; every refusal is one sentence. A `customer` is in focus from the beginning, in its own segment.
    """
    is_run = settings.gate_notebook(_namespace())  # by papermill: nothing will be entered
    read_only = settings.is_read_only()  # a published copy says itself which scenario it shows
    location = settings.workbook_location(workbook)
    paper = is_run or settings.is_paper()
    catalogue.beside(location)
    store, text, book = _shared(location) if paper or read_only else _loaded(location, False)
    desk = Desk(
        store,
        text,
        book,
        segment=segment or _segment_of(text, customer),
        near_line=near_line,
        scenario=scenario or (None if read_only else ""),
        read_only=read_only,
    )
    desk.audience, desk.narrowed, desk.paper = audience, bool(segment), paper
    scope.agree(desk.book, segment, customer)
    if customer:
        desk.look_at(customer)
    if not store.read_only:
        desk.message = " ".join(note["message"] for note in store.notes if not note["table"])
    return desk


def _loaded(location: str, read_only: bool) -> Loaded:
    store, text = stores.load(location, read_only=read_only)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    return store, text, Book(typed(text))


_kept: dict[tuple[str, int], Loaded] = {}


def _shared(location: str) -> Loaded:
    """The workbook that this process only reads, with what its models have answered, until somebody changes it."""
    where = _place(location)
    if where not in _kept or is_stale():
        now = _loaded(location, True)
        _kept.clear()
        _kept[where] = now
    return _kept[where]


def is_stale() -> bool:
    """Has somebody changed a workbook that this process only reads, or put a newer copy in its place?"""
    return any(
        where != _place(where[0]) or store.version() != store.seen for where, (store, *_) in _kept.items()
    )


def _place(location: str) -> tuple[str, int]:
    """A location from any folder, and which file it is: a copy in its place is another."""
    if "://" in location:
        return location, 0
    return os.path.abspath(location), os.stat(location).st_ino if os.path.exists(location) else 0


def _segment_of(text: Tables, customer: str) -> str:
    """The segment of a customer, "" where it has none."""
    table = text.get("customers", empty("customers"))
    own = table.loc[table["customer"].str.strip() == customer, "segment"] if customer else []
    return str(next(iter(own), "")).strip()


def _namespace() -> Mapping[str, Any]:
    """The notebook's own names, {} outside a notebook."""
    with contextlib.suppress(ImportError):
        from IPython import get_ipython

        shell = get_ipython()
        return {} if shell is None else shell.user_ns
    return {}
