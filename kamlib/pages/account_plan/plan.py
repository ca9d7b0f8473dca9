"""The plan: goals, team, actions, risks and measures of success, on one page to steer by."""

from __future__ import annotations

from kamlib.pages.guide import tips

exhibits = tips("plan")
