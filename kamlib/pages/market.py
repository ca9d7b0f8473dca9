"""Step 4: the market map, entered as a table of points, drawn, and ranked by opportunity."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import market as model
from kamlib.pages.exhibit import Chart, Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, names_of, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, whole
from kamlib.pages.sheets import exercises
from kamlib.workbook.schema import US, as_text

MOST_RANKED, MOST_UNKNOWN = 8, 6
OF = "of:"  # before the id of a supplier: the column of what it has


def _ranked(view: View) -> pd.DataFrame:
    rows = model.market_map(view.book)
    return rows[rows["opportunity"].notna()].sort_values("rank", kind="stable")


def _map(view: View) -> tuple[Any, ...]:
    book = view.book
    rows = model.market_map(book)
    return (rows, model.routes(book), model.layout(book), model.shares(book)) if len(rows) else ()


def _opportunity_title(view: View) -> str:
    ranked = _ranked(view)
    if ranked.empty:
        return "Where is the opportunity?"
    chosen_here = ranked[ranked["leverage"] == "yes"]
    first = (ranked if chosen_here.empty else chosen_here).iloc[0]
    where = "" if chosen_here.empty else ", of the points where the supplier is chosen"
    share = f"{whole(first['opportunity'])} of {whole(first['size'])} is not ours"
    return f"Most to gain{where}: {first['name']}, where {share}"


def _opportunity(view: View) -> str:
    return fill(
        "market",
        "opportunity",
        ranked=_ranked(view).head(MOST_RANKED).to_dict("records"),
        unknown=model.find_out(view.book).head(MOST_UNKNOWN).to_dict("records"),
    )


def _sized(view: View) -> tuple[Any, ...]:
    rows = model.market_map(view.book)
    return (rows,) if rows["size"].notna().any() else ()


# The points, and what each supplier has there


def _suppliers(view: View) -> dict[str, str]:
    return {US: "Us"} | {id: name for id, name in names_of(view.book["suppliers"]).items() if id != US}


def _share(row: dict[str, Any]) -> str:
    if row["amount"] == row["amount"]:
        return as_text(row["amount"])
    return f"{row['share_pct']:g} %" if row["share_pct"] == row["share_pct"] else ""


def _point_rows(view: View) -> list[dict[str, Any]]:
    shares = view.book["junction_shares"].drop_duplicates(["junction", "supplier"]).to_dict("records")
    held = {(share["junction"], share["supplier"]): _share(share) for share in shares}
    return [
        {
            "id": point["junction"],
            "label": point["name"] or point["junction"],
            "head": str(n),
            "cells": [
                point["name"],
                as_text(point["size"]),
                *(held.get((point["junction"], supplier), "") for supplier in _suppliers(view)),
                *(as_text(point[c]) for c in ("leverage", "decided", "approach", "note")),
            ],
        }
        for n, point in enumerate(view.book["junctions"].to_dict("records"), start=1)
    ]


def _point_columns(view: View) -> list[dict[str, Any]]:
    basis = view.book.settings.market_basis
    share = {"kind": "number", "sub": f"{basis} or %", "help": "An amount, or a share such as 15 %."}
    return [
        column("junctions", "name", "Name"),
        column("junctions", "size", "Market size", sub=basis),
        *({"id": OF + id, "label": name} | share for id, name in _suppliers(view).items()),
        column("junctions", "leverage", "Supplier chosen here?"),
        column("junctions", "decided", "Decided"),
        column("junctions", "approach", "Push or pull"),
        column("junctions", "note", "Note"),
    ]


def _point_cell(view: View, point: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    if not name.startswith(OF):
        return "junctions", {"junction": point, name: text}
    text = text.strip()
    share = {"amount": "", "share_pct": text[:-1].strip()} if text.endswith("%") else {}
    said = share or {"amount": text, "share_pct": ""}
    return "junction_shares", {"junction": point, "supplier": name.removeprefix(OF)} | said


def _add_point(desk: Desk, message: dict[str, Any]) -> None:
    name = str(message["value"])
    desk.put("junctions", junction=slug(name, desk.view.book["junctions"]["junction"]), name=name)


POINTS = Exhibit(
    "points",
    grid=Grid(
        "Points of the market map",
        _point_rows,
        _point_columns,
        _point_cell,
        {"add": _add_point, "remove": lambda desk, m: desk.remove("junctions", junction=str(m["row"]))},
        add="Another point:",
        look={"removable": True, "long": True},
        printed=False,
    ),
)

# The routes between them


def _ends(route: str) -> dict[str, str]:
    origin, target = route.split("\t")
    return {"origin": origin, "target": target}


def _route_rows(view: View) -> list[dict[str, Any]]:
    names = names_of(view.book["junctions"])
    return [
        {
            "id": f"{r['origin']}\t{r['target']}",
            "label": f"{names.get(r['origin'], r['origin'])} to {names.get(r['target'], r['target'])}",
            "cells": [as_text(r["amount"]), r["note"]],
        }
        for r in view.book["routes"].to_dict("records")
    ]


def _add_route(desk: Desk, message: dict[str, Any]) -> None:
    origin, target = message["fields"]["origin"], message["fields"]["target"]
    if not origin or not target:
        raise InvalidInput("Choose the point the route comes from and the one it goes to.")
    desk.put("routes", origin=origin, target=target, amount="")


def _add_supplier(desk: Desk, message: dict[str, Any]) -> None:
    name = str(message["fields"]["supplier"]).strip()
    if not name:
        raise InvalidInput("Write the name of the competitor.")
    desk.put("suppliers", supplier=slug(name, desk.view.book["suppliers"]["supplier"]), name=name)


ADD = Exhibit(
    "market-add",
    words=lambda view: "" if view.locked else fill("market", "add", points=names_of(view.book["junctions"])),
    actions={"route": _add_route, "supplier": _add_supplier},
    on_paper=False,
)
ROUTES = Exhibit(
    "routes",
    grid=Grid(
        "Routes",
        _route_rows,
        lambda view: [
            column("routes", "amount", "Amount", sub=view.book.settings.market_basis),
            column("routes", "note", "Note"),
        ],
        lambda view, route, name, text: ("routes", _ends(route) | {name: text}),
        {"remove": lambda desk, message: desk.remove("routes", **_ends(str(message["row"])))},
        corner="Route",
        look={"removable": True, "long": True},
        printed=False,
    ),
)
market = stack(
    row(
        Exhibit(
            "market-map",
            "The market map",
            chart=Chart(
                charts.market_map,
                _map,
                "The market map",
                "The map is drawn as soon as there is a first point.",
            ),
        ),
        stack(Exhibit("opportunity", _opportunity_title, _opportunity), tips(4)),
        shape="two",
    ),
    POINTS,
    row(
        stack(ADD, ROUTES),
        Exhibit(
            "ranked",
            "The points of the market by opportunity",
            chart=Chart(charts.opportunity, _sized, "The points of the market by opportunity"),
        ),
    ),
    exercises(4),
)
