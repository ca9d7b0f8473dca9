"""Sales lines added up by customer and year: every line is counted, or left out and said so.

A line without a date goes to the year "undated", one without a customer to the customer "unnamed".
Negative revenue is a credit and is subtracted. What cannot be read as revenue is left out. The adding up
is done by DuckDB in exact decimals (`ledger.sql`), so that a file may have any number of lines.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kamlib.checks import finding
from kamlib.errors import InvalidInput, WorkbookError
from kamlib.importing import dates
from kamlib.importing.columns import header_of
from kamlib.importing.figures import mark_of, numbers, times_of
from kamlib.importing.identity import id_of, name_of
from kamlib.importing.reading import BLOCK, unclosed
from kamlib.importing.shape import Listing, total_of
from kamlib.importing.vocabulary import KINDS, NOBODY, folded, plain, says, words
from kamlib.stores.base import Notes

NUMBERS: list[str] = KINDS["ledger"]["numbers"]
FIELDS = ("revenue", "cost", "discount", "freight")
SUMS = ("revenue", "cost", "uncosted", "discount", "freight")
COUNTS = ("lines", "costed", "discounted", "freighted", "uncosted_lines", "orders")
MOST_KINDS, SAMPLE, SHOWN = 20, 2_000, 5
WIDE = "DECIMAL(38, 6)"  # millionths; a column is read as DECIMAL(18, 6), and widened where need be
SQL: dict[str, str] = dict(
    re.findall(
        r"-- name: (\w+)\n(.*?)(?=\n+-- name:|\Z)",
        Path(__file__).with_name("ledger.sql").read_text(encoding="utf-8"),
        re.S,
    )
)
Key = tuple[str, str]  # ("id", c1001), ("name", alder & co) or ("", ""), as they are compared
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Options:
    """How a ledger is read: `leave_out` and `subtract` are pairs of a header and what its cells say."""

    before_discount: bool = False
    drop_duplicates: bool = False
    leave_out: tuple[tuple[str, str], ...] = ()
    subtract: tuple[tuple[str, str], ...] = ()
    known: frozenset[str] = frozenset()  # names of the workbook's customers, as `folded`


@dataclass(frozen=True)
class Seen:
    """Some lines of one kind: how many, what revenue they carry, and the first of them as (line, text)."""

    count: int = 0
    revenue: Decimal = Decimal(0)
    some: tuple[tuple[int, str], ...] = ()


@dataclass
class Ledger:
    """What a file of sales adds up to.

    `rows` has a row for each customer and year: key, year (0 for undated), the SUMS as Decimal, the COUNTS.
    `fields` are those of FIELDS that the file has; `in_file` and `left_out` are exact sums of them. `names`
    and `ids` count how each key is written. `months` is how many months of each year the file covers, 0
    where its dates are years alone. `seen` holds what was found on the way.
    """

    fields: tuple[str, ...]
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    names: Counter[tuple[Key, str]] = field(default_factory=Counter)
    ids: Counter[tuple[Key, str]] = field(default_factory=Counter)
    months: dict[int, int] = field(default_factory=dict)
    in_file: dict[str, Decimal] = field(default_factory=dict)
    left_out: dict[str, Decimal] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    notes: Notes = field(default_factory=list)
    lines: int = 0


def pairs(frame: pd.DataFrame, given: Iterable[str], option: str) -> tuple[tuple[str, str], ...]:
    """HEADER=VALUE texts as pairs of a header of the list and a value. Raises InvalidInput."""
    result = []
    for pair in given:
        header, mark, value = pair.partition("=")
        if not mark:
            hint = f'Such as {option} "Status=Cancelled".'
            raise InvalidInput(f'"{pair[:60]}" is not HEADER=VALUE.', hint=hint)
        result.append((header_of(frame, header), value.strip()))
    return tuple(result)


def add_up(
    listing: Listing,
    mapping: Mapping[str, str],
    options: Options | None = None,
    tell: Tell = lambda done: None,
) -> Ledger:
    """The ledger that a file adds up to; `mapping` is field -> header (see `columns.choose`).

    `tell` is called with the part that is read, 0 to 1. Raises WorkbookError for a file that breaks off.
    """
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as engine:
        return _Sum(engine, listing, dict(mapping), options or Options()).of(tell)


class _Sum:
    """The sums of one file, in a database of its own that holds a row a line in the table `lines`."""

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

    # -- reading ------------------------------------------------------------------------------------

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
            table = f"{cast} FROM read_parquet('{path}')"
            return f"(SELECT row_number() OVER () + 1 AS line, {table})"
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(lines.cells.shape[1]))
        skip = self.listing.start - 1
        return (
            f"(SELECT row_number() OVER () + {skip} AS line, * FROM read_csv('{path}', header=false, "
            f"columns={{{columns}}}, auto_detect=false, delim='{lines.mark or chr(31)}', quote='\"', "
            f"escape='\"', skip={skip}, null_padding=true, max_line_size={BLOCK}, parallel={parallel}))"
        )

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

    def _unreadable(self, said: str) -> WorkbookError:
        name, line = self.listing.lines.name, re.search(r"Line: (\d+)", said)
        row = f"line {int(line[1]):,}" if line else "somewhere"
        wide = re.search(r"Expected Number of Columns: (\d+)", said)
        if not wide:
            return unclosed(name, row)
        hint = 'Write a cell that holds the separator in quotation marks, as "a, b".'
        message = f"{name}, {row} has more cells than the header, which has {wide[1]}."
        return WorkbookError(message, row=row, allowed=f"{wide[1]} cells", hint=hint)

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
        number = f"CASE WHEN regexp_full_match({text}, '{fits}') THEN try_cast({bare} AS DECIMAL(18, 6)) END"
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
                wrong = {*bad}
                rows = [(t, r or None, i in wrong) for i, (t, r) in enumerate(zip(texts, read, strict=True))]
                with self._given(rows, ["said", "value", "bad"]):
                    self.ask("odd", field=name, wide=WIDE)
            if times > 1:
                self.engine.execute(f"UPDATE lines SET n_{name} = n_{name} * {times}")

    @contextlib.contextmanager
    def _given(self, rows: list[tuple[Any, ...]], columns: list[str]) -> Any:
        self.engine.register("given", pd.DataFrame(rows, columns=columns))
        yield
        self.engine.unregister("given")

    def _sales(self) -> None:
        """The view `sales`: revenue, cost, discount and freight of each line, as the columns give them."""
        turned = "".join(
            f"WHEN {self.flags[header]} = '{_quoted(value)}' THEN -1 "
            for header, value in self.options.subtract
        )
        sign = f"(CASE {turned}ELSE 1 END)" if turned else "1"
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

    # -- who and when -------------------------------------------------------------------------------

    def _who(self) -> None:
        """The table `who`: the number of the customer of each id and name, and whether they say a total."""
        found = self.ask("SELECT c, m, count(*) FROM lines GROUP BY c, m ORDER BY 3 DESC, c, m")
        self.keys: dict[Key, int] = {}
        names = {plain(text) for c, m, _ in found for text in (c, m)}
        rows = []
        for c, m, count in found:
            shown, name = (
                form(text)
                if text.lower() not in NOBODY | {"null"} or folded(text) in self.options.known
                else ""
                for form, text in ((id_of, c), (name_of, m))
            )
            key = ("id", folded(shown)) if shown else ("name", folded(name)) if name else ("", "")
            said = next((t for t in map(total_of, (c, m)) if t is not None), None)
            is_total = said == "" or bool(said and plain(said) in names)
            number = self.keys.setdefault(key, len(self.keys))
            rows.append((c, m, number, bool(key[0]), is_total))
            if key[0]:
                self.ledger.ids[key, shown or name] += count
            if key[0] == "id" and name:
                self.ledger.names[key, name] += count
        with self._given(rows, ["c", "m", "customer", "named", "total"]):
            self.engine.execute("CREATE TABLE who AS SELECT * FROM given")

    def _when(self) -> None:
        """The table `day`: the year of each date."""
        texts = [text for (text,) in self.ask("SELECT DISTINCT d FROM lines")]
        read = dates.read(texts)
        years = [found[0] if found else 0 for found in read]
        with self._given([*zip(texts, years, strict=True)], ["d", "year"]):
            self.engine.execute("CREATE TABLE day AS SELECT * FROM given")
        self.ledger.months, decided = dates.months(read)
        late = sorted({str(year) for year in years if year > dates.date.today().year})
        if decided:
            self._note("warning" if "assumed" in decided else "note", decided, self.mapping["date"])
        if late:
            message = f"Some dates lie in the future: {', '.join(late[:5])}. They are counted in that year."
            self._note("warning", message, self.mapping["date"])

    def _note(self, level: str, message: str, column: str, found: str = "") -> None:
        self.ledger.notes.append(finding(level, "", message, "", column, found))

    # -- what is left out ---------------------------------------------------------------------------

    def _sort_out(self) -> None:
        """The table `out` with the lines that are not counted, and `seen`: what there is to say."""
        for name, parts in self.parts.items():
            for part in parts:
                self._see(f"bad {name} {self.mapping[part]}", f"t_{part} IS NOT NULL", f"t_{part}")
        self.ask("CREATE TABLE out AS SELECT line FROM line WHERE bad")
        for header, value in (*self.options.leave_out, *self.options.subtract):
            where = f"{self.flags[header]} = '{_quoted(value)}'"
            if not self.engine.execute(f"SELECT count(*) FROM line WHERE {where}").fetchone()[0]:
                self._note("warning", f'No line says "{value[:60]}" in this column.', header, value)
        if pairs := self.options.leave_out:
            said = [f"{self.flags[header]} = '{_quoted(value)}'" for header, value in pairs]
            self._leave("as you said", " OR ".join(said))
        others = "n_profit, n_cost, n_unit_cost, n_discount, n_freight"
        self._leave("no figures", f"NOT known AND coalesce({others}) IS NULL")
        totals = "|".join(re.escape(word) for word in words("totals"))
        said_so = _quoted(rf"(^|\|) *({totals}) *[:*]* *(\||$)")
        self._leave("total", SQL["total"].format(said=said_so))
        self._keep()
        if self.ask("SELECT count(*) - count(DISTINCT h) FROM lines")[0][0]:
            self.ask("again", kept=self.kept)
            act = self._leave if self.options.drop_duplicates else self._see
            act("twice", "line IN (SELECT line FROM again)")
            self._keep()
        self.ledger.left_out = self._sums(f"NOT ({self.kept})")
        self._see("credit", f"revenue < 0 AND {self.kept}")
        self._see("undated", f"year = 0 AND {self.kept}", "d")
        self._see("unnamed", f"NOT named AND {self.kept}")
        self._see("no revenue", f"NOT known AND {self.kept}")
        self._see("uncosted", f"known AND cost IS NULL AND {self.kept}")

    def _keep(self) -> None:
        some = self.ask("SELECT count(*) FROM out")[0][0]
        self.kept = "line NOT IN (SELECT line FROM out)" if some else "true"

    def _leave(self, why: str, condition: str) -> None:
        condition = f"({condition}) AND line NOT IN (SELECT line FROM out)"
        self._see(why, condition)
        self.engine.execute(f"INSERT INTO out SELECT line FROM line WHERE {condition}")

    def _see(self, kind: str, condition: str, text: str = "''") -> None:
        where = f"FROM line WHERE {condition}"
        query = f"SELECT count(*), coalesce(sum(revenue), 0) {where}"
        count, revenue = self.engine.execute(query).fetchone()
        if count:
            query = f"SELECT line, {text} {where} ORDER BY line LIMIT {SHOWN}"
            some = [(self._physical(n), said) for n, said in self.engine.execute(query).fetchall()]
            self.ledger.seen[kind] = Seen(count, Decimal(revenue), tuple(some))

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
        """Point out lines that may be no sale, and several currencies, by the columns that say so."""
        for header, flag in self.flags.items():
            found = self.ask("kinds", flag=flag, kept=self.kept)
            if says("currency", header) and len(found) > 1:
                said = ", ".join(value for value, *_ in found)
                message = f"The lines are in {len(found)} currencies and are added up as they stand; "
                message += "one workbook has one. Convert them, or import a file for each."
                self._note("warning", message, header, said)
            if len(found) > MOST_KINDS or not _is_kind(header):
                continue
            for value, count, revenue in found:
                if revenue > 0 and says("no_sale", value):
                    many = f"{count:,} lines say" if count > 1 else "1 line says"
                    message = (
                        f'{many} "{value}" and count as sales, with revenue of {money(revenue)}. If not: '
                    )
                    message += f'--subtract "{header}={value}" or --leave-out "{header}={value}".'
                    self._note("warning", message, header, value)


def _is_kind(header: str) -> bool:
    return says("line_kind", header) or says("status", header)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def money(amount: Decimal) -> str:
    """An amount as people read it: 80,450,596.98."""
    return f"{amount:,.2f}"
