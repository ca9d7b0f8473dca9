"""What a folder of reports tells the next run, programs and readers: a JSON beside each page, manifest.json, index.html."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kamlib import __version__
from kamlib.pages import html
from kamlib.reports import storage
from kamlib.workbook.schema import Tables
from kamlib.workbook.stores import exchange

SOURCES = (".py", ".yaml", ".html", ".j2", ".css", ".js")


def key(text: Tables, content: Path | None, task: Sequence[Any], today: str) -> str:
    """What a page depends on, as one text: workbook, own entries, notebook and parameters, kamlib, day."""
    notebook, values = task
    said = [_content(text), *_files(content), notebook.read_bytes(), json.dumps(values, sort_keys=True)]
    return _digest(*said, _program(), today)


def _content(text: Tables) -> str:
    return _digest(*(f"{name}\n{exchange.to_csv(frame)}" for name, frame in sorted(text.items())))


def _files(folder: Path | None) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*.y*ml"))] if folder else []


@functools.cache
def _program() -> str:
    """This kamlib, to the last letter."""
    package = Path(html.__file__).parents[1]
    sources = sorted(p for p in package.rglob("*") if p.suffix in SOURCES)
    return _digest(__version__, *(path.read_bytes() for path in sources))


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        own = part.encode() if isinstance(part, str) else part
        whole.update(len(own).to_bytes(8, "big") + own)
    return whole.hexdigest()


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _read(path: Path) -> dict[str, Any]:
    """What is noted of a page, {} where nothing is or where it cannot be read."""
    try:
        found = json.loads(path.read_bytes())
        return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else {}
    except (OSError, ValueError):
        return {}


def unchanged(path: Path, made_of: str) -> bool:
    """Does the page stand there as it would be made now?"""
    noted = _read(_beside(path)).get("files", {}).get(path.name, {})
    return bool(
        noted.get("made_of") == made_of and path.exists() and _digest(path.read_bytes()) == noted["page"]
    )


def note(path: Path, made_of: str, page: bytes, figures: Mapping[str, Any], **said: Any) -> None:
    """Write beside a page what it says, in figures, and what it was made of."""
    other = {
        name: of for name, of in _read(_beside(path)).get("files", {}).items() if of["made_of"] == made_of
    }
    mine = {path.name: {"made_of": made_of, "page": _digest(page)}}
    told = {"kamlib": __version__, **said, **figures, "files": dict(sorted((other | mine).items()))}
    storage.write(_beside(path), json.dumps(told, ensure_ascii=False, indent=1).encode())


def close(folder: Path, failed: Mapping[str, str]) -> None:
    """Write manifest.json and index.html of all the pages that stand in a folder."""
    noted = {p.stem: _read(p) for p in sorted(folder.iterdir(), key=lambda p: p.name) if p.suffix == ".json"}
    pages = {name: said for name, said in noted.items() if said}
    listed = [
        {
            "title": said.get("title") or name,
            "headline": said.get("headline", ""),
            "about": said.get("about", []),
            "narrowed": said.get("narrowed", []),
            "notebook": said["notebook"],
            "files": [file for file in said["files"] if (folder / file).exists()],
        }
        for name, said in pages.items()
    ]
    listed = sorted((page for page in listed if page["files"]), key=lambda page: page["notebook"])
    manifest = {"kamlib": __version__, "pages": listed, "failed": dict(failed)}
    storage.write(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
    index = html.fill("reports", "index", pages=listed, failed=failed, look=html.trusted(html.look()))
    storage.write(folder / "index.html", index.encode())
