"""Certainty: how sure a box is when the weights are not, and what it would take to change it.

Sources: Varsi 1973 and Ali 1973 (the closed form), Lahdelma and Salminen 2001 (acceptability and
central weights), Mareschal 1988 (stability of weights), Howard 1966 (value of information).
"""

from kamlib.models.certainty.acceptability import chances, opinions
from kamlib.models.certainty.exact import above, central, ranked
from kamlib.models.certainty.information import find_first, outcomes
from kamlib.models.certainty.stability import crossings, stability, swings
from kamlib.models.certainty.thresholds import score_flips, weight_flips
from kamlib.models.certainty.weightings import counts, over_weights, percent, ranges

__all__ = ["above", "central", "chances", "counts", "crossings", "find_first", "opinions"]
__all__ += ["outcomes", "over_weights", "percent", "ranges", "ranked", "score_flips", "stability"]
__all__ += ["swings", "weight_flips"]
