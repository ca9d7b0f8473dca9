"""What every store shares: one change, how it merges into a row, and the history it leaves."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import pandas as pd

from kamlib.errors import Conflict
from kamlib.tables import DEFINITIONS, Tables

HISTORY = DEFINITIONS["history"].names
Row = dict[str, str]


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
    notes: list[dict[str, str]]

    def read(self, names: Iterable[str] | None = None) -> Tables:
        """The named text tables, or all, the history among them; `notes` are renewed."""

    def put(self, changes: Sequence[Change], who: str = "") -> list[Row]:
        """Merge all changes or none, durable on return; gives the history rows written."""

    def replace(self, tables: Tables) -> None:
        """Write the whole workbook, atomically."""

    def version(self) -> dict[str, Any]:
        """By table (or "" for all) a value that differs after somebody else has changed it."""


def somebody() -> str:
    """Who is working here: KAM_WHO, else the name of the account on this machine."""
    try:
        return os.environ.get("KAM_WHO") or getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def now() -> str:
    """This moment in UTC, as the history writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def merge(current: Row | None, change: Change, who: str, at: str) -> tuple[Row | None, list[Row]]:
    """The row after the change and the history rows that tell it. Raises Conflict."""
    before = current or {}
    for column, expected in change.expect.items():
        found = before.get(column, "").strip()
        if found != expected.strip() and (change.values or {}).get(column, "") != found:
            raise Conflict(
                f'Somebody changed {column} to "{found}" meanwhile; you wrote '
                f'"{(change.values or {}).get(column, "")}".',
                table=change.table, row=", ".join(filter(None, change.key.values())),
                column=column, found=found,
                hint="Enter yours again if it should stand.")  # fmt: skip
    if change.values is None:
        after: Row | None = None
        new: Mapping[str, str] = dict.fromkeys(before, "")
    else:
        after = {**before, **change.key, **change.values} if current is None else {
            **before, **change.values}  # fmt: skip
        new = change.values if current is not None else {**change.key, **change.values}
    key = json.dumps(dict(change.key), ensure_ascii=False)
    story = [
        dict(
            zip(
                HISTORY,
                (at, who, change.table, key, column, before.get(column, ""), value),
                strict=True,
            )
        )
        for column, value in new.items()
        if before.get(column, "") != value
    ]
    return after, story


def find(frame: pd.DataFrame, key: Mapping[str, str]) -> list[int]:
    """The positions of the rows with this key (normally none or one)."""
    hit = pd.Series(True, index=frame.index)
    for column, value in key.items():
        hit &= (frame[column].str.strip() == value) if column in frame.columns else (value == "")
    return [int(i) for i in hit.to_numpy().nonzero()[0]]


def apply(tables: Tables, changes: Sequence[Change], who: str) -> tuple[Tables, list[Row]]:
    """New text tables after all changes, and the history rows; the input is not changed."""
    from kamlib.tables import empty

    at, story, result = now(), [], dict(tables)
    for change in changes:
        frame = result.get(change.table)
        frame = empty(change.table) if frame is None else frame
        where = find(frame, change.key)
        current = {c: frame.at[frame.index[where[0]], c] for c in frame.columns} if where else None
        if current is None and change.values is None:
            continue
        after, rows = merge(current, change, who, at)
        story += rows
        result[change.table] = _set_row(frame, where, after)
    return result, story


def _set_row(frame: pd.DataFrame, where: list[int], after: Row | None) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    if after is None:
        return frame.drop(index=where).reset_index(drop=True)
    frame = frame.copy()
    for column in after:
        if column not in frame.columns:
            frame[column] = ""
    row = [after.get(column, "") for column in frame.columns]
    frame.loc[where[0] if where else len(frame)] = row
    return frame
