"""Who is who: the customers of a file and of the workbook, by ids, names and spellings."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from kamlib.workbook.importing.sentences import note
from kamlib.workbook.importing.vocabulary import clean, folded, plain, words
from kamlib.workbook.schema import Tables, empty
from kamlib.workbook.stores.base import Notes

LONGEST_ID, LONGEST_SLUG = 80, 40
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
NEAR, MOST_NEAR = 0.9, 20  # how alike two names are that are pointed out, and how many pairs are


def ids(names: Iterable[str], taken: Iterable[str] = (), otherwise: str = "customer") -> list[str]:
    """A short id for each name, none twice or among those taken: Alder & Co becomes alder_co."""
    used, last, result = {t.casefold() for t in taken}, dict[str, int](), []
    for name in names:
        bare = unicodedata.normalize("NFKD", name.casefold())
        bare = "".join(c for c in bare if not unicodedata.combining(c))
        base = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[:LONGEST_SLUG].strip("_") or otherwise
        result.append(free(base, used, last))
    return result


def free(base: str, used: set[str], last: dict[str, int]) -> str:
    """The id, with a number if it is used already; `used` and `last` are kept up."""
    free_id, number = base, last.get(base.casefold(), 1)
    while free_id.casefold() in used:
        number += 1
        free_id = f"{base}_{number}"
    last[base.casefold()] = number
    used.add(free_id.casefold())
    return free_id


def id_of(text: str) -> str:
    """A customer's number as an id: no spaces, 17850.0 as 17850."""
    return re.sub(r"\s+", "_", re.sub(r"^(\d+)\.0+$", r"\1", clean(text)))[:LONGEST_ID]


def name_of(text: str) -> str:
    """A name with single spaces."""
    return " ".join(clean(text).split())


def customers(text: Tables) -> pd.DataFrame:
    """The text table of customers, with its columns even where it is missing."""
    frame = text.get("customers", empty("customers"))
    return frame if len(frame.columns) else empty("customers")


def names(text: Tables) -> dict[str, str]:
    """The names of a workbook's customers by their ids, "" where one has none."""
    frame = customers(text)
    blank = pd.Series("", index=frame.index)
    pairs = zip(frame.get("customer", blank).str.strip(), frame.get("name", blank), strict=True)
    return dict(reversed([*pairs]))


def called(text: Tables) -> frozenset[str]:
    """The names of a workbook's customers, as they are compared."""
    return frozenset(map(folded, names(text).values()))


class Known:
    """The customers of a workbook, to be found by id, by name, or by a column of a list.

    `ids` are theirs in order; `by_id` leads from a folded text to an id. A column of the workbook
    that is headed like the list's own (`key_header`, `name_header`) counts as well.
    """

    def __init__(self, text: Tables, key_header: str = "", name_header: str = "") -> None:
        frame = customers(text)
        blank = pd.Series("", index=frame.index)
        self.ids = [t.strip() for t in frame.get("customer", blank)]
        names = [name or own for name, own in zip(frame.get("name", blank), self.ids, strict=True)]
        others = frame.get("also_known_as", blank)
        called = [
            (word, own)
            for own, name, other in zip(self.ids, names, others, strict=True)
            for word in (name, *other.split(";"))
        ]
        self.by_id = {folded(own): own for own in reversed(self.ids)}
        beside: list[tuple[str, str]] = []
        for column in [c for c in frame.columns if c not in ("customer", "name")]:
            heading = plain(column).removesuffix(" list")
            said = [(t, own) for t, own in zip(frame[column], self.ids, strict=True) if plain(t)]
            if heading == plain(key_header):
                self.by_id = once((folded(t), own) for t, own in said) | self.by_id
            elif heading == plain(name_header):
                beside += said
        self._spelt = [
            (form, everyone((form(word), own) for word, own in pairs))
            for form in (folded, plain)
            for pairs in (called, beside)
        ]

    def called(self, name: str) -> Iterator[list[str]]:
        """The ids of the customers of this name: as it is written, then as it is spelt."""
        for form, ids_of in self._spelt:
            yield ids_of.get(form(name), [])

    def named(self, name: str) -> str:
        """The customer of this name, "" for none or several."""
        return next((ids[0] for ids in self.called(name) if len(ids) == 1), "")


def everyone(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Each first text that is not blank, with the second ones, each once."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for first, second in pairs:
        if first:
            found[first][second] = None
    return {first: [*seconds] for first, seconds in found.items()}


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pairs whose first text is not blank and leads to one alone."""
    return {first: seconds[0] for first, seconds in everyone(pairs).items() if len(seconds) == 1}


def near_names(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of ids whose names are alike but for the form of company, umlauts or a letter or two.

    `names` is id -> name. Only names that begin alike are compared, so that 50,000 take seconds.
    """
    bare = {i: _bare(name) for i, name in names.items()}
    order = sorted((text, i) for i, text in bare.items() if text)
    pairs = []
    for place, (text, one) in enumerate(order):
        for other_text, other in order[place + 1 : place + 4]:
            if text[:3] != other_text[:3] or abs(len(text) - len(other_text)) > 3:
                continue
            if text == other_text or _differ_little(text, other_text):
                pairs.append((one, other))
    return pairs


def _differ_little(one: str, other: str) -> bool:
    if re.sub(r"\D", "", one) != re.sub(r"\D", "", other):  # Branch 1 and Branch 2
        return False
    return len(one) > 5 and difflib.SequenceMatcher(None, one, other).ratio() >= NEAR


def _bare(name: str) -> str:
    """A name without the form of company, ue for ü and a letter that stands alone."""
    name = name.casefold().translate(_UMLAUTS)
    forms = words("legal_forms")
    kept = [w for w in plain(name).split() if w not in forms and (len(w) > 1 or w.isdigit())]
    return " ".join(kept)


def remarks(text: Tables, listed: Mapping[str, str]) -> Notes:
    """The pairs of nearly equal names of which at least one is new to the workbook, as notes.

    `listed` is id -> name of the customers of the list.
    """
    there = names(text)
    every = {**there, **listed}
    pairs = [
        (one, other)
        for one, other in near_names(every)
        if not {one, other} <= there.keys() and folded(every[one]) != folded(every[other])
    ]
    notes = [
        note("near_names", one=every[one], other=every[other], one_id=one, other_id=other)
        for one, other in pairs[:MOST_NEAR]
    ]
    more = len(pairs) - MOST_NEAR
    return notes + [note("more_near_names", n=more)] if more > 0 else notes
