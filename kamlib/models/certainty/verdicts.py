"""In words first: how sure each box is, and what would change it."""

from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import kaism, portfolio
from kamlib.models.certainty.acceptability import CHANCES, box_chances, leads
from kamlib.models.certainty.axes import attractiveness, stacked, strength
from kamlib.models.certainty.exact import Array
from kamlib.models.certainty.thresholds import CHANGES, score_changes, weight_changes
from kamlib.models.certainty.weights import spread
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

FIRM, LIKELY = 0.9, 0.7
PART = 0.9
COLUMNS = [
    *("segment", "customer", "p_key", "p_key_development", "p_maintenance", "p_opportunistic"),
    *("verdict", "flip_weight", "flip_to", "flip_score", "flip_score_to", "name", "box"),
    *("flip_axis", "flip_from", "flip_score_axis", "flip_score_from", "exact", "error", "words"),
]
NEAREST: dict[str, str | float] = {"label": "", "axis": "", "now": np.nan, "to": np.nan}  # or not
FLIPS = {
    ("flip_weight", "flip_axis", "flip_from", "flip_to"): weight_changes,
    ("flip_score", "flip_score_axis", "flip_score_from", "flip_score_to"): score_changes,
}


@model
def certainty(book: Book) -> pd.DataFrame:
    """How sure the box of each customer is over the weights there could be. Columns: COLUMNS.

    p_...: the chance of each box, 0 to 1 (they add up to 1; NaN where the customer stands nowhere).
    verdict: firm (at least 90 % and nothing unknown could move it), likely (at least 70 %), open.
    flip_weight: the factor whose weight has to move least (from, to: in % of all weights) for
    another box; flip_score: the score that has to change least. exact: closed forms on both axes;
    error: what 95 of 100 shares of draws are within.
    """
    seen, chance = kaism.place(book), stacked(book, CHANCES, box_chances)
    up, right = chance["p_up"], chance["p_right"]
    shares = [up * right, up * (1 - right), (1 - up) * right, (1 - up) * (1 - right)]
    columns = {c: chance[c] for c in ("segment", "customer", "name", "exact", "error")}
    columns |= {c: seen[c].to_numpy() for c in ("box", "status")}
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
    firm = (columns["chance"] >= FIRM) & (columns["status"] == "placed")
    out = (columns["status"] == "ruled_out") & np.isnan(columns["chance"])
    cases, words = [out, firm, columns["chance"] >= LIKELY], ["", "firm", "likely"]
    columns["verdict"] = np.select(cases, words, "open").astype(object)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    told = [_words(dict(zip(columns, row, strict=True))) for row in rows]
    columns["words"] = np.array(told, dtype=object)
    return pd.DataFrame({c: columns[c] for c in COLUMNS})


def _words(row: dict[str, Any]) -> str:
    """One sentence a room understands."""
    name, chance = row["name"] or row["customer"], row["chance"]
    if row["status"] == "ruled_out":
        return f"{name} is ruled out by a must-have, whatever the weights."
    if chance != chance:
        return f"{name} stands nowhere yet: too little of it is scored."
    sure = "whatever the weights"
    if row["flip_weight"] or chance != 1 or not row["exact"]:
        sure = f"for {percent(chance, row['exact'])} of the weights there could be"
    parts = [f"{name} is suggested as {_account(row['box'])} {sure}"]
    ways = []
    if row["flip_weight"]:
        factor = _factor(row["flip_axis"], row["flip_weight"])
        ways.append(f"{factor} {counts(row['flip_from'], row['flip_to'])}")
    if row["flip_score"]:
        factor = _factor(row["flip_score_axis"], row["flip_score"])
        to, now = row["flip_score_to"], row["flip_score_from"]
        ways.append(f"{factor} is scored {to:g} instead of {now:g}")
    if ways:
        parts.append("it changes when " + ", or when ".join(ways))
    if row["status"] == "undetermined":
        parts.append("unknown scores could still move it")
    return "; ".join(parts) + "."


def _account(box: str) -> str:
    word = box.replace("_", " ")
    return f"{'an' if word[0] in 'aeio' else 'a'} {word} account"


def _factor(axis: str, label: str) -> str:
    """Ours is what makes a customer attractive, theirs what it looks for."""
    return f'"{label}"' if axis == "attractiveness" else f'"{label}" to this customer'


def counts(now: float, to: float) -> str:
    """How much a factor has to count, in % of all weights."""
    if to > 99.5:
        return f"alone counts (now {now:.0f} %)"
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
def drawn(book: Book) -> pd.DataFrame:
    """`portfolio.drawn` for a picture: who is not firm is drawn hollow, with its spread.

    y_low, y_high, x_low, x_high are here the distances from each line that nine in ten of the
    weights leave a customer in; status is placed for a firm box and undetermined for another; about
    says it in words. The past is left out.
    """
    points, sure = portfolio.drawn(book), certainty(book)
    ranges = stacked(book, ["y_low", "y_high", "x_low", "x_high"], _ranges)
    for end in ("x_low", "x_high"):
        ranges[end] = np.where(points["no_rival"], 9.0, ranges[end])
    stands = points["status"].isin(["placed", "undetermined"])
    status = np.where(sure["verdict"] == "firm", "placed", "undetermined")
    return points.assign(
        **ranges,
        status=np.where(stands, status, points["status"]),
        about=sure["words"].to_numpy(),
        was_x=np.nan,
        was_y=np.nan,
    )


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
