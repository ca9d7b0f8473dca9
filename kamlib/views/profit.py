"""The views of who really pays: discounts, the overhead spiral, and the whale curve with a rise in price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import charts, earnings, panels
from kamlib.desk import Desk
from kamlib.models import profitability
from kamlib.views.live import live
from kamlib.views.parts import download, drawing, figures, hear, panel, slid, stack, zones
from kamlib.views.widgets import Panel, Sliders

MOST_OFF, STEP = 30.0, 0.5


def _slider(id: str, label: str, value: float, low: float, high: float, step: float) -> dict[str, Any]:
    return {"id": id, "label": label, "value": value, "low": low, "high": high, "step": step, "word": f"{value:g} %",
            "says": f"{value:g} percent"}  # fmt: skip


def sliders(
    desk: Desk, said: dict[str, float], shown: Mapping[str, tuple[str, float, float, float]], renew: Any
) -> Sliders:
    """Percentages to move: name -> label, low, high, step. `said` holds them; `renew()` shows what follows."""

    def items() -> list[dict[str, Any]]:
        return [_slider(name, label, said[name], *limits) for name, (label, *limits) in shown.items()]

    made = Sliders(items=items(), name="kam-what-if-")

    def move(content: dict[str, Any]) -> None:
        _, low, high, _ = shown[content["id"]]
        value = float(content["value"])
        if not low <= value <= high:
            raise ValueError(content["value"])
        said[content["id"]] = value
        renew()
        made.items = items()

    slid(made, desk, move)
    return made


def discount(desk: Desk) -> W.Box:
    """What a discount asks for in volume, and what a rise in price may cost, at the team's own margin."""
    own, source = profitability.margin(desk.book)
    start = own if own == own else 25.0
    said = {"margin": start, "off": 5.0}
    start_words = f"our margin, {source}" if own == own else f"an example; {source}"

    def words() -> str:
        source = start_words if said["margin"] == start else ""
        return earnings.discount(said["margin"], said["off"], source)

    told = panel(desk, words, follow=False)

    def renew() -> None:
        told.html = words()
        later()

    def drawn() -> tuple[Any, ...]:
        return said["margin"], said["off"]

    shown, later = drawing(
        desk,
        drawn,
        charts.discount,
        "discount",
        "Extra volume by discount",
        "",
        lambda: earnings.discount_title(said["margin"], said["off"]),
    )
    limits = {
        "margin": ("Our gross margin, of the price", min(1, start), max(90, start), STEP),
        "off": ("Discount, of the price", 0, MOST_OFF, STEP),
    }
    moved = sliders(desk, said, limits, renew)
    table = panel(desk, lambda: earnings.discount_table(desk.book))
    left = stack(moved, figures(desk, {"margin_pct": "Keep as our margin, %"}))
    return stack(zones(left, stack(shown), told, shape="three"), table)


def spiral(desk: Desk) -> W.Box:
    """The overhead spiral with the example or the team's own customers, beside the contribution view."""
    chosen = {"own": desk.settings.overheads is not None}

    def words() -> str:
        return earnings.spiral(desk.book, chosen["own"])

    def choice() -> str:
        return panels.fill("spiral_choice", own=chosen["own"])

    told, choose = panel(desk, words), panel(desk, choice, follow=False)

    def drawn() -> tuple[Any, ...]:
        rows, _ = earnings.played(desk.book, chosen["own"])
        return (rows,) if len(rows) else ()

    shown, later = drawing(desk, drawn, charts.spiral, "spiral", "The overhead spiral, round by round",
                           "No customer's gross profit is known yet.",
                           lambda: earnings.played(desk.book, chosen["own"])[1])  # fmt: skip

    def switch(content: dict[str, Any]) -> None:
        chosen["own"] = content["whose"] == "own"
        told.html, choose.html = words(), choice()
        later()

    hear(choose, desk, {"spiral": switch})
    money = desk.settings.currency
    given = figures(
        desk,
        {
            "overheads": f"Overheads a year, {money}",
            "overhead_saved": f"Saved of them when one customer goes, {money}",
        },
    )
    return zones(stack(choose, shown, given), told, shape="half")


def whale(desk: Desk) -> W.Box:
    """The whale curve: who earns, who costs, one customer explained, and what raising its price would do."""
    state = {"scope": "all"}
    said = {"rise": 0.0, "loss": 50.0, "keep": 50.0}

    def seen() -> pd.DataFrame:
        return profitability.scoped(desk.book, state["scope"])

    def curve() -> pd.DataFrame:
        return profitability.ranked(seen())

    def values() -> dict[str, Any]:
        return charts.whale_scene(curve(), desk.customer, _after(seen(), desk.customer, said))

    box, redraw = live(
        desk,
        lambda: charts.whale(curve(), chosen=desk.customer),
        values,
        lambda: charts.whale_shape(len(curve())),
    )
    box.add_class("kam-headed")
    head = panel(desk, lambda: earnings.whale_words(desk.book, seen(), state["scope"]))
    card = panel(desk, lambda: earnings.card(desk.book, seen(), desk.customer))
    more = panel(desk, lambda: earnings.takes(desk.book, seen(), desk.customer))
    result = panel(desk, lambda: earnings.rise(seen(), desk.customer, said))

    def renew() -> None:
        redraw()
        result.html = earnings.rise(seen(), desk.customer, said)

    def scope(content: dict[str, Any]) -> None:
        if content["scope"] in profitability.SCOPES:
            state["scope"] = str(content["scope"])
        desk.look_at(desk.customer)

    limits = {"rise": ("Price, up by", 0, 50, STEP), "loss": ("Business we would lose", 0, 100, 1),
              "keep": ("Cost to serve that remains", 0, 100, 1)}  # fmt: skip
    moved = sliders(desk, said, limits, renew)
    hear(head, desk, {"scope": scope})
    hear(card, desk, {"choose": lambda m: desk.look_at(str(m["value"]))})
    asked = panel(desk, lambda: panels.fill("rise_head"), follow=False)
    return zones(stack(head, box, _slide(desk, curve)), stack(card, asked, moved, result, more), shape="two")


def _after(seen: pd.DataFrame, customer: str, said: dict[str, float]) -> dict[str, Any] | None:
    """The what-if as the picture takes it; None while nothing is changed."""
    own = seen[(seen["customer"] == customer) & seen["profit"].notna() & seen["revenue"].notna()]
    if own.empty or said["rise"] == 0:
        return None
    result = profitability.price_rise(own.iloc[0], 0.0, said["rise"], said["loss"], said["keep"])
    return {"customer": customer, "profit": result["after"]}


def _slide(desk: Desk, curve: Any) -> Panel:
    """Links that save the curve for a slide, with its title in it."""
    made = panel(desk, lambda: panels.fill("slide"), follow=False)

    def save(content: dict[str, Any]) -> None:
        rows = curve()
        kind = "svg" if content.get("kind") == "svg" else "png"
        made.send(
            download(charts.whale(rows, earnings.whale_title(rows), desk.customer), "whale-curve", kind)
        )

    hear(made, desk, {"picture": save})
    return made
