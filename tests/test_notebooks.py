"""The notebooks: thin, told as a story, without outputs, and running in all their lives."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from kamlib.app import nursery
from kamlib.app.notebook import open_desk
from kamlib.errors import KamError
from kamlib.workbook import stores
from kamlib.workbook.settings import PARAMETERS, gate_notebook

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.If,
    ast.IfExp,
    ast.For,
    ast.While,
    ast.Try,
    ast.Global,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
)


@pytest.fixture(autouse=True)
def ours(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("KAM_WORKBOOK", raising=False)


def code_cells(path):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def test_there_are_notebooks():
    assert [p.name for p in NOTEBOOKS] == [
        "01_segmentation.ipynb",
        "02_kaism.ipynb",
        "03_profitability.ipynb",
        "04_pia.ipynb",
        "05_certainty.ipynb",
        "06_account_plan.ipynb",
        "07_programme.ipynb",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_thin(path):
    cells = code_cells(path)
    assigned = []
    assert len(cells) <= 12
    for cell in cells:
        tree = ast.parse(cell.source)
        assert len(cell.source.splitlines()) <= 10
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)]
        assert ".observe" not in cell.source and ".on_click" not in cell.source
        names = [
            t.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign | ast.AnnAssign)
            for t in (n.targets if isinstance(n, ast.Assign) else [n.target])
            if isinstance(t, ast.Name)
        ]
        assigned += names
    assert len(assigned) == len(set(assigned))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_hides_nothing(path):
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert not raw["metadata"].keys() & {"widgets", "papermill"}
    for cell in raw["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None
        assert not cell.get("attachments")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_parameters_cell_is_the_model(path):
    """One such cell; each parameter typed, explained, known to the gate and taken by open_desk."""
    found = [c for c in code_cells(path) if "parameters" in c.metadata.get("tags", [])]
    assert len(found) == 1
    lines = found[0].source.splitlines()
    names = [line.split(":")[0].strip() for line in lines]
    assert names == PARAMETERS
    assert all(": " in line and "  # " in line for line in lines)
    assert set(names) == set(inspect.signature(open_desk).parameters)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_a_story(path):
    """Every view is announced by markdown that a facilitator can read aloud."""
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")
    assert sum(len(c.source.split()) for c in cells if c.cell_type == "markdown") > 300


@pytest.fixture(scope="module")
def kernel():
    """One for all notebooks: what it costs to start one is not what they try."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_its_views(path, kernel, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    stores.copy(ROOT / "data" / "insurer", tmp_path / "w.kam")
    opened = f"%reset -f\n%env KAM_WORKBOOK={tmp_path / 'w.kam'}"  # as after Restart and Run All
    notebook.cells.insert(0, nbformat.v4.new_code_cell(opened))
    NotebookClient(notebook, timeout=240, km=kernel).execute()
    outputs = [o for c in notebook.cells[1:] for o in c.get("outputs", [])]
    views = [o for o in outputs if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(views) >= 8
    assert not [o for o in outputs if o.output_type in ("error", "stream")]


def test_a_notebook_runs_under_papermill(tmp_path):
    """In a clean kernel that papermill starts; test_report_runs types its command."""
    given = {"workbook": str(ROOT / "data" / "bank"), "segment": "universities"}
    path, out = next(p for p in NOTEBOOKS if p.stem == "02_kaism"), tmp_path / "out.ipynb"
    papermill.execute_notebook(path, out, given, kernel_name="python3", progress_bar=False)
    assert "<svg" in out.read_text(encoding="utf-8")


def test_papermill_is_refused_with_a_sentence(tmp_path):
    given = {"workbook": str(ROOT / "data" / "bank"), "segmnt": "universities", "near_line": "soon"}
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            NOTEBOOKS[0], tmp_path / "out.ipynb", given, kernel_name="python3", progress_bar=False
        )
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    errors = [o for c in done.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert (
        len(errors) == 1 and 'Did you mean "segment"' in errors[0].evalue and "near_line" in errors[0].evalue
    )
    assert "Traceback" not in "".join(errors[0].traceback)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"segmnt": "universities"}, 'Did you mean "segment"'),
        ({"segment": 7}, "segment is"),
        ({"customer": 1042}, "with -r, not -p"),
        ({"near_line": "soon"}, "near_line"),
        ({"near_line": 40}, 'near_line is "40"; it must be a number of at least 0 and at most 9'),
        ({"near_line": float("nan")}, "near_line"),
        ({"workbook": None, "import os; os.abort()": 1}, "There is no parameter"),
        ({"wоrkbook": "x"}, "There is no parameter"),  # a Cyrillic o
    ],
)
def test_the_gate_refuses(given, said):
    with pytest.raises(KamError, match=re.escape(said)):
        gate_notebook(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"segment": "univrsities"}, 'Did you mean "universities"'),
        ({"segment": "universities", "customer": "brennmark"}, "not in universities"),
        ({"workbook": "nowhere/at-all"}, "There is no workbook"),
    ],
)
def test_opening_refuses(given, said, monkeypatch):
    monkeypatch.setenv("KAM_READ_ONLY", "1")
    with pytest.raises(KamError, match=re.escape(said)):
        open_desk(**{"workbook": str(ROOT / "data" / "bank")} | given)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_page_is_opened_before_readers_come(path, monkeypatch, capsys):
    """What fails there is only said on the console, and every page opens slower."""
    monkeypatch.setenv("KAM_WORKBOOK", str(ROOT / "data" / "tiny"))
    monkeypatch.setenv("KAM_READ_ONLY", "1")
    monkeypatch.setenv("KAM_LIFE", "voila")
    nursery._rehearse(path)
    assert capsys.readouterr().err == ""
