"""Dates as people write them: 2027-06-01, 1 June 2027, June 1st, 2027; never 3/4/2027."""

from __future__ import annotations

import re
from datetime import date

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MIDNIGHT = ("T00:00:00", " 00:00:00")
_DAY, _MONTH, _YEAR = (
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?",
    r"(?P<month>[a-z]{3,9})\.?",
    r"(?P<year>\d{4})",
)
WRITTEN = (
    re.compile(rf"{_DAY}[ -]+{_MONTH},?[ -]+{_YEAR}", re.ASCII),
    re.compile(rf"{_MONTH} +{_DAY},? +{_YEAR}", re.ASCII),
)


def iso(text: str) -> str:
    """A date as YYYY-MM-DD. Raises ValueError for what is none or could be two."""
    text = text[:10] if text[10:] in MIDNIGHT else text
    plain = " ".join(text.lower().split())
    for pattern in WRITTEN:
        if written := pattern.fullmatch(plain):
            day, year = int(written["day"]), int(written["year"])
            return date(year, _month(written["month"]), day).isoformat()
    return date.fromisoformat(text).isoformat()


def _month(word: str) -> int:
    found = [number for number, name in enumerate(MONTHS, start=1) if name.startswith(word)]
    if len(found) != 1:
        raise ValueError(word)
    return found[0]
