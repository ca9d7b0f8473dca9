"""What every result says of every example, stored in tests/net for test_net to compare with: python -m tests.net."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from kamlib.models import results, scenarios
from kamlib.workbook.book import Book
from kamlib.workbook.settings import of_workbook
from tests.serving import ROOT

STORED = Path(__file__).parent / "net"
EXAMPLES = ("tiny", "insurer", "bank")
ABOUT = {"segment": "segments", "scenario": "scenarios"}
DAY = "2026-11-28"  # of the stored results: what is overdue must not change while nobody works on it


def abouts(book: Book) -> Iterator[dict[str, str]]:
    """What a result can be asked about: everything, each segment, each scenario."""
    yield {}
    for column, table in ABOUT.items():
        yield from ({column: one} for one in book[table][column])


def shown(example: str) -> Iterator[tuple[str, str, str]]:
    """Of each result: its name, what it is about, and the table as kam show writes it, figures in full.

    The book is asked about one thing after the other, so that what the models remember is tried as well.
    """
    whole = results.opened(str(ROOT / "data" / example))
    for given in abouts(whole):
        asked = Book(whole.tables, of_workbook(whole.tables, **given, today=DAY), whole.memory)
        opened = scenarios.applied(asked, asked.settings.scenario)
        about = " ".join(f"{key} {value}" for key, value in given.items()) or "all"
        for name, result in results.RESULTS.items():
            yield name, about, result(opened).to_csv(index=False, lineterminator="\n")


def write() -> None:
    """A file a result: each table it gives once, headed by what it is about."""
    for example in EXAMPLES:
        told: dict[str, dict[str, list[str]]] = {}
        for name, about, text in shown(example):
            told.setdefault(name, {}).setdefault(text, []).append(about)
        (STORED / example).mkdir(parents=True, exist_ok=True)
        for name, tables in told.items():
            parts = [f"# {', '.join(about)}\n{text}\n" for text, about in tables.items()]
            (STORED / example / f"{name}.txt").write_text("".join(parts), encoding="utf-8", newline="\n")


def stored(example: str, name: str) -> dict[str, str]:
    """What was stored of a result: what it is about, and the table."""
    text = (STORED / example / f"{name}.txt").read_text(encoding="utf-8")
    parts = (part.split("\n", 1) for part in text.removeprefix("# ").split("\n# "))
    return {about: table.strip("\n") for head, table in parts for about in head.split(", ")}


def frame(text: str) -> pd.DataFrame:
    from io import StringIO

    return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)


if __name__ == "__main__":
    write()
