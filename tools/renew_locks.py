"""Write requirements.lock and requirements-test.lock anew from pyproject.toml, with uv.

`python3 tools/renew_locks.py` keeps every version that still fits; `--upgrade` takes the newest.
No registry address gets in: whoever installs uses the registry of their own settings.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": ("what kamlib runs on", ()),
    "requirements-test.lock": ("what kamlib and its tests run on", ("--extra", "test")),
}
HEADER = """\
# Exact versions of {what}, for every platform and Python from 3.11 on.
# `python3 -m kamlib` installs them. Written by tools/renew_locks.py from pyproject.toml.
"""
COMPILE = ("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11")
PLAIN = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")


def main() -> None:
    for name, (what, extra) in LOCKS.items():
        command = [*COMPILE, *PLAIN, *extra, *sys.argv[1:], "pyproject.toml", "-o", name]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
        pins = "".join(line for line in lines if not line.startswith(("#", "-")))
        (ROOT / name).write_text(HEADER.format(what=what) + pins, encoding="utf-8")


if __name__ == "__main__":
    main()
