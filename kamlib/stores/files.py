"""Files that are either the old ones or the new ones, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
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


def write(path: Path, content: bytes, like: Path | None = None) -> None:
    """Replace a file by new content: temporary file beside it, fsync, rename, fsync.

    The rights on it stay as they are on `like`, which is the file itself unless said otherwise.
    """
    old = like or path
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        os.chmod(name, old.stat().st_mode & 0o777 if old.exists() else 0o644)  # noqa: S103
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def tidy(folder: Path, pattern: str) -> None:
    """Remove what a killed writer left half-written. Only while holding the lock."""
    for leftover in folder.glob(pattern):
        with contextlib.suppress(OSError):
            os.unlink(leftover)


@contextlib.contextmanager
def locked(path: Path, name: str = "") -> Iterator[None]:
    """Hold the lock file at `path`; waits for another writer, then says who is in the way."""
    name = name or path.parent.name
    lock = FileLock(str(path), timeout=PATIENCE_S, poll_interval=0.005)
    with plain_errors(name, "changed"):
        try:
            if not path.parent.is_dir():
                raise FileNotFoundError
            lock.acquire()
        except Timeout:
            raise WorkbookError(
                f"Somebody else is writing to {name} and has not finished.",
                hint="Try again in a moment.",
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def plain_errors(name: str, doing: str = "read") -> Iterator[None]:
    """Say in a sentence why the system would not let a workbook be `doing` (read or changed)."""
    try:
        yield
    except OSError as error:
        raise explain(error, name, doing) from None


def explain(error: OSError, name: str, doing: str) -> WorkbookError:
    """The sentence for an error of the file system."""
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        if doing == "read":
            return WorkbookError(f"{name} may not be read: no right to open it.",
                                 hint="Ask its owner for the right to read it.")  # fmt: skip
        return ReadOnly(f"{name} cannot be changed: you have no right to write there.",
                        hint="Copy the workbook to a folder of your own with `kam copy`.")  # fmt: skip
    if isinstance(error, FileNotFoundError):
        return WorkbookError(f"There is no workbook {name}, or a part of it has been moved away.",
                             hint="Was it renamed or deleted?")  # fmt: skip
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WorkbookError(f"{name} cannot be changed: the disk is full.",
                             hint="Make room, then enter the value again.")  # fmt: skip
    if isinstance(error, (IsADirectoryError, NotADirectoryError)):
        return WorkbookError(f"{name} is not a workbook: there is a file where a folder is expected, "
                             "or the other way round.")  # fmt: skip
    return WorkbookError(f"{name} cannot be {doing}: {error.strerror or type(error).__name__}.")
