"""The views of what customers cost and are worth: cost to serve, future value, and whether it all pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from kamlib import catalogue, charts, earnings, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import findings as rules
from kamlib.models import profitability
from kamlib.models.profitability import programme
from kamlib.views.parts import column, figures, grid, hear, names_of, panel, picture, slug, stack, zones
from kamlib.views.profit import sliders
from kamlib.views.widgets import Grid
from kamlib.workbook.schema import CHANNELS, as_text


def serving(desk: Desk) -> W.Box:
    """Cost to serve: whose time, what for, how often for whom; and what of the time serves nobody."""

    def pools() -> tuple[Any, ...]:
        rows = profitability.pools(desk.book)
        return (rows,) if len(rows) else ()

    def activities() -> tuple[Any, ...]:
        rows = profitability.by_activity(desk.book)
        return (rows,) if len(rows) else ()

    told = panel(desk, lambda: earnings.serving(desk.book, headed=False))

    def said() -> str:
        return earnings.capacity_title(desk.book)

    head = panel(desk, lambda: panels.fill("title", title=said()))
    why = panel(desk, lambda: panels.fill("about_entry", entry=catalogue.entry("time_driven_costing"),
                                          items=catalogue.items("time_driven_costing").to_dict("records")), follow=False)  # fmt: skip
    capacity = picture(desk, pools, charts.capacity, "capacity", "Capacity used and unused", title=said)
    costly = picture(desk, activities, charts.serving, "activities", "What serving customers costs")
    side = stack(head, capacity, told, costly, why)
    return zones(stack(_pools(desk), _activities(desk), _terms(desk), _counts(desk)), side, shape="half")


def _listed(desk: Desk, table: str, key: str, shown: tuple[str, ...], **look: Any) -> Grid:
    """A table of the workbook with one key, an id made from the name that is typed, and its columns."""
    money = desk.settings.currency

    def rows() -> list[dict[str, Any]]:
        return [{"id": r[key], "label": r["name"] or r[key], "cells": [as_text(r[c]) for c in shown]}
                for r in desk.book[table].to_dict("records")]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        made = []
        for name in shown:
            more: dict[str, Any] = {"sub": f"a year, {money}"} if name == "cost" else {}
            if name == "pool":
                words = names_of(desk.book["pools"])
                more = {"kind": "choice", "choices": list(words), "words": words}
            made.append(column(table, name, look["titles"].get(name, ""), **more))
        return made

    def add(content: dict[str, Any]) -> None:
        made = slug(content["value"], desk.book[table][key])
        desk.put(table, **{key: made, "name": content["value"]})

    return grid(
        desk, rows, columns, lambda row, name, text: (table, {key: row, name: text}),
        handlers={"add": add, "remove": lambda m: desk.remove(table, **{key: str(m["row"])})}, removable=True,
        title=look["title"], corner=" ", add=look["add"],
    )  # fmt: skip


def _pools(desk: Desk) -> Grid:
    return _listed(desk, "pools", "pool", ("cost", "minutes", "practical_pct"), title="Whose time serves customers",
                   add="Another group of people:",
                   titles={"cost": "Cost", "minutes": "Minutes paid for", "practical_pct": "Can be worked, %"})  # fmt: skip


def _activities(desk: Desk) -> Grid:
    return _listed(desk, "activities", "activity", ("driver", "pool", "minutes", "cost"), title="What is done for customers",
                   add="Another activity:",
                   titles={"driver": "What is counted", "pool": "Whose time", "minutes": "Minutes each time",
                           "cost": "Or cost in all"})  # fmt: skip


def _terms(desk: Desk) -> W.Box:
    """The time equation of one activity: what makes it take longer."""
    of = {"activity": ""}

    def current() -> str:
        known = desk.book["activities"]["activity"].tolist()
        return of["activity"] if of["activity"] in known else (known[0] if known else "")

    def rows() -> list[dict[str, Any]]:
        table = desk.book["time_terms"]
        own = table[table["activity"] == current()]
        return [
            {"id": r["term"], "label": r["name"] or r["term"], "cells": [as_text(r["minutes"])]}
            for r in own.to_dict("records")
        ]

    def add(content: dict[str, Any]) -> None:
        if not current():
            raise InvalidInput("Add an activity first.")
        taken = desk.book["time_terms"].loc[lambda t: t["activity"] == current(), "term"]
        desk.put("time_terms", activity=current(), term=slug(content["value"], taken), name=content["value"])

    def key(row: str) -> dict[str, str]:
        return {"activity": current(), "term": row}

    def choose(content: dict[str, Any]) -> None:
        of["activity"] = str(content["value"])
        desk.look_at(desk.customer)

    choice = panel(
        desk,
        lambda: panels.fill("term_choice", activities=names_of(desk.book["activities"]), chosen=current()),
    )
    hear(choice, desk, {"activity": choose})
    made = grid(
        desk, rows, lambda: [column("time_terms", "minutes", "Minutes more, each time")],
        lambda row, name, text: ("time_terms", key(row) | {name: text}),
        handlers={"add": add, "remove": lambda m: desk.remove("time_terms", **key(str(m["row"])))}, removable=True,
        title="What makes it take longer", corner="When", add="Another circumstance:",
    )  # fmt: skip
    return stack(choice, made)


def of_segment(desk: Desk, title: str, columns: Callable[[], list[dict[str, Any]]], cells: Callable[[str], list[str]],
                target: Callable[[str, str, str], tuple[str, dict[str, Any]]], *, prospects: bool = False) -> Grid:  # fmt: skip
    """A grid with a row for each customer of the segment in the title line."""

    def rows() -> list[dict[str, Any]]:
        table = desk.book["customers"]
        own = table[(table["segment"] == desk.settings.segment) | (desk.settings.segment == "")]
        own = own if prospects else own[own["status"] != "prospect"]
        return [
            {"id": c, "label": n or c, "cells": cells(c)}
            for c, n in zip(own["customer"], own["name"], strict=True)
        ]

    return grid(desk, rows, columns, target, title=title, corner="Customer")


def _counts(desk: Desk) -> Grid:
    """How often each activity, and each circumstance, was met for each customer of the segment."""

    def names() -> list[tuple[str, str, str]]:
        made = []
        terms = desk.book["time_terms"]
        for a in desk.book["activities"].to_dict("records"):
            made.append((a["activity"], "", a["name"] or a["activity"]))
            own = terms[terms["activity"] == a["activity"]]
            made += [(a["activity"], t, f"… {n or t}") for t, n in zip(own["term"], own["name"], strict=True)]
        return made

    def columns() -> list[dict[str, Any]]:
        return [column("activity_counts", "count", label) | {"id": f"{a}\t{t}"} for a, t, label in names()]

    def cells(customer: str) -> list[str]:
        rows = desk.book["activity_counts"]
        own = rows[rows["customer"] == customer]
        said = {
            (a, t): as_text(n) for a, t, n in zip(own["activity"], own["term"], own["count"], strict=True)
        }
        return [said.get((a, t), "") for a, t, _ in names()]

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        activity, term = name.split("\t")
        return "activity_counts", {"customer": row, "activity": activity, "term": term, "count": text}

    return of_segment(desk, "How often in a year", columns, cells, target)


def future(desk: Desk) -> W.Box:
    """What customers are worth from now on, as ranges; how long they stay; value won and value lost."""
    shown = ("retention_low_pct", "retention_high_pct", "growth_low_pct", "growth_high_pct", "note")
    titles = ("Stays, % at worst", "Stays, % at best", "Grows, % at worst", "Grows, % at best", "Why")

    def cells(customer: str) -> list[str]:
        rows = desk.book["outlook"]
        own = rows[rows["customer"] == customer].to_dict("records")
        return [as_text(own[0][c]) for c in shown] if own else [""] * len(shown)

    def columns() -> list[dict[str, Any]]:
        return [column("outlook", c, t) for c, t in zip(shown, titles, strict=True)]

    def worth() -> tuple[Any, ...]:
        rows = profitability.future_value(desk.book)
        return (rows,) if rows["low"].notna().any() else ()

    def stay() -> tuple[Any, ...]:
        rows = profitability.retention(desk.book)
        segment = desk.settings.segment if desk.settings.segment in set(rows["segment"]) else "all"
        own = rows[rows["segment"] == segment]
        return (own,) if len(own) else ()

    given = of_segment(desk, "How likely each stays and grows", columns, cells,
                        lambda row, name, text: ("outlook", {"customer": row, name: text}))  # fmt: skip
    asked = figures(desk, {"horizon_years": "Years to look ahead", "discount_rate_pct": "Interest a year, %",
                           "retention_low_pct": "Others stay, % at worst", "retention_high_pct": "Others stay, % at best"})  # fmt: skip
    told = panel(desk, lambda: earnings.future_words(desk.book, headed=False))

    def said() -> str:
        return earnings.future_title(desk.book)

    head = panel(desk, lambda: panels.fill("title", title=said()))
    ranges = picture(
        desk,
        worth,
        charts.future,
        "future",
        "What each customer is worth, at worst and at best",
        title=said,
    )
    left = picture(
        desk,
        stay,
        charts.retention,
        "retention",
        "How many stay, year after year",
        title=lambda: "The longer they have stayed, the likelier they stay",
    )
    above = zones(stack(given, asked, _cohorts(desk), left), stack(head, ranges, told), shape="half")
    return stack(above, _won(desk))


def _cohorts(desk: Desk) -> Grid:
    """Customers that began together and how many are left, a row a cohort, a column a year."""

    def ages() -> list[str]:
        known = [int(a) for a in desk.book["cohorts"]["age"] if a.isdigit() and len(a) < 3]
        return [str(n) for n in range(max(known, default=4) + 2)]

    def rows() -> list[dict[str, Any]]:
        table = desk.book["cohorts"]
        said = {
            (s, c, a): as_text(n)
            for s, c, a, n in table[["segment", "cohort", "age", "customers"]].itertuples(index=False)
        }
        names = names_of(desk.book["segments"]) | {"all": "all"}
        return [{"id": f"{s}\t{c}", "label": c, "sub": names.get(s, s), "cells": [said.get((s, c, a), "") for a in ages()]}
                for s, c in dict.fromkeys((s, c) for s, c, _ in said)]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [
            column("cohorts", "customers", f"after {a}" if a != "0" else "began") | {"id": a} for a in ages()
        ]

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        segment, cohort = row.split("\t")
        return "cohorts", {"segment": segment, "cohort": cohort, "age": name, "customers": text}

    def add(content: dict[str, Any]) -> None:
        cohort = "_".join(content["value"].split())
        desk.put("cohorts", segment=desk.settings.segment or "all", cohort=cohort, age="0", customers="")

    return grid(desk, rows, columns, target, handlers={"add": add}, title="Customers that began together",
                corner="Began", add="Another year or group:")  # fmt: skip


def _won(desk: Desk) -> W.Box:
    """Value won against value lost."""
    shown = ("kind", "profit", "note")

    def rows() -> list[dict[str, Any]]:
        return [{"id": f"{r['year']}\t{r['account']}", "label": r["name"] or r["account"], "sub": r["year"],
                 "cells": [as_text(r[c]) for c in shown]} for r in desk.book["won_lost"].to_dict("records")]  # fmt: skip

    def key(row: str) -> dict[str, str]:
        year, account = row.split("\t")
        return {"year": year, "account": account}

    def add(content: dict[str, Any]) -> None:
        taken = desk.book["won_lost"]["account"]
        when = profitability.year(desk.book) or "now"
        desk.put("won_lost", year=when, account=slug(content["value"], taken), name=content["value"])

    def flows() -> tuple[Any, ...]:
        table = desk.book["won_lost"]
        return (table,) if table["kind"].ne("").any() else ()

    made = grid(
        desk, rows, lambda: [column("won_lost", "kind", "Won or lost"), column("won_lost", "profit", "Profit a year"), column("won_lost", "note", "Why")],
        lambda row, name, text: ("won_lost", key(row) | {name: text}),
        handlers={"add": add, "remove": lambda m: desk.remove("won_lost", **key(str(m["row"])))}, removable=True,
        title="Won and lost", corner="Customer", add="Another one won or lost:",
    )  # fmt: skip
    title = panel(desk, lambda: panels.fill("title", title=earnings.won_title(desk.book)))
    return zones(
        made,
        stack(
            title,
            picture(
                desk,
                flows,
                charts.flows,
                "won-and-lost",
                "Value won and value lost",
                title=lambda: earnings.won_title(desk.book),
            ),
        ),
        shape="half",
    )


def pays(desk: Desk) -> W.Box:
    """Will key account management pay, and what would moving contacts free?"""
    said = {"share": 50.0}

    def words() -> str:
        return earnings.moved(desk.book, said["share"])

    def cells(customer: str) -> list[str]:
        rows = desk.book["contacts"]
        own = rows[rows["customer"] == customer]
        by = dict(zip(own["channel"], own["contacts"], strict=True))
        return [as_text(by.get(c, "")) for c in CHANNELS]

    def columns() -> list[dict[str, Any]]:
        return [column("contacts", "contacts", earnings.CHANNEL_WORDS[c]) | {"id": c} for c in CHANNELS]

    def money() -> tuple[Any, ...]:
        rows = programme.kam_cost(desk.book)
        return (rows,) if rows["amount"].notna().any() else ()

    moved = panel(desk, words)

    def renew() -> None:
        moved.html = words()

    given = of_segment(desk, "Contacts in a year", columns, cells,
                        lambda row, name, text: ("contacts", {"customer": row, "channel": name, "contacts": text}))  # fmt: skip
    slide = sliders(desk, said, {"share": ("Visits to move to the internet", 0, 100, 1)}, renew)
    currency = desk.settings.currency
    asked = figures(desk, {"day_cost": f"What a day of an account manager costs, {currency}",
                           "contact_cost": f"What one contact over the internet costs, {currency}"})  # fmt: skip
    told = panel(desk, lambda: earnings.programme_words(desk.book))
    drawn = picture(
        desk,
        money,
        charts.programme,
        "programme",
        "What looking after key accounts costs and brings",
        title=lambda: programme.verdict(desk.book)[0],
    )
    return zones(stack(told, drawn, asked), stack(slide, moved, given), shape="half")


def worth(desk: Desk) -> W.Box:
    """Where money meets the matrix: every customer of the segment, and what to look out for."""
    title = panel(desk, lambda: earnings.worth(desk.book))

    def look() -> str:
        found = rules.profits(desk.book)
        return (
            panels.findings_list(found)
            if len(found)
            else panels.fill("title", title="Nothing to look out for")
        )

    return zones(title, panel(desk, look), shape="two")
