"""What the views are put together from: zones, panels that follow the desk, grids that write to it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import charts, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput, KamError
from kamlib.views.widgets import Grid, Panel, Sliders
from kamlib.workbook.importing import identity
from kamlib.workbook.schema import DEFINITIONS, as_text, parse_number

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
    whole = W.Box(list(parts))
    whole.add_class("kam-zone")
    return whole


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


def picture(
    desk: Desk,
    data: Callable[[], Sequence[Any]],
    draw: Callable[..., Any],
    name: str,
    label: str,
    empty: str = "",
    title: Callable[[], str] | None = None,
) -> Panel:
    """`drawing` without what brings the picture up to date."""
    return drawing(desk, data, draw, name, label, empty, title)[0]


def drawing(
    desk: Desk,
    data: Callable[[], Sequence[Any]],
    draw: Callable[..., Any],
    name: str,
    label: str,
    empty: str = "",
    title: Callable[[], str] | None = None,
) -> tuple[Panel, Callable[[], None]]:
    """A picture that follows the desk, with links that save it as SVG and PNG; and what asks for it anew.

    `data()` gives what is drawn, `draw(*data)` the Altair chart; while `data()` is empty `empty` is
    said; saved for a slide it has a `title`. `label` tells those who cannot see it what it shows. It is drawn shortly after the page is there, so that no page waits for it, and again only
    when the data are others.
    """
    made = Panel(html="", classes="picture")
    drawn: list[Sequence[Any]] = []

    def update() -> None:
        with desk.speaking():
            now = data()
            if drawn and len(drawn[0]) == len(now) and all(map(_alike, drawn[0], now)):
                return
            drawn[:] = [now]
            svg = charts.svg(draw(*now), name) if now else ""
            made.html = panels.fill("picture", svg=panels.trusted(svg), label=label, empty=empty)

    def save(content: dict[str, Any]) -> None:
        if drawn and drawn[0]:
            more = {"title": title()} if title else {}
            made.send(
                download(draw(*drawn[0], **more), name, "svg" if content.get("kind") == "svg" else "png")
            )

    later = soon(update)
    later()
    desk.on_change(later)
    hear(made, desk, {"picture": save})
    return made, later


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        return one.equals(other) and one.attrs == other.attrs
    return one is other or (isinstance(one, str | int | float) and one == other)


def download(chart: Any, name: str, kind: str) -> dict[str, str]:
    """The message that makes the page save a chart as `name`.svg or `name`.png."""
    raw = charts.svg(chart).encode() if kind == "svg" else charts.png(chart)
    mime = "image/svg+xml" if kind == "svg" else "image/png"
    return {"download": f"{name}.{kind}", "type": mime, "base64": base64.b64encode(raw).decode()}


def hear(widget: W.Widget, desk: Desk, handlers: Mapping[str, Handler]) -> None:
    """Call the handler of a message's verb; what is not known is ignored, what is malformed refused."""

    def on_message(_: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("do"), str):
            return
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
        if "fields" in content or content["do"] == "add":  # what was typed may go, or must stay
            widget.send({"answer": content["do"], "kept": kept, "subject": str(content.get("subject", ""))})

    widget.on_msg(on_message)


def slid(made: Sliders, desk: Desk, attempt: Handler, keep: Handler | None = None) -> None:
    """Answer what the sliders ask: `attempt` while one is dragged, `keep` (or `attempt`) when it is let go."""

    def answering(handler: Handler) -> Handler:
        def heard(content: dict[str, Any]) -> None:
            try:
                handler(content)
            finally:
                made.send("answered")

        return heard

    hear(made, desk, {"try": answering(attempt), "set": answering(keep or attempt)})


def figures(desk: Desk, names: Mapping[str, str]) -> Panel:
    """Some settings of the workbook that are numbers, to fill in: setting -> what is asked."""

    def html() -> str:
        said = {name: getattr(desk.settings, name) for name in names}
        shown = {name: as_text(None if value is None else float(value)) for name, value in said.items()}
        return panels.fill("figures", names=names, said=shown, settings=desk.settings, locked=desk.read_only)

    def keep(content: dict[str, Any]) -> None:
        rows = []
        for name, label in names.items():
            text = str(content["fields"][name]).strip()
            try:
                rows.append({"key": name, "value": as_text(parse_number(text))})
            except ValueError:
                raise InvalidInput(f'{label}: "{text[:40]}" is not a number.', found=text) from None
        desk.put_all("settings", rows)

    made = panel(desk, html)
    hear(made, desk, {} if desk.read_only else {"figures": keep})
    return made


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
    words = names_of(desk.book["people"])
    return {"id": name, "label": label, "kind": "choice", "choices": list(words), "words": words}


def slug(name: str, taken: Iterable[str]) -> str:
    """A short id for a name, not among those taken: "Alder & Co" becomes alder_co."""
    return identity.ids([name], taken, otherwise="x")[0]


Place = tuple[str, str]  # row and column of a cell
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
        cells = {(str(c["row"]), str(c["column"])): str(c["text"]) for c in content["cells"]}
        seen = {(str(c["row"]), str(c["column"])): str(c["was"]) for c in content["cells"] if "was" in c}
        names = [column["id"] for column in columns()]
        now = {(r["id"], name): text for r in rows() for name, text in zip(names, r["cells"], strict=True)}
        overtaken = {place for place, was in seen.items() if now.get(place, was) not in (was, cells[place])}
        refused = _put_cells(desk, cells, target, {place: now[place] for place in overtaken})
        update()  # before the page forgets what was typed
        made.send({"accepted": [{"row": r, "column": c} for r, c in cells if (r, c) not in refused]})
        if refused:
            marked = [{"row": r, "column": c, "text": cells[r, c]} for r, c in refused]
            made.send({"refused": marked, "message": "\n".join([*dict.fromkeys(refused.values())][:3])})

    desk.on_change(soon(update))
    verbs = {} if desk.read_only else {"put": put, **(handlers or {})}
    hear(made, desk, verbs | dict(reading or {}))
    return made


def _put_cells(
    desk: Desk, cells: Mapping[Place, str], target: Target, overtaken: Mapping[Place, str]
) -> dict[Place, str]:
    """Store what can be stored, as one change; the cells that cannot, with the reason for each.

    `overtaken`: what somebody else has entered since the writer began to type.
    """
    refused: dict[Place, str] = {}
    good: dict[Place, tuple[str, dict[str, Any]]] = {}
    for (row, name), text in cells.items():
        table, values = target(row, name, text)
        try:
            if (row, name) in overtaken:
                raise desk.conflict(table, values, overtaken[row, name])
            if len(cells) > 1:  # one cell is examined as it is stored
                desk.examine(table, values)
            good[row, name] = table, values
        except KamError as error:
            refused[row, name] = str(error)
    try:
        desk.put_rows(_by_key(good.values()))
    except KamError as error:
        refused |= dict.fromkeys(good, str(error))
    return refused


def _by_key(rows: Iterable[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Cells of the same row of a table merged into one."""
    merged: dict[tuple, dict[str, Any]] = {}
    for table, row in rows:
        key = (table, *(row.get(k, "") for k in DEFINITIONS[table].keys))
        merged.setdefault(key, {}).update(row)
    return [(key[0], row) for key, row in merged.items()]
