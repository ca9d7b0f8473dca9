"""Step 7: what makes a customer attractive to us, and how attractive each is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.models import findings, kaism, polls
from kamlib.models.factors import of_scope
from kamlib.models.scoring import one
from kamlib.pages.card import customers
from kamlib.pages.exhibit import Choice, Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, names_of, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, line
from kamlib.pages.matrix import shares
from kamlib.pages.room import AWAY, put_away, voting
from kamlib.workbook.book import Book
from kamlib.workbook.schema import as_text

STOCK = {"attractiveness": "customer_attractiveness_factors", "strength": "relative_strength_factors"}

# What makes a customer attractive to us?


def attractive(view: View) -> pd.DataFrame:
    return of_scope(view.book, "attractiveness", view.book.settings.segment)


def _factor_key(view: View, factor: str) -> dict[str, str]:
    return {"model": "attractiveness", "scope": view.book.settings.segment, "factor": factor}


def new_factor(book: Book, model: str, scope: str, chosen: str) -> dict[str, Any]:
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
    desk.put("factors", **new_factor(view.book, "attractiveness", view.book.settings.segment, chosen))


def suggested(
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
        {
            "id": f["factor"],
            "label": f["label"],
            "head": str(number),
            "cells": [as_text(f[c]) for c in ("label", "good", "bad", "must_have_min")],
        }
        for number, f in enumerate(attractive(view).to_dict("records"), start=1)
    ]


FACTOR_COLUMNS = {
    "label": "Name",
    "good": "What a 10 looks like",
    "bad": "What a 1 looks like",
    "must_have_min": "Must have at least",
}


def _bare(view: View) -> list[dict[str, Any]]:
    """The factors for whose benchmarks there is a wording to suggest, and none is agreed yet."""
    listed, stock = attractive(view), catalogue.items(STOCK["attractiveness"]).set_index("id")
    bare = listed[(listed["good"] == "") & (listed["bad"] == "") & listed["factor"].isin(stock.index)]
    words = {end: bare["factor"].map(stock[end]) for end in ("good", "bad")}
    return bare.assign(**words)[["factor", "label", "good", "bad"]].to_dict("records")


def _wording(view: View) -> str:
    segment, listed = view.book.settings.segment, attractive(view)["factor"]
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
            words=suggested(
                "attractiveness",
                lambda view: set(attractive(view)["factor"]),
                lambda view: view.book.settings.segment,
            ),
            actions={"stock": lambda desk, content: _add_factor(desk, str(content["factor"]))},
            on_paper=False,
        ),
        Exhibit(
            "factors",
            on_paper=False,
            grid=Grid(
                "Attractiveness factors",
                _factor_rows,
                lambda view: [column("factors", name, title) for name, title in FACTOR_COLUMNS.items()],
                lambda view, row, name, text: ("factors", _factor_key(view, row) | {name: text}),
                actions={
                    "add": lambda desk, content: _add_factor(desk, str(content["value"])),
                    "remove": lambda desk, content: desk.remove(
                        "factors", **_factor_key(desk.view, str(content["row"]))
                    ),
                },
                add="A factor of our own:",
                look={"removable": True},
            ),
        ),
        Exhibit(
            "wording",
            words=_wording,
            actions={"take": _take, "no_benchmark": _without_benchmarks},
            on_paper=False,
        ),
    ),
    tips(7),
    shape="two",
)

# How attractive is each customer to us?

FACTOR = Choice(
    "factor",
    "Factor",
    lambda view: names_of(attractive(view)[["factor", "label"]]),
    lambda view: next(iter(attractive(view)["factor"]), ""),
    many=True,
)
SCORED = Choice("scored", "Customer", customers, lambda view: next(iter(customers(view)), ""), many=True)


def _score_columns(view: View) -> list[dict[str, Any]]:
    listed = attractive(view)
    columns = []
    for factor, share in zip(listed.to_dict("records"), shares(listed), strict=True):
        must = factor["must_have_min"]
        sub = f"{share:g} %" + (f", must have {must:g}" if must == must else "")
        note = f"10: {factor['good']}\n1: {factor['bad']}"
        columns.append(column("scores", "score", factor["label"], id=factor["factor"], help=note, sub=sub))
    return [*columns, {"id": "", "label": "Score", "kind": "show"}]


def _score_rows(view: View) -> list[dict[str, Any]]:
    if put_away(view, "attractiveness"):
        return []
    seen, scores = kaism.drawn(view.book), view.book["scores"]
    part = scores[scores["model"] == "attractiveness"]
    cells = dict(
        zip(zip(part["subject"], part["factor"], strict=True), part["score"].map(as_text), strict=True)
    )
    return [
        {
            "id": c,
            "label": n,
            "cells": [*(cells.get((c, f), "") for f in attractive(view)["factor"]), one(y) if y == y else ""],
            "kind": "out" if s == "ruled_out" else "",
        }
        for c, n, y, s in zip(seen["customer"], seen["name"], seen["y"], seen["status"], strict=True)
    ]


def _at(desk: Desk, content: dict[str, Any]) -> None:
    """The benchmark follows the cell one is in."""
    for control, value in ((FACTOR, content.get("column")), (SCORED, content.get("row"))):
        with contextlib.suppress(ValueError):
            desk.pick(control.id, value)


def _remedies(view: View, row: str, name: str, text: str) -> list[dict[str, str]]:
    """What lets a factor be scored for which good and bad are not agreed yet."""
    if not findings.blocked_score(view.book, view.book.settings.segment, name):
        return []
    bare = {factor["factor"] for factor in _bare(view)}
    wording = [{"do": "take", "factor": name, "label": "Use the suggested wording"}] if name in bare else []
    wording += [{"do": "take", "label": "Use it for all factors"}] if len(bare) > 1 else []
    return [*wording, {"do": "no_benchmark", "label": "Score without benchmarks", "asks": "Why"}]


ATTRACTIVENESS = Grid(
    "Attractiveness scores",
    _score_rows,
    _score_columns,
    lambda view, row, factor, text: (
        "scores",
        {"model": "attractiveness", "subject": row, "factor": factor, "score": text},
    ),
    reads={"at": _at},
    actions={"take": _take, "no_benchmark": _without_benchmarks},
    remedies=_remedies,
    corner="Customer",
    look={"heat": True},
)


def _known(view: View) -> str:
    """How many scores are known, and the average that decides the line."""
    if put_away(view, "attractiveness"):
        return line(AWAY, "hint")
    seen, unknown = kaism.drawn(view.book), kaism.unknowns(view.book)
    every = len(seen) * len(attractive(view))
    blank = int((unknown["model"] == "attractiveness").sum())
    mean = float(seen["y_line"].iloc[0]) if len(seen) else float("nan")
    return fill(
        "scoring",
        "known",
        every=every,
        known=every - blank,
        mean=mean,
        locked=view.locked,
        customers=len(seen),
    )


def _benchmark(view: View) -> str:
    """What a 10 and a 1 are for a factor, what was said in the room, what is unknown, what to take care of."""
    book, customer, factors = view.book, view[SCORED], attractive(view).set_index("factor")
    if view[FACTOR] not in factors.index:
        return line("Choose factors first: what good and bad look like stands here.", "hint")
    ballots, unknown, found = polls.counted(book), kaism.unknowns(book), findings.find(book)
    voting_now = put_away(view, "attractiveness")
    said = ballots[
        (ballots["model"] == "attractiveness")
        & (not voting_now)
        & (ballots["subject"] == customer)
        & (ballots["factor"] == view[FACTOR])
        & ballots["score"].notna()
    ]
    people = book["people"].drop_duplicates("person").set_index("person")
    said = said.join(people[["name", "function"]], on="person").sort_values("score", ascending=False)
    unknown = unknown[unknown["model"] == "attractiveness"]
    care = found[(found["step"] == 7) & (found["level"] != "nudge")]["message"].tolist()
    return fill(
        "scoring",
        "benchmark",
        factor=factors.loc[view[FACTOR]].to_dict(),
        said=said.to_dict("records"),
        spread=float(said["score"].max() - said["score"].min()) if len(said) else 0.0,
        unknown=unknown.head(8).to_dict("records"),
        more=max(len(unknown) - 8, 0),
        care=care[:5],
    )


scores = stack(
    voting("attractiveness", "scores"),
    row(
        Exhibit("scores", words=_known, grid=ATTRACTIVENESS, on_paper=False),
        Exhibit(
            "benchmark",
            lambda view: names_of(attractive(view)[["factor", "label"]]).get(view[FACTOR], ""),
            _benchmark,
            controls=(FACTOR, SCORED),
            on_paper=False,
        ),
        shape="two",
    ),
)
