"""Book: a workbook at one moment, and `@model`, which computes again only what has changed."""

from __future__ import annotations

import contextlib
import functools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
import pandas as pd

from kamlib.errors import KamError
from kamlib.workbook.settings import SETTINGS, Settings, of_workbook

P = ParamSpec("P")
T = TypeVar("T")
Key = tuple[Any, ...]
Step = tuple[tuple[str, Any], ...]
PLAIN = (str, int, float, bool, type(None), Settings)
ANSWERS_KEPT, MODELS_KEPT = 4, 4000  # editions remembered of a question, and questions


class Book(Mapping[str, pd.DataFrame]):
    """The typed tables and the settings of a workbook as one value, which never changes.

    `book["scores"]` is a table, `book.settings.near_line` a setting. Later editions of the same
    workbook (`having`, `choosing`) share the memory of what the models answered; see `model`.
    """

    __slots__ = ("_answers", "_choices", "_family", "_origin", "_settings", "memory", "tables")

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        settings: Settings | None = None,
        memory: OrderedDict[Key, Any] | None = None,
        _origin: tuple[Book, Step] | None = None,
    ) -> None:
        self.tables: Mapping[str, pd.DataFrame] = (
            tables.tables if isinstance(tables, Book) else tables
        )
        self._settings = settings or Settings()
        self.memory: OrderedDict[Key, Any] = OrderedDict() if memory is None else memory
        self._origin = _origin
        # books of the very same tables and settings share their answers, however they came about
        self._family: dict[Settings, dict[Key, Any]] = (
            tables._family if isinstance(tables, Book) else {}
        )
        self._answers = self._family.setdefault(self._settings, {})
        self._choices: dict[Step, Book] = {}

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], **given: Any) -> Book:
        """A book with the settings of its tables, overruled by what is given (None: not given)."""
        return cls(tables, of_workbook(tables, **given))

    def __getitem__(self, name: str) -> pd.DataFrame:
        frame = self.tables[name]
        if (own := _reading.get()) is not None:
            own.note(self, ("table", name), frame)
        return frame

    def __iter__(self) -> Iterator[str]:
        names = tuple(self.tables)
        if (own := _reading.get()) is not None:
            own.note(self, ("names",), names)
        return iter(names)

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in tuple(iter(self))

    __eq__, __hash__ = object.__eq__, object.__hash__  # one moment, not what it holds

    def name(self, table: str, id: str) -> str:
        """The name of a row of a table that begins with id and name; the id where it has none."""
        frame = self[table]
        return "".join(frame.loc[frame.iloc[:, 0] == id].iloc[:1, 1]) or id

    @property
    def settings(self) -> Settings:
        """The settings; a model that runs is noted to have read those that it looks at."""
        return cast(Settings, _Looked(self)) if _reading.get() is not None else self._settings

    def choosing(self, **settings: Any) -> Book:
        """The same tables with other settings: `book.choosing(segment="brokers")`."""
        step = tuple(sorted(settings.items()))
        if step not in self._choices:
            changed = replace(self._settings, **settings)
            self._choices[step] = Book(self, changed, self.memory, (self, step))
        return self._choices[step]

    def having(self, tables: Mapping[str, pd.DataFrame], settings: Settings | None = None) -> Book:
        """A later edition: these tables in place of those of the same names."""
        return Book({**self.tables, **tables}, settings or self._settings, self.memory)

    def steps_from(self, book: Book) -> tuple[Step, ...] | None:
        """The settings chosen on the way from another book to this; None: it is no descendant."""
        if self is book:
            return ()
        if self._origin is None:
            return None
        before = self._origin[0].steps_from(book)
        return None if before is None else (*before, self._origin[1])


class _Looked:
    """Settings whose reader is a model: each one looked at is noted."""

    __slots__ = ("_book",)

    def __init__(self, book: Book) -> None:
        self._book = book

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._book._settings, name)
        if (own := _reading.get()) is not None and name in SETTINGS:
            own.note(self._book, ("setting", name), value)
        return value


class _Reading:
    """What one call of a model reads of its book, in the order in which it does."""

    __slots__ = ("book", "reads")

    def __init__(self, book: Book) -> None:
        self.book, self.reads = book, dict[Key, Any]()

    def note(self, book: Book, key: Key, value: Any) -> None:
        """Note a table, setting or answer, read of this book or of one that descends from it."""
        steps = book.steps_from(self.book)
        if steps is None:  # a book made of other tables: whatever it is made of counts
            self.reads[("everything",)] = _everything(self.book)
        elif key[0] == "model":
            self.reads[(*key, steps)] = value
        elif key[0] != "setting" or all(key[1] not in dict(step) for step in steps):
            self.reads[key] = value


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)


def model(function: Callable[Concatenate[Book, P], T]) -> Callable[Concatenate[Book, P], T]:
    """function(book, ...) that answers at once for as long as all it read is still the same.

    What is read is noted while it runs: tables, settings, and answers of other models. A later
    edition of the book is asked again for just these; where an answer turns out equal to the one
    before, the old object is kept, so that what depends on it need not run either. Arguments must
    be hashable; an answer is never changed in place. As build systems do it: Mokhov, Mitchell and
    Peyton Jones, Build systems à la carte, 2018.
    """

    @functools.wraps(function)
    def asked(book: Book, /, *args: P.args, **more: P.kwargs) -> T:
        question = (asked, args, *sorted(more.items()))
        if question in book._answers:
            answer = book._answers[question]
        else:
            answer = book._answers[question] = _answer(book, question, function, args, more)
        if (own := _reading.get()) is not None:
            own.note(book, ("model", question), answer)
        return cast(T, answer)

    return asked


def _answer(book: Book, question: Key, function: Callable[..., T], args: Any, more: Any) -> T:
    """The answer remembered of an edition that is the same in all that was read, or a new one."""
    kept = book.memory.get(question, ())
    for reads, answer in kept:
        if unchanged(book, reads):
            return cast(T, answer)
    with reading(book) as reads:
        answer = function(book, *args, **more)
    if kept and _equal(kept[0][1], answer):
        answer = kept[0][1]
    book.memory[question] = ((reads, answer), *kept)[:ANSWERS_KEPT]
    book.memory.move_to_end(question)
    while len(book.memory) > MODELS_KEPT:
        book.memory.popitem(last=False)
    return answer


@contextlib.contextmanager
def reading(book: Book) -> Iterator[dict[Key, Any]]:
    """What is read of a book inside, for `unchanged`; complete at the end."""
    own = _Reading(book)
    token = _reading.set(own)
    try:
        yield own.reads
    finally:
        _reading.reset(token)


def unchanged(book: Book, reads: Mapping[Key, Any]) -> bool:
    """Is everything that was read of another edition the same in this one?"""
    token = _reading.set(None)
    try:
        return all(_same(_now(book, key), value) for key, value in reads.items())
    finally:
        _reading.reset(token)


def _everything(book: Book) -> tuple[Any, ...]:
    return (*book.tables.values(), book._settings)


def _now(book: Book, key: Key) -> Any:
    """What was read under a key, as this book has it."""
    kind: str = key[0]
    if kind == "table":
        return book.tables.get(key[1])
    if kind == "setting":
        return getattr(book._settings, key[1])
    if kind == "model":
        (asked, args, *more), chosen = key[1], book
        for step in key[2]:
            chosen = chosen.choosing(**dict(step))
        try:
            return asked(chosen, *args, **dict(more))
        except KamError as error:  # the model itself will say so where it comes to it
            return error
    return tuple(book.tables) if kind == "names" else _everything(book)


def _same(one: Any, other: Any) -> bool:
    """The very same, or plain values that are equal; two frames are never the same."""
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(map(_same, one, other))
    return isinstance(one, PLAIN) and isinstance(other, PLAIN) and one == other


def _equal(one: Any, other: Any) -> bool:
    """Do two answers say the same, cell for cell?"""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, (pd.DataFrame, pd.Series)):
        return bool(one.equals(other)) and _labelled(one) == _labelled(other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and _alike(one, other)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(_equal(one[key], other[key]) for key in one)
    if hasattr(one, "__dict__") and not isinstance(one, type):
        return _equal(vars(one), vars(other))
    return bool(one == other) or (one != one and other != other)


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype == object:
        return one.tolist() == other.tolist()
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _labelled(frame: pd.DataFrame | pd.Series) -> Any:
    return frame.name if isinstance(frame, pd.Series) else None
