"""The view of scenarios and rounds: choose one, see who moves and why, keep what the sliders show, or today."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import ipywidgets as W

from kamlib import charts, sureness
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import kaism, scenarios
from kamlib.views.parts import drawing, hear, panel, slug, stack, zones
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS
from kamlib.workbook.stores import Change


def what_if(desk: Desk) -> W.Box:
    """Scenarios and rounds: choose one, see who moves and why; keep the sliders' what-if, or today as a round."""
    state = {"scenario": ""}

    def chosen() -> str:
        known = set(desk.entered["scenarios"]["scenario"])
        return state["scenario"] if state["scenario"] in known else ""

    def listed() -> str:
        return sureness.listed(desk.book, chosen(), desk.read_only, desk.supposing)

    menu = panel(desk, listed)
    told = panel(desk, lambda: sureness.moves(desk.book, chosen()))
    table = panel(desk, lambda: sureness.table(desk.book))

    def drawn() -> tuple[Any, ...]:
        points = sureness.pictured(desk.book, chosen())
        return (points, desk.settings.near_line) if len(points) else ()

    shown, later = drawing(desk, drawn, lambda points, near, title="": charts.matrix(points, kaism.MATRIX, near), "scenario",
                           "The matrix of the scenario, with an arrow from where each customer stood", "There is nobody to place yet.")  # fmt: skip

    def renew() -> None:
        menu.html, told.html = listed(), sureness.moves(desk.book, chosen())
        later()

    def look(content: dict[str, Any]) -> None:
        state["scenario"] = str(content["scenario"])
        renew()

    def keep(content: dict[str, Any]) -> None:
        state["scenario"] = _keep(desk, str(content["fields"]["name"]).strip())
        renew()

    writing = {
        "keep": keep,
        "round": lambda m: _keep_round(desk, str(m["fields"]["round"]).strip()),
        "forget": lambda m: _forget(desk, str(m["scenario"])),
    }
    hear(menu, desk, {"scenario": look} | ({} if desk.read_only else writing))
    return stack(zones(menu, stack(shown), told, shape="three"), table)


def _keep(desk: Desk, name: str) -> str:
    """Keep the what-if of the sliders, or equal weights, as a scenario of this name; gives its id."""
    if not name:
        raise InvalidInput("Give the scenario a name first.")
    made = slug(name, desk.entered["scenarios"]["scenario"])
    if desk.supposing:
        rows = scenarios.keep_changes(Book(desk.entered), desk.book, made, name)
    else:
        rows = scenarios.equal_weights(Book(desk.entered, desk.settings), made)
        rows[0][1]["name"] = name
    _store(desk, rows)
    return made


def _keep_round(desk: Desk, name: str) -> None:
    if not name:
        raise InvalidInput("Give the round a name first, such as the year.")
    _store(desk, scenarios.keep_round(Book(desk.entered, desk.settings), name, date.today().isoformat()))
    desk.say(f"Round {name} is kept: every score, every weight and where everybody stands.")


def _forget(desk: Desk, scenario: str) -> None:
    if scenario in set(desk.entered["scenarios"]["scenario"]):
        desk.remove("scenarios", scenario=scenario)


def _store(desk: Desk, rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Store a scenario, or a round, with all its changes in one go."""
    made = []
    for table, row in rows:
        keys = DEFINITIONS[table].keys
        key = {k: str(row.get(k, "")) for k in keys}
        made.append(Change(table, key, {c: str(v) for c, v in row.items() if c not in keys}))
    desk.take_in(lambda _: SimpleNamespace(changes=made))
