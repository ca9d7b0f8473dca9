"""Pictures of plans: the chain of doing business as a customer walks it, and projects in time."""

from __future__ import annotations

import math
import textwrap
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import DOUBT, INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import NAMES, TYPE, data, haloed, numbers, picture, spoken, texts

LEVELS = {"corporate": "WITH US", "end_customer": "THROUGH THEM TO THEIR CUSTOMERS"}
STAGES, IN_ROW, BARS, BOX, TALL = (40, 4, 30, 225, 142)  # BOX and TALL: pixels from a stage to the next
DAY, LONG, ROW, LABEL, NEAR = (
    86_400_000.0,
    640,
    56,
    150,
    0.24,
)  # NEAR: of the whole time, between the names of two steps
KINDS = {"running": [1, 0], "planned": [1, 0], "done": [1, 0], "stopped": [2, 3], "half": [6, 4]}
FILLS = ["#a3a7b0", "white", "#dfe2e7", "white", "white"]


def chain(stages: pd.DataFrame) -> Trusted:
    """The chain of doing business with us: a box a stage, with what goes wrong there and how many ideas it has.

    `stages` has name, level (corporate, end_customer), trouble, ideas and unmet (givens that do not work yet),
    and place, where it is walked (without it: in the order given). At most STAGES are drawn; how many more there
    are is said below.
    """
    shown = _walked(stages)
    boxes, heads, top = [], [], 0.0
    for level, part in shown[:STAGES].groupby("level", sort=False):
        heads.append({"x": 0.0, "y": top, "said": LEVELS.get(level, level.upper()[:60] or "AT NO LEVEL YET")})
        for n, row in enumerate(part.itertuples()):
            onwards = "→" if n + 1 < len(part) else ""
            boxes.append(_stage(row, n % IN_ROW, top + 0.15 + n // IN_ROW) | {"onwards": onwards})
        top += 0.18 + (len(part) + IN_ROW - 1) // IN_ROW
    top += 0.0 if 0 < len(shown) <= STAGES else 0.2
    more = f"AND {len(shown) - STAGES:,} MORE STAGES" if len(shown) > STAGES else ""
    heads.append({"x": 0.0, "y": top - 0.15, "said": more if len(shown) else "No stage is known yet."})
    scale = {"x": alt.Scale(domain=[0, IN_ROW], nice=False), "y": alt.Scale(domain=[top, 0], nice=False)}
    x, right = (alt.X(f"{c}:Q", axis=None, scale=scale["x"]) for c in ("x", "x2"))
    y, foot, below = (alt.Y(f"{c}:Q", axis=None, scale=scale["y"]) for c in ("y", "y2", "below"))
    rows = data(
        pd.DataFrame(
            boxes, columns=["x", "y", "x2", "y2", "name", "below", "trouble", "ideas", "unmet", "onwards"]
        )
    )
    small: dict[str, Any] = {"dy": -14, "fontWeight": 600}
    return picture(
        rows.mark_rect(fill="white", stroke=LINE, cornerRadius=4, aria=False).encode(
            x, y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")
        ),
        rows.mark_text(dx=14, fontSize=18, color=SOFT, align="center", aria=False)
        .encode(right, y=alt.Y("middle:Q", axis=None), text=alt.Text("onwards:N"))
        .transform_calculate(middle="(datum.y + datum.y2) / 2"),
        data(pd.DataFrame(heads))
        .mark_text(color=SOFT, fontWeight=600, dy=4, limit=BOX * IN_ROW)
        .encode(x, y, text=alt.Text("said:N")),
        rows.mark_text(
            dx=10, dy=10, baseline="top", fontSize=TYPE, lineHeight=19, fontWeight=600, limit=BOX - 45
        ).encode(x, y, text=alt.Text("name:N")),
        rows.mark_text(dx=10, baseline="top", lineHeight=16, color=SOFT, limit=BOX - 45).encode(
            x, below, text=alt.Text("trouble:N")
        ),
        rows.mark_text(dx=10, limit=62, **small).encode(x, foot, text=alt.Text("ideas:N")),
        rows.mark_text(dx=-10, limit=116, align="right", color=DOUBT, **small).encode(
            right, foot, text=alt.Text("unmet:N")
        ),
        height=TALL * top,
        width=BOX * IN_ROW,
    )


def _walked(stages: pd.DataFrame) -> pd.DataFrame:
    """The stages as they are walked, the customer's own business with us first; a place not known comes last."""
    rows = pd.DataFrame({name: texts(stages[name]) for name in ("name", "level")})
    rows["trouble"] = texts(stages["trouble"], 200)
    rows["place"] = numbers(stages["place"]) if "place" in stages else 0.0
    rows["ideas"], rows["unmet"] = numbers(stages["ideas"]), numbers(stages["unmet"])
    order = {level: n for n, level in enumerate([*LEVELS, ""])}
    rows["rank"] = [order.get(level, len(order)) for level in rows["level"]]
    return rows.sort_values(["rank", "place"], kind="stable")


def _stage(row: Any, x: int, y: float) -> dict[str, Any]:
    """What stands in the box of a stage."""
    name = textwrap.wrap(row.name or "?", 22, max_lines=2, placeholder="…")
    trouble = textwrap.wrap(row.trouble, 29, max_lines=4 - len(name), placeholder="…")
    ideas = f"{spoken(row.ideas)} idea{'s' if row.ideas != 1 else ''}" if row.ideas != 0 else ""
    unmet = f"! {spoken(row.unmet)} given{'s' if row.unmet != 1 else ''} unmet" if row.unmet > 0 else ""
    return {
        "x": x,
        "x2": x + 0.88,
        "y": y,
        "y2": y + 0.88,
        "name": name,
        "below": y + 0.1 + 0.135 * len(name),
        "trouble": trouble,
        "ideas": ideas,
        "unmet": unmet,
    }


def timetable(projects: pd.DataFrame, steps: pd.DataFrame, today: str) -> Trusted:
    """Projects as bars in time with their steps: filled when done, hollow when open, said when late.

    `projects` has project, name, customer, owner, starts, ends (ISO, "" unknown) and status; `steps` project, name,
    due, done. A project of which one end is known has a dashed bar there; those without dates stand below. At most
    BARS projects are drawn, what still runs before what is over; how many more there are is said.
    """
    every = _plans(projects)
    now = _day(today) if every["start"].notna().any() else math.nan
    shown = every.sort_values("over", kind="stable")[:BARS].sort_index() if len(every) > BARS else every
    shown = shown.sort_values(["start", "end"], kind="stable").assign(row=range(len(shown)))
    due = _due(steps, shown, now)
    late = due.groupby("row")["late"].sum().reindex(shown["row"], fill_value=0).to_numpy()
    shown = shown.assign(late=[f"{n:,} late" if n else "" for n in late])
    bars, bare = shown[shown["start"].notna()].copy(), shown[shown["start"].isna()]
    due = due[due["row"].isin(bars["row"])]
    days = pd.concat([bars["start"], bars["end"], due["day"], pd.Series([now])]).dropna()
    first, last = (days.min(), max(days.max(), days.min() + DAY)) if len(days) else (0.0, DAY)
    half = (bars["kind"] == "half") * (last - first) / 12
    bars["end"] = (bars["end"] + half * bars["begins"]).clip(upper=last)
    bars["start"] = (bars["start"] - half * ~bars["begins"]).clip(lower=first)
    named = _named(due, (last - first) * NEAR)
    rest = len(every) - len(shown)
    note = f"and {rest:,} more projects" if rest else "" if len(every) else "No project is known yet."
    lines = max(len(shown) + bool(note), 1)
    form = "%-d %b" if last - first < 60 * DAY else "%b" if last - first < 900 * DAY else "%Y"
    says = f"utcFormat(datum.value, '{form}' == '%b' && utcmonth(datum.value) == 0 ? '%Y' : '{form}')"
    ticks = (
        alt.Axis(
            orient="top",
            grid=True,
            tickCount="year" if form == "%Y" else 8,
            labelOverlap=True,
            labelExpr=says,
        )
        if len(bars)
        else None
    )
    scale = alt.Scale(type="utc", domain=[first, last], nice=False)
    start, day = (alt.X(f"{c}:T", scale=scale, axis=ticks, title=None) for c in ("start", "day"))
    y = alt.Y("row:O", axis=None, scale=alt.Scale(domain=[*range(lines)]))
    rows = data(shown).encode(x=alt.XValue(0), y=y)
    kind = alt.Fill("kind:N", legend=None, scale=alt.Scale(domain=[*KINDS], range=FILLS))
    dash = alt.StrokeDash("kind:N", legend=None, scale=alt.Scale(domain=[*KINDS], range=[*KINDS.values()]))
    note_at: dict[str, Any] = {"x": alt.value(0), "y": alt.YDatum(lines - 1, axis=None)}
    return picture(
        data(pd.DataFrame({"day": [now]}).dropna()).mark_rule(strokeWidth=1.4).encode(day),
        data(pd.DataFrame({"day": [now], "said": ["today"]}).dropna())
        .mark_text(dx=4, dy=10, color=SOFT)
        .encode(day, y=alt.YValue(ROW * lines), text=alt.Text("said:N")),
        data(bars)
        .mark_bar(height=14, stroke=SOFT, strokeWidth=1.2, aria=False)
        .encode(start, y, kind, dash, x2=alt.X2("end:T")),
        data(due)
        .mark_point(shape="diamond", stroke=INK, size=90, strokeWidth=1.4)
        .encode(day, y, fill=alt.condition("datum.done", alt.value(INK), alt.value("white"))),
        *haloed(
            data(named[~named["late"]]).encode(day, y, text=alt.Text("said:N")), dx=-4, dy=18, limit=LABEL
        ),
        *haloed(
            data(named[named["late"]]).encode(day, y, text=alt.Text("said:N")),
            dx=-4,
            dy=18,
            limit=LABEL,
            color=DOUBT,
        ),
        rows.mark_text(dx=-NAMES, dy=-8, fontSize=TYPE, fontWeight=600, limit=NAMES - 12).encode(
            text=alt.Text("name:N")
        ),
        rows.mark_text(dx=-NAMES, dy=11, color=SOFT, limit=NAMES - 70).encode(text=alt.Text("who:N")),
        rows.mark_text(dx=-12, dy=11, color=DOUBT, fontWeight=600, align="right").encode(
            text=alt.Text("late:N")
        ),
        data(bare).mark_text(text="no dates yet", color=SOFT, dx=4).encode(x=alt.XValue(0), y=y),
        alt.Chart().mark_text(text=note, color=SOFT, dx=-NAMES).encode(**note_at),
        height=ROW * lines,
        width=LONG,
    )


def _plans(projects: pd.DataFrame) -> pd.DataFrame:
    """What is drawn of each project: its name, whose it is, its days in time, and whether it is over."""
    rows = pd.DataFrame({name: texts(projects[name]) for name in ("name", "owner", "status")})
    customer = texts(projects["customer"], 89) if "customer" in projects else [""] * len(rows)
    goes_without_saying = len({*customer}) < 2
    rows["project"] = [*projects["project"]]
    rows["who"] = [
        ", ".join(
            filter(
                None, (status, owner or "no owner", f"for {whom}" if whom and not goes_without_saying else "")
            )
        )
        for status, owner, whom in zip(rows["status"], rows["owner"], customer, strict=True)
    ]
    ends = pd.DataFrame({"starts": _days(projects["starts"]), "ends": _days(projects["ends"])})
    rows["start"], rows["end"] = ends.min(axis=1), ends.max(axis=1)
    own = rows["status"].where(rows["status"].isin(["done", "stopped", "planned"]), "running")
    rows["kind"] = own.mask(ends.notna().sum(axis=1) == 1, "half")
    rows["name"] = rows["name"].replace("", "?")
    rows["begins"] = ends["starts"].notna()
    return rows.assign(over=rows["status"].isin(["done", "stopped"]))


def _due(steps: pd.DataFrame, shown: pd.DataFrame, now: float) -> pd.DataFrame:
    """The steps that have a day, on the row of their project; late: open after their day."""
    due = pd.DataFrame(
        {
            "project": [*steps["project"]],
            "said": texts(steps["name"], 89),
            "day": _days(steps["due"]),
            "done": [*steps["done"].eq("yes")],
        }
    ).astype({"project": object})
    due = due.merge(shown[["project", "row", "over"]].astype({"project": object}), on="project").dropna(
        subset="day"
    )
    late = (due["day"] < now) & ~due["done"].astype(bool) & ~due["over"].astype(bool)
    return due.assign(late=late).sort_values(["row", "day"], kind="stable")


def _named(due: pd.DataFrame, near: float) -> pd.DataFrame:
    """The steps of which the names have room: those that are late first, then the open ones."""
    kept: list[Any] = []
    for at, step in due.assign(order=~due["late"]).sort_values(["order", "done"], kind="stable").iterrows():
        if step["said"] and all(step["row"] != row or abs(step["day"] - day) >= near for row, day in kept):
            kept.append((step["row"], step["day"]))
            due.loc[at, "named"] = True
    named = due[due["named"].eq(True)] if "named" in due else due[:0]
    return named.assign(
        said=[f"late: {n}" if late else n for n, late in zip(named["said"], named["late"], strict=True)]
    )


def _days(column: Any) -> list[float]:
    """Days as milliseconds since 1970; NaN where there is no date."""
    return [_day(value) for value in column]


def _day(value: Any) -> float:
    try:
        return (date.fromisoformat(value.strip()[:10]).toordinal() - date(1970, 1, 1).toordinal()) * DAY
    except (AttributeError, ValueError):
        return math.nan
