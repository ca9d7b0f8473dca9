"""How would the programme fail? The eleven elements as judged, and what the workbook suggests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import distinction, objectives, plans, portfolio, profitability, resources
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book, model

SHEET, SENIOR = "kam_failure_model", "senior_commitment"
STAGES = {"launch": "at the launch", "development": "as it develops"}
OLD_DAYS = 183  # half a year: what somebody did before that no longer shows commitment


@model
def failure(book: Book) -> pd.DataFrame:
    """The elements of the failure model: a row for each, of the case told and of our own programme.

    Columns: about (our programme, the case), element, label, block, launch, development (strong,
    weak, unknown, "" for not judged), repair.
    """
    tables = [
        elements(book, subject).assign(about=name)
        for subject, name in ((sheets.CASE, "our programme"), (sheets.STORY, "the case"))
    ]
    columns = ["about", "element", "label", "block", *STAGES, "repair"]
    return pd.concat(tables, ignore_index=True)[columns]


def elements(book: Book, subject: str) -> pd.DataFrame:
    """The elements as they are judged for one subject, those of the team's own last."""
    rows = sheets.filled(book, SHEET, subject).rename(columns={"item": "element", "group": "block"})
    return rows[["element", "label", "block", "own", *STAGES, "repair"]]


def words(book: Book, subject: str) -> str:
    """How many elements are weak at each stage, in a sentence."""
    rows = elements(book, subject)
    judged = {stage: rows[stage].isin(["strong", "weak"]).sum() for stage in STAGES}
    if not any(judged.values()):
        return "Judge the eleven elements below, and the picture follows"
    said = [
        f"{(rows[stage] == 'weak').sum()} of {judged[stage]} weak {when}"
        for stage, when in STAGES.items()
        if judged[stage]
    ]
    return (
        f"Elements of {'our programme' if subject == sheets.CASE else 'the case'}: {listed(said)}"
    )


@model
def proposals(book: Book) -> pd.DataFrame:
    """What the workbook suggests of our programme. Columns: element, label, suggests, reason."""
    labels = catalogue.items(SHEET).set_index("id")["label"]
    rows = [
        (element, labels[element], "weak" if weak else "strong", reason)
        for element, weak, reason in _suggested(book)
    ]
    return pd.DataFrame(rows, columns=["element", "label", "suggests", "reason"])


def _suggested(book: Book) -> Iterator[tuple[str, bool, str]]:
    yield from _inside(book)
    close = portfolio.classes(book)
    close = close[(close["category"] == "key") & (close["manager"] != "")]
    approach = book["people"].set_index("person")["approach"]
    how = close["manager"].map(approach).fillna("")
    hunted = close.loc[how == "hunter", "name"].tolist()
    if hunted or (how != "").any():
        who = f"look after {listed(hunted, 3)}" if hunted else "look after no key account"
        yield "differentiation_sales_v_kam", bool(hunted), f"Hunters {who}."
    running = plans.projects(book)["status"].isin(["planned", "running"]).sum()
    if len(close) or running:
        said = f"{counted(running, 'project')} planned or running with customers."
        yield "kam_activities", not running, said
    counts = profitability.won_and_lost(book).set_index("kind")["profit"]
    if (net := counts.get("net", float("nan"))) == net and net:
        better = "less" if net < 0 else "more"
        said = f"Customers won brought {better} profit than those lost took away ({net:+,.0f})."
        yield "kam_outcomes", net < 0, said


def _inside(book: Book) -> Iterator[tuple[str, bool, str]]:
    team = resources.team(book).set_index("check")
    if len(book["people"]) and "delivery" in team.index:
        row = team.loc["delivery"]
        yield "operations_alignment", not row["holds"], str(row["words"])
    sticks = objectives.hockey_stick(book)
    if len(sticks):
        bent = bool(sticks["flagged"].any())
        said = "A forecast climbs without a reason." if bent else "Every forecast has its reason."
        yield "results_time_orientation", bent, said
    for row in resources.plan(book).itertuples():
        if row.over > 0:
            yield "commitment", True, f"{row.words[0].upper()}{row.words[1:]}."
    answers = list(sheets.said(book, "label_reality_test").values())
    if no := answers.count("no"):
        said = f"The label makes no difference in {no} of {len(answers)} answers."
        yield "commitment", no > len(answers) / 2, said
    freed = distinction.energy(book)["freed"].sum()
    if freed == freed and freed:
        said = f"{counted(freed, 'day')} a year are to come from other accounts."
        yield "ability_to_change", False, said


@model
def entangled(book: Book) -> pd.DataFrame:
    """What each member of the top level has done, and how long ago: a row for each person.

    Columns: person, name, yes, no (answers), last (the newest day), old (is it half a year ago, or
    was no day given?), words.
    """
    rows = book["answers"]
    asked = set(rows.loc[rows["sheet"] == SENIOR, "subject"])
    today = date.fromisoformat(book.settings.today) if book.settings.today else None
    found = []
    for person, name in book["people"][["person", "name"]].itertuples(index=False):
        if person not in asked:
            continue
        said = sheets.filled(book, SENIOR, person)
        last = max(said["day"], default="")
        age = (today - date.fromisoformat(last)).days if today and last else OLD_DAYS + 1
        yes, no, old = (
            (said["answer"] == "yes").sum(),
            (said["answer"] == "no").sum(),
            age > OLD_DAYS,
        )
        when = (
            f"last shown on {last}{', which is old' if old else ''}" if last else "never with a day"
        )
        found.append((person, name or person, yes, no, last, old, f"{yes} of {len(said)}, {when}"))
    return pd.DataFrame(found, columns=["person", "name", "yes", "no", "last", "old", "words"])
