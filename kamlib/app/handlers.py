"""The doors of the workbook's server: who may ask for what, and what is answered.

Voila's handlers, each behind one guard: no foreign host, strict headers, errors as one sentence.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import html
import logging
import re
from collections.abc import AsyncIterator, Awaitable
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, StaticFileHandler
from tornado.websocket import WebSocketHandler
from voila.execute import VoilaExecutor
from voila.exporter import VoilaExporter
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from kamlib import __version__
from kamlib.app.doorkeeper import is_loopback
from kamlib.app.kernels import opening, visitor
from kamlib.workbook.settings import is_read_only

SHARE = Path(__file__).parent.parent / "share" / "jupyter"
MESSAGE = Template((SHARE / "voila/templates/kam/message.html").read_text(encoding="utf-8"))
SENTENCES = {
    403: "This address is not open to you. Use the complete one that was shown when the workbook started.",
    404: "There is no such page in this workbook.",
    503: "The room is full: as many pages are open as this computer can serve. Try again in a minute.",
}
PAGE_FAILED = "The page could not be opened. Reload it; if that does not help, start the workbook again."
CELL_FAILED = (
    "This part could not be shown. Reload the page; if it happens again, check the workbook (kam check)."
)
WAITING = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Key account workbook</title></head>'
    "<body>"
    '<p id="kam-waiting" role="status" style="font:24px sans-serif;margin:30vh 32px;text-align:center">'
    "Others are opening the workbook too. This page follows in a moment.</p>"
)
BROWSER = "kam_browser"
DOORSTEP = f"""<script>
document.cookie = "{BROWSER}=1; path=/; samesite=lax";
if (document.cookie.includes("{BROWSER}=1")) {{
  document.documentElement.hidden = true;
  location.reload();
}}
</script>This page needs JavaScript and cookies. Please allow both in the browser, then try again."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws://$host wss://$host; form-action 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'",
}
# not ours to offer: the list of files, the log-in form, what a page may ask about its visitor
UNUSED = {"VoilaContentsHandler", "VoilaLoginHandler", "LogoutHandler", "RequestInfoSocketHandler"}
EDITION = (
    f"{version('voila')}-{__version__}"  # in the address of a script whose name does not say which one it is
)
HASHED = re.compile(r"\.[0-9a-f]{16,}\.")
PACKED, YEAR = (".js", ".css", ".json", ".svg", ".html", ".map"), 31_536_000
SILENT_PARTS = 60  # of two seconds each, see http_keep_alive_timeout
log = logging.getLogger("kamlib.app.server")


class Guard:
    """Mixed in before every handler. The application's settings hold `kam_app`, the server."""

    request: Any
    settings: Any

    def set_default_headers(self) -> None:
        super().set_default_headers()  # type: ignore[misc]
        if not isinstance(self, WebSocketHandler):
            host = re.sub(r"[^\w.:\[\]-]", "", self.request.host)
            for name, value in HEADERS.items():
                self.set_header(name, value.replace("$host", host))  # type: ignore[attr-defined]

    def prepare(self) -> Awaitable[None] | None:
        app = self.settings["kam_app"]
        if not app.keeper.admits(self.request, is_loopback(app.ip)):
            raise HTTPError(403)
        return super().prepare()  # type: ignore[misc]

    def check_origin(self, *origin: str) -> bool:
        said = urlsplit("".join(origin) or self.request.headers.get("Origin", "")).netloc
        return self.settings["kam_app"].keeper.knows(said) or bool(super().check_origin(*origin))  # type: ignore[misc]

    def get_login_url(self) -> str:
        raise HTTPError(403)  # there is no form to log in with: the token is in the address

    def write_error(self, status_code: int, **_: Any) -> None:
        sentence = html.escape(SENTENCES.get(status_code, PAGE_FAILED))
        self.set_header("Content-Type", "text/html; charset=utf-8")  # type: ignore[attr-defined]
        if status_code == 503:
            self.set_header("Retry-After", "30")  # type: ignore[attr-defined]
        self.finish(MESSAGE.substitute(sentence=sentence))  # type: ignore[attr-defined]

    def log_exception(self, typ: Any, value: Any, _tb: Any) -> None:
        if not isinstance(value, HTTPError | StreamClosedError):
            log.error("A page failed: %s: %s", getattr(typ, "__name__", typ), value)


class Health(Guard, RequestHandler):
    """Is the server there, and how many pages are open? For whoever watches it; starts no kernel, tells nothing else."""

    def prepare(self) -> None:
        pass

    def get(self) -> None:
        app = self.settings["kam_app"]
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok", "pages": app.kernel_manager.taken(), "readers": app.max_kernels})


class Nowhere(Guard, RequestHandler):
    """Every address that leads nowhere."""

    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)


class Front(TornadoVoilaTreeHandler):
    """The root address leads to the first notebook; a token in the address has become a cookie."""

    async def get(self, path: str = "") -> None:
        self.redirect(f"{self.base_url}voila/render/{self.settings['kam_app'].start_page}")

    head = get


class Page(TornadoVoilaHandler):
    """A notebook as a page: one kernel each, a few opening at a time, no more than the room holds.

    Only a browser in front of a reader gets one: it runs the script of the doorstep, which brings a
    cookie. Probes, link previews and other programs see the doorstep and cost no kernel.
    """

    gone = False

    def on_connection_close(self) -> None:
        self.gone = True

    async def get(self, path: str | None = None) -> None:
        app = self.settings["kam_app"]
        if path not in app.pages():
            raise HTTPError(404)
        if self.request.query:  # nothing in an address reaches a notebook
            return self.redirect(self.request.path)
        if "prefetch" in self.request.headers.get("Sec-Purpose", ""):
            raise HTTPError(503)  # the browser asks again when its reader really comes
        if self.request.method == "HEAD" or not self.get_cookie(BROWSER):
            self.set_header("Cache-Control", "no-store")
            return self.finish(MESSAGE.substitute(sentence=DOORSTEP))
        if self.kernel_manager.taken() >= app.max_kernels:
            raise HTTPError(503)
        _ = self.xsrf_token  # sets the cookie with which the page ends its kernel when it is left
        self.own: list[str] = []
        opening.set(self.own)
        visitor.set(self.request.kam_user)
        self.kernel_manager.pages.add(self)
        complete = False
        try:
            if app.turn.locked():  # the page itself follows in the same answer and hides this
                await self._send(WAITING)
            async with app.turn:
                if not self.gone:
                    async for part in self._parts(path):
                        await self._send(part)
                    complete = True
        except StreamClosedError:
            pass  # the visitor has left
        except Exception as error:
            self._give_up(error)
        finally:
            self.kernel_manager.pages.discard(self)
            if not complete:
                await self._clear()

    head = get

    async def _clear(self) -> None:
        """End what was begun for a page that nobody reads any more."""
        for kernel_id in self.own:
            await self.kernel_manager.end(kernel_id, now=True)

    async def _send(self, part: str) -> None:
        """Write a part; a visitor that takes nothing of it for as long as may be has left."""
        self.write(part)
        try:
            await asyncio.wait_for(self.flush(), self.kernel_manager.cull_idle_timeout)
        except TimeoutError:
            self.request.connection.stream.close()
            raise StreamClosedError from None

    def _give_up(self, error: Exception) -> None:
        if not self.gone:
            log.error("A page could not be opened: %s: %s", type(error).__name__, error)
        if not self._headers_written:
            raise HTTPError(500) from error
        self.finish("<script>window.kam && kam.fail()</script>")

    async def _parts(self, path: str | None) -> AsyncIterator[str]:
        """The page bit by bit. Voila waits for ever when the kernel dies or never answers; we do not."""
        silent = 0
        async for part in self.get_generator(path=path):
            silent = silent + 1 if "voila_heartbeat()" in part else 0
            if silent > SILENT_PARTS or silent and not await self._lives():
                raise RuntimeError("its kernel does not answer")
            yield part
        if not await self._lives():
            raise RuntimeError("its kernel has ended")

    async def _lives(self) -> bool:
        return all([await self.kernel_manager.lives(kernel_id) for kernel_id in self.own])


class Leave(VoilaShutdownKernelHandler):
    """A page that is left ends its kernel, after a moment for what it sent last."""

    async def post(self, kernel_id: str) -> None:
        await asyncio.sleep(0.3)
        await self.kernel_manager.end(kernel_id)
        self.set_status(204)
        self.finish()


class Line(VoilaKernelWebsocketHandler):
    """The connection of a page to its kernel, which counts from the first word."""

    async def pre_get(self) -> None:
        self.own = [self.kernel_id]
        self.kernel_manager.pages.add(self)
        try:
            await super().pre_get()
        finally:
            self.kernel_manager.pages.discard(self)


@functools.lru_cache(400)
def _packed(path: str, _: float) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)


class Asset:
    """Mixed in before what serves scripts and styles: packed once, and kept for a year where the address names the edition."""

    request: Any
    absolute_path: str
    packs = False

    def parse_url_path(self, path: str) -> str:
        self.fixed = (
            path.startswith(f"{EDITION}/") or "v" in self.request.arguments or bool(HASHED.search(path))
        )
        path = path.removeprefix(f"{EDITION}/")
        self.packs = path.endswith(PACKED) and "gzip" in self.request.headers.get("Accept-Encoding", "")
        if self.packs and "Range" in self.request.headers:
            del self.request.headers["Range"]
        return str(super().parse_url_path(path))  # type: ignore[misc]

    def set_headers(self) -> None:
        super().set_headers()  # type: ignore[misc]
        self.set_header("Cache-Control", f"public, max-age={YEAR}, immutable" if self.fixed else "no-cache")  # type: ignore[attr-defined]
        self.set_header("Vary", "Accept-Encoding")  # type: ignore[attr-defined]
        if self.packs:
            self.set_header("Content-Encoding", "gzip")  # type: ignore[attr-defined]

    def compute_etag(self) -> None:
        """The date of the file says whether it is the same; packed or not it has other bytes."""

    def get_content_size(self) -> int:
        return len(self.whole()) if self.packs else int(super().get_content_size())  # type: ignore[misc]

    def get_content(self, path: str, *part: Any) -> Any:
        return self.whole() if self.packs else super().get_content(path, *part)  # type: ignore[misc]

    def whole(self) -> bytes:
        return _packed(self.absolute_path, Path(self.absolute_path).stat().st_mtime)


class ReadKernel(KernelHandler):
    """What a page asks about its own kernel; it may not restart or remove one here."""

    SUPPORTED_METHODS = ("GET", "HEAD")  # type: ignore[assignment]


class Compiled(BytecodeCache):
    """The templates of the pages, compiled once for all of them: every page has an environment of its own."""

    def __init__(self) -> None:
        self.codes: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self.codes.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key] = bucket.checksum, bucket.code


COMPILED = Compiled()


class Writer(VoilaExporter):
    """Makes the HTML of a page."""

    def _create_environment(self) -> Environment:
        made = super()._create_environment()
        made.bytecode_cache = COMPILED
        return made


class Cells(VoilaExecutor):
    """A cell that failed shows a sentence: our own errors theirs, all others a general one.

    Readers see the sections that are tagged `result` first.
    """

    def __init__(self, nb: Any, **more: Any) -> None:
        if is_read_only():
            sections: list[list[Any]] = [[]]
            for cell in nb.cells:
                if cell.cell_type == "markdown" and re.search(r"^## ", cell.source, re.MULTILINE):
                    sections.append([])
                sections[-1].append(cell)
            first, *others = sections
            others.sort(key=lambda each: "result" not in each[0].metadata.get("tags", []))
            nb.cells = [cell for each in (first, *others) for cell in each]
        super().__init__(nb, **more)

    def strip_code_cell_errors(self, cell: Any) -> Any:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                ours = output["traceback"] == [output["evalue"]]  # see KamError._render_traceback_
                sentence = html.escape(output["evalue"] if ours else CELL_FAILED)
                output.clear()
                output["output_type"], output["metadata"] = "display_data", {}
                output["data"] = {"text/html": f'<p class="kam-problem" role="alert">{sentence}</p>'}
        return cell


OURS: dict[type, type] = {
    TornadoVoilaTreeHandler: Front,
    TornadoVoilaHandler: Page,
    VoilaShutdownKernelHandler: Leave,
    KernelHandler: ReadKernel,
    VoilaKernelWebsocketHandler: Line,
}


def guarded(rules: list[Any]) -> list[Any]:
    """Voila's routes with our handlers in place of some, without others, all behind the guard."""

    def behind(handler: type) -> type:
        files = (Asset,) if issubclass(handler, StaticFileHandler) else ()
        return type(handler.__name__, (Guard, *files, OURS.get(handler, handler)), {})

    return [
        (pattern, behind(handler), *options)
        for pattern, handler, *options in rules
        if handler.__name__ not in UNUSED
    ]
