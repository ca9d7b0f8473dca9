"""Steps 7 and 8: what makes a customer attractive to us, how attractive each is, and how each sees us."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.models import findings, kaism
from kamlib.models.factors import of_scope
from kamlib.models.scoring import one
from kamlib.pages.card import customers, focus, strengths
from kamlib.pages.exhibit import Choice, Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, names_of, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, line, parts
from kamlib.pages.matrix import shares
from kamlib.workbook.book import Book
from kamlib.workbook.schema import US, as_text

STOCK = {"attractiveness": "customer_attractiveness_factors", "strength": "relative_strength_factors"}

# What makes a customer attractive to us?


def _attractive(view: View) -> pd.DataFrame:
    return of_scope(view.book, "attractiveness", view.book.settings.segment)


def _factor_key(view: View, factor: str) -> dict[str, str]:
    return {"model": "attractiveness", "scope": view.book.settings.segment, "factor": factor}


def _new_factor(book: Book, model: str, scope: str, chosen: str) -> dict[str, Any]:
    """The row of a factor from the suggestions, by id, or of one of the team's own, by name."""
    stock = catalogue.items(STOCK[model]).set_index("id")["label"]
    taken = set(of_scope(book, model, scope)["factor"])
    if chosen in stock.index and chosen not in taken:
        return {"model": model, "scope": scope, "factor": chosen, "label": stock[chosen]}
    return {"model": model, "scope": scope, "factor": slug(chosen, taken), "label": chosen}


def _add_factor(desk: Desk, chosen: str) -> None:
    view = desk.view
    if not view.book.settings.segment:
        raise InvalidInput("Choose a segment first.")
    desk.put("factors", **_new_factor(view.book, "attractiveness", view.book.settings.segment, chosen))


def _suggested(
    model: str, used: Callable[[View], set[str]], ready: Callable[[View], Any]
) -> Callable[[View], str]:
    """The suggested factors that are not in use, a button each."""

    def words(view: View) -> str:
        stock = catalogue.items(STOCK[model])
        there = used(view)
        rows = stock[~stock["id"].isin(there)][["id", "label", "help"]].to_dict("records")
        shown = not view.locked and ready(view)
        return fill("scoring", "suggested", rows=rows, used=len(there), model=model) if shown else ""

    return words


def _factor_rows(view: View) -> list[dict[str, Any]]:
    return [
        {"id": f["factor"], "label": f["label"], "head": str(number),
         "cells": [as_text(f[c]) for c in ("label", "good", "bad", "must_have_min")]}
        for number, f in enumerate(_attractive(view).to_dict("records"), start=1)
    ]  # fmt: skip


FACTOR_COLUMNS = {
    "label": "Name",
    "good": "What a 10 looks like",
    "bad": "What a 1 looks like",
    "must_have_min": "Must have at least",
}


def _bare(view: View) -> list[dict[str, Any]]:
    """The factors for whose benchmarks there is a wording to suggest, and none is agreed yet."""
    listed, stock = _attractive(view), catalogue.items(STOCK["attractiveness"]).set_index("id")
    bare = listed[(listed["good"] == "") & (listed["bad"] == "") & listed["factor"].isin(stock.index)]
    words = {end: bare["factor"].map(stock[end]) for end in ("good", "bad")}
    return bare.assign(**words)[["factor", "label", "good", "bad"]].to_dict("records")


def _wording(view: View) -> str:
    segment, listed = view.book.settings.segment, _attractive(view)["factor"]
    barred = any(findings.blocked_score(view.book, segment, factor) for factor in listed)
    return "" if view.locked else fill("scoring", "wording", rows=_bare(view), barred=barred)


def _take(desk: Desk, content: dict[str, Any]) -> None:
    """Use the suggested wording, of one factor or of all."""
    view = desk.view
    rows = [r for r in _bare(view) if content.get("factor") in (r["factor"], None)]
    desk.put_all(
        "factors", [_factor_key(view, r["factor"]) | {"good": r["good"], "bad": r["bad"]} for r in rows]
    )


def _without_benchmarks(desk: Desk, content: dict[str, Any]) -> None:
    reason = str(content["fields"]["why"]).strip()
    if not reason:
        raise InvalidInput("Write why you score without benchmarks; then go on.")
    segment = desk.view.book.settings.segment
    desk.put("decisions", what="benchmark_waiver", subject=segment, decision="yes", reason=reason)


factors = row(
    stack(
        Exhibit(
            "suggested-factors",
            words=_suggested("attractiveness", lambda view: set(_attractive(view)["factor"]),
                             lambda view: view.book.settings.segment),
            actions={"stock": lambda desk, content: _add_factor(desk, str(content["factor"]))},
            on_paper=False,
        ),
        Exhibit("factors", on_paper=False, grid=Grid(
            "Attractiveness factors", _factor_rows,
            lambda view: [column("factors", name, title) for name, title in FACTOR_COLUMNS.items()],
            lambda view, row, name, text: ("factors", _factor_key(view, row) | {name: text}),
            actions={"add": lambda desk, content: _add_factor(desk, str(content["value"])),
                     "remove": lambda desk, content: desk.remove("factors", **_factor_key(desk.view, str(content["row"])))},
            add="A factor of our own:", look={"removable": True},
        )),
        Exhibit("wording", words=_wording, actions={"take": _take, "no_benchmark": _without_benchmarks}, on_paper=False),
    ),
    tips(7),
    shape="two",
)  # fmt: skip

# How attractive is each customer to us?

FACTOR = Choice("factor", "Factor", lambda view: names_of(_attractive(view)[["factor", "label"]]),
                lambda view: next(iter(_attractive(view)["factor"]), ""), many=True)  # fmt: skip
SCORED = Choice("scored", "Customer", customers, lambda view: next(iter(customers(view)), ""), many=True)


def _score_columns(view: View) -> list[dict[str, Any]]:
    listed = _attractive(view)
    columns = []
    for factor, share in zip(listed.to_dict("records"), shares(listed), strict=True):
        must = factor["must_have_min"]
        sub = f"{share:g} %" + (f", must have {must:g}" if must == must else "")
        note = f"10: {factor['good']}\n1: {factor['bad']}"
        columns.append(column("scores", "score", factor["label"], id=factor["factor"], help=note, sub=sub))
    return [*columns, {"id": "", "label": "Score", "kind": "show"}]


def _score_rows(view: View) -> list[dict[str, Any]]:
    seen, scores = kaism.drawn(view.book), view.book["scores"]
    part = scores[scores["model"] == "attractiveness"]
    cells = dict(
        zip(zip(part["subject"], part["factor"], strict=True), part["score"].map(as_text), strict=True)
    )
    return [
        {"id": c, "label": n, "cells": [*(cells.get((c, f), "") for f in _attractive(view)["factor"]), one(y) if y == y else ""],
         "kind": "out" if s == "ruled_out" else ""}
        for c, n, y, s in zip(seen["customer"], seen["name"], seen["y"], seen["status"], strict=True)
    ]  # fmt: skip


def _at(desk: Desk, content: dict[str, Any]) -> None:
    """The benchmark follows the cell one is in."""
    for control, value in ((FACTOR, content.get("column")), (SCORED, content.get("row"))):
        with contextlib.suppress(ValueError):
            desk.pick(control.id, value)


ATTRACTIVENESS = Grid(
    "How attractive is each customer to us?", _score_rows, _score_columns,
    lambda view, row, factor, text: ("scores", {"model": "attractiveness", "subject": row, "factor": factor, "score": text}),
    reads={"at": _at}, corner="Customer", look={"heat": True},
)  # fmt: skip


def _known(view: View) -> str:
    """How many scores are known, and the average that decides the line."""
    seen, unknown = kaism.drawn(view.book), kaism.unknowns(view.book)
    every = len(seen) * len(_attractive(view))
    blank = int((unknown["model"] == "attractiveness").sum())
    mean = float(seen["y_line"].iloc[0]) if len(seen) else float("nan")
    return fill("scoring", "known", every=every, known=every - blank, mean=mean, locked=view.locked,
                customers=len(seen))  # fmt: skip


def _benchmark(view: View) -> str:
    """What a 10 and a 1 are for a factor, what was said in the room, what is unknown, what to take care of."""
    book, customer, factors = view.book, view[SCORED], _attractive(view).set_index("factor")
    if view[FACTOR] not in factors.index:
        return line("Choose factors first: what good and bad look like stands here.", "hint")
    ballots, unknown, found = book["ballots"], kaism.unknowns(book), findings.find(book)
    said = ballots[(ballots["model"] == "attractiveness") & (ballots["subject"] == customer)
                   & (ballots["factor"] == view[FACTOR]) & ballots["score"].notna()]  # fmt: skip
    people = book["people"].drop_duplicates("person").set_index("person")
    said = said.join(people[["name", "function"]], on="person").sort_values("score", ascending=False)
    unknown = unknown[unknown["model"] == "attractiveness"]
    care = found[(found["step"] == 7) & (found["level"] != "nudge")]["message"].tolist()
    return fill(
        "scoring", "benchmark", factor=factors.loc[view[FACTOR]].to_dict(), said=said.to_dict("records"),
        spread=float(said["score"].max() - said["score"].min()) if len(said) else 0.0,
        unknown=unknown.head(8).to_dict("records"), more=max(len(unknown) - 8, 0), care=care[:5],
    )  # fmt: skip


scores = row(
    Exhibit("scores", words=_known, grid=ATTRACTIVENESS, on_paper=False),
    Exhibit("benchmark", lambda view: names_of(_attractive(view)[["factor", "label"]]).get(view[FACTOR], ""), _benchmark,
            controls=(FACTOR, SCORED), on_paper=False),
    shape="two",
)  # fmt: skip

# How does each customer see us?

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
    cells = {(r["subject"], r["factor"], r["supplier"]): r for r in _strength_scores(view).to_dict("records")}
    return [_strength_row(view, factor, cells) for factor in _strength_factors(view)]


def _strength_row(view: View, factor: dict[str, Any], cells: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    key = factor["scope"], factor["factor"]
    scored = {s: cells.get((*key, s), {}).get("score", float("nan")) for s in _suppliers(view)}
    most = max((v for v in scored.values() if v == v), default=None)
    ours, several = cells.get((*key, US), {}), view[ROWS] == "all"
    said = [] if several else [ours.get("evidence", ""), ours.get("note", "")]
    return {
        "id": "\t".join(key), "label": factor["label"], "sub": _whom(view)[factor["scope"]] if several else "",
        "cells": [as_text(factor["weight"]), *map(as_text, scored.values()), *said],
        "best": [f"score:{s}" for s, v in scored.items() if v == most],
    }  # fmt: skip


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
    desk.put_all("factors", [_new_factor(view.book, "strength", customer, chosen) for customer in whom])


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
    return fill("scoring", "more", one=one, name=whom.get(one, ""), others=others, rivals=len(rivals), listless=len(listless),
                alone=one in kaism.no_competitor(view.book), names={c: n for c, n in names.items() if c != one})  # fmt: skip


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
        line("Score as the customer sees it, fact and perception. The best competitor is the one with the "
             "highest total, not the best on each line.", "hint"),
    )  # fmt: skip


def _hint(view: View) -> str:
    if _whom(view):
        return ""
    return line(
        "Choose a customer to see what it looks for and how it sees us beside our competitors.", "hint"
    )


strength = row(
    stack(
        Exhibit(
            "strength", words=_hint, controls=(ROWS, focus("choose-strength")), on_paper=False,
            grid=Grid(
                "How does the customer see us and our competitors?", _strength_rows, _strength_columns, _strength_cell,
                actions={"add": lambda desk, content: _add_strength(desk, str(content["value"])), "remove": _remove_strength},
                corner="What they look for", look={"removable": True, "heat": True},
                add=lambda view: "Something else they look for:" if _whom(view) else "",
            ),
        ),
        Exhibit(
            "suggested-strengths",
            words=_suggested("strength", lambda view: {f["factor"] for f in _strength_factors(view)}, _whom),
            actions={"stock": lambda desk, content: _add_strength(desk, str(content["factor"]))},
            on_paper=False,
        ),
        Exhibit("competitors", words=_more, on_paper=False, actions={
            "rival": _rival, "copy": _copy,
            "alone": lambda desk, content: desk.put("decisions", what="no_competitor", subject=desk.view.customer,
                                                    decision=content["value"], reason="said by the team"),
        }),
    ),
    stack(Exhibit("strength-stands", lambda view: customers(view).get(view.customer, ""), _stands, on_paper=False), tips(8)),
    shape="two",
)  # fmt: skip

# The evidence, on paper


def _benchmarks(view: View) -> str:
    return fill("scoring", "benchmarks", factors=_attractive(view).to_dict("records"))


def _strengths(view: View) -> str:
    seen = kaism.drawn(view.book).to_dict("records")
    lists = [{"name": r["name"], "reason": r["reason"], **strengths(view.book, r["customer"])} for r in seen]
    return fill("scoring", "lists", customers=[each for each in lists if each["strength"]])


evidence = stack(
    Exhibit("attractive", "How attractive each customer is to us", _benchmarks, grid=ATTRACTIVENESS, on_screen=False),
    Exhibit("strengths", "How each customer sees us", _strengths, on_screen=False),
)  # fmt: skip
