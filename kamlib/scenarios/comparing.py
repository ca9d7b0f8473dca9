"""All scenarios side by side: where each customer stands in each, and whom it moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from kamlib import kaism
from kamlib.memory import remembered
from kamlib.scenarios.applying import applied
from kamlib.scenarios.differences import account, listed
from kamlib.settings import Settings
from kamlib.tables import Tables

TODAY = "today"
NAMED = 6  # so many customers are named in a sentence
COMPARED = [
    "scenario", "name", "segment", "customer", "customer_name", "status", "box", "y", "y_line", "x",
    "was_status", "was_box", "was_y", "was_y_line", "was_x", "moved",
]  # fmt: skip


@remembered
def compare(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Every customer of the segment(s) in every scenario, today (scenario "") first, with columns COMPARED.

    name is the scenario's; was_... is today's. moved: another box or status.
    """
    today = kaism.place(tables, settings)
    columns = ["segment", "customer", "name", "status", "box", "y", "y_line", "x"]
    was = today[["customer", "status", "box", "y", "y_line", "x"]].drop_duplicates("customer")
    was = was.set_index("customer").add_prefix("was_")
    parts, head = [], today[columns[:3]].rename(columns={"name": "customer_name"})
    for scenario, name in _listed_scenarios(tables):
        seen = kaism.place(*applied(tables, settings, scenario))[columns]
        seen = head.merge(seen[["customer", *columns[3:]]].drop_duplicates("customer"), "left", "customer")
        seen = seen.fillna({"status": "unscored", "box": ""})  # not on the table in an earlier round
        parts.append(seen.assign(scenario=scenario, name=name))
    found = pd.concat(parts, ignore_index=True).join(was, on="customer")
    moved = (found["box"] != found["was_box"]) | (found["status"] != found["was_status"])
    return found.assign(moved=moved)[COMPARED]


def _listed_scenarios(tables: Tables) -> list[tuple[str, str]]:
    own = tables["scenarios"]
    own = own[own["scenario"] != ""].drop_duplicates("scenario")
    return [("", TODAY), *((s, n or s) for s, n in zip(own["scenario"], own["name"], strict=True))]


@remembered
def overview(tables: Tables, settings: Settings) -> pd.DataFrame:
    """A row for each scenario, today (scenario "") first: whom it moves, in a sentence.

    Columns: scenario, name, kind (today, what_if or round), changes (how many rows it has), customers,
    moved (how many of them), words.
    """
    kinds = dict(zip(tables["scenarios"]["scenario"], tables["scenarios"]["kind"], strict=True))
    size = tables["changes"]["scenario"].value_counts()
    rows = []
    for (scenario, name), seen in zip(_listed_scenarios(tables), _each(tables, settings), strict=True):
        kind = kinds[scenario] or "what_if" if scenario else TODAY
        moved = seen[seen["moved"].astype(bool)]
        words = _moved_words(moved, len(seen)) if scenario else "The workbook as it is."
        rows.append((scenario, name, kind, int(size.get(scenario, 0)), len(seen), len(moved), words))
    return pd.DataFrame(rows, columns=["scenario", "name", "kind", "changes", "customers", "moved", "words"])


def _each(tables: Tables, settings: Settings) -> Iterable[pd.DataFrame]:
    found = compare(tables, settings)
    return (found[found["scenario"] == scenario] for scenario, _ in _listed_scenarios(tables))


def _moved_words(moved: pd.DataFrame, count: int) -> str:
    """In a sentence: 2 of 11 change: Beta becomes a key account and Gamma is ruled out; the others stay."""
    if moved.empty:
        return "Nobody changes." if count else "There is nobody to change."
    said = [_becomes(row) for row in moved[:NAMED].to_dict("records")]
    said += [f"{len(moved) - NAMED} more change"] if len(moved) > NAMED else []
    rest = "; the others stay" if len(moved) < count else ""
    return f"{len(moved)} of {count} {'changes' if len(moved) == 1 else 'change'}: {listed(said)}{rest}."


def _becomes(row: dict[str, Any]) -> str:
    name = row["customer_name"] or row["customer"]
    if row["status"] == "ruled_out":
        return f"{name} is ruled out"
    if not row["box"]:
        return f"{name} has no box"
    if row["box"] != row["was_box"]:
        return f"{name} becomes {account(row['box'])}"
    sure = "surely" if row["status"] == "placed" else "no longer surely"
    return f"{name} is {sure} {account(row['box'])}"
