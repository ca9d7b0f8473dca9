"""The first screen: a list of customers from Excel or a file, with a preview, names typed in, or an example."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from kamlib.errors import InvalidInput, KamError
from kamlib.pages.exhibit import Desk, Draft, Exhibit, Figures, View, row, stack
from kamlib.pages.grids import slug
from kamlib.pages.html import fill, parts, table
from kamlib.wording import counted, listed
from kamlib.workbook import stores
from kamlib.workbook.importing import columns, customers, reading, shape
from kamlib.workbook.importing.columns import FIELDS
from kamlib.workbook.importing.customers import Merged
from kamlib.workbook.importing.sentences import told
from kamlib.workbook.importing.shape import Listing
from kamlib.workbook.schema import DEFINITIONS, Tables
from kamlib.workbook.settings import shipped
from kamlib.workbook.stores import Change

WORDS = {"customer": "Number"} | {f: f.replace("_", " ").capitalize() for f in FIELDS if f != "customer"}
MOST_NOTES, MOST_NAMES, MOST_BYTES = 6, 8, 8_000_000
EXAMPLES = {"insurer": "An insurer that sells through brokers", "bank": "A bank", "tiny": "A few customers"}


@dataclass(frozen=True)
class Preview:
    """A pasted list, what its columns are taken for (field -> header), and what its import would change."""

    listing: Listing
    mapping: Mapping[str, str]
    chosen: tuple[str, ...] = ()  # the pairs field=header that somebody chose
    merged: Merged | None = None
    refused: str = ""


PASTED = Draft("pasted")

# A list from Excel


def _import_title(view: View) -> str:
    preview: Preview | None = view[PASTED]
    if preview is None or view.locked:
        return "" if view.locked else "Bring a list from Excel"
    if preview.merged is None:
        return "Which column is which?"
    counts = preview.merged.counts
    return f"{counted(counts['rows'], 'line')} read: {_changes(counts)}"


def _changes(counts: Mapping[str, int]) -> str:
    """10 created, 2 updated, 1 left out."""
    words = {"added": "created", "updated": "updated", "unchanged": "unchanged", "left_out": "left out"}
    shown = [f"{counts[what]:,} {word}" for what, word in words.items() if counts[what] or what == "added"]
    return listed(shown)


def _import(view: View) -> str:
    preview: Preview | None = view[PASTED]
    if view.locked:
        return ""
    if preview is None:
        return fill("start", "paste", most=MOST_BYTES)
    return _previewed(preview, view.book["segments"].empty and "segment" not in preview.mapping)


def _previewed(preview: Preview, unsegmented: bool) -> Markup:
    frame, mapping = preview.listing.frame, preview.mapping
    rows = columns.preview(frame, mapping, "customers", preview.chosen).to_dict("records")
    fields = {header: field for field, header in mapping.items()}
    lines = [
        line
        | {
            "taken": fill(
                "start", "taken", n=n, line=line, chosen=fields.get(line["header"], ""), words=WORDS
            )
        }
        for n, line in enumerate(rows)
    ]
    merged = preview.merged
    notes = columns.remarks(preview.listing, mapping, "customers", preview.chosen)
    notes = sorted([*notes, *(merged.notes if merged else [])], key=lambda note: note["level"] == "note")
    return parts(
        fill("start", "refused", words=preview.refused) if preview.refused else "",
        table(
            lines,
            {"header": "Column|name", "taken": "is taken for|l", "why": "because|l", "examples": "such as|l"},
            most=len(lines),
        ),
        fill(
            "start",
            "preview",
            identified=told("identified", by=columns.identified(mapping)),
            left_out=merged.examples["left out"][:MOST_NAMES] if merged else [],
            notes=notes[:MOST_NOTES],
            more=max(len(notes) - MOST_NOTES, 0),
            ready=merged is not None,
            unsegmented=unsegmented,
        ),
    )


def _preview(desk: Desk, message: dict[str, Any]) -> None:
    listing = shape.from_text(str(message["fields"]["block"]))
    _show(desk, Preview(listing, columns.propose(listing.frame)))


def _file(desk: Desk, message: dict[str, Any]) -> None:
    """A file from the reader's own computer. Its name is shown and never leads anywhere."""
    name = re.sub(r"[^\w .()-]|^\.+", "_", re.split(r"[/\\]", str(message["name"]))[-1])[-60:] or "list"
    if int(message["size"]) > MOST_BYTES or len(message["bytes"]) > MOST_BYTES:
        raise InvalidInput(
            f"{name} has more than {MOST_BYTES // 1_000_000} MB, too much for the browser.",
            hint="Bring it in with: kam import-customers FILE WORKBOOK.",
        )
    with tempfile.TemporaryDirectory(prefix="kam-list-") as folder:
        place = Path(folder) / name
        place.write_bytes(message["bytes"])
        listing = shape.table(reading.read(place))
    _show(desk, Preview(listing, columns.propose(listing.frame)))


def _taken(desk: Desk, message: dict[str, Any]) -> None:
    """Somebody says what a column is: one of the workbook's, or one that is kept beside them."""
    preview: Preview = desk.view[PASTED]
    header, field = str(message["header"]), str(message["value"])
    if header not in preview.listing.frame.columns or field not in ("", *FIELDS):
        raise InvalidInput("There is no such column.")
    mapping = {f: h for f, h in preview.mapping.items() if h != header and f != field}
    mapping |= {field: header} if field else {}
    chosen = tuple(pair for pair in preview.chosen if pair.partition("=")[2] != header)
    _show(desk, Preview(preview.listing, mapping, (*chosen, f"{field}={header}")))


def _show(desk: Desk, preview: Preview) -> None:
    """Say what the import would change, or why it cannot be."""
    listing, mapping = preview.listing, dict(preview.mapping)
    merged, refused = None, ""
    try:
        merged = desk.take_in(lambda text: _merge(text, listing, mapping), store=False)
    except KamError as error:
        refused = error.message  # its hint is for the command line; here the columns are below
    desk.draft(PASTED, Preview(listing, mapping, preview.chosen, merged, refused))


def _merge(text: Tables, listing: Listing, mapping: Mapping[str, str]) -> Merged:
    return customers.merge(text, listing.frame, mapping, decimal=listing.lines.decimal)


def _store(desk: Desk, message: dict[str, Any]) -> None:
    preview: Preview = desk.view[PASTED]
    listing, mapping = preview.listing, dict(preview.mapping)
    before = _customers(desk)
    with desk.as_one():
        merged = desk.take_in(lambda text: _merge(text, listing, mapping))
        if segment := str(message.get("fields", {}).get("segment", "")).strip():
            add_segment(desk, segment)
        join(desk, before)
    desk.draft(PASTED, None)
    _choose_first(desk)
    desk.say(f"{counted(merged.counts['rows'], 'line')} imported: {_changes(merged.counts)}.")


def _choose_first(desk: Desk) -> None:
    segments = desk.view.book["segments"]["segment"]
    if not desk.view.book.settings.segment and len(segments):
        desk.choose(segments.iloc[0])


def _customers(desk: Desk) -> set[str]:
    return set(desk.view.book["customers"]["customer"])


def join(desk: Desk, before: set[str]) -> None:
    """While there is one segment, customers who were not there `before` belong to it."""
    book = desk.view.book
    if len(book["segments"]) != 1:
        return
    rows, only = book["customers"], book["segments"]["segment"].iloc[0]
    new = rows.loc[(rows["segment"] == "") & ~rows["customer"].isin(before), "customer"]
    desk.put_all("customers", [{"customer": customer, "segment": only} for customer in new])


def add_segment(desk: Desk, name: str) -> None:
    """A new segment by its name; to the first one belong all customers until there are others."""
    if not name.strip():
        raise InvalidInput("Name the segment first: a matrix compares customers of one segment.")
    book = desk.view.book
    segment, rows = slug(name, book["segments"]["segment"]), book["customers"]
    first = rows.loc[rows["segment"] == "", "customer"] if book["segments"].empty else []
    with desk.as_one():
        desk.put("segments", segment=segment, name=name.strip(), active="yes")
        desk.put_all("customers", [{"customer": customer, "segment": segment} for customer in first])
    if not book.settings.segment:
        desk.choose(segment)
    if len(first):
        desk.say(
            f"{counted(len(first), 'customer')} in this segment: until there are others all belong to it."
        )


IMPORT = Exhibit(
    "import",
    _import_title,
    _import,
    actions={
        "preview": _preview,
        "file": _file,
        "taken": _taken,
        "import": _store,
        "cancel": lambda desk, message: desk.draft(PASTED, None),
    },
    on_paper=False,
)

# Names typed in


def _names(view: View) -> str:
    book = view.book
    rows = book["customers"]
    known = [name or id for id, name in zip(rows["customer"], rows["name"], strict=True)]
    return fill(
        "start",
        "names",
        locked=view.locked,
        known=known[-MOST_NAMES:][::-1],
        more=max(len(known) - MOST_NAMES, 0),
        segments=len(book["segments"]),
        without=int((rows["segment"] == "").sum()),
    )


def add_customer(desk: Desk, name: str) -> None:
    """A new customer by its name."""
    before = _customers(desk)
    if not name.strip():
        raise InvalidInput("Write the name of the customer.")
    with desk.as_one():
        desk.put("customers", customer=slug(name, before), name=name.strip(), status="current")
        join(desk, before)


TYPED = Exhibit(
    "names",
    lambda view: _names_title(view),
    _names,
    actions={"name": lambda desk, message: add_customer(desk, str(message["fields"]["name"]))},
    on_paper=False,
)


def _names_title(view: View) -> str:
    count = len(view.book["customers"])
    return f"{counted(count, 'customer')} so far" if count else "Type the names"


# An example

EXAMPLE = Draft("example", "")
OWN = ("settings", "suppliers", "people", "history", "imports")  # what a new workbook may hold


def _is_empty(view: View) -> bool:
    return not view.locked and all(view.book[name].empty for name in DEFINITIONS if name not in OWN)


def _example(name: str) -> Tables:
    if name not in EXAMPLES:
        raise InvalidInput("There is no such example.", allowed=", ".join(EXAMPLES))
    return stores.load(shipped("data") / name, read_only=True)[1]


def _examples(view: View) -> str:
    chosen = view[EXAMPLE]
    if not _is_empty(view):
        return ""
    rows = _example(chosen) if chosen else {}
    counts = {name: len(rows[name]) if chosen else 0 for name in ("customers", "segments")}
    return fill("start", "examples", known=EXAMPLES, chosen=chosen, words=EXAMPLES.get(chosen, ""), **counts)


def _choose_example(desk: Desk, message: dict[str, Any]) -> None:
    if chosen := str(message["example"]):
        _example(chosen)
    desk.draft(EXAMPLE, chosen)


def _fill(desk: Desk, message: dict[str, Any]) -> None:
    """Every row of the example; only an empty workbook takes it."""
    view = desk.view
    if not (chosen := view[EXAMPLE]) or not _is_empty(view):
        raise InvalidInput(
            "An example goes only into an empty workbook.", hint="Make one with: kam new WORKBOOK."
        )
    desk.take_in(lambda text: SimpleNamespace(changes=_rows_of(_example(chosen))))
    desk.draft(EXAMPLE, "")
    _choose_first(desk)
    desk.say(f"This workbook now holds the example: {counted(len(_customers(desk)), 'customer')}.")


def _rows_of(text: Tables) -> list[Change]:
    changes = []
    for name, frame in text.items():
        keys = DEFINITIONS[name].keys
        for r in frame.to_dict("records"):
            values = {c: v for c, v in r.items() if c not in keys and v}
            if name != "history" and r != {"key": "schema", "value": r.get("value")}:
                changes.append(Change(name, {k: r.get(k, "") for k in keys}, values))
    return changes


SHIPPED = Exhibit(
    "examples",
    lambda view: "Look at an example first" if _is_empty(view) else "",
    _examples,
    actions={"example": _choose_example, "fill": _fill},
    on_paper=False,
)

COMPANY = Exhibit(
    "company",
    "Our company",
    controls=(Figures({"supplier": "Name", "currency": "Currency", "round": "This round, such as 2026"}),),
    on_paper=False,
)
start = row(IMPORT, stack(TYPED, SHIPPED, COMPANY), shape="two")
