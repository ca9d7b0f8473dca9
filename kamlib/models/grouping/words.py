"""What makes each group a group, in figures and in plain words."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.models.grouping.prepare import Ready, figure

PROFILE = [
    "group",
    "column",
    "kind",
    "value",
    "share",
    "overall",
    "ratio",
    "effect",
    "words",
    "at",
    "low",
    "high",
    "level",
]
TELLING, LITTLE, MOST_TOLD = 0.3, 0.2, 3
AS_GOOD_AS = 0.15  # a ratio nearer to 1 is told by its figures


def profile(ready: Ready, group: pd.Series) -> pd.DataFrame:
    """Each column in each group, a row each; `group` has the letter of every customer of `ready.raw`.

    Columns: group, column, kind; value (the median in the unit of the table; of words the level most
    typical of the group); share (of words: the part of the group with that level, 0..1) and overall (the
    median, or the share, of all customers); ratio (value to overall, NaN where either is not positive);
    effect (the group against all others, in standard deviations within them); words; and for pictures
    at, low, high (numbers: median and quartiles in standard deviations from the mean; words: the
    share of `level`, which is the same level for all groups, in this group and, twice, in all).
    """
    letters = sorted(set(group))
    parts = [
        _number(ready, column, group, letter)
        if kind == "numeric"
        else _level(ready, column, group, letter)
        for letter in letters
        for column, kind in zip(ready.used["column"], ready.used["kind"], strict=True)
    ]
    return pd.DataFrame(parts, columns=PROFILE)


def _number(ready: Ready, column: str, group: pd.Series, letter: str) -> dict[str, object]:
    inside = (group == letter).to_numpy()
    raw, scaled = ready.raw[column], ready.scaled[column].to_numpy()
    value, overall = float(raw[inside].median()), float(raw.median())
    ratio = value / overall if value > 0 and overall > 0 else math.nan
    low, at, high = np.percentile(scaled[inside], [25, 50, 75])
    return {
        "group": letter,
        "column": column,
        "kind": "numeric",
        "value": value,
        "share": math.nan,
        "overall": overall,
        "ratio": ratio,
        "effect": _effect(scaled, inside),
        "words": _number_words(column, value, overall, ratio),
        "at": at,
        "low": low,
        "high": high,
        "level": "",
    }


def _effect(scaled: np.ndarray, inside: np.ndarray) -> float:
    """Difference of the means of the group and of the others, in standard deviations within the two."""
    one, other = scaled[inside], scaled[~inside]
    if not len(other):
        return 0.0
    within = (len(one) * one.var() + len(other) * other.var()) / len(scaled)
    return float((one.mean() - other.mean()) / max(np.sqrt(within), 0.01))


def _number_words(column: str, value: float, overall: float, ratio: float) -> str:
    if not math.isfinite(value):
        return f"{column} not known"
    if math.isfinite(ratio) and (abs(ratio - 1) > AS_GOOD_AS) and ratio < 100:
        times = (
            f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 0.1 else f"{ratio:.2f}"
        )
        return f"{column} {times} times the typical customer"
    return f"{column} {figure(value)} (typical {figure(overall)})"


def _level(ready: Ready, column: str, group: pd.Series, letter: str) -> dict[str, object]:
    shares = pd.crosstab(group.to_numpy(), ready.raw[column].to_numpy(), normalize="index")
    all_ = ready.raw[column].value_counts(normalize=True).reindex(shares.columns)
    level = str((shares.loc[letter] - all_).idxmax())
    share, overall = float(shares.loc[letter, level]), float(all_[level])
    shown = str((shares.max() - shares.min()).idxmax())
    mean = float(all_[shown])
    rest = (overall - share * (group == letter).mean()) / max(1 - (group == letter).mean(), 1e-9)
    return {
        "group": letter,
        "column": column,
        "kind": "categorical",
        "value": level,
        "share": share,
        "overall": overall,
        "ratio": share / overall if overall else math.nan,
        "effect": 2 * (math.asin(math.sqrt(share)) - math.asin(math.sqrt(min(max(rest, 0), 1)))),
        "words": f"{column} is {level} for {100 * share:.0f} % ({100 * overall:.0f} % overall)",
        "at": float(shares.loc[letter, shown]),
        "low": mean,
        "high": mean,
        "level": shown,
    }


def told(table: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """The groups in words: columns group, customers, share_pct (0..100), description (from `profile`)."""
    rows = []
    for letter, part in table.groupby("group"):
        strength = part["effect"].abs()
        telling = part[strength >= max(TELLING, LITTLE * strength.max())]
        most = telling.loc[
            telling["effect"].abs().sort_values(ascending=False, kind="stable").index
        ]
        words = "; ".join(most["words"].head(MOST_TOLD))
        count = int((group == letter).sum())
        rows.append(
            {
                "group": letter,
                "customers": count,
                "share_pct": round(100 * count / len(group), 1),
                "description": f"{words}."
                if words
                else "Much like everybody else in these columns.",
            }
        )
    return pd.DataFrame(rows, columns=["group", "customers", "share_pct", "description"])


OWN_CHOICE = "Cutting them anyway would be your choice, not the data's."
AGAINST = {
    "chance": "these customers look as evenly spread as random ones with the same averages and spreads.",
    "unstable": "cut again {again} times, too many customers changed sides; only {together:.0f} % of pairs "
    "ended up together again.",
    "handful": "only a handful of customers stands apart from all the others.",
    "between": "as many customers stand halfway between the groups as on an even spread, so the line "
    "could go anywhere.",
    "simpler": "one crowd with its ordinary spread describes these customers just as well.",
}


def verdict(support: pd.DataFrame, best: int, shown: int, asked: int, again: int) -> str:
    """What the data say of the number of groups, for people who never heard of a silhouette."""
    rows = support.set_index("k")
    if best:
        said = (
            f"The data support {best} groups: cut again {again} times, "
            f"{100 * rows.loc[best, 'together']:.0f} % of pairs ended up together again."
        )
        return said if shown == best else f"{said} {_other(rows, shown)}"
    reason = AGAINST[str(rows.loc[shown, "why"])]
    because = reason.format(again=again, together=100 * rows.loc[shown, "together"])
    if asked:
        return f"No groups supported: {because} The {shown} groups shown are your choice, not the data's."
    return f"No groups supported: {because} {OWN_CHOICE}"


def _other(rows: pd.DataFrame, shown: int) -> str:
    if rows.loc[shown, "supported"]:
        return f"They would bear the {shown} you asked for too."
    return f"The {shown} shown are your choice, not the data's."
