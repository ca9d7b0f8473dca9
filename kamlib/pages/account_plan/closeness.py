"""How close are we? The stage of the relationship, and the contacts that carry it."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("relationship")
