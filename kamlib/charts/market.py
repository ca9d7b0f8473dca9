"""The market map as a picture: the routes to market, what is ours at each point, and the opportunities."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import DOUBT, INK, SOFT
from kamlib.charts.theme import TYPE, amounts, data, haloed, known, names, numbers, picture, texts
from kamlib.models.market import figure
from kamlib.models.scoring import one

RIVALS = ("#666c78", "#9096a1", "#b3b8c1", "#d0d4da")  # the largest competitor is the darkest
OTHERS, EDGE, SPILL, LEAST = ("#e6e8ec", "#9aa0ab", 45, 2.0)  # LEAST: pixels of a route of unknown size
FLAG = "M-.6,.7V-.7H.6L.2,-.3L.6,.1H-.45V.7Z"
LONG, ROW = 560, 36  # pixels of the longest bar, and of a row, of the opportunities

Row = Any
Records = list[dict[str, Any]]
Tones = dict[str, tuple[str, str]]  # by supplier: what it is called, and its grey


def market_map(
    map_rows: pd.DataFrame,
    routes_rows: pd.DataFrame,
    layout_rows: pd.DataFrame,
    shares: pd.DataFrame | None = None,
    *,
    chosen: str = "",
) -> alt.LayerChart:
    """The routes to market: every junction a box as high as its market, our part of it in ink.

    `map_rows`, `routes_rows`, `layout_rows` and `shares` are what `market.market_map`, `routes`,
    `layout` and `shares` give. With `shares` every competitor has a grey of its own; without, the best
    one and the others. White is not accounted for; dashed: the size is not known; bands are as thick
    as what flows, and dark where it is ours. The live parameter `chosen` is the id of a junction.
    """
    spots = layout_rows[layout_rows["junction"] != ""]
    boxes = spots[["junction", "x", "y", "width", "height"]].merge(map_rows, on="junction")
    width = max((spots["x"] + spots["width"]).max(), 700) + SPILL if len(spots) else 700
    height = (layout_rows["y"] + layout_rows["height"]).max() + 30 if len(spots) else 40
    boxes = boxes.assign(right=boxes["x"] + boxes["width"], bottom=boxes["y"] + boxes["height"])
    tones = _tones(shares)
    parts = _parts(boxes, shares, tones)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
    right, bottom = alt.X("right:Q", axis=None), alt.Y("bottom:Q", axis=None)
    shown = ["junction", "x", "y", "right", "bottom"]
    said = data(boxes[shown].assign(**_said(boxes)))
    whole = {"x": x, "y": y, "x2": "right:Q", "y2": "bottom:Q"}
    wide = float(spots["width"].iloc[0]) if len(spots) else 0.0
    unsure, unsized = (
        alt.condition(f"datum.{c}", alt.value(DOUBT), alt.value(tone))
        for c, tone in (("unsure", INK), ("unsized", SOFT))
    )
    decides = said.transform_filter("datum.decides")
    layers = [
        *_flows(routes_rows, layout_rows, x, y),
        said.mark_rect(fill="white").encode(
            **whole,
            description=alt.Description("says:N"),
            stroke=alt.condition("datum.unsized", alt.value("white"), alt.value(EDGE)),
        ),
        data(parts)
        .mark_rect(stroke="white", strokeWidth=1, aria=False)
        .encode(**whole, fill=_key([*tones.values(), ("not accounted for", "white")], "tone")),
        said.mark_rect(filled=False, stroke=INK, strokeWidth=2.6, cornerRadius=2, aria=False)
        .encode(**whole)
        .transform_filter("datum.junction == chosen"),
        said.mark_rect(filled=False, stroke=SOFT, strokeDash=[4, 3], aria=False)
        .encode(**whole)
        .transform_filter("datum.unsized"),
        *haloed(
            said.encode(x, y, text=alt.Text("name:N")),
            dy=-32,
            fontSize=TYPE,
            fontWeight=600,
            limit=wide + SPILL,
        ),
        *haloed(said.encode(x, y, text=alt.Text("share:N"), color=unsure), dy=-13, limit=wide - 70),
        *haloed(
            said.encode(right, y, text=alt.Text("amount:N"), color=unsized), dy=-13, align="right", limit=70
        ),
        decides.mark_point(shape=FLAG, size=260, xOffset=6, yOffset=13, aria=False).encode(x, bottom),
        *haloed(decides.encode(x, bottom), text="decides here", dx=16, dy=13, fontWeight="bold"),
        said.mark_text(text="?", color=DOUBT, fontWeight="bold", fontSize=TYPE, align="center", dx=-15)
        .encode(right, alt.Y("middle:Q", axis=None))
        .transform_filter("datum.doubt")
        .transform_calculate(middle="(datum.y + datum.bottom) / 2"),
    ]
    chart = picture(*layers, height=height, width=width)
    chart.params = [alt.VariableParameter(name="chosen", value=chosen)]
    return chart


def _tones(shares: pd.DataFrame | None) -> Tones:
    """What each shade is: ours, a grey for each of the largest competitors over the whole map, the others."""
    if shares is None:
        return {
            "us": ("ours", INK),
            "best": ("best competitor", RIVALS[1]),
            "": ("other competitors", RIVALS[3]),
        }
    rivals = shares[shares["supplier"] != "us"].groupby("supplier")[["amount", "share_pct"]].sum()
    rivals = rivals[rivals["share_pct"] > 1e-6]
    largest = rivals.sort_values(["amount", "share_pct"], ascending=False, kind="stable").index
    called = dict(zip(shares["supplier"], texts(shares["name"], 89), strict=True))
    greys = {who: (called[who], tone) for who, tone in zip(largest, RIVALS, strict=False)}
    return {"us": ("ours", INK)} | greys | ({"": ("others", OTHERS)} if len(largest) > len(RIVALS) else {})


def _key(items: list[tuple[str, str]], field: str) -> alt.Fill:
    """The shades with their meaning, above the picture."""
    meant = json.dumps([name for name, _ in items])
    return alt.Fill(
        f"{field}:O",
        scale=alt.Scale(domain=[*range(len(items))], range=[tone for _, tone in items]),
        legend=alt.Legend(
            orient="top",
            title=None,
            labelExpr=f"{meant}[datum.value]",
            labelLimit=190,
            symbolType="square",
            symbolStrokeColor=EDGE,
            columnPadding=18,
        ),
    )


def _parts(boxes: pd.DataFrame, shares: pd.DataFrame | None, tones: Tones) -> pd.DataFrame:
    """What is known to belong to somebody at each junction, ours first, as a part of its box."""
    if shares is None:
        best = boxes["best_share_pct"].fillna(0.0)
        rest = (boxes["competitors"] / boxes["size"].where(boxes["size"] > 0) * 100).fillna(0.0) - best
        given = pd.DataFrame({"us": boxes["our_share_pct"], "best": best, "": rest}).set_axis(
            boxes["junction"]
        )
    else:
        whose = shares["supplier"].where(shares["supplier"].isin([*tones]), "")
        given = shares.groupby(["junction", whose])["share_pct"].sum().unstack().reindex(columns=[*tones])
    given = given.reindex(boxes["junction"]).fillna(0.0).clip(0.0, 1e6)
    given = given.where(given > 1e-6, 0.0)
    given = given.div(given.sum(axis=1).clip(lower=100.0), axis=0)
    ends = given.cumsum(axis=1)
    rows: Records = []
    for box in boxes.itertuples():
        for tone, whose in enumerate(given.columns):
            end, part = ends.at[box.junction, whose], given.at[box.junction, whose]
            if part > 0:
                x, right = (box.x + box.width * at for at in (end - part, end))
                rows.append(
                    {"x": x, "right": right, "y": box.y, "bottom": box.bottom, "tone": tone, "part": part}
                )
    return pd.DataFrame(rows, columns=["x", "right", "y", "bottom", "tone", "part"])


def _said(boxes: pd.DataFrame) -> dict[str, list[Any]]:
    """What stands at each box, and what a screen reader says of it."""
    rows = [*boxes.itertuples()]
    shares = [f"our share {percent(row.our_share_pct)}" for row in rows]
    return {
        "name": texts(boxes["name"], 89),
        "share": shares,
        "amount": [short(row.size) if row.size == row.size else "size ?" for row in rows],
        "says": [
            f"{row.name}: {share} of {figure(row.size)}. {row.words}"
            for row, share in zip(rows, shares, strict=True)
        ],
        "unsure": [row.our_share_pct != row.our_share_pct for row in rows],
        "unsized": [row.size != row.size for row in rows],
        "decides": [row.leverage == "yes" for row in rows],
        "doubt": [row.status != "complete" and row.height >= 14 for row in rows],
    }


def percent(share: float) -> str:
    """A share as people say it: "15 %", "18.8 %", "?" for unknown."""
    return "?" if share != share else f"{one(share).removesuffix('.0')} %"


def short(amount: float) -> str:
    """An amount in few characters: "800", "1,250", "12.5k", "3.4m", "?"."""
    for unit, word in ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e4, "k")):
        if unit <= abs(amount) < 1e15:
            thousand = 1e3 if word == "k" else unit
            return f"{amount / thousand:,.1f}".removesuffix(".0") + word
    return figure(amount if amount != amount or abs(amount) < 100 else round(amount))


def _flows(routes: pd.DataFrame, places: pd.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The routes as bands from box to box, our part of each darker along its upper edge."""
    spots = {row.junction: row for row in places.itertuples() if row.junction}
    passes: dict[tuple[str, str], list[Row]] = {}
    for row in places[places["junction"] == ""].sort_values("column").itertuples():
        passes.setdefault((row.origin, row.target), []).append(row)
    ways = routes[routes["origin"].isin([*spots]) & routes["target"].isin([*spots])].reset_index(drop=True)
    scale = float(places["scale"].max())
    thick = (numbers(ways["amount"]) * scale).clip(LEAST / 10, 1e6).fillna(LEAST)
    stops: list[Records] = [[] for _ in range(len(ways))]
    for end, other in (("origin", "target"), ("target", "origin")):
        for point, group in ways.groupby(end):
            box = spots[str(point)]
            near = {
                n: _middle(
                    (passes.get((way["origin"], way["target"])) or [spots[way[other]]])[
                        0 if end == "origin" else -1
                    ]
                )
                for n, way in group.iterrows()
            }
            order = sorted(near, key=lambda n: near[n])
            tall = thick[order] * min(1.0, box.height / thick[order].sum())
            tops = box.y + (box.height - tall.sum()) / 2 + tall.cumsum() - tall
            for n in order:
                stops[n].append({"x": box.x + box.width * (end == "origin"), "y": tops[n], "thick": tall[n]})
    bands: Records = []
    for n, way in enumerate(ways.itertuples()):
        first, last = stops[n]
        between = [
            {"x": at, "y": p.y, "thick": p.height}
            for p in passes.get((way.origin, way.target), [])
            for at in (p.x, p.x + p.width)
        ]
        ours = known(way.ours / way.amount) if way.amount > 0 else 0.0
        for a, b in pairwise([first, *between, last]):
            bend = (b["x"] - a["x"]) * 0.04
            bands += [
                {
                    "way": n,
                    "ours": min(max(ours, 0.0), 1.0) if ours == ours else 0.0,
                    "known": way.amount == way.amount,
                }
                | at
                for at in (a, a | {"x": a["x"] + bend}, b | {"x": b["x"] - bend}, b)
            ]
    rows = pd.DataFrame(bands, columns=["way", "ours", "known", "x", "y", "thick"])
    rows["under"], rows["own"] = rows["y"] + rows["thick"], rows["y"] + rows["thick"] * rows["ours"]
    sized = data(rows[rows["known"].astype(bool)]).encode(x, y, detail=alt.Detail("way:N"))
    own = data(rows[rows["ours"] > 0]).encode(x, y, detail=alt.Detail("way:N"))
    area: dict[str, Any] = {"interpolate": "monotone", "color": INK, "aria": False}
    return [
        sized.mark_area(opacity=0.1, **area).encode(y2=alt.Y2("under:Q")),
        own.mark_area(opacity=0.42, **area).encode(y2=alt.Y2("own:Q")),
        data(rows[~rows["known"].astype(bool)])
        .encode(x, y, detail=alt.Detail("way:N"))
        .mark_line(interpolate="monotone", color=SOFT, strokeWidth=1.4, strokeDash=[4, 4], aria=False),
    ]


def _middle(place: Row) -> float:
    return float(place.y + place.height / 2)


def opportunity(map_rows: pd.DataFrame) -> alt.LayerChart:
    """The junctions ranked by what is not ours there: bars to the right of the line, ours to its left.

    `map_rows` is what `market.market_map` gives. Grey is known to be a competitor's, white is not
    accounted for (dashed: at most, for not all is known). Points of unknown size come last.
    """
    rest = map_rows["opportunity"].fillna(map_rows["size"]).map(known)
    order = (
        pd.DataFrame({"rank": map_rows["rank"], "rest": -rest})
        .sort_values(["rank", "rest"], kind="stable")
        .index
    )
    rows, rest = map_rows.loc[order].reset_index(drop=True), rest[order].reset_index(drop=True)
    ours, rivals = (
        numbers(rows[c]).where(rest.notna(), 0.0).fillna(0.0).clip(lower=0) for c in ("ours", "competitors")
    )
    ends = pd.concat([rivals, rest.fillna(0.0)], axis=1).max(axis=1)
    open_ = [bool(each) for each in rows["status"].ne("complete")]
    kinds = [("ours", INK), ("competitors'", RIVALS[1]), ("not accounted for", "white")]
    spans = pd.concat(
        [
            pd.DataFrame(
                {
                    "row": rows.index,
                    "at": start,
                    "end": end,
                    "kind": kind,
                    "open": open_ if kind == 2 else False,
                }
            )
            for kind, (start, end) in enumerate([(-ours, 0.0), (0.0, rivals), (rivals, ends)])
        ]
    )
    said = pd.DataFrame(
        {
            "row": rows.index,
            "left": -ours,
            "end": ends,
            "share": [*map(percent, rows["our_share_pct"])],
            "unsure": rows["our_share_pct"].isna(),
            "decides": rows["leverage"].eq("yes"),
            "sum": [
                short(o) if o == o else f"at most {short(size)}" if size == size else "? size not known"
                for o, size in zip(rows["opportunity"], rows["size"], strict=True)
            ],
            "sized": rest.notna(),
        }
    )
    bold = {
        "condition": {"test": f"{json.dumps(said['decides'].tolist())}[datum.value]", "value": "bold"},
        "value": "normal",
    }
    y = names(texts(rows["name"], 89), labelFontWeight=bold, labelPadding=66)
    at = alt.X(
        "at:Q",
        axis=None,
        scale=amounts(-float(ours.max()) if len(rows) else 0.0, float(ends.max()) if len(rows) else 0.0),
    )
    left, end = alt.X("left:Q", axis=None), alt.X("end:Q", axis=None)
    words, unsure = data(said), alt.condition("datum.unsure", alt.value(DOUBT), alt.value(SOFT))
    doubt = alt.condition("datum.sized", alt.value(INK), alt.value(DOUBT))
    return picture(
        data(spans[spans["end"] != spans["at"]])
        .mark_bar(height=21, stroke=EDGE, strokeWidth=0.8, aria=False)
        .encode(
            at,
            y,
            _key(kinds, "kind"),
            x2=alt.X2("end:Q"),
            strokeDash=alt.condition("datum.open", alt.value([4, 3]), alt.value([1, 0])),
        ),
        alt.Chart().mark_rule(strokeWidth=1.2, aria=False).encode(x=alt.XDatum(0, axis=None)),
        words.mark_text(dx=-8, align="right")
        .encode(left, y, text=alt.Text("share:N"), color=unsure)
        .transform_filter("datum.sized"),
        words.mark_text(dx=8, fontSize=TYPE).encode(end, y, text=alt.Text("sum:N"), color=doubt),
        words.mark_point(shape=FLAG, size=260, aria=False)
        .encode(x=alt.XValue(LONG + 110), y=y)
        .transform_filter("datum.decides"),
        words.mark_text(dx=14, text="decides here", color=SOFT)
        .encode(x=alt.XValue(LONG + 110), y=y)
        .transform_filter("datum.decides"),
        height=ROW * max(len(rows), 1),
        width=LONG,
    )
