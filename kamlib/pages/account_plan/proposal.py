"""How do we put the case? Proposal, likelihood and the change the customer goes through."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("proposal")
