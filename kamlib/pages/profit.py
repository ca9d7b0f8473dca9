"""Who really pays: discounts, the overhead spiral, and the whale curve with a rise in price."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.models import profitability
from kamlib.models.profitability import overheads
from kamlib.pages.exhibit import Chart, Choice, Exhibit, Figures, Page, Slider, View, row, stack
from kamlib.pages.html import MOST_ROWS, fill, line, parts, subhead, table
from kamlib.wording import listed, numeral
from kamlib.workbook.book import Book

PAGE = Page(
    "03_profitability",
    "Which customers really pay?",
    headline=lambda view: _whale_title(view),
    figures=("customer_profit", "concentration"),
)
FIRST_ROUNDS = 8

# Why do good customers look bad?

WHOSE = Choice(
    "spiral",
    "Whose customers",
    {"example": "The example", "own": "Our customers"},
    lambda view: "example" if view.book.settings.overheads is None else "own",
)


def _spiral_given(view: View) -> tuple[pd.DataFrame, float, float]:
    if view[WHOSE] != "own":
        return overheads.example()
    settings = view.book.settings
    return overheads.own(view.book), settings.overheads or 0.0, settings.overhead_saved


def _spiral_title(view: View) -> str:
    rounds = overheads.rounds(*_spiral_given(view))
    first, last = rounds["company"].iloc[0], rounds["company"].iloc[-1]
    gone = int((rounds["dropped"] != "").sum())
    if not gone:
        return "Spread evenly, the overheads make nobody look bad here"
    return f"Dropping whoever looks bad takes {counted(gone, 'customer').lower()} and turns {first:,.0f} into {last:,.0f}"


def counted(number: int, one: str, many: str = "") -> str:
    """Five customers, 1,204 customers."""
    return f"{numeral(number)} {one if number == 1 else many or one + 's'}"


def _spiral_data(view: View) -> tuple[Any, ...]:
    rows = overheads.played(*_spiral_given(view))
    return (rows,) if len(rows) else ()


def _spiral(view: View) -> str:
    given, own = _spiral_given(view), view[WHOSE] == "own"
    rounds = overheads.rounds(*given)
    kept = (
        profitability.contribution(view.book)
        if own
        else given[0].assign(avoidable=given[2], change=given[2] - given[0]["gross_profit"], verdict="keep")
    )
    shown = (
        rounds if len(rounds) <= FIRST_ROUNDS + 1 else pd.concat([rounds.head(FIRST_ROUNDS), rounds.tail(1)])
    )
    leaves = [
        f"{n} ({net:,.0f})" if net == net else n for n, net in zip(shown["name"], shown["net"], strict=True)
    ]
    go = kept.loc[kept["verdict"] == "let go", "name"].tolist()
    unsaid = " Say what the overheads are." if view.book.settings.overheads is None else ""
    return parts(
        line(
            f"Misleading on purpose: never judge customers by an even share of the overheads.{unsaid}"
            if own
            else "",
            "hint",
        ),
        table(
            shown.assign(leaves=leaves),
            {
                "round": "Round",
                "customers": "customers",
                "overheads": "overheads",
                "share": "share each",
                "leaves": "who looks bad and goes|l",
                "company": "company",
            },
            note=f"{len(rounds) - len(shown)} rounds in between are not shown."
            if len(rounds) > len(shown)
            else "",
        ),
        subhead("What stops it: what would really go away?"),
        line(
            f"Only for {listed(go)} is what we could avoid more than what it earns."
            if go
            else "Every customer earns more than its leaving would save. None of them should go."
        ),
        table(
            kept.assign(change=[f"{change:+,.0f}" for change in kept["change"]]),
            {
                "name": "Customer",
                "gross_profit": "gross profit",
                "avoidable": "avoidable",
                "change": "the company's profit without it",
            },
        ),
    )


overhead_spiral = Exhibit(
    "spiral",
    _spiral_title,
    _spiral,
    Chart(
        charts.spiral,
        _spiral_data,
        "The overhead spiral, round by round",
        "No customer's gross profit is known yet.",
    ),
    controls=(
        WHOSE,
        Figures(
            {
                "overheads": lambda v: f"Overheads a year, {v.book.settings.currency}",
                "overhead_saved": lambda v: (
                    f"Saved of them when one customer goes, {v.book.settings.currency}"
                ),
            }
        ),
    ),
    steered=True,
)

# Who earns it, and who costs it?

SCOPE = Choice(
    "scope",
    "Whose customers",
    profitability.SCOPES,
    lambda view: "segment" if view.paper and view.narrowed else "all",
)
RISE = Slider("rise", "Price, up by", 0, 50, 0.5, 0.0)
LOSS = Slider("loss", "Business we would lose", 0, 100, 1, 50.0)
KEEP = Slider("keep", "Cost to serve that remains", 0, 100, 1, 50.0)


def _customers(view: View) -> pd.DataFrame:
    return profitability.scoped(view.book, view[SCOPE])


def _curve(view: View) -> pd.DataFrame:
    return profitability.ranked(_customers(view))


def _whale_title(view: View) -> str:
    curve = _curve(view)
    said = profitability.summary(curve)
    if not len(curve):
        return "Nobody's profit is known yet"
    if not said["peak"]:
        return "No customer earns what it costs to serve"
    if not said["loss_makers"]:
        return f"All {int(said['customers']):,} customers earn what they cost: {said['total']:,.0f} together"
    lose = counted(int(said["loss_makers"]), "customer costs", "customers cost")
    return f"{lose} us {said['lost']:,.0f} of the {said['peak']:,.0f} we earn"


def _whale(view: View) -> str:
    rows, curve = _customers(view), _curve(view)
    unknown = rows.loc[(rows["status"] != "prospect") & rows["profit"].isna(), "name"].tolist()
    return fill(
        "profit",
        "whale",
        said=profitability.summary(curve),
        currency=view.book.settings.currency,
        year=profitability.year(view.book),
        scope=profitability.SCOPES[view[SCOPE]],
        doubtful=int(curve["doubtful"].sum()),
        unknown=unknown,
    )


def _in_focus(view: View) -> pd.DataFrame:
    rows = _customers(view)
    return rows[rows["customer"] == view.customer]


def _known(view: View) -> pd.DataFrame:
    return _in_focus(view).dropna(subset=["profit", "revenue"])


def _after(view: View) -> dict[str, Any] | None:
    """The rise in price as the picture takes it; None while nothing is changed."""
    own = _known(view)
    if own.empty or view[RISE] == 0:
        return None
    result = profitability.price_rise(own.iloc[0], 0.0, view[RISE], view[LOSS], view[KEEP])
    return {"customer": view.customer, "profit": result["after"]}


def _rise(view: View) -> str:
    own = _known(view)
    if own.empty:
        return line("Choose a customer whose revenue and profit are known.", "hint")
    total = float(_customers(view)["profit"].sum())
    result = profitability.price_rise(own.iloc[0], total, view[RISE], view[LOSS], view[KEEP])
    return fill(
        "profit",
        "rise",
        said=result,
        name=own["name"].iloc[0],
        rise=view[RISE],
        loss=view[LOSS],
        keep=view[KEEP],
    )


FOCUS = Choice(
    "customer-profit",
    "Customer",
    lambda view: _choices(view),
    lambda view: view.customer,
    many=True,
    taken=lambda desk, message: desk.look_at(str(message["value"])),
)


def _choices(view: View) -> dict[str, str]:
    known = _customers(view).dropna(subset=["profit"]).sort_values("name")
    return dict(zip(known["customer"], known["name"], strict=True))


def _card(view: View) -> str:
    own = _in_focus(view)
    if own.empty:
        return line(
            "Click on a bar, or choose a customer, to see why it stands there and what a higher price would do.",
            "hint",
        )
    everywhere = view.book.choosing(segment="")
    look = [r[4] for rule in profitability.RULES for r in rule(everywhere) if r[3] == view.customer]
    record = own.iloc[0].to_dict()
    return fill(
        "profit",
        "card",
        row=record,
        look=look,
        share=_share(everywhere, _customers(view), record),
        worth=_worth(everywhere, view.customer),
    )


def _share(book: Book, rows: pd.DataFrame, own: dict[str, Any]) -> str:
    """Of whose time it takes most, beside what it brings."""
    use = profitability.use(book)
    minutes = use.groupby("pool")["minutes"].sum()
    share = use[use["customer"] == own["customer"]].groupby("pool")["minutes"].sum()
    share = (100 * share / minutes.where(minutes > 0)).dropna()
    revenue = rows["revenue"].sum()
    if share.empty or not revenue > 0 or own["revenue"] != own["revenue"]:
        return ""
    most = str(share.idxmax())
    brings = 100 * own["revenue"] / revenue
    return f"It takes {share.max():.0f} % of the time of {book.name('pools', most)} and brings {brings:.0f} % of the business."


def _worth(book: Book, customer: str) -> str:
    rows = profitability.future_value(book)
    own = rows[(rows["customer"] == customer) & rows["low"].notna()]
    if own.empty:
        return ""
    low, high = own[["low", "high"]].iloc[0]
    return f"Over {book.settings.horizon_years} years it is worth {low:,.0f} to {high:,.0f} today."


def _takes(view: View) -> str:
    own, everywhere = _in_focus(view), view.book.choosing(segment="")
    if own.empty:
        return ""
    used = profitability.cost_to_serve(everywhere)
    used = used[used["customer"] == view.customer].sort_values("cost", ascending=False)
    rows = used[["name", "count", "minutes", "cost"]].to_dict("records")
    freight = float(own["freight"].iloc[0])
    if freight == freight:
        rows.append({"name": "Freight", "count": math.nan, "minutes": math.nan, "cost": freight})
    return table(
        rows,
        {"name": "What serving it takes", "count": "times|blank", "minutes": "minutes|blank", "cost": "cost"},
    )


def _whale_table(view: View) -> str:
    curve = _curve(view)
    many = len(curve) > 2 * MOST_ROWS
    shown = pd.concat([curve.head(MOST_ROWS), curve.tail(MOST_ROWS)]) if many else curve
    return table(
        shown,
        {
            "name": "Customer",
            "stands": "category|l",
            "gross_profit": "gross profit",
            "cost_to_serve": "cost to serve",
            "profit": "left",
            "cumulative": "together",
            "words": "not sure because|l why",
        },
        most=2 * MOST_ROWS,
        note=f"{len(curve) - len(shown)} customers in between are not listed." if many else "",
    )


whale = row(
    stack(
        Exhibit(
            "whale",
            _whale_title,
            _whale,
            Chart(
                charts.whale,
                lambda view: (_curve(view), view.customer),
                "The whale curve: customers from most to least profitable",
                live=lambda view: charts.whale_scene(_curve(view), view.customer, _after(view)),
                shape=lambda view: charts.whale_shape(len(_curve(view))),
            ),
            controls=(SCOPE,),
        ),
        Exhibit("whale-table", words=_whale_table, on_screen=False),
    ),
    stack(
        Exhibit(
            "whale-customer",
            lambda v: "".join(_in_focus(v)["name"]),
            _card,
            controls=(FOCUS,),
            on_paper=lambda v: bool(v.customer),
        ),
        Exhibit("rise", "What if we raise the price?", _rise, controls=(RISE, LOSS, KEEP), on_paper=False),
        Exhibit("takes", words=_takes, on_paper=lambda v: bool(v.customer)),
    ),
    shape="two",
)
