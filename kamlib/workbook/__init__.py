"""The workbook: its schema, its checks, where it lives, and the Book the models take."""
