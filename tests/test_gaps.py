"""A workbook with gaps is shown in words: no nan, None, inf or brace gets onto a page or into a result.

A few workbooks with large gaps on every run; KAM_GAPS=all empties every table and every column in turn, for
all examples, and looks at every widget and picture of the notebooks too (about an hour).
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import ipywidgets
import numpy as np
import pytest

import kamlib.pages
from kamlib import charts
from kamlib.app.desk import Desk
from kamlib.models import results
from kamlib.pages import certainty, handout
from kamlib.pages.card import CARD
from kamlib.pages.html import Paper
from kamlib.workbook import settings
from kamlib.workbook.schema import BOXES, DEFINITIONS, Tables
from tests.books import few, sound
from tests.worked import frame

ALL = os.environ.get("KAM_GAPS", "") == "all"
ODD = re.compile(
    r"\b(nan|NaN|NaT|[Ii]nf|[Ii]nfinity|undefined|Traceback|Timestamp)\b|\bNone\b(?! of | that |\. )|<NA>|[{}]|\[object"
)
SHOWN = ("html", "value", "title", "corner", "add", "pick", "rows", "columns", "items", "choices")


def decided(text: Tables, box: str) -> Tables:
    rows = [
        {"what": "category", "subject": c, "decision": box, "reason": "so"}
        for c in text["customers"]["customer"]
    ]
    return {**text, "decisions": frame("decisions", rows)}


def without(text: Tables, *names: str) -> Tables:
    return {**text, **{name: text[name].iloc[:0] for name in names if name in text}}


def blanked(text: Tables, name: str, columns: list[str]) -> Tables:
    return {**text, name: text[name].assign(**dict.fromkeys(columns, ""))}


def numbers(name: str) -> list[str]:
    return [c.name for c in DEFINITIONS[name].columns if c.kind == "number"]


def known(text: Tables) -> list[str]:
    return [name for name in text if name in DEFINITIONS and name not in ("history", "settings")]


def bare(text: Tables) -> Tables:
    for name in known(text):
        text = blanked(text, name, [c for c in numbers(name) if c in text[name]])
    return text


GAPS: dict[str, Callable[[Tables], Tables]] = {
    "all maintenance": lambda text: decided(text, "maintenance"),
    "no numbers": bare,
    "no suppliers": lambda text: without(text, "suppliers"),
    "no scores, people and effort": lambda text: without(text, "scores", "people", "effort"),
    "no factors and ledger": lambda text: without(text, "factors", "ledger", "decisions"),
    "one customer": lambda text: {**text, "customers": text["customers"].head(1)},
    "no customers": lambda text: without(text, "customers"),
}


def gaps(text: Tables) -> Iterator[tuple[str, Tables]]:
    """The workbook as it is, and with each table and each column emptied in turn."""
    yield "as it is", text
    yield from ((f"all {box}", decided(text, box)) for box in BOXES)
    for name in known(text):
        yield f"no {name}", without(text, name)
        yield f"one row of {name}", {**text, name: text[name].head(1)}
        for column in DEFINITIONS[name].columns:
            if not column.key and column.name in text[name]:
                yield f"{name}.{column.name} empty", blanked(text, name, [column.name])


def pages(desk: Desk) -> Iterator[tuple[str, Any]]:
    """Every cell of the notebooks with what it shows, on paper and, if all are wanted, on the screen; every card."""
    for path in sorted(settings.shipped("notebooks").glob("*.ipynb")):
        cells = [
            "".join(c["source"]) for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"
        ]
        names = {"desk": desk}
        exec(cells[1].partition("desk = ")[0], names)  # noqa: S102
        for on_paper in (True, False) if ALL else (True,):
            desk.paper = on_paper
            for cell in cells[2:]:
                desk._listeners.clear()
                yield f"{path.stem}: {cell}", eval(cell.strip(), names)  # noqa: S307
    desk.paper = False
    for who in desk.tables["customers"]["customer"]:
        desk.customer = who
        for card in (CARD, certainty.firm.parts[1].parts[0]):
            yield f"card of {who}", Paper(str(card.words(desk.view)))


def words(shown: Any) -> Iterator[str]:
    """What can be read in a document, a widget, or the data of a picture."""
    if isinstance(shown, Paper):
        yield handout.text_of(shown.html)
    elif isinstance(shown, str):
        yield handout.text_of(shown) if "<" in shown else shown
    elif isinstance(shown, float):
        yield str(shown)
    elif shown is None or isinstance(shown, int):
        return
    elif isinstance(shown, dict):
        yield from itertools.chain(*map(words, shown.values()))
    elif isinstance(shown, list | tuple):
        yield from itertools.chain(*map(words, shown))
    elif isinstance(shown, ipywidgets.Box):
        yield from words(list(shown.children))
    else:
        yield from itertools.chain(*(words(getattr(shown, name, None)) for name in SHOWN))


def drawn(spec: dict[str, Any]) -> Iterator[str]:
    """The words that a picture is made of: in its data, its live parameters and along its axes."""
    yield from words(spec.get("datasets", {}))
    yield from words([param.get("value") for param in spec.get("params", [])])
    yield from re.findall(r'"labelExpr": "(.*?[^\\])"', json.dumps(spec))


def open_book(text: Tables) -> Desk:
    desk = Desk(SimpleNamespace(version=dict, seen={}, notes=(), location="gaps.kam"), text)
    desk.customer = next(iter(desk.tables["customers"]["customer"]), "")
    return desk


@pytest.fixture(scope="module", autouse=True)
def _undrawn():
    """Pictures take most of the time, and have tests of their own; a page first loaded here would keep what is patched."""
    for module in pkgutil.walk_packages(kamlib.pages.__path__, "kamlib.pages."):
        importlib.import_module(module.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "svg", lambda chart, name="": " ".join(drawn(chart.to_dict())) if ALL else "")
        for name in () if ALL else set(charts.__all__) - {"svg"}:
            patch.setattr(charts, name, lambda *_, **__: None)
        yield


def look(what: str, text: Tables) -> None:
    for page, shown in pages(open_book(sound(text))):
        said = "\n".join(words(shown))
        odd = [said[max(0, m.start() - 60) : m.end() + 40] for m in ODD.finditer(said)]
        assert odd == [], (what, page)


@pytest.mark.parametrize("what", GAPS)
def test_what_is_unknown_is_shown_in_words(what):
    look(what, GAPS[what](few("bank")))


@pytest.mark.skipif(not ALL, reason="KAM_GAPS=all takes about an hour")
@pytest.mark.parametrize("name", ["tiny", "bank", "insurer"])
def test_every_gap_is_shown_in_words(name):
    for what, text in gaps(few(name)):
        look(what, text)


@pytest.mark.parametrize("size", ["largest", "smallest"])
def test_no_result_is_endless_however_large_or_small_the_numbers_are(size):
    """Numbers beyond all figures are refused; from those that are taken no sum and no quotient runs over."""
    text = few("bank")
    for name in text.keys() & DEFINITIONS.keys() - {"history", "settings"}:
        for column in numbers(name):
            allowed = DEFINITIONS[name][column]
            least = allowed.step or max(allowed.low, 1e-29)
            most = min(allowed.high, 9e17) // (allowed.step or 1) * (allowed.step or 1)
            if column in text[name]:
                cells = text[name][column]
                odd = f"{most if size == 'largest' else max(least, allowed.low):.18g}"
                text = {**text, name: text[name].assign(**{column: cells.where(cells == "", odd)})}
    desk = open_book(sound(text))
    for name, result in results.RESULTS.items():
        found = result(desk.book).select_dtypes("number")
        endless = np.isinf(found.to_numpy(float, na_value=np.nan)).any(axis=0)
        assert found.columns[endless].tolist() == [], name
