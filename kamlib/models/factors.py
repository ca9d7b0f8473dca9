"""What is asked of the customers of a segment and what was answered, as bare numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.models import scoring
from kamlib.workbook.book import Book, model

KEYS = {
    "factors": ("model", "scope", "factor", "label"),
    "scores": ("model", "subject", "factor", "supplier"),
}


def of_scope(book: Book, model: str, scope: str) -> pd.DataFrame:
    """The factors of a model for one scope (a segment, or for strength a customer)."""
    factors = book["factors"]
    own = factors.iloc[_scopes(book).get((model, scope), [])].reset_index(drop=True)
    return own.assign(label=own["label"].where(own["label"] != "", own["factor"]))


@model
def _scopes(book: Book) -> dict[tuple[str, str], list[int]]:
    """The lines of the table of factors for each model and scope."""
    lines: dict[tuple[str, str], list[int]] = {}
    listed = keys(book, "factors")
    for line, key in enumerate(zip(listed["model"], listed["scope"], strict=True)):
        lines.setdefault(key, []).append(line)
    return lines


@model
def keys(book: Book, table: str) -> dict[str, np.ndarray]:
    """What each line of the table of factors or of scores is about: columns KEYS.

    These stay the same while figures beside them change, and so does all that is made of them.
    """
    return {c: book[table][c].to_numpy(object) for c in KEYS[table]}


def of_model(book: Book, model: str, table: str, column: str) -> np.ndarray:
    """A column of `keys`, None in the lines of other models."""
    lines = keys(book, table)
    known = lines[column].copy()
    known[lines["model"] != model] = None
    return known


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
    table, lines = book["factors"], _scopes(book).get(("attractiveness", segment), [])
    weights, musts = (table[c].to_numpy(float)[lines] for c in ("weight", "must_have_min"))
    return Asked(*named(book, segment), np.where(np.isnan(weights), 1.0, weights), musts)


@model
def named(book: Book, segment: str) -> tuple[np.ndarray, np.ndarray]:
    """The ids and the labels of the attractiveness factors of a segment."""
    listed, lines = keys(book, "factors"), _scopes(book).get(("attractiveness", segment), [])
    names, labels = listed["factor"][lines], listed["label"][lines]
    return names, np.where(labels != "", labels, names)


@model
def members(book: Book, segment: str) -> pd.DataFrame:
    """The customers of a segment, with what a picture of them needs."""
    table = book["customers"]
    about = ["segment", "customer", "name", "revenue", "profit"]
    return table.loc[table["segment"] == segment, about].reset_index(drop=True)


@model
def grid(book: Book, segment: str) -> np.ndarray:
    """The attractiveness scores of a segment, customers x factors, NaN for unknown."""
    return scoring.filled(_places(book, segment), book["scores"]["score"].to_numpy(float))


@model
def _places(book: Book, segment: str) -> scoring.Places:
    """The lines of the scores that make the grid of a segment, and where they go."""
    names, customers = named(book, segment)[0], members(book, segment)["customer"]
    subjects = of_model(book, "attractiveness", "scores", "subject")
    return scoring.places(subjects, keys(book, "scores")["factor"], customers, names)
