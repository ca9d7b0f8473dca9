"""In what the four categories are treated differently: the least and the most of each.

Source: key account management in financial services, chapter 22.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.models import portfolio
from kamlib.wording import account, accounts
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES, UNKNOWN_WORDS, parse_number

KEY = BOXES[0]
ENDS = {"min": "low", "max": "high"}  # what is said: its rank
COLUMNS = ["basis", "name", "category", *ENDS, *ENDS.values()]
SIGNS = ["wrong", "unreadable", "test_bed", "creep"]


def said(text: str) -> bool:
    """Does a cell say anything?"""
    return text.strip().lower() not in UNKNOWN_WORDS


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _rungs(text: str) -> tuple[str, ...]:
    """The rungs of a ladder; one that stands twice counts where it stands first."""
    rungs = pd.Series([rung for rung in map(str.strip, text.split("|")) if rung], dtype=object)
    return tuple(rungs[~rungs.map(_plain).duplicated()])


@model
def bases(book: Book) -> pd.DataFrame:
    """The bases, a row each: those of the catalogue, then the team's own.

    Columns: basis, name, help, ladder (its rungs from least to most for the customer; () where
    numbers are said), own (only the team has it). A row of the table bases overrules the name and
    the ladder of the catalogue where it says them.
    """
    stock = catalogue.items("distinction_bases").rename(columns={"id": "basis", "label": "name"})
    rows = {
        row["basis"]: {**row, "ladder": tuple(row["ladder"]), "own": False}
        for row in stock[["basis", "name", "help", "ladder"]].to_dict("records")
    }
    team = book["bases"].drop_duplicates("basis")
    for row in team[team["basis"] != ""].to_dict("records"):
        basis = row["basis"]
        new = {"basis": basis, "name": basis, "help": "", "ladder": (), "own": True}
        told = {"name": row["name"].strip(), "ladder": _rungs(row["ladder"])}
        rows[basis] = rows.get(basis, new) | {what: text for what, text in told.items() if text}
    return pd.DataFrame([*rows.values()])


def rank(ladder: tuple[str, ...], text: str) -> float:
    """The place of a rung on its ladder, 0 the lowest, read without case and spaces.

    Without a ladder it is the number the text says. NaN for no rung, no number, or nothing said.
    """
    if not said(text):
        return math.nan
    if ladder:
        places = {_plain(rung): float(place) for place, rung in enumerate(ladder)}
        return places.get(_plain(text), math.nan)
    try:
        return parse_number(text)
    except ValueError:
        return math.nan


def distinction(book: Book) -> pd.DataFrame:
    """The table of step 10: a row a basis and category, all bases in their order.

    Columns: basis, name, category, min, max (texts, "" not said), low, high (their ranks, NaN
    unknown), wrong (the least is above the most), unreadable (something said is not on the ladder),
    test_bed (planned), creep (where a category is served as well as key accounts, in words, or "").
    """
    return _cells(book)


@model
def _cells(book: Book) -> pd.DataFrame:
    told = book["distinction"].drop_duplicates(["basis", "category"])
    cells = bases(book).merge(pd.DataFrame({"category": BOXES}), how="cross")
    cells = cells.merge(told[["basis", "category", *ENDS, "test_bed"]], how="left").fillna("")
    cells["test_bed"] = cells["test_bed"] == "yes"
    cells["unreadable"] = False
    for end, place in ENDS.items():
        cells[end] = cells[end].str.strip()
        pairs = zip(cells["ladder"], cells[end], strict=True)
        cells[place] = [rank(ladder, text) for ladder, text in pairs]
        cells["unreadable"] |= cells[end].map(said) & cells[place].isna()
    cells["wrong"] = cells["low"] > cells["high"]
    key = cells.loc[cells["category"] == KEY, ["basis", *ENDS, *ENDS.values()]]
    beside = cells.merge(key, on="basis", suffixes=("", "_key"))
    return cells.assign(creep=[_creep(row) for row in beside.itertuples()])[[*COLUMNS, *SIGNS]]


def _creep(row: Any) -> str:
    """Where a category is served as well as key accounts; a least of nothing is no service."""
    if row.category == KEY or row.test_bed:
        return ""
    most, high = (row.max, row.high) if said(row.max) else (row.min, row.low)
    parts = []
    if _reaches(most, high, row.max_key, row.high_key):
        parts.append(f"may get as much as key accounts ({most})")
    if row.low != 0 and _reaches(row.min, row.low, row.min_key, row.low_key):
        parts.append(f"are sure of as much{'' if parts else ' as key accounts'} ({row.min})")
    return f"{row.name}: {accounts([row.category])} {' and '.join(parts)}" if parts else ""


def _reaches(text: str, place: float, key_text: str, key_place: float) -> bool:
    both = said(text) and said(key_text)
    return both and (place >= key_place or _plain(text) == _plain(key_text))


def wrong_words(cells: pd.DataFrame) -> list[str]:
    """A sentence for each least that is above its most. `cells`: what `distinction` gives."""
    wrong = cells[cells["wrong"]].itertuples()
    heads = [(f"{c.name}, {account(c.category, False)}", c.min, c.max) for c in wrong]
    return [
        f"{head}: the least ({low}) is more than the most ({high})." for head, low, high in heads
    ]


def refused(book: Book, row: Mapping[str, str]) -> str:
    """Why a row of the table distinction may not be stored, "" when it may: least above most.

    What the row does not say is taken from what is stored.
    """
    told = book["distinction"]
    same = (told[["basis", "category"]] == [row.get("basis"), row.get("category")]).all(axis=1)
    new = pd.DataFrame([*told[same].head(1).to_dict("records"), row])
    new = new.reindex(columns=told.columns).astype(object).ffill().tail(1).fillna("")
    return "".join(wrong_words(_cells(book.having({"distinction": new}))))


def strangers(book: Book) -> list[str]:
    """The bases that the table distinction speaks of and nobody knows."""
    told = book["distinction"]["basis"]
    return [*told[(told != "") & ~told.isin(bases(book)["basis"])].unique()]


def has_begun(book: Book) -> bool:
    """Does the table distinction say a least or a most of anything?"""
    return bool(book["distinction"][[*ENDS]].map(said).to_numpy().any())


def approaches(book: Book) -> pd.DataFrame:
    """How each category is sold to, four rows.

    Columns: category, approach (the team's, "" not said), fits (which one does, "" where the source
    names none), avoid (what must not happen). Source: chapters 5 and 22.
    """
    stock = catalogue.items("sales_approaches").set_index("fits")["id"]
    told = portfolio.effort(book)[["approach", "avoid"]]
    rows = told.assign(fits=stock.reindex(BOXES)).fillna("")
    return rows.reset_index(names="category")[["category", "approach", "fits", "avoid"]]
