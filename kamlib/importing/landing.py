"""What a ledger changes in a workbook: whose sales they are, which rows are new, and what is left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

import pandas as pd

from kamlib.checks import finding
from kamlib.importing import dates, identity
from kamlib.importing.ledger import COUNTS, SUMS, Key, Ledger, Seen, money
from kamlib.importing.vocabulary import folded
from kamlib.stores.base import Change, Notes, Row
from kamlib.tables import DEFINITIONS, Tables, empty

UNNAMED, NO_NAME = "unnamed", "(no customer named)"
COLUMN = {
    "revenue": "revenue",
    "cost": "cost_of_sales",
    "discount": "discount",
    "freight": "freight",
}
_KNOWN_IN = {"cost": "costed", "discount": "discounted", "freight": "freighted"}
_COLUMNS = [name for name in DEFINITIONS["ledger"].names if name != "note"]
_SAYS = {
    "as you said": ("note", "{n} with revenue of {sum} {is} left out, as you said"),
    "no figures": ("note", "{n} without any figure {is} left out"),
    "total": ("note", "{n} {is} a total, not a sale: left out, with revenue of {sum}"),
    "credit": ("note", "{n} with negative revenue (credits) {is} subtracted: {sum} in all"),
    "undated": (
        "warning",
        '{n} with revenue of {sum} {has} no date that can be read; counted in the year "undated". Allowed: '
        "2025-12-31, 31.12.2025, 12/31/2025, 20251231, Dec 2025 or 2025",
    ),
    "unnamed": (
        "warning",
        '{n} with revenue of {sum} {has} no customer; counted for the customer "unnamed". Name it in the file '
        "and import that again",
    ),
    "no revenue": ("warning", "{n} {has} no revenue; the other figures are counted"),
    "uncosted": (
        "warning",
        "{n} with revenue of {sum} {has} no cost; the revenue is kept apart as uncosted. Fill in the cost and "
        "import the file again",
    ),
    "twice": (
        "warning",
        "{n} {is} the same as an earlier one in every column, with revenue of {sum}",
    ),
}


@dataclass(frozen=True)
class Landed:
    """What a ledger would change in a workbook.

    `changes` are for the store, all or none; `rows` has a row for each customer and year of the file with
    the columns of the table ledger, as texts; `new` are the customers to be added: id -> name; `counts`
    has added, updated, unchanged, left (rows of the same years that the file has nothing about), filled
    and kept (figures of customers); `moved` is the revenue of the updated rows before and after.
    """

    changes: list[Change]
    rows: pd.DataFrame
    new: dict[str, str]
    counts: Counter[str]
    moved: tuple[Decimal, Decimal]


def land(
    text: Tables, ledger: Ledger, add: bool = False, key_header: str = "", name_header: str = ""
) -> Landed:
    """The changes that bring a ledger into a workbook's text tables; nothing is changed here.

    A row of a customer and year that is there already is replaced, or with `add` added to. The headers are
    those of the file's ids and names (see `identity.Known`).
    """
    of, new = owners(text, ledger, identity.Known(text, key_header, name_header))
    rows = ledger.rows.assign(customer=[of[key] for key in ledger.rows["key"]])
    rows = rows.groupby(["customer", "year"], sort=True)[[*SUMS, *COUNTS]].sum().reset_index()
    there = _there(text)
    counts: Counter[str] = Counter()
    changes, stored = [], []
    before = after = Decimal(0)
    for row in rows.to_dict("records"):
        year = str(row["year"]) if row["year"] else dates.UNDATED
        key = {"customer": str(row["customer"]), "year": year}
        old = there.get((key["customer"], year))
        values = _cells(row, ledger, old, add)
        differs = {c: v for c, v in values.items() if old is None or not _same(old.get(c, ""), v)}
        stored.append(key | values)
        counts["added" if old is None else "updated" if differs else "unchanged"] += 1
        if differs:
            changes.append(Change("ledger", key, differs))
        if differs and old is not None:
            before += amount(old.get("revenue", ""))
            after += amount(values["revenue"])
    mine = {(row["customer"], row["year"]) for row in stored}
    years = {row["year"] for row in stored}
    counts["left"] = sum(key[1] in years and key not in mine for key in there)
    first = _customers(text, rows, ledger, new, counts)
    frame = pd.DataFrame(stored, columns=_COLUMNS, dtype=object)
    return Landed(first + changes, frame, new, counts, (before, after))


def amount(text: str) -> Decimal:
    """What a cell of a workbook says, exactly; 0 for unknown."""
    try:
        return Decimal(text.strip().replace(",", ".") or 0)
    except InvalidOperation:
        return Decimal(0)


def text_of(value: Decimal) -> str:
    """An amount as a store keeps it: 2024.994."""
    return f"{value.normalize():f}" if value else "0"


def _there(text: Tables) -> dict[tuple[str, str], Row]:
    frame = text.get("ledger", empty("ledger"))
    if not {"customer", "year"} <= set(frame.columns):
        return {}
    return {(row["customer"].strip(), row["year"].strip()): row for row in frame.to_dict("records")}


def _same(old: str, new: str) -> bool:
    if not old.strip() or not new.strip():
        return old.strip() == new.strip()
    return amount(old) == amount(new)


def owners(text: Tables, ledger: Ledger, known: identity.Known) -> tuple[dict[Key, str], dict[str, str]]:
    """The customer's id for each key of the ledger, and the customers that are new: id -> name.

    A customer is known by its id, by a column of the workbook that is headed like the file's ids, or by its
    name, where only one has it; what stands as an id may be a name of the workbook's, and the other way.
    """
    shown, called = _usual(ledger.ids), _usual(ledger.names)
    keys = sorted({*ledger.rows["key"]}, key=lambda key: (key[0] != "id", key))
    in_file = identity.once((folded(called[key]), key[1]) for key in keys if key in called)
    of: dict[Key, str] = {("", ""): UNNAMED} if ("", "") in keys else {}
    taken = {known.by_id[word] for kind, word in keys if kind == "id" and word in known.by_id}
    new: dict[str, str] = {}
    for key in [key for key in keys if key[0] == "id"]:
        name = called.get(key, "")
        is_one = not name or in_file.get(folded(name)) == key[1]
        near = known.by_id.get(key[1]) or (known.named(name or shown[key]) if is_one else "")
        of[key] = near if near and (key[1] in known.by_id or near not in taken) else shown[key]
        if of[key] != near:
            new[of[key]] = name or f"Customer {shown[key]}"
    for key in [key for key in keys if key[0] == "name"]:
        twin = in_file.get(key[1])
        near = known.named(shown[key]) or (of[("id", twin)] if twin else known.by_id.get(key[1], ""))
        of[key] = near or identity.ids([shown[key]], [*known.ids, *new])[0]
        if not near:
            new[of[key]] = shown[key]
    if ("", "") in of and UNNAMED not in known.ids:
        new[UNNAMED] = NO_NAME
    return of, new


def _usual(counted: Counter[tuple[Key, str]]) -> dict[Key, str]:
    """The form in which each is written most often; of several the first of the alphabet."""
    best: dict[Key, tuple[int, str]] = {}
    for (key, form), count in counted.items():
        best[key] = min(best.get(key, (-count, form)), (-count, form))
    return {key: form for key, (_, form) in best.items()}


def _cells(row: Mapping, ledger: Ledger, old: Row | None, add: bool) -> Row:
    """The cells of one row of the table ledger; those that the file knows nothing of stay as they are."""
    values = {"revenue": text_of(row["revenue"])}
    for name in ("cost", "discount", "freight"):
        if name in ledger.fields:
            values[COLUMN[name]] = text_of(row[name]) if row[_KNOWN_IN[name]] else ""
    if "cost" in ledger.fields or add or old is None or not old.get("cost_of_sales", "").strip():
        values["uncosted"] = text_of(row["uncosted"]) if row["uncosted_lines"] else ""
    values["orders"] = str(row["orders"])
    months = ledger.months.get(int(row["year"]), 0)
    values["months"] = str(months) if months else ""
    if not add or old is None:
        return values
    both = {c: _added(old.get(c, ""), v) for c, v in values.items() if c != "months"}
    before = old.get("months", "").strip() or "12"
    return both | {"months": str(min(12, int(float(before)) + (months or 12)))}


def _added(old: str, new: str) -> str:
    if not old.strip() or not new.strip():
        return old.strip() or new.strip()
    return text_of(amount(old) + amount(new))


def full_year(ledger: Ledger) -> int:
    """The last year that the file covers in full, 0 for none; a year in the future is not over."""
    over = [year for year, months in ledger.months.items() if months in (0, 12) and year <= date.today().year]
    return max(over, default=0)


def _customers(text: Tables, rows: pd.DataFrame, ledger: Ledger, new: Mapping[str, str],
               counts: Counter[str]) -> list[Change]:  # fmt: skip
    """New customers, and revenue and gross profit of the last full year where a customer has none."""
    records: list[Row] = text.get("customers", empty("customers")).to_dict("records")
    there = {row.get("customer", "").strip(): row for row in records}
    last = rows[(rows["year"] == full_year(ledger)) & (rows["customer"] != UNNAMED) & (rows["year"] != 0)]
    figures = {row["customer"]: _figures(row) for row in last.to_dict("records")}
    changes = []
    for customer in dict.fromkeys([*new, *figures]):
        said = figures.get(customer, {})
        if customer in new:
            more = {"status": "current"} if customer != UNNAMED else {}
            changes.append(
                Change("customers", {"customer": customer}, {"name": new[customer], **more, **said})
            )
            counts["filled"] += bool(said)
            continue
        old = there[customer]
        blank = {c: v for c, v in said.items() if not old.get(c, "").strip()}
        counts["filled"] += bool(blank)
        counts["kept"] += sum(c not in blank and not _same(old[c], v) for c, v in said.items())
        if blank:
            changes.append(Change("customers", {"customer": customer}, blank))
    return changes


def _figures(row: Mapping) -> Row:
    """Revenue, and gross profit where the cost of every line is known."""
    if row["revenue"] < 0:
        return {}
    said = {"revenue": text_of(row["revenue"])}
    if row["costed"] and not row["uncosted_lines"]:
        said["profit"] = text_of(row["revenue"] - row["cost"])
    return said


def reconciled(ledger: Ledger, landed: Landed, after: Tables, before: Tables | None = None) -> pd.DataFrame:
    """The sums of the file beside those that are stored: field, in_file, in_ledger, left_out, difference.

    All as exact Decimal. `after` are text tables as the workbook holds them; with `before`, what was there
    already is subtracted.
    """
    keys = [*zip(landed.rows["customer"], landed.rows["year"], strict=True)]
    now, then = _there(after), _there(before or {})
    table = []
    for name in ledger.fields:
        stored = _stored(now, keys, COLUMN[name]) - _stored(then, keys, COLUMN[name])
        in_file, out = ledger.in_file[name], ledger.left_out[name]
        table.append((name, in_file, stored, out, in_file - stored - out))
    columns = ["field", "in_file", "in_ledger", "left_out", "difference"]
    return pd.DataFrame(table, columns=columns, dtype=object)


def _stored(there: Mapping[tuple[str, str], Row], keys: list[tuple[str, str]], column: str) -> Decimal:
    return sum((amount(there[key].get(column, "")) for key in keys if key in there), Decimal(0))


# -- what there is to say ---------------------------------------------------------------------------


def remarks(ledger: Ledger, mapping: Mapping[str, str], drop_duplicates: bool = False) -> Notes:
    """What was found while adding up, as findings."""
    notes = [*ledger.notes]
    if "profit" in mapping:
        message = "No column holds the cost of sales; it is revenue less this profit."
        notes.append(finding("note", "", message, "", mapping["profit"]))
    for kind, seen in ledger.seen.items():
        if kind.startswith("bad "):
            notes.append(_bad(kind, seen))
        elif kind == "uncosted" and "cost" not in ledger.fields:
            message = "No column holds the cost of sales, so all revenue is kept apart as uncosted. Say which by -m cost=HEADER."
            notes.append(finding("warning", "", message))
        elif kind in _SAYS:
            level, pattern = _SAYS[kind]
            if kind == "twice":
                pattern += (
                    "; each is taken once"
                    if drop_duplicates
                    else "; all are counted; --drop-duplicates takes each once"
                )
            column = {"undated": mapping.get("date", ""), "uncosted": mapping.get("cost", "")}.get(kind, "")
            notes.append(_counted(level, pattern, seen, column))
    if ledger.in_file.get("discount", 0) < 0:
        message = "The discounts add up to less than nothing; are they written with a minus?"
        notes.append(finding("warning", "", message, "", mapping["discount"]))
    part = [f"{year}: {months}" for year, months in ledger.months.items() if 0 < months < 12]
    if part:
        message = (
            f"The file covers part of a year, in months: {', '.join(part)}. Compare such a year with care."
        )
        notes.append(finding("note", "", message))
    return notes


def _counted(level: str, pattern: str, seen: Seen, column: str) -> Row:
    one = seen.count == 1
    verbs = {"is": "is", "has": "has"} if one else {"is": "are", "has": "have"}
    said = pattern.format(n="This line" if one else f"{seen.count:,} lines", sum=money(seen.revenue), **verbs)
    first = "" if one else f" The first: {', '.join(f'line {line}' for line, _ in seen.some)}."
    return finding(level, "", said + "." + first, f"line {seen.some[0][0]}", column, seen.some[0][1])


def _bad(kind: str, seen: Seen) -> Row:
    _, name, header = kind.split(" ", 2)
    what = "the line is left out" if name == "revenue" else f"the {name} stays unknown, the rest is counted"
    message = f"This is not a number (allowed: 1,234.50, 1.234,50 or (300)); {what}."
    if seen.count > 1:
        lines = ", ".join(f"line {line}" for line, _ in seen.some)
        message += f" So in {seen.count:,} lines: {lines}{' ...' if seen.count > len(seen.some) else ''}."
    line, found = seen.some[0]
    return finding(
        "warning",
        "",
        message + " Correct it in the file and import that again.",
        f"line {line}",
        header,
        found,
    )


def of_landing(landed: Landed, ledger: Ledger, add: bool, text: Tables) -> Notes:
    """What the workbook gains, and what in it is left alone."""
    notes: Notes = []
    counts = landed.counts

    def say(message: str, level: str = "note") -> None:
        notes.append(finding(level, "", message))

    if landed.new:
        new = landed.rows[landed.rows["customer"].isin(landed.new)]
        by = new.groupby("customer")["revenue"].agg(lambda texts: sum(map(amount, texts)))
        most = sorted(((str(c), v) for c, v in by.items()), key=lambda pair: (-pair[1], pair[0]))[:3]
        largest = ", ".join(f"{landed.new[c]} ({money(v)})" for c, v in most)
        one = len(landed.new) == 1
        many = "1 customer was" if one else f"{len(landed.new):,} customers were"
        say(f"{many} not in the workbook and {'is' if one else 'are'} added; the largest: {largest}.")
    if counts["updated"]:
        what = "added to" if add else "replaced"
        before, after = map(money, landed.moved)
        say(
            f"{counts['updated']:,} rows of the ledger were there with other figures and are {what}: their revenue "
            f"goes from {before} to {after}." + ("" if add else " --add adds instead."),
            "warning",
        )
        if add:
            say(
                "The months of each year are added up too; correct them in the table ledger where both files cover the same months."
            )
    if counts["left"]:
        say(
            f"{counts['left']:,} rows of these years are in the workbook but not in the file; they stay.",
            "warning",
        )
    year = full_year(ledger)
    if counts["filled"]:
        say(
            f"{counts['filled']:,} customers get their revenue (and gross profit, where every cost is known) of {year}, the last full year."
        )
    if counts["kept"]:
        say(f"{counts['kept']:,} figures of customers differ from those of {year}; the workbook's stay.")
    frame = identity.customers(text)
    names = (
        dict(zip(map(str.strip, frame["customer"]), frame["name"], strict=True)) if "name" in frame else {}
    )
    return notes + identity.remarks([*names], names | landed.new)


def table(found: pd.DataFrame) -> str:
    """The reconciliation as lines of text."""
    head = ("", "in the file", "in the ledger", "left out", "difference")
    body = [(row["field"], *(money(row[c]) for c in found.columns[1:])) for row in found.to_dict("records")]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    lines = []
    for line in [head, *body]:
        first, *others = [
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  " + "  ".join([first, *others]))
    return "\n".join(lines)
