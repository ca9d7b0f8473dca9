"""Kernels by fork: one process has done the slow imports, and each kernel is a copy of it, there at once.

What they have in common is in memory once, and one process draws for all. Only where processes can be forked;
elsewhere a kernel starts as usual, and draws itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
from ipywidgets import Widget
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from kamlib.app import notebook
from kamlib.app.drawing import Drawing, asking, silence
from kamlib.charts import paper
from kamlib.workbook.settings import is_read_only, shipped

NAME = "kam-nursery"
IMPORTS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "nbformat")  # before pages: their widgets need a comm
LEFT_OUT = {"paper", "report"}  # tags of cells that no screen shows
QUIET_S = 5.0  # since the last kernel: then the next page is opened
RENEW_S = 300.0  # pages are opened anew for a newer workbook at most so often: it may change every minute


class Child:
    """A forked kernel, as the provisioner asks about its process."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid, self.process = pid, psutil.Process(pid)

    def poll(self) -> int | None:
        """None while it runs."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
                return None
        return 1

    def wait(self) -> int:
        """How it ended, which nobody knows."""
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Raises OSError where it is gone."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that forks kernels; it ends with the one that started it, and the kernels with it."""

    def __init__(self, notebooks: Sequence[Path]) -> None:
        env, whole = os.environ | {"OPENBLAS_NUM_THREADS": "1"}, len(notebooks)
        if not is_read_only():  # what is entered may change at any time: an example stands for it
            env |= {"KAM_WORKBOOK": str(shipped("data") / "tiny"), "KAM_READ_ONLY": "1"}
            whole = 1
        command = [sys.executable, "-c", f"from {__name__} import _nurse; _nurse()", str(whole)]
        command += map(str, notebooks)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=pipe, stdout=pipe, env=env, start_new_session=True
        )
        self.turn = asyncio.Lock()

    async def fork(self, command: list[str], env: dict[str, str], folder: str | None) -> Child:
        """A kernel of this command. Raises OSError or ValueError where there is none."""
        asked = json.dumps({"command": command, "env": env, "folder": folder}).encode() + b"\n"
        async with self.turn:
            answer = await asyncio.get_running_loop().run_in_executor(None, self._ask, asked)
        return Child(int(answer))

    def _ask(self, asked: bytes) -> bytes:
        ask, answer = self.process.stdin, self.process.stdout
        if not (ask and answer):
            return b""
        ask.write(asked)
        ask.flush()
        return answer.readline()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Forked(LocalProvisioner):
    """Starts a kernel in the nursery, if there is one."""

    nursery: Nursery | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        if self.nursery and cmd[1:3] == ["-m", "ipykernel_launcher"]:
            with contextlib.suppress(OSError, ValueError, psutil.Error):
                child = await self.nursery.fork(
                    cmd[3:], dict(kwargs.get("env") or os.environ), kwargs.get("cwd")
                )
                self.process, self.pid, self.pgid = child, child.pid, child.pid  # type: ignore[assignment]
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


def opened(notebooks: Sequence[Path]) -> Nursery | None:
    """A nursery from which all kernels of this process come from now on; it opens the notebooks in their order."""
    if not hasattr(os, "fork") or sys.platform == "darwin":  # its libraries do not bear it
        return None
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:Forked", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    Forked.nursery = Nursery(notebooks)
    return Forked.nursery


def _nurse() -> None:
    """Open the first page, the others when it is quiet; fork whenever a line asks for it.

    A child never comes back from here.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is gone at once
    for name in IMPORTS:
        importlib.import_module(name)
    drawing = Drawing()

    def rehearse(path: Path, whole: bool = True) -> None:
        with contextlib.suppress(OSError):
            paper.draw = asking(drawing.line(), _not_here)
        _rehearse(path, whole)

    parent, pages = os.getpid(), [Path(path) for path in sys.argv[2:]]
    whole = pages[: int(sys.argv[1])]
    rehearse(pages[0])  # before anybody gets a kernel that would do the same
    for path in pages[1:]:
        rehearse(path, whole=False)
    waiting, began = whole[1:], time.monotonic()
    while True:
        if not select.select([sys.stdin], [], [], QUIET_S)[0]:
            if waiting:
                rehearse(waiting.pop(0))
            elif time.monotonic() - began > RENEW_S and notebook.is_stale():
                waiting, began = list(whole), time.monotonic()
            continue
        if not (line := sys.stdin.buffer.readline()):
            return
        asked, own = json.loads(line), None
        with contextlib.suppress(OSError):
            own = drawing.line()
        if pid := os.fork():
            if own:
                own.close()
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()
            continue
        try:
            drawing.close()
            paper.draw = asking(own) if own else paper.engine
            _become(asked, parent)
        finally:
            os._exit(0)


def _not_here(spec: str) -> str:
    raise OSError("nothing draws here: the engine has threads, and kernels are copies of this process")


def _rehearse(path: Path, whole: bool = True) -> None:
    """Open a page as a reader does, or only up to the cell with the tag setup.

    So kernels find its imports and pictures, and the answers about a workbook that stays.
    """
    names: dict[str, Any] = {}
    try:
        cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
        tags = [c["metadata"].get("tags", []) for c in cells]
        opening = next((n + 1 for n, own in enumerate(tags) if "setup" in own), 0)  # 0: not a page of ours
        for cell, own in zip(cells[: opening and (None if whole else opening)], tags, strict=False):
            if not LEFT_OUT & set(own):
                exec("".join(cell["source"]), names)  # noqa: S102 (a notebook of ours)
    except Exception as error:  # noqa: BLE001 (its reader is told more)
        print(f"Problem: {path.stem} opens slowly: {type(error).__name__}: {error}", file=sys.stderr)
    Widget.close_all()
    names.clear()
    gc.unfreeze()
    gc.collect()
    gc.freeze()  # what the children share is not touched


def _become(asked: dict[str, Any], parent: int) -> None:
    from ipykernel.kernelapp import launch_new_instance

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    silence()
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"] or ".")
    sys.argv = ["ipykernel_launcher", *asked["command"]]
    launch_new_instance(argv=[*asked["command"], f"--IPKernelApp.parent_handle={parent}"])
