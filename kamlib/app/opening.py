"""How a page begins on the screen: the title line with the ten steps, the status line below, who is told what."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as W

from kamlib.app import handover, widgets
from kamlib.app.desk import Desk
from kamlib.app.heartbeat import Heartbeat
from kamlib.app.listen import Handler, acting, follow, hear
from kamlib.app.picture import box
from kamlib.models import headlines, portfolio, progress
from kamlib.pages import account, html, room
from kamlib.pages.exhibit import Page, View
from kamlib.pages.grids import names_of
from kamlib.pages.start import add_segment
from kamlib.workbook import settings, stores

PAGES = dict.fromkeys(range(1, 6), "01_segmentation") | dict.fromkeys(range(6, 10), "02_kaism")
PAGES |= {10: "04_pia"}
NAMES = {
    "01_segmentation": "Steps 1 to 5",
    "02_kaism": "Steps 6 to 9",
    "03_profitability": "Who pays",  # the evidence behind several steps
    "04_pia": "Step 10",
    "05_certainty": "How sure we are",
    "06_account_plan": "Account plan",
    "07_programme": "Programme",
}
POLL_S, POLL_ROOM_S, POLL_COPY_S = 1.0, 0.3, 10.0  # between two looks; people vote in a room
LIBRARY = "07_programme"  # the page that has it
NO_TURNS: Mapping[str, str] = {}
QUIET = ("ipykernel.comm", "Comm")  # they answer a malformed message with a traceback, to the page


def opened(desk: Desk, page: Page) -> W.Box:
    """The title line with the ten steps, and the line below with counts, days and saved state.

    The steps of this notebook lead to their place on it, the others to their own page.
    """
    for name in QUIET:
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = [logging.NullHandler()], False
    top, below = widgets.Look(html=""), widgets.Panel(html="", classes="kam-status")

    def head(view: View) -> None:
        top.html = heading(view, page)

    def foot(view: View) -> None:
        below.html = status(view, saved_at=desk.saved_at, message=desk.message, turns=desk.turns)

    follow(desk, head)
    follow(desk, foot, always=True)  # it shows what the desk says
    heard: dict[str, Handler] = {
        "segment": lambda m: desk.choose(m["value"]),
        "customer": lambda m: desk.look_at(m["value"]),
    }
    if not desk.read_only:
        heard |= acting(desk, room.TITLE_LINE)
        heard["first_segment"] = lambda m: add_segment(desk, str(m["fields"]["segment"]))
    hear(top, desk, heard | handover.verbs(desk, page, top))
    if desk.read_only:
        _start(desk, _renewed(desk))
    else:
        hear(below, desk, {"undo": lambda m: desk.undo(), "redo": lambda m: desk.redo()})
        _start(desk, _told(desk))
    return box([top, below, Heartbeat()], "kam-zone")


def heading(view: View, page: Page) -> str:
    """The title line: what is asked, whose workbook it is, the segment, the other pages and the ten steps."""
    there = {id: name for id, name in NAMES.items() if settings.is_served(id)}
    links = {
        step: ("" if id == page.id else f"{id}.ipynb") + f"#step-{step}"
        for step, id in PAGES.items()
        if id in there
    }
    others = [(f"{id}.ipynb", name) for id, name in there.items() if id != page.id]
    if LIBRARY in there:
        others.append((("" if page.id == LIBRARY else f"{LIBRARY}.ipynb") + "#library", "Library"))
    book = view.book
    return html.fill(
        "opening",
        "head",
        title=page.title,
        settings=book.settings,
        scenario=headlines.in_scenario(book),
        segments=names_of(book["segments"]),
        steps=progress.steps(book, book.settings.segment).to_dict("records"),
        here=page.step,
        links=links,
        others=others,
        locked=view.locked,
        about=html.about(view),
        customers=account.choices(view) if page.of_customer else {},
        customer=account.book_of(view).settings.customer,
        room=room.joining(view),
        agenda=room.timetable(view, page.step),
    )


def status(view: View, *, saved_at: str, message: str, turns: Mapping[str, str] = NO_TURNS) -> str:
    """The line below: how many of each category, the days, saved state, undo and redo, and what there is to say."""
    words, too_many = portfolio.load_words(view.book)
    counts = portfolio.balance(view.book).to_dict("records")
    return html.fill(
        "opening",
        "status",
        counts=counts,
        load=words,
        too_many=too_many,
        saved_at=saved_at,
        message=message,
        locked=view.locked,
        turns=turns,
        as_of=headlines.as_of(view.book, minutes=True),
    )


async def _told(desk: Desk) -> None:
    """Look every second whether somebody else has changed the workbook."""
    while True:
        await asyncio.sleep(POLL_ROOM_S if settings.room() else POLL_S)
        with desk.speaking():
            desk.refresh()


async def _renewed(desk: Desk) -> None:
    """Look now and then whether a newer copy has been put in the place of the one that is shown."""
    place = Path(desk.store.location)
    seen = place.stat().st_ino if place.is_file() else 0
    while seen:
        await asyncio.sleep(POLL_COPY_S)
        with contextlib.suppress(OSError), desk.speaking():
            if (now := place.stat().st_ino) != seen:
                seen = now
                desk.store, text = stores.load(place, read_only=True)
                desk._take(text, None)


def _start(desk: Desk, poll: Coroutine[Any, Any, None]) -> None:
    try:
        desk.poll = asyncio.get_running_loop().create_task(poll)
    except RuntimeError:  # nobody looks
        poll.close()
