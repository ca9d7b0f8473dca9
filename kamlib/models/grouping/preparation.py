"""Chosen columns made comparable: long tails drawn in, spreads made equal, gaps filled and told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models.grouping import variables
from kamlib.models.grouping.clusters import AT_MOST, SEED, Space, space
from kamlib.models.lookup import name_or_key
from kamlib.wording import counted, listed

FEWEST, LEAST_KNOWN = 12, 0.5
FAR = 3.0  # spreads from the middle beyond which a value counts by its logarithm only
SHIFTS = (0, 0.003, 0.01, 0.03, 0.1, 0.3, 1)  # of the middle value, tried in log(value + shift)
NOT_KNOWN = "not known"
SIZE_ALONE = (
    "You chose size alone: that sorts customers into large and small, which is seldom what makes "
    "them alike. Add a column on what they want or how they buy."
)


@dataclass(frozen=True)
class Prepared:
    """Customers ready to be cut, sorted so that the order of the rows never matters.

    `who` has customer, name and known (has a value in a chosen column); `used` are the rows of
    `variables.columns` that take part; `raw` their values of the known customers (floats with NaN,
    or words with "not known"); `scaled` the standardised numbers (rows of `raw`). In `points` the
    middle stands in for an unknown number. It would look like a group, so in `sought`, where groups
    are looked for, a number of another customer does.
    """

    who: pd.DataFrame
    used: pd.DataFrame
    raw: pd.DataFrame
    scaled: pd.DataFrame
    points: Space
    sought: Space
    notes: tuple[str, ...]


def prepared(customers: pd.DataFrame, chosen: Sequence[str]) -> Prepared:
    """The chosen columns of the customers as points. Raises InvalidInput where nothing is left."""
    customers = customers.set_axis(customers.columns.map(str), axis=1).reset_index(drop=True)
    used, notes = _usable(customers, chosen)
    rows = _sorted(customers, list(used["column"]))
    numeric, wordy = (list(used.loc[used["kind"] == kind, "column"]) for kind in variables.USABLE)
    texts = rows[[*numeric, *wordy]].apply(variables.words)
    raw = rows[numeric].apply(variables.numbers).where(texts[numeric] != "").join(texts[wordy])
    raw = raw[list(used["column"])]
    known = (raw.notna() & (raw != "")).any(axis=1)
    if known.sum() < FEWEST:
        raise InvalidInput(
            f"{known.sum()} customers with known values are too few to look for groups: "
            "cut by hand.",
            table="customers",
            found=int(known.sum()),
            allowed=f"at least {FEWEST} customers",
        )
    notes += _gaps(texts[known], raw[known], int((~known).sum()))
    raw = raw[known].reset_index(drop=True)
    notes += _remarks(used, len(raw))
    scaled = pd.DataFrame({c: standardised(raw[c].to_numpy()) for c in numeric}, index=raw.index)
    raw = raw.assign(**{c: raw[c].where(raw[c] != "", NOT_KNOWN) for c in wordy})
    codes = [np.unique(raw[c].to_numpy().astype(str), return_inverse=True)[1] for c in wordy]
    points = space(scaled.to_numpy(), codes)
    sought = space(_guessed(scaled.to_numpy(), raw[numeric].isna().to_numpy()), codes)
    who = rows[["customer", "name"]].assign(known=known)
    return Prepared(who, used, raw, scaled, points, sought, tuple(notes))


def _usable(customers: pd.DataFrame, chosen: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The chosen rows of `variables.columns` that can be used, by name, and notes on the others.

    Numbers that fewer than half of the customers have are not used: a guess for most is no figure.
    """
    if isinstance(chosen, str) or not len(chosen):
        raise InvalidInput("Choose at least one column to look for groups in.", table="customers")
    offered = [c for c in dict.fromkeys(customers.columns) if c not in variables.NOT_OFFERED]
    wanted = sorted(dict.fromkeys(map(str, chosen)))
    for name in wanted:
        if name not in offered:
            text, hint = f'There is no column "{name}" to look for groups in.', did_you_mean
            place = {"table": "customers", "column": name, "found": name}
            raise InvalidInput(text, **place, hint=hint(name, offered))
    told = [variables.described(name, variables.first(customers, name)) for name in wanted]
    table = pd.DataFrame(told)
    gappy = (table["kind"] == "numeric") & (table["known"] < LEAST_KNOWN * len(customers))
    why = table["why"].mask(gappy, "fewer than half of the customers have a figure")
    table = table.assign(usable=table["usable"] & ~gappy, why=why)
    out = table[~table["usable"]]
    notes = [f"{row.column} is left out: {row.why}." for row in out.itertuples()]
    if len(out) == len(table):
        message = "None of the chosen columns tells customers apart."
        raise InvalidInput(message, table="customers", found=listed(wanted), hint=" ".join(notes))
    return table[table["usable"]].reset_index(drop=True), notes


def _sorted(customers: pd.DataFrame, used: list[str]) -> pd.DataFrame:
    """customer, name, the used columns: sorted by what stands in them, never by where it stands."""
    rows = pd.DataFrame({c: variables.first(customers, c) for c in used})
    for who in ("customer", "name"):
        said = variables.words(variables.first(customers, who)) if who in customers else ""
        rows = rows.assign(**{who: said})
    order = rows.astype(str).sort_values(["customer", "name", *used], kind="stable").index
    rows = rows.loc[order].reset_index(drop=True)
    return rows.assign(name=name_or_key(rows, "customer"))


def _gaps(texts: pd.DataFrame, raw: pd.DataFrame, unknown: int) -> Iterator[str]:
    """What was not known, or could not be read, and what stands in for it."""
    for name in raw:
        is_number = raw[name].dtype != object
        odd = texts.loc[(texts[name] != "") & raw[name].isna(), name]
        if len(odd):
            cells = counted(len(odd), "cell is no number", "cells are no numbers")
            yield f'{name}: {cells}, such as "{odd.iloc[0][:40]}"; that counts as not known.'
        gaps = int((raw[name].isna() | (raw[name] == "")).sum())
        who = counted(gaps, "customer")
        if gaps and is_number:
            middle = figure(float(raw[name].median()))
            put = f"without a figure are put where the middle value, {middle}, belongs"
            yield f"{name}: {who} {put}."
        elif gaps:
            yield f'{name}: {who} without a value count as "{NOT_KNOWN}".'
    if unknown:
        who = counted(unknown, "customer")
        yield f"{who} without any value in these columns: in no group."


def _remarks(used: pd.DataFrame, count: int) -> Iterator[str]:
    """What is done with these columns and so many customers, and what they can hardly tell."""
    if used["size_like"].all():
        yield SIZE_ALONE
    if used["skewed"].any():
        names = listed(used.loc[used["skewed"].astype(bool), "column"])
        yield f"{names}: a few very large values, so compared by ratio, not by difference."
    if count > AT_MOST:
        sample = f"Groups were sought among {AT_MOST} of the {count:,} customers"
        yield f"{sample}, always the same ones, and the others put into the nearest."


def standardised(values: np.ndarray) -> np.ndarray:
    """Numbers with mean 0 and variance 1, long tails drawn in; NaN becomes the middle one.

    Numbers of 0 or more with a long tail upwards are taken as logarithms. What is more than FAR
    spreads from the middle counts by the logarithm of the excess. The unit never matters.
    """
    unknown = np.isnan(values)
    known = values[~unknown]
    known = np.round(known / (np.abs(known).max() or 1.0), 12)
    if variables.is_skewed(known):
        known = _logarithm(known)
    spread, middle = known.std(), np.median(known)
    quartiles = float(np.subtract(*np.percentile(known, [75, 25]))) / 1.349
    away = (known - middle) / (quartiles if quartiles > 0.3 * spread else spread)
    beyond = np.maximum(np.abs(away) - FAR, 0)
    drawn = np.sign(away) * (np.minimum(np.abs(away), FAR) + np.log1p(beyond))
    scaled = (drawn - drawn.mean()) / drawn.std()
    result = np.full(len(values), np.median(scaled))
    result[~unknown] = scaled
    return np.round(result, 9)


def _logarithm(values: np.ndarray) -> np.ndarray:
    """log(value - base + shift), base 0 or the least value, whichever leaves the least skewness."""
    ways = [values]
    for base, shifts in ((0.0, SHIFTS), (values.min(), SHIFTS[4:])):
        above = values - base
        unit = np.median(above[above > 0])
        ways += [np.log(above / unit + shift) for shift in shifts if above.min() + shift > 0]
    return min(ways, key=lambda way: round(abs(variables.skewness(way)), 9))


def _guessed(scaled: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """A known number of another customer, always the same one, in place of each unknown one."""
    rng, scaled = np.random.default_rng(SEED), scaled.copy()
    for numbers, gap in zip(scaled.T, unknown.T, strict=True):
        numbers[gap] = rng.choice(numbers[~gap], int(gap.sum()))
    return scaled


def figure(value: float) -> str:
    """A number as people write it: 12,340, 45, 7.5, 0.25."""
    if not math.isfinite(value):
        return "?"
    size = abs(value)
    digits = 0 if size >= 100 or value == round(value) else 1 if size >= 3 else 2
    return f"{value:,.{digits}f}"
