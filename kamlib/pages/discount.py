"""What a discount costs: how much more we would have to sell to earn the same."""

from __future__ import annotations

import math

from kamlib import catalogue, charts
from kamlib.models import profitability
from kamlib.pages.exhibit import Chart, Exhibit, Figures, Slider, View, stack
from kamlib.pages.html import fill, table

EXAMPLE_MARGIN = 25.0  # shown while the margin is not known


def _our_margin(view: View) -> float:
    margin, _ = profitability.margin(view.book)
    return margin if margin == margin else EXAMPLE_MARGIN


MARGIN = Slider(
    "margin",
    "Our gross margin, of the price",
    lambda v: min(1, _our_margin(v)),
    lambda v: max(90, _our_margin(v)),
    0.5,
    _our_margin,
)
OFF = Slider("off", "Discount, of the price", 0, 30, 0.5, 5.0)


def _discount_title(view: View) -> str:
    off, extra = view[OFF], profitability.extra_volume(view[MARGIN], view[OFF])
    if off == 0:
        return "Without a discount, the volume may stay as it is"
    if math.isinf(extra):
        return f"A discount of {off:g} % gives the whole margin away: no volume is enough"
    return f"A discount of {off:g} % needs {extra:.0f} % more volume to earn the same"


def _discount(view: View) -> str:
    own, source = profitability.margin(view.book)
    source = source if own == own else f"an example; {source}"
    margin, off = view[MARGIN], view[OFF]
    extra = profitability.extra_volume(margin, off)
    leaves_out = catalogue.items("discount_volume", "leaves_out").to_dict("records")
    return fill(
        "profit",
        "discount",
        margin=margin,
        off=off,
        extra=extra,
        infinite=math.isinf(extra),
        lost=profitability.lost_volume(margin, off),
        leaves_out=leaves_out,
        source=source if margin == _our_margin(view) else "",
    )


def _discount_table(view: View) -> str:
    rows = profitability.discount_volume(view.book)
    own, _ = profitability.margin(view.book)
    heads = {c: f"margin our {own:g} %" if c == "ours" else f"margin {c[1:]} %" for c in rows.columns[1:]}
    known = rows[[*heads]].map(lambda cell: "–" if cell != cell else f"{cell:,.0f}")
    errata = catalogue.items("discount_volume", "erratum").to_dict("records")
    return table(
        known.assign(discount=[f"{d:g} %" for d in rows.iloc[:, 0]]),
        {"discount": "Discount"} | heads,
        caption="How much more must be sold, in %, to earn the same after a discount",
        note=fill("profit", "discount_note", errata=errata),
    )


discount = stack(
    Exhibit(
        "discount",
        _discount_title,
        _discount,
        Chart(charts.discount, lambda view: (view[MARGIN], view[OFF]), "Extra volume by discount"),
        controls=(MARGIN, OFF, Figures({"margin_pct": "Keep as our margin, %"})),
        steered=True,
    ),
    Exhibit("discount-table", words=_discount_table),
)
