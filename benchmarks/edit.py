"""What the matrix page computes after one edit, in two trees in turns.

PYTHONPATH=. python benchmarks/edit.py OTHER [--customers 200] [--rounds 25]

OTHER is the folder of another commit, `git worktree add OTHER COMMIT`, of this layout or of the
one before there was a Book; packages that it needs and this one does not (for 2558cc1: filelock) go into a folder
of their own that PYTHONPATH names too. Each tree works in a process of its own, which is told one edit at a
time, and the time is that of its processor: other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = "<= 0.6"
EDITS = {
    "score": "a score of attractiveness",
    "strength": "a score of strength",
    "weight": "a weight",
}


def show(customers: int) -> Callable[[str, int], float]:
    """For the tree on the path: one edit, and the ms of everything that the page shows after it."""
    has_book = bool(importlib.util.find_spec("kamlib.workbook"))
    ground, models = ("kamlib.workbook.", "kamlib.models.") if has_book else ("kamlib.", "kamlib.")
    schema = import_module(f"{ground}schema" if has_book else "kamlib.tables")
    tables = schema.typed(import_module("benchmarks.books").text(customers))
    chosen = import_module(f"{ground}settings").of_workbook(tables, segment="main")
    names = ("profitability", "portfolio", "certainty")
    profitability, portfolio, certainty = (import_module(models + name) for name in names)
    scene = import_module("kamlib.charts").scene
    judged = getattr(certainty, "certainty", None) or import_module(models + "verdict").certainty_table
    shown = [profitability.drawn, portfolio.classes, judged]
    book = import_module(f"{ground}book").Book(tables, chosen) if has_book else None
    model = tables["scores"]["model"].to_numpy()
    first = {"score": 0, "strength": (model == "strength").argmax(), "weight": 0}

    def edit(what: str, number: int) -> float:
        name, column = ("factors", "weight") if what == "weight" else ("scores", "score")
        frame = tables[name].copy()
        row = first[what] + (0 if what == "weight" else number % 50)
        frame.loc[frame.index[row], column] = float(1 + number % 9)
        start = time.process_time()
        now = (book.having({name: frame}),) if book else ({**tables, name: frame}, chosen)
        points, *_ = [ask(*now) for ask in shown]
        scene(points, chosen.near_line)
        return (time.process_time() - start) * 1000

    return edit


def work(customers: int) -> None:
    """Do the edits that come in, a line each, and say how long each took."""
    edit = show(customers)
    for line in sys.stdin:
        what, number = line.split()
        gc.collect()
        print(edit(what, int(number)), flush=True)


def compare(other: Path, customers: int, rounds: int) -> str:
    """The table of this tree's times beside those of the other, which are the baseline."""
    from benchmarks.measure import Row, table

    more = os.environ.get("PYTHONPATH", "")  # what the other needs and this one does not
    command = [sys.executable, "-P", __file__, "--customers", str(customers), "--work"]
    processes = [
        subprocess.Popen(
            [*command, str(tree)],
            env={**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{more}", "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for tree in (ROOT, other.resolve())
    ]
    rows = []
    for what, words in EDITS.items():
        times = [[_asked(each, what, number) for each in processes] for number in range(rounds + 3)]
        mine, theirs = zip(*times[3:], strict=True)
        rows.append(Row(f"after {words}, {customers} customers", mine, theirs, TARGET))
    for process in processes:
        process.communicate()
    return table(f"everything the matrix page shows; baseline: {other}", rows)


def _asked(process: subprocess.Popen[str], what: str, number: int) -> float:
    assert process.stdin and process.stdout
    process.stdin.write(f"{what} {number}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.customers)
    else:
        print(compare(given.other, given.customers, given.rounds))
