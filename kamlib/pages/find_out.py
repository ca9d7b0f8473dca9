"""The homework: every unknown score, what clears up most first, with who finds it out and by when."""

from __future__ import annotations

from typing import Any

from kamlib.models import kaism, verdict
from kamlib.pages.exhibit import Exhibit, Grid, View
from kamlib.pages.grids import column, names_of, someone
from kamlib.pages.html import line
from kamlib.workbook.schema import US

UNKNOWN = ("model", "customer", "factor", "supplier")
HOMEWORK = ("question", "person", "due", "status")


def _unknown_rows(view: View) -> list[dict[str, Any]]:
    """Every unknown score, what clears up most first."""
    names = names_of(view.book["suppliers"]) | {US: "us"}
    worth = verdict.homework(view.book).reset_index(names="place")[[*UNKNOWN, "words", "place"]]
    found = kaism.unknowns(view.book).merge(worth, "left", list(UNKNOWN)).sort_values("place", kind="stable")
    return [
        {
            "id": "\t".join(r[k] for k in UNKNOWN),
            "label": r["name"],
            "cells": [*(r[c] for c in HOMEWORK), r["words"]],
            "sub": r["label"] + (f" ({names.get(r['supplier'], r['supplier'])})" if r["supplier"] else ""),
        }
        for r in found.to_dict("records")
    ]


def _unknown_columns(view: View) -> list[dict[str, Any]]:
    return [
        column("find_out", "question", "What to ask"),
        someone(view, "person", "Who finds out"),
        column("find_out", "due", "By when"),
        column("find_out", "status", "Status"),
        {"id": "worth", "label": "What it clears up", "kind": "show"},
    ]


def _unknown_cell(view: View, row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    model, subject, factor, supplier = row.split("\t")
    return "find_out", {
        "model": model,
        "subject": subject,
        "factor": factor,
        "supplier": supplier,
        name: text,
    }


FIND_OUT = Exhibit(
    "find-out",
    "What we must find out",
    lambda view: "" if len(kaism.unknowns(view.book)) else line("Every score is known."),
    grid=Grid("Find out", _unknown_rows, _unknown_columns, _unknown_cell, corner="Customer"),
)
