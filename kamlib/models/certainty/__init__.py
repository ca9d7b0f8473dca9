"""Certainty: how sure a box is when the weights are not, and what it would take to change it.

Sources: Varsi 1973 and Ali 1973 (the closed form), Lahdelma and Salminen 2001 (acceptability and central weights),
Mareschal 1988 (stability of weights), Howard 1966 (value of information); see the modules.
"""

from kamlib.models.certainty.exact import above, central, ranked
from kamlib.models.certainty.flips import scores as score_flips
from kamlib.models.certainty.flips import weights as weight_flips
from kamlib.models.certainty.opinions import opinions
from kamlib.models.certainty.spots import drawn
from kamlib.models.certainty.spreads import chances
from kamlib.models.certainty.steady import crossings, stability, swings
from kamlib.models.certainty.verdicts import certainty, counts, percent
from kamlib.models.certainty.worth import find_first

__all__ = [
    "above",
    "central",
    "certainty",
    "chances",
    "counts",
    "crossings",
    "drawn",
    "find_first",
    "opinions",
    "percent",
    "ranked",
    "score_flips",
    "stability",
    "swings",
    "weight_flips",
]
