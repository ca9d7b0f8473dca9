"""The plan of one account on paper, six sheets at most: what it is to us, what to do first, who does what by when."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import pia, plans, portfolio
from kamlib.pages import handout
from kamlib.pages.card import said_of
from kamlib.pages.exhibit import Exhibit, View, stack
from kamlib.pages.grids import names_of
from kamlib.pages.html import box_word, fill, line
from kamlib.wording import account as spoken
from kamlib.wording import counted, cut, listed
from kamlib.workbook.book import Book

# how many rows of a list the plan of an account shows, so that it stays a few sheets of paper
MOST = {"chain": 12, "ideas": 14, "projects": 6, "steps": 10, "unknown": 6, "findings": 6}
MANY = 40  # rows of a list in the page of the whole workbook
NAMED = 3
NOTHING = (
    "Nothing has been written down for this customer yet. Begin with the chain of doing business with us."
)


def of_account(view: View) -> bool:
    """Is the page on paper the plan of one account?"""
    return view.paper and bool(view.customer)


def of_all(view: View) -> bool:
    """Is the page on paper about the whole workbook, or a segment of it?"""
    return view.paper and not view.customer


def book_of(view: View) -> Book:
    """The workbook for the customer in focus, or for the first with an analysis."""
    return view.book.choosing(customer=pia.focus(view.book, view.customer))


def customer_of(view: View) -> str:
    """The customer it is about. Raises InvalidInput where there is none."""
    customer = book_of(view).settings.customer
    if not customer:
        raise InvalidInput("Choose a customer first.")
    return customer


def name(view: View) -> str:
    """The name of that customer, "" where there is none."""
    book = book_of(view)
    return str(pia.listed(book)["name"].iloc[0]) if book.settings.customer else ""


def choices(view: View) -> dict[str, str]:
    """The customers of the segment; those with an analysis of their own come first."""
    names, begun = names_of(pia.listed(view.book)), set(pia.begun(view.book))
    said = {c: f"{n} (begun)" for c, n in names.items() if c in begun}
    return said | {c: n for c, n in names.items() if c not in begun}


def title(view: View) -> str:
    """What the plan of an account is called."""
    return f"{listed([name(view)], 1)}: what we do, and why"


def outside(view: View) -> tuple[str, str]:
    """Title and page of what the customer may have in its hands. Raises InvalidInput where something on it is internal."""
    found = handout.ready(view.book, view.customer)
    handout.refuse(view.book, view.customer)
    page = handout.page(found, date.today(), timetable)
    return handout.title(found), handout.searched(page, view.book, view.customer)


def timetable(projects: pd.DataFrame, steps: pd.DataFrame, today: str) -> str:
    """The picture of projects and their steps in time; "" where there is nothing with a date."""
    return charts.picture("timetable", charts.timetable, in_time(projects, steps, today))


def in_time(projects: pd.DataFrame, steps: pd.DataFrame, today: str) -> tuple[Any, ...]:
    """Projects and their steps as a timetable takes them; () where there is nothing with a date."""
    shown = owned(projects)
    steps = steps[steps["project"].isin(shown["project"])]
    dated = (shown[["starts", "ends"]] != "").to_numpy().any() or (steps["due"] != "").any()
    return (shown, steps, today) if dated else ()


def owned(projects: pd.DataFrame) -> pd.DataFrame:
    """The projects as a timetable takes them: of one customer, with the names of their owners."""
    return projects.assign(customer="", owner=projects["owner_name"])


# In a paragraph


def summary(view: View) -> str:
    """One customer in one paragraph: what it is to us, what to do first, what is done, what comes next."""
    book = book_of(view)
    projects, steps = plans.projects(book), plans.steps(book)
    live = projects[projects["status"].isin(plans.LIVE)]
    said = [_standing(place(book)), *_of_ideas(pia.order(book)), *_of_projects(live)]
    open_ = steps[(steps["done"] != "yes") & (steps["due"] != "") & steps["project"].isin(live["project"])]
    if len(open_):
        first = open_.iloc[0]
        by = f" ({first['person_name'] or first['person']})" if first["person"] else ""
        said.append(f"Next: {cut(first['name'])}, by {first['due']}{by}.")
    return " ".join(said)


def place(book: Book) -> dict[str, Any]:
    """Where the customer the settings name stands in its matrix, as `portfolio.classes` says it."""
    rows = portfolio.classes(book.choosing(customer="", segment=""))
    own = rows[rows["customer"] == book.settings.customer].to_dict("records")
    if own:
        return {str(column): value for column, value in own[0].items()}
    unplaced = dict.fromkeys(rows.columns, "")  # without a segment it stands in no matrix
    return unplaced | {"name": pia.listed(book)["name"].iloc[0], "status": "unscored"}


def _standing(row: dict[str, Any]) -> str:
    name = cut(row["name"])
    if not row["category"]:
        return f"{name} stands in no category yet."
    how = "suggested, not decided"
    if row["decision"]:
        how = f"decided; suggested: {box_word(row['box']).lower()}" if row["differs"] else "decided"
    return f"{name} is {spoken(row['category'])} ({how})."


def _of_ideas(ideas: pd.DataFrame) -> list[str]:
    if ideas.empty:
        return ["No idea has been written down for it yet."]
    many = [f"{n} of class {letter}" for letter in "ABC" if (n := int((ideas["class"] == letter).sum()))]
    open_ = int((ideas["class"] == "?").sum())
    many += [f"{open_} still open"] if open_ else []
    said = [f"{counted(len(ideas), 'idea')}: {', '.join(many)}."]
    unmet = ideas.loc[(ideas["role"] == "given") & (ideas["secured"] != "yes"), "name"]
    if len(unmet):
        said.append(f"First of all what it expects and does not get yet: {listed(unmet, NAMED)}.")
    return said


def _of_projects(live: pd.DataFrame) -> list[str]:
    if live.empty:
        return ["No project is under way."]
    end = max(live["ends"])
    until = f", the last until {end}" if end else ""
    said = [f"{counted(len(live), 'project')} planned or running{until}."]
    free = live.loc[live["owner"] == "", "name"].tolist()
    if free:
        said.append(f"{listed(free, NAMED)} {'has' if len(free) == 1 else 'have'} no owner.")
    return said


# Where it stands


def _stands(view: View) -> str:
    book = book_of(view)
    row = place(book)
    if row["status"] == "unscored" and not row["decision"]:
        return ""
    return fill(
        "account",
        "stands",
        row=row,
        said=said_of(book.choosing(customer="", segment=""), book.settings.customer),
        people=names_of(book["people"]),
    )


def _nothing(view: View) -> str:
    book = book_of(view)
    written = [pia.chain(book), pia.ideas(book), plans.projects(book)]
    answers = book["answers"]
    empty = not any(map(len, written)) and view.customer not in set(answers["subject"])
    return line(NOTHING) if empty else ""


beginning = stack(
    Exhibit("stands", "Where it stands", _stands), Exhibit("nothing", words=_nothing), on_paper=of_account
)

# Who does what


def _projects(view: View) -> str:
    book = book_of(view)
    rows, steps = plans.projects(book), plans.steps(book)
    live = rows.loc[rows["status"].isin(plans.LIVE), "project"]
    open_ = steps[(steps["done"] != "yes") & steps["project"].isin(live)]
    open_ = open_.assign(project=open_["project"].map(dict(zip(rows["project"], rows["name"], strict=True))))
    return fill(
        "account",
        "projects",
        rows=rows.to_dict("records"),
        steps=open_.to_dict("records"),
        most=MOST,
        currency=book.settings.currency,
    )


def _made_by(view: View) -> str:
    names = contributors(book_of(view))
    shown = names if len(names) <= 12 else [*names[:11], f"{len(names) - 11} more"]
    return line(f"Made by {', '.join(map(cut, shown))}.", "small foot") if names else ""


def contributors(book: Book) -> list[str]:
    """Everybody named with this customer: who decided, had an idea, rated one, owns a project or does a step."""
    own, ideas = book.settings.customer, pia.ideas(book)
    decisions, ratings, scores = book["decisions"], book["ratings"], book["scores"]
    scored = scores["subject"].isin(ideas["idea"]) & scores["model"].isin(pia.MATRIX.weighed)
    named = [
        *decisions.loc[(decisions["subject"] == own) & (decisions["what"] != "benchmark_waiver"), "person"],
        *ideas["person"],
        *ratings.loc[ratings["idea"].isin(ideas["idea"]), "person"],
        *scores.loc[scored, "person"],
        *plans.projects(book)["owner"],
        *plans.steps(book)["person"],
    ]
    names = names_of(book["people"].drop_duplicates("person"))
    return [names.get(p, p) for p in dict.fromkeys(named) if p]


projects = Exhibit("projects-table", words=_projects, on_paper=of_account, on_screen=False)
made_by = Exhibit("made-by", words=_made_by, on_paper=of_account, on_screen=False)
