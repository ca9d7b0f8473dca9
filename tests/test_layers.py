"""The house: models load no screen, imports go downwards, no module is too long, every one says what it is for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "kamlib"
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))
LAYERS = "errors wording workbook catalogue models"  # from the ground up; what is seen stands above them


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer(room: str) -> int:
    return [*LAYERS.split(), room].index(room)


def test_imports_go_only_downwards() -> None:
    upwards = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kamlib":
                rooms = {*(node.module.split(".")[1:2] or [alias.name for alias in node.names])}
                if any(layer(each) > layer(room(path)) for each in rooms - {"__version__"}):
                    upwards.append(f"{path.relative_to(PACKAGE)}: {ast.unparse(node)}")
    assert upwards == []


def test_no_model_reads_the_clock() -> None:
    """The day is settings.today; whoever opens a workbook says it."""
    clocks = {"today", "now", "utcnow", "time", "localtime", "perf_counter"}
    asked = [
        f"{path.name}: {ast.unparse(node)}"
        for path in MODULES
        if room(path) == "models"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in clocks
        if ast.unparse(node.value).split(".")[-1] in {"date", "datetime", "time"}
    ]

    assert asked == []


def test_the_ground_loads_neither_widgets_nor_charts() -> None:
    ground = [
        ".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in MODULES if room(p) in LAYERS
    ]
    code = f"import sys, {', '.join(ground)}; print([m for m in ('ipywidgets', 'altair', 'IPython') if m in sys.modules])"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
    )

    assert shown.stdout.strip() == "[]"


def test_importing_loads_nothing_that_is_not_needed():
    """The package nothing heavy, a model neither pydantic nor yaml: they wait for a workbook."""
    code = """if True:
        import sys, kamlib
        print([m for m in ("pandas", "numpy", "pydantic", "yaml") if m in sys.modules])
        import kamlib.models.kaism
        print([m for m in ("pydantic", "yaml") if m in sys.modules])
    """
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
    )

    assert shown.stdout.split() == ["[]", "[]"]


def test_the_formatter_has_the_last_word_everywhere() -> None:
    assert [
        p.name
        for p in [*MODULES, *Path(__file__).parent.rglob("*.py")]
        if f"# {chr(102)}mt:" in p.read_text("utf-8")
    ] == []


def test_a_module_is_short_and_says_what_it_is_for():
    texts = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in MODULES}
    first = {name: (ast.get_docstring(ast.parse(t)) or "").split("\n\n")[0] for name, t in texts.items()}

    assert [name for name, text in texts.items() if len(text.splitlines()) > 400] == []
    assert [name for name, words in first.items() if " " not in words] == []


def test_only_views_know_ipywidgets():
    known = {room(p) for p in MODULES if "ipywidgets" in p.read_text(encoding="utf-8").replace("`", "")}

    assert known <= {"app", "views", "serve", "doors", "heartbeat"}


def test_html_is_made_in_one_place():
    """`Markup`, `widgets.HTML` and `escape=False` would let a customer's name run as a script."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for risky in ("Markup(", "W.HTML", "widgets.HTML", "escape=False", ".style."):
            assert risky not in text or path.name in ("panels.py", "html.py"), f"{path.name}: {risky}"
    for template in [*PACKAGE.glob("templates/*.html"), *PACKAGE.glob("pages/templates/*.html")]:
        assert "| safe" not in template.read_text(encoding="utf-8").replace("|safe", "| safe")


def test_nothing_runs_what_it_reads():
    """No eval, exec, pickle or unsafe YAML anywhere in the package, but for the notebooks that kernels run anyway."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                notebooks = node.func.id == "exec" and path.name == "nursery.py"
                assert node.func.id not in ("eval", "exec", "compile") or notebooks, path.name
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {a.name for a in node.names} | {getattr(node, "module", "") or ""}
                assert not names & {"pickle", "shelve", "marshal", "dill"}, path.name
