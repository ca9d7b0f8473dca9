"""Steps 2 and 3: the people, days and money there are, and what number of accounts they carry.

Source: key account management in financial services, chapters 4, 5 and 19.
"""

from __future__ import annotations

import math
import re

import pandas as pd

from kamlib.models import portfolio
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

CORE_FEWEST, CORE_MOST = 3, 6  # core three or four; above six, meetings become the problem
SELLS = re.compile(r"sale|sell|account manag|business development|vertrieb|vente", re.I)
DELIVERS = re.compile(
    r"operat|service|deliver|produc|underwrit|claim|\bit\b|technolog|system|logist|support|engineer|"
    r"implement|admin|manufactur|quality|credit|treasury|payments",
    re.I,
)


@model
def carry(book: Book) -> pd.DataFrame:
    """What an account of each category takes, and how many of them the team could look after.

    Four rows. Columns: category, days_each, money_each (a year), most (accounts of this category
    alone that all days would carry; NaN while days are unknown), planned, days_planned,
    money_planned, today (accounts of the category now, all segments).
    """
    effort = book["effort"].drop_duplicates("category").set_index("category").reindex(BOXES)
    there = portfolio.days_available(book)
    days, money, planned = effort["days"], effort["money"], effort["planned"]
    most = [math.floor(there / d + 1e-9) if d > 0 and there == there else math.nan for d in days]
    today = portfolio.capacity(book)["accounts"].to_numpy()
    return pd.DataFrame(
        {
            "category": list(BOXES),
            "days_each": days.to_numpy(),
            "money_each": money.to_numpy(),
            "most": most,
            "planned": planned.to_numpy(),
            "days_planned": (days * planned).to_numpy(),
            "money_planned": (money * planned).to_numpy(),
            "today": today,
        }
    )


def plan(book: Book) -> pd.DataFrame:
    """The planned accounts against the days and the money there are: two rows, days and money.

    Columns: what, needed, available, over (by how much too many, 0 if none, NaN if unknown), words.
    """
    table = carry(book)
    there = {"days": portfolio.days_available(book), "money": _number(book.settings.budget)}
    rows = []
    for what, column in (("days", "days_planned"), ("money", "money_planned")):
        needed, available = table[column].sum(min_count=1), there[what]
        least = bool((table["planned"].gt(0) & table[column].isna()).any())
        over = max(needed - available, 0.0)
        unit = "days a year" if what == "days" else book.settings.currency
        if needed != needed:
            words = f"the {what} the plan needs are not known yet"
        else:
            words, _ = portfolio.against(
                "the planned accounts", needed, available, unit, least=least
            )
        rows.append((what, needed, available, over if available == available else math.nan, words))
    return pd.DataFrame(rows, columns=["what", "needed", "available", "over", "words"])


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def accounts_per_manager(book: Book) -> tuple[float, str]:
    """Planned (or else present) key accounts for each key account manager, and the sentence for it.

    72 accounts and 4 managers are 18 each; without a manager the number is NaN. Key development
    accounts are counted apart.
    """
    table = carry(book).set_index("category")
    planned = table["planned"].notna().any()
    held = float(table.at["key", "planned"] if planned else table.at["key", "today"])
    managers = len(portfolio.account_managers(book))
    if held != held:
        return math.nan, "Nobody has said how many key accounts are planned."
    kind = "planned" if planned else "today"
    if not managers:
        return math.nan, f"{held:,.0f} key accounts {kind}, and no manager named."
    each = held / managers
    return each, (
        f"{held:,.0f} key accounts {kind} for {managers} manager{'' if managers == 1 else 's'}: "
        f"{each:,.3g} each."
    )


def team(book: Book) -> pd.DataFrame:
    """Is the selection team one that can choose? A row a check.

    Columns: check, holds (bool), words. Source: chapter 19, step 3 (not only sales; vision,
    knowledge and authority; a core of three or four) and chapter 5 (above six, meetings become the
    problem).
    """
    people = book["people"]
    if people.empty:
        return pd.DataFrame(
            [("members", False, "Nobody is in the selection team yet.")],
            columns=["check", "holds", "words"],
        )
    has = {c: (people[c] == "yes") for c in ("owns_vision", "knows_customers", "has_authority")}
    named = people["function"].str.strip() != ""
    sells = people["function"].str.contains(SELLS) & named
    delivers = people["function"].str.contains(DELIVERS) & ~sells
    core, size = int((people["core"] == "yes").sum()), len(people)
    functions = people.loc[named, "function"].str.strip().str.lower().nunique()
    rows = [
        (
            "not only sales",
            bool(named.any()) and not bool(sells[named].all()),
            f"{functions} functions are in the room."
            if functions > 1
            else "Everybody comes from sales: sellers have accounts of their own to defend."
            if sells[named].any()
            else "Say which function each member comes from."
            if not named.any()
            else "Everybody comes from one function.",
        ),
        (
            "vision",
            bool(has["owns_vision"].any()),
            _names(people, has["owns_vision"])
            or "Nobody carries the vision of the business: yesterday's accounts will be chosen.",
        ),
        (
            "knowledge",
            bool(has["knows_customers"].any()),
            _names(people, has["knows_customers"])
            or "Nobody knows customers at first hand: the choice will not be believed.",
        ),
        (
            "authority",
            bool(has["has_authority"].any()),
            _names(people, has["has_authority"])
            or "Nobody can commit resources: the choice will bind nobody.",
        ),
        (
            "delivery",
            bool(delivers.any()),
            _names(people, delivers)
            or "Nobody who delivers is in the room: who keeps what is promised?",
        ),
        ("core", CORE_FEWEST <= core <= CORE_MOST, _core_words(core, size)),
    ]
    return pd.DataFrame(rows, columns=["check", "holds", "words"])


def _names(people: pd.DataFrame, chosen: pd.Series) -> str:
    rows = people[chosen]
    return ", ".join(n or p for p, n in zip(rows["person"], rows["name"], strict=True))


def _core_words(core: int, size: int) -> str:
    if core == 0 and size > CORE_MOST:
        return f"{size} people and no core: name three or four who decide; the others are asked."
    if core < CORE_FEWEST:
        return f"A core of {core}: three or four people see more."
    if core > CORE_MOST:
        return (
            f"A core of {core} will have trouble to meet: keep three or four, consult the others."
        )
    return f"A core of {core}, {size - core} consulted."


@model
def distribution(book: Book) -> pd.DataFrame:
    """Where the time goes beside where the profit comes from, in % of each, by category.

    Columns: category, time_pct, profit_pct, gap (points; above 0: more time than profit). NaN while
    days or profits are unknown; a category without customers takes and brings nothing. Source:
    buyers spend most of their time on a fifth of their spending.
    """
    everywhere = book.choosing(segment="")
    held = portfolio.balance(everywhere)
    days = portfolio.capacity(everywhere)["days_needed"]
    shares = {
        name: 100 * values / values.sum() if values.sum(min_count=1) > 0 else values * math.nan
        for name, values in (("time_pct", days), ("profit_pct", held["profit"]))
    }
    known = {
        name: share.mask(held["customers"] == 0, 0.0 if share.notna().any() else math.nan)
        for name, share in shares.items()
    }
    return pd.DataFrame(
        {"category": list(BOXES), **known, "gap": known["time_pct"] - known["profit_pct"]}
    )
