"""The portfolio we can staff: which accounts are worth the days and people there are.

Sources: Salo, Keisler and Morton 2011 (portfolios under limited means), Liesio, Mild and Salo 2007
(the core index: the share of the good portfolios that hold an account).
"""

from kamlib.models.staffing.candidates import days_left
from kamlib.models.staffing.choice import choose, frontier
from kamlib.models.staffing.sentences import for_days, problems, summary

__all__ = ["choose", "days_left", "for_days", "frontier", "problems", "summary"]
