"""One key account: what it is to us, how close we are, who decides, who sees whom; known answers and what never changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.app.desk import Desk
from kamlib.catalogue import sheets
from kamlib.models import findings, kaism, profitability
from kamlib.models.account import people, relationship, standing
from kamlib.pages import account_plan, handout
from kamlib.reports import report
from kamlib.workbook import checks, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables, typed
from tests.books import table
from tests.paper import page, paper
from tests.serving import ROOT
from tests.windows import main_ends_with

PARTS = [getattr(account_plan, name).exhibits for name in ("standing", "closeness", "decision", "contacts")]
OURS = table(
    "person name function days", "ann|Ann|Sales|20", "bob|Bob|Service|", "cid|Cid|Finance|", "dee|Dee|Legal|"
)
WHO = "customer contact name function main role influence focus adopts attitude involvement interest drive"
LINK = "customer contact person purpose needs after goal part obligation next_step due days agreed gets_on"


def text(**more: pd.DataFrame) -> Tables:
    """A workbook with two customers that are rivals, and our four people."""
    customers = table(
        "customer name segment status rival", "acme|Acme|north|current|brix", "brix|Brix|north|current|"
    )
    return (
        stores.blank("Small")
        | {"segments": table("segment name", "north|North"), "people": OURS, "customers": customers}
        | more
    )


def book(customer: str = "acme", **more: pd.DataFrame) -> Book:
    return Book.of(typed(text(**more)), customer=customer, today="2026-11-28")


def persons(*rows: str) -> pd.DataFrame:
    """Lines of customer_people: "id|function|role"; what is not given is unknown."""
    width = len(WHO.split())
    cells = [["acme", r.split("|")[0], r.split("|")[0].title(), *r.split("|")[1:]] for r in rows]
    return table(WHO, *("|".join([*c, *[""] * (width - len(c))]) for c in cells))


def links(*pairs: str) -> pd.DataFrame:
    """Contacts "xia-ann" with a whole GROW, agreed, and after the sale."""
    rest = "trust|yes|yes|Goal|Part|Tells|Visits|2027-01-10|5|yes|yes"
    return table(LINK, *(f"acme|{pair.replace('-', '|')}|{rest}" for pair in pairs))


def said(sheet: str, field: str, **answers: str) -> pd.DataFrame:
    return table(
        "sheet subject item field value note", *(f"{sheet}|acme|{i}|{field}|{v}|" for i, v in answers.items())
    )


# How close are we?


@pytest.mark.parametrize(
    ("ours", "theirs", "gap", "zone"),
    [
        ("Partnership KAM", "Early KAM", 2, "Seller's frustration zone"),
        ("Early KAM", "Mid-KAM", -1, "Buyer's frustration zone"),
        ("Early KAM", "Early KAM", 0, "Match"),
    ],
)
def test_the_frustration_zone_follows_from_both_intents(ours, theirs, gap, zone):
    """Known answers of the domain reference: 3 - 1 is the seller's by 2, 1 - 2 the buyer's by 1."""
    intent = said("frustration_zones", "stage", ours=ours, theirs=theirs)
    row = relationship.relationship(book(answers=intent)).iloc[0]
    assert (row["gap"], row["zone"]) == (gap, zone)
    assert ("proficient supplier" in row["advice"]) == (zone == "Match")


def test_a_zone_needs_both_intents():
    half = said("frustration_zones", "stage", ours="Early KAM")
    row = relationship.relationship(book(answers=half)).iloc[0]
    assert pd.isna(row["gap"]) and row["zone"] == row["advice"] == ""


FIVE = [f"{name}|{what}" for name, what in zip("vwxyz", ("Buying", "IT", "Law", "Board", "IT"), strict=True)]
CONTACTS = {
    ("", ""): [],
    ("Pre-KAM", ""): [""],
    ("Early KAM", "Ann and V"): ["v-ann"],
    ("Early KAM", "Bob"): ["v-bob", "w-bob", "x-bob"],
    ("Early KAM", "W"): ["w-ann", "w-bob"],
    ("Mid-KAM", ""): ["v-ann", "w-bob", "x-ann"],
    ("Mid-KAM", " "): ["v-ann", "v-bob", "v-cid", "w-ann", "x-ann", "x-cid", "y-bob"],  # but two are left
    ("Partnership KAM", ""): ["v-ann", "w-bob", "x-cid", "y-dee", "v-bob", "z-dee"],
}


@pytest.mark.parametrize(("stage", "thread", "pairs"), [(*k, v) for k, v in CONTACTS.items()])
def test_number_and_spread_of_contacts_hint_at_a_stage(stage, thread, pairs):
    there = persons(*FIVE) if pairs else persons()
    row = relationship.relationship(book(customer_people=there, links=links(*filter(None, pairs)))).iloc[0]
    assert (row["hint"], row["thread"]) == (stage, thread.strip())
    assert bool(row["because"]) == bool(stage)


def test_the_hint_leaves_what_the_team_entered():
    given = book(
        customer_people=persons(*FIVE),
        links=links("v-ann"),
        answers=said("frustration_zones", "stage", now="Partnership KAM"),
    )
    row = relationship.relationship(given).iloc[0]
    assert (row["now"], row["hint"], row["agrees"]) == ("Partnership KAM", "Early KAM", False)
    shown = paper(account_plan.closeness.exhibits, given, customer="acme")
    assert "You entered Partnership KAM, and that stands." in shown and "hangs on Ann" in shown


# Who decides?

CROWD = persons(
    "pat|Board||decider|high|has the power|early majority|for us|9|5.5",
    "una|IT||user|low|receptive|innovator|for us|3|8",
    "eve|Finance||economic buyer|medium|has the problem|late majority|neutral|8|8",
    "max|Buying|yes|gatekeeper|medium||laggard|against us|2|2",
    "uma|IT||user|medium|receptive|early adopter|for us|6|4",
    "new|",
)


def test_friends_come_first_power_last_and_nobody_before_the_main_contact():
    rows = people.approach_order(book(customer_people=CROWD, links=links("una-ann")))
    assert [*rows["contact"]] == ["max", "una", "uma", "eve", "pat", "new"]
    assert [*rows["when"]] == ["first", "early", "early", "then", "last", "not known yet"]
    assert [*rows["seen_by"]] == ["", "Ann", "", "", "", ""]


def test_the_part_of_a_contact_is_read_at_the_middle_of_both_scales():
    rows = people.contact_roles(book(customer_people=CROWD)).set_index("contact")
    roles = {
        "pat": "service",
        "una": "specifier",
        "eve": "lead",
        "max": "gatekeeper",
        "uma": "service",
        "new": "",
    }
    assert rows["role"].to_dict() == roles
    assert [*rows.index[rows["on_line"]]] == ["pat"]  # an interest of 5.5 takes the lower side


def test_the_snail_has_a_turn_for_each_line_and_unknown_stays_unknown():
    shape = dict.fromkeys(("marketing_centre_initiator_in_the_example", "launch"), "yes") | {
        "market_research": "unknown"
    }
    rows = people.snail(book(answers=said("opportunity_snail", "contact", **shape)))
    assert [*rows["contact"]] == ["yes", "unknown", "", "", "", "yes"]
    assert people.snail(book()).empty


# Who sees whom?


def warned(**more: pd.DataFrame) -> str:
    return "\n".join(findings.contacts(book(**more))["message"])


PAIR = {
    "customer_people": persons("xia|IT|yes|user|medium", "pat|Board||decider|high"),
    "links": links("xia-ann", "pat-ann"),
}
SOUND = PAIR | {"answers": said("dmu_types", "answer", authoritarian="yes")}
BROKEN = {
    "None of us sees Pat, whose say counts.": {"links": links("xia-ann")},
    "Xia is seen by 4 of us": {"links": links("xia-ann", "xia-bob", "xia-cid", "xia-dee", "pat-ann")},
    "7 of us see people there": {
        "people": table("person name", *(f"{p}|{p.title()}" for p in "abcdefg")),
        "links": links(*(f"xia-{p}" for p in "abcdefg"), "pat-a"),
    },
    "Nobody has said how it decides": {"answers": said("dmu_types", "answer")},
    "One person decides, and nobody of us sees": {"links": links("xia-ann")},
    "It decides by consensus, and we see 1 of 3": {
        "customer_people": persons("xia|IT|yes|user|medium", "pat|Board", "eve|Law"),
        "links": links("xia-ann"),
        "answers": said("dmu_types", "answer", consensus="yes"),
    },
    "What part in the decision has Xia?": {
        "customer_people": persons("xia|IT|yes", "pat|Board||decider|high")
    },
    "Add contacts only as far as it lets us": {
        "answers": said("frustration_zones", "stage", ours="Mid-KAM", theirs="Early KAM")
    },
    "Cast a wider net": {"customer_people": persons("xia|IT|yes|user|low", "pat|Board||decider", "a|", "b|")},
    "Whose view counts?": {"links": links("xia-ann", "pat-bob").assign(purpose=["solutions", "trust"])},
    "Ann and Pat do not get on": {"links": PAIR["links"].assign(gets_on=["yes", "no"])},
    "Ann sees Pat behind the back of the main contact": {"links": PAIR["links"].assign(agreed=["", "no"])},
    "Does the main contact know of 1 contact (Pat)?": {"links": PAIR["links"].assign(agreed=["", ""])},
    "without a whole GROW (Ann and Xia)": {"links": PAIR["links"].assign(goal=["", "Goal"])},
    "What Ann owes the rest of the team": {"links": PAIR["links"].assign(obligation="")},
    '"Visits" has no date': {"links": PAIR["links"].assign(due=["", "2027-01-10"])},
    '"Visits" was due on 2026-11-01': {"links": PAIR["links"].assign(due=["2026-11-01", "2027-01-10"])},
    "Nobody sees them after the sale": {"links": PAIR["links"].assign(after="no")},
    "Ann has too many contacts: 21 of 20 days": {"links": PAIR["links"].assign(days=["5", "16"])},
    "Ann sees people at Acme and at its rival Brix": {
        "customer_people": pd.concat([PAIR["customer_people"], persons("zoe|IT").assign(customer="brix")]),
        "links": pd.concat([PAIR["links"], links("zoe-ann").assign(customer="brix")]),
    },
}


@pytest.mark.parametrize("words", BROKEN)
def test_what_breaks_a_rule_of_contact_is_said(words):
    assert re.search(re.escape(words), warned(**SOUND | BROKEN[words]), re.IGNORECASE)


def test_contacts_that_keep_the_rules_are_left_in_peace():
    assert warned(**SOUND) == ""


def test_days_of_contacts_are_held_against_the_days_of_step_2():
    rows = people.contact_load(book(**SOUND | {"links": PAIR["links"].assign(days=["5", ""])})).set_index(
        "person"
    )
    assert rows.loc["ann", "words"] == "at least 5 of 20 days for 2 contacts at 1 customer"
    bob = people.contact_load(book(**SOUND | {"links": links("pat-bob")})).iloc[0]
    assert pd.isna(bob["over"]) and bob["words"] == "5 days for 1 contact at 1 customer"


def test_two_with_one_drive_are_told_from_two_with_different_ones():
    drives = said("chemistry_motivation", "answer", power="yes", affiliation="no").assign(subject="ann")
    there = persons("xia|IT").assign(drive="power"), persons("pat|IT").assign(drive="affiliation")
    rows = people.contact_map(
        book(customer_people=pd.concat(there), links=links("xia-ann", "pat-ann"), answers=drives)
    )
    assert [*rows["chemistry"]] == [
        "they get on; both want power",
        "they get on; we: power, they: affiliation",
    ]


def test_a_contact_that_was_emptied_is_none_any_more():
    bare = links("xia-ann").assign(**dict.fromkeys(LINK.split()[3:], ""))
    assert people.contact_map(book(**SOUND | {"links": bare}))["unseen"].all()


# what never changes


@settings(max_examples=15)
@given(
    st.permutations(["Zed", "Ann", "<b>", "", "ö ä", "Pat"]),
    st.lists(
        st.sampled_from(
            [
                f"{contact}-{person}"
                for contact in ("pat", "una", "eve", "max")
                for person in ("ann", "bob", "cid")
            ]
        ),
        unique=True,
    ),
)
def test_what_people_are_called_changes_nothing_but_names(called, pairs):
    one, other = (
        book(customer_people=there, links=links(*pairs)) for there in (CROWD, CROWD.assign(name=called))
    )
    assert [*people.approach_order(one)["contact"]] == [*people.approach_order(other)["contact"]]
    columns = ["hint", "direct", "there", "seen", "contacts"]
    before, after = (relationship.relationship(each)[columns] for each in (one, other))
    pd.testing.assert_frame_equal(before, after)
    assert len(findings.contacts(one)) == len(findings.contacts(other))


@settings(max_examples=15)
@given(
    st.integers(0, 6),
    st.lists(
        st.sampled_from([f"{c}-{p}" for c in "vwxyz" for p in ("ann", "bob", "cid", "dee")]), unique=True
    ),
)
def test_somebody_of_whom_nothing_is_known_takes_nothing_away(place, pairs):
    """An unknown person, wherever he is entered, leaves the order, the parts and the hint of all others."""
    there = persons(*FIVE)
    more = pd.concat([there[:place], persons("nobody"), there[place:]], ignore_index=True)
    one, other = (book(customer_people=each, links=links(*pairs)) for each in (there, more))
    order = [c for c in people.approach_order(other)["contact"] if c != "nobody"]
    assert order == [*people.approach_order(one)["contact"]]
    hints = [relationship.relationship(each)[["hint", "direct"]] for each in (one, other)]
    pd.testing.assert_frame_equal(*hints)


YES, ZONES = ("yes", "no"), {"Match", "Seller's frustration zone", "Buyer's frustration zone"}
ROLES = {"lead", "service", "specifier", "gatekeeper"}
LADDER, SNAIL, SIGNS, INTENT = standing.LADDER, people.SNAIL, relationship.SIGNS, relationship.INTENT
LINES = {sheet: list(sheets.form(sheet).lines["id"]) for sheet in (LADDER, SNAIL, SIGNS, INTENT)}
ASKED = {"role": ("user", "decider"), "influence": ("high", "low"), "focus": ("receptive", "has the power")}
ASKED |= {"involvement": ("2", "8"), "interest": ("2", "8")}


def possible(own: Book) -> dict[str, set[Any]]:
    """Of each result of parts 1, 2, 5 and 6 what it can still be, as far as it says."""
    rung, near = standing.rung(own, "acme").lower(), relationship.relationship(own).iloc[0]
    rungs = LINES[LADDER][LINES[LADDER].index(rung.split()[0]) :] if rung else LINES[LADDER]
    found = {"rung": {*(rungs if " or higher" in rung or not rung else rungs[:1])}}
    found |= {"zone": {near["zone"]} if near["zone"] else ZONES, "hint": {*near["possible"].split("|")}}
    for row in relationship.signs(own).itertuples():
        found[row.stage] = {*range(row.seen, row.seen + row.of - row.judged + 1)}
    for row in people.contact_roles(own).itertuples():
        found[row.name] = {row.role} if row.role else ROLES
    for row in people.snail(own).itertuples():
        found[row.label] = {row.contact} if row.contact else {*YES}
    warned = "".join(m for m in findings.contacts(own)["message"] if re.match("None of us sees|What part", m))
    unseen = people.contact_map(own).query("unseen")["name"]
    return found | {"missed": {name for name in unseen if name in warned}}


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_an_unknown_answer_more_never_takes_away_what_is_possible(chance):
    """Parts 1, 2, 5 and 6: rung, zone, hint, signs, parts of contacts, turns of the snail, and whom nobody may miss."""
    drawn = {
        (sheet, line): chance.choice(relationship.STAGES if sheet == INTENT else YES)
        for sheet in LINES
        for line in LINES[sheet]
    }
    drawn |= {(column, who): chance.choice(some) for column, some in ASKED.items() for who in "xyz"}
    pairs = chance.sample(
        [f"{c}-{p}" for c in "xyz" for p in ("ann", "bob", "cid")], chance.choice([1, 2, 8, 9])
    )
    gone = {(sheet, chance.choice(lines)) for sheet, lines in LINES.items()}
    reached = chance.randint(0, len(LINES[LADDER]))  # nobody is on a rung without those below it
    drawn |= {(LADDER, line): YES[n >= reached] for n, line in enumerate(LINES[LADDER])}
    drawn |= {("function", who): f"Function {who}" for who in "xyz"}
    gone |= {("function", "x"), *((chance.choice([*ASKED]), who) for who in "yz")}

    def made(answers: dict[tuple[str, str], str]) -> Book:
        there = persons(*(f"{who}|" for who in "xyz"))
        for column in (*ASKED, "function"):
            there[column] = [answers[column, who] for who in "xyz"]
        told = [
            said(sheet, sheets.form(sheet).first, **{line: answers[sheet, line] for line in lines})
            for sheet, lines in LINES.items()
        ]
        return book(customer_people=there, links=links(*pairs), answers=pd.concat(told))

    known, fewer = possible(made(drawn)), possible(made(drawn | dict.fromkeys(gone, "")))
    assert {name: found for name, found in known.items() if not found <= fewer[name]} == {}


def test_what_the_account_is_to_us_is_what_the_other_pages_say():
    tables = stores.load(ROOT / "data" / "insurer", read_only=True)[1]
    below = (tables["customers"]["customer"] == "castlegate").map({True: "alder", False: ""})
    tables = {**tables, "customers": tables["customers"].assign(parent=below)}
    whole = Book.of(typed(tables))
    row = standing.account(whole.choosing(customer="castlegate")).iloc[0]
    stands = kaism.place(whole).set_index("customer").loc["castlegate"]
    value = profitability.future_value(whole).set_index("customer").loc["castlegate"]
    assert (row["category"], row["ahead"]) == ("key_development", pytest.approx(stands["x"]))
    assert (row["worth_low"], row["worth_high"]) == (value["low"], value["high"])
    assert row["group"] == "Alder Network" and row["group_revenue"] == 5240000 + 1480000
    scores = standing.factors(whole, "castlegate")
    assert row["lose_on"] and all(label in row["lose_on"] for label in scores.loc[scores["gap"] < 0, "label"])


# on the page


@pytest.mark.parametrize("part", PARTS)
def test_an_empty_workbook_has_the_page_and_says_what_to_do(part):
    empty = Book.of(typed(stores.blank("Empty")))
    shown = paper(part, empty) + "".join(
        map(str, (e.words(_seen(empty)) for e in _exhibits(part) if e.words))
    )
    assert "Traceback" not in shown and "nan" not in re.sub("<.*?>", "", shown)


def _seen(empty: Book) -> Any:
    from kamlib.pages.exhibit import View

    return View(empty, paper=False, locked=False)


def _exhibits(part: Any) -> Any:
    from kamlib.pages.exhibit import exhibits

    return [e for e in exhibits(part) if e.on_screen]


def test_the_page_on_paper_says_all_of_the_account_and_escapes_it():
    tables = stores.load(ROOT / "data" / "insurer", read_only=True)[1]
    tables["customer_people"].loc[0, "name"] = "Ruth <i>Calder</i>"
    made = page("06_account_plan", _desk(tables, "alder"))
    assert "Ruth &lt;i&gt;Calder&lt;/i&gt;" in made and "<i>Calder" not in made
    for words in (
        "We lose to Corvid Life on Price",
        "NOBODY",
        "nobody sees this person",
        "frustration zone",
        "4 of 6 turns",
        "Pensions working group agrees on one product by June",
    ):
        assert words in made, words
    assert "Martin Keele" not in made  # of another account


def test_half_an_account_and_an_untouched_one_have_their_pages():
    whole = Book.of(typed(stores.load(ROOT / "data" / "insurer", read_only=True)[1]))
    half, bare = (
        "".join(paper(part, whole, customer=who) for part in PARTS) for who in ("birchwood", "brockmere")
    )
    assert "hangs on Priya Nair" in half and "without a whole GROW" in half
    assert "Brockmere Building Society" in bare and "<svg" not in bare


def _desk(tables: Tables, customer: str) -> Desk:
    from types import SimpleNamespace

    desk = Desk(SimpleNamespace(location="w.kam", seen={"": 1}), tables, read_only=True)
    desk.look_at(customer)
    return desk


def test_an_important_person_whom_nobody_sees_stands_out_at_each_stage():
    rows = people.contact_map(book(**SOUND | {"links": PAIR["links"].assign(after=["yes", "no"])}))
    assert "NOBODY" not in charts.svg(charts.contact_map(rows))
    assert "NOBODY" in charts.svg(charts.contact_map(rows, "after"))


# what leaves the house


def test_the_people_of_a_customer_are_in_no_copy_and_in_nothing_for_the_customer():
    tables = stores.load(ROOT / "data" / "insurer", read_only=True)[1]
    kept = report.allowed(tables)
    assert not {"customer_people", "links"} & kept.keys()
    published = " ".join(kept["answers"]["value"])
    assert "Platform manager with Gareth" not in published and "Ruth Calder" not in published
    outside = handout.page(
        handout.ready(Book.of(typed(tables)), "alder"), pd.Timestamp.now().date(), lambda *_: ""
    )
    assert not any(name in outside for name in tables["customer_people"]["name"])


def test_people_come_from_the_list_of_a_crm_once_and_overwrite_nothing(tmp_path: Path, capsys: Any):
    place, file = tmp_path / "w.kam", tmp_path / "crm.csv"
    stores.create(place, text(customer_people=persons("xia|IT").assign(name="Xia Li")))
    file.write_text(
        "First Name,Last Name,Account Name,Job Title\nXia,Li,ACME,Boss\nPat,Day,Acme,Board\nJo,Doe,Other,Boss\n"
    )
    for said in (
        "1 added, 0 updated, 1 unchanged, 1 left out",
        "0 added, 0 updated, 2 unchanged, 1 left out",
    ):
        assert main_ends_with(0, ["import-contacts", str(file), str(place)])
        assert said in capsys.readouterr().out
    rows = stores.load(place, read_only=True)[1]["customer_people"]
    assert rows[["contact", "name", "function"]].to_numpy().tolist() == [
        ["xia", "Xia Li", "IT"],
        ["pat_day", "Pat Day", "Board"],
    ]
    assert checks.check(stores.load(place, read_only=True)[1]).empty
    file.write_text("Company,City\nAcme,York\n")
    assert main_ends_with(2, ["import-contacts", str(file), str(place)])
    assert "contact=HEADER" in capsys.readouterr().err
