"""Exhibits and whole pages as they stand on paper, without a browser or a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from kamlib.app.desk import Desk
from kamlib.pages import html
from kamlib.pages.exhibit import Exhibit, Part, View, exhibits, of
from kamlib.reports import report
from kamlib.workbook.book import Book

PAGES = sorted(Path(html.__file__).parent.glob("*.py"))


def view(book: Book, **more: Any) -> View:
    """What an exhibit sees of a book on paper; `picked=` moves controls, `customer=` is in focus."""
    return View(book, **more)


def paper(part: Part, book: Book, **more: Any) -> str:
    """The HTML of an exhibit or of several."""
    return str(html.on_paper(part, view(book, **more)))


def screen(part: Part, book: Book, **more: Any) -> str:
    """The title and the words of all exhibits of a part as the screen shows them, without pictures and grids."""
    seen = view(book, paper=False, locked=False, **more)
    return "".join(
        f"{html.head(e, seen)}{e.words(seen) if e.words else ''}" for e in exhibits(part) if e.on_screen
    )


def title(exhibit: Exhibit, book: Book, **more: Any) -> str:
    """The title of an exhibit."""
    return str(of(exhibit.title, view(book, **more)))


def page(notebook: str, desk: Desk) -> str:
    """The page that `kam report` makes of a notebook, of this desk: its cells are run here."""
    desk.paper, before = True, desk.paper
    shown = nbformat.read(report.NOTEBOOKS / f"{notebook}.ipynb", 4)
    names: dict[str, Any] = {"desk": desk}
    for cell in shown.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or {"app", "parameters"} & {*tags}:
            continue
        if "setup" in tags:
            exec(cell.source.partition("\ndesk = ")[0], names)  # noqa: S102
            continue
        result = eval(cell.source, names)  # noqa: S307
        assert isinstance(result, html.Paper)
        cell.outputs = [nbformat.v4.new_output("display_data", result._repr_mimebundle_())]
    desk.paper = before
    return report.printed(shown)


printed = page
