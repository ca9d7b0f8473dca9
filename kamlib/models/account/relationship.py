"""How close we are: the stage, the intent of both sides, and what the contacts hint at.

Source: key account management in financial services, chapter 5. What the number and the spread of
the contacts hint at is ours; it never takes the place of what the team entered.
"""

from __future__ import annotations

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import pia
from kamlib.models.account import people
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book, model

SIGNS, INTENT = "relationship_stages", "frustration_zones"
STAGES = ("Pre-KAM", "Early KAM", "Mid-KAM", "Partnership KAM", "Synergistic KAM")
ASKED = ("now", "aim", "ours", "theirs")
FUNCTIONS, DIRECT = 3, 3  # of both sides, and contacts without the two main people: a diamond
SIDES = (("contact", "function"), ("person", "our_function"))
COLUMNS = [
    *("customer", "name", *ASKED, "gap", "zone", "advice", "hint", "possible"),
    *("because", "agrees", "thread"),
    *("there", "seen", "contacts", "ours_seen", "direct"),
]


@model
def relationship(book: Book) -> pd.DataFrame:
    """The stage of each relationship, both intents and what the contacts hint at.

    Columns: COLUMNS. gap: our intent less theirs, in stages (NaN unknown); zone and advice: of the
    catalogue; hint: the stage that the contacts suggest ("" without anybody there), possible: that
    and what it could be once all functions are known ("a|b"), because: why; agrees: is the stage
    entered possible ("" while one is unknown)?; thread: on whom all of it hangs
    ("" on nobody); there, seen, contacts, ours_seen: their people, those seen, contacts, ours who
    see them; direct: contacts left when the main person of each side is away.
    """
    zones = catalogue.items(INTENT, "zones").set_index("id")
    expected = catalogue.items(SIGNS, "stages")["expectation_of_supplier"]
    seen, rows = people.contact_map(book), []
    for customer, name, _ in pia.listed(book).itertuples(index=False):
        said = sheets.said(book, INTENT, "stage", customer)
        at = {word: STAGES.index(said[word]) for word in ASKED if said.get(word) in STAGES}
        gap = at["ours"] - at["theirs"] if {"ours", "theirs"} <= at.keys() else float("nan")
        zone = "" if gap != gap else _zone(gap)
        advice = zones["help"].get(zone, "")
        if zone == "match" and "stated" not in (wants := expected[at["ours"]]):
            advice = f"{advice} At this stage the customer expects a {wants}."
        found = hint(seen[seen["customer"] == customer])
        agrees = said["now"] in found[1].split("|") if found[0] and "now" in at else ""
        told = zones["label"].get(zone, ""), advice
        rows.append(
            (
                customer,
                name,
                *(said.get(w, "") for w in ASKED),
                gap,
                *told,
                *found[:3],
                agrees,
                *found[3:],
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _zone(gap: float) -> str:
    return (
        "match"
        if not gap
        else "seller_s_frustration_zone"
        if gap > 0
        else "buyer_s_frustration_zone"
    )


def hint(rows: pd.DataFrame) -> tuple[str, str, str, str, int, int, int, int, int]:
    """What contacts suggest: stage, possible, because, thread, there, seen, contacts, ours, direct.

    Nobody seen: pre-KAM. All through one person, of ours or of theirs: early KAM, the bow-tie. As
    soon as three functions of each side meet, and three contacts are left when the main person of
    each side is away, a partnership, the diamond; between the two mid-KAM. Contacts alone never
    show synergy, which is joint plans and shared costs.
    """
    links = rows[~rows["unseen"]]
    there, seen, ours = (
        rows["contact"].nunique(),
        links["contact"].nunique(),
        links["person"].nunique(),
    )
    pairs = {*zip(links["contact"], links["person"], strict=True)}
    direct = min((sum(a != c and b != p for a, b in pairs) for c, p in pairs), default=0)
    sides = [links[list(c)].drop_duplicates() for c in SIDES]
    open_ = [int(side.iloc[:, 1].eq("").sum()) for side in sides]
    known = [side.iloc[:, 1].replace("", None).nunique() for side in sides]
    functions, most = min(known), min(k + o for k, o in zip(known, open_, strict=True))
    many = f"{counted(len(links), 'contact')} between {ours} of us and {seen} of them"
    ends = [links["our_name"].iloc[0]] if ours == 1 else []
    thread = listed([*ends, *([links["name"].iloc[0]] if seen == 1 else [])])
    if not there:
        stage, because = "", ""
    elif not seen:
        stage, because = STAGES[0], "none of us sees anybody there"
    elif thread:
        stage, because = STAGES[1], f"{many}: all of it hangs on {thread}"
    elif functions >= FUNCTIONS and direct >= DIRECT:
        left = f"{direct} are left when the main person of each side is away"
        stage, because = STAGES[3], f"{many}, in {functions} functions or more; {left}"
    else:
        left = f"{direct} would be left without the main person of each side"
        stage, because = STAGES[2], f"{many}, in {counted(functions, 'function')}; {left}"
    possible = [stage]
    if stage == STAGES[2] and most >= FUNCTIONS and direct >= DIRECT:
        possible, because = (
            [stage, STAGES[3]],
            f"{because}; {counted(sum(open_), 'function')} not known",
        )
    return stage, "|".join(possible), because, thread, there, seen, len(links), ours, direct


@model
def signs(book: Book) -> pd.DataFrame:
    """How many signs of each stage are seen today: customer, stage, seen, judged, of (how many)."""
    rows, answers = [], book["answers"]
    begun = set(answers.loc[answers["sheet"] == SIGNS, "subject"])
    for customer in [c for c in pia.listed(book)["customer"] if c in begun]:
        filled = sheets.filled(book, SIGNS, customer)
        for stage, part in filled.groupby("group", sort=False):
            judged = part["seen"].isin(["yes", "no"])
            rows.append(
                (customer, stage, int(part["seen"].eq("yes").sum()), int(judged.sum()), len(part))
            )
    return pd.DataFrame(rows, columns=["customer", "stage", "seen", "judged", "of"])
