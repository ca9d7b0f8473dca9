"""What a customer list straight out of a spreadsheet says: its numbers, its kinds of column, its gaps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from kamlib.workbook.importing import figures
from kamlib.workbook.schema import UNKNOWN_WORDS, as_text, is_figure

KINDS = ("numeric", "categorical", "text", "constant", "empty", "identifier")
USABLE = ("numeric", "categorical")
NOT_OFFERED = ("customer", "name", "note", "segment", "manager", "rival")
BLANK = {
    *UNKNOWN_WORDS,
    "n/a",
    "na",
    "n.a.",
    "#n/a",
    "none",
    "null",
    "nan",
    "—",
    "not known",
    "tbd",
    "tbc",
}
MOST_CODES, MOST_LEVELS = (
    6,
    20,
)  # distinct whole numbers that are still codes; distinct words that are levels
MOSTLY = 0.8  # the share of the known cells that must be numbers in a column of numbers
KNOWN_ENOUGH, MOST_SUGGESTED = 0.6, 8
SKEWED, TIMES_THE_MIDDLE = 0.5, 3

_SIZE = re.compile(
    r"revenue|turnover|sales|profit|margin|employee|headcount|staff|volume|spend|size|premium|assets|income|order_?value",
    re.IGNORECASE,
)
_ID = re.compile(
    r"(^|[^a-z])(id|no|nr|number|code|zip|postcode|post code|phone|tel|vat|iban|account)([^a-z]|$)",
    re.I,
)


def number(text: object, decimal: str = "") -> float:
    """The number a spreadsheet cell says, NaN when it says none: "£ 1,234.50" is 1234.5, "(45)" is -45.

    `decimal` is the mark of the column ("," or "."); see `kamlib.workbook.importing.figures.number`.
    """
    if isinstance(text, (int, float, np.number)) and not isinstance(text, (bool, np.bool_)):
        return float(text) if is_figure(text) else math.nan
    try:
        value = figures.number(_bare(text), decimal)
    except (ValueError, OverflowError):
        return math.nan
    return value if is_figure(value) else math.nan


def _bare(cell: object) -> str:
    return as_text(cell).replace("%", "").strip()


def numbers(cells: pd.Series) -> pd.Series:
    """A column as floats, NaN where a cell says no number; the column settles what "1,234" means."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        values = cells.astype(float)
    else:
        plain, _ = figures.numbers([_bare(v) for v in cells.tolist()])
        values = pd.Series(
            [float(t) if t else math.nan for t in plain], index=cells.index, dtype=float
        )
    return values.where(values.map(is_figure))


def words(cells: pd.Series) -> pd.Series:
    """A column as text without spaces around it, "" where nothing is known."""
    texts = [" ".join(as_text(v).split()) for v in cells.tolist()]
    return pd.Series(
        ["" if t.lower() in BLANK else t for t in texts], index=cells.index, dtype=object
    )


def columns(customers: pd.DataFrame) -> pd.DataFrame:
    """What each column of the customers table could serve for, one row a column.

    Columns: column, kind (numeric, categorical, text, constant, empty, identifier), usable (numeric or
    categorical), known (cells with a value), distinct (different values), low and high (NaN unless
    numeric), skewed (a long tail upwards), size_like (its name says plain size), suggested (a sensible
    first choice), why (a few words on those that are not usable, "" otherwise).
    """
    offered = [c for c in dict.fromkeys(customers.columns) if str(c) not in NOT_OFFERED]
    rows = [described(str(c), first(customers, c)) for c in offered]
    names = [
        "column",
        "kind",
        "usable",
        "known",
        "distinct",
        "low",
        "high",
        "skewed",
        "size_like",
        "why",
    ]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(suggested=_suggested(table, len(customers))).astype(
        {"usable": bool, "skewed": bool, "size_like": bool, "known": int, "distinct": int}
    )


def first(customers: pd.DataFrame, column: object) -> pd.Series:
    """The column of that name, the first one where it stands twice."""
    found = customers[column]
    return found.iloc[:, 0] if isinstance(found, pd.DataFrame) else found


def described(column: str, cells: pd.Series) -> dict[str, object]:
    """One row of `columns`, without `suggested`."""
    text = words(cells)
    values = numbers(cells).where(text != "")
    known, distinct = int((text != "").sum()), int(text[text != ""].nunique())
    kind, why = _kind(column, text[text != ""], values)
    low, high = (values.min(), values.max()) if kind == "numeric" else (math.nan, math.nan)
    return {
        "column": column,
        "kind": kind,
        "usable": kind in USABLE,
        "known": known,
        "distinct": distinct,
        "low": float(low),
        "high": float(high),
        "size_like": bool(_SIZE.search(column)),
        "why": why,
        "skewed": kind == "numeric" and is_skewed(values.dropna().to_numpy()),
    }


def _kind(column: str, known: pd.Series, values: pd.Series) -> tuple[str, str]:
    if not len(known):
        return "empty", "nobody has filled it in"
    if known.nunique() == 1:
        return "constant", "it is the same for everybody"
    said = values.dropna()
    if len(said) < MOSTLY * len(known):
        return _kind_of_words(known)
    if said.nunique() == 1:
        return "constant", "it is the same for everybody"
    whole = bool((said == said.round()).all())
    if whole and _names_rows(column, said):
        return "identifier", "it only names the rows"
    few = said.nunique() <= MOST_CODES and len(said) >= max(20, 5 * said.nunique())
    if whole and few and not _SIZE.search(column):
        return "categorical", ""
    return "numeric", ""


def _names_rows(column: str, said: pd.Series) -> bool:
    """Whole numbers that differ from row to row, and are called an id or count the rows."""
    if said.nunique() < len(said) or len(said) < 3:
        return False
    in_turn = said.max() - said.min() == len(said) - 1
    return in_turn or bool(_ID.search(column.replace("_", " ").lower()))


def _kind_of_words(known: pd.Series) -> tuple[str, str]:
    distinct = known.nunique()
    if distinct <= min(MOST_LEVELS, max(2, len(known) // 3)):
        return "categorical", ""
    if distinct >= 0.9 * len(known) and not known.str.contains(" ").any():
        return "identifier", "it only names the rows"
    return "text", "its texts hardly ever repeat"


def is_skewed(values: np.ndarray) -> bool:
    """Non-negative numbers with a long tail upwards, such as spend: the largest far above the middle one."""
    if len(values) < 3 or values.min() < 0 or values.max() < TIMES_THE_MIDDLE * np.median(values):
        return False
    return skewness(values) > SKEWED


def skewness(values: np.ndarray) -> float:
    """The third standardised moment, 0 for a constant."""
    away = values - values.mean()
    spread = float(np.sqrt((away**2).mean()))
    return (
        float((away**3).mean()) / spread**3
        if spread > 1e-12 * max(1.0, np.abs(values).max())
        else 0.0
    )


def _suggested(table: pd.DataFrame, rows: int) -> Iterable[bool]:
    """Usable columns that are mostly known; plain size only where there is little else."""
    good = table["usable"].astype(bool) & (table["known"] >= KNOWN_ENOUGH * max(rows, 1))
    good &= table["column"] != "status"
    size = table["size_like"].astype(bool)
    if (good & ~size).sum() >= 2:
        good &= ~size
    return good & (good.cumsum() <= MOST_SUGGESTED)
