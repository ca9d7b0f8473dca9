"""The tables as a scenario has them: its changes to weights, must-haves and scores."""

from __future__ import annotations

from itertools import compress
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US, Tables

ALL, ROUND = "all", "round"
EVERY = {"subject": ALL, "factor": ALL, "supplier": ""}  # what stands for every one in a change
CELL = ["model", *EVERY]


# what a change can be about: table, column, lowest, highest, what an empty cell counts as
KINDS = {
    "weight": ("factors", "weight", 0.0, 1000.0, 1.0),
    "must_have": ("factors", "must_have_min", 1.0, 10.0, np.nan),
    "score": ("scores", "score", 1.0, 10.0, np.nan),
}


def applied(book: Book, scenario: str) -> Book:
    """The book as it is in a scenario; "" is the workbook as it is.

    Of several changes to one cell the most specific alone holds: one that names the subject before
    one for all, then the factor, then the supplier. An empty supplier means every one, us too. A
    score nobody has entered is set by `to` and stays unknown with `by`. A `round` that sweeps
    everything away (subject and factor all, no supplier) is taken at its word: what it does not
    name was not there, neither factors nor scores nor customers. Tables that do not change are the
    very same. Raises InvalidInput for a scenario that does not exist.
    """
    if not scenario:
        return book
    row, changed = _row(book, scenario), _changed(book, scenario)
    lines = {name: row[name] for name in ("line", "near_line")}
    other = {n: v for n, v in lines.items() if v == v and v not in ("", getattr(book.settings, n))}
    there = book.choosing(**other) if other else book
    return there.having(changed) if changed else there


def _row(book: Book, scenario: str) -> dict[Any, Any]:
    table = book["scenarios"]
    rows = table[table["scenario"] == scenario].to_dict("records")
    if not rows:
        message = f'There is no scenario "{scenario}".'
        hint = did_you_mean(scenario, table["scenario"])
        raise InvalidInput(message, table="scenarios", found=scenario, hint=hint)
    return dict(rows[0])


@model
def _changed(book: Book, scenario: str) -> Tables:
    """The tables that differ in a scenario, by name."""
    is_round = _row(book, scenario)["kind"] == ROUND
    changes = book["changes"]
    changes = changes[changes["scenario"] == scenario]
    has_supplier = (changes["model"] == "strength") & (changes["what"] == "score")
    supplier = changes["supplier"].where(has_supplier, "")
    changes = changes.assign(supplier=supplier).drop_duplicates(["what", *CELL], keep="last")
    weights, musts, scores = (
        changes[changes["what"] == what].reset_index(drop=True) for what in KINDS
    )
    old = book["factors"].rename(columns={"scope": "subject"}).assign(supplier="")
    factors = old
    if is_round:
        named = weights[_is_cell(weights) & weights["to"].notna()]
        factors = _extended(_swept(factors, weights), named)
    factors = _set(_set(factors, weights), musts)
    new = {"factors": factors.rename(columns={"subject": "scope"})[book["factors"].columns]}

    entered = _swept(book["scores"], scores) if is_round else book["scores"]
    has_to, is_cell = scores["to"].notna(), _is_cell(scores)
    added = scores[is_cell & (has_to | scores["by"].isna())]
    if (has_to & ~is_cell).any():
        possible = _possible(book.having({**new}))
        reached = has_to.reindex(_holding(scores, possible), fill_value=False).to_numpy()
        added = pd.concat([added, possible[reached]])
    new["scores"] = _set(_extended(entered, added), scores)

    customers = book["customers"]
    absent = ~customers["customer"].isin(scores["subject"]) & (customers["segment"] != "")
    attractive = scores["model"] == "attractiveness"
    if is_round and (_is_sweep(scores) & attractive).any() and absent.any():
        new["customers"] = customers.assign(segment=customers["segment"].mask(absent, ""))
    same = {"factors"} if factors is old else set()
    return {n: t for n, t in new.items() if t is not book[n] and n not in same}


def _holding(changes: pd.DataFrame, cells: pd.DataFrame) -> np.ndarray:
    """For each cell the number of the most specific change that is about it; -1 where none is."""
    holding = np.full(len(cells), -1)
    named = pd.DataFrame({column: changes[column] != every for column, every in EVERY.items()})
    for is_named, group in named.groupby(list(EVERY)):  # the least specific first
        on = ["model", *compress(EVERY, is_named)]
        number = changes.loc[group.index, on].assign(number=group.index)
        hit = cells[on].merge(number, "left", on)["number"].to_numpy()
        holding = np.where(pd.isna(hit), holding, hit).astype(int)
    return holding


def _is_cell(changes: pd.DataFrame) -> pd.Series:
    """Is it about one cell only?"""
    one = ~changes[["subject", "factor"]].isin([ALL, ""]).any(axis=1)
    no_supplier = (changes["model"] != "strength") | (changes["what"] != "score")
    return one & (no_supplier | (changes["supplier"] != ""))


def _is_sweep(changes: pd.DataFrame) -> pd.Series:
    """Is it about every cell of its model?"""
    return (changes[list(EVERY)] == pd.Series(EVERY)).all(axis=1)


def _swept(frame: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Without the rows that an earlier round did not have: nothing but a sweep is about them."""
    empty = changes[["to", "by"]].isna().all(axis=1) | (changes["what"] == "weight")
    away = (_is_sweep(changes) & empty).reindex(_holding(changes, frame), fill_value=False)
    return frame[~away.to_numpy()] if away.any() else frame


def _extended(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """With a row more, otherwise empty, for each of the cells that has none."""
    keys = pd.MultiIndex.from_frame(frame[CELL])
    new = cells[~pd.MultiIndex.from_frame(cells[CELL]).isin(keys)].drop_duplicates(CELL)
    if new.empty:
        return frame
    numbers = dict.fromkeys(frame.select_dtypes(float), np.nan)
    rows = new[CELL].reindex(columns=frame.columns, fill_value="").assign(**numbers)
    return pd.concat([frame, rows], ignore_index=True)


def _set(frame: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """With changes of one kind made to its column; the very same where nothing changes."""
    if changes.empty:
        return frame
    _, column, low, high, empty = KINDS[changes["what"].iloc[0]]
    holding = _holding(changes, frame)
    to, by = (changes[c].reindex(holding).to_numpy(float) for c in ("to", "by"))
    before = frame[column].to_numpy(float)
    now = np.where(np.isnan(before), empty, before)
    after = np.where(np.isnan(to), np.where(np.isnan(by), empty, now + by), to)
    after = after.clip(low, high)
    after = np.where((holding < 0) | (after == now), before, after)
    same = np.array_equal(after, before, equal_nan=True)
    return frame if same else frame.assign(**{column: after})


def _possible(book: Book) -> pd.DataFrame:
    """Every score there could be: of each customer or idea on the factors that hold for it."""
    factors, scores = book["factors"][["model", "scope", "factor"]], book["scores"]
    customers = book["customers"][["customer", "segment"]].set_axis(["subject", "scope"], axis=1)
    rivals = scores.loc[scores["model"] == "strength", ["subject", "supplier"]]
    suppliers = pd.concat([customers[["subject"]].assign(supplier=US), rivals]).drop_duplicates()
    ideas = book["ideas"][["idea", "customer"]].merge(
        customers.set_axis(["customer", "scope"], axis=1), "left", "customer"
    )
    ideas = pd.concat([ideas, ideas.assign(scope=ALL)]).rename(columns={"idea": "subject"})
    model = factors["model"]
    parts = [
        factors[model == "attractiveness"].merge(customers, on="scope"),
        factors[model == "strength"].rename(columns={"scope": "subject"}).merge(suppliers),
        factors[model.str.startswith("pia_")].merge(ideas, on="scope"),
    ]
    return pd.concat(parts, ignore_index=True).reindex(columns=CELL).fillna({"supplier": ""})
