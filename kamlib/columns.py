"""What a column may hold: its kind, the text of a cell as a value, and a value as the text of a cell."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

UNKNOWN_WORDS = ("", "?", "unknown", "-", "–")
BEFORE, BEHIND = 18, 30  # digits of a figure before and behind its point: all that follows from it is finite


@dataclass(frozen=True)
class Column:
    """One column: its kind, the one-sentence help, and what is allowed.

    kind: id (short text without spaces) | text | number | date (YYYY-MM-DD) | yesno | choice.
    `refers` names the table whose first key this column points to.
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

    @property
    def allowed(self) -> str:
        """What may stand here, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.refers:
            return f"an id from the table {self.refers}"
        if self.kind == "number":
            return _range_words(self)
        return {
            "id": "a short text without spaces",
            "date": "a date as YYYY-MM-DD",
            "yesno": "yes or no",
            "text": "any text",
        }[self.kind]


def _range_words(column: Column) -> str:
    steps = f" in steps of {column.step:g}" if column.step else ""
    if math.isfinite(column.low) and math.isfinite(column.high):
        return f"a number from {column.low:g} to {column.high:g}{steps}, or empty for unknown"
    if math.isfinite(column.low):
        return f"a number of {column.low:g} or more{steps}, or empty for unknown"
    return f"a number{steps}, or empty for unknown"


@dataclass(frozen=True)
class Table:
    """One table of the workbook: a help sentence and its columns, keys first."""

    name: str
    help: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @property
    def keys(self) -> list[str]:
        return [c.name for c in self.columns if c.key]

    def __getitem__(self, column: str) -> Column:
        return next(c for c in self.columns if c.name == column)


_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_COMMA = re.compile(r"[+-]?\d+,\d+$")
YES, NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0")


def parse_number(text: str) -> float:
    """The number a cell says, NaN for unknown: "7.5" and "7,5" are 7.5, "?" is NaN.

    Raises ValueError when it says something else, or a number of a size that no figure has.
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
    return number == 0 or 10.0**-BEHIND <= abs(number) < 10.0**BEFORE


def is_beyond(text: str) -> bool:
    """Is it a number, but larger or smaller than any figure?"""
    number = _written(text.strip())
    return number == number and not is_figure(number)


def parse_date(text: str) -> str:
    """A date in ISO form, "" for unknown. Raises ValueError for anything else."""
    text = text.strip()
    if text.lower() in UNKNOWN_WORDS:
        return ""
    return date.fromisoformat(text[:10] if text[10:] in ("T00:00:00", " 00:00:00") else text).isoformat()


def parse(column: Column, text: str) -> float | str:
    """The value of one cell by its column's kind. Raises ValueError when it is not allowed."""
    if column.kind == "number":
        number = parse_number(text)
        if number < column.low or number > column.high:
            raise ValueError(text)
        if column.step and number == number and (number / column.step) % 1:
            raise ValueError(text)
        return number
    value = text.strip()
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


def as_text(value: object) -> str:
    """The text a store keeps for a value: 7.0 is "7", None and NaN are ""."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
