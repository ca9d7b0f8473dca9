"""Scenarios to store: the round of today, the what-if of the moment, equal weights."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models import kaism, portfolio
from kamlib.models.scenarios.applying import CELL, EVERY, KINDS, ROUND
from kamlib.workbook.book import Book
from kamlib.workbook.schema import MODELS, Tables, as_text

BEFORE = "round_"
ANSWERS = ["round", "sheet", "subject", "item", "field", "value"]
PLACE = ["round", "customer", "y", "y_line", "x", "box", "decision", "on"]
MESSAGES = {
    "rounds": (
        "A round needs a short name without spaces, such as 2026.",
        "The round {} is kept already.",
        "Give this one another name.",
    ),
    "scenarios": (
        "A scenario needs a short id without spaces.",
        'There is a scenario "{}" already.',
        "Give this one another id.",
    ),
}
ROW = tuple[str, dict[str, str]]


def keep_round(book: Book, round: str, on: str) -> list[ROW]:
    """The present state as an earlier round to come back to: rows (table, row) to be stored.

    For all segments: where each customer stands (rounds), and a scenario of kind round with every
    weight, must-have and score there is; and every answer on a sheet (round_answers). Waivers of
    must-haves and "no competitor" are decisions and stay as they are at the time of looking. Raises
    InvalidInput for a round that is kept.
    """
    scenario = of_round(round)
    is_kept = round in set(book["rounds"]["round"]) or _is_there(book, scenario)
    _refuse("rounds", round, is_kept)
    placed = portfolio.classes(book.choosing(segment=""))
    placed = placed[placed["y"].notna() | placed["x"].notna()].assign(round=round, on=on)
    head = {
        "line": book.settings.line,
        "near_line": as_text(float(book.settings.near_line)),
        "on": on,
    }
    rows = [("rounds", row) for row in _texts(placed[PLACE])]
    answers = book["answers"]
    answers = answers[answers["value"].str.strip() != ""].assign(round=round)
    rows += [("round_answers", row) for row in _texts(answers[ANSWERS])]
    return rows + _rows(scenario, f"Round {round}", ROUND, _state(book), **head)


def of_round(round: str) -> str:
    """The id of the scenario that has the scores and weights of a round."""
    return BEFORE + re.sub(r"[^A-Za-z0-9_-]+", "_", round)


def _state(book: Book) -> list[pd.DataFrame]:
    """Everything that is scored and weighed, after what sweeps away whatever comes later."""
    factors, scores = book["factors"], book["scores"]
    there = {"attractiveness", "strength", *factors["model"], *scores["model"]}
    models = pd.DataFrame({"model": [model for model in MODELS if model in there]})
    customers = book["customers"][["customer"]].set_axis(["subject"], axis=1)
    cells = factors.rename(columns={"scope": "subject"}).assign(supplier="")
    must = cells[cells["must_have_min"].notna()]
    sweeps = [_changes(what, models, 0.0 if what == "weight" else np.nan) for what in KINDS]
    return [
        *sweeps,
        _changes("score", customers.assign(model="attractiveness"), np.nan),
        _changes("weight", cells, cells["weight"].fillna(1.0)),
        _changes("must_have", must, must["must_have_min"]),
        _changes("score", scores, scores["score"]),
    ]


def keep_changes(book: Book, supposed: Tables, scenario: str, name: str = "") -> list[ROW]:
    """What is supposed beside what is there, as a scenario: rows (table, row) to be stored.

    Only weights, must-haves and scores are told; a factor that is gone has the weight 0. Raises
    InvalidInput where the scenario exists already, and where nothing differs.
    """
    _refuse("scenarios", scenario, _is_there(book, scenario))
    parts = []
    for what, (table, column, _, _, empty) in KINDS.items():
        before, after = (_values(book[table], column, empty) for book in (book, supposed))
        if table == "factors":
            after = after.reindex(before.index, fill_value=0.0 if what == "weight" else np.nan)
        every = after.index.union(before.index, sort=False)
        then, now = before.reindex(every), after.reindex(every)
        same = every.isin(before.index) & ((then == now) | (then.isna() & now.isna()))
        parts.append(_changes(what, every[~same].to_frame(), now[~same]))
    if not any(map(len, parts)):
        words = "Nothing differs from the workbook: there is nothing to keep."
        raise InvalidInput(words, table="scenarios")
    return _rows(scenario, name, "what_if", parts)


def equal_weights(book: Book, scenario: str = "equal_weights") -> list[ROW]:
    """The scenario in which all attractiveness factors of the segment(s) count the same.

    Gives rows (table, row) to be stored. Raises InvalidInput where it exists already.
    """
    _refuse("scenarios", scenario, _is_there(book, scenario))
    segments = pd.DataFrame({"subject": kaism.segments(book)}, dtype=object)
    changes = _changes("weight", segments.assign(model="attractiveness"), 1.0)
    return _rows(scenario, "Equal weights", "what_if", [changes])


def _is_there(book: Book, scenario: str) -> bool:
    return scenario in set(book["scenarios"]["scenario"])


def _refuse(table: str, name: str, is_taken: bool) -> None:
    column, (short, taken, hint) = table[:-1], MESSAGES[table]
    if not name or re.search(r"\s", name):
        allowed = "a short text without spaces"
        raise InvalidInput(short, table=table, column=column, found=name, allowed=allowed)
    if is_taken:
        raise InvalidInput(taken.format(name), table=table, column=column, found=name, hint=hint)


def _values(frame: pd.DataFrame, column: str, empty: float) -> pd.Series:
    """A column of a table by cell."""
    cells = frame.rename(columns={"scope": "subject"})
    cells = cells.assign(supplier=cells.get("supplier", "")).drop_duplicates(CELL)
    values = cells.set_index(CELL)[column].astype(float)
    return values.where(values.notna(), empty)


def _changes(what: str, cells: pd.DataFrame, to: float | pd.Series) -> pd.DataFrame:
    """Changes of one kind; a column that the cells have not says every one."""
    rows = cells.assign(**{column: EVERY[column] for column in EVERY if column not in cells})
    return rows.assign(what=what, to=np.asarray(to, float))[["what", *CELL, "to"]]


def _rows(
    scenario: str, name: str, kind: str, changes: list[pd.DataFrame], **more: str
) -> list[ROW]:
    """The rows of a scenario and its changes; of two for one cell the first counts."""
    table = pd.concat(changes, ignore_index=True).drop_duplicates(["what", *CELL])
    rows = [("changes", {"scenario": scenario, **row, "by": ""}) for row in _texts(table)]
    return [("scenarios", {"scenario": scenario, "name": name, "kind": kind, **more}), *rows]


def _texts(frame: pd.DataFrame) -> list[dict[str, str]]:
    """The rows as a store keeps them: every cell is text."""
    return [{str(c): as_text(v) for c, v in row.items()} for row in frame.to_dict("records")]
