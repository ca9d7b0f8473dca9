"""The pictures of certainty: what swings, how far a weight can move, and how much benefit so many days reach."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib import charts
from kamlib.charts.palette import INK, MARKS
from kamlib.models.certainty.stability import CROSSINGS, STABILITY, SWINGS
from tests.drawings import drawn, to_paper, words

NASTY = "<img src=x onerror=alert(1)> " * 4


def swings(*rows: tuple) -> pd.DataFrame:
    """Rows of axis, kind, label, now, less, more and crosses."""
    given = pd.DataFrame(rows, columns=["axis", "kind", "label", "now", "less", "more", "crosses"])
    return given.assign(said="In words").reindex(columns=SWINGS)


def test_a_bar_that_crosses_the_line_is_ink_and_the_others_are_not():
    rows = [
        ("attractiveness", "score", "Growth", 0.5, 1.5, -0.5, True),
        ("strength", "weight", "Price", 1.0, 0.5, 1.5, False),
    ]
    chart = charts.tornado(swings(*rows))
    bars = [(row["row"], row["low"], row["high"], row["colour"] == INK) for row in drawn(chart, "bar")]
    assert bars == [(1, -0.5, 1.5, True), (3, 0.5, 1.5, False)]
    assert [row["now"] for row in drawn(chart, "tick")] == [0.5, 1.0]
    said = {
        "Attractiveness",
        "Growth: score ± 1",
        "Strength in its eyes",
        "Price: weight × ½ to × 2",
        "+0.5 to +1.5",
    }
    assert said <= {*words(chart)}


def test_of_many_swings_eight_are_drawn_on_each_axis():
    rows = [
        (axis, "score", NASTY, 0.0, -1.0, 1.0, True)
        for axis in ("attractiveness", "strength")
        for _ in range(40)
    ]
    chart = charts.tornado(swings(*rows))
    assert len(drawn(chart, "bar")) == 16 and "<img" not in to_paper(chart)
    assert to_paper(charts.tornado(swings()))


def stability(count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """So many weights, each crossed by a customer of every category."""
    weights = pd.DataFrame(
        {"factor": [f"f{n}" for n in range(count)], "segment": "s", "label": NASTY, "share": 20.0}
    )
    weights = weights.assign(low=10.0, high=60.0, words="In words").reindex(columns=[*STABILITY, "words"])
    boxes = pd.DataFrame({"box": [*MARKS], "at": [10.0 * n for n in range(len(MARKS))], "name": NASTY})
    return weights, weights[["segment", "factor", "share"]].merge(boxes, how="cross").reindex(
        columns=CROSSINGS
    )


def test_whoever_changes_box_is_a_mark_in_the_shape_and_colour_of_its_box():
    chart = charts.strips(*stability(2))
    marks = drawn(chart, "point")
    assert [(row["row"], row["at"]) for row in marks[:2]] == [(0, 0), (0, 10)] and len(marks) == 2 * len(
        MARKS
    )
    assert {(row["shape"], row["colour"]) for row in marks} == {(m.shape, m.colour) for m in MARKS.values()}
    assert "now 20 %" in words(chart) and "In words" in charts.svg(chart)


@pytest.mark.parametrize("count", [0, 40])
def test_any_number_of_weights_reaches_the_paper(count):
    assert "<img" not in to_paper(charts.strips(*stability(count)))


def test_the_stair_rises_where_an_account_comes_in_and_names_have_room():
    rows = [(10.0 * n, 2.5 * n, NASTY if n % 2 else f"Account {n}") for n in range(1, 41)]
    chart = charts.frontier(
        pd.DataFrame([*rows, (float("nan"), 5.0, "Gone")], columns=["capacity", "share_pct", "stays"]), 200
    )
    stair = [(row["days"], row["share"]) for row in drawn(chart, "line")]
    assert stair[:2] == [(10, 0), (10, 2.5)] and stair[-1] == (pytest.approx(416), 100) and len(stair) == 42
    assert "200 days left for them: 50 %" in words(chart) and "Gone" not in words(chart)
    assert 5 < len(drawn(chart, "text")) / 2 < 40 and "<img" not in to_paper(chart)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1e300, -5.0, 0.0])
def test_a_stair_of_odd_figures_reaches_the_paper(odd):
    table = pd.DataFrame({"capacity": [odd, 5.0], "share_pct": [5.0, odd], "stays": ["A", None]})
    for today in (None, odd):
        assert to_paper(charts.frontier(table, today))
