"""The commands that bring other people's files into a workbook."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from kamlib.errors import KamError, WorkbookError


def import_customers(
    file: Annotated[Path, typer.Argument(help="Any list: CSV, TSV, text or .xlsx, as it is.")],
    workbook: Annotated[str, typer.Argument(help="Where to; FILE's name with .kam if left out.")] = "",
    map: Annotated[
        list[str], typer.Option("--map", "-m", help="FIELD=HEADER, such as name=Company, as often as needed.")
    ] = [],  # noqa: B006
    sheet: Annotated[str, typer.Option(help="The sheet of an .xlsx; the fullest if left out.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="The list's value wins over the workbook's.")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask which column is which.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    all: Annotated[bool, typer.Option("--all", help="Every remark, not the first ten.")] = False,
) -> None:  # fmt: skip
    """Any list of customers into a workbook: new ones are added, known ones completed."""
    from kamlib import imports
    from kamlib.stores import foreign

    lines = foreign.read(file, sheet)
    frame, report = imports.table(lines.cells, lines.decimal)
    _say(f"{file.name}: {len(frame):,} rows, {frame.shape[1]} columns ({lines.about}).")
    mapping = _asked(frame, imports.choose(frame, map), ask)
    place = workbook or f"{file.stem}.kam"
    merged = _land(place, file, frame, mapping, replace, dry_run)
    said = [f"{field} = {header}" for field, header in mapping.items()]
    _say("Read as: " + ("; ".join(said) or "no column is one of the workbook's") + ".")
    if merged.columns:
        went = [new if new == old else f"{old} as {new}" for old, new in merged.columns.items()]
        _say(f"Kept beside them in the table customers: {'; '.join(went)}.")
    _remarks([*lines.notes, *report.to_dict("records"), *merged.report.to_dict("records")], all)
    count = merged.counts
    _say(f"{count['added']:,} added, {count['updated']:,} updated, {count['unchanged']:,} unchanged, "
         f"{count['left_out']:,} left out" + (" (nothing is written)." if dry_run else f": {place}."))  # fmt: skip
    if not dry_run:
        _say(f"Open it: kam workshop {place}")


def _say(text: str) -> None:
    """A line of text in which nothing can steer the terminal."""
    typer.echo("".join(c if c.isprintable() else " " for c in text))


def _remarks(rows: list[dict[str, str]], all: bool) -> None:
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
        _say(f"  {place}: {row['message']}" if place else f"  {row['message']}")
    if len(rows) > len(shown):
        _say(f"  ... and {len(rows) - len(shown):,} more; --all lists them.")


def _asked(frame: Any, mapping: dict[str, str], ask: bool) -> dict[str, str]:
    """The mapping, after a question where a person sits there and the names, or with --ask all, are unclear."""
    from kamlib import imports

    fields = ["name", *(f for f in imports.FIELDS if f != "name")] if ask else ["name"]
    if not sys.stdin.isatty() or not (ask or "name" not in mapping):
        return mapping
    for number, header in enumerate(frame.columns, start=1):
        some = "; ".join(filter(None, dict.fromkeys(frame[header].head(20))))[:60]
        _say(f"  {number:>3}  {header}: {some}")
    for field in fields:
        mapping = _one_asked(frame, mapping, field)
    return mapping


def _one_asked(frame: Any, mapping: dict[str, str], field: str) -> dict[str, str]:
    from kamlib import imports

    while True:
        text = f"Which column is {field}? Its number or name, - for none"
        answer = typer.prompt(text, default=mapping.get(field, "-")).strip()
        header = "" if answer == "-" else answer
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= frame.shape[1]:
            header = frame.columns[int(answer) - 1]
        try:
            return imports.choose(frame, [f"{field}={header}"], mapping)
        except KamError as error:
            _say(str(error))


def _land(place: str, file: Path, frame: Any, mapping: dict[str, str], replace: bool, dry_run: bool) -> Any:
    """Merge the list into the workbook at a place, made where there is none yet; gives what was merged."""
    from kamlib import checks, imports, stores
    from kamlib.stores import foreign

    _refuse_itself(place, file)
    if stores.exists(place):
        store, text = stores.load(place, read_only=dry_run)
        checks.refuse_errors(checks.check(text, store.notes), place)
        merged = imports.merge(text, frame, mapping, replace)
        if merged.changes and not dry_run:
            foreign.put_all(store, lambda now: imports.merge(now, frame, mapping, replace).changes)
        return merged
    text = stores.blank(file.stem)
    if money := imports.currency(frame, mapping):
        text["settings"].loc[text["settings"]["key"] == "currency", "value"] = money
    merged = imports.merge(text, frame, mapping, replace)
    after = foreign.applied(text, merged.changes)[0]
    checks.refuse_errors(checks.check(after), place)
    if not dry_run:
        stores.create(place, after)
    return merged


def import_ledger(
    file: Annotated[Path, typer.Argument(help="Sales line by line: CSV, TSV, text, .xlsx or Parquet, as it is.")],
    workbook: Annotated[str, typer.Argument(help="Where to; FILE's name with .kam if left out.")] = "",
    map: Annotated[
        list[str], typer.Option("--map", "-m", help="FIELD=HEADER, such as revenue=Amount, as often as needed.")
    ] = [],  # noqa: B006
    sheet: Annotated[str, typer.Option(help="The sheet of an .xlsx; the fullest if left out.")] = "",
    before_discount: Annotated[
        bool, typer.Option("--before-discount", help="The revenue in FILE is before discounts; subtract them.")
    ] = False,
    drop_duplicates: Annotated[
        bool, typer.Option("--drop-duplicates", help="Of lines alike in every column take the first.")
    ] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Add to the years that are in the workbook; they are replaced otherwise.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    all: Annotated[bool, typer.Option("--all", help="Every remark, not the first ten.")] = False,
) -> None:  # fmt: skip
    """A ledger of sales into a workbook, added up by customer and year and reconciled to the cent."""
    from kamlib import ledgers, stores

    place = workbook or f"{file.stem}.kam"
    _refuse_itself(place, file)
    stores.open_store(place)  # refuses what is no workbook before a long file is read
    source = ledgers.open_file(file, sheet)
    mapping = ledgers.choose(source.sample, map)
    _say(f"{file.name}: {source.about}.")
    _say("Read as: " + "; ".join(f"{field} = {header}" for field, header in mapping.items()) + ".")
    ledger = ledgers.add_up(source, mapping, before_discount=before_discount, drop_duplicates=drop_duplicates,
                            tell=_progress())  # fmt: skip
    if not len(ledger.rows):
        _remarks(ledgers.remarks(ledger, source, mapping, drop_duplicates), all)
        raise WorkbookError(f"No line of {file.name} says a revenue that can be read; nothing is imported.",
                            hint="Is it the right column? Say which by -m revenue=HEADER.")  # fmt: skip
    landed, found = _land_ledger(place, file, source, mapping, ledger, add, dry_run)
    _remarks([*ledgers.remarks(ledger, source, mapping, drop_duplicates),
              *ledgers.of_landing(landed, ledger, add)], all)  # fmt: skip
    count = landed.counts
    _say(f"{ledger.lines:,} lines, {landed.rows['customer'].nunique():,} customers, "
         f"years: {', '.join(sorted(set(landed.rows['year'])))[:200]}. Rows of the ledger: {count.get('added', 0):,} added, "
         f"{count.get('updated', 0):,} updated, {count.get('unchanged', 0):,} unchanged"
         + (" (nothing is written)." if dry_run else f": {place}."))  # fmt: skip
    for line in ledgers.table(found).splitlines():
        _say(line)
    if any(found["difference"] != 0):
        raise WorkbookError("The ledger does not add up to the file.", table="ledger",
                            hint="Somebody may have changed it meanwhile; import the file again.")  # fmt: skip
    if not dry_run:
        _say(f"Look at it: kam show {place} ledger")


def _progress() -> Any:
    """Says on stderr how much of a long file is read, every two seconds."""
    last = [time.monotonic()]

    def tell(done: float) -> None:
        if time.monotonic() - last[0] >= 2:
            last[0] = time.monotonic()
            typer.echo(f"  {min(done, 1):.0%} read", err=True)

    return tell


def _land_ledger(place: str, file: Path, source: Any, mapping: dict[str, str], ledger: Any, add: bool,
                 dry_run: bool) -> tuple[Any, Any]:  # fmt: skip
    """Put the ledger into the workbook at a place, made where there is none yet; what was put, and how it adds up."""
    from kamlib import checks, imports, ledgers, stores
    from kamlib.stores import foreign

    before, store = None, None
    if stores.exists(place):
        store, before = stores.load(place, read_only=dry_run)
        checks.refuse_errors(checks.check(before, store.notes), place)
        text = before
    else:
        text = stores.blank(file.stem)
        money = {"revenue": mapping.get("revenue", mapping.get("unit_price", ""))}
        if said := imports.currency(source.sample, {f: h for f, h in money.items() if h}):
            text["settings"].loc[text["settings"]["key"] == "currency", "value"] = said
    landed = ledgers.land(text, ledger, add)
    after = foreign.applied(text, landed.changes)[0]
    if dry_run or store is None:
        checks.refuse_errors(checks.check(after), place)
    if not dry_run and store is None:
        after = stores.create(place, after).read({"ledger"})
    elif store is not None and not dry_run and landed.changes:
        seen: list[Any] = []

        def change(now: Any) -> Any:
            seen[:] = [now, ledgers.land(now, ledger, add)]
            return seen[1].changes

        foreign.put_all(store, change)
        before, landed = seen
        after = store.read({"ledger"})
    return landed, ledgers.reconciled(ledger, landed, after, before if add else None)


def _refuse_itself(place: str, file: Path) -> None:
    if "://" not in place and Path(place).expanduser().resolve() == file.resolve():
        raise WorkbookError(f"{file.name} is the list; it cannot be the workbook too.",
                            hint="Name another place for the workbook.")  # fmt: skip
