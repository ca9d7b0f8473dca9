"""One report, as `kam report` writes it, against an empty notebook run by Papermill the same way; and a whole company.

Both are whole processes with a kernel of their own; they take turns. The company has 30 segments of 20 customers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import books
from benchmarks.measure import Row, interleaved, table
from tests.serving import ROOT, write_notebook

REPEATS = 5
EMPTY = "import sys, papermill; papermill.execute_notebook(*sys.argv[1:], progress_bar=False)"


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as name:
        folder = Path(name)
        workbook = books.make(folder, 40)
        empty = write_notebook(folder / "empty.ipynb", "# Empty", "")
        bare, mine = interleaved(
            REPEATS,
            lambda: _process("-c", EMPTY, str(empty), str(folder / "out.ipynb")),
            lambda: _process(
                "-m",
                "kamlib.cli",
                "report",
                str(workbook),
                "--notebook",
                "02_kaism",
                "--out",
                str(folder / "reports"),
            ),
        )
        size = (folder / "reports" / "kaism-main.html").stat().st_size
    row = Row("kam report, one segment of 40", mine, bare, "<= +2000", f"{size / 1000:.0f} kB")
    one = table("one report; baseline: an empty notebook through Papermill in a fresh process", [row])
    return f"{one}\n\n{company()}"


def company() -> str:
    """What a page costs in CPU seconds, kernels included, when all pages of a company are made in one run."""
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as name:
        folder = Path(name)
        workbook = books.make(folder, 600, segments=30)
        command = ("-m", "kamlib.cli", "report", str(workbook), "--out", str(folder / "reports"))
        first, again = _seconds(*command), _seconds(*command)
        count = len([*(folder / "reports").glob("*.html")]) - 1
    return (
        f"== a company of 30 segments, 20 customers each: {count} reports in one run\n"
        f"CPU seconds in all {first:.0f}, for each page {first / count:.2f} (target 1.2); once more, nothing changed: {again:.1f}"
    )


def _seconds(*arguments: str) -> float:
    before = os.times()
    _process(*arguments)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _process(*arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
