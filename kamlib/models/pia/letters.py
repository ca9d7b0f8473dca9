"""The screening of ideas: eight questions, A, B or C, lock-in, shares of value, the order."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models.lookup import name_or_key
from kamlib.models.pia.stages import listed
from kamlib.workbook.book import Book, model

SHEET = "pia_screening"
# the lines of the sheet, and of the test of lock-in, that count
QUESTIONS: tuple[str, ...] = ("problem", "value", "core_values", "customer_cost", "pay", "our_cost")
QUESTIONS += ("fair_share", "capability")
LOCK_IN = ("valued", "rather_not", "rivals_lack", "not_too_much_power")
RATINGS = ("good", "OK", "bad")
COLUMNS = ["customer", "idea", "name", "stage", "kind", "role", "secured", *RATINGS, "unknown"]
COLUMNS += ["suggestion", "decision", "class", "differs", "reason", "reason_given"]


def ideas(book: Book) -> pd.DataFrame:
    """The ideas for the customers the settings name, each under its name or else its id."""
    rows = book["ideas"].drop_duplicates("idea")
    rows = rows[rows["customer"].isin(listed(book)["customer"])].reset_index(drop=True)
    return rows.assign(name=name_or_key(rows, "idea"))


def parameters(book: Book) -> pd.DataFrame:
    """What the team calls good, OK and bad for each of the eight questions, before anybody rates.

    Columns: question, label, help, good, ok, bad (texts), ready (all three are said).
    """
    table = sheets.filled(book, SHEET)
    table = table[~table["own"].astype(bool)].rename(columns={"item": "question"})
    table = table[["question", "label", "help", "good", "ok", "bad"]].reset_index(drop=True)
    texts = table[["good", "ok", "bad"]].apply(lambda column: column.str.strip())
    return table.assign(ready=(texts != "").all(axis=1))


def ratings(book: Book, about: Iterable[str] | None = None) -> pd.DataFrame:
    """Ideas x questions (the eight, then lock-in): good, OK, bad, yes, no or "" for unknown.

    The ideas `about` which it is, or else all that have an answer.
    """
    rows = book["ratings"].drop_duplicates(["idea", "question"])
    index = pd.Index(dict.fromkeys(rows["idea"] if about is None else about), dtype=object)
    found = rows.pivot(index="idea", columns="question", values="rating").astype(object)
    found = found.reindex(index=index, columns=[*QUESTIONS, *LOCK_IN])
    return found.where(found.notna(), "").rename_axis(index=None, columns=None)


@functools.cache
def letters(good: int, ok: int, bad: int, unknown: int, capability: str, partner: bool) -> str:
    """The classes that can still come out, such as "A", or "AB" while something is unknown.

    The counts are of all eight answers; `capability` is the answer to the eighth ("" unknown). A:
    no bad and at least half good. C: two or more bad, or no capability and no partner. B: the rest.
    The source asks for A, B and C (chapter 26) and gives no rule; this is ours.
    """
    if unknown:
        can = letters(good + 1, ok, bad, unknown - 1, capability or "good", partner)
        can += letters(good, ok + 1, bad, unknown - 1, capability or "OK", partner)
        can += letters(good, ok, bad + 1, unknown - 1, capability or "bad", partner)
        return "".join(sorted(set(can)))
    if bad >= 2 or (capability == "bad" and not partner):
        return "C"
    return "A" if bad == 0 and good >= len(QUESTIONS) / 2 else "B"


@model
def screening(book: Book) -> pd.DataFrame:
    """Every idea with its class, in the order in which ideas were written. Columns: COLUMNS.

    good, OK, bad, unknown count the eight answers. suggestion: A, B, C, or "?" while an unknown
    answer can change it. class: the decision of the team where there is one. reason: why, in a
    sentence.
    """
    rows = ideas(book).rename(columns={"class": "decision", "reason": "reason_given"})
    answers = ratings(book, rows["idea"])[list(QUESTIONS)]
    counts = {r: (answers == r).sum(axis=1).to_numpy(int) for r in RATINGS}
    counts["unknown"] = len(QUESTIONS) - sum(counts.values())
    capability = answers[QUESTIONS[-1]].where(answers[QUESTIONS[-1]].isin(RATINGS), "")
    partner = rows["partner"].str.strip() != ""
    about = [*zip(*(c.tolist() for c in counts.values()), capability, partner, strict=True)]
    can = [letters(*row) for row in about]
    suggestion = np.array([c if len(c) == 1 else "?" for c in can], dtype=object)
    letter = rows["decision"].where(rows["decision"] != "", suggestion)
    reason = [_reason(c, *row) for c, row in zip(can, about, strict=True)]
    rows = rows.assign(**counts, suggestion=suggestion, differs=letter != suggestion, reason=reason)
    return rows.assign(**{"class": letter})[COLUMNS]


def _reason(
    can: str, good: int, ok: int, bad: int, unknown: int, capability: str, partner: bool
) -> str:
    if unknown == len(QUESTIONS):
        return "not rated yet"
    words = f"{good} good, {ok} OK, {bad} bad" + (f", {unknown} not known" if unknown else "")
    if len(can) > 1:
        return f"{words}: could still be {' or '.join(can)}"
    alone = capability == "bad" and not partner
    because = {
        "A": "no bad, at least half good",
        "B": "neither A nor C",
        "C": "we cannot do it and have no partner" if alone else "two or more are bad",
    }
    return f"{words}: {because[can]}"


@model
def find_out(book: Book) -> pd.DataFrame:
    """The unknown answers of rated ideas whose class they can change.

    Columns: customer, idea, name, question, label.
    """
    rows = screening(book)
    labels = parameters(book).set_index("question")["label"]
    is_open = (rows["suggestion"] == "?") & (rows["decision"] == "")
    rows = rows[is_open & (rows["unknown"] < len(QUESTIONS))]
    answers = ratings(book, rows["idea"])[list(QUESTIONS)]
    found = [
        (*row, question, labels.get(question, question))
        for row in rows[["customer", "idea", "name"]].itertuples(index=False, name=None)
        for question in QUESTIONS
        if answers.at[row[1], question] == ""
    ]
    return pd.DataFrame(found, columns=["customer", "idea", "name", "question", "label"])


@model
def lock_in(book: Book) -> pd.DataFrame:
    """Does an idea tie the customer to us in a way it likes? A row an idea.

    Columns: idea, name, lock_in (yes, no, "" while unknown), why. It counts only when the customer
    values it, would rather not do it itself, no rival offers it, and we do not get too much power;
    a price or a term never counts.
    """
    rows = ideas(book)
    answers = ratings(book, rows["idea"])[list(LOCK_IN)]
    labels = catalogue.items("lock_in").set_index("id")["label"]
    found = []
    for idea, name, kind in rows[["idea", "name", "kind"]].itertuples(index=False, name=None):
        said = answers.loc[idea]
        no, unknown = ("; ".join(labels[said.index[said == a]]) for a in ("no", ""))
        if kind == "price":
            verdict = ("no", "a price or a term can be matched by anybody")
        elif no:
            verdict = ("no", f"not: {no}")
        elif (said == "yes").all():
            verdict = ("yes", "all four conditions hold")
        else:
            verdict = ("", f"not known: {unknown}")
        found.append((idea, name, *verdict))
    return pd.DataFrame(found, columns=["idea", "name", "lock_in", "why"])


@model
def value(book: Book) -> pd.DataFrame:
    """Who gains what, a row an idea.

    Columns: idea, name, customer_gain, our_gain (a year, after cost, NaN unknown), total,
    our_share_pct (0..100, of a total above 0 in which neither side loses), win_win (yes, no, ""
    unknown), words.
    """
    rows = ideas(book)[["idea", "name", "customer_gain", "our_gain", "asked_for"]]
    theirs, ours, asked = rows["customer_gain"], rows["our_gain"], rows.pop("asked_for")
    total = theirs + ours
    share = (100 * ours / total).where((theirs >= 0) & (ours >= 0) & (total > 0))
    win = np.select([total.isna(), (theirs > 0) & (ours > 0)], ["", "yes"], "no").astype(object)
    words = [_value_words(*row) for row in zip(theirs, ours, share, asked, strict=True)]
    return rows.assign(total=total, our_share_pct=share, win_win=win, words=words)


def _value_words(theirs: float, ours: float, share: float, asked_for: str) -> str:
    if theirs <= 0 and ours == ours:
        return "only we gain: why would they want it?" if ours > 0 else "nobody gains"
    words = "only the customer gains: what could we gain?"
    if theirs != theirs or ours != ours:
        words = "who gains what is not known"
    elif ours > 0:
        words = f"both gain; {share:.0f} % of it is ours"
    smaller = "; they asked for it already, so expect a smaller share"
    return words + smaller if asked_for == "yes" else words


@model
def order(book: Book) -> pd.DataFrame:
    """The ideas in the order in which to act: `screening` with rank (1 first), why_now and more.

    More: lock_in and win_win. Givens that do not work come before anything that is to set us apart;
    then the classes A, B, those still open, C; within a class what both sides gain from, then what
    ties the customer to us. Givens that work come last.
    """
    rows = screening(book)
    gains = value(book).set_index("idea")
    tied = lock_in(book).set_index("idea")["lock_in"]
    rows = rows.assign(lock_in=rows["idea"].map(tied), win_win=rows["idea"].map(gains["win_win"]))
    given, works = rows["role"] == "given", rows["secured"] == "yes"
    why = rows["class"].map({"A": "class A", "B": "class B", "C": "class C: leave it"})
    why = why.fillna("class still open")
    why = why.mask(given & works, "a given that works: keep it working")
    why = why.mask(given & ~works, "a given that does not work yet: first of all")
    keys = pd.DataFrame(
        {
            "unmet": ~(given & ~works),
            "met": given & works,
            "letter": rows["class"].map({"A": 1, "B": 2, "C": 4}).fillna(3),
            "win": rows["win_win"] != "yes",
            "tied": rows["lock_in"] != "yes",
            "total": -rows["idea"].map(gains["total"]).fillna(-math.inf),
        }
    )
    rows = rows.assign(why_now=why).loc[keys.sort_values([*keys], kind="stable").index]
    return rows.assign(rank=range(1, len(rows) + 1)).reset_index(drop=True)
