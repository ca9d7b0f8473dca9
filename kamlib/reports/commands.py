"""The commands that let the workbook out: reports, and pages for readers."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kamlib.wording import counted

Workbook = Annotated[
    str, typer.Argument(help="A folder of CSV files, an .xlsx, a .kam file or a database address.")
]
Segment = Annotated[str, typer.Option(help="The id of one segment. Default: all segments.")]
Scenario = Annotated[str, typer.Option(help="The id of a scenario. Default: the workbook as it stands.")]
Customer = Annotated[str, typer.Option(help="The id of one customer. Default: all customers.")]
Port = Annotated[int, typer.Option(help="The port. If it is taken, the next free one is used.")]
Address = Annotated[
    str,
    typer.Option(help="The network address. 0.0.0.0 lets others in, with a token in the link."),
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")]


def publish(
    workbook: Workbook,
    port: Port = 8877,
    ip: Address = "127.0.0.1",
    browser: Browser = False,
    static: Annotated[
        Path | None,
        typer.Option(
            help="Write a folder of pages, or one what-if page (PAGE.html), that need no server and no network."
        ),
    ] = None,
    segment: Segment = "",
    scenario: Scenario = "",
    round: Annotated[str, typer.Option(help="A round that was kept, as it was then. Default: today.")] = "",
) -> None:
    """Serve the workbook as read-only pages, from a copy; or write the pages to a folder.

    With --segment the copy holds nothing about the other segments. With --scenario or --round every page
    shows that scenario or round.
    """
    if static is not None and static.suffix.lower() not in (".html", ".htm"):
        from kamlib.reports import site

        pages = site.write(workbook, static, segment, scenario, round)
        with _stoppable(lambda: f"{static} is as it was before."), contextlib.closing(pages):
            for name in pages:
                typer.echo(name)
        typer.echo(f"{static} is written; open {static / 'index.html'} with any browser.")
        return
    if static is not None:
        from kamlib.reports import whatif

        typer.echo(
            f"{whatif.write(workbook, static, segment, scenario, round)} is written; open it with any browser."
        )
        return
    from kamlib.app import operating
    from kamlib.app import server as serve
    from kamlib.reports import report as reports
    from kamlib.workbook.settings import shipped

    with tempfile.TemporaryDirectory(prefix="kam-published-") as folder:
        copied, renew = operating.published(workbook, Path(folder), segment, scenario, round)
        serve.serve(
            str(copied),
            notebooks=shipped("notebooks"),
            read_only=True,
            ip=ip,
            port=port,
            open_browser=browser,
            spare=2,
            renew=renew,
            pages=reports.OF_SEGMENT if segment else (),
        )


def report(
    workbook: Workbook,
    out: Annotated[
        str, typer.Option(help="The folder for the reports, also in a cloud: s3://bucket/2026.")
    ] = "reports",
    segment: Segment = "",
    customer: Customer = "",
    scenario: Scenario = "",
    audience: Annotated[
        str, typer.Option(help="internal, or customer: a plan that the customer itself may read.")
    ] = "internal",
    parameter: Annotated[
        list[str],
        typer.Option("--parameter", "-p", help="A notebook parameter, NAME=VALUE. May be repeated."),
    ] = [],  # noqa: B006
    notebook: Annotated[
        str,
        typer.Option(help="One notebook, such as 02_kaism. Default: all that apply to what is asked for."),
    ] = "",
    format: Annotated[
        str,
        typer.Option(
            help="html; pdf; xlsx: all results; pptx: a deck a segment; with --customer its plan as pptx or docx."
        ),
    ] = "html",
    paper: Annotated[str, typer.Option(help="With --format pdf: A4 or Letter.")] = "A4",
    jobs: Annotated[int, typer.Option(min=1, help="How many pages are made at once.")] = 1,
    cluster: Annotated[
        str,
        typer.Option(help="The address of a Dask scheduler, tcp://HOST:8786, whose workers make the pages."),
    ] = "",
) -> None:
    """Write reports: single pages that open anywhere, from a mail or a USB stick, without a network.

    What has not changed since the last run is not made again.
    """
    said = {"customer": customer} if customer else {}
    said |= {"scenario": scenario} if scenario else {}
    said |= {"audience": audience} if audience != "internal" else {}
    done: list[str] = []
    there: list[str] = []

    def so_far() -> str:
        return f"Written to {out} so far: {', '.join(done)}." if done else "No page was written."

    with _stoppable(so_far), contextlib.ExitStack() as stack:
        from kamlib.reports import office
        from kamlib.reports import report as reports
        from kamlib.workbook.settings import together

        given = together(reports.parameters(parameter), said)
        tell = stack.enter_context(_progress(there))
        if format in office.FILES:
            pages = office.write(workbook, out, format, segment, given)
        else:
            pages = reports.write(
                workbook,
                out,
                segment,
                given,
                notebook,
                format=format,
                paper=paper,
                jobs=jobs,
                cluster=cluster,
                keep=True,
                told=tell,
            )
        with contextlib.closing(pages):
            for path in pages:
                done.append(path.name)
                typer.echo(str(path))
        if there:
            typer.echo(f"Nothing has changed for {counted(len(there), 'page')} in {out}.")


@contextlib.contextmanager
def _progress(there: list[str]) -> Iterator[Callable[[int, int, str], None]]:
    """A bar with the time left, on a terminal only; `there` takes the pages that stood there already."""
    from tqdm import tqdm

    with tqdm(unit=" pages", disable=None, leave=False) as bar:

        def told(done: int, total: int, name: str) -> None:
            there.extend(filter(None, [name]))
            bar.total = total
            bar.update(0 if name else 1)
            if name:
                bar.initial = bar.n = done
                bar.refresh()

        yield told


@contextlib.contextmanager
def _stoppable(so_far: Callable[[], str]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed window end the command with their number and a sentence that says what is there
    so far; only the first of them, so that tidying up is not disturbed."""

    def stop(number: int, _: Any) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    named = [signal.SIGINT, signal.SIGTERM]
    if os.name == "posix" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup ignores it
        named.append(signal.SIGHUP)
    before = {each: signal.signal(each, stop) for each in named}
    try:
        yield
    except KeyboardInterrupt as stopped:
        typer.echo(f"Stopped before the end. {so_far()}", err=True)
        raise typer.Exit(128 + stopped.args[0]) from None
    finally:
        for each, handler in before.items():
            if signal.getsignal(each) is stop:
                signal.signal(each, handler)
