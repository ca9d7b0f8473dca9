"""Kernels by fork: one process has done the slow imports, and each kernel is a copy of it, there at once.

What they have in common is in memory once. Only where processes can be forked; elsewhere a kernel starts as usual.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

import psutil
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from kamlib.errors import KamError

NAME = "kam-nursery"
IMPORTS = (
    "kamlib.app.desk",
    "kamlib.workbook.stores.store",
    "kamlib.charts",
    "kamlib.reports.report",
    "kamlib.app.opening",
    "kamlib.app.show",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "anywidget",
    "comm",
    "nbformat",
)
PAGES = (
    "kaism",
    "scoring",
    "strength",
    "certainty",
    "groundwork",
    "profit",
    "discount",
    "outlook",
    "value",
    "impact",
    "account_plan",
    "programme",
    "segments",
)


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

    def __init__(self) -> None:
        command = [sys.executable, "-c", f"from {__name__} import _nurse; _nurse()"]
        env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
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


def opened() -> Nursery | None:
    """A nursery from which all kernels of this process come from now on."""
    if not hasattr(os, "fork") or sys.platform == "darwin":  # its libraries do not bear it
        return None
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:Forked", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    Forked.nursery = Nursery()
    return Forked.nursery


def _nurse() -> None:
    """Import what pages need, and fork whenever a line asks for it; a child never comes back from here."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is gone at once
    for name in (*IMPORTS, *(f"kamlib.pages.{page}" for page in PAGES)):
        with contextlib.suppress(ImportError):  # the page that needs it says so
            importlib.import_module(name)
    with contextlib.suppress(KamError, OSError):  # without the example the first page is slower
        _rehearse()
    gc.collect()
    gc.freeze()  # what the children share is not touched
    parent = os.getpid()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if pid := os.fork():
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()
            continue
        try:
            _become(asked, parent)
        finally:
            os._exit(0)


def _become(asked: dict[str, Any], parent: int) -> None:
    from ipykernel.kernelapp import launch_new_instance

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"] or ".")
    sys.argv = ["ipykernel_launcher", *asked["command"]]
    launch_new_instance(argv=[*asked["command"], f"--IPKernelApp.parent_handle={parent}"])


def _rehearse() -> None:
    """The pages on the tiny example, without the engine that draws: it has threads, which no fork takes along."""
    from kamlib import charts
    from kamlib.reports import report

    draw, charts.svg = charts.svg, lambda *_: ""
    try:
        report.rehearse()
    finally:
        charts.svg = draw
