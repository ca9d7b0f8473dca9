"""Exhibits as they stand on paper, without a desk."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat

from kamlib import report
from kamlib.desk import Desk
from kamlib.pages import html
from kamlib.pages.exhibit import Exhibit, Part, View, of
from kamlib.workbook import settings
from kamlib.workbook.book import Book

PAGES = sorted(Path(html.__file__).parent.glob("*.py"))


def view(book: Book, **more: Any) -> View:
    """What an exhibit sees of a book on paper; `picked=` moves controls, `customer=` is in focus."""
    return View(book, **more)


def paper(part: Part, book: Book, **more: Any) -> str:
    """The HTML of an exhibit or of several."""
    return str(html.on_paper(part, view(book, **more)))


def title(exhibit: Exhibit, book: Book, **more: Any) -> str:
    """The title of an exhibit."""
    return str(of(exhibit.title, view(book, **more)))


def printed(notebook: str, desk: Desk) -> str:
    """The page of a notebook as `kam report` writes it, of this desk and without a kernel of its own."""
    desk.paper = True
    book = nbformat.read(settings.shipped("notebooks") / f"{notebook}.ipynb", as_version=4)
    names = {"desk": desk} | {path.stem: import_module(f"kamlib.pages.{path.stem}") for path in PAGES}
    for cell in book.cells:
        if cell.cell_type == "code" and cell.source.startswith("desk."):
            shown = eval(cell.source, names)  # noqa: S307
            data = shown._repr_mimebundle_()
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
    return report.printed(book)
