"""How far a weight may move before a box changes, and what moves one customer how far."""

import numpy as np
import pandas as pd

from kamlib.models import factors, kaism
from kamlib.models.certainty.axes import Axis, attractiveness, labels, stacked, strength
from kamlib.models.certainty.exact import Array
from kamlib.models.certainty.thresholds import sides
from kamlib.models.matrix import EQUAL
from kamlib.models.scoring import HIGHEST, LOWEST, one
from kamlib.workbook.book import Book, model

STABILITY = ["segment", "factor", "label", "share", "low", "high", "first_below", "first_above"]
CROSSINGS = ["segment", "factor", "label", "customer", "name", "box", "share", "at"]
SWINGS = [
    *("segment", "customer", "axis", "kind", "factor", "label", "now", "less", "more"),
    *("crosses", "said"),
]
KINDS = {"weight": "half or twice as important", "score": "scored one lower or higher"}


@model
def stability(book: Book) -> pd.DataFrame:
    """For each attractiveness factor the shares between which nobody in its segment changes box.

    Columns: STABILITY and words (a sentence); share, low and high in % of all weights (the others
    keep their proportions); first_below and first_above: the names of who changes first on each
    side, "" where nobody does.
    """
    table = pd.DataFrame(stacked(book, STABILITY, _stability))
    words = [_sentence(*row) for row in table.iloc[:, 2:].itertuples(index=False, name=None)]
    return table.assign(words=pd.Series(words, dtype=object))


def _stability(book: Book, segment: str) -> list[Array]:
    asked = factors.asked(book, segment)
    names = kaism.positions(book, segment)["name"].to_numpy()
    below, above = sides(book, segment)
    low, high = np.fmax.reduce(below, initial=0.0), np.fmin.reduce(above, initial=1.0)
    first = [
        np.array(
            [" and ".join(names[at][:3]) for at in (np.abs(side - end) < 1e-9).T], dtype=object
        )
        for side, end in ((below, low), (above, high))
    ]
    share = asked.weights / max(asked.weights.sum(), 1e-300)
    about = [np.full(len(low), segment, dtype=object), asked.names, asked.labels]
    return [*about, 100 * share, 100 * low, 100 * high, *first]


def _sentence(label: str, share: float, low: float, high: float, below: str, above: str) -> str:
    """How far a weight may move, in words."""
    if not below and not above:
        return f"{label} could count anything from 0 to 100 %: nobody would change box."
    ends = ((below, low), (above, high))
    ways = ", ".join(f"{name} first changes at {at:.0f} %" for name, at in ends if name)
    return (
        f"{label} counts {share:.0f} %; from {low:.0f} to {high:.0f} % nobody changes box; {ways}."
    )


@model
def crossings(book: Book) -> pd.DataFrame:
    """Every share at which a customer changes box, the nearest on either side of today's.

    Columns: CROSSINGS; share (today) and at in % of the attractiveness weights.
    """
    return pd.DataFrame(stacked(book, CROSSINGS, _crossings))


def _crossings(book: Book, segment: str) -> list[Array]:
    axis, asked = attractiveness(book, segment), factors.asked(book, segment)
    placed = kaism.place(book)
    placed = placed[placed["segment"] == segment]
    at = np.vstack(sides(book, segment))
    row, factor = np.nonzero(~np.isnan(at))
    customers = [np.tile(placed[c].to_numpy(), 2)[row] for c in ("customer", "name", "box")]
    about = [np.full(len(row), segment, dtype=object), asked.names[factor], asked.labels[factor]]
    shares = np.tile(axis.shares, (2, 1))[row, factor], at[row, factor]
    return [*about, *customers, *(100 * share for share in shares)]


@model
def swings(book: Book, customer: str) -> pd.DataFrame:
    """How far one customer stands from each line when one weight, or one score, is another.

    Columns: SWINGS; kind is weight (less: half, more: twice as important) or score (a point lower,
    higher); now, less and more are points above the line (attractiveness) or ahead of the best
    competitor (strength); crosses: one of the two changes its box; said: all that in words. The
    widest come first on each axis.
    """
    table = book["customers"]
    rows: list[tuple[object, ...]] = []
    for segment in table.loc[table["customer"] == customer, "segment"].head(1):
        members = factors.members(book, segment)["customer"]
        row = int(np.flatnonzero(members == customer)[0])
        up, right = attractiveness(book, segment), strength(book, segment)
        words, width = labels(book, segment)[2][row], up.ours.shape[1]
        rows += _swings(up, row, words[:width], (segment, customer, "attractiveness"))
        rows += _swings(right, row, words[width:], (segment, customer, "strength"))
    return pd.DataFrame(rows, columns=SWINGS)


def _swings(axis: Axis, row: int, names: Array, about: tuple[str, ...]) -> list[tuple[object, ...]]:
    """A line for each factor and kind of change of one customer, the widest first."""
    if not axis.counted[row]:
        return []
    lead, share, one_point = axis.lead[row], axis.shares[row], np.array([[-1.0], [1.0]])
    twice = share * (1 + np.array([[[-0.5]], [[1.0]]]) * np.eye(share.size))  # and half
    twice = (twice / twice.sum(axis=-1, keepdims=True)).reshape(-1, share.size)
    step = np.clip(axis.ours[row] + one_point, LOWEST, HIGHEST) - axis.ours[row]
    moved = lead[:, None, None] + axis.slope[row][:, None] * step
    heights = {"weight": axis.leads(row, twice).reshape(2, -1), "score": np.fmin.reduce(moved)}
    now, rows = float(np.fmin.reduce(lead)), []
    for place in np.flatnonzero(axis.factors[row] != ""):
        factor, label = axis.factors[row, place], names[place]
        for kind, words in KINDS.items():
            less, more = heights[kind][:, place].tolist()
            crosses = len({height > EQUAL for height in (now, less, more)}) > 1
            ends = f"{one(min(less, more))} to {one(max(less, more))} (now {one(now)})"
            change, said = (now, less, more, crosses), f"{label} {words}: {ends}"
            line = (*about, kind, factor, label, *change, said)
            if less == less:
                rows.append((abs(more - less), line))
    return [line for _, line in sorted(rows, key=lambda pair: -pair[0])]
