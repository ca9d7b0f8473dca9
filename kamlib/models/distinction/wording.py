"""Words that the sentences of step 10 share: accounts of several categories, days."""

from __future__ import annotations

from collections.abc import Iterable

from kamlib.wording import listed
from kamlib.workbook.schema import BOXES, UNKNOWN_WORDS


def said(text: str) -> bool:
    """Does a cell say anything?"""
    return text.strip().lower() not in UNKNOWN_WORDS


def accounts(categories: Iterable[str]) -> str:
    """Categories in their order, in words: "key and maintenance accounts"."""
    return f"{listed([b.replace('_', ' ') for b in BOXES if b in set(categories)])} accounts"


def by_number(number: float, one: str, many: str) -> str:
    """The word that goes with a number as it is shown, without decimals."""
    return one if f"{number:,.0f}" == "1" else many


def days(number: float) -> str:
    """1 day, 1,204 days."""
    return f"{number:,.0f} {by_number(number, 'day', 'days')}"
