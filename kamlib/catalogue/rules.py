"""The rules of `schema.yaml` that ask the catalogue: answers, ratings and bases that it knows."""

from __future__ import annotations

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.workbook.links import Rows, ids, unlike
from kamlib.workbook.schema import Tables


def unknown_question(rows: Rows, text: Tables) -> Rows:
    answers = _answers()
    return [row for row in rows if row["question"] and row["question"] not in answers]


def no_answer(rows: Rows, text: Tables) -> Rows:
    answers = _answers()
    rated = [row for row in rows if row["question"] in answers and row["rating"]]
    wrong = (row for row in rated if row["rating"] not in answers[row["question"]])
    return [row | {"words": ", ".join(answers[row["question"]])} for row in wrong]


def _answers() -> dict[str, tuple[str, ...]]:
    """What may be answered to each question about an idea."""
    screening, lock_in = (catalogue.items(entry)["id"] for entry in ("pia_screening", "lock_in"))
    return dict.fromkeys(screening, ("good", "OK", "bad")) | dict.fromkeys(lock_in, ("yes", "no"))


def unknown_basis(rows: Rows, text: Tables) -> Rows:
    bases = catalogue.items("distinction_bases")["id"]
    return unlike(rows, "basis", {*bases, *ids(text, "bases")})


def unknown_sheet(rows: Rows, text: Tables) -> Rows:
    known = {"", *(form.id for form in sheets.every())}
    return [row for row in rows if row["sheet"] not in known]


def unknown_field(rows: Rows, text: Tables) -> Rows:
    forms = {form.id: form for form in sheets.every()}
    asked = ((row, forms[row["sheet"]]) for row in rows if row["sheet"] in forms)
    strange = ((row, form) for row, form in asked if row["field"] not in form.columns)
    return [row | {"title": f.title, "fields": ", ".join(sorted(f.columns))} for row, f in strange]


def wrong_answer(rows: Rows, text: Tables) -> Rows:
    titles = {form.id: form.title for form in sheets.every()}
    asked = ((row, sheets.wrong(row["sheet"], row["field"], row["value"])) for row in rows)
    wrong = ((row | {"title": titles[row["sheet"]]}, column) for row, column in asked if column)
    return [row | {"label": column.name, "may_be": column.allowed} for row, column in wrong]
