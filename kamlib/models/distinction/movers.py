"""Accounts whose category changes: who is served with less, and how far the handover is.

Source: key account management in financial services, chapters 21 (pulling back with care) and 22.
"""

from __future__ import annotations

import pandas as pd

from kamlib.catalogue import sheets
from kamlib.models import portfolio
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

HANDOVER, HOLD = "maintenance_transition", "development_hold"
LOWER = ("maintenance", "opportunistic")
SHEET = ["filled", "lines", "done"]


@model
def movers(book: Book) -> pd.DataFrame:
    """Accounts fallen since the last round, and key development accounts asked whether to go on.

    A row a customer of the segment(s). Columns: customer, name, segment, was (what was decided, or
    else the box, of its last round, "" none), is_now (the category today), SHEET (of the handover,
    0 where there is nothing to hand over; done: every line of it is a yes), hold (the sheet whether
    to go on says something), stands (the category today in words). Fallen is who came down to
    maintenance or opportunistic; between key and key development nothing is taken away. Source:
    chapter 21.
    """
    rounds = book["rounds"].sort_values("round", kind="stable")
    last = rounds.drop_duplicates("customer", keep="last").set_index("customer")
    was = last["decision"].where(last["decision"] != "", last["box"])
    answers = book["answers"]
    answered = answers[(answers["sheet"] == HOLD) & (answers["value"].str.strip() != "")]
    rows = portfolio.classes(book).drop_duplicates("customer")
    was = was.reindex(rows["customer"], fill_value="").to_numpy()
    rows = rows.assign(was=was, is_now=rows["category"])
    place = dict(zip(BOXES, range(len(BOXES)), strict=True))
    lower = rows["is_now"].map(place) > rows["was"].map(place)
    fallen = rows["is_now"].isin(LOWER) & lower
    asked = rows["customer"].isin(answered["subject"])
    rows = rows.assign(fallen=fallen, hold=(rows["is_now"] == "key_development") & asked)
    rows = rows[rows["fallen"] | rows["hold"]].reset_index(drop=True)
    rows = rows.assign(filled=0, lines=0, done=False)
    for index, customer in rows.loc[rows["fallen"], "customer"].items():
        form = sheets.filled(book, HANDOVER, customer)
        done = bool((form["done"] == "yes").all())
        rows.loc[index, SHEET] = int(form["filled"].sum()), len(form), done
    return rows[["customer", "name", "segment", "was", "is_now", *SHEET, "hold", "stands"]]
