"""The notebooks as pages in the browser: Voila with our template, settings and limits.

A notebook learns about the workbook only through the environment of its kernel: `KAM_WORKBOOK` (an
absolute location or a URL), `KAM_READ_ONLY=1` for a published copy, `KAM_LIFE=voila`, `KAM_PAGES`
where it is served with some of the others only, and `KAM_ROOM` where phones can join. Nothing in an
address or a header can change these: a page with a query string is sent to the one without.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import logging
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import voila.notebook_renderer
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.web import Application
from traitlets.config import Config
from voila.app import Voila
from voila.voila_identity_provider import VoilaIdentityProvider

from kamlib.app import handlers as doors
from kamlib.app import nursery
from kamlib.app.doorkeeper import Doorkeeper, is_loopback
from kamlib.app.handlers import SHARE, log
from kamlib.app.kernels import SpareKernels
from kamlib.app.network import bind, reached_at
from kamlib.errors import KamError

# jupyter_server asks the manager of one kernel for a text that only the manager of all kernels has
ServerKernelManager.traceback_replacement_message = ""  # type: ignore[attr-defined]

RENEW_SECONDS = 20
NOBODY = Doorkeeper()  # no proxy is trusted
EXPECTED = (
    "Kernel died",
    "WebSocketClosedError",
    "StreamClosedError",
)  # `handlers` says more of a kernel; readers leave
LABEXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]


class Doors(Application):
    """The application; the doorkeeper sees every request first."""

    def find_handler(self, request: Any, **more: Any) -> Any:
        self.settings["kam_app"].keeper.greet(request)
        return super().find_handler(request, **more)


class Server(Voila):
    """Voila with our handlers and limits. It reads no configuration file: no folder can change it."""

    name = "voila"  # its templates are looked up under this name

    def __init__(
        self,
        *,
        names: list[str],
        start_page: str,
        max_kernels: int,
        room_ip: str,
        renew: Any,
        keeper: Doorkeeper,
        **kwargs: Any,
    ) -> None:
        super().__init__(config_file_paths=[], log=log, **kwargs)
        self.names, self.start_page, self.max_kernels = names, start_page, max_kernels
        self.room_ip, self.renew, self.keeper = room_ip, renew, keeper
        self.turn = asyncio.Semaphore(max(3, os.cpu_count() or 1))
        self._titles: dict[tuple[str, float], str] = {}

    def pages(self) -> list[str]:
        """The notebooks that are served, in order."""
        return [f"{name}.ipynb" for name in self.names]

    def opened_first(self) -> list[Path]:
        """The notebooks that are served, the one that visitors come to first before the others."""
        paths = [Path(self.root_dir) / page for page in self.pages()]
        return sorted(paths, key=lambda path: path.name != self.start_page)

    def page_config(self, config: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Adds what the template needs for the links between the notebooks."""
        pages = [
            {"path": page, "name": page.removesuffix(".ipynb"), "title": self._title(page)}
            for page in self.pages()
        ]
        scripts = f"{config['fullStaticUrl']}/{doors.EDITION}"
        return {
            **config,
            "kamPages": pages,
            "kamReadOnly": "KAM_READ_ONLY" in os.environ,
            "fullStaticUrl": scripts,
        }

    def _title(self, page: str) -> str:
        """The first heading of a notebook, else its file name in words."""
        path = Path(self.root_dir) / page
        key = page, path.stat().st_mtime
        if key not in self._titles:
            found = re.search(r'"# +([^"]+?)(?:\\n)?"', path.read_text(encoding="utf-8"))
            words = page.removesuffix(".ipynb").lstrip("0123456789_").replace("_", " ")
            self._titles[key] = json.loads(f'"{found[1]}"') if found else words.capitalize()
        return self._titles[key]

    def init_handlers(self) -> list[Any]:
        health = (url_path_join(self.base_url, "health"), doors.Health)
        return [health, *doors.guarded(super().init_handlers())]

    def start(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(self._run())

    def _room(self) -> Any:
        """The participants' own server, where it is wanted: their phones never reach this one."""
        if not self.room_ip:
            return contextlib.nullcontext()
        from kamlib.app.room.opening import opened

        return opened(os.environ["KAM_WORKBOOK"], self.room_ip, self.port + 1)

    async def _renewing(self) -> None:
        while self.renew:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await asyncio.get_running_loop().run_in_executor(None, self.renew)
            except Exception as error:  # noqa: BLE001
                log.error("Readers see an older state: %s", error)

    async def _run(self) -> None:
        done = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it
                asyncio.get_running_loop().add_signal_handler(number, done.set)
        sockets = bind(self.ip, self.port) or bind(self.ip, 0)
        self.port: int = sockets[0].getsockname()[1]
        self.connection_dir = tempfile.mkdtemp(prefix="kam", dir=self.connection_dir_root)
        forks = nursery.opened(self.opened_first())
        try:
            self.app = Doors(**{**self.init_settings(), **self.tornado_settings})
            self.app.add_handlers(".*$", self.init_handlers())
            server = HTTPServer(self.app, max_body_size=65_536)  # nothing is uploaded
            query = f"?token={self.token}" if self.token else ""
            address = f"{reached_at(self.ip, self.port)}{self.base_url}{query}"
            print(f"The workbook is open at {address}", flush=True)
            async with self._room():  # who comes before it is open waits
                server.add_sockets(sockets)
                self.kernel_manager.fill()
                renewing = asyncio.create_task(self._renewing())
                if self.open_browser:
                    _show(address, Path(self.connection_dir))
                await done.wait()
                renewing.cancel()
                server.stop()
        finally:
            manager = getattr(self, "kernel_manager", None)
            if manager is not None:  # one without kernels is false, also while its first ones start
                await _end(manager)
            if forks:
                forks.close()
            shutil.rmtree(self.connection_dir, ignore_errors=True)


async def _end(manager: Any, seconds: float = 10) -> None:
    """End all kernels; where that fails, one line says so."""
    try:
        await asyncio.wait_for(ensure_async(manager.shutdown_all(now=True)), seconds)
    except Exception as error:  # noqa: BLE001
        log.error("Not every page could be ended: %s %s", type(error).__name__, error)


def serve(
    workbook: str,
    *,
    notebooks: Path,
    read_only: bool,
    ip: str = "127.0.0.1",
    port: int = 8866,
    token: str | None = None,
    open_browser: bool = False,
    max_kernels: int = 40,
    cull_seconds: int = 50,
    start: str = "02_kaism",
    spare: int = 0,
    pages: Collection[str] = (),
    room_ip: str = "",
    renew: Callable[[], object] | None = None,
    keeper: Doorkeeper = NOBODY,
    base_url: str = "/",
) -> None:
    """Serve the notebooks of a folder, or only `pages`, until SIGINT or SIGTERM.

    Prints the address once it answers.
    `port` is taken when it is free, any other else (0: any). Beyond loopback there is always a
    token. The kernel of a page that is not connected for `cull_seconds` (5 more or less), or never
    was, ends; an open page keeps its own. `spare` kernels wait with the slow imports done, which
    saves a page some seconds. `room_ip`: where phones reach the participants' room, "" for none. `renew` is called every RENEW_SECONDS. `keeper` knows our names and
    the proxies that are trusted; `base_url` is the path under which all pages stand. The token may be in KAM_TOKEN.
    """
    names = sorted(
        p.stem for p in notebooks.glob("*.ipynb") if p.name[0] != "." and (not pages or p.stem in pages)
    )
    if not names:
        raise KamError("There are no notebooks to serve.", found=str(notebooks))
    start_page = f"{start if start in names else names[0]}.ipynb"
    token = token or os.environ.pop("KAM_TOKEN", "")
    if not (token or keeper.user_header) and not is_loopback(ip):
        token = secrets.token_urlsafe(24)
    _set_environment(workbook, read_only, names if pages else [])
    logging.basicConfig(handlers=[_one_line_handler()], level=logging.ERROR, force=True)
    voila.notebook_renderer.VoilaExecutor = doors.Cells
    voila.notebook_renderer.VoilaExporter = doors.Writer
    transport, folder = _socket_folder()
    config = Config(
        VoilaConfiguration={
            "template": "kam",
            "theme": "light",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "file_allowlist": [],
            "file_denylist": [".*"],
            "extension_allowlist": LABEXTENSIONS,
            "http_keep_alive_timeout": 2,
            "multi_kernel_manager_class": SpareKernels,
        },
        SpareKernels={"spares": spare},
        VoilaExecutor={"cell_error_instruction": ""},
        MappingKernelManager={
            "cull_idle_timeout": cull_seconds,
            "cull_interval": max(1, min(cull_seconds // 4, 5)),
            "allow_tracebacks": False,
        },
        KernelManager={"transport": transport, "autorestart": False},  # a restarted one is empty
        TagRemovePreprocessor={
            "enabled": True,
            "remove_cell_tags": {"report", "paper"} | ({"room"} if read_only else set()),
        },
        IdentityProvider={"cookie_options": {"samesite": "Lax"}},
    )
    app = Server(
        names=names,
        start_page=start_page,
        max_kernels=max_kernels,
        room_ip=room_ip,
        renew=renew,
        keeper=keeper,
        base_url=base_url,
        config=config,
        root_dir=str(notebooks.resolve()),
        ip=ip,
        port=port,
        token=token or "",
        open_browser=open_browser,
        connection_dir_root=folder,
        identity_provider_class=VoilaIdentityProvider,
    )
    app.tornado_settings = {
        "kam_app": app,
        "log_function": lambda handler: None,  # an address may carry the token
        "xsrf_cookie_kwargs": {"samesite": "Strict"},
        "ws_ping_interval": 10_000,
        "compress_response": True,
        "websocket_compression_options": {},
        "default_handler_class": doors.Nowhere,
    }
    app.initialize(argv=[])
    app.voila_configuration.page_config_hook = app.page_config
    app.start()


def _set_environment(workbook: str, read_only: bool, pages: list[str]) -> None:
    """What the kernels inherit: the workbook, our template, and kamlib itself in a bare checkout."""
    location = workbook if "://" in workbook else str(Path(workbook).absolute())
    os.environ.update(KAM_WORKBOOK=location, KAM_READ_ONLY="1", KAM_LIFE="voila")
    os.environ.pop("KAM_ROOM", None)
    if not read_only:
        del os.environ["KAM_READ_ONLY"]
    if pages:
        os.environ["KAM_PAGES"] = " ".join(pages)
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # not some other environment's kernel
    for name, folder in {"JUPYTER_PATH": SHARE, "PYTHONPATH": Path(__file__).parents[2]}.items():
        os.environ[name] = os.pathsep.join(filter(None, [str(folder), os.environ.get(name)]))


def _socket_folder() -> tuple[str, str]:
    """How the kernels are reached, and where their files lie; the path of a socket must be short."""
    for folder in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 (a private folder is made inside)
        if os.name == "posix" and len(folder) <= 38 and os.access(folder, os.W_OK):
            return "ipc", folder
    return "tcp", tempfile.gettempdir()


def _show(address: str, folder: Path) -> None:
    """Open the browser where there is one. It gets a file, so the token is on no command line."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    page = folder / "open.html"
    page.write_text(f'<meta http-equiv="refresh" content="0;url={html.escape(address)}">')
    with contextlib.suppress(Exception):
        webbrowser.open(page.as_uri())


def _one_line_handler() -> logging.Handler:
    """A problem is one line on the console, never a traceback."""

    class OneLine(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            error = record.exc_info and record.exc_info[1]
            name = getattr(error, "ename", type(error).__name__)
            text = f"{name}: {getattr(error, 'evalue', error)}" if error else record.getMessage()
            return "Problem: " + " ".join(text.split())[:300]

    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    handler.addFilter(lambda record: not any(words in handler.format(record) for words in EXPECTED))
    return handler
