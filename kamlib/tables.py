"""The tables of a workbook: their columns, what each may hold, and typed copies of them.

A workbook is a dict of pandas DataFrames. Stores hold *text tables*: every cell is the text that
was entered, "" where nothing was. `typed` turns them into *typed tables* for the models: every
table and column defined here is present, numbers are floats with NaN for unknown, everything else
is text with "" for unknown. `checks.check` says what is wrong with text tables.
"""

from __future__ import annotations

import functools
import math

import pandas as pd

from kamlib.columns import (
    NO,
    UNKNOWN_WORDS,
    YES,
    Column,
    Table,
    as_text,
    parse,
    parse_date,
    parse_number,
)  # fmt: skip
from kamlib.definitions import (
    APPROACHES,
    BOXES,
    CHAINS,
    CHANNELS,
    DEFINITIONS,
    MODELS,
    ROLES,
    US,
)

__all__ = [
    "APPROACHES", "BOXES", "CHAINS", "CHANNELS", "DEFINITIONS", "MODELS", "NO", "ROLES", "SCHEMA", "UNKNOWN_WORDS", "US", "YES", "Column", "Table",
    "Tables", "as_text", "empty", "parse", "parse_date", "parse_number", "typed", "typed_column",
]  # fmt: skip

SCHEMA = 1

Tables = dict[str, pd.DataFrame]


def empty(name: str) -> pd.DataFrame:
    """A text table with the columns of its definition and no rows."""
    return pd.DataFrame({column: pd.Series(dtype=object) for column in DEFINITIONS[name].names})


def _quiet(column: Column, text: str) -> float | str:
    try:
        return parse(column, text)
    except ValueError:
        return math.nan if column.kind == "number" else ""


def typed_column(column: Column, cells: pd.Series) -> pd.Series:
    """A text column as values: each distinct text is parsed once, what is not allowed is unknown."""
    texts = cells.tolist()
    values = {text: _quiet(column, text) for text in dict.fromkeys(texts)}
    dtype: type = float if column.kind == "number" else object
    return pd.Series([values[text] for text in texts], index=cells.index, dtype=dtype)


@functools.cache
def _typed_empty(name: str) -> pd.DataFrame:
    return _typed_table(DEFINITIONS[name], empty(name))


def _typed_table(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    if frame.columns.has_duplicates:
        frame = frame.loc[:, ~frame.columns.duplicated()]
    frame = frame.reset_index(drop=True)
    blank = pd.Series("", index=frame.index, dtype=object)
    columns = {c.name: typed_column(c, frame.get(c.name, blank)) for c in table.columns}
    return pd.DataFrame(columns | {c: frame[c] for c in frame if c not in columns})


def typed(text: Tables) -> Tables:
    """Typed copies of text tables; tables and columns that are missing come back empty.

    Where a column stands twice (an error that `checks.check` reports) the first one counts.
    """
    defined = {
        name: _typed_table(table, text[name]) if name in text else _typed_empty(name).copy()
        for name, table in DEFINITIONS.items()
    }
    return defined | {name: frame for name, frame in text.items() if name not in DEFINITIONS}
