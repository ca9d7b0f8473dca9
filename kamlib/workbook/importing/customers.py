"""A list of customers merged into a workbook: what is new, what changes, and what stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import pandas as pd

from kamlib.errors import did_you_mean
from kamlib.workbook.importing import identity
from kamlib.workbook.importing.columns import FIELDS, MOST_SEGMENTS, status_of
from kamlib.workbook.importing.figures import is_number, numbers, times_of
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.shape import total_of
from kamlib.workbook.importing.vocabulary import KINDS, clean, folded, known, plain, says, unique
from kamlib.workbook.schema import DEFINITIONS, Tables, empty, parse, parse_number
from kamlib.workbook.stores.base import MOST_COLUMNS, Change, Notes

CUSTOMERS = DEFINITIONS["customers"]
MONEY = KINDS["customers"]["money"]


@dataclass(frozen=True)
class Merged:
    """What a list would change in a workbook.

    `changes` are for the store, all or none; `notes` say what was doubtful; `counts` has rows =
    added + updated + unchanged + left_out, and kept (cells where the workbook's value stood);
    `columns` says where the columns without a field of their own went: header -> column of
    customers; `examples` has some names for each of added, updated, unchanged and left_out.
    """

    changes: list[Change]
    notes: Notes
    counts: dict[str, int]
    columns: dict[str, str]
    examples: dict[str, list[str]]


@dataclass
class _Rows:
    """The rows that are customers: line, name, id ("" for none), and the cells of each header."""

    lines: list[int]
    names: list[str]
    keys: list[str]
    cells: dict[str, list[str]]
    notes: Notes = field(default_factory=list)
    out: list[str] = field(default_factory=list)

    def say(self, key: str, *place: Any, **parts: Any) -> None:
        self.notes.append(note(key, *place, **parts))


def merge(
    text: Tables, frame: pd.DataFrame, mapping: Mapping[str, str], replace: bool = False, decimal: str = ""
) -> Merged:
    """The changes that bring a list (see `shape.table`) into a workbook's text tables.

    `mapping` is field -> header (see `columns.choose`), `decimal` the mark that the file itself
    tells. A customer is known by its id, else by its name, else by a column that an earlier list
    brought; what the workbook says stays unless `replace`. The same list a second time changes
    nothing. Raises InvalidInput for a mapping that does not fit, or where nothing tells which
    customer of the workbook a line is; WorkbookError for too many columns.
    """
    _refuse_mapping(frame, mapping)
    rows = _rows(frame, mapping)
    segments, new_segments = _segments(text, rows.cells.get(mapping.get("segment", ""), []), rows)
    values, originals = _values(rows, mapping, segments, decimal)
    current = identity.customers(text)
    there = {row["customer"].strip(): row for row in reversed(current.to_dict("records"))}
    ids = _matched(text, rows, mapping)
    other = [k if i in there and folded(k) != folded(i) else "" for k, i in zip(rows.keys, ids, strict=True)]
    if any(other):
        originals[mapping["customer"]] = other
    extras = _extras(rows, mapping, originals, list(current.columns))
    values |= {column: texts for _, column, texts in extras}
    if "parent" in mapping:
        values["parent"] = _parents(rows, mapping["parent"], ids, text)
    changes = [Change("segments", {"segment": i}, {"name": n}) for i, n in new_segments.items()]
    examples: dict[str, list[str]] = {"added": [], "updated": [], "unchanged": [], "left_out": rows.out}
    count_kept = 0
    for row, (customer, name) in enumerate(zip(ids, rows.names, strict=True)):
        new = {column: texts[row] for column, texts in values.items() if texts[row]}
        old = there.get(customer)
        differs, kept = ({"name": name, **new}, []) if old is None else _update(old, new, replace)
        for c in kept:
            rows.say("kept_value", rows.lines[row], c, new[c], old=there[customer][c].strip())
        count_kept += len(kept)
        if differs:
            changes.append(Change("customers", {"customer": customer}, differs))
        examples["added" if old is None else "updated" if differs else "unchanged"].append(name)
    counts = {what: len(some) for what, some in examples.items()}
    counts |= {"rows": len(frame), "kept": count_kept}
    is_by_place = not {"name", "customer"} & mapping.keys() and there
    if is_by_place and (counts["added"] or counts["updated"] or counts["kept"]):
        raise refusal("by_place")
    rows.notes += identity.remarks(text, dict(zip(ids, rows.names, strict=True)))
    return Merged(changes, rows.notes, counts, {h: c for h, c, _ in extras}, examples)


def _refuse_mapping(frame: pd.DataFrame, mapping: Mapping[str, str]) -> None:
    for name, header in mapping.items():
        if name not in FIELDS:
            raise refusal("no_field", found=name, near=did_you_mean(name, FIELDS))
        if header not in frame.columns:
            near = did_you_mean(header[:60], frame.columns)
            raise refusal("no_column", column=header[:60], found=header, near=near)


def _update(
    old: Mapping[str, str], new: Mapping[str, str], replace: bool
) -> tuple[dict[str, str], list[str]]:
    """What of a row is new, and the columns where the workbook's own value stays."""
    differs = {c: v for c, v in new.items() if not _same(c, old.get(c, ""), v)}
    kept = [] if replace else [c for c in differs if old.get(c, "").strip()]
    return {c: v for c, v in differs.items() if c not in kept}, kept


def _same(column: str, old: str, new: str) -> bool:
    if old.strip() == new or (column == "name" and folded(old) == folded(new)):
        return True
    if column in MONEY and old.strip():
        try:
            return parse_number(old) == parse_number(new)
        except ValueError:
            return False
    return False


# -- which rows, and who they are ------------------------------------------------------------------


def _rows(frame: pd.DataFrame, mapping: Mapping[str, str]) -> _Rows:
    """The rows that are customers: not those without a name, nor totals, nor the same row again."""
    cells = {h: [clean(t) for t in frame[h]] for h in frame.columns}
    said = cells.get(mapping.get("customer", ""), [""] * len(frame))
    rows = _Rows([*frame.index], [], [identity.id_of(known(t)) for t in said], cells)
    rows.names = _names(rows, mapping)
    header = mapping.get("name", "")
    every = [*zip(*cells.values(), strict=True)] if cells else [()] * len(frame)
    totals = _totals(every, bool(header))
    seen: dict[tuple[str, ...], int] = {}
    named: dict[str, int] = {}
    keep, twins = [], 0
    for i, (row, line, name) in enumerate(zip(every, rows.lines, rows.names, strict=True)):
        first = seen.setdefault(row, line) if header or any(rows.keys) else line
        wrong = "total_line" if i in totals else "" if name else "nameless"
        wrong = wrong or ("same_line" if first != line else "")
        keep.append(not wrong)
        if wrong:
            rows.out.append(name or " ".join(filter(None, row)))
            rows.say(wrong, line, header, rows.out[-1], first=first)
        elif header and (twin := named.setdefault(folded(name), line)) != line:
            twins += 1
            key = "same_name_other_id" if rows.keys[i] else "same_name"
            rows.say(key, line, header, name, first=twin)
    if twins > len(every) / 2:
        rows.say("orders", "", header)
    some = {h: [*compress(texts, keep)] for h, texts in cells.items()}
    lines = [*compress(rows.lines, keep)]
    names, keys = ([*compress(part, keep)] for part in (rows.names, rows.keys))
    return _Rows(lines, names, keys, some, rows.notes, rows.out)


def _names(rows: _Rows, mapping: Mapping[str, str]) -> list[str]:
    """The name of each row, "" for none; made from id or place where no column holds names."""
    if "name" in mapping:
        said = [identity.name_of(text) for text in rows.cells[mapping["name"]]]
        said = [name if plain(name) else known(name) for name in said]
        return [name or key for name, key in zip(said, rows.keys, strict=True)]
    names = [f"Customer {key or f'{n:03d}'}" for n, key in enumerate(rows.keys, start=1)]
    if names:
        what = "their ids" if any(rows.keys) else "their place in the list"
        rows.say("named_by", what=what, name=names[0])
    if not any(rows.keys):
        several = [h for h, t in rows.cells.items() if says("customer", h) and 0 < len({*t}) < 0.9 * len(t)]
        rows.notes += [note("orders_by", column=header) for header in several[:1]]
    return names


def _totals(every: Sequence[tuple[str, ...]], is_named: bool) -> set[int]:
    """Which rows are totals: they say so, and a lone "Total" is the sum of the others."""
    spots = {i: said for i, row in enumerate(every) if (said := _total_text(row)) is not None}
    if not spots or not is_named:
        return {i for i, said in spots.items() if i >= len(every) - 3 and said == ""}
    texts = {plain(text) for i, row in enumerate(every) if i not in spots for text in row}
    found = {i for i, said in spots.items() if said and plain(said) in texts}
    last = [i for i, row in enumerate(every) if any(row)][-3:]
    for i in [i for i, said in spots.items() if said == ""]:
        lone = any(says("lone_totals", text) for text in every[i])
        figures = [text for text in every[i] if is_number(text)]
        if not lone or (i in last and not figures) or _sums_up(every, i, {*spots}):
            found.add(i)
    return found


def _total_text(row: tuple[str, ...]) -> str | None:
    """What the row is the total of, where all else in it is figures; None for no total."""
    texts = [text for text in row if text and not is_number(text)]
    said = [name for text in texts if (name := total_of(text)) is not None]
    return said[0] if len(said) == 1 == len(texts) and len([*filter(None, row)]) > 1 else None


def _sums_up(every: Sequence[tuple[str, ...]], place: int, spots: set[int]) -> bool:
    """Is a figure of this row the sum of all above, or of those since the total before?"""
    for column, text in enumerate(every[place]):
        if not is_number(text):
            continue
        texts, _ = numbers([row[column] for row in every[: place + 1]])
        values = [float(t) if t and i not in spots - {place} else 0.0 for i, t in enumerate(texts)]
        since = max((i for i in spots if i < place), default=-1)
        for above in (values[:place], values[since + 1 : place]):
            if values[place] and abs(sum(above) - values[place]) <= max(1e-6, 0.0005 * abs(values[place])):
                return True
    return False


def _matched(text: Tables, rows: _Rows, mapping: Mapping[str, str]) -> list[str]:
    """For each row the id of its customer in the workbook, or the id that it gets there.

    By id where the row has one, else by name; of several of one name the first goes with the first.
    An id that kamlib made from a name gives way to the list's own.
    """
    there = identity.Known(text, mapping.get("customer", ""), mapping.get("name", ""))
    used: set[str] = set()
    last: dict[str, int] = {}
    first: dict[str, int] = {}
    for i, (key, line) in enumerate(zip(rows.keys, rows.lines, strict=True)):
        rows.keys[i] = identity.free(key, used, last) if key else ""
        before = first.setdefault(key.casefold(), line)
        if key and before != line:
            rows.say("same_id", line, "", key, first=before, numbered=rows.keys[i])
    found = [there.by_id.get(folded(key), "") if key else "" for key in rows.keys]
    by_id, taken = {*found}, {*found}
    count = Counter(map(folded, rows.names))
    for i, (name, key) in enumerate(zip(rows.names, rows.keys, strict=True)):
        free = ([own for own in owners if own not in by_id] for owners in there.called(name))
        same = [own for own in next(filter(None, free), []) if own not in taken]
        if found[i] or not same:
            continue
        is_alone = count[folded(name)] == 1
        if not key or (is_alone and re.fullmatch(rf"{identity.ids([name])[0]}(_\d+)?", same[0])):
            found[i] = same[0]
            taken.add(same[0])
        else:
            rows.say("other_id", rows.lines[i], "", name, own=same[0])
    ids = [own or key for own, key in zip(found, rows.keys, strict=True)]
    new = [name for name, own in zip(rows.names, ids, strict=True) if not own]
    fresh = iter(identity.ids(new, [*there.ids, *ids]))
    return [own or next(fresh) for own in ids]


# -- what they say ---------------------------------------------------------------------------------


def _segments(text: Tables, said: Sequence[str], rows: _Rows) -> tuple[dict[str, str], dict[str, str]]:
    """Text of the list (as `folded`) -> id of the segment, and the new ones: id -> name."""
    frame = text.get("segments", empty("segments"))
    there = [t.strip() for t in frame["segment"]] if "segment" in frame else []
    names = frame["name"].tolist() if "name" in frame else [""] * len(there)
    of: dict[str, str] = {}
    for word, segment in [*zip(there, there, strict=True), *zip(names, there, strict=True)]:
        of.setdefault(folded(word), segment)
    new: dict[str, str] = {}
    for t in filter(None, map(known, said)):
        if folded(t) not in of:
            new.setdefault(folded(t), " ".join(t.split()))
    fresh = dict(zip(new, identity.ids(new.values(), there), strict=True))
    if len(new) > MOST_SEGMENTS:
        rows.say("many_segments", n=len(new))
    return of | fresh, {fresh[key]: name for key, name in new.items()}


def _values(
    rows: _Rows, mapping: Mapping[str, str], segments: Mapping[str, str], decimal: str
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The texts of each mapped column, and by header the original texts that could not be read."""
    values: dict[str, list[str]] = {}
    originals: dict[str, list[str]] = {}
    for name, header in mapping.items():
        said = rows.cells[header]
        bad: dict[int, str] = {}
        if name == "name":
            values[name] = [*map(identity.name_of, said)]
        elif name == "segment":
            values[name] = [segments.get(folded(known(t)), "") for t in said]
        elif name == "note":
            values[name] = said
        elif name == "status":
            values[name] = [status_of(t) for t in said]
            unread = [i for i, t in enumerate(said) if known(t) and not values[name][i]]
            bad = dict.fromkeys(unread, "neither current nor prospect")
        elif name in MONEY:
            texts, unread = numbers(said, decimal, times_of(header))
            outside = [i for i, t in enumerate(texts) if not _allowed(name, t)]
            bad = dict.fromkeys(unread, "not read as a number")
            bad |= dict.fromkeys(outside, f"not {CUSTOMERS[name].allowed}")
            values[name] = ["" if i in bad else t for i, t in enumerate(texts)]
        for i, what in bad.items():
            rows.say("unread", rows.lines[i], header, said[i], what=what, field=name)
        if bad:
            originals[header] = [t if i in bad else "" for i, t in enumerate(said)]
    return values, originals


def _allowed(name: str, text: str) -> bool:
    try:
        parse(CUSTOMERS[name], text)
    except ValueError:
        return False
    return True


def _parents(rows: _Rows, header: str, ids: Sequence[str], text: Tables) -> list[str]:
    """The id of each row's parent, known to the list or the workbook by id or name."""
    there = identity.Known(text)
    of = dict(zip(map(folded, rows.names), ids, strict=True)) | {folded(i): i for i in ids}
    result = []
    for said, own, line in zip(rows.cells[header], ids, rows.lines, strict=True):
        parent = of.get(folded(said)) or there.by_id.get(folded(said)) or there.named(said)
        if not parent and known(said):
            rows.say("no_parent", line, header, said)
        result.append(parent if parent != own else "")
    return result


def _extras(
    rows: _Rows,
    mapping: Mapping[str, str],
    originals: Mapping[str, list[str]],
    there: Sequence[str],
) -> list[tuple[str, str, list[str]]]:
    """The columns that customers gets beside the defined ones: header, column, texts."""
    defined = {folded(name) for name in (*CUSTOMERS.names, "row_")}
    own = {folded(column): column for column in there if column not in CUSTOMERS.names}
    wanted = {h: t for h, t in rows.cells.items() if h not in mapping.values()} | dict(originals)
    result, used = [], set[str]()
    for header, texts in wanted.items():
        if not any(texts):
            rows.say("empty_column", "", header)
            continue
        name = f"{header} (list)" if header in originals or folded(header) in defined else header
        name = unique([name], used)[0]
        name = own.get(folded(name), name)
        used.add(name)
        result.append((header, name, texts))
    total = len(dict.fromkeys([*CUSTOMERS.names, *there, *(name for _, name, _ in result)]))
    if total > MOST_COLUMNS:
        raise refusal("customers_columns", table="customers", n=total, most=MOST_COLUMNS)
    return result
