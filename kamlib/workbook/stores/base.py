"""What is entered: one change, how it merges into a row, and the history that it leaves."""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import Conflict, Finding
from kamlib.workbook.checks import check, refuse_errors
from kamlib.workbook.schema import DEFINITIONS, Tables
from kamlib.workbook.stores.sentences import refusal

HISTORY = DEFINITIONS["history"].names
MOST_COLUMNS = 300
MOST_TOLD = 20_000  # beyond so many new cells the history tells of new rows, not of their cells
_UNSOUND = re.compile(r"[\x00\r\ud800-\udfff]")
Row = dict[str, str]
Key = tuple[str, ...]
Notes = list[Finding]


@dataclass(frozen=True)
class Change:
    """One row to merge by key (`values`), or to remove (`values` is None).

    `expect` holds the texts the writer believes are there now; a different one is a Conflict.
    `who` is for changes of several people that are stored together.
    """

    table: str
    key: Mapping[str, str]
    values: Mapping[str, str] | None
    expect: Mapping[str, str] = field(default_factory=dict)
    who: str = ""


class Store:
    """A workbook at a location: a database, which can be changed, or files, which are only read."""

    read_only = True

    def __init__(self, location: str) -> None:
        self.location = location
        self.notes: Notes = []  # what had to be guessed while reading or was done while opening
        self.seen: dict[str, Any] = {}  # the version before `stores.load` has read it

    def read(self, names: Collection[str] | None = None) -> Tables:
        """The text tables (only those of `names`, where given), the history among them."""
        raise NotImplementedError

    def version(self) -> dict[str, Any]:
        """Table -> a value that differs after anybody has changed it.

        The entry "" stands for all tables, where a change cannot be told to belong to one.
        """
        raise NotImplementedError

    def put(self, changes: Sequence[Change], who: str = "") -> list[Row]:
        """Merge all changes or none, durable on return; gives the history rows written."""
        raise refusal("only read")

    def rewrite(self, change: Callable[[Tables], Tables], origin: str = "") -> Tables:
        """Replace the workbook by `change` of it, nobody else writing meanwhile.

        `origin` says what it was made from, and is kept where it is given.
        """
        raise refusal("only read")


def somebody() -> str:
    """Who is working here: KAM_WHO, else the name of the account on this machine."""
    try:
        return os.environ.get("KAM_WHO") or getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def now() -> str:
    """This moment in UTC, as the history writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def key_text(change: Change) -> str:
    """The key of a row as the history writes it: JSON, in the order of the definition."""
    order = DEFINITIONS[change.table].keys if change.table in DEFINITIONS else []
    named = sorted(change.key, key=lambda k: order.index(k) if k in order else len(order))
    return json.dumps({k: change.key[k] for k in named}, ensure_ascii=False)


def sound(text: str, *place: str) -> str:
    """A text with one kind of line end. Raises WorkbookError for what not every store can hold.

    The place (table, line, column) is for the error.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if odd := _UNSOUND.search(text):
        wrong = "the character NUL" if odd[0] == "\0" else "half a character"
        where = dict(zip(("table", "row", "column"), place, strict=False))
        raise refusal("unsound", place=", ".join(place) or "A text", wrong=wrong, **where)
    return text


def sounded(text: Tables) -> Tables:
    """The tables as they are written: cells sound, column names without blanks around them."""
    result = dict(text)
    for name, frame in text.items():
        columns = [sound(str(column), name, "line 1").strip() for column in frame.columns]
        rows = frame.to_numpy().tolist()
        if columns != [*frame.columns] or _UNSOUND.search("".join(map("".join, rows))):
            for line, row in enumerate(rows, start=2):
                row[:] = [
                    sound(cell, name, f"line {line}", c)
                    for cell, c in zip(row, columns, strict=True)
                ]
            result[name] = pd.DataFrame(rows, frame.index, columns, dtype=object)
    return result


def merge(current: Row | None, change: Change, who: str, at: str) -> tuple[Row | None, list[Row]]:
    """The row after the change and the history rows that tell it. Raises Conflict."""
    before = current or {}
    values = None if change.values is None else {c: sound(v) for c, v in change.values.items()}
    for column, expected in change.expect.items():
        found = before.get(column, "").strip()
        if found != expected.strip() and (values is None or values.get(column, "") != found):
            raise conflict(change, column, found)
    if values is None:
        after: Row | None = None
        new: Mapping[str, str] = dict.fromkeys(before, "")
    else:
        key = {c: sound(v) for c, v in change.key.items()}
        new = values if current is not None else {**key, **values}
        after = {**before, **new}
    where = (at, sound(change.who or who), change.table, key_text(change))
    return after, [
        dict(zip(HISTORY, (*where, column, before.get(column, ""), value), strict=True))
        for column, value in new.items()
        if before.get(column, "") != value
    ]


def conflict(
    change: Change, column: str, found: str, last: Mapping[str, str] | None = None
) -> Conflict:
    """The error that says whose value is there; `last` is the history row that put it there."""
    who, at = (last or {}).get("who", ""), (last or {}).get("at", "")
    mine = (change.values or {}).get(column, "")
    wanted = f'you wrote "{mine}"' if change.values is not None else "you wanted to remove the row"
    when = f" at {at[11:16]} UTC" if at else ""
    return Conflict(
        f'{who or "Somebody"} changed {column} to "{found}" meanwhile{when}; {wanted}.',
        who=who,
        at=at,
        table=change.table,
        row=", ".join(filter(None, change.key.values())),
        column=column,
        found=found,
        hint="Enter yours again if it should stand.",
    )


def blame(error: Conflict, changes: Sequence[Change], history: pd.DataFrame) -> Conflict:
    """The same conflict with the name and the time that the history knows."""
    for change in changes:
        row = ", ".join(filter(None, change.key.values()))
        if (change.table, row) != (error.table, error.row) or not {*HISTORY} <= {*history.columns}:
            continue
        told = history[(history["table"] == change.table) & (history["key"] == key_text(change))]
        told = told[told["column"] == error.column]
        if len(told):
            return conflict(change, error.column, str(error.found), told.iloc[-1].to_dict())
    return error


def find(frame: pd.DataFrame, key: Mapping[str, str]) -> list[int]:
    """The positions of the rows with this key (normally none or one)."""
    return _positions(frame, [*key], {tuple(key.values())}).get(tuple(key.values()), [])


def _positions(
    frame: pd.DataFrame, columns: list[str], wanted: Collection[Key]
) -> dict[Key, list[int]]:
    """Wanted key -> the positions of its rows; a missing key column is empty in each row."""
    hits: Sequence[int] = range(len(frame))
    blank = np.full(len(frame), "", dtype=object)
    cells = [frame[column].to_numpy() if column in frame else blank for column in columns]
    for column, values in zip(cells, map(set, zip(*wanted, strict=True)), strict=True):
        hits = [i for i in hits if column[i].strip() in values]
    result: dict[Key, list[int]] = {}
    for i in hits:
        result.setdefault(tuple(column[i].strip() for column in cells), []).append(i)
    return result


def refuse_names(text: Tables, key: str, odd: str, longest: int = 1000) -> None:
    """Raise the refusal `key` for a table whose name is odd (a pattern) or too long for a file of
    that kind (in UTF-16, as Excel counts), or is another's but for capitals."""
    folded = [name.lower() for name in text]
    for name in text:
        is_long = len(name.encode("utf-16-le", "surrogatepass")) > 2 * longest
        if is_long or re.search(odd, name, re.I | re.S) or folded.count(name.lower()) > 1:
            raise refusal(key, table=name)


def apply(text: Tables, changes: Sequence[Change], who: str = "") -> tuple[Tables, list[Row]]:
    """New text tables after all changes, and the history rows; the input is not changed.

    Beyond MOST_TOLD cells the history has one row for each new row of a table, which names its key.
    """
    at, who, result, story = now(), who or somebody(), dict(text), list[Row]()
    brief = sum(len(change.values or ()) for change in changes) > MOST_TOLD
    order = [*dict.fromkeys((change.table, *change.key) for change in changes)]
    for alike in order:
        some = [change for change in changes if (change.table, *change.key) == alike]
        name, *keys = alike
        columns = DEFINITIONS[name].names if name in DEFINITIONS else keys
        frame = result.get(name, pd.DataFrame(columns=columns, dtype=object))
        result[name], told = _changed(frame, some, who, at, brief)
        story += told
    return result, story


def _changed(
    frame: pd.DataFrame, changes: list[Change], who: str, at: str, brief: bool
) -> tuple[pd.DataFrame, list[Row]]:
    """A table after changes that name the same key columns, and their history rows."""
    for column in frame.columns[frame.columns.duplicated()]:
        raise refusal("twins", table=changes[0].table, column=str(column))
    keys = [tuple(map(sound, change.key.values())) for change in changes]
    positions = _positions(frame, [*changes[0].key], {*keys})
    cells = {column: frame[column].to_numpy() for column in frame}
    written: dict[str, np.ndarray[Any, Any]] = {}
    fresh: dict[Key, Row] = {}
    gone: list[int] = []
    story: list[Row] = []
    for key, change in zip(keys, changes, strict=True):
        places, row = positions.get(key, []), fresh.get(key)
        if places:
            row = {c: column[places[0]] for c, column in {**cells, **written}.items()}
        if row is None and change.values is None:
            continue
        after, told = merge(row, change, who, at)
        is_brief = brief and row is None
        story += [line for line in told if line["column"] in change.key] if is_brief else told
        if after is None:
            gone += positions.pop(key, [])
            fresh.pop(key, None)
        elif not places:
            fresh[key] = after
        for column in (change.values or ()) if places else ():
            if column not in written:
                blank = np.full(len(frame), "", dtype=object)
                written[column] = cells.get(column, blank).copy()
            written[column][places[0]] = (after or {})[column]
    columns = {c: pd.Series(column, dtype=object) for c, column in written.items()}
    result = frame.reset_index(drop=True).assign(**columns).drop(index=gone)
    if fresh:
        result = pd.concat([result, pd.DataFrame([*fresh.values()], dtype=object)])
        result = result.fillna("").astype(object)
    return result.reset_index(drop=True), story


def recorded(text: Tables, changes: Sequence[Change], who: str = "") -> tuple[Tables, list[Row]]:
    """Text tables after all changes with what they add to the history, and these rows."""
    result, story = apply(text, changes, who)
    if not story:
        return result, story
    history = result.get("history", pd.DataFrame())
    parts = [history.loc[:, ~history.columns.duplicated()]] if len(history) else []
    parts.append(pd.DataFrame(story, columns=HISTORY, dtype=object))
    return {**result, "history": pd.concat(parts, ignore_index=True).fillna("")}, story


def put_all(store: Store, make: Callable[[Tables], Sequence[Change]], who: str = "") -> list[Row]:
    """Merge the changes that `make` finds for the tables as they are now; gives their history.

    For thousands of rows: all or none, in one writing of the workbook. Raises InvalidWorkbook, and
    writes nothing, where the result would have errors.
    """
    told: list[Row] = []

    def change(text: Tables) -> Tables:
        after, told[:] = recorded(text, make(text), who)
        refuse_errors(check(after), store.location)
        return after

    store.rewrite(change)
    return told
