"""Cut customers into 2 to 8 groups, and say honestly whether the data or only the knife made them.

The cut is k-means in which a column counts the more, the better it tells the groups apart: distances
are divided by the column's spread within the groups, again and again until nothing moves. So a split
in one column of many is found, and correlated columns do not shout the others down. It starts from
Ward's tree and from the best cut of each single column, never from chance. scikit-learn's own k-means
weighs all columns alike and missed every such split; its measures (silhouette, adjusted Rand) are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.models.grouping.points import SEED, Space, random_spaces

ROUNDS, SINGLES = 25, 3
RANDOM_TABLES, AGAIN = 16, 20
AT_MOST, AT_MOST_AGAIN = 600, 300  # customers looked at; the rest are only assigned
CLEARLY = 1.645  # standard deviations above the mean: 95 of 100 random tables stay below
EXPLAINED, RIDGE = 0.8, 0.01
STABLE, EMPTY_ENOUGH, SMALLEST_SHARE, SMALLEST = 0.8, 0.7, 0.03, 3


@dataclass(frozen=True)
class Cut:
    """One way to cut: a group number for each customer, the centres (k x p), each column's spread
    within groups (m, parts of its variance), and whether every group is large enough."""

    label: np.ndarray
    centres: np.ndarray
    spread: np.ndarray
    fair: bool

    @property
    def poorness(self) -> tuple[bool, float]:
        """The less, the better."""
        return not self.fair, round(float(np.log(self.spread).sum()), 9)

    def weight(self, space: Space) -> np.ndarray:
        """What a squared distance along each coordinate counts."""
        return (1 / self.spread)[space.column]


def least(n: int) -> int:
    """The fewest customers that are a group and not a handful of outliers."""
    return max(SMALLEST, int(np.ceil(SMALLEST_SHARE * n)))


def cuts(points: Space, counts: Sequence[int]) -> dict[int, Cut]:
    """The best cut into each of the `counts` of groups."""
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(points.cells, "ward")
    result = {}
    for k in counts:
        starts = [fcluster(tree, k, "maxclust") - 1, *_single_starts(points.numeric, k)]
        result[k] = min((_settle(points, start, k) for start in starts), key=lambda c: c.poorness)
    good = result[min(counts)]
    tree = linkage(points.cells * np.sqrt(good.weight(points)), "ward")
    for k in counts:
        again = _settle(points, fcluster(tree, k, "maxclust") - 1, k)
        result[k] = min(result[k], again, key=lambda c: c.poorness)
    return result


def _settle(points: Space, label: np.ndarray, k: int) -> Cut:
    """Move customers to the nearest centre until nobody moves, weighing the columns anew each time."""
    square, cells = points.cells**2, points.cells
    for _ in range(ROUNDS):
        spread, centres, size = _shape(points, square, label, k)
        weight = (1 / spread)[points.column]
        far = _distances(cells, centres, weight)
        far[:, size == 0] = np.inf
        moved = far.argmin(axis=1)
        if (moved == label).all():
            break
        label = moved
    spread, centres, size = _shape(points, square, label, k)
    return Cut(label, centres, spread, bool(size.min() >= least(len(label))))


def _shape(
    points: Space, square: np.ndarray, label: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each column's spread within the groups, the centres, and the sizes of the groups."""
    member = np.eye(k)[label]
    size = member.sum(axis=0)
    centres = (member.T @ points.cells) / np.maximum(size, 1)[:, None]
    within = (square.sum(axis=0) - size @ centres**2) / len(label)
    return (
        np.maximum(np.bincount(points.column, within, len(points.floor)), points.floor),
        centres,
        size,
    )


def _distances(cells: np.ndarray, centres: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Squared distance of each point to each centre, less what is the same for all centres."""
    return np.round((centres**2 @ weight)[None] - 2 * (cells * weight) @ centres.T, 9)


def _single_starts(numeric: np.ndarray, k: int) -> list[np.ndarray]:
    """The cuts of the few columns that one column alone cuts best: its k-means from quantiles or even steps."""
    d = numeric.shape[1]
    if not d:
        return []
    ordered = np.sort(numeric, axis=0)
    steps = (np.arange(k) + 0.5) / k
    quantiles = ordered[(steps * len(numeric)).astype(int)]
    even = ordered[0] + (ordered[-1] - ordered[0]) * steps[:, None]
    left, border = _cut_lines(np.hstack([ordered, ordered]), np.hstack([quantiles, even]))
    better = np.where(left[:d] <= left[d:], np.arange(d), np.arange(d) + d)
    chosen = better[np.argsort(left[better], kind="stable")][:SINGLES]
    return [(numeric[:, j % d, None] > border[:, j]).sum(axis=1) for j in chosen]


def _cut_lines(ordered: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """k-means of each sorted column by itself from its own centres (k x d).

    Returns what spread is left (d), and the borders between the groups (k - 1 x d).
    """
    n, d = ordered.shape
    until = np.vstack([np.zeros(d), ordered.cumsum(axis=0)])
    ends = np.zeros((1, d), int), np.full((1, d), n)
    for _ in range(15):
        border = (centres[1:] + centres[:-1]) / 2
        below = np.count_nonzero(ordered <= border[:, None], axis=1)
        at = np.vstack([ends[0], below, ends[1]])
        size = np.diff(at, axis=0)
        total = np.diff(np.take_along_axis(until, at, axis=0), axis=0)
        moved = np.where(size > 0, total / np.maximum(size, 1), centres)
        if np.abs(moved - centres).max() < 1e-9:
            break
        centres = moved
    return ((ordered**2).mean(axis=0) - (size * moved**2).sum(axis=0) / n).round(9), border


def assigned(points: Space, cut: Cut) -> np.ndarray:
    """The nearest centre of each customer."""
    return _distances(points.cells, cut.centres, cut.weight(points)).argmin(axis=1)


def apart(points: Space, cut: Cut) -> np.ndarray:
    """Distance of each customer to each centre, n x k, in spreads within the groups."""
    weight = cut.weight(points)
    own = (points.cells**2 @ weight)[:, None]
    return np.sqrt(np.maximum(_distances(points.cells, cut.centres, weight) + own, 0))


def silhouette(points: Space, cut: Cut) -> float:
    """How much nearer customers are to their own group than to the next one: mean, -1 to 1."""
    from sklearn.metrics import silhouette_score

    if len(np.unique(cut.label)) < len(cut.centres):
        return -1.0
    return float(silhouette_score(points.cells * np.sqrt(cut.weight(points)), cut.label))


def between(points: Space, cut: Cut) -> float:
    """How full it is halfway between neighbouring groups, for the worst pair: 0 empty, 1 as an even spread.

    Of the customers between two centres, an even spread has 30 % in the middle 30 % of the way; two
    halves of one round crowd have more, groups have fewer.
    """
    weight, worst = cut.weight(points), 0.0
    for a, b in _neighbours(cut.centres * np.sqrt(weight)):
        way = (cut.centres[b] - cut.centres[a]) * weight
        pair = points.cells[(cut.label == a) | (cut.label == b)]
        length = way @ (cut.centres[b] - cut.centres[a])
        if length <= 0:
            return 9.0
        at = (pair - cut.centres[a]) @ way / length
        middle, all_ = ((at > 0.35) & (at < 0.65)).sum(), ((at > 0) & (at < 1)).sum()
        worst = max(worst, float(middle / (0.3 * all_ + 1.5)))
    return worst


def _neighbours(centres: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of centres with no third one between them."""
    for b in range(len(centres)):
        for a in range(b):
            far = ((centres - (centres[a] + centres[b]) / 2) ** 2).sum(axis=1)
            others = np.delete(far, [a, b])
            if not len(others) or others.min() >= 0.9 * far[a]:
                yield a, b


def bic(points: Space, cut: Cut | None = None) -> float:
    """Bayesian information criterion of a mixture that starts from this cut; less is better.

    Numbers are normal with one covariance for all groups, in full, so that a long thin crowd is one
    group; a ridge keeps near copies of a column apart from singular. Words are drawn by their shares
    within the group, numbers and words independently. A column that the cut hardly explains has one
    mean, or one set of shares, for all groups, and is not paid for more than once. Without a cut: one
    crowd without groups.
    """
    n, d = points.numeric.shape
    k = len(cut.centres) if cut else 1
    differs = cut.spread < EXPLAINED if cut else np.zeros(len(points.floor), bool)
    member = 0.9 * np.eye(k)[cut.label] + 0.1 / k if cut else np.ones((n, 1))
    fit = 0.0
    for _ in range(10 if k > 1 else 1):
        size = member.sum(axis=0)
        log = np.tile(np.log(size / n), (n, 1))
        if d:
            log += _normal(points.numeric, member, size, differs[:d])
        for code, differ in zip(points.codes, differs[d:], strict=True):
            log += _levels(code, member if differ else np.full((n, k), 1 / k))
        top = log.max(axis=1, keepdims=True)
        each = np.exp(log - top)
        fit = float((top[:, 0] + np.log(each.sum(axis=1))).sum())
        member = each / each.sum(axis=1, keepdims=True)
    each_column = np.array([1] * d + [int(code.max()) for code in points.codes])
    free = k - 1 + d * (d + 1) / 2 + (each_column * np.where(differs, k, 1)).sum()
    return -2 * fit + free * float(np.log(n))


def _normal(x: np.ndarray, member: np.ndarray, size: np.ndarray, differs: np.ndarray) -> np.ndarray:
    """Log density of each row under each group's normal distribution, n x k, one covariance for all."""
    n, d = x.shape
    mean = np.where(differs, (member.T @ x) / size[:, None], x.mean(axis=0))
    away = x[:, None, :] - mean[None]
    root = np.linalg.cholesky(
        np.einsum("nk,nki,nkj->ij", member, away, away, optimize=True) / n + RIDGE * np.eye(d)
    )
    y, m = np.linalg.solve(root, x.T).T, np.linalg.solve(root, mean.T).T
    far = (y**2).sum(axis=1)[:, None] - 2 * y @ m.T + (m**2).sum(axis=1)
    return -0.5 * far - np.log(np.diag(root)).sum() - 0.5 * d * np.log(2 * np.pi)


def _levels(code: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Log share of each row's level within each group, n x k."""
    share = member.T @ np.eye(code.max() + 1)[code] + 0.5
    return np.log(share / share.sum(axis=1, keepdims=True))[:, code].T


def noise(points: Space, counts: Sequence[int]) -> np.ndarray:
    """The silhouette above which a cut is clearly no chance, one for each of the counts.

    For each count, 95 of 100 tables without groups stay below it, whichever kind comes highest.
    """
    limits = []
    for kind in random_spaces(points, RANDOM_TABLES):
        seen = []
        for table in kind:
            found = cuts(table, counts)
            seen.append([silhouette(table, found[k]) for k in counts])
        each = np.array(seen)
        limits.append(each.mean(axis=0) + CLEARLY * (each.std(axis=0, ddof=1) + 0.003))
    return np.max(limits, axis=0)


def cut_again(points: Space, found: dict[int, Cut]) -> tuple[np.ndarray, np.ndarray]:
    """How alike the groups come out when customers are drawn anew and cut again, for each count.

    Two arrays: the median adjusted Rand index (0 as chance has it, 1 the same groups), and the mean share
    (0..1) of pairs of one group that end up in one group again.
    """
    rng = np.random.default_rng(SEED + 1)
    n = len(points.cells)
    drawn = min(n, AT_MOST_AGAIN)
    alike, together = np.zeros((AGAIN, len(found))), np.zeros((AGAIN, len(found)))
    for i in range(AGAIN):
        again = cuts(points.rows(rng.integers(0, n, drawn)), list(found))
        for j, k in enumerate(found):
            alike[i, j], together[i, j] = agreement(found[k].label, assigned(points, again[k]))
    return np.median(alike, axis=0), together.mean(axis=0)


def agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Adjusted Rand index of two cuts, and the share of pairs of the first that the second keeps together."""
    from sklearn.metrics import adjusted_rand_score
    from sklearn.metrics.cluster import pair_confusion_matrix

    pairs = pair_confusion_matrix(one, other)
    return float(adjusted_rand_score(one, other)), float(pairs[1, 1] / max(pairs[1].sum(), 1))


def support(points: Space, counts: Sequence[int]) -> tuple[pd.DataFrame, dict[int, Cut]]:
    """How well the data bear each count of groups, and the cuts themselves.

    Columns: k, silhouette, silhouette_noise (the limit of chance), bic, bic_one (of one crowd), stability
    (0..1, see `cut_again`), together (0..1), share_smallest (0..1), between (see `between`), supported, why (the
    first thing that speaks against it, one word: chance, unstable, handful, between, simpler; or "").
    """
    found = cuts(points, counts)
    stability, together = cut_again(points, found)
    smallest = [int(np.bincount(found[k].label, minlength=k).min()) for k in counts]
    table = pd.DataFrame(
        {
            "k": list(counts),
            "silhouette": [silhouette(points, found[k]) for k in counts],
            "silhouette_noise": noise(points, counts),
            "bic": [bic(points, found[k]) for k in counts],
            "bic_one": bic(points),
            "stability": stability,
            "together": together,
            "share_smallest": np.array(smallest) / len(points.cells),
            "between": [between(points, found[k]) for k in counts],
        }
    ).round(6)
    against = {
        "chance": table["silhouette"] <= table["silhouette_noise"],
        "unstable": table["stability"] < STABLE,
        "handful": np.array(smallest) < least(len(points.cells)),
        "between": table["between"] > EMPTY_ENOUGH,
        "simpler": table["bic"] >= table["bic_one"],
    }
    why = np.select([np.asarray(no) for no in against.values()], list(against), "")
    return table.assign(supported=why == "", why=why), found
