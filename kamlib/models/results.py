"""Every table and result by name, and how it is written for a screen, Excel or another program."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import yaml

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models import (
    agenda,
    ballots,
    certainty,
    distinction,
    findings,
    hierarchy,
    kaism,
    listing,
    market,
    objectives,
    pia,
    plans,
    portfolio,
    profitability,
    programme,
    resources,
    scenarios,
    segmentation,
    staffing,
    verdict,
)
from kamlib.models.account import (
    people,
    plan,
    positioning,
    proposal,
    relationship,
    standing,
    strategy,
)
from kamlib.models.scope import agree
from kamlib.workbook import checks, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, Tables, parse_number, typed
from kamlib.workbook.settings import today

RESULTS: dict[str, Callable[[Book], pd.DataFrame]] = {
    "kaism": kaism.place,
    "certainty": verdict.certainty_table,
    "verdict": verdict.verdicts,
    "weight_flips": certainty.weight_flips,
    "score_flips": certainty.score_flips,
    "stability": certainty.stability,
    "opinions": certainty.opinions,
    "find_first": verdict.homework,
    "compare": scenarios.compare,
    "what_if": scenarios.overview,
    "disagreement": ballots.cells,
    "agreement": ballots.agreement,
    "borderline": ballots.borderline,
    "by_function": ballots.by_function,
    "by_person": ballots.by_person,
    "views_of": ballots.views_of,
    "outcomes": ballots.outcomes,
    "timetable": agenda.timetable,
    "staffed": staffing.choose,
    "frontier": staffing.frontier,
    "classes": portfolio.classes,
    "portfolio": portfolio.table,
    "findings": findings.find,
    "find_out": kaism.unknowns,
    "drivers": objectives.drivers,
    "resistance": objectives.resistance,
    "sanity": objectives.sanity,
    "hockey_stick": objectives.hockey_stick,
    "balance": objectives.balance,
    "carry": resources.carry,
    "plan": resources.plan,
    "team": resources.team,
    "effort_and_profit": resources.distribution,
    "market_map": market.market_map,
    "viability": segmentation.viability,
    "value_index": segmentation.value_index,
    "turnover_classes": segmentation.turnover_classes,
    "overview": segmentation.overview,
    "groups": hierarchy.groups,
    "customer_profit": profitability.customers,
    "whale_curve": profitability.whale,
    "concentration": profitability.concentration,
    "cost_to_serve": profitability.cost_to_serve,
    "unused_capacity": profitability.pools,
    "discount_volume": profitability.discount_volume,
    "overhead_spiral": profitability.spiral,
    "contribution": profitability.contribution,
    "future_value": profitability.future_value,
    "retention": profitability.retention,
    "won_and_lost": profitability.won_and_lost,
    "payback": profitability.payback,
    "channels": profitability.channels,
    "kam_cost": profitability.kam_cost,
    "distinction": distinction.distinction,
    "energy": distinction.energy,
    "services": distinction.services,
    "movers": distinction.movers,
    "chain": pia.chain,
    "screening": pia.screening,
    "screening_find_out": pia.find_out,
    "lock_in": pia.lock_in,
    "value_share": pia.value,
    "pia": pia.place,
    "idea_order": pia.order,
    "projects": plans.projects,
    "work_plan": plans.steps,
    "load": plans.load,
    "failure": programme.failure,
    "failure_proposals": programme.proposals,
    "commitment": programme.entangled,
    "views": programme.views,
    "change": programme.change,
    "obstacles": programme.obstacles,
    "skills": programme.skills,
    "phases": programme.phases,
    "milestones": programme.milestones,
    "health": programme.health,
    "weak_links": programme.weak_links,
    "cases_at_home": programme.alike,
    "account": standing.account,
    "relationship": relationship.relationship,
    "signs": relationship.signs,
    "contact_roles": people.contact_roles,
    "approach_order": people.approach_order,
    "snail": people.snail,
    "contact_map": people.contact_map,
    "contact_load": people.contact_load,
    "contact_rules": findings.contacts,
    "positioning": positioning.positioning,
    "ansoff": strategy.ansoff,
    "cultural_match": strategy.cultural_match,
    "proposal_rating": proposal.rating,
    "proposal_people": proposal.people,
    "proposal_forecast": proposal.proposals,
    "account_plan": plan.account_plan,
    "catalogue": listing.catalogue,
    "exercises": sheets.progress,
    "sheets": sheets.table,
}
FORMATS = ("table", "csv", "json")
LIST = "results"  # the name that shows all other names
WIDEST = 90  # characters of a cell on the screen


@functools.cache
def about() -> dict[str, dict[str, str]]:
    """What each result says, in a line: by page, then by name."""
    text = Path(__file__).with_name("results.yaml").read_text(encoding="utf-8")
    pages: dict[str, dict[str, str]] = yaml.safe_load(text)
    return pages


def about_one(name: str) -> str:
    """What one result says, in a line."""
    return next(lines[name] for lines in about().values() if name in lines)


def names(text: Tables) -> pd.DataFrame:
    """Everything there is to show, the results first. Columns: name, about, page."""
    rows = [(name, line, page) for page, lines in about().items() for name, line in lines.items()]
    own = "A table of your own."
    rows += [
        (name, DEFINITIONS[name].help if name in DEFINITIONS else own, "Tables") for name in text
    ]
    return pd.DataFrame(rows, columns=["name", "about", "page"])


def show(
    location: str, name: str, segment: str = "", customer: str = "", scenario: str = ""
) -> pd.DataFrame:
    """A result or a table of the workbook at `location`; a table of the workbook as it was entered.

    The name "results" gives the list of everything there is to show. With a `customer` the results
    of positive impact analysis and its plans are those of this one; with a `scenario` all results
    are as they are in it.
    """
    store, text = _loaded(location)
    if name == LIST:
        return names(text)
    if name in RESULTS:
        return RESULTS[name](_ready(store, text, segment, customer, scenario))
    if name not in text:
        hint = f"{did_you_mean(name, {*RESULTS, *text})} The name {LIST} lists them all."
        raise InvalidInput(f'There is nothing called "{name}" to show.', found=name, hint=hint)
    return text[name]


def opened(location: str, segment: str = "", customer: str = "", scenario: str = "") -> Book:
    """The workbook at `location` as the models take it, in a scenario if one is named."""
    return _ready(*_loaded(location), segment, customer, scenario)


def _loaded(location: str) -> tuple[stores.Store, Tables]:
    """The workbook at `location`, and with it the team's own entries of the catalogue."""
    catalogue.beside(location)
    return stores.load(location, read_only=True)


def _ready(store: stores.Store, text: Tables, segment: str, customer: str, scenario: str) -> Book:
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    about = {"segment": segment, "customer": customer, "scenario": scenario or None}
    book = Book.of(typed(text), today=today(), **about)
    book = scenarios.applied(book, book.settings.scenario)
    agree(book, segment, customer)
    return book


def check(location: str) -> tuple[pd.DataFrame, int]:
    """All findings, of the cells first and then of the rules, and the number of errors."""
    store, text = _loaded(location)
    found = checks.check(text, store.notes)[["level", "table", "row", "column", "message"]]
    errors = int((found["level"] == "error").sum())
    if not errors:
        book = Book.of(typed(text), today=today())
        rules = pd.concat([findings.find(book), findings.contacts(book)], ignore_index=True)
        step = ("step " + rules["step"].astype(str)).where(rules["step"] > 0, "account")
        rules = rules.assign(table=step, row=rules["customer"], column=rules["segment"])
        found = pd.concat([found, rules[found.columns]], ignore_index=True)
    return found, errors


def render(frame: pd.DataFrame, format: str) -> str:
    """A table as text: for people (table), for Excel and programs (csv), for programs (json)."""
    if format not in FORMATS:
        raise InvalidInput(f'There is no format "{format}".', hint=did_you_mean(format, FORMATS))
    if format == "json":
        return frame.to_json(orient="records", force_ascii=False, indent=1)
    if format == "csv":
        texts = frame.select_dtypes(include=["object", "string"]).columns
        safe = frame.assign(**{c: frame[c].map(neutral) for c in texts})
        return safe.to_csv(index=False, lineterminator="\n")
    if frame.empty:
        return "Nothing."
    shown = frame.round(1).astype(object).where(frame.notna(), "")
    columns = [_left(shown.iloc[:, i]) for i in range(shown.shape[1])]
    lines = pd.concat(columns, axis=1).to_string(index=False).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _left(column: pd.Series) -> pd.Series:
    """Texts padded to one width, so that they begin below their heading; long ones are cut."""
    if not any(isinstance(value, str) and value for value in column):
        return column
    texts = [t if len(t) <= WIDEST else t[: WIDEST - 3] + "..." for t in column.astype(str)]
    width = max(map(len, [str(column.name), *texts]))
    padded = [text.ljust(width) for text in texts]
    return pd.Series(padded, column.index, name=str(column.name).ljust(width))


def neutral(value: object) -> object:
    """A text that Excel would take for a formula, made harmless by an apostrophe."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        with contextlib.suppress(ValueError):
            return str(parse_number(value)) and value
        return "'" + value
    return value
