"""The catalogue as a table: what can be read, filled in, computed and reported."""

from __future__ import annotations

import pandas as pd

from kamlib import catalogue as content
from kamlib.catalogue import sheets
from kamlib.workbook.book import Book


def catalogue(book: Book) -> pd.DataFrame:
    """Every entry of the catalogue, those of the team among them: a row an entry.

    Columns: id, title, kind, part (where it belongs), page, readable (is there anything to read?),
    fillable, computed (the results that come of it), reported (does a report
    hold what was filled in or computed?), answers (how many are stored).
    """
    parts, forms = content.parts(), {form.id: form for form in sheets.every()}
    stored = book["answers"]["sheet"].value_counts()
    rows = []
    for entry in content.entries():
        id = entry["id"]
        home = forms[id].home if id in forms else content.home(entry)
        part = parts.get(home, {"label": home, "page": ""})
        filled = id in forms
        computed = content.listed(entry.get("results"))
        computed += ["verdict of the sheet"] if filled and forms[id].verdict else []
        reported = filled or bool(computed)
        rows.append(
            (
                *(id, entry["title"], entry["kind"], part["label"], part["page"]),
                *(_word(bool(entry["help"])), _word(filled), ", ".join(computed)),
                *(_word(reported), int(stored.get(id, 0))),
            )
        )
    columns = ["id", "title", "kind", "part", "page", "readable", "fillable", "computed"]
    return pd.DataFrame(rows, columns=[*columns, "reported", "answers"])


def _word(holds: bool) -> str:
    return "yes" if holds else "no"
