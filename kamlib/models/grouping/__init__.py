"""Segmentation by discovery: groups of customers that the data suggest, or the plain word that there are none.

A group is supported when four things hold for the same number of groups: customers sit nearer to their
own group than random tables with the same averages, spreads and correlations would have it; cutting
customers drawn anew gives the same groups; few customers stand halfway between two groups; and a
mixture of groups describes the table better than one crowd. A handful of outliers is no group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models.grouping import cuts
from kamlib.models.grouping import words as _words
from kamlib.models.grouping.points import SEED, guessed
from kamlib.models.grouping.prepare import FEWEST, Ready, ready
from kamlib.models.grouping.reading import columns, number, numbers
from kamlib.workbook.book import Book, model

__all__ = ["FEWEST", "Discovery", "columns", "find", "number", "numbers"]
MOST_GROUPS, CUSTOMERS_A_GROUP = 8, 4
NEAR = 0.2  # a closeness below this is on the border
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Discovery:
    """What was found; every table is sorted, so that the same customers give the same answer.

    groups: customer, name, group ("A" is the largest; "" without any value), closeness (0 on the border
        to 1 in the heart of the group), second (the next nearest group), near (on the border).
    support: k, silhouette (-1..1), silhouette_noise (what chance reaches), bic, bic_one (of one crowd; less
        is better), stability, together and share_smallest (0..1), between (0 empty, 1 as an even spread),
        supported, why (the first thing against it: chance, unstable, handful, between, simpler).
    supported, best (0 without support), shown (the number of groups in the tables), verdict (a sentence).
    profile and words: see `kamlib.models.grouping.words`; notes: what was left out, filled in, drawn in.
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

    Without `groups` the best supported number is shown, or, while none is supported, the strongest one.
    Raises InvalidInput without columns, for unknown ones, for fewer than FEWEST customers, or
    for a number of groups that cannot be.
    """
    names = chosen if isinstance(chosen, str) else tuple(sorted(dict.fromkeys(map(str, chosen))))
    prepared, support, found = _sought(Book({"customers": customers}), names)
    if groups and groups not in found:
        raise InvalidInput(
            f"{groups} groups cannot be cut here.",
            table="customers",
            found=groups,
            allowed=f"2 to {max(found)} groups",
            hint=f"Ask for 2 to {max(found)}.",
        )
    best = _best(support)
    shown = groups or best or _strongest(support)
    letters, table = _grouped(prepared, found[shown])
    profile = _words.profile(prepared, letters)
    return Discovery(
        groups=table,
        support=support.copy(),
        supported=bool(best),
        best=best,
        shown=shown,
        verdict=_words.verdict(support, best, shown, groups, cuts.AGAIN),
        profile=profile,
        words=_words.told(profile, letters),
        notes=list(prepared.notes),
        scaled=prepared.scaled.set_index(
            pd.Index(prepared.who.loc[prepared.who["known"], "customer"])
        ),
    )


@model
def _sought(
    book: Book, chosen: tuple[str, ...] | str
) -> tuple[Ready, pd.DataFrame, dict[int, cuts.Cut]]:
    """The prepared customers, how well the data bear each number of groups, and all the cuts."""
    from sklearn import config_context
    from threadpoolctl import threadpool_limits

    one_order = threadpool_limits(1)  # of sums, so that the last digit is the same every time
    unasked = config_context(
        assume_finite=True, skip_parameter_validation=True
    )  # a third of the time
    with one_order, unasked:
        prepared = ready(book["customers"], chosen)
        n = len(prepared.raw)
        rows = np.arange(n)
        if n > cuts.AT_MOST:
            rows = np.sort(np.random.default_rng(SEED).choice(n, cuts.AT_MOST, replace=False))
        points = guessed(prepared.points).rows(rows)
        different = len(np.unique(points.cells, axis=0))
        most = min(MOST_GROUPS, n // CUSTOMERS_A_GROUP, max(different, 2))
        support, found = cuts.support(points, range(2, most + 1))
    return prepared, support, found


def _best(support: pd.DataFrame) -> int:
    """The supported number of groups that describes the table best, 0 if there is none."""
    good = support[support["supported"]]
    return int(good.loc[good["bic"].idxmin(), "k"]) if len(good) else 0


def _strongest(support: pd.DataFrame) -> int:
    """Where nothing is supported: the number of groups farthest above chance, handfuls last."""
    above = support["silhouette"] - support["silhouette_noise"]
    return int(support.loc[above.where(support["why"] != "handful", above - 2).idxmax(), "k"])


def _grouped(prepared: Ready, cut: cuts.Cut) -> tuple[pd.Series, pd.DataFrame]:
    """The letter of each customer with a value, and the table `groups` of a Discovery."""
    far = cuts.apart(prepared.points, cut)
    nearest = cuts.assigned(prepared.points, cut)
    size = np.bincount(nearest, minlength=far.shape[1])
    earliest = [int(np.argmax(nearest == g)) if size[g] else len(nearest) for g in range(len(size))]
    order = sorted(range(len(size)), key=lambda g: (-size[g], earliest[g]))
    letter = np.array([""] * len(size), dtype=object)
    letter[order] = list(LETTERS[: len(size)])
    each = np.arange(len(far))
    own = far[each, nearest]
    far[each, nearest] = np.inf
    second = far.argmin(axis=1)
    next_ = far[each, second]
    closeness = np.clip((next_ - own) / np.maximum(next_, 1e-12), 0, 1).round(6)
    letters = pd.Series(letter[nearest])
    some = pd.DataFrame({"group": letters, "closeness": closeness, "second": letter[second]})
    some = some.assign(near=closeness < NEAR).set_axis(prepared.who.index[prepared.who["known"]])
    table = prepared.who[["customer", "name"]].join(some)
    filled = {"group": "", "second": "", "near": False}
    return letters, table.fillna(filled).infer_objects().astype({"near": bool})
