"""What customers cost and are worth: cost to serve, future value, and whether key account management pays."""

from __future__ import annotations

from typing import Any

from kamlib import catalogue, charts
from kamlib.models import findings as rules
from kamlib.models import profitability
from kamlib.models.profitability import programme
from kamlib.pages.exhibit import Chart, Choice, Exhibit, Figures, Slider, View, row, stack
from kamlib.pages.grids import by_customer, column, listed, names_of, pivoted
from kamlib.pages.guide import tips
from kamlib.pages.html import fill, parts, table, whole
from kamlib.pages.outlook import data, ranges
from kamlib.pages.sheets import exercises
from kamlib.workbook.schema import CHANNELS

CHANNEL_WORDS = {"internet": "Internet", "call_centre": "Call centre", "face_to_face": "Face to face"}


# What does serving each customer take?

POOLS = Exhibit(
    "pools",
    grid=listed(
        "pools",
        {"cost": "Cost", "minutes": "Minutes paid for", "practical_pct": "Can be worked, %"},
        title="Whose time serves customers",
        add="Another group of people:",
        subs={"cost": lambda v: f"a year, {v.book.settings.currency}"},
        printed=False,
    ),
)
ACTIVITIES = Exhibit(
    "activities-grid",
    grid=listed(
        "activities",
        {
            "driver": "What is counted",
            "pool": "Whose time",
            "minutes": "Minutes each time",
            "cost": "Or cost in total",
        },
        title="What is done for customers",
        add="Another activity:",
        chosen={"pool": "pools"},
        subs={"cost": lambda v: f"a year, {v.book.settings.currency}"},
        printed=False,
    ),
)


def _first_activity(view: View) -> str:
    return next(iter(view.book["activities"]["activity"]), "")


ACTIVITY = Choice(
    "activity", "Activity", lambda v: names_of(v.book["activities"]), _first_activity, many=True
)
TERMS = Exhibit(
    "terms",
    "What makes it take longer",
    controls=(ACTIVITY,),
    on_paper=False,
    grid=listed(
        "time_terms",
        {"minutes": "Minutes more, each time"},
        title="What makes it take longer",
        add="Another circumstance:",
        fixed=lambda view: {"activity": view[ACTIVITY]},
    ),
)


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


COUNTS = Exhibit(
    "counts",
    grid=by_customer(
        "How often in a year",
        lambda view: [column("activity_counts", "count", label) | {"id": id} for id, label in _counted(view)],
        _counts,
        _count_cell,
        printed=False,
    ),
)


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
        {
            "name": "Whose time",
            "cost": f"cost a year, {view.book.settings.currency}",
            "practical_minutes": "minutes available",
            "rate": "a minute costs|%.2f",
            "used_pct": "used, %",
            "used_cost": "used for customers",
            "unused_cost": "paid for and not used",
        },
        note="What nobody uses is the company's to decide about: it is charged to no customer.",
    )


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
        Exhibit(
            "capacity",
            _capacity_title,
            _capacity,
            Chart(charts.capacity, lambda v: data(profitability.pools(v.book)), "Capacity used and unused"),
        ),
        Exhibit(
            "activities",
            "What the time goes on",
            _costs,
            Chart(
                charts.serving,
                lambda v: data(profitability.by_activity(v.book)),
                "What serving customers costs",
            ),
        ),
    ),
)

# Will looking after key accounts pay?

MOVED = Slider("share", "Visits to move to the internet", 0, 100, 1, 50.0)


def _programme(view: View) -> str:
    payback = profitability.payback(view.book).to_dict("records")
    money = view.book.settings.currency
    return parts(
        table(
            programme.kam_cost(view.book),
            {"name": f"A year, {money}|l", "amount": "", "note": "|l"},
            note="If the account managers' time is also among the groups above, it is counted in both; look at one at a time.",
        ),
        fill("profit", "payback", rows=payback),
    )


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
        table(
            rows.assign(name=rows["channel"].map(CHANNEL_WORDS)),
            heads,
            note="The ratios are lower bounds, an order of magnitude and no budget. A unit is one contact over the internet.",
        ),
    )


def _contacts(view: View) -> dict[str, list[str]]:
    return pivoted(view.book["contacts"], "customer", "channel", "contacts", CHANNELS)


pays = row(
    Exhibit(
        "programme",
        lambda v: programme.verdict(v.book)[0],
        _programme,
        Chart(
            charts.programme,
            lambda v: data(programme.kam_cost(v.book), programme.kam_cost(v.book)["amount"].notna().any()),
            "What looking after key accounts costs and brings",
        ),
        controls=(
            Figures(
                {
                    "day_cost": lambda v: (
                        f"What a day of an account manager costs, {v.book.settings.currency}"
                    ),
                    "contact_cost": lambda v: (
                        f"What one contact over the internet costs, {v.book.settings.currency}"
                    ),
                }
            ),
        ),
    ),
    Exhibit(
        "channels",
        "What do contacts cost?",
        _channels,
        controls=(MOVED,),
        grid=by_customer(
            "Contacts in a year",
            lambda v: [column("contacts", "contacts", CHANNEL_WORDS[c]) | {"id": c} for c in CHANNELS],
            _contacts,
            lambda v, who, name, text: ("contacts", {"customer": who, "channel": name, "contacts": text}),
            printed=False,
        ),
    ),
)

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
            rows.assign(left=left, marked=marked, worth=ranges(rows, "low", "high")),
            {
                "name": "Customer",
                "marked": "category|l",
                "revenue": "revenue",
                "gross_profit": "gross profit",
                "cost_to_serve": "cost to serve",
                "left": "profit after cost to serve",
                "worth": f"worth over {settings.horizon_years} years",
            },
            note=f"{settings.currency} a year. * rests on figures that are not fully known.",
            most=len(rows),
        ),
        fill(
            "profit",
            "depends",
            top=top,
            dependent=depends.loc[depends["dependent"], "name"].tolist(),
            limit=settings.dependency_pct,
            gini=depends.attrs["gini"],
        )
        if top
        else "",
    )


worth = row(
    Exhibit("worth", "What is left of each customer, beside its category", _worth),
    Exhibit(
        "profit-findings",
        "What to look at",
        lambda v: fill("profit", "findings", rows=rules.profits(v.book).to_dict("records")),
    ),
    shape="two",
)


# How well do we know it?

asked = stack(exercises("profitability"), tips("profitability"))
