"""The views of how sure we are: everybody's verdict, and what one box hangs on."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from kamlib import charts, panels, sureness
from kamlib.desk import Desk
from kamlib.models import certainty
from kamlib.views.parts import figures, hear, panel, picture, stack, zones
from kamlib.views.widgets import Panel


def sure(desk: Desk) -> W.Box:
    """Firm, likely or open: every customer in a sentence, and the one in focus explained."""
    choice = panel(desk, lambda: sureness.spread_choice(desk.settings, desk.read_only))
    listed = panel(desk, lambda: sureness.everybody(desk.book, _focus(desk)))

    writing = {
        "known": lambda m: desk.put("settings", key="weights_known", value=str(m["known"])),
        "sure": lambda m: desk.put("settings", key="sure", value=str(m["sure"])),
    }
    hear(choice, desk, {} if desk.read_only else writing)
    hear(listed, desk, {"choose": lambda m: desk.look_at(str(m["customer"]))})
    off = figures(desk, {"score_error": "Every score may be off by, in points"})
    return zones(stack(listed), stack(_card(desk), choice, off), shape="two")


def _card(desk: Desk) -> Panel:
    made = panel(desk, lambda: sureness.card(desk.book, _focus(desk)))
    hear(made, desk, {"choose": lambda m: desk.look_at(str(m["value"]))})
    return made


def _focus(desk: Desk) -> str:
    return sureness.focus(desk.book, desk.customer)


def takes(desk: Desk) -> W.Box:
    """What one customer's place hangs on, and how far each weight can move before anybody changes box."""

    def swings() -> tuple[Any, ...]:
        found = certainty.swings(desk.book, _focus(desk))
        return (found,) if len(found) else ()

    def weights() -> tuple[Any, ...]:
        found = certainty.stability(desk.book)
        return (found, sureness.crossings(desk.book)) if len(found) else ()

    def about() -> str:
        return sureness.tornado_title(desk.book, _focus(desk))

    def steadiness() -> str:
        return sureness.steady_title(desk.book)

    one = picture(desk, swings, charts.tornado, "what-it-hangs-on", "How far one customer stands from the lines when one thing is different",
                  "Score the customer first.", about)  # fmt: skip
    all_ = picture(desk, weights, charts.strips, "steady-weights", "How far each weight can move before anybody changes box",
                   "There are no weights yet.", steadiness)  # fmt: skip
    heads = [panel(desk, lambda: panels.fill("title", title=about())),
             panel(desk, lambda: panels.fill("title", title=steadiness()))]  # fmt: skip
    told = panel(desk, lambda: sureness.steady(desk.book))
    return zones(stack(heads[0], one), stack(heads[1], all_, told), shape="half")
