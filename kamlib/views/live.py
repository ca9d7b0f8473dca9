"""A live picture: drawn once, then its parameters are pushed to it, which is as fast as a hand's move."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import altair as alt
import ipywidgets as W

from kamlib.desk import Desk
from kamlib.views.widgets import live_chart


def live(
    desk: Desk,
    draw: Callable[[], alt.LayerChart],
    values: Callable[[], dict[str, Any]],
    shape: Callable[[], Hashable],
    pick: Callable[[str], None] | None = None,
) -> tuple[W.Box, Callable[[], None]]:
    """The picture in a box, and what brings it up to date; after every change of the desk that is done.

    `draw()` gives the chart, `values()` its live parameters by name; it is drawn anew only when `shape()`
    is another. Picking a mark (a selection called picked, by id) calls `pick`, or puts that customer in focus.
    """
    box = W.Box()
    box.add_class("kam-chart")
    seen: dict[str, Any] = {}

    def renew() -> None:
        chart = live_chart(draw())
        chart.observe(picked, "_vl_selections")
        seen.update(chart=chart, shape=shape())
        box.children = [chart]

    def picked(_: Any) -> None:
        chosen = seen["chart"].selections.picked.value or []
        ids = [value.get("id") for value in chosen if isinstance(value, dict)]
        if ids and isinstance(ids[0], str):
            with desk.speaking():
                (pick or desk.look_at)(ids[0])
        if chosen:  # forget it, so that a click on the same mark is news after a choice elsewhere
            seen["chart"]._vl_selections = {"picked": {"value": {}, "store": []}}

    def update() -> None:
        if shape() != seen["shape"]:
            renew()
        chart = seen["chart"]
        with chart.hold_sync():
            for name, value in values().items():
                setattr(chart.params, name, value)

    renew()
    desk.on_change(update, first=True)
    return box, update
