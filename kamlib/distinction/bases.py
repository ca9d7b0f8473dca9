"""In what the four categories are treated differently: the least and the most of each, and service creep.

Source: key account management in financial services, chapter 22.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.memory import remembered_of
from kamlib.settings import Settings
from kamlib.tables import BOXES, UNKNOWN_WORDS, Tables, parse_number

BASES, APPROACHES = "distinction_bases", "sales_approaches"
KEY = BOXES[0]
COLUMNS = [
    "basis", "name", "category", "min", "max", "low", "high", "wrong", "unreadable", "test_bed", "creep",
]  # fmt: skip


def account(category: str) -> str:
    """A category in words: "key development account"."""
    return f"{category.replace('_', ' ')} account"


def said(text: str) -> bool:
    """Does a cell say anything?"""
    return text.strip().lower() not in UNKNOWN_WORDS


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _rungs(text: str) -> tuple[str, ...]:
    """The rungs of a ladder; one that stands twice counts where it stands first."""
    rungs: dict[str, str] = {}
    for rung in filter(None, map(str.strip, text.split("|"))):
        rungs.setdefault(_plain(rung), rung)
    return tuple(rungs.values())


@remembered_of("bases")
def bases(tables: Tables) -> pd.DataFrame:
    """The bases, a row each: those of the catalogue, then the team's own.

    Columns: basis, name, help, ladder (its rungs from least to most for the customer; () where numbers are
    said), own (only the team has it). A row of the table bases overrules name and ladder of the catalogue
    where it says them. Source: chapter 22.
    """
    made = {
        row["id"]: {"basis": row["id"], "name": row["label"], "help": row["help"], "ladder": tuple(row["ladder"]), "own": False}
        for row in catalogue.items(BASES).to_dict("records")
    }  # fmt: skip
    for row in tables["bases"].drop_duplicates("basis").to_dict("records"):
        if not row["basis"]:
            continue
        stock = made.get(
            row["basis"], {"basis": row["basis"], "name": row["basis"], "help": "", "ladder": (), "own": True}
        )
        name, ladder = row["name"].strip() or stock["name"], _rungs(row["ladder"]) or stock["ladder"]
        made[row["basis"]] = stock | {"name": name, "ladder": ladder}
    return pd.DataFrame(list(made.values()), columns=["basis", "name", "help", "ladder", "own"])


def rank(ladder: tuple[str, ...], text: str) -> float:
    """The place of a rung on its ladder, 0 the lowest, read without case and spaces.

    Without a ladder it is the number the text says. NaN where it is no rung, no number, or nothing is said.
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


@remembered_of("bases", "distinction")
def distinction(tables: Tables, settings: Settings | None = None) -> pd.DataFrame:
    """The table of step 10: a row a basis and category, all bases in their order. Columns: COLUMNS.

    min, max (texts, "" not said), low, high (their ranks, NaN unknown), wrong (the least is above the most),
    unreadable (something said is not on the ladder), test_bed (planned), creep (where a category is served
    as well as key accounts, in words; "" where not). Source: chapter 22.
    """
    told = tables["distinction"].drop_duplicates(["basis", "category"])
    stored = {(row["basis"], row["category"]): row for row in told.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for basis in bases(tables).to_dict("records"):
        made = [_cell(basis, box, stored.get((basis["basis"], box), {})) for box in BOXES]
        rows += [row | {"creep": _creep(row, made[0])} for row in made]
    return pd.DataFrame(rows, columns=COLUMNS)


def _cell(basis: dict[str, Any], category: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    least, most = (str(stored.get(end, "") or "").strip() for end in ("min", "max"))
    low, high = rank(basis["ladder"], least), rank(basis["ladder"], most)
    unreadable = (said(least) and low != low) or (said(most) and high != high)
    return {"basis": basis["basis"], "name": basis["name"], "category": category, "min": least, "max": most,
            "low": low, "high": high, "wrong": low > high, "unreadable": unreadable,
            "test_bed": stored.get("test_bed") == "yes"}  # fmt: skip


def _creep(row: dict[str, Any], key: dict[str, Any]) -> str:
    """Where a lower category is served as well as key accounts; a least that is nothing at all is no service."""
    if row["category"] == KEY or row["test_bed"]:
        return ""
    most, high = (row["max"], row["high"]) if said(row["max"]) else (row["min"], row["low"])
    parts = []
    if _reaches(most, high, key["max"], key["high"]):
        parts.append(f"may get as much as key accounts ({most})")
    if row["low"] != 0 and _reaches(row["min"], row["low"], key["min"], key["low"]):
        parts.append(f"are sure of as much{'' if parts else ' as key accounts'} ({row['min']})")
    return f"{row['name']}: {account(row['category'])}s {' and '.join(parts)}" if parts else ""


def _reaches(text: str, place: float, key_text: str, key_place: float) -> bool:
    if not (said(text) and said(key_text)):
        return False
    return place >= key_place or _plain(text) == _plain(key_text)


def refused(tables: Tables, row: Mapping[str, str]) -> str:
    """Why a row of the table distinction may not be stored, "" when it may: its least is above its most.

    What the row does not say is taken from what is stored.
    """
    listed = bases(tables)
    own = listed[listed["basis"] == row.get("basis", "")]
    if own.empty or row.get("category") not in BOXES:
        return ""
    told = tables["distinction"]
    stored = told[(told["basis"] == row["basis"]) & (told["category"] == row["category"])].head(1)
    whole = (stored.to_dict("records") or [{}])[0] | dict(row)
    cell = _cell(own.to_dict("records")[0], row["category"], whole)
    return _wrong_words(cell) if cell["wrong"] else ""


def _wrong_words(cell: Mapping[str, Any]) -> str:
    return (f"{cell['name']}, {account(cell['category'])}: the least ({cell['min']}) is more than the most "
            f"({cell['max']}).")  # fmt: skip


def wrong_words(tables: Tables, settings: Settings | None = None) -> list[str]:
    """A sentence for each least that is above its most."""
    seen = distinction(tables, settings)
    return [_wrong_words(row) for row in seen[seen["wrong"].astype(bool)].to_dict("records")]


def strangers(tables: Tables) -> list[str]:
    """The bases that the table distinction speaks of and nobody knows."""
    known = set(bases(tables)["basis"])
    return [b for b in dict.fromkeys(tables["distinction"]["basis"]) if b and b not in known]


def has_begun(tables: Tables) -> bool:
    """Does the table distinction say a least or a most of anything?"""
    return any(said(text) for end in ("min", "max") for text in tables["distinction"][end])


def approaches(tables: Tables, settings: Settings | None = None) -> pd.DataFrame:
    """How each category is sold to, four rows.

    Columns: category, approach (the team's, "" not said), fits (which one fits, "" for opportunistic accounts,
    of whom the source names none), avoid (what must not happen, a text). Source: chapters 5 and 22.
    """
    stock = catalogue.items(APPROACHES)
    fits = dict(zip(stock["fits"], stock["id"], strict=True))
    told = tables["effort"].drop_duplicates("category").set_index("category")[["approach", "avoid"]]
    told = told.reindex(BOXES).fillna("")
    return pd.DataFrame({"category": list(BOXES), "approach": told["approach"].to_numpy(),
                         "fits": [fits.get(box, "") for box in BOXES], "avoid": told["avoid"].to_numpy()})  # fmt: skip
