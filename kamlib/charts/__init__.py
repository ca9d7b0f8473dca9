"""Charts: a table in, an Altair chart out; nothing is drawn that is not named here."""

from __future__ import annotations

from kamlib.charts.boxes import matrix, rooms, scene
from kamlib.charts.certain import strips, tornado
from kamlib.charts.contacts import bow_tie, contact_map, snail
from kamlib.charts.elements import change, failure, health, skills
from kamlib.charts.energy import energy, presents
from kamlib.charts.frontier import frontier
from kamlib.charts.groups import profile, support
from kamlib.charts.heat import heat
from kamlib.charts.market import market_map, opportunity
from kamlib.charts.paper import alike, picture, png, svg, titled
from kamlib.charts.plans import chain, timetable
from kamlib.charts.positions import culture, positions
from kamlib.charts.profit import (
    capacity,
    discount,
    flows,
    future,
    programme,
    retention,
    serving,
    spiral,
)
from kamlib.charts.quadrants import quadrants
from kamlib.charts.trend import hockey_stick
from kamlib.charts.whale import whale, whale_scene, whale_shape

__all__ = [
    "alike",
    "bow_tie",
    "capacity",
    "chain",
    "change",
    "contact_map",
    "culture",
    "discount",
    "energy",
    "failure",
    "flows",
    "frontier",
    "future",
    "health",
    "heat",
    "hockey_stick",
    "market_map",
    "matrix",
    "opportunity",
    "picture",
    "png",
    "positions",
    "presents",
    "profile",
    "programme",
    "quadrants",
    "retention",
    "rooms",
    "scene",
    "serving",
    "skills",
    "snail",
    "spiral",
    "strips",
    "support",
    "svg",
    "timetable",
    "titled",
    "tornado",
    "whale",
    "whale_scene",
    "whale_shape",
]
