"""Remember what a model said of the same tables, so that ten views may ask and one computes."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
KEPT = 12


def remembered(model: Callable[P, T]) -> Callable[P, T]:
    """model(tables, settings, ...) with its last answers kept.

    Tables are never changed in place, so the same frames mean the same answer. The frames are kept
    with the answer: an id cannot be used again while they live.
    """
    kept: OrderedDict[Any, tuple[Any, T]] = OrderedDict()

    @functools.wraps(model)
    def asked(*args: P.args, **more: P.kwargs) -> T:
        tables, *rest = args
        frames = tuple(tables.values())  # type: ignore[attr-defined]
        key = (tuple(map(id, frames)), *rest, *more.items())
        if key not in kept:
            kept[key] = (frames, model(*args, **more))
            while len(kept) > KEPT:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key][1]

    return asked
