"""Notebooks run into pages: in this process's kernels, several at once, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from kamlib import __version__, catalogue
from kamlib.errors import InvalidInput, KamError
from kamlib.pages import html
from kamlib.reports import kernels
from kamlib.workbook import settings, stores
from kamlib.workbook.schema import Tables

Task = tuple[Path, dict[str, Any]]  # a notebook and its parameters, without the workbook
Made = tuple[Any, dict[str, Any]]  # the page, and its figures for programs


def frozen(location: str, text: Tables, folder: Path) -> str:
    """The workbook as it is now, for all pages of a run; gives its path below `folder`."""
    path = folder / "workbook" / (stores.file_name(location) or "workbook")
    if content := catalogue.beside(location):
        import shutil

        shutil.copytree(content, path.parent / content.name)
    from kamlib.workbook.stores.store import Database

    stores.create(f"sqlite:///{path}", text)
    Database(path).freeze()
    return path.relative_to(folder).as_posix()


def executed(
    tasks: Sequence[Task],
    workbook: str,
    pool: kernels.Pool,
    finish: Callable[[str], Any],
    jobs: int = 1,
    cluster: str = "",
) -> Iterator[tuple[int, Made | KamError]]:
    """The number of each task with what came of it, as it is ready; `workbook` is the path below the pool's folder.

    `finish` is done to each page, beside the others where it can be.
    """
    import joblib

    warnings.filterwarnings("ignore", ".*tasks which were still being processed")  # somebody has stopped us

    def ended(came: Made | KamError) -> Made | KamError:
        return came if isinstance(came, KamError) else _attempt(lambda: (finish(came[0]), came[1]))

    if cluster:
        with _cluster(cluster, pool) as here:
            work = joblib.Parallel(return_as="generator_unordered")
            for number, came in work(
                joblib.delayed(_there)(*here, n, t, workbook) for n, t in enumerate(tasks)
            ):
                yield number, ended(came)
        return

    def one(number: int, task: Task) -> tuple[int, Made | KamError]:
        return number, ended(_attempt(lambda: printed_by(task, workbook, pool)))

    yield from joblib.Parallel(jobs, backend="threading", return_as="generator_unordered")(
        joblib.delayed(one)(number, task) for number, task in enumerate(tasks)
    )


def _attempt(work: Callable[[], Made]) -> Made | KamError:
    try:
        return work()
    except KamError as error:
        return error


def printed_by(task: Task, workbook: str, pool: kernels.Pool) -> Made:
    """Execute the notebook's cells for paper and give the page."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    from kamlib.reports.engine import Engine

    path, values = task
    notebook = load_notebook_node(str(path))
    notebook.cells = [c for c in notebook.cells if "app" not in c.metadata.get("tags", [])]
    notebook = parameterize_notebook(notebook, {"workbook": f"sqlite:///{pool.folder / workbook}"} | values)
    notebook = Engine.execute_notebook(notebook, "python3", progress_bar=False, pool=pool)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    for output in outputs:
        if output.output_type == "error":
            raise KamError(f"The report could not be made: {output.evalue}")
    figures: dict[str, Any] = {}
    for output in outputs:
        figures |= output.get("data", {}).get(html.FIGURES, {})
    return printed(notebook), figures


def printed(notebook: Any) -> str:
    """A notebook that was run under Papermill, as a page; `jupyter nbconvert --template kam` gives the same.

    HTMLExporter would read the page once more, to describe pictures that have no description: ours have one.
    """
    from nbconvert.exporters import HTMLExporter, TemplateExporter

    exporter = HTMLExporter(template_name="kam", extra_template_basedirs=[str(html.TEMPLATES)])
    return str(TemplateExporter.from_notebook_node(exporter, notebook)[0])


# -- on the workers of a cluster ---------------------------------------------------------------------

_pools: dict[str, kernels.Pool] = {}
_turn = threading.Lock()


@contextlib.contextmanager
def _cluster(address: str, pool: kernels.Pool) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Connect to a Dask scheduler; gives the name of the run and the files that its workers need."""
    try:
        import joblib
        from distributed import Client
    except ImportError:
        raise InvalidInput(
            "A cluster needs the package distributed.",
            hint='Install it with: python -m pip install "kamlib[cluster]".',
        ) from None
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError):
        raise InvalidInput(
            f"No Dask scheduler answers at {address}.",
            found=address,
            hint="Start it with: dask scheduler. Then name its address, tcp://HOST:8786.",
        ) from None
    with client:
        try:
            others = {*client.run(_version).values()} - {__version__}
        except ImportError:
            others = {"none"}
        if others or not client.nthreads():
            raise InvalidInput(
                f"Every worker of the cluster needs kamlib {__version__}.",
                found=", ".join(sorted(others)) or "no worker",
            )
        name, files = (
            uuid4().hex,
            {
                p.relative_to(pool.folder).as_posix(): p.read_bytes()
                for p in (pool.folder / "workbook").rglob("*")
                if p.is_file()
            },
        )
        try:
            with joblib.parallel_config(backend="dask", scatter=[files]):
                yield name, files
        finally:
            client.run(_leave, name)


def _version() -> str:
    return __version__


def _there(name: str, files: dict[str, bytes], number: int, task: Task, workbook: str) -> Any:
    with _turn:
        if name not in _pools:
            pool = _pools[name] = kernels.Pool()
            for path, content in files.items():
                (pool.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (pool.folder / path).write_bytes(content)
    own = settings.shipped("notebooks") / task[0].name
    return number, _attempt(lambda: printed_by((own, task[1]), workbook, _pools[name]))


def _leave(name: str) -> None:
    if pool := _pools.pop(name, None):
        pool.close()
