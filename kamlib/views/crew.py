"""The view of the portfolio we can staff: a slider of days, the best set for them, and who looks after whom."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets as W

from kamlib import charts, crew, panels
from kamlib.desk import Desk
from kamlib.models import staffing
from kamlib.views.parts import drawing, figures, hear, panel, slid, stack, zones
from kamlib.views.widgets import Sliders

STEP = 5.0


def portfolio_we_can_staff(desk: Desk) -> W.Box:
    """The best key and key development accounts for the days there are, and what other days would bring."""
    state: dict[str, float | None] = {"days": None}

    def there() -> float:
        known = staffing.days_left(desk.book)
        return max(known, 0.0) if math.isfinite(known) else 0.0

    def days() -> float:
        return there() if state["days"] is None else state["days"]

    def most() -> float:
        takes = staffing.choose(desk.book)["days"].sum()
        return STEP * math.ceil(max(takes, there(), STEP) / STEP)

    def items() -> list[dict[str, Any]]:
        return [{"id": "days", "label": "Days a year for these accounts", "value": days(), "low": 0, "high": most(), "step": STEP,
                 "word": f"{days():,.0f}", "says": f"{days():,.0f} days"}]  # fmt: skip

    def drawn() -> tuple[Any, ...]:
        curve = crew.pictured(desk.book)
        return (curve, days()) if len(curve) else ()

    def words() -> str:
        return panels.fill("title", title=crew.title(desk.book, state["days"]))

    slider = Sliders(items=items(), name="kam-days-")
    head, wrong = panel(desk, words), panel(desk, lambda: crew.problems(desk.book))
    table = panel(desk, lambda: crew.told(desk.book, state["days"]))
    choose = panel(desk, lambda: crew.choice(desk.settings, desk.read_only))
    shown, later = drawing(desk, drawn, lambda curve, there, title="": charts.frontier(curve, there), "frontier",
                           "How much of the benefit so many days a year reach", "There is nobody to choose among yet.")  # fmt: skip

    def renew() -> None:
        slider.items = items()
        later()

    def move(content: dict[str, Any]) -> None:
        value = float(content["value"])
        if not 0 <= value <= most():
            raise ValueError(value)
        state["days"] = value
        renew()
        head.html, table.html = words(), crew.told(desk.book, value)

    desk.on_change(renew)
    slid(slider, desk, move)
    writing = {"by": lambda m: desk.put("settings", key="staff_by", value=str(m["by"]))}
    hear(choose, desk, {} if desk.read_only else writing)
    limits = figures(
        desk,
        {
            "key_limit": "Most key accounts in a segment",
            "key_development_limit": "Most key development accounts in a segment",
        },
    )
    return stack(zones(stack(slider, choose, limits), stack(head, wrong, shown), shape="steer"), table)
