"""A folder of pages for the whole company: every report, the what-if pages and the data; no server, no network."""

from __future__ import annotations

import contextlib
import html as escaped
import json
import re
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.models import headlines, kaism, results, scenarios, verdict
from kamlib.pages import html
from kamlib.reports import report, whatif
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import typed
from kamlib.workbook.stores import files

CONTENTS = "contents.json"  # what of the folder is ours
SHEETS, TABLES = "tables.xlsx", "tables"
RESULTS = ("kaism", "verdict", "classes", "portfolio", "find_out", "findings", "compare", "projects")


def write(
    location: str, folder: Path, segment: str = "", scenario: str = "", round: str = ""
) -> Generator[str]:
    """Write the site of a workbook, whole or not at all; gives the name of each page as it is ready.

    An older site in the folder is replaced when all is there. Raises InvalidInput where the folder holds anything
    else. All of it is made from the copy that `kam publish` serves.
    """
    folder = folder.expanduser().resolve()
    ours(folder)
    with files.plain_errors(folder.name, "changed"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = tempfile.TemporaryDirectory(prefix=f".{folder.name[:100]}.", suffix=".part", dir=folder.parent)
    with part as place, tempfile.TemporaryDirectory(prefix="kam-site-") as apart:
        made = Path(place) / "new"
        (made / "reports").mkdir(parents=True)
        titles: dict[str, str] = {}
        copied = report.publish_copy(location, Path(apart), segment, scenario, round)
        written = contextlib.closing(report.write(str(copied), Path(apart) / "reports", segment))
        with written as pages:
            for path in pages:
                if path.suffix == ".html" and path.stem != "index":
                    page = path.read_text(encoding="utf-8")
                    linked = html.leading_back(page, "../index.html")
                    (made / "reports" / path.name).write_text(linked, encoding="utf-8")
                    titles[f"reports/{path.name}"] = _title(page)
                    yield path.name
        store, text = stores.load(copied, read_only=True)
        catalogue.beside(str(copied))
        book = Book.of(typed(text), segment=segment, today=settings.today())
        book = scenarios.applied(book, book.settings.scenario)
        _data(made, copied, book)
        _what_if(made, book, stores.file_name(location))
        yield "index.html"
        index = _index(made, titles, book, stores.file_name(location))
        (made / "index.html").write_text(index, encoding="utf-8")
        listed = sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file())
        (made / CONTENTS).write_text(json.dumps({"kamlib": "site", "files": listed}, indent=0))
        made.chmod(0o755)
        ours(folder)
        with files.plain_errors(folder.name, "changed"):
            if folder.exists():
                folder.rename(made.with_name("old"))
            try:
                made.rename(folder)
            except OSError:
                made.with_name("old").rename(folder)
                raise


def ours(folder: Path) -> None:
    """Refuse a folder that holds anything but a site of ours."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidInput(
            f"{folder.name} is a file.", hint="Name a folder for the site, or a page: what-if.html."
        )
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    known: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        known = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
    mine = {CONTENTS, *known.get("files", [])} if isinstance(known, dict) else set()
    if others := sorted(there - mine if known else there):
        raise InvalidInput(
            f"The folder {folder.name} holds something else, such as {others[0]}.",
            found=others[0],
            hint="Choose a new folder, or the folder of an older site.",
        )


def _data(made: Path, copied: Path, book: Book) -> None:
    """The tables as CSV and as .xlsx, and the main results as CSV."""
    stores.copy(copied, made / TABLES)
    stores.copy(copied, made / SHEETS)
    (made / "results").mkdir()
    for name in RESULTS:
        found = results.RESULTS[name](book)
        if len(found):
            text = results.render(found, "csv")
            (made / "results" / f"{name}.csv").write_text(text, encoding="utf-8-sig", newline="")


def _what_if(made: Path, book: Book, workbook: str) -> None:
    (made / "what-if").mkdir()
    ids = book["segments"]["segment"]
    for segment in _placed(book):
        page = whatif.page(book.choosing(segment=segment), workbook)
        name = report.file_name(segment, "what-if", ids)
        linked = html.leading_back(page, "../index.html")
        (made / "what-if" / f"{name}.html").write_text(linked, encoding="utf-8")


def _placed(book: Book) -> list[str]:
    """The segments that have customers."""
    there = set(book["customers"]["segment"])
    return [each for each in kaism.segments(book) if each in there]


def _index(made: Path, titles: dict[str, str], book: Book, workbook: str) -> str:
    """The first page: the result of each segment with its pages, then the pages of accounts and of the company."""
    ids, names = book["segments"]["segment"], book["segments"].set_index("segment")["name"]
    parts = []
    for segment in _placed(book):
        name = str(names.get(segment, "")) or segment
        own = [f"reports/{report.file_name(segment, kind, ids)}.html" for kind in ("kaism", "certainty")]
        links = {href: titles.pop(href) for href in own}
        links[f"what-if/{report.file_name(segment, 'what-if', ids)}.html"] = (
            "What if the weights were others?"
        )
        said = headlines.headline(verdict.verdicts(book.choosing(segment=segment)))
        parts.append({"name": name, "headline": said, "links": links})
    accounts = {href: titles.pop(href) for href in [*titles] if "/account-" in href}
    tables = [p for p in sorted((made / TABLES).iterdir()) if p.read_bytes().count(b"\n") > 1]
    data = {f"{TABLES}/{p.name}": p.stem.replace("_", " ").capitalize() for p in tables}
    found = {f"results/{p.name}": results.about_one(p.stem) for p in sorted((made / "results").iterdir())}
    return html.fill(
        "site",
        "index",
        about=headlines.about(book, workbook),
        look=html.trusted(html.look()),
        parts=parts,
        accounts=accounts,
        company=titles,
        found=found,
        data=data,
        sheets=SHEETS,
    )


def _title(page: str) -> str:
    return escaped.unescape(re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)[0]).strip()
