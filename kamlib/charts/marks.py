"""The marks of the matrix: dots, symbols, names, ranges, trails and arcs, over its boxes and corners."""

from __future__ import annotations

from typing import Any

import altair as alt

from kamlib.charts import labels
from kamlib.charts.palette import INK, MARKS, SHORT, SOFT
from kamlib.models.matrix import Matrix

WIDTH, HEIGHT, TYPE, SMALL = 880, 720, 15, 13
ASIDE = 0.75  # so far to the right a line has its words on its left


def dots(count: int) -> alt.Chart:
    base = alt.Chart(alt.sequence(0, count, as_="i"), width=WIDTH, height=HEIGHT)
    fields = (
        "id",
        "name",
        "said",
        "about",
        "eaten",
        "x",
        "y",
        "size",
        "box",
        "hollow",
        "near",
        "lx",
        "ly",
        "ex",
        "ey",
        "y0",
        "y1",
        "x0",
        "x1",
        "wx",
        "wy",
    )
    return (
        base.transform_calculate(p="points[datum.i]")
        .transform_filter("isValid(datum.p)")
        .transform_calculate(**{field: f"datum.p.{field}" for field in fields})
    )


def axis_x(field: str = "x") -> alt.X:
    limits = [alt.ExprRef("view.left"), alt.ExprRef("view.right")]
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=limits, nice=False, zero=False), axis=None)


def axis_y(field: str = "y") -> alt.Y:
    limits = [alt.ExprRef("view.low"), alt.ExprRef("view.high")]
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=limits, nice=False, zero=False), axis=None)


def colours(channel: Any = alt.Color) -> Any:
    boxes = list(MARKS)
    return channel(
        "box:N", legend=None, scale=alt.Scale(domain=boxes, range=[MARKS[b].colour for b in boxes])
    )


def background(shown: Matrix) -> list[alt.Chart]:
    corner = [
        (shown.top_left, 0, 1),
        (shown.top_right, 1, 1),
        (shown.bottom_left, 0, 0),
        (shown.bottom_right, 1, 0),
    ]
    values = [
        {
            "box": box,
            "right": right,
            "up": up,
            "title": MARKS[box].word.upper() if box in MARKS else box.upper(),
            "short": SHORT.get(box, ""),
            "ink": MARKS[box].ink if box in MARKS else INK,
        }
        for box, right, up in corner
    ]
    base = alt.Chart(alt.InlineData(values=values)).transform_calculate(
        xa="datum.right ? view.across : view.left",
        xb="datum.right ? view.right : view.across",
        ya="datum.up ? view.line : view.low",
        yb="datum.up ? view.high : view.line",
    )
    fields = base.mark_rect(opacity=0.055).encode(
        axis_x("xa"),
        axis_y("ya"),
        x2=alt.X2("xb:Q"),
        y2=alt.Y2("yb:Q"),
        color=colours(),
    )
    one = alt.Chart(alt.InlineData(values=[{}]))
    band = {"color": "#888", "opacity": 0.1}
    across = (
        one.transform_calculate(a="view.line - view.near", b="view.line + view.near")
        .mark_rect(**band)
        .encode(axis_y("a"), y2=alt.Y2("b:Q"))
    )
    down = (
        one.transform_calculate(a="view.across - view.near", b="view.across + view.near")
        .mark_rect(**band)
        .encode(axis_x("a"), x2=alt.X2("b:Q"))
    )
    rule = {"color": "#333", "strokeWidth": 1.2}
    line_y = one.transform_calculate(a="view.line").mark_rule(**rule).encode(axis_y("a"))
    line_x = one.transform_calculate(a="view.across").mark_rule(**rule).encode(axis_x("a"))
    return [fields, across, down, line_y, line_x, *corners(base), *directions(one, shown)]


def directions(one: alt.Chart, shown: Matrix) -> list[alt.Chart]:
    """Which way is which, said beside the two lines."""
    words = [
        ("◂", shown.left_words, "view.left", "view.line", "left", 8, -7),
        ("▸", shown.right_words, "view.right", "view.line", "right", -8, -7),
        ("▴", shown.up_words, "view.across", "view.high", "left", 8, 14),
        ("▾", shown.down_words, "view.across", "view.low", "left", 8, -8),
    ]
    made = []
    for arrow, text, x, y, align, dx, dy in words:  # the arrow has a font of its own
        spot = one.transform_calculate(a=x, b=y)
        step = -16 if align == "right" else 16
        for said, place in ((arrow, dx), (text, dx + step)):
            look: dict[str, Any] = {"align": align, "dx": place}
            if x == "view.across":  # beside the line, where there is more room
                far = f"view.across - view.left > {ASIDE} * (view.right - view.left)"
                look["align"] = alt.ExprRef(f"{far} ? 'right' : 'left'")
                look["dx"] = alt.ExprRef(f"{far} ? {-place} : {place}")
            mark = spot.mark_text(text=said, dy=dy, fontSize=13, color=INK, **look)
            made.append(mark.encode(axis_x("a"), axis_y("b")))
    return made


def corners(base: alt.Chart) -> list[alt.Chart]:
    """The name of each box in its outer corner, and in a few words what it asks of us."""
    result = []
    for right in (0, 1):
        side = base.transform_filter(f"datum.right == {right}").transform_calculate(
            tx="datum.right ? view.right : view.left", ty="datum.up ? view.high : view.low"
        )
        look: dict[str, Any] = {"align": "right" if right else "left", "dx": -8 if right else 8}
        for text, size, weight, down, up in (
            ("title", 15, "bold", 20, -26),
            ("short", 13, "normal", 37, -10),
        ):
            for high, dy in ((1, down), (0, up)):
                words = side.transform_filter(f"datum.up == {high}").mark_text(
                    fontSize=size, fontWeight=weight, dy=dy, color=alt.ExprRef("datum.ink"), **look
                )
                result.append(words.encode(axis_x("tx"), axis_y("ty"), text=alt.Text(f"{text}:N")))
    return result


def ranges(dots: alt.Chart) -> list[alt.Chart]:
    """For hollow dots: how far they may still move up, down, left and right."""
    open_ = dots.transform_filter("datum.hollow")
    style: dict[str, Any] = {"strokeWidth": 5, "opacity": 0.28, "strokeCap": "round", "aria": False}
    tall = open_.mark_rule(**style).encode(axis_x(), axis_y("y0"), y2=alt.Y2("y1:Q"), color=colours())
    broad = (
        open_.transform_filter("datum.x1 - datum.x0 > 0.001")
        .mark_rule(**style)
        .encode(axis_x("x0"), axis_y(), x2=alt.X2("x1:Q"), color=colours())
    )
    return [tall, broad]


def trails(dots: alt.Chart) -> list[alt.Chart]:
    before = dots.transform_filter("isValid(datum.wx) && isValid(datum.wy)")
    path = before.mark_rule(color="#777", strokeDash=[2, 3], strokeWidth=1.3, aria=False).encode(
        axis_x("wx"), axis_y("wy"), x2=alt.X2("x:Q"), y2=alt.Y2("y:Q")
    )
    start = before.mark_point(color="#777", filled=True, size=22, opacity=0.7, aria=False).encode(
        axis_x("wx"), axis_y("wy")
    )
    return [path, start]


def rings(dots: alt.Chart) -> list[alt.Chart]:
    """A dark ring around the chosen customer, a thin dashed one around those too close to call."""
    grown = dots.transform_calculate(ring="pow(sqrt(datum.size) + 16, 2)")
    size = alt.Size("ring:Q", scale=None, legend=None)
    near = grown.transform_filter("datum.near && datum.id != chosen").mark_point(
        shape="circle", stroke=SOFT, strokeWidth=1.2, strokeDash=[3, 3], filled=False, aria=False
    )
    chosen = grown.transform_filter("datum.id == chosen").mark_point(
        shape="circle", stroke=INK, strokeWidth=2.6, filled=False, aria=False
    )
    return [mark.encode(axis_x(), axis_y(), size=size) for mark in (near, chosen)]


def arcs(dots: alt.Chart) -> alt.Chart:
    """Around a dot, from the top: how much of its gross profit goes into serving it; closed: all of it."""
    known = dots.transform_filter("datum.eaten > 0.004").transform_calculate(
        start="0", end="datum.eaten * 2 * PI"
    )
    radius = "sqrt(datum.size) / 2 + "
    return known.mark_arc(
        color=INK,
        aria=False,
        innerRadius=alt.ExprRef(radius + "2.6"),
        outerRadius=alt.ExprRef(radius + "5"),
    ).encode(axis_x(), axis_y(), theta=alt.Theta("start:Q", scale=None), theta2=alt.Theta2("end:Q"))


def symbols(dots: alt.Chart) -> alt.Chart:
    shapes = alt.Scale(domain=list(MARKS), range=[m.shape for m in MARKS.values()])
    fills = alt.Scale(domain=list(MARKS), range=[m.colour for m in MARKS.values()])
    return dots.mark_point(strokeWidth=2.2, opacity=1, cursor="pointer").encode(
        axis_x(),
        axis_y(),
        size=alt.Size("size:Q", scale=None, legend=None),
        shape=alt.Shape("box:N", scale=shapes, legend=None),
        stroke=colours(alt.Stroke),
        fill=alt.when("datum.hollow")
        .then(alt.value("white"))
        .otherwise(alt.Fill("box:N", scale=fills, legend=None)),
        description=alt.Description("said:N"),
        tooltip=alt.Tooltip("about:N"),
    )


def names(dots: alt.Chart, type_: int) -> list[alt.Chart]:
    named = dots.transform_filter("isValid(datum.lx) && isValid(datum.ly)")
    words = named.mark_text(
        align="left",
        baseline="middle",
        fontSize=type_,
        color=INK,
        lineBreak="\n",
        lineHeight=type_ * labels.HEIGHT,
    ).encode(axis_x("lx"), axis_y("ly"), text=alt.Text("name:N"), description=alt.Description("said:N"))
    leader = named.transform_filter("isValid(datum.ex)").mark_rule(
        color=SOFT, strokeWidth=0.8, opacity=0.7, aria=False
    )
    return [leader.encode(axis_x("ex"), axis_y("ey"), x2=alt.X2("x:Q"), y2=alt.Y2("y:Q")), words]
