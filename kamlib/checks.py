"""What is wrong with a workbook: every problem as one row that names place, value and remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

import pandas as pd

from kamlib import market, sheets
from kamlib.errors import InvalidInput, InvalidWorkbook, did_you_mean
from kamlib.tables import (
    BOXES,
    DEFINITIONS,
    UNKNOWN_WORDS,
    US,
    Column,
    Table,
    Tables,
    as_text,
    parse,
)

NEEDED = ("segments", "customers", "suppliers", "factors", "scores")
COLUMNS = ["level", "table", "row", "column", "found", "allowed", "message"]
EXCEL_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!")
MAY_BE_EMPTY = ("supplier", "term")
LONGEST = 32_000
LONGEST_NAME, MOST_COMPARED = 60, 500  # "did you mean" is for slips, not for books
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

Finding = dict[str, str]


def finding(level: str, table: str, message: str, row: str = "", column: str = "",
            found: object = "", allowed: str = "") -> Finding:  # fmt: skip
    """One row of findings; `level` is error (cannot go on) or warning (look at this)."""
    shown = str(found)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return dict(zip(COLUMNS, (level, table, row, column, shown, allowed, message), strict=True))


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
    rows += _references(text)
    rows += _model_rules(text)
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


def _near(word: str, known: Iterable[str]) -> str:
    if len(word) > LONGEST_NAME:
        return ""
    found = difflib.get_close_matches(word.lower(), list(known)[:MOST_COMPARED], n=1, cutoff=0.7)
    return f' Did you mean "{found[0]}"?' if found else ""


def _missing_tables(text: Tables) -> list[Finding]:
    if len(text) == 0:
        return [finding("warning", "", "The workbook holds no tables; it is taken as empty.")]
    missing = [name for name in NEEDED if name not in text]
    message = "There is no table {}; it is taken as empty."
    return [finding("warning", name, message.format(name), allowed="the table " + name) for name in missing]


def _unknown_table(name: str) -> list[Finding]:
    message = f'The table "{name}" is not one the workbook uses; it is kept untouched.'
    return [finding("warning", name, message + _near(name, DEFINITIONS), found=name)]


def _table(table: Table, frame: pd.DataFrame) -> Iterator[Finding]:
    duplicated = sorted({c for c in frame.columns if list(frame.columns).count(c) > 1})
    for column in duplicated:
        yield finding("error", table.name, f'The column "{column}" stands there twice.',
                      column=column, found=column, allowed="each column once")  # fmt: skip
    if duplicated:
        return
    for column in frame.columns:
        if column not in table.names:
            near = _near(column, table.names)
            if table.name == "customers" and not (near and re.fullmatch(r"\w+", column)):
                continue  # columns of a customer list are welcome, unless one looks like a slip
            message = f'The column "{column}" is not one of this table; it is kept untouched.'
            yield finding("warning", table.name, message + near, column=column, found=column)
    missing = [k for k in table.keys if k not in frame.columns and k not in MAY_BE_EMPTY]
    for column in missing:
        yield finding("error", table.name, f'The column "{column}" is missing.', column=column,
                      allowed="the columns " + ", ".join(table.keys))  # fmt: skip
    for definition in table.columns:
        if definition.name in frame.columns:
            yield from _cells(table, definition, frame)
    if not missing:
        yield from _duplicates(table, frame)


def _line(index: int) -> str:
    return f"line {index + 2}"


def _cells(table: Table, column: Column, frame: pd.DataFrame) -> Iterator[Finding]:
    cells = frame[column.name]
    bad = {t: m for t in dict.fromkeys(cells.tolist()) if (m := problem(table, column, t))}
    if not bad:
        return
    for index, text in cells[cells.isin(list(bad))].items():
        level, message = bad[text]
        yield finding(level, table.name, message, _line(int(str(index))), column.name, text,
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
    if column.kind == "number" and re.match(r"\d{4}-\d\d-\d\d", text):
        return " Excel may have taken a number for a date."
    if column.kind == "number" and re.match(r"-?\d{1,3}([., '\u00a0]\d{3})+([.,]\d+)?$", text):
        return " Write it without marks between the thousands."
    return _near(text, column.choices)


def _duplicates(table: Table, frame: pd.DataFrame) -> Iterator[Finding]:
    keys = [k for k in table.keys if k in frame.columns]
    if not keys:
        return
    first: dict[tuple[str, ...], int] = {}
    stripped = zip(*([text.strip() for text in frame[k]] for k in keys), strict=True)
    for index, values in zip(frame.index, stripped, strict=True):
        if first.setdefault(values, index) != index and any(values):
            key = ", ".join(filter(None, values))
            message = f"{key[:60]} stands here a second time; first in {_line(int(first[values]))}."
            yield finding("error", table.name, message, _line(int(index)), ", ".join(keys), key,
                          "each row once")  # fmt: skip


def ids(text: Tables, name: str) -> set[str]:
    """The ids in a table's first key column."""
    key = DEFINITIONS[name].keys[0]
    frame = text.get(name)
    known = (
        set()
        if frame is None or list(frame.columns).count(key) != 1
        else set(map(str.strip, frame[key].tolist()))
    )
    return known | ({US} if name == "suppliers" else set())


def _references(text: Tables) -> Iterator[Finding]:
    for name, frame in text.items():
        for column in DEFINITIONS[name].columns if name in DEFINITIONS else ():
            if not column.refers or column.name not in frame.columns:
                continue
            if list(frame.columns).count(column.name) > 1:
                continue
            known = ids(text, column.refers)
            yield from _unknown_ids(name, column.name, frame[column.name], known, column.refers)


def _unknown_ids(name: str, column: str, cells: pd.Series, known: set[str], refers: str) -> Iterator[Finding]:
    lines = zip(cells.index, map(str.strip, cells.tolist()), strict=True)
    unknown = [(index, value) for index, value in lines if value and value not in known]
    # the nearest known id is worth looking for where somebody may correct it by hand
    few = [*dict.fromkeys(value for _, value in unknown)][:50]
    near = {value: _near(value, known) for value in few}
    for index, value in unknown:
        message = f'{column} "{value[:60]}" is not in the table {refers}.{near.get(value, "")}'
        yield finding("error", name, message, _line(int(str(index))), column, value,
                      f"an id from the table {refers}")  # fmt: skip


def _whole(text: Tables, name: str) -> pd.DataFrame | None:
    """The stripped text table if all its defined columns can be used, else None."""
    frame = text.get(name)
    if frame is None or frame.columns.duplicated().any():
        return None
    blank = [""] * len(frame)
    wanted = {
        c: [*map(str.strip, frame[c].tolist())] if c in frame else blank for c in DEFINITIONS[name].names
    }
    return pd.DataFrame(wanted, index=frame.index, dtype=object)


def _model_rules(text: Tables) -> Iterator[Finding]:
    """Rules across tables: scopes, subjects, factors, suppliers and decisions."""
    segments, customers = ids(text, "segments"), ids(text, "customers")
    yield from _own_rivals(_whole(text, "customers"))
    factors, scores = _whole(text, "factors"), _whole(text, "scores")
    scope_of = {"attractiveness": (segments, "segments"), "strength": (customers, "customers")}
    for model, (known, refers) in scope_of.items():
        if factors is not None:
            part = factors[factors["model"] == model]
            yield from _unknown_ids("factors", "scope", part["scope"], known, refers)
    for name in ("scores", "ballots", "find_out"):
        frame = scores if name == "scores" else _whole(text, name)
        if frame is not None:
            own = frame[frame["model"].isin(["attractiveness", "strength"])]
            yield from _unknown_ids(name, "subject", own["subject"], customers, "customers")
            yield from _suppliers(name, own[own["factor"] != "who_else"])
    if scores is not None and factors is not None:
        yield from _orphans(scores, factors, _whole(text, "customers"))
    answers = _whole(text, "answers")
    if answers is not None:
        for level, spot, column, found, allowed, message in sheets.problems(answers):
            yield finding(level, "answers", message, _line(int(answers.index[spot])), column, found, allowed)
    decisions = _whole(text, "decisions")
    if decisions is not None:
        yield from _decisions(decisions, customers, segments)
    yield from market.problems(text)


def _own_rivals(customers: pd.DataFrame | None) -> Iterator[Finding]:
    if customers is not None:
        own = customers[(customers["rival"] == customers["customer"]) & (customers["customer"] != "")]
        for index, name in own["customer"].items():
            yield finding("warning", "customers", f"{name} is said to compete with itself.",
                          _line(int(str(index))), "rival", name, "another customer")  # fmt: skip


def _suppliers(name: str, frame: pd.DataFrame) -> Iterator[Finding]:
    strength = frame["model"] == "strength"
    empty = frame["supplier"] == ""
    for index in frame.index[strength & empty]:
        yield finding("error", name, "supplier is empty; a strength score belongs to us or to a "
                      "competitor.", _line(int(index)), "supplier", "", "us or a competitor")  # fmt: skip
    for index in frame.index[~strength & ~empty]:
        yield finding("error", name, "supplier must be empty for attractiveness.",
                      _line(int(index)), "supplier", frame.at[index, "supplier"], "empty")  # fmt: skip


def _orphans(
    scores: pd.DataFrame, factors: pd.DataFrame, customers: pd.DataFrame | None
) -> Iterator[Finding]:
    """Scores whose factor is not on the customer's list: kept, not counted, said aloud."""
    segment = {} if customers is None else dict(zip(customers["customer"], customers["segment"], strict=True))
    known = set(zip(factors["model"], factors["scope"], factors["factor"], strict=True))
    own = scores[scores["model"].isin(["attractiveness", "strength"]) & (scores["score"] != "")]
    for index, model, subject, factor in own[["model", "subject", "factor"]].itertuples(name=None):
        scope = segment.get(subject, "") if model == "attractiveness" else subject
        if (model, scope, factor) not in known:
            message = (f'{subject} has a score for "{factor}", which is not on its list of '
                       f"{model} factors; it is kept and not counted.")  # fmt: skip
            yield finding("warning", "scores", message, _line(index), "factor", factor)


def _decisions(frame: pd.DataFrame, customers: set[str], segments: set[str]) -> Iterator[Finding]:
    of_segment = frame["what"] == "benchmark_waiver"
    yield from _unknown_ids("decisions", "subject", frame[of_segment]["subject"], segments, "segments")
    yield from _unknown_ids("decisions", "subject", frame[~of_segment]["subject"], customers, "customers")
    category = frame[(frame["what"] == "category") & ~frame["decision"].isin([*BOXES, ""])]
    for index, value in category["decision"].items():
        yield finding("error", "decisions", f'decision "{value}" is not a category.',
                      _line(int(str(index))), "decision", value, "one of " + ", ".join(BOXES))  # fmt: skip


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
    known: Tables = {n: text[n] for n in ("segments", "customers", "suppliers") if n in text}
    known[table.name] = pd.DataFrame([{**dict.fromkeys(table.keys, ""), **row}], dtype=object)
    for wrong in [*_model_rules(known), *market.refused(table.name, row, text)]:
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
            f'{column.name} "{value}" is not in the table {column.refers}.{_near(value, known)}',
            table=table.name, column=column.name, found=value,
            allowed=f"an id from the table {column.refers}")  # fmt: skip
    return value
