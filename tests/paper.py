"""Exhibits as they stand on paper, without a desk."""

from __future__ import annotations

from typing import Any

from kamlib.pages import html
from kamlib.pages.exhibit import Exhibit, Part, View, of
from kamlib.workbook.book import Book


def view(book: Book, **more: Any) -> View:
    """What an exhibit sees of a book on paper; `picked=` moves controls, `customer=` is in focus."""
    return View(book, **more)


def paper(part: Part, book: Book, **more: Any) -> str:
    """The HTML of an exhibit or of several."""
    return str(html.on_paper(part, view(book, **more)))


def title(exhibit: Exhibit, book: Book, **more: Any) -> str:
    """The title of an exhibit."""
    return str(of(exhibit.title, view(book, **more)))
