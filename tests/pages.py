"""Report pages made in the process of a test: the same cells and the same HTML, only no kernel is started for them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kamlib import kernels, report


def executed(notebook: Any, folder: Path) -> None:
    """What `kernels.execute` does, but here and now."""
    names: dict[str, Any] = {"display": lambda *_: None}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            *before, last = ast.parse(cell.source).body
            exec(compile(ast.Module([*before], []), "cell", "exec"), names)
            if not isinstance(last, ast.Expr):
                exec(compile(ast.Module([last], []), "cell", "exec"), names)
            elif hasattr(
                shown := eval(compile(ast.Expression(last.value), "cell", "eval"), names), "_repr_html_"
            ):
                output = nbformat.v4.new_output("display_data", {"text/html": shown._repr_html_()})
                cell.outputs = [output]


def written(*asked: Any, **more: Any) -> list[Path]:
    """The paths of the pages that `report.write` writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "execute", executed)
        patch.setenv("KAM_READ_ONLY", "1")
        return [*report.write(*asked, **more)]


def page_of(*asked: Any, **more: Any) -> str:
    """The one page that is asked for."""
    (path,) = written(*asked, **more)
    return path.read_text(encoding="utf-8")
