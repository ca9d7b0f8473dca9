"""The models without a browser, against a bare numpy weighted sum of the same scores."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import books
from benchmarks.measure import Row, clock, interleaved, table
from kamlib import charts
from kamlib.app.desk import Desk
from kamlib.charts import boxes, labels
from kamlib.models import findings, kaism, portfolio, profitability, verdict
from kamlib.workbook import schema as tables
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book

REPEATS = 15


def run() -> str:
    rows = [row for size in books.SIZES for row in _models(size)]
    return "\n\n".join(
        [
            table("models; baseline: a bare numpy weighted sum", rows),
            table("one cell stored with desk.put, tables read again", list(_puts())),
        ]
    )


def _models(size: int) -> list[Row]:
    typed = tables.typed(books.text(size))
    chosen = settings.of_workbook(typed, segment="main")
    book = Book(typed, chosen)
    drawn = kaism.drawn(book)
    scores = typed["scores"]
    cells = scores.loc[scores["model"] == "attractiveness", "score"].to_numpy().reshape(size, -1)
    weights = np.array(books.WEIGHTS, float)
    dice = np.random.default_rng(2)
    x, y, radius = dice.random(size) * boxes.WIDTH, dice.random(size) * boxes.HEIGHT, np.full(size, 8.0)
    names, frame = drawn["name"].tolist(), (boxes.WIDTH, boxes.HEIGHT)

    def bare() -> np.ndarray:
        known = ~np.isnan(cells)
        return np.nan_to_num(cells) @ weights / (known @ weights)

    def another() -> Book:
        """The same workbook with one weight changed, as a slider asks for it."""
        factors = typed["factors"].copy()
        factors.loc[0, "weight"] = 1 + next(count) % 9
        return book.having({"factors": factors})

    def edited() -> Book:
        """The same workbook with one score changed."""
        other = scores.copy()
        other.loc[other.index[next(count) % 50], "score"] = float(1 + next(count) % 9)
        return book.having({"scores": other})

    def shown(now: Book) -> object:
        """Places, boxes and what is possible, the picture, suggestion beside decision, how sure and what would change it."""
        picture = charts.scene(profitability.drawn(now), chosen.near_line)
        return picture, portfolio.classes(now), verdict.certainty_table(now)

    count = itertools.count()
    works: dict[str, Callable[[], object]] = {
        "kaism.place": lambda: kaism.place(another()),
        "charts.scene": lambda: charts.scene(drawn),
        "labels.place": lambda: labels.place(x, y, radius, names, boxes.TYPE, frame, np.empty((0, 4))),
        "kaism.unknowns": lambda: kaism.unknowns(another()),
        "findings.find": lambda: findings.find(another()),
        "everything the matrix shows after a score": lambda: shown(edited()),
        "the same and the page's lists below it": lambda: [
            shown(now := edited()),
            findings.find(now),
            verdict.homework(now),
        ],
    }
    base, *times = interleaved(REPEATS, bare, *works.values())
    return [
        Row(
            f"{name}, {size} customers",
            taken,
            base,
            "<= 20 ms" if size == 200 and name.startswith("everything") else "",
        )
        for name, taken in zip(works, times, strict=True)
    ]


def _puts() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as folder:
        for size in books.SIZES[:2]:
            for kind in ("", ".kam", ".xlsx"):
                store, text = stores.load(books.make(Path(folder), size, kind))
                desk, count = Desk(store, text, segment="main"), itertools.count()
                times = clock(lambda desk=desk, count=count: _put(desk, count), REPEATS)
                rows.append(Row(f"{kind or 'folder of CSV'}, {size} customers", times))
    return rows


def _put(desk: Desk, count: itertools.count) -> None:
    score = 2 + next(count) % 8
    desk.put("scores", model="attractiveness", subject="c0000", factor="f0", score=str(score))
