"""Customer distinction: what is different for each category, where the energy for it comes from, and what stops.

Source: key account management in financial services, chapter 22.
"""

from kamlib.distinction.bases import approaches, bases, distinction, rank, refused
from kamlib.distinction.energy import energy, flow, missing, moves, reconcile, unused, words
from kamlib.distinction.movers import movers
from kamlib.distinction.rules import RULES, begun
from kamlib.distinction.services import services, services_words, total

__all__ = [
    "RULES", "approaches", "bases", "begun", "distinction", "energy", "flow", "missing", "movers", "moves",
    "rank", "reconcile", "refused", "services", "services_words", "total", "unused", "words",
]  # fmt: skip
