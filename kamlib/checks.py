"""What is wrong with a workbook: every problem as one row that names place, value and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

import pandas as pd

from kamlib import market
from kamlib.columns import BEFORE, BEHIND, is_beyond
from kamlib.errors import InvalidInput, InvalidWorkbook, did_you_mean
from kamlib.links import COLUMNS, Finding, finding, ids, line, model_rules, near, references
from kamlib.tables import (
    DEFINITIONS,
    UNKNOWN_WORDS,
    Column,
    Table,
    Tables,
    as_text,
    parse,
)

NEEDED = ("segments", "customers", "suppliers", "factors", "scores")
EXCEL_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!")
MAY_BE_EMPTY = ("supplier", "term")
LONGEST = 32_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def check(text: Tables, notes: Iterable[Finding] = ()) -> pd.DataFrame:
    """All findings of a workbook's text tables, errors first; no rows when nothing is wrong.

    `notes` are findings made while reading (encodings, odd cells). Columns: level, table, row,
    column, found, allowed, message. The row says the line of the file (the header is line 1).
    """
    rows = [*notes]
    told = {(row["table"], row["row"], row["column"]) for row in rows if row["row"] and row["column"]}
    rows += _missing_tables(text)
    for name, frame in text.items():
        if name == "history":
            continue
        table = DEFINITIONS.get(name)
        found = _unknown_table(name) if table is None else _table(table, frame)
        rows += [row for row in found if (row["table"], row["row"], row["column"]) not in told]
    rows += references(text)
    rows += model_rules(text)
    result = pd.DataFrame(rows, columns=COLUMNS)
    return result.sort_values("level", key=lambda s: s != "error", kind="stable", ignore_index=True)


def refuse_errors(findings: pd.DataFrame, location: str) -> None:
    """Raise InvalidWorkbook when there are errors; its message lists the first five."""
    errors = findings[findings["level"] == "error"]
    if errors.empty:
        return
    first = "\n".join(f"  {place(row)}: {row['message']}" for row in errors.head(5).to_dict("records"))
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
        return [finding("warning", "", "The workbook holds no tables; it is taken as empty.")]
    missing = [name for name in NEEDED if name not in text]
    message = "There is no table {}; it is taken as empty."
    return [finding("warning", name, message.format(name), allowed="the table " + name) for name in missing]


def _unknown_table(name: str) -> list[Finding]:
    message = f'The table "{name}" is not one the workbook uses; it is kept untouched.'
    return [finding("warning", name, message + near(name, DEFINITIONS), found=name)]


def _table(table: Table, frame: pd.DataFrame) -> Iterator[Finding]:
    duplicated = sorted({c for c in frame.columns if list(frame.columns).count(c) > 1})
    for column in duplicated:
        yield finding("error", table.name, f'The column "{column}" stands there twice.',
                      column=column, found=column, allowed="each column once")  # fmt: skip
    if duplicated:
        return
    for column in frame.columns:
        if column not in table.names:
            nearest = near(column, table.names)
            if table.name == "customers" and not (nearest and re.fullmatch(r"\w+", column)):
                continue  # columns of a customer list are welcome, unless one looks like a slip
            message = f'The column "{column}" is not one of this table; it is kept untouched.'
            yield finding("warning", table.name, message + nearest, column=column, found=column)
    missing = [k for k in table.keys if k not in frame.columns and k not in MAY_BE_EMPTY]
    for column in missing:
        yield finding("error", table.name, f'The column "{column}" is missing.', column=column,
                      allowed="the columns " + ", ".join(table.keys))  # fmt: skip
    for definition in table.columns:
        if definition.name in frame.columns:
            yield from _cells(table, definition, frame)
    if not missing:
        yield from _duplicates(table, frame)


def _cells(table: Table, column: Column, frame: pd.DataFrame) -> Iterator[Finding]:
    cells = frame[column.name]
    bad = {t: m for t in dict.fromkeys(cells.tolist()) if (m := problem(table, column, t))}
    if not bad:
        return
    for index, text in cells[cells.isin(list(bad))].items():
        level, message = bad[text]
        yield finding(level, table.name, message, line(int(str(index))), column.name, text,
                      column.allowed)  # fmt: skip


def problem(table: Table, column: Column, text: str) -> tuple[str, str] | None:
    """The level and the sentence for one cell, or None when it is in order."""
    shown = text if len(text) <= 40 else text[:37] + "..."
    if _CONTROL.search(text):
        return "error", f"{column.name} holds a character that cannot be shown or stored."
    if len(text) > LONGEST:
        return "error", f"{column.name} is longer than {LONGEST:,} characters."
    if column.key and column.name not in MAY_BE_EMPTY and not text.strip():
        return "error", f"{column.name} is empty; every row needs it."
    try:
        parse(column, text)
    except ValueError:
        return "error", f'{column.name} is "{shown}"; it must be {column.allowed}.{_likely(column, text)}'
    if column.kind == "number" and "," in text:
        return "warning", f'{column.name} "{shown}" is read with a decimal comma.'
    if column.kind != "number" and text.strip() in EXCEL_ERRORS:
        return "warning", f"{column.name} is {shown}, an error of Excel; it is kept as text."
    if column.kind != "number" and text.startswith("="):
        return "warning", f'{column.name} "{shown}" looks like a formula; it is kept as text.'
    if text != text.strip() and column.kind in ("id", "choice"):
        return "warning", f'{column.name} "{shown}" has spaces around it; they are ignored.'
    return None


def _likely(column: Column, text: str) -> str:
    """What may have happened to a cell that is not allowed."""
    text = text.strip()
    if text in EXCEL_ERRORS:
        return " Excel could not work it out."
    if text.startswith("="):
        return " A formula is not a value: copy the cell, then paste it as a value."
    if column.kind == "number" and is_beyond(text):
        return f" A figure has at most {BEFORE} digits before its point and {BEHIND} behind it."
    if column.kind == "number" and re.match(r"\d{4}-\d\d-\d\d", text):
        return " Excel may have taken a number for a date."
    if column.kind == "number" and re.match(r"-?\d{1,3}([., '\u00a0]\d{3})+([.,]\d+)?$", text):
        return " Write it without marks between the thousands."
    return near(text, column.choices)


def _duplicates(table: Table, frame: pd.DataFrame) -> Iterator[Finding]:
    keys = [k for k in table.keys if k in frame.columns]
    if not keys:
        return
    first: dict[tuple[str, ...], int] = {}
    stripped = zip(*([text.strip() for text in frame[k]] for k in keys), strict=True)
    for index, values in zip(frame.index, stripped, strict=True):
        if first.setdefault(values, index) != index and any(values):
            key = ", ".join(filter(None, values))
            message = f"{key[:60]} stands here a second time; first in {line(int(first[values]))}."
            yield finding("error", table.name, message, line(int(index)), ", ".join(keys), key,
                          "each row once")  # fmt: skip


def accept(name: str, values: Mapping[str, object], text: Tables) -> dict[str, str]:
    """The texts to store for one row, or InvalidInput that says what is wrong with which value.

    `values` are column -> value; `text` the current tables, for references. Unknown columns of a
    defined table are refused with "did you mean".
    """
    if name not in DEFINITIONS or name == "history":
        raise InvalidInput(f'There is no table "{name}".', table=name, found=name,
                           hint=did_you_mean(name, DEFINITIONS))  # fmt: skip
    table = DEFINITIONS[name]
    extra = set(text[name].columns) - set(table.names) if name in text else set()
    result = {}
    for column, value in values.items():
        if column not in table.names and column not in extra:
            raise InvalidInput(f'The table {name} has no column "{str(column)[:60]}".', table=name,
                               column=column, found=column,
                               hint=did_you_mean(str(column)[:60], table.names))  # fmt: skip
        definition = table[column] if column in table.names else Column(column, "text", "")
        result[column] = _accept_cell(table, definition, _said(value), text)
    _accept_row(table, result, text)
    return result


def _said(value: object) -> str:
    try:
        return as_text(value)
    except ValueError:  # an integer of thousands of digits
        return "a number too long to read"


def _accept_row(table: Table, row: Mapping[str, str], text: Tables) -> None:
    """The rules between the cells of a row and across tables, where the whole key is given."""
    if not all(row.get(k) or k in MAY_BE_EMPTY for k in table.keys):
        return
    known: Tables = {
        n: text[n]
        for n in ("segments", "customers", "suppliers", "ideas", "stages", "scenarios")
        if n in text
    }
    known[table.name] = pd.DataFrame([{**dict.fromkeys(table.keys, ""), **row}], dtype=object)
    for wrong in [*model_rules(known), *market.refused(table.name, row, text)]:
        if wrong["level"] == "error" and wrong["table"] == table.name:
            raise InvalidInput(wrong["message"], table=table.name, column=wrong["column"],
                               row=", ".join(row.get(k, "") for k in table.keys),
                               found=wrong["found"], allowed=wrong["allowed"])  # fmt: skip


def _accept_cell(table: Table, column: Column, raw: str, text: Tables) -> str:
    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if column.kind == "number" and raw.strip().lower() in UNKNOWN_WORDS:
        return ""
    if column.kind in ("id", "choice", "yesno", "date") and raw.strip().lower() in UNKNOWN_WORDS:
        raw = ""
    wrong = problem(table, column, raw)
    if wrong and wrong[0] == "error":
        raise InvalidInput(wrong[1], table=table.name, column=column.name, found=raw[:60],
                           allowed=column.allowed)  # fmt: skip
    value = as_text(parse(column, raw)) if column.kind != "text" else raw
    if column.refers and value and value not in ids(text, column.refers):
        known = ids(text, column.refers)
        raise InvalidInput(
            f'{column.name} "{value}" is not in the table {column.refers}.{near(value, known)}',
            table=table.name, column=column.name, found=value,
            allowed=f"an id from the table {column.refers}")  # fmt: skip
    return value
