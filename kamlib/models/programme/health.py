"""Is the programme healthy? The health checks by category and round, and the weak links."""

from __future__ import annotations

import pandas as pd

from kamlib.catalogue import sheets
from kamlib.workbook.book import Book, model

SHEETS = ("health_check_1", "health_check_2")
STATES = ("OK", "could improve", "none")


@model
def health(book: Book) -> pd.DataFrame:
    """How many questions of the health checks were in order: a row for each round and category.

    Columns: round ("now" last), category, ok, improve, none, answered, ok_pct (of those answered;
    NaN where nobody answered). The book counts and gives no index.
    """
    kept = book["round_answers"]
    kept = kept[kept["sheet"].isin(SHEETS)].sort_values("round", kind="stable")
    rounds = {str(r): Book({"answers": _answers(rows, book)}) for r, rows in kept.groupby("round")}
    found = []
    for name, then in [*rounds.items(), ("now", book)]:
        rows = pd.concat([sheets.filled(then, sheet) for sheet in SHEETS])
        for category, lines in rows[~rows["own"]].groupby("group", sort=False):
            counts = [int((lines["state"] == state).sum()) for state in STATES]
            share = 100 * counts[0] / sum(counts) if sum(counts) else float("nan")
            found.append((name, category, *counts, sum(counts), share))
    columns = ["round", "category", "ok", "improve", "none", "answered", "ok_pct"]
    return pd.DataFrame(found, columns=columns)


def _answers(rows: pd.DataFrame, book: Book) -> pd.DataFrame:
    """The answers of a round as the table of answers has them."""
    columns = list(book["answers"].columns)
    return rows.reindex(columns=columns, fill_value="").reset_index(drop=True)


@model
def weak_links(book: Book) -> pd.DataFrame:
    """What is not in order in the health checks, the weakest first.

    Columns: label, category, state, action, person, by. What has no action yet is homework.
    """
    rows = pd.concat([sheets.filled(book, sheet) for sheet in SHEETS], ignore_index=True)
    rows = rows[rows["state"].isin(STATES[1:])].rename(columns={"group": "category"})
    weakest = rows.sort_values("state", key=lambda s: s == "could improve", kind="stable")
    return weakest[["label", "category", "state", "action", "person", "by"]].reset_index(drop=True)
