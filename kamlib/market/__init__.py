"""Step 4: the market map, every point a product passes on its way, what is there and is ours."""

from kamlib.market.places import layout as layout
from kamlib.market.points import figure as figure
from kamlib.market.points import find_out as find_out
from kamlib.market.points import market_map as market_map
from kamlib.market.points import routes as routes
from kamlib.market.points import shares as shares
from kamlib.market.rules import TABLES as TABLES
from kamlib.market.rules import problems as problems
from kamlib.market.rules import refused as refused
from kamlib.market.rules import worse as worse
