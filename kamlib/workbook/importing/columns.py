"""Which column of a list is which of the workbook's: by its header and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from kamlib.errors import Finding, did_you_mean
from kamlib.workbook.importing import dates
from kamlib.workbook.importing.figures import currencies, is_number, is_share, times_of
from kamlib.workbook.importing.reading import nearest
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.shape import Listing
from kamlib.workbook.importing.vocabulary import KINDS, UNKNOWN, folded, plain, says, without, words
from kamlib.workbook.stores.base import Notes

FIELDS = tuple(KINDS["customers"]["fields"])
SAMPLE, MOST_SEGMENTS = 500, 25
_YEAR = re.compile(r"(?:19|20)\d\d")
_STATUS = {word: status for status in ("prospect", "current") for word in words(status)}
_DAY_AND_MONTH = re.compile(r"\d{1,2}\W+[^\W\d]{3,}")
_ID, _OWN_ID = re.compile(r"\S{1,40}"), re.compile(r"(?!\d)(?=\S*\d)\S{1,40}")
_CODE = re.compile(r"[A-Z]{0,4}[-_/ .]?\d[\d\-/.: T]*|\S+@\S+|(https?://|www\.)\S+|.{101,}", re.S)


def status_of(text: str) -> str:
    """current or prospect; "" for other words."""
    return _STATUS.get(plain(text), "")


def _is_date(text: str) -> bool:
    return bool(_DAY_AND_MONTH.match(text) or dates.read([text])[0])


def propose(frame: pd.DataFrame, kind: str = "customers") -> dict[str, str]:
    """Which column of a list is which field of its kind (field -> header), what is clear alone.

    By the header first; where nothing is headed as a name or a number of customers, by texts that
    read like names or codes and, but in a ledger, are nearly all different.
    """
    once = frame.drop_duplicates()
    filled = {h: _filled(once[h]) for h in frame.columns}
    found: dict[str, str] = {}
    for field in KINDS[kind]["fields"]:
        ranked = [(_rank(field, h, kind), -place, h) for place, h in enumerate(frame.columns)]
        for rank, _, header in sorted(ranked, reverse=True):
            is_free = rank[0] and header not in found.values()
            if is_free and _fits(field, header, filled, len(once), kind):
                found[field] = header
                break
    free = [h for h in frame.columns if h not in found.values() and filled[h]]
    if kind == "ledger":
        free = [
            h for h in free if h.startswith("Column ") and not {"name", "customer"} & found.keys()
        ]
        likely = [h for h in free if _share(filled[h], _is_name) >= 0.8]
        return found | ({"name": likely[0]} if likely else {})
    different = [h for h in free if _differ(filled[h], len(once))]
    for field, is_so, share in (("name", _is_name, 0.8), ("customer", _OWN_ID.fullmatch, 0.9)):
        likely = [h for h in different if _share(filled[h], is_so) >= share]
        if likely and not {"name", field} & found.keys():
            found[field] = likely[0]
    return found


def sources(mapping: Mapping[str, str]) -> dict[str, list[str]]:
    """The fields that each sum of a ledger is read from, the first way that the file has."""
    ways = KINDS["ledger"]["sums"].items()
    return {name: next((w for w in all if {*w} <= mapping.keys()), []) for name, all in ways}


def _filled(cells: pd.Series) -> list[str]:
    return [text for text in map(str.strip, cells.tolist()) if text.lower() not in UNKNOWN]


def _rank(field: str, header: str, kind: str) -> tuple[float, str]:
    """How well a header says a field, 0 for not at all; of two alike the later year counts."""
    if header == field:  # as kamlib itself writes it
        return 3, ""
    bare, known = plain(header), words(field)
    is_money = field in KINDS[kind]["money"]
    if is_money and ("%" in header or set(bare.split()) & {*words("shares")}):
        return 0, ""
    year = max(_YEAR.findall(header), default="")
    summed = next((bare[len(w) + 1 :] for w in words("sum_of") if bare.startswith(w + " ")), bare)
    squeezed = [word.replace(" ", "") for word in known]
    forms = (2.0, bare), (1.8, summed), (1.7, _without_unit(header)), (1.5, without("noise", bare))
    for worth, form in forms:
        if form in known:
            return worth - known.index(form) / 1000, year
        if form and form.replace(" ", "") in squeezed:
            return worth - squeezed.index(form.replace(" ", "")) / 1000, year
    if not is_money or kind != "customers" or set(bare.split()) & {*words("other_figures")}:
        return 0, ""
    is_potential = "potential" in bare or "potenzial" in bare
    near = is_potential == (field == "potential_profit") and any(
        f" {w} " in f" {bare} " for w in known
    )
    return (1, year) if near and len(without("noise", bare).split()) <= 3 else (0, "")


def _without_unit(header: str) -> str:
    return plain(re.sub(r"[(\[].*?[)\]]", " ", header))


def _fits(field: str, header: str, filled: Mapping[str, list[str]], rows: int, kind: str) -> bool:
    """Can these cells be what the header says? In a ledger a column that is blank so far can."""
    cells = filled[header]
    if not cells:
        return kind == "ledger" and field in ("cost", "discount", "freight", "order")
    if field in KINDS[kind]["numbers"]:
        is_part = field in ("profit", "discount") and is_share(cells[:SAMPLE])
        return _share(cells, is_number) >= 0.6 and not is_part
    if field == "customer":
        has_digits = _share(cells, re.compile(r".*\d", re.S).match) >= 0.8
        names = header != field and says("name", header) and not has_digits
        is_one = _share(cells, _ID.fullmatch) >= 0.9 and not names
        return is_one and (kind != "customers" or _differ(cells, rows))
    if field == "segment":
        return len({plain(t) for t in cells}) <= MOST_SEGMENTS and _share(cells, is_number) < 0.5
    if field == "parent":
        others = {folded(t) for h, texts in filled.items() if h != header for t in texts}
        return _share(cells, lambda text: folded(text) in others) >= 0.5
    if field in _TESTS:
        is_so, share = _TESTS[field]
        return _share(cells, is_so) >= share
    return True


def _share(cells: Sequence[str], is_so: Callable[[str], object]) -> float:
    """The share of cells that are so, among the first that are filled."""
    return sum(bool(is_so(text)) for text in cells[:SAMPLE]) / len(cells[:SAMPLE])


def _differ(cells: Sequence[str], rows: int) -> bool:
    """Nearly always there, and nearly all different."""
    return len(cells) >= 0.9 * rows - 1 and len(set(cells)) >= 0.9 * len(cells) > 0


def _is_code(text: str) -> bool:
    """A code, an address of the network, a date or a long text: anything but a name."""
    return bool(_CODE.fullmatch(text)) or is_number(text)


def _is_name(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", text)) and not _is_code(text)


# the test of a field's cells, and how many of them must pass it
_TESTS: dict[str, tuple[Callable[[str], object], float]] = {
    "name": (lambda text: not _is_code(text), 0.5),
    "date": (_is_date, 0.6),
    "status": (status_of, 0.5),
}


# -- what the user says ----------------------------------------------------------------------------


def choose(
    frame: pd.DataFrame,
    kind: str,
    given: Iterable[str] = (),
    key: str = "",
    more: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> dict[str, str]:
    """The proposal, overruled by what is given as FIELD=HEADER; FIELD= alone leaves the field out.

    `more` are fields of this workbook: field -> the words that may head its column.
    `key` is the header of the column that identifies a customer. Raises InvalidInput with "did you
    mean" for a field or a header that is not there, and where a ledger lacks the customer, the date
    or the revenue.
    """
    fields, example = [*dict.fromkeys([*KINDS[kind]["fields"], *more])], KINDS[kind]["example"]
    said: dict[str, str] = {}
    for pair in [*given, *([f"customer={key}"] if key else [])]:
        field, mark, header = pair.partition("=")
        field = field.strip().lower()
        if not mark or field not in fields:
            near, allowed = did_you_mean(field[:60], fields), ", ".join(fields)
            raise refusal("no_mapping", found=pair, allowed=allowed, near=near, example=example)
        said[field] = header_of(frame, header) if header.strip() else ""
    headed = {f: {*map(plain, words)} for f, words in more.items() if f not in said}
    said |= {f: h for f, heads in headed.items() for h in frame.columns if plain(h) in heads}
    rest = frame[[h for h in frame.columns if h not in said.values()]]
    chosen = {f: h for f, h in propose(rest, kind).items() if f not in said} | said
    mapping = {field: chosen[field] for field in fields if chosen.get(field)}
    return _of_ledger(frame, mapping) if kind == "ledger" else mapping


def header_of(frame: pd.DataFrame, name: str) -> str:
    """The header as the list writes it; capitals, accents and spaces do not matter."""
    headers = [str(column) for column in frame.columns]
    near = [h for h in headers if h == name.strip()] or [
        h for h in headers if plain(h) == plain(name)
    ]
    if not near:
        column, likely = name.strip()[:60], nearest(name, headers)
        raise refusal("no_column", column=column, found=name, near=likely)
    return near[0]


def _of_ledger(frame: pd.DataFrame, mapping: dict[str, str]) -> dict[str, str]:
    """Without figures that others say already; refused without a customer, a date or a revenue."""
    used = sources(mapping)
    found = {"date": mapping.get("date"), "revenue": used["revenue"]}
    found = {"customer": mapping.get("customer") or mapping.get("name"), **found}
    if missing := [field for field, what in found.items() if not what]:
        raise refusal(
            "unclear",
            column=missing[0],
            found=", ".join(frame.columns)[:400],
            allowed=", ".join(KINDS["ledger"]["fields"]),
            fields=" or the ".join(missing),
            typed=" ".join(f'-m "{field}=HEADER"' for field in missing),
        )
    needed = {part for parts in used.values() for part in parts}
    numbers = KINDS["ledger"]["numbers"]
    return {f: h for f, h in mapping.items() if f in needed or f not in numbers}


# -- what there is to say about them ---------------------------------------------------------------


def preview(
    frame: pd.DataFrame, mapping: Mapping[str, str], kind: str, given: Iterable[str] = ()
) -> pd.DataFrame:
    """Every column of a list and what it is taken for. Columns: header, taken_as, why, examples."""
    field_of = {header: field for field, header in mapping.items()}
    said = {plain(pair.partition("=")[2]) for pair in given}
    rows = []
    for header in frame.columns:
        field = field_of.get(header, "")
        is_ours = field in KINDS[kind]["fields"]
        guess = is_ours and plain(header) not in said and not _rank(field, header, kind)[0]
        why = "as you said" if field and plain(header) in said else "by its header"
        why = "a guess from its cells" if guess else why if field else ""
        examples = "; ".join(t[:30] for t in dict.fromkeys(_filled(frame[header].head(20))))[:60]
        unread = "(left out)" if kind in ("contacts", "scores") else "(kept beside)"
        rows.append((header, field or unread, why, examples))
    return pd.DataFrame(rows, columns=["header", "taken_as", "why", "examples"])


def identified(mapping: Mapping[str, str]) -> str:
    """What tells one customer from another, in words."""
    who = ", then by ".join(mapping[field] for field in ("customer", "name") if field in mapping)
    return who or "its place in the list"


def remarks(
    listing: Listing, mapping: Mapping[str, str], kind: str, given: Iterable[str] = ()
) -> Notes:
    """What to know of how a list is read: what was passed over, guesses, units, currencies."""
    fields, frame = KINDS[kind], listing.frame
    table = preview(frame, mapping, kind, given).set_index("header")
    guesses = table.index[table["why"].str.contains("guess")]
    notes = [note("guess", column=h, field=table.at[h, "taken_as"]) for h in guesses]
    for header in [mapping[field] for field in fields["money"] if field in mapping]:
        if (times := times_of(header)) > 1:
            unit = "thousands" if times == 1000 else "millions"
            notes.append(note("unit", column=header, unit=unit, times=times))
        found = sorted(currencies(frame[header].head(200_000).tolist()))
        if len(found) > 1:
            notes.append(note("currencies", "", header, ", ".join(found), n=len(found)))
    filled = {h: _filled(frame[h].head(SAMPLE)) for h in frame.columns}
    for header in [h for h in frame.columns if says("currency", h) and kind == "customers"]:
        if len(found := sorted(set(filled[header]))) > 1:
            notes.append(note("list_currencies", "", header, ", ".join(found), n=len(found)))
    for header in [h for h in frame.columns if h not in mapping.values() and filled[h]]:
        said = (
            _beside(field, header, filled[header], mapping, kind) for field in fields["numbers"]
        )
        notes += [*filter(None, said)][:1]
    return [*listing.notes, *notes]


def _beside(
    field: str, header: str, cells: list[str], mapping: Mapping[str, str], kind: str
) -> Finding | None:
    """Why a column is not read as a field that it may be, None where there is nothing to say."""
    rank = _rank(field, header, kind)[0]
    if rank <= 1 and not _is_called(field, header):
        return None
    key = ""
    if is_share(cells) or not rank:
        key = "kept_shares" if field in mapping else "shares"
    elif _share(cells, is_number) < 0.6:
        key = "kept_texts" if field in mapping else "texts"
    elif field in mapping and field in KINDS[kind]["money"]:
        key = "kept_other"
    return (
        note(key, column=header, field=field, first=cells[0], other=mapping.get(field))
        if key
        else None
    )


def _is_called(field: str, header: str) -> bool:
    """Does the header name a share of this field, such as Discount %?"""
    return (
        plain(header) != (bare := without("shares", plain(header)))
        and bare in words(field)
        or ("%" in header and plain(header.replace("%", "")) in words(field))
    )


def currency(frame: pd.DataFrame, mapping: Mapping[str, str]) -> str:
    """The currency that most cells and headers of money name, such as EUR; "" for none."""
    headers = [
        h
        for f, h in mapping.items()
        if f in ("revenue", "profit", "potential_profit", "unit_price")
    ]
    found = currencies([text for h in headers for text in [h, *frame[h].head(SAMPLE)]])
    return max(found, key=lambda code: found[code]) if found else ""
