"""Disagreement that matters: where the ballots differ, whether a box hangs on it, which boxes are too close to call.

Sources: James, Demaree and Wolf 1984 (r_wg), Hayes and Krippendorff 2007 (alpha), Kendall and Babington Smith 1939
(W); see `accord`.
"""

from kamlib.disagreement.accord import agreement, alpha, concordance
from kamlib.disagreement.ballots import votes
from kamlib.disagreement.bands import borderline
from kamlib.disagreement.moves import cells
from kamlib.disagreement.people import by_function, by_person, views_of

__all__ = [
    "agreement", "alpha", "borderline", "by_function", "by_person", "cells", "concordance", "views_of", "votes",
]  # fmt: skip
