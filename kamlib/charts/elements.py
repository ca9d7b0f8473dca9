"""Pictures of the programme: what makes it fail, who has which skill, what drives a change, how healthy it is."""

from __future__ import annotations

import textwrap
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import PAPER, ROW, TYPE, data, haloed, labels, names, numbers, picture, texts

WIDE, TALL, STRIP, LETTERS = (
    168,
    76,
    26,
    19,
)  # of an element, in pixels: the box, and the strip of its two stages
STRATEGY, FORMAL, PROGRAMME = "Strategy", "Formal elements", "The programme"
# where the blocks stand: the left edge of each element and the top of the block
PLACES = {
    "Moderating factors": ([(170, 34), (358, 34)], "MODERATING FACTORS"),
    STRATEGY: ([(0, 212)], "STRATEGY"),
    FORMAL: ([(358, 170), (358, 254)], "FORMAL ELEMENTS"),
    PROGRAMME: ([(752, 170), (752, 254)], "THE PROGRAMME"),
    "Intervening factors": ([(170, 402), (364, 402), (558, 402), (752, 402)], "INTERVENING FACTORS"),
}
ARROWS = [(168, 250, 352, 250), (526, 250, 746, 250), (254, 112, 254, 244), (642, 396, 642, 256)]
GREYS = {"none": INK, "weak": "#8a8f99", "enough": "#dfe2e7", "strong": "white", "unknown": "white"}


def failure(rows: pd.DataFrame) -> Trusted:
    """The failure model: strategy to formal elements to the programme, and what acts on the way.

    `rows` has label, block, launch and development (strong, weak, unknown, ""), and own (a line of
    the team's own: it stands below). What is weak is dark, both stages side by side in each box.
    """
    boxes, heads = [], []
    for block, part in rows.groupby("block", sort=False):
        places, head = PLACES.get(
            str(block), ([(190 * (n % 5), 530 + 92 * (n // 5)) for n in range(len(part))], "OUR OWN")
        )
        heads.append({"x": places[0][0], "y": places[0][1] - 12, "said": head})
        boxes += [
            {"x": x, "y": y, **row._asdict()}
            for (x, y), row in zip(places, part.itertuples(index=False), strict=False)
        ]
    table = pd.DataFrame(boxes)
    high = float(table["y"].max()) + TALL + 34
    strips = pd.concat([_strip(table, stage, n) for n, stage in enumerate(("launch", "development"))])
    told = [textwrap.wrap(text, LETTERS, max_lines=2, placeholder="…") for text in texts(table["label"], 60)]
    table = table.assign(x2=table["x"] + WIDE, y2=table["y"] + TALL, said=told)[
        ["x", "y", "x2", "y2", "said"]
    ]
    scale = {"x": alt.Scale(domain=[0, 920], nice=False), "y": alt.Scale(domain=[high, 0], nice=False)}
    x, y = (alt.X("x:Q", axis=None, scale=scale["x"]), alt.Y("y:Q", axis=None, scale=scale["y"]))
    arrows = pd.DataFrame(ARROWS, columns=["x", "y", "x2", "y2"])
    ends = arrows.assign(turn=[90, 90, 180, 0])
    weak = alt.condition("datum.state == 'weak'", alt.value(INK), alt.value("white"))
    dashed = alt.condition(
        "datum.state == 'weak' || datum.state == 'strong'", alt.value([1, 0]), alt.value([3, 3])
    )
    return picture(
        data(arrows)
        .mark_rule(stroke=SOFT, strokeWidth=2, aria=False)
        .encode(x, y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")),
        data(ends)
        .mark_point(shape="triangle", fill=SOFT, stroke=SOFT, size=90, aria=False)
        .encode(
            alt.X("x2:Q", axis=None, scale=scale["x"]),
            alt.Y("y2:Q", axis=None, scale=scale["y"]),
            angle=alt.Angle("turn:Q", scale=alt.Scale(domain=[0, 360], range=[0, 360])),
        ),
        data(table)
        .mark_rect(fill="white", stroke=LINE, aria=False)
        .encode(x, y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")),
        data(table)
        .mark_text(dx=8, dy=7, baseline="top", fontSize=TYPE, lineHeight=18, fontWeight=600, limit=WIDE - 12)
        .encode(x, y, text=alt.Text("said:N")),
        data(strips)
        .mark_rect(stroke=SOFT, strokeWidth=1, aria=False)
        .encode(x, y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), fill=weak, strokeDash=dashed),
        data(strips)
        .mark_text(align="center", fontSize=13)
        .encode(
            alt.X("middle:Q", axis=None, scale=scale["x"]),
            alt.Y("centre:Q", axis=None, scale=scale["y"]),
            text=alt.Text("said:N"),
            color=alt.condition("datum.state == 'weak'", alt.value("white"), alt.value(INK)),
        ),
        data(pd.DataFrame(heads)).mark_text(color=SOFT, fontWeight=600).encode(x, y, text=alt.Text("said:N")),
        data(
            pd.DataFrame(
                {
                    "x": [0],
                    "y": [high - 10],
                    "said": [
                        "Left in each box: at the launch. Right: as it develops. The arrows are our reconstruction."
                    ],
                }
            )
        )
        .mark_text(color=SOFT)
        .encode(x, y, text=alt.Text("said:N")),
        height=high,
        width=920,
    )


def _strip(table: pd.DataFrame, stage: str, place: int) -> pd.DataFrame:
    """One stage of each element: the left or right half of the foot of its box."""
    half = WIDE / 2
    rows = pd.DataFrame(
        {"x": table["x"] + half * place, "y": table["y"] + TALL - STRIP, "state": table[stage]}
    )
    said = rows["state"].replace({"": "–", "unknown": "?"})
    return rows.assign(
        x2=rows["x"] + half,
        y2=rows["y"] + STRIP,
        middle=rows["x"] + half / 2,
        centre=rows["y"] + STRIP / 2,
        said=said,
    )


def skills(rows: pd.DataFrame) -> Trusted:
    """A cell for each skill and person: the darker, the larger the gap; dark across a line means that nobody has it.

    `rows` has label, person, name and level (strong, enough, weak, none, unknown, "").
    """
    lines, people = [*dict.fromkeys(rows["label"])], dict(zip(rows["person"], rows["name"], strict=True))
    cells = rows.assign(
        row=[lines.index(label) for label in rows["label"]],
        place=[[*people].index(person) for person in rows["person"]],
        said=[{"unknown": "?"}.get(level, level) for level in rows["level"]],
    )[["row", "place", "level", "said"]]
    cells = cells[cells["level"] != ""]
    wide = min(112, max(64, 680 / max(len(people), 1)))
    head = [
        textwrap.wrap(name, int(wide / 8), max_lines=2, placeholder="…") for name in texts(people.values())
    ]
    axis = alt.Axis(orient="top", title=None, labelExpr=labels(head), labelAngle=0, labelPadding=24)
    x = alt.X("place:O", scale=alt.Scale(domain=[*range(len(people))]), axis=axis)
    grey = alt.Scale(domain=[*GREYS], range=[*GREYS.values()])
    given = data(cells).encode(x, names(texts(lines, 44)))
    dark = alt.condition("datum.level == 'none'", alt.value("white"), alt.value(INK))
    return picture(
        given.mark_rect(stroke=LINE, strokeWidth=0.8, aria=False).encode(
            alt.Fill("level:N", scale=grey, legend=None)
        ),
        given.mark_text(align="center").encode(text=alt.Text("said:N"), color=dark),
        height=ROW * len(lines),
        width=wide * max(len(people), 1),
    )


def change(rows: pd.DataFrame) -> Trusted:
    """What drives a change, a bar each from 0 to 10, and what it costs as a line across them.

    `rows` has label, rating (NaN: unknown) and is_cost.
    """
    drives = rows[~rows["is_cost"].astype(bool)].reset_index(drop=True)
    cost = numbers(rows.loc[rows["is_cost"].astype(bool), "rating"])
    bars = pd.DataFrame({"row": drives.index, "rating": numbers(drives["rating"])})
    bars["said"] = ["?" if value != value else f"{value:g}" for value in bars["rating"]]
    bars["rating"] = bars["rating"].fillna(0)
    scale = alt.Scale(domain=[0, 10], nice=False)
    x = alt.X("rating:Q", title="from 0 (none) to 10", scale=scale, axis=alt.Axis(tickCount=5, grid=True))
    given = data(bars).encode(x, names(texts(drives["label"], 44)))
    line = data(pd.DataFrame({"rating": cost.dropna(), "said": "what it costs"}))
    return picture(
        given.mark_bar(height=18, color="#a3a7b0", aria=False),
        given.mark_text(dx=6).encode(text=alt.Text("said:N")),
        line.mark_rule(color=INK, strokeWidth=2, aria=False).encode(x),
        line.mark_text(dx=5, dy=-6, fontWeight=600).encode(x, y=alt.YValue(0), text=alt.Text("said:N")),
        height=46 * len(bars),
        width=520,
    )


def health(rows: pd.DataFrame) -> Trusted:
    """How many questions are in order in each category, round by round: a small line each.

    `rows` has round, category, ok, answered and ok_pct (NaN: nobody answered).
    """
    rounds, categories = [*dict.fromkeys(rows["round"])], [*dict.fromkeys(rows["category"])]
    known = rows[rows["ok_pct"].notna()]
    wide, step = 560 / max(len(rounds), 1), 66
    points = pd.DataFrame(
        {
            "place": [rounds.index(r) for r in known["round"]],
            "line": [categories.index(c) for c in known["category"]],
            "level": [
                categories.index(c) + 0.8 - 0.6 * p / 100
                for c, p in zip(known["category"], known["ok_pct"], strict=True)
            ],
            "said": [f"{ok} of {n}" for ok, n in zip(known["ok"], known["answered"], strict=True)],
        }
    )
    said: Any = alt.Axis(
        values=[n + 0.5 for n in range(len(categories))],
        labelExpr=f"{_said(categories)}[floor(datum.value)]",
        labelFontSize=TYPE,
        labelColor=INK,
        labelLimit=260,
    )
    scale = alt.Scale(domain=[len(categories), 0], nice=False)
    y = alt.Y("level:Q", title=None, scale=scale, axis=said)
    axis = alt.Axis(
        orient="top",
        title=None,
        values=[*range(len(rounds))],
        labelExpr=labels(texts(rounds)),
        labelFontSize=TYPE,
    )
    x = alt.X("place:Q", scale=alt.Scale(domain=[-0.4, len(rounds) - 0.4], nice=False), axis=axis)
    bands = pd.DataFrame(
        {"top": range(0, len(categories), 2), "foot": [n + 1 for n in range(0, len(categories), 2)]}
    )
    given = data(points).encode(x, y)
    return picture(
        data(bands)
        .mark_rect(fill=PAPER, aria=False)
        .encode(
            x=alt.XValue(0),
            x2=alt.X2Value("width"),
            y=alt.Y("top:Q", scale=scale, axis=said, title=None),
            y2=alt.Y2("foot:Q"),
        ),
        given.mark_line(aria=False).encode(detail=alt.Detail("line:N")),
        given.mark_point(aria=False),
        *haloed(given.encode(text=alt.Text("said:N")), dy=-14, align="center"),
        height=step * len(categories),
        width=max(wide, 120) * len(rounds),
    )


def _said(words: list[str]) -> str:
    return labels(texts(words, 44)).removesuffix("[datum.value]")
