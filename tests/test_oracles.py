"""Certainty and scoring against what others have published or computed: libraries, a study, a textbook.

- tests/oracles/pysensmcda.csv: volumes of polytopes found by pysensmcda 2.0.0; `PYTHONPATH=. python
  tests/oracles/make.py` writes it again, in an environment of its own (see benchmarks/peers.py).
- The thrombolysis example of the R package smaa: only its published figures are here. Its draws are under GPL-3 and
  how they were drawn is not told there, so nothing honest can be drawn again in their place; KAM_SMAA names a folder
  with its files thrombo-meas.txt.gz and thrombo-weights-nopref.txt.gz, else that test is skipped.
- Hwang and Yoon 1981: the table of four fighter aircraft by simple additive weighting. Their TOPSIS figures have no
  counterpart here.
"""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import certainty as bench
from kamlib.models import scoring
from kamlib.models.certainty import exact
from kamlib.models.certainty.weights import ERROR

HERE = Path(__file__).parent / "oracles"
SAMPLE, CHUNK = 2_000_000, 100_000


def numbers(cell: str) -> np.ndarray:
    return np.array(cell.split(), dtype=float)


def told(kind: str) -> list[tuple[np.ndarray, float, np.ndarray]]:
    """The coefficients, the chance and the central weights of each case of a kind."""
    with (HERE / "pysensmcda.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
    return [(numbers(r["coefficients"]), float(r["chance"]), numbers(r["central"])) for r in rows]


def near(factors: int) -> float:
    """pysensmcda rounds corners to nine decimals where there are two factors, and only there."""
    return 1e-9 if factors == 2 else 1e-12


@pytest.mark.parametrize(("kind", "least"), [("any", 1000), ("two", 40), ("central", 80)])
def test_the_chance_is_the_volume_of_a_polytope(kind, least):
    cases = told(kind)
    assert len(cases) >= least
    for row, chance, _ in cases:
        assert exact.above(row[None])[0] == pytest.approx(chance, abs=near(len(row)), rel=0), row


def test_rows_of_any_length_are_answered_together():
    cases = told("any")
    table, counts = np.zeros((len(cases), 8)), np.zeros((len(cases), 8), dtype=int)
    for n, (row, _, _) in enumerate(cases):
        table[n, : len(row)], counts[n, : len(row)] = row, 1
    assert exact.above(table, counts) == pytest.approx([chance for _, chance, _ in cases], abs=1e-9, rel=0)


def test_the_chance_over_a_ranking_is_the_volume_of_a_polytope():
    """Also where the factors stand in another order than their weights."""
    dice, cases = np.random.default_rng(2), told("ranked")
    assert len(cases) >= 80
    for row, chance, _ in cases:
        order = dice.permutation(len(row))
        weights = np.arange(len(row), 0, -1.0)
        found = exact.above(exact.ranked(row[None, order], weights[order]))[0]
        assert found == pytest.approx(chance, abs=near(len(row)), rel=0), row


def test_central_weights_are_the_centre_of_a_polytope():
    cases = [case for case in told("central") if len(case[2])]
    assert len(cases) >= 60
    for row, _, centre in cases:
        found = exact.central(row[None], np.ones(len(row), dtype=int))[0]
        assert found == pytest.approx(centre, abs=near(len(row)), rel=0), row


def test_nobody_would_where_the_polytope_is_empty():
    empty = [row for row, chance, _ in told("central") if chance == 0]
    assert empty
    for row in empty:
        assert np.isnan(exact.central(row[None], np.ones(len(row), dtype=int))).all()


@pytest.mark.parametrize("alpha", [(7, 1, 3, 2), (1, 1, 1, 1, 1, 1), (20, 12, 8), (2, 0, 5, 3, 1)])
def test_weights_around_our_own_against_two_million_draws(alpha):
    """Chances and central weights, within 4 standard errors; the draws are the same in every run."""
    dice, counts = np.random.default_rng(sum(alpha)), np.array(alpha)
    rows = np.vstack([dice.normal(size=(3, len(alpha))), dice.integers(-9, 10, (2, len(alpha))) / 2])
    rows += np.linspace(-0.5, 0.5, len(rows))[:, None]
    hits, sums, squares = np.zeros(len(rows)), np.zeros(rows.shape), np.zeros(rows.shape)
    for _ in range(SAMPLE // CHUNK):
        # sums of exponentials are gammas, and gammas over their sum are Dirichlet; 0 draws nothing
        drawn = dice.standard_gamma(counts, (CHUNK, len(counts)))
        drawn /= drawn.sum(axis=1, keepdims=True)
        above = (drawn @ rows.T > 0).astype(float)
        hits += above.sum(axis=0)
        sums += above.T @ drawn
        squares += above.T @ drawn**2
    chance = exact.above(rows, counts)
    noise = np.sqrt(np.maximum(chance * (1 - chance), 1e-12) / SAMPLE)
    assert (np.abs(hits / SAMPLE - chance) <= 4 * noise).all()
    common = hits > 1000
    mean = sums[common] / hits[common, None]
    spread = np.sqrt(np.maximum(squares[common] / hits[common, None] - mean**2, 0) / hits[common, None])
    assert common.sum() >= 3
    assert (np.abs(exact.central(rows, counts)[common] - mean) <= 4 * spread + 1e-12).all()


# the published figures of smaa's thrombolysis example, of 10,000 draws
ACCEPTABILITY = np.array([0.3504, 0.6496])  # heparin, enoxaparin
CENTRAL = np.array(
    [[0.1865, 0.2772, 0.5363], [0.4073, 0.3641, 0.2285]]
)  # proximal, distal thrombosis, bleeding


def r_numbers(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The numbers of an array that R has written with dput, first index fastest."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        text = file.read()
    inside = text[text.index("c(") + 2 : text.index(")")]
    return np.array(inside.split(","), dtype=float).reshape(shape, order="F")


@pytest.mark.skipif(not os.environ.get("KAM_SMAA"), reason="KAM_SMAA names no folder with smaa's draws")
def test_the_thrombolysis_example_of_smaa():
    """Its draws give its figures; with its draws of measurements alone, the exact chances and central weights do."""
    folder = Path(os.environ["KAM_SMAA"])
    values = r_numbers(folder / "thrombo-meas.txt.gz", (10_000, 2, 3))
    weights = r_numbers(folder / "thrombo-weights-nopref.txt.gz", (10_000, 3))
    ahead = values[:, 0] - values[:, 1]
    best = (ahead * weights).sum(axis=1) > 0
    assert best.mean() == pytest.approx(ACCEPTABILITY[0], abs=1e-9)
    for side, own, chosen, share, centre in zip(
        (1, -1), (best, ~best), (ahead, -ahead), ACCEPTABILITY, CENTRAL, strict=True
    ):
        assert weights[own].mean(axis=0) == pytest.approx(centre, abs=6e-5), side
        chance = exact.above(chosen)
        noise = np.sqrt((chance * (1 - chance)).mean() / len(chance))
        assert abs(chance.mean() - share) <= 4 * noise
        middle = np.nan_to_num(exact.central(chosen, np.ones(3, dtype=int)))
        pooled = (chance[:, None] * middle).sum(axis=0) / chance.sum()
        spread = weights[own].std(axis=0) / np.sqrt(own.sum())
        assert (np.abs(pooled - centre) <= 4 * spread).all()


def test_simple_additive_weighting_of_hwang_and_yoon():
    """Four aircraft, six attributes, the fourth a cost; the textbook divides by the best (a cost: the least by it)."""
    table = np.array(
        [
            [2.0, 1500, 20000, 5.5, 5, 9],
            [2.5, 2700, 18000, 6.5, 3, 5],
            [1.8, 2000, 21000, 4.5, 7, 7],
            [2.2, 1800, 20000, 5.0, 5, 5],
        ]
    )
    linear = table / table.max(axis=0)
    linear[:, 3] = table[:, 3].min() / table[:, 3]
    names = list("abcdef")
    weights = pd.Series([0.2, 0.1, 0.1, 0.1, 0.2, 0.3], names)
    found = scoring.weighted(pd.DataFrame(linear, columns=names), weights)
    assert found["score"].round(4).tolist() == [0.8355, 0.7073, 0.8514, 0.7374]
    assert (found["coverage"] == 1).all()


def test_the_benchmark_compares_like_with_like():
    """Its ways to the same chances agree: to a draw where they share their draws, else within sampling error."""
    scores, weights = bench.scores_of(40), bench.drawn(2000)
    chance, shares = bench.attractive(scores), bench.plain(scores, weights)
    noise = np.sqrt(np.maximum(chance * (1 - chance), 1e-3) / len(weights))
    assert (np.abs(chance - shares) <= 4.5 * noise).all()
    assert bench.blocked(scores, weights) == pytest.approx(shares, abs=1 / len(weights))
    margins = bench.scores_of(40, 1) - bench.scores_of(41, bench.RIVALS)[:40]
    led = bench.sampled_leads(margins, bench.drawn(20_000))
    assert np.abs(bench.leads(margins) - led).max() <= 3 * ERROR
