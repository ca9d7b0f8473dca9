"""What is the account to us? Its box, its profit, its best rival, and what we lose on."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("standing")
