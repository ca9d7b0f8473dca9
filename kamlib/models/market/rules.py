"""What cannot be on a market map: shares beyond their market, routes in a circle; what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from kamlib.errors import Finding
from kamlib.models.market.points import circles, edges, figure, filled, junctions
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, Tables, as_text, empty, typed

TABLES = ("junctions", "junction_shares", "routes")
# rounding: sums may be so much of a size, shares so many points off
MOST, POINTS = 1.005 + 1e-9, 0.5 + 1e-9

# level, table, position of the row, column, what was found, what is allowed, message
Wrong = tuple[str, str, Any, str, object, str, str]
Names = Mapping[str, str]


def problems(text: Tables) -> list[Finding]:
    """What is wrong with the map in a workbook's text tables.

    Errors: the shares at a junction come to more than its market (or to more than 100 %), a route
    to itself, routes in a circle. Warnings: an amount and a share that disagree, routes that bring
    more to a junction than its size, a junction on no route.
    """
    given = {name: text[name] for name in TABLES if name in text and len(text[name])}
    if not given:
        return []
    book = Book(typed(given))
    names = junctions(book).set_index("junction")["name"].str.slice(0, 60).to_dict()
    rules = (_excess, _disagreeing, _circles, _ways)
    return [
        Finding(level, message, table, f"line {row + 2}", column, found, allowed)
        for rule in rules
        for level, table, row, column, found, allowed, message in rule(book, names)
    ]


def refused(name: str, row: Mapping[str, str], text: Tables) -> list[Finding]:
    """The errors that merging this row into the table would bring to the map; [] for other tables.

    `row` has the whole key. They are told of this table, whichever row of the map they show in.
    """
    if name not in TABLES:
        return []
    merged = _merged(name, row, text.get(name, empty(name)))
    share = "amount" if row.get("amount") else "share_pct"
    column = {"junctions": "size", "junction_shares": share, "routes": "target"}[name]
    found = worse(text, {**text, name: merged})
    return [replace(error, table=name, row="", column=column) for error in found]


def worse(before: Tables, after: Tables) -> list[Finding]:
    """The errors of the map after a change, but for those that were there and are no worse."""
    now = [error for error in problems(after) if error.level == "error"]
    known = problems(before) if now else []
    return [error for error in now if not any(_is_no_worse(error, k) for k in known)]


def _is_no_worse(now: Finding, before: Finding) -> bool:
    """Is this a problem there was, or a smaller excess at the same place?"""
    if now.message == before.message:
        return True
    excess = now.table == "junction_shares" and now.allowed == before.allowed
    return excess and float(str(now.found)) <= float(str(before.found))


def _merged(name: str, row: Mapping[str, str], frame: pd.DataFrame) -> pd.DataFrame:
    """The text table with the cells of a row merged in by its key, or the row added."""
    frame = frame.loc[:, ~frame.columns.duplicated()].reset_index(drop=True)
    same = pd.Series(True, index=frame.index)
    for key in DEFINITIONS[name].keys:
        same &= frame[key].str.strip() == row[key].strip() if key in frame else True
    at = int(same.idxmax()) if same.any() else len(frame)
    columns = list(dict.fromkeys([*frame, *row]))
    frame = frame.reindex(range(max(len(frame), at + 1)), columns=columns, fill_value="")
    frame.loc[at, [*row]] = [*row.values()]
    return frame


def _excess(book: Book, names: Names) -> Iterator[Wrong]:
    for junction, rows in filled(book).groupby("junction", sort=False):
        column, total, whole, unit = "amount", rows["amount"].sum(), rows["size"].iloc[0], ""
        line = rows["given"].last_valid_index()
        if not total > whole * MOST:
            total, whole, unit = rows["entered"].sum(), 100.0, " %"
            if not total > whole + POINTS:
                continue
        if unit or line is None:
            column, line = "share_pct", rows["share_pct"].last_valid_index()
        name, limit = names[str(junction)], f"{figure(whole)}{unit}"
        message = f"The shares at {name} come to {figure(total)}{unit}"
        message += f", more than its whole market of {limit}."
        allowed = f"at most {limit} in all at {name}"
        yield "error", "junction_shares", line, column, as_text(float(total)), allowed, message


def _disagreeing(book: Book, names: Names) -> Iterator[Wrong]:
    rows = filled(book)
    odd = rows[rows["given"].notna() & ((rows["share_pct"] - rows["entered"]).abs() > POINTS)]
    for line, row in odd.iterrows():
        amount, size, share, entered = map(figure, row[["amount", "size", "share_pct", "entered"]])
        message = f"At {names[row['junction']]}, {amount} of {size} is {share} %, not {entered} %"
        message += "; the amount counts."
        allowed = f"{share} %, or one of the two empty"
        yield "warning", "junction_shares", line, "share_pct", entered, allowed, message


def _circles(book: Book, names: Names) -> Iterator[Wrong]:
    rows = book["routes"]
    itself = rows[(rows["origin"] == rows["target"]) & (rows["origin"] != "")]
    for line, point in itself["target"].items():
        message = f"The route from {names.get(point, point)[:60]} leads to itself."
        yield "error", "routes", line, "target", point, "another point of the map", message
    for (origin, target), circle in circles(edges(book)).items():
        line = rows.index[(rows["origin"] == origin) & (rows["target"] == target)][0]
        way = " > ".join(names[point] for point in circle)
        message = f"The routes go round in a circle: {way}."
        yield "error", "routes", line, "target", target, "routes that lead on, never back", message


def _ways(book: Book, names: Names) -> Iterator[Wrong]:
    rows, size = book["routes"], junctions(book).set_index("junction")["size"]
    into = rows.drop_duplicates(["origin", "target"]).groupby("target", sort=False)["amount"].sum()
    for target, total in into[into > into.index.map(size) * MOST].items():
        line = rows.index[(rows["target"] == target) & rows["amount"].notna()][-1]
        message = f"The routes bring {figure(total)} to {names[str(target)]}"
        message += f", more than its whole market of {figure(size[target])}."
        allowed = f"at most {figure(size[target])} in all"
        yield "warning", "routes", line, "amount", as_text(float(total)), allowed, message
    ends = {point for edge in edges(book) for point in edge}
    first = book["junctions"].drop_duplicates("junction")["junction"]
    for line, point in first[~first.isin(ends | {""})].items() if ends else ():
        message = f"{names[point]} is on no route of the market map."
        yield "warning", "junctions", line, "junction", point, "a point on a route", message
