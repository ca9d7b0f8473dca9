"""From analysis to action: projects, their work plans, and the days and money they take.

Source: key account management in financial services, chapters 26 and 31.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd

from kamlib.models import pia, portfolio
from kamlib.wording import counted
from kamlib.workbook.book import Book, model

Finding = tuple[str, int, str, str, str, int]  # level, step, segment, customer, message, rule
STEP = 10
LIVE = ("planned", "running", "")  # what still takes days; empty means planned
YEAR_DAYS = 365.25


@model
def projects(book: Book) -> pd.DataFrame:
    """The projects for the customers the settings name, the earliest first.

    Columns: project, name, customer, customer_name, idea, idea_name, class, owner, owner_name,
    team, starts, ends (ISO, "" unknown), days, money (in all, NaN unknown), risk, contingency,
    status, steps, done (how many).
    """
    who = pia.listed(book).set_index("customer")["name"]
    rows = book["projects"].drop_duplicates("project")
    rows = rows[rows["customer"].isin(who.index)]
    ideas = pia.screening(book).set_index("idea")
    people = book["people"].drop_duplicates("person").set_index("person")["name"]
    count = (
        book["actions"]
        .groupby("project")["done"]
        .agg(["size", lambda done: int((done == "yes").sum())])
    )
    names = {
        "name": rows["name"].where(rows["name"] != "", rows["project"]),
        "customer_name": rows["customer"].map(who),
        "idea_name": _looked_up(rows["idea"], ideas["name"]),
        "class": _looked_up(rows["idea"], ideas["class"]),
        "owner_name": _looked_up(rows["owner"], people).where(lambda n: n != "", rows["owner"]),
        "status": rows["status"].where(rows["status"] != "", "planned"),
        "steps": rows["project"].map(count.iloc[:, 0]).fillna(0).astype(int),
        "done": rows["project"].map(count.iloc[:, 1]).fillna(0).astype(int),
    }
    made = rows.assign(**names).sort_values(
        ["starts", "ends"], key=lambda s: s.where(s != "", "9999"), kind="stable"
    )
    return made[
        [
            "project",
            "name",
            "customer",
            "customer_name",
            "idea",
            "idea_name",
            "class",
            "owner",
            "owner_name",
            "team",
            "starts",
            "ends",
            "days",
            "money",
            "risk",
            "contingency",
            "status",
            "steps",
            "done",
        ]
    ].reset_index(drop=True)


def steps(book: Book) -> pd.DataFrame:
    """The work plans of these projects, by date.

    Columns: project, step, name, due, person, person_name, done.
    """
    own = book["actions"]
    own = own[own["project"].isin(projects(book)["project"])]
    people = book["people"].drop_duplicates("person").set_index("person")["name"]
    made = own.assign(
        name=own["name"].where(own["name"] != "", own["step"]),
        person_name=_looked_up(own["person"], people),
    )
    made = made.sort_values(
        "due", key=lambda s: s.where(s != "", "9999"), kind="stable", ignore_index=True
    )
    return made[["project", "step", "name", "due", "person", "person_name", "done"]]


def _looked_up(ids: pd.Series, words: pd.Series) -> pd.Series:
    """The word for each id, "" where there is none."""
    known = words.to_dict()
    return pd.Series([known.get(i, "") for i in ids], index=ids.index, dtype=object)


@model
def load(book: Book) -> pd.DataFrame:
    """What all projects and accounts take against what there is: two rows, days and money.

    Columns: what, projects (a year: what is left of each live project, spread over its years),
    unknown (live projects without a figure), accounts (what `portfolio.needs` says), needed,
    available, over (by how much too many, 0 if none, NaN unknown), words.
    """
    everywhere = book.choosing(segment="", customer="")
    rows = projects(everywhere)
    live = rows[rows["status"].isin(LIVE)]
    years = pd.Series(
        [_years(s, e) for s, e in zip(live["starts"], live["ends"], strict=True)],
        live.index,
        dtype=float,
    )
    made = []
    for what, held in portfolio.needs(everywhere).iterrows():
        mine, accounts = float((live[what] / years).sum()), float(np.nan_to_num(held["needed"]))
        open_, needed, there = (
            int(live[what].isna().sum()),
            mine + accounts,
            float(held["available"]),
        )
        over = max(needed - there, 0.0) if there == there else math.nan
        unit = "days a year" if what == "days" else book.settings.currency
        least = bool(open_) or bool(held["least"])
        words, _ = portfolio.against("accounts and projects", needed, there, unit, least=least)
        words += f" ({accounts:,.0f} for accounts, {mine:,.0f} for projects)"
        made.append((what, mine, open_, accounts, needed, there, over, words))
    columns = ["what", "projects", "unknown", "accounts", "needed", "available", "over", "words"]
    return pd.DataFrame(made, columns=columns)


def _years(starts: str, ends: str) -> float:
    """Over how many years a project spreads: at least one; one where its dates are unknown."""
    if not starts or not ends:
        return 1.0
    return max((date.fromisoformat(ends) - date.fromisoformat(starts)).days / YEAR_DAYS, 1.0)


def refused(table: str, row: Mapping[str, str]) -> str:
    """Why this row of a work plan (as it would be stored) may not be entered, "" when it may."""
    if table == "actions" and not row.get("due"):
        return "A step of a work plan needs a date: by when?"
    if (
        table == "projects"
        and row.get("starts")
        and row.get("ends")
        and row["ends"] < row["starts"]
    ):
        return f"This project would end on {row['ends']}, before it starts on {row['starts']}."
    return ""


def _dates(book: Book, rows: pd.DataFrame, today: str) -> Iterator[Finding]:
    plan = steps(book)
    for row in rows[rows["status"] != "stopped"].itertuples():
        own = plan[plan["project"] == row.project]
        for step in own[own["due"] == ""].itertuples():
            yield (
                "block",
                STEP,
                "",
                row.customer,
                f'{row.name}: the step "{step.name}" has no date.',
                91,
            )
        late = own[(own["due"] != "") & (own["due"] < today) & (own["done"] != "yes")]
        if len(late) and row.status != "done":
            first = late.iloc[0]
            yield (
                "warn",
                STEP,
                "",
                row.customer,
                f'{row.name}: "{first["name"]}" was due on {first["due"]}.',
                91,
            )
        if row.starts and row.ends and row.ends < row.starts:
            yield (
                "block",
                STEP,
                "",
                row.customer,
                f"{row.name} ends on {row.ends}, before it starts.",
                91,
            )
        elif not (row.starts and row.ends):
            yield (
                "warn",
                STEP,
                "",
                row.customer,
                f"{row.name} has no {'end' if row.starts else 'beginning'} yet.",
                91,
            )
        if own.empty:
            yield (
                "nudge",
                STEP,
                "",
                row.customer,
                f"{row.name} has no work plan yet: what is the first small step?",
                91,
            )


def _care(rows: pd.DataFrame) -> Iterator[Finding]:
    for row in rows[rows["status"].isin(LIVE)].itertuples():
        if not row.owner:
            yield (
                "warn",
                STEP,
                "",
                row.customer,
                f"{row.name} has no owner: one name, not a committee.",
                91,
            )
        missing = [
            word
            for word, text in (("risk", row.risk), ("contingency", row.contingency))
            if not str(text).strip()
        ]
        if missing:
            text = f"{row.name}: what if its people or its money are taken away? No " + (
                f"{' and no '.join(missing)} is named."
            )
            yield "nudge", STEP, "", row.customer, text, 93
        if row.class_ == "C":
            yield (
                "nudge",
                STEP,
                "",
                row.customer,
                f"{row.name} carries out an idea of class C. Why?",
                72,
            )


def rules(book: Book, today: date | None = None) -> Iterator[Finding]:
    """What a facilitator would say about projects; nothing without a project or an idea."""
    if book["projects"].empty and book["ideas"].empty:
        return
    rows = projects(book)
    yield from _dates(book, rows, (today or date.today()).isoformat())
    yield from _care(rows.rename(columns={"class": "class_"}))
    classes = pia.screening(book)
    planned = set(book["projects"]["idea"])
    for customer, own in classes[
        (classes["class"] == "A") & ~classes["idea"].isin(planned)
    ].groupby("customer", sort=False):
        names = list(own["name"])
        them = "them" if len(names) > 1 else "it"
        text = f"{counted(len(names), 'idea')} of class A and no project for {them}"
        text = f"{text}: {', '.join(names[:4])}."
        yield "nudge", STEP, "", customer, text, 73
    if len(book["projects"]):
        for row in load(book).itertuples():
            if row.over > 0:
                yield "warn", STEP, "", "", f"{row.words[0].upper()}{row.words[1:]}.", 92
