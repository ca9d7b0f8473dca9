"""Step 4: the market map, every point a product passes on its way, what is there and is ours."""

from kamlib.models.market.places import layout as layout
from kamlib.models.market.points import figure as figure
from kamlib.models.market.points import find_out as find_out
from kamlib.models.market.points import market_map as market_map
from kamlib.models.market.points import routes as routes
from kamlib.models.market.points import shares as shares
from kamlib.models.market.rules import TABLES as TABLES
from kamlib.models.market.rules import problems as problems
from kamlib.models.market.rules import refused as refused
from kamlib.models.market.rules import worse as worse
