"""How much of the benefit so many days reach: a stair with the account that comes in written at each step."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd

from kamlib.charts.palette import DOUBT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import TYPE, WIDTH, data, haloed, numbers, picture, texts

HEIGHT, LINE, LETTER = 320, 17, 7.2  # of the plot; of a name and of one of its letters, in pixels


def frontier(table: pd.DataFrame, today: float | None = None) -> Trusted:
    """The benefit in % of all (up) that the best portfolio reaches with so many days a year (along).

    `table` has capacity, share_pct and stays as `staffed.frontier` gives them; `today` is how many days there
    are (None or NaN: not known). Each step bears the name of who comes in there for good, as far as there is room for it: the
    steps that bring most are named first. Rows without a figure are left out.
    """
    rows = pd.DataFrame({"days": numbers(table["capacity"]), "share": numbers(table["share_pct"])})
    rows = rows.clip(lower=0).assign(share=rows["share"].clip(0, 100), name=texts(table["stays"])).dropna()
    there = today if today is not None and math.isfinite(today) and today >= 0 else math.nan
    end = 1.04 * max([*rows["days"], 0.0 if there != there else there, 1.0])
    figures = ",~f" if end < 1e12 else "~g"
    foot = alt.Axis(title="days a year for key and key development accounts", format=figures, tickCount=8)
    quarters = alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.label + ' %'", grid=True)
    quarters.title = "benefit of all candidates"
    x = alt.X("days:Q", scale=alt.Scale(domain=[0, end], nice=False), axis=foot)
    y = alt.Y("share:Q", scale=alt.Scale(domain=[0, 100]), axis=quarters)
    ends = pd.DataFrame({"days": [rows["days"].min(), end], "share": [0.0, rows["share"].max()]})
    stair = pd.concat([ends[:1], rows[["days", "share"]], ends[1:]]).dropna()
    layers = [data(stair).mark_line(interpolate="step-after", aria=False).encode(x, y)]
    if there == there:
        reached = max(rows.loc[rows["days"] <= there + 1e-6, "share"], default=0.0)
        said = pd.DataFrame({"days": [there], "text": [f"{there:,.0f} days left for them: {reached:.0f} %"]})
        now = data(said).encode(x)
        align = "left" if there < end * 0.3 else "right" if there > end * 0.7 else "center"
        words = now.mark_text(color=DOUBT, fontSize=TYPE, fontWeight="bold", align=align)
        layers += [now.mark_rule(color=DOUBT, strokeWidth=1.6, aria=False)]
        layers += [words.encode(y=alt.YValue(-14), text=alt.Text("text:N"))]
    for left, part in _named(rows, end).groupby("left"):
        look = {"align": "right", "dx": -8, "dy": -10} if left else {"dx": 8, "dy": 12}
        layers += haloed(data(part).encode(x, y, text=alt.Text("name:N")), **look)
    return picture(*layers, height=HEIGHT)


def _named(rows: pd.DataFrame, end: float) -> pd.DataFrame:
    """The steps whose names have room, the highest first: below the stair, towards the right end above it."""
    rows = rows.assign(rise=rows["share"].diff().fillna(rows["share"]), left=rows["days"] > 0.8 * end)
    taken: list[tuple[float, float, float]] = []
    kept = []
    for step in rows[rows["name"] != ""].sort_values("rise", ascending=False, kind="stable").itertuples():
        wide, at = len(step.name) * LETTER, step.days / end * WIDTH
        middle = at + (-8 - wide / 2 if step.left else 8 + wide / 2)
        height = step.share / 100 * HEIGHT + (10 if step.left else -12)
        if height > LINE / 2 and all(
            abs(height - h) > LINE or abs(middle - m) > (wide + w) / 2 + 8 for m, h, w in taken
        ):
            taken.append((middle, height, wide))
            kept.append(step.Index)
    return rows.loc[kept]
