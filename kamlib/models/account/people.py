"""The people of a customer: who matters, who of us sees whom, and whom to approach first.

Source: key account management in financial services, chapters 5, 24 and 29. The orders and numbers
that turn its words into a table are ours.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import pia
from kamlib.models.lookup import by_key, name_or_key, names_by_key
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book, model

GROW = {"goal": "goal", "part": "role", "obligation": "obligation", "next_step": "work plan"}
STAGES = ("needs", "alternatives", "selection", "after")
MIDDLE = 5.5  # of involvement and of interest, from 1 to 10
SNAIL, DRIVES = "opportunity_snail", "chemistry_motivation"
WAVES = {0: "first", 1: "early", 2: "then", 3: "last", 9: "not known yet"}
# when somebody is to be approached: friends first, power last
EARLY = {
    "user": 1,
    "sponsor": 1,
    "influencer": 2,
    "specifier": 2,
    "economic buyer": 2,
    "gatekeeper": 1,
    "decider": 3,
    "receptive": 1,
    "has the problem": 2,
    "has the power": 3,
    "innovator": 1,
    "early adopter": 1,
    "early majority": 2,
    "late majority": 3,
    "laggard": 3,
}
POWER = ("decider", "has the power")
ATTITUDE = {"for us": 0, "neutral": 1, "": 1, "against us": 2}
INFLUENCE = {"low": 0, "": 1, "medium": 1, "high": 2}


@model
def people(book: Book) -> pd.DataFrame:
    """The people of the customers the settings name: the columns of customer_people, and important.

    important: nobody may miss this person, who has high influence, decides or has the power.
    """
    rows = book["customer_people"].drop_duplicates(["customer", "contact"])
    rows = rows[rows["customer"].isin(pia.listed(book)["customer"])].reset_index(drop=True)
    power = rows["role"].eq("decider") | rows["focus"].eq("has the power")
    return rows.assign(
        name=name_or_key(rows, "contact"), important=rows["influence"].eq("high") | power
    )


@model
def contact_map(book: Book) -> pd.DataFrame:
    """Who of us sees whom: a row a contact, and one for everybody whom nobody sees (person "").

    Columns: those of links with name, function, influence and important of their person, our_name
    and our_function, main (is it the main contact?), stages (how many of four), missing (the parts
    of GROW that nobody has written, in words), chemistry (in words), unseen.
    """
    rows = people(book).rename(columns={"note": "about"})
    links = book["links"].drop_duplicates(["customer", "contact", "person"])
    told = links.drop(columns=["customer", "contact", "person"])
    links = links[(told.notna() & told.ne("")).any(axis=1)]  # one that was emptied is none
    rows = rows.merge(links, "left", ["customer", "contact"])
    texts = [c for c in links if c not in ("days", "customer", "contact")]
    rows[texts] = rows[texts].fillna("")
    ours = by_key(book["people"], "person")
    name, function = names_by_key(book, "people", "person"), ours["function"].dropna().to_dict()
    seen = rows["person"] != ""
    covers = [rows[stage].eq("yes") for stage in STAGES]
    blank = {word: rows[column].str.strip().eq("") & seen for column, word in GROW.items()}
    missing = [listed([w for w in blank if blank[w][row]]) for row in rows.index]
    return rows.assign(
        our_name=[name.get(p, p) for p in rows["person"]],
        our_function=[function.get(p, "") for p in rows["person"]],
        stages=np.sum(covers, axis=0, dtype=int),
        missing=missing,
        chemistry=_chemistry(book, rows),
        unseen=~seen,
    )


def _chemistry(book: Book, rows: pd.DataFrame) -> list[str]:
    """How the two of each contact go together, as far as it is known."""
    found, known = [], {}
    for person, drive, gets_on in zip(rows["person"], rows["drive"], rows["gets_on"], strict=True):
        if person not in known:
            said = sheets.said(book, DRIVES, subject=person) if person else {}
            known[person] = [d for d, answer in said.items() if answer == "yes"]
        mine = known[person]
        words = {"yes": ["they get on"], "no": ["they do not get on"]}.get(gets_on, [])
        if mine and drive:
            ours = listed(mine)
            words.append(f"both want {drive}" if drive in mine else f"we: {ours}, they: {drive}")
        found.append("; ".join(words))
    return found


@model
def approach_order(book: Book) -> pd.DataFrame:
    """In which order to approach the people of each customer: friends first, power last.

    Columns: customer, place, contact, name, when (of WAVES), why, advice, seen_by, important.
    The main contact comes before everybody, because nobody goes behind its back; whoever has the
    power comes last; the others as their role, focus and openness to the new say on average, and
    of two alike who is for us, then who has less influence, then who was entered first. Of whom
    nothing is known comes at the end.
    """
    rows = people(book)
    by = contact_map(book).groupby(["customer", "contact"])["our_name"]
    seen = by.agg(lambda names: listed(n for n in names if n)) if len(rows) else {}
    help = catalogue.items("influence_models", "interest").set_index("id")["help"]
    advice = {"receptive": "receptive", "has the problem": "problems", "has the power": "power"}
    found = []
    for at, row in enumerate(rows.to_dict("records")):
        said = [w for w in (row["role"], row["focus"], row["adopts"]) if w]
        waves = [EARLY[w] for w in said if w in EARLY]
        wave = round(sum(waves) / len(waves) - 1e-9) if waves else 9
        wave = 0 if row["main"] == "yes" else 3 if {*said} & {*POWER} else wave
        why = ["main contact, asked first"] if wave == 0 else []
        why += [*said, row["attitude"], f"{row['influence']} influence" if row["influence"] else ""]
        key = (
            row["customer"],
            wave,
            ATTITUDE.get(row["attitude"], 1),
            INFLUENCE.get(row["influence"], 1),
            at,
        )
        told = help.get(advice.get(row["focus"], ""), "")
        found.append((key, row, WAVES[wave], ", ".join(filter(None, why)), told))
    table = pd.DataFrame(
        [
            (
                row["customer"],
                row["contact"],
                row["name"],
                when,
                why,
                told,
                seen.get((row["customer"], row["contact"]), ""),
                row["important"],
            )
            for _, row, when, why, told in sorted(found, key=lambda one: one[0])
        ],
        columns=["customer", "contact", "name", "when", "why", "advice", "seen_by", "important"],
    )
    table.insert(1, "place", table.groupby("customer").cumcount() + 1)
    return table


@model
def contact_roles(book: Book) -> pd.DataFrame:
    """What part each contact plays: interest against involvement, with a line at the middle.

    Columns: customer, contact, name, involvement, interest, role (of the catalogue, "" while one
    of the two is unknown), label, advice, on_line (the lower side is taken, for discussion).
    """
    rows = people(book)
    known = rows["involvement"].notna() & rows["interest"].notna()
    high = {axis: rows[axis] > MIDDLE for axis in ("interest", "involvement")}
    corner = np.select(
        [~known, high["interest"] & high["involvement"], high["interest"], high["involvement"]],
        ["", "lead", "specifier", "service"],
        "gatekeeper",
    )
    said = catalogue.items("key_contact_role", "quadrants").set_index("id")
    on_line = known & (rows["interest"].eq(MIDDLE) | rows["involvement"].eq(MIDDLE))
    columns = ["customer", "contact", "name", "involvement", "interest"]
    return rows[columns].assign(
        role=corner,
        label=[said["label"].get(c, "") for c in corner],
        advice=[said["help"].get(c, "") for c in corner],
        on_line=on_line,
    )


@model
def snail(book: Book) -> pd.DataFrame:
    """How near the centre of its ideas each customer lets us: a row a turn of the snail.

    Columns: customer, turn (1 is the centre), label, contact (yes, no, unknown, "" not said), who.
    Only customers of whom anything is said.
    """
    answers = book["answers"]
    begun = set(answers.loc[answers["sheet"] == SNAIL, "subject"])
    tables = [
        sheets.filled(book, SNAIL, c)[["label", "contact", "who"]].assign(customer=c)
        for c in pia.listed(book)["customer"]
        if c in begun
    ]
    none = pd.DataFrame(columns=["customer", "turn", "label", "contact", "who"])
    rows = pd.concat([t.assign(turn=range(1, len(t) + 1)) for t in tables] or [none])
    return rows[[*none]].reset_index(drop=True)


@model
def contact_load(book: Book) -> pd.DataFrame:
    """The days our people give to contacts, all customers together, against the days of step 2.

    Columns: person, name, customers, contacts, days, unknown (contacts without days), available
    (NaN unknown), over (days too many, 0 if none, NaN unknown), words.
    """
    rows = contact_map(book.choosing(customer="", segment=""))
    rows = rows[~rows["unseen"]]
    available = by_key(book["people"], "person")["days"]
    found = []
    for person, mine in rows.groupby("person", sort=False):
        days, open_ = float(mine["days"].sum()), int(mine["days"].isna().sum())
        many = mine["customer"].nunique()
        there = float(available.get(person, np.nan))
        over = max(days - there, 0.0) if there == there else np.nan
        least, known = "at least " if open_ else "", there == there
        spent = f"{days:,.0f} of {there:,.0f} days" if known else f"{days:,.0f} days"
        words = f"{least}{spent} for {counted(len(mine), 'contact')} at {counted(many, 'customer')}"
        head = (person, mine["our_name"].iloc[0], many, len(mine), days, open_)
        found.append((*head, there, over, words))
    columns = ["person", "name", "customers", "contacts", "days", "unknown"]
    return pd.DataFrame(found, columns=[*columns, "available", "over", "words"])
