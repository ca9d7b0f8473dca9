"""What every store shares: one change, how it merges into a row, and the history it leaves."""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import pandas as pd

from kamlib import tables
from kamlib.errors import Conflict, ReadOnly, WorkbookError
from kamlib.tables import DEFINITIONS, Tables

HISTORY = DEFINITIONS["history"].names
MOST_COLUMNS = 300
_UNSOUND = re.compile(r"[\x00\r\ud800-\udfff]")
Row = dict[str, str]
Notes = list[dict[str, str]]


@dataclass(frozen=True)
class Change:
    """One row to merge by key (`values`), or to remove (`values` is None).

    `expect` holds the texts the writer believes are there now; a different one is a Conflict.
    """

    table: str
    key: Mapping[str, str]
    values: Mapping[str, str] | None
    expect: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """A workbook at a location: the same few verbs for a folder, an .xlsx and a database."""

    location: str
    notes: Notes
    seen: dict[str, Any]  # the version before it was first read, where `stores.load` did

    def read(self, names: Collection[str] | None = None) -> Tables:
        """The text tables (only those of `names`, where given), the history among them.

        `notes`, what had to be guessed while reading, are renewed.
        """

    def put(self, changes: Sequence[Change], who: str = "") -> list[Row]:
        """Merge all changes or none, durable on return; gives the history rows written."""

    def replace(self, tables: Tables) -> None:
        """Write the whole workbook, atomically."""

    def rewrite(self, change: Callable[[Tables], Tables]) -> Tables:
        """Replace the workbook by `change` of it, nobody else writing meanwhile."""

    def version(self) -> dict[str, Any]:
        """Table -> a value that differs after anybody has changed it.

        The entry "" stands for all tables, where a change cannot be told to belong to one.
        """


def somebody() -> str:
    """Who is working here: KAM_WHO, else the name of the account on this machine."""
    try:
        return os.environ.get("KAM_WHO") or getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def now() -> str:
    """This moment in UTC, as the history writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refuse_read_only(read_only: bool) -> None:
    """Raise ReadOnly where the workbook was opened for reading only."""
    if read_only:
        raise ReadOnly("This is a read-only copy of the workbook; it cannot be changed.",
                       hint="Open the workbook itself to change it.")  # fmt: skip


def key_text(change: Change) -> str:
    """The key of a row as the history writes it: JSON, in the order of the definition."""
    order = DEFINITIONS[change.table].keys if change.table in DEFINITIONS else []
    named = [k for k in order if k in change.key] + [k for k in change.key if k not in order]
    return json.dumps({k: change.key[k] for k in named}, ensure_ascii=False)


def sound(text: str, *place: str) -> str:
    """A text with one kind of line end. Raises WorkbookError for what not every store can hold.

    The place (table, line, column) is for the error.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if odd := _UNSOUND.search(text):
        wrong = "the character NUL" if odd[0] == "\0" else "half a character"
        where = dict(zip(("table", "row", "column"), place, strict=False))
        raise WorkbookError(
            f"{', '.join(place) or 'A text'} holds {wrong}, which cannot be stored.",
            **where,
            hint="Type it again.",
        )
    return text


def sounded(tables: Tables) -> Tables:
    """The tables as every store writes them: cells sound, names of columns without blanks around them."""
    return {name: _sounded(name, frame) for name, frame in tables.items()}


def _sounded(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    columns = [sound(str(column), name, "line 1").strip() for column in frame.columns]
    rows = frame.to_numpy().tolist()
    if columns == [*frame.columns] and not _UNSOUND.search("".join(map("".join, rows))):
        return frame
    cells = [
        [sound(cell, name, f"line {line}", column) for cell, column in zip(row, columns, strict=True)]
        for line, row in enumerate(rows, start=2)
    ]
    return pd.DataFrame(cells, frame.index, columns, dtype=object)


def merge(current: Row | None, change: Change, who: str, at: str) -> tuple[Row | None, list[Row]]:
    """The row after the change and the history rows that tell it. Raises Conflict."""
    before = current or {}
    values = None if change.values is None else {c: sound(v) for c, v in change.values.items()}
    for column, expected in change.expect.items():
        found = before.get(column, "").strip()
        if found != expected.strip() and (values is None or values.get(column, "") != found):
            raise conflict(change, column, found)
    key = {c: sound(v) for c, v in change.key.items()}
    if values is None:
        after: Row | None = None
        new: Mapping[str, str] = dict.fromkeys(before, "")
    else:
        new = values if current is not None else {**key, **values}
        after = {**before, **new}
    where = (change.table, key_text(change))
    story = [
        dict(zip(HISTORY, (at, sound(who), *where, column, before.get(column, ""), value), strict=True))
        for column, value in new.items()
        if before.get(column, "") != value
    ]
    return after, story


def conflict(change: Change, column: str, found: str, last: Mapping[str, str] | None = None) -> Conflict:
    """The error that says whose value is there; `last` is the history row that put it there."""
    who, at = (last or {}).get("who", ""), (last or {}).get("at", "")
    mine = (change.values or {}).get(column, "")
    wanted = f'you wrote "{mine}"' if change.values is not None else "you wanted to remove the row"
    when = f" at {at[11:16]} UTC" if at else ""
    return Conflict(
        f'{who or "Somebody"} changed {column} to "{found}" meanwhile{when}; {wanted}.',
        who=who, at=at, table=change.table, row=", ".join(filter(None, change.key.values())),
        column=column, found=found, hint="Enter yours again if it should stand.")  # fmt: skip


def blame(error: Conflict, changes: Sequence[Change], history: pd.DataFrame) -> Conflict:
    """The same conflict with the name and the time that the history knows."""
    for change in changes:
        row = ", ".join(filter(None, change.key.values()))
        if (change.table, row) != (error.table, error.row) or not set(HISTORY) <= set(history.columns):
            continue
        mine = history[(history["table"] == change.table) & (history["key"] == key_text(change))]
        mine = mine[mine["column"] == error.column]
        if len(mine):
            return conflict(change, error.column, str(error.found), mine.iloc[-1].to_dict())
    return error


def find(frame: pd.DataFrame, key: Mapping[str, str]) -> list[int]:
    """The positions of the rows with this key (normally none or one)."""
    hits: Sequence[int] = range(len(frame))
    for column, value in key.items():
        if column in frame.columns:
            cells = frame[column].to_numpy()
            hits = [i for i in hits if cells[i].strip() == value]
        elif value:
            return []
    return list(hits)


def refuse_twins(name: str, frame: pd.DataFrame) -> None:
    """A table with a column twice cannot be changed cell by cell."""
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise WorkbookError(f'The column "{twice[0]}" stands twice in {name}, so nothing can be '
                            "entered there.", table=name, column=str(twice[0]),
                            hint="Rename one of them.")  # fmt: skip


def with_story(history: pd.DataFrame | None, story: Sequence[Row]) -> pd.DataFrame:
    """The history with these rows added to it."""
    new = pd.DataFrame(story, columns=HISTORY, dtype=object)
    if history is None or history.empty:
        return new
    refuse_twins("history", history)
    return pd.concat([history, new], ignore_index=True).fillna("")


def apply(text: Tables, changes: Sequence[Change], who: str) -> tuple[Tables, list[Row]]:
    """New text tables after all changes, and the history rows; the input is not changed."""
    at, story, result = now(), [], dict(text)
    for change in changes:
        frame = result.get(change.table)
        frame = empty(change.table, list(change.key)) if frame is None else frame
        refuse_twins(change.table, frame)
        where = find(frame, change.key)
        current = {c: frame.at[frame.index[where[0]], c] for c in frame.columns} if where else None
        if current is None and change.values is None:
            continue
        after, rows = merge(current, change, who, at)
        story += rows
        result[change.table] = _set_row(frame, where, after)
    return result, story


def empty(name: str, key: list[str]) -> pd.DataFrame:
    """A table without rows: the columns of its definition, or those of the key."""
    if name in DEFINITIONS:
        return tables.empty(name)
    return pd.DataFrame({column: pd.Series(dtype=object) for column in key})


def _set_row(frame: pd.DataFrame, where: list[int], after: Row | None) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    if after is None:
        return frame.drop(index=where).reset_index(drop=True)
    for column in [c for c in after if c not in frame.columns]:
        frame[column] = pd.Series("", index=frame.index, dtype=object)
    row = [after.get(column, "") for column in frame.columns]
    if where:
        frame.iloc[where[0]] = row
        return frame
    new = pd.DataFrame([row], columns=frame.columns, dtype=object)
    return pd.concat([frame, new], ignore_index=True) if len(frame) else new
