"""Hundreds of workbooks spoilt by chance: each is read or refused in a sentence, and stays as it is.

KAM_FUZZ=20000 tries more, KAM_FUZZ_SEED=... others; a failure prints the seed that makes it again.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import traceback
import zipfile
from pathlib import Path

import pytest

from kamlib.errors import KamError
from kamlib.workbook import checks, stores
from kamlib.workbook.schema import typed

from .bad.sheets import zipped
from .books import bytes_of, child, small

COUNT = int(os.environ.get("KAM_FUZZ", "250"))
SEED = int(os.environ.get("KAM_FUZZ_SEED", "20261122"))
SHARES = {"cells": 45, "lines": 20, "bytes": 20, "kam": 9, "xlsx parts": 4, "xlsx bytes": 2}
CELLS = [
    "",
    " ",
    "NA",
    "None",
    "nan",
    "inf",
    "-1e999",
    "1e308",
    "9" * 400,
    "7,5",
    "7.55",
    "=1+1",
    "+1",
    "@SUM(A1)",
    "#REF!",
    "001",
    "2026-02-30",
    "0000-00-00",
    "2026-W01-1",
    "31.12.2026",
    "true",
    "x" * 40_000,
    "a b",
    "acme",
    "us",
    "north",
    "é",
    "😀",
    "\u202e",
    "\x00",
    "\x1b",
    "\ufffe",
    '"',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "a\nb",
    "../../x",
    "schema",
    "-1",
    "2",
    "_x0000_",
    "<b>",
    "٣",
    "½",
    "attractiveness",
    "strength",
    "key",
    "category",
]
NAMES = [
    "customer",
    "score",
    "",
    "Score",
    "scores",
    "row_",
    "at",
    "x" * 300,
    "key",
    "value",
    "a;b",
    "a,b",
    "\n",
]


def cell_level(dice: random.Random, folder: Path) -> None:
    """Some cells are others; the file itself stays a sound CSV."""
    path = dice.choice(sorted(folder.glob("*.csv")))
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    for _ in range(dice.randint(1, 4)):
        line = dice.choice(lines)
        new = dice.choice(CELLS + NAMES)
        if dice.random() < 0.7:
            new = '"' + new.replace('"', '""') + '"'
        line[dice.randrange(len(line))] = new
    path.write_text("\n".join(map(",".join, lines)), encoding="utf-8", newline="")


def line_level(dice: random.Random, folder: Path) -> None:
    """Lines, columns, whole files and their encoding are others."""
    path = dice.choice(sorted(folder.glob("*.csv")))
    lines = path.read_text(encoding="utf-8").splitlines()
    some = dice.randrange(len(lines))
    what = dice.randrange(10)
    if what == 0:
        lines.insert(some, dice.choice(lines))
    elif what == 1:
        del lines[some]
    elif what == 2:
        lines[some] += dice.choice([",", ",x", '"', ",,,,,,", ";"])
    elif what == 3:
        lines = [line.replace(",", dice.choice(";\t|")) for line in lines]
    elif what == 4:
        lines = [",".join(reversed(line.split(","))) for line in lines]
    elif what == 5:
        lines[0] = ",".join(dice.choice(NAMES) for _ in lines[0].split(","))
    elif what == 6:
        dice.shuffle(lines)
    elif what == 7:
        path.unlink()
        return
    elif what == 8:
        path = path.with_name(dice.choice(["Scores.csv", "score.csv", "x.csv", "history.csv", "é 1.csv"]))
    else:
        other = dice.choice(sorted(folder.glob("*.csv")))
        lines = other.read_text(encoding="utf-8").splitlines()
    encoding = dice.choice(["utf-8"] * 4 + ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp037", "utf-7"])
    end = dice.choice(["\n"] * 3 + ["\r\n", "\r", "\n\n", "\x85"])
    path.write_bytes(end.join(lines).encode(encoding, "replace"))


def spoil(dice: random.Random, raw: bytes) -> bytes:
    """Some bytes are others, missing, doubled or cut off."""
    content = bytearray(raw)
    for _ in range(dice.choice([1, 1, 2, 5, 50])):
        if not content:
            break
        at, what = dice.randrange(len(content)), dice.randrange(6)
        if what <= 1:
            content[at] = dice.randrange(256)
        elif what == 2:
            del content[at : at + dice.choice([1, 2, 30, 5000])]
        elif what == 3:
            content[at:at] = dice.choice(
                [b"\0", b'"', b"\xff\xfe", b"<", b"\r", bytes(99), content[:at][-99:]]
            )
        elif what == 4:
            content[at:at] = content[at : at + dice.choice([1, 40, 4096])]
        elif dice.random() < 0.3:
            del content[at:]
    return bytes(content)


def spoil_parts(dice: random.Random, place: Path) -> None:
    with zipfile.ZipFile(place) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(dice.choice([1, 1, 3])):
        name = dice.choice(sorted(parts))
        what = dice.random()
        if what < 0.1:
            del parts[name]
        elif what < 0.2:
            parts[name] = parts[dice.choice(sorted(parts))]
        elif what < 0.4:  # a value of an attribute
            text = parts[name].decode("utf-8", "replace").split('"')
            text[dice.randrange(len(text))] = dice.choice(
                ["", "-1", "99999999", "e", "A0", "XFD9", "rId1", "é"]
            )
            parts[name] = '"'.join(text).encode()
        else:
            parts[name] = spoil(dice, parts[name])
    place.write_bytes(zipped(**parts))


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A sound workbook in each of the stores, with some history."""
    place = tmp_path_factory.mktemp("sound")
    book = small()
    for name in ("answers", "ballots", "rounds", "effort", "find_out"):
        del book[name]  # so that chance meets the others more often
    key = {"customer": "acme"}
    stores.create(place / "book.kam", book).put(
        [stores.Change("customers", key, {"note": "called"})], who="ann"
    )
    for name in ("book", "book.xlsx"):
        stores.copy(place / "book.kam", place / name)
    return place


def make(kind: str, dice: random.Random, sound: Path, folder: Path) -> Path:
    """One spoilt workbook."""
    name = {"kam": "book.kam", "xlsx parts": "book.xlsx", "xlsx bytes": "book.xlsx"}.get(kind, "book")
    place = folder / name
    if name == "book":
        shutil.copytree(sound / name, place, ignore=shutil.ignore_patterns(".*"))
    else:
        shutil.copy(sound / name, place)
    if kind == "cells":
        cell_level(dice, place)
    elif kind == "lines":
        line_level(dice, place)
    elif kind == "bytes":
        file = dice.choice(sorted(place.glob("*.csv")))
        file.write_bytes(spoil(dice, file.read_bytes()))
    elif kind == "xlsx parts":
        spoil_parts(dice, place)
    else:
        place.write_bytes(spoil(dice, place.read_bytes()))
    return place


def use(place: Path) -> str:
    """What everybody who opens a workbook does; how it went."""
    try:
        store, text = stores.load(place, read_only=True)
        store.version()
        getattr(store, "close", bool)()
        findings = checks.check(text, store.notes)
        typed(text)
    except KamError as error:
        assert str(error).strip() and str(place.parent) not in str(error)
        return "refused"
    assert findings["message"].str.len().gt(10).all() and findings["level"].isin(["error", "warning"]).all()
    return "findings" if len(findings) else "sound"


@pytest.mark.parametrize("kind", SHARES)
def test_a_workbook_spoilt_by_chance_is_read_or_refused(kind, sound, tmp_path):
    count = COUNT * SHARES[kind] // 100

    def half(first):
        return lambda say: [say(one(kind, number, sound, tmp_path)) for number in range(first, count, 2)]

    with child(half(0)) as (_, some), child(half(1)) as (_, others):
        went = [json.loads(line) for lines in (some, others) for line in lines]
    bad = [how for how in went if how not in ("sound", "findings", "refused")]
    assert not bad, bad[0]
    assert len(went) == count and went.count("sound") < count * 0.75


def one(kind: str, number: int, sound: Path, tmp: Path) -> str:
    """How it went with one spoilt workbook: sound, findings or refused, else what is wrong."""
    seed = f"{SEED}/{kind}/{number}"
    folder = tmp / str(number)
    folder.mkdir()
    try:
        place = make(kind, random.Random(seed), sound, folder)
        before = bytes_of(folder)
        how = use(place)
        assert bytes_of(folder) == before, "the files must stay as they are"
    except BaseException:
        return f"the workbook of seed {seed} ended in\n{traceback.format_exc()}"
    shutil.rmtree(folder)
    return how


def test_a_put_into_a_spoilt_database_works_or_is_refused(sound, tmp_path):
    for number in range(COUNT // 25):
        seed = f"{SEED}/put/kam/{number}"
        folder = tmp_path / str(number)
        folder.mkdir()
        change = stores.Change("customers", {"customer": "brix"}, {"name": "Brix & Co"})
        place = make("kam", random.Random(seed), sound, folder)
        try:
            story = stores.open_store(place).put([change], who="ann")
        except KamError as error:
            assert str(error).strip() and str(folder) not in str(error), seed
        except BaseException as error:
            raise AssertionError(f"the workbook of seed {seed} ended in {error!r}") from error
        else:
            assert not story or story[-1]["new"] == "Brix & Co", seed


def test_the_shares_are_whole():
    assert sum(SHARES.values()) == 100
