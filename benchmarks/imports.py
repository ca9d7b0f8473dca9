"""Importing the models against importing pandas, which they are made of: whole processes, in turns.

Both from their byte code, which is how an installed package is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.measure import Row, interleaved, table
from tests.serving import ROOT

REPEATS = 15


def run() -> str:
    bare, mine = interleaved(REPEATS, lambda: _process("pandas"), lambda: _process("kamlib.models.kaism"))
    row = Row("import kamlib.models.kaism", mine, bare, "<= 1.15")
    return table("importing; baseline: import pandas", [row])


def _process(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True, env=environment)
