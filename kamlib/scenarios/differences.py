"""The difference between two states of a workbook: who has moved on the matrix, and what moved them.

A weighted mean changes because scores change and because weights change. Both parts are told factor by
factor, each valued at the middle of the two states, so that they add up to the whole change exactly.
The rest is the line, which moves with the others, and another competitor that has become the best one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from kamlib import kaism, scoring
from kamlib.matrix import EQUAL
from kamlib.scoring import one
from kamlib.settings import Settings
from kamlib.tables import US, Tables

State = tuple[Tables, Settings]
WHY = [
    "segment", "customer", "name", "axis", "kind", "factor", "label", "supplier", "before", "after", "effect", "words",
]  # fmt: skip
MOVES = [
    "segment", "customer", "name", "from_box", "to_box", "from_status", "to_status", "moved", "dy", "dx", "words",
]  # fmt: skip
NUMBERS = ["before", "after", "effect"]
NOTHING = 2 * EQUAL  # less than this is rounding
MOST, LEAST = 3, 0.05  # so many reasons are named, and none that is shown as 0.0


def account(box: str, article: bool = True) -> str:
    """A box in words: "a key development account"."""
    words = f"{box.replace('_', ' ')} account"
    return f"{'an' if words[0] in 'aeio' else 'a'} {words}" if article else words


def why(before: State, after: State) -> pd.DataFrame:
    """What moved each customer from one state to the other: a row for each reason, with columns WHY.

    axis: attractiveness or strength. kind: score (before and after are scores; for strength `supplier` says
    whose), weight (shares in % of what is known of the customer), line (the others have moved it), competitor
    (another one is the best now). effect: points; all rows of a customer and axis add up to the change of
    its distance from the line. A customer that has no place on an axis in one of the states has no rows there.
    """
    seen = _both(before, after)
    parts = [_attractive(before[0], after[0], s, rows) for s, rows in seen.groupby("segment", sort=False)]
    parts = [p for p in (*parts, _strong(before[0], after[0], seen)) if len(p)]
    if not parts:
        return pd.DataFrame(columns=WHY).astype(dict.fromkeys(NUMBERS, float))
    found = pd.concat(parts, ignore_index=True)
    found = found.merge(seen[["segment", "customer", "name"]], on="customer")
    order = dict(zip(seen["customer"], range(len(seen)), strict=True))
    rank = np.lexsort([-found["effect"].abs(), found["axis"], found["customer"].map(order)])
    return found.iloc[rank].reset_index(drop=True)[WHY]


def _both(before: State, after: State) -> pd.DataFrame:
    """The customers that are placed in the same segment in both states, with the columns of each."""
    earlier, later = (kaism.place(*state).drop_duplicates("customer") for state in (before, after))
    columns = ["segment", "customer", "y", "y_line", "x", "best_competitor"]
    return later[[*columns, "name"]].merge(
        earlier[columns], on=["segment", "customer"], suffixes=("_1", "_0")
    )


def _attractive(earlier: Tables, later: Tables, segment: Any, seen: pd.DataFrame) -> pd.DataFrame:
    """The rows of why for the vertical axis of one segment."""
    seen = seen[seen["y_0"].notna() & seen["y_1"].notna()]
    factors = [
        kaism.of_scope(t, "attractiveness", segment).drop_duplicates("factor") for t in (earlier, later)
    ]
    names = pd.Index(dict.fromkeys([*factors[1]["factor"], *factors[0]["factor"]]), dtype=object)
    cells, shares = [], []
    for tables, own in zip((earlier, later), factors, strict=True):
        part = tables["scores"]
        part = part[part["model"] == "attractiveness"]
        cells.append(scoring.wide(part, seen["customer"], names).to_numpy())
        weight = scoring.weights_of(own).reindex(names).fillna(0.0).to_numpy()
        shares.append(_shares(~np.isnan(cells[-1]) * weight))
    then, now = _filled(*cells)
    centre = ((seen["y_0"] + seen["y_1"]) / 2).to_numpy()[:, None]
    labels = {f: label for own in factors for f, label in zip(own["factor"], own["label"], strict=True)}
    label = np.array([labels[f] for f in names], dtype=object)[None, :].repeat(len(seen), axis=0)
    scores = _rows(seen["customer"], names, label, "score", then, now, _by_scores(shares, then, now))
    scores["words"] = [f"the score on {r.label} {_went(r.before, r.after)}" for r in scores.itertuples()]
    weights = _weights(seen["customer"], names, label, cells, shares, _by_weights(shares, then, now, centre))
    line = pd.DataFrame({
        "customer": seen["customer"], "kind": "line", "factor": "", "label": "the line", "before": seen["y_line_0"],
        "after": seen["y_line_1"], "effect": seen["y_line_0"] - seen["y_line_1"],
    })  # fmt: skip
    line = line[line["effect"].abs() > NOTHING / 2]
    line["words"] = [
        f"the line {_went(r.before, r.after, _digits(r.before, r.after))}" for r in line.itertuples()
    ]
    return pd.concat([scores, weights, line], ignore_index=True).assign(axis="attractiveness", supplier="")


def _strong(earlier: Tables, later: Tables, seen: pd.DataFrame) -> pd.DataFrame:
    """The rows of why for the horizontal axis: against one and the same competitor, and from one to the other."""
    seen = seen[seen["x_0"].notna() & seen["x_1"].notna()]
    if seen.empty:
        return pd.DataFrame(columns=WHY)
    states = [kaism.strength_cells(t, seen["customer"]) for t in (earlier, later)]
    names = pd.Index(dict.fromkeys([*states[1][0].columns, *states[0][0].columns]), dtype=object)
    rival = seen["best_competitor_1"]
    there = _against(states[0], names, seen["customer"], rival)["margin"]
    rival = rival.where(~np.isnan(there), seen["best_competitor_0"])  # the later one was not known before
    sides = [_against(state, names, seen["customer"], rival) for state in states]
    split = ~np.isnan(sides[0]["margin"] + sides[1]["margin"])
    shares, gaps = [side["share"] for side in sides], [side["ours"] - side["theirs"] for side in sides]
    then, now = _filled(*gaps)
    centre = ((then * shares[0]).sum(axis=1) + (now * shares[1]).sum(axis=1))[:, None] / 2
    label = _labels(earlier, later, seen["customer"], names)
    whose = [_names(later).get(r, r) for r in rival]
    both = split[:, None] & ~np.isnan(gaps[0] + gaps[1])
    parts = []
    for supplier, side, sign in ((pd.Series(US, rival.index), "ours", 1), (rival, "theirs", -1)):
        was, is_now = (np.where(both, s[side], 0.0) for s in sides)
        found = _rows(
            seen["customer"], names, label, "score", was, is_now, sign * _by_scores(shares, was, is_now)
        )
        found["supplier"] = found["customer"].map(dict(zip(seen["customer"], supplier, strict=True)))
        said = dict(
            zip(seen["customer"], ["our" if sign > 0 else f"{name}'s" for name in whose], strict=True)
        )
        found["words"] = [
            f"{said[r.customer]} score on {r.label} {_went(r.before, r.after)}" for r in found.itertuples()
        ]
        parts.append(found)
    effect = np.where(split[:, None], _by_weights(shares, then, now, centre), 0.0)
    parts.append(_weights(seen["customer"], names, label, gaps, shares, effect).assign(supplier=""))
    other = np.where(
        split, sides[0]["margin"] - seen["x_0"] + seen["x_1"] - sides[1]["margin"], seen["x_1"] - seen["x_0"]
    )
    parts.append(_rivals(later, seen, other))
    return pd.concat([p for p in parts if len(p)] or parts, ignore_index=True).assign(axis="strength")


def _against(
    cells: tuple[pd.DataFrame, ...], names: pd.Index, customers: pd.Series, rival: pd.Series
) -> dict[str, np.ndarray]:
    """Our scores, those of one competitor of each customer, the shares of the weights and the margin."""
    pairs = pd.MultiIndex.from_arrays([customers, rival])
    ours, theirs, weights = (part.reindex(index=pairs, columns=names).to_numpy(float) for part in cells)
    share = _shares(np.nan_to_num(weights) * ~np.isnan(ours - theirs))
    margin = np.where(share.sum(axis=1) > 0, np.nansum(share * (ours - theirs), axis=1), np.nan)
    return {"ours": ours, "theirs": theirs, "share": share, "margin": margin}


def _rivals(tables: Tables, seen: pd.DataFrame, effect: np.ndarray) -> pd.DataFrame:
    """The rows that come from another competitor being the best one."""
    found = seen.assign(effect=effect)[np.abs(effect) > NOTHING]
    names = _names(tables)
    words = [f"their best alternative is {names.get(r.best_competitor_1, r.best_competitor_1)}, no longer "
             f"{names.get(r.best_competitor_0, r.best_competitor_0)}" for r in found.itertuples()]  # fmt: skip
    return pd.DataFrame({
        "customer": found["customer"], "kind": "competitor", "factor": "", "label": "best competitor",
        "supplier": found["best_competitor_1"], "before": found["x_0"], "after": found["x_0"] + found["effect"],
        "effect": found["effect"], "words": words,
    })  # fmt: skip


def _shares(weights: np.ndarray) -> np.ndarray:
    """Each row of weights as parts of 1; nothing where it has none."""
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros(weights.shape), where=total > 0)


def _filled(then: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both tables with the other's value where one knows none, and 0 where neither does."""
    return (np.nan_to_num(np.where(np.isnan(then), now, then)), np.nan_to_num(np.where(np.isnan(now), then, now)))  # fmt: skip


def _by_scores(shares: list[np.ndarray], then: np.ndarray, now: np.ndarray) -> np.ndarray:
    return (shares[0] + shares[1]) / 2 * (now - then)


def _by_weights(
    shares: list[np.ndarray], then: np.ndarray, now: np.ndarray, centre: np.ndarray
) -> np.ndarray:
    """What the weights did: more weight raises whoever is better there than elsewhere.

    The shares add up to 1 in both states, so a `centre` (its mean) may be taken off without changing the sum.
    """
    return ((then + now) / 2 - centre) * (shares[1] - shares[0])


def _rows(
    customers: pd.Series, names: pd.Index, label: np.ndarray, kind: str, was: np.ndarray, now: np.ndarray, effect: np.ndarray
) -> pd.DataFrame:  # fmt: skip
    """The cells (customers x factors) that had an effect, a row each."""
    row, column = np.nonzero(effect)
    at = row, column
    return pd.DataFrame({
        "customer": customers.to_numpy(object)[row], "kind": kind, "factor": names.to_numpy(object)[column], "label": label[at],
        "before": was[at], "after": now[at], "effect": effect[at],
    })  # fmt: skip


def _weights(
    customers: pd.Series, names: pd.Index, label: np.ndarray, cells: list[np.ndarray], shares: list[np.ndarray],
    effect: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    effect = np.where(np.abs(shares[1] - shares[0]) > EQUAL / 100, effect, 0.0)
    was, now = 100 * shares[0], 100 * shares[1]
    found = _rows(customers, names, label, "weight", was, now, effect)
    at = np.nonzero(effect)
    unknown = zip(np.isnan(cells[0])[at], np.isnan(cells[1])[at], strict=True)
    found["words"] = [
        f"{r.label} was not known before" if new
        else f"{r.label} is no longer known" if lost
        else f"the weight of {r.label} {_went(r.before, r.after, _percent(r.before, r.after))}"
        for r, (new, lost) in zip(found.itertuples(), unknown, strict=True)
    ]  # fmt: skip
    return found


def _percent(was: float, now: float) -> Any:
    digits = 0 if round(was) != round(now) else 1
    return lambda share: f"{share:.{digits}f} %"


def _digits(was: float, now: float) -> Any:
    return one if one(was) != one(now) else "{:.2f}".format


def _went(was: float, now: float, shown: Any = "{:g}".format) -> str:
    return f"went from {shown(was)} to {shown(now)}"


def _labels(earlier: Tables, later: Tables, customers: pd.Series, names: pd.Index) -> np.ndarray:
    """The name of each critical success factor (columns) of each customer (rows)."""
    said: dict[tuple[str, str], str] = {}
    for tables in (earlier, later):
        own = tables["factors"]
        own = own[(own["model"] == "strength") & (own["label"] != "")]
        said |= dict(zip(zip(own["scope"], own["factor"], strict=True), own["label"], strict=True))
    return np.array([[said.get((c, f), f) for f in names] for c in customers], dtype=object)


def _names(tables: Tables) -> dict[str, str]:
    own = tables["suppliers"]
    return {s: name or s for s, name in zip(own["supplier"], own["name"], strict=True)}


def moves(before: State, after: State) -> pd.DataFrame:
    """Every customer of either state, with columns MOVES: from where to where, and in a sentence why.

    moved: another box or another status. dy, dx: change of the distance from each line, NaN where it has none.
    """
    earlier, later = (kaism.place(*state).drop_duplicates("customer") for state in (before, after))
    columns = ["customer", "segment", "name", "box", "status", "y", "y_line", "x", "reason"]
    seen = later[columns].merge(
        earlier[columns], how="outer", on="customer", suffixes=("_1", "_0"), sort=False
    )
    order = {c: i for i, c in enumerate(dict.fromkeys([*later["customer"], *earlier["customer"]]))}
    seen = seen.sort_values("customer", key=lambda s: s.map(order), ignore_index=True)
    for column in ("segment", "name", "box", "status", "reason"):
        seen[column + "_0"], seen[column + "_1"] = (
            seen[column + "_0"].fillna(""),
            seen[column + "_1"].fillna(""),
        )
    for column in ("segment", "name"):
        seen[column] = seen[column + "_1"].where(seen["status_1"] != "", seen[column + "_0"])
    for end in "01":
        seen["above_" + end] = seen["y_" + end] - seen["y_line_" + end]
    found = seen.rename(
        columns={"box_0": "from_box", "box_1": "to_box", "status_0": "from_status", "status_1": "to_status"}
    )
    found["name"] = found["name"].where(found["name"] != "", found["customer"])
    found["dy"], found["dx"] = found["above_1"] - found["above_0"], found["x_1"] - found["x_0"]
    found["moved"] = (found["from_box"] != found["to_box"]) | (found["from_status"] != found["to_status"])
    reasons = why(before, after) if found["moved"].any() else pd.DataFrame(columns=WHY)
    by_customer = {c: rows for c, rows in reasons.groupby("customer", sort=False)}
    found["words"] = [
        _words(r, by_customer.get(r["customer"], reasons[:0])) for r in found.to_dict("records")
    ]
    return found[MOVES].astype({"dy": float, "dx": float, "moved": bool})


def _words(row: dict[str, Any], reasons: pd.DataFrame) -> str:
    """One sentence on a customer that has moved, or not."""
    name, was, now = row["name"], row["from_box"], row["to_box"]
    if not row["from_status"]:
        return f"{name} is new: {account(now)}." if now else f"{name} is new and has no box yet."
    if not row["to_status"]:
        return f"{name} is no longer there; it was {account(was)}." if was else f"{name} is no longer there."
    if row["to_status"] == "ruled_out":
        before = f", {account(was)} before," if was else ""
        return f"{name} stays ruled out." if not row["moved"] else f"{name}{before} {row['reason_1']}."
    if was and now and was != now:
        told = listed(largest(row, reasons))
        return (
            f"{name} moved from {was.replace('_', ' ')} to {account(now, False)}{': ' if told else ''}{told}."
        )
    if now and not was:
        past = "was ruled out" if row["from_status"] == "ruled_out" else "had no box"
        return f"{name} is {account(now)}; it {past} before."
    if was and not now:
        return f"{name}, {account(was)} before, has no box now: {row['reason_1']}."
    if not now:
        return (
            f"{name} still has no box."
            if row["from_status"] != "ruled_out"
            else f"{name} is no longer ruled out."
        )
    if row["moved"]:
        sure = (
            "nothing unknown can move it any more"
            if row["to_status"] == "placed"
            else "what is unknown could move it now"
        )
        return f"{name} is still {account(now)}; {sure}."
    return f"{name} stays {account(now)}."


def largest(row: dict[str, Any], reasons: pd.DataFrame) -> list[str]:
    """The two or three largest reasons why a customer is on another side of a line: "... (+0.6)"."""
    crossed = {
        "attractiveness": (row["above_0"] > EQUAL) != (row["above_1"] > EQUAL) and row["dy"],
        "strength": (row["x_0"] > EQUAL) != (row["x_1"] > EQUAL) and row["dx"],
    }
    way = reasons["axis"].map(crossed).fillna(0).astype(float) * reasons["effect"].astype(float)
    told = reasons[way > 0]
    told = told.iloc[np.argsort(-told["effect"].abs().to_numpy(float), kind="stable")][:MOST]
    seen = told[told["effect"].abs() >= LEAST]
    return [f"{r.words} ({_signed(r.effect)})" for r in (seen if len(seen) else told[:1]).itertuples()]


def _signed(effect: Any) -> str:
    shown = one(abs(effect)) if abs(effect) >= LEAST else f"{abs(effect):.2g}"
    return f"{'+' if effect > 0 else '-'}{shown}"


def listed(parts: Iterable[str]) -> str:
    """The parts as "a, b and c", in one text."""
    *first, last = [*parts] or [""]
    return f"{', '.join(first)} and {last}" if first else last
