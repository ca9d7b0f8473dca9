"""Where the names go: beside their dots, never over each other."""

from __future__ import annotations

import numpy as np

CHARACTER, HEIGHT, GAP = 0.56, 1.15, 4.0
MOST = 60  # more names than this are not drawn: nobody can read them


def place(
    x: np.ndarray, y: np.ndarray, radius: np.ndarray, names: list[str], size: float,
    frame: tuple[float, float], blocked: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The left middle of each name in pixels (n x 2), NaN where a name finds no free place.

    A name may stand in several lines, parted by line feeds.

    `x`, `y` are the dots in pixels from the top left, `radius` their radii, `size` the type size,
    `frame` the width and height, `blocked` boxes (left, top, right, bottom) to keep clear of, if that is
    possible. Bigger dots choose first; the nearest free place is taken.
    """
    count = len(names)
    result = np.full((count, 2), np.nan)
    if not count:
        return result
    parts = [name.split("\n") for name in names]
    width = np.array([max(*map(len, lines), 1) * CHARACTER * size for lines in parts])
    height = np.array([len(lines) * size * HEIGHT for lines in parts])
    dots = np.column_stack([x - radius, y - radius, x + radius, y + radius])
    first = np.argsort(-radius, kind="stable")[:MOST]
    tries = _candidates(x[first], y[first], radius[first], width[first], height[first])
    reach = np.concatenate([tries[:, :, :2].min(axis=1), tries[:, :, 2:].max(axis=1)], axis=1)
    inside = np.all(tries[:, :, :2] >= 0, axis=2) & np.all(tries[:, :, 2:] <= frame, axis=2)
    clear = inside & ~_overlaps(tries.reshape(-1, 4), blocked).reshape(inside.shape)
    beside = _touching(reach, dots)  # names x dots
    taken, count = np.empty((len(first), 4)), 0
    for n, i in enumerate(first):
        placed = taken[:count]
        placed = placed[_touching(reach[n : n + 1], placed)[0]]
        free = ~_overlaps(tries[n], np.concatenate([dots[beside[n]], placed]))
        best = clear[n] & free
        if not best.any():
            best = inside[n] & free
        if best.any():
            chosen = taken[count] = tries[n, best.argmax()]
            count += 1
            result[i] = chosen[0], (chosen[1] + chosen[3]) / 2
    return result


def _candidates(
    x: np.ndarray, y: np.ndarray, radius: np.ndarray, width: np.ndarray, height: np.ndarray
) -> np.ndarray:
    """Boxes (left, top, right, bottom) to try for each name, the best first: names x tries x 4.

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
    return np.stack([left, top, left + width[:, None], top + height[:, None]], axis=2)


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each box: does it touch any of the others?"""
    return np.asarray(_touching(boxes, others).any(axis=1))


def _touching(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which boxes touch which others: boxes x others."""
    left, top, right, bottom = others.T
    return np.asarray(
        (boxes[:, 0, None] < right) & (boxes[:, 2, None] > left)
        & (boxes[:, 1, None] < bottom) & (boxes[:, 3, None] > top)
    )  # fmt: skip
