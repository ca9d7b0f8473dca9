"""What is asked of the customers of a segment, and what was answered: factors, must-haves and scores as bare numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib import scoring
from kamlib.memory import remembered_of
from kamlib.tables import Tables


def of_scope(tables: Tables, model: str, scope: str) -> pd.DataFrame:
    """The factors of a model for one scope (a segment, or for strength a customer)."""
    factors = tables["factors"]
    own = factors.iloc[_scopes(tables).get((model, scope), [])]
    return own.assign(label=own["label"].where(own["label"] != "", own["factor"])).reset_index(drop=True)


@remembered_of("factors")
def _scopes(tables: Tables) -> dict[tuple[str, str], list[int]]:
    """The lines of the table of factors for each model and scope."""
    found: dict[tuple[str, str], list[int]] = {}
    factors = tables["factors"]
    for line, key in enumerate(zip(factors["model"], factors["scope"], strict=True)):
        found.setdefault(key, []).append(line)
    return found


@dataclass(frozen=True, eq=False)
class Asked:
    """What a segment asks of a customer: its attractiveness factors with labels, weights and must-haves."""

    names: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    musts: np.ndarray


@remembered_of("factors")
def asked(tables: Tables, segment: str) -> Asked:
    """The attractiveness factors of a segment; an empty weight counts 1, no must-have is NaN."""
    own = of_scope(tables, "attractiveness", segment)
    return Asked(own["factor"].to_numpy(object), own["label"].to_numpy(object), own["weight"].fillna(1.0).to_numpy(float),
                 own["must_have_min"].to_numpy(float))  # fmt: skip


@remembered_of("customers")
def members(tables: Tables, segment: str) -> pd.DataFrame:
    """The customers of a segment, with what a picture of them needs."""
    table = tables["customers"]
    about = ["segment", "customer", "name", "revenue", "profit"]
    return table.loc[table["segment"] == segment, about].reset_index(drop=True)


@remembered_of("scores", "factors", "customers")
def grid(tables: Tables, segment: str) -> np.ndarray:
    """The attractiveness scores of a segment, customers x factors, NaN for unknown."""
    part, customers = tables["scores"], members(tables, segment)["customer"]
    own = part["model"].to_numpy() == "attractiveness"
    columns = (part[c].to_numpy()[own] for c in ("subject", "factor", "score"))
    return scoring.cells(columns, customers, asked(tables, segment).names)
