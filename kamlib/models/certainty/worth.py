"""What to find out first: how much surer each unknown score, once known, would make the box of its customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamlib.models import kaism, matrix
from kamlib.models.certainty import draws
from kamlib.models.certainty.spreads import cells
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES, US

LEVELS = np.arange(
    1.0, 10.25, 0.5
)  # what an unknown score can turn out to be, each as likely as the others
MOST = 512  # so many ways for the other unknown scores are looked at
COLUMNS = [
    "segment",
    "customer",
    "name",
    "model",
    "factor",
    "label",
    "supplier",
    "worth",
    "sure_now",
    "sure_then",
    "together",
    "box",
    "words",
]
Cell = tuple[str, str, str]  # model, factor, supplier


@dataclass
class Side:
    """One axis of one customer: its unknown cells, and the chance of each outcome for each level of each of them.

    base: the outcomes (K) when nothing more is known; given: by cell, levels x K.
    """

    base: np.ndarray
    given: dict[Cell, np.ndarray] = field(default_factory=dict)


@model
def find_first(book: Book) -> pd.DataFrame:
    """Every unknown score, the one that would clear up most first. Columns: COLUMNS.

    With the team's weights, and every unknown score anything from 1 to 10: sure_now is the chance of the likeliest
    box (0..1), sure_then the same once this score is known, on average; worth = sure_then - sure_now (value of
    information, Howard 1966); together: how much nearer to one box it brings the chances even where it settles none
    by itself (gain of their sum of squares). The line takes the other customers' unknown scores at their middle. A customer
    without any competitor has one line that asks who else there is (factor `who_else`).
    """
    listed = kaism.unknowns(book)
    keys = ["customer", "model", "factor", "supplier"]
    rows = []
    for segment in kaism.segments(book):
        open_cells = listed[listed["segment"] == segment]
        if len(open_cells):
            rows += list(_of_segment(book, segment, set(open_cells["customer"])))
    found = pd.DataFrame(rows, columns=[*keys, "worth", "sure_now", "sure_then", "together", "box"])
    made = listed[["segment", "customer", "name", "model", "factor", "label", "supplier"]].merge(
        found, "left", keys
    )
    more = {c: made[c].fillna(0.0).round(9) for c in ("worth", "together")}
    made = made.assign(**more, box=made["box"].fillna(""))
    made = made.sort_values(
        ["worth", "together"], ascending=False, kind="stable", ignore_index=True
    )
    return made.assign(words=pd.Series([_words(r) for r in made.to_dict("records")], dtype=object))[
        COLUMNS
    ]


def _words(row: dict) -> str:
    name = row["name"] or row["customer"]
    if row["worth"] > 0.005:
        return f"We are {100 * row['sure_now']:.0f} % sure where {name} stands; with this, {100 * row['sure_then']:.0f} %."
    if row["together"] > 0.005:
        return (
            f"Settles nothing about {name} by itself, but together with its other unknown scores."
        )
    return f"Changes nothing about {name}, whatever it turns out to be."


def _of_segment(book: Book, segment: str, asked: set[str]) -> Iterator[tuple]:
    seen = kaism.positions(book, segment)
    table, weights, _ = cells(book, segment)
    ups, rights = _Ups(book, segment, table, weights), _Rights(book, seen)
    outs = dict(zip(seen["customer"], seen["ruled_out"], strict=True))
    for row, customer in enumerate(table.index):
        if customer not in asked or outs[customer]:
            continue
        up, right = ups.side(row), rights.side(customer)
        now = _boxes(up.base, right.base)
        box = _outcome(now)
        for cell, given in up.given.items():
            yield (
                customer,
                *cell,
                *_gain(now, [_boxes(level, right.base) for level in given]),
                box,
            )
        for cell, given in right.given.items():
            yield (customer, *cell, *_gain(now, [_boxes(up.base, level) for level in given]), box)


def _gain(now: np.ndarray, then: list[np.ndarray]) -> tuple[float, float, float, float]:
    """Worth, the chance of the likeliest box now and then, and the gain of the sum of squares."""
    before, after = float(now.max()), float(np.mean([boxes.max() for boxes in then]))
    squares = float(np.mean([(boxes**2).sum() for boxes in then]) - (now**2).sum())
    return max(after - before, 0.0), before, max(after, before), max(squares, 0.0)


def _boxes(up: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The chances of the four boxes and of none: up is (above, below, out), right is (right, left)."""
    high, low, out = up
    return np.array([high * right[0], high * right[1], low * right[0], low * right[1], out])


def _outcome(chances: np.ndarray) -> str:
    return [*BOXES, ""][int(chances.argmax())]


def _fillings(count: int) -> np.ndarray:
    """Ways in which so many unknown scores can turn out, spread evenly: ways x count."""
    if not count:
        return np.zeros((1, 0))
    if count <= 2:
        return np.stack(np.meshgrid(*[LEVELS] * count, indexing="ij"), axis=-1).reshape(-1, count)
    steps = draws.steps(count)
    spots = np.arange(1, MOST + 1)[:, None] * steps
    return LEVELS[((spots - np.floor(spots)) * len(LEVELS)).astype(int)]


class _Ups:
    """The vertical axis of a segment: how each customer's own unknown scores decide between above, below and out."""

    def __init__(self, book: Book, segment: str, table: pd.DataFrame, weights: np.ndarray) -> None:
        factors = kaism.of_scope(book, "attractiveness", segment)
        self.names, self.grid = table.columns.to_list(), table.to_numpy(float)
        self.shares = weights / max(weights.sum(), 1e-300)
        seen = kaism.positions(book, segment)
        waived = kaism.waivers(book)
        must = factors["must_have_min"].to_numpy(float)
        self.must = np.array(
            [
                [
                    np.nan if (c, f) in waived or (c, "") in waived else m
                    for f, m in zip(self.names, must, strict=True)
                ]
                for c in table.index
            ]
        ).reshape(self.grid.shape)
        inside = ~seen["ruled_out"].to_numpy(bool)
        middle = (
            np.where(np.isnan(self.grid), (LEVELS[0] + LEVELS[-1]) / 2, self.grid) @ self.shares
        )
        self.midpoint, self.count, self.total = (
            book.settings.line == "midpoint",
            int(inside.sum()),
            middle[inside].sum(),
        )
        self.middle = middle

    def side(self, row: int) -> Side:
        own, must = self.grid[row], self.must[row]
        unknown = np.flatnonzero(np.isnan(own) & ((self.shares > 0) | ~np.isnan(must)))
        filling = _fillings(len(unknown))
        base = np.nan_to_num(own) @ self.shares
        asked = must[unknown]

        def chances(ways: np.ndarray) -> np.ndarray:
            y = base + ways @ self.shares[unknown]
            if self.midpoint:
                above = y - matrix.MIDPOINT
            else:
                above = y - (self.total - self.middle[row] + y) / self.count
            out = (ways < asked).any(axis=1)
            up = (above > matrix.EQUAL) & ~out
            return np.array([up.mean(), (~up & ~out).mean(), out.mean()])

        given = {}
        for n, j in enumerate(unknown):
            levels = []
            for level in LEVELS:
                ways = filling.copy()
                ways[:, n] = level
                levels.append(chances(ways))
            given["attractiveness", self.names[j], ""] = np.array(levels)
        return Side(_mean(given, chances(filling)), given)


def _mean(given: dict[Cell, np.ndarray], plain: np.ndarray) -> np.ndarray:
    """The chances when nothing more is known: the mean over the levels of any one cell is the same."""
    return np.mean([levels.mean(axis=0) for levels in given.values()], axis=0) if given else plain


class _Rights:
    """The horizontal axis of a segment: how each customer's unknown scores decide whether we lead every competitor."""

    def __init__(self, book: Book, seen: pd.DataFrame) -> None:
        ours, theirs, weights = kaism.strength_cells(book, tuple(seen["customer"]))
        self.names, index = weights.columns.to_numpy(object), ours.index
        self.ours, self.theirs, self.weights = (
            part.to_numpy(float) for part in (ours, theirs, weights)
        )
        self.suppliers = index.get_level_values("supplier").to_numpy(object)
        self.rows = {
            c: list(rows)
            for c, rows in index.to_frame(index=False).groupby("subject").indices.items()
        }
        self.alone = dict(zip(seen["customer"], seen["no_rival"], strict=True))

    def side(self, customer: str) -> Side:
        if self.alone[customer]:
            return Side(np.array([1.0, 0.0]))
        rows = self.rows.get(customer, [])
        if not rows or not (self.weights[rows[0]] > 0).any():
            known = np.array([[1.0, 0.0], [0.0, 1.0]])  # who it is settles it, one way or the other
            return Side(np.array([0.5, 0.5]), {("strength", kaism.WHO_ELSE, ""): known})
        held = self.weights[rows[0]] > 0
        share = self.weights[rows[0]][held] / self.weights[rows[0]].sum()
        return _lead(
            self.ours[rows[0], held],
            self.theirs[rows][:, held],
            share,
            self.names[held],
            self.suppliers[rows],
        )


def _lead(
    us: np.ndarray, them: np.ndarray, share: np.ndarray, names: np.ndarray, suppliers: np.ndarray
) -> Side:
    """Ahead of every competitor, or not: our scores (J), theirs (R x J), the shares of the weights (J)."""
    spots: list[Cell] = [("strength", names[j], US) for j in np.flatnonzero(np.isnan(us))]
    slopes = [np.full(len(them), share[j]) for j in np.flatnonzero(np.isnan(us))]
    for r, j in zip(*np.nonzero(np.isnan(them)), strict=True):
        spots.append(("strength", names[j], suppliers[r]))
        slopes.append(np.where(np.arange(len(them)) == r, -share[j], 0.0))
    base = np.nan_to_num(us) @ share - np.nan_to_num(them) @ share
    slope = np.array(slopes).reshape(len(spots), len(them))
    filling = _fillings(len(spots))

    def chances(ways: np.ndarray) -> np.ndarray:
        lead = (base + ways @ slope).min(axis=1) > matrix.EQUAL
        return np.array([lead.mean(), 1 - lead.mean()])

    given = {}
    for n, cell in enumerate(spots):
        levels = []
        for level in LEVELS:
            ways = filling.copy()
            ways[:, n] = level
            levels.append(chances(ways))
        given[cell] = np.array(levels)
    return Side(_mean(given, chances(filling)), given)
