"""Scenarios: the workbook as it would be, or as it was in an earlier round, and whom that moves.

A scenario is a list of changes to weights, must-haves and scores. The tables of a scenario are new
tables; every model takes them as it takes the workbook's own.
"""

from kamlib.models.scenarios.applying import applied as applied
from kamlib.models.scenarios.comparing import compare as compare
from kamlib.models.scenarios.comparing import overview as overview
from kamlib.models.scenarios.differences import moves as moves
from kamlib.models.scenarios.differences import why as why
from kamlib.models.scenarios.keeping import equal_weights as equal_weights
from kamlib.models.scenarios.keeping import keep_changes as keep_changes
from kamlib.models.scenarios.keeping import keep_round as keep_round
from kamlib.models.scenarios.keeping import of_round as of_round
