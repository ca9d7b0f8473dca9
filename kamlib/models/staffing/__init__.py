"""The portfolio we can staff: which key and key development accounts are worth the days and people there are.

Sources: Salo, Keisler and Morton 2011 (portfolios under limited means), Liesio, Mild and Salo 2007 (the core
index: the share of the good portfolios that hold an account).
"""

from kamlib.models.staffing.choice import choose, days_left, frontier
from kamlib.models.staffing.telling import problems, summary

__all__ = ["choose", "days_left", "frontier", "problems", "summary"]
