"""Where is it going? The strategy of the customer, and how well our cultures match."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue, charts
from kamlib.models.account import strategy
from kamlib.pages.account import book_of, name
from kamlib.pages.exhibit import Chart, Exhibit, View, row, stack
from kamlib.pages.guide import tips
from kamlib.pages.html import line, parts, table
from kamlib.pages.sheets import exercises
from kamlib.wording import counted, listed


def _plans(view: View) -> pd.DataFrame:
    return strategy.ansoff(book_of(view))


def _growth(view: View) -> tuple[Any, ...]:
    rows = _plans(view)
    rows = rows[rows["route"] != ""]
    said = [f"{plan} ({likely * 100:.0f} %)" for plan, likely in rows[["plan", "likelihood"]].to_numpy()]
    new = {side: rows[side].eq("new").astype(int) for side in ("products", "markets")}
    fields = rows.assign(label=said, x=new["products"], y=1 - new["markets"], strong=True)
    sides = ("existing products", "new products", "existing markets", "new markets")
    return (fields, *sides) if len(rows) else ()


def _growth_title(view: View) -> str:
    rows, currency = _plans(view), view.book.settings.currency
    if rows.empty:
        return "Where will its growth come from?"
    known = rows["expected"].notna()
    said = f"{name(view)} has {counted(len(rows), 'plan')} to grow"
    if not known.any():
        return said
    value, expected = rows.loc[known, "value"].sum(), rows.loc[known, "expected"].sum()
    return f"{said}: {expected:,.0f} of {value:,.0f} {currency} a year to be expected"


def _growth_words(view: View) -> Markup:
    """How likely each plan is; while a side is not known, between which likelihoods it lies."""
    routes = catalogue.items("ansoff", "quadrants").set_index("id")
    told = []
    for r in _plans(view).to_dict("records"):
        ends = dict.fromkeys(f"{100 * r[end]:.0f} %" for end in ("low", "high"))
        label = routes["label"].get(r["route"], "not known yet")
        told.append(
            r
            | {"likely": listed(ends, last="to"), "label": label, "help": routes["help"].get(r["route"], "")}
        )
    heads = {
        "plan": "Plan|name",
        "label": "Route|l word",
        "likely": "Likely",
        "value": "Worth",
        "expected": "Expected",
    }
    return table(told, heads | {"control": "Risk held down by|l", "help": "What it takes|l why"})


def _culture(view: View) -> tuple[Any, ...]:
    rows = strategy.cultural_match(book_of(view))
    return (rows,) if rows[["theirs", "ours"]].notna().any(axis=None) else ()


def _borrowed(view: View) -> str:
    rows = strategy.cultural_match(book_of(view))
    many = int(rows["borrowed"].astype(bool).sum())
    heads = {
        "label": "Line|name",
        "theirs_word": "They are|l",
        "ours_word": "We are|l",
        "worth": "Worth matching?|l",
    }
    told = table(rows[rows["distance"] == 2], heads, caption="At opposite ends")
    note = f"Our own side of {counted(many, 'line')} is taken from the sheet of another customer."
    return parts(told, line(note, "hint") if many else "")


exhibits = stack(
    row(
        Exhibit(
            "growth",
            _growth_title,
            chart=Chart(
                charts.quadrants,
                _growth,
                lambda view: f"The plans of {name(view)} by products and markets, with their likelihood",
                "The picture appears as soon as a plan is entered below.",
            ),
        ),
        Exhibit(
            "culture",
            lambda view: strategy.match_words(strategy.cultural_match(book_of(view))),
            chart=Chart(
                charts.culture,
                _culture,
                lambda view: f"The culture of {name(view)} and ours, on sixteen lines",
                "The picture appears as soon as the sheet on cultures is begun.",
                "Filled: they. Hollow: we. A thick line: opposite ends; is it worth matching?",
            ),
        ),
    ),
    Exhibit("growth-words", words=_growth_words),
    Exhibit("culture-words", words=_borrowed),
    exercises("strategy", ("porter_five_forces", "tbe_questions"), own=True),
    tips("strategy"),
)
