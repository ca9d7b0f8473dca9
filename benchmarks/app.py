"""The page in Chromium: slider to pixels, score to pixels, bursts of slider events, and opening.

Times are taken inside the page (`probe.js`): from the event to the frame after the dot has moved.
Their baseline is the same page asking the kernel for nothing at all: a message and its answer.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import books
from benchmarks.measure import Row, table
from kamlib.workbook import stores
from tests.serving import ROOT, Board, find_chromium, wait_until, write_notebook

MOVES, EDITS, BURSTS, OPENINGS = 20, 12, 3, 5
SLIDER = {40: 50, 200: 100}
SCORE = {40: 100, 200: 150}
DOT = "Alderbridge Insurance"  # the first customer
STOCK = "() => document.readyState === 'complete' && !document.querySelector('#loading')"
OURS = """() => document.body.dataset.kam === 'ready' && ![...document.querySelectorAll('.kam-later')]
    .some((part) => part.checkVisibility() && part.getBoundingClientRect().top < innerHeight)"""
PAUSE = 0.8  # what follows a change in the kernel is over by then
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        parts = [
            _changes(browser, Path(folder)),
            _what_ifs(browser, Path(folder)),
            _openings(browser, Path(folder)),
            _pages(browser, Path(folder)),
        ]
        browser.close()
    return "\n\n".join(parts)


def _changes(browser: Any, folder: Path) -> str:
    rows = []
    for size in books.SIZES:
        with _opened(browser, books.make(folder, size)) as page:
            idle, slides, edits, bursts = [], [], [], []
            for n in range(MOVES):
                idle.append(_settled(page, "() => probe.idle()"))
                slides.append(
                    _settled(page, "([v, n]) => probe.slide('f0', v, n)", [3 + n % 2 * 5, DOT])["ms"]
                )
            for n in range(BURSTS):
                values = [1 + k % 19 / 2 for k in range(39)] + [3 + n]
                bursts.append(_settled(page, "([v, n]) => probe.burst('f0', v, 16, n)", [values, DOT])["ms"])
            for n in range(EDITS):
                edits.append(_settled(page, "([k, n]) => probe.score(0, 0, k, n)", ["39"[n % 2], DOT])["ms"])
        rows += [
            Row(f"slider to pixels, {size} customers", slides, idle, _at_most(SLIDER, size)),
            Row(f"40 slider events, lag after the last, {size}", bursts, idle),
            Row(f"score to pixels, {size} customers (.kam)", edits, idle, _at_most(SCORE, size)),
        ]
    return table("in the page; baseline: a message to the kernel and its answer", rows)


def _what_ifs(browser: Any, folder: Path) -> str:
    """The what-ifs of 03_profitability with 200 customers: a rise in price (sentence and curve), a discount."""
    ready = ".kam-chart svg path[aria-label]"
    with _opened(browser, books.make(folder / "profit", 200), "03_profitability", ready) as page:
        page.locator("#kam-choose-profit").select_option(label=DOT)
        page.locator("#kam-rise-says").wait_for()
        time.sleep(PAUSE)
        idle, rise, off = [], [], []
        for n in range(MOVES):
            idle.append(_settled(page, "() => probe.idle()"))
            places = ["#kam-rise-says", ".kam-chart svg"]
            rise.append(_settled(page, "([v, p]) => probe.suppose('rise', v, p)", [4 + n % 7, places])["ms"])
            off.append(
                _settled(page, "([v, p]) => probe.suppose('off', v, p)", [2 + n % 7, ["#kam-discount-says"]])[
                    "ms"
                ]
            )
    rows = [
        Row("rise in price to pixels, 200 customers", rise, idle, "<= 50"),
        Row("discount to pixels, 200 customers", off, idle, "<= 50"),
    ]
    return table("what-ifs in the page; baseline: a message to the kernel and its answer", rows)


def _at_most(targets: dict[int, int], size: int) -> str:
    return f"<= {targets[size]}" if size in targets else ""


def _settled(page: Page, script: str, given: Any = None) -> Any:
    found = page.evaluate(script, given)
    time.sleep(PAUSE)
    return found


@contextlib.contextmanager
def _opened(
    browser: Any, workbook: Path, name: str = "02_kaism", ready: str = ".kam-chart svg"
) -> Iterator[Page]:
    with Board(ROOT / "notebooks", workbook=workbook) as board:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.add_init_script(path=Path(__file__).with_name("probe.js"))
        _open(page, board.page(name), ready)
        time.sleep(3)
        yield page
        page.close()


def _open(page: Page, address: str, then: str) -> float:
    """Milliseconds from asking for the page until it is ready and shows this."""
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("body[data-kam=ready]", timeout=90_000)
    page.wait_for_selector(then, timeout=90_000)
    return (time.perf_counter() - start) * 1000


def _openings(browser: Any, folder: Path) -> str:
    """02_kaism against an empty notebook, in turn, each in a new context (nothing in the cache)."""
    notebooks = folder / "notebooks"
    write_notebook(notebooks / "01_empty.ipynb", "# Empty", "")
    (notebooks / "02_kaism.ipynb").write_bytes((ROOT / "notebooks" / "02_kaism.ipynb").read_bytes())
    workbook, rows = books.make(folder / "opening", 40), []
    for spare, words in ((0, "a cold kernel"), (1, "a spare kernel, as in kam workshop")):
        with Board(notebooks, workbook=workbook, spare=spare) as board:
            times: dict[str, list[float]] = {"01_empty": [], "02_kaism": []}
            for n in range(OPENINGS + 1):
                for name, then in (("01_empty", "main h1"), ("02_kaism", ".kam-chart svg")):
                    time.sleep(8 if spare else 1)  # the next spare is ready by then
                    context = browser.new_context(viewport={"width": 1366, "height": 768})
                    took = _open(context.new_page(), board.page(name), then)
                    times[name] += [took] if n else []
                    context.close()
        rows.append(Row(f"02_kaism with {words}", times["02_kaism"], times["01_empty"], "<= +1500"))
    return table("opening the page until the chart is there; baseline: an empty notebook, same server", rows)


def _pages(browser: Any, folder: Path) -> str:
    """Every page with the insurer's workbook against an empty page of stock Voila, in turn: its heading, and all that is in sight."""
    empty, rows = folder / "stock" / "empty.ipynb", []
    write_notebook(empty, "# Empty", "")
    workbook = folder / "insurer.kam"
    stores.copy(ROOT / "data" / "insurer", workbook)
    with _stock(empty) as stock, Board(ROOT / "notebooks", workbook=workbook, spare=1) as board:
        places = {"": stock} | {p.stem: board.page(p.stem) for p in sorted(ROOT.glob("notebooks/*.ipynb"))}
        heads: dict[str, list[float]] = {name: [] for name in places}
        whole: dict[str, list[float]] = {name: [] for name in places}
        for n in range(OPENINGS + 1):
            for name, address in places.items():
                time.sleep(8)  # the next spare is ready by then
                context = browser.new_context(viewport={"width": 1366, "height": 768})
                page, start = context.new_page(), time.perf_counter()
                page.goto(address, wait_until="commit")
                page.wait_for_selector("h1, main h2", timeout=90_000)
                first = (time.perf_counter() - start) * 1000
                page.wait_for_function(OURS if name else STOCK, timeout=90_000)
                if n:
                    heads[name].append(first)
                    whole[name].append((time.perf_counter() - start) * 1000)
                context.close()
    for name in [*places][1:]:
        rows.append(Row(f"{name}: heading", heads[name], heads[""], "<= 1.5"))
        rows.append(Row(f"{name}: complete", whole[name], whole[""], "<= 2.0"))
    return table("opening a page; baseline: an empty page of stock Voila", rows)


@contextlib.contextmanager
def _stock(notebook: Path) -> Iterator[str]:
    """The address of a page of Voila as it comes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(notebook), f"--port={port}", "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: not socket.socket().connect_ex(("127.0.0.1", port)), what="stock Voila")
        yield f"http://127.0.0.1:{port}/"
        process.terminate()
