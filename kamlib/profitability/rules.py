"""What a good facilitator would say about profit: rule checks as rows, like those of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kamlib.profitability import curve, programme, serving
from kamlib.settings import Settings
from kamlib.tables import Tables

Row = tuple[str, int, str, str, str, int]  # level, step, segment, customer, message, rule
PART_YEAR, OTHER = 12, 0.01


def _begun(tables: Tables) -> bool:
    """Has anybody entered what serving customers takes, or what they bought?"""
    return any(len(tables[name]) for name in ("ledger", "pools", "activities", "activity_counts"))


def _key_accounts(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = curve.customers(tables, settings)
    for row in seen[(seen["category"] == "key") & (seen["status"] != "prospect")].itertuples():
        if row.profit != row.profit:
            text = f"{row.name} is a key account and nobody knows what it earns us."
            yield "warn", 9, row.segment, row.customer, text, 54
        elif _begun(tables) and row.profit < 0:
            text = (f"{row.name} is a key account and costs {-row.profit:,.0f} more than it brings: invest on "
                    "purpose, or not at all.")  # fmt: skip
            yield "warn", 9, row.segment, row.customer, text, 58


def _development(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = curve.customers(tables, settings)
    for row in seen[(seen["category"] == "key_development") & (seen["profit"] < 0)].itertuples():
        text = (f"{row.name} is a key development account and costs {-row.profit:,.0f} more than it brings: an investment, "
                "if somebody says what pays it back and when.")  # fmt: skip
        yield "nudge", 9, row.segment, row.customer, text, 58


def _maintenance(tables: Tables, settings: Settings) -> Iterator[Row]:
    seen = curve.customers(tables, settings)
    poor = (
        seen[(seen["category"] == "maintenance") & (seen["profit"] < 0)] if _begun(tables) else seen.iloc[:0]
    )
    for row in poor.itertuples():
        text = (f"{row.name} is a maintenance account and loses {-row.profit:,.0f} a year: serve it more simply, or raise "
                "the price.")  # fmt: skip
        yield "warn", 9, row.segment, row.customer, text, 57


def _dependency(tables: Tables, settings: Settings) -> Iterator[Row]:
    found = curve.concentration(tables, settings.model_copy(update={"segment": ""}))
    segment = dict(zip(tables["customers"]["customer"], tables["customers"]["segment"], strict=True))
    for row in found[found["dependent"]].itertuples():
        if len(found) > 1 and settings.segment in ("", segment.get(row.customer)):
            text = f"{row.name} is {row.share_pct:.0f} % of the business: what if it goes?"
            yield "warn", 9, segment.get(row.customer, ""), row.customer, text, 54


def _capacity(tables: Tables, settings: Settings) -> Iterator[Row]:
    for row in serving.pools(tables, settings).itertuples():
        if row.over_minutes > 0.005 * row.practical_minutes:
            text = (f"{row.name}: the counts take {row.used_pct - 100:.0f} % more minutes than there are; either they or "
                    "the minutes of a time are too high.")  # fmt: skip
            yield "warn", 9, "", "", text, 54


def _programme(tables: Tables, settings: Settings) -> Iterator[Row]:
    if settings.day_cost is None or not _begun(tables):
        return
    words, share = programme.verdict(tables, settings)
    if share > 100:
        yield "warn", 9, "", "", words, 54


def _ledger(tables: Tables, settings: Settings) -> Iterator[Row]:
    """Where the list of customers and the ledger tell different stories of the same year."""
    when = curve.year(tables, settings)
    ledger = tables["ledger"]
    booked = ledger[ledger["year"] == when].drop_duplicates("customer").set_index("customer")["revenue"]
    listed = tables["customers"].drop_duplicates("customer")
    told = listed["customer"].map(booked)
    apart = listed[(told - listed["revenue"]).abs() > OTHER * told.abs().clip(lower=1)]
    if settings.segment:
        apart = apart[apart["segment"] == settings.segment]
    if len(apart):
        names = ", ".join(apart["name"].head(3)) + (" and others" if len(apart) > 3 else "")
        text = f"The list and the ledger of {when} give different revenues for {names}; the ledger counts."
        yield "nudge", 9, settings.segment, "", text, 54


RULES: tuple[Callable[[Tables, Settings], Iterator[Row]], ...] = (
    _key_accounts, _development, _maintenance, _dependency, _capacity, _programme, _ledger,
)  # fmt: skip
