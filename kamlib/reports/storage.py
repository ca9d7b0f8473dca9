"""Folders and workbooks on a disk or in a cloud: s3://, gs://, memory:// and whatever else fsspec knows."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from kamlib.errors import WorkbookError
from kamlib.workbook.stores import files

EXTRAS = {"s3": "s3", "gs": "gs", "gcs": "gs"}


def _scheme(location: str) -> str:
    """The scheme of a place that fsspec knows, "" for a path of this computer and for a database."""
    import fsspec

    found = re.match(r"([a-z0-9]{2,}):/", location)
    return found[1] if found and found[1] in fsspec.available_protocols() else ""


def _opened(location: str, scheme: str) -> Any:
    from upath import UPath

    try:
        path = UPath(re.sub(r"^(\w+):/+", r"\1://", location) if scheme != "memory" else location)
        path.fs  # noqa: B018 - says whether its package is there
        return path
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        hint = f'Install it with: python -m pip install "kamlib[{extra}]".' if extra else f"{error}."
        raise WorkbookError(f"{scheme}:// needs one more package.", found=scheme, hint=hint) from None


def folder(location: str | Path) -> Path:
    """A folder to write to, made if it is not there. Raises WorkbookError where nothing can be written."""
    scheme = "" if isinstance(location, Path) else _scheme(location)
    if scheme == "file":
        location, scheme = url2pathname(urlsplit(str(location)).path), ""
    path: Path = _opened(str(location), scheme) if scheme else Path(location)
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not scheme:
            with tempfile.TemporaryFile(dir=path):
                pass
    except Exception as error:  # noqa: BLE001 - each cloud has errors of its own
        raise WorkbookError(
            f"The reports cannot be written to {location}.",
            found=f"{error}",
            hint="Choose a folder you may write to with --out.",
        ) from None
    return path


def write(path: Path, content: bytes) -> None:
    """A file that is there whole or not at all."""
    if hasattr(path, "fs") and "://" in str(path):
        path.write_bytes(content)
    else:
        files.write(path, content)


def fetched(location: str, place: Path) -> str:
    """The workbook at `location` as one of this computer: itself, or a copy below `place` with the team's own entries."""
    scheme = _scheme(location)
    if not scheme:
        return location
    if scheme == "file":
        return url2pathname(urlsplit(location).path)
    source = _opened(location.rstrip("/"), scheme)
    try:
        if not source.exists():
            raise WorkbookError(f"There is no workbook at {location}.", found=location)
        for each in (source, source.parent / "content"):
            if each.exists():
                each.fs.get(each.path, str(place / each.name), recursive=each.is_dir())
    except WorkbookError:
        raise
    except Exception as error:  # noqa: BLE001
        raise WorkbookError(f"The workbook at {location} cannot be read.", hint=f"{error}") from None
    return str(place / source.name)
