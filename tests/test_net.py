"""The results stay what they are: every result of every example, segment and scenario against the tables stored in tests/net."""

from __future__ import annotations

import math

import pytest

from tests import net


def same(one: str, other: str) -> bool:
    """The same text, or the same figure to a billionth."""
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return False


def differences(stored: str, shown: str) -> list[str]:
    """The first cells in which two tables differ, in words."""
    if stored == shown.strip("\n"):
        return []
    before, after = net.frame(stored), net.frame(shown)
    if list(before) != list(after) or len(before) != len(after):
        return [f"{len(before)} rows of {list(before)}, now {len(after)} of {list(after)}"]
    return [
        f"{column}[{row}]: {before[column][row]!r}, now {after[column][row]!r}"
        for column in before
        for row in range(len(before))
        if not same(before[column][row], after[column][row])
    ][:5]


@pytest.mark.parametrize("example", net.EXAMPLES)
def test_every_result_is_what_it_was(example: str) -> None:
    stored = {path.stem: net.stored(example, path.stem) for path in (net.STORED / example).iterdir()}
    shown: dict[str, dict[str, str]] = {}
    for name, about, text in net.shown(example):
        shown.setdefault(name, {})[about] = text
    assert {name: set(tables) for name, tables in stored.items()} == {n: set(t) for n, t in shown.items()}
    differing = {
        f"{name} about {about}": found
        for name, tables in stored.items()
        for about, table in tables.items()
        if (found := differences(table, shown[name][about]))
    }

    assert not differing
