"""Segmentation by discovery: which customers are alike, and how far the data support any grouping at all.

k-means on standardised columns (skewed ones on a log scale); how many groups: silhouette against data
without groups, BIC of Gaussian mixtures, and how stable the groups are when the customers are drawn
anew. scikit-learn is loaded when groups are looked for, and not before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.imports import numbers
from kamlib.imports.figures import UNKNOWN

NEVER = {"customer", "name", "segment", "note", "manager", "rival"}  # they name, or are what is looked for
SIZE = re.compile(
    r"revenue|turnover|sales|profit|employee|staff|headcount|volume|spend|size|umsatz|premium", re.I
)
MOST_GROUPS, FEWEST_CUSTOMERS, MOST_LEVELS, FEW_CODES = 8, 12, 12, 6
NULLS, REDRAWN, SAMPLE = (
    24,
    20,
    400,
)  # data sets without groups (of each kind), redrawn ones, customers in each
BEYOND, STABLE, DIP = 3.0, 0.8, 0.8  # standard deviations above no groups; adjusted Rand; density between
MISSING = "not known"
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, eq=False)
class Discovery:
    """What was found. All tables are ordered by group, A being the largest.

    groups: customer, name, group ("" where nothing is known of the customer), close (0..1, how
    typical), second (the next group), near (on the border between two). support: k, silhouette (-1..1),
    by_chance (what data without groups reach in 19 of 20 cases), bic, bic_one (of a single group),
    stability (0..1, adjusted Rand index of groups redrawn), smallest (customers), holds. supported: do
    the data support any number of groups; best: which (0: none); shown: the number drawn. profile:
    group, column, kind, value, low, high (quartiles, standardised as middle is 0), middle, share, overall,
    effect, words. words: group, customers, share_pct, description. notes: what to know besides.
    """

    groups: pd.DataFrame
    support: pd.DataFrame
    profile: pd.DataFrame
    words: pd.DataFrame
    supported: bool
    best: int
    shown: int
    verdict: str
    notes: tuple[str, ...]


# which columns there are


def columns(customers: pd.DataFrame) -> pd.DataFrame:
    """The columns by which customers could be grouped.

    Columns: column, kind (numeric, categorical; or identifier, text, constant, empty, which cannot be
    used), known, distinct, size_like (does it say mere size?), suggested.
    """
    rows = [_column(name, customers[name]) for name in customers if name not in NEVER]
    table = pd.DataFrame(rows, columns=["column", "kind", "known", "distinct", "size_like"])
    usable = table["kind"].isin(["numeric", "categorical"]) & (table["known"] >= 0.5 * len(customers))
    few = (usable & ~table["size_like"]).sum() < 2
    return table.assign(suggested=usable & (~table["size_like"] | few))


def _column(name: str, cells: pd.Series) -> tuple[Any, ...]:
    texts, values = _read(cells)
    known = [t for t in texts if t]
    distinct = len(set(known))
    size = bool(SIZE.search(str(name)))
    figures = values[~np.isnan(values)]
    if not known:
        kind = "empty"
    elif distinct == 1:
        kind = "constant"
    elif len(figures) >= 0.9 * len(known):
        whole = bool((figures == np.round(figures)).all())
        steps = np.diff(np.sort(figures))
        if whole and distinct <= FEW_CODES and len(known) >= 5 * distinct:
            kind = "categorical"
        elif whole and distinct == len(figures) > 20 and steps.max() == 1:
            kind = "identifier"
        else:
            kind = "numeric"
    elif distinct <= MOST_LEVELS and distinct <= 0.5 * len(known):
        kind = "categorical"
    else:
        kind = "identifier" if distinct > 0.8 * len(known) else "text"
    return name, kind, len(known), distinct, size


def _read(cells: pd.Series) -> tuple[list[str], np.ndarray]:
    """The texts of a column ("" for unknown) and their numbers (NaN for none)."""
    if cells.dtype.kind in "fi":
        values = cells.to_numpy(float)
        return ["" if v != v else f"{v:g}" for v in values], values
    texts = ["" if str(t).strip().lower() in UNKNOWN else str(t).strip() for t in cells]
    plain, bad = numbers(texts)
    wrong = set(bad)
    values = [float(t) if t and i not in wrong else np.nan for i, t in enumerate(plain)]
    return texts, np.array(values, dtype=float)


# looking for groups


@dataclass(frozen=True, eq=False)
class _Data:
    """Customers x features, standardised; `codes` are the categorical columns, -1 for not known."""

    ids: list[str]
    names: list[str]
    numeric: np.ndarray
    codes: list[np.ndarray]
    read: dict[str, tuple[list[str], np.ndarray]]
    kinds: dict[str, str]
    notes: list[str]

    @property
    def matrix(self) -> np.ndarray:
        return _features(self.numeric, self.codes)


def find(customers: pd.DataFrame, chosen: Sequence[str], groups: int = 0) -> Discovery:
    """Groups of customers that are alike in the chosen columns; `groups` 0 takes as many as the data support.

    The same customers give the same groups, in whatever order they stand. Raises InvalidInput where
    there is nothing to group by, or too few customers.
    """
    from sklearn.metrics import silhouette_samples
    from threadpoolctl import threadpool_limits

    data, silent = _prepared(customers, list(chosen))
    most = min(MOST_GROUPS, len(data.ids) // 4)
    if groups and not 2 <= groups <= most:
        raise InvalidInput(f"{groups} groups cannot be made of {len(data.ids)} customers.", found=groups,
                           allowed=f"from 2 to {most}")  # fmt: skip
    with threadpool_limits(1):  # the same sums in the same order, and faster for so little
        matrix = data.matrix
        fits = {k: _kmeans(matrix, k, 10) for k in range(2, most + 1)}
        support = _support(data, matrix, fits)
        holding = support[support["holds"]]
        best = int(holding.loc[holding["beyond"].idxmax(), "k"]) if len(holding) else 0
        shown = groups or best or int(support.loc[support["beyond"].idxmax(), "k"])
        labels, centres = _ordered(*fits[shown])
        inner = _sample(len(matrix), 2000)
        width = np.full(len(matrix), np.nan)
        width[inner] = silhouette_samples(matrix[inner], labels[inner])
    table = _groups(data, matrix, labels, centres, silent)
    profile = _profile(data, labels, shown)
    words = _words(profile, labels, shown)
    return Discovery(table, support, profile, words, bool(best), best, shown, _verdict(support, best, groups),
                     tuple(data.notes))  # fmt: skip


def _prepared(customers: pd.DataFrame, chosen: list[str]) -> tuple[_Data, pd.DataFrame]:
    """The chosen columns of the customers that have anything in them, and the customers that do not."""
    if not chosen:
        raise InvalidInput("Choose at least one column to group customers by.")
    known = {name: kind for name, kind in columns(customers)[["column", "kind"]].itertuples(index=False)}
    for name in chosen:
        if name not in known:
            raise InvalidInput(f'There is no column "{name}" to group customers by.', found=name,
                               hint=did_you_mean(name, known))  # fmt: skip
    used = [c for c in chosen if known[c] in ("numeric", "categorical")]
    reasons = {"empty": "nothing is known in it", "constant": "it says the same of everybody",
               "identifier": "it names each customer", "text": "it is free text"}  # fmt: skip
    notes = [f"{c} is left out: {reasons[known[c]]}." for c in chosen if c not in used]
    rows = customers.sort_values("customer", kind="stable").reset_index(drop=True)
    read = {c: _read(rows[c]) for c in used}
    told = np.zeros(len(rows), dtype=bool)
    for c in used:
        told |= ~np.isnan(read[c][1]) if known[c] == "numeric" else np.array([bool(t) for t in read[c][0]])
    if not used:
        raise InvalidInput("None of these columns tells customers apart. " + " ".join(notes))
    if told.sum() < FEWEST_CUSTOMERS:
        raise InvalidInput(f"{told.sum()} customers with data are too few to look for groups: cut by hand.",
                           allowed=f"{FEWEST_CUSTOMERS} or more")  # fmt: skip
    where = np.flatnonzero(told)
    read = {c: ([texts[i] for i in where], values[where]) for c, (texts, values) in read.items()}
    numeric = [c for c in used if known[c] == "numeric"]
    gaps = {c: int(np.isnan(read[c][1]).sum()) for c in numeric}
    notes += [f"{c}: {n} unknown, taken as the middle." for c, n in gaps.items() if n]
    if all(SIZE.search(c) for c in used):
        notes.append("You chose size alone: a large customer of the past need not be part of your future.")
    block = (
        np.column_stack([_standard(read[c][1]) for c in numeric]) if numeric else np.zeros((len(where), 0))
    )
    codes = [pd.factorize(np.array([t or MISSING for t in read[c][0]], dtype=object), sort=True)[0]
             for c in used if known[c] == "categorical"]  # fmt: skip
    lost = rows[~told]
    if len(lost):
        notes.append(f"{len(lost)} customers have nothing in these columns and are in no group.")
    data = _Data(rows["customer"].iloc[where].tolist(), rows["name"].iloc[where].tolist(), block, codes, read,
                 {c: known[c] for c in used}, notes)  # fmt: skip
    return data, lost[["customer", "name"]]


def _standard(values: np.ndarray) -> np.ndarray:
    """Numbers with middle 0 and spread 1, on a log scale where a few are far above the others; unknown is 0."""
    known = values[~np.isnan(values)]
    if known.min() >= 0 and known.max() > 0 and _skew(known) > 1:
        unit = np.quantile(known[known > 0], 0.1)
        logged = np.log1p(values / unit)
        values = logged if abs(_skew(logged[~np.isnan(logged)])) < _skew(known) else values
    centred = values - np.nanmedian(values)
    spread = np.nanstd(centred) or 1.0
    return np.clip(np.nan_to_num(centred / spread), -4, 4)


def _skew(values: np.ndarray) -> float:
    spread = values.std()
    return float(((values - values.mean()) ** 3).mean() / spread**3) if spread > 0 else 0.0


def _features(numeric: np.ndarray, codes: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers and categories side by side; a category weighs as much as a number."""
    parts = [numeric]
    for code in codes:
        dummies = np.eye(code.max() + 1)[code]
        share = dummies.mean(axis=0)
        parts.append((dummies - share) / np.sqrt(max((share * (1 - share)).sum(), 1e-9)))
    return np.column_stack(parts)


def _kmeans(matrix: np.ndarray, k: int, starts: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.cluster import KMeans

    fit = KMeans(k, n_init=starts, random_state=seed).fit(matrix)
    return fit.labels_, fit.cluster_centers_


def _silhouette(matrix: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    inner = _sample(len(matrix), 2000)
    return float(silhouette_score(matrix[inner], labels[inner])) if len(set(labels[inner])) > 1 else 0.0


def _sample(size: int, most: int) -> np.ndarray:
    return np.arange(size) if size <= most else np.sort(np.random.default_rng(0).choice(size, most, False))


def _support(data: _Data, matrix: np.ndarray, fits: dict[int, Any]) -> pd.DataFrame:
    """For each number of groups what speaks for it: see Discovery."""
    from sklearn.metrics import adjusted_rand_score

    dice = np.random.default_rng(0)
    size = min(len(matrix), SAMPLE)
    nulls = [
        [_without_groups(data, matrix, size, kind, dice) for _ in range(NULLS)] for kind in ("normal", "even")
    ]
    bic = _bic(matrix, [1, *fits])
    rows = []
    for k, (labels, centres) in fits.items():
        silhouette = _silhouette(matrix, labels)
        chance = [np.array([_silhouette(x, _kmeans(x, k, 2)[0]) for x in each]) for each in nulls]
        beyond = min((silhouette - each.mean()) / (each.std(ddof=1) + 0.003) for each in chance)
        again = []
        for seed in range(REDRAWN):
            drawn = dice.integers(0, len(matrix), size)
            other = _kmeans(matrix[drawn], k, 2, seed)[1]
            again.append(adjusted_rand_score(labels, _nearest(matrix, other)[0]))
        smallest = int(np.bincount(labels, minlength=k).min())
        rows.append({
            "k": k, "silhouette": silhouette, "by_chance": max(float(np.quantile(e, 0.95)) for e in chance),
            "beyond": beyond, "bic": bic[k], "bic_one": bic[1], "stability": float(np.mean(again)),
            "dip": _dip(matrix, labels, centres), "smallest": smallest,
        })  # fmt: skip
    table = pd.DataFrame(rows)
    holds = (
        (table["beyond"] >= BEYOND) & (table["stability"] >= STABLE) & (table["bic"] < table["bic_one"])
        & (table["dip"] <= DIP) & (table["smallest"] >= max(3, 0.03 * len(matrix)))
    )  # fmt: skip
    return table.assign(holds=holds)


def _without_groups(
    data: _Data, matrix: np.ndarray, size: int, kind: str, dice: np.random.Generator
) -> np.ndarray:
    """Customers without groups: numbers as spread and as related as the real ones, categories shuffled."""
    numeric = data.numeric
    if numeric.shape[1]:
        middle = numeric.mean(axis=0)
        _, scale, axes = np.linalg.svd(numeric - middle, full_matrices=False)
        scores = (numeric - middle) @ axes.T
        if kind == "normal":
            drawn = dice.standard_normal((size, len(scale))) * scores.std(axis=0)
        else:
            drawn = dice.uniform(scores.min(axis=0), scores.max(axis=0), (size, len(scale)))
        made = drawn @ axes
        made = (made - made.mean(axis=0)) / np.maximum(made.std(axis=0), 1e-9)
    else:
        made = np.zeros((size, 0))
    return _features(made, [dice.permutation(code)[:size] for code in data.codes])


def _bic(matrix: np.ndarray, ks: Sequence[int]) -> dict[int, float]:
    """BIC of Gaussian mixtures with one common shape, on the main directions of the data; less is better."""
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    most = min(matrix.shape[1], 6)
    reduced = PCA(most, random_state=0).fit_transform(matrix)
    return {
        k: float(GaussianMixture(k, covariance_type="tied", reg_covar=0.01, n_init=1, random_state=0)
                 .fit(reduced).bic(reduced))
        for k in ks
    }  # fmt: skip


def _dip(matrix: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> float:
    """How crowded it is half way between two neighbouring groups, against what evenly spread would be (1)."""
    worst = 0.0
    for a in range(len(centres)):
        for b in range(a):
            line = centres[b] - centres[a]
            length = line @ line
            half = (centres[a] + centres[b]) / 2
            away = ((centres - half) ** 2).sum(axis=1)
            if length <= 0 or away.min() < 0.9 * away[a]:
                continue  # another group lies between them
            inside = np.isin(labels, (a, b))
            at = ((matrix[inside] - centres[a]) @ line) / length
            between = ((at > 0) & (at < 1)).sum()
            middle = ((at > 0.35) & (at < 0.65)).sum()
            worst = max(worst, (middle + 0.5) / (0.3 * between + 0.5))
    return worst


def _nearest(matrix: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row, and its distances to all centres."""
    away = np.sqrt(((matrix[:, None, :] - centres[None]) ** 2).sum(axis=2))
    return away.argmin(axis=1), away


def _ordered(labels: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The groups from the largest to the smallest; of two alike the one with the first customer."""
    count = np.bincount(labels, minlength=len(centres))
    first = [int(np.argmax(labels == g)) for g in range(len(centres))]
    order = sorted(range(len(centres)), key=lambda g: (-count[g], first[g]))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    return place[labels], centres[order]


# what is said about them


def _groups(
    data: _Data, matrix: np.ndarray, labels: np.ndarray, centres: np.ndarray, silent: pd.DataFrame
) -> pd.DataFrame:
    _, away = _nearest(matrix, centres)
    own = away[np.arange(len(labels)), labels]
    others = np.where(np.eye(len(centres), dtype=bool)[labels], np.inf, away)
    close = np.clip(1 - own / np.maximum(others.min(axis=1), 1e-9), 0, 1)
    table = pd.DataFrame({
        "customer": data.ids, "name": data.names, "group": [LETTERS[g] for g in labels], "close": close,
        "second": [LETTERS[g] for g in others.argmin(axis=1)], "near": close < 0.1,
    })  # fmt: skip
    lost = silent.assign(group="", close=np.nan, second="", near=False)
    return pd.concat([table, lost], ignore_index=True) if len(lost) else table


def _profile(data: _Data, labels: np.ndarray, k: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    at = 0
    for name, kind in data.kinds.items():
        texts, values = data.read[name]
        for g in range(k):
            mine = labels == g
            if kind == "numeric":
                rows.append(_numeric_row(name, LETTERS[g], values, data.numeric[:, at], mine))
            else:
                rows.append(_words_row(name, LETTERS[g], np.array([t or MISSING for t in texts]), mine))
        at += kind == "numeric"
    return pd.DataFrame(rows)


def _numeric_row(
    name: str, group: str, values: np.ndarray, standard: np.ndarray, mine: np.ndarray
) -> dict[str, Any]:
    inside, everywhere = values[mine], float(np.nanmedian(values))
    value = float(np.nanmedian(inside)) if (~np.isnan(inside)).any() else float("nan")
    low, middle, high = np.quantile(standard[mine], [0.25, 0.5, 0.75])
    if value != value:
        words = f"{name} not known"
    elif everywhere > 0 and value >= 0 and (value >= 1.5 * everywhere or value <= everywhere / 1.5):
        times = value / everywhere
        words = f"{name} {times:.1f} times the middle of all" if times >= 0.1 else f"hardly any {name}"
    else:
        words = f"{name} {_plain(value)}, the middle of all is {_plain(everywhere)}"
    return {"group": group, "column": name, "kind": "numeric", "value": value, "category": "", "low": low,
            "middle": middle, "high": high, "share": float("nan"), "overall": everywhere,
            "effect": abs(float(standard[mine].mean() - standard[~mine].mean())), "words": words}  # fmt: skip


def _words_row(name: str, group: str, texts: np.ndarray, mine: np.ndarray) -> dict[str, Any]:
    levels = sorted(set(texts))
    inside = {t: float((texts[mine] == t).mean()) for t in levels}
    overall = {t: float((texts == t).mean()) for t in levels}
    telling = max(levels, key=lambda t: (inside[t] - overall[t], t))
    share, usual = inside[telling], overall[telling]
    spread = np.sqrt(max(usual * (1 - usual), 1e-9))
    return {"group": group, "column": name, "kind": "categorical", "value": float("nan"), "category": telling,
            "low": float("nan"), "middle": float("nan"), "high": float("nan"), "share": share, "overall": usual,
            "effect": (share - usual) / spread,
            "words": f"{name} is {telling} for {share:.0%} ({usual:.0%} of all)".replace("%", " %")}  # fmt: skip


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _words(profile: pd.DataFrame, labels: np.ndarray, k: int) -> pd.DataFrame:
    rows = []
    for g in range(k):
        mine = profile[profile["group"] == LETTERS[g]].sort_values("effect", ascending=False, kind="stable")
        telling = mine[mine["effect"] >= 0.3].head(3)
        count = int((labels == g).sum())
        said = "; ".join(telling["words"]) or "much like everybody else"
        rows.append((LETTERS[g], count, 100 * count / len(labels), said[0].upper() + said[1:] + "."))
    return pd.DataFrame(rows, columns=["group", "customers", "share_pct", "description"])


def _verdict(support: pd.DataFrame, best: int, asked: int) -> str:
    if best:
        row = support.set_index("k").loc[best]
        text = (f"The data support {best} groups: when customers were drawn anew {REDRAWN} times, the groups "
                f"agreed to {row['stability']:.0%}.").replace("%", " %")  # fmt: skip
        return text + (f" You asked for {asked}." if asked and asked != best else "")
    return (
        "No groups supported: "
        + "; ".join(_against(support))
        + ". To cut here is your choice, not the data's."
    )


def _against(support: pd.DataFrame) -> Iterator[str]:
    row = support.loc[support["beyond"].idxmax()]
    if row["beyond"] < BEYOND:
        yield "these customers lie as close together as customers without any groups would"
    else:
        if row["stability"] < STABLE:
            yield f"groups drawn anew agreed to {row['stability']:.0%} only".replace("%", " %")
        if row["dip"] > DIP:
            yield "there is no gap between one group and the next"
        if row["bic"] >= row["bic_one"]:
            yield "one group describes them as well as several"
        yield from ["the smallest group is a handful of exceptions"] if row["smallest"] < 3 else []
