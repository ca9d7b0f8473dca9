"""What happens when? The phases, ticked where the workbook proves them, and the milestones."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import plans, portfolio, progress
from kamlib.models.lookup import names_by_key
from kamlib.models.programme import elements, people
from kamlib.workbook.book import Book, model

PHASES, MILESTONES = "implementation_phases", "implementation_timetable"


@model
def phases(book: Book) -> pd.DataFrame:
    """The eleven phases: when, who, and how far. A row a phase.

    Columns: project (its id), name, owner, starts, ends (ISO, "" unknown), status (done, running,
    planned), proof (what in the workbook proves it, "" for nothing yet). A phase that is proven is
    done, unless the team says that it is not.
    """
    rows = sheets.filled(book, PHASES)
    proofs, names = dict(_proofs(book)), names_by_key(book, "people", "person")
    number = catalogue.items(PHASES).set_index("id")["phase"]
    proof = [proofs.get(int(number.get(item, 0)), "") for item in rows["item"]]
    today = book.settings.today
    proven = (pd.Series(proof, index=rows.index) != "") & (rows["done"] != "no")
    ended = (rows["done"] == "yes") | proven
    begun = (rows["starts"] != "") & (rows["starts"] <= today)
    status = [
        "done" if e else "running" if b else "planned" for e, b in zip(ended, begun, strict=True)
    ]
    named = rows.rename(columns={"item": "project", "label": "name"})[
        ["project", "name", "starts", "ends"]
    ]
    return named.assign(
        owner=[names.get(p, "") for p in rows["person"]], status=status, proof=proof
    )


def _proofs(book: Book) -> Iterator[tuple[int, str]]:
    """Phase -> what proves that it was gone through."""
    done = set(progress.steps(book).query("state != 'open'")["step"])
    sheet = sheets.progress(book).set_index("sheet")["state"]
    placed = portfolio.classes(book)
    close = placed[placed["category"].isin(people.CLOSE)]
    seniors = elements.entangled(book)
    planned = set(close["customer"]) <= set(plans.projects(book)["customer"])
    tests = {
        1: (1 in done, "Step 1 is done: the objectives stand up."),
        2: (sheet.get("obstacles") == "done", "Every obstacle is judged."),
        3: (len(seniors) and not seniors["no"].any(), "Nobody at the top answers no."),
        4: (5 in done, "Step 5 is done: the segments are viable."),
        5: (9 in done, "Step 9 is done: the team has decided."),
        6: (len(close) and (close["manager"] != "").all(), "Every key account has its manager."),
        7: (10 in done, "Step 10 is done: each category has its own."),
        8: (_all(book, "systems_categories", "works"), "Every kind of system works."),
        9: (len(people.skills(book)) and not people.gaps(book), "Somebody has every skill."),
        10: (len(close) and planned, "Every key account has a project."),
        11: (len(book["rounds"]), "A round was kept to compare with."),
    }
    yield from ((phase, words) for phase, (holds, words) in tests.items() if holds)


def _all(book: Book, sheet: str, state: str) -> bool:
    return bool((sheets.filled(book, sheet)["state"] == state).all())


@model
def milestones(book: Book) -> pd.DataFrame:
    """The milestones on the way to the launch: a row for each.

    Columns: project (the id of its phase), name, due (ISO), done, example (is the day reckoned from
    the example, because none was given?). Without any day there is nothing to reckon from.
    """
    rows = sheets.filled(book, MILESTONES)
    stock = catalogue.items(MILESTONES).set_index("id")[["phase", "begins"]]
    number = catalogue.items(PHASES).set_index("phase")["id"]
    given = rows[(rows["due"] != "") & rows["item"].isin(stock.index)]
    first = given.iloc[0] if len(given) else None
    due, example = list(rows["due"]), [False] * len(rows)
    for n, item in enumerate(rows["item"]):
        if first is not None and not due[n] and item in stock.index:
            months = int(stock.at[item, "begins"] - stock.at[first["item"], "begins"])
            day = pd.Timestamp(first["due"]) + pd.DateOffset(months=months)
            due[n], example[n] = day.date().isoformat(), True
    phase = rows["item"].map(stock["phase"]).map(number).fillna("")
    said = rows[["label", "done"]].rename(columns={"label": "name"})
    return said.assign(project=phase, due=due, example=example)
