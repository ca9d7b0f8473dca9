"""Whom the analysis is about, and the chain of doing business with us that it walks."""

from __future__ import annotations

import pandas as pd

from kamlib import portfolio
from kamlib.errors import InvalidInput, did_you_mean
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import CHAINS, Tables

PLAN_OWN = ("key", "key_development")  # they get a plan of their own, the others a generic one


def listed(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The customers an analysis is for: one asked for by the settings, else those of the segment(s).

    Columns: customer, name, segment. Raises InvalidInput for a customer that does not exist.
    """
    table = tables["customers"][["customer", "name", "segment"]].drop_duplicates("customer")
    table = table.assign(name=table["name"].where(table["name"] != "", table["customer"]))
    if settings.customer:
        own = table[table["customer"] == settings.customer]
        if own.empty:
            raise InvalidInput(f'There is no customer "{settings.customer}".', table="customers",
                               found=settings.customer, hint=did_you_mean(settings.customer, table["customer"]))  # fmt: skip
        return own.reset_index(drop=True)
    inside = (
        table["segment"] == settings.segment if settings.segment else table["segment"] == table["segment"]
    )
    return table[inside].reset_index(drop=True)


def begun(tables: Tables) -> list[str]:
    """The customers whose analysis has begun, in the order of the customer list."""
    named = {*tables["stages"]["customer"], *tables["ideas"]["customer"], *tables["projects"]["customer"]}
    return [customer for customer in tables["customers"]["customer"] if customer in named]


def focus(tables: Tables, settings: Settings, chosen: str = "") -> str:
    """The one customer to look at: the chosen one, else the first with an analysis, a key account first.

    "" where there is no customer at all.
    """
    there = listed(tables, settings)["customer"].tolist()
    if chosen in there:
        return chosen
    seen = portfolio.classes(tables, settings.model_copy(update={"customer": ""}))
    category = dict(zip(seen["customer"], seen["category"], strict=True))
    started = set(begun(tables))
    rank = {"key": 0, "key_development": 1}
    ordered = sorted(there, key=lambda c: (c not in started, rank.get(category.get(c, ""), 2)))
    return ordered[0] if ordered else ""


@remembered
def chain(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The stages of doing business with us, customer by customer, in the order they are walked.

    Columns: customer, stage, name, level (corporate, then end_customer), place, trouble, ideas (how many),
    unmet (givens among them that do not work yet).
    """
    rows = tables["stages"]
    rows = rows[rows["customer"].isin(listed(tables, settings)["customer"])]
    level = rows["level"].where(rows["level"] != "", CHAINS[0])
    rows = rows.assign(level=level, name=rows["name"].where(rows["name"] != "", rows["stage"]),
                       rank=level.map(CHAINS.index), order=rows["place"].fillna(float("inf")))  # fmt: skip
    rows = rows.sort_values(["customer", "rank", "order"], kind="stable", ignore_index=True)
    ideas = tables["ideas"]
    spot = pd.Series(list(zip(ideas["customer"], ideas["stage"], strict=True)), dtype=object)
    unmet = spot[((ideas["role"] == "given") & (ideas["secured"] != "yes")).to_numpy(bool)]
    keys = list(zip(rows["customer"], rows["stage"], strict=True))
    count, open_ = spot.value_counts(), unmet.value_counts()
    return rows[["customer", "stage", "name", "level", "place", "trouble"]].assign(
        ideas=[int(count.get(k, 0)) for k in keys], unmet=[int(open_.get(k, 0)) for k in keys]
    )
