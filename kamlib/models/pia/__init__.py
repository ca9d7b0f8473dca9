"""Positive impact analysis: what would really help a key account, screened, placed, put in order.

Source: key account management in financial services, chapter 26.
"""

from kamlib.models.pia.board import MATRIX as MATRIX
from kamlib.models.pia.board import SCOPE as SCOPE
from kamlib.models.pia.board import drawn as drawn
from kamlib.models.pia.board import factors as factors
from kamlib.models.pia.board import place as place
from kamlib.models.pia.board import unscored as unscored
from kamlib.models.pia.letters import LOCK_IN as LOCK_IN
from kamlib.models.pia.letters import QUESTIONS as QUESTIONS
from kamlib.models.pia.letters import SHEET as SHEET
from kamlib.models.pia.letters import find_out as find_out
from kamlib.models.pia.letters import ideas as ideas
from kamlib.models.pia.letters import lock_in as lock_in
from kamlib.models.pia.letters import order as order
from kamlib.models.pia.letters import parameters as parameters
from kamlib.models.pia.letters import ratings as ratings
from kamlib.models.pia.letters import screening as screening
from kamlib.models.pia.letters import value as value
from kamlib.models.pia.rules import RULES as RULES
from kamlib.models.pia.rules import refused as refused
from kamlib.models.pia.stages import begun as begun
from kamlib.models.pia.stages import chain as chain
from kamlib.models.pia.stages import focus as focus
from kamlib.models.pia.stages import listed as listed
