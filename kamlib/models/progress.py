"""How far the ten steps are: open, done, or done but something earlier changed since."""

from __future__ import annotations

import functools
import re

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import objectives, portfolio, resources, segmentation
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES
from kamlib.workbook.settings import of_workbook

# the tables in which a step leaves its work, and for some what the key of the row must name
OF_STEP: dict[int, tuple[tuple[str, str], ...]] = {
    1: (("forecast", ""),),
    2: (("effort", ""),),
    3: (("people", ""),),
    4: (("junctions", ""), ("junction_shares", ""), ("routes", "")),
    5: (("segments", ""), ("customers", "")),
    6: (("customers", ""),),
    7: (("factors", "attractiveness"), ("scores", "attractiveness")),
    8: (("factors", "strength"), ("scores", "strength")),
    9: (("decisions", ""),),
    10: (
        ("bases", ""),
        ("distinction", ""),
        ("services", ""),
        ("stages", ""),
        ("ideas", ""),
        ("projects", ""),
    ),
}


def steps(book: Book, segment: str = "") -> pd.DataFrame:
    """The ten steps in order. Columns: step, label, question, state (open, done, changed).

    With a segment, steps 5 to 9 are done when they are done for it and its customers.
    """
    listed = catalogue.items("ten_steps")[["step", "label", "question"]]
    history = book["history"].drop_duplicates(["table", "key"], keep="last")
    last = {step: _last_change(history, work) for step, work in _works().items()}
    states = [_state(int(step), book, segment, last) for step in listed["step"]]
    return listed.assign(state=states)


@functools.cache
def _works() -> dict[int, tuple[tuple[str, str], ...]]:
    """OF_STEP, and the answers to the sheets of each step."""
    asked = {step: "|".join(re.escape(f.id) for f in sheets.forms(step)) for step in range(1, 11)}
    return {
        step: (*OF_STEP.get(step, ()), *((("answers", names),) if names else ()))
        for step, names in asked.items()
        if names or step in OF_STEP
    }


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
    settings = of_workbook(book, segment=segment)
    if step == 1:
        verdicts = set(objectives.sanity(Book(book, settings))["verdict"]) - {"not chosen"}
        return verdicts == {"stands"}
    if step == 2:
        effort = book["effort"].set_index("category")["days"].notna()
        return bool(
            {"key", "key_development"} <= set(effort[effort].index)
            and book["people"]["days"].notna().any()
        )
    if step == 3:
        team = resources.team(book).set_index("check")["holds"]
        return all(bool(team.get(check, False)) for check in ("vision", "knowledge", "authority"))
    if step == 4:
        return bool(book["junctions"]["size"].notna().any())
    tested = segmentation.viability(Book(book, settings)).set_index("segment")["status"]
    customers = book["customers"]
    viable = (
        tested.get(segment) == "viable"
        if segment
        else tested.eq("viable").any() and not tested.eq("not viable").any()
    )
    return bool(viable and len(customers) and (customers["segment"] != "").all())


def _matrix_done(step: int, book: Book, segment: str) -> bool:
    customers, factors, scores = book["customers"], book["factors"], book["scores"]
    scored = {
        m: set(scores.loc[(scores["model"] == m) & scores["score"].notna(), "subject"])
        for m in ("attractiveness", "strength")
    }
    decided = portfolio.decided(book)
    inside = customers["segment"].eq(segment) if segment else customers["segment"].ne("")
    everybody = set(customers.loc[inside, "customer"])
    rules = {
        6: True,
        7: (factors["model"] == "attractiveness").any() and everybody <= scored["attractiveness"],
        8: (factors["model"] == "strength").any()
        and len(everybody - scored["strength"]) <= len(everybody) // 10,
        9: len(decided) > 0 and len(everybody - decided) <= len(everybody) // 10,
    }
    return bool(rules.get(step, False)) and bool(everybody)


def _last_change(history: pd.DataFrame, work: tuple[tuple[str, str], ...]) -> str:
    """The time of the last change in these tables, "" while there is none."""
    if history.empty:
        return ""
    hit = pd.Series(False, index=history.index)
    for table, names in work:
        rows = history["table"] == table
        hit |= rows & history["key"].str.contains(f'"(?:{names})"') if names else rows
    return str(history.loc[hit, "at"].max()) if hit.any() else ""
