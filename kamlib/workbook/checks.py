"""What is wrong with a workbook's text tables: each problem as a finding with place and remedy.

Cells and columns are judged by `schema.yaml`, what rows say of each other by the rules of `links`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import PurePath
from typing import Any

import pandas as pd

from kamlib.errors import Finding, InvalidInput, InvalidWorkbook, did_you_mean
from kamlib.workbook import links
from kamlib.workbook.links import ids, near
from kamlib.workbook.schema import (
    BEFORE,
    BEHIND,
    DEFINITIONS,
    UNKNOWN_WORDS,
    Column,
    Table,
    Tables,
    as_text,
    is_beyond,
    line,
    parse,
)

__all__ = ["COLUMNS", "accept", "check", "ids", "place", "problem", "refuse_errors"]

COLUMNS = ["level", "table", "row", "column", "found", "allowed", "message"]
EXCEL_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!")
LONGEST = 32_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


# a whole workbook


def check(
    text: Tables, notes: Iterable[Finding] = (), only: Collection[str] | None = None
) -> pd.DataFrame:
    """All findings of a workbook's text tables, errors first; no rows when nothing is wrong.

    `notes` are findings made while reading (encodings, odd cells). Columns: level, table, row,
    column, found, allowed, message. The row says the line of the file (the header is line 1).
    `only` names the tables to look at.
    """
    findings, spot = [*notes], attrgetter("table", "row", "column")
    noted = {spot(f) for f in findings if f.row and f.column}
    findings += _missing_tables(text)
    for name in text if only is None else only:
        if name not in DEFINITIONS:
            findings += _unknown_table(name)
        elif name != "history":
            findings += (f for f in _table(DEFINITIONS[name], text) if spot(f) not in noted)
            findings += links.findings(name, text, text, DEFINITIONS[name].rules)
    for model in _models(text if only is None else only):
        findings += model.problems(text)
    cells = attrgetter(*COLUMNS[:-1])
    result = pd.DataFrame([(*cells(f), str(f)) for f in findings], columns=COLUMNS)
    return result.sort_values("level", key=lambda s: s != "error", kind="stable", ignore_index=True)


def _models(names: Iterable[str]) -> list[Any]:
    """The modules that check what tables come to together, as `schema.yaml` names them."""
    named = [DEFINITIONS[name].model for name in names if name in DEFINITIONS]
    return [importlib.import_module(module) for module in dict.fromkeys(filter(None, named))]


def refuse_errors(findings: pd.DataFrame, location: str) -> None:
    """Raise InvalidWorkbook when there are errors; its message lists the first five."""
    errors = findings[findings["level"] == "error"]
    if errors.empty:
        return
    rows = errors.head(5).to_dict("records")
    first = "\n".join(f"  {place(row)}: {row['message']}" for row in rows)
    more = f"\n  ... and {len(errors) - 5} more" if len(errors) > 5 else ""
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    name = location if "://" in location else PurePath(location).name or location
    raise InvalidWorkbook(
        f"The workbook {name} has {count}:\n{first}{more}",
        findings,
        hint="\nCorrect them, then open it again; `kam check` lists them all.",
    )


def place(row: Mapping[str, str]) -> str:
    """Where a finding is, in words: "scores, line 14, score"."""
    return ", ".join(part for part in (row["table"], row["row"], row["column"]) if part)


def _missing_tables(text: Tables) -> list[Finding]:
    if len(text) == 0:
        return [Finding("warning", "The workbook holds no tables; it is taken as empty.")]
    message = "There is no table {}; it is taken as empty."
    missing = [name for name, table in DEFINITIONS.items() if table.needed and name not in text]
    return [Finding("warning", message.format(n), n, allowed=f"the table {n}") for n in missing]


# tables and their columns


def _unknown_table(name: str) -> Iterator[Finding]:
    message = f'The table "{name}" is not one the workbook uses; it is kept untouched.'
    yield Finding("warning", message, name, found=name, hint=near(name, DEFINITIONS))


def _table(table: Table, text: Tables) -> Iterator[Finding]:
    frame, name = text[table.name], table.name
    twice = sorted({*frame.columns[frame.columns.duplicated()]})
    for column in twice:
        message = f'The column "{column}" stands there twice.'
        yield Finding("error", message, name, "", column, column, "each column once")
    if twice:
        return
    for column in frame.columns.difference(table.names, sort=False):
        hint = near(column, table.names)
        if table.own_columns and not (hint and re.fullmatch(r"\w+", column)):
            continue  # columns of a customer list are welcome, unless one looks like a slip
        message = f'The column "{column}" is not one of this table; it is kept untouched.'
        yield Finding("warning", message, name, "", column, column, hint=hint)
    missing = [key for key in table.needed_keys if key not in frame.columns]
    for column in missing:
        allowed = "the columns " + ", ".join(table.keys)
        yield Finding("error", f'The column "{column}" is missing.', name, "", column, "", allowed)
    if not len(frame):
        return
    for definition in table.columns:
        if definition.name in frame.columns:
            yield from _cells(table, definition, frame[definition.name])
    if not missing:
        yield from _duplicates(table, text)


def _cells(table: Table, column: Column, cells: pd.Series) -> Iterator[Finding]:
    bad = {t: wrong for t in dict.fromkeys(cells.tolist()) if (wrong := problem(table, column, t))}
    for index, text in cells[cells.isin(list(bad))].items() if bad else ():
        yield replace(bad[text], row=line(index))


def _duplicates(table: Table, text: Tables) -> Iterator[Finding]:
    frame = text[table.name]
    keys = [key for key in table.keys if key in frame]
    rows = [*links.cells(text, table.name, *keys)]
    first = dict(zip(reversed(rows), reversed(frame.index), strict=False))
    again = () if len(first) == len(rows) else zip(frame.index, rows, strict=True)
    for index, values in again:
        if first[values] != index and any(values):
            key = ", ".join(filter(None, values))
            message = f"{key[:60]} stands here a second time; first in {line(first[values])}."
            place = table.name, line(index), ", ".join(keys)
            yield Finding("error", message, *place, key, "each row once")


# one cell


def problem(table: Table, column: Column, text: str) -> Finding | None:
    """What is wrong with one cell, or None when it is in order."""
    level, message, hint = _wrong(column, text)
    if not level:
        return None
    return Finding(level, message, table.name, "", column.name, text, column.allowed, hint)


def _wrong(column: Column, text: str) -> tuple[str, str, str]:
    """The level, the sentence and the hint for one cell, empty when it is in order."""
    name, cell, number = column.name, text.strip(), column.kind == "number"
    shown = text if len(text) <= 40 else text[:37] + "..."
    if _CONTROL.search(text):
        return "error", f"{name} holds a character that cannot be shown or stored.", ""
    if len(text) > LONGEST:
        return "error", f"{name} is longer than {LONGEST:,} characters.", ""
    if column.key and not cell and not column.may_be_empty:
        return "error", f"{name} is empty; every row needs it.", ""
    try:
        parse(column, text)
    except ValueError:
        return "error", f'{name} is "{shown}"; it must be {column.allowed}.', _likely(column, cell)
    if number and "," in text:
        return "warning", f'{name} "{shown}" is read with a decimal comma.', ""
    if not number and cell in EXCEL_ERRORS:
        return "warning", f"{name} is {shown}, an error of Excel; it is kept as text.", ""
    if not number and text.startswith("="):
        return "warning", f'{name} "{shown}" looks like a formula; it is kept as text.', ""
    if text != cell and column.kind in ("id", "choice"):
        return "warning", f'{name} "{shown}" has spaces around it; they are ignored.', ""
    return "", "", ""


def _likely(column: Column, cell: str) -> str:
    """What may have happened to a cell that is not allowed."""
    if cell in EXCEL_ERRORS:
        return "Excel could not work it out."
    if cell.startswith("="):
        return "A formula is not a value: copy the cell, then paste it as a value."
    if column.kind != "number":
        return near(cell, column.choices)
    if is_beyond(cell):
        return f"A figure has at most {BEFORE} digits before its point and {BEHIND} behind it."
    if re.match(r"\d{4}-\d\d-\d\d", cell):
        return "Excel may have taken a number for a date."
    if re.match(r"[+-]?\d{1,3}([., '\u00a0]\d{3})+([.,]\d+)?$", cell):
        return "Write it without marks between the thousands, and a decimal with a point."
    return ""


# one row that is to be stored


def accept(name: str, values: Mapping[str, object], text: Tables) -> dict[str, str]:
    """The texts to store for one row, or InvalidInput that says what is wrong with which value.

    `values` are column -> value; `text` the current tables, for references. Unknown columns of a
    defined table are refused with "did you mean".
    """
    if name not in DEFINITIONS or name == "history":
        hint = did_you_mean(name, DEFINITIONS)
        raise InvalidInput(f'There is no table "{name}".', table=name, found=name, hint=hint)
    table, own = DEFINITIONS[name], text[name].columns if name in text else ()
    row = {}
    for column, value in values.items():
        if column in table.names:
            row[column] = _accepted(table, table[column], value)
        elif column in own:
            row[column] = _accepted(table, Column(column, "text", ""), value)
        else:
            shown = str(column)[:60]
            raise InvalidInput(
                f'The table {name} has no column "{shown}".',
                table=name,
                column=column,
                found=column,
                hint=did_you_mean(shown, table.names),
            )
    key = dict.fromkeys(table.keys, "") | row
    whole = all(key[k] for k in table.needed_keys)
    rules = [rule for rule in table.rules if rule.level == "error"] if whole else []
    given = {name: pd.DataFrame([row], dtype=object)}
    findings = [*links.findings(name, given, text, rules)]
    if whole:
        for model in _models(DEFINITIONS):
            findings += model.refused(name, key, text)
    for wrong in findings:
        if wrong.level == "error":
            raise InvalidInput.of(wrong, ", ".join(key[k] for k in table.keys))
    return row


def _accepted(table: Table, column: Column, value: object) -> str:
    """The text to store for one value."""
    try:
        text = as_text(value).replace("\r\n", "\n").replace("\r", "\n")
    except ValueError:  # an integer of thousands of digits
        text = "a number too long to read"
    if column.kind != "text" and text.strip().lower() in UNKNOWN_WORDS:
        text = ""
    wrong = problem(table, column, text)
    if wrong and wrong.level == "error":
        raise InvalidInput.of(wrong)
    return text if column.kind == "text" else as_text(parse(column, text))
