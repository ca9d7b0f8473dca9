"""The views of step 5: the segments, whose customers are whose, and groups found in the data."""

from __future__ import annotations

from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import briefing, charts, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import grouping, segmentation
from kamlib.views.parts import column, grid, hear, names_of, panel, picture, slug, stack, zones
from kamlib.views.widgets import Grid, Panel
from kamlib.workbook.importing import columns as headers_of
from kamlib.workbook.importing import customers as listed_customers
from kamlib.workbook.importing import shape
from kamlib.workbook.schema import DEFINITIONS, as_text

MOST_EXTRA = 8  # of the columns a customer list brought along, so many are shown


def segments(desk: Desk) -> W.Box:
    """The segments, what they were cut by, and which are worth a matrix."""
    shown = ("name", "basis", "description", "active")

    def rows() -> list[dict[str, Any]]:
        table = segmentation.overview(desk.book)
        listed = desk.book["segments"].to_dict("records")
        return [
            {"id": s["segment"], "label": s["name"] or s["segment"], "head": str(n),
             "cells": [*(as_text(s[c]) for c in shown), as_text(int(o.customers)), o.status]}
            for n, (s, o) in enumerate(zip(listed, table.itertuples(), strict=True), start=1)
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [
            column("segments", "name", "Name"), column("segments", "basis", "Cut by"),
            column("segments", "description", "What they have in common"), column("segments", "active", "Worked on?"),
            {"id": "customers", "label": "Customers", "kind": "show"}, {"id": "status", "label": "Viable?", "kind": "show"},
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        made = slug(content["value"], desk.book["segments"]["segment"])
        desk.put("segments", segment=made, name=content["value"], active="yes")
        if not desk.settings.segment:
            desk.choose(made)

    made = grid(
        desk, rows, columns, lambda row, name, text: ("segments", {"segment": row, name: text}), removable=True,
        handlers={"add": add, "remove": lambda m: desk.remove("segments", segment=str(m["row"]))},
        title="Segments", corner=" ", add="Another segment:", broad=True,
    )  # fmt: skip
    told = panel(desk, lambda: briefing.segments(desk.book))
    return zones(made, stack(told, panel(desk, lambda: panels.guide(5), follow=False)), shape="two")


def assign(desk: Desk) -> W.Box:
    """Whose customer is whose: filter, choose many, assign; and a list pasted from Excel."""
    return stack(_paste(desk), _assign(desk))


def _extra(desk: Desk) -> list[str]:
    known = {*DEFINITIONS["customers"].names}
    return [c for c in desk.book["customers"] if c not in known][:MOST_EXTRA]


def _assign(desk: Desk) -> Grid:
    shown = ("segment", "status", "revenue", "profit", "potential_profit")

    def rows() -> list[dict[str, Any]]:
        index = segmentation.value_index(desk.book.choosing(segment=""))
        worth = dict(zip(index["customer"], index["index"], strict=True))
        listed = desk.book["customers"].to_dict("records")
        extra = _extra(desk)
        return [
            {"id": r["customer"], "label": r["name"] or r["customer"],
             "cells": [*(as_text(r[c]) for c in shown), panels.whole(worth.get(r["customer"], float("nan"))),
                       *(as_text(r[c]) for c in extra)]}
            for r in listed
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        names = names_of(desk.book["segments"])
        money = f"last year, {desk.settings.currency}"
        return [
            {"id": "segment", "label": "Segment", "kind": "choice", "choices": list(names), "words": {"": "none yet"} | names},
            column("customers", "status", "Status"), column("customers", "revenue", "Revenue", sub=money),
            column("customers", "profit", "Profit", sub=money),
            column("customers", "potential_profit", "Possible profit", sub=f"a year, {desk.settings.currency}"),
            {"id": "index", "label": "Value index", "kind": "show", "sub": "our formula",
             "help": "Half its profit, half what it could bring, each as % of the segment's highest."},
            *({"id": c, "label": c, "kind": "word"} for c in _extra(desk)),
        ]  # fmt: skip

    def choices() -> list[dict[str, str]]:
        return [
            *({"id": s, "label": n} for s, n in names_of(desk.book["segments"]).items()),
            {"id": "-", "label": "no segment"},
        ]

    def give(content: dict[str, Any]) -> None:
        chosen, value = [str(row) for row in content["rows"]], str(content["value"])
        if not chosen or not value:
            raise InvalidInput(
                "Choose the customers, then the segment." if not chosen else "Choose the segment."
            )
        desk.put_all("customers", [{"customer": c, "segment": "" if value == "-" else value} for c in chosen])
        made.send({"assigned": len(chosen)})

    def add(content: dict[str, Any]) -> None:
        name = content["value"]
        desk.put(
            "customers",
            customer=slug(name, desk.book["customers"]["customer"]),
            name=name,
            status="current",
        )

    made = grid(
        desk, rows, columns, lambda row, name, text: ("customers", {"customer": row, name: text}),
        handlers={"assign": give, "add": add}, title="Customers and their segments", corner="Customer",
        pick="Give the chosen to", choices=choices(), add="Another customer:",
    )  # fmt: skip

    def renew() -> None:
        made.choices = choices()

    desk.on_change(renew)
    return made


def _paste(desk: Desk) -> Panel:
    """A list as Excel copies it: look at what is what, then take it in."""
    block: dict[str, Any] = {"frame": None, "mapping": {}}

    def html() -> str:
        frame = block["frame"]
        headers = [] if frame is None else list(frame.columns)
        return panels.fill("paste", locked=desk.read_only, headers=headers, rows=0 if frame is None else len(frame),
                           wanted=list(headers_of.FIELDS), mapping=block["mapping"])  # fmt: skip

    made = panel(desk, html)

    def look(content: dict[str, Any]) -> None:
        frame = shape.from_text(str(content["fields"]["block"])).frame
        block.update(frame=frame, mapping=headers_of.propose(frame))
        made.html = html()

    def forget(_: dict[str, Any]) -> None:
        block.update(frame=None, mapping={})
        made.html = html()

    def take(content: dict[str, Any]) -> None:
        mapping = {c[4:]: str(h) for c, h in content["fields"].items() if c.startswith("map-") and h}
        merged = desk.take_in(lambda text: listed_customers.merge(text, block["frame"], mapping))
        forget(content)
        told = [
            f"{merged.counts[what]} {what.replace('_', ' ')}"
            for what in ("added", "updated", "unchanged", "left_out")
        ]
        odd = [note["message"] for note in merged.notes[:3]]
        if not desk.settings.segment and len(desk.book["segments"]):
            desk.choose(desk.book["segments"]["segment"].iloc[0])
        desk.say("\n".join([f"{merged.counts['rows']} customers read: {', '.join(told)}.", *odd]))

    hear(made, desk, {} if desk.read_only else {"look": look, "take": take, "forget": forget})
    return made


def discover(desk: Desk) -> W.Box:
    """Groups found in the data: choose columns, look, name them, make them the segments."""
    asked: dict[str, Any] = {"columns": None, "groups": 0, "scope": "all", "found": None}

    def customers() -> pd.DataFrame:
        table = desk.book["customers"]
        return table[table["segment"] == ""] if asked["scope"] == "none" else table

    def form() -> str:
        offered = grouping.columns(customers())
        offered = offered[offered["kind"].isin(["numeric", "categorical"])]
        if asked["columns"] is None:
            asked["columns"] = set(offered.loc[offered["suggested"], "column"])
        return panels.fill("discover_form", columns=offered.to_dict("records"), chosen=asked["columns"], groups=asked["groups"],
                           scope=asked["scope"], count=len(customers()))  # fmt: skip

    def result() -> str:
        found = asked["found"]
        return panels.fill("discover", found=found, locked=desk.read_only, words=[] if found is None else found.words.to_dict("records"),
                           near=[] if found is None else found.groups[found.groups["near"].eq(True)].to_dict("records"))  # fmt: skip

    choice, told = panel(desk, form), panel(desk, result)
    profile, support = (
        picture(desk, lambda: (asked["found"],) if asked["found"] else (), draw, name, label)
        for draw, name, label in (
            (charts.profile, "groups", "What sets the groups apart"),
            (charts.support, "support", "How many groups the data support"),
        )
    )

    def tick(content: dict[str, Any]) -> None:
        asked["columns"] = (
            (asked["columns"] or set()) | {content["column"]}
            if content["value"] == "yes"
            else (asked["columns"] or set()) - {content["column"]}
        )

    def count(content: dict[str, Any]) -> None:
        asked["groups"] = int(content["value"] or 0)

    def scope(content: dict[str, Any]) -> None:
        asked.update(scope=str(content["value"]))
        choice.html = form()

    def look(_: dict[str, Any]) -> None:
        listed = [c for c in customers() if c in (asked["columns"] or set())]
        asked["found"], asked["used"] = grouping.find(customers(), listed, asked["groups"]), listed
        told.html = result()
        desk.look_at(desk.customer)

    def accept(content: dict[str, Any]) -> None:
        found = asked["found"]
        names = {
            g: str(content["fields"].get(f"name-{g}", "")).strip() or f"Group {g}"
            for g in found.words["group"]
        }
        taken, ids = list(desk.book["segments"]["segment"]), {}
        for group, name in names.items():
            ids[group] = slug(name, taken)
            taken.append(ids[group])
        told_of = found.words.set_index("group")["description"]
        basis = "groups found in " + ", ".join(asked["used"])
        inside = found.groups[found.groups["group"] != ""]
        with desk.as_one():
            desk.put_all("segments", [
                {"segment": ids[g], "name": n, "description": told_of[g], "basis": basis, "active": "yes"}
                for g, n in names.items()
            ])  # fmt: skip
            desk.put_all("customers", [
                {"customer": c, "segment": ids[g]}
                for c, g in zip(inside["customer"], inside["group"], strict=True)
            ])  # fmt: skip
        if not desk.settings.segment:
            desk.choose(next(iter(ids.values())))
        asked["found"] = None
        told.html = result()
        desk.say(f"{len(inside)} customers are in {len(ids)} new segments; undo takes it back.")

    reading = {"column": tick, "groups": count, "scope": scope, "discover": look}
    hear(choice, desk, reading)
    hear(told, desk, {} if desk.read_only else {"accept": accept})
    return zones(choice, stack(told, profile, support), shape="steer")
