"""What is asked of the customers of a segment and what was answered, as bare numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.models import scoring
from kamlib.workbook.book import Book, model


def of_scope(book: Book, model: str, scope: str) -> pd.DataFrame:
    """The factors of a model for one scope (a segment, or for strength a customer)."""
    factors = book["factors"]
    own = factors.iloc[_scopes(book).get((model, scope), [])].reset_index(drop=True)
    return own.assign(label=own["label"].where(own["label"] != "", own["factor"]))


@model
def _scopes(book: Book) -> dict[tuple[str, str], list[int]]:
    """The lines of the table of factors for each model and scope."""
    found: dict[tuple[str, str], list[int]] = {}
    factors = book["factors"]
    for line, key in enumerate(zip(factors["model"], factors["scope"], strict=True)):
        found.setdefault(key, []).append(line)
    return found


@dataclass(frozen=True, eq=False)
class Asked:
    """The attractiveness factors of a segment with their labels, weights and must-haves."""

    names: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    musts: np.ndarray


@model
def asked(book: Book, segment: str) -> Asked:
    """The attractiveness factors of a segment; an empty weight counts 1, no must-have is NaN."""
    own = of_scope(book, "attractiveness", segment)
    return Asked(
        own["factor"].to_numpy(object),
        own["label"].to_numpy(object),
        own["weight"].fillna(1.0).to_numpy(float),
        own["must_have_min"].to_numpy(float),
    )


@model
def members(book: Book, segment: str) -> pd.DataFrame:
    """The customers of a segment, with what a picture of them needs."""
    table = book["customers"]
    about = ["segment", "customer", "name", "revenue", "profit"]
    return table.loc[table["segment"] == segment, about].reset_index(drop=True)


@model
def grid(book: Book, segment: str) -> np.ndarray:
    """The attractiveness scores of a segment, customers x factors, NaN for unknown."""
    scores = book["scores"]
    scores = scores[scores["model"] == "attractiveness"]
    names = asked(book, segment).names
    return scoring.wide(scores, members(book, segment)["customer"], names).to_numpy()
