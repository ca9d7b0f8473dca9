"""Reports as files of an office: a PDF of a page, a deck of a segment or for a customer, all results in an .xlsx."""

from __future__ import annotations

import datetime
import io
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.errors import InvalidInput, KamError, did_you_mean
from kamlib.models import headlines, kaism, results, scenarios
from kamlib.models.scope import agree
from kamlib.reports import storage
from kamlib.workbook import checks, settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from kamlib.workbook.stores import exchange

FORMATS = ("html", "pdf", "pptx", "xlsx", "docx")
FILES = FORMATS[2:]  # those that are not a page
BROWSERS = (
    "chromium-headless-shell",  # needs least
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
PAPERS = ("A4", "Letter")
SAME = datetime.datetime(2000, 1, 1)


def known(format: str, paper: str) -> None:
    """Raise InvalidInput for a format or a paper that there is not, and for a PDF where no browser is."""
    for name, found, there in (("format", format, FORMATS), ("paper", paper, PAPERS)):
        if found not in there:
            raise InvalidInput(
                f'There is no {name} "{found}" of a report.', found=found, hint=did_you_mean(found, there)
            )
    if format == "pdf" and not browser():
        raise InvalidInput(
            "A PDF is printed by Chromium, Chrome or Edge, and none of them is on this computer.",
            hint="Install one, or name it in KAM_CHROMIUM; or open the .html page and print it.",
        )


def browser() -> str:
    """The browser that prints: the one that KAM_CHROMIUM names, or the first there is; "" for none."""
    return os.environ.get("KAM_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), "")


def pdf(page: str, paper: str = "A4") -> bytes:
    """A page as Chromium prints it, without a network."""
    with tempfile.TemporaryDirectory(prefix="kam-pdf-", ignore_cleanup_errors=True) as name:
        source, target = Path(name) / "page.html", Path(name) / "page.pdf"
        sized = f"<style>@page {{ size: {paper}; }}</style></head>"
        source.write_text(page.replace("</head>", sized, 1), encoding="utf-8")
        flags = [
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--no-pdf-header-footer",
        ]
        flags += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [
            browser(),
            *flags,
            f"--user-data-dir={name}/profile",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=300, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KamError(f"The browser could not print it ({type(error).__name__}).") from None
        if not target.exists():
            raise KamError("The browser could not print it.", hint="Is there enough memory?")
        return target.read_bytes()


def write(
    location: str, out: str | Path, format: str, segment: str = "", given: dict[str, Any] | None = None
) -> Generator[Path]:
    """Write decks (pptx), one for each segment or one for a customer, the plan of one (docx), or all results (xlsx)."""
    from kamlib.reports import report

    checked = settings.gate(settings.together({"workbook": location, "segment": segment}, given or {}))
    with tempfile.TemporaryDirectory(prefix="kam-report-") as place:
        if checked.audience == "customer":
            made = _for_customer(location, Path(place), format, segment, given or {})
        else:
            store, text = stores.load(storage.fetched(location, Path(place)), read_only=True)
            checks.refuse_errors(checks.check(text, store.notes), store.location)
            book = Book.of(
                typed(text),
                near_line=checked.near_line,
                today=settings.today(),
                customer=checked.customer or None,
            )
            book = scenarios.applied(
                book.choosing(segment=checked.segment, scenario=checked.scenario), checked.scenario
            )
            agree(book, checked.segment, checked.customer)
            suffix = report.suffix(checked, text["scenarios"]["scenario"] if "scenarios" in text else ())
            workbook = stores.file_name(store.location)
            made = _files(book, workbook, suffix, format)
        folder = storage.folder(out)
        for name, content in made:
            storage.write(folder / name, content)
            yield folder / name


def _files(book: Book, workbook: str, suffix: str, format: str) -> Iterator[tuple[str, bytes]]:
    from kamlib.reports import document

    if format == "docx":
        return document.files(book, suffix)
    return _decks(book, workbook, suffix) if format == "pptx" else iter([_results(book, workbook, suffix)])


def _for_customer(
    location: str, place: Path, format: str, segment: str, given: dict[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """The slides of the page for a customer: made of what may leave, which has been searched, and of nothing else."""
    from kamlib.reports import report, slides

    if format != "pptx":
        raise InvalidInput(
            "What a customer may have is a page, a PDF or slides.", found=format, allowed="html, pdf, pptx"
        )
    for page in report.write(location, place / "page", segment, given):
        shown = slides.of_page(page.read_text(encoding="utf-8"))
        yield f"{page.stem}.pptx", slides.written(shown, [])


def _decks(book: Book, workbook: str, suffix: str) -> Iterator[tuple[str, bytes]]:
    from kamlib.reports import deck, report

    if customer := book.settings.customer:
        name = report.file_name(customer, "plan", book["customers"]["customer"])
        yield f"{name}{suffix}.pptx", deck.of_account(book, workbook)
        return
    for each in kaism.segments(book):
        name = report.file_name(each, "deck", book["segments"]["segment"])
        yield f"{name}{suffix}.pptx", deck.of_segment(book, each, workbook)


def _results(book: Book, workbook: str, suffix: str) -> tuple[str, bytes]:
    """All results of `kam show`, a sheet each, behind a cover that lists them."""
    import xlsxwriter

    whole = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(whole, safe) as file:
        file.set_properties({"created": SAME, "title": "All results"})
        look = {
            "title": file.add_format({"bold": True, "font_size": 16}),
            "head": file.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "text": file.add_format({"text_wrap": True, "valign": "top"}),
            "whole": file.add_format({"num_format": "#,##0", "valign": "top"}),
            "part": file.add_format({"num_format": "#,##0.0##", "valign": "top"}),
        }
        cover, row = file.add_worksheet("About"), 3
        cover.set_column(0, 0, 26)
        cover.set_column(1, 1, 96)
        cover.write_string(0, 0, "All results", look["title"])
        cover.write_string(1, 0, " · ".join(headlines.about(book, workbook)))
        for page, lines in results.about().items():
            cover.write_string(row, 0, page, look["head"])
            for name, line in lines.items():
                row += 1
                try:
                    frame = results.RESULTS[name](book)
                except KamError as error:
                    cover.write_row(row, 0, [name, str(error)], look["text"])
                    continue
                cover.write_url(row, 0, f"internal:'{name}'!A1", None, name)
                cover.write_string(row, 1, line if len(frame) else f"{line} Nothing yet.", look["text"])
                _sheet(file.add_worksheet(name), frame, look)
            row += 2
    return f"results{suffix}.xlsx", whole.getvalue()


def _sheet(sheet: Any, frame: pd.DataFrame, look: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 1)
    for n, column in enumerate(frame.columns):
        cells = frame.iloc[:, n].tolist()
        sheet.set_column(n, n, min(max([len(str(column)), *(len(str(cell)) for cell in cells)]) + 2, 60))
        sheet.write_string(0, n, str(column).replace("_", " "), look["head"])
        for m, cell in enumerate(cells, 1):
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                if math.isfinite(cell):  # an unknown figure is an empty cell
                    sheet.write_number(m, n, cell, look["whole" if cell == int(cell) else "part"])
            elif cell is not None:
                sheet.write_string(m, n, exchange.written(str(cell)[: exchange.LONGEST]), look["text"])
    if len(frame):
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
