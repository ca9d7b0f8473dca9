"""Errors that speak to the person in the room: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

Advice = tuple[str, int, str, str, str, int]  # level, step, segment, customer, message, rule
SHOWN = 60  # characters of what was found that a finding carries


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, how bad, what to do: one row of `checks.check` or of `findings.find`.

    level: error (cannot go on), warning (look at this) or note in the tables of a workbook; block
    (go on only with a reason), warn or nudge in the team's work. `table`, `row`, `column` say where
    in the workbook, `step` (1 to 10), `segment`, `customer` where in the work; `rule` is the number
    of the facilitation rule. `found` is cut to 60 characters, `hint` says what to do.
    """

    level: str
    message: str
    table: str = ""
    row: str = ""
    column: str = ""
    found: object = ""
    allowed: str = ""
    hint: str = ""
    step: int = 0
    segment: str = ""
    customer: str = ""
    rule: int = 0

    def __post_init__(self) -> None:
        found = str(self.found)
        cut = found if len(found) <= SHOWN else found[: SHOWN - 3] + "..."
        object.__setattr__(self, "found", cut)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    def __getitem__(self, name: str) -> Any:
        """finding["message"], for those who took findings as dicts."""
        return str(self) if name == "message" else getattr(self, name)


class KamError(Exception):
    """Base of every error a user may see; carries the place, the value and the way out.

    Attributes are empty strings where they do not apply: `table`, `row`, `column` say where;
    `found` is what was there, `allowed` what may be there, `hint` what to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        table: str = "",
        row: str = "",
        column: str = "",
        found: Any = "",
        allowed: str = "",
        hint: str = "",
    ) -> None:
        self.table, self.row, self.column = table, row, column
        self.found, self.allowed, self.hint = found, allowed, hint
        self.message = message
        super().__init__(" ".join(part for part in (message, hint) if part))

    def _render_traceback_(self) -> list[str]:
        """Jupyter shows this in place of a traceback."""
        return [str(self)]


class WorkbookError(KamError):
    """The workbook cannot be opened, read or written."""


class InvalidInput(KamError):
    """One value cannot be accepted; the workbook is unchanged."""

    @classmethod
    def of(cls, finding: Finding, row: str = "") -> Self:
        """The refusal of what a finding says, in the row with this key."""
        place = {"table": finding.table, "column": finding.column, "row": row}
        return cls(str(finding), found=finding.found, allowed=finding.allowed, **place)


class InvalidWorkbook(KamError):
    """A workbook has errors; `findings` is the table of all of them (see `checks.check`)."""

    def __init__(self, message: str, findings: Any, **place: Any) -> None:
        super().__init__(message, **place)
        self.findings = findings


class Conflict(KamError):
    """Somebody else changed the cell first: `found` is their value, `who` and `at` say whose."""

    def __init__(self, message: str, *, who: str = "", at: str = "", **place: Any) -> None:
        super().__init__(message, **place)
        self.who, self.at = who, at


class ReadOnly(WorkbookError):
    """The workbook was opened for reading only."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known spelling, or lists what is known.

    did_you_mean("segmnt", ["segment", "workbook"]) == 'Did you mean "segment"?'
    """
    names = sorted(map(str, known))
    near = difflib.get_close_matches(str(word).lower(), names, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return "Known: " + ", ".join(names[:20]) + more + "." if names else ""
