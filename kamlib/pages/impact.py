"""Positive impact analysis: the chain of doing business, ideas and their screening, and what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kamlib import catalogue, charts
from kamlib.errors import InvalidInput
from kamlib.models import pia
from kamlib.pages.account import MOST, NAMED, book_of, choices, customer_of, name, of_account
from kamlib.pages.exhibit import Chart, Choice, Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, listed, names_of, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import fill
from kamlib.pages.idea import AXES, card
from kamlib.pages.matrix import IDEAS as BY_WORTH
from kamlib.pages.matrix import matrix
from kamlib.pages.room import voting
from kamlib.pages.sheets import sheet
from kamlib.wording import listed as together
from kamlib.workbook.schema import CHAINS, as_text

LEVEL_WORDS = {"corporate": "with us", "end_customer": "through them to their customers"}
KIND_WORDS = {
    "add": "something new",
    "improve": "something better",
    "remove": "something left out",
    "price": "a price or a term",
}


def _money(view: View) -> str:
    return f"a year, {view.book.settings.currency}"


# What is it like to do business with us?


WHOM = Choice(
    "pia-customer",
    "Customer",
    choices,
    lambda view: book_of(view).settings.customer,
    many=True,
    taken=lambda desk, message: desk.look_at(str(message["value"])),
)


def _chain_title(view: View) -> str:
    who = name(view)
    return f"Doing business with us, as {who} sees it" if who else "Choose a customer of this segment"


def _usual_stages(desk: Desk, _: dict[str, Any]) -> None:
    customer = customer_of(desk.view)
    stock = catalogue.items("pia", "stock_stages").to_dict("records")
    desk.put_all(
        "stages",
        [
            {"customer": customer, "stage": s["id"], "name": s["label"], "level": s["level"], "place": str(n)}
            for n, s in enumerate(stock, start=1)
        ],
    )


def _new_stage(view: View) -> dict[str, str]:
    stages = view.book["stages"]
    most = stages.loc[stages["customer"] == customer_of(view), "place"].max()
    return {"level": CHAINS[0], "place": as_text(float((most if most == most else 0) + 1))}


def _remove_stage(desk: Desk, content: dict[str, Any]) -> None:
    customer, stage, ideas = customer_of(desk.view), str(content["row"]), desk.view.book["ideas"]
    if ((ideas["customer"] == customer) & (ideas["stage"] == stage)).any():
        raise InvalidInput("This stage has ideas, so it stays; move them to another stage first.")
    desk.remove("stages", customer=customer, stage=stage)


STAGES = listed(
    "stages",
    {"name": "Stage", "level": "Where", "place": "Order", "trouble": "What can go wrong, or is a burden"},
    title="Stages of doing business with us",
    add="Another stage:",
    fixed=lambda view: {"customer": book_of(view).settings.customer},
    rows_of=lambda view: pia.chain(book_of(view)),
    new=_new_stage,
    words={"level": LEVEL_WORDS},
    actions={"remove": _remove_stage},
    look={"broad": True},
    numbered=True,
)
IDEAS = listed(
    "ideas",
    {
        "stage": "Stage",
        "kind": "What",
        "role": "Given or differentiator",
        "secured": "Given: works today?",
        "asked_for": "Asked for?",
        "customer_gain": "They gain",
        "our_gain": "We gain",
        "partner": "With whom",
        "evidence": "How we know",
        "person": "Whose idea",
    },
    title="Ideas, freely",
    add="An idea, however wild:",
    rows_of=lambda view: pia.ideas(book_of(view)),
    new=lambda view: {"customer": customer_of(view)},
    chosen={"person": "people"},
    words={"kind": KIND_WORDS, "stage": lambda view: names_of(pia.chain(book_of(view))[["stage", "name"]])},
    subs={"customer_gain": _money, "our_gain": _money},
    corner="Idea",
)


def _walked(view: View) -> pd.DataFrame:
    rows = pia.chain(book_of(view))
    return rows.head(MOST["chain"]) if view.paper else rows


def _chain_label(view: View) -> str:
    return f"The chain of doing business with us: {', '.join(_walked(view)['name'])}"


def _not_walked(view: View) -> str:
    rows = pia.chain(book_of(view)).to_dict("records")
    return fill("distinct", "left_out", rows=rows, most=MOST["chain"]) if view.paper else ""


chain = stack(
    Exhibit(
        "chain-customer",
        _chain_title,
        lambda view: fill(
            "impact",
            "usual",
            bare=bool(book_of(view).settings.customer) and pia.chain(book_of(view)).empty,
            locked=view.locked,
        ),
        controls=(WHOM,),
        actions={"usual": _usual_stages},
        on_paper=False,
    ),
    Exhibit(
        "chain",
        words=_not_walked,
        chart=Chart(
            charts.chain,
            lambda view: (_walked(view),) if len(_walked(view)) else (),
            _chain_label,
            "The chain is drawn here as soon as it has a stage.",
        ),
    ),
    tips("pia"),
    Exhibit("stages", grid=STAGES, on_paper=False),
    Exhibit("ideas", grid=IDEAS, on_paper=False),
    on_paper=of_account,
)

# Which ideas are worth it?


def _look(desk: Desk, content: dict[str, Any]) -> None:
    """Follow the row that somebody is in, so that the card says what is known of it."""
    if content["row"] != desk.view.idea:
        desk.look_into(str(content["row"]))


def _answers(
    title: str, questions: Sequence[str], labels: pd.Series, choices: Sequence[str], last: str
) -> Grid:
    """Ideas x questions; the last column says what follows from the answers."""

    def rows(view: View) -> list[dict[str, Any]]:
        ideas = pia.screening(book_of(view))
        rated, ties = pia.ratings(view.book, ideas["idea"]), pia.lock_in(book_of(view))["lock_in"]
        follows = ideas["class"] if last == "Class" else ties
        return [
            {"id": i, "label": n, "cells": [*rated.loc[i, [*questions]], f]}
            for i, n, f in zip(ideas["idea"], ideas["name"], follows, strict=True)
        ]

    def columns(view: View) -> list[dict[str, Any]]:
        asked = pia.parameters(view.book).set_index("question")
        means = {
            q: [f"{c}: {asked.at[q, c.lower()]}" for c in choices] for q in questions if q in asked.index
        }
        shown = [
            {
                "id": q,
                "label": labels[q],
                "kind": "choice",
                "choices": [*choices],
                "help": "\n".join(means.get(q, [])),
            }
            for q in questions
        ]
        return [*shown, {"id": "", "label": last, "kind": "show"}]

    return Grid(
        title,
        rows,
        columns,
        lambda view, idea, question, text: ("ratings", {"idea": idea, "question": question, "rating": text}),
        reads={"at": _look},
        corner="Idea",
    )


def _labels(sheet: str) -> pd.Series:
    return catalogue.items(sheet).set_index("id")["label"]


RATED = _answers("How good is each idea?", pia.QUESTIONS, _labels(pia.SHEET), ("good", "OK", "bad"), "Class")
TIED = _answers(
    "Would it tie the customer to us, and would the customer like that?",
    pia.LOCK_IN,
    _labels("lock_in"),
    ("yes", "no"),
    "Ties them",
)


screening = stack(
    sheet(pia.SHEET),
    row(stack(Exhibit("rated", grid=RATED), Exhibit("tied", grid=TIED)), card("-rated"), shape="two"),
    on_paper=False,
)

# What is good for both of us?


def _scores(model: str, title: str) -> Exhibit:
    """Ideas x the factors of an axis of the matrix of ideas."""

    def factors(view: View) -> pd.DataFrame:
        return pia.factors(view.book, model, view.book.settings.segment)

    def columns(view: View) -> list[dict[str, Any]]:
        return [
            column("scores", "score", f["label"], id=f["factor"], help=f"10: {f['good']}\n1: {f['bad']}")
            for f in factors(view).to_dict("records")
        ]

    def rows(view: View) -> list[dict[str, Any]]:
        part = view.book["scores"]
        part = part[part["model"] == model]
        cells = dict(zip(zip(part["subject"], part["factor"], strict=True), part["score"], strict=True))
        return [
            {"id": i, "label": n, "cells": [as_text(cells.get((i, f), "")) for f in factors(view)["factor"]]}
            for i, n in pia.ideas(book_of(view))[["idea", "name"]].itertuples(index=False)
        ]

    def usual(desk: Desk, _: dict[str, Any]) -> None:
        stock = catalogue.items("pia_matrix", model.removeprefix("pia_")).to_dict("records")
        keys = {"model": model, "scope": pia.SCOPE}
        desk.put_all("factors", [keys | {"factor": s["id"], "label": s["label"]} for s in stock])

    def add(desk: Desk, content: dict[str, Any]) -> None:
        label, there = str(content["fields"]["factor"]), factors(desk.view)
        scope = there["scope"].iloc[0] if len(there) else pia.SCOPE
        desk.put("factors", model=model, scope=scope, factor=slug(label, there["factor"]), label=label)

    grid = Grid(
        title,
        rows,
        columns,
        lambda view, idea, factor, text: (
            "scores",
            {"model": model, "subject": idea, "factor": factor, "score": text},
        ),
        corner="Idea",
        look={"heat": True},
    )
    return Exhibit(
        f"scores-{model.replace('_', '-')}",
        title,
        lambda view: fill("impact", "factors", model=model, bare=factors(view).empty, locked=view.locked),
        grid=grid,
        actions={"factors": usual, "factor": add},
    )


def _placed(view: View) -> bool:
    """Does any idea stand on the matrix?"""
    ideas = pia.drawn(book_of(view))
    return bool((~ideas["status"].isin(["ruled_out", "unscored"])).any())


def _order(view: View) -> str:
    book = book_of(view)
    rows = pia.order(book).merge(pia.place(book)[["idea", "box", "status"]], on="idea", how="left")
    rows = rows.merge(pia.value(book)[["idea", "words"]], on="idea", how="left").to_dict("records")
    if view.paper and not rows:
        return ""
    return fill("impact", "order", rows=rows, most=MOST["ideas"], paper=view.paper)


def _unknown(view: View) -> str:
    """Answers that can change a class, and scores nobody knows, idea by idea."""
    book = book_of(view)
    answers, scores = pia.find_out(book), pia.unscored(book)
    scores = scores.assign(label=scores["label"] + " (" + scores["model"].map(AXES).str.lower() + ")")
    rows = [
        {"name": ideas["name"].iloc[0], "labels": together(ideas["label"], NAMED)}
        for open_ in (answers, scores)
        for _, ideas in open_.groupby("idea", sort=False)
    ]
    return fill("impact", "unknown", rows=rows, most=MOST["unknown"]) if rows else ""


board = stack(
    row(
        Exhibit(
            "order", lambda view: f"What to do for {name(view) or 'this customer'}, in this order", _order
        ),
        Exhibit("unknown", "What is still to find out", _unknown),
        shape="two",
    ),
    row(voting("pia_us", "scores"), voting("pia_customer", "scores"), on_paper=False),
    row(
        _scores("pia_us", "What is each idea worth to us?"),
        _scores("pia_customer", "What is it worth to the customer, in the customer's eyes?"),
        on_paper=False,
    ),
    stack(matrix(BY_WORTH, card()), on_paper=_placed),
    on_paper=of_account,
)
