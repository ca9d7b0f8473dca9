"""Thousands of rows at once: the changes of an import, all or none, in one writing of the workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from kamlib.checks import check, refuse_errors
from kamlib.stores import base
from kamlib.tables import Tables

MOST_TOLD = 20_000  # beyond so many new cells the history tells of new rows, not of each of their cells


def put_all(
    store: base.Store, make: Callable[[Tables], Sequence[base.Change]], who: str = ""
) -> list[base.Row]:
    """Merge the changes that `make` finds for the tables as they are now, all or none; gives their history.

    Meant for thousands of rows: the workbook is written once. Raises InvalidWorkbook, and writes
    nothing, where the result would have errors.
    """
    told: list[base.Row] = []

    def change(text: Tables) -> Tables:
        after, told[:] = applied(text, make(text), who)
        refuse_errors(check(after), store.location)
        return after

    store.rewrite(change)
    return told


def applied(text: Tables, changes: Sequence[base.Change], who: str = "") -> tuple[Tables, list[base.Row]]:
    """Text tables after all changes, the history among them, and its new rows; the input is not changed.

    Beyond MOST_TOLD cells the history has one row for each new row of a table, which names its key.
    """
    at, who, result = base.now(), who or base.somebody(), dict(text)
    brief = sum(len(change.values or {}) for change in changes) > MOST_TOLD
    story: list[base.Row] = []
    for name in dict.fromkeys(change.table for change in changes):
        mine = [change for change in changes if change.table == name]
        frame = result.get(name)
        frame = base.empty(name, list(mine[0].key)) if frame is None else frame
        base.refuse_twins(name, frame)
        rows: list[base.Row] = frame.to_dict("records")  # type: ignore[assignment]
        keys, columns = list(mine[0].key), dict.fromkeys(frame.columns)
        where = {tuple(row.get(k, "").strip() for k in keys): i for i, row in enumerate(rows)}
        gone: set[int | None] = set()
        for change in mine:
            place = where.get(tuple(change.key[k] for k in keys))
            if place is None and change.values is None:
                continue
            row, told = base.merge(None if place is None else rows[place], change, who, at)
            if row is None:
                del where[tuple(change.key[k] for k in keys)]
                gone.add(place)
                row = {}
            elif place is None:
                where[tuple(change.key[k] for k in keys)] = len(rows)
                rows.append(row)
                told = [line for line in told if line["column"] in keys] if brief else told
            else:
                rows[place] = row
            columns |= dict.fromkeys(row)
            story += told
        kept = [row for place, row in enumerate(rows) if place not in gone]
        cells = [[row.get(column, "") for column in columns] for row in kept]
        result[name] = pd.DataFrame(cells, columns=[*columns], dtype=object)
    if story:
        result["history"] = base.with_story(result.get("history"), story)
    return result, story
