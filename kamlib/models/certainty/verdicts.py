"""In words first: how sure each box is, and what would change it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import kaism
from kamlib.models.certainty import flips
from kamlib.models.certainty.spreads import chances
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

FIRM, LIKELY = 0.9, 0.7
COLUMNS = [
    "segment",
    "customer",
    "p_key",
    "p_key_development",
    "p_maintenance",
    "p_opportunistic",
    "verdict",
    "flip_weight",
    "flip_to",
    "flip_score",
    "flip_score_to",
    "name",
    "box",
    "flip_axis",
    "flip_from",
    "flip_score_axis",
    "flip_score_from",
    "exact",
    "error",
    "words",
]


@model
def certainty(book: Book) -> pd.DataFrame:
    """How sure the box of each customer is over the weights there could be. Columns: COLUMNS.

    p_...: the chance of each box, 0 to 1 (they add up to 1; NaN where the customer stands nowhere). verdict: firm
    (at least 90 % and nothing unknown could move it), likely (at least 70 %), open. flip_weight: the factor whose
    weight has to move least (from, to: in % of all weights) for another box; flip_score: the score that has to
    change least. exact: closed forms on both axes; error: what 95 of 100 shares of draws are within.
    """
    seen, chance = kaism.place(book), chances(book)
    up, right = chance["p_up"].to_numpy(float), chance["p_right"].to_numpy(float)
    columns: dict[str, Any] = {
        c: seen[c].to_numpy() for c in ("segment", "customer", "name", "box", "status")
    }
    columns |= {
        "p_key": up * right,
        "p_key_development": up * (1 - right),
        "p_maintenance": (1 - up) * right,
        "p_opportunistic": (1 - up) * (1 - right),
        "exact": chance["exact"].to_numpy(bool),
        "error": chance["error"].to_numpy(float),
    }
    listed = kaism.segments(book)
    for name, factor, to, find in (
        ("flip", "flip_weight", "flip_to", flips.by_weight),
        ("flip_score", "flip_score", "flip_score_to", flips.by_score),
    ):
        near = [find(book, segment).nearest() for segment in listed]
        for column, part in (
            (factor, "label"),
            (to, "to"),
            (f"{name}_axis", "axis"),
            (f"{name}_from", "now"),
        ):
            columns[column] = np.concatenate([n[part] for n in near]) if near else np.zeros(0)
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*(c.tolist() for c in columns.values()), strict=True)
    ]
    columns |= {"verdict": [_verdict(r) for r in rows], "words": [_words(r) for r in rows]}
    return pd.DataFrame({c: columns[c] for c in COLUMNS})


def _chance(row: dict[str, Any]) -> float:
    """The chance of the box the customer stands in; NaN where it stands in none."""
    return float(row[f"p_{row['box']}"]) if row["box"] in BOXES else float("nan")


def _verdict(row: dict[str, Any]) -> str:
    chance = _chance(row)
    if chance != chance:
        return "" if row["status"] == "ruled_out" else "open"
    if chance >= FIRM and row["status"] == "placed":
        return "firm"
    return "likely" if chance >= LIKELY else "open"


def _account(box: str) -> str:
    word = box.replace("_", " ")
    return f"{'an' if word[0] in 'aeio' else 'a'} {word} account"


def _words(row: dict[str, Any]) -> str:
    """One sentence a room understands."""
    name, chance = row["name"] or row["customer"], _chance(row)
    if row["status"] == "ruled_out":
        return f"{name} is ruled out by a must-have, whatever the weights."
    if chance != chance:
        return f"{name} stands nowhere yet: too little of it is scored."
    if not row["flip_weight"] and chance == 1 and row["exact"]:
        parts = [f"{name} is suggested as {_account(row['box'])} whatever the weights"]
    else:
        parts = [
            f"{name} is suggested as {_account(row['box'])} for {percent(chance, row['exact'])} of the weights there could be"
        ]
    ways = []
    if row["flip_weight"]:
        ways.append(
            f"{_axis(row['flip_axis'], row['flip_weight'])} {counts(row['flip_from'], row['flip_to'])}"
        )
    if row["flip_score"]:
        ways.append(
            f"{_axis(row['flip_score_axis'], row['flip_score'])} is scored {row['flip_score_to']:g} instead of {row['flip_score_from']:g}"
        )
    if ways:
        parts.append("it changes when " + ", or when ".join(ways))
    if row["status"] == "undetermined":
        parts.append("unknown scores could still move it")
    return "; ".join(parts) + "."


def counts(now: float, to: float) -> str:
    """How much a factor has to count, in % of all weights."""
    if to > 99.5:
        return f"alone counts (now {now:.0f} %)"
    if to < 0.5:
        return f"does not count at all (now {now:.0f} %)"
    return f"counts {'more' if to > now else 'less'} than {to:.0f} % (now {now:.0f} %)"


def _axis(axis: str, label: str) -> str:
    """A factor in words: ours is what makes a customer attractive, theirs what it looks for."""
    return f'"{label}"' if axis == "attractiveness" else f'"{label}" to this customer'


def percent(chance: float, sure: bool) -> str:
    """99.6 % is not 100 %, and all draws are not all weights."""
    shown = round(100 * chance)
    if shown == 100 and not (sure and chance == 1):
        return "more than 99 %"
    return "less than 1 %" if shown == 0 and not (sure and chance == 0) else f"{shown} %"
