"""Files that are there whole or not at all, and what the system says against them in a sentence."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from kamlib.workbook.stores.sentences import refusal

HOUR = 3600
REASONS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "forbidden"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "full"),
    **dict.fromkeys((errno.EISDIR, errno.ENOTDIR), "odd path"),
    **dict.fromkeys((errno.EEXIST, errno.ENOTEMPTY), "there already"),
    errno.ENOENT: "gone",
}


@contextlib.contextmanager
def plain_errors(name: str, doing: str = "read") -> Iterator[None]:
    """Say in a sentence why the system would not let a workbook be `doing` (read or changed)."""
    try:
        yield
    except OSError as error:
        key = REASONS.get(error.errno or 0, "disk")
        key = "no right" if key == "forbidden" and doing == "changed" else key
        reason = error.strerror or type(error).__name__
        raise refusal(key, name=name, doing=doing, reason=reason) from None


def write(path: Path, content: bytes) -> None:
    """Replace a file by new content: whole or not at all, through to the disk; its rights stay."""
    with beside(path) as part:
        save(part, content)
        os.chmod(part, path.stat().st_mode & 0o777 if path.exists() else 0o644)  # noqa: S103
        os.replace(part, path)
    sync_folder(path.parent)


def clear(path: Path) -> None:
    """Take away what writers of this file left beside it when they were stopped.

    Not what is of the last hour: somebody may be at it.
    """
    for part in path.parent.glob(f".{glob.escape(path.name[:100])}.*.part"):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - HOUR:
                shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Where in the folder of `path` it can be prepared; what is left there is taken away."""
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part"))
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def save(path: Path, content: bytes) -> None:
    """Write a file through to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable (not possible, and not needed, on Windows)."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
