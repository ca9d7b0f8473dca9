"""Run the benchmarks and print their tables: `PYTHONPATH=. python benchmarks/run.py [NAME]...`."""

from __future__ import annotations

import importlib
import os
import sys

ALL = (
    "imports",
    "model",
    "report",
    "company",
    "app",
    "certainty",
    "static_page",
    "visits",
    "readers",
    "front",
    "room",
)


def main(wanted: list[str]) -> None:
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.")
    for name in wanted or ALL:
        print(f"\n{importlib.import_module(f'benchmarks.{name}').run()}", flush=True)
    if hasattr(os, "getloadavg"):
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main(sys.argv[1:])
