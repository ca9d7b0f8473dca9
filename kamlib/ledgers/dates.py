"""Dates as ledgers write them: 2025-12-31, 20251231, 31.12.2025, 12/31/2025, Dec 2025, 45291 or 2025."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from kamlib.imports.words import plain

FIRST, LAST = 1900, 2100
UNDATED = "undated"
# year, month, 0; or year and two numbers of which one is the month, as they stand; () for no date
Read = tuple[int, int, int] | tuple[()]
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ].*)?", re.ASCII)
_KEY = re.compile(r"(\d{4})(\d\d)(\d\d)?(?:\.0+)?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?:[T ,].*)?", re.ASCII)
_MONTH = re.compile(r"(\d{1,2})[-/.](\d{4})", re.ASCII)
_YEAR = re.compile(r"(?:fy)?\s?(\d{4})(?:\.0+)?", re.ASCII | re.I)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_MONTHS = {
    word: number
    for number, words in enumerate(
        ["jan january januar jaenner janner janvier janv enero ene", "feb february februar fevrier fevr fev febrero", "mar march marz maerz mrz mars marzo", "apr april avril avr abril abr", "may mai mayo", "jun june juni juin junio", "jul july juli juillet juil julio", "aug august aout agosto ago", "sep sept september septembre septiembre", "oct october oktober okt octobre octubre", "nov november novembre noviembre", "dec december dezember dez decembre diciembre dic"],
        start=1,
    )
    for word in words.split()
}  # fmt: skip


def read(texts: Iterable[str]) -> list[Read]:
    """The year and what says the month of each text; () for what is no date between 1900 and 2100."""
    return [_read(text.strip()) for text in texts]


def _read(text: str) -> Read:
    if said := _ISO.fullmatch(text):
        return _sure(said[1], said[2], said[3] or "1")
    if said := _KEY.fullmatch(text):
        return _sure(said[1], said[2], said[3] or "1")
    if said := _DAY.fullmatch(text):
        year = said[4] if len(said[4]) == 4 else f"20{said[4]}"
        if said[2] == ".":
            return _sure(year, said[3], said[1])
        first, second = int(said[1]), int(said[3])
        fits = first and second and min(first, second) <= 12 and max(first, second) <= 31
        return (int(year), first, second) if fits and FIRST <= int(year) <= LAST else ()
    if said := _MONTH.fullmatch(text):
        return _sure(said[2], said[1], "1")
    if said := _YEAR.fullmatch(text):
        return (int(said[1]), 0, 0) if FIRST <= int(said[1]) <= LAST else ()
    if said := _SERIAL.fullmatch(text):  # days since 1899-12-30, as Excel counts
        day = date(1899, 12, 30) + timedelta(days=int(said[1]))
        return (day.year, day.month, 0) if 1950 <= day.year <= LAST else ()
    return _in_words(text)


def _sure(year: str, month: str, day: str) -> Read:
    fits = 1 <= int(month) <= 12 and 1 <= int(day) <= 31 and FIRST <= int(year) <= LAST
    return (int(year), int(month), 0) if fits else ()


def _in_words(text: str) -> Read:
    """5-Mar-25, March 2025, 3. Mai 2025 10:00: a month by its name, and a year."""
    words = plain(text[:40]).split() if text[:40].isprintable() else []
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    years = [int(word) for word in words if re.fullmatch(r"\d{4}", word, re.ASCII)]
    short = [int(word) for word in words if re.fullmatch(r"\d{1,2}", word, re.ASCII)]
    if len(months) != 1:
        return ()
    year = years[0] if years else 2000 + short[-1] if short and ":" not in text else 0
    return (year, months[0], 0) if FIRST <= year <= LAST else ()


def months(found: Iterable[Read]) -> tuple[dict[int, int], str]:
    """The months that each year covers (0: the dates say years alone), and in words what was decided.

    Whether 3/4/2025 is in March or in April is decided once, by the dates that leave no doubt.
    """
    seen = {read for read in found if read}
    open_ones = [read for read in seen if read[2]]
    day_first = sum(1 for read in open_ones if read[1] > 12)
    month_first = sum(1 for read in open_ones if read[2] > 12)
    is_day_first = day_first >= month_first
    covered: dict[int, set[int]] = {}
    for year, first, second in seen:
        month = first
        if second:
            month = second if first > 12 or (is_day_first and second <= 12) else first
        covered.setdefault(year, set()).update({month} - {0})
    counts = {year: len(numbers) for year, numbers in sorted(covered.items())}
    return counts, _decided(open_ones, day_first, month_first)


def _decided(open_ones: Sequence[Read], day_first: int, month_first: int) -> str:
    if not open_ones:
        return ""
    if day_first and month_first:
        return ("Some dates have the day first and others the month; each that leaves no doubt is read as it stands, "
                f"the others with the {'day' if day_first >= month_first else 'month'} first.")  # fmt: skip
    if not day_first and not month_first:
        return "Nothing tells whether the day or the month stands first; the day is assumed. The years do not change."
    return f"The {'day' if day_first else 'month'} stands first in the dates, as those with a number over 12 show."
