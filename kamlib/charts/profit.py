"""Pictures of what customers cost and are worth: discounts, overheads, capacity, future value, won and lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, LINE, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import Records, boxes, cut, shapes, sheet, width_of, words, wrapped

WIDTH, SMALL, TYPE, HEAD = 900, 13, 15, 17
NAMES, FIGURES, ROW, PAPER = 230, 150, 30, "#eceef2"
DOT = "M{0:.1f},{1:.1f}m-6,0a6,6 0 1 0 12,0a6,6 0 1 0 -12,0Z"
MOST, CAP, ROUNDS, BARS = 15, 300.0, 6, 120
LARGE = 1e300  # what is larger is drawn as this, what is below its inverse as 0: no sum, no scale is endless
NUMBER = (int, float, np.number)
Layers = list[alt.Chart | None]
Rows = list[dict[str, Any]]


def _known(value: Any) -> float:
    """The number; NaN where there is none."""
    given = isinstance(value, NUMBER) and math.isfinite(value)
    return max(-LARGE, min(float(value) * (abs(value) > 1 / LARGE), LARGE)) if given else math.nan


def _column(table: pd.DataFrame, name: str) -> list[float]:
    return [_known(value) for value in table[name]]


def _texts(table: pd.DataFrame) -> list[str]:
    return [name if isinstance(name, str) else "" for name in table["name"]]


def spoken(value: Any, sign: str = "") -> str:
    """An amount in words: "−1,250", "1.2e+18", "no end", "?"; with the sign "+": "+310"."""
    if not isinstance(value, NUMBER) or value != value or abs(value) == math.inf:
        return "no end" if isinstance(value, float) and value == math.inf else "?"
    said = f"{round(float(value)):{sign},}" if -1e12 < value < 1e12 else f"{value:{sign}.3g}"
    return said.replace("-", "−")


def _lists(count: int) -> list[Rows]:
    return [[] for _ in range(count)]


def _word(x: float, y: float, text: str, limit: float = 0) -> dict[str, Any]:
    return {"x": round(float(x), 1), "y": round(float(y), 1), "text": text, "limit": limit}


def _rect(x: float, x2: float, y: float, y2: float, fill: str = SOFT) -> dict[str, Any]:
    left, right = sorted([float(x), float(x2)])
    high, low = sorted([float(y), float(y2)])
    edges = {"x": left, "x2": max(right, left + 1), "y": high, "y2": max(low, high + 1)}
    return {name: round(edge, 1) for name, edge in edges.items()} | {"fill": fill}


def _blocks(rects: Records, **look: Any) -> alt.Chart | None:
    """Many rectangles of one look, as one shape."""
    path = "".join(f"M{r['x']},{r['y']}H{r['x2']}V{r['y2']}H{r['x']}V{r['y']}Z" for r in rects)
    return shapes([{"path": path}], filled=True, **look) if path else None


def _titled(title: str) -> tuple[Layers, float]:
    """The title in at most two lines, and where the picture begins below it."""
    if not title:
        return [], 0.0
    lines = wrapped(title, HEAD * 1.12, WIDTH - 10, 2)  # it is bold
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
    return [lines, _blocks(rects, fillOpacity=0, stroke=INK, strokeWidth=1.2)]


def discount(margin_pct: float, discount_pct: float, title: str = "") -> Trusted:
    """The extra volume (%) that a discount asks for at this gross margin (%), the chosen discount marked.

    Formula: 100 d / (m - d). Above 300 % the line leaves the picture; from the margin on nothing helps.
    """
    layers, top = _titled(title)
    left, tall, right = 60.0, 330.0, WIDTH - 20
    base = top + 20 + tall
    margin, off = (min(max(_known(v), 0.0), 100.0) for v in (margin_pct, discount_pct))
    if margin != margin or off != off:
        what = "The margin is not known yet: ?" if margin != margin else "The discount is not known yet: ?"
        return sheet([*layers, words([_word(left, top + 40, what)], TYPE, colour=SOFT)], WIDTH, top + 60)
    most = max(margin * 1.25, min(off * 1.1, 100.0), 1.0)

    def x(d: float) -> float:
        return left + d / most * (right - left)

    def y(v: float) -> float:
        return base - min(v, CAP) / CAP * tall

    ds = np.linspace(0, margin * CAP / (CAP + 100), 80) if margin > 0 else np.array([])
    step = next((s for s in (0.5, 1, 2, 5, 10) if most / s <= 12), 20)
    ticks = [_word(x(d), base + 18, f"{d:g} %") for d in np.arange(0, most + 1e-9, step)]
    levels = (0, 100, 200, 300)
    extra = 0.0 if off == 0 else 100 * off / (margin - off) if off < margin else math.inf
    at = (x(off), y(extra))
    need = f"{off:g} % off needs {spoken(extra)} % more"
    text = need if extra < math.inf else f"{off:g} % off: no volume is enough"
    flip = at[0] + 14 + width_of(text, TYPE) > WIDTH
    mark = _word(at[0] + (-14 if flip else 14), min(max(at[1] + 24, top + 58), base - 8), text)
    foot = f"Discount, in % of the price, at a gross margin of {_known(margin_pct):g} %"
    layers += [
        boxes([_rect(x(margin), right, top + 20, base, PAPER)]), boxes([_rect(left, right, y(v), y(v) + 1, LINE) for v in levels]),
        _line([(x(d), y(100 * d / (margin - d))) for d in ds], stroke=INK, strokeWidth=2.6),
        words([_word((x(margin) + right) / 2, top + 36, "all margin given away")], SMALL, colour=SOFT, align="center"),
        words(ticks, SMALL, colour=SOFT, align="center"),
        words([_word(left - 8, y(v) + 5, f"{v} %") for v in levels], SMALL, colour=SOFT, align="right"),
        words([_word(left, base + 42, foot), _word(left + 4, top + 14, "more volume needed")], SMALL, colour=SOFT),
        shapes([{"path": DOT.format(*at)}], filled=True, fill=INK, strokeWidth=0),
        words([mark], TYPE, halo=True, fontWeight="bold", align="right" if flip else "left"),
    ]  # fmt: skip
    return sheet(layers, WIDTH, base + 54)


def spiral(table: pd.DataFrame, title: str = "") -> Trusted:
    """Round by round what is left of each customer after an even share; hollow: dropped; below: the company.

    `table`: round, customer, name, net, dropped, company; a round without customers has one empty row.
    Of many rounds the first six and the last are drawn.
    """
    layers, top = _titled(title)
    table = table.assign(net=_column(table, "net"), company=_column(table, "company"), name=_texts(table))
    rounds = [*dict.fromkeys(table["round"])]
    skipped = len(rounds) > ROUNDS + 1
    shown = [*rounds[:ROUNDS], rounds[-1]] if skipped else rounds
    parts = [_thinned(table[(table["round"] == number) & table["net"].notna()]) for number in shown]
    net = [value for part in parts for value in part["net"]]
    high, low, tall = max([0.0, *net]), min([0.0, *net]), 210.0
    span, wide = (high - low) or 1.0, WIDTH / max(len(shown), 1)
    zero = top + 34 + high / span * tall
    slots = [(wide - 20) / max(len(part), 1) for part in parts]
    broad = [max([0.0, *(width_of(name, SMALL) for name in part["name"])]) for part in parts]
    level = all(name <= slot for name, slot in zip(broad, slots, strict=True))  # beside the bars, not below
    foot = top + 34 + tall + (10 if level else 14 + min(max([0.0, *broad]), 90))
    full, hollow, names, heads, feet, axes = _lists(6)
    for n, (number, part, slot) in enumerate(zip(shown, parts, slots, strict=True)):
        left = n * wide + 10
        for i, row in enumerate(part.itertuples()):
            middle = left + (i + 0.5) * slot
            bar = _rect(middle - 0.4 * slot, middle + 0.4 * slot, zero, zero - row.net / span * tall)
            (hollow if row.dropped else full).append(bar)
            if level:
                names.append(_word(middle, zero + (16 if row.net >= 0 else -6), row.name))
            elif slot >= SMALL + 3:
                names.append(_word(middle + 4, top + 44 + tall, cut(row.name, SMALL, 90)))
        axes.append(_rect(left, n * wide + wide - 10, zero, zero + 1, LINE))
        heads.append(_word(left, top + 20, cut(f"Round {number}", SMALL, wide - 20)))
        company = table.loc[table["round"] == number, "company"].iloc[0]
        feet.append(_word(left, foot + 24, _company(company, wide - 20)))
    last = [_word((len(shown) - 1) * wide, zero - 6, "…")] if skipped else []
    look: dict[str, Any] = {"align": "center"} if level else {"align": "right", "angle": 270}
    layers += [
        boxes(axes), _blocks(full, fill=SOFT, strokeWidth=0), _blocks(hollow, fill="white", stroke=INK, strokeWidth=1.6),
        words(heads, SMALL, colour=SOFT), words(names, SMALL, **look), words([*feet, *last], TYPE, fontWeight="bold"),
        words([_word(10, foot + 48, "Hollow: looks bad, and is dropped after this round.")], SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, foot + 58)


def _thinned(part: pd.DataFrame) -> pd.DataFrame:
    """Of more customers than can be told apart every n-th, and those dropped."""
    dropped = part["dropped"].astype(bool)
    each = np.arange(len(part)) % (len(part) // BARS + 1) == 0
    return part[each | (dropped & (dropped.cumsum() <= BARS))]


def _company(amount: float, room: float) -> str:
    """Company 50; where there is no room for the word, 50."""
    said = [f"Company {spoken(amount)}", spoken(amount), f"{amount:.3g}".replace("-", "−", 1)]
    return next((text for text in said if width_of(text, TYPE) <= room), said[-1])


def _named(names: Sequence[str], top: float, row: float = ROW) -> alt.Chart | None:
    rows = [_word(0, top + row * (n + 0.5) + 5, cut(name, TYPE, NAMES - 14)) for n, name in enumerate(names)]
    return words(rows, TYPE)


def capacity(table: pd.DataFrame, title: str = "") -> Trusted:
    """What is paid for and used (grey) and paid for and not used (hatched), a bar a pool.

    `table`: name, used_cost, unused_cost, used_pct; NaN is unknown. The bars are as long as the money;
    hollow beyond an upright line: asked for, and more than there is.
    """
    layers, top = _titled(title)
    used, unused = (np.maximum(_column(table, name), 0) for name in ("used_cost", "unused_cost"))
    pct = np.array(_column(table, "used_pct"), dtype=float)
    over = np.where(pct > 100.5, used * (np.minimum(pct, 300) / 100 - 1), 0.0)
    whole = np.fmax.reduce(used + np.maximum(unused, over), initial=0.0)
    scale, tall = (WIDTH - NAMES - 10) / whole if whole > 0 else 0.0, 50.0
    grey, hatched, beyond, marks, said = _lists(5)
    for n, (a, b, more) in enumerate(zip(used, unused, over, strict=True)):
        y = top + n * tall
        if not (a == a and b == b):
            said.append(_word(NAMES, y + 22, "? not known yet: what it costs, or its minutes"))
            continue
        x = NAMES + a * scale
        grey.append(_rect(NAMES, x, y + 6, y + 26))
        hatched += [_rect(x, x + b * scale, y + 6, y + 26)] if b > 0 else []
        if more > 0:
            beyond.append(_rect(x, x + more * scale, y + 6, y + 26))
            marks.append(_rect(x - 1, x + 1, y + 1, y + 31, INK))
        much = f", {spoken(pct[n] - 100)} % more than there is" if more > 0 else ""
        rest = f" · paid for and not used {spoken(b)}" if b > 0.5 else ""
        said.append(_word(NAMES, y + 43, f"used {spoken(a)}{much}{rest}"))
    layers += [
        _named(_texts(table), top, tall), boxes(grey), *_hatched(hatched),
        _blocks(beyond, fill="white", stroke=INK, strokeWidth=1.2, strokeDash=[4, 3]), boxes(marks), words(said, SMALL),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + tall * max(len(table), 1) + 8)


def serving(table: pd.DataFrame, title: str = "") -> Trusted:
    """What each activity costs in a year, the most expensive first. `table`: name, cost."""
    layers, top = _titled(title)
    known = [(n, c) for n, c in zip(_texts(table), _column(table, "cost"), strict=True) if c == c]
    known.sort(key=lambda row: -row[1])
    listed, others = known[:10], known[10:]
    listed += [(f"{len(others):,} others", sum(cost for _, cost in others))] if others else []
    most = max([0.0, *(cost for _, cost in listed)])
    scale = (WIDTH - NAMES - FIGURES) / most if most > 0 else 0.0
    rows = [(top + ROW * n, NAMES + max(cost, 0) * scale, cost) for n, (_, cost) in enumerate(listed)]
    layers += [
        _named([name for name, _ in listed], top), boxes([_rect(NAMES, x, y + 6, y + ROW - 6) for y, x, _ in rows]),
        words([_word(x + 8, y + 20, spoken(cost)) for y, x, cost in rows], TYPE),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + ROW * max(len(listed), 1) + 8)


def future(table: pd.DataFrame, title: str = "") -> Trusted:
    """A line from the least to the most each customer may be worth, in the colour of its category.

    `table`: name, category, low, high (NaN: unknown; high may be infinite), drawn in this order. Where only
    one end is known, a mark stands there, with a ? for the other.
    """
    layers, top = _titled(title)
    shown = table.head(MOST)
    lows, highs = _column(shown, "low"), _column(shown, "high")
    ends = [v for v in [*lows, *highs] if v == v]
    least, most = min([0.0, *ends]), max([0.0, *ends])
    left, right = NAMES + 90.0, WIDTH - 120.0
    scale = (right - left) / ((most - least) or 1.0)
    bars, below, above, unknown = _lists(4)
    zero = left - least * scale
    rows = zip(lows, highs, shown["high"], shown["category"], strict=True)
    for n, (low, high, given, box) in enumerate(rows):
        y, endless = top + ROW * (n + 0.5), high != high and spoken(given) == "no end"
        low, high = (high, low) if high < low else (low, high)
        if low != low and high != high:
            unknown.append(_word(zero + 8, y + 5, "?"))
            continue
        a = left + ((low if low == low else high) - least) * scale
        b = right + 20 if endless and low == low else left + (high - least) * scale if high == high else a
        fill = MARKS[box].colour if isinstance(box, str) and box in MARKS else MARKS[""].colour
        bars.append(_rect(a, max(b, a + 3), y - 6, y + 6, fill))
        below.append(_word(a - 8, y + 5, spoken(low)))
        above.append(_word(max(b, a + 3) + 8, y + 5, "no end" if endless else spoken(high)))
    more, count = len(table) - len(shown), max(len(shown), 1)
    last = [_word(0, top + ROW * count + 18, f"and {more:,} more")] if more > 0 else []
    layers += [
        boxes([_rect(zero, zero + 1, top, top + ROW * count, LINE)]), _named(_texts(shown), top), boxes(bars),
        words(below, SMALL, align="right", halo=True), words(above, SMALL, halo=True),
        words(unknown, TYPE, colour=SOFT), words(last, SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + ROW * count + 26)


def retention(table: pd.DataFrame, title: str = "") -> Trusted:
    """How many are left year by year: dots observed, a line as fitted, dotted grey for one constant rate.

    `table`: age, left_pct (NaN beyond what is known), fitted_pct, simple_pct.
    """
    layers, top = _titled(title)
    left, right, tall = 60.0, WIDTH - 190.0, 300.0
    base = top + 34 + tall
    named = {name: _column(table, name) for name in ("age", "left_pct", "fitted_pct", "simple_pct")}
    ages = sorted({age for age in named["age"] if age == age})
    first, span = (ages[0], (ages[-1] - ages[0]) or 1.0) if ages else (0.0, 1.0)

    def line(name: str) -> list[tuple[float, float, float]]:
        rows = sorted(row for row in zip(named["age"], named[name], strict=True) if sum(row) == sum(row))
        return [(left + (age - first) / span * (right - left), base - min(max(pct, 0), 100) / 100 * tall, pct)
                for age, pct in rows]  # fmt: skip

    dots, fitted, simple = line("left_pct"), line("fitted_pct"), line("simple_pct")
    ends = [_word(of[-1][0] + 12, of[-1][1] + 5, text)
            for of, text in ((fitted, "as they have stayed"), (simple, "at one constant rate")) if of]  # fmt: skip
    if len(ends) == 2 and abs(ends[0]["y"] - ends[1]["y"]) < 18:
        ends[1]["y"] = ends[0]["y"] + (18 if ends[1]["y"] >= ends[0]["y"] else -18)
    said = [_word(x, y - 12, f"{spoken(pct)} %") for x, y, pct in dots]
    years = [_word(left + (age - first) / span * (right - left), base + 18, spoken(age)) for age in ages]
    layers += [
        boxes([_rect(left, right, base, base + 1, LINE)]), _line([p[:2] for p in simple], stroke=SOFT, strokeWidth=1.6, strokeDash=[2, 4]),
        _line([p[:2] for p in fitted], stroke=INK, strokeWidth=2.4),
        shapes([{"path": DOT.format(x, y)} for x, y, _ in dots], filled=True, fill=INK, strokeWidth=0),
        words(_apart(said, 46), SMALL, align="center", halo=True), words(ends, SMALL),
        words(_apart(years, 34), SMALL, colour=SOFT, align="center"),
        words([_word(left, base + 40, "Years since they began; dots: still here")], SMALL, colour=SOFT),
    ]  # fmt: skip
    return sheet(layers, WIDTH, base + 52)


def _apart(rows: Rows, least: float) -> Rows:
    """As many of the words, from the left, as do not touch."""
    kept: Rows = []
    for row in rows:
        if not kept or row["x"] - kept[-1]["x"] >= least:
            kept.append(row)
    return kept


def flows(table: pd.DataFrame, title: str = "") -> Trusted:
    """Value won against value lost: a bar of blocks each, one block a customer; hollow: worth unknown.

    `table`: kind (won or lost), name, profit.
    """
    layers, top = _titled(title)
    table = table.assign(name=_texts(table), profit=_column(table, "profit"))
    rows = {kind: table[table["kind"] == kind] for kind in ("won", "lost")}
    need = max([0.0, *(float(own["profit"].clip(lower=0).sum()) for own in rows.values())])
    blanks = max(int(own["profit"].isna().sum()) for own in rows.values())
    small = min(14.0, 380 / max(blanks, 1))  # the place of a customer whose worth is unknown
    scale = (WIDTH - 120 - small * blanks) / need if need > 0 else 0.0
    full, hollow, said, names, asked = _lists(5)
    for n, (kind, own) in enumerate(rows.items()):
        x, y = 100.0, top + 74 * n
        unknown = int(own["profit"].isna().sum())
        note = f", {unknown:,} not known" if unknown else ""
        said += [_word(0, y + 30, kind.capitalize()),
                 _word(100, y + 60, f"{len(own):,} {kind}: {spoken(own['profit'].sum())} a year{note}")]  # fmt: skip
        for row in own.sort_values("profit", ascending=False).itertuples():
            blank = row.profit != row.profit
            wide = small if blank else max(row.profit, 0) * scale
            (hollow if blank else full).append(_rect(x, x + wide - min(2.0, wide / 4), y + 12, y + 42))
            if blank and small >= 14:
                asked.append(_word(x + 6, y + 32, "?"))
            elif width_of(row.name, SMALL) + 12 < wide:
                names.append(_word(x + 6, y + 32, row.name))
            x += wide
    layers += [
        _blocks(full, fill=SOFT, strokeWidth=0), _blocks(hollow, fill="white", stroke=INK, strokeWidth=1.2),
        words(said, TYPE), words(names, SMALL, colour="white"), words(asked, SMALL, align="center"),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + 150)


def programme(table: pd.DataFrame, title: str = "") -> Trusted:
    """What looking after key accounts costs (left of the line) and brings (right of it), a bar a line.

    `table`: name, amount (below 0: cost; NaN: unknown).
    """
    layers, top = _titled(title)
    names, amounts = 300.0, _column(table, "amount")
    known = [amount for amount in amounts if amount == amount]
    low, high = min([0.0, *known]), max([0.0, *known])
    left, right = names + 110, WIDTH - 110
    scale = (right - left) / ((high - low) or 1.0)
    zero, count = left - low * scale, max(len(table), 1)
    said, bars, hatched, below, above = _lists(5)
    for n, (name, amount) in enumerate(zip(_texts(table), amounts, strict=True)):
        y, cost = top + ROW * n, amount < 0
        said.append(_word(0, y + 20, cut(name, SMALL, names - 10)))
        end = zero + (amount * scale if amount == amount else 0.0)
        if amount == amount:
            (hatched if cost else bars).append(_rect(zero, end, y + 6, y + 24))
        (below if cost else above).append(_word(end + (-8 if cost else 8), y + 20, spoken(amount)))
    layers += [
        boxes([_rect(zero, zero + 1, top, top + ROW * count, INK)]), words(said, SMALL), boxes(bars), *_hatched(hatched),
        words(below, SMALL, align="right"), words(above, SMALL),
    ]  # fmt: skip
    return sheet(layers, WIDTH, top + ROW * count + 10)
