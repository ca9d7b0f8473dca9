"""The tables of a workbook: what each column may hold, a cell's text as a value, a value as text.

A workbook is a dict of pandas DataFrames. Stores hold *text tables*: every cell is the text that
was entered, "" where nothing was. `typed` turns them into *typed tables* for the models: every
table and column of `schema.yaml` is present, numbers are floats with NaN for unknown, everything
else is text with "" for unknown. `checks.check` says what is wrong with text tables.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kamlib.workbook import dates

Tables = Mapping[str, pd.DataFrame]
Parts = Mapping[str, dict[str, Any]]

SCHEMA = 1  # what the setting `schema` of a workbook says; stores bring older ones forward
US = "us"  # the supplier that is ourselves
UNKNOWN_WORDS = ("", "?", "unknown", "-", "–")
YES, NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0")
BEFORE, BEHIND = 18, 30  # digits of a figure before and behind its point: what follows is finite
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_COMMA = re.compile(r"[+-]?(?![1-9]\d{0,2},\d{3}$)\d+,\d+$")  # 12,500 may be 12.5 or 12500


@dataclass(frozen=True)
class Column:
    """One column: its kind, the one-sentence help, and what it may hold.

    kind: id (short text without spaces) | text | number | date (YYYY-MM-DD) | yesno | choice.
    `refers` names the table whose first key this column points to; `refers_by` such tables by what
    another column says: {column: {table, or "table or word": what the column says}}.
    """

    name: str
    kind: str
    help: str
    key: bool = False
    low: float = -math.inf
    high: float = math.inf
    step: float = 0
    choices: tuple[str, ...] = ()
    refers: str = ""
    refers_by: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict, hash=False)
    may_be_empty: bool = False

    @functools.cached_property
    def references(self) -> list[tuple[str, str, Sequence[str]]]:
        """The tables it may point to: (table, column that says when, what that says)."""
        plain: list[tuple[str, str, Sequence[str]]] = [(self.refers, "", ())] if self.refers else []
        by = self.refers_by.items()
        return plain + [(refers, c, said) for c, tables in by for refers, said in tables.items()]

    @property
    def allowed(self) -> str:
        """What may stand here, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.refers:
            return f"an id from the table {self.refers}"
        if self.kind == "number":
            return f"a number{self._range}, or empty for unknown"
        return {
            "id": "a short text without spaces",
            "date": "a date as YYYY-MM-DD, or as 1 June 2027",
            "yesno": "yes or no",
            "text": "any text",
        }[self.kind]

    @property
    def _range(self) -> str:
        steps = f" in steps of {self.step:g}" if self.step else ""
        if math.isinf(self.low):
            return steps
        if math.isinf(self.high):
            return f" of {self.low:g} or more{steps}"
        return f" from {self.low:g} to {self.high:g}{steps}"


@dataclass(frozen=True)
class Rule:
    """What may be wrong with a row beside other cells and rows.

    A function of its name, in `links` or in the module `by`, finds of which rows it is. `message`
    and `allowed` may name cells of the row, "{customer:.60}".
    """

    name: str
    level: str
    column: str
    message: str
    allowed: str = ""
    by: str = "kamlib.workbook.links"


@dataclass(frozen=True)
class Table:
    """One table: its help sentence, columns and rules, and how it is treated; see `schema.yaml`."""

    name: str
    help: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    needed: bool = False
    own_columns: bool = False
    stamped: bool = False
    guarded: tuple[str, ...] = ()
    goes_with: tuple[str, ...] = ()
    model: str = ""  # the module that checks what its rows come to with those of other tables

    @functools.cached_property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @functools.cached_property
    def keys(self) -> list[str]:
        """The columns that tell its rows apart."""
        return [c.name for c in self.columns if c.key]

    @functools.cached_property
    def needed_keys(self) -> list[str]:
        """The keys that no row can do without."""
        return [c.name for c in self.columns if c.key and not c.may_be_empty]

    def __getitem__(self, column: str) -> Column:
        return next(c for c in self.columns if c.name == column)


@functools.cache
def definitions() -> dict[str, Table]:
    """The tables of `schema.yaml`, by name; also spelled DEFINITIONS."""
    import yaml  # with the file half as long as all else that a model needs to be imported

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # all scalars are texts: 8 ms, not 14
    content = Path(__file__).with_name("schema.yaml").read_text(encoding="utf-8")
    tables = yaml.load(content, loader)  # noqa: S506
    return {name: _table(name, **parts) for name, parts in tables.items()}


def _table(name: str, *, columns: Parts, key: Sequence[str] = (), **more: Any) -> Table:
    cells = [Column(c, key=c in key, **_values(parts)) for c, parts in columns.items()]
    rules = [Rule(r, **parts) for r, parts in more.pop("rules", {}).items()]
    return Table(name, columns=tuple(cells), rules=tuple(rules), **_values(more))


def _values(parts: dict[str, Any]) -> dict[str, Any]:
    """What the file says of a table or a column: lists as tuples, limits as numbers, flags."""
    limits = {k: float(parts[k]) for k in ("low", "high", "step") if k in parts}
    lists = {k: tuple(v) for k, v in parts.items() if isinstance(v, list)}
    return parts | limits | lists | {k: True for k, v in parts.items() if v == "true"}


# names that are read from the file when they are first asked for

DEFINITIONS: dict[str, Table]
MODELS: tuple[str, ...]
BOXES: tuple[str, ...]
CHANNELS: tuple[str, ...]
APPROACHES: tuple[str, ...]
CHAINS: tuple[str, ...]
_CHOICES = {
    "MODELS": ("factors", "model"),
    "BOXES": ("effort", "category"),
    "CHANNELS": ("contacts", "channel"),
    "APPROACHES": ("people", "approach"),
    "CHAINS": ("stages", "level"),
}


def __getattr__(name: str) -> Any:
    if name == "DEFINITIONS":
        return definitions()
    if name in _CHOICES:
        table, column = _CHOICES[name]
        return definitions()[table][column].choices
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# text tables


def empty(name: str) -> pd.DataFrame:
    """A text table with the columns of its definition and no rows."""
    return _empty(name).copy()


@functools.cache
def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=object) for column in definitions()[name].names})


def line(index: object) -> str:
    """Where the row of a text table with this index stands in its file; the header is line 1."""
    return f"line {int(str(index)) + 2}"


# a cell's text as a value


def parse(column: Column, text: str) -> float | str:
    """The value of one cell by its column's kind. Raises ValueError when it is not allowed."""
    value = text.strip()
    if column.kind == "number":
        number = parse_number(value)
        off = bool(column.step) and number == number and (number / column.step) % 1
        if off or number < column.low or number > column.high:
            raise ValueError(text)
        return number
    if column.kind == "date":
        return parse_date(value)
    if column.kind == "yesno" and value:
        if value.lower() not in YES + NO:
            raise ValueError(text)
        return "yes" if value.lower() in YES else "no"
    if column.choices and value and value not in column.choices:
        raise ValueError(text)
    if column.kind == "id" and re.search(r"\s", value):
        raise ValueError(text)
    return value


def parse_number(text: str) -> float:
    """The number a cell says, NaN for unknown: "7.5" and "7,5" are 7.5, "?" is NaN.

    Raises ValueError when it says something else, when nobody can tell which it says ("12,500"), or
    a number of a size that no figure has.
    """
    text = text.strip()
    if text.lower() in UNKNOWN_WORDS:
        return math.nan
    number = _written(text)
    if not is_figure(number):
        raise ValueError(text)
    return number


def _written(text: str) -> float:
    """The number as it is written, NaN for what is none."""
    plain = text.replace(",", ".") if _COMMA.match(text) else text
    return float(plain) if _PLAIN.match(plain) else math.nan


def is_figure(number: Any) -> bool:
    """Is it 0 or of a size that figures have? Infinities and NaN are not."""
    return bool(number == 0 or 10.0**-BEHIND <= abs(number) < 10.0**BEFORE)


def is_beyond(text: str) -> bool:
    """Is it a number, but larger or smaller than any figure?"""
    number = _written(text.strip())
    return number == number and not is_figure(number)


def parse_date(text: str) -> str:
    """A date in ISO form, "" for unknown. Raises ValueError for anything else."""
    text = text.strip()
    return "" if text.lower() in UNKNOWN_WORDS else dates.iso(text)


def as_text(value: object) -> str:
    """The text a store keeps for a value: 7.0 is "7", None and NaN are ""."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value)


# text tables as typed tables


def typed(text: Tables, names: Collection[str] | None = None) -> Tables:
    """Typed copies of text tables; tables and columns that are missing come back empty.

    With `names` only these tables. What is not allowed in a cell is unknown; where a column stands
    twice (an error that `checks.check` reports) the first one counts.
    """
    known = definitions()
    wanted = [*known, *(n for n in text if n not in known)] if names is None else names
    return {n: _typed_empty(n).copy() if _is_empty(n, text) else _typed(n, text[n]) for n in wanted}


def _is_empty(name: str, text: Tables) -> bool:
    """Is the table missing, or has it no rows and just the columns of its definition?"""
    if name not in text:
        return True
    known = definitions()[name].names if name in definitions() else None
    return not len(text[name]) and [*text[name]] == known


@functools.cache
def _typed_empty(name: str) -> pd.DataFrame:
    return _typed(name, empty(name))


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if name not in definitions():
        return frame
    if frame.columns.has_duplicates:
        frame = frame.loc[:, ~frame.columns.duplicated()]
    frame = frame.reset_index(drop=True)
    blank = pd.Series("", index=frame.index, dtype=object)
    columns = {c.name: values_of(c, frame.get(c.name, blank)) for c in definitions()[name].columns}
    return pd.DataFrame(columns | {c: frame[c] for c in frame if c not in columns})


def values_of(column: Column, cells: pd.Series) -> pd.Series:
    """A text column as values; each distinct text is parsed once."""
    texts = cells.tolist()
    values = {text: _value(column, text) for text in dict.fromkeys(texts)}
    if column.kind == "number":
        return pd.Series([values[text] for text in texts], index=cells.index, dtype=float)
    if all(value == text for text, value in values.items()):
        return cells.astype(object)
    return pd.Series([values[text] for text in texts], index=cells.index, dtype=object)


def _value(column: Column, text: str) -> float | str:
    try:
        return parse(column, text)
    except ValueError:
        return math.nan if column.kind == "number" else ""
