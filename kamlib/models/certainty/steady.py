"""How far a weight can move before anybody changes box, and what halving or doubling it does to one customer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism, matrix
from kamlib.models.certainty import flips
from kamlib.models.certainty.rivals import rivals
from kamlib.models.certainty.spreads import cells
from kamlib.models.scoring import one
from kamlib.workbook.book import Book, model

COLUMNS = [
    "segment",
    "factor",
    "label",
    "share",
    "low",
    "high",
    "first_below",
    "first_above",
    "words",
]
CROSSINGS = ["segment", "factor", "label", "customer", "name", "box", "share", "at"]
SWINGS = [
    "segment",
    "customer",
    "axis",
    "kind",
    "factor",
    "label",
    "now",
    "less",
    "more",
    "crosses",
    "said",
]


@model
def stability(book: Book) -> pd.DataFrame:
    """For each attractiveness factor the shares between which no customer of its segment changes box.

    Columns: COLUMNS; share, low and high in % of all weights (the others keep their proportions); first_below and
    first_above: the names of who changes first on each side, "" where nobody does.
    """
    rows = []
    for segment in kaism.segments(book):
        table, _, labels = cells(book, segment)
        share, below, above = flips.sides(book, segment)
        names = kaism.positions(book, segment)["name"].to_numpy()
        for j, (factor, label) in enumerate(zip(table.columns, labels, strict=True)):
            low, first = _limit(below[:, j], names, np.nanargmax, 0.0)
            high, last = _limit(above[:, j], names, np.nanargmin, 1.0)
            rows.append(
                (segment, factor, label, 100 * share[j], 100 * low, 100 * high, first, last)
            )
    made = pd.DataFrame(rows, columns=COLUMNS[:-1])
    words = [_steady(*row) for row in made.iloc[:, 2:].itertuples(index=False, name=None)]
    return made.assign(words=pd.Series(words, dtype=object))


def _limit(sides: np.ndarray, names: np.ndarray, best: object, end: float) -> tuple[float, str]:
    if np.isnan(sides).all():
        return end, ""
    at = int(best(sides))  # type: ignore[operator]
    return float(sides[at]), " and ".join(names[np.abs(sides - sides[at]) < 1e-9][:3])


def _steady(label: str, share: float, low: float, high: float, below: str, above: str) -> str:
    """One sentence: how far this weight may move."""
    if not below and not above:
        return f"{label} could count anything from 0 to 100 %: nobody would change box."
    ways = [
        f"{name} first changes at {at:.0f} %" for name, at in ((below, low), (above, high)) if name
    ]
    return f"{label} counts {share:.0f} %; from {low:.0f} to {high:.0f} % nobody changes box; {', '.join(ways)}."


@model
def crossings(book: Book) -> pd.DataFrame:
    """Every share (at, in %) of an attractiveness factor at which a customer changes box, the nearest on either side."""
    parts = []
    for segment in kaism.segments(book):
        table, _, labels = cells(book, segment)
        share, *sides = flips.sides(book, segment)
        placed = kaism.place(book).set_index("customer")
        for side in sides:
            row, column = np.nonzero(~np.isnan(side))
            customer = table.index.to_numpy()[row]
            parts.append(
                pd.DataFrame(
                    {
                        "segment": segment,
                        "factor": table.columns.to_numpy()[column],
                        "label": labels[column],
                        "customer": customer,
                        "name": placed.loc[customer, "name"].to_numpy(),
                        "box": placed.loc[customer, "box"].to_numpy(),
                        "share": 100 * share[column],
                        "at": 100 * side[row, column],
                    }
                )
            )
    made = [part for part in parts if len(part)]
    return (
        pd.concat(made, ignore_index=True)[CROSSINGS] if made else pd.DataFrame(columns=CROSSINGS)
    )


@model
def swings(book: Book, customer: str) -> pd.DataFrame:
    """How far one customer stands from each line when one weight is halved or doubled, or one score a point lower or higher.

    Columns: SWINGS; now, less and more are points above the line (attractiveness) or ahead of the best competitor
    (strength); crosses: one of the two changes its box. The widest come first on each axis.
    """
    table = book["customers"]
    segment = "".join(table.loc[table["customer"] == customer, "segment"].head(1))
    rows = []
    if segment:
        rows = [*_up(book, segment, customer), *_right(book, segment, customer)]
    made = pd.DataFrame(rows, columns=SWINGS[:-2])
    sides = made[["now", "less", "more"]].astype(float)
    there = (sides > matrix.EQUAL).to_numpy()
    made["crosses"] = (there[:, 0] != there[:, 1]) | (there[:, 0] != there[:, 2])
    made["said"] = [
        f"{label} {'half or twice as important' if kind == 'weight' else 'scored one lower or higher'}: "
        f"{one(min(less, more))} to {one(max(less, more))} (now {one(now)})"
        for kind, label, now, less, more in zip(
            made["kind"], made["label"], *(sides[c] for c in sides), strict=True
        )
    ]
    wide = (sides["more"] - sides["less"]).abs()
    order = np.lexsort([-wide, made["axis"] == "strength"])
    return made.iloc[order].reset_index(drop=True)


def _heights(
    grid: np.ndarray, weights: np.ndarray, inside: np.ndarray, midpoint: bool
) -> np.ndarray:
    """How far each row stands above the line with these weights."""
    known = ~np.isnan(grid) * weights
    with np.errstate(divide="ignore", invalid="ignore"):
        y = (np.nan_to_num(grid) * known).sum(axis=1) / known.sum(axis=1)
    return y - (matrix.MIDPOINT if midpoint else np.nanmean(np.where(inside, y, np.nan)))


def _up(book: Book, segment: str, customer: str) -> list[tuple]:
    table, weights, labels = cells(book, segment)
    seen = kaism.positions(book, segment)
    row = seen.index[seen["customer"] == customer][0]
    if np.isnan(seen.at[row, "y"]) or seen.at[row, "ruled_out"] or not weights.sum() > 0:
        return []
    grid, inside = table.to_numpy(float), ~seen["ruled_out"].to_numpy(bool)
    midpoint = book.settings.line == "midpoint"
    now, made = _heights(grid, weights, inside, midpoint)[row], []
    for j, (factor, label) in enumerate(zip(table.columns, labels, strict=True)):
        sides = []
        for times in (0.5, 2.0):
            other = weights.copy()
            other[j] *= times
            sides.append(_heights(grid, other, inside, midpoint)[row])
        made.append((segment, customer, "attractiveness", "weight", factor, label, now, *sides))
        if grid[row, j] == grid[row, j]:
            sides = []
            for step in (-1.0, 1.0):
                cells_ = grid.copy()
                cells_[row, j] = np.clip(grid[row, j] + step, 1, 10)
                sides.append(_heights(cells_, weights, inside, midpoint)[row])
            made.append((segment, customer, "attractiveness", "score", factor, label, now, *sides))
    return made


def _right(book: Book, segment: str, customer: str) -> list[tuple]:
    block = rivals(book, [customer])
    if not block.customers or not block.there.any():
        return []
    weights, ours = block.weights[0], block.ours[0]
    margins, both = block.margins[0][block.there[0]], block.both[0][block.there[0]]
    labels = flips.named(book, block)[0]

    def lead(weight: np.ndarray, apart: np.ndarray) -> float:
        counted = both * weight
        return float(
            ((apart * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1e-300)).min()
        )

    now, made = lead(weights, margins), []
    for j in np.flatnonzero(weights > 0):
        about = (segment, customer, "strength")
        twice = [
            np.where(np.arange(len(weights)) == j, weights * times, weights) for times in (0.5, 2.0)
        ]
        made.append(
            (
                *about,
                "weight",
                block.factors[0, j],
                labels[j],
                now,
                *(lead(w, margins) for w in twice),
            )
        )
        if ours[j] == ours[j]:
            steps = [np.clip(ours[j] + step, 1, 10) - ours[j] for step in (-1.0, 1.0)]
            moved = [
                margins + np.where(np.arange(len(weights)) == j, step, 0.0) * both for step in steps
            ]
            made.append(
                (
                    *about,
                    "score",
                    block.factors[0, j],
                    labels[j],
                    now,
                    *(lead(weights, m) for m in moved),
                )
            )
    return made
