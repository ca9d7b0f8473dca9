"""Where the ballots differ, whether a box hangs on it, which boxes are too close to call.

Sources: James, Demaree and Wolf 1984 (r_wg), Hayes and Krippendorff 2007 (alpha), Kendall and
Babington Smith 1939 (W); see `accord`.
"""

from kamlib.models.ballots.accord import agreement as agreement
from kamlib.models.ballots.accord import alpha as alpha
from kamlib.models.ballots.accord import concordance as concordance
from kamlib.models.ballots.ballots import votes as votes
from kamlib.models.ballots.bands import BAND as BAND
from kamlib.models.ballots.bands import borderline as borderline
from kamlib.models.ballots.moves import cells as cells
from kamlib.models.ballots.moves import each_vote as each_vote
from kamlib.models.ballots.people import by_function as by_function
from kamlib.models.ballots.people import by_person as by_person
from kamlib.models.ballots.people import views_of as views_of
from kamlib.models.ballots.reveal import as_voted as as_voted
from kamlib.models.ballots.reveal import outcomes as outcomes
from kamlib.models.ballots.reveal import revealed as revealed
from kamlib.models.ballots.reveal import row_of as row_of
from kamlib.models.ballots.reveal import shares as shares
from kamlib.models.ballots.reveal import supposed as supposed
from kamlib.models.ballots.reveal import sureness as sureness
from kamlib.models.ballots.reveal import voices as voices
from kamlib.models.ballots.reveal import weighed as weighed
