"""What a discount costs in volume, and what a rise in price may cost before it does harm.

Source: key account management in financial services, chapter 7. The formulas leave out economies
of scale, marginal pricing, the contribution to overheads and all other costs of large customers.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models.profitability import curve
from kamlib.wording import counted
from kamlib.workbook.book import Book

DISCOUNTS = (2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0)
MARGINS = (10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0)


def extra_volume(margin_pct: float, discount_pct: float) -> float:
    """The extra volume in % that earns the same gross profit after a discount in % of the price.

    100 d / (m - d); infinite when the discount takes the whole margin or more. extra_volume(20, 5)
    is 33.33. Raises InvalidInput unless 0 < margin < 100 and discount >= 0.
    """
    _check(margin_pct, discount_pct, "discount")
    left = margin_pct - discount_pct
    return 100 * discount_pct / left if left > 0 else math.inf


def lost_volume(margin_pct: float, rise_pct: float) -> float:
    """The volume in % that a rise in price may cost before gross profit falls: 100 r / (m + r).

    Raises InvalidInput unless 0 < margin < 100 and rise >= 0.
    """
    _check(margin_pct, rise_pct, "rise in price")
    return 100 * rise_pct / (margin_pct + rise_pct)


def _check(margin: float, share: float, what: str) -> None:
    if not 0 < margin < 100:
        text = f"The gross margin is {margin:g} %; it must be above 0 and below 100."
        allowed = "more than 0, less than 100"
        raise InvalidInput(text, column="margin_pct", found=margin, allowed=allowed)
    if not 0 <= share < math.inf:
        text = f"The {what} is {share:g} %; it must be 0 or more."
        raise InvalidInput(text, found=share, allowed="0 or more")


def discount_volume(book: Book) -> pd.DataFrame:
    """Extra volume in whole % by discount_pct (rows) and gross margin (columns m10 .. m50).

    Half a percent counts as one. NaN: the discount gives the whole margin away, so no volume is
    enough. The team's own margin, where it is known, comes first as the column ours.
    """
    ours = margin(book)[0]
    columns = ({"ours": ours} if ours == ours else {}) | {f"m{m:g}": m for m in MARGINS}
    cells = {c: [extra_volume(m, d) for d in DISCOUNTS] for c, m in columns.items()}
    rows = np.floor(pd.DataFrame(cells).replace(math.inf, math.nan) + 0.5 + 1e-9)
    return rows.assign(discount_pct=DISCOUNTS)[["discount_pct", *columns]]


def margin(book: Book) -> tuple[float, str]:
    """The team's own gross margin in % of the price, and where it comes from.

    The setting margin_pct, or else gross profit over revenue of the customers whose both are known.
    NaN, and why, where nothing is known or the margin is not above 0 and below 100.
    """
    if book.settings.margin_pct is not None:
        return float(book.settings.margin_pct), "as the workbook says"
    known = curve.money(book)[["gross_profit", "revenue"]].dropna()
    gross, revenue = known.sum()
    exact = 100 * gross / revenue if revenue > 0 else math.nan
    if not math.isfinite(exact):
        return math.nan, "no margin is known yet"
    source = f"the figures of {counted(len(known), 'customer')}"
    for digits in range(1, 5):  # as few as tell it from 0 and from 100
        if 0 < np.round(exact, digits) < 100:
            return float(np.round(exact, digits)), f"from {source}"
    why = f"{source} give a gross margin of {exact:.4g} %; it must be above 0 and below 100"
    return math.nan, why
