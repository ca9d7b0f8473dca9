"""The whale curve, live: customers from the most to the least profitable, and what they leave together."""

from __future__ import annotations

import functools
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import FONT, INK, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import cut, width_of
from kamlib.charts.theme import spoken

WIDTH, HEIGHT, TOP, FOOT = 940, 520, 34, 118  # the drawing, the room above it and that for names below
LEFT, RIGHT, BROADEST = 64, 24, 120  # room beside the bars for the outer names; a bar's place at most
SMALL, TYPE, APART, HEAD = 13, 15, 18, 18
BROAD = 30  # in narrower places only the least amounts would have room, and those tell nothing
MOST, ENDS = 400, 150  # more bars than this are not drawn one by one, but for those at both ends
LONGEST = 140  # pixels of a name

Scene = dict[str, Any]


def whale(table: pd.DataFrame, title: str = "", chosen: str = "") -> Trusted:
    """The curve as a picture, with a `title` where it stands alone.

    `table` is what `profitability.ranked` gives: customer, name, category, profit, cumulative, doubtful,
    the most profitable first. Hollow: not fully known. Dotted: what could have been kept.
    """
    chart = _empty(whale_shape(len(table))).copy(deep=False)
    values = whale_scene(table, chosen) | {"title": cut(title, HEAD * 1.12, WIDTH)}
    others = [param for param in chart.params if getattr(param, "name", None) not in values]
    chart.params = [*(alt.VariableParameter(name=n, value=v) for n, v in values.items()), *others]
    return chart


def whale_shape(customers: int) -> int:
    """For how many customers a live curve of so many is made; another number needs another chart."""
    return min(-(-(customers + 20) // 100) * 100, MOST)


def whale_scene(table: pd.DataFrame, chosen: str = "", after: dict[str, Any] | None = None) -> Scene:
    """The values of the live parameters, in pixels: bars, names, curve, lines, and what would follow.

    `after`: one customer with another profit ({"customer", "profit"}); the order stays, its bar is dashed,
    and the curve goes on from there, dashed too.
    """
    profit, total = table["profit"].to_numpy(float), table["cumulative"].to_numpy(float)
    n = len(table)
    at = (
        np.flatnonzero(table["customer"].to_numpy() == after["customer"])
        if after
        else np.array([], dtype=int)
    )
    delta = float(after["profit"]) - profit[at[0]] if after and len(at) else 0.0
    new = total + np.where(np.arange(n) >= at[0], delta, 0.0) if len(at) else total
    y = _scale(np.concatenate([[0.0], total, new]))
    slot = min((WIDTH - LEFT - RIGHT) / max(n, 1), BROADEST)
    edge = np.round(LEFT + np.arange(n + 1) * slot, 2)
    before = np.append(0.0, total)
    few = _shown(n, table, chosen)
    bars = _bars_of(table, few, edge, slot, y(before), chosen)
    end, most = (float(total[-1]), float(max(total.max(), 0.0))) if n else (0.0, 0.0)
    scene: Scene = {
        "bars": bars, "names": _names(table, few, edge, slot, chosen), "curve": _curve(edge, y(before)),
        "zero": round(float(y(0.0)), 1), "end": round(float(y(end)), 1), "most": round(float(y(most)), 1),
        "then": [], "dashed": [], "words": [], "lossy": bool(n and most > end + 1e-9), "any": n > 0, "next": -9.0,
    }  # fmt: skip
    steps, then = [(edge, y(before))], None
    if len(at):
        i, moved = int(at[0]), np.append(0.0, new)
        then = float(new[-1])
        steps.append((edge[i:], y(moved[i:])))
        scene["next"] = round(float(y(then)), 1)
        scene["then"] = _curve(edge[i:], y(moved[i:]))
        low, high = sorted([float(y(moved[i])), float(y(moved[i + 1]))])
        scene["dashed"] = [_box(edge[i], slot, low, high)]
    scene["words"] = _words(scene, end, most, then, steps)
    return {name: _columns(v) if isinstance(v, list) else v for name, v in scene.items()}


def _columns(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """A list for each field: all of it travels with every move of a slider, so no name is said twice."""
    return {field: [record[field] for record in records] for field in (records[0] if records else ())}


def _scale(values: np.ndarray) -> Any:
    """Amount -> pixels from the top of the sheet, with room for labels above."""
    unit = float(np.nan_to_num(np.abs(values)).max()) or 1.0
    low, high = (float(np.nan_to_num(part)) / unit for part in (values.min(), values.max()))
    span = (high - low) or 1.0
    return lambda amount: TOP + 34 + (high - np.nan_to_num(amount) / unit) / span * (HEIGHT - 42)


def _shown(n: int, table: pd.DataFrame, chosen: str) -> list[int]:
    if n <= MOST - 20:
        return [*range(n)]
    own = np.flatnonzero(table["customer"].to_numpy() == chosen)
    return sorted({*range(ENDS), *range(n - ENDS, n), *map(int, own)})


def _box(left: float, slot: float, low: float, high: float) -> dict[str, float]:
    gap = min(slot * 0.12, 8.0)
    return {
        "x": round(left + gap, 2),
        "x2": round(left + slot - gap, 2),
        "y": round(low, 1),
        "y2": round(max(high, low + 1.2), 1),
    }


def _bars_of(
    table: pd.DataFrame, few: list[int], edge: np.ndarray, slot: float, y: np.ndarray, chosen: str
) -> list[dict[str, Any]]:
    """A record a bar; `y` are the pixels of the sums before the first and after each customer."""
    made = []
    columns = ["customer", "name", "category", "profit", "cumulative", "doubtful"]
    rows = zip(few, *(table[c].to_numpy()[few].tolist() for c in columns), strict=True)
    for i, customer, name, category, profit, cumulative, doubtful in rows:
        low, high = sorted([float(y[i]), float(y[i + 1])])
        mark, left = MARKS.get(category, MARKS[""]), float(edge[i])
        value = spoken(profit, "+") if slot >= BROAD else ""
        made.append(_box(left, slot, low, high) | {
            "id": customer, "colour": mark.colour, "fill": "white" if doubtful else mark.colour, "ink": mark.ink,
            "chosen": customer == chosen, "value": value if width_of(value, SMALL) + 4 <= slot else "", "left": round(left, 2),
            "right": round(left + slot, 2), "says": f"{name}: profit {spoken(profit)} · together {spoken(cumulative)}",
        })  # fmt: skip
    return made


def _names(
    table: pd.DataFrame, few: list[int], edge: np.ndarray, slot: float, chosen: str
) -> list[dict[str, Any]]:
    """The names below, as many as have room: the chosen one first, then the ends, then those between."""
    ids, names = table["customer"].to_numpy(), table["name"].to_numpy()
    order = sorted(few, key=lambda i: (ids[i] != chosen, min(i, len(table) - 1 - i)))
    taken: list[float] = []
    made = []
    for i in order:
        middle = float(edge[i]) + slot / 2
        if all(abs(middle - other) >= APART for other in taken):
            taken.append(middle)
            heavy = ids[i] == chosen
            made.append(
                {
                    "x": round(middle + 5, 1),
                    "text": cut(str(names[i]), SMALL, min(LONGEST, 1.41 * middle - 8)),
                    "weight": "bold" if heavy else "normal",
                }
            )
        if (len(taken) + 1) * APART > WIDTH + APART:
            break
    return made


def _curve(x: np.ndarray, y: np.ndarray) -> list[dict[str, float]]:
    """The points of a line, thinned out where there are more than can be told apart; the peak stays."""
    keep = np.arange(len(x))
    if len(x) > MOST:
        keep = np.unique(np.r_[np.linspace(0, len(x) - 1, MOST - 2).round().astype(int), int(np.argmin(y))])
    return [{"x": round(float(a), 1), "y": round(float(b), 1)} for a, b in zip(x[keep], y[keep], strict=True)]


def _words(
    scene: Scene, end: float, most: float, then: float | None, steps: list[tuple[np.ndarray, np.ndarray]]
) -> list[dict[str, Any]]:
    """What is said along the lines: above or below its line, left or right, where bars and words leave room.

    `steps`: the edges of the customers' places and the pixels of the sums there, of every curve drawn.
    """
    if not scene["any"]:
        return []
    rows = [(scene["end"], (17, -7), f"we keep {spoken(end)}", "bold")]
    if scene["lossy"]:
        rows.append((scene["most"], (-7, 17), f"we could have kept {spoken(most)}", "normal"))
    if then is not None:
        below = scene["next"] > scene["end"]
        rows.append((scene["next"], (17, -7) if below else (-7, 17), f"we would keep {spoken(then)}", "bold"))
    left, right = (np.concatenate([x[part] for x, _ in steps]) for part in (slice(-1), slice(1, None)))
    ends = np.column_stack(
        [np.concatenate([y[part] for _, y in steps]) for part in (slice(-1), slice(1, None))]
    )
    high, low = ends.min(axis=1) - 18, ends.max(axis=1)
    made: list[dict[str, Any]] = []
    for line, beside, text, weight in rows:
        wide = width_of(text, TYPE)
        spots = [(line + dy, align) for align in ("left", "right") for dy in beside]
        spots += [(line + dy + beside[0] // 7 * APART, "left") for dy in beside]  # two lines that nearly meet

        def crowded(spot: tuple[float, str], wide: float = wide) -> tuple[bool, bool]:
            y, x = spot[0], LEFT + 4 if spot[1] == "left" else WIDTH - 4 - wide
            behind = (left < x + wide) & (right > x) & (high < y + 4) & (low > y - 13)
            words = any(abs(row["y"] - y) < APART and row["align"] == spot[1] for row in made)
            return words or not TOP <= y <= TOP + HEIGHT, bool(behind.any())

        y, align = min(spots, key=crowded)
        x = LEFT + 4 if align == "left" else WIDTH - 4
        made.append({"y": round(y, 1), "text": text, "weight": weight, "x": x, "align": align})
    return made


@functools.cache
def _empty(count: int) -> Trusted:
    """The picture without its values, made once."""
    picked = alt.selection_point(name="picked", fields=["id"], on="click", clear=False, empty=False)
    bars = _records(
        "bars",
        count,
        ["id", "x", "x2", "y", "y2", "colour", "fill", "ink", "chosen", "value", "left", "right", "says"],
    )
    thick = 2.2 if count <= 100 else 1.4  # narrow bars are to be seen behind it
    layers = [
        _level("zero", "any", strokeWidth=1, stroke="#a9aeb8"), _level("most", "lossy", strokeDash=[2, 3], stroke=SOFT),
        _level("end", "any", strokeDash=[5, 4], stroke=INK), _level("next", "next > 0", strokeDash=[2, 3], stroke=INK), *_bars(bars), _dashed(),
        _line("curve", count + 4, thick), _line("then", count + 4, thick, strokeDash=[6, 4]), _values(bars), _names_layer(), _lines_said(), _title(),
        _hits(bars).add_params(picked),
    ]  # fmt: skip
    config = alt.Config(font=FONT, padding=4, view=alt.ViewConfig(stroke=None))
    return Trusted(layer=layers, width=WIDTH, height=TOP + HEIGHT + FOOT, usermeta={}, config=config)


def _records(name: str, count: int, fields: list[str]) -> alt.Chart:
    """One row for each record of a live parameter, which holds a list for each field."""
    return (
        alt.Chart(alt.sequence(0, count, as_="i"))
        .transform_filter(f"{name}.{fields[0]} && datum.i < length({name}.{fields[0]})")
        .transform_calculate(**{field: f"{name}.{field}[datum.i]" for field in fields})
    )


def _at(field: str, channel: Any) -> Any:
    return channel(f"{field}:Q", scale=None, axis=None)


def _level(name: str, shown: str, **look: Any) -> alt.Chart:
    one = alt.Chart(alt.InlineData(values=[{}])).transform_filter(shown)
    return (
        one.transform_calculate(a=str(LEFT), b=str(WIDTH), y=name)
        .mark_rule(aria=False, **look)
        .encode(_at("a", alt.X), _at("y", alt.Y), x2="b:Q")
    )


def _bars(bars: alt.Chart) -> list[alt.Chart]:
    place = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q")}
    drawn = bars.mark_rect(strokeWidth=1.6, aria=False).encode(
        _at("x", alt.X), _at("y", alt.Y), fill=alt.Fill("fill:N", scale=None), stroke=alt.Stroke("colour:N", scale=None),
        **place,
    )  # fmt: skip
    chosen = bars.transform_filter("datum.chosen").mark_rect(
        fillOpacity=0, fill="white", stroke=INK, strokeWidth=3, aria=False
    )
    leader = bars.transform_filter(f"datum.chosen && datum.right - datum.left < {APART}").transform_calculate(
        m="(datum.left + datum.right) / 2", foot=str(TOP + HEIGHT)
    )  # from a narrow bar down to its name
    rule = leader.mark_rule(stroke=INK, strokeWidth=1, aria=False)
    return [
        rule.encode(_at("m", alt.X), _at("y2", alt.Y), y2=alt.Y2("foot:Q")), drawn,
        chosen.encode(_at("x", alt.X), _at("y", alt.Y), **place),
    ]  # fmt: skip


def _dashed() -> alt.Chart:
    base = _records("dashed", 1, ["x", "x2", "y", "y2"])
    return base.mark_rect(
        fill="white", fillOpacity=0.6, stroke=INK, strokeWidth=2, strokeDash=[4, 3], aria=False
    ).encode(_at("x", alt.X), _at("y", alt.Y), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))


def _line(name: str, count: int, width: float, **look: Any) -> alt.Chart:
    base = _records(name, count, ["x", "y"])
    return base.mark_line(stroke=INK, strokeWidth=width, aria=False, **look).encode(
        _at("x", alt.X), _at("y", alt.Y), order=alt.Order("i:Q")
    )


def _haloed(base: alt.Chart, place: dict[str, Any], shown: dict[str, Any], **style: Any) -> alt.LayerChart:
    """Words that can be read on anything; `shown`: what only the words themselves have."""
    under = base.mark_text(
        color="white", stroke="white", strokeWidth=4, strokeJoin="round", aria=False, **style
    )
    return alt.layer(under.encode(**place), base.mark_text(color=INK, **style).encode(**place, **shown))


def _values(bars: alt.Chart) -> alt.LayerChart:
    base = bars.transform_filter("datum.value").transform_calculate(
        m="(datum.left + datum.right) / 2", t="datum.y - 4"
    )
    place = {"x": _at("m", alt.X), "y": _at("t", alt.Y), "text": "value:N"}
    ink = {"color": alt.Color("ink:N", scale=None), "description": "value:N"}
    return _haloed(base, place, ink, fontSize=SMALL, fontWeight=600, align="center", baseline="alphabetic")


def _names_layer() -> alt.Chart:
    base = _records("names", WIDTH // APART + 2, ["x", "text", "weight"]).transform_calculate(
        t=str(TOP + HEIGHT + 8)
    )
    return base.mark_text(
        fontSize=SMALL, angle=315, align="right", baseline="middle", color=INK, fontWeight=alt.ExprRef("datum.weight"), aria=False
    ).encode(_at("x", alt.X), _at("t", alt.Y), text="text:N")  # fmt: skip


def _lines_said() -> alt.LayerChart:
    base = _records("words", 3, ["y", "text", "weight", "x", "align"])
    place = {"x": _at("x", alt.X), "y": _at("y", alt.Y), "text": "text:N"}
    either = {"align": alt.ExprRef("datum.align"), "fontWeight": alt.ExprRef("datum.weight")}
    return _haloed(base, place, {"description": "text:N"}, fontSize=TYPE, baseline="alphabetic", **either)


def _title() -> alt.Chart:
    one = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(text="title", a="0", b="18")
    return one.mark_text(fontSize=HEAD, fontWeight="bold", align="left", color=INK).encode(
        _at("a", alt.X), _at("b", alt.Y), text="text:N"
    )


def _hits(bars: alt.Chart) -> alt.Chart:
    """What a hand and a screen reader meet: the whole height of each customer's place."""
    base = bars.transform_calculate(low=str(TOP), high=str(TOP + HEIGHT))
    return base.mark_rect(fill="white", opacity=0, cursor="pointer").encode(
        _at("left", alt.X), _at("low", alt.Y), x2=alt.X2("right:Q"), y2=alt.Y2("high:Q"), description="says:N", tooltip="says:N",
    )  # fmt: skip
