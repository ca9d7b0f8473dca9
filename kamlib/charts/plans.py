"""Pictures of plans: the chain of doing business as a customer walks it, and projects in time."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.energy import said
from kamlib.charts.palette import DOUBT, INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import (
    WIDTH,
    Rows,
    _blocks,
    _known,
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
    wrapped,
)

BOX, GAP, IN_ROW, TALL, PAD = 203.0, 29.0, 4, 124.0, 10.0
LEVELS = {"corporate": "WITH US", "end_customer": "THROUGH THEM TO THEIR CUSTOMERS"}
TYPE, SMALL = 15, 13
ARROW = "M{0:.1f},{1:.1f}h16m-6,-5l6,5l-6,5"
STAGES, BARS = 40, 30
NAMES, ROW = 250.0, 62.0
HALF, LONGEST = 60.0, 150.0  # pixels of a bar without an end; the longest name of a step
STEP = "M{0:.1f},{1:.1f}m-5,0l5,-5l5,5l-5,5Z"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
PARTS = (
    "running",
    "planned",
    "done",
    "stopped",
    "half",
    "filled",
    "hollow",
    "names",
    "labels",
    "late",
    "quiet",
)


def chain(stages: pd.DataFrame, title: str = "") -> Trusted:
    """The chain of doing business with us: a box a stage, with what goes wrong there and how many ideas it has.

    `stages` has name, level (corporate, end_customer), trouble, ideas and unmet (givens that do not work yet),
    and place, where it is walked (without it: in the order given). At most STAGES are drawn; how many more there
    are is said below.
    """
    layers, y = _titled(title)
    parts: dict[str, Rows] = {name: [] for name in ("heads", "names", "troubles", "counts", "doubts", "arrows", "frames")}  # fmt: skip
    shown = _walked(stages)
    for level in dict.fromkeys(row["level"] for row in shown[:STAGES]):
        rows = [row for row in shown[:STAGES] if row["level"] == level]
        head = LEVELS.get(level, level.upper() or "AT NO LEVEL YET")
        parts["heads"].append(_word(0, y + 20, cut(head, SMALL * 1.1, WIDTH - 10)))
        y += 30
        for n, row in enumerate(rows):
            x = (n % IN_ROW) * (BOX + GAP)
            if n and n % IN_ROW == 0:
                y += TALL + 18
            parts["frames"].append(_rect(x, x + BOX, y, y + TALL, "white"))
            if n + 1 < len(rows):
                last = n % IN_ROW == IN_ROW - 1
                path = _down(x, y) if last else ARROW.format(x + BOX + 6, y + TALL / 2)
                parts["arrows"].append({"path": path})
            _stage(row, x, y, parts)
        y += TALL + 16
    if len(shown) > STAGES:
        parts["heads"].append(_word(0, y + 16, f"AND {len(shown) - STAGES:,} MORE STAGES"))
        y += 26
    if not shown:
        parts["troubles"].append(_word(0, y + 24, "No stage is known yet."))
        y += 40
    return sheet([
        *layers, boxes(parts["frames"], filled=True, stroke=LINE, strokeWidth=1.2, cornerRadius=4),
        shapes(parts["arrows"], filled=False, stroke=SOFT, strokeWidth=1.6) if parts["arrows"] else None,
        words(parts["heads"], SMALL, colour=SOFT, fontWeight=600), words(parts["names"], TYPE, fontWeight=600),
        words(parts["troubles"], SMALL, colour=SOFT), words(parts["counts"], SMALL, colour=INK, fontWeight=600),
        words(parts["doubts"], SMALL, colour=DOUBT, fontWeight=600, align="right"),
    ], WIDTH, max(y, 40))  # fmt: skip


def _walked(stages: pd.DataFrame) -> Rows:
    """The stages as they are walked, the customer's own business with us first; a place not known comes last."""
    rows = [{"place": math.nan, **row} for row in stages.to_dict("records")]
    order = [*LEVELS, ""]
    rows = [row | {"level": said(row["level"])} for row in rows]

    def key(row: dict[str, Any]) -> tuple[int, float]:
        place = _known(row["place"])
        at = order.index(row["level"]) if row["level"] in order else len(order)
        return at, place if place == place else math.inf

    return sorted(rows, key=key)


def _stage(row: dict[str, Any], x: float, y: float, parts: dict[str, Rows]) -> None:
    """What stands in the box of a stage."""
    top = y + 22
    for line in wrapped(said(row["name"]) or "?", TYPE * 1.06, BOX - 2 * PAD, 2):
        parts["names"].append(_word(x + PAD, top, line))
        top += 19
    for line in wrapped(said(row["trouble"]), SMALL, BOX - 2 * PAD, 3 if top < y + 50 else 2):
        parts["troubles"].append(_word(x + PAD, top, line))
        top += 16
    foot, ideas, unmet = y + TALL - 10, _known(row["ideas"]), _known(row["unmet"])
    if ideas != 0:
        many = f"{spoken(ideas)} idea{'s' if ideas != 1 else ''}"
        parts["counts"].append(_word(x + PAD, foot, many))
    if unmet != 0 and unmet == unmet:
        room = BOX - 2 * PAD - (width_of(parts["counts"][-1]["text"], SMALL) * 1.1 + 6 if ideas != 0 else 0)
        long = f"! {spoken(unmet)} given{'s' if unmet != 1 else ''} not met"
        text = long if width_of(long, SMALL) * 1.1 <= room else f"! {spoken(unmet)} unmet"
        parts["doubts"].append(_word(x + BOX - PAD, foot, cut(text, SMALL * 1.1, room)))


def _down(x: float, y: float) -> str:
    """The way from the last box of a row to the first of the next one."""
    under = y + TALL + 9
    return f"M{x + BOX / 2:.1f},{y + TALL + 1:.1f}V{under:.1f}H{BOX / 2:.1f}v8m-4,-5l4,5l4,-5"


def timetable(projects: pd.DataFrame, steps: pd.DataFrame, today: str, title: str = "") -> Trusted:
    """Projects as bars in time with their steps: filled when done, hollow when open, said when late.

    `projects` has project, name, customer, owner, starts, ends (ISO, "" unknown) and status; `steps` project, name,
    due, done. A project of which one end is known has a dashed bar there; those without dates stand below. At most
    BARS projects are drawn, what still runs before what is over; how many more there are is said.
    """
    layers, top = _titled(title)
    now = _day(today)
    if "customer" in projects and projects["customer"].nunique(dropna=False) < 2:
        projects = projects.drop(columns="customer")  # it goes without saying
    rows = [_plan(row, steps, now) for row in projects.to_dict("records")]
    shown = sorted(rows, key=lambda row: row["over"])[:BARS] if len(rows) > BARS else rows
    dated = sorted((row for row in shown if row["span"]), key=lambda row: row["span"])
    parts: dict[str, Rows] = {name: [] for name in PARTS}
    y = top + 34
    if dated:
        days = [day for row in dated for day in (*row["span"], *(step["day"] for step in row["steps"]))]
        first, last = min(days + [now or days[0]]), max(days + [now or days[0]])
        x, bottom = _scale(first, last), y + len(dated) * ROW
        marked = _ticks(first, last)
        grid = "".join(f"M{x(day):.1f},{y - 8:.1f}V{bottom:.1f}" for day, _ in marked)
        room = [(x(day) + 3, text) for day, text in marked if x(day) + 3 + width_of(text, SMALL) <= WIDTH]
        layers += [shapes([{"path": grid}], filled=False, stroke=LINE, strokeWidth=0.8)] if grid else []
        for n, row in enumerate(dated):
            _drawn(row, y + n * ROW + 20, x, parts)
        parts["quiet"] += [_word(at, y - 12, text) for at, text in room]
        if now:
            line = [{"path": f"M{x(now):.1f},{y - 8:.1f}V{bottom:.1f}"}]
            layers += [shapes(line, filled=False, stroke=INK, strokeWidth=1.4)]
            parts["quiet"].append(_word(min(x(now) + 4, WIDTH - 44), bottom + 14, "today"))
        y = bottom + 22
    for row in [row for row in shown if not row["span"]]:
        parts["names"].append(_word(0, y + 18, cut(row["name"], TYPE * 1.06, NAMES - 12)))
        late = f", {row['late']:,} {'step' if row['late'] == 1 else 'steps'} late" if row["late"] else ""
        note = f"no dates yet{late}, {row['who']}"
        parts["late" if late else "quiet"].append(_word(NAMES, y + 18, cut(note, SMALL * 1.1, WIDTH - NAMES)))
        y += 28
    more = f"and {len(rows) - len(shown):,} more projects" if len(rows) > len(shown) else ""
    note = more or ("" if rows else "No project is known yet.")
    parts["quiet"] += [_word(0, y + 18, note)] if note else []
    return sheet([*layers, *_look(parts)], WIDTH, max(y + (36 if note else 8), 40))


def _look(parts: dict[str, Rows]) -> list[alt.Chart | None]:
    """The bars, the marks of the steps and the words of a timetable, each in its look."""
    steps = {"filled": True, "stroke": INK, "strokeWidth": 1.4}
    return [
        _blocks(parts["running"], fill=SOFT, fillOpacity=0.45), _blocks(parts["done"], fill=LINE, fillOpacity=0.8),
        _blocks(parts["planned"], fill="white", stroke=SOFT, strokeWidth=1.4),
        _blocks(parts["stopped"], fill="white", stroke=SOFT, strokeWidth=1, strokeDash=[2, 3]),
        _blocks(parts["half"], fill="white", stroke=SOFT, strokeWidth=1.2, strokeDash=[6, 4]),
        shapes(parts["filled"], fill=INK, **steps) if parts["filled"] else None,
        shapes(parts["hollow"], fill="white", **steps) if parts["hollow"] else None,
        words(parts["names"], TYPE, fontWeight=600), words(parts["labels"], SMALL, halo=True),
        words(parts["late"], SMALL, colour=DOUBT, halo=True, fontWeight=600), words(parts["quiet"], SMALL, colour=SOFT),
    ]  # fmt: skip


def _plan(row: dict[str, Any], steps: pd.DataFrame, now: int | None) -> dict[str, Any]:
    """What is drawn of a project: its name, who, its days, its steps in time, and how many are late."""
    status = said(row["status"])
    over = status in ("done", "stopped")
    ends = sorted(day for day in (_day(row["starts"]), _day(row["ends"])) if day)
    own = [{"name": said(step["name"]), "done": step["done"] == "yes", "day": day,
            "late": bool(now and day < now and step["done"] != "yes" and not over)}
           for step in steps[steps["project"] == row["project"]].to_dict("records") if (day := _day(step["due"]))]  # fmt: skip
    customer = said(row.get("customer"))
    who = [status, said(row["owner"]) or "no owner", f"for {customer}" if customer else ""]
    return {
        "name": said(row["name"]) or "?", "who": ", ".join(filter(None, who)), "status": status, "over": over,
        "span": (ends[0], ends[-1]) if ends else None, "ends": len(ends), "starts": _day(row["starts"]),
        "steps": sorted(own, key=lambda step: step["day"]), "late": sum(step["late"] for step in own),
    }  # fmt: skip


def _drawn(row: dict[str, Any], middle: float, x: Any, parts: dict[str, Rows]) -> None:
    """A project: its name and who at the left, its bar, its steps on it."""
    a, b = (x(day) for day in row["span"])
    if row["ends"] == 2:
        kind = row["status"] if row["status"] in ("done", "stopped", "planned") else "running"
    else:  # only one end is known: it goes on from there, or has come from there
        kind = "half"
        a, b = (a, min(a + HALF, WIDTH - 5)) if row["starts"] else (max(b - HALF, NAMES), b)
    parts[kind].append(_rect(a, max(b, a + 4), middle - 7, middle + 7, ""))
    parts["names"].append(_word(0, middle - 2, cut(row["name"], TYPE * 1.06, NAMES - 12)))
    late = f"{row['late']:,} late" if row["late"] else ""
    aside = width_of(late, SMALL) * 1.1 + 8 if late else 0.0
    parts["late"] += [_word(0, middle + 15, late)] if late else []
    parts["quiet"].append(_word(aside, middle + 15, cut(row["who"], SMALL, NAMES - 12 - aside)))
    _steps(row["steps"], middle, x, parts)


def _steps(own: Rows, middle: float, x: Any, parts: dict[str, Rows]) -> None:
    """The marks of the steps, and their names as far as they have room: those that are late first."""
    seen: set[tuple[int, bool]] = set()
    for step in own:
        spot = (round(x(step["day"])), step["done"])
        if spot not in seen:
            parts["filled" if step["done"] else "hollow"].append(
                {"path": STEP.format(x(step["day"]), middle)}
            )
        seen.add(spot)
    taken: list[tuple[float, float]] = []
    for step in sorted(own, key=lambda step: (not step["late"], step["done"])):
        at = x(step["day"])
        texts = [f"{step['name']}, late".removeprefix(", "), "late"] if step["late"] else [step["name"]]
        for text in filter(None, texts):
            text = cut(text, SMALL * 1.06, LONGEST) if text != texts[0] or not step["late"] else (
                f"{cut(step['name'], SMALL * 1.06, LONGEST)}, late".removeprefix(", "))  # fmt: skip
            wide = width_of(text, SMALL) * 1.06
            start = min(at - 4, WIDTH - wide)
            if all(start > right + 8 or start + wide < left - 8 for left, right in taken):
                taken.append((start, start + wide))
                parts["late" if step["late"] else "labels"].append(_word(start, middle + 22, text))
                break


def _day(value: Any) -> int | None:
    """The number of a day; None where there is no date."""
    try:
        return date.fromisoformat(value.strip()[:10]).toordinal()
    except (AttributeError, ValueError):
        return None


def _scale(first: int, last: int) -> Any:
    wide = WIDTH - NAMES - 20

    def x(day: int) -> float:
        return NAMES + min(max((day - first) / max(last - first, 1), 0.0), 1.0) * wide

    return x


def _ticks(first: int, last: int) -> list[tuple[int, str]]:
    """Days at which a week, a month, a quarter or some years begin, as the span asks for, and their names."""
    months, begin = (last - first) / 30.4, date.fromordinal(first)
    if months < 2:
        by = 7 if months > 0.4 else 1
        return [(day, f"{date.fromordinal(day).day} {MONTHS[date.fromordinal(day).month - 1]}") for day in range(first, last + 1, by)]  # fmt: skip
    if months > 28:
        step = next((s for s in YEARS if months / 12 / s <= 10), YEARS[-1])
        years = [year for year in range(begin.year, date.fromordinal(last).year + 1) if year % step == 0]
        return [(day, str(year)) for year in years if (day := date(year, 1, 1).toordinal()) >= first]
    by = 1 if months <= 10 else 3
    made: list[tuple[int, str]] = []
    for count in range(begin.year * 12, min(date.fromordinal(last).year, 9999) * 12 + 12, by):
        year, month = divmod(count, 12)
        day = date(year, month + 1, 1).toordinal()
        if first <= day <= last:
            made.append((day, f"{MONTHS[month]} {year}" if not made or month == 0 else MONTHS[month]))
    return made
