"""What the ballots say: how far the team agrees, and which disagreement could change a category."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.models import ballots, kaism, polls
from kamlib.models.factors import of_scope
from kamlib.models.scoring import one
from kamlib.pages.certainty import look
from kamlib.pages.exhibit import Chart, Choice, Exhibit, View, stack
from kamlib.pages.exhibit import row as beside
from kamlib.pages.html import fill, fold, line, parts, subhead, table
from kamlib.wording import account, numeral
from kamlib.workbook.book import Book
from kamlib.workbook.schema import US

AXES = {"attractiveness": "How attractive they are to us", "strength": "How they see us and our competitors"}
MOST, MOST_ROWS, MOST_VIEWS = 12, 40, 24
APART, HEARD, LOUDEST = (
    1.0,
    3,
    3,
)  # points and votes from which a function's view is told in words; how many of them
HOME = "The ballots stay with the team."
NOBODY = "Nobody has voted yet. Let the room vote before you agree on a score: the button stands beside the scores of steps 7 and 8."
HERE = "Nobody has voted on the customers of this segment yet."
TRADE = (("alpha", "Krippendorff's alpha"), ("W", "Kendall's W"), ("r_wg", "mean r_wg"))


def voted(book: Book) -> pd.DataFrame:
    """The cells of the segment that somebody has voted on."""
    found = ballots.cells(book)
    return found[found["votes"] > 0]


def mattering(book: Book) -> pd.DataFrame:
    """The cells whose votes could change a box, those farthest apart first."""
    found = voted(book)
    apart = found["highest"] - found["lowest"]
    own = found.assign(apart=apart)[found["could_change"] == "yes"]
    return own.sort_values("apart", ascending=False, kind="stable")


def title(book: Book, home: bool = False) -> str:
    """The result in a sentence; while nobody voted, how to begin. `home`: a page that others read."""
    found, some = voted(book), len(mattering(book))
    count = len(found)
    if not count:
        return _silent(book, home)
    if count == 1:
        return f"The {count} cell that was voted on could{'' if some else ' not'} change a box"
    if not some:
        close = (ballots.borderline(book)["too_close"] == "yes").any()
        rest = "; all together they leave some too close to call" if close else ""
        return f"None of {count} cells could change a box by itself{rest}"
    many = numeral(some)
    differ = some < count and found["votes"].max() > 1
    rest = "; the rest of our disagreement does not matter" if differ else ""
    return f"{many} of {count} cells could change a box{rest}"


def _silent(book: Book, home: bool) -> str:
    """Why there is nothing to say."""
    if not (rounds := _rounds(book)):
        return HOME if home else NOBODY
    if book.settings.round and book.settings.round not in rounds:
        return f"Nobody has voted in the round {book.settings.round} yet; there are ballots of {', '.join(_rounds(book))}."
    return HERE


def head(book: Book, *, paper: bool = False) -> str:
    """How far we agree on each axis, who is too close to call, and whose round it is."""
    if voted(book).empty:
        return ""
    close = [words for words in ballots.borderline(book)["words"] if words]
    return fill(
        "certainty",
        "agreement",
        rows=_agreement(book),
        close=close[:MOST],
        more=len(close) - MOST,
        round=_round(book),
        paper=paper,
    )


def talk(book: Book, customer: str = "", *, choose: bool = False) -> str:
    """The cells that could change a category, in words; with `choose` to press, `customer` being the one in focus."""
    if voted(book).empty:
        return ""
    found = mattering(book)
    found = found.assign(what=_what(book, found))
    return fill(
        "certainty",
        "talk",
        cells=found.head(MOST).to_dict("records"),
        more=len(found) - MOST,
        customer=customer,
        choose=choose,
    )


def _what(book: Book, cells: pd.DataFrame) -> list[str]:
    """What was scored: the factor, and whose score of it."""
    names = _suppliers(book)
    of = [names.get(s, s) for s in cells["supplier"]]
    return [f"{label} ({who})" if who else label for label, who in zip(cells["label"], of, strict=True)]


def _suppliers(book: Book) -> dict[str, str]:
    listed = zip(book["suppliers"]["supplier"], book["suppliers"]["name"], strict=True)
    return {s: n or s for s, n in listed} | {US: "us", "": ""}


def _agreement(book: Book) -> list[dict[str, str]]:
    """A sentence for each axis that somebody voted on, with the figures of the trade."""
    found = ballots.agreement(book)
    found = found[found["raters"] > 0]
    names = dict(zip(book["segments"]["segment"], book["segments"]["name"], strict=True))
    several = found["segment"].nunique() > 1
    rows = []
    for row in found.to_dict("records"):
        of = f" ({names.get(row['segment']) or row['segment']})" if several else ""
        figures = [f"{word} {row[name]:.2f}" for name, word in TRADE if row[name] == row[name]]
        rows.append({"head": AXES[row["model"]] + of, "words": row["words"], "figures": ", ".join(figures)})
    return rows


def _rounds(book: Book) -> list[str]:
    given = book["ballots"]["round"]
    return sorted({polls.year_of(r) for r in given[~given.isin(polls.hidden(book))] if r})


def _round(book: Book) -> str:
    """Which round is looked at, and why that one."""
    there = _rounds(book)
    chosen = book.settings.round or (there[-1] if there else "")
    if not chosen:
        return ""
    if len(there) < 2:
        return f"Ballots of the round {chosen}."
    why = "the one that is set" if book.settings.round else "the latest"
    return f"Ballots of the round {chosen}, {why} of {len(there)}: {', '.join(there)}."


def people(view: View) -> str:
    """Who scores what differently, by function and by person, and what each function's own view would change."""
    book = view.book
    if voted(book).empty:
        return ""
    found = ballots.by_function(book).dropna(subset=["difference"])
    far = found[(found["difference"].abs() >= APART) & (found["votes"] >= HEARD)]
    far = far.sort_values("difference", key=lambda d: -d.abs(), kind="stable")
    functions, rows = _by_function(found)
    changed, same = _views(book)
    by_name = ballots.by_person(book).sort_values("name", key=lambda n: n.str.casefold(), kind="stable")
    loudest, names = far["words"].head(LOUDEST).tolist(), by_name["words"].tolist()
    shown = [
        {"name": r["name"]}
        | {
            f: fill("certainty", "points", text=t, far=b)
            for f, (t, b) in zip(functions, r["cells"], strict=True)
        }
        for r in rows
    ]
    title = "Who scores what lower or higher"
    return parts(
        subhead(title) if rows and view.paper else "",
        fold(
            title,
            parts(
                fill("certainty", "lines", rows=loudest) if rows and loudest else "",
                table(
                    shown,
                    {"name": "Factor"} | {f: f for f in functions},
                    note="Points between a function and everybody else, where both voted; from one point on in bold. Whoever stands "
                    "apart may be the one who knows.",
                ),
            ),
            view,
        ),
        subhead("What each function alone would change") if view.paper and (changed or same) else "",
        fold(
            "What each function alone would change",
            fill(
                "certainty", "views", changed=changed[:MOST_VIEWS], more=len(changed) - MOST_VIEWS, same=same
            ),
            view,
        )
        if changed or same
        else "",
        "" if view.paper or not names else fold("By person", fill("certainty", "lines", rows=names), view),
    )


def _by_function(found: pd.DataFrame) -> tuple[list[str], list[dict[str, Any]]]:
    """The functions by name, and a row for each factor: how far each function is from all others."""
    functions = sorted(found["function"].unique(), key=str.casefold)
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in found.to_dict("records"):
        key = (row["segment"], row["model"], row["factor"], row["side"])
        name = f"{row['label']} ({row['side']})" if row["side"] else row["label"]
        made = rows.setdefault(key, {"name": name, "cells": [("", False)] * len(functions)})
        made["cells"][functions.index(row["function"])] = _signed(row["difference"])
    return functions, list(rows.values())


def _signed(difference: float) -> tuple[str, bool]:
    """-2.2 with a real minus, and whether that is far."""
    size = one(abs(difference))
    sign = "" if size == "0.0" else "−" if difference < 0 else "+"
    return sign + size, float(size) >= APART


def _views(book: Book) -> tuple[list[dict[str, str]], list[str]]:
    """The boxes that a function alone would change, and the functions that would change none."""
    found = ballots.views_of(book)
    otherwise = found[found["differs"] == "yes"]
    changed = [
        {
            "function": r["function"],
            "name": r["name"],
            "box": r["box"],
            "would": _one(r["box"]),
            "today": _one(r["today"]),
        }
        for r in otherwise.to_dict("records")
    ]
    alike = set(found["function"]) - set(otherwise["function"])
    return changed, sorted(alike, key=str.casefold)


def _one(box: str) -> str:
    return account(box) if box else ""


def pictured(book: Book, model: str) -> pd.DataFrame:
    """The cells of one axis for the picture, in the order of the grid of scores; empty where nobody voted on it.

    Attractiveness: every customer and factor of the segment, without votes too. Strength: who was voted on, a
    line for us and for each competitor (`of`).
    """
    found = voted(book)
    own = found[found["model"] == model]
    names = _suppliers(book)
    if model == "attractiveness" and len(own):
        own = _whole(book, own)
    elif len(own):
        listed = list(dict.fromkeys([US, *book["suppliers"]["supplier"], *own["supplier"]]))
        line = pd.factorize(own["customer"])[0] * len(listed) + own["supplier"].map(listed.index)
        own = own.loc[line.sort_values(kind="stable").index]
    return own.assign(column=own["label"], of=[names.get(s, s) for s in own["supplier"]]).reset_index(
        drop=True
    )


def _whole(book: Book, own: pd.DataFrame) -> pd.DataFrame:
    """Every customer by every factor of the segments that were voted on; votes is 0 where there are none."""
    seen = kaism.place(book)[["segment", "customer", "name"]]
    parts = []
    for segment in own["segment"].unique():
        factors = of_scope(book, "attractiveness", segment)[["factor", "label"]]
        parts.append(seen[seen["segment"] == segment].merge(factors, how="cross"))
    full = pd.concat(parts, ignore_index=True).drop_duplicates(["customer", "factor"])
    full["name"] = full["name"].where(full["name"] != "", full["customer"])
    full["label"] = full["label"].where(full["label"] != "", full["factor"])
    told = own[["customer", "factor", "votes", "spread", "could_change"]]
    made = full.merge(told, on=["customer", "factor"], how="left")
    return made.assign(
        votes=made["votes"].fillna(0), could_change=made["could_change"].fillna("no"), supplier=""
    )


KEY = (
    "The number is the standard deviation of the votes: the darker, the farther apart; without a number there is one vote, "
    "without a cell none. A ring: one person's score in place of the agreed one would change a category."
)
AXIS = Choice("axis", "Which scores", AXES, "attractiveness")


def _heat(view: View, model: str) -> tuple[Any, ...]:
    cells = pictured(view.book, model)
    return (cells,) if len(cells) else ()


def _of_axis(view: View) -> str:
    """That nobody voted on this axis; "" where somebody did, or on nothing at all."""
    found = voted(view.book)
    return (
        line("Nobody has voted on this yet.", "hint")
        if len(found) and (found["model"] != view[AXIS]).all()
        else ""
    )


LABEL = "How far the votes are apart, customers by factors; ringed where a category depends on it. The list beside says the same in words."
disagreement = stack(
    Exhibit(
        "disagreement",
        lambda view: title(view.book, view.locked and not view.paper),
        lambda view: head(view.book, paper=view.paper),
        on_paper=lambda view: not voted(view.book).empty,
    ),
    beside(
        Exhibit(
            "votes",
            words=_of_axis,
            controls=(AXIS,),
            on_paper=False,
            chart=Chart(charts.heat, lambda view: _heat(view, view[AXIS]), LABEL, key=KEY),
        ),
        Exhibit(
            "talk",
            "Worth talking about",
            lambda view: talk(view.book, view.customer, choose=not view.paper),
            reads={"choose": look},
            on_paper=lambda view: not voted(view.book).empty,
        ),
        shape="two",
    ),
    *(
        Exhibit(
            f"heat-{model}",
            words,
            on_screen=False,
            chart=Chart(
                charts.heat, partial(_heat, model=model), f"How far the votes are apart: {words}", key=KEY
            ),
        )
        for model, words in AXES.items()
    ),
    Exhibit("people", words=people),
)
