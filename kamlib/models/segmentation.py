"""Step 5: which segments are worth a matrix of their own, and what their customers are worth.

Source: key account management in financial services, chapter 20. The customer value index has no
formula there; ours is named as ours.
"""

from __future__ import annotations

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.workbook.book import Book, model

SHEET, BASES = "segment_viability", "segmentation_bases"
CLASSES = "commercial_banking_segmentation"
TESTS = (
    *("large_enough", "similar_enough", "specific_enough"),
    *("marketing_mix_possible", "reachable"),
)


def viability(book: Book) -> pd.DataFrame:
    """The five tests for each segment worked on: a row a segment.

    Columns: segment, name, the five tests (yes, no, unknown, "" for not answered), status (viable
    when all five are yes; not viable when any is no; else undecided), reason (the tests that decide
    it). Source: chapter 20, the five viability tests.
    """
    labels = catalogue.items(SHEET).set_index("id")["label"].str.rstrip("?").str.lower()
    segments = book["segments"][book["segments"]["active"] != "no"]
    rows = []
    for segment, name in zip(segments["segment"], segments["name"], strict=True):
        said = sheets.said(book, SHEET, subject=segment)
        answers = {test: said.get(test, "") for test in TESTS}
        failed = [f"not {labels[test]}" for test in TESTS if answers[test] == "no"]
        unsaid = [labels[test] for test in TESTS if answers[test] not in ("yes", "no")]
        status, reason = "viable", ""
        if failed:
            status, reason = "not viable", ", ".join(failed)
        elif unsaid:
            status, reason = "undecided", f"still open: {', '.join(unsaid)}"
        rows.append((segment, name or segment, *answers.values(), status, reason))
    return pd.DataFrame(rows, columns=["segment", "name", *TESTS, "status", "reason"])


@model
def value_index(book: Book) -> pd.DataFrame:
    """Customers by what they are and could be worth, instead of by size; our own formula.

    index = a * profit + (1 - a) * potential, each as % of the segment's highest, with a from the
    setting value_index_current_pct (50 by default). Columns: segment, customer, name, profit,
    potential_profit, index (NaN when a part is unknown; below 0 for a loss), rank and
    rank_by_revenue inside the segment (1 is the highest), revenue.
    """
    rows = book["customers"]
    chosen = book.settings.segment
    rows = rows[rows["segment"] == chosen if chosen else rows["segment"] != ""]
    rows = rows[["segment", "customer", "name", "revenue", "profit", "potential_profit"]]
    part = book.settings.value_index_current_pct / 100
    most = rows.groupby("segment")[["profit", "potential_profit"]].transform("max")
    share = 100 * rows[[*most]] / most.where(most > 0)
    rows = rows.assign(index=part * share["profit"] + (1 - part) * share["potential_profit"])
    ranks = rows.groupby("segment")[["index", "revenue"]].rank(ascending=False, method="min")
    rows = rows.assign(rank=ranks["index"], rank_by_revenue=ranks["revenue"])
    return rows.reset_index(drop=True)


@model
def turnover_classes(book: Book) -> pd.DataFrame:
    """The class of each customer by turnover, within the limits of the team: a row a customer.

    Columns: customer, name, revenue, class (its label, "" where revenue or limits are unknown).
    A class begins at its lower limit and ends before its upper one.
    """
    limits = sheets.filled(book, CLASSES)[["label", "from", "to"]]
    low, high = (pd.to_numeric(limits[side], errors="coerce") for side in ("from", "to"))
    known = (low.notna() | high.notna()).to_numpy()
    rows = book["customers"][["customer", "name", "revenue"]]
    revenue = rows["revenue"].to_numpy()[:, None]
    inside = (revenue >= low.fillna(0).to_numpy()) & (
        revenue < high.fillna(float("inf")).to_numpy()
    )
    inside &= known
    found = [limits["label"].iloc[line.argmax()] if line.any() else "" for line in inside]
    return rows.assign(**{"class": found}).reset_index(drop=True)


@model
def overview(book: Book) -> pd.DataFrame:
    """The segments side by side, those without customers too: a row a segment.

    Columns: segment, name, active, basis, description, customers, prospects, revenue, revenue_pct
    (of what is known), status and reason of the viability tests, mix (Ps of the marketing mix
    described).
    """
    segments, customers, answers = book["segments"], book["customers"], book["answers"]
    ids = segments["segment"]
    prospects = customers.loc[customers["status"] == "prospect", "segment"]
    revenue = ids.map(customers.groupby("segment")["revenue"].sum(min_count=1))
    tested = viability(book).set_index("segment")
    mix = answers[(answers["sheet"] == "seven_ps") & (answers["field"] == "says")]
    mix = mix[mix["value"].str.strip() != ""].groupby("subject")["item"].nunique()
    return segments[["segment", "name", "active", "basis", "description"]].assign(
        name=segments["name"].where(segments["name"] != "", ids),
        customers=ids.map(customers["segment"].value_counts()).fillna(0).astype(int),
        prospects=ids.map(prospects.value_counts()).fillna(0).astype(int),
        revenue=revenue,
        revenue_pct=100 * revenue / revenue.sum() if revenue.sum() > 0 else float("nan"),
        status=ids.map(tested["status"]).fillna("not worked on"),
        reason=ids.map(tested["reason"]).fillna(""),
        mix=ids.map(mix).fillna(0).astype(int),
    )


def size_alone(book: Book) -> bool:
    """Is the market cut by plain size and by nothing else?"""
    bases = catalogue.items(BASES)
    plain = set(bases.loc[bases["size"].eq(True), "id"]) if "size" in bases else set()
    used = {item for item, answer in sheets.said(book, BASES, "used").items() if answer == "yes"}
    return bool(used) and used <= plain
