"""Helpers for tests that need the server or a browser.

    with Board(folder, workbook="data/tiny") as board:
        page.goto(board.url)
        board.kernels()        # the processes of its open pages
    browser                    # a fixture: headless Chromium, or a skip that says why

Everything listens on loopback only, and only processes of the board are ever ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest

from kamlib.app.handlers import BROWSER
from kamlib.reports.office import browser as find_chromium

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SLOW_MS = 60_000  # what a busy machine may take to show something; a healthy one waits for none of it
WHOLE = """![...document.querySelectorAll(".kam-zone")].some(
    (zone) => !zone.querySelector(".kam, .jupyter-widgets") || zone.querySelector(".kam-later"))"""  # every part is there
COOKIE = f"{BROWSER}=1"  # what a browser brings, and a program does not
RUN = """
import json, pathlib, sys
options = json.load(sys.stdin)
from kamlib.app.server import serve
serve(options.pop("workbook"), notebooks=pathlib.Path(options.pop("notebooks")), **options)
"""


def wait_until(condition: Callable[[], Any], seconds: float = 60, what: str = "condition") -> Any:
    """The first true value of the condition; fails when there is none in time."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.05)
    return value


def write_notebook(path: Path, heading: str, *code: str, tags: dict[int, list[str]] | None = None) -> Path:
    """A notebook of one markdown cell and some code cells; `tags[0]` are those of the first code cell."""
    cells = [nbformat.v4.new_markdown_cell(heading), *map(nbformat.v4.new_code_cell, code)]
    for number, names in (tags or {}).items():
        cells[number + 1].metadata["tags"] = names
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


class Board:
    """`serve` in a process of its own, ready when the constructor returns.

    `url` is the address it printed (through loopback), `lines` all it wrote. Options go to
    `serve`; `read_only` is False and `port` any free one unless given.
    """

    def __init__(
        self,
        notebooks: Path,
        workbook: str | Path = "no-workbook",
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        given = {
            "workbook": str(workbook),
            "notebooks": str(notebooks),
            "read_only": False,
            "port": 0,
            **options,
        }
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(env or {})}
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=notebooks,
        )
        assert self.process.stdin
        self.process.stdin.write(json.dumps(given))
        self.process.stdin.close()
        self.lines: list[str] = []
        self._new: Queue[str] = Queue()
        self._seen: dict[int, psutil.Process] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.address = self._wait_for_address()
        except BaseException:
            self.stop()
            raise
        parts = urlsplit(self.address)
        query = f"?{parts.query}" if parts.query else ""
        host = parts.hostname if (parts.hostname or "").startswith("127.") else "127.0.0.1"
        self.port = parts.port
        self.base = f"http://{host}:{self.port}"
        self.url = f"{self.base}/{query}"

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._new.put(line)

    def _wait_for_address(self, seconds: float = 120) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self._new.get(timeout=0.2)
            except Empty:
                if self.process.poll() is not None:
                    break
                continue
            if "http://" in line:
                return line.split()[-1]
        raise AssertionError("the server did not start:\n" + "\n".join(self.lines))

    def page(self, name: str) -> str:
        """The address of a notebook."""
        return f"{self.base}/voila/render/{name}.ipynb"

    def kernels(self) -> list[psutil.Process]:
        """The kernels that run now, its own children only."""
        found = []
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            children = list(self._seen.values())
        for child in children:
            try:
                started = "ipykernel_launcher" in child.cmdline()
                forked = child.ppid() != self.process.pid and os.getpgid(child.pid) == child.pid
                if child.status() != psutil.STATUS_ZOMBIE and (started or forked):
                    self._seen[child.pid] = child
                    found.append(child)
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue
        return found

    def wait_for_kernels(self, number: int, seconds: float = 60) -> None:
        """Return when exactly so many kernels run."""
        wait_until(lambda: len(self.kernels()) == number, seconds, f"{number} kernels")

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.kernels()
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End the server as Ctrl-C or a service manager does; its exit code."""
        if self.process.poll() is None:
            self.kernels()
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        left = [kernel for kernel in self._seen.values() if kernel.is_running()]
        for kernel in left:  # psutil remembers when each was started, so this never ends a stranger
            with contextlib.suppress(psutil.NoSuchProcess):
                kernel.kill()
        psutil.wait_procs(left, 30)
        self._reader.join(30)  # what it wrote at its end is among the lines
        return self.process.returncode

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium. Per module, because its event loop must not meet other tests' loops."""
    chromium = find_chromium()
    if not chromium:
        pytest.skip("no Chromium found: install it, or name it in KAM_CHROMIUM")
    from playwright import sync_api as playwright

    playwright.expect.set_options(timeout=SLOW_MS)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--disable-component-update", "--no-first-run"]
    with playwright.sync_playwright() as starter:
        chromium_process = starter.chromium.launch(executable_path=chromium, args=flags)
        yield chromium_process
        chromium_process.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh `watched` page."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    new = watched(context)
    yield new
    new.close()
    context.close()


def watched(context: Any) -> Any:
    """A new page. `page.outside` lists the requests that wanted to leave the machine (they were
    stopped), `page.problems` what went wrong in the page or was answered with an error."""
    context.set_default_timeout(SLOW_MS)
    new = context.new_page()
    new.outside, new.problems = [], []

    def gate(route: Any) -> None:
        new.outside.append(route.request.url)
        route.abort()

    def listen(socket: Any) -> None:
        if urlsplit(socket.url).hostname not in ("127.0.0.1", "localhost"):
            new.outside.append(socket.url)

    # only foreign addresses: a beacon that had to pass through here would be lost with the page
    context.route(re.compile(r"^(?!data:|blob:|https?://(127\.0\.0\.1|localhost)[:/])"), gate)
    new.on("websocket", listen)
    new.on("console", lambda m: new.problems.append(m.text) if m.type == "error" else None)
    new.on("pageerror", lambda e: new.problems.append(str(e)))
    new.on("dialog", lambda d: (new.problems.append(d.message), d.dismiss()))
    new.on("response", lambda r: new.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    return new


def opened(page: Any, url: str) -> Any:
    """Go to a notebook's address and wait until its widgets are there."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector("body[data-kam=ready]")
    return page
