"""Scenarios: the workbook as it would be, or as it was in an earlier round, and whom that moves.

A scenario is a list of changes to weights, must-haves and scores. The tables of a scenario are new
tables; every model takes them as it takes the workbook's own.
"""

from kamlib.scenarios.applying import applied as applied
from kamlib.scenarios.comparing import compare as compare
from kamlib.scenarios.comparing import overview as overview
from kamlib.scenarios.differences import moves as moves
from kamlib.scenarios.differences import why as why
from kamlib.scenarios.keeping import equal_weights as equal_weights
from kamlib.scenarios.keeping import keep_changes as keep_changes
from kamlib.scenarios.keeping import keep_round as keep_round
