"""The room of one workbook: who is in it, what they are asked, and their votes on the way to disk.

All it knows is in the workbook's tables, so it can be killed at any moment and started again, and
several rooms may work on one workbook.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from kamlib.app.room import seats, votes
from kamlib.app.room.keys import Keys
from kamlib.app.room.seen import BALLOTS, NEEDED, Key, Seen, seconds_left
from kamlib.app.room.sentences import (
    ASKING,
    NOT_ASKED_FOR,
    SENTENCES,
    TAKEN,
    Refused,
)
from kamlib.app.room.votes import Vote
from kamlib.errors import Conflict, KamError
from kamlib.workbook.stores import Change, Store
from kamlib.workbook.stores.base import Row

LOOK_S, RETRY_S = 0.25, 1.0  # between two looks at the workbook; while it cannot be reached
GONE_S = 15.0  # a phone that is not connected for so long is not here
MOST_TOGETHER = 200  # votes stored in one go
TRIES = 5
T = TypeVar("T")
log = logging.getLogger("kamlib.app.server")


class Room:
    """Looks at the workbook several times a second, and stores the votes as they arrive."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self.store, self.keys, self.seen = store, keys, Seen()
        self.trouble = ""  # what to say while the workbook cannot be reached
        self.closing = False
        self._edition = time.time_ns() // 1_000_000  # of what all phones are told
        self._editions: dict[str, int] = {}  # ... and of what only one is told
        self.lines: Counter[str] = Counter()  # phone -> its open connections
        self._left: dict[str, float] = {}  # phone -> when it was last connected
        self._start = time.monotonic()
        self._version: dict[str, Any] = {}
        self._told: Any = None
        self._told_one: dict[str, Any] = {}
        self._bell = asyncio.Event()
        self._turn = asyncio.Lock()  # who reads or writes the workbook, and takes in what it says
        self._thread = ThreadPoolExecutor(1, "room")
        self._queue: asyncio.Queue[Vote] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the workbook, then go on by itself. Raises KamError where it cannot be read."""
        await self.refresh()
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._write())]

    async def stop(self) -> None:
        """Store what has arrived, and say that nobody is here any more."""
        self.closing = True
        self.ring()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), 5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.lines.clear()
        with contextlib.suppress(KamError):
            await self._note_who_is_here(0)
        self._thread.shutdown()

    # -- what phones are told -------------------------------------------------------------------

    def edition(self, phone: str) -> int:
        """A number that grows with all that this phone is told."""
        return max(self._edition, self._editions.get(phone, 0))

    def ring(self, *phones: str) -> None:
        """Tell these phones, or all, that there is something new."""
        new = max(self._edition + 1, *self._editions.values(), time.time_ns() // 1_000_000)
        self._editions |= dict.fromkeys(phones, new)
        self._edition = self._edition if phones else new
        self._bell.set()
        self._bell = asyncio.Event()

    async def heard(self, phone: str, edition: int, seconds: float) -> int:
        """Wait for another edition of what a phone is told, at most so long; gives the newest."""
        end = time.monotonic() + seconds
        while self.edition(phone) == edition and (left := end - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), left)
        return self.edition(phone)

    @contextlib.contextmanager
    def line(self, phone: str) -> Any:
        """A connection of a phone, for as long as it lasts."""
        self.lines[phone] += 1
        try:
            yield
        finally:
            self.lines[phone] -= 1
            self._left[phone] = time.monotonic()

    def stage(self, phone: str) -> str:
        """stranger, asking, removed or joined."""
        return self.seen.phones.get(phone, {}).get("status") or "stranger"

    def joined(self, phone: str) -> Row:
        """The row of a phone that has joined. Raises Refused for any other."""
        stage = self.stage(phone)
        if stage != "joined":
            status = 401 if stage == "stranger" else 403
            raise Refused(status, ASKING if stage == "asking" else "")
        return self.seen.phones[phone]

    def state(self, phone: str) -> dict[str, Any]:
        """All that a phone shows."""
        seen, stage = self.seen, self.stage(phone)
        state: dict[str, Any] = {
            "stage": stage,
            "edition": self.edition(phone),
            "room": self.keys.mark,
        }
        state["trouble"] = self.trouble
        if stage in ("stranger", "removed"):
            return state
        person = seen.phones[phone]["person"]
        state |= {"person": person, "name": seen.name(person)}
        if stage == "asking":
            return state
        state["function"] = seen.people.get(person, {}).get("function", "")
        state["requests"] = seen.requests(phone)
        poll = seen.poll()
        state["stage"] = {"open": "voting", "closed": "closed", "revealed": "revealed"}.get(
            (poll or {}).get("status", ""), "waiting"
        )
        if poll and state["stage"] in ("voting", "closed"):
            left = seconds_left(poll) if state["stage"] == "voting" else None
            state |= {"asked": seen.asks(poll), "answers": seen.answers(poll, person), "left": left}
        return state

    # -- what phones do -------------------------------------------------------------------------

    async def vote(self, phone: str, body: Any) -> dict[str, Any]:
        """Store a vote; it is on disk when this returns, with what is stored. Raises Refused."""
        self.joined(phone)
        vote = votes.vote(self.seen, phone, body)
        self._queue.put_nowait(vote)
        return await vote.done

    async def join(self, nonce: str, fresh: str, body: Any) -> str:
        """Let a phone in, or let it ask where the name is another's; gives its nonce from now on.

        nonce: of its cookie, "" for a stranger; fresh: a new one, if it needs one. Raises Refused.
        """
        given = votes.read(seats.Named, body)
        for _ in range(TRIES):
            async with self._turn:
                await self._refresh()
                old = self.keys.phone(nonce) if nonce else ""
                is_removed = self.stage(old) == "removed"
                person, changes = seats.person(self.seen, given)
                held = [p for p in self.seen.holders(person) if p != old]
                if is_removed and held:
                    raise Refused(409, TAKEN)
                keeps = nonce if is_removed else fresh
                status = "asking" if is_removed or held else "joined"
                changes += seats.seat(self.seen, old, self.keys.phone(keeps), person, status)
                with contextlib.suppress(Conflict):
                    await self._put(changes, person)
                    await self._refresh()
                    await self._yield_name(self.keys.phone(keeps), person)
                    return keeps
        raise Refused(503)

    async def _yield_name(self, phone: str, person: str) -> None:
        """Of two phones that took a free name in two rooms at once, the later one asks for it."""
        holders = self.seen.holders(person)
        if phone in holders[1:]:
            joined = {"status": "joined"}
            change = Change("participants", {"phone": phone}, {"status": "asking"}, joined)
            await self._put([change], person)
            await self._refresh()

    async def let_in(self, phone: str, body: Any) -> None:
        """Let another phone in under one's own name, or refuse it. Raises Refused."""
        own, given = self.joined(phone), votes.read(seats.LetIn, body)
        async with self._turn:
            await self._refresh()
            if given.phone not in self.seen.requests(phone):
                raise Refused(409, NOT_ASKED_FOR)
            expect = {"status": "asking", "person": own["person"]}
            values = {"status": "joined" if given.let else "removed"}
            changes = [Change("participants", {"phone": given.phone}, values, expect)]
            with contextlib.suppress(Conflict):  # the facilitator was quicker
                await self._put(changes, own["person"])
            await self._refresh()

    # -- the workbook ---------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Take in what has changed in the workbook. Raises KamError."""
        async with self._turn:
            await self._refresh()

    async def _refresh(self) -> None:
        now = await self._apart(self.store.version)
        changed = frozenset(n for n in NEEDED if now.get(n) != self._version.get(n))
        if not self._version or now.get("") != self._version.get(""):
            changed = NEEDED
        if "polls" in changed:
            changed |= {*BALLOTS.values()}
        if changed:
            self.seen.take(await self._apart(lambda: self.store.read(changed)), changed)
        self._version = now
        if not (changed or self.trouble):
            return
        told, told_one = self.seen.told(), self.seen.told_one()
        if self.trouble or told != self._told:
            self.ring()
        elif new := [phone for phone, own in told_one.items() if own != self._told_one.get(phone)]:
            self.ring(*new)
        self.trouble, self._told, self._told_one = "", told, told_one

    async def _put(self, changes: list[Change], who: str) -> None:
        """Write; what only this room has written need not be read again, if it is taken in."""
        await self._apart(lambda: self.store.put(changes, who))

    async def _put_votes(self, changes: list[Change]) -> None:
        def put() -> None:
            story = self.store.put(changes, "room")
            now, seen = self.store.version(), self._version
            told = now.get("history", 0) - seen.get("history", 0)
            if now.get("") == seen.get("") and told == len(story):
                self._version = now  # nobody else has written: `seen` is brought up to it

        await self._apart(put)

    async def _apart(self, work: Callable[[], T]) -> T:
        """Work in the thread of the workbook: the server goes on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _write(self) -> None:
        """Store votes as they arrive, together what has arrived meanwhile."""
        while True:
            group = [await self._queue.get()]
            while len(group) < MOST_TOGETHER and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                async with self._turn:
                    await self._store_all(group)
            except Exception as error:  # noqa: BLE001 (whatever it is, the next votes are stored)
                self._say(error)
                for vote in group:
                    vote.fail(Refused(503))
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _store_all(self, group: list[Vote]) -> None:
        try:
            await self._store(group)
        except Conflict:  # one of them, or somebody else was quicker: each by itself
            for vote in group:
                await self._store_one(vote)

    async def _store_one(self, vote: Vote) -> None:
        for _ in range(TRIES):
            with contextlib.suppress(Conflict):
                await self._refresh()
                await self._store([vote])
                return
        vote.fail(Refused(503))

    async def _store(self, group: Iterable[Vote]) -> None:
        """Store votes in one transaction, or raise Conflict and change nothing."""
        after = {name: ChainMap[Key, Row]({}, own) for name, own in self.seen.stored.items()}
        taken, guards, changes = list[Vote](), dict[Any, Change](), list[Change]()
        for vote in group:
            if refused := vote.refused(self.seen):
                vote.fail(refused)
                continue
            taken.append(vote)
            if made := vote.changes(after[vote.table]):
                changes += made
                guards |= {(g.table, *g.key.values()): g for g in vote.guards()}
        if changes:
            await self._put_votes([*guards.values(), *changes])
        for name, new in after.items():
            self.seen.stored[name].update(new.maps[0])
        for vote in taken:
            vote.succeed(self.seen.stored[vote.table])

    # -- what the room does by itself -----------------------------------------------------------

    async def _watch(self) -> None:
        """Look at the workbook again and again, close what is due, note who is here."""
        while True:
            await asyncio.sleep(RETRY_S if self.trouble else LOOK_S)
            try:
                await self.refresh()
                await self._close_due()
                await self._note_who_is_here(GONE_S)
            except Exception as error:  # noqa: BLE001 (the room goes on, whatever it is)
                self._say(error)

    def _say(self, error: Exception) -> None:
        """Tell the phones that the workbook cannot be reached, once."""
        if not self.trouble:
            log.error("The room waits for the workbook: %s", error)
            self.trouble = SENTENCES[503]
            self.ring()

    async def _close_due(self) -> None:
        for poll in self.seen.due():
            change = Change("polls", {"poll": poll}, {"status": "closed"}, {"status": "open"})
            with contextlib.suppress(Conflict):
                async with self._turn:
                    await self._put([change], "room")
            await self.refresh()

    async def _note_who_is_here(self, patience: float) -> None:
        """Note who is connected; a phone that comes back within `patience` seconds was here."""
        moment, changes = time.monotonic(), []
        for phone, row in self.seen.phones.items():
            if not phone.startswith(self.keys.mark):
                continue
            is_in, was_here = row["status"] == "joined", row["here"] == "yes"
            is_here = is_in and self.lines[phone] > 0
            is_gone = moment - self._left.get(phone, self._start) >= patience or not is_in
            if is_here != was_here and (is_here or is_gone):
                expect = {"status": row["status"], "here": row["here"]}
                here = {"here": "yes" if is_here else "no"}
                changes.append(Change("participants", {"phone": phone}, here, expect))
        if changes:
            async with self._turn:
                with contextlib.suppress(Conflict):
                    await self._put(changes, "room")
            if not self.closing:
                await self.refresh()
