"""Report pages made in the process of a test: the same cells and the same HTML, only no kernel is started for them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kamlib.reports import engine, report


def executed(told: Any, *_: Any, **__: Any) -> None:
    """What papermill's engine `kam` does, but here and now."""
    names: dict[str, Any] = {"display": lambda *_: None}
    for cell in told.nb.cells:
        if cell.cell_type == "code":
            *before, last = ast.parse(cell.source).body
            exec(compile(ast.Module([*before], []), "cell", "exec"), names)
            if not isinstance(last, ast.Expr):
                exec(compile(ast.Module([last], []), "cell", "exec"), names)
            else:
                shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
                data = bundle(shown)
                cell.outputs = (
                    [nbformat.v4.new_output("execute_result", data, execution_count=1)] if data else []
                )


def bundle(shown: Any) -> dict[str, Any]:
    """What a notebook keeps of a value that it shows."""
    if hasattr(shown, "_repr_mimebundle_"):
        return shown._repr_mimebundle_()
    return {"text/html": shown._repr_html_()} if hasattr(shown, "_repr_html_") else {}


def written(*asked: Any, **more: Any) -> list[Path]:
    """The paths of the pages that `report.write` writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.Engine, "execute_managed_notebook", executed)
        patch.setenv("KAM_READ_ONLY", "1")
        patch.setenv("KAM_LIFE", "paper")
        return [*report.write(*asked, **more)]


def page_of(*asked: Any, **more: Any) -> str:
    """The one page that is asked for."""
    (path,) = written(*asked, **more)
    return path.read_text(encoding="utf-8")
