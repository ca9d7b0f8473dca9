"""Positive impact analysis: what would really help a key account, screened, placed and put in order.

Source: key account management in financial services, chapter 26.
"""

from kamlib.pia.board import MATRIX, SCOPE, drawn, factors, place, unscored
from kamlib.pia.letters import (
    LOCK_IN,
    QUESTIONS,
    SHEET,
    find_out,
    ideas,
    lock_in,
    order,
    parameters,
    ratings,
    screening,
    value,
)
from kamlib.pia.rules import RULES, refused
from kamlib.pia.stages import begun, chain, focus, listed

__all__ = [
    "LOCK_IN", "MATRIX", "QUESTIONS", "RULES", "SCOPE", "SHEET", "begun", "chain", "drawn", "factors", "find_out", "focus",
    "ideas", "listed", "lock_in", "order", "parameters", "place", "ratings", "refused", "screening", "unscored", "value",
]  # fmt: skip
