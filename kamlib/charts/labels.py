"""Where the names go: beside their dots, never over each other."""

from __future__ import annotations

from typing import Any

import numpy as np

CHARACTER, HEIGHT, GAP = 0.56, 1.15, 4.0
MOST = 60  # more names than this are not drawn: nobody can read them


def place(
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    names: list[str],
    size: float,
    frame: tuple[float, float],
    blocked: np.ndarray,
) -> np.ndarray:
    """The left middle of each name in pixels (n x 2), NaN where a name finds no free place.

    A name may stand in several lines, parted by line feeds.

    `x`, `y` are the dots in pixels from the top left, `radius` their radii, `size` the type size,
    `frame` the width and height, `blocked` boxes (left, top, right, bottom) to keep clear of, if that is
    possible. Bigger dots choose first; the nearest free place is taken.
    """
    result = np.full((len(names), 2), np.nan)
    if not names:
        return result
    first = np.argsort(-radius, kind="stable")[:MOST]
    parts = [names[i].split("\n") for i in first]
    width = np.array([max(*map(len, lines), 1) * CHARACTER * size for lines in parts])
    height = np.array([len(lines) * size * HEIGHT for lines in parts])
    dots = np.array([x - radius, y - radius, x + radius, y + radius])
    tries = _candidates(x[first], y[first], radius[first], width, height)
    reach = np.concatenate([tries[:2].min(axis=2), tries[2:].max(axis=2)])
    inside = (tries[:2] >= 0).all(axis=0) & (tries[2] <= frame[0]) & (tries[3] <= frame[1])
    free = inside & ~_over(tries, dots)
    second = free & _over(tries, blocked.T)  # over what is to be kept clear, if possible
    rank = np.argsort(np.where(free, second, 2), axis=1, kind="stable")
    boxes = np.take_along_axis(tries, rank[None], axis=2).transpose(1, 2, 0)
    meets = _touching(reach[..., None], reach[:, None]).tolist()
    taken: dict[int, list[float]] = {}
    for n, count in enumerate(free.sum(axis=1).tolist()):
        near = [box for other, box in taken.items() if meets[n][other]]
        for box in boxes[n, :count].tolist():
            if not any(_touching(box, other) for other in near):
                taken[n] = box
                break
    for n, (left, top, _, bottom) in taken.items():
        result[first[n]] = left, (top + bottom) / 2
    return result


def _candidates(
    x: np.ndarray, y: np.ndarray, radius: np.ndarray, width: np.ndarray, height: np.ndarray
) -> np.ndarray:
    """Boxes (left, top, right, bottom) to try for each name, the best first: 4 x names x tries.

    Right, left, above, below, then farther away; never over the name's own dot.
    """
    tries = []
    for step in (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0):
        away, lift = radius + GAP + step * 3, step * height * 0.62
        rises = (0.0,) if not step else (lift, -lift)
        for rise in rises:
            tries += [(x + away, y - height / 2 + rise), (x - away - width, y - height / 2 + rise)]
        tries += [(x - width / 2, y - away - height), (x - width / 2, y + away)]
    left, top = np.array(tries).transpose(1, 2, 0)
    return np.stack([left, top, left + width[:, None], top + height[:, None]])


def _over(tries: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the boxes to try (names x tries) touch any of the others (4 x count)?"""
    return np.asarray(_touching(tries[:, None], others[..., None, None]).any(axis=0))


def _touching(boxes: Any, others: Any) -> Any:
    """Which boxes touch which others: left, top, right and bottom come first in both."""
    (left, top, right, bottom), (x, y, x2, y2) = boxes, others
    return (left < x2) & (right > x) & (top < y2) & (bottom > y)
