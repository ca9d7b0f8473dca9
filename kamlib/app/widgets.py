"""The few widgets of our own: a panel of HTML, a grid to type in, weights as sliders, the matrix."""

from __future__ import annotations

import contextlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt
import anywidget
import traitlets

from kamlib.pages import html

HERE = Path(__file__).parent
LOOK = html.look()


class Panel(anywidget.AnyWidget):
    """Shows `html` (made and escaped by `pages`) and reports clicks and changes as messages."""

    _esm = HERE / "panel.js"
    html = traitlets.Unicode("").tag(sync=True)
    classes = traitlets.Unicode("").tag(sync=True)


class Later(anywidget.AnyWidget):
    """A place that is filled later: it sends {do: seen} when it is first in sight."""

    _esm = HERE / "later.js"


class Look(Panel):
    """The panel that brings the style sheet for all others."""

    _css = LOOK


class Grid(anywidget.AnyWidget):
    """A table to type in. Messages: {do: put, cells}, {do: at, row, column}, {do: add}, {do: remove},
    {do: assign, rows, value}.

    `columns`: dicts of id, label, kind (score, number, text, choice, person, yesno, date, show, rung), and maybe
    help, sub, choices, words. `rows`: dicts of id, label, cells (texts), and maybe sub, kind, best,
    keep (no button to remove it), apart (columns in which an empty score is no unknown one), choices (for its cells in columns of the kind rung). `broad`: words in the cells, wrapped. `long`: many rows scroll below their headings. `pick`: rows can be filtered,
    chosen and given one of the `choices` (dicts of id, label) together.
    """

    _esm = HERE / "grid.js"
    title = traitlets.Unicode("").tag(sync=True)
    corner = traitlets.Unicode("").tag(sync=True)
    columns: Any = traitlets.List().tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    heat = traitlets.Bool(False).tag(sync=True)
    add = traitlets.Unicode("").tag(sync=True)
    removable = traitlets.Bool(False).tag(sync=True)
    broad = traitlets.Bool(False).tag(sync=True)
    long = traitlets.Bool(False).tag(sync=True)
    pick = traitlets.Unicode("").tag(sync=True)
    choices: Any = traitlets.List().tag(sync=True)
    locked = traitlets.Bool(False).tag(sync=True)


class Sliders(anywidget.AnyWidget):
    """Sliders. `items`: dicts of id, label, value, low, high, step, word (what is shown beside it), and
    maybe says (the same for those who cannot see it) and must (a warning word). Messages: try, set;
    each is answered by the message "answered". `name` begins the ids of the fields.
    """

    _esm = HERE / "sliders.js"
    items: Any = traitlets.List().tag(sync=True)
    name = traitlets.Unicode("kam-weight-").tag(sync=True)


def live_chart(chart: alt.LayerChart) -> alt.JupyterChart:
    """The chart as a widget that needs no network and whose parameters can be pushed to."""
    bundle = _bundle()
    if bundle:
        alt.JupyterChart._esm = bundle
        alt.JupyterChart._is_offline = True
    else:
        alt.JupyterChart.enable_offline()
        _keep(str(alt.JupyterChart._esm))
    return alt.JupyterChart(chart, embed_options={"renderer": "svg", "actions": False, "ast": False})


def _places() -> list[Path]:
    name = f"chart-{alt.__version__}-{version('vl-convert-python')}.js"
    return [Path(sys.prefix) / "share" / "kamlib" / name, Path.home() / ".cache" / "kamlib" / name]


def _bundle() -> str:
    """The chart's JavaScript as it was kept from an earlier visit (making it takes seconds)."""
    for place in _places():
        with contextlib.suppress(OSError):
            text = place.read_text(encoding="utf-8")
            if text.endswith("\n//whole\n"):
                return text
    return ""


def _keep(text: str) -> None:
    from kamlib.workbook.stores import files

    for place in _places():
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            files.write(place, (text + "\n//whole\n").encode())
            return
