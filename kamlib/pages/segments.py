"""Step 5: the segments, and which customers belong to them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models import segmentation
from kamlib.pages.exhibit import Desk, Exhibit, Grid, View, row, stack
from kamlib.pages.grids import column, listed, names_of
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, whole
from kamlib.pages.sheets import exercises
from kamlib.pages.start import add_customer, add_segment
from kamlib.wording import counted
from kamlib.wording import listed as named
from kamlib.workbook.schema import DEFINITIONS, as_text

MOST_EXTRA = 8  # so many are shown of the columns that a customer list brought along
OWN = ("segment", "status", "revenue", "profit", "potential_profit")

# How do we segment the market?


SEGMENTS = Exhibit(
    "segments-grid",
    grid=listed(
        "segments",
        {
            "name": "Name",
            "basis": "Based on",
            "description": "What they have in common",
            "active": "Worked on?",
            "customers": "Customers",
            "status": "Viable?",
        },
        title="Segments",
        add="Another segment:",
        rows_of=lambda view: segmentation.overview(view.book),
        actions={"add": lambda desk, message: add_segment(desk, str(message["value"]))},
        look={"broad": True},
        numbered=True,
        printed=False,
    ),
)


def headline(view: View) -> str:
    """How many segments are viable, and which."""
    rows = segmentation.overview(view.book)
    rows = rows[rows["active"] != "no"]
    viable = rows.loc[rows["status"] == "viable", "name"].tolist()
    if rows.empty:
        return "No segment has been named yet"
    if not viable:
        return f"None of {counted(len(rows), 'segment')} has passed all five tests yet"
    verb = "is" if len(viable) == 1 else "are"
    return f"{len(viable)} of {counted(len(rows), 'segment')} {verb} viable: {named(viable, 6)}"


def _viable(view: View) -> str:
    rows = segmentation.overview(view.book)
    return fill("segments", "viable", rows=rows[rows["active"] != "no"].to_dict("records"))


VIABLE = Exhibit("segments", headline, _viable)
segments = stack(row(SEGMENTS, stack(VIABLE, tips(5)), shape="two"), exercises(5))

# Assign customers to segments


def brought(customers: pd.DataFrame) -> list[str]:
    """The columns that a customer list brought along."""
    return [name for name in customers if name not in DEFINITIONS["customers"].names]


def spoken(name: str) -> str:
    """The heading of a column: as typed in Excel, or the words of an id."""
    return name if " " in name or not name.islower() else name.replace("_", " ").capitalize()


def _customer_rows(view: View) -> list[dict[str, Any]]:
    index = segmentation.value_index(view.book.choosing(segment=""))
    worth = dict(zip(index["customer"], index["index"], strict=True))
    sizes = segmentation.turnover_classes(view.book).set_index("customer")["class"]
    customers = view.book["customers"]
    extra = brought(customers)[:MOST_EXTRA]
    return [
        {
            "id": r["customer"],
            "label": r["name"] or r["customer"],
            "cells": [
                *(as_text(r[c]) for c in OWN),
                whole(worth.get(r["customer"], float("nan"))),
                sizes.get(r["customer"], ""),
                *(as_text(r[c]) for c in extra),
            ],
        }
        for r in customers.to_dict("records")
    ]


def _customer_columns(view: View) -> list[dict[str, Any]]:
    segments, currency = names_of(view.book["segments"]), view.book.settings.currency
    money = f"last year, {currency}"
    words = {"choices": list(segments), "words": {"": "none yet"} | segments}
    help = "Half its profit, half what it could bring, each as % of the segment's highest."
    return [
        {"id": "segment", "label": "Segment", "kind": "choice"} | words,
        column("customers", "status", "Status"),
        column("customers", "revenue", "Revenue", sub=money),
        column("customers", "profit", "Profit", sub=money),
        column("customers", "potential_profit", "Possible profit", sub=f"a year, {currency}"),
        {"id": "index", "label": "Value index", "kind": "show", "sub": "our formula", "help": help},
        {"id": "class", "label": "Class", "kind": "show", "sub": "by turnover"},
        *(
            {"id": name, "label": spoken(name), "kind": "word"}
            for name in brought(view.book["customers"])[:MOST_EXTRA]
        ),
    ]


def _segment_choices(view: View) -> list[dict[str, str]]:
    segments = names_of(view.book["segments"]) | {"-": "no segment"}
    return [{"id": segment, "label": name} for segment, name in segments.items()]


def _assign(desk: Desk, message: dict[str, Any]) -> None:
    chosen, segment = [str(row) for row in message["rows"]], str(message["value"])
    if not chosen or not segment:
        raise InvalidInput("Choose the segment." if chosen else "Choose the customers, then the segment.")
    given = "" if segment == "-" else segment
    desk.put_all("customers", [{"customer": customer, "segment": given} for customer in chosen])


def _assign_title(view: View) -> str:
    customers = view.book["customers"]
    without = int((customers["segment"] == "").sum())
    if customers.empty:
        return "No customers yet: bring a list, or type the names"
    return f"{counted(len(customers), 'customer')}, {without if without else 'all'} {'without' if without else 'in'} a segment"


assign = Exhibit(
    "assign",
    _assign_title,
    grid=Grid(
        "Customers and their segments",
        _customer_rows,
        _customer_columns,
        lambda view, customer, name, text: ("customers", {"customer": customer, name: text}),
        actions={
            "assign": _assign,
            "add": lambda desk, message: add_customer(desk, str(message["value"])),
        },
        corner="Customer",
        add="Another customer:",
        look={"pick": "Assign the chosen to", "long": True},
        choices=_segment_choices,
        printed=False,
    ),
    on_paper=False,
)
