"""What a vote brought: the middle on each cell, who is at the ends, whether a box hangs on it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import pia, polls
from kamlib.models.ballots.ballots import AXES
from kamlib.models.ballots.moves import cells
from kamlib.models.factors import of_scope
from kamlib.models.lookup import by_key
from kamlib.models.polls import KEY
from kamlib.workbook.book import Book, model

REVEALED = [
    "votes",
    "unknown",
    "median",
    "lowest",
    "highest",
    "score",
    "settled",
    "matters",
    "words",
]
WEIGHED = ["factor", "label", "votes", "points", "lowest", "highest", "now"]


def row_of(book: Book, poll: str) -> dict[str, str]:
    """The row of a poll. Raises LookupError where there is none."""
    table = book["polls"].drop_duplicates("poll").set_index("poll")
    return {"poll": poll, **{str(c): str(v) for c, v in table.loc[poll].items()}}


@model
def voices(book: Book, poll: str) -> pd.DataFrame:
    """Every vote on the cells of a poll that may be seen, the lowest first; earlier ones where a
    person did not vote again.

    Columns: KEY, person, who (the name), function, score (NaN: "don't know"), note.
    """
    asked, model = polls.questions(book, poll), row_of(book, poll)["model"]
    given = polls.counted(book, polls.year_of(poll))
    given = (
        asked[KEY].merge(given[given["model"] == model], on=KEY).sort_values("score", kind="stable")
    )
    people = by_key(book["people"], "person")
    who = given["person"].map(people["name"]).astype(object).fillna("")
    who = who.where(who != "", given["person"])
    function = given["person"].map(people["function"]).astype(object).fillna("")
    return given.assign(who=who, function=function)[
        [*KEY, "person", "who", "function", "score", "note"]
    ]


@model
def medians(book: Book, poll: str) -> pd.DataFrame:
    """The middle of the votes on each cell of a poll, to half a point: model, KEY and score."""
    found = voices(book, poll).dropna(subset="score").groupby(KEY, sort=False)["score"].median()
    middle = (2 * found).apply(
        np.floor
    ) / 2  # between two halves the lower one, which is the cautious one
    return middle.reset_index().assign(model=row_of(book, poll)["model"])


@model
def supposed(book: Book, poll: str) -> Book:
    """The workbook as if the medians of a poll were agreed where the team has not agreed yet."""
    scores, columns = book["scores"], ["model", *KEY]
    own = medians(book, poll)
    settled = scores.loc[scores["poll"] == poll, columns]
    own = own.merge(settled, on=columns, how="left", indicator=True)
    own = own.loc[own["_merge"] == "left_only", [*columns, "score"]]
    whole = pd.concat([own, scores], ignore_index=True).drop_duplicates(columns)
    return book.having({"scores": whole[scores.columns]})


def as_voted(book: Book) -> Book:
    """The workbook, with the medians of the poll whose votes are shown as they come."""
    poll = polls.live(book)
    return supposed(book, poll) if poll else book


@model
def revealed(book: Book, poll: str) -> pd.DataFrame:
    """What the votes on each cell of a poll say; a row a cell, those that matter first.

    Columns: those of `polls.questions`, votes, unknown (who said "don't know"), median, lowest,
    highest (NaN without votes), score (agreed, NaN: none), settled (yes: agreed after this vote),
    matters (yes: one vote in place of the median would give another box, or put the customer on
    the other side of the line while its strength is not known), words. Of those that matter the
    ones farthest apart come first, then the others as they were asked.
    """
    row, asked, said = row_of(book, poll), polls.questions(book, poll), voices(book, poll)
    by = said.groupby(KEY)["score"]
    figures = pd.DataFrame(
        {
            "votes": by.count(),
            "unknown": by.size() - by.count(),
            "lowest": by.min(),
            "highest": by.max(),
        }
    ).reset_index()
    found = asked.merge(figures, on=KEY, how="left").fillna({"votes": 0, "unknown": 0})
    middle = medians(book, poll).rename(columns={"score": "median"})
    found = found.merge(middle.drop(columns="model"), on=KEY, how="left")
    scores = book["scores"]
    scores = scores.loc[scores["model"] == row["model"], [*KEY, "score", "poll"]].drop_duplicates(
        KEY
    )
    found = found.merge(scores, on=KEY, how="left")
    found["settled"] = np.where((found["poll"] == poll) & found["score"].notna(), "yes", "no")
    hangs = _of_customers(book, row) if row["model"] in AXES else _of_ideas(book, row, found)
    found = found.merge(hangs, on=KEY, how="left").fillna({"matters": "no", "words": ""})
    apart = (found["highest"] - found["lowest"]).where(found["matters"] == "yes", -1)
    order = np.argsort(-apart.fillna(-1).to_numpy(float), kind="stable")
    return found.iloc[order].reset_index(drop=True)[[*asked.columns, *REVEALED]]


@model
def outcomes(book: Book) -> pd.DataFrame:
    """`revealed` of every poll on scores that the team has seen: poll, and its columns."""
    polled = book["polls"]
    shown = polled.loc[(polled["status"] == "revealed") & (polled["how"] == "scores"), "poll"]
    parts = [revealed(book, poll).assign(poll=poll) for poll in shown]
    columns = ["poll", *polls.QUESTIONS, *REVEALED]
    return pd.concat([pd.DataFrame(columns=columns, dtype=object), *parts], ignore_index=True)[
        columns
    ]


def _of_customers(book: Book, row: dict[str, str]) -> pd.DataFrame:
    then = supposed(book, row["poll"]).choosing(segment=row["scope"])
    told = cells(then, sides=True)
    told = told[told["model"] == row["model"]].rename(columns={"customer": "subject"})
    return told[[*KEY, "could_change", "words"]].rename(columns={"could_change": "matters"})


def _of_ideas(book: Book, row: dict[str, str], found: pd.DataFrame) -> pd.DataFrame:
    """Each outermost vote tried in place of the median: does the idea stand in another box?"""
    then, rows = supposed(book, row["poll"]), []
    customers = dict(zip(book["ideas"]["idea"], book["ideas"]["customer"], strict=True))
    for cell in found[found["highest"] > found["lowest"]].to_dict("records"):
        own = then.choosing(customer=customers.get(cell["subject"], ""))
        today, *others = (
            _box(own, row["model"], cell, cell[end]) for end in ("median", "lowest", "highest")
        )
        rows.append([*(cell[k] for k in KEY), "yes" if {*others} != {today} else "no", ""])
    return pd.DataFrame(rows, columns=[*KEY, "matters", "words"], dtype=object)


def _box(book: Book, model: str, cell: dict[str, object], score: object) -> str:
    scores = book["scores"]
    own = (scores["model"] == model) & (scores["subject"] == cell["subject"])
    own &= scores["factor"] == cell["factor"]
    placed = pia.place(
        book.having({"scores": scores.assign(score=scores["score"].mask(own, score))})
    )
    return str(placed.loc[placed["idea"] == cell["subject"], "box"].iloc[0])


@model
def weighed(book: Book, poll: str) -> pd.DataFrame:
    """What each factor of a poll should count, in points of 100, the most important first.

    Columns: WEIGHED. points: the mean of everybody's points, or for a ranking of the centroids of
    the places (Barron and Barrett 1996: with J factors, place k gives 100/J times the sum of 1/i
    for i from k to J); lowest, highest: of single people; now: the share of today's weight.
    """
    row, asked = row_of(book, poll), polls.questions(book, poll)
    given = shares(book, poll)
    by = given.groupby("factor")["points"]
    figures = pd.DataFrame(
        {"votes": by.count(), "points": by.mean(), "lowest": by.min(), "highest": by.max()}
    )
    weights = of_scope(book, row["model"], row["scope"]).set_index("factor")["weight"].fillna(1.0)
    now = 100 * weights / (weights.sum() or 1.0)
    found = asked[["factor", "label"]].join(figures, on="factor").fillna({"votes": 0})
    found["now"] = found["factor"].map(now)
    return found.sort_values("points", ascending=False, kind="stable").reset_index(drop=True)[
        WEIGHED
    ]


@model
def shares(book: Book, poll: str) -> pd.DataFrame:
    """The points of each person who weighed all factors of a poll: person, factor, points.

    They add up to 100 for each. A poll that may not be seen yet gives none.
    """
    row, asked = row_of(book, poll), polls.questions(book, poll)
    table = book["weight_ballots"]
    hidden = poll in polls.hidden(book)
    own = table[(table["round"] == poll) & table["factor"].isin(asked["factor"]) & (not hidden)]
    count = max(len(asked), 1)
    centroid = np.append(
        0, 100 * np.cumsum(1 / np.arange(count, 0, -1)) / count
    )  # the last place first
    places = own["place"].clip(1, count)
    points = (
        own["points"]
        if row["how"] == "points"
        else pd.Series(centroid[(count + 1 - places.fillna(count)).astype(int)], own.index).where(
            places.notna()
        )
    )
    own = own.assign(points=points).dropna(subset="points")
    whole = own.groupby("person")["points"].transform("sum")
    complete = own.groupby("person")["factor"].transform("nunique") == count
    kept = own[complete & (whole > 0)]
    return kept.assign(points=100 * kept["points"] / whole[kept.index])[
        ["person", "factor", "points"]
    ]


def sureness(book: Book, poll: str) -> int:
    """How many parts the votes on weights are worth as a Dirichlet distribution, 1 to 1,000.

    By the moments: parts + 1 = sum of m(1 - m) over sum of the variances, m being the mean shares
    (Minka 2000, section 1). 0 with fewer than three votes.
    """
    table = shares(book, poll).pivot(index="person", columns="factor", values="points") / 100
    if len(table) < 3:
        return 0
    mean, spread = table.mean(), float(table.var(ddof=1).sum())
    return int(np.clip(float((mean * (1 - mean)).sum()) / max(spread, 1e-6) - 1, 1, 1000))
