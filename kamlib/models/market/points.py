"""What is at each point of the market map: sizes, shares, what is unaccounted for, and the routes.

Amounts are in the basis of the map (turnover, volume or profit: one for the whole map). What
nobody knows is unknown, never 0. Source: chapter 20, market map and opportunity analysis; the book
ranks no points, so the ranking by what we do not have is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd

from kamlib.models.scoring import DIGITS
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US

Edge = tuple[str, str]
MAP = ["junction", "name", "stage", "size", "ours", "our_share_pct", "competitors", "unaccounted"]
MAP += ["unaccounted_pct", "opportunity", "rank", "leverage", "decided", "approach"]
MAP += ["best_competitor", "best_share_pct", "status", "words", "note"]


def junctions(book: Book) -> pd.DataFrame:
    """The junctions, each once and with a name to show."""
    rows = book["junctions"]
    rows = rows[rows["junction"] != ""].drop_duplicates("junction").reset_index(drop=True)
    return rows.assign(name=rows["name"].where(rows["name"].str.strip() != "", rows["junction"]))


def shares(book: Book) -> pd.DataFrame:
    """What each supplier has at each junction, filled both ways; a row as in junction_shares.

    Columns: junction, supplier, name, amount (of the basis), share_pct (0..100). Where both were
    entered the amount counts; NaN is unknown. With a size unknown a share stays a share.
    """
    rows, table = filled(book), book["suppliers"].drop_duplicates("supplier")
    called = {s: name for s, name in zip(table["supplier"], table["name"], strict=True) if name}
    name = [called.get(s, "Us" if s == US else s) for s in rows["supplier"]]
    rows = rows.assign(name=np.array(name, dtype=object))
    return rows[["junction", "supplier", "name", "amount", "share_pct"]].reset_index(drop=True)


def filled(book: Book) -> pd.DataFrame:
    """The rows of junction_shares with both figures, and as they were entered: given, entered.

    More columns: size (of the junction).
    """
    rows = book["junction_shares"].drop_duplicates(["junction", "supplier"])
    sizes = junctions(book).set_index("junction")["size"]
    rows = rows[rows["junction"].isin(sizes.index) & (rows["supplier"] != "")]
    size = rows["junction"].map(sizes).astype(float)
    rows = rows.assign(size=size, given=rows["amount"], entered=rows["share_pct"])
    amount = rows["given"].fillna(_exact(rows["entered"] / 100 * size))
    share = _exact(rows["given"] / size.where(size > 0) * 100).fillna(rows["entered"])
    return rows.assign(amount=amount, share_pct=share)


def _exact(numbers: pd.Series) -> pd.Series:
    """Without the last digits that come from binary fractions; unknown beyond all numbers."""
    numbers = numbers.where(np.isfinite(numbers))
    large = numbers.abs() > 1e12
    return numbers.mask(large).round(DIGITS).where(~large, numbers)


@model
def market_map(book: Book) -> pd.DataFrame:
    """The market at each junction, ours and what is not ours; a row a junction.

    Columns: junction, name, stage (given, or the longest way from a start, which is 1), size, ours,
    our_share_pct, competitors (sum of what is known of them), unaccounted (size - ours -
    competitors), unaccounted_pct, opportunity (size - ours), rank (1 is the greatest opportunity),
    leverage, decided, approach, best_competitor, best_share_pct, status, words, note. NaN is
    unknown. status is complete; incomplete (ours or a competitor's is not known: unaccounted is an
    upper bound, words say of whom); or unknown size (then only what was entered is known). words
    say it in a sentence.
    """
    points, known = junctions(book), shares(book)
    at, theirs = points["junction"].map, known[known["supplier"] != US]
    ours = known[known["supplier"] == US].set_index("junction")
    columns = ["share_pct", "amount"]
    best = theirs.dropna(subset=columns, how="all")
    best = best.sort_values(columns, ascending=False, kind="stable")
    best = best.drop_duplicates("junction").set_index("junction")
    size, own = points["size"], at(ours["amount"]).astype(float)
    competitors = at(theirs.groupby("junction")["amount"].sum(min_count=1)).astype(float)
    unaccounted = _exact(size - own.fillna(0) - competitors.fillna(0))
    opportunity = _exact(size - own)
    missing = _missing(points, known)
    stage = at(stages(points, forward(edges(book)))).astype(float)
    whose = [missing[junction] for junction in points["junction"]]
    open_size, open_share = size.isna(), np.array([bool(who) for who in whose], dtype=bool)
    status = np.select([open_size, open_share], ["unknown size", "incomplete"], "complete")
    return points.assign(
        stage=points["stage"].fillna(stage),
        ours=own,
        our_share_pct=at(ours["share_pct"]).astype(float),
        competitors=competitors,
        unaccounted=unaccounted,
        unaccounted_pct=_exact(unaccounted / size.where(size > 0) * 100),
        opportunity=opportunity,
        rank=opportunity.rank(ascending=False, method="min"),
        best_competitor=at(best["name"]).astype(object).fillna(""),
        best_share_pct=at(best["share_pct"]).astype(float),
        status=status,
        words=[_words(*row) for row in zip(status, unaccounted, whose, strict=True)],
    )[MAP]


def _missing(points: pd.DataFrame, known: pd.DataFrame) -> dict[str, list[str]]:
    """Whose business at a junction nobody knows, by junction: "ours", "Corvid's"."""
    known = known.assign(open=known[["amount", "share_pct"]].isna().all(axis=1))
    result = {}
    for junction in points["junction"]:
        here = known[known["junction"] == junction]
        us, them = here[here["supplier"] == US], here[here["supplier"] != US]
        result[junction] = [] if (~us["open"]).any() else ["ours"]
        result[junction] += [f"{name}'s" for name in them.loc[them["open"], "name"]]
        result[junction] += [] if len(them) else ["any competitor's"]
    return result


def _words(status: str, unaccounted: float, missing: list[str]) -> str:
    if status == "unknown size":
        return "The size of this market is not known: find it out first."
    amount = f"{figure(unaccounted)} is not accounted for"
    return f"At most {amount}; still unknown: {', '.join(missing)}." if missing else f"{amount}."


def figure(number: float) -> str:
    """An amount as people write it: "1,250", "0.5", "18.75", "1.2e+18"; "?" for unknown."""
    if number != number:
        return "?"
    plain = number == 0 or 0.005 <= abs(number) < 1e12
    return f"{number:,.2f}".rstrip("0").rstrip(".") if plain else f"{number:.3g}"


@model
def routes(book: Book) -> pd.DataFrame:
    """The routes with what flows on them; a row a route between two junctions that exist.

    Columns: origin, target, amount (given; else what the target's size leaves, split over its other
    routes in proportion to the sizes they come from; NaN where that is unknown), estimated, ours
    (our part: our share at the origin, scaled so that the routes into a point bring our share
    there; where only one route leads there, that share). ours is an estimate wherever a point has
    several routes.
    """
    rows = pd.DataFrame(edges(book), columns=["origin", "target"], dtype=object)
    given = book["routes"].drop_duplicates(["origin", "target"])
    amount = rows.merge(given, "left", ["origin", "target"])["amount"].astype(float)
    sizes = junctions(book).set_index("junction")["size"]
    known = shares(book)
    share = known[known["supplier"] == US].set_index("junction")["share_pct"] / 100
    into, origin, unknown = rows["target"], rows["origin"], amount.isna()

    def whole(part: pd.Series) -> pd.Series:
        """The sum over the routes into the same point; unknown where one is."""
        return part.groupby(into).transform(lambda values: values.sum(skipna=False))

    rest = (into.map(sizes) - amount.groupby(into).transform("sum")).clip(lower=0)
    alone = unknown & (unknown.groupby(into).transform("sum") == 1)
    weight = origin.map(sizes).astype(float).where(unknown, 0.0).mask(alone, 1.0)
    total = whole(weight)
    amount = amount.fillna(rest * weight / total.where(total > 0))
    there = into.map(share).astype(float)
    ours = amount * origin.map(share).astype(float)
    ours = ours.fillna((amount * there).where(~into.duplicated(keep=False)))
    brought = whole(ours)
    right = there * whole(amount) / brought.where(brought > 0)
    ours = np.minimum(ours * right.fillna(1.0), amount)
    return rows.assign(amount=amount, estimated=unknown & amount.notna(), ours=ours)


def find_out(book: Book) -> pd.DataFrame:
    """What nobody knows of the map, points of leverage first: junction, name, question."""
    basis, points, asked = book.settings.market_basis, junctions(book), []
    missing = _missing(points, shares(book))
    points = points.sort_values("leverage", key=lambda c: c != "yes", kind="stable")
    for junction, name, size in points[["junction", "name", "size"]].itertuples(index=False):
        questions = [f"How large is the market at {name}, in {basis}?"] if size != size else []
        questions += [f"How much of the {basis} at {name} is {who}?" for who in missing[junction]]
        asked += [(junction, name, question) for question in questions]
    return pd.DataFrame(asked, columns=["junction", "name", "question"])


def edges(book: Book) -> list[Edge]:
    """The routes between two different junctions that exist, each once."""
    known, rows = set(book["junctions"]["junction"]) - {""}, book["routes"]
    ends = zip(rows["origin"], rows["target"], strict=True)
    return [*dict.fromkeys((a, b) for a, b in ends if a != b and {a, b} <= known)]


def _sorter(edges: Iterable[Edge]) -> TopologicalSorter[str]:
    """The points in the order of the routes; whoever begins a route is looked at first."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for a, _ in edges:
        sorter.add(a)
    for a, b in edges:
        sorter.add(b, a)
    return sorter


def circles(edges: list[Edge]) -> dict[Edge, list[str]]:
    """The edges that close a circle, each with the points of its circle in order."""
    closing: dict[Edge, list[str]] = {}
    while True:
        try:
            _sorter([edge for edge in edges if edge not in closing]).prepare()
            return closing
        except CycleError as error:
            *_, origin, target = circle = error.args[1]
            closing[origin, target] = circle


def forward(edges: list[Edge]) -> list[Edge]:
    """The edges but for those that close a circle."""
    closing = circles(edges)
    return [edge for edge in edges if edge not in closing]


def stages(points: pd.DataFrame, edges: list[Edge]) -> dict[str, int]:
    """How far along each junction lies: as given if the routes allow it, else beyond all before it.

    The edges make no circle.
    """
    stage = dict(zip(points["junction"], points["stage"].fillna(1).astype(int), strict=True))
    for b in _sorter(edges).static_order():
        stage[b] = max([stage[b], *(stage[a] + 1 for a, target in edges if target == b)])
    return stage
