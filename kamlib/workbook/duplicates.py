"""Two customers that are one: the second goes into the first, and can be brought back."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from kamlib.errors import Finding, InvalidInput, WorkbookError, did_you_mean
from kamlib.workbook.checks import ids
from kamlib.workbook.schema import DEFINITIONS, Tables, as_text, parse_number
from kamlib.workbook.stores.base import Change, Notes, Row

# what is added up where both have it, by table
SUMMED = {
    "ledger": ("revenue", "cost_of_sales", "uncosted", "discount", "freight", "orders"),
    "time_spent": ("days", "money"),
    "activity_counts": ("count",),
    "contacts": ("contacts",),
}
NOT_OF_CUSTOMERS = {("model", "pia_us"), ("model", "pia_customer"), ("what", "benchmark_waiver")}


def merged(text: Tables, keep: str, other: str) -> tuple[list[Change], Notes]:
    """The changes that put `other` into `keep` in every table, and what of `other` gives way.

    Sales, time and counts are added up; elsewhere the value of `keep` stands where both have one.
    The names and ids of `other` are kept in `also_known_as`, so that the next list finds it. Raises
    InvalidInput for customers that are not there.
    """
    known = ids(text, "customers")
    for customer in (keep, other):
        if customer not in known:
            hint = did_you_mean(customer[:60], known)
            raise InvalidInput(f"There is no customer {customer[:60]}.", found=customer, hint=hint)
    if keep == other:
        raise InvalidInput(f"{keep} cannot be merged with itself.", found=other)
    changes: list[Change] = []
    notes: Notes = []
    for name in DEFINITIONS:
        if name in text and name != "history":
            _of_table(name, text[name], keep, other, changes, notes)
    return changes, notes


def _of_table(
    name: str, frame: pd.DataFrame, keep: str, other: str, changes: list[Change], notes: Notes
) -> None:
    keys = [k for k in DEFINITIONS[name].keys if k in frame.columns]
    rows: list[Row] = frame.to_dict("records")
    there = {tuple(row[k].strip() for k in keys): row for row in rows}
    for row in rows:
        cells = [c for c in frame.columns if row[c].strip() == other]
        places = [c for c in cells if _names_customer(name, c, row)]
        if not places:
            continue
        new = row | dict.fromkeys(places, keep)
        old_key, key = ({k: each[k].strip() for k in keys} for each in (row, new))
        if key == old_key:
            mine = "" if new[keys[0]] == keep else keep  # nobody is its own parent
            expected = {c: row[c] for c in places}
            changes.append(Change(name, old_key, dict.fromkeys(places, mine), expected))
            continue
        both = there.get(tuple(key.values()), {})
        values = {} if both else {c: new[c] for c in frame.columns if c not in keys}
        for column in [c for c in both if c not in keys and new[c].strip()]:
            mine, theirs = both[column], new[column]
            if not mine.strip():
                values[column] = theirs
            elif column in SUMMED.get(name, ()):
                values[column] = _sum(mine, theirs)
            elif (name, column) == ("ledger", "months"):
                values[column] = max(mine, theirs, key=_number)
            elif mine.strip() != theirs.strip() and (name, column) != ("customers", "name"):
                text = f'{column} of {keep} stays "{mine[:60]}"; {other} had "{theirs[:60]}".'
                place = name, ", ".join(key.values()), column
                notes.append(Finding("note", text, *place, theirs))
        if name == "customers":
            known = "also_known_as"
            said = [both.get(known, ""), row.get("name", ""), other, row.get(known, "")]
            values[known] = "; ".join(dict.fromkeys(filter(None, map(str.strip, said))))
            if (both | values).get("parent", "").strip() == keep:
                values["parent"] = ""
        changes.append(Change(name, old_key, None))
        if values or not both:
            changes.append(Change(name, key, values))


def _names_customer(name: str, column: str, row: Row) -> bool:
    """Is the id in this cell that of a customer (and not of a segment or an idea)?"""
    definition = DEFINITIONS[name]
    if (name, column) == ("customers", "customer"):
        return True
    if column in definition.names and definition[column].refers == "customers":
        return True
    if column not in ("subject", "scope") or any(
        row.get(c, "").strip() == v for c, v in NOT_OF_CUSTOMERS
    ):
        return False
    return column == "subject" or row.get("model", "").strip() == "strength"


def _number(text: str) -> float:
    try:
        return float(parse_number(text))
    except ValueError:
        return 0.0


def _sum(one: str, two: str) -> str:
    from decimal import Decimal, InvalidOperation

    try:
        total = Decimal(one.strip().replace(",", ".")) + Decimal(two.strip().replace(",", "."))
    except InvalidOperation:
        return as_text(_number(one) + _number(two))
    return f"{total.normalize():f}" if total else "0"


def undone(text: Tables) -> tuple[list[Change], str]:
    """The changes that take the last merge back, and the id of the customer that returns.

    Raises WorkbookError where there was none, or where what it changed has been changed again
    since.
    """
    history = text.get("history")
    merges: list[list[Row]] = []
    for _, block in () if history is None or history.empty else history.groupby("at", sort=False):
        lines: list[Row] = block[block["table"] != ""].to_dict("records")
        mine = [line for line in lines if line["table"] == "customers"]
        if not any(line["column"] == "also_known_as" for line in mine):
            continue
        if any(line["column"] == "customer" and not line["new"] for line in mine):
            merges.append(lines)
        elif merges and any(line["column"] == "customer" and not line["old"] for line in mine):
            merges.pop()  # this one took it back
    if not merges:
        unmerged = "No two customers have been merged in this workbook"
        raise WorkbookError(f"{unmerged}, or all of it is taken back.")
    changes = _reversed(merges[-1])
    back = [
        c.key["customer"]
        for c in changes
        if c.table == "customers" and "customer" in (c.values or {})
    ]
    return changes, back[0]


def _reversed(block: Sequence[Row]) -> list[Change]:
    """The changes that lead back from what these rows of the history tell."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for line in block:
        rows.setdefault((line["table"], line["key"]), []).append(line)
    changes = []
    for (table, key), lines in reversed(rows.items()):
        place = json.loads(key)
        made = any(line["column"] in place and line["old"] == "" != line["new"] for line in lines)
        expect = {line["column"]: line["new"] for line in lines if line["column"] not in place}
        old = None if made else {line["column"]: line["old"] for line in lines}
        changes.append(Change(table, place, old, expect))
    return changes
