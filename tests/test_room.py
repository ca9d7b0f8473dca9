"""The room: a vote that was confirmed is stored once; nobody sees another's; a stranger gets nothing."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kamlib.app.room import doors, keys
from kamlib.app.room.keys import Keys
from kamlib.app.room.room import Room
from kamlib.app.room.sentences import Refused
from kamlib.errors import KamError
from kamlib.workbook import stores
from tests.rooms import CELLS, FACTORS, KEYS, PEOPLE, Phone, Served, Table, example
from tests.serving import wait_until

CANARY = "canary-3f9c51"
DOORS = [("POST", "/join"), ("GET", "/state"), ("GET", "/events"), ("POST", "/vote"), ("POST", "/letin")]
ELSEWHERE = [
    "/voila/render/02_kaism.ipynb",
    "/api/kernels",
    "/api/contents",
    "/voila/static/x.js",
    "/ballots",
    "/static/ballot.js",
    "/ballot.html",
    "/../server.py",
    "/%2e%2e/room.py",
    "/room.py",
    "/keys.py",
    "/vote/",
    "//state",
]
LEAKS = (
    "Traceback",
    'File "',
    "site-packages",
    "kamlib",
    "Error",
    "sqlite",
    "tornado",
    "pydantic",
    KEYS.secret,
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "book.kam"


@pytest.fixture
def table(place: Path) -> Table:
    return example(place)


@pytest.fixture
def room(table: Table, place: Path) -> Iterator[Served]:
    with Served(place) as room:
        yield room


def voters(room: Served, table: Table, *people: str) -> list[Phone]:
    """Phones that have joined, with a vote open."""
    phones = [Phone(room.url).joined(person=person) for person in people]
    table.poll()
    for phone in phones:
        phone.wait_for("voting")
    return phones


def everything(table: Table) -> dict[str, list[dict[str, str]]]:
    return {name: frame.to_dict("records") for name, frame in table.store.read().items()}


# -- who reaches what


def test_whoever_has_not_joined_gets_the_page_and_nothing_of_the_workbook(room: Served, table: Table) -> None:
    anna, removed = Phone(room.url).joined(person="anna"), Phone(room.url).joined(person="ben")
    asking, stranger = Phone(room.url), Phone(room.url)
    asking.join(person="anna")
    table.poll()
    (own,) = table.rows("participants", person="ben")
    table.put("participants", {"phone": own["phone"]}, status="removed")
    removed.wait_for("removed")
    before = everything(table)
    for phone, statuses in ((stranger, {401}), (asking, {403}), (removed, {403})):
        phone.heard.clear()
        assert phone.ask("/")[0] == phone.ask("/ballot.js")[0] == phone.ask("/ballot.css")[0] == 200
        assert "asked" not in phone.ask("/state")[1]
        assert phone.vote(CELLS[0], 7)[0] in statuses
        assert phone.ask("/letin", {"phone": own["phone"], "let": True})[0] in statuses
        if phone is not asking:
            assert phone.ask("/events")[0] in statuses
        for path in ELSEWHERE:
            assert phone.ask(path)[0] == 404, path
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"):
            assert phone.ask("/vote", method=method)[0] == 405
        answered = "\n".join(phone.heard).replace(str(room.keys.mark), "")
        assert not [
            word
            for word in ("Growth", "Alpha", "Cleo", "2026.1", *LEAKS)
            if word in answered.split("/* The ballot")[0]
        ]
    assert everything(table) == before
    assert anna.ask("/")[0] == 200


def test_every_answer_has_strict_headers_and_others_pages_cannot_post(room: Served, table: Table) -> None:
    (anna,) = voters(room, table, "anna")
    for path in ("/", "/ballot.js", "/state", "/nowhere"):
        anna.ask(path)
        policy = anna.headers["Content-Security-Policy"]
        assert (
            "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        )
        assert (
            anna.headers["X-Content-Type-Options"] == "nosniff"
            and anna.headers["Cache-Control"] == "no-store"
        )
        assert anna.headers["X-Frame-Options"] == "DENY" and "Server" not in anna.headers
    body = json.dumps(
        {"poll": "2026.1", "subject": "Alpha", "factor": "f1", "supplier": "", "score": 1, "change": 1}
    )
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        assert anna.ask("/vote", body.encode(), Content_Type=kind)[0] in (400, 415)
    assert anna.ask("/vote", body.encode(), Sec_Fetch_Site="cross-site")[0] == 415
    assert anna.ask("/vote", b'{"x":"' + b"y" * 9000 + b'"}')[0] in (400, 413)
    assert table.rows("ballots") == []
    stranger = Phone(room.url)
    stranger.joined(person="ben")
    assert (
        "HttpOnly" in stranger.headers["Set-Cookie"] and "SameSite=Strict" in stranger.headers["Set-Cookie"]
    )


def test_no_answer_to_a_participant_holds_anothers_vote(room: Served, table: Table) -> None:
    """Before the reveal and after it, in a blind vote and in a live one."""
    anna, ben = voters(room, table, "anna", "ben")
    for poll, blind in (("2026.1", "yes"), ("2026.2", "no")):
        table.poll(poll, blind=blind)
        ben.ask("/state")
        room.knows(lambda seen, poll=poll: seen.poll()["poll"] == poll)
        assert anna.vote(CELLS[0], 7, note=CANARY, poll=poll)[0] == 200
        key = {
            "round": poll,
            "model": "attractiveness",
            "person": "cleo",
            "subject": "Beta",
            "factor": "f1",
            "supplier": "",
        }
        table.put("ballots", key, score="3.5", note=CANARY, change="424242")
        room.knows(
            lambda seen: any(
                row["note"] == CANARY and row["score"] == "3.5" for row in seen.stored["ballots"].values()
            )
        )
        events = ben.events()
        ben.heard.append(next(events))
        for cell in CELLS:
            assert ben.vote(cell, 5, poll=poll)[0] == 200
            assert ben.vote(cell, 6, poll=poll)[1]["stored"][0]["score"] == "5"
        for status in ("open", "closed", "revealed"):
            table.poll(poll, status)
            room.knows(lambda seen, poll=poll, status=status: seen.polls[poll]["status"] == status)
            if status != "open":
                ben.heard += [next(events), next(events)]
            ben.ask("/state")
            ben.vote(CELLS[0], 9, 2, poll=poll)
            ben.ask("/vote", {"poll": poll})
            ben.ask("/letin", {"phone": "x", "let": True})
        events.close()
    answered = "\n".join(ben.heard)
    assert '"score":"5"' in answered  # one's own is there
    assert not [word for word in (CANARY, "3.5", "424242", '"7"') if word in answered]


def test_a_name_belongs_to_the_phone_that_took_it(room: Served, table: Table) -> None:
    (anna,) = voters(room, table, "anna")
    (own,) = table.rows("participants", person="anna")
    other = Keys(KEYS.code, "another room's secret, just as long as ours is")
    name, value = anna.cookie.split("=", 1)
    forged = [value[:-1] + ("0" if value[-1] != "0" else "1"), own["phone"], value.replace("|", "!", 1), ""]
    for cookie in forged:
        thief = Phone(room.url)
        thief.cookie = f"{name}={cookie}"
        assert thief.stage() == "stranger" and thief.vote(CELLS[0], 1)[0] == 401
    with Served(room.place, other) as elsewhere:  # its cookies are no good here
        thief = Phone(elsewhere.url).joined(person="dev")
        thief.url, thief.cookie = room.url, thief.cookie.replace(other.mark, KEYS.mark)
        thief._line = None
        assert thief.stage() == "stranger"
    second, ben = Phone(room.url), Phone(room.url).joined(person="ben")
    for typed in ({"person": "anna"}, {"name": " ANNA  example", "function": "Boss"}):
        assert second.join(**typed)[1]["stage"] == "asking"
    assert second.vote(CELLS[0], 1)[0] == 403 and [p["person"] for p in table.rows("people")] == [*PEOPLE]
    (asked,) = [p["phone"] for p in table.rows("participants", status="asking")]
    assert ben.ask("/letin", {"phone": asked, "let": True})[0] == 409  # it is not his name
    assert second.ask("/letin", {"phone": asked, "let": True})[0] == 403
    assert anna.ask("/state")[1]["requests"] == [asked]
    assert anna.ask("/letin", {"phone": asked, "let": True})[0] == 200
    assert second.vote(CELLS[0], 4)[1]["stored"][0]["score"] == "4"
    assert anna.vote(CELLS[0], 8)[1]["stored"][0]["score"] == "4"  # both are Anna: the stored one stands


def test_a_removed_phone_may_only_ask_for_a_free_name(room: Served, table: Table) -> None:
    anna, ben = voters(room, table, "anna", "ben")
    (own,) = table.rows("participants", person="anna")
    line = anna.events()
    next(line)
    table.put("participants", {"phone": own["phone"]}, status="removed")
    assert len([*line]) < 10  # the line ends
    assert anna.vote(CELLS[0], 7)[0] == 403 and anna.ask("/events")[0] == 403
    assert anna.join(person="ben")[0] == 409
    assert anna.join(person="cleo") == (200, {"stage": "asking"})
    friend = Phone(room.url).joined(person="cleo")  # came later: is not asked about it
    assert friend.ask("/state")[1]["requests"] == []
    assert friend.ask("/letin", {"phone": own["phone"], "let": True})[0] == 409
    assert ben.vote(CELLS[0], 7)[0] == 200
    table.put("participants", {"phone": own["phone"]}, status="joined")
    anna.wait_for("voting")
    assert table.rows("ballots", person="anna") == []


def test_guessed_codes_are_slowed_down(room: Served) -> None:
    """Eight at once from one address, then one every five seconds; the right one waits as well."""
    thief, other = Phone(room.url), Phone(room.url, source="127.0.0.2")
    answers = [thief.ask("/join", {"code": f"AAA{n:03}"})[0] for n in range(40)]
    assert answers == [403] * 8 + [429] * 32 and int(thief.headers["Retry-After"]) > 0
    assert thief.join(person="anna")[0] == 429
    assert "names" not in "".join(thief.heard)
    assert other.join(code=" k7m4-qp ")[1]["names"][0]["name"] == "Anna Example"


def test_a_limit_lets_so_many_through_in_any_time(monkeypatch: Any) -> None:
    clock = [1000.0]
    monkeypatch.setattr(doors.time, "monotonic", lambda: clock[0])
    limit = doors.Limit(8, 0.2, most=3)
    passed = 0
    for _ in range(36_000):  # an hour, ten tries a second
        clock[0] += 0.1
        if not limit.wait("thief"):
            limit.count("thief")
            passed += 1
    assert passed <= 8 + 3600 * 0.2
    for who in "abcdef":
        limit.count(who)
    assert len(limit._left) == 3


def test_malformed_requests_change_nothing_and_are_answered_with_a_sentence(
    room: Served, table: Table
) -> None:
    (anna,) = voters(room, table, "anna")
    before, dice = everything(table), random.Random(17)
    for name in ("votes", "joins", "codes of one", "codes of all"):  # so that each gets to be looked at
        room.settings[name] = doors.Limit(1e9, 1e9)
    odd = [
        None,
        True,
        0,
        -1,
        11,
        2.5,
        10**30,
        1e308,
        "",
        "7",
        "NaN",
        [],
        {},
        [[]],
        {"a": 1},
        "\ud800",
        "x" * 300,
        "\0",
        "'; DROP TABLE ballots; --",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "Alpha",
        "f1",
        "{poll}",
    ]
    fields = [
        "poll",
        "subject",
        "factor",
        "supplier",
        "score",
        "note",
        "change",
        "weights",
        "code",
        "person",
        "name",
        "phone",
        "let",
    ]
    raws = [
        b"",
        b"{",
        b"[" * 4000,
        b'{"a":' * 1000,
        b"\xff\xfe",
        b"NaN",
        b"1" * 5000,
        b'"\\ud800"',
        b"[]",
        b"null",
        b'{"change":1e999}',
    ]
    right = {
        "poll": "2026.0",
        "subject": "Alpha",
        "factor": "f1",
        "supplier": "",
        "score": 5,
        "note": "",
        "change": 1,
    }
    for _ in range(3000):
        path = dice.choice(["/join", "/vote", "/letin", "/state", "/", "/x", "/vote?x=%00", "/%ff"])
        if dice.random() < 0.2:
            body: Any = dice.choice(raws)
        elif dice.random() < 0.5:
            body = {name: dice.choice(odd) for name in dice.sample(fields, dice.randint(0, 7))}
        else:
            body = right | {dice.choice(fields): dice.choice(odd)}
        cookie = (
            anna.cookie
            if dice.random() < 0.7
            else dice.choice(["x", "kam=;;;=", "\xff", f"kam_{KEYS.mark}=2|1:0|", "a" * 3000])
        )
        method = dice.choice(["POST", "POST", "POST", "GET", "PUT", "BREW"])
        status, answer = anna.ask(path, body, method, Cookie=cookie)
        assert 400 <= status < 500 or status == 200 and method == "GET", (path, body, status)
        assert status == 200 or not answer or answer["error"].endswith(".")
        if path != "/" or status != 200:
            assert not [word for word in LEAKS if word in anna.heard[-1]], anna.heard[-1]
    where = urlsplit(room.url)
    for raw in (
        b"GET",
        b"\0\1\2",
        b"GET / HTTP/9\r\n\r\n",
        b"POST /vote HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"A" * 20_000,
        b"POST /vote HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
        b"POST /vote HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        with closing(socket.create_connection((where.hostname, where.port), 60)) as line:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            said = b""
            while part := line.recv(4096):
                said += part
        assert not [word for word in LEAKS if word in said.decode("utf-8", "replace")], said
    assert everything(table) == before
    assert anna.vote(CELLS[0], 7)[0] == 200


def test_a_flood_of_connections_ends_at_the_door(room: Served, table: Table, monkeypatch: Any) -> None:
    (anna,) = voters(room, table, "anna")
    monkeypatch.setattr(doors, "MOST_CONNECTIONS", 20)
    where = urlsplit(room.url)
    flood = [socket.create_connection((where.hostname, where.port), 60) for _ in range(60)]
    for line in flood[30:]:
        assert line.recv(1) == b""  # closed at once
    assert anna.vote(CELLS[0], 7)[0] == 200  # whoever is in stays in
    for line in flood:
        line.close()

    def is_room() -> bool:
        try:
            return Phone(room.url).ask("/")[0] == 200
        except AssertionError:
            return False

    wait_until(is_room, what="room for others")


# -- joining and voting


def test_somebody_new_becomes_a_person_and_odd_names_stay_text(room: Served, table: Table) -> None:
    name = "<img src=x onerror=alert(1)> O'Hara; --"
    phone = Phone(room.url).joined(name=f"  {name} ", function="Sales & <b>Service</b>")
    (row,) = [p for p in table.rows("people") if p["person"] not in PEOPLE]
    assert (row["name"], row["function"]) == (name, "Sales & <b>Service</b>")
    table.poll()
    note = '"><script>alert(2)</script>\n=1+1'
    assert phone.wait_for("voting").vote(CELLS[0], None, note=note)[0] == 200
    (stored,) = table.rows("ballots")
    assert (stored["person"], stored["score"], stored["note"]) == (row["person"], "", note)
    written = [h for h in table.rows("history", table="ballots") if h["column"] == "note"]
    assert [h["who"] for h in written] == [row["person"]]
    for wrong in ({"name": ""}, {"person": "nobody"}, {"person": "anna", "name": "Anna"}):
        assert Phone(room.url).join(**wrong)[0] == 400


def test_the_later_change_of_a_vote_counts_whatever_arrives_when(room: Served, table: Table) -> None:
    (anna,) = voters(room, table, "anna")
    sent = [(3, 1), (5, 2), (5, 2), (3, 1), (9, 4), (7, 3), (2, 5), (9, 4)]
    told = [anna.vote(CELLS[0], score, change)[1]["stored"][0] for score, change in sent]
    assert [row["score"] for row in told] == ["3", "5", "5", "5", "9", "9", "2", "2"]
    assert [(b["score"], b["change"]) for b in table.rows("ballots")] == [("2", "5")]
    for wrong in ((("Alpha", "f9", ""), 5), (("Nobody", "f1", ""), 5), (("Alpha", "f1", "us"), 5)):
        assert anna.vote(*wrong)[0] == 409
    assert anna.vote(CELLS[0], 5, poll="2025.9")[0] == 409


@pytest.mark.parametrize(
    ("how", "column", "good", "bad"),
    [
        (
            "points",
            "points",
            [40, 30, 30, 0, 0, 0],
            [[40, 30, 30, 1, 0, 0], [101, 0, 0, 0, 0, -1], [100, 0], [25, 25, 25, 25.0, 0, 0]],
        ),
        (
            "ranking",
            "place",
            [2, 1, 4, 3, 6, 5],
            [[1, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [1, 2, 3], [2, 3, 4, 5, 6, 7]],
        ),
    ],
)
def test_weights_are_stored_all_together_or_not(
    room: Served, table: Table, how: str, column: str, good: list[int], bad: list[list[Any]]
) -> None:
    anna = Phone(room.url).joined(person="anna")
    table.poll(how=how)
    anna.wait_for("voting")

    def give(weights: list[Any], change: int) -> int:
        return anna.ask(
            "/vote",
            {"poll": "2026.1", "weights": dict(zip(FACTORS, weights, strict=False)), "change": change},
        )[0]

    assert all(give(weights, 1) in (400, 409) for weights in bad) and table.rows("weight_ballots") == []
    assert (give(good[::-1], 1), give(good, 2), give(good[::-1], 1)) == (200, 200, 200)
    stored = {row["factor"]: row[column] for row in table.rows("weight_ballots", person="anna", scope="main")}
    assert stored == dict(zip(FACTORS, map(str, good), strict=True))
    assert anna.vote(CELLS[0], 5, 3)[0] == 400


def test_closing_is_one_with_the_votes(room: Served, table: Table) -> None:
    """Once a vote is closed nothing more is stored in it, and all that was confirmed is there."""
    phones = voters(room, table, *PEOPLE)
    numbers, going = {id(phone): 0 for phone in phones}, threading.Event()
    confirmed: dict[Any, int] = {}

    def keep_voting(phone: Phone, person: str) -> None:
        while not going.is_set():
            for cell in CELLS:
                numbers[id(phone)] += 1
                status, answer = phone.vote(cell, numbers[id(phone)] % 10 + 1, numbers[id(phone)])
                if status == 200:
                    confirmed[(person, *cell)] = numbers[id(phone)]
                else:  # closed, or more votes than a thumb can give
                    assert status == 429 or (status == 409 and "closed" in answer["error"])
                    time.sleep(0.02)

    threads = [threading.Thread(target=keep_voting, args=pair) for pair in zip(phones, PEOPLE, strict=True)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            table.poll(status="open")
            count = len(table.rows("history"))
            wait_until(lambda count=count: len(table.rows("history")) > count + 50, what="votes")
            table.poll(status="closed")
            at_close = table.rows("ballots")
            room.knows(lambda seen: seen.polls["2026.1"]["status"] == "closed")
            assert table.rows("ballots") == at_close
    finally:
        going.set()
        for thread in threads:
            thread.join(60)
    stored = {
        (b["person"], b["subject"], b["factor"], b["supplier"]): int(b["change"])
        for b in table.rows("ballots")
    }
    assert confirmed.keys() == stored.keys() and all(stored[key] >= confirmed[key] for key in stored)
    wait_until(lambda: phones[0].vote(CELLS[0], 1, 10**6)[0] == 409, what="a refusal")


# -- what survives


class Cut(Exception):
    """Nobody knows whether it arrived."""


Cell = tuple[str, ...]


class Holder:
    """A phone as the protocol wants it: what it holds survives a reload, one vote at a time is on its way."""

    def __init__(self, person: str) -> None:
        self.person, self.nonce = person, f"nonce of {person}"
        self.id = KEYS.phone(self.nonce)
        self.kept: dict[Cell, dict[str, Any]] = {}

    def tap(self, cell: Cell, score: int) -> None:
        vote = self.kept.setdefault(cell, {"change": 0, "done": 0})
        vote |= {"score": score, "change": vote["change"] + 1}

    def waiting(self) -> list[Cell]:
        return [cell for cell, vote in self.kept.items() if vote["change"] > vote["done"]]

    def reload(self, answers: list[dict[str, str]]) -> None:
        """What is kept comes back from text, and all that was ticked is there."""
        kept = json.loads(json.dumps([*self.kept.items()]))
        self.kept = {tuple(cell): vote for cell, vote in kept}
        told = {(a["subject"], a["factor"], a["supplier"]): int(a["change"]) for a in answers}
        for cell, vote in self.kept.items():
            assert told.get(cell, 0) >= vote["done"], "a tick was shown and the vote is gone"


class Storm:
    """A room and its phones, between which everything goes wrong."""

    NETWORK = ("request lost", "answer lost", "duplicate", "overtaken")

    def __init__(self, place: Path, table: Table, seed: int) -> None:
        self.place, self.table, self.dice = place, table, random.Random(seed)
        self.phones = [Holder(person) for person in PEOPLE]
        self.count = dict.fromkeys((*self.NETWORK, "reload", "killed"), 0)
        self.late: list[tuple[Holder, dict[str, Any]]] = []

    async def open(self) -> None:
        self.room = Room(stores.open_store(self.place), KEYS)
        await self.room.start()

    async def kill(self) -> None:
        """Votes are on their way just then."""
        sent = [asyncio.ensure_future(self.send(phone)) for phone in self.phones]
        await asyncio.sleep(self.dice.random() * 0.01)
        for task in self.room._tasks:
            task.cancel()
        self.room._thread.shutdown(wait=self.dice.random() < 0.5, cancel_futures=True)
        for task in sent:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)
        await self.open()

    async def carry(self, phone: Holder, body: dict[str, Any]) -> Any:
        """A vote to the room and the answer back, or Cut."""
        what = self.dice.choice([*self.NETWORK, "well", "well", "well"])
        self.count[what] = self.count.get(what, 0) + 1
        if what == "overtaken":
            self.late.append((phone, body))
        if what in ("overtaken", "request lost"):
            raise Cut
        votes = [self.room.vote(phone.id, dict(body)) for _ in range(2 if what == "duplicate" else 1)]
        told = await asyncio.gather(*votes)
        if what == "answer lost":
            raise Cut
        return self.dice.choice(told)

    async def send(self, phone: Holder) -> None:
        for cell in phone.waiting():
            vote = phone.kept[cell]
            body = dict(zip(("subject", "factor", "supplier"), cell, strict=True))
            body |= {"poll": "2026.1", "score": vote["score"], "note": "", "change": vote["change"]}
            try:
                told = await self.carry(phone, body)
            except Cut:
                return
            vote["done"] = body["change"]
            expected = [(str(body["score"]), str(body["change"]))]
            seen = [told["stored"]]
            if self.dice.random() < 0.3:
                seen.append(self.table.rows("ballots", person=phone.person, subject=cell[0]))
            assert all([(r["score"], r["change"]) for r in rows] == expected for rows in seen)

    async def arrive_late(self) -> None:
        phone, body = self.late.pop(self.dice.randrange(len(self.late)))
        await self.room.vote(phone.id, body)

    async def blow(self, interruptions: int) -> None:
        for phone in self.phones:
            await self.room.join("", phone.nonce, {"person": phone.person})
        while sum(self.count.values()) - self.count.get("well", 0) < interruptions:
            phone = self.dice.choice(self.phones)
            for _ in range(self.dice.randint(0, 3)):
                phone.tap(self.dice.choice(CELLS), self.dice.randint(1, 10))
            if self.dice.random() < 0.1:
                self.count["killed"] += 1
                await self.kill()
            if self.dice.random() < 0.15:
                self.count["reload"] += 1
                phone.reload(self.room.state(phone.id)["answers"])
            if self.late and self.dice.random() < 0.3:
                await self.arrive_late()
            await asyncio.gather(*map(self.send, self.phones))

    async def calm(self) -> None:
        while any(phone.waiting() for phone in self.phones) or self.late:
            for _ in [*self.late]:
                await self.arrive_late()
            await asyncio.gather(*map(self.send, self.phones))
        await self.room.stop()


def test_what_a_phone_has_ticked_is_stored_once_whatever_breaks(table: Table, place: Path) -> None:
    """1,000 interruptions: requests and answers lost, duplicated, overtaken; reloads; the room killed."""
    table.poll()
    storm = Storm(place, table, seed=29)

    async def run() -> None:
        await storm.open()
        await storm.blow(1000)
        await storm.calm()

    asyncio.run(run())
    stored = table.rows("ballots", round="2026.1")
    found = {
        (b["person"], b["subject"], b["factor"], b["supplier"]): (b["score"], b["change"]) for b in stored
    }
    held = {
        (phone.person, *cell): (str(vote["score"]), str(vote["change"]))
        for phone in storm.phones
        for cell, vote in phone.kept.items()
    }
    assert found == held and len(stored) == len(found) > 10
    assert min(storm.count.values()) > 20, storm.count


def test_the_room_waits_for_a_workbook_that_cannot_be_reached(
    room: Served, table: Table, place: Path
) -> None:
    (anna,) = voters(room, table, "anna")
    away = place.rename(place.with_suffix(".away"))
    assert anna.vote(CELLS[0], 7)[0] == 503
    assert "kept on this phone" in wait_until(lambda: anna.ask("/state")[1]["trouble"], what="a word")
    away.rename(place)
    wait_until(lambda: anna.vote(CELLS[0], 7)[0] == 200, what="the vote")
    wait_until(lambda: anna.ask("/state")[1]["trouble"] == "", what="no trouble any more")


def test_a_vote_closes_when_its_time_has_come(room: Served, table: Table) -> None:
    (anna,) = voters(room, table, "anna")
    soon = datetime.now(UTC) + timedelta(minutes=5)
    table.poll(closes=soon.isoformat())
    wait_until(lambda: 200 < (anna.ask("/state")[1]["left"] or 0) <= 300, what="the time left")
    table.poll(closes=(soon - timedelta(minutes=6)).isoformat().replace("+00:00", "Z"))
    anna.wait_for("closed")
    assert table.rows("polls")[0]["status"] == "closed"


def test_who_is_here_is_noted_and_a_short_absence_is_not(room: Served, table: Table) -> None:
    (anna,) = voters(room, table, "anna")
    for _ in range(5):
        line = anna.events()
        next(line)
        wait_until(lambda: table.rows("participants")[0]["here"] == "yes", what="here")
        line.close()
    noted = [h for h in table.rows("history", table="participants") if h["column"] == "here"]
    assert [h["new"] for h in noted] == ["no", "yes"]
    room.__exit__()
    assert table.rows("participants")[0]["here"] == "no"


def test_code_secret_and_port_are_kept_outside_the_workbook(
    tmp_path: Path, monkeypatch: Any, place: Path, table: Table
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    first = keys.of(str(place))
    assert keys.keep(str(place), Keys(first.code, first.secret, 8867))
    assert keys.of(str(place)) == Keys(first.code, first.secret, 8867)
    assert keys.of("another.kam").code != first.code and set(first.code) <= set(keys.ALPHABET)
    (file,) = (tmp_path / "state").rglob("*.json")
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0
    with Served(place, first) as room:
        Phone(room.url).ask("/join", {"code": first.code, "person": "anna"})
    (phone,) = table.rows("participants")
    raw = b"".join(part.read_bytes() for part in place.parent.glob("book.kam*"))
    assert first.code.encode() not in raw and first.secret.encode() not in raw
    assert phone["phone"].startswith(first.mark)
    file.write_text("{damaged")
    assert len(keys.of(str(place)).code) == 6


# -- several rooms


def test_two_rooms_on_one_server_are_one_workshop(empty: str) -> None:
    """PostgreSQL: a name is taken once, votes of both count, closing holds for both."""
    table, other = example(empty), Keys("ABCDEF", "the other room has a secret of its own")
    with Served(empty) as here, Served(empty, other) as there:
        for n, person in enumerate(("anna", "ben", "cleo")):
            table.put("people", {"person": f"new{n}"}, name=f"New {n}")
            pair = [Phone(here.url), Phone(there.url)]
            found: list[str] = []

            def take(phone: Phone, code: str, person: str, found: list[str] = found) -> None:
                found.append(phone.join(code, person=person)[1]["stage"])

            threads = [
                threading.Thread(target=take, args=(phone, code, person))
                for phone, code in zip(pair, (KEYS.code, other.code), strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert sorted(found) == ["asking", "joined"], found
        dev = Phone(here.url).joined(person="dev")
        nora = Phone(there.url)
        assert nora.join(other.code, name="Nora Far", function="Operations")[1] == {"stage": "joined"}
        table.poll()
        for phone in (dev, nora):
            phone.wait_for("voting")
        for n, cell in enumerate(CELLS):
            assert dev.vote(cell, n + 1)[0] == nora.vote(cell, n + 2)[0] == 200
        second = Phone(there.url)  # Dev's other phone, in the other room
        assert second.join(other.code, person="dev")[1]["stage"] == "asking"
        (asked,) = wait_until(lambda: dev.ask("/state")[1]["requests"], what="a request")
        assert dev.ask("/letin", {"phone": asked, "let": True})[0] == 200
        second.wait_for("voting")
        assert second.vote(CELLS[0], 9, 2)[0] == 200
        assert dev.vote(CELLS[0], 3, 2)[1]["stored"][0]["score"] == "9"  # the first to be stored stands
        table.poll(status="closed")
        assert dev.vote(CELLS[1], 9, 9)[0] == nora.vote(CELLS[1], 9, 9)[0] == 409
    votes = {(b["person"], b["subject"]): b["score"] for b in table.rows("ballots")}
    assert votes == {("dev", "Alpha"): "9"} | {
        ("dev", c[0]): str(n + 1) for n, c in enumerate(CELLS) if n
    } | {("nora_far", c[0]): str(n + 2) for n, c in enumerate(CELLS)}


def test_a_room_says_so_where_the_workbook_cannot_be_read(tmp_path: Path) -> None:
    async def run() -> None:
        await Room(stores.open_store(tmp_path / "nothing.kam"), KEYS).start()

    with pytest.raises(KamError):
        asyncio.run(run())


def test_a_refusal_has_a_status_and_a_sentence() -> None:
    assert all(str(Refused(status)).endswith(".") for status in (400, 401, 403, 404, 409, 415, 429, 500, 503))
