"""What customers cost and are worth: cost to serve, future value, and whether key account management pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib import catalogue, charts
from kamlib.models import findings as rules
from kamlib.models import profitability
from kamlib.models.profitability import future as values
from kamlib.models.profitability import programme
from kamlib.pages.exhibit import Chart, Choice, Desk, Exhibit, Figures, Grid, Slider, View, row, stack
from kamlib.pages.grids import by_customer, column, listed, names_of, pivoted
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, fold, parts, table, whole
from kamlib.pages.profit import counted
from kamlib.pages.sheets import exercises
from kamlib.workbook.schema import CHANNELS, as_text

CHANNEL_WORDS = {"internet": "Internet", "call_centre": "Call centre", "face_to_face": "Face to face"}


def _rows(rows: pd.DataFrame, there: Any = True) -> tuple[Any, ...]:
    """The data of a picture of these rows; nothing where there are none."""
    return (rows,) if len(rows) and there else ()


# What does serving each customer take?

POOLS = Exhibit("pools", grid=listed(
    "pools", {"cost": "Cost", "minutes": "Minutes paid for", "practical_pct": "Can be worked, %"},
    title="Whose time serves customers", add="Another group of people:",
    subs={"cost": lambda v: f"a year, {v.book.settings.currency}"}, printed=False,
))  # fmt: skip
ACTIVITIES = Exhibit("activities-grid", grid=listed(
    "activities",
    {"driver": "What is counted", "pool": "Whose time", "minutes": "Minutes each time", "cost": "Or cost in total"},
    title="What is done for customers", add="Another activity:", chosen={"pool": "pools"},
    subs={"cost": lambda v: f"a year, {v.book.settings.currency}"}, printed=False,
))  # fmt: skip


def _first_activity(view: View) -> str:
    return next(iter(view.book["activities"]["activity"]), "")


ACTIVITY = Choice(
    "activity", "Activity", lambda v: names_of(v.book["activities"]), _first_activity, many=True
)
TERMS = Exhibit(
    "terms", "What makes it take longer", controls=(ACTIVITY,), on_paper=False,
    grid=listed("time_terms", {"minutes": "Minutes more, each time"}, title="What makes it take longer",
                add="Another circumstance:", fixed=lambda view: {"activity": view[ACTIVITY]}),
)  # fmt: skip


def _counted(view: View) -> list[tuple[str, str]]:
    """What is counted for each customer: id of the column, and its words."""
    terms, found = view.book["time_terms"], []
    for activity, name in names_of(view.book["activities"]).items():
        found.append((f"{activity}\t", name))
        own = terms[terms["activity"] == activity]
        found += [(f"{activity}\t{t}", f"… {n or t}") for t, n in zip(own["term"], own["name"], strict=True)]
    return found


def _counts(view: View) -> dict[str, list[str]]:
    rows = view.book["activity_counts"]
    rows = rows.assign(what=rows["activity"] + "\t" + rows["term"])
    return pivoted(rows, "customer", "what", "count", [id for id, _ in _counted(view)])


def _count_cell(view: View, customer: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    activity, term = name.split("\t")
    return "activity_counts", {"customer": customer, "activity": activity, "term": term, "count": text}


COUNTS = Exhibit("counts", grid=by_customer(
    "How often in a year",
    lambda view: [column("activity_counts", "count", label) | {"id": id} for id, label in _counted(view)],
    _counts, _count_cell, printed=False,
))  # fmt: skip


def _capacity_title(view: View) -> str:
    pools = profitability.pools(view.book)
    over = pools[pools["over_minutes"] > 0.005 * pools["practical_minutes"]]
    unused = pools["unused_cost"].sum()
    if pools.empty:
        return "Whose time serves customers, and what does it cost?"
    if len(over):
        return f"{over['name'].iloc[0]} is asked for more time than there is"
    if unused > 0:
        return f"{unused:,.0f} of {pools['cost'].sum():,.0f} is paid for time that serves nobody"
    return "All the time that is paid for serves customers"


def _capacity(view: View) -> str:
    return table(
        profitability.pools(view.book),
        {"name": "Whose time", "cost": f"cost a year, {view.book.settings.currency}", "practical_minutes": "minutes available",
         "rate": "a minute costs|%.2f", "used_pct": "used, %", "used_cost": "used for customers",
         "unused_cost": "paid for and not used"},
        note="What nobody uses is the company's to decide about: it is charged to no customer.",
    )  # fmt: skip


def _costs(view: View) -> str:
    heads = {
        "name": "Activity",
        "count": "times",
        "minutes": "minutes",
        "cost": f"cost, {view.book.settings.currency}",
    }
    entry = catalogue.entry("time_driven_costing")
    about = fill(
        "profit", "about", entry=entry, items=catalogue.items("time_driven_costing").to_dict("records")
    )
    return parts(table(profitability.by_activity(view.book), heads), "" if view.paper else about)


serving = row(
    stack(POOLS, ACTIVITIES, TERMS, COUNTS),
    stack(
        Exhibit("capacity", _capacity_title, _capacity,
                Chart(charts.capacity, lambda v: _rows(profitability.pools(v.book)), "Capacity used and unused")),
        Exhibit("activities", "What the time goes on", _costs,
                Chart(charts.serving, lambda v: _rows(profitability.by_activity(v.book)), "What serving customers costs")),
    ),
)  # fmt: skip

# What are they worth from now on?

OUTLOOK = {
    "retention_low_pct": "Stays, % at worst",
    "retention_high_pct": "Stays, % at best",
    "growth_low_pct": "Grows, % at worst",
    "growth_high_pct": "Grows, % at best",
    "note": "Why",
}


def _outlook(view: View) -> dict[str, list[str]]:
    rows = view.book["outlook"].to_dict("records")
    return {r["customer"]: [as_text(r[c]) for c in OUTLOOK] for r in rows}


STAYING = Exhibit(
    "outlook",
    grid=by_customer("How likely each stays and grows", lambda view: [column("outlook", c, t) for c, t in OUTLOOK.items()],
                     _outlook, lambda view, who, name, text: ("outlook", {"customer": who, name: text}), printed=False),
    controls=(Figures({
        "horizon_years": "Years to look ahead", "discount_rate_pct": "Interest a year, %",
        "retention_low_pct": "Others stay, % at worst", "retention_high_pct": "Others stay, % at best",
    }),),
)  # fmt: skip


def _ages(view: View) -> list[str]:
    known = [int(a) for a in view.book["cohorts"]["age"] if a.isdigit() and len(a) < 3]
    return [str(n) for n in range(max(known, default=4) + 2)]


def _cohort_rows(view: View) -> list[dict[str, Any]]:
    rows = view.book["cohorts"]
    segments = names_of(view.book["segments"]) | {"all": "all"}
    cells = pivoted(
        rows.assign(id=rows["segment"] + "\t" + rows["cohort"]), "id", "age", "customers", _ages(view)
    )
    return [
        {"id": id, "label": id.split("\t")[1], "sub": segments.get(id.split("\t")[0], id.split("\t")[0]), "cells": texts}
        for id, texts in cells.items()
    ]  # fmt: skip


def _cohort_cell(view: View, row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    segment, cohort = row.split("\t")
    return "cohorts", {"segment": segment, "cohort": cohort, "age": name, "customers": text}


def _new_cohort(desk: Desk, content: dict[str, Any]) -> None:
    segment = desk.view.book.settings.segment or "all"
    desk.put("cohorts", segment=segment, cohort="_".join(content["value"].split()), age="0", customers="")


def _staying(view: View) -> tuple[Any, ...]:
    rows = profitability.retention(view.book)
    segment = view.book.settings.segment
    return _rows(rows[rows["segment"] == (segment if segment in set(rows["segment"]) else "all")])


COHORTS = Exhibit(
    "retention", "The longer they have stayed, the likelier they stay",
    chart=Chart(charts.retention, _staying, "How many stay, year after year"),
    grid=Grid(
        "Customers that began together", _cohort_rows,
        lambda view: [column("cohorts", "customers", f"after {a}" if a != "0" else "began") | {"id": a} for a in _ages(view)],
        _cohort_cell, {"add": _new_cohort}, corner="Began", add="Another year or group:", printed=False,
    ),
)  # fmt: skip


def _future_title(view: View) -> str:
    known = profitability.future_value(view.book).dropna(subset=["low"])
    if known.empty:
        return "How long do customers stay, and what are they worth?"
    many = counted(len(known), "customer is", "customers are")
    years = view.book.settings.horizon_years
    return f"{many} worth {known['low'].sum():,.0f} to {known['high'].sum():,.0f} over {years} years"


def _range(low: Any, high: Any) -> str:
    return f"{whole(low)} to {whole(high)}" if low == low and low is not None else "?"


def _ranges(rows: pd.DataFrame, low: str, high: str) -> list[str]:
    return [_range(a, b) for a, b in zip(rows[low], rows[high], strict=True)]


def _future(view: View) -> str:
    rows = profitability.future_value(view.book)
    known = rows.dropna(subset=["low"])
    more = sorted(float(known[f"{end}_halved"].sum() - known[end].sum()) for end in ("low", "high"))
    shown = rows.assign(
        stays=_ranges(rows, "retention_low_pct", "retention_high_pct"), worth=_ranges(rows, "low", "high")
    )
    simple = table(values.table(), {"defection_pct": "Leave a year, %|%g", "life_years": "stay on average, years|one",
                                    "value": "1,000 a year is worth", "value_10": "over ten years"})  # fmt: skip
    caveats = catalogue.items("future_value", "caveats").to_dict("records")
    return parts(
        fill("profit", "future", known=len(known), rate=view.book.settings.discount_rate_pct, more=more),
        fold("Customer by customer", table(shown, {
            "name": "Customer", "profit": "left a year", "stays": "stays, %", "worth": "worth", "basis": "from|l"}), view),
        fill("profit", "simple", table=simple, beginning=values.simple_value(20, 1000, 10),
             end=values.value(1000, 0.8 ** np.arange(1, 11)), caveats=caveats, claim=catalogue.entry("retention_claim")),
    )  # fmt: skip


def _won_title(view: View) -> str:
    net = profitability.won_and_lost(view.book).set_index("kind")
    won, lost, gap = net.loc["won"], net.loc["lost"], float(net.at["net", "profit"])
    if not won["customers"] + lost["customers"]:
        return "Whom did we win, whom did we lose, and what were they worth?"
    many = f"{won['customers']:.0f} won, {lost['customers']:.0f} lost"
    return f"{many}: we are {abs(gap):,.0f} a year {'better' if gap >= 0 else 'worse'} off"


FUTURE = Exhibit("future", _future_title, _future, Chart(
    charts.future, lambda v: _rows(profitability.future_value(v.book), profitability.future_value(v.book)["low"].notna().any()),
    "What each customer is worth, at worst and at best",
))  # fmt: skip
WON = Exhibit(
    "won-and-lost", _won_title,
    chart=Chart(charts.flows, lambda v: _rows(v.book["won_lost"], v.book["won_lost"]["kind"].ne("").any()),
                "Value won and value lost"),
    grid=listed("won_lost", {"kind": "Won or lost", "profit": "Profit a year", "note": "Why"}, title="Won and lost",
                add="Another one won or lost:", sub="year", corner="Customer",
                new=lambda view: {"year": profitability.year(view.book) or "now"}),
)  # fmt: skip
future = stack(row(stack(STAYING, COHORTS), FUTURE), WON)

# Will looking after key accounts pay?

MOVED = Slider("share", "Visits to move to the internet", 0, 100, 1, 50.0)


def _programme(view: View) -> str:
    payback = profitability.payback(view.book).to_dict("records")
    money = view.book.settings.currency
    return parts(
        table(programme.kam_cost(view.book), {"name": f"A year, {money}|l", "amount": "", "note": "|l"},
              note="If the account managers' time is also among the groups above, it is counted in both; look at one at a time."),
        fill("profit", "payback", rows=payback),
    )  # fmt: skip


def _channels(view: View) -> str:
    everywhere = view.book.choosing(segment="")
    rows, money = profitability.channels(everywhere), view.book.settings.currency
    said = profitability.moved(rows, view[MOVED])
    heads = {
        "name": "Channel|l",
        "contacts": "contacts a year",
        "ratio": "one costs at least|%g",
        "units": "units",
    }
    heads |= {"cost": money} if view.book.settings.contact_cost is not None else {}
    return parts(
        fill("profit", "moved", said=said, share=view[MOVED], currency=money),
        table(rows.assign(name=rows["channel"].map(CHANNEL_WORDS)), heads,
              note="The ratios are lower bounds, an order of magnitude and no budget. A unit is one contact over the internet."),
    )  # fmt: skip


def _contacts(view: View) -> dict[str, list[str]]:
    return pivoted(view.book["contacts"], "customer", "channel", "contacts", CHANNELS)


pays = row(
    Exhibit(
        "programme", lambda v: programme.verdict(v.book)[0], _programme,
        Chart(charts.programme, lambda v: _rows(programme.kam_cost(v.book), programme.kam_cost(v.book)["amount"].notna().any()),
              "What looking after key accounts costs and brings"),
        controls=(Figures({
            "day_cost": lambda v: f"What a day of an account manager costs, {v.book.settings.currency}",
            "contact_cost": lambda v: f"What one contact over the internet costs, {v.book.settings.currency}",
        }),),
    ),
    Exhibit(
        "channels", "What do contacts cost?", _channels, controls=(MOVED,),
        grid=by_customer("Contacts in a year", lambda v: [column("contacts", "contacts", CHANNEL_WORDS[c]) | {"id": c} for c in CHANNELS],
                         _contacts, lambda v, who, name, text: ("contacts", {"customer": who, "channel": name, "contacts": text}),
                         printed=False),
    ),
)  # fmt: skip

# What does it say about the matrix?

ORDER = {"key": 0, "key_development": 1, "maintenance": 2, "opportunistic": 3}


def _worth(view: View) -> str:
    everywhere, settings = view.book.choosing(segment=""), view.book.settings
    rows = profitability.customers(view.book)
    value = profitability.future_value(everywhere).set_index("customer")[["low", "high"]]
    rows = rows[rows["status"] != "prospect"].join(value, on="customer")
    rows = rows.assign(order=rows["category"].map(ORDER).fillna(9)).sort_values(
        ["order", "profit"], ascending=[True, False]
    )
    left = [
        f"{whole(p)}{'*' if d and p == p else ''}"
        for p, d in zip(rows["profit"], rows["doubtful"], strict=True)
    ]
    marked = [
        fill("profit", "mark", category=c, words=w)
        for c, w in zip(rows["category"], rows["stands"], strict=True)
    ]
    depends = profitability.concentration(everywhere)
    top = whole(depends["together_pct"].iloc[min(4, len(depends) - 1)]) if len(depends) else ""
    return parts(
        table(
            rows.assign(left=left, marked=marked, worth=_ranges(rows, "low", "high")),
            {"name": "Customer", "marked": "category|l", "revenue": "revenue", "gross_profit": "gross profit",
             "cost_to_serve": "cost to serve", "left": "profit after cost to serve",
             "worth": f"worth over {settings.horizon_years} years"},
            note=f"{settings.currency} a year. * rests on figures that are not fully known.",
            most=len(rows),
        ),
        fill("profit", "depends", top=top, dependent=depends.loc[depends["dependent"], "name"].tolist(),
             limit=settings.dependency_pct, gini=depends.attrs["gini"]) if top else "",
    )  # fmt: skip


worth = row(
    Exhibit("worth", "What is left of each customer, beside its category", _worth),
    Exhibit("profit-findings", "What to look at", lambda v: fill(
        "profit", "findings", rows=rules.profits(v.book).to_dict("records"))),
    shape="two",
)  # fmt: skip


# How well do we know it?

asked = stack(exercises("profitability"), tips("profitability"))
