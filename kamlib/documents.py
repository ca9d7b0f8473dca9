"""What a page says: one function a notebook, for readers inside the company, and one for a customer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from kamlib import handout, impact, panels, sureness
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import findings, headlines, kaism, pia, plans, portfolio, profitability, verdict
from kamlib.wording import listed
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


def document(desk: Desk) -> Document:
    """Everything a reader needs to follow the choice: result, picture, evidence, open questions."""
    _inside(desk)
    from kamlib import charts

    book = desk.book
    seen = verdict.verdicts(book)
    found = findings.find(book)
    picture = charts.svg(charts.matrix(profitability.drawn(book), kaism.MATRIX, book.settings.near_line))
    names = book["segments"].set_index("segment")["name"]
    return _internal(
        desk, book, panels.fill(
            "report",
            segment=names.get(book.settings.segment, "") or book.settings.segment or "all segments",
            picture=panels.trusted(picture), headline=headlines.headline(seen),
            placements=panels.trusted(panels.placements(book)),
            certainty=panels.trusted(sureness.verdicts(book)),
            scores=panels.trusted(panels.score_table(book, portfolio.classes(book))),
            strengths=panels.trusted(panels.strength_tables(book, seen)),
            portfolio=panels.trusted(panels.portfolio_table(book)),
            findings=panels.trusted(panels.findings_list(found[found["step"] > 5])),
            unknown=panels.trusted(panels.unknown_table(book)),
            communication=panels.trusted(panels.communication()),
        ), of_segment=True,
    )  # fmt: skip


def certain(desk: Desk) -> Document:
    """How sure we are of a segment's boxes, for a reader: verdicts, weights, what to find out, scenarios, votes, staff."""
    _inside(desk)
    from kamlib import crew, voices

    book = desk.book
    parts = [
        sureness.report(book),
        voices.report(book),
        crew.report(book),
    ]
    return _internal(desk, book, "\n".join(filter(None, parts)), of_segment=True)


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


def differently(desk: Desk) -> Document:
    """What notebook 04 is for: step 10 of the workbook, or one customer, or what that customer may have in its hands."""
    if desk.audience == "customer":
        return handed(desk)
    return account(desk) if desk.customer else distinct(desk)


def distinct(desk: Desk) -> Document:
    """Step 10 for a reader: what each category gets, where the days come from, services, accounts to move, the load.

    All customers, unless the notebook was given a segment.
    """
    from kamlib import charts
    from kamlib.models import distinction

    _inside(desk)
    book = desk.book if desk.narrowed else desk.book.choosing(segment="")
    flow, presents = distinction.flow(book), distinction.services(book)
    pictures = {
        "flow": charts.energy(flow) if len(flow) else None,
        "presents": charts.presents(presents) if len(presents) else None,
    }
    parts = {
        "different": impact.different, "approaches": impact.approaches, "energy": impact.energy, "services": impact.services,
        "movers": impact.movers, "begun": impact.plans_of_all, "load": impact.load,
    }  # fmt: skip
    return _internal(
        desk, book, panels.fill(
            "report_distinction", title=distinction.words(book),
            findings=panels.trusted(impact.to_settle(findings.differently(book))),
            communication=panels.trusted(panels.communication()), **_drawn(pictures),
            **{name: panels.trusted(part(book)) for name, part in parts.items()},
        ),
    )  # fmt: skip


def account(desk: Desk) -> Document:
    """One customer for a reader inside: what it is to us, what would help it, who does what by when. Six sheets at most."""
    from kamlib import briefing, charts

    _inside(desk)
    if not desk.customer:
        raise InvalidInput("Which customer is the page about?", table="parameters", column="customer")
    book = desk.book.choosing(customer=desk.customer)
    chain, ideas = pia.chain(book), pia.drawn(book)
    steps, projects = plans.steps(book), plans.projects(book)
    walked = chain.head(impact.MOST["chain"])
    pictures = {
        "walked": charts.chain(walked) if len(walked) else None,
        "board": charts.matrix(ideas, pia.MATRIX, book.settings.near_line, "total")
        if _placed(ideas)
        else None,
    }
    parts = {
        "stands": impact.stands, "ideas": impact.ideas, "projects": impact.projects,
        "unknown": impact.unknown, "load": impact.load, "findings": impact.own_findings,
        "sheets": briefing.sheets_of_customer,
    }  # fmt: skip
    shown, today = projects.head(impact.MOST["projects"]), date.today().isoformat()
    return _internal(
        desk, book, panels.fill(
            "report_account", title=account_title(pia.listed(book)["name"].iloc[0]),
            summary=impact.summary(book), stages=walked["name"].tolist(), more=len(chain) - len(walked), people=impact.listed_all(impact.contributors(book)),
            timetable=panels.trusted(_timetable(shown, steps, today)), **_drawn(pictures),
            **{name: panels.trusted(part(book)) for name, part in parts.items()},
        ), contents=False,
    )  # fmt: skip


def account_title(name: str) -> str:
    """What the page of one customer is called."""
    return f"{listed([name], 1)}: what we do, and why"


def handed(desk: Desk) -> Document:
    """What the customer may have in its hands. Raises InvalidInput where something internal would be on it."""
    book, customer = desk.book, desk.customer
    found = handout.ready(book, customer)
    handout.refuse(book, customer)
    return Document(handout.searched(handout.page(found, date.today(), _timetable), book, customer))


def _placed(ideas: pd.DataFrame) -> bool:
    return bool((~ideas["status"].isin(["ruled_out", "unscored"])).any())


def _drawn(pictures: dict[str, Any]) -> dict[str, Any]:
    from kamlib import charts

    return {
        name: panels.trusted(charts.svg(made, name) if made is not None else "")
        for name, made in pictures.items()
    }


def _timetable(projects: pd.DataFrame, steps: pd.DataFrame, today: str) -> str:
    """Projects and their steps in time; "" where there is nothing with a date."""
    from kamlib import charts

    shown = projects.assign(customer="", owner=projects["owner_name"])  # the page is about one customer
    steps = steps[steps["project"].isin(shown["project"])]
    dated = (shown[["starts", "ends"]] != "").to_numpy().any() or (steps["due"] != "").any()
    return charts.svg(charts.timetable(shown, steps, today), "timetable") if dated else ""
