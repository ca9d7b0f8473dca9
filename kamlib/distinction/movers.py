"""Accounts whose category changes: who is served with less than before, and how far the handover is.

Source: key account management in financial services, chapters 21 (pulling back with care) and 22.
"""

from __future__ import annotations

import pandas as pd

from kamlib import portfolio, sheets
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import BOXES, Tables

HANDOVER, HOLD = "maintenance_transition", "development_hold"
LOWER = ("maintenance", "opportunistic")
DEVELOPED = "key_development"
COLUMNS = ["customer", "name", "segment", "was", "is_now", "filled", "lines", "done", "hold", "stands"]


@remembered
def movers(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Accounts that have fallen since the last round, and key development accounts asked whether to go on.

    A row a customer of the segment(s). Columns: COLUMNS. was (what was decided, or else the box, of its last
    round, "" none), is_now (the category today; stands says it in words), filled and lines (of the sheet of the handover, 0 where
    there is nothing to hand over), done (every line of it is a yes), hold (the sheet whether to go on says
    something). Fallen is who came down to maintenance or opportunistic; between key and key development
    nothing is taken away. Source: chapter 21.
    """
    seen = portfolio.classes(tables, settings).drop_duplicates("customer")
    last = tables["rounds"].sort_values("round", kind="stable").drop_duplicates("customer", keep="last")
    was = last["decision"].where(last["decision"] != "", last["box"])
    before = dict(zip(last["customer"], was, strict=True))
    answers = tables["answers"]
    held = set(answers.loc[(answers["sheet"] == HOLD) & (answers["value"].str.strip() != ""), "subject"])
    rows = []
    for row in seen.itertuples():
        old, hold = before.get(row.customer, ""), row.category == DEVELOPED and row.customer in held
        if _fell(old, row.category):
            filled, lines, done = _handover(tables, row.customer)
            rows.append(
                (
                    row.customer,
                    row.name,
                    row.segment,
                    old,
                    row.category,
                    filled,
                    lines,
                    done,
                    False,
                    row.stands,
                )
            )
        elif hold:
            rows.append(
                (row.customer, row.name, row.segment, old, row.category, 0, 0, False, True, row.stands)
            )
    types = {"filled": int, "lines": int, "done": bool, "hold": bool}
    return pd.DataFrame(rows, columns=COLUMNS).astype(types)


def _fell(was: str, now: str) -> bool:
    return was in BOXES and now in LOWER and BOXES.index(now) > BOXES.index(was)


def _handover(tables: Tables, customer: str) -> tuple[int, int, bool]:
    sheet = sheets.filled(tables, HANDOVER, customer)
    return int(sheet["filled"].sum()), len(sheet), bool((sheet["done"] == "yes").all()) and len(sheet) > 0
