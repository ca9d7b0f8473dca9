"""Profitability: who really pays, what customers cost to serve, and what they are worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib import portfolio
from kamlib.memory import remembered_while_equal
from kamlib.profitability import curve, future
from kamlib.profitability.curve import (
    SCOPES,
    concentration,
    customers,
    price_rise,
    ranked,
    scoped,
    summary,
    whale,
    year,
)  # fmt: skip
from kamlib.profitability.discounts import extra_volume, lost_volume, margin
from kamlib.profitability.discounts import table as discount_volume
from kamlib.profitability.future import future_value, retention
from kamlib.profitability.overheads import contribution, spiral
from kamlib.profitability.programme import channels, kam_cost, moved, payback, verdict, won_and_lost
from kamlib.profitability.rules import RULES
from kamlib.profitability.serving import by_activity, cost_to_serve, pools, use
from kamlib.settings import Settings
from kamlib.tables import Tables

__all__ = [
    "RULES", "SCOPES", "by_activity", "channels", "concentration", "contribution", "cost_to_serve", "customers",
    "discount_volume", "drawn", "extra_volume", "future_value", "kam_cost", "lost_volume", "margin", "moved",
    "payback", "pools", "price_rise", "ranked", "retention", "scoped", "spiral", "summary", "use", "verdict",
    "whale", "won_and_lost", "year",
]  # fmt: skip


def drawn(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`portfolio.drawn` with what each dot says of money.

    More columns: left (profit after cost to serve), eaten (cost to serve over gross profit, 0..; inf when
    it earns nothing), worth_low, worth_high (future value), about (all of it in words, for a tooltip).
    """
    points = portfolio.drawn(tables, settings)
    everywhere = settings.model_copy(update={"segment": ""})
    seen, worth = (
        _by_customer(curve.money(tables, everywhere)),
        _by_customer(future.values(tables, everywhere)),
    )
    more = _money(points["customer"], points["name"], seen, worth, settings.horizon_years)
    return points.assign(**more)


@remembered_while_equal
def _by_customer(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("customer")


@remembered_while_equal
def _money(
    at: pd.Series, names: pd.Series, seen: pd.DataFrame, worth: pd.DataFrame, years: int
) -> dict[str, Any]:
    left, gross, serve = (at.map(seen[c]) for c in ("profit", "gross_profit", "cost_to_serve"))
    with np.errstate(divide="ignore", invalid="ignore"):
        eaten = np.where(gross > 0, serve / gross, np.where(serve > 0, np.inf, np.nan))
    low, high = at.map(worth["low"]), at.map(worth["high"])
    about = [_about(years, *row) for row in zip(names, gross, serve, left, low, high, strict=True)]
    return {"left": left, "eaten": eaten, "worth_low": low, "worth_high": high, "about": about}


def _about(years: int, name: str, gross: float, serve: float, left: float, low: float, high: float) -> str:
    if gross != gross:
        return f"{name}: profit not known"
    parts = [f"{name}: earns {gross:,.0f}"]
    parts += (
        [f"costs {serve:,.0f} to serve", f"{left:,.0f} left"]
        if serve == serve
        else ["cost to serve not known"]
    )
    if low == low:
        parts.append(f"worth {low:,.0f} to {high:,.0f} over {years} years")
    return " · ".join(parts)
