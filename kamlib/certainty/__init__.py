"""Certainty: how sure a box is when the weights are not, and what it would take to change it.

Sources: Varsi 1973 and Ali 1973 (the closed form), Lahdelma and Salminen 2001 (acceptability and central weights),
Mareschal 1988 (stability of weights); see `exact`.
"""

from kamlib.certainty.exact import above, central, ranked
from kamlib.certainty.spreads import chances
from kamlib.certainty.verdicts import certainty, percent

__all__ = ["above", "central", "certainty", "chances", "percent", "ranked"]
