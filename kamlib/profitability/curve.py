"""What is left of each customer once serving it is paid, and the whale curve that adds it up.

Source: key account management in financial services, chapter 7; concentration: Gastwirth 1972.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib import portfolio
from kamlib.memory import remembered, remembered_of, remembered_while_equal
from kamlib.profitability import serving
from kamlib.profitability.serving import year
from kamlib.settings import Settings
from kamlib.tables import Tables

COLUMNS = [
    "customer", "name", "segment", "status", "category", "year", "revenue", "gross_profit", "freight", "serving",
    "cost_to_serve", "profit", "doubtful", "words", "stands",
]  # fmt: skip
OF_MONEY = ("customers", "ledger", "pools", "activities", "time_terms", "activity_counts")
SCOPES = {
    "all": "All customers",
    "segment": "This segment",
    "key": "Key accounts only",
    "largest": "The largest twenty",
}
LARGEST = 20
UNNAMED = "unnamed"  # where a ledger keeps what it sold to nobody in particular


@remembered
def customers(tables: Tables, settings: Settings) -> pd.DataFrame:
    """One row a customer (of settings.segment, or all): what it earns, what serving it costs, what is left.

    Columns: COLUMNS. gross_profit: from the ledger of the year, or else as the customer list says.
    cost_to_serve = serving (activities) + freight; profit = gross_profit - cost_to_serve, NaN while the
    gross profit is unknown. doubtful: something in it is not known or estimated, `words` say what. category and
    stands: what was decided, or else suggested, and that in words.
    """
    found = money(tables, settings.model_copy(update={"segment": ""}))
    if settings.segment:
        found = found[found["segment"] == settings.segment].reset_index(drop=True)
    seen = portfolio.classes(tables, settings.model_copy(update={"segment": ""}))
    said = seen.drop_duplicates("customer").set_index("customer")[["category", "stands"]]
    said = said.reindex(found["customer"]).fillna("")
    return found.assign(category=said["category"].to_numpy(), stands=said["stands"].to_numpy())[COLUMNS]


@remembered_of(*OF_MONEY)
def money(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`customers` of all segments without the category, which no weight and no score can change."""
    listed = tables["customers"].drop_duplicates("customer").reset_index(drop=True)
    when = year(tables, settings)
    booked = _booked(tables["ledger"], when).reindex(listed["customer"]).set_axis(listed.index)
    inside = booked["revenue"].notna() | booked["gross_profit"].notna()
    served = serving.by_customer(tables).reindex(listed["customer"]).set_axis(listed.index)
    counts = len(tables["activities"]) > 0
    cost, freight = served["cost"], booked["freight"]
    gross = booked["gross_profit"].where(inside, listed["profit"])
    paid = (cost.fillna(0.0) + freight.fillna(0.0)).where(cost.notna() | freight.notna())
    words = [
        _words(*row)
        for row in zip(
            gross,
            booked["estimated_pct"].where(inside),
            cost.notna() | (not counts),
            served["complete"].eq(True) | cost.isna(),
            strict=True,
        )  # fmt: skip
    ]
    named = listed["name"].where(listed["name"] != "", listed["customer"])
    return pd.DataFrame({
        "customer": listed["customer"], "name": named, "segment": listed["segment"], "status": listed["status"],
        "year": np.where(inside, when, ""), "revenue": booked["revenue"].where(inside, listed["revenue"]),
        "gross_profit": gross, "freight": freight, "serving": cost, "cost_to_serve": paid,
        "profit": gross - paid.fillna(0.0), "doubtful": [bool(w) for w in words], "words": words,
    })  # fmt: skip


@remembered_while_equal
def _by_year(ledger: pd.DataFrame) -> pd.DataFrame:
    return ledger.drop_duplicates(["customer", "year"]).set_index(["year", "customer"])


def _booked(ledger: pd.DataFrame, when: str) -> pd.DataFrame:
    """Index customer: revenue, gross_profit, freight, estimated_pct of the year.

    Where the cost of a part of the revenue is not known, that part is taken at the margin of the rest.
    """
    rows = _by_year(ledger)
    rows = rows.loc[when] if when in rows.index.get_level_values("year") else rows.iloc[:0].droplevel("year")
    revenue, cost = rows["revenue"], rows["cost_of_sales"]
    uncosted = rows["uncosted"].fillna(0.0).where(cost.notna(), revenue)
    costed = revenue - uncosted
    margin = ((costed - cost) / costed.where(costed > 0)).where(costed > 0)
    part = (uncosted * margin).where(uncosted.ne(0), 0.0)
    share = 100 * uncosted / revenue.where(revenue > 0)
    return pd.DataFrame({"revenue": revenue, "gross_profit": costed - cost.fillna(0.0) + part,
                         "freight": rows["freight"], "estimated_pct": share.where(uncosted.ne(0), 0.0)})  # fmt: skip


def _words(gross: float, estimated_pct: float, counted: bool, complete: bool) -> str:
    if gross != gross:
        return "its gross profit is not known"
    said = []
    if estimated_pct != estimated_pct or abs(estimated_pct) < 1e-9:
        pass
    else:
        said.append(
            f"the cost of {estimated_pct:.0f} % of its revenue is not known and is taken at the margin of the rest"
        )
    if not counted:
        said.append("nobody has counted what serving it takes")
    elif not complete:
        said.append("part of what serving it takes is not known, so it costs at least this")
    return "; ".join(said)


def categories(tables: Tables, settings: Settings) -> dict[str, str]:
    """customer -> category, decided or else suggested, over all segments."""
    seen = portfolio.classes(tables, settings.model_copy(update={"segment": ""}))
    return dict(zip(seen["customer"], seen["category"], strict=True))


@remembered
def scoped(tables: Tables, settings: Settings, scope: str = "all") -> pd.DataFrame:
    """`customers` for a scope of SCOPES: all, segment, key (key and key development), largest (by revenue)."""
    whole = settings if scope == "segment" else settings.model_copy(update={"segment": ""})
    seen = customers(tables, whole)
    if scope == "key":
        return seen[seen["category"].isin(["key", "key_development"])]
    if scope == "largest":
        return seen.loc[seen["revenue"].nlargest(LARGEST).index]
    return seen


@remembered_while_equal
def ranked(seen: pd.DataFrame) -> pd.DataFrame:
    """The whale curve: customers whose profit is known, the most profitable first (ties by name).

    Columns: rank, customer, name, category, gross_profit, cost_to_serve, profit, cumulative, doubtful, words, stands.
    The last cumulative is the total, the greatest one the sum of all profits above zero.
    """
    known = seen[seen["profit"].notna()]
    known = known.sort_values(
        ["profit", "name", "customer"], ascending=[False, True, True], ignore_index=True
    )
    return known.assign(rank=np.arange(1, len(known) + 1), cumulative=known["profit"].cumsum())[
        ["rank", "customer", "name", "category", "gross_profit", "cost_to_serve", "profit", "cumulative", "doubtful", "words", "stands"]
    ]  # fmt: skip


@remembered
def whale(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`ranked` for the chosen segment, or for all customers."""
    return ranked(customers(tables, settings))


def summary(curve: pd.DataFrame) -> dict[str, float]:
    """The figures of a whale curve.

    customers, total, peak (sum of the profits above 0), loss_makers, lost (peak - total), top (how many
    are the top 20 %), top_profit, top_share_pct (of the total, or of the peak where the total is not
    above 0), of_peak (1.0 when the share is of the peak), top_of_peak_pct, at_peak (customers up to it).
    """
    profit = curve["profit"].to_numpy(float)
    n, total = len(profit), float(profit.sum())
    peak = float(profit[profit > 0].sum())
    top = math.ceil(0.2 * n - 1e-9)
    first = float(profit[:top].sum())
    base, of_peak = (total, 0.0) if total > 0 else (peak, 1.0)
    return {
        "customers": n, "total": total, "peak": peak, "loss_makers": int((profit < 0).sum()), "lost": peak - total,
        "top": top, "top_profit": first, "top_share_pct": 100 * first / base if base > 0 else math.nan,
        "of_peak": of_peak, "top_of_peak_pct": 100 * first / peak if peak > 0 else math.nan,
        "at_peak": int((profit > 0).sum()),
    }  # fmt: skip


def gini(values: pd.Series) -> float:
    """Gini coefficient of values of 0 or more: 0 all alike, towards 1 all in one hand; NaN without any."""
    x = np.sort(values.dropna().to_numpy(float))
    x = np.maximum(x, 0.0)
    n, total = len(x), x.sum()
    if not n or not total > 0:
        return math.nan
    return float(((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * total))


@remembered
def concentration(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Who the business depends on, the largest share first.

    Columns: customer, name, category, revenue, share_pct (of all known revenue), together_pct, profit,
    dependent (share above settings.dependency_pct). attrs: gini, hhi (0..1), unknown (customers without
    revenue).
    """
    seen = customers(tables, settings)
    seen = seen[seen["customer"] != UNNAMED]
    known = seen[seen["revenue"] > 0].sort_values(
        ["revenue", "name"], ascending=[False, True], ignore_index=True
    )
    share = 100 * known["revenue"] / known["revenue"].sum() if len(known) else known["revenue"]
    found = known[["customer", "name", "category", "revenue"]].assign(
        share_pct=share, together_pct=share.cumsum(), profit=known["profit"], dependent=share > settings.dependency_pct
    )  # fmt: skip
    found.attrs = {"gini": gini(known["revenue"]), "hhi": float(((share / 100) ** 2).sum()),
                   "unknown": int(((seen["status"] != "prospect") & seen["revenue"].isna()).sum())}  # fmt: skip
    return found


def price_rise(
    row: pd.Series | dict[str, float],
    total: float,
    rise_pct: float,
    loss_pct: float = 50.0,
    keep_pct: float | None = None,
) -> dict[str, float]:
    """What raising the price of one customer does, when part of the business then leaves.

    `row` has revenue, gross_profit and cost_to_serve; `total` is the profit of all customers; `keep_pct`
    the part of the cost to serve that remains (the part of the business that stays unless said). after =
    (1 - loss) (revenue (1 + rise) - cost) - cost_to_serve keep. Gives before, after, change, total_before,
    total_after and cover_change: how much more or less it brings towards the overheads before its cost to
    serve. Source: chapter 7, where half of the volume is lost.
    """
    revenue, gross, serve = (float(row[name]) for name in ("revenue", "gross_profit", "cost_to_serve"))
    serve = 0.0 if serve != serve else serve
    stays = 1 - loss_pct / 100
    keep = stays if keep_pct is None else keep_pct / 100
    earned = stays * (revenue * (1 + rise_pct / 100) - (revenue - gross))
    before, after = gross - serve, earned - serve * keep
    return {"before": before, "after": after, "change": after - before, "total_before": total,
            "total_after": total + after - before, "cover_change": earned - gross}  # fmt: skip
