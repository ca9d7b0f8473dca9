"""What a facilitator would say about an analysis, and what may not be entered yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kamlib.errors import Advice
from kamlib.models import portfolio
from kamlib.models.lookup import by_key
from kamlib.models.pia import board, letters, stages
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book
from kamlib.workbook.settings import of_workbook

STEP, MANY = 10, 5


def refused(book: Book, table: str, row: Mapping[str, str]) -> str:
    """Why this row (as it would be stored) may not be entered yet, "" when it may."""
    if table == "ratings" and row.get("rating"):
        asked = letters.parameters(book).set_index("question")
        asked = asked[(asked.index == row.get("question", "")) & ~asked["ready"]]
        for about in asked.to_dict("records"):
            words = {"good": "good", "OK": "ok", "bad": "bad"}
            missing = [word for word, column in words.items() if not about[column].strip()]
            mean = f"{' and '.join(missing)} {'means' if len(missing) == 1 else 'mean'}"
            return f'Before ideas are rated, say what {mean} for "{about["label"]}"'
    if table == "ideas" and row.get("class") and not str(row.get("reason", "")).strip():
        found = letters.screening(Book(book, of_workbook(book))).set_index("idea")["suggestion"]
        if found.get(row.get("idea", ""), "?") != row["class"]:
            return f"Class {row['class']} is not what the answers say: give the reason first."
    return ""


def _named(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = [f"{len(every) - MANY + 1} more"]  # names in full, however long
    return listed(every if len(every) <= MANY else every[: MANY - 1] + more)


def _parameters(book: Book) -> Iterator[Advice]:
    asked = letters.parameters(book)
    rated = set(book["ratings"].loc[book["ratings"]["rating"] != "", "question"])
    for label in asked.loc[~asked["ready"] & asked["question"].isin(rated), "label"]:
        text = f'"{label}" is rated, but nobody has said what good, OK and bad mean.'
        yield "block", STEP, "", "", text, 72


def _classes(book: Book) -> Iterator[Advice]:
    ideas = letters.screening(book)
    for row in ideas[ideas["differs"] & (ideas["reason_given"].str.strip() == "")].itertuples():
        text = f"class {row.decision} was decided, the answers say {row.suggestion}."
        yield "block", STEP, "", row.customer, f"{row.name}: {text} Give the reason.", 72
    for customer, rows in letters.find_out(book).groupby("customer", sort=False):
        count = rows["idea"].nunique()
        text = f"{counted(count, 'idea')} could still change class"
        text = f"{text}; find out the rest: {_named(rows['name'])}."
        yield "nudge", STEP, "", str(customer), text, 28


def _givens(book: Book) -> Iterator[Advice]:
    projects = book["projects"]
    planned = set(projects.loc[projects["status"] != "stopped", "idea"])
    for customer, rows in letters.screening(book).groupby("customer", sort=False):
        has_project = rows["idea"].isin(planned)
        unmet = rows[(rows["role"] == "given") & (rows["secured"] != "yes") & ~has_project]
        if len(unmet) and ((rows["role"] == "differentiator") & has_project).any():
            text = "Expected by all and not working yet, without a project"
            text = f"{text}: {_named(unmet['name'])}. Do it before what is to set us apart."
            yield "warn", STEP, "", str(customer), text, 73
        unsaid = rows[(rows["role"] == "") & (rows["class"] == "A")]
        if len(unsaid):
            text = f"Given or differentiator? Nobody has said for {_named(unsaid['name'])}."
            yield "nudge", STEP, "", str(customer), text, 73


def _board(book: Book) -> Iterator[Advice]:
    ideas = letters.ideas(book)[["idea", "evidence", "asked_for"]]
    placed = board.place(book).merge(ideas, on="idea")
    wanted = placed["box"].isin(["progress", "question"]) & (placed["evidence"].str.strip() == "")
    for row in placed[wanted].itertuples():
        text = f"{row.name} is said to be worth much to the customer: how do we know?"
        yield "nudge", STEP, "", row.customer, text, 74
    for row in placed[(placed["asked_for"] == "yes") & (placed["class"] == "A")].itertuples():
        text = (
            f"{row.name} was asked for by the customer: expect a smaller share of what it brings."
        )
        yield "nudge", STEP, "", row.customer, text, 75


def _team(book: Book) -> Iterator[Advice]:
    function = by_key(book["people"], "person")["function"]
    ideas = letters.ideas(book)
    for customer, rows in ideas[ideas["person"] != ""].groupby("customer", sort=False):
        known = set(rows["person"].map(function).dropna()) - {""}
        if len(rows) >= MANY and len(known) == 1:
            text = f"All {len(rows)} ideas come from {known.pop()}: ask the other functions too."
            yield "nudge", STEP, "", str(customer), text, 71


def _plans(book: Book) -> Iterator[Advice]:
    begun = stages.begun(book)
    rows = portfolio.classes(book.choosing(customer=""))
    rows = rows[rows["category"].isin(stages.PLAN_OWN) & (rows["decision"] != "")]
    rows = rows[~rows["customer"].isin(begun)]
    for segment, names in rows.groupby("segment", sort=False)["name"] if begun else ():
        yield "nudge", STEP, str(segment), "", f"No plan of its own yet: {_named(names)}.", 52


def _asked(book: Book) -> Iterator[Advice]:
    """Every rule, once an analysis has begun; before that there is nothing to say."""
    if any(len(book[name]) for name in ("stages", "ideas", "ratings", "projects")):
        for rule in (_parameters, _classes, _givens, _board, _team, _plans):
            yield from rule(book)


RULES = (_asked,)
