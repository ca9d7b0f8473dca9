"""Whether the data or only the knife made the groups: what a cut has to hold against.

It has to tell customers apart better than cuts of random crowds, to come out again when customers
are drawn anew, to have no handful of outliers for a group and room between its groups, and to
describe the customers better than one crowd does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kamlib.models.grouping.clusters import SEED, Cut, Space, cuts, is_handful, space

CROWDS, AT_MOST_RANDOM = 16, 200  # random tables of each kind, and customers in one
AGAIN, AT_MOST_AGAIN = 20, 300  # how often customers are drawn anew, and how many of them
CLEARLY = 1.645  # standard deviations above the mean: 95 of 100 random tables stay below
STABLE, EMPTY_ENOUGH = 0.8, 0.7
EXPLAINED, RIDGE = 0.8, 0.01


def support(points: Space, counts: Sequence[int]) -> tuple[pd.DataFrame, dict[int, Cut]]:
    """How well the data bear each count of groups, and the cuts themselves.

    Columns: k, silhouette, silhouette_noise (the limit of chance), bic, bic_one (of one crowd),
    stability (0..1, see `drawn_anew`), together (0..1), share_smallest (0..1), between (see
    `between`), supported, why (the first thing that speaks against it, one word: chance, unstable,
    handful, between, simpler; or "").
    """
    found = cuts(points, counts)
    stability, together = drawn_anew(points, found)
    smallest = np.array([cut.sizes.min() for cut in found.values()])
    table = pd.DataFrame(
        {
            "k": list(counts),
            "silhouette": [silhouette(points, cut) for cut in found.values()],
            "silhouette_noise": noise(points, counts),
            "bic": [bic(points, cut) for cut in found.values()],
            "bic_one": bic(points),
            "stability": stability,
            "together": together,
            "share_smallest": smallest / len(points.cells),
            "between": [between(points, cut) for cut in found.values()],
        }
    ).round(6)
    against = {
        "chance": table["silhouette"] <= table["silhouette_noise"],
        "unstable": table["stability"] < STABLE,
        "handful": [is_handful(size, len(points.cells)) for size in smallest],
        "between": table["between"] > EMPTY_ENOUGH,
        "simpler": table["bic"] >= table["bic_one"],
    }
    why = np.select([np.asarray(no) for no in against.values()], list(against), "")
    return table.assign(supported=why == "", why=why), found


def silhouette(points: Space, cut: Cut) -> float:
    """How much nearer customers are to their own group than to the next one: mean, -1 to 1."""
    from sklearn.metrics import silhouette_score

    if not cut.sizes.all():
        return -1.0
    return float(silhouette_score(points.cells * np.sqrt(cut.weight(points)), cut.label))


def noise(points: Space, counts: Sequence[int]) -> np.ndarray:
    """The silhouette above which a cut is clearly no chance, one for each of the counts.

    For each count, 95 of 100 tables without groups stay below it, whichever kind comes highest.
    """
    limits = []
    for kind in crowds(points):
        parts = [(crowd, cuts(crowd, counts)) for crowd in kind]
        each = np.array([[silhouette(crowd, c) for c in of.values()] for crowd, of in parts])
        limits.append(each.mean(axis=0) + CLEARLY * (each.std(axis=0, ddof=1) + 0.003))
    return np.max(limits, axis=0)


def crowds(points: Space) -> list[list[Space]]:
    """Tables without groups but with the same means, spreads and correlations, of two kinds.

    Numbers are normal, or even in each column. Words are shuffled, each column by itself.
    """
    rng = np.random.default_rng(SEED)
    x, n = points.numeric, min(len(points.cells), AT_MOST_RANDOM)
    d = x.shape[1]
    value, axes = np.linalg.eigh(np.cov(x.T).reshape(d, d)) if d else (np.empty(0), np.eye(0))
    root = np.sqrt(np.maximum(value, 0))
    kinds: list[list[Space]] = [[], []] if d else [[]]
    for _ in range(CROWDS):
        for kind in kinds:
            numeric = (rng.standard_normal((n, d)) * root) @ axes.T
            if kind is not kinds[0]:
                ranks = numeric.argsort(axis=0).argsort(axis=0)
                numeric = np.take_along_axis(np.sort(rng.random((n, d)), axis=0), ranks, axis=0)
            numeric = (numeric - numeric.mean(axis=0)) / np.maximum(numeric.std(axis=0), 1e-9)
            shuffled = [rng.permutation(code)[:n] for code in points.codes]
            codes = [np.unique(code, return_inverse=True)[1] for code in shuffled]
            kind.append(space(numeric, codes))
    return kinds


def drawn_anew(points: Space, found: dict[int, Cut]) -> tuple[np.ndarray, np.ndarray]:
    """How alike the groups come out when customers are drawn anew and cut again, for each count.

    Two arrays: the median adjusted Rand index (0 as chance has it, 1 the same groups), and the mean
    share (0..1) of pairs of one group that end up in one group again.
    """
    rng = np.random.default_rng(SEED + 1)
    n = len(points.cells)
    results = []
    for _ in range(AGAIN):
        again = cuts(points.rows(rng.integers(0, n, min(n, AT_MOST_AGAIN))), list(found))
        results.append(
            [agreement(cut.label, again[k].assigned(points)) for k, cut in found.items()]
        )
    alike, together = np.moveaxis(np.array(results), -1, 0)
    return np.median(alike, axis=0), together.mean(axis=0)


def agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Adjusted Rand index of two cuts; the share of pairs of the first that the second keeps."""
    from sklearn.metrics import adjusted_rand_score
    from sklearn.metrics.cluster import pair_confusion_matrix

    pairs = pair_confusion_matrix(one, other)
    return float(adjusted_rand_score(one, other)), float(pairs[1, 1] / max(pairs[1].sum(), 1))


def between(points: Space, cut: Cut) -> float:
    """How full it is halfway from a group to the nearest one, for the worst: 0 empty, 1 even.

    Of the customers between two centres, an even spread has 30 % in the middle 30 % of the way; two
    halves of one round crowd have more, groups have fewer.
    """
    scale = np.sqrt(cut.weight(points))
    cells, centres = points.cells * scale, cut.centres * scale
    far = ((centres[:, None] - centres) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    worst = 0.0
    for a, b in enumerate(far.argmin(axis=1)):
        pair = cells[(cut.label == a) | (cut.label == b)]
        at = (pair - centres[a]) @ (centres[b] - centres[a]) / max(far[a, b], 1e-12)
        middle, way = ((at > 0.35) & (at < 0.65)).sum(), ((at > 0) & (at < 1)).sum()
        worst = max(worst, float(middle / (0.3 * way + 1.5)))
    return worst


def bic(points: Space, cut: Cut | None = None) -> float:
    """Bayesian information criterion of these groups, or else of one crowd; less is better.

    Numbers are normal with one covariance for all groups, in full, so that a long thin crowd is one
    group; a ridge keeps near copies of a column from being singular. Words are drawn by their
    shares within the group, numbers and words independently. A column that the cut hardly explains
    has one mean, or one set of shares, for all groups, and is not paid for more than once.
    """
    from scipy.stats import multivariate_normal

    n, d = points.numeric.shape
    label = cut.label if cut else np.zeros(n, int)
    differs = cut.spread < EXPLAINED if cut else np.zeros(len(points.floor), bool)
    member = np.eye(label.max() + 1)[label]
    size = np.maximum(member.sum(axis=0), 1)
    fit = float(np.log(size / n)[label].sum())
    if d:
        mean = np.where(differs[:d], (member.T @ points.numeric) / size[:, None], 0.0)
        away = points.numeric - mean[label]
        covariance = away.T @ away / n + RIDGE * np.eye(d)
        fit += float(multivariate_normal(cov=covariance).logpdf(away).sum())
    for code, differ in zip(points.codes, differs[d:], strict=True):
        share = (member if differ else np.ones((n, 1))).T @ np.eye(code.max() + 1)[code] + 0.5
        share /= share.sum(axis=1, keepdims=True)
        fit += float(np.log(share[label if differ else 0, code]).sum())
    free = np.array([1] * d + [int(code.max()) for code in points.codes])
    free = len(size) - 1 + d * (d + 1) / 2 + (free * np.where(differs, len(size), 1)).sum()
    return -2 * fit + free * float(np.log(n))
