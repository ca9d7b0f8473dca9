"""The forms: what there is to fill in, made of the entries of the catalogue.

An entry with a `form` is a sheet; a new exercise needs no code. Every case that asks something is
one too: its questions, with what others thought closed until somebody has answered by name.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import listed
from kamlib.errors import InvalidInput
from kamlib.workbook.schema import Column

UNKNOWN = "unknown"
CHOICES = {"yesno": ("yes", "no", UNKNOWN), "rating": ("good", "OK", "bad", UNKNOWN)}
OWN = "label"  # the field that names a line of the team's own
CLOSED = ("lesson", "discussion", "model_answer")  # of a case, until it is answered
OF_CASE: tuple[dict[str, Any], ...] = (
    {"id": "answer", "label": "Our answer", "kind": "text"},
    {"id": "person", "label": "Who answers", "kind": "person"},
    {
        "id": "agree",
        "label": "Do we agree with what others thought?",
        "kind": "choice",
        "choices": ["agree", "partly", "differ"],
        "after": True,
    },
    {"id": "change", "label": "What we change", "kind": "text", "after": True},
)


@dataclass(frozen=True)
class Form:
    """What there is to fill in: for whom (`per` case, segment, customer ...), lines and fields.

    `home`: the part of the workbook where it belongs. `group`: the key of a line that stands above
    it as a heading. `reveal`: the lists of the entry that open once it is answered by name, with
    the fields that come `after`. `verdict`: rules that say what the answers come to.
    """

    id: str
    title: str
    help: str
    home: str
    per: tuple[str, ...]
    fields: tuple[dict[str, Any], ...]
    lines: pd.DataFrame = field(compare=False, repr=False)  # id, label, help, asks and what else
    note: str = "Why"
    own_lines: bool = False
    group: str = ""
    reveal: tuple[str, ...] = ()
    verdict: tuple[dict[str, Any], ...] = ()
    case: bool = False
    order: int = 100

    @property
    def names(self) -> list[str]:
        """The ids of the fields."""
        return [str(f["id"]) for f in self.fields]

    @property
    def first(self) -> str:
        """The field whose row carries the note."""
        return self.names[0]

    @property
    def needed(self) -> list[str]:
        """The fields a line needs to be filled in."""
        return [str(f["id"]) for f in self.fields if not (f.get("optional") or f.get("after"))]

    @property
    def columns(self) -> list[str]:
        """The fields that may be filled in, and the name of a line of one's own."""
        return [*self.names, OWN]

    def column(self, id: str) -> Column:
        """A field as a column of a table: what may be entered. Raises KeyError."""
        return self._asked[id]

    @functools.cached_property
    def _asked(self) -> dict[str, Column]:
        own = {OWN: Column(OWN, "text", "The name of the line.")}
        return {field["id"]: _column(field) for field in self.fields} | own

    @functools.cached_property
    def printed(self) -> list[tuple[str, str, str, bool, str, str]]:
        """The lines as they stand on the sheet: id, label, help, own, what stands above, asks."""
        lines = self.lines.assign(own=False, above=self.lines[self.group] if self.group else "")
        named = lines[["id", "label", "help", "own", "above", "asks"]]
        return [*named.itertuples(index=False, name=None)]


def _column(said: dict[str, Any]) -> Column:
    """A field of a form as a column of a table."""
    kind, note = said["kind"], said.get("help", "")
    more: dict[str, Any] = {k: said[k] for k in ("low", "high", "step") if k in said}
    if choices := CHOICES.get(kind) or tuple(said.get("choices", ())):
        return Column(said["label"], "choice", note, choices=choices, **more)
    if kind == "person":
        return Column(said["label"], "id", note, refers="people", **more)
    return Column(said["label"], kind, note, **more)


def form(id: str, folder: Path | None = None) -> Form:
    """The form of a catalogue entry. Raises KamError where there is no such entry or no form."""
    known = _forms(folder)
    if id not in known:
        catalogue.entry(id, folder)
        raise InvalidInput(f'There is nothing to fill in for "{id}".', found=id)
    return known[id]


def every() -> list[Form]:
    """All forms, those of the cases among them."""
    return [*_forms(None).values()]


def forms(part: int | str | None = None, folder: Path | None = None) -> list[Form]:
    """All forms but the cases, or those of a part, in the order in which a team takes them."""
    every = (f for f in _forms(folder).values() if not f.case)
    return [f for f in every if part is None or f.home == str(part)]


def cases(folder: Path | None = None) -> list[Form]:
    """The forms of all cases."""
    return [f for f in _forms(folder).values() if f.case]


def _forms(folder: Path | None) -> dict[str, Form]:
    return _forms_of(folder, catalogue.edition())


@functools.lru_cache(maxsize=8)
def _forms_of(folder: Path | None, edition: int) -> dict[str, Form]:
    wanted = catalogue.entries(folder=folder)
    found = [_of_case(e) if e["kind"] == "case" else _form(e, folder) for e in wanted]
    listed_forms = [f for f in found if f]
    listed_forms.sort(key=lambda f: (int(f.home) if f.home.isdigit() else 99, f.home, f.order))
    return {f.id: f for f in listed_forms}


def _form(entry: catalogue.Entry, folder: Path | None) -> Form | None:
    if not (said := entry.get("form")):
        return None
    lists = {n: catalogue.items(entry["id"], n, folder) for n in said.get("lines", ["items"])}
    none = pd.DataFrame(columns=["id", "label", "help"], dtype=object)  # only lines of their own
    tables = [items.assign(list=n) for n, items in lists.items()]
    lines = pd.concat(tables, ignore_index=True) if tables else none
    asks = [_asks(row, said.get("beneath", {})) for row in lines.to_dict("records")]
    home = said.get("home") or catalogue.home(entry)
    head = (entry["id"], entry["title"], entry["help"], home)
    per = tuple(listed(said.get("per", "case")))
    return Form(
        *(*head, per, tuple(said["fields"]), lines.assign(asks=asks), said.get("note", "Why")),
        *(bool(said.get("own_lines")), said.get("group", ""), tuple(said.get("reveal", ()))),
        *(tuple(said.get("verdict", ())), False, said.get("order", 100)),
    )


def _asks(line: dict[str, Any], beneath: dict[str, str]) -> str:
    """The questions printed beneath a line: "Resources: Who has the days? Who pays?"."""
    known = {key: value for key, value in line.items() if value == value}  # noqa: PLR0124 - not NaN
    asked = {label: listed(known.get(key)) for key, label in beneath.items()}
    return " ".join(f"{label}: {' '.join(map(str, said))}" for label, said in asked.items() if said)


def _of_case(entry: catalogue.Entry) -> Form | None:
    """A case as a sheet, if it asks anything: each question with an answer and a name."""
    asked = entry.get("questions") or [{"id": "ask", "label": entry.get("ask", ""), "help": ""}]
    if not asked[0]["label"]:
        return None
    lines = pd.DataFrame(asked)[["id", "label", "help"]].assign(asks="")
    return Form(
        *(entry["id"], entry["title"], entry["help"], catalogue.home(entry), ("case",)),
        *(OF_CASE, lines),
        reveal=tuple(name for name in CLOSED if name in entry),
        case=True,
    )
