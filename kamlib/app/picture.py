"""The chart of an exhibit on the screen: drawn anew when its data are others, or live."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import charts
from kamlib.app import widgets
from kamlib.app.desk import Desk
from kamlib.app.listen import Handler, follow, hear
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
        if drawn and len(drawn[0]) == len(data) and all(map(alike, drawn[0], data)):
            return
        drawn[:] = [data]
        svg = charts.svg(chart.draw(*data), exhibit.id) if len(data) else ""
        shown_panel.html = html.picture(exhibit, view, svg)

    follow(desk, update, now=False)
    hear(shown_panel, desk, {"picture": saving(desk, exhibit, chart, shown_panel)})
    return shown_panel


def saving(desk: Desk, exhibit: Exhibit, chart: Chart, target: W.Widget) -> Handler:
    """Save the picture for a slide, with its title and what it is about in it."""

    def save(content: dict[str, Any]) -> None:
        view = desk.view
        data = chart.data(view)
        if not len(data):
            return
        titled = charts.titled(
            chart.draw(*data), of(exhibit.title, view), html.about(view), of(chart.key, view)
        )
        name = "-".join(filter(None, [exhibit.id, view.book.settings.customer or view.book.settings.segment]))
        target.send(download(titled, name, "svg" if content.get("kind") == "svg" else "png"))

    return save


def download(chart: Any, name: str, kind: str) -> dict[str, str]:
    """The message that makes the page save a chart as `name`.svg or `name`.png."""
    raw = charts.svg(chart).encode() if kind == "svg" else charts.png(chart)
    mime = "image/svg+xml" if kind == "svg" else "image/png"
    return {"download": f"{name}.{kind}", "type": mime, "base64": base64.b64encode(raw).decode()}


def alike(one: Any, other: Any) -> bool:
    """Would both be drawn alike?"""
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        return one is other or (one.equals(other) and one.attrs == other.attrs)
    return one is other or (isinstance(one, str | int | float) and one == other)


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
    hear(links, desk, {"picture": saving(desk, exhibit, chart, links)})
    return box([whole, links], "kam-zone")
