"""Who sees it how: functions and people beside all others, and the boxes as each function has them.

Facts about scores, not about people: whoever stands apart may be the one who knows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import kaism, scoring
from kamlib.models.ballots.ballots import KEY, votes, with_scores
from kamlib.models.lookup import name_or_key
from kamlib.models.scoring import one
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US


def _others(said: pd.DataFrame, group: str) -> pd.Series:
    """For each vote the mean of the votes on the same cell from outside its group; NaN for none."""
    whole, own = said.groupby("cell")["score"], said.groupby(["cell", group])["score"]
    rest = whole.transform("size") - own.transform("size")
    return (whole.transform("sum") - own.transform("sum")) / rest.where(rest > 0)


@model
def by_function(book: Book) -> pd.DataFrame:
    """How each function scores each factor beside all others, on the cells where both voted.

    Columns: segment, function, model, side (strength: us or competitors), factor, label, votes (all
    of the function), mean and others (its mean and that of everybody else on the same cells),
    difference (mean - others; NaN where nobody else voted), words. People without a function count
    among the others only.
    """
    said = votes(book)
    sides = np.where(said["supplier"] == US, "us", "competitors")
    side = np.where(said["model"] == "strength", sides, "").astype(object)
    said = said.assign(others=_others(said, "function"), side=side)
    said = said[said["function"] != ""].assign(fair=said["score"].where(said["others"].notna()))
    by = said.groupby(["segment", "function", "model", "side", "factor"], sort=False)
    found = by.agg(
        label=("label", "first"),
        votes=("score", "size"),
        mean=("fair", "mean"),
        others=("others", "mean"),
    ).reset_index()
    found["difference"] = (found["mean"] - found["others"]).round(scoring.DIGITS)
    words = [_function_words(row) for row in found.to_dict("records")]
    return found.assign(words=np.array(words, dtype=object))


def _function_words(row: dict[Any, Any]) -> str:
    what = f"{row['side']} on {row['label']}" if row["side"] else row["label"]
    if row["difference"] != row["difference"]:
        return f"Only {row['function']} scores {what}."
    return f"{row['function']} scores {what} {_apart(row['difference'])}."


def _apart(difference: float) -> str:
    if one(abs(difference)) == "0.0":
        return "like the others"
    return f"{one(abs(difference))} {'lower' if difference < 0 else 'higher'} than the others"


@model
def by_person(book: Book) -> pd.DataFrame:
    """How each person uses the scale beside all others, over the segment(s) and both models.

    Columns: person, name, function, votes, difference (mean of vote minus what the others say of
    the same; NaN where nobody else voted), spread (standard deviation of the own votes, NaN for
    one), lowest_used, highest_used, split (cells voted on where not all say the same), lowest and
    highest (in how many of them theirs is), words.
    """
    said = votes(book)
    least, most = (said.groupby("cell")["score"].transform(edge) for edge in ("min", "max"))
    split, score = least < most, said["score"]
    low, high = split & (score == least), split & (score == most)
    by = said.assign(apart=score - _others(said, "person"), split=split, low=low, high=high)
    found = by.groupby("person", sort=False).agg(
        name=("who", "first"),
        function=("function", "first"),
        votes=("score", "size"),
        difference=("apart", "mean"),
        spread=("score", "std"),
        lowest_used=("score", "min"),
        highest_used=("score", "max"),
        split=("split", "sum"),
        lowest=("low", "sum"),
        highest=("high", "sum"),
    )
    words = [
        f"{r.name} scores {_apart(r.difference) if r.difference == r.difference else 'alone'}, "
        f"from {r.lowest_used:g} to {r.highest_used:g}; of {r.split} cells not all agree on, "
        f"lowest in {r.lowest} and highest in {r.highest}."
        for r in found.itertuples(index=False)
    ]
    return found.reset_index().assign(words=np.array(words, dtype=object))


@model
def views_of(book: Book) -> pd.DataFrame:
    """The box of every customer as each function sees it: the mean of its votes for what is agreed.

    Columns: segment, customer, name, function, box, today ("" where it stands nowhere), differs
    (yes, no).
    """
    said, today = votes(book), kaism.place(book)
    name = name_or_key(today, "customer")
    head = today[["segment", "customer"]].assign(name=name)
    parts = [head.assign(function="", box="", today="", differs="")[:0]]
    for function in said.loc[said["function"] != "", "function"].unique():
        means = said[said["function"] == function].groupby(KEY, sort=False)["score"].mean()
        box = kaism.place(Book(with_scores(book, means.reset_index()), book.settings))["box"]
        differs = np.where(box == today["box"], "no", "yes").astype(object)
        parts.append(head.assign(function=function, box=box, today=today["box"], differs=differs))
    return pd.concat(parts, ignore_index=True)
