"""What cannot be on a market map: shares beyond their market, routes in a circle, and what looks odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from kamlib.market.points import circles, edges, figure, filled, junctions
from kamlib.tables import DEFINITIONS, Tables, as_text, empty, typed

TABLES = ("junctions", "junction_shares", "routes")
MOST, POINTS = 1.005 + 1e-9, 0.5 + 1e-9  # rounding: sums may be so much of a size, shares so many points off

Finding = dict[str, str]


def problems(text: Tables) -> list[Finding]:
    """What is wrong with the map in a workbook's text tables, as rows of `checks.check`.

    Errors: the shares at a junction come to more than its market (or to more than 100 %), a route to
    itself, routes in a circle. Warnings: an amount and a share that disagree, routes that bring more
    to a junction than its size, a junction on no route.
    """
    given = {name: text[name] for name in TABLES if name in text and len(text[name])}
    if not given:
        return []
    tables = typed(given)
    names = junctions(tables).set_index("junction")["name"].str.slice(0, 60).to_dict()
    return [
        *_excess(tables, names),
        *_disagreeing(tables, names),
        *_circles(tables, names),
        *_ways(tables, names),
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
    return [p | {"table": name, "row": "", "column": column} for p in worse(text, {**text, name: merged})]


def worse(before: Tables, after: Tables) -> list[Finding]:
    """The errors of the map after a change; what was wrong before and is no worse now is left out."""
    now = [p for p in problems(after) if p["level"] == "error"]
    known = problems(before) if now else []
    return [p for p in now if not any(_no_worse(p, k) for k in known)]


def _no_worse(now: Finding, before: Finding) -> bool:
    """Is this a problem there was, or a smaller excess at the same place?"""
    if now["message"] == before["message"]:
        return True
    excess = now["table"] == "junction_shares" and now["allowed"] == before["allowed"]
    return excess and float(now["found"]) <= float(before["found"])


def _merged(name: str, row: Mapping[str, str], frame: pd.DataFrame) -> pd.DataFrame:
    """The text table with the cells of a row merged in by its key, or the row added."""
    keys = [k for k in DEFINITIONS[name].keys if k in frame]
    frame = frame.loc[:, ~frame.columns.duplicated()].reset_index(drop=True)
    same = pd.Series(True, index=frame.index)
    for key in keys:
        same &= frame[key].str.strip() == row[key].strip()
    if not same.any():
        return pd.concat([frame, pd.DataFrame([dict(row)], dtype=object)], ignore_index=True).fillna("")
    found = int(same.idxmax())
    cells = {**frame.loc[found].to_dict(), **row}
    return pd.concat(
        [frame.drop(index=found), pd.DataFrame([cells], index=[found], dtype=object)]
    ).sort_index()


def _finding(level: str, table: str, line: object, column: str, found: object, allowed: str,
             message: str) -> Finding:  # fmt: skip
    """A row as `checks.finding` makes it; `line` is the position in the table, None for no line."""
    row = "" if line is None else f"line {int(str(line)) + 2}"
    return {"level": level, "table": table, "row": row, "column": column, "found": str(found)[:60],
            "allowed": allowed, "message": message}  # fmt: skip


def _excess(tables: Tables, names: Mapping[str, str]) -> Iterator[Finding]:
    for junction, rows in filled(tables).groupby("junction", sort=False):
        name, size, column = names[str(junction)], rows["size"].iloc[0], "amount"
        total, whole, unit = rows["amount"].sum(), size, ""
        if not total > size * MOST:
            total, whole, unit, column = rows["entered"].sum(), 100.0, " %", "share_pct"
            if not total > whole + POINTS:
                continue
        else:
            column = "amount" if rows["given"].notna().any() else "share_pct"
        last = rows[column if column == "share_pct" else "given"].last_valid_index()
        message = (f"The shares at {name} come to {figure(total)}{unit}, more than its whole market of "
                   f"{figure(whole)}{unit}.")  # fmt: skip
        allowed = f"at most {figure(whole)}{unit} in all at {name}"
        yield _finding("error", "junction_shares", last, column, as_text(float(total)), allowed, message)


def _disagreeing(tables: Tables, names: Mapping[str, str]) -> Iterator[Finding]:
    rows = filled(tables)
    odd = rows[rows["given"].notna() & ((rows["share_pct"] - rows["entered"]).abs() > POINTS)]
    for line, row in odd.iterrows():
        message = (f"At {names[row['junction']]}, {figure(row['amount'])} of {figure(row['size'])} is "
                   f"{figure(row['share_pct'])} %, not {figure(row['entered'])} %; the amount counts.")  # fmt: skip
        yield _finding("warning", "junction_shares", line, "share_pct", figure(row["entered"]),
                       f"{figure(row['share_pct'])} %, or one of the two empty", message)  # fmt: skip


def _circles(tables: Tables, names: Mapping[str, str]) -> Iterator[Finding]:
    rows = tables["routes"]
    for line, point in rows[(rows["origin"] == rows["target"]) & (rows["origin"] != "")]["target"].items():
        message = f"The route from {names.get(point, point)[:60]} leads to itself."
        yield _finding("error", "routes", line, "target", point, "another point of the map", message)
    for (origin, target), circle in circles(edges(tables)).items():
        line = rows.index[(rows["origin"] == origin) & (rows["target"] == target)][0]
        said = " > ".join(names[point] for point in circle)
        yield _finding("error", "routes", line, "target", target, "routes that lead on, never back",
                       f"The routes go round in a circle: {said}.")  # fmt: skip


def _ways(tables: Tables, names: Mapping[str, str]) -> Iterator[Finding]:
    rows, points = tables["routes"], junctions(tables)
    ends = {point for edge in edges(tables) for point in edge}
    size = points.set_index("junction")["size"]
    into = rows.drop_duplicates(["origin", "target"]).groupby("target", sort=False)["amount"].sum()
    for target, total in into[into > into.index.map(size) * MOST].items():
        line = rows.index[(rows["target"] == target) & rows["amount"].notna()][-1]
        message = (f"The routes bring {figure(total)} to {names[str(target)]}, more than its whole market of "
                   f"{figure(size[target])}.")  # fmt: skip
        yield _finding("warning", "routes", line, "amount", as_text(float(total)),
                       f"at most {figure(size[target])} in all", message)  # fmt: skip
    first = tables["junctions"].drop_duplicates("junction")
    lonely = first[~first["junction"].isin(ends | {""})] if len(ends) else first.iloc[:0]
    for line, point in lonely["junction"].items():
        yield _finding("warning", "junctions", line, "junction", point, "a point on a route",
                       f"{names[point]} is on no route of the market map.")  # fmt: skip
