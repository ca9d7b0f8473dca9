"""Charts: a table in, an Altair chart out; nothing is drawn that is not named here."""

from __future__ import annotations

from kamlib.charts.boxes import SPARE, matrix, scene
from kamlib.charts.paper import png, svg

__all__ = ["SPARE", "matrix", "png", "scene", "svg"]
