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
from kamlib.views.live import live
from kamlib.views.parts import download, hear, panel, slid, stack, zones
from kamlib.views.widgets import Panel, Sliders

SIZES = {"revenue": "revenue", "left": "what is left of it", "worth_high": "future value"}
Drawn = Callable[[Tables, Settings], pd.DataFrame]


def matrix(desk: Desk, shown: Matrix, drawn: Drawn) -> W.Box:
    """The live matrix: weights on the left, the picture, the chosen customer explained on the right."""
    size = {"by": "revenue"}
    made, update = _picture(desk, shown, drawn, size)
    sizes = panel(desk, lambda: panels.fill("dot_sizes", sizes=SIZES, chosen=size["by"]))

    def resize(content: dict[str, Any]) -> None:
        if content["by"] in SIZES:
            size["by"] = str(content["by"])
        sizes.html = panels.fill("dot_sizes", sizes=SIZES, chosen=size["by"])
        update()

    hear(sizes, desk, {"size": resize})
    out = panel(desk, lambda: panels.ruled_out(_classes(desk)))
    hear(out, desk, {"choose": lambda m: desk.look_at(str(m["customer"]))})
    return zones(stack(_weights(desk), _weight_buttons(desk), sizes, out),
                 stack(made, _downloads(desk, shown, drawn, size)), _card(desk), shape="three")  # fmt: skip


def _classes(desk: Desk) -> pd.DataFrame:
    return portfolio.classes(desk.tables, desk.settings)


def _picture(
    desk: Desk, shown: Matrix, drawn: Drawn, size: dict[str, str]
) -> tuple[W.Box, Callable[[], None]]:
    def table() -> pd.DataFrame:
        return drawn(desk.tables, desk.settings)

    def values() -> dict[str, Any]:
        view, points = charts.scene(table(), desk.settings.near_line, size["by"])
        return {"view": view, "points": points, "chosen": desk.customer}

    return live(desk, lambda: charts.matrix(table(), shown, desk.settings.near_line, size["by"]), values,
                lambda: charts.rooms(len(table())))  # fmt: skip


def _downloads(desk: Desk, shown: Matrix, drawn: Drawn, size: dict[str, str]) -> Panel:
    made = panel(desk, lambda: panels.fill("picture_notes"), follow=False)

    def save(content: dict[str, Any]) -> None:
        chart = charts.matrix(drawn(desk.tables, desk.settings), shown, desk.settings.near_line, size["by"])
        kind = "svg" if content.get("kind") == "svg" else "png"
        made.send(download(chart, f"matrix-{desk.settings.segment or 'all'}", kind))

    hear(made, desk, {"picture": save})
    return made


def _weights(desk: Desk) -> Sliders:
    seen = {"most": 0.0}

    def items() -> list[dict[str, Any]]:
        listed = kaism.of_scope(desk.tables, "attractiveness", desk.settings.segment)
        weight = listed["weight"].fillna(1.0)
        total = weight.sum() or 1.0
        most = max([0.0, *weight])
        if not desk.supposing and seen["most"] <= most or not seen["most"]:
            seen["most"] = _room(most)  # never while somebody drags
        share = [panels.whole(100 * w / total) for w in weight]
        return [
            {"id": f, "label": label, "value": w, "low": 0, "high": seen["most"], "step": 0.5, "word": f"{s} %",
             "says": f"{s} percent of the weight", "must": f"must have ≥ {as_text(must)}" if must == must else ""}
            for f, label, w, s, must in zip(
                listed["factor"], listed["label"], weight, share, listed["must_have_min"], strict=True)
        ]  # fmt: skip

    def key(content: dict[str, Any]) -> dict[str, Any]:
        return {"model": "attractiveness", "scope": desk.settings.segment, "factor": str(content["id"]),
                "weight": str(content["value"])}  # fmt: skip

    made = Sliders(items=items(), locked=desk.read_only)

    def update() -> None:
        made.items = items()

    def keep(content: dict[str, Any]) -> None:
        if not desk.read_only:
            desk.put("factors", **key(content))

    desk.on_change(update)
    slid(made, desk, lambda m: desk.preview("factors", [key(m)]), keep)
    return made


def _room(most: float) -> float:
    """The right end of the sliders: a round number well above the greatest weight."""
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
