"""Step 4: the market map, every point a product passes on its way, what is there and what is ours."""

from __future__ import annotations

from kamlib.market.places import layout
from kamlib.market.points import figure, find_out, market_map, routes, shares
from kamlib.market.rules import TABLES, problems, refused, worse

__all__ = [
    "TABLES",
    "figure",
    "find_out",
    "layout",
    "market_map",
    "problems",
    "refused",
    "routes",
    "shares",
    "worse",
]
