"""What the importer says: each sentence stands once, in `sentences.yaml`."""

from __future__ import annotations

from typing import Any

from kamlib.errors import Finding, InvalidInput, KamError, WorkbookError
from kamlib.workbook.importing.vocabulary import of_file

SENTENCES = of_file("sentences.yaml")
ERRORS = {"refused": WorkbookError, "invalid": InvalidInput}
PLACE = ("table", "row", "column", "found", "allowed")


class _Number(int):
    """A number that chooses between words: {n:line is|lines are}."""

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        return format(int(self), spec) if not bar else one if self == 1 else many


def sentence(text: str, **parts: Any) -> str:
    """The text with its parts: {name:.40} is cut, {n:line is|lines are} goes by a number."""
    numbers = {name: _Number(part) for name, part in parts.items() if isinstance(part, int)}
    return text.format(**{**parts, **numbers})


def _both(said: str | list[str]) -> tuple[str, str]:
    """A sentence, and what to type on the command line about it; the screen shows the first alone."""
    return (said, "") if isinstance(said, str) else (said[0], said[1])


def note(key: str, row: object = "", column: str = "", found: str = "", **parts: Any) -> Finding:
    """A finding of `sentences.yaml`; `row` is the number of a line, where it is about one."""
    level = "note" if key in SENTENCES["note"] else "warning"
    parts |= {"row": row, "column": column, "found": found}
    says, hint = (sentence(text, **parts) for text in _both(SENTENCES[level][key]))
    return Finding(level, says, "", "" if row == "" else f"line {row}", column, found, hint=hint)


def refusal(key: str, **parts: Any) -> KamError:
    """The error to raise; `table`, `row`, `column`, `found` and `allowed` are its place too."""
    kind = next(kind for kind in ERRORS if key in SENTENCES[kind])
    says, hint = (sentence(text, **parts) for text in _both(SENTENCES[kind][key]))
    return ERRORS[kind](says, hint=hint, **{p: parts[p] for p in PLACE if p in parts})


def told(key: str, **parts: Any) -> str:
    """A line that a command writes."""
    return sentence(SENTENCES["told"][key], **parts)
