"""A ledger's file as tables of a few hundred thousand lines, whatever program wrote it and however long it is."""

from __future__ import annotations

import codecs
import importlib.util
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib import imports
from kamlib.errors import WorkbookError
from kamlib.imports.figures import UNKNOWN
from kamlib.imports.shape import Told, clean, told, unique
from kamlib.ledgers import amounts
from kamlib.stores import foreign
from kamlib.stores.files import plain_errors

LARGE_BYTES, LARGE_LINES = 8_000_000, 100_000  # a larger text file is read in pieces
HEAD_BYTES, SAMPLE = 300_000, 2_000
LEAST_ROWS, MOST_ROWS, MOST_CELLS = 50_000, 500_000, 4_000_000  # of one piece
_BLANK = sorted({form for word in UNKNOWN if word for form in (word, word.upper(), word.capitalize())} | {""})
PARQUET = "Parquet needs pyarrow, which is not installed here."
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Source:
    """A ledger to be read: `sample` is its first lines as text (index: line numbers).

    `pieces(numbers, texts, tell)` gives all of it: tables whose columns are categories of text; those of
    `texts`, whose cells are nearly all different, may be plain text, those of `numbers` numbers, where all
    their cells are; `decimal` is "." where the file itself told
    numbers from texts, `typed` are the columns that did; `notes` are rows of a report.
    """

    name: str
    about: str
    sample: pd.DataFrame
    pieces: Callable[[Collection[str], Collection[str], Tell], Iterator[pd.DataFrame]]
    decimal: str = ""
    notes: list[Told] = field(default_factory=list)
    typed: frozenset[str] = frozenset()

    def mark(self, header: str) -> str:
        """The decimal mark of a column where the file itself says it, else ""."""
        return "." if header in self.typed else self.decimal


def open_file(location: str | Path, sheet: str = "") -> Source:
    """The ledger in a CSV, TSV or text file, an .xlsx or a Parquet file.

    Raises WorkbookError for what is missing, empty or no table.
    """
    path = Path(location)
    with plain_errors(path.name[:80]):
        try:
            is_file = path.is_file()
            head = path.open("rb").read(HEAD_BYTES) if is_file else b""
        except ValueError:  # a NUL in the name
            raise WorkbookError("That cannot be the name of a file.") from None
    if head.startswith(b"PAR1") or (is_file and path.suffix.lower() == ".parquet"):
        return _parquet(path)
    if is_file and not head.startswith(b"PK\x03\x04") and not sheet and _is_large(path):
        return _long_text(path, head)
    return _short(path, sheet)


def _is_large(path: Path) -> bool:
    if path.stat().st_size > LARGE_BYTES:
        return True
    return path.read_bytes().count(b"\n") > LARGE_LINES


def _short(path: Path, sheet: str) -> Source:
    try:
        lines = foreign.read(path, sheet)
    except WorkbookError as error:
        if "at most" in error.message or "larger than" in error.message:
            error = WorkbookError(
                error.message, hint="Save the sheet as CSV UTF-8: that may have millions of lines."
            )
        raise error from None
    frame, report = imports.table(lines.cells, lines.decimal)
    notes = [told(n["level"], n["message"], n["row"], n["column"], n["found"]) for n in lines.notes]
    coded = frame.astype("category")

    def pieces(numbers: Collection[str], texts: Collection[str], tell: Tell) -> Iterator[pd.DataFrame]:
        yield coded

    return Source(path.name, lines.about, frame.head(SAMPLE), pieces, lines.decimal,
                  notes + [_of_ledger(row) for row in report.to_dict("records")])  # fmt: skip


def _of_ledger(row: dict[Any, str]) -> Told:
    return {
        **row,
        "message": row["message"].replace(
            "its first line is a customer", "its first line is taken as a sale"
        ),
    }


# -- long texts -------------------------------------------------------------------------------------


def _long_text(path: Path, raw: bytes) -> Source:
    text, codec = _head(raw, path.name)
    codec = "cp1252" if codec == "utf-8" and not _is_utf8(path) else codec
    said = re.match(r'"?sep=(.)"?\r?\n', text)
    first = 2 if said else 1
    text = text[said.end() :] if said else text
    mark = said[1] if said else foreign.separator(text)
    notes: list[Any] = []
    cells = foreign.squared(foreign.split(text, mark, path.name, notes, first), path.name, notes)
    sample, report = imports.table(cells)
    start = int(sample.index[0])
    has_header = not report["message"].str.contains("no line of headers").any()
    names = _names(cells, sample, start if has_header else 0)
    found = [told(n["level"], n["message"], n["row"], n["column"], n["found"]) for n in notes]
    about = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}[codec]
    about = f"{about}, separated by {foreign.MARKS.get(mark, mark)}, read in pieces"
    above = [_of_ledger(row) for row in report.to_dict("records") if "passed over" not in row["message"]]

    def pieces(numbers: Collection[str], texts: Collection[str], tell: Tell) -> Iterator[pd.DataFrame]:
        return _pieces(path, mark, codec, start, names, numbers, texts, tell)

    return Source(path.name, about, sample.head(SAMPLE), pieces, "", found + above)


def _is_utf8(path: Path) -> bool:
    """Is all of a long file UTF-8, and not only its beginning?"""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        try:
            while block := handle.read(8_000_000):
                decoder.decode(block)
        except UnicodeDecodeError:
            return False
    return True


def _head(raw: bytes, name: str) -> tuple[str, str]:
    """The first whole lines as text, and their encoding."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, codec = raw[: len(raw) // 2 * 2].decode("utf-16", "replace"), "utf-16"
    else:
        whole = raw[: raw.rfind(b"\n") + 1] or raw
        try:
            text, codec = (
                whole.decode("utf-8-sig"),
                "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8",
            )
        except UnicodeDecodeError:
            text, codec = whole.decode("cp1252", "replace"), "cp1252"
    if text.count("\0") or len(re.findall(r"[\x01-\x08\x0e-\x1b]", text[:20_000])) > 200:
        raise WorkbookError(
            f"{name} is not a text file.", allowed=", ".join(foreign.KINDS), hint=foreign.SAVE_AS
        )
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end] if end else text, codec


def _names(cells: pd.DataFrame, sample: pd.DataFrame, start: int) -> list[str]:
    """A name for each column as it stands in the file; those that the sample passed over are numbered."""
    above = cells[(cells.index < start) & (cells != "").any(axis=1)]
    header = [clean(text) for text in above.iloc[-1]] if start and len(above) else [""] * cells.shape[1]
    body = cells.loc[cells.index >= sample.index[0]]
    used = [bool(header[i]) or bool((body[i].str.strip() != "").any()) for i in range(cells.shape[1])]
    if sum(used) != sample.shape[1]:  # cannot be told apart: as they stand
        return unique(text or f"Column {i + 1}" for i, text in enumerate(header))
    known = iter(sample.columns)
    return [next(known) if is_used else f"(blank {i + 1})" for i, is_used in enumerate(used)]


def _pieces(path: Path, mark: str, codec: str, start: int, names: list[str], numbers: Collection[str], texts: Collection[str],
            tell: Tell) -> Iterator[pd.DataFrame]:  # fmt: skip
    size, rows = (
        max(path.stat().st_size, 1),
        max(LEAST_ROWS, min(MOST_ROWS, MOST_CELLS // max(len(names), 1))),
    )
    kinds: Any = {name: "str" if name in texts else "category" for name in names if name not in numbers}
    with plain_errors(path.name), path.open("rb") as handle:
        try:
            reader = pd.read_csv(
                handle, sep=mark or "\x1f", header=None, names=names, skiprows=start - 1, chunksize=rows, dtype=kinds,
                index_col=False, encoding=codec, encoding_errors="replace", keep_default_na=False,
                na_values={name: _BLANK if name in numbers else [""] for name in names},
                skip_blank_lines=False, skipinitialspace=mark != "\t", low_memory=False,
            )  # fmt: skip
            for piece in reader:
                piece.index = piece.index + start
                tell(handle.tell() / size)
                yield piece
        except pd.errors.ParserError as error:
            raise _unreadable(path.name, str(error), start) from None


def _unreadable(name: str, message: str, start: int) -> WorkbookError:
    said = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if said:
        return WorkbookError(
            f"{name}, line {int(said[2]):,} has {said[3]} cells; the header has {said[1]}.", row=f"line {said[2]}",
            found=said[3], allowed=f"{said[1]} cells",
            hint='Write a cell that holds the separator in quotation marks, as "a, b".')  # fmt: skip
    return WorkbookError(f"{name} cannot be read to its end: a quotation mark opens and is not closed.",
                         hint='Write a cell with " in it as "a ""word"" in it".')  # fmt: skip


# -- Parquet ----------------------------------------------------------------------------------------


def _parquet(path: Path) -> Source:
    if not any(importlib.util.find_spec(engine) for engine in ("pyarrow", "fastparquet")):
        raise WorkbookError(
            PARQUET, found=path.name, hint="Type pip install 'kamlib[parquet]', or save the ledger as CSV."
        )
    try:
        frame = pd.read_parquet(path)
    except Exception:  # the engines have no common base of errors
        raise WorkbookError(
            f"{path.name} cannot be read as Parquet.", hint="Save the ledger as CSV."
        ) from None
    return of_frame(frame, path.name, "Parquet")


def of_frame(frame: pd.DataFrame, name: str = "The table", about: str = "a table") -> Source:
    """A table in memory, of any types, as a ledger to be read."""
    frame = frame.set_axis(unique(str(column) for column in frame.columns), axis=1)
    frame = frame.set_axis(range(1, len(frame) + 1), axis=0)
    plain = {c: frame[c] if amounts.is_number(frame[c]) else frame[c].astype("category") for c in frame}
    whole = pd.DataFrame(plain, index=frame.index)
    sample = pd.DataFrame({c: _texts(frame[c].head(SAMPLE)) for c in frame}, dtype=object)

    def pieces(numbers: Collection[str], texts: Collection[str], tell: Tell) -> Iterator[pd.DataFrame]:
        others = [c for c in whole if c not in numbers and amounts.is_number(whole[c])]
        yield whole.assign(**{c: whole[c].astype("category") for c in others})

    typed = frozenset(c for c in frame if amounts.is_number(frame[c]))
    return Source(name, about, sample, pieces, typed=typed)


def _texts(cells: pd.Series) -> pd.Series:
    """The cells as text: dates in ISO form, whole numbers without a point, "" for unknown."""
    from kamlib.tables import as_text

    return pd.Series([as_text(value).strip() for value in cells.tolist()], index=cells.index, dtype=object)
