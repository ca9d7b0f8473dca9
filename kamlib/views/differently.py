"""The views of step 10: treating the four categories differently, the energy for it, services, moving an account."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from kamlib import charts, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import distinction as model
from kamlib.models import findings as rules
from kamlib.views.parts import column, figures, grid, hear, of_segment, panel, picture, slug, stack, zones
from kamlib.views.sheets import sheet
from kamlib.views.staff import effort
from kamlib.views.widgets import Grid, Panel
from kamlib.workbook.schema import APPROACHES, BOXES, CHANNELS, as_text

APPROACH_WORDS = {"hunter": "hunter", "farmer": "farmer", "milk_round": "milk round"}
MOVES = [(s, t) for s in reversed(CHANNELS) for t in CHANNELS if CHANNELS.index(t) < CHANNELS.index(s)]
CHANNEL_WORDS = {"internet": "internet", "call_centre": "calls", "face_to_face": "visits"}


def distinction(desk: Desk) -> W.Box:
    """The least and the most that each category gets, for each basis; and where a service creeps."""
    return stack(
        zones(_table(desk), stack(_creep(desk), _settle(desk, 44, 45, 51, 53)), shape="two"),
        _approaches(desk),
    )


def _table(desk: Desk) -> Grid:
    def rows() -> list[dict[str, Any]]:
        seen = model.distinction(desk.book)
        cells = {(r["basis"], r["category"]): r for r in seen.to_dict("records")}
        return [
            {"id": b["basis"], "label": b["name"], "sub": _ladder(b["ladder"]), "choices": list(b["ladder"]), "keep": not b["own"],
             "cells": [cells.get((b["basis"], c), {}).get(end, "") for c in BOXES for end in ("min", "max")]}
            for b in model.bases(desk.book).to_dict("records")
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [{"id": f"{c}\t{end}", "label": f"{panels.glyph(c)} {panels.box_word(c)}", "kind": "rung", "sub": word}
                for c in BOXES for end, word in (("min", "at least"), ("max", "at most"))]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        category, end = name.split("\t")
        return "distinction", {"basis": row, "category": category, end: text}

    def add(content: dict[str, Any]) -> None:
        name, _, ladder = content["value"].partition(":")
        made = slug(name, model.bases(desk.book)["basis"])
        desk.put("bases", basis=made, name=name.strip(), ladder=ladder.strip())

    def remove(content: dict[str, Any]) -> None:
        basis = str(content["row"])
        said = desk.book["distinction"]
        keys = said.loc[said["basis"] == basis, ["basis", "category"]].to_dict("records")
        desk.remove_all([("bases", {"basis": basis}), *(("distinction", key) for key in keys)])

    return grid(desk, rows, columns, target, handlers={"add": add, "remove": remove}, removable=True, broad=True,
                title="What each category gets, at least and at most", corner="In what we treat them differently",
                add="A basis of our own (name: least | more | most):")  # fmt: skip


def _ladder(rungs: tuple[str, ...]) -> str:
    return f"from {rungs[0]} to {rungs[-1]}" if rungs else "a number"


def _creep(desk: Desk) -> Panel:
    """What the table says: the result as a title, creeping services, and test beds that are planned."""

    def html() -> str:
        seen = model.distinction(desk.book)
        creeping = seen[seen["creep"] != ""].to_dict("records")
        beds = seen[seen["test_bed"].astype(bool)].to_dict("records")
        said = int((seen[["min", "max"]] != "").all(axis=1).sum())
        return panels.fill(
            "distinct_words", creeping=creeping, beds=beds, said=said, every=len(seen), locked=desk.read_only
        )

    def bed(content: dict[str, Any]) -> None:
        desk.put(
            "distinction",
            basis=str(content["basis"]),
            category=str(content["category"]),
            test_bed=str(content["to"]),
        )

    made = panel(desk, html)
    hear(made, desk, {} if desk.read_only else {"bed": bed})
    return made


def _settle(desk: Desk, *numbers: int) -> Panel:
    """What a facilitator would say just here: the findings of step 10 by these rules, of these customers or all."""

    def html() -> str:
        found = rules.differently(desk.book)
        found = found[found["rule"].isin(numbers)]
        return panels.findings_list(found) if len(found) else ""

    return panel(desk, html)


def _approaches(desk: Desk) -> W.Box:
    """How each category is sold to, and what must not happen to it."""
    shown = ("approach", "avoid")

    def rows() -> list[dict[str, Any]]:
        seen = model.approaches(desk.book)
        return [{"id": r["category"], "label": panels.box_word(r["category"]), "cells": [as_text(r[c]) for c in shown],
                 "sub": f"{APPROACH_WORDS[r['fits']]} fits" if r["fits"] else "no approach of its own"}
                for r in seen.to_dict("records")]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [{"id": "approach", "label": "Sales approach", "kind": "choice", "choices": list(APPROACHES), "words": APPROACH_WORDS},
                column("effort", "avoid", "Outcome to avoid")]  # fmt: skip

    made = grid(desk, rows, columns, lambda row, name, text: ("effort", {"category": row, name: text}),
                title="How we sell to them, and what must not happen", corner="Category", broad=True)  # fmt: skip
    return zones(made, panel(desk, lambda: panels.guide(10), follow=False), shape="two")


def energy(desk: Desk) -> W.Box:
    """Days today and days under the new rules: what is freed, where it goes, and what frees it."""
    shown, titles = (
        ("days", "money", "note"),
        ("Days a year today", f"Money a year today, {desk.settings.currency}", "Why"),
    )

    def cells(customer: str) -> list[str]:
        rows = desk.book["time_spent"]
        own = rows[rows["customer"] == customer].to_dict("records")
        return [as_text(own[0][c]) for c in shown] if own else [""] * len(shown)

    def said() -> str:
        return model.words(desk.book)

    def data() -> tuple[Any, ...]:
        rows = model.flow(desk.book)
        return (rows,) if len(rows) else ()

    given = of_segment(desk, "What each customer takes today", lambda: [column("time_spent", c, t) for c, t in zip(shown, titles, strict=True)],
                       cells, lambda row, name, text: ("time_spent", {"customer": row, name: text}))  # fmt: skip
    head = panel(desk, lambda: panels.fill("title", title=said()))
    drawn = picture(desk, data, charts.energy, "energy", "Where the days go today and where they are to go",
                    "The flow of days is drawn here as soon as somebody has said what a customer takes today.", said)  # fmt: skip
    told = panel(desk, lambda: panels.fill("energy_words", rows=model.energy(desk.book).to_dict("records"),
                                           plans=model.reconcile(desk.book).to_dict("records")))  # fmt: skip
    asked = figures(
        desk,
        {
            "visit_hours": "Hours one visit takes, with the way there",
            "call_hours": "Hours one call takes, with what follows from it",
            "hours_per_day": "Hours in a working day",
        },
    )
    left = stack(given, effort(desk, ("days", "money")), _moves(desk), asked)
    return zones(left, stack(head, drawn, told), shape="half")


def _moves(desk: Desk) -> Grid:
    """How many contacts move to another channel, a row a category."""

    def rows() -> list[dict[str, Any]]:
        table = desk.book["channel_moves"]
        said = {
            (c, s, t): as_text(p)
            for c, s, t, p in table[["category", "source", "target", "share_pct"]].itertuples(index=False)
        }
        return [
            {"id": b, "label": panels.box_word(b), "cells": [said.get((b, s, t), "") for s, t in MOVES]}
            for b in BOXES
        ]

    def columns() -> list[dict[str, Any]]:
        return [column("channel_moves", "share_pct", f"{CHANNEL_WORDS[s]} to {CHANNEL_WORDS[t]}", sub="%") | {"id": f"{s}\t{t}"}
                for s, t in MOVES]  # fmt: skip

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        source, to = name.split("\t")
        return "channel_moves", {"category": row, "source": source, "target": to, "share_pct": text}

    return grid(desk, rows, columns, target, title="Contacts that move to another channel", corner="Category")


def services(desk: Desk) -> W.Box:
    """Services nobody wants, services done badly, services given away: keep, improve, charge or remove; who pays."""
    shown = ("cost", "valued", "good_at", "new", "who_pays", "suggestion", "action", "pilot", "pilot_on")

    def rows() -> list[dict[str, Any]]:
        seen = model.services(desk.book)
        return [
            {"id": r["service"], "label": r["name"], "cells": [as_text(r[c]) for c in shown]}
            for r in seen.to_dict("records")
        ]

    def columns() -> list[dict[str, Any]]:
        return [
            column("services", "cost", "Cost", sub=f"a year, {desk.settings.currency}"), column("services", "valued", "Valued?"),
            column("services", "good_at", "Are we good at it?"), column("services", "new", "New?"), column("services", "who_pays", "Who pays"),
            {"id": "suggestion", "label": "Suggested", "kind": "show"}, column("services", "action", "Decided"),
            column("services", "pilot", "Tried first where"), column("services", "pilot_on", "From when"),
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        desk.put(
            "services",
            service=slug(content["value"], desk.book["services"]["service"]),
            name=content["value"],
        )

    def new(content: dict[str, Any]) -> None:
        said = {name: str(content["fields"][name]).strip() for name in ("name", "who_pays")}
        if not said["name"] or not said["who_pays"]:
            raise InvalidInput("A new service needs a name, and somebody who pays for it.")
        desk.put("services", service=slug(said["name"], desk.book["services"]["service"]), new="yes", **said)

    def data() -> tuple[Any, ...]:
        seen = model.services(desk.book)
        return (seen,) if len(seen) else ()

    def said() -> str:
        return model.services_words(desk.book)

    listed = grid(desk, rows, columns, lambda row, name, text: ("services", {"service": row, name: text}),
                  handlers={"add": add, "remove": lambda m: desk.remove("services", service=str(m["row"]))}, removable=True,
                  title="What we do for customers besides the offer", corner="Service", add="A service there is today:")  # fmt: skip
    form = panel(desk, lambda: panels.fill("services_new", locked=desk.read_only), follow=False)
    hear(form, desk, {} if desk.read_only else {"service": new})
    head = panel(desk, lambda: panels.fill("title", title=said()))
    drawn = picture(desk, data, charts.presents, "services", "Services by whether they are valued and whether we are good at them", "", said)  # fmt: skip
    return stack(listed, form, zones(stack(head, drawn), _settle(desk, 48, 49, 50), shape="two"))


def moving(desk: Desk) -> W.Box:
    """Accounts whose category changes: who they are, the handover, and who is told what."""

    def html() -> str:
        rows = model.movers(desk.book).to_dict("records")
        return panels.fill("movers", rows=rows, customer=desk.customer)

    listed = panel(desk, html)
    hear(listed, desk, {"look": lambda m: desk.look_at(str(m["customer"]))})
    told = panel(desk, panels.communication, follow=False)
    return stack(
        zones(listed, told, shape="two"),
        sheet(desk, "maintenance_transition"),
        sheet(desk, "development_hold"),
    )


def settled(desk: Desk) -> W.Box:
    """What is still to settle in step 10, of the whole segment."""

    def html() -> str:
        found = rules.differently(desk.book)
        return (
            panels.findings_list(found)
            if len(found)
            else panels.fill("title", title="Nothing is left to settle in step 10")
        )

    return stack(panel(desk, html))
