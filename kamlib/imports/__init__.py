"""Any list of customers into a workbook: what its lines and columns mean, and how it merges."""

from kamlib.imports.figures import number, numbers
from kamlib.imports.merging import Merged, ids, merge
from kamlib.imports.shape import from_text, table
from kamlib.imports.words import FIELDS, choose, currency, propose

__all__ = ["FIELDS", "Merged", "choose", "currency", "from_text", "ids", "merge", "number", "numbers", "propose",
           "table"]  # fmt: skip
