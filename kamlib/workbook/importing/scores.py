"""A scoring sheet, customers by attractiveness factors on its own scale, merged into the scores."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

import pandas as pd

from kamlib.workbook.importing import identity
from kamlib.workbook.importing.customers import Merged
from kamlib.workbook.importing.figures import numbers
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.vocabulary import DATA, clean, folded, plain
from kamlib.workbook.schema import DEFINITIONS, Tables, empty
from kamlib.workbook.stores.base import Change

OURS = (DEFINITIONS["scores"]["score"].low, DEFINITIONS["scores"]["score"].high)
KEYS = DEFINITIONS["scores"].keys
Scale = tuple[float, ...]  # its ends, the worst first; or, of more than two, all its values
Factors = dict[tuple[str, str], str]


def factors(text: Tables, segment: str = "") -> Factors:
    """The attractiveness factors of a workbook, or of one segment: (segment, id) -> label.

    Raises WorkbookError where there is none.
    """
    rows = text.get("factors", empty("factors")).to_dict("records")
    own = [r for r in rows if r["model"] == "attractiveness" and segment in ("", r["scope"])]
    if not own:
        where = f' for the segment "{segment}"' if segment else ""
        raise refusal("no_factors", table="factors", found=segment, where=where)
    return {(row["scope"], row["factor"]): row["label"] or row["factor"] for row in own}


def headings(those: Factors) -> dict[str, list[str]]:
    """What the column of a factor may be headed: factor -> its id and its labels."""
    ids = dict.fromkeys(factor for _, factor in those)
    return {own: [own, *(label for (_, f), label in those.items() if f == own)] for own in ids}


def scale(
    said: str, frame: pd.DataFrame, mapping: Mapping[str, str], those: Factors
) -> tuple[Scale, str]:
    """The scale that is named, such as 1-5 or 9-6-3-0, else the one that only fits the scores.

    With it which of its scores becomes which of ours, in words. Raises InvalidInput for what is no
    scale, and where the scores could be on several.
    """
    cells = [text for *_, texts in _columns(frame, mapping, those) for text in texts]
    used = sorted({float(text) for text in cells if text})
    if said:
        parts = [part.strip() for part in said.split("-")]
        is_one = all(re.fullmatch(r"\d{1,4}(\.\d)?", part) for part in parts)
        if not is_one or not 1 < len({*map(float, parts)}) == len(parts):
            raise refusal("no_scale", found=said)
        sure = [tuple(map(float, parts))]
    else:
        named = [tuple(map(float, name.split("-"))) for name in DATA["scales"]]
        sure = [each for each in named if used and all(_is_on(each, value) for value in used)]
        if OURS in sure:  # a narrower one stands before it
            sure = sure[:1] if sure[0] == OURS else []
        sure = [each for each in sure if each == OURS or {each[0], each[-1]} <= {*used}]
        if not sure:
            raise refusal("which_scale", used=", ".join(f"{value:g}" for value in used[:12]))
    pairs = [f"{v:g} = {ours(v, sure[0]):g}" for v in used if _is_on(sure[0], v)]
    return sure[0], ", ".join(pairs[:20]) + (", ..." if len(pairs) > 20 else "")


def spoken(scale: Scale) -> str:
    """A scale as it is named: 9-6-3-0."""
    return "-".join(f"{value:g}" for value in scale)


def ours(value: float, scale: Scale) -> float:
    """A score as one of ours, 1 to 10: in equal steps from worst to best, to the next half, 3.25 to 3.5."""
    worst, best = scale if len(scale) == 2 else (min(scale), max(scale))
    exact = OURS[0] + (OURS[1] - OURS[0]) * (value - worst) / (best - worst)
    return math.floor(2 * exact + 0.5 + 1e-9) / 2


def _is_on(scale: Scale, value: float) -> bool:
    return value in scale if len(scale) > 2 else min(scale) <= value <= max(scale)


def _columns(
    frame: pd.DataFrame, mapping: Mapping[str, str], those: Factors
) -> Iterator[tuple[str, str, list[str]]]:
    """The columns of scores: factor ("" where a column names it), header, numbers as text."""
    of = {factor: mapping[factor] for factor in headings(those) if factor in mapping}
    if {"factor", "score"} <= mapping.keys():
        of = {"": mapping["score"]}
    if not of or not {"name", "customer"} & mapping.keys():
        field, typed = ("name", "name") if of else ("factor", "FACTOR")
        allowed, found = ", ".join(headings(those)), ", ".join(frame.columns)[:400]
        typed, place = f'-m "{typed}=HEADER"', {"column": field, "allowed": allowed}
        raise refusal("unclear", found=found, fields=field, typed=typed, **place)
    for factor, header in of.items():
        yield factor, header, numbers([clean(text) for text in frame[header]])[0]


def merge(
    text: Tables,
    frame: pd.DataFrame,
    mapping: Mapping[str, str],
    scale: Scale,
    replace: bool = False,
    segment: str = "",
) -> Merged:
    """The changes that bring a scoring sheet (see `shape.table`) into a workbook's text tables.

    `mapping` is field -> header, with the ids of factors among its fields. A line belongs to the
    customer of its id, else of its name, and its scores to the factors of that customer's segment.
    An empty cell changes nothing; a score that is known stays unless `replace`.
    """
    those, names, table = factors(text, segment), identity.names(text), identity.customers(text)
    segments = dict(zip(table["customer"], table["segment"], strict=True))
    called = {(at, plain(w)): f for (at, f), label in those.items() for w in (label, f)}
    known = identity.Known(text, mapping.get("customer", ""), mapping.get("name", ""))
    rows = text.get("scores", empty("scores")).to_dict("records")
    there = {tuple(row[key] for key in KEYS): row["score"].strip() for row in rows}
    words = ("created", "updated", "unchanged", "kept", "left out")
    done: dict[str, list[str]] = {word: [] for word in words}
    changes, notes, whose = [], [], dict[int, str]()
    if "factor" not in mapping:
        heads = [h for h in frame.columns if h not in mapping.values() and any(frame[h])]
        notes += [note("no_factor", "", h, allowed=", ".join(headings(those))) for h in heads]
    for line, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        id, name = (clean(cells.get(mapping.get(f, ""), "")) for f in ("customer", "name"))
        customer = known.by_id.get(folded(identity.id_of(id))) or known.named(name)
        if customer and segments[customer] in {at for at, _ in those}:
            whose[line] = customer
            continue
        done["left out"].append(name or id)
        notes.append(note("elsewhere" if customer else "nobodys", line, found=name or id))
    for factor, header, texts in _columns(frame, mapping, those):
        for line, said, value in zip(frame.index, map(clean, frame[header]), texts, strict=True):
            if line not in whose or not (value or said):
                continue
            customer, at = whose[line], segments[whose[line]]
            label = factor or clean(frame.at[line, mapping["factor"]])
            own = called.get((at, plain(label)), "")
            what = f"{names[customer] or customer}: {those.get((at, own), label)}"
            if not (own and value and _is_on(scale, float(value))):
                wrong = "off_scale" if own else "not_its_factor"
                done["left out"].append(what)
                notes.append(note(wrong, line, header, said, scale=spoken(scale), what=what))
                continue
            key = dict(zip(KEYS, ("attractiveness", customer, own, ""), strict=True))
            new, old = f"{ours(float(value), scale):g}", there.get((*key.values(),), "")
            same = bool(old) and float(old) == float(new)
            kept = bool(old) and not same and not replace
            word = "unchanged" if same else "kept" if kept else "updated" if old else "created"
            done[word].append(what)
            if kept:
                notes.append(note("kept_value", line, what, new, old=old))
            elif not same:
                changes.append(Change("scores", key, {"score": new}))
                there[(*key.values(),)] = new
    counts = {word.replace(" ", "_"): len(each) for word, each in done.items()}
    return Merged(changes, notes, counts, {}, done)
