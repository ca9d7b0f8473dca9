"""Numbers as people and programs write them: 1.234,56 €, (300), £1,234.50, 1 234 or 300-."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from kamlib.workbook.importing.vocabulary import DATA, UNKNOWN
from kamlib.workbook.schema import as_text

LONGEST = 60  # more is a text, whatever it begins with
_TIMES: dict[str, float] = DATA["times"]
_MONEY = re.compile(DATA["money"])
_MARKS = str.maketrans("−–’‘`", "--'''")
_DIGITS = r"[0-9]+(?:[.,' ][0-9]+)*|[.,][0-9]+"
_UNITS = "|".join(sorted(_TIMES, key=len, reverse=True))
_NUMBER = re.compile(  # (300) and 300- are below zero; 200.- is 200
    rf"(\()? ?([+-])? ?({_DIGITS})(?: ?[.,]-*)? ?(?:({_UNITS})(?:[.,]-*)?)? ?(-)? ?(?(1)\))",
    re.ASCII,
)
_POWER = re.compile(r"([+-]?)([0-9]+(?:[.,][0-9]+)?e[+-]?[0-9]{1,2})", re.ASCII)
_INDIAN = re.compile(r"[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}")


def number(text: str, decimal: str = "") -> float:
    """The number a text says, NaN for unknown; `decimal` ("." or ",") settles 1,234 and 1.234.

    number("(1.234,50 €)") is -1234.5. Without `decimal` one mark before just three digits is taken
    to part thousands. Raises ValueError for what is no number, or a percentage.
    """
    digits, times = _parts(text)
    if times == 0:
        return math.nan
    mark = _decimal(digits)
    if mark == "?":
        mark = decimal or ("," if "." in digits else ".")
    whole, _, rest = digits.rpartition(mark) if mark and mark in digits else (digits, "", "")
    if not digits or not _grouped(whole):
        raise ValueError(text)
    value = float(re.sub("[., ']", "", whole) + "." + rest + "0") * times
    return round(value, 6) if abs(times) > 1 else value


def _parts(text: str) -> tuple[str, float]:
    """The digits and marks of a number, and what one is worth: -1, 1000; 0 for unknown.

    No digits where the text says no number.
    """
    if len(text) >= LONGEST:
        return "", 1
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    bare = " ".join(_MONEY.sub(" ", plain.translate(_MARKS)).split())
    if plain in UNKNOWN or bare in UNKNOWN:
        return "", 0
    if power := _POWER.fullmatch(bare):
        digits = f"{float(power[2].replace(',', '.')):.15f}".rstrip("0").rstrip(".")
        return digits, -1 if power[1] == "-" else 1
    found = _NUMBER.fullmatch(bare)
    if not found:
        return "", 1
    bracket, before, digits, unit, after = found.groups()
    is_below = bracket or before == "-" or after
    return digits, (-1 if is_below else 1) * _TIMES.get(unit, 1)


def numbers(texts: Sequence[str], decimal: str = "", times: int = 1) -> tuple[list[str], list[int]]:
    """The canonical text of each number ("" for unknown), and the places of no numbers.

    `times` is what one of them is worth: 1000 where the header says thousands.

    Whether 1.234 is a thousand or one and a bit is decided once for all texts, by those that leave
    no doubt; `decimal` says it where the source knows.
    """
    distinct = dict.fromkeys(texts)
    decimal = decimal or mark_of([*distinct])
    said: dict[str, str | None] = {}
    for text in distinct:
        try:
            value = number(text, decimal)
            said[text] = _canonical(text, value if times == 1 else round(value * times, 6))
        except (ValueError, OverflowError):
            said[text] = None
    return [said[t] or "" for t in texts], [i for i, t in enumerate(texts) if said[t] is None]


def mark_of(texts: Sequence[str]) -> str:
    """The decimal mark that most of the texts without doubt use; "" where none tells."""
    marks = [_decimal(_parts(text)[0]) for text in texts]
    points, commas = marks.count("."), marks.count(",")
    return "" if points == commas else "." if points > commas else ","


def is_number(text: str) -> bool:
    """Does the text say a number (unknown is none)?"""
    try:
        return not math.isnan(number(text))
    except (ValueError, OverflowError):
        return False


def _decimal(plain: str) -> str:
    """The decimal mark of a number, "" for none, "?" where it could part thousands too."""
    marks = [c for c in plain if c in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    if len(set(marks)) > 1:
        return last if marks.count(last) == 1 else "."
    if len(marks) > 1:  # 1.234.567
        return "," if last == "." else "."
    before, after = plain.split(last)
    if len(after) != 3 or len(before) > 3 or before in ("", "0") or " " in before or "'" in before:
        return last
    return "?"


def _grouped(whole: str) -> bool:
    """Are the digits before the decimal mark whole groups of three (or of two, as in India)?"""
    marks = set(re.findall(r"[., ']", whole))
    if not marks:
        return True
    first, *others = re.split(r"[., ']", whole)
    return len(marks) == 1 and (
        (0 < len(first) <= 3 and all(len(group) == 3 for group in others))
        or bool(_INDIAN.fullmatch(whole))
    )


def _canonical(text: str, value: float) -> str:
    digits = re.sub("[^0-9]", "", text)
    if len(digits) > 15 and value.is_integer() and abs(value) >= 1e15:
        return f"{value:.0f}"
    return as_text(value if math.isnan(value) or value else 0.0)


def times_of(header: str) -> int:
    """What one unit of a column is worth by its header: 1000 for "Umsatz TEUR", else 1."""
    low = header.casefold()
    return next((int(times) for times, sign in DATA["units"].items() if re.search(sign, low)), 1)


def currencies(texts: Sequence[str]) -> dict[str, int]:
    """Which currencies the texts name, and how many of them do: {"EUR": 3, "USD": 1}."""
    low = [text.casefold() for text in texts]
    found = {c: sum(bool(re.search(s, t)) for t in low) for c, s in DATA["currencies"].items()}
    return {code: count for code, count in found.items() if count}


def is_share(texts: Sequence[str]) -> bool:
    """Are these per cent or parts of one, such as 0.15, rather than money?"""
    if sum("%" in text for text in texts) > len(texts) / 2:
        return True
    values = [abs(float(text)) for text in numbers(texts)[0] if text]
    return bool(values) and max(values) <= 1 and any(0 < value < 1 for value in values)


def amount(text: str) -> Decimal:
    """What a cell of a workbook says, exactly; 0 for unknown."""
    try:
        return Decimal(text.strip().replace(",", ".") or 0)
    except InvalidOperation:
        return Decimal(0)


def text_of(value: Decimal) -> str:
    """An amount as a store keeps it: 2024.994."""
    return f"{value.normalize():f}" if value else "0"


def same(old: str, new: str) -> bool:
    """Do two cells of a workbook say the same, however it is written?"""
    old, new = old.strip(), new.strip()
    return old == new or bool(old and new and amount(old) == amount(new))
