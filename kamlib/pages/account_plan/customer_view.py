"""How does it see us? Where the customer positions us as a supplier, and what it asks of one."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue, charts
from kamlib.models.account import positioning
from kamlib.pages.account import book_of, name
from kamlib.pages.exhibit import Chart, Exhibit, View, stack
from kamlib.pages.guide import tips
from kamlib.pages.html import line, parts, table
from kamlib.pages.sheets import exercises
from kamlib.wording import counted, listed, sentence


def _rows(view: View) -> pd.DataFrame:
    return positioning.positioning(book_of(view))


def _drawn(view: View) -> tuple[Any, ...]:
    rows = _rows(view)
    return (rows,) if (rows["status"] != "unscored").any() else ()


def _title(view: View) -> str:
    rows = _rows(view)
    labels = dict.fromkeys(rows.loc[rows["box"] != "", "label"].str.lower())
    if not labels:
        return "Where would this customer place us among its suppliers?"
    open_ = int((rows["status"] != "placed").sum())
    also = f"; {counted(open_, 'place')} not sure yet" if open_ else ""
    return f"To {name(view)} we are: {listed(labels)}{also}"


def _words(view: View) -> Markup:
    """Where it stands on each matrix, and how to behave there; what is proposed says why."""
    told = [
        {
            "matrix": catalogue.entry(r["matrix"])["title"],
            "says": sentence(positioning.words(r)),
            "do": r["advice"],
        }
        for r in _rows(view).to_dict("records")
    ]
    heads = {"matrix": "Question|name", "says": "Where it places us|l why", "do": "How we behave|l why"}
    rule = catalogue.entry(positioning.POWER)["rule"]
    return parts(table(told, heads), line(rule, "hint")) if told else parts()


exhibits = stack(
    Exhibit(
        "positioning",
        _title,
        chart=Chart(
            charts.positions,
            _drawn,
            lambda view: f"Three matrices of how {name(view)} places us as a supplier",
            "The picture appears as soon as something is scored in the exercises below.",
            "Hollow, with a dashed frame: it can still be anywhere in the frame. Arrow: from the last round.",
        ),
    ),
    Exhibit("positioning-words", words=_words),
    exercises("customer_view", ("hidden_value",), positioning.POWER, own=True),
    tips("customer_view"),
)
