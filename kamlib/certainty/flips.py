"""What it would take: the smallest move of one weight, and the smallest change of one score, that changes a box."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from kamlib import kaism, matrix
from kamlib.certainty.spreads import cells, height
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import Tables

GRID = np.linspace(
    0.0, 1.0, 201
)  # the shares at which a side is looked at before a crossing is narrowed down
HALVINGS = 44
STEP, LOWEST, HIGHEST = 0.5, 1.0, 10.0
COLUMNS = ["customer", "axis", "factor", "label", "share", "to_share", "change"]
SCORES = ["customer", "axis", "factor", "label", "score", "to_score", "change"]
Distance = Callable[[np.ndarray], np.ndarray]  # weights (J x T) -> distance from the line (n x T)


def moved(shares: np.ndarray, factor: int, to: np.ndarray) -> np.ndarray:
    """The shares (J x T) when one factor counts `to` (T) and the others keep their proportions."""
    rest = 1.0 - shares[factor]
    others = (
        shares / rest
        if rest > 1e-12
        else np.where(np.arange(len(shares)) == factor, 0.0, 1.0 / max(len(shares) - 1, 1))
    )
    made = others[:, None] * (1.0 - to)[None, :]
    made[factor] = to
    return made


def crossings(distance: Distance, shares: np.ndarray, factor: int) -> np.ndarray:
    """For each row the share of a factor, nearest to today's, at which the row changes sides; NaN where none does.

    A distance that is not known counts as no change.
    """
    now = shares[factor]
    at = np.unique(np.append(GRID, now))
    side = _side(distance(moved(shares, factor, at)))
    here = side[:, [int(np.searchsorted(at, now))]]
    other = (side != here) & (side >= 0) & (here >= 0)
    found = np.full(len(side), np.nan)
    for row in map(int, np.flatnonzero(other.any(axis=1))):
        spots = np.flatnonzero(other[row])
        found[row] = min((_narrowed(distance, shares, factor, at, side[row], spot, now, row) for spot in _ends(spots, at, now)),
                         key=lambda t: abs(t - now))  # fmt: skip
    return found


def _ends(spots: np.ndarray, at: np.ndarray, now: float) -> list[int]:
    """The nearest other side below and above today's share."""
    low, high = spots[at[spots] < now], spots[at[spots] > now]
    return [*low[-1:].tolist(), *high[:1].tolist()]


def _narrowed(
    distance: Distance,
    shares: np.ndarray,
    factor: int,
    at: np.ndarray,
    side: np.ndarray,
    spot: int,
    now: float,
    row: int,
) -> float:
    """The share at which the side changes, between a spot beyond it and its neighbour nearer to today's."""
    beyond, near = at[spot], at[spot + 1] if at[spot] < now else at[spot - 1]
    for _ in range(HALVINGS):
        middle = (beyond + near) / 2
        if _side(distance(moved(shares, factor, np.array([middle]))))[row, 0] == side[spot]:
            beyond = middle
        else:
            near = middle
    return float(beyond)


def _side(distances: np.ndarray) -> np.ndarray:
    """1 above the line, 0 on it or below, -1 where it is not known."""
    return np.where(np.isnan(distances), -1, (distances > matrix.EQUAL).astype(int))


@remembered
def weights(tables: Tables, settings: Settings) -> pd.DataFrame:
    """For each customer and factor the nearest share of the weight (%) at which its box changes.

    Columns: COLUMNS; axis is attractiveness or strength, share and to_share in % (the others keep their
    proportions), change the points between them. Factors that change nothing are left out.
    """
    made: list[tuple] = []
    for segment in kaism.segments(tables, settings):
        seen = kaism.positions(tables, settings, segment)
        made += _up(tables, settings, segment, seen) + _right(tables, seen)
    found = pd.DataFrame(made, columns=COLUMNS)
    return found.sort_values(["customer", "change"], kind="stable", ignore_index=True)


def _up(tables: Tables, settings: Settings, segment: str, seen: pd.DataFrame) -> list[tuple]:
    table, weight = cells(tables, segment, seen["customer"])
    inside = ~seen["ruled_out"].to_numpy(bool)
    if not weight.sum() > 0 or table.empty:
        return []
    distance = height(table.to_numpy(float), inside, settings.line == "midpoint")
    labels = kaism.of_scope(tables, "attractiveness", segment)["label"].tolist()
    return _rows(
        distance,
        weight / weight.sum(),
        seen["customer"].tolist(),
        inside,
        "attractiveness",
        list(table.columns),
        labels,
    )


def _rows(
    distance: Distance,
    shares: np.ndarray,
    customers: list,
    inside: np.ndarray,
    axis: str,
    factors: list,
    labels: list,
) -> list[tuple]:
    made = []
    for n, (factor, label) in enumerate(zip(factors, labels, strict=True)):
        for row, to in enumerate(crossings(distance, shares, n)):
            if inside[row] and to == to:
                made.append(
                    (
                        customers[row],
                        axis,
                        factor,
                        label,
                        100 * shares[n],
                        100 * to,
                        100 * abs(to - shares[n]),
                    )
                )
    return made


def _right(tables: Tables, seen: pd.DataFrame) -> list[tuple]:
    ours, theirs, weights = kaism.strength_cells(
        tables, seen.loc[~seen["ruled_out"].to_numpy(bool), "customer"]
    )
    margins, subjects = (ours - theirs).to_numpy(float), ours.index.get_level_values("subject")
    made = []
    for customer in dict.fromkeys(subjects):
        rows = np.flatnonzero(subjects == customer)
        weight = weights.to_numpy(float)[rows[0]]
        own = np.flatnonzero(weight > 0)
        if not len(own):
            continue
        listed = kaism.of_scope(tables, "strength", customer).set_index("factor")["label"]
        names = [str(weights.columns[j]) for j in own]
        labels = [str(listed.get(name, name)) for name in names]
        made += _rows(
            _lead(margins[np.ix_(rows, own)]),
            weight[own] / weight[own].sum(),
            [customer],
            np.array([True]),
            "strength",
            names,
            labels,
        )
    return made


def _lead(margins: np.ndarray) -> Distance:
    """How far we are ahead of the best competitor (1 x T) for weights (J x T); NaN where nothing is scored for both."""
    known = ~np.isnan(margins)
    filled = np.where(known, margins, 0.0)

    def distance(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            each = (filled @ weights) / (known.astype(float) @ weights)
        nobody = np.isnan(each).all(axis=0)
        return np.where(nobody, np.nan, np.fmin.reduce(each, axis=0))[None, :]

    return distance


@remembered
def scores(tables: Tables, settings: Settings) -> pd.DataFrame:
    """For each customer and factor the nearest score of ours (steps of a half, 1 to 10) at which its box changes.

    Columns: SCORES; axis is attractiveness (the customer's score) or strength (our score). A change of one
    attractiveness score moves the line with it. Factors that change nothing are left out.
    """
    made: list[tuple] = []
    for segment in kaism.segments(tables, settings):
        seen = kaism.positions(tables, settings, segment)
        seen = seen[~seen["ruled_out"].to_numpy(bool)].reset_index(drop=True)
        made += _up_scores(tables, settings, segment, seen) + _right_scores(tables, seen)
    return pd.DataFrame(made, columns=SCORES).sort_values(
        ["customer", "change"], kind="stable", ignore_index=True
    )


def _up_scores(tables: Tables, settings: Settings, segment: str, seen: pd.DataFrame) -> list[tuple]:
    table, weight = cells(tables, segment, seen["customer"])
    grid, made = table.to_numpy(float), []
    labels = kaism.of_scope(tables, "attractiveness", segment)["label"].tolist()
    known = ~np.isnan(grid) * weight
    counted = max(int((known.sum(axis=1) > 0).sum()), 1)
    own = 1.0 if settings.line == "midpoint" else 1.0 - 1.0 / counted
    d = (seen["y"] - seen["y_line"]).to_numpy(float)
    for i in range(len(grid)):
        for j, (factor, label) in enumerate(zip(table.columns, labels, strict=True)):
            slope = own * known[i, j] / known[i].sum() if known[i].sum() > 0 else 0.0
            to = _needed(grid[i, j], d[i], slope)
            if to == to:
                made.append(
                    (
                        seen["customer"].iloc[i],
                        "attractiveness",
                        factor,
                        label,
                        grid[i, j],
                        to,
                        abs(to - grid[i, j]),
                    )
                )
    return made


def _needed(score: float, distance: float, slope: float) -> float:
    """The nearest score in steps at which `distance + slope * change` is on the other side; NaN where none is."""
    if score != score or distance != distance or slope <= 0:
        return math.nan
    exact = score - distance / slope
    up = distance <= matrix.EQUAL
    whole = exact / STEP
    to = STEP * (math.floor(whole + 1e-7) + 1 if up else math.floor(whole + 1e-7))
    if not up and to >= score:
        to -= STEP
    return to if LOWEST <= to <= HIGHEST else math.nan


def _right_scores(tables: Tables, seen: pd.DataFrame) -> list[tuple]:
    ours, theirs, weights = kaism.strength_cells(tables, seen["customer"])
    subjects, made = ours.index.get_level_values("subject"), []
    us, them, weight = ours.to_numpy(float), theirs.to_numpy(float), weights.to_numpy(float)
    for customer in dict.fromkeys(subjects):
        rows = np.flatnonzero(subjects == customer)
        listed = kaism.of_scope(tables, "strength", customer).set_index("factor")["label"]
        both = ~np.isnan(us[rows] - them[rows]) * weight[rows]
        total = both.sum(axis=1)
        kept = total > 0
        margin = np.where(both > 0, us[rows] - them[rows], 0.0)
        lead = (margin * both).sum(axis=1)[kept] / total[kept]
        for j, name in enumerate(weights.columns):
            slopes = both[kept, j] / total[kept]
            score = us[rows[0], j]
            to = _lead_needed(score, lead, slopes) if len(lead) and weight[rows[0], j] > 0 else math.nan
            if to == to:
                made.append(
                    (customer, "strength", name, str(listed.get(name, name)), score, to, abs(to - score))
                )
    return made


def _lead_needed(score: float, lead: np.ndarray, slopes: np.ndarray) -> float:
    """The nearest score of ours at which the least lead is on the other side of 0; NaN where none is."""
    if score != score:
        return math.nan
    ahead = bool((lead > matrix.EQUAL).all())
    each = [_needed(score, d, s) for d, s in zip(lead, slopes, strict=True)]
    if ahead:  # one competitor in front is enough
        down = [t for t in each if t == t]
        return max(down, default=math.nan)
    behind = [t for t, d in zip(each, lead, strict=True) if d <= matrix.EQUAL]
    return max(behind) if all(t == t for t in behind) else math.nan
