"""The views of steps 7 and 8: choosing factors, saying what good looks like, scoring."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from kamlib import catalogue, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import findings, kaism
from kamlib.models.factors import of_scope
from kamlib.views.parts import column, grid, hear, names_of, panel, slug, stack, zones
from kamlib.views.widgets import Panel
from kamlib.workbook.schema import US, as_text

STOCK = {"attractiveness": "customer_attractiveness_factors", "strength": "relative_strength_factors"}


def factors(desk: Desk) -> W.Box:
    """Choose about six attractiveness factors and say what good and bad look like."""
    wanted = ("good", "bad", "must_have_min")
    titles = {
        "good": "What a 10 looks like",
        "bad": "What a 1 looks like",
        "must_have_min": "Must have at least",
    }

    def own() -> list[dict[str, Any]]:
        listed = of_scope(desk.book, "attractiveness", desk.settings.segment).to_dict("records")
        return [
            {"id": f["factor"], "label": f["label"], "head": str(number),
             "cells": [as_text(f[c]) for c in ("label", *wanted)]}
            for number, f in enumerate(listed, start=1)
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [column("factors", "label", "Name"), *(column("factors", c, titles[c]) for c in wanted)]

    made = grid(
        desk, own, columns,
        lambda row, name, text: ("factors", _factor_key(desk, row) | {name: text}),
        handlers={
            "remove": lambda m: desk.remove("factors", **_factor_key(desk, m["row"])),
            "add": lambda m: _add_factor(desk, "attractiveness", desk.settings.segment, m["value"]),
        },
        title="Attractiveness factors", corner=" ", add="A factor of our own:", removable=True,
    )  # fmt: skip
    return zones(stack(_stock(desk, "attractiveness"), made, _suggestions(desk)), panel(desk, lambda: panels.guide(7), follow=False),
                 shape="two")  # fmt: skip


def _suggestions(desk: Desk) -> Panel:
    """Words for the benchmarks that nobody has agreed yet, to take or to change."""
    stock = catalogue.items(STOCK["attractiveness"]).set_index("id")

    def missing() -> list[dict[str, Any]]:
        listed = of_scope(desk.book, "attractiveness", desk.settings.segment)
        bare = listed[(listed["good"] == "") & (listed["bad"] == "") & listed["factor"].isin(stock.index)]
        return bare.assign(
            good=bare["factor"].map(stock["good"]), bad=bare["factor"].map(stock["bad"])
        ).to_dict("records")

    def bare() -> bool:
        """Is there a factor that may not be scored yet?"""
        listed = of_scope(desk.book, "attractiveness", desk.settings.segment)["factor"]
        return any(findings.blocked_score(desk.book, desk.settings.segment, f) for f in listed)

    made = panel(desk, lambda: panels.fill("suggestions", rows=missing(), bare=bare(), locked=desk.read_only))

    def take(content: dict[str, Any]) -> None:
        row = next(r for r in missing() if r["factor"] == content["factor"])
        desk.put("factors", **_factor_key(desk, row["factor"]), good=row["good"], bad=row["bad"])

    def waive(content: dict[str, Any]) -> None:
        reason = str(content["fields"]["why"]).strip()
        if not reason:
            raise InvalidInput("Write why you score without benchmarks; then go on.")
        desk.put(
            "decisions", what="benchmark_waiver", subject=desk.settings.segment, decision="yes", reason=reason
        )

    if not desk.read_only:
        hear(made, desk, {"take": take, "no_benchmark": waive})
    return made


def _factor_key(desk: Desk, factor: str) -> dict[str, str]:
    return {"model": "attractiveness", "scope": desk.settings.segment, "factor": factor}


def _stock(desk: Desk, model: str) -> Panel:
    """The stock list to choose from; for strength, of the customer in focus."""
    stock = catalogue.items(STOCK[model])

    def scope() -> str:
        return desk.settings.segment if model == "attractiveness" else desk.customer

    def html() -> str:
        used = set(of_scope(desk.book, model, scope())["factor"])
        rows = stock[~stock["id"].isin(used)][["id", "label", "help"]].to_dict("records")
        return panels.fill("stock", rows=rows, used=len(used), model=model, locked=desk.read_only)

    made = panel(desk, html)
    if not desk.read_only:
        hear(made, desk, {"stock": lambda m: _add_factor(desk, model, scope(), m["fields"]["factor"])})
    return made


def _add_factor(desk: Desk, model: str, scope: str, chosen: str) -> None:
    """From the stock list by id, or one of the team's own by name."""
    if not scope:
        raise InvalidInput(
            "Choose a segment first." if model == "attractiveness" else "Choose a customer first."
        )
    if not chosen:
        raise InvalidInput("Choose a factor from the list, or write one of your own.")
    stock = catalogue.items(STOCK[model]).set_index("id")["label"]
    taken = set(of_scope(desk.book, model, scope)["factor"])
    if chosen in stock.index and chosen not in taken:
        desk.put("factors", model=model, scope=scope, factor=chosen, label=stock[chosen])
    else:
        desk.put("factors", model=model, scope=scope, factor=slug(chosen, taken), label=chosen)


def scores(desk: Desk, model: str) -> W.Box:
    """The score grid: customers x factors (attractiveness), or factors x suppliers (strength)."""
    return _attractiveness(desk) if model == "attractiveness" else _strength(desk)


def _attractiveness(desk: Desk) -> W.Box:
    place: dict[str, str] = {"row": "", "column": ""}

    def columns() -> list[dict[str, Any]]:
        listed = of_scope(desk.book, "attractiveness", desk.settings.segment).to_dict("records")
        return [
            column("scores", "score", f["label"], id=f["factor"], help=f"10: {f['good']}\n1: {f['bad']}",
                   sub=f"must have {f['must_have_min']:g}" if f["must_have_min"] == f["must_have_min"] else "")
            for f in listed
        ] + [{"id": "", "label": "Score", "kind": "show"}]  # fmt: skip

    def rows() -> list[dict[str, Any]]:
        seen = kaism.drawn(desk.book)
        listed = of_scope(desk.book, "attractiveness", desk.settings.segment)["factor"]
        part = desk.book["scores"]
        part = part[part["model"] == "attractiveness"]
        cells = dict(
            zip(zip(part["subject"], part["factor"], strict=True), part["score"].map(as_text), strict=True)
        )
        return [
            {"id": c, "label": n, "cells": [*(cells.get((c, f), "") for f in listed), panels.one(y) if y == y else ""],
             "kind": "out" if s == "ruled_out" else ""}
            for c, n, y, s in zip(seen["customer"], seen["name"], seen["y"], seen["status"], strict=True)
        ]  # fmt: skip

    side = panel(desk, lambda: panels.benchmark(desk.book, place["column"], place["row"]))

    def at(content: dict[str, Any]) -> None:
        place.update(row=str(content["row"]), column=str(content["column"]))
        side.html = panels.benchmark(desk.book, place["column"], place["row"])

    def target(row: str, factor: str, text: str) -> tuple[str, dict[str, Any]]:
        return "scores", {"model": "attractiveness", "subject": row, "factor": factor, "score": text}

    made = grid(desk, rows, columns, target, reading={"at": at}, title="How attractive is each customer to us?",
                corner="Customer", heat=True)  # fmt: skip
    words = panel(desk, lambda: panels.fill("known", **_known(desk)))
    return zones(stack(words, made), side, shape="two")


def _known(desk: Desk) -> dict[str, Any]:
    """How many scores are known, and the average that decides the line."""
    seen = kaism.drawn(desk.book)
    listed = of_scope(desk.book, "attractiveness", desk.settings.segment)
    every = len(seen) * len(listed)
    unknown = kaism.unknowns(desk.book)
    blank = int((unknown["model"] == "attractiveness").sum())
    line = float(seen["y_line"].iloc[0]) if len(seen) else float("nan")
    return {"every": every, "known": every - blank, "line": line, "locked": desk.read_only}


def _strength(desk: Desk) -> W.Box:
    def suppliers() -> list[str]:
        part = desk.book["scores"]
        own = set(part[(part["model"] == "strength") & (part["subject"] == desk.customer)]["supplier"])
        return [US, *(s for s in desk.book["suppliers"]["supplier"] if s in own and s != US)]

    def columns() -> list[dict[str, Any]]:
        names = names_of(desk.book["suppliers"]) | {US: "Us"}
        scored = [column("scores", "score", names[s], id=f"score:{s}") for s in suppliers()]
        return [
            column("factors", "weight", "Weight"), *scored,
            column("scores", "evidence", "Where from", id="evidence"), column("scores", "note", "Why", id="note"),
        ]  # fmt: skip

    def rows() -> list[dict[str, Any]]:
        listed = of_scope(desk.book, "strength", desk.customer) if desk.customer else None
        if listed is None:
            return []
        part = desk.book["scores"]
        part = part[(part["model"] == "strength") & (part["subject"] == desk.customer)]
        cells = {(r["factor"], r["supplier"]): r for r in part.to_dict("records")}
        return [_csf_row(f, suppliers(), cells) for f in listed.to_dict("records")]

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        if name == "weight":
            return "factors", _csf_key(desk, row) | {"weight": text}
        kind, _, supplier = name.partition(":")
        key = {"model": "strength", "subject": desk.customer, "factor": row, "supplier": supplier or US}
        return "scores", key | {kind: text}

    made = grid(
        desk, rows, columns, target,
        handlers={"remove": lambda m: desk.remove("factors", **_csf_key(desk, m["row"])),
                  "add": lambda m: _add_factor(desk, "strength", desk.customer, m["value"])},
        title="How does the customer see us and our competitors?", corner="What they look for",
        add="Something else they look for:", removable=True, heat=True,
    )  # fmt: skip
    return zones(stack(_strength_head(desk), _stock(desk, "strength"), made),
                 stack(panel(desk, lambda: _strength_words(desk)), panel(desk, lambda: panels.guide(8), follow=False)),
                 shape="two")  # fmt: skip


def _csf_key(desk: Desk, factor: str) -> dict[str, str]:
    return {"model": "strength", "scope": desk.customer, "factor": factor}


def _csf_row(
    factor: dict[str, Any], suppliers: list[str], cells: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    scored = {s: cells.get((factor["factor"], s), {}).get("score", float("nan")) for s in suppliers}
    most = max((v for v in scored.values() if v == v), default=None)
    ours = cells.get((factor["factor"], US), {})
    return {
        "id": factor["factor"], "label": factor["label"],
        "cells": [as_text(factor["weight"]), *(as_text(v) for v in scored.values()),
                  ours.get("evidence", ""), ours.get("note", "")],
        "best": [f"score:{s}" for s, v in scored.items() if v == most],
    }  # fmt: skip


def _strength_head(desk: Desk) -> Panel:
    """Choose the customer, add a competitor, or say that there is none."""

    def html() -> str:
        seen = kaism.drawn(desk.book)
        own = set(
            kaism.against(desk.book, tuple(seen.loc[seen["customer"] == desk.customer, "customer"]))[
                "supplier"
            ]
        )
        names = {s: n for s, n in names_of(desk.book["suppliers"]).items() if s != US and s not in own}
        return panels.fill(
            "strength_head", choices=list(zip(seen["customer"], seen["name"], strict=True)), chosen=desk.customer,
            others=names, alone=desk.customer in kaism.no_competitor(desk.book), rivals=len(own),
            locked=desk.read_only,
        )  # fmt: skip

    made = panel(desk, html)
    writing = {
        "rival": lambda m: _add_rival(desk, m["fields"]["rival"], m["fields"]["new_rival"].strip()),
        "alone": lambda m: desk.put("decisions", what="no_competitor", subject=desk.customer,
                                    decision=m["value"], reason="said by the team"),
    }  # fmt: skip
    hear(made, desk, {"choose": lambda m: desk.look_at(m["value"])} | ({} if desk.read_only else writing))
    return made


def _add_rival(desk: Desk, chosen: str, new: str) -> None:
    """A competitor of this customer, from the list or by a new name: its scores start unknown."""
    if not desk.customer:
        raise InvalidInput("Choose a customer first.")
    listed = of_scope(desk.book, "strength", desk.customer)["factor"].tolist()
    if not listed or not (chosen or new):
        raise InvalidInput("Choose a competitor." if listed else "First say what the customer looks for.")
    with desk.as_one():
        if new:
            chosen = slug(new, desk.book["suppliers"]["supplier"])
            desk.put("suppliers", supplier=chosen, name=new)
        key = {"model": "strength", "subject": desk.customer, "supplier": chosen}
        desk.put_all("scores", [key | {"factor": f, "score": ""} for f in listed])


def _strength_words(desk: Desk) -> str:
    seen = kaism.drawn(desk.book)
    row = seen[seen["customer"] == desk.customer]
    return panels.fill("strength_words", row=row.iloc[0].to_dict() if len(row) else None)
