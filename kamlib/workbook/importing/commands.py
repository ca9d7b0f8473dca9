"""The commands that bring files into a workbook: read, show what would happen, then do it."""

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

from kamlib.errors import Conflict, Finding, KamError
from kamlib.workbook.importing import sentences

FilePath = Annotated[Path, typer.Argument(help="A CSV, TSV, text, .xlsx or Parquet file, as it is.")]
Place = Annotated[str, typer.Argument(help="The workbook. Default: FILE's name with .kam.")]
Pairs = Annotated[
    list[str],
    typer.Option("--map", "-m", help="FIELD=HEADER, such as name=Company. May be repeated."),
]
Key = Annotated[str, typer.Option(help="The column that identifies a customer.")]
Sheet = Annotated[str, typer.Option(help="The sheet of an .xlsx. Default: the fullest one.")]
Encoding = Annotated[str, typer.Option(help="The encoding of the file, such as cp1250. Default: detected.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
WORDS = {"added": "created", "updated": "updated", "unchanged": "unchanged", "left_out": "left out"}
All = Annotated[bool, typer.Option("--all", help="Show every remark, not only ten.")]


def import_customers(
    file: FilePath,
    workbook: Place = "",
    map: Pairs = [],  # noqa: B006
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    replace: Annotated[bool, typer.Option("--replace", help="Let the list overwrite the workbook.")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask what each column holds.")] = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Import a customer list: new customers are added, gaps in known ones are filled."""
    from kamlib.workbook.importing import columns, customers, reading, shape

    lines = reading.read(file, sheet, encoding)
    listing = shape.table(lines)
    frame = listing.frame
    say("read", name=file.name, n=len(frame), m=frame.shape[1], about=lines.about)
    mapping = asked(frame, columns.choose(frame, "customers", map, key), ask)
    place = edited(workbook or f"{file.stem}.kam", file, dry_run)

    def merge(text: Any) -> customers.Merged:
        return customers.merge(text, frame, mapping, replace, lines.decimal)

    merged = land(place, file, merge, columns.currency(frame, mapping), dry_run)[0]
    preview(frame, mapping, "customers", map, dry_run)
    if merged.columns:
        went = [new if new == old else f"{old} as {new}" for old, new in merged.columns.items()]
        say("kept_beside", went="; ".join(went))
    for what, names in merged.examples.items() if dry_run else ():
        some(names, WORDS[what])
    remarks([*listing.notes, *columns.remarks(frame, mapping, "customers", map), *merged.notes], all)
    say("counts", where=where(place, dry_run), **merged.counts)
    if not dry_run:
        say("open", place=place)


def import_ledger(
    file: FilePath,
    workbook: Place = "",
    map: Pairs = [],  # noqa: B006
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    before_discount: Annotated[
        bool, typer.Option(help="Subtract discounts: the revenue in FILE is before them.")
    ] = False,
    drop_duplicates: Annotated[
        bool, typer.Option(help="Count lines that are the same in every column only once.")
    ] = False,
    leave_out: Annotated[
        list[str], typer.Option(help="HEADER=VALUE: leave these lines out. May be repeated.")
    ] = [],  # noqa: B006
    subtract: Annotated[
        list[str], typer.Option(help="HEADER=VALUE: subtract these lines. May be repeated.")
    ] = [],  # noqa: B006
    add: Annotated[
        bool, typer.Option(help="Add to the years already in the workbook. Default: replace them.")
    ] = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Import a sales ledger, added up by customer and year, exact to the cent."""
    from kamlib.workbook import stores
    from kamlib.workbook.importing import columns, identity, landing, ledger, reading, shape, vocabulary

    place = edited(workbook or f"{file.stem}.kam", file, dry_run)
    lines = reading.read(file, sheet, encoding, is_ledger=True)
    listing = shape.table(lines)
    frame = listing.frame
    mapping = columns.choose(frame, "ledger", map, key)
    say("ledger_read", name=file.name, about=lines.about)
    preview(frame, mapping, "ledger", map, dry_run)
    out, less = ledger.pairs(frame, leave_out, "--leave-out"), ledger.pairs(frame, subtract, "--subtract")
    names = identity.names(stores.load(place, read_only=True)[1]) if stores.exists(place) else {}
    known = frozenset(vocabulary.folded(name) for name in names.values())
    options = ledger.Options(before_discount, drop_duplicates, out, less, known)
    with progress() as tell:
        sums = ledger.add_up(listing, mapping, options, tell)
    notes = [*listing.notes, *columns.remarks(frame, mapping, "ledger", map), *sums.notes]
    if not len(sums.rows):
        remarks(notes, all)
        raise sentences.refusal("no_revenue", name=file.name)
    headers = mapping.get("customer", ""), mapping.get("name", "")
    with file.open("rb") as raw:
        print_ = hashlib.file_digest(raw, "sha256").hexdigest()[:32]

    def merge(text: Any) -> landing.Landed:
        landed = landing.land(text, sums, add, *headers)
        before = text.get("imports", {})
        if print_ not in [*before.get("fingerprint", ())]:
            on = date.today().isoformat()
            values = {"file": file.name[:200], "lines": str(sums.lines), "on": on}
            landed.changes.append(stores.Change("imports", {"fingerprint": print_}, values))
        elif add:
            raise sentences.refusal("added_already", name=file.name)
        return landed

    money: dict[str, str] = {f: mapping[f] for f in ("revenue", "unit_price") if f in mapping}
    landed, before, after = land(place, file, merge, columns.currency(frame, money), dry_run)
    remarks([*notes, *landing.remarks(landed, sums, add, before)], all)
    if dry_run:
        some([*landed.new.values()], "customers created")
    years = ", ".join(sorted(set(landed.rows["year"])))
    parts = {"n": sums.lines, "m": landed.rows["customer"].nunique(), "years": years}
    say("ledger_counts", where=where(place, dry_run), **parts, **landed.counts)
    found = landing.reconciled(sums, landed, after, before if add else None)
    for line in landing.table(found).splitlines():
        write(line)
    if any(found["difference"] != 0):
        raise sentences.refusal("not_reconciled", table="ledger")
    if not dry_run:
        say("look", place=place)


def merge_customers(
    workbook: Annotated[str, typer.Argument(help="The workbook.")],
    keep: Annotated[str, typer.Argument(help="The id of the customer to keep.")] = "",
    other: Annotated[str, typer.Argument(help="The id of the duplicate.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Undo the last merge.")] = False,
) -> None:
    """Merge two entries for one customer: everything of the duplicate moves to the one you keep."""
    from kamlib.workbook import checks, duplicates, stores
    from kamlib.workbook.stores import base

    if not undo and not (keep and other):
        raise sentences.refusal("which_two")
    workbook = edited(workbook)
    store, text = stores.load(workbook)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    told: list[Any] = []

    def change(now: Any) -> Any:
        told[:] = duplicates.undone(now) if undo else duplicates.merged(now, keep, other)
        return told[0]

    try:
        base.put_all(store, change)
    except Conflict as error:
        raise sentences.refusal("merge_changed", error=error) from None
    if undo:
        return say("unmerged", name=told[1])
    remarks(told[1], all=True)
    say("merged", keep=keep, other=other, workbook=workbook)


def land(
    place: str, file: Path, merge: Callable[[Any], Any], currency: str, dry_run: bool
) -> tuple[Any, Any, Any]:
    """Merge a file into the workbook at a place, made where there is none yet.

    Gives what was merged, and the tables before and after.
    """
    from kamlib.workbook import checks, stores
    from kamlib.workbook.stores import base

    is_new = not stores.exists(place)
    if is_new:
        text = stores.blank(file.stem)
        if currency:
            text["settings"].loc[text["settings"]["key"] == "currency", "value"] = currency
    else:
        store, text = stores.load(place, read_only=dry_run)
        checks.refuse_errors(checks.check(text, store.notes), store.location)
    merged = merge(text)
    if is_new or dry_run or not merged.changes:
        after = base.recorded(text, merged.changes)[0]
        checks.refuse_errors(checks.check(after), stores.spoken(place))
        return merged, text, stores.create(place, after).read() if is_new and not dry_run else after
    now: list[Any] = []

    def change(current: Any) -> Any:
        now[:] = [merge(current), current]
        return now[0].changes

    base.put_all(store, change)
    return now[0], now[1], store.read()


def edited(place: str, file: Path | None = None, dry_run: bool = False) -> str:
    """Where a workbook is changed: for a folder or an .xlsx the .kam beside it, which is said.

    Refuses what is no workbook, before a long file is read, and a list to be imported into itself.
    """
    from kamlib.workbook import stores

    if file and "://" not in place and Path(place).expanduser().resolve() == file.resolve():
        raise sentences.refusal("itself", name=file.name)
    copied = stores.working_copy(place)
    if not copied or not stores.exists(place):
        return place
    if dry_run:
        return str(copied) if stores.exists(copied) else place
    store, _ = stores.load(place)
    for note in store.notes:
        if not note["table"]:
            write(note["message"])
    return store.location


@contextlib.contextmanager
def progress() -> Iterator[Callable[[float], None]]:
    """A bar with the time left, where somebody watches and it takes long enough to see."""
    with typer.progressbar(length=1000, label="Reading", file=sys.stderr) as bar:
        yield lambda done: bar.update(max(0, round(min(done, 1) * 1000) - bar.pos))
        if sys.stderr.isatty():
            bar.update(1000 - bar.pos)


# -- what is said ----------------------------------------------------------------------------------


def write(text: str) -> None:
    """A line of text in which nothing can steer the terminal."""
    typer.echo("".join(c if c.isprintable() else " " for c in text))


def say(key: str, **parts: Any) -> None:
    """Write a sentence of `sentences.yaml`."""
    write(sentences.told(key, **parts))


def some(names: list[str], what: str) -> None:
    """How many customers something happens to, and the first five of them."""
    if names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        say("some", n=len(names), what=what, names=shown)


def where(place: str, dry_run: bool) -> str:
    """What became of it, at the end of a sentence."""
    return " (nothing is written)" if dry_run else f": {place}"


def preview(frame: Any, mapping: Mapping[str, str], kind: str, given: list[str], dry_run: bool) -> None:
    """What each column is taken for: in a line, and in a dry run as a table with reasons."""
    from kamlib.workbook.importing import columns

    said = "; ".join(f"{field} = {header}" for field, header in mapping.items())
    say("read_as", said=said or "no column matches the workbook")
    if not dry_run:
        return
    table = columns.preview(frame, mapping, kind, given)
    rows = [("column", "read as", "why", "examples"), *table.itertuples(index=False, name=None)]
    widths = [min(40, max(len(row[i]) for row in rows)) for i in range(3)]
    for *cells, examples in rows:
        padded = [cell[:40].ljust(width) for cell, width in zip(cells, widths, strict=True)]
        write("  " + "  ".join([*padded, examples]))
    who = [mapping[field] for field in ("customer", "name") if field in mapping]
    say("identified", by=", then by ".join(who) or "its place in the list")


def remarks(rows: list[Finding], all: bool) -> None:
    """What there is to say: warnings before notes, and of each kind the first three."""
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
        write(f"  {place}: {row['message']}" if place else f"  {row['message']}")
    if len(rows) > len(shown):
        say("more", n=len(rows) - len(shown))


def asked(frame: Any, mapping: dict[str, str], ask: bool) -> dict[str, str]:
    """The mapping, after a question to who sits there: of the name if unclear, of all with
    --ask."""
    from kamlib.workbook.importing import columns

    fields = ["name", *(f for f in columns.FIELDS if f != "name")] if ask else ["name"]
    if not sys.stdin.isatty() or not (ask or not {"name", "customer"} & mapping.keys()):
        return mapping
    for number, header in enumerate(frame.columns, start=1):
        examples = "; ".join(filter(None, dict.fromkeys(frame[header].head(20))))[:60]
        write(f"  {number:>3}  {header}: {examples}")
    for field in fields:
        text = sentences.told("which", field=field)
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
                write(str(error))
    return mapping
