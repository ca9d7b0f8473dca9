"""Who sees whom, and why? Our people by theirs, and the purpose of every contact."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("contacts")
