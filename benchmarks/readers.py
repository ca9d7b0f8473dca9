"""Ten readers at once, each page alone, and what a first visit brings: seconds, CPU seconds and megabytes of a dashboard."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import async_playwright

from kamlib.reports import report
from tests.serving import NOTEBOOKS, ROOT, WHOLE, Board, find_chromium

READERS, SLOW_MS = 10, 600_000
READY = "() => document.body?.dataset.kam === 'ready' && !!document.querySelector('.kam-chart svg, .picture svg, table')"


def run() -> str:
    return asyncio.run(_run())


async def _run() -> str:
    lines = [f"== a dashboard of the insurer: {READERS} readers at once, then one page after the other"]
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as folder:
        copied = report.publish_copy(str(ROOT / "data" / "insurer"), Path(folder))
        with Board(NOTEBOOKS, workbook=copied, read_only=True, spare=2) as board:
            async with async_playwright() as starter:
                chromium = await starter.chromium.launch(
                    executable_path=find_chromium(), args=["--no-sandbox"]
                )
                contexts = [await chromium.new_context() for _ in range(READERS)]
                await _settled(board)
                before, began = _cpu(board), time.perf_counter()
                times = await asyncio.gather(*(_open(c, board.page("02_kaism")) for c in contexts))
                whole = time.perf_counter() - began
                kernels = board.kernels()
                memory = sum(k.memory_full_info().pss for k in kernels) / 1e6
                lines.append(
                    f"first {min(times):.1f} s, last {max(times):.1f} s, with all their parts {whole:.1f} s; {_cpu(board) - before:.1f} CPU s of the server and its kernels; "
                    f"{len(kernels)} kernels, {memory:.0f} MB"
                )
                for context in contexts:
                    await context.close()
                for page in [p.stem for p in sorted(NOTEBOOKS.glob("*.ipynb"))] * 2:
                    await _settled(board)
                    context, sent = await chromium.new_context(), await _relayed(board.port)
                    address = board.page(page).replace(f":{board.port}", f":{sent.port}")
                    took = await _open(context, address)
                    lines.append(f"{page:<17} {took:4.1f} s, {sent.count / 1e6:.1f} MB with all of its parts")
                    await context.close()
                await chromium.close()
    return "\n".join(lines)


async def _open(context: Any, address: str) -> float:
    page, began = await context.new_page(), time.perf_counter()
    await page.goto(address, wait_until="commit", timeout=SLOW_MS)
    await page.wait_for_function(READY, timeout=SLOW_MS)
    took = time.perf_counter() - began
    await page.wait_for_function(WHOLE, timeout=SLOW_MS)
    return took


def _cpu(board: Board) -> float:
    root = psutil.Process(board.process.pid)
    gone = root.cpu_times()
    return sum(gone[:4]) + sum(sum(p.cpu_times()[:2]) for p in root.children(recursive=True))


async def _settled(board: Board) -> None:
    """Nobody computes any more; the nursery opens another page after five quiet seconds."""
    last, quiet = _cpu(board), 0
    while quiet < 4:
        await asyncio.sleep(2)
        now = _cpu(board)
        last, quiet = now, quiet + 1 if now - last < 0.2 else 0


class _relayed:  # noqa: N801 (awaited like a function)
    """A relay before a port that counts what comes back."""

    def __init__(self, port: int) -> None:
        self.to, self.count, self.port = port, 0, 0

    def __await__(self) -> Any:
        return self._start().__await__()

    async def _start(self) -> _relayed:
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return self

    async def _pass(self, reader: Any, writer: Any) -> None:
        other, there = await asyncio.open_connection("127.0.0.1", self.to)
        await asyncio.gather(
            self._copy(reader, there, 0), self._copy(other, writer, 1), return_exceptions=True
        )

    async def _copy(self, source: Any, target: Any, counts: int) -> None:
        while block := await source.read(65_536):
            self.count += counts * len(block)
            target.write(block)
            await target.drain()
        target.close()
