"""Peers of the exact chances, in environments of their own: `PYTHONPATH=. python benchmarks/peers.py` makes them.

They need other libraries than kamlib does, and than each other (pandas 2 and pandas 3), so they never meet in one
process: `benchmarks/peer.py` runs with their interpreter and is asked line by line. The environments are made
once, in `benchmarks/.peers` (or KAM_PEERS), from the package index that this machine uses anyway.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("KAM_PEERS", HERE / ".peers" / ".venv"))  # a name that is ignored everywhere
NUMPY = "numpy==2.4.6"
WANTED = {
    "sens": ("pysensmcda==2.0.0", "pymcdm==1.4.0", "pandas==2.3.3", "scipy==1.17.1", NUMPY),
    "criteria": ("scikit-criteria==0.10", "pandas==3.1.1", "scipy==1.17.1", NUMPY),
}


def python(name: str) -> Path:
    """The interpreter of one of the environments, which is made if it is not there yet."""
    folder, wanted = FOLDER / name, WANTED[name]
    found, done = folder / ("Scripts" if os.name == "nt" else "bin") / "python", folder / "made-of.txt"
    if not (done.exists() and done.read_text() == "\n".join(wanted)):
        venv.create(folder, clear=True, with_pip=True)
        if not _with_uv(found, wanted):
            subprocess.run([found, "-m", "pip", "install", "--quiet", *wanted], check=True)
        done.write_text("\n".join(wanted))
    return found


def _with_uv(found: Path, wanted: tuple[str, ...]) -> bool:
    """The same with uv, where there is one and it gets at everything; it is much quicker."""
    uv = shutil.which("uv")
    return (
        bool(uv)
        and not subprocess.run([uv, "pip", "install", "--quiet", "--python", found, *wanted]).returncode
    )


class Peer:
    """The process of the peers: `ask` gives it arrays and gets its answers and how long they took, in ms."""

    def __init__(self, folder: Path, process: subprocess.Popen) -> None:
        self._folder, self._process = folder, process

    def ask(self, what: str, **given: Any) -> tuple[np.ndarray, float]:
        np.savez(self._folder / "given.npz", **given)
        self._process.stdin.write(json.dumps({"what": what}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The peers' process ended while it was asked for {what}.")
        return np.load(self._folder / "answer.npy"), json.loads(line)["ms"]

    def versions(self) -> str:
        self._process.stdin.write(json.dumps({"what": "versions"}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())["versions"]


@contextmanager
def peer(environment: str) -> Iterator[Peer]:
    """A process in one of the environments, ended with the block."""
    with tempfile.TemporaryDirectory(prefix="kam-peers-") as name:
        command = [python(environment), HERE / "peer.py", name]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield Peer(Path(name), process)
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
            process.stdout.close()


if __name__ == "__main__":
    print(*(python(name) for name in WANTED), sep="\n", file=sys.stderr)
