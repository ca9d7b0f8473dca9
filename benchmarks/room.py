"""Twenty phones from the page to the first question, fifty people who vote once a second, and what it costs.

The phones make the requests of the real page, from a process of their own. A reader beside it does what
the facilitator's pages do: look whether the workbook has changed, and read the ballots. In the same run:
what one empty Voila page a participant would cost.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from playwright.sync_api import sync_playwright

from benchmarks import books
from benchmarks.measure import Row, table
from kamlib.workbook import stores
from kamlib.workbook.stores import Change
from tests.rooms import Phone
from tests.serving import NOTEBOOKS, Board, find_chromium, opened, wait_until, write_notebook
from tests.test_serve import get

PHONES, VOTERS, SECONDS, PAGES = 20, 50, 60, 4
LOOK_S = 0.25  # between two looks of the reader
WATCH = """() => { window.seen = []; new MutationObserver(() => {
  const text = document.querySelector(".vote")?.innerText ?? "";
  if (text !== window.seen.at(-1)?.[1]) window.seen.push([Date.now(), text]);
}).observe(document.body, { subtree: true, childList: true, characterData: true }); }"""
READER = """
import json, sys, time
from kamlib.workbook import stores
store, seen, found = stores.open_store(sys.argv[1]), {}, {}
print("ready", flush=True)
while (now := store.version()) is not None:
    if now.get("ballots") != seen.get("ballots"):
        seen = now
        rows = store.read(["ballots"])["ballots"].to_dict("records")
        for row in rows:
            found.setdefault(f"{row['person']} {row['subject']} {row['factor']} {row['change']}", time.time())
    if any(row["status"] == "closed" for row in store.read(["polls"])["polls"].to_dict("records")):
        break
    time.sleep(%s)
print(json.dumps(found))
"""


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as folder:
        return "\n\n".join([_room(Path(folder)), _pages(Path(folder))])


def _room(folder: Path) -> str:
    place = folder / "book.kam"
    people = pd.DataFrame(
        [(f"p{n}", f"Person {n}", "Sales") for n in range(VOTERS)], columns=["person", "name", "function"]
    )
    stores.create(place, books.text(40) | {"people": people.astype(object)})
    store = stores.open_store(place)
    poll = {"model": "attractiveness", "scope": "main", "how": "scores", "opened": "2026-11-29T10:00:00Z"}
    store.put([Change("polls", {"poll": "2026.1"}, poll | {"status": "open"})])
    env = {"XDG_STATE_HOME": str(folder / "state")}
    with Board(NOTEBOOKS, workbook=place, room_ip="127.0.0.1", spare=1, env=env) as board:
        words = wait_until(lambda: [line for line in board.lines if "Phones join" in line], 60, "the room")[
            0
        ].split()
        address, code = words[3], words[-1]
        time.sleep(10)  # the spare kernel is ready
        phones: dict[int, Phone] = {n: Phone(address) for n in range(VOTERS)}
        joins = _together(PHONES, lambda n: _to_first_question(phones[n], code, f"p{n}"))
        for n in range(PHONES, VOTERS):
            _to_first_question(phones[n], code, f"p{n}")
        for phone in phones.values():
            threading.Thread(target=lambda phone=phone: [*phone.events()], daemon=True).start()
        lines, cells = _voted(board, store, place, phones)
    parts = [
        table(
            "phones; from the first request of the page to the first question, all at once",
            [Row(f"{PHONES} phones", joins, target="<= 5000")],
        )
    ]
    return "\n\n".join([*parts, lines, cells])


def _to_first_question(phone: Phone, code: str, person: str) -> float:
    """Milliseconds of all that the page asks for, up to what is on the first question."""
    start = time.perf_counter()
    for path in ("/", "/ballot.css", "/ballot.js", "/state"):
        assert phone.ask(path)[0] == 200
    assert phone.join(code)[1]["names"]
    phone.joined(code=code, person=person)
    assert phone.ask("/state")[1]["asked"]["cells"]
    return (time.perf_counter() - start) * 1000


def _together(count: int, work: Callable[[int], Any]) -> list[Any]:
    found: list[Any] = [None] * count

    def one(n: int) -> None:
        found[n] = work(n)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _voted(board: Board, store: Any, place: Path, phones: dict[int, Phone]) -> tuple[str, str]:
    cells = [tuple(cell[:3]) for cell in phones[0].ask("/state")[1]["asked"]["cells"]][:SECONDS]
    command = [sys.executable, "-c", READER % LOOK_S, str(place)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert reader.stdout and reader.stdout.readline() == "ready\n"
    server, began = psutil.Process(board.process.pid), list[float]()

    def vote(n: int) -> list[tuple[str, float, float]]:
        own, begin = [], began[0]
        for second, (subject, factor, supplier) in enumerate(cells):
            time.sleep(max(0, begin + second + n / VOTERS - time.time()))
            tap = time.time()
            status, _ = phones[n].vote((subject, factor, supplier), 1 + (second + n) % 10, 1)
            assert status == 200
            own.append((f"p{n} {subject} {factor} 1", tap, (time.time() - tap) * 1000))
        return own

    with _wall(board) as told:
        began.append(time.time())
        before, begin = sum(server.cpu_times()[:2]), began[0]
        votes = [vote for own in _together(VOTERS, vote) for vote in own]
        cores = (sum(server.cpu_times()[:2]) - before) / (time.time() - begin)
    time.sleep(3)
    store.put([Change("polls", {"poll": "2026.1"}, {"status": "closed"})])
    seen = json.loads(reader.communicate()[0])
    stored = store.read(["ballots"])["ballots"]
    keys = stored["person"] + " " + stored["subject"] + " " + stored["factor"] + " " + stored["change"]
    lost, doubled = {key for key, *_ in votes} - {*keys}, int(keys.duplicated().sum())
    assert len(stored) == len(votes)
    rows = [
        Row("tap to stored", [ms for *_, ms in votes]),
        Row("tap to the wall", _on_the_wall(told, votes), target="p95 <= 1000"),
        Row("tap to the reader", [(seen[key] - tap) * 1000 for key, tap, _ in votes], target="p95 <= 1000"),
    ]
    title = f"{VOTERS} people vote once a second for {len(cells)} s; the reader looks every {LOOK_S} s"
    memory = server.memory_full_info().pss / 1e6
    words = f"server: {cores:.2f} cores, {memory:.0f} MB with all pages; {len(lost)} of {len(votes)} votes lost, {doubled} doubled"
    return table(title, rows), words


@contextlib.contextmanager
def _wall(board: Board) -> Iterator[list[tuple[float, str]]]:
    """The facilitator's page in Chromium: what it says of the vote, each with its time."""
    told: list[tuple[float, str]] = []
    ready, over = threading.Event(), threading.Event()

    def watch() -> None:
        with sync_playwright() as starter:
            chromium = starter.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            page = opened(chromium.new_page(viewport={"width": 1920, "height": 1080}), board.page("02_kaism"))
            page.wait_for_selector(".vote", state="attached")
            page.evaluate(WATCH)
            page.wait_for_timeout(15_000)  # all parts of the page are there
            ready.set()
            while not over.is_set():
                page.wait_for_timeout(500)
            page.wait_for_timeout(3000)
            told.extend((ms / 1000, text) for ms, text in page.evaluate("window.seen"))

    thread = threading.Thread(target=watch)
    thread.start()
    ready.wait(120)
    yield told
    over.set()
    thread.join()


def _on_the_wall(told: list[tuple[float, str]], votes: list[tuple[str, float, float]]) -> list[float]:
    """Milliseconds from each tap until the wall has counted it."""
    counted: dict[tuple[str, int], float] = {}
    for moment, text in told:
        for person, number in re.findall(r"Person (\d+) \((\d+) of", text):
            counted.setdefault((f"p{person}", int(number)), moment)
    times, number = [], Counter[str]()
    for key, tap, _ in votes:
        person = key.split()[0]
        number[person] += 1
        later = [at for (who, n), at in counted.items() if who == person and n >= number[person]]
        times.append((min(later) - tap) * 1000 if later else float("inf"))
    return times


def _pages(folder: Path) -> str:
    """What a page with a kernel costs: the time of some at once, and the memory and processor of each."""
    write_notebook(folder / "pages" / "01_empty.ipynb", "# Empty", "")
    with Board(folder / "pages") as board:

        def open_(_: int) -> float:
            start = time.perf_counter()
            get(board.page("01_empty"))
            return (time.perf_counter() - start) * 1000

        times = _together(PAGES, open_)
        kernels = board.kernels()
        memory = sum(k.memory_full_info().pss for k in kernels) / 1e6 / len(kernels)
        busy = sum(sum(k.cpu_times()[:2]) for k in kernels) / len(kernels)
    words = f"each: {memory:.0f} MB and {busy:.1f} s of a core until it is there; {VOTERS} people: {memory * VOTERS / 1000:.1f} GB"
    return "\n".join(
        [table("instead: an empty Voila page a participant", [Row(f"{PAGES} pages at once", times)]), words]
    )


if __name__ == "__main__":
    print(run())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
