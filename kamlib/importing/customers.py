"""A list of customers merged into a workbook: what is new, what changes, and what is left as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress

import pandas as pd

from kamlib.checks import finding
from kamlib.errors import InvalidInput, WorkbookError, did_you_mean
from kamlib.importing import identity
from kamlib.importing.columns import FIELDS, MOST_SEGMENTS, status_of
from kamlib.importing.figures import is_number, numbers, times_of
from kamlib.importing.shape import total_of
from kamlib.importing.vocabulary import KINDS, NOBODY, clean, folded, plain, says, unique
from kamlib.stores.base import MOST_COLUMNS, Change, Notes
from kamlib.tables import DEFINITIONS, Tables, empty, parse, parse_number

CUSTOMERS = DEFINITIONS["customers"]
MONEY = KINDS["customers"]["money"]
BY_PLACE = re.compile(r"Customer \d{3,}")


@dataclass(frozen=True)
class Merged:
    """What a list would change in a workbook.

    `changes` are for the store, all or none; `notes` say what was doubtful; `counts` has rows = added +
    updated + unchanged + left_out, and kept (cells where the workbook's value stood); `columns` says
    where the columns without a field of their own went: header -> column of customers; `examples` has
    some names for each of added, updated, unchanged and left_out.
    """

    changes: list[Change]
    notes: Notes
    counts: dict[str, int]
    columns: dict[str, str]
    examples: dict[str, list[str]]


@dataclass
class _Rows:
    """The rows of a list that are customers: line, name, id ("" for none), and the cells of each header."""

    lines: list[str]
    names: list[str]
    keys: list[str]
    cells: dict[str, list[str]]
    notes: Notes = field(default_factory=list)
    out: list[str] = field(default_factory=list)

    def warn(
        self,
        message: str,
        line: str = "",
        column: str = "",
        found: str = "",
        level: str = "warning",
    ) -> None:
        self.notes.append(finding(level, "", message, line, column, found))


def merge(
    text: Tables,
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    replace: bool = False,
    decimal: str = "",
) -> Merged:
    """The changes that bring a list (see `shape.table`) into a workbook's text tables; nothing is changed here.

    `mapping` is field -> header (see `columns.choose`), `decimal` the mark that the file itself tells. A
    customer is known by its id, else by its name, else by a column that an earlier list brought; what the
    workbook says stays unless `replace`. The same list a second time changes nothing. Raises InvalidInput
    for a mapping that does not fit, or where nothing tells which customer of the workbook a line is;
    WorkbookError for too many columns.
    """
    _refuse_mapping(frame, mapping)
    rows = _rows(frame, mapping)
    segments, new_segments = _segments(text, rows.cells.get(mapping.get("segment", ""), []), rows)
    values, originals = _values(rows, mapping, segments, decimal)
    current = identity.customers(text)
    places = _matched(text, rows, mapping)
    known: list[dict[str, str]] = current.to_dict("records")
    if other := {i: k for i, (k, (p, _)) in enumerate(zip(rows.keys, places, strict=True))
                 if k and p is not None and folded(k) != folded(known[p]["customer"])}:  # fmt: skip
        originals[mapping["customer"]] = [other.get(i, "") for i in range(len(places))]
    extras = _extras(rows, mapping, originals, list(current.columns))
    values |= {column: texts for _, column, texts in extras}
    if "parent" in mapping:
        values["parent"] = _parents(
            rows,
            mapping["parent"],
            [known[p]["customer"] if p is not None else i for p, i in places],
            text,
        )
    changes = [Change("segments", {"segment": i}, {"name": n}) for i, n in new_segments.items()]
    counts = dict.fromkeys(("rows", "added", "updated", "unchanged", "left_out", "kept"), 0)
    counts |= {"rows": len(frame), "left_out": len(frame) - len(rows.lines)}
    examples: dict[str, list[str]] = {
        "added": [],
        "updated": [],
        "unchanged": [],
        "left_out": rows.out,
    }
    for row, (place, customer) in enumerate(places):
        new = {column: texts[row] for column, texts in values.items() if texts[row]}
        if place is None:
            changes.append(Change("customers", {"customer": customer}, {"name": rows.names[row], **new}))
            what = "added"
        else:
            differs, kept = _update(known[place], new, replace)
            for c in kept:
                old = known[place][c].strip()[:60]
                rows.warn(
                    f'{c} is "{old}" in the workbook, which stays; --replace takes the list\'s.',
                    rows.lines[row],
                    c,
                    new[c],
                )
            counts["kept"] += len(kept)
            what = "updated" if differs else "unchanged"
            if differs:
                changes.append(Change("customers", {"customer": known[place]["customer"].strip()}, differs))
        counts[what] += 1
        examples[what].append(rows.names[row])
    if "name" not in mapping and "customer" not in mapping and known:
        _refuse_by_place(counts)
    names = dict(
        zip(
            (known[p]["customer"].strip() if p is not None else i for p, i in places),
            rows.names,
            strict=True,
        )
    )
    before = {row["customer"].strip(): row.get("name", "") for row in known}
    rows.notes += identity.remarks([*before], before | names)
    return Merged(changes, rows.notes, counts, {h: c for h, c, _ in extras}, examples)


def _refuse_mapping(frame: pd.DataFrame, mapping: Mapping[str, str]) -> None:
    for name, header in mapping.items():
        if name not in FIELDS:
            hint = did_you_mean(name, FIELDS)
            raise InvalidInput(f'A list has nothing for "{name[:60]}".', found=name, hint=hint)
        if header not in frame.columns:
            short, hint = header[:60], did_you_mean(header[:60], frame.columns)
            raise InvalidInput(f'The list has no column "{short}".', column=short, found=header, hint=hint)


def _refuse_by_place(counts: Mapping[str, int]) -> None:
    if counts["added"] or counts["updated"] or counts["kept"]:
        raise InvalidInput(
            "Nothing in this list says which customer is which: it has neither names nor ids, and the workbook has "
            "customers already.",
            hint="Say which column identifies them: --key HEADER, or -m name=HEADER.",
        )


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


def _known(texts: Sequence[str]) -> list[str]:
    return ["" if text.lower() in NOBODY else text for text in texts]


# -- which rows, and who they are -------------------------------------------------------------------


def _rows(frame: pd.DataFrame, mapping: Mapping[str, str]) -> _Rows:
    """The rows that are customers: not those without a name, nor totals, nor the same row again."""
    cells = {h: [clean(t) for t in frame[h]] for h in frame.columns}
    blank = [""] * len(frame)
    keys = [identity.id_of(t) for t in _known(cells[mapping["customer"]])] if "customer" in mapping else blank
    rows = _Rows([f"line {n}" for n in frame.index], [], keys, cells)
    rows.names = _names(rows, mapping)
    header = mapping.get("name", "")
    every = [*zip(*cells.values(), strict=True)] if cells else [()] * len(frame)
    totals = _totals(every, bool(header))
    seen: dict[tuple[str, ...], int] = {}
    named: dict[str, int] = {}
    keep, twins = [], []
    for i, (row, line) in enumerate(zip(every, rows.lines, strict=True)):
        first = seen.setdefault(row, i) if header or any(keys) else i
        wrong = ""
        if i in totals:
            wrong = "This line is a total, not a customer; it is left out."
        elif not rows.names[i]:
            wrong = "This line has no name; it is left out."
        elif first != i:
            wrong = f"This line is the same as {rows.lines[first]}; it is taken once."
        elif header and (twin := named.setdefault(folded(rows.names[i]), i)) != i:
            twins.append(i)
            message = f"{rows.lines[twin].capitalize()} has the same name; both are kept, as two customers."
            rows.warn(message, line, header, rows.names[i], "note" if keys[i] else "warning")
        keep.append(not wrong)
        if wrong:
            found = rows.names[i] or " ".join(filter(None, row))
            rows.warn(wrong, line, header, found, "note" if i in totals else "warning")
            rows.out.append(found)
    if len(twins) > len(every) / 2:
        message = (
            "Most names stand in several lines, as in a list of orders, and each line becomes a customer."
        )
        rows.warn(message + " Import it as a ledger: kam import-ledger.", "", header)
    some = {h: [*compress(texts, keep)] for h, texts in cells.items()}
    lines, names, keys = ([*compress(part, keep)] for part in (rows.lines, rows.names, keys))
    return _Rows(lines, names, keys, some, rows.notes, rows.out)


def _names(rows: _Rows, mapping: Mapping[str, str]) -> list[str]:
    """The name of each row, "" where it has none; made from its id or its place where no column holds names."""
    if "name" in mapping:
        said = [" ".join(text.split()) for text in rows.cells[mapping["name"]]]
        said = ["" if not plain(name) and name.lower() in NOBODY else name for name in said]
        return [name or key for name, key in zip(said, rows.keys, strict=True)]
    names = [f"Customer {key}" if key else f"Customer {n:03d}" for n, key in enumerate(rows.keys, start=1)]
    if names:
        of = "their ids" if any(rows.keys) else "their place in the list"
        rows.warn(
            f"No column holds names: the customers are named by {of}, such as {names[0]}.",
            level="note",
        )
    if not any(rows.keys):
        for header, texts in rows.cells.items():
            if says("customer", header) and 0 < len({*texts}) < 0.9 * len(texts):
                message = f"{header} names a customer in several lines, as in a list of orders, and each line becomes a customer."
                rows.warn(message + " Import it as a ledger: kam import-ledger.", "", header)
                break
    return names


def _totals(every: Sequence[tuple[str, ...]], is_named: bool) -> set[int]:
    """Which rows are totals: they say so, and a lone "Total" has figures that are the sum of the others."""
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
    """Is a figure of this row the sum of those above, all of them or those since the total before?"""
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


def _matched(text: Tables, rows: _Rows, mapping: Mapping[str, str]) -> list[tuple[int | None, str]]:
    """For each row its place in the workbook, or None and the id it gets there.

    By id where the row has one, else by name; of several of one name the first goes with the first. An id
    that kamlib made from a name gives way to the list's own.
    """
    frame = identity.customers(text)
    known = identity.Known(text, mapping.get("customer", ""), mapping.get("name", ""))
    place_of = {customer: i for i, customer in reversed([*enumerate(known.ids)])}
    used: set[str] = set()
    last: dict[str, int] = {}
    keys = [identity.free(key, used, last) if key else "" for key in rows.keys]
    first: dict[str, str] = {}
    for key, numbered, line in zip(rows.keys, keys, rows.lines, strict=True):
        before = first.setdefault(key.casefold(), line)
        if key and before != line:
            rows.warn(
                f"The id stands in {before} too; both are kept, this one as {numbered}.",
                line,
                "",
                key,
            )
    rows.keys[:] = keys
    found = [place_of.get(known.by_id.get(folded(key), "")) if key else None for key in keys]
    waiting = _waiting(frame, mapping.get("name", ""), {place for place in found if place is not None})
    count = Counter(map(folded, rows.names))
    for i, (name, key) in enumerate(zip(rows.names, keys, strict=True)):
        if found[i] is not None:
            continue
        same = waiting.get(folded(name)) or waiting.get(plain(name)) or []
        same[:] = [place for place in same if place not in found]
        if not same:
            continue
        own = known.ids[same[-1]]
        if not key or (count[folded(name)] == 1 and re.fullmatch(rf"{identity.ids([name])[0]}(_\d+)?", own)):
            found[i] = same.pop()
        else:
            message = f"{own[:40]} in the workbook has this name but another id; both are kept."
            rows.warn(message, rows.lines[i], "", name)
    new = [i for i, place in enumerate(found) if place is None and not keys[i]]
    taken = [*known.ids, *filter(None, keys)]
    fresh = dict(zip(new, identity.ids([rows.names[i] for i in new], taken), strict=True))
    return [(place, fresh.get(i, keys[i])) for i, place in enumerate(found)]


def _waiting(frame: pd.DataFrame, header: str, claimed: set[int]) -> dict[str, list[int]]:
    """The customers that no id has claimed, by name and spelling, and by a column headed like the list's names."""
    waiting: dict[str, list[int]] = {}
    beside = [c for c in frame.columns if c not in ("customer", "name") and plain(c) == plain(header)]
    for place, row in reversed([*enumerate(frame.to_dict("records"))]):
        if place not in claimed:
            others = row.get("also_known_as", "").split(";")
            names = [row.get("name", "") or row["customer"], *others, *(row[c] for c in beside)]
            for word in {form(name) for name in names for form in (folded, plain) if form(name)}:
                waiting.setdefault(word, []).append(place)
    return waiting


# -- what they say ----------------------------------------------------------------------------------


def _segments(text: Tables, said: Sequence[str], rows: _Rows) -> tuple[dict[str, str], dict[str, str]]:
    """Text of the list (as `folded`) -> id of the segment, and the new ones: id -> name."""
    frame = text.get("segments", empty("segments"))
    there = [t.strip() for t in frame["segment"]] if "segment" in frame else []
    names = frame["name"].tolist() if "name" in frame else [""] * len(there)
    of: dict[str, str] = {}
    for word, segment in [*zip(there, there, strict=True), *zip(names, there, strict=True)]:
        of.setdefault(folded(word), segment)
    new: dict[str, str] = {}
    for t in filter(None, _known(said)):
        if folded(t) not in of:
            new.setdefault(folded(t), " ".join(t.split()))
    fresh = dict(zip(new, identity.ids(new.values(), there), strict=True))
    if len(new) > MOST_SEGMENTS:
        rows.warn(
            f"{len(new)} segments are made, each with a matrix of its own. Is this the column of the segments?"
        )
    return of | fresh, {fresh[key]: name for key, name in new.items()}


def _values(rows: _Rows, mapping: Mapping[str, str], segments: Mapping[str, str],
            decimal: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:  # fmt: skip
    """The texts of each mapped column, and by header the original texts that could not be read."""
    values: dict[str, list[str]] = {}
    originals: dict[str, list[str]] = {}
    for name, header in mapping.items():
        said = rows.cells[header]
        bad: list[tuple[int, str]] = []
        if name == "name":
            values[name] = [" ".join(t.split()) for t in said]
        elif name == "segment":
            values[name] = [segments.get(folded(t), "") for t in _known(said)]
        elif name == "note":
            values[name] = said
        elif name == "status":
            values[name] = [status_of(t) for t in said]
            bad = [
                (i, "neither current nor prospect")
                for i, t in enumerate(_known(said))
                if t and not values[name][i]
            ]
        elif name in MONEY:
            texts, unread = numbers(said, decimal, times_of(header))
            outside = {i for i, t in enumerate(texts) if not _allowed(name, t)}
            bad = [(i, "not read as a number") for i in unread] + [
                (i, f"not {CUSTOMERS[name].allowed}") for i in sorted(outside)
            ]
            values[name] = ["" if i in outside else t for i, t in enumerate(texts)]
        for i, what in bad:
            message = f"This is {what}: {name} stays unknown, the text is kept beside it."
            rows.warn(message, rows.lines[i], header, said[i])
            originals.setdefault(header, [""] * len(said))[i] = said[i]
    return values, originals


def _allowed(name: str, text: str) -> bool:
    try:
        parse(CUSTOMERS[name], text)
    except ValueError:
        return False
    return True


def _parents(rows: _Rows, header: str, ids: Sequence[str], text: Tables) -> list[str]:
    """The id of each row's parent, which the list or the workbook knows by id or name; itself is none."""
    known = identity.Known(text)
    of = dict(zip(map(folded, rows.names), ids, strict=True)) | {folded(i): i for i in ids}
    result = []
    for said, own, line in zip(rows.cells[header], ids, rows.lines, strict=True):
        parent = of.get(folded(said)) or known.by_id.get(folded(said)) or known.by_name.get(folded(said))
        if said and not parent and said.lower() not in NOBODY:
            rows.warn("No customer of this name or id; the parent stays unknown.", line, header, said)
        result.append(parent if parent and parent != own else "")
    return result


def _extras(rows: _Rows, mapping: Mapping[str, str], originals: Mapping[str, list[str]],
            there: Sequence[str]) -> list[tuple[str, str, list[str]]]:  # fmt: skip
    """The columns that customers gets beside the defined ones: header, column, texts."""
    defined = {folded(name) for name in (*CUSTOMERS.names, "row_")}
    own = {folded(column): column for column in there if column not in CUSTOMERS.names}
    wanted = {h: t for h, t in rows.cells.items() if h not in mapping.values()} | dict(originals)
    result, used = [], set[str]()
    for header, texts in wanted.items():
        if not any(texts):
            rows.warn("This column is empty; it is not added.", "", header, level="note")
            continue
        name = f"{header} (list)" if header in originals or folded(header) in defined else header
        name = unique([name], used)[0]
        name = own.get(folded(name), name)
        used.add(name)
        result.append((header, name, texts))
    total = len(dict.fromkeys([*CUSTOMERS.names, *there, *(name for _, name, _ in result)]))
    if total > MOST_COLUMNS:
        raise WorkbookError(
            f"customers would have {total} columns; at most {MOST_COLUMNS} are kept.",
            table="customers",
            hint="Delete the columns that do not matter from the list.",
        )
    return result
