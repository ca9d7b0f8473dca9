"""Kernels that run one notebook after another, each as if it were their first; what ends the waiting ends them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from kamlib.errors import KamError

# what is imported and what the models answered stays, and need not be searched for garbage again
FRESH = "%reset -f\n__import__('gc').freeze()\n__import__('os').chdir({!r})"


class Pool:
    """As many kernels as are needed at once. One that has died is replaced; at the end none is left."""

    def __init__(self) -> None:
        # the path of a socket has to be short
        long = os.name == "posix" and len(os.fsencode(tempfile.gettempdir())) > 64
        self._place = tempfile.TemporaryDirectory(prefix="kam-report-", dir="/tmp" if long else None)  # noqa: S108
        self.folder = Path(self._place.name)
        self._every: list[Kernel] = []
        self._free: list[Kernel] = []
        self._lock, self._closed = threading.Lock(), False

    def execute(self, told: Any, cwd: Path | None = None, **options: Any) -> None:
        """Run the notebook of Papermill's execution manager. Raises KamError where the kernel is killed."""
        kernel = self._take()
        try:
            kernel.run(told, cwd or self.folder, options)
        except BaseException:
            kernel.end()
            raise
        self._free.append(kernel)

    def _take(self) -> Kernel:
        with self._lock:
            if self._closed:
                raise KamError("The process that makes it was ended.")
            if self._free:
                return self._free.pop()
            self._every.append(Kernel(self.folder / f"k{len(self._every)}"))
            return self._every[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """End all kernels, also those that run something."""
        with self._lock:
            self._closed = True
        for kernel in self._every:
            kernel.end()
        self._place.cleanup()


class Kernel:
    """A process with a thread that talks to it, where no signal can come between its beginning and its end."""

    def __init__(self, connection: Path) -> None:
        self._connection, self._left = connection, threading.Event()
        self._ending, self._ended = threading.Lock(), False
        self._thread, self._loop = ThreadPoolExecutor(1), asyncio.Runner()
        self._manager: Any = None
        self._client: Any = None

    def run(self, told: Any, cwd: Path, options: dict[str, Any]) -> None:
        """Run the cells of a notebook up to one that fails."""
        self._do(lambda: self._until_left(self._cells(told, cwd, options)))

    def end(self) -> None:
        """End the process, also while it runs something."""
        self._left.set()
        with self._ending:
            if not self._ended:
                self._ended = True
                self._do(self._shutdown)
                self._thread.submit(self._loop.close).result()
                self._thread.shutdown()

    def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._thread.submit(lambda: self._loop.run(work())).result()

    async def _until_left(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        while not (task.done() or self._left.is_set()):
            await asyncio.wait({task}, timeout=0.05)
        task.cancel()
        await task

    async def _cells(self, told: Any, cwd: Path, options: dict[str, Any]) -> None:
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
        from nbformat.v4 import new_code_cell, new_notebook
        from papermill.clientwrap import PapermillNotebookClient

        try:
            await self._start(cwd)
            first = new_notebook(cells=[new_code_cell(FRESH.format(str(cwd)))])
            before = NotebookClient(first, km=self._manager)
            client = PapermillNotebookClient(told, km=self._manager, **options)
            before.kc = client.kc = self._client
            await before.async_execute_cell(first.cells[0], 0, store_history=False)
            for number, cell in enumerate(told.nb.cells):
                told.cell_start(cell, number)
                try:
                    await client.async_execute_cell(cell, number)
                except CellExecutionError as error:
                    told.cell_exception(cell, cell_index=number, exception=error)
                    break
                finally:
                    told.cell_complete(cell, cell_index=number)
        except (RuntimeError, OSError):
            raise KamError(
                "The process that makes it was ended or never answered.", hint="Is there enough memory?"
            ) from None

    async def _start(self, cwd: Path) -> None:
        from jupyter_client.manager import AsyncKernelManager

        if self._client:
            return
        ours = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")]
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, ours)),
            "IPYTHONDIR": str(self._connection.parent),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "KAM_READ_ONLY": "1",
            "KAM_LIFE": "paper",
        }
        self._manager = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc" if os.name == "posix" else "tcp",
            connection_file=str(self._connection),
        )
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        await self._manager.start_kernel(cwd=str(cwd), env=env, **quiet)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.allow_stdin = False
        await self._client.wait_for_ready(timeout=60)

    async def _shutdown(self) -> None:
        if self._client:
            self._client.stop_channels()
        if self._manager:
            await self._manager.shutdown_kernel(now=True)
