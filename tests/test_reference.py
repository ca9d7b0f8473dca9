"""The API reference: made from the docstrings, complete, and every public function says what it gives."""

from __future__ import annotations

import ast
from pathlib import Path

import pdoc

from kamlib.workbook.schema import DEFINITIONS

ROOT = Path(__file__).parent.parent
GROUND = sorted(
    p for room in ("workbook", "catalogue", "models") for p in (ROOT / "kamlib" / room).rglob("*.py")
)


RULES = {
    rule.name for table in DEFINITIONS.values() for rule in table.rules
}  # schema.yaml says what they are


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_the_reference_is_made_of_every_module_of_the_ground(tmp_path):
    """As CONTRIBUTING says it by hand: python -m pdoc kamlib -o FOLDER."""
    pdoc.pdoc(*map(dotted, GROUND), output_directory=tmp_path)

    pages = {path: tmp_path.joinpath(*dotted(path).split(".")).with_suffix(".html") for path in GROUND}
    assert [str(page) for page in pages.values() if not page.exists()] == []
    book = (tmp_path / "kamlib" / "workbook" / "book.html").read_text()
    assert "which never changes" in book and "choosing" in book


def test_every_public_function_of_the_ground_says_what_it_gives():
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in GROUND
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node) and node.name not in RULES
    ]

    assert not silent
