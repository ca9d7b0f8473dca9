"""What a good facilitator would say about the workbook, as rows: block, warn or nudge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import pandas as pd

from kamlib.errors import Advice
from kamlib.models import distinction, groundwork, kaism, pia, plans, portfolio, profitability
from kamlib.models.account import rules as account
from kamlib.models.factors import of_scope
from kamlib.models.lookup import by_key, names_by_key
from kamlib.wording import listed, sentence
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US

COLUMNS = ["level", "step", "segment", "customer", "message", "rule"]
LEVELS = ("block", "warn", "nudge")
SIZE = "size"
FEWEST, MOST = 4, 8
MANY = 5  # so many of a kind are named one by one


@model
def find(book: Book) -> pd.DataFrame:
    """All findings for the chosen segment(s), the most serious first. Columns: COLUMNS.

    level: block (go on only with a reason), warn, nudge. step: 1 to 10. rule: the number of the
    facilitation rule. Findings never change anything.
    """
    seen = portfolio.classes(book)
    seen = seen[seen["segment"].isin(kaism.segments(book))]
    return _table(
        [
            *_advice(groundwork.RULES, book),
            *_advice(RULES, book, seen),
            *_advice(profitability.RULES, book),
            *_differently(book),
            *_reviews(book, seen),
        ]
    )


@model
def early(book: Book) -> pd.DataFrame:
    """The findings of steps 1 to 5, of all segments, in the form of `find`."""
    return _table(_advice(groundwork.RULES, book.choosing(segment="")))


@model
def profits(book: Book) -> pd.DataFrame:
    """The findings about profit, in the form of `find`."""
    return _table(_advice(profitability.RULES, book))


@model
def differently(book: Book) -> pd.DataFrame:
    """The findings of step 10 and of positive impact analysis, in the form of `find`."""
    return _table(_differently(book))


@model
def contacts(book: Book) -> pd.DataFrame:
    """The findings about who sees whom at the customers, in the form of `find`."""
    return _table(_advice((account.contacts,), book))


def _differently(book: Book) -> list[Advice]:
    return _advice((*distinction.RULES, *pia.RULES, plans.rules), book)


def _advice(rules: Iterable[Callable[..., Iterator[Advice]]], *of: object) -> list[Advice]:
    return [row for rule in rules for row in rule(*of)]


def _table(rows: list[Advice]) -> pd.DataFrame:
    """Findings as a table, the most serious first. Columns: COLUMNS."""
    rows = sorted(rows, key=lambda row: (LEVELS.index(row[0]), row[1]))
    return pd.DataFrame(rows, columns=COLUMNS)


def refused(book: Book, table: str, row: Mapping[str, str]) -> str:
    """Why a row (as it would be stored, with its key) may not be entered yet, "" when it may."""
    if table == "scores" and row["model"] == "attractiveness" and row.get("score"):
        customers = book["customers"]
        segment = customers.loc[customers["customer"] == row["subject"], "segment"]
        why = blocked_score(book, segment.iloc[0], row["factor"]) if len(segment) else ""
        return f"{why} Then score it." if why else ""
    if table == "distinction":
        return distinction.refused(book, row)
    return pia.refused(book, table, row) or plans.refused(table, row)


def blocked_score(book: Book, segment: str, factor: str) -> str:
    """Why this attractiveness factor may not be scored yet, "" when it may.

    Both benchmarks must be written before scoring, unless the team waived it with a reason.
    """
    decided = book["decisions"]
    waived = (decided["what"] == "benchmark_waiver") & (decided["reason"] != "")
    if segment in set(decided.loc[waived, "subject"]):
        return ""
    own = of_scope(book, "attractiveness", segment)
    own = own[own["factor"] == factor]
    missing = [word for word in ("good", "bad") if (own[word].str.strip() == "").any()]
    if own.empty or not missing:
        return ""
    look = "looks" if len(missing) == 1 else "look"
    return f"Before {own['label'].iloc[0]} is scored, say what {listed(missing)} {look} like."


def _no_segment(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    customers = book["customers"]
    lost = customers[customers["segment"] == ""]
    if len(lost) > MANY:
        text = f"{len(lost)} customers have no segment, so they stand in no matrix."
        yield "block", 6, "", "", text, 11
        return
    for row in lost.itertuples():
        text = f"{row.name} has no segment, so it stands in no matrix."
        yield "block", 6, "", row.customer, text, 11


def _few_customers(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    for segment, rows in seen.groupby("segment", sort=False):
        if len(rows) < 3:
            few = f"Only {len(rows)} customers here"
            text = f"{few}: the line is their own average and says little."
            yield "warn", 6, segment, "", text, 27


def _factors(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    for segment in kaism.segments(book):
        own = of_scope(book, "attractiveness", segment)
        if not FEWEST <= len(own) <= MOST:
            text = f"{len(own)} attractiveness factors; about six keep the focus."
            yield "nudge", 7, segment, "", text, 18
        scored = own.loc[[blocked_score(book, segment, f) != "" for f in own["factor"]], "label"]
        for label in scored:
            yield "block", 7, segment, "", f"{label} has no agreed benchmark of good and bad.", 19
        weight = own["weight"].fillna(1.0)
        size = 100 * weight[own["factor"].str.startswith(SIZE)].sum() / max(weight.sum(), 1e-9)
        if size > book.settings.dominant_weight_pct:
            text = f"Size has {size:.0f} % of the weight: size alone is no reason."
            yield "warn", 7, segment, "", text, 16
        if "closeness_of_existing_relationships" in set(own["factor"]):
            twice = "Closeness of relationships also counts as relative strength"
            text = f"{twice}: do not count it twice."
            yield "nudge", 7, segment, "", text, 23


def _favourites(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    scores = book["scores"]
    scores = scores[(scores["model"] == "attractiveness") & scores["score"].notna()]
    by_customer = scores.groupby("subject")["score"]
    high = set(by_customer.min()[(by_customer.min() >= 8) & (by_customer.size() >= 3)].index)
    for row in seen[seen["customer"].isin(high)].itertuples():
        text = f"{row.name} has 8 or more on everything. A favourite?"
        yield "warn", 7, row.segment, row.customer, text, 20


def _strength(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    ours, theirs, weights = kaism.strength_cells(book, tuple(seen["customer"]))
    ahead = ((ours >= theirs) | (weights == 0)).all(axis=1) & ours.notna().any(axis=1)
    top = ahead.groupby(level=0).all()
    factors = book["factors"]
    lists = factors[factors["model"] == "strength"].groupby("scope")["factor"].agg(frozenset)
    same = set(lists[lists.map(lists.value_counts()) > 2].index)
    for row in seen.itertuples():
        if top.get(row.customer, False):
            text = f"We are best on every factor of {row.name}. Would the customer say so?"
            yield "nudge", 8, row.segment, row.customer, text, 23
        if row.customer in same:
            text = f"{row.name} has the same success factors as others: are they its own?"
            yield "nudge", 8, row.segment, row.customer, text, 22
        if row.customer not in lists.index:
            text = f"{row.name} has no critical success factors yet: ask what it looks for."
            yield "warn", 8, row.segment, row.customer, text, 22


def _evidence(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    scores = book["scores"]
    own = scores[(scores["model"] == "strength") & (scores["supplier"] == US)].dropna(
        subset="score"
    )
    own = own.merge(seen[["customer", "segment"]], left_on="subject", right_on="customer")
    for segment, rows in own.groupby("segment", sort=False):
        outside = rows["evidence"].isin(["customer said", "research"]).mean()
        if outside < 0.3:
            text = (
                f"{outside:.0%} of our strength scores rest on what customers said or on research"
            )
            text = f"{text}; the rest is our own view."
            yield "nudge", 8, segment, "", text, 24


def _decisions(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    for row in seen.itertuples():
        if row.differs and not row.reason_given:
            text = f"{row.name} was decided otherwise than suggested, without a reason."
            yield "block", 9, row.segment, row.customer, text, 31
        elif row.differs and not row.person:
            text = f"{row.name}: who decided otherwise than suggested?"
            yield "warn", 9, row.segment, row.customer, text, 32
        if row.on_line and not row.decision:
            text = f"{row.name} stands on the line: decide it in discussion."
            yield "warn", 9, row.segment, row.customer, text, 27
        if row.status == "ruled_out":
            text = f"{row.name} {row.reason}. Waive it with a reason, or let it go."
            yield "warn", 7, row.segment, row.customer, text, 25


def _portfolio(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    for segment, rows in seen.groupby("segment", sort=False):
        count = rows["category"].value_counts()
        only = int(((rows["category"] == "key") & (rows["decision"] == "")).sum())
        if (rows["category"] != "").any() and not count.get("key_development", 0):
            text = "No key development account: whom do we want who does not want us yet?"
            yield "nudge", 9, segment, "", text, 38
        if count.get("key", 0) > 1:
            some = f" ({only} of them suggested)" if only else ""
            text = f"{count['key']} key accounts in one segment{some}"
            text = f"{text}: are they truly different in their needs? One may be enough."
            yield "nudge", 9, segment, "", text, 15
    for question in portfolio.questions(book):
        yield "nudge", 9, "", "", question, 41
    words, too_many = portfolio.load_words(book)
    if too_many:
        yield "warn", 9, "", "", sentence(words), 36
    managers = len(portfolio.account_managers(book))
    accounts = portfolio.capacity(book).set_index("category")["accounts"]
    held = int(accounts["key"] + accounts["key_development"])
    if not managers and held:
        yield "warn", 9, "", "", "No key account manager is named.", 36
    elif managers and held / managers > book.settings.accounts_per_manager:
        each = f"{held / managers:.0f} each"
        text = f"{held} key and key development accounts for {managers} managers: {each}."
        yield "warn", 9, "", "", text, 36


def _largest(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    """Are the key accounts of a segment simply its largest customers?"""
    for segment, rows in seen[seen["decision"] != ""].groupby("segment", sort=False):
        key = set(rows.loc[rows["decision"] == "key", "customer"])
        known = seen[(seen["segment"] == segment) & seen["revenue"].notna()]
        largest = known.nlargest(len(key), "revenue") if len(key) > 1 else known.iloc[:0]
        if len(key) > 1 and len(known) > len(key) and set(largest["customer"]) == key:
            same = f"The {len(key)} key accounts are exactly the {len(key)} largest"
            text = f"{same}: is there a reason besides size?"
            yield "nudge", 9, segment, "", text, 16


def _managers(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    people = by_key(book["people"], "person")
    customers = names_by_key(book, "customers", "customer")
    manager = by_key(book["customers"], "customer")["manager"]
    for row in seen[seen["category"] == "key_development"].itertuples():
        if row.manager in people.index and people.at[row.manager, "junior"] == "yes":
            text = f"{row.name} is a key development account in the hands of somebody new to it."
            yield "warn", 9, row.segment, row.customer, text, 37
    rivals = book["customers"][book["customers"]["rival"] != ""]
    for row in rivals[rivals["customer"].isin(seen["customer"])].itertuples():
        if row.manager and row.manager == manager.get(row.rival, ""):
            other = customers.get(row.rival, row.rival)
            text = f"{row.name} and its rival {other} are served by the same person."
            yield "warn", 9, row.segment, row.customer, text, 43


def _find_out(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    for segment, rows in kaism.unknowns(book).groupby("segment", sort=False):
        free = ((rows["person"] == "") | (rows["due"] == "")).sum()
        if free:
            verb = "has" if free == 1 else "have"
            text = f"{free} of {len(rows)} unknown scores {verb} nobody, or no date, to find out."
            yield "nudge", 9, segment, "", text, 28


def _reviews(book: Book, seen: pd.DataFrame) -> Iterator[Advice]:
    for row in seen[seen["decision"] != ""].itertuples():
        if not row.review_on:
            text = f"{row.name} has no date for looking at its category again."
            yield "nudge", 9, row.segment, row.customer, text, 33
        elif row.review_on < book.settings.today:
            text = f"{row.name}: the review of {row.review_on} is due."
            yield "warn", 9, row.segment, row.customer, text, 33


RULES: tuple[Callable[[Book, pd.DataFrame], Iterator[Advice]], ...] = (
    *(_no_segment, _few_customers, _factors, _favourites, _strength, _evidence),
    *(_decisions, _portfolio, _largest, _managers, _find_out),
)
