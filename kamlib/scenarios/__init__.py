"""Scenarios: the workbook as it would be, or as it was in an earlier round, and whom that moves.

A scenario is a list of changes to weights, must-haves and scores. The tables of a scenario are new
tables; every model takes them as it takes the workbook's own.
"""

from kamlib.scenarios.applying import applied
from kamlib.scenarios.comparing import compare, overview
from kamlib.scenarios.differences import moves, why
from kamlib.scenarios.keeping import equal_weights, keep_changes, keep_round

__all__ = ["applied", "compare", "equal_weights", "keep_changes", "keep_round", "moves", "overview", "why"]
