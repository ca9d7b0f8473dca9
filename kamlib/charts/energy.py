"""Pictures of step 10: where the days go, and which services are wanted."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import (
    WIDTH,
    Rows,
    _hatched,
    _known,
    _lists,
    _rect,
    _titled,
    _word,
    boxes,
    cut,
    shapes,
    sheet,
    spoken,
    width_of,
    words,
)
from kamlib.workbook.schema import BOXES

TYPE, SMALL, BAR, SIDE, TALL, GAP = 15, 13, 18.0, 235.0, 420.0, 12.0
OTHERS = {"unused": "nobody's today", "missing": "missing, not there", "left": "left over"}
SIGN = 18.0
LEAST = 24.0  # pixels for the words beside a bar
QUADRANTS = (
    ("yes", "no", "IMPROVE"),
    ("yes", "yes", "KEEP, OR CHARGE"),
    ("no", "no", "REMOVE"),
    ("no", "yes", "REMOVE"),
)
HEAD, LINE_TALL, MOST, COSTS, LONGEST = 30.0, 24.0, 6, 104.0, 50.0
SOURCES, TARGETS = (*BOXES, "unused", "missing"), (*BOXES, "left")
FROM, TO, MIDDLE = SIDE + BAR, WIDTH - SIDE - BAR, WIDTH / 2
PALE, STRONG = 0.16, 0.5
PLACES = (0.24, 0.32, 0.16, 0.42, 0.7, 0.8, 0.56, 0.1, 0.9)  # of the way, for the number of a ribbon

Flow = tuple[str, str, float]
Way = tuple[str, str, float, float, float, float]  # source, target, days, where it begins, ends, how thick
Ends = dict[str, tuple[float, float, float]]  # where a bar begins, how tall it is, its days


class Lines(NamedTuple):
    """What the lines of services are made of."""

    names: Rows
    costs: Rows
    bars: Rows
    more: Rows


def energy(flow: pd.DataFrame, title: str = "") -> Trusted:
    """Where the days of today go tomorrow: bars left and right, ribbons between them.

    `flow` has source (a category, unused, missing), target (a category, left) and days. What stays with its
    category is pale, what moves is strong and carries its days; missing days are hatched. Days that are not
    known are named below.
    """
    layers, top = _titled(title)
    given = [(r.source, r.target, _known(r.days)) for r in flow.itertuples()]
    given = [row for row in given if row[0] in SOURCES and row[1] in TARGETS]
    rows = [row for row in given if row[2] > 0]
    blanks = dict.fromkeys(_name(source) for source, _, days in given if days != days)
    unknown = f"? The days are not known yet: {', '.join(blanks)}" if blanks else ""
    if not rows:
        none = words([_word(0, top + 30, unknown or "No days are known yet.")], TYPE, colour=SOFT)
        return sheet([*layers, none], WIDTH, top + 50)
    scale, start = TALL / sum(days for _, _, days in rows), top + 40
    froms = _stack(SOURCES, [(source, days) for source, _, days in rows], scale, start)
    tos = _stack(TARGETS, [(target, days) for _, target, days in rows], scale, start)
    heads = [_word(SIDE, top + 20, "Today"), _word(WIDTH - SIDE, top + 20, "Under the new rules")]
    ways = _ways(rows, froms, tos, scale)
    layers += _ribbons(ways)
    for ends, x in ((froms, SIDE), (tos, WIDTH - SIDE - BAR)):
        bars = {name: _rect(x, x + BAR, y, y + tall, _colour(name)) for name, (y, tall, _) in ends.items()}
        layers += [boxes([bar for name, bar in bars.items() if name not in ("missing", "left")])]
        layers += _hatched([bars["missing"]] if "missing" in bars else [])
        layers += [boxes([bars["left"]], stroke=SOFT, strokeWidth=1.2) if "left" in bars else None]
    numbers, more = _numbers(ways)
    high = max(y + max(tall, LEAST) for ends in (froms, tos) for y, tall, _ in ends.values()) + 24
    notes = [note for note in (unknown, "The smallest moves carry no number." if more else "") if note]
    foot = [_word(0, high + 14 + 20 * n, cut(note, SMALL, WIDTH)) for n, note in enumerate(notes)]
    return sheet([
        *layers, words([heads[0]], SMALL, colour=SOFT, align="right"), words([heads[1]], SMALL, colour=SOFT),
        *_beside(froms, "left"), *_beside(tos, "right"), words(numbers, SMALL, halo=True, fontWeight=600),
        words(foot, SMALL, colour=SOFT),
    ], WIDTH, high + 20 * len(foot))  # fmt: skip


def _ways(rows: list[Flow], froms: Ends, tos: Ends, scale: float) -> list[Way]:
    """Where each ribbon begins and ends, and how thick it is."""
    out, into = ({name: y for name, (y, _, _) in ends.items()} for ends in (froms, tos))
    made = []
    for source, target, days in sorted(rows, key=lambda row: (SOURCES.index(row[0]), TARGETS.index(row[1]))):
        made.append((source, target, days, out[source], into[target], days * scale))
        out[source] += days * scale
        into[target] += days * scale
    return made


def _ribbons(ways: list[Way]) -> list[alt.Chart | None]:
    """The ribbons: pale for what stays, strong for what moves, hatched for what is missing."""
    paths: dict[tuple[bool, str], str] = {}
    lines = ""
    for source, target, _, y1, y2, tall in ways:
        thick = max(tall, 0.8)
        path = (f"M{FROM:.1f},{y1:.1f}C{MIDDLE:.1f},{y1:.1f} {MIDDLE:.1f},{y2:.1f} {TO:.1f},{y2:.1f}V{y2 + thick:.1f}"
                f"C{MIDDLE:.1f},{y2 + thick:.1f} {MIDDLE:.1f},{y1 + thick:.1f} {FROM:.1f},{y1 + thick:.1f}Z")  # fmt: skip
        key = (_moves(source, target), source)
        paths[key] = paths.get(key, "") + path
        if source == "missing":
            spots = [
                (FROM + (TO - FROM) * _along(n / 60), y1 + (y2 - y1) * _smooth(n / 60)) for n in range(61)
            ]
            lines += "".join(f"M{a:.1f},{y + thick:.1f}L{b:.1f},{z:.1f}"
                             for (a, y), (b, z) in zip(spots[:-1], spots[1:], strict=True))  # fmt: skip
    drawn = [shapes([{"path": path}], filled=True, fill=_colour(source), fillOpacity=PALE if source == "missing" or not moves else STRONG,
                    strokeWidth=0) for (moves, source), path in sorted(paths.items())]  # fmt: skip
    return [*drawn, shapes([{"path": lines}], filled=False, stroke=SOFT, strokeWidth=0.9) if lines else None]


def _numbers(ways: list[Way]) -> tuple[Rows, int]:
    """The days on the ribbons that move, the largest first, none on another; and how many had no room."""
    placed: Rows = []
    left_out = 0
    for source, target, days, y1, y2, tall in sorted(ways, key=lambda way: -way[2]):
        if not _moves(source, target):
            continue
        if days < 0.05:
            left_out += 1
            continue
        text = _days(days)
        wide = width_of(text, SMALL) * 1.1 + 6
        spots = [_word(FROM + (TO - FROM) * _along(t) - wide / 2 + 3, y1 + (y2 - y1) * _smooth(t) + tall / 2 + 5, text)
                 for t in PLACES]  # fmt: skip
        free = [spot for spot in spots if not any(
            abs(spot["y"] - other["y"]) < 17 and spot["x"] < other["x"] + width_of(other["text"], SMALL) * 1.1 + 6
            and other["x"] < spot["x"] + wide for other in placed)]  # fmt: skip
        placed += free[:1]
        left_out += not free
    return placed, left_out


def _beside(ends: Ends, side: str) -> list[alt.Chart | None]:
    """The name and the days of each bar, at its outer side, with the sign of its category."""
    right = side == "right"
    x = WIDTH - SIDE + 8 if right else SIDE - 8
    said: Rows = []
    signs: list[alt.Chart | None] = []
    for name, (y, tall, days) in ends.items():
        base = y + max(tall, LEAST) / 2 - 2
        said += [_word(x + (SIGN if name in BOXES and right else 0.0), base, _name(name)),
                 _word(x, base + 17, f"{_days(days)} {'day' if days == 1 else 'days'}")]  # fmt: skip
        if name in BOXES:  # a sign has a font of its own
            aside = x if right else x - width_of(_name(name), TYPE) * 0.94 - SIGN
            signs.append(words([_word(aside, base, MARKS[name].glyph)], TYPE, colour=MARKS[name].ink))
    return [words(said, TYPE, align="left" if right else "right"), *signs]


def _stack(names: tuple[str, ...], days: list[tuple[str, float]], scale: float, top: float) -> Ends:
    """Where each bar begins, how tall it is, and its days; every bar has room for its words."""
    made = {}
    for name in names:
        amounts = [amount for whose, amount in days if whose == name]
        if amounts:
            made[name] = (top, sum(amounts) * scale, sum(amounts))
            top += max(made[name][1], LEAST + 12) + GAP
    return made


def _moves(source: str, target: str) -> bool:
    return source != target and (source, target) != ("unused", "left")


def _along(part: float) -> float:
    """How far across a ribbon is at this part of its way."""
    return 1.5 * part * (1 - part) + part**3


def _smooth(part: float) -> float:
    """How far down a ribbon is at this part of its way."""
    return 3 * part**2 - 2 * part**3


def _colour(name: str) -> str:
    return MARKS[name].colour if name in BOXES else "white" if name == "left" else MARKS[""].colour


def _name(name: str) -> str:
    return MARKS[name].word if name in BOXES else OTHERS.get(name, name)


def _days(days: float) -> str:
    if days < 0.05:
        return "under 0.1"
    return spoken(days) if days >= 9.95 else f"{days:.1f}".removesuffix(".0")


def presents(services: pd.DataFrame, title: str = "") -> Trusted:
    """Services in four fields: valued or not, good at or not; a line each with its cost, the dearest first.

    `services` has name, cost (NaN unknown), valued and good_at (yes, no, "" unknown) and suggestion. Those of
    which something is not known stand below, with what there is to ask.
    """
    layers, top = _titled(title)
    rows = [
        {**row, "name": said(row["name"]), "cost": _known(row["cost"])} for row in services.to_dict("records")
    ]
    rows.sort(key=lambda row: -row["cost"] if row["cost"] == row["cost"] else math.inf)
    most = max((row["cost"] for row in rows if row["cost"] == row["cost"]), default=0.0)
    parts = [[row for row in rows if (row["valued"], row["good_at"]) == (v, g)] for v, g, _ in QUADRANTS]
    tall = [HEAD + 16 + LINE_TALL * max(1, *(min(len(part), MOST + 1) for part in parts[i : i + 2])) for i in (0, 2)]  # fmt: skip
    frames, corners, todo = _lists(3)
    lines = Lines([], [], [], [])
    wide = WIDTH / 2
    for n, (valued, good, word) in enumerate(QUADRANTS):
        x, y = (n % 2) * wide, top + 4 + (n // 2) * tall[0]
        fill = "#eceef2" if valued == "no" else "#f3f6fc"
        frames.append(_rect(x + 3, x + wide - 3, y, y + tall[n // 2] - 6, fill))
        heading = f"{'valued' if valued == 'yes' else 'not valued'}, {'done well' if good == 'yes' else 'done badly'}"
        corners.append(_word(x + 14, y + 20, heading))
        todo.append(_word(x + wide - 14, y + 20, word))
        _listed(parts[n], x + 14, y + HEAD, wide - 28, most, lines, word)
    open_ = [row for row in rows if not {row["valued"], row["good_at"]} <= {"yes", "no"}]
    y = top + 4 + sum(tall)
    if open_:
        corners.append(_word(14, y + 16, "not known yet: ASK"))
        _listed(open_, 14, y + 22, WIDTH - 28, most, lines, "ASK")
        y += 30 + LINE_TALL * min(len(open_), MOST + 1)
    return sheet([
        *layers, boxes(frames), boxes(lines.bars), words(corners, SMALL, colour=SOFT, fontWeight=600),
        words(todo, SMALL, colour=INK, fontWeight=600, align="right"), words(lines.names, TYPE),
        words(lines.costs, SMALL, colour=SOFT, align="right"), words(lines.more, SMALL, colour=SOFT),
    ], WIDTH, y + 6)  # fmt: skip


def _listed(rows: Rows, x: float, y: float, room: float, most: float, into: Lines, word: str) -> None:
    """A line of text for each service: its name, a bar as long as its cost, and the cost."""
    for n, row in enumerate(rows[:MOST]):
        base, cost, note = y + n * LINE_TALL + 18, row["cost"], _note(row, word)
        left = room - COSTS - LONGEST - 10
        name = cut(row["name"] or "?", TYPE, left - (width_of(note, SMALL) + 10 if note else 0))
        into.names.append(_word(x, base, name))
        into.more.extend([_word(x + width_of(name, TYPE) + 8, base, note)] if note else [])
        into.costs.append(_word(x + room, base, spoken(cost) if cost == cost else "cost ?"))
        long = LONGEST * cost / most if cost > 0 else 0.0
        if long > 0:
            fill = INK if row["valued"] == "no" else SOFT
            into.bars.append(_rect(x + room - COSTS - long, x + room - COSTS, base - 10, base, fill))
    if len(rows) > MOST:
        rest = sum(row["cost"] for row in rows[MOST:] if row["cost"] == row["cost"])
        more = (
            f"and {len(rows) - MOST:,} more, which cost {spoken(rest)}"
            if rest > 0
            else f"and {len(rows) - MOST:,} more"
        )
        into.more.append(_word(x, y + MOST * LINE_TALL + 15, more))


def _note(row: dict[str, Any], word: str) -> str:
    """What there is to say of a service besides the word of its field."""
    if word == "ASK":
        asked = [text for name, text in (("valued", "valued?"), ("good_at", "done well?")) if row[name] not in ("yes", "no")]  # fmt: skip
        return " ".join(asked)
    advice = row.get("suggestion")
    told = advice if advice in ("keep", "improve", "charge", "remove") else ""
    return str(told) if told == "charge" or told.upper() not in word else ""  # to keep it goes without saying


def said(value: Any) -> str:
    """A text on one line; "" where there is none."""
    return " ".join(value.split()) if isinstance(value, str) else ""
