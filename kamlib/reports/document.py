"""The plan of one account as a Word document: the page to steer by, then the plan heading by heading."""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from kamlib.charts.theme import NOT_IN_XML
from kamlib.errors import InvalidInput
from kamlib.models import headlines, results
from kamlib.models.account import document, plan
from kamlib.models.account.document import Section
from kamlib.reports import report
from kamlib.workbook.book import Book
from kamlib.workbook.stores import files

SMALL = 8.5  # points of the type of a table


def write(location: str, out: Path, given: Mapping[str, Any]) -> Generator[Path]:
    """Write the plan of the customer that the parameters `given` name to the folder `out`.

    Raises InvalidInput where the customer is not named or does not exist.
    """
    customer = str(given.get("customer", ""))
    if not customer:
        raise InvalidInput("Whose plan is it? It needs --customer.", table="parameters", column="customer",
                           hint="kam report WORKBOOK --customer ID --format docx.")  # fmt: skip
    if given.get("audience", "internal") != "internal":
        raise InvalidInput("The plan in Word is internal; the page for a customer is a page of its own.",
                           table="parameters", column="audience", allowed="internal")  # fmt: skip
    book = results.opened(location, customer=customer, scenario=str(given.get("scenario", "")))
    report._make(out)
    path = out / f"{report._file_name(customer, 'plan', book['customers']['customer'])}.docx"
    files.write(path, made(book))
    yield path


def made(book: Book) -> bytes:
    """The document for the customer the settings name."""
    import docx  # python-docx takes its time, and only this needs it
    from docx.shared import Cm, Pt

    paper = docx.Document()
    look = paper.styles["Normal"]
    look.font.name, look.font.size, look.paragraph_format.space_after = "Arial", Pt(10), Pt(3)
    page = paper.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(1.8)
    page.footer.paragraphs[0].text = _clean(" · ".join(headlines.about(book, "")))
    name = book.name("customers", book.settings.customer)
    paper.core_properties.title = title = _clean(f"{name}: the account plan")
    paper.core_properties.author = paper.core_properties.comments = ""
    paper.add_heading(title, 1)
    paper.add_paragraph(_clean(f"{plan.words(plan.account_plan(book))}."))
    _add(paper, document.steering(book))
    paper.add_page_break()
    _add(paper, document.body(book))
    held = io.BytesIO()
    paper.save(held)
    return held.getvalue()


def _add(paper: Any, sections: list[Section]) -> None:
    from docx.shared import Pt

    for part in sections:
        paper.add_heading(_clean(part.title), 2)
        for text in part.lines:
            paper.add_paragraph(_clean(text))
        if part.rows:
            table = paper.add_table(rows=0, cols=len(part.heads), style="Light List")
            for row in (part.heads, *part.rows):
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.paragraphs[0].add_run(_clean(text)).font.size = Pt(SMALL)
        if part.note:
            paper.add_paragraph(_clean(part.note))


def _clean(text: str) -> str:
    """Without the signs that no document may hold."""
    return NOT_IN_XML.sub("", text)
