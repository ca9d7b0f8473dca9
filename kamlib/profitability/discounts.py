"""What a discount costs in volume, and what a rise in price may cost before it does harm.

Source: key account management in financial services, chapter 7. The formulas leave out economies of
scale, marginal pricing, the contribution to overheads and all other costs of large customers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.profitability import curve
from kamlib.settings import Settings
from kamlib.tables import Tables

DISCOUNTS = (2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0)
MARGINS = (10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0)


def extra_volume(margin_pct: float, discount_pct: float) -> float:
    """The extra volume in % that earns the same gross profit after a discount of so many % of the price.

    100 d / (m - d); infinite when the discount takes the whole margin or more. extra_volume(20, 5) is
    33.33. Raises InvalidInput unless 0 < margin < 100 and discount >= 0.
    """
    margin, discount = _margin(margin_pct), _share(discount_pct, "discount")
    return 100 * discount / (margin - discount) if margin > discount else math.inf


def lost_volume(margin_pct: float, rise_pct: float) -> float:
    """The volume in % that may be lost after a rise in price before gross profit falls: 100 r / (m + r)."""
    margin, rise = _margin(margin_pct), _share(rise_pct, "rise in price")
    return 100 * rise / (margin + rise)


def _margin(value: float) -> float:
    if not 0 < value < 100:
        raise InvalidInput(f"The gross margin is {value:g} %; it must be above 0 and below 100.",
                           column="margin_pct", found=value, allowed="more than 0, less than 100")  # fmt: skip
    return value


def _share(value: float, what: str) -> float:
    if not 0 <= value < math.inf:
        raise InvalidInput(
            f"The {what} is {value:g} %; it must be 0 or more.", found=value, allowed="0 or more"
        )
    return value


def whole_percent(value: float) -> float:
    """Half up to a whole percent; NaN where no volume is enough."""
    return math.floor(value + 0.5 + 1e-9) if math.isfinite(value) else math.nan


def table(tables: Tables | None = None, settings: Settings | None = None,
          margins: Sequence[float] = MARGINS) -> pd.DataFrame:  # fmt: skip
    """Extra volume in whole % by discount (rows) and gross margin (columns m10 .. m50).

    NaN: the discount gives the whole margin away, so no volume is enough. With tables, the team's own
    margin comes first as the column ours.
    """
    own = margin(tables, settings)[0] if tables is not None and settings is not None else math.nan
    columns = (
        {f"m{m:g}": m for m in margins} if own != own else {"ours": own} | {f"m{m:g}": m for m in margins}
    )
    cells = {name: [whole_percent(extra_volume(m, d)) for d in DISCOUNTS] for name, m in columns.items()}
    return pd.DataFrame({"discount_pct": DISCOUNTS, **cells})


def margin(tables: Tables, settings: Settings) -> tuple[float, str]:
    """The team's own gross margin in % of the price, and where it comes from.

    The setting margin_pct, or else gross profit over revenue of the customers of whom both are known.
    NaN, and why, where nothing is known or the margin is not above 0 and below 100.
    """
    if settings.margin_pct is not None:
        return float(settings.margin_pct), "as the workbook says"
    everywhere = settings.model_copy(update={"segment": ""})
    known = curve.customers(tables, everywhere)
    known = known[known["gross_profit"].notna() & known["revenue"].notna()]
    revenue = known["revenue"].sum()
    found = 100 * known["gross_profit"].sum() / revenue if revenue > 0 else math.nan
    source = f"the figures of {len(known)} customer{'s' * (len(known) != 1)}"
    for digits in range(1, 5):  # as few as tell it from 0 and from 100
        shown = float(np.round(found, digits))
        if 0 < shown < 100:
            return shown, f"from {source}"
    if not math.isfinite(found):
        return math.nan, "no margin is known yet"
    said = f"{source} give a gross margin of {found:.4g} %; it must be above 0 and below 100"
    return math.nan, said
