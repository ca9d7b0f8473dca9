"""Files that are either the old ones or the new ones, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from kamlib.errors import ReadOnly, WorkbookError

PATIENCE_S = 20.0


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable (not possible, and not needed, on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, content: bytes) -> None:
    """Replace a file by new content: temporary file beside it, fsync, rename, fsync."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)  # noqa: S103
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; waits for another writer, then says who is in the way."""
    lock = FileLock(str(path), timeout=PATIENCE_S)
    try:
        lock.acquire()
    except Timeout:
        raise WorkbookError(
            f"Somebody else is writing to {path.parent.name} and has not finished.",
            hint="Try again in a moment.",
        ) from None
    except (PermissionError, OSError) as error:
        if isinstance(error, PermissionError) or error.errno in (13, 30):
            raise ReadOnly(
                f"{path.parent.name} cannot be changed: you have no right to write there.",
                hint="Copy the workbook to a folder of your own with `kam copy`.",
            ) from None
        raise
    try:
        yield
    finally:
        lock.release()
