"""Remember what a model said of the same tables, so that ten views may ask and one computes."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
KEPT = 12
EQUAL_KEPT = 4


def remembered(model: Callable[P, T], names: tuple[str, ...] = ()) -> Callable[P, T]:
    """model(tables, settings, ...) with its last answers kept.

    Tables are never changed in place, so the same frames mean the same answer. The frames are kept
    with the answer: an id cannot be used again while they live. With `names` the model looks at these
    tables only, and a change of another one makes no difference.
    """
    kept: OrderedDict[Any, tuple[Any, T]] = OrderedDict()

    @functools.wraps(model)
    def asked(*args: P.args, **more: P.kwargs) -> T:
        tables, *rest = args
        frames = tuple(tables[n] for n in names or tables)  # type: ignore[index, attr-defined]
        key = (tuple(map(id, frames)), *rest, *more.items())
        if key not in kept:
            kept[key] = (frames, model(*args, **more))
            while len(kept) > KEPT:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key][1]

    return asked


def remembered_of(*names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """`remembered` for a model that looks at the named tables only."""
    return functools.partial(remembered, names=names)


def remembered_while_equal(model: Callable[P, T]) -> Callable[P, T]:
    """model(frame or column, ...) with its last answers kept, for as long as what it is given is equal.

    For a model that needs only some rows of a table: another weight makes new frames of the same rows.
    """
    kept: list[tuple[tuple[Any, ...], T]] = []

    @functools.wraps(model)
    def asked(*args: P.args, **_: P.kwargs) -> T:
        for given, answer in kept:
            if all(map(_equal, given, args)):
                return answer
        kept.insert(0, (args, model(*args)))  # type: ignore[call-arg]
        del kept[EQUAL_KEPT:]
        return kept[0][1]

    return asked


def _equal(one: Any, other: Any) -> bool:
    return one is other or bool(one.equals(other) if hasattr(one, "equals") else one == other)
