"""How we say numbers, lists and boxes: each written once, for screen, paper and command line."""

from __future__ import annotations

from collections.abc import Iterable

NUMERALS = (
    "No",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)
BOXES = {
    "key": "key account",
    "key_development": "key development account",
    "maintenance": "maintenance account",
    "opportunistic": "opportunistic account",
}
LABELS = {
    "key": "Key account",
    "key_development": "Key development",
    "maintenance": "Maintenance",
    "opportunistic": "Opportunistic",
    "progress": "Progress",
    "improve": "Make it worth more to them",
    "question": "Is it really worth so little to us?",
    "drop": "Drop",
    "": "Not placed yet",
}  # a box in a table or a picture
LONGEST = 60


def listed(names: Iterable[str], most: int = 0, last: str = "and") -> str:
    """Alder, Birchwood and Castlegate; with `most` shortened to so many names: Alder, Birchwood and 3 more."""
    shown = list(names)
    if most:
        shown = [cut(name) for name in shown]
    if most and len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    return f" {last} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def cut(text: str, most: int = LONGEST) -> str:
    """A text of at most so many letters; what is cut off is marked by an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def counted(number: float, one: str, many: str = "") -> str:
    """1 idea, 12 ideas, 1,204 ideas; without decimals."""
    return f"{number:,.0f} {by_number(number, one, many or one + 's')}"


def by_number(number: float, one: str, many: str) -> str:
    """The word that goes with a number as it is shown, without decimals."""
    return one if f"{number:,.0f}" == "1" else many


def numeral(number: int) -> str:
    """One to Twelve as a word that begins a sentence, larger numbers as figures."""
    return NUMERALS[number] if number < len(NUMERALS) else f"{number:,}"


def account(box: str, article: bool = True) -> str:
    """A box as one says it of a customer: an opportunistic account; without its article, key account."""
    word = BOXES[box]
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}" if article else word


def accounts(boxes: Iterable[str]) -> str:
    """Categories in their order, in words: "key and maintenance accounts"."""
    asked = set(boxes)
    return f"{listed(box.replace('_', ' ') for box in BOXES if box in asked)} accounts"


def sentence(words: str) -> str:
    """Words as a sentence: with a capital at its beginning and a full stop at its end."""
    return f"{words[0].upper()}{words[1:]}."
