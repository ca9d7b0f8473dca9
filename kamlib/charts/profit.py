"""Pictures of what customers cost and are worth: discounts, overheads, capacity, future value, won and lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import Records, boxes, cut, shapes, sheet, width_of, words, wrapped
from kamlib.palette import INK, LINE, MARKS, SOFT

WIDTH, SMALL, TYPE, HEAD = 900, 13, 15, 17
NAMES, FIGURES, ROW, PAPER = 230, 150, 30, "#eceef2"
DOT = "M{0:.1f},{1:.1f}m-6,0a6,6 0 1 0 12,0a6,6 0 1 0 -12,0Z"
MOST, CAP = 15, 300.0
Layers = list[alt.Chart | None]
Rows = list[dict[str, Any]]


def _finite(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and math.isfinite(value)


def _said(value: Any) -> str:
    said = "no end" if value == math.inf else "?"
    return f"{value:,.0f}".replace("-", "−") if _finite(value) else said


def _word(x: float, y: float, text: str, limit: float = 0) -> dict[str, Any]:
    return {"x": round(float(x), 1), "y": round(float(y), 1), "text": text, "limit": limit}


def _rect(x: float, x2: float, y: float, y2: float, fill: str) -> dict[str, Any]:
    low, high = sorted([float(x), float(x2)])
    return {
        "x": round(low, 1),
        "x2": round(max(high, low + 1), 1),
        "y": round(float(y), 1),
        "y2": round(float(y2), 1),
        "fill": fill,
    }


def _titled(title: str) -> tuple[Layers, float]:
    """The title in at most two lines, and where the picture begins below it."""
    if not title:
        return [], 0.0
    lines = wrapped(title, HEAD, WIDTH - 10, 2)
    rows = [_word(0, 18 + 22 * n, line) for n, line in enumerate(lines)]
    return [words(rows, HEAD, fontWeight="bold")], 14.0 + 22 * len(lines)


def _line(points: Sequence[tuple[float, float]], **look: Any) -> alt.Chart | None:
    if len(points) < 2:
        return None
    path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return shapes([{"path": path}], filled=False, **look)


def _hatched(rects: Records, gap: float = 7) -> list[alt.Chart | None]:
    """Rectangles that are hollow with slanting lines: paid for, not used."""
    path = ""
    for r in rects:
        tall = r["y2"] - r["y"]
        start = r["x"] - tall
        while start < r["x2"]:
            a, b = max(start, r["x"]), min(start + tall, r["x2"])
            if b > a:
                path += f"M{a:.1f},{r['y2'] - (a - start):.1f}L{b:.1f},{r['y2'] - (b - start):.1f}"
            start += gap
    lines = shapes([{"path": path}], filled=False, stroke=SOFT, strokeWidth=1) if path else None
    frames = boxes(
        [{k: v for k, v in r.items() if k != "fill"} for r in rects],
        fillOpacity=0,
        stroke=INK,
        strokeWidth=1.2,
    )
    return [lines, frames]


def discount(margin_pct: float, discount_pct: float, title: str = "") -> Trusted:
    """The extra volume (%) that a discount asks for at this gross margin (%), the chosen discount marked.

    Formula: 100 d / (m - d). Above 300 % the line leaves the picture; from the margin on nothing helps.
    """
    layers, top = _titled(title)
    left, tall = 60.0, 330.0
    most = max(margin_pct * 1.25, min(discount_pct * 1.1, 100.0), 1.0)
    base = top + 20 + tall

    def x(d: float) -> float:
        return left + d / most * (WIDTH - left - 20)

    def y(v: float) -> float:
        return base - min(v, CAP) / CAP * tall

    ds = np.linspace(0, margin_pct * CAP / (CAP + 100), 80)
    curve = [(x(d), y(100 * d / (margin_pct - d))) for d in ds]
    lost = _rect(x(margin_pct), WIDTH - 20, top + 20, base, PAPER)
    step = next((s for s in (0.5, 1, 2, 5, 10, 20) if most / s <= 12), 20)
    ticks = [_word(x(d), base + 18, f"{d:g} %") for d in np.arange(0, most + 1e-9, step)]
    grid = [_rect(left, WIDTH - 20, y(v), y(v) + 1, LINE) for v in (0, 100, 200, 300)]
    levels = [_word(left - 8, y(v) + 5, f"{v} %") for v in (0, 100, 200, 300)]
    extra = 100 * discount_pct / (margin_pct - discount_pct) if discount_pct < margin_pct else math.inf
    at = (x(min(discount_pct, most)), y(extra))
    text = (
        f"{discount_pct:g} % off needs {extra:.0f} % more"
        if extra < math.inf
        else f"{discount_pct:g} % off: no volume is enough"
    )
    right = at[0] + 14 + width_of(text, TYPE) > WIDTH
    mark = _word(at[0] + (-14 if right else 14), min(max(at[1] + 24, top + 34), base - 8), text)
    layers += [
        boxes([lost]), boxes(grid), _line(curve, stroke=INK, strokeWidth=2.6),
        words([_word((x(margin_pct) + WIDTH - 20) / 2, top + 36, cut("all margin given away", SMALL, WIDTH - 20 - x(margin_pct)))], SMALL, colour=SOFT, align="center"),
        words([t for t in ticks if t["x"] < WIDTH], SMALL, colour=SOFT, align="center"), words(levels, SMALL, colour=SOFT, align="right"),
        words([_word(left, base + 42, f"Discount, in % of the price, at a gross margin of {margin_pct:g} %")], SMALL, colour=SOFT),
        words([_word(left + 4, top + 14, "more volume needed")], SMALL, colour=SOFT),
        shapes([{"path": DOT.format(*at)}], filled=True, fill=INK, strokeWidth=0),
        words([mark], TYPE, halo=True, fontWeight="bold", align="right" if right else "left"),
    ]  # fmt: skip
    return sheet(layers, WIDTH, base + 54)


def spiral(table: pd.DataFrame, title: str = "") -> Trusted:
    """Round by round what is left of each customer after an even share; hollow: dropped; below: the company.

    `table`: round, customer, name, net, dropped, company; a round without customers has one empty row.
    """
    layers, top = _titled(title)
    rounds = [*dict.fromkeys(table["round"])]
    net = table["net"].dropna()
    high, low = max([0.0, *net]), min([0.0, *net])
    span, tall = (high - low) or 1.0, 210.0
    wide = WIDTH / max(len(rounds), 1)
    zero = top + 34 + high / span * tall
    full: Rows = []
    hollow: Rows = []
    heads: Rows = []
    feet: Rows = []
    axes: Rows = []
    names: Rows = []
    for n, number in enumerate(rounds):
        rows = table[(table["round"] == number) & table["net"].notna()]
        left, room = n * wide + 10, wide - 20
        slot = room / max(len(rows), 1)
        for i, row in enumerate(rows.itertuples()):
            low, high = sorted([zero, zero - row.net / span * tall])
            bar = _rect(left + (i + 0.1) * slot, left + (i + 0.9) * slot, low, high, SOFT)
            bar["y2"] = max(bar["y2"], bar["y"] + 1)
            (hollow if row.dropped else full).append(bar)
            if slot >= 26:
                names.append(
                    _word(
                        left + (i + 0.5) * slot,
                        zero + (16 if row.net >= 0 else -6),
                        cut(row.name, SMALL, slot),
                    )
                )
        axes.append(_rect(left, left + room, zero, zero + 1, LINE))
        heads.append(_word(left, top + 20, f"Round {number}"))
        feet.append(
            _word(
                left,
                top + 34 + tall + 34,
                _company(float(table.loc[table["round"] == number, "company"].iloc[0]), room),
            )
        )
    layers += [
        boxes(axes), boxes(full), boxes([{k: v for k, v in b.items() if k != "fill"} for b in hollow], fill="white", stroke=INK, strokeWidth=1.6),
        words(heads, SMALL, colour=SOFT), words(names, SMALL, align="center"), words(feet, TYPE, fontWeight="bold"),
        words([_word(10, top + 34 + tall + 58, "Hollow: looks bad, and is dropped after this round.")], SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + 34 + tall + 68)


def _company(amount: float, room: float) -> str:
    """Company 50; where there is no room for the word, 50."""
    said = f"Company {_said(amount)}"
    return said if width_of(said, TYPE) <= room else _said(amount)


def _named(names: Sequence[str], top: float, row: float = ROW) -> alt.Chart | None:
    return words(
        [
            _word(0, top + row * n + row / 2 + 5, cut(str(name), TYPE, NAMES - 14))
            for n, name in enumerate(names)
        ],
        TYPE,
    )


def capacity(table: pd.DataFrame, title: str = "") -> Trusted:
    """What is paid for and used (grey) and paid for and not used (hatched), a bar a pool.

    `table`: name, used_cost, unused_cost, used_pct; NaN is unknown. The bars are as long as the money.
    """
    layers, top = _titled(title)
    whole = (table["used_cost"].fillna(0) + table["unused_cost"].fillna(0)).max()
    scale = (WIDTH - NAMES - 10) / whole if whole > 0 else 0.0
    tall = 50.0
    used: Rows = []
    unused: Rows = []
    said: Rows = []
    for n, row in enumerate(table.itertuples()):
        y = top + n * tall
        if not (_finite(row.used_cost) and _finite(row.unused_cost)):
            said.append(_word(NAMES, y + 22, "not known yet: what it costs, or its minutes"))
            continue
        x = NAMES + row.used_cost * scale
        used.append(_rect(NAMES, x, y + 6, y + 26, SOFT))
        if row.unused_cost > 0:
            unused.append(_rect(x, x + row.unused_cost * scale, y + 6, y + 26, "white"))
        over = f", {row.used_pct - 100:.0f} % more than there is" if row.used_pct > 100.5 else ""
        rest = f" · paid for and not used {_said(row.unused_cost)}" if row.unused_cost > 0.5 else ""
        said.append(_word(NAMES, y + 43, f"used {_said(row.used_cost)}{over}{rest}"))
    layers += [_named([*table["name"]], top, tall), boxes(used), *_hatched(unused), words(said, SMALL)]
    return sheet(layers, WIDTH, top + tall * max(len(table), 1) + 8)


def serving(table: pd.DataFrame, title: str = "") -> Trusted:
    """What each activity costs in a year, the most expensive first. `table`: name, cost."""
    layers, top = _titled(title)
    rows = table[table["cost"].notna()].sort_values("cost", ascending=False)
    listed = [*zip(rows["name"].head(10), rows["cost"].head(10), strict=True)]
    if len(rows) > 10:
        listed.append((f"{len(rows) - 10} others", float(rows["cost"].iloc[10:].sum())))
    most = max([0.0, *(c for _, c in listed)])
    scale = (WIDTH - NAMES - FIGURES) / most if most > 0 else 0.0
    bars = [
        _rect(NAMES, NAMES + max(c, 0) * scale, top + ROW * n + 6, top + ROW * (n + 1) - 6, SOFT)
        for n, (_, c) in enumerate(listed)
    ]
    said = [
        _word(b["x2"] + 8, top + ROW * n + 20, _said(c))
        for n, (b, (_, c)) in enumerate(zip(bars, listed, strict=True))
    ]
    layers += [_named([n for n, _ in listed], top), boxes(bars), words(said, TYPE)]
    return sheet(layers, WIDTH, top + ROW * max(len(listed), 1) + 8)


def future(table: pd.DataFrame, title: str = "") -> Trusted:
    """A line from the least to the most each customer may be worth, in the colour of its category.

    `table`: name, category, low, high (NaN: unknown; high may be infinite), drawn in this order.
    """
    layers, top = _titled(title)
    shown = table.head(MOST)
    ends = [v for v in [*shown["low"], *shown["high"]] if _finite(v)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    left, right = NAMES + 90.0, WIDTH - 120.0
    scale = (right - left) / ((high - low) or 1.0)
    bars: Rows = []
    said: Rows = []
    unknown: Rows = []
    for n, row in enumerate(shown.itertuples()):
        y = top + ROW * n + ROW / 2
        if not _finite(row.low):
            unknown.append(_word(left + (0 - low) * scale + 8, y + 5, "?"))
            continue
        a = left + (row.low - low) * scale
        b = left + (row.high - low) * scale if _finite(row.high) else right + 20
        bars.append(_rect(a, max(b, a + 3), y - 6, y + 6, MARKS.get(row.category, MARKS[""]).colour))
        said += [
            _word(a - 8, y + 5, _said(row.low)) | {"end": False},
            _word(max(b, a + 3) + 8, y + 5, _said(row.high)) | {"end": True},
        ]
    zero = left + (0 - low) * scale
    more = len(table) - len(shown)
    count = max(len(shown), 1)
    layers += [
        boxes([_rect(zero, zero + 1, top, top + ROW * count, LINE)]), _named([*shown["name"]], top), boxes(bars),
        words([w for w in said if not w["end"]], SMALL, align="right", halo=True), words([w for w in said if w["end"]], SMALL, halo=True),
        words(unknown, TYPE, colour=SOFT),
        words([_word(0, top + ROW * count + 18, f"and {more} more")] if more > 0 else [], SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + ROW * count + 26)


def retention(table: pd.DataFrame, title: str = "") -> Trusted:
    """How many are left year by year: dots observed, a line as fitted, dotted grey for one constant rate.

    `table`: age, left_pct (NaN beyond what is known), fitted_pct, simple_pct.
    """
    layers, top = _titled(title)
    left, right, tall = 60.0, WIDTH - 190.0, 300.0
    base, most = top + 16 + tall, max(float(table["age"].max()) if len(table) else 1.0, 1.0)

    def at(age: float, pct: float) -> tuple[float, float]:
        return left + age / most * (right - left), base - min(max(pct, 0.0), 100.0) / 100 * tall

    lines = {
        c: [at(a, p) for a, p in zip(table["age"], table[c], strict=True) if _finite(p)]
        for c in ("fitted_pct", "simple_pct", "left_pct")
    }
    ends = []
    for name, text in (("fitted_pct", "as they have stayed"), ("simple_pct", "at one constant rate")):
        if lines[name]:
            ends.append(_word(lines[name][-1][0] + 12, lines[name][-1][1] + 5, text))
    if len(ends) == 2 and abs(ends[0]["y"] - ends[1]["y"]) < 18:
        ends[1]["y"] = ends[0]["y"] + 18
    dots = [{"path": DOT.format(*p)} for p in lines["left_pct"]]
    said = [
        _word(p[0], p[1] - 12, f"{v:.0f} %")
        for p, v in zip(lines["left_pct"], table["left_pct"].dropna(), strict=True)
    ]
    ages = [_word(at(a, 0)[0], base + 18, f"{a:.0f}") for a in table["age"]]
    layers += [
        boxes([_rect(left, right, base, base + 1, LINE)]), _line(lines["simple_pct"], stroke=SOFT, strokeWidth=1.6, strokeDash=[2, 4]),
        _line(lines["fitted_pct"], stroke=INK, strokeWidth=2.4), shapes(dots, filled=True, fill=INK, strokeWidth=0),
        words(said, SMALL, align="center", halo=True), words(ends, SMALL), words(ages, SMALL, colour=SOFT, align="center"),
        words([_word(left, base + 40, "Years since they began; dots: still here")], SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, base + 52)


def flows(table: pd.DataFrame, title: str = "") -> Trusted:
    """Value won against value lost: a bar of blocks each, one block a customer; hollow: worth unknown.

    `table`: kind (won or lost), name, profit.
    """
    layers, top = _titled(title)
    rows = {kind: table[table["kind"] == kind] for kind in ("won", "lost")}
    small = 14.0
    need = max([1.0, *(float(r["profit"].clip(lower=0).sum()) for r in rows.values())])
    blanks = max([0, *(int(r["profit"].isna().sum()) for r in rows.values())])
    scale = max(WIDTH - 120 - small * blanks, 200.0) / need
    full: Rows = []
    hollow: Rows = []
    said: Rows = []
    names: Rows = []
    for n, (kind, own) in enumerate(rows.items()):
        x, y = 100.0, top + 74 * n
        said.append(_word(0, y + 30, kind.capitalize()))
        total, unknown = float(own["profit"].sum()), int(own["profit"].isna().sum())
        said.append(
            _word(
                100,
                y + 60,
                f"{len(own)} {kind}: {_said(total)} a year" + (f", {unknown} not known" if unknown else ""),
            )
        )
        for row in own.sort_values("profit", ascending=False).itertuples():
            wide = small if not _finite(row.profit) else max(row.profit, 0) * scale
            block = _rect(x, x + wide - 2, y + 12, y + 42, SOFT)
            (full if _finite(row.profit) else hollow).append(block)
            if width_of(str(row.name), SMALL) + 12 < wide:
                names.append(_word(x + 6, y + 32, str(row.name)))
            x += wide
    frames = [{k: v for k, v in b.items() if k != "fill"} for b in hollow]
    layers += [
        boxes(full),
        boxes(frames, fill="white", stroke=INK, strokeWidth=1.2),
        words(said, TYPE),
        words(names, SMALL, colour="white"),
    ]
    return sheet(layers, WIDTH, top + 150)


def programme(table: pd.DataFrame, title: str = "") -> Trusted:
    """What looking after key accounts costs (left of the line) and brings (right of it), a bar a line.

    `table`: name, amount (below 0: cost; NaN: unknown).
    """
    layers, top = _titled(title)
    names = 300.0
    known = [float(a) for a in table["amount"] if _finite(a)]
    low, high = min([0.0, *known]), max([0.0, *known])
    left, right = names + 110, WIDTH - 110
    scale = (right - left) / ((high - low) or 1.0)
    zero = left - low * scale
    bars: Rows = []
    hatched: Rows = []
    below: Rows = []
    above: Rows = []
    for n, row in enumerate(table.itertuples()):
        y = top + ROW * n
        if not _finite(row.amount):
            above.append(_word(zero + 8, y + 20, "?"))
            continue
        end = zero + row.amount * scale
        (bars if row.amount >= 0 else hatched).append(_rect(zero, end, y + 6, y + 24, SOFT))
        (above if row.amount >= 0 else below).append(
            _word(end + (8 if row.amount >= 0 else -8), y + 20, _said(row.amount))
        )
    count = max(len(table), 1)
    said = [
        _word(0, top + ROW * n + 20, cut(str(name), SMALL, names - 10))
        for n, name in enumerate(table["name"])
    ]
    layers += [
        boxes([_rect(zero, zero + 1, top, top + ROW * count, INK)]), words(said, SMALL), boxes(bars), *_hatched(hatched),
        words(below, SMALL, align="right"), words(above, SMALL),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + ROW * count + 10)
