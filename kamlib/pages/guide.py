"""What helps on every page: the tips and case stories of a step, who may be told what, the list of findings."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue
from kamlib.pages.exhibit import Exhibit, View
from kamlib.pages.html import fill, fold, parts, table


def tips(step: int) -> Exhibit:
    """The tips and the case stories of a step, behind a button each."""

    def words(view: object) -> str:
        lines = catalogue.items(f"tips_step_{step}").to_dict("records")
        return fill("guide", "tips", tips=lines, cases=[*catalogue.entries("case", step)], step=step)

    return Exhibit(f"tips-{step}", words=words, on_paper=False)


def findings(rows: pd.DataFrame, view: View) -> Markup:
    """Findings as a list, the most serious first; hints behind their number."""
    hints = rows["level"] == "nudge"
    folded = fill("guide", "findings", rows=rows[hints].to_dict("records")) if hints.any() else ""
    rest = (
        "" if hints.any() and hints.all() else fill("guide", "findings", rows=rows[~hints].to_dict("records"))
    )
    return parts(rest, fold(f"Hints ({int(hints.sum())})", folded, view))


def _communication(view: View) -> str:
    entry = catalogue.entry("communication")
    heads = {"label": "Who|name", "told": "is told|l", "not_told": "is not told|l", "why": "because|l"}
    told = table(entry["items"], heads)
    return parts(fill("exhibit", "line", text=entry["help"], css=""), fold("Person by person", told, view))


COMMUNICATION = Exhibit("communication", "Who is told what", _communication)
