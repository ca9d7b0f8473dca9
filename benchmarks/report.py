"""One report, as `kam report` writes it, against an empty notebook run by Papermill the same way.

Both are whole processes with a kernel of their own; they take turns.
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
    return table("one report; baseline: an empty notebook through Papermill in a fresh process", [row])


def _process(*arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
