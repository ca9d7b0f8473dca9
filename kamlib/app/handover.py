"""Handing over from the browser: this page as a report, its pictures, the tables as an .xlsx."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import charts
from kamlib.app.desk import Desk
from kamlib.app.listen import Handler, give
from kamlib.app.picture import titled
from kamlib.errors import KamError
from kamlib.models import results
from kamlib.pages import account, html
from kamlib.pages.exhibit import Page
from kamlib.workbook import stores
from kamlib.workbook.stores import exchange

File = tuple[str, bytes]  # what the browser is to call it, and what it holds


def verbs(desk: Desk, page: Page, target: W.Widget) -> dict[str, Handler]:
    """What can be handed over from a page: a reader of a published copy gets what the page shows."""
    made: dict[str, Callable[[], Callable[[], File]]] = {
        "report": lambda: report(desk, page),
        "pictures": lambda: pictures(desk, page),
    }
    made |= {"tables": lambda: tables(desk, ".xlsx"), "csv": lambda: tables(desk, ".zip")}
    busy: list[str] = []

    def handler(verb: str) -> Handler:
        async def work(make: Callable[[], File]) -> None:
            try:
                give(target, *await asyncio.get_running_loop().run_in_executor(None, make))
                desk.say("It is among your downloads.")
            except KamError as error:
                desk.say(str(error))
            except Exception as error:  # noqa: BLE001
                desk.say(
                    f"That could not be made ({type(error).__name__}). Try once more, or use kam {verb}."
                )
            finally:
                busy.clear()

        def heard(_: dict[str, Any]) -> None:
            if busy:
                desk.say("Something is being made already. It downloads in a moment.")
                return
            busy.append(verb)
            try:
                make = made[verb]()
                desk.say("One moment: it downloads when it is ready.")
                loop = asyncio.get_event_loop()
                loop.create_task(work(make)) if loop.is_running() else loop.run_until_complete(work(make))
            except BaseException:
                busy.clear()
                raise

        return heard

    return {verb: handler(verb) for verb in made}


def report(desk: Desk, page: Page) -> Callable[[], File]:
    """The page that `kam report` writes of this notebook, in the segment and scenario that is shown."""
    segment = desk.settings.segment if page.of_segment or desk.narrowed else ""
    given = {name: value for name in ("near_line", "scenario") if (value := desk.given.get(name))}
    if page.of_customer:
        given["customer"] = account.customer_of(desk.view)
    location = desk.store.location

    def make() -> File:
        from kamlib.reports import report as reports

        with tempfile.TemporaryDirectory(prefix="kam-report-") as folder:
            with contextlib.closing(reports.write(location, Path(folder), segment, given, page.id)) as pages:
                path = next(pages)
            return path.name, path.read_bytes()

    return make


def pictures(desk: Desk, page: Page) -> Callable[[], File]:
    """Every picture of the page, as PNG and as SVG, in one .zip."""
    while desk.waiting:  # parts that nobody has seen yet
        desk.waiting[0]()
    drawn = dict(filter(None, (titled(desk, exhibit) for exhibit in desk.pictures.values())))
    if not drawn:
        raise KamError("There is no picture on this page yet.")

    def make() -> File:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as into:
            for name, chart in drawn.items():
                into.writestr(f"{name}.svg", charts.svg(chart))
                into.writestr(f"{name}.png", charts.png(chart))
        return f"{page.id}-pictures.zip", whole.getvalue()

    return make


def tables(desk: Desk, kind: str) -> Callable[[], File]:
    """What `kam copy WORKBOOK tables.xlsx` writes, or the folder of CSV files in one .zip."""

    def make() -> File:
        with tempfile.TemporaryDirectory(prefix="kam-tables-") as folder:
            path = Path(folder) / "tables.xlsx"
            stores.copy(desk.store.location, path if kind == ".xlsx" else path.with_suffix(""))
            if kind == ".zip":
                path = Path(shutil.make_archive(str(path.with_suffix("")), "zip", path.with_suffix("")))
            return path.name, path.read_bytes()

    return make


def table(desk: Desk, target: W.Widget) -> Handler:
    """A table of the page as it stands there, as CSV or .xlsx; its name or a sheet says of when it is, and internal."""

    def heard(content: dict[str, Any]) -> None:
        head, *rows = [[str(cell) for cell in row] for row in content["rows"]]
        frame = pd.DataFrame(rows, columns=head, dtype=object)
        about = " · ".join(html.about(desk.view))
        words = [*re.findall(r"\w+", str(content["title"]).lower())[:8], *re.findall(r"[\d-]{10}", about)[:1]]
        name = "-".join([*words, "internal"])
        if content["kind"] == "csv":
            return give(target, f"{name}.csv", b"\xef\xbb\xbf" + results.render(frame, "csv").encode())
        said = pd.DataFrame({"about": [str(content["title"]), about]}, dtype=object)
        give(target, f"{name}.xlsx", exchange.to_xlsx({"table": frame, "about": said}))

    return heard
