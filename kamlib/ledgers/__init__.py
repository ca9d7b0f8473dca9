"""Anybody's ledger of sales into a workbook: read as it is, added up by customer and year, reconciled."""

from kamlib.ledgers.adding import Ledger, add_up
from kamlib.ledgers.landing import Landed, land, reconciled
from kamlib.ledgers.reading import Source, of_frame, open_file
from kamlib.ledgers.telling import of_landing, remarks, table
from kamlib.ledgers.words import FIELDS, choose, propose

__all__ = ["FIELDS", "Landed", "Ledger", "Source", "add_up", "choose", "land", "of_frame", "of_landing", "open_file",
           "propose", "reconciled", "remarks", "table"]  # fmt: skip
