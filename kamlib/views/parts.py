"""What the views are put together from: zones, panels that follow the desk, grids that write to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib.desk import Desk
from kamlib.errors import KamError
from kamlib.tables import DEFINITIONS
from kamlib.views.widgets import Grid, Panel

SOON_S = 0.15
Handler = Callable[[dict[str, Any]], None]


def zones(*parts: W.Widget, shape: str) -> W.Box:
    """Side by side on a wide screen, one below the other on a phone; the last zone has a rule."""
    boxes = [W.Box([part]) if not isinstance(part, W.Box) else part for part in parts]
    for box in boxes:
        box.add_class("kam-zone")
    if len(boxes) > 1:
        boxes[-1].add_class("kam-side")
    whole = W.Box(boxes)
    whole.add_class("kam-zones")
    whole.add_class(f"kam-{shape}")
    return whole


def stack(*parts: W.Widget) -> W.Box:
    """One below the other."""
    return W.Box(list(parts))


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


def panel(desk: Desk, html: Callable[[], str], *, classes: str = "", follow: bool = True) -> Panel:
    """A panel whose HTML is made anew after every change."""
    made = Panel(html=html(), classes=classes)

    def update() -> None:
        with desk.speaking():
            made.html = html()

    if follow:
        desk.on_change(soon(update))
    return made


def hear(widget: W.Widget, desk: Desk, handlers: Mapping[str, Handler]) -> None:
    """Call the handler of a message's verb; whatever is not known, or is malformed, is ignored."""

    def on_message(_: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("do"), str):
            return
        handler = handlers.get(content["do"])
        if handler is None:
            return
        with desk.speaking():
            try:
                handler(content)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                desk.say("That was not understood; nothing was changed.")

    widget.on_msg(on_message)


def column(table: str, name: str, label: str = "", **more: Any) -> dict[str, Any]:
    """A grid column for a column of a workbook table: its kind, choices and help come from there."""
    defined = DEFINITIONS[table][name]
    kind = {"id": "text"}.get(defined.kind, defined.kind)
    kind = "score" if name == "score" else kind
    made = {
        "id": name,
        "label": label or name.replace("_", " ").capitalize(),
        "kind": kind,
        "help": defined.help,
    }
    return made | ({"choices": list(defined.choices)} if defined.choices else {}) | more


def names_of(frame: pd.DataFrame) -> dict[str, str]:
    """id -> name of a table whose first two columns are these."""
    return {i: n or i for i, n in zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True)}


def person_column(desk: Desk, name: str = "person", label: str = "Who") -> dict[str, Any]:
    """A choice among the people of the workbook, shown by name."""
    words = names_of(desk.tables["people"])
    return {"id": name, "label": label, "kind": "choice", "choices": list(words), "words": words}


def slug(name: str, taken: Iterable[str]) -> str:
    """A short id for a name, not among those taken: "Alder & Co" becomes alder_co."""
    base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40] or "x"
    used, number = set(taken), 1
    made = base
    while made in used:
        number += 1
        made = f"{base}_{number}"
    return made


Target = Callable[[str, str, str], tuple[str, dict[str, Any]]]


def grid(
    desk: Desk,
    rows: Callable[[], list[dict[str, Any]]],
    columns: Callable[[], list[dict[str, Any]]],
    target: Target,
    *,
    handlers: Mapping[str, Handler] | None = None,
    reading: Mapping[str, Handler] | None = None,
    **look: Any,
) -> Grid:
    """A grid that follows the desk and writes to it.

    `target(row, column, text)` says which table and row a cell is. `handlers` are for verbs that
    change the workbook and are not even registered on a read-only page; `reading` are for the others.
    """
    made = Grid(rows=rows(), columns=columns(), locked=desk.read_only, **look)

    def update() -> None:
        with desk.speaking(), made.hold_sync():
            made.columns, made.rows = columns(), rows()

    def put(content: dict[str, Any]) -> None:
        cells = [(str(c["row"]), str(c["column"]), str(c["text"])) for c in content["cells"]]
        refused, message = _put_cells(desk, cells, target)
        good = [{"row": r, "column": c} for r, c, t in cells if (r, c, t) not in refused]
        if good:
            made.send({"accepted": good})
        if refused:
            made.send({"refused": [dict(zip(("row", "column", "text"), cell, strict=True)) for cell in refused],
                       "message": message})  # fmt: skip

    desk.on_change(update)
    verbs = {} if desk.read_only else {"put": put, **(handlers or {})}
    hear(made, desk, verbs | dict(reading or {}))
    return made


def _put_cells(
    desk: Desk, cells: list[tuple[str, str, str]], target: Target
) -> tuple[list[tuple[str, str, str]], str]:
    """Store what can be stored; the cells that cannot, and why in one sentence each."""
    known = {(row, column): target(row, column, text) for row, column, text in cells}
    merged: dict[str, list[dict[str, Any]]] = {}
    for table, row in known.values():
        merged.setdefault(table, []).append(row)
    try:
        for table, rows in merged.items():
            desk.put_all(table, _by_key(table, rows))
        return [], ""
    except KamError as error:
        if len(cells) == 1:
            return cells, str(error)
    refused, messages = [], []
    for cell in cells:  # a pasted block: keep what is good, mark what is not
        table, row = known[cell[0], cell[1]]
        try:
            desk.put(table, **row)
        except KamError as error:
            refused.append(cell)
            messages.append(str(error))
    return refused, "\n".join(dict.fromkeys(messages[:3]))


def _by_key(table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cells of the same row merged into one."""
    keys = DEFINITIONS[table].keys
    merged: dict[tuple, dict[str, Any]] = {}
    for row in rows:
        merged.setdefault(tuple(row.get(k, "") for k in keys), {}).update(row)
    return list(merged.values())


def text_cells(row: Mapping[str, Any], columns: Iterable[str]) -> list[str]:
    """The texts of a typed row for a grid."""
    from kamlib.tables import as_text

    return [as_text(row[name]) for name in columns]
