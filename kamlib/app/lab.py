"""JupyterLab on copies of the notebooks, with the workbook in their environment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kamlib.errors import WorkbookError
from kamlib.workbook import stores


def folder_for(workbook: str, notebooks: Path) -> Path:
    """The folder NAME-notebooks beside a workbook, where they are copied unless they are there already.

    What is run in them stays in them, customers' figures too, so the shipped ones stay as they are.
    """
    name = Path(stores.file_name(workbook)).stem or "workbook"
    folder = (Path.cwd() if "://" in workbook else Path(workbook).absolute().parent) / f"{name}-notebooks"
    try:
        folder.mkdir(exist_ok=True)
        for source in sorted(notebooks.glob("[0-9]*.ipynb")):
            if not (folder / source.name).exists():
                shutil.copyfile(source, folder / source.name)
    except OSError as error:
        raise WorkbookError(
            f"The notebooks cannot be copied to {folder.name}: {error.strerror}.",
            hint="Keep the workbook in a folder that you may write to.",
        ) from None
    return folder


def start(workbook: str, folder: Path, *, first: str, port: int, open_browser: bool) -> None:
    """Run JupyterLab until it is stopped; its kernels open this workbook."""
    from jupyterlab.labapp import LabApp

    location = workbook if "://" in workbook else str(Path(workbook).absolute())
    os.environ.update(KAM_WORKBOOK=location, JUPYTER_PREFER_ENV_PATH="1")
    package = Path(__file__).parents[1]  # our own settings ask nobody about news
    for name, own in {
        "PYTHONPATH": package.parent,
        "JUPYTER_CONFIG_PATH": package / "share/jupyter/config",
    }.items():
        os.environ[name] = os.pathsep.join(filter(None, [str(own), os.environ.get(name)]))
    LabApp.launch_instance(
        [
            f"--ServerApp.root_dir={folder}",
            f"--ServerApp.port={port}",
            f"--ServerApp.open_browser={open_browser}",
            f"--LabApp.default_url=/lab/tree/{first}.ipynb",
            f"--LabApp.workspaces_dir={folder / '.lab'}",  # what is open belongs to this workbook
            "--LabApp.extension_manager=readonly",
            "--ServerApp.allow_root=True",  # as kam workshop does; a container has often nobody else
            "--ServerApp.log_level=ERROR",
        ]
    )
