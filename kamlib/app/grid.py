"""A grid that follows the desk and writes to it, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kamlib.app import widgets
from kamlib.app.desk import Desk
from kamlib.app.listen import acting, follow, hear
from kamlib.errors import KamError
from kamlib.pages.exhibit import Grid, View, of
from kamlib.workbook.schema import DEFINITIONS

Place = tuple[str, str]  # row and column of a cell


def grid(desk: Desk, shown_grid: Grid) -> widgets.Grid:
    """A grid that follows the desk and writes to it; on a read-only page no verb that writes is registered."""
    look = dict(shown_grid.look)
    made = widgets.Grid(rows=[], columns=[], locked=desk.read_only, corner=shown_grid.corner, **look)

    def update(view: View) -> None:
        with made.hold_sync():
            made.title, made.add = of(shown_grid.title, view), of(shown_grid.add, view)
            made.columns, made.rows = shown_grid.columns(view), shown_grid.rows(view)
            if shown_grid.choices:
                made.choices = shown_grid.choices(view)

    def put(content: dict[str, Any]) -> None:
        cells = {(str(c["row"]), str(c["column"])): str(c["text"]) for c in content["cells"]}
        before = {(str(c["row"]), str(c["column"])): str(c["was"]) for c in content["cells"] if "was" in c}
        view = desk.view
        names = [column["id"] for column in shown_grid.columns(view)]
        now = {(r["id"], n): t for r in shown_grid.rows(view) for n, t in zip(names, r["cells"], strict=True)}
        overtaken = {place for place, was in before.items() if now.get(place, was) not in (was, cells[place])}
        targets = {place: shown_grid.cell(view, *place, text) for place, text in cells.items()}
        refused = put_cells(desk, targets, {place: now[place] for place in overtaken})
        with desk.speaking():
            update(desk.view)  # before the page forgets what was typed
        made.send({"accepted": [{"row": r, "column": c} for r, c in cells if (r, c) not in refused]})
        if refused:
            marked = [{"row": r, "column": c, "text": cells[r, c]} for r, c in refused]
            made.send({"refused": marked, "message": "\n".join([*dict.fromkeys(refused.values())][:3])})

    follow(desk, update)
    verbs = {} if desk.read_only else {"put": put} | acting(desk, shown_grid.actions)
    hear(made, desk, verbs | acting(desk, shown_grid.reads))
    return made


def put_cells(
    desk: Desk, cells: Mapping[Place, tuple[str, dict[str, Any]]], overtaken: Mapping[Place, str]
) -> dict[Place, str]:
    """Store what can be stored, as one change; the cells that cannot, with the reason for each.

    `overtaken`: what somebody else has entered since the writer began to type.
    """
    refused: dict[Place, str] = {}
    good: dict[Place, tuple[str, dict[str, Any]]] = {}
    for place, (table, values) in cells.items():
        try:
            if place in overtaken:
                raise desk.conflict(table, values, overtaken[place])
            if len(cells) > 1:  # one cell is examined as it is stored
                desk.examine(table, values)
            good[place] = table, values
        except KamError as error:
            refused[place] = str(error)
    try:
        desk.put_rows(by_key(good.values()))
    except KamError as error:
        refused |= dict.fromkeys(good, str(error))
    return refused


def by_key(rows: Iterable[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Cells of the same row of a table merged into one."""
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for table, row in rows:
        key = (table, *(row.get(k, "") for k in DEFINITIONS[table].keys))
        merged.setdefault(key, {}).update(row)
    return [(key[0], row) for key, row in merged.items()]
