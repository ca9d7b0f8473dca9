"""Sales lines added up by customer and year: every line is counted, or left out and said so.

A line without a date goes to the year "undated", one without a customer to the customer "unnamed".
Negative revenue is a credit and is subtracted. What cannot be read as revenue is left out. The
adding up is done by DuckDB in exact decimals (`ledger.sql`), so that a file may have any number of
lines.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kamlib.errors import KamError
from kamlib.workbook.importing import dates
from kamlib.workbook.importing.columns import header_of
from kamlib.workbook.importing.figures import mark_of, numbers, times_of
from kamlib.workbook.importing.identity import id_of, name_of
from kamlib.workbook.importing.reading import BLOCK
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.shape import Listing, total_of
from kamlib.workbook.importing.sums import COUNTS, FIELDS, SUMS, Key, Ledger, Options, Seen, money
from kamlib.workbook.importing.vocabulary import KINDS, NOBODY, folded, known, plain, says, words

NUMBERS: list[str] = KINDS["ledger"]["numbers"]
MOST_KINDS, SAMPLE = 20, 2_000
WIDE = "DECIMAL(38, 6)"  # millionths; a column is read as DECIMAL(18, 6), and widened where need be
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
    listing: Listing, mapping: Mapping[str, str], options: Options | None = None, tell: Tell | None = None
) -> Ledger:
    """The ledger that a file adds up to; `mapping` is field -> header (see `columns.choose`).

    `tell` is called with the part that is read, 0 to 1. Raises WorkbookError for a file that breaks
    off.
    """
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as engine:
        return _Sum(engine, listing, dict(mapping), options or Options()).of(tell or (lambda done: None))


class _Sum:
    """The sums of one file, in a database of its own with a row a line in the table `lines`."""

    def __init__(self, engine: Any, listing: Listing, mapping: dict[str, str], options: Options) -> None:
        self.engine, self.listing, self.mapping, self.options = engine, listing, mapping, options
        self.frame = listing.frame
        places = zip(self.frame, listing.places, strict=True)
        self.column = {header: f"c{place}" for header, place in places}
        self.parts = {name: self._parts(name) for name in FIELDS}  # the fields each is read from
        self.ledger = Ledger(tuple(name for name in FIELDS if self.parts[name]))
        self.kept = "true"

    def _parts(self, name: str) -> list[str]:
        unit = {"revenue": "unit_price", "cost": "unit_cost"}.get(name, "")
        for parts in ([name], ["quantity", unit], ["profit"] if name == "cost" else [""]):
            if set(parts) <= self.mapping.keys():
                return parts
        return []

    def ask(self, query: str, **parts: str) -> list[tuple[Any, ...]]:
        """The rows of a statement of `ledger.sql`, or of a query."""
        found: list[tuple[Any, ...]] = self.engine.execute(SQL.get(query, query).format(**parts)).fetchall()
        return found

    def of(self, tell: Tell) -> Ledger:
        self._load(tell)
        self._odd_figures()
        self._sales()
        self._who()
        self._when()
        self.ask("line")
        self._sort_out()
        self._kinds()
        columns = ["key", "year", *SUMS, *COUNTS]
        rows = pd.DataFrame(self.ask("grouped", net=self.net, kept=self.kept), columns=columns, dtype=object)
        keys = [*self.keys]
        rows["key"] = pd.Series([keys[number] for number in rows["key"]], dtype=object)
        self.ledger.rows = rows
        return self.ledger

    # -- reading -----------------------------------------------------------------------------------

    def _load(self, tell: Tell) -> None:
        texts = {f: self._text(self.mapping.get(f)) for f in ("customer", "name", "date", "order")}
        figured = [self.mapping[f] for f in NUMBERS if f in self.mapping]
        asked = [h for h, _ in (*self.options.leave_out, *self.options.subtract)]
        free = [h for h in self.column if h not in self.mapping.values() and _is_kind(h)]
        money = [h for h in self.column if says("currency", h)]
        self.flags = {h: f"f_{self.column[h]}" for h in [*asked, *free, *money]}
        every = [*self.column.values()]
        compared = [c for h, c in self.column.items() if h not in figured]
        compared += [f"{part}_{f}" for f in NUMBERS if f in self.mapping for part in "nt"]
        parts = texts | {
            "time": dates.TIME,
            "nobody": ", ".join(f"'{word}'" for word in sorted(NOBODY)),
            "figures": ", ".join(self._figure(f) for f in NUMBERS),
            "flags": "".join(f"{self._text(h)} AS {flag}, " for h, flag in self.flags.items()),
            "every": ", ".join(every),
            "compared": ", ".join(compared),
            "filled": ", ".join(f"nullif(trim({column}), '')" for column in every),
        }
        for parallel in ("true", "false"):  # a cell with a line end in it needs the slower way
            try:
                self._watched(SQL["load"].format(source=self._source(parallel), **parts), tell)
                break
            except duckdb.Error as error:
                if parallel == "false" or "parallel=false" not in str(error):
                    raise self._unreadable(str(error)) from None
        self.ledger.lines = self.ask("SELECT count(*) FROM lines")[0][0]

    def _source(self, parallel: str) -> str:
        """What to read from: a long file, or the rows that are here already."""
        lines = self.listing.lines
        path = glob.escape(lines.rest).replace("'", "''")
        if not path:
            frame = self.frame.set_axis([*self.column.values()], axis=1).reset_index(names="line")
            self.engine.register("source", frame)
            self.engine.execute("SET threads=1")  # a short list is no work for two
            return "source"
        if lines.mark == "parquet":
            names = [name.replace('"', '""') for name in lines.cells.iloc[0]]
            cast = ", ".join(f'CAST("{n}" AS VARCHAR) AS c{i}' for i, n in enumerate(names))
            return SQL["parquet"].format(path=path, columns=cast)
        columns = {f"c{i}": "VARCHAR" for i in range(lines.cells.shape[1])}
        parts = {"mark": lines.mark or chr(31), "most": BLOCK, "parallel": parallel}
        return SQL["csv"].format(path=path, columns=columns, skip=self.listing.start - 1, **parts)

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

    def _is(self, header: str, value: str) -> str:
        return f"{self.flags[header]} = '{_quoted(value)}'"

    def _text(self, header: str | None) -> str:
        return f"coalesce(trim({self.column[header]}), '')" if header else "''"

    def _figure(self, name: str) -> str:
        """The number of a cell, and what stands there where it is not read as one at once."""
        if name not in self.mapping:
            return f"NULL::DECIMAL(18, 6) AS n_{name}, NULL::VARCHAR AS t_{name}"
        text, mark = self._text(self.mapping[name]), self._mark(name)
        comma, point = (",", "[.]") if mark == "." else ("[.]", ",")
        usual = f"-?[£$€]? ?([0-9]{{1,3}}({comma}[0-9]{{3}})+|[0-9]+)({point}[0-9]+)?( ?€)?"
        bare = f"regexp_replace({text}, '[£$€ ]|{comma}', '', 'g')"
        bare = f"replace({bare}, ',', '.')" if mark == "," else bare
        fits = usual if mark else "-?[0-9]+"
        number = f"try_cast({bare} AS DECIMAL(18, 6))"
        number = f"CASE WHEN regexp_full_match({text}, '{fits}') THEN {number} END"
        if mark == ".":  # much the quickest
            number = f"coalesce(try_cast({text} AS DECIMAL(18, 6)), {number})"
        other = f"CASE WHEN n_{name} IS NULL AND {text} <> '' THEN {text} END"
        return f"{number} AS n_{name}, {other} AS t_{name}"

    def _mark(self, name: str) -> str:
        """The decimal mark of a column, "" where its first lines leave a doubt."""
        first = self.frame[self.mapping[name]].head(SAMPLE).tolist()
        return self.listing.lines.decimal or mark_of(first)

    def _odd_figures(self) -> None:
        """Read the figures that SQL could not; what stays in t_... is no number."""
        for name in [f for f in NUMBERS if f in self.mapping]:
            query = f"SELECT DISTINCT t_{name} FROM lines WHERE t_{name} IS NOT NULL"
            texts, times = [text for (text,) in self.ask(query)], times_of(self.mapping[name])
            if texts or times > 1:
                self.engine.execute(f"ALTER TABLE lines ALTER n_{name} TYPE {WIDE}")
            if texts:
                read, bad = numbers(texts, self._mark(name))
                frame = pd.DataFrame({"said": texts, "value": [r or None for r in read]})
                with self._given(frame.assign(bad=frame.index.isin(bad))):
                    self.ask("odd", field=name, wide=WIDE)
            if times > 1:
                self.engine.execute(f"UPDATE lines SET n_{name} = n_{name} * {times}")

    @contextlib.contextmanager
    def _given(self, frame: pd.DataFrame) -> Any:
        self.engine.register("given", frame)
        yield
        self.engine.unregister("given")

    def _sales(self) -> None:
        """The view `sales`: revenue, cost, discount and freight of each line."""
        turned = " OR ".join(self._is(*pair) for pair in self.options.subtract)
        sign = f"(CASE WHEN {turned} THEN -1 ELSE 1 END)" if turned else "1"
        value: dict[str, str] = {}
        for name in ("revenue", "cost"):
            parts = self.parts[name]
            product = f"CAST({' * '.join(f'n_{part}' for part in parts)} AS {WIDE})" if parts else "NULL"
            value[name] = f"({value['revenue']} - n_profit)" if parts == ["profit"] else product
        plain_revenue = value["revenue"]
        less = self.options.before_discount and "discount" in self.mapping
        net = f"{plain_revenue} - coalesce(n_discount, 0)" if less else plain_revenue
        bad = " OR ".join(f"t_{part} IS NOT NULL" for part in self.parts["revenue"])
        self.ask(
            "sales",
            revenue=f"{sign} * ({net})",
            cost=f"{sign} * {value['cost']}",
            sign=sign,
            plain=plain_revenue,
            bad=f"({bad})",
        )
        self.net = "coalesce(revenue, -discount)" if less else "revenue"
        self.ledger.in_file = self._sums("true")

    def _sums(self, where: str) -> dict[str, Decimal]:
        found = dict(zip(FIELDS, self.ask("sums", net=self.net, where=where)[0], strict=True))
        return {name: Decimal(found[name]) for name in self.ledger.fields}

    # -- who and when ------------------------------------------------------------------------------

    def _who(self) -> None:
        """The table `who`: the customer's number of each id and name, and if they say a total."""
        found = self.ask("SELECT c, m, count(*) FROM lines GROUP BY c, m ORDER BY 3 DESC, c, m")
        self.keys: dict[Key, int] = {}
        names = {plain(text) for c, m, _ in found for text in (c, m)}
        rows = []
        for c, m, count in found:
            shown, name = id_of(self._named(c)), name_of(self._named(m))
            key = ("id", folded(shown)) if shown else ("name", folded(name)) if name else ("", "")
            said = next((t for t in map(total_of, (c, m)) if t is not None), None)
            is_total = said == "" or bool(said and plain(said) in names)
            number = self.keys.setdefault(key, len(self.keys))
            rows.append((c, m, number, bool(key[0]), is_total))
            if key[0]:
                self.ledger.ids[key, shown or name] += count
            if key[0] == "id" and name:
                self.ledger.names[key, name] += count
        columns = ["c", "m", "customer", "named", "total"]
        with self._given(pd.DataFrame(rows, columns=columns)):
            self.engine.execute("CREATE TABLE who AS SELECT * FROM given")

    def _named(self, text: str) -> str:
        """The text, "" where it names nobody, unless a customer of the workbook is called so."""
        is_one = text.lower() != "null" and known(text)
        return text if is_one or folded(text) in self.options.known else ""

    def _when(self) -> None:
        """The table `day`: the year of each date."""
        texts = [text for (text,) in self.ask("SELECT DISTINCT d FROM lines")]
        read = dates.read(texts)
        years = [found[0] if found else 0 for found in read]
        with self._given(pd.DataFrame({"d": texts, "year": years})):
            self.engine.execute("CREATE TABLE day AS SELECT * FROM given")
        date = self.mapping["date"]
        self.ledger.months, notes = dates.months(read, date)
        self.ledger.notes += notes
        late = sorted({str(year) for year in years if year > dates.date.today().year})
        if late:
            self._say("future", date, years=", ".join(late[:5]))
        part = [f"{year}: {n}" for year, n in self.ledger.months.items() if 0 < n < 12]
        if part:
            self._say("part_years", years=", ".join(part))

    def _say(self, key: str, column: str = "", found: str = "", **parts: Any) -> None:
        self.ledger.notes.append(note(key, "", column, found, **parts))

    # -- what is left out --------------------------------------------------------------------------

    def _sort_out(self) -> None:
        """The table `out` with the lines that are not counted, and `seen`: what there is to say."""
        for name, parts in self.parts.items():
            for part in parts:
                kind, text = "bad revenue" if name == "revenue" else "bad figure", f"t_{part}"
                self._see(kind, f"{text} IS NOT NULL", self.mapping[part], text, field=name)
        self.ask("CREATE TABLE out AS SELECT line FROM line WHERE bad")
        for header, value in (*self.options.leave_out, *self.options.subtract):
            where = self._is(header, value)
            if not self.ask("SELECT 1 FROM line WHERE {where} LIMIT 1", where=where):
                self._say("no_such_line", header, value)
        if said := [self._is(*pair) for pair in self.options.leave_out]:
            self._leave("as you said", " OR ".join(said))
        others = "n_profit, n_cost, n_unit_cost, n_discount, n_freight"
        self._leave("no figures", f"NOT known AND coalesce({others}) IS NULL")
        totals = "|".join(re.escape(word) for word in words("totals"))
        said_so = _quoted(rf"(^|\|) *({totals}) *[:*]* *(\||$)")
        self._leave("total", SQL["total"].format(said=said_so))
        self._keep()
        if self.ask("SELECT count(*) - count(DISTINCT h) FROM lines")[0][0]:
            self.ask("again", kept=self.kept)
            again, drop = "line IN (SELECT line FROM again)", self.options.drop_duplicates
            self._leave("twice dropped", again) if drop else self._see("twice", again)
            self._keep()
        self.ledger.left_out = self._sums(f"NOT ({self.kept})")
        self._see("credit", f"revenue < 0 AND {self.kept}")
        self._see("undated", f"year = 0 AND {self.kept}", self.mapping["date"], "d")
        self._see("unnamed", f"NOT named AND {self.kept}")
        self._see("no revenue", f"NOT known AND {self.kept}")
        key = "uncosted" if self.parts["cost"] else "no cost"
        self._see(key, f"known AND cost IS NULL AND {self.kept}", self.mapping.get("cost", ""))
        if "profit" in self.parts["cost"]:
            self._say("from_profit", self.mapping["profit"])
        if self.ledger.in_file.get("discount", 0) < 0:
            self._say("negative_discount", self.mapping["discount"])

    def _keep(self) -> None:
        some = self.ask("SELECT count(*) FROM out")[0][0]
        self.kept = "line NOT IN (SELECT line FROM out)" if some else "true"

    def _leave(self, why: str, condition: str) -> None:
        condition = f"({condition}) AND line NOT IN (SELECT line FROM out)"
        self._see(why, condition)
        self.ask("INSERT INTO out SELECT line FROM line WHERE {where}", where=condition)

    def _see(self, kind: str, where: str, column: str = "", text: str = "''", **parts: Any) -> None:
        """Say how many lines there are of a kind, with what revenue, and the first of them."""
        query = "SELECT count(*), coalesce(sum(revenue), 0) FROM line WHERE {where}"
        n, revenue = self.ask(query, where=where)[0]
        if not n:
            return
        query = "SELECT line, {text} FROM line WHERE {where} ORDER BY line LIMIT 5"
        some = [(self._physical(line), t) for line, t in self.ask(query, text=text, where=where)]
        self.ledger.seen[f"{kind} {column}" if kind.startswith("bad") else kind] = Seen(n, revenue, some)
        parts |= {"n": n, "sum": money(revenue), "more": " ..." if n > len(some) else ""}
        parts["lines"] = ", ".join(f"line {line}" for line, _ in some)
        line, found = ("", "") if kind == "no cost" else some[0]
        self.ledger.notes.append(note(kind, line, column, found, **parts))

    def _physical(self, number: int) -> int:
        """The line of the file: DuckDB does not count lines that are blank."""
        for blank in self._blank_lines:
            number += blank <= number
        return number

    @functools.cached_property
    def _blank_lines(self) -> list[int]:
        lines, start = self.listing.lines, self.listing.start
        if not lines.rest or lines.mark == "parquet":
            return []
        with open(lines.rest, "rb") as file:
            ends = sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
            if ends <= self.ask("SELECT max(line) FROM lines")[0][0]:
                return []
            file.seek(0)
            return [n for n, text in enumerate(file, 1) if n >= start and not text.strip()]

    def _kinds(self) -> None:
        """Point out lines that may be no sale, and several currencies."""
        for header, flag in self.flags.items():
            found = self.ask("kinds", flag=flag, kept=self.kept)
            if says("currency", header) and len(found) > 1:
                self._say("ledger_currencies", header, ", ".join(f[0] for f in found), n=len(found))
            if len(found) > MOST_KINDS or not _is_kind(header):
                continue
            for value, count, revenue in found:
                if revenue > 0 and says("no_sale", value):
                    self._say("no_sale", header, value, n=count, sum=money(revenue))


def _is_kind(header: str) -> bool:
    return says("line_kind", header) or says("status", header)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
