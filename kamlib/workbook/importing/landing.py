"""What a ledger changes in a workbook: whose sales they are, what is new, and what stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from kamlib.workbook.importing import dates, identity
from kamlib.workbook.importing.figures import amount, same, text_of
from kamlib.workbook.importing.sentences import note
from kamlib.workbook.importing.sums import COUNTS, FIELDS, SUMS, Key, Ledger, money
from kamlib.workbook.importing.vocabulary import folded
from kamlib.workbook.schema import DEFINITIONS, Tables, empty
from kamlib.workbook.stores.base import Change, Notes, Row

UNNAMED, NO_NAME = "unnamed", "(no customer named)"
COLUMN = {f: f for f in FIELDS} | {"cost": "cost_of_sales"}
_KNOWN_IN = {"cost": "costed", "discount": "discounted", "freight": "freighted"}
_COLUMNS = [name for name in DEFINITIONS["ledger"].names if name != "note"]
Place = tuple[str, str]  # a customer and a year


@dataclass(frozen=True)
class Landed:
    """What a ledger would change in a workbook.

    `changes` are for the store, all or none; `rows` has a row for each customer and year of the
    file with the columns of the table ledger, as texts; `new` are the customers to be added: id ->
    name; `counts` has added, updated, unchanged, left (rows of the same years that the file has
    nothing about), filled and kept (figures of customers); `moved` is the revenue of the updated
    rows before and after.
    """

    changes: list[Change]
    rows: pd.DataFrame
    new: dict[str, str]
    counts: Counter[str]
    moved: tuple[Decimal, Decimal]

    @property
    def examples(self) -> dict[str, list[str]]:
        return {"created": [*self.new.values()]}


def land(
    text: Tables, ledger: Ledger, add: bool = False, key_header: str = "", name_header: str = ""
) -> Landed:
    """The changes that bring a ledger into a workbook's text tables; nothing is changed here.

    A row of a customer and year that is there already is replaced, or with `add` added to. The
    headers are those of the file's ids and names (see `identity.Known`).
    """
    of, new = owners(ledger, identity.Known(text, key_header, name_header))
    rows = ledger.rows.assign(customer=[of[key] for key in ledger.rows["key"]])
    rows = rows.groupby(["customer", "year"], sort=True)[[*SUMS, *COUNTS]].sum().reset_index()
    there = _there(text)
    counts: Counter[str] = Counter(added=0, updated=0, unchanged=0)
    changes, stored = [], {}
    before = after = Decimal(0)
    for row in rows.to_dict("records"):
        place = str(row["customer"]), str(row["year"] or dates.UNDATED)
        old, key = there.get(place), dict(zip(("customer", "year"), place, strict=True))
        values = _cells(row, ledger, old, add)
        stored[place] = key | values
        differs = {c: v for c, v in values.items() if old is None or not same(old.get(c, ""), v)}
        counts["added" if old is None else "updated" if differs else "unchanged"] += 1
        if differs:
            changes.append(Change("ledger", key, differs))
        if differs and old is not None:
            before += amount(old.get("revenue", ""))
            after += amount(values["revenue"])
    years = {year for _, year in stored}
    counts["left"] = sum(place[1] in years and place not in stored for place in there)
    first = _customers(text, rows, ledger, new, counts)
    frame = pd.DataFrame([*stored.values()], columns=_COLUMNS, dtype=object)
    return Landed(first + changes, frame, new, counts, (before, after))


def _there(text: Tables) -> dict[Place, Row]:
    rows = text.get("ledger", empty("ledger")).to_dict("records")
    return {(row["customer"].strip(), row["year"].strip()): row for row in rows}


def owners(ledger: Ledger, known: identity.Known) -> tuple[dict[Key, str], dict[str, str]]:
    """The customer's id for each key of the ledger, and the customers that are new: id -> name.

    A customer is known by its id, by a column of the workbook that is headed like the file's ids,
    or by its name, where only one has it; what stands as an id may be a name of the workbook's, and
    the other way.
    """
    shown, called = ledger.ids, ledger.names
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
    unknown = []
    for key in [key for key in keys if key[0] == "name"]:
        twin = in_file.get(key[1])
        of[key] = known.named(shown[key]) or (
            of["id", twin] if twin else known.by_id.get(key[1], "")
        )
        unknown += [] if of[key] else [key]
    fresh = identity.ids([shown[key] for key in unknown], [*known.ids, *new])
    of |= zip(unknown, fresh, strict=True)
    new |= {of[key]: shown[key] for key in unknown}
    if ("", "") in of and UNNAMED not in known.ids:
        new[UNNAMED] = NO_NAME
    return of, new


def _cells(row: Mapping, ledger: Ledger, old: Row | None, add: bool) -> Row:
    """The cells of one row of the table ledger that the file knows something of."""
    values = {"revenue": text_of(row["revenue"])}
    for name in [name for name in _KNOWN_IN if name in ledger.fields]:
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
    over = [
        year
        for year, months in ledger.months.items()
        if months in (0, 12) and year <= date.today().year
    ]
    return max(over, default=0)


def _customers(
    text: Tables, rows: pd.DataFrame, ledger: Ledger, new: Mapping[str, str], counts: Counter[str]
) -> list[Change]:
    """New customers, and figures of the last full year where a customer has none."""
    records = identity.customers(text).to_dict("records")
    there = {row["customer"].strip(): row for row in records}
    last = rows[
        (rows["year"] == full_year(ledger)) & (rows["customer"] != UNNAMED) & (rows["year"] != 0)
    ]
    figures = {row["customer"]: _figures(row) for row in last.to_dict("records")}
    changes = []
    for customer in dict.fromkeys([*new, *figures]):
        said = figures.get(customer, {})
        old = there.get(customer, {})
        values = {c: v for c, v in said.items() if not old.get(c, "").strip()}
        counts["filled"] += bool(values)
        counts["kept"] += sum(c not in values and not same(old[c], v) for c, v in said.items())
        if customer in new:
            status = {} if customer == UNNAMED else {"status": "current"}
            values = {"name": new[customer], **status, **values}
        if values:
            changes.append(Change("customers", {"customer": customer}, values))
    return changes


def _figures(row: Mapping) -> Row:
    """Revenue, and gross profit where the cost of every line is known."""
    if row["revenue"] < 0:
        return {}
    said = {"revenue": text_of(row["revenue"])}
    if row["costed"] and not row["uncosted_lines"]:
        said["profit"] = text_of(row["revenue"] - row["cost"])
    return said


def reconciled(
    ledger: Ledger, landed: Landed, after: Tables, before: Tables | None = None
) -> pd.DataFrame:
    """The sums of the file beside those stored: field, in_file, in_ledger, left_out, difference.

    All as exact Decimal. `after` are text tables as the workbook holds them; with `before`, what
    was there already is subtracted.
    """
    places = [*zip(landed.rows["customer"], landed.rows["year"], strict=True)]

    def stored(tables: Tables, name: str) -> Decimal:
        rows = _there(tables)
        cells = [rows[place].get(COLUMN[name], "") for place in places if place in rows]
        return sum(map(amount, cells), Decimal(0))

    found = pd.DataFrame({"field": ledger.fields}, dtype=object)
    found["in_file"] = [ledger.in_file[name] for name in ledger.fields]
    found["in_ledger"] = [
        stored(after, name) - stored(before or {}, name) for name in ledger.fields
    ]
    found["left_out"] = [ledger.left_out[name] for name in ledger.fields]
    found["difference"] = found["in_file"] - found["in_ledger"] - found["left_out"]
    return found


# -- what there is to say --------------------------------------------------------------------------


def remarks(landed: Landed, ledger: Ledger, add: bool, text: Tables) -> Notes:
    """What the workbook gains, and what in it is left alone; `text` are its tables before."""
    notes: Notes = []
    counts, n, year = landed.counts, len(landed.new), full_year(ledger)
    if landed.new:
        new = landed.rows[landed.rows["customer"].isin(landed.new)]
        by = new["revenue"].map(amount).groupby(new["customer"]).sum()
        most = sorted(by.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
        largest = ", ".join(f"{landed.new[str(c)]} ({money(v)})" for c, v in most)
        notes.append(note("new_customers", n=n, largest=largest))
    if counts["updated"]:
        before, after = map(money, landed.moved)
        key = "added_to" if add else "replaced"
        notes.append(note(key, n=counts["updated"], before=before, after=after))
        notes += [note("months_added")] if add else []
    for what, key in (("left", "not_in_file"), ("filled", "filled"), ("kept", "kept_figures")):
        if counts[what]:
            notes.append(note(key, n=counts[what], year=str(year)))
    return notes + identity.remarks(text, landed.new)


def table(found: pd.DataFrame) -> str:
    """The reconciliation as lines of text."""
    headers = ["in the file", "in the ledger", "left out", "difference"]
    shown = found.set_index("field").rename_axis(None).map(money).set_axis(headers, axis=1)
    return shown.to_string(col_space=14)
