"""The view of the ballots: where the team disagrees, and where that could change a box."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from kamlib import charts, panels, voices
from kamlib.desk import Desk
from kamlib.views.parts import drawing, hear, panel, stack, zones


def disagreement(desk: Desk) -> W.Box:
    """A heat map of the spread of the votes, ringed where one of them could change a box; who sees what otherwise."""
    state = {"model": "attractiveness"}

    def choice() -> str:
        return panels.fill("voices_axis", axes=voices.AXES, chosen=state["model"])

    def drawn() -> tuple[Any, ...]:
        cells = voices.pictured(desk.tables, desk.settings, state["model"])
        return (cells,) if len(cells) else ()

    axis = panel(desk, choice, follow=False)
    told = panel(desk, lambda: voices.told(desk.tables, desk.settings, desk.read_only))
    people = panel(desk, lambda: voices.people(desk.tables, desk.settings))
    shown, later = drawing(
        desk, drawn, charts.heat, "disagreement", "How far the votes are apart, customers by factors; ringed where a box hangs on it",
        "Nobody voted on this.", lambda: voices.title(desk.tables, desk.settings, desk.read_only),
    )  # fmt: skip

    def turn(content: dict[str, Any]) -> None:
        if content["axis"] in voices.AXES:
            state["model"] = str(content["axis"])
            axis.html = choice()
            later()

    hear(axis, desk, {"axis": turn})
    hear(told, desk, {"choose": lambda m: desk.look_at(str(m["customer"]))})
    return zones(stack(axis, shown, people), told, shape="two")
