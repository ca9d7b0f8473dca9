"""Papermill's engine `kam`: notebooks run one after another in kernels that stay warm."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

Engine: Any = None  # Papermill, being imported here for the first time, looks for its engines itself

from papermill import engines  # noqa: E402

from kamlib.reports import kernels  # noqa: E402


class Warm(engines.Engine):
    """What `kam report` and `papermill --engine kam` run notebooks with."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        pool: kernels.Pool | None = None,
        execution_timeout: int | None = None,
        **options: Any,
    ) -> None:
        """Run a notebook up to the first cell that fails; without a pool of kernels in one of this process."""
        passed = {
            name: options[name] for name in ("log_output", "stdout_file", "stderr_file") if name in options
        }
        cwd = None if pool else Path.cwd()
        (pool or _own()).execute(nb_man, cwd, timeout=execution_timeout, **passed)


@functools.cache
def _own() -> kernels.Pool:
    """The kernels of this process; they end with it."""
    return kernels.Pool()


Engine = Warm
engines.papermill_engines.register("kam", Warm)
