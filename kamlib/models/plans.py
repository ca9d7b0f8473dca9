"""From analysis to action: projects, their work plans, and the days and money they take.

Source: key account management in financial services, chapters 26 and 31.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd

from kamlib.errors import Advice
from kamlib.models import pia, portfolio
from kamlib.models.lookup import by_key, name_or_key
from kamlib.wording import counted, listed, sentence
from kamlib.workbook.book import Book, model

STEP = 10
LIVE = ("planned", "running", "")  # what still takes days; empty means planned
YEAR_DAYS = 365.25
COLUMNS = [
    *("project", "name", "customer", "customer_name", "idea", "idea_name", "class", "owner"),
    *("owner_name", "team", "starts", "ends", "days", "money", "risk", "contingency", "status"),
    *("steps", "done"),
]


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
    done = (book["actions"]["done"] == "yes").groupby(book["actions"]["project"])
    names = {
        "name": name_or_key(rows, "project"),
        "customer_name": rows["customer"].map(who),
        "idea_name": _looked_up(rows["idea"], ideas["name"]),
        "class": _looked_up(rows["idea"], ideas["class"]),
        "owner_name": _people(book, rows["owner"]).where(lambda name: name != "", rows["owner"]),
        "status": rows["status"].where(rows["status"] != "", "planned"),
        "steps": rows["project"].map(done.size()).fillna(0).astype(int),
        "done": rows["project"].map(done.sum()).fillna(0).astype(int),
    }
    return _by_date(rows.assign(**names), "starts", "ends")[COLUMNS]


def steps(book: Book) -> pd.DataFrame:
    """The work plans of these projects, by date.

    Columns: project, step, name, due, person, person_name, done.
    """
    own = book["actions"]
    own = own[own["project"].isin(projects(book)["project"])]
    who = _people(book, own["person"])
    own = _by_date(own.assign(name=name_or_key(own, "step"), person_name=who), "due")
    return own[["project", "step", "name", "due", "person", "person_name", "done"]]


def _by_date(rows: pd.DataFrame, *dates: str) -> pd.DataFrame:
    """The rows in the order of these dates; what has none comes last."""
    undated_last = rows[[*dates]].replace("", "9999").sort_values([*dates], kind="stable")
    return rows.loc[undated_last.index].reset_index(drop=True)


def _people(book: Book, ids: pd.Series) -> pd.Series:
    """The name of each person."""
    return _looked_up(ids, by_key(book["people"], "person")["name"])


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
    spans = zip(live["starts"], live["ends"], strict=True)
    years = pd.Series([_years(*span) for span in spans], live.index, dtype=float)
    made = []
    for what, held in portfolio.needs(everywhere).iterrows():
        mine, accounts = float((live[what] / years).sum()), float(np.nan_to_num(held["needed"]))
        open_, there = int(live[what].isna().sum()), float(held["available"])
        needed = mine + accounts
        over = max(needed - there, 0.0) if there == there else math.nan
        unit = portfolio.DAYS if what == "days" else book.settings.currency
        least = bool(open_) or bool(held["least"])
        parts = f"; {accounts:,.0f} for accounts, {mine:,.0f} for projects"
        words, _ = portfolio.against("Accounts and projects", needed, there, unit, least, parts)
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
    starts, ends = row.get("starts"), row.get("ends")
    if table == "projects" and starts and ends and ends < starts:
        return f"This project would end on {ends}, before it starts on {starts}."
    return ""


def _dates(book: Book, rows: pd.DataFrame) -> Iterator[Advice]:
    plan, today = steps(book), book.settings.today
    for row in rows[rows["status"] != "stopped"].itertuples():
        where = (STEP, "", row.customer)
        own = plan[plan["project"] == row.project]
        for step in own.loc[own["due"] == "", "name"]:
            yield "block", *where, f'{row.name}: the step "{step}" has no date.', 91
        late = own[(own["due"] != "") & (own["due"] < today) & (own["done"] != "yes")]
        if len(late) and row.status != "done":
            step, due = late.iloc[0][["name", "due"]]
            yield "warn", *where, f'{row.name}: "{step}" was due on {due}.', 91
        if not (row.starts and row.ends):
            end = "end" if row.starts else "beginning"
            yield "warn", *where, f"{row.name} has no {end} yet.", 91
        elif row.ends < row.starts:
            yield "block", *where, f"{row.name} ends on {row.ends}, before it starts.", 91
        if own.empty:
            text = f"{row.name} has no work plan yet: what is the first small step?"
            yield "nudge", *where, text, 91


def _care(rows: pd.DataFrame) -> Iterator[Advice]:
    for row in rows[rows["status"].isin(LIVE)].itertuples():
        where = (STEP, "", row.customer)
        if not row.owner:
            yield "warn", *where, f"{row.name} has no owner: one name, not a committee.", 91
        plan_b = {"risk": row.risk, "contingency": row.contingency}
        missing = [f"no {word}" for word, text in plan_b.items() if not str(text).strip()]
        if missing:
            text = f"{row.name}: what if its people or its money are taken away?"
            yield "nudge", *where, f"{text} {listed(missing).capitalize()} is named.", 93
        if row.class_ == "C":
            yield "nudge", *where, f"{row.name} carries out an idea of class C. Why?", 72


def rules(book: Book) -> Iterator[Advice]:
    """What a facilitator would say about projects; nothing without a project or an idea."""
    if book["projects"].empty and book["ideas"].empty:
        return
    rows = projects(book)
    yield from _dates(book, rows)
    yield from _care(rows.rename(columns={"class": "class_"}))
    classes = pia.screening(book)
    planned = set(book["projects"]["idea"])
    missed = classes[(classes["class"] == "A") & ~classes["idea"].isin(planned)]
    for customer, names in missed.groupby("customer", sort=False)["name"]:
        text = f"{counted(len(names), 'idea')} of class A and no project for"
        text = f"{text} {'them' if len(names) > 1 else 'it'}: {', '.join(names[:4])}."
        yield "nudge", STEP, "", str(customer), text, 73
    if len(book["projects"]):
        for row in load(book).itertuples():
            if row.over > 0:
                yield "warn", STEP, "", "", sentence(row.words), 92
