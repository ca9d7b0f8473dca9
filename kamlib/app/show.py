"""An exhibit as a widget: it follows the desk and, unless the workbook is read-only, writes to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from kamlib.app import widgets
from kamlib.app.desk import Desk
from kamlib.app.grid import grid
from kamlib.app.handover import table
from kamlib.app.listen import Handler, acting, follow, hear, slid
from kamlib.app.picture import box, live, picture
from kamlib.errors import InvalidInput
from kamlib.pages import html
from kamlib.pages.exhibit import Choice, Exhibit, Figures, Part, Row, Slider, View, Weights, of
from kamlib.workbook import settings
from kamlib.workbook.schema import as_text, parse_number

IDLE_S = 0.2  # between two parts that nobody has scrolled to yet


def shown(desk: Desk, part: Part) -> W.Box:
    """A part of a page as a widget."""
    if isinstance(part, Exhibit):
        return box(pieces(desk, part), "kam-zone")
    inner = [
        shown(desk, each)
        for each in part.parts
        if not isinstance(each, Exhibit) or of(each.on_screen, desk.view)
    ]
    if not isinstance(part, Row):
        return box(inner, "kam-zone")
    if len(inner) > 1:
        inner[-1].add_class("kam-side")
    return box(inner, "kam-zones", f"kam-{part.shape}")


def later(desk: Desk, part: Part) -> W.Box:
    """A part that is made when its place is first in sight, or when the page has nothing else to do."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # nobody looks
        return shown(desk, part)
    place = widgets.Later().add_class("kam-later")
    whole = box([place], "kam-zone")

    def make() -> None:
        if make in desk.waiting:
            desk.waiting.remove(make)
            whole.children = [shown(desk, part)]

    def next_one() -> None:
        if desk.waiting:
            desk.waiting[0]()
            loop.call_later(IDLE_S, next_one)

    def seen(_: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and content.get("do") in ("seen", "idle") and make in desk.waiting:
            make()
            loop.call_later(IDLE_S, next_one)

    desk.waiting.append(make)
    place.on_msg(seen)
    return whole


def pieces(desk: Desk, exhibit: Exhibit) -> list[W.Widget]:
    """Title and choices, sliders, picture, words, grid, figures: what the exhibit has of these."""
    desk.controls |= {c.id: c for c in exhibit.controls if isinstance(c, Slider | Choice)}
    choices = any(isinstance(c, Choice) for c in exhibit.controls)
    moved = [c for c in exhibit.controls if isinstance(c, Slider)]
    asked = [c for c in exhibit.controls if isinstance(c, Figures)]
    weights = [c for c in exhibit.controls if isinstance(c, Weights)]
    actions = {} if desk.read_only else acting(desk, exhibit.actions)
    heard = actions | acting(desk, exhibit.reads)

    def headed(view: View) -> str:
        return html.head(exhibit, view)

    def worded(view: View) -> str:
        return exhibit.words(view) if exhibit.words else ""

    steering: list[W.Widget] = [sliders(desk, moved)] if moved else []
    steering += [part for each in weights for part in weighing(desk, each)]
    steering += [figures(desk, each) for each in asked]
    found: list[W.Widget] = []
    together = not exhibit.chart and (exhibit.steered or not steering)
    if exhibit.title or choices:
        found.append(panel(desk, (lambda v: html.parts(headed(v), worded(v))) if together else headed, heard))
    if exhibit.steered:
        steering, left = [], steering
    found += steering
    if exhibit.chart:
        found.append((live if exhibit.chart.live else picture)(desk, exhibit, exhibit.chart))
    if exhibit.words and not (together and found):
        found.append(panel(desk, worded, heard))
    if entered := exhibit.grid:
        if not exhibit.title:
            found.append(panel(desk, lambda view: html.subhead(of(entered.title, view))))
        found.append(grid(desk, entered))
    if not exhibit.steered:
        return found
    return [box([box(left, "kam-zone"), box(found, "kam-zone", "kam-side")], "kam-zones", "kam-steer")]


def panel(
    desk: Desk, words: Callable[[View], str], heard: Mapping[str, Handler] | None = None
) -> widgets.Panel:
    """A panel of HTML that follows the desk; every panel answers choices."""
    shown_panel = widgets.Panel(html="")

    def update(view: View) -> None:
        shown_panel.html = words(view)

    follow(desk, update)
    hear(shown_panel, desk, {"pick": picking(desk), "table": table(desk, shown_panel)} | dict(heard or {}))
    return shown_panel


def picking(desk: Desk) -> Handler:
    """The handler of every choice: the control says what it accepts."""

    def pick(content: dict[str, Any]) -> None:
        desk.pick(str(content["control"]), content.get("option", content.get("value")))

    return pick


def sliders(desk: Desk, controls: Sequence[Slider]) -> widgets.Sliders:
    """Figures to move; what they are stands at the desk, the workbook stays as it is."""
    made = widgets.Sliders(items=[], name="kam-")

    def item(view: View, control: Slider) -> dict[str, Any]:
        value = view[control]
        return {
            "id": control.id,
            "label": of(control.label, view),
            "value": value,
            "low": of(control.low, view),
            "high": of(control.high, view),
            "step": control.step,
            "word": f"{value:,.6g} {control.unit}".strip(),
            "says": f"{value:,.6g} {control.unit.replace('%', 'percent')}".strip(),
        }

    def update(view: View) -> None:
        made.items = [item(view, control) for control in controls]

    follow(desk, update)
    slid(made, desk, lambda content: desk.pick(str(content["id"]), content["value"]))
    return made


def weighing(desk: Desk, control: Weights) -> list[W.Widget]:
    """Sliders over rows of the workbook, below their title."""
    made = widgets.Sliders(items=[], name=control.name)

    def update(view: View) -> None:
        made.items = control.rows(view)

    follow(desk, update, first=True)
    keep = control.kept if control.kept and not desk.read_only else control.moved
    slid(made, desk, lambda m: control.moved(desk, m), lambda m: keep(desk, m))
    head = [widgets.Panel(html=html.fill("exhibit", "subhead", text=control.title))] if control.title else []
    return [*head, made]


def figures(desk: Desk, control: Figures) -> widgets.Panel:
    """Settings of the workbook to fill in."""

    def keep(content: dict[str, Any]) -> None:
        rows = []
        for name, label in control.asked.items():
            text = str(content["fields"][name]).strip()
            try:
                value = text if settings.is_text(settings.Settings, name) else as_text(parse_number(text))
                rows.append({"key": name, "value": value})
            except ValueError:
                asked = of(label, desk.view)
                raise InvalidInput(f'{asked}: "{text[:40]}" is not a number.', found=text) from None
        desk.put_all("settings", rows)

    heard = {} if desk.read_only else {"figures": keep}
    return panel(desk, lambda view: html.figures(control, view), heard)
