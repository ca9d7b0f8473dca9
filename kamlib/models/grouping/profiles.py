"""What makes each group a group, in figures and in plain words."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.models.grouping.preparation import Prepared, figure

PROFILE = [
    *("group", "column", "kind", "value", "share", "overall", "ratio", "effect", "words"),
    *("at", "low", "high", "level"),
]
TELLING, LITTLE, MOST_TOLD = 0.3, 0.2, 3
AS_GOOD_AS = 0.15  # a ratio nearer to 1 is told by its figures
ALIKE = "Much like everybody else in these columns."


def profile(ready: Prepared, group: pd.Series) -> pd.DataFrame:
    """Each column in each group, a row each; `group` has the letter of each customer of `raw`.

    Columns: group, column, kind; value (the median in the unit of the table; of words the level
    most typical of the group); share (of words: the part of the group with that level, 0..1) and
    overall (the median, or the share, of all customers); ratio (value to overall, NaN where either
    is not positive); effect (the group against all others, in standard deviations within them);
    words; and for pictures at, low, high (numbers: median and quartiles in standard deviations from
    the mean; words: the share of `level`, which is the same level for all groups, in this group
    and, twice, in all).
    """
    rows = []
    for letter in sorted(set(group)):
        inside = (group == letter).to_numpy()
        for column, kind in zip(ready.used["column"], ready.used["kind"], strict=True):
            raw = ready.raw[column]
            if kind == "numeric":
                figures = _of_numbers(column, raw, ready.scaled[column].to_numpy(), inside)
            else:
                figures = _of_words(column, raw, group, letter)
            rows.append((letter, column, kind, *figures))
    return pd.DataFrame(rows, columns=PROFILE)


def _of_numbers(
    column: str, raw: pd.Series, scaled: np.ndarray, inside: np.ndarray
) -> tuple[object, ...]:
    value, overall = float(raw[inside].median()), float(raw.median())
    ratio = value / overall if value > 0 and overall > 0 else math.nan
    low, at, high = np.percentile(scaled[inside], [25, 50, 75])
    one, other = scaled[inside], scaled[~inside]
    effect = 0.0
    if len(other):
        within = (len(one) * one.var() + len(other) * other.var()) / len(scaled)
        effect = float((one.mean() - other.mean()) / max(np.sqrt(within), 0.01))
    words = f"{column} {figure(value)} (typical {figure(overall)})"
    if not math.isfinite(value):
        words = f"{column} not known"
    elif abs(ratio - 1) > AS_GOOD_AS and ratio < 100:
        digits = 0 if ratio >= 10 else 1 if ratio >= 0.1 else 2
        words = f"{column} {ratio:.{digits}f} times the typical customer"
    return value, math.nan, overall, ratio, effect, words, at, low, high, ""


def _of_words(column: str, raw: pd.Series, group: pd.Series, letter: str) -> tuple[object, ...]:
    shares = pd.crosstab(group.to_numpy(), raw.to_numpy(), normalize="index")
    every = raw.value_counts(normalize=True).reindex(shares.columns)
    level = str((shares.loc[letter] - every).idxmax())
    share, overall = float(shares.loc[letter, level]), float(every[level])
    size = float((group == letter).mean())
    rest = min(max((overall - share * size) / max(1 - size, 1e-9), 0.0), 1.0)
    effect = 2 * (math.asin(math.sqrt(share)) - math.asin(math.sqrt(rest)))
    words = f"{column} is {level} for {100 * share:.0f} % ({100 * overall:.0f} % overall)"
    shown = str((shares.max() - shares.min()).idxmax())
    mean, at = float(every[shown]), float(shares.loc[letter, shown])
    return level, share, overall, share / overall, effect, words, at, mean, mean, shown


def told(table: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """The groups in words: group, customers, share_pct (0..100), description (of `profile`)."""
    rows = []
    for letter, count in group.value_counts().sort_index().items():
        part = table[table["group"] == letter]
        strength = part["effect"].abs().sort_values(ascending=False, kind="stable")
        telling = strength[strength >= max(TELLING, LITTLE * strength.max())].index[:MOST_TOLD]
        words = "; ".join(part.loc[telling, "words"])
        share = round(100 * count / len(group), 1)
        rows.append((letter, count, share, f"{words}." if words else ALIKE))
    return pd.DataFrame(rows, columns=["group", "customers", "share_pct", "description"])
