"""The ballots that count, and what each cell of them says."""

from __future__ import annotations

import pandas as pd

from kamlib.models import kaism, polls, scoring
from kamlib.models.lookup import by_key, name_or_key
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import Tables

AXES = {"attractiveness": "segment", "strength": "customer"}  # and whose factors they have
CHANCE = 8.25  # the variance of a fair die with the sides 1 to 10
KEY = ["model", "customer", "factor", "supplier"]
HEAD = ["segment", "customer", "name", "model", "factor", "label", "supplier"]


@model
def votes(book: Book) -> pd.DataFrame:
    """The ballots that count: with a score, of the round, for what there is in the segment(s).

    Columns: HEAD, cell (0, 1, ... in the order of customers and factors), person, who (the name),
    function, score; by cell, the lowest score first. Of two ballots of one person for a cell the
    first counts.
    """
    ballots = polls.counted(book).rename(columns={"subject": "customer"})
    ballots = _by_supplier(ballots[ballots["score"].notna()])
    ballots = ballots[(ballots["model"] != "strength") | (ballots["supplier"] != "")]
    ballots = ballots.drop_duplicates([*KEY, "person"])[[*KEY, "person", "score"]]
    found = ballots.merge(_places(book), on=KEY[:3])
    people = by_key(book["people"], "person")
    who = people["name"].where(people["name"] != "", people.index)
    order = found.assign(
        supplier=_rank(found["supplier"], ["", *book["suppliers"]["supplier"]]),
        person=_rank(found["person"], people.index),
    ).sort_values(["place", "supplier", "score", "person"])
    cell = order.groupby(["place", "supplier"]).ngroup()
    found = found.loc[order.index].assign(
        cell=cell,
        who=found["person"].map(who).astype(object).fillna(found["person"]),
        function=found["person"].map(people["function"]).astype(object).fillna(""),
    )
    return found[[*HEAD, "cell", "person", "who", "function", "score"]].reset_index(drop=True)


def _by_supplier(rows: pd.DataFrame) -> pd.DataFrame:
    """Only strength has a supplier."""
    return rows.assign(supplier=rows["supplier"].where(rows["model"] == "strength", ""))


def _rank(values: pd.Series, known: pd.Index | list[str]) -> pd.Series:
    """The place of each value among those known, and then as they come."""
    order = pd.Index(dict.fromkeys([*known, *values]), dtype=object)
    return pd.Series(order.get_indexer(values), values.index)


def _places(book: Book) -> pd.DataFrame:
    """All that can be voted on in the segment(s): HEAD but for the supplier, and place (0, ...)."""
    table = book["customers"][["segment", "customer", "name"]].drop_duplicates("customer")
    parts = [table[table["segment"] == segment] for segment in kaism.segments(book)]
    table = pd.concat([table[:0], *parts], ignore_index=True)
    table["name"] = name_or_key(table, "customer")
    factors = book["factors"][["model", "scope", "factor", "label"]]
    factors = factors.drop_duplicates(["model", "scope", "factor"])
    factors["label"] = factors["label"].where(factors["label"] != "", factors["factor"])
    own = {model: factors[factors["model"] == model] for model in AXES}
    rows = table.reset_index()
    parts = [rows.merge(own[m], left_on=scope, right_on="scope") for m, scope in AXES.items()]
    found = pd.concat(parts).sort_values("index", kind="stable")
    return found.assign(place=range(len(found)))[[*HEAD[:-1], "place"]]


@model
def summary(book: Book) -> pd.DataFrame:
    """One row a cell with votes: HEAD, votes, mean, spread (of a sample), r_wg, lowest, highest."""
    found = votes(book)
    by = found.groupby("cell")["score"]
    spread = by.std()
    figures = {
        "votes": by.size(),
        "mean": by.mean().round(scoring.DIGITS),
        "spread": spread.round(scoring.DIGITS),
        "r_wg": (1 - spread**2 / CHANCE).clip(0, 1).round(scoring.DIGITS),
        "lowest": by.min(),
        "highest": by.max(),
    }
    return found.drop_duplicates("cell")[HEAD].reset_index(drop=True).assign(**figures)


def agreed(book: Book) -> pd.DataFrame:
    """The agreed scores, each cell once: KEY and score."""
    scores = _by_supplier(book["scores"].rename(columns={"subject": "customer"}))
    return scores[[*KEY, "score"]].drop_duplicates(KEY)


def with_scores(book: Book, rows: pd.DataFrame) -> Tables:
    """The tables with other scores in some cells; `rows`: KEY and score."""
    whole = pd.concat([rows, agreed(book)], ignore_index=True).drop_duplicates(KEY)
    return {**book, "scores": whole.rename(columns={"customer": "subject"})}
