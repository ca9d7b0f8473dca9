"""Groups that the data suggest: what tells them apart, and how many of them the data bear."""

from __future__ import annotations

import json
import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import PAPER, TYPE, data, haloed, names, picture, texts
from kamlib.models.grouping import Discovery

WIDE, LANE, REACH = 480, 19, 2.8  # REACH: standard deviations; what is beyond is drawn at the edge
KEY = "Letter: the middle of the group. Grey: the inner half of the group. Line: the middle of all."
FOOT = "Full dot: supported by the data. Ring: shown here."
WHY = {
    "": "supported",
    "chance": "like chance",
    "unstable": "unstable",
    "handful": "a handful",
    "between": "no gap",
    "simpler": "one crowd",
}


def profile(discovery: Discovery) -> Trusted:
    """One row a column, the most telling first: the groups as letters, their inner half as a grey line.

    The upright line is the middle of all customers; left of it is less, right of it more, in standard
    deviations. Words: the share of the level that differs most between the groups.
    """
    table = _placed(discovery)
    edge = max(1.0, float(table[["low", "high", "at"]].abs().max(axis=None))) * 1.06
    sizes = [f"{row.group} {row.customers:,} customers" for row in discovery.words.itertuples()]
    side = alt.Axis(
        orient="top",
        values=[-edge, 0, edge],
        labelFlush=True,
        labelLimit=WIDE,
        labelExpr="datum.index == 0 ? '← less' : datum.index < 1 ? 'typical customer' : 'more →'",
    )
    low, at = (
        alt.X(
            f"{field}:Q",
            axis=side,
            title=[" · ".join(sizes), KEY],
            scale=alt.Scale(domain=[-edge, edge], nice=False, padding=10),
        )
        for field in ("low", "at")
    )
    rows = table.drop_duplicates("row")
    said = [
        [name, f"share that is {level}"] if level else name
        for name, level in zip(texts(rows["column"], 89), texts(rows["level"], 89), strict=True)
    ]
    y = names(said, labelLineHeight=17, grid=True, gridColor=PAPER, tickBand="extent")
    lane = data(table).encode(y=y, yOffset=alt.YOffset("group:N"))
    figures = data(pd.DataFrame({"row": rows["row"], "said": _figures(table)})).encode(
        y=y, text=alt.Text("said:N")
    )
    lines = max(table["group"].nunique(), 2)
    return picture(
        alt.Chart().mark_rule(aria=False).encode(x=alt.datum(0)),
        lane.mark_rule(color=LINE, strokeWidth=3).encode(low, x2=alt.X2("high:Q")),
        *haloed(lane.encode(at, text=alt.Text("group:N")), align="center", fontSize=17, fontWeight="bold"),
        figures.mark_text(dx=WIDE + 24, color=SOFT).encode(x=alt.XValue(0)),
        alt.Chart()
        .mark_text(dx=WIDE + 24, dy=-16, color=SOFT, text="middle of each group")
        .encode(x=alt.XValue(0), y=alt.YValue(0)),
        height=len(rows) * (min(LANE, 100 / lines) * lines + 14),
        width=WIDE,
    )


def _placed(discovery: Discovery) -> pd.DataFrame:
    """`profile` with at, low and high as distances from the middle of all, in standard deviations.

    `row` is the rank of the column, the most telling 0; shares have no inner half.
    """
    table = discovery.profile
    zero = table["column"].map(discovery.scaled.median()).fillna(table["low"]).astype(float)
    unit = np.sqrt(np.maximum(table["low"] * (1 - table["low"]), 0.01)).mask(table["kind"] == "numeric", 1.0)
    strength = table["effect"].abs().groupby(table["column"]).max()
    order = strength.sort_values(ascending=False, kind="stable").index
    moved = {c: ((table[c] - zero) / unit).clip(-REACH, REACH) for c in ("at", "low", "high")}
    row = table["column"].map({column: n for n, column in enumerate(order)})
    kept = ["group", "column", "level", "value"]
    placed = table[kept].assign(part=table["at"], row=row, **moved)
    share = placed["level"].ne("")
    placed.loc[share, "low"] = placed.loc[share, "high"] = placed["at"]
    return placed.sort_values(["row", "group"], kind="stable")


def _figures(table: pd.DataFrame) -> list[str]:
    """The figure of each group in the unit of the table; of the highest and the lowest where there are many."""
    said = []
    for _, part in table.groupby("row"):
        kept = part.sort_values("part", kind="stable").iloc[[-1, 0]] if len(part) > 3 else part
        each = (
            f"{r.group} {100 * r.part:.0f} %" if r.level else f"{r.group} {_figure(r.value)}"
            for r in kept.itertuples()
        )
        said.append(" · ".join(each))
    return said


def _figure(value: float) -> str:
    if not math.isfinite(value):
        return "?"
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def support(discovery: Discovery) -> Trusted:
    """For each number of groups: how alike its customers are (dot) against chance (grey), and whether it holds.

    Full dot: supported. Ring: the number that is shown. Below: the share of pairs that end up together
    again when customers drawn anew are cut again, and what speaks against that number.
    """
    table = discovery.support.assign(shown=discovery.support["k"] == discovery.shown)
    said = {row.k: [str(row.k), f"{100 * row.together:.0f} %", WHY[row.why]] for row in table.itertuples()}
    most = max(float(table[["silhouette", "silhouette_noise"]].max(axis=None)), 0.1) * 1.18
    base = data(table).encode(
        x=alt.X(
            "k:O",
            title=FOOT,
            scale=alt.Scale(padding=0),
            axis=alt.Axis(
                labelExpr=f"{json.dumps(said)}[datum.value]",
                labelAngle=0,
                labelLineHeight=30,
                labelFontSize=14,
                labelColor=INK,
                domain=True,
                domainColor=LINE,
                labelPadding=14,
                titlePadding=20,
                labelFontWeight={
                    "condition": {"test": f"datum.value == {discovery.shown}", "value": "bold"},
                    "value": "normal",
                },
            ),
        ),
        y=alt.Y("silhouette:Q", axis=None, scale=alt.Scale(domain=[0, most], nice=False, clamp=True)),
    )
    beside = pd.DataFrame(
        {
            "at": [table["silhouette_noise"].iloc[0], table["silhouette_noise"].iloc[0] / 2],
            "said": [["groups more alike", "than by chance ↑"], ["random customers", "come this far"]],
        }
    )
    words: dict[str, Any] = {"dx": -16, "align": "right", "fontSize": TYPE}
    return picture(
        base.mark_bar(color=PAPER, width={"band": 1}).encode(y=alt.Y("silhouette_noise:Q", axis=None)),
        base.mark_point(size=620, filled=False, strokeWidth=1.4).transform_filter("datum.shown"),
        base.mark_point(size=180, stroke=INK, strokeWidth=2).encode(
            fill=alt.condition("datum.supported", alt.value(INK), alt.value("white"))
        ),
        data(beside[:1])
        .mark_text(dy=-34, **words)
        .encode(x=alt.XValue(0), y=alt.Y("at:Q", axis=None), text=alt.Text("said:N")),
        data(beside[1:])
        .mark_text(dy=-8, color=SOFT, **words)
        .encode(x=alt.XValue(0), y=alt.Y("at:Q", axis=None), text=alt.Text("said:N")),
        alt.Chart()
        .mark_text(
            dx=-16,
            dy=16,
            align="right",
            baseline="top",
            lineHeight=30,
            color=SOFT,
            text=["number of groups", "pairs together again", "verdict"],
        )
        .encode(x=alt.XValue(0), y=alt.YDatum(0, axis=None)),
        height=230,
        width=640,
    )
