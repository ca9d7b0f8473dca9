"""The four colours: far apart for every eye, dark enough on white, and never alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kamlib.charts.palette import MARKS, SHORT
from kamlib.models.pia import MATRIX
from kamlib.workbook.schema import BOXES

COLOURS = [MARKS[box].colour for box in BOXES]
ALTAIR = ["#4c78a8", "#f58518", "#e45756", "#72b7b2"]  # its first four
FAR = 25  # CIE Lab; two colours 2.3 apart are just told apart side by side
# Machado, Oliveira and Fernandes 2009, full strength, on linear RGB
EYES = {
    "all cones": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> np.ndarray:
    """#rrggbb as linear RGB, 0 to 1."""
    value = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Linear RGB as CIE Lab (D65)."""
    xyz = (
        np.array(
            [
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ]
        )
        @ rgb
        / [0.95047, 1, 1.08883]
    )
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours: list[str], eye: str) -> float:
    """The smallest distance between any two of the colours, as this eye sees them."""
    seen = [lab(np.clip(np.array(EYES[eye]) @ linear(c), 0, 1)) for c in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))


def contrast(colour: str) -> float:
    """WCAG contrast with white."""
    return 1.05 / (float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05)


@pytest.mark.parametrize("eye", EYES)
def test_the_four_boxes_are_told_apart_by_every_eye(eye: str) -> None:
    assert nearest(COLOURS, eye) >= FAR


def test_the_usual_colours_would_not_do() -> None:
    assert min(nearest(ALTAIR, eye) for eye in EYES) < FAR - 5
    assert min(map(contrast, ALTAIR)) < 3


@pytest.mark.parametrize("box", MARKS)
def test_marks_and_words_stand_out_on_white(box: str) -> None:
    assert contrast(MARKS[box].colour) >= 3 and contrast(MARKS[box].ink) >= 4.5


@pytest.mark.parametrize("boxes", [BOXES, MATRIX.boxes], ids=["customers", "ideas"])
def test_a_shape_a_sign_and_a_word_stand_beside_each_colour(boxes: tuple[str, ...]) -> None:
    for part in ("colour", "ink", "shape", "glyph", "word"):
        assert len({getattr(MARKS[box], part) for box in (*boxes, "")}) == 5, part
    assert {*BOXES, *MATRIX.boxes, ""} == set(MARKS) and set(SHORT) == {*BOXES, *MATRIX.boxes}
