"""Pictures of plans: the chain of doing business as a customer walks it, and projects in time."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd

from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import boxes, cut, shapes, sheet, words, wrapped
from kamlib.charts.profit import WIDTH, Rows, _blocks, _lists, _rect, _titled, _word
from kamlib.palette import DOUBT, INK, LINE, MARKS, SOFT

BOX, GAP, IN_ROW, TALL, PAD = 203.0, 29.0, 4, 124.0, 10.0
LEVELS = {"corporate": "WITH US", "end_customer": "THROUGH THEM TO THEIR CUSTOMERS"}
TYPE, SMALL = 15, 13
ARROW = "M{0:.1f},{1:.1f}h16m-6,-5l6,5l-6,5"
STAGES, BARS = 40, 30
NAMES, ROW = 250.0, 62.0
ROOM = 62.0  # pixels a step needs for its name
STEP = "M{0:.1f},{1:.1f}m-5,0l5,-5l5,5l-5,5Z"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
FILLS = {"done": SOFT, "stopped": LINE}


def chain(stages: pd.DataFrame, title: str = "") -> Trusted:
    """The chain of doing business with us: a box a stage, with what goes wrong there and how many ideas it has.

    `stages` has name, level (corporate, end_customer), trouble, ideas and unmet (givens that do not work yet),
    in the order they are walked. At most STAGES are drawn; how many more there are is said below.
    """
    layers, y = _titled(title)
    heads, names, troubles, counts, doubts, arrows = _lists(6)
    frames: Rows = []
    shown = stages.head(STAGES)
    for level, rows in shown.groupby("level", sort=False):
        heads.append(_word(0, y + 20, LEVELS.get(str(level), str(level).upper())))
        y += 30
        for n, row in enumerate(rows.to_dict("records")):
            x = (n % IN_ROW) * (BOX + GAP)
            if n and n % IN_ROW == 0:
                y += TALL + 18
            frames.append(_rect(x, x + BOX, y, y + TALL, "white"))
            if n + 1 < len(rows):
                last = n % IN_ROW == IN_ROW - 1
                arrows.append({"path": ARROW.format(x + BOX + 6, y + TALL / 2) if not last else _down(x, y)})
            top = y + 22
            for line in wrapped(str(row["name"]), TYPE * 1.06, BOX - 2 * PAD, 2):
                names.append(_word(x + PAD, top, line))
                top += 19
            for line in wrapped(str(row["trouble"] or ""), SMALL, BOX - 2 * PAD, 3 if top < y + 50 else 2):
                troubles.append(_word(x + PAD, top, line))
                top += 16
            foot = y + TALL - 10
            if row["ideas"]:
                counts.append(_word(x + PAD, foot, f"{row['ideas']} idea{'s' if row['ideas'] != 1 else ''}"))
            if row["unmet"]:
                doubts.append(
                    _word(
                        x + BOX - PAD,
                        foot,
                        f"! {row['unmet']} given{'s' if row['unmet'] != 1 else ''} not met",
                    )
                )
        y += TALL + 16
    if len(stages) > STAGES:
        heads.append(_word(0, y + 16, f"AND {len(stages) - STAGES} MORE STAGES"))
        y += 26
    key = MARKS["key"].ink
    return sheet([
        *layers, boxes(frames, filled=True, stroke=LINE, strokeWidth=1.2, cornerRadius=4),
        shapes(arrows, filled=False, stroke=SOFT, strokeWidth=1.6), words(heads, SMALL, colour=SOFT, fontWeight=600),
        words(names, TYPE, fontWeight=600), words(troubles, SMALL, colour=SOFT), words(counts, SMALL, colour=key, fontWeight=600),
        words(doubts, SMALL, colour=DOUBT, fontWeight=600, align="right"),
    ], WIDTH, max(y, 40))  # fmt: skip


def _down(x: float, y: float) -> str:
    """The way from the last box of a row to the first of the next one."""
    under = y + TALL + 9
    return f"M{x + BOX / 2:.1f},{y + TALL + 1:.1f}V{under:.1f}H{BOX / 2:.1f}v8m-4,-5l4,5l4,-5"


def timetable(projects: pd.DataFrame, steps: pd.DataFrame, today: str, title: str = "") -> Trusted:
    """Projects as bars in time with their steps: filled when done, hollow when open, said when late.

    `projects` has project, name, owner, starts, ends (ISO, "" unknown) and status; `steps` project, name, due, done.
    Projects without both dates stand below. At most BARS projects are drawn; how many more there are is said.
    """
    layers, top = _titled(title)
    rows = [row | {"span": _span(row, steps)} for row in projects.head(BARS).to_dict("records")]
    dated = [row for row in rows if row["span"]]
    now = _day(today)
    names, owners, late, quiet, ticks, marks_done, marks_open, labels = _lists(8)
    bars: dict[str, Rows] = {"live": [], "done": [], "stopped": []}
    y = top + 34
    if dated:
        first = min([now, *(row["span"][0] for row in dated)])
        last = max([now, *(row["span"][1] for row in dated)])
        x = _scale(first, last)
        bottom = y + len(dated) * ROW
        grid = [{"path": f"M{x(day):.1f},{y - 8:.1f}V{bottom:.1f}"} for day, _ in _ticks(first, last)]
        ticks += [_word(x(day) + 3, y - 12, text) for day, text in _ticks(first, last)]
        layers += [shapes(grid, filled=False, stroke=LINE, strokeWidth=0.8)]
        for n, row in enumerate(dated):
            middle = y + n * ROW + 20
            a, b = (x(day) for day in row["span"])
            bars[row["status"] if row["status"] in bars else "live"].append(
                _rect(a, max(b, a + 4), middle - 7, middle + 7, "")
            )
            names.append(_word(0, middle - 2, cut(str(row["name"]), TYPE, NAMES - 12)))
            owners.append(_word(0, middle + 15, cut(_who(row), SMALL, NAMES - 12)))
            own = steps[(steps["project"] == row["project"]) & (steps["due"] != "")].sort_values("due")
            spots = [(x(_day(step["due"])), step) for step in own.to_dict("records")]
            for n, (at, step) in enumerate(spots):
                over = (
                    step["done"] != "yes" and step["due"] < today and row["status"] not in ("done", "stopped")
                )
                (marks_done if step["done"] == "yes" else marks_open).append(
                    {"path": STEP.format(at, middle)}
                )
                room = min([spot for spot, _ in spots[n + 1 :]], default=WIDTH) - at - 4
                if room > ROOM:
                    said = wrapped(f"{step['name']}, late" if over else str(step["name"]), SMALL, room, 2)
                    (late if over else labels).extend(
                        _word(at - 4, middle + 21 + 15 * i, text) for i, text in enumerate(said)
                    )
        layers += [
            shapes(
                [{"path": f"M{x(now):.1f},{y - 8:.1f}V{bottom:.1f}"}],
                filled=False,
                stroke=INK,
                strokeWidth=1.4,
            )
        ]
        quiet.append(_word(min(x(now) + 4, WIDTH - 44), bottom + 14, "today"))
        y = bottom + 22
    for row in [row for row in rows if not row["span"]]:
        names.append(_word(0, y + 18, cut(str(row["name"]), TYPE, NAMES - 12)))
        quiet.append(_word(NAMES, y + 18, "no dates yet"))
        y += 28
    if len(projects) > BARS:
        quiet.append(_word(0, y + 18, f"and {len(projects) - BARS} more projects"))
        y += 28
    key = MARKS["key"].colour
    return sheet([
        *layers, _blocks(bars["live"], fill=MARKS["maintenance"].colour, fillOpacity=0.45), _blocks(bars["done"], fill=SOFT, fillOpacity=0.5),
        _blocks(bars["stopped"], fill="white", stroke=SOFT, strokeWidth=1),
        shapes(marks_done, filled=True, fill=key, strokeWidth=0), shapes(marks_open, filled=True, fill="white", stroke=key, strokeWidth=1.6),
        words(names, TYPE, fontWeight=600), words(owners, SMALL, colour=SOFT), words(ticks, SMALL, colour=SOFT),
        words(labels, SMALL), words(late, SMALL, colour=DOUBT, fontWeight=600), words(quiet, SMALL, colour=SOFT),
    ], WIDTH, max(y + 8, 40))  # fmt: skip


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _who(row: dict[str, Any]) -> str:
    status = {"done": "done", "stopped": "stopped"}.get(str(row["status"]), "")
    return ", ".join(filter(None, [str(row["owner"] or "no owner"), status]))


def _span(row: dict[str, Any], steps: pd.DataFrame) -> tuple[int, int] | None:
    """First and last day of a project, wide enough for its steps; None where it has no dates."""
    if not row["starts"] or not row["ends"]:
        return None
    begins, ends = sorted((_day(row["starts"]), _day(row["ends"])))
    return begins, ends


def _scale(first: int, last: int) -> Any:
    wide = WIDTH - NAMES - 20

    def x(day: int) -> float:
        return NAMES + min(max((day - first) / max(last - first, 1), 0.0), 1.0) * wide

    return x


def _ticks(first: int, last: int) -> list[tuple[int, str]]:
    """Days at which a month, a quarter or some years begin, as the span asks for, and what they are called."""
    months = (last - first) / 30.4
    begin = date.fromordinal(first)
    if months > 40:
        step = max(1, math.ceil(months / 12 / 10))
        years = range(begin.year + 1, date.fromordinal(last).year + 1, step)
        return [(date(year, 1, 1).toordinal(), str(year)) for year in years]
    by = 1 if months <= 10 else 3
    made: list[tuple[int, str]] = []
    year, month = begin.year, (begin.month - 1) // by * by + 1
    while (day := date(year, month, 1).toordinal()) <= last:
        if day >= first:
            made.append((day, f"{MONTHS[month - 1]} {year}" if not made or month == 1 else MONTHS[month - 1]))
        year, month = (year, month + by) if month + by <= 12 else (year + 1, month + by - 12)
    return made
