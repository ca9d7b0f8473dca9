"""What a ledger changes in a workbook: whose sales they are, which rows are new, and what is left alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kamlib.imports import ids
from kamlib.imports.shape import folded
from kamlib.imports.words import plain
from kamlib.ledgers import amounts, dates
from kamlib.ledgers.adding import COUNTS, SUMS, Key, Ledger
from kamlib.stores.base import Change, Row
from kamlib.tables import DEFINITIONS, Tables, empty

UNNAMED, NO_NAME = "unnamed", "(no customer named)"
COLUMN = {"revenue": "revenue", "cost": "cost_of_sales", "discount": "discount", "freight": "freight"}
_KNOWN_IN = {"cost": "costed", "discount": "discounted", "freight": "freighted"}

_COLUMNS = [name for name in DEFINITIONS["ledger"].names if name != "note"]


@dataclass(frozen=True)
class Landed:
    """What a ledger would change in a workbook.

    `changes` are for the store, all or none; `rows` has a row for each customer and year of the file with
    the columns of the table ledger, as texts; `new` are the customers to be added: id -> name; `counts`
    has added, updated, unchanged, left (rows of the same years that the file has nothing about), filled
    and kept (figures of customers); `moved` is the revenue of the updated rows before and after, in units.
    """

    changes: list[Change]
    rows: pd.DataFrame
    new: dict[str, str]
    counts: dict[str, int]
    moved: tuple[int, int]


def land(text: Tables, ledger: Ledger, add: bool = False) -> Landed:
    """The changes that bring a ledger into a workbook's text tables; nothing is changed here.

    A row of a customer and year that is there already is replaced, or with `add` added to.
    """
    of, new = owners(text, ledger)
    rows = _by_customer(ledger, of)
    there = _there(text)
    counts: Counter[str] = Counter()
    changes, stored, moved = [], [], [0, 0]
    for row in rows.to_dict("records"):
        key = {"customer": str(row["customer"]), "year": _year(int(row["year"]))}
        old = there.get((key["customer"], key["year"]))
        values = _values(row, ledger, old, add)
        differs = {c: v for c, v in values.items() if old is None or not _same(old.get(c, ""), v)}
        stored.append(key | values)
        counts["added" if old is None else "updated" if differs else "unchanged"] += 1
        if differs:
            changes.append(Change("ledger", key, differs))
        if differs and old is not None:
            moved[0] += amounts.units_of(old.get("revenue", ""))
            moved[1] += amounts.units_of(values["revenue"])
    mine = {(row["customer"], row["year"]) for row in stored}
    years = {row["year"] for row in stored}
    counts["left"] = sum(1 for key in there if key[1] in years and key not in mine)
    first = _customers(text, rows, ledger, new, counts)
    return Landed(
        first + changes,
        pd.DataFrame(stored, columns=_COLUMNS, dtype=object),
        new,
        dict(counts),
        (moved[0], moved[1]),
    )


def _year(year: int) -> str:
    return str(year) if year else dates.UNDATED


def _there(text: Tables) -> dict[tuple[str, str], Row]:
    frame = text.get("ledger", empty("ledger"))
    if not {"customer", "year"} <= set(frame.columns):
        return {}
    records: list[Row] = frame.to_dict("records")  # type: ignore[assignment]
    return {(row["customer"].strip(), row["year"].strip()): row for row in records}


def _same(old: str, new: str) -> bool:
    if not old.strip() or not new.strip():
        return old.strip() == new.strip()
    try:
        return amounts.units_of(old) == amounts.units_of(new)
    except ValueError:
        return False


# -- whose sales ------------------------------------------------------------------------------------


def owners(text: Tables, ledger: Ledger) -> tuple[dict[Key, str], dict[str, str]]:
    """The customer's id for each key of the ledger, and the customers that are new: id -> name.

    A customer is known by its id, else by a column of the workbook that is headed like the file's ids, else
    by its name, where only one has it.
    """
    frame = text.get("customers", empty("customers"))
    known = [t.strip() for t in frame["customer"]] if "customer" in frame else []
    names = [*frame["name"]] if "name" in frame else [""] * len(known)
    by_id = {folded(customer): customer for customer in reversed(known)}
    for column in frame.columns:
        if column != "customer" and plain(column) == plain(ledger.key_header):
            said = ((folded(text), customer) for text, customer in zip(frame[column], known, strict=True))
            by_id = _once(pair for pair in said if pair[0]) | by_id
    by_name = _once(
        (folded(name), customer) for customer, name in zip(known, names, strict=True) if name.strip()
    )
    shown, called = _usual(ledger.ids), _usual(ledger.names)
    keys = sorted({key for key in ledger.rows["key"]}, key=lambda key: (key[0] != "id", key))
    in_file = _once((folded(called[key]), key) for key in keys if key in called)
    of: dict[Key, str] = {("", ""): UNNAMED} if ("", "") in keys else {}
    taken = {by_id[key[1]] for key in keys if key[0] == "id" and key[1] in by_id}
    new: dict[str, str] = {}
    for key in keys:
        kind, word = key
        name = called.get(key, "")
        if kind == "id" and word in by_id:
            of[key] = by_id[word]
        elif kind == "id":
            is_one = in_file.get(folded(name)) == key
            near = by_name.get(folded(name) if name else word) if is_one or not name else None
            of[key] = near if near and near not in taken else shown[key]
            if of[key] != near:
                new[shown[key]] = name or f"Customer {shown[key]}"
    for key in keys:
        kind, word = key
        if kind != "name":
            continue
        twin = in_file.get(word)
        near = by_name.get(word) or (of[twin] if twin else None) or by_id.get(word)
        of[key] = near or ids([shown[key]], [*known, *new])[0]
        if not near:
            new[of[key]] = shown[key]
    if ("", "") in of and UNNAMED not in known:
        new[UNNAMED] = NO_NAME
    return of, new


def _once(pairs: object) -> dict:
    """The pairs whose first is there once."""
    found: dict = defaultdict(set)
    for first, second in pairs:  # type: ignore[attr-defined]
        found[first].add(second)
    return {first: next(iter(seconds)) for first, seconds in found.items() if len(seconds) == 1}


def _usual(counted: Counter[tuple[Key, str]]) -> dict[Key, str]:
    """The form in which each is written most often; of several the first of the alphabet."""
    best: dict[Key, tuple[int, str]] = {}
    for (key, form), count in counted.items():
        here = (-count, form)
        best[key] = min(best.get(key, here), here)
    return {key: form for key, (_, form) in best.items()}


def _by_customer(ledger: Ledger, of: Mapping[Key, str]) -> pd.DataFrame:
    rows = ledger.rows.assign(customer=[of[key] for key in ledger.rows["key"]])
    sums = [*SUMS, *COUNTS, "orders", "uncosted_lines"]
    return rows.groupby(["customer", "year"], sort=True)[sums].sum().reset_index()


# -- what is stored ---------------------------------------------------------------------------------


def _values(row: Mapping, ledger: Ledger, old: Row | None, add: bool) -> Row:
    """The cells of one row of the table ledger; those that the file knows nothing of stay as they are."""
    values = {"revenue": amounts.text_of(row["revenue"])}
    for name in ("cost", "discount", "freight"):
        if name in ledger.fields:
            values[COLUMN[name]] = amounts.text_of(row[name]) if row[_KNOWN_IN[name]] else ""
    if "cost" in ledger.fields or add or old is None or not old.get("cost_of_sales", "").strip():
        values["uncosted"] = amounts.text_of(row["uncosted"]) if row["uncosted_lines"] else ""
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
    return amounts.text_of(amounts.units_of(old) + amounts.units_of(new))


def full_year(ledger: Ledger) -> int:
    """The last year that the file covers in full, 0 for none."""
    return max((year for year, months in ledger.months.items() if months in (0, 12)), default=0)


def _customers(text: Tables, rows: pd.DataFrame, ledger: Ledger, new: Mapping[str, str],
               counts: Counter[str]) -> list[Change]:  # fmt: skip
    """New customers, and revenue and gross profit of the last full year where a customer has none."""
    frame = text.get("customers", empty("customers"))
    records: list[Row] = frame.to_dict("records")  # type: ignore[assignment]
    there = {row.get("customer", "").strip(): row for row in records}
    last = rows[rows["year"] == full_year(ledger)] if full_year(ledger) else rows.iloc[:0]
    figures = {
        row["customer"]: _figures(row) for row in last.to_dict("records") if row["customer"] != UNNAMED
    }
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
        counts["kept"] += sum(1 for c, v in said.items() if c not in blank and not _same(old[c], v))
        if blank:
            changes.append(Change("customers", {"customer": customer}, blank))
    return changes


def _figures(row: Mapping) -> Row:
    """Revenue, and gross profit where the cost of every line is known."""
    if row["revenue"] < 0:
        return {}
    said = {"revenue": amounts.text_of(row["revenue"])}
    if row["costed"] and not row["uncosted_lines"]:
        said["profit"] = amounts.text_of(row["revenue"] - row["cost"])
    return said


def reconciled(ledger: Ledger, landed: Landed, after: Tables, before: Tables | None = None) -> pd.DataFrame:
    """The sums of the file beside those that are stored: field, in_file, in_ledger, left_out, difference.

    All in units (see `amounts`), whole numbers and exact. `after` are text tables as the workbook holds
    them; with `before`, what was there already is subtracted.
    """
    keys = [*zip(landed.rows["customer"], landed.rows["year"], strict=True)]
    now, then = _there(after), _there(before or {})
    table = []
    for name in ledger.fields:
        stored = _stored(now, keys, COLUMN[name]) - _stored(then, keys, COLUMN[name])
        in_file, out = ledger.in_file[name], ledger.left_out[name]
        table.append((name, in_file, stored, out, in_file - stored - out))
    return pd.DataFrame(
        table, columns=["field", "in_file", "in_ledger", "left_out", "difference"], dtype=object
    )


def _stored(there: Mapping[tuple[str, str], Row], keys: list[tuple[str, str]], column: str) -> int:
    return sum(amounts.units_of(there[key].get(column, "")) for key in keys if key in there)
