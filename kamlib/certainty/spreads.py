"""The chance of each box for each customer, over the weights there could be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib import kaism, matrix, scoring
from kamlib.certainty import draws, exact
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import Tables

COLUMNS = ["segment", "customer", "name", "p_up", "p_right", "exact", "error"]


@dataclass(frozen=True)
class Spread:
    """Which weights there could be: `any`, all that agree with the team's `ranked` order, or `around` the team's own."""

    known: str
    sure: int

    def alpha(self, weights: np.ndarray) -> np.ndarray:
        """Dirichlet counts for these weights: one each, or so many in all as the team is sure."""
        held = weights > 0
        if self.known != "around":
            return held.astype(int)
        return np.where(
            held, np.maximum(np.rint(self.sure * weights / max(weights.sum(), 1e-300)), 1), 0
        ).astype(int)

    def above(self, coefficients: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """P(row . w > 0) for each row, exactly."""
        if self.known == "ranked":
            return exact.above(exact.ranked(coefficients, weights))
        return exact.above(coefficients, self.alpha(weights))

    def drawn(self, weights: np.ndarray) -> np.ndarray:
        """Draws of such weights (COUNT x J)."""
        if self.known != "ranked":
            return draws.weights(tuple(self.alpha(weights).tolist()))
        corners = exact.ranked(np.eye(len(weights)), weights).T
        return draws.weights((1,) * len(corners)) @ corners


def spread(settings: Settings) -> Spread:
    """What the settings say of the weights."""
    return Spread(settings.weights_known, settings.sure)


@remembered
def chances(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The chance of standing above and to the right of the lines, a row a customer of the segment(s).

    Columns: COLUMNS. p_up, p_right: 0 to 1 (NaN where the customer stands nowhere on that axis); exact: both are
    closed forms; error: what 95 of 100 shares of draws are within, 0 where exact. The two axes have weights of
    their own, so the chance of a box is the product.
    """
    parts = [_of_segment(tables, settings, segment) for segment in kaism.segments(tables, settings)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _of_segment(tables: Tables, settings: Settings, segment: str) -> pd.DataFrame:
    seen = kaism.positions(tables, settings, segment)
    up, sure_up = attractive(tables, settings, segment)
    right, sure_right = strong(tables, settings, seen)
    both = sure_up & sure_right
    out = seen["ruled_out"].to_numpy(bool)
    return seen[["segment", "customer", "name"]].assign(
        p_up=np.where(out, np.nan, up), p_right=np.where(out, np.nan, right), exact=both,
        error=np.where(both, 0.0, draws.ERROR),
    )  # fmt: skip


def cells(tables: Tables, segment: str, customers: pd.Series) -> tuple[pd.DataFrame, np.ndarray]:
    """The attractiveness scores of a segment (customers x factors) and the weights of the factors."""
    factors = kaism.of_scope(tables, "attractiveness", segment)
    part = tables["scores"]
    table = scoring.wide(part[part["model"] == "attractiveness"], customers, factors["factor"])
    return table, scoring.weights_of(factors).to_numpy(float)


def height(table: np.ndarray, inside: np.ndarray, midpoint: bool) -> Callable[[np.ndarray], np.ndarray]:
    """How far each customer stands above the line (n x T), for T vectors of weights (J x T); NaN where nowhere.

    `inside`: who counts in the line. Unknown scores are left out of a customer's own mean, as in the matrix.
    """
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)

    def distance(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            y = (filled @ weights) / (known.astype(float) @ weights)
        if midpoint:
            return y - matrix.MIDPOINT
        counted = inside[:, None] & ~np.isnan(y)
        line = np.where(counted, y, 0.0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
        return y - line

    return distance


def attractive(tables: Tables, settings: Settings, segment: str) -> tuple[np.ndarray, np.ndarray]:
    """P(above the line) of each customer of a segment, in the order of `kaism.positions`, and whether it is exact."""
    seen = kaism.positions(tables, settings, segment)
    table, weights = cells(tables, segment, seen["customer"])
    grid, inside = table.to_numpy(float), ~seen["ruled_out"].to_numpy(bool)
    chosen, midpoint = spread(settings), settings.line == "midpoint"
    nowhere = seen["y"].isna().to_numpy()
    full = ~np.isnan(grid).any(axis=1)
    counted = inside & ~nowhere
    if not weights.sum() > 0 or not counted.any():
        return np.full(len(seen), np.nan), np.ones(len(seen), bool)
    if midpoint or full[counted].all():
        line = matrix.MIDPOINT if midpoint else grid[counted].mean(axis=0)
        p = chosen.above(np.nan_to_num(grid - line), weights)
        if full[~nowhere].all():
            return np.where(nowhere, np.nan, p), np.ones(len(seen), bool)
    drawn = chosen.drawn(weights).T
    shares = (height(grid, inside, midpoint)(drawn) > matrix.EQUAL).mean(axis=1)
    sure = np.full(len(seen), False) if not midpoint else full
    return np.where(nowhere, np.nan, np.where(sure, p, shares) if midpoint else shares), sure | nowhere


def strong(tables: Tables, settings: Settings, seen: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """P(stronger than every competitor) of each customer in `seen`, over its own weights, and whether it is exact."""
    ours, theirs, weights = kaism.strength_cells(tables, seen["customer"])
    chosen = spread(settings)
    p, sure = np.full(len(seen), np.nan), np.ones(len(seen), bool)
    p[seen["no_rival"].to_numpy(bool)] = 1.0
    place = {customer: n for n, customer in enumerate(seen["customer"])}
    margins = (ours - theirs).to_numpy(float)
    subjects = ours.index.get_level_values("subject")
    for customer in dict.fromkeys(subjects):
        rows = subjects == customer
        own = weights.to_numpy(float)[rows][0]
        apart = margins[rows][:, own > 0]
        apart = np.nan_to_num(apart[~np.isnan(apart).all(axis=1)])
        if not len(apart):
            continue
        rivals, own = undominated(apart), own[own > 0]
        if len(rivals) == 1:
            p[place[customer]] = chosen.above(rivals, own)[0]
        else:
            drawn = chosen.drawn(own).T
            p[place[customer]] = ((rivals @ drawn) > matrix.EQUAL).all(axis=0).mean()
            sure[place[customer]] = False
    return p, sure


def undominated(margins: np.ndarray) -> np.ndarray:
    """The competitors that can be the best for some weights: one that is never closer to us than another drops out."""
    kept: list[np.ndarray] = []
    for row in margins[np.argsort(margins.sum(axis=1), kind="stable")]:
        if not any((other <= row).all() for other in kept):
            kept.append(row)
    return np.array(kept)
