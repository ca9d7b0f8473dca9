"""How likely each box is over the weights there could be, and what would give another one."""

import numpy as np
import pandas as pd

from kamlib.models import kaism
from kamlib.models.certainty.acceptability import CHANCES, box_chances, leads
from kamlib.models.certainty.axes import attractiveness, stacked, strength
from kamlib.models.certainty.exact import Array
from kamlib.models.certainty.thresholds import CHANGES, score_changes, weight_changes
from kamlib.models.certainty.weights import spread
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

PART = 0.9
RANGES = ["y_low", "y_high", "x_low", "x_high"]
COLUMNS = [
    *("segment", "customer", "p_key", "p_key_development", "p_maintenance", "p_opportunistic"),
    *("flip_weight", "flip_to", "flip_score", "flip_score_to", "name", "box"),
    *("flip_axis", "flip_from", "flip_score_axis", "flip_score_from", "exact", "error", "chance"),
    "change",
]
NEAREST: dict[str, str | float] = {"label": "", "axis": "", "now": np.nan, "to": np.nan}  # or not
FLIPS = {
    ("flip_weight", "flip_axis", "flip_from", "flip_to"): weight_changes,
    ("flip_score", "flip_score_axis", "flip_score_from", "flip_score_to"): score_changes,
}


@model
def over_weights(book: Book) -> pd.DataFrame:
    """How likely each box is over the weights there could be, a row a customer. Columns: COLUMNS.

    p_...: the chance of each box, 0 to 1 (they add up to 1; NaN where the customer stands nowhere);
    chance: that of its own. flip_weight: the factor whose weight has to move least (from, to: in %
    of all weights) for another box; flip_score: the score that has to change least; change says
    both in a sentence. exact: closed forms on both axes; error: what 95 of 100 shares of draws are
    within.
    """
    seen, chance = kaism.place(book), stacked(book, CHANCES, box_chances)
    up, right = chance["p_up"], chance["p_right"]
    shares = [up * right, up * (1 - right), (1 - up) * right, (1 - up) * (1 - right)]
    columns = {c: chance[c] for c in ("segment", "customer", "name", "exact", "error")}
    columns |= {"box": seen["box"].to_numpy()}
    columns |= {f"p_{box}": share for box, share in zip(BOXES, shares, strict=True)}
    for names, changes in FLIPS.items():
        flips = stacked(book, CHANGES, changes)
        who = flips["customer"]
        first = np.flatnonzero(np.append(True, who[1:] != who[:-1])[: len(who)])
        places = dict(zip(who[first], first, strict=True))
        nearest = [places.get(customer, -1) for customer in columns["customer"]]
        for name, (part, nothing) in zip(names, NEAREST.items(), strict=True):
            columns[name] = np.append(flips[part], nothing)[nearest]
    columns["chance"] = np.select([columns["box"] == box for box in BOXES], shares, np.nan)
    ends = zip(*(columns[name].tolist() for names in FLIPS for name in names), strict=True)
    columns["change"] = np.array([_change(*end) for end in ends], dtype=object)
    return pd.DataFrame({c: columns[c] for c in COLUMNS})


def _change(
    weight: str, axis: str, was: float, to: float, score: str, of: str, now: float, then: float
) -> str:
    """What would give another box, the nearest weight and the nearest score; "" where nothing."""
    ways = [f"{_factor(axis, weight)} {counts(was, to)}"] if weight else []
    ways += [f"{_factor(of, score)} is scored {then:g} instead of {now:g}"] if score else []
    return f"It changes when {', or when '.join(ways)}." if ways else ""


def _factor(axis: str, label: str) -> str:
    """Ours is what makes a customer attractive, theirs what it looks for."""
    return f'"{label}"' if axis == "attractiveness" else f'"{label}" to this customer'


def counts(now: float, to: float) -> str:
    """How much a factor has to count, in % of all weights."""
    if to > 99.5:
        return f"is the only factor that counts (now {now:.0f} %)"
    if to < 0.5:
        return f"does not count at all (now {now:.0f} %)"
    return f"counts {'more' if to > now else 'less'} than {to:.0f} % (now {now:.0f} %)"


def percent(chance: float, sure: bool) -> str:
    """99.6 % is not 100 %, and all draws are not all weights."""
    shown = round(100 * chance)
    if shown == 100 and not (sure and chance == 1):
        return "more than 99 %"
    return "less than 1 %" if shown == 0 and not (sure and chance == 0) else f"{shown} %"


@model
def ranges(book: Book) -> pd.DataFrame:
    """Between which distances from each line nine in ten of the weights leave a customer."""
    return pd.DataFrame(stacked(book, RANGES, _ranges))


def _ranges(book: Book, segment: str) -> list[Array]:
    """Between what most heights and leads of each customer are, over a sample of the weights."""
    axis = attractiveness(book, segment)
    ends = np.full((2, len(axis.ours)), np.nan)
    if axis.counted.any():
        ends = _most(axis.heights(spread(book.settings).drawn(axis.weights[0])))
    return [*ends, *_lead_ranges(book, segment)]


@model
def _lead_ranges(book: Book, segment: str) -> Array:
    """Between what most leads of each customer are (2 x n)."""
    axis = strength(book, segment)
    ends, there = np.full((2, len(axis.ours)), np.nan), np.flatnonzero(axis.counted)
    for rows, lead in leads(axis.margins[there], axis.weights[there], spread(book.settings)):
        ends[:, there[rows]] = _most(lead)
    return ends


def _most(values: Array) -> Array:
    """Between what nine in ten of each row (n x D) are: 2 x n."""
    cut = int((1 - PART) / 2 * values.shape[1])
    return np.sort(values, axis=1)[:, [cut, -1 - cut]].T
