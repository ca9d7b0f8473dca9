"""A thousand requests a second for the static site, from nginx, while ten readers open the live dashboard: what each costs.

The load (`load.py`) comes from a process of its own and asks for each file of the site in turn.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import async_playwright

from benchmarks import load
from benchmarks.readers import READERS, _cpu, _open, _settled
from kamlib.reports import report, site
from tests.serving import NOTEBOOKS, ROOT, Board, find_chromium, wait_until
from tests.test_operating import free

RATE, SECONDS = 1000, 20
NGINX = """daemon off; worker_processes 2; pid {place}/pid; error_log {place}/error.log;
events {{}}
http {{
    access_log off; sendfile on; keepalive_requests 1000000; types {{ text/html html; image/svg+xml svg; text/csv csv; }}
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    server {{ listen 127.0.0.1:{port}; root {site}; }}
}}"""


def run() -> str:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    return asyncio.run(_run(nginx)) if nginx else "front: no nginx on this computer, so nothing was measured."


async def _run(nginx: str) -> str:
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as name:
        place, (port,) = Path(name), free(1)
        insurer = str(ROOT / "data" / "insurer")
        pages = [*site.write(insurer, place / "site")]
        size = sum(p.stat().st_size for p in (place / "site").rglob("*") if p.is_file())
        (place / "site").chmod(0o755)
        place.chmod(0o755)  # the workers of nginx are nobody
        (place / "nginx.conf").write_text(NGINX.format(place=place, site=place / "site", port=port))
        front = subprocess.Popen([nginx, "-c", place / "nginx.conf", "-p", place], stderr=subprocess.DEVNULL)
        copied = report.publish_copy(insurer, place)
        try:
            wait_until((place / "pid").exists, what="nginx")
            with Board(NOTEBOOKS, workbook=copied, read_only=True, spare=2) as board:
                return f"{_head(pages, size)}\n{await _both(board, front, port, place / 'site')}"
        finally:
            front.terminate()
            front.wait(30)


def _head(pages: list[str], size: int) -> str:
    return (
        f"== the static site of the insurer ({len(pages)} pages, {size / 1e6:.1f} MB) from nginx at {RATE} requests a second, "
        f"and {READERS} readers of its dashboard"
    )


async def _both(board: Board, front: Any, port: int, folder: Path) -> str:
    await _settled(board)
    rows = [await _part("nginx alone", board, front, port, folder)]
    async with async_playwright() as starter:
        chromium = await starter.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        contexts = [await chromium.new_context() for _ in range(READERS)]
        rows.append(await _part("both at once", board, front, port, folder, contexts))
        await chromium.close()
    return "\n".join(rows)


async def _part(name: str, board: Board, front: Any, port: int, folder: Path, contexts: Any = ()) -> str:
    """Under load until all readers have all parts of their page, or for SECONDS."""
    browsers = [p for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    command = [sys.executable, str(Path(load.__file__)), str(port), str(folder), str(RATE)]
    asking = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    await asking.stdout.readline()  # type: ignore[union-attr]
    before, began = (_cpu(board), _of(front.pid), _sum(browsers)), time.perf_counter()
    times = await asyncio.gather(*(_open(c, board.page("02_kaism")) for c in contexts))
    if not contexts:
        await asyncio.sleep(SECONDS)
    whole = time.perf_counter() - began
    told = json.loads((await asking.communicate(b""))[0])
    browsers = [p for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
    spent = _of(front.pid) - before[1]
    said = (
        f"{name}, {whole:.0f} s: {told['requests']} requests, {told['requests'] / told['seconds']:.0f} a second, "
        f"{told['failed']} failed, {told['MB']:.0f} MB; answered after {told['median']:.1f} ms median, {told['p95']:.0f} p95\n"
        f"   CPU s: nginx {spent:.1f} ({1000 * spent / told['requests']:.3f} for 1,000 requests), the load itself {told['cpu']:.1f}"
    )
    if contexts:
        said += (
            f", server and kernels {_cpu(board) - before[0]:.1f}, browsers {_sum(browsers) - before[2]:.1f}; "
            f"readers: first {min(times):.0f} s, last {max(times):.0f} s"
        )
    memory = sum(p.memory_full_info().pss for p in _tree(front.pid)) / 1e6
    return f"{said}; nginx {memory:.0f} MB"


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _of(pid: int) -> float:
    return _sum(_tree(pid))


def _sum(processes: list[psutil.Process]) -> float:
    return sum(sum(p.cpu_times()[:2]) for p in processes if p.is_running())
