"""Words that the sentences of step 10 share: an account, a list of names, singular and plural."""

from __future__ import annotations

from collections.abc import Iterable

from kamlib.workbook.schema import BOXES, UNKNOWN_WORDS


def said(text: str) -> bool:
    """Does a cell say anything?"""
    return text.strip().lower() not in UNKNOWN_WORDS


def account(category: str) -> str:
    """A category in words: "key development account"."""
    return f"{category.replace('_', ' ')} account"


def an_account(category: str) -> str:
    """An account of a category in words: "an opportunistic account"."""
    return f"{'an' if category[0] in 'aeiou' else 'a'} {account(category)}"


def accounts(categories: Iterable[str]) -> str:
    """Categories in their order, in words: "key and maintenance accounts"."""
    return f"{listed([b.replace('_', ' ') for b in BOXES if b in set(categories)])} accounts"


def listed(names: list[str], most: int = 0) -> str:
    """A, B and C; with `most` of more than so many the last are only counted: A and 4 more."""
    if most and len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join([", ".join(names[:-1]), *names[-1:]] if names[1:] else names)


def by_number(number: float, one: str, many: str) -> str:
    """The word that goes with a number as it is shown, without decimals."""
    return one if f"{number:,.0f}" == "1" else many


def days(number: float) -> str:
    """1 day, 1,204 days."""
    return f"{number:,.0f} {by_number(number, 'day', 'days')}"
