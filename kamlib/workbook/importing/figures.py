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
_MONEY = re.compile(
    r"(?<![a-z])(?:us|r|c|a|hk|nz|s)?\$|[£€¥₹₽¢₺₪₩]|kč|zł|(?<![a-z])(?:eur|euros?|gbp|usd|chf|fr|sfr|kr|sek"
    r"|nok|dkk|pln|czk|huf|ron|brl|try|rub|cny|rmb|zar|sgd|hkd|cad|aud|nzd|jpy|inr|rs)(?![a-z])\.?"
)
_TIMES = {"k": 1e3, "tsd": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6}
_TIMES |= {"mrd": 1e9, "bn": 1e9}
_UNIT = re.compile(r"\s*(" + "|".join(sorted(_TIMES, key=len, reverse=True)) + r")\.?$")
_DIGITS = re.compile(r"[0-9]+([.,' ][0-9]+)*|[.,][0-9]+", re.ASCII)
_INDIAN = re.compile(r"[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}")


def number(text: str, decimal: str = "") -> float:
    """The number a text says, NaN for unknown; `decimal` ("." or ",") settles 1,234 and 1.234.

    number("(1.234,50 €)") is -1234.5. Without `decimal` one mark before just three digits is taken
    to part thousands. Raises ValueError for what is no number, or a percentage.
    """
    plain, sign, times = _plain(text)
    if plain in UNKNOWN:
        return math.nan
    if not _DIGITS.fullmatch(plain):
        raise ValueError(text)
    mark = _decimal(plain)
    if mark == "?":
        mark = decimal or ("," if "." in plain else ".")
    whole, _, rest = plain.rpartition(mark) if mark and mark in plain else (plain, "", "")
    if not _grouped(whole):
        raise ValueError(text)
    value = sign * float(re.sub("[., ']", "", whole) + "." + rest + "0") * times
    return round(value, 6) if times > 1 else value


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
    marks = [_decimal(plain) for plain in (_plain(t)[0] for t in texts) if _DIGITS.fullmatch(plain)]
    points, commas = marks.count("."), marks.count(",")
    return "" if points == commas else "." if points > commas else ","


def is_number(text: str) -> bool:
    """Does the text say a number (unknown is none)?"""
    try:
        return not math.isnan(number(text))
    except (ValueError, OverflowError):
        return False


def _plain(text: str) -> tuple[str, int, float]:
    """The digits and marks of a text alone; the sign; the factor of the unit."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).strip().lower() if text else ""
    if plain in UNKNOWN or (plain.isdecimal() and len(text) < LONGEST) or len(text) >= LONGEST:
        return plain if len(text) < LONGEST else "too long", 1, 1
    plain = plain.replace("−", "-").replace("–", "-").replace("’", "'").replace("‘", "'").replace("`", "'")
    if re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?e[+-]?[0-9]{1,2}", plain):
        value = float(plain.replace(",", "."))
        return f"{abs(value):.15f}".rstrip("0").rstrip("."), -1 if value < 0 else 1, 1
    plain = re.sub(r"[.,][-—]*$", "", _MONEY.sub(" ", plain).strip())  # 200.- is 200
    sign = 1
    if re.fullmatch(r"\(.*\)", plain):
        plain, sign = plain[1:-1].strip(), -1
    if (start := plain.startswith("-")) or plain.endswith("-"):
        plain, sign = (plain[1:] if start else plain[:-1]).strip(), -1
    plain = _MONEY.sub(" ", plain.removeprefix("+")).strip()
    unit = _UNIT.search(plain)
    if unit:
        return plain[: unit.start()].strip(), sign, _TIMES[unit[1]]
    return re.sub(r"\s+", " ", plain), sign, 1


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
        (0 < len(first) <= 3 and all(len(group) == 3 for group in others)) or bool(_INDIAN.fullmatch(whole))
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
