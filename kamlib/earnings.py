"""What is said about profit, as escaped HTML: the same sentences on the screen and in a report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from kamlib import catalogue
from kamlib.models import profitability
from kamlib.models.profitability import future, overheads
from kamlib.panels import fill, whole
from kamlib.wording import numeral
from kamlib.workbook.book import Book

MOST_ROWS, FIRST_ROUNDS = 40, 8
CHANNEL_WORDS = {"internet": "Internet", "call_centre": "Call centre", "face_to_face": "Face to face"}


def counted(number: int, one: str, many: str) -> str:
    """Five customers, 1,204 customers."""
    return f"{numeral(number)} {one if number == 1 else many}"


def discount_title(margin: float, off: float) -> str:
    """What the discount asks for, in one sentence."""
    extra = profitability.extra_volume(margin, off)
    if off == 0:
        return "Without a discount, the volume may stay as it is"
    if math.isinf(extra):
        return f"A discount of {off:g} % gives the whole margin away: no volume is enough"
    return f"A discount of {off:g} % needs {extra:.0f} % more volume to earn the same"


def discount(margin: float, off: float, source: str = "") -> str:
    """The what-if of a discount: how much more must be sold, and what a rise as large allows.

    Without a margin (NaN), why there is none: the `source`.
    """
    if math.isnan(margin):
        return fill("profit_discount_none", source=source)
    extra = profitability.extra_volume(margin, off)
    entry = catalogue.entry("discount_volume")
    return fill("profit_discount", title=discount_title(margin, off), margin=margin, off=off, extra=extra, source=source,
                lost=profitability.lost_volume(margin, off), leaves_out=catalogue.items("discount_volume", "leaves_out").to_dict("records"),
                infinite=math.isinf(extra), entry=entry)  # fmt: skip


def discount_table(book: Book) -> str:
    """The table of discounts by margins, the team's own margin first."""
    rows = profitability.discount_volume(book)
    own, _ = profitability.margin(book)
    names = [f"our {own:g} %" if c == "ours" else f"{c[1:]} %" for c in rows.columns[1:]]
    return fill("profit_discount_table", names=names, rows=[list(r) for r in rows.itertuples(index=False)],
                errata=catalogue.items("discount_volume", "erratum").to_dict("records"))  # fmt: skip


def spiral_title(rounds: pd.DataFrame) -> str:
    """How the spiral ends, in one sentence."""
    first, last = rounds["company"].iloc[0], rounds["company"].iloc[-1]
    gone = int((rounds["dropped"] != "").sum())
    if not gone:
        return "Spread evenly, the overheads make nobody look bad here"
    return f"Dropping whoever looks bad takes {counted(gone, 'customer', 'customers').lower()} and turns {first:,.0f} into {last:,.0f}"


def spiral(book: Book, own: bool) -> str:
    """The spiral round by round beside the contribution view that stops it."""
    given = _own_spiral(book) if own else overheads.example()
    rounds = overheads.rounds(*given)
    shown = (
        rounds if len(rounds) <= FIRST_ROUNDS + 1 else pd.concat([rounds.head(FIRST_ROUNDS), rounds.tail(1)])
    )
    if own:
        kept = profitability.contribution(book)
    else:
        gross, _, saved = given
        kept = gross.assign(avoidable=saved, change=saved - gross["gross_profit"], verdict="keep")
    return fill("profit_spiral", title=spiral_title(rounds), rounds=shown.to_dict("records"), left_out=len(rounds) - len(shown),
                kept=kept.head(MOST_ROWS).to_dict("records"), own=own, settings=book.settings,
                go=kept.loc[kept["verdict"] == "let go", "name"].tolist())  # fmt: skip


def _own_spiral(book: Book) -> tuple[pd.DataFrame, float, float]:
    return overheads.own(book), book.settings.overheads or 0.0, book.settings.overhead_saved


def played(book: Book, own: bool) -> tuple[pd.DataFrame, str]:
    """The rows of the picture of the spiral, and its title."""
    given = _own_spiral(book) if own else overheads.example()
    return overheads.played(*given), spiral_title(overheads.rounds(*given))


def capacity_title(book: Book) -> str:
    """What of the paid-for time serves nobody, in one sentence."""
    pools = profitability.pools(book)
    unused, over = (
        pools["unused_cost"].sum(),
        pools[pools["over_minutes"] > 0.005 * pools["practical_minutes"]],
    )
    if pools.empty:
        return "Whose time serves customers, and what does it cost?"
    if len(over):
        return f"{over['name'].iloc[0]} is asked for more time than there is"
    if unused > 0:
        return f"{unused:,.0f} of {pools['cost'].sum():,.0f} is paid for time that serves nobody"
    return "All the time that is paid for serves customers"


def serving(book: Book, *, headed: bool = True) -> str:
    """Pools and activities in words: what is used, what is not, and what it goes on."""
    pools = profitability.pools(book)
    activities = profitability.by_activity(book)
    return fill("profit_serving", title=capacity_title(book) if headed else "", pools=pools.to_dict("records"), settings=book.settings,
                activities=activities.head(MOST_ROWS).to_dict("records"))  # fmt: skip


def whale_title(curve: pd.DataFrame) -> str:
    """The whale curve in one sentence."""
    said = profitability.summary(curve)
    if not len(curve):
        return "Nobody's profit is known yet"
    if not said["peak"]:
        return "No customer earns what it costs to serve"
    if not said["loss_makers"]:
        return f"All {int(said['customers']):,} customers earn what they cost: {said['total']:,.0f} together"
    lose = counted(int(said["loss_makers"]), "customer costs", "customers cost")
    return f"{lose} us {said['lost']:,.0f} of the {said['peak']:,.0f} we earn"


def whale_words(book: Book, seen: pd.DataFrame, scope: str, *, choose: bool = True) -> str:
    """Title, what is shown, and the figures of the curve. `seen` is `profitability.scoped`.

    Without `choose` it is for a report: no title, and no other scope to choose.
    """
    curve = profitability.ranked(seen)
    asked = seen[(seen["status"] != "prospect")]
    return fill("profit_whale", title=whale_title(curve), said=profitability.summary(curve), settings=book.settings,
                scopes=profitability.SCOPES, scope=scope, choose=choose, year=profitability.year(book),
                unknown=asked.loc[asked["profit"].isna(), "name"].tolist(), doubtful=int(curve["doubtful"].sum()),
                options=catalogue.items("cost_to_serve_curve", "options").to_dict("records"))  # fmt: skip


def whale_table(curve: pd.DataFrame) -> str:
    """The curve as a table, for a report."""
    shown = (
        curve if len(curve) <= 2 * MOST_ROWS else pd.concat([curve.head(MOST_ROWS), curve.tail(MOST_ROWS)])
    )
    return fill("profit_whale_table", rows=shown.to_dict("records"), left_out=len(curve) - len(shown))


def card(book: Book, seen: pd.DataFrame, customer: str) -> str:
    """One customer in sentences: what it earns, what serving it takes, what to look out for."""
    listed = seen[seen["profit"].notna()].sort_values("name")
    choices = list(zip(listed["customer"], listed["name"], strict=True))
    own = seen[seen["customer"] == customer]
    if own.empty:
        return fill("profit_card", row=None, choices=choices, chosen="", at="-profit")
    row = own.iloc[0].to_dict()
    everywhere = book.choosing(segment="")
    look = [r[4] for rule in profitability.RULES for r in rule(everywhere) if r[3] == customer]
    return fill("profit_card", row=row, choices=choices, chosen=customer, at="-profit",
                look=look, share=_share(everywhere, seen, row), worth=_worth(everywhere, customer))  # fmt: skip


def takes(book: Book, seen: pd.DataFrame, customer: str) -> str:
    """What serving one customer takes, activity by activity."""
    own = seen[seen["customer"] == customer]
    everywhere = book.choosing(segment="")
    of = profitability.cost_to_serve(everywhere)
    of = of[of["customer"] == customer].sort_values("cost", ascending=False)
    freight = float(own["freight"].iloc[0]) if len(own) else math.nan
    return fill("profit_takes", activities=of.to_dict("records"), freight=freight)


def _share(book: Book, seen: pd.DataFrame, row: dict[str, Any]) -> str:
    """Of whose time it takes most, beside what it brings."""
    use = profitability.use(book)
    minutes = use.groupby("pool")["minutes"].sum()
    own = use[use["customer"] == row["customer"]].groupby("pool")["minutes"].sum()
    share = (100 * own / minutes.where(minutes > 0)).dropna()
    revenue = seen["revenue"].sum()
    if share.empty or not revenue > 0 or row["revenue"] != row["revenue"]:
        return ""
    pools = dict(zip(book["pools"]["pool"], book["pools"]["name"], strict=True))
    most = str(share.idxmax())
    return (f"It takes {share.max():.0f} % of the time of {pools.get(most) or most} and brings "
            f"{100 * row['revenue'] / revenue:.0f} % of the business.")  # fmt: skip


def _worth(book: Book, customer: str) -> str:
    rows = profitability.future_value(book)
    own = rows[(rows["customer"] == customer) & rows["low"].notna()]
    if own.empty:
        return ""
    low, high = own[["low", "high"]].iloc[0]
    return f"Over {book.settings.horizon_years} years it is worth {low:,.0f} to {high:,.0f} today."


def rise(seen: pd.DataFrame, customer: str, said: dict[str, float]) -> str:
    """The what-if of a rise in price: what changes for the customer, the company and the overheads."""
    own = seen[(seen["customer"] == customer) & seen["profit"].notna() & seen["revenue"].notna()]
    if own.empty:
        return fill("profit_rise", said=None, name="")
    result = profitability.price_rise(
        own.iloc[0], float(seen["profit"].sum()), said["rise"], said["loss"], said["keep"]
    )
    return fill("profit_rise", said=result, name=own["name"].iloc[0], **said)


def future_title(book: Book) -> str:
    """What today's customers are worth together, in one sentence."""
    known = profitability.future_value(book).dropna(subset=["low"])
    if known.empty:
        return "How long do customers stay, and what are they worth?"
    years = book.settings.horizon_years
    return (f"{counted(len(known), 'customer is', 'customers are')} worth {known['low'].sum():,.0f} to "
            f"{known['high'].sum():,.0f} over {years} years")  # fmt: skip


def future_words(book: Book, *, headed: bool = True) -> str:
    """Future value in words: the range, what halving defections would add, the simple table and its caveats."""
    rows = profitability.future_value(book)
    known = rows.dropna(subset=["low"])
    more = [known[f"{end}_halved"].sum() - known[end].sum() for end in ("low", "high")]
    return fill("profit_future", title=future_title(book) if headed else "", settings=book.settings, rows=rows.to_dict("records"),
                more=sorted(more), known=len(known), simple=future.table().to_dict("records"),
                beginning=future.simple_value(20, 1000, 10), end=future.value(1000, 0.8 ** np.arange(1, 11)),
                caveats=catalogue.items("future_value", "caveats").to_dict("records"),
                claim=catalogue.entry("retention_claim"),
                fits=[s for s in dict.fromkeys(profitability.retention(book)["segment"])])  # fmt: skip


def won_title(book: Book) -> str:
    """Value won against value lost, in one sentence."""
    net = profitability.won_and_lost(book).set_index("kind")
    won, lost, gap = net.loc["won"], net.loc["lost"], float(net.at["net", "profit"])
    if not won["customers"] + lost["customers"]:
        return "Whom did we win, whom did we lose, and what were they worth?"
    many = f"{won['customers']:.0f} won, {lost['customers']:.0f} lost"
    return f"{many}: we are {abs(gap):,.0f} a year {'better' if gap >= 0 else 'worse'} off"


def programme_words(book: Book) -> str:
    """Will key account management pay, and what do contacts cost?"""
    words, _ = profitability.verdict(book)
    return fill("profit_programme", words=words, rows=profitability.kam_cost(book).to_dict("records"),
                payback=profitability.payback(book).to_dict("records"), settings=book.settings)  # fmt: skip


def moved(book: Book, share: float) -> str:
    """What moving a share of the visits to the internet frees."""
    everywhere = book.choosing(segment="")
    rows = profitability.channels(everywhere)
    said = profitability.moved(rows, share)
    return fill("profit_channels", rows=rows.to_dict("records"), said=said, share=share, words=CHANNEL_WORDS,
                settings=book.settings)  # fmt: skip


def worth(book: Book) -> str:
    """Profit beside the matrix: a row a customer, key accounts first, and who we depend on."""
    everywhere = book.choosing(segment="")
    seen = profitability.customers(book)
    value = profitability.future_value(everywhere).set_index("customer")[["low", "high"]]
    order = {"key": 0, "key_development": 1, "maintenance": 2, "opportunistic": 3}
    rows = seen[(seen["status"] != "prospect")].join(value, on="customer")
    rows = rows.assign(order=rows["category"].map(order).fillna(9)).sort_values(
        ["order", "profit"], ascending=[True, False]
    )
    depends = profitability.concentration(everywhere)
    return fill("profit_worth", rows=rows.to_dict("records"), settings=book.settings, gini=depends.attrs["gini"],
                largest=depends.head(5).to_dict("records"), dependent=depends.loc[depends["dependent"], "name"].tolist(),
                top=whole(depends["together_pct"].iloc[min(4, len(depends) - 1)]) if len(depends) else "?")  # fmt: skip
