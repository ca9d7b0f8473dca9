"""How far the ten steps are: open, done, or done but something earlier changed since."""

from __future__ import annotations

import functools
import re

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import objectives, portfolio, resources, segmentation
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

# the tables in which a step leaves its work, and for some what the key of the row must name
OF_STEP = {
    1: "forecast",
    2: "effort",
    3: "people",
    4: "junctions junction_shares routes",
    5: "segments customers",
    6: "customers",
    7: "factors:attractiveness scores:attractiveness",
    8: "factors:strength scores:strength",
    9: "decisions",
    10: "bases distinction services stages ideas projects",
}
Work = list[tuple[str, str]]


@model
def steps(book: Book, segment: str = "") -> pd.DataFrame:
    """The ten steps in order. Columns: step, label, question, state (open, done, changed).

    With a segment, steps 5 to 9 are done when they are done for it and its customers.
    """
    listed = catalogue.items("ten_steps")[["step", "label", "question"]]
    states = [_state(int(step), book, segment, _last_changes(book)) for step in listed["step"]]
    return listed.assign(state=states)


@functools.lru_cache(maxsize=2)
def _works(edition: int) -> dict[int, Work]:
    """OF_STEP, and the answers to the sheets of each step."""
    works = {}
    for step, tables in OF_STEP.items():
        asked = "|".join(re.escape(form.id) for form in sheets.forms(step))
        pairs = [*tables.split(), *([f"answers:{asked}"] if asked else [])]
        works[step] = [(table, names) for table, _, names in (p.partition(":") for p in pairs)]
    return works


@model
def _last_changes(book: Book) -> dict[int, str]:
    """When each step's work was last changed."""
    history, works = book["history"], _works(catalogue.edition())
    history = history[
        history["table"].isin({table for work in works.values() for table, _ in work})
    ]
    history = history.drop_duplicates(["table", "key"], keep="last")
    return {step: _last_change(history, work) for step, work in works.items()}


def _state(step: int, book: Book, segment: str, last: dict[int, str]) -> str:
    if not _is_done(step, book, segment):
        return "open"
    mine = last.get(step, "")
    earlier = max((at for other, at in last.items() if other < step), default="")
    return "changed" if mine and earlier > mine else "done"


def _is_done(step: int, book: Book, segment: str) -> bool:
    """A step is done when its work is complete enough to go on."""
    if step == 10:
        return _distinct(book)
    return _groundwork_done(step, book, segment) if step < 6 else _matrix_done(step, book, segment)


def _distinct(book: Book) -> bool:
    """Has every category a basis with something of its own, and what is to be avoided?"""
    said = book["distinction"]
    said = said[(said["min"].str.strip() != "") & (said["max"].str.strip() != "")]
    avoid = book["effort"].loc[book["effort"]["avoid"].str.strip() != "", "category"]
    return set(BOXES) <= set(said["category"]) and set(BOXES) <= set(avoid)


def _groundwork_done(step: int, book: Book, segment: str) -> bool:
    """Is the work of one of the first five steps enough?

    1: every chosen objective stands; 2: effort and days are known; 3: vision, knowledge and
    authority are in the room; 4: the map has a size; 5: the segment is viable, nobody without one.
    """
    if step == 1:
        return set(objectives.sanity(book)["verdict"]) - {"not chosen"} == {"stands"}
    if step == 2:
        known = set(book["effort"].dropna(subset="days")["category"])
        return {"key", "key_development"} <= known and bool(book["people"]["days"].notna().any())
    if step == 3:
        team = resources.team(book)
        return {"vision", "knowledge", "authority"} <= set(team.loc[team["holds"], "check"])
    if step == 4:
        return bool(book["junctions"]["size"].notna().any())
    status = segmentation.viability(book).set_index("segment")["status"]
    viable = status.eq("viable").any() and not status.eq("not viable").any()
    if segment:
        viable = status.get(segment) == "viable"
    customers = book["customers"]
    return bool(viable and len(customers) and (customers["segment"] != "").all())


def _matrix_done(step: int, book: Book, segment: str) -> bool:
    """Has everybody a segment (6), scores (7, 8), a decision (9)? A tenth may lack 8 and 9."""
    customers, factors, scores = book["customers"], book["factors"], book["scores"]
    inside = customers["segment"].eq(segment) if segment else customers["segment"].ne("")
    everybody = set(customers.loc[inside, "customer"])
    if step == 6:
        return bool(everybody)
    model = "attractiveness" if step == 7 else "strength"
    placed = set(scores.loc[(scores["model"] == model) & scores["score"].notna(), "subject"])
    begun = bool((factors["model"] == model).any())
    if step == 9:
        placed = portfolio.decided(book)
        begun = bool(placed)
    lack = 0 if step == 7 else len(everybody) // 10
    return bool(everybody) and begun and len(everybody - placed) <= lack


def _last_change(history: pd.DataFrame, work: Work) -> str:
    """The time of the last change in these tables, "" while there is none."""
    if history.empty:
        return ""
    hit = pd.Series(False, index=history.index)
    for table, names in work:
        rows = history["table"] == table
        hit |= rows & history["key"].str.contains(f'"(?:{names})"') if names else rows
    return str(history.loc[hit, "at"].max()) if hit.any() else ""
