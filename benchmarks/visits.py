"""A hundred visits of every kind: how many kernels and how much memory are left when all have gone.

To a published dashboard and to a workshop, as `kam` starts them but with shorter patience.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from kamlib.reports import report
from kamlib.workbook import stores
from tests.serving import ROOT, Board, wait_until
from tests.test_serve import ask, connect, get, leave

ROUNDS, PATIENCE = 10, 15


def _closed(board: Board, page: str) -> None:
    _, headers, text = get(board.page(page))
    connect(board, text).close()
    leave(board, text, headers)


def _stormed(board: Board, page: str) -> None:
    for _ in range(3):
        ask(board, page).close()


# three of ten come without a browser, and one is three reloads
KINDS: tuple[Callable[[Board, str], Any], ...] = (
    lambda board, page: get(board.page(page), Cookie=""),  # curl, a link preview
    lambda board, page: get(board.page(page), "HEAD"),
    lambda board, page: get(board.page(page), **{"Sec-Purpose": "prefetch"}),
    lambda board, page: get(board.page(page)),  # a page that runs no script
    lambda board, page: connect(board, get(board.page(page))[2]).shutdown(),  # a tab is killed
    lambda board, page: connect(board, get(board.page(page))[2]).shutdown(),
    lambda board, page: HALF_READ.append(ask(board, page)),  # reads no more, and stays
    _closed,
    _closed,
    _stormed,
)
HALF_READ: list[Any] = []
WORDS = ("kernels", "their MB", "MB of the server", "open files")


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as folder:
        copied = report.publish_copy(str(ROOT / "data" / "tiny"), Path(folder))
        stores.copy(ROOT / "data" / "tiny", Path(folder) / "own.kam")
        rows = [
            _visited("publish", workbook=copied, read_only=True, spare=2),
            _visited("workshop", workbook=Path(folder) / "own.kam", spare=1),
        ]
    head = f"== {ROUNDS * len(KINDS)} visits, before and after (MB: PSS)"
    return "\n".join([head, *rows])


def _visited(name: str, **options: Any) -> str:
    with Board(ROOT / "notebooks", cull_seconds=PATIENCE, **options) as board:
        waiting = options.get("spare", 0)
        _visit(board, "02_kaism", KINDS[-3])  # what is loaded once is loaded now
        _settled(board, waiting)
        before, most = _state(board), 0
        for _ in range(ROUNDS):
            for visit in KINDS:
                _visit(board, "02_kaism", visit)
                most = max(most, len(board.kernels()))
        _settled(board, waiting)
        while HALF_READ:
            HALF_READ.pop().close()
        time.sleep(70)  # jupyter_server remembers a connection for a minute
        after = _state(board)
    parts = [f"{w} {b}, {a}" for w, b, a in zip(WORDS, before, after, strict=True)]
    return f"{name}: {'; '.join(parts)}; at most {most} kernels"


def _visit(board: Board, page: str, visit: Callable[[Board, str], Any]) -> None:
    """A visit, as soon as there is room."""
    wait_until(lambda: len(board.kernels()) < 30, 120, "room")
    visit(board, page)


def _settled(board: Board, waiting: int) -> None:
    """Only those that wait are left, and they are ready: nobody computes any more."""
    quiet: list[float] = []

    def still() -> bool:
        there = [psutil.Process(board.process.pid), *board.kernels()]
        busy = [sum(p.cpu_times()[:2]) for p in there]
        same = len(there) == waiting + 1 and sum(busy) - sum(quiet[-1:]) < 0.3 and bool(quiet)
        quiet.append(sum(busy))
        psutil.cpu_percent(1)
        return same

    wait_until(still, 240, f"{waiting} kernels that rest")


def _state(board: Board) -> tuple[int, int, int, int]:
    server, kernels = psutil.Process(board.process.pid), board.kernels()
    own, others = (sum(p.memory_full_info().pss for p in each) / 1e6 for each in ([server], kernels))
    return len(kernels), round(others), round(own), server.num_fds()
