"""Sales lines added up by customer and year: every line is counted, or left out and said so.

A line without a date goes to the year "undated", one without a customer to the customer "unnamed".
Negative revenue is a credit and is subtracted. What cannot be read as revenue is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kamlib.imports.figures import UNKNOWN, is_number, mark_of
from kamlib.imports.merging import LONGEST_ID, TOTALS
from kamlib.imports.shape import clean, folded
from kamlib.ledgers import amounts, dates, twins
from kamlib.ledgers.reading import Source, Tell
from kamlib.ledgers.words import MONEY, NUMBERS, is_currency

_NOTHING = UNKNOWN - {"na", "nan", "nc", "nd"}  # as names they may be somebody
_YEARS = 4096  # a group is a customer times this, plus the year
_TOLD, _TAIL = 5, 3
_VARIED = 0.2  # share of different texts beyond which it does not pay to look for equal ones
SUMS = ("revenue", "cost", "uncosted", "discount", "freight")
COUNTS = ("lines", "costed", "discounted", "freighted", "order_lines")
Key = tuple[str, str]  # ("id", C1001), ("name", alder & co) or ("", ""), as they are compared


@dataclass
class Seen:
    """Some lines of one kind: how many, what revenue they carry, and the first of them as (line, text)."""

    count: int = 0
    revenue: int = 0
    some: list[tuple[str, str]] = field(default_factory=list)

    def add(
        self, lines: np.ndarray, where: np.ndarray, revenue: np.ndarray, column: amounts.Coded | None = None
    ) -> None:
        count = int(where.sum())
        if not count:
            return
        self.count += count
        self.revenue += amounts.total(revenue[where])
        for place in np.flatnonzero(where)[: _TOLD - len(self.some)]:
            text = column.texts[column.codes[place]] if column else ""
            self.some.append((f"line {lines[place]}", text))


@dataclass
class Ledger:
    """What a file of sales adds up to.

    `rows` has a row for each customer and year: key, year (0 for undated), the SUMS in units (see
    `amounts`), the COUNTS and orders. `fields` are those of MONEY that the file has; `in_file` and
    `left_out` are exact sums of them. `months` is how many months of each year the file covers, 0 where
    its dates are years alone, `currencies` what columns of that name hold. `key_header` heads the customers' ids. `seen` holds what was found on the way, by kind.
    """

    fields: tuple[str, ...]
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    names: Counter[tuple[Key, str]] = field(default_factory=Counter)
    ids: Counter[tuple[Key, str]] = field(default_factory=Counter)
    months: dict[int, int] = field(default_factory=dict)
    dates_decided: str = ""
    in_file: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    lines: int = 0
    currencies: dict[str, set[str]] = field(default_factory=dict)
    key_header: str = ""
    most_compared: int = 0
    less_discount: bool = False


def add_up(source: Source, mapping: Mapping[str, str], *, before_discount: bool = False,
           drop_duplicates: bool = False, tell: Tell = lambda done: None) -> Ledger:  # fmt: skip
    """The ledger that a file adds up to; `mapping` is field -> header (see `words.choose`).

    `before_discount`: the file's revenue is before discounts, which are subtracted. `drop_duplicates`:
    of lines that are alike in every column the first is taken. `tell` hears how much is done, 0 to 1.
    """
    headers = {f: h for f, h in mapping.items() if f in NUMBERS}
    first = {f: source.mark(h) or mark_of(source.sample[h].tolist()) for f, h in headers.items()}
    plain = {
        f for f, h in headers.items() if first[f] == "." or not (first[f] or _has_points(source.sample[h]))
    }
    count = _Count(mapping, first, before_discount, drop_duplicates)
    ledger = count.of(source, plain, tell)
    marks = {f: source.mark(h) or count.mark(f) or first[f] for f, h in headers.items()}
    if any(count.was_in_doubt(f, marks[f]) for f in headers):  # once more, knowing what the marks mean
        plain = {f for f in headers if marks[f] == "." or not (marks[f] or count.votes[f]["?"])}
        ledger = _Count(mapping, marks, before_discount, drop_duplicates).of(source, plain, tell)
    return ledger


class _Count:
    """One way through a file."""

    def __init__(
        self, mapping: Mapping[str, str], marks: Mapping[str, str], before: bool, drop: bool
    ) -> None:
        self.mapping, self.marks, self.before, self.drop = mapping, marks, before, drop
        has = {f: f in mapping for f in MONEY} | {"revenue": True}
        has["cost"] = "cost" in mapping or {"unit_cost", "quantity"} <= mapping.keys()
        self.ledger = Ledger(
            tuple(f for f in MONEY if has[f]),
            key_header=mapping.get("customer", ""),
            less_discount=before and has["discount"],
        )
        self.votes: dict[str, Counter[str]] = {f: Counter() for f in NUMBERS}
        self.keys: dict[Key, int] = {}
        self.dates: set[dates.Read] = set()
        self.parts: list[pd.DataFrame] = []
        self.orders = twins.Orders()
        self.twins = twins.Twins()
        self.size = 0.0

    def mark(self, name: str) -> str:
        """The decimal mark that most pieces of the file show without doubt."""
        votes = {mark: count for mark, count in self.votes[name].items() if mark in (".", ",")}
        return max(votes, key=lambda mark: votes[mark]) if votes else ""

    def was_in_doubt(self, name: str, mark: str) -> bool:
        """Would this column be read otherwise, now that its decimal mark is known?"""
        if self.votes[name]["?"] and mark != ".":
            return True
        return mark != self.marks[name] and bool(self.votes[name]["text"] or mark != ".")

    def of(self, source: Source, plain: Collection[str], tell: Tell) -> Ledger:
        """What the file adds up to; the columns of the fields `plain` may be read as numbers at once."""
        as_numbers = [self.mapping[name] for name in plain]
        repeated = {self.mapping.get(name, "") for name in ("customer", "name", "date")}
        texts = [
            h
            for h in source.sample.columns
            if h not in repeated and source.sample[h].nunique() > _VARIED * len(source.sample)
        ]
        pieces = source.pieces(as_numbers, texts, tell)
        with ThreadPoolExecutor(1) as ahead:  # the next piece is read while this one is added up
            piece, after = next(pieces, None), next(pieces, None)
            while piece is not None:
                coming = ahead.submit(next, pieces, None)
                self._add(piece, after is None)
                piece, after = after, coming.result()
        return self._done()

    def _add(self, piece: pd.DataFrame, is_last: bool) -> None:
        ledger = self.ledger
        piece, coded = _without_blank_lines(piece)
        ledger.lines += len(piece)
        lines = piece.index.to_numpy()
        for header in filter(is_currency, coded):
            ledger.currencies.setdefault(header, set()).update(filter(None, coded[header].texts))
        read = {
            f: amounts.read(coded.get(h, piece[h]), self.marks[f])
            for f, h in self.mapping.items()
            if f in NUMBERS
        }
        for name, column in read.items():
            self.votes[name][column.mark] += 1
            self.votes[name]["text"] += self.mapping[name] in coded
        values, bad = self._money(read)
        units = {f: amounts.units(values[f]) for f in values}
        known = {f: ~np.isnan(values[f]) for f in values}
        if ledger.less_discount:
            units["revenue"] = units["revenue"] - units["discount"]
        self.size += sum(float(np.abs(column).sum()) for column in units.values())
        for name in ledger.fields:
            ledger.in_file[name] = ledger.in_file.get(name, 0) + amounts.total(units[name])
        revenue = units["revenue"]
        customers, is_named = self._customers(piece, coded)
        years = self._years(coded)
        out = bad["revenue"].copy()
        self._bad(read, coded, lines, bad, revenue)
        nothing = ~known["revenue"] & ~bad["revenue"]
        for name in ("cost", "discount", "freight"):
            nothing &= ~known[name] if name in known else True
        self._seen("no figures").add(lines, nothing, revenue)
        total = (
            self._totals(piece, lines, revenue, years, is_named, out | nothing)
            if is_last
            else np.zeros(len(piece), bool)
        )
        again = self.twins.again(
            {h: coded.get(h) for h in piece.columns}, self._figures(piece, read), len(piece)
        )
        again = again & ~(out | nothing | total)
        self._seen("twice").add(lines, again, revenue)
        out |= nothing | total | (again if self.drop else False)
        for name in ledger.fields:
            ledger.left_out[name] = ledger.left_out.get(name, 0) + amounts.total(units[name][out])
        kept = ~out
        self._seen("credit").add(lines, kept & (revenue < 0).astype(bool), revenue)
        self._seen("undated").add(lines, kept & (years == 0), revenue, coded[self.mapping["date"]])
        self._seen("unnamed").add(lines, kept & ~is_named, revenue)
        self._seen("no revenue").add(lines, kept & ~known["revenue"], revenue)
        uncosted = kept & (~known["cost"] if "cost" in known else True) & known["revenue"]
        self._seen("uncosted").add(lines, uncosted, revenue)
        self._group(customers * _YEARS + years, kept, units, known, uncosted, coded)

    def _money(
        self, read: Mapping[str, amounts.Amounts]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Values and what is no number of each field of the ledger, quantity times price where need be."""
        values = {f: read[f].values for f in MONEY if f in read}
        bad = {f: read[f].bad for f in MONEY if f in read}
        for name, unit in (("revenue", "unit_price"), ("cost", "unit_cost")):
            if name not in read and {unit, "quantity"} <= read.keys():
                values[name] = read["quantity"].values * read[unit].values
                bad[name] = read["quantity"].bad | read[unit].bad
        return values, bad

    def _bad(self, read: Mapping[str, amounts.Amounts], coded: Mapping[str, amounts.Coded], lines: np.ndarray,
             bad: Mapping[str, np.ndarray], revenue: np.ndarray) -> None:  # fmt: skip
        """Keep, of each field, the lines in which it is no number, with what stands there."""
        for name in bad:
            parts = (
                [name] if name in read else ["quantity", "unit_price" if name == "revenue" else "unit_cost"]
            )
            for part in parts:
                header = self.mapping[part]
                self._seen(f"bad {name} {header}").add(lines, read[part].bad, revenue, coded.get(header))

    def _seen(self, kind: str) -> Seen:
        return self.ledger.seen.setdefault(kind, Seen())

    def _figures(self, piece: pd.DataFrame, read: Mapping[str, amounts.Amounts]) -> dict[str, np.ndarray]:
        """The columns of figures as they are compared between lines: by value, where all are numbers."""
        return {self.mapping[f]: column.values for f, column in read.items() if not column.bad.any()}

    # -- who and when -------------------------------------------------------------------------------

    def _customers(
        self, piece: pd.DataFrame, coded: Mapping[str, amounts.Coded]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The number of each line's customer, and whether it has one."""
        place = np.full(len(piece), -1, dtype=np.int64)
        by = {f: coded[self.mapping[f]] for f in ("customer", "name") if f in self.mapping}
        for kind, name in (("id", "customer"), ("name", "name")):
            if name not in by:
                continue
            codes, texts = by[name].codes, by[name].texts
            shown = [_id(text) if kind == "id" else _name(text) for text in texts]
            used = _counted(codes[place < 0], len(texts))
            numbers = np.full(len(texts), -1, dtype=np.int64)
            for i, text in enumerate(shown):
                if text and used[i]:
                    key = (kind, folded(text))
                    numbers[i] = self.keys.setdefault(key, len(self.keys))
                    self.ledger.ids[key, text] += int(used[i])
            place = np.where(place < 0, numbers[codes], place)
        if len(by) == 2:
            self._name_pairs(place, by["name"].codes, by["name"].texts)
        is_named = place >= 0
        if not is_named.all():
            place[~is_named] = self.keys.setdefault(("", ""), len(self.keys))
        return place, is_named

    def _name_pairs(self, place: np.ndarray, codes: np.ndarray, texts: list[str]) -> None:
        """Count under which names each customer stands."""
        spot = np.where(codes < 0, len(texts) - 1, codes).astype(np.int64)
        pairs, counts = np.unique(np.maximum(place, 0) * len(texts) + spot, return_counts=True)
        of = {number: key for key, number in self.keys.items()}
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            name, key = _name(texts[pair % len(texts)]), of.get(pair // len(texts))
            if name and key and key[0] == "id":
                self.ledger.names[key, name] += count

    def _years(self, coded: Mapping[str, amounts.Coded]) -> np.ndarray:
        column = coded[self.mapping["date"]]
        read = dates.read(column.texts)
        self.dates |= {found for found in read if found}
        return np.array([found[0] if found else 0 for found in read], dtype=np.int64)[column.codes]

    def _totals(self, piece: pd.DataFrame, lines: np.ndarray, revenue: np.ndarray, years: np.ndarray,
                is_named: np.ndarray, out: np.ndarray) -> np.ndarray:  # fmt: skip
        """Which of the last lines are totals: they say so, or carry neither customer nor date but the sum."""
        found = np.zeros(len(piece), dtype=bool)
        for place in range(max(0, len(piece) - _TAIL), len(piece)):
            texts = [clean(str(t)) for t in piece.iloc[place].tolist() if not pd.isna(t)]
            texts = [t for t in texts if t and not is_number(t)]
            says = any(TOTALS.fullmatch(t.rstrip(" :")) for t in texts) and years[place] == 0
            others = self.ledger.in_file["revenue"] - int(revenue[place])
            sums_up = (
                not is_named[place] and years[place] == 0 and revenue[place] != 0 and others == revenue[place]
            )
            found[place] = bool(says or sums_up) and not out[place]
        self._seen("total").add(lines, found, revenue)
        return found

    # -- together -----------------------------------------------------------------------------------

    def _group(self, groups: np.ndarray, kept: np.ndarray, units: Mapping[str, np.ndarray],
               known: Mapping[str, np.ndarray], uncosted: np.ndarray, coded: Mapping[str, amounts.Coded]) -> None:  # fmt: skip
        none = np.zeros(len(groups), dtype=np.int64)
        named: Any = None
        if "order" in self.mapping:
            column = coded[self.mapping["order"]]
            named = kept & ~column.among(_NOTHING)
            self.orders.add(groups[named], column.marks[column.codes[named]])
        columns = {
            "revenue": units["revenue"],
            "cost": units.get("cost", none),
            "uncosted": np.where(uncosted, units["revenue"], 0),
            "discount": units.get("discount", none),
            "freight": units.get("freight", none),
            "lines": none + 1,
            "costed": known["cost"].astype(np.int64) if "cost" in known else none,
            "discounted": known["discount"].astype(np.int64) if "discount" in known else none,
            "freighted": known["freight"].astype(np.int64) if "freight" in known else none,
            "order_lines": none + 1 if named is None else (kept & ~named).astype(np.int64),
            "uncosted_lines": uncosted.astype(np.int64),
        }
        frame = pd.DataFrame(columns)
        if not kept.all():
            frame, groups = frame[kept], groups[kept]
        self.parts.append(frame.groupby(groups, sort=False).sum())

    def _done(self) -> Ledger:
        ledger = self.ledger
        ledger.months, ledger.dates_decided = dates.months(self.dates)
        ledger.most_compared = self.twins.most if self.twins.is_full else 0
        parts = pd.concat(self.parts)
        if self.size > amounts.MOST * amounts.UNIT:  # beyond 64 bits
            parts = parts.astype({name: object for name in SUMS})
        rows = parts.groupby(level=0).sum()
        groups = rows.index.to_numpy()
        keys = [*self.keys]
        orders = rows["order_lines"].to_numpy() + self.orders.counted(groups)
        key = pd.Series([keys[group // _YEARS] for group in groups], index=rows.index, dtype=object)
        ledger.rows = rows.assign(key=key, year=groups % _YEARS, orders=orders).reset_index(drop=True)
        return ledger


def _has_points(cells: pd.Series) -> bool:
    return any("." in text for text in cells.tolist())


def _counted(codes: np.ndarray, size: int) -> np.ndarray:
    """How often each code stands there; -1 is the last one."""
    return np.bincount(np.where(codes < 0, size - 1, codes), minlength=size)


def _without_blank_lines(piece: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, amounts.Coded]]:
    """The lines with anything in them, and the columns of text as codes and texts."""
    blank = np.ones(len(piece), dtype=bool)
    coded = {}
    for header in sorted(
        piece.columns, key=lambda h: not amounts.is_number(piece[h])
    ):  # numbers tell at once
        if amounts.is_number(piece[header]):
            blank &= piece[header].isna().to_numpy() if blank.any() else False
            continue
        coded[header] = amounts.coded(piece[header])
        blank &= coded[header].among(frozenset([""])) if blank.any() else False
    if not blank.any():
        return piece, coded
    return piece[~blank], {h: column.of(~blank) for h, column in coded.items()}


def _id(text: str) -> str:
    """A customer's number as an id: no spaces, 17850.0 as 17850, "" for none."""
    text = clean(text)
    if text.lower() in _NOTHING:
        return ""
    return re.sub(r"\s+", "_", re.sub(r"^(\d+)\.0+$", r"\1", text))[:LONGEST_ID]


def _name(text: str) -> str:
    text = " ".join(clean(text).split())
    return "" if text.lower() in _NOTHING else text
