"""Steps 2 and 3: the people, days and money there are, and what number of accounts they carry.

Source: key account management in financial services, chapters 4, 5 and 19.
"""

from __future__ import annotations

import math
import re

import pandas as pd

from kamlib.models import portfolio
from kamlib.models.lookup import name_or_key
from kamlib.wording import counted
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

CORE_FEWEST, CORE_MOST = 3, 6  # core three or four; above six, meetings become the problem
SELLS = re.compile(r"sale|sell|account manag|business development|vertrieb|vente", re.I)
DELIVERS = re.compile(
    r"operat|service|deliver|produc|underwrit|claim|\bit\b|technolog|system|logist|support|engineer|"
    r"implement|admin|manufactur|quality|credit|treasury|payments",
    re.I,
)
NOBODY = {
    "vision": "Nobody carries the vision of the business: yesterday's accounts will be chosen.",
    "knowledge": "Nobody knows customers at first hand: the choice will not be believed.",
    "authority": "Nobody can commit resources: the choice will bind nobody.",
    "delivery": "Nobody who delivers is in the room: who keeps what is promised?",
}


@model
def carry(book: Book) -> pd.DataFrame:
    """What an account of each category takes, and how many of them the team could look after.

    Four rows. Columns: category, days_each, money_each (a year), most (accounts of this category
    alone that all days would carry; NaN while days are unknown), planned, days_planned,
    money_planned, today (accounts of the category now, all segments).
    """
    effort = portfolio.effort(book)
    days, money, planned = effort["days"], effort["money"], effort["planned"]
    there = portfolio.days_available(book)
    most = [math.floor(there / d + 1e-9) if d > 0 and there == there else math.nan for d in days]
    columns = {"days_each": days, "money_each": money, "most": most, "planned": planned}
    columns |= {"days_planned": days * planned, "money_planned": money * planned}
    today = portfolio.capacity(book)["accounts"].to_numpy()
    return pd.DataFrame(columns | {"today": today}).reset_index(names="category")


def plan(book: Book) -> pd.DataFrame:
    """The planned accounts against the days and the money there are: two rows, days and money.

    Columns: what, needed, available, over (by how much too many, 0 if none, NaN if unknown), words.
    """
    table = carry(book)
    held = portfolio.needs(book)["available"]
    rows = []
    for what, unit in (("days", portfolio.DAYS), ("money", book.settings.currency)):
        planned, available = table[f"{what}_planned"], float(held[what])
        needed = planned.sum(min_count=1)
        least = bool((table["planned"].gt(0) & planned.isna()).any())
        over = max(needed - available, 0.0) if available == available else math.nan
        words, _ = portfolio.against("Planned accounts", needed, available, unit, least)
        if needed != needed:
            words = f"What the plan needs in {what} is not known yet"
        rows.append((what, needed, available, over, words))
    return pd.DataFrame(rows, columns=["what", "needed", "available", "over", "words"])


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
    held_by = f"{held:,.0f} key accounts {kind} for {counted(managers, 'manager')}"
    return each, f"{held_by}: {each:,.3g} each."


def team(book: Book) -> pd.DataFrame:
    """Is the selection team one that can choose? A row a check.

    Columns: check, holds (bool), words. Source: chapter 19, step 3 (not only sales; vision,
    knowledge and authority; a core of three or four) and chapter 5 (above six, meetings become the
    problem).
    """
    people = book["people"]
    if people.empty:
        rows = [("members", False, "Nobody is in the selection team yet.")]
        return pd.DataFrame(rows, columns=["check", "holds", "words"])
    function = people["function"].str.strip()
    named = function != ""
    sells = function.str.contains(SELLS) & named
    core = int((people["core"] == "yes").sum())
    several = bool(named.any()) and not bool(sells[named].all())
    knows = {
        "vision": people["owns_vision"] == "yes",
        "knowledge": people["knows_customers"] == "yes",
        "authority": people["has_authority"] == "yes",
        "delivery": function.str.contains(DELIVERS) & ~sells,
    }
    names = name_or_key(people, "person")
    rows = [
        ("not only sales", several, _function_words(function[named].str.lower(), sells)),
        *((c, bool(who.any()), ", ".join(names[who]) or NOBODY[c]) for c, who in knows.items()),
        ("core", CORE_FEWEST <= core <= CORE_MOST, _core_words(core, len(people))),
    ]
    return pd.DataFrame(rows, columns=["check", "holds", "words"])


def _function_words(functions: pd.Series, sells: pd.Series) -> str:
    if functions.empty:
        return "Say which function each member comes from."
    if functions.nunique() > 1:
        return f"{functions.nunique()} functions are in the room."
    if sells.any():
        return "Everybody comes from sales: sellers have accounts of their own to defend."
    return "Everybody comes from one function."


def _core_words(core: int, size: int) -> str:
    if core == 0 and size > CORE_MOST:
        return f"{size} people and no core: name three or four who decide; the others are asked."
    if core < CORE_FEWEST:
        return f"A core of {core}: three or four people see more."
    if core > CORE_MOST:
        meet = f"A core of {core} will have trouble to meet"
        return f"{meet}: keep three or four, consult the others."
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
    none = held["customers"] == 0
    rows = pd.DataFrame({"category": list(BOXES)})
    for name, values in (("time_pct", days), ("profit_pct", held["profit"])):
        total = values.sum(min_count=1)
        share = 100 * values / total if total > 0 else values * math.nan
        rows[name] = share.mask(none, 0.0 if share.notna().any() else math.nan)
    return rows.assign(gap=rows["time_pct"] - rows["profit_pct"])
