"""Anybody's list or ledger into a workbook: read as it is, previewed, merged, reconciled."""
