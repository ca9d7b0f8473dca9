"""What a page says: one function a notebook, for readers inside the company."""

from __future__ import annotations

from kamlib import panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import findings, headlines
from kamlib.workbook import stores
from kamlib.workbook.book import Book

INTERNAL = "These pages are internal. Made for a customer there is only the plan of step 10"


class Document:
    """A piece of HTML that a notebook shows; made by `panels`, every text escaped."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return "a report; open it in a browser"


def _inside(desk: Desk) -> None:
    """Raises InvalidInput where the page is to be read by a customer."""
    if desk.audience == "customer":
        raise InvalidInput(f"{INTERNAL}: kam report WORKBOOK --customer ID --audience customer.",
                           table="parameters", column="audience", found="customer", allowed="internal")  # fmt: skip


def _internal(
    desk: Desk, book: Book, html: str, *, of_segment: bool = False, contents: bool = True
) -> Document:
    """A page for readers inside, which says what it is about; the segment where it is of that one alone."""
    if not (of_segment or desk.narrowed):
        book = book.choosing(segment="")
    about = headlines.about(book, stores.file_name(desk.store.location))
    return Document(panels.marked(html, about, contents=contents))


def groundwork(desk: Desk) -> Document:
    """Steps 1 to 5 for a reader: the balance, objectives, means, team, market, segments, the sheets.

    The sheets of all customers, unless the notebook was given a segment.
    """
    _inside(desk)
    from kamlib import briefing, charts
    from kamlib.models import market, objectives

    book = desk.book if desk.narrowed else desk.book.choosing(segment="")
    drivers, trend = objectives.drivers(book), objectives.trend(book)
    drivers = drivers[drivers["strong"]]
    placed = market.market_map(book)
    pictures = {
        "drivers": charts.quadrants(drivers, *objectives.FIELDS) if len(drivers) else None,
        "trend": charts.hockey_stick(trend) if len(trend) > 1 else None,
        "map": charts.market_map(placed, market.routes(book), market.layout(book), market.shares(book)) if len(placed) else None,
        "ranked": charts.opportunity(placed) if placed["size"].notna().any() else None,
    }  # fmt: skip
    parts = {
        "balance": briefing.balance, "purpose": briefing.purpose, "forecast": briefing.forecast,
        "capacity": briefing.capacity, "team": briefing.team, "opportunity": briefing.opportunity,
        "segments": briefing.segments, "sheets": briefing.sheet_tables,
    }  # fmt: skip
    return _internal(
        desk, book, panels.fill(
            "report_groundwork", findings=panels.trusted(panels.findings_list(findings.early(book))),
            **{name: panels.trusted(charts.svg(made, name) if made is not None else "") for name, made in pictures.items()},
            **{name: panels.trusted(part(book)) for name, part in parts.items()},
        ),
    )  # fmt: skip
