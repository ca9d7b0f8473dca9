"""Pictures of what customers cost and are worth: discounts, overheads, capacity, future value, won and lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.palette import INK, MARKS, SOFT
from kamlib.charts.paper import Trusted
from kamlib.charts.theme import (
    HOLLOW,
    PAPER,
    ROW,
    SMALL,
    TYPE,
    WIDTH,
    amounts,
    data,
    haloed,
    known,
    labels,
    names,
    numbers,
    picture,
    spoken,
    texts,
    zero,
)

BARS = 620  # how wide bars are drawn beside names
MOST, CAP, ROUNDS, CUSTOMERS = 15, 300.0, 6, 120
PERCENT = "format(datum.value, '~g') + ' %'"


def discount(margin_pct: float, discount_pct: float) -> Trusted:
    """The extra volume (%) that a discount asks for at this gross margin (%), the chosen discount marked.

    Formula: 100 d / (m - d). Above 300 % the line leaves the picture; from the margin on nothing helps.
    """
    margin, off = (min(max(known(v), 0.0), 100.0) for v in (margin_pct, discount_pct))
    if margin != margin or off != off:
        what = "margin" if margin != margin else "discount"
        said = data(pd.DataFrame({"text": [f"The {what} is not known yet: ?"]}))
        return picture(said.mark_text(fontSize=TYPE, color=SOFT).encode(text=alt.Text("text:N")), height=ROW)
    most = max(margin * 1.25, min(off * 1.1, 100.0), 1.0)
    extra = 100 * off / (margin - off) if off < margin else np.inf if off else 0.0
    text = (
        f"{off:g} % off needs {extra:,.0f} % more"
        if extra < np.inf
        else f"{off:g} % off: no volume is enough"
    )
    line = pd.DataFrame({"off": np.linspace(0, margin * CAP / (100 + CAP), 60)})
    line["extra"] = 100 * line["off"] / (margin - line["off"]) if margin > 0 else 0.0
    along = alt.Axis(
        labelExpr=PERCENT,
        title=f"Discount, in % of the price, at a gross margin of {margin:g} %",
        tickCount=10,
    )
    up = alt.Axis(labelExpr=PERCENT, title="more volume needed", grid=True, tickCount=4)
    x = alt.X("off:Q", scale=amounts(0, most), axis=along)
    y = alt.Y("extra:Q", scale=amounts(0, CAP), axis=up)
    spot = data(pd.DataFrame({"off": [off], "extra": [min(extra, CAP)], "text": [text]})).encode(x, y)
    away = data(pd.DataFrame({"off": [margin], "end": [most], "text": ["all margin given away"]})).encode(x)
    flip: dict[str, Any] = {"align": "right", "dx": -14} if off > most / 2 else {"dx": 14}
    return picture(
        away.mark_rect(color=PAPER, aria=False).encode(x2=alt.X2("end:Q")),
        away.mark_text(color=SOFT, dx=6, limit=WIDTH / 5).encode(y=alt.YValue(12), text=alt.Text("text:N")),
        data(line).mark_line(aria=False).encode(x, y),
        spot.mark_point(aria=False),
        *haloed(spot.encode(text=alt.Text("text:N")), fontSize=TYPE, fontWeight="bold", dy=18, **flip),
        height=330,
    )


def spiral(table: pd.DataFrame) -> Trusted:
    """Round by round what is left of each customer after an even share; hollow: dropped; below: the company.

    `table`: round, customer, name, net, dropped, company; a round without customers has one empty row.
    Of many rounds the first six and the last are drawn.
    """
    rounds = [*dict.fromkeys(table["round"])]
    shown = rounds if len(rounds) <= ROUNDS + 1 else [*rounds[:ROUNDS], rounds[-1]]
    table = table.assign(net=numbers(table["net"]).to_numpy(), name=texts(table["name"]))
    parts = [_thinned(table[(table["round"] == number) & table["net"].notna()]) for number in shown]
    rows = pd.concat([table[:0], *(p.assign(round=n, place=range(len(p))) for n, p in enumerate(parts))])
    company = table.drop_duplicates("round").set_index("round")["company"].map(known).map(spoken)
    heads = [[f"Round {number}", f"Company {company[number]}"] for number in shown]
    if len(shown) < len(rounds):
        heads[-1][0] = f"… {heads[-1][0]}"
    most = max([1, *map(len, parts)])
    slot = WIDTH / max(len(shown) * most, 1)
    level = max(map(len, rows["name"]), default=0) * 8 < slot
    foot = alt.Axis(
        orient="top",
        labelExpr=labels(heads),
        labelAngle=0,
        labelColor=INK,
        labelLineHeight=18,
        labelPadding=28,
        labelLimit=WIDTH / max(len(shown), 1) - 10,
        title="Hollow: looks bad, and is dropped after this round.",
    )
    x = alt.X("round:O", axis=foot, scale=alt.Scale(domain=[*range(len(shown))], paddingInner=0.15))
    y = alt.Y("net:Q", axis=None, scale=amounts(rows["net"].min(), rows["net"].max()))
    rows = rows.reindex(columns=["round", "place", "name", "net"]).assign(
        dropped=rows["dropped"].astype(bool)
    )

    def drawn(part: pd.DataFrame) -> alt.Chart:
        return data(part).encode(x, y, xOffset=alt.XOffset("place:O", scale=alt.Scale(domain=[*range(most)])))

    layers: list[alt.Chart] = [
        drawn(rows[~rows["dropped"]]).mark_bar(aria=False),
        drawn(rows[rows["dropped"]]).mark_bar(**HOLLOW, aria=False),
        zero("y"),
    ]
    if slot > SMALL + 2:
        under = drawn(rows.assign(net=rows["net"].clip(upper=0))).encode(text=alt.Text("name:N"))
        look = (
            {"align": "center", "dy": 12}
            if level
            else {"angle": 270, "align": "right", "dx": -6, "limit": 90}
        )
        layers.append(under.mark_text(**look))
    return picture(*layers, height=240)


def _thinned(part: pd.DataFrame) -> pd.DataFrame:
    """Of more customers than can be told apart every n-th, and those dropped."""
    dropped = part["dropped"].astype(bool)
    each = np.arange(len(part)) % (len(part) // CUSTOMERS + 1) == 0
    return part[each | (dropped & (dropped.cumsum() <= CUSTOMERS))]


def capacity(table: pd.DataFrame) -> Trusted:
    """What is paid for and used (grey) and paid for and not used (hollow), a bar a pool.

    `table`: name, used_cost, unused_cost, used_pct; NaN is unknown. The bars are as long as the money;
    dashed beyond an upright line: asked for, and more than there is.
    """
    used, unused, pct = (numbers(table[name]) for name in ("used_cost", "unused_cost", "used_pct"))
    rows = pd.DataFrame({"row": range(len(table)), "used": used.clip(lower=0)})
    rows["text"] = [*map(_use, used, unused, pct)]
    rows["paid"] = rows["used"] + unused.clip(lower=0)
    rows["asked"] = rows["used"] * pct.clip(100, CAP).where(pct > 100.5, 100) / 100
    rows.loc[rows["paid"].isna(), ["used", "asked"]] = np.nan
    x = alt.X("used:Q", axis=None, scale=amounts(0, rows[["paid", "asked"]].max().max()))
    y = names(texts(table["name"]))
    base, beyond = data(rows).encode(x, y), data(rows[rows["asked"] > rows["used"]]).encode(x, y)
    return picture(
        data(rows[unused > 0]).encode(x, y, x2=alt.X2("paid:Q")).mark_bar(size=20, **HOLLOW, aria=False),
        beyond.mark_bar(size=20, **HOLLOW, strokeDash=[4, 3], aria=False).encode(x2=alt.X2("asked:Q")),
        base.mark_bar(size=20, aria=False),
        beyond.mark_tick(size=30, thickness=2, color=INK, aria=False),
        base.mark_text(dy=21).encode(x=alt.XValue(0), text=alt.Text("text:N")),
        height=52 * max(len(table), 1),
        width=BARS,
    )


def _use(used: float, unused: float, pct: float) -> str:
    if used != used or unused != unused:
        return "? not known yet: what it costs, or its minutes"
    much = f", {spoken(pct - 100)} % more than there is" if pct > 100.5 and used > 0 else ""
    rest = f" · paid for and not used {spoken(unused)}" if unused > 0.5 else ""
    return f"used {spoken(used)}{much}{rest}"


def serving(table: pd.DataFrame) -> Trusted:
    """What each activity costs in a year, the most expensive first. `table`: name, cost."""
    rows = pd.DataFrame({"name": texts(table["name"]), "cost": numbers(table["cost"])}).dropna()
    rows = rows.sort_values("cost", ascending=False, kind="stable")
    said, costs, rest = [*rows["name"][:10]], [*rows["cost"][:10]], rows["cost"][10:]
    if len(rest):
        said, costs = [*said, f"{len(rest):,} others"], [*costs, known(rest.sum())]
    return _bars(said, costs)


def programme(table: pd.DataFrame) -> Trusted:
    """What looking after key accounts costs (hollow, left of the line) and brings (right of it), a bar a line.

    `table`: name, amount (below 0: cost; NaN: unknown).
    """
    return _bars(texts(table["name"], 44), numbers(table["amount"]), **HOLLOW)


def _bars(said: Sequence[str], values: Sequence[float], **cost: Any) -> Trusted:
    """A bar for each name with its amount at its end, to the left where it is below 0; a ? for what is unknown."""
    rows = pd.DataFrame({"row": range(len(said)), "text": [*map(spoken, values)]})
    rows["end"] = np.nan_to_num(values)
    low, high = rows["end"].min(), rows["end"].max()
    x = alt.X("end:Q", axis=None, scale=amounts(low, high, padding=80 if low < 0 else 0))
    y = names(said, labelLimit=300, labelFontSize=SMALL if cost else TYPE)
    above, below = (
        data(part).encode(x, y, text=alt.Text("text:N"))
        for part in (rows[rows["end"] >= 0], rows[rows["end"] < 0])
    )
    return picture(
        above.mark_bar(size=18, aria=False),
        below.mark_bar(size=18, aria=False, **cost),
        zero("x"),
        above.mark_text(dx=8),
        below.mark_text(dx=-8, align="right"),
        height=ROW * max(len(said), 1),
        width=BARS - 60,
    )


def future(table: pd.DataFrame) -> Trusted:
    """A bar from the least to the most each customer may be worth, in the colour of its category.

    `table`: name, category, low, high (NaN: unknown; high may be infinite), drawn in this order. Where only
    one end is known, a mark stands there, with a ? for the other.
    """
    shown, more = table.head(MOST), len(table) - MOST
    ends = pd.DataFrame({"low": numbers(shown["low"]), "high": numbers(shown["high"])})
    turned = ends["low"] > ends["high"]
    ends[turned] = ends.loc[turned, ["high", "low"]].to_numpy()
    least, most = ends["low"].min(), ends.max().max()
    endless = np.array([spoken(high) == "no end" for high in shown["high"]], dtype=bool)
    rows = ends.assign(
        row=range(len(shown)),
        least=ends["low"].map(spoken),
        most=np.where(endless, "no end", ends["high"].map(spoken)),
        colour=[MARKS[box if box in MARKS else ""].colour for box in shown["category"]],
    )
    rows["left"], rows["right"] = ends["low"].fillna(ends["high"]), ends["high"].fillna(ends["low"])
    rows.loc[endless, "right"] = most
    known_of = rows[rows["left"].notna()]
    rows.loc[rows["left"].isna(), ["left", "right", "least", "most"]] = [0, 0, "", "?"]
    x = alt.X("left:Q", axis=None, scale=amounts(least, most, padding=80))
    y = names([*texts(shown["name"]), *([f"and {more:,} more"] if more > 0 else [])])
    base, bar = data(rows).encode(x, y), data(known_of).mark_bar(size=12, strokeWidth=2, aria=False)
    colour = {"fill": alt.Fill("colour:N", scale=None), "stroke": alt.Stroke("colour:N", scale=None)}
    return picture(
        zero("x"),
        bar.encode(x, y, x2=alt.X2("right:Q"), **colour),
        *haloed(base.encode(text=alt.Text("least:N")), align="right", dx=-8),
        *haloed(base.encode(x=alt.X("right:Q", axis=None), text=alt.Text("most:N")), dx=8),
        height=ROW * max(len(shown) + (more > 0), 1),
        width=BARS - 20,
    )


def retention(table: pd.DataFrame) -> Trusted:
    """How many are left year by year: dots observed, a line as fitted, dotted grey for one constant rate.

    `table`: age, left_pct (NaN beyond what is known), fitted_pct, simple_pct.
    """
    lines = ["left_pct", "fitted_pct", "simple_pct"]
    rows = pd.DataFrame({name: numbers(table[name]) for name in ("age", *lines)}).dropna(subset=["age"])
    rows = rows.sort_values("age", kind="stable")
    seen = rows.dropna(subset=["left_pct"])
    seen = seen.assign(text=[f"{spoken(pct)} %" for pct in seen["left_pct"]])[:: len(seen) // 16 + 1]
    foot = alt.Axis(
        title="Years since they began; dots: still here", tickMinStep=1, tickCount=10, domain=True
    )
    x = alt.X("age:Q", scale=alt.Scale(zero=False, nice=False, padding=12), axis=foot)
    rows[lines] = rows[lines].clip(0, 100)

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", axis=None, scale=amounts(0, 100))

    def end(name: str, text: str, dy: int) -> alt.Chart:
        last = rows[["age", name]].dropna().tail(1).assign(text=text)
        return data(last).mark_text(dx=12, dy=dy).encode(x, y(name), text=alt.Text("text:N"))

    apart = 9 if rows["fitted_pct"].dropna()[-1:].sum() < rows["simple_pct"].dropna()[-1:].sum() else -9
    base = data(rows).encode(x)
    dots = data(seen.assign(left_pct=seen["left_pct"].clip(0, 100))).encode(x, y("left_pct"))
    return picture(
        base.mark_line(strokeWidth=1.6, strokeDash=[2, 4], color=SOFT, aria=False).encode(y=y("simple_pct")),
        base.mark_line(aria=False).encode(y=y("fitted_pct")),
        base.mark_point(aria=False).encode(y=y("left_pct")),
        *haloed(dots.encode(text=alt.Text("text:N")), align="center", dy=-16),
        end("fitted_pct", "as they have stayed", apart),
        end("simple_pct", "at one constant rate", -apart),
        height=300,
        width=WIDTH - 180,
    )


def flows(table: pd.DataFrame) -> Trusted:
    """Value won against value lost: a bar of blocks each, one block a customer; hollow: worth unknown.

    `table`: kind (won or lost), name, profit.
    """
    kinds = ["won", "lost"]
    rows = pd.DataFrame({"kind": [*table["kind"]], "name": texts(table["name"])})
    rows["profit"] = numbers(table["profit"])
    rows = rows[rows["kind"].isin(kinds)].sort_values("profit", ascending=False, kind="stable")
    rows["row"], rows["unknown"] = rows["kind"].map(kinds.index), rows["profit"].isna()
    known_worth = rows["profit"].clip(lower=0).groupby(rows["row"]).sum()
    blanks = rows["unknown"].groupby(rows["row"]).sum().max()
    most = max([0.0, *known_worth]) or 1.0
    wide = rows["profit"].clip(lower=0).fillna(most / max(40, 2 * blanks))
    rows["right"] = wide.groupby(rows["row"]).cumsum()
    rows["left"] = rows["right"] - wide
    whole = max([most, *rows["right"]])
    rows["room"] = wide / whole * (WIDTH - 80) - 12
    rows["text"] = np.where(rows["unknown"], "?", rows["name"])
    rows.loc[rows["room"] < np.where(rows["unknown"], 0, 50), "text"] = ""
    said = [_sum(kind, rows[rows["kind"] == kind]) for kind in kinds]
    x = alt.X("left:Q", axis=None, scale=amounts(0, whole))
    y = names(["Won", "Lost"])
    full, hollow = (data(rows[rows["unknown"] == given]).encode(x, y) for given in (False, True))
    sums = data(pd.DataFrame({"row": [0, 1], "text": said})).encode(y)
    words = alt.Text("text:N")
    return picture(
        full.mark_bar(size=30, stroke="white", strokeWidth=2, aria=False).encode(x2=alt.X2("right:Q")),
        hollow.mark_bar(size=28, **HOLLOW, aria=False).encode(x2=alt.X2("right:Q")),
        full.mark_text(color="white", dx=8, limit=alt.ExprRef("datum.room")).encode(text=words),
        hollow.mark_text(dx=6).encode(text=words),
        sums.mark_text(fontSize=TYPE, dy=30).encode(x=alt.XValue(0), text=words),
        height=160,
        width=WIDTH - 80,
    )


def _sum(kind: str, own: pd.DataFrame) -> str:
    """Eight won: 137,000 a year, 1 not known."""
    unknown = int(own["unknown"].sum())
    note = f", {unknown:,} not known" if unknown else ""
    return f"{len(own):,} {kind}: {spoken(own['profit'].sum())} a year{note}"
