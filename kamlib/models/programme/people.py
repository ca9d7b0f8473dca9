"""Have we got the people? Their skills, how each sees the programme, and the mini cases at home."""

from __future__ import annotations

import pandas as pd

from kamlib.catalogue import sheets
from kamlib.models import portfolio, profitability
from kamlib.models.lookup import names_by_key
from kamlib.wording import listed
from kamlib.workbook.book import Book, model

LEVELS = ("strong", "enough", "weak", "none", "unknown")
SKILLS = ("skills_needed", "kam_competencies")
STATEMENTS = ("what_kam_is", "what_kam_is_not")
CLOSE = ("key", "key_development")


@model
def skills(book: Book) -> pd.DataFrame:
    """Every skill of everybody whose skills were judged: a row for each skill and person.

    Columns: sheet, item, label, kind (what the skill is for), person, name, level ("" for not
    judged), covered (is anybody strong or good enough?).
    """
    answers, names = book["answers"], names_by_key(book, "people", "person")
    judged = answers[answers["sheet"].isin(SKILLS) & answers["subject"].isin(names)]
    people = [person for person in names if person in set(judged["subject"])]
    tables = [
        sheets.filled(book, sheet, person)[["item", "label", "group", "level"]].assign(
            sheet=sheet, person=person, name=names[person]
        )
        for sheet in SKILLS
        for person in people
    ]
    columns = ["sheet", "item", "label", "kind", "person", "name", "level"]
    none = pd.DataFrame(columns=[*columns[:3], "group", *columns[4:]])
    rows = pd.concat(tables or [none], ignore_index=True).rename(columns={"group": "kind"})
    good = rows["level"].isin(LEVELS[:2])
    covered = good.groupby([rows["sheet"], rows["item"]]).transform("any") if len(rows) else good
    return rows[columns].assign(covered=covered)


def gaps(book: Book) -> list[str]:
    """The skills for key accounts that nobody in the team has, of those that were judged."""
    rows = skills(book)
    rows = rows[(rows["kind"] != "For selling") & ~rows["covered"].astype(bool)]
    rows = rows[rows["level"].isin(LEVELS[2:4])]
    return list(dict.fromkeys(rows["label"]))


@model
def views(book: Book) -> pd.DataFrame:
    """What key account management is, and is not, as each of us sees it: a row a statement.

    Columns: list, label, agreed (in the room), yes, no (people), differ (who says otherwise than
    the room, or than most), apart (do people differ?).
    """
    names = names_by_key(book, "people", "person")
    found = []
    for sheet in STATEMENTS:
        shape = sheets.form(sheet)
        said = {person: sheets.said(book, sheet, subject=person) for person in names}
        agreed = sheets.said(book, sheet)
        for item, label in shape.lines[["id", "label"]].itertuples(index=False):
            each = {p: s[item] for p, s in said.items() if s.get(item) in ("yes", "no")}
            count = {word: list(each.values()).count(word) for word in ("yes", "no")}
            most = max(count, key=lambda word: count[word])
            right = agreed.get(item) if agreed.get(item) in count else most
            differ = listed([names[p] for p, word in each.items() if word != right])
            found.append((shape.title, label, agreed.get(item, ""), *count.values(), differ))
    columns = ["list", "label", "agreed", "yes", "no", "differ"]
    rows = pd.DataFrame(found, columns=columns)
    return rows.assign(apart=(rows["yes"] > 0) & (rows["no"] > 0))


@model
def alike(book: Book) -> pd.DataFrame:
    """Where we have what the two mini cases tell. Columns: case, customer, name, words."""
    people = book["people"].set_index("person")
    names = names_by_key(book, "people", "person")
    placed = portfolio.classes(book).drop_duplicates("customer").set_index("customer")
    owned = book["customers"].set_index("customer")[["name", "manager", "deputy"]]
    shares = profitability.concentration(book).set_index("customer")
    found = []
    for customer, row in owned.iterrows():
        who = row["manager"]
        share = shares["share_pct"].get(customer, 0.0)
        if (
            who in people.index
            and people.at[who, "junior"] == "yes"
            and shares["dependent"].get(customer)
        ):
            words = f"{share:.0f} % of our sales, and {names[who]} is junior."
            found.append(("mini_case_epp", customer, row["name"], words))
        if placed["category"].get(customer) not in CLOSE:
            continue
        lacks = [] if who else ["has no manager"]
        if who in people.index and people.at[who, "has_authority"] != "yes":
            lacks.append(f"{names[who]} has no authority")
        if who and not row["deputy"]:
            lacks.append("nobody is named to take over")
        if lacks:
            words = f"{listed(lacks)[0].upper()}{listed(lacks)[1:]}."
            found.append(("mini_case_workwise", customer, row["name"], words))
    return pd.DataFrame(found, columns=["case", "customer", "name", "words"])
