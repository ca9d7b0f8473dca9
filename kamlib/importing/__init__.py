"""Anybody's list of customers or ledger of sales into a workbook: read as it is, previewed, merged, reconciled."""
