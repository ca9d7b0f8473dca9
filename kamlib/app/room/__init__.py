"""The room: a small server for the participants' phones, apart from the facilitator's pages.

It has the ballot's routes and no others, and speaks with the pages only through the workbook.
"""
