"""What a customer is worth from now on: how long it stays, over a horizon, as a range.

Sources: chapter 7 (life = 1 / defection rate, an oversimplification that leaves out growth and
interest); Gupta and Lehmann 2005 (margin, retention, discount rate); Fader and Hardie 2007
(retention that grows with age: the shifted beta-geometric model, sBG).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models import verdict
from kamlib.models.lookup import by_key
from kamlib.models.profitability import curve, serving
from kamlib.workbook.book import Book, model

OWN, COHORT, GENERAL = "its own outlook", "customers like it", "the workbook's setting"
EVERYBODY = "all"
STAYS, GROWS = ["retention_low_pct", "retention_high_pct"], ["growth_low_pct", "growth_high_pct"]
WORTH = ["low", "high", "low_halved", "high_halved"]
COLUMNS = [*curve.WHO[:2], "segment", "category", "profit", *STAYS, *GROWS, *WORTH, "basis"]
CURVES = ["left_pct", "fitted_pct", "simple_pct", "retention_pct"]


def life(defection_pct: float) -> float:
    """Years a customer stays on average: 1 / q. Raises InvalidInput unless 0 < q <= 100 %."""
    if not 0 < defection_pct <= 100:
        text = f"The defection rate is {defection_pct:g} %; it must be above 0 and at most 100."
        hint = "If nobody ever leaves, choose a horizon instead."
        allowed = "more than 0, at most 100"
        raise InvalidInput(text, found=defection_pct, allowed=allowed, hint=hint)
    return 100 / defection_pct


def simple_value(defection_pct: float, profit: float, years: float = math.inf) -> float:
    """Profit a year times life, p / q; over N years p (1 - (1 - q)^N) / q. No growth, no interest.

    Raises InvalidInput as `life` does.
    """
    gone: float = 1 - (1 - defection_pct / 100) ** years
    return profit * life(defection_pct) * gone


def value(profit: Any, stay: np.ndarray, growth_pct: Any = 0.0, discount_pct: float = 0.0) -> Any:
    """Present value of a yearly profit p: the sum of p (1 + g)^(t-1) s_t / (1 + i)^t, t = 1, 2, ..

    `stay`: s_t, the chance (0..1) of being there after t years, in the last axis. The result has
    its other axes, with which those of profit and growth_pct are broadcast.
    """
    t = np.arange(1, stay.shape[-1] + 1)
    grown = profit * (1 + growth_pct / 100) ** (t - 1)
    return (grown * stay / (1 + discount_pct / 100) ** t).sum(axis=-1)


def sbg_retention(alpha: Any, beta: Any, age: Any) -> Any:
    """The retention rate (0..1) in the year `age` (1, 2, ..) of a customer; it grows with age."""
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
    if not any(g.sum() for g in gone) or any((g < 0).any() for g in gone):
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

    search = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000}
    best = minimize(unlikely, np.zeros(2), method="Nelder-Mead", options=search)
    alpha, beta = np.exp(np.clip(best.x, -12, 12))
    return float(alpha), float(beta)


def table(profit: float = 1000) -> pd.DataFrame:
    """Life and value by defection rate: defection_pct, life_years, value, value_10 (ten years)."""
    rates = (50, 33, 25, 20, 15, 10, 5)
    rows = [(q, life(q), simple_value(q, profit), simple_value(q, profit, 10)) for q in rates]
    return pd.DataFrame(rows, columns=["defection_pct", "life_years", "value", "value_10"])


# cohorts


@model
def _cohorts(book: Book) -> dict[str, pd.DataFrame]:
    """segment -> customers left, a row a cohort, a column an age; as far as known without a gap."""
    rows = book["cohorts"]
    rows = rows[rows["age"].str.fullmatch(r"\d{1,3}") & rows["customers"].notna()]
    rows = rows.assign(age=rows["age"].astype(int))
    rows = rows.drop_duplicates(["segment", "cohort", "age"], keep="last")
    left = {}
    for segment, counts in rows.groupby("segment", sort=False):
        wide = counts.pivot(index="cohort", columns="age", values="customers")
        wide = wide.reindex(index=counts["cohort"].unique(), columns=range(counts["age"].max() + 1))
        left[segment] = wide.where(wide.isna().cumsum(axis=1) == 0)
    return left


@model
def fits(book: Book) -> pd.DataFrame:
    """The sBG of each segment whose cohorts allow it: alpha, beta, oldest (age); index segment."""
    rows = {}
    for segment, left in _cohorts(book).items():
        alpha, beta = sbg_fit([row.dropna().to_list() for _, row in left.iterrows()])
        if alpha == alpha:
            rows[segment] = (alpha, beta, left.columns[left.notna().any()].max())
    return pd.DataFrame.from_dict(rows, orient="index", columns=["alpha", "beta", "oldest"])


@model
def retention(book: Book) -> pd.DataFrame:
    """How many stay, by age: observed, as the sBG says, and as one constant rate would say.

    Columns: segment, age, customers (observed that far), left_pct (NaN beyond what is known),
    fitted_pct, simple_pct, retention_pct (in that year, fitted; NaN at the beginning).
    """
    parts = []
    for segment, (alpha, beta, oldest) in fits(book).iterrows():
        age = np.arange(int(oldest) + 4)
        left = _cohorts(book)[segment].reindex(columns=age)
        before = left.shift(axis=1).where(left.notna())
        exposed, kept = before.sum(), left.where(before.notna()).sum()
        observed = (kept / exposed.where(exposed != 0)).where(age > 0, 1.0)
        fitted = np.append(1.0, sbg_left(alpha, beta, len(age) - 1))
        rows = pd.DataFrame({"segment": segment, "age": age, "customers": left.sum()})
        rows["left_pct"] = 100 * observed.to_numpy().cumprod()
        rows["fitted_pct"] = 100 * fitted
        rows["simple_pct"] = 100 * (kept.sum() / exposed.sum()) ** age
        rows["retention_pct"] = 100 * fitted / np.append(math.nan, fitted[:-1])
        parts.append(rows)
    nothing = pd.DataFrame(columns=["segment", "age", "customers", *CURVES])
    return pd.concat(parts, ignore_index=True) if parts else nothing


# each customer


@model
def future_value(book: Book) -> pd.DataFrame:
    """What each customer of today is worth over settings.horizon_years; the best first.

    Profit is what is left after cost to serve, discounted by settings.discount_rate_pct, at
    retention and growth from its own outlook, or else from cohorts of customers like it, or else
    from the settings. Columns: COLUMNS; low and high (NaN while profit or retention is unknown),
    low_halved and high_halved (if half as many left), basis (which retention it is, "" for none).
    """
    classes = curve.customers(book)[["customer", "category"]]
    rows = classes.merge(values(book), on="customer")[COLUMNS]
    return rows.sort_values(["high", "name"], ascending=[False, True], ignore_index=True)


@model
def values(book: Book) -> pd.DataFrame:
    """`future_value` of all segments without the category, in the order of the customers."""
    rows = curve.money(book)
    rows = rows[rows["status"] != "prospect"].reset_index(drop=True)
    outlook = by_key(book["outlook"], "customer")
    outlook = outlook.reindex(rows["customer"])
    rates, basis = _rates(book, rows, _range(outlook[STAYS]))
    growth = np.nan_to_num(_range(outlook[GROWS]))
    rows = rows[["customer", "name", "segment", "profit"]].assign(basis=basis)
    rows[STAYS], rows[GROWS] = 100 * rates[:, :, 0].T, growth
    for kept, low, high in ((rates, "low", "high"), ((1 + rates) / 2, "low_halved", "high_halved")):
        stay = kept.cumprod(axis=-1)[:, None]  # retention x growth x customers x years
        profit, grown = rows["profit"].to_numpy()[:, None], growth.T[..., None]
        worth = value(profit, stay, grown, book.settings.discount_rate_pct)
        rows[low], rows[high] = worth.min(axis=(0, 1)), worth.max(axis=(0, 1))
    return rows


def _rates(book: Book, rows: pd.DataFrame, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Retention (0..1) at worst and best x customers x years to come; and the basis of each."""
    fit = fits(book).reindex(rows["segment"])
    fit = fit.fillna(fits(book).reindex([EVERYBODY]).iloc[0])
    alpha, beta, oldest = fit.to_numpy(float).T[..., None]
    year = serving.year(book)
    began = by_key(book["customers"], "customer")["first_year"]
    age = (float(year) if year.isdecimal() else math.nan) - rows["customer"].map(began).to_numpy()
    age = np.floor(np.minimum(np.where(age >= 0, age, math.inf)[:, None], oldest))
    years = np.arange(1, book.settings.horizon_years + 1)
    of_age = [sbg_retention(alpha, beta, years), sbg_retention(alpha, beta, years + age)]
    general = [[book.settings.retention_low_pct, book.settings.retention_high_pct]]
    usual = _range(pd.DataFrame(general, dtype=float))
    told, alike = ~np.isnan(own[:, 0]), ~np.isnan(alpha[:, 0])
    plain = np.where(told[:, None], own, usual).T[..., None] / 100
    rates = np.where((alike & ~told)[:, None], of_age, plain)
    basis = np.select([told, alike, ~np.isnan(usual[:, 0])], [OWN, COHORT, GENERAL], "")
    return rates, basis.astype(object)


def _range(ends: pd.DataFrame) -> np.ndarray:
    """Both ends of a range in order, two columns; one that is unknown is the other."""
    return np.sort(ends.bfill(axis=1).ffill(axis=1).to_numpy(float), axis=1)


# the matrix


def drawn(book: Book) -> pd.DataFrame:
    """`verdict.drawn` with what each dot says of money.

    More columns: left (profit after cost to serve), eaten (cost to serve over gross profit, 0..;
    inf when it earns nothing), worth_low, worth_high (future value), about (all of it in words, for
    a tooltip). NaN while unknown.
    """
    points = verdict.drawn(book)
    more = _money(book).reindex(points["customer"])
    return points.join(more.set_axis(points.index))


@model
def _money(book: Book) -> pd.DataFrame:
    """Index customer: the columns that `drawn` adds, of all segments."""
    worth = values(book)[["customer", "low", "high"]]
    rows = curve.money(book).merge(worth, on="customer", how="left")
    rows = rows.rename(columns={"profit": "left", "low": "worth_low", "high": "worth_high"})
    gross, serve = rows["gross_profit"], rows["cost_to_serve"]
    eaten = (serve / gross.where(gross > 0)).mask(~(gross > 0) & (serve > 0), np.inf)
    about = [_about(row, book.settings.horizon_years) for row in rows.itertuples()]
    rows = rows.assign(eaten=eaten, about=about).set_index("customer")
    return rows[["left", "eaten", "worth_low", "worth_high", "about"]]


def _about(row: Any, years: int) -> str:
    if row.gross_profit != row.gross_profit:
        return f"{row.name}: profit not known"
    parts = [f"{row.name}: earns {row.gross_profit:,.0f}"]
    if row.cost_to_serve == row.cost_to_serve:
        parts += [f"costs {row.cost_to_serve:,.0f} to serve", f"{row.left:,.0f} left"]
    else:
        parts.append("cost to serve not known")
    if row.worth_low == row.worth_low:
        parts.append(f"worth {row.worth_low:,.0f} to {row.worth_high:,.0f} over {years} years")
    return " · ".join(parts)
