"""What it would take: the smallest move of one weight, and the smallest change of one score, that changes a box."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism, matrix
from kamlib.certainty import shares
from kamlib.certainty.rivals import Rivals, rivals
from kamlib.certainty.spreads import cells
from kamlib.memory import remembered, remembered_while_equal
from kamlib.settings import Settings
from kamlib.tables import Tables

STEP, LOWEST, HIGHEST = 0.5, 1.0, 10.0
COLUMNS = ["customer", "axis", "factor", "label", "share", "to_share", "change"]
SCORES = ["customer", "axis", "factor", "label", "score", "to_score", "change"]


@remembered
def weights(tables: Tables, settings: Settings) -> pd.DataFrame:
    """For each customer and factor the nearest share of the weight (%) at which its box changes.

    Columns: COLUMNS; axis is attractiveness or strength, share and to_share in % (the others keep their
    proportions), change the points between them. Factors that change nothing are left out.
    """
    parts = []
    for segment in kaism.segments(tables, settings):
        seen = kaism.positions(tables, settings, segment)
        inside = ~seen["ruled_out"].to_numpy(bool)
        table, weight = cells(tables, segment, seen["customer"])
        if weight.sum() > 0 and inside.any():
            share = weight / weight.sum()
            to = shares.attractive(table.to_numpy(float), share, inside, settings.line == "midpoint")
            parts.append(_up_table(tables, segment, seen, table, 100 * share + 0 * to, 100 * to))
        block = rivals(tables, seen["customer"])
        now, to = _strength_shares(block)
        parts.append(_right_table(tables, block, 100 * now, 100 * to, seen.loc[inside, "customer"]))
    return _nearest_first(parts, COLUMNS)


@remembered
def scores(tables: Tables, settings: Settings) -> pd.DataFrame:
    """For each customer and factor the nearest score of ours (steps of a half, 1 to 10) at which its box changes.

    Columns: SCORES; axis is attractiveness (the customer's score) or strength (our score). A change of one
    attractiveness score moves the line with it. Factors that change nothing are left out.
    """
    parts = []
    for segment in kaism.segments(tables, settings):
        seen = kaism.positions(tables, settings, segment)
        table, weight = cells(tables, segment, seen["customer"])
        grid = table.to_numpy(float)
        to = attractive_scores(grid, weight, seen, settings.line == "midpoint")
        parts.append(_up_table(tables, segment, seen, table, grid, to))
        block = rivals(tables, seen["customer"])
        inside = seen.loc[~seen["ruled_out"].to_numpy(bool), "customer"]
        parts.append(_right_table(tables, block, block.ours, _strength_scores(block), inside))
    return _nearest_first(parts, SCORES)


def _nearest_first(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The parts as one table, by customer and then by how little it takes."""
    made = [part for part in parts if len(part)]
    if not made:
        return pd.DataFrame(columns=columns)
    found = pd.concat(made, ignore_index=True).set_axis(columns[:-1], axis=1)
    found["change"] = (found[columns[-2]] - found[columns[-3]]).abs()
    order = np.lexsort([found["change"], pd.factorize(found["customer"], sort=True)[0]])
    return found.iloc[order].reset_index(drop=True)


def _up_table(
    tables: Tables, segment: str, seen: pd.DataFrame, table: pd.DataFrame, now: np.ndarray, to: np.ndarray
) -> pd.DataFrame:
    labels = kaism.of_scope(tables, "attractiveness", segment)["label"].to_numpy(object)
    row, column = np.nonzero(~np.isnan(to))
    return pd.DataFrame(
        {"customer": seen["customer"].to_numpy()[row], "axis": "attractiveness", "factor": table.columns.to_numpy()[column],
         "label": labels[column], "now": now[row, column], "to": to[row, column]}
    )  # fmt: skip


def _right_table(
    tables: Tables, block: Rivals, now: np.ndarray, to: np.ndarray, inside: pd.Series
) -> pd.DataFrame:
    part = tables["factors"]
    part = part[(part["model"] == "strength") & (part["label"] != "")]
    labels = dict(zip(zip(part["scope"], part["factor"], strict=True), part["label"], strict=True))
    counted = np.isin(np.array(block.customers, dtype=object), inside.to_numpy())
    row, column = np.nonzero(~np.isnan(to) & counted[:, None])
    customer, factor = np.array(block.customers, dtype=object)[row], block.factors[row, column]
    label = [labels.get(key, key[1]) for key in zip(customer, factor, strict=True)]
    return pd.DataFrame({"customer": customer, "axis": "strength", "factor": factor, "label": label,
                         "now": now[row, column], "to": to[row, column]})  # fmt: skip


@remembered_while_equal
def _strength_shares(block: Rivals) -> tuple[np.ndarray, np.ndarray]:
    """The share of each weight (n x J), and the nearest one at which we lead all competitors, or no longer do."""
    total = np.maximum(block.weights.sum(axis=1, keepdims=True), 1e-300)
    share = block.weights / total
    return share, shares.strong(block.margins, block.there, share)


def attractive_scores(grid: np.ndarray, weight: np.ndarray, seen: pd.DataFrame, midpoint: bool) -> np.ndarray:
    """The nearest score of each cell (n x J) at which its customer stands on the other side; NaN where none is."""
    inside = ~seen["ruled_out"].to_numpy(bool)
    known = ~np.isnan(grid) * weight
    total = known.sum(axis=1, keepdims=True)
    counted = max(int(((total[:, 0] > 0) & inside).sum()), 1)
    own = 1.0 if midpoint else 1.0 - 1.0 / counted
    slopes = np.divide(own * known, total, out=np.zeros(grid.shape), where=total > 0)
    distance = (seen["y"] - seen["y_line"]).to_numpy(float)[:, None]
    return np.where(inside[:, None], _needed(grid, distance, slopes), np.nan)


def _needed(score: np.ndarray, distance: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The nearest score in steps at which `distance + slope * change` is on the other side; NaN where none is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = np.floor((score - distance / slope) / STEP + 1e-7)
    below = distance <= matrix.EQUAL
    to = STEP * np.where(below, whole + 1, whole)
    to = np.where(~below & (to >= score), to - STEP, to)
    return np.where((slope > 0) & (to >= LOWEST) & (to <= HIGHEST), to, np.nan)


@remembered_while_equal
def _strength_scores(block: Rivals) -> np.ndarray:
    """The nearest score of ours (n x J) at which we lead every competitor, or no longer do; NaN where none is."""
    weight = block.both * block.weights[:, None, :]
    total = weight.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        lead = np.where(block.there, (weight * block.margins).sum(axis=2) / total, np.nan)
        slopes = np.where(block.there[:, :, None], weight / total[:, :, None], np.nan)
    each = _needed(block.ours[:, None, :], lead[:, :, None], slopes)  # n x R x J
    behind = np.asarray(lead <= matrix.EQUAL)
    ahead = ~np.asarray(behind.any(axis=1))[:, None]
    down = np.fmax.reduce(each, axis=1, initial=np.nan)  # one competitor in front is enough
    asked = np.where(behind[:, :, None], each, -np.inf)
    up = asked.max(axis=1, initial=-np.inf)  # every one that leads has to be passed; NaN where one cannot be
    made = np.where(ahead, down, np.where(np.isfinite(up), up, np.nan))
    there = np.asarray(block.there.any(axis=1))[:, None] & (block.weights > 0) & ~np.isnan(block.ours)
    return np.where(there, made, np.nan)
