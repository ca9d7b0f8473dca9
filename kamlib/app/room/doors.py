"""The doors of the room: the ballot page, joining, what a phone shows, its votes. Nothing else.

A phone is known by a signed cookie. No answer holds another person's vote, or says how an error
came about.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, NoReturn

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError
from tornado.web import Application, HTTPError, MissingArgumentError, RequestHandler

from kamlib.app.room.keys import ALPHABET
from kamlib.app.room.room import Room
from kamlib.app.room.sentences import LONG_LINES, SENTENCES, TOO_MANY, WRONG_CODE, Refused
from kamlib.errors import KamError

HERE = Path(__file__).parent
PAGE = {
    "/": ("ballot.html", "text/html"),
    "/ballot.css": ("ballot.css", "text/css"),
    "/ballot.js": ("ballot.js", "text/javascript"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'",
}
DAYS = 31  # for which a phone is known
PING_S = 10.0  # a line that says nothing for longer is dead
MOST_CONNECTIONS, MOST_LINES, MOST_OF_ONE = 600, 500, 6
LARGEST = 8192  # bytes of a request
log = logging.getLogger("kamlib.app.server")


class Limit:
    """So many at once, then so many a second, for each of those who come."""

    def __init__(self, at_once: float, a_second: float, most: int = 10_000) -> None:
        self.at_once, self.a_second, self.most = at_once, a_second, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str = "") -> int:
        """The seconds until the next one may be counted, 0 for now."""
        return max(0, math.ceil((1 - self._now(who)) / self.a_second))

    def count(self, who: str = "") -> None:
        """Count one."""
        self._left[who] = (self._now(who) - 1, time.monotonic())
        self._left.move_to_end(who)
        if len(self._left) > self.most:
            self._left.popitem(last=False)

    def _now(self, who: str) -> float:
        left, since = self._left.get(who, (self.at_once, 0.0))
        return min(self.at_once, left + (time.monotonic() - since) * self.a_second)


class Door(RequestHandler):
    """What all doors do: strict headers, who is there, errors as one sentence."""

    room: Room

    def initialize(self) -> None:
        self.room = self.settings["room"]

    def set_default_headers(self) -> None:
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.clear_header("Server")

    @property
    def cookie(self) -> str:
        return f"kam_{self.room.keys.mark}"

    @property
    def nonce(self) -> str:
        """What the cookie of the phone holds, "" for a stranger."""
        value = self.get_signed_cookie(self.cookie, max_age_days=DAYS)
        return value.decode("ascii", "replace") if value else ""

    @property
    def phone(self) -> str:
        return self.room.keys.phone(self.nonce) if self.nonce else ""

    def body(self) -> Any:
        """The JSON that was sent by our page. Raises Refused for anything else."""
        kind = self.request.headers.get("Content-Type", "").split(";")[0].strip().lower()
        site = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        if kind != "application/json" or site not in ("same-origin", "none"):
            raise Refused(415)
        try:
            return json.loads(self.request.body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Refused(400) from None

    def answer(self, **content: Any) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(content, ensure_ascii=True, separators=(",", ":")))

    def write_error(self, status_code: int, **given: Any) -> None:
        error = (given.get("exc_info") or (None, None))[1]
        if isinstance(error, Refused):
            status_code = error.status
            if error.wait:
                self.set_header("Retry-After", str(error.wait))
        elif isinstance(error, KamError):
            status_code = 503
        elif isinstance(error, MissingArgumentError) or status_code not in SENTENCES:
            status_code = 400 if 400 <= status_code < 500 else 500
        self.set_status(status_code)
        stage = self.room.stage(self.phone)
        said = str(error) if isinstance(error, Refused) else SENTENCES[status_code]
        self.answer(error=said, status=status_code, stage=stage)

    def log_exception(self, typ: Any, value: Any, _tb: Any) -> None:
        if not isinstance(value, HTTPError | KamError | StreamClosedError):
            log.error("The room could not answer: %s", typ.__name__)


def _no_number(_: str) -> NoReturn:
    raise ValueError("no number")


class Static(Door):
    """The ballot page and its two files: the same for everybody, and no code is needed."""

    def get(self) -> None:
        name, kind = PAGE[self.request.path]
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish((HERE / name).read_bytes())


class Join(Door):
    """The code opens the list of names; a name of it, or a new one, brings the cookie."""

    async def post(self) -> None:
        body = self.body()
        code = body.pop("code", None) if isinstance(body, dict) else None
        if not isinstance(code, str):
            raise Refused(400)
        self._check(code)
        if not body:
            names = sorted(self.room.seen.names(), key=lambda row: str(row["name"]).casefold())
            functions = {row["function"] for row in self.room.seen.people.values()} - {""}
            return self.answer(names=names, functions=sorted(functions))
        joins: Limit = self.settings["joins"]
        if wait := joins.wait():
            raise Refused(429, wait=wait)
        joins.count()
        nonce = await self.room.join(self.nonce, secrets.token_urlsafe(24), body)
        self.set_signed_cookie(self.cookie, nonce, DAYS, httponly=True, samesite="Strict")
        self.answer(stage=self.room.stage(self.room.keys.phone(nonce)))

    def _check(self, code: str) -> None:
        """Raise Refused for a wrong code, and for any where too many wrong ones came."""
        one, all_ = self.settings["codes of one"], self.settings["codes of all"]
        address = self.request.remote_ip or ""
        if wait := max(one.wait(address), all_.wait()):
            raise Refused(429, TOO_MANY.format(seconds=wait), wait=wait)
        typed = "".join(c for c in code.upper() if c in ALPHABET)
        if not hmac.compare_digest(typed.encode(), self.room.keys.code.encode()):
            one.count(address)
            all_.count()
            raise Refused(403, WRONG_CODE)


class State(Door):
    """What the phone shows now."""

    def get(self) -> None:
        self.answer(**self.room.state(self.phone))


class Events(Door):
    """Says that there is something new; what it is, the phone asks for itself."""

    gone = False

    def on_connection_close(self) -> None:
        self.gone = True

    async def get(self) -> None:
        phone = self.phone
        if self.room.stage(phone) not in ("joined", "asking"):
            self.room.joined(phone)
        lines = self.room.lines
        if lines[phone] >= MOST_OF_ONE or lines.total() >= MOST_LINES:
            raise Refused(429, LONG_LINES, wait=5)
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        edition = self.room.edition(phone)
        with self.room.line(phone):
            while not self.gone and not self.room.closing:
                try:
                    self.write(f"data: {edition}\n\n")
                    await asyncio.wait_for(self.flush(), PING_S)
                except (StreamClosedError, TimeoutError):
                    return
                edition = await self.room.heard(phone, edition, PING_S)
                if self.room.stage(phone) not in ("joined", "asking"):
                    self.write(f"data: {edition}\n\n")
                    return


class Votes(Door):
    """A vote; the answer says that it is stored."""

    async def post(self) -> None:
        body, phone, limit = self.body(), self.phone, self.settings["votes"]
        self.room.joined(phone)
        if wait := limit.wait(phone):
            raise Refused(429, wait=wait)
        limit.count(phone)
        self.answer(**await self.room.vote(phone, body))


class LetIn(Door):
    """Whether another phone may come in under the name of this one."""

    async def post(self) -> None:
        body = self.body()
        await self.room.let_in(self.phone, body)
        self.answer(done=True)


class Nowhere(Door):
    """Every other address."""

    def prepare(self) -> Awaitable[None] | None:
        raise HTTPError(404)


class Server(HTTPServer):
    """Takes so many connections and no more: the facilitator's pages need some of their own."""

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        if len(self._connections) < MOST_CONNECTIONS:
            super().handle_stream(stream, address)
        else:
            stream.close()


def served(room: Room) -> HTTPServer:
    """The server of a room, which does not listen yet."""
    rules: list[Any] = [(path.replace(".", r"\."), Static) for path in PAGE]
    doors = {"join": Join, "state": State, "events": Events, "vote": Votes, "letin": LetIn}
    rules += [(f"/{name}", door) for name, door in doors.items()]
    settings: dict[str, Any] = {
        "joins": Limit(60, 5),
        "votes": Limit(200, 10),
        "codes of one": Limit(8, 0.2),
        "codes of all": Limit(200, 10),
        "default_handler_class": Nowhere,
        "log_function": lambda handler: None,
        "cookie_secret": room.keys.secret,
        "room": room,
    }
    app = Application(rules, **settings)
    return Server(
        app,
        max_body_size=LARGEST,
        max_header_size=LARGEST,
        idle_connection_timeout=60,
        body_timeout=10,
    )
