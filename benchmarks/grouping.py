"""How often planted groups are found, and none where none are: `PYTHONPATH=. python benchmarks/grouping.py`.

Each kind of table is drawn a few times. `found` counts the tables in which the right number of groups is
supported and holds the planted customers (adjusted Rand index above 0.8); of tables without groups, those
in which none is supported. Every way gets the same prepared columns.

`grouping` is `kamlib.models.grouping`. `mixture` is scikit-learn by itself: GaussianMixture with the number
of groups and the form of covariance that BIC likes best, supported where the silhouette is at least 0.25 and
20 bootstrapped mixtures agree with it (median adjusted Rand index at least 0.8). `k-means` is
scikit-learn's k-means with the best silhouette of 2 to 8, supported by the same two rules.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from kamlib.models import grouping
from kamlib.models.grouping.preparation import prepared

DRAWS, AGAIN, MOST = 6, 20, 8
STABLE, ALIKE, RIGHT = 0.8, 0.25, 0.8
Table = tuple[dict[str, np.ndarray], np.ndarray]  # columns by name, and the planted group of each row
Answer = tuple[int, np.ndarray]  # the supported number of groups, 0 for none, and the group of each row


def _numbers(x: np.ndarray) -> dict[str, np.ndarray]:
    return {f"n{i}": column for i, column in enumerate(x.T)}


def _words(true: np.ndarray, count: int, pure: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """So many columns of words that name the planted group of `pure` of the customers."""
    k = true.max() + 1
    said = [np.where(rng.random(len(true)) < pure, true, rng.integers(0, k, len(true))) for _ in range(count)]
    return {f"w{i}": np.array([*"pqrstu"])[column] for i, column in enumerate(said)}


def _round(centres: Sequence[Sequence[float]], n: int, noise: int = 0) -> Callable[..., Table]:
    """Round groups of one size about these centres, and columns of noise beside them."""

    def draw(rng: np.random.Generator) -> Table:
        true = np.arange(n) % len(centres)
        x = rng.standard_normal((n, len(centres[0]))) + np.array(centres)[true]
        return _numbers(np.hstack([x, rng.standard_normal((n, noise))])), true

    return draw


def _unequal(rng: np.random.Generator) -> Table:
    true = (np.arange(100) % 6 == 0).astype(int)
    return _numbers(rng.standard_normal((100, 3)) + 4.5 * true[:, None] * [1, 1, 0]), true


def _ratios(rng: np.random.Generator) -> Table:
    true = np.arange(80) % 2
    return _numbers(np.exp(0.5 * rng.standard_normal((80, 2)) + 2.5 * true[:, None]) * 1000), true


def _long(rng: np.random.Generator) -> Table:
    true = np.arange(100) % 2
    along = 3 * rng.standard_normal(100)
    x = np.column_stack([along, along]) + rng.standard_normal((100, 2)) * 0.6
    return _numbers(x + 2 * true[:, None] * [1, -1]), true


def _scores(rng: np.random.Generator) -> Table:
    true = np.arange(120) % 3
    middle = np.array([[3, 8, 3], [8, 8, 7], [3, 3, 8]])[true]
    return _numbers(np.clip(np.round(middle + 1.1 * rng.standard_normal((120, 3))), 1, 10)), true


def _mixed(rng: np.random.Generator) -> Table:
    true = np.arange(90) % 2
    x = rng.standard_normal((90, 3)) + 3.5 * true[:, None] * [1, 0, 0]
    return _numbers(x) | _words(true, 2, 0.85, rng), true


def _worded(rng: np.random.Generator) -> Table:
    true = np.arange(120) % 3
    return _words(true, 4, 0.9, rng), true


def _none(columns: Callable[[np.random.Generator], dict[str, np.ndarray]], n: int) -> Callable[..., Table]:
    return lambda rng: (columns(rng), np.zeros(n, int))


def _outliers(rng: np.random.Generator) -> dict[str, np.ndarray]:
    x = rng.standard_normal((60, 2))
    x[:2] = 12
    return _numbers(x)


def _one_crowd_and_words(rng: np.random.Generator) -> dict[str, np.ndarray]:
    words = {c: rng.choice([*"pqrst"[:k]], 60) for c, k in (("w0", 3), ("w1", 5))}
    return _numbers(rng.standard_normal((60, 2))) | words


def _long_tail(rng: np.random.Generator) -> dict[str, np.ndarray]:
    size = rng.standard_normal((60, 1))
    return _numbers(np.exp(1.2 * size + 0.4 * rng.standard_normal((60, 3))))


PLANTED: dict[str, Callable[..., Table]] = {
    "two round groups, 2 columns": _round([[0, 0], [4, 2]], 60),
    "three round groups, 2 columns": _round([[0, 0], [5, 0], [2.5, 4.4]], 90),
    "five round groups, 3 columns": _round([[0, 0, 0], [6, 0, 0], [0, 6, 0], [0, 0, 6], [6, 6, 6]], 150),
    "in 1 of 4 columns": _round([[0], [5]], 100, noise=3),
    "in 1 of 8 columns": _round([[0], [6]], 100, noise=7),
    "in 2 of 8 columns": _round([[0, 0], [4, 4]], 100, noise=6),
    "one group a fifth of the other": _unequal,
    "told by ratio": _ratios,
    "two long crowds side by side": _long,
    "three in scores of 1 to 10": _scores,
    "two in 3 numbers and 2 words": _mixed,
    "three in 4 words": _worded,
}
CROWDS: dict[str, Callable[..., Table]] = {
    "normal": _none(lambda rng: _numbers(rng.standard_normal((80, 3))), 80),
    "even": _none(lambda rng: _numbers(rng.random((80, 3))), 80),
    "exponential": _none(lambda rng: _numbers(rng.standard_exponential((60, 3))), 60),
    "scores of 1 to 10": _none(lambda rng: _numbers(rng.integers(1, 11, (60, 3))), 60),
    "long and skewed": _none(_long_tail, 60),
    "heavy tails": _none(lambda rng: _numbers(rng.standard_t(3, (60, 3))), 60),
    "numbers and words": _none(_one_crowd_and_words, 60),
    "words only": _none(lambda rng: _words(rng.integers(0, 3, 80), 3, 0, rng), 80),
    "two outliers": _none(_outliers, 60),
}


def customers(table: dict[str, np.ndarray]) -> pd.DataFrame:
    """A customers table with these columns, as texts."""
    n = len(next(iter(table.values())))
    ids = {"customer": [f"c{i:03d}" for i in range(n)], "name": ""}
    return pd.DataFrame(ids | {c: [str(v) for v in values] for c, values in table.items()}, dtype=object)


def by_grouping(listed: pd.DataFrame, chosen: list[str]) -> Answer:
    """What `kamlib.models.grouping` finds."""
    result = grouping.find(listed, chosen)
    return result.best, np.unique(result.groups["group"], return_inverse=True)[1]


def _cells(listed: pd.DataFrame, chosen: list[str]) -> np.ndarray:
    return prepared(listed, chosen).sought.cells


def by_mixture(listed: pd.DataFrame, chosen: list[str]) -> Answer:
    """Mixtures of normal distributions of scikit-learn, the best by BIC."""
    from sklearn.mixture import GaussianMixture

    cells = _cells(listed, chosen)

    def fitted(k: int, form: str, of: np.ndarray = cells) -> GaussianMixture:
        return GaussianMixture(k, covariance_type=form, reg_covar=0.01, random_state=0).fit(of)

    forms = ("tied", "diag", "full")
    best = min((fitted(k, form) for k in range(1, MOST + 1) for form in forms), key=lambda m: m.bic(cells))
    k, form = best.n_components, best.covariance_type
    return _borne(cells, k, best.predict(cells), lambda of: fitted(k, form, of))


def by_k_means(listed: pd.DataFrame, chosen: list[str]) -> Answer:
    """K-means of scikit-learn, the best by silhouette."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    cells = _cells(listed, chosen)
    every = [KMeans(k, n_init=10, random_state=0).fit(cells) for k in range(2, MOST + 1)]
    best = max(every, key=lambda found: float(silhouette_score(cells, found.labels_)))
    k = best.n_clusters
    return _borne(cells, k, best.labels_, lambda of: KMeans(k, n_init=3, random_state=0).fit(of))


def _borne(cells: np.ndarray, k: int, label: np.ndarray, fit: Callable[[np.ndarray], object]) -> Answer:
    """The groups if customers are clearly nearer to their own one and the bootstrap agrees, else none."""
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    if len(np.unique(label)) < 2 or silhouette_score(cells, label) < ALIKE:
        return 0, label
    rng = np.random.default_rng(1)
    again = [fit(cells[rng.integers(0, len(cells), len(cells))]).predict(cells) for _ in range(AGAIN)]
    stable = np.median([adjusted_rand_score(label, other) for other in again]) >= STABLE
    return (k if stable else 0), label


WAYS = {"grouping": by_grouping, "mixture": by_mixture, "k-means": by_k_means}


def right(way: Callable[..., Answer], table: Table) -> bool:
    """Does the way find just the planted groups, or none where none are planted?"""
    from sklearn.metrics import adjusted_rand_score

    values, true = table
    best, label = way(customers(values), list(values))
    k = len(set(true.tolist()))
    return best == 0 if k == 1 else best == k and adjusted_rand_score(true, label) > RIGHT


def run(draws: int = DRAWS) -> str:
    """The table of this benchmark."""
    from threadpoolctl import threadpool_limits

    lines = [("", *WAYS)]
    spent = dict.fromkeys(WAYS, 0.0)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for heading, kinds in (("planted groups", PLANTED), ("no groups", CROWDS)):
            total = dict.fromkeys(WAYS, 0)
            for kind, draw in kinds.items():
                tables = [draw(np.random.default_rng(seed)) for seed in range(draws)]
                counts = {}
                for name, way in WAYS.items():
                    start = time.perf_counter()
                    counts[name] = sum(right(way, table) for table in tables)
                    spent[name] += time.perf_counter() - start
                    total[name] += counts[name]
                lines.append((f"{heading}: {kind}", *(f"{c} of {draws}" for c in counts.values())))
            lines.append((f"{heading}: all", *(f"{c} of {draws * len(kinds)}" for c in total.values())))
    tables = draws * (len(PLANTED) + len(CROWDS))
    lines.append(("seconds a table", *(f"{s / tables:.2f}" for s in spent.values())))
    wide = max(len(line[0]) for line in lines)
    return "\n".join("  ".join([line[0].ljust(wide), *(c.rjust(10) for c in line[1:])]) for line in lines)


if __name__ == "__main__":
    print(run(*map(int, sys.argv[1:])))
