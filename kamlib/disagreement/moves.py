"""Whether a box hangs on a disagreement: each cell with the box its customer would have by the outermost votes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism, matrix, scoring
from kamlib.disagreement.ballots import KEY, grid, keys_of, summary, votes
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import US, Tables

OUT = "out"
CELLS = [
    "segment", "customer", "name", "model", "factor", "label", "supplier", "votes", "mean", "spread", "lowest", "highest", "agreed",
    "r_wg", "could_change", "box_low", "box_high", "who_low", "who_high", "words",
]  # fmt: skip


@remembered
def cells(tables: Tables, settings: Settings) -> pd.DataFrame:
    """One row for each cell with ballots: how far they are apart, and whether a box hangs on it. Columns: CELLS.

    votes: how many; mean, spread (standard deviation of a sample), lowest and highest of them; agreed: what the
    team agreed; r_wg: 1 when all say the same, 0 when they are as far apart as dice (spread and r_wg NaN for one
    vote); box_low, box_high: the box of the customer if the lowest, or the highest, were agreed and all else stayed
    ("" where it then stands nowhere); could_change (yes, no): one of the votes, taken as agreed, would give the
    customer another box than today or rule it out. A customer only ever climbs as the score of one cell rises (or
    falls, for a competitor's), so the two outermost votes speak for all. who_low, who_high: who says so, parted by
    commas.
    """
    table = summary(tables, settings)
    scores = tables["scores"]
    agreed = dict(
        zip(reversed(keys_of(scores)), scores["score"].tolist()[::-1], strict=True)
    )  # of two the first counts
    keys = zip(*(table[c].tolist() for c in KEY), strict=True)
    states = np.full((3, len(table)), "", dtype=object)  # today, with the lowest, with the highest
    for segment in table["segment"].unique():
        own = np.flatnonzero(table["segment"] == segment)
        states[:, own] = _states(tables, settings, segment, table.iloc[own])
    box = np.where(states == OUT, "", states)
    changes = ((box != box[0]) | ((states == OUT) & (states[0] != OUT))).any(axis=0)
    table = table.assign(
        agreed=np.array([agreed.get(key, np.nan) for key in keys], float),
        could_change=np.where(changes, "yes", "no").astype(object), box_low=box[1], box_high=box[2],
    )  # fmt: skip
    told = pd.DataFrame(_told(votes(tables, settings), table, states), table.index, range(3), dtype=object)
    return table.assign(who_low=told[0], who_high=told[1], words=told[2])[CELLS]


def _states(tables: Tables, settings: Settings, segment: str, table: pd.DataFrame) -> np.ndarray:
    """The box of each cell's customer ("" nowhere, OUT ruled out): today, with the lowest, with the highest vote."""
    seen = kaism.positions(tables, settings, segment)
    count = len(table)
    at = np.tile(pd.Index(seen["customer"]).get_indexer(table["customer"]), 3)
    value = np.r_[np.full(count, np.nan), table["lowest"], table["highest"]]
    strong, factor, supplier = (
        np.tile(table[c].to_numpy(object), 3) for c in ("model", "factor", "supplier")
    )
    strong = strong == "strength"
    now = seen.iloc[at]
    gap, x = np.array(now["y"] - now["y_line"], float), np.array(now["x"], float)
    out, beside = np.array(now["ruled_out"], bool), np.array(now["no_rival"], bool)
    voted = np.arange(len(at)) >= count
    up, right = np.flatnonzero(voted & ~strong), np.flatnonzero(voted & strong)
    if len(up):
        gap[up], out[up] = _up(tables, settings, seen, at[up], factor[up], value[up])
    if len(right):
        x[right] = _right(tables, seen["customer"], at[right], factor[right], supplier[right], value[right])
    beside[right] &= supplier[right] == US  # a score of a competitor says that there is one
    box = matrix.names(kaism.MATRIX, gap > matrix.EQUAL, beside | (x > matrix.EQUAL)).astype(object)
    box[np.isnan(gap) | (np.isnan(x) & ~beside)] = ""
    return np.where(out, OUT, box).reshape(3, -1)


def _up(
    tables: Tables, settings: Settings, seen: pd.DataFrame, at: np.ndarray, factor: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Distance from the line, and ruled out, of customer at[k] if its score for factor[k] were value[k]."""
    table, factors = grid(tables, seen["segment"].iloc[0], seen["customer"])
    rows = table.to_numpy(float)[at]
    rows[np.arange(len(at)), table.columns.get_indexer(factor)] = value
    off = kaism.waivers(tables)
    asked = [[(c, f) not in off and (c, "") not in off for f in table.columns] for c in table.index]
    fails = rows < factors["must_have_min"].to_numpy(float)
    out = (fails & np.array(asked, bool)[at]).any(axis=1)
    made = scoring.weighted(pd.DataFrame(rows, columns=table.columns), scoring.weights_of(factors))
    y = made["score"].to_numpy(float)
    if settings.line == "midpoint":
        return y - matrix.MIDPOINT, out
    height = seen["y"].to_numpy(float)
    inside = ~seen["ruled_out"].to_numpy(bool) & ~np.isnan(height)
    line = np.full(len(at), np.nan)
    for i in np.unique(at):  # the mean moves with the customer; added up in the order `kaism` adds up
        members, own = inside.copy(), at == i
        members[i] = True
        block = np.tile(height[members], (own.sum(), 1))
        block[:, members[:i].sum()] = y[own]
        line[own] = block.mean(axis=1).round(scoring.DIGITS)
    return y - line, out


def _right(
    tables: Tables, customers: pd.Series, at: np.ndarray, factor: np.ndarray, supplier: np.ndarray, value: np.ndarray
) -> np.ndarray:  # fmt: skip
    """The least margin of customer at[k] if the score of supplier[k] for factor[k] were value[k]."""
    ours, theirs, weights = _with_empty(tables, customers, at, factor, supplier)
    us, them, weight = (frame.to_numpy(float) for frame in (ours, theirs, weights))
    ahead = us - them
    both = np.where(np.isnan(ahead), 0.0, weight)
    points, known = (both * np.nan_to_num(ahead)).sum(axis=1), both.sum(axis=1)
    of = pd.Index(customers).get_indexer(ours.index.get_level_values("subject"))
    pairs, first = np.bincount(of, minlength=len(customers)), np.zeros(len(customers), int)
    first[of[::-1]] = np.arange(len(of))[::-1]  # the pairs of a customer stand side by side
    each = pairs[at]
    vote = np.repeat(np.arange(len(at)), each)  # from here on an entry for each vote and competitor
    pair = first[at][vote] + np.arange(len(vote)) - np.repeat(np.cumsum(each) - each, each)
    column = weights.columns.get_indexer(factor)[vote]
    rival = ours.index.get_level_values("supplier").to_numpy(object)[pair]
    left = np.where(supplier[vote] == US, value[vote], us[pair, column])
    now = left - np.where(supplier[vote] == rival, value[vote], them[pair, column])
    was, w = ahead[pair, column], weight[pair, column]
    more = w * (np.nan_to_num(now) - np.nan_to_num(was))
    counted = known[pair] + w * (~np.isnan(now) & np.isnan(was))
    x = np.full(len(at), np.nan)
    np.fmin.at(x, vote, scoring.share(points[pair] + more, counted))
    return x


def _with_empty(
    tables: Tables, customers: pd.Series, at: np.ndarray, factor: np.ndarray, supplier: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """`kaism.strength_cells` with a row also for a competitor that nobody but a ballot speaks of."""
    table = tables["scores"]
    voted = {
        "model": "strength",
        "subject": customers.to_numpy(object)[at],
        "factor": factor,
        "supplier": supplier,
    }
    empty = pd.DataFrame(voted).assign(score=np.nan)
    scores = pd.concat([table[empty.columns], empty], ignore_index=True)  # of two the first counts
    return kaism.strength_cells(tables | {"scores": scores}, customers)


def _told(said: pd.DataFrame, table: pd.DataFrame, states: np.ndarray) -> list[tuple[str, str, str]]:
    """who_low, who_high and words of each cell."""
    who, function, score = (said[c].tolist() for c in ("who", "function", "score"))
    full = [f"{w} ({f})" if f else w for w, f in zip(who, function, strict=True)]
    columns = (table[c].tolist() for c in ("name", "first", "end", "lowest", "highest"))
    rows = []
    for name, first, end, low, high, state in zip(*columns, states.T.tolist(), strict=True):
        lows = [i for i in range(first, end) if score[i] == low]
        highs = [i for i in range(first, end) if score[i] == high]
        says = [(low, [full[i] for i in lows], state[1])]
        if low < high:
            says.append((high, [full[i] for i in highs], state[2]))
        words = f"{', '.join(_says(*each) for each in says)}; {_follows(name, state[0], says)}."
        rows.append((", ".join(who[i] for i in lows), ", ".join(who[i] for i in highs), words))
    return rows


def _says(score: float, people: list[str], _: str) -> str:
    """Petra (Finance) says 4; Petra (Finance) and Tom (Sales) say 4; Petra (Finance) and 2 others say 4."""
    if len(people) == 1:
        return f"{people[0]} says {score:g}"
    return f"{people[0]} and {people[1] if len(people) == 2 else f'{len(people) - 1} others'} say {score:g}"


def _follows(name: str, today: str, says: list[tuple[float, list[str], str]]) -> str:
    """With a 4 Beta would be a maintenance account, with an 8 a key account."""
    moves = [
        (f"with {'an' if score // 1 == 8 else 'a'} {score:g}", to) for score, _, to in says if to != today
    ]
    if not moves:
        return f"{name} stays {_standing(today)} {'either way' if len(says) > 1 else 'with it'}"
    (first, to), *more = moves
    return ", ".join([f"{first} {name} would be {_standing(to)}", *(f"{w} {_standing(s)}" for w, s in more)])


def _standing(state: str) -> str:
    if state in ("", OUT):
        return "ruled out by a must-have" if state else "without a box"
    word = state.replace("_", " ")
    return f"{'an' if word[0] in 'aeio' else 'a'} {word} account"
