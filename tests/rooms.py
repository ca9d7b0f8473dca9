"""Rooms and phones for tests: a room in a thread, phones that ask it, and the facilitator's tables.

with Served(place) as room:
    anna = Phone(room.url).joined(person="anna")
    anna.ask("/vote", {...})      # -> (status, what was answered)
Table(place)                      # what the facilitator's pages write and read
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kamlib.app.network import bind
from kamlib.app.room.doors import served
from kamlib.app.room.keys import Keys
from kamlib.app.room.room import Room
from kamlib.workbook import stores
from kamlib.workbook.stores import Change
from tests.serving import wait_until

KEYS = Keys("K7M4QP", "a secret of the tests, long enough to sign")
CELLS = [("Alpha", "f1", ""), ("Beta", "f1", ""), ("Gamma", "f1", ""), ("Delta", "f1", "")]
FACTORS = ("f1", "f2", "f3", "f4", "f5", "f6")
PEOPLE = ("anna", "ben", "cleo", "dev")


class Table:
    """The facilitator's side: writes the tables of a workbook and reads them."""

    def __init__(self, place: str | Path) -> None:
        self.store = stores.open_store(place)

    def put(self, table: str, key: dict[str, str], /, **values: str) -> None:
        self.store.put([Change(table, key, values)], "facilitator")

    def poll(self, poll: str = "2026.1", status: str = "open", **values: str) -> str:
        """Open a vote on the example's segment, or change its status."""
        there = self.rows("polls", poll=poll)
        new = {
            "model": "attractiveness",
            "scope": "main",
            "how": "scores",
            "opened": f"2026-11-29T10:00:00Z {poll}",
        }
        self.put("polls", {"poll": poll}, **{**({} if there else new), "status": status, **values})
        return poll

    def rows(self, table: str, /, **cells: str) -> list[dict[str, str]]:
        """The rows of a table that have these cells."""
        frame = self.store.read([table]).get(table)
        found = [] if frame is None else frame.to_dict("records")
        return [row for row in found if all(row.get(c) == v for c, v in cells.items())]


def example(place: str | Path) -> Table:
    """A workbook of four customers and six factors, and four people."""
    stores.copy(Path(__file__).parents[1] / "data" / "tiny", place)
    table = Table(place)
    for person in PEOPLE:
        table.put("people", {"person": person}, name=f"{person.title()} Example", function="Sales")
    return table


class Served:
    """A room that listens on loopback, in a thread of its own."""

    def __init__(self, place: str | Path, keys: Keys = KEYS) -> None:
        self.place, self.keys = place, keys
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(60)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.room = Room(stores.open_store(self.place), self.keys)
        server = served(self.room)
        self.settings: dict[str, Any] = server.request_callback.settings  # type: ignore[union-attr]
        (socket,) = bind("127.0.0.1", 0)
        server.add_socket(socket)
        await self.room.start()
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        ready.set()
        await self._end.wait()
        server.stop()
        await self.room.stop()
        await server.close_all_connections()

    def knows(self, condition: Any) -> None:
        """Wait until the room has read something: `condition` is asked of what it has seen."""
        wait_until(lambda: condition(self.room.seen), what="what the room has to know")

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(60)


class Phone:
    """Somebody with a browser, which keeps cookies; `heard` is all that was answered."""

    def __init__(self, url: str, source: str = "127.0.0.1") -> None:
        self.url, self.source, self.cookie = url, source, ""
        self.heard: list[str] = []
        self._line: Any = None

    def ask(self, path: str, body: Any = None, method: str = "", **headers: str) -> tuple[int, Any]:
        """The status, and the answer (a dict where it is JSON)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        given = {"Content-Type": "application/json"} if raw is not None else {}
        given |= {"Cookie": self.cookie} if self.cookie else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._answer(method or ("GET" if raw is None else "POST"), path, raw, given)
        text = answer.read().decode("utf-8", "replace")
        self.headers = dict(answer.getheaders())
        self.heard.append(f"{answer.headers}\n{text}")
        if new := answer.headers.get("Set-Cookie"):
            self.cookie = new.split(";")[0]
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def _answer(self, method: str, path: str, raw: bytes | None, headers: dict[str, str]) -> Any:
        for _ in range(2):  # a kept connection may just have been closed
            if self._line is None:
                place = urlsplit(self.url)
                self._line = http.client.HTTPConnection(
                    place.hostname or "", place.port, timeout=60, source_address=(self.source, 0)
                )
            try:
                self._line.request(method, path, raw, headers)
                return self._line.getresponse()
            except (http.client.HTTPException, OSError):
                self._line.close()
                self._line = None
        raise AssertionError(f"no answer to {method} {path}")

    def join(self, code: str = KEYS.code, **who: str) -> tuple[int, Any]:
        return self.ask("/join", {"code": code, **who})

    def joined(self, **who: str) -> Phone:
        status, answer = self.join(**who)
        assert (status, answer["stage"]) == (200, "joined"), answer
        return self

    def vote(
        self, cell: tuple[str, ...], score: int | None, change: int = 1, note: str = "", poll: str = "2026.1"
    ) -> Any:
        subject, factor, supplier = cell
        body = {"poll": poll, "subject": subject, "factor": factor, "supplier": supplier}
        return self.ask("/vote", {**body, "score": score, "note": note, "change": change})

    def stage(self) -> str:
        return str(self.ask("/state")[1]["stage"])

    def wait_for(self, stage: str) -> Phone:
        wait_until(lambda: self.stage() == stage, what=stage)
        return self

    def events(self) -> Iterator[str]:
        """The lines of /events, for as long as it is read."""
        place = urlsplit(self.url)
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        line.request("GET", "/events", headers={"Cookie": self.cookie})
        answer = line.getresponse()
        try:
            while text := answer.readline():
                yield text.decode()
        finally:
            line.close()
