"""The views of the workbook: what people see and touch; the only room that knows ipywidgets.

Each view takes the desk and gives back a widget. It follows the desk and, unless the workbook is
read-only, writes to it; no view knows another.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import catalogue, charts, kaism, panels, portfolio
from kamlib import findings as rules
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.heartbeat import Heartbeat
from kamlib.matrix import Matrix
from kamlib.settings import Settings
from kamlib.tables import BOXES, Tables, as_text
from kamlib.views.parts import column, grid, hear, names_of, panel, person_column, slug, soon, stack, zones
from kamlib.views.scoring import factors, scores
from kamlib.views.widgets import Look, Panel, Weights, live_chart

__all__ = [
    "closing", "customers", "decisions", "factors", "find_out", "findings", "label_test", "matrix", "open", "people",
    "scores",
    "staffing",
]  # fmt: skip
POLL_S = 1.0
Drawn = Callable[[Tables, Settings], pd.DataFrame]


def open(desk: Desk, title: str, here: int, links: dict[int, str]) -> W.Box:
    """The title line with the ten steps, and the line below with counts, capacity and saved state."""
    top = Look(html=panels.head(desk.tables, desk.settings, title, here, links))
    below = panel(desk, lambda: _status(desk), classes="kam-status")

    def update() -> None:
        top.html = panels.head(desk.tables, desk.settings, title, here, links)

    desk.on_change(soon(update))
    hear(top, desk, {"segment": lambda m: desk.choose(m["value"])})
    if not desk.read_only:
        hear(below, desk, {"undo": lambda m: desk.undo()})
        _listen(desk)
    return stack(top, below, Heartbeat())


def _status(desk: Desk) -> str:
    return panels.status(desk.tables, desk.settings, saved_at=desk.saved_at, message=desk.message,
                         read_only=desk.read_only)  # fmt: skip


def _listen(desk: Desk) -> None:
    """Look every second whether somebody else has changed the workbook."""

    async def poll() -> None:
        while True:
            await asyncio.sleep(POLL_S)
            with desk.speaking():
                desk.refresh()

    try:
        desk.poll = asyncio.get_running_loop().create_task(poll())
    except RuntimeError:
        desk.poll = None


def customers(desk: Desk) -> W.Box:
    """Step 6: the customers and prospects on the table."""
    shown = ("name", "status", "revenue", "profit", "manager", "segment", "note")

    def rows() -> list[dict[str, Any]]:
        table = desk.tables["customers"]
        own = table[(table["segment"] == desk.settings.segment) | (table["segment"] == "")]
        return [
            {
                "id": r["customer"],
                "label": r["name"] or r["customer"],
                "cells": [as_text(r[c]) for c in shown],
            }
            for r in own.to_dict("records")
        ]

    def columns() -> list[dict[str, Any]]:
        segments = names_of(desk.tables["segments"])
        money = f"last year, {desk.settings.currency}"
        return [
            column("customers", "name", "Name"), column("customers", "status", "Status"),
            column("customers", "revenue", "Revenue", sub=money), column("customers", "profit", "Profit", sub=money),
            person_column(desk, "manager", "Manager"),
            {"id": "segment", "label": "Segment", "kind": "choice", "choices": list(segments), "words": segments},
            column("customers", "note", "Note"),
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        name = content["value"]
        made = slug(name, desk.tables["customers"]["customer"])
        desk.put("customers", customer=made, name=name, segment=desk.settings.segment, status="prospect")

    listed = grid(
        desk, rows, columns, lambda row, name, text: ("customers", {"customer": row, name: text}),
        handlers={"add": add}, title="Customers of this segment", corner=" ", add="Another customer or prospect:",
    )  # fmt: skip
    side = stack(
        panel(desk, panels.about_matrix, follow=False), panel(desk, lambda: panels.guide(6), follow=False)
    )
    return zones(listed, side, shape="two")


def matrix(desk: Desk, shown: Matrix, drawn: Drawn) -> W.Box:
    """The live matrix: weights on the left, the picture, the chosen customer explained on the right."""
    return zones(stack(_weights(desk), _weight_buttons(desk), panel(desk, lambda: panels.ruled_out(_classes(desk)))),
                 stack(_picture(desk, shown, drawn), _downloads(desk, shown, drawn)), _card(desk), shape="three")  # fmt: skip


def _classes(desk: Desk) -> pd.DataFrame:
    return portfolio.classes(desk.tables, desk.settings)


def _picture(desk: Desk, shown: Matrix, drawn: Drawn) -> W.Box:
    box = W.Box()
    box.add_class("kam-chart")
    seen: dict[str, Any] = {}

    def renew() -> None:
        chart = live_chart(charts.matrix(drawn(desk.tables, desk.settings), shown, desk.settings.near_line))
        chart.selections.observe(picked, "picked")
        seen.update(chart=chart, room=len(drawn(desk.tables, desk.settings)) + charts.SPARE)
        box.children = [chart]

    def picked(change: Any) -> None:
        ids = [value.get("id") for value in (change["new"].value or []) if isinstance(value, dict)]
        if ids:
            desk.look_at(str(ids[0]))

    def update() -> None:
        table = drawn(desk.tables, desk.settings)
        if len(table) > seen["room"]:
            renew()
        view, points = charts.scene(table, desk.settings.near_line)
        chart = seen["chart"]
        with chart.hold_sync():
            chart.params.view, chart.params.points, chart.params.chosen = view, points, desk.customer

    renew()
    desk.on_change(update)
    return box


def _downloads(desk: Desk, shown: Matrix, drawn: Drawn) -> Panel:
    made = panel(desk, lambda: panels.fill("picture_notes"), follow=False)

    def picture(content: dict[str, Any]) -> None:
        chart = charts.matrix(drawn(desk.tables, desk.settings), shown, desk.settings.near_line)
        kind = "svg" if content.get("kind") == "svg" else "png"
        raw = charts.svg(chart).encode() if kind == "svg" else charts.png(chart)
        name = f"matrix-{desk.settings.segment or 'all'}.{kind}"
        mime = "image/svg+xml" if kind == "svg" else "image/png"
        made.send({"download": name, "type": mime, "base64": base64.b64encode(raw).decode()})

    hear(made, desk, {"picture": picture})
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

    made = Weights(items=items(), most=max([10.0, *(i["weight"] for i in items())]), locked=desk.read_only)

    def update() -> None:
        made.items = items()

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


def _weight_buttons(desk: Desk) -> Panel:
    """What if all weights were equal? Nothing is stored by looking."""
    state = {"equal": False}
    made = Panel(html=panels.fill("weight_buttons", equal=False), classes="")

    def ask(content: dict[str, Any]) -> None:
        state["equal"] = content["do"] == "equal"
        listed = kaism.of_scope(desk.tables, "attractiveness", desk.settings.segment)["factor"]
        key = {"model": "attractiveness", "scope": desk.settings.segment}
        desk.preview("factors", [key | {"factor": f, "weight": 1} for f in listed] if state["equal"] else [])
        made.html = panels.fill("weight_buttons", equal=state["equal"])

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
        _decide(desk, str(content["subject"]), **{name: str(said.get(name, "")) for name in names})

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


def decisions(desk: Desk) -> W.Box:
    """Step 9: suggestion beside decision for the whole segment, and what may be told to whom."""
    shown = ("decision", "reason_given", "person", "review_on")

    def rows() -> list[dict[str, Any]]:
        return [
            {"id": r["customer"], "label": r["name"], "cells": [_suggested(r), *(as_text(r[c]) for c in shown)],
             "sub": "differs from the suggestion" if r["differs"] else ""}
            for r in _classes(desk).to_dict("records")
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        words = {box: panels.box_word(box) for box in BOXES}
        return [
            {"id": "box", "label": "Suggested", "kind": "show"},
            {"id": "decision", "label": "Decided", "kind": "choice", "choices": list(BOXES), "words": words},
            column("decisions", "reason", "Reason"), person_column(desk, label="Who decided"),
            column("decisions", "review_on", "Look at it again"),
        ]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        return "decisions", {"what": "category", "subject": row, name: text}

    made = grid(desk, rows, columns, target, title="Suggestion and decision", corner="Customer")
    side = stack(panel(desk, lambda: panels.guide(9), follow=False))
    told = panel(desk, panels.communication, follow=False)
    return zones(stack(made, told), side, shape="two")


def _suggested(row: dict[str, Any]) -> str:
    if row["status"] == "ruled_out":
        return "ruled out"
    mark = " (open)" if row["status"] == "undetermined" else " (near)" if row["near_line"] else ""
    return panels.box_word(row["box"]) + mark


def staffing(desk: Desk) -> W.Box:
    """Can we look after them, and does the label mean anything?"""
    return stack(people(desk), label_test(desk))


def people(desk: Desk) -> W.Box:
    """Balance and capacity, with the days each category takes and each person has."""

    def effort_rows() -> list[dict[str, Any]]:
        days = desk.tables["effort"].set_index("category")["days"].to_dict()
        return [{"id": b, "label": panels.box_word(b), "cells": [as_text(days.get(b, ""))]} for b in BOXES]

    shown = ("name", "function", "manages_accounts", "junior", "days")

    def people_rows() -> list[dict[str, Any]]:
        table = desk.tables["people"].to_dict("records")
        return [
            {
                "id": p["person"],
                "label": p["name"] or p["person"],
                "head": str(n),
                "cells": [as_text(p[c]) for c in shown],
            }
            for n, p in enumerate(table, start=1)
        ]

    def add(content: dict[str, Any]) -> None:
        made = slug(content["value"], desk.tables["people"]["person"])
        desk.put("people", person=made, name=content["value"])

    effort = grid(desk, effort_rows, lambda: [column("effort", "days", "Days a year for one account")],
                  lambda row, name, text: ("effort", {"category": row, "days": text}), title="Effort", corner="Category")  # fmt: skip
    staff = grid(desk, people_rows, lambda: [column("people", c) for c in shown],
                 lambda row, name, text: ("people", {"person": row, name: text}), handlers={"add": add},
                 title="People", corner="Person", add="Another person:")  # fmt: skip
    return zones(
        panel(desk, lambda: panels.portfolio_table(desk.tables, desk.settings)),
        stack(effort, staff),
        shape="half",
    )


def label_test(desk: Desk) -> W.Box:
    """Does the label mean anything? Ten questions to answer honestly."""
    questions = catalogue.items("label_reality_test")
    key = {"sheet": "label_reality_test", "subject": "all", "field": "answer"}

    def rows() -> list[dict[str, Any]]:
        table = desk.tables["answers"]
        said = table[(table["sheet"] == key["sheet"])].drop_duplicates("item").set_index("item")
        return [
            {
                "id": q["id"],
                "label": q["label"],
                "cells": [said["value"].get(q["id"], ""), said["note"].get(q["id"], "")],
            }
            for q in questions.to_dict("records")
        ]

    def columns() -> list[dict[str, Any]]:
        yes_no = {"id": "value", "label": "Answer", "kind": "choice", "choices": ["yes", "no", "unknown"]}
        return [yes_no, column("answers", "note", "Proof")]

    made = grid(desk, rows, columns, lambda row, name, text: ("answers", key | {"item": row, name: text}),
                title="Does the label mean anything?", corner="Question")  # fmt: skip
    core = questions.loc[questions["core"] == True, "id"] if "core" in questions else questions["id"].head(3)  # noqa: E712
    return zones(
        made, panel(desk, lambda: panels.fill("label_words", **_label_words(desk, list(core)))), shape="two"
    )


def _label_words(desk: Desk, core: list[str]) -> dict[str, Any]:
    table = desk.tables["answers"]
    said = table[table["sheet"] == "label_reality_test"].drop_duplicates("item").set_index("item")["value"]
    return {"real": sum(said.get(q) == "yes" for q in core), "asked": len(core), "no": int((said == "no").sum()),
            "open": 10 - int(said.isin(["yes", "no"]).sum())}  # fmt: skip


def closing(desk: Desk) -> W.Box:
    """What is still to settle, and who finds out what."""
    return stack(findings(desk), find_out(desk))


def findings(desk: Desk) -> W.Box:
    """What is to be settled, looked at or thought about before anybody leaves the room."""
    return zones(
        panel(desk, lambda: panels.findings_list(rules.find(desk.tables, desk.settings))), shape="one"
    )


def find_out(desk: Desk) -> W.Box:
    """The homework: every unknown score with who finds it out and by when."""
    shown = ("question", "person", "due", "status")
    keys = ("model", "customer", "factor", "supplier")

    def rows() -> list[dict[str, Any]]:
        names = names_of(desk.tables["suppliers"])
        found = kaism.unknowns(desk.tables, desk.settings).to_dict("records")
        return [
            {"id": "\t".join(r[k] for k in keys), "label": r["name"], "cells": [r[c] for c in shown],
             "sub": r["label"] + (f" ({names.get(r['supplier'], r['supplier'])})" if r["supplier"] else "")}
            for r in found
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [column("find_out", "question", "What to ask"), person_column(desk, label="Who finds out"),
                column("find_out", "due", "By when"), column("find_out", "status", "Status")]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        model, subject, factor, supplier = row.split("\t")
        key = {"model": model, "subject": subject, "factor": factor, "supplier": supplier}
        return "find_out", key | {name: text}

    return zones(grid(desk, rows, columns, target, title="Find out", corner="Customer"), shape="one")
