"""The hockey stick as a picture: what happened, what is planned, and where the past would lead."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import TYPE, amounts, data, haloed, numbers, picture
from kamlib.models.market import figure
from kamlib.models.scoring import one

WIDE, HEIGHT, APART = (680, 320, 0.15)  # the last: of the height, between two amounts at the end of the lines


def hockey_stick(
    table: pd.DataFrame, past_pct: float | None = None, planned_pct: float | None = None
) -> Trusted:
    """Sales year by year: a line for what happened, dashes for the plan, grey where the past would lead.

    `table` has year (text such as "2026"), amount and kind (actual or planned). `past_pct` and
    `planned_pct` are the growth a year (%, NaN for unknown) as `objectives.hockey_stick` gives them;
    not given, they are looked for in the table's attrs under these names. Rows without a year or an
    amount are left out.
    """
    past = table.attrs.get("past_pct", math.nan) if past_pct is None else past_pct
    planned = table.attrs.get("planned_pct", math.nan) if planned_pct is None else planned_pct
    actual, plan = _line(table, "actual"), _line(table, "planned")
    years = sorted({*actual["year"], *plan["year"]})
    now = actual[-1:]
    if len(now) and len(plan) and plan["year"].iloc[0] > now["year"].iloc[0]:
        plan = pd.concat([now, plan])
    before = _continued(now, plan, past)
    every = pd.concat([actual, plan, before])["amount"]
    scale = amounts(*every.agg(["min", "max"]).fillna(0))
    axis = alt.Axis(
        values=years,
        format="d",
        labelFontSize=TYPE,
        labelOverlap=True,
        labelFlush=False,
        domain=True,
        offset=8,
        domainColor=LINE,
    )
    place = {
        "x": alt.X("year:Q", title=None, axis=axis, scale=alt.Scale(zero=False, nice=False)),
        "y": alt.Y("amount:Q", axis=None, scale=scale),
    }
    happened, wanted, carried = (data(rows).encode(**place) for rows in (actual, plan, before))
    first_last = actual.iloc[[0, -1]].drop_duplicates() if len(actual) else actual
    said = data(first_last.assign(said=_said(first_last))).encode(**place, text=alt.Text("said:N"))
    middle = actual[1:][(len(actual) - 1) // 2 :][:1]
    ends = data(_ends(plan, before, planned, every.max())).encode(**place)
    return picture(
        carried.mark_area(color=INK, opacity=0.06).encode(y2=alt.Y2("planned:Q")),
        carried.mark_line(color=SOFT, strokeWidth=1.4),
        wanted.mark_line(strokeDash=[7, 5]),
        happened.mark_line(),
        wanted.mark_point(fill="white", stroke=INK, strokeWidth=2),
        happened.mark_point(),
        *haloed(said, dy=-18, align="center", fontSize=TYPE, fontWeight=600),
        data(middle.assign(said=f"past {growth(past)}"))
        .encode(**place, text=alt.Text("said:N"))
        .mark_text(dy=30, align="center", fontSize=TYPE),
        ends.mark_text(dx=14, fontSize=17, fontWeight="bold").encode(text=alt.Text("said:N")),
        ends.mark_text(dx=14, dy=20, fontSize=14, color=SOFT).encode(text=alt.Text("name:N")),
        height=HEIGHT,
        width=WIDE,
    )


def _line(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Year and amount of a kind in the order of the years, each year once."""
    year = table["year"].astype(str).str.extract(r"^\s*([0-9]{4})")[0].astype(float)
    line = pd.DataFrame({"year": year, "amount": numbers(table["amount"]).set_axis(table.index)})
    return line[table["kind"] == kind].dropna().drop_duplicates("year").sort_values("year")


def _continued(now: pd.DataFrame, plan: pd.DataFrame, past: float) -> pd.DataFrame:
    """Where the past would lead by the last planned year, and what is planned meanwhile."""
    line = pd.DataFrame({"year": [], "amount": [], "planned": []})
    if not len(now) or not len(plan) or past != past or plan["year"].iloc[-1] <= now["year"].iloc[0]:
        return line
    line["year"] = np.linspace(now["year"].iloc[0], plan["year"].iloc[-1], 25)
    with np.errstate(over="ignore"):
        growing = max(1 + past / 100, 0.0) ** (line["year"] - now["year"].iloc[0])
        line["amount"] = now["amount"].iloc[0] * growing
    line["planned"] = np.interp(line["year"], plan["year"], plan["amount"])
    return line if np.isfinite(line["amount"]).all() else line[:0]


def _ends(plan: pd.DataFrame, before: pd.DataFrame, planned: float, most: float) -> pd.DataFrame:
    """What stands beside the last year; two amounts that are near are moved apart."""
    kinds = ((plan[1:], f"planned {growth(planned)}"), (before, "as before"))
    ends = pd.concat([line[["year", "amount"]].tail(1).assign(name=name) for line, name in kinds])
    ends = ends.assign(said=_said(ends)).sort_values("amount", ascending=False)
    if len(ends) > 1:
        ends["amount"] = [(high := ends["amount"].iloc[0]), min(ends["amount"].iloc[1], high - APART * most)]
    return ends


def _said(rows: pd.DataFrame) -> list[str]:
    return [figure(round(a) if 100 <= abs(a) < 1e15 else a) for a in rows["amount"]]


def growth(pct: float) -> str:
    """A growth in words: "+2.1 % a year", "−4 % a year"; "" for unknown."""
    if pct != pct:
        return ""
    sign = "−" if pct < 0 else "+"
    said = one(abs(pct)).removesuffix(".0") if abs(pct) < 1e6 else figure(abs(pct))
    return f"{sign}{said} % a year"
