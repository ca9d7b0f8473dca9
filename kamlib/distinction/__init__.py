"""Customer distinction: what is different for each category, whence the energy, and what stops.

Source: key account management in financial services, chapter 22.
"""

from kamlib.distinction.bases import approaches as approaches
from kamlib.distinction.bases import bases as bases
from kamlib.distinction.bases import distinction as distinction
from kamlib.distinction.bases import rank as rank
from kamlib.distinction.bases import refused as refused
from kamlib.distinction.energy import energy as energy
from kamlib.distinction.energy import flow as flow
from kamlib.distinction.energy import missing as missing
from kamlib.distinction.energy import moves as moves
from kamlib.distinction.energy import reconcile as reconcile
from kamlib.distinction.energy import unused as unused
from kamlib.distinction.energy import words as words
from kamlib.distinction.movers import movers as movers
from kamlib.distinction.rules import RULES as RULES
from kamlib.distinction.rules import begun as begun
from kamlib.distinction.services import services as services
from kamlib.distinction.services import services_words as services_words
from kamlib.distinction.services import total as total
