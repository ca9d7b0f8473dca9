"""The command line: a thin face on the same functions that the notebooks use."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from kamlib import __version__
from kamlib.errors import Finding, KamError, WorkbookError, did_you_mean
from kamlib.reports.commands import (
    Address,
    Browser,
    Customer,
    Port,
    Scenario,
    Segment,
    Workbook,
    publish,
    report,
)
from kamlib.workbook.importing import commands as importing

app = typer.Typer(
    help="The key account workbook: choose key accounts as a team, and be able to defend the choice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ROOT = Path(__file__).resolve().parent.parent
Format = Annotated[str, typer.Option(help="table, csv or json.")]


@app.command()
def new(
    workbook: Workbook,
    example: Annotated[str, typer.Option(help="Start from an example: tiny, insurer or bank.")] = "",
) -> None:
    """Start a new workbook, empty or as a copy of an example."""
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
    workbook: Workbook,
    format: Format = "table",
) -> None:
    """List everything that is wrong, missing or worth a look. The exit code is 1 if there are errors."""
    from kamlib.models import results

    found, errors = results.check(workbook)
    typer.echo(results.render(found, format))
    raise typer.Exit(1 if errors else 0)


@app.command()
def show(
    workbook: Workbook,
    name: Annotated[
        str, typer.Argument(help="A result such as kaism, or a table; results lists them all.")
    ] = "results",
    segment: Segment = "",
    customer: Customer = "",
    scenario: Scenario = "",
    format: Format = "table",
) -> None:
    """Print a result or a table. Without a name, list all results and tables, a line each."""
    from kamlib.models import results

    typer.echo(
        results.render(results.show(workbook, name, segment, customer, scenario), format), nl=format != "csv"
    )


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help="The workbook to copy.")],
    target: Annotated[str, typer.Argument(help="The new workbook. It must not exist yet.")],
) -> None:
    """Copy a workbook with its history: between a folder, an .xlsx, a .kam file and a database."""
    from kamlib.workbook import stores

    _tell(stores.copy(source, target).notes)
    typer.echo(f"{source} is copied to {target}.")


def _tell(notes: Iterable[Finding]) -> None:
    """Say what was noted of a workbook as a whole; `kam check` says the rest."""
    for note in notes:
        if not note["table"]:
            typer.echo(note["message"])


app.command("import-customers")(importing.import_customers)
app.command("import-contacts")(importing.import_contacts)
app.command("import-scores")(importing.import_scores)
app.command("import-ledger")(importing.import_ledger)
app.command("merge-customers")(importing.merge_customers)


@app.command()
def workshop(
    workbook: Annotated[
        str, typer.Argument(help="The workbook. Default: a copy of the insurer example.")
    ] = "",
    port: Port = 8866,
    ip: Address = "127.0.0.1",
    browser: Browser = True,
    room: Annotated[
        bool,
        typer.Option("--room", help="Let participants vote on their phones, in the same network."),
    ] = False,
    room_ip: Annotated[
        str, typer.Option(help="With --room: the address of this computer that phones use. Default: all.")
    ] = "0.0.0.0",  # noqa: S104 (phones get the ballot there and nothing else)
) -> None:
    """Open the workbook in the browser, to work on it together."""
    from kamlib.app import server as serve
    from kamlib.workbook import checks, stores
    from kamlib.workbook.settings import shipped

    location = workbook or _practice()
    store, text = stores.load(location)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    _tell(store.notes)
    serve.serve(
        _absolute(location if "://" in location else store.location),
        notebooks=shipped("notebooks"),
        read_only=False,
        ip=ip,
        port=port,
        open_browser=browser,
        spare=1,
        start=_first_page(text),
        room_ip=room_ip if room else "",
    )


@app.command()
def lab(workbook: Workbook, port: Port = 8888, browser: Browser = True) -> None:
    """Open the notebooks in JupyterLab with this workbook, to change them and to compute more."""
    from kamlib.app import lab
    from kamlib.workbook import checks, stores
    from kamlib.workbook.settings import shipped

    store, text = stores.load(workbook)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    _tell(store.notes)
    location = _absolute(workbook if "://" in workbook else store.location)
    folder = lab.folder_for(location, shipped("notebooks"))
    typer.echo(
        f"The notebooks are in {folder.name}. JupyterLab is open on port {port}, or the next free one."
    )
    lab.start(location, folder, first=_first_page(text), port=port, open_browser=browser)


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
        typer.echo(f"This is a copy of the insurer example. Your changes are kept in {place.name}.")
    return str(place)


app.command()(publish)


@app.command()
def serve(
    config: Annotated[Path, typer.Argument(help="The .toml file that says what is served and how.")],
    only: Annotated[str, typer.Option(help="Only this workbook of the file.")] = "",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="With --only: this port instead of the file's.")
    ] = None,
    base_url: Annotated[str, typer.Option(help="This path instead of the file's base_url.")] = "",
) -> None:
    """Serve workbooks for a company, as a file says: behind a proxy, with single sign-on, several at once."""
    from kamlib.app import operating

    operating.run(config, only, port, base_url)


app.command()(report)


def _absolute(location: str) -> str:
    return location if "://" in location else str(Path(location).expanduser().resolve())


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
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
    return (
        f"Sorry, something went wrong in kamlib ({type(error).__name__}). Nothing that was saved is lost. "
        f"Please send {file.name} to whoever looks after kamlib."
    )


if __name__ == "__main__":
    main()
