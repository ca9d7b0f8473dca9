"""What follows the desk, and what hears the page: the two ways between a widget and the workbook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as W

from kamlib.app import widgets
from kamlib.app.desk import Desk
from kamlib.pages.exhibit import Action, View
from kamlib.workbook.book import Book, reading, unchanged

SOON_S = 0.15
NO_BOOK = Book({})
TYPES = {
    ".html": "text/html",
    ".csv": "text/csv",
    ".zip": "application/zip",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Handler = Callable[[dict[str, Any]], None]


def soon(update: Callable[[], None]) -> Callable[[], None]:
    """The same update, but once for a burst of calls, shortly after the last: pictures come first."""
    waiting: list[asyncio.TimerHandle] = []

    def ask() -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            update()
            return
        for handle in waiting:
            handle.cancel()
        waiting[:] = [loop.call_later(SOON_S, update)]

    return ask


def follow(
    desk: Desk,
    update: Callable[[View], None],
    *,
    first: bool = False,
    now: bool = True,
    always: bool = False,
) -> None:
    """Call `update` with the view: now, after every change of the desk, and when a control it read is moved.

    Not where nothing that it read has changed, unless `always`, for what reads more than its view.
    `first`: before the others and without waiting; `now=False`: for the first time shortly after.
    """
    read: set[str] = set()
    before: list[Any] = []

    def again() -> None:
        with desk.speaking():
            view = desk.view
            about = replace(view, book=NO_BOOK, picked=dict(view.picked), read=set())
            if before and not always and before[0] == about and unchanged(view.book, before[1]):
                return
            before.clear()
            with reading(view.book) as reads:
                update(view)
            before[:] = [about, reads]
            read.clear()
            read.update(view.read)

    later = again if first else soon(again)
    (again if now else later)()
    desk.on_change(later, first=first)
    desk.on_pick(lambda control: again() if control in read else None)


def acting(desk: Desk, actions: Mapping[str, Action]) -> dict[str, Handler]:
    """The actions of an exhibit as handlers of messages."""

    def handler(action: Action) -> Handler:
        return lambda content: action(desk, content)

    return {verb: handler(action) for verb, action in actions.items()}


def hear(widget: W.Widget, desk: Desk, handlers: Mapping[str, Handler]) -> None:
    """Call the handler of a message's verb; what is not known is ignored, what is malformed refused."""

    def on_message(_: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("do"), str):
            return
        content |= {"bytes": bytes(buffers[0]) if buffers else b""}
        handler = handlers.get(content["do"])
        if handler is None:
            return
        kept = False
        with desk.speaking():
            try:
                handler(content)
                kept = True
            except (LookupError, TypeError, ValueError, AttributeError, OverflowError, StopIteration):
                desk.say("That was not understood; nothing was changed.")
        if "fields" in content or content["do"] in (
            "add",
            "assign",
        ):  # what was typed or chosen may go, or stays
            widget.send({"answer": content["do"], "kept": kept, "subject": str(content.get("subject", ""))})

    widget.on_msg(on_message)


def give(target: W.Widget, name: str, content: bytes) -> None:
    """Have the page of a widget save a file."""
    target.send({"download": name, "type": TYPES[Path(name).suffix]}, [content])


def slid(made: widgets.Sliders, desk: Desk, attempt: Handler, keep: Handler | None = None) -> None:
    """Answer what sliders ask: `attempt` while one is dragged, `keep` (or `attempt`) when it is let go."""

    def answering(handler: Handler) -> Handler:
        def heard(content: dict[str, Any]) -> None:
            try:
                handler(content)
            finally:
                made.send("answered")

        return heard

    hear(made, desk, {"try": answering(attempt), "set": answering(keep or attempt)})
