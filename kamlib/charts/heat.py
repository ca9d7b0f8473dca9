"""Where the votes are apart, and where that could change a box: customers by factors, ringed where it matters."""

from __future__ import annotations

import altair as alt
import pandas as pd

from kamlib.charts.pixels import boxes, cut, shapes, sheet, words, wrapped
from kamlib.palette import INK, SOFT
from kamlib.scoring import one

LEFT, TALL, WIDEST, NARROWEST, TYPE, SMALL, HEAD = 200, 34, 108, 58, 15, 13, 62
ROOM, DARKEST = 900, 3.0  # points of standard deviation at which a cell is as dark as it gets


def heat(table: pd.DataFrame, title: str = "") -> alt.LayerChart:
    """A cell for each customer and factor: its grey is the standard deviation of the votes; a ring: it could change a box.

    `table` has customer, name, column (what was scored), spread (NaN for one vote) and could_change.
    """
    rows = table.drop_duplicates("customer")[["customer", "name"]].to_dict("records")
    columns = list(dict.fromkeys(table["column"]))
    wide = min(WIDEST, max(NARROWEST, ROOM / max(len(columns), 1)))
    top = HEAD + (30 if title else 0)
    at = {row["customer"]: top + n * TALL for n, row in enumerate(rows)}
    left = {column: LEFT + n * wide for n, column in enumerate(columns)}
    cells: list[dict] = []
    figures: list[dict] = []
    dark: list[dict] = []
    rings: list[dict] = []
    for row in table.to_dict("records"):
        x, y, spread = left[row["column"]], at[row["customer"]], row["spread"]
        says = f"{row['name']}, {row['column']}: {'one vote' if spread != spread else 'votes apart by ' + one(spread)}"
        cells.append(
            {
                "x": x + 1,
                "x2": x + wide - 1,
                "y": y + 1,
                "y2": y + TALL - 1,
                "fill": _grey(spread),
                "says": says,
            }
        )
        if spread == spread:
            (dark if spread > 2.3 else figures).append(
                {"x": x + wide / 2, "y": y + 22, "text": one(spread), "limit": 0}
            )
        if row["could_change"] == "yes":
            rings.append({"path": f"M{x + 2.5:.1f},{y + 2.5:.1f}h{wide - 5:.1f}v{TALL - 5}h{5 - wide:.1f}Z"})
    heads = [{"x": left[c] + wide / 2, "y": top - 8 - 15 * (len(lines) - 1 - k), "text": line, "limit": 0}
             for c in columns for lines in [wrapped(c, SMALL, wide - 6, 3)] for k, line in enumerate(lines)]  # fmt: skip
    names = [
        {"x": LEFT - 12, "y": at[r["customer"]] + 22, "text": cut(r["name"], TYPE, LEFT - 20), "limit": 0}
        for r in rows
    ]
    layers = [
        words([{"x": 0, "y": 18, "text": cut(title, 18, LEFT + ROOM), "limit": 0}], 18, fontWeight=700) if title else None,
        boxes(cells), words(figures, SMALL, align="center"), words(dark, SMALL, colour="white", align="center"),
        shapes(rings, filled=False, stroke=INK, strokeWidth=3), words(names, TYPE, align="right"),
        words(heads, SMALL, colour=SOFT, align="center"),
    ]  # fmt: skip
    return sheet(layers, LEFT + wide * max(len(columns), 1) + 6, top + TALL * max(len(rows), 1) + 6)


def _grey(spread: float) -> str:
    """White where all say the same, darker the farther they are apart; a single vote is nearly white."""
    part = 0.0 if spread != spread else min(spread / DARKEST, 1.0)
    value = round(247 - part * 170)
    return f"#{value:02x}{value:02x}{min(value + 4, 255):02x}"
