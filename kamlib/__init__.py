"""kamlib: the helper package of the key account workbook.

Rooms are imported by name (`from kamlib import kaism`); importing the package itself loads nothing
heavy.
"""

import sys

__version__ = "0.1.0"

# jsonschema imports this optional package only if it is there, and compiling its grammars costs
# every process that loads a chart several seconds. A None entry makes that import fail at once.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
