"""Positive impact analysis: what would really help a key account, screened, placed, put in order.

Source: key account management in financial services, chapter 26.
"""

from kamlib.pia.board import MATRIX as MATRIX
from kamlib.pia.board import SCOPE as SCOPE
from kamlib.pia.board import drawn as drawn
from kamlib.pia.board import factors as factors
from kamlib.pia.board import place as place
from kamlib.pia.board import unscored as unscored
from kamlib.pia.letters import LOCK_IN as LOCK_IN
from kamlib.pia.letters import QUESTIONS as QUESTIONS
from kamlib.pia.letters import SHEET as SHEET
from kamlib.pia.letters import find_out as find_out
from kamlib.pia.letters import ideas as ideas
from kamlib.pia.letters import lock_in as lock_in
from kamlib.pia.letters import order as order
from kamlib.pia.letters import parameters as parameters
from kamlib.pia.letters import ratings as ratings
from kamlib.pia.letters import screening as screening
from kamlib.pia.letters import value as value
from kamlib.pia.rules import RULES as RULES
from kamlib.pia.rules import refused as refused
from kamlib.pia.stages import begun as begun
from kamlib.pia.stages import chain as chain
from kamlib.pia.stages import focus as focus
from kamlib.pia.stages import listed as listed
