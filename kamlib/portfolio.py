"""The portfolio: how the four categories balance, and whether we have the days to look after them.

Source: key account management in financial services, chapter 21 (balance) and 4 (72 accounts shared
by 4 managers are 18 each: the label then changes nothing).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism
from kamlib.memory import remembered, remembered_of
from kamlib.settings import Settings
from kamlib.tables import BOXES, Tables

QUESTIONS = {
    "key": "Every customer is a key account: will the effort cost more than it brings in?",
    "key_development": "Every customer is to be developed: who pays while none of them pays back?",
    "maintenance": "Most customers are maintenance accounts, which is not unusual; where does the future come from?",
    "opportunistic": "Most customers are opportunistic: profitable perhaps, but where does it lead?",
}


@remembered
def classes(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Suggestion beside decision, a row for each customer of the segment(s).

    Columns: those of `kaism.place`, then suggestion (the box, "" while there is none), decision,
    category (the decision, or else the suggestion), differs, reason_given, person, on, review_on,
    revenue, profit, manager.
    """
    placed = kaism.place(tables, settings)
    made, more = _decided(tables), _known_of(tables)
    at, known = made.index.get_indexer(placed["customer"]), more.index.get_indexer(placed["customer"])
    found = {c: np.where(at >= 0, np.append(made[c].to_numpy(), "")[at], "") for c in made}
    box, decision = placed["box"].to_numpy(), found["decision"]
    found |= {"suggestion": box, "category": np.where(decision != "", decision, box),
              "differs": (decision != "") & (box != "") & (decision != box)}  # fmt: skip
    return placed.assign(**found, **{c: more[c].to_numpy()[known] for c in more})


@remembered_of("decisions")
def _decided(tables: Tables) -> pd.DataFrame:
    """What was decided of each customer: decision, reason_given, person, on, review_on."""
    made = tables["decisions"]
    made = made[made["what"] == "category"].drop_duplicates("subject").set_index("subject")
    made = made[["decision", "reason", "person", "on", "review_on"]]
    return made.rename(columns={"reason": "reason_given"}).astype(object)


@remembered_of("customers")
def _known_of(tables: Tables) -> pd.DataFrame:
    more = tables["customers"].drop_duplicates("customer").set_index("customer")
    return more[["revenue", "profit", "manager"]]


@remembered
def balance(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Count, share of the placed customers, revenue and profit of each category, always four rows.

    Columns: category, customers, share_pct (0..100), revenue, profit (NaN when none is known).
    """
    seen = classes(tables, settings)
    seen = seen[seen["category"] != ""]
    by_box = seen.groupby("category")
    result = pd.DataFrame(
        {
            "customers": by_box.size(),
            "revenue": by_box["revenue"].sum(min_count=1),
            "profit": by_box["profit"].sum(min_count=1),
        }
    ).reindex(BOXES)
    count = result["customers"].fillna(0).astype(int)
    share = 100 * count / max(count.sum(), 1)
    return result.assign(customers=count, share_pct=share).reset_index(names="category")[
        ["category", "customers", "share_pct", "revenue", "profit"]
    ]


def questions(tables: Tables, settings: Settings) -> list[str]:
    """What the balance asks of the room; too much of one category is a question, not an error."""
    shares = balance(tables, settings).set_index("category")["share_pct"]
    asked = [QUESTIONS[box] for box in ("key", "key_development") if shares[box] == 100]
    return asked + [
        QUESTIONS[box] for box in ("maintenance", "opportunistic") if shares[box] > settings.too_many_pct
    ]


@remembered
def capacity(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Accounts and days by category over ALL segments, key and key development counted separately.

    Columns: category, accounts, days_each (from the table effort), days_needed, accounts_per_manager
    (NaN when no manager is named). One row a category.
    """
    everywhere = settings.model_copy(update={"segment": ""})
    accounts = classes(tables, everywhere)["category"].value_counts().reindex(BOXES).fillna(0).astype(int)
    each = tables["effort"].drop_duplicates("category").set_index("category")["days"].reindex(BOXES)
    managers = len(account_managers(tables))
    return pd.DataFrame(
        {
            "category": list(BOXES),
            "accounts": accounts.to_numpy(),
            "days_each": each.to_numpy(),
            "days_needed": (accounts * each).to_numpy(),
            "accounts_per_manager": (accounts / managers).to_numpy() if managers else float("nan"),
        }
    )


def account_managers(tables: Tables) -> list[str]:
    """The people who are key account managers."""
    people = tables["people"]
    return people.loc[people["manages_accounts"] == "yes", "person"].tolist()


def days_available(tables: Tables) -> float:
    """Days a year of everybody who looks after accounts, NaN while nobody has said."""
    return float(tables["people"]["days"].sum(min_count=1))


def load_words(tables: Tables, settings: Settings) -> tuple[str, bool]:
    """Days needed against days available in one sentence, and whether they are too many."""
    needed, available = capacity(tables, settings)["days_needed"].sum(min_count=1), days_available(tables)
    if needed != needed:
        return "days needed are not known: say what an account of each category takes", False
    if available != available:
        return f"{needed:,.0f} days needed; nobody has said how many there are", False
    if needed <= available:
        return f"{needed:,.0f} of {available:,.0f} days a year needed", False
    return f"{needed:,.0f} days needed, {available:,.0f} there are: {needed - available:,.0f} too many", True


def table(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Balance of the segment(s) beside the capacity of the whole company, a row a category."""
    whole = capacity(tables, settings).drop(columns="accounts").assign(days_available=days_available(tables))
    return balance(tables, settings).merge(whole, on="category")
