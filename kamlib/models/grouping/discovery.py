"""Groups of customers in their figures: how many the data support, who is in which, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models.grouping import profiles
from kamlib.models.grouping.clusters import AT_MOST, SEED, Cut
from kamlib.models.grouping.preparation import Prepared, prepared
from kamlib.models.grouping.support import AGAIN, support
from kamlib.workbook.book import Book, model

MOST_GROUPS, CUSTOMERS_A_GROUP = 8, 4
NEAR = 0.2  # a closeness below this is on the border
LETTERS = "ABCDEFGH"
OWN_CHOICE = "Groups formed anyway would be your choice, not the data's."
AGAINST = {
    "chance": "these customers look as evenly spread as random ones with the same averages and "
    "spreads.",
    "unstable": "cut again {again} times, too many customers changed sides; only {together:.0f} % "
    "of pairs ended up together again.",
    "handful": "only a handful of customers stands apart from all the others.",
    "between": "as many customers stand halfway between the groups as on an even spread, so the "
    "line could go anywhere.",
    "simpler": "one crowd with its ordinary spread describes these customers just as well.",
}


@dataclass(frozen=True)
class Discovery:
    """The groups and what speaks for them; the same customers in any order give the same answer.

    groups: customer, name, group ("A" is the largest; "" without any value), closeness (0 on the
        border to 1 in the heart of the group), second (the next nearest group), near (a border).
    support: a row for each number of groups, see `kamlib.models.grouping.support.support`.
    supported, best (0 without support), shown (the number of groups in the tables), verdict (a
        sentence); notes: what was left out, filled in, drawn in.
    profile and words: see `kamlib.models.grouping.profiles`.
    scaled: the standardised numbers, a row for each customer with a group (index customer).
    """

    groups: pd.DataFrame
    support: pd.DataFrame
    supported: bool
    best: int
    shown: int
    verdict: str
    profile: pd.DataFrame
    words: pd.DataFrame
    notes: list[str]
    scaled: pd.DataFrame


def find(customers: pd.DataFrame, chosen: Sequence[str], groups: int = 0) -> Discovery:
    """Groups of the customers (a typed table) by the chosen columns; `groups` forces their number.

    Without `groups` the best supported number is shown, or, while none is supported, the strongest.
    Raises InvalidInput without columns, for unknown ones, for fewer than FEWEST customers, or for a
    number of groups that cannot be.
    """
    names = chosen if isinstance(chosen, str) else tuple(sorted(dict.fromkeys(map(str, chosen))))
    ready, table, cuts = _sought(Book({"customers": customers}), names)
    if groups and groups not in cuts:
        allowed = f"2 to {max(cuts)}"
        raise InvalidInput(
            f"{groups} groups cannot be cut here.",
            table="customers",
            found=groups,
            allowed=f"{allowed} groups",
            hint=f"Ask for {allowed}.",
        )
    best, strongest = _best(table)
    shown = groups or best or strongest
    letters, rows = _grouped(ready, cuts[shown])
    profile = profiles.profile(ready, letters)
    who = ready.who.loc[ready.who["known"], "customer"]
    return Discovery(
        groups=rows,
        support=table.copy(),
        supported=bool(best),
        best=best,
        shown=shown,
        verdict=_verdict(table, best, shown, groups),
        profile=profile,
        words=profiles.told(profile, letters),
        notes=list(ready.notes),
        scaled=ready.scaled.set_index(pd.Index(who)),
    )


@model
def _sought(
    book: Book, chosen: tuple[str, ...] | str
) -> tuple[Prepared, pd.DataFrame, dict[int, Cut]]:
    """The prepared customers, how well the data bear each number of groups, and all the cuts."""
    from sklearn import config_context
    from threadpoolctl import threadpool_limits

    one_order = threadpool_limits(1)  # of sums, so that the last digit is the same every time
    unasked = config_context(assume_finite=True, skip_parameter_validation=True)  # a third faster
    with one_order, unasked:
        ready = prepared(book["customers"], chosen)
        points, n = ready.sought, len(ready.raw)
        if n > AT_MOST:
            some = np.random.default_rng(SEED).choice(n, AT_MOST, replace=False)
            points = points.rows(np.sort(some))
        different = len(np.unique(points.cells, axis=0))
        most = min(MOST_GROUPS, n // CUSTOMERS_A_GROUP, max(different, 2))
        return ready, *support(points, range(2, most + 1))


def _best(table: pd.DataFrame) -> tuple[int, int]:
    """The supported number of groups that describes the table best (0: none), and the strongest.

    The strongest is the farthest above chance, handfuls last.
    """
    good = table[table["supported"]]
    above = table["silhouette"] - table["silhouette_noise"]
    strongest = above.where(table["why"] != "handful", above - 2).idxmax()
    best = int(good.loc[good["bic"].idxmin(), "k"]) if len(good) else 0
    return best, int(table.loc[strongest, "k"])


def _grouped(ready: Prepared, cut: Cut) -> tuple[pd.Series, pd.DataFrame]:
    """The letter of each customer with a value, and the table `groups` of a Discovery."""
    far = cut.apart(ready.points)
    own, next_ = np.sort(far, axis=1)[:, :2].T
    nearest, second = far.argsort(axis=1, kind="stable")[:, :2].T
    places = pd.Series(range(len(far))).groupby(nearest).agg(["size", "min"])
    places = places.sort_values(["size", "min"], ascending=[False, True])
    letter = dict(zip(places.index, LETTERS, strict=False))
    letters = pd.Series(nearest).map(letter)
    closeness = ((next_ - own) / np.maximum(next_, 1e-12)).round(6)
    some = pd.DataFrame({"group": letters, "closeness": closeness})
    some = some.assign(second=pd.Series(second).map(letter), near=closeness < NEAR)
    some = some.set_axis(ready.who.index[ready.who["known"]])
    table = ready.who[["customer", "name"]].join(some)
    filled = {"group": "", "second": "", "near": False}
    return letters, table.fillna(filled).infer_objects().astype({"near": bool})


def _verdict(table: pd.DataFrame, best: int, shown: int, asked: int) -> str:
    """What the data say of the number of groups, for people who never heard of a silhouette."""
    rows = table.set_index("k")
    together = 100 * rows["together"]
    chosen = f"The {shown}{{}} shown are your choice, not the data's."
    if best:
        again = f"cut again {AGAIN} times, {together[best]:.0f} % of pairs ended up together again"
        words = f"The data support {best} groups: {again}."
        if shown == best:
            return words
        bears = f"They would bear the {shown} you asked for too."
        return f"{words} {bears if rows.at[shown, 'supported'] else chosen.format('')}"
    reason = AGAINST[str(rows.at[shown, "why"])].format(again=AGAIN, together=together[shown])
    return f"No groups supported: {reason} {chosen.format(' groups') if asked else OWN_CHOICE}"
