"""What the words in lists mean (`vocabulary.yaml`), and how two texts are compared."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

LONGEST = 32_000  # what a cell of a workbook may hold
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\u200b\ufeff]")


def of_file(name: str) -> dict[str, Any]:
    """A YAML file of this folder."""
    text = Path(__file__).with_name(name).read_bytes()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(text, loader)  # noqa: S506
    return found


DATA = of_file("vocabulary.yaml")
KINDS: dict[str, dict[str, Any]] = DATA["kinds"]
UNKNOWN = frozenset(DATA["unknown"])
NOBODY = frozenset(DATA["nobody"])


@functools.cache
def words(name: str) -> tuple[str, ...]:
    """The words of an entry of the vocabulary such as `totals`, or of a field such as `revenue`."""
    text: str = DATA["fields"].get(name) or DATA.get(name) or DATA["status"][name]
    return tuple(word.strip() for word in text.split(","))


@functools.cache
def _squeezed(name: str) -> frozenset[str]:
    return frozenset(word.replace(" ", "") for word in words(name))


@functools.lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """A text as headers are compared: no accents, no capitals, words parted by one space."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", bare).strip()


def says(name: str, text: str) -> bool:
    """Is the text one of the words of this entry, written apart or together?"""
    bare = plain(text)
    return bare in words(name) or bare.replace(" ", "") in _squeezed(name)


def without(name: str, bare: str) -> str:
    """Plain words less those of an entry."""
    return " ".join(word for word in bare.split() if word not in words(name) and not word.isdigit())


@functools.lru_cache(maxsize=100_000)
def folded(text: str) -> str:
    """A name as it is compared: capitals, spaces and forms of a letter do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def clean(text: str) -> str:
    """A text without what cannot be shown or stored, and without spaces around it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return _CONTROL.sub("", text).strip()[:LONGEST]


def known(text: str) -> str:
    """The text, "" where it says that nothing is known."""
    return "" if text.lower() in NOBODY else text


def is_header(text: str) -> bool:
    """Is this a word that heads columns of such lists?"""
    bare = plain(text)
    forms = {bare, without("noise", bare), bare.replace(" ", "")} - {""}
    return bool(forms & _headers())


@functools.cache
def _headers() -> frozenset[str]:
    listed = [name for name in (*DATA["fields"], "others")]
    return frozenset(form for n in listed for w in words(n) for form in (w, w.replace(" ", "")))


def unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names, each once whatever its capitals: a later one gets a number."""
    used, result = {folded(name) for name in taken}, []
    for name in names:
        free, number = name, 1
        while folded(free) in used:
            number += 1
            free = f"{name} {number}"
        used.add(folded(free))
        result.append(free)
    return result
