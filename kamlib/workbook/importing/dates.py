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
_FORMS = [re.compile(form, re.ASCII | re.I) for form in DATA["dates"]]
_MONTHS = {word: n for n, words in enumerate(DATA["months"], start=1) for word in words.split()}


def read(texts: Iterable[str], this_year: int = 0) -> list[Read]:
    """The year and what says the month of each text; () for what is no date between 1900 and 2100.

    A year of two digits is the latest that is not after `this_year` (0: today's): 98 is 1998.
    """
    this_year = this_year or date.today().year
    return [_read(_TIME.sub("", text.strip()), this_year) for text in texts]


def _read(text: str, this_year: int) -> Read:
    found = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    parts = {name: int(part) for name, part in found.groupdict().items() if part} if found else {}
    if "serial" in parts:  # days since 1899-12-30, as Excel counts
        day = date(1899, 12, 30) + timedelta(days=parts["serial"])
        return (day.year, day.month, 0) if 1950 <= day.year <= LAST else ()
    parts = parts or _in_words(text)
    if "short" in parts:
        year = this_year // 100 * 100 + parts["short"]
        parts["year"] = year if year <= this_year else year - 100
    if not FIRST <= parts.get("year", 0) <= LAST:
        return ()
    if "first" in parts:
        first, second = parts["first"], parts["second"]
        is_date = 0 < min(first, second) <= 12 and max(first, second) <= 31
        return (parts["year"], first, second) if is_date else ()
    if "month" not in parts:
        return parts["year"], 0, 0
    is_date = 1 <= parts["month"] <= 12 and 1 <= parts.get("day", 1) <= 31
    return (parts["year"], parts["month"], 0) if is_date else ()


def _in_words(text: str) -> dict[str, int]:
    """5-Mar-25, March 2025, 3. Mai 2025: a month by its name, and a year; 5-Mar has none."""
    words = plain(text[:40]).split() if text[:40].isprintable() else []
    months = [(place, _MONTHS[word]) for place, word in enumerate(words) if word in _MONTHS]
    if len(months) != 1:
        return {}
    place, month = months[0]
    years = [int(word) for word in words if re.fullmatch(r"\d{4}", word, re.ASCII)]
    short = [int(word) for word in words if re.fullmatch(r"\d{1,2}", word, re.ASCII)]
    if not years and (len(short) == 2 or (len(short) == 1 and place == 0)):
        return {"month": month, "short": short[-1]}
    return {"month": month, "year": years[0]} if years else {}


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
