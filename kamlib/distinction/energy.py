"""Where the days go today, where they are to go, and what frees them.

Energy is everything an account takes: days of our people, and money besides. Over all segments.
Source: key account management in financial services, chapters 22 and 1 (what a contact costs).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib import portfolio
from kamlib.distinction.bases import account
from kamlib.memory import remembered
from kamlib.profitability import programme
from kamlib.settings import Settings
from kamlib.tables import BOXES, CHANNELS, Tables

UNUSED, MISSING, LEFT = "unused", "missing", "left"
NET, CALL, VISIT = CHANNELS
NOTHING = 1e-12  # of all days there are: what rounding leaves over
HALF_A_DAY = 0.5  # less than this is not said


def _everywhere(settings: Settings) -> Settings:
    return settings.model_copy(update={"segment": ""})


def _held(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Every customer of a category with its days and money of today, NaN unknown."""
    seen = portfolio.classes(tables, settings)
    seen = seen.loc[seen["category"].isin(BOXES), ["customer", "category"]]
    spent = tables["time_spent"].drop_duplicates("customer").set_index("customer")
    return seen.assign(days=seen["customer"].map(spent["days"]), money=seen["customer"].map(spent["money"]))


def _today(held: pd.DataFrame, what: str) -> tuple[np.ndarray, np.ndarray]:
    """What each category takes today (NaN where nobody knows), and of how many accounts it is known."""
    groups = held.groupby("category")[what]
    count, known = (groups.agg(f).reindex(BOXES).fillna(0).to_numpy(float) for f in ("size", "count"))
    total = groups.sum(min_count=1).reindex(BOXES).to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spent = np.where(known == count, total, total / known * count)
    return np.where(count == 0, 0.0, spent), known


@remembered
def energy(tables: Tables, settings: Settings) -> pd.DataFrame:
    """What the accounts of each category take today and what they take afterwards. Four rows.

    Columns: category, accounts (of step 9, all segments), known (of them with days of today), days_today,
    days_after (accounts x effort.days), freed, needed (the difference, one of them 0), money_today,
    money_after, freed_money, needed_money (the same a year in money), estimated (accounts without a figure,
    counted at the mean of the others of their category). NaN where nobody knows. Source: chapter 22.
    """
    everywhere = _everywhere(settings)
    held = _held(tables, everywhere)
    planned = portfolio.capacity(tables, everywhere)
    accounts = planned["accounts"].to_numpy()
    each = tables["effort"].drop_duplicates("category").set_index("category")["money"].reindex(BOXES)
    days, known = _today(held, "days")
    money, _ = _today(held, "money")
    after = planned["days_needed"].to_numpy(float)
    with np.errstate(over="ignore"):
        money_after = accounts * each.to_numpy(float)
    freed, needed = _change(days, after, accounts)
    freed_money, needed_money = _change(money, money_after, accounts)
    known = known.astype(int)
    return pd.DataFrame({
        "category": list(BOXES), "accounts": accounts, "known": known, "days_today": days, "days_after": after,
        "freed": freed, "needed": needed, "money_today": money, "money_after": money_after,
        "freed_money": freed_money, "needed_money": needed_money,
        "estimated": np.where(known > 0, accounts - known, 0),
    })  # fmt: skip


def _change(today: np.ndarray, after: np.ndarray, accounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is freed and what is needed more; a category without accounts takes nothing."""
    with np.errstate(invalid="ignore"):
        more = np.where(accounts == 0, 0.0, after - today)
    none = np.abs(more * 0)
    return np.where(more < 0, -more, none), np.where(more > 0, more, none)


def unknown(tables: Tables, settings: Settings) -> list[str]:
    """The categories that have accounts and of which nobody knows the days, today or afterwards."""
    rows = energy(tables, settings)
    open_ = (rows["accounts"] > 0) & rows[["freed", "needed"]].isna().any(axis=1)
    return rows.loc[open_, "category"].tolist()


def unused(tables: Tables, settings: Settings) -> float:
    """Days people have and no customer takes today; below 0 where more is taken than there is.

    NaN while nobody has said how many days there are, or while the days of a category are unknown.
    """
    rows = energy(tables, settings)
    today = rows.loc[rows["accounts"] > 0, "days_today"]
    days = portfolio.needs(tables, settings).loc["days"]
    return float(days["available"] - today.sum(skipna=False) - days["outside"])


@remembered
def flow(tables: Tables, settings: Settings) -> pd.DataFrame:
    """How the days of today become those of tomorrow. Columns: source, target, days (a year, above 0).

    Sources: the categories, unused (days nobody uses today), missing (days that are not there). Targets: the
    categories, left (days nobody needs). What leaves a category adds up to its days of today, what comes to
    it to its days afterwards. Key accounts are served first, then key development, maintenance and
    opportunistic accounts; what the lower categories free goes first. Without categories of which days
    are unknown. Source: chapter 22.
    """
    rows = energy(tables, settings).set_index("category")
    rows = rows[(rows["accounts"] > 0) & rows[["freed", "needed"]].notna().all(axis=1)]
    if rows.empty:
        return pd.DataFrame({"source": [], "target": [], "days": []}).astype(
            {"source": object, "target": object}
        )
    stays = rows["days_today"].where(rows["freed"] == 0, rows["days_after"])
    spare = rows["freed"][::-1].to_dict()
    there = unused(tables, settings)
    if there > 0:
        spare[UNUSED] = there
    tiny = NOTHING * max(
        1.0, float(rows["days_today"].sum()), float(rows["days_after"].sum()), *spare.values()
    )
    made = [(box, box, days) for box, days in stays.items()]
    for target, need in rows["needed"].items():
        for source in spare:
            taken = min(spare[source], need)
            made.append((source, target, taken))
            spare[source], need = spare[source] - taken, need - taken
        made.append((MISSING, target, need))
    made += [(source, LEFT, days) for source, days in spare.items()]
    kept = [(s, t, float(days)) for s, t, days in made if days > tiny]
    return pd.DataFrame(kept, columns=["source", "target", "days"]).astype({"days": float})


def missing(tables: Tables, settings: Settings) -> float:
    """Days that are needed and not there, after all that is freed; NaN while it cannot be known."""
    there = unused(tables, settings)
    rows = flow(tables, settings)
    if there != there or unknown(tables, settings):
        return math.nan
    return float(rows.loc[rows["source"] == MISSING, "days"].sum())


@remembered
def moves(tables: Tables, settings: Settings) -> pd.DataFrame:
    """What moving contacts to another channel frees, a row for each row of the table channel_moves.

    Columns: category, source, target, share_pct, contacts (a year of this category in the source channel, all
    segments), moved, hours (a year; at least so many, for what a contact costs is a lower bound; NaN while
    visit_hours is unknown), days (of settings.hours_per_day), units (in contacts over the internet). Below 0
    where contacts move to a dearer channel. Source: chapter 1.
    """
    plan = tables["channel_moves"][["category", "source", "target", "share_pct"]]
    plan = plan[(plan[["category", "source", "target"]] != "").all(axis=1)].reset_index(drop=True)
    category = (
        _held(tables, _everywhere(settings)).drop_duplicates("customer").set_index("customer")["category"]
    )
    made = tables["contacts"]
    count = made["contacts"].groupby([made["customer"].map(category), made["channel"]]).sum(min_count=1)
    pairs = zip(plan["category"], plan["source"], strict=True)
    contacts = np.array([count.get(pair, math.nan) for pair in pairs], dtype=float)
    ratio = programme.ratios()
    apart = plan["source"].map(ratio).to_numpy(float) - plan["target"].map(ratio).to_numpy(float)
    moved = contacts * (plan["share_pct"].to_numpy(float) / 100)
    with np.errstate(over="ignore", invalid="ignore"):
        units, hours = moved * apart, moved * _saved(plan, settings)
    return plan.assign(
        contacts=contacts, moved=moved, hours=hours, days=hours / settings.hours_per_day, units=units
    )


def _saved(plan: pd.DataFrame, settings: Settings) -> np.ndarray:
    """Hours of our people one moved contact frees at least, for each row of the plan; NaN unknown.

    A visit costs at least twice a call, a call at least twice a contact over the internet. Where nobody says what
    a call takes it is half a visit at most, so a call that moves frees nothing that is sure.
    """
    visit = math.nan if settings.visit_hours is None else settings.visit_hours
    said = settings.call_hours is not None
    call = float(settings.call_hours or 0.0) if said else visit / 2
    down = {
        (VISIT, CALL): visit - call,
        (VISIT, NET): visit - call / 2,
        (CALL, NET): call / 2 if said else visit * 0,
    }
    both = down | {(there, here): -hours for (here, there), hours in down.items()}
    return np.array(
        [both.get(pair, 0.0) for pair in zip(plan["source"], plan["target"], strict=True)], dtype=float
    )


@remembered
def reconcile(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The days each category is to free beside the days the moved contacts free. Four rows.

    Columns: category, freed, by_moves (days, at least), open (freed days without a plan, NaN where unknown),
    words (a sentence, "" where nothing is to be freed).
    """
    planned = moves(tables, settings)
    rows = []
    for row in energy(tables, settings).itertuples():
        by_moves = float(planned.loc[planned["category"] == row.category, "days"].sum(skipna=False))
        open_ = float(np.maximum(row.freed - by_moves, 0.0))
        rows.append(
            (row.category, row.freed, by_moves, open_, _plan_words(row.category, row.freed, by_moves, open_))
        )
    return pd.DataFrame(rows, columns=["category", "freed", "by_moves", "open", "words"])


def _plan_words(category: str, freed: float, by_moves: float, open_: float) -> str:
    if not freed > HALF_A_DAY:
        return ""
    head = f"{_days(freed)} of {account(category)}s {_are(freed)} to be freed"
    if by_moves != by_moves:
        return f"{head}; what the moved contacts free is not known yet."
    if by_moves <= HALF_A_DAY:
        return f"{head}, and nothing is moved that frees {'it' if _one(freed) else 'them'}."
    if open_ <= HALF_A_DAY:
        return f"{head}; the moved contacts free at least {by_moves:,.0f}, which is enough."
    return f"{head}; the moved contacts free at least {by_moves:,.0f}: how are the other {open_:,.0f} freed?"


def _one(days: float) -> bool:
    return f"{days:,.0f}" == "1"


def _days(days: float) -> str:
    return f"{days:,.0f} day{'' if _one(days) else 's'}"


def _are(days: float) -> str:
    return "is" if _one(days) else "are"


def _named(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _kinds(boxes: pd.Series) -> str:
    held = set(boxes)
    return _named([box.replace("_", " ") for box in BOXES if box in held]) + " accounts"


def words(tables: Tables, settings: Settings) -> str:
    """The flow of days in one sentence, for a title."""
    rows, open_ = flow(tables, settings), unknown(tables, settings)
    if rows.empty:
        return "What accounts take today is not known yet" if open_ else "No account takes any days yet"
    there = unused(tables, settings)
    parts = _flow_words(rows, there == there)
    if open_:
        parts.append(f"what {_kinds(pd.Series(open_))} take is not known")
    if there < -HALF_A_DAY:
        taken = portfolio.days_available(tables) - there
        parts.append(f"today takes {_days(taken)}, {-there:,.0f} more than are available")
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def _flow_words(rows: pd.DataFrame, all_known: bool) -> list[str]:
    """The parts of the sentence; what is needed is missing only if it is known how many days there are."""
    inside = rows["source"].isin(BOXES) & rows["target"].isin(BOXES) & (rows["source"] != rows["target"])
    cases = {
        "moved": rows[inside],
        UNUSED: rows[(rows["source"] == UNUSED) & (rows["target"] != LEFT)],
        MISSING: rows[rows["source"] == MISSING],
        LEFT: rows[(rows["target"] == LEFT) & (rows["source"] != UNUSED)],
    }
    total = {name: float(part["days"].sum()) for name, part in cases.items()}
    parts = []
    if total["moved"] > HALF_A_DAY:
        own, days = cases["moved"], total["moved"]
        parts.append(
            f"{_days(days)} move{'s' if _one(days) else ''} from {_kinds(own['source'])} to {_kinds(own['target'])}"
        )
    if total[UNUSED] > HALF_A_DAY:
        own, days = cases[UNUSED], total[UNUSED]
        parts.append(
            f"{_days(days)} nobody uses today go{'es' if _one(days) else ''} to {_kinds(own['target'])}"
        )
    if total[LEFT] > HALF_A_DAY:
        parts.append(f"{_days(total[LEFT])} {_are(total[LEFT])} freed and not needed")
    if total[MISSING] > HALF_A_DAY:
        head = f"{total[MISSING]:,.0f}" if parts else _days(total[MISSING])
        are = _are(total[MISSING])
        parts.append(
            f"{head} {are} {'still ' if parts else ''}missing" if all_known else f"{head} more {are} needed"
        )
    return parts or ["no day moves: every category takes what it took"]
