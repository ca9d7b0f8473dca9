"""Who is who: the customers of a file and those of the workbook, by their ids, names and spellings."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from kamlib.checks import finding
from kamlib.importing.vocabulary import clean, folded, plain, words
from kamlib.stores.base import Notes
from kamlib.tables import Tables, empty

LONGEST_ID, LONGEST_SLUG = 80, 40
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
    """The id, with a number if it is used already; both `used` and the `last` numbers are kept up."""
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


class Known:
    """The customers of a workbook, to be found by an id, by a name, or by a column that a list brought.

    `by_id`, `by_name` and `by_spelling` lead from a folded text to the customer's id, where it is one's
    alone. A column of the workbook that is headed like the list's own (`headers`) counts as well.
    """

    def __init__(self, text: Tables, key_header: str = "", name_header: str = "") -> None:
        frame = customers(text)
        self.ids = [t.strip() for t in frame["customer"]] if "customer" in frame else []
        names = [*frame["name"]] if "name" in frame else [""] * len(self.ids)
        self.by_id = {folded(customer): customer for customer in reversed(self.ids)}
        others = [*frame["also_known_as"]] if "also_known_as" in frame else [""] * len(self.ids)
        called = [
            (word, customer)
            for customer, name, other in zip(self.ids, names, others, strict=True)
            for word in (name, *other.split(";"))
        ]
        self.by_name = once((folded(name), customer) for name, customer in called)
        self.by_spelling = once((plain(name), customer) for name, customer in called)
        for column in [c for c in frame.columns if c not in ("customer", "name")]:
            said = once((folded(t), c) for t, c in zip(frame[column], self.ids, strict=True) if plain(t))
            heading = plain(column).removesuffix(" list")
            if heading == plain(key_header):
                self.by_id = said | self.by_id
            elif heading == plain(name_header):
                self.by_name = said | self.by_name

    def named(self, name: str) -> str:
        """The customer of this name, "" for none or several: as it is written, or as it is spelt."""
        return self.by_name.get(folded(name), "") or self.by_spelling.get(plain(name), "")


def once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pairs whose first text is not blank and leads to one alone."""
    found: dict[str, set[str]] = defaultdict(set)
    for first, second in pairs:
        if first:
            found[first].add(second)
    return {first: next(iter(seconds)) for first, seconds in found.items() if len(seconds) == 1}


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
    for letter, pair in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        name = name.casefold().replace(letter, pair)
    forms = words("legal_forms")
    kept = [w for w in plain(name).split() if w not in forms and (len(w) > 1 or w.isdigit())]
    return " ".join(kept)


def remarks(before: Sequence[str], names: Mapping[str, str]) -> Notes:
    """The pairs of nearly equal names of which at least one is new, as notes."""
    pairs = [
        (one, other)
        for one, other in near_names(names)
        if not {one, other} <= set(before) and folded(names[one]) != folded(names[other])
    ]
    notes = [
        finding(
            "warning",
            "",
            f"{names[one]} and {names[other]} may be one customer. If so: "
            f"kam merge-customers WORKBOOK {one} {other}",
        )
        for one, other in pairs[:MOST_NEAR]
    ]
    if len(pairs) > MOST_NEAR:
        notes.append(
            finding("warning", "", f"{len(pairs) - MOST_NEAR:,} more pairs of names are nearly equal.")
        )
    return notes
