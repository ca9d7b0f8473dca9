"""What there is to say about a ledger that was read: what was odd, what was left out, what is new."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from kamlib.imports.shape import Told, told
from kamlib.ledgers import amounts, words
from kamlib.ledgers.adding import Ledger, Seen
from kamlib.ledgers.landing import Landed, full_year
from kamlib.ledgers.reading import Source

_SAYS = {
    "no figures": ("note", "{n} without any figure {is} left out"),
    "total": ("note", "{n} {is} a total, not a sale: left out, with revenue of {sum}"),
    "credit": ("note", "{n} with negative revenue (credits) {is} subtracted: {sum} in all"),
    "undated": (
        "warning",
        '{n} with revenue of {sum} {has} no date that can be read; counted in the year "undated"',
    ),
    "unnamed": ("warning", '{n} with revenue of {sum} {has} no customer; counted for the customer "unnamed"'),
    "no revenue": ("warning", "{n} {has} no revenue; the other figures are counted"),
    "uncosted": ("warning", "{n} with revenue of {sum} {has} no cost; the revenue is kept apart as uncosted"),
}
_DO = {
    "undated": " Allowed: 2025-12-31, 31.12.2025, 12/31/2025, 20251231, Dec 2025 or 2025.",
    "unnamed": " Name it in the file and import that again.",
    "uncosted": " Fill in the cost and import the file again.",
}


def remarks(ledger: Ledger, source: Source, mapping: dict[str, str], drop_duplicates: bool) -> list[Told]:
    """What was found while adding up, as rows of a report (level, row, column, found, message)."""
    rows = [*source.notes]
    if ledger.dates_decided:
        rows.append(told("warning" if "assumed" in ledger.dates_decided else "note", ledger.dates_decided, "",
                         mapping.get("date", "")))  # fmt: skip
    for kind, seen in ledger.seen.items():
        if seen.count and kind.startswith("bad "):
            rows.append(_bad(kind, seen))
        elif kind == "uncosted" and "cost" not in ledger.fields:
            message = "No column holds the cost of sales, so all revenue is kept apart as uncosted. Say which by -m cost=HEADER."
            rows.append(told("warning", message))
        elif seen.count and kind in _SAYS:
            level, pattern = _SAYS[kind]
            column = {"undated": mapping.get("date", ""), "uncosted": mapping.get("cost", "")}.get(kind, "")
            rows.append(_row(level, pattern, seen, column, _DO.get(kind, "")))
    twice = ledger.seen.get("twice", Seen())
    if twice.count:
        done = (
            "each is taken once" if drop_duplicates else "all are counted; --drop-duplicates takes each once"
        )
        pattern = "{n} {is} the same as an earlier one in every column, with revenue of {sum}; " + done
        rows.append(_row("warning", pattern, twice))
    if ledger.most_compared:
        rows.append(
            told("warning", f"Only the first {ledger.most_compared:,} lines were compared for duplicates.")
        )
    if ledger.in_file.get("discount", 0) < 0:
        rows.append(told("warning", "The discounts add up to less than nothing; are they written with a minus?", "",
                         mapping["discount"]))  # fmt: skip
    for header, said in ledger.currencies.items():
        if len(said) > 1:
            rows.append(told("warning", f"The lines are in {len(said)} currencies and are added up as they stand; one "
                             "workbook has one. Convert them, or import a file for each.", "", header,
                             ", ".join(sorted(said))))  # fmt: skip
    return rows + _years(ledger) + _shares(source, mapping)


def _row(level: str, pattern: str, seen: Seen, column: str = "", more: str = "") -> Told:
    one = seen.count == 1
    said = pattern.format(n="This line" if one else f"{seen.count:,} lines", sum=amounts.money(seen.revenue),
                          **{"is": "is" if one else "are", "has": "has" if one else "have"})  # fmt: skip
    first = (
        "" if one else f" The first: {', '.join(line for line, _ in seen.some)}." if seen.count > 1 else ""
    )
    where, found = seen.some[0]
    return told(level, said + "." + more + first, where, column, found)


def _bad(kind: str, seen: Seen) -> Told:
    _, name, header = kind.split(" ", 2)
    what = "the line is left out" if name == "revenue" else f"the {name} stays unknown, the rest is counted"
    many = "" if seen.count == 1 else f" So in {seen.count:,} lines: {', '.join(line for line, _ in seen.some)}" + (
        " ..." if seen.count > len(seen.some) else "") + "."  # fmt: skip
    where, found = seen.some[0]
    message = f"This is not a number (allowed: 1,234.50, 1.234,50 or (300)); {what}.{many}"
    return told("warning", message + " Correct it in the file and import that again.", where, header, found)


def _years(ledger: Ledger) -> list[Told]:
    part = [f"{year}: {months}" for year, months in ledger.months.items() if 0 < months < 12]
    if not part:
        return []
    message = f"The file covers part of a year, in months: {', '.join(part)}. Compare such a year with care."
    return [told("note", message)]


def _shares(source: Source, mapping: dict[str, str]) -> list[Told]:
    """A column called discount that holds parts of one is no money."""
    if "discount" in mapping:
        return []
    for header in source.sample.columns:
        if words.is_called("discount", header):
            message = (
                "This column is called a discount but holds shares or per cent, not money; it is not read."
            )
            return [told("warning", message, "", header)]
    return []


def of_landing(landed: Landed, ledger: Ledger, add: bool) -> list[Told]:
    """What the workbook gains, and what in it is left alone."""
    rows: list[Told] = []
    counts: Counter[str] = Counter(landed.counts)
    if landed.new:
        new = landed.rows[landed.rows["customer"].isin(landed.new)]
        by = new.groupby("customer")["revenue"].agg(lambda texts: sum(map(amounts.units_of, texts)))
        largest = [f"{landed.new[c]} ({amounts.money(u)})" for c, u in _sorted(by)[:3]]
        many = "1 customer was" if len(landed.new) == 1 else f"{len(landed.new):,} customers were"
        rows.append(told("note", f"{many} not in the workbook and {'is' if len(landed.new) == 1 else 'are'} added; "
                                 f"the largest: {', '.join(largest)}."))  # fmt: skip
    if counts["updated"]:
        before, after = map(amounts.money, landed.moved)
        rows.append(told("warning", f"{counts['updated']:,} rows of the ledger were there with other figures and are "
                                    f"{'added to' if add else 'replaced'}: their revenue goes from {before} to {after}."
                                    + ("" if add else " --add adds instead.")))  # fmt: skip
        if add:
            rows.append(told("note", "The months of each year are added up too; correct them in the table ledger where "
                                     "both files cover the same months."))  # fmt: skip
    if counts["left"]:
        rows.append(told("warning", f"{counts['left']:,} rows of these years are in the workbook but not in the file; "
                                    "they stay."))  # fmt: skip
    year = full_year(ledger)
    if counts["filled"]:
        rows.append(told("note", f"{counts['filled']:,} customers get their revenue (and gross profit, where every cost "
                                 f"is known) of {year}, the last full year."))  # fmt: skip
    if counts["kept"]:
        rows.append(told("note", f"{counts['kept']:,} figures of customers differ from those of {year}; "
                                 "the workbook's stay."))  # fmt: skip
    return rows


def _sorted(by: pd.Series) -> list[tuple[str, int]]:
    pairs = [(str(customer), int(count)) for customer, count in by.items()]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def table(found: pd.DataFrame) -> str:
    """The reconciliation as lines of text."""
    head = ("", "in the file", "in the ledger", "left out", "difference")
    lines = [
        head,
        *(
            (row["field"], *(amounts.money(row[c]) for c in found.columns[1:]))
            for row in found.to_dict("records")
        ),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                                      for i, (cell, w) in enumerate(zip(line, widths, strict=True))) for line in lines)  # fmt: skip
