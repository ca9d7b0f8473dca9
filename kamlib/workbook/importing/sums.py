"""What a ledger adds up to, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from kamlib.workbook.importing.vocabulary import KINDS
from kamlib.workbook.stores.base import Notes

FIELDS = tuple(KINDS["ledger"]["sums"])
SUMS = ("revenue", "cost", "uncosted", "discount", "freight")
COUNTS = ("lines", "costed", "discounted", "freighted", "uncosted_lines", "orders")
Key = tuple[str, str]  # ("id", c1001), ("name", alder & co) or ("", ""), as they are compared


@dataclass(frozen=True)
class Options:
    """How a ledger is read: `leave_out` and `subtract` are pairs of a header and a value."""

    before_discount: bool = False
    drop_duplicates: bool = False
    leave_out: tuple[tuple[str, str], ...] = ()
    subtract: tuple[tuple[str, str], ...] = ()
    known: frozenset[str] = frozenset()  # names of the workbook's customers, as `folded`


@dataclass(frozen=True)
class Seen:
    """Some lines of one kind: how many, their revenue, and the first of them as (line, text)."""

    count: int
    revenue: Decimal
    some: list[tuple[int, str]]


@dataclass
class Ledger:
    """What a file of sales adds up to.

    `rows` has a row for each customer and year: key, year (0 for undated), the SUMS as Decimal, the
    COUNTS. `fields` are those of FIELDS that the file has; `in_file` and `left_out` are exact sums
    of them. `names` and `ids` are how each key is written most. `months` is how many months of each
    year the file covers, 0 where its dates are years alone. `seen` holds what was found on the way.
    """

    fields: tuple[str, ...]
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    names: dict[Key, str] = field(default_factory=dict)
    ids: dict[Key, str] = field(default_factory=dict)
    months: dict[int, int] = field(default_factory=dict)
    in_file: dict[str, Decimal] = field(default_factory=dict)
    left_out: dict[str, Decimal] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    notes: Notes = field(default_factory=list)
    lines: int = 0


def money(amount: Decimal) -> str:
    """An amount as people read it: 80,450,596.98."""
    return f"{amount:,.2f}"
