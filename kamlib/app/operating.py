"""Running it for a company: a file says which workbooks are served, to whom, and behind which proxy."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, IPvAnyNetwork, ValidationError

from kamlib.app.doorkeeper import Doorkeeper
from kamlib.errors import InvalidInput, did_you_mean

PATH = r"/([A-Za-z0-9._~@-]+/)*"
HOST = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d+)?$")]


class Strict(BaseModel):
    """No key that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Served(Strict):
    """One workbook: where it is, its port, whether readers or the team come, and what of it leaves."""

    workbook: str
    port: int = Field(ge=0, le=65535)
    edit: bool = False
    segment: str = ""
    scenario: str = ""
    round: str = ""


class Operation(Strict):
    """The whole file; docs/operating.md explains each key."""

    ip: IPvAnyAddress = IPvAnyAddress("127.0.0.1")  # type: ignore[operator]
    base_url: str = Field("/", pattern=f"^{PATH}$")
    hosts: tuple[HOST, ...] = ()
    proxies: tuple[IPvAnyNetwork, ...] = ()
    user_header: str = Field("", pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")
    token_file: Path | None = None
    readers: int = Field(40, ge=1, le=1000)
    waiting: int = Field(2, ge=0, le=40)
    workbooks: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")], Served] = Field(min_length=1)


def read(config: Path, base_url: str = "") -> Operation:
    """The file, checked, with another `base_url` if wanted. Raises InvalidInput with a line for each thing that is wrong."""
    try:
        given = tomllib.loads(config.read_text(encoding="utf-8"))
        given |= {"base_url": base_url} if base_url else {}
        said = Operation.model_validate(given)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{config.name} cannot be read: {error}.") from None
    except ValidationError as error:
        lines = [_wrong(each) for each in error.errors()]
        raise InvalidInput("\n".join([f"{config.name} cannot be used.", *lines])) from None
    if said.user_header and not said.proxies:
        raise InvalidInput(f"{config.name}: user_header needs proxies, or anybody could say who they are.")
    return said


def _wrong(problem: Any) -> str:
    place = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        return f"{place} is missing."
    if problem["type"] != "extra_forbidden":
        return f"{place}: {problem['msg']}, found {str(problem['input'])[:60]!r}."
    keys = {*Operation.model_fields, *Served.model_fields}
    return f"There is no key {place}. {did_you_mean(str(problem['loc'][-1]), keys)}"


def run(config: Path, only: str = "", port: int | None = None, base_url: str = "") -> None:
    """Serve the workbooks of the file until SIGINT or SIGTERM; several have a process each.

    `port` and `base_url` are taken instead of those of the file, the port for one workbook only.
    """
    said = read(config, base_url)
    if only or len(said.workbooks) == 1:
        return _one(said, only or next(iter(said.workbooks)), config.resolve().parent, port)
    if port is not None:
        raise InvalidInput("Each workbook has a port of its own.", hint="Say with --only whose port it is.")
    command = [sys.executable, "-m", "kamlib", "serve", str(config), "--base-url", said.base_url, "--only"]
    children = [subprocess.Popen([*command, name]) for name in said.workbooks]  # noqa: S603

    told: list[Any] = []

    def stop(*_: Any) -> None:
        for child in [] if told else children:  # a second signal would cut their tidying up short
            told.append(child)
            child.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    ended = [False] * len(children)
    while not all(ended):
        for place, child in enumerate(children):
            try:
                ended[place] = child.wait(0.5) is not None
            except subprocess.TimeoutExpired:
                continue
        if any(ended):  # without one of them the whole is not what the file says
            stop()
    sys.exit(max(abs(child.returncode) for child in children))


def published(
    location: str, folder: Path, segment: str = "", scenario: str = "", round: str = ""
) -> tuple[Path, Callable[[], None]]:
    """A copy as `publish_copy` makes it, and what replaces it by the newest state if the workbook has changed since."""
    from kamlib.reports import report
    from kamlib.workbook import stores

    copied = report.publish_copy(location, folder, segment, scenario, round)
    store = stores.open_store(location, read_only=True)
    seen = [store.version()]

    def renew() -> None:
        if (now := store.version()) != seen[0]:
            seen[0] = now
            report.publish_copy(location, folder, segment, scenario, round, lambda _: None)

    return copied, renew


def _token(said: Operation, folder: Path) -> str:
    """The token of the file that is named, "" where none is. Raises InvalidInput for a file without one."""
    if not said.token_file:
        return ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if token := (folder / said.token_file).read_text(encoding="utf-8").strip():
            return token
    raise InvalidInput(
        f"There is no token in {said.token_file.name}.", hint="Write one line of at least 20 letters into it."
    )


def _one(said: Operation, name: str, folder: Path, port: int | None = None) -> None:
    from kamlib.app import server
    from kamlib.reports import report
    from kamlib.workbook import checks, stores
    from kamlib.workbook.settings import shipped

    if name not in said.workbooks:
        raise InvalidInput(f'There is no workbook "{name}".', hint=did_you_mean(name, said.workbooks))
    one = said.workbooks[name]
    location = one.workbook if "://" in one.workbook else str(folder / one.workbook)
    keeper = Doorkeeper(said.hosts, said.proxies, said.user_header)
    common: dict[str, Any] = {
        "notebooks": shipped("notebooks"),
        "ip": str(said.ip),
        "port": one.port if port is None else port,
        "token": _token(said, folder),
        "keeper": keeper,
        "base_url": f"{said.base_url}{name}/",
        "max_kernels": said.readers,
        "spare": said.waiting,
    }
    if one.edit:
        store, text = stores.load(location)
        checks.refuse_errors(checks.check(text, store.notes), store.location)
        return server.serve(store.location, read_only=False, **common)
    with tempfile.TemporaryDirectory(prefix="kam-published-") as place:
        copied, renew = published(location, Path(place), one.segment, one.scenario, one.round)
        pages = report.OF_SEGMENT if one.segment else ()
        server.serve(str(copied), read_only=True, renew=renew, pages=pages, **common)
