"""Steps 1 to 3 and their balance: what we want from key accounts, what we have got, and who chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.catalogue.sheets import CASE, form
from kamlib.charts import palette
from kamlib.errors import InvalidInput
from kamlib.models import findings as rules
from kamlib.models import objectives, resources
from kamlib.pages.exhibit import Chart, Choice, Desk, Exhibit, Figures, Page, View, row, stack
from kamlib.pages.grids import listed, names_of
from kamlib.pages.guide import findings, tips
from kamlib.pages.html import fill, line, parts, table, whole
from kamlib.pages.people import effort, people
from kamlib.pages.segments import headline
from kamlib.pages.sheets import exercises
from kamlib.wording import counted
from kamlib.wording import listed as named

PAGE = Page("01_segmentation", "Which segments do we serve?", 1, headline, figures=("overview", "viability"))

# What do we want from key accounts?


def _drivers(view: View) -> tuple[Any, ...]:
    rows = objectives.drivers(view.book)
    strong = rows[rows["strong"]]
    return (strong, *objectives.FIELDS) if len(strong) else ()


def _expected(view: View) -> str:
    return str(objectives.resistance(view.book)["words"].iloc[0]).rstrip(".")


def _reasons(view: View) -> str:
    found = objectives.resistance(view.book).iloc[0]
    offensive = counted(int(found["offensive"]), "offensive reason")
    said = f"{found['defensive']} defensive, {offensive}."
    return line(said if found["profile"] else "", "small")


DRIVERS = Exhibit(
    "drivers",
    _expected,
    _reasons,
    Chart(
        charts.quadrants,
        _drivers,
        "What drives us",
        "Tick the drivers that apply in the exercise below; the picture follows.",
    ),
)


def _checked(view: View) -> pd.DataFrame:
    rows = objectives.sanity(view.book)
    return rows[rows["verdict"] != "not chosen"]


def _objectives_title(view: View) -> str:
    rows = _checked(view)
    if rows.empty:
        return "Do the objectives stand up?"
    stands = int((rows["verdict"] == "stands").sum())
    return f"{stands} of {counted(len(rows), 'objective')} {'stands' if stands == 1 else 'stand'} up"


def _objectives(view: View) -> str:
    rows = _checked(view).to_dict("records")
    return fill("groundwork", "objectives", rows=rows, sheet=form("sanity_check").title)


OBJECTIVES = Exhibit("objectives", _objectives_title, _objectives)
OF = Choice(
    "forecast",
    "Sales of",
    lambda view: {CASE: "the whole business"} | names_of(view.book["segments"]),
    CASE,
    many=True,
)
YEARS = listed(
    "forecast",
    {
        "amount": lambda view: f"Sales, {view.book.settings.currency}",
        "kind": "Happened or planned",
        "note": "Why",
    },
    title="Sales so far and planned",
    add="Another year:",
    fixed=lambda view: {"subject": view[OF]},
    label="year",
    actions={"add": lambda desk, message: _add_year(desk, str(message["value"]))},
    corner="Year",
    printed=False,
)


def _add_year(desk: Desk, year: str) -> None:
    view = desk.view
    rows = view.book["forecast"]
    if not (year.isdigit() and len(year) == 4):
        raise InvalidInput(f'"{year[:20]}" is not a year; write it as 2027.', found=year)
    if year in set(rows.loc[rows["subject"] == view[OF], "year"]):
        raise InvalidInput(f"{year} is in the table already.", found=year)
    desk.put("forecast", subject=view[OF], year=year, amount="")


def _trend(view: View) -> tuple[Any, ...]:
    years = objectives.trend(view.book, view[OF])
    return (years,) if len(years) > 1 else ()


def _forecasts(view: View) -> list[tuple[str, str, bool]]:
    """What is said of each forecast: its subject, the sentence, and whether it is doubtful."""
    names = {CASE: "All sales"} | names_of(view.book["segments"])
    rows = objectives.hockey_stick(view.book)
    return [
        (subject, f"{names.get(subject, subject)}: {words}", bool(flagged))
        for subject, words, flagged in zip(rows["subject"], rows["words"], rows["flagged"], strict=True)
    ]


def _forecast_title(view: View) -> str:
    said = {subject: words.rstrip(".") for subject, words, _ in _forecasts(view)}
    return said.get(view[OF], "Does the plan grow faster than the past, and why?")


def _forecast(view: View) -> str:
    said = _forecasts(view)
    if not said:
        return line("Enter sales year by year, what happened and what is planned.", "hint")
    return parts(
        *(line(words, "doubt" if flagged else "") for subject, words, flagged in said if subject != view[OF])
    )


FORECAST = Exhibit(
    "forecast",
    _forecast_title,
    _forecast,
    Chart(charts.hockey_stick, _trend, "Sales so far and planned"),
)
purpose = stack(
    row(DRIVERS, stack(OBJECTIVES, tips(1)), shape="two"),
    row(
        Exhibit(
            "forecast-years",
            controls=(OF,),
            grid=replace(YEARS, rows=lambda view: sorted(YEARS.rows(view), key=lambda year: year["id"])),
        ),
        FORECAST,
    ),
    exercises(1),
)

# What have we got?


def _capacity_title(view: View) -> str:
    words = str(resources.plan(view.book)["words"].iloc[0])
    return words[0].upper() + words[1:]


def _capacity(view: View) -> str:
    money = resources.plan(view.book).iloc[1]
    gaps = resources.distribution(view.book).dropna(subset=["time_pct", "profit_pct"], how="all")
    shares = [
        f"{palette.MARKS[r.category].word} {whole(r.time_pct)} % of the time, {whole(r.profit_pct)} % of the profit"
        for r in gaps.itertuples()
    ]
    rows = resources.carry(view.book)
    words = money["words"][0].upper() + money["words"][1:] + "."
    return parts(
        line(words, "doubt" if money["over"] > 0 else ""),
        line(resources.accounts_per_manager(view.book)[1]),
        table(
            rows.assign(category=[palette.MARKS[box].word for box in rows["category"]]),
            {
                "category": "Category",
                "days_each": "days for one",
                "most": "all days would carry",
                "planned": "planned",
                "today": "today",
            },
        ),
        line(f"Time beside profit: {'; '.join(shares)}." if shares else "", "small"),
    )


def _budget(view: View) -> str:
    return f"Money a year for key account management, {view.book.settings.currency}"


capacity = stack(
    row(
        stack(
            effort("days", "money", "planned"),
            Exhibit("budget", controls=(Figures({"budget": _budget}),)),
            people("function", "manages_accounts", "junior", "approach", "days"),
        ),
        stack(Exhibit("capacity", _capacity_title, _capacity), tips(2)),
        shape="two",
    ),
    exercises(2),
)

# Who chooses?


def _team_title(view: View) -> str:
    checks = resources.team(view.book)
    failed = checks.loc[~checks["holds"], "check"].tolist()
    if "members" in failed:
        return "Nobody is in the selection team yet"
    if not failed:
        return "This team can choose"
    return f"Can this team choose? {counted(len(failed), 'check fails', 'checks fail')}: {named(failed)}"


team = stack(
    row(
        people(
            "function", "knows_customers", "owns_vision", "has_authority", "core", title="The selection team"
        ),
        stack(
            Exhibit(
                "team",
                _team_title,
                lambda view: fill("groundwork", "team", checks=resources.team(view.book).to_dict("records")),
            ),
            tips(3),
        ),
        shape="two",
    ),
    exercises(3),
)

# Do the three sides hold together?


def _balance_title(view: View) -> str:
    rows = objectives.balance(view.book)
    weak = rows.loc[rows["weak"], "label"].str.lower().tolist()
    if not weak:
        return "Objectives, opportunity and resources hold together"
    return f"{counted(len(weak), 'side')} of three {'is' if len(weak) == 1 else 'are'} weak: {named(weak)}"


balance = row(
    Exhibit(
        "balance",
        _balance_title,
        lambda view: fill("groundwork", "balance", rows=objectives.balance(view.book).to_dict("records")),
    ),
    Exhibit("settle", "What is still to settle", lambda view: findings(rules.early(view.book), view)),
    shape="two",
)
