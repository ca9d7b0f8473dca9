"""A PostgreSQL server of the tests' own, and somebody who writes to it without kamlib."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

TOOLS = [shutil.which("pg_ctl"), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")))]
WHO = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
NUMBERS = count()


def pg_ctl(folder: Path, *words: str) -> None:
    """Start, stop or set up the server; comes back when it is done."""
    tool = next(tool for tool in reversed(TOOLS) if tool)
    command = [tool, "-s", "-w", "-D", folder / "data", "-l", folder / "log", *words]
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    subprocess.run(command, check=True, cwd=folder, timeout=180, **quiet, **WHO)


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The folder of a server; it listens on a socket there and nowhere else."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL here")
    if not any(TOOLS):
        pytest.skip("no PostgreSQL here (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="kam"))
    if WHO:
        shutil.chown(folder, "postgres")
    pg_ctl(folder, "init", "-o", "-A trust -U kam -E UTF8 --locale=C --no-sync")
    (folder / "data" / "postgresql.auto.conf").write_text(
        f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nfsync = off\n"
    )
    pg_ctl(folder, "start")
    try:
        yield folder
    finally:
        pg_ctl(folder, "stop", "-m", "immediate")
        shutil.rmtree(folder)


@contextlib.contextmanager
def sql(place: str) -> Iterator[Callable[[str], sa.CursorResult]]:
    """Somebody who writes without kamlib: say(statement), each kept at once."""
    address = place.replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        yield db.exec_driver_sql


@pytest.fixture
def empty(server: Path) -> str:
    """The address of a workbook that is not there yet: a schema of its own."""
    name, whole = f"book{next(NUMBERS)}", f"postgresql://kam@/postgres?host={server}"
    with sql(whole) as say:
        say(f"CREATE SCHEMA {name}")
    return f"{whole}&options=-csearch_path%3D{name}"
