"""Where is it going? The strategy of the customer, and how well our cultures match."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("strategy")
