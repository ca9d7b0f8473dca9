"""Grids as declarations: which table, which columns, what a new row is; the columns know their kind from the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from kamlib.pages.exhibit import Action, Desk, Grid, Text, View, of
from kamlib.workbook.importing import identity
from kamlib.workbook.schema import DEFINITIONS, as_text

Columns = Callable[[View], list[dict[str, Any]]]


def column(table: str, name: str, label: str = "", **more: Any) -> dict[str, Any]:
    """A grid column for a column of a workbook table: its kind, choices and help come from there."""
    defined = DEFINITIONS[table][name]
    kind = "score" if name == "score" else {"id": "text"}.get(defined.kind, defined.kind)
    shown = {"id": name, "label": label or name.replace("_", " ").capitalize(), "kind": kind}
    shown |= {"help": defined.help}
    return shown | ({"choices": list(defined.choices)} if defined.choices else {}) | more


def names_of(frame: pd.DataFrame) -> dict[str, str]:
    """id -> name of a table whose first two columns are these."""
    return {i: n or i for i, n in zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True)}


def among(view: View, table: str, name: str, label: str) -> dict[str, Any]:
    """A column whose cells are chosen among the rows of a table, shown by name."""
    return {"id": name, "label": label} | _choice(names_of(view.book[table]))


def someone(view: View, name: str, label: str) -> dict[str, Any]:
    """A column of people, shown by name; a new name that is typed becomes a person."""
    return among(view, "people", name, label) | {"kind": "person"}


def person(desk: Desk, text: str) -> str:
    """The id of a person by id, name or the first name of one alone, "" for nobody; a new name becomes a person."""
    people, name = names_of(desk.view.book["people"]), text.strip()
    if not name or name in people:
        return name
    known = {word.casefold(): id for id, word in people.items()}
    firsts = [id for word, id in known.items() if word.split()[:1] == [name.casefold()]]
    known |= {name.casefold(): firsts[0]} if len(firsts) == 1 and name.casefold() not in known else {}
    if name.casefold() not in known:
        known[name.casefold()] = slug(name, people)
        desk.put("people", person=known[name.casefold()], name=name)
    return known[name.casefold()]


def slug(name: str, taken: Iterable[str]) -> str:
    """A short id for a name, not among those taken: "Alder & Co" becomes alder_co."""
    return identity.ids([name], taken, otherwise="x")[0]


def listed(
    table: str,
    shown: Mapping[str, Text],
    *,
    title: Text,
    add: Text = "",
    fixed: Callable[[View], Mapping[str, str]] | None = None,
    new: Callable[[View], Mapping[str, Any]] | None = None,
    chosen: Mapping[str, str] | None = None,
    subs: Mapping[str, Text] | None = None,
    words: Mapping[str, Mapping[str, str] | Callable[[View], Mapping[str, str]]] | None = None,
    rows_of: Callable[[View], pd.DataFrame] | None = None,
    label: str = "name",
    sub: str | Callable[[Mapping[str, Any]], str] = "",
    actions: Mapping[str, Action] | None = None,
    look: Mapping[str, Any] | None = None,
    numbered: bool = False,
    **more: Any,
) -> Grid:
    """The rows of a table, a line each: `shown` gives its columns with their headings.

    `fixed` gives the part of the key that all lines share, and only rows with it are shown; `new` more
    cells of a row that is added by typing a name. `chosen`: columns whose cells are chosen among the
    rows of another table, by name; `words`: columns whose choices have other words. `sub`: the column that
    stands small below the name, or what says it of a row. `rows_of` gives the rows as a model has them, with
    columns that are only shown. `actions` come beside adding and removing, or take their place.
    `numbered`: a line begins with its number, where its name is one of the cells.
    """
    keys = DEFINITIONS[table].keys
    own = keys[-1]

    def shared(view: View) -> dict[str, str]:
        return dict(fixed(view)) if fixed else {}

    def key(view: View, row: str) -> dict[str, str]:
        free = [k for k in keys if k not in shared(view)]
        return shared(view) | dict(zip(free, row.split("\t"), strict=True))

    def stored(view: View) -> pd.DataFrame:
        frame = view.book[table]
        for name, value in shared(view).items():
            frame = frame[frame[name] == value]
        return frame

    def rows(view: View) -> list[dict[str, Any]]:
        free = [k for k in keys if k not in shared(view)]
        return [
            {
                "id": "\t".join(r[k] for k in free),
                "label": r[label] or r[own],
                "sub": sub(r) if callable(sub) else r[sub] if sub else "",
                "cells": [as_text(r[c]) for c in shown],
            }
            | ({"head": str(number)} if numbered else {})
            for number, r in enumerate((rows_of or stored)(view).to_dict("records"), start=1)
        ]

    def columns(view: View) -> list[dict[str, Any]]:
        return [shaped(view, name, of(heading, view)) for name, heading in shown.items()]

    def shaped(view: View, name: str, heading: str) -> dict[str, Any]:
        if name in (chosen or {}):
            return among(view, (chosen or {})[name], name, heading)
        other = of((words or {}).get(name), view)
        return _shaped(table, name, heading, of((subs or {}).get(name, ""), view), other)

    def adding(desk: Desk, content: dict[str, Any]) -> None:
        view = desk.view
        row = shared(view) | (dict(new(view)) if new else {})
        typed = content["value"]
        desk.put(table, **row, **{own: slug(typed, stored(view)[own]), label: typed})

    def removing(desk: Desk, content: dict[str, Any]) -> None:
        desk.remove(table, **key(desk.view, str(content["row"])))

    return Grid(
        title=title,
        rows=rows,
        columns=columns,
        cell=lambda view, row, name, text: (table, key(view, row) | {name: text}),
        actions={"remove": removing} | ({"add": adding} if add else {}) | dict(actions or {}),
        add=add,
        look={"removable": True} | dict(look or {}),
        **more,
    )


def _shaped(table: str, name: str, heading: str, sub: str, words: Mapping[str, str] | None) -> dict[str, Any]:
    """A column of a table, with its own words for what may be chosen; what the table has not is only shown."""
    if name not in DEFINITIONS[table].names:
        return {"id": name, "label": heading, "kind": "show"}
    more: dict[str, Any] = {"sub": sub} if sub else {}
    return column(table, name, heading, **more, **({} if words is None else _choice(words)))


def _choice(words: Mapping[str, str]) -> dict[str, Any]:
    return {"kind": "choice", "choices": list(words), "words": dict(words)}


def by_customer(
    title: str,
    columns: Columns,
    cells: Callable[[View], Mapping[str, list[str]]],
    cell: Callable[[View, str, str, str], tuple[str, dict[str, Any]]],
    *,
    prospects: bool = False,
    **more: Any,
) -> Grid:
    """A line for each customer of the segment, with prospects if wanted; `cells` gives customer -> texts."""

    def rows(view: View) -> list[dict[str, Any]]:
        table, known = view.book["customers"], cells(view)
        if view.book.settings.segment:
            table = table[table["segment"] == view.book.settings.segment]
        if not prospects:
            table = table[table["status"] != "prospect"]
        blank = [""] * len(columns(view))
        return [
            {"id": c, "label": n or c, "cells": known.get(c, blank)}
            for c, n in zip(table["customer"], table["name"], strict=True)
        ]

    return Grid(title=title, rows=rows, columns=columns, cell=cell, corner="Customer", **more)


def pivoted(
    frame: pd.DataFrame, row: str, column: str, value: str, wanted: Iterable[str]
) -> dict[str, list[str]]:
    """A long table as texts for a grid: row id -> a cell for each `wanted` column id, "" where there is none."""
    held: dict[str, dict[str, str]] = {}
    for r, c, v in zip(frame[row], frame[column], frame[value], strict=True):
        held.setdefault(r, {})[c] = as_text(v)
    names = list(wanted)
    return {r: [texts.get(c, "") for c in names] for r, texts in held.items()}
