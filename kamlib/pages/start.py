"""The first screen: a list of customers from Excel, with a preview of its import, or names typed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from kamlib.errors import InvalidInput, KamError
from kamlib.pages.exhibit import Desk, Draft, Exhibit, Figures, View, row, stack
from kamlib.pages.grids import slug
from kamlib.pages.html import fill, parts, table
from kamlib.wording import counted, listed
from kamlib.workbook.importing import columns, customers, shape
from kamlib.workbook.importing.columns import FIELDS
from kamlib.workbook.importing.customers import Merged
from kamlib.workbook.importing.sentences import told
from kamlib.workbook.importing.shape import Listing

WORDS = {"customer": "Number"} | {f: f.replace("_", " ").capitalize() for f in FIELDS if f != "customer"}
MOST_NOTES, MOST_NAMES = 6, 8


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
    return fill("start", "paste") if preview is None else _previewed(preview)


def _previewed(preview: Preview) -> Markup:
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
        ),
    )


def _preview(desk: Desk, message: dict[str, Any]) -> None:
    listing = shape.from_text(str(message["fields"]["block"]))
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
        merged = desk.take_in(lambda text: customers.merge(text, listing.frame, mapping), store=False)
    except KamError as error:
        refused = str(error)
    desk.draft(PASTED, Preview(listing, mapping, preview.chosen, merged, refused))


def _store(desk: Desk, message: dict[str, Any]) -> None:
    preview: Preview = desk.view[PASTED]
    frame, mapping = preview.listing.frame, dict(preview.mapping)
    before = _customers(desk)
    with desk.as_one():
        merged = desk.take_in(lambda text: customers.merge(text, frame, mapping))
        join(desk, before)
    desk.draft(PASTED, None)
    segments = desk.view.book["segments"]["segment"]
    if not desk.view.book.settings.segment and len(segments):
        desk.choose(segments.iloc[0])
    desk.say(f"{counted(merged.counts['rows'], 'line')} imported: {_changes(merged.counts)}.")


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


IMPORT = Exhibit(
    "import",
    _import_title,
    _import,
    actions={
        "preview": _preview,
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


COMPANY = Exhibit(
    "company",
    "Our company",
    controls=(Figures({"supplier": "Name", "currency": "Currency", "round": "This round, such as 2026"}),),
    on_paper=False,
)
start = row(IMPORT, stack(TYPED, COMPANY), shape="two")
