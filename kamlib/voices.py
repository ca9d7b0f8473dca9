"""What the ballots say, as HTML: how far the team agrees, and which disagreement could change a box."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.models import ballots, kaism
from kamlib.models.factors import of_scope
from kamlib.models.scoring import one
from kamlib.panels import box_word, fill, trusted
from kamlib.wording import numeral
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
NOBODY = "Nobody's own scores are kept yet. Write them into the table ballots, a row for each person and score, before the team agrees on one."
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
    ballots = book["ballots"]
    if ballots.empty:
        return HOME if home else NOBODY
    if book.settings.round and book.settings.round not in set(ballots["round"]):
        return f"Nobody has voted in the round {book.settings.round} yet; there are ballots of {', '.join(_rounds(book))}."
    return HERE


def told(book: Book, home: bool = False) -> str:
    """All that stands above and beside the picture: `head` and `talk`."""
    return head(book, home) + talk(book)


def head(book: Book, home: bool = False) -> str:
    """The result, how far we agree on each axis, who is too close to call, and whose round it is."""
    if voted(book).empty:
        return fill("voices_silent", words=title(book, home))
    close = [words for words in ballots.borderline(book)["words"] if words]
    return fill("voices", title=title(book, home), agreement=_agreement(book),
                close=close[:MOST], more=len(close) - MOST, round=_round(book))  # fmt: skip


def talk(book: Book, customer: str = "", *, choose: bool = False) -> str:
    """The cells that could change a box, in words; with `choose` to press, `customer` being the one in focus."""
    if voted(book).empty:
        return ""
    found = mattering(book)
    found = found.assign(what=_what(book, found))
    return fill("voices_talk", cells=found.head(MOST).to_dict("records"), more=len(found) - MOST, customer=customer,
                choose=choose)  # fmt: skip


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
    return sorted({str(r) for r in book["ballots"]["round"] if r})


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


def people(book: Book, *, persons: bool = True) -> str:
    """Who scores what otherwise, by function and by person, and what each function's own view would change."""
    if voted(book).empty:
        return ""
    found = ballots.by_function(book).dropna(subset=["difference"])
    far = found[(found["difference"].abs() >= APART) & (found["votes"] >= HEARD)]
    far = far.sort_values("difference", key=lambda d: -d.abs(), kind="stable")
    functions, rows = _by_function(found)
    changed, same = _views(book)
    by_name = ballots.by_person(book).sort_values("name", key=lambda n: n.str.casefold(), kind="stable")
    return fill("voices_people", loudest=far["words"].head(LOUDEST).tolist(), functions=functions, rows=rows[:MOST_ROWS],
                more=len(rows) - MOST_ROWS, changed=changed[:MOST_VIEWS], more_views=len(changed) - MOST_VIEWS, same=same,
                persons=by_name["words"].tolist() if persons else [])  # fmt: skip


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
    changed = [{"function": r["function"], "name": r["name"], "box": r["box"], "would": _account(r["box"]), "today": _account(r["today"])}
               for r in otherwise.to_dict("records")]  # fmt: skip
    alike = set(found["function"]) - set(otherwise["function"])
    return changed, sorted(alike, key=str.casefold)


def _account(box: str) -> str:
    """a key account, an opportunistic account; "" for no box."""
    word = box_word(box).lower().removesuffix(" account") + " account"
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}" if box else ""


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


def choice(book: Book, model: str) -> str:
    """Which axis is shown, and how its picture is read; "" while nobody voted."""
    found = voted(book)
    if found.empty:
        return ""
    return fill("voices_axis", axes=AXES, chosen=model, empty=(found["model"] != model).all())


def report(book: Book) -> str:
    """All of it for a reader; "" where nobody voted."""
    if voted(book).empty:
        return ""
    from kamlib import charts

    pictures = {}
    for model in AXES:
        cells = pictured(book, model)
        if len(cells):
            pictures[AXES[model]] = trusted(charts.svg(charts.heat(cells), f"heat-{model}"))
    return fill(
        "voices_report",
        head=trusted(head(book)),
        talk=trusted(talk(book)),
        pictures=pictures,
        people=trusted(people(book, persons=False)),
    )
