"""The views of steps 1 and 4: objectives with their forecast, the balance, and the market map."""

from __future__ import annotations

from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import briefing, charts, panels
from kamlib.catalogue import sheets as forms
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import findings as rules
from kamlib.models import market as model
from kamlib.models import objectives
from kamlib.views.parts import column, grid, hear, names_of, panel, picture, slug, stack, zones
from kamlib.views.widgets import Grid, Panel
from kamlib.workbook.schema import US, as_text


def purpose(desk: Desk) -> W.Box:
    """Step 1: what drives us, what to expect, whether the objectives stand, and the hockey-stick test."""

    def drivers() -> tuple[Any, ...]:
        rows = objectives.drivers(desk.book)
        strong = rows[rows["strong"]]
        return (strong, *objectives.FIELDS) if len(strong) else ()

    shown = picture(
        desk,
        drivers,
        charts.quadrants,
        "drivers",
        "What drives us",
        "Tick the drivers that apply in the exercise below; the picture follows.",
    )
    told = panel(desk, lambda: briefing.purpose(desk.book))
    return stack(
        zones(shown, stack(told, panel(desk, lambda: panels.guide(1), follow=False)), shape="two"),
        _forecast(desk),
    )


def _forecast(desk: Desk) -> W.Box:
    """Sales so far and planned, of the whole business or of a segment, and the hockey-stick test."""
    of = {"subject": forms.CASE}
    shown = ("amount", "kind", "note")

    def own() -> pd.DataFrame:
        table = desk.book["forecast"]
        return table[table["subject"] == of["subject"]].sort_values("year", kind="stable")

    def rows() -> list[dict[str, Any]]:
        return [
            {"id": r["year"], "label": r["year"], "cells": [as_text(r[c]) for c in shown]}
            for r in own().to_dict("records")
        ]

    def columns() -> list[dict[str, Any]]:
        return [column("forecast", "amount", f"Sales, {desk.settings.currency}"),
                column("forecast", "kind", "Happened or planned"), column("forecast", "note", "Why")]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        year = content["value"]
        if not (year.isdigit() and len(year) == 4):
            raise InvalidInput(f'"{year[:20]}" is not a year; write it as 2027.', found=year)
        if year in set(own()["year"]):
            raise InvalidInput(f"{year} is in the table already.", found=year)
        desk.put("forecast", **of, year=year, amount="")

    def head() -> str:
        choices = {forms.CASE: "the whole business"} | names_of(desk.book["segments"])
        return panels.fill("forecast_head", choices=choices, chosen=of["subject"])

    def choose(content: dict[str, Any]) -> None:
        if content["value"] in {forms.CASE, *desk.book["segments"]["segment"]}:
            of["subject"] = str(content["value"])
        desk.look_at(desk.customer)

    def trend() -> tuple[Any, ...]:
        line = objectives.trend(desk.book, of["subject"])
        return (line,) if len(line) > 1 else ()

    choice = panel(desk, head)
    hear(choice, desk, {"forecast": choose})
    made = grid(
        desk, rows, columns, lambda row, name, text: ("forecast", of | {"year": row, name: text}),
        handlers={"add": add, "remove": lambda m: desk.remove("forecast", **of, year=str(m["row"]))}, removable=True,
        title="Sales so far and planned", corner="Year", add="Another year:",
    )  # fmt: skip
    verdict = panel(desk, lambda: briefing.forecast(desk.book))
    return zones(
        stack(choice, made),
        stack(verdict, picture(desk, trend, charts.hockey_stick, "forecast", "Sales so far and planned")),
        shape="half",
    )


def balance(desk: Desk) -> W.Box:
    """The whole: objectives, opportunity and resources side by side, and what is still to settle."""
    shown = panel(desk, lambda: briefing.balance(desk.book))

    def settle() -> str:
        return panels.findings_list(rules.early(desk.book))

    return zones(shown, panel(desk, settle), shape="two")


def market(desk: Desk) -> W.Box:
    """Step 4: the market map, entered as a table of points, drawn, and ranked by opportunity."""

    def drawn() -> tuple[Any, ...]:
        rows = model.market_map(desk.book)
        if rows.empty:
            return ()
        return rows, model.routes(desk.book), model.layout(desk.book), model.shares(desk.book)

    def ranked() -> tuple[Any, ...]:
        rows = model.market_map(desk.book)
        return (rows,) if rows["size"].notna().any() else ()

    told = panel(desk, lambda: briefing.opportunity(desk.book))
    shown = picture(
        desk,
        drawn,
        charts.market_map,
        "market-map",
        "The market map",
        "The map is drawn as soon as there is a first point.",
    )
    return stack(
        zones(shown, stack(told, panel(desk, lambda: panels.guide(4), follow=False)), shape="two"),
        zones(_points(desk), shape="one"),
        zones(
            stack(_more(desk), _routes(desk)),
            picture(
                desk, ranked, charts.opportunity, "opportunity", "The points of the market by opportunity"
            ),
            shape="half",
        ),
    )


def _points(desk: Desk) -> Grid:
    shown = ("leverage", "decided", "approach", "note")

    def suppliers() -> dict[str, str]:
        return {US: "Us"} | {s: n for s, n in names_of(desk.book["suppliers"]).items() if s != US}

    def rows() -> list[dict[str, Any]]:
        shares = desk.book["junction_shares"].drop_duplicates(["junction", "supplier"])
        cells = {(r["junction"], r["supplier"]): _share(r) for r in shares.to_dict("records")}
        return [
            {"id": j["junction"], "label": j["name"] or j["junction"], "head": str(n),
             "cells": [j["name"], as_text(j["size"]), *(cells.get((j["junction"], s), "") for s in suppliers()),
                       *(as_text(j[c]) for c in shown)]}
            for n, j in enumerate(desk.book["junctions"].to_dict("records"), start=1)
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        basis = f"{desk.settings.market_basis} or %"
        return [
            column("junctions", "name", "Name"),
            column("junctions", "size", "Market size", sub=desk.settings.market_basis),
            *({"id": f"of:{s}", "label": n, "kind": "number", "sub": basis, "help": "An amount, or a share such as 15 %."}
              for s, n in suppliers().items()),
            column("junctions", "leverage", "Chosen here?"), column("junctions", "decided", "Decided"),
            column("junctions", "approach", "Push or pull"), column("junctions", "note", "Note"),
        ]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        if not name.startswith("of:"):
            return "junctions", {"junction": row, name: text}
        percent = text.strip().endswith("%")
        said = (
            {"amount": "", "share_pct": text.strip().rstrip("%").strip()}
            if percent
            else {"amount": text, "share_pct": ""}
        )
        return "junction_shares", {"junction": row, "supplier": name[3:]} | said

    def add(content: dict[str, Any]) -> None:
        made = slug(content["value"], desk.book["junctions"]["junction"])
        desk.put("junctions", junction=made, name=content["value"])

    return grid(
        desk, rows, columns, target, removable=True, title="Points of the market map", corner=" ", add="Another point:",
        handlers={"add": add, "remove": lambda m: desk.remove("junctions", junction=str(m["row"]))},
    )  # fmt: skip


def _share(row: dict[str, Any]) -> str:
    if row["amount"] == row["amount"]:
        return as_text(row["amount"])
    return f"{row['share_pct']:g} %" if row["share_pct"] == row["share_pct"] else ""


def _more(desk: Desk) -> Panel:
    """Add a route, or a competitor."""
    made = panel(
        desk,
        lambda: panels.fill(
            "routes_add", points=list(names_of(desk.book["junctions"]).items()), locked=desk.read_only
        ),
    )

    def route(content: dict[str, Any]) -> None:
        origin, target = content["fields"]["origin"], content["fields"]["target"]
        if not origin or not target:
            raise InvalidInput("Choose the point the route comes from and the one it goes to.")
        desk.put("routes", origin=origin, target=target, amount="")

    def supplier(content: dict[str, Any]) -> None:
        name = content["fields"]["supplier"].strip()
        if not name:
            raise InvalidInput("Write the name of the competitor.")
        desk.put("suppliers", supplier=slug(name, desk.book["suppliers"]["supplier"]), name=name)

    hear(made, desk, {} if desk.read_only else {"route": route, "supplier": supplier})
    return made


def _routes(desk: Desk) -> Grid:
    def key(row: str) -> dict[str, str]:
        origin, target = row.split("\t")
        return {"origin": origin, "target": target}

    def rows() -> list[dict[str, Any]]:
        names = names_of(desk.book["junctions"])
        return [
            {"id": f"{r['origin']}\t{r['target']}",
             "label": f"{names.get(r['origin'], r['origin'])} to {names.get(r['target'], r['target'])}",
             "cells": [as_text(r["amount"]), r["note"]]}
            for r in desk.book["routes"].to_dict("records")
        ]  # fmt: skip

    return grid(
        desk, rows, lambda: [column("routes", "amount", "Amount", sub=desk.settings.market_basis), column("routes", "note", "Note")],
        lambda row, name, text: ("routes", key(row) | {name: text}), removable=True,
        handlers={"remove": lambda m: desk.remove("routes", **key(m["row"]))}, title="Routes", corner="Route",
    )  # fmt: skip
