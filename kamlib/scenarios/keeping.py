"""Scenarios made from what is there: the round of today, the what-if of the moment, equal weights."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from kamlib import kaism, portfolio
from kamlib.errors import InvalidInput
from kamlib.scenarios.applying import ALL, CELL, ROUND
from kamlib.settings import Settings
from kamlib.tables import MODELS, Tables, as_text

BEFORE = "round_"
ROW = tuple[str, dict[str, Any]]


def keep_round(tables: Tables, settings: Settings, round: str, on: str) -> list[ROW]:
    """The present state as an earlier round to come back to: rows (table, row) to be stored.

    For all segments: where each customer stands (rounds), and a scenario of kind round with every weight,
    must-have and score there is. Waivers of must-haves and "no competitor" are decisions and stay as they
    are at the time of looking. Raises InvalidInput for a round that is kept already.
    """
    scenario = BEFORE + re.sub(r"[^A-Za-z0-9_-]+", "_", round)
    if not round or re.search(r"\s", round):
        raise InvalidInput("A round needs a short name without spaces, such as 2026.", table="rounds",
                           column="round", found=round, allowed="a short text without spaces")  # fmt: skip
    if round in set(tables["rounds"]["round"]) or scenario in set(tables["scenarios"]["scenario"]):
        raise InvalidInput(f"The round {round} is kept already.", table="rounds", column="round", found=round,
                           hint="Give this one another name.")  # fmt: skip
    seen = portfolio.classes(tables, settings.model_copy(update={"segment": ""}))
    seen = seen[seen["y"].notna() | seen["x"].notna()].assign(round=round, on=on)
    columns = ["round", "customer", "y", "y_line", "x", "box", "decision", "on"]
    rows: list[ROW] = [("rounds", row) for row in _texts(seen[columns])]
    row = {"scenario": scenario, "name": f"Round {round}", "kind": ROUND, "line": settings.line,
           "near_line": as_text(float(settings.near_line)), "on": on}  # fmt: skip
    return [*rows, ("scenarios", row), *_rows_of(scenario, _state(tables))]


def _state(tables: Tables) -> pd.DataFrame:
    """Everything that is scored and weighed, as changes; first what sweeps away whatever comes later."""
    factors, scores, customers = tables["factors"], tables["scores"], tables["customers"]
    models = [m for m in MODELS if m in {"attractiveness", "strength", *factors["model"], *scores["model"]}]
    sweep = pd.DataFrame({"model": models, "subject": ALL, "factor": ALL, "supplier": ""})
    cells = factors.assign(subject=factors["scope"], supplier="")
    there = pd.DataFrame(
        {"model": "attractiveness", "subject": customers["customer"], "factor": ALL, "supplier": ""}
    )
    return _changes(
        ("weight", sweep, 0.0), ("must_have", sweep, np.nan), ("score", sweep, np.nan), ("score", there, np.nan),
        ("weight", cells, factors["weight"].fillna(1.0)),
        ("must_have", cells[cells["must_have_min"].notna()], factors["must_have_min"].dropna()),
        ("score", scores, scores["score"]),
    )  # fmt: skip


def keep_changes(tables: Tables, supposed: Tables, scenario: str, name: str = "") -> list[ROW]:
    """What is supposed beside what is there, as a scenario: rows (table, row) to be stored.

    Only weights, must-haves and scores are told. Raises InvalidInput where the scenario exists already, and
    where nothing differs.
    """
    _free(tables, scenario)
    parts = []
    for what, table, column, blank in (("weight", "factors", "weight", 1.0), ("must_have", "factors", "must_have_min", np.nan),
                                       ("score", "scores", "score", np.nan)):  # fmt: skip
        was, now = (_indexed(of[table], column, blank) for of in (tables, supposed))
        if what != "score":
            now = now.reindex(was.index, fill_value=0.0 if what == "weight" else np.nan)
        every = now.index.union(was.index, sort=False)
        then, there = was.reindex(every), now.reindex(every)
        differs = ~((then == there) | (then.isna() & there.isna()))
        differs |= ~every.isin(was.index)  # a new row, even an empty one
        at = differs[differs].index
        parts.append((what, at.to_frame(index=False), there.reindex(at).reset_index(drop=True)))
    changes = _changes(*parts)
    if changes.empty:
        raise InvalidInput("Nothing differs from the workbook: there is nothing to keep.", table="scenarios")
    return [
        ("scenarios", {"scenario": scenario, "name": name, "kind": "what_if"}),
        *_rows_of(scenario, changes),
    ]


def equal_weights(tables: Tables, settings: Settings, scenario: str = "equal_weights") -> list[ROW]:
    """The scenario in which all attractiveness factors of the segment(s) count the same: rows to be stored."""
    _free(tables, scenario)
    rows = pd.DataFrame(
        {
            "model": "attractiveness",
            "subject": kaism.segments(tables, settings),
            "factor": ALL,
            "supplier": "",
        }
    )
    head = {"scenario": scenario, "name": "Equal weights", "kind": "what_if"}
    return [("scenarios", head), *_rows_of(scenario, _changes(("weight", rows, 1.0)))]


def _free(tables: Tables, scenario: str) -> None:
    if not scenario or re.search(r"\s", scenario):
        raise InvalidInput("A scenario needs a short id without spaces.", table="scenarios", column="scenario",
                           found=scenario, allowed="a short text without spaces")  # fmt: skip
    if scenario in set(tables["scenarios"]["scenario"]):
        raise InvalidInput(f'There is a scenario "{scenario}" already.', table="scenarios", column="scenario",
                           found=scenario, hint="Give this one another id.")  # fmt: skip


def _indexed(frame: pd.DataFrame, column: str, blank: float) -> pd.Series:
    cells = frame.rename(columns={"scope": "subject"})
    cells = cells.assign(supplier=cells.get("supplier", "")).drop_duplicates(CELL)
    values = cells.set_index(CELL)[column].astype(float)
    return values if blank != blank else values.fillna(blank)


def _changes(*parts: tuple[str, pd.DataFrame, Any]) -> pd.DataFrame:
    """Changes of several kinds: (what, cells, to) each."""
    made = [
        cells[CELL].assign(what=what, to=np.asarray(to, float) if len(cells) else 0.0)
        for what, cells, to in parts
    ]
    return pd.concat(made, ignore_index=True)[["what", *CELL, "to"]].drop_duplicates(["what", *CELL])


def _rows_of(scenario: str, changes: pd.DataFrame) -> list[ROW]:
    return [("changes", {"scenario": scenario, **row, "by": ""}) for row in _texts(changes)]


def _texts(frame: pd.DataFrame) -> list[dict[str, str]]:
    """The rows as a store keeps them: every cell is text."""
    cells = [[as_text(v) for v in frame[c].tolist()] for c in frame]
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*cells, strict=True)]
