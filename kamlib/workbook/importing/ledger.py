"""Sales lines added up by customer and year: every line is counted, or left out and said so.

A line without a date goes to the year "undated", one without a customer to the customer "unnamed".
Negative revenue is a credit and is subtracted. What cannot be read as revenue is left out. The
adding up is done by DuckDB in exact decimals (`ledger.sql`), so that a file may have any number of
lines.
"""

from __future__ import annotations

import functools
import glob
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kamlib.errors import KamError
from kamlib.workbook.importing import dates
from kamlib.workbook.importing.columns import header_of, sources
from kamlib.workbook.importing.figures import mark_of, numbers, times_of
from kamlib.workbook.importing.identity import id_of, name_of
from kamlib.workbook.importing.reading import BLOCK
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.shape import Listing, total_of
from kamlib.workbook.importing.sums import COUNTS, FIELDS, SUMS, Key, Ledger, Options, Seen, money
from kamlib.workbook.importing.vocabulary import KINDS, NOBODY, folded, known, plain, says, words

NUMBERS: list[str] = KINDS["ledger"]["numbers"]
MOST_KINDS, SAMPLE = 20, 2_000
NARROW, WIDE = "DECIMAL(18, 6)", "DECIMAL(38, 6)"  # widened only where a column needs it
MARKED = {".": "with_point", ",": "with_comma", "": "whole"}
_TEXT = Path(__file__).with_name("ledger.sql").read_text(encoding="utf-8")
SQL: dict[str, str] = dict(re.findall(r"-- name: (\w+)\n(.*?)(?=\n+-- name:|\Z)", _TEXT, re.S))
Tell = Callable[[float], None]


def pairs(frame: pd.DataFrame, given: Iterable[str], option: str) -> tuple[tuple[str, str], ...]:
    """HEADER=VALUE texts as pairs of a header of the list and a value. Raises InvalidInput."""
    result = []
    for pair in given:
        header, mark, value = pair.partition("=")
        if not mark:
            raise refusal("no_pair", pair=pair, option=option)
        result.append((header_of(frame, header), value.strip()))
    return tuple(result)


def add_up(
    listing: Listing,
    mapping: Mapping[str, str],
    options: Options = Options(),  # noqa: B008
    tell: Tell = lambda part: None,
) -> Ledger:
    """The ledger that a file adds up to; `mapping` is field -> header (see `columns.choose`).

    `tell` is called with the part that is read, 0 to 1. Raises WorkbookError for a file that breaks
    off.
    """
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as engine:
        return _Sum(engine, listing, mapping, options).of(tell)


class _Sum:
    """The sums of one file, in a database of its own with a row a line in the table `lines`."""

    def __init__(
        self, engine: Any, listing: Listing, mapping: Mapping[str, str], options: Options
    ) -> None:
        self.engine, self.listing, self.mapping, self.options = engine, listing, mapping, options
        places = zip(listing.frame, listing.places, strict=True)
        self.column = {header: f"c{place}" for header, place in places}
        self.figures = {f: mapping[f] for f in NUMBERS if f in mapping}
        self.sources = sources(mapping)
        self.ledger = Ledger(tuple(name for name in FIELDS if self.sources[name]))

    def ask(self, query: str, **parts: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement of `ledger.sql`, or of a query."""
        found: list[tuple[Any, ...]] = self.engine.execute(
            SQL.get(query, query).format(**parts)
        ).fetchall()
        return found

    def of(self, tell: Tell) -> Ledger:
        self._load(tell)
        self._odd_figures()
        self._sales()
        self._who()
        self._when()
        self.ask("line")
        self._sort_out()
        self._remark()
        columns = ["key", "year", *SUMS, *COUNTS]
        rows = pd.DataFrame(self.ask("grouped", net=self.net), columns=columns, dtype=object)
        rows["key"] = pd.Series([[*self.keys][number] for number in rows["key"]], dtype=object)
        self.ledger.rows = rows
        return self.ledger

    # -- reading -----------------------------------------------------------------------------------

    def _load(self, tell: Tell) -> None:
        """The table `lines`, in the quickest way that the file allows."""
        headers = [header for header, _ in (*self.options.leave_out, *self.options.subtract)]
        headers += [h for h in self.column if h not in self.mapping.values() and _is_kind(h)]
        headers += [h for h in self.column if says("currency", h)]
        self.flags = {header: f"f_{self.column[header]}" for header in headers}
        parts = {f: self._text(self.mapping.get(f)) for f in ("customer", "name", "date", "order")}
        has_order = "order" in self.mapping
        parts["order"] = f"hash(lower({parts['order']}))" if has_order else "NULL::UBIGINT"
        parts |= {"time": dates.TIME, "every": ", ".join(self.column.values())}
        compared = [c for h, c in self.column.items() if h not in self.figures.values()]
        compared += [f"{part}_{f}" for f in self.figures for part in "nt"]
        parts["compared"] = ", ".join(compared)
        self.engine.execute(SQL["figures"])
        for source, typed in self._sources():
            columns = [self._figure(f, typed) for f in self.figures]
            columns += [f"{self._text(h)} AS {flag}" for h, flag in self.flags.items()]
            parts["columns"] = ", ".join(columns)
            try:
                self._watched(SQL["load"].format(source=source, **parts), tell)
                break
            except duckdb.Error as error:
                if not typed and "parallel=false" not in str(error):
                    raise self._unreadable(str(error)) from None
        self.ask("nobody", words=sorted(NOBODY))
        self.ask("DELETE FROM lines WHERE trim(rest, '| ') = ''")
        self.ledger.lines = self.ask("SELECT count(*) FROM lines")[0][0]

    def _sources(self) -> Iterator[tuple[str, dict[str, str]]]:
        """What to read from, and the types of its columns that are read as numbers at once."""
        lines = self.listing.lines
        path = glob.escape(lines.rest).replace("'", "''")
        if not path:
            self.engine.register(
                "source", self.listing.frame.set_axis([*self.column.values()], axis=1)
            )
            self.engine.execute("SET threads=1")  # a short list is no work for two
            yield "source", {}
        elif lines.mark == "parquet":
            names = [name.replace('"', '""') for name in lines.cells.iloc[0]]
            cast = ", ".join(f'CAST("{n}" AS VARCHAR) AS c{i}' for i, n in enumerate(names))
            yield SQL["parquet"].format(path=path, columns=cast), {}
        else:
            texts = dict.fromkeys((f"c{i}" for i in range(lines.cells.shape[1])), "VARCHAR")
            marks = {self.column[h]: self._mark(f) for f, h in self.figures.items()}
            point = "," if "," in marks.values() else "."
            typed = {column: NARROW for column, mark in marks.items() if mark == point}
            parts = {"path": path, "mark": lines.mark or chr(31), "most": BLOCK, "point": point}
            # as numbers if all are; one by one; and where a cell holds a line end, in one thread
            for numbers_in, parallel in ((typed, True), ({}, True), ({}, False)):
                columns = texts | numbers_in
                parts |= {"columns": columns, "parallel": parallel, "skip": self.listing.start - 1}
                yield SQL["csv"].format(**parts), numbers_in

    def _watched(self, query: str, tell: Tell) -> None:
        """Run a query that takes long, saying how far it is; stopping it leaves nothing behind."""
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(self.engine.execute, query)
            try:
                while self.listing.lines.rest and not job.done():
                    time.sleep(0.05)
                    tell(max(self.engine.query_progress(), 0) / 100)
            except KeyboardInterrupt:
                self.engine.interrupt()
                raise
            job.result()

    def _unreadable(self, said: str) -> KamError:
        name, line = self.listing.lines.name, re.search(r"Line: (\d+)", said)
        row = f"line {int(line[1]):,}" if line else "somewhere"
        if wide := re.search(r"Expected Number of Columns: (\d+)", said):
            allowed = f"{wide[1]} cells"
            return refusal("more_cells", name=name, row=row, allowed=allowed, n=wide[1])
        return refusal("unclosed", name=name, row=row)

    def _is(self, pairs: Iterable[tuple[str, str]]) -> str:
        """Is a line one of those that the user named?"""
        tests = [f"{self.flags[header]} = '{_quoted(value)}'" for header, value in pairs]
        return f"({' OR '.join(tests or ['false'])})"

    def _text(self, header: str | None) -> str:
        return f"coalesce(trim({self.column[header]}), '')" if header else "''"

    def _figure(self, name: str, typed: Mapping[str, str]) -> str:
        """The number of a cell, and what stands there where it is not read as one at once."""
        column = self.column[self.figures[name]]
        if column in typed:
            return f"{column} AS n_{name}, NULL::VARCHAR AS t_{name}"
        number = f"{MARKED[self._mark(name)]}({column}) AS n_{name}"
        return (
            f"{number}, CASE WHEN n_{name} IS NULL THEN nullif(trim({column}), '') END AS t_{name}"
        )

    def _mark(self, name: str) -> str:
        """The decimal mark of a column, "" where its first lines leave a doubt."""
        first = self.listing.frame[self.figures[name]].head(SAMPLE).tolist()
        return self.listing.lines.decimal or mark_of(first)

    def _odd_figures(self) -> None:
        """Read the figures that SQL could not; what stays in t_... is no number."""
        for name in self.figures:
            query = f"SELECT DISTINCT t_{name} FROM lines WHERE t_{name} IS NOT NULL"
            if texts := [text for (text,) in self.ask(query)]:
                read, bad = numbers(texts, self._mark(name))
                frame = pd.DataFrame({"said": texts, "value": [r or None for r in read]})
                self.engine.register("given", frame.assign(bad=frame.index.isin(bad)))
                self.engine.execute(f"ALTER TABLE lines ALTER n_{name} TYPE {WIDE}")
                self.ask("odd", field=name, wide=WIDE)

    def _sales(self) -> None:
        """The view `sales`: revenue, cost, discount and freight of each line."""
        turned = self._is(self.options.subtract)
        value = {name: self._product(parts) for name, parts in self.sources.items()}
        if self.sources["cost"] == ["profit"]:
            value["cost"] = f"{value['revenue']} - {value['cost']}"
        less = self.options.before_discount and "discount" in self.mapping
        net = f"{value['revenue']} - coalesce({value['discount']}, 0)" if less else value["revenue"]
        bad = " OR ".join(f"t_{part} IS NOT NULL" for part in self.sources["revenue"])
        sign = f"(CASE WHEN {turned} THEN -1 ELSE 1 END)"
        self.ask("sales", **value, sign=sign, net=net, bad=bad)
        self.net = "coalesce(revenue, -discount)" if less else "revenue"
        self.ledger.in_file = self._sums()

    def _product(self, parts: list[str]) -> str:
        values = [f"n_{part} * {times_of(self.figures[part])}" for part in parts]
        return f"CAST({' * '.join(values)} AS {WIDE})" if values else "NULL"

    def _sums(self) -> dict[str, Decimal]:
        found = dict(zip(FIELDS, self.ask("sums", net=self.net)[0], strict=True))
        return {name: Decimal(found[name]) for name in self.ledger.fields}

    # -- who and when ------------------------------------------------------------------------------

    def _who(self) -> None:
        """The table `who`: the customer's number of each id and name, and if they say a total."""
        found = self.ask("SELECT c, m FROM lines GROUP BY c, m ORDER BY count(*) DESC, c, m")
        self.keys: dict[Key, int] = {}
        names = {plain(text) for pair in found for text in pair}
        rows = []
        for c, m in found:
            shown, name = id_of(self._named(c)), name_of(self._named(m))
            key = ("id", folded(shown)) if shown else ("name", folded(name)) if name else ("", "")
            said = next((t for t in map(total_of, (c, m)) if t is not None), None)
            is_total = said == "" or bool(said and plain(said) in names)
            number = self.keys.setdefault(key, len(self.keys))
            rows.append((c, m, number, bool(key[0]), is_total))
            if key[0]:
                self.ledger.ids.setdefault(key, shown or name)
            if key[0] == "id" and name:
                self.ledger.names.setdefault(key, name)
        self._keep("who", pd.DataFrame(rows, columns=["c", "m", "customer", "named", "total"]))

    def _named(self, text: str) -> str:
        """The text, "" where it names nobody, unless a customer of the workbook is called so."""
        is_one = text.lower() != "null" and known(text)
        return text if is_one or folded(text) in self.options.known else ""

    def _when(self) -> None:
        """The table `day`: the year of each date."""
        texts = [text for (text,) in self.ask("SELECT DISTINCT d FROM lines")]
        read = dates.read(texts)
        years = [found[0] if found else 0 for found in read]
        self._keep("day", pd.DataFrame({"d": texts, "year": years}))
        date = self.mapping["date"]
        self.ledger.months, notes = dates.months(read, date)
        self.ledger.notes += notes
        late = sorted({str(year) for year in years if year > dates.date.today().year})
        if late:
            self._say("future", date, years=", ".join(late[:5]))
        part = [f"{year}: {n}" for year, n in self.ledger.months.items() if 0 < n < 12]
        if part:
            self._say("part_years", years=", ".join(part))

    def _keep(self, table: str, frame: pd.DataFrame) -> None:
        self.engine.register("given", frame)
        self.engine.execute(f"CREATE TABLE {table} AS SELECT * FROM given")

    # -- what is left out, and what there is to say ------------------------------------------------

    def _sort_out(self) -> None:
        """Take the lines that do not count out of `lines`, and say so."""
        for name, parts in self.sources.items():
            kind = "bad revenue" if name == "revenue" else "bad figure"
            for part in parts:
                self._see(
                    kind, f"t_{part} IS NOT NULL", self.figures[part], f"t_{part}", field=name
                )
        for pair in (*self.options.leave_out, *self.options.subtract):
            if not self.ask(f"SELECT 1 FROM lines WHERE {self._is([pair])} LIMIT 1"):
                self._say("no_such_line", *pair)
        others = [f"n_{f}" for f in self.figures if f not in ("revenue", "quantity", "unit_price")]
        totals = "|".join(re.escape(word) for word in words("totals"))
        self.ask(
            "out",
            said=self._is(self.options.leave_out),
            others=", ".join(["NULL", *others]),
            totals=_quoted(rf"(^|\|) *({totals}) *[:*]* *(\||$)"),
        )
        for why in ("as you said", "no figures", "total"):
            self._see(why, f"why = '{why}'", source="out")
        self.ask("DELETE FROM lines WHERE rowid IN (SELECT line FROM out)")
        if self.ask("SELECT count(*) - count(DISTINCT h) FROM lines")[0][0]:
            self.ask("again")
            drop = self.options.drop_duplicates
            self._see("twice dropped" if drop else "twice", "true", source="again")
            if drop:
                self.ask("DELETE FROM lines WHERE rowid IN (SELECT line FROM again)")
        left = self._sums()
        self.ledger.left_out = {f: total - left[f] for f, total in self.ledger.in_file.items()}

    def _remark(self) -> None:
        """What there is to say of the lines that count."""
        self._see("credit", "revenue < 0")
        self._see("undated", "year = 0", self.mapping["date"], "d", source="line")
        self._see("unnamed", "NOT named", source="line")
        self._see("no revenue", "NOT known")
        key = "uncosted" if self.sources["cost"] else "no cost"
        self._see(key, "known AND cost IS NULL", self.mapping.get("cost", ""))
        if "profit" in self.sources["cost"]:
            self._say("from_profit", self.mapping["profit"])
        if self.ledger.in_file.get("discount", 0) < 0:
            self._say("negative_discount", self.mapping["discount"])
        for header, flag in self.flags.items():
            found = self.ask("kinds", flag=flag)
            if says("currency", header) and len(found) > 1:
                codes = ", ".join(value for value, *_ in found)
                self._say("ledger_currencies", header, codes, n=len(found))
            for value, n, revenue in found if len(found) <= MOST_KINDS and _is_kind(header) else ():
                if revenue > 0 and says("no_sale", value):
                    self._say("no_sale", header, value, n=n, sum=money(revenue))

    def _say(self, key: str, column: str = "", found: str = "", **parts: Any) -> None:
        self.ledger.notes.append(note(key, "", column, found, **parts))

    def _see(
        self,
        kind: str,
        where: str,
        column: str = "",
        text: str = "''",
        source: str = "sales",
        **parts: Any,
    ) -> None:
        """Say how many lines there are of a kind, with what revenue, and the first of them."""
        n, revenue, first = self.ask("seen", where=where, text=text, source=source)[0]
        if not n:
            return
        some = [(self._line(one["line"]), one["text"]) for one in first]
        key = f"{kind} {column}" if kind.startswith("bad") else kind
        self.ledger.seen[key] = Seen(n, revenue, some)
        parts |= {"n": n, "sum": money(revenue), "more": " ..." if n > len(some) else ""}
        parts["lines"] = ", ".join(f"line {line}" for line, _ in some)
        line, found = ("", "") if kind == "no cost" else some[0]
        self.ledger.notes.append(note(kind, line, column, found, **parts))

    def _line(self, place: int) -> int:
        """The line of the file at this place of `lines`: DuckDB passes over lines that are blank."""
        if not self.listing.lines.rest:
            return int(self.listing.frame.index[place])
        number = place + self.listing.start
        for blank in self._blank_lines:
            number += blank <= number
        return number

    @functools.cached_property
    def _blank_lines(self) -> list[int]:
        lines, start = self.listing.lines, self.listing.start
        if lines.mark == "parquet":
            return []
        with open(lines.rest, "rb") as file:
            ends = sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
            if ends <= start + self.ask("SELECT max(rowid) FROM lines")[0][0]:
                return []
            file.seek(0)
            return [n for n, text in enumerate(file, 1) if n >= start and not text.strip()]


def _is_kind(header: str) -> bool:
    return says("line_kind", header) or says("status", header)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
