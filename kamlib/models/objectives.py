"""Step 1: why we want key accounts, what resistance to expect, and whether the objectives stand up.

Source: key account management in financial services, chapters 3 and 4; the drivers from the
account-management readings. Every function takes the typed tables and gives a new table.
"""

from __future__ import annotations

import math

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models.scoring import one
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book, model

EXPECTED = {
    "defensive": "Pressure from outside drives you: expect pressure, and resistance to it.",
    "offensive": "Ambition drives you: expect inertia, for nothing hurts yet.",
    "both": "Pressure and ambition drive you alike: "
    "expect resistance from some and inertia from others.",
}
FIELDS = ("Positive", "Negative", "External", "Internal")  # of drivers: left, right, top, bottom
QUESTIONS = {
    "what_has_changed_in_the_market": "what has changed in the market",
    "how_are_resources_used_differently": "how resources are used differently",
}


def drivers(book: Book) -> pd.DataFrame:
    """The drivers of key account management that apply, for the picture.

    Columns: item, label, tone (positive, negative), origin (internal, external), answer, and x, y,
    strong for a picture of four fields: right is negative, up is external, strong means it applies.
    """
    listed = catalogue.items("kam_drivers").rename(columns={"id": "item"})
    listed = listed[["item", "label", "tone", "origin"]]
    said = sheets.said(book, "kam_drivers")
    answer = [said.get(item, "") for item in listed["item"]]
    x, y = (listed["tone"] == "negative").astype(int), (listed["origin"] == "external").astype(int)
    return listed.assign(answer=answer, x=x, y=y, strong=[a == "yes" for a in answer])


def resistance(book: Book) -> pd.DataFrame:
    """What the reasons lead one to expect: one row.

    Columns: defensive, offensive (reasons answered yes), profile (defensive, offensive, both, ""
    while no reason is given), words.
    """
    kinds = catalogue.items("kam_reasons").set_index("id")["type"]
    said = sheets.said(book, "kam_reasons")
    reasons = [kind for item, kind in kinds.items() if said.get(str(item)) == "yes"]
    count = {kind: reasons.count(kind) for kind in ("defensive", "offensive")}
    most = [kind for kind in count if count[kind] == max(1, *count.values())]
    profile = "both" if most[1:] else "".join(most)
    words = EXPECTED.get(profile, "No reason is given yet: say first why you want key accounts.")
    return pd.DataFrame([{**count, "profile": profile, "words": words}])


@model
def sanity(book: Book) -> pd.DataFrame:
    """Table 4.1: each sales objective against market opportunity and resources, a row an objective.

    Columns: item, label, chosen, opportunity, resources (yes, no, unknown, "" for not answered),
    verdict (stands, back to step 1, find out, not chosen), words.
    """
    table = sheets.filled(book, "sanity_check")
    table = table[["item", "label", "chosen", "opportunity", "resources"]]
    judged = [_judged(*row[1:]) for row in table.itertuples(index=False)]
    return table.assign(verdict=[v for v, _ in judged], words=[w for _, w in judged])


def _judged(label: str, chosen: str, opportunity: str, resources: str) -> tuple[str, str]:
    if chosen != "yes":
        return "not chosen", ""
    sides = {"market opportunity": opportunity, "resources": resources}
    against = [side for side, answer in sides.items() if answer == "no"]
    if against:
        says = "says" if against == ["market opportunity"] else "say"
        text = f"{label}: {listed(against)} {says} no."
        return "back to step 1", f"{text} Change the objective, or what stands against it."
    unsaid = [side for side, answer in sides.items() if answer != "yes"]
    if unsaid:
        return "find out", f"{label}: {listed(unsaid)} not answered yet."
    return "stands", f"{label}: opportunity and resources both say yes."


def hockey_stick(book: Book) -> pd.DataFrame:
    """Is a forecast that bends upwards founded on anything? A row for each subject with a forecast.

    Columns: subject, past_pct, planned_pct (growth a year, compound; NaN when it cannot be told),
    market, resources (the two answers), steeper, flagged (steeper and both answers empty), words.
    Source: a plan that grows faster than the past needs a changed market or resources used
    differently; without either, ignore it.
    """
    said = sheets.said(book, "managing_future_triangle", "says")
    answers = {q: said.get(q, "") if sheets.is_said(said.get(q, "")) else "" for q in QUESTIONS}
    missing = [words for question, words in QUESTIONS.items() if not answers[question]]
    rows = []
    for subject, own in book["forecast"].groupby("subject", sort=False):
        past, planned = _growth(own)
        steeper = planned > past + 1e-9
        flagged = bool(steeper and len(missing) == len(QUESTIONS))
        words = _forecast_words(past, planned, steeper, missing)
        rows.append((subject, past, planned, *answers.values(), steeper, flagged, words))
    columns = ["subject", "past_pct", "planned_pct", "market", "resources"]
    return pd.DataFrame(rows, columns=[*columns, "steeper", "flagged", "words"])


def trend(book: Book, subject: str = sheets.CASE) -> pd.DataFrame:
    """The forecast of a subject in the order of its years: year, amount, kind.

    `attrs` has past_pct and planned_pct, the growth a year as in `hockey_stick`.
    """
    own = book["forecast"]
    own = own[(own["subject"] == subject) & own["amount"].notna() & (own["kind"] != "")]
    past, planned = _growth(own)
    own = own.sort_values("year")[["year", "amount", "kind"]].reset_index(drop=True)
    own.attrs.update(past_pct=past, planned_pct=planned)
    return own


def _growth(own: pd.DataFrame) -> tuple[float, float]:
    """Compound growth a year in %: of what happened, and from there to the last year planned."""
    own = own[own["amount"].notna()].sort_values("year")
    actual, planned = (own[own["kind"] == kind] for kind in ("actual", "planned"))
    before = _rate(actual.iloc[0], actual.iloc[-1]) if len(actual) > 1 else math.nan
    start = actual.iloc[-1] if len(actual) else planned.iloc[0] if len(planned) > 1 else None
    after = _rate(start, planned.iloc[-1]) if start is not None and len(planned) else math.nan
    return before, after


def _rate(first: pd.Series, last: pd.Series) -> float:
    try:
        years = int(last["year"][:4]) - int(first["year"][:4])
    except ValueError:
        return math.nan
    if years <= 0 or not first["amount"] > 0:
        return math.nan
    return 100 * ((last["amount"] / first["amount"]) ** (1 / years) - 1)


def _forecast_words(past: float, planned: float, steeper: bool, missing: list[str]) -> str:
    if past != past or planned != planned:
        return "Enter at least two years that happened and one that is planned."
    figures = f"{one(planned)} % a year planned, {one(past)} % a year so far"
    if not steeper:
        return f"{figures}: no hockey stick."
    if len(missing) == 2:
        unsaid = f"{figures}, and nobody has said {' or '.join(missing)}"
        return f"{unsaid}: ignore this forecast until somebody does."
    if missing:
        return f"{figures}; somebody has to say {missing[0]}."
    return f"{figures}: steeper, with a reason on both sides. Look whether the reasons carry it."


@model
def balance(book: Book) -> pd.DataFrame:
    """The three-way balance: what is said and known of objectives, opportunity and resources.

    Three rows; columns: element, label, says (the team's sentence), evidence (list of sentences),
    weak (is something missing or against it?).
    """
    says = sheets.said(book, "managing_future_triangle", "says")
    checked = sanity(book)
    chosen = checked[checked["verdict"] != "not chosen"]
    sized = int(book["junctions"]["size"].notna().sum())
    days, staff = book["people"]["days"].sum(min_count=1), book["people"]["days"].notna().sum()
    known = f"{days:,.0f} days a year from {staff} people"
    wanted = _count(len(chosen), "sales objective", "chosen")
    places = _count(sized, "point", "of the market map with a size")
    opportunity, is_against = _doubts(chosen["opportunity"])
    resources, are_against = _doubts(chosen["resources"])
    resources = [known if days == days else "nobody's days are known", *resources]
    rows = [
        ("business_objectives", "Objectives", [wanted], chosen.empty),
        ("market_opportunity", "Opportunity", [places, *opportunity], not sized or is_against),
        ("business_resources", "Resources", resources, days != days or are_against),
    ]
    return pd.DataFrame(
        [(e, n, says.get(e, ""), v, w or not says.get(e)) for e, n, v, w in rows],
        columns=["element", "label", "says", "evidence", "weak"],
    )


def _count(number: int, noun: str, rest: str) -> str:
    return f"{counted(number, noun) if number else f'no {noun}'} {rest}"


def _doubts(answers: pd.Series) -> tuple[list[str], bool]:
    """What the objectives say of opportunity or resources, and whether any is against it."""
    against, unsaid = (answers == "no").sum(), (~answers.isin(["yes", "no"])).sum()
    said = {"found it missing": against, "not checked against it": unsaid}
    words = [f"{number} of the objectives {doubt}" for doubt, number in said.items() if number]
    return words, bool(against)
