"""The difference between two states of a workbook: who has moved on the matrix, and by what.

A weighted mean changes because scores change and because weights change. Both parts are told factor
by factor, each valued at the middle of the two states, so that they add up to the whole change. The
rest is the line, which moves with the others, and another competitor that has become the best one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import kaism, scoring
from kamlib.models.factors import of_scope
from kamlib.models.matrix import EQUAL
from kamlib.models.scoring import one
from kamlib.wording import account, listed
from kamlib.workbook.book import Book
from kamlib.workbook.schema import US

Books = tuple[Book, Book]  # before and after
Side = list[np.ndarray]  # customers x factors: ours, theirs, weights
About = tuple[str, str, str, str]  # customer, scope of its factors, us, its competitor
Row = tuple[str, str, str, str, str, str, float, float, float, str]  # a reason, as in WHY
WHY = ["segment", "customer", "name", "axis", "kind", "factor", "label", "supplier"]
WHY += ["before", "after", "effect", "words"]
MOVES = ["segment", "customer", "name", "from_box", "to_box", "from_status", "to_status"]
MOVES += ["moved", "dy", "dx", "words"]
TEXTS = ["segment", "name", "box", "status", "reason"]
MOST, LEAST = 3, 0.05  # so many reasons are named, and none that is shown as 0.0


def why(before: Book, after: Book) -> pd.DataFrame:
    """What moved each customer from one state to the other: a row for each reason, columns WHY.

    axis: attractiveness or strength. kind: score (before and after are scores; for strength
    `supplier` says whose), weight (shares in % of what is known of the customer), line (the others
    have moved it), competitor (another one is the best now). effect: points; all rows of a customer
    and axis add up to the change of its distance from the line, the largest first. A customer that
    has no place on an axis in one of the states has no rows there.
    """
    earlier, later = (kaism.place(book).drop_duplicates("customer") for book in (before, after))
    columns = ["segment", "customer", "y", "y_line", "x", "best_competitor"]
    both = later[[*columns, "name"]].merge(
        earlier[columns], on=["segment", "customer"], suffixes=("_1", "_0")
    )
    states = before, after
    rows = [*_strong(states, both.dropna(subset=["x_0", "x_1"]))]
    for segment, placed in both.dropna(subset=["y_0", "y_1"]).groupby("segment", sort=False):
        rows += _attractive(states, str(segment), placed)
    found = pd.DataFrame(rows, columns=["customer", *WHY[3:]])
    found = found.astype({"before": float, "after": float, "effect": float})
    found = found.iloc[np.lexsort([-found["effect"].abs(), found["axis"]])]
    return both[["segment", "customer", "name"]].merge(found, on="customer")[WHY]


def _attractive(states: Books, segment: str, placed: pd.DataFrame) -> Iterator[Row]:
    """The reasons on the vertical axis for customers of one segment."""
    factors = [of_scope(book, "attractiveness", segment) for book in states]
    names = list(dict.fromkeys([*factors[1]["factor"], *factors[0]["factor"]]))
    sides = []
    for book, own in zip(states, factors, strict=True):
        scores = book["scores"][book["scores"]["model"] == "attractiveness"]
        weights = scoring.weights_of(own.drop_duplicates("factor")).reindex(names).fillna(0.0)
        cells = scoring.wide(scores, placed["customer"], names)
        sides.append([cells.to_numpy(), np.zeros(1), weights.to_numpy()])
    about = [(customer, segment, "", "") for customer in placed["customer"]]
    yield from _reasons("attractiveness", states, about, names, sides)
    for customer, was, now in placed[["customer", "y_line_0", "y_line_1"]].itertuples(index=False):
        if abs(now - was) > EQUAL:
            words = f"the line {_went(was, now, one, '{:.2f}'.format)}"
            yield customer, "attractiveness", "line", "", "the line", "", was, now, was - now, words


def _strong(states: Books, placed: pd.DataFrame) -> Iterator[Row]:
    """The reasons on the horizontal axis: against one competitor, and from one to another."""
    cells = [kaism.strength_cells(book, tuple(placed["customer"])) for book in states]
    names = list(dict.fromkeys([*cells[1][0].columns, *cells[0][0].columns]))

    def sides(rivals: pd.Series) -> list[Side]:
        pairs = pd.MultiIndex.from_arrays([placed["customer"], rivals])
        found = [[part.reindex(pairs, columns=names).to_numpy(float) for part in c] for c in cells]
        return [[ours, theirs, np.nan_to_num(weights)] for ours, theirs, weights in found]

    def margins(rivals: pd.Series) -> list[np.ndarray]:
        return [scoring.margins(*side)["margin"] for side in sides(rivals)]

    rivals = placed["best_competitor_1"]  # or the earlier one, where this one was not known before
    rivals = rivals.where(~np.isnan(margins(rivals)[0]), placed["best_competitor_0"])
    then, now = margins(rivals)
    known = ~np.isnan(then + now)
    about = [(c, c, US, r) for c, r in zip(placed["customer"][known], rivals[known], strict=True)]
    kept = [[part[known] for part in side] for side in sides(rivals)]
    yield from _reasons("strength", states, about, names, kept)
    called = _called(Book(states[1]))
    effects = placed["x_1"] - placed["x_0"] - np.where(known, now - then, 0.0)
    for row, effect in zip(placed.itertuples(), effects, strict=True):
        if abs(effect) > 2 * EQUAL:  # less is rounding
            best, was = (called.get(r, r) for r in (row.best_competitor_1, row.best_competitor_0))
            words = f"their best alternative is {best}, no longer {was}"
            label, supplier = "best competitor", row.best_competitor_1
            about_it = row.customer, "strength", "competitor", "", label, supplier
            yield *about_it, row.x_0, row.x_0 + effect, effect, words


def _called(book: Book) -> dict[str, str]:
    """The names of the suppliers."""
    table = book["suppliers"]
    return {s: name or s for s, name in zip(table["supplier"], table["name"], strict=True)}


def _reasons(
    axis: str, states: Books, about: list[About], names: list[str], sides: list[Side]
) -> Iterator[Row]:
    """What scores and weights did, factor by factor."""
    called = {"": "the", **{s: f"{n}'s" for s, n in _called(Book(states[1])).items()}, US: "our"}
    table = pd.concat([book["factors"] for book in states])
    table = table[(table["model"] == axis) & (table["label"] != "")].set_index(["scope", "factor"])
    labels = table["label"].to_dict()  # the later state's counts

    gaps = [ours - theirs for ours, theirs, _ in sides]
    new, lost = np.isnan(gaps)
    was, now = (_shares(np.where(np.isnan(g), 0.0, s[2])) for g, s in zip(gaps, sides, strict=True))
    then, later = (np.nan_to_num(np.where(np.isnan(a), b, a)) for a, b in (gaps, gaps[::-1]))
    # the shares add up to 1 in both states: taking a mean off what they weigh leaves the sum alone
    mean = (then * was + later * now).sum(axis=1, keepdims=True) / 2
    weighed = np.where(np.abs(now - was) > EQUAL / 100, now - was, 0.0)
    share = np.where(new | lost, 0.0, (was + now) / 2)
    before, after = sides
    grids = [
        (2, before[0], after[0], share * (after[0] - before[0])),
        (3, before[1], after[1], share * (before[1] - after[1])),
        (0, 100 * was, 100 * now, weighed * ((then + later) / 2 - mean)),
    ]
    for place, old, present, effect in grids:
        for i, j in np.argwhere(np.nan_to_num(effect)):
            customer, scope, *_ = about[i]
            label = labels.get((scope, names[j]), names[j])
            supplier = about[i][place] if place else ""
            ends = float(old[i, j]), float(present[i, j])
            if place:
                whose = called.get(supplier, f"{supplier}'s")
                words = f"{whose} score on {label} {_went(*ends, '{:g}'.format)}"
            elif new[i, j] or lost[i, j]:
                words = f"{label} {'was not known before' if new[i, j] else 'is no longer known'}"
            else:
                shown = _went(*ends, "{:.0f} %".format, "{:.1f} %".format)
                words = f"the weight of {label} {shown}"
            kind = "score" if place else "weight"
            yield customer, axis, kind, names[j], label, supplier, *ends, float(effect[i, j]), words


def _shares(weights: np.ndarray) -> np.ndarray:
    """Each row of weights as parts of 1; nothing where it has none."""
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.where(total > 0, total, 1.0)


def _went(was: float, now: float, *formats: Callable[[float], str]) -> str:
    """The change as it is written in the first format that shows one."""
    shown = next((f for f in formats if f(was) != f(now)), formats[-1])
    return f"went from {shown(was)} to {shown(now)}"


def moves(before: Book, after: Book) -> pd.DataFrame:
    """Every customer of either state: from where to where, and in a sentence why; columns MOVES.

    moved: another box, ruled out or not any more, new or gone. dy, dx: change of the distance from
    each line, NaN where it has none.
    """
    was, now = (kaism.place(book).drop_duplicates("customer") for book in (before, after))
    every = pd.Index(dict.fromkeys([*now["customer"], *was["customer"]]), name="customer")
    was, now = (part.set_index("customer").reindex(every) for part in (was, now))
    was, now = (part.fillna(dict.fromkeys(TEXTS, "")) for part in (was, now))
    found = now[["segment", "name"]].where(now["status"] != "", was[["segment", "name"]])
    found["name"] = found["name"].where(found["name"] != "", every)
    for column in ("box", "status"):
        found[f"from_{column}"], found[f"to_{column}"] = was[column], now[column]
    changed = [(part["status"] == "ruled_out") | (part["status"] == "") for part in (was, now)]
    found["moved"] = (was["box"] != now["box"]) | (changed[0] != changed[1])
    for axis in "yx":
        then, there = (part[axis] - part[f"{axis}_line"] for part in (was, now))
        found[f"d{axis}"] = there - then
        found[f"{axis}_crossed"] = (there - then).where((then > EQUAL) != (there > EQUAL), 0.0)
    found["reason"] = now["reason"]
    reasons = why(before, after) if found["moved"].any() else pd.DataFrame(columns=WHY)
    told = dict(iter(reasons.groupby("customer")))
    found = found.reset_index()
    rows = found.to_dict("records")
    words = [_words(row, told.get(row["customer"], reasons[:0])) for row in rows]
    return found.assign(words=pd.Series(words, dtype=object))[MOVES]


def _words(row: dict[Any, Any], reasons: pd.DataFrame) -> str:
    """One sentence on a customer that has moved, or not."""
    name, was, now = row["name"], row["from_box"], row["to_box"]
    if not row["from_status"]:
        return f"{name} is new{f': {account(now)}' if now else ' and has no box yet'}."
    if not row["to_status"]:
        return f"{name} is no longer there{f'; it was {account(was)}' if was else ''}."
    if row["to_status"] == "ruled_out":
        before = f", {account(was)} before," if was else ""
        return f"{name}{before} {row['reason']}." if row["moved"] else f"{name} stays ruled out."
    if was and now and was != now:
        told = listed(_largest(row, reasons))
        move = f"{name} moved from {was.replace('_', ' ')} to {account(now, False)}"
        return f"{move}: {told}." if told else f"{move}."
    if was and now:
        return f"{name} stays {account(now)}."
    was_out = row["from_status"] == "ruled_out"
    if now:
        return (
            f"{name} is {account(now)}; it {'was ruled out' if was_out else 'had no box'} before."
        )
    if was:
        return f"{name}, {account(was)} before, has no box now: {row['reason']}."
    return f"{name} {'is no longer ruled out' if was_out else 'still has no box'}."


def _largest(row: dict[Any, Any], reasons: pd.DataFrame) -> list[str]:
    """The two or three largest reasons why a customer crossed a line: "... (+0.6)"."""
    crossed = {"attractiveness": row["y_crossed"], "strength": row["x_crossed"]}
    told = reasons[reasons["axis"].map(crossed) * reasons["effect"] > 0]
    told = told.sort_values("effect", key=lambda effect: -effect.abs(), kind="stable")[:MOST]
    large = told[told["effect"].abs() >= LEAST]
    shown = large if len(large) else told[:1]
    return [f"{r.words} ({_signed(float(r.effect))})" for r in shown.itertuples()]


def _signed(effect: float) -> str:
    size = one(abs(effect)) if abs(effect) >= LEAST else f"{abs(effect):.2g}"
    return f"{'+' if effect > 0 else '-'}{size}"
