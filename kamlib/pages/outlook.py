"""What the customers are worth from now on: who stays, for how long, and what was won and lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib import catalogue, charts
from kamlib.models import profitability
from kamlib.models.profitability import future as values
from kamlib.pages.exhibit import Chart, Desk, Exhibit, Figures, Grid, View, row, stack
from kamlib.pages.grids import by_customer, column, listed, names_of, pivoted
from kamlib.pages.html import fill, fold, parts, table, whole
from kamlib.pages.profit import counted
from kamlib.workbook.schema import as_text


def data(rows: pd.DataFrame, there: Any = True) -> tuple[Any, ...]:
    """The data of a picture of these rows; nothing where there are none."""
    return (rows,) if len(rows) and there else ()


OUTLOOK = {
    "retention_low_pct": "Stays, % at worst",
    "retention_high_pct": "Stays, % at best",
    "growth_low_pct": "Grows, % at worst",
    "growth_high_pct": "Grows, % at best",
    "note": "Why",
}


def _outlook(view: View) -> dict[str, list[str]]:
    rows = view.book["outlook"].to_dict("records")
    return {r["customer"]: [as_text(r[c]) for c in OUTLOOK] for r in rows}


STAYING = Exhibit(
    "outlook",
    grid=by_customer(
        "How likely each stays and grows",
        lambda view: [column("outlook", c, t) for c, t in OUTLOOK.items()],
        _outlook,
        lambda view, who, name, text: ("outlook", {"customer": who, name: text}),
        printed=False,
    ),
    controls=(
        Figures(
            {
                "horizon_years": "Years to look ahead",
                "discount_rate_pct": "Interest a year, %",
                "retention_low_pct": "Others stay, % at worst",
                "retention_high_pct": "Others stay, % at best",
            }
        ),
    ),
)


def _ages(view: View) -> list[str]:
    known = [int(a) for a in view.book["cohorts"]["age"] if a.isdigit() and len(a) < 3]
    return [str(n) for n in range(max(known, default=4) + 2)]


def _cohort_rows(view: View) -> list[dict[str, Any]]:
    rows = view.book["cohorts"]
    segments = names_of(view.book["segments"]) | {"all": "all"}
    cells = pivoted(
        rows.assign(id=rows["segment"] + "\t" + rows["cohort"]), "id", "age", "customers", _ages(view)
    )
    return [
        {
            "id": id,
            "label": id.split("\t")[1],
            "sub": segments.get(id.split("\t")[0], id.split("\t")[0]),
            "cells": texts,
        }
        for id, texts in cells.items()
    ]


def _cohort_cell(view: View, row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    segment, cohort = row.split("\t")
    return "cohorts", {"segment": segment, "cohort": cohort, "age": name, "customers": text}


def _new_cohort(desk: Desk, content: dict[str, Any]) -> None:
    segment = desk.view.book.settings.segment or "all"
    desk.put("cohorts", segment=segment, cohort="_".join(content["value"].split()), age="0", customers="")


def _staying(view: View) -> tuple[Any, ...]:
    rows = profitability.retention(view.book)
    segment = view.book.settings.segment
    return data(rows[rows["segment"] == (segment if segment in set(rows["segment"]) else "all")])


COHORTS = Exhibit(
    "retention",
    "The longer they have stayed, the likelier they stay",
    chart=Chart(charts.retention, _staying, "How many stay, year after year"),
    grid=Grid(
        "Customers that began together",
        _cohort_rows,
        lambda view: [
            column("cohorts", "customers", f"after {a}" if a != "0" else "began") | {"id": a}
            for a in _ages(view)
        ],
        _cohort_cell,
        {"add": _new_cohort},
        corner="Began",
        add="Another year or group:",
        printed=False,
    ),
)


def _future_title(view: View) -> str:
    known = profitability.future_value(view.book).dropna(subset=["low"])
    if known.empty:
        return "How long do customers stay, and what are they worth?"
    many = counted(len(known), "customer is", "customers are")
    years = view.book.settings.horizon_years
    return f"{many} worth {known['low'].sum():,.0f} to {known['high'].sum():,.0f} over {years} years"


def _range(low: Any, high: Any) -> str:
    return f"{whole(low)} to {whole(high)}" if low == low and low is not None else "?"


def ranges(rows: pd.DataFrame, low: str, high: str) -> list[str]:
    return [_range(a, b) for a, b in zip(rows[low], rows[high], strict=True)]


def _future(view: View) -> str:
    rows = profitability.future_value(view.book)
    known = rows.dropna(subset=["low"])
    more = sorted(float(known[f"{end}_halved"].sum() - known[end].sum()) for end in ("low", "high"))
    shown = rows.assign(
        stays=ranges(rows, "retention_low_pct", "retention_high_pct"), worth=ranges(rows, "low", "high")
    )
    simple = table(
        values.table(),
        {
            "defection_pct": "Leave a year, %|%g",
            "life_years": "stay on average, years|one",
            "value": "1,000 a year is worth",
            "value_10": "over ten years",
        },
    )
    caveats = catalogue.items("future_value", "caveats").to_dict("records")
    return parts(
        fill("profit", "future", known=len(known), rate=view.book.settings.discount_rate_pct, more=more),
        fold(
            "Customer by customer",
            table(
                shown,
                {
                    "name": "Customer",
                    "profit": "left a year",
                    "stays": "stays, %",
                    "worth": "worth",
                    "basis": "from|l",
                },
            ),
            view,
        ),
        fill(
            "profit",
            "simple",
            table=simple,
            beginning=values.simple_value(20, 1000, 10),
            end=values.value(1000, 0.8 ** np.arange(1, 11)),
            caveats=caveats,
            claim=catalogue.entry("retention_claim"),
        ),
    )


def _won_title(view: View) -> str:
    net = profitability.won_and_lost(view.book).set_index("kind")
    won, lost, gap = net.loc["won"], net.loc["lost"], float(net.at["net", "profit"])
    if not won["customers"] + lost["customers"]:
        return "Whom did we win, whom did we lose, and what were they worth?"
    many = f"{won['customers']:.0f} won, {lost['customers']:.0f} lost"
    return f"{many}: we are {abs(gap):,.0f} a year {'better' if gap >= 0 else 'worse'} off"


FUTURE = Exhibit(
    "future",
    _future_title,
    _future,
    Chart(
        charts.future,
        lambda v: data(
            profitability.future_value(v.book), profitability.future_value(v.book)["low"].notna().any()
        ),
        "What each customer is worth, at worst and at best",
    ),
)
WON = Exhibit(
    "won-and-lost",
    _won_title,
    chart=Chart(
        charts.flows,
        lambda v: data(v.book["won_lost"], v.book["won_lost"]["kind"].ne("").any()),
        "Value won and value lost",
    ),
    grid=listed(
        "won_lost",
        {"kind": "Won or lost", "profit": "Profit a year", "note": "Why"},
        title="Won and lost",
        add="Another one won or lost:",
        sub="year",
        corner="Customer",
        new=lambda view: {"year": profitability.year(view.book) or "now"},
    ),
)
future = stack(row(stack(STAYING, COHORTS), FUTURE), WON)
