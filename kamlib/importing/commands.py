"""The commands that bring other people's files into a workbook: read, show what would happen, then do it."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from kamlib.errors import Conflict, InvalidInput, KamError, WorkbookError

FilePath = Annotated[Path, typer.Argument(help="CSV, TSV, text, .xlsx or Parquet, as it comes.")]
Place = Annotated[str, typer.Argument(help="Where to; FILE's name with .kam if left out.")]
Pairs = Annotated[
    list[str],
    typer.Option("--map", "-m", help="FIELD=HEADER, such as name=Company, as often as needed."),
]
Key = Annotated[str, typer.Option(help="The column that identifies a customer.")]
Sheet = Annotated[str, typer.Option(help="The sheet of an .xlsx; the fullest if left out.")]
Encoding = Annotated[str, typer.Option(help="The encoding of a text, such as cp1250; found if left out.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
WORDS = {"added": "created", "updated": "updated", "unchanged": "unchanged", "left_out": "left out"}
All = Annotated[bool, typer.Option("--all", help="Every remark, not the first ten.")]


def import_customers(
    file: FilePath,
    workbook: Place = "",
    map: Pairs = [],  # noqa: B006
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="The list's value wins over the workbook's.")
    ] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask which column is which.")] = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Any list of customers into a workbook: new ones are added, known ones completed."""
    from kamlib.importing import columns, customers, reading, shape

    lines = reading.read(file, sheet, encoding)
    listing = shape.table(lines)
    frame = listing.frame
    say(f"{file.name}: {len(frame):,} rows, {frame.shape[1]} columns ({lines.about}).")
    mapping = asked(frame, columns.choose(frame, "customers", map, key), ask)
    place = workbook or f"{file.stem}.kam"

    def merge(text: Any) -> customers.Merged:
        return customers.merge(text, frame, mapping, replace, lines.decimal)

    merged = land(place, file, merge, columns.currency(frame, mapping), dry_run)[0]
    told(frame, mapping, "customers", map, dry_run)
    if merged.columns:
        went = [new if new == old else f"{old} as {new}" for old, new in merged.columns.items()]
        say(f"Kept beside them in the table customers: {'; '.join(went)}.")
    if dry_run:
        for what, names in merged.examples.items():
            if names:
                shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
                say(f"  {merged.counts[what]:,} {WORDS[what]}: {shown}")
    notes = columns.remarks(frame, mapping, "customers", map)
    remarks([*listing.notes, *notes, *merged.notes], all)
    count = merged.counts
    say(
        f"{count['added']:,} added, {count['updated']:,} updated, {count['unchanged']:,} unchanged, "
        f"{count['left_out']:,} left out" + (" (nothing is written)." if dry_run else f": {place}.")
    )
    if not dry_run:
        say(f"Open it: kam workshop {place}")


def import_ledger(
    file: FilePath,
    workbook: Place = "",
    map: Pairs = [],  # noqa: B006
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    before_discount: Annotated[
        bool, typer.Option(help="The revenue in FILE is before discounts; subtract them.")
    ] = False,
    drop_duplicates: Annotated[
        bool, typer.Option(help="Of lines alike in every column take the first.")
    ] = False,
    leave_out: Annotated[
        list[str], typer.Option(help="HEADER=VALUE: leave such lines out, as often as needed.")
    ] = [],  # noqa: B006
    subtract: Annotated[
        list[str], typer.Option(help="HEADER=VALUE: such lines count negative, as often as needed.")
    ] = [],  # noqa: B006
    add: Annotated[
        bool, typer.Option(help="Add to the years in the workbook; they are replaced otherwise.")
    ] = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """A ledger of sales into a workbook, added up by customer and year and reconciled to the cent."""
    from kamlib import stores
    from kamlib.importing import columns, identity, landing, ledger, reading, shape, vocabulary

    place = workbook or f"{file.stem}.kam"
    refuse_itself(place, file)
    stores.open_store(place)  # refuses what is no workbook before a long file is read
    lines = reading.read(file, sheet, encoding, is_ledger=True)
    listing = shape.table(lines)
    frame = listing.frame
    mapping = columns.choose(frame, "ledger", map, key)
    say(f"{file.name}: {lines.about}.")
    told(frame, mapping, "ledger", map, dry_run)
    pairs = [ledger.pairs(frame, *given) for given in ((leave_out, "--leave-out"), (subtract, "--subtract"))]
    frame_of = identity.customers(stores.load(place, read_only=True)[1]) if stores.exists(place) else {}
    names = frozenset(vocabulary.folded(name) for name in frame_of.get("name", ()))
    options = ledger.Options(before_discount, drop_duplicates, *pairs, names)
    with progress() as tell:
        sums = ledger.add_up(listing, mapping, options, tell)
    notes = [*listing.notes, *columns.remarks(frame, mapping, "ledger", map)]
    notes += landing.remarks(sums, mapping, drop_duplicates)
    if not len(sums.rows):
        remarks(notes, all)
        raise WorkbookError(
            f"No line of {file.name} says a revenue that can be read; nothing is imported.",
            hint="Is it the right column? Say which by -m revenue=HEADER.",
        )
    print_ = fingerprint(file)
    headers = mapping.get("customer", ""), mapping.get("name", "")

    def merge(text: Any) -> landing.Landed:
        landed = landing.land(text, sums, add, *headers)
        before = text.get("imports")
        known = [] if before is None or "fingerprint" not in before else [*before["fingerprint"]]
        if add and print_ in known:
            raise InvalidInput(
                f"{file.name} has been added to this workbook already; adding it again would count it twice.",
                hint="Without --add it replaces its years.",
            )
        if print_ not in known:
            values = {
                "file": file.name[:200],
                "lines": str(sums.lines),
                "on": date.today().isoformat(),
            }
            landed.changes.append(stores.Change("imports", {"fingerprint": print_}, values))
        return landed

    money: dict[str, str] = {f: mapping[f] for f in ("revenue", "unit_price") if f in mapping}
    landed, before, after = land(place, file, merge, columns.currency(frame, money), dry_run)
    found = landing.reconciled(sums, landed, after, before if add else None)
    remarks([*notes, *landing.of_landing(landed, sums, add, before)], all)
    if dry_run and landed.new:
        shown = ", ".join([*landed.new.values()][:5]) + (", ..." if len(landed.new) > 5 else "")
        say(f"  {len(landed.new):,} customers created: {shown}")
    count, years = landed.counts, ", ".join(sorted(set(landed.rows["year"])))[:200]
    say(
        f"{sums.lines:,} lines, {landed.rows['customer'].nunique():,} customers, years: {years}. Rows of the "
        f"ledger: {count['added']:,} added, {count['updated']:,} updated, {count['unchanged']:,} unchanged"
        + (" (nothing is written)." if dry_run else f": {place}.")
    )
    for line in landing.table(found).splitlines():
        say(line)
    if any(found["difference"] != 0):
        raise WorkbookError(
            "The ledger does not add up to the file.",
            table="ledger",
            hint="Somebody may have changed it meanwhile; import the file again.",
        )
    if not dry_run:
        say(f"Look at it: kam show {place} ledger")


def merge_customers(
    workbook: Annotated[str, typer.Argument(help="The workbook.")],
    keep: Annotated[str, typer.Argument(help="The id of the customer that stays.")] = "",
    other: Annotated[str, typer.Argument(help="The id of the one that goes into it.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the last merge back.")] = False,
) -> None:
    """Two customers that are one: scores, sales, decisions and answers of the second go to the first."""
    from kamlib import checks, duplicates, stores
    from kamlib.stores import bulk

    if not undo and not (keep and other):
        hint = "Write kam merge-customers WORKBOOK KEEP OTHER, or --undo."
        raise InvalidInput("Which two customers are one?", hint=hint)
    store, text = stores.load(workbook)
    checks.refuse_errors(checks.check(text, store.notes), workbook)
    told: list[Any] = []

    def change(now: Any) -> Any:
        told[:] = duplicates.undone(now) if undo else duplicates.merged(now, keep, other)
        return told[0]

    try:
        bulk.put_all(store, change)
    except Conflict as error:
        message = f"The merge cannot be taken back, since what it changed was changed again. {error}"
        raise WorkbookError(message) from None
    if undo:
        say(f"{told[1]} is a customer of its own again.")
        return
    remarks(told[1], all=True)
    say(f"{other} is now part of {keep}. To take it back: kam merge-customers {workbook} --undo")


def land(
    place: str, file: Path, merge: Callable[[Any], Any], currency: str, dry_run: bool
) -> tuple[Any, Any, Any]:
    """Merge a file into the workbook at a place, made where there is none yet.

    Gives what was merged, and the tables before and after.
    """
    from kamlib import checks, stores
    from kamlib.stores import bulk

    refuse_itself(place, file)
    if not stores.exists(place):
        text = stores.blank(file.stem)
        if currency:
            text["settings"].loc[text["settings"]["key"] == "currency", "value"] = currency
        merged = merge(text)
        after = bulk.applied(text, merged.changes)[0]
        checks.refuse_errors(checks.check(after), place)
        return merged, text, after if dry_run else stores.create(place, after).read()
    store, text = stores.load(place, read_only=dry_run)
    checks.refuse_errors(checks.check(text, store.notes), place)
    merged = merge(text)
    if dry_run or not merged.changes:
        after = bulk.applied(text, merged.changes)[0]
        checks.refuse_errors(checks.check(after), place)
        return merged, text, after
    now: list[Any] = []

    def change(current: Any) -> Any:
        now[:] = [merge(current), current]
        return now[0].changes

    bulk.put_all(store, change)
    return now[0], now[1], store.read()


def refuse_itself(place: str, file: Path) -> None:
    """A list cannot be the workbook that it is imported into."""
    if "://" not in place and Path(place).expanduser().resolve() == file.resolve():
        hint = "Name another place for the workbook."
        raise WorkbookError(f"{file.name} is the list; it cannot be the workbook too.", hint=hint)


def fingerprint(file: Path) -> str:
    """What tells the contents of a file from those of any other."""
    with file.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()[:32]


@contextlib.contextmanager
def progress() -> Iterator[Callable[[float], None]]:
    """A bar with the time left, where somebody watches and it takes long enough to see."""
    with typer.progressbar(length=1000, label="Reading", file=sys.stderr) as bar:
        yield lambda done: bar.update(max(0, round(min(done, 1) * 1000) - bar.pos))
        if sys.stderr.isatty():
            bar.update(1000 - bar.pos)


# -- what is said -----------------------------------------------------------------------------------


def say(text: str) -> None:
    """A line of text in which nothing can steer the terminal."""
    typer.echo("".join(c if c.isprintable() else " " for c in text))


def told(frame: Any, mapping: Mapping[str, str], kind: str, given: list[str], dry_run: bool) -> None:
    """What each column is taken for: in a line, or before anything is written as a table with reasons."""
    from kamlib.importing import columns

    said = "; ".join(f"{field} = {header}" for field, header in mapping.items())
    say("Read as: " + (said or "no column is one of the workbook's") + ".")
    if not dry_run:
        return
    table = columns.preview(frame, mapping, kind, given)
    rows = [("column", "is taken for", "why", "such as"), *table.itertuples(index=False, name=None)]
    widths = [min(40, max(len(row[i]) for row in rows)) for i in range(3)]
    for row in rows:
        say("  " + "  ".join([*(c[:40].ljust(w) for c, w in zip(row, widths, strict=False)), row[3]]))
    who = [mapping[field] for field in ("customer", "name") if field in mapping]
    say(f"A customer is identified by {', then by '.join(who) or 'its place in the list'}.")


def remarks(rows: list[dict[str, str]], all: bool) -> None:
    """What there is to say: things to look at before mere notes, and of each kind the first three."""
    seen = Counter[str]()
    order: list[tuple[bool, bool, int]] = []
    for row in rows:
        kind = re.sub(r"[0-9,]+", "", row["message"]) + row["column"]
        seen[kind] += 1
        order.append((seen[kind] > 3 and not all, row["level"] == "note", len(order)))
    rows = [rows[place] for _, _, place in sorted(order)]
    shown = rows if all else rows[:10]
    for row in shown:
        found = " ".join(row["found"].split())
        place = ", ".join(filter(None, (row["row"], row["column"], f'"{found}"' if found else "")))
        say(f"  {place}: {row['message']}" if place else f"  {row['message']}")
    if len(rows) > len(shown):
        say(f"  ... and {len(rows) - len(shown):,} more; --all lists them.")


def asked(frame: Any, mapping: dict[str, str], ask: bool) -> dict[str, str]:
    """The mapping, after a question where a person sits there and the names, or with --ask all, are unclear."""
    from kamlib.importing import columns

    fields = ["name", *(f for f in columns.FIELDS if f != "name")] if ask else ["name"]
    if not sys.stdin.isatty() or not (ask or not {"name", "customer"} & mapping.keys()):
        return mapping
    for number, header in enumerate(frame.columns, start=1):
        some = "; ".join(filter(None, dict.fromkeys(frame[header].head(20))))[:60]
        say(f"  {number:>3}  {header}: {some}")
    for field in fields:
        text = f"Which column is {field}? Its number or name, - for none"
        while True:
            answer = typer.prompt(text, default=mapping.get(field, "-")).strip()
            header = "" if answer == "-" else answer
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= frame.shape[1]:
                header = frame.columns[int(answer) - 1]
            try:
                known = [f"{f}={h}" for f, h in mapping.items() if f != field and h != header]
                blank = [f"{f}=" for f in columns.FIELDS if f not in mapping and f != field]
                mapping = columns.choose(frame, "customers", [*blank, *known, f"{field}={header}"])
                break
            except KamError as error:
                say(str(error))
    return mapping
