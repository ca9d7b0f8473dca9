"""The chart of an exhibit on the screen: drawn anew when its data are others, or live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as W

from kamlib import charts
from kamlib.app import widgets
from kamlib.app.desk import Desk
from kamlib.app.listen import Handler, follow, give, hear
from kamlib.pages import html
from kamlib.pages.exhibit import Chart, Exhibit, View, of


def box(children: Sequence[W.Widget], *classes: str) -> W.Box:
    """A box with classes of the style sheet."""
    whole = W.Box(list(children))
    for each in classes:
        whole.add_class(each)
    return whole


def picture(desk: Desk, exhibit: Exhibit, chart: Chart) -> widgets.Panel:
    """A picture that is drawn shortly after the page is there, and again when its data are others."""
    shown_panel = widgets.Panel(html="", classes="picture")
    drawn: list[Sequence[Any]] = []

    def update(view: View) -> None:
        data = chart.data(view)
        if drawn and charts.alike(drawn[0], data):
            return
        drawn[:] = [data]
        shown_panel.html = html.picture(exhibit, view, charts.picture(exhibit.id, chart.draw, data))

    follow(desk, update, now=False)
    hear(shown_panel, desk, {"picture": saving(desk, exhibit, shown_panel)})
    return shown_panel


def saving(desk: Desk, exhibit: Exhibit, target: W.Widget) -> Handler:
    """Save the picture for a slide."""
    desk.pictures[exhibit.id] = exhibit

    def save(content: dict[str, Any]) -> None:
        if drawn := titled(desk, exhibit):
            name, chart = drawn
            is_svg = content.get("kind") == "svg"
            raw = charts.svg(chart).encode() if is_svg else charts.png(chart)
            give(target, f"{name}.{'svg' if is_svg else 'png'}", raw)

    return save


def titled(desk: Desk, exhibit: Exhibit) -> tuple[str, Any] | None:
    """The picture of an exhibit with its title and what it is about in it, and a name for its file."""
    view, chart = desk.view, exhibit.chart
    data = chart.data(view) if chart else ()
    if not chart or not len(data):
        return None
    name = "-".join(filter(None, [exhibit.id, view.book.settings.customer or view.book.settings.segment]))
    drawn = chart.draw(*data)
    return name, charts.titled(drawn, of(exhibit.title, view), html.about(view), of(chart.key, view))


def live(desk: Desk, exhibit: Exhibit, chart: Chart) -> W.Box:
    """A picture that is drawn once and then given the values of its parameters, as fast as a hand moves."""
    whole = box([], "kam-chart")
    held: dict[str, Any] = {}

    def picked(_: Any) -> None:
        chosen = held["chart"].selections.picked.value or []
        ids = [value.get("id") for value in chosen if isinstance(value, dict)]
        if ids and isinstance(ids[0], str):
            with desk.speaking():
                chart.pick(desk, {"value": ids[0]}) if chart.pick else desk.look_at(ids[0])
        if chosen:  # forget it, so that a click on the same mark is news after a choice elsewhere
            held["chart"]._vl_selections = {"picked": {"value": {}, "store": []}}

    def update(view: View) -> None:
        shape = chart.shape(view)
        if held.get("shape", update) != shape:
            data = chart.data(view)
            held.update(shape=shape, chart=widgets.live_chart(chart.draw(*data)) if len(data) else None)
            if held["chart"]:
                held["chart"].observe(picked, "_vl_selections")
            nothing = widgets.Panel(html=html.line(of(chart.empty, view), "hint"))
            whole.children = [held["chart"] or nothing]
        if held["chart"]:
            with held["chart"].hold_sync():
                for name, value in chart.live(view).items() if chart.live else ():
                    setattr(held["chart"].params, name, value)

    follow(desk, update, first=True)
    links = widgets.Panel(html="")

    def told(view: View) -> None:
        links.html = html.fill("exhibit", "downloads", key=of(chart.key, view))

    follow(desk, told)
    hear(links, desk, {"picture": saving(desk, exhibit, links)})
    return box([whole, links], "kam-zone")
