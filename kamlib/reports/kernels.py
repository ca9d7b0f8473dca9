"""A kernel of its own for each page of a report: started apart, ended whatever happens."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kamlib.errors import KamError


def folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder for what the kernels need; the path of a socket has to be short."""
    long = os.name == "posix" and len(os.fsencode(tempfile.gettempdir())) > 64
    return tempfile.TemporaryDirectory(prefix="kam-report-", dir="/tmp" if long else None)  # noqa: S108


def execute(notebook: Any, folder: Path) -> None:
    """Run the cells of a notebook in a kernel of their own; whatever ends the waiting ends the kernel too."""
    left, busy = threading.Event(), threading.Lock()

    def work() -> None:
        with busy:
            if not left.is_set():
                asyncio.run(_until(left, _cells(notebook, folder)))

    with ThreadPoolExecutor(1) as thread:  # where no signal can come between a kernel and its end
        try:
            thread.submit(work).result()
        finally:
            left.set()
            with busy:  # a thread that was begun has ended now, one that was not will do nothing
                pass


async def _until(left: threading.Event, work: Any) -> None:
    task = asyncio.ensure_future(work)
    while not (task.done() or left.is_set()):
        await asyncio.wait({task}, timeout=0.05)
    task.cancel()
    await task


async def _cells(notebook: Any, folder: Path) -> None:
    """Raises KamError where a cell does, and where the kernel is killed."""
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    ours = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, ours)), "IPYTHONDIR": str(folder),
                        "PYDEVD_DISABLE_FILE_VALIDATION": "1", "KAM_READ_ONLY": "1", "KAM_LIFE": "paper"}  # fmt: skip
    kernel = AsyncKernelManager(kernel_name="python3", transport="ipc" if os.name == "posix" else "tcp",
                                connection_file=str(folder / "k"))  # fmt: skip
    client = NotebookClient(notebook, km=kernel)
    try:
        await client.async_start_new_kernel(
            cwd=str(folder), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await client.async_start_new_kernel_client()
        for number, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, number)
    except CellExecutionError as error:
        raise KamError(f"The report could not be made: {error.evalue}") from None
    except (RuntimeError, OSError):
        raise KamError("The process that makes it was ended or never answered.",
                       hint="Is there enough memory?") from None  # fmt: skip
    finally:
        if client.kc:
            client.kc.stop_channels()
        await kernel.shutdown_kernel(now=True)
