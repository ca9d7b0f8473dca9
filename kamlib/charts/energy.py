"""Pictures of step 10: where the days go, and which services are wanted."""

from __future__ import annotations

import math

import pandas as pd

from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import boxes, cut, shapes, sheet, width_of, words
from kamlib.charts.profit import WIDTH, Rows, _hatched, _known, _lists, _rect, _titled, _word, spoken
from kamlib.palette import INK, MARKS, SOFT
from kamlib.tables import BOXES

TYPE, SMALL, BAR, SIDE, TALL, GAP = 15, 13, 18.0, 235.0, 420.0, 12.0
OTHERS = {"unused": "nobody's today", "missing": "missing", "left": "left over"}
SIGN = 18.0
LEAST = 24.0  # pixels for the words beside a bar
QUADRANTS = (
    ("yes", "no", "IMPROVE"),
    ("yes", "yes", "KEEP, OR CHARGE"),
    ("no", "no", "REMOVE"),
    ("no", "yes", "REMOVE"),
)
HEAD, LINE_TALL, MOST = 30.0, 24.0, 6


def energy(flow: pd.DataFrame, title: str = "") -> Trusted:
    """Where the days of today go tomorrow: bars left and right, ribbons between them.

    `flow` has source (a category, unused, missing), target (a category, left) and days. What stays with its
    category is pale, what moves is strong and carries its days; missing days are hatched.
    """
    layers, top = _titled(title)
    rows = [(str(r.source), str(r.target), _known(r.days)) for r in flow.itertuples()]
    rows = [(s, t, min(d, 1e9)) for s, t, d in rows if d > 0]
    if not rows:
        return sheet(
            [*layers, words([_word(0, top + 30, "No days are known yet.")], TYPE, colour=SOFT)],
            WIDTH,
            top + 50,
        )
    left = [n for n in (*BOXES, "unused", "missing") if any(s == n for s, _, _ in rows)]
    right = [n for n in (*BOXES, "left") if any(t == n for _, t, _ in rows)]
    total = sum(d for _, _, d in rows)
    scale = TALL / total
    heads = [_word(SIDE, top + 20, "Today"), _word(WIDTH - SIDE, top + 20, "Under the new rules")]
    start = top + 40
    froms = _stack(left, {n: sum(d for s, _, d in rows if s == n) for n in left}, scale, start)
    tos = _stack(right, {n: sum(d for _, t, d in rows if t == n) for n in right}, scale, start)
    ribbons: dict[bool, dict[str, str]] = {True: {}, False: {}}
    numbers: Rows = []
    out, into = ({n: y for n, (y, _, _) in ends.items()} for ends in (froms, tos))
    for source, target, days in sorted(rows, key=lambda r: (left.index(r[0]), right.index(r[1]))):
        thick, moves = days * scale, source != target
        y1, y2 = out[source], into[target]
        out[source], into[target] = y1 + thick, y2 + thick
        a, b = SIDE + BAR, WIDTH - SIDE - BAR
        middle = (a + b) / 2
        path = (f"M{a:.1f},{y1:.1f}C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {b:.1f},{y2:.1f}V{y2 + thick:.1f}"
                f"C{middle:.1f},{y2 + thick:.1f} {middle:.1f},{y1 + thick:.1f} {a:.1f},{y1 + thick:.1f}Z")  # fmt: skip
        ribbons[moves][source] = ribbons[moves].get(source, "") + path
        if moves and thick >= SMALL * 0.8:
            at = 0.24 if source in BOXES else 0.16
            numbers.append(_word(a + at * (b - a), y1 + (y2 - y1) * _smooth(at) + thick / 2 + 5, _days(days)))
    for moves, opacity in ((False, 0.16), (True, 0.5)):
        layers += [shapes([{"path": path}], filled=True, fill=_colour(source), fillOpacity=opacity if source != "missing" else 0.18, strokeWidth=0)
                   for source, path in ribbons[moves].items()]  # fmt: skip
    for ends, x in ((froms, SIDE), (tos, WIDTH - SIDE - BAR)):
        solid = [
            _rect(x, x + BAR, y, y + tall, _colour(n))
            for n, (y, tall, _) in ends.items()
            if n not in ("missing", "left")
        ]
        layers += [boxes(solid)] if solid else []
        layers += _hatched(
            [
                _rect(x, x + BAR, y, y + tall, "")
                for n, (y, tall, _) in ends.items()
                if n in ("missing", "left")
            ]
        )
    said: dict[str, Rows] = {"left": [], "right": []}
    signs: Rows = []
    for side, ends, x in (("left", froms, SIDE - 8), ("right", tos, WIDTH - SIDE + 8)):
        for name, (y, tall, days) in ends.items():
            shift = SIGN if name in BOXES and side == "right" else 0.0
            said[side].append(_word(x + shift, y + max(tall, LEAST) / 2 - 2, _name(name)))
            if name in BOXES:  # a sign has a font of its own
                aside = x if shift else x - width_of(_name(name), TYPE) * 0.94 - SIGN
                signs.append(_word(aside, y + max(tall, LEAST) / 2 - 2, MARKS[name].glyph))
            said[side].append(_word(x, y + max(tall, LEAST) / 2 + 15, f"{_days(days)} days"))
    high = max(y + max(tall, LEAST) for ends in (froms, tos) for y, tall, _ in ends.values())
    return sheet([
        *layers, words([heads[0]], SMALL, colour=SOFT, align="right"), words([heads[1]], SMALL, colour=SOFT),
        words(said["left"], TYPE, align="right"), words(said["right"], TYPE), words(signs, TYPE), words(numbers, SMALL, halo=True, fontWeight=600),
    ], WIDTH, high + 24)  # fmt: skip


def _stack(
    names: list[str], days: dict[str, float], scale: float, top: float
) -> dict[str, tuple[float, float, float]]:
    """Where each bar begins, how tall it is, and its days; every bar has room for its words."""
    made = {}
    for name in names:
        tall = days[name] * scale
        made[name] = (top, tall, days[name])
        top += max(tall, LEAST + 12) + GAP
    return made


def _smooth(part: float) -> float:
    """How far down a ribbon is at this part of its way."""
    return 3 * part**2 - 2 * part**3


def _colour(name: str) -> str:
    return MARKS[name].colour if name in BOXES else "#8a8f99"


def _name(name: str) -> str:
    return MARKS[name].word if name in BOXES else OTHERS.get(name, name)


def _days(days: float) -> str:
    return f"{days:,.0f}" if days >= 10 else f"{days:.1f}".removesuffix(".0")


def presents(services: pd.DataFrame, title: str = "") -> Trusted:
    """Services in four fields: valued or not, good at or not; a line each with its cost, the dearest first.

    `services` has name, cost (NaN unknown), valued and good_at (yes, no, "" unknown). Those of which something is
    not known stand below.
    """
    layers, top = _titled(title)
    wide = WIDTH / 2
    frames, corners, names, costs, bars, more = _lists(6)
    most = max((_known(v) for v in services["cost"] if _known(v) == _known(v)), default=0.0)
    parts = [services[(services["valued"] == v) & (services["good_at"] == g)] for v, g, _ in QUADRANTS]
    tall = [
        HEAD + 16 + LINE_TALL * max(1, *(min(len(part), MOST + 1) for part in parts[i : i + 2]))
        for i in (0, 2)
    ]
    for n, (valued, good, word) in enumerate(QUADRANTS):
        x, y = (n % 2) * wide, top + 4 + (n // 2) * tall[0]
        frames.append(
            _rect(x + 3, x + wide - 3, y, y + tall[n // 2] - 6, "#eceef2" if valued == "no" else "#f3f6fc")
        )
        heading = f"{'valued' if valued == 'yes' else 'not valued'}, {'done well' if good == 'yes' else 'done badly'}"
        corners.append(_word(x + 14, y + 20, heading))
        corners.append(_word(x + wide - 14 - width_of(word, SMALL) * 1.1, y + 20, word))
        _listed(
            parts[n],
            x + 14,
            y + HEAD,
            wide - 28,
            most,
            names,
            costs,
            bars,
            more,
        )
    open_ = services[(services["valued"] == "") | (services["good_at"] == "")]
    y = top + 4 + sum(tall)
    if len(open_):
        corners.append(_word(14, y + 16, "not known yet: ASK"))
        _listed(open_, 14, y + 22, WIDTH - 28, most, names, costs, bars, more)
        y += 30 + LINE_TALL * min(len(open_), MOST + 1)
    return sheet([
        *layers, boxes(frames), boxes(bars), words(corners, SMALL, colour=SOFT, fontWeight=600), words(names, TYPE),
        words(costs, SMALL, colour=SOFT, align="right"), words(more, SMALL, colour=SOFT),
    ], WIDTH, y + 6)  # fmt: skip


def _listed(
    rows: pd.DataFrame,
    x: float,
    y: float,
    room: float,
    most: float,
    names: Rows,
    costs: Rows,
    bars: Rows,
    more: Rows,
) -> None:
    """A line of text for each service: its name, a bar as long as its cost, and the cost."""
    rows = rows.sort_values("cost", ascending=False, kind="stable")
    for n, row in enumerate(rows.head(MOST).to_dict("records")):
        base = y + n * LINE_TALL + 18
        cost = _known(row["cost"])
        long = 70 * math.sqrt(cost / most) ** 2 if cost == cost and most > 0 else 0
        text = cut(str(row["name"]), TYPE, room - 160)
        names.append(_word(x, base, text))
        costs.append(_word(x + room, base, spoken(cost) if cost == cost else "cost ?"))
        if long > 1:
            bars.append(
                _rect(
                    x + room - 78 - long,
                    x + room - 78,
                    base - 10,
                    base,
                    INK if row["valued"] == "no" else "#5b8fc7",
                )
            )
    if len(rows) > MOST:
        more.append(_word(x, y + MOST * LINE_TALL + 15, f"and {len(rows) - MOST} more"))
