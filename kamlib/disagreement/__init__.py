"""Where the ballots differ, whether a box hangs on it, which boxes are too close to call.

Sources: James, Demaree and Wolf 1984 (r_wg), Hayes and Krippendorff 2007 (alpha), Kendall and
Babington Smith 1939 (W); see `accord`.
"""

from kamlib.disagreement.accord import agreement as agreement
from kamlib.disagreement.accord import alpha as alpha
from kamlib.disagreement.accord import concordance as concordance
from kamlib.disagreement.ballots import votes as votes
from kamlib.disagreement.bands import borderline as borderline
from kamlib.disagreement.moves import cells as cells
from kamlib.disagreement.people import by_function as by_function
from kamlib.disagreement.people import by_person as by_person
from kamlib.disagreement.people import views_of as views_of
