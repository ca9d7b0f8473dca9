"""What each column of a customer list could serve for: figures, kinds of customer, or neither."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from kamlib.workbook.importing import figures
from kamlib.workbook.schema import UNKNOWN_WORDS, as_text, is_figure

KINDS = ("numeric", "categorical", "text", "constant", "empty", "identifier")
USABLE = ("numeric", "categorical")
NOT_OFFERED = ("customer", "name", "note", "segment", "manager", "rival")
BLANK = {*UNKNOWN_WORDS, "n/a", "na", "n.a.", "#n/a", "none", "null", "nan", "—", "not known"}
BLANK |= {"tbd", "tbc"}
CODES, LEVELS = 6, 20  # so many whole numbers can still be codes, so many words levels
MOSTLY = 0.8  # the share of the known cells that must be numbers in a column of numbers
KNOWN_ENOUGH, MOST_SUGGESTED = 0.6, 8
SKEWED, TIMES_THE_MIDDLE = 0.5, 3
WHY = {
    "empty": "nobody has filled it in",
    "constant": "it is the same for everybody",
    "identifier": "it only names the rows",
    "text": "its texts hardly ever repeat",
}
TABLE = ["column", "kind", "usable", "known", "distinct", "low", "high", "skewed", "size_like"]
_SIZE = re.compile(
    "revenue|turnover|sales|profit|margin|employee|headcount|staff|volume|spend|size|premium"
    "|assets|income|order_?value",
    re.IGNORECASE,
)
_ID = re.compile(
    r"\b(id|no|nr|number|code|zip|postcode|post code|phone|tel|vat|iban|account)\b", re.IGNORECASE
)


def numbers(cells: pd.Series) -> pd.Series:
    """A column as floats, NaN where a cell says no number: "£ 1,234.50" is 1234.5, "(45)" is -45.

    The column settles what "1,234" means; see `kamlib.workbook.importing.figures`.
    """
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        values = cells.astype(float)
    else:
        plain, _ = figures.numbers([as_text(v).replace("%", "").strip() for v in cells.tolist()])
        values = pd.Series([float(t or "nan") for t in plain], index=cells.index, dtype=float)
    return values.where(values.map(is_figure))


def words(cells: pd.Series) -> pd.Series:
    """A column as text without spaces around it, "" where nothing is known."""
    texts = [" ".join(as_text(v).split()) for v in cells.tolist()]
    known = ["" if t.lower() in BLANK else t for t in texts]
    return pd.Series(known, index=cells.index, dtype=object)


def columns(customers: pd.DataFrame) -> pd.DataFrame:
    """What each column of the customers table could serve for, one row a column.

    Columns: column, kind (of KINDS), usable (numeric or categorical), known (cells with a value),
    distinct (different values), low and high (NaN unless numeric), skewed (a long tail upwards),
    size_like (its name says plain size), why (a few words on those that are not usable, "" else),
    suggested (a sensible first choice).
    """
    offered = [c for c in dict.fromkeys(customers.columns) if str(c) not in NOT_OFFERED]
    rows = [described(str(c), first(customers, c)) for c in offered]
    table = pd.DataFrame(rows, columns=[*TABLE, "why"])
    table = table.astype(dict.fromkeys(["usable", "size_like"], bool))
    good = table["usable"] & (table["known"] >= KNOWN_ENOUGH * max(len(customers), 1))
    good &= table["column"] != "status"
    if (good & ~table["size_like"]).sum() >= 2:  # plain size only where there is little else
        good &= ~table["size_like"]
    return table.assign(suggested=good & (good.cumsum() <= MOST_SUGGESTED))


def first(customers: pd.DataFrame, column: object) -> pd.Series:
    """The column of that name, the first one where it stands twice."""
    found = customers[column]
    return found.iloc[:, 0] if isinstance(found, pd.DataFrame) else found


def described(column: str, cells: pd.Series) -> dict[str, object]:
    """One row of `columns`, without `suggested`."""
    text = words(cells)
    known, values = text[text != ""], numbers(cells)[text != ""]
    kind = _kind(column, known, values.dropna())
    low, high = (values.min(), values.max()) if kind == "numeric" else (math.nan, math.nan)
    return {
        "column": column,
        "kind": kind,
        "usable": kind in USABLE,
        "known": len(known),
        "distinct": known.nunique(),
        "low": float(low),
        "high": float(high),
        "skewed": kind == "numeric" and is_skewed(values.dropna().to_numpy()),
        "size_like": bool(_SIZE.search(column)),
        "why": WHY.get(kind, ""),
    }


def _kind(column: str, known: pd.Series, values: pd.Series) -> str:
    if known.empty:
        return "empty"
    of_words = len(values) < MOSTLY * len(known)
    distinct = (known if of_words else values).nunique()
    if distinct == 1:
        return "constant"
    if of_words:
        if distinct <= min(LEVELS, max(2, len(known) // 3)):
            return "categorical"
        names = distinct >= 0.9 * len(known) and not known.str.contains(" ").any()
        return "identifier" if names else "text"
    if (values != values.round()).any():
        return "numeric"
    if distinct == len(values) >= 3:
        in_turn = values.max() - values.min() == len(values) - 1
        if in_turn or _ID.search(column.replace("_", " ")):
            return "identifier"
    codes = distinct <= CODES and len(values) >= max(20, 5 * distinct)
    return "categorical" if codes and not _SIZE.search(column) else "numeric"


def is_skewed(values: np.ndarray) -> bool:
    """Numbers of 0 or more with a long tail upwards: the largest far above the middle one."""
    if len(values) < 3 or values.min() < 0 or values.max() < TIMES_THE_MIDDLE * np.median(values):
        return False
    return skewness(values) > SKEWED


def skewness(values: np.ndarray) -> float:
    """The third standardised moment, 0 for a constant."""
    return float(np.nan_to_num(pd.Series(values).skew()))
