"""The command line: a thin face on the same functions that the notebooks use."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kamlib import __version__
from kamlib.errors import Finding, KamError, WorkbookError, did_you_mean
from kamlib.workbook.importing import commands as importing

app = typer.Typer(
    help="The key account workbook: choose key accounts as a team, with the evidence to defend the choice.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
)  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent
Workbook = Annotated[
    str, typer.Argument(help="A folder of CSV files, an .xlsx, a .kam file or a database address.")
]
Segment = Annotated[str, typer.Option(help="The id of one segment; all of them if left out.")]
Scenario = Annotated[str, typer.Option(help="The id of a scenario; the workbook as it is if left out.")]
Customer = Annotated[str, typer.Option(help="The id of one customer; all of them if left out.")]


@app.command()
def new(
    workbook: Workbook, example: Annotated[str, typer.Option(help="Start as a copy of this example.")] = ""
) -> None:
    """An empty workbook, or a copy of a shipped example (tiny, insurer, bank)."""
    from kamlib.workbook import stores
    from kamlib.workbook.settings import shipped

    if example:
        known = sorted(p.name for p in shipped("data").iterdir() if p.is_dir())
        if example not in known:
            raise WorkbookError(f'There is no example "{example}".', hint=did_you_mean(example, known))
        stores.copy(shipped("data") / example, workbook)
    else:
        stores.create(workbook, stores.blank(Path(workbook).stem))
    typer.echo(f"{workbook} is ready. Open it with: kam workshop {workbook}")


@app.command()
def check(
    workbook: Workbook, format: Annotated[str, typer.Option(help="table, csv or json.")] = "table"
) -> None:
    """Everything that is wrong, missing or worth a look. Ends with 1 if there are errors."""
    from kamlib.models import results

    found, errors = results.check(workbook)
    typer.echo(results.render(found, format))
    raise typer.Exit(1 if errors else 0)


@app.command()
def show(
    workbook: Workbook,
    name: Annotated[str, typer.Argument(help="A table of the workbook, or a result such as kaism.")],
    segment: Segment = "",
    customer: Customer = "",
    scenario: Scenario = "",
    format: Annotated[str, typer.Option(help="table, csv or json.")] = "table",
) -> None:
    """Any table or any result, on the screen or for another program."""
    from kamlib.models import results

    typer.echo(
        results.render(results.show(workbook, name, segment, customer, scenario), format), nl=format != "csv"
    )


@app.command()
def copy(source: Annotated[str, typer.Argument(help="The workbook to copy.")],
         target: Annotated[str, typer.Argument(help="Where to; nothing may be there yet.")]) -> None:  # fmt: skip
    """Copy a workbook, with its history, between folder, .xlsx and database."""
    from kamlib.workbook import stores

    _tell(stores.copy(source, target).notes)
    typer.echo(f"{source} is copied to {target}.")


def _tell(notes: Iterable[Finding]) -> None:
    """Say what was noted of a workbook as a whole; `kam check` says the rest."""
    for note in notes:
        if not note["table"]:
            typer.echo(note["message"])


app.command("import-customers")(importing.import_customers)
app.command("import-ledger")(importing.import_ledger)
app.command("merge-customers")(importing.merge_customers)


Port = Annotated[int, typer.Option(help="The port to listen on; the next free one if it is taken.")]
Address = Annotated[
    str, typer.Option(help="The network address to listen on; beyond this machine a token is asked for.")
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")]


@app.command()
def workshop(
    workbook: Annotated[str, typer.Argument(help="The workbook, or a folder or .xlsx to make one from; a copy of the insurer example if left out.")] = "",
    port: Port = 8866, ip: Address = "127.0.0.1", browser: Browser = True,
) -> None:  # fmt: skip
    """The workbook in the browser, to work on together."""
    from kamlib import serve
    from kamlib.workbook import checks, stores
    from kamlib.workbook.settings import shipped

    location = workbook or _practice()
    store, text = stores.load(location)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    _tell(store.notes)
    serve.serve(
        _absolute(location if "://" in location else store.location), notebooks=shipped("notebooks"), read_only=False, ip=ip, port=port,
        open_browser=browser, spare=1, start=_first_page(text),
    )  # fmt: skip


def _first_page(text: Any) -> str:
    """Where the work is: at the matrix once a customer has a segment, before that at step 1."""
    customers = text.get("customers")
    placed = (
        customers is not None and "segment" in customers and (customers["segment"].str.strip() != "").any()
    )
    return "02_kaism" if placed else "01_segmentation"


def _practice() -> str:
    """A copy of the insurer example to play with, kept between visits beside the project."""
    from kamlib.workbook import stores
    from kamlib.workbook.settings import shipped

    place = Path.cwd() / "my-workbook.kam" if not os.access(ROOT, os.W_OK) else ROOT / "my-workbook.kam"
    if not place.exists():
        stores.copy(shipped("data") / "insurer", place)
        typer.echo(f"The insurer example is copied to {place.name}; what you change is kept there.")
    return str(place)


@app.command()
def publish(
    workbook: Workbook,
    port: Port = 8877,
    ip: Address = "127.0.0.1",
    browser: Browser = False,
    static: Annotated[
        Path | None,
        typer.Option(help="Write one what-if page to this file instead: it needs no server and no network."),
    ] = None,
    segment: Segment = "",
    scenario: Scenario = "",
) -> None:
    """The workbook as read-only pages, served from a copy they cannot change; or one page as a file.

    With a segment the copy holds nothing of another one; with a scenario every page shows it.
    """
    if static is not None:
        from kamlib import whatif

        typer.echo(
            f"{whatif.write(workbook, static, segment, scenario)} is written; open it with any browser."
        )
        return
    from kamlib import report as reports
    from kamlib import serve
    from kamlib.workbook.settings import shipped

    with tempfile.TemporaryDirectory(prefix="kam-published-") as folder:
        copied = reports.publish_copy(workbook, Path(folder), segment, scenario)
        serve.serve(
            str(copied), notebooks=shipped("notebooks"), read_only=True, ip=ip, port=port,
            open_browser=browser, preheat=2, pages=reports.OF_SEGMENT if segment else (),
        )  # fmt: skip


@app.command()
def report(
    workbook: Workbook,
    out: Annotated[Path, typer.Option(help="The folder for the reports.")] = Path("reports"),
    segment: Segment = "",
    customer: Customer = "",
    scenario: Scenario = "",
    audience: Annotated[
        str, typer.Option(help="internal, or customer: the plan that one customer may have in its hands.")
    ] = "internal",
    parameter: Annotated[
        list[str], typer.Option("--parameter", "-p", help="NAME=VALUE, as often as needed.")
    ] = [],  # noqa: B006
    notebook: Annotated[
        str,
        typer.Option(
            help="01_segmentation, 02_kaism, 03_profitability, 04_pia or 05_certainty; all if left out, 02_kaism, 04_pia and 05_certainty with a segment."
        ),
    ] = "",
) -> None:
    """Self-contained pages that open anywhere without a network: for steps 1 to 5, profit, step 10, segments, customers."""
    said = {"customer": customer} if customer else {}
    said |= {"scenario": scenario} if scenario else {}
    said |= {"audience": audience} if audience != "internal" else {}
    done: list[str] = []
    with _stoppable():
        try:
            from kamlib import report as reports
            from kamlib.workbook.settings import together

            given = together(reports.parameters(parameter), said)
            with contextlib.closing(reports.write(workbook, out, segment, given, notebook)) as pages:
                for path in pages:
                    done.append(path.name)
                    typer.echo(str(path))
        except KeyboardInterrupt as stop:
            said_so_far = f"Written to {out} so far: {', '.join(done)}." if done else "No page is written."
            typer.echo(f"Stopped before the end. {said_so_far}", err=True)
            raise typer.Exit(128 + stop.args[0]) from None


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed window raise KeyboardInterrupt with their number; only the first, so that tidying up is not disturbed."""

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
    finally:
        for each, handler in before.items():
            if signal.getsignal(each) is stop:
                signal.signal(each, handler)


def _absolute(location: str) -> str:
    return location if "://" in location else str(Path(location).expanduser().resolve())


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    if version:
        typer.echo(f"kamlib {__version__}")
        raise typer.Exit


def main(args: list[str] | None = None) -> None:
    """Run a command; whatever goes wrong is said in a sentence, and the exit code is not 0."""
    try:
        app(args=args, prog_name="kam")
    except KamError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:  # noqa: BLE001
        typer.echo(_our_fault(error), err=True)
        sys.exit(70)


def _our_fault(error: Any) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="kam-", suffix=".txt", delete=False) as file:
        file.write("".join(traceback.format_exception(error)))
    return (f"Something went wrong that should not ({type(error).__name__}); the workbook holds what was "
            f"saved. Please send {file.name} to whoever looks after kamlib.")  # fmt: skip


if __name__ == "__main__":
    main()
