"""Take out of notebooks what running them put in: `python3 tools/strip_outputs.py FILE...`.

Outputs, execution counts, saved widget state and Papermill's notes can hold customer data, and they
make every diff unreadable. The rest is written in one normal form. Exit code 1 if a file was
changed (or, with --check, would be).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

RAN_NOTEBOOK = ("widgets", "papermill", "signature", "toc-autonumbering")
RAN_CELL = ("execution", "papermill", "collapsed", "scrolled", "ExecuteTime", "outputId")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def main() -> int:
    check = "--check" in sys.argv[1:]
    changed = [path for path in map(Path, sys.argv[1:]) if path.suffix == ".ipynb"]
    changed = [path for path in changed if strip_file(path, write=not check)]
    for path in changed:
        print(f"{path}: {'holds outputs' if check else 'outputs taken out'}")
    return 1 if changed else 0


def strip_file(path: Path, *, write: bool) -> bool:
    """Whether the file was not in its stripped form."""
    before = path.read_text(encoding="utf-8")
    after = json.dumps(stripped(json.loads(before)), indent=1, sort_keys=True, ensure_ascii=False)
    after += "\n"
    if write and after != before:
        beside = path.with_name(path.name + ".stripped")
        beside.write_text(after, encoding="utf-8", newline="\n")
        os.replace(beside, path)
    return after != before


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook as its author wrote it."""
    metadata = {k: v for k, v in notebook.get("metadata", {}).items() if k not in RAN_NOTEBOOK}
    metadata |= {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    cells = [stripped_cell(cell) for cell in notebook["cells"]]
    return notebook | {"metadata": metadata, "cells": cells}


def stripped_cell(cell: dict[str, Any]) -> dict[str, Any]:
    """The cell with its source in lines, its tags and its id."""
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    metadata = {k: v for k, v in cell.get("metadata", {}).items() if k not in RAN_CELL}
    after = cell | {"source": source.splitlines(keepends=True), "metadata": metadata}
    return after | {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else after


if __name__ == "__main__":
    sys.exit(main())
