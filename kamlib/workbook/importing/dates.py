"""Dates as ledgers write them: 2025-12-31, 31.12.2025, 12/31/2025, Dec 2025, 45291 or 2025."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from kamlib.workbook.importing.sentences import note
from kamlib.workbook.importing.vocabulary import DATA, plain
from kamlib.workbook.stores.base import Notes

FIRST, LAST = 1900, 2100
UNDATED = "undated"
# year, month, 0; or year and two numbers of which one is the month, as they stand; () for no date
Read = tuple[int, int, int] | tuple[()]
TIME = r"(?:[T ,]+\d{1,2}:\d\d.*|[T ]+\d\d:?\d\d:?\d\d.*)$"  # the time of day at the end of a date
_TIME = re.compile(TIME, re.ASCII)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?", re.ASCII)
_KEY = re.compile(r"(\d{4})(\d\d)(\d\d)?(?:\.0+)?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)", re.ASCII)
_MONTH = re.compile(r"(\d{1,2})[-/.](\d{4})", re.ASCII)
_YEAR = re.compile(r"(?:fy)?\s?(\d{4})(?:\.0+)?", re.ASCII | re.I)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_MONTHS = {word: n for n, words in enumerate(DATA["months"], start=1) for word in words.split()}


def read(texts: Iterable[str], this_year: int = 0) -> list[Read]:
    """The year and what says the month of each text; () for what is no date between 1900 and 2100.

    A year of two digits is the latest that is not after `this_year` (0: today's): 98 is 1998.
    """
    this_year = this_year or date.today().year
    return [_read(_TIME.sub("", text.strip()), this_year) for text in texts]


def _read(text: str, this_year: int) -> Read:
    if said := _ISO.fullmatch(text) or _KEY.fullmatch(text):
        return _sure(int(said[1]), said[2], said[3] or "1")
    if said := _DAY.fullmatch(text):
        year = int(said[4]) if len(said[4]) == 4 else _past(int(said[4]), this_year)
        if said[2] == ".":
            return _sure(year, said[3], said[1])
        first, second = int(said[1]), int(said[3])
        fits = first and second and min(first, second) <= 12 and max(first, second) <= 31
        return (year, first, second) if fits and FIRST <= year <= LAST else ()
    if said := _MONTH.fullmatch(text):
        return _sure(int(said[2]), said[1], "1")
    if said := _YEAR.fullmatch(text):
        return (int(said[1]), 0, 0) if FIRST <= int(said[1]) <= LAST else ()
    if said := _SERIAL.fullmatch(text):  # days since 1899-12-30, as Excel counts
        day = date(1899, 12, 30) + timedelta(days=int(said[1]))
        return (day.year, day.month, 0) if 1950 <= day.year <= LAST else ()
    return _in_words(text, this_year)


def _past(short: int, this_year: int) -> int:
    year = this_year // 100 * 100 + short
    return year if year <= this_year else year - 100


def _sure(year: int, month: str, day: str) -> Read:
    fits = 1 <= int(month) <= 12 and 1 <= int(day) <= 31 and FIRST <= year <= LAST
    return (year, int(month), 0) if fits else ()


def _in_words(text: str, this_year: int) -> Read:
    """5-Mar-25, March 2025, 3. Mai 2025: a month by its name, and a year; 5-Mar has none."""
    words = plain(text[:40]).split() if text[:40].isprintable() else []
    months = [(place, _MONTHS[word]) for place, word in enumerate(words) if word in _MONTHS]
    if len(months) != 1:
        return ()
    place, month = months[0]
    years = [int(word) for word in words if re.fullmatch(r"\d{4}", word, re.ASCII)]
    short = [int(word) for word in words if re.fullmatch(r"\d{1,2}", word, re.ASCII)]
    if not years and (len(short) == 2 or (len(short) == 1 and place == 0)):
        years = [_past(short[-1], this_year)]
    return (years[0], month, 0) if years and FIRST <= years[0] <= LAST else ()


def months(found: Iterable[Read], column: str = "") -> tuple[dict[int, int], Notes]:
    """The months that each year covers (0: the dates say years alone), and what was decided.

    Whether 3/4/2025 is in March or in April is decided once, by the dates that leave no doubt.
    `column` is the header of the dates.
    """
    seen = {read for read in found if read}
    open_ones = [read for read in seen if read[2]]
    day_first = sum(read[1] > 12 for read in open_ones)
    month_first = sum(read[2] > 12 for read in open_ones)
    is_day_first = day_first >= month_first
    covered: dict[int, set[int]] = {}
    for year, first, second in seen:
        is_second = second and (first > 12 or (is_day_first and second <= 12))
        covered.setdefault(year, set()).update({second if is_second else first} - {0})
    counts = {year: len(numbers) for year, numbers in sorted(covered.items())}
    if not open_ones:
        return counts, []
    key = "dates_mixed" if day_first and month_first else "day_first"
    key = key if day_first or month_first else "day_assumed"
    return counts, [note(key, column=column, first="day" if is_day_first else "month")]
