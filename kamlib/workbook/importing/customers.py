"""A list of customers merged into a workbook: what is new, what changes, and what stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kamlib.errors import did_you_mean
from kamlib.workbook.importing import identity
from kamlib.workbook.importing.columns import FIELDS, MOST_SEGMENTS, header_of, status_of
from kamlib.workbook.importing.figures import is_number, numbers, same, times_of
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.shape import total_of
from kamlib.workbook.importing.vocabulary import KINDS, clean, folded, known, plain, says, unique
from kamlib.workbook.schema import DEFINITIONS, Tables, empty, parse
from kamlib.workbook.stores.base import MOST_COLUMNS, Change, Notes

CUSTOMERS = DEFINITIONS["customers"]
MONEY = KINDS["customers"]["money"]


@dataclass(frozen=True)
class Merged:
    """What a list would change in a workbook.

    `changes` are for the store, all or none; `notes` say what was doubtful; `counts` has rows =
    added + updated + unchanged + left_out, and kept (cells where the workbook's value stood);
    `columns` says where the columns without a field of their own went: header -> column of
    customers; `examples` has the names of those created, updated, unchanged and left out.
    """

    changes: list[Change]
    notes: Notes
    counts: dict[str, int]
    columns: dict[str, str]
    examples: dict[str, list[str]]


def merge(
    text: Tables,
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    replace: bool = False,
    decimal: str = "",
) -> Merged:
    """The changes that bring a list (see `shape.table`) into a workbook's text tables.

    `mapping` is field -> header (see `columns.choose`), `decimal` the mark that the file itself
    tells. A customer is known by its id, else by its name, else by a column that an earlier list
    brought; what the workbook says stays unless `replace`. The same list a second time changes
    nothing. Raises InvalidInput for a mapping that does not fit, or where nothing tells which
    customer of the workbook a line is; WorkbookError for too many columns.
    """
    for field, header in mapping.items():
        if field not in FIELDS:
            raise refusal("no_field", found=field, near=did_you_mean(field, FIELDS))
        header_of(frame, header)
    rows = _Rows(text, frame, mapping)
    rows.sort_out()
    rows.match()
    segments = rows.segments()
    values = rows.values(decimal)
    columns = rows.beside(values)
    there = {row["customer"].strip(): row for row in reversed(rows.current.to_dict("records"))}
    changes = [Change("segments", {"segment": i}, {"name": name}) for i, name in segments.items()]
    examples: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": []}
    count_kept = 0
    for row, (customer, name) in enumerate(zip(rows.ids, rows.names, strict=True)):
        new = {column: texts[row] for column, texts in values.items() if texts[row]}
        old = there.get(customer)
        differs = {"name": name, **new}
        if old is not None:
            differs = {c: v for c, v in new.items() if not _same(c, old.get(c, ""), v)}
            for column in [c for c in differs if old.get(c, "").strip() and not replace]:
                value, stays = differs.pop(column), old[column].strip()
                rows.say("kept_value", row, column, value, old=stays)
                count_kept += 1
        if differs:
            changes.append(Change("customers", {"customer": customer}, differs))
        examples["created" if old is None else "updated" if differs else "unchanged"].append(name)
    examples["left out"] = rows.out
    what = ("added", "updated", "unchanged", "left_out", "rows", "kept")
    each = *map(len, examples.values()), len(frame), count_kept
    counts = dict(zip(what, each, strict=True))
    is_by_place = not {"name", "customer"} & mapping.keys() and there
    if is_by_place and (counts["added"] or counts["updated"] or counts["kept"]):
        raise refusal("by_place")
    notes = [*rows.notes, *identity.remarks(text, dict(zip(rows.ids, rows.names, strict=True)))]
    return Merged(changes, notes, counts, columns, examples)


def _same(column: str, old: str, new: str) -> bool:
    if column == "name" and folded(old) == folded(new):
        return True
    return old.strip() == new or (column in MONEY and same(old, new))


class _Rows:
    """The rows of a list that are customers: names, keys ("" for none), and ids in the workbook."""

    def __init__(self, text: Tables, frame: pd.DataFrame, mapping: Mapping[str, str]) -> None:
        self.text, self.mapping, self.current = text, mapping, identity.customers(text)
        self.notes: Notes = []
        self.out: list[str] = []
        self.lines = [*frame.index]
        self.cells = {h: [clean(t) for t in frame[h]] for h in frame.columns}
        said = self.of("customer") or [""] * len(frame)
        self.keys = [identity.id_of(known(t)) for t in said]
        self.names = self._named()

    def of(self, field: str) -> list[str]:
        """The cells of a field, none where no column has it."""
        return self.cells.get(self.mapping.get(field, ""), [])

    def say(
        self, key: str, row: int | None, column: str = "", found: str = "", **parts: Any
    ) -> None:
        line = "" if row is None else self.lines[row]
        self.notes.append(note(key, line, column, found, **parts))

    def _named(self) -> list[str]:
        """The name of each row, "" for none; made from key or place where no column holds names."""
        if "name" in self.mapping:
            said = map(identity.name_of, self.of("name"))
            names = [name if plain(name) else known(name) for name in said]
            return [name or key for name, key in zip(names, self.keys, strict=True)]
        names = [f"Customer {key or f'{n:03d}'}" for n, key in enumerate(self.keys, start=1)]
        if names:
            what = "their ids" if any(self.keys) else "their place in the list"
            self.say("named_by", None, what=what, name=names[0])
        if not any(self.keys):
            several = [
                header
                for header, texts in self.cells.items()
                if says("customer", header) and 0 < len({*texts}) < 0.9 * len(texts)
            ]
            self.notes += [note("orders_by", column=header) for header in several[:1]]
        return names

    def sort_out(self) -> None:
        """Keep the rows that are customers: none without a name, no total, no row a second time."""
        header = self.mapping.get("name", "")
        every = [*zip(*self.cells.values(), strict=True)] or [()] * len(self.lines)
        totals = _totals(every, bool(header))
        seen: dict[tuple[str, ...], int] = {}
        named: dict[str, int] = {}
        keep, twins = [], 0
        for i, (row, line, name) in enumerate(zip(every, self.lines, self.names, strict=True)):
            first = seen.setdefault(row, line) if header or any(self.keys) else line
            wrong = "total_line" if i in totals else "" if name else "nameless"
            wrong = wrong or ("same_line" if first != line else "")
            if wrong:
                self.out.append(name or " ".join(filter(None, row)))
                self.say(wrong, i, header, self.out[-1], first=first)
                continue
            keep.append(i)
            if header and (twin := named.setdefault(folded(name), line)) != line:
                twins += 1
                key = "same_name_other_id" if self.keys[i] else "same_name"
                self.say(key, i, header, name, first=twin)
        if twins > len(every) / 2:
            self.say("orders", None, header)
        self.lines, self.names, self.keys = (
            [part[i] for i in keep] for part in (self.lines, self.names, self.keys)
        )
        self.cells = {h: [texts[i] for i in keep] for h, texts in self.cells.items()}

    def match(self) -> None:
        """For each row the id of its customer in the workbook, or the id that it gets there.

        By id where the row has one, else by name; of several of one name the first goes with the
        first. An id that kamlib made from a name gives way to the list's own.
        """
        headers = self.mapping.get("customer", ""), self.mapping.get("name", "")
        there = identity.Known(self.text, *headers)
        used: set[str] = set()
        last: dict[str, int] = {}
        first: dict[str, int] = {}
        for i, (key, line) in enumerate(zip(self.keys, self.lines, strict=True)):
            self.keys[i] = identity.free(key, used, last) if key else ""
            before = first.setdefault(key.casefold(), line)
            if key and before != line:
                self.say("same_id", i, "", key, first=before, numbered=self.keys[i])
        found = [there.by_id.get(folded(key), "") if key else "" for key in self.keys]
        by_id, taken = {*found}, {*found}
        count = Counter(map(folded, self.names))
        for i, (name, key) in enumerate(zip(self.names, self.keys, strict=True)):
            free = ([own for own in owners if own not in by_id] for owners in there.called(name))
            same_name = [own for own in next(filter(None, free), []) if own not in taken]
            if found[i] or not same_name:
                continue
            is_alone = count[folded(name)] == 1
            own = same_name[0]
            if not key or (is_alone and re.fullmatch(rf"{identity.ids([name])[0]}(_\d+)?", own)):
                found[i] = own
                taken.add(own)
            else:
                self.say("other_id", i, "", name, own=own)
        ids = [own or key for own, key in zip(found, self.keys, strict=True)]
        new = [name for name, own in zip(self.names, ids, strict=True) if not own]
        fresh = iter(identity.ids(new, [*there.ids, *ids]))
        self.ids = [own or next(fresh) for own in ids]
        self.there = {*there.ids}

    def segments(self) -> dict[str, str]:
        """The new segments, id -> name; `segment_of` leads from a text of the list to an id."""
        frame = self.text.get("segments", empty("segments"))
        there = [t.strip() for t in frame.get("segment", ())]
        names = [*frame.get("name", there)]
        pairs = [*zip(there, there, strict=True), *zip(names, there, strict=True)]
        self.segment_of = {folded(word): segment for word, segment in reversed(pairs)}
        new: dict[str, str] = {}
        for t in filter(None, map(known, self.of("segment"))):
            if folded(t) not in self.segment_of:
                new.setdefault(folded(t), " ".join(t.split()))
        if len(new) > MOST_SEGMENTS:
            self.say("many_segments", None, n=len(new))
        fresh = identity.ids(new.values(), there)
        self.segment_of |= zip(new, fresh, strict=True)
        return dict(zip(fresh, new.values(), strict=True))

    # -- what they say -----------------------------------------------------------------------------

    def values(self, decimal: str) -> dict[str, list[str]]:
        """The texts of each mapped column; `unread` are, by header, those that could not be read."""
        readers: dict[str, Callable[[str], str]] = {
            "name": identity.name_of,
            "segment": lambda text: self.segment_of.get(folded(known(text)), ""),
            "status": status_of,
            "note": str,
        }
        values: dict[str, list[str]] = {}
        self.unread: dict[str, list[str]] = {}
        for field, header in self.mapping.items():
            said = self.cells[header]
            bad: dict[int, str] = {}
            if field in readers:
                texts = [*map(readers[field], said)]
                if field == "status":
                    unread = [i for i, t in enumerate(said) if known(t) and not texts[i]]
                    bad = dict.fromkeys(unread, "neither current nor prospect")
            elif field in MONEY:
                texts, unread = numbers(said, decimal, times_of(header))
                outside = [i for i, t in enumerate(texts) if not _allowed(field, t)]
                bad = dict.fromkeys(outside, f"not {CUSTOMERS[field].allowed}")
                bad |= dict.fromkeys(unread, "not read as a number")
            else:
                continue
            values[field] = ["" if i in bad else text for i, text in enumerate(texts)]
            for i, what in sorted(bad.items()):
                self.say("unread", i, header, said[i], what=what, field=field)
            if bad:
                self.unread[header] = [t if i in bad else "" for i, t in enumerate(said)]
        if "parent" in self.mapping:
            values["parent"] = self._parents()
        return values

    def _parents(self) -> list[str]:
        """The id of each row's parent, known to the list or the workbook by id or name."""
        there = identity.Known(self.text)
        of = dict(zip(map(folded, self.names), self.ids, strict=True))
        of |= {folded(own): own for own in self.ids}
        parents = []
        for i, said in enumerate(self.of("parent")):
            parent = of.get(folded(said)) or there.by_id.get(folded(said)) or there.named(said)
            if not parent and known(said):
                self.say("no_parent", i, self.mapping["parent"], said)
            parents.append(parent if parent != self.ids[i] else "")
        return parents

    def beside(self, values: dict[str, list[str]]) -> dict[str, str]:
        """Add the columns without a field to the values; gives header -> column of customers."""
        defined = {folded(name) for name in (*CUSTOMERS.names, "row_")}
        there = [*self.current.columns]
        own = {folded(column): column for column in there if column not in CUSTOMERS.names}
        keys = [
            key if own in self.there and folded(key) != folded(own) else ""
            for key, own in zip(self.keys, self.ids, strict=True)
        ]
        unread = self.unread | ({self.mapping["customer"]: keys} if any(keys) else {})
        wanted = {h: t for h, t in self.cells.items() if h not in self.mapping.values()} | unread
        columns: dict[str, str] = {}
        for header, texts in wanted.items():
            if not any(texts):
                self.say("empty_column", None, header)
                continue
            name = f"{header} (list)" if header in unread or folded(header) in defined else header
            name = unique([name], columns.values())[0]
            columns[header] = own.get(folded(name), name)
            values[columns[header]] = texts
        total = len(dict.fromkeys([*CUSTOMERS.names, *there, *columns.values()]))
        if total > MOST_COLUMNS:
            raise refusal("customers_columns", table="customers", n=total, most=MOST_COLUMNS)
        return columns


def _allowed(name: str, text: str) -> bool:
    try:
        parse(CUSTOMERS[name], text)
    except ValueError:
        return False
    return True


# -- totals ----------------------------------------------------------------------------------------


def _totals(every: Sequence[tuple[str, ...]], is_named: bool) -> set[int]:
    """Which rows are totals: they say so, and a lone "Total" is the sum of the others."""
    spots = {i: said for i, row in enumerate(every) if (said := _total_text(row)) is not None}
    if not spots or not is_named:
        return {i for i, said in spots.items() if i >= len(every) - 3 and said == ""}
    texts = {plain(text) for i, row in enumerate(every) if i not in spots for text in row}
    last = [i for i, row in enumerate(every) if any(row)][-3:]
    found = set()
    for i, said in spots.items():
        is_lone = not said and any(says("lone_totals", text) for text in every[i])
        has_figures = any(map(is_number, every[i]))
        of_all = not said and (not is_lone or (i in last and not has_figures))
        if of_all or (said and plain(said) in texts) or (is_lone and _sums_up(every, i, {*spots})):
            found.add(i)
    return found


def _total_text(row: tuple[str, ...]) -> str | None:
    """What the row is the total of, where all else in it is figures; None for no total."""
    texts = [text for text in row if text and not is_number(text)]
    said = [name for text in texts if (name := total_of(text)) is not None]
    return said[0] if len(said) == 1 == len(texts) and len([*filter(None, row)]) > 1 else None


def _sums_up(every: Sequence[tuple[str, ...]], place: int, spots: set[int]) -> bool:
    """Is a figure of this row the sum of all above, or of those since the total before?"""
    since = max((i for i in spots if i < place), default=-1)
    for column, text in enumerate(every[place]):
        texts, _ = numbers([row[column] for row in every[: place + 1]])
        *values, total = [
            float(t or 0) if i not in spots - {place} else 0 for i, t in enumerate(texts)
        ]
        nearly = max(1e-6, 0.0005 * abs(total))
        sums = sum(values), sum(values[since + 1 :])
        if total and is_number(text) and any(abs(above - total) <= nearly for above in sums):
            return True
    return False
