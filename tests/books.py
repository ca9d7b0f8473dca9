"""Workbooks and child processes for the tests of the stores."""

from __future__ import annotations

import contextlib
import cProfile
import functools
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.workbook import checks, stores
from kamlib.workbook.schema import Tables
from kamlib.workbook.stores import Change

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("book", "book.kam", "book.xlsx")
KEY = {"model": "attractiveness", "subject": "acme", "factor": "growth", "supplier": ""}

ODD = [
    "NA",
    "None",
    "null",
    "nan",
    "N/A",
    "001",
    "1e5",
    "-0",
    "+1",
    "TRUE",
    "1/2",
    "2026-01-01",
    "7,5",
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\nx",
    " x ",
    "a\nb",
    'a "b" c',
    '"',
    "'",
    "a,b",
    "a;b\tc",
    "<r>x</r>",
    "<r><t>x</t></r>",
    "_x0041_",
    "_x005F_",
    "_x0041_x0042_",
    "x005F_",
    "_x000D_",
    "\x01\x1f",
    "\x7f\x85",
    "\ufeffx",
    "\ufffe\uffff",
    "😀" * 9,
    "é" * 300,
    "\u2028",
    "#REF!",
    "x" * 32_767,
    "&amp;",
    "]]>",
    "%s %(a)s",
    ":x",
    "?",
    "0.30000000000000004",
    "0.1",
    "1e-07",
    "12345678901234567890",
    "1_000",
    "٣",
    "a\u0301",
    "a\x0bb",
    "a\x0cb",
    "a\x1cb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "\u3000x\u00a0",
    "'=1",
    "\x7f",
]


def table(columns: str, *rows: str) -> pd.DataFrame:
    """table("a b", "1|2") is a text table with the columns a and b and one row."""
    cells = [row.split("|") for row in rows]
    return pd.DataFrame(cells, columns=columns.split(), dtype=object)


def small() -> Tables:
    """A sound workbook of two customers."""
    book = stores.blank("Small")
    book["people"] = table("person name", "ann|Ann", "bob|Bob")
    book["segments"] = table("segment name", "north|North")
    book["customers"] = table(
        "customer name segment status", "acme|Acme|north|current", "brix|Brix|north|prospect"
    )
    book["suppliers"] = table("supplier name", "us|Us", "rival|Rival")
    book["factors"] = table(
        "model scope factor label weight",
        "attractiveness|north|growth|Growth|2",
        "strength|acme|price|Price|",
        "strength|brix|price|Price|1",
    )
    book["scores"] = table(
        "model subject factor supplier score note",
        "attractiveness|acme|growth||7|",
        "attractiveness|brix|growth|||not known yet",
        "strength|acme|price|us|6.5|",
        "strength|acme|price|rival|4|",
    )
    return book


def sound(text: Tables) -> Tables:
    """Without the rows that hang on what was taken away, so that the workbook opens."""
    while len(wrong := (found := checks.check(text))[found["level"] == "error"]):
        for name, rows in wrong.groupby("table"):
            lines = {int(row.split()[1]) - 2 for row in rows["row"]}
            text = {**text, name: text[name].drop(index=[*lines]).reset_index(drop=True)}
    return text


@functools.cache
def few(example: str, most: int = 3) -> Tables:
    """An example with a few customers of each segment."""
    text = stores.load(ROOT / "data" / example, read_only=True)[1]
    customers = text["customers"].groupby("segment", sort=False).head(most)
    return sound({**text, "customers": customers.reset_index(drop=True)})


def large(customers: int = 40) -> Tables:
    """As many rows as an insurer's workbook: about 4,000 scores."""
    dice, book = random.Random(1), stores.blank("Large")
    ids = [f"c{i}" for i in range(customers)]
    book["people"] = table("person name", *(f"p{i}|Person {i}" for i in range(9)))
    book["segments"] = table("segment name", *(f"s{i}|Segment {i}" for i in range(4)))
    rows = [f"{c}|Customer {c}|s{i % 4}|current" for i, c in enumerate(ids)]
    book["customers"] = table("customer name segment status", *rows)
    book["suppliers"] = table("supplier name", "us|Us", *(f"k{i}|Rival {i}" for i in range(5)))
    factors = [f"attractiveness|s{i}|f{j}|Factor {j}" for i in range(4) for j in range(6)]
    factors += [f"strength|{c}|g{j}|Success {j}" for c in ids for j in range(16)]
    book["factors"] = table("model scope factor label", *factors)
    score = [dice.choice(["", "7", "7.5", "1", "10"]) for _ in range(customers * 102)]
    rows = [f"attractiveness|{c}|f{j}|" for c in ids for j in range(6)]
    rows += [f"strength|{c}|g{j}|{s}" for c in ids for j in range(16) for s in book["suppliers"]["supplier"]]
    rows = [f"{row}|{s}|own view||p1|2026-03-01" for row, s in zip(rows, score, strict=True)]
    book["scores"] = table("model subject factor supplier score evidence note person on", *rows)
    return book


def calls(work: Callable[[], Any]) -> int:
    """How many functions Python calls to do it: how much work it is, the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


def scored(value: object) -> Change:
    return Change("scores", KEY, {"score": str(value)})


def score_of(text: Tables) -> str:
    frame = text["scores"]
    hit = (frame["subject"] == "acme") & (frame["factor"] == "growth")
    return str(frame[hit]["score"].item())


def same(one: Tables, other: Tables) -> bool:
    """The same tables with the same cells, whatever lines they stood on."""
    return one.keys() == other.keys() and all(
        [*map(str, one[n].columns)] == [*map(str, other[n].columns)]
        and one[n].to_numpy().tolist() == other[n].to_numpy().tolist()
        for n in one
    )


def bytes_of(place: Path) -> dict[str, bytes]:
    """Every file at a place, but for lock files and what SQLite leaves beside a file it has read."""
    paths = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
    found = {str(p): p.read_bytes() for p in paths if not p.name.endswith((".lock", "-shm"))}
    return {name: content for name, content in found.items() if content or not name.endswith("-wal")}


@contextlib.contextmanager
def child(work: Callable[[Callable[[Any], None]], None], user: int | None = None) -> Iterator[Any]:
    """Run work(say) in a forked process; the block gets (pid, lines), lines giving what it said."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            if user is not None and os.geteuid() == 0:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            work(lambda what: os.write(writing, json.dumps(what).encode() + b"\n") and None)
            code = 0
        except BaseException as error:
            os.write(writing, json.dumps({"crash": repr(error)}).encode() + b"\n")
        finally:
            os._exit(code)
    os.close(writing)
    lines = os.fdopen(reading, encoding="utf-8")
    try:
        yield pid, lines
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        lines.close()
        os.waitpid(pid, 0)


def told_by(work: Callable[[Callable[[Any], None]], None], user: int | None = None) -> list[Any]:
    """What work(say) said in a process of its own, to its end."""
    with child(work, user) as (_, lines):
        return [json.loads(line) for line in lines]


def killed_while(work: Callable[[Callable[[Any], None]], None], words: int, after: float) -> list[Any]:
    """What work(say) had said when it was killed, `after` seconds from so many words."""
    with child(work) as (pid, lines):
        first = [lines.readline() for _ in range(words)]
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        said = [*first, *lines]
    return [json.loads(line) for line in said if line.endswith("\n")]
