"""The commands that bring files into a workbook: read, show what would happen, then do it."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from kamlib.errors import Conflict, Finding, KamError
from kamlib.workbook.importing import sentences

FilePath = Annotated[
    Path, typer.Argument(help="A CSV, TSV, text, .xlsx or Parquet file, as it is.")
]
Place = Annotated[str, typer.Argument(help="The workbook. Default: FILE's name with .kam.")]
Texts = list[str]
Pairs = Annotated[
    Texts, typer.Option("--map", "-m", help="FIELD=HEADER, such as name=Company. May be repeated.")
]
Key = Annotated[str, typer.Option(help="The column that identifies a customer.")]
Sheet = Annotated[str, typer.Option(help="The sheet of an .xlsx. Default: the fullest one.")]
Encoding = Annotated[
    str, typer.Option(help="The encoding of the file, such as cp1250. Default: detected.")
]
Segment = Annotated[str, typer.Option(help="The id of one segment. Default: all segments.")]
Scale = Annotated[
    str,
    typer.Option(help="The scale of FILE: 9-6-3-0, or its ends, the worst first: 1-5, 6-1."),
]
Replace = Annotated[bool, typer.Option("--replace", help="Let the list overwrite the workbook.")]
Ask = Annotated[bool, typer.Option("--ask", help="Ask what each column holds.")]
Before = Annotated[
    bool, typer.Option(help="Subtract discounts: the revenue in FILE is before them.")
]
Drop = Annotated[
    bool, typer.Option(help="Count lines that are the same in every column only once.")
]
LeaveOut = Annotated[
    Texts, typer.Option(help="HEADER=VALUE: leave these lines out. May be repeated.")
]
Subtract = Annotated[
    Texts, typer.Option(help="HEADER=VALUE: subtract these lines. May be repeated.")
]
Add = Annotated[
    bool, typer.Option(help="Add to the years already in the workbook. Default: replace them.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
All = Annotated[bool, typer.Option("--all", help="Show every remark, not only ten.")]
NONE: Texts = []


def import_customers(
    file: FilePath,
    workbook: Place = "",
    map: Pairs = NONE,
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    replace: Replace = False,
    ask: Ask = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Import a customer list: new customers are added, gaps in known ones are filled."""
    from kamlib.workbook.importing import columns, customers, reading

    lines = reading.read(file, sheet, encoding)
    listing, mapping = taken("customers", lines, map, key, dry_run, ask)
    place = edited(workbook or f"{file.stem}.kam", file, dry_run)

    def merge(text: Any) -> customers.Merged:
        return customers.merge(text, listing.frame, mapping, replace, lines.decimal)

    merged = land(place, file, merge, columns.currency(listing.frame, mapping), dry_run)[0]
    if merged.columns:
        went = [new if new == old else f"{old} as {new}" for old, new in merged.columns.items()]
        say("kept_beside", went="; ".join(went))
    remarks([*columns.remarks(listing, mapping, "customers", map), *merged.notes], all)
    ended("customers", place, merged, dry_run, left_out=merged.counts["left_out"])


def import_contacts(
    file: FilePath,
    workbook: Place,
    map: Pairs = NONE,
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Import the people of your customers from a CRM: new ones are added, gaps are filled."""
    from kamlib.workbook.importing import columns, contacts, reading

    listing, mapping = taken("contacts", reading.read(file, sheet, encoding), map, key, dry_run)
    place = edited(workbook, file, dry_run)
    merged = land(
        place, file, lambda text: contacts.merge(text, listing.frame, mapping), "", dry_run
    )[0]
    remarks([*columns.remarks(listing, mapping, "contacts", map), *merged.notes], all)
    ended("contacts", place, merged, dry_run)


def import_scores(
    file: FilePath,
    workbook: Place,
    segment: Segment = "",
    scale: Scale = "",
    map: Pairs = NONE,
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    replace: Replace = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Import a scoring sheet, customers by attractiveness factors, from its own scale to ours."""
    from kamlib.workbook import stores
    from kamlib.workbook.importing import columns, reading, scores

    place = edited(workbook, file, dry_run)
    those = scores.factors(stores.load(place, read_only=True)[1], segment)
    lines = reading.read(file, sheet, encoding)
    heads = scores.headings(those)
    listing, mapping = taken("scores", lines, map, key, dry_run, more=heads)
    found, said = scores.scale(scale, listing.frame, mapping, those)
    say("scale" if scale else "scale_seen", scale=scores.spoken(found), said=said)

    def merge(text: Any) -> Any:
        return scores.merge(text, listing.frame, mapping, found, replace, segment)

    merged = land(place, file, merge, "", dry_run)[0]
    remarks([*columns.remarks(listing, mapping, "scores", map), *merged.notes], all)
    ended("scores", place, merged, dry_run)


def import_ledger(
    file: FilePath,
    workbook: Place = "",
    map: Pairs = NONE,
    key: Key = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    before_discount: Before = False,
    drop_duplicates: Drop = False,
    leave_out: LeaveOut = NONE,
    subtract: Subtract = NONE,
    add: Add = False,
    dry_run: DryRun = False,
    all: All = False,
) -> None:
    """Import a sales ledger, added up by customer and year, exact to the cent."""
    from kamlib.workbook import stores
    from kamlib.workbook.importing import columns, identity, landing, ledger, reading

    place = edited(workbook or f"{file.stem}.kam", file, dry_run)
    listing, mapping = taken("ledger", reading.read(file, sheet, encoding, True), map, key, dry_run)
    frame = listing.frame
    out, less = (
        ledger.pairs(frame, leave_out, "--leave-out"),
        ledger.pairs(frame, subtract, "--subtract"),
    )
    there = stores.load(place, read_only=True)[1] if stores.exists(place) else {}
    options = ledger.Options(before_discount, drop_duplicates, out, less, identity.called(there))
    with progress() as tell:
        sums = ledger.add_up(listing, mapping, options, tell)
    notes = [*columns.remarks(listing, mapping, "ledger", map), *sums.notes]
    if not len(sums.rows):
        remarks(notes, all)
        raise sentences.refusal("no_revenue", name=file.name)
    with file.open("rb") as raw:
        mark = {"fingerprint": hashlib.file_digest(raw, "sha256").hexdigest()[:32]}

    def merge(text: Any) -> landing.Landed:
        landed = landing.land(text, sums, add, mapping.get("customer", ""), mapping.get("name", ""))
        if mark["fingerprint"] not in [*text.get("imports", {}).get("fingerprint", ())]:
            on = date.today().isoformat()
            values = {"file": file.name[:200], "lines": str(sums.lines), "on": on}
            landed.changes.append(stores.Change("imports", mark, values))
        elif add:
            raise sentences.refusal("added_already", name=file.name)
        return landed

    landed, before, after = land(place, file, merge, columns.currency(frame, mapping), dry_run)
    remarks([*notes, *landing.remarks(landed, sums, add, before)], all)
    found = landing.reconciled(sums, landed, after, before if add else None)
    years = ", ".join(sorted(set(landed.rows["year"])))
    parts = {"n": sums.lines, "m": landed.rows["customer"].nunique(), "years": years}
    ended("ledger", place, landed, dry_run, landing.table(found), **parts)
    if any(found["difference"] != 0):
        raise sentences.refusal("not_reconciled", table="ledger")


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
    """Merge a file into the workbook at a place, begun there if it is new.

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
    last: list[Any] = []

    def change(now: Any) -> Any:
        last[:] = merge(now), now
        return last[0].changes

    changes = change(text)
    if changes and not is_new and not dry_run:
        base.put_all(store, change)
        return last[0], last[1], store.read()
    after = base.recorded(text, changes)[0]
    checks.refuse_errors(checks.check(after), stores.spoken(place))
    return last[0], text, stores.create(place, after).read() if is_new and not dry_run else after


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


def ended(kind: str, place: str, done: Any, dry_run: bool, table: str = "", **parts: Any) -> None:
    """What became of it: in a dry run with the names, else with what to do next."""
    for what, names in done.examples.items() if dry_run else ():
        if names:
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            say("some", n=len(names), what=what, names=shown)
    where = " (nothing is written)" if dry_run else f": {place}"
    say(f"{kind}_counts", **{**done.counts, **parts, "where": where})
    for line in table.splitlines():
        write(line)
    if not dry_run:
        say(f"{kind}_next", place=place)


def taken(
    kind: str,
    lines: Any,
    given: Texts,
    key: str,
    dry_run: bool,
    ask: bool = False,
    more: Any = (),
) -> tuple[Any, dict[str, str]]:
    """A file as a table, and what each column is taken for: in a line, or as a table with reasons."""
    from kamlib.workbook.importing import columns, shape

    listing = shape.table(lines)
    frame = listing.frame
    mapping = asked(frame, columns.choose(frame, kind, given, key, dict(more)), ask)
    say(f"{kind}_read", name=lines.name, n=len(frame), m=frame.shape[1], about=lines.about)
    said = "; ".join(f"{field} = {header}" for field, header in mapping.items())
    say("read_as", said=said or "no column matches the workbook")
    if dry_run:
        table = columns.preview(frame, mapping, kind, given)
        rows = [("column", "read as", "why", "examples"), *table.itertuples(index=False, name=None)]
        widths = [min(40, max(len(row[i]) for row in rows)) for i in range(3)]
        for *cells, examples in rows:
            padded = [cell[:40].ljust(width) for cell, width in zip(cells, widths, strict=True)]
            write("  " + "  ".join([*padded, examples]))
        say("identified", by=columns.identified(mapping))
    return listing, mapping


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
        write(f"  {place}: {row}" if place else f"  {row}")
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
