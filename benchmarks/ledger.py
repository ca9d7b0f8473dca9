"""Time and memory of `kam import-ledger` beside a plain pandas groupby of the same file, in fresh processes.

PYTHONPATH=. python benchmarks/ledger.py [--rows 5000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
TARGET = 2.0
PLAIN = """
import sys
import pandas as pd
frame = pd.read_csv(sys.argv[1])
frame["year"] = frame["OrderDate"].str[:4]
print(len(frame.groupby(["Customer", "year"])[["Revenue", "Cost", "Discount", "Freight"]].sum()))
"""
KAM = "import sys; from kamlib.cli import main; main(['import-ledger', sys.argv[1], sys.argv[2]])"


def generate(path: Path, rows: int) -> None:
    """A ledger of so many lines: 2,000 customers, five years, three lines an order, 5 % without a cost."""
    rng = np.random.default_rng(7)
    days = pd.date_range("2021-01-01", "2025-12-31").strftime("%Y-%m-%d").to_numpy()
    with path.open("w", encoding="utf-8") as file:
        file.write("Customer,OrderDate,Revenue,Cost,Discount,Freight,OrderNumber\n")
        for start in range(0, rows, 250_000):
            count = min(250_000, rows - start)
            orders = (start + np.arange(count)) // 3
            revenue = np.round(rng.lognormal(5, 1, count), 2) * np.where(rng.random(count) < 0.02, -1, 1)
            cost = np.where(rng.random(count) < 0.05, np.nan, np.round(revenue * 0.6, 2))
            pd.DataFrame(
                {
                    "customer": np.char.add("C", (10_000 + orders * 7919 % 2_000).astype(str)),
                    "date": days[orders * 104_729 % len(days)],
                    "revenue": revenue,
                    "cost": cost,
                    "discount": np.round(np.abs(revenue) * 0.03, 2),
                    "freight": np.round(rng.random(count) * 9, 2),
                    "order": np.char.add("SO", orders.astype(str)),
                }
            ).to_csv(file, header=False, index=False)


def measured(code: str, *args: str) -> tuple[float, float, str]:
    """Seconds, MB at the most, and the words of a fresh process that runs this code."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    )
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"It ended with {os.waitstatus_to_exitcode(status)}: {said}")
    return seconds, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3), said


def run(rows: int = 5_000_000, rounds: int = 3) -> str:
    """The table of this benchmark; both sides take turns, so that both meet the same neighbours."""
    plain, kam = [], []
    with tempfile.TemporaryDirectory(prefix="kam-ledger-") as folder:
        file = Path(folder) / "ledger.csv"
        generate(file, rows)
        size = file.stat().st_size / 1e6
        for number in range(rounds):
            plain.append(measured(PLAIN, str(file)))
            kam.append(measured(KAM, str(file), str(Path(folder) / f"{number}.kam")))
    lines = [
        f"== a ledger of {rows:,} lines ({size:,.0f} MB), {rounds} rounds, fresh processes, medians",
        f"{'':24}{'plain groupby':>14}{'kam':>10}{'ratio':>8}{'target':>9}",
    ]
    for place, name in enumerate(("seconds", "MB at the most")):
        base, ours = (statistics.median(one[place] for one in side) for side in (plain, kam))
        lines.append(f"{name:24}{base:14.1f}{ours:10.1f}{ours / base:8.2f}{f'<= {TARGET:g}':>9}")
    words = [line for line in kam[-1][2].splitlines() if line.startswith("  ") and "in the file" in line]
    after = kam[-1][2].splitlines()
    return "\n".join(lines + (after[after.index(words[0]) : -1] if words else []))


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--rows", type=int, default=5_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    print(run(given.rows, given.rounds))
    if hasattr(os, "getloadavg"):
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
