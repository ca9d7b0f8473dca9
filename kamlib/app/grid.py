"""A grid that follows the desk and writes to it, cell by cell."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from kamlib.app import widgets
from kamlib.app.desk import Desk
from kamlib.app.listen import acting, follow, hear
from kamlib.errors import InvalidInput, KamError
from kamlib.pages.exhibit import Grid, View, of
from kamlib.pages.grids import person
from kamlib.workbook.schema import DEFINITIONS
from kamlib.workbook.stores import Change

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
        told = [c for c in content["cells"] if "was" in c]
        before = {(str(c["row"]), str(c["column"])): [*map(str, c["was"])] for c in told}
        with desk.as_one():
            fill(cells, before, content.get("turn"))

    def add(content: dict[str, Any]) -> None:
        """A line that was named, or as many as were pasted, with their cells."""
        if "block" not in content:
            return shown_grid.actions["add"](desk, content)
        with desk.as_one():
            cells, refused = added(desk, shown_grid, content["block"])
            fill(cells, {})
        if refused:
            raise InvalidInput(" ".join(f"{name}: {why}" for name, why in refused.items()))

    def fill(cells: dict[Place, str], before: dict[Place, list[str]], turn: object = None) -> None:
        refused = entered(desk, shown_grid, cells, before)
        with desk.speaking():
            update(desk.view)  # before the page forgets what was typed
        accepted = [{"row": r, "column": c} for r, c in cells if (r, c) not in refused]
        made.send({"accepted": accepted, "turn": turn})
        if refused:
            marked = [{"row": r, "column": c, "text": cells[r, c]} for r, c in refused]
            (row, name), why = next(iter(refused)), "\n".join([*dict.fromkeys(refused.values())][:3])
            ways = shown_grid.remedies(desk.view, row, name, cells[row, name]) if shown_grid.remedies else []
            made.send({"refused": marked, "message": why, "remedies": ways, "turn": turn})

    def point(changes: Sequence[Change]) -> bool:
        """Show the cells of these changes, if they are here."""
        with contextlib.suppress(KamError, LookupError, ValueError):
            if found := places(shown_grid, desk.view, changes):
                made.send({"point": [{"row": row, "column": column} for row, column in found]})
                return True
        return False

    follow(desk, update)
    desk.on_point(point)
    verbs = {} if desk.read_only else {"put": put} | acting(desk, shown_grid.actions)
    verbs |= {"add": add} if "add" in verbs else {}
    hear(made, desk, verbs | acting(desk, shown_grid.reads))
    return made


def places(shown_grid: Grid, view: View, changes: Sequence[Change]) -> list[Place]:
    """The cells of a grid that show what was changed: of a row that is there again all."""
    columns = {(c.table, *c.key.values()): set(c.values) for c in changes if c.values}
    found = []
    for row in shown_grid.rows(view):
        for column in shown_grid.columns(view):
            if column["kind"] == "show":
                continue
            table, values = shown_grid.cell(view, row["id"], column["id"], "")
            keys = DEFINITIONS[table].keys
            changed = columns.get((table, *(str(values.get(k, "")) for k in keys)), set())
            if changed & (values.keys() - {*keys}):
                found.append((row["id"], column["id"]))
    return found


def added(
    desk: Desk, shown_grid: Grid, block: Sequence[Sequence[str]]
) -> tuple[dict[Place, str], dict[str, str]]:
    """Add a line for each row of a pasted block whose name is not there yet.

    Gives the cells of all its rows, and the names that were refused with the reason. The first column has the names,
    the others go into the columns as they are shown, or as a first row names them. Empty cells say nothing.
    """

    def there() -> dict[str, str]:
        return {row["id"]: row["label"].casefold() for row in shown_grid.rows(desk.view)}

    columns = [column for column in shown_grid.columns(desk.view) if column["id"] != "name"]
    heads = {column["label"].casefold(): column for column in columns}
    lines = [[str(text) for text in line] for line in block if str(line[0]).strip()]
    if lines and lines[0][1:] and {text.casefold() for text in lines[0][1:]} <= heads.keys():
        columns = [heads[text.casefold()] for text in lines.pop(0)[1:]]
    known, cells, refused = there(), dict[Place, str](), dict[str, str]()
    for name, *texts in lines:
        rows = [row for row, label in known.items() if label == name.casefold()]
        if not rows:
            before = there()
            try:
                shown_grid.actions["add"](desk, {"value": name})
            except KamError as error:
                refused[name] = str(error)
            rows = [row for row in there() if row not in before]
        for row in rows[:1]:
            known.pop(row, None)  # two of one name have a line each
            for column, text in zip(columns, texts, strict=False):
                words = {word.casefold(): id for id, word in column.get("words", {}).items()}
                if text and column["kind"] != "show":
                    cells[row, column["id"]] = words.get(text.casefold(), text)
    return cells, refused


def entered(
    desk: Desk, shown_grid: Grid, cells: Mapping[Place, str], before: Mapping[Place, Collection[str]]
) -> dict[Place, str]:
    """Store the cells that somebody has filled in; those that are refused, with the reason for each.

    `before`: what stood there when the writer began to type, or may have stood there by what the same page sent before.
    """
    view = desk.view
    columns = shown_grid.columns(view)
    named = {column["id"] for column in columns if column["kind"] == "person"}
    stored = {
        (r["id"], c["id"]): t for r in shown_grid.rows(view) for c, t in zip(columns, r["cells"], strict=True)
    }
    refused: dict[Place, str] = {}
    targets: dict[Place, tuple[str, dict[str, Any]]] = {}
    overtaken: dict[Place, str] = {}
    for (row, name), text in cells.items():
        try:
            text = person(desk, text) if name in named else text
        except KamError as error:
            refused[row, name] = str(error)
            continue
        others = {column: other for (r, column), other in cells.items() if r == row}
        why = shown_grid.refuses(view, row, name, text, others) if shown_grid.refuses else ""
        if why:
            refused[row, name] = why
            continue
        there = stored.get((row, name), text)
        if there not in (text, *before.get((row, name), [there])):
            overtaken[row, name] = there
        targets[row, name] = shown_grid.cell(view, row, name, text)
    return refused | put_cells(desk, targets, overtaken)


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
