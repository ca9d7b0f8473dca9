"""The view of a matrix: the weights, the live picture, and what was clicked explained; one for all matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import charts, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import kaism, pia, portfolio
from kamlib.models.factors import of_scope
from kamlib.models.matrix import Matrix
from kamlib.views.live import live
from kamlib.views.parts import download, hear, panel, slid, stack, zones
from kamlib.views.widgets import Panel, Sliders
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, as_text

Drawn = Callable[[Book], pd.DataFrame]


@dataclass(frozen=True)
class Side:
    """What stands around a matrix: whom it is about, which dot is in focus, the dot sizes, the card beside it."""

    about: Callable[[Desk], Book]
    focus: Callable[[Desk], str]
    pick: Callable[[Desk, str], None]
    factors: Callable[[Desk, str], pd.DataFrame]
    sizes: dict[str, str]
    headings: dict[str, str]
    card: Callable[[Desk], Panel]
    supposing: bool = False


def matrix(desk: Desk, shown: Matrix, drawn: Drawn, *, supposing: bool = False) -> W.Box:
    """The live matrix: weights on the left, the picture, the chosen dot explained on the right.

    With `supposing` letting go of a weight stores nothing: what is shown is a what-if until the team's weights are
    asked for again, and may be kept as a scenario. The bars of hollow dots are then those of `verdict.spread`.
    """
    side = SIDES[shown.id]
    if supposing:
        side = replace(side, sizes={"revenue": side.sizes["revenue"]}, supposing=True)
    size = {"by": next(iter(side.sizes))}
    made, update = _picture(desk, shown, drawn, side, size)
    sizes = panel(
        desk, lambda: panels.fill("dot_sizes", sizes=side.sizes, chosen=size["by"], arc="left" in side.sizes)
    )

    def resize(content: dict[str, Any]) -> None:
        if content["by"] in side.sizes:
            size["by"] = str(content["by"])
        sizes.html = panels.fill("dot_sizes", sizes=side.sizes, chosen=size["by"], arc="left" in side.sizes)
        update()

    hear(sizes, desk, {"size": resize})
    weights = [part for model in shown.weighed for part in _weighing(desk, side, model)]
    more = [_out(desk)] if shown.id == kaism.MATRIX.id else []
    return zones(stack(*weights, _weight_buttons(desk, shown, side), sizes, *more),
                 stack(made, _downloads(desk, shown, drawn, side, size)), side.card(desk), shape="three")  # fmt: skip


def _out(desk: Desk) -> Panel:
    out = panel(desk, lambda: panels.ruled_out(_classes(desk)))
    hear(out, desk, {"choose": lambda m: desk.look_at(str(m["customer"]))})
    return out


def _classes(desk: Desk) -> pd.DataFrame:
    return portfolio.classes(desk.book)


def _picture(
    desk: Desk, shown: Matrix, drawn: Drawn, side: Side, size: dict[str, str]
) -> tuple[W.Box, Callable[[], None]]:
    def table() -> pd.DataFrame:
        return drawn(side.about(desk))

    def values() -> dict[str, Any]:
        view, points = charts.scene(table(), desk.settings.near_line, size["by"], shown)
        return {"view": view, "points": points, "chosen": side.focus(desk)}

    return live(desk, lambda: charts.matrix(table(), shown, desk.settings.near_line, size["by"]), values,
                lambda: charts.rooms(len(table())), lambda id: side.pick(desk, id))  # fmt: skip


def _downloads(desk: Desk, shown: Matrix, drawn: Drawn, side: Side, size: dict[str, str]) -> Panel:
    made = panel(
        desk, lambda: panels.fill("picture_notes", shown=shown.id, supposing=side.supposing), follow=False
    )

    def save(content: dict[str, Any]) -> None:
        about = side.about(desk)
        chart = charts.matrix(drawn(about), shown, desk.settings.near_line, size["by"])
        kind = "svg" if content.get("kind") == "svg" else "png"
        name = "matrix" if shown.id == kaism.MATRIX.id else f"matrix-{shown.id}"
        made.send(
            download(chart, f"{name}-{about.settings.customer or about.settings.segment or 'all'}", kind)
        )

    hear(made, desk, {"picture": save})
    return made


def _weighing(desk: Desk, side: Side, model: str) -> list[W.Widget]:
    """The sliders of one axis, under its heading where the matrix has two of them."""
    if model not in side.headings:
        return [_weights(desk, side, model)]
    head = panel(desk, lambda: panels.fill("title", title=side.headings[model]), follow=False)
    return [head, _weights(desk, side, model, f"kam-{model.replace('_', '-')}-")]


def _weights(desk: Desk, side: Side, model: str, name: str = "kam-weight-") -> Sliders:
    seen = {"most": 0.0}

    def items() -> list[dict[str, Any]]:
        listed = side.factors(desk, model)
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
        scope = side.factors(desk, model).set_index("factor")["scope"].get(str(content["id"]), "")
        return {"model": model, "scope": scope, "factor": str(content["id"]), "weight": str(content["value"])}

    made = Sliders(items=items(), name=name, locked=desk.read_only)

    def update() -> None:
        made.items = items()

    def keep(content: dict[str, Any]) -> None:
        if not desk.read_only:
            desk.put("factors", **key(content))

    def suppose(content: dict[str, Any]) -> None:
        """All weights as they are shown, with this one changed; nothing is stored."""
        listed = side.factors(desk, model)
        changed = key(content)
        rows = [{"model": model, "scope": scope, "factor": f, "weight": as_text(w)} for scope, f, w in
                zip(listed["scope"], listed["factor"], listed["weight"], strict=True) if f != changed["factor"]]  # fmt: skip
        desk.preview("factors", [*rows, changed])

    desk.on_change(update)
    if side.supposing:
        slid(made, desk, suppose)
    else:
        slid(made, desk, lambda m: desk.preview("factors", [key(m)]), keep)
    return made


def _room(most: float) -> float:
    """The right end of the sliders: a round number well above the greatest weight."""
    return 10.0 * max(1, math.ceil(1.5 * most / 10))


def _weight_buttons(desk: Desk, shown: Matrix, side: Side) -> Panel:
    """What if all weights were equal? Nothing is stored by looking."""

    def listed() -> pd.DataFrame:
        return pd.concat([side.factors(desk, model) for model in shown.weighed])

    def html() -> str:
        return panels.fill("weight_buttons", equal=desk.supposing and listed()["weight"].nunique() == 1,
                           supposing=side.supposing, moved=desk.supposing)  # fmt: skip

    made = panel(desk, html)

    def ask(content: dict[str, Any]) -> None:
        rows = [{**key, "weight": 1} for key in listed()[["model", "scope", "factor"]].to_dict("records")]
        desk.preview("factors", rows if content["do"] == "equal" else [])

    hear(made, desk, {"equal": ask, "agreed": ask})
    return made


def _customer_card(desk: Desk) -> Panel:
    made = panel(
        desk,
        lambda: panels.card(desk.book, _classes(desk), desk.customer, locked=desk.read_only),
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


# the matrix of ideas


def about(desk: Desk) -> Book:
    """The book of an analysis: the desk's, for the customer in focus or the first with one."""
    customer = pia.focus(desk.book, desk.customer)
    return desk.book.choosing(customer=customer)


def idea_card(desk: Desk, at: str = "") -> Panel:
    """The idea in focus explained: its class, its place, who gains, whether it ties; and the team's own word on it."""
    made = panel(desk, lambda: panels.idea_card(about(desk), desk.idea, locked=desk.read_only, at=at))

    def decide(content: dict[str, Any]) -> None:
        said, idea = content["fields"], str(content["subject"])
        if idea not in set(desk.book["ideas"]["idea"]):
            raise InvalidInput("Choose an idea first.")
        desk.put("ideas", idea=idea, **{"class": str(said["class"]), "reason": str(said["reason"])})

    writing = {} if desk.read_only else {"classify": decide}
    hear(made, desk, {"idea": lambda m: desk.look_into(str(m["value"]))} | writing)
    return made


SIDES = {
    kaism.MATRIX.id: Side(
        about=lambda desk: desk.book, focus=lambda desk: desk.customer, pick=lambda desk, id: desk.look_at(id),
        factors=lambda desk, model: of_scope(desk.book, model, desk.settings.segment),
        sizes={"revenue": "revenue", "left": "what is left of it", "worth_high": "future value"},
        headings={}, card=_customer_card,
    ),
    pia.MATRIX.id: Side(
        about=about, focus=lambda desk: desk.idea, pick=lambda desk, id: desk.look_into(id),
        factors=lambda desk, model: pia.factors(desk.book, model, desk.settings.segment),
        sizes={"total": "what it is worth to both", "our_gain": "what we gain", "customer_gain": "what they gain"},
        headings={"pia_us": "What it is worth to us", "pia_customer": "What it is worth to the customer"}, card=idea_card,
    ),
}  # fmt: skip
