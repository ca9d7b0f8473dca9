"""How does it see us? Where the customer positions us as a supplier, and what it asks of one."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("customer_view")
