"""Groups found in the data, beside one plain k-means of the same matrix: `PYTHONPATH=. python benchmarks/discovery.py`.

`discovery.find` cuts into 2 to 8 groups, does the same to 48 random tables and 20 redrawn ones, and
writes the words; the baseline is a single KMeans(n_clusters=3, n_init=10) of scikit-learn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.measure import Row, interleaved, table
from kamlib.models import grouping as discovery
from kamlib.models.grouping.preparation import prepared

REPEATS = 5
NUMBERS = [f"spend {i}" for i in range(6)]
CHOSEN = [*NUMBERS, "channel", "region"]


def customers(n: int) -> pd.DataFrame:
    """n customers with six skewed numbers and two columns of words, in two groups that overlap."""
    rng = np.random.default_rng(n)
    group = rng.integers(0, 2, n)
    spend = np.exp(rng.standard_normal((n, 6)) + group[:, None] * [2, 2, 1, 0, 0, 0]) * 1000
    return pd.DataFrame(
        {"customer": [f"c{i}" for i in range(n)], "name": ""}
        | dict(zip(NUMBERS, np.char.mod("%.2f", spend).T.astype(object), strict=True))
        | {
            "channel": np.where(rng.random(n) < 0.85, group, 1 - group).astype(str),
            "region": rng.choice([*"abc"], n),
        }
    )


def compare(n: int) -> Row:
    """`find` and the baseline, in turn; every call gets a table of its own, so that nothing is remembered."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    listed = customers(n)
    cells = prepared(listed, CHOSEN).points.cells
    with threadpool_limits(1):  # as `find` does; else the plain one waits for its own threads
        found, plain = interleaved(
            REPEATS,
            lambda: discovery.find(listed.copy(), CHOSEN),
            lambda: KMeans(n_clusters=3, n_init=10, random_state=0).fit(cells),
        )
    return Row(
        f"find, {n:,} customers x {len(CHOSEN)} columns",
        found,
        plain,
        target="<= 3000" if n < 1000 else "<= 15000",
    )


def run() -> str:
    """The table of this benchmark."""
    return table(
        "groups in the data; baseline: one k-means of the same matrix", [compare(440), compare(5000)]
    )


if __name__ == "__main__":
    print(run())
