"""How far is the plan of each account? Heading by heading, and how long it is."""

from __future__ import annotations

import math

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import pia
from kamlib.models.account import document
from kamlib.models.account.document import HEADINGS, Section
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book, model

PAGE, GOOD, BETTER = "06_account_plan", 6, 4  # pages: six are good, four are better
WRITTEN = "executive_summary"  # the heading that no workbook can fill in by itself
LINES, WIDE = 52, 95  # of a page of paper, and letters of a line


@model
def account_plan(book: Book) -> pd.DataFrame:
    """How far the plan of each account is that somebody has begun: a row a heading.

    Columns: customer, name, item, label, state (written: in words of our own, from the workbook:
    put in by itself, open), parts (sentences and rows that stand there).
    """
    shelves = catalogue.parts()
    own = [form.id for form in sheets.forms() if shelves[form.home]["page"] == PAGE]
    answers, rows = book["answers"], []
    begun = {*answers.loc[answers["sheet"].isin(own) & (answers["value"] != ""), "subject"]}
    begun |= {*book["customer_people"]["customer"], *book["proposals"]["customer"]}
    headings = catalogue.items(HEADINGS)[["id", "label"]]
    for customer, name, _ in pia.listed(book).itertuples(index=False):
        if customer in begun:
            chosen = book.choosing(customer=customer, segment="")
            said = sheets.said(book, HEADINGS, "says", customer)
            there = {part.item: part for part in document.body(chosen)}
            for item, label in headings.itertuples(index=False):
                part = there.get(item, Section(""))
                known = bool(part.lines or part.rows) and item != WRITTEN
                state = "written" if item in said else "from the workbook" if known else "open"
                rows.append((customer, name, item, label, state, len(part.lines) + len(part.rows)))
    return pd.DataFrame(rows, columns=["customer", "name", "item", "label", "state", "parts"])


def words(rows: pd.DataFrame) -> str:
    """How far the plan of one account is, in a sentence."""
    open_ = rows.loc[rows["state"] == "open", "label"].str.lower().tolist()
    if len(open_) == len(rows):
        return "Nothing of the plan is there yet"
    said = f"{len(rows) - len(open_)} of {counted(len(rows), 'heading')} of the plan are filled in"
    return f"{said}; open: {listed(open_, 4)}" if open_ else said


def pages(sections: list[Section]) -> int:
    """About how many sheets of paper the sections take."""
    lines = 0
    for part in sections:
        lines += 3 + sum(math.ceil(len(line) / WIDE) for line in part.lines)
        room = WIDE / max(len(part.heads), 1)
        for row in (part.heads, *part.rows) if part.rows else ():
            lines += max(math.ceil(len(cell) / room) for cell in row)
    return max(1, math.ceil(lines / LINES))


def length_words(count: int) -> str:
    """How long the plan is, and whether that is good."""
    said = f"about {counted(count, 'page')}"
    return f"{said}: cut it, six are good and four are better" if count > GOOD else said
