"""The view of the matrix: the weights, the live picture, and the chosen customer explained."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import charts, kaism, panels, portfolio
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.matrix import Matrix
from kamlib.settings import Settings
from kamlib.tables import BOXES, Tables, as_text
from kamlib.views.parts import download, hear, panel, stack, zones
from kamlib.views.widgets import Panel, Weights, live_chart

Drawn = Callable[[Tables, Settings], pd.DataFrame]


def matrix(desk: Desk, shown: Matrix, drawn: Drawn) -> W.Box:
    """The live matrix: weights on the left, the picture, the chosen customer explained on the right."""
    out = panel(desk, lambda: panels.ruled_out(_classes(desk)))
    hear(out, desk, {"choose": lambda m: desk.look_at(str(m["customer"]))})
    return zones(stack(_weights(desk), _weight_buttons(desk), out),
                 stack(_picture(desk, shown, drawn), _downloads(desk, shown, drawn)), _card(desk), shape="three")  # fmt: skip


def _classes(desk: Desk) -> pd.DataFrame:
    return portfolio.classes(desk.tables, desk.settings)


def _picture(desk: Desk, shown: Matrix, drawn: Drawn) -> W.Box:
    box = W.Box()
    box.add_class("kam-chart")
    seen: dict[str, Any] = {}

    def renew() -> None:
        chart = live_chart(charts.matrix(drawn(desk.tables, desk.settings), shown, desk.settings.near_line))
        chart.observe(picked, "_vl_selections")
        seen.update(chart=chart, room=len(drawn(desk.tables, desk.settings)) + charts.SPARE)
        box.children = [chart]

    def picked(_: Any) -> None:
        chosen = seen["chart"].selections.picked.value or []
        ids = [value.get("id") for value in chosen if isinstance(value, dict)]
        if ids and isinstance(ids[0], str):
            with desk.speaking():
                desk.look_at(ids[0])
        if chosen:  # forget it, so that a click on the same dot is news after a choice elsewhere
            seen["chart"]._vl_selections = {"picked": {"value": {}, "store": []}}

    def update() -> None:
        table = drawn(desk.tables, desk.settings)
        if len(table) > seen["room"]:
            renew()
        view, points = charts.scene(table, desk.settings.near_line)
        chart = seen["chart"]
        with chart.hold_sync():
            chart.params.view, chart.params.points, chart.params.chosen = view, points, desk.customer

    renew()
    desk.on_change(update, first=True)
    return box


def _downloads(desk: Desk, shown: Matrix, drawn: Drawn) -> Panel:
    made = panel(desk, lambda: panels.fill("picture_notes"), follow=False)

    def save(content: dict[str, Any]) -> None:
        chart = charts.matrix(drawn(desk.tables, desk.settings), shown, desk.settings.near_line)
        kind = "svg" if content.get("kind") == "svg" else "png"
        made.send(download(chart, f"matrix-{desk.settings.segment or 'all'}", kind))

    hear(made, desk, {"picture": save})
    return made


def _weights(desk: Desk) -> Weights:
    def items() -> list[dict[str, Any]]:
        listed = kaism.of_scope(desk.tables, "attractiveness", desk.settings.segment)
        weight = listed["weight"].fillna(1.0)
        total = weight.sum() or 1.0
        return [
            {"id": f, "label": label, "weight": w, "share": panels.whole(100 * w / total),
             "must": as_text(must)}
            for f, label, w, must in zip(listed["factor"], listed["label"], weight, listed["must_have_min"], strict=True)
        ]  # fmt: skip

    def key(content: dict[str, Any]) -> dict[str, Any]:
        return {"model": "attractiveness", "scope": desk.settings.segment, "factor": str(content["id"]),
                "weight": str(content["value"])}  # fmt: skip

    made = Weights(items=items(), most=_room(items()), locked=desk.read_only)

    def update() -> None:
        now = items()
        with made.hold_sync():
            if not desk.supposing and made.most <= max([0.0, *(i["weight"] for i in now)]):
                made.most = _room(now)  # never while somebody drags
            made.items = now

    def attempt(content: dict[str, Any]) -> None:
        try:
            desk.preview("factors", [key(content)])
        finally:
            made.send("answered")

    def keep(content: dict[str, Any]) -> None:
        try:
            desk.put("factors", **key(content))
        finally:
            made.send("answered")

    desk.on_change(update)
    hear(made, desk, {"try": attempt} | ({} if desk.read_only else {"set": keep}))
    return made


def _room(items: list[dict[str, Any]]) -> float:
    """The right end of the sliders: a round number well above the greatest weight."""
    most = max([0.0, *(item["weight"] for item in items)])
    return 10.0 * max(1, math.ceil(1.5 * most / 10))


def _weight_buttons(desk: Desk) -> Panel:
    """What if all weights were equal? Nothing is stored by looking."""

    def listed() -> pd.DataFrame:
        return kaism.of_scope(desk.tables, "attractiveness", desk.settings.segment)

    def html() -> str:
        return panels.fill("weight_buttons", equal=desk.supposing and listed()["weight"].nunique() == 1)

    made = panel(desk, html)

    def ask(content: dict[str, Any]) -> None:
        key = {"model": "attractiveness", "scope": desk.settings.segment}
        rows = [key | {"factor": f, "weight": 1} for f in listed()["factor"]]
        desk.preview("factors", rows if content["do"] == "equal" else [])

    hear(made, desk, {"equal": ask, "agreed": ask})
    return made


def _card(desk: Desk) -> Panel:
    made = panel(
        desk,
        lambda: panels.card(desk.tables, desk.settings, _classes(desk), desk.customer, locked=desk.read_only),
    )

    def decide(content: dict[str, Any]) -> None:
        said = content["fields"]
        names = ("decision", "reason", "person", "review_on")
        told = {name: str(said.get(name, "")) for name in names}
        if not told["person"]:
            del told["person"]  # whoever works here, if the workbook knows the name
        _decide(desk, str(content["subject"]), **told)

    def waive(content: dict[str, Any]) -> None:
        reason = str(content["fields"].get("waive", "")).strip()
        if not reason:
            raise InvalidInput("A must-have is waived with a reason; write it first.")
        desk.put(
            "decisions", what="must_have_waiver", subject=str(content["subject"]), decision="", reason=reason
        )

    writing = {} if desk.read_only else {"decide": decide, "waive": waive}
    hear(made, desk, {"choose": lambda m: desk.look_at(str(m["value"]))} | writing)
    return made


def _decide(desk: Desk, subject: str, **said: str) -> None:
    """Keep a decision; one that differs from the suggestion needs a reason."""
    seen = _classes(desk).set_index("customer")
    suggestion = seen["box"].get(subject, "")
    if said["decision"] not in (*BOXES, ""):
        raise InvalidInput("Choose one of the four categories.")
    if suggestion and said["decision"] not in ("", suggestion) and not said["reason"].strip():
        raise InvalidInput(
            f"{seen['name'].get(subject, subject)}: this differs from the suggestion; say why, then keep it."
        )
    desk.put("decisions", what="category", subject=subject, **said)
