"""What is at each point of the market map: sizes, shares, what is not accounted for, and the routes.

Amounts are in the basis of the map (turnover, volume or profit: one for the whole map). What nobody
knows is unknown, never 0. Source: chapter 20, market map and opportunity analysis; the book ranks no
points, so the ranking by what we do not have is ours.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from kamlib.memory import remembered
from kamlib.scoring import DIGITS
from kamlib.settings import Settings
from kamlib.tables import US, Tables

Edge = tuple[str, str]


def junctions(tables: Tables) -> pd.DataFrame:
    """The junctions, each once and with a name to show."""
    rows = tables["junctions"]
    rows = rows[rows["junction"] != ""].drop_duplicates("junction").reset_index(drop=True)
    return rows.assign(name=rows["name"].where(rows["name"].str.strip() != "", rows["junction"]))


def shares(tables: Tables) -> pd.DataFrame:
    """What each supplier has at each junction, filled both ways; a row as in the table junction_shares.

    Columns: junction, supplier, name, amount (of the basis), share_pct (0..100). Where both were
    entered the amount counts; NaN is unknown. With a size unknown a share stays a share.
    """
    names = tables["suppliers"].drop_duplicates("supplier").set_index("supplier")["name"]
    rows = filled(tables)
    name = rows["supplier"].map(names).astype(object).fillna("")
    name = name.where(name != "", rows["supplier"].replace(US, "Us"))
    columns = ["junction", "supplier", "name", "amount", "share_pct"]
    return rows.assign(name=name)[columns].reset_index(drop=True)


def filled(tables: Tables) -> pd.DataFrame:
    """The rows of junction_shares with both figures, and entered (the share that stood there), size."""
    size = junctions(tables).set_index("junction")["size"]
    rows = tables["junction_shares"].drop_duplicates(["junction", "supplier"])
    rows = rows[rows["junction"].isin(size.index) & (rows["supplier"] != "")]
    whole, entered = rows["junction"].map(size).astype(float), rows["share_pct"]
    amount = rows["amount"].fillna(_exact(entered / 100 * whole))
    told = _exact(rows["amount"] / whole.where(whole > 0) * 100)
    return rows.assign(amount=amount, share_pct=told.fillna(entered), entered=entered, size=whole,
                       given=rows["amount"])  # fmt: skip


def _exact(numbers: pd.Series) -> pd.Series:
    """Without the last digits that come from reckoning in halves; unknown where it is beyond all numbers."""
    numbers = numbers.where(np.isfinite(numbers))
    large = numbers.abs() > 1e12
    return numbers.mask(large).round(DIGITS).where(~large, numbers)


@remembered
def market_map(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The market at each junction, ours and what is not ours; a row a junction.

    Columns: junction, name, stage (given, or the longest way from a start, which is 1), size, ours,
    our_share_pct, competitors (sum of what is known of them), unaccounted (size - ours - competitors),
    unaccounted_pct, opportunity (size - ours), rank (1 is the greatest opportunity), leverage, decided,
    approach, best_competitor, best_share_pct, status, words, note. NaN is unknown. status is complete;
    incomplete (ours or a competitor's is not known: unaccounted is an upper bound, words say of whom);
    or unknown size (then only what was entered is known). words say it in a sentence.
    """
    points, known = junctions(tables), shares(tables)
    at, theirs = points["junction"].map, known[known["supplier"] != US]
    ours = known[known["supplier"] == US].set_index("junction")
    best = theirs.dropna(subset=["share_pct", "amount"], how="all").sort_values(
        ["share_pct", "amount"], ascending=False, kind="stable"
    )
    best = best.drop_duplicates("junction").set_index("junction")
    size, own = points["size"], at(ours["amount"]).astype(float)
    competitors = at(theirs.groupby("junction")["amount"].sum(min_count=1)).astype(float)
    unaccounted = _exact(size - own.fillna(0) - competitors.fillna(0))
    opportunity = _exact(size - own)
    missing = at(_missing(points, known)).tolist()
    stage = at(stages(points, forward(edges(tables)))).astype(float)
    status = np.where(
        size.isna(), "unknown size", np.where(list(map(bool, missing)), "incomplete", "complete")
    )
    rows = {
        "junction": points["junction"], "name": points["name"],
        "stage": points["stage"].fillna(stage), "size": size, "ours": own,
        "our_share_pct": at(ours["share_pct"]).astype(float), "competitors": competitors,
        "unaccounted": unaccounted,
        "unaccounted_pct": _exact(unaccounted / size.where(size > 0) * 100),
        "opportunity": opportunity, "rank": opportunity.rank(ascending=False, method="min"),
        **{c: points[c] for c in ("leverage", "decided", "approach")},
        "best_competitor": at(best["name"]).astype(object).fillna(""), "best_share_pct": at(best["share_pct"]).astype(float),
        "status": status, "words": [*map(_words, status, unaccounted, missing)], "note": points["note"],
    }  # fmt: skip
    return pd.DataFrame(rows)


def _missing(points: pd.DataFrame, known: pd.DataFrame) -> dict[str, list[str]]:
    """Whose business at a junction nobody knows, by junction: "ours", "Corvid's", "any competitor's"."""
    result = {}
    known = known.assign(open=known["amount"].isna() & known["share_pct"].isna(), us=known["supplier"] == US)
    for junction in points["junction"]:
        here = known[known["junction"] == junction]
        who = [] if (here["us"] & ~here["open"]).any() else ["ours"]
        who += [f"{name}'s" for name in here[here["open"] & ~here["us"]]["name"]]
        result[junction] = who if (~here["us"]).any() else [*who, "any competitor's"]
    return result


def _words(status: str, unaccounted: float, missing: list[str]) -> str:
    if status == "unknown size":
        return "The size of this market is not known: find it out first."
    if status == "incomplete":
        return f"At most {figure(unaccounted)} is not accounted for; still unknown: {', '.join(missing)}."
    return f"{figure(unaccounted)} is not accounted for."


def figure(number: float) -> str:
    """An amount as people write it: "1,250", "0.5", "18.75", "1.2e+18"; "?" for unknown."""
    if number != number:
        return "?"
    plain = number == 0 or 0.005 <= abs(number) < 1e12
    return f"{number:,.2f}".rstrip("0").rstrip(".") if plain else f"{number:.3g}"


@remembered
def routes(tables: Tables) -> pd.DataFrame:
    """The routes with what flows on them; a row a route between two junctions that exist.

    Columns: origin, target, amount (given; else what the target's size leaves, split over its other
    routes in proportion to the sizes they come from; NaN where that is unknown), estimated, ours (our
    part: our share at the origin, scaled so that the routes into a point bring our share there; where
    only one route leads there, that share). ours is an estimate wherever a point has several routes.
    """
    points = junctions(tables).set_index("junction")
    ends = edges(tables)
    given = tables["routes"].drop_duplicates(["origin", "target"]).set_index(["origin", "target"])["amount"]
    rows = pd.DataFrame({"origin": [a for a, _ in ends], "target": [b for _, b in ends]}, dtype=object)
    amount = pd.Series([given[e] for e in ends], dtype=float)
    into, open_ = rows["target"], amount.isna()
    rest = (into.map(points["size"]) - amount.groupby(into).transform("sum")).clip(lower=0)
    alone = open_ & (open_.groupby(into).transform("sum") == 1)
    weight = rows["origin"].map(points["size"]).astype(float).where(open_, 0.0).mask(alone, 1.0)
    total = weight.groupby(into).transform(_sum)
    amount = amount.fillna(rest * weight / total.where(total > 0))
    known = shares(tables)
    share = known[known["supplier"] == US].set_index("junction")["share_pct"] / 100
    there = into.map(share).astype(float)
    ours = amount * rows["origin"].map(share).astype(float)
    ours = ours.fillna((amount * there).where(~into.duplicated(keep=False)))
    brought = ours.groupby(into).transform(_sum)
    right = there * amount.groupby(into).transform(_sum) / brought.where(brought > 0)
    ours = np.minimum(ours * right.fillna(1.0), amount)
    return rows.assign(amount=amount, estimated=open_ & amount.notna(), ours=ours)


def _sum(part: pd.Series) -> float:
    return part.sum(skipna=False)


def find_out(tables: Tables, settings: Settings) -> pd.DataFrame:
    """What nobody knows yet of the map, points of leverage first: junction, name, question."""
    basis, asked = settings.market_basis, []
    rows = market_map(tables, settings)
    missing = _missing(junctions(tables), shares(tables))
    for row in rows.sort_values("leverage", key=lambda c: c != "yes", kind="stable").itertuples():
        if row.size != row.size:
            asked.append((row.junction, row.name, f"How large is the market at {row.name}, in {basis}?"))
        asked += [
            (row.junction, row.name, f"How much of the {basis} at {row.name} is {whose}?")
            for whose in missing[row.junction]
        ]
    return pd.DataFrame(asked, columns=["junction", "name", "question"])


def edges(tables: Tables) -> list[Edge]:
    """The routes between two different junctions that exist, each once."""
    known, rows = set(tables["junctions"]["junction"]) - {""}, tables["routes"]
    ends = zip(rows["origin"], rows["target"], strict=True)
    return [*dict.fromkeys((a, b) for a, b in ends if a != b and a in known and b in known)]


def circles(edges: Iterable[Edge]) -> dict[Edge, list[str]]:
    """The edges that close a circle, each with the points of its circle in order."""
    after: dict[str, list[str]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    done: set[str] = set()
    closing = {}
    for start in after:
        path = [] if start in done else [start]
        ways = [iter(after[p]) for p in path]
        while path:
            step = next(ways[-1], None)
            if step is None:
                done.add(path.pop())
                ways.pop()
            elif step in path:
                closing[path[-1], step] = [*path[path.index(step) :], step]
            elif step not in done:
                path.append(step)
                ways.append(iter(after.get(step, [])))
    return closing


def forward(edges: list[Edge]) -> list[Edge]:
    closing = circles(edges)
    return [edge for edge in edges if edge not in closing]


def stages(points: pd.DataFrame, edges: list[Edge]) -> dict[str, int]:
    """How far along each junction lies: as given if the routes allow it, else beyond all before it."""
    given = zip(points["junction"], points["stage"], strict=True)
    stage = {junction: 1 if at != at else int(at) for junction, at in given}
    for _ in stage:
        late = [(a, b) for a, b in edges if stage[b] <= stage[a]]
        for a, b in late:
            stage[b] = max(stage[b], stage[a] + 1)
        if not late:
            break
    return stage
