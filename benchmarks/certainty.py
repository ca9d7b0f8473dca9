"""How sure the boxes are: the exact chances against sampling, against peers, and against the machine's matrix product.

All in one run: what is compared takes turns. A peer's loop is timed for some of the draws, or of the customers, and
scaled up; what it finds for them has to be what numpy finds for the same ones.
"""

from __future__ import annotations

import itertools
import platform
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from benchmarks import books, peers
from benchmarks.measure import Row, interleaved, table
from kamlib.models import certainty
from kamlib.models.certainty import acceptability
from kamlib.models.certainty.weights import ERROR, Spread
from kamlib.workbook import schema as tables
from kamlib.workbook import settings
from kamlib.workbook.book import Book

SIZES, FACTORS, RIVALS = (100, 1000), len(books.FACTORS), 3
DRAWS, BLOCK = 10_000, 256
ROUNDS, CALLS, REPEATS = 5, 10, 25  # of our own ways so many calls a round
SOME = {"pymcdm": 60, "criteria": 60, "simulate": 1000}  # draws a round
ASKED = 20  # customers a round
NAMES = {
    "criteria": "scikit-criteria, mkdm + evaluate a draw",
    "pymcdm": "pymcdm, WSM with its checks a draw",
    "simulate": "pysensmcda simulate",
    "bounded": "pysensmcda exact_acceptability a customer",
    "unbounded": "the same with weight_bounds=False",
}


def attractive(scores: np.ndarray) -> np.ndarray:
    """The chance of each customer to stand above the line at the mean, exactly."""
    return certainty.above(scores - scores.mean(axis=0))


def plain(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of these weights for which each customer stands above the line, with one matrix product."""
    points = scores @ weights.T
    return (points > points.mean(axis=0)).mean(axis=1)


def blocked(scores: np.ndarray, weights: np.ndarray, kind: type = np.float32) -> np.ndarray:
    """The same in short numbers, so many weights at a time as stay near the processor."""
    apart, drawn = (scores - scores.mean(axis=0)).astype(kind), np.ascontiguousarray(weights.T, dtype=kind)
    hits = np.zeros(len(scores), dtype=int)
    for start in range(0, len(weights), BLOCK):
        hits += np.count_nonzero(apart @ drawn[:, start : start + BLOCK] > 0, axis=1)
    return hits / len(weights)


def sampled_leads(margins: np.ndarray, weights: np.ndarray, kind: type = np.float64) -> np.ndarray:
    """The share of these weights for which each customer's margins (n x R x J) are all above 0."""
    count, rivals, factors = margins.shape
    flat = np.ascontiguousarray(margins.transpose(1, 0, 2), dtype=kind).reshape(-1, factors)
    drawn, hits = np.ascontiguousarray(weights.T, dtype=kind), np.zeros(count, dtype=int)
    for start in range(0, len(weights), BLOCK):
        points = (flat @ drawn[:, start : start + BLOCK]).reshape(rivals, count, -1)
        hits += np.count_nonzero(points.min(axis=0) > 0, axis=1)
    return hits / len(weights)


def leads(margins: np.ndarray) -> np.ndarray:
    """kamlib's own answer on the same margins; the place to plug another one in."""
    asked = np.ones((len(margins), margins.shape[2]))
    return acceptability.lead_chances(margins, asked, Spread("any", 0))[0]


def scores_of(count: int, *more: int) -> np.ndarray:
    """Scores of 1 to 10 in halves, the same in every run."""
    return np.random.default_rng(count).integers(2, 21, (count, *more, FACTORS)) / 2


def drawn(count: int) -> np.ndarray:
    """So many weights, spread evenly, the same in every run."""
    return np.random.default_rng(7).dirichlet(np.ones(FACTORS), count)


def run() -> str:
    with ExitStack() as stack:
        asked = {name: stack.enter_context(peers.peer(name)) for name in peers.WANTED}
        known = [f"Python {platform.python_version()}, numpy {np.__version__}"]
        known += [f"peers: {peer.versions()}" for peer in asked.values()]
        parts = [_exact(size, asked) for size in SIZES]
    parts += [_both(SIZES[-1]), _workbook(SIZES[-1])]
    return "\n\n".join(["\n".join(known), *parts])


@dataclass
class _Peers:
    """What the peers took, scaled to the whole, and how far from numpy's what they found is."""

    times: dict[str, list[float]] = field(default_factory=dict)
    apart: dict[str, float] = field(default_factory=dict)

    def told(self, name: str, taken: float, apart: np.ndarray) -> None:
        self.times.setdefault(name, []).append(taken)
        self.apart[name] = max(self.apart.get(name, 0.0), float(np.abs(apart).max()))


def _exact(size: int, asked: dict[str, peers.Peer]) -> str:
    scores, weights, found = scores_of(size), drawn(DRAWS), _Peers()
    works: dict[str, Callable[[], np.ndarray]] = {
        f"exact, {size} customers": lambda: attractive(scores),
        "numpy, one matrix product": lambda: plain(scores, weights),
        "numpy, float32 in blocks": lambda: blocked(scores, weights),
    }
    own: list[list[float]] = [[] for _ in works]
    for turn in range(ROUNDS):
        for times, more in zip(own, interleaved(CALLS, *works.values()), strict=True):
            times.extend(more)
        _loops(found, asked, scores, weights, turn)
        _polytopes(found, asked["sens"], scores, turn)
    target = {"criteria": ">= 10000"}
    rows = [
        Row(name, taken, own[0] if n else (), "" if n or size < 1000 else "<= 2 ms")
        for n, (name, taken) in enumerate(zip(works, own, strict=True))
    ]
    rows += [Row(name, found.times[key], own[0], target.get(key, "")) for key, name in NAMES.items()]
    title = f"above the line, {size} customers, {FACTORS} factors; sampled: {DRAWS} draws; baseline: exact"
    return "\n".join([table(title, rows), *_agreement(found, *(work() for work in works.values()))])


def _loops(
    found: _Peers, asked: dict[str, peers.Peer], scores: np.ndarray, weights: np.ndarray, turn: int
) -> None:
    for name, count in SOME.items():
        some = weights[turn * count : (turn + 1) * count]
        answer, taken = asked["criteria" if name == "criteria" else "sens"].ask(
            name, scores=scores, weights=some
        )
        found.told(name, taken * DRAWS / count, answer - plain(scores, some) * count)


def _polytopes(found: _Peers, sens: peers.Peer, scores: np.ndarray, turn: int) -> None:
    chosen = slice(turn * ASKED, (turn + 1) * ASKED)
    middle = np.broadcast_to(scores.mean(axis=0), (ASKED, FACTORS))
    pairs = np.stack([scores[chosen], middle], axis=1)
    for name, bounds in (("bounded", True), ("unbounded", False)):
        answer, taken = sens.ask("exact", pairs=pairs, bounds=np.array(bounds))
        found.told(name, taken * len(scores) / ASKED, answer - attractive(scores)[chosen])


def _agreement(found: _Peers, ours: np.ndarray, one: np.ndarray, other: np.ndarray) -> list[str]:
    apart = np.abs(ours - one)
    errors = (apart / np.sqrt(np.maximum(ours * (1 - ours), 1 / DRAWS) / DRAWS)).max()
    short = np.abs(one - other).max() * DRAWS
    lines = [
        _said(
            errors <= 4.5,
            f"exact and numpy at most {apart.max():.4f} apart, {errors:.1f} standard errors of {DRAWS} draws",
        ),
        _said(short < 1.5, f"numpy and float32 in blocks at most {short:.0f} of {DRAWS} draws apart"),
    ]
    for name, count in SOME.items():
        most, what = found.apart[name], f"{NAMES[name]}: {ROUNDS * count} draws timed and scaled"
        lines.append(_said(most < 0.5, f"{what}; at most {most:.0f} of them apart from numpy"))
    for name in ("bounded", "unbounded"):
        most, what = found.apart[name], f"{NAMES[name]}: {ROUNDS * ASKED} customers timed and scaled"
        lines.append(_said(most < 1e-9, f"{what}; at most {most:.0e} apart from exact"))
    return lines


def _said(agrees: bool, what: str) -> str:
    return f"{'agrees' if agrees else 'DISAGREES'}: {what}"


def _both(size: int) -> str:
    """Both axes on arrays, and the matrix products that their sampling cannot do without."""
    scores, margins = scores_of(size), scores_of(size, 1) - scores_of(size + 1, RIVALS)[:size]
    few, many = Spread("any", 0).drawn(np.ones(FACTORS)), drawn(DRAWS)
    ours: dict[str, Callable[[], object]] = {
        "leads": lambda: leads(margins),
        "both axes": lambda: (attractive(scores), leads(margins)),
    }
    rows = _against_products(
        ours | _in_blocks(margins, few), margins, few, {"leads": "<= 3", "both axes": "<= 3"}
    )
    rows += _against_products(_in_blocks(margins, many), margins, many, {})
    title = f"ahead of {RIVALS} competitors, {size} customers; baseline: the bare matrix product, best of {REPEATS}"
    return "\n".join([table(title, rows), *_leads_agree(margins, many)])


def _in_blocks(margins: np.ndarray, weights: np.ndarray) -> dict[str, Callable[[], object]]:
    return {
        f"numpy in blocks, {kind.__name__}": lambda kind=kind: sampled_leads(margins, weights, kind)
        for kind in (np.float64, np.float32)
    }


def _against_products(
    works: dict[str, Callable[[], object]], margins: np.ndarray, weights: np.ndarray, targets: dict[str, str]
) -> list[Row]:
    """Each way beside the products in long and in short numbers; what is in short numbers only beside the short one."""
    kinds, flat = (np.float64, np.float32), margins.reshape(-1, FACTORS)
    taken = interleaved(REPEATS, *works.values(), *(_product(flat, weights, kind) for kind in kinds))
    rows = []
    for name, times in zip(works, taken, strict=False):
        for kind, product in zip(kinds, taken[len(works) :], strict=True):
            if not name.startswith("numpy") or name.endswith(kind.__name__):
                said = f"best {min(times):.1f} ms, {min(times) / min(product):.1f} x"
                label = f"{name}; {len(weights)} draws against {kind.__name__}"
                rows.append(Row(label, times, [min(product)], targets.get(name, ""), said))
    return rows


def _product(flat: np.ndarray, weights: np.ndarray, kind: type) -> Callable[[], object]:
    one, other = flat.astype(kind), np.ascontiguousarray(weights.T, dtype=kind)
    made = np.empty((len(one), other.shape[1]), dtype=kind)
    return lambda: np.matmul(one, other, out=made)


def _leads_agree(margins: np.ndarray, weights: np.ndarray) -> list[str]:
    ours, truth = leads(margins), sampled_leads(margins, drawn(20 * DRAWS))
    apart, long = np.abs(ours - truth), sampled_leads(margins, weights)
    within, noise = (apart <= ERROR).mean(), np.abs(long - truth).max()
    short = np.abs(sampled_leads(margins, weights, np.float32) - long).max() * len(weights)
    return [
        _said(
            within >= 0.95,
            f"leads and {20 * DRAWS} draws at most {apart.max():.4f} apart, {within:.1%} of the customers"
            f" within {ERROR} ({DRAWS} draws and those: at most {noise:.4f})",
        ),
        _said(short < 1.5, f"float32 and float64 at most {short:.0f} of {DRAWS} draws apart"),
    ]


def _workbook(size: int) -> str:
    """The chances of a whole workbook, tables in and a table out, after a cell has changed."""
    rows, count = [], itertools.count()
    bare = scores_of(size), scores_of(size, 1) - scores_of(size + 1, RIVALS)[:size]
    for name, text in (
        ("2 competitors, 2 % unknown", books.text(size)),
        (f"{RIVALS} competitors, all known", full(size)),
    ):
        typed = tables.typed(text)
        chosen = settings.of_workbook(typed, segment="main")
        for what, change in (("a weight", _weight), ("a strength score", _score)):
            works = (
                lambda typed=typed, chosen=chosen, change=change: certainty.chances(
                    Book(change(typed, next(count)), chosen)
                ),
                lambda: (attractive(bare[0]), leads(bare[1])),
            )
            rows.append(Row(f"chances after {what}, {name}", *interleaved(9, *works)))
    return table(f"certainty.chances of a workbook, {size} customers; baseline: both axes on arrays", rows)


def full(size: int) -> tables.Tables:
    """The workbook of the other benchmarks with all scores known and one more competitor."""
    text, dice = books.text(size), np.random.default_rng(3)
    scores, suppliers = text["scores"], text["suppliers"]
    more = scores[scores["supplier"] == "y"].assign(supplier="z")
    scores = type(scores)({c: [*scores[c], *more[c]] for c in scores.columns}, dtype=object)
    given = dice.integers(2, 21, len(scores)) / 2
    scores["score"] = [tables.as_text(float(score)) for score in given]
    third = suppliers[suppliers["supplier"] == "y"].assign(supplier="z", name="Zinnia")
    suppliers = type(suppliers)({c: [*suppliers[c], *third[c]] for c in suppliers.columns}, dtype=object)
    return {**text, "scores": scores, "suppliers": suppliers}


def _weight(typed: tables.Tables, number: int) -> tables.Tables:
    """The same workbook with one weight changed."""
    factors = typed["factors"].copy()
    factors.loc[0, "weight"] = 1 + number % 9
    return {**typed, "factors": factors}


def _score(typed: tables.Tables, number: int) -> tables.Tables:
    """The same workbook with one score of ours changed."""
    scores = typed["scores"].copy()
    scores.loc[scores.index[scores["supplier"] == "us"][0], "score"] = 1 + number % 19 / 2
    return {**typed, "scores": scores}
