"""How do we put the case? Proposals need by need against the best alternative, and the forecast."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.models import pia
from kamlib.models.lookup import name_or_key, names_by_key
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import DEFINITIONS

GROUPS = tuple(DEFINITIONS["proposal_needs"]["group"].choices)
WEIGHT = {"X": 1, "XX": 2}  # a reading of our own: the source weighs nothing
BEST = 2  # how well a need can be met
GIVEN_UP = ("lost", "given up")


@model
def rating(book: Book) -> pd.DataFrame:
    """The needs of each proposal, ours beside the best alternative: a row a need.

    Columns: proposal, proposal_name, customer, need, name, group, ours, theirs (2, 1, 0, NaN
    unknown), difference, interest (of all deciders, X counts 1 and XX 2), who (they, by name), cool
    (deciders who care little), advice. Source: table 28.1; do not argue, do not attack: raise the
    importance of what we do better.
    """
    mine = _own(book)
    needs = book["proposal_needs"].drop_duplicates(["proposal", "need"])
    needs = needs[needs["proposal"].isin(mine.index)]
    cares, named, rows = interests(book), deciders(book), []
    for row in needs.assign(name=name_or_key(needs, "need")).to_dict("records"):
        key, customer = (row["proposal"], row["need"]), mine.at[row["proposal"], "customer"]
        said = {contact: word for (*at, contact), word in cares.items() if tuple(at) == key}
        people = {c: n for (whose, c), n in named.items() if whose == customer}
        who = [f"{people.get(c, c)} {word}" for c, word in said.items()]
        cool = [name for c, name in people.items() if WEIGHT.get(said.get(c, ""), 0) < BEST]
        difference = row["ours"] - row["theirs"]
        about = {"customer": customer, "proposal_name": mine.at[row["proposal"], "name"]}
        about |= {"difference": difference, "interest": sum(WEIGHT[w] for w in said.values())}
        about |= {"who": ", ".join(who), "cool": ", ".join(cool)}
        rows.append(row | about | {"advice": _advice(difference, row["ours"], who, cool)})
    columns = ["proposal", "proposal_name", "customer", "need", "name", "group", "ours", "theirs"]
    columns += ["difference", "interest", "who", "cool", "advice"]
    return pd.DataFrame(rows, columns=columns)


def _advice(difference: float, ours: float, who: list[str], cool: list[str]) -> str:
    if difference != difference:
        return "find out"
    if difference > 0:
        with_whom = f" with {listed(cool, 3)}" if cool else ""
        return f"raise its importance{with_whom}" if with_whom or not who else "speak of it first"
    if difference < 0 and who:
        return "meet it better, or offer something for it; do not argue"
    return "meet it better" if ours < BEST and who else ""


def interests(book: Book) -> dict[tuple[str, str, str], str]:
    """(proposal, need, contact) -> X or XX, where somebody with a part in it is interested."""
    whose, known = _own(book)["customer"], deciders(book)
    rows = book["proposal_interests"].drop_duplicates(["proposal", "need", "contact"])
    said = rows[["proposal", "need", "contact", "interest"]].itertuples(index=False, name=None)
    counted = ((*key, word) for *key, word in said if word and (whose.get(key[0]), key[2]) in known)
    return {(proposal, need, contact): word for proposal, need, contact, word in counted}


def deciders(book: Book) -> dict[tuple[str, str], str]:
    """(customer, contact) -> the name of everybody who has a part in the decision.

    Whose part is not known counts too; who only guards the door does not.
    """
    rows = book["customer_people"].drop_duplicates(["customer", "contact"])
    rows = rows[rows["role"] != "gatekeeper"]
    keys = zip(rows["customer"], rows["contact"], strict=True)
    return dict(zip(keys, name_or_key(rows, "contact"), strict=True))


def _own(book: Book) -> pd.DataFrame:
    """The proposals for the customers the settings name, by their id."""
    rows = book["proposals"].drop_duplicates("proposal")
    rows = rows[rows["customer"].isin(pia.listed(book)["customer"])]
    return rows.assign(name=name_or_key(rows, "proposal")).set_index("proposal", drop=False)


@model
def people(book: Book) -> pd.DataFrame:
    """Each proposal as each decider would see it: the scores weighed by interest, a row a decider.

    Columns: proposal, proposal_name, contact, name, ours, theirs, ahead, open (needs of interest
    that are not scored on both sides). X counts 1 and XX 2, which is a reading of our own.
    """
    needs, mine = rating(book).set_index(["proposal", "need"]), _own(book)
    named, rows = deciders(book), []
    for (proposal, need, contact), word in interests(book).items():
        if (proposal, need) in needs.index:
            name = named.get((mine.at[proposal, "customer"], contact), contact)
            ours, theirs = (
                WEIGHT[word] * needs.at[(proposal, need), c] for c in ("ours", "theirs")
            )
            rows.append((proposal, mine.at[proposal, "name"], contact, name, ours, theirs))
    keys = ["proposal", "proposal_name", "contact", "name"]
    table = pd.DataFrame(rows, columns=[*keys, "ours", "theirs"])
    table = table.assign(open=table[["ours", "theirs"]].isna().any(axis=1).astype(int))
    table.loc[table["open"] > 0, ["ours", "theirs"]] = 0
    found = table.groupby(keys, sort=False, as_index=False).sum()
    return found.assign(ahead=found["ours"] - found["theirs"])


@model
def proposals(book: Book) -> pd.DataFrame:
    """The proposals, the most worth trying first: forecast and score against the alternative.

    Columns: proposal, name, customer, rival, status, due, owner, value, likelihood_pct, expected
    (value x likelihood), cost, net (expected less cost, NaN unknown), needs, open (needs not scored
    on both sides), ours, theirs (totals of those that are), missing (groups without a need).
    """
    rows = _own(book).reset_index(drop=True)
    rows["status"] = rows["status"].where(rows["status"] != "", "open")
    rows["expected"] = rows["value"] * rows["likelihood_pct"] / 100
    rows["net"] = rows["expected"] - rows["cost"]
    needs = rating(book)
    needs = needs.assign(open=needs["difference"].isna())
    parts = dict(list(needs.groupby("proposal")))
    own = [parts.get(proposal, needs.iloc[:0]) for proposal in rows["proposal"]]
    rivals, owners = (
        names_by_key(book, "suppliers", "supplier"),
        names_by_key(book, "people", "person"),
    )
    rows = rows.assign(
        rival=[rivals.get(r, r) for r in rows["rival"]],
        owner=[owners.get(p, p) for p in rows["owner"]],
        needs=[len(part) for part in own],
        open=[int(part["open"].sum()) for part in own],
        ours=[float(part.loc[~part["open"], "ours"].sum()) for part in own],
        theirs=[float(part.loc[~part["open"], "theirs"].sum()) for part in own],
        missing=[", ".join(g for g in GROUPS if g not in set(part["group"])) for part in own],
    )
    rows["gone"] = rows["status"] != "open"
    rows = rows.sort_values(["gone", "net"], ascending=[True, False], kind="stable")
    columns = ["proposal", "name", "customer", "rival", "status", "due", "owner", "value"]
    columns += ["likelihood_pct", "expected", "cost", "net", "needs", "open", "ours", "theirs"]
    return rows[[*columns, "missing"]].reset_index(drop=True)


def forecast_words(rows: pd.DataFrame, currency: str) -> str:
    """What the open proposals come to, in a sentence."""
    live = rows[rows["status"] == "open"]
    if live.empty:
        return "No proposal is open"
    known = live[live["expected"].notna()]
    if known.empty:
        return "No open proposal has both a value and a likelihood yet"
    said = (
        f"{known['expected'].sum():,.0f} {currency} a year expected of {known['value'].sum():,.0f}"
    )
    lacks = live.loc[live["expected"].isna(), "name"].tolist()
    return f"{said}, without {listed(lacks, 3)}" if lacks else said


def score_words(row: dict[str, Any]) -> str:
    """How a proposal stands against the best alternative, in a sentence."""
    if not row["needs"]:
        return "What does the customer need? Write it down, and score both sides"
    rival = row["rival"] or "the best alternative"
    said = f"{row['ours']:.0f} points against {row['theirs']:.0f} of {rival}"
    open_ = f"; not scored on both sides: {row['open']} of {counted(row['needs'], 'need')}"
    return said + open_ * bool(row["open"])
