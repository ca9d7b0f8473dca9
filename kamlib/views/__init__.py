"""The views of steps 1 to 5: what people see and touch."""

from __future__ import annotations

from kamlib.views.market import balance, market, purpose
from kamlib.views.segments import assign, discover, segments
from kamlib.views.sheets import exercises, sheet
from kamlib.views.staff import capacity, team

__all__ = [
    "assign",
    "balance",
    "capacity",
    "discover",
    "exercises",
    "market",
    "purpose",
    "segments",
    "sheet",
    "team",
]
