"""Whom the analysis is about, and the chain of doing business with us that it walks."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models import portfolio
from kamlib.models.lookup import name_or_key
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import CHAINS

PLAN_OWN = ("key", "key_development")  # they get a plan of their own, the others a generic one


@model
def listed(book: Book) -> pd.DataFrame:
    """The customers an analysis is for: the one of the settings, else those of the segment(s).

    Columns: customer, name, segment. Raises InvalidInput for a customer that does not exist.
    """
    table = book["customers"][["customer", "name", "segment"]].drop_duplicates("customer")
    column, value = "segment", book.settings.segment
    if book.settings.customer:
        column, value = "customer", book.settings.customer
    found = table[table[column] == value] if value else table
    if book.settings.customer and found.empty:
        hint = did_you_mean(book.settings.customer, table["customer"])
        message = f'There is no customer "{book.settings.customer}".'
        raise InvalidInput(message, table="customers", found=book.settings.customer, hint=hint)
    name = name_or_key(found, "customer")
    return found.assign(name=name).reset_index(drop=True)


def begun(book: Book) -> list[str]:
    """The customers whose analysis has begun, in the order of the customer list."""
    named = {
        *book["stages"]["customer"],
        *book["ideas"]["customer"],
        *book["projects"]["customer"],
    }
    return [customer for customer in book["customers"]["customer"] if customer in named]


@model
def focus(book: Book, chosen: str = "") -> str:
    """The customer to look at: the chosen one, else the first with an analysis, key accounts first.

    "" where there is none at all.
    """
    there = listed(book)["customer"].tolist()
    if chosen in there:
        return chosen
    placed = portfolio.classes(book.choosing(customer=""))
    category = dict(zip(placed["customer"], placed["category"], strict=True))
    started = set(begun(book))
    rank = {box: n for n, box in enumerate(PLAN_OWN)}
    order = {c: (c not in started, rank.get(category.get(c, ""), 2)) for c in there}
    return min(order, key=order.__getitem__, default="")


@model
def chain(book: Book) -> pd.DataFrame:
    """The stages of doing business with us, customer by customer, in the order they are walked.

    Columns: customer, stage, name, level (corporate, then end_customer), place, trouble, ideas
    (how many), unmet (givens among them that do not work yet).
    """
    rows = book["stages"]
    rows = rows[rows["customer"].isin(listed(book)["customer"])]
    rows = rows.assign(
        name=name_or_key(rows, "stage"),
        level=pd.Categorical(rows["level"].replace("", CHAINS[0]), CHAINS, ordered=True),
    )
    rows = rows.sort_values(["customer", "level", "place"], kind="stable", ignore_index=True)
    ideas = book["ideas"]
    unmet = ideas[(ideas["role"] == "given") & (ideas["secured"] != "yes")]
    key, columns = ["customer", "stage"], ["name", "level", "place", "trouble"]
    spots = pd.MultiIndex.from_frame(rows[key])
    counts = {
        name: part.groupby(key).size().reindex(spots, fill_value=0).to_numpy()
        for name, part in (("ideas", ideas), ("unmet", unmet))
    }
    return rows[[*key, *columns]].astype({"level": object}).assign(**counts)
