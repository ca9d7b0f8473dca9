"""Votes taken in the workshop: what is asked, who has answered, what the votes say at the reveal.

Blind votes after the Delphi method (Dalkey and Helmer 1963): everybody answers alone, sees how all
answered and why, and may answer again. A poll that is not revealed yet counts nowhere.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kamlib.models.factors import of_scope
from kamlib.models.kaism import no_competitor
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US

TABLES = {"polls", "ballots", "weight_ballots", "participants", "agenda"}  # that nothing refers to
KEY = ["subject", "factor", "supplier"]
QUESTIONS = [*KEY, "name", "label", "of", "good", "bad"]


def year_of(round_: str) -> str:
    """The round of scoring that the ballots of a vote belong to: "2026.1" belongs to "2026"."""
    return re.sub(r"\.\d+$", "", round_)


def number_of(round_: str) -> int:
    """The number of a vote in its round, 0 for ballots that were written into the table."""
    found = re.search(r"\.(\d+)$", round_)
    return int(found[1]) if found else 0


@model
def running(book: Book) -> str:
    """The poll that is open, or closed and not revealed yet; "" where there is none.

    Of several the one that was opened last.
    """
    polls = book["polls"]
    own = polls[polls["status"].isin(["open", "closed"])].sort_values("opened", kind="stable")
    return str(own["poll"].iloc[-1]) if len(own) else ""


def next_id(book: Book) -> str:
    """The id of the next poll: the round and a number, such as 2026.3."""
    given = [*book["ballots"]["round"], *book["polls"]["poll"]]
    base = year_of(book.settings.round) or max(map(year_of, given), default="")
    base = base or book.settings.today[:4] or "1"
    return (
        f"{base}.{max([number_of(each) for each in given if year_of(each) == base], default=0) + 1}"
    )


@model
def latest(book: Book, model: str, scope: str, weighs: bool) -> str:
    """The last poll on the scores (or with `weighs` the weights) of a model in a scope, or ""."""
    polls = book["polls"]
    own = polls[(polls["model"] == model) & (polls["scope"] == scope)]
    own = own[own["how"].isin(["points", "ranking"]) == weighs].sort_values("opened", kind="stable")
    return str(own["poll"].iloc[-1]) if len(own) else ""


@model
def live(book: Book) -> str:
    """The poll on scores whose votes move the matrix as they come in; "" where there is none."""
    polls = book["polls"]
    own = polls[(polls["poll"] == running(book)) & (polls["blind"] == "no")]
    return "".join(own.loc[own["how"] == "scores", "poll"])


@model
def hidden(book: Book) -> frozenset[str]:
    """The polls whose ballots nobody may see yet: blind ones that are not revealed."""
    polls = book["polls"]
    own = polls[(polls["status"] != "revealed") & (polls["blind"] != "no")]
    return frozenset(own["poll"])


@model
def counted(book: Book, round_: str = "") -> pd.DataFrame:
    """The ballots of a round that may be seen; without one, of that of the settings or the latest.

    Of several votes of a person on one cell the latest counts. Columns: those of the table.
    """
    table, closed = book["ballots"], hidden(book)
    base = table["round"].map({each: year_of(each) for each in table["round"].unique()})
    is_own = base == (round_ or year_of(book.settings.round) or base.max())
    own = table[is_own.to_numpy(bool) & ~table["round"].isin(closed).to_numpy(bool)]
    latest_first = np.argsort(-own["round"].map(number_of).to_numpy(float), kind="stable")
    return own.iloc[latest_first].drop_duplicates(["model", "person", *KEY])


@model
def questions(book: Book, poll: str) -> pd.DataFrame:
    """What a poll asks, in the order in which a phone asks it; one row for each cell.

    Columns: QUESTIONS. subject is a customer or an idea; for points and rankings it is "" and each
    factor is a row. name: of the subject; label, good, bad: the factor and what a 10 and a 1 look
    like; of: the supplier's name, "us" for ourselves, "" where there is none. Attractiveness and
    ideas: a factor down all subjects, then the next; strength: a customer after the other.
    Raises LookupError where there is no such poll.
    """
    polls = book["polls"].drop_duplicates("poll").set_index("poll")
    row = polls.loc[poll]
    if row["how"] in ("points", "ranking"):
        found = _factors(book, row["model"], row["scope"]).assign(subject="", name="", supplier="")
    elif row["model"] == "strength":
        found = _strengths(book, row["scope"])
    else:
        factors = _factors(book, row["model"], row["scope"])
        found = factors.merge(_subjects(book, row["model"], row["scope"]), how="cross")
        found = found.assign(supplier="")
    found = found.assign(of=_names(book, found["supplier"]))[QUESTIONS]
    wanted = [
        tuple((line.split() + ["", ""])[:3]) for line in row["cells"].splitlines() if line.strip()
    ]
    if wanted:
        is_wanted = [key in wanted for key in found[KEY].itertuples(index=False, name=None)]
        found = found[np.array(is_wanted, dtype=bool)]
    return found.reset_index(drop=True)


def _factors(book: Book, model: str, scope: str) -> pd.DataFrame:
    """The factors of a model for a segment: factor, label, good, bad."""
    own = of_scope(book, model, scope)
    if own.empty and model.startswith("pia"):
        own = of_scope(book, model, "all")
    return own[["factor", "label", "good", "bad"]]


def _subjects(book: Book, model: str, segment: str) -> pd.DataFrame:
    """The customers of a segment, or the ideas for them: subject, name."""
    customers = book["customers"]
    inside = customers[customers["segment"] == segment]
    if model.startswith("pia"):
        ideas = book["ideas"]
        inside = ideas[ideas["customer"].isin(inside["customer"])]
    key = "idea" if model.startswith("pia") else "customer"
    name = inside["name"].where(inside["name"] != "", inside[key])
    return pd.DataFrame({"subject": inside[key], "name": name}).drop_duplicates("subject")


def _strengths(book: Book, segment: str) -> pd.DataFrame:
    """Each customer's own success factors, for us and for each competitor that is scored for it."""
    scores, alone = book["scores"], no_competitor(book)
    scored = scores[(scores["model"] == "strength") & (scores["supplier"] != US)]
    parts = []
    for subject, name in _subjects(book, "strength", segment).itertuples(index=False, name=None):
        rivals = scored.loc[scored["subject"] == subject, "supplier"].unique()
        order = [s for s in book["suppliers"]["supplier"] if s in set(rivals)]
        suppliers = pd.DataFrame({"supplier": [US, *([] if subject in alone else order)]})
        own = _factors(book, "strength", subject).merge(suppliers, how="cross")
        parts.append(own.assign(subject=subject, name=name))
    blank = pd.DataFrame(columns=[c for c in QUESTIONS if c != "of"], dtype=object)
    return pd.concat([blank, *parts], ignore_index=True)


def _names(book: Book, suppliers: pd.Series) -> pd.Series:
    table = book["suppliers"]
    names = dict(
        zip(
            table["supplier"],
            table["name"].where(table["name"] != "", table["supplier"]),
            strict=True,
        )
    )
    return suppliers.map(names | {US: "us", "": ""}).fillna(suppliers)


@model
def answers(book: Book, poll: str) -> pd.DataFrame:
    """Who has answered how much of a poll; a row for each person who has joined or answered.

    Columns: person, name, function, answered (cells, "don't know" included), asked (cells in all),
    here ("yes" while a phone of the person is connected), done (yes, no).
    """
    asked, ballots = questions(book, poll), book["ballots"]
    given = ballots[ballots["round"] == poll].merge(asked[KEY], on=KEY)
    counts = given.groupby("person").size()
    weighed = book["weight_ballots"]
    weighed = weighed[(weighed["round"] == poll) & weighed["factor"].isin(asked["factor"])]
    counts = counts.add(weighed.groupby("person").size(), fill_value=0)
    joined = book["participants"]
    joined = joined[joined["status"] == "joined"]
    people = book["people"].drop_duplicates("person").set_index("person")
    everybody = [p for p in people.index if p in set(joined["person"]) or p in counts.index]
    own = people.loc[everybody]
    answered = pd.Series(everybody).map(counts).fillna(0).astype(int).to_numpy()
    connected = set(joined.loc[joined["here"] == "yes", "person"])
    return pd.DataFrame(
        {
            "person": everybody,
            "name": own["name"].where(own["name"] != "", own.index).to_numpy(object),
            "function": own["function"].to_numpy(object),
            "answered": answered,
            "asked": len(asked),
            "here": ["yes" if p in connected else "no" for p in everybody],
            "done": ["yes" if a >= len(asked) > 0 else "no" for a in answered],
        }
    )
