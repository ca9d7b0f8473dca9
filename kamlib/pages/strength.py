"""Step 8: what each customer looks for in a supplier, and how it sees us beside our competitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models import kaism
from kamlib.models.factors import of_scope
from kamlib.pages.card import customers, focus, strengths
from kamlib.pages.exhibit import Choice, Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, names_of, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, line, parts
from kamlib.pages.room import AWAY, put_away, voting
from kamlib.pages.scoring import ATTRACTIVENESS, attractive, new_factor, suggested
from kamlib.workbook.book import Book
from kamlib.workbook.schema import US, as_text

ROWS = Choice("strength-rows", "Rows", {"one": "One customer", "all": "All customers"}, "one")


def _whom(view: View) -> dict[str, str]:
    """The customers whose lists are shown, by id: the one in focus, or all of the segment."""
    there = customers(view)
    return there if view[ROWS] == "all" else {c: n for c, n in there.items() if c == view.customer}


def _strength_factors(view: View) -> list[dict[str, Any]]:
    return [f for c in _whom(view) for f in of_scope(view.book, "strength", c).to_dict("records")]


def _strength_scores(view: View) -> pd.DataFrame:
    part = view.book["scores"]
    return part[(part["model"] == "strength") & part["subject"].isin(_whom(view))]


def _suppliers(view: View) -> dict[str, str]:
    """We and the competitors that are scored for those shown, by id."""
    there = set(_strength_scores(view)["supplier"])
    return {US: "Us"} | {s: n for s, n in names_of(view.book["suppliers"]).items() if s in there and s != US}


def _strength_columns(view: View) -> list[dict[str, Any]]:
    scored = [column("scores", "score", name, id=f"score:{s}") for s, name in _suppliers(view).items()]
    about = [
        column("scores", "evidence", "Where from", id="evidence"),
        column("scores", "note", "Why", id="note"),
    ]
    return [column("factors", "weight", "Weight"), *scored, *(about if view[ROWS] == "one" else [])]


def _strength_rows(view: View) -> list[dict[str, Any]]:
    if put_away(view, "strength"):
        return []
    cells = {(r["subject"], r["factor"], r["supplier"]): r for r in _strength_scores(view).to_dict("records")}
    return [_strength_row(view, factor, cells) for factor in _strength_factors(view)]


def _strength_row(view: View, factor: dict[str, Any], cells: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    key = factor["scope"], factor["factor"]
    scored = {s: cells.get((*key, s), {}).get("score", float("nan")) for s in _suppliers(view)}
    most = max((v for v in scored.values() if v == v), default=None)
    ours, several = cells.get((*key, US), {}), view[ROWS] == "all"
    said = [] if several else [ours.get("evidence", ""), ours.get("note", "")]
    return {
        "id": "\t".join(key),
        "label": factor["label"],
        "sub": _whom(view)[factor["scope"]] if several else "",
        "cells": [as_text(factor["weight"]), *map(as_text, scored.values()), *said],
        "keep": several,
        "apart": [f"score:{s}" for s in scored if several and (*key, s) not in cells],
        "best": [f"score:{s}" for s, v in scored.items() if v == most],
    }


def _strength_cell(view: View, row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    customer, factor = row.split("\t")
    if name == "weight":
        return "factors", {"model": "strength", "scope": customer, "factor": factor, "weight": text}
    kind, _, supplier = name.partition(":")
    key = {"model": "strength", "subject": customer, "factor": factor, "supplier": supplier or US}
    return "scores", key | {kind: text}


def _add_strength(desk: Desk, chosen: str) -> None:
    """One more thing that those shown look for."""
    view = desk.view
    if not (whom := _whom(view)):
        raise InvalidInput("Choose a customer first.")
    desk.put_all("factors", [new_factor(view.book, "strength", customer, chosen) for customer in whom])


def _remove_strength(desk: Desk, content: dict[str, Any]) -> None:
    customer, factor = str(content["row"]).split("\t")
    desk.remove("factors", model="strength", scope=customer, factor=factor)


def _listed(view: View) -> dict[str, list[str]]:
    """What each of those shown looks for, without those of whom that is not known."""
    found: dict[str, list[str]] = {}
    for factor in _strength_factors(view):
        found.setdefault(factor["scope"], []).append(factor["factor"])
    return found


def _more(view: View) -> str:
    """The competitors of those shown, and whom else this list is for; once there is a list."""
    whom, names = _whom(view), customers(view)
    if view.locked or not _listed(view):
        return ""
    rivals = {s for s in _suppliers(view) if s != US}
    others = {s: n for s, n in names_of(view.book["suppliers"]).items() if s != US and s not in rivals}
    listless = [c for c in names if of_scope(view.book, "strength", c).empty]
    one = next(iter(whom)) if view[ROWS] == "one" else ""
    return fill(
        "scoring",
        "more",
        one=one,
        name=whom.get(one, ""),
        others=others,
        rivals=len(rivals),
        listless=len(listless),
        alone=one in kaism.no_competitor(view.book),
        names={c: n for c, n in names.items() if c != one},
    )


def _rival(desk: Desk, content: dict[str, Any]) -> None:
    """A competitor of those shown, from the list or by a new name: its scores start unknown."""
    view, new = desk.view, str(content["fields"]["new_rival"]).strip()
    chosen, lists = str(content["fields"]["rival"]), _listed(desk.view)
    if not lists or not (chosen or new):
        raise InvalidInput("Choose a competitor." if lists else "First say what the customer looks for.")
    with desk.as_one():
        if new:
            known = {name.casefold(): id for id, name in names_of(view.book["suppliers"]).items()}
            chosen = known.get(new.casefold()) or slug(new, view.book["suppliers"]["supplier"])
            if new.casefold() not in known:
                desk.put("suppliers", supplier=chosen, name=new)
        desk.put_all(
            "scores", _unscored(view.book, [(c, f, chosen) for c, own in lists.items() for f in own])
        )


def _unscored(book: Book, wanted: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    """Empty scores (customer, factor, supplier), except where there is one already."""
    rows = book["scores"]
    rows = rows[rows["model"] == "strength"]
    there = set(zip(rows["subject"], rows["factor"], rows["supplier"], strict=True))
    return [
        {"model": "strength", "subject": c, "factor": f, "supplier": s, "score": ""}
        for c, f, s in wanted
        if (c, f, s) not in there
    ]


def _copy(desk: Desk, content: dict[str, Any]) -> None:
    """Give a customer's list, with its weights and competitors, to another or to all that have none."""
    view, source, to = desk.view, str(content["subject"]), str(content["fields"]["to"])
    own, names = of_scope(view.book, "strength", source), customers(view)
    listless = [c for c in names if of_scope(view.book, "strength", c).empty]
    targets = [to] if to in names and to != source else listless if not to else []
    if own.empty or not targets:
        raise InvalidInput("Everybody has a list already: choose whose list this is to be as well.")
    rivals = [*strengths(view.book, source)["suppliers"]][1:]
    ids = {n: s for s, n in names_of(view.book["suppliers"]).items()}
    rows = [{c: as_text(v) for c, v in r.items()} for r in own.to_dict("records")]
    wanted = [(t, r["factor"], ids[n]) for t in targets for r in rows for n in rivals]
    with desk.as_one():
        desk.put_all("factors", [r | {"scope": target} for target in targets for r in rows])
        desk.put_all("scores", _unscored(view.book, wanted))


def _stands(view: View) -> str:
    seen = kaism.drawn(view.book)
    found = seen[seen["customer"] == view.customer]["reason"].tolist()
    said = [f"{reason[:1].upper()}{reason[1:]}." for reason in found]
    return parts(
        line("".join(said), "verdict"),
        line(
            "Score as the customer sees it, fact and perception. The best competitor is the one with the "
            "highest total, not the best on each line.",
            "hint",
        ),
    )


def _hint(view: View) -> str:
    if put_away(view, "strength"):
        return line(AWAY, "hint")
    if _whom(view):
        return ""
    return line(
        "Choose a customer to see what it looks for and how it sees us beside our competitors.", "hint"
    )


strength = stack(
    voting("strength", "scores"),
    row(
        stack(
            Exhibit(
                "strength",
                words=_hint,
                controls=(ROWS, focus("choose-strength")),
                on_paper=False,
                grid=Grid(
                    "How does the customer see us and our competitors?",
                    _strength_rows,
                    _strength_columns,
                    _strength_cell,
                    actions={
                        "add": lambda desk, content: _add_strength(desk, str(content["value"])),
                        "remove": _remove_strength,
                    },
                    corner="What they look for",
                    look={"removable": True, "heat": True},
                    add=lambda view: "Something else they look for:" if _whom(view) else "",
                ),
            ),
            Exhibit(
                "suggested-strengths",
                words=suggested(
                    "strength", lambda view: {f["factor"] for f in _strength_factors(view)}, _whom
                ),
                actions={"stock": lambda desk, content: _add_strength(desk, str(content["factor"]))},
                on_paper=False,
            ),
            Exhibit(
                "competitors",
                words=_more,
                on_paper=False,
                actions={
                    "rival": _rival,
                    "copy": _copy,
                    "alone": lambda desk, content: desk.put(
                        "decisions",
                        what="no_competitor",
                        subject=desk.view.customer,
                        decision=content["value"],
                        reason="said by the team",
                    ),
                },
            ),
        ),
        stack(
            Exhibit(
                "strength-stands",
                lambda view: customers(view).get(view.customer, ""),
                _stands,
                on_paper=False,
            ),
            tips(8),
        ),
        shape="two",
    ),
)

# The evidence, on paper


def _benchmarks(view: View) -> str:
    return fill("scoring", "benchmarks", factors=attractive(view).to_dict("records"))


def _strengths(view: View) -> str:
    seen = kaism.drawn(view.book).to_dict("records")
    lists = [{"name": r["name"], "reason": r["reason"], **strengths(view.book, r["customer"])} for r in seen]
    return fill("scoring", "lists", customers=[each for each in lists if each["strength"]])


evidence = stack(
    Exhibit(
        "attractive",
        "How attractive each customer is to us",
        _benchmarks,
        grid=ATTRACTIVENESS,
        on_screen=False,
    ),
    Exhibit("strengths", "How each customer sees us", _strengths, on_screen=False),
)
