"""Draw the pictures of the README from the insurer example: `.venv/bin/python tools/draw_pictures.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kamlib import charts  # noqa: E402
from kamlib.models import kaism, profitability, results, verdict  # noqa: E402

FOLDER = ROOT / "docs"
EXAMPLE = ROOT / "data" / "insurer"


def pictures() -> Iterator[tuple[str, Any]]:
    """The name of each picture, and its chart."""
    book = results.opened(str(EXAMPLE), segment="broker_networks")
    yield "matrix.svg", charts.matrix(verdict.drawn(book), kaism.MATRIX, book.settings.near_line)
    everybody = profitability.customers(results.opened(str(EXAMPLE)))
    yield "whale.svg", charts.whale(profitability.ranked(everybody))


if __name__ == "__main__":
    for name, chart in pictures():
        (FOLDER / name).write_text(charts.svg(chart), encoding="utf-8", newline="\n")
