"""Who decides? The people of the customer and their part in the decision."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("entry")
