"""The matrix as a picture: a table in, an Altair chart out.

What moves lives in the parameters `view` and `points`: a live chart is pushed new values, never replaced.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts import labels, marks
from kamlib.charts.marks import HEIGHT, SMALL, TYPE, WIDTH
from kamlib.charts.palette import FONT, INK, LINE
from kamlib.charts.paper import Trusted
from kamlib.charts.pixels import width_of, wrapped
from kamlib.models.matrix import Matrix

# customers that fit before a live chart is made anew; rooms come by the hundred
SPARE, ROOM = 40, 100
SMALLEST, LARGEST = 90.0, 520.0
LONG, FAR = 190.0, 16.0  # a longer name stands in two lines; a name farther from its dot gets a leader


def matrix(table: pd.DataFrame, shown: Matrix, near: float = 0.5, size: str = "revenue") -> alt.LayerChart:
    """The matrix as a picture: dots by box, the lines, the bands that are too close to call.

    `table` is what `kaism.drawn` gives (or the same columns of another model): name, y, y_line, x,
    box, status, on_line, near_line, the least and greatest distances, and optionally revenue, was_x,
    was_y, eaten (part of its gross profit that goes into serving it: an arc around the dot), about (a
    tooltip), and what `portfolio.drawn` adds: the category gives colour and shape, the note goes with the
    name, stands is said, key stands below. Hollow: not all scores are known. Dotted: where it stood. Size:
    the column named `size`.
    """
    view, points = scene(table, near, size, shown)
    chart = _empty(shown, rooms(len(table))).copy(deep=False)
    values = {"view": view, "points": points, "chosen": ""}
    others = [param for param in chart.params if getattr(param, "name", None) not in values]
    chart.params = [*(alt.VariableParameter(name=n, value=v) for n, v in values.items()), *others]
    return chart


def rooms(customers: int) -> int:
    """For how many customers a live matrix of so many is made: some may be added before it is made anew."""
    return -(-(customers + SPARE) // ROOM) * ROOM


@functools.cache
def _empty(shown: Matrix, count: int) -> alt.LayerChart:
    """The picture without its values, made once: Altair takes a quarter of a second over it."""
    dots = marks.dots(count)
    picked = alt.selection_point(name="picked", fields=["id"], on="click", clear=False, empty=False)
    layers = [
        *marks.background(shown),
        *marks.ranges(dots),
        *marks.trails(dots),
        *marks.rings(dots),
        marks.arcs(dots),
        marks.symbols(dots).add_params(picked),
        *marks.names(dots, _type(shown)),
    ]
    config = alt.Config(font=FONT, padding=4, view=alt.ViewConfig(stroke=LINE))
    look = {"orient": "bottom", "anchor": "start", "fontWeight": "normal"}
    key = alt.TitleParams(alt.ExprRef("split(view.key, '\\n')"), color=INK, fontSize=SMALL, **look)
    return Trusted(layer=layers, title=key, width=WIDTH, height=HEIGHT, usermeta={}, config=config)


GONE = ["ruled_out", "unscored"]
PLACED = (
    "name",
    "status",
    "box",
    "x",
    "y",
    "y_line",
    "y_low",
    "y_high",
    "x_low",
    "x_high",
    "no_rival",
    "near_line",
    "on_line",
    "was_x",
    "was_y",
    "eaten",
    "about",
    "category",
    "stands",
    "note",
)


def scene(
    table: pd.DataFrame, near: float = 0.5, size: str = "revenue", shown: Matrix | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The live parameters: the view (lines, limits, key) and one record a drawn subject."""
    gone = np.isin(table["status"].to_numpy(object).astype(str), GONE)
    known = table[~gone].reset_index(drop=True) if gone.any() else table
    view: dict[str, Any] = _view(known, near, shown is None or shown.balanced) | {
        "key": "".join(table.get("key", [])[:1])
    }
    return view, _points(known, view, size, shown.subject if shown else "customer", _type(shown))


def _type(shown: Matrix | None) -> int:
    return SMALL if shown and shown.long_names else TYPE


def _view(table: pd.DataFrame, near: float, balanced: bool) -> dict[str, float]:
    """Limits that rarely change while weights move: whole numbers around the dots."""
    line, low, high = _limits(table, "y")
    if balanced:
        span = max(3.0, math.ceil(float(np.nanmax(np.abs([0.0, *table["x"]]))) + 0.4))
        across, left, right = 0.0, -span, span
    else:
        across, left, right = _limits(table, "x")
    ends = {"low": low, "high": high, "left": left, "right": right}
    return {"line": line, "near": near, "across": across} | ends


def _limits(table: pd.DataFrame, axis: str) -> tuple[float, float, float]:
    """The line of an axis of scores from 1 to 10, and where the picture begins and ends."""
    columns = (table[c].to_numpy(float) for c in (axis, f"{axis}_line"))
    known, lines = (column[~np.isnan(column)] for column in columns)
    low = min(4.0, math.floor(float(known.min(initial=5.0)) - 0.4))
    high = max(9.0, math.ceil(float(known.max(initial=5.0)) + 0.4))
    return float(lines[0]) if len(lines) else 5.5, low, min(high, 10.5)


def _points(
    table: pd.DataFrame, view: dict[str, float], by: str, subject: str, type_: int
) -> list[dict[str, Any]]:
    cells = {c: table[c].to_numpy() for c in (*PLACED, subject) if c in table}
    nowhere = np.full(len(table), math.nan)
    beside, hollow = cells.get("no_rival", False), cells["status"] == "undetermined"
    aside = view["right"] - 0.03 * (view["right"] - view["left"])
    x = np.where(beside, aside, np.where(np.isnan(cells["x"]), view["across"], cells["x"]))
    y = np.where(np.isnan(cells["y"]), cells["y_line"], cells["y"])
    y0, y1 = (np.clip(cells["y_line"] + cells[c], view["low"], view["high"]) for c in ("y_low", "y_high"))
    x0, x1 = (np.clip(view["across"] + cells[c], view["left"], view["right"]) for c in ("x_low", "x_high"))
    size = _sizes(table, by)
    left, top = _pixels_x(x, view), _pixels_y(y, view)
    bars = np.column_stack(
        [
            np.concatenate([_pixels_x(x0, view), left - 3]),
            np.concatenate([top - 3, _pixels_y(y1, view)]),
            np.concatenate([_pixels_x(x1, view), left + 3]),
            np.concatenate([top + 3, _pixels_y(y0, view)]),
        ]
    )[np.tile(hollow, 2)]
    silent = np.full(len(table), "")
    names = [
        "\n".join(filter(None, [*wrapped(str(name), type_, LONG, 2), note and f"({note})"]))
        for name, note in zip(cells["name"], cells.get("note", silent), strict=True)
    ]
    said, about = (
        [
            " · ".join(filter(None, [str(w), s]))
            for w, s in zip(words, cells.get("stands", silent), strict=True)
        ]
        for words in (cells["name"], cells.get("about", cells["name"]))
    )
    radius = np.sqrt(size) / 2 + 6
    at = labels.place(left, top, radius, names, type_, (WIDTH, HEIGHT), _corner_boxes(bars, view))
    lead = _leaders(left, top, radius, at, names, type_)
    lift = np.array([name.count("\n") for name in names]) * type_ * labels.HEIGHT / 2  # to its first line
    numbers = {
        "x": x,
        "y": y,
        "size": size,
        "lx": _units_x(at[:, 0], view),
        "ly": _units_y(at[:, 1] - lift, view),
        "ex": _units_x(lead[:, 0], view),
        "ey": _units_y(lead[:, 1], view),
        "y0": y0,
        "y1": y1,
        "x0": x0,
        "x1": x1,
        "wx": cells.get("was_x", nowhere),
        "wy": cells.get("was_y", nowhere),
        "eaten": np.clip(cells.get("eaten", nowhere).astype(float), 0, 1),
    }
    columns = {
        "id": cells[subject],
        "name": names,
        "said": said,
        "about": about,
        "box": cells.get("category", cells["box"]),
        "hollow": hollow.tolist(),
        "near": (cells["near_line"] | cells["on_line"]).tolist(),
        **{c: _rounded(of) for c, of in numbers.items()},
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _pixels_x(x: np.ndarray, view: dict[str, float]) -> np.ndarray:
    return (x - view["left"]) / (view["right"] - view["left"]) * WIDTH


def _pixels_y(y: np.ndarray, view: dict[str, float]) -> np.ndarray:
    return (view["high"] - y) / (view["high"] - view["low"]) * HEIGHT


def _units_x(pixels: np.ndarray, view: dict[str, float]) -> np.ndarray:
    return view["left"] + pixels / WIDTH * (view["right"] - view["left"])


def _units_y(pixels: np.ndarray, view: dict[str, float]) -> np.ndarray:
    return view["high"] - pixels / HEIGHT * (view["high"] - view["low"])


def _rounded(values: np.ndarray) -> list[float | None]:
    """To four decimals, None where there is no number."""
    made = np.round(values.astype(float), 4).tolist()
    return [None if v != v else v for v in made] if np.isnan(values).any() else made


def _leaders(
    left: np.ndarray, top: np.ndarray, radius: np.ndarray, at: np.ndarray, names: list[str], type_: int
) -> np.ndarray:
    """Where the leader to a name ends that stands far from its dot (n x 2), NaN for the others."""
    lines = [name.split("\n") for name in names]
    wide = np.array([max(width_of(line, type_) for line in part) for part in lines]) * 0.94
    tall = np.array([len(part) * labels.HEIGHT * type_ for part in lines])
    x = np.clip(left, at[:, 0], at[:, 0] + wide)
    y = np.clip(top, at[:, 1] - tall / 2, at[:, 1] + tall / 2)
    near = ~(np.hypot(x - left, y - top) > radius + FAR)
    return np.where(near[:, None], math.nan, np.column_stack([x, y]))


def _corner_boxes(bars: np.ndarray, view: dict[str, float]) -> np.ndarray:
    """What names must keep clear of besides the dots: the range bars, the words in the corners and at the lines."""
    wide, tall = 190, 46
    x, y = float(_pixels_x(np.array(view["across"]), view)), float(_pixels_y(np.array(view["line"]), view))
    beside = x - 170 if x > marks.ASIDE * WIDTH else x
    corners = [(a, b, a + wide, b + tall) for a in (0, WIDTH - wide) for b in (0, HEIGHT - tall)]
    along = [
        (0, y - 20, wide, y),
        (WIDTH - wide, y - 20, WIDTH, y),
        (beside, 0, beside + 170, 20),
        (beside, HEIGHT - 20, beside + 170, HEIGHT),
    ]
    lines = [(0, y - 1, WIDTH, y + 1), (x - 1, 0, x + 1, HEIGHT)]
    return np.vstack([bars, np.array([*corners, *along, *lines], dtype=float)])


def _sizes(table: pd.DataFrame, by: str) -> np.ndarray:
    """Areas by a column where it is known; the smallest for what is unknown or below zero."""
    money = table[by].to_numpy(float) if by in table else np.full(len(table), math.nan)
    money = np.where(np.isfinite(money), np.maximum(money, 0.0), math.nan)
    most = np.fmax.reduce(money, initial=0.0)
    if not most > 0:
        return np.full(len(table), 200.0)
    return np.nan_to_num(SMALLEST + (LARGEST - SMALLEST) * money / most, nan=SMALLEST)
