"""What a good facilitator would say about customer distinction: rule checks as rows, like those of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from kamlib import portfolio, sheets
from kamlib.distinction.bases import (
    account,
    approaches,
    distinction,
    has_begun,
    strangers,
    wrong_words,
)  # fmt: skip
from kamlib.distinction.energy import HALF_A_DAY, missing, moves, reconcile
from kamlib.distinction.movers import HANDOVER, HOLD, movers
from kamlib.distinction.services import services
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import Tables

Row = tuple[str, int, str, str, str, int]  # level, step, segment, customer, message, rule
STEP, MANY = 10, 5
TABLES = ("bases", "services", "time_spent", "channel_moves")
SELLS = {"hunter": "a hunter", "farmer": "a farmer", "milk_round": "one who does the milk round"}
OVER = {
    "internet": "over the internet",
    "call_centre": "with the call centre",
    "face_to_face": "face to face",
}
WAYS = {"hunter": "hunter", "farmer": "farmer", "milk_round": "milk round"}


@remembered
def begun(tables: Tables) -> bool:
    """Has anybody entered anything of step 10?"""
    return (
        has_begun(tables)
        or any(len(tables[name]) for name in TABLES)
        or bool((tables["effort"][["approach", "avoid"]] != "").any(axis=None))
        or bool((tables["people"]["approach"] != "").any())
        or any(sheets.is_said(text) for text in _answers(tables))
    )


def _answers(tables: Tables) -> pd.Series:
    rows = tables["answers"]
    return rows.loc[rows["sheet"].isin([HANDOVER, HOLD]), "value"]


def _named(names: list[str]) -> str:
    shown = names if len(names) <= MANY else [*names[: MANY - 1], f"{len(names) - MANY + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _nothing_follows(tables: Tables, settings: Settings) -> Iterator[Row]:
    made = tables["decisions"]
    decided = (made["what"] == "category") & (made["decision"] != "")
    if decided.any() and not has_begun(tables):
        text = (
            "A choice that changes nothing helps nobody: say what each category gets, at least and at most."
        )
        yield "warn", STEP, "", "", text, 44


def _limits(tables: Tables, settings: Settings) -> Iterator[Row]:
    for words in wrong_words(tables, settings):
        yield "block", STEP, "", "", f"{words[:-1]}; change one of them.", 45
    seen = distinction(tables, settings)
    for row in seen[seen["unreadable"].astype(bool)].itertuples():
        off = " and ".join(
            f'"{t}"' for t, place in ((row.min, row.low), (row.max, row.high)) if t and place != place
        )
        text = (f"{row.name}, {account(row.category)}: {off} cannot be compared; use one of its rungs, or a number "
                "where it has none.")  # fmt: skip
        yield "warn", STEP, "", "", text, 45
    for basis in strangers(tables):
        text = f'The table distinction speaks of "{basis}", which is no basis: add it to the table bases.'
        yield "warn", STEP, "", "", text, 45


def _creep(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = distinction(tables, settings)
    for row in seen[seen["creep"] != ""].itertuples():
        level = "nudge" if row.category == "key_development" else "warn"
        yield level, STEP, "", "", f"{row.creep}; give them less, or plan it as a test bed.", 46


def _avoid(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = approaches(tables, settings)
    without = seen.loc[seen["avoid"].str.strip() == "", "category"]
    if has_begun(tables) and len(without):
        kinds = _named([category.replace("_", " ") for category in without])
        yield "warn", STEP, "", "", f"Say what must not happen to {kinds} accounts.", 51


def _approaches(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = approaches(tables, settings)
    told = seen[(seen["approach"] != "") & (seen["fits"] != "") & (seen["approach"] != seen["fits"])]
    for row in told.itertuples():
        text = (f"Sales approach to {account(row.category)}s: {WAYS[row.approach]}, where {WAYS[row.fits]} fits better; "
                "change it, or keep it on purpose.")  # fmt: skip
        yield "nudge", STEP, "", "", text, 53


def _managers(tables: Tables, settings: Settings) -> Iterator[Row]:
    """The customers of each manager whose way of selling is not that of their category."""
    people = tables["people"].drop_duplicates("person").set_index("person")
    asked = approaches(tables, settings).set_index("category")
    way = asked["approach"].where(asked["approach"] != "", asked["fits"])
    seen = portfolio.classes(tables, settings)
    sells = [people["approach"].get(manager, "") for manager in seen["manager"]]
    seen = seen.assign(sells=sells, way=[way.get(category, "") for category in seen["category"]])
    off = seen[(seen["sells"] != "") & (seen["way"] != "") & (seen["sells"] != seen["way"])]
    for (segment, manager, category), rows in off.groupby(["segment", "manager", "category"], sort=False):
        person = people.at[manager, "name"] or manager
        one = len(rows) == 1
        kind = f"a {account(category)}" if category != "opportunistic" else f"an {account(category)}"
        text = (f"{person} sells best as {SELLS[rows['sells'].iloc[0]]} and looks after {_named(list(rows['name']))}, "
                f"{kind if one else account(category) + 's'}: {SELLS[rows['way'].iloc[0]]} would suit "
                f"{'it' if one else 'them'} better.")  # fmt: skip
        yield "nudge", STEP, segment, rows["customer"].iloc[0] if one else "", text, 53


def _services(tables: Tables, settings: Settings) -> Iterator[Row]:
    for row in services(tables, settings).itertuples():
        if row.new == "yes" and not row.who_pays:
            text = f"{row.name} is new and nobody is said to pay for it: settle that before it begins."
            yield "block", STEP, "", "", text, 50
        if row.valued == "no" and not row.action:
            text = f"Customers do not value {row.name}: decide what becomes of it."
            yield "nudge", STEP, "", "", text, 48
        without = [word for word, said in (("where", row.pilot.strip()), ("when", row.pilot_on)) if not said]
        if row.action == "remove" and without:
            text = f"{row.name} is to be taken away: say {' and '.join(without)} that is tried first."
            yield "nudge", STEP, "", "", text, 49


def _energy(tables: Tables, settings: Settings) -> Iterator[Row]:
    short = missing(tables, settings)
    if len(tables["time_spent"]) and short > HALF_A_DAY:
        text = (f"{short:,.0f} of the days that are needed are not there, even after all that is freed: fewer "
                "accounts, or more people.")  # fmt: skip
        yield "warn", STEP, "", "", text, 36
    rows = reconcile(tables, settings)
    for row in rows[rows["open"] > HALF_A_DAY].itertuples():
        part = (
            f"{row.open:,.0f} of the {row.freed:,.0f}"
            if row.by_moves > HALF_A_DAY
            else f"The {row.freed:,.0f}"
        )
        text = (f"{part} days to be freed from {account(row.category)}s have no plan: say what is done less, or over "
                "which channel.")  # fmt: skip
        yield "nudge", STEP, "", "", text, 41


def _channels(tables: Tables, settings: Settings) -> Iterator[Row]:
    shares = moves(tables, settings).groupby(["category", "source"], sort=False)["share_pct"].sum()
    for (category, source), share in shares[shares > 100 + 1e-9].items():
        text = (f"{account(category).capitalize()}s: {share:,.0f} % of their contacts {OVER[source]} are to "
                "move; more than all cannot.")  # fmt: skip
        yield "warn", STEP, "", "", text, 41


def _handover(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = movers(tables, settings)
    for row in seen[(seen["is_now"] == "maintenance") & (seen["filled"] == 0)].itertuples():
        text = f"{row.name} becomes a maintenance account: plan the handover before anything is taken away."
        yield "warn", STEP, row.segment, row.customer, text, 39


def _once_begun(
    rule: Callable[[Tables, Settings], Iterator[Row]],
) -> Callable[[Tables, Settings], Iterator[Row]]:
    """A rule that says nothing before anything of step 10 was entered."""

    def asked(tables: Tables, settings: Settings) -> Iterator[Row]:
        if begun(tables):
            yield from rule(tables, settings)

    return asked


RULES: tuple[Callable[[Tables, Settings], Iterator[Row]], ...] = (
    _nothing_follows,
    *map(
        _once_begun,
        (_limits, _creep, _avoid, _approaches, _managers, _services, _energy, _channels, _handover),
    ),
)
