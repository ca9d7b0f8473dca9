"""Spare kernels: started, and with the slow imports done, before a page asks for one; none has run a cell of a page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from contextvars import ContextVar
from typing import Any

from jupyter_client.session import new_id
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import ApiPath
from traitlets import Int

from kamlib.app.nursery import Forked

# the kernels of the page that is being opened in this task, for whoever opens it
opening: ContextVar[list[str]] = ContextVar("opening")
visitor: ContextVar[str] = ContextVar("visitor", default="")  # who it is, as the trusted proxy says
REFILL_SECONDS = 3  # the page that took the spare opens first
# on a shipped example: what waits has not read the workbook
WARM_UP = "__import__('importlib').import_module('kamlib.reports.report').rehearse()"


class SpareKernels(AsyncMappingKernelManager):
    """Gives a page a spare kernel if there is one, starts the next; ends those whose page is gone."""

    spares = Int(0, config=True, help="How many kernels wait.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._spare: list[asyncio.Task[str]] = []
        self._warming: dict[str, asyncio.Task[None]] = {}
        self.pages: set[Any] = set()  # opening or connecting, each with its `own` kernels
        self._seen: dict[str, float] = {}  # when each kernel was last free, opening or connected

    def free(self) -> set[str]:
        """The kernels that no page has taken yet."""
        return {task.result() for task in self._spare if task.done() and not _failed(task)}

    def taken(self) -> int:
        """How many pages have a kernel, or wait for one."""
        return len(self) - len(self.free()) + sum(not page.own for page in self.pages)

    def fill(self) -> None:
        """Start spares until there are enough."""
        while len(self._spare) < self.spares:
            self._spare.append(asyncio.create_task(self._start_spare()))

    async def _start_spare(self) -> str:
        kernel_id = await super().start_kernel(kernel_name="python3", path=ApiPath(""), env=dict(os.environ))
        task = self._warming[kernel_id] = asyncio.create_task(
            self._run(kernel_id, "" if Forked.nursery else WARM_UP)
        )
        task.add_done_callback(lambda _: self._warming.pop(kernel_id))
        return kernel_id

    async def _run(self, kernel_id: str, code: str) -> None:
        client = self.get_kernel(kernel_id).client()
        client.session = client.session.clone()
        client.session.session = new_id()  # else the page's own client, of the same name, is not heard
        client.start_channels()
        try:
            with contextlib.suppress(Exception):  # a page's own imports will tell
                await ensure_async(client.wait_for_ready(timeout=60))
                reply = client.execute(code, silent=True, store_history=False, reply=True, timeout=60)
                await ensure_async(reply)
        finally:
            client.stop_channels()

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        who = {"KAM_WHO": visitor.get()} if visitor.get() else {}
        if kernel_id := await self._take_spare():
            if who:
                await self._run(kernel_id, f"import os; os.environ.update({who!r})")
        else:
            kernel_id = await super().start_kernel(**kwargs | {"env": kwargs.get("env", {}) | who})
        opening.get([]).append(kernel_id)
        return kernel_id

    async def _take_spare(self) -> str | None:
        while self._spare:
            with contextlib.suppress(Exception):
                kernel_id = await self._spare.pop(0)
                asyncio.get_running_loop().call_later(REFILL_SECONDS, self.fill)
                if await self.lives(kernel_id):
                    return kernel_id
                await self.end(kernel_id, now=True)
        return None

    async def end(self, kernel_id: str, now: bool = False) -> None:
        if kernel_id in self._warming:
            self._warming[kernel_id].cancel()
        if kernel_id in self:
            await ensure_async(self.shutdown_kernel(kernel_id, now=now))

    async def lives(self, kernel_id: str) -> bool:
        return kernel_id in self and bool(await ensure_async(self.get_kernel(kernel_id).is_alive()))

    async def cull_kernels(self) -> None:
        """End every kernel to which no page has been connected for `cull_idle_timeout` seconds.

        What it computes or sends does not count: with nobody connected, nobody sees it.
        """
        now, there = time.monotonic(), self.list_kernel_ids()
        used = self.free() | {k for k, lines in self._kernel_connections.items() if lines}
        used |= {k for page in self.pages for k in page.own}
        self._seen = {k: now if k in used else self._seen.get(k, now) for k in there}
        gone = [k for k, seen in self._seen.items() if now - seen > self.cull_idle_timeout]
        await asyncio.gather(*(self.end(k, now=True) for k in gone), return_exceptions=True)

    async def shutdown_all(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        self.spares = 0
        # One half started is in no list yet: ended now, its process would stay.
        await asyncio.gather(*self._spare, return_exceptions=True)
        for task in self._warming.values():
            task.cancel()
        await ensure_async(super().shutdown_all(*args, **kwargs))


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
