"""Customer distinction: what is different for each category, whence the energy, and what stops.

Source: key account management in financial services, chapter 22.
"""

from kamlib.models.distinction.bases import approaches as approaches
from kamlib.models.distinction.bases import bases as bases
from kamlib.models.distinction.bases import distinction as distinction
from kamlib.models.distinction.bases import rank as rank
from kamlib.models.distinction.bases import refused as refused
from kamlib.models.distinction.energy import energy as energy
from kamlib.models.distinction.energy import flow as flow
from kamlib.models.distinction.energy import missing as missing
from kamlib.models.distinction.energy import moves as moves
from kamlib.models.distinction.energy import reconcile as reconcile
from kamlib.models.distinction.energy import unused as unused
from kamlib.models.distinction.energy import words as words
from kamlib.models.distinction.movers import movers as movers
from kamlib.models.distinction.rules import RULES as RULES
from kamlib.models.distinction.rules import begun as begun
from kamlib.models.distinction.services import services as services
from kamlib.models.distinction.services import services_words as services_words
from kamlib.models.distinction.services import total as total
