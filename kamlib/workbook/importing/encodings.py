"""Which encoding the letters of a file are in, and how sure that is."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from kamlib.workbook.importing.sentences import refusal
from kamlib.workbook.importing.vocabulary import DATA

MIXED = "kamlib-mixed"  # an error handler: single bytes that are no UTF-8 are read as Windows-1252
PUNCTUATION = frozenset("–—‘’“”„…·•«»°§®©™´¿¡ºª²³½\u00a0\u202f")
_ODD = re.compile(rb"[\x00-\x08\x0e-\x1b]")
_CELL = re.compile(r'[^;,\t|\r\n"]*[^\x00-\x7f;,\t|\r\n"][^;,\t|\r\n"]*')
SURE = 0.9  # the share of letters that must fit a language of the encoding
codecs.register_error(
    MIXED,
    lambda e: (e.object[e.start : e.end].decode("cp1252", "replace"), e.end),  # type: ignore[attr-defined]
)


@dataclass(frozen=True)
class Encoding:
    """A Python codec with its handler of errors, and what makes it doubtful ("" if nothing)."""

    codec: str
    errors: str = "strict"
    doubt: str = ""

    @property
    def name(self) -> str:
        """As people call it: Windows-1252, UTF-8."""
        unicode = re.match(r"UTF-\d+", self.codec.upper())
        return unicode[0] if unicode else re.sub("^CP(?=125.$)", "Windows-", self.codec.upper())


def named(wanted: str) -> Encoding:
    """The encoding that the user named. Raises InvalidInput for one that Python does not know."""
    try:
        codec = codecs.lookup(wanted.strip())
        b"a".decode(codec.name)
    except (LookupError, ValueError, TypeError):
        some = ", ".join(["utf-8", *DATA["encodings"]])
        raise refusal("codec", found=wanted, allowed=some) from None
    return Encoding("utf-8-sig" if codec.name == "utf-8" else codec.name)


def detect(raw: bytes) -> Encoding:
    """The encoding of the bytes of a text: all of them, or the lines that are not plain ASCII.

    UTF-8 and UTF-16 leave no doubt; anything else is a guess by the letters it gives, and says so.
    Raises WorkbookError where no encoding gives a text.
    """
    head = raw[:4000]
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if head.count(0) > len(head) // 5:  # every second byte of plain English
        is_little = head[1::2].count(0) > head[::2].count(0)
        return Encoding("utf-16-le" if is_little else "utf-16-be")
    if len(_ODD.findall(head)) > len(head) // 100:
        raise refusal("not_text")
    try:
        raw.decode("utf-8")
        return Encoding("utf-8-sig")
    except UnicodeDecodeError as error:
        first = raw.count(10, 0, error.start) + 1
    text = raw.decode("utf-8", "surrogateescape")
    odd = len(re.findall("[\udc80-\udcff]", text))
    if len(re.findall(r"[^\x00-\x7f]", text)) >= 3 * odd:
        doubt = f"UTF-8 but for single letters, read as Windows-1252; the first is in line {first}."
        return Encoding("utf-8-sig", MIXED, doubt)
    guess = Encoding(_guessed(raw))
    shown = raw[:99_999].decode(guess.codec, "replace")
    below = re.split(r"[\r\n]", shown, maxsplit=1)[-1]
    cell = next(filter(None, map(_CELL.search, (below, shown))), None)
    said = " ".join(cell[0].split())[:60] if cell else ""
    doubt = f'read as {guess.name}, which is a guess: it says "{said}".'
    return Encoding(guess.codec, doubt=doubt)


def _guessed(raw: bytes) -> str:
    best, chosen = SURE, ""
    for codec, letters in DATA["encodings"].items():
        score = _score(raw, codec, frozenset(letters))
        if score > best + 0.01 or (score >= best and not chosen):
            best, chosen = score, codec
    if chosen:
        return chosen
    from charset_normalizer import from_bytes

    found = from_bytes(
        raw[:200_000], cp_isolation=[*DATA["other_encodings"], *DATA["encodings"]]
    ).best()
    if found is None:
        raise refusal("no_encoding")
    return found.encoding


def _score(raw: bytes, codec: str, letters: frozenset[str]) -> float:
    """The share of what is not ASCII that fits, less what stands in odd company."""
    try:
        text = raw[:200_000].decode(codec)
    except UnicodeDecodeError:
        return 0
    padded = f" {text} "
    spots = [found.start() for found in re.finditer(r"[^\x00-\x7f]", text)]
    score = sum(_fits(padded[i], padded[i + 1], padded[i + 2], letters) for i in spots)
    return score / max(len(spots), 1)


def _fits(before: str, char: str, after: str, letters: frozenset[str]) -> int:
    """1 for a letter where it may stand, 0 for another, -1 for one that cannot be right."""
    if char in PUNCTUATION:
        return int(char in "’·" or not (before.isalpha() and after.isalpha()))
    is_latin, ascii_beside = (
        char < "\u0300",
        any(c.isalpha() and c.isascii() for c in before + after),
    )
    if (before.isalpha() and char.isupper() and after.islower()) or (
        char.islower() and after.isupper()
    ):
        return -1
    if ascii_beside and not is_latin and char.isalpha():
        return -1  # two scripts in one word
    if is_latin and before > "\x7f" and after > "\x7f" and (before + after).isalpha():
        return -1  # a word of accents alone
    return int(char in letters)
