"""What certainty looks like: how one customer's place swings, and how far each weight can move before anybody changes."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import amounts, data, known, names, numbers, picture, texts, zero
from kamlib.models.scoring import one

PLOT, MOST = 520, 8
GREY, PALE, LIGHT, SAFE = "#8a8f99", "#d5d9e1", "#eef0f3", "#b9bfca"
AXES = {
    "attractiveness": ("Attractiveness", "below the line", "above the line"),
    "strength": ("Strength in its eyes", "best competitor ahead", "we are ahead"),
}
KINDS = {"weight": "weight × ½ to × 2", "score": "score ± 1"}


def tornado(table: pd.DataFrame) -> Trusted:
    """How far one customer stands from each line when a weight is halved or doubled, or a score is one point off.

    `table` is `certainty.swings`. Two blocks of bars, the widest first (at most MOST each), around the line: a bar
    that crosses it (ink) changes the box, the others are grey; a tick marks where the customer stands now.
    """
    said: list[str] = []
    parts: list[pd.DataFrame] = []
    heads: list[dict[str, Any]] = []
    for axis, (head, below, above) in AXES.items():
        part = table[table["axis"] == axis].head(MOST)
        if len(part):
            heads.append({"row": len(said), "below": below, "above": above})
            parts.append(part.assign(row=range(len(said) + 1, len(said) + 1 + len(part))))
            said += [head, *map(": ".join, zip(texts(part["label"]), part["kind"].map(KINDS), strict=True))]
    swings = pd.concat(parts) if parts else table.assign(row=0)
    ends = pd.DataFrame({name: numbers(swings[name]) for name in ("less", "more", "now")})
    rows = pd.DataFrame({"row": [*swings["row"]], "says": [*swings["said"]], "now": ends["now"]})
    rows["low"], rows["high"] = ends[["less", "more"]].min(axis=1), ends[["less", "more"]].max(axis=1)
    rows["colour"] = [INK if crosses else PALE for crosses in swings["crosses"]]
    rows["text"] = [f"{_signed(low)} to {_signed(high)}" for low, high in rows[["low", "high"]].to_numpy()]
    y = names(said, [head["row"] for head in heads], labelLimit=320)
    low, high = min([0.0, *rows["low"]]), max([0.0, *rows["high"]])
    if -low * PLOT < 160 * (high - low):  # no room for words left of the line
        heads = [head | {"below": ""} for head in heads]
    x = alt.X("low:Q", axis=None, scale=amounts(low, high, padding=20))
    bars = data(rows).encode(y)
    sides = data(pd.DataFrame(heads, columns=["row", "below", "above"])).encode(y, x=alt.datum(0))
    return picture(
        bars.mark_bar(size=15).encode(
            x, alt.Fill("colour:N", scale=None), x2=alt.X2("high:Q"), description=alt.Description("says:N")
        ),
        bars.mark_tick(size=21, thickness=2, color=GREY, aria=False).encode(alt.X("now:Q", axis=None)),
        zero("x", color=INK),
        sides.mark_text(color=SOFT, dx=8).encode(text=alt.Text("above:N")),
        sides.mark_text(color=SOFT, dx=-8, align="right").encode(text=alt.Text("below:N")),
        bars.mark_text(color=SOFT, dx=8).encode(x=alt.XValue(PLOT), text=alt.Text("text:N")),
        height=27 * max(len(said), 1),
        width=PLOT,
    )


def _signed(value: float) -> str:
    text = one(value)
    return f"+{text}" if value > 0 and text != "0.0" else text


def strips(table: pd.DataFrame, crossings: pd.DataFrame) -> Trusted:
    """A strip a weight, from 0 to 100 %: where it is, how far it can move before anybody changes box, and who does.

    `table` is `certainty.stability`, `crossings` `certainty.crossings`: each crossing is a mark in the shape and
    colour of the customer's box today, with its name where there is room.
    """
    rows = table.assign(row=range(len(table)), start=0, end=100)
    rows["now"] = [f"now {known(share):.0f} %" for share in rows["share"]]
    spots = rows[["row", "segment", "factor", "share"]].merge(
        crossings.drop(columns="share"), on=["segment", "factor"]
    )
    marks = [MARKS[box if box in MARKS else ""] for box in spots["box"]]
    spots = spots.assign(shape=[mark.shape for mark in marks], colour=[mark.colour for mark in marks])
    spots = spots.assign(name=texts(spots["name"], 20))[["row", "share", "at", "name", "shape", "colour"]]
    foot = alt.Axis(labelExpr="datum.label + ' %'", values=[0, 25, 50, 75, 100], title=None)
    scale, y = amounts(0, 100), names(texts(table["label"]))
    strip, spot = (
        data(rows[["row", "start", "end", "low", "high", "share", "now", "words"]]).encode(y),
        data(spots),
    )
    share = strip.encode(alt.X("share:Q", axis=foot, scale=scale))
    colour, shape = alt.Fill("colour:N", scale=None), alt.Shape("shape:N", scale=None)
    at = alt.X("at:Q")
    return picture(
        strip.mark_bar(size=14, color=LIGHT).encode(
            x=alt.X("start:Q"), x2=alt.X2("end:Q"), description=alt.Description("words:N")
        ),
        strip.mark_bar(size=14, color=SAFE).encode(
            x=alt.X("low:Q"), x2=alt.X2("high:Q"), description=alt.Description("words:N")
        ),
        share.mark_tick(size=24, thickness=2.4, color=INK, aria=False),
        spot.mark_point(size=130, stroke="white", strokeWidth=1, aria=False).encode(at, y, colour, shape),
        share.mark_text(color=SOFT, align="center", dy=-19).encode(text=alt.Text("now:N")),
        data(_named(spots)).mark_text(align="center", dy=20).encode(at, y, text=alt.Text("name:N")),
        height=58 * max(len(table), 1),
        width=PLOT + 80,
    )


def _named(spots: pd.DataFrame) -> pd.DataFrame:
    """Of each weight the four that change first, where their names do not run into one another."""
    kept: list[int] = []
    spots = spots.assign(away=(spots["at"] - spots["share"]).abs()).sort_values("away", kind="stable")
    for _, part in spots.groupby("row"):
        taken: list[tuple[float, float]] = []
        for spot in part.head(4).itertuples():
            half = 0.6 * len(spot.name) + 1  # in % of the strip
            if all(abs(spot.at - at) > half + wide for at, wide in taken):
                taken.append((spot.at, half))
                kept.append(spot.Index)
    return spots.loc[kept]
