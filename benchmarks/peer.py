"""What the peers are asked, run by `benchmarks/peers.py` with their interpreter: no kamlib here.

A line of standard input says what is asked; its arrays are in given.npz of the folder that is the only argument. The answer
goes to answer.npy beside it, and how many milliseconds it took, after one round that does not count, to standard output.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np

LIBRARIES = ("pysensmcda", "pymcdm", "scikit-criteria", "numpy", "pandas", "scipy")


def exact(pairs: np.ndarray, bounds: np.ndarray) -> list:
    """pysensmcda, one call a customer: the share of all weights for which the first of two rows is the better one."""
    from pysensmcda.smaa import exact_acceptability

    types, wanted = np.ones(pairs.shape[2]), bool(bounds)
    return [
        exact_acceptability(pair, types, scaling="none", weight_bounds=wanted).acceptability[0]
        for pair in pairs
    ]


def shares(rows: np.ndarray) -> list:
    """The same for rows against nothing, of which NaN ends a row, with the central weights behind the share."""
    return [_against_nothing(row[~np.isnan(row)], None, len(row)) for row in rows]


def ranked(rows: np.ndarray) -> list:
    """The same over the weights that do not rise from one factor to the next."""
    made = []
    for row in rows:
        own = row[~np.isnan(row)]
        rises = (np.eye(len(own), k=1) - np.eye(len(own)))[:-1]
        made.append(_against_nothing(own, (rises, np.zeros(len(rises))), len(row)))
    return made


def _against_nothing(own: np.ndarray, constraints: tuple | None, width: int) -> list:
    from pysensmcda.smaa import exact_acceptability

    found = exact_acceptability(
        np.array([own, np.zeros(len(own))]), np.ones(len(own)), constraints, "none", False
    )
    return [found.acceptability[0], *found.central_weights[0], *[np.nan] * (width - len(own))]


def as_they_are(column: np.ndarray, cost: bool) -> np.ndarray:
    """No normalisation for pymcdm: all scores are on one scale."""
    return column


def simulate(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """pysensmcda's simulation of ranks, of which the scores of each draw are kept."""
    from pymcdm.methods import WSM
    from pysensmcda.smaa import simulate as ask

    found = ask(WSM(as_they_are), scores, np.ones(scores.shape[1]), weights).preferences
    return (found > found.mean(axis=1, keepdims=True)).sum(axis=0)


def pymcdm(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """pymcdm as documented, one call a draw, input checked as by default."""
    from pymcdm.methods import WSM

    method, types, counts = WSM(as_they_are), np.ones(scores.shape[1]), np.zeros(len(scores), int)
    for own in weights:
        score = method(scores, own, types)
        counts += score > score.mean()
    return counts


def criteria(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """scikit-criteria as documented: make a decision matrix, evaluate it, read the scores, once a draw."""
    from skcriteria import mkdm
    from skcriteria.agg.simple import WeightedSumModel

    method, types, counts = WeightedSumModel(), [max] * scores.shape[1], np.zeros(len(scores), int)
    for own in weights:
        score = method.evaluate(mkdm(scores, types, weights=own)).e_.score
        counts += score > score.mean()
    return counts


def versions() -> str:
    made = []
    for name in LIBRARIES:
        try:
            made.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(made)


ASKED = {
    "exact": exact,
    "shares": shares,
    "ranked": ranked,
    "simulate": simulate,
    "pymcdm": pymcdm,
    "criteria": criteria,
}


def main(folder: Path) -> None:
    warm = set()
    for line in sys.stdin:
        what = json.loads(line)["what"]
        if what == "versions":
            print(json.dumps({"versions": versions()}), flush=True)
            continue
        with np.load(folder / "given.npz") as given:
            arrays = dict(given)
        if what not in warm:
            warm.add(what)
            ASKED[what](
                **{
                    name: part if name == "scores" or not part.ndim else part[:2]
                    for name, part in arrays.items()
                }
            )
        start = time.perf_counter()
        answer = ASKED[what](**arrays)
        spent = (time.perf_counter() - start) * 1000
        np.save(folder / "answer.npy", np.asarray(answer))
        print(json.dumps({"ms": spent}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
