"""What a good facilitator would say about profit: findings as rows, like those of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kamlib.errors import Advice
from kamlib.models import portfolio
from kamlib.models.lookup import by_key
from kamlib.models.profitability import curve, programme, serving
from kamlib.wording import account
from kamlib.workbook.book import Book

STEP, APART = 9, 0.01
MORE = "costs {:,.0f} more than it brings"
INVESTMENT = "an investment, if somebody says what pays it back and when."
# category: level, rule, and what is said of an account that loses money
LOSSES = {
    "key": ("warn", 58, f"{MORE}: invest on purpose, or not at all."),
    "key_development": ("nudge", 58, f"{MORE}: {INVESTMENT}"),
    "maintenance": ("warn", 57, "loses {:,.0f} a year: serve it more simply, or raise the price."),
}


def _row(level: str, text: str, rule: int = 54, segment: str = "", customer: str = "") -> Advice:
    return level, STEP, segment, customer, text, rule


def _begun(book: Book) -> bool:
    """Has anybody entered what serving customers takes, or what they bought?"""
    return any(len(book[name]) for name in ("ledger", "pools", "activities", "activity_counts"))


def _losses(book: Book) -> Iterator[Advice]:
    """Accounts that lose money, and key accounts of which nobody knows whether they do."""
    decided, rows = portfolio.decided(book), curve.customers(book)
    rows = rows[(rows["category"] != "key") | (rows["status"] != "prospect")]
    for category, (level, rule, loss) in LOSSES.items():
        for row in rows[rows["category"] == category].itertuples():
            is_ = "is" if row.customer in decided else "is suggested as"
            head = f"{row.name} {is_} {account(category)} and"
            about = (row.segment, row.customer)
            if category == "key" and row.profit != row.profit:
                yield _row("warn", f"{head} nobody knows what it earns us.", 54, *about)
            elif row.profit < 0 and (_begun(book) or category == "key_development"):
                yield _row(level, f"{head} {loss.format(-row.profit)}", rule, *about)


def _dependency(book: Book) -> Iterator[Advice]:
    rows = curve.concentration(book.choosing(segment=""))
    listed = by_key(book["customers"], "customer")
    rows = rows.join(listed["segment"], on="customer")
    for row in rows[rows["dependent"]].itertuples():
        if len(rows) > 1 and book.settings.segment in ("", row.segment):
            text = f"{row.name} is {row.share_pct:.0f} % of the business: what if it goes?"
            yield _row("warn", text, 54, row.segment, row.customer)


def _capacity(book: Book) -> Iterator[Advice]:
    rows = serving.pools(book)
    for row in rows[rows["over_minutes"] > 0.005 * rows["practical_minutes"]].itertuples():
        over = f"the counts take {row.used_pct - 100:.0f} % more minutes than there are"
        advice = "either they or the minutes of a time are too high"
        yield _row("warn", f"{row.name}: {over}; {advice}.")


def _programme(book: Book) -> Iterator[Advice]:
    words, share = programme.verdict(book)
    if book.settings.day_cost is not None and _begun(book) and share > 100:
        yield _row("warn", words)


def _ledger(book: Book) -> Iterator[Advice]:
    """Where the list of customers and the ledger tell different stories of the same year."""
    year, ledger = serving.year(book), book["ledger"]
    booked = ledger[ledger["year"] == year].drop_duplicates("customer").set_index("customer")
    listed = book["customers"].drop_duplicates("customer")
    if book.settings.segment:
        listed = listed[listed["segment"] == book.settings.segment]
    revenue = listed["customer"].map(booked["revenue"])
    apart = (revenue - listed["revenue"]).abs() > APART * revenue.abs().clip(lower=1)
    names = listed.loc[apart, "name"]
    if len(names):
        several = ", ".join(names.head(3)) + (" and others" if len(names) > 3 else "")
        story = f"The list and the ledger of {year} give different revenues for {several}"
        yield _row("nudge", f"{story}; the ledger counts.", 54, book.settings.segment)


Rule = Callable[[Book], Iterator[Advice]]
RULES: tuple[Rule, ...] = (_losses, _dependency, _capacity, _programme, _ledger)
