"""Positive impact analysis: what would really help a key account, screened, placed and put in order.

Source: key account management in financial services, chapter 26.
"""

from kamlib.pia.board import MATRIX, SCOPE, drawn, factors, place, unscored
from kamlib.pia.chain import begun, chain, focus, listed
from kamlib.pia.rules import RULES, refused
from kamlib.pia.screening import LOCK_IN, QUESTIONS, find_out, lock_in, order, parameters, screening, value

__all__ = [
    "LOCK_IN", "MATRIX", "QUESTIONS", "RULES", "SCOPE", "begun", "chain", "drawn", "factors", "find_out", "focus", "listed",
    "lock_in", "order", "parameters", "place", "refused", "screening", "unscored", "value",
]  # fmt: skip
