"""What was done at a desk: how to take it back or do it again, and what it is in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kamlib.wording import LABELS, cut, listed
from kamlib.workbook.schema import DEFINITIONS, Tables
from kamlib.workbook.stores import Change

MOST_TABLES, MOST_NAMED, LONGEST = 3, 2, 40
BESIDE = ("person", "on")  # filled in beside what was entered
Cell = tuple[Change, str, str, str]  # of which change, column, before, after


@dataclass(frozen=True)
class Step:
    """What was `done`, the changes that take it back (or do it again), its words, and where one was."""

    done: tuple[Change, ...]
    changes: tuple[Change, ...]
    words: str
    segment: str = ""
    customer: str = ""


def step(done: Sequence[Change], before: Tables, segment: str, customer: str) -> Step:
    """Changes that are about to be stored in these tables."""
    return Step(tuple(done), reversed_(done, before), words(done, before), segment, customer)


def joined(parts: Sequence[Step], before: Tables, after: Tables) -> Step:
    """Steps that belong together as one."""
    done = tuple(change for part in parts for change in part.done)
    changes = tuple(change for part in reversed(parts) for change in part.changes)
    return Step(done, changes, words(done, before, after), parts[0].segment, parts[0].customer)


def reversed_(changes: Sequence[Change], before: Tables) -> tuple[Change, ...]:
    """What takes changes of these tables back."""
    row = rows(before)
    return tuple(_reversed(row(change.table, change.key), change) for change in reversed(changes))


Rows = Callable[[str, Mapping[str, str]], dict[str, str]]


def rows(text: Tables) -> Rows:
    """The rows of text tables by table and key, {} where there is none."""

    @cache
    def places(table: str, *columns: str) -> dict[tuple[str, ...], int]:
        frame = text[table]
        keys = [frame[c] if c in frame else [""] * len(frame) for c in columns]
        found = [*zip(*(map(str.strip, key) for key in keys), strict=True)]
        return {key: place for place, key in reversed([*enumerate(found)])}

    def row(table: str, key: Mapping[str, str]) -> dict[str, str]:
        wanted = tuple(text.strip() for text in key.values())
        place = places(table, *key).get(wanted) if table in text else None
        columns = () if place is None else text[table].columns
        return {c: text[table].iat[place, i] for i, c in enumerate(columns)}

    return row


def _reversed(now: dict[str, str], change: Change) -> Change:
    """What takes one change of this row back, if nobody else has changed it meanwhile."""
    keys = DEFINITIONS[change.table].keys
    if not now:
        return Change(change.table, change.key, None, dict(change.values or {}))
    if change.values is None:
        return Change(change.table, change.key, now, {c: "" for c in now if c not in keys})
    before = {c: now.get(c, "") for c in change.values}
    return Change(change.table, change.key, before, dict(change.values))


def words(changes: Iterable[Change], before: Tables, *after: Tables) -> str:
    """What was changed, as people say it: Scores, Marlow, Size: 6 → 8; Customers: Alder added."""
    told: dict[tuple[str, str], list[Cell]] = {}
    row = rows(before)
    for change in changes:
        definition, old = DEFINITIONS[change.table], row(change.table, change.key)
        new = change.values if change.values is not None else dict.fromkeys(old, "")
        cells = [
            (c, old.get(c, ""), v) for c, v in new.items() if old.get(c, "") != v and c not in definition.keys
        ]
        cells = [cell for cell in cells if cell[0] not in BESIDE] or cells
        kind = "removed" if change.values is None else "" if old else "added"
        if kind and (_own(change.table) in definition.names or not cells):
            cells = [("", "", "")]
        else:
            kind = ""
        told.setdefault((change.table, kind), []).extend((change, *cell) for cell in cells)
    said = [_told(table, kind, cells, (*after, before)) for (table, kind), cells in told.items() if cells]
    entries = sum(map(len, told.values()))
    return "; ".join(said) if len(said) <= MOST_TABLES else f"{entries:,} entries in {len(said)} tables"


def _told(table: str, kind: str, cells: list[Cell], tables: Sequence[Tables]) -> str:
    change, column, old, new = cells[0]
    if kind:
        names = [_named(each[0], tables) for each in cells[:MOST_NAMED]]
        count = f"{len(cells):,} {kind}, {', '.join(names)} …" if len(cells) > MOST_NAMED else ""
        return f"{_spoken(table)}: {count or f'{listed(names)} {kind}'}"
    title = "" if table.startswith(column) else _spoken(column).lower()
    place = ", ".join(filter(None, [_named(change, tables), title]))
    there = {**rows(tables[0])(table, change.key), **change.key}
    values = " → ".join(_value(there | {column: text}, table, column, tables) for text in (old, new))
    if len(cells) > 1:
        return f"{_spoken(table)}: {len(cells):,} entries, {place}: {values} …"
    return f"{_spoken(table)}, {place}: {values}"


def _own(table: str) -> str:
    """The column in which a row of the table has its name, if there is one."""
    return "label" if table == "factors" else "name"


def _spoken(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}".replace("_", " ")


def _value(there: Mapping[str, str], table: str, column: str, tables: Sequence[Tables]) -> str:
    unknown = "?" if column in ("score", "rating") else "empty"
    words = LABELS.get(there[column], "") if there[column] and column == "decision" else ""
    return cut(words or _called(there, table, column, tables) or there[column] or unknown, LONGEST)


def _named(change: Change, tables: Sequence[Tables]) -> str:
    """The row of a change: the names of what its key points to, and its own."""
    definition, own = DEFINITIONS[change.table], _own(change.table)
    found = [rows(text)(change.table, change.key) for text in tables]
    there = next(filter(None, found), {}) | dict(change.key) | dict(change.values or {})
    names = []
    for column in definition.keys:
        if there.get(column) and not definition[column].choices:
            mine = there.get(own, "") if column == definition.keys[-1] and own in definition.names else ""
            name = mine or _called(there, change.table, column, tables) or _spoken(there[column])
            names.append(cut(name, LONGEST))
    return ", ".join(names) or ", ".join(_spoken(text) for text in change.key.values() if text)


def _called(there: Mapping[str, str], table: str, column: str, tables: Sequence[Tables]) -> str:
    """The name of what a cell points to, "" where it points to nothing that has one."""
    known = DEFINITIONS[table]
    refers = known[column].references if column in known.names else []
    targets = [(name, "name") for name, by, said in refers if not by or there.get(by) in said]
    targets += [("factors", "label")] if column == "factor" else []
    for text in tables:
        for target, name in targets:
            frame = text.get(target)
            if frame is not None and name in frame:
                own = "factor" if name == "label" else DEFINITIONS[target].keys[0]
                if found := frame.loc[frame[own] == there[column], name].tolist():
                    return str(found[0])
    return ""
