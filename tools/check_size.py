"""Refuse files that are too large to review: `python3 tools/check_size.py FILE...`."""

import sys
from pathlib import Path

LIMIT_KB = 500

if __name__ == "__main__":
    sizes = {name: Path(name).stat().st_size // 1000 for name in sys.argv[1:]}
    large = [f"{name}: {kb} kB; the limit is {LIMIT_KB} kB" for name, kb in sizes.items() if kb > LIMIT_KB]
    sys.exit("\n".join(large) or 0)
