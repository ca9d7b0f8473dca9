"""What is left of each customer once serving it is paid, and the whale curve that adds it up.

Source: key account management in financial services, chapter 7; concentration: Gastwirth 1972.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.models import portfolio
from kamlib.models.lookup import by_key, name_or_key
from kamlib.models.profitability import serving
from kamlib.workbook.book import Book, model

WHO = ["customer", "name", "category"]
COSTS = ["freight", "serving", "cost_to_serve"]
DOUBTS = ["doubtful", "words"]
MONEY = ["year", "revenue", "gross_profit", *COSTS, "profit", *DOUBTS]
RANKED = [*WHO, "gross_profit", "cost_to_serve", "profit", "cumulative", *DOUBTS, "stands"]
SHARES = ["share_pct", "together_pct", "profit", "dependent"]
SCOPES = {
    "all": "All customers",
    "segment": "This segment",
    "key": "Key accounts only",
    "largest": "The largest twenty",
}
KEY_ACCOUNTS = ("key", "key_development")
LARGEST = 20
PART = "the cost of {:.0f} % of its revenue is not known and is taken at the margin of the rest"
UNCOUNTED = "nobody has counted what serving it takes"
AT_LEAST = "part of what serving it takes is not known, so it costs at least this"
UNNAMED = "unnamed"  # where a ledger keeps what it sold to nobody in particular


@model
def customers(book: Book) -> pd.DataFrame:
    """What each customer (of settings.segment, or all) earns, costs and leaves, a row each.

    Columns: customer, name, segment, status, category (decided, or else suggested), MONEY, stands
    (the category in words). gross_profit: from the ledger of the year, or else as the list of
    customers says. cost_to_serve = serving (activities) + freight; profit = gross_profit -
    cost_to_serve, NaN while the gross profit is unknown. doubtful: something in it is not known or
    estimated, `words` say what.
    """
    classes = portfolio.classes(book.choosing(segment=""))
    classes = by_key(classes, "customer")[["category", "stands"]]
    rows = money(book)
    classes = classes.reindex(rows["customer"], fill_value="").set_axis(rows.index)
    rows = rows.join(classes)
    rows = rows[["customer", "name", "segment", "status", "category", *MONEY, "stands"]]
    inside = rows[rows["segment"] == book.settings.segment] if book.settings.segment else rows
    return inside.reset_index(drop=True)


@model
def money(book: Book) -> pd.DataFrame:
    """`customers` of all segments without the category, which no weight and no score can change."""
    listed = book["customers"].drop_duplicates("customer").reset_index(drop=True)
    costs = serving.use(book).groupby("customer")["cost"]
    served = costs.agg(serving="sum", known="count", counted="size")
    rows = listed[["customer", "segment", "status"]].join(_booked(book), on="customer")
    rows = rows.join(served, on="customer")
    inside = rows["revenue"].notna() | rows["gross_profit"].notna()
    gross = rows["gross_profit"].where(inside, listed["profit"])
    paid = rows[["serving", "freight"]].sum(axis=1, min_count=1)
    estimated = rows["estimated_pct"]
    part = estimated.map(PART.format).astype(object).where(estimated.abs() >= 1e-9, "")
    uncounted = rows["serving"].isna() & (len(book["activities"]) > 0)
    gap = np.select([uncounted, rows["known"] < rows["counted"]], [UNCOUNTED, AT_LEAST], "")
    words = part + np.where((part != "") & (gap != ""), "; ", "") + gap
    words = words.mask(gross.isna(), "its gross profit is not known")
    rows = rows.assign(
        name=name_or_key(listed, "customer"),
        year=np.where(inside, serving.year(book), ""),
        revenue=rows["revenue"].where(inside, listed["revenue"]),
        gross_profit=gross,
        cost_to_serve=paid,
        profit=gross - paid.fillna(0.0),
        doubtful=words != "",
        words=words,
    )
    return rows[["customer", "name", "segment", "status", *MONEY]]


def _booked(book: Book) -> pd.DataFrame:
    """Index customer: revenue, gross_profit, freight, estimated_pct of the year.

    Where the cost of a part of the revenue is not known, that part is taken at the margin of the
    rest: estimated_pct of the revenue.
    """
    ledger = book["ledger"]
    rows = ledger[ledger["year"] == serving.year(book)].drop_duplicates("customer")
    revenue, cost = rows["revenue"], rows["cost_of_sales"]
    uncosted = rows["uncosted"].fillna(0.0).where(cost.notna(), revenue)
    costed = revenue - uncosted
    margin = (costed - cost) / costed.where(costed > 0)
    gross = costed - cost.fillna(0.0) + (uncosted * margin).where(uncosted.ne(0), 0.0)
    share = (100 * uncosted / revenue.where(revenue > 0)).where(uncosted.ne(0), 0.0)
    rows = rows[["customer", "revenue", "freight"]].assign(gross_profit=gross, estimated_pct=share)
    return rows.set_index("customer")


@model
def scoped(book: Book, scope: str = "all") -> pd.DataFrame:
    """`customers` for a scope of SCOPES: key is key and key development, largest is by revenue."""
    if scope == "segment":
        return customers(book)
    rows = customers(book.choosing(segment=""))
    if scope == "key":
        return rows[rows["category"].isin(KEY_ACCOUNTS)]
    return rows.loc[rows["revenue"].nlargest(LARGEST).index] if scope == "largest" else rows


def ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """The whale curve: of `customers` those whose profit is known, the most profitable first.

    Columns: rank (1..; ties by name) and RANKED. The last cumulative is the total, the greatest one
    the sum of all profits above zero.
    """
    order = {"profit": False, "name": True, "customer": True}
    known = rows[rows["profit"].notna()]
    known = known.sort_values([*order], ascending=[*order.values()], ignore_index=True)
    known = known.assign(rank=known.index + 1, cumulative=known["profit"].cumsum())
    return known[["rank", *RANKED]]


@model
def whale(book: Book) -> pd.DataFrame:
    """`ranked` for the chosen segment, or for all customers."""
    return ranked(customers(book))


def summary(curve: pd.DataFrame) -> dict[str, float]:
    """The figures of a whale curve.

    customers, total, peak (sum of the profits above 0), loss_makers, lost (peak - total), top (how
    many are the top 20 %), top_share_pct (what these earn, of the total, or of the peak where the
    total is not above 0), of_peak (1.0 when the share is of the peak), top_of_peak_pct.
    """
    profit = curve["profit"].to_numpy(float)
    total, peak = float(profit.sum()), float(profit[profit > 0].sum())
    top = math.ceil(0.2 * len(profit) - 1e-9)
    earned = 100 * float(profit[:top].sum())
    base = total if total > 0 else peak
    return {
        "customers": len(profit),
        "total": total,
        "peak": peak,
        "loss_makers": int((profit < 0).sum()),
        "lost": peak - total,
        "top": top,
        "top_share_pct": earned / base if base > 0 else math.nan,
        "of_peak": float(total <= 0),
        "top_of_peak_pct": earned / peak if peak > 0 else math.nan,
    }


def gini(values: pd.Series) -> float:
    """Gini coefficient of values of 0 or more: 0 all alike, towards 1 all in one hand, or NaN."""
    x = np.sort(values.dropna().to_numpy(float).clip(min=0))
    n, total = len(x), x.sum()
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float((ranks * x).sum() / (n * total)) if total > 0 else math.nan


@model
def concentration(book: Book) -> pd.DataFrame:
    """Who the business depends on, the largest share first.

    Columns: customer, name, category, revenue, share_pct (of all known revenue), together_pct (so
    far), profit, dependent (share above settings.dependency_pct). attrs: gini.
    """
    rows = customers(book)
    rows = rows[(rows["customer"] != UNNAMED) & (rows["revenue"] > 0)]
    rows = rows.sort_values(["revenue", "name"], ascending=[False, True], ignore_index=True)
    share = 100 * rows["revenue"] / rows["revenue"].sum()
    dependent = share > book.settings.dependency_pct
    rows = rows.assign(share_pct=share, together_pct=share.cumsum(), dependent=dependent)
    rows = rows[[*WHO, "revenue", *SHARES]]
    rows.attrs = {"gini": gini(rows["revenue"])}
    return rows


def price_rise(
    row: pd.Series,
    total: float,
    rise_pct: float,
    loss_pct: float = 50.0,
    keep_pct: float | None = None,
) -> dict[str, float]:
    """What raising the price of one customer does, when part of the business then leaves.

    `row` has revenue, gross_profit and cost_to_serve; `total` is the profit of all customers;
    `keep_pct` of the cost to serve remains (as much as of the business unless said). after =
    (1 - loss) (revenue (1 + rise) - cost) - cost_to_serve keep. Gives before, after, change,
    total_before, total_after and cover_change: how much more or less it brings towards the
    overheads before its cost to serve. Source: chapter 7, where half of the volume is lost.
    """
    revenue, gross = float(row["revenue"]), float(row["gross_profit"])
    serve = 0.0 if pd.isna(row["cost_to_serve"]) else float(row["cost_to_serve"])
    stays = 1 - loss_pct / 100
    keep = stays if keep_pct is None else keep_pct / 100
    earned = stays * (revenue * (1 + rise_pct / 100) - (revenue - gross))
    before, after = gross - serve, earned - serve * keep
    change = {"before": before, "after": after, "change": after - before}
    totals = {"total_before": total, "total_after": total + after - before}
    return change | totals | {"cover_change": earned - gross}
