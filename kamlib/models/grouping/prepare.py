"""Chosen columns made comparable: long tails drawn in, spreads made equal, gaps filled and admitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models.grouping import cuts, reading
from kamlib.models.grouping.points import Space, space

FEWEST, LEAST_KNOWN = 12, 0.5
FAR = 3.0  # spreads from the middle beyond which a value counts by its logarithm only
SHIFTS, LEAST_SHIFT = (
    (0, 0.003, 0.01, 0.03, 0.1, 0.3, 1),
    0.1,
)  # of the middle value, tried in log(value + shift)
NOT_KNOWN = "not known"
SIZE_ALONE = (
    "You chose size alone: that sorts customers into large and small, which is seldom what makes them "
    "alike. Add a column on what they want or how they buy."
)


@dataclass(frozen=True)
class Ready:
    """Customers ready to be cut, sorted by id so that the order of the rows never matters.

    `who` has customer, name and known (has a value in a chosen column); `used` are the rows of
    `reading.columns` that take part; `raw` their values of the known customers (floats with NaN, or
    words with "not known"); `scaled` the standardised numbers (rows of `raw`, columns of numbers).
    """

    who: pd.DataFrame
    used: pd.DataFrame
    raw: pd.DataFrame
    scaled: pd.DataFrame
    points: Space
    notes: tuple[str, ...]


def ready(customers: pd.DataFrame, chosen: Sequence[str]) -> Ready:
    """The chosen columns of the customers as points. Raises InvalidInput where there is nothing to cut."""
    customers = customers.set_axis(customers.columns.map(str), axis=1)
    usable, notes = _usable(customers, chosen)
    rows = _sorted(customers, list(usable["column"]))
    raw = pd.DataFrame(
        {
            name: reading.numbers(rows[name]).where(reading.words(rows[name]) != "")
            if kind == "numeric"
            else reading.words(rows[name])
            for name, kind in zip(usable["column"], usable["kind"], strict=True)
        }
    )
    known = (raw.notna() & (raw != "")).any(axis=1)
    who = pd.DataFrame(
        {
            "customer": rows["customer"],
            "name": rows["name"].where(rows["name"] != "", rows["customer"]),
        }
    ).assign(known=known)
    if known.sum() < FEWEST:
        raise InvalidInput(
            f"{known.sum()} customers with known values are too few to look for groups: cut by hand.",
            table="customers",
            found=int(known.sum()),
            allowed=f"at least {FEWEST} customers",
        )
    notes += _gaps(rows[known], raw[known], int((~known).sum()))
    if usable["size_like"].all():
        notes.append(SIZE_ALONE)
    raw = raw[known].reset_index(drop=True)
    return _ready(who, usable, raw, notes)


def _ready(who: pd.DataFrame, used: pd.DataFrame, raw: pd.DataFrame, notes: list[str]) -> Ready:
    numeric = list(used.loc[used["kind"] == "numeric", "column"])
    wordy = list(used.loc[used["kind"] == "categorical", "column"])
    scaled = pd.DataFrame({c: standardised(raw[c].to_numpy()) for c in numeric}, index=raw.index)
    raw = raw.assign(**{c: raw[c].where(raw[c] != "", NOT_KNOWN) for c in wordy})
    codes = [np.unique(raw[c].to_numpy().astype(str), return_inverse=True)[1] for c in wordy]
    drawn_in = list(used.loc[used["skewed"].astype(bool), "column"])
    if drawn_in:
        notes.append(
            f"{_listed(drawn_in)}: a few very large values, so compared by ratio, not by difference."
        )
    if len(raw) > cuts.AT_MOST:
        notes.append(
            f"Groups were sought among {cuts.AT_MOST} of the {len(raw):,} customers, always the same ones, and "
            "the others put into the nearest."
        )
    points = space(scaled.to_numpy(), codes, raw[numeric].isna().to_numpy())
    return Ready(who, used, raw, scaled, points, tuple(notes))


def _usable(customers: pd.DataFrame, chosen: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The rows of `reading.columns` that were chosen and can be used, sorted by name, and notes on the others."""
    if isinstance(chosen, str) or not len(chosen):
        raise InvalidInput("Choose at least one column to look for groups in.", table="customers")
    offered = [
        str(c) for c in dict.fromkeys(customers.columns) if str(c) not in reading.NOT_OFFERED
    ]
    for name in chosen:
        if name not in offered:
            hint = did_you_mean(name, offered)
            raise InvalidInput(
                f'There is no column "{name}" to look for groups in.',
                table="customers",
                column=str(name),
                found=name,
                hint=hint,
            )
    wanted = sorted(dict.fromkeys(map(str, chosen)))
    table = pd.DataFrame(
        [reading.described(name, reading.first(customers, name)) for name in wanted]
    )
    table = _without_gappy(table, len(customers))
    notes = [
        f"{row.column} is left out: {row.why}." for row in table[~table["usable"]].itertuples()
    ]
    if not table["usable"].any():
        message = "None of the chosen columns tells customers apart."
        raise InvalidInput(message, table="customers", found=_listed(wanted), hint=" ".join(notes))
    return table[table["usable"]].reset_index(drop=True), notes


def _without_gappy(table: pd.DataFrame, rows: int) -> pd.DataFrame:
    """The same with numbers of too few customers marked as not usable: a guess for most would be no figure."""
    gappy = (table["kind"] == "numeric") & (table["known"] < LEAST_KNOWN * rows)
    why = table["why"].mask(gappy, "fewer than half of the customers have a figure")
    return table.assign(usable=table["usable"] & ~gappy, why=why)


def _sorted(customers: pd.DataFrame, used: list[str]) -> pd.DataFrame:
    """customer, name and the used columns, sorted by what stands in them and never by where it stands."""
    blank = pd.Series("", index=customers.index, dtype=object)
    rows = pd.DataFrame(
        {
            c: reading.first(customers, c) if c in customers else blank
            for c in ("customer", "name", *used)
        }
    )
    rows = rows.assign(customer=reading.words(rows["customer"]), name=reading.words(rows["name"]))
    order = rows.astype(str).sort_values(["customer", "name", *used], kind="stable").index
    return (
        rows.loc[order].reset_index(drop=True)
        if rows.index.is_unique
        else _sorted(customers.reset_index(drop=True), used)
    )


def _gaps(rows: pd.DataFrame, raw: pd.DataFrame, unknown: int) -> list[str]:
    """What was not known, or could not be read, and what stands in for it."""
    notes = []
    for name in raw:
        if raw[name].dtype == object:
            gaps = int((raw[name] == "").sum())
            if gaps:
                notes.append(f'{name}: {_customers(gaps)} without a value count as "{NOT_KNOWN}".')
            continue
        said = reading.words(rows[name])
        odd = said[(said != "") & raw[name].isna()]
        if len(odd):
            cells = "1 cell is no number" if len(odd) == 1 else f"{len(odd)} cells are no numbers"
            notes.append(
                f'{name}: {cells}, such as "{odd.iloc[0][:40]}"; that counts as not known.'
            )
        gaps = int(raw[name].isna().sum())
        if gaps:
            middle = figure(float(raw[name].median()))
            notes.append(
                f"{name}: {_customers(gaps)} without a figure are put where the middle value, {middle}, belongs."
            )
    if unknown:
        notes.append(f"{_customers(unknown)} without any value in these columns: in no group.")
    return notes


def standardised(values: np.ndarray) -> np.ndarray:
    """Numbers with mean 0 and variance 1, long tails and outliers drawn in; NaN becomes the middle one.

    Non-negative numbers with a long tail upwards are taken as logarithms, with the shift that leaves the
    least tail. What is more than FAR spreads from the middle counts by the logarithm of the excess.
    The unit never matters.
    """
    unknown = np.isnan(values)
    known = values[~unknown]
    known = np.round(known / (np.abs(known).max() or 1.0), 12)
    if reading.is_skewed(known):
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
    """log(value - base + shift), base 0 or the least value, with the least skewness of all that are tried."""
    best, least = values, abs(reading.skewness(values))
    for base in (0.0, values.min()):
        above = values - base
        unit = np.median(above[above > 0])
        for shift in SHIFTS:
            if above.min() + shift <= 0 or (base and shift < LEAST_SHIFT):
                continue
            tried = np.log(above / unit + shift)
            skewness = abs(reading.skewness(tried))
            if skewness < least - 1e-9:
                best, least = tried, skewness
    return best


def figure(value: float) -> str:
    """A number as people write it: 12,340, 45, 7.5, 0.25."""
    if not math.isfinite(value):
        return "?"
    size = abs(value)
    digits = 0 if size >= 100 or value == round(value) else 1 if size >= 3 else 2
    return f"{value:,.{digits}f}"


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count:,} customers"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
