"""The whale curve, live: customers from the most to the least profitable, and what they leave together."""

from __future__ import annotations

import functools
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import LARGE, ROW, TYPE, haloed, picture, spoken, texts, zero

WIDTH, HEIGHT = 740, 500
APART = 18  # pixels between words
FEWEST = 7  # of fewer customers the bars are not broader
MOST, ENDS = 400, 150  # more bars than this are not drawn one by one, but for those at both ends
BARS = ["id", "place", "before", "after", "colour", "fill", "ink", "chosen", "value", "says"]
SPOT = ["place", "before", "after"]
LEVELS = ["at", "text", "shift", "weight", "dash", "ink"]

Scene = dict[str, Any]


def whale(table: pd.DataFrame, chosen: str = "") -> Trusted:
    """The curve as a picture.

    `table` is what `profitability.ranked` gives: customer, name, category, profit, cumulative, doubtful,
    the most profitable first. Hollow: not fully known. Dotted: what could have been kept.
    """
    chart = _empty(whale_shape(len(table))).copy(deep=False)
    values = whale_scene(table, chosen)
    others = [param for param in chart.params if getattr(param, "name", None) not in values]
    chart.params = [*(alt.VariableParameter(name=n, value=v) for n, v in values.items()), *others]
    return chart


def whale_shape(customers: int) -> int:
    """For how many customers a live curve of so many is made; another number needs another chart."""
    return min(-(-(customers + 20) // 100) * 100, MOST)


def whale_scene(table: pd.DataFrame, chosen: str = "", after: dict[str, Any] | None = None) -> Scene:
    """The values of the live parameters: bars, names, curve, lines, and what would follow.

    `after`: one customer with another profit ({"customer", "profit"}); the order stays, its bar is dashed,
    and the curve goes on from there, dashed too.
    """
    count = len(table)
    total = np.append(0.0, np.nan_to_num(table["cumulative"].to_numpy(float)).clip(-LARGE, LARGE))
    own = [n for n, customer in enumerate(table["customer"]) if after and customer == after["customer"]]
    new, start = total, count + 1
    if after and len(own):
        start = own[0]
        delta = float(after["profit"]) - float(table["profit"].iloc[start])
        new = np.where(np.arange(count + 1) > start, total + delta, total).clip(-LARGE, LARGE)
    every = np.concatenate([total, new])
    low, high = float(every.min()), float(every.max())
    moved = start <= count
    return {
        "bars": _bars(table, total, chosen),
        "names": _names(table, chosen),
        "curve": _line(np.arange(count + 1), total),
        "then": _line(np.arange(start, count + 1), new[start:]),
        "dashed": dict(zip(SPOT, [[start], *new[start : start + 2, None].tolist()], strict=True))
        if moved
        else {},
        "levels": _levels(total, new if moved else None, low, high) if count else {},
        "customers": max(count, FEWEST),
        "low": low,
        "high": high if high > low else low + 1.0,
    }


def _bars(table: pd.DataFrame, total: np.ndarray, chosen: str) -> Scene:
    """A list for each field: all of it travels with every move of a slider, so no name is said twice."""
    count = len(table)
    drawn = np.arange(count)
    if count > MOST - 20:
        ends = (drawn < ENDS) | (drawn >= count - ENDS)
        drawn = drawn[ends | (table["customer"] == chosen).to_numpy()]
    rows = table.iloc[drawn]
    marks = [MARKS.get(category, MARKS[""]) for category in rows["category"]]
    broad = WIDTH / max(count, FEWEST) > ROW
    return {
        "id": [*rows["customer"]],
        "place": drawn.tolist(),
        "before": total[drawn].tolist(),
        "after": total[drawn + 1].tolist(),
        "colour": [mark.colour for mark in marks],
        "fill": ["white" if d else m.colour for d, m in zip(rows["doubtful"], marks, strict=True)],
        "ink": [mark.ink for mark in marks],
        "chosen": [customer == chosen for customer in rows["customer"]],
        "value": [spoken(value, "+") if broad else "" for value in rows["profit"]],
        "says": [*map(_said, rows["name"], rows["profit"], rows["cumulative"])],
    }


def _said(name: str, profit: float, together: float) -> str:
    return f"{name}: profit {spoken(profit)} · together {spoken(together)}"


def _names(table: pd.DataFrame, chosen: str) -> Scene:
    """The names below, as many as have room: the chosen one first, then the ends, then those between."""
    ids, slot = [*table["customer"]], WIDTH / max(len(table), FEWEST)
    step = int(-(-APART // slot))
    near = ids.index(chosen) if chosen in ids else 0
    shown = [n for n in range(len(ids)) if (n - near) % step == 0]
    said = texts(table["name"].iloc[shown], 22)
    return {"place": shown, "text": said, "weight": ["bold" if ids[n] == chosen else "normal" for n in shown]}


def _line(place: np.ndarray, total: np.ndarray) -> Scene:
    """The points of a line, thinned out where there are more than can be told apart; the peak stays."""
    if len(place) > MOST:
        keep = np.linspace(0, len(place) - 1, MOST - 2).round().astype(int)
        keep = np.unique(np.append(keep, int(np.argmax(total))))
        place, total = place[keep], total[keep]
    return {"place": place.tolist(), "total": total.tolist()}


def _levels(total: np.ndarray, new: np.ndarray | None, low: float, high: float) -> Scene:
    """The lines across, and what is said at their right end, none over another."""
    end, most = float(total[-1]), float(total.max())
    rows: list[tuple[Any, ...]] = [(end, f"we keep {spoken(end)}", "bold", [5, 4], INK)]
    if most > end + 1e-9:
        rows.append((most, f"we could have kept {spoken(most)}", "normal", [2, 3], SOFT))
    if new is not None:
        then = float(new[-1])
        rows.append((then, f"we would keep {spoken(then)}", "bold", [2, 3], INK))
    lowest, shifts = np.inf, []
    rows.sort(key=lambda row: row[0])
    for at, *_ in rows:  # from below, in pixels from the top
        pixel = HEIGHT - (at - low) / ((high - low) or 1.0) * HEIGHT
        lowest = min(pixel, lowest - APART)
        shifts.append(round(lowest - pixel, 1))
    ats, said, weights, dashes, inks = zip(*rows, strict=True)
    return dict(zip(LEVELS, map(list, (ats, said, shifts, weights, dashes, inks)), strict=True))


@functools.cache
def _empty(count: int) -> Trusted:
    """The picture without its values, made once."""
    picked = alt.selection_point(name="picked", fields=["id"], on="click", clear=False, empty=False)
    across = alt.Scale(domain=[0, alt.ExprRef("customers")], nice=False)
    up = alt.Scale(domain=[alt.ExprRef("low"), alt.ExprRef("high")], nice=False)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", axis=None, scale=across)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", axis=None, scale=up)

    bars = _records("bars", count, BARS).transform_calculate(
        top="max(datum.before, datum.after)", foot="min(datum.before, datum.after)"
    )
    box = bars.encode(x("left"), y("before"), x2=alt.X2("right:Q"), y2=alt.Y2("after:Q"))
    leader = bars.transform_filter(f"datum.chosen && customers > {WIDTH / APART:.0f}")  # down to its name
    values = bars.transform_filter("datum.value").encode(x("middle"), y("top"), text=alt.Text("value:N"))
    dashed = _records("dashed", 1, SPOT)
    called = _records("names", count, ["place", "text", "weight"])
    levels = _records("levels", 3, LEVELS).encode(y("at"))
    hits = bars.mark_rect(fill="white", opacity=0, cursor="pointer").add_params(picked)
    ink, fill, stroke = (
        alt.Color("ink:N", scale=None),
        alt.Fill("fill:N", scale=None),
        alt.Stroke("colour:N", scale=None),
    )
    weight = alt.ExprRef("datum.weight")
    said = {"fontSize": TYPE, "fontWeight": weight, "dx": 8, "dy": alt.ExprRef("datum.shift")}
    ghost = {"fill": "white", "fillOpacity": 0.6, "stroke": INK, "strokeWidth": 2, "strokeDash": [4, 3]}
    thick = 2.2 if count <= 100 else 1.4  # narrow bars are to be seen behind it
    curve, then = (
        _records(name, count + 4, ["place", "total"]).encode(x("place"), y("total"), order=alt.Order("i:Q"))
        for name in ("curve", "then")
    )
    return picture(
        zero("y"),
        levels.mark_rule(strokeDash=alt.ExprRef("datum.dash"), aria=False).encode(ink),
        leader.mark_rule(strokeWidth=1, aria=False).encode(x("middle"), y("foot"), y2=alt.Y2Value(HEIGHT)),
        box.mark_rect(strokeWidth=1.6, aria=False).encode(fill, stroke),
        box.transform_filter("datum.chosen").mark_rect(fillOpacity=0, stroke=INK, strokeWidth=3, aria=False),
        dashed.mark_rect(**ghost, aria=False).encode(
            x("left"), y("before"), x2=alt.X2("right:Q"), y2=alt.Y2("after:Q")
        ),
        curve.mark_line(strokeWidth=thick, aria=False),
        then.mark_line(strokeWidth=thick, strokeDash=[6, 4], aria=False),
        *haloed(values, align="center", dy=-9, fontWeight=600),
        called.mark_text(angle=315, align="right", fontWeight=weight).encode(
            x("middle"), y=alt.YValue(HEIGHT + 10), text=alt.Text("text:N")
        ),
        levels.mark_text(**said).encode(x=alt.XValue(WIDTH), text=alt.Text("text:N")),
        hits.encode(
            x("place"),
            x2=alt.X2("end:Q"),
            y=alt.YValue(0),
            y2=alt.Y2Value(HEIGHT),
            description=alt.Description("says:N"),
            tooltip=alt.Tooltip("says:N"),
        ),
        height=HEIGHT,
        width=WIDTH,
    )


def _records(name: str, count: int, fields: list[str]) -> alt.Chart:
    """One row for each record of a live parameter, which holds a list for each field; where its place is."""
    spots = {"left": 0.12, "middle": 0.5, "right": 0.88, "end": 1}
    own = {field: f"{name}.{field}[datum.i]" for field in fields}
    if "place" in fields:
        own |= {spot: f"datum.place + {part}" for spot, part in spots.items()}
    return (
        alt.Chart(alt.sequence(0, count, as_="i"))
        .transform_filter(f"{name}.{fields[0]} && datum.i < length({name}.{fields[0]})")
        .transform_calculate(**own)
    )
