"""All reports of a company of 30 segments, 20 customers each: in one run, each in a process of its own, and on a Dask cluster.

A scheduler and four workers, as the commands of Dask start them, talk over tcp on this computer. Whatever way a page
was made, its bytes must be the same.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import books
from tests.serving import ROOT, wait_until

SEGMENTS, WORKERS = 30, 4
DASK = "from dask.__main__ import main; main()"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as name:
        folder = Path(name)
        workbook = str(books.make(folder, 20 * SEGMENTS, segments=SEGMENTS))
        spent = _seconds()
        _report(workbook, folder / "run")
        first, whole = _seconds() - spent, _files(folder / "run")
        pages = sorted(name for name in whole if name.endswith(".html") and name != "index.html")
        spent = _seconds()
        _report(workbook, folder / "run")
        again, spent = _seconds() - spent, _seconds()
        with ThreadPoolExecutor(2) as two:
            [*two.map(lambda page: _single(workbook, folder / "single" / page), pages)]
        single = _seconds() - spent
        alone = {page: (folder / "single" / page / page).read_bytes() for page in pages}
        spent = _seconds()
        with _cluster(folder) as address:
            _report(workbook, folder / "cluster", "--cluster", address)
        shared, there = _seconds() - spent, _files(folder / "cluster")
    count = len(pages)
    return "\n".join(
        [
            f"== a company of {SEGMENTS} segments, 20 customers each: {count} reports; CPU seconds with the kernels",
            f"in one run                       {first:4.0f}, for each page {first / count:.2f} (target 1.2)",
            f"once more, nothing changed       {again:6.1f}",
            f"each in a process of its own     {single:4.0f}, for each page {single / count:.2f}: "
            f"{sum(alone[page] == whole[page] for page in pages)} of {count} the same bytes",
            f"Dask cluster of {WORKERS} workers        {shared:4.0f}, for each page {shared / count:.2f}: "
            f"{sum(there.get(each) == whole[each] for each in whole)} of {len(whole)} files the same bytes",
        ]
    )


OF = {
    "segmentation": "01_segmentation",
    "kaism": "02_kaism",
    "profitability": "03_profitability",
    "distinction": "04_pia",
    "certainty": "05_certainty",
    "programme": "07_programme",
}


def _single(workbook: str, out: Path) -> None:
    kind, _, segment = out.stem.partition("-")
    _report(workbook, out, "--notebook", OF[kind], "--segment", segment)


def _report(workbook: str, out: Path, *more: str) -> None:
    command = [sys.executable, "-m", "kamlib.cli", "report", workbook, "--out", str(out), *more]
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _seconds() -> float:
    """CPU seconds of all processes that have ended so far, and of what they have waited for."""
    now = os.times()
    return now.children_user + now.children_system


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[str]:
    """The address of a scheduler that has all its workers."""
    from distributed import Client

    said, command = folder / "scheduler.json", [sys.executable, "-c", DASK]
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    workers = [
        "worker",
        "--host",
        "127.0.0.1",
        "--nworkers",
        str(WORKERS),
        "--nthreads",
        "1",
        "--no-dashboard",
    ]
    started = [
        subprocess.Popen(
            [*command, *each, "--scheduler-file", str(said)],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for each in (scheduler, workers)
    ]
    try:
        wait_until(said.exists, what="the scheduler")
        with Client(scheduler_file=str(said)) as client:
            client.wait_for_workers(WORKERS, timeout=120)
            address = client.scheduler_info()["address"]
        yield address
    finally:
        for each in reversed(started):
            each.terminate()
            each.wait(60)
