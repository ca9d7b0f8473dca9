"""The tables as a scenario has them: its changes to weights, must-haves and scores, all cells at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.memory import remembered_of
from kamlib.settings import Settings
from kamlib.tables import US, Tables

ALL, ROUND = "all", "round"
RANGES = {"weight": (0.0, 1000.0), "must_have": (1.0, 10.0), "score": (1.0, 10.0)}
CELL = ["model", "subject", "factor", "supplier"]


def applied(tables: Tables, settings: Settings, scenario: str) -> tuple[Tables, Settings]:
    """The tables and settings as they are in a scenario; "" is the workbook as it is.

    Of several changes to one cell the most specific alone holds: one that names the subject before one for
    all, then the factor, then the supplier. An empty supplier means every one, us too. A score nobody has
    entered is set by `to` and stays unknown with `by`. A `round` that sweeps everything away (subject and
    factor all, no supplier) is taken at its word: what it does not name was not there, neither factors nor
    scores nor customers. Raises InvalidInput for a scenario that does not exist.
    """
    if not scenario:
        return tables, settings
    row = _scenario(tables, scenario)
    given = {} if row["line"] in ("", settings.line) else {"line": row["line"]}
    if row["near_line"] == row["near_line"] and row["near_line"] != settings.near_line:
        given["near_line"] = row["near_line"]
    changed = {name: frame for name, frame in _changed(tables, scenario).items() if frame is not tables[name]}
    return (
        {**tables, **changed} if changed else tables,
        settings.model_copy(update=given) if given else settings,
    )


def _scenario(tables: Tables, scenario: str) -> dict[str, Any]:
    table = tables["scenarios"]
    own = table[table["scenario"] == scenario]
    if own.empty:
        raise InvalidInput(f'There is no scenario "{scenario}".', table="scenarios", found=scenario,
                           hint=did_you_mean(scenario, table["scenario"]))  # fmt: skip
    return dict(own.iloc[0])


@remembered_of("scenarios", "changes", "factors", "scores", "customers", "ideas")
def _changed(tables: Tables, scenario: str) -> Tables:
    """The tables a scenario changes; those it leaves alone are the very same."""
    rows = tables["changes"]
    rows = rows[rows["scenario"] == scenario].reset_index(drop=True)
    rows = rows.assign(supplier=rows["supplier"].where(rows["model"] == "strength", ""))
    as_it_was = _scenario(tables, scenario)["kind"] == ROUND
    of = {what: rows[rows["what"] == what].reset_index(drop=True) for what in RANGES}
    factors = _factors(tables["factors"], of["weight"], of["must_have"], as_it_was)
    scores = _scores({**tables, "factors": factors}, of["score"], as_it_was)
    customers = tables["customers"]
    if as_it_was and (_sweeps(of["score"]) & (of["score"]["model"] == "attractiveness")).any():
        new = ~customers["customer"].isin(of["score"]["subject"]) & (customers["segment"] != "")
        customers = customers.assign(segment=customers["segment"].mask(new, "")) if new.any() else customers
    return {"factors": factors, "scores": scores, "customers": customers}


def _factors(
    factors: pd.DataFrame, weights: pd.DataFrame, musts: pd.DataFrame, as_it_was: bool
) -> pd.DataFrame:
    cells = factors.assign(subject=factors["scope"], supplier="")[CELL]
    if as_it_was:
        gone = _holds(weights, cells)
        keep = (
            ~((gone >= 0) & _sweeps(weights).to_numpy()[gone]) if len(weights) else np.ones(len(cells), bool)
        )
        back = weights[_named(weights) & weights["to"].notna() & ~_keys(weights).isin(_keys(cells))]
        back = back.rename(columns={"subject": "scope"})[["model", "scope", "factor"]]
        factors = _appended(factors if keep.all() else factors[keep], back)
        cells = factors.assign(subject=factors["scope"], supplier="")[CELL]
    weight = _values(weights, cells, factors["weight"].fillna(1.0), 1.0)
    weight = np.where(weight == factors["weight"].fillna(1.0), factors["weight"], weight)
    must = _values(musts, cells, factors["must_have_min"], np.nan)
    for name, values in (("weight", weight), ("must_have_min", must)):
        if not np.array_equal(values, factors[name].to_numpy(float), equal_nan=True):
            factors = factors.assign(**{name: values})
    return factors


def _scores(tables: Tables, rows: pd.DataFrame, as_it_was: bool) -> pd.DataFrame:
    scores = tables["scores"]
    if rows.empty:
        return scores
    holds = _holds(rows, scores)
    entered = _keys(scores)
    asked = rows.loc[_named(rows) & (rows["to"].notna() | rows["by"].isna()), CELL]
    if (~_named(rows) & rows["to"].notna()).any():
        asked = pd.concat([asked, _cells(tables)], ignore_index=True).drop_duplicates()
    asked = asked[~_keys(asked).isin(entered)].reset_index(drop=True)
    by = _holds(rows, asked)
    wanted = rows["to"].notna() | (_named(rows) & rows["by"].isna())
    asked = asked[(by >= 0) & wanted.to_numpy()[by]]
    if as_it_was:
        swept = (holds >= 0) & (_sweeps(rows) & _unsaid(rows)).to_numpy()[holds]
        scores = scores[~swept] if swept.any() else scores
    scores = _appended(scores, asked)
    values = _values(rows, scores, scores["score"], np.nan)
    same = np.array_equal(values, scores["score"].to_numpy(float), equal_nan=True)
    return scores if same else scores.assign(score=values)


def _cells(tables: Tables) -> pd.DataFrame:
    """Every score there could be: of each customer or idea on the factors that hold for it."""
    factors = tables["factors"][["model", "scope", "factor"]]
    customers = tables["customers"][["customer", "segment"]].set_axis(["subject", "scope"], axis=1)
    own = factors[factors["model"] == "attractiveness"].merge(customers, on="scope")
    listed_by = tables["scores"].loc[tables["scores"]["model"] == "strength", ["subject", "supplier"]]
    suppliers = pd.concat([customers[["subject"]].assign(supplier=US), listed_by]).drop_duplicates()
    strong = factors[factors["model"] == "strength"].rename(columns={"scope": "subject"}).merge(suppliers)
    ideas = tables["ideas"][["idea", "customer"]].set_axis(["subject", "customer"], axis=1)
    ideas = ideas.merge(customers.rename(columns={"subject": "customer"}), how="left", on="customer")
    ideas = pd.concat([ideas, ideas.assign(scope=ALL)])
    ours = factors[factors["model"].str.startswith("pia_")].merge(ideas, on="scope")
    return pd.concat([own.assign(supplier=""), strong, ours.assign(supplier="")], ignore_index=True)[CELL]


def _values(rows: pd.DataFrame, cells: pd.DataFrame, now: pd.Series, unsaid: float) -> np.ndarray:
    """What stands in each cell after the changes; `unsaid` where one says neither to nor by."""
    numbers = now.to_numpy(float)
    if rows.empty or cells.empty:
        return numbers
    holds = _holds(rows, cells)
    to, by = rows["to"].to_numpy(float)[holds], rows["by"].to_numpy(float)[holds]
    values = np.where(np.isnan(to), np.where(np.isnan(by), unsaid, numbers + by), to)
    return np.where(holds < 0, numbers, np.clip(values, *RANGES[rows["what"].iloc[0]]))


def _holds(rows: pd.DataFrame, cells: pd.DataFrame) -> np.ndarray:
    """For each cell the number of the change that holds for it: the most specific one; -1 for none."""
    found = np.full(len(cells), -1)
    named = {
        "subject": rows["subject"] != ALL,
        "factor": rows["factor"] != ALL,
        "supplier": rows["supplier"] != "",
    }
    level = sum(worth * named[column].to_numpy(int) for column, worth in zip(named, (4, 2, 1), strict=True))
    for each in np.unique(level):
        columns = ["model", *(c for c, worth in zip(named, (4, 2, 1), strict=True) if each & worth)]
        of = np.flatnonzero(level == each)
        keys = pd.Index(_keys(rows.iloc[of], columns))
        last = ~keys.duplicated(keep="last")
        hit = keys[last].get_indexer(pd.Index(_keys(cells, columns)))
        found = np.where(hit >= 0, of[last][hit], found)
    return found


def _keys(frame: pd.DataFrame, columns: Sequence[str] = tuple(CELL)) -> pd.Series:
    """What tells the rows apart, as one text each."""
    first, *more = (frame[c].to_numpy(object) for c in columns)
    for values in more:
        first = first + "\x1f" + values
    return pd.Series(first, frame.index, dtype=object)


def _named(rows: pd.DataFrame) -> pd.Series:
    """Is it about one cell only?"""
    one = (
        (rows["subject"] != ALL) & (rows["factor"] != ALL) & (rows["subject"] != "") & (rows["factor"] != "")
    )
    whose = (rows["supplier"] != "") | (rows["model"] != "strength") | (rows["what"] != "score")
    return one & whose


def _sweeps(rows: pd.DataFrame) -> pd.Series:
    """Is it about every cell of its model?"""
    return (rows["subject"] == ALL) & (rows["factor"] == ALL) & (rows["supplier"] == "")


def _unsaid(rows: pd.DataFrame) -> pd.Series:
    return rows["to"].isna() & rows["by"].isna()


def _appended(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The frame with rows of which only some columns are known at its end."""
    if rows.empty:
        return frame
    blank = {c: pd.Series(np.nan if frame[c].dtype == float else "", rows.index, frame[c].dtype)
             for c in frame if c not in rows}  # fmt: skip
    return pd.concat([frame, rows.assign(**blank)[frame.columns]], ignore_index=True)
