"""What a page says first: whose, of which day, with which parameters, and the result."""

from __future__ import annotations

import pandas as pd

from kamlib import __version__
from kamlib.wording import account, counted, listed
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS
from kamlib.workbook.settings import Settings

LONGEST = 80  # letters of one thing a page says of itself
MOST_APART = 4  # so many are named that were decided otherwise than suggested


def in_scenario(book: Book) -> str:
    """The name of the scenario that is shown, "" for the workbook as it is."""
    return _name(book, "scenarios", book.settings.scenario)


def _name(book: Book, table: str, id: str) -> str:
    rows = book[table]
    return "".join(rows.loc[rows[DEFINITIONS[table].keys[0]] == id, "name"].head(1)) or id


def as_of(book: Book, minutes: bool = False) -> str:
    """The day of the last change in the workbook (UTC), or what is known of it; never today."""
    if changed := "".join(book["history"]["at"].tail(1)):
        said = (
            f"{changed[:10]} {changed[11:16]} UTC" if minutes and changed[11:16] else changed[:10]
        )
        return f"as of {said}"
    dated = [book[name]["on"] for name, table in DEFINITIONS.items() if "on" in table.names]
    last = max(days.max() for days in dated if len(days)) if any(map(len, dated)) else ""
    return f"last dated entry {last}" if last else "date not known"


def narrowing(book: Book) -> list[str]:
    """What makes a page another one: segment, customer, scenario, `near_line`; [] for all."""
    near, usual = book.settings.near_line, Settings.near_line
    parts = (
        _name(book, "segments", book.settings.segment),
        _name(book, "customers", book.settings.customer),
        f"scenario: {in_scenario(book)}" if book.settings.scenario else "",
        f"too close to call: within {near:g}" if near != usual else "",
    )
    return [*filter(None, parts)]


def about(book: Book, workbook: str) -> list[str]:
    """What a page says of itself: company, workbook (a file name), round, day, parameters, version.

    Internal: a page for a customer says nothing of it.
    """
    round_ = f"round {book.settings.round}" if book.settings.round else ""
    said = [book.settings.supplier or book.settings.name, workbook, round_, as_of(book)]
    said += [*narrowing(book), f"kamlib {__version__}", "internal: not for customers"]
    return [part if len(part) <= LONGEST else f"{part[:LONGEST]}…" for part in said if part]


def headline(seen: pd.DataFrame) -> str:
    """The result in one sentence, of `verdict.verdicts`: decided, suggested, different, open."""
    key, made = seen["category"] == "key", seen["decision"] != ""
    decided, suggested = (seen.loc[key & which, "name"].tolist() for which in (made, ~made))
    head = "No key account is decided" if made.any() else "Nothing is decided yet"
    head = f"{counted(len(decided), 'key account')} decided: {listed(decided)}" if decided else head
    open_ = int((seen["sure"] == "open").sum())
    apart = seen.loc[seen["differs"].astype(bool), "name"].tolist()
    develop = seen.loc[seen["category"] == "key_development", "decision"]
    only = int((develop == "").sum())
    many = counted(len(develop), account("key_development", False))
    if only:
        many += " suggested" if only == len(develop) else f" ({only} of them suggested)"
    is_, as_ = ("is", "key account") if len(suggested) == 1 else ("are", "key accounts")
    suggestion = f"{listed(suggested)} {is_} suggested{'' if decided else f' as {as_}'}"
    parts = [
        head,
        f"{suggestion}{' and not decided' if made.any() else ''}" if suggested else "",
        many if len(develop) else "",
        f"decided otherwise than suggested: {listed(apart, MOST_APART + 1)}" if apart else "",
        f"{open_} of {len(seen)} still open" if open_ else "",
    ]
    return "; ".join(filter(None, parts)) + "."
