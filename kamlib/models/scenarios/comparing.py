"""All scenarios side by side: where each customer stands in each, and whom it moves."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.models import kaism
from kamlib.models.lookup import name_or_key
from kamlib.models.scenarios.applying import applied
from kamlib.wording import account, listed
from kamlib.workbook.book import Book, model

TODAY = "today"
NAMED = 6  # so many customers are named in a sentence
PLACE = ["status", "box", "y", "y_line", "x"]
COMPARED = ["scenario", "name", "segment", "customer", "customer_name", *PLACE]
COMPARED += [*(f"was_{column}" for column in PLACE), "moved"]
OVERVIEW = ["scenario", "name", "kind", "changes", "customers", "moved", "words"]


@model
def compare(book: Book) -> pd.DataFrame:
    """Every customer of the segment(s) in every scenario, today (scenario "") first.

    Columns COMPARED: name is the scenario's; was_... is today's. moved: another box, or ruled out.
    """
    head = kaism.place(book)[["segment", "customer", "name"]]
    head = head.rename(columns={"name": "customer_name"})
    parts = []
    for row in _scenarios(book).itertuples():
        placed = kaism.place(applied(book, row.scenario))[["customer", *PLACE]]
        part = head.merge(placed.drop_duplicates("customer"), "left", "customer")
        parts.append(part.assign(scenario=row.scenario, name=row.name))
    # who is not on the table in an earlier round has no place there
    found = pd.concat(parts, ignore_index=True).fillna({"status": "unscored", "box": ""})
    today = parts[0].drop_duplicates("customer").set_index("customer")[PLACE].add_prefix("was_")
    found = found.join(today, on="customer")
    out, was_out = (found[c] == "ruled_out" for c in ("status", "was_status"))
    moved = (found["box"] != found["was_box"]) | (out != was_out)
    return found.assign(moved=moved)[COMPARED]


def _scenarios(book: Book) -> pd.DataFrame:
    """Today and every scenario: scenario, name and kind."""
    table = book["scenarios"][["scenario", "name", "kind"]]
    table = table[table["scenario"] != ""].drop_duplicates("scenario")
    name = name_or_key(table, "scenario")
    today = pd.DataFrame({"scenario": [""], "name": TODAY, "kind": TODAY}, dtype=object)
    rest = table.assign(name=name, kind=table["kind"].replace("", "what_if"))
    return pd.concat([today, rest], ignore_index=True)


@model
def overview(book: Book) -> pd.DataFrame:
    """A row for each scenario, today (scenario "") first: whom it moves, in a sentence.

    Columns OVERVIEW: kind is today, what_if or round; changes: how many rows it has; customers, and
    how many of them moved.
    """
    found = compare(book)
    size = book["changes"]["scenario"].value_counts()
    rows = []
    for scenario, name, kind in _scenarios(book).itertuples(index=False):
        part = found[found["scenario"] == scenario]
        moved = part[part["moved"]]
        words = _moved_words(moved, len(part)) if scenario else "The workbook as it is."
        rows.append((scenario, name, kind, size.get(scenario, 0), len(part), len(moved), words))
    return pd.DataFrame(rows, columns=OVERVIEW)


def _moved_words(moved: pd.DataFrame, count: int) -> str:
    """2 of 11 change: Beta becomes a key account and Gamma is ruled out; the others stay."""
    if moved.empty:
        return "Nobody changes." if count else "There is nobody to change."
    parts = [_becomes(row) for row in moved[:NAMED].to_dict("records")]
    parts += [f"{len(moved) - NAMED} more change"] if len(moved) > NAMED else []
    rest = "; the others stay" if len(moved) < count else ""
    verb = "changes" if len(moved) == 1 else "change"
    return f"{len(moved)} of {count} {verb}: {listed(parts)}{rest}."


def _becomes(row: dict[Any, Any]) -> str:
    name = row["customer_name"] or row["customer"]
    if row["status"] == "ruled_out":
        return f"{name} is ruled out"
    if not row["box"]:
        return f"{name} has no box"
    return f"{name} becomes {account(row['box'])}"
