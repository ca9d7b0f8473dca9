"""Write pysensmcda.csv: `PYTHONPATH=. python tests/oracles/make.py` (see benchmarks/peers.py for the environment).

Its chances are volumes of polytopes, which pysensmcda finds from their corners: another way than ours to the same numbers.
A row is a kind, the coefficients, their chance of c . w > 0 (of "ranked" over the weights that do not rise from one
to the next) and, of "central", the mean weights of those who would put it above 0. "two" are half the difference of
two customers, which is how far the first is above the line at their mean.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import peers

HERE = Path(__file__).resolve().parent
WIDEST, CASES, MORE = 8, 1000, 80


def rows(dice: np.random.Generator, count: int, widest: int = WIDEST) -> list[np.ndarray]:
    """Rows of 2 to 8 coefficients of every kind: whole, halves, any, with ties, with zeros, one-sided, tiny beside huge."""
    kinds: list[Callable[[int], np.ndarray]] = [
        lambda j: dice.integers(-9, 10, j).astype(float),
        lambda j: dice.integers(-18, 19, j) / 2,
        lambda j: dice.normal(size=j),
        lambda j: dice.choice([-2.0, -1.0, 1.0, 3.0], j),
        lambda j: np.where(dice.random(j) < 0.4, 0.0, dice.integers(-9, 10, j)),
        lambda j: -dice.integers(0, 10, j).astype(float),
        lambda j: dice.integers(0, 10, j).astype(float),
        lambda j: dice.normal(size=j) * 10.0 ** dice.integers(-2, 3, j),
        lambda j: (dice.integers(2, 21, j) - dice.integers(2, 21, j)) / 4,
        lambda j: dice.integers(2, 21, j) / 2 - np.round(dice.uniform(1, 10, j), 2),
    ]
    made: list[np.ndarray] = []
    while len(made) < count:
        row = kinds[len(made) % len(kinds)](int(dice.integers(2, widest + 1)))
        if (
            row.any()
        ):  # all zero: on the line whatever the weights, which pysensmcda counts as above and we do not
            made.append(row)
    return made


def padded(given: list[np.ndarray]) -> np.ndarray:
    """One row each, NaN beyond its end."""
    table = np.full((len(given), WIDEST), np.nan)
    for row, own in zip(table, given, strict=True):
        row[: len(own)] = own
    return table


def main() -> None:
    dice = np.random.default_rng(20)
    two = [(dice.integers(2, 21, j) - dice.integers(2, 21, j)) / 4 for j in [*range(2, 9)] * 6]
    asked = {
        "any": ("shares", rows(dice, CASES)),
        "two": ("shares", [row for row in two if row.any()]),
        "ranked": ("ranked", rows(dice, MORE, 6)),
        "central": ("shares", rows(dice, MORE, 6)),
    }
    with (
        peers.peer("sens") as peer,
        (HERE / "pysensmcda.csv").open("w", newline="", encoding="utf-8") as file,
    ):
        write = csv.writer(file, lineterminator="\n")
        write.writerow(["kind", "coefficients", "chance", "central"])
        for kind, (what, given) in asked.items():
            answers, _ = peer.ask(what, rows=padded(given))
            for row, (chance, *middle) in zip(given, answers.tolist(), strict=True):
                shown = middle[: len(row)] if kind == "central" and chance > 0 else []
                write.writerow([kind, _text(row.tolist()), _text([chance]), _text(shown)])


def _text(numbers: list[float]) -> str:
    return " ".join(repr(number).removesuffix(".0") for number in numbers)


if __name__ == "__main__":
    main()
