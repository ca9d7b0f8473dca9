"""A list merged into the tables of a workbook: what is new, what changes, and what is left as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import pandas as pd

from kamlib.errors import InvalidInput, WorkbookError, did_you_mean
from kamlib.imports.figures import UNKNOWN, is_number, numbers
from kamlib.imports.shape import REPORT, Told, clean, folded, told, unique
from kamlib.imports.words import FIELDS, MONEY, MOST_SEGMENTS, looks_like_orders, status_of
from kamlib.stores.base import MOST_COLUMNS, Change
from kamlib.tables import DEFINITIONS, Tables, empty, parse, parse_number

CUSTOMERS = DEFINITIONS["customers"]
_NOTHING = UNKNOWN - {"na", "nan", "nc", "nd"}  # as texts they may mean North America
LONGEST_ID, LONGEST_SLUG = 80, 40
TOTALS = re.compile(
    r"(grand |sub ?|over ?all )?totals?|sum|summe|gesamt(summe)?|insgesamt|zwischensumme|somme|total (general|général)|suma",
    re.I,
)


@dataclass(frozen=True)
class Merged:
    """What a list would change in a workbook.

    `changes` are for the store, all or none; `report` (columns REPORT) says what was doubtful; `counts`
    has rows = added + updated + unchanged + left_out, and kept (cells where the workbook's value stood);
    `columns` says where the columns without a field of their own went: header -> column of customers.
    """

    changes: list[Change]
    report: pd.DataFrame
    counts: dict[str, int]
    columns: dict[str, str]


def ids(names: Iterable[str], taken: Iterable[str] = (), otherwise: str = "customer") -> list[str]:
    """A short id for each name, none twice or among those taken: Alder & Co becomes alder_co."""
    used, last, result = {t.casefold() for t in taken}, dict[str, int](), []
    for name in names:
        bare = "".join(
            c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c)
        )
        base = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[:LONGEST_SLUG].strip("_") or otherwise
        result.append(_free(base, used, last))
    return result


def _free(base: str, used: set[str], last: dict[str, int]) -> str:
    made, number = base, last.get(base.casefold(), 1)
    while made.casefold() in used:
        number += 1
        made = f"{base}_{number}"
    last[base.casefold()] = number
    used.add(made.casefold())
    return made


def merge(text: Tables, frame: pd.DataFrame, mapping: Mapping[str, str], replace: bool = False) -> Merged:
    """The changes that bring a list (see `table`) into a workbook's text tables; nothing is changed here.

    `mapping` is field -> header (see `propose`). A customer is known by its id where the list has one,
    else by its name; what the workbook says stays unless `replace`. The same list a second time changes
    nothing. Raises InvalidInput for a mapping that does not fit, WorkbookError for too many columns.
    """
    _refuse_mapping(frame, mapping)
    report: list[Told] = []
    rows = _rows(frame, mapping, report)
    segments = _segments(text, rows.cells.get(mapping.get("segment", ""), []), report)
    values, originals = _values(rows, mapping, segments, str(frame.attrs.get("decimal", "")), report)
    current = _customers(text)
    extras = _extras(rows.cells, mapping, originals, list(current.columns), report)
    values |= {column: texts for _, column, texts in extras}
    known: list[dict[str, str]] = current.to_dict("records")  # type: ignore[assignment]
    changes = [Change("segments", {"segment": i}, {"name": n}) for i, n in segments.added.items()]
    counts = dict.fromkeys(("rows", "added", "updated", "unchanged", "left_out", "kept"), 0)
    counts |= {"rows": len(frame), "left_out": len(frame) - len(rows.lines)}
    for row, (place, made) in enumerate(_matched(known, rows, report)):
        new = {column: texts[row] for column, texts in values.items() if texts[row]}
        if place is None:
            changes.append(Change("customers", {"customer": made}, {"name": rows.names[row], **new}))
            counts["added"] += 1
            continue
        differs, kept = _update(known[place], new, replace)
        report += [_kept(rows.lines[row], c, new[c], known[place][c]) for c in kept]
        counts["kept"] += len(kept)
        counts["updated" if differs else "unchanged"] += 1
        if differs:
            changes.append(Change("customers", {"customer": known[place]["customer"].strip()}, differs))
    went = {header: column for header, column, _ in extras}
    return Merged(changes, pd.DataFrame(report, columns=REPORT), counts, went)


def _update(
    old: Mapping[str, str], new: Mapping[str, str], replace: bool
) -> tuple[dict[str, str], list[str]]:
    """What of a row is new, and the columns where the workbook's own value stays."""
    differs = {c: v for c, v in new.items() if not _same(c, old.get(c, ""), v)}
    kept = [] if replace else [c for c in differs if old.get(c, "").strip()]
    return {c: v for c, v in differs.items() if c not in kept}, kept


def _refuse_mapping(frame: pd.DataFrame, mapping: Mapping[str, str]) -> None:
    for field, header in mapping.items():
        if field not in FIELDS:
            raise InvalidInput(
                f'A list has nothing for "{field[:60]}".', found=field, hint=did_you_mean(field, FIELDS)
            )
        if header not in frame.columns:
            raise InvalidInput(f'The list has no column "{header[:60]}".', column=header[:60], found=header,
                               hint=did_you_mean(header[:60], frame.columns))  # fmt: skip


def _customers(text: Tables) -> pd.DataFrame:
    frame = text.get("customers", empty("customers"))
    return frame if len(frame.columns) else empty("customers")


def _known(texts: Sequence[str]) -> list[str]:
    return ["" if text.lower() in _NOTHING else text for text in texts]


# -- which rows, and who they are -------------------------------------------------------------------


@dataclass(frozen=True)
class _Rows:
    """The rows of a list that are customers: line, name, id ("" for none), and the cells of each header."""

    lines: list[str]
    names: list[str]
    keys: list[str]
    cells: dict[str, list[str]]


def _rows(frame: pd.DataFrame, mapping: Mapping[str, str], report: list[Told]) -> _Rows:
    lines = [f"line {n}" for n in frame.index]
    cells = {h: [clean(t) for t in frame[h]] for h in frame.columns}
    keys = _known(cells[mapping["customer"]]) if "customer" in mapping else [""] * len(lines)
    keys = [re.sub(r"\s+", "_", key)[:LONGEST_ID] for key in keys]
    names = _named(cells, mapping, keys, report)
    keep = _customers_among(cells, mapping.get("name", ""), names, lines, keys, report)
    some = {header: [*compress(texts, keep)] for header, texts in cells.items()}
    return _Rows([*compress(lines, keep)], [*compress(names, keep)], [*compress(keys, keep)], some)


def _named(cells: Mapping[str, list[str]], mapping: Mapping[str, str], keys: Sequence[str],
           report: list[Told]) -> list[str]:  # fmt: skip
    """The name of each row, "" where it has none; made from its id or its place where no column holds names."""
    if "name" in mapping:
        said = [" ".join(text.split()) for text in cells[mapping["name"]]]
        return [name or key for name, key in zip(said, keys, strict=True)]
    names = [f"Customer {key}" if key else f"Customer {n:03d}" for n, key in enumerate(keys, start=1)]
    if names:
        of = "their ids" if any(keys) else "their place in the list"
        message = f"No column holds names: the customers are named by {of}, such as {names[0]}."
        report.append(told("note", message))
    if not any(keys) and (header := looks_like_orders(cells)):
        message = f"{header} names a customer in several lines, as in a list of orders, and each line becomes a customer."
        report.append(told("warning", message + " Add up the lines of each customer first.", "", header))
    return names


def _customers_among(cells: Mapping[str, list[str]], header: str, names: Sequence[str], lines: Sequence[str],
                     keys: Sequence[str], report: list[Told]) -> list[bool]:  # fmt: skip
    """Which rows are customers: not those without a name, nor a total, nor the same row again."""
    rows = [*zip(*cells.values(), strict=True)] if cells else [()] * len(lines)
    last = [i for i, row in enumerate(rows) if any(row)][-3:]
    seen: dict[tuple[str, ...], int] = {}
    named: dict[str, int] = {}
    keep, twins = [], 0
    for i, (row, line) in enumerate(zip(rows, lines, strict=True)):
        wrong = (
            ("note", "This line is a total, not a customer; it is left out.")
            if i in last and _is_total(row)
            else None
        )
        wrong = wrong or (("warning", "This line has no name; it is left out.") if not names[i] else None)
        first = seen.setdefault(row, i) if header else i
        if not wrong and first != i:
            wrong = "warning", f"This line is the same as {lines[first]}; it is taken once."
        keep.append(not wrong)
        if wrong:
            report.append(told(*wrong, line, header, names[i] or " ".join(filter(None, row))))
        elif header and (twin := named.setdefault(folded(names[i]), i)) != i:
            twins += 1
            message = f"{lines[twin].capitalize()} has the same name; both are kept, as two customers."
            report.append(told("note" if keys[i] else "warning", message, line, header, names[i]))
    if twins > len(rows) / 2:
        message = (
            "Most names stand in several lines, as in a list of orders, and each line becomes a customer."
        )
        report.insert(0, told("warning", message + " Add up the lines of each customer first.", "", header))
    return keep


def _is_total(row: Sequence[str]) -> bool:
    filled = [text for text in row if text]
    words = [text for text in filled if TOTALS.fullmatch(text.rstrip(" :"))]
    return len(words) == 1 and len(filled) > 1 and all(is_number(t) for t in filled if t not in words)


def _matched(
    known: Sequence[Mapping[str, str]], rows: _Rows, report: list[Told]
) -> list[tuple[int | None, str]]:
    """For each row its place in the workbook, or None and the id it gets there.

    By id where the row has one, else by name; of several of one name the first goes with the first.
    """
    used: set[str] = set()
    last: dict[str, int] = {}
    keys = [_free(key, used, last) if key else "" for key in rows.keys]
    _twice(keys, rows, report)
    by_id = {row["customer"].strip().casefold(): place for place, row in reversed([*enumerate(known)])}
    found = [by_id.get(key.casefold()) if key else None for key in keys]
    claimed = set(found)
    free: dict[str, list[int]] = {}
    for place, row in reversed([*enumerate(known)]):
        if place not in claimed:
            free.setdefault(folded(row.get("name", "") or row["customer"]), []).append(place)
    for i, key in enumerate(keys):
        same = free.get(folded(rows.names[i]), [])
        if same and not key:
            found[i] = same.pop()
        elif same and found[i] is None:
            message = f"{known[same[-1]]['customer'][:40]} in the workbook has this name but another id; both are kept."
            report.append(told("warning", message, rows.lines[i], "", rows.names[i]))
    new = [i for i, place in enumerate(found) if place is None and not keys[i]]
    taken = [*(row["customer"].strip() for row in known), *filter(None, keys)]
    made = dict(zip(new, ids([rows.names[i] for i in new], taken), strict=True))
    return [(place, made.get(i, keys[i])) for i, place in enumerate(found)]


def _twice(keys: Sequence[str], rows: _Rows, report: list[Told]) -> None:
    first: dict[str, str] = {}
    for key, made, line in zip(rows.keys, keys, rows.lines, strict=True):
        before = first.setdefault(key.casefold(), line)
        if key and before != line:
            message = f"The id stands in {before} too; both are kept, this one as {made}."
            report.append(told("warning", message, line, "", key))


# -- what they say ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Segments:
    """Text of the list (as `folded`) -> id of the segment; `added` are new: id -> name."""

    of: dict[str, str]
    added: dict[str, str]


def _segments(text: Tables, said: Sequence[str], report: list[Told]) -> _Segments:
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
    made = dict(zip(new, ids(new.values(), there), strict=True))
    if len(new) > MOST_SEGMENTS:
        message = f"{len(new)} segments are made, each with a matrix of its own. Is this the column of the segments?"
        report.append(told("warning", message))
    return _Segments(of | made, {made[key]: name for key, name in new.items()})


def _values(rows: _Rows, mapping: Mapping[str, str], segments: _Segments, decimal: str,
            report: list[Told]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:  # fmt: skip
    """The texts of each mapped column, and by header the original texts that could not be read."""
    cells, lines = rows.cells, rows.lines
    values: dict[str, list[str]] = {}
    originals: dict[str, list[str]] = {}
    for field, header in mapping.items():
        said = cells[header]
        if field == "name":
            values[field] = [" ".join(t.split()) for t in said]
        elif field == "segment":
            values[field] = [segments.of.get(folded(t), "") for t in _known(said)]
        elif field == "note":
            values[field] = said
        elif field == "status":
            values[field] = [status_of(t) for t in said]
            bad = [i for i, t in enumerate(_known(said)) if t and not values[field][i]]
            _unread(field, header, said, bad, "neither current nor prospect", lines, originals, report)
        elif field in MONEY:
            values[field], bad = numbers(said, decimal)
            _unread(field, header, said, bad, "not read as a number", lines, originals, report)
            bad = [i for i, t in enumerate(values[field]) if not _allowed(field, t)]
            _unread(field, header, said, bad, f"not {CUSTOMERS[field].allowed}", lines, originals, report)
            values[field] = (
                ["" if i in set(bad) else t for i, t in enumerate(values[field])] if bad else values[field]
            )
    return values, originals


def _allowed(field: str, text: str) -> bool:
    try:
        parse(CUSTOMERS[field], text)
    except ValueError:
        return False
    return True


def _unread(field: str, header: str, said: Sequence[str], bad: Sequence[int], what: str, lines: Sequence[str],
            originals: dict[str, list[str]], report: list[Told]) -> None:  # fmt: skip
    """Say what could not be read, and keep it as it was written."""
    for i in bad:
        message = f"This is {what}: {field} stays unknown, the text is kept beside it."
        report.append(told("warning", message, lines[i], header, said[i]))
        originals.setdefault(header, [""] * len(said))[i] = said[i]


def _extras(cells: Mapping[str, list[str]], mapping: Mapping[str, str], originals: Mapping[str, list[str]],
            there: Sequence[str], report: list[Told]) -> list[tuple[str, str, list[str]]]:  # fmt: skip
    """The columns that customers gets beside the defined ones: header, column, texts."""
    defined = {folded(name) for name in (*CUSTOMERS.names, "row_")}
    own = {folded(column): column for column in there if column not in CUSTOMERS.names}
    result, wanted = [], {**{h: t for h, t in cells.items() if h not in mapping.values()}, **originals}
    used: set[str] = set()
    for header, texts in wanted.items():
        if not any(texts):
            report.append(told("note", "This column is empty; it is not added.", "", header))
            continue
        name = f"{header} (list)" if header in originals or folded(header) in defined else header
        name = unique([name], used)[0]
        name = own.get(folded(name), name)
        used.add(name)
        result.append((header, name, texts))
    total = len(dict.fromkeys([*CUSTOMERS.names, *there, *(name for _, name, _ in result)]))
    if total > MOST_COLUMNS:
        raise WorkbookError(f"customers would have {total} columns; at most {MOST_COLUMNS} are kept.",
                            table="customers", hint="Delete the columns that do not matter from the list.")  # fmt: skip
    return result


def _same(column: str, old: str, new: str) -> bool:
    if old.strip() == new or (column == "name" and folded(old) == folded(new)):
        return True
    if column in MONEY and old.strip():
        try:
            return parse_number(old) == parse_number(new)
        except ValueError:
            return False
    return False


def _kept(line: str, column: str, new: str, old: str) -> Told:
    message = f'{column} is "{old.strip()[:60]}" in the workbook, which stays; --replace takes the list\'s.'
    return told("warning", message, line, column, new)
