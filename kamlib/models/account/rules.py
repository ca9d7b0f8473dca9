"""The eleven rules of contact, and what goes with them: findings about who sees whom.

Source: chapter 24 and the facilitation rules 43, 60, 63 to 66 and 91; the numbers are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kamlib.catalogue import sheets
from kamlib.errors import Advice
from kamlib.models import pia
from kamlib.models.account import people, relationship
from kamlib.models.lookup import by_key
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book

STEP = 0  # none of the ten: it is about one account
TEAM = 6  # above it a team needs a core
MANY = 3  # more of ours than this with one of theirs may be a nuisance
NAMED = 3
Said = tuple[str, str, int]  # level, words, number of the facilitation rule


def contacts(book: Book) -> Iterator[Advice]:
    """What breaks the rules of contact, customer by customer, and then person by person of ours."""
    rows, stages = people.contact_map(book), relationship.relationship(book).set_index("customer")
    for customer, own in rows.groupby("customer", sort=False):
        links = own[~own["unseen"]]
        about = {
            "stage": stages.loc[customer],
            "dmu": sheets.said(book, "dmu_types", subject=str(customer)),
        }
        for level, text, rule in [
            *_nobody(own),
            *_whom(own, links, about),
            *_how(links),
            *_what(book, links),
        ]:
            yield level, STEP, "", str(customer), text[0].upper() + text[1:], rule
    yield from _load(book, rows)


def _nobody(own: pd.DataFrame) -> Iterator[Said]:
    lost = own.loc[own["unseen"] & own["important"], "name"]
    if len(lost):
        yield "warn", f"none of us sees {listed(lost, NAMED)}, whose say counts.", 66


def _whom(own: pd.DataFrame, links: pd.DataFrame, about: dict[str, Any]) -> Iterator[Said]:
    """No nuisance; style of the decision; influencers; as far as we are let; net and focus."""
    crowd = links.groupby("contact", sort=False)["person"].nunique()
    for contact in crowd.index[crowd > MANY]:
        who = links.loc[links["contact"] == contact, "name"].iloc[0]
        yield "nudge", f"{who} is seen by {crowd[contact]} of us: more than the customer wants?", 66
    if (ours := links["person"].nunique()) > TEAM:
        yield "nudge", f"{ours} of us see people there: let a core of three or four lead.", 68
    kinds = [kind for kind, answer in about["dmu"].items() if answer == "yes"]
    deciders, seen = own.loc[own["role"] == "decider"], set(links["contact"])
    if not kinds:
        yield (
            "nudge",
            "nobody has said how it decides: one person, a vote, or one who asks others?",
            66,
        )
    if {"authoritarian", "consultative"} & {*kinds} and not seen & set(deciders["contact"]):
        yield "warn", "one person decides, and nobody of us sees that person.", 66
    if "consensus" in kinds and 2 * len(seen) < own["contact"].nunique():
        yield (
            "warn",
            f"it decides by consensus, and we see {len(seen)} of {own['contact'].nunique()}.",
            66,
        )
    blank = own[["role", "influence", "focus"]].eq("")  # each could make somebody important
    could = own["unseen"] & ~own["important"].astype(bool) & blank.any(axis=1)
    dark = own.loc[blank[["role", "influence"]].all(axis=1) | could, "name"].drop_duplicates()
    if len(dark):
        yield "nudge", f"what part in the decision has {listed(dark, NAMED)}?", 66
    if about["stage"]["gap"] > 0:
        text = (
            "we want to be closer than the customer does: add contacts only as far as it lets us."
        )
        yield "nudge", text, 60
    sources = links.loc[links["purpose"] == "information", "contact"].nunique()
    if len(own) > NAMED and sources < 2:
        yield (
            "nudge",
            f"{counted(sources, 'person', 'people')} to learn from: cast a wider net.",
            66,
        )
    told = links[links["purpose"] == "solutions"]
    if len(told) and not told["important"].any() and own["important"].any():
        yield "nudge", "solutions are put to people of less influence: whose view counts?", 66


def _how(links: pd.DataFrame) -> Iterator[Said]:
    """Chemistry, and the main contact."""
    for row in links[links["gets_on"] == "no"].itertuples():
        yield (
            "warn",
            f"{row.our_name} and {row.name} do not get on: let somebody else see {row.name}.",
            66,
        )
    behind = links[links["main"] != "yes"]
    for row in behind[behind["agreed"] == "no"].itertuples():
        yield "warn", f"{row.our_name} sees {row.name} behind the back of the main contact.", 63
    asked = behind[behind["agreed"] == ""]
    if len(asked):
        many = counted(len(asked), "contact")
        yield (
            "nudge",
            f"does the main contact know of {many} ({listed(asked['name'].unique(), NAMED)})?",
            63,
        )


def _what(book: Book, links: pd.DataFrame) -> Iterator[Said]:
    """GROW, sharing what was learned, promises with a date, and staying after the sale."""
    bare = links[links["missing"] != ""]
    if len(bare):
        some = listed(
            (f"{a} and {b}" for a, b in zip(bare["our_name"], bare["name"], strict=True)), NAMED
        )
        yield (
            "warn",
            f"{counted(len(bare), 'contact')} of {len(links)} without a whole GROW ({some}).",
            64,
        )
    mute = links.loc[links["obligation"].str.strip() == "", "our_name"].unique()
    if len(mute):
        owes = f"what {listed(mute, NAMED)} owe{'s' * (len(mute) == 1)} the rest of the team"
        yield "nudge", f"nobody has written down {owes}: pass on what you learn there.", 66
    today = book.settings.today
    for row in links[links["next_step"].str.strip() != ""].itertuples():
        if not row.due:
            yield "warn", f'{row.our_name}: "{row.next_step}" has no date; a promise needs one.', 91
        elif row.due < today:
            yield "warn", f'{row.our_name}: "{row.next_step}" was due on {row.due}.', 91
    if len(links) and not links["after"].eq("yes").any():
        yield "warn", "nobody sees them after the sale: do not disappear.", 65


def _load(book: Book, rows: pd.DataFrame) -> Iterator[Advice]:
    """Our own people: days, and rival customers."""
    load = people.contact_load(book)
    here = set(rows["person"])
    for row in load[load["person"].isin(here) & (load["over"] > 0)].itertuples():
        yield "warn", STEP, "", "", f"{row.name} has too many contacts: {row.words}.", 66
    whole = book.choosing(customer="", segment="")
    scope, names = {*pia.listed(book)["customer"]}, by_key(pia.listed(whole), "customer")["name"]
    rivals = zip(book["customers"]["customer"], book["customers"]["rival"], strict=True)
    pairs = dict.fromkeys(frozenset(pair) for pair in rivals if pair[1] and pair[1] != pair[0])
    every = people.contact_map(whole)
    for _, mine in every[~every["unseen"]].groupby("person", sort=False):
        for pair in [pair for pair in pairs if pair <= {*mine["customer"]} and pair & scope]:
            one, other = (customer for customer in names.index if customer in pair)
            text = f"{mine['our_name'].iloc[0]} sees people at {names[one]} and at its rival"
            yield "warn", STEP, "", one, f"{text} {names[other]}.", 43
