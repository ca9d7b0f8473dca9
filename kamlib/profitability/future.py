"""What a customer is worth from now on: how long it stays, over a horizon, as a range and not as one number.

Sources: chapter 7 (life = 1 / defection rate, an oversimplification that leaves out growth and interest);
Gupta and Lehmann 2005 (margin, retention, discount rate); Fader and Hardie 2007 (retention that grows
with age: the shifted beta-geometric model, sBG).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.memory import remembered, remembered_of, remembered_while_equal
from kamlib.profitability import curve
from kamlib.settings import Settings
from kamlib.tables import Tables

LONGEST = 400  # years that stand for ever
OWN, COHORT, GENERAL = "its own outlook", "customers like it", "the workbook's setting"
EVERYBODY = "all"


def life(defection_pct: float) -> float:
    """Years a customer stays on average: 1 / q. Raises InvalidInput unless 0 < q <= 100 %."""
    if not 0 < defection_pct <= 100:
        raise InvalidInput(f"The defection rate is {defection_pct:g} %; it must be above 0 and at most 100.",
                           found=defection_pct, allowed="more than 0, at most 100",
                           hint="If nobody ever leaves, choose a horizon instead.")  # fmt: skip
    return 100 / defection_pct


def simple_value(defection_pct: float, profit: float, years: float = math.inf) -> float:
    """Profit a year times life, p / q; over N years p (1 - (1 - q)^N) / q. No growth, no discounting."""
    stays = 1 - defection_pct / 100
    whole = profit * life(defection_pct)
    return whole if math.isinf(years) else whole * (1 - stays**years)


def value(
    profit: float,
    retention_pct: float,
    growth_pct: float = 0,
    discount_pct: float = 0,
    years: float = math.inf,
) -> float:
    """Present value of a yearly profit: the sum over t = 1, 2, .. of p (1 + g)^(t - 1) r^t / (1 + i)^t.

    Without growth and end p r / (1 + i - r). Infinite when r (1 + g) is 1 + i or more and there is no end.
    """
    r, g, i = retention_pct / 100, growth_pct / 100, discount_pct / 100
    step = r * (1 + g) / (1 + i)
    first = profit * r / (1 + i)
    if math.isinf(years):
        return first / (1 - step) if step < 1 else math.copysign(math.inf, profit) if profit else 0.0
    return first * (years if abs(step - 1) < 1e-12 else (1 - step**years) / (1 - step))


def value_along(profit: float, left: np.ndarray, growth_pct: float = 0, discount_pct: float = 0) -> float:
    """The same with the chance of being there after 1, 2, .. years given (`left`, 0..1)."""
    t = np.arange(1, len(left) + 1)
    grown = profit * (1 + growth_pct / 100) ** (t - 1)
    return float((grown * left / (1 + discount_pct / 100) ** t).sum())


def sbg_retention(alpha: float, beta: float, age: np.ndarray) -> np.ndarray:
    """The retention rate (0..1) in the year `age` (1, 2, ..) since the beginning: it grows with age."""
    return (beta + age - 1) / (alpha + beta + age - 1)


def sbg_left(alpha: float, beta: float, years: int, age: int = 0) -> np.ndarray:
    """The share still there after 1 .. years more, of customers that have stayed `age` years."""
    return np.cumprod(sbg_retention(alpha, beta, np.arange(age + 1, age + years + 1)))


def sbg_fit(cohorts: Sequence[Sequence[float]]) -> tuple[float, float]:
    """alpha and beta of the sBG that fits cohorts best (each: customers at age 0, 1, 2, ..).

    NaN where nobody has left or fewer than two ages are known. Maximum likelihood, as in the paper.
    """
    from scipy.optimize import minimize

    usable = [np.asarray(c, dtype=float) for c in cohorts if len(c) > 1]
    gone = [-np.diff(c) for c in usable]
    if not usable or sum(float(g.sum()) for g in gone) <= 0 or any((g < 0).any() for g in gone):
        return math.nan, math.nan

    def unlikely(at: np.ndarray) -> float:
        alpha, beta = np.exp(np.clip(at, -12, 12))
        total = 0.0
        for left, leaving in zip(usable, gone, strict=True):
            stay = sbg_left(alpha, beta, len(leaving))
            before = np.append(1.0, stay[:-1])
            total += (leaving * np.log(np.maximum(before - stay, 1e-300))).sum()
            total += left[-1] * np.log(max(stay[-1], 1e-300))
        return -total

    found = minimize(
        unlikely, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000}
    )
    alpha, beta = np.exp(np.clip(found.x, -12, 12))
    return float(alpha), float(beta)


def table(profit: float = 1000, rates: Sequence[float] = (50, 33, 25, 20, 15, 10, 5)) -> pd.DataFrame:
    """Life and value by defection rate: defection_pct, life_years, value, value_10 (over ten years)."""
    return pd.DataFrame([(q, life(q), simple_value(q, profit), simple_value(q, profit, 10)) for q in rates],
                        columns=["defection_pct", "life_years", "value", "value_10"])  # fmt: skip


# cohorts


def _cohorts(cohorts: pd.DataFrame, segment: str) -> list[list[float]]:
    own = cohorts[
        (cohorts["segment"] == segment)
        & cohorts["age"].str.fullmatch(r"\d{1,3}")
        & cohorts["customers"].notna()
    ]
    made = []
    for _, rows in own.groupby("cohort", sort=False):
        by_age = dict(zip(rows["age"].astype(int), rows["customers"], strict=True))
        counts: list[float] = []
        while len(counts) in by_age:  # as far as it is known without a gap
            counts.append(by_age[len(counts)])
        made.append(counts)
    return made


@remembered_while_equal
def _fits(cohorts: pd.DataFrame) -> dict[str, tuple[float, float, int]]:
    found = {}
    for segment in dict.fromkeys(cohorts["segment"]):
        listed = _cohorts(cohorts, segment)
        alpha, beta = sbg_fit(listed)
        if alpha == alpha:
            found[segment] = (alpha, beta, max(map(len, listed)) - 1)
    return found


def fit_of(tables: Tables, segment: str) -> tuple[float, float, int] | None:
    """alpha, beta and the greatest age known for a segment, or else for all; None without cohorts."""
    fits = _fits(tables["cohorts"])
    return fits.get(segment) or fits.get(EVERYBODY)


@remembered
def retention(tables: Tables, settings: Settings) -> pd.DataFrame:
    """How many stay, by age: observed, as the sBG says, and as one constant rate would say.

    Columns: segment, age, customers (observed that far), left_pct (NaN beyond what is known), fitted_pct,
    simple_pct, retention_pct (in that year, fitted). attrs of the frame: none.
    """
    rows = []
    for segment, (alpha, beta, oldest) in _fits(tables["cohorts"]).items():
        listed = [np.asarray(c) for c in _cohorts(tables["cohorts"], segment)]
        stay = np.append(1.0, sbg_left(alpha, beta, oldest + 3))
        exposed = sum(c[:-1].sum() for c in listed if len(c) > 1)
        kept = sum(c[1:].sum() for c in listed if len(c) > 1)
        constant = kept / exposed if exposed else math.nan
        observed = 1.0
        for age in range(oldest + 4):
            at = [(c[age - 1], c[age]) for c in listed if len(c) > age > 0]
            before = sum(b for b, _ in at)
            observed = (
                observed if age == 0 else observed * (sum(a for _, a in at) / before if before else math.nan)
            )
            rows.append((segment, age, sum(c[age] for c in listed if len(c) > age), 100 * observed, 100 * stay[age],
                         100 * constant**age, 100 * stay[age] / stay[age - 1] if age else math.nan))  # fmt: skip
    return pd.DataFrame(
        rows, columns=["segment", "age", "customers", "left_pct", "fitted_pct", "simple_pct", "retention_pct"]
    )


# each customer

COLUMNS = [
    "customer", "name", "segment", "category", "profit", "retention_low_pct", "retention_high_pct", "growth_low_pct",
    "growth_high_pct", "low", "high", "low_halved", "high_halved", "basis",
]  # fmt: skip


@remembered
def future_value(tables: Tables, settings: Settings) -> pd.DataFrame:
    """What each customer of today is worth over settings.horizon_years, as a range; the most valuable first.

    Profit is what is left after cost to serve, discounted by settings.discount_rate_pct, at retention and
    growth from its own outlook, or else from cohorts of customers like it, or else from the settings.
    Columns: COLUMNS; low and high (NaN while profit or retention is unknown), low_halved and high_halved:
    the same if half as many left. basis says which retention it is, "" when none is known.
    """
    found = values(tables, settings.model_copy(update={"segment": ""}))
    if settings.segment:
        found = found[found["segment"] == settings.segment]
    known = curve.categories(tables, settings)
    found = found.assign(category=[known.get(c, "") for c in found["customer"]])[COLUMNS]
    return found.sort_values(["high", "name"], ascending=[False, True], na_position="last", ignore_index=True)


@remembered_of(*curve.OF_MONEY, "outlook", "cohorts")
def values(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`future_value` of all segments without the category, in the order of the customers."""
    seen = curve.money(tables, settings)
    seen = seen[seen["status"] != "prospect"]
    said = tables["outlook"].drop_duplicates("customer").set_index("customer")
    first = tables["customers"].drop_duplicates("customer").set_index("customer")["first_year"]
    when = curve.year(tables, settings)
    now = float(when) if when.isdecimal() else math.nan
    rows = [_one(row, said, now - first.get(row.customer, math.nan), fit_of(tables, row.segment), settings)
            for row in seen.itertuples()]  # fmt: skip
    return pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "category"])


def _one(
    row: Any, said: pd.DataFrame, age: float, fit: tuple[float, float, int] | None, settings: Settings
) -> tuple[Any, ...]:
    own = said.loc[row.customer] if row.customer in said.index else pd.Series(math.nan, index=said.columns)
    rates = _pair(own["retention_low_pct"], own["retention_high_pct"])
    grow = [0.0 if g != g else g for g in _pair(own["growth_low_pct"], own["growth_high_pct"])]
    years, i = settings.horizon_years, settings.discount_rate_pct
    head = (row.customer, row.name, row.segment, row.profit)
    basis = OWN
    if rates[0] != rates[0] and fit is not None:
        alpha, beta, oldest = fit
        ages = [0, int(min(age, oldest)) if age == age and age >= 0 else oldest]
        rates, basis = [100 * float(sbg_retention(alpha, beta, np.array(a + 1.0))) for a in ages], COHORT
        left = [sbg_left(alpha, beta, years, a) for a in ages]
        halved = [
            np.cumprod((1 + sbg_retention(alpha, beta, np.arange(a + 1, a + years + 1))) / 2) for a in ages
        ]
    else:
        if rates[0] != rates[0]:
            general = [settings.retention_low_pct, settings.retention_high_pct]
            rates = _pair(*(math.nan if g is None else float(g) for g in general))
            basis = GENERAL if rates[0] == rates[0] else ""
        t = np.arange(1, years + 1)
        left = [(r / 100) ** t for r in rates]
        halved = [((1 + r / 100) / 2) ** t for r in rates]
    if row.profit != row.profit or not basis:
        return (*head, *rates, *grow, math.nan, math.nan, math.nan, math.nan, basis)
    worth = [value_along(row.profit, stay, g, i) for stay in left for g in grow]
    more = [value_along(row.profit, stay, g, i) for stay in halved for g in grow]
    return (*head, *rates, *grow, min(worth), max(worth), min(more), max(more), basis)


def _pair(low: float, high: float) -> list[float]:
    """Both ends of a range in order; one that is unknown is the other."""
    low, high = (high if low != low else low), (low if high != high else high)
    return sorted([low, high]) if low == low else [math.nan, math.nan]
