"""The portfolio: how the four categories balance, and whether we have the days to look after them.

Source: key account management in financial services, chapter 21 (balance) and 4 (72 accounts shared
by 4 managers are 18 each: the label then changes nothing).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism
from kamlib.wording import LABELS
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

QUESTIONS = {
    "key": "Every customer is a key account: will the effort cost more than it brings in?",
    "key_development": "Every customer is to be developed: who pays while none of them pays back?",
    "maintenance": "Most customers are maintenance accounts, which is not unusual; "
    "where does the future come from?",
    "opportunistic": "Most customers are opportunistic: profitable perhaps, "
    "but where does it lead?",
}
WHOLE = ("key", "key_development")  # asked about where all customers are in it
DAYS = "account-manager days"
HALF_A_DAY = 0.5  # less than this is not said


@model
def classes(book: Book) -> pd.DataFrame:
    """Suggestion beside decision, a row a customer: the one place that joins them.

    Columns: those of `kaism.place`, then decision (one of the four categories, or ""),
    reason_given, person, on, review_on, suggestion (the box, "" while there is none), category
    (what counts: the decision, or else the suggestion), differs, stands (all of it in words),
    revenue, profit, manager. Over all segments a decided customer without an active segment is
    there too, without a place.
    """
    placed = kaism.place(book)
    made, more = _decided(book), _known_of(book)
    if not book.settings.segment:
        placed = pd.concat([placed, _elsewhere(made, more, placed)], ignore_index=True)
    at, known = (part.index.get_indexer(placed["customer"]) for part in (made, more))
    found = {c: np.where(at >= 0, np.append(made[c].to_numpy(), "")[at], "") for c in made}
    box, decision = placed["box"].to_numpy(), found["decision"]
    found |= {
        "suggestion": box,
        "category": np.where(decision != "", decision, box),
        "differs": (decision != "") & (box != "") & (decision != box),
    }
    rows = zip(decision, box, placed["status"], strict=True)
    found["stands"] = np.array([stands(*row) for row in rows], dtype=object)
    money = {c: more[c].to_numpy()[known] for c in ("revenue", "profit", "manager")}
    return placed.assign(**found, **money)


def stands(decision: str, box: str, status: str = "") -> str:
    """What a customer is to us, in words: "Maintenance, decided; suggested: key account"."""
    suggested = LABELS[box] if status != "ruled_out" else "Ruled out"
    if not decision:
        return f"{suggested}, suggested" if box else suggested
    beside = f"; suggested: {suggested.lower()}" if box else f"; {suggested.lower()}"
    return f"{LABELS[decision]}, decided{'' if decision == box else beside}"


@model
def _decided(book: Book) -> pd.DataFrame:
    """What was decided of each customer: decision, reason_given, person, on, review_on.

    A decision that names none of the four categories is none.
    """
    made = book["decisions"]
    made = made[made["what"] == "category"].drop_duplicates("subject").set_index("subject")
    decision = made["decision"].str.strip()
    made = made[["decision", "reason", "person", "on", "review_on"]].astype(object)
    made["decision"] = decision.where(decision.isin(BOXES), "")
    return made.rename(columns={"reason": "reason_given"})


def decided(book: Book) -> set[str]:
    """The customers whose category the team has decided."""
    made = _decided(book)
    return set(made.index[made["decision"] != ""])


def _elsewhere(made: pd.DataFrame, more: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """The decided customers of no active segment, as rows of `kaism.place` without a place."""
    gone = made.index[(made["decision"] != "") & ~made.index.isin(placed["customer"])]
    rest = more.loc[more.index.isin(gone), ["segment", "name"]]
    rest = rest.rename_axis("customer").reset_index()
    texts = dict.fromkeys(("box", "possible", "best_competitor", "reason"), "")
    rest = rest.assign(**texts, status="unscored", on_line=False, near_line=False)
    return rest.reindex(columns=placed.columns).astype(placed.dtypes)


@model
def _known_of(book: Book) -> pd.DataFrame:
    more = book["customers"].drop_duplicates("customer").set_index("customer")
    return more[["segment", "name", "revenue", "profit", "manager"]]


@model
def balance(book: Book) -> pd.DataFrame:
    """Count, share of those in a category, revenue and profit of each category, always four rows.

    Columns: category, customers, share_pct (0..100), revenue, profit (NaN when none is known),
    decided (how many of the customers; the others are only suggested).
    """
    seen = classes(book)
    seen = seen[seen["category"] != ""]
    by_box = seen.groupby("category")
    count = by_box.size().reindex(BOXES, fill_value=0)
    money = by_box[["revenue", "profit"]].sum(min_count=1).reindex(BOXES)
    decided = (seen["decision"] != "").groupby(seen["category"]).sum()
    share = 100 * count / max(count.sum(), 1)
    result = pd.DataFrame({"customers": count, "share_pct": share, **money})
    result["decided"] = decided.reindex(BOXES).fillna(0).astype(int)
    return result.reset_index(names="category")


def questions(book: Book) -> list[str]:
    """What the balance asks of the room; too much of one category is a question, not an error."""
    shares = balance(book).set_index("category")["share_pct"]
    most = book.settings.too_many_pct
    asked = {box: share == 100 if box in WHOLE else share > most for box, share in shares.items()}
    return [text for box, text in QUESTIONS.items() if asked[box]]


@model
def capacity(book: Book) -> pd.DataFrame:
    """Accounts and days by category over ALL segments, key and key development counted separately.

    Columns: category, accounts, days_each (from the table effort), days_needed,
    accounts_per_manager (NaN when no manager is named). One row a category.
    """
    everywhere = book.choosing(segment="")
    accounts = classes(everywhere)["category"].value_counts().reindex(BOXES).fillna(0).astype(int)
    each = effort(book)["days"]
    managers = len(account_managers(book)) or float("nan")
    columns = {"accounts": accounts, "days_each": each, "days_needed": accounts * each}
    columns |= {"accounts_per_manager": accounts / managers}
    return pd.DataFrame(columns).reset_index(names="category")


@model
def effort(book: Book) -> pd.DataFrame:
    """The table effort by category: a row for each of the four, unknown where it has none."""
    return book["effort"].drop_duplicates("category").set_index("category").reindex(BOXES)


def account_managers(book: Book) -> list[str]:
    """The people who are key account managers."""
    people = book["people"]
    return people.loc[people["manages_accounts"] == "yes", "person"].tolist()


def days_available(book: Book) -> float:
    """Days a year of everybody who looks after accounts, NaN while nobody has said."""
    return float(book["people"]["days"].sum(min_count=1))


@model
def outside(book: Book) -> pd.DataFrame:
    """Customers in no category that take days or money today.

    Columns: customer, name, days, money (a year, NaN unknown).
    """
    seen = classes(book.choosing(segment=""))
    rows = book["time_spent"].drop_duplicates("customer")
    rows = rows[~rows["customer"].isin(seen.loc[seen["category"] != "", "customer"])]
    rows = rows[rows[["days", "money"]].notna().any(axis=1)]
    names = dict(zip(book["customers"]["customer"], book["customers"]["name"], strict=True))
    named = [names.get(c) or c for c in rows["customer"]]
    return rows.assign(name=named)[["customer", "name", "days", "money"]].reset_index(drop=True)


@model
def needs(book: Book) -> pd.DataFrame:
    """What all accounts need a year against what there is: two rows, days and money.

    Indexed by what. Columns: accounts (of the four categories, as decided or else suggested),
    outside (what customers in no category take today), needed (both; NaN while nothing is known),
    least (some accounts have no figure, so it is at least so much), available (NaN: nobody has
    said). Every sentence on days begins here.
    """
    held = capacity(book)
    there = {"days": days_available(book), "money": book.settings.budget}
    rows = []
    for what, each in effort(book)[[*there]].items():
        accounts = (held["accounts"].to_numpy() * each).sum(min_count=1)
        more = float(outside(book)[what].sum())
        least = bool((each.isna() & (held["accounts"].to_numpy() > 0)).any())
        available = np.nan if there[what] is None else there[what]
        rows.append((what, accounts, more, accounts + more, least, available))
    columns = ["what", "accounts", "outside", "needed", "least", "available"]
    return pd.DataFrame(rows, columns=columns).set_index("what")


def against(
    who: str, needed: float, available: float, unit: str, least: bool = False, more: str = ""
) -> tuple[str, bool]:
    """What is needed against what is available in one sentence, and whether it is too much.

    "Short by 45 account-manager days (1,000 needed, 955 available)", and whose where `who` says it.
    """
    head = f"{who}: " if who else ""
    asked = f"{'at least ' if least else ''}{needed:,.0f} needed"
    if available != available:
        unknown = f"{asked}{more}; nobody has said how many are available"
        return _capital(f"{head}{unit} ({unknown})"), False
    short = np.round(needed) - np.round(available)  # of what is shown
    held = f"({asked}, {available:,.0f} available{more})"
    much = f"short by {short:,.0f}" if short > 0 else "enough"
    return _capital(f"{head}{much} {unit} {held}"), bool(short > 0)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def load_words(book: Book) -> tuple[str, bool]:
    """Days needed against days available in one sentence, and whether they are too many."""
    days = needs(book).loc["days"]
    needed, available = float(days["needed"]), float(days["available"])
    if needed != needed:
        return "Days needed are not known: say what an account of each category takes", False
    beside = ""
    if days["outside"] > HALF_A_DAY:
        beside = f"; {days['outside']:,.0f} of them for customers in no category"
    return against("", needed, available, DAYS, days["least"], beside)


def table(book: Book) -> pd.DataFrame:
    """Balance of the segment(s) beside the capacity of the whole company, a row a category."""
    whole = capacity(book).drop(columns="accounts").assign(days_available=days_available(book))
    return balance(book).merge(whole, on="category")
