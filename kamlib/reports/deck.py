"""The deck of an account, its plan; and of a segment: the result, the matrix, the decisions, who pays, how sure it is, and what is next."""

from __future__ import annotations

import pandas as pd

from kamlib.models import findings, headlines, kaism, verdict
from kamlib.models.account import document, plan
from kamlib.pages import certainty, html, profit
from kamlib.pages import kaism as choice
from kamlib.pages.exhibit import View, exhibits
from kamlib.reports import slides
from kamlib.reports.slides import Slide
from kamlib.wording import counted
from kamlib.workbook.book import Book

MOST = 9  # points on the slide of what is next; the others are in the notes


def of_segment(book: Book, segment: str, workbook: str) -> bytes:
    """The slides of one segment as a .pptx, ready to be shown inside the company."""
    view = View(book.choosing(segment=segment), workbook=workbook)
    whole = View(book.choosing(segment=""), workbook=workbook)
    name = book.name("segments", segment)
    result = headlines.headline(verdict.verdicts(view.book))
    company = book.settings.supplier or book.settings.name
    cover = Slide(f"Who are our key accounts in {name}?", small=result, cover=True, notes=company)
    matrix = next(e for e in exhibits(choice.position) if e.chart)
    whale = next(e for e in exhibits(profit.whale) if e.chart)
    seen = kaism.place(view.book)
    shown = [
        cover,
        slides.of_exhibit(matrix, view, title=result, notes=_lines(seen, "name", "reason")),
        _decisions(view.book),
        slides.of_exhibit(whale, whole),
        _certainty(view.book),
        *_next(view.book),
    ]
    kept = [slide for slide in shown if slide.cover or slide.picture or slide.table]
    return slides.written(kept, html.about(view))


def of_account(book: Book, workbook: str) -> bytes:
    """The slides of the plan of the customer the settings name, for its account team: the page to steer by, then the plan."""
    name = book.name("customers", book.settings.customer)
    said = f"{plan.words(plan.account_plan(book))}."
    cover = Slide(f"{name}: the account plan", small=said, cover=True)
    parts = [part for part in (*document.steering(book), *document.body(book)) if part.rows or part.lines]
    shown = [
        Slide(
            part.title,
            table=[part.heads, *part.rows] if part.rows else (),
            points=() if part.rows else part.lines,
            small=part.lines[0] if part.rows and part.lines else "",
            notes="\n".join([*part.lines, part.note]).strip(),
        )
        for part in parts
    ]
    return slides.written([cover, *shown], headlines.about(book, workbook))


def _lines(rows: pd.DataFrame, *columns: str) -> str:
    return "\n".join(
        ": ".join(filter(None, row)) for row in rows[list(columns)].astype(str).itertuples(index=False)
    )


def _table(rows: pd.DataFrame, columns: dict[str, str]) -> slides.Table:
    return [list(columns.values()), *rows[list(columns)].fillna("").astype(str).to_numpy().tolist()]


def _decisions(book: Book) -> Slide:
    rows = verdict.verdicts(book)
    said = book["decisions"]
    said = said[said["what"] == "category"].drop_duplicates("subject", keep="last").set_index("subject")
    people = book["people"].set_index("person")["name"]
    who = rows["customer"].map(said["person"]).map(people).fillna("")
    on = rows["customer"].map(said["on"]).fillna("")
    rows = rows.assign(
        reason=rows["customer"].map(said["reason"]).fillna(""), by=who.where(who == "", who + ", " + on)
    )
    order = list(kaism.MATRIX.boxes)
    place = rows["category"].map(lambda box: order.index(box) if box in order else len(order))
    rows = rows.iloc[place.argsort(kind="stable")]
    columns = {"name": "Customer", "stands": "Stands as", "word": "How sure", "reason": "Why"}
    many = int((rows["decision"] != "").sum())
    return Slide(
        f"{many} of {counted(len(rows), 'customer')} {'is' if many == 1 else 'are'} decided",
        table=_table(rows, columns) if len(rows) else (),
        notes=_lines(rows, "name", "sentence", "by"),
    )


def _certainty(book: Book) -> Slide:
    rows = verdict.verdicts(book)
    order = {"open": 0, "likely": 1, "firm": 2}
    rows = rows[rows["sure"] != ""].sort_values(
        "sure", key=lambda sure: sure.map(order).fillna(3), kind="stable"
    )
    shown = rows[rows["sure"] != "firm"] if (rows["sure"] != "firm").any() else rows
    columns = {"name": "Customer", "stands": "Stands as", "word": "Verdict", "change": "What would change it"}
    return Slide(
        certainty.headline(book),
        table=_table(shown, columns) if len(rows) else (),
        notes=_lines(rows, "name", "sentence", "change"),
    )


def _next(book: Book) -> list[Slide]:
    """What is to settle, the most serious first, and what is to find out, by whom and by when."""
    rules, asked = findings.find(book), kaism.unknowns(book)
    rules = rules[rules["level"].isin(("block", "warn"))].assign(
        level=lambda rows: rows["level"].map(html.LEVELS)
    )
    people = book["people"].set_index("person")["name"]
    asked = asked.assign(person=asked["person"].map(people).fillna(asked["person"]))
    settle = {"message": "What is to settle", "level": "How urgent", "step": "Step"}
    find = {
        "name": "Customer",
        "label": "What we do not know",
        "question": "Question",
        "person": "Who",
        "due": "By",
    }
    made = [
        (f"{counted(len(rules), 'point')} to settle next", rules, settle),
        (f"{counted(len(asked), 'score')} to find out", asked, find),
    ]
    return [
        Slide(
            title if len(rows) <= MOST else f"{title}, the {MOST} most urgent first",
            table=_table(rows.head(MOST), columns),
            notes=_lines(rows.iloc[MOST:], *list(columns)[:3]),
        )
        for title, rows, columns in made
        if len(rows)
    ]
