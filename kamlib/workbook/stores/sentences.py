"""What is said of a workbook: each sentence stands once, in `sentences.yaml`."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

from kamlib.errors import Finding, ReadOnly, WorkbookError

PLACE = ("table", "row", "column", "found", "allowed")
Sentences = dict[str, dict[str, list[str]]]


@functools.cache
def _sentences() -> Sentences:
    content = Path(__file__).with_name("sentences.yaml").read_bytes()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(content, loader)  # noqa: S506


def refusal(key: str, **parts: object) -> WorkbookError:
    """The error to raise; `table`, `row`, `column`, `found` and `allowed` are its place too."""
    is_read_only = key in _sentences()["read only"]
    kind = ReadOnly if is_read_only else WorkbookError
    message, hint = _sentences()["read only" if is_read_only else "refused"][key]
    place = {name: parts[name] for name in PLACE if name in parts}
    return kind(message.format(**parts), hint=hint.format(**parts), **place)  # type: ignore[arg-type]


def note(
    key: str, table: str = "", row: str = "", column: str = "", found: object = "", **parts: object
) -> Finding:
    """A finding; its level is the part of `sentences.yaml` that it stands in."""
    level = "error" if key in _sentences()["error"] else "warning"
    message, allowed = _sentences()[level][key]
    message = message.format(table=table, row=row, column=column, found=found, **parts)
    return Finding(level, message, table, row, column, found, allowed)
