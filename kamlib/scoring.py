"""Weighted scores that stay honest about cells nobody knows."""

from __future__ import annotations

import pandas as pd

LOWEST, HIGHEST = 1.0, 10.0
DIGITS = 9  # compare after rounding to nine decimals: 34/6 - 37/6 must be exactly -0.5


def wide(
    scores: pd.DataFrame, subjects: pd.Index | list[str], factors: pd.Index | list[str]
) -> pd.DataFrame:
    """Long scores (columns subject, factor, score) as a table subjects x factors, NaN for unknown."""
    table = scores.drop_duplicates(["subject", "factor"]).set_index(["subject", "factor"])["score"]
    return table.unstack().reindex(index=subjects, columns=factors).astype(float)


def weights_of(factors: pd.DataFrame) -> pd.Series:
    """The weight of each factor (index factor); an empty weight counts 1."""
    return factors.set_index("factor")["weight"].fillna(1.0)


def weighted(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Weighted mean of each row over its known cells, and what the unknown ones leave open.

    `scores` is subjects x factors (1..10, NaN unknown), `weights` (>= 0) has an entry a factor.
    Returns, by subject: score (NaN when nothing with a weight is known), coverage (known share of
    the weights, 0..1), low and high (the score if all unknown cells were at 1, or at 10).

    weighted of scores 8, unknown with weights 3, 1 is score 8, coverage 0.75, low 6.25, high 8.5.
    """
    total = weights.sum()
    known = scores.notna().mul(weights).sum(axis=1)
    return pd.DataFrame(
        {
            "score": scores.mul(weights).sum(axis=1) / known.where(known > 0),
            "coverage": known / total if total > 0 else float("nan"),
            "low": scores.fillna(LOWEST).mul(weights).sum(axis=1) / total if total > 0 else LOWEST,
            "high": scores.fillna(HIGHEST).mul(weights).sum(axis=1) / total if total > 0 else HIGHEST,
        }
    ).round(DIGITS)


def margins(pairs: pd.DataFrame) -> pd.DataFrame:
    """How far our score is above each competitor's, over the factors scored for both.

    `pairs` has a row for each subject, supplier and factor, with weight, ours and theirs (1..10,
    NaN unknown). Returns a row for each subject and supplier: margin (-9..9, NaN when no factor is
    scored for both), low and high (the margin when every unknown cell turns out worst or best for
    us), known (weight of the known cells, ours and theirs counted apart) and total.
    """
    weight, ours, theirs = pairs["weight"], pairs["ours"], pairs["theirs"]
    both = weight.where(ours.notna() & theirs.notna(), 0.0)
    sums = pd.DataFrame(
        {
            "subject": pairs["subject"],
            "supplier": pairs["supplier"],
            "weight": weight,
            "both": both,
            "difference": (both * (ours - theirs)).fillna(0.0),
            "low": weight * (ours.fillna(LOWEST) - theirs.fillna(HIGHEST)),
            "high": weight * (ours.fillna(HIGHEST) - theirs.fillna(LOWEST)),
            "ours_known": weight.where(ours.notna(), 0.0),
            "theirs_known": weight.where(theirs.notna(), 0.0),
        }
    ).groupby(["subject", "supplier"], sort=False, as_index=False).sum()
    some, total = sums["both"].where(sums["both"] > 0), sums["weight"].where(sums["weight"] > 0)
    return sums.assign(
        margin=(sums["difference"] / some).round(DIGITS),
        low=(sums["low"] / total).round(DIGITS),
        high=(sums["high"] / total).round(DIGITS),
    )
