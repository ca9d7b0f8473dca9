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
    today = int(np.searchsorted(at, now))
    here = side[:, [today]]
    other = (side != here) & (side >= 0) & (here >= 0)
    spots = np.arange(len(at))
    below = np.where(other & (spots < today), spots, -1).max(axis=1)
    above = np.where(other & (spots > today), spots, len(at)).min(axis=1)
    rows = np.concatenate([np.flatnonzero(below >= 0), np.flatnonzero(above < len(at))])
    ends = np.concatenate([below[below >= 0], above[above < len(at)]])
    beyond, near = at[ends].copy(), at[np.where(ends < today, ends + 1, ends - 1)].copy()
    wanted, alone = side[rows, ends], np.arange(len(rows))
    for _ in range(HALVINGS if len(rows) else 0):
        middle = (beyond + near) / 2
        hit = _side(distance(moved(shares, factor, middle))[rows, alone]) == wanted
        beyond, near = np.where(hit, middle, beyond), np.where(hit, near, middle)
    found = np.full(len(side), np.nan)
    for row, to in zip(rows, beyond, strict=True):
        if not abs(found[row] - now) <= abs(to - now):
            found[row] = to
    return found


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
    """In closed form: that we lead every competitor holds on one stretch of the share of a factor."""
    ours, theirs, weights = kaism.strength_cells(
        tables, seen.loc[~seen["ruled_out"].to_numpy(bool), "customer"]
    )
    margins, weight = (ours - theirs).to_numpy(float), weights.to_numpy(float)
    scored = ((weight > 0) & ~np.isnan(margins)).any(axis=1)
    margins, weight = np.nan_to_num(margins[scored]), weight[scored]
    subjects = ours.index.get_level_values("subject")[scored]
    customers = list(dict.fromkeys(subjects))
    if not customers:
        return []
    of = np.array([customers.index(c) for c in subjects])
    share = weight / weight.sum(axis=1, keepdims=True)
    labels = (
        tables["factors"]
        .loc[tables["factors"]["model"] == "strength"]
        .set_index(["scope", "factor"])["label"]
        .to_dict()
    )
    made = []
    for f, name in enumerate(weights.columns):
        low, high, never = _stretch(margins, share, f, of, len(customers))
        first = np.array([int(np.flatnonzero(of == n)[0]) for n in range(len(customers))])
        for n, row in enumerate(first):
            now = share[row, f]
            to = _end(now, low[n], high[n], bool(never[n])) if weight[row, f] > 0 else math.nan
            if to == to:
                label = labels.get((customers[n], name)) or name
                made.append((customers[n], "strength", name, label, 100 * now, 100 * to, 100 * abs(to - now)))
    return made


def _stretch(
    margins: np.ndarray, share: np.ndarray, factor: int, of: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Between which shares of a factor we lead every competitor: low and high for each customer, and never."""
    own, held = share[:, factor], share > 0
    rest = 1.0 - own
    others = held & (np.arange(share.shape[1]) != factor)
    even = others / np.maximum(others.sum(axis=1, keepdims=True), 1)
    kept = np.where(
        (rest > 1e-12)[:, None], np.where(others, share, 0.0) / np.maximum(rest, 1e-12)[:, None], even
    )
    start = (margins * kept).sum(axis=1)
    slope = margins[:, factor] - start
    flat = np.abs(slope) <= matrix.EQUAL
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = -start / slope
    low, high, never = np.zeros(count), np.ones(count), np.zeros(count, dtype=bool)
    np.maximum.at(low, of, np.where(~flat & (slope > 0), zero, 0.0))
    np.minimum.at(high, of, np.where(~flat & (slope < 0), zero, 1.0))
    np.logical_or.at(never, of, flat & (start <= matrix.EQUAL))
    return low, high, never | (low > 1) | (high < 0) | (high - low <= matrix.EQUAL)


def _end(now: float, low: float, high: float, never: bool) -> float:
    """The nearest end of the stretch in which we lead, seen from today's share; NaN where there is none."""
    if never:
        return math.nan
    if now <= low + matrix.EQUAL and low > 0:
        return low
    if now >= high - matrix.EQUAL and high < 1:
        return high
    ends = [end for end, there in ((low, low > 0), (high, high < 1)) if there]
    return min(ends, key=lambda end: abs(end - now), default=math.nan)


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
