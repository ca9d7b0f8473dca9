"""Medians, 95th percentiles and a plain table."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Row:
    """One figure: what was timed (in ms), its baseline of the same run, and what was wished for."""

    name: str
    times: Sequence[float]
    baseline: Sequence[float] = field(default_factory=list)
    target: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.times) if self.times else math.nan

    @property
    def p95(self) -> float:
        return sorted(self.times)[math.ceil(0.95 * len(self.times)) - 1] if self.times else math.nan

    @property
    def base(self) -> float:
        return statistics.median(self.baseline) if self.baseline else math.nan


def clock(work: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each of so many calls, after one that does not count."""
    work()
    return [_once(work) for _ in range(repeats)]


def interleaved(repeats: int, *works: Callable[[], object]) -> list[list[float]]:
    """The same for several, in turn, so that a noisy neighbour meets all of them alike."""
    for work in works:
        work()
    rounds = [[_once(work) for work in works] for _ in range(repeats)]
    return [list(times) for times in zip(*rounds, strict=True)]


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def table(title: str, rows: Iterable[Row]) -> str:
    """The rows as a text that can be pasted into a README."""
    head = ("ms", "n", "median", "p95", "baseline", "more", "ratio", "target", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [
        "  ".join(
            cell.ljust(w) if i in (0, 8) else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([f"== {title}", *(line.rstrip() for line in text)])


def _cells(row: Row) -> tuple[str, ...]:
    base = row.base
    more = (
        ""
        if base != base
        else f"+{row.median - base:.0f}"
        if row.median >= base
        else f"{row.median - base:.0f}"
    )
    ratio = "" if base != base else f"{row.median / base:.3g}"
    return (
        row.name,
        str(len(row.times)),
        _ms(row.median),
        _ms(row.p95),
        _ms(base),
        more,
        ratio,
        row.target,
        row.note,
    )


def _ms(value: float) -> str:
    return (
        ""
        if value != value
        else f"{value:.3f}"
        if value < 1
        else f"{value:.1f}"
        if value < 100
        else f"{value:.0f}"
    )
