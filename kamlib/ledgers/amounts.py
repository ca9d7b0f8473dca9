"""Columns of figures, exact: each is read once, counted in millionths and added up as whole numbers."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

import numpy as np
import pandas as pd

from kamlib.imports.figures import mark_of, numbers
from kamlib.tables import parse_number

UNIT = 1_000_000  # of these make one; sums of whole numbers do not depend on their order
MOST = 9e12  # what 64 bits hold of them
EXACT = 9e9  # up to here a float tells them apart
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
# the usual dress of money, read at once: $1,234.50, -£300, (1.234,50 €); figures.number reads the rest
_DRESSED = {
    ".": re.compile(r"(?:[£$€] ?)?-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?: ?€)?"),
    ",": re.compile(r"(?:[£$€] ?)?-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?(?: ?€)?"),
}
_UNDRESS = {".": str.maketrans("", "", "£$€, "), ",": str.maketrans(",", ".", "£$€. ")}
_TELLING = re.compile(r"[.,][0-9]{1,2}(?![0-9.,])|[.,][0-9]{4}|\..*,|,.*\.|(?<![0-9.,])0?[.,][0-9]")
_VOTERS = 2_000


@dataclass(frozen=True)
class Amounts:
    """A column of figures: values (NaN for unknown), which cells are no numbers, what the marks in it say.

    `mark` is "." or "," where it leaves no doubt, "?" where 1.234 was read as a number below two, else "".
    """

    values: np.ndarray
    bad: np.ndarray
    mark: str


@dataclass(frozen=True)
class Coded:
    """A column of text: the code of each cell and the distinct texts; the last text is "", for what is missing."""

    codes: np.ndarray
    texts: list[str]

    @functools.cached_property
    def marks(self) -> np.ndarray:
        """64 bits for each text that tell it from others, as long as this process runs."""
        return np.fromiter(map(hash, self.texts), dtype=np.int64, count=len(self.texts)).view(np.uint64)

    def of(self, where: np.ndarray) -> Coded:
        """The column of some of the lines."""
        return Coded(self.codes[where], self.texts)

    def among(self, words: frozenset[str]) -> np.ndarray:
        """Which cells are one of these words, in lower case, in capitals or with a capital."""
        forms = _forms(words)
        if forms.isdisjoint(self.texts[:-1]) and self.codes.min(initial=0) >= 0:
            return np.zeros(len(self.codes), dtype=bool)
        return np.array([text in forms for text in self.texts])[self.codes]


@functools.cache
def _forms(words: frozenset[str]) -> frozenset[str]:
    return frozenset(form for word in words for form in (word, word.upper(), word.capitalize(), word.title()))


def coded(cells: pd.Series) -> Coded:
    """A column of text, or of categories of text, as codes and texts."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        codes, said = cells.cat.codes.to_numpy(), cells.cat.categories.tolist()
    elif cells.dtype == "str":  # nearly all different: each is its own code
        codes, said = np.arange(len(cells)), cells.fillna("").tolist()
    else:
        return coded(cells.astype("category"))
    return Coded(codes, [*map(str.strip, map(str, said)), ""])


def is_number(cells: pd.Series) -> bool:
    """Does a column hold numbers rather than text?"""
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def read(cells: pd.Series | Coded, mark: str) -> Amounts:
    """The figures of a column of numbers, or of texts whose decimal mark is `mark` ("" for not known)."""
    if not isinstance(cells, Coded):
        values = cells.to_numpy(dtype=float, na_value=np.nan)
        is_finite = np.isfinite(values)
        bad = np.isinf(values)
        return Amounts(np.where(is_finite, values, np.nan), bad, _mark_of_numbers(values[is_finite]))
    of_text, wrong = _of_texts(cells.texts, mark)
    telling = [*islice(filter(_TELLING.search, cells.texts), _VOTERS)]
    return Amounts(of_text[cells.codes], wrong[cells.codes], mark_of(telling))


def _mark_of_numbers(values: np.ndarray) -> str:
    """Were these texts with a decimal point without doubt? Three places may have been thousands."""
    for some in (values[:20_000], values):  # the first ones nearly always tell
        some = some[some % 1 != 0]
        hundreds, thousands = some * 100, some * 1000
        is_three = (np.abs(hundreds - np.rint(hundreds)) > 1e-6) & (
            np.abs(thousands - np.rint(thousands)) < 1e-6
        )
        if not is_three.all():
            return "."
    return "?" if len(some) else ""


def _of_texts(texts: Sequence[str], mark: str) -> tuple[np.ndarray, np.ndarray]:
    """The value of each text, and which are no numbers."""
    values = np.full(len(texts), np.nan)
    wrong = np.zeros(len(texts), dtype=bool)
    plain = _PLAIN if mark == "." else _WHOLE
    odd = []
    for place, text in enumerate(texts):
        if plain.fullmatch(text):
            values[place] = float(text)
        elif text:
            value = _undressed(text, mark) if mark else None
            if value is None:
                odd.append(place)
            else:
                values[place] = value
    if odd:
        said, bad = numbers([texts[place] for place in odd], mark or mark_of(texts))
        values[odd] = [float(text) if text else np.nan for text in said]
        wrong[[odd[place] for place in bad]] = True
    wrong |= np.isinf(values)
    return np.where(wrong, np.nan, values), wrong


def _undressed(text: str, mark: str) -> float | None:
    """The value of money in its usual dress, None for anything else."""
    sign, bare = (-1.0, text[1:-1]) if text[0] == "(" and text[-1] == ")" else (1.0, text)
    if bare[:1] == "-" and bare[1:2] in ("£", "$", "€"):
        sign, bare = -sign, bare[1:]
    if text.count("-") + (text[0] == "(") > 1:
        return None
    if not _DRESSED[mark].fullmatch(bare):
        return None
    return sign * float(bare.translate(_UNDRESS[mark]))


def units(values: np.ndarray) -> np.ndarray:
    """The values in millionths, 0 for unknown; whole numbers of any size where 64 bits are not enough."""
    known = np.nan_to_num(values)
    size = np.abs(known)
    if size.max(initial=0) < EXACT and size.sum() < MOST:
        return np.rint(known * UNIT).astype(np.int64)
    return np.array([round(Decimal(repr(value)) * UNIT) for value in known.tolist()], dtype=object)


def total(counted: np.ndarray) -> int:
    """The exact sum of an array of units."""
    return int(counted.sum()) if len(counted) else 0


def text_of(count: int) -> str:
    """Units as a store keeps them, exactly: 2024994000 is 2024.994."""
    whole, rest = divmod(abs(int(count)), UNIT)
    places = f"{rest:06d}".rstrip("0")
    return ("-" if count < 0 else "") + str(whole) + (f".{places}" if places else "")


def units_of(text: str) -> int:
    """What a cell of a workbook says, in units; 0 for unknown."""
    if _PLAIN.fullmatch(text):
        whole, _, places = text.lstrip("-").partition(".")
        if len(places) <= 6:
            count = int(whole) * UNIT + int(places.ljust(6, "0"))
            return -count if text[0] == "-" else count
    value = parse_number(text)
    return 0 if value != value else round(Decimal(text.strip().replace(",", ".")) * UNIT)


def money(count: int) -> str:
    """Units as people read them: 80,450,596.98."""
    cents = round(Decimal(int(count)) / (UNIT // 100))
    return f"{Decimal(cents) / 100:,.2f}"
