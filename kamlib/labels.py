"""Where the names go: beside their dots, never over each other."""

from __future__ import annotations

import numpy as np

CHARACTER, HEIGHT, GAP = 0.56, 1.15, 4.0
MOST = 90  # more names than this are not drawn: nobody can read them


def place(
    x: np.ndarray, y: np.ndarray, radius: np.ndarray, names: list[str], size: float,
    frame: tuple[float, float], blocked: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The left middle of each name in pixels (n x 2), NaN where a name finds no free place.

    `x`, `y` are the dots in pixels from the top left, `radius` their radii, `size` the type size,
    `frame` the width and height, `blocked` boxes (left, top, right, bottom) to keep clear of, if that is
    possible. Bigger dots choose first; the nearest free place is taken.
    """
    count = len(names)
    result = np.full((count, 2), np.nan)
    if not count:
        return result
    width = np.array([max(len(name), 1) * CHARACTER * size for name in names])
    dots = np.column_stack([x - radius, y - radius, x + radius, y + radius])
    taken = np.empty((0, 4))
    for i in np.argsort(-radius, kind="stable")[:MOST]:
        boxes = _candidates(x[i], y[i], radius[i], width[i], size * HEIGHT)
        inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, 2] <= frame[0]) & (boxes[:, 3] <= frame[1])
        free = inside & ~_overlaps(boxes, np.delete(dots, i, axis=0)) & ~_overlaps(boxes, taken)
        if not free.any():
            continue
        clear = free & ~_overlaps(boxes, blocked)
        chosen = boxes[int((clear if clear.any() else free).argmax())]
        taken = np.vstack([taken, chosen])
        result[i] = chosen[0], (chosen[1] + chosen[3]) / 2
    return result


def _candidates(x: float, y: float, radius: float, width: float, height: float) -> np.ndarray:
    """Boxes (left, top, right, bottom) to try, the best first: right, left, above, below, farther."""
    tries = []
    for step in (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0):
        away, lift = radius + GAP + step * 3, step * height * 0.62
        rises = (0.0,) if not step else (lift, -lift)
        for rise in rises:
            tries += [(x + away, y - height / 2 + rise), (x - away - width, y - height / 2 + rise)]
        tries += [(x - width / 2, y - away - height), (x - width / 2, y + away)]
    left, top = np.array(tries).T
    return np.column_stack([left, top, left + width, top + height])


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each box: does it touch any of the others?"""
    if not len(others):
        return np.zeros(len(boxes), dtype=bool)
    apart = (
        (boxes[:, None, 0] >= others[None, :, 2]) | (boxes[:, None, 2] <= others[None, :, 0])
        | (boxes[:, None, 1] >= others[None, :, 3]) | (boxes[:, None, 3] <= others[None, :, 1])
    )  # fmt: skip
    return np.asarray(~apart.all(axis=1))
