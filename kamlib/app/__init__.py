"""The app: a desk that holds a live workbook, and the exhibits as widgets on it."""
