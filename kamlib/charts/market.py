"""The market map as a picture: the routes to market, what is ours at each point, and the opportunities."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import DOUBT, INK, SOFT
from kamlib.charts.pixels import boxes, cut, flags, shapes, sheet, width_of, words
from kamlib.models.market import figure
from kamlib.models.market.places import NOTHING
from kamlib.models.scoring import one

RIVALS = ("#666c78", "#9096a1", "#b3b8c1", "#d0d4da")  # the largest competitor is the darkest
OTHERS, EDGE, THIN, KEY, DECIDES = "#e6e8ec", "#9aa0ab", 1.5, 40, "decides here"
NAME, SMALL, FLAG, SPILL = 15, 13, 15, 50
FAR = 1e6  # beyond any picture: what is drawn stays a number, however wrong the figures are
SIDE, BAR, ROW, LONGEST = 250, 22, 38, 560  # the ranked bars: names, a bar, a row, all bars together

Row = Any
Records = list[dict[str, Any]]
Part = tuple[str, float, str]  # whose, in % of the market, the tone
Stop = tuple[float, float, float]  # x, top and thickness of a band


def market_map(
    map_rows: pd.DataFrame, routes_rows: pd.DataFrame, layout_rows: pd.DataFrame,
    shares: pd.DataFrame | None = None, *, chosen: str = "",
) -> alt.LayerChart:  # fmt: skip
    """The routes to market: every junction a box as high as its market, our part of it in ink.

    `map_rows`, `routes_rows`, `layout_rows` and `shares` are what `market.market_map`, `routes`,
    `layout` and `shares` give. With `shares` every competitor has a grey of its own; without, the best
    one and the others. White is not accounted for; dashed: the size is not known; bands are as thick
    as what flows, and dark where it is ours. The live parameter `chosen` is the id of a junction.
    """
    places = layout_rows.assign(y=layout_rows["y"] + KEY)
    spots = places[places["junction"] != ""].set_index("junction", drop=False)
    rows = [row for row in map_rows.itertuples() if row.junction in spots.index]
    tones = _tones(shares)
    drawn = [(row, spots.loc[row.junction], _parts(row, shares, tones)) for row in rows]
    width = max((spots["x"] + spots["width"]).max(), 700) if len(spots) else 700
    height = (places["y"] + places["height"]).max() + 34 if len(spots) else KEY
    layers = [
        *_flows(routes_rows, places),
        *_boxes(drawn),
        *_labels(drawn, _spill(spots)),
        *_key(shares, tones, drawn),
    ]
    return sheet(layers, width + SPILL, height, chosen)


# -- the boxes ------------------------------------------------------------------------------------


def _tones(shares: pd.DataFrame | None) -> dict[str, str]:
    """A grey for each of the largest competitors over the whole map."""
    if shares is None:
        return {}
    rivals = shares[shares["supplier"] != "us"].groupby("supplier")[["amount", "share_pct"]].sum()
    largest = rivals.sort_values(["amount", "share_pct"], ascending=False, kind="stable").index
    return dict(zip(largest, RIVALS, strict=False))


def _parts(row: Row, shares: pd.DataFrame | None, tones: dict[str, str]) -> list[Part]:
    """What is known to belong to somebody at a junction, ours first."""
    if shares is None:
        best = 0.0 if row.best_share_pct != row.best_share_pct else row.best_share_pct
        rest = row.competitors / row.size * 100 - best if row.size > 0 else 0.0
        parts = [
            ("us", row.our_share_pct, INK),
            (row.best_competitor, best, RIVALS[1]),
            ("", rest, RIVALS[3]),
        ]
    else:
        here = shares[shares["junction"] == row.junction]
        order = {"us": INK} | tones
        parts = [(s, here.loc[here["supplier"] == s, "share_pct"].sum(), tone) for s, tone in order.items()]
        parts.append(("", here.loc[~here["supplier"].isin(order), "share_pct"].sum(), OTHERS))
    known = [(whose, min(pct, FAR), tone) for whose, pct, tone in parts if pct > 1e-6]
    most = max(100.0, sum(pct for _, pct, _ in known))
    return [(whose, pct / most * 100, tone) for whose, pct, tone in known]


def _boxes(drawn: list[tuple[Row, Any, list[Part]]]) -> list[alt.Chart | None]:
    plain: Records = []
    open_: Records = []
    segments: Records = []
    for row, at, parts in drawn:
        frame = {"x": at.x, "y": at.y, "x2": at.x + at.width, "y2": at.y + at.height, "id": row.junction}
        share = f"our share {percent(row.our_share_pct)}"
        says = f"{row.name}: {share} of {figure(row.size)}. {row.words}"
        (plain if row.size == row.size else open_).append(frame | {"says": says})
        left = at.x
        for _, pct, tone in parts:
            right = left + pct / 100 * at.width
            end = max(right - THIN, left + 0.6)
            segments.append({"x": left, "y": at.y, "x2": end, "y2": at.y + at.height, "fill": tone})
            left = right
    ring = boxes(
        [{**f, "x": f["x"] - 3, "y": f["y"] - 3, "x2": f["x2"] + 3, "y2": f["y2"] + 3} for f in plain + open_],
        filled=False, stroke=INK, strokeWidth=2.4, cornerRadius=4,
    )  # fmt: skip
    return [
        boxes(plain, fill="white", stroke=EDGE, strokeWidth=1),
        boxes(open_, fill="white", stroke=SOFT, strokeWidth=1.2, strokeDash=[4, 3]),
        boxes(segments),
        None if ring is None else ring.transform_filter("datum.id == chosen"),
    ]


def _spill(spots: pd.DataFrame) -> float:
    """How far a name may reach beyond its box: into a part of the gap between two columns."""
    lefts = sorted(set(spots["x"]))
    gap = lefts[1] - lefts[0] - spots["width"].max() if len(lefts) > 1 else 2 * SPILL
    return min(gap - SPILL / 2, SPILL)


def _labels(drawn: list[tuple[Row, Any, list[Part]]], spill: float) -> list[alt.Chart | None]:
    kinds = ("names", "shares", "unknown", "sizes", "unsized", "decides", "doubts")
    said: dict[str, Records] = {kind: [] for kind in kinds}
    for row, at, parts in drawn:
        top, right = at.y, at.x + at.width
        size = short(row.size) if row.size == row.size else "size ?"
        taken = width_of(size, SMALL) + 10
        said["names"].append(_word(at.x, top - 26, row.name, at.width + spill))
        share = _word(at.x, top - 9, f"our share {percent(row.our_share_pct)}", at.width - taken)
        said["shares" if row.our_share_pct == row.our_share_pct else "unknown"].append(share)
        said["sizes" if row.size == row.size else "unsized"].append(_word(right, top - 9, size, taken))
        if row.leverage == "yes":
            said["decides"].append(_word(at.x + FLAG, top + at.height + 17, DECIDES, at.width - FLAG))
        free = at.width * (1 - sum(pct for _, pct, _ in parts) / 100)
        if row.status != "complete" and free > 14 and at.height >= 14:
            said["doubts"].append(_word(right - min(free, 30) / 2, top + at.height / 2 + 5, "?", 0))
    return [
        words(said["names"], NAME, halo=True, fontWeight=600),
        words(said["shares"], SMALL, halo=True),
        words(said["unknown"], SMALL, colour=DOUBT, halo=True),
        words(said["sizes"], SMALL, colour=SOFT, align="right", halo=True),
        words(said["unsized"], SMALL, colour=DOUBT, align="right", halo=True),
        words(said["decides"], SMALL, fontWeight="bold", halo=True),
        flags((word["x"] - FLAG + 1, word["y"]) for word in said["decides"]),
        words(said["doubts"], 15, colour=DOUBT, fontWeight="bold", align="center"),
    ]


def _word(x: float, y: float, text: str, limit: float) -> dict[str, Any]:
    return {"x": round(float(x), 1), "y": round(float(y), 1), "text": text, "limit": round(float(limit), 1)}


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


def _key(
    shares: pd.DataFrame | None, tones: dict[str, str], drawn: list[tuple[Row, Any, list[Part]]]
) -> list[alt.Chart | None]:  # fmt: skip
    """One line above the picture that says whose each tone is."""
    if shares is None:
        items = [("ours", INK), ("best competitor", RIVALS[1]), ("other competitors", RIVALS[3])]
    else:
        names = dict(zip(shares["supplier"], shares["name"], strict=True))
        used = {whose for _, _, parts in drawn for whose, _, _ in parts}
        items = [("ours", INK), *((names[s], tone) for s, tone in tones.items() if s in used)]
        items += [("others", OTHERS)] if "" in used else []
    return _swatches([*items, ("not accounted for", "white")], 6)


def _swatches(items: Iterable[tuple[str, str]], y: float) -> list[alt.Chart | None]:
    squares, texts, x = [], [], 1.0
    for name, tone in items:
        said = cut(name, SMALL, 190)
        squares.append({"x": x, "y": y, "x2": x + 12, "y2": y + 12, "fill": tone})
        texts.append(_word(x + 18, y + 11, said, 200))
        x += 18 + width_of(said, SMALL) + 20
    return [boxes(squares, stroke=EDGE, strokeWidth=0.8), words(texts, SMALL, colour=SOFT)]


# -- the routes -----------------------------------------------------------------------------------


def _flows(routes: pd.DataFrame, places: pd.DataFrame) -> list[alt.Chart | None]:
    """The routes as bands from box to box, our part of each darker along its upper edge."""
    spots = {row.junction: row for row in places.itertuples() if row.junction}
    passes: dict[tuple[str, str], list[Any]] = {}
    for row in places[places["junction"] == ""].sort_values("column").itertuples():
        passes.setdefault((row.origin, row.target), []).append(row)
    ways = [row for row in routes.itertuples() if row.origin in spots and row.target in spots]
    scale = float(places["scale"].max())
    leaving, arriving = _docks(ways, spots, passes, scale)
    whole, own, thin = [], [], []
    for row in ways:
        ends, between = (row.origin, row.target), passes.get((row.origin, row.target), [])
        stops = [leaving[ends], *_through(between), arriving[ends]]
        if row.amount != row.amount:
            thin.append({"path": _line(stops)})
            continue
        whole.append({"path": _band(stops, 1.0)})
        part = row.ours / row.amount if row.amount > 0 and row.ours > 0 else 0.0
        own += [{"path": _band(stops, min(part, 1.0))}] if part > 0 else []
    return [
        shapes(whole, filled=True, fill=INK, fillOpacity=0.1, strokeWidth=0),
        shapes(own, filled=True, fill=INK, fillOpacity=0.42, strokeWidth=0),
        shapes(thin, filled=False, stroke=SOFT, strokeWidth=1.4, strokeDash=[4, 4], opacity=0.8),
    ]


def _docks(
    ways: list[Row], spots: dict[str, Any], passes: dict[tuple[str, str], list[Any]], scale: float
) -> tuple[dict[Any, Stop], dict[Any, Stop]]:
    """Where each band leaves its origin and arrives at its target: stacked, and squeezed into the box."""
    leaving: dict[Any, Stop] = {}
    arriving: dict[Any, Stop] = {}
    for end, other, docks in ((0, 1, leaving), (1, 0, arriving)):
        for point, box in spots.items():
            here = [(r.origin, r.target, r.amount) for r in ways if (r.origin, r.target)[end] == point]
            near = {}
            for way in here:
                between = passes.get(way[:2], [])
                next_ = between[-end] if between else spots[way[other]]
                near[way] = next_.y + next_.height / 2
            here.sort(key=lambda way: near[way])
            thick = [
                2.0 if a != a or scale != scale else min(max(float(a) * scale, THIN), FAR) for _, _, a in here
            ]
            total = sum(thick)
            part = min(1.0, box.height / total) if total else 1.0
            top = box.y + (box.height - total * part) / 2
            for way, height in zip(here, thick, strict=True):
                docks[way[:2]] = (box.x + box.width * (1 - end), top, height * part)
                top += height * part
    return leaving, arriving


def _through(between: list[Any]) -> list[Stop]:
    return [(x, p.y, p.height) for p in between for x in (p.x, p.x + p.width)]


def _curve(stops: list[tuple[float, float]], way: int = 1) -> str:
    """The rest of a path through the points, level at each of them; `way` is -1 from right to left."""
    parts = []
    for (x0, y0), (x1, y1) in pairwise(stops):
        ahead = (x1 - x0) * way > 0
        lean = (x1 - x0) / 2 if ahead else way * (abs(x1 - x0) / 2 + 40)
        parts.append(f"C{x0 + lean:.1f},{y0:.1f} {x1 - lean:.1f},{y1:.1f} {x1:.1f},{y1:.1f}")
    return "".join(parts)


def _band(stops: list[Stop], part: float) -> str:
    over = [(x, top) for x, top, _ in stops]
    under = [(x, top + max(thick * part, 0.5)) for x, top, thick in reversed(stops)]
    (x, y), (x1, y1) = over[0], under[0]
    return f"M{x:.1f},{y:.1f}{_curve(over)}L{x1:.1f},{y1:.1f}{_curve(under, -1)}Z"


def _line(stops: list[Stop]) -> str:
    middle = [(x, top + thick / 2) for x, top, thick in stops]
    return f"M{middle[0][0]:.1f},{middle[0][1]:.1f}{_curve(middle)}"


# -- the opportunities ----------------------------------------------------------------------------


def opportunity(map_rows: pd.DataFrame) -> alt.LayerChart:
    """The junctions ranked by what is not ours there: bars to the right of the line, ours to its left.

    `map_rows` is what `market.market_map` gives. Grey is known to be a competitor's, white is not
    accounted for (dashed: at most, for not all is known). Points of unknown size come last.
    """
    rows = [*map_rows.itertuples()]
    rows.sort(key=lambda row: (row.rank != row.rank, row.rank if row.rank == row.rank else -_not_ours(row)))
    ours = max((row.ours for row in rows if row.ours > 0 and row.size == row.size), default=0.0)
    most = max((_not_ours(row) for row in rows), default=0.0)
    scale = LONGEST / (ours + most) if ours + most > NOTHING else 0.0
    line = SIDE + 62 + ours * scale
    kinds = ("names", "flagged", "shares", "unknown", "sums", "notes", "bars", "open")
    said: dict[str, Records] = {kind: [] for kind in kinds}
    for n, row in enumerate(rows):
        _ranked(row, KEY + n * ROW, line, scale, said)
    height = KEY + len(rows) * ROW
    outline: dict[str, Any] = {"stroke": EDGE, "strokeWidth": 0.8}
    rule = [{"x": line, "x2": line + 1.2, "y": KEY - 8, "y2": height - ROW + BAR + 8, "fill": INK}]
    layers = [
        boxes(said["bars"], **outline), boxes(said["open"], **outline | {"strokeDash": [4, 3]}),
        boxes(rule if rows else []), words(said["names"], NAME),
        words(said["flagged"], NAME, fontWeight="bold"), flags((1, word["y"]) for word in said["flagged"]),
        words(said["sums"], NAME, fontWeight=600), words(said["shares"], SMALL, colour=SOFT, align="right"),
        words(said["unknown"], SMALL, colour=DOUBT, align="right"), words(said["notes"], SMALL, colour=DOUBT),
        *_swatches([("ours", INK), ("competitors'", RIVALS[1]), ("not accounted for", "white")], 2),
    ]  # fmt: skip
    return sheet(layers, SIDE + 62 + LONGEST + 120, height)


def _ranked(row: Row, top: float, line: float, scale: float, said: dict[str, Records]) -> None:
    """Add the bars and the words of one row."""
    base = top + BAR / 2 + 5
    name = _word(FLAG + 2, base, row.name, SIDE - 14 - FLAG)
    said["flagged" if row.leverage == "yes" else "names"].append(name)
    if row.size != row.size:
        said["notes"].append(_word(line + 8, base, "? size not known", 0))
        return
    own = min(row.ours * scale, LONGEST) if row.ours > 0 else 0.0
    rivals = line + (min(row.competitors * scale, LONGEST) if row.competitors > 0 else 0.0)
    end = max(line + _not_ours(row) * scale, rivals)
    unaccounted = "bars" if row.status == "complete" else "open"
    spans = [
        ("bars", line - own, line, INK),
        ("bars", line + THIN, rivals, RIVALS[1]),
        (unaccounted, rivals + THIN, end, "white"),
    ]
    for kind, x, x2, tone in spans:
        if x2 > x:
            said[kind].append({"x": x, "x2": x2, "y": top, "y2": top + BAR, "fill": tone})
    share = "unknown" if row.our_share_pct != row.our_share_pct else "shares"
    said[share].append(_word(line - own - 8, base, percent(row.our_share_pct), 54))
    most = short(row.opportunity) if row.opportunity == row.opportunity else f"at most {short(row.size)}"
    said["sums"].append(_word(end + 8, base, most, 0))


def _not_ours(row: Row) -> float:
    """What is not ours at a point, at most; 0 where the size is not known."""
    if row.size != row.size:
        return 0.0
    return row.opportunity if row.opportunity == row.opportunity else row.size
