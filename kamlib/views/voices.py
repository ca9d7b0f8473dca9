"""The view of the ballots: where the team disagrees, and where that could change a box."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from kamlib import charts, voices
from kamlib.desk import Desk
from kamlib.views.parts import drawing, hear, panel, stack, zones

LABEL = "How far the votes are apart, customers by factors; ringed where a box hangs on it. The list beside says the same of every ring in words."


def disagreement(desk: Desk) -> W.Box:
    """A heat map of the spread of the votes, ringed where one of them could change a box; who sees what otherwise."""
    state = {"model": "attractiveness"}

    def choice() -> str:
        return voices.choice(desk.book, state["model"])

    def drawn() -> tuple[Any, ...]:
        cells = voices.pictured(desk.book, state["model"])
        return (cells,) if len(cells) else ()

    def title() -> str:
        return voices.title(desk.book, desk.read_only)

    head = panel(desk, lambda: voices.head(desk.book, desk.read_only))
    axis = panel(desk, choice)
    talk = panel(desk, lambda: voices.talk(desk.book, desk.customer, choose=True))
    people = panel(desk, lambda: voices.people(desk.book))
    shown, later = drawing(desk, drawn, charts.heat, "disagreement", LABEL, "", title)
    shown.classes = "picture heat"

    def turn(content: dict[str, Any]) -> None:
        if content["axis"] in voices.AXES:
            state["model"] = str(content["axis"])
            axis.html = choice()
            later()

    hear(axis, desk, {"axis": turn})
    hear(talk, desk, {"choose": lambda m: desk.look_at(str(m["customer"]))})
    return stack(head, zones(stack(axis, shown), talk, shape="two"), people)
