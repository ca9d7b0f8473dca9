"""The screening of ideas: eight questions, A, B or C, givens before differentiators, lock-in, shares of value."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable

import pandas as pd

from kamlib import catalogue, sheets
from kamlib.memory import remembered
from kamlib.pia.stages import listed
from kamlib.settings import Settings
from kamlib.tables import Tables

SHEET = "pia_screening"
# the lines of the sheet, and of the test of lock-in, that count
QUESTIONS = (
    "problem",
    "value",
    "core_values",
    "customer_cost",
    "pay",
    "our_cost",
    "fair_share",
    "capability",
)
LOCK_IN = ("valued", "rather_not", "rivals_lack", "not_too_much_power")
CAPABILITY = QUESTIONS[-1]
RATINGS = ("good", "OK", "bad")
HALF = len(QUESTIONS) / 2
COLUMNS = [
    "customer", "idea", "name", "stage", "kind", "role", "secured", "good", "OK", "bad", "unknown", "suggestion", "decision",
    "class", "differs", "reason", "reason_given",
]  # fmt: skip


def ideas(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The ideas for the customers the settings name, each under its name or else its id."""
    rows = tables["ideas"].drop_duplicates("idea")
    rows = rows[rows["customer"].isin(listed(tables, settings)["customer"])].reset_index(drop=True)
    return rows.assign(name=rows["name"].where(rows["name"] != "", rows["idea"]))


def parameters(tables: Tables) -> pd.DataFrame:
    """What the team calls good, OK and bad for each of the eight questions, agreed before anybody rates.

    Columns: question, label, help, good, ok, bad (texts), ready (all three are said).
    """
    table = sheets.filled(tables, SHEET)
    table = table[~table["own"].astype(bool)].rename(columns={"item": "question"})
    said = table[["good", "ok", "bad"]].apply(lambda column: column.str.strip() != "")
    return (
        table[["question", "label", "help", "good", "ok", "bad"]]
        .assign(ready=said.all(axis=1))
        .reset_index(drop=True)
    )


def ratings(tables: Tables, about: Iterable[str] | None = None) -> pd.DataFrame:
    """Ideas x questions (the eight, then lock-in): good, OK, bad, yes, no or "" for unknown.

    The ideas `about` which it is, or else all that have an answer.
    """
    rows = tables["ratings"].drop_duplicates(["idea", "question"])
    said = dict(zip(zip(rows["idea"], rows["question"], strict=True), rows["rating"], strict=True))
    whom = list(dict.fromkeys(rows["idea"] if about is None else about))
    asked = [*QUESTIONS, *LOCK_IN]
    return pd.DataFrame(
        [[said.get((i, q), "") for q in asked] for i in whom], index=whom, columns=asked, dtype=object
    )


@functools.cache
def letters(good: int, ok: int, bad: int, unknown: int, capability: str, partner: bool) -> str:
    """The classes that can still come out, such as "A", or "AB" while something is unknown.

    The counts are of all eight answers; `capability` is the answer to the eighth ("" unknown). A: no bad and
    at least half good. C: two or more bad, or no capability and no partner. B: the rest. The source asks for
    A, B and C (chapter 26) and gives no rule; this is ours.
    """
    if unknown:
        told = [
            (good + (r == "good"), ok + (r == "OK"), bad + (r == "bad"), capability or r) for r in RATINGS
        ]
        return "".join(sorted(set("".join(letters(g, o, b, unknown - 1, c, partner) for g, o, b, c in told))))
    if bad >= 2 or (capability == "bad" and not partner):
        return "C"
    return "A" if bad == 0 and good >= HALF else "B"


@remembered
def screening(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Every idea with its class, in the order in which ideas were written. Columns: COLUMNS.

    good, OK, bad, unknown count the eight answers. suggestion: A, B, C, or "?" while an unknown answer can
    change it. class: the decision of the team where there is one. reason: why, in a sentence.
    """
    rows = ideas(tables, settings)
    rated = ratings(tables, rows["idea"])
    asked = rated[list(QUESTIONS)]
    count = {r: (asked == r).sum(axis=1).to_numpy(int) for r in RATINGS}
    unknown = len(QUESTIONS) - sum(count.values())
    last = [c if c in RATINGS else "" for c in asked[CAPABILITY]]
    can = [
        letters(int(g), int(o), int(b), int(u), c, partner.strip() != "")
        for g, o, b, u, c, partner in zip(*count.values(), unknown, last, rows["partner"], strict=True)
    ]
    suggestion = [c if len(c) == 1 else "?" for c in can]
    made = rows.rename(columns={"class": "decision", "reason": "reason_given"}).assign(
        **count, unknown=unknown, suggestion=suggestion
    )
    decided = made["decision"] != ""
    made["class"] = made["decision"].where(decided, made["suggestion"])
    made["differs"] = decided & (made["decision"] != made["suggestion"])
    made["reason"] = [
        _reason(*row)
        for row in zip(can, *(made[c] for c in (*RATINGS, "unknown")), last, rows["partner"], strict=True)
    ]
    return made[COLUMNS]


def _reason(can: str, good: int, ok: int, bad: int, unknown: int, capability: str, partner: str) -> str:
    if unknown == len(QUESTIONS):
        return "not rated yet"
    words = f"{good} good, {ok} OK, {bad} bad" + (f", {unknown} not known" if unknown else "")
    if len(can) > 1:
        return f"{words}: could still be {' or '.join(can)}"
    if can == "C":
        alone = capability == "bad" and not partner.strip()
        return f"{words}: " + ("we cannot do it and have no partner" if alone else "two or more are bad")
    return f"{words}: " + ("no bad, at least half good" if can == "A" else "neither A nor C")


@remembered
def find_out(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The answers nobody knows of ideas whose class they can change. Columns: customer, idea, name, question, label."""
    seen = screening(tables, settings)
    labels = parameters(tables).set_index("question")["label"]
    open_ = seen[(seen["suggestion"] == "?") & (seen["decision"] == "")]
    cells = ratings(tables, open_["idea"])
    rows = [
        (row.customer, row.idea, row.name, q, labels.get(q, q))
        for row in open_[["customer", "idea", "name"]].itertuples(index=False)
        for q in QUESTIONS
        if cells.at[row.idea, q] == "" and (cells.loc[row.idea, list(QUESTIONS)] != "").any()
    ]
    return pd.DataFrame(rows, columns=["customer", "idea", "name", "question", "label"])


@remembered
def lock_in(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Does an idea tie the customer to us in a way it likes? A row an idea.

    Columns: idea, name, lock_in (yes, no, "" while unknown), why. It counts only when the customer values it,
    would rather not do it itself, no rival offers it, and we do not get too much power; a price or a term
    never counts.
    """
    rows = ideas(tables, settings)
    rated = ratings(tables, rows["idea"])
    labels = catalogue.items("lock_in").set_index("id")["label"]
    made = []
    for row in rows[["idea", "name", "kind"]].itertuples(index=False):
        said = {q: rated.at[row.idea, q] for q in LOCK_IN}
        missing = [labels[q] for q, answer in said.items() if answer == "no"]
        if row.kind == "price":
            verdict, why = "no", "a price or a term can be matched by anybody"
        elif missing:
            verdict, why = "no", "not: " + "; ".join(missing)
        elif all(answer == "yes" for answer in said.values()):
            verdict, why = "yes", "all four conditions hold"
        else:
            verdict, why = "", "not known: " + "; ".join(labels[q] for q, a in said.items() if not a)
        made.append((row.idea, row.name, verdict, why))
    return pd.DataFrame(made, columns=["idea", "name", "lock_in", "why"])


@remembered
def value(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Who gains what, a row an idea. Columns: idea, name, customer_gain, our_gain (a year, after cost, NaN unknown),
    total, our_share_pct (0..100, of a total above 0 in which neither side loses), win_win (yes, no, "" unknown), words."""
    rows = ideas(tables, settings)[["idea", "name", "customer_gain", "our_gain", "asked_for"]]
    total = rows["customer_gain"] + rows["our_gain"]
    both = (rows["customer_gain"] > 0) & (rows["our_gain"] > 0)
    share = (100 * rows["our_gain"] / total).where(
        (rows[["customer_gain", "our_gain"]] >= 0).all(axis=1) & (total > 0)
    )
    known = total.notna()
    words = [
        _value_words(*row)
        for row in zip(rows["customer_gain"], rows["our_gain"], share, rows["asked_for"], strict=True)
    ]
    win = both.map({True: "yes", False: "no"}).where(known, "")
    return rows.drop(columns="asked_for").assign(total=total, our_share_pct=share, win_win=win, words=words)


def _value_words(theirs: float, ours: float, share: float, asked_for: str) -> str:
    asked = "; they asked for it already, so expect a smaller share" if asked_for == "yes" else ""
    if theirs != theirs or ours != ours:
        return "who gains what is not known" + asked
    if theirs > 0 and ours > 0:
        return f"both gain; {share:.0f} % of it is ours" + asked
    if theirs > 0:
        return "only the customer gains: what could we gain?" + asked
    return "only we gain: why would they want it?" if ours > 0 else "nobody gains"


@remembered
def order(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The ideas in the order in which to act: `screening` with rank (1 first), why_now, lock_in and win_win.

    Givens that do not work come before anything that is to set us apart; then the classes A, B, those still
    open, C; within a class what both sides gain from, then what ties the customer to us.
    """
    seen = screening(tables, settings)
    tied = lock_in(tables, settings).set_index("idea")["lock_in"]
    win = value(tables, settings).set_index("idea")[["win_win", "total"]]
    seen = seen.assign(lock_in=seen["idea"].map(tied), win_win=seen["idea"].map(win["win_win"]))
    unmet = (seen["role"] == "given") & (seen["secured"] != "yes")
    met = (seen["role"] == "given") & ~unmet
    letter = seen["class"].map({"A": 1, "B": 2, "?": 3, "C": 4}).fillna(3)
    keys = pd.DataFrame({
        "unmet": ~unmet, "met": met, "letter": letter, "win": seen["win_win"] != "yes", "tied": seen["lock_in"] != "yes",
        "total": -seen["idea"].map(win["total"]).fillna(-math.inf),
    })  # fmt: skip
    ranked = keys.sort_values(list(keys.columns), kind="stable").index
    words = [
        "a given that does not work yet: first of all" if u else "a given that works: keep it working" if m
        else {"A": "class A", "B": "class B", "C": "class C: leave it", "?": "class still open"}.get(c, "class still open")
        for u, m, c in zip(unmet, met, seen["class"], strict=True)
    ]  # fmt: skip
    seen = seen.assign(why_now=words).loc[ranked].reset_index(drop=True)
    return seen.assign(rank=range(1, len(seen) + 1))
